"""Anchors and windows of one person's chart -> days. Both ends are always included.

An anchor *before* which something is asked and that has not been reached stands at today: what is known now is all that
lies before it. An anchor *after* which something is asked and that has not been reached leaves an empty window: nothing
has happened in it yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from stromal.protocol import tree as t
from stromal.protocol.model import Protocol
from stromal.rules.chart import AdverseEvent, Chart
from stromal.values import Duration, Window

EMPTY = Window(date.max, date.min)
"""The window in which nothing can lie."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked about whom, and when: the protocol, a chart, the day, everybody's charts, the holds that stand."""

    protocol: Protocol
    chart: Chart
    today: date
    others: tuple[Chart, ...] = ()
    standing: frozenset[str] | None = None
    event: AdverseEvent | None = None

    def about(self, chart: Chart) -> Case:
        """The same question about another participant."""
        return replace(self, chart=chart, standing=None)

    def on(self, event: AdverseEvent) -> Case:
        """The same question about one adverse event."""
        return replace(self, event=event)


def day_of(anchor: t.Anchor, case: Case) -> date | None:
    """The day an anchor took place; None while it has not."""
    chart = case.chart
    if anchor.which:
        return _repeated(anchor, case)
    match anchor.name:
        case t.NOW:
            return case.today
        case "consent":
            return chart.consent
        case "enrolment":
            return chart.enrolled
    return chart.visit_day(anchor.name)


def _repeated(anchor: t.Anchor, case: Case) -> date | None:
    if anchor.name == t.ANY_DOSE or anchor.name in case.protocol.doses:
        given = [i.day for i in case.chart.infusions if anchor.name in (t.ANY_DOSE, i.dose)]
    else:
        stem = anchor.name
        given = [v.day for v in case.chart.visits if v.visit == stem or v.visit.rpartition("_")[0] == stem]
    if not given:
        return None
    return min(given) if anchor.which == "first" else max(given)


def _before(anchor: t.Anchor | None, case: Case) -> date:
    day = day_of(anchor, case) if anchor else None
    return day or case.today


def window_of(spec: t.WindowSpec | None, case: Case) -> Window:
    """The days a window covers; `InEpochs` and `At` are told apart by visit, not by day, and are open here."""
    match spec:
        case None | t.InEpochs():
            return Window(None, case.today)
        case t.Ever(anchor) | t.Latest(anchor):
            return Window(None, _before(anchor, case))
        case t.Ongoing(at):
            day = _before(at, case)
            return Window(day, day)
        case t.At(anchor):
            day = _before(anchor, case)
            return Window(day, day)
        case t.Beside("before", anchor):
            return Window(None, _before(anchor, case))
        case t.Within(length, "before", anchor):
            day = _before(anchor, case)
            return Window(length.before(day), day)
        case t.Span(low, high, unit, "before", anchor):
            day = _before(anchor, case)
            return Window(Duration(high, unit).before(day), Duration(low, unit).before(day))
        case _:
            return _after(spec, case)


def _after(spec: t.Beside | t.Within | t.Span | t.Since | t.FromUntil, case: Case) -> Window:
    start = day_of(spec.first if isinstance(spec, t.FromUntil) else spec.anchor, case)
    if start is None:
        return EMPTY
    match spec:
        case t.Beside() | t.Since():
            return Window(start, None)
        case t.Within(length):
            return Window(start, length.after(start))
        case t.Span(low, high, unit):
            return Window(Duration(low, unit).after(start), Duration(high, unit).after(start))
        case t.FromUntil(_, last):
            return Window(start, day_of(last, case))
    assert_never(spec)
