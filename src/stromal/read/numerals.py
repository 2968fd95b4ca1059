"""Numbers as trial pages print them, in every notation that portals break, and lengths of time.

Takes one line of text; gives numerals and durations with the stretch of text they stand in. Part of the first step
of the walk: `doses`, `limits` and `prose` build on it. Offsets always fit the text as published, because mending
(`mend`) never changes a line's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.record import Number, Range
from stromal.read.sieve import Sieve
from stromal.values import exact

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&nbsp;": " ", "&#8805;": "≥", "&#8804;": "≤", "<sup>": "^"}
_ENTITY = re.compile("|".join(map(re.escape, _ENTITIES)) + r"|</sup>|\\[\\<>^*~_&\[\]()#+.-]")
_ALIKE = str.maketrans({
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2007": " ", "＜": "<", "＞": ">", "⩾": "≥", "⩽": "≤", "≧": "≥",
    "≦": "≤", "−": "-", "‐": "-", "‑": "-", "∼": "~", "～": "~", "∙": "·", "⋅": "·", "•": "·", "✕": "×", "╳": "×",
    "Χ": "x", "х": "x", "µ": "u", "μ": "u", "’": "'",
    "\u0130": "I", "\u0131": "i", "\u017f": "s", "\u212a": "K",
})  # fmt: skip


KEPT = 1024
"""How many lines are remembered: a record's lines, since several readers ask for the numbers of the same line."""


def _escaped(text: str) -> bool:
    """Whether the text holds a sign that escapes begin with: most lines hold none and need no mending."""
    return "&" in text or "\\" in text or "<" in text


def _sign(match: re.Match[str]) -> str:
    found = match[0]
    sign = found[1] if found.startswith("\\") else _ENTITIES.get(found, "")
    return sign.rjust(len(found))


@lru_cache(KEPT)
def mend(text: str) -> str:
    """Undo escapes and look-alike signs without changing the length, so that every offset still fits the page."""
    plain = text if text.isascii() else text.translate(_ALIKE)
    return _ENTITY.sub(_sign, plain) if _escaped(plain) else plain


@lru_cache(KEPT)
def lowered(text: str) -> str:
    """The mended text in small letters, of the same length, for the patterns that `small` makes."""
    return mend(text).lower()


def tidy(text: str) -> str:
    """A line for people: escapes undone, blanks joined."""
    if "&" in text or "\\" in text or "<" in text:
        text = _ENTITY.sub(lambda match: mend(match[0]).strip(), text)
    if text.isprintable() and "  " not in text and text == text.strip():
        return text  # as most lines are: printable text holds no blank but a plain one
    return " ".join(text.split())


Exact: TypeAlias = int | Fraction
"""A number without any loss: an int where it is whole, because whole numbers are many and ints are quick."""


class Numeral(Struct, frozen=True, gc=False):
    """A number where it stands, the scale in it (1 for none), what was mended, and other readings of its signs."""

    start: int
    end: int
    value: Exact
    factor: int = 1
    mended: str = ""
    rivals: tuple[Exact, ...] = ()

    @property
    def scaled(self) -> bool:
        """Whether a power of ten or a word such as million stands with the number."""
        return self.factor > 1

    @property
    def number(self) -> Number:
        """The value as a plain number: whole where it is whole."""
        return number(self.value)


def number(value: Exact) -> Number:
    """An exact number as int where it is whole, else as float."""
    return value.numerator if value.denominator == 1 else float(value)


