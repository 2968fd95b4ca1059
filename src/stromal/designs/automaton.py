"""A finite design as a table: every state it can be in, what it does there, and where each outcome leads.

Takes a Design and the number of doses; gives an Automaton, made by asking `rules.escalation.advise` once in each state.
Exact characteristics weigh its ends and the simulation walks it, so that both follow the rule that the desk enforces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from stromal.designs.fits import Fits
from stromal.rules.escalation import Advice, Stop, Tally, Treat, advise, begin, observe, select
from stromal.rules.escalation.designs import Coherent, Design, core, modifiers

Whole = NDArray[np.int64]

T = TypeVar("T")

STATE_LIMIT = 250_000
"""States in all, some ten seconds of listing; more is refused, and simulation step by step is offered."""


class TooManyStatesError(ValueError):
    """The design has more states than can be listed."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """States 0 .. S - 1 in the order of cohorts; state 0 is the beginning.

    `dose[s]` and `size[s]` say whom state s treats (size 0: nobody, the trial has ended); `after[s, k]` is the state
    after k toxicities; `selected[s]` is the dose an ended trial declares (-1 for none); `treated[s, d]` and
    `toxic[s, d]` are the counts.
    """

    dose: Whole
    size: Whole
    after: Whole
    selected: Whole
    treated: Whole
    toxic: Whole

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


def once(lists: Callable[[Design, int, int], T]) -> Callable[[Design, int, int], T]:
    """The same listing, kept for the next who asks; that a design has too many states is kept too, for finding that out
    takes long.
    """

    @lru_cache(maxsize=16)
    def tried(design: Design, doses: int, limit: int) -> T | TooManyStatesError:
        try:
            return lists(design, doses, limit)
        except TooManyStatesError as error:
            return error

    def kept(design: Design, doses: int, limit: int) -> T:
        found = tried(design, doses, limit)
        if isinstance(found, TooManyStatesError):
            raise TooManyStatesError(str(found))
        return found

    return kept


def listed(design: Design, doses: int, limit: int = STATE_LIMIT) -> Automaton:
    """The table of a design. TooManyStatesError above `limit` states."""
    return _kept(design, doses, limit)


@dataclass(slots=True)
class _Listing:
    """States so far. What comes after a state depends on its counts, its closed doses and what the design does there,
    so that tallies alike in these are one state, however the last cohort went.
    """

    design: Design
    fits: Fits = field(default_factory=Fits)
    known: dict[Tally, int] = field(default_factory=dict)
    states: dict[tuple[object, ...], int] = field(default_factory=dict)
    tallies: list[Tally] = field(default_factory=list)
    answers: list[Advice] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)

    def ask(self, tally: Tally) -> int | None:
        """Ask the design in a tally; the number of the state, if it is a new one."""
        advice, chosen = advise(self.design, tally, self.fits.dose), -1
        if isinstance(advice, Stop):
            found = select(self.design, tally, self.fits.dose)
            chosen = -1 if found is None else found
            key: tuple[object, ...] = (tally.treated, tally.toxic, chosen)
        else:
            key = (tally.treated, tally.toxic, tally.top, advice.dose, advice.size)
        new = key not in self.states
        self.known[tally] = self.states.setdefault(key, len(self.states))
        if not new:
            return None
        self.tallies.append(tally)
        self.answers.append(advice)
        self.chosen.append(chosen)
        return len(self.tallies) - 1


def _listed(design: Design, doses: int, limit: int) -> Automaton:
    listing, back = _Listing(design), looks_back(design)
    leads: list[list[Tally]] = []
    level = [begin(doses)]
    while level:
        listing.fits.learn(core(design), level)
        following: dict[Tally, None] = {}
        for tally in level:
            state = listing.ask(tally)
            if state is None:
                continue
            children = _after(design, tally, listing.answers[state], back=back)
            leads.append(children)
            following.update(dict.fromkeys(each for each in children if each not in listing.known))
            if len(leads) + len(following) > limit:
                raise TooManyStatesError(
                    f"the design has more than {limit:,} states; make cohorts larger or the trial smaller, or simulate "
                    "it step by step"
                )
        level = list(following)
    return _arrays(listing, leads)


_kept = once(_listed)


def _after(design: Design, tally: Tally, advice: Advice, *, back: bool) -> list[Tally]:
    """The tallies after a cohort with 0, 1 and so on toxicities; none where nobody is treated."""
    if isinstance(advice, Stop):
        return []
    found = [observe(design, tally, advice.dose, advice.size, toxic) for toxic in range(advice.size + 1)]
    return found if back else [each.forgetting() for each in found]


def _arrays(listing: _Listing, leads: list[list[Tally]]) -> Automaton:
    after = np.full((len(leads), max(map(len, leads))), -1, dtype=np.int64)
    for state, children in enumerate(leads):
        after[state, : len(children)] = [listing.known[each] for each in children]
    treats = [each if isinstance(each, Treat) else None for each in listing.answers]
    return Automaton(
        np.array([each.dose if each else -1 for each in treats], dtype=np.int64),
        np.array([each.size if each else 0 for each in treats], dtype=np.int64),
        after,
        np.array(listing.chosen, dtype=np.int64),
        np.array([tally.treated for tally in listing.tallies], dtype=np.int64),
        np.array([tally.toxic for tally in listing.tallies], dtype=np.int64),
    )
