"""BOIN for a target of .3 in cohorts of three, in plain Python from the paper (Liu and Yuan 2015).

Takes people and toxicities by dose; gives the next dose, whether a dose closes, and the dose declared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

RISE = math.log((1 - 0.18) / 0.7) / math.log(0.3 * (1 - 0.18) / (0.18 * 0.7))
FALL = math.log(0.7 / (1 - 0.42)) / math.log(0.42 * 0.7 / (0.3 * (1 - 0.42)))


@cache
def overly(n: int, y: int) -> bool:
    """Whether P(p > .3 | y of n) is above .95 under a flat prior, by summing the posterior's density."""
    middles = (np.arange(200_000) + 0.5) / 200_000
    density = middles**y * (1 - middles) ** (n - y)
    return n >= 3 and float(density[middles > 0.3].sum() / density.sum()) > 0.95


def goes(people: Sequence[int], toxic: Sequence[int], here: int, closed: int) -> int:
    """The dose after a cohort on `here` (-1: none yet), where `closed` is the lowest dose closed."""
    if here < 0 or here >= closed:
        return min(max(here, 0), closed - 1)
    rate = toxic[here] / people[here]
    if rate <= RISE and here + 1 < min(closed, len(people)):
        return here + 1
    return max(here - (rate >= FALL), 0)


def declared(people: Sequence[int], toxic: Sequence[int], closed: int) -> int:
    """The dose whose isotonic rate is nearest .3, by the formula of greatest and smallest means; -1 for none."""
    shut = [dose for dose, (n, y) in enumerate(zip(people, toxic, strict=True)) if overly(n, y)]
    tried = [dose for dose in range(min([*shut, closed, len(people)])) if people[dose]]
    rates = [(toxic[d] + 0.05) / (people[d] + 0.1) for d in tried]
    certain = [(people[d] + 0.1) ** 2 * (people[d] + 1.1)
               / ((toxic[d] + 0.05) * (people[d] - toxic[d] + 0.05)) for d in tried]  # fmt: skip

    def mean(low: int, high: int) -> float:
        cut = slice(low, high + 1)
        return float(np.average(rates[cut], weights=certain[cut]))

    places = range(len(tried))
    rising = [max(min(mean(low, high) for high in places[place:]) for low in range(place + 1)) for place in places]
    # of equal rates the higher dose is nearer a target above them, the lower one a target below
    ranked = [(abs(rate + (place + 1) * 1e-10 - 0.3), tried[place]) for place, rate in enumerate(rising)]
    return min(ranked)[1] if ranked else -1
