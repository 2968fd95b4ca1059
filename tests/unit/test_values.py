"""The words every part shares: units against a second opinion, calendar time, three-valued logic, places."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal import values as v

# ---------------------------------------------------------------- places, findings, refusals


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (v.Place(3, "x", "a.yaml"), "a.yaml:3"),
        (v.Place(3), "line 3"),
        (v.Place(0, "", "a.yaml"), "a.yaml"),
        (v.Place(0), "the file"),
    ],
)
def test_a_place_is_told_as_editors_open_it(place: v.Place, text: str) -> None:
    """File and line, or what is known of them."""
    assert str(place) == text


def test_a_finding_is_one_line_with_its_next_step() -> None:
    """Place, severity, message, code and hint, each where there is one."""
    bare = v.Finding("a.b", "note", "something")
    full = v.Finding("a.b", "error", "something", (v.Place(3, "", "f"),), "do this")
    assert str(bare) == "note: something [a.b]"
    assert str(full) == "f:3: error: something [a.b] -> do this"


def test_what_is_unusable_carries_every_finding() -> None:
    """The exception shows all findings and keeps them."""
    first, second = v.Finding("a", "error", "one"), v.Finding("b", "error", "two")
    unusable = v.Unusable(first, second)
    assert unusable.findings == (first, second)
    assert str(unusable) == "error: one [a]; error: two [b]"


def test_a_refusal_names_its_rule() -> None:
    """Rule, reason and the next step."""
    assert str(v.Refused("dosing.weight", "no weight")) == "dosing.weight: no weight"
    assert str(v.Refused("dosing.weight", "no weight", "weigh")) == "dosing.weight: no weight -> weigh"


# ---------------------------------------------------------------- three-valued logic

_TRUTHS: tuple[v.Truth, ...] = (True, False, None)
_ORDER = {False: 0, None: 1, True: 2}


@pytest.mark.parametrize(("a", "b"), list(product(_TRUTHS, _TRUTHS)))
def test_and_and_or_are_kleenes(a: v.Truth, b: v.Truth) -> None:
    """With false < unknown < true, and is the lesser and or the greater."""
    back = {rank: truth for truth, rank in _ORDER.items()}
    assert v.all_of([a, b]) is back[min(_ORDER[a], _ORDER[b])]
    assert v.any_of([a, b]) is back[max(_ORDER[a], _ORDER[b])]


@pytest.mark.parametrize(("a", "b"), list(product(_TRUTHS, _TRUTHS)))
def test_de_morgan_holds_for_three_values(a: v.Truth, b: v.Truth) -> None:
    """Not (a and b) is (not a) or (not b), unknown included."""
    assert v.negate(v.all_of([a, b])) is v.any_of([v.negate(a), v.negate(b)])


def test_of_nothing_all_hold_and_none_does() -> None:
    """An empty and is true, an empty or is false."""
    assert v.all_of([]) is True
    assert v.any_of([]) is False


def test_unknown_is_never_false() -> None:
    """Not unknown is unknown, and a verdict says so."""
    assert v.negate(None) is None
    assert [v.Verdict(truth, "").word for truth in _TRUTHS] == ["met", "not met", "unknown"]


# ---------------------------------------------------------------- numbers


def test_numbers_are_taken_as_written() -> None:
    """0.1 is a tenth, in whatever form it comes."""
    assert {v.exact(each) for each in (0.1, "0.1", Decimal("0.1"), Fraction(1, 10))} == {Fraction(1, 10)}
    assert v.exact(7) == 7
    assert v.exact("1e6") == 1_000_000


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "1e999999999", "0e-999999999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Words, nan, infinities and numbers nobody measures raise ValueError, without being worked out."""
    with pytest.raises(ValueError, match="number"):
        v.exact(text)


def test_infinite_floats_are_refused() -> None:
    """A float that is no number is no number."""
    for each in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ValueError, match="number"):
            v.exact(each)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (8, "8"),
        (0.5, "0.5"),
        (70_000_000, "7.0e7"),
        (12_345_678, "1.23457e7"),
        (Fraction(35, 9), "3.88889"),
        (-4, "-4"),
    ],
)
def test_numbers_for_people(number: float | Fraction, text: str) -> None:
    """Six digits at most, and cell counts in powers of ten."""
    assert v.plain(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(15), "15"),
        (Fraction(1_000_000), "1e6"),
        (Fraction(25_000_000), "2.5e7"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-3, 4), "-0.75"),
        (Fraction(123_456), "1.23456e5"),
    ],
)
def test_numbers_for_files(number: Fraction, text: str) -> None:
    """Exact, and no longer than needed."""
    assert v.short(number) == text


