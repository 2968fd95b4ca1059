"""A whole trial whose dose BOIN moves, a second time: day by day in plain Python, beside the product's simulation.

People come at random, are screened, wait for a place, are dosed in cohorts of three with a week after the first, are
watched for 28 days after the day of the dose, and leave. Nothing here asks the product's rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from plain_boin import declared, goes, overly
from stromal.designs import trial_design
from stromal.designs.assumptions import usual
from stromal.designs.plan import plan
from stromal.protocol.file import load
from stromal.values import DAYS_A_MONTH

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "escalation.yaml"
NEVER = 1 << 40
MOST, WINDOW, SENTINEL, SCREENING, PATIENCE = 24, 28, 7, 14, 42
INELIGIBLE, ATTEMPTS, AGAIN = 0.2, 2, 14


@dataclass(slots=True)
class Person:
    """Days of enrolment, leaving, the next attempt at a dose, the dose, toxicity and the last visit; the level."""

    enrolled: int
    gone: int
    due: int
    dosed: int = -1
    toxic: int = NEVER
    last: int = 0
    level: int = -1
    tries: int = 0

    def known(self, day: int) -> str:
        """T with a toxicity, G who left before the window was over, N without, ? still open."""
        if self.toxic <= day:
            return "T"
        if self.gone <= min(day, self.dosed + WINDOW, self.last):
            return "G"
        return "N" if day > self.dosed + WINDOW else "?"


@dataclass(slots=True)
class Stand:
    """What was seen by level, the lowest level closed, and what the design has: places, level, whether they wait."""

    people: list[int]
    toxic: list[int]
    closed: int
    places: int = 0
    level: int = -1
    waits: bool = False


@dataclass(slots=True)
class Trial:
    """One trial; people are dosed in the order of `dosed`."""

    rng: np.random.Generator
    true: tuple[float, ...]
    gap: float
    stays: float
    made: float
    people: list[Person] = field(default_factory=list)
    dosed: list[Person] = field(default_factory=list)
    screening: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    coming: int = NEVER
    day: int = 0
    screened: int = 0
    turned: int = 0
    lost: int = 0

    # ------------------------------------------------ the design

    def stand(self, day: int) -> Stand:
        """Cohorts so far; one that is not full goes on unless its own toxicities forbid it."""
        seen = [(each, how) for each in self.dosed if (how := each.known(day)) != "G"]
        doses, here, room = len(self.true), -1, MOST - len(seen)
        now = Stand([0] * doses, [0] * doses, doses)
        at = 0
        while at < len(seen):
            first, many = seen[at][0], 1
            here = first.level
            while many < 3 and at + many < len(seen) and seen[at + many][0].level == here:
                many += 1
            harmed = sum(how == "T" for _, how in seen[at : at + many])
            at += many
            now.people[here] += many
            now.toxic[here] += harmed
            if many < 3 and at == len(seen):
                if self.going_on(now, here, many, harmed, room):
                    now.places, now.level = min(3 - many, room), here
                    now.waits = many == 1 and day < first.dosed + SENTINEL
                    return now
            elif overly(now.people[here], now.toxic[here]):
                now.closed = min(now.closed, here)
        if room > 0 and now.closed > 0:
            now.places, now.level = min(3, room), goes(now.people, now.toxic, here, now.closed)
            now.waits = any(how == "?" for _, how in seen)
        return now

    def going_on(self, now: Stand, here: int, many: int, harmed: int, room: int) -> bool:
        """Whether a cohort is to be filled: not if, with nobody else harmed, its level closed or the dose fell."""
        full = [*now.people]
        full[here] += 3 - many
        if overly(full[here], now.toxic[here]):
            now.closed = min(now.closed, here)
        falls = harmed > 0 and now.closed > here and goes(full, now.toxic, here, now.closed) < here
        return room > 0 and now.closed > here and not falls

    # ------------------------------------------------ one day after the other

    def reserved(self) -> int:
        """People with a place who were not dosed yet."""
        return sum(each.due < NEVER for each in self.people)

    def invite(self) -> None:
        """Somebody is sought while there are more places than people on their way."""
        coming = len(self.screening) + len(self.waiting)
        places = self.stand(self.day).places - self.reserved()
        if self.coming == NEVER and len(self.people) + coming < MOST and coming < places:
            self.coming = self.day + int(self.rng.exponential(self.gap))

    def dose(self, each: Person) -> None:
        """A dose is due: it waits, is given, or its product fails."""
        now = self.stand(self.day)
        if now.waits:
            each.due = self.day + 1
            return
        each.due = NEVER
        visit = self.day + int(self.rng.integers(25, 32))
        if now.places == 0:
            return
        if self.rng.random() >= self.made:
            each.tries += 1
            if each.tries < ATTEMPTS:
                each.due = self.day + AGAIN
            else:
                self.lost += 1
                each.last = visit
            return
        each.dosed, each.level, each.last = self.day, now.level, visit
        if self.rng.random() < self.true[now.level]:
            shows = self.day + int(self.rng.integers(0, WINDOW + 1))
            each.toxic = shows if shows < each.gone else NEVER
        self.dosed.append(each)

    def arrive(self) -> None:
        """Somebody comes to be screened."""
        self.coming = NEVER
        self.screened += 1
        if self.rng.random() >= INELIGIBLE:
            self.screening.append(self.day + SCREENING)

    def enrol(self) -> None:
        """Those who wait get a place, or lose patience."""
        for since in list(self.waiting):
            now = self.stand(self.day)
            if now.places > self.reserved() and not now.waits:
                self.waiting.remove(since)
                stays = int(self.rng.exponential(self.stays))
                self.people.append(Person(self.day, self.day + 1 + stays, self.day, last=self.day))
            elif now.places == 0 or self.day - since >= PATIENCE:
                self.waiting.remove(since)
                self.turned += 1

    def due(self) -> None:
        """Every dose of today."""
        for each in self.people:
            if each.due == self.day:
                self.dose(each)

    def today(self) -> None:
        """One day."""
        for each in self.people:
            if each.gone <= self.day:
                each.due = NEVER
        self.due()
        self.waiting += [self.day for each in self.screening if each == self.day]
        self.screening = [each for each in self.screening if each > self.day]
        self.invite()
        while self.coming == self.day:
            self.arrive()
            self.invite()
        self.enrol()
        self.due()
        self.invite()

    def following(self) -> int:
        """The next day on which anything can happen."""
        if self.waiting or self.coming == self.day:
            return self.day + (self.coming > self.day)
        days = [self.coming, *self.screening]
        for each in self.people:
            days += [each.due, each.gone if each.due < NEVER or each.dosed >= 0 else NEVER, each.toxic]
            days.append(each.dosed + WINDOW + 1 if each.dosed >= 0 else NEVER)
        return min((each for each in days if each > self.day), default=NEVER)

    def over(self) -> bool:
        """Whether nobody is on the way, and no outcome is open."""
        coming = self.coming < NEVER or self.screening or self.waiting or self.reserved()
        return not coming and all(each.known(self.day) != "?" for each in self.dosed)

    def run(self) -> list[float]:
        """Months, people screened, turned away and enrolled, products lost, people by level, level declared."""
        self.invite()
        self.today()
        while not self.over():
            self.day = self.following()
            self.today()
        end = max((min(each.last, each.gone) for each in self.people), default=0)
        given = [sum(each.level == level for each in self.dosed) for level in range(len(self.true))]
        now = self.stand(NEVER - 1)
        chosen = declared(now.people, now.toxic, now.closed) if now.closed else -1
        picked = [float(chosen == level) for level in range(-1, len(self.true))]
        return [end / DAYS_A_MONTH, self.screened, self.turned, len(self.people), self.lost, *given, *picked]


MILD, HARSH, SAFE = (0.1, 0.25, 0.45), (0.3, 0.45, 0.6), (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("true", "arrivals", "dropout", "made", "trials"),
    [(MILD, 1.5, 0.08, 0.94, 50), (HARSH, 6, 1, 0.94, 40), (SAFE, 1000, 1e-6, 0.94, 40), (SAFE, 1000, 1e-6, 1, 10)],
)
def test_a_designed_trial_day_by_day(
    true: tuple[float, ...], arrivals: float, dropout: float, made: float, trials: int
) -> None:
    """Length, people, products, levels within four errors: usual numbers; people who come and go fast; a full queue,
    where the calendar is all that counts, with products that fail and with none.
    """
    written = EXAMPLE.read_text(encoding="utf-8")
    start, end = written.index("  held:"), written.index("objectives:")
    protocol = load(written[:start] + written[end:], "escalation.yaml").require()
    drawn = plan(protocol)
    rows = tuple((1 - chance, 0.0, 0.0, chance, 0.0, 0.0) for chance in true)
    world = replace(usual(drawn), grades=rows, made=(made,) * 3, arrivals_per_month=arrivals, dropout_per_year=dropout)
    found = trial_design.simulate(protocol, world, 5, trials, 0, drawn)
    months = found.column("days") / DAYS_A_MONTH
    counts = [found.column(name) for name in ("screened", "turned_away", "enrolled", "lost")]
    picked = [found.selected == level for level in range(-1, len(true))]
    theirs = np.column_stack([months, *counts, found.given, *picked]).astype(np.float64)
    rng = np.random.default_rng(8)
    mine = np.array(
        [Trial(rng, true, DAYS_A_MONTH / arrivals, 365.25 / dropout, made).run() for _ in range(4 * trials)]
    )
    for own, other in zip(mine.T, theirs.T, strict=True):
        error = np.sqrt(max(own.var(), 0.01) * (1 / len(own) + 1 / len(other)))
        assert abs(own.mean() - other.mean()) < 4 * error
