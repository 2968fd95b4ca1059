"""Model fits of many tallies at once, for designs that ask a model where to go next.

Takes a model-based design and tallies; gives the dose of each, from one matrix product a level. The decision rules in
`rules.escalation` fit one tally in plain Python; both integrate over the same nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stromal.rules.escalation.advise import fitted
from stromal.rules.escalation.designs import Blrm, Crm, Design
from stromal.rules.escalation.models import LINES, NODES, SPREAD, crm_nodes, toxicities
from stromal.rules.escalation.tally import Tally

Floats = NDArray[np.float64]
Counts: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""People and toxicities of each dose."""
_AT_ONCE = 4_000


class Fits:
    """Doses that a model found, by tally; what was not learnt is fitted on its own."""

    def __init__(self) -> None:
        self._doses: dict[Counts, int | None] = {}

    def learn(self, design: Design, tallies: Iterable[Tally]) -> None:
        """Fit every new tally of a model-based design; other designs need no fits."""
        if not isinstance(design, Crm | Blrm):
            return
        new = list({(t.treated, t.toxic) for t in tallies} - self._doses.keys())
        if isinstance(design, Blrm):
            self._doses.update((each, blrm_dose_of(design, each)) for each in new)
            return
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            for key, dose in zip(part, crm_doses(design, part).tolist(), strict=True):
                self._doses[key] = dose

    def dose(self, design: Crm | Blrm, tally: Tally) -> int | None:
        """The dose of a tally."""
        key = (tally.treated, tally.toxic)
        return fitted(design, tally) if tally.pending or key not in self._doses else self._doses[key]


# ---------------------------------------------------------------- the CRM


def crm_doses(design: Crm, tallies: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> NDArray[np.int64]:
    """The dose nearest the target for each (treated, toxic) pair (S); means agree with `models.crm_mean` to 1e-12."""
    grown, guesses = np.exp(crm_means(design, tallies))[:, None], np.array(design.skeleton)
    if design.model == "empiric":
        shares = np.exp(np.log(guesses) * grown)
    else:
        odds = np.log(guesses / (1 - guesses))
        shares = 1 / (1 + np.exp(-(design.intercept + grown * (odds - design.intercept))))
    return np.asarray(np.argmin(np.abs(shares - design.target), axis=1))


def crm_means(design: Crm, tallies: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Floats:
    """The posterior mean of the parameter for each (treated, toxic) pair (S)."""
    nodes = np.array(crm_nodes())
    assert nodes.shape == (NODES,)
    shares = np.array([toxicities(design, node) for node in nodes.tolist()]).T
    with np.errstate(divide="ignore"):
        hurt, well = np.maximum(np.log(shares), -1e300), np.maximum(np.log1p(-shares), -1e300)
    treated = np.array([pair[0] for pair in tallies], dtype=np.float64)
    toxic = np.array([pair[1] for pair in tallies], dtype=np.float64)
    logs = toxic @ hurt + (treated - toxic) @ well - nodes * nodes / (2 * design.variance)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights @ nodes / weights.sum(axis=1))


# ---------------------------------------------------------------- the BLRM


@dataclass(frozen=True, slots=True)
class _Grid:
    """What the grid of a BLRM is for every tally: log odds of toxicity at its nodes and log(1 + odds) for each dose
    (K x L x L), the log prior (L x L), and where on each line the target interval begins and ends (K x 2 x L).
    """

    odds: Floats
    grown: Floats
    prior: Floats
    cuts: Floats


@lru_cache(maxsize=8)
def _grid(design: Blrm) -> _Grid:
    (mean_a, mean_b), (wide_a, wide_b) = design.means, design.deviations
    nodes = np.linspace(-SPREAD, SPREAD, LINES)
    back = design.covariance / wide_b
    inner = np.sqrt(wide_a * wide_a - back * back)
    slope, middle = np.exp(mean_b + wide_b * nodes), mean_a + back * nodes
    shift = np.log(np.array(design.amounts) / design.reference)[:, None] * slope
    odds = (middle + shift)[:, :, None] + inner * nodes
    low, high = (np.log(limit / (1 - limit)) for limit in design.interval)
    cuts = np.stack([(limit - shift - middle) / inner for limit in (low, high)], axis=1)
    prior = -(nodes[:, None] ** 2 + nodes**2) / 2
    return _Grid(odds, np.logaddexp(0, odds), prior, (cuts + SPREAD) / (2 * SPREAD / (LINES - 1)))


def blrm_dose_of(design: Blrm, counts: Counts) -> int | None:
    """The dose of (treated, toxic); masses agree with `models.blrm_masses` to 1e-12."""
    under, over = blrm_tails(design, counts)
    allowed = [dose for dose in range(len(under)) if over[dose] < design.overdose]
    return max(allowed, key=lambda dose: (1 - (under[dose] + over[dose]), -dose), default=None)


def blrm_tails(design: Blrm, counts: Counts) -> tuple[list[float], list[float]]:
    """For each dose the posterior mass below and above the target interval."""
    grid = _grid(design)
    treated, toxic = (np.array(each, dtype=np.float64) for each in counts)
    logs = np.tensordot(toxic, grid.odds, 1) - np.tensordot(treated, grid.grown, 1) + grid.prior
    weights = np.exp(logs - logs.max())
    lines = weights.sum(axis=1)
    mass = lines.sum()
    below = [[_below(weights, cut).sum() for cut in cuts] for cuts in grid.cuts]
    return [low / mass for low, _ in below], [(mass - high) / mass for _, high in below]


def _below(weights: Floats, place: Floats) -> Floats:
    """The weight of each line's cells below a cut (L), as `models` parts the cell that is cut."""
    last = weights.shape[1] - 1
    node = np.clip(np.floor(place + 0.5).astype(np.int64), 0, last)
    rows = np.arange(len(place))
    padded = np.pad(weights, ((0, 0), (1, 1)))
    before, own, after = (padded[rows, node + each] for each in (0, 1, 2))
    bend, lean = (before + after - 2 * own) / 2, (after - before) / 2
    x = place - node
    inside = (np.pad(np.cumsum(weights, axis=1), ((0, 0), (1, 0)))[rows, node] + (own - bend / 12) * (x + 0.5)
              + lean * (x * x - 0.25) / 2 + bend * (x**3 + 0.125) / 3)  # fmt: skip
    whole = np.where(place >= last + 0.5, weights.sum(axis=1), inside)
    return np.where(place <= -0.5, 0.0, whole)
