"""Many trials of a finite design at once: compiled loops over its table, with time.

Takes a Design (as an Automaton), a scenario, Timing and a range of trial numbers; gives arrays over trials, equal trial
by trial and to the last bit to `engine.run`. Randomness is keyed, so that chunks, workers and machines change nothing.
Where nobody leaves, every cohort has a known size, and a block of trials takes each step together; else one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.automaton import Automaton
from stromal.designs.exact import check_scenario
from stromal.designs.keys import (
    ARRIVAL,
    LATE,
    LEAVES,
    LEAVING,
    ONSET,
    TOXICITY,
    drawn,
    of_person,
    person_key,
    trial_key,
)
from stromal.designs.sheet import Columns, Sheet, Shown
from stromal.designs.timing import Spacing, Timing
from stromal.designs.trial_sheet import by_dose, by_trial

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_FAR = 1e300
_BLOCK = 256


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
    """Every trial from the table's beginning to an end, cohort by cohort, person by person; people leave."""
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


# ---------------------------------------------------------------- nobody leaves


@nb.njit(inline="always")
def _draw(key, person, chance, timing, gaps, lasts, hurt, many):  # type: ignore[no-untyped-def]
    """What the next person of each trial draws: days until they come, days their window lasts, whether it is toxic."""
    gap, window, late, _ = timing
    half = 0.5 * window
    for each in range(many):
        shared = person_key(key[each], person[each])
        gaps[each] = 1.0 - of_person(shared, ARRIVAL)
        onset = half * of_person(shared, ONSET)
        onset = onset + half if of_person(shared, LATE) < late else onset
        hurt[each] = of_person(shared, TOXICITY) < chance[each]
        lasts[each] = onset if hurt[each] else window
        person[each] += 1
    # Logarithms stand alone: they are the system's, one at a time, and would hold up everything else.
    for each in range(many):
        gaps[each] = -math.log(gaps[each]) * gap


@nb.njit(inline="always")
def _treat(nth, kept, sizes, gaps, lasts, hurt, now, arrived, treated_at, ended, toxic, many):  # type: ignore[no-untyped-def]
    """The nth person of each trial's cohort comes and is treated, where the cohort is that large."""
    for each in range(many):
        mine = nth < sizes[each]
        came = max(arrived[each], now[each]) + gaps[each]
        given = max(came, treated_at[each] + kept)
        last = max(ended[each], given + lasts[each])
        arrived[each] = came if mine else arrived[each]
        now[each] = given if mine else now[each]
        treated_at[each] = given if mine else treated_at[each]
        ended[each] = last if mine else ended[each]
        toxic[each] += hurt[each] & mine


@nb.njit(inline="always")
def _close(key, here, who, now, arrived, treated_at, size, state, days, many):  # type: ignore[no-untyped-def]
    """How many trials go on, moved to the front."""
    kept = 0
    for each in range(many):
        # Written for every trial, and for good by the step that ends it: to write costs less than to ask.
        state[who[each]], days[who[each]] = here[each], now[each]
        key[kept], here[kept], who[kept] = key[each], here[each], who[each]
        now[kept], arrived[kept], treated_at[kept] = now[each], arrived[each], treated_at[each]
        kept += size[here[each]] > 0
    return kept


@nb.njit(cache=True)
def _in_step(seed, first, dose, size, people, after, scenario, timing, spacing, state, days):  # type: ignore[no-untyped-def]
    """Every trial from the table's beginning to an end; a block of trials treats its cohorts side by side."""
    between, sentinel, apart = spacing
    key, here, who = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    now, arrived, treated_at, ended = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    chance, gaps, lasts = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    person, sizes, toxic = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    hurt = np.empty(_BLOCK, np.int64)
    flat, width = after.ravel(), after.shape[1]
    for start in range(0, len(state), _BLOCK):
        many = min(_BLOCK, len(state) - start)
        for each in range(many):
            key[each], who[each], here[each] = trial_key(seed, first + start + each), start + each, 0
            now[each], arrived[each], treated_at[each] = 0.0, 0.0, -_FAR
        while many > 0:
            for each in range(many):
                chance[each], sizes[each] = scenario[dose[here[each]]], size[here[each]]
                person[each], toxic[each], ended[each] = people[here[each]], 0, 0.0
            for nth in range(width - 1):
                kept = apart if nth == 0 else sentinel if nth == 1 else between
                _draw(key, person, chance, timing, gaps, lasts, hurt, many)
                _treat(nth, kept, sizes, gaps, lasts, hurt, now, arrived, treated_at, ended, toxic, many)
            for each in range(many):
                now[each] = max(now[each], ended[each])
                here[each] = flat[here[each] * width + toxic[each]]
            many = _close(key, here, who, now, arrived, treated_at, size, state, days, many)


def simulate(
    table: Automaton, scenario: ArrayLike, timing: Timing, spacing: Spacing, seed: int, trials: int, first: int = 0
) -> Trials:
    """Trials number `first` to `first + trials - 1`. ValueError where the scenario does not fit the design."""
    true = check_scenario(scenario, table.doses)
    if trials < 0 or first < 0:
        raise ValueError("trials are numbered from 0 on")
    state, days, left = np.zeros(trials, dtype=np.int64), np.zeros(trials), np.zeros(trials, dtype=np.int64)
    numbers = np.uint64(seed % 2**64), first, table.dose, table.size
    when = (timing.gap_days, timing.window_days, timing.late, timing.leaves)
    days_kept = (spacing.people_days, spacing.sentinel_days, spacing.cohort_days)
    if timing.leaves > 0:
        _walk(*numbers, table.after, true, when, days_kept, state, days, left)
    elif table.size[0] > 0:
        people = table.treated.sum(axis=1)
        # States that treat nobody have dose -1, the place behind all doses.
        _in_step(*numbers, people, table.after, np.append(true, 0.0), when, days_kept, state, days)
    return Trials(
        state, table.selected[state], np.take(table.treated, state, 0), np.take(table.toxic, state, 0), days, left
    )
