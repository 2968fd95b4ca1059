"""Criteria as the page lists them: which side each stands on, what was lost, and where a list without headings turns.

Takes sections; gives Criteria, the inclusions and exclusions with their items, and how sure the split is. Takes the
text of a registry's eligibility field; gives its blocks, parted at headings however they are written. Used by the
registries' readers, `facts`, `check` and `draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
    r"\s*(?:(?:\w+\s+){0,2}pregnan|(?:active|chronic|uncontrolled|severe|serious|current|continued|known|acute"
    r"|unstable",
    r"|recent)\b|history|previous|prior\b|hypersensitiv|allerg|intoleran|unable|inability|unwilling|refus|fail",
    r"|clinically significant|positive (?:test|for|serolog)|participation in another|women not",
    r"|(?:pre-?menopausal )?\w* ?women not using|abnormal|contraindicat|(?:any |other )?medical condition",
    r"|life expectancy|(?:breast|lactat)|malignan|infection|(?:drug|alcohol|substance)|organ transplant",
    r"|not (?:able|willing)|use of|using)",
)


_CONSENTS = pattern(
    r"\s*(?:(?:patients?|subjects?|participants?)\s+)?(?:must\s+(?:be\s+(?:able|willing)\b|agree|consent|sign|understand"
    r"|provide|give)|understand|willing|able\s+(?:and|to|or)\b|ability|capab|capacity|agree|consent|sign(?:ed|ing|ature)\b"
    r"|(?:written|informed|provid\w+|giv\w+)\b.{0,30}\bconsent)",
)
"""What lists of inclusions close with, and lists of exclusions never hold."""
_SURELY_BARS = pattern(
    r"\s*(?:(?:\w+\s+){0,2}pregnan|active|uncontrolled|known|history|prior\s+history|hypersensitiv|allerg|intoleran|unable"
    r"|inability|unwilling|refus|clinically\s+significant|positive|participation\s+in\s+another|(?:breast|lactat)|malignan"
    r"|infection|(?:drug|alcohol|substance)|contraindicat|women\s+not)",
)
"""What is asked of nobody; a severe, acute or recent illness may be the very one that is treated."""


def side_of(text: str) -> Side | None:
    """The side that a criterion's first words show: it asks for something, or it bars somebody. None when neither."""
    if _BARS.match(text):
        return "exclusion"
    return "inclusion" if _ASKS.match(text) else None


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria of a page. `turns` lists the possible counts of inclusions where a list has no headings; `sure` says
    whether the words on both sides of the one turn belong nowhere else.
    """

    inclusion: tuple[Item, ...]
    exclusion: tuple[Item, ...]
    headed: bool
    turns: tuple[int, ...] = ()
    sure: bool = True

    @property
    def assumed(self) -> str:
        """Why nobody can be sure on which side of the line a criterion stands; empty where headings say it."""
        if not self.headed:
            return "no heading says on which side it stands"
        if self.exclusion and not self.inclusion and any(side_of(item.text) == "inclusion" for item in self.exclusion):
            return "the text names exclusions alone, and some of its lines ask for something"
        if self.inclusion and not self.exclusion and any(_SURELY_BARS.match(item.text) for item in self.inclusion):
            return "the text names inclusions alone, and some of its lines bar somebody"
        return ""

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
    return Criteria(bare[:at], bare[at:], headed=False, turns=turns, sure=len(turns) == 1 and _clear(bare, at))


def _clear(bare: tuple[Item, ...], at: int) -> bool:
    """Whether the list closes one side with consent and opens the other with what is asked of nobody."""
    if not 0 < at < len(bare):
        return False
    return bool(_CONSENTS.match(bare[at - 1].text) and _SURELY_BARS.match(bare[at].text))


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


# ---------------------------------------------------------------- the text of a registry's eligibility field

_LED = r"[\W_]*(?:(?:v?\.?\d+(?:\.\d+)*|[IVX]+|[a-z])[.):]+\s*)*"
_HEADING = pattern(
    rf"{_LED}(?P<lead>(?:(?!inclusion|exclusion|not?\b|fulfil|meet|satisf|unable|absence|do\b|does\b|did\b"
    rf"|any\b)[\w/()&-]+\s+){{0,3}}?)"
    r"(?P<which>inclusion|exclusion|inclusive|exclusive)\s+criteri(?:a|on|as|ons|um)?s?\b"
    r"(?P<whom>\s*(?:for|of|in|-|–)\s+[\w\s,/()-]{1,60}?)?"
    r"(?:\s+(?:(?:are|were|is|as|the|will|be|must|include|includes|including|follow|follows|following|summarized|but"
    r"|not|limited|to)\b\s*)*)?\s*(?:\([^)]*\))?\s*(?P<end>[:：]|[-–—]\s|\W*$)"
)
_BARE = pattern(
    rf"{_LED}(?P<lead>(?:(?:key|main|major|donor|patient|subject|specific)\s+)?)(?P<which>inclusion"
    rf"|exclusion)s?\s*(?P<end>[:：])"
)
_ALONE = pattern(rf"{_LED}(?P<which>inclusion|exclusion)s?\W*$")
_SENTENCE = (
    (pattern(r"[^:.]{0,110}\b(?:not\s+(?:be\s+)?eligible|ineligible|(?:will|must|should"
        r"|are)\s+(?:also\s+)?be\s+excluded|are\s+excluded|none\s+of\s+the"
             r"\s+following|not\s+be\s+(?:included|enrolled))\b[^:.]{0,80}:\s*$"), "exclusion"),
    (pattern(r"[^:.]{0,110}\b(?:(?:is|are|be)\s+(?:considered\s+)?(?:eligible|included)|eligible\s+(?:patients"
        r"|subjects|participants)|must\s+(?:meet|fulfil|satisfy|comply)"
             r"\w*)\b[^:.]{0,90}:\s*$"), "inclusion"),
    (pattern(r"[^:.]{0,40}\bfor\s+(?:inclusion|enrol\w+|participation)\b[^:.]{0,60}\b(?:should|must|need\s+to|ha(?:ve|s)\s+to"
        r"|are\s+required\s+to)\s+(?:fulfil|meet|satisfy|comply|have|be)\w*\b[^:.]{0,90}(?::|(?:following|criteria)\W*)\s*$"),
     "inclusion"),
)  # fmt: skip
_INSIDE = re.compile(
    r"(?:(?<=[.;:)] )|(?<=[a-z0-9,] )(?<!\bDonor )(?<!\bPatient )(?<!\bSubject ))"
    r"(?=(?:Donor |Patient |Subject )?(?:Inclusion|Exclusion|INCLUSION|EXCLUSION) (?:[Cc]riteria|CRITERIA)\s*:)"
)
"""A heading inside a line. The words before it may belong to it."""
_DONORS = pattern(r"\bdonors?\b")
_OTHERS = pattern(r"\b(?:controls?|healthy|volunteers?|caregivers?|carers?|siblings?|parents?)\b")


@dataclass(slots=True)
class Block:
    """A stretch of an eligibility text: our name for it, its heading with its line (0: none), its lines."""

    name: str
    line: int = 0
    heading: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)


def _heading(line: str) -> tuple[str, int] | None:
    """The name of the block that a line begins, and where what follows on the line begins; None where it begins "
    "none."""
    line = _NOT_INCLUDED.sub(lambda found: "exclusion".ljust(len(found[0])), line)
    found = _HEADING.match(line) or _BARE.match(line) or _ALONE.match(line)
    if found is not None:
        which = "exclusion" if found["which"].lower().startswith("excl") else "inclusion"
        words = line[: found.end()]
        whom = "donor_" if _DONORS.search(words) else "other_" if _OTHERS.search(words) else ""
        return whom + which, found.end()
    side = next((side for words, side in _SENTENCE if words.fullmatch(line)), None)
    return (side, len(line)) if side else None


