"""Numbers as trial pages print them, in every notation that portals break, and lengths of time.

Takes one line of text; gives numerals and durations with the stretch of text they stand in. Part of the first step
of the walk: `doses`, `limits` and `prose` build on it. Offsets always fit the text as published, because mending
(`mend`) never changes a line's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from stromal.read.record import Number, Range
from stromal.values import exact

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&nbsp;": " ", "&#8805;": "≥", "&#8804;": "≤", "<sup>": "^"}
_ENTITY = re.compile("|".join(map(re.escape, _ENTITIES)) + r"|</sup>|\\[\\<>^*~_&\[\]()#+.-]")
_ALIKE = str.maketrans({
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2007": " ", "＜": "<", "＞": ">", "⩾": "≥", "⩽": "≤", "≧": "≥",
    "≦": "≤", "−": "-", "‐": "-", "‑": "-", "∼": "~", "～": "~", "∙": "·", "⋅": "·", "•": "·", "✕": "×", "╳": "×",
    "Χ": "x", "х": "x", "µ": "u", "μ": "u", "’": "'",
})  # fmt: skip


def mend(text: str) -> str:
    """Undo escapes and look-alike signs without changing the length, so that every offset still fits the page."""

    def plain(match: re.Match[str]) -> str:
        found = match[0]
        sign = found[1] if found.startswith("\\") else _ENTITIES.get(found, "")
        return sign.rjust(len(found))

    return _ENTITY.sub(plain, text.translate(_ALIKE))


def tidy(text: str) -> str:
    """A line for people: escapes undone, blanks joined."""
    return re.sub(r"\s+", " ", _ENTITY.sub(lambda m: mend(m[0]).strip(), text)).strip()


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number where it stands, the scale in it (1 for none), what was mended, and other readings of its signs."""

    start: int
    end: int
    value: Fraction
    factor: Fraction = Fraction(1)
    mended: str = ""
    rivals: tuple[Fraction, ...] = ()

    @property
    def scaled(self) -> bool:
        """Whether a power of ten or a word such as million stands with the number."""
        return self.factor > 1

    @property
    def number(self) -> Number:
        """The value as a plain number: whole where it is whole."""
        return number(self.value)


def number(value: Fraction) -> Number:
    """A fraction as int where it is whole, else as float."""
    return value.numerator if value.denominator == 1 else float(value)


WORDS: dict[str, int] = {
    word: count
    for count, word in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        )
    )
}
WORDS |= {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
}
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
    rf"(?<![\w.])(?<![A-Za-z]-)(?:{_MANTISSA}(?:{_TIMES}|\s?\.\s?(?=10\s*\^)))?{_POWER}"
    rf"|(?<![\w.^])(?<![A-Za-z]-)(?P<digits>{_DIGITS})(?:[eE]\+?(?P<exponent>\d{{1,2}})(?!\d)"
    rf"|\s*(?P<scale>thousand|millions?|billion|mln|mio|M(?!/))(?!\w))?"
    rf"|\b(?P<word>{_WORD})\b(?:[\s-]+(?P<wordscale>thousand|millions?|billion)\b)?",
    re.IGNORECASE,
)


_LONGEST = 60
"""Nothing measured is written with more signs; a longer run of digits is no number."""


def _digits(text: str) -> Fraction:
    return exact(text.replace(",", "").replace("·", ".").replace(" ", ""))


def _word(text: str) -> Fraction:
    first, _, second = text.lower().partition(" ")
    return Fraction(WORDS[first] * (100 if second.strip() == "hundred" else 1))


def _power(match: re.Match[str], text: str) -> Numeral:
    mantissa, mended = match["mantissa"] or "1", ""
    if re.fullmatch(r"\d+,\d{1,2}", mantissa):
        mantissa, mended = mantissa.replace(",", "."), "decimal comma"
    kind = next(name for name in ("caret", "bracketed", "super", "e", "bracket", "lost") if match[name])
    power = int(match[kind].translate(_SUPER))
    factor = Fraction(10) ** power
    value = _digits(mantissa) * factor
    span = match.span()
    if kind == "lost":
        mended = "superscript lost"
    elif kind == "e":
        return Numeral(*span, value, factor, "written 10eN", (value * 10,))
    elif text[span[0] : span[1]] != match[0]:
        mended = "escaped sign"
    elif kind == "bracket":
        mended = "superscript in brackets"
    return Numeral(*span, value, factor, mended)