_COUNTED = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
WORDS: dict[str, int] = {word: count for count, word in enumerate(_COUNTED)} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
_SCALES = {"thousand": 3, "million": 6, "millions": 6, "billion": 9, "m": 6, "mln": 6, "mio": 6}
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.·]\d+)?|\.\d+)"
_WORD = (
    rf"(?:(?:one|two|three|four|five|six|seven|eight|nine)\s+hundred|{'|'.join(sorted(WORDS, key=len, reverse=True))})"
)
_POWER = (
    r"(?P<base>10)(?(mantissa)\s?)(?:"
    r"\s*(?:\^|\*\*)\s*(?:(?P<caret>\d{1,2})|\(\s*(?P<bracketed>\d{1,2})\s*\))"
    r"|(?P<super>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|[eE](?P<e>\d{1,2})"
    r"|\((?P<bracket>\d{1,2})\)"
    r"|(?P<lost>1[0-2]|[3-9])"
    r")(?![\d.]*\d|,\d{3})"
)
_TIMES = r"\s*[x×X*·]\s*"
_MANTISSA = rf"(?P<mantissa>{_DIGITS}|\d+,\d{{1,2}})"
_NUMERAL = re.compile(
    rf"(?:{_MANTISSA}(?:{_TIMES}|\s?\.\s?(?=10\s*\^)))?{_POWER}"
    rf"|(?<!\^)(?P<digits>{_DIGITS})(?:[eE]\+?(?P<exponent>\d{{1,2}})(?!\d)"
    rf"|\s*(?P<scale>thousand|millions?|billion|mln|mio|M(?!/))(?!\w))?",
    re.IGNORECASE,
)
_BEGIN = re.compile(r"[\d.](?<![\w.][\d.])(?<![A-Za-z]-[\d.])")
"""Where a numeral may begin. Its own first sign stands first here, so that the search leaps from digit to digit."""
_PLAIN = re.compile(
    r"(?<!\^)(?!10)\d+(?!\d|[.,·]\d|\s*[x×*·]|\s?\.\s?10|e\+?\d|\s*(?:thou|mil|mln|mio|m\b|bil))", re.IGNORECASE
)
"""Digits that nothing more belongs to, as most numbers are: they need none of the notations above."""
_WORDED = re.compile(rf"(?<!\w)(?=[efhnostz])(?P<word>{_WORD})\b(?:[\s-]+(?P<wordscale>thousand|millions?|billion)\b)?")
"""Numbers in words, in small letters; the first letters are asked first because few words begin with them."""

_LONGEST = 60
"""Nothing measured is written with more signs; a longer run of digits is no number."""


def _digits(text: str) -> Exact:
    if text.isdigit():
        return int(text)
    return _whole(exact(text.replace(",", "").replace("·", ".").replace(" ", "")))


def _whole(value: Exact) -> Exact:
    return value.numerator if value.denominator == 1 else value


def _power(match: re.Match[str], text: str) -> Numeral:
    mantissa, mended = match["mantissa"] or "1", ""
    if re.fullmatch(r"\d+,\d{1,2}", mantissa):
        mantissa, mended = mantissa.replace(",", "."), "decimal comma"
    kind = next(name for name in ("caret", "bracketed", "super", "e", "bracket", "lost") if match[name])
    factor = 10 ** int(match[kind].translate(_SUPER))
    value = _whole(_digits(mantissa) * factor)
    start, end = match.span()
    if kind == "lost":
        mended = "superscript lost"
    elif kind == "e":
        return Numeral(start, end, value, factor, "written 10eN", (_whole(value * 10),))
    elif text[start:end] != match[0]:
        mended = "escaped sign"
    elif kind == "bracket":
        mended = "superscript in brackets"
    return Numeral(start, end, value, factor, mended)


def _single(match: re.Match[str], text: str) -> Numeral:
    start, end = match.span()
    digits, exponent, scale = match.group("digits", "exponent", "scale")
    if digits is None:
        if match["lost"] and not match["mantissa"] and match["base"] + match["lost"] == match[0]:
            # A bare 106 may be a hundred and six: only the words around it can tell (`doses` asks for them).
            return Numeral(start, end, int(match[0]), rivals=(10 ** int(match["lost"]),))
        return _power(match, text)
    if exponent is None and scale is None:
        return Numeral(start, end, _digits(digits))
    if scale == "m":  # a lower-case m is a metre or a month, not a million
        return Numeral(start, match.end("digits"), _digits(digits))
    factor = 10 ** int(exponent or _SCALES[scale.lower()])
    return Numeral(start, end, _whole(_digits(digits) * factor), factor)


