"""A whole trial whose dose is moved by a design: who may come next, at which level, and when a place opens.

Takes the rule of a protocol that names a design, everybody told of so far and a day; gives Place. Nothing of the design
is copied: `rules.escalation` is asked about charts as the desk would keep them, before an enrolment and before a dose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from stromal.designs.asked import ORIGIN, Asked, Told, chart, day, judged
from stromal.protocol.model import Escalation, Protocol
from stromal.rules.chart import Chart
from stromal.rules.escalation import Stop, select
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.courses import Ladder
from stromal.rules.escalation.person import course
from stromal.rules.escalation.planned import planned
from stromal.rules.escalation.standing import Standing, stands
from stromal.rules.escalation.treated import Seen, treated
from stromal.rules.timing import Case

LATER = 1 << 30
FAR = 20_000
"""A day after everything, on which no window is open any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the design has for somebody today: how many places, the level, whether they wait, and until which day at
    the earliest (LATER: until something happens). Without places it treats nobody else.
    """

    places: int
    level: int = -1
    waits: bool = False
    until: int = LATER


@dataclass(slots=True)
class Finding:
    """A design at work in one trial: who waits for a place since when, and who has one and no dose yet."""

    asked: Asked
    rule: Escalation
    gone: dict[int, int] = field(default_factory=dict)
    """Who left before their last visit, and when."""
    settled: dict[int, tuple[tuple[int, int, int, bool], Seen]] = field(default_factory=dict)
    queue: dict[int, int] = field(default_factory=dict)
    reserved: set[int] = field(default_factory=set)
    opening: int = LATER
    """The next day on which those who wait are looked at."""
    seen: tuple[int, int] = (-1, -1)
    known: Place | None = None
    changes: int = 0

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.asked.protocol

    @property
    def by_course(self) -> bool:
        """Whether the design gives each person several levels, and knows no cohorts."""
        return not isinstance(planned(self.rule, self.protocol), d.Finding | d.Modifier)

    def changed(self) -> None:
        """Something happened that the design looks at."""
        self.changes += 1

    def place(self, people: Sequence[Told], now: int) -> Place:
        """What the design has for the next person. Asked again only on another day, or after a change."""
        if self.known is None or self.seen != (now, self.changes):
            self.known = self._course(self.charts(people), now) if self.by_course else self._cohort(people, now)
            self.seen = (now, self.changes)
        return self.known

    def charts(self, people: Sequence[Told]) -> list[Chart]:
        """Everybody's chart."""
        return [chart(self.protocol, told, number) for number, told in enumerate(people)]

    def _cohort(self, people: Sequence[Told], now: int) -> Place:
        found = self.standing(people, now)
        if isinstance(found.advice, Stop):
            return Place(0)
        until = [_number(each.until) + 1 for each in found.waiting if each.until is not None]
        early = _number(found.earliest) if found.earliest is not None else 0
        waits = found.advice.wait or early > now
        following = min(until, default=LATER) if found.advice.wait else early
        return Place(found.advice.size, found.advice.dose, waits, following if waits else LATER)

    def standing(self, people: Sequence[Told], now: int) -> Standing:
        """Where the design stands on a day."""
        found = [self._known(told, number, now) for number, told in enumerate(people) if told.doses]
        return stands(self.rule, self.protocol, sorted(found, key=lambda each: each.day))

    def _known(self, told: Told, person: int, now: int) -> Seen:
        """What the design knows of somebody; an outcome that is known stays as it is until something else happens."""
        mark = (len(told.events), len(told.doses), len(told.visits), person in self.gone)
        before = self.settled.get(person)
        if before is not None and before[0] == mark:
            return before[1]
        found = self._seen(told, person, now)
        if found.toxic is not None:
            self.settled[person] = mark, found
        return found

    def _seen(self, told: Told, person: int, now: int) -> Seen:
        """What the design knows of somebody who was dosed; remembered for all whom no rule can tell apart."""
        gone = self.gone.get(person, LATER)
        key = ("seen", told.pattern(now, exact=True), gone - now if gone <= now else None)
        if key not in self.asked.known:
            mine = chart(self.protocol, told)
            left = {mine.participant: day(gone)} if gone <= now else {}
            case = Case(self.protocol, Chart(), day(now), (mine,))
            (first,) = treated(self.rule, case, (mine,), left)
            self.asked.known[key] = first, now
        entry = self.asked.known[key]
        assert isinstance(entry, tuple)
        found: Seen = entry[0]
        until = found.until + timedelta(days=now - entry[1]) if found.until else None
        return Seen(
            f"P{person}", found.level, day(told.doses[0][3]), found.entry, found.toxic, found.weight, until,
            found.settle, found.gone,
        )  # fmt: skip

    def _course(self, charts: Sequence[Chart], now: int) -> Place:
        """For somebody new, where each person is given several levels."""
        design = planned(self.rule, self.protocol)
        assert not isinstance(design, d.Finding | d.Modifier)
        found = course(self.rule, self.protocol, Chart("new", day(now), day(now)), charts, day(now))
        begun = sum(any(given.dose == self.rule.dose for given in each.infusions) for each in charts)
        return Place(design.people - begun, found.level) if found.step == "treat" else Place(0)

    def further(self, people: Sequence[Told], person: int, now: int) -> Place:
        """What the design has for somebody who had a dose: in cohorts their own level again."""
        mine = chart(self.protocol, people[person], person)
        if not self.by_course:
            amounts = [float(each.value) for each in self.protocol.doses[self.rule.dose].ladder]
            return Place(1, amounts.index(people[person].doses[0][2]))
        found = course(self.rule, self.protocol, mine, self.charts(people), day(now))
        return Place(int(found.step != "stop"), found.level, found.step == "wait", now + 1)

    def toxic(self, told: Told, grade: int, now: int) -> bool:
        """Whether somebody has had what the design counts, now that an event of this grade is known."""
        design = planned(self.rule, self.protocol)
        if isinstance(design, Ladder):
            return grade >= design.unacceptable
        return judged(self.protocol, self.rule.toxicity, told, now).truth is True

    def selected(self, people: Sequence[Told]) -> int:
        """The level that the design declares in the end; -1 for none, and where it declares none of its own."""
        design = planned(self.rule, self.protocol)
        if not isinstance(design, d.Finding | d.Modifier):
            return -1
        found = self.standing(people, FAR)
        chosen = select(design, found.tally)
        if isinstance(found.advice, Stop) and found.advice.selected != -1:
            chosen = found.advice.selected
        return -1 if chosen is None or not found.tally.people else chosen


def _number(on: date) -> int:
    return (on - ORIGIN).days
