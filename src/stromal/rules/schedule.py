"""Anchor dates -> visits and windows: what is due, early, late or missed on any day.

Takes a protocol, a chart and a day; gives every planned visit with its target, its window and where it stands. A visit
hangs on the actual date of its anchor once that is known, and on the planned one before. Day 0 is the day on which its
visit takes place, whichever that is; until then it is due from the planned day on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, assert_never

from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.rules.chart import Chart
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Duration, Window

Status = Literal["done", "done early", "done late", "upcoming", "due", "late", "missed", "unplanned", "not planned"]
"""`unplanned`: its anchor is not known yet. `not planned`: its condition does not hold."""
_LONGEST_SERIES = 600


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit of one person: target day, window, the actual day, where it stands."""

    name: str
    visit: m.Visit
    target: date | None
    window: Window
    status: Status
    done: date | None = None
    reason: str = ""


def calendar(case: Case, start: date | None = None) -> tuple[Planned, ...]:
    """Every visit of a person, by target day; `start` is the day of the visit at day 0 while it has not taken place."""
    planner = _Planner(case, start)
    found = [planner.placed(name, visit) for name, visit in planner.visits()]
    order = {planned.name: index for index, planned in enumerate(found)}
    return tuple(sorted(found, key=lambda p: (p.done or p.target or date.max, order[p.name])))


def planned(case: Case, name: str, start: date | None = None) -> Planned | None:
    """One visit of a person, without working out all the others; None where the protocol has no such visit."""
    visit = case.protocol.visit(name)
    return None if visit is None else _Planner(case, start).placed(name, visit)


def due(case: Case, start: date | None = None) -> tuple[Planned, ...]:
    """The visits that can take place on the day of the case."""
    return tuple(each for each in calendar(case, start) if each.status in ("due", "late"))


