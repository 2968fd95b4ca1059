"""A protocol as plain numbers that a compiled loop can walk: who is given what, when, what stops it, what is measured.

Takes a protocol; gives a Plan. No rule is copied: tables, holds, conditions, declarations and endpoints are asked about
made-up people, and the Plan holds their answers. What does not fit a Plan is Unusable, with the rule and its line.
Stands before the walk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stromal.designs import probes
from stromal.protocol import model as m
from stromal.protocol import timeline
from stromal.protocol import tree as t
from stromal.rules import safety
from stromal.values import Finding, Unusable, exact, short

DAY_ZERO, LAST_DOSE, FIRST_DOSE = -1, -2, -3
"""What a visit hangs on besides another visit: enrolment at day 0, and the last or first dose that was given."""


@dataclass(frozen=True, slots=True)
class Level:
    """One amount of one dose."""

    dose: str
    amount: float
    unit: str

    @property
    def name(self) -> str:
        """As people say it: 5e6 cells/kg."""
        return f"{short(exact(self.amount))} {self.unit}"


@dataclass(frozen=True, slots=True)
class Step:
    """A visit every person is meant to come to: what it hangs on (a step, or one of the marks above), the first and
    last day after it, the dose it gives (-1: none), whether unacceptable toxicity leaves the dose out.
    """

    name: str
    anchor: int
    first: int
    last: int
    dose: int = -1
    unless_harmed: bool = False


@dataclass(frozen=True, slots=True)
class Rounds:
    """Visits that come back every so many days after their start, until another visit or day."""

    name: str
    anchor: int
    every: float
    until: int
    until_days: int
    room: int


@dataclass(frozen=True, slots=True)
class Scale:
    """A fact that is measured over time, and what its instrument can read."""

    fact: str
    says: str
    instrument: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """An analysis of a fact over time. Slots are screening visits, steps, then the rounds one after the other.

    `before` and `after` say which slots count on either side of the difference; `kind` is `slope` or `change`.
    """

    name: str
    kind: str
    fact: str
    rank: m.Rank
    before: tuple[bool, ...]
    after: tuple[bool, ...]
    least_before: int
    least_after: int
    needs_dose: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A protocol's numbers. `next_level[k][g]` is the level after level k and a worst grade g since (-1: no dose);
    `dose_starts` the first level of each dose, `dose_moves` whether a table moves it; `stop_at[n]` how many harmed
    people stop the trial while n were treated (0: none do); `declares[n]` whether n people who came through are
    declared on.
    """

    trial: str
    title: str
    planned: int
    levels: tuple[Level, ...]
    dose_starts: tuple[int, ...]
    dose_moves: tuple[bool, ...]
    next_level: tuple[tuple[int, ...], ...]
    screenings: tuple[str, ...]
    screening_days: int
    steps: tuple[Step, ...]
    rounds: tuple[Rounds, ...]
    harm: probes.Harm
    person_hold: str
    trial_hold: str
    trial_release: tuple[str, ...]
    stop_at: tuple[int, ...]
    declaration: str
    declaration_says: str
    declares: tuple[bool, ...]
    required: tuple[bool, ...]
    scales: tuple[Scale, ...]
    measured: tuple[Measured, ...]
    primary: tuple[tuple[str, str], ...]
    """Primary analyses: name and method."""
    escalation: str = ""
    """The rule that moves the dose by a design; no compiled loop walks such a plan."""

    @property
    def slots(self) -> int:
        """Everything a person may be measured at."""
        return len(self.screenings) + len(self.steps) + sum(each.room for each in self.rounds)

    @property
    def giving(self) -> tuple[int, ...]:
        """The steps that give a dose."""
        return tuple(place for place, step in enumerate(self.steps) if step.dose >= 0)


def unusable(protocol: m.Protocol, path: str, message: str, hint: str) -> Unusable:
    """A part of the protocol that does not fit a Plan, with its line."""
    return Unusable(Finding("simulate.plan", "error", message, (protocol.place(path),), hint))


def plan(protocol: m.Protocol) -> Plan:
    """The numbers of a protocol. Raises Unusable where a rule, a visit or a dose does not fit them."""
    nominal = timeline.plan(protocol)
    doses, levels = _doses(protocol)
    names = [visit.name for visit in _walked(protocol, nominal)]
    screenings = tuple(v.name for v in protocol.schedule.values() if _is_screening(v))
    probe = probes.Probe(protocol, screenings, tuple(names), _rounds_slots(protocol, nominal), nominal)
    moved = _moved(protocol, doses)
    harm, person, trial, stop_at = _holds(protocol, probe, moved)
    declaration = _declaration(protocol, probe)
    rule = declaration[0] if declaration else None
    measured = tuple(_measured(protocol, analysis, probe) for analysis in protocol.analyses.values()
                     if analysis.method in ("change", "slope_difference"))  # fmt: skip
    steps = tuple(_step(protocol, protocol.schedule[name], names, doses, probe) for name in names)
    return Plan(
        protocol.trial.id, protocol.trial.title, protocol.trial.planned, levels,
        tuple(next(place for place, level in enumerate(levels)
                   if level.dose == name and level.amount == float(protocol.doses[name].amount.value))
              for name in doses),
        tuple(bool(protocol.doses[name].adjust) for name in doses),
        probes.next_levels(probe, [(level.dose, level.amount) for level in levels]),
        screenings, _screening_days(protocol), steps, _all_rounds(protocol, names, nominal), harm,
        person.name if person else "", trial.name if trial else "",
        trial.release if trial else (), stop_at, rule.name if rule else "", rule.declares if rule else "",
        declaration[1] if declaration else (False,) * (protocol.trial.planned + 1),
        tuple(name in (declaration[2] if declaration else ()) for name in names),
        tuple(_scale(protocol.facts[fact]) for fact in dict.fromkeys(each.fact for each in measured)), measured,
        tuple((each.name, each.method) for each in protocol.analyses.values()
              if protocol.objectives[each.of].rank == "primary"),
        moved.name if moved else "",
    )  # fmt: skip


