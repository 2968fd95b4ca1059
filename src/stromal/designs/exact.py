"""Exact operating characteristics: every end a design can come to, found once, and weighed for each scenario.

Takes a Design and the number of doses; gives Ends, arrays over terminal states that no probability enters, and from
them Characteristics for a scenario of true toxicities. Beside the walk; nothing here is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.automaton import STATE_LIMIT, Automaton, listed
from stromal.designs.made import chances
from stromal.designs.made_table import made_listed
from stromal.designs.sheet import Sheet, Shown, numbered, of_sizes
from stromal.rules.escalation.designs import Design

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Narrow = NDArray[np.int32]


_UNTRIED = 5e-5
"""The least chance of declaring a dose that nobody had that is worth a line."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What ends have in common, so that a scenario multiplies it once.

    A cell is so many people and toxicities on one dose (`cells`, C x 3: dose, people, toxicities). The doses fall into
    two halves; `low` and `high` list the different rows of cells of each half, `low_of[e]` and `high_of[e]` say which
    rows end e has; `treated` (K x S) are people again, dose by dose. Ends that declare the same dose after as many
    people lie beside each other: `groups` (G x 4) tells the first of them, the one behind the last, the dose + 1, and
    which of `sizes`, the possible numbers of people.
    """

    cells: Whole
    low: Narrow
    high: Narrow
    low_of: Narrow
    high_of: Narrow
    treated: Narrow
    groups: Whole
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ends:
    """Terminal states: people and toxicities of each dose (S x K), the number of ways to each (S), the dose selected
    (S, -1 for none), and the number of people (S); `shared` is what weighing makes use of. Where doses cannot always be
    made, `below` says how many people got less than planned (S, on average), and `lost_each` how many products are
    lost for each person treated. `untried` lists the ends that declare a dose nobody had, as a model may.
    """

    treated: Floats
    toxic: Floats
    ways: Floats
    selected: Whole
    people: Whole
    states: int
    shared: Shared
    untried: Whole
    below: Floats | None = None
    lost_each: float = 0.0

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.treated.shape[1])


@dataclass(frozen=True, slots=True, repr=False)
class Characteristics(Shown):
    """What a design does under one scenario. Probabilities and means are exact up to rounding of doubles (about 1e-12).

    `selection[d]` and `none` add up to 1; `treated[d]` and `toxic[d]` are expected people and toxicities on dose d;
    `people` maps each possible sample size to its probability. Where doses cannot always be made, `lost` products are
    expected of which nothing can be made, and `below` people who get less than planned. `untried` is the chance that
    a dose is declared which nobody had.
    """

    scenario: tuple[float, ...]
    selection: tuple[float, ...]
    none: float
    treated: tuple[float, ...]
    toxic: tuple[float, ...]
    people: tuple[tuple[int, float], ...]
    lost: float = 0.0
    below: float = 0.0
    untried: float = 0.0

    @property
    def expected_people(self) -> float:
        """The expected number of people."""
        return math.fsum(self.treated)

    @property
    def expected_toxicities(self) -> float:
        """The expected number of people with a dose-limiting toxicity."""
        return math.fsum(self.toxic)

    @property
    def untried_told(self) -> str:
        """How often a dose is declared that nobody had; nothing where that is next to never."""
        if self.untried <= _UNTRIED:
            return ""
        return f"a dose that nobody had is declared with probability {self.untried:.2%}: the model says so"

    @property
    def sizes(self) -> Sheet:
        """How many people the trial may come to, and how likely each number is."""
        return of_sizes(self.people)

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a dose: its true toxicity, the chance that it is declared, expected people and toxicities."""
        columns = {
            "dose": numbered(len(self.scenario)), "toxicity": np.array(self.scenario),
            "selection": np.array(self.selection), "treated": np.array(self.treated), "toxic": np.array(self.toxic),
        }  # fmt: skip
        told = (
            f"no dose declared {self.none:.2%}; {self.expected_people:.2f} people and {self.expected_toxicities:.2f} "
            "toxicities expected"
        )
        notes = [told]
        if self.untried_told:
            notes.append(self.untried_told)
        if self.lost or self.below:
            notes.append(f"{self.lost:.2f} products lost and {self.below:.2f} people given less than planned expected")
        return (Sheet("What the design does (exact)", columns, 1, tuple(notes)),)


