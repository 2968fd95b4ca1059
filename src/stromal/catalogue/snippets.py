"""The sentence of a record that answers a question: found among its lines, cut to size, its words marked.

Takes the lines of a record and the words asked for; gives the Snippet with its place. A line is first looked through
for the beginnings of words; only what begins alike is stemmed, so that a page of hits takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from stromal.catalogue.asking import Words
from stromal.catalogue.card import Passage
from stromal.catalogue.index import analyzer

LONGEST = 240
"""Letters of a snippet at most; a longer sentence is cut around its words."""
_BREAK = re.compile(r"(?<=[.!?;])\s+(?=[A-Z0-9(\[])")
_SHORT, _TAIL = 3, 1
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


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    term: str


@lru_cache(maxsize=20_000)
def _terms(word: str) -> tuple[str, ...]:
    return tuple(analyzer().analyze(word))


@lru_cache(maxsize=256)
def _beginning(terms: frozenset[str]) -> re.Pattern[str]:
    """Words that may become one of the terms: a stem differs from its word at the end only (`therapi`, therapy)."""
    stems = sorted({term[: max(len(term) - _TAIL, min(len(term), _SHORT))] for term in terms})
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, stems))})[^\W_]*", re.IGNORECASE)


_ANY = re.compile(r"[^\W_]+")


def _marks(text: str, terms: frozenset[str], words: re.Pattern[str]) -> list[_Mark]:
    found = []
    for match in words.finditer(text):
        made = _terms(match[0])
        if made and made[0] in terms:
            found.append(_Mark(match.start(), match.end(), made[0]))
    return found


def _sentences(passage: Passage, marks: Sequence[_Mark]) -> Iterator[tuple[int, int, list[_Mark]]]:
    """The sentences of a line that hold a mark, with their marks."""
    edges = [0, *(match.end() for match in _BREAK.finditer(passage.text)), len(passage.text)]
    for start, end in pairwise(edges):
        inside = [mark for mark in marks if start <= mark.start < end]
        if inside:
            yield start, end, inside


def _worth(text: str, inside: Sequence[_Mark], asked: Words, weight: Weight) -> float:
    """How much of the question a sentence answers: rare words count more, a whole phrase as much again."""
    held = {mark.term for mark in inside}
    worth = sum(weight(term) for term in held)
    for way in asked.ways:
        for word in way:
            if len(word.terms) > 1 and held.issuperset(word.terms) and _holds(_terms_of(text), word.terms):
                worth += sum(weight(term) for term in word.terms)
    return worth


def _terms_of(text: str) -> list[str]:
    return analyzer().analyze(text)


def _holds(terms: Sequence[str], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(tuple(terms[i : i + size]) == phrase for i in range(len(terms) - size + 1))


_LESS = ("title", "conditions", "keywords", "locations")
"""Sections that say little beyond what a hit shows anyway: another sentence is taken where it is worth as much."""


def snippet(passages: Sequence[Passage], asked: Words, weight: Weight = lambda _: 1.0) -> Snippet | None:
    """The sentence that answers best, the earliest among equals; None where none holds a word of the question."""
    terms = asked.terms
    if not terms:
        return None
    for words in (_beginning(terms), _ANY):  # the second for words with accents, which begin otherwise
        best: tuple[float, Passage, int, int, list[_Mark]] | None = None
        for passage in passages:
            marks = _marks(passage.text, terms, words)
            for start, end, inside in _sentences(passage, marks) if marks else ():
                worth = _worth(passage.text[start:end], inside, asked, weight)
                worth -= 0.001 * (passage.section in _LESS)
                if best is None or worth > best[0]:
                    best = (worth, passage, start, end, inside)
        if best is not None:
            return _cut(*best[1:])
    return None


def _cut(passage: Passage, start: int, end: int, inside: Sequence[_Mark]) -> Snippet:
    """A sentence as a snippet, cut around its first words where it is too long."""
    while start < end and passage.text[end - 1].isspace():
        end -= 1
    low, high, before, after = start, end, "", ""
    if end - start > LONGEST:
        if inside[0].end - start > LONGEST:
            low = _blank(passage.text, inside[0].start - LONGEST // 4, start)
            before = "… "
        high = min(end, low + LONGEST)
        if high < end:
            high = max(passage.text.rfind(" ", low, high), inside[0].end)
            after = " …"
    shift = len(before) - low
    marks = tuple((mark.start + shift, mark.end + shift) for mark in inside if low <= mark.start and mark.end <= high)
    text = f"{before}{passage.text[low:high]}{after}".replace("\t", " ")
    return Snippet(text, passage.section, passage.path, passage.line, marks)


def _blank(text: str, near: int, least: int) -> int:
    """The beginning of the word at or after a point."""
    return max(text.find(" ", max(near, least)) + 1, least)
