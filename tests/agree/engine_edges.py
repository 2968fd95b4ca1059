"""What both engines are asked on the edges: conditions whose limits, days and windows lie near what the charts hold.

The days lie around a leap day and the end of a month, and few. What is recorded is as incomplete as in life: values
without a unit or not obtained, episodes without a start or an end, absences that cover only a part, relations that
nobody has judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from agree.engine_trial import PROTOCOL
from expressions import EPOCHS, OPERATORS, SIDES, UNITS
from stromal.protocol import tree as t
from stromal.rules import chart as r
from stromal.rules.timing import Case
from stromal.values import Duration, Quantity

START = date(2024, 2, 20)
"""The first day of the stretch in which nearly everything lies; it holds a leap day and the end of a month."""
_TODAYS = (date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 12), date(2024, 3, 31))
QUESTIONS = ("Fit?", "Can you travel?")

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked about, among whom, when, and which holds are known to stand."""

    charts: tuple[r.Chart, ...]
    today: date
    standing: frozenset[str] | None

    @property
    def case(self) -> Case:
        """The same as the rules take it."""
        return Case(PROTOCOL, self.charts[0], self.today, self.charts, self.standing)


# ---------------------------------------------------------------- what is recorded

_VALUES: dict[str, tuple[tuple[r.Value, str], ...]] = {
    "hemoglobin": ((7.9, "g/dL"), (8, "g/dL"), (8.1, "g/dL"), (80, "g/L"), (81, "g/L"), (8, ""), (None, ""), (8, "kg")),
    "illness": ((2, "a"), (24, "mo"), (730.5, "d"), (1.9, "a"), (2, "")),
    "fvc": ((50, "%"), (49.9, "%"), (60, "%"), (50, ""), (None, "")),
    "alsfrs_r": ((14, ""), (15, ""), (16, ""), (20, ""), (None, ""), ("low", ""), (15, "kg")),
    "edss": ((3.5, ""), (4, ""), (4.5, ""), (True, "")),
    "weight": ((70, "kg"), (70_000, "g"), (69.9, "kg"), (75, "kg"), (70, ""), (None, "")),
    "stage": (("early", ""), ("middle", ""), ("late", ""), ("lost", ""), (None, ""), (2, "")),
    "sex": (("female", ""), ("male", "")),
    "pregnancy": ((True, ""), (False, ""), ("unclear", ""), (None, "")),
    "onset_day": (("2023-02-28", ""), ("2024-01-31", ""), ("2024-02-29", ""), ("2024-03-01", ""), ("spring", "")),
    "birth_date": (("2006-02-28", ""), ("2006-03-01", ""), ("2004-02-29", ""), ("1980-01-01", ""), (None, "")),
}  # fmt: skip
"""Values with their units, around the limits that conditions ask for; some of them cannot be read."""
_VISITS = tuple(PROTOCOL.schedule)
_ANY_VISIT = st.sampled_from(("", *PROTOCOL.schedule))
_EPISODES, _REGIMENS = st.sampled_from(("malignancy", "riluzole")), st.sampled_from(("", "50 mg", "100 mg"))
_FACTS = st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=4)
_VALUE = {fact: st.sampled_from(values) for fact, values in _VALUES.items()}
_YES_NO = st.sampled_from((True, False, None))
_LONG_AGO = (date(2020, 1, 1), date(2023, 2, 28), date(2023, 3, 1), date(2024, 1, 29), date(2024, 1, 31))


@cache
def _days(today: date) -> st.SearchStrategy[date]:
    """Days up to today, often the last few."""
    ago = (*(0, 1, 2, 3) * 8, *range((today - START).days + 1))
    return st.sampled_from([today - timedelta(number) for number in ago])


@cache
def _perhaps(today: date) -> st.SearchStrategy[date | None]:
    return st.one_of(*_often(_days(today), 3), st.none())


@cache
def _starts(today: date) -> st.SearchStrategy[date | None]:
    return st.one_of(*_often(_days(today), 3), st.sampled_from(_LONG_AGO), st.none())


@cache
def _ends(today: date) -> st.SearchStrategy[date | None]:
    return st.one_of(*_often(_days(today), 3), st.just(today + timedelta(2)), *_often(st.none(), 2))


