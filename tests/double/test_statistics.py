"""Statistics computed a second time, by other means, and against numbers that others printed."""

from __future__ import annotations

import csv
import itertools
import math
import statistics
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stromal.analyse.estimates import clopper_pearson, describe, sign_flip, t_interval, t_p_value
from stromal.rules.bounds import least_squares

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "stats"
_ABSENT = "the reference tables do not lie beside this checkout"


def reference(name: str) -> list[dict[str, str]]:
    """The rows of a reference table; the test is skipped where the tables are absent."""
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(_ABSENT)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_exact_intervals_agree_with_r_on_every_row() -> None:
    """All 503 rows that R printed, both limits."""
    rows = reference("binomial_ci_R.csv")
    assert len(rows) == 503
    for row in rows:
        interval = clopper_pearson(int(row["x"]), int(row["n"]))
        assert interval.low == pytest.approx(float(row["cp95_lo"]), abs=1e-9), row
        assert interval.high == pytest.approx(float(row["cp95_hi"]), abs=1e-9), row


def _tail(x: int, n: int, p: Fraction) -> Fraction:
    """The exact probability of at most x events of n."""
    return sum((math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x + 1)), Fraction(0))


@pytest.mark.parametrize(("x", "n"), [(0, 6), (1, 6), (3, 20), (19, 20), (7, 13)])
def test_exact_limits_leave_the_tails_they_promise(x: int, n: int) -> None:
    """At the limits the binomial tails, added up in exact fractions, are 2.5 %."""
    interval = clopper_pearson(x, n)
    assert float(_tail(x, n, Fraction(interval.high))) == pytest.approx(0.025, rel=1e-9)
    if x:
        assert float(1 - _tail(x - 1, n, Fraction(interval.low))) == pytest.approx(0.025, rel=1e-9)


_VALUES = st.lists(st.floats(-50, 50).map(lambda value: round(value, 3)), min_size=3, max_size=30)


@given(_VALUES)
def test_t_agrees_with_scipys_own_test(values: list[float]) -> None:
    """Interval and p are those of scipy's one-sample t-test."""
    told = describe(values)
    assert told.mean is not None
    assert told.sd is not None
    assert told.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert told.sd == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-12)
    if told.sd < 1e-6:
        return
    error, peer = told.sd / math.sqrt(told.n), stats.ttest_1samp(values, 0.0)
    limits, mine = peer.confidence_interval(0.95), t_interval(told.mean, error, told.n - 1)
    assert mine.low == pytest.approx(limits.low, rel=1e-9, abs=1e-9)
    assert mine.high == pytest.approx(limits.high, rel=1e-9, abs=1e-9)
    assert t_p_value(told.mean, error, told.n - 1) == pytest.approx(peer.pvalue, rel=1e-7, abs=1e-12)


@settings(max_examples=60)
@given(st.lists(st.integers(-40, 40).map(lambda value: value / 8), min_size=1, max_size=8))
def test_sign_flips_agree_with_trying_all_by_hand(values: list[float]) -> None:
    """Every pattern of plus and minus, one after another, in exact eighths."""
    observed = abs(sum(values))
    sums = [abs(sum(s * v for s, v in zip(signs, values, strict=True)))
            for signs in itertools.product((1, -1), repeat=len(values))]  # fmt: skip
    mine = sign_flip(values)
    assert mine.p == sum(each >= observed for each in sums) / len(sums)
    assert mine.smallest == sum(each == max(sums) for each in sums) / len(sums)


def test_sign_flips_agree_with_scipys_permutation_test() -> None:
    """scipy's own exact test of paired samples gives the same p for twelve differences."""
    values = [0.31, -0.12, 0.44, 0.08, 0.52, -0.27, 0.19, 0.36, -0.05, 0.41, 0.23, -0.16]

    def mean(sample: Sequence[float], axis: int) -> object:
        return np.mean(sample, axis=axis)

    peer = stats.permutation_test((values,), mean, permutation_type="samples", n_resamples=np.inf, vectorized=True)
    assert sign_flip(values).p == pytest.approx(peer.pvalue, abs=1e-12)


