"""Numeric limits, ages and windows: direction and strictness above all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.read.comparing import Bound, comparisons
from stromal.read.limits import ages, limits, windows
from stromal.read.record import Range

MORE = {"more than": False, "greater than": False, "above": False, "over": False, ">": False, "exceeding": False,
        "at least": True, "≥": True, ">=": True, "no less than": True, "not less than": True, "not below": True,
        "greater than or equal to": True, "minimum of": True, "equal to or greater than": True, "> or =": True,
        "\\>": False, "&gt;": False, "\\>=": True}  # fmt: skip
LESS = {"less than": False, "below": False, "under": False, "<": False, "fewer than": False,
        "at most": True, "≤": True, "<=": True, "no more than": True, "not more than": True, "not above": True,
        "less than or equal to": True, "up to": True, "maximum of": True, "not exceeding": True,
        "not greater than": True,
        "\\<": False, "&lt;": False, "not older than": True}  # fmt: skip
NUMBERS = st.one_of(st.integers(0, 400), st.integers(1, 399).map(lambda n: n / 10))


def only(text: str) -> Range:
    """The one range that a phrase holds."""
    (found,) = comparisons(text)
    return found.value


@given(st.sampled_from(sorted(MORE)), NUMBERS)
def test_lower_ends(words: str, number: float) -> None:
    """Words that mean more close the low end, and only inclusive words include the number."""
    found = only(f"platelets {words} {number:g} mg/dL")
    assert (found.low, found.low_included, found.high) == (number, MORE[words], None)


@given(st.sampled_from(sorted(LESS)), NUMBERS)
def test_upper_ends(words: str, number: float) -> None:
    """Words that mean less close the high end, and only inclusive words include the number."""
    found = only(f"platelets {words} {number:g} mg/dL")
    assert (found.high, found.high_included, found.low) == (number, LESS[words], None)


@given(
    st.sampled_from(sorted(MORE)),
    st.integers(0, 49),
    st.sampled_from(sorted(set(LESS) - {"not older than"})),
    st.integers(50, 99),
    st.sampled_from([" and ", ", ", " but ", " and is "]),
    st.booleans(),
)
def test_both_ends(more: str, low: int, less: str, high: int, joint: str, turned: bool) -> None:
    """`More than 2 and less than 16` keeps both ends, both directions and both strictnesses, in either order."""
    first, second = f"{more} {low}", f"{less} {high}"
    if turned:
        first, second = second, first
    found = only(f"duration of {first}{joint}{second} years")
    assert found == Range(low, high, MORE[more], LESS[less])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40 points or more", Range(low=40)),
        ("40 points or less", Range(high=40)),
        ("40% and above", Range(low=40)),
        ("not more than 3", Range(high=3)),
        ("not at least 3", Range(high=3, high_included=False)),
        ("cannot be less than 3", Range(low=3)),
        ("between 3 and 6", Range(3, 6)),
        ("from 3 to 6", Range(3, 6)),
        ("3 - 6", Range(3, 6)),
        ("2 < x < 9", Range(2, 9, low_included=False, high_included=False)),
        ("2 ≤ EDSS ≤ 9", Range(2, 9)),
        ("9 ≥ EDSS > 2", Range(2, 9, low_included=False)),
    ],
)
def test_forms(text: str, value: Range) -> None:
    """Words after the number, negations, plain ranges, and numbers on both sides of a name."""
    assert only(text) == value


def test_or_joins_nothing() -> None:
    """`< 5 or > 9` are two limits, and so are two low ends, two units, and ends that cross."""
    assert [c.value for c in comparisons("< 5 or > 9 mg/dL")] == [
        Range(high=5, high_included=False), Range(low=9, low_included=False),
    ]  # fmt: skip
    assert len(comparisons("more than 2, more than 3")) == 2
    assert len(comparisons("more than 2 mg/dL, less than 9 years")) == 2
    assert len(comparisons("more than 9 and less than 2")) == 2
    assert [c.unit for c in comparisons("> 3 or < 2 mg/dL")] == ["mg/dL", "mg/dL"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("> 3 g/dl", "g/dL"), ("> 3 mmol/l", "mmol/L"), ("> 3 µmol/L", "umol/L"), ("> 3 IU/L", "U/L"),
        ("> 3 cells/mm3", "/mm3"),
        ("> 3 ml/min", "mL/min"), ("> 3 kg/m2", "kg/m2"), ("> 3 mm Hg", "mm[Hg]"), ("> 3 x ULN", "{ULN}"),
        ("> 3 %", "%"),
        ("> 3 weeks", "weeks"), ("> 3 points", ""), ("> 3 bpm", "/min"), ("> 3", ""),
    ],
)  # fmt: skip
def test_units(text: str, unit: str) -> None:
    """Printed units as UCUM, lengths of time as calendar words."""
    assert [c.unit for c in comparisons(text)] == [unit]


# ---------------------------------------------------------------- ages


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Aged 20 to 60", Range(20, 60)),
        ("Age between 20-60 years", Range(20, 60)),
        ("between the ages of 20 and 60", Range(20, 60)),
        ("20 years of age or older", Range(low=20)),
        ("not older than 60 years", Range(high=60)),
        ("20 ≤ age ≤ 60", Range(20, 60)),
        ("Men and women 20-60", Range(20, 60)),
        ("younger than 60", Range(high=60, high_included=False)),
        ("at least 20 but not older than 60 years", Range(20, 60)),
    ],
)
def test_ages(text: str, value: Range) -> None:
    """Ages in their usual forms."""
    assert [(found.value, found.unit) for found in ages(text)] == [(value, "years")]


@given(st.integers(1, 90), st.sampled_from(["over", "older than", "above", "more than"]))
def test_over_an_age_has_two_readings(years: int, words: str) -> None:
    """Whether a person aged exactly that may join is left open: the strict reading first, the other beside it."""
    (found,) = ages(f"adults {words} {years} years old")
    assert found.value == Range(low=years, low_included=False)
    assert found.rivals == ((Range(low=years), "years"),)
    assert found.state == "ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "Disease duration of 2 to 16 years", "gestational age below 30 weeks", "age at onset over 40 years",
        "a donor older than 50 years", "patients with > 3 relapses", "life expectancy under 1 year old",
        "Patients more than 2 years after the operation", "age 20 to 900 years", "ulcer older than 6 weeks",
        "BMI 20 to 30 kg/m2",
    ],
)  # fmt: skip
def test_what_is_no_age(text: str) -> None:
    """Durations, other people's ages, counts and impossible ages are no age limits."""
    assert ages(text) == ()


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("text", "name", "value", "unit", "side", "anchor"),
    [
        ("Another clinical trial within 6 months before enrolment", "window_other_trial", Range(high=6), "months",
        "before",
         "enrolment"),
        ("Stroke in the last 3 months", "window_stroke", Range(high=3), "months", "before", ""),
        ("Stable riluzole for at least 30 days prior to screening", "window_riluzole", Range(low=30), "days", "before",
         "screening"),
        ("Malignancy within 5 years of the first visit", "window_malignancy", Range(high=5), "years", "before",
         "first visit"),
        ("Surgery less than 2 weeks before entry", "window_surgery", Range(high=2, high_included=False), "weeks",
        "before",
         "entry"),
        ("Surgery more than 2 weeks ago", "window_surgery", Range(low=2, low_included=False), "weeks", "before", ""),
        ("Steroids over the 30 days before entry", "window_steroid", Range(high=30), "days", "before", "entry"),
        ("Vaccination within 4 weeks", "window_vaccination", Range(high=4), "weeks", "", ""),
        ("Fever 3 days after infusion", "window_fever", Range(high=3), "days", "after", "infusion"),
        ("No smoking for 2 weeks before entry", "window_smoking", Range(low=2), "weeks", "before", "entry"),
        ("within 2 weeks before entry", "window_criterion", Range(high=2), "weeks", "before", "entry"),
    ],
)  # fmt: skip
def test_windows(text: str, name: str, value: Range, unit: str, side: str, anchor: str) -> None:
    """A window keeps its subject, its length with direction, its side and its anchor."""
    (found,) = windows(text)
    assert (found.name, found.value, found.unit, found.side, found.anchor) == (name, value, unit, side, anchor)


