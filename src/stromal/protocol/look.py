"""What a static check looks at, what it may say, and every expression of a protocol with its path.

Takes a Protocol; `check_population`, `check_schedule` and `check_rules` ask a Look, `check` gathers what they find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stromal.protocol import limits as lim
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.timeline import Plan, expanded, plan
from stromal.values import Finding, Severity

CODES: Mapping[str, tuple[Severity, str]] = {
    "literal.implausible": ("error", "a number lies outside the range its fact can have, often a wrong unit"),
    "population.empty": ("error", "two limits exclude each other, so that nobody can take part"),
    "age.contradiction": ("contradiction", "a criterion and the structured age give different limits"),
    "limit.differs": ("contradiction", "two criteria limit one thing differently"),
    "limit.twice": ("note", "two criteria say one limit"),
    "population.minors": ("note", "people under 18 may take part"),
    "visit.unreachable": ("error", "a visit can never take place"),
    "visit.day_zero": ("warning", "more than one visit is day 0"),
    "visit.foresight": ("warning", "the condition of a visit asks for a visit that comes later"),
    "window.overlap": ("warning", "the leeway of a repeat reaches into the next one"),
    "window.before_anchor": ("warning", "the leeway of a visit reaches past the visit it hangs on"),
    "window.empty": ("error", "a window ends before it begins"),
    "consent.missing": ("warning", "no visit asks for consent"),
    "dose.ungiven": ("warning", "no visit gives a dose"),
    "dose.off_ladder": ("error", "the first dose is no rung of its ladder"),
    "dose.above_ladder": ("error", "the first dose lies above its ladder"),
    "ladder.exceeded": ("warning", "a dose starts at the top of its ladder, and its table says up"),
    "ladder.top": ("note", "the table can ask for more than the highest rung"),
    "ladder.unadjusted": ("warning", "nothing moves a dose along its ladder"),
    "ladder.missing": ("error", "a decision table adjusts a dose that has no ladder"),
    "weight.unmeasured": ("error", "a dose per kilogram is given where no weight is known"),
    "weight.unit": ("error", "the weight of a dose is not measured in a unit of mass"),
    "product.undosed": ("warning", "a product is in no dose"),
    "collection.missing": ("note", "no specimen is taken before a product of the patient's own cells is given"),
    "table.gap": ("error", "a decision table leaves a case undecided"),
    "table.unproved": ("error", "a decision table is too wide to be proved total"),
    "row.idle": ("warning", "a row of a decision table can never decide"),
    "rule.never": ("warning", "a rule can never be true"),
    "rule.unused": ("note", "nothing asks for a rule"),
    "hold.unreleasable": ("error", "nobody who may lift a hold is named to lift it"),
    "design.dose": ("error", "a design climbs a ladder that its dose does not have"),
    "design.twice": ("error", "two rules move one dose along its ladder"),
    "design.start": ("error", "a design begins beyond the ladder, or at another level than its dose"),
    "design.window": ("error", "nobody can know when a participant has been watched for long enough"),
    "design.contradiction": ("error", "two numbers of a design contradict each other"),
    "design.impossible": ("error", "no such design can be made of these numbers"),
    "design.idle": ("warning", "a number of a design has no effect"),
    "design.people": ("contradiction", "a design treats more people than are planned"),
    "design.visits": ("contradiction", "a design gives a person more doses than there are visits for"),
    "boundary.people": ("contradiction", "a boundary ends before or after the planned number of people"),
    "boundary.level": ("error", "a boundary counts participants, and cannot hold a single one"),
    "boundary.impossible": ("error", "no such boundary can be made of these numbers"),
    "hold.dose": ("error", "a hold of level dose names no dose"),
    "endpoint.kind": ("error", "an endpoint is neither a number nor true or false"),
    "endpoint.unmeasured": ("error", "an endpoint asks for something that no visit in its window measures"),
    "endpoint.one_point": ("error", "a slope is asked for where there is one measurement at most"),
    "analysis.method": ("error", "the method of an analysis does not fit its endpoint"),
    "objective.unanalysed": ("note", "no analysis answers an objective"),
    "objective.primary": ("warning", "no objective is primary"),
    "fact.unmeasured": ("warning", "a condition asks for something that no visit in its window measures"),
    "fact.unused": ("warning", "a fact is declared and never asked for"),
    "source.uncited": ("note", "nothing rests on a source"),
    "assumed.unconfirmed": ("note", "a reading that the record does not settle has not been confirmed"),
}
"""Code -> severity and what it means."""


@dataclass(frozen=True, slots=True)
class Look:
    """A protocol with what several checks ask of it."""

    protocol: m.Protocol
    plan: Plan
    never: frozenset[str]
    """Visits whose condition cannot hold."""

    def finding(self, code: str, message: str, hint: str, *paths: str) -> Finding:
        """A finding at the places of these paths."""
        places = tuple(dict.fromkeys(self.protocol.place(path) for path in paths))
        return Finding(code, CODES[code][0], message, places, hint)

    def does(self, visit: str) -> tuple[str, ...]:
        """What a visit does, groups written out."""
        return expanded(self.protocol.schedule[visit].do, self.protocol)


Findings = Iterator[Finding]


def look_at(protocol: m.Protocol) -> Look:
    """The protocol with its nominal plan."""
    never = frozenset(
        visit.name
        for visit in protocol.schedule.values()
        if visit.condition and any(lim.conflicts(lim.demands(visit.condition, protocol)))
    )
    return Look(protocol, plan(protocol, never), never)


def expressions(protocol: m.Protocol) -> Iterator[tuple[str, t.Expr]]:
    """Every expression of a protocol with its path."""
    if protocol.population.age:
        yield "population.age", protocol.population.age
    for criterion in protocol.population.criteria:
        yield f"{path_of(criterion)}.when", criterion.when
    for visit in protocol.schedule.values():
        if visit.condition:
            yield f"schedule.{visit.name}", visit.condition
    for rule in protocol.rules.values():
        yield from rule_paths(rule)
    for objective in protocol.objectives.values():
        yield f"objectives.{objective.name}.endpoint", objective.endpoint
    for analysis in protocol.analyses.values():
        if analysis.population:
            yield f"analyses.{analysis.name}.population", analysis.population


def rule_paths(rule: m.Rule) -> Iterator[tuple[str, t.Expr]]:
    """The conditions of a rule, each with its path."""
    path = f"rules.{rule.name}"
    match rule:
        case m.Table():
            yield from ((f"{path}.choose.{index}.when", row.when) for index, row in enumerate(rule.rows, 1))
        case m.Escalation():
            yield from zip((f"{path}.toxicity", f"{path}.seen"), m.conditions(rule), strict=False)
        case m.Hold() if rule.boundary:
            yield f"{path}.events", rule.when
        case _:
            yield f"{path}.when", rule.when


def path_of(criterion: m.Criterion) -> str:
    """The path of a criterion."""
    return f"population.{'include' if criterion.include else 'exclude'}.{criterion.name}"
