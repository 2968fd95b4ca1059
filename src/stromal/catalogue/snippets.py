"""The sentence of a record that answers a question: found among its lines, cut to size, its words marked.

Takes the lines of a record and the words asked for; gives the Snippet with its place. The text is first looked through
for the beginnings of words; only what begins alike is stemmed, so that a page of hits takes milliseconds.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, pairwise

from stromal.catalogue.asking import Words
from stromal.catalogue.card import Passage
from stromal.catalogue.index import analyzer, beginning

LONGEST = 240
"""Letters of a snippet at most; a longer sentence is cut around its words."""
_BREAK = re.compile(r"(?<=[.!?;])\s+(?=[A-Z0-9(\[])")
Weight = Callable[[str], float]
"""How much a term tells."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A sentence, its section and place in the record, and the stretches of it that were asked for."""

    text: str
    section: str
    path: str
    line: int
    marks: tuple[tuple[int, int], ...]


Mark = tuple[int, int, str]
"""A stretch of a text and the term that it is."""


@lru_cache(maxsize=20_000)
def _terms(word: str) -> tuple[str, ...]:
    return tuple(analyzer().analyze(word))


def _beginnings(terms: frozenset[str]) -> list[str]:
    """How words begin that may become one of the terms: a stem differs at its end only (`therapi`, therapy)."""
    made = sorted(set(map(beginning, terms)))
    return [each for each in made if not any(each != other and each.startswith(other) for other in made)]


_WORD = re.compile(r"[^\W_]+")


def _small(text: str) -> str:
    """A text in small letters, each where it was."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _marks(text: str, terms: frozenset[str]) -> list[Mark]:
    """Where words of a text become one of the terms."""
    small, found = _small(text), list[Mark]()
    for first in _beginnings(terms):
        start = small.find(first)
        while start >= 0:
            match = _WORD.match(small, start)
            end = match.end() if match else start + 1
            if match and not (start and small[start - 1].isalnum()) and (made := _terms(match[0])) and made[0] in terms:
                found.append((start, end, made[0]))
            start = small.find(first, end)
    if not found and not small.isascii():  # letters with accents begin otherwise than their terms
        words = ((match.start(), match.end(), _terms(match[0])) for match in _WORD.finditer(small))
        return [(start, end, made[0]) for start, end, made in words if made and made[0] in terms]
    return sorted(found)


def _sentences(text: str, marks: Sequence[Mark]) -> Iterator[tuple[int, int, list[Mark]]]:
    """The sentences of a line that hold a mark, with their marks."""
    edges = [0, *(match.end() for match in _BREAK.finditer(text)), len(text)]
    for start, end in pairwise(edges):
        inside = [mark for mark in marks if start <= mark[0] < end]
        if inside:
            yield start, end, inside


def _worth(text: str, inside: Sequence[Mark], asked: Words, weight: Weight) -> float:
    """How much of the question a sentence answers: rare words count more, a whole phrase as much again."""
    held = {term for _, _, term in inside}
    worth = sum(map(weight, held))
    phrases = (word.terms for way in asked.ways for word in way if len(word.terms) > 1)
    for phrase in phrases:
        if held.issuperset(phrase) and _holds(analyzer().analyze(text), phrase):
            worth += sum(map(weight, phrase))
    return worth


def _holds(terms: Sequence[str], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(tuple(terms[i : i + size]) == phrase for i in range(len(terms) - size + 1))


_LESS = ("title", "conditions", "keywords", "locations")
"""Sections that say little beyond what a hit shows anyway: another sentence is taken where it is worth as much."""


def _by_line(passages: Sequence[Passage], terms: frozenset[str]) -> Iterator[tuple[Passage, list[Mark]]]:
    """The lines that hold a mark, with their marks; all lines are looked through as one text, which is faster."""
    starts = list(accumulate((len(passage.text) + 1 for passage in passages), initial=0))
    marks = _marks("\n".join(passage.text for passage in passages), terms)
    for line, group in groupby(marks, key=lambda mark: bisect(starts, mark[0]) - 1):
        yield passages[line], [(start - starts[line], end - starts[line], term) for start, end, term in group]


def snippet(passages: Sequence[Passage], asked: Words, weight: Weight = lambda _: 1.0) -> Snippet | None:
    """The sentence that answers best, the earliest among equals; None where none holds a word of the question."""
    if not passages or not asked.terms:
        return None
    best: tuple[float, Passage, int, int, list[Mark]] | None = None
    for passage, marks in _by_line(passages, asked.terms):
        most = 2 * sum(map(weight, {term for _, _, term in marks}))
        if best is not None and most <= best[0]:
            continue
        for start, end, inside in _sentences(passage.text, marks):
            worth = _worth(passage.text[start:end], inside, asked, weight) - 0.001 * (passage.section in _LESS)
            if best is None or worth > best[0]:
                best = (worth, passage, start, end, inside)
    return None if best is None else _cut(*best[1:])


def _cut(passage: Passage, start: int, end: int, inside: Sequence[Mark]) -> Snippet:
    """A sentence as a snippet, cut around its first words where it is too long."""
    while start < end and passage.text[end - 1].isspace():
        end -= 1
    low, high, before, after = start, end, "", ""
    if end - start > LONGEST:
        if inside[0][1] - start > LONGEST:
            low = _blank(passage.text, inside[0][0] - LONGEST // 4, start)
            before = "… "
        high = min(end, low + LONGEST)
        if high < end:
            high = max(passage.text.rfind(" ", low, high), inside[0][1])
            after = " …"
    shift = len(before) - low
    marks = tuple((start + shift, end + shift) for start, end, _ in inside if low <= start and end <= high)
    text = f"{before}{passage.text[low:high]}{after}".replace("\t", " ")
    return Snippet(text, passage.section, passage.path, passage.line, marks)


def _blank(text: str, near: int, least: int) -> int:
    """The beginning of the word at or after a point."""
    return max(text.find(" ", max(near, least)) + 1, least)