_POINTS = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 480)), min_size=2, max_size=25, unique_by=lambda p: p[0]
)


@given(_POINTS)
def test_slopes_agree_with_numpy_and_the_normal_equations(points: list[tuple[int, int]]) -> None:
    """A person's slope by exact fractions, by numpy's polynomial fit, and by solving the normal equations."""
    mine = float(least_squares([(Fraction(x), Fraction(y, 10)) for x, y in points]))
    x, y = np.array([p[0] for p in points], float), np.array([p[1] / 10 for p in points])
    assert mine == pytest.approx(float(np.polyfit(x, y, 1)[0]), rel=1e-6, abs=1e-9)
    matrix = np.column_stack([np.ones_like(x), x])
    solved = np.linalg.solve(matrix.T @ matrix, matrix.T @ y)
    assert mine == pytest.approx(float(solved[1]), rel=1e-6, abs=1e-8)


def test_a_monthly_slope_is_per_mean_calendar_month() -> None:
    """A loss of one point every 30.4375 days is one point a month."""
    start = date(2020, 1, 1)
    days = [start + timedelta(days=step) for step in (0, 487)]
    points = [(Fraction(day.toordinal()) / Fraction("30.4375"), Fraction(40 - 16 * at)) for at, day in enumerate(days)]
    assert float(least_squares(points)) == pytest.approx(-1.0, rel=1e-12)


# ---------------------------------------------------------------- a published table


def _recomputed(row: dict[str, str]) -> tuple[float, float, float, float]:
    """Difference of two means, its standard error with one variance for both, and the 95 % interval."""
    n, m = int(row["n_msc"]), int(row["n_ctl"])
    first, second = float(row["sd_msc"]), float(row["sd_ctl"])
    difference = float(row["mean_msc"]) - float(row["mean_ctl"])
    pooled = math.sqrt(((n - 1) * first**2 + (m - 1) * second**2) / (n + m - 2))
    error = pooled * math.sqrt(1 / n + 1 / m)
    interval = t_interval(difference, error, n + m - 2)
    return difference, error, interval.low, interval.high


def test_the_published_table_of_oh_2018_is_right_but_for_its_two_misprints() -> None:
    """Recomputing Table 3 of Oh et al. 2018 (NCT01363401) finds one wrong difference and one wrong standard error."""
    found: list[tuple[str, str, float]] = []
    for row in reference("oh2018_NCT01363401_table3.csv"):
        difference, error, _, _ = _recomputed(row)
        for name, mine, printed in (("difference", difference, row["diff_pub"]), ("error", error, row["se_pub"])):
            # With two printed decimals a difference is known to a hundredth and a half, an error to one percent more.
            if abs(mine - float(printed)) > 0.0151 + 0.01 * (name == "error") * error:
                found.append((row["row"], name, round(mine, 2)))
    assert found == [
        ("AALS score change baseline to 4 months", "difference", -7.52),
        ("SF-36 change baseline to 4 months", "error", 3.25),
    ]


def test_the_printed_intervals_of_oh_2018_follow_from_its_means() -> None:
    """Every printed interval is the t interval of the means, but for rounding, wherever the row has no misprint."""
    for row in reference("oh2018_NCT01363401_table3.csv"):
        if row["row"].startswith("AALS score"):
            continue
        _, _, low, high = _recomputed(row)
        assert low == pytest.approx(float(row["ci_lo_pub"]), abs=0.03), row["row"]
        assert high == pytest.approx(float(row["ci_hi_pub"]), abs=0.03), row["row"]


def test_the_printed_p_values_of_oh_2018_follow_from_its_means() -> None:
    """The t-test on the printed means gives the printed p, also where the printed error is wrong."""
    for row in reference("oh2018_NCT01363401_table3.csv"):
        difference, error, _, _ = _recomputed(row)
        p = t_p_value(difference, error, int(row["n_msc"]) + int(row["n_ctl"]) - 2)
        assert p is not None
        if row["row"].startswith("AALS score"):
            continue
        printed = row["p_pub"]
        assert (p < 0.001) if printed.startswith("<") else abs(p - float(printed)) < 0.006, (row["row"], p)