def _short(part: st.SearchStrategy[_Part]) -> st.SearchStrategy[_Part]:
    """The same strategy under a short name: Hypothesis would print the whole of it otherwise."""

    @st.composite
    def drawn(draw: st.DrawFn) -> _Part:
        return draw(part)

    return drawn()


def _often(part: st.SearchStrategy[_Part], times: int) -> list[st.SearchStrategy[_Part]]:
    """The same strategy several times over: under one name Hypothesis would count it once."""
    return [_short(part) for _ in range(times)]


def _few(part: st.SearchStrategy[_Part], most: int) -> st.SearchStrategy[tuple[_Part, ...]]:
    return st.lists(part, max_size=most).map(tuple)


@st.composite
def _observations(draw: st.DrawFn, today: date) -> tuple[r.Observation, ...]:
    """Values recorded in any order; the later entry of one day counts."""
    facts = draw(_FACTS)
    found = []
    for entry in range(1, draw(st.integers(0, 20)) + 1):
        fact = facts[entry % len(facts)]
        value, unit = draw(_VALUE[fact])
        found.append(r.Observation(fact, value, draw(_days(today)), unit, draw(_ANY_VISIT), entry))
    return tuple(found)


@st.composite
def _episodes(draw: st.DrawFn, today: date) -> r.Episode:
    """An episode whose start, end or regimen may be missing; an end may be planned."""
    start, end = draw(_starts(today)), draw(_ends(today))
    if start and end:
        start, end = min(start, end), max(start, end)
    return r.Episode(draw(_EPISODES), start, end, end is None and draw(st.booleans()), draw(_REGIMENS))


@st.composite
def _absences(draw: st.DrawFn, today: date) -> r.Absence:
    since, until = draw(_starts(today)), draw(_days(today))
    if since:
        since, until = min(since, until), max(since, until)
    return r.Absence(draw(_EPISODES), since, until)


@st.composite
def _visits(draw: st.DrawFn, today: date) -> tuple[tuple[r.VisitDone, ...], tuple[r.Infusion, ...]]:
    """The visits in their order, some left out, some without the dose they give."""
    reached = draw(st.integers(0, len(_VISITS)))
    names = [name for name in _VISITS[:reached] if draw(st.integers(0, 5))]
    days = sorted(draw(st.lists(_days(today), min_size=len(names), max_size=len(names))))
    visits = tuple(r.VisitDone(name, day) for name, day in zip(names, days, strict=True))
    given = tuple(
        r.Infusion(each.visit, "cells", "L1", each.day, 1e7, 1e7, 1e7, 5.0)
        for each in visits
        if PROTOCOL.schedule[each.visit].give and draw(st.integers(0, 3))
    )
    return visits, given


def _events(today: date) -> st.SearchStrategy[r.AdverseEvent]:
    return st.builds(
        r.AdverseEvent, st.just("AE"), st.sampled_from(("Back pain", "back pain", "Headache")), st.integers(1, 5),
        _days(today), _YES_NO, _YES_NO, _YES_NO, _perhaps(today),
    )  # fmt: skip


def _answers(today: date) -> st.SearchStrategy[r.Answer]:
    roles = st.sampled_from(("investigator", "medical_monitor", "coordinator"))
    return st.builds(r.Answer, st.sampled_from(QUESTIONS), st.booleans(), roles, _days(today))


@cache
def charts(today: date) -> st.SearchStrategy[r.Chart]:
    """What is recorded of one person up to a day."""
    return st.builds(
        lambda given, **others: r.Chart(visits=given[0], infusions=given[1], **others),
        _visits(today),
        consent=_perhaps(today),
        enrolled=_perhaps(today),
        observations=_observations(today),
        episodes=_few(_episodes(today), 3),
        absences=_few(_absences(today), 3),
        answers=_few(_answers(today), 3),
        adverse_events=_few(_events(today), 4),
    )


@cache
def _together(today: date) -> st.SearchStrategy[tuple[r.Chart, ...]]:
    return st.lists(charts(today), min_size=1, max_size=3).map(tuple)