def _single(match: re.Match[str], text: str) -> Numeral:
    if match["base"]:
        if match["lost"] and not match["mantissa"] and match["base"] + match["lost"] == match[0]:
            # A bare 106 may be a hundred and six: only the words around it can tell (`doses` asks for them).
            return Numeral(*match.span(), Fraction(int(match[0])), rivals=(Fraction(10) ** int(match["lost"]),))
        return _power(match, text)
    if match["digits"]:
        if match["scale"] == "m":  # a lower-case m is a metre or a month, not a million
            return Numeral(match.start(), match.end("digits"), _digits(match["digits"]))
        factor = Fraction(10) ** int(match["exponent"] or _SCALES.get((match["scale"] or "").lower(), 0))
        return Numeral(*match.span(), _digits(match["digits"]) * factor, factor)
    factor = Fraction(10) ** _SCALES.get((match["wordscale"] or "").lower(), 0)
    return Numeral(*match.span(), _word(match["word"]) * factor, factor)


_LIST = re.compile(r"\s*(?:,|/|,?\s*(?:or|and))\s*")
_TO = re.compile(r"\s*(?:-|–|—|~|to|up to|and)\s*", re.IGNORECASE)


def _shares_scale(low: Numeral, high: Numeral, text: str) -> Numeral:
    """`1-5 million`, `2/10/50 x 10^6`: the earlier number takes the scale of the later one."""
    printed = text[high.start : high.end]
    millions = re.fullmatch(r"\d{1,3}((?:,000)+)", printed)
    if low.scaled or low.value >= 1000:
        return low
    if millions:
        factor = Fraction(1000) ** (len(millions[1]) // 4)
        return replace(low, value=low.value * factor, factor=factor, mended="zeros left out")
    if not high.scaled:
        return low
    rivals = tuple(low.value * high.factor * 10 for _ in high.rivals)
    return replace(low, value=low.value * high.factor, factor=high.factor, mended=high.mended, rivals=rivals)


def numerals(text: str) -> tuple[Numeral, ...]:
    """Every number of the line, in order, each with its own value even where a list or range shares one scale."""
    mended = mend(text)
    matches = [match for match in _NUMERAL.finditer(mended) if len(match[0]) <= _LONGEST]
    found = [_single(match, text) for match in matches]
    for place in range(len(found) - 2, -1, -1):
        between = mended[found[place].end : found[place + 1].start]
        if _LIST.fullmatch(between) or _TO.fullmatch(between):
            found[place] = _shares_scale(found[place], found[place + 1], mended)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a range of numbers where it stands."""

    start: int
    end: int
    numerals: tuple[Numeral, ...]

    @property
    def value(self) -> Number | Range:
        """One number, or the range from the low to the high."""
        first, last = self.numerals[0], self.numerals[-1]
        if first.value < last.value:
            return Range(first.number, last.number)
        return first.number

    @property
    def mended(self) -> str:
        """What had to be repaired, or nothing."""
        return next((n.mended for n in self.numerals if n.mended), "")


_UNIT_TWICE = re.compile(r"\s*(?P<unit>%|[a-z][a-z/]*)\s*(?:-|–|—|~|\bto)\s*", re.IGNORECASE)


def amounts(text: str) -> tuple[Amount, ...]:
    """Numbers, with those joined by a dash or `to` (or `and` after `between`) as one range."""
    mended, made, found = mend(text), list[Amount](), list(numerals(text))
    while found:
        low = found.pop(0)
        if found and _is_range(mended, low, found[0]):
            made.append(Amount(low.start, found[0].end, (low, found.pop(0))))
        else:
            made.append(Amount(low.start, low.end, (low,)))
    return tuple(made)


def _is_range(text: str, low: Numeral, high: Numeral) -> bool:
    between = text[low.end : high.start]
    if low.value >= high.value:
        return False
    twice = _UNIT_TWICE.fullmatch(between)
    if twice:  # 20% to 40%, 18 years to 65 years: the unit is printed at both ends
        return re.match(rf"\s*{re.escape(twice['unit'].rstrip('s'))}", text[high.end :], re.IGNORECASE) is not None
    if not _TO.fullmatch(between):
        return False
    joined = between.strip().lower()
    return (
        joined != "and"
        or re.search(r"between\s+(?:the\s+ages?\s+of\s+)?$", text[: low.start], re.IGNORECASE) is not None
    )


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
_ARTICLE = re.compile(r"\b(?:a|an)\s+(?P<unit>year|month|week|day|hour)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time where it stands: a number or range of days, weeks, months, years, hours or minutes."""

    start: int
    end: int
    value: Number | Range
    unit: str


def durations(text: str) -> Iterator[Length]:
    """Every length of time: `14 to 21 days`, `six months`, `3-month`, `a year`."""
    mended = mend(text)
    made = [
        Length(amount.start, unit.end(), amount.value, TIME_UNITS[unit["unit"].lower()])
        for amount in amounts(text)
        if (unit := _UNIT.match(mended, amount.end)) is not None
    ]
    made += [Length(m.start(), m.end(), 1, TIME_UNITS[m["unit"].lower()]) for m in _ARTICLE.finditer(mended)]
    yield from sorted(made, key=lambda length: length.start)
