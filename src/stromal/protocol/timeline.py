"""The schedule as one imaginary person would walk it: the nominal day of every visit, and what is measured when.

Takes a protocol; gives spans of days counted from day 0 (a month is 30.4375 of them), only for checks and for words:
real days come from `rules.schedule`. A visit without a span can never take place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.values import Duration


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last nominal day on which something may be."""

    low: float
    high: float

    def widened(self, early: float, late: float) -> Span:
        """The span with leeway on either side."""
        return Span(self.low - early, self.high + late)

    def meets(self, other: Span) -> bool:
        """Whether the two share a day."""
        return self.low <= other.high and other.low <= self.high


_START = Span(0, 0)
_ALWAYS = Span(float("-inf"), float("inf"))
Plan = Mapping[str, Span]


def plan(protocol: m.Protocol, never: frozenset[str] = frozenset()) -> Plan:
    """The nominal span of every visit that can take place; `never` are those whose condition cannot hold."""
    known: dict[str, Span] = {}
    while True:
        fresh = _reached(protocol, known, never, patient=True) or _reached(protocol, known, never, patient=False)
        if not fresh:
            return known
        known |= fresh


def _reached(protocol: m.Protocol, known: Plan, never: frozenset[str], *, patient: bool) -> dict[str, Span]:
    """Visits whose anchors have just become known; impatiently, the first that knows some of its anchor's repeats."""
    found: dict[str, Span] = {}
    for visit in protocol.schedule.values():
        if visit.name in known or visit.name in never or (found and not patient):
            continue
        span = _span(visit, protocol, known, patient=patient)
        if span is not None:
            found[visit.name] = span
    return found


def _span(visit: m.Visit, protocol: m.Protocol, known: Plan, *, patient: bool) -> Span | None:
    def day(anchor: t.Anchor) -> Span | None:
        return anchored(anchor, protocol, known, visit.name, patient=patient)

    match visit.when:
        case m.DayZero():
            return _START
        case m.Offset(low, high, side, anchor):
            base = day(anchor)
            return None if base is None else _shifted(base, low, high, side)
        case m.Timeframe(length, side, anchor):
            base = day(anchor)
            return None if base is None else _shifted(base, m.NO_TIME, length, side)
        case m.Series(every, start, until):
            first = day(start)
            last = day(until.anchor if isinstance(until, m.Offset) else until)
            if first is None or last is None:
                return None
            end = _shifted(last, until.low, until.high, until.side) if isinstance(until, m.Offset) else last
            return Span(first.low + every.days, end.high)
    assert_never(visit.when)


def _shifted(base: Span, low: Duration, high: Duration, side: t.Side) -> Span:
    if side == "after":
        return Span(base.low + low.days, base.high + high.days)
    return Span(base.low - high.days, base.high - low.days)


def members(anchor: t.Anchor, protocol: m.Protocol) -> tuple[str, ...]:
    """The visits an anchor may stand for: one visit, or all repeats of a visit or a dose."""
    visits = protocol.schedule.values()
    if not anchor.which:
        if anchor.name == "consent":
            return tuple(visit.name for visit in visits if "consent" in visit.do)
        return (anchor.name,) if anchor.name in protocol.schedule else ()
    if anchor.name == t.ANY_DOSE or anchor.name in protocol.doses:
        return tuple(visit.name for visit in visits if visit.give and anchor.name in (t.ANY_DOSE, visit.give))
    return tuple(visit.name for visit in visits if visit.stem == anchor.name)


def anchored(
    anchor: t.Anchor, protocol: m.Protocol, known: Plan, asking: str = "", *, patient: bool = False
) -> Span | None:
    """The nominal span of an anchor; None while none of the visits it stands for has one."""
    names = [name for name in members(anchor, protocol) if name != asking]
    if anchor.name in t.MILESTONES and not names:
        return _START
    spans = [known[name] for name in names if name in known]
    if not spans or (patient and len(spans) < len(names)):
        return None
    ordered = sorted(spans, key=lambda span: (span.low, span.high))
    return ordered[0] if anchor.which == "first" else ordered[-1]


# ---------------------------------------------------------------- what is measured when


def expanded(names: Iterable[str], protocol: m.Protocol) -> tuple[str, ...]:
    """What a visit does, with groups written out, each once and in order."""
    found: dict[str, None] = {}
    for name in names:
        fact = protocol.facts.get(name)
        inside = fact.members if fact else ()
        found |= dict.fromkeys((name,) if not inside else expanded((i for i in inside if i != name), protocol))
    return tuple(found)


def visits_in(window: t.WindowSpec | None, protocol: m.Protocol, known: Plan) -> tuple[str, ...]:
    """The visits that can lie in a window, leeway included."""
    names = tuple(protocol.schedule)
    if isinstance(window, t.At):
        if window.anchor.name in ("enrolment", t.NOW):
            return names
        return members(window.anchor, protocol)
    if isinstance(window, t.InEpochs):
        return tuple(name for name in names if protocol.schedule[name].epoch in window.names)
    span = _days(window, protocol, known)
    return tuple(name for name in names if name in known and _leeway(protocol.schedule[name], known).meets(span))


def _leeway(visit: m.Visit, known: Plan) -> Span:
    return known[visit.name].widened(visit.early.days, visit.late.days)


def _days(window: t.WindowSpec | None, protocol: m.Protocol, known: Plan) -> Span:
    """The nominal days a window covers; all days where its anchor has none."""

    def day(anchor: t.Anchor | None) -> Span:
        if anchor is None or anchor.name in ("enrolment", t.NOW):
            return _ALWAYS
        return anchored(anchor, protocol, known) or _ALWAYS

    match window:
        case None | t.At() | t.InEpochs() | t.Ongoing():
            return _ALWAYS
        case t.Ever(anchor) | t.Latest(anchor) | t.Beside("before", anchor):
            return Span(_ALWAYS.low, day(anchor).high)
        case t.Beside(_, anchor) | t.Since(anchor):
            return Span(day(anchor).low, _ALWAYS.high)
        case t.Within(length, side, anchor):
            return _shifted(day(anchor), m.NO_TIME, length, side)
        case t.Span(low, high, unit, side, anchor):
            return _shifted(day(anchor), Duration(low, unit), Duration(high, unit), side)
        case t.FromUntil(first, last):
            return Span(day(first).low, day(last).high)
    assert_never(window)
