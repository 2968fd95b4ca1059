"""A safety boundary by its name, with what it does under true rates: counts at each look, and how often it stops.

Takes a boundary's name and numbers, and true rates; gives Monitoring, exact. `rules.boundaries` works it out; commands
and notebooks show it. Stands beside the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from stromal.designs.sheet import Columns, Sheet, Shown, numbered
from stromal.protocol.designs import BOUNDARIES, Number
from stromal.rules import boundaries
from stromal.rules.boundaries import Boundary, Monitored

STEPS = (0.0, 0.05, 0.1, 0.2, 0.3)
"""How far above the limit the true rates lie that are looked at where none are given."""


@dataclass(frozen=True, slots=True, repr=False)
class Monitoring(Shown):
    """A boundary, and what it does under each true rate."""

    kind: str
    level: float
    boundary: Boundary
    does: tuple[Monitored, ...]

    @property
    def columns(self) -> Columns:
        """A row a look: after so many people the trial stops at this many events; more than people stop nobody yet."""
        return {"people": numbered(self.boundary.people), "stop_at": np.array(self.boundary.stop_at, dtype=np.int64)}

    @property
    def rates(self) -> Sheet:
        """A row a true rate: the probability of stopping, expected people and events."""
        columns = {
            name: np.array([getattr(each, name) for each in self.does], dtype=np.float64)
            for name in ("rate", "stopped", "people", "events")
        }
        return Sheet("What it does (exact)", columns)

    @property
    def stops(self) -> Sheet:
        """A row a true rate and look: the probability that the trial stops there."""
        many = self.boundary.people
        columns = {
            "rate": np.repeat([each.rate for each in self.does], many),
            "people": np.tile(numbered(many), len(self.does)),
            "stopped": np.array([share for each in self.does for share in each.by_people], dtype=np.float64),
        }
        return Sheet("Where it stops (exact)", columns, 2)

    def sheets(self) -> tuple[Sheet, ...]:
        """The boundary in runs of looks, and what it does."""
        runs = looks(self.boundary)
        columns = {
            "after_people": np.array([people for people, _ in runs], dtype=np.str_),
            "stop_at": np.array([events for _, events in runs], dtype=np.int64),
        }
        said = f"{self.kind}: a rate of {self.boundary.limit:g} stops with probability {self.level:g} at most"
        return Sheet(said, columns), self.rates


def monitor(
    kind: str, limit: float, people: int, level: float, rates: Sequence[float] = (),
    numbers: Mapping[str, Number] | None = None,
) -> Monitoring:  # fmt: skip
    """The boundary of that name, and what it does. ValueError names what cannot be, and the nearest word."""
    given = numbers or {}
    if kind not in BOUNDARIES:
        near = get_close_matches(kind, list(BOUNDARIES), 1, 0.6)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"“{kind}” is no boundary{meant}; there are {', '.join(BOUNDARIES)}")
    takes = BOUNDARIES[kind].takes
    strange = sorted(set(given) - set(takes))
    if strange:
        raise ValueError(f"{kind} takes no {strange[0]}; it takes {', '.join(takes) or 'no further numbers'}")
    bound = boundaries.boundary(boundaries.named(kind, given), limit, people, level)
    true = tuple(rates) or tuple(min(1.0, round(limit + step, 3)) for step in STEPS)
    return Monitoring(kind, level, bound, tuple(boundaries.monitored(bound, rate) for rate in true))


def looks(bound: Boundary) -> list[tuple[str, int]]:
    """The boundary in runs: from how many to how many people this many events stop."""
    runs: list[list[int]] = []
    for people, events in enumerate(bound.stop_at, 1):
        if events > people:
            continue
        if runs and runs[-1][2] == events:
            runs[-1][1] = people
        else:
            runs.append([people, people, events])
    return [(str(low) if low == high else f"{low}-{high}", events) for low, high, events in runs]
