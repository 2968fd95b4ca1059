"""Endpoints person by person, and what endpoints read, visit by visit.

Takes results, the State and the Protocol, gives tables (step 8 of the walk).
"""

from __future__ import annotations

from datetime import date

from stromal.analyse.estimates import describe
from stromal.analyse.grid import Cell, Column, Row, Table, gathered
from stromal.analyse.models import Sample, measured
from stromal.analyse.readings import Reading, baseline, first_dose, label, numbers
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Analysis, Fact, Protocol
from stromal.protocol.tree import facts_read
from stromal.protocol.writing import write
from stromal.rules.endpoints import is_truth


def endpoints(state: State, protocol: Protocol) -> tuple[Table, ...]:
    """One table an analysis: everybody enrolled with their value, or the reason why there is none."""
    return tuple(
        _endpoint(protocol, analysis, measured(protocol, state, analysis)) for analysis in protocol.analyses.values()
    )


def _endpoint(protocol: Protocol, analysis: Analysis, sample: Sample) -> Table:
    objective = protocol.objectives[analysis.of]
    everybody = (*sample.values, *sample.missing, *sample.outside)
    parts = next((each.parts for each in everybody if each.parts), ())
    counted = analysis.method in ("adverse_events", "proportion")
    columns = (
        Column("participant", "Participant", short=True),
        *(Column(f"part_{at}", f"Slope, {part.name}", "", 3, numeric=True) for at, part in enumerate(parts, start=1)),
        Column("value", "Value", sample.unit, 0 if counted else 3, numeric=True),
        Column("reason", "What it rests on, or why there is none"),
    )
    rows: list[Row] = []
    for each, standing in (
        *((value, "") for value in sample.values),
        *((value, "No value: ") for value in sample.missing),
        *((value, "Outside the population: ") for value in sample.outside),
    ):
        sides: tuple[Cell, ...] = tuple(part.value for part in each.parts) or (None,) * len(parts)
        value = _yes_or_no(each.value) if is_truth(objective.endpoint) else each.value
        rows.append(Row((each.participant, *sides, value, standing + each.reason), each.entries))
    notes = (f"Measured as: {write(objective.endpoint)}",)
    title = f"{label(analysis.name)}: each participant"
    return Table(f"endpoint_{analysis.name}", title, columns, tuple(rows), notes, "Nobody has been enrolled.")


def _yes_or_no(value: float | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def by_visit(state: State, protocol: Protocol) -> tuple[Table, ...]:
    """One table for each number or score that an endpoint reads: n, missing and the spread at every visit."""
    read = [name for objective in protocol.objectives.values() for name in sorted(facts_read(objective.endpoint))]
    facts = [protocol.facts[name] for name in dict.fromkeys(read)]
    return tuple(_visits(state, fact) for fact in facts if fact.kind in ("number", "score"))


_Seen = dict[str, list[tuple[Participant, Reading, float]]]


def _visits(state: State, fact: Fact) -> Table:
    columns = (
        Column("visit", "Visit"),
        Column("n", "n", numeric=True),
        Column("missing", "Missing", numeric=True),
        Column("mean", "Mean", "", 2, numeric=True),
        Column("sd", "SD", "", 2, numeric=True),
        Column("median", "Median", "", 2, numeric=True),
        Column("low", "Lowest", "", 2, numeric=True),
        Column("high", "Highest", "", 2, numeric=True),
        Column("change", "Mean change from baseline", "", 2, numeric=True),
    )
    seen: _Seen = {}
    for person in state.enrolled():
        for reading, value in numbers(person, fact):
            if reading.visit:
                seen.setdefault(reading.visit, []).append((person, reading, value))
    rows = tuple(_visit(state, fact, visit, seen[visit]) for visit in sorted(seen, key=lambda v: _order(seen, v)))
    notes = ("Missing counts people who came to the visit, or missed it, without a known value.",
             "Baseline is the last known value up to and including the day of the first dose.")  # fmt: skip
    unit = f" ({fact.unit})" if fact.unit else ""
    title = f"{label(fact.name, fact.says)}{unit} by visit"
    return Table(f"by_visit_{fact.name}", title, columns, rows, notes, "No value has been recorded at a visit.")


def _order(seen: _Seen, visit: str) -> tuple[float, str]:
    """Visits stand in the order in which people come to them, counted from their first dose."""
    days = [(reading.day - _origin(person)).days for person, reading, _ in seen[visit]]
    return sum(days) / len(days), visit


def _origin(person: Participant) -> date:
    return first_dose(person) or person.chart.enrolled or person.registered


def _visit(state: State, fact: Fact, visit: str, seen: list[tuple[Participant, Reading, float]]) -> Row:
    values = {person.id: value for person, _, value in seen}
    expected = {
        person.id for person in state.enrolled()
        if any(each.visit == visit for each in person.chart.visits) or visit in person.chart.missed
    }  # fmt: skip
    told, changes = describe(list(values.values())), list[float]()
    for person, reading, value in seen:
        start = baseline(person, fact)
        if start is not None and reading.day > start.day and isinstance(start.value, float):
            changes.append(value - start.value)
    missing = len(expected - set(values))
    cells = (label(visit), told.n, missing, told.mean, told.sd, told.median, told.low, told.high,
             describe(changes).mean)  # fmt: skip
    return Row(cells, gathered([[reading.entry for _, reading, _ in seen]]))