_NOT_INCLUDED = pattern(r"\bnon(?:\s*[-–]\s*|\s+)inclusion(?=\s+criteri|s?\s*[:：])")
"""A heading of exclusions, as some write it."""


_NUMBERED = re.compile(r"(?:^|(?<=[\s.;,:]))(?P<number>\d{1,2})[.)](?:\s+|(?=[A-Z]))(?=[A-Z(≥≤<>\"“])")
_BULLET = re.compile(r"(?:^|(?<=\s))[*•·●▪■\u2022-](?=\s+[A-Z])")


_FEW_MARKS = re.compile(r"[\d*•·●▪■\u2022-](?:(?<=\d)[.)]|(?<!\d)\s)")
"""What numbers and bullets of lists look like at a glance: most lines hold too few to be a list."""


def _unglued(line: str) -> list[str]:
    """A line that holds a whole list, parted at its numbers or bullets; any other line as it is."""
    few = line.isascii() and sum(map(line.count, ".)*-")) <= 2
    if few or len(_FEW_MARKS.findall(line)) <= 2:
        return [line]
    found = list(_NUMBERED.finditer(line))
    numbers = [int(match["number"]) for match in found]
    running = [place for place, number in enumerate(numbers) if number == numbers[0] + place]
    if len(found) > 2 and len(running) == len(found):
        starts = [match.start() for match in found]
    else:
        starts = [match.start() for match in _BULLET.finditer(line)]
        starts = starts if len(starts) > 2 else []
    edges = [0, *(start for start in starts if start > 0), len(line)]
    return [line[a:b] for a, b in pairwise(edges) if line[a:b].strip()]


