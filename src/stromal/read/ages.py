"""The ages a page admits: structured limits and sentences, put together end by end.

Takes sections; gives the statement `age`. A sentence among the exclusions is turned round: who is under 18 is kept
out, so 18 is the youngest. Used by `facts`, `gaps` and `draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.comparing import comparisons
from stromal.read.criteria import criteria
from stromal.read.limits import ages
from stromal.read.numerals import KEPT, durations
from stromal.read.phrases import Found, pattern, sentence_at
from stromal.read.record import Fields, Item, Number, Range, Reading, Section, Statement, Value, settle
from stromal.values import Place

End = Literal["low", "high"]
_ENDS: tuple[End, End] = ("low", "high")
_LEADING = 40
"""A one-ended age further inside a criterion than this speaks of a part of the people, or of something else."""


From = Literal["inclusion", "exclusion", "people"]
"""Where a phrase about age stands: in a list of criteria, or in a sentence about who the study is for."""


class Said(Struct, frozen=True, gc=False):
    """One phrase about age: every way to read it, where it stands, and whether it clearly speaks of everybody."""

    ranges: tuple[Range, ...]
    unit: str
    place: Place
    of_all: bool = True
    note: str = ""
    source: From = "inclusion"


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


def _either_end(sections: tuple[Section, ...]) -> Iterator[Reading]:
    """A single age that a portal prints without a label: the youngest or the oldest, and both readings stand."""
    for item in (item for section in sections for item in section.items if item.label == "age_end"):
        length = next(durations(item.place.quote), None)
        if length is not None and not isinstance(length.value, Range):
            for value in (Range(low=length.value), Range(high=length.value)):
                yield Reading(value, length.unit, (item.place,), "ambiguous", "printed alone, without its label")


# ---------------------------------------------------------------- whom a phrase speaks of

_PART = pattern(
    r"\b(?:cohorts?|(?:sub)?groups?|arms?|strat(?:um|a)|part|sub-?stud(?:y|ies)|subset|stage|donors?|controls?|healthy",
    r"|volunteers?|siblings?|parents?|mothers?|fathers?|relatives?|family|if|when|unless|except|regimens?|conditioning",
    r"|surg\w+|women of|sperm|assent|consent|younger patients|older patients|history|diagnos\w+ (?:before|after|at)",
    r"|onset|for (?:participants|patients|subjects|those|children|adults)|(?:mean|median|average) age|recipients?",
    r"|phase|dose level|menopaus\w+|amenorrh\w+|contracepti\w+|childbearing|child-bearing|versus|compared)\b",
)
_FILLING = pattern(
    r"\b(?:age[ds]?|years?|old|or|and|of|is|are|be|the|with|who|an?|at|time|enrol?lment|screening|inclusion|consent"
    r"|patients?|subjects?|participants?|persons?|individuals|people|child(?:ren)?|adults?|minors?|wom[ae]n|m[ae]n"
    r"|(?:fe)?males?|limit|range|criteri(?:a|on)|either|any|both|sex(?:es)?|gender|non|not|must|between|regardless)\b"
)
_SEXES = (pattern(r"\b(?:wom[ae]n|females?|girls?|mothers?)\b"), pattern(r"(?<![a-z-])(?:m[ae]n|males?|boys?)\b"))


def _bare(text: str, every: tuple[Found, ...]) -> bool:
    """Whether a criterion is about age and about nothing else."""
    starts = (0, *(found.end for found in every))
    ends = (*(found.start for found in every), len(text))
    rest = " ".join(text[start:end] for start, end in zip(starts, ends, strict=True))
    return len(re.sub(r"[^A-Za-z]", "", _FILLING.sub("", rest))) < _SHORT


_SHORT = 4
"""Fewer letters than this, once the words on age are gone, make no further condition."""


@lru_cache(KEPT)
def _of_one_sex(text: str) -> bool:
    """Whether a criterion speaks of women alone or of men alone."""
    return len([sex for sex in _SEXES if sex.search(text)]) == 1


@lru_cache(KEPT)
def _part(text: str) -> int:
    """Where the first word about a part of the people ends; past the end of the text where there is none."""
    part = _PART.search(text)
    return part.end() if part else len(text) + 1


def _speaks_of_all(text: str, found: Found, source: From, one_ended: bool) -> bool:
    """Whether a phrase limits everybody's age, not that of a group, of one sex, or of a person some rule is about."""
    if source == "exclusion" or _part(text) <= (len(text) if one_ended and source == "inclusion" else found.start):
        return False
    return source == "people" or not one_ended or found.start <= _LEADING


def _phrases(items: Iterable[Item], source: From, sexed: bool) -> Iterator[Said]:
    for item in items:
        text = item.place.quote
        every = ages(text) or _field_ages(item)
        bare = bool(every) and _bare(text, every)
        # a sentence on the people that gives several ages parts them into groups
        parted = source == "people" and len({(found.value, found.unit) for found in every}) > 1
        for found in every:
            values = (found.value, *(value for value, _ in found.rivals))
            ranges = [value for value in values if isinstance(value, Range)]
            if source == "exclusion":
                ranges = [turned for value in ranges if (turned := _turned(value)) is not None]
            one_ended = any(value.low is None or value.high is None for value in ranges)
            place = item.place.quoting(text[found.start : found.end].strip())
            if ranges:
                about = text[sentence_at(text, found.start)[0] : found.end] if source == "people" else text
                of_all = bare or _speaks_of_all(text, found, source, one_ended)
                of_all = of_all and not parted and (sexed or not _of_one_sex(about))
                yield Said(tuple(ranges), found.unit, place, of_all, found.note, source)


