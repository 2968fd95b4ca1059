"""Words and signs that compare -> ranges: `at least 15`, `2 to 16`, `more than 2 and less than 16`.

Takes one line of text; gives Limits, each a Range with its unit and its stretch of the line, saying nothing yet about
what is limited. Part of the first step of the walk, before `limits`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.numerals import BEGUN, DURATION, KEPT, Amount, amounts, mend
from stromal.read.phrases import leading, small
from stromal.read.record import Number, Range, lowest
from stromal.read.sieve import Sieve, Sifted
from stromal.read.units import legible, unit_at

# ---------------------------------------------------------------- the words that compare


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range: which side it closes, and whether the number itself belongs."""

    side: str
    included: bool

    def negated(self) -> Bound:
        """`not more than` is at most; `not at least` is less than."""
        return Bound("high" if self.side == "low" else "low", not self.included)

    def at(self, number: Number) -> Range:
        """The range that this end leaves open on the other side."""
        if self.side == "low":
            return Range(low=number, low_included=self.included)
        return Range(high=number, high_included=self.included)


_MORE = "greater|more|higher|larger|older|longer|later|bigger|heavier|taller"
_LESS = "less|fewer|lower|smaller|younger|shorter|earlier|lighter"
_EQUAL = r"(?:\s+th[ae]n)?\s*(?:\s+or\s+|/\s*)(?:is\s+)?equals?(?:\s+(?:to|than))?"
_EQUAL_FIRST = r"equals?(?:\s+to)?\s*(?:\s+or\s+|/\s*)(?:is\s+)?"
_AT_LEAST = r"at\s*-?least(?:\s+for)?"
_OR_EQUAL = r"\s*(?:/|or)?\s*(?:=(?:\s*to\b)?|equals?(?:\s+(?:to|than))?\b)"
_NO_LESS = rf"(?:≥|>){_OR_EQUAL}|≥|=\s*/?\s*>|=\s*or\s*>|{_AT_LEAST}|(?:a\s+)?minimum(?:\s+age)?(?:\s+of|\s*:)?|min\."
_NO_MORE = (
    rf"(?:≤|<){_OR_EQUAL}|≤|=\s*/?\s*<|=\s*or\s*<|at\s+most|up\s+to(?:\s+and\s+including)?"
    r"|(?:a\s+)?maximum(?:\s+age)?(?:\s+of|\s*:)?|max\."
)
PREFIXES: tuple[tuple[str, Bound], ...] = (
    (rf"(?:{_MORE}){_EQUAL}|{_EQUAL_FIRST}(?:{_MORE})(?:\s+than)?|(?:above|over){_EQUAL}", Bound("low", True)),
    (rf"(?:{_LESS}){_EQUAL}|{_EQUAL_FIRST}(?:{_LESS})(?:\s+than)?|(?:below|under){_EQUAL}", Bound("high", True)),
    (_NO_LESS, Bound("low", True)),
    (_NO_MORE, Bound("high", True)),
    (rf"(?:{_MORE})\s+th[ae]n|over|above|exceed(?:s|ing)?|in\s+excess\s+of|>", Bound("low", False)),
    (rf"(?:{_LESS})\s+th[ae]n|below|under|<", Bound("high", False)),
)
_ENDS = r"(?!\s+(?:than|the\b|[\d<>≥≤=]))"
SUFFIXES: tuple[tuple[str, Bound], ...] = (
    (
        rf"(?:or|and|&)\s+(?:{_MORE}|above|over|up(?:wards?)?)(?!\s+(?:than|the\b|[\d<>≥≤=]))|\+(?!\d|/)",
        Bound("low", True),
    ),
    (rf"(?:or|and|&)\s+(?:{_LESS}|below|under)(?!\s+(?:than|the\b|[\d<>≥≤=]))", Bound("high", True)),
)
_NEGATION = r"\b(?:not|no|never|cannot|nor|n't)\s+(?:be\s+|to\s+be\s+|to\s+|have\s+been\s+)?"
_FILLER = r"\s*(?:(?:the|a|an|age|ages|about|approximately|of)\s+){0,3}$"
_NEGATED = small(_NEGATION, "$")
_CLOSING = (
    *_MORE.split("|"), *_LESS.split("|"), "than", "then", "equal", "equals", "to", "=", ">", "<", "≥", "≤", "least",
    "for", "most", "including", "minimum", "maximum", "min.", "max.", "over", "above", "exceed", "exceeds", "exceeding",
    "below", "under", ":", "the", "a", "an", "age", "ages", "about", "approximately", "of",
)  # fmt: skip
"""What comparing words, and the small words behind them, end with: nothing that ends otherwise compares."""
_COMPARING = Sifted((bound, small(rf"(?<![a-z-])(?P<words>{words}){_FILLER}")) for words, bound in PREFIXES)
_SUFFIX = tuple((small(rf"\s*,?\s*(?:{words})"), bound) for words, bound in SUFFIXES)
_SIGNED = small(r"\s*[<>≤≥]")
_FLIPPED = (
    (small(r"\s*(?:≤|<\s*=)\s*(?=[a-z])"), Bound("low", True)),
    (small(r"\s*<\s*(?=[a-z])"), Bound("low", False)),
    (small(r"\s*(?:≥|>\s*=)\s*(?=[a-z])"), Bound("high", True)),
    (small(r"\s*>\s*(?=[a-z])"), Bound("high", False)),
)

