"""A design whose planned doses cannot always be made, as a table of persons instead of cohorts.

Takes a Design with Makeable and the number of doses; gives a MadeTable: what each person who is treated, on the planned
dose or a lower one, leads to. Exact characteristics weigh its ends, the compiled loop walks it, and both follow the
rules that the event engine asks cohort by cohort.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stromal.designs.automaton import TooManyStatesError, looks_back, once
from stromal.designs.fits import Fits
from stromal.designs.made import chances, shares
from stromal.rules.escalation import Stop, Tally, begin, observe, select
from stromal.rules.escalation.aside import aside, ask, room
from stromal.rules.escalation.designs import Design, core

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

MADE_LIMIT = 60_000
"""States in all, some ten seconds of listing; more is refused, and simulation step by step is offered."""


@dataclass(frozen=True, slots=True)
class MadeTable:
    """States 0 .. S - 1 in the order of people treated; state 0 is the beginning.

    `dose[s]` is the dose planned for the next person, and `size[s]` how many the cohort is to have (0: the trial has
    ended); `after[s, 2 * d + t]` is the state after a person treated on dose d with (t = 1) or without toxicity, -1
    where that cannot be. `selected[s]` is the dose an ended trial declares (-1 for none); `treated[s, d]` and
    `toxic[s, d]` count everybody so far. `ways[s]` is the number of orders of outcomes that lead there, each weighed by
    the chance of what could be made (of people for whom anything could), `below[s]` how many got less than planned on
    the average of these.
    """

    dose: Whole
    size: Whole
    after: Whole
    selected: Whole
    treated: Whole
    toxic: Whole
    ways: Floats
    below: Floats
    most: int
    makeable: tuple[float, ...]

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.dose)

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.treated.shape[1])

    @property
    def lost_each(self) -> float:
        """How many products are lost, on average, before somebody can be treated."""
        return (1 - self.makeable[0]) / self.makeable[0]


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of whole cohorts and of those aside, and the cohort going on (`members` 0: none is)."""

    tally: Tally
    dose: int = -1
    size: int = 0
    members: int = 0
    toxic: int = 0


class _Listing:
    """Lists the states, those of equal numbers of people together."""

    def __init__(self, design: Design, doses: int) -> None:
        self.design, self.back, self.fits = design, looks_back(design), Fits()
        self.makeable = chances(design, doses)
        self.selected: dict[_State, int] = {}
        self.known: dict[Tally, _State] = {}

    def settled(self, tally: Tally) -> _State:
        """The state in which a cohort begins, or the trial has ended."""
        tally = tally if self.back else tally.forgetting()
        if tally not in self.known:
            self.known[tally] = self._asked(tally)
        return self.known[tally]

    def _asked(self, tally: Tally) -> _State:
        self.fits.learn(core(self.design), (tally,))
        advice = ask(self.design, tally, self.fits.dose)
        if isinstance(advice, Stop):
            chosen = select(self.design, tally, self.fits.dose)
            ended = _State(tally)
            self.selected[ended] = -1 if chosen is None else chosen
            return ended
        return _State(tally, advice.dose, advice.size)

    def after(self, state: _State, dose: int, toxic: int) -> _State:
        """The state after the next person."""
        tally, members, harmed = state.tally, state.members, state.toxic
        if dose == state.dose:
            members, harmed = members + 1, harmed + toxic
        else:
            tally = aside(self.design, tally, dose, bool(toxic))
        if members == 0:
            return self.settled(tally)
        if members == state.size or room(self.design, tally) == members:
            return self.settled(observe(self.design, tally, state.dose, members, harmed))
        return _State(tally, state.dose, state.size, members, harmed)

    def following(self, state: _State) -> Iterator[tuple[int, _State]]:
        """The place of each person who may come next, and the state they lead to."""
        if state.size == 0:
            return
        for dose, share in enumerate(shares(self.makeable, state.dose)):
            if share > 0:
                for toxic in (0, 1):
                    yield 2 * dose + toxic, self.after(state, dose, toxic)


def made_listed(design: Design, doses: int, limit: int = MADE_LIMIT) -> MadeTable:
    """The table of a design. TooManyStatesError above `limit` states."""
    return _kept(design, doses, limit)


def _listed(design: Design, doses: int, limit: int) -> MadeTable:
    listing = _Listing(design, doses)
    if room(design, begin(doses)) == math.inf and len(set(listing.makeable)) > 1:
        raise TooManyStatesError(
            "people who get less than planned are replaced without end; name the greatest number of people, such as "
            "most=18, or simulate it step by step"
        )
    numbers = {listing.settled(begin(doses)): 0}
    leads: list[dict[int, int]] = []
    waiting = list(numbers)
    while waiting:
        coming: list[_State] = []
        for state in waiting:
            row = {}
            for place, after in listing.following(state):
                if after not in numbers:
                    numbers[after] = len(numbers)
                    coming.append(after)
                row[place] = numbers[after]
            leads.append(row)
            if len(numbers) > limit:
                raise TooManyStatesError(
                    f"doses that cannot always be made lead to more than {limit:,} states; make the trial smaller, or "
                    "simulate it step by step"
                )
        waiting = coming
    return _arrays(listing, list(numbers), leads, doses)


_kept = once(_listed)


def _arrays(listing: _Listing, states: list[_State], leads: list[dict[int, int]], doses: int) -> MadeTable:
    after = np.full((len(states), 2 * doses), -1, dtype=np.int64)
    treated, toxic = (np.zeros((len(states), doses), dtype=np.int64) for _ in range(2))
    for number, (state, row) in enumerate(zip(states, leads, strict=True)):
        after[number, list(row)] = list(row.values())
        treated[number], toxic[number] = state.tally.treated, state.tally.toxic
        if state.members:
            treated[number, state.dose] += state.members
            toxic[number, state.dose] += state.toxic
    dose = np.array([state.dose for state in states], dtype=np.int64)
    size = np.array([state.size for state in states], dtype=np.int64)
    ways, below = _weighed(dose, after, listing.makeable)
    most = room(listing.design, begin(doses))
    return MadeTable(
        dose, size, after, np.array([listing.selected.get(state, -1) for state in states], dtype=np.int64), treated,
        toxic, ways, below, -1 if np.isinf(most) else int(most), listing.makeable,
    )  # fmt: skip


def _weighed(dose: Whole, after: Whole, makeable: tuple[float, ...]) -> tuple[Floats, Floats]:
    """The ways to each state, and how many people got less than planned on the average of them."""
    chance = [shares(makeable, planned) for planned in range(len(makeable))]
    ways, below = np.zeros(len(dose)), np.zeros(len(dose))
    ways[0] = 1.0
    for state, (planned, row) in enumerate(zip(dose.tolist(), after.tolist(), strict=True)):
        for place, leads in enumerate(row):
            if leads >= 0:
                share = chance[planned][place // 2]
                ways[leads] += ways[state] * share
                below[leads] += (below[state] + ways[state] * (place // 2 < planned)) * share
    return ways, below / ways