@lru_cache(maxsize=16)
def ends(design: Design, doses: int, limit: int = STATE_LIMIT) -> Ends:
    """Every end of the design. TooManyStatesError above `limit` states, with what to do instead."""
    if not chances(design, doses):
        return ends_of(listed(design, doses, limit))
    table = made_listed(design, doses)
    last = np.flatnonzero(table.size == 0)
    return gathered(
        table.selected[last], table.treated[last], table.toxic[last], table.ways[last], table.states,
        table.below[last], table.lost_each,
    )  # fmt: skip


def ends_of(table: Automaton) -> Ends:
    """The ends of a listed design, with the number of orders of outcomes that lead to each.

    Counts beyond 2 ** 53 are rounded, which keeps a relative error below 1e-13 for any trial that fits in memory.
    """
    ways = np.zeros(table.states)
    ways[0] = 1.0
    people = table.treated.sum(axis=1)
    for before in np.unique(people).tolist():  # a cohort always leads to more people
        here = np.flatnonzero((people == before) & (table.size > 0))
        for toxic in range(table.after.shape[1]):
            enough = here[table.size[here] >= toxic]
            orders = np.array([math.comb(int(size), toxic) for size in table.size[enough]], dtype=np.float64)
            np.add.at(ways, table.after[enough, toxic], ways[enough] * orders)
    last = np.flatnonzero(table.size == 0)
    return gathered(table.selected[last], table.treated[last], table.toxic[last], ways[last], table.states)


def gathered(
    selected: Whole, treated: Whole, toxic: Whole, ways: Floats, states: int, below: Floats | None = None,
    lost_each: float = 0.0,
) -> Ends:  # fmt: skip
    """Ends of equal numbers put together: their ways added up; `below` is averaged over them."""
    doses = treated.shape[1]
    every = np.column_stack([selected, treated.sum(axis=1), treated, toxic])
    kinds, which = np.unique(every, axis=0, return_inverse=True)
    together = np.bincount(which.ravel(), weights=ways).astype(np.float64)
    people, harmed = kinds[:, 2 : 2 + doses], kinds[:, 2 + doses :]
    return Ends(
        people.astype(np.float64),
        harmed.astype(np.float64),
        together,
        kinds[:, 0],
        kinds[:, 1],
        states,
        _shared(kinds[:, 0], kinds[:, 1], people, harmed),
        np.flatnonzero((kinds[:, 0] >= 0) & (people[np.arange(len(kinds)), kinds[:, 0]] == 0)),
        None if below is None else np.bincount(which.ravel(), weights=ways * below) / together,
        lost_each,
    )


