"""Keyed random numbers: u = hash(seed, trial, person, purpose), the same in Python and in compiled loops.

Takes four whole numbers; gives a double in [0, 1). There is no stream: any trial can be made alone, in any order, on
any machine, and comes out the same to the last bit. The mixer is SplitMix64's finaliser (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

from functools import lru_cache

import numba as nb
import numpy as np

_ALL = (1 << 64) - 1
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_SCALE = 1.0 / 9007199254740992.0

ARRIVAL, TOXICITY, ONSET, LATE, LEAVES, LEAVING, GRADE, DELAY, MADE = range(9)
"""What a person's draws are for; a purpose that is asked for many times counts on in steps of 16."""


def mix(number: int) -> int:
    """64 bits scattered."""
    number = (number + _STEP) & _ALL
    number = ((number ^ (number >> 30)) * _FIRST) & _ALL
    number = ((number ^ (number >> 27)) * _SECOND) & _ALL
    return number ^ (number >> 31)


def check_seed(seed: int) -> int:
    """The seed. ValueError where it is none: seeds beyond 64 bits would repeat the trials of others."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _ALL:
        raise ValueError(f"a seed is a whole number from 0 to {_ALL}, not {seed}")
    return seed


@lru_cache(maxsize=16)
def _of_trial(seed: int, trial: int) -> int:
    """What all draws of one trial share."""
    return mix(mix(seed & _ALL) ^ trial)


@lru_cache(maxsize=256)
def _of_person(seed: int, trial: int, person: int) -> int:
    """What all draws of one person share."""
    return mix(_of_trial(seed, trial) ^ person)


def uniform(seed: int, trial: int, person: int, purpose: int) -> float:
    """The number of that key, in [0, 1)."""
    return (mix(_of_person(seed, trial, person) ^ purpose) >> 11) * _SCALE


@nb.njit(inline="always")
def mixed(number):  # type: ignore[no-untyped-def]
    """64 bits scattered, compiled."""
    number = number + np.uint64(_STEP)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(_FIRST)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(_SECOND)
    return number ^ (number >> np.uint64(31))


@nb.njit(inline="always")
def drawn(trial_key, person, purpose):  # type: ignore[no-untyped-def]
    """The number of a trial's key, a person and a purpose, compiled."""
    number = mixed(mixed(trial_key ^ np.uint64(person)) ^ np.uint64(purpose))
    return np.float64(number >> np.uint64(11)) * _SCALE


@nb.njit(inline="always")
def person_key(trial_key, person):  # type: ignore[no-untyped-def]
    """What all draws of one person share."""
    return mixed(trial_key ^ np.uint64(person))


@nb.njit(inline="always")
def of_person(shared, purpose):  # type: ignore[no-untyped-def]
    """The number of a person's shared key and a purpose: `drawn` in two steps, where one person draws often."""
    return np.float64(mixed(shared ^ np.uint64(purpose)) >> np.uint64(11)) * _SCALE


@nb.njit(inline="always")
def trial_key(seed, trial):  # type: ignore[no-untyped-def]
    """What all draws of one trial share."""
    return mixed(mixed(np.uint64(seed)) ^ np.uint64(trial))
