"""The figures of a trial's report: the swimmer plot, harms, trajectories of each participant, forests of values.

Takes the State, the Protocol, the tables and the results; gives figures as SVG, the same bytes for the same trial
(step 10 of the walk).
"""

from __future__ import annotations

from stromal.analyse.forest import forest, harms
from stromal.analyse.models import Result
from stromal.analyse.swimmer import swimmer
from stromal.analyse.tables import Tables
from stromal.analyse.trajectories import facts_drawn, trajectories
from stromal.drawing import Figure
from stromal.ledger.state import State
from stromal.protocol.model import Protocol

__all__ = ["Figure", "figures"]


def figures(state: State, protocol: Protocol, tables: Tables, results: tuple[Result, ...]) -> tuple[Figure, ...]:
    """Every figure there is something to draw for, in the order a report shows them."""
    drawn = [*swimmer(state, protocol), *harms(tables.adverse_event_counts)]
    seen: set[str] = set()
    for result in results:
        if result.method in ("change", "slope_difference"):
            # Several endpoints may read one score: its course is drawn once, with the first of them.
            facts = [fact for fact in facts_drawn(protocol, result) if fact.name not in seen]
            seen |= {fact.name for fact in facts}
            drawn += [*trajectories(state, facts, result), *forest(result)]
    return tuple(drawn)
