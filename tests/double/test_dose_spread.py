"""Medians and quartiles of the landscape of doses, computed a second and a third way, and beside a published number."""

from __future__ import annotations

import gzip
import re
import statistics
from bisect import bisect_left, bisect_right
from fractions import Fraction
from math import isclose
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards import card, dose
from stromal.catalogue.doses import KABAT, beside, landscape, quantile
from stromal.catalogue.filling import card as card_of
from stromal.read import registries

SIZES = st.lists(st.integers(1, 10**10), min_size=1, max_size=40)


@given(SIZES, st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]))
def test_quantiles_agree_with_numpy_and_exact_fractions(values: list[int], share: Fraction) -> None:
    """Type 7 of Hyndman and Fan: numpy's default, and the same in exact numbers."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    whole = int(at)
    exact = ordered[whole] + (ordered[min(whole + 1, len(ordered) - 1)] - ordered[whole]) * (at - whole)
    found = quantile([float(value) for value in ordered], float(share))
    assert isclose(found, float(exact), rel_tol=1e-12)
    assert isclose(found, float(np.quantile(np.array(values, dtype=float), float(share))), rel_tol=1e-12)


@given(st.lists(st.integers(1, 10**10), min_size=2, max_size=40))
def test_a_spread_agrees_with_the_standard_library(values: list[int]) -> None:
    """Median and quartiles of trials with one dose each; the range and the trials are theirs, lowest first."""
    cards = [card(f"T{n:03}", routes=("intravenous",), doses=(dose(float(value)),)) for n, value in enumerate(values)]
    spread = landscape(cards).rows[0].spreads[0]
    lower, middle, upper = statistics.quantiles(map(float, values), n=4, method="inclusive")
    assert isclose(spread.median, statistics.median(values), rel_tol=1e-12)
    assert all(
        isclose(a, b, rel_tol=1e-12) for a, b in ((spread.lower, lower), (spread.median, middle), (spread.upper, upper))
    )
    assert (spread.least, spread.most) == (min(values), max(values))
    assert [values[int(name[1:])] for name in spread.ids] == sorted(values)


@given(SIZES)
def test_half_lie_on_either_side(values: list[int]) -> None:
    """At most half of the trials lie below the median, and at most half above."""
    ordered = sorted(map(float, values))
    middle = quantile(ordered, 0.5)
    assert bisect_left(ordered, middle) <= len(ordered) / 2
    assert len(ordered) - bisect_right(ordered, middle) <= len(ordered) / 2


# ---------------------------------------------------------------- a published number

RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "registry" / "msc_v2_converted.jsonl.gz"
INTO_VEIN = re.compile(rb"intra-?venous|\bi\.v\.|\bIV\b|peripheral vein|by vein", re.IGNORECASE)
YEAR = re.compile(rb'"studyFirstPostDateStruct": *\{"date": *"(\d{4})')


def test_the_median_into_a_vein_is_that_of_the_published_review() -> None:
    """Trials registered by 2018, whichever of their doses is taken: 1e8 cells at 70 kg, within a tenth."""
    if not RECORDS.exists():
        pytest.skip("needs ../shared/data/registry")
    with gzip.open(RECORDS, "rb") as lines:
        likely = [line for line in lines if INTO_VEIN.search(line) and _year(line) <= KABAT.until]
    found = beside([card_of(registries.parse(line, "msc.jsonl")) for line in likely], KABAT.until)
    assert found.dosed > 100
    assert found.median == pytest.approx(KABAT.median, rel=0.1)
    assert found.highest == pytest.approx(KABAT.median, rel=0.15)


def _year(line: bytes) -> int:
    posted = YEAR.search(line)
    return int(posted[1]) if posted else 9999
