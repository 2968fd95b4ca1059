"""Numeric limits, ages and windows of time in criteria, with direction and strictness.

Takes one line of text; gives Found phrases whose value is a Range. `More than 2 and less than 16` is open at both
ends and never anything else. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache

from msgspec.structs import replace

from stromal.read.analytes import LIMITED
from stromal.read.comparing import AGE_TAIL, Bound, Limit, bound_before, comparisons, held
from stromal.read.numerals import KEPT, Length, durations
from stromal.read.phrases import Found, leading, sentence_at, slug, small
from stromal.read.record import Range, State
from stromal.read.units import legible
from stromal.read.vocabulary import EVENTS, nearest_term

# ---------------------------------------------------------------- ages

_AGE_WORD = small(r"\bage[ds]?\b(?!\s+(?:at|of)\s+(?:disease\s+|symptom\s+)?onset)[^.;]{0,30}$")
_AGE_THEN = small(
    r"\bage[ds]?\s+(?:at|of|during|on)\s+(?!(?:least|most)\b)(?:the\s+)?(?:(?:time|date|day)\s+of\s+)?"
    r"(?:(?:the|an?|their|first|initial|original)\s+)*(?!(?:enrol|screen|inclusion|consent|study|entry|baseline|random|sign"
    r"|informed|visit|first|dose|admission|majority|between|over|under|above|below|more|less|greater|older|younger|is|of"
    r"|regist|recruit|trial|participa|treatment|infusion|injection))[a-z][^.;]{0,40}$"
)
"""An age that somebody had at a diagnosis or a transplant is not the age they have."""
_OTHER_AGE = small(r"\b(?:gestation(?:al)?|bone|corrected|donor'?s?|maternal)\s+ages?\b[^.;]{0,30}$")
_DURATION = small(
    r"\b(?:duration|history|since|diagnos\w+|onset|for|survival|expectancy|within|stable|treat\w+|last|past"
    r"|previous)\b",
    r"[^.;,]{0,40}$",
)
_PEOPLE = small(
    r"(?<!\bfor )(?<!\bwith )\b(?:adults?|people|persons?|patients?|subjects?|participants?|residents?|men|women|males?"
    r"|females?|individuals|volunteers|anyone|children)\s*(?:,|\(|are|aged?)?\s*$"
)
_GOES_ON = small(r"\s*(?:$|[.,;:)(]|(?:with|who|and|or|at|to|of|male|female|men|women|both|diagnosed)\b)")
_SINCE = small(
    r"\s*(?:(?:since|from|after|post|before|prior|following|of\s+(?!age))\b",
    r"|at\s+(?:the\s+)?(?:time\s+of\s+)?(?:initial\s+|first\s+)?(?:diagnosis|onset|birth|surgery|transplant\w*)\b)",
)
_SOMEBODY_ELSE = small(
    r"\b(?:donors?|guardians?|parents?|siblings?|partners?|caregivers?|minors?|assent|guidelines?|childbearing"
    r"|menopaus\w+"
    r"|child-bearing|gestation(?:al)?|onset|expectancy)\b"
)


_AGE = small(r"\bages?\b")
_REACH = 1000
"""Words further back than this speak of something else: so long lines cost no more, sign by sign."""


def _is_age(printed: str, text: str, limit: Limit) -> bool:
    """Whether a range speaks of how old participants are: not how long something lasted, nor how old others are."""
    inside = text[limit.start : limit.end]
    low, high = sentence_at(printed, limit.start)
    if limit.unit not in ("", "years", "months", "weeks", "days") or leading(_OTHER_AGE, text, limit.start):
        return False
    if _SOMEBODY_ELSE.search(text, max(low, limit.start - _REACH), limit.start) or _SINCE.match(text, limit.end, high):
        return False
    if leading(_AGE_THEN, text, limit.start):
        return False
    if AGE_TAIL.search(inside) or _AGE.search(inside) or leading(_AGE_WORD, text, limit.start):
        return True
    if not limit.unit and not _GOES_ON.match(text, limit.end):
        return False
    if "older" in limit.words or "younger" in limit.words:
        return limit.unit in ("", "years")
    return bool(leading(_PEOPLE, text, limit.start)) and not leading(_DURATION, text, limit.start)


@lru_cache(KEPT)
def ages(line: str) -> tuple[Found, ...]:
    """Age limits. `over 18` is read as more than 18 with the rival reading 18 and over: the phrase admits both."""
    every = comparisons(line)
    if not every:
        return ()
    printed = legible(line)
    made, text = [], printed.lower()
    for limit in every:
        if not _plausible_age(limit) or not _is_age(printed, text, limit):
            continue
        unit, value = limit.unit or "years", limit.value
        rivals: tuple[tuple[Range, str], ...] = ()
        note = ""
        if value.low is not None and not value.low_included and value.high is None and unit == "years":
            rivals = ((replace(value, low_included=True), unit),)
            note = f"the words leave open whether a person aged {value.low:g} may join"
        made.append(
            Found("age", limit.start, limit.end, value, unit, "ambiguous" if rivals else "stated", note, rivals)
        )
    return tuple(made)


def _plausible_age(limit: Limit) -> bool:
    oldest = {"years": 130, "": 130, "months": 400}.get(limit.unit, 4000)
    return all(end is None or 0 <= end <= oldest for end in (limit.value.low, limit.value.high))


# ---------------------------------------------------------------- windows of time

_ANCHOR_WORDS = (
    r"(?:the\s+|this\s+|their\s+|any\s+)?(?P<anchor>[a-z][\w'-]*(?:\s+(?!and\b|or\b|but\b|with\b)[a-z][\w'-]*){0,4})"
)
_BEFORE = small(rf"\s*(?:prior\s+to|before|preceding|previous\s+to)\s+{_ANCHOR_WORDS}")
_AROUND = small(rf"\s*(?:of|from)\s+(?!age\b|life\b){_ANCHOR_WORDS}")
_EARLIER = small(r"\s*(?:prior|before|earlier|ago|beforehand|previously)\b")
_AFTER = small(rf"\s*(?:after|following|post|since)\s+{_ANCHOR_WORDS}")
_WITHIN = small(
    r"\b(?:within|in|during|over)\s+(?P<the>(?:the|a)\s+)?",
    r"(?P<recent>(?:last|past|previous|preceding|prior)\s+)?(?:period\s+of\s+)?$",
)
_VAGUE_WITHIN = small(r"\b(?:within|in|during)\s+(?:the\s+)?(?:last\s+|past\s+|previous\s+)?$")
"""Before another comparison (`within at least 3 months`) it is open which of the two is meant."""
_FOR = small(r"\bfor\s+(?:a\s+(?:period|minimum)\s+of\s+)?(?:the\s+(?P<recent>(?:last|past|previous))\s+)?$")


_ENDED = small(
    r"\b(?:must|should|shall|ha(?:s|ve)\s+to|needs?\s+to|required\s+to)\b[^.;]{0,40}?\b(?:correct|stop|discontinu|wash|withdr"
    r"|suspend|ceas|interrupt|held\b|tak(?:e|en)\s+off|off\b|terminat|resolv)[^.;]{0,60}$"
)
"""`must be stopped 3 months prior to enrolment`: at least so long before it, or no longer before it than that."""


_THROUGH = small(r"\bthrough(?:out)?\s+(?:at\s+least\s+)?$")
"""`to continue through 6 months after treatment`: so long at least, or no longer than that."""


def _open_ended(printed: str, text: str, length: Length, start: int, side: str) -> bool:
    """Whether a bare length of time leaves open whether at least or at most is meant: what must end, what goes on."""
    if start != length.start or isinstance(length.value, Range):
        return False
    if side == "after":
        return leading(_THROUGH, text, start) is not None
    return side == "before" and leading(_ENDED, text, start, sentence_at(printed, start)[0]) is not None


def _window_range(text: str, length: Length) -> tuple[int, Range, bool]:
    """The stretch of time meant, where its words begin, and whether `last` or `past` says it ends now."""
    ends = length.value
    low, high = (ends.low, ends.high) if isinstance(ends, Range) else (ends, ends)
    within = leading(_WITHIN, text, length.start)
    if within and (within[0].startswith("within") or within["recent"] or within["the"]):
        return within.start(), Range(low if isinstance(ends, Range) else None, high), bool(within["recent"])
    bound = bound_before(text, length.start)
    if bound is not None and low is not None:
        lead = leading(_FOR, text, bound[0])
        meant = bound[1]
        if re.search(r"earlier|later", bound[2]) and _BEFORE.match(text, length.end):
            meant = Bound("low" if meant.side == "high" else "high", meant.included)
        return lead.start() if lead else bound[0], meant.at(low), False
    lead = leading(_FOR, text, length.start)
    if lead:
        return lead.start(), Range(low=low), bool(lead["recent"])
    return length.start, Range(high=high), False


@lru_cache(KEPT)
def windows(line: str) -> tuple[Found, ...]:
    """Windows such as `within 5 years of the screening visit`: a Range, its side and anchor, named by its subject."""
    if not held(line)[1]:
        return ()
    printed = legible(line)
    text, made = printed.lower(), []
    for length in durations(printed):
        start, value, recent = _window_range(text, length)
        if leading(_VAGUE_WITHIN, text, start) or (
            isinstance(length.value, Range) and bound_before(text, length.start)
        ):
            continue
        lead = leading(_FOR, text, length.start)
        if lead and lead["recent"]:
            continue  # for the past 6 months: all of them, or some time in them
        said_within = text.startswith("within", start)
        before, after = _BEFORE.match(text, length.end), _AFTER.match(text, length.end)
        before = before or (_AROUND.match(text, length.end) if said_within else None)
        earlier = _EARLIER.match(text, length.end)
        side = "before" if before or earlier or recent else "after" if after else ""
        if not side and not said_within:
            continue
        tied = before or after
        end = tied.end() if tied else earlier.end() if earlier else length.end
        said = text[max(0, start - _REACH) : start]
        event = nearest_term(said, EVENTS)
        name = event[1].name if event else slug(_subject_words(said), 3) or "criterion"
        anchor = printed[slice(*tied.span("anchor"))].strip() if tied else ""
        rivals: tuple[tuple[Range, str], ...] = ()
        note = ""
        if _open_ended(printed, text, length, start, side):
            rivals, note = ((Range(low=value.high), length.unit),), "the words leave open whether at least or at most"
        state: State = "ambiguous" if rivals else "stated"
        made.append(Found(f"window_{name}", start, end, value, length.unit, state, note, rivals, side, anchor))
    return tuple(made)


_SMALL_WORDS = frozenset((
    "a", "an", "the", "of", "or", "and", "any", "with", "in", "on", "at", "to", "by", "for", "is", "are", "be", "been",
    "has", "have", "had", "not", "no", "who", "their", "its", "as", "from", "than", "that", "this", "using", "use",
    "used", "patients", "patient", "subjects", "history",
))  # fmt: skip


_DIGIT = re.compile(r"\d")
_CLAUSE = re.compile(r"[.;:()]")
_WORD = re.compile(r"[A-Za-z][\w-]*")


def _subject_words(text: str) -> str:
    """The last words before a phrase that carry meaning: a name of last resort for what it is about."""
    clause = _CLAUSE.split(text)[-1] or text
    words = [word for word in _WORD.findall(clause) if word.lower() not in _SMALL_WORDS]
    return " ".join(words[-3:])


# ---------------------------------------------------------------- limits on what is measured

_AT = small(
    r"\s*[),]?\s*at\s+(?:the\s+)?(?P<anchor>(?:time\s+of\s+)?(?:screening|baseline|enrol\w*|study\s+entry|entry",
    r"|inclusion|consent)(?:\s+visit)?)",
)
_DENIED = small(r"\b(?:not|no|never|without|n't)\s+(?:(?!and\b|or\b|but\b)[\w-]+\s+){1,4}\(?$")


_TOO_FAR = 45
"""A measure named further than this before a number is not what the number limits."""


def _subject(text: str, limit: Limit, previous: str, edge: int) -> tuple[str, int]:
    """What a limit is about, and where its words begin: the measure named just before it, inside or just after it,
    else the words before it. Words before `edge`, where the limit before it ended, speak of that one.
    """
    clause = _PARTED.split(text[max(edge, limit.start - _TOO_FAR) : limit.start])[-1]
    before = nearest_term(clause, LIMITED)
    if before is not None:
        return before[1].name, limit.start - len(clause) + before[0]
    if edge and _JOINING.fullmatch(clause):
        return previous, limit.start
    close = _CLOSE.match(text, limit.end)
    around = nearest_term(text[limit.start : close.end() if close else limit.end], LIMITED)
    if around is not None:
        return around[1].name, limit.start
    words = slug(_subject_words(clause), 3)
    return f"limit_{words}" if words else "", limit.start


_PARTED = re.compile(r"[.;,]\s")
_JOINING = re.compile(r"\s*,?\s*(?:and/or|or|and)?\s*")
_CLOSE = small(r"\s*(?:points?\s+)?(?:on|of|in|for)\s+(?:the\s+)?[\w-]+")


def _other(value: Range) -> Range | None:
    """What is left outside a range with one end; None for a range with two."""
    if value.low is None:
        return Range(low=value.high, low_included=not value.high_included)
    return Range(high=value.low, high_included=not value.low_included) if value.high is None else None


def limits(line: str) -> tuple[Found, ...]:
    """Limits on what is measured: `ALSFRS-R ≥ 15 at screening`, `duration of more than 2 and less than 16 years`.

    Where a denial stands before the limit (`must not have ... below 8`), its other side is a rival reading.
    """
    every = comparisons(line)
    if not every:
        return ()
    printed = legible(line)
    text = printed.lower()
    taken = _merged((found.start, found.end) for found in (*ages(line), *windows(line)))
    made: list[Found] = []
    edge = 0
    for limit in every:
        name, start = _subject(text, limit, made[-1].name if made else "", edge)
        edge = limit.end
        worded = text[limit.start : limit.end].isascii() and not _DIGIT.search(text, limit.start, limit.end)
        bare = limit.unit in ("", "hours", "minutes") and (worded or not limit.words) and name not in _MEASURED
        if not name or bare or _touches(taken, limit):
            continue
        other = _other(limit.value) if leading(_DENIED, text, limit.start) else None
        at = _AT.match(text, limit.end)
        made.append(
            Found(
                name,
                start,
                at.end() if at else limit.end,
                limit.value,
                limit.unit,
                "ambiguous" if other else "stated",
                "a denial stands before the limit" if other else "",
                ((other, limit.unit),) if other else (),
                side="at" if at else "",
                anchor=printed[slice(*at.span("anchor"))] if at else "",
            )
        )
    return tuple(made)


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in their order, those that overlap made one."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if made and start < made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        else:
            made.append((start, end))
    return made


def _touches(taken: list[tuple[int, int]], limit: Limit) -> bool:
    """Whether a limit overlaps what is taken: only the last stretch that begins before its end can reach into it."""
    at = bisect_left(taken, (limit.end,))
    return at > 0 and taken[at - 1][1] > limit.start


_MEASURED = frozenset(term.name for term in LIMITED)
