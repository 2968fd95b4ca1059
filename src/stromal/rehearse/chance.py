"""Keyed randomness: every draw is a function of seed, trial, person and purpose, never of what was drawn before.

So the same people come out whatever the order, and asking for one more thing changes nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

_Option = TypeVar("_Option")
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for one key; `of` gives the draws for a key below it."""

    key: str

    def of(self, *parts: object) -> Chance:
        """The draws of one person, one visit, one purpose."""
        return Chance("/".join((self.key, *map(str, parts))))

    def uniform(self, purpose: str) -> float:
        """A number in the open interval (0, 1), the same for the same key and purpose."""
        digest = blake2b(f"{self.key}/{purpose}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**64

    def happens(self, purpose: str, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.uniform(purpose) < probability

    def normal(self, purpose: str, mean: float = 0.0, sd: float = 1.0) -> float:
        """A normal number."""
        return mean + sd * _NORMAL.inv_cdf(self.uniform(purpose))

    def days(self, purpose: str, mean: float) -> float:
        """An exponential waiting time with this mean."""
        return -mean * math.log(self.uniform(purpose))

    def whole(self, purpose: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.uniform(purpose) * (high - low + 1))

    def pick(self, purpose: str, options: Sequence[_Option]) -> _Option:
        """One of the options, all equally likely."""
        return options[int(self.uniform(purpose) * len(options))]

    def poisson(self, purpose: str, mean: float) -> int:
        """A count of events, by inversion."""
        drawn, count, term = self.uniform(purpose), 0, math.exp(-mean)
        reached = term
        while drawn > reached and count < 1000:
            count += 1
            term *= mean / count
            reached += term
        return count

    def quantile(self, purpose: str, table: Sequence[tuple[float, float]]) -> float:
        """A value of a distribution known by some quantiles (probability, value), linear in between."""
        drawn = self.uniform(purpose)
        before = table[0]
        for here in table:
            if drawn <= here[0]:
                share = 0.0 if here[0] == before[0] else (drawn - before[0]) / (here[0] - before[0])
                return before[1] + share * (here[1] - before[1])
            before = here
        return table[-1][1]
