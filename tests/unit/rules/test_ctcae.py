"""Grades at, just below and just above every limit; what is unknown, what is certain all the same, what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.rules.ctcae import TERMS, VERSIONS, Grade, Version, grade
from stromal.values import Quantity, exact, quantity


class References(TypedDict, total=False):
    """The limits of normal and the baseline."""

    lower_normal: Quantity
    upper_normal: Quantity
    baseline: Quantity


def known(lower: str = "", upper: str = "", baseline: str = "") -> References:
    """References as a person writes them; what is left out is not given."""
    found = References()
    if lower:
        found["lower_normal"] = quantity(lower)
    if upper:
        found["upper_normal"] = quantity(upper)
    if baseline:
        found["baseline"] = quantity(baseline)
    return found


BOTH = VERSIONS
FIVE: tuple[Version, ...] = ("5.0",)
SIX: tuple[Version, ...] = ("6.0",)

LOW = [
    ("anemia", BOTH, "g/dL", "g/L", "12", "10 8"),
    ("anemia", BOTH, "mmol/L", "umol/L", "7.4", "6.2 4.9"),
    ("platelet count decreased", FIVE, "10*9/L", "/uL", "150", "75 50 25"),
    ("platelet count decreased", SIX, "10*9/L", "/mm3", "150", "75 50 10"),
    ("white blood cell decreased", BOTH, "10*9/L", "/mm3", "4", "3 2 1"),
    ("neutrophil count decreased", FIVE, "10*9/L", "10*3/uL", "1.8", "1.5 1 0.5"),
    ("neutrophil count decreased", FIVE, "cells/uL", "cells/L", "1800", "1500 1000 500"),
    ("lymphocyte count decreased", FIVE, "10*9/L", "/uL", "1", "0.8 0.5 0.2"),
    ("cd4 lymphocytes decreased", BOTH, "10*9/L", "/uL", "0.6", "0.5 0.2 0.05"),
    ("hypocalcemia", BOTH, "mg/dL", "g/L", "8.5", "8 7 6"),
    ("hypocalcemia", BOTH, "mmol/L", "umol/L", "2.2", "2 1.75 1.5"),
    ("hypocalcemia (ionized)", BOTH, "mmol/L", "umol/L", "1.15", "1 0.9 0.8"),
    ("hypomagnesemia", BOTH, "mg/dL", "mg/L", "1.7", "1.2 0.9 0.7"),
    ("hypomagnesemia", BOTH, "mmol/L", "umol/L", "0.7", "0.5 0.4 0.3"),
    ("hypoalbuminemia", BOTH, "g/dL", "g/L", "3.5", "3 2"),
    ("hypoglycemia", BOTH, "mg/dL", "g/L", "70", "55 40 30"),
    ("hypoglycemia", BOTH, "mmol/L", "umol/L", "3.9", "3 2.2 1.7"),
]
HIGH = [
    ("hypernatremia", BOTH, "mmol/L", "mol/L", "145", "150 155 160"),
    ("hyperkalemia", BOTH, "mmol/L", "umol/L", "5", "5.5 6 7"),
    ("hypercalcemia", BOTH, "mg/dL", "mg/L", "10.5", "11.5 12.5 13.5"),
    ("hypercalcemia", BOTH, "mmol/L", "umol/L", "2.6", "2.9 3.1 3.4"),
    ("hypercalcemia (ionized)", BOTH, "mmol/L", "umol/L", "1.3", "1.5 1.6 1.8"),
    ("hyperglycemia (fasting)", SIX, "mg/dL", "g/L", "100", "160 250 500"),
    ("hyperglycemia (fasting)", SIX, "mmol/L", "umol/L", "5.6", "8.9 13.9 27.8"),
]


def around(limit: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Just below, at and just above."""
    return limit * Fraction(999, 1000), limit, limit * Fraction(1001, 1000)


@pytest.mark.parametrize(("term", "versions", "unit", "other", "normal", "limits"), LOW)
def test_what_is_too_low(
    term: str, versions: tuple[Version, ...], unit: str, other: str, normal: str, limits: str
) -> None:
    """A value at a limit still has the milder grade; just below it has the next, in both units."""
    reference = known(lower=f"{normal} {unit}")
    for version in versions:
        for reached, limit in enumerate((normal, *limits.split()), 1):
            for number, expected in zip(around(exact(limit)), (reached, reached - 1, reached - 1), strict=True):
                value = Quantity(number, unit)
                assert grade(term, value, version, **reference).grade == expected, (version, value)
                assert grade(term, value.to(other), version, **reference).grade == expected, (version, value)


