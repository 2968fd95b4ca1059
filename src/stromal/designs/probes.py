"""Made-up people who are shown to a protocol's rules one by one, to learn what the rules make of them.

Takes a protocol and the visits one walks through; gives what harms, what stops, what is left out, what is declared and
which measurements an endpoint looks at. `plan` puts the answers together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stromal.designs.asked import Asked, Told, chart, day, judged, told_of
from stromal.protocol import timeline
from stromal.protocol import tree as t
from stromal.protocol.model import Escalation, Hold, Predicate, Protocol, Visit
from stromal.rules import endpoints, safety
from stromal.rules.escalation.courses import Ladder
from stromal.rules.escalation.planned import planned

UNLIMITED = 1 << 30
_FAR = 400
"""Days up to which a rule is asked whether an event still counts."""


@dataclass(frozen=True, slots=True)
class Harm:
    """Which related events are unacceptable: from this grade on (6: none), counted from the last dose or the first,
    for so many days.
    """

    least: int = 6
    from_last: bool = False
    within: int = UNLIMITED


@dataclass(slots=True)
class Probe:
    """A protocol with one nominal day for each visit; `rounds` are series with the number of visits they have room for.

    Nominal days are moved apart where needed, so that every visit has a day of its own.
    """

    protocol: Protocol
    screenings: tuple[str, ...]
    steps: tuple[str, ...]
    rounds: tuple[tuple[str, int], ...]
    nominal: Mapping[str, timeline.Span]
    asked: Asked = field(init=False)
    days: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Give every visit its day."""
        self.asked = Asked(self.protocol)
        self.days = dict.fromkeys(self.screenings, -7)
        last = -1
        for name in self.steps:
            span = self.nominal[name]
            last = max(last + 1, round((span.low + span.high) / 2))
            self.days[name] = last

    @property
    def doses(self) -> dict[str, tuple[str, float]]:
        """The dose and first amount of each visit that gives one."""
        given = self.protocol.visits_giving()
        return {v.name: (v.give, float(self.protocol.doses[v.give].amount.value)) for v in given}

    @property
    def dosed(self) -> list[tuple[str, int]]:
        """Visits that give a dose, with their days."""
        return [(name, self.days[name]) for name in self.steps if name in self.doses]

    def whole(self, events: Sequence[tuple[int, int]] = (), leaving_out: str = "") -> Told:
        """A person who came to every visit and got every dose, but for one visit; with these events."""
        told = told_of({name: on for name, on in self.days.items() if name != leaving_out}, self.doses)
        told.events = list(events)
        return told

    def up_to(self, visit: str, events: Sequence[tuple[int, int]] = ()) -> Told:
        """A person on the day of a visit, which is attended and gives its dose later that day."""
        seen = {name: on for name, on in self.days.items() if on <= self.days[visit]}
        told = told_of(seen, {name: dose for name, dose in self.doses.items() if name != visit})
        told.events = list(events)
        return told

    @property
    def end(self) -> int:
        """A day after everything."""
        return max(self.days.values()) + _FAR + 1


# ---------------------------------------------------------------- doses


def next_levels(probe: Probe, levels: Sequence[tuple[str, float]]) -> tuple[tuple[int, ...], ...]:
    """What the protocol's table makes of each level and each worst grade since; -1 where no dose follows."""
    found = []
    for name, amount in levels:
        dose = probe.protocol.doses[name]
        visit, on = next((visit, on) for visit, on in probe.dosed if probe.doses[visit][0] == name)
        row = []
        for grade in range(6):
            told = Told(0, {visit: on}, [(visit, name, amount, on)], [(grade, on + 1)] if grade else [])
            after = probe.asked.next_amount(dose, told, on + 30) if dose.adjust else amount
            row.append(levels.index((name, after)) if after is not None else -1)
        found.append(tuple(row))
    return tuple(found)


