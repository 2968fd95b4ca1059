"""One function an endpoint method: measured values of people in, a Result with its interval, its p and its caveats out.

Takes the protocol's analyses and the State; `rules.evaluate` measures each person, `estimates` does the arithmetic
(step 9 of the walk). Nobody is dropped in silence: who has no value, or stands outside the population, is listed with
the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from stromal.analyse.estimates import (
    LEVEL,
    Description,
    Interval,
    clopper_pearson,
    describe,
    sign_flip,
    t_interval,
    t_p_value,
)
from stromal.analyse.grid import gathered, numbered
from stromal.ledger.state import Participant, State
from stromal.protocol import tree as t
from stromal.protocol.english import english
from stromal.protocol.model import Analysis, Method, Objective, Protocol, Rank
from stromal.protocol.writing import write, write_window
from stromal.rules.bounds import Measured
from stromal.rules.endpoints import is_truth
from stromal.rules.evaluate import judge, measure
from stromal.rules.timing import Case
from stromal.values import Truth


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a person's value: the slope in one span, and the entries of the values it was drawn through."""

    name: str
    value: float | None
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonValue:
    """One person's value (None with the reason where there is none), its parts, and the entries it rests on."""

    participant: str
    value: float | None
    reason: str
    entries: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class PValue:
    """A two-sided p-value by name (None where it cannot be had), and what must be known to read it."""

    name: str
    value: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one analysis. Proportions are in percent; `events` of `n` people with `unknown` not judged.

    `endpoint` and `population` are as the protocol writes them, `measured` and `in_whom` the same in English.
    `missing` people belong to the population but have no value; `outside` people do not belong, or nobody knows.
    """

    name: str
    method: Method
    title: str
    rank: Rank
    objective: str
    measure: str
    unit: str
    n: int
    estimate: float | None
    interval: Interval | None
    population: str
    endpoint: str
    measured: str
    in_whom: str
    estimand: str = ""
    description: Description = field(default_factory=lambda: Description(0))
    p_values: tuple[PValue, ...] = ()
    events: int | None = None
    unknown: int = 0
    values: tuple[PersonValue, ...] = ()
    missing: tuple[PersonValue, ...] = ()
    outside: tuple[PersonValue, ...] = ()
    caveats: tuple[str, ...] = ()
    how: str = ""
    source: str = ""
    src: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[int, ...]:
        """Every entry the result rests on, in order, each once."""
        return gathered(each.entries for each in (*self.values, *self.missing, *self.outside))

    @property
    def paths(self) -> tuple[str, str]:
        """Where in the protocol the analysis and its endpoint stand."""
        return f"analyses.{self.name}", f"objectives.{self.objective}.endpoint"


@dataclass(frozen=True, slots=True)
class Sample:
    """The people of one analysis, measured: with a value, without one, and outside the population."""

    values: tuple[PersonValue, ...]
    missing: tuple[PersonValue, ...]
    outside: tuple[PersonValue, ...]
    unit: str = ""

    @property
    def numbers(self) -> list[float]:
        """The known values alone, in the order of people."""
        return [each.value for each in self.values if each.value is not None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method makes of a sample, before it is put beside what the protocol says of the analysis."""

    measure: str
    unit: str
    n: int
    estimate: float | None
    interval: Interval | None
    description: Description
    how: str
    source: str
    p_values: tuple[PValue, ...] = ()
    events: int | None = None
    unknown: int = 0
    caveats: tuple[str, ...] = ()


# ---------------------------------------------------------------- the methods

_FEW = "With so few people a wide interval says more than the point it surrounds."
_NO_GROUP = "There is no comparison group: people are compared with themselves, so time itself may be the cause."
_SURVIVORS = (
    "People without a value are left out; if they left because they did worse, the rest look better (survivor bias)."
)
_REGRESSION = "Who was chosen at a bad moment tends towards the usual afterwards (regression to the mean)."
_CURVE = "Each span is read as a straight line; a decline that bends shows as a difference though nothing changed."


def proportion(answers: Sequence[Truth], level: float = LEVEL) -> Answer:
    """How many of `answers` (one a person; None is not judged) are yes, in percent, with the exact interval.

    While answers are missing there is no single estimate, and the interval runs from the lower limit with none of them
    yes to the upper limit with all of them yes. No interval for nobody.
    Source: Clopper and Pearson, Biometrika 26:404 (1934).
    """
    yes, unknown, n = sum(a is True for a in answers), sum(a is None for a in answers), len(answers)
    interval = None
    if n:
        low, high = clopper_pearson(yes, n, level).low, clopper_pearson(yes + unknown, n, level).high
        interval = Interval(100 * low, 100 * high, level)
    caveats = (f"{unknown} of {n} not judged yet: the interval allows for either answer.",) if unknown else ()
    return Answer(
        "people", "%", n, 100 * yes / n if n and not unknown else None, interval, Description(n),
        "Exact (Clopper-Pearson) two-sided interval of a proportion; 0 of n is bounded above.",
        "Clopper and Pearson, Biometrika 26:404 (1934)", events=yes, unknown=unknown,
        caveats=(*caveats, *((_FEW,) if 0 < n < 20 else ())),
    )  # fmt: skip


