"""Criteria as the page lists them: which side each stands on, what was lost, and where a list without headings turns.

Takes sections; gives Criteria, the inclusions and exclusions with their items, and how sure the split is. Used by
`facts`, `check` and `draft`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from stromal.read.phrases import pattern
from stromal.read.record import Item, Section

Side = Literal["inclusion", "exclusion"]

_ASKS = pattern(
    r"\s*(?:diagnos|understand|willing|able\b|ability|capable|capacity|age[ds]?\b|adults?\b|males?\b",
    r"|females?\b(?! not)|men\b|sign|written informed|informed consent|consent|agree|provide|must\b|confirmed",
    r"|documented|currently taking|disease duration",
    r"|patients? (?:with|aged|must|diagnosed|who (?:are|have been) (?:willing|able|diagnosed))",
    r"|\d+\s*(?:years|-\s*\d+ years))",
)
_BARS = pattern(
    r"\s*(?:(?:\w+\s+){0,2}pregnan|(?:active|chronic|uncontrolled|severe|serious|current|continued|known|acute|unstable",
    r"|recent)\b|history|previous|prior\b|hypersensitiv|allerg|intoleran|unable|inability|unwilling|refus|fail",
    r"|clinically significant|positive (?:test|for|serolog)|participation in another|women not",
    r"|(?:pre-?menopausal )?\w* ?women not using|abnormal|contraindicat|(?:any |other )?medical condition",
    r"|life expectancy|(?:breast|lactat)|malignan|infection|(?:drug|alcohol|substance)|organ transplant",
    r"|not (?:able|willing)|use of|using)",
)


def side_of(text: str) -> Side | None:
    """The side that a criterion's first words show: it asks for something, or it bars somebody. None when neither."""
    if _BARS.match(text):
        return "exclusion"
    return "inclusion" if _ASKS.match(text) else None


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria of a page. `turns` lists the possible counts of inclusions where a list has no headings."""

    inclusion: tuple[Item, ...]
    exclusion: tuple[Item, ...]
    headed: bool
    turns: tuple[int, ...] = ()

    @property
    def given(self) -> bool:
        """Whether the page gives any criterion."""
        return bool(self.inclusion or self.exclusion)


def _turns(sides: list[Side | None]) -> tuple[int, ...]:
    """How many leading items may be inclusions, so that no item stands on the wrong side; empty when sides mix."""
    first = max((at for at, side in enumerate(sides, 1) if side == "inclusion"), default=0)
    last = min((at for at, side in enumerate(sides) if side == "exclusion"), default=len(sides))
    return tuple(range(first, last + 1))


def criteria(sections: tuple[Section, ...]) -> Criteria:
    """Inclusions and exclusions. Without headings the inclusions come first: the list turns where wording does."""
    headed = [s for s in sections if s.name in ("inclusion", "exclusion")]
    if not headed:
        headed = [s for s in sections if s.name in ("inclusion_questions", "exclusion_questions")]
    bare = tuple(item for s in sections if s.name == "criteria" for item in s.items)
    inclusion = tuple(i for s in headed if s.name.startswith("inclusion") for i in s.items if _counts(i))
    exclusion = tuple(i for s in headed if s.name.startswith("exclusion") for i in s.items if _counts(i))
    if headed or not bare:
        return Criteria(inclusion, exclusion, headed=True)
    turns = _turns([side_of(item.text) for item in bare])
    at = turns[0] if turns else 0
    return Criteria(bare[:at], bare[at:], headed=False, turns=turns)


def _counts(item: Item) -> bool:
    return not item.label and bool(item.text)


def _number(item: Item) -> int:
    """The number printed before an item, or 0."""
    digits = item.mark.strip("(). ")
    return int(digits) if digits.isdigit() else 0


def lost_first(section: Section) -> tuple[int, Item] | None:
    """The printed number of the first item of a list whose numbering does not begin at 1, with that item."""
    first = next((item for item in section.items if _counts(item)), None)
    return (_number(first), first) if first is not None and _number(first) > 1 else None


def gaps(section: Section) -> tuple[tuple[int, Item], ...]:
    """The items whose printed number skips one or more numbers after that of the item right before."""
    items = [item for item in section.items if _counts(item)]
    return tuple((_number(b), b) for a, b in pairwise(items) if _number(a) and _number(b) > _number(a) + 1)
