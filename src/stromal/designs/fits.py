"""Model fits of many tallies at once, for designs that ask a model where to go next.

Takes a model-based design and tallies; gives the dose of each, from one matrix product a level. The decision rules in
`rules.escalation` fit one tally in plain Python; both integrate over the same nodes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stromal.rules.escalation.advise import fitted
from stromal.rules.escalation.designs import Blrm, Crm, Design
from stromal.rules.escalation.models import NODES, crm_nodes, toxicities
from stromal.rules.escalation.tally import Tally

Floats = NDArray[np.float64]
_AT_ONCE = 4_000


class Fits:
    """Doses that a model found, by tally; what was not learnt is fitted on its own."""

    def __init__(self) -> None:
        self._doses: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}

    def learn(self, design: Design, tallies: Iterable[Tally]) -> None:
        """Fit every new tally of a CRM at once; other designs need no fits, or few."""
        if not isinstance(design, Crm):
            return
        new = list({(t.treated, t.toxic) for t in tallies} - self._doses.keys())
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            for key, dose in zip(part, crm_doses(design, part).tolist(), strict=True):
                self._doses[key] = dose

    def dose(self, design: Crm | Blrm, tally: Tally) -> int | None:
        """The dose of a tally."""
        known = None if tally.pending else self._doses.get((tally.treated, tally.toxic))
        return fitted(design, tally) if known is None else known


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