def change(values: Sequence[float], unit: str, seed: int = 0, keys: Sequence[str] = ()) -> Answer:
    """The mean of paired changes (one number a person, in `unit`): t interval, t p and sign-flip permutation p.

    Two people are needed for an interval, one for a permutation. `seed` and `keys` matter beyond 20 people only.
    Source: Student, Biometrika 6:1 (1908); Fisher, The Design of Experiments (1935), section 21.
    """
    caveats = (_NO_GROUP, _REGRESSION, _SURVIVORS)
    return _paired(values, "mean change", unit, caveats, "Each person's change from the base visit.", seed, keys)


def slope_difference(values: Sequence[float], unit: str, seed: int = 0, keys: Sequence[str] = ()) -> Answer:
    """The mean of each person's slope difference (later span minus earlier, in `unit`), tested as `change` is.

    Each slope is the ordinary least-squares line through one person's values in one span. Differencing within people
    keeps the test honest when slopes differ between people, which one common random-slope model does not.
    Source: Fisher, The Design of Experiments (1935), section 21; Student, Biometrika 6:1 (1908).
    """
    caveats = (_NO_GROUP, _REGRESSION, _CURVE, _SURVIVORS)
    how = "Each person's least-squares slope in the later span minus that in the earlier one."
    return _paired(values, "mean difference of slopes", unit, caveats, how, seed, keys)


def _paired(
    values: Sequence[float], named: str, unit: str, caveats: tuple[str, ...], how: str, seed: int, keys: Sequence[str],
) -> Answer:  # fmt: skip
    told = describe(values)
    interval: Interval | None = None
    p_values: tuple[PValue, ...] = ()
    if told.mean is not None:
        interval, p_values = _tested(values, told, seed, keys)
    method = f"{how} Mean with its t interval; two-sided p by t and by flipping signs."
    source = "Student, Biometrika 6:1 (1908); Fisher, The Design of Experiments (1935), section 21"
    few = (_FEW,) if 0 < told.n < 20 else ()
    return Answer(named, unit, told.n, told.mean, interval, told, method, source, p_values, caveats=(*few, *caveats))


def _tested(
    values: Sequence[float], told: Description, seed: int, keys: Sequence[str]
) -> tuple[Interval | None, tuple[PValue, ...]]:
    assert told.mean is not None
    flip = sign_flip(values, seed, keys)
    way = f"all {flip.flips:,} sign patterns" if flip.exact else f"{flip.flips:,} drawn sign patterns, seed {seed}"
    still = sum(not value for value in values)
    zeros = f", {still} of them zero," if still else ""
    note = f"{way}; with n = {told.n}{zeros} the smallest p that can be reached is {flip.smallest:.2g}"
    permuted = PValue("sign-flip permutation", flip.p, note)
    if told.sd is None:
        return None, (PValue("t", None, "needs two people"), permuted)
    error = told.sd / told.n**0.5
    freedom = f"{numbered(told.n - 1, 'degree')} of freedom"
    p = t_p_value(told.mean, error, told.n - 1)
    return t_interval(told.mean, error, told.n - 1), (
        PValue("t", p, freedom if p is not None else "all values are equal"),
        permuted,
    )


# ---------------------------------------------------------------- from the protocol's analyses to results


def analyse(protocol: Protocol, state: State, seed: int = 0) -> tuple[Result, ...]:
    """Run every analysis of the protocol on everybody enrolled, in the order of the file."""
    return tuple(_result(protocol, state, analysis, seed) for analysis in protocol.analyses.values())


def _result(protocol: Protocol, state: State, analysis: Analysis, seed: int) -> Result:
    objective = protocol.objectives[analysis.of]
    sample = measured(protocol, state, analysis)
    answer = _answered(analysis.method, objective.endpoint, sample, seed)
    return Result(
        analysis.name, analysis.method, analysis.says or objective.says, objective.rank, objective.name,
        answer.measure, answer.unit, answer.n, answer.estimate, answer.interval,
        population=_population(analysis), endpoint=write(objective.endpoint),
        measured=english(objective.endpoint, protocol), in_whom=_in_whom(analysis, protocol),
        estimand=analysis.estimand,
        description=answer.description,
        p_values=answer.p_values, events=answer.events, unknown=answer.unknown, values=sample.values,
        missing=sample.missing, outside=sample.outside, caveats=answer.caveats, how=answer.how, source=answer.source,
        src=tuple(dict.fromkeys((*objective.src, *analysis.src))),
    )  # fmt: skip


def _answered(method: Method, endpoint: t.Expr, sample: Sample, seed: int) -> Answer:
    keys = [each.participant for each in sample.values]
    match method:
        case "proportion" | "adverse_events":
            known: list[Truth] = [value > 0 for value in sample.numbers]
            return proportion(known + [None] * len(sample.missing))
        case "change":
            return change(sample.numbers, sample.unit, seed, keys)
        case "slope_difference":
            return slope_difference(sample.numbers, _per(endpoint, sample.unit), seed, keys)
    assert_never(method)


