"""Many trials of a finite design at once: compiled loops over its table, with time.

Takes a Design (as an Automaton), a scenario, Timing and a range of trial numbers; gives arrays over trials, equal trial
by trial and to the last bit to `engine.run`. Randomness is keyed, so that chunks, workers and machines change nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.automaton import Automaton
from stromal.designs.exact import check_scenario
from stromal.designs.keys import ARRIVAL, LATE, LEAVES, LEAVING, ONSET, TOXICITY, drawn, trial_key
from stromal.designs.sheet import Columns, Sheet, Shown
from stromal.designs.timing import Spacing, Timing
from stromal.designs.trial_sheet import by_dose, by_trial

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_FAR = 1e300


@dataclass(frozen=True, slots=True, repr=False)
class Trials(Shown):
    """Simulated trials in the order of their numbers: the state each ended in, the dose declared (-1 for none), people
    and toxicities of each dose (T x K), days, and people who left (T).
    """

    state: Whole
    selected: Whole
    treated: Whole
    toxic: Whole
    days: Floats
    left: Whole

    @property
    def columns(self) -> Columns:
        """A row a trial."""
        return by_trial(self)

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a dose, over all trials."""
        return (by_dose(self),)


@nb.njit(inline="always")
def ending(key, person, chance, window, late, leaves):  # type: ignore[no-untyped-def]
    """When the window of a person ends, and how: 0 clear, 1 toxic, 2 left."""
    toxic = drawn(key, person, TOXICITY) < chance
    ends = window
    if toxic:
        ends = 0.5 * window * drawn(key, person, ONSET)
        if drawn(key, person, LATE) < late:
            ends = ends + 0.5 * window
    if leaves > 0.0 and drawn(key, person, LEAVES) < leaves:
        leaving = window * drawn(key, person, LEAVING)
        if leaving < ends:
            return leaving, 2
    return ends, 1 if toxic else 0


@nb.njit(inline="always")
def _soonest(leaving, waiting):  # type: ignore[no-untyped-def]
    """The place of the person who leaves first."""
    found = 0
    for each in range(1, waiting):
        if leaving[each] < leaving[found]:
            found = each
    return found


@nb.njit(inline="always")
def _gone(leaving, waiting, now):  # type: ignore[no-untyped-def]
    """How many are still to leave once those who left by now are taken out."""
    each = 0
    while each < waiting:
        if leaving[each] <= now:
            waiting -= 1
            leaving[each] = leaving[waiting]
        else:
            each += 1
    return waiting


@nb.njit(cache=True)
def _walk(seed, first, dose, size, after, scenario, timing, spacing, state, days, left):  # type: ignore[no-untyped-def]
    """Every trial from the table's beginning to an end, cohort by cohort, person by person."""
    gap, window, late, leaves = timing
    between, sentinel, apart = spacing
    leaving = np.empty(1024)
    for place in range(len(state)):
        key = trial_key(seed, first + place)
        here, person, gone = 0, 0, 0
        now, arrived, treated_at = 0.0, 0.0, -_FAR
        while size[here] > 0:
            chance = scenario[dose[here]]
            needed, begun, toxic, waiting = size[here], 0, 0, 0
            ended = 0.0
            while needed > 0 or waiting > 0:
                if needed == 0:
                    soonest = _soonest(leaving, waiting)
                    now = max(now, leaving[soonest])
                    waiting -= 1
                    leaving[soonest] = leaving[waiting]
                    needed += 1
                arrived = max(arrived, now) + -math.log(1.0 - drawn(key, person, ARRIVAL)) * gap
                kept = apart if begun == 0 else sentinel if begun == 1 else between
                now = max(arrived, treated_at + kept)
                treated_at = now
                begun += 1
                needed -= 1
                lasts, how = ending(key, person, chance, window, late, leaves)
                person += 1
                if how == 2:
                    leaving[waiting] = now + lasts
                    waiting += 1
                    gone += 1
                else:
                    toxic += how
                    ended = max(ended, now + lasts)
                still = _gone(leaving, waiting, now)
                needed += waiting - still
                waiting = still
            now = max(now, ended)
            here = after[here, toxic]
        state[place], days[place], left[place] = here, now, gone


def simulate(
    table: Automaton, scenario: ArrayLike, timing: Timing, spacing: Spacing, seed: int, trials: int, first: int = 0
) -> Trials:
    """Trials number `first` to `first + trials - 1`. ValueError where the scenario does not fit the design."""
    true = check_scenario(scenario, table.doses)
    if trials < 0 or first < 0:
        raise ValueError("trials are numbered from 0 on")
    state, days, left = np.empty(trials, dtype=np.int64), np.empty(trials), np.empty(trials, dtype=np.int64)
    _walk(
        np.uint64(seed % 2**64), first, table.dose, table.size, table.after, true,
        (timing.gap_days, timing.window_days, timing.late, timing.leaves),
        (spacing.people_days, spacing.sentinel_days, spacing.cohort_days), state, days, left,
    )  # fmt: skip
    return Trials(state, table.selected[state], table.treated[state], table.toxic[state], days, left)
