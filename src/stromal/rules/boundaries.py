"""Boundaries of safety monitoring: after each person, how many events stop the trial.

Takes a kind of boundary with its numbers; gives the Boundary, and what it does under a true rate. Boundaries are
calibrated on the finite set of values that their statistic can take, so that no search tolerance enters. The desk holds
a trial by them (step 6 of the walk), a statistician compares them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from typing import TypeAlias, assert_never

from stromal.protocol.designs import BOUNDARIES, Number
from stromal.protocol.model import Boundary as Named


@dataclass(frozen=True, slots=True)
class Pocock:
    """The same exact binomial p-value at each look."""


@dataclass(frozen=True, slots=True)
class WangTsiatis:
    """The same shape for z: c (n / N) ** (shape - 1/2). Shape 0 is O'Brien and Fleming's, 1/2 is Pocock's."""

    shape: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.shape <= 0.5:
            raise ValueError(f"the shape lies between 0 (O'Brien-Fleming) and 0.5 (Pocock), not {self.shape:g}")


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """The posterior probability that the rate is above the limit, under a Beta(alpha, beta) prior (Geller 2003)."""

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if min(self.alpha, self.beta) <= 0:
            raise ValueError(f"both numbers of a Beta prior are above 0, not {self.alpha:g} and {self.beta:g}")


@dataclass(frozen=True, slots=True)
class Sprt:
    """Wald's sequential probability ratio of a worse rate against the limit (Goldman 1987)."""

    worse: float

    def __post_init__(self) -> None:
        if not 0 < self.worse < 1:
            raise ValueError(f"the worse rate is a probability between 0 and 1, not {self.worse:g}")


Kind: TypeAlias = Pocock | WangTsiatis | BetaBinomial | Sprt

_DIGITS = 11
"""Statistics that are equal in exact arithmetic are equal after rounding to this many digits."""


def named(name: str, numbers: Mapping[str, Number]) -> Kind:
    """The kind of boundary of that name with these numbers. ValueError says which number is missing or cannot be."""
    given = []
    for number in BOUNDARIES[name].takes:
        value = numbers.get(number)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"the boundary {name} needs {' and '.join(BOUNDARIES[name].takes)}")
        given.append(float(value))
    match name:
        case "pocock":
            return Pocock()
        case "obrien-fleming":
            return WangTsiatis(0.0)
        case "wang-tsiatis":
            return WangTsiatis(*given)
        case "beta-binomial":
            return BetaBinomial(*given)
    return Sprt(*given)


# ---------------------------------------------------------------- statistics


def _row(kind: Kind, limit: float, people: int, n: int) -> list[float]:
    """How strongly 0, 1, ... people + 1 events among n speak against the limit; more speak more strongly.

    The statistic goes on beyond n: such a count cannot be reached yet, and stops nobody.
    """
    counts = range(people + 2)
    match kind:
        case Pocock():
            return [0.0, *binomial_sums(n, limit), *([1.0] * (people - n))]
        case WangTsiatis(shape):
            spread = math.sqrt(n * limit * (1 - limit)) / (n / people) ** (0.5 - shape)
            return [(y - n * limit) / spread for y in counts]
        case BetaBinomial(alpha, beta):
            return [1 - beta_below(limit, alpha + y, beta + n - y) if beta + n > y else 1.0 for y in counts]
        case Sprt(worse):
            if worse <= limit:
                raise ValueError(f"the worse rate {worse:g} is above the limit {limit:g}")
            up, down = math.log(worse / limit), math.log((1 - worse) / (1 - limit))
            return [y * up + (n - y) * down for y in counts]
        case _:
            assert_never(kind)


def binomial_sums(n: int, rate: float) -> list[float]:
    """P(Binomial(n, rate) <= y) for y = 0 .. n."""
    masses = (math.comb(n, y) * rate**y * (1 - rate) ** (n - y) for y in range(n + 1))
    return [min(1.0, total) for total in accumulate(masses)]


_FRACTIONS, _TINY = 10_000, 1e-300
"""More terms than the continued fraction needs for any number of people; what stands for nothing in it."""