@pytest.mark.parametrize(("term", "versions", "unit", "other", "normal", "limits"), HIGH)
def test_what_is_too_high(
    term: str, versions: tuple[Version, ...], unit: str, other: str, normal: str, limits: str
) -> None:
    """A value at a limit still has the milder grade; just above it has the next, in both units."""
    reference = known(upper=f"{normal} {unit}")
    for version in versions:
        for reached, limit in enumerate((normal, *limits.split()), 1):
            for number, expected in zip(around(exact(limit)), (reached - 1, reached - 1, reached), strict=True):
                value = Quantity(number, unit)
                assert grade(term, value, version, **reference).grade == expected, (version, value)
                assert grade(term, value.to(other), version, **reference).grade == expected, (version, value)


def test_neutrophils_of_version_6_need_no_limit_of_normal() -> None:
    """Version 6.0 begins at 1.5, whatever the laboratory calls normal."""
    for value, expected in (("1.5", 0), ("1.4", 1), ("1", 1), ("0.9", 2), ("0.5", 2), ("0.4", 3), ("0.1", 3), ("0", 4)):
        assert grade("neutropenia", quantity(f"{value} 10*9/L"), "6.0").grade == expected
        assert grade("neutropenia", quantity(f"{value} 10*9/L").to("/uL"), "6.0").grade == expected


def test_too_much_magnesium_has_no_grade_2() -> None:
    """From grade 1 it goes straight to 3."""
    normal = known(upper="2.4 mg/dL")
    for value, expected in (("2.4", 0), ("2.41", 1), ("3", 1), ("3.01", 3), ("8", 3), ("8.01", 4)):
        assert grade("hypermagnesemia", quantity(f"{value} mg/dL"), "5.0", **normal).grade == expected
        assert grade("hypermagnesemia", quantity(f"{value} mg/dL").to("g/L"), "6.0", **normal).grade == expected


# ---------------------------------------------------------------- multiples of limits and baselines

MULTIPLES = [
    ("alanine aminotransferase increased", "5.0", "U/L", "30", "100 300 500 2000"),
    ("aspartate aminotransferase increased", "6.0", "U/L", "30", "100 300 500 2000"),
    ("alkaline phosphatase increased", "5.0", "U/L", "30", "100 250 500 2000"),
    ("ggt increased", "5.0", "[IU]/L", "30", "100 250 500 2000"),
    ("ggt increased", "6.0", "U/L", "100", "100 250 500 2000"),
    ("blood bilirubin increased", "5.0", "umol/L", "30", "100 150 300 1000"),
    ("blood bilirubin increased", "6.0", "mg/dL", "100", "100 150 300 1000"),
    ("creatinine increased", "6.0", "umol/L", "80", "100 150 300 600"),
    ("creatinine increased", "5.0", "umol/L", "100", "100 150 300 600"),
]
OTHER = {"U/L": "mU/mL", "[IU]/L": "m[IU]/mL", "umol/L": "mmol/L", "mg/dL": "g/L"}


@pytest.mark.parametrize(("term", "version", "unit", "baseline", "limits"), MULTIPLES)
def test_after_a_normal_baseline(term: str, version: Version, unit: str, baseline: str, limits: str) -> None:
    """Multiples of the upper limit of normal, 100 here; at the limit the milder grade, a baseline at it is normal."""
    references = known(f"50 {unit}" if term.startswith("creatinine") else "", f"100 {unit}", f"{baseline} {unit}")
    for reached, limit in enumerate(limits.split(), 1):
        for number, expected in zip(around(exact(limit)), (reached - 1, reached - 1, reached), strict=True):
            value = Quantity(number, unit)
            assert grade(term, value, version, **references).grade == expected, value
            assert grade(term, value.to(OTHER[unit]), version, **references).grade == expected, value


RAISED = [
    ("alt increased", "5.0", "300 600 1000 4000", True),
    ("alt increased", "6.0", "200 300 400 800", True),
    ("alp increased", "5.0", "400 500 1000 4000", True),
    ("ggt increased", "5.0", "400 500 1000 4000", True),
    ("ggt increased", "6.0", "200 300 600 2000", True),
    ("bilirubin increased", "5.0", "200 300 600 2000", False),
    ("bilirubin increased", "6.0", "200 300 500 2000", True),
]