def _moved(protocol: m.Protocol, doses: tuple[str, ...]) -> m.Escalation | None:
    """The rule of the design that moves the dose; None where none does."""
    return next((rule for rule in (m.escalation_of(protocol, name) for name in doses) if rule is not None), None)


# ---------------------------------------------------------------- doses


def _doses(protocol: m.Protocol) -> tuple[tuple[str, ...], tuple[Level, ...]]:
    """The doses that visits give, and all their amounts, each dose from its lowest up."""
    names = tuple(dict.fromkeys(visit.give for visit in protocol.visits_giving()))
    if not names:
        raise unusable(protocol, "schedule", "no visit gives a dose", "write 'give:' at a visit")
    levels = []
    moved = [name for name in names if protocol.doses[name].adjust or m.escalation_of(protocol, name)]
    if moved and len(names) > 1:
        hint = "a simulation takes one dose that moves, or several fixed ones"
        raise unusable(protocol, f"doses.{moved[0]}", f"{moved[0]} is moved beside other doses", hint)
    for name in names:
        dose = protocol.doses[name]
        amounts = dose.ladder or (dose.amount,)
        unit = dose.amount.unit + ("/kg" if dose.per_kg and "/kg" not in dose.amount.unit else "")
        levels += [Level(name, float(each.value), unit) for each in amounts]
    return names, tuple(levels)


# ---------------------------------------------------------------- the schedule


def _is_screening(visit: m.Visit) -> bool:
    return isinstance(visit.when, m.Timeframe) and visit.when.side == "before"


def _walked(protocol: m.Protocol, nominal: timeline.Plan) -> list[m.Visit]:
    """The visits from day 0 on that come once, in the order of their nominal days."""
    visits = [v for v in protocol.schedule.values() if not _is_screening(v) and not isinstance(v.when, m.Series)]
    for visit in visits:
        if visit.name not in nominal:
            raise unusable(protocol, f"schedule.{visit.name}", f"{visit.name} has no day", "hang it on a visit")
    order = {visit.name: place for place, visit in enumerate(visits)}
    return sorted(visits, key=lambda v: (nominal[v.name].low + nominal[v.name].high, order[v.name]))


def _screening_days(protocol: m.Protocol) -> int:
    """The longest time that screening may take; 0 where there is none."""
    lengths = [v.when.length.days for v in protocol.schedule.values()
               if isinstance(v.when, m.Timeframe) and v.when.side == "before"]  # fmt: skip
    return int(max(lengths, default=0))


def _anchored(protocol: m.Protocol, visit: m.Visit, anchor: t.Anchor, names: list[str]) -> int:
    path = f"schedule.{visit.name}"
    if anchor.which in ("last", "previous"):
        return LAST_DOSE
    if anchor.which == "first":
        return FIRST_DOSE
    if anchor.name in ("enrolment", "consent"):
        return DAY_ZERO
    earlier = names[: names.index(visit.name)] if visit.name in names else names
    if anchor.name not in earlier:
        hint = "hang it on a visit that comes before it"
        raise unusable(protocol, path, f"{visit.name} hangs on {anchor.name}, which cannot be walked to", hint)
    return names.index(anchor.name)


def _step(protocol: m.Protocol, visit: m.Visit, names: list[str], doses: tuple[str, ...], probe: probes.Probe) -> Step:
    dose = doses.index(visit.give) if visit.give else -1
    unless = probes.left_out(probe, visit) if visit.give else False
    match visit.when:
        case m.DayZero():
            return Step(visit.name, DAY_ZERO, 0, 0, dose, unless)
        case m.Offset(low, high, "after", anchor):
            early, late = low.days, max(low.days, high.days)
        case m.Timeframe(length, "after", anchor):
            early, late = 0.0, length.days
        case _:
            hint = "plan it after another visit"
            raise unusable(protocol, f"schedule.{visit.name}", f"{visit.name} comes before what it hangs on", hint)
    first, last = round(early - visit.early.days), round(late + visit.late.days)
    return Step(visit.name, _anchored(protocol, visit, anchor, names), max(first, 0), last, dose, unless)


