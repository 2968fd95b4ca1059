"""Every path that the next cohorts can take, as a tree.

Takes a Design and what was seen so far; gives a Node with what the design does there and where each outcome leads.
People of one cohort are alike, so that the order of outcomes within it is left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stromal.rules.escalation import Advice, Stop, Tally, Treat, advise, begin, observe, select
from stromal.rules.escalation.designs import Design
from stromal.rules.escalation.tally import Cohort

MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Node:
    """A state: the cohort that led here (None at the root), in how many orders, its chance where a scenario is given,
    what the design does now, the dose it declares if it stops (None for none), and where each outcome leads.
    """

    cohort: Cohort | None
    orders: int
    chance: float | None
    advice: Advice
    declared: int | None
    then: tuple[Node, ...]

    @property
    def says(self) -> str:
        """What is done here, in words."""
        if isinstance(self.advice, Treat):
            return f"{self.advice.size} on dose {self.advice.dose + 1}"
        return "stop, declare no dose" if self.declared is None else f"stop, declare dose {self.declared + 1}"


def seen(design: Design, cohorts: Sequence[Cohort], doses: int) -> Tally:
    """The tally after cohorts that the design treats so. ValueError names the first that it would not have treated."""
    tally = begin(doses)
    for cohort in cohorts:
        advice = advise(design, tally)
        if isinstance(advice, Stop):
            raise ValueError(f"before {cohort} the design has stopped: {advice.reason}")
        if (advice.dose, advice.size) != (cohort.dose, len(cohort.toxic)):
            meant = f"dose {advice.dose + 1} to {advice.size} people"
            raise ValueError(f"{cohort} is not what the design does there: it gives {meant} ({advice.reason})")
        tally = observe(design, tally, cohort.dose, len(cohort.toxic), sum(cohort.toxic))
    return tally


def paths(
    design: Design, doses: int, depth: int, before: Sequence[Cohort] = (), scenario: Sequence[float] = ()
) -> Node:
    """The tree of the next `depth` cohorts. ValueError where it would have more than 20,000 nodes."""
    if depth < 1:
        raise ValueError(f"a tree looks at 1 cohort or more, not {depth}")
    if scenario and len(scenario) != doses:
        raise ValueError(f"the scenario gives {len(scenario)} toxicities, the design has {doses} doses")
    made = [0]
    return _node(design, seen(design, before, doses), depth, None, 1, 1.0 if scenario else None, scenario, made)


def _node(
    design: Design, tally: Tally, depth: int, cohort: Cohort | None, orders: int, chance: float | None,
    scenario: Sequence[float], made: list[int],
) -> Node:  # fmt: skip
    made[0] += 1
    if made[0] > MOST_NODES:
        raise ValueError(f"the tree has more than {MOST_NODES:,} nodes: look at fewer cohorts")
    advice = advise(design, tally)
    if isinstance(advice, Stop):
        return Node(cohort, orders, chance, advice, select(design, tally), ())
    then = []
    for toxic in range(advice.size + 1) if depth else ():
        after = observe(design, tally, advice.dose, advice.size, toxic)
        outcomes = Cohort(advice.dose, (False,) * (advice.size - toxic) + (True,) * toxic)
        ways = math.comb(advice.size, toxic)
        share = None
        if chance is not None:
            true = scenario[advice.dose]
            share = chance * ways * true**toxic * (1 - true) ** (advice.size - toxic)
        then.append(_node(design, after, depth - 1, outcomes, ways, share, scenario, made))
    return Node(cohort, orders, chance, advice, None, tuple(then))


def leaves(node: Node, before: tuple[Cohort, ...] = ()) -> Iterator[tuple[tuple[Cohort, ...], Node]]:
    """Every end of the tree with the cohorts that lead to it."""
    path = (*before, node.cohort) if node.cohort else before
    if not node.then:
        yield path, node
    for each in node.then:
        yield from leaves(each, path)