@pytest.mark.parametrize(("term", "version", "limits", "includes"), RAISED)
def test_after_a_raised_baseline(term: str, version: Version, limits: str, includes: bool) -> None:
    """Multiples of the baseline, 200 here; grade 1 may begin at its limit, the others begin beyond it."""
    unit = "umol/L" if term.startswith("bili") else "U/L"
    references = known("", f"100 {unit}", f"200 {unit}")
    for reached, limit in enumerate(limits.split(), 1):
        at = reached if includes and reached == 1 else reached - 1
        for number, expected in zip(around(exact(limit)), (reached - 1, at, reached), strict=True):
            value = Quantity(number, unit)
            assert grade(term, value, version, **references).grade == expected, value
            assert grade(term, value.to(OTHER[unit]), version, **references).grade == expected, value


def test_alkaline_phosphatase_of_version_6_passes_both_or_is_grade_0() -> None:
    """Only a value above the baseline and above the upper limit is grade 1; there is no higher one."""
    for value, expected in (("90", 0), ("100", 0), ("110", 0), ("120", 0), ("121", 1), ("9000", 1)):
        references = known("", "100 U/L", "120 U/L")
        assert grade("alp increased", quantity(f"{value} U/L"), "6.0", **references).grade == expected
    references = known("", "100 U/L", "80 U/L")
    for value, expected in (("90", 0), ("100", 0), ("101", 1)):
        assert grade("alp increased", quantity(f"{value} U/L").to("mU/mL"), "6.0", **references).grade == expected


def test_creatinine_counts_from_the_baseline_too() -> None:
    """In version 5.0 any baseline counts, in 6.0 only one below the lower limit of normal."""
    low = known("0.6 mg/dL", "1.2 mg/dL", "0.4 mg/dL")
    usual = known("0.6 mg/dL", "1.2 mg/dL", "0.7 mg/dL")
    for value, with_low, with_usual in (("0.6", 0, 0), ("0.61", 2, 0), ("1.2", 2, 2), ("1.21", 3, 2), ("2.2", 3, 3)):
        amount = quantity(f"{value} mg/dL")
        assert grade("creatinine increased", amount, "5.0", **low).grade == with_low
        assert grade("creatinine increased", amount, "6.0", **low).grade == with_low
        assert grade("creatinine increased", amount, "5.0", **usual).grade == with_usual
        if value == "1.21":
            assert grade("creatinine increased", amount, "6.0", **usual).grade == 1


# ---------------------------------------------------------------- unknown, or certain all the same


def unknown(found: Grade, *words: str) -> None:
    """An unknown grade whose reason holds the words."""
    assert found.grade is None, found
    for word in words:
        assert word in found.reason


def test_a_grade_that_needs_no_limit_is_given_without_it() -> None:
    """7.5 g/dL of haemoglobin is grade 3 in any laboratory; 11 may be grade 0 or 1."""
    assert grade("anemia", quantity("7.5 g/dL"), "5.0") == Grade(3, "7.5 g/dL is below 8 g/dL")
    unknown(grade("anemia", quantity("11 g/dL"), "5.0"), "grade 0 or 1", "lower limit of normal (not given)")


def test_a_normal_enzyme_is_grade_0_whatever_the_baseline() -> None:
    """At or below the upper limit no baseline can make it a grade; above it, or without the limit, one can."""
    upper = known(upper="40 U/L")
    for version in VERSIONS:
        for value in ("0", "30", "40"):
            assert grade("alt increased", quantity(f"{value} U/L"), version, **upper).grade == 0
        unknown(grade("alt increased", quantity("41 U/L"), version, **upper), "grade 0 or 1", "the baseline")
    unknown(grade("alt increased", quantity("30 U/L"), "5.0"), "the upper limit of normal", "the baseline")
    assert grade("alt increased", quantity("30 U/L"), "5.0", **known(baseline="30 U/L")).grade == 0
    unknown(grade("alt increased", quantity("30 U/L"), "6.0", **known(baseline="30 U/L")), "grade 0 or 1")


