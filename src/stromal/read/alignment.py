"""Two lists of one thing, side by side: which rows are the same, which were changed, which came and which went.

Takes two lists and words for comparing their rows; gives Pairs in the order of the later list. Used by `versions`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
_ALIKE = 0.5
"""Share of words that two rows have in common when one is a rewording of the other."""
_WORD = re.compile(r"\w+|[<>≤≥=%]")


@dataclass(frozen=True, slots=True)
class Pair(Generic[Row]):
    """A row of the earlier list with its fellow in the later one; one of them is None where it went or came."""

    before: tuple[int, Row] | None
    after: tuple[int, Row] | None


def plain(text: str) -> str:
    """A text for comparing: blanks joined, list marks and escapes dropped. Case and signs stay: they can matter."""
    text = re.sub(r"\\([\\<>^*~_&\[\]()#+.-])", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"(?m)^\s*[*•·▪◦-]\s+", "", text)).strip()


def likeness(a: Counter[str], b: Counter[str]) -> float:
    """The share of words in common: 1 for the same words, 0 for none."""
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def words_of(text: str) -> Counter[str]:
    """The words and comparing signs of a text, counted, blind to case."""
    return Counter(_WORD.findall(text.casefold()))


def align(before: Sequence[Row], after: Sequence[Row], text: Callable[[Row], str]) -> tuple[Pair[Row], ...]:
    """Every row of both lists once: the same text first, then the most alike, then what came; last what went."""
    same: dict[str, deque[int]] = defaultdict(deque)
    for number, row in enumerate(before):
        same[plain(text(row))].append(number)
    fellow: dict[int, int] = {}
    for number, row in enumerate(after):
        known = same.get(plain(text(row)))
        if known:
            fellow[number] = known.popleft()
    fellow |= _alike(before, after, text, fellow)
    pairs = [
        Pair((fellow[number], before[fellow[number]]) if number in fellow else None, (number, row))
        for number, row in enumerate(after)
    ]
    kept = set(fellow.values())
    return (*pairs, *(Pair((number, row), None) for number, row in enumerate(before) if number not in kept))


def _alike(
    before: Sequence[Row], after: Sequence[Row], text: Callable[[Row], str], fellow: dict[int, int]
) -> dict[int, int]:  # fmt: skip
    """Of the rows left over, those that reword each other, the most alike first."""
    taken = set(fellow.values())
    old = [(number, words_of(text(row))) for number, row in enumerate(before) if number not in taken]
    new = [(number, words_of(text(row))) for number, row in enumerate(after) if number not in fellow]
    scored = [(likeness(a, b), -abs(i - j), i, j) for i, a in old for j, b in new]
    found: dict[int, int] = {}
    used: set[int] = set()
    for score, _, i, j in sorted(scored, reverse=True):
        if score < _ALIKE:
            break
        if i not in used and j not in found:
            found[j] = i
            used.add(i)
    return found
