"""Anchors and windows of one person's chart -> days. Both ends are always included.

An anchor *before* which something is asked and that has not been reached stands at today: what is known now is all that
lies before it. An anchor *after* which something is asked and that has not been reached leaves an empty window: nothing
has happened in it yet. *At* a visit still to come there is nothing to be known; only consent, enrolment and the visits
of screening, which belong to no epoch, stand at today until they are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
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
    """The first or last one up to today; the previous one is the last before today, which may itself be one."""
    name, chart = anchor.name, case.chart
    if name == t.ANY_DOSE or name in case.protocol.doses:
        days = [each.day for each in chart.infusions if name in (t.ANY_DOSE, each.dose)]
    else:
        days = [each.day for each in chart.infusions if _is_one_of(each.visit, name)]
        days += [each.day for each in chart.visits if _is_one_of(each.visit, name) and not _gives(each.visit, case)]
    before = case.today - timedelta(days=anchor.which == "previous")
    days = [day for day in days if day <= before]
    if not days:
        return None
    return min(days) if anchor.which == "first" else max(days)


def _is_one_of(visit: str, stem: str) -> bool:
    return visit == stem or visit.rpartition("_")[0] == stem


def _gives(visit: str, case: Case) -> bool:
    planned = case.protocol.visit(visit)
    return planned is not None and bool(planned.give)


def pending(spec: t.WindowSpec | None, case: Case) -> bool:
    """Whether a window lies *at* a visit or dose that has not taken place, so that nothing can be known in it yet."""
    anchor = spec.anchor if isinstance(spec, t.At) else spec.at if isinstance(spec, t.Ongoing) else None
    if anchor is None or day_of(anchor, case) is not None:
        return False
    planned = case.protocol.visit(anchor.name)
    return bool(anchor.which) or (planned is not None and bool(planned.epoch))


def _before(anchor: t.Anchor | None, case: Case) -> date:
    day = day_of(anchor, case) if anchor else None
    return day or case.today


def window_of(spec: t.WindowSpec | None, case: Case) -> Window:
    """The days a window covers; epochs are told apart by visit, not by day, and are open here."""
    if pending(spec, case):
        return EMPTY
    match spec:
        case None | t.InEpochs():
            return Window(None, case.today)
        case t.Ever(anchor) | t.Latest(anchor):
            return Window(None, _before(anchor, case))
        case t.Ongoing(anchor) | t.At(anchor):
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