# ---------------------------------------------------------------- limits


class Limit(Struct, frozen=True, gc=False):
    """A range with its unit, where it stands, and where its number begins (the subject stands before that)."""

    start: int
    end: int
    value: Range
    unit: str
    words: str = ""


AGE_TAIL = small(r"\s*(?:of\s+age|old|-old|in\s+age)\b")


def bound_before(text: str, start: int) -> tuple[int, Bound, str] | None:
    """The comparing words that end at this offset: the longest, with a negation where one stands before them."""
    best: tuple[int, Bound, str] | None = None
    low = max(0, start - 60)
    lead = text[low:start]
    if not lead.rstrip().endswith(_CLOSING):
        return None
    for bound, words in _COMPARING.worth(lead):
        match = words.search(text, low, start)
        if match is None:
            continue
        negation = _NEGATED.search(text, max(low, match.start() - 30), match.start())
        begin = negation.start() if negation else match.start()
        if best is None or begin < best[0]:
            best = begin, bound.negated() if negation else bound, match["words"]
    return best


_NEITHER = small(r"\b(?:neither|nor)\b[^.;]{0,40}$")
_TWICE = small(r"\s*[(,]?\s*(?:exclusive|excluding|not\s+including|not\s+included)\b")
"""Words behind a range that take its ends out again."""


def _neither(text: str, amount: Amount) -> bool:
    """Whether `neither` or `nor` turns whatever follows around."""
    return leading(_NEITHER, text, amount.start) is not None


_OVER = small(r"\s?/\s?(?P<whole>\d+)|:\d")
_UNDER = small(r"\d(?:\s?/\s?|:)$")
_WHOLES = ("5", "6", "8", "10", "12", "50", "100")
"""What scores are counted out of: `a pain of at least 4/10` is a limit of 4."""
_SEEN = small(r"\bvis(?:ion|ual)|\bacuity|\bB?CVA\b|snellen|\beyes?\b")


def _ratio(text: str, amount: Amount, unit: str) -> bool:
    """Whether the number is one side of a ratio (`20/40` seen, a titre of `1:80`), which limits neither side alone."""
    over = _OVER.match(text, amount.end)
    if over is None:
        return not unit and _UNDER.search(text, max(0, amount.start - 4), amount.start) is not None
    scored = over["whole"] in _WHOLES and 1 < lowest(amount.value) <= int(over["whole"])
    return not scored or _SEEN.search(text) is not None


def _one(text: str, amount: Amount) -> Limit | None:
    unit, end = unit_at(text, amount.end)
    tail = AGE_TAIL.match(text, end)
    end = tail.end() if tail else end
    if _neither(text, amount) or _TWICE.match(text, end) or _ratio(text, amount, unit):
        return None
    if isinstance(amount.value, Range):
        if bound_before(text, amount.start) is not None:
            return None  # more than 1.5 to 2: which end is meant, nobody can tell
        lead = leading(_FROM, text, amount.start)
        return Limit(lead.start() if lead else amount.start, end, amount.value, unit)
    before = bound_before(text, amount.start)
    if before is not None:
        return Limit(before[0], end, before[1].at(amount.value), unit, before[2])
    for words, bound in _SUFFIX:
        match = words.match(text, end)
        if match:
            again = AGE_TAIL.match(text, match.end())
            return Limit(
                amount.start, again.end() if again else match.end(), bound.at(amount.value), unit, match[0].strip()
            )
    for words, bound in _FLIPPED if _SIGNED.match(text, end) else ():
        match = words.match(text, end)
        if match:
            return Limit(amount.start, match.end(), bound.at(amount.value), unit, match[0].strip())
    return None


_FROM = small(r"(?:\bbetween|\bfrom)\s+(?:the\s+ages?\s+of\s+)?$")
_LEAD = small(r"(?P<between>\bbetween\s+)?(?:\bfrom\s+)?(?:the\s+ages?\s+of\s+)?$")
_TO = small(r"\s*(?:-|–|—|~|to)\s*")


