"""What both loops of a simulation share: numbers of plan and world, what draws are for, what is counted.

Takes a Plan and Assumptions; gives Walk, flat numbers that compiled code can read. The event-driven engine and the
compiled kernel read the same ones, draw the same keys, and must agree on every trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import special

from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.values import DAYS_A_MONTH

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]

LEEWAY = 10
"""Days around the middle of a window on which people come, as in a rehearsal."""
WEEK, FORTNIGHT = 7, 14
SCREENED, START, SLOPE, RESIDUAL, HOLD, OTHERS, MISSED = range(9, 16)
"""What draws are for, beside those of `keys`."""
TRIAL = 1 << 20
"""Whose draws are those of the whole trial."""
TRIES = 16
"""Room for attempts at one product."""

SHOWS, DECIDED, VISIT, ENROLS, ARRIVES = range(5)
"""What happens, in the order in which it happens on one day."""
LEAVES, OPENS = -1, 5
"""The same where a design moves the dose: somebody has left, and places are given to those who wait for one."""

COLUMNS = (
    "screened", "failures", "turned_away", "enrolled", "harmed", "deaths", "left", "came_through", "holds", "stops",
    "closed", "withheld", "lost", "failed", "wasted", "events", "severe", "declared", "days", "enrolment_days",
)  # fmt: skip
"""What is counted of a trial. `withheld` doses were due and not given because of a hold, a table or a condition, `lost`
ones because no product passed; `failed` products did not pass, `wasted` ones were made and not given. `stops` are holds
of the trial, `closed` whether one of them stayed for good."""
(
    SCREENED_, FAILURES, TURNED, ENROLLED, HARMED, DEATHS, LEFT, THROUGH, HOLDS, STOPS, CLOSED, WITHHELD, LOST, FAILED,
    WASTED, EVENTS, SEVERE, DECLARED, DAYS, ENROLMENT,
) = range(len(COLUMNS))  # fmt: skip


class Walk(NamedTuple):
    """Plan and world as flat numbers; arrays are indexed by step, dose, level, rounds, analysis or fact."""

    planned: int
    screenings: int
    anchor: Whole
    first: Whole
    last: Whole
    dose: Whole
    unless: Truths
    event: Truths
    required: Truths
    starts: Whole
    moves: Truths
    following: Whole
    least: int
    from_last: bool
    within: int
    person_hold: bool
    stop_at: Whole
    declares: Truths
    rounds: Whole
    every: Floats
    before: Truths
    after: Truths
    is_slope: Truths
    of_fact: Whole
    need: Whole
    needs_dose: Truths
    measured: Truths
    critical: Floats
    grades: Floats
    made: Floats
    gap: float
    ineligible: float
    screening_days: int
    staying: float
    missed: float
    window: int
    attempts: int
    make_days: int
    remake_days: int
    decision_days: int
    lifted: Floats
    waits: int
    others: float
    none_other: float
    outcomes: Floats
    slots: int


@dataclass(frozen=True, slots=True)
class Trials:
    """Simulated trials in the order of their numbers: counts (T x COLUMNS), doses given and harmful ones by level
    (T x K); people, estimate and whether it is significant for each analysis (T x A); the level that a design declared
    (T; -1: none, or there is no design).
    """

    counts: Whole
    given: Whole
    toxic: Whole
    people: Whole
    estimates: Floats
    significant: Whole
    selected: Whole

    def column(self, name: str) -> Whole:
        """One count over trials."""
        return self.counts[:, COLUMNS.index(name)]


def empty(trials: int, levels: int, analyses: int) -> Trials:
    """Room for so many trials."""
    return Trials(
        np.zeros((trials, len(COLUMNS)), np.int64), np.zeros((trials, levels), np.int64),
        np.zeros((trials, levels), np.int64), np.zeros((trials, analyses), np.int64), np.zeros((trials, analyses)),
        np.zeros((trials, analyses), np.int64), np.full(trials, -1, np.int64),
    )  # fmt: skip


def walk(plan: Plan, assumed: Assumptions) -> Walk:
    """The flat numbers of a plan in a world."""

    def whole(values: Any) -> Whole:
        return np.array(list(values), dtype=np.int64)

    def truths(values: Any, columns: int = 0) -> Truths:
        table = np.array(list(values), dtype=np.bool_)
        return table.reshape(-1, columns) if columns else table

    steps, rounds, measured, facts = plan.steps, plan.rounds, plan.measured, [each.fact for each in plan.scales]
    before, after = (truths((getattr(each, side) for each in measured), plan.slots) for side in ("before", "after"))
    mine = whole(facts.index(each.fact) for each in measured)
    seen = np.zeros((len(facts), plan.slots), np.bool_)
    for place, fact in enumerate(mine):
        seen[fact] |= before[place] | after[place]
    degrees = np.maximum(np.arange(plan.planned + 1) - 1, 1)
    outcomes = [
        (each.start, each.start_sd, each.slope, each.slope_sd, each.wobble, each.effect, each.grid, scale.low,
         scale.high) for each, scale in zip(assumed.outcomes, plan.scales, strict=True)
    ]  # fmt: skip
    return Walk(
        plan.planned, len(plan.screenings), whole(each.anchor for each in steps), whole(each.first for each in steps),
        whole(each.last for each in steps), whole(each.dose for each in steps),
        truths(each.unless_harmed for each in steps),
        truths(step.dose >= 0 or need for step, need in zip(steps, plan.required, strict=True)),
        truths(plan.required), whole(plan.dose_starts), truths(plan.dose_moves),
        np.array(plan.next_level, dtype=np.int64), plan.harm.least, plan.harm.from_last, plan.harm.within,
        bool(plan.person_hold), whole(plan.stop_at), truths(plan.declares),
        np.array([(each.anchor, each.until, each.until_days, each.room) for each in rounds], np.int64).reshape(-1, 4),
        np.array([each.every for each in rounds]), before, after, truths(each.kind == "slope" for each in measured),
        mine, np.array([(each.least_before, each.least_after) for each in measured], np.int64).reshape(-1, 2),
        truths(each.needs_dose for each in measured), seen, np.asarray(special.stdtrit(degrees, 0.975)),
        np.array(assumed.grades), np.array(assumed.made), DAYS_A_MONTH / assumed.arrivals_per_month, assumed.ineligible,
        assumed.screening_days, 365.25 / assumed.dropout_per_year if assumed.dropout_per_year else 0.0,
        assumed.missed_visit, assumed.window_days, assumed.attempts, assumed.make_days, assumed.remake_days,
        assumed.decision_days, np.array(assumed.hold_lifted, dtype=np.float64), assumed.waits,
        assumed.adverse_events_per_dose, math.exp(-assumed.adverse_events_per_dose),
        np.array(outcomes, dtype=np.float64).reshape(-1, 9), plan.slots,
    )  # fmt: skip


def line(days: Any, values: Any, many: int) -> float:
    """The least-squares slope a month through `many` points; nan where they lie on one day."""
    x = y = xx = xy = 0.0
    for place in range(many):
        x += days[place]
        y += values[place]
    x, y = x / many, y / many
    for place in range(many):
        xx += (days[place] - x) * (days[place] - x)
        xy += (days[place] - x) * (values[place] - y)
    return xy / xx * DAYS_A_MONTH if xx > 0 else math.nan


line_compiled = nb.njit(cache=True)(line)
"""The same, compiled."""
