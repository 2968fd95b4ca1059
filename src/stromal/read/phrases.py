"""Phrases found in a line: what they say and where, and how a line falls into sentences.

Takes text; gives Found (a value with its stretch of text) and turns it into Readings with places. Part of the first
step of the walk, shared by `doses`, `limits` and `prose`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter

from msgspec import Struct

from stromal.read.record import Item, Reading, State, Value


def pattern(*parts: str) -> re.Pattern[str]:
    """A regular expression out of its parts, blind to case."""
    return re.compile("".join(parts), re.IGNORECASE)


_SPELT = re.compile(r"\\.|\(\?P|.", re.DOTALL)


def small(*parts: str) -> re.Pattern[str]:
    """A regular expression for lines in small letters: not being blind to case, it skips two to four times as fast."""
    signs = (match[0] for match in _SPELT.finditer("".join(parts)))
    return re.compile("".join(sign if len(sign) > 1 else sign.lower() for sign in signs))


class Found(Struct, frozen=True, gc=False):
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


_STOP = re.compile(r"[.!?;](?:(?<![.!?;]{2})[.!?;]*[\"”')]*(?=\s+[\"“(]?[A-Z0-9]|\s*$)|(?<=[a-z)][.!?])(?=[A-Z][a-z]))")
"""Where a sentence may end. The sign itself stands first, so that the search leaps from stop to stop."""
_SHORT = (
    "e.g", "i.e", "approx", "vs", "cf", "ca", "no", "dr", "prof", "st", "max", "min", "incl", "resp", "fig", "etc",
    "al",
)  # fmt: skip
_ABBREVIATED = pattern(rf"(?:\b(?:{'|'.join(map(re.escape, _SHORT))})|(?:^|[\s(.])[A-Z])\.$")
_SHORTENED = tuple(f"{words}." for words in _SHORT)
_LONGEST_ABBREVIATION = 10


def _abbreviates(tail: str) -> bool:
    """Whether a stop at the end of these words belongs to an abbreviation or an initial: few words look like either."""
    likely = not tail[-3:-2].isalnum() or tail.lower().endswith(_SHORTENED)
    return likely and _ABBREVIATED.search(tail) is not None


KEPT = 1024
"""How many lines are remembered: several readers ask for the sentences of the same line."""


@lru_cache(KEPT)
def _bounds(text: str) -> tuple[tuple[int, int], ...]:
    start, made = 0, list[tuple[int, int]]()
    for match in _STOP.finditer(text):
        end = match.end()
        if text[end - 1] == "." and _abbreviates(text[max(start, end - _LONGEST_ABBREVIATION) : end]):
            continue
        made.append((start, end))
        start = end
    if text[start:].strip():
        made.append((start, len(text)))
    return tuple(made)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of the line that are sentences; abbreviations and initials end none, glued ones are parted."""
    return iter(_bounds(text))


def sentence_at(text: str, place: int) -> tuple[int, int]:
    """The sentence that holds this offset."""
    bounds = _bounds(text)
    at = bisect_right(bounds, place, key=_end)
    return bounds[at] if at < len(bounds) else (0, len(text))


_end = itemgetter(1)

_BACK = 120
"""No further back than this do the words begin that lead to a number: so long lines cost no more, sign by sign."""


def leading(cue: re.Pattern[str], text: str, place: int, low: int = 0) -> re.Match[str] | None:
    """The words that lead to this offset, no further back than `low`: the cue ends in `$`, which stands for it."""
    return cue.search(text, max(low, place - _BACK), place)


_LETTERS = re.compile(r"[a-z0-9]+")


def slug(text: str, words: int = 4) -> str:
    """A stable snake_case name from the first words of a text: letters and digits only."""
    parts = _LETTERS.findall(text.lower())
    return "_".join(parts[:words])
