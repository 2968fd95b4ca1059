"""Boundaries in pure Python: the incomplete beta function and binomial sums against scipy, names and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import binom

from stromal.rules import boundaries as b

_NUMBERS = st.floats(0.01, 3) | st.floats(0.5, 300)


@given(st.floats(1e-9, 1) | st.just(0.0), _NUMBERS, _NUMBERS)
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


KINDS = (b.Pocock(), b.WangTsiatis(), b.WangTsiatis(0.3), b.BetaBinomial(0.4, 1.6), b.Sprt(0.5))


@pytest.mark.parametrize("kind", KINDS)
def test_a_boundary_keeps_its_level_and_no_lower_one_does(kind: b.Kind) -> None:
    """The chance of stopping at the limit is at most the level; one event fewer at any look that can be reached breaks
    the order of the statistic or the level.
    """
    found = b.boundary(kind, 0.2, 12, 0.1)
    exact = b.monitored(found, 0.2)
    assert 0 < exact.stopped <= 0.1
    assert b.monitored(found, 0.5).stopped > exact.stopped
    assert list(found.stop_at) == sorted(found.stop_at)
    lower = tuple(max(1, each - 1) for each in found.stop_at)
    assert b.monitored(b.Boundary(lower, 0.2, 0.0), 0.2).stopped > 0.1


@pytest.mark.parametrize(
    ("kind", "limit", "people", "level", "words"),
    [
        (b.Pocock(), 0.0, 10, 0.05, "probabilities"),
        (b.Pocock(), 0.2, 0, 0.05, "one person"),
        (b.Sprt(0.1), 0.2, 10, 0.05, "above the limit"),
    ],
)
def test_what_cannot_be(kind: b.Kind, limit: float, people: int, level: float, words: str) -> None:
    """Limits and levels are probabilities, somebody takes part, and a worse rate is worse."""
    with pytest.raises(ValueError, match=words):
        b.boundary(kind, limit, people, level)


def test_kinds_refuse_their_own_numbers() -> None:
    """Shapes, priors, worse rates and true rates out of range."""
    for wrong in (lambda: b.WangTsiatis(0.7), lambda: b.BetaBinomial(0, 1), lambda: b.Sprt(1.0)):
        with pytest.raises(ValueError, match=r"lies|above 0|between"):
            wrong()
    with pytest.raises(ValueError, match="no probability"):
        b.monitored(b.boundary(b.Pocock(), 0.2, 5, 0.05), 1.1)