def left_out(probe: Probe, visit: Visit) -> bool:
    """Whether unacceptable toxicity leaves out the dose of a visit by the visit's own condition.

    A hold that stands leaves it out in any case.
    """
    before = [on for name, on in probe.dosed if on < probe.days[visit.name]]
    if visit.condition is None or not before:
        return False
    today = probe.days[visit.name]
    return not probe.asked.may_be(visit, probe.up_to(visit.name, [(5, before[-1] + 1)]), today)


# ---------------------------------------------------------------- holds and declarations


def harm(probe: Probe, hold: Hold) -> Harm | None:
    """Which events make a hold true of a person, or of the trial when everybody had them; None where none does."""
    last, people = probe.dosed[-1][1], probe.protocol.trial.planned

    def true(grade: int, on: int) -> bool:
        told = probe.whole([(grade, on)])
        everybody = [told] * people if hold.level == "trial" else []
        charts = [chart(probe.protocol, each, place) for place, each in enumerate(everybody or [told])]
        return bool(safety.triggered(hold, probe.protocol, charts, charts, day(max(on, last) + 1)))

    return _harm(probe, true)


def toxicity(probe: Probe, rule: Escalation) -> Harm | None:
    """Which events a design counts as toxicity: what its rule is true of; on a ladder its unacceptable grades, at any
    time after a dose. None where there are none.
    """
    last, design = probe.dosed[-1][1], planned(rule, probe.protocol)
    if isinstance(design, Ladder):
        return Harm(design.unacceptable)

    def true(grade: int, on: int) -> bool:
        return judged(probe.protocol, rule.toxicity, probe.whole([(grade, on)]), max(on, last) + 1).truth is True

    return _harm(probe, true)


def _harm(probe: Probe, true: Callable[[int, int], bool]) -> Harm | None:
    """The harm that something is true of, asked grade by grade and day by day."""
    first, last = probe.dosed[0][1], probe.dosed[-1][1]
    least = next((grade for grade in range(1, 6) if true(grade, last + 1)), None)
    if least is None:
        return None
    from_last = first != last and not true(least, first + 1)
    start = last if from_last else first
    if true(least, start + _FAR):
        return Harm(least, from_last)
    within = bisect_left(range(1, _FAR), True, key=lambda days: not true(least, start + days))
    return Harm(least, from_last, within)


def stop_at(probe: Probe, hold: Hold, what: Harm) -> tuple[int, ...]:
    """How many harmed people make the hold of the trial true while so many were treated (planned + 1; 0: none does).

    A boundary takes more the more were treated; any other hold is asked about everybody at once.
    """
    people = probe.protocol.trial.planned
    if hold.boundary is None:
        least = _stopping(probe, hold, what, people, 1)
        return tuple(least if least <= treated else 0 for treated in range(people + 1))
    found = [0]
    for treated in range(1, people + 1):
        found.append(_stopping(probe, hold, what, treated, max(1, found[-1])))
    return tuple(found)


def _stopping(probe: Probe, hold: Hold, what: Harm, treated: int, start: int) -> int:
    """The least number of harmed people, from `start` on, that stops a trial of so many treated; 0 where none does."""
    last = probe.dosed[-1][1]
    for harmed in range(start, treated + 1):
        told = [probe.whole([(what.least, last + 1)] if place < harmed else []) for place in range(treated)]
        if probe.asked.stops(hold, told, last + 2) is not None:
            return harmed
    return 0


def declares(probe: Probe, rule: Predicate) -> tuple[bool, ...]:
    """Whether the rule declares, for each number of people who came through everything."""
    people = probe.protocol.trial.planned
    return tuple(probe.asked.declares(rule, [probe.whole()] * number, probe.end) for number in range(people + 1))


def required(probe: Probe, rule: Predicate, need: int) -> frozenset[str]:
    """The visits without which somebody does not count."""
    others = [probe.whole()] * (need - 1)
    return frozenset(
        name for name in probe.steps
        if not probe.asked.declares(rule, [*others, probe.whole(leaving_out=name)], probe.end)
    )  # fmt: skip


