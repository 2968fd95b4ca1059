"""What both engines are asked: a protocol with the names of `expressions`, conditions about it, and charts of people.

Numbers and days come from small pools, so that limits are met, passed and missed by one.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from expressions import CONDITIONS, OPERATORS, atoms, events
from expressions import DAYS as WINDOWS_OF_DAYS
from stromal.protocol import tree as t
from stromal.protocol.file import load
from stromal.rules import chart as r
from stromal.values import Quantity

TEXT = """\
stromal: 1
trial: {id: NCT00000003, title: Two engines, sponsor: A hospital, phase: "1", design: single group, planned: 9}
version: {number: 1, effective: 2024-01-01}
population: {condition: a disease}
facts:
  hemoglobin: {kind: number, unit: g/dL}
  illness: {kind: number, unit: a}
  fvc: {kind: number, unit: '%'}
  alsfrs_r: {kind: score}
  edss: {kind: score}
  stage: {kind: choice, of: [early, middle, late]}
  pregnancy: {kind: yes_no}
  onset_day: {kind: date}
  malignancy: {kind: episode}
  riluzole: {kind: episode}
  adverse_event: {kind: log}
  weight: {kind: number, unit: kg}
  blood: {kind: group, of: [hemoglobin]}
  signs: {kind: assessment}
products:
  bags: {says: cells, donor: third party}
doses:
  cells: {product: bags, amount: 1e8 cells}
schedule:
  screening: {at: within 28 days before injection_1}
  injection_1: {at: day 0, epoch: run_in, give: cells}
  injection_2: {at: 1 month after injection_1, epoch: treatment, give: cells}
  month_6: {at: 6 months after injection_1, epoch: treatment}
  last_visit: {at: 12 months after injection_1, epoch: follow_up}
rules:
  toxicity:
    when: count(adverse_event where grade >= 3 and related and onset 0..28 days after last injection) > 0
  severe:
    hold: participant
    when: toxicity or stage = late
    release: signed by investigator
