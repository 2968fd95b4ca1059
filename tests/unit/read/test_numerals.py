"""Numbers in every notation that portals print or break, and lengths of time."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stromal.read.numerals import amounts, durations, mend, number, numerals, tidy
from stromal.read.phrases import sentence_at, sentences, slug
from stromal.read.record import Number, Range

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTATIONS = {
    "caret": lambda m, p: f"{m}x10^{p}",
    "spaced": lambda m, p: f"{m} x 10^{p}",
    "cross": lambda m, p: f"{m} × 10^{p}",
    "star": lambda m, p: f"{m}*10^{p}",
    "superscript": lambda m, p: f"{m}×10{str(p).translate(SUPERSCRIPTS)}",
    "escaped": lambda m, p: f"{m}x10\\^{p}",
    "lost": lambda m, p: f"{m}x10{p}",
    "lost, spaced": lambda m, p: f"{m} x 10{p}",
    "brackets": lambda m, p: f"{m} x 10({p})",
    "tag": lambda m, p: f"{m}x10<sup>{p}</sup>",
    "double star": lambda m, p: f"{m}x10**{p}",
    "e": lambda m, p: f"{m}e{p}",
}


@given(st.integers(1, 99), st.integers(0, 9), st.integers(3, 12), st.sampled_from(sorted(NOTATIONS)))
def test_scientific_notations_agree(whole: int, tenth: int, power: int, notation: str) -> None:
    """However a power of ten is printed or broken, the number read is the same."""
    mantissa = f"{whole}.{tenth}" if tenth else str(whole)
    assume(notation != "e" or mantissa != "10")
    text = f"about {NOTATIONS[notation](mantissa, power)} cells"
    found = [n for n in numerals(text) if n.factor > 1]
    assert [n.value for n in found] == [Fraction(mantissa) * 10**power]
    assert bool(found[0].mended) == (notation in ("escaped", "lost", "lost, spaced", "brackets", "tag"))
    assert not found[0].rivals


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 million", [1_000_000]),
        ("twenty million", [20_000_000]),
        ("three hundred", [300]),
        ("one hundred million", [100_000_000]),
        ("100M", [100_000_000]),
        ("7 mln", [7_000_000]),
        ("2 billion", [2_000_000_000]),
        ("4 thousand", [4000]),
        ("12,500,000", [12_500_000]),
        ("0.25", [0.25]),
        (".5", [0.5]),
        ("3·5", [3.5]),
        ("0,7 x 10^6", [700_000]),
        ("1.10^6", [1_000_000]),
        ("10^5", [100_000]),
        ("5 m", [5]),
        ("ABC-7 and X12", []),
        ("a word", []),
    ],
)
def test_notations(text: str, values: list[Number]) -> None:
    """Words, scales, separators and decimal signs."""
    assert [n.number for n in numerals(text)] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2-6 x 10^6", [Range(2_000_000, 6_000_000)]),
        ("1~4 million", [Range(1_000_000, 4_000_000)]),
        ("1-5,000,000", [Range(1_000_000, 5_000_000)]),
        ("2x10^6 to 4x10^6", [Range(2_000_000, 4_000_000)]),
        ("between 2 and 7", [Range(2, 7)]),
        ("2 and 7", [2, 7]),
        ("9 to 3", [9, 3]),
        ("3/30/300 x 10^5", [300_000, 3_000_000, 30_000_000]),
        ("50 or 150 million", [50_000_000, 150_000_000]),
        ("1000 or 2 million", [1000, 2_000_000]),
        ("5 or 6", [5, 6]),
        ("20% to 40%", [Range(20, 40)]),
        ("2 weeks to 5 weeks", [Range(2, 5)]),
        ("2 weeks to 5 people", [2, 5]),
    ],
)
def test_ranges_and_lists(text: str, values: list[Number | Range]) -> None:
    """A range or list shares the scale that is printed once, at its end."""
    assert [a.value for a in amounts(text)] == values


def test_ten_e_has_two_readings() -> None:
    """`10e6` is usually meant as ten to the six, and literally ten times as much: both stand."""
    (only,) = numerals("4x10e6")
    assert [only.value, *only.rivals] == [4_000_000, 40_000_000]
    low, high = numerals("2-4x10e6")
    assert [low.value, *low.rivals, *high.rivals] == [2_000_000, 20_000_000, 40_000_000]
    (bare,) = numerals("10e5")
    assert [bare.value, *bare.rivals] == [100_000, 1_000_000]


def test_bare_106_is_a_hundred_and_six_until_told_otherwise() -> None:
    """Without a factor before it, 106 stays itself, with ten to the six as the other reading."""
    (only,) = numerals("106 people")
    assert [only.value, *only.rivals] == [106, 1_000_000]


@given(st.text(alphabet="ab \\<>^&;ltgsup10x×⁶≥µ\u00a0−•{}", max_size=60))
def test_mending_keeps_every_offset(text: str) -> None:
    """Mending never changes the length of a line, so every quote fits the page."""
    assert len(mend(text)) == len(text)
    for numeral in numerals(text):
        assert 0 <= numeral.start < numeral.end <= len(text)


def test_tidy_is_for_people() -> None:
    """Escapes are undone and blanks joined."""
    assert tidy("a  \\& b\u00a0&lt; 3 ") == "a & b < 3"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("for 5 to 9 days", Range(5, 9), "days"),
        ("a 3-month course", 3, "months"),
        ("six weeks", 6, "weeks"),
        ("within a year", 1, "years"),
        ("2 yrs", 2, "years"),
        ("4 mths", 4, "months"),
        ("90 minutes", 90, "minutes"),
        ("12 hrs", 12, "hours"),
        ("1.5 years", 1.5, "years"),
    ],
)
def test_durations(text: str, value: Number | Range, unit: str) -> None:
    """Lengths of time, singular or plural, spelt or short."""
    (only,) = durations(text)
    assert (only.value, only.unit) == (value, unit)


def test_numbers_are_whole_where_they_can_be() -> None:
    """A whole fraction becomes an int, another a float."""
    assert (number(Fraction(6, 2)), number(Fraction(1, 2))) == (3, 0.5)


def test_sentences_end_where_people_end_them() -> None:
    """Abbreviations and decimals end no sentence; a lost blank after a full stop does not join two."""
    text = "Given approx. 2.5 ml, e.g. by Dr. Ames. Then rest.Check later; Done"
    parts = [text[a:b].strip() for a, b in sentences(text)]
    assert parts == ["Given approx. 2.5 ml, e.g. by Dr. Ames.", "Then rest.", "Check later;", "Done"]
    assert text[slice(*sentence_at(text, text.index("rest")))].strip() == "Then rest."
    assert sentence_at("", 0) == (0, 0)


def test_slug() -> None:
    """Names are short and made of letters, digits and underscores."""
    assert slug("Total WBC (per µL) count at entry", 3) == "total_wbc_per"


def test_a_run_of_digits_too_long_to_measure_anything_is_no_number() -> None:
    """Four hundred nines are passed over; the numbers beside them are read."""
    found = numerals("9" * 400 + " of 12 cells")
    assert [each.value for each in found] == [12]
