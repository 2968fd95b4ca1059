"""What the instruments read in simulated people, compiled: values at every slot, and each person's difference.

Takes a Walk's Looks and one person's days; adds to the differences of every analysis. `trial_engine` does the
same in Python.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from stromal.designs import walk as w
from stromal.designs.keys import drawn
from stromal.designs.normals import normal_compiled
from stromal.values import DAYS_A_MONTH


class Looks(NamedTuple):
    """The part of a Walk that is about measurements."""

    rounds: w.Whole
    every: w.Floats
    before: w.Truths
    after: w.Truths
    is_slope: w.Truths
    of_fact: w.Whole
    need: w.Whole
    needs_dose: w.Truths
    measured: w.Truths
    critical: w.Floats
    outcomes: w.Floats
    slots: int


def looks_of(walk: w.Walk) -> Looks:
    """The measurements of a Walk."""
    return Looks(*(getattr(walk, name) for name in Looks._fields))


@nb.njit(cache=True)
def _read(key, looks, number, arrived, first, slots, fact, values):  # type: ignore[no-untyped-def]
    """The values of one fact at every slot that somebody came to."""
    begin = looks.outcomes[fact, 0] + looks.outcomes[fact, 1] * normal_compiled(drawn(key, number, w.START + 16 * fact))
    rate = looks.outcomes[fact, 2] + looks.outcomes[fact, 3] * normal_compiled(drawn(key, number, w.SLOPE + 16 * fact))
    wobble, effect, grid = looks.outcomes[fact, 4], looks.outcomes[fact, 5], looks.outcomes[fact, 6]
    low, high = looks.outcomes[fact, 7], looks.outcomes[fact, 8]
    for slot in range(len(slots)):
        day = slots[slot]
        if day < 0 or not looks.measured[fact, slot]:
            continue
        treated = day - first if 0 <= first < day else 0
        true = begin + rate * ((day - arrived) / DAYS_A_MONTH) + effect * (treated / DAYS_A_MONTH)
        read = true + wobble * normal_compiled(drawn(key, number, w.RESIDUAL + 16 * (fact * 256 + slot)))
        values[slot] = math.floor(min(max(read, low), high) / grid + 0.5) * grid


@nb.njit(cache=True)
def _gathered(side, slots, values, days, points):  # type: ignore[no-untyped-def]
    """The measurements of one side, and how many there are."""
    many = 0
    for slot in range(len(slots)):
        if side[slot] and slots[slot] >= 0:
            days[many], points[many] = slots[slot], values[slot]
            many += 1
    return many


@nb.njit(cache=True)
def measure(key, looks, number, arrived, first, doses, slots, many, differences):  # type: ignore[no-untyped-def]
    """One person's difference in every analysis they belong to."""
    values, points, days = np.empty(len(slots)), np.empty(len(slots)), np.empty(len(slots), np.int64)
    read = -1
    for analysis in range(len(looks.is_slope)):
        if looks.needs_dose[analysis] and doses == 0:
            continue
        if looks.of_fact[analysis] != read:
            read = looks.of_fact[analysis]
            _read(key, looks, number, arrived, first, slots, read, values)
        before = _gathered(looks.before[analysis], slots, values, days, points)
        if before < looks.need[analysis, 0]:
            continue
        earlier = w.line_compiled(days, points, before) if looks.is_slope[analysis] else points[0]
        after = _gathered(looks.after[analysis], slots, values, days, points)
        if after < looks.need[analysis, 1]:
            continue
        later = w.line_compiled(days, points, after) if looks.is_slope[analysis] else points[0]
        if not math.isnan(later - earlier):
            differences[analysis, many[analysis]] = later - earlier
            many[analysis] += 1


@nb.njit(cache=True)
def estimate(values, many, critical, estimates, significant, analysis):  # type: ignore[no-untyped-def]
    """The mean of differences, and whether its t interval of 95 % leaves out zero."""
    if many == 0:
        return
    total, squares = 0.0, 0.0
    for place in range(many):
        total += values[place]
    mean = total / many
    for place in range(many):
        squares += (values[place] - mean) * (values[place] - mean)
    estimates[analysis] = mean
    if many > 1:
        significant[analysis] = abs(mean) > critical[many] * math.sqrt(squares / (many - 1) / many)
