"""The doses a page states, settled: the dose, the first and later doses, levels, caps.

Takes all readings of a page; gives the statements dose, dose_1, dose_2, dose_levels, dose_maximum, dose_total,
dose_density, safe_dose and dose_equivalent (the dose in another unit). Used by `facts`; `stated_doses` lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from stromal.read.doses import AT_LEAST, AT_MOST
from stromal.read.record import Number, Range, Reading, Record, State, Statement, Value, gather, lowest, settle
from stromal.values import Place

_NUMBERED = ("dose_1", "dose_2", "dose_3", "dose_4")
_GIVEN = ("dose", *_NUMBERED, "dose_level", "dose_subsequent")
_APART = ("safe_dose", "dose_maximum", "dose_total", "dose_density")
_NEAR = 2
"""Levels are printed on one line or on lines that follow each other."""


def _levels(name: str, readings: list[Reading]) -> Statement:
    """Several doses that stand side by side: every level once, smallest first."""
    joined = settle(name, readings).readings
    values = tuple(sorted(dict.fromkeys(reading.value for reading in joined), key=lowest))
    places = tuple(dict.fromkeys(place for reading in joined for place in reading.places))
    states = {reading.state for reading in joined}
    state: State = "ambiguous" if "ambiguous" in states else "repaired" if "repaired" in states else "stated"
    return Statement(name, values, joined[0].unit, state, places, joined)


def _weighed(readings: dict[str, list[Reading]]) -> dict[str, list[Reading]]:
    """A number of cells that stands elsewhere per kilogram is that dose: here the page leaves `per kg` out."""
    per_kg = {reading.value for same in readings.values() for reading in same if reading.unit == "cells/kg"}
    note = "the page gives this number per kilogram elsewhere"
    return {
        name: [
            replace(reading, unit="cells/kg", state="repaired", note="; ".join(filter(None, (reading.note, note))))
            if name in _GIVEN and reading.unit == "cells" and reading.state != "ambiguous" and reading.value in per_kg
            else reading
            for reading in same
        ]
        for name, same in readings.items()
    }


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
    known = _weighed({name: readings[name] for name in (*_GIVEN, *_APART) if name in readings})
    for name in (*_NUMBERED, *_APART):
        if name in known:
            yield settle(name, known[name])
    levels = known.get("dose_level", []) + known.get("dose_subsequent", [])
    if levels:
        every = [*(r for name in _NUMBERED for r in known.get(name, [])), *known.get("dose", []), *levels]
        yield _levels("dose_levels", every)
    yield from _plain(known.get("dose", []), bool(levels))


def _plain(readings: list[Reading], levelled: bool) -> Iterator[Statement]:
    units = list(dict.fromkeys(reading.unit for reading in readings))
    for unit in units:
        same = [reading for reading in readings if reading.unit == unit]
        values = {reading.value for reading in same if reading.state != "ambiguous"}
        several = len(values) > 1 and not levelled and _in_one_place(same)
        if unit != units[0]:
            yield _levels("dose_equivalent", same) if several else settle("dose_equivalent", same)
        elif several:
            yield _levels("dose_levels", same)
            yield settle("dose", [], "the page gives several levels: see dose_levels")
        else:
            yield settle("dose", same)
    if not units:
        yield settle("dose", [])


# ---------------------------------------------------------------- every dose in one list


@dataclass(frozen=True, slots=True)
class StatedDose:
    """A dose of cells per administration: low and high are equal where one number is given.

    `rivals` are the other (low, high) that the same words admit; each of them is listed as a dose of its own too.
    `bound` is `at least` or `at most` where the page says so.
    """

    low: Number
    high: Number
    per_kg: bool
    state: State
    places: tuple[Place, ...]
    name: str
    rivals: tuple[tuple[Number, Number], ...] = ()
    bound: str = ""

    @property
    def unit(self) -> str:
        """`cells/kg` or `cells`."""
        return "cells/kg" if self.per_kg else "cells"


_DOSES = ("dose", *_NUMBERED, "dose_levels", "dose_equivalent")
_BOUNDS = {AT_LEAST: "at least", AT_MOST: "at most"}
_LAST_RESORT = ("dose_total", "dose_maximum")
"""What is given over all administrations, or at most: it tells the dose only where nothing else does."""


def stated_doses(record: Record) -> tuple[StatedDose, ...]:
    """Every dose of cells that the record states, in the order of its statements; each value once.

    Where one phrase admits two readings both are listed, each with the state `ambiguous`.
    """
    for names in (_DOSES, *((name,) for name in _LAST_RESORT)):
        made = tuple(_stated(record, names))
        if made:
            return made
    return ()


def _stated(record: Record, names: tuple[str, ...]) -> Iterator[StatedDose]:
    read: dict[Reading, str] = {}
    for name in names:
        statement = record.statement(name)
        for reading in statement.readings if statement else ():
            if reading.unit in ("cells", "cells/kg"):
                read.setdefault(reading, name)
    named = {(reading.value, reading.unit): name for reading, name in reversed(read.items())}
    settled = settle("dose", read).readings
    for reading in settled:
        ends = _ends(reading.value)
        if ends is not None:
            name, per_kg = named[reading.value, reading.unit], reading.unit == "cells/kg"
            rivals = tuple(_rivals(reading, settled))
            yield StatedDose(*ends, per_kg, reading.state, reading.places, name, rivals, _bound(reading))


def _bound(reading: Reading) -> str:
    """`at least` or `at most`, where the words before the dose say so."""
    return next((words for note, words in _BOUNDS.items() if note in reading.note), "")


def _rivals(reading: Reading, settled: tuple[Reading, ...]) -> Iterator[tuple[Number, Number]]:
    """The other readings of the same words."""
    for other in settled if reading.state == "ambiguous" else ():
        ends = _ends(other.value)
        same = other.state == "ambiguous" and other.unit == reading.unit and set(other.places) & set(reading.places)
        if ends is not None and same and other.value != reading.value:
            yield ends


def _ends(value: Value) -> tuple[Number, Number] | None:
    if isinstance(value, Range):
        low, high = value.low, value.high
        known = low if low is not None else high
        return None if known is None else (known, high if high is not None else known)
    return (value, value) if isinstance(value, int | float) and not isinstance(value, bool) else None
