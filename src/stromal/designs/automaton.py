"""A finite design as a table: every state it can be in, what it does there, and where each outcome leads.

Takes a Design and the number of doses; gives an Automaton, made by asking `rules.escalation.advise` once in each state.
Exact characteristics weigh its ends and the simulation walks it, so that both follow the rule that the desk enforces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stromal.designs.fits import Fits
from stromal.rules.escalation import Stop, Tally, advise, begin, observe, select
from stromal.rules.escalation.designs import Coherent, Design, core, modifiers

Whole = NDArray[np.int64]

STATE_LIMIT = 250_000
"""States in all, some ten seconds of listing; more is refused, and simulation step by step is offered."""


class TooManyStatesError(ValueError):
    """The design has more states than can be listed."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """States 0 .. S - 1 in the order of people treated; state 0 is the beginning.

    `dose[s]` and `size[s]` say whom state s treats (size 0: nobody, the trial has ended); `fresh[s]` whether nobody had
    that dose before; `after[s, k]` is the state after k toxicities; `selected[s]` is the dose an ended trial declares
    (-1 for none); `treated[s, d]` and `toxic[s, d]` are the counts; `depth[s]` is the number of cohorts before.
    """

    dose: Whole
    size: Whole
    fresh: Whole
    after: Whole
    selected: Whole
    treated: Whole
    toxic: Whole
    depth: Whole

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.dose)

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.treated.shape[1])


def looks_back(design: Design) -> bool:
    """Whether any part of the design asks how the last cohort went."""
    return any(isinstance(modifier, Coherent) for modifier in modifiers(design))


def listed(design: Design, doses: int, limit: int = STATE_LIMIT) -> Automaton:
    """The table of a design, kept for the next who asks. TooManyStatesError above `limit` states."""
    found = _tried(design, doses, limit)
    if isinstance(found, TooManyStatesError):
        raise TooManyStatesError(str(found))
    return found


@lru_cache(maxsize=16)
def _tried(design: Design, doses: int, limit: int) -> Automaton | TooManyStatesError:
    """The table, or why there is none: that is kept too, for finding it out takes long."""
    try:
        return _listed(design, doses, limit)
    except TooManyStatesError as error:
        return error


def _listed(design: Design, doses: int, limit: int) -> Automaton:
    back, fits = looks_back(design), Fits()
    numbers: dict[Tally, int] = {begin(doses): 0}
    rows: list[tuple[int, int, bool, list[int], int]] = []
    depths = [0]
    level, depth = [begin(doses)], 0
    while level:
        depth += 1
        fits.learn(core(design), level)
        following: list[Tally] = []
        for tally in level:
            advice = advise(design, tally, fits.dose)
            if isinstance(advice, Stop):
                chosen = select(design, tally, fits.dose)
                rows.append((-1, 0, False, [], -1 if chosen is None else chosen))
                continue
            leads = []
            for toxic in range(advice.size + 1):
                after = observe(design, tally, advice.dose, advice.size, toxic)
                after = after if back else after.forgetting()
                if after not in numbers:
                    numbers[after] = len(numbers)
                    following.append(after)
                    depths.append(depth)
                leads.append(numbers[after])
            rows.append((advice.dose, advice.size, tally.treated[advice.dose] == 0, leads, -1))
            if len(numbers) > limit:
                raise TooManyStatesError(
                    f"the design has more than {limit:,} states; make cohorts larger or the trial smaller, or simulate "
                    "it step by step"
                )
        level = following
    return _arrays(rows, list(numbers), depths)


def _arrays(rows: list[tuple[int, int, bool, list[int], int]], tallies: list[Tally], depths: list[int]) -> Automaton:
    widest = max(len(row[3]) for row in rows)
    after = np.full((len(rows), widest), -1, dtype=np.int64)
    for state, row in enumerate(rows):
        after[state, : len(row[3])] = row[3]
    return Automaton(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        after,
        np.array([row[4] for row in rows], dtype=np.int64),
        np.array([tally.treated for tally in tallies], dtype=np.int64),
        np.array([tally.toxic for tally in tallies], dtype=np.int64),
        np.array(depths, dtype=np.int64),
    )