def beta_below(x: float, alpha: float, beta: float) -> float:
    """P(p <= x) for p ~ Beta(alpha, beta): the regularised incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(
        math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
        + alpha * math.log(x) + beta * math.log1p(-x)
    )  # fmt: skip
    if x < (alpha + 1) / (alpha + beta + 2):
        return front * _continued(x, alpha, beta) / alpha
    return 1 - front * _continued(1 - x, beta, alpha) / beta


def _continued(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method."""
    c, d = 1.0, 1 / _not_nothing(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _FRACTIONS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for term in (even, odd):
            d = 1 / _not_nothing(1 + term * d)
            c = _not_nothing(1 + term / c)
            value *= c * d
        if abs(value - before) <= 1e-16 * abs(value):
            break
    return value


def _not_nothing(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


# ---------------------------------------------------------------- boundaries


@dataclass(frozen=True, slots=True)
class Boundary:
    """Stop after the n-th person when at least `stop_at[n - 1]` had an event; a count above n stops nobody yet."""

    stop_at: tuple[int, ...]
    limit: float
    critical: float

    @property
    def people(self) -> int:
        """How many people at most."""
        return len(self.stop_at)

    def stops(self, people: int) -> int:
        """How many events stop after so many people; the last look counts for everybody after it."""
        return self.stop_at[min(people, self.people) - 1]


@dataclass(frozen=True, slots=True)
class Monitored:
    """What a boundary does under a true rate: probability of stopping, expected people and events (exact)."""

    rate: float
    stopped: float
    people: float
    events: float
    by_people: tuple[float, ...]


def bounded(named_by: Named) -> Boundary:
    """The boundary that a hold of a protocol names. ValueError where there is no such one."""
    numbers = dict(named_by.numbers)
    given = (numbers.get(name) for name in ("limit", "people", "level"))
    limit, people, level = (float(each) if isinstance(each, int | float) else 0.0 for each in given)
    return boundary(named(named_by.kind, numbers), limit, int(people), level)


MOST_PEOPLE = 1_000
"""Beyond it binomial numbers leave what doubles can hold, and nobody monitors after each person."""


@lru_cache(maxsize=64)
def boundary(kind: Kind, limit: float, people: int, level: float) -> Boundary:
    """The boundary of a kind that stops with probability at most `level` while the rate is `limit`.

    The smallest critical value is taken that keeps the level; stopping asks for more than it. ValueError where a
    number cannot be.
    """
    if not 0 < limit < 1 or not 0 < level < 1:
        raise ValueError(f"the limit and the level are probabilities between 0 and 1, not {limit:g} and {level:g}")
    if people < 1:
        raise ValueError(f"a trial has one person or more, not {people}")
    if people > MOST_PEOPLE:
        raise ValueError(f"a boundary is worked out for at most {MOST_PEOPLE:,} people, not {people:,}")
    table = [[round(value, _DIGITS) for value in _row(kind, limit, people, n)] for n in range(1, people + 1)]
    values = sorted({value for n, row in enumerate(table, 1) for value in row[: n + 1]})
    place = bisect_left(values, True, key=partial(_keeps, table, limit, level))
    critical = values[min(place, len(values) - 1)]
    return Boundary(_stops(table, critical), limit, critical)


def _stops(table: list[list[float]], critical: float) -> tuple[int, ...]:
    """For each number of people the fewest events whose statistic lies above the critical value."""
    return tuple(next((y for y, value in enumerate(row) if value > critical), len(row)) for row in table)


def _keeps(table: list[list[float]], limit: float, level: float, critical: float) -> bool:
    return monitored(Boundary(_stops(table, critical), limit, critical), limit).stopped <= level


def monitored(found: Boundary, rate: float) -> Monitored:
    """What the boundary does under a true rate, by adding up every path. ValueError where the rate is none."""
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate of {rate:g} is no probability")
    going, stopped, people, events = {0: 1.0}, 0.0, 0.0, 0.0
    by_people = []
    for number, stop in enumerate(found.stop_at, 1):
        following: dict[int, float] = {}
        now = 0.0
        for count, mass in going.items():
            for harmed, share in ((0, 1 - rate), (1, rate)):
                if count + harmed >= stop:
                    now += mass * share
                    events += (count + harmed) * mass * share
                else:
                    following[count + harmed] = following.get(count + harmed, 0.0) + mass * share
        stopped += now
        people += number * now
        by_people.append(now)
        going = following
    people += found.people * math.fsum(going.values())
    events += math.fsum(count * mass for count, mass in going.items())
    return Monitored(rate, stopped, people, events, tuple(by_people))