def _printed(mended: str, text: str) -> list[Numeral]:
    """The numerals that begin with a digit or a point."""
    reached, made = 0, list[Numeral]()
    for begin in _BEGIN.finditer(mended):
        start = begin.start()
        if start < reached:
            continue
        match = _PLAIN.match(mended, start) or _NUMERAL.match(mended, start)
        if match is not None:
            reached = match.end()
            if reached - start <= _LONGEST:
                plain = match.re is _PLAIN
                made.append(Numeral(start, reached, int(match[0])) if plain else _single(match, text))
    return made


def _spelled(mended: str) -> list[Numeral]:
    """The numerals in words: `twenty`, `three hundred`, `five million`."""
    made = []
    for match in _WORDED.finditer(mended.lower()):
        first, _, second = match["word"].partition(" ")
        scale = match["wordscale"]
        factor = 10 ** _SCALES[scale] if scale else 1
        count = WORDS[first] * (100 if second.strip() == "hundred" else 1)
        made.append(Numeral(match.start(), match.end(), count * factor, factor))
    return made


_KINDS = Sieve((r"\d", rf"\b(?:{'|'.join(WORDS)})\b"))
"""The two kinds of numerals, in signs and in words: nearly no line holds both, and most hold none."""
_start = attrgetter("start")

_TO = frozenset(("-", "–", "—", "~", "to", "up to", "and"))
_LISTED = frozenset((",", "/", "or", "and", ",or", ",and", ", or", ", and"))


def _joined(between: str) -> bool:
    """Whether two numbers with these words between them stand in one list or range."""
    words = between.strip()
    return words in _LISTED or words.lower() in _TO


