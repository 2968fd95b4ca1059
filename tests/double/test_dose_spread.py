"""Medians and quartiles of the landscape of doses, computed a second and a third way."""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from fractions import Fraction
from math import isclose

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cards import card, dose
from stromal.catalogue.doses import landscape, quantile

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
