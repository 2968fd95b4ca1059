"""What is known about one person: observations, episodes, answers, visits, doses, adverse events, each with its entry.

Takes and gives frozen values. The ledger builds charts from entries, the rules read them; a chart makes no decision.
`entry` is the number of the ledger entry a value rests on (0 where a value came from outside a book).
"""

from __future__ import annotations

from datetime import date

import msgspec

Value = float | int | str | bool | None
"""A number (with its unit beside it), an option, a text, a yes or no; None where it was asked for and not obtained."""


class Observation(msgspec.Struct, frozen=True):
    """One value of one fact, on one day. A number whose unit is missing though the fact has one is unknown."""

    fact: str
    value: Value
    day: date
    unit: str = ""
    visit: str = ""
    entry: int = 0


class Episode(msgspec.Struct, frozen=True):
    """Something that lasted: a diagnosis, a drug, an operation. An unknown end leaves it open."""

    fact: str
    start: date | None
    end: date | None = None
    ongoing: bool = False
    regimen: str = ""
    entry: int = 0


class Absence(msgspec.Struct, frozen=True):
    """Somebody recorded that there was none between two days; None leaves the beginning open (never before)."""

    fact: str
    since: date | None
    until: date
    entry: int = 0


class Answer(msgspec.Struct, frozen=True):
    """The answer to a judged or asked question."""

    question: str
    answer: bool
    by: str
    day: date
    entry: int = 0


class VisitDone(msgspec.Struct, frozen=True):
    """A visit that took place."""

    visit: str
    day: date
    entry: int = 0


class Infusion(msgspec.Struct, frozen=True):
    """An administration of cells, by whatever route: what was prescribed and what was delivered."""

    visit: str
    dose: str
    lot: str
    day: date
    level: float
    prescribed_cells: float
    delivered_cells: float
    volume_ml: float
    weight_kg: float | None = None
    entry: int = 0


class AdverseEvent(msgspec.Struct, frozen=True):
    """An adverse event. `related`, `serious` and `expected` are None until somebody has judged them.

    `reported` is the entry that reported it, `entry` the latest that judged it, `resolution` the one that ended it.
    """

    id: str
    term: str
    grade: int
    onset: date
    related: bool | None = None
    serious: bool | None = None
    expected: bool | None = None
    resolved: date | None = None
    entry: int = 0
    reported: int = 0
    resolution: int = 0


class Chart(msgspec.Struct, frozen=True):
    """Everything recorded about one person, oldest entry first in each tuple."""

    participant: str = ""
    consent: date | None = None
    enrolled: date | None = None
    observations: tuple[Observation, ...] = ()
    episodes: tuple[Episode, ...] = ()
    absences: tuple[Absence, ...] = ()
    answers: tuple[Answer, ...] = ()
    visits: tuple[VisitDone, ...] = ()
    missed: tuple[str, ...] = ()
    infusions: tuple[Infusion, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()

    def visit_day(self, name: str) -> date | None:
        """The day a visit took place; None while it has not."""
        return next((each.day for each in reversed(self.visits) if each.visit == name), None)
