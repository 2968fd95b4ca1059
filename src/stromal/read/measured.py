"""Numbers of a criterion -> the stretches of it that are understood: ages, measures, lengths of a disease.

Takes the words of one criterion; gives Parts, each with its expression, its facts, and the rival expression where the
words admit two readings. Used by `conditions`; what a term is called as a fact is settled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import inf
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.analytes import LIMITED
from stromal.read.criteria import Side
from stromal.read.labs import likely_unit
from stromal.read.limits import ages, limits, windows
from stromal.read.phrases import Found, pattern
from stromal.read.reasons import window_of
from stromal.read.record import Range
from stromal.read.sheet import Node
from stromal.read.vocabulary import EVENTS, Term
from stromal.values import Duration, Quantity, duration_unit, exact, short, unit_or_none

Facts: TypeAlias = tuple[tuple[str, dict[str, Node]], ...]
FACT_NAMES = {"haemoglobin": "hemoglobin", "haematocrit": "hematocrit"}
"""Protocol files spell analytes as LOINC does."""
TERMS = {term.name: term for term in (*LIMITED, *EVENTS)}
OLDEST = 120
"""Nobody is older: a limit at or above it limits nothing."""


class Part(Struct, frozen=True):
    """A stretch of a criterion that is understood. `rival` is its expression in another reading of the same words."""

    start: int
    end: int
    when: str
    facts: Facts = ()
    assumed: str = ""
    rival: str = ""


# ---------------------------------------------------------------- facts


def fact_row(term: Term) -> dict[str, Node]:
    """How a term is declared among the facts."""
    row: dict[str, Node] = {"kind": term.kind}
    if term.kind == "number" and not term.unit:
        row = {"kind": "assessment"}
    elif term.kind == "log":
        row["grading"] = "CTCAE 5.0"
    if term.unit and term.kind == "number":
        row["unit"] = term.unit
    if term.high < inf and row["kind"] in ("number", "score"):
        row["range"] = f"{term.low:g}..{term.high:g}"
    if term.kind == "score":
        row["instrument"] = term.words
    return {**row, "says": term.words}


def fact_name(term: Term) -> str:
    """The name of a term's fact in a protocol file."""
    return FACT_NAMES.get(term.name, term.name)


# ---------------------------------------------------------------- comparing


def _ends(value: Range) -> tuple[tuple[str, float], ...]:
    low = () if value.low is None else ((">=" if value.low_included else ">", value.low),)
    high = () if value.high is None else (("<=" if value.high_included else "<", value.high),)
    return (*low, *high)


def _number(value: float) -> str:
    return short(exact(value))


def compared(left: str, value: Range, unit: str, where: str = "") -> str:
    """`left >= 3 unit where`, or both ends: a range with both ends included is written low..high."""
    behind = f" {unit}" if unit else ""
    at = f" {where}" if where else ""
    if value.low is not None and value.high is not None and value.low_included and value.high_included:
        return f"{left} {_number(value.low)}..{_number(value.high)}{behind}{at}"
    return " and ".join(f"{left} {sign} {_number(number)}{behind}{at}" for sign, number in _ends(value))


def _age(found: Found, side: Side) -> Part | None:
    """An age. `Over 18` leaves open whether an 18-year-old may join: what lets more people in stands first."""
    value = found.value
    if found.unit != "years" or not isinstance(value, Range) or (value.high or 0) >= OLDEST:
        return None
    literal = compared("age", value, "years", "at consent")
    if value.low is None or value.low_included:
        return Part(found.start, found.end, literal)
    wider = replace(value, low_included=True)
    other = compared("age", wider, "years", "at consent")
    note = f"the words leave open whether age {value.low:g} counts; read as "
    if side == "inclusion" and value.high is None:
        return Part(found.start, found.end, other, (), f"{note}{wider}", literal)
    return Part(found.start, found.end, literal, (), f"{note}{value}", other)