def test_creatinine_far_above_the_upper_limit_needs_no_baseline() -> None:
    """Beyond six times the upper limit it is grade 4; between, the baseline may raise it."""
    upper = known(upper="1.2 mg/dL")
    found = grade("creatinine increased", quantity("9 mg/dL"), "5.0", **upper)
    assert found == Grade(4, "9 mg/dL is above 7.2 mg/dL (6 times the upper limit of normal)")
    assert grade("creatinine increased", quantity("4 mg/dL"), "5.0", **upper).grade == 3
    unknown(grade("creatinine increased", quantity("2 mg/dL"), "5.0", **upper), "grade 2 or 3", "the baseline")
    unknown(grade("creatinine increased", quantity("2 mg/dL"), "6.0"), "lower limit", "upper limit", "baseline")
    assert grade("creatinine increased", quantity("0 mg/dL"), "6.0").grade == 0


def test_symptoms_decide_where_the_criteria_say_so() -> None:
    """Sodium from 125 to below 130 is grade 2 or 3; potassium from 3.0 to the lower limit is 1 or 2."""
    for version in VERSIONS:
        for value in ("125", "127", "129"):
            found = grade("hyponatremia", quantity(f"{value} mmol/L"), version)
            unknown(found, "grade 2 or 3", "symptoms")
            assert "limit" not in found.reason
        for value, expected in (("124", 3), ("120", 3), ("119.9", 4)):
            assert grade("hyponatraemia", quantity(f"{value} mmol/L"), version).grade == expected
            assert grade("hyponatraemia", quantity(f"{value} mmol/L").to("umol/L"), version).grade == expected
        normal = known(lower="135 mmol/L")
        for value, expected in (("135", 0), ("134.9", 1), ("130", 1)):
            assert grade("hyponatremia", quantity(f"{value} mmol/L"), version, **normal).grade == expected
        normal = known(lower="3.5 mmol/L")
        for value in ("3.49", "3"):
            unknown(grade("hypokalemia", quantity(f"{value} mmol/L"), version, **normal), "grade 1 or 2", "symptoms")
        for value, expected in (("3.5", 0), ("2.99", 3), ("2.5", 3), ("2.49", 4)):
            assert grade("hypokalemia", quantity(f"{value} mmol/L"), version, **normal).grade == expected
            assert grade("hypokalemia", quantity(f"{value} mmol/L").to("mol/L"), version, **normal).grade == expected


def test_what_the_criteria_leave_unsaid_stays_unknown() -> None:
    """Version 5.0 counts whole mmol/L of sodium; version 6.0 has no grade 3 after a very high baseline."""
    normal = known(lower="135 mmol/L")
    unknown(grade("hyponatremia", quantity("129.5 mmol/L"), "5.0", **normal), "grade 1, 2 or 3", "between 129 and 130")
    unknown(grade("hyponatremia", quantity("124.5 mmol/L"), "5.0", **normal), "grade 2 or 3", "between 124 and 125")
    assert grade("hyponatremia", quantity("124.5 mmol/L"), "6.0").grade == 3
    references = known("", "40 U/L", "300 U/L")
    unknown(grade("alt increased", quantity("601 U/L"), "6.0", **references), "grade 2 or 3", "5 times")
    assert grade("alt increased", quantity("600 U/L"), "6.0", **references).grade == 2
    assert grade("alt increased", quantity("1201 U/L"), "6.0", **references).grade == 4
    assert grade("alt increased", quantity("401 U/L"), "6.0", **known("", "40 U/L", "200 U/L")).grade == 3


