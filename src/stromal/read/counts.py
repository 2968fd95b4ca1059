"""Numbers of cells as trial pages print them, in every notation that portals and authors break.

Takes one mended line of text; gives each count with its stretch of text: low and high, what had to be mended, and the
other values that the same signs admit. Part of the first step of the walk: `doses` decides which counts are doses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.numerals import Exact, number
from stromal.read.phrases import leading
from stromal.read.record import Number, Range
from stromal.values import exact

Kind = Literal["power", "scale", "letter", "plain", "lost", "bare"]
"""How the size is written: a power of ten, a word, the letter M, digits alone, a bare 106, or no size at all."""

Ends = tuple[Exact, Exact]


class Count(Struct, frozen=True, gc=False):
    """A number or a range of numbers where it stands. `rivals` are other (low, high) that the same signs admit."""

    start: int
    end: int
    low: Exact
    high: Exact
    kind: Kind
    factor: Exact = 1
    mended: str = ""
    rivals: tuple[Ends, ...] = ()

    @property
    def sized(self) -> bool:
        """Whether a power of ten or a word such as million stands with the number."""
        return self.factor > 1


def between(low: Exact, high: Exact) -> Number | Range:
    """Two ends as one number where they are equal, else as a range."""
    return number(low) if low == high else Range(number(low), number(high))


# ---------------------------------------------------------------- the notations

_LOOKS = re.compile(
    r"\d(?:\s?[\^*]|\s?[eE]{1,2}\s?[+^]?\s?\d|[eE][xX][pP]|\s?MM?\b|[\s-]?[mM](?:il|io|ln)|\d\d\d|[,.' ]\d\d\d)"
    r"|10(?:\s?[x×(\\<⁰¹²³⁴⁵⁶⁷⁸⁹3-9]|1[0-2]|[\s*/.'’-][4-9])|[０-９]"
)
_LOOKS_WORDED = ("illi", "undred", "housand", "ILLI", "UNDRED", "HOUSAND")
"""A quick look: lines without any of this hold no count of cells."""
NEEDED = "|".join((_LOOKS.pattern.replace(r"\s?", r"\s*"), *_LOOKS_WORDED))
"""The same for a mended line, where blanks stand in the place of escapes."""

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_MORE_ALIKE = str.maketrans("ⅹＸｘ＊（），．０１２３４５６７８９：＋", "xXx*(),.0123456789:+")

_NUM = (
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?!\d)|\d{1,3}(?: \d{3}){2,}(?!\d)"
    r"|\d{1,3}(?: 000)+(?!\d)|\d{1,3}(?:'\d{3})+(?!\d)|\d+[.·]\d+|(?<!\d,)\d+,\d{1,2}(?!\d|,\d)|\d+|\.\d+)"
)
_TEN_AND_POWER = (
    r"10\s?(?:"
    r"\s*\^\s?\(?\s?(?P<caret>\d{1,2})(?:[-~](?P<upper>[3-9])(?=\s*(?:[A-Za-z]|/\s?k)))?\)?"
    r"|(?P<super>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|[eE]{1,2}\s?[+^]?\s?(?P<e>\d{1,2})"
    r"|\*\*\s?(?P<stars>\d{1,2})"
    r"|[eE][xX][pP]\.?\s?\(?(?P<exp>\d{1,2})\)?"
    r"|\(\s?(?P<bracket>\d{1,2})\s?\)"
    r"|(?P<lost>1[0-2]|[3-9])"
    r"|(?(man)(?!)|[x×*](?P<crossed>[5-8])(?=\s*(?:cells?\b|[\w-]*MSC|/\s?kg)))"
    r"|(?(man)(?:[*/.'’-]|\s)(?P<sign>[4-9])|(?!))"
    r")(?!\d|[.]\d|,\d{3})(?(man)|(?!\s*-?(?:[mM]il|[mM]io|[mM]ln|[tT]hous|[bB]ill)))"
)
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: count for count, word in enumerate(_ONES, 1)} | {"a": 1, "fifteen": 15}
_WORDS |= {word: count * 10 for count, word in enumerate(_TENS, 2)}
_WORD = "|".join(sorted((*_WORDS, "hundred"), key=len, reverse=True))
_SCALES = {"thousand": 3, "million": 6, "mio": 6, "mln": 6, "mil": 6, "billion": 9, "m": 6, "mm": 6}
_SCALE = r"(?:thousand|millones|millions?|millon|mill|mil|mio|mln|billions?)"
_TIMES = r"\s?\)?\s*\(?(?:[x×X*·•]|\.(?=\s?10\s?[\^⁰-⁹])|(?<=[.,]\d)(?=\s10\s?[\^eE])|(?<=,\d)(?=10[\^eE]\d))\s*"
_COUNT = re.compile(
    r"(?<![\w.^])(?:(?<![A-Za-z]-)|(?<=illion-)|(?<=ells-)|(?<=kg-))(?:"
    rf"(?:(?P<man>\d+(?=[.]\s?10\s?[\^⁶⁷⁸⁹⁵⁴])|\d+,\s0(?=\s*x)|\d+[.,]\d+(?=\s10\s?[\^eE])"
    rf"|\d+,\d(?=10[\^eE]\d)|{_NUM}){_TIMES})?"
    rf"{_TEN_AND_POWER}"
    rf"|(?P<times>{_NUM}){_TIMES}(?P<zeros>10{{3,9}}|1(?:0{{0,2}})(?:,000)+|(?:10\s)?[mM]illion)(?!\d)"
    r"|(?P<enum>\d+(?:[.,]\d+)?)[eE]\s?\+?(?P<eexp>[3-9]|1[0-2])(?!\d|\w)"
    rf"|(?P<num>{_NUM})(?:[\s-]*(?:(?P<hundred>[hH]undred)\s+)?(?P<scale>(?i:{_SCALE}))(?![a-z])"
    r"|\s?(?P<letter>MM?)(?![\w^²2/]))?"
    rf"|\b(?P<word>(?i:{_WORD})(?:(?:[\s-]+|(?<=undred)\s+and\s+)(?i:{_WORD})){{0,3}})"
    rf"(?:[\s-]+(?P<wscale>(?i:{_SCALE}))(?![a-z])|(?=\s*(?:-|to|or|and)\s*(?i:{_WORD})[\s-]+(?i:{_SCALE})))"
    r")"
)
_LONGEST = 40
"""No count is written with more signs; a longer run of digits is no number."""


def _plain(text: str) -> tuple[Exact, str]:
    """Digits as a number, and what had to be understood about their commas and points."""
    if text.isdecimal():
        return int(text), ""
    text = text.replace("·", ".").replace("'", "").replace(" ", "")
    if _POINTED.fullmatch(text):
        return int(text.replace(".", "")), "points between the thousands"
    if _DECIMAL_COMMA.fullmatch(text):
        return exact(text.replace(",", ".")), "decimal comma"
    return exact(text.replace(",", "")), ""


_POINTED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_SPOKEN = re.compile(rf"\b(?:{_WORD})\b")


def _spoken(words: str) -> int:
    total = 0
    for word in _SPOKEN.findall(words.lower()):
        total = max(total, 1) * 100 if word == "hundred" else total + _WORDS[word]
    return total


def _scale(word: str) -> int:
    name = word.lower()
    return _SIZES[next(known for known in ("thousand", "billion", "million", name[:3], name)
                       if name.startswith(known) and known in _SCALES)]  # fmt: skip


_SIZES: dict[str, int] = {word: 10**power for word, power in _SCALES.items()}
_MENDED = {
    "lost": "superscript lost", "bracket": "superscript in brackets", "sign": "the sign of the power is garbled",
    "crossed": "the sign of the power is garbled",
    "exp": "", "stars": "", "caret": "", "super": "", "e": "written 10eN",
}  # fmt: skip


def _power(match: re.Match[str]) -> Count:
    """`1.5 x 10^6` in all its forms."""
    value, mended = _plain(match["man"]) if match["man"] else (1, "")
    kind = next(name for name in _MENDED if match[name])
    power = int(match[kind].translate(_SUPER))
    factor: Exact = 10**power
    mended = _MENDED[kind] or mended
    span = match.span()
    if kind == "lost" and not match["man"]:
        return Count(*span, factor, factor, "lost", factor, mended)
    if match["upper"]:
        top = value * 10 ** int(match["upper"])
        return Count(*span, value * factor, max(top, value * factor), "power", factor, "a range of powers")
    rivals = ((value * factor * 10, value * factor * 10),) if kind == "e" else ()
    return Count(*span, value * factor, value * factor, "power", factor, mended, rivals)


def _multiplied(match: re.Match[str]) -> Count:
    """`2 x 1000000`; `1 x 10 million`, which may mean ten to the sixth or ten million."""
    value, mended = _plain(match["times"])
    zeros = match["zeros"].lower()
    if zeros.startswith("10") and zeros.endswith("million"):
        factor: Exact = 10**6
        return Count(*match.span(), value * factor, value * factor, "scale", factor, "written 10 million",
                     ((value * factor * 10, value * factor * 10),))  # fmt: skip
    factor = 10**6 if "m" in zeros else int(zeros.replace(",", ""))
    return Count(*match.span(), value * factor, value * factor, "power", factor, mended)


_GLUED = re.compile(r"(?P<man>[1-9]\d?)[.·]10(?P<power>[4-9])|(?P<dotted>[1-9]\d{0,2}\.\d{3})")
"""`1.106` may be 1·10^6 and `50.000` fifty thousand: only the words around them can tell (`doses` asks for them)."""


def _unglued(span: tuple[int, int], glued: re.Match[str]) -> Count:
    if glued["man"]:
        factor = 10 ** int(glued["power"])
        value = int(glued["man"]) * factor
        return Count(*span, value, value, "lost", factor, "superscript lost")
    value = int(glued["dotted"].replace(".", ""))
    return Count(*span, value, value, "lost", 1, "a point between the thousands")


def _single(match: re.Match[str]) -> Count:
    """One number with the size that stands with it."""
    if match["times"]:
        return _multiplied(match)
    if match["num"]:
        value, mended = _plain(match["num"])
        glued = _GLUED.fullmatch(match[0])
        if glued:
            return _unglued(match.span(), glued)
        word = match["scale"] or match["letter"]
        if not word:
            return Count(*match.span(), value, value, "plain" if value >= 1000 else "bare", mended=mended)
        factor = _scale(word) * (100 if match["hundred"] else 1)
        kind: Kind = "scale" if match["scale"] else "letter"
        return Count(*match.span(), value * factor, value * factor, kind, factor, mended)
    if match["word"]:
        value, factor = _spoken(match["word"]), _scale(match["wscale"]) if match["wscale"] else 1
        return Count(*match.span(), value * factor, value * factor, "scale" if match["wscale"] else "bare", factor)
    if match["enum"]:
        value, mended = _plain(match["enum"])
        factor = 10 ** int(match["eexp"])
        return Count(*match.span(), value * factor, value * factor, "power", factor, mended)
    return _power(match)


# ---------------------------------------------------------------- ranges, lists, tolerances

_TOLERANCE = re.compile(r"\s?\(?\s?(?:±|\+\s?/?\s?-|\+\\-)\s?", re.IGNORECASE)
_PERCENT = re.compile(r"\s?%\s?\)?")
_TO = re.compile(r"\s*\)?\s*(?:-|–|—|~|÷|up to|to|through)\s*\(?\s*", re.IGNORECASE)
_AND = re.compile(r"\s*and\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|ranging\s+from)\s+$", re.IGNORECASE)
_STEPPED = re.compile(r"\b(?:increas|escalat|rais)\w*\b[^.;]{0,60}\bfrom\s+$", re.IGNORECASE)
_LIST = re.compile(r"\s*(?:,|/|;|&|#|\+|,?\s*(?:or|and|vs\.?|versus)\b)\s*", re.IGNORECASE)
_TWICE = re.compile(
    r"\s*(?:(?:[A-Za-z-]+\s+){0,2}?(?:[\w-]*MSCs?|cells?)\s*(?:(?:/|per)\s*kg)?|(?:/|per)\s*kg)\s*(?:-|–|~|\bto\b)\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:groups?|cohorts?|arms?|days?|weeks?|months?|phase|stage|grade|visits?|part|table|steps?|levels?|no\.?|cycle"
    r"|treatment|infusions?|injections?|#|n\s*=|aged?|h(?:our)?s?)\s*$",
    re.IGNORECASE,
)
_DOSE_LABEL = re.compile(r"\bdose\s*$", re.IGNORECASE)
_TEN_E = re.compile(r"10[eE]\d{1,2}")


def _shared(low: Count, high: Count, text: str) -> Count:
    """`1-5 million`, `2/10/50 x 10^6`: the earlier number takes the size of the later one."""
    if low.kind != "bare" or leading(_LABEL, text, low.start):
        return low
    factor, mended = high.factor, high.mended
    rivals = tuple((low.low * factor * 10, low.low * factor * 10) for _ in high.rivals)
    if not high.sized:
        zeros = re.fullmatch(r"\d{1,3}((?:[,.' ]000)+)", text[high.start : high.end])
        if not zeros:
            return low
        factor, mended = 1000 ** (len(zeros[1]) // 4), "zeros left out"
    return replace(low, low=low.low * factor, high=low.low * factor, kind=high.kind, factor=factor, mended=mended,
                   rivals=rivals)  # fmt: skip


def _is_range(low: Count, high: Count, text: str) -> bool:
    gap = text[low.end : high.start]
    if (
        low.low != low.high
        or high.low != high.high
        or low.low >= high.low
        or low.kind == "bare"
        or (low.kind == "plain" and high.kind != "plain")
    ):
        return False
    if leading(_STEPPED, text, low.start):
        return False
    if _TO.fullmatch(gap):
        return not (" " in gap and leading(_LABEL, text, low.start))
    if _AND.fullmatch(gap):
        return leading(_BETWEEN, text, low.start) is not None
    return low.kind != "plain" and _TWICE.fullmatch(gap) is not None


def _joined(low: Count, high: Count) -> Count:
    rivals: tuple[Ends, ...] = ()
    if low.rivals or high.rivals:
        first = low.rivals[0][0] if low.rivals else low.low
        last = high.rivals[0][1] if high.rivals else high.high
        rivals = ((first, last),) if first <= last else ()
    return replace(high, start=low.start, low=low.low, mended=low.mended or high.mended, rivals=rivals)


def _tolerated(found: list[Count], text: str) -> list[Count]:
    """A number with its tolerance (`10 ± 2 x 10^7`, `2x10^6 +/- 10%`) is the number; the tolerance is its tail."""
    made: list[Count] = []
    for count in found:
        last = made[-1] if made else None
        if last is None or not _TOLERANCE.fullmatch(text[last.end : count.start]):
            made.append(count)
            continue
        tail = _PERCENT.match(text, count.end)
        if not last.sized and not tail:
            last = _shared(last, count, text)
        made[-1] = replace(last, end=tail.end() if tail else count.end)
    return made


def _sizes_shared(found: list[Count], text: str) -> None:
    for place in range(len(found) - 2, -1, -1):
        low, high = found[place], found[place + 1]
        gap = text[low.end : high.start]
        listed = len(gap) < 12 and _LIST.fullmatch(gap) and not leading(_DOSE_LABEL, text, low.start)
        if not listed and not (len(gap) < 12 and _TO.fullmatch(gap)):
            continue
        if low.kind == "bare" and _TEN_E.fullmatch(text[high.start : high.end]):  # 5-10e6: the ten is a number here
            high = found[place + 1] = replace(high, low=high.low * 10, high=high.high * 10, mended="", rivals=())
        found[place] = _shared(low, high, text)


def plain_signs(text: str) -> str:
    """Signs of other scripts that look like ours, as ours; the length stays."""
    return text if text.isascii() else text.translate(_MORE_ALIKE)


def may_count(text: str) -> bool:
    """Whether the line may hold a count of cells at all: a quick look."""
    return any(words in text for words in _LOOKS_WORDED) or _LOOKS.search(text) is not None


_SCALE_WORDS = re.compile(r"(?:thousand|m(?:il|io|ln)|bil)")
_BEGIN = re.compile(r"[\d.](?<![\w.^][\d.])")
"""Where a count in digits may begin. Its first sign stands first, so that the search leaps from digit to digit."""
_BEGIN_WORDED = re.compile(
    r"[\d.a-z](?<![\w.^][\d.a-z])(?:(?<=[\d.])|(?<=a)(?=[\s-])|(?<=o)ne|(?<=f)[io]"
    r"|(?<=t)(?:en|hi|hr|w)|(?<=s)(?:ev|ix)|(?<=e)(?:ig|le)|(?<=n)in|(?<=h)un)"
)
"""The same where numbers in words may count too, in small letters: few words begin like a number."""


def _matches(text: str) -> Iterator[re.Match[str]]:
    reached, small_text = 0, text.lower()
    worded = _SCALE_WORDS.search(small_text) is not None  # only beside these do words count
    for begin in (_BEGIN_WORDED if worded else _BEGIN).finditer(small_text):
        match = _COUNT.match(text, begin.start()) if begin.start() >= reached else None
        if match:
            reached = match.end()
            yield match


def counts(text: str) -> tuple[Count, ...]:
    """Every number of the mended line that may count cells, in order; ranges joined, lists sharing their size."""
    found = [_single(match) for match in _matches(text) if match.end() - match.start() <= _LONGEST]
    found = _tolerated(found, text)
    _sizes_shared(found, text)
    made: list[Count] = []
    for count in found:
        if made and _is_range(made[-1], count, text):
            made[-1] = _joined(made[-1], count)
        else:
            made.append(count)
    return tuple(made)
