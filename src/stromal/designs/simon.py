"""Simon's two-stage designs, optimal and minimax, by exact search (Simon 1989).

Takes an uninteresting and an interesting response rate with both errors; gives the smallest designs that keep them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from stromal.designs.sheet import Sheet, Shown

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Stop after `n1` people with `r1` or fewer responses; after `n` in all the drug is poor with `r` or fewer.

    `expected` people and `early` probability of stopping at the first stage hold under the uninteresting rate;
    `alpha` and `power` are the errors reached.
    """

    r1: int
    n1: int
    r: int
    n: int
    expected: float
    early: float
    alpha: float
    power: float


@dataclass(frozen=True, slots=True, repr=False)
class TwoStages(Shown):
    """The optimal and the minimax design for an uninteresting and an interesting rate."""

    poor: float
    good: float
    optimal: TwoStage
    minimax: TwoStage

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a design."""
        both = (self.optimal, self.minimax)
        columns = {"design": np.array(("optimal", "minimax"))}
        columns |= {each.name: np.array([getattr(one, each.name) for one in both]) for each in fields(TwoStage)}
        told = "people and the chance of stopping early are those under the uninteresting rate"
        return (Sheet(f"Two stages, {self.poor:g} against {self.good:g}", columns, 1, (told,)),)


@lru_cache(maxsize=2_000)
def _above(people: int, rate: float) -> Floats:
    """P(more than k of `people` respond) for k = 0 .. people."""
    return np.asarray(binom.sf(np.arange(people + 1), people, rate))


def _passing(rate: float, n1: int, n2: int, rows: int) -> Floats:
    """P(more than r1 responses at the first stage and more than r in all): rows r1 = 0 .. rows - 1, columns r = 0 .. n.

    What passes is everything above r in all, less what the first stage stopped.
    """
    n = n1 + n2
    first = -np.diff(_above(n1, rate)[:rows], prepend=1.0)
    tail = np.concatenate([np.ones(rows), _above(n2, rate), np.zeros(n1)])
    stopped = np.stack([tail[rows - x : rows - x + n + 1] for x in range(rows)]) * first[:, None]
    return np.asarray(_above(n, rate) - np.cumsum(stopped, axis=0))


def _best_of(n: int, rates: tuple[float, float], alpha: float, power: float, below: float) -> TwoStage | None:
    """The design of n people in all with the fewest expected people, if fewer than `below`; else None."""
    best: TwoStage | None = None
    for n1 in range(1, n):
        if n1 >= below:
            break
        # A first stage that stops more than beta of the good drugs can never reach the power.
        rows = int(np.count_nonzero(_above(n1, rates[1])[:-1] >= power))
        early = 1 - _above(n1, rates[0])[:rows]
        expected = n1 + (1 - early) * (n - n1)
        if not rows or expected[-1] >= below:
            continue
        size, strong = (_passing(rate, n1, n - n1, rows) for rate in rates)
        fit = (size <= alpha) & (strong >= power)
        able = fit.any(axis=1) & (expected < below)
        if able.any():
            r1 = int(np.flatnonzero(able)[-1])
            r = int(np.argmax(fit[r1]))
            below = float(expected[r1])
            best = TwoStage(r1, n1, r, n, below, float(early[r1]), float(size[r1, r]), float(strong[r1, r]))
    return best


def simon(
    poor: float, good: float, alpha: float = 0.05, beta: float = 0.20, most: int = 100
) -> tuple[TwoStage, TwoStage]:
    """The optimal and the minimax design. ValueError where rates do not fit or nothing up to `most` people does."""
    if not 0 < poor < good < 1:
        raise ValueError(f"the rates are 0 < poor < good < 1, not {poor:g} and {good:g}")
    if not (0 < alpha < 1 and 0 < beta < 1):
        raise ValueError(f"alpha and beta are probabilities between 0 and 1, not {alpha:g} and {beta:g}")
    minimax: TwoStage | None = None
    optimal: TwoStage | None = None
    for n in range(2, most + 1):
        found = _best_of(n, (poor, good), alpha, 1 - beta, optimal.expected if optimal else float("inf"))
        if found is not None:
            minimax, optimal = minimax or found, found
    if optimal is None or minimax is None:
        raise ValueError(f"no two-stage design of up to {most} people keeps alpha {alpha:g} and beta {beta:g}")
    return optimal, minimax