@dataclass(slots=True)
class _Planner:
    """Works out days, each visit once; a visit that hangs on itself has no day."""

    case: Case
    start: date | None
    known: dict[str, date | None] = field(default_factory=dict)

    @property
    def chart(self) -> Chart:
        return self.case.chart

    def visits(self) -> list[tuple[str, m.Visit]]:
        found: list[tuple[str, m.Visit]] = []
        for name, visit in self.case.protocol.schedule.items():
            if isinstance(visit.when, m.Series):
                found += [(f"{name}_{number}", visit) for number in range(1, self.repeats(name, visit.when) + 1)]
            else:
                found.append((name, visit))
        return found

    def repeats(self, name: str, series: m.Series) -> int:
        """How many visits of a series lie before the visit that ends it, or up to the day that does; and all done."""
        numbers = [each.visit.rpartition("_") for each in self.chart.visits]
        done = max((int(number) for stem, _, number in numbers if stem == name and number.isdigit()), default=0)
        first, until = self.day(series.start), series.until
        end = self.offset(until) if isinstance(until, m.Offset) else self.day(until)
        if first is None or end is None:
            return done
        last = end if isinstance(until, m.Offset) else end - timedelta(days=1)
        count = 0
        while count < _LONGEST_SERIES and self.nth(series, first, count + 1) <= last:
            count += 1
        return max(count, min(done, _LONGEST_SERIES))

    def nth(self, series: m.Series, first: date, number: int) -> date:
        return replace(series.every, count=series.every.count * number).after(first)

    def offset(self, offset: m.Offset) -> date | None:
        day = self.day(offset.anchor)
        return None if day is None else self.shifted(offset.low, offset.side, day)

    def shifted(self, length: Duration, side: t.Side, day: date) -> date:
        return length.after(day) if side == "after" else length.before(day)

    def day(self, anchor: t.Anchor) -> date | None:
        """The actual day of an anchor, or the planned one."""
        if anchor.which:
            return self.repeated(anchor)
        if anchor.name == "consent":
            return self.chart.consent
        if anchor.name == "enrolment":
            return self.chart.enrolled
        return self.chart.visit_day(anchor.name) or self.target(anchor.name)

    def repeated(self, anchor: t.Anchor) -> date | None:
        """The first or last of a repeated visit or dose: what was given counts, and what is still to come."""
        schedule = self.case.protocol.schedule
        doses = self.case.protocol.doses
        members = [
            visit.name for visit in schedule.values()
            if (visit.stem == anchor.name if anchor.name not in (t.ANY_DOSE, *doses)
                else bool(visit.give) and anchor.name in (t.ANY_DOSE, visit.give))
        ]  # fmt: skip
        days = [day for name in members if (day := self.member_day(name)) is not None]
        if not days:
            return None
        return min(days) if anchor.which == "first" else max(days)

    def member_day(self, name: str) -> date | None:
        """The day of a dose or visit that was given or may still be; None for one that was left out."""
        visit = self.case.protocol.schedule[name]
        given = next((each.day for each in self.chart.infusions if each.visit == name), None)
        if given:
            return given
        if self.chart.visit_day(name) is not None:
            return None if visit.give else self.chart.visit_day(name)
        if name in self.chart.missed or self.left_out(visit):
            return None
        target = self.target(name)
        after = [each.day for each in self.chart.visits]
        return None if target is None or (after and self.over(name, target)) else target

    def over(self, name: str, target: date) -> bool:
        """Whether a later visit of the schedule has already taken place, so that this one was passed by."""
        order = list(self.case.protocol.schedule)
        later = set(order[order.index(name) + 1 :])
        return any(each.visit in later and each.day > target for each in self.chart.visits)

    def target(self, name: str) -> date | None:
        """The planned day of a visit."""
        if name not in self.known:
            self.known[name] = None
            visit = self.case.protocol.schedule.get(name)
            self.known[name] = self.planned_day(visit.when) if visit else None
        return self.known[name]

    def planned_day(self, when: m.When) -> date | None:
        match when:
            case m.DayZero():
                return self.start or self.chart.enrolled
            case m.Offset():
                return self.offset(when)
            case m.Timeframe(length, side, anchor):
                day = self.day(anchor)
                return None if day is None else max(day, self.shifted(length, side, day))
            case m.Series():
                return None
        assert_never(when)

    def meant(self, visit: m.Visit, target: date) -> tuple[date, date]:
        """The first and last day on which a visit is meant to be, without its leeway."""
        ends = [target]
        match visit.when:
            case m.Offset(_, length, side, anchor):
                ends.append(self.shifted(length, side, self.day(anchor) or target))
            case m.Timeframe(length, side, anchor):
                day = self.day(anchor) or target
                ends = [day, self.shifted(length, side, day)]
        return min(ends), max(ends)

    def placed(self, name: str, visit: m.Visit) -> Planned:
        done = self.chart.visit_day(name)
        if isinstance(visit.when, m.Series):
            target = self.series_day(name, visit.when)
        else:
            target = done if done and isinstance(visit.when, m.DayZero) else self.target(name)
        if target is None:
            status, reason = self.undated(name, visit, done)
            return Planned(name, visit, None, Window(), status, done, reason)
        first, last = self.meant(visit, target)
        window = _with_leeway(visit, first, last)
        if done:
            return Planned(name, visit, target, window, _after_the_fact(done, window), done)
        if name in self.chart.missed:
            return Planned(name, visit, target, window, "missed")
        if left_out := self.left_out(visit):
            return Planned(name, visit, target, window, "not planned", None, left_out)
        return Planned(name, visit, target, window, _on(self.case.today, last, window))

    def undated(self, name: str, visit: m.Visit, done: date | None) -> tuple[Status, str]:
        """Where a visit stands whose anchor has no date yet."""
        if done:
            return "done", ""
        if name in self.chart.missed:
            return "missed", ""
        left_out = self.left_out(visit)
        return ("not planned", left_out) if left_out else ("unplanned", "its anchor has no date yet")

    def left_out(self, visit: m.Visit) -> str:
        """Why the condition of a visit leaves it out; empty when it does not, or nobody knows yet."""
        verdict = judge(visit.condition, self.case) if visit.condition else None
        return verdict.reason if verdict and verdict.truth is False else ""

    def series_day(self, name: str, series: m.Series) -> date | None:
        first = self.day(series.start)
        return None if first is None else self.nth(series, first, int(name.rpartition("_")[2]))


def _after_the_fact(done: date, window: Window) -> Status:
    if done in window:
        return "done"
    return "done early" if window.first is not None and done < window.first else "done late"


def _with_leeway(visit: m.Visit, first: date, last: date) -> Window:
    """The first and last day on which a visit is in time. Day 0 is never missed: everything else moves with it."""
    return Window(visit.early.before(first), None if isinstance(visit.when, m.DayZero) else visit.late.after(last))


def _on(today: date, last: date, window: Window) -> Status:
    if window.first is not None and today < window.first:
        return "upcoming"
    if window.last is not None and today > window.last:
        return "missed"
    return "late" if today > last else "due"