"""
PROTOCOL = load(TEXT).require()
TODAY = date(2024, 3, 31)
VISITS = ("screening", "injection_1", "injection_2", "month_6", "last_visit", "unscheduled_1")

# ---------------------------------------------------------------- conditions

_NEAR = {
    "g/dL": ("8", "7.9", "12"), "g/L": ("80", "79", "120"), "mg/L": ("80000", "79999"), "%": ("50", "80", "-20"),
    "": ("0", "1", "2", "3", "15", "20", "-1.5"), "kg": ("70", "69.9"), "g": ("70000", "69900"),
    "a": ("2", "18", "44"), "mo": ("24",), "wk": ("104",), "d": ("730", "731"),
}  # fmt: skip
"""Limits near the values of the charts, by unit."""


def _near(value: Fraction, unit: str) -> Fraction:
    pool = _NEAR[unit]
    return Fraction(pool[value.numerator % len(pool)])


def _brought_near(part: Any) -> Any:
    """The same tree with every number replaced by one near the values of the charts."""
    match part:
        case t.Number(Quantity(value, unit)):
            return t.Number(Quantity(_near(value, unit), unit))
        case t.Between(item, low, high, unit):
            low, high = sorted((_near(low, unit), _near(high, unit)))
            return t.Between(_brought_near(item), low, high, unit)
        case tuple():
            return tuple(_brought_near(each) for each in part)
    if type(part).__module__ != t.__name__:
        return part
    return replace(part, **{each.name: _brought_near(getattr(part, each.name)) for each in fields(part)})


_SIMPLE = atoms(atoms(st.nothing()))
_WHERE = events(atoms(st.nothing()))
_COLLECTED = st.builds(t.Count, st.just("adverse_event"), _WHERE, st.none() | WINDOWS_OF_DAYS) | st.builds(
    t.Extreme, st.sampled_from(["max", "min"]), st.just("grade"), st.just("adverse_event"), _WHERE, st.none()
)
_COMPARED = st.builds(
    t.Compare, OPERATORS, _COLLECTED, st.integers(0, 5).map(lambda n: t.Number(Quantity(Fraction(n))))
)


@st.composite
def conditions(draw: st.DrawFn) -> t.Expr:
    """A condition: a single question, a count of adverse events, or a tree of several."""
    found: t.Expr = _brought_near(draw(draw(st.sampled_from((_SIMPLE, _COMPARED, CONDITIONS)))))
    return found


# ---------------------------------------------------------------- charts

DAYS = st.sampled_from(
    [TODAY - timedelta(days=days) for days in (0, 1, 2, 7, 28, 29, 30, 31, 32, 60, 61, 91, 92, 183, 365, 366)]
    + [date(2024, 2, 29), date(2023, 2, 28), date(2022, 3, 31), date(2020, 2, 29), TODAY + timedelta(days=1)]
)
_VALUES: dict[str, tuple[tuple[r.Value, str], ...]] = {
    "hemoglobin": ((8, "g/dL"), (7.9, "g/dL"), (12, "g/dL"), (80, "g/L"), (80000, "mg/L"), (8, ""), ("low", "g/dL")),
    "illness": ((2, "a"), (24, "mo"), (104, "wk"), (730.5, "d"), (18, "a"), (2, ""), (True, "a")),
    "fvc": ((80, "%"), (50, "%"), (0.8, "1"), (81, "%"), (80, ""), (80, "g")),
    "alsfrs_r": ((15, ""), (16, ""), (20, ""), (1, ""), (14, "kg"), (14, "1")),
    "edss": ((1.5, ""), (2, ""), (3, "")),
    "weight": ((70, "kg"), (70000, "g"), (69.9, "kg")),
    "stage": (("early", ""), ("late", ""), ("worse", ""), (2, "")),
    "sex": (("female", ""), ("male", "")),
    "pregnancy": ((True, ""), (False, ""), ("maybe", ""), ("no", "")),
    "onset_day": (("2022-03-31", ""), ("2023-02-28", ""), ("spring", "")),
    "birth_date": (("2006-03-31", ""), ("1980-02-29", ""), ("1979-04-01", ""), ("unknown", "")),
}  # fmt: skip
_NAMES = tuple(_VALUES)


@st.composite
def _observations(draw: st.DrawFn) -> tuple[r.Observation, ...]:
    found = []
    for entry in range(draw(st.integers(0, 24))):
        fact = draw(st.sampled_from(_NAMES))
        value, unit = draw(st.sampled_from(_VALUES[fact]))
        visit = draw(st.sampled_from(("", "", *VISITS)))
        missing = draw(st.integers(0, 19)) == 0
        found.append(r.Observation(fact, None if missing else value, draw(DAYS), unit, visit, entry))
    return tuple(found)


@st.composite
def _episodes(draw: st.DrawFn) -> tuple[r.Episode, ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start, end = draw(st.none() | DAYS), draw(st.none() | DAYS)
        if start and end and end < start:
            start, end = end, start
        fact = draw(st.sampled_from(("malignancy", "riluzole")))
        found.append(r.Episode(fact, start, end, draw(st.booleans()), draw(st.sampled_from(("", "50 mg", "100 mg")))))
    return tuple(found)


@st.composite
def _absences(draw: st.DrawFn) -> tuple[r.Absence, ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        since, until = draw(st.none() | DAYS), draw(DAYS)
        if since and since > until:
            since, until = until, since
        found.append(r.Absence(draw(st.sampled_from(("malignancy", "riluzole"))), since, until))
    return tuple(found)


@st.composite
def _events(draw: st.DrawFn) -> tuple[r.AdverseEvent, ...]:
    judged = st.none() | st.booleans()
    terms = st.sampled_from(("Back pain", "back Pain", "Fever"))
    return tuple(
        r.AdverseEvent(
            f"AE{number}", draw(terms), draw(st.integers(1, 5)), draw(DAYS), draw(judged), draw(judged), draw(judged),
            draw(st.none() | DAYS),
        )
        for number in range(draw(st.integers(0, 3)))
    )  # fmt: skip


@st.composite
def charts(draw: st.DrawFn, questions: tuple[tuple[str, str], ...] = ()) -> r.Chart:
    """What is recorded of a person; of the questions given, with the roles that are to answer, some are answered."""
    visits = [r.VisitDone(name, draw(DAYS)) for name in draw(st.lists(st.sampled_from(VISITS), max_size=8))]
    doses = [v for v in visits if v.visit.startswith("injection") and draw(st.booleans())]
    answers = [
        r.Answer(question, draw(st.booleans()), draw(st.sampled_from((by or "coordinator", "investigator"))), TODAY)
        for question, by in (draw(st.lists(st.sampled_from(questions), max_size=4)) if questions else ())
    ]
    return r.Chart(
        consent=draw(DAYS | st.none()), enrolled=draw(DAYS | st.none()), observations=draw(_observations()),
        episodes=draw(_episodes()), absences=draw(_absences()), answers=tuple(answers), visits=tuple(visits),
        infusions=tuple(r.Infusion(v.visit, "cells", "L1", v.day, 1e8, 1e8, 1e8, 10.0) for v in doses),
        adverse_events=draw(_events()),
    )  # fmt: skip


def questions_of(condition: t.Expr) -> tuple[tuple[str, str], ...]:
    """Every question in a condition, with the role that answers it."""
    nodes = t.walk(condition)
    return tuple(
        (n.question, n.by if isinstance(n, t.Judged) else "") for n in nodes if isinstance(n, t.Judged | t.Asked)
    )
