"""Boundaries in pure Python: the incomplete beta function and binomial sums against scipy, names and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import binom

from stromal.rules import boundaries as b

_NUMBERS = st.floats(0.01, 3) | st.floats(0.5, 300)


@given(st.floats(0, 1), _NUMBERS, _NUMBERS)
def test_the_incomplete_beta_function(x: float, alpha: float, beta: float) -> None:
    """To 1e-12 as scipy has it, for whole and broken numbers."""
    assert b.beta_below(x, alpha, beta) == pytest.approx(betainc(alpha, beta, x), abs=1e-12)


@given(st.integers(1, 200), st.floats(0.001, 0.999))
def test_binomial_sums(n: int, rate: float) -> None:
    """To 1e-12 as scipy has them."""
    assert b.binomial_sums(n, rate) == pytest.approx(list(binom.cdf(range(n + 1), n, rate)), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "numbers", "kind"),
    [
        ("pocock", {}, b.Pocock()),
        ("obrien-fleming", {}, b.WangTsiatis(0.0)),
        ("wang-tsiatis", {"shape": 0.25}, b.WangTsiatis(0.25)),
        ("beta-binomial", {"alpha": 1, "beta": 4.5}, b.BetaBinomial(1, 4.5)),
        ("sprt", {"worse": 0.3}, b.Sprt(0.3)),
    ],
)
def test_names(name: str, numbers: dict[str, float], kind: b.Kind) -> None:
    """Each name of a boundary, with the numbers it takes."""
    assert b.named(name, numbers) == kind


@pytest.mark.parametrize("wrong", [{}, {"worse": True}, {"worse": "much"}])
def test_a_number_that_is_missing(wrong: dict[str, float | bool | str]) -> None:
    """A boundary without its number cannot be made."""
    with pytest.raises(ValueError, match="needs worse"):
        b.named("sprt", wrong)


def test_people_after_the_last_look() -> None:
    """After the last person looked at, the number of the last look goes on to count."""
    found = b.boundary(b.Pocock(), 0.15, 20, 0.05)
    assert [found.stops(n) for n in (1, 20, 21, 40)] == [
        found.stop_at[0], found.stop_at[-1], found.stop_at[-1], found.stop_at[-1],
    ]  # fmt: skip
    assert list(found.stop_at) == sorted(found.stop_at), "more people never make fewer events stop"
