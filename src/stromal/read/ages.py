"""The ages a page admits: structured limits and sentences, put together end by end.

Takes sections; gives the statement `age`. A sentence among the exclusions is turned round: who is under 18 is kept
out, so 18 is the youngest. Used by `facts`, `gaps` and `draft`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from stromal.read.criteria import criteria
from stromal.read.limits import ages, comparisons
from stromal.read.numerals import durations
from stromal.read.phrases import Found
from stromal.read.record import Fields, Item, Number, Range, Reading, Section, Statement, Value, settle
from stromal.values import Place

End = Literal["low", "high"]
_ENDS: tuple[End, End] = ("low", "high")
_LEADING = 40
"""A one-ended age further inside a criterion than this speaks of a part of the people, or of something else."""


@dataclass(frozen=True, slots=True)
class Said:
    """One phrase about age: every way to read it, and whether it clearly speaks of everybody."""

    ranges: tuple[Range, ...]
    unit: str
    place: Place
    of_all: bool = True
    note: str = ""


def _turned(value: Range) -> Range | None:
    """What is left when a one-ended range is barred; a range with two ends bars its middle, which says no limit."""
    if value.low is None:
        return Range(low=value.high, low_included=not value.high_included)
    if value.high is None:
        return Range(high=value.low, high_included=not value.low_included)
    return None


def structured_ages(sections: tuple[Section, ...]) -> tuple[Reading, ...]:
    """The portal's own fields for the youngest and the oldest."""
    made = []
    for item in (item for section in sections for item in section.items if item.label in ("age_min", "age_max")):
        length = next(durations(item.place.quote), None)
        if length is not None and not isinstance(length.value, Range):
            value = Range(low=length.value) if item.label == "age_min" else Range(high=length.value)
            made.append(Reading(value, length.unit, (item.place,)))
    return tuple(made)


def _phrases(items: Iterable[Item], barred: bool, listed: bool) -> Iterator[Said]:
    for item in items:
        for found in ages(item.place.quote) or _field_ages(item):
            every = (found.value, *(value for value, _ in found.rivals))
            ranges = [value for value in every if isinstance(value, Range)]
            if barred:
                ranges = [turned for value in ranges if (turned := _turned(value)) is not None]
            one_ended = any(value.low is None or value.high is None for value in ranges)
            place = item.place.quoting(item.place.quote[found.start : found.end].strip())
            if ranges:
                of_all = not (listed and one_ended and found.start > _LEADING)
                yield Said(tuple(ranges), found.unit, place, of_all, found.note)


def _field_ages(item: Item) -> tuple[Found, ...]:
    """The range that a field labelled age holds, which needs no further word."""
    if item.label != "age":
        return ()
    every = comparisons(item.place.quote)
    return tuple(Found("age", limit.start, limit.end, limit.value, limit.unit or "years") for limit in every)


def said_ages(sections: tuple[Section, ...]) -> tuple[Said, ...]:
    """Ages that criteria, and sentences about who may take part, say."""
    found = criteria(sections)
    people = [i for s in sections if s.name in ("population", "title") for i in s.items if i.label in ("", "age")]
    return (
        *_phrases(found.inclusion, barred=False, listed=True),
        *_phrases(people, barred=False, listed=False),
        *_phrases(found.exclusion, barred=True, listed=True),
    )


# ---------------------------------------------------------------- comparing ends


def _same_unit(number: Number, unit: str, other: str) -> Number | None:
    """The number in another unit, where calendar units allow it."""
    if unit == other:
        return number
    if (unit, other) == ("years", "months"):
        return number * 12
    return number / 12 if (unit, other) == ("months", "years") else None


def _agrees(value: Range, unit: str, base: dict[End, tuple[Number, str]]) -> bool:
    """Whether a range fits the ends known so far: the same number, or the same one in completed years."""
    for end in _ENDS:
        mine, known = getattr(value, end), base.get(end)
        if mine is None or known is None:
            continue
        theirs = _same_unit(*known, unit)
        included = value.low_included if end == "low" else value.high_included
        step = 0 if included or unit != "years" else (1 if end == "low" else -1)
        if theirs is not None and theirs not in (mine, mine + step):
            return False
    return True


