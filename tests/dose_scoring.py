"""How well doses are read, against labels made by reading: precision and recall of (record, low, high, per kg).

A label marked `either_way` is a number that readers may count or leave (a tolerance, a total beside the single dose):
finding it is neither right nor wrong. The strict score counts each reading of a phrase by itself; the fair one forgives
the rival of a reading that is right, as long as both are marked ambiguous.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stromal.read.dosing import StatedDose

Key = tuple[int, int, bool]
"""Low, high, and whether per kilogram."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a record states, and what may be read either way."""

    asked: frozenset[Key] = frozenset()
    allowed: frozenset[Key] = frozenset()


@dataclass(slots=True)
class Score:
    """Counts of what was found, missed and made up, and the records at fault."""

    found: int = 0
    missed: int = 0
    made_up: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of what was read that is right."""
        return self.found / (self.found + self.made_up) if self.found + self.made_up else 1.0

    @property
    def recall(self) -> float:
        """The share of what is stated that was read."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0


def labels(path: Path) -> dict[str, Labels]:
    """The labels of each record; a record with no dose has none, and is listed all the same."""
    asked: dict[str, set[Key]] = {}
    allowed: dict[str, set[Key]] = {}
    with path.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            asked.setdefault(row["nct_id"], set())
            if row["low"]:
                into = allowed if row["either_way"] == "yes" else asked
                key = (round(float(row["low"])), round(float(row["high"])), row["per_kg"] == "yes")
                into.setdefault(row["nct_id"], set()).add(key)
    return {name: Labels(frozenset(keys), frozenset(allowed.get(name, ()))) for name, keys in asked.items()}


def key(dose: StatedDose) -> Key:
    """A dose as it is compared."""
    return round(dose.low), round(dose.high), dose.per_kg


def _forgiven(dose: StatedDose, right: frozenset[Key]) -> bool:
    """Whether this is the rival of a reading that is right."""
    others = {(round(low), round(high), dose.per_kg) for low, high in dose.rivals}
    return dose.state == "ambiguous" and bool(others & right)


def score(read: Iterable[tuple[str, tuple[StatedDose, ...]]], known: dict[str, Labels], *, strict: bool) -> Score:
    """The score of what was read of each record."""
    made = Score()
    for name, doses in read:
        right = known[name].asked | known[name].allowed
        wrong = [d for d in doses if key(d) not in right and (strict or not _forgiven(d, right))]
        missed = known[name].asked - {key(dose) for dose in doses}
        made.found += len(known[name].asked) - len(missed)
        made.missed += len(missed)
        made.made_up += len(wrong)
        made.faults += [f"{name}: {dose.places[0].quote} is no dose" for dose in wrong]
        made.faults += [f"{name}: {each} was not read" for each in sorted(missed)]
    return made
