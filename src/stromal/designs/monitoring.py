"""Safety monitoring: after each person, how many events stop the trial, and what that does, exactly.

Takes a kind of boundary with its numbers; gives the Boundary and its operating characteristics. Boundaries are
calibrated on the finite set of values that their statistic can take, so that no search tolerance enters.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

from scipy.stats import beta as beta_law
from scipy.stats import binom

Statistic = Callable[[int, int], float]
"""(people, events) -> how strongly they speak against the limit; more events speak more strongly."""


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
            raise ValueError("both numbers of a Beta prior are above 0")


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


def _statistic(kind: Kind, limit: float, people: int) -> Statistic:
    match kind:
        case Pocock():
            return lambda n, y: float(binom.cdf(y - 1, n, limit))
        case WangTsiatis(shape):
            spread = limit * (1 - limit)
            return lambda n, y: (y - n * limit) / math.sqrt(n * spread) * (n / people) ** (0.5 - shape)
        case BetaBinomial(alpha, beta):
            return lambda n, y: float(beta_law.sf(limit, alpha + y, beta + n - y)) if beta + n > y else 1.0
        case Sprt(worse):
            if worse <= limit:
                raise ValueError(f"the worse rate {worse:g} is above the limit {limit:g}")
            up, down = math.log(worse / limit), math.log((1 - worse) / (1 - limit))
            return lambda n, y: y * up + (n - y) * down
        case _:
            assert_never(kind)


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


@dataclass(frozen=True, slots=True)
class Monitored:
    """What a boundary does under a true rate: probability of stopping, expected people and events (exact)."""

    rate: float
    stopped: float
    people: float
    events: float
    by_people: tuple[float, ...]


def boundary(kind: Kind, limit: float, people: int, level: float) -> Boundary:
    """The boundary of a kind that stops with probability at most `level` while the rate is `limit`.

    The smallest critical value is taken that keeps the level; stopping asks for more than it. ValueError where a
    number cannot be.
    """
    if not 0 < limit < 1 or not 0 < level < 1:
        raise ValueError("the limit and the level are probabilities between 0 and 1")
    if people < 1:
        raise ValueError(f"a trial has one person or more, not {people}")
    statistic = _statistic(kind, limit, people)
    table = [[round(statistic(n, y), _DIGITS) for y in range(people + 2)] for n in range(1, people + 1)]
    values = sorted({value for n, row in enumerate(table, 1) for value in row[: n + 1]})
    place = bisect_left(values, True, key=partial(_keeps, table, limit, level))
    critical = values[min(place, len(values) - 1)]
    return Boundary(_stops(table, critical), limit, critical)


def _stops(table: list[list[float]], critical: float) -> tuple[int, ...]:
    """For each number of people the fewest events whose statistic lies above the critical value.

    The statistic goes on beyond the number of people: such a count cannot be reached yet, and stops nobody.
    """
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
