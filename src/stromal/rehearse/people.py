"""Virtual people from the protocol's population: those who fit its criteria, and some who fail one of them.

Takes a protocol, a scenario and keyed chance; gives persons with birth date, sex, values, episodes, absences and
answers. A criterion is met (or failed) by narrowing what a person may be, condition by condition; whether it is met is
decided later by the same rules that judge real people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from stromal.protocol import tree as t
from stromal.protocol.model import Criterion, Fact, Protocol
from stromal.rehearse.chance import Chance
from stromal.rehearse.courses import Course, begin, typical
from stromal.rehearse.scenario import Scenario
from stromal.rules import eligibility
from stromal.values import Duration, Quantity, exact

_WOMEN_ONLY = ("pregnancy", "breastfeeding")


@dataclass(frozen=True, slots=True)
class Past:
    """An episode in a virtual person's past."""

    fact: str
    start: date
    end: date | None
    ongoing: bool
    regimen: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A virtual person as they are on the day of screening."""

    code: str
    arrival: date
    birth_date: date
    sex: str
    courses: dict[str, Course]
    choices: dict[str, str | bool]
    past: tuple[Past, ...]
    absent: tuple[str, ...]
    answers: dict[str, bool]
    fails: str = ""


@dataclass(slots=True)
class _Sketch:
    """A person being narrowed down: intervals for numbers, options for choices, what was and was not."""

    protocol: Protocol
    today: date
    chance: Chance
    ages: tuple[float, float] = (18.0, 80.0)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    yes: dict[str, bool] = field(default_factory=dict)
    since: dict[str, tuple[float, float]] = field(default_factory=dict)
    past: dict[str, list[Past]] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    answers: dict[str, bool] = field(default_factory=dict)
    criterion: str = ""
    branches: int = 0

    def judge(self, criterion: Criterion, *, favourable: bool) -> None:
        """Narrow the person so that a criterion speaks for or against taking part."""
        self.criterion, self.branches = criterion.name, 0
        self.want(criterion.when, criterion.include is favourable)

    def want(self, expr: t.Expr, truth: bool) -> None:  # noqa: C901, PLR0912 - one flat case a node
        """Narrow the person so that a condition has this truth."""
        match expr:
            case t.Not(item):
                self.want(item, not truth)
            case t.All(items) | t.Any(items):
                self.some(items, truth, everything=isinstance(expr, t.All) is truth)
            case t.If(condition, then):
                if not truth:
                    self.want(condition, True)
                self.want(then, truth)
            case t.Ref(rule) if hasattr(self.protocol.rules[rule], "when"):
                self.want(self.protocol.rules[rule].when, truth)  # type: ignore[union-attr]  # just seen to have one
            case t.Compare(op, left, right):
                self.compare(op, left, right, truth)
            case t.Between(item, low, high, unit):
                self.between(item, float(low), float(high), unit, truth)
            case t.OneOf(t.FactValue(fact), options):
                allowed = self.options.get(fact, list(self.protocol.facts[fact].options))
                self.options[fact] = [each for each in allowed if (each in options) is truth] or allowed
            case t.Happened(fact, window):
                self.happened(fact, window, truth)
            case t.Unchanged(fact, length):
                start = self.today - timedelta(days=400 if truth else int(length.days / 2))
                self.past[fact] = [Past(fact, start, None, True, "stable")]
            case t.Judged(question) | t.Asked(question):
                self.answers[question] = truth

    def some(self, items: tuple[t.Expr, ...], truth: bool, *, everything: bool) -> None:
        """Give all items, or just one of them, the truth that makes the whole come true."""
        if everything:
            for item in items:
                self.want(item, truth)
        else:
            self.branches += 1
            key = f"branch/{self.criterion}/{self.branches}"
            open_ = [item for item in items if self.possible(item, truth)] or list(items)
            self.want(self.chance.pick(key, open_), truth)

    def possible(self, expr: t.Expr, truth: bool) -> bool:
        """Whether what is settled already leaves room for this truth; only choices are ever settled whole."""
        match expr:
            case t.OneOf(t.FactValue(fact), options):
                allowed = self.options.get(fact, list(self.protocol.facts[fact].options))
                return any((each in options) is truth for each in allowed)
            case t.Not(item):
                return self.possible(item, not truth)
        return True

    def compare(self, op: str, left: t.Expr, right: t.Expr, truth: bool) -> None:
        """Narrow the left side of a comparison."""
        if not truth:
            op = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}[op]
        match left, right:
            case t.Age(), t.Number(amount):
                self.ages = _cut(self.ages, op, float(amount.value), 1.0)
            case t.TimeSince(fact), t.Length(length):
                low, high = _cut(self.since.get(fact, (30.0, 9000.0)), op, length.days, 40.0)
                self.since[fact] = (low, high)
            case t.FactValue(fact), t.Number(amount):
                declared = self.protocol.facts[fact]
                bound = float(Quantity(amount.value, amount.unit).to(declared.unit).value)
                self.limits[fact] = _cut(self.range(declared), op, bound, typical(declared).grid)
            case t.Count(of), t.Number(amount) if op in (">", ">=") and self.episode(of):
                start = self.today - timedelta(days=300)
                number = int(amount.value) + (op == ">")
                self.past[of] = [Past(of, start, None, True, f"no. {i + 1}") for i in range(number)]

    def between(self, item: t.Expr, low: float, high: float, unit: str, truth: bool) -> None:
        """Narrow to a range, or to one side of it."""
        if truth:
            self.compare(">=", item, _literal(low, unit), True)
            self.compare("<=", item, _literal(high, unit), True)
        elif self.chance.happens("side", 0.5):
            self.compare("<", item, _literal(low, unit), True)
        else:
            self.compare(">", item, _literal(high, unit), True)

    def happened(self, fact: str, window: t.WindowSpec | None, truth: bool) -> None:
        """An episode that fits the window, or its recorded absence; a yes or a no."""
        if self.protocol.facts[fact].kind == "yes_no":
            self.yes[fact] = truth
        elif not truth:
            if fact not in self.past:
                self.absent.add(fact)
        else:
            back = {t.Within: 0.4, t.Span: 0.5}.get(type(window), 0.0)
            length = getattr(window, "length", Duration(200, "day"))
            start = self.today - timedelta(days=max(1, int(length.days * back) or 200))
            self.past[fact] = [Past(fact, start, None, True)]
            self.absent.discard(fact)

    def range(self, fact: Fact) -> tuple[float, float]:
        """What is left of a fact's plausible range."""
        low, high = float(fact.low or 0), float(fact.high if fact.high is not None else 100)
        return self.limits.get(fact.name, (low, high))

    def episode(self, name: str) -> bool:
        """Whether a name is declared as an episode."""
        return name in self.protocol.facts and self.protocol.facts[name].kind == "episode"


