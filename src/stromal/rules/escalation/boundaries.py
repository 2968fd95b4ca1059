"""Decision boundaries of interval designs: up, stay or down for y toxicities among n people.

Takes a design and n; gives the counts at which it rises, falls or closes a dose. Pure and exact up to rounding of
doubles: posteriors with whole-numbered Beta parameters are binomial sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from stromal.rules.escalation.designs import Boin, IThreePlusThree, Mtpi2


def beta_above(limit: float, alpha: int, beta: int) -> float:
    """P(p > limit) for p ~ Beta(alpha, beta) with whole parameters: P(Binomial(alpha + beta - 1, limit) < alpha)."""
    trials = alpha + beta - 1
    return math.fsum(
        math.comb(trials, count) * limit**count * (1 - limit) ** (trials - count) for count in range(alpha)
    )


@dataclass(frozen=True, slots=True)
class Bounds:
    """For n people: rise at `up` toxicities or fewer, fall at `down` or more, close the dose at `close` or more.

    `up` is -1 where nothing lets it rise; `down` and `close` are n + 1 where nothing makes it fall or close.
    """

    up: int
    down: int
    close: int


@cache
def closing(people: int, target: float, cutoff: float, least: int = 3) -> int:
    """The fewest toxicities among n at which P(p > target) > cutoff under a Beta(1, 1) prior; n + 1 if none."""
    if people < least:
        return people + 1
    found = (y for y in range(1, people + 1) if beta_above(target, y + 1, people - y + 1) > cutoff)
    return next(found, people + 1)


def boin_limits(design: Boin) -> tuple[float, float]:
    """The rates at which BOIN rises and falls (Liu and Yuan 2015, equations 1 and 2)."""
    target, safe, toxic = design.target, design.safe, design.toxic
    rise = math.log((1 - safe) / (1 - target)) / math.log(target * (1 - safe) / (safe * (1 - target)))
    fall = math.log((1 - target) / (1 - toxic)) / math.log(toxic * (1 - target) / (target * (1 - toxic)))
    return rise, fall


def _at_least(number: float) -> int:
    """The smallest whole number above the boundary; a boundary that is whole counts as its own."""
    nearest = round(number)
    return nearest + 1 if abs(nearest - number) < 1e-12 else math.ceil(number)


@cache
def bounds(design: Boin | IThreePlusThree | Mtpi2, people: int) -> Bounds:
    """The boundaries of a design for this many people on a dose."""
    close = closing(people, design.target, design.cutoff)
    match design:
        case Boin():
            rise, fall = boin_limits(design)
            return Bounds(math.floor(rise * people), min(_at_least(fall * people), close), close)
        case IThreePlusThree():
            choices = [_i3(design, toxic, people) for toxic in range(people + 1)]
        case Mtpi2():
            choices = [_mtpi2(design, toxic, people) for toxic in range(people + 1)]
    up = max((y for y, choice in enumerate(choices) if choice > 0), default=-1)
    down = min((y for y, choice in enumerate(choices) if choice < 0), default=people + 1)
    return Bounds(up, min(down, close), close)


_TINY = 1e-12


def _i3(design: IThreePlusThree, toxic: int, people: int) -> int:
    """1 to rise, 0 to stay, -1 to fall: the rate against the interval, and with one toxicity less."""
    low, high = design.target - design.below, design.target + design.above
    rate, fewer = toxic / people, (toxic - 1) / people
    if rate < low - _TINY:
        return 1
    if rate <= high + _TINY:
        return 0
    return 0 if fewer < low - _TINY else -1


def _mtpi2(design: Mtpi2, toxic: int, people: int) -> int:
    """1 to rise, 0 to stay, -1 to fall: on which side of the target the heaviest interval lies."""
    low, high = design.target - design.below, design.target + design.above
    width = high - low
    edges = [low, high]
    while edges[0] > _TINY:
        edges.insert(0, max(0.0, edges[0] - width))
    while edges[-1] < 1 - _TINY:
        edges.append(min(1.0, edges[-1] + width))
    place = edges.index(low)
    above = [beta_above(edge, toxic + 1, people - toxic + 1) for edge in edges]
    masses = [(a - b) / (y - x) for a, b, x, y in zip(above, above[1:], edges, edges[1:], strict=False)]
    heaviest = max(range(len(masses)), key=masses.__getitem__)
    return (heaviest < place) - (heaviest > place)
