"""Outcomes: what will be measured, first and second, out of outcome sections or out of sentences.

Takes sections and the readings of the prose; gives the statements primary_outcome and secondary_outcomes. Flattened
table rows are parted at the length of time that stands in their middle. Used by `facts` and `draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.aims import outcome
from stromal.read.numerals import durations, tidy
from stromal.read.phrases import pattern
from stromal.read.record import Fields, Item, Reading, Section, Statement, settle

_LEAD = pattern(
    r"\b(?:(?:up|from|to|at|within|over|through|for|after|baseline|change|and|day|week|month|year|about)\b[\s,]*)+$"
)
_TAIL = pattern(
    r"[\s-]*(?:(?:follow[\s-]?up|post[\s-]?\w+|after\s+(?:the\s+)?(?:last\s+|first\s+)?\w+|of\s+follow[\s-]?up|from\s+baseline)\b)?"
)


_COLUMNS = re.compile(r"\t|\s{2,}")


def row_outcome(item: Item) -> Fields:
    """One outcome: a table row is parted into measure, time frame and method; any other item is the measure."""
    text = item.place.quote
    if not text.isprintable() or "  " in text:  # a plain line holds but one column
        columns = [stripped for part in _COLUMNS.split(text) if (stripped := part.strip())]
        if len(columns) > 1:
            return outcome(*(tidy(part) for part in columns[:3]))
    if not item.mark.lower().startswith("name"):
        first = next((length for length in durations(text) if length.start > 0), None)
        if (
            first is None
            or not _TAIL.match(text, first.end)
            or "follow" not in text[first.end : first.end + 12].lower()
        ):
            return outcome(item.text)
    length = next((length for length in durations(text) if length.start > 0), None)
    if length is None:
        return outcome(item.text)
    lead, tail = _LEAD.search(text[: length.start]), _TAIL.match(text, length.end)
    start, end = lead.start() if lead else length.start, tail.end() if tail else length.end
    if not text[:start].strip():
        return outcome(item.text)
    return outcome(tidy(text[:start]), tidy(text[start:end]), tidy(text[end:]))


_NAMES = (("primary_outcome", "primary_outcomes"), ("secondary_outcomes", "secondary_outcomes"))


def outcome_statements(sections: tuple[Section, ...], readings: dict[str, list[Reading]]) -> Iterator[Statement]:
    """Primary and secondary outcomes: of their sections where there are any, else as sentences declare them."""
    for name, section in _NAMES:
        items = [item for s in sections if s.name == section for item in s.items if item.text]
        if items:
            value = tuple(row_outcome(item) for item in items)
            yield settle(name, [Reading(value, "", tuple(item.place for item in items))])
            continue
        unnamed = readings.get(f"{name.partition('_')[0]}_unnamed", [])
        if not readings.get(name) and unnamed:
            places = tuple(place for reading in unnamed for place in reading.places)
            note = "the page says that there are some, but not which"
            yield Statement(name, None, "", "missing", places, (), note)
            continue
        yield settle(name, readings.get(name, []), "declared in prose only" if readings.get(name) else "")
