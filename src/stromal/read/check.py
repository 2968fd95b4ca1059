"""What is doubtful about a record: one small rule for each doubt, in a table.

Takes a Record; gives Findings with a code, how bad it is, the places, and what to do. Stands beside `draft` after the
first step of the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from stromal.read import (
    chronology,
    clashes,
    completeness,
    design,
    ending,
    gaps,
    groups,
    participants,
    quantities,
    thresholds,
    timeframes,
)  # fmt: skip
from stromal.read.clashes import measured, said, words_for
from stromal.read.quantities import is_laboratory
from stromal.read.record import Record
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


_GROUPS = "several groups"
"""A registry's record says what each group gets: that groups differ is no doubt there."""


def ambiguous(record: Record) -> Iterator[Finding]:
    """A phrase that can be read in two ways."""
    for statement in record.statements:
        if statement.state != "ambiguous" or statement.name in _ELSEWHERE or is_laboratory(statement):
            continue
        if measured(statement.name) not in _KNOWN or (record.tree is not None and _GROUPS in statement.note):
            continue
        message = f"the {words_for(statement.name)} can be read in two ways: {said(statement)}; {statement.note}"
        yield Finding(f"{statement.name}.ambiguous", "warning", message, statement.places, "ask which one is meant")


RULES: tuple[Callable[[Record], Iterable[Finding]], ...] = (
    gaps.identity_missing,
    gaps.eligibility_missing,
    gaps.headings_missing,
    gaps.first_lost,
    gaps.exclusions_missing,
    gaps.prose_only,
    gaps.age_missing,
    gaps.age_unconfirmed,
    participants.age_unlimited,
    clashes.age_boundary,
    clashes.age_minor,
    clashes.contradictions,
    ambiguous,
    participants.sex,
    participants.sex_condition,
    participants.healthy,
    participants.enrolment,
    participants.enrolment_status,
    thresholds.thresholds,
    quantities.laboratory_unit,
    quantities.notation,
    quantities.arm_dose,
    gaps.rules_not_given,
    groups.arms,
    clashes.unregistered_product,
    clashes.both_sides,
    design.allocation,
    design.masking,
    design.phase,
    design.placebo,
    gaps.outcomes_missing,
    gaps.outcomes_unnamed,
    gaps.outcome_scale,
    completeness.primary_missing,
    completeness.repeated_outcome,
    completeness.frame_missing,
    timeframes.too_short,
    timeframes.beyond_follow_up,
    gaps.enrolment,
    clashes.recruiting,
    clashes.recruiting_counts,
    gaps.machine_answers,
    gaps.empty_sections,
    gaps.repeated,
    ending.truncated,
    completeness.cut_off,
)
"""Every rule that needs no day to look from, in the order its findings are shown."""


def check(record: Record, on: date | None = None) -> tuple[Finding, ...]:
    """Every doubt about a record; an empty tuple where there is none.

    Dates are held against `on`; where nobody names a day, against the record's own last update.
    """
    found = [finding for rule in RULES for finding in rule(record)]
    return (*found, *chronology.dates(record, on))