def _per(endpoint: t.Expr, unit: str) -> str:
    """The unit of a slope: the fact's unit (points where it has none) per unit of time."""
    slopes = [node for node in t.walk(endpoint) if isinstance(node, t.Slope)]
    return f"{unit or 'points'} per {slopes[0].per}" if slopes else unit


def _population(analysis: Analysis) -> str:
    return write(analysis.population) if analysis.population is not None else ""


def _in_whom(analysis: Analysis, protocol: Protocol) -> str:
    if analysis.population is not None:
        return f"everybody enrolled of whom it is true that {english(analysis.population, protocol)}"
    return "everybody dosed" if analysis.method in _AT_RISK else "everybody enrolled"


_AT_RISK: tuple[Method, ...] = ("adverse_events", "proportion")
"""Methods about what may follow a dose: without a population of their own they look at people who had one."""


def measured(protocol: Protocol, state: State, analysis: Analysis) -> Sample:
    """Everybody enrolled, sorted into with a value, without one, and outside the population, each with the reason."""
    today, people = state.at.date() if state.at else date.min, state.enrolled()
    charts = tuple(person.chart for person in people)
    values, missing, outside, unit = list[PersonValue](), list[PersonValue](), list[PersonValue](), ""
    for person in people:
        case = Case(protocol, person.chart, today, charts)
        left_out = _left_out(analysis, person, case)
        if left_out is not None:
            outside.append(left_out)
            continue
        value, unit = _PERSON[analysis.method](protocol.objectives[analysis.of], person, case)
        (missing if value.value is None else values).append(value)
    return Sample(tuple(values), tuple(missing), tuple(outside), unit)


def _left_out(analysis: Analysis, person: Participant, case: Case) -> PersonValue | None:
    """Why a person is not in the population; None for those who are."""
    if analysis.population is None:
        if analysis.method in _AT_RISK and not person.chart.infusions:
            return PersonValue(person.id, None, "not dosed", _rests_on(person, ()))
        return None
    verdict = judge(analysis.population, case)
    if verdict.truth:
        return None
    doubt = "" if verdict.truth is False else "not known whether in the population: "
    return PersonValue(person.id, None, doubt + verdict.reason, _rests_on(person, verdict.evidence))


def _rests_on(person: Participant, evidence: tuple[int, ...]) -> tuple[int, ...]:
    """The evidence; where nothing was found, what exposed the person to it: the doses, or the enrolment."""
    return (
        gathered([evidence])
        or gathered([[given.entry for given in person.chart.infusions]])
        or gathered([(person.enrolment_entry,)])
    )


def _yes_or_no(objective: Objective, person: Participant, case: Case) -> tuple[PersonValue, str]:
    """Whether the endpoint holds: a condition as it is judged, a count as soon as it is certainly above none."""
    if is_truth(objective.endpoint):
        verdict = judge(objective.endpoint, case)
        value = None if verdict.truth is None else float(verdict.truth)
        return PersonValue(person.id, value, verdict.reason, _rests_on(person, verdict.evidence)), ""
    found = measure(objective.endpoint, case)
    sure = found.value is not None or (found.low is not None and found.low > 0)
    value = float(found.low) if sure and found.low is not None else None
    return PersonValue(person.id, value, found.reason, _rests_on(person, found.evidence)), ""


def _number(objective: Objective, person: Participant, case: Case) -> tuple[PersonValue, str]:
    found = measure(objective.endpoint, case)
    return _valued(person, found), found.unit


def _difference(objective: Objective, person: Participant, case: Case) -> tuple[PersonValue, str]:
    """The difference of two slopes with both sides kept, so that figures can draw them."""
    endpoint = objective.endpoint
    found = measure(endpoint, case)
    sides = (endpoint.right, endpoint.left) if isinstance(endpoint, t.Arithmetic) else ()
    parts = tuple(_part(side, measure(side, case)) for side in sides)
    return _valued(person, found, parts), found.unit


def _part(side: t.Expr, found: Measured) -> Part:
    window = side.window if isinstance(side, t.Slope) else None
    if isinstance(window, t.InEpochs):
        name = ", ".join(window.names)
    else:
        name = write_window(window) if window else write(side)
    name = name.replace("_", " ")
    return Part(name, None if found.value is None else float(found.value), gathered([found.evidence]))


def _valued(person: Participant, found: Measured, parts: tuple[Part, ...] = ()) -> PersonValue:
    value = None if found.value is None else float(found.value)
    return PersonValue(person.id, value, found.reason, _rests_on(person, found.evidence), parts)


_PERSON: dict[Method, Callable[[Objective, Participant, Case], tuple[PersonValue, str]]] = {
    "adverse_events": _yes_or_no,
    "proportion": _yes_or_no,
    "change": _number,
    "slope_difference": _difference,
}
