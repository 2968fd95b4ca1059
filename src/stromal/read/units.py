"""Units as pages print them -> UCUM, and the notations of numbers that would be misread.

Takes a line; gives the unit that stands at an offset, and the line made legible without changing its length. Part of
the first step of the walk: `limits` builds on it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stromal.read.numerals import KEPT, TIME_UNITS, mend
from stromal.read.phrases import pattern

_ULN = (
    r"(?:\(\s*)?(?:x|×|\*|·|times|-?fold)?\s*(?:the\s+)?(?:(?:institutional|laboratory|local|reference)\s+)*"
    r"(?:I?ULN\b|UNL\b|upper\s+(?:normal\s+limit|limits?\s+of\s+(?:the\s+)?(?:institutional\s+)?normal)"
    r"(?:\s+(?:range|value))?)"
)
_MINUTE = r"ml\s*(?:/|per)\s*min\w*(?:\s*/\s*1[.,]73\s*m?\s*\^?\s*[2²]?)?"
_PER_MM3 = r"(?:(?:cells?|platelets)\s*)?(?:(?:/|per)\s*mm\s*\^?\s*[3³]|(?:/|per)\s*(?:cmm|cubic\s+millimet(?:er|re)))"
UNITS: tuple[tuple[str, str], ...] = (
    (r"mg\s*/\s*dl", "mg/dL"), (r"g\s*/\s*dl|g%", "g/dL"), (r"mg\s*/\s*l", "mg/L"), (r"g\s*/\s*l", "g/L"),
    (r"mmol\s*/\s*mol", "mmol/mol"), (r"mmol\s*/\s*l", "mmol/L"), (r"umol\s*/\s*l", "umol/L"),
    (r"nmol\s*/\s*l", "nmol/L"), (r"pmol\s*/\s*l", "pmol/L"), (r"ng\s*/\s*ml", "ng/mL"), (r"ug\s*/\s*l", "ug/L"),
    (r"pg\s*/\s*ml", "pg/mL"), (r"ug\s*/\s*dl", "ug/dL"), (r"mm\s*/\s*h(?:r|our)?\b", "mm/h"),
    (r"(?:iu|u|units)\s*/\s*l", "U/L"), (_PER_MM3, "/mm3"),
    (r"mm\s?[3³]", "/mm3"),
    (r"(?:cells?\s*)?/\s*ul\b", "/uL"), (r"(?:(?:cells?|platelets)\s*)?/\s*l(?:it(?:er|re))?\b", "/L"),
    (_MINUTE, "mL/min"),
    (r"kg\s*/\s*m\s*\^?\s*[2²]", "kg/m2"), (r"mm\s*hg", "mm[Hg]"),
    (r"bpm|beats\s*(?:/|per)\s*min\w*|/\s*min\w*", "/min"), (r"%|％|percent", "%"), (_ULN, "{ULN}"),
    (r"kgs?\b|kilograms?", "kg"), (r"ms(?:ec)?\b|milliseconds?", "ms"), (r"cm\b", "cm"), (r"mm\b", "mm"),
    (r"(?:met(?:er|re)s?|m)\b(?!\s*[2²/])", "m"), (r"°\s*C\b", "Cel"), (r"points?\b", ""),
)  # fmt: skip
"""How a unit is printed, and what it is in UCUM. Longer ones stand before those they begin with."""
_PRINTED = pattern(r"\s*-?\s*(?:", "|".join(f"({printed})" for printed, _ in UNITS), ")")
"""All units at once: the number of the group that matched is the number of the row, from 1."""
_TIME = pattern(
    rf"[\s-]*(?P<unit>{'|'.join(sorted((u for u in TIME_UNITS if len(u) > 1), key=len, reverse=True))})\b'?"
)


@lru_cache(KEPT)
def unit_at(text: str, end: int) -> tuple[str, int]:
    """The unit printed at an offset, as UCUM or a calendar word, and where it ends; nothing where there is none."""
    time = _TIME.match(text, end)  # asked first, being the commonest; no other unit begins with the name of a time
    if time:
        return TIME_UNITS[time["unit"].lower()], time.end()
    match = _PRINTED.match(text, end)
    return (UNITS[match.lastindex - 1][1], match.end()) if match and match.lastindex else ("", end)


_COUNTED = r"(?=\s*(?:cells?\s*)?(?:/|per\s+)\s*(?:cubic|[muμ]|cmm))"
_DECIMAL = r"(?<![\d.,])(\d{1,3}),(\d{1,2})(?![\d,])"
_MISREAD: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?<![\d.,])(\d{{1,3}})[ .](\d{{3}})(?:[ .](\d{{3}}))?(?!\d){_COUNTED}"), ""),
    (re.compile(rf"{_DECIMAL}(?=\s*(?:%|[mgu]?g?\s*/|mmol|kg\b|cm\b|mm\b|years?\b))"), "."),
    (re.compile(rf"(?<=[<>≥≤=] ){_DECIMAL}"), "."),
    (re.compile(rf"(?<=[<>≥≤=]){_DECIMAL}"), "."),
    (re.compile(r"(?<![\d.,])(\d+(?:\.\d+)?) (10\s*\^)"), "x"),
)
"""Thousands parted by a blank or a point before `per mm3`, decimal commas, a power of ten without its sign of times;
each with what stands between its parts when it is written plainly."""


def _plainly(match: re.Match[str], between: str) -> str:
    return between.join(part for part in match.groups() if part).rjust(len(match[0]))


_MAY_MISREAD = re.compile(r"\d(?:[ .]\d{3}|,\d\d?(?!\d)| 10)")
"""What these notations show: a line without it has none of them, and most lines have none."""


@lru_cache(KEPT)
def legible(line: str) -> str:
    """The line with those notations written so that they are read as meant; its length stays the same."""
    text = mend(line)
    if not _MAY_MISREAD.search(text):
        return text
    for printed, between in _MISREAD:
        text = printed.sub(lambda match, between=between: _plainly(match, between), text)  # type: ignore[misc]
    return text
