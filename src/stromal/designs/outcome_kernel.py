"""How very many trials of a finite design end, without a calendar: compiled loops over its table, a block in step.

Takes an Automaton, a scenario and a range of trial numbers; gives the state in which each trial ends, or only how often
each state is an end. Person p of trial t draws the same number as in `kernel.simulate`, so that, as long as nobody
leaves, the outcomes are those trials' outcomes whatever the timing. Beside the walk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.automaton import Automaton
from stromal.designs.exact import check_scenario
from stromal.designs.keys import TOXICITY, mixed, trial_key

Whole = NDArray[np.int64]

BLOCK = 256
"""Trials that take each step together; what they need of memory stays nearest to the core."""
_PIECE = 1 << 16
_WHOLE = 2.0**53


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Simulated trials in the order of their numbers: the state each ended in (T). What the table says of those states
    is looked up when it is asked for.
    """

    table: Automaton
    state: Whole

    @property
    def selected(self) -> Whole:
        """The dose declared, -1 for none (T)."""
        return self.table.selected[self.state]

    @property
    def treated(self) -> Whole:
        """People on each dose (T x K)."""
        return np.take(self.table.treated, self.state, axis=0)

    @property
    def toxic(self) -> Whole:
        """Toxicities on each dose (T x K)."""
        return np.take(self.table.toxic, self.state, axis=0)


@nb.njit(inline="always")
def _hurt(key, person, limit):  # type: ignore[no-untyped-def]
    """1 where `drawn(key, person, TOXICITY)` is below limit / 2**53, else 0; whole numbers need no rounding."""
    number = mixed(mixed(key ^ np.uint64(person)) ^ np.uint64(TOXICITY))
    return np.int64(number >> np.uint64(11)) < limit


# Every loop over a block does one thing and asks nothing, so that the compiler can take eight trials at a time.
@nb.njit(inline="always")
def _alike(key, before, cohort, below, hits, many):  # type: ignore[no-untyped-def]
    """Toxicities of a cohort that has one size and the same people before it in every trial."""
    for nth in range(cohort):
        for each in range(many):
            hits[each] += _hurt(key[each], before + nth, below[each])


@nb.njit(inline="always")
def _each_its_own(key, person, sizes, largest, below, hits, many):  # type: ignore[no-untyped-def]
    """Toxicities of cohorts that differ; who is beyond a cohort's size is drawn and does not count."""
    for nth in range(largest):
        for each in range(many):
            hits[each] += _hurt(key[each], person[each] + nth, below[each]) & (nth < sizes[each])


@nb.njit(inline="always")
def _close(key, here, who, size, state, many):  # type: ignore[no-untyped-def]
    """How many trials go on, moved to the front."""
    kept = 0
    for each in range(many):
        # Written for every trial, and for good by the step that ends it: to write costs less than to ask.
        state[who[each]] = here[each]
        key[kept], here[kept], who[kept] = key[each], here[each], who[each]
        kept += size[here[each]] > 0
    return kept


@nb.njit(cache=True)
def _walk(seed, first, even, size, people, limit, after, state):  # type: ignore[no-untyped-def]
    """Each trial to its end. Where cohorts are `even`, all of one size, each step begins with the same person."""
    key, here, who = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    hits, below = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    person, sizes = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    flat, width = after.ravel(), after.shape[1]
    for start in range(0, len(state), BLOCK):
        many, before = min(BLOCK, len(state) - start), 0
        for each in range(many):
            key[each] = trial_key(seed, first + start + each)
            here[each], who[each] = 0, start + each
        while many > 0:
            for each in range(many):
                below[each], hits[each] = limit[here[each]], 0
            if even:
                _alike(key, before, width - 1, below, hits, many)
                before += width - 1
            else:
                for each in range(many):
                    person[each], sizes[each] = people[here[each]], size[here[each]]
                _each_its_own(key, person, sizes, width - 1, below, hits, many)
            for each in range(many):
                here[each] = flat[here[each] * width + hits[each]]
            many = _close(key, here, who, size, state, many)


def _ends(table: Automaton, scenario: ArrayLike, seed: int, trials: int, first: int) -> Whole:
    true = check_scenario(scenario, table.doses)
    if trials < 0 or first < 0:
        raise ValueError("trials are numbered from 0 on")
    limit = np.append(np.ceil(true * _WHOLE), 0).astype(np.int64)[table.dose]
    largest = int(table.size.max())
    even = bool(((table.size == largest) | (table.size == 0)).all())
    people = np.zeros(1, dtype=np.int64) if even else table.treated.sum(axis=1)
    state = np.zeros(trials, dtype=np.int64)
    if largest > 0:
        _walk(np.uint64(seed % 2**64), first, even, table.size, people, limit, table.after, state)
    return state


def outcomes(table: Automaton, scenario: ArrayLike, seed: int, trials: int, first: int = 0) -> Outcomes:
    """Trials number `first` to `first + trials - 1`. ValueError where the scenario does not fit the design."""
    return Outcomes(table, _ends(table, scenario, seed, trials, first))


def counted(table: Automaton, scenario: ArrayLike, seed: int, trials: int, first: int = 0) -> Whole:
    """How many of those trials ended in each state (S); counts of pieces add up. ValueError as for `outcomes`."""
    counts = np.bincount(_ends(table, scenario, seed, min(trials, _PIECE), first), minlength=table.states)
    for start in range(_PIECE, trials, _PIECE):
        many = min(_PIECE, trials - start)
        counts += np.bincount(_ends(table, scenario, seed, many, first + start), minlength=table.states)
    return np.asarray(counts, dtype=np.int64)
