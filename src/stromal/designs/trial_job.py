"""Simulations of a whole protocol as a job that can be spread over processes and machines.

Takes a Plan and Assumptions, plain numbers both; gives Totals: summaries travel, never arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stromal.designs import trial_kernel
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.totals import PARTS, Totals, totals
from stromal.designs.walk import COLUMNS

COUNTED = (
    "screened", "enrolled", "came_through", "harmed", "deaths", "left", "doses", "withheld", "lost", "failed", "wasted",
    "products_lost", "events", "severe", "holds", "stops", "declared", "days",
)  # fmt: skip
"""What is counted value by value, for shares and quantiles."""


@dataclass(frozen=True, slots=True)
class TrialJob:
    """A whole protocol in one world. Estimates are kept in parts of 1 / 2**20, so that their sums are whole numbers."""

    plan: Plan
    assumed: Assumptions
    seed: int = 1

    def part(self, first: int, trials: int) -> Totals:
        """Trials number `first` on."""
        made = trial_kernel.simulate(self.plan, self.assumed, self.seed, trials, first)
        columns = {name: made.counts[:, place] for place, name in enumerate(COLUMNS)}
        columns |= {
            "given": made.given, "toxic": made.toxic, "doses": made.given.sum(axis=1),
            "products_lost": columns["failed"] + columns["wasted"],
        }  # fmt: skip
        if self.plan.measured:
            parts = np.asarray(np.rint(made.estimates * PARTS), dtype=np.int64)
            columns |= {"people": made.people, "estimates": parts, "significant": made.significant}
        return totals(columns, COUNTED)
