"""Safety monitoring as a statistician compares it: boundaries, and what each does, exactly.

The calibration is that of `rules.boundaries`, by which the desk holds a trial: what is planned here holds
there.
"""

from __future__ import annotations

from stromal.rules.boundaries import (
    BetaBinomial,
    Boundary,
    Kind,
    Monitored,
    Pocock,
    Sprt,
    WangTsiatis,
    boundary,
    monitored,
)  # fmt: skip

__all__ = ["BetaBinomial", "Boundary", "Kind", "Monitored", "Pocock", "Sprt", "WangTsiatis", "boundary", "monitored"]