@st.composite
def people(draw: st.DrawFn) -> Asked:
    """The person asked about first, then up to two others, on a day after most of what may have happened."""
    today = draw(st.sampled_from(_TODAYS))
    return Asked(draw(_together(today)), today, draw(st.sampled_from((None, frozenset[str](), frozenset({"severe"})))))


PEOPLE = people()


# ---------------------------------------------------------------- what is asked

_LENGTHS = st.one_of(
    st.builds(Duration, st.sampled_from((0, 1, 2, 3, 7, 14)), st.just("day")),
    st.sampled_from((Duration(1, "week"), Duration(1, "month"), Duration(2, "month"), Duration(1, "year"))),
)
_SPANS = st.sampled_from(((0, 0), (0, 1), (0, 3), (1, 2), (2, 7), (3, 28)))
_ANCHORS = st.one_of(
    st.sampled_from([t.Anchor(name) for name in ("consent", "enrolment", "now", *PROTOCOL.schedule)]),
    st.builds(t.Anchor, st.sampled_from(("dose", "cells", "injection", "month")),
              st.sampled_from(("first", "last", "previous"))),
)  # fmt: skip
_AFTER_OR_BEFORE = st.one_of(
    st.builds(t.Ever, st.none() | _ANCHORS),
    st.builds(t.Ongoing, st.none() | _ANCHORS),
    st.builds(t.At, _ANCHORS),
    st.builds(t.Latest, st.none() | _ANCHORS),
    st.builds(t.Beside, SIDES, _ANCHORS),
    st.builds(t.Within, _LENGTHS, SIDES, _ANCHORS),
    st.builds(lambda span, side, anchor: t.Span(span[0], span[1], "day", side, anchor), _SPANS, SIDES, _ANCHORS),
    st.builds(lambda side, anchor: t.Span(0, 1, "month", side, anchor), SIDES, _ANCHORS),
    st.builds(t.Since, _ANCHORS),
    st.builds(t.FromUntil, _ANCHORS, _ANCHORS),
)  # fmt: skip
_DAY_WINDOWS = st.none() | _AFTER_OR_BEFORE
_WINDOWS = _DAY_WINDOWS | EPOCHS
_LIMITS = {
    "hemoglobin": ((8, "g/dL"), (80, "g/L"), (81, "g/L"), (79_000, "mg/L")),
    "illness": ((2, "a"), (24, "mo"), (730, "d")), "fvc": ((50, "%"), (60, "%")), "alsfrs_r": ((15, ""), (16, "")),
    "edss": ((4, ""),), "weight": ((70, "kg"), (70_000, "g"), (75, "kg")),
}  # fmt: skip
_STEPS = (Fraction(0), Fraction(1), Fraction(-1), Fraction(5), Fraction(-5), Fraction(1, 10))


def _written(value: Fraction | int, unit: str = "") -> t.Number:
    return t.Number(Quantity(Fraction(value), unit))


@st.composite
def _measured(draw: st.DrawFn) -> t.Expr:
    """A value, a sum, a change or a slope, compared with a number near it or with another value."""
    fact = draw(st.sampled_from(sorted(_LIMITS)))
    limit, unit = draw(st.sampled_from(_LIMITS[fact]))
    step, values = _written(draw(st.sampled_from(_STEPS)), unit), st.builds(t.FactValue, st.just(fact), _WINDOWS)
    op, value = draw(OPERATORS), draw(values)
    match draw(st.integers(0, 5)):
        case 0:
            return t.Compare(op, t.Slope(fact, draw(UNITS), draw(_WINDOWS)), step)
        case 1:
            return t.Compare(op, t.Change(fact, draw(_ANCHORS), draw(_ANCHORS)), step)
        case 2:
            return t.Compare(op, value, t.Arithmetic(draw(st.sampled_from(("+", "-"))), draw(values), step))
        case 3:
            return t.Between(value, Fraction(limit), Fraction(limit + 1), unit)
    return t.Compare(op, value, _written(limit, unit))


@st.composite
def _slopes(draw: st.DrawFn) -> t.Expr:
    """Two slopes of one fact, one minus the other."""
    before, after = (t.Slope("alsfrs_r", "month", draw(_WINDOWS)) for _ in range(2))
    return t.Compare(draw(OPERATORS), t.Arithmetic("-", after, before), _written(draw(st.sampled_from(_STEPS))))