_VAGUE = ("blood_pressure", "liver_enzymes", "electrolytes", "pain", "womac")
"""Measures that are several things, or one thing on several scales: a limit on them is asked, not computed."""
_AS_PERCENT = ("karnofsky",)
_BY_DEFINITION = ("bmi",)
"""Measures that have one unit and no other, so that a bare number can mean nothing else."""
_TIMES_NORMAL = "{ULN}"
_OF_HAEMOGLOBIN = "mmol/mol"
"""HbA1c on the other scale, which no factor turns into per cent."""


def _term_limit(term: Term, value: Range, unit: str, where: str) -> Part | None:
    """The comparison of one measure; None where the unit does not fit it or no living person shows the number."""
    if term.kind not in ("number", "score") or term.name in _VAGUE or (not term.unit and term.kind == "number"):
        return None
    if unit == _OF_HAEMOGLOBIN:
        return None
    if unit == _TIMES_NORMAL and term.kind == "number":
        says = f"{term.words} in multiples of the upper limit of normal"
        row: dict[str, Node] = {"kind": "number", "unit": _TIMES_NORMAL, "range": "0..100", "says": says}
        name = f"{fact_name(term)}_uln"
        return Part(0, 0, compared(name, value, unit, where), ((name, row),))
    unit = "" if term.name in _AS_PERCENT and unit == "%" else unit
    assumed = ""
    if not unit and term.name in _BY_DEFINITION:
        unit, assumed = term.unit, f"{term.words} is in {term.unit} by definition; the line prints no unit"
    likely = likely_unit(term.name, value, unit)
    assumed = f"read in {likely}; the page prints {unit}, which no living person shows" if likely else assumed
    unit = likely or unit
    if not _measures_alike(unit, term.unit) or not _plausible(value, unit, term):
        return None
    name = fact_name(term)
    return Part(
        0, 0, compared(name, value, unit if term.kind == "number" else "", where), ((name, fact_row(term)),), assumed
    )


def _measures_alike(unit: str, other: str) -> bool:
    mine, theirs = unit_or_none(unit), unit_or_none(other)
    return mine is not None and theirs is not None and mine.dimension == theirs.dimension and bool(unit) == bool(other)


def _plausible(value: Range, unit: str, term: Term) -> bool:
    """Whether each end lies in the range that the fact is declared with."""
    return all(term.low <= Quantity(exact(number), unit).to(term.unit).value <= term.high for _, number in _ends(value))


_SHARED = re.compile(r"(?P<joint>\s*(?:,\s*)?(?:and/or|or|and|/|,)\s*(?:(?:serum|total)\s+)?)$", re.IGNORECASE)


def _sharing(text: str, start: int) -> Iterator[tuple[int, str, Term]]:
    """The measures right before another one that share its limit: `AST or ALT > 3 x ULN`; nearest first."""
    while joint := _SHARED.search(text[:start]):
        before = text[: joint.start()]
        ending = [
            (m.start(), term) for term in LIMITED for m in term.printed.finditer(before) if m.end() == len(before)
        ]
        if not ending:
            return
        start, term = min(ending, key=lambda each: each[0])
        yield start, joint["joint"].strip(" ,").lower(), term


_DENIED_FIRST = pattern(
    r"(?:(?:patients?|subjects?|participants?)\s+)?(?:(?:must|should|do(?:es)?|may)\s+)?(?:no|not|without)\b[^,;.]*$"
)


def _limit(found: Found, text: str, side: Side, where: str) -> Part | None:
    term, value = TERMS.get(found.name), found.value
    if term is None or not isinstance(value, Range):
        return None
    if found.rivals:
        other = found.rivals[0][0]
        if side == "exclusion" or not isinstance(other, Range) or not _DENIED_FIRST.match(text[: found.start]):
            return None
        value = other
    if term.name == "disease_duration":
        return _duration(found, value)
    shared = list(_sharing(text, found.start))
    terms = [(found.start, "", term), *shared]
    made = [_term_limit(each, value, found.unit, where) for _, _, each in terms]
    parts = [part for part in made if part is not None]
    if len(parts) < len(made):
        return None
    facts = tuple(fact for part in reversed(parts) for fact in part.facts)
    assumed = "; ".join(dict.fromkeys(filter(None, (part.assumed for part in parts))))
    start = min(each for each, _, _ in terms)
    whole = _several([part.when for part in reversed(parts)], {joint for _, joint, _ in shared}, side)
    return whole and Part(start, found.end, whole[0], facts, assumed, whole[1])


