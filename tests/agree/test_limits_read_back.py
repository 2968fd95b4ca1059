"""Limits and windows written in words of known meaning are read back with the same direction, strictness and unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.read.limits import ages, limits, windows
from stromal.read.record import Range

LOW, HIGH = "low", "high"


@dataclass(frozen=True)
class Subject:
    """Something measured: how it is printed, our name, its printed units with their meaning, and usual numbers."""

    printed: tuple[str, ...]
    name: str
    units: tuple[tuple[str, str], ...]
    least: int
    most: int
    decimals: int = 0


SUBJECTS = (
    Subject(
        ("Haemoglobin", "hemoglobin", "Hb", "Hgb"),
        "haemoglobin",
        ((" g/dL", "g/dL"), ("g/dl", "g/dL"), (" g/L", "g/L")),
        5,
        180,
        1,
    ),
    Subject(
        ("Platelets", "Platelet count", "platelet counts"),
        "platelets",
        (("/mm3", "/mm3"), ("/µL", "/uL"), (" /mm³", "/mm3"), (" cells/uL", "/uL")),
        10_000,
        400_000,
    ),
    Subject(
        ("Creatinine", "serum creatinine"),
        "creatinine",
        (
            (" mg/dL", "mg/dL"),
            ("mg/dl", "mg/dL"),
            (" x ULN", "{ULN}"),
            (" × ULN", "{ULN}"),
            (" times the upper limit of normal", "{ULN}"),
        ),
        1,
        5,
        1,
    ),
    Subject(("EDSS", "EDSS score", "an EDSS score"), "edss", (("", ""),), 0, 9, 1),
    Subject(("HbA1c", "hemoglobin A1c"), "hba1c", (("%", "%"), (" %", "%")), 5, 14, 1),
    Subject(
        ("creatinine clearance", "eGFR", "CrCl"),
        "creatinine_clearance",
        ((" mL/min", "mL/min"), ("ml/min/1.73m2", "mL/min"), (" mL/min/1.73 m²", "mL/min")),
        20,
        120,
    ),
    Subject(
        ("BMI", "body mass index"), "bmi", ((" kg/m2", "kg/m2"), ("kg/m^2", "kg/m2"), (" kg/m²", "kg/m2")), 16, 45, 1
    ),
    Subject(("LVEF", "ejection fraction"), "ejection_fraction", (("%", "%"),), 10, 80),
)

BEFORE: tuple[tuple[str, str, bool], ...] = (
    ("> ", LOW, False),
    (">", LOW, False),
    ("\\> ", LOW, False),
    ("&gt; ", LOW, False),
    ("more than ", LOW, False),
    ("greater than ", LOW, False),
    ("higher than ", LOW, False),
    ("above ", LOW, False),
    ("over ", LOW, False),
    ("exceeding ", LOW, False),
    ("in excess of ", LOW, False),
    ("≥ ", LOW, True),
    ("≥", LOW, True),
    ("≧ ", LOW, True),
    (">= ", LOW, True),
    ("=> ", LOW, True),
    (">/= ", LOW, True),
    ("\\>= ", LOW, True),
    ("&gt;= ", LOW, True),
    ("> or = ", LOW, True),
    ("> or equal to ", LOW, True),
    ("< or equal to ", HIGH, True),
    (">= to ", LOW, True),
    ("at least ", LOW, True),
    ("=/> ", LOW, True),
    ("greater than or equal to ", LOW, True),
    ("equal to or greater than ", LOW, True),
    ("more than or equal to ", LOW, True),
    ("greater than/equal to ", LOW, True),
    ("above or equal to ", LOW, True),
    ("over or equal to ", LOW, True),
    ("a minimum of ", LOW, True),
    ("not less than ", LOW, True),
    ("no less than ", LOW, True),
    ("not below ", LOW, True),
    ("no lower than ", LOW, True),
    ("not under ", LOW, True),
    ("not < ", LOW, True),
    ("< ", HIGH, False),
    ("<", HIGH, False),
    ("\\< ", HIGH, False),
    ("&lt; ", HIGH, False),
    ("less than ", HIGH, False),
    ("fewer than ", HIGH, False),
    ("lower than ", HIGH, False),
    ("below ", HIGH, False),
    ("under ", HIGH, False),
    ("not at least ", HIGH, False),
    ("not ≥ ", HIGH, False),
    ("≤ ", HIGH, True),
    ("≤", HIGH, True),
    ("≦ ", HIGH, True),
    ("<= ", HIGH, True),
    ("=< ", HIGH, True),
    ("</= ", HIGH, True),
    ("\\<= ", HIGH, True),
    ("at most ", HIGH, True),
    ("up to ", HIGH, True),
    ("less than or equal to ", HIGH, True),
    ("equal to or less than ", HIGH, True),
    ("lower than or equal to ", HIGH, True),
    ("=/< ", HIGH, True),
    ("not more than ", HIGH, True),
    ("no more than ", HIGH, True),
    ("not greater than ", HIGH, True),
    ("not exceeding ", HIGH, True),
    ("no higher than ", HIGH, True),
    ("not above ", HIGH, True),
    ("not over ", HIGH, True),
    ("a maximum of ", HIGH, True),
    ("not > ", HIGH, True),
    ("not less than or equal to ", LOW, False),
    ("not greater than or equal to ", HIGH, False),
)
BEHIND: tuple[tuple[str, str, bool], ...] = (
    (" or more", LOW, True),
    (" or greater", LOW, True),
    (" or above", LOW, True),
    (" and above", LOW, True),
    (" or higher", LOW, True),
    (" or over", LOW, True),
    (" or less", HIGH, True),
    (" or lower", HIGH, True),
    (" or below", HIGH, True),
    (" and below", HIGH, True),
)
BETWEEN: tuple[tuple[str, bool, bool], ...] = (
    ("between {a} and {b}{u}", True, True),
    ("between {a}{u} and {b}{u}", True, True),
    ("{a}-{b}{u}", True, True),
    ("{a} - {b}{u}", True, True),
    ("{a} to {b}{u}", True, True),
    ("from {a} to {b}{u}", True, True),
    ("{a}{u} to {b}{u}", True, True),
    ("of {a} to {b}{u}", True, True),
    ("{a}–{b}{u}", True, True),
    ("≥ {a} and ≤ {b}{u}", True, True),
    (">= {a}{u} and < {b}{u}", True, False),
    ("> {a}{u} and <= {b}{u}", False, True),
    ("more than {a}{u} and less than {b}{u}", False, False),
    ("more than {a} and less than {b}{u}", False, False),
    ("at least {a}{u} but no more than {b}{u}", True, True),
    ("> {a} but < {b}{u}", False, False),
    ("less than {b}{u} and more than {a}{u}", False, False),
    ("at most {b}{u} and at least {a}{u}", True, True),
    ("above {a}{u} and below {b}{u}", False, False),
    ("not less than {a}{u} and not more than {b}{u}", True, True),
)
FRAMES = (
    "{x}",
    "{x}.",
    "Patients with {x}",
    "Subjects with {x};",
    "- {x}",
    "Adequate function ({x})",
    "Clinically stable, {x}",
    "Severe disease defined as {x}",
    "Has {x} at screening",
    "The participant has {x} at the screening visit.",
)
JOINTS = (" ", " of ", ": ", " is ", " must be ")


def shown(number: int, places: int, draw: Any) -> str:
    """A number in one of its usual spellings."""
    if places:
        return f"{number}.{draw(st.integers(0, 9))}" if draw(st.booleans()) else str(number)
    return f"{number:,}" if number >= 1000 and draw(st.booleans()) else str(number)


def value(text: str) -> float:
    """What a spelling means."""
    return float(text.replace(",", ""))


@st.composite
def stated(draw: Any) -> tuple[str, str, Range, str]:
    """A sentence with the subject, the range and the unit it means."""
    subject = draw(st.sampled_from(SUBJECTS))
    printed, (unit, meant) = draw(st.sampled_from(subject.printed)), draw(st.sampled_from(subject.units))
    number = shown(draw(st.integers(subject.least, subject.most)), subject.decimals, draw)
    joint = draw(st.sampled_from(JOINTS))
    kind = draw(st.sampled_from(("before", "behind", "between")))
    if kind == "before":
        words, side, included = draw(st.sampled_from(BEFORE))
        body, joint = f"{words}{number}{unit}", " " if words[0] in "<>≥≤≧≦=\\&" and draw(st.booleans()) else joint
    elif kind == "behind":
        words, side, included = draw(st.sampled_from(BEHIND))
        body = f"{number}{unit}{words}"
    else:
        form, low_in, high_in = draw(st.sampled_from(BETWEEN))
        other = shown(int(value(number)) + draw(st.integers(1, 60)), subject.decimals, draw)
        body = form.format(a=number, b=other, u=unit)
        if form.startswith(("of", "from")):
            joint = " "
        text = draw(st.sampled_from(FRAMES)).format(x=f"{printed}{joint}{body}")
        return text, subject.name, Range(value(number), value(other), low_in, high_in), meant
    text = draw(st.sampled_from(FRAMES)).format(x=f"{printed}{joint}{body}")
    number_meant = value(number)
    if side == LOW:
        return text, subject.name, Range(low=number_meant, low_included=included), meant
    return text, subject.name, Range(high=number_meant, high_included=included), meant


@settings(max_examples=1500, deadline=None)
@given(stated())
def test_limits_are_read_back(case: tuple[str, str, Range, str]) -> None:
    """Whatever subject, sign, number, unit and frame: one limit, with its direction, strictness, value and unit."""
    text, name, meant, unit = case
    found = limits(text)
    assert [(each.name, each.value, each.unit, each.rivals) for each in found] == [(name, meant, unit, ())], text


@settings(max_examples=400, deadline=None)
@given(stated(), st.sampled_from(("no", "without any", "must not have a", "should not have any", "never a")))
def test_a_denial_leaves_both_sides_open(case: tuple[str, str, Range, str], denial: str) -> None:
    """`no haemoglobin below 8`: the limit as printed and its other side both stand, and neither is preferred."""
    text, _, meant, _ = case
    if None not in (meant.low, meant.high) or "defined" in text or "not" in text or "no " in text:
        return
    for each in limits(f"{denial} {text.lstrip('- ').removeprefix('Has ')}"):
        assert not isinstance(each.value, Range) or each.value == meant
        if each.rivals:
            rival = each.rivals[0][0]
            assert isinstance(rival, Range)
            assert (rival.low, rival.high) == (meant.high, meant.low)


AGED = ("Age {x}", "Aged {x}", "Age: {x}", "Patients aged {x}", "Men or women aged {x}", "Subjects must be {x} of age")


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(AGED), st.sampled_from(BEFORE), st.integers(16, 80), st.sampled_from((" years", " yrs", "years"))
)
def test_ages_are_read_back(frame: str, words: tuple[str, str, bool], number: int, unit: str) -> None:
    """Ages keep direction and strictness; `over 18` is read both ways."""
    sign, side, included = words
    if sign in ("in excess of ", "a minimum of ", "a maximum of "):
        return
    text = frame.format(x=f"{sign}{number}{unit}")
    found = ages(text)
    assert len(found) == 1, text
    read = found[0].value
    assert isinstance(read, Range)
    if side == LOW:
        assert (read.low, read.low_included, read.high) == (number, included, None), text
        assert bool(found[0].rivals) is not included
    else:
        assert (read.high, read.high_included, read.low) == (number, included, None), text


WINDOWS: tuple[tuple[str, Range], ...] = (
    ("within {n} {u} before screening", Range(high=1)),
    ("within the last {n} {u}", Range(high=1)),
    ("in the past {n} {u}", Range(high=1)),
    ("during the previous {n} {u}", Range(high=1)),
    ("within {n} {u} prior to enrolment", Range(high=1)),
    ("within {n} {u} of screening", Range(high=1)),
    ("in the {n} {u} prior to screening", Range(high=1)),
    ("over the last {n} {u}", Range(high=1)),
    ("less than {n} {u} before screening", Range(high=1, high_included=False)),
    ("not more than {n} {u} before enrolment", Range(high=1)),
    ("no more than {n} {u} prior to screening", Range(high=1)),
    ("at least {n} {u} prior to screening", Range(low=1)),
    ("≥ {n} {u} before enrolment", Range(low=1)),
    ("more than {n} {u} before screening", Range(low=1, low_included=False)),
    ("> {n} {u} prior to study entry", Range(low=1, low_included=False)),
    ("not less than {n} {u} before screening", Range(low=1)),
    ("no later than {n} {u} before screening", Range(low=1)),
    ("no earlier than {n} {u} before screening", Range(high=1)),
    ("earlier than {n} {u} before screening", Range(low=1, low_included=False)),
    ("later than {n} {u} before screening", Range(high=1, high_included=False)),
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(("Stroke", "History of malignancy", "Major surgery", "Any infection", "Treatment with rituximab")),
    st.sampled_from(WINDOWS),
    st.integers(2, 36),
    st.sampled_from(("days", "weeks", "months", "years")),
)
def test_windows_are_read_back(event: str, window: tuple[str, Range], count: int, unit: str) -> None:
    """A window keeps its direction and whether its end belongs to it."""
    words, shape = window
    text = f"{event} {words.format(n=count, u=unit)}"
    found = windows(text)
    assert len(found) == 1, text
    scaled = Range(shape.low and count, shape.high and count, shape.low_included, shape.high_included)
    assert (found[0].value, found[0].unit, found[0].side or "before") == (scaled, unit, "before"), text
