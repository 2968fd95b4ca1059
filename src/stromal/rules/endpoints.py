"""Derived values: change from baseline, monthly slope, counts; one number a person, with its reason and entries.

Takes the protocol, an endpoint expression, a chart and a day; gives what is measured, or why there is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from stromal.protocol import tree as t
from stromal.protocol.model import Protocol
from stromal.rules import evaluate
from stromal.rules.chart import Chart
from stromal.rules.timing import Case
from stromal.values import Truth

_TRUTHS = (
    t.Compare, t.Between, t.OneOf, t.Happened, t.Unchanged, t.Onset, t.Judged, t.Asked, t.Done, t.Ref,
    t.Not, t.All, t.Any, t.If,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """An endpoint of one person: the number (1 or 0 for a yes/no endpoint), or None and the reason why."""

    value: float | None
    unit: str
    reason: str
    evidence: tuple[int, ...] = ()


def is_truth(expr: t.Expr) -> bool:
    """Whether an endpoint is a yes/no one."""
    return isinstance(expr, _TRUTHS)


def measure(protocol: Protocol, expr: t.Expr, chart: Chart, today: date) -> Measured:
    """The endpoint of one person as known today; yes/no endpoints count as 1 and 0."""
    case = Case(protocol, chart, today)
    if is_truth(expr):
        verdict = evaluate.judge(expr, case)
        value = None if verdict.truth is None else float(verdict.truth)
        return Measured(value, "", verdict.reason, verdict.evidence)
    found = evaluate.measure(expr, case)
    return Measured(None if found.value is None else float(found.value), found.unit, found.reason, found.evidence)


def belongs(protocol: Protocol, population: t.Expr | None, chart: Chart, today: date) -> Truth:
    """Whether a person belongs to an analysis population; everybody does where none is named."""
    return True if population is None else evaluate.judge(population, Case(protocol, chart, today)).truth