def blocks(text: str) -> Iterator[Block]:
    """The eligibility text parted at its headings; what stands before any heading is a block named `criteria`.

    Criteria of donors and of others beside the patients are named so: they are nobody's who takes part.
    """
    block = Block("criteria")
    for number, printed in enumerate(text.splitlines(), 1):
        # Nearly all lines show at a glance that they hold no heading, so the long patterns are seldom asked.
        named = "clusi" in printed.lower() or not printed.isascii()
        for line in _INSIDE.split(printed) if named else (printed,):
            found = _heading(line) if named or line.rstrip().endswith(":") else None
            if found:
                if block.lines or block.line:
                    yield block
                block = Block(found[0], number, line[: found[1]].strip())
            rest = line[found[1] :] if found else line
            if rest.strip(" :*-"):
                block.lines += [(number, part) for part in _unglued(rest)]
    if block.lines or block.line:
        yield block


# ---------------------------------------------------------------- lists within lists

_CHOICE = pattern(
    r"\b(?:one|any|either|some|two|three|four|2|3|4|minimum|least)\b.{0,40}\b(?:of|following|or)\b|\bor\b\W*$"
    r"|\beither\b|\bif\b"
    r"|\b(?:cohorts?|groups?|arms?|stratum|part|for\s+(?:patients|subjects|participants|women|men|those)|except\w*"
    r"|unless|exclud\w+"
    r"|not\s+eligible|allowed|permitted)\b"
)
_ALL = pattern(
    r"\b(?:all|both|defined|definition|unless|except\w*|allowed|permitted|if|not\s+considered|combination|together)\b"
)
_ENTIRE = pattern(r"[^:]{0,80}\b(?:all|each)\b[^:]{0,60}:\W*$")


def _style(item: Item) -> str:
    """How an item is marked: by a number, a letter, a sign, or not at all."""
    mark = item.mark.strip("(). ")
    return "" if not mark else "1" if mark.isdigit() else "a" if mark.isalpha() else "*"


def uncertain(items: tuple[Item, ...], side: Side) -> tuple[bool, ...]:
    """For each item, whether it stands under a line (`one of the following:`) that may turn it into an alternative."""
    made, leader, inner = list[bool](), "", None
    open_ = False
    for item in items:
        style = _style(item)
        if open_ and inner is None:
            inner = style
        elif open_ and inner != leader and style == leader:
            open_ = False
        made.append(open_)
        if item.text.rstrip().endswith(":") and not open_ and _opens(item.text, side):
            open_, leader, inner = True, style, None
    if side == "inclusion":
        for place, item in enumerate(items):
            if _OPEN_END.search(item.text):
                made[place : place + 2] = [True] * len(made[place : place + 2])
    return tuple(made)


_OPEN_END = pattern(r"\b(?:or|and/or)\W*$")
_VALUES = pattern(
    r"\b(?:functions?|laborator\w+|values?|parameters|h(?:a?e)matolog\w+|counts?|criteria|requirements?|must|met)\b"
)


def _opens(text: str, side: Side) -> bool:
    """Whether a line that ends in a colon may make alternatives of what follows."""
    if side == "exclusion":
        return _ALL.search(text) is not None
    return not _ENTIRE.fullmatch(text) and (_CHOICE.search(text) is not None or not _VALUES.search(text))


def leads_only(item: Item) -> bool:
    """Whether a line only announces what follows: it is no criterion of its own."""
    return item.text.rstrip().endswith(":") and len(item.text) < _LONGEST_LEAD and not re.search(r"\d", item.text)


_LONGEST_LEAD = 160