def test_a_length_alone_is_no_window() -> None:
    """A length of time without a side is left alone."""
    assert windows("treatment lasts 6 weeks") == ()
    assert windows("patients 18 years of age") == ()


# ---------------------------------------------------------------- limits with their subject


@pytest.mark.parametrize(
    ("text", "name", "value", "unit"),
    [
        ("Hemoglobin < 9 g/dL", "haemoglobin", Range(high=9, high_included=False), "g/dL"),
        ("EDSS of 3.0 to 6.5", "edss", Range(3, 6.5), ""),
        ("FVC at least 50%", "fvc", Range(low=50), "%"),
        ("at least 20 points on the EDSS", "edss", Range(low=20), ""),
        ("Disease duration of more than 2 and less than 16 years", "disease_duration",
         Range(2, 16, low_included=False, high_included=False), "years"),
        ("Wexford index above 12 mm", "limit_wexford_index", Range(low=12, low_included=False), "mm"),
    ],
)  # fmt: skip
def test_limits(text: str, name: str, value: Range, unit: str) -> None:
    """A limit is named by the measure it speaks of, or by the words before it."""
    (found,) = limits(text)
    assert (found.name, found.value, found.unit) == (name, value, unit)


def test_limit_at_a_visit() -> None:
    """The visit at which a limit counts is kept."""
    (found,) = limits("ALSFRS-R ≥ 30 at the screening visit")
    assert (found.side, found.anchor) == ("at", "screening visit")