def _shared(selected: Whole, people: Whole, treated: Whole, toxic: Whole) -> Shared:
    """What ends have in common; they come in the order of the dose selected and of people."""
    doses = treated.shape[1]
    every = np.stack([np.broadcast_to(np.arange(doses), treated.shape), treated, toxic], axis=2).reshape(-1, 3)
    cells, which = np.unique(every, axis=0, return_inverse=True)
    rows = which.reshape(treated.shape).astype(np.int32)
    low, low_of = np.unique(rows[:, : doses // 2], axis=0, return_inverse=True)
    high, high_of = np.unique(rows[:, doses // 2 :], axis=0, return_inverse=True)
    sizes, size_of = np.unique(people, return_inverse=True)
    kinds, firsts = np.unique(np.column_stack([selected + 1, size_of]), axis=0, return_index=True)
    return Shared(
        cells,
        low,
        high,
        low_of.ravel().astype(np.int32),
        high_of.ravel().astype(np.int32),
        np.ascontiguousarray(treated.T, dtype=np.int32),
        np.column_stack([firsts, np.append(firsts[1:], len(people)), kinds]),
        tuple(sizes.tolist()),
    )


# ---------------------------------------------------------------- weighing

_BLOCK = 512


@nb.njit(inline="always")
def _rows(rows, of_cell, made):  # type: ignore[no-untyped-def]
    """Each row of cells multiplied out."""
    for row in range(rows.shape[0]):
        part = 1.0
        for column in range(rows.shape[1]):
            part *= of_cell[rows[row, column]]
        made[row] = part


@nb.njit(inline="always")
def _cells(cells, true, made):  # type: ignore[no-untyped-def]
    """The probability of each cell's outcomes in one order."""
    for cell in range(cells.shape[0]):
        hurt = true[cells[cell, 0]]
        made[cell] = hurt ** cells[cell, 2] * (1.0 - hurt) ** (cells[cell, 1] - cells[cell, 2])


# Sums may be taken in any order: only that lets them be taken eight at a time.
@nb.njit(cache=True, fastmath={"reassoc", "nsz"})
def _weigh(scenarios, cells, low, high, low_of, high_of, ways, treated, groups, out):  # type: ignore[no-untyped-def]
    """For each scenario: none, each dose selected, people on each dose, and the chance of each number of people."""
    doses = treated.shape[0]
    of_cell, of_low, of_high = np.empty(len(cells)), np.empty(len(low)), np.empty(len(high))
    mass = np.empty(_BLOCK)
    for place in range(len(scenarios)):
        _cells(cells, scenarios[place], of_cell)
        _rows(low, of_cell, of_low)
        _rows(high, of_cell, of_high)
        row = out[place]
        row[:] = 0.0
        for group in range(groups.shape[0]):
            begin, stop, picked, size = groups[group]
            total = 0.0
            for start in range(begin, stop, _BLOCK):
                many = min(_BLOCK, stop - start)
                for each in range(many):
                    one = ways[start + each] * of_low[low_of[start + each]] * of_high[high_of[start + each]]
                    mass[each] = one
                    total += one
                for dose in range(doses):
                    given = 0.0
                    for each in range(many):
                        given += mass[each] * treated[dose, start + each]
                    row[doses + 1 + dose] += given
            row[picked] += total
            row[2 * doses + 1 + size] += total


def _weighed(found: Ends, scenarios: Floats) -> Floats:
    shared = found.shared
    out = np.empty((len(scenarios), 2 * found.doses + 1 + len(shared.sizes)))
    _weigh(
        scenarios, shared.cells, shared.low, shared.high, shared.low_of, shared.high_of, found.ways, shared.treated,
        shared.groups, out,
    )  # fmt: skip
    return out


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
    """What the design does under true toxicities (K). ValueError where the scenario does not fit."""
    return characteristics_of(found, (scenario,))[0]


def characteristics_of(found: Ends, scenarios: Sequence[ArrayLike]) -> tuple[Characteristics, ...]:
    """What the design does under each of many scenarios, in their order; quicker than one by one."""
    true = [check_scenario(scenario, found.doses) for scenario in scenarios]
    if not true:
        return ()
    rows = _weighed(found, np.array(true)).tolist()
    told = tuple([_told(found, each.tolist(), row) for each, row in zip(true, rows, strict=True)])
    if found.below is None and not len(found.untried):
        return told
    return tuple([_more(found, each) for each in told])


def _more(found: Ends, told: Characteristics) -> Characteristics:
    """With the chance of declaring a dose that nobody had; and the products lost, a number of them before each person,
    and the people who get less than planned.
    """
    true = np.array(told.scenario)
    untried = float(_mass(found, true, found.untried).sum())
    if found.below is None:
        return replace(told, untried=untried)
    below = float(_mass(found, true, np.arange(len(found.ways))) @ found.below)
    return replace(told, lost=found.lost_each * told.expected_people, below=below, untried=untried)


def _mass(found: Ends, true: Floats, some: Whole) -> Floats:
    """The probability of some of the ends."""
    treated, toxic = found.treated[some], found.toxic[some]
    return np.asarray(found.ways[some] * np.prod(true**toxic * (1 - true) ** (treated - toxic), axis=1))


def _told(found: Ends, true: list[float], row: list[float]) -> Characteristics:
    doses = found.doses
    treated = row[doses + 1 : 2 * doses + 1]
    return Characteristics(
        tuple(true),
        tuple(row[1 : doses + 1]),
        row[0],
        tuple(treated),
        # Nobody's outcome is known when the dose is chosen: toxicities are people times chance (Wald's identity).
        tuple([people * chance for people, chance in zip(treated, true, strict=True)]),
        tuple(zip(found.shared.sizes, row[2 * doses + 1 :], strict=True)),
    )
