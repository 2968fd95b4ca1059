"""What a dose-finding trial has seen, how it is written (`1NNN 2NNT`), and what a design may answer.

Takes counts and outcomes; gives Tally, Cohort, and the answers Treat and Stop. Doses are numbered from 0 in code and
from 1 in writing. Tallies and answers are structs: listing a design makes hundreds of thousands of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from operator import gt

import msgspec
from msgspec.structs import force_setattr


@dataclass(frozen=True, slots=True)
class Cohort:
    """People treated together: the index of their dose, and for each whether a dose-limiting toxicity came."""

    dose: int
    toxic: tuple[bool, ...]

    def __str__(self) -> str:
        """`2NNT`: the dose counted from 1, then N or T for each person."""
        return f"{self.dose + 1}{''.join('T' if each else 'N' for each in self.toxic)}"


class Tally(msgspec.Struct, frozen=True, gc=False):
    """What is known so far.

    `treated[d]` people began on dose d, `toxic[d]` of them had a dose-limiting toxicity; `pending[d]` holds the weights
    (share of the window seen, below 1) of those without one whose window is open. `current` is the dose of the last
    cohort (-1 before the first), `last` that cohort's size and toxicities; doses from index `top` on are closed.
    """

    treated: tuple[int, ...]
    toxic: tuple[int, ...]
    current: int = -1
    top: int = -1
    last: tuple[int, int] = (0, 0)
    pending: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.treated or len(self.treated) != len(self.toxic):
            raise ValueError("a tally counts treated people and toxicities for each dose")
        if min(self.toxic) < 0 or any(map(gt, self.toxic, self.treated)):
            raise ValueError("no dose can have more toxicities than people treated")
        if self.top < 0:
            force_setattr(self, "top", len(self.treated))

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return len(self.treated)

    @property
    def people(self) -> int:
        """How many people were treated."""
        return sum(self.treated)

    @property
    def highest(self) -> int:
        """The highest dose that was given; -1 before the first."""
        for dose in range(len(self.treated) - 1, -1, -1):
            if self.treated[dose]:
                return dose
        return -1

    def waiting(self, dose: int) -> tuple[float, ...]:
        """The weights of the people on that dose whose window is still open."""
        return self.pending[dose] if self.pending else ()

    def forgetting(self) -> Tally:
        """The tally without how the last cohort went."""
        return Tally(self.treated, self.toxic, self.current, self.top, (0, 0), self.pending)

    def plus(self, dose: int, people: int, toxic: int) -> Tally:
        """The tally after a cohort on that dose."""
        treated, harmed = list(self.treated), list(self.toxic)
        treated[dose] += people
        harmed[dose] += toxic
        return Tally(tuple(treated), tuple(harmed), dose, self.top, (people, toxic), self.pending)

    def closing(self, top: int) -> Tally:
        """The tally with this dose and all above it closed, if they were open."""
        if top >= self.top:
            return self
        return Tally(self.treated, self.toxic, self.current, top, self.last, self.pending)


class Treat(msgspec.Struct, frozen=True, gc=False):
    """Treat the next `size` people on this dose. `wait` asks to let open windows close first."""

    dose: int
    size: int
    reason: str
    wait: bool = False


class Stop(msgspec.Struct, frozen=True, gc=False):
    """Treat nobody else. `selected` is the dose that is declared now; None declares none; -1 leaves it to `select`."""

    reason: str
    selected: int | None = -1


Advice = Treat | Stop

_COHORT = re.compile(r"(?P<dose>\d+)(?P<seen>[NT]+)")


def parse(text: str, doses: int) -> tuple[Cohort, ...]:
    """Cohorts written as `1NNN 2NNT`. ValueError names the part that cannot be read and how to write it."""
    cohorts = []
    for part in text.split():
        match = _COHORT.fullmatch(part.upper())
        if match is None:
            raise ValueError(f"“{part}” is no cohort: write the dose and one N or T for each person, such as 2NNT")
        dose = int(match["dose"])
        if not 1 <= dose <= doses:
            raise ValueError(f"“{part}” speaks of dose {dose}; the doses are 1 to {doses}")
        cohorts.append(Cohort(dose - 1, tuple(sign == "T" for sign in match["seen"])))
    return tuple(cohorts)


def written(cohorts: Iterable[Cohort]) -> str:
    """Cohorts as they are written: `1NNN 2NNT`."""
    return " ".join(map(str, cohorts))