@given(st.decimals(-(10**12), 10**12, places=6, allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_numbers_for_files_read_back(number: Decimal) -> None:
    """What is written to a file is exactly the number."""
    assert v.exact(v.short(Fraction(number))) == Fraction(number)


# ---------------------------------------------------------------- units

_FAMILIES = (
    ("g/dL", "mg/dL", "g/L", "ug/mL", "mg/L", "kg/m3"),
    ("10*9/L", "10*6/mL", "10*3/uL", "/uL"),
    ("umol/L", "mmol/L", "mol/L", "nmol/mL"),
    ("kg", "g", "mg", "[lb_av]"),
    ("mL", "L", "dL", "uL", "cm3"),
    ("U/L", "kat/L", "U/mL"),
    ("/min", "/s", "/h"),
    ("kPa", "Pa", "hPa"),
    ("m", "cm", "mm", "[in_i]"),
    ("%", "1", "[ppth]"),
    ("h", "min", "d", "wk", "mo", "a"),
    ("Gy", "cGy"),
)
_SPECIAL = {"kg/m3": "kg.m-3", "cm3": "cm3"}


@cache
def _second_opinion() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ucumvert  # noqa: PLC0415 - a development-only package that warns when it is imported

        return ucumvert.PintUcumRegistry()


@pytest.mark.parametrize(
    ("first", "second"), [(a, b) for family in _FAMILIES for a in family for b in family if a != b]
)
def test_conversions_agree_with_a_second_opinion(first: str, second: str) -> None:
    """Every conversion agrees with pint's reading of UCUM."""
    registry = _second_opinion()
    mine = v.Quantity(Fraction(8), first).to(second).value
    theirs = (8 * registry.from_ucum(_SPECIAL.get(first, first))).to(
        registry.from_ucum(_SPECIAL.get(second, second)).units
    )
    assert float(mine) == pytest.approx(theirs.magnitude, rel=1e-9)


def test_blood_pressure_is_in_millimetres_of_mercury() -> None:
    """UCUM gives a metre of mercury as 133.322 kPa."""
    assert v.Quantity(Fraction(120), "mm[Hg]").to("Pa").value == Fraction(15_998_640, 1000)


def test_conversion_is_exact() -> None:
    """8 mg/dL of haemoglobin is 0.008 g/dL, not nearly so, and there and back changes nothing."""
    assert v.Quantity(Fraction(8), "mg/dL").to("g/dL") == v.Quantity(Fraction(8, 1000), "g/dL")
    assert v.Quantity(Fraction(8), "mg/dL").to("ug/mL").to("mg/dL") == v.Quantity(Fraction(8), "mg/dL")


@pytest.mark.parametrize(
    ("first", "second"), [("kg", "L"), ("cells/kg", "cells"), ("%", "g"), ("", "g"), ("EU/kg", "[IU]/kg")]
)
def test_different_measures_are_not_converted(first: str, second: str) -> None:
    """A mass is no volume, and cells per kilogram are no cells."""
    with pytest.raises(ValueError, match="cannot be turned into"):
        v.Quantity(Fraction(1), first).to(second)


def test_cells_and_endotoxin_are_measures_of_their_own() -> None:
    """Cells may be written with and without braces, and counted in millions."""
    assert v.Quantity(Fraction(1), "10*6{cells}/kg").to("cells/kg").value == 1_000_000
    assert v.unit("{cells}/kg") == v.unit("cells/kg")
    assert v.unit("EU/kg").dimension == (("EU", 1), ("g", -1))


@pytest.mark.parametrize("text", ["grams", "g//L", "x/kg", "g/", "10**9", "foo", " "])
def test_what_is_no_unit_is_refused(text: str) -> None:
    """What UCUM does not know is refused with the piece that cannot be read."""
    with pytest.raises(ValueError, match="unit"):
        v.unit(text)
    assert v.unit_or_none(text) is None


def test_a_bare_number_has_an_empty_unit() -> None:
    """Annotations in braces count nothing."""
    assert v.unit("") == v.unit("1") == v.unit("{score}")
    assert v.unit_or_none("%") == v.Unit(Fraction(1, 100), ())
    assert v.unit("2.g") == v.Unit(Fraction(2), (("g", 1),))


def test_quantities_are_read() -> None:
    """A number with its unit, however it is spaced."""
    assert v.quantity(" 1e6 cells/kg ") == v.Quantity(Fraction(1_000_000), "cells/kg")
    assert v.quantity("-0.5") == v.Quantity(Fraction(-1, 2))
    assert str(v.quantity("8 g/dL")) == "8 g/dL"
    assert str(v.quantity("8")) == "8"
    with pytest.raises(ValueError, match="is not a number with a unit"):
        v.quantity("eight g/dL")
    with pytest.raises(ValueError, match="unit"):
        v.quantity("8 grams")


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        (date(2023, 1, 31), "1 month", date(2023, 2, 28)),
        (date(2024, 1, 31), "1 month", date(2024, 2, 29)),
        (date(2024, 2, 29), "1 year", date(2025, 2, 28)),
        (date(2024, 3, 15), "6 weeks", date(2024, 4, 26)),
        (date(2024, 12, 31), "1 d", date(2025, 1, 1)),
        (date(2024, 8, 31), "6 mo", date(2025, 2, 28)),
    ],
)
def test_months_and_years_are_those_of_the_calendar(start: date, length: str, end: date) -> None:
    """A month after 31 January is the last of February."""
    assert v.duration(length).after(start) == end