def _literal(value: float, unit: str) -> t.Number:

    return t.Number(Quantity(exact(value), unit))


def _cut(span: tuple[float, float], op: str, bound: float, step: float) -> tuple[float, float]:
    """What is left of a span under a comparison; what would be empty becomes a narrow strip beside the bound."""
    low, high = span
    if op in (">", ">="):
        low = max(low, bound + (step if op == ">" else 0))
        return low, max(high, low + 2 * step)
    if op in ("<", "<="):
        high = min(high, bound - (step if op == "<" else 0))
        return min(low, high - 2 * step), high
    return (bound, bound) if op == "=" else span


def person(protocol: Protocol, scenario: Scenario, chance: Chance, code: str, arrival: date) -> Person:
    """One virtual person, eligible unless the scenario's chance makes them fail one criterion."""
    sketch = _Sketch(protocol, arrival, chance)
    rules = [each for each, _ in eligibility.criteria(protocol)]
    wrong = [chance.pick("fails", rules)] if rules and chance.happens("ineligible", scenario.ineligible) else []
    for criterion in wrong:  # first, so that it may still decide on the sex, and last, so that nothing undoes it
        sketch.judge(criterion, favourable=False)
    sketch.options["sex"] = [chance.pick("sex", sketch.options.get("sex", ["female", "male"]))]
    for criterion in rules:
        if criterion not in wrong:
            sketch.judge(criterion, favourable=True)
    for criterion in wrong:
        sketch.judge(criterion, favourable=False)
    failing = wrong[0].name if wrong else ""
    return _drawn(sketch, code, failing)


def _drawn(sketch: _Sketch, code: str, failing: str) -> Person:
    chance, today = sketch.chance, sketch.today
    low, high = sketch.ages
    age = min(max(chance.normal("age", 52, 12), low + 0.05), max(high + 0.9, low + 0.1))
    birth = today - timedelta(days=int(age * 365.25) + 2)
    courses: dict[str, Course] = {}
    choices: dict[str, str | bool] = dict(sketch.yes)
    for fact in sketch.protocol.facts.values():
        if fact.kind in ("number", "score"):
            courses[fact.name] = begin(fact, _start(sketch, fact), chance)
        elif fact.kind == "choice" and fact.name != "sex":
            choices[fact.name] = chance.pick(f"choice/{fact.name}", sketch.options.get(fact.name, list(fact.options)))
        elif fact.kind == "yes_no" and fact.name not in choices:
            bearing = fact.name not in _WOMEN_ONLY or sketch.options["sex"] == ["female"]
            choices[fact.name] = bearing and chance.happens(f"yes/{fact.name}", 0.1)
    past = [each for episodes in sketch.past.values() for each in episodes]
    past += [_since(sketch, fact, span) for fact, span in sketch.since.items()]
    known = {each.fact for each in past}
    episodes = [fact.name for fact in sketch.protocol.facts.values() if fact.kind == "episode"]
    absent = tuple(name for name in episodes if name not in known)
    sex = sketch.options["sex"][0]
    return Person(code, today, birth, sex, courses, choices, tuple(past), absent, sketch.answers, failing)


def _start(sketch: _Sketch, fact: Fact) -> float:
    """A usual value, moved into what the criteria leave of the range."""
    usual = typical(fact)
    low, high = sketch.range(fact)
    value = sketch.chance.normal(f"start/{fact.name}", usual.mean, usual.sd)
    if not low <= value <= high:
        near = low if value < low else high
        reach = min(usual.sd or 1.0, (high - low) / 2)
        value = near + (1 if near == low else -1) * reach * (0.5 + sketch.chance.uniform(f"within/{fact.name}") / 2)
    return Course(fact, value, 0.0, usual).on_grid(value)


def _since(sketch: _Sketch, fact: str, span: tuple[float, float]) -> Past:
    days = span[0] + (span[1] - span[0]) * sketch.chance.uniform(f"since/{fact}")
    return Past(fact, sketch.today - timedelta(days=int(days)), None, True)
