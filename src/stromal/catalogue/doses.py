"""The landscape of doses: how many cells trials give at a time, by route, tissue, condition or year of start.

Takes cards; gives for each group the median, the quartiles and the range of the dose per administration, each with the
ids of its trials: doses of so many cells, doses per kilogram, and both together at 70 kg. A trial counts once in each
number, with the median of its own doses, so that a trial of five levels weighs no more than one of a single dose.

What cannot be attributed is not guessed: a trial that names several routes (or tissues) stands in a row of its own, and
a dose whose notation can be read in two ways is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Literal

from stromal.catalogue import keys
from stromal.catalogue.card import Card, Dose

By = Literal["route", "tissue", "condition", "year"]
Unit = Literal["cells", "cells/kg", "cells at 70 kg"]
UNITS: tuple[Unit, ...] = ("cells", "cells/kg", "cells at 70 kg")
WEIGHT_KG = 70
"""The body weight at which doses per kilogram are set beside doses of so many cells, as Kabat 2020 did."""
EVERY = "all trials"
NOT_NAMED = "not named"


def _one(values: Sequence[str], name: str) -> tuple[str, ...]:
    """The single value that a dose can be attributed to, else a row for the many or for none."""
    return (values[0] if len(values) == 1 else f"several {name}s" if values else NOT_NAMED,)


def _year(card: Card) -> tuple[str, ...]:
    return (card.start[:4] if card.start else NOT_NAMED,)


GROUPS: Mapping[By, Callable[[Card], tuple[str, ...]]] = {
    "route": lambda card: _one(card.routes, "route"),
    "tissue": lambda card: _one(card.tissues, "tissue"),
    "condition": lambda card: keys.headings(card) or (NOT_NAMED,),
    "year": _year,
}
"""The groups a trial counts in. All its doses are given for each of its conditions, so it counts under each of them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, quartiles and range of the trials' doses in one unit; `ids` are the trials, lowest dose first."""

    unit: Unit
    median: float
    lower: float
    upper: float
    least: float
    most: float
    ids: tuple[str, ...]

    def __len__(self) -> int:
        """How many trials."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its trials, those with a dose, and the spread of their doses in each unit that occurs."""

    name: str
    trials: int
    dosed: tuple[str, ...]
    spreads: tuple[Spread, ...]

    def spread(self, unit: Unit) -> Spread | None:
        """The spread in a unit, or None where no trial of the group gives such a dose."""
        return next((each for each in self.spreads if each.unit == unit), None)


@dataclass(frozen=True, slots=True)
class Landscape:
    """All trials in one row, then the groups, the largest first (years in their order); and what was left out."""

    by: By
    every: Row
    rows: tuple[Row, ...]
    unclear: tuple[str, ...]
    """Trials with a dose that can be read in two ways and is not counted."""

    def row(self, name: str) -> Row | None:
        """The group of that name, or None."""
        return next((row for row in self.rows if row.name == name), None)


# ---------------------------------------------------------------- numbers


def quantile(values: Sequence[float], share: float) -> float:
    """The quantile of sorted values by linear interpolation between neighbours (Hyndman and Fan, type 7; as in R).

    `values` must hold at least one number and be sorted; `share` lies between 0 and 1.
    """
    if not values:
        raise ValueError("there is no quantile of no values")
    at = share * (len(values) - 1)
    low, high = values[floor(at)], values[ceil(at)]
    return low + (high - low) * (at - floor(at))


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    return quantile(sorted(values), 0.5)


def size(dose: Dose) -> float:
    """One number for a dose; for a stretch such as 1 to 4 million, the one as many times above its low end as below
    its high end: the geometric mean."""
    low, high = float(dose.low), float(dose.high)
    return low if low == high else sqrt(low * high) if low > 0 else (low + high) / 2


def clear(card: Card) -> tuple[Dose, ...]:
    """The doses that can be read in one way; none of no cells, which is what a control gets."""
    return tuple(dose for dose in card.doses if dose.state != "ambiguous" and dose.high > 0)


def typical(card: Card, unit: Unit) -> float | None:
    """The median of a trial's doses in a unit; None where it gives none. At 70 kg every dose counts, in cells."""
    per_kg = [size(dose) for dose in clear(card) if dose.per_kg]
    total = [size(dose) for dose in clear(card) if not dose.per_kg]
    chosen = {"cells": total, "cells/kg": per_kg, "cells at 70 kg": [*total, *(WEIGHT_KG * each for each in per_kg)]}
    return median(chosen[unit]) if chosen[unit] else None


