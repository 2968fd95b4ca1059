"""What is doubtful about a record: one small rule for each doubt, in a table.

Takes a Record; gives Findings with a code, how bad it is, the places, and what to do. Stands beside `draft` after the
first step of the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from stromal.read import clashes, gaps
from stromal.read.clashes import measured, said, words_for
from stromal.read.labs import PLAUSIBLE
from stromal.read.record import Record, Statement
from stromal.read.vocabulary import MEASURES
from stromal.values import Finding

_ELSEWHERE = ("age", "inclusion_criteria_count", "exclusion_criteria_count")
"""Statements whose doubts have rules of their own."""


_KNOWN = frozenset({
    "dose", "dose_1", "dose_2", "dose_levels", "dose_equivalent", "interval", "visit_interval", "administrations",
    "volume",
    "follow_up", "run_in", "product_donor", "product_tissue", *(term.name for term in MEASURES),
})  # fmt: skip
"""Names that mean something to a protocol: a doubtful number about anything else is left to whoever reads the line."""


def ambiguous(record: Record) -> Iterator[Finding]:
    """A phrase that can be read in two ways."""
    for statement in record.statements:
        if statement.state != "ambiguous" or statement.name in _ELSEWHERE or _is_laboratory(statement):
            continue
        if measured(statement.name) not in _KNOWN:
            continue
        message = f"the {words_for(statement.name)} can be read in two ways: {said(statement)}; {statement.note}"
        yield Finding(f"{statement.name}.ambiguous", "warning", message, statement.places, "ask which one is meant")


def _is_laboratory(statement: Statement) -> bool:
    units = {reading.unit for reading in statement.readings}
    return statement.state == "ambiguous" and measured(statement.name) in PLAUSIBLE and len(units) > 1


def laboratory_unit(record: Record) -> Iterator[Finding]:
    """A laboratory limit in a unit that no living person shows."""
    for statement in record.statements:
        if not _is_laboratory(statement):
            continue
        units = [reading.unit for reading in statement.readings]
        printed = f"{statement.readings[0].value} {units[0]}"
        message = f"{words_for(statement.name)} {printed} is implausible: {units[1]} is likely meant"
        hint = "the value is not repaired: confirm the unit with the sponsor"
        yield Finding("lab.unit", "contradiction", message, statement.places, hint)


RULES: tuple[Callable[[Record], Iterable[Finding]], ...] = (
    gaps.identity_missing,
    gaps.eligibility_missing,
    gaps.headings_missing,
    gaps.first_lost,
    gaps.exclusions_missing,
    gaps.prose_only,
    gaps.age_missing,
    gaps.age_unconfirmed,
    clashes.age_boundary,
    clashes.age_minor,
    clashes.contradictions,
    ambiguous,
    laboratory_unit,
    gaps.dose_notation,
    gaps.rules_not_given,
    clashes.unregistered_product,
    clashes.both_sides,
    gaps.outcomes_missing,
    gaps.outcomes_unnamed,
    gaps.outcome_scale,
    gaps.enrolment,
    clashes.dates,
    clashes.recruiting,
    clashes.recruiting_counts,
    gaps.machine_answers,
    gaps.empty_sections,
    gaps.repeated,
    gaps.truncated,
)
"""Every rule, in the order its findings are shown."""


def check(record: Record) -> tuple[Finding, ...]:
    """Every doubt about a record; an empty tuple where there is none."""
    return tuple(finding for rule in RULES for finding in rule(record))