def _of_the_event(inner: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    grade = st.integers(1, 5)
    return st.one_of(
        st.builds(lambda op, limit: t.Compare(op, t.Field("grade"), _written(limit)), OPERATORS, grade),
        st.builds(lambda low: t.Between(t.Field("grade"), Fraction(low), Fraction(low + 1)), grade),
        st.sampled_from([t.Field(name) for name in ("related", "serious", "expected", "resolved")]),
        st.builds(t.Compare, st.sampled_from(("=", "!=")), st.just(t.Field("term")), st.just(t.Text("Back pain"))),
        st.builds(t.Onset, _AFTER_OR_BEFORE),
        inner,
    )  # fmt: skip


def _counted(inner: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    where = st.none() | _joined(_of_the_event(inner))
    collections = st.one_of(
        st.builds(t.Count, st.just("adverse_event"), where, _DAY_WINDOWS),
        st.builds(t.Extreme, st.sampled_from(("max", "min")), st.just("grade"), st.just("adverse_event"), where,
                  _DAY_WINDOWS),
        st.builds(t.Count, st.sampled_from(("malignancy", "riluzole")), st.none(), _DAY_WINDOWS),
        st.builds(t.Count, st.sampled_from(("alsfrs_r", "hemoglobin", "stage")), st.none(), _WINDOWS),
        st.builds(t.Count, st.just(t.PARTICIPANTS), st.none() | inner),
    )  # fmt: skip
    several = st.builds(t.Arithmetic, st.sampled_from(("+", "-")), collections, collections)
    whole = st.integers(0, 4).map(_written)
    return st.builds(t.Compare, OPERATORS, collections | several, whole | collections)


def _single() -> st.SearchStrategy[t.Expr]:
    episodes, which = st.sampled_from(("malignancy", "riluzole")), st.sampled_from(("", "first", "last"))
    aged = st.builds(t.Age, st.none() | _ANCHORS)
    since = st.builds(t.TimeSince, st.sampled_from(("malignancy", "riluzole", "onset_day")), which,
                      st.none() | _ANCHORS)  # fmt: skip
    options = st.lists(st.sampled_from(PROTOCOL.facts["stage"].options), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(
        *_often(st.builds(t.Happened, episodes, _DAY_WINDOWS), 5),
        st.builds(t.Unchanged, st.just("riluzole"), _LENGTHS, _ANCHORS),
        *_often(st.builds(t.Compare, OPERATORS, since, st.builds(t.Length, _LENGTHS)), 3),
        st.builds(t.Compare, OPERATORS, aged, st.sampled_from((18, 19, 20, 44)).map(lambda n: _written(n, "a"))),
        st.builds(t.Between, aged, st.just(Fraction(18)), st.sampled_from((Fraction(18), Fraction(20))), st.just("a")),
        st.builds(t.Happened, st.just("pregnancy"), _WINDOWS),
        st.builds(t.OneOf, st.builds(t.FactValue, st.just("stage"), _WINDOWS), options),
        st.just(t.OneOf(t.FactValue("sex"), ("female",))),
        st.builds(t.Judged, st.sampled_from(QUESTIONS), st.sampled_from(("investigator", "medical_monitor"))),
        st.builds(t.Asked, st.sampled_from(QUESTIONS)),
        st.builds(t.Done, st.sampled_from(sorted(PROTOCOL.schedule))),
        st.builds(t.Ref, st.sampled_from(sorted(PROTOCOL.rules))),
        *_often(_measured(), 5), _slopes(),
    )  # fmt: skip


def _joined(part: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    pairs = st.lists(part, min_size=2, max_size=2).map(tuple)
    return st.one_of(*_often(part, 3), st.builds(t.Not, part), st.builds(t.All, pairs), st.builds(t.Any, pairs),
                     st.builds(t.If, part, part))  # fmt: skip


_SINGLE = _short(_single())
NEAR = _short(_joined(st.one_of(*_often(_SINGLE, 3), _short(_counted(_SINGLE)))))
"""Conditions whose limits, days and windows lie near what the charts hold."""
