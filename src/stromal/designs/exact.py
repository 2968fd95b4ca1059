"""Exact operating characteristics: every end a design can come to, found once, and weighed for each scenario.

Takes a Design and the number of doses; gives Ends, arrays over terminal states that no probability enters, and from
them Characteristics for a scenario of true toxicities. Beside the walk; nothing here is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.automaton import STATE_LIMIT, Automaton, listed
from stromal.rules.escalation.designs import Design

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """Terminal states: people and toxicities of each dose (S x K), the log of the number of ways to each (S),
    the dose selected (S, -1 for none), and the number of people (S). Counts are doubles: weighing is one product.
    """

    treated: Floats
    toxic: Floats
    log_ways: Floats
    selected: Whole
    people: Whole
    states: int

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.treated.shape[1])


@dataclass(frozen=True, slots=True)
class Characteristics:
    """What a design does under one scenario. Probabilities and means are exact up to rounding of doubles (about 1e-12).

    `selection[d]` and `none` add up to 1; `treated[d]` and `toxic[d]` are expected people and toxicities on dose d;
    `people` maps each possible sample size to its probability.
    """

    scenario: tuple[float, ...]
    selection: tuple[float, ...]
    none: float
    treated: tuple[float, ...]
    toxic: tuple[float, ...]
    people: tuple[tuple[int, float], ...]

    @property
    def expected_people(self) -> float:
        """The expected number of people."""
        return math.fsum(self.treated)

    @property
    def expected_toxicities(self) -> float:
        """The expected number of people with a dose-limiting toxicity."""
        return math.fsum(self.toxic)


@lru_cache(maxsize=16)
def ends(design: Design, doses: int, limit: int = STATE_LIMIT) -> Ends:
    """Every end of the design. TooManyStatesError above `limit` states, with what to do instead."""
    return ends_of(listed(design, doses, limit))


def ends_of(table: Automaton) -> Ends:
    """The ends of a listed design, with the number of orders of outcomes that lead to each.

    Counts beyond 2 ** 53 are rounded, which keeps a relative error below 1e-13 for any trial that fits in memory.
    """
    ways = np.zeros(table.states)
    ways[0] = 1.0
    for depth in range(int(table.depth.max()) + 1):
        here = np.flatnonzero((table.depth == depth) & (table.size > 0))
        for toxic in range(table.after.shape[1]):
            enough = here[table.size[here] >= toxic]
            orders = np.array([math.comb(int(size), toxic) for size in table.size[enough]], dtype=np.float64)
            np.add.at(ways, table.after[enough, toxic], ways[enough] * orders)
    last = np.flatnonzero(table.size == 0)
    every = np.hstack([table.treated[last], table.toxic[last], table.selected[last, None]])
    kinds, which = np.unique(every, axis=0, return_inverse=True)
    doses = table.doses
    return Ends(
        kinds[:, :doses].astype(np.float64),
        kinds[:, doses:-1].astype(np.float64),
        np.log(np.bincount(which.ravel(), weights=ways[last])),
        kinds[:, -1],
        kinds[:, :doses].sum(axis=1),
        table.states,
    )


_NEVER = -1e4
"""Stands for the logarithm of 0: times one event it is far below what doubles can hold, times none it is nothing."""


def weights(found: Ends, scenario: ArrayLike) -> Floats:
    """The probability of each end (S) under true toxicities (K). ValueError where the scenario does not fit."""
    true = check_scenario(scenario, found.doses)
    with np.errstate(divide="ignore"):
        hurt, well = np.maximum(np.log(true), _NEVER), np.maximum(np.log1p(-true), _NEVER)
    return np.asarray(np.exp(found.log_ways + found.toxic @ (hurt - well) + found.treated @ well))


def check_scenario(scenario: ArrayLike, doses: int) -> Floats:
    """A scenario as an array. ValueError names what cannot be: its length, or a number that is no probability."""
    true = np.asarray(scenario, dtype=np.float64)
    if true.shape != (doses,):
        raise ValueError(f"the scenario gives {true.size} toxicities, the design has {doses} doses")
    wrong = [float(each) for each in true if not 0 <= each <= 1]
    if wrong:
        raise ValueError(f"a true toxicity of {wrong[0]:g} is no probability; write shares of 1 such as .30")
    return true


def characteristics(found: Ends, scenario: Sequence[float]) -> Characteristics:
    """What the design does under true toxicities (K)."""
    mass = weights(found, scenario)
    picked = np.bincount(found.selected + 1, weights=mass, minlength=found.doses + 1)
    spread = np.bincount(found.people, weights=mass)
    return Characteristics(
        tuple(map(float, scenario)),
        tuple(picked[1:].tolist()),
        float(picked[0]),
        tuple((mass @ found.treated).tolist()),
        tuple((mass @ found.toxic).tolist()),
        tuple((int(size), float(spread[size])) for size in np.flatnonzero(np.bincount(found.people))),
    )
