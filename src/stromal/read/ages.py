"""The ages a page admits: structured limits and sentences, put together end by end.

Takes sections; gives the statement `age`. A sentence among the exclusions is turned round: who is under 18 is kept
out, so 18 is the youngest. Used by `facts` and `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stromal.read.criteria import criteria
from stromal.read.limits import ages
from stromal.read.numerals import durations
from stromal.read.record import Item, Number, Range, Reading, Section, Statement, settle


def _turned(value: Range) -> Range | None:
    """What is left when a one-ended range is barred; a range with two ends bars its middle, which says no limit."""
    if value.low is None:
        return Range(low=value.high, low_included=not value.high_included)
    if value.high is None:
        return Range(high=value.low, high_included=not value.low_included)
    return None


def structured_ages(sections: tuple[Section, ...]) -> tuple[Reading, ...]:
    """The portal's own fields for the youngest and the oldest."""
    made = []
    for section in sections:
        for item in section.items:
            if item.label not in ("age_min", "age_max"):
                continue
            length = next(durations(item.place.quote), None)
            if length is None or isinstance(length.value, Range):
                continue
            value = Range(low=length.value) if item.label == "age_min" else Range(high=length.value)
            made.append(Reading(value, length.unit, (item.place,)))
    return tuple(made)


def _said(item: Item, barred: bool) -> Iterator[Reading]:
    for found in ages(item.place.quote):
        for reading in found.readings(item):
            value = reading.value
            if not isinstance(value, Range):
                continue
            turned = _turned(value) if barred else value
            if turned is not None:
                yield replace(reading, value=turned, note="" if barred else reading.note)


def said_ages(sections: tuple[Section, ...]) -> tuple[Reading, ...]:
    """Ages that criteria and sentences about who may take part say."""
    found = criteria(sections)
    people = [i for s in sections if s.name in ("population", "title") for i in s.items if i.label in ("", "age")]
    made = [reading for item in (*found.inclusion, *people) for reading in _said(item, barred=False)]
    made += [reading for item in found.exclusion for reading in _said(item, barred=True)]
    return tuple(made)


def completed(value: Range, unit: str) -> Range:
    """A range of ages in completed years: under 66 is at most 65. Other units and half years stay as they are."""
    if unit != "years":
        return value
    low, high = value.low, value.high
    if low is not None and not value.low_included and low == int(low):
        value = replace(value, low=low + 1, low_included=True)
    if high is not None and not value.high_included and high == int(high):
        value = replace(value, high=high - 1, high_included=True)
    return value


def _ends(readings: tuple[Reading, ...], end: str) -> set[tuple[Number, str]]:
    """The different numbers that readings give for one end, in completed years."""
    found = set()
    for reading in readings:
        if isinstance(reading.value, Range):
            number = getattr(completed(reading.value, reading.unit), end)
            if number is not None:
                found.add((number, reading.unit))
    return found


def age_statement(sections: tuple[Section, ...]) -> Statement:
    """The ages admitted. Places that agree, each on the ends it gives, make one range; others contradict each other."""
    every = (*structured_ages(sections), *said_ages(sections))
    sure = tuple(reading for reading in every if reading.state != "ambiguous")
    doubtful = tuple(reading for reading in every if reading.state == "ambiguous" and not _settled(reading, sure))
    if doubtful:
        return settle("age", (*sure, *doubtful))
    lows, highs = _ends(sure, "low"), _ends(sure, "high")
    if len(lows) > 1 or len(highs) > 1:
        return settle("age", _whole(sections, sure))
    if not lows and not highs:
        return settle("age", ())
    low, high = next(iter(lows), None), next(iter(highs), None)
    unit = (low or high or (0, "years"))[1]
    if low and high and low[1] != high[1]:
        return settle("age", sure)
    value = Range(low[0] if low else None, high[0] if high else None)
    places = tuple(dict.fromkeys(place for reading in every for place in reading.places))
    return settle("age", [Reading(value, unit, places)])


def _settled(reading: Reading, sure: tuple[Reading, ...]) -> bool:
    """Whether another place says plainly what an ambiguous phrase leaves open."""
    if not isinstance(reading.value, Range) or reading.value.low is None:
        return False
    return any(isinstance(other.value, Range) and other.value.low == reading.value.low for other in sure)


def _whole(sections: tuple[Section, ...], sure: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Contradicting readings, with the portal's two fields joined into the one range that they mean."""
    fields = structured_ages(sections)
    said = tuple(reading for reading in sure if reading not in fields)
    low = next((r for r in fields if isinstance(r.value, Range) and r.value.low is not None), None)
    high = next((r for r in fields if isinstance(r.value, Range) and r.value.high is not None), None)
    if low and high and low.unit == high.unit and isinstance(low.value, Range) and isinstance(high.value, Range):
        joined = Range(low.value.low, high.value.high)
        return (Reading(joined, low.unit, (*low.places, *high.places)), *said)
    return sure
