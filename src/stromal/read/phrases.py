"""Phrases found in a line: what they say and where, and how a line falls into sentences.

Takes text; gives Found (a value with its stretch of text) and turns it into Readings with places. Part of the first
step of the walk, shared by `doses`, `limits` and `prose`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stromal.read.record import Item, Reading, State, Value


def pattern(*parts: str) -> re.Pattern[str]:
    """A regular expression out of its parts, blind to case."""
    return re.compile("".join(parts), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A value found in a line. `rivals` are the other (value, unit) readings that the same words admit.

    A window of time also has a `side` (before, after, at) and the words of its `anchor`.
    """

    name: str
    start: int
    end: int
    value: Value
    unit: str = ""
    state: State = "stated"
    note: str = ""
    rivals: tuple[tuple[Value, str], ...] = ()
    side: str = ""
    anchor: str = ""

    def readings(self, item: Item) -> tuple[Reading, ...]:
        """The value, and each rival beside it, quoted from the line they were found in."""
        quote = item.place.quote[self.start : self.end].strip()
        places = (item.place.quoting(quote),)
        if not self.rivals:
            return (Reading(self.value, self.unit, places, self.state, self.note),)
        every = ((self.value, self.unit), *self.rivals)
        return tuple(Reading(value, unit, places, "ambiguous", self.note) for value, unit in every)


_STOP = re.compile(r"[.!?;]+[\"”')]*(?=\s+[\"“(]?[A-Z0-9]|\s*$)|(?<=[a-z)][.!?])(?=[A-Z][a-z])")
_ABBREVIATED = pattern(
    r"(?:\b(?:e\.g|i\.e|approx|vs|cf|ca|no|dr|prof|st|max|min|incl|resp|fig|etc|al)",
    r"|(?:^|[\s(.])[A-Z])\.$",
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of the line that are sentences; abbreviations and initials end none, glued ones are parted."""
    start = 0
    for match in _STOP.finditer(text):
        if match.end() == start or _ABBREVIATED.search(text[start : match.end()]):
            continue
        yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def sentence_at(text: str, place: int) -> tuple[int, int]:
    """The sentence that holds this offset."""
    return next(((a, b) for a, b in sentences(text) if a <= place < b), (0, len(text)))


def slug(text: str, words: int = 4) -> str:
    """A stable snake_case name from the first words of a text: letters and digits only."""
    parts = re.findall(r"[a-z0-9]+", text.lower())
    return "_".join(parts[:words])
