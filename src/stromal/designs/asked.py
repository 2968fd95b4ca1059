"""What the protocol's own rules say about made-up people: the charts they are asked about, and the answers.

Takes days and grades as whole numbers; gives charts and verdicts of `stromal.rules`. A simulation asks here, and so
does the plan that is derived from a protocol: neither holds a copy of a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from stromal.protocol import tree as t
from stromal.protocol.model import Dose, Hold, Predicate, Protocol, Visit, conditions
from stromal.rules import dosing, safety
from stromal.rules.chart import AdverseEvent, Chart, Infusion, Observation, VisitDone
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Refused, Truth, Verdict

ORIGIN = date(2000, 1, 1)
"""Day 0 of every simulated trial. Which day it is matters to nobody: rules look at days that lie between others."""


@dataclass(slots=True)
class Told:
    """What is known about one simulated person: days of visits, doses (visit, dose, amount, day), events (grade, day),
    values of facts (fact, visit, day, value).
    """

    enrolled: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    doses: list[tuple[str, str, float, int]] = field(default_factory=list)
    events: list[tuple[int, int]] = field(default_factory=list)
    values: list[tuple[str, str, int, float]] = field(default_factory=list)

    def pattern(self, today: int, *, exact: bool) -> tuple[object, ...]:
        """All that a rule can tell people apart by: days counted from today, or only their order."""
        days = sorted({today, *(dose[3] for dose in self.doses), *(event[1] for event in self.events)})
        place = {day: day - today if exact else rank for rank, day in enumerate(days)}
        doses = tuple((visit, amount, place[day]) for visit, _, amount, day in self.doses)
        return place[today], doses, tuple((grade, place[day]) for grade, day in self.events), tuple(self.visits)


def day(number: int) -> date:
    """A day of a simulated trial as a date."""
    return ORIGIN + timedelta(days=number)


def chart(protocol: Protocol, told: Told, person: int = 0) -> Chart:
    """The chart of a simulated person; the entry of an event is its place in the order of events of all people."""
    first = person * 1000 + 1
    return Chart(
        f"P{person}", day(told.enrolled), day(told.enrolled),
        tuple(Observation(fact, value, day(on), protocol.facts[fact].unit, visit)
              for fact, visit, on, value in told.values),
        visits=tuple(VisitDone(name, day(on)) for name, on in told.visits.items()),
        infusions=tuple(Infusion(visit, dose, "", day(on), amount, 1, 1, 1) for visit, dose, amount, on in told.doses),
        adverse_events=tuple(
            AdverseEvent(str(place), "Event", grade, day(on), True, grade >= 4, False, None, first + place)
            for place, (grade, on) in enumerate(told.events)
        ),
    )  # fmt: skip


def names_a_length(protocol: Protocol, expr: t.Expr, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a rule, or one it rests on, names a length of time; if not, only the order of days matters to it."""
    timed = (t.Within, t.Span, t.Age, t.TimeSince, t.Unchanged, t.Slope, t.Length)
    if any(isinstance(each, timed) for node in t.walk(expr) for each in (node, *t.windows(node), *_onset(node))):
        return True
    refs = [node.rule for node in t.walk(expr) if isinstance(node, t.Ref) and node.rule not in seen]
    return any(names_a_length(protocol, each, seen | {rule}) for rule in refs
               for each in conditions(protocol.rules[rule]))  # fmt: skip


def _onset(node: t.Expr) -> tuple[t.WindowSpec, ...]:
    return (node.window,) if isinstance(node, t.Onset) else ()


@dataclass(slots=True)
class Asked:
    """A protocol's rules, asked about simulated people. What was asked once about people who cannot be told apart by
    any rule is remembered.
    """

    protocol: Protocol
    exact: bool = field(init=False)
    known: dict[tuple[object, ...], object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Rules that name a length of time look at days, all others at their order."""
        read = [each for rule in self.protocol.rules.values() for each in conditions(rule)]
        read += [visit.condition for visit in self.protocol.schedule.values() if visit.condition is not None]
        self.exact = any(names_a_length(self.protocol, expr) for expr in read)

    def case(self, told: Told, today: int, standing: frozenset[str] | None = None) -> Case:
        """A question about one person on a day."""
        return Case(self.protocol, chart(self.protocol, told), day(today), (), standing)

    def next_amount(self, dose: Dose, told: Told, today: int) -> float | None:
        """The amount that the next administration of a dose has; None where the table gives none."""
        key = ("amount", dose.name, told.pattern(today, exact=self.exact))
        if key not in self.known:
            rung = dosing.next_rung(dose, self.case(told, today))
            self.known[key] = None if isinstance(rung, Refused) or rung.level is None else float(rung.level.value)
        found = self.known[key]
        return found if isinstance(found, float) else None

    def may_be(self, visit: Visit, told: Told, today: int, standing: frozenset[str] = frozenset()) -> Truth:
        """Whether the condition of a visit lets its dose be given."""
        if visit.condition is None:
            return True
        key = ("visit", visit.name, standing, told.pattern(today, exact=self.exact))
        if key not in self.known:
            self.known[key] = judge(visit.condition, self.case(told, today, standing)).truth
        return self.known[key] is True

    def about(self, hold: Hold, told: Told, today: int) -> tuple[Truth, tuple[int, ...]]:
        """What a hold asks of one person: its truth, and the events it rests on (1 is the person's first)."""
        key = ("hold", hold.name, told.pattern(today, exact=self.exact))
        if key not in self.known:
            asked = safety.asked_of_each(hold.when, self.protocol) or (hold.when,)
            verdicts = [judge(each, self.case(told, today)) for each in asked]
            evidence = tuple(sorted({entry for each in verdicts for entry in each.evidence if entry}))
            self.known[key] = (all(each.truth is True for each in verdicts), evidence)
        found = self.known[key]
        assert isinstance(found, tuple)
        return found

    def stops(self, hold: Hold, people: Sequence[Told], today: int) -> tuple[int, ...] | None:
        """The events on which a hold of the whole trial is true; None where it is not."""
        charts = [chart(self.protocol, told, number) for number, told in enumerate(people)]
        found = safety.triggered(hold, self.protocol, charts, charts, day(today))
        return found[0].verdict.evidence if found else None

    def declares(self, rule: Predicate, people: Sequence[Told], today: int) -> bool:
        """Whether a rule declares something for the trial."""
        key = ("declares", rule.name, tuple(each.pattern(today, exact=self.exact) for each in people))
        if key not in self.known:
            charts = [chart(self.protocol, told, number) for number, told in enumerate(people)]
            self.known[key] = safety.declared(rule, self.protocol, charts, day(today)).truth is True
        return self.known[key] is True


def judged(protocol: Protocol, expr: t.Expr, told: Told, today: int) -> Verdict:
    """A condition about one simulated person."""
    return judge(expr, Case(protocol, chart(protocol, told), day(today)))


def told_of(visits: Mapping[str, int], doses: Mapping[str, tuple[str, float]]) -> Told:
    """A person who was seen at these visits, and got the doses (name, amount) of those that give one."""
    given = [(name, *doses[name], on) for name, on in visits.items() if name in doses]
    return Told(0, dict(visits), given)