def _each(text: str, found: tuple[Amount, ...]) -> Iterator[Limit]:
    """The limit of each amount; two whose unit is printed twice (`between 5 g/dL and 6 g/dL`) are one range."""
    waiting, covered = deque(found), 0
    while waiting:
        low = waiting.popleft()
        if low.start < covered:
            continue  # the 1.73 of mL/min/1.73 m2 is part of a unit
        covered = unit_at(text, low.end)[1]
        while waiting and waiting[0].start < covered:
            waiting.popleft()
        both = _twice(text, low, waiting[0]) if waiting else None
        if both is not None:
            waiting.popleft()
            yield both
        elif (limit := _one(text, low)) is not None:
            yield limit


def _twice(text: str, low: Amount, high: Amount) -> Limit | None:
    if isinstance(low.value, Range) or isinstance(high.value, Range) or low.value >= high.value:
        return None
    (first, end), (unit, last) = unit_at(text, low.end), unit_at(text, high.end)
    if not first or first != unit:
        return None
    lead, joint = leading(_LEAD, text, low.start), text[end : high.start]
    joined = _TO.fullmatch(joint) or (lead and lead["between"] and joint.strip() == "and")
    if not joined or bound_before(text, low.start) or _TWICE.match(text, last):
        return None
    tail = AGE_TAIL.match(text, last)
    start = lead.start() if lead else low.start
    return Limit(start, tail.end() if tail else last, Range(low.value, high.value), unit)


_SIGN = small(r"[<>≤≥]\s*=?\s*$")
_JOINED = small(r"\s*(?:years?|yrs?|months?)?\s*,?\s*(?:and|but|to|-|–|,)?\s*(?:is\s+|be\s+)?")


def _join(text: str, limits: deque[Limit]) -> Iterator[Limit]:
    """`more than 2 and less than 16`: two neighbouring open ends become one range."""
    while limits:
        first = limits.popleft()
        if limits and _fits(text, first, limits[0]):
            second = limits.popleft()
            low, high = (first, second) if first.value.low is not None else (second, first)
            value = Range(low.value.low, high.value.high, low.value.low_included, high.value.high_included)
            yield Limit(first.start, second.end, value, second.unit or first.unit, f"{first.words}, {second.words}")
        else:
            yield first


def _fits(text: str, first: Limit, second: Limit) -> bool:
    low = first.value.low if first.value.low is not None else second.value.low
    high = second.value.high if second.value.high is not None else first.value.high
    if low is None or high is None or low > high or None not in (first.value.low, first.value.high):
        return False
    if None not in (second.value.low, second.value.high) or (first.unit and second.unit and first.unit != second.unit):
        return False
    between = text[first.end : second.start]
    flipped = leading(_SIGN, text, first.end) is not None and len(between) < 40
    return _JOINED.fullmatch(between) is not None or flipped


_LED = r"\s*(?:(?:the|a|an|age|ages|about|approximately|of)\s+){0,3}"
COMPARED = "|".join(
    (
        rf"(?:{'|'.join(words for words, _ in PREFIXES)}){_LED}{BEGUN}",
        rf"[-–—~]\s*{BEGUN}",
        rf"to\s*{BEGUN}",
        r"\bbetween\s",
        rf"\+|(?:or|and|&)\s+(?:{_MORE}|{_LESS}|above|over|up|below|under)",
        r"[<>≤≥]\s*=?\s*[a-z]",
    )
)
"""What a line must hold for any number of it to stand with comparing words, or as one end of a range."""
_SCALED = re.compile(r"\d\s*[x×*]?\s*10\s*[\^⁰¹²³⁴⁵⁶⁷⁸⁹]|million")
_BESIDE = re.compile(r"\s*,?\s*(?:or|and|and/or)\s*")
_HELD = Sieve((COMPARED, DURATION))


@lru_cache(KEPT)
def held(line: str) -> tuple[bool, bool]:
    """Whether the line may hold a number that is compared with something, and a length of time: most hold neither."""
    found = _HELD.may(mend(line))
    return 0 in found, 1 in found


@lru_cache(KEPT)
def comparisons(line: str) -> tuple[Limit, ...]:
    """Every number or range of the line that stands with comparing words or as low-high, joined where two ends meet."""
    if not held(line)[0]:
        return ()
    printed = legible(line)
    text = printed.lower()
    single = list(_each(text, amounts(printed)))
    for place in range(len(single) - 2, -1, -1):
        this, following = single[place], single[place + 1]
        joined = not this.unit and _BESIDE.fullmatch(text, this.end, following.start)
        if joined and not _SCALED.search(text[following.start : following.end]):
            single[place] = replace(this, unit=following.unit)
    return tuple(_join(text, deque(single)))