def test_before_is_the_other_way() -> None:
    """The last day of the month where the month is too short, also backwards."""
    assert v.duration("1 month").before(date(2024, 3, 31)) == date(2024, 2, 29)
    assert v.duration("2 weeks").before(date(2024, 1, 7)) == date(2023, 12, 24)
    assert v.duration("5 years").before(date(2024, 2, 29)) == date(2019, 2, 28)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 3000))
@settings(deadline=None)
def test_days_are_counted(day: date, count: int) -> None:
    """Days and weeks are exact, there and back."""
    length = v.Duration(count)
    assert length.before(length.after(day)) == day
    assert v.Duration(count, "week").after(day) == day + timedelta(days=7 * count)


def test_lengths_are_told_and_compared() -> None:
    """One month, two months; nominal lengths for ordering."""
    assert [str(v.duration(each)) for each in ("1 mo", "2 months", "1 day", "14 d")] == [
        "1 month", "2 months", "1 day", "14 days",
    ]  # fmt: skip
    nominal = [v.duration(each).days for each in ("1 d", "1 wk", "1 month", "1 a")]
    assert nominal == [1, 7, 30.4375, 365.25]
    assert v.duration_unit("fortnight") is None


@pytest.mark.parametrize("text", ["", "1", "1.5 years", "two weeks", "5 hours", "-3 days", "2000 years"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """Whole calendar units only, and none longer than any trial."""
    with pytest.raises(ValueError, match=r"length of time|longer than any trial"):
        v.duration(text)


def test_a_window_includes_both_ends() -> None:
    """First and last day lie inside; an open end lets everything in; what is no day is not in."""
    window = v.Window(date(2024, 1, 1), date(2024, 1, 31))
    assert date(2024, 1, 1) in window
    assert date(2024, 1, 31) in window
    assert date(2023, 12, 31) not in window
    assert date(2024, 2, 1) not in window
    assert date.min in v.Window(None, date(2024, 1, 1))
    assert date.max in v.Window(date(2024, 1, 1), None)
    assert "2024-01-01" not in window
    assert str(window) == "2024-01-01 to 2024-01-31"
    assert str(v.Window()) == "… to …"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 6, 15), date(2018, 6, 14), 17),
        (date(2000, 6, 15), date(2018, 6, 15), 18),
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
    ],
)
def test_age_is_counted_in_birthdays(born: date, day: date, age: int) -> None:
    """A person is a year older on the birthday, not the day before."""
    assert v.years_between(born, day) == age


def test_a_moment_needs_its_zone() -> None:
    """A time without a zone is unknown, not guessed."""
    assert v.instant("2024-05-01T09:30+00:00") == datetime(2024, 5, 1, 9, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        v.instant("2024-05-01T09:30")
    with pytest.raises(ValueError, match="isoformat"):
        v.instant("yesterday")


def test_the_nearest_name() -> None:
    """A name that is close, or nothing."""
    assert v.nearest("hemoglobn", ["hemoglobin", "weight"]) == "hemoglobin"
    assert v.nearest("zzz", ["hemoglobin", "weight"]) is None