def _room(series: m.Series, nominal: timeline.Plan, visit: str) -> int:
    """How many visits a series can have at most, with some to spare for people whose last dose came early."""
    return int((nominal[visit].high + 60) / series.every.days) + 1


def _rounds_slots(protocol: m.Protocol, nominal: timeline.Plan) -> tuple[tuple[str, int], ...]:
    return tuple((v.name, _room(v.when, nominal, v.name)) for v in protocol.schedule.values()
                 if isinstance(v.when, m.Series) and v.name in nominal)  # fmt: skip


def _all_rounds(protocol: m.Protocol, names: list[str], nominal: timeline.Plan) -> tuple[Rounds, ...]:
    found = []
    for visit in protocol.schedule.values():
        if not isinstance(visit.when, m.Series):
            continue
        until = visit.when.until
        anchor = until.anchor if isinstance(until, m.Offset) else until
        days = round(until.low.days) if isinstance(until, m.Offset) else -1
        found.append(Rounds(
            visit.name, _anchored(protocol, visit, visit.when.start, names), visit.when.every.days,
            _anchored(protocol, visit, anchor, names), days, _room(visit.when, nominal, visit.name),
        ))  # fmt: skip
    return tuple(found)


# ---------------------------------------------------------------- rules


def _holds(
    protocol: m.Protocol, probe: probes.Probe, moved: m.Escalation | None
) -> tuple[probes.Harm, m.Hold | None, m.Hold | None, tuple[int, ...]]:
    """What harms a person, the hold of a person, the hold of the trial, and at how many harmed people it stands."""
    found: dict[str, tuple[m.Hold, probes.Harm]] = {}
    for hold in safety.holds(protocol):
        path = f"rules.{hold.name}"
        if hold.level == "dose" or hold.level in found:
            hint = "a simulation takes one hold of a participant and one of the trial"
            raise unusable(protocol, path, f"{hold.name} is another hold of a {hold.level}", hint)
        harm = probes.harm(probe, hold)
        if harm is None:
            hint = "let it hang on the grade of related adverse events"
            raise unusable(protocol, path, f"{hold.name} is not true of anybody who was only harmed", hint)
        found[hold.level] = (hold, harm)
    harms = {harm for _, harm in found.values()}
    if moved is not None:
        harms = {_toxicity(protocol, probe, moved, harms)}
    if len(harms) > 1:
        name = found["trial"][0].name
        hint = "let both holds hang on one rule"
        raise unusable(protocol, f"rules.{name}", f"{name} and the other hold take different harm", hint)
    person = found["participant"][0] if "participant" in found else None
    trial = found["trial"][0] if "trial" in found else None
    harm = next(iter(harms), probes.Harm())
    return (
        harm,
        person,
        trial,
        probes.stop_at(probe, trial, found["trial"][1]) if trial else (0,) * (protocol.trial.planned + 1),
    )


def _toxicity(
    protocol: m.Protocol, probe: probes.Probe, moved: m.Escalation, of_holds: set[probes.Harm]
) -> probes.Harm:
    """What a design counts; the holds are asked for themselves, and may count from another dose."""
    harm = probes.toxicity(probe, moved)
    if harm is None:
        hint = "let it hang on the grade of related adverse events"
        raise unusable(protocol, f"rules.{moved.name}", f"the toxicity of {moved.name} is none of grades 1 to 5", hint)
    return replace(harm, from_last=harm.from_last or any(each.from_last for each in of_holds))


def _declaration(
    protocol: m.Protocol, probe: probes.Probe
) -> tuple[m.Predicate, tuple[bool, ...], frozenset[str]] | None:
    """The rule that declares something, for how many people it does, and the visits they must have had."""
    rules = safety.declaring(protocol)
    if not rules:
        return None
    rule, path = rules[0], f"rules.{rules[0].name}"
    if len(rules) > 1:
        raise unusable(protocol, f"rules.{rules[1].name}", "a second rule declares something", "keep one")
    counts = probes.declares(probe, rule)
    if not any(counts):
        hint = "let it count participants who came through visits without unacceptable toxicity"
        raise unusable(protocol, path, f"{rule.name} declares nothing though everybody came through", hint)
    return rule, counts, probes.required(probe, rule, counts.index(True))


def _measured(protocol: m.Protocol, analysis: m.Analysis, probe: probes.Probe) -> Measured:
    objective = protocol.objectives[analysis.of]
    found = probes.sides(probe, objective.endpoint, analysis.population)
    if found is None:
        hint = "measure a change between two visits, or the difference of two slopes of one fact"
        message = f"the endpoint of {analysis.name} is no such difference"
        raise unusable(protocol, f"objectives.{objective.name}", message, hint)
    return Measured(analysis.name, found.kind, found.fact, objective.rank, found.before, found.after,
                    found.least_before, found.least_after, found.needs_dose)  # fmt: skip


def _scale(fact: m.Fact) -> Scale:
    low, high = (float(each) if each is not None else 0.0 for each in (fact.low, fact.high))
    return Scale(fact.name, fact.says or fact.name, fact.instrument, fact.unit, low, high if high > low else 1e9)