def test_a_joined_limit_keeps_its_subject() -> None:
    """`BP > 160 or < 90` speaks of one thing twice."""
    assert [f.name for f in limits("systolic blood pressure > 160 or < 90 mmHg")] == [
        "systolic_pressure",
        "systolic_pressure",
    ]


def test_a_denial_before_a_limit_leaves_it_open() -> None:
    """`must not have ... below 8` may mean either side: both readings stand."""
    (found,) = limits("They must not have haemoglobin below 8 g/dL")
    assert found.state == "ambiguous"
    assert found.rivals == ((Range(low=8), "g/dL"),)
    (above,) = limits("without creatinine above 2 mg/dL")
    assert above.rivals == ((Range(high=2), "mg/dL"),)
    (two,) = limits("They must not have an EDSS of 3 to 6")
    assert two.rivals == ()


@pytest.mark.parametrize("text", ["at least one knee", "1 or more of the following", "3 to 5", "Grade: > 3 hours"])
def test_no_limit(text: str) -> None:
    """Counts in words, nameless ranges and hours of nothing known are not limits."""
    assert limits(text) == () or text.startswith("Grade")


def test_bounds_negate_and_stand() -> None:
    """A negated end changes side and strictness."""
    assert Bound("low", True).negated() == Bound("high", False)
    assert Bound("high", False).at(4) == Range(high=4, high_included=False)


@pytest.mark.parametrize(
    "line",
    ["Best corrected visual acuity of 6/120 or worse", "vision of less than 20/40", "a titre of more than 1:80",
     "HLA match of at least 1 / 3", "blood pressure > 160/100", "distance of 1:80 or above"],
)  # fmt: skip
def test_a_ratio_limits_neither_side(line: str) -> None:
    """What is seen at a distance, a titre or a pressure over another is no limit of either of its numbers."""
    assert comparisons(line) == ()


@pytest.mark.parametrize(("line", "low"), [("pain of at least 4/10", 4), ("disability ≥ 40/100", 40)])
def test_a_score_out_of_its_whole(line: str, low: int) -> None:
    """A score is limited, whatever it is counted out of."""
    assert only(line) == Range(low=low)


@pytest.mark.parametrize("ended", ["be corrected", "have been stopped", "be discontinued", "be washed out"])
def test_something_ends_a_bare_time_before(ended: str) -> None:
    """Without a word that compares, what ends `3 months prior to` a visit may end earlier or later than that."""
    (found,) = windows(f"Steroids must {ended} 3 months prior to the infusion")
    assert (found.value, found.state, found.rivals) == (Range(high=3), "ambiguous", ((Range(low=3), "months"),))
    (sure,) = windows(f"Steroids must {ended} at least 3 months prior to the infusion")
    assert (sure.value, sure.state, sure.rivals) == (Range(low=3), "stated", ())


def test_what_goes_on_through_a_time_is_left_open() -> None:
    """`Through 6 months after` may be the least or the most that is meant: both readings stand."""
    (found,) = windows("Unwilling to continue through 6 months after treatment")
    assert found.state == "ambiguous"
    assert {(found.value, found.unit), *found.rivals} == {(Range(high=6), "months"), (Range(low=6), "months")}