def test_sugar_is_graded_by_value_in_version_6_only() -> None:
    """Below 250 mg/dL it matters whether the person fasted; in version 5.0 treatment alone is graded."""
    upper = known(upper="100 mg/dL")
    for value, expected in (("100", 0), ("251", 3), ("500", 3), ("501", 4)):
        assert grade("hyperglycaemia", quantity(f"{value} mg/dL"), "6.0", **upper).grade == expected
    unknown(grade("hyperglycemia", quantity("200 mg/dL"), "6.0", **upper), "fasting")
    unknown(grade("hyperglycemia", quantity("900 mg/dL"), "5.0", **upper), "CTCAE 5.0 has no limits")
    unknown(grade("lymphocyte count decreased", quantity("0.1 10*9/L"), "6.0"), "CTCAE 6.0 has no limits")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_grade_given_without_a_reference_is_the_grade_with_it(data: st.DataObject) -> None:
    """Whatever is learnt later, it never changes a grade that was given: all terms, all versions."""
    term = data.draw(st.sampled_from(sorted(TERMS)))
    version = data.draw(st.sampled_from([each for each in VERSIONS if each in TERMS[term]]))
    unit = next(iter(TERMS[term][version].steps))
    numbers = st.integers(1, 400).map(lambda each: Quantity(Fraction(each, 4), unit))
    lower, upper = sorted((data.draw(numbers), data.draw(numbers)), key=lambda each: each.value)
    numbered = (lower, upper, data.draw(numbers))
    told = [each if data.draw(st.booleans()) else None for each in numbered]
    value = data.draw(numbers)
    before, after = (
        grade(term, value, version, lower_normal=one, upper_normal=other, baseline=start)
        for one, other, start in (told, numbered)
    )
    if before.grade is not None:
        assert before.grade == after.grade
    elif after.grade is not None:
        assert str(after.grade) in before.reason.split(";")[0]


# ---------------------------------------------------------------- reasons and refusals


def test_the_reason_shows_the_limit_in_the_unit_of_the_value() -> None:
    """A limit, a limit of normal and a multiple of a baseline are each called what they are."""
    assert grade("neutropenia", quantity("1200 /uL"), "5.0").reason == "1200 /uL is below 1500 /uL"
    found = grade("anemia", quantity("115 g/L"), "5.0", **known(lower="12 g/dL"))
    assert found.reason == "115 g/L is below 120 g/L (the lower limit of normal)"
    found = grade("ggt increased", quantity("80 U/L"), "5.0", **known("", "30 U/L", "40 U/L"))
    assert found == Grade(1, "80 U/L is at 80 U/L (2 times the baseline)")
    found = grade("anemia", quantity("13 g/dL"), "5.0", **known(lower="12 g/dL"))
    assert found == Grade(0, "13 g/dL passes no limit for anemia in CTCAE 5.0")


def test_a_grade_inside_the_normal_range_is_pointed_out() -> None:
    """Where the laboratory's limit lies beyond that of the criteria, the criteria hold and the reason says so."""
    found = grade("anemia", quantity("9.5 g/dL"), "5.0", **known(lower="9 g/dL"))
    assert found == Grade(2, "9.5 g/dL is below 10 g/dL, though not below the limit of normal")


@pytest.mark.parametrize(
    ("term", "value", "references", "message"),
    [
        ("neutropnia", "1 /uL", known(), "did you mean 'neutropenia'"),
        ("Alanine aminotransferase", "1 U/L", known(), "did you mean 'alanine aminotransferase increased'"),
        ("xyz", "1 /uL", known(), "the terms are anemia, platelet"),
        ("anemia", "8 kg", known(), "give it in g/dL or mmol/L"),
        ("hyponatremia", "130 meq/L", known(), "give it in mmol/L"),
        ("anemia", "-1 g/dL", known(), "the value is -1 g/dL, and nothing measured here lies below 0"),
        ("anemia", "8 g/dL", known(lower="7 mmol/L"), "the lower limit of normal cannot be used: mmol/L cannot"),
        ("alt increased", "8 U/L", known(baseline="-7 U/L"), "the baseline is -7 U/L"),
        ("alt increased", "8 U/L", known(upper="0 U/L"), "the upper limit of normal is 0"),
        ("anemia", "8 g/dL", known("16 g/dL", "12 g/dL"), "the other way round"),
    ],
)
def test_what_cannot_be_graded_is_refused(term: str, value: str, references: References, message: str) -> None:
    """An unknown term with the nearest one, a unit of something else, and numbers nobody measures."""
    with pytest.raises(ValueError, match=r".") as refusal:
        grade(term, quantity(value), "5.0", **references)
    assert message in str(refusal.value)


def test_every_other_name_leads_to_a_term() -> None:
    """Letter case, spaces, British spelling and short names reach the same scale."""
    value = quantity("3 g/dL")
    assert grade(" Anaemia ", value, "5.0") == grade("ANEMIA", value, "5.0")
    assert grade("Hypocalcaemia  (ionised)", quantity("0.7 mmol/L"), "6.0").grade == 4
    assert grade("thrombocytopenia", quantity("9 /nL"), "6.0").grade == 4