# ---------------------------------------------------------------- endpoints


@dataclass(frozen=True, slots=True)
class Sides:
    """What an endpoint compares: see `plan.Measured`."""

    kind: str
    fact: str
    before: tuple[bool, ...]
    after: tuple[bool, ...]
    least_before: int
    least_after: int
    needs_dose: bool


def _parts(endpoint: t.Expr) -> tuple[str, str, t.Expr, t.Expr] | None:
    """Kind, fact, what is subtracted and what it is subtracted from."""
    match endpoint:
        case t.Arithmetic("-", t.Slope(fact) as after, t.Slope(other) as before) if fact == other:
            return "slope", fact, before, after
        case t.Change(fact, base, at):
            return "change", fact, t.FactValue(fact, t.At(base)), t.FactValue(fact, t.At(at))
    return None


def sides(probe: Probe, endpoint: t.Expr, population: t.Expr | None) -> Sides | None:
    """Which measurements an endpoint looks at: those whose absence changes it. None where it is no such difference."""
    parts = _parts(endpoint)
    if parts is None:
        return None
    kind, fact, earlier, later = parts
    told, slots = _measured(probe, fact)
    before, after = (_looked_at(probe, expr, told, slots) for expr in (earlier, later))
    if not any(before) or not any(after):
        return None
    least = [_least(probe, population, told, slots, side) for side in (before, after)]
    undosed = replace(told, doses=[])
    needs = population is not None and judged(probe.protocol, population, undosed, probe.end).truth is not True
    floor = 2 if kind == "slope" else 1
    return Sides(kind, fact, before, after, max(floor, least[0]), max(floor, least[1]), needs)


def _measured(probe: Probe, fact: str) -> tuple[Told, list[str]]:
    """A person with a value at every visit that measures the fact, and the name of each slot (empty: not measured)."""
    told, schedule = probe.whole(), probe.protocol.schedule
    names = [*probe.screenings, *probe.steps]
    for name, room in probe.rounds:
        names += [f"{name}_{number}" for number in range(1, room + 1)]
        span = probe.nominal[name]
        every = (span.high - span.low) / room
        first = probe.dosed[-1][1] + 1
        told.visits |= {f"{name}_{n}": first + round(n * max(every, 1)) for n in range(1, room + 1)}
    slots = []
    for place, name in enumerate(names):
        visit = schedule.get(name) or schedule[name.rpartition("_")[0]]
        here = fact in timeline.expanded(visit.do, probe.protocol)
        slots.append(name if here else "")
        if here:
            # Values without any pattern, so that leaving out one always changes a slope.
            low = float(probe.protocol.facts[fact].low or 0)
            told.values.append((fact, name, told.visits[name], low + 1 + (place * place * 7 + 3 * place) % 11 / 2))
    return told, slots


def _looked_at(probe: Probe, expr: t.Expr, told: Told, slots: Sequence[str]) -> tuple[bool, ...]:
    def value(of: Told) -> float | None:
        last = max(told.visits.values()) + 1
        return endpoints.measure(probe.protocol, expr, chart(probe.protocol, of), day(last)).value

    whole = value(told)
    return tuple(bool(name) and value(_without(told, {name})) != whole for name in slots)


def _without(told: Told, names: set[str]) -> Told:
    return replace(told, values=[each for each in told.values if each[1] not in names])


def _least(
    probe: Probe, population: t.Expr | None, told: Told, slots: Sequence[str], side: Sequence[bool]
) -> int:  # fmt: skip
    """How many values on a side somebody must have to belong to the analysis."""
    if population is None:
        return 0
    mine = [name for name, counts in zip(slots, side, strict=True) if counts]
    # A measurement that lies on both sides is kept to the last, so that the other side never lacks one.
    for kept in range(len(mine) + 1):
        left = _without(told, set(mine[: len(mine) - kept]))
        if judged(probe.protocol, population, left, probe.end).truth is True:
            return kept
    return len(mine)
