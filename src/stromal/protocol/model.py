"""The trial as data: everything a protocol file says, as frozen values whose names are all known to exist.

`file` builds a Protocol from text and proves it whole; everything else in the house only reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from stromal.protocol import tree
from stromal.protocol.designs import Number
from stromal.protocol.language import FactKind
from stromal.protocol.tree import Anchor, Expr, Side
from stromal.values import Duration, Place, Quantity

HoldLevel = Literal["participant", "dose", "trial"]
Adjustment = Literal["same", "up", "down", "hold", "stop"]
ADJUSTMENTS: tuple[Adjustment, ...] = ("same", "up", "down", "hold", "stop")
Rank = Literal["primary", "secondary", "exploratory"]
Donor = Literal["patient", "matched donor", "third party"]
ROLES = (
    "coordinator",
    "investigator",
    "laboratory",
    "safety_committee",
    "medical_monitor",
    "statistician",
    "data_manager",
    "auditor",
)
"""Who may act in a trial. `conduct.roles` says what each may do."""
MAY_RELEASE = ("investigator", "safety_committee", "medical_monitor")
"""Roles whose signature can lift a hold."""

NO_TIME = Duration(0)
BUILT_IN = ("birth_date", "sex")
"""Facts every protocol has without declaring them."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a value rests on: lines of the registry record, retold in the file's own words.

    In a record made of named fields, `path` names the field and the lines count within it.
    """

    name: str
    says: str
    lines: tuple[int, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the record does not say, or says twice: the reading taken, and who confirmed it (nobody at first)."""

    path: str
    says: str
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """Who runs what, on how many people."""

    id: str
    title: str
    sponsor: str
    phase: str
    design: str
    planned: int
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of the protocol, in force from when."""

    number: int
    effective: date
    changes: str = ""
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: in words and as a condition. An inclusion must hold; an exclusion must not."""

    name: str
    says: str
    when: Expr
    include: bool
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """Who may take part."""

    condition: str
    sex: Literal["any", "female", "male"]
    age: Expr | None
    criteria: tuple[Criterion, ...]
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry of the data dictionary: something that may be observed, with its kind, unit and plausible range."""

    name: str
    kind: FactKind
    says: str = ""
    unit: str = ""
    low: Fraction | None = None
    high: Fraction | None = None
    options: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    instrument: str = ""
    grading: str = ""
    by: str = ""
    code: str = ""
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseTest:
    """One test a lot must pass before release: `viability >= 80 %`, `sterility = negative`."""

    test: str
    op: Literal["<", "<=", ">", ">=", "="]
    limit: Fraction | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A cell product: where it comes from, for whom it may be used, what a lot must pass."""

    name: str
    says: str
    donor: Donor
    tissue: str = ""
    release: tuple[ReleaseTest, ...] = ()
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight a dose per kilogram is worked out on: which fact, at which visit (empty: the same visit)."""

    fact: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Dose:
    """How many cells: a fixed amount, per kilogram, or a ladder; in what volume, by what route, how exactly."""

    name: str
    product: str
    amount: Quantity
    weight: Weight | None = None
    cap: Fraction | None = None
    ladder: tuple[Quantity, ...] = ()
    adjust: str = ""
    volume: tuple[Fraction, Fraction] | None = None
    removed: Fraction | None = None
    route: str = ""
    tolerance: tuple[Fraction, Fraction] | None = None
    says: str = ""
    src: tuple[str, ...] = ()

    @property
    def per_kg(self) -> bool:
        """Whether the amount is per kilogram of body weight."""
        return self.weight is not None


@dataclass(frozen=True, slots=True)
class DayZero:
    """The visit everything else is counted from."""


@dataclass(frozen=True, slots=True)
class Offset:
    """`14..21 days after infusion_1`, `6 months after day`: from `low` to `high`, the target in `low` when equal."""

    low: Duration
    high: Duration
    side: Side
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Timeframe:
    """`within 28 days before run_in_start`: any day up to that far away."""

    length: Duration
    side: Side
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Series:
    """`every 2 months from injection_1 until last_visit`: as many as there is room for."""

    every: Duration
    start: Anchor
    until: Anchor | Offset


When = DayZero | Offset | Timeframe | Series


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit: when, with what leeway, in which epoch, what is given, what is done, on what condition."""

    name: str
    when: When
    early: Duration = NO_TIME
    late: Duration = NO_TIME
    epoch: str = ""
    give: str = ""
    condition: Expr | None = None
    do: tuple[str, ...] = ()
    says: str = ""
    src: tuple[str, ...] = ()
    stem: str = ""
    """The name shared by repeats: `injection` of `injection_2..4`; the visit's own name without its number."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A rule that is true, false or unknown; `declares` says what follows for the trial once it is true."""

    name: str
    when: Expr
    says: str = ""
    declares: str = ""
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a decision table."""

    when: Expr
    then: Adjustment


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table: the first row that holds decides, else `otherwise`; an unknown row stops the reading."""

    name: str
    rows: tuple[Row, ...]
    otherwise: Adjustment | None
    says: str = ""
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Boundary:
    """A safety boundary: its kind, what counts as an event of a participant, and its numbers."""

    kind: str
    events: Expr
    numbers: tuple[tuple[str, Number], ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A rule that stops dosing of a participant, of a dose or of the trial until every named role has signed.

    One that names a boundary is true once its events have reached it; `when` then says that there was one at all.
    """

    name: str
    level: HoldLevel
    when: Expr
    release: tuple[str, ...]
    dose: str = ""
    says: str = ""
    src: tuple[str, ...] = ()
    boundary: Boundary | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """A rule that names a design: which rung of a dose's ladder the next people get, and when nobody is treated.

    `toxicity` is true of a participant who had a dose-limiting toxicity (for the design `ladder`: the worst grade since
    the dose before). A participant is watched for the `window` after the first dose, or until `seen` is true.
    """

    name: str
    design: str
    dose: str
    toxicity: Expr
    numbers: tuple[tuple[str, Number], ...] = ()
    window: Duration | None = None
    seen: Expr | None = None
    says: str = ""
    src: tuple[str, ...] = ()


Rule = Predicate | Table | Hold | Escalation


@dataclass(frozen=True, slots=True)
class Objective:
    """What the trial wants to know, and the measured endpoint that answers it."""

    name: str
    rank: Rank
    says: str
    endpoint: Expr
    src: tuple[str, ...] = ()


Method = Literal["adverse_events", "change", "slope_difference", "proportion"]


@dataclass(frozen=True, slots=True)
class Analysis:
    """How an objective's endpoint is analysed, in whom."""

    name: str
    of: str
    method: Method
    population: Expr | None = None
    estimand: str = ""
    says: str = ""
    src: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """One trial. Mappings keep the order of the file; `places` knows the line of every path and is not compared."""

    trial: Trial
    version: Version
    population: Population
    sources: Mapping[str, Source] = field(default_factory=dict)
    assumed: Mapping[str, Assumption] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    products: Mapping[str, Product] = field(default_factory=dict)
    doses: Mapping[str, Dose] = field(default_factory=dict)
    schedule: Mapping[str, Visit] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)
    reads: Mapping[str, frozenset[str]] = field(init=False, compare=False, repr=False)
    """Everything each rule looks at, through the rules it rests on: facts, logs, `day of` visits, doses and milestones,
    `answer`, and `day of now` for what becomes true by waiting."""

    def __post_init__(self) -> None:
        """Work out once what each rule reads; it is asked after every entry."""
        object.__setattr__(self, "reads", {name: _reads(self.rules, name) for name in self.rules})

    def place(self, path: str) -> Place:
        """Where a path such as `doses.injection.amount` stands, or the nearest part of it that has a line."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(0))

    @property
    def epochs(self) -> tuple[str, ...]:
        """The epochs in the order the schedule first names them."""
        return tuple(dict.fromkeys(visit.epoch for visit in self.schedule.values() if visit.epoch))

    def visits_giving(self, dose: str = "") -> tuple[Visit, ...]:
        """The visits that give this dose (any dose when none is named), in the order of the schedule."""
        return tuple(v for v in self.schedule.values() if v.give and (not dose or v.give == dose))

    def visit(self, name: str) -> Visit | None:
        """The visit of this name; a numbered one of an open series is found by its stem."""
        if name in self.schedule:
            return self.schedule[name]
        stem, _, number = name.rpartition("_")
        series = self.schedule.get(stem)
        return series if number.isdigit() and series is not None and isinstance(series.when, Series) else None


def conditions(rule: Rule) -> tuple[Expr, ...]:
    """The conditions a rule is made of."""
    match rule:
        case Table():
            return tuple(row.when for row in rule.rows)
        case Escalation():
            return (rule.toxicity,) if rule.seen is None else (rule.toxicity, rule.seen)
    return (rule.when,)


def escalation_of(protocol: Protocol, dose: str) -> Escalation | None:
    """The rule that moves a dose by a design; None where no design does."""
    found = (rule for rule in protocol.rules.values() if isinstance(rule, Escalation) and rule.dose == dose)
    return next(found, None)


def day_of(name: str) -> str:
    """What a rule reads that hangs on a visit, a dose or a milestone."""
    return f"day of {name}"


def _days_read(condition: Expr) -> frozenset[str]:
    """What gives a condition its days: the visits and doses it hangs on, milestones, or the day of the question."""
    found = {each.name for each in tree.anchors(condition)}
    for node in (*tree.walk(condition), *tree.windows(condition)):
        match node:
            case tree.Done(visit):
                found.add(visit)
            case tree.Age(None) | tree.TimeSince(_, _, None) | tree.Ongoing(None):
                found.add(tree.NOW)
            case tree.Count(tree.PARTICIPANTS):
                found.add("enrolment")
    return frozenset(day_of(name) for name in found)


def _reads(rules: Mapping[str, Rule], name: str) -> frozenset[str]:
    """What a rule looks at, through the rules it rests on; rules that rest on each other are looked at once."""
    found, seen, waiting = set[str](), set[str](), [name]
    while waiting:
        rule = waiting.pop()
        if rule in seen or rule not in rules:
            continue
        seen.add(rule)
        for condition in conditions(rules[rule]):
            found |= tree.facts_read(condition) | _days_read(condition)
            for node in tree.walk(condition):
                match node:
                    case tree.Ref(other):
                        waiting.append(other)
                    case tree.Judged() | tree.Asked():
                        found.add("answer")
    return frozenset(found)
