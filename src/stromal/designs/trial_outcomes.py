"""What the instruments read in simulated people, compiled: values at every slot, and each person's difference.

Takes a Walk and one person's days; adds to the differences of every analysis. `trial_engine` does the same in Python.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from stromal.designs import walk as w
from stromal.designs.keys import drawn
from stromal.designs.normals import normal_compiled


@nb.njit(cache=True)
def _read(key, walk, number, arrived, first, slots, fact, values):  # type: ignore[no-untyped-def]
    """The values of one fact at every slot that somebody came to."""
    begin = walk.outcomes[fact, 0] + walk.outcomes[fact, 1] * normal_compiled(drawn(key, number, w.START + 16 * fact))
    rate = walk.outcomes[fact, 2] + walk.outcomes[fact, 3] * normal_compiled(drawn(key, number, w.SLOPE + 16 * fact))
    wobble, effect, grid = walk.outcomes[fact, 4], walk.outcomes[fact, 5], walk.outcomes[fact, 6]
    low, high = walk.outcomes[fact, 7], walk.outcomes[fact, 8]
    for slot in range(len(slots)):
        day = slots[slot]
        if day < 0 or not walk.measured[fact, slot]:
            continue
        treated = day - first if 0 <= first < day else 0
        true = begin + rate * ((day - arrived) / w.MONTH) + effect * (treated / w.MONTH)
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
def measure(key, walk, number, arrived, first, doses, slots, many, differences):  # type: ignore[no-untyped-def]
    """One person's difference in every analysis they belong to."""
    values, points, days = np.empty(len(slots)), np.empty(len(slots)), np.empty(len(slots), np.int64)
    read = -1
    for analysis in range(len(walk.is_slope)):
        if walk.needs_dose[analysis] and doses == 0:
            continue
        if walk.of_fact[analysis] != read:
            read = walk.of_fact[analysis]
            _read(key, walk, number, arrived, first, slots, read, values)
        before = _gathered(walk.before[analysis], slots, values, days, points)
        if before < walk.need[analysis, 0]:
            continue
        earlier = w.line_compiled(days, points, before) if walk.is_slope[analysis] else points[0]
        after = _gathered(walk.after[analysis], slots, values, days, points)
        if after < walk.need[analysis, 1]:
            continue
        later = w.line_compiled(days, points, after) if walk.is_slope[analysis] else points[0]
        if not math.isnan(later - earlier):
            differences[analysis, many[analysis]] = later - earlier
            many[analysis] += 1
