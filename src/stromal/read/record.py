"""What a registry page says, where it says it, and how sure we are.

Takes nothing from outside; gives the frozen nouns Record, Section, Item, Statement and Range, and their JSON.
First step of the walk: `pages.parse` fills them, `check` looks them over, `draft` turns them into a protocol.

Units are UCUM (`cells/kg`, `mL`, `g/dL`), except that lengths of time are written `days`, `weeks`, `months`,
`years`: a calendar month is no fixed number of days, and the page's own unit must survive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.study import Tree
from stromal.values import Finding, Place, plain

Number: TypeAlias = int | float
State = Literal["stated", "repaired", "ambiguous", "contradictory", "missing"]
"""How sure we are: as printed, after mending the notation, two readings of one phrase, two phrases, nothing."""

Value: TypeAlias = "bool | int | float | str | Range | Fields | tuple[Value, ...] | None"
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Range(Struct, frozen=True, gc=False):
    """A stretch of numbers. An end that is None is open; each end says whether it belongs to the stretch."""

    low: Number | None = None
    high: Number | None = None
    low_included: bool = True
    high_included: bool = True

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a range needs at least one end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"a range cannot run from {self.low} down to {self.high}")

    def __contains__(self, number: object) -> bool:
        """Whether the number lies inside."""
        if not isinstance(number, int | float):
            return False
        above = self.low is None or number > self.low or (self.low_included and number == self.low)
        below = self.high is None or number < self.high or (self.high_included and number == self.high)
        return above and below

    def __str__(self) -> str:
        """`14 to 21`, `more than 2 and less than 16`, `at least 15`."""
        if self.low is not None and self.high is not None and self.low_included and self.high_included:
            return f"{plain(self.low)} to {plain(self.high)}"
        ends = []
        if self.low is not None:
            ends.append(f"{'at least' if self.low_included else 'more than'} {plain(self.low)}")
        if self.high is not None:
            ends.append(f"{'at most' if self.high_included else 'less than'} {plain(self.high)}")
        return " and ".join(ends)


def lowest(value: Value) -> Number:
    """The number that a value begins at: its own, a range's low end, else its high end; 0 for what is no number."""
    if isinstance(value, Range):
        return value.low if value.low is not None else value.high or 0
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


@dataclass(frozen=True, slots=True)
class Fields:
    """A value with named parts, in the order given."""

    parts: tuple[tuple[str, Value], ...]

    def get(self, name: str) -> Value:
        """The part of that name, or None."""
        return next((value for key, value in self.parts if key == name), None)

    def __str__(self) -> str:
        """The parts, one after the other."""
        return "; ".join(f"{name.replace('_', ' ')}: {show(value)}" for name, value in self.parts)


class Reading(Struct, frozen=True, gc=False):
    """One way to read one place or several that agree: value, unit, where, and why it may be doubted."""

    value: Value
    unit: str = ""
    places: tuple[Place, ...] = ()
    state: State = "stated"
    note: str = ""


class Statement(Struct, frozen=True, gc=False):
    """One fact of the page. Where several readings stand, `value` lists what they say and none is preferred."""

    name: str
    value: Value
    unit: str
    state: State
    places: tuple[Place, ...] = ()
    readings: tuple[Reading, ...] = ()
    note: str = ""

    @property
    def sure(self) -> bool:
        """Whether there is one value to work with, stated or repaired."""
        return self.state in ("stated", "repaired")


class Item(Struct, frozen=True, gc=False):
    """One thing a section holds: its tidied text, its place as printed, the printed mark (`*`, `2.`), its label."""

    text: str
    place: Place
    mark: str = ""
    label: str = ""
    label_place: Place | None = None


class Section(Struct, frozen=True, gc=False):
    """A part of the page: our name for it, the heading as printed (line 0 where none is printed), what it holds."""

    name: str
    heading: Place
    items: tuple[Item, ...] = ()
    guide: Place | None = None

    @property
    def printed(self) -> bool:
        """Whether the page prints a heading for this section."""
        return self.heading.line > 0

    def field(self, label: str) -> Item | None:
        """The item with this label, or None."""
        return next((item for item in self.items if item.label == label), None)


