"""Simulations of a whole protocol as a job that can be spread over processes and machines.

Takes a Plan and Assumptions, plain numbers both, and the protocol where a design moves the dose; gives Totals:
summaries travel, never arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stromal.designs import trial_design, trial_kernel
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.spread import PIECE
from stromal.designs.totals import PARTS, Totals, totals
from stromal.designs.walk import COLUMNS, Trials
from stromal.protocol.model import Protocol

COUNTED = (
    "screened", "enrolled", "came_through", "harmed", "deaths", "left", "doses", "withheld", "lost", "failed", "wasted",
    "products_lost", "events", "severe", "holds", "stops", "declared", "days",
)  # fmt: skip
"""What is counted value by value, for shares and quantiles."""


@dataclass(frozen=True, slots=True)
class TrialJob:
    """A whole protocol in one world. Estimates are kept in parts of 1 / 2**20, so that their sums are whole numbers.

    The compiled loop makes the trials of a Plan; the rules of the protocol itself make those of a plan with a design.
    """

    plan: Plan
    assumed: Assumptions
    seed: int = 1
    protocol: Protocol | None = None

    @property
    def piece(self) -> int:
        """Trials made at once: fewer where each takes long, so that progress is seen and workers share alike."""
        return 200 if self.plan.escalation else PIECE

    def made(self, first: int, trials: int) -> Trials:
        """Trials number `first` on. ValueError where the protocol of a plan with a design is missing."""
        if not self.plan.escalation:
            return trial_kernel.simulate(self.plan, self.assumed, self.seed, trials, first)
        if self.protocol is None:
            raise ValueError(f"{self.plan.escalation} moves the dose of {self.plan.trial}: its protocol is asked")
        return trial_design.simulate(self.protocol, self.assumed, self.seed, trials, first, self.plan)

    def part(self, first: int, trials: int) -> Totals:
        """The totals of trials number `first` on."""
        made = self.made(first, trials)
        columns = {name: made.counts[:, place] for place, name in enumerate(COLUMNS)}
        columns |= {
            "given": made.given, "toxic": made.toxic, "doses": made.given.sum(axis=1),
            "products_lost": columns["failed"] + columns["wasted"],
        }  # fmt: skip
        if self.plan.measured:
            parts = np.asarray(np.rint(made.estimates * PARTS), dtype=np.int64)
            columns |= {"people": made.people, "estimates": parts, "significant": made.significant}
        if self.plan.escalation:
            return totals(columns | {"selected": made.selected}, (*COUNTED, "selected"))
        return totals(columns, COUNTED)
