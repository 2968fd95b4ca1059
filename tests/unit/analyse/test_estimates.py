"""The statistics of small trials: what they promise at their edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.analyse.estimates import (
    DRAWS,
    Description,
    clopper_pearson,
    describe,
    sign_flip,
    t_interval,
    t_p_value,
)


def test_none_of_six_is_bounded_by_46_percent() -> None:
    """Nobody harmed of six people leaves up to 45.9 %, of twenty up to 16.8 %."""
    assert clopper_pearson(0, 6).low == 0
    assert round(100 * clopper_pearson(0, 6).high, 1) == 45.9
    assert round(100 * clopper_pearson(0, 20).high, 1) == 16.8
    assert clopper_pearson(6, 6).high == 1
    assert round(clopper_pearson(6, 6).low, 3) == 0.541


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_estimate_and_mirrors(counts: tuple[int, int]) -> None:
    """The limits lie about x/n, inside 0 and 1, and those of n - x are their mirror image."""
    x, n = counts
    here, there = clopper_pearson(x, n), clopper_pearson(n - x, n)
    assert 0 <= here.low <= x / n <= here.high <= 1
    assert math.isclose(here.low, 1 - there.high, abs_tol=1e-12)


@given(st.integers(0, 40), st.floats(0.5, 0.99))
def test_a_higher_level_gives_a_wider_interval(x: int, level: float) -> None:
    """An interval at a lower level lies inside one at a higher."""
    inner, outer = clopper_pearson(x, 40, level), clopper_pearson(x, 40, (1 + level) / 2)
    assert outer.low <= inner.low <= inner.high <= outer.high
    assert inner.level == level


@pytest.mark.parametrize(("x", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(x: int, n: int) -> None:
    """Nobody observed, or more events than people, is no proportion."""
    with pytest.raises(ValueError, match="is no proportion"):
        clopper_pearson(x, n)


def test_a_description_of_too_few_says_what_it_cannot_know() -> None:
    """No value has nothing but its count; one value has no deviation."""
    assert describe([]) == Description(0)
    assert describe([2.0]) == Description(1, 2.0, None, 2.0, 2.0, 2.0)
    assert describe([1.0, 2.0, 6.0]) == Description(3, 3.0, math.sqrt(7), 2.0, 1.0, 6.0)


@pytest.mark.parametrize(("error", "freedom"), [(1.0, 0), (1.0, -1), (-0.1, 3)])
def test_t_needs_degrees_of_freedom_and_an_error(error: float, freedom: float) -> None:
    """Neither the interval nor the p is worked out from nothing."""
    for function in (t_interval, t_p_value):
        with pytest.raises(ValueError, match="degrees of freedom above 0"):
            function(1.0, error, freedom)


def test_equal_values_leave_t_without_a_p() -> None:
    """An error of zero makes t infinite or nothing at all: no p is given, and the interval is a point."""
    assert t_p_value(1.0, 0.0, 3) is None
    assert t_interval(1.0, 0.0, 3).low == t_interval(1.0, 0.0, 3).high == 1.0


def test_five_people_cannot_reach_five_percent() -> None:
    """The most lopsided result of five people has p = 0.0625, and the test says so."""
    flip = sign_flip([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (flip.p, flip.smallest, flip.flips, flip.exact) == (0.0625, 0.0625, 32, True)


def test_zeros_make_the_smallest_p_larger() -> None:
    """A difference of zero cannot be flipped, so it does not help."""
    assert sign_flip([1.0, 2.0, 3.0, 0.0, 0.0]).smallest == 0.25
    assert sign_flip([0.0, 0.0]).p == 1.0


def test_rounding_does_not_break_ties() -> None:
    """0.1 + 0.2 and 0.3 count as equal sums."""
    assert sign_flip([0.1, 0.2, -0.3]).p == 1.0


def test_a_drawn_test_depends_on_seed_and_keys_but_not_on_order() -> None:
    """Beyond twenty values the signs are drawn by key: the same people in any order give the same p."""
    values = [0.3 + 0.1 * math.sin(place) - 0.25 * (place % 3) for place in range(25)]
    keys = [f"P{place}" for place in range(25)]
    here = sign_flip(values, 7, keys)
    assert here == sign_flip(values[::-1], 7, keys[::-1])
    assert here.p != sign_flip(values, 8, keys).p
    assert (here.flips, here.exact) == (DRAWS, False)
    assert here.smallest == pytest.approx(1 / (DRAWS + 1))


def test_a_drawn_p_is_never_zero() -> None:
    """The observed pattern counts among those drawn."""
    assert sign_flip([1.0] * 40).p == pytest.approx(1 / (DRAWS + 1))


def test_a_drawn_p_lies_by_the_exact_one() -> None:
    """With one value too many, of no weight, the drawn p is within Monte Carlo error of the exact one."""
    values = [1.0, 0.5, -0.4, 2.0, 0.7, -0.1, 1.1, 0.9, -0.6, 0.2] * 2
    exact, drawn = sign_flip(values).p, sign_flip([*values, 0.0]).p
    assert abs(exact - drawn) < 4 * math.sqrt(exact * (1 - exact) / DRAWS)


def test_a_sign_flip_needs_values_and_a_key_for_each() -> None:
    """No values, or keys that do not match, are refused."""
    with pytest.raises(ValueError, match="at least one difference"):
        sign_flip([])
    with pytest.raises(ValueError, match="2 values need as many keys, not 1"):
        sign_flip([1.0, 2.0], keys=["a"])