def _several(whens: list[str], joints: set[str], side: Side) -> tuple[str, str] | None:
    """One limit on several measures, and the rival reading; None where an inclusion says `or` of what it means."""
    if len(whens) == 1:
        return whens[0], ""
    bracketed = [f"({when})" if " and " in when else when for when in whens]
    either, both = f"({' or '.join(bracketed)})", " and ".join(whens)
    if side == "inclusion":
        return (both, "") if joints <= {"and", ""} else (both, either)
    return (either, "") if "or" in joints or "and/or" in joints else (either, f"({both})")


def _duration(found: Found, value: Range) -> Part | None:
    lengths = [(sign, whole_length(number, found.unit)) for sign, number in _ends(value)]
    if any(length is None for _, length in lengths):
        return None
    parts = [f"time since first diagnosis {sign} {length} at enrolment" for sign, length in lengths]
    row: dict[str, Node] = {"kind": "episode", "says": "the disease, from its diagnosis"}
    assumed = "the length of the disease is counted from its diagnosis"
    return Part(found.start, found.end, " and ".join(parts), (("diagnosis", row),), assumed)


def whole_length(count: float | None, unit: str) -> Duration | None:
    """A whole number of calendar units; None for anything else."""
    calendar = duration_unit(unit)
    return Duration(int(count), calendar) if count is not None and calendar and count == int(count) else None


_LISTED = pattern(
    r"(?P<lead>\b(?:ECOG|performance\s+status)\b[\w\s():=-]{0,40}?)(?<![\d.])(?P<low>[0-4])(?P<between>(?:\s*,\s*[0-4])*\s*(?:,\s*)?(?:or|and|/)\s*)"
    r"(?P<high>[0-4])(?![\d.])"
)


def _ranged(text: str) -> str:
    """`ECOG 0, 1 or 2` as `0 - 2`, in the same length: grades that follow each other are a range."""

    def joined(match: re.Match[str]) -> str:
        grades = [int(each) for each in re.findall(r"\d", match["low"] + match["between"] + match["high"])]
        if grades != list(range(grades[0], grades[0] + len(grades))):
            return match[0]
        return f"{match['lead']}{match['low']}{'-'.center(len(match['between']))}{match['high']}"

    return _LISTED.sub(joined, text)


def parts_of(text: str, side: Side) -> Iterator[Part | None]:
    """Every stretch that holds a number, in order: understood, or None where it is not."""
    text = _ranged(text)
    spans = {found.start: found for found in windows(text)}
    found_limits = limits(text)
    made: list[tuple[int, Part | None]] = []
    for found in found_limits:
        behind = next((w for w in spans.values() if re.fullmatch(r"[\s,(]*", text[found.end : w.start])), None)
        where = window_of(behind) if behind is not None and found.end <= behind.start else None
        if where and behind is not None:
            spans.pop(behind.start)
            part = _limit(found, text, side, where)
            made.append((found.start, part and replace(part, end=behind.end)))
        else:
            made.append((found.start, _limit(found, text, side, "at screening")))
    made += [(found.start, _age(found, side)) for found in ages(text)]
    made += [(start, None) for start in spans]
    yield from (part for _, part in sorted(made, key=lambda each: each[0]))


def without_subjects(rest: str, parts: list[Part]) -> str:
    """The text without the names of what its understood parts speak of."""
    for part in parts:
        for name, _ in part.facts:
            bare = name.removesuffix("_uln")
            term = next((t for t in TERMS.values() if bare in (fact_name(t), t.name)), None)
            rest = term.printed.sub(" ", rest) if term else rest
    return rest