def _field_ages(item: Item) -> tuple[Found, ...]:
    """The range that a field labelled age holds, which needs no further word."""
    if item.label != "age":
        return ()
    every = comparisons(item.place.quote)
    return tuple(Found("age", limit.start, limit.end, limit.value, limit.unit or "years") for limit in every)


def _for_one_sex(sections: tuple[Section, ...]) -> bool:
    """Whether the trial is for women alone or for men alone."""
    printed = (item.text.lower() for section in sections for item in section.items if item.label == "sex")
    return any(text in ("female", "male", "female only", "male only") for text in printed)


def said_ages(sections: tuple[Section, ...]) -> tuple[Said, ...]:
    """Ages that criteria, and sentences about who may take part, say."""
    found, sexed = criteria(sections), _for_one_sex(sections)
    people = [i for s in sections if s.name in ("population", "title") for i in s.items if i.label in ("", "age")]
    said = (
        *_phrases(found.inclusion, "inclusion", sexed),
        *_phrases(people, "people", sexed),
        *_phrases(found.exclusion, "exclusion", sexed),
    )
    return said if _one_list_each(sections) else tuple(replace(each, of_all=False) for each in said)


def _one_list_each(sections: tuple[Section, ...]) -> bool:
    """Whether the criteria have one list of inclusions and one of exclusions: several are for groups or stages."""
    return all(sum(s.name == name and bool(s.items) for s in sections) < 2 for name in ("inclusion", "exclusion"))


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
        if theirs is not None and theirs not in (mine, mine + step) and not _glued(mine, theirs):
            return False
    return True


def _glued(printed: Number, known: Number) -> bool:
    """`2.18 to 65 years` is item 2 of a list, glued to the age 18; and 17.5 is 17 in completed years."""
    whole, _, rest = str(printed).partition(".")
    return bool(rest) and (whole == str(known) or (rest == str(known) and len(whole) < 3))


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
    agreed = set(agreeing)
    clashing = _clashing([s for s in said if s not in agreed and s.of_all], agreeing, base)
    open_ended = [s for s in agreeing if s.of_all and len(s.ranges) > 1 and _opens(s, base)]
    places = tuple(dict.fromkeys((*(p for r in fields for p in r.places), *(s.place for s in agreeing))))
    if open_ended and not clashing:
        return settle("age", _rivals(open_ended[0], base, places))
    if not base:
        return settle("age", _either_end(sections))
    low, high = base.get("low"), base.get("high")
    if low and high and low[1] == high[1] and low[0] > high[0]:
        return settle(
            "age", [Reading(Range(low=low[0]), low[1], places), Reading(Range(high=high[0]), high[1], places)]
        )
    value, unit = _joined(base)
    return settle("age", [Reading(value, unit, places), *(Reading(s.ranges[0], s.unit, (s.place,)) for s in clashing)])


def _clashing(others: list[Said], agreeing: list[Said], base: dict[End, tuple[Number, str]]) -> list[Said]:
    """Those phrases that no reading reconciles with the known ends.

    Where another criterion confirms the ends, a criterion further on speaks of a part of the people; and several
    ranges that together reach from end to end part the people into groups.
    """
    if len({said.ranges for said in others}) > 1 and _reach(others, base):
        return []
    barring = [said for said in others if said.source == "exclusion"]
    if any(_leaves_nobody(said, base) for said in barring):  # a list of exclusions for some stage or group
        others = [said for said in others if said not in barring]
    confirmed = any(said.of_all and said.source == "inclusion" and len(said.ranges) == 1 for said in agreeing)
    return [said for said in others if not _reconciled(said, base, confirmed=confirmed)]


_NEAR_END = 10
"""Years between two limits that somebody may have confused."""


def _reconciled(said: Said, base: dict[End, tuple[Number, str]], *, confirmed: bool) -> bool:
    """Whether another reading lets a phrase stand beside the known ends."""
    if said.source == "people":
        return False
    if said.source == "inclusion":
        return confirmed or _exclusive(said, base)
    end: End = "low" if said.ranges[0].low is not None else "high"
    mine, known = getattr(said.ranges[0], end), base.get(end)
    if known is None or known[1] != said.unit:
        return True
    tighter = mine - known[0] if end == "low" else known[0] - mine
    return tighter < 0 or (confirmed and tighter > _NEAR_END)  # bars nobody who may come; or bars a part of them


def _leaves_nobody(said: Said, base: dict[End, tuple[Number, str]]) -> bool:
    low, high = said.ranges[0].low, said.ranges[0].high
    least, most = base.get("low"), base.get("high")
    return bool((low is not None and most and low >= most[0]) or (high is not None and least and high <= least[0]))


def _exclusive(said: Said, base: dict[End, tuple[Number, str]]) -> bool:
    """`between 18 and 65` may leave out both ends, which makes 19 to 64."""
    whole, low, high = said.ranges[0], base.get("low"), base.get("high")
    if low is None or high is None or whole.low is None or whole.high is None:
        return False
    return said.place.quote.lower().startswith("between") and (whole.low + 1, whole.high - 1) == (low[0], high[0])


def _reach(said: list[Said], base: dict[End, tuple[Number, str]]) -> bool:
    """Whether the ranges together have the ends that are known."""
    lows = [low for each in said if (low := each.ranges[0].low) is not None]
    highs = [high for each in said if (high := each.ranges[0].high) is not None]
    low = min(lows) if len(lows) == len(said) else None
    high = max(highs) if len(highs) == len(said) else None
    wanted = tuple(base[end][0] if end in base else None for end in _ENDS)
    units = {each.unit for each in said} | {unit for _, unit in base.values()}
    return len(units) == 1 and wanted in ((low, high), (low, None), (None, high))


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