def _base(fields: tuple[Reading, ...], said: tuple[Said, ...]) -> dict[End, tuple[Number, str]]:
    """The first plain word on each end: structured fields, then ranges with two ends, then with one."""
    made: dict[End, tuple[Number, str]] = {}
    plain = [(r.value, r.unit) for r in fields if isinstance(r.value, Range)]
    sure = [(s.ranges[0], s.unit) for s in said if len(s.ranges) == 1 and s.of_all]
    plain += sorted(sure, key=lambda pair: None in (pair[0].low, pair[0].high))
    for value, unit in plain:
        for end in _ENDS:
            number = getattr(value, end)
            if number is not None and _agrees(value, unit, made):
                made.setdefault(end, (number, unit))
    return made


def _joined(base: dict[End, tuple[Number, str]]) -> tuple[Value, str]:
    """Both ends as one range; ends in units that no calendar joins stay apart."""
    low, high = base.get("low"), base.get("high")
    if low and high and low[1] != high[1]:
        in_months = (_same_unit(*low, "months"), _same_unit(*high, "months"))
        if None in in_months:
            return Fields((("low", low[0]), ("low_unit", low[1]), ("high", high[0]), ("high_unit", high[1]))), ""
        return Range(*in_months), "months"
    return Range(low[0] if low else None, high[0] if high else None), (low or high or (0, "years"))[1]


# ---------------------------------------------------------------- the statement


def age_statement(sections: tuple[Section, ...]) -> Statement:
    """The ages admitted. Places that agree, each on the ends it gives, make one range; others contradict it."""
    fields, said = structured_ages(sections), said_ages(sections)
    base = _base(fields, said)
    agreeing = [s for s in said if any(_agrees(value, s.unit, base) for value in s.ranges)]
    clashing = [s for s in said if s not in agreeing and s.of_all]
    open_ended = [s for s in agreeing if s.of_all and len(s.ranges) > 1 and _opens(s, base)]
    places = tuple(dict.fromkeys((*(p for r in fields for p in r.places), *(s.place for s in agreeing))))
    if open_ended and not clashing:
        return settle("age", _rivals(open_ended[0], base, places))
    if not base:
        return settle("age", ())
    low, high = base.get("low"), base.get("high")
    if low and high and low[1] == high[1] and low[0] > high[0]:
        return settle(
            "age", [Reading(Range(low=low[0]), low[1], places), Reading(Range(high=high[0]), high[1], places)]
        )
    value, unit = _joined(base)
    return settle("age", [Reading(value, unit, places), *(Reading(s.ranges[0], s.unit, (s.place,)) for s in clashing)])


def _opens(said: Said, base: dict[End, tuple[Number, str]]) -> bool:
    """Whether the phrase gives an end that nothing else on the page settles, and leaves room for somebody."""
    first = said.ranges[0]
    low = first.low if first.low is not None else base.get("low", (None, ""))[0]
    high = first.high if first.high is not None else base.get("high", (None, ""))[0]
    room = low is None or high is None or low < high
    return room and any(getattr(first, end) is not None and end not in base for end in _ENDS)


def _rivals(said: Said, base: dict[End, tuple[Number, str]], places: tuple[Place, ...]) -> Iterator[Reading]:
    """Every reading of an ambiguous phrase, each joined with the end that is sure."""
    low, high = (known[0] if (known := base.get(end)) and known[1] == said.unit else None for end in _ENDS)
    for value in said.ranges:
        whole = replace(
            value,
            low=low if value.low is None else value.low,
            high=high if value.high is None else value.high,
        )
        yield Reading(whole, said.unit, tuple(dict.fromkeys((said.place, *places))), "ambiguous", said.note)
