"""The statistics of small trials: plain numbers in, estimates with exact or small-sample intervals and p-values out.

Each function is one formula with its source, knows nothing of trials, and is computed a second time, independently,
in `tests/double`. `tables` and `models` call them (steps 8 and 9 of the walk).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import special

LEVEL = 0.95
"""The two-sided confidence level used wherever nobody asks for another."""
MOST_ENUMERATED = 20
"""Up to this many values every sign flip is tried; beyond it a keyed sample of them is drawn."""
DRAWS = 100_000
"""How many sign flips are drawn when they are too many to try."""
_TIE = 1e-9
"""Two sums closer than this part of their size are the same sum, told apart only by rounding."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval and its level."""

    low: float
    high: float
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Description:
    """A sample described. `sd` (divisor n - 1) is None for a single value; all but `n` are None for none."""

    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SignFlip:
    """A sign-flip test: its two-sided p, the smallest p these values could reach, and how many flips were tried."""

    p: float
    smallest: float
    flips: int
    exact: bool


def describe(values: Sequence[float]) -> Description:
    """Count, mean, SD (divisor n - 1), median and range of `values`, in their unit. None where n is too small."""
    if not values:
        return Description(0)
    mean = math.fsum(values) / len(values)
    return Description(len(values), mean, deviation(values), median(values), min(values), max(values))


def deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation (divisor n - 1), in the unit of `values`; None for fewer than two."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def clopper_pearson(events: int, people: int, level: float = LEVEL) -> Interval:
    """The exact two-sided interval of a proportion: `events` of `people`, both counts; limits between 0 and 1.

    Each limit is a quantile of a beta distribution, so 0 of n is always bounded above: 0 of 6 by 0.459.
    ValueError when nobody was observed, or events are fewer than none or more than people.
    Source: Clopper and Pearson, Biometrika 26:404 (1934); Brown, Cai and DasGupta, Stat Sci 16:101 (2001), eq. 10.
    """
    if people < 1 or not 0 <= events <= people:
        raise ValueError(f"{events} of {people} is no proportion; at least one person must have been observed")
    tail = (1 - level) / 2
    low = float(special.betaincinv(events, people - events + 1, tail)) if events else 0.0
    high = float(special.betaincinv(events + 1, people - events, 1 - tail)) if events < people else 1.0
    return Interval(low, high, level)


def t_interval(mean: float, error: float, freedom: float, level: float = LEVEL) -> Interval:
    """Mean plus and minus the t quantile times its standard error, on `freedom` degrees; all in the mean's unit.

    ValueError when the degrees of freedom are not above zero or the error is negative.
    Source: Student, Biometrika 6:1 (1908).
    """
    _checked(error, freedom)
    reach = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    return Interval(mean - reach, mean + reach, level)


def t_p_value(mean: float, error: float, freedom: float) -> float | None:
    """The two-sided p of a mean of zero, by t on `freedom` degrees; None where the error is 0 and t has no value.

    ValueError as for `t_interval`. Source: Student, Biometrika 6:1 (1908).
    """
    _checked(error, freedom)
    if error == 0:
        return None
    return float(2 * special.stdtr(freedom, -abs(mean / error)))


def _checked(error: float, freedom: float) -> None:
    if freedom <= 0 or error < 0:
        raise ValueError(f"t needs degrees of freedom above 0 and an error of at least 0, not {freedom} and {error}")


def sign_flip(values: Sequence[float], seed: int = 0, keys: Sequence[str] = ()) -> SignFlip:
    """The two-sided permutation p that paired differences are symmetric about zero, from the size of their sum.

    `values` are n differences in any one unit. Up to 20 of them all 2^n sign patterns are tried and p is exact.
    Beyond, 100,000 patterns are drawn by hashing `seed` with each value's key (its place when `keys` is empty), and
    p = (1 + as large) / (1 + drawn), so it is never 0 and does not depend on the order of the values.
    `smallest` is the p that the most lopsided pattern would have. ValueError when there are no values.
    Source: Fisher, The Design of Experiments (1935), section 21; Phipson and Smyth, SAGMB 9:39 (2010).
    """
    if not values:
        raise ValueError("a sign-flip test needs at least one difference")
    names = keys or tuple(str(place) for place in range(len(values)))
    if len(names) != len(values):
        raise ValueError(f"{len(values)} values need as many keys, not {len(names)}")
    moving = [abs(value) for value in values if value]
    if not moving:
        return SignFlip(1.0, 1.0, 1, exact=True)
    observed, smallest = abs(math.fsum(values)), 2.0 ** (1 - len(moving))
    exact = len(values) <= MOST_ENUMERATED
    sums = _every_sum(values) if exact else _drawn_sums(values, names, seed)
    large = int(np.count_nonzero(np.abs(sums) >= observed - _TIE * math.fsum(moving)))
    if exact:
        return SignFlip(large / len(sums), smallest, 2 ** len(values), exact=True)
    return SignFlip((1 + large) / (1 + len(sums)), max(smallest, 1 / (1 + len(sums))), len(sums), exact=False)


def _every_sum(values: Sequence[float]) -> NDArray[np.float64]:
    """The sums of all sign patterns whose first sign is plus; the other half mirrors them and changes no p."""
    sums = np.array([values[0]], dtype=np.float64)
    for value in values[1:]:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _drawn_sums(values: Sequence[float], names: Sequence[str], seed: int) -> NDArray[np.float64]:
    """Sums under drawn signs, one hash a value: neither order nor company changes the signs a value gets."""
    sums = np.zeros(DRAWS, dtype=np.float64)
    for name, value in sorted(zip(names, values, strict=True)):
        bits = hashlib.shake_256(f"sign flip|{seed}|{name}".encode()).digest(DRAWS // 8)
        signs = np.unpackbits(np.frombuffer(bits, dtype=np.uint8)).astype(np.float64) * 2 - 1
        sums += signs * value
    return sums