@dataclass(frozen=True, slots=True)
class Record:
    """A registry page or record, read. `registry_id` and `title` are empty where the page does not print them.

    `tree` is a registry's own record in the shape of the ClinicalTrials.gov API v2, with every field it came with; a
    portal's page has none. It is one object for all who hold the record, made of plain dicts so that it is quick to
    read, and nobody writes to it: `registries.to_v2` gives a copy of one's own. `findings` are what reading noticed.
    """

    registry_id: str
    title: str
    layout: str
    file: str
    sections: tuple[Section, ...]
    statements: tuple[Statement, ...]
    tree: Tree | None = None
    findings: tuple[Finding, ...] = ()
    unmade: Callable[[Record, str], dict[str, Any]] | None = field(default=None, repr=False, compare=False)

    def statement(self, name: str) -> Statement | None:
        """The statement of that name, or None."""
        return next((statement for statement in self.statements if statement.name == name), None)

    def named(self, *names: str) -> tuple[Section, ...]:
        """The sections with any of these names, in the order of the page."""
        return tuple(section for section in self.sections if section.name in names)

    def items(self, *names: str) -> Iterator[Item]:
        """Every item of the sections with any of these names; of all sections when none is named."""
        for section in self.sections:
            if not names or section.name in names:
                yield from section.items

    if not TYPE_CHECKING:  # a checker knows the fields, and must not think that a record has any other

        def __getattr__(self, name):
            """A part that was left for later, made now and kept. Only called for a slot that is still empty."""
            if name not in _LATER:
                raise AttributeError(f"a record has no {name}")
            for part, made in object.__getattribute__(self, "unmade")(self, name).items():
                object.__setattr__(self, part, made)
            return object.__getattribute__(self, name)

        def __getstate__(self):
            """What travels to another process: every part, made."""
            return [None if each.name == "unmade" else getattr(self, each.name) for each in fields(self)]


_LATER = ("sections", "tree")


def unread(
    identity: str, title: str, layout: str, file: str, make: Callable[[Record, str], dict[str, Any]],
    findings: tuple[Finding, ...] = (),
) -> Record:  # fmt: skip
    """A record whose sections and tree are made when somebody first asks for them: `make` gives one or both by name.

    It equals, prints, travels and is replaced like any other; many readers only need what a record is called.
    """
    made = object.__new__(Record)
    known = {"registry_id": identity, "title": title, "layout": layout, "file": file, "findings": findings}
    for name, value in {**known, "statements": (), "unmade": make}.items():
        object.__setattr__(made, name, value)
    return made


# ---------------------------------------------------------------- settling readings


def _months(value: Value, unit: str) -> tuple[Value, str]:
    """Years as months and weeks as days, so that `2 years` and `24 months` count as the same statement."""
    longer = _LONGER.get(unit)
    if longer is None:
        return value, unit
    factor, base = longer
    if isinstance(value, Range):
        low = None if value.low is None else value.low * factor
        high = None if value.high is None else value.high * factor
        return replace(value, low=low, high=high), base
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value * factor, base
    return value, unit


_LONGER = {"years": (12, "months"), "weeks": (7, "days")}


