"""One checker for every design and modifier: what each promises, looked for in every state it can come to.

Takes a Design and the number of doses; gives a Breach for each promise that some state breaks, with the state. A design
that waits for nothing else to be proved is one whose breaches are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from stromal.designs.automaton import looks_back
from stromal.designs.fits import Fits
from stromal.designs.made import chances, shares
from stromal.rules.escalation import Advice, Stop, Tally, Treat, begin, observe, select
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.aside import aside
from stromal.rules.escalation.aside import ask as decide
from stromal.rules.escalation.boundaries import beta_above

Rule: TypeAlias = Callable[[d.Design, Tally], Advice]


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise broken: its name, the state in which, and what the design answered there."""

    promise: str
    tally: Tally
    answer: Advice


def check_design(design: d.Design, doses: int, rule: Rule | None = None, most: int = 200_000) -> tuple[Breach, ...]:
    """Every promise of the design and its modifiers that some state breaks. ValueError above `most` states."""
    fits = Fits()

    def answered(asked: d.Design, tally: Tally) -> Advice:
        return rule(asked, tally) if rule else decide(asked, tally, fits.dose)

    made: list[Breach] = []
    level, seen = [begin(doses)], 0
    while level:
        fits.learn(d.core(design), level)
        following: dict[Tally, None] = {}
        for tally in level:
            seen += 1
            if seen > most:
                raise ValueError(f"the design has more than {most:,} states: check it with fewer people")
            answer = answered(design, tally)
            made += [Breach(promise, tally, answer) for promise in _broken(design, tally, answer)]
            if isinstance(answer, Treat) and tally.people < 400:
                after = [observe(design, tally, answer.dose, answer.size, toxic) for toxic in range(answer.size + 1)]
                made += _steps(design, tally, answer, after, answered)
                after += _below(design, tally, answer)
                following |= dict.fromkeys(each if looks_back(design) else each.forgetting() for each in after)
        level = list(following)
    return tuple(made)


def _below(design: d.Design, tally: Tally, answer: Treat) -> list[Tally]:
    """Where one person leads who got less than planned, as the design's Makeable allows."""
    below = shares(chances(design, tally.doses), answer.dose)[:-1]
    given = [dose for dose, share in enumerate(below) if share > 0]
    return [aside(design, tally, dose, toxic) for dose in given for toxic in (False, True)]


def _broken(design: d.Design, tally: Tally, answer: Advice) -> Iterator[str]:
    """The promises that an answer breaks by itself."""
    if isinstance(answer, Stop):
        if answer.selected is not None and answer.selected >= tally.doses:
            yield "a declared dose is one of the doses"
        return
    if not 0 <= answer.dose < tally.doses or answer.size < 1:
        yield "somebody is treated on one of the doses"
    if answer.dose >= tally.top:
        yield "a closed dose is never given"
    for modifier in d.modifiers(design):
        if _breaks(modifier, tally, answer):
            yield type(modifier).__name__


def _breaks(modifier: d.Modifier, tally: Tally, answer: Treat) -> bool:
    match modifier:
        case d.NoSkipping():
            return tally.current >= 0 and answer.dose > tally.highest + 1
        case d.AtMost(_, people):
            return tally.people + answer.size > people
        case d.StopAt(_, people):
            return tally.treated[answer.dose] >= people
        case d.StartAt(_, dose):
            return tally.current < 0 and answer.dose != min(dose, tally.doses - 1)
        case d.Coherent(_, share):
            treated, toxic = tally.last
            return treated > 0 and toxic / treated >= share and answer.dose > tally.current
        case d.StopTooToxic(_, limit, certainty, least):
            treated, toxic = tally.treated[0], tally.toxic[0]
            return treated >= least and beta_above(limit, toxic + 1, treated - toxic + 1) > certainty
        case _:
            return False


def _steps(design: d.Design, tally: Tally, answer: Treat, after: list[Tally], answered: Rule) -> Iterator[Breach]:
    """Promises about neighbouring outcomes: more toxicity leads no higher, and closed doses stay closed."""
    ranks = [_rank(design, each, answered) for each in after]
    if any(fewer < more for fewer, more in pairwise(ranks)):
        yield Breach("more toxicity never leads to a higher dose", tally, answer)
    if any(each.top > tally.top for each in after):
        yield Breach("a closed dose stays closed", tally, answer)


def _rank(design: d.Design, tally: Tally, answered: Rule) -> int:
    """How high a state leads: the dose given next, or the one declared; -1 where none is."""
    answer = answered(design, tally)
    if isinstance(answer, Treat):
        return answer.dose
    chosen = answer.selected if answer.selected != -1 else select(design, tally)
    return -1 if chosen is None else chosen
