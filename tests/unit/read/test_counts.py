"""Counts of cells in every notation, in phrases made up for these tests."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.read.counts import counts, may_count, plain_signs
from stromal.read.numerals import mend


def ends(text: str) -> list[tuple[float, float]]:
    """Low and high of every count that could be one of cells."""
    return [(float(c.low), float(c.high)) for c in counts(plain_signs(mend(text))) if c.high >= 1000]


M = 1_000_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1x10^6", M, M), ("1 x 10^6", M, M), ("1x106", M, M), ("1x10\\^6", M, M), ("1×10⁶", M, M), ("1*10^6", M, M),
        ("10^6", M, M), ("1e6", M, M), ("1E+6", M, M), ("1.0X10(6)", M, M), ("1 x 10**6", M, M), ("1x10 ^ 6", M, M),
        ("1 x 10 6", M, M), ("1x10<sup>6</sup>", M, M), ("1ⅹ10^6", M, M), ("１×１０^６", M, M), ("1•10^6", M, M),
        ("1. 10^6", M, M), ("0.5 . 10^6", M / 2, M / 2), ("80.10^6", 80 * M, 80 * M), ("1x10exp6", M, M),
        ("1 x 1000000", M, M), ("2 x 1,000,000", 2 * M, 2 * M), ("2.0 x 10,000,000", 20 * M, 20 * M),
        ("1×10*6", M, M), ("5*10/7", 50 * M, 50 * M), ("1 x 10.6 cells", M, M), ("1x10-6 cells", M, M),
        ("10x6 cells", M, M), ("1.106 cells", M, M),
        ("1 million", M, M), ("100M", 100 * M, 100 * M), ("90-million", 90 * M, 90 * M), ("20 mio", 20 * M, 20 * M),
        ("2 mln", 2 * M, 2 * M), ("5 millones", 5 * M, 5 * M), ("20 mill", 20 * M, 20 * M), ("1 billion", 1e9, 1e9),
        ("1 hundred million", 100 * M, 100 * M), ("one hundred million", 100 * M, 100 * M), ("a million", M, M),
        ("one hundred and fifty million", 150 * M, 150 * M), ("twenty million", 20 * M, 20 * M),
        ("hundred thousand", 1e5, 1e5), ("500 thousand", 5e5, 5e5), ("2 million x", 2 * M, 2 * M),
        ("20,000,000", 20 * M, 20 * M), ("30 000 000", 30 * M, 30 * M), ("1.000.000", M, M), ("1'000'000", M, M),
        ("50.000 cells", 50_000, 50_000), ("250,000", 250_000, 250_000),
        ("1,5x10^6", 1.5 * M, 1.5 * M), ("0,5 million", M / 2, M / 2),
    ],
)  # fmt: skip
def test_one_number(text: str, low: float, high: float) -> None:
    """One number of cells, however it is printed."""
    assert ends(text) == [(low, high)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1-2 x 10^6", M, 2 * M), ("1~10 x 10^7", 10 * M, 100 * M), ("(1-2) x 10^6", M, 2 * M),
        ("(1.5)-3.0 x106", 1.5 * M, 3 * M), ("1 to 5 (x10^6)", M, 5 * M), ("1-5,000,000", M, 5 * M),
        ("1×10^6～2×10^6", M, 2 * M), ("between 5 x 10^5 and 1 x 10^6", M / 2, M),
        ("3 million-10 million", 3 * M, 10 * M),
        ("1-2 x 1000000", M, 2 * M), ("1 up to 2 million", M, 2 * M), ("five to ten million", 5 * M, 10 * M),
        ("5x10^6 cells/kg to 1x10^7 cells/kg", 5 * M, 10 * M), ("1000000 to 2000000", M, 2 * M),
        ("1*10^4-6 cells", 10_000, M), ("1,5-3,0 10E6", 1.5 * M, 3 * M), ("1,5-3,010E6/kg", 1.5 * M, 3 * M),
        ("5-10e6", 5 * M, 10 * M),
    ],
)  # fmt: skip
def test_ranges(text: str, low: float, high: float) -> None:
    """A range is one count; its low end takes the size of its high end."""
    assert ends(text) == [(low, high)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2/10/50 x 10^6", [2, 10, 50]), ("1, 5 and 10 million", [1, 5, 10]), ("2, 4 or 8 million", [2, 4, 8]),
        ("10, 5 and 1 million", [10, 5, 1]), ("1E6#3E6#6E6", [1, 3, 6]), ("2,4,8 million", [2, 4, 8]),
        ("Cohort 1, 2 x 10^6", [2]), ("Group 1 - 2x10^6", [2]), ("Dose 1, 2 million", [2]),
        ("n = 3, 5 million", [5]),
        ("increased from 2 x 10^6 to 10 x 10^6", [2, 10]), ("in 2012 to 19 million", [0.002012, 19]),
        ("6 × 106,9 × 106 and 14 × 106", [6, 9, 14]),
    ],
)  # fmt: skip
def test_lists(text: str, values: list[float]) -> None:
    """The numbers of a list share their size; the number of a group, and a step, belong to no list or range."""
    assert ends(text) == [(value * M, value * M) for value in values]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2x10^6 +/- 10%", 2 * M), ("2x10^6 (±20%)", 2 * M), ("10 ± 2 x 10^7", 100 * M), ("1E6 ± 30%", M),
        ("61 x 10^6 ± 0.6 x 10^6", 61 * M), ("45 million ± 5 million", 45 * M),
    ],
)  # fmt: skip
def test_tolerances(text: str, value: float) -> None:
    """A tolerance is no second number, and it belongs to the words that are quoted."""
    (only,) = (c for c in counts(text) if c.high >= 1000)
    assert (int(only.low), int(only.high), only.end) == (value, value, len(text.rstrip(")")) + text.count(")"))


def test_two_readings() -> None:
    """`10eN` is usually meant as ten to the N and literally ten times that; `1x10 million` is as doubtful."""
    for text in ("2x10E6", "2 x 10 million"):
        (only,) = counts(text)
        assert only.low == 2 * M
        assert only.rivals == ((Fraction(20 * M), Fraction(20 * M)),)
    (single,) = counts("10e6 cells")
    assert single.low == M
    assert single.rivals == ((Fraction(10 * M), Fraction(10 * M)),)
    (crossed,) = counts("1x10e6 to 3x10^6")
    assert crossed.rivals == ()
    (spread,) = counts("1-3 x 10e6")
    assert spread.rivals == ((Fraction(10 * M), Fraction(30 * M)),)


@pytest.mark.parametrize(
    "text", ["GEM00220", "2W-2m", "1.2x10 mm", "hundreds of thousands", "1.73 M^2", "stage 10 of 12", "1" * 60]
)
def test_no_counts(text: str) -> None:
    """Names, lengths, stages and vague words are no counts."""
    assert ends(text) == []


def test_a_quick_look() -> None:
    """Lines without any sign of a large number are left at once."""
    assert not may_count("Participants are seen at weeks 2, 4 and 8, in 3 rooms.")
    assert may_count("They receive 1x10\\^6 cells.")
    assert may_count("twenty million cells")


@given(st.text(alphabet="0123456789 .,x×*^()-~eE/±%+milonthusadMkg'", max_size=60))
def test_nothing_breaks_it(text: str) -> None:
    """Whatever signs stand together: counts come in order, inside the text, and no low end is above its high end."""
    made = counts(text)
    assert all(a.end <= b.start for a, b in pairwise(made))
    assert all(0 <= c.start < c.end <= len(text) and Fraction(0) <= c.low <= c.high for c in made)
