"""Rules of arithmetic on time: outcomes, visits and follow-up against each other and against the length of the study.

Takes a Record; gives Findings. Rows of the table in `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from stromal.read.chronology import Chronology, chronology
from stromal.read.numerals import durations
from stromal.read.phrases import pattern
from stromal.read.record import Number, Range, Record, Statement, Value
from stromal.read.study import module, rows, words
from stromal.values import DAYS_A_MONTH, Finding, Place, plain

_DAYS = {"hours": 1 / 24, "minutes": 1 / 1440, "days": 1.0, "weeks": 7.0, "months": DAYS_A_MONTH, "years": 365.25}
_SLACK = 1.15
"""A frame may be this much longer than what holds it: months are rounded, and visits have windows."""
_LEAST = 45
"""Days below which a difference is one of rounding."""
_LOOSE = pattern(
    r"up to|average|approximately|through|until|anticipated|expected|death|retrospective|before|prior|previous|past"
    r"|history|preceding|life|maximum|event|discharge|per year|/|estimated|ago|from birth|of age|earlier|since"
)
"""Words after which a length of time is no moment that everybody is followed to."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A length of time in days, as printed, and where."""

    days: float
    printed: str
    place: Place


def _longest(text: str, place: Place) -> Frame | None:
    """The longest length of time in a text."""
    found = None
    for length in durations(text):
        high = length.value.high if isinstance(length.value, Range) else length.value
        if high is None or length.unit not in _DAYS:
            continue
        days = float(high) * _DAYS[length.unit]
        if found is None or days > found.days:
            found = Frame(days, f"{plain(high)} {length.unit}", place)
    return found


def _outcome_frames(record: Record) -> Iterator[Frame]:
    part = module(record.tree or {}, "outcomes")
    for field in ("primaryOutcomes", "secondaryOutcomes"):
        for number, row in enumerate(rows(part, field)):
            text = words(row, "timeFrame")
            if text and not _LOOSE.search(text):
                path = f"protocolSection.outcomesModule.{field}[{number}].timeFrame"
                frame = _longest(text, Place(1, text, record.file, path))
                if frame:
                    yield frame


def _length(found: Chronology) -> float | None:
    """Days from the earliest day the study may have begun to the latest it may have ended."""
    ends = [dated.last for dated in (found.primary, found.end) if dated]
    if found.start is None or not ends:
        return None
    return float((date.fromisoformat(max(ends)) - date.fromisoformat(found.start.first)).days)


def too_short(record: Record) -> Iterator[Finding]:
    """The study lasts less than its outcomes or its follow-up take."""
    if record.tree is None:
        return
    found = chronology(record)
    length = _length(found)
    if words(module(record.tree, "design"), "studyType") != "INTERVENTIONAL":
        return
    if length is None or length <= 0 or found.status in ("TERMINATED", "WITHDRAWN", "SUSPENDED"):
        return
    frames = [*_outcome_frames(record), *_followed(record)]
    worst = max(frames, key=lambda frame: frame.days, default=None)
    start, end = found.start, found.end or found.primary
    if worst is None or start is None or end is None or worst.days <= length * _SLACK + _LEAST:
        return
    lasts = f"the study lasts {plain(round(length / _DAYS['months'], 1))} months ({start.text} to {end.text})"
    message = f"people are followed for {worst.printed}, but {lasts}"
    hint = "ask for the completion date: follow-up of the last participant belongs to the study"
    yield Finding("timeline.too_short", "warning", message, (worst.place, start.place, end.place), hint)


def _amount(value: Value) -> Number | None:
    if isinstance(value, Range):
        return value.high if value.high is not None else value.low
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _statement_frame(statement: Statement | None) -> Frame | None:
    """A length of time that a statement is sure of."""
    amount = _amount(statement.value) if statement and statement.sure else None
    if statement is None or amount is None or statement.unit not in _DAYS:
        return None
    return Frame(float(amount) * _DAYS[statement.unit], f"{plain(amount)} {statement.unit}", statement.places[0])


_WHOLE = pattern(
    r"\bfollowed(?:[\s-]up)?\s+(?:for|over)\s+(?:a\s+|the\s+)?(?:total\s+)?(?:period\s+of\s+|duration\s+of\s+)?\w",
    r"|\bfollow(?:ed)?[\s-]?up\s+(?:period|duration|time)\s+(?:of|is|will\s+be|for)\b",
    r"|\b(?:after|following|post)\s+(?:the\s+|their\s+)?(?:last|final)\s+(?:\w+\s+)?(?:injection|infusion|administration)",
)
"""Words that give the whole of a follow-up, not one visit of it."""


_PARTLY = pattern(r"additional|further|another|then\b|weekly|monthly|efficacy|safety|primary|at least|minimum")


def _followed(record: Record) -> Iterator[Frame]:
    """The follow-up of everybody, where a sentence about the whole trial gives it."""
    frame = _statement_frame(record.statement("follow_up"))
    if frame is None or frame.days < _LEAST or not _WHOLE.search(frame.place.quote):
        return
    quote = frame.place.quote
    if "descriptionModule" in frame.place.path and not (_LOOSE.search(quote) or _PARTLY.search(quote)):
        yield frame


def beyond_follow_up(record: Record) -> Iterator[Finding]:
    """An outcome or a visit that lies beyond the follow-up."""
    followed = next(_followed(record), None)
    if followed is None:
        return
    treated = _statement_frame(record.statement("treatment_duration"))
    reach = (followed.days + (treated.days if treated else 0)) * _SLACK + _LEAST
    for code, what, frames in (
        ("timeline.outcome_beyond", "an outcome is measured", _outcome_frames(record)),
        ("timeline.visit_beyond", "a visit is planned", _visit_frames(record)),
    ):
        last = max(frames, key=lambda frame: frame.days, default=None)
        if last and last.days > reach:
            message = f"{what} at {last.printed}, but people are followed for {followed.printed}"
            hint = "ask which is meant: how long people are followed, or when it is measured"
            yield Finding(code, "warning", message, (last.place, followed.place), hint)


def _visit_frames(record: Record) -> Iterator[Frame]:
    statement = record.statement("visits")
    if statement is None or not statement.sure or not isinstance(statement.value, tuple):
        return
    numbers = [each for each in statement.value if isinstance(each, int | float)]
    if numbers and statement.unit in _DAYS:
        last = max(numbers)
        yield Frame(last * _DAYS[statement.unit], f"{plain(last)} {statement.unit}", statement.places[0])
