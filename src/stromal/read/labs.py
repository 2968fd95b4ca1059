"""Which units a laboratory value can have: plausible limits for each analyte in each unit that pages print.

Takes a measure's name, a value and its unit; says whether they fit, and which unit would. Used by `facts` and `check`.
The limits are wide: what lies outside no living person shows, so a limit printed there is a slip of the unit.
"""

from __future__ import annotations

from stromal.read.record import Number, Range

PLAUSIBLE: dict[str, tuple[tuple[str, float, float], ...]] = {
    "haemoglobin": (("g/dL", 2, 25), ("g/L", 20, 250), ("mmol/L", 1.2, 16)),
    "albumin": (("g/dL", 0.5, 7), ("g/L", 5, 70)),
    "creatinine": (("mg/dL", 0.1, 25), ("umol/L", 10, 2200)),
    "bilirubin": (("mg/dL", 0.05, 60), ("umol/L", 1, 1000), ("mg/L", 0.5, 600)),
    "glucose": (("mg/dL", 20, 1500), ("mmol/L", 1, 85)),
    "white_cells": (("/uL", 100, 500_000), ("/mm3", 100, 500_000), ("/L", 1e8, 5e11), ("10*9/L", 0.1, 500)),
    "neutrophils": (("/uL", 50, 100_000), ("/mm3", 50, 100_000), ("/L", 5e7, 1e11), ("10*9/L", 0.05, 100)),
    "lymphocytes": (("/uL", 10, 500_000), ("/mm3", 10, 500_000), ("/L", 1e7, 5e11), ("10*9/L", 0.01, 500)),
    "platelets": (("/uL", 1000, 3_000_000), ("/mm3", 1000, 3_000_000), ("/L", 1e9, 3e12), ("10*9/L", 1, 3000)),
}
"""For each analyte, every unit in use with the least and the most that a living person can show."""


def _ends(value: Range | Number) -> tuple[Number, ...]:
    if isinstance(value, Range):
        return tuple(end for end in (value.low, value.high) if end is not None and end != 0)
    return (value,)


def _fits(value: Range | Number, low: float, high: float) -> bool:
    return all(low <= end <= high for end in _ends(value))


def likely_unit(name: str, value: Range | Number, unit: str) -> str | None:
    """The unit probably meant where the printed one cannot be right; None where it can, or where nothing is known.

    A printed unit that is not used for the analyte counts as wrong only if another unit fits the number.
    """
    known = PLAUSIBLE.get(name)
    if known is None or unit in ("", "{ULN}", "%") or not _ends(value):
        return None
    if any(unit == printed and _fits(value, low, high) for printed, low, high in known):
        return None
    return next((printed for printed, low, high in known if printed != unit and _fits(value, low, high)), None)