# ---------------------------------------------------------------- the landscape


def _spread(cards: Iterable[Card], unit: Unit) -> Spread | None:
    found = sorted((dose, card.id) for card in cards if (dose := typical(card, unit)) is not None)
    if not found:
        return None
    values = [dose for dose, _ in found]
    middle, lower, upper = (quantile(values, share) for share in (0.5, 0.25, 0.75))
    return Spread(unit, middle, lower, upper, values[0], values[-1], tuple(name for _, name in found))


def row(name: str, cards: Sequence[Card]) -> Row:
    """The doses of some trials."""
    dosed = tuple(sorted(card.id for card in cards if clear(card)))
    spreads = (_spread(cards, unit) for unit in UNITS)
    return Row(name, len(cards), dosed, tuple(each for each in spreads if each is not None))


def landscape(cards: Iterable[Card], by: By = "route", until: int | None = None) -> Landscape:
    """The doses of trials by group; with `until`, only of trials that began in that year or before."""
    every = [card for card in cards if until is None or (card.start is not None and int(card.start[:4]) <= until)]
    groups: dict[str, list[Card]] = {}
    for card in every:
        for name in GROUPS[by](card):
            groups.setdefault(name, []).append(card)
    rows = [row(name, held) for name, held in groups.items()]
    if by == "year":
        rows.sort(key=lambda each: each.name)
    else:
        rows.sort(key=lambda each: (each.name == NOT_NAMED, -len(each.dosed), -each.trials, each.name))
    unclear = tuple(card.id for card in every if any(dose.state == "ambiguous" for dose in card.doses))
    return Landscape(by, row(EVERY, every), tuple(rows), unclear)


# ---------------------------------------------------------------- beside a published review


@dataclass(frozen=True, slots=True)
class Published:
    """What a review found, to be set beside the same computation."""

    source: str
    until: int
    trials: int
    intravenous: float
    """Per cent of trials."""
    median: float
    """Cells per administration into a vein, doses per kilogram taken at 70 kg."""


KABAT = Published("Kabat 2020, doi 10.1002/sctm.19-0202", 2018, 914, 43.0, 1e8)
"""Registered trials of mesenchymal stromal cells through 2018: their abstract."""

WHY_DIFFERENT = (
    "The trials are others: the review chose its own, and a catalogue holds what was put into it.",
    "A route counts where the record names it. The share of all trials is therefore the least it can be.",
    "Trials that name another route as well are left out of the medians, since their doses may belong to it.",
    f"Doses per kilogram are taken at {WEIGHT_KG} kg, in both.",
    "Which dose of several levels the review took is not known: the middle, the highest and every one are shown.",
)
"""Why numbers differ from those of the review."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The same measures over the catalogue: all its trials, or those registered by the review's last year."""

    trials: int
    routed: int
    intravenous: int
    also: int
    """Of the intravenous, those that name another route as well."""
    dosed: int
    """Of those that name no other route, those with a dose."""
    median: float | None
    """At 70 kg, of trials that name no other route, each counted once."""
    every_dose: float | None
    """The same where each stated dose counts."""
    highest: float | None
    """The same where each trial counts with its highest dose."""
    total: Spread | None
    per_kg: Spread | None


def _registered(card: Card) -> int:
    """The year a trial was registered, else began; far in the future where the record gives neither."""
    return int((card.first_posted or card.first_submitted or card.start or "9999")[:4])


def beside(cards: Iterable[Card], until: int | None = None) -> Beside:
    """The measures of `KABAT` over cards; with `until`, over those registered in that year or before."""
    every = [card for card in cards if until is None or _registered(card) <= until]
    into_vein = [card for card in every if "intravenous" in card.routes]
    alone = [card for card in into_vein if len(card.routes) == 1]
    doses = [[size(d) * (WEIGHT_KG if d.per_kg else 1) for d in clear(card)] for card in alone if clear(card)]
    typically = row("intravenous", alone)
    combined = typically.spread("cells at 70 kg")
    return Beside(
        len(every), sum(bool(card.routes) for card in every), len(into_vein), len(into_vein) - len(alone), len(doses),
        combined.median if combined else None, median(x for each in doses for x in each) if doses else None,
        median(max(each) for each in doses) if doses else None, typically.spread("cells"), typically.spread("cells/kg"),
    )  # fmt: skip
