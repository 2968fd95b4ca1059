"""State -> tidy tables: everything a committee counts, each row with the ledger entries it rests on.

`tabulate` is step 8 of the walk. The tables themselves are made by subject: `people`, `exposure`, `safety`,
`decisions`, `outcomes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from stromal.analyse import decisions, exposure, outcomes, people, safety
from stromal.analyse.grid import Cell, Column, Row, Table
from stromal.ledger.state import State
from stromal.protocol.model import Protocol

__all__ = ["Cell", "Column", "Row", "Table", "Tables", "tabulate"]


@dataclass(frozen=True, slots=True)
class Tables:
    """Every table of a trial: what is counted first, what lists people, doses, lots and events one by one last."""

    disposition: Table
    baseline_numbers: Table
    baseline_groups: Table
    exposure_summary: Table
    lots_by_status: Table
    adverse_event_counts: Table
    adverse_events_by_term: Table
    adverse_events_by_level: Table
    severe_events: Table
    holds: Table
    declarations: Table
    signatures: Table
    deviations_by_rule: Table
    by_visit: tuple[Table, ...]
    participants: Table
    exposure: Table
    omissions: Table
    lots: Table
    adverse_event_listing: Table
    deviations: Table
    missed_visits: Table
    endpoints: tuple[Table, ...]

    def __iter__(self) -> Iterator[Table]:
        """Every table, in the order of the report."""
        for part in fields(self):
            held = getattr(self, part.name)
            yield from held if isinstance(held, tuple) else (held,)


def tabulate(state: State, protocol: Protocol) -> Tables:
    """Make every table of a trial. A trial in which nothing has happened yet gives tables that say so."""
    return Tables(
        disposition=people.disposition(state, protocol),
        participants=people.participants(state),
        baseline_numbers=people.baseline_numbers(state, protocol),
        baseline_groups=people.baseline_groups(state, protocol),
        exposure_summary=exposure.exposure_summary(state, protocol),
        exposure=exposure.exposure(state, protocol),
        omissions=exposure.omissions(state),
        lots_by_status=exposure.lots_by_status(state, protocol),
        lots=exposure.lots(state),
        adverse_event_counts=safety.adverse_event_counts(state, protocol),
        adverse_events_by_term=safety.adverse_events_by_term(state, protocol),
        adverse_events_by_level=safety.adverse_events_by_level(state, protocol),
        severe_events=safety.severe_events(state, protocol),
        adverse_event_listing=safety.adverse_event_listing(state, protocol),
        holds=decisions.holds(state, protocol),
        declarations=decisions.declarations(state),
        signatures=decisions.signatures(state),
        deviations_by_rule=decisions.deviations_by_rule(state),
        deviations=decisions.deviations(state),
        missed_visits=decisions.missed_visits(state),
        endpoints=outcomes.endpoints(state, protocol),
        by_visit=outcomes.by_visit(state, protocol),
    )