def _shares_scale(low: Numeral, high: Numeral, text: str) -> Numeral:
    """`1-5 million`, `2/10/50 x 10^6`: the earlier number takes the scale of the later one."""
    millions = re.fullmatch(r"\d{1,3}((?:,000)+)", text[high.start : high.end])
    if low.scaled or low.value >= 1000:
        return low
    if millions:
        factor = 1000 ** (len(millions[1]) // 4)
        return replace(low, value=_whole(low.value * factor), factor=factor, mended="zeros left out")
    if not high.scaled:
        return low
    value = _whole(low.value * high.factor)
    rivals = tuple(value * 10 for _ in high.rivals)
    return replace(low, value=value, factor=high.factor, mended=high.mended, rivals=rivals)


@lru_cache(KEPT)
def numerals(text: str) -> tuple[Numeral, ...]:
    """Every number of the line, in order, each with its own value even where a list or range shares one scale."""
    mended = mend(text)
    kinds = _KINDS.may(mended)
    if not kinds:
        return ()
    if len(kinds) > 1:
        found = sorted((*_printed(mended, text), *_spelled(mended)), key=_start)
    else:
        found = _spelled(mended) if kinds[0] else _printed(mended, text)
    for place in range(len(found) - 2, -1, -1):
        high = found[place + 1]
        # Only a scaled number or one of thousands has a scale or zeros to share, and most numbers are small.
        if (high.factor > 1 or high.value >= 1000) and _joined(mended[found[place].end : high.start]):
            found[place] = _shares_scale(found[place], high, mended)
    return tuple(found)


class Amount(Struct, frozen=True, gc=False):
    """A number, or a range of numbers from low to high, where it stands."""

    start: int
    end: int
    numerals: tuple[Numeral, ...]
    value: Number | Range


_UNIT_TWICE = re.compile(r"\s*(?P<unit>%|[a-z][a-z/]*)\s*(?:-|–|—|~|\bto)\s*", re.IGNORECASE)


@lru_cache(KEPT)
def amounts(text: str) -> tuple[Amount, ...]:
    """Numbers, with those joined by a dash or `to` (or `and` after `between`) as one range."""
    mended, made = mend(text), list[Amount]()
    low: Numeral | None = None
    for numeral in numerals(text):
        if low is None:
            low = numeral
        elif _is_range(mended, low, numeral):
            made.append(Amount(low.start, numeral.end, (low, numeral), Range(low.number, numeral.number)))
            low = None
        else:
            made.append(Amount(low.start, low.end, (low,), low.number))
            low = numeral
    if low is not None:
        made.append(Amount(low.start, low.end, (low,), low.number))
    return tuple(made)


_BETWEEN = re.compile(r"between\s+(?:the\s+ages?\s+of\s+)?$", re.IGNORECASE)
_JOINT_ENDS = tuple("-–—~oOdD")
"""The last signs of a dash, `to` and `and`: whatever ends otherwise joins no range."""


def _is_range(text: str, low: Numeral, high: Numeral) -> bool:
    between = text[low.end : high.start].rstrip()
    if low.value >= high.value or not between.endswith(_JOINT_ENDS):
        return False
    twice = _UNIT_TWICE.fullmatch(between)
    if twice:  # 20% to 40%, 18 years to 65 years: the unit is printed at both ends
        return re.match(rf"\s*{re.escape(twice['unit'].rstrip('s'))}", text[high.end :], re.IGNORECASE) is not None
    joint = between.lstrip().lower()
    return joint in _TO and (joint != "and" or _BETWEEN.search(text[max(0, low.start - _BACK) : low.start]) is not None)


_BACK = 60
"""No further back than this are the words sought that lead to a number."""


TIME_UNITS = {
    "d": "days", "day": "days", "days": "days", "w": "weeks", "wk": "weeks", "wks": "weeks", "week": "weeks",
    "weeks": "weeks", "mo": "months", "mos": "months", "mth": "months", "mths": "months", "month": "months",
    "months": "months",
    "y": "years", "yr": "years", "yrs": "years", "year": "years", "years": "years", "h": "hours", "hr": "hours",
    "hrs": "hours", "hour": "hours", "hours": "hours", "minute": "minutes", "minutes": "minutes", "min": "minutes",
}  # fmt: skip
_UNIT = re.compile(
    r"[\s-]*(?P<unit>years?|yrs?|months?|mths?|mos?|weeks?|wks?|days?|hours?|hrs?|minutes?|min)\b'?", re.IGNORECASE
)
BEGUN = rf"(?:[\d.]|\b(?:{'|'.join(WORDS)})\b)"
"""What a number begins with."""
NUMBER = rf"\d|\b(?:{'|'.join(WORDS)})\b"
"""What a line must hold for any number to be found in it."""
ENDED = rf"(?:[\d)⁰¹²³⁴⁵⁶⁷⁸⁹]|\b(?:{'|'.join(WORDS)}|thousand|millions?|billion)|mln|mio|m)"
"""What a number ends with."""
DURATION = (
    rf"{ENDED}[\s-]*(?:years?|yrs?|months?|mths?|mos?|weeks?|wks?|days?|hours?|hrs?|minutes?|min)\b"
    r"|\ban?\s+(?:year|month|week|day|hour)\b"
)
"""What a line must hold for any length of time to be found in it."""
_ARTICLE = re.compile(r"a(?<!\wa)n?\s+(?P<unit>year|month|week|day|hour)\b")
"""`a year`, in small letters; the letter stands before its own condition, so that the search leaps to it."""


class Length(Struct, frozen=True, gc=False):
    """A length of time where it stands: a number or range of days, weeks, months, years, hours or minutes."""

    start: int
    end: int
    value: Number | Range
    unit: str


@lru_cache(KEPT)
def _lengths(text: str) -> tuple[Length, ...]:
    mended = mend(text)
    made = [
        Length(amount.start, unit.end(), amount.value, TIME_UNITS[unit["unit"].lower()])
        for amount in amounts(text)
        if (unit := _UNIT.match(mended, amount.end)) is not None
    ]
    articles = [Length(m.start(), m.end(), 1, TIME_UNITS[m["unit"]]) for m in _ARTICLE.finditer(mended.lower())]
    return tuple(sorted(made + articles, key=lambda length: length.start) if articles else made)


def durations(text: str) -> Iterator[Length]:
    """Every length of time: `14 to 21 days`, `six months`, `3-month`, `a year`."""
    return iter(_lengths(text))
