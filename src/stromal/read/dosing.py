"""The doses a page states, settled: the dose, the first and later doses, levels, caps.

Takes all readings of a page; gives the statements dose, dose_1, dose_2, dose_levels, dose_maximum, safe_dose and
dose_equivalent. Used by `facts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from stromal.read.record import Number, Range, Reading, Record, State, Statement, Value, gather, lowest, settle
from stromal.values import Place

_NUMBERED = ("dose_1", "dose_2", "dose_3", "dose_4")
_NEAR = 2
"""Levels are printed on one line or on lines that follow each other."""


def _levels(readings: list[Reading]) -> Statement:
    """Several doses that stand side by side: every level once, smallest first."""
    joined = gather(readings)
    values = tuple(sorted({reading.value for reading in joined}, key=lowest))
    places = tuple(dict.fromkeys(place for reading in joined for place in reading.places))
    states = {reading.state for reading in joined}
    state: State = "ambiguous" if "ambiguous" in states else "repaired" if "repaired" in states else "stated"
    return Statement("dose_levels", values, joined[0].unit, state, places, joined)


def _in_one_place(readings: list[Reading]) -> bool:
    """Whether different doses are printed side by side, as levels are, and never alone."""
    lines: dict[int, set[Value]] = {}
    for reading in readings:
        for place in reading.places:
            lines.setdefault(place.line, set()).add(reading.value)
    every = {reading.value for reading in readings}
    firsts = sorted(min(place.line for place in reading.places) for reading in gather(readings))
    near = all(b - a <= _NEAR for a, b in pairwise(firsts))
    return near or any(values == every for values in lines.values())


def dose_statements(readings: dict[str, list[Reading]]) -> Iterator[Statement]:
    """Every statement about doses that the readings support."""
    for name in (*_NUMBERED, "safe_dose", "dose_maximum"):
        yield settle(name, readings.get(name, []))
    levels = readings.get("dose_level", []) + readings.get("dose_subsequent", [])
    if levels:
        yield _levels([*(r for name in _NUMBERED for r in readings.get(name, [])), *readings.get("dose", []), *levels])
    yield from _plain(readings.get("dose", []), bool(levels))


def _plain(readings: list[Reading], levelled: bool) -> Iterator[Statement]:
    units = list(dict.fromkeys(reading.unit for reading in readings))
    for unit in units:
        same = [reading for reading in readings if reading.unit == unit]
        name = "dose" if unit == units[0] else "dose_equivalent"
        values = {reading.value for reading in same if reading.state != "ambiguous"}
        if len(values) > 1 and not levelled and _in_one_place(same):
            yield _levels(same)
            yield settle("dose", [], "the page gives several levels: see dose_levels")
            return
        yield settle(name, same)
    if not units:
        yield settle("dose", [])


# ---------------------------------------------------------------- every dose in one list


@dataclass(frozen=True, slots=True)
class StatedDose:
    """A dose of cells per administration: low and high are equal where one number is given."""

    low: Number
    high: Number
    per_kg: bool
    state: State
    places: tuple[Place, ...]
    name: str

    @property
    def unit(self) -> str:
        """`cells/kg` or `cells`."""
        return "cells/kg" if self.per_kg else "cells"


_DOSES = ("dose", *_NUMBERED, "dose_levels", "dose_equivalent")


def stated_doses(record: Record) -> tuple[StatedDose, ...]:
    """Every dose of cells that the record states, in the order of its statements; each value once."""
    made: dict[tuple[Number, Number, bool], StatedDose] = {}
    for name in _DOSES:
        statement = record.statement(name)
        for reading in statement.readings if statement else ():
            if reading.unit not in ("cells", "cells/kg"):
                continue
            values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
            for value in values:
                ends = _ends(value)
                if ends is not None:
                    dose = StatedDose(*ends, reading.unit == "cells/kg", reading.state, reading.places, name)
                    made.setdefault((dose.low, dose.high, dose.per_kg), dose)
    return tuple(made.values())


def _ends(value: Value) -> tuple[Number, Number] | None:
    if isinstance(value, Range):
        low, high = value.low, value.high
        known = low if low is not None else high
        return None if known is None else (known, high if high is not None else known)
    return (value, value) if isinstance(value, int | float) and not isinstance(value, bool) else None