def gather(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Join the readings that say the same, keeping every place, in the order of first appearance."""
    joined: dict[tuple[Value, str], list[Reading]] = {}
    for reading in readings:
        joined.setdefault(_months(reading.value, reading.unit), []).append(reading)
    return tuple(same[0] if len(same) == 1 else _as_one(same) for same in joined.values())


def _as_one(same: list[Reading]) -> Reading:
    """Readings that say the same: all their places, each note once, mended if any of them was."""
    first, note = same[0], same[0].note
    for reading in same:
        if reading.note not in note:
            note = "; ".join(filter(None, (note, reading.note)))
    places = tuple(dict.fromkeys(place for reading in same for place in reading.places))
    state: State = "repaired" if any(reading.state == "repaired" for reading in same) else first.state
    return replace(first, places=places, state=state, note=note)


def _resolve(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Drop the rival readings of a phrase when another place of the page says which one is meant."""
    every = tuple(readings)
    if all(reading.state != "ambiguous" for reading in every):
        return every
    sure = {_months(r.value, r.unit) for r in every if r.state in ("stated", "repaired")}
    settled = {
        place for r in every if r.state == "ambiguous" and _months(r.value, r.unit) in sure for place in r.places
    }
    kept = []
    for reading in every:
        if reading.state != "ambiguous" or not settled or not settled.intersection(reading.places):
            kept.append(reading)
        elif _months(reading.value, reading.unit) in sure:
            kept.append(replace(reading, state="repaired", note=f"{reading.note}; another place settles it"))
    return tuple(kept)


def settle(name: str, readings: Iterable[Reading], note: str = "") -> Statement:
    """One statement out of all that a page says about one thing.

    Readings of one phrase (state `ambiguous`) leave the statement ambiguous; phrases that disagree make it
    contradictory; no reading at all makes it missing. ValueError never: whatever was read is kept.
    """
    every = tuple(readings)
    if not every:
        return Statement(name, None, "", "missing", note=note)
    if len(every) == 1:  # as most statements have: there is nothing to compare
        only = every[0]
        places = only.places if len(only.places) < 2 else tuple(dict.fromkeys(only.places))
        return Statement(name, only.value, only.unit, only.state, places, every, note or only.note)
    joined = gather(_resolve(every))
    places = tuple(dict.fromkeys(place for reading in joined for place in reading.places))
    notes = note or "; ".join(dict.fromkeys(filter(None, (reading.note for reading in joined))))
    if len(joined) == 1 and joined[0].state != "ambiguous":
        only = joined[0]
        return Statement(name, only.value, only.unit, only.state, places, joined, notes)
    values = tuple(dict.fromkeys(reading.value for reading in joined))
    state: State = "ambiguous" if any(r.state == "ambiguous" for r in joined) else "contradictory"
    value: Value = values[0] if len(values) == 1 else values
    return Statement(name, value, joined[0].unit, state, places, joined, notes)


# ---------------------------------------------------------------- words and JSON


def show(value: Value) -> str:
    """A value as a person would read it."""
    match value:
        case None:
            return "not stated"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return plain(value)
        case tuple():
            return ", ".join(show(part) for part in value)
        case _:
            return str(value)


def value_to_json(value: Value) -> Json:
    """Numbers stay numbers, ranges and named parts become objects, lists stay lists."""
    match value:
        case Range():
            return {
                "low": value.low,
                "high": value.high,
                "low_included": value.low_included,
                "high_included": value.high_included,
            }
        case Fields():
            return {name: value_to_json(part) for name, part in value.parts}
        case tuple():
            return [value_to_json(part) for part in value]
        case _:
            return value


def place_to_json(place: Place) -> Json:
    """`{line, quote}`, and the `path` of the field where the record is made of fields."""
    made: dict[str, Json] = {"line": place.line, "quote": place.quote}
    if place.path:
        made["path"] = place.path
    return made


def statement_to_json(statement: Statement) -> dict[str, Json]:
    """`{name, value, unit, state, places}`; also `readings` where there are several, and `note` where there is one."""
    made: dict[str, Json] = {
        "name": statement.name,
        "value": value_to_json(statement.value),
        "unit": statement.unit,
        "state": statement.state,
        "places": [place_to_json(place) for place in statement.places],
    }
    if len(statement.readings) > 1:
        made["readings"] = [
            {
                "value": value_to_json(reading.value),
                "unit": reading.unit,
                "places": [place_to_json(place) for place in reading.places],
                "note": reading.note,
            }
            for reading in statement.readings
        ]
    if statement.note:
        made["note"] = statement.note
    return made


def section_to_json(section: Section) -> dict[str, Json]:
    """A section with every item and its line."""
    return {
        "name": section.name,
        "heading": section.heading.quote,
        "line": section.heading.line,
        "items": [
            {
                "line": item.place.line,
                "label": item.label,
                "mark": item.mark,
                "text": item.text,
                **({"path": item.place.path} if item.place.path else {}),
            }
            for item in section.items
        ],
    }


def record_to_json(record: Record) -> dict[str, Json]:
    """The whole record: identity, sections with their items, and facts."""
    return {
        "registry_id": record.registry_id,
        "title": record.title,
        "layout": record.layout,
        "file": record.file,
        "sections": [section_to_json(section) for section in record.sections],
        "facts": [statement_to_json(statement) for statement in record.statements],
    }
