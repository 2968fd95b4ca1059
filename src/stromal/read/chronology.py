"""Rules about dates: their order, the status beside them, late registration, overdue results.

Takes a Record, and a day to look from where somebody names one; else the record's own last update stands for today,
since a record can only be held against what it knew. Gives Findings. Rows of the table in `check`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from stromal.read.paths import where
from stromal.read.record import Record
from stromal.read.study import Tree, at, day, module, rows, words
from stromal.values import Finding, Place

_DAY = re.compile(r"[12]\d{3}-(?:0[1-9]|1[0-2])(?:-\d{2})?")
_LATE = 30
"""Days after the first participant by which a trial may be registered without being called late."""
_OVERDUE = 12
"""Months after primary completion by which results are due."""


_ZONES = 1
"""Days by which the calendars of a site and of its registry differ."""


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def _is_day(text: str) -> bool:
    """Whether a text is a month or a day of the calendar."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if len(text) > len("2020-01") else f"{text}-01")
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Dated:
    """A day or month as published, where it stands, and whether it has happened (None where nobody says)."""

    text: str
    place: Place
    actual: bool | None = None

    @property
    def first(self) -> str:
        """The earliest day meant."""
        return self.text if len(self.text) > len("2020-01") else f"{self.text}-01"

    @property
    def last(self) -> str:
        """The latest day meant."""
        if len(self.text) > len("2020-01"):
            return self.text
        return f"{self.text}-{calendar.monthrange(int(self.text[:4]), int(self.text[5:7]))[1]}"

    @property
    def kind(self) -> str:
        """`actual `, `expected ` or nothing."""
        return {True: "actual ", False: "expected ", None: ""}[self.actual]


@dataclass(frozen=True, slots=True)
class Chronology:
    """The dates of a record beside its status. `today` is the day asked about, else the record's last update."""

    tree: Tree
    status: str
    status_place: Place
    start: Dated | None
    primary: Dated | None
    end: Dated | None
    registered: Dated | None
    updated: Dated | None
    today: Dated | None


_ACTUAL = {"ACTUAL": True, "ESTIMATED": False, "ANTICIPATED": False}
_STRUCTS = {"start": "startDateStruct", "primary_completion": "primaryCompletionDateStruct",
            "completion": "completionDateStruct"}  # fmt: skip


def _from_tree(tree: Tree, file: str, label: str) -> Dated | None:
    part, field = module(tree, "status"), _STRUCTS[label]
    text = day(part, field)
    kind = at(part, f"{field}.type")
    place = Place(1, text, file, f"protocolSection.statusModule.{field}.date")
    return Dated(text, place, _ACTUAL.get(kind) if isinstance(kind, str) else None) if _is_day(text) else None


def _field(tree: Tree, file: str, *names: str) -> Dated | None:
    part = module(tree, "status")
    for name in names:
        text = day(part, name) or words(part, name)
        if _is_day(text):
            path = f"protocolSection.statusModule.{name}" + (".date" if day(part, name) else "")
            return Dated(text, Place(1, text, file, path))
    return None


def _printed(record: Record, label: str) -> Dated | None:
    """A date that a page prints as a field of its own."""
    item = next((item for item in record.items() if item.label == label and _is_day(item.text)), None)
    return Dated(item.text, item.place) if item else None


def chronology(record: Record, on: date | None = None) -> Chronology:
    """The dates of a record, seen from `on`, or else from its last update."""
    tree, file = record.tree, record.file
    asked = Dated(on.isoformat(), Place(0, "", file), actual=True) if on else None
    if tree is None:
        start, primary, end = (_printed(record, label) for label in _STRUCTS)
        updated = _printed(record, "updated")
        status = next((item for item in record.items() if item.label == "status" and item.text), None)
        place = status.place if status else Place(0, "", file)
        named = re.sub(r"\W+", "_", status.text).strip("_").upper() if status else ""
        return Chronology({}, named, place, start, primary, end, None, updated, asked or updated)
    start, primary, end = (_from_tree(tree, file, label) for label in _STRUCTS)
    updated = _field(tree, file, "lastUpdateSubmitDate", "lastUpdatePostDateStruct", "statusVerifiedDate")
    registered = _field(tree, file, "studyFirstSubmitDate", "studyFirstPostDateStruct")
    status_text = words(module(tree, "status"), "overallStatus")
    place = Place(1, status_text, file, "protocolSection.statusModule.overallStatus")
    return Chronology(tree, status_text, place, start, primary, end, registered, updated, asked or updated)


def _says(status: str) -> str:
    return status.replace("_", " ").lower()


# ---------------------------------------------------------------- the order of dates


def order(dates: Chronology) -> Iterator[Finding]:
    """A date that lies before another one that it must follow."""
    for earlier, later, message in (
        (dates.start, dates.end, "the study ends ({later}) before it starts ({earlier})"),
        (dates.start, dates.primary, "the primary completion ({later}) lies before the start ({earlier})"),
        (dates.primary, dates.end, "the study ends ({later}) before its primary completion ({earlier})"),
    ):
        if earlier and later and later.last < earlier.first:
            said = message.format(earlier=earlier.text, later=later.text)
            hint = "look the dates up in the registry's history"
            yield Finding("dates.order", "contradiction", said, (earlier.place, later.place), hint)
            return


def ahead(dates: Chronology) -> Iterator[Finding]:
    """A date called actual that lies after the record's own last update."""
    known = dates.updated
    for dated in (dates.start, dates.primary, dates.end):
        if known and dated and dated.actual and _days(known.last, dated.first) > _ZONES:
            message = (
                f"the {where(dated.place)} is called actual ({dated.text}), but lies after the last update "
                f"({known.text})"
            )
            hint = "a date to come is an expected one: ask which is meant"
            yield Finding("dates.actual_ahead", "contradiction", message, (dated.place, known.place), hint)


# ---------------------------------------------------------------- the status beside the dates

_JOINING = ("RECRUITING", "ENROLLING_BY_INVITATION", "NOT_YET_RECRUITING")
_OVER = ("COMPLETED", "TERMINATED")
_OPEN = ("RECRUITING", "ENROLLING_BY_INVITATION", "AVAILABLE")


def joined_after_end(dates: Chronology) -> Iterator[Finding]:
    """People are still to join, though the study has ended, or was to have ended."""
    end = dates.end if dates.status in _JOINING else None
    if end is None or not (end.actual or (dates.today and end.last < dates.today.first)):
        return
    if end.actual:
        message = f"the status is “{_says(dates.status)}”, but the study ended on {end.text}"
    else:
        message = f"the status is “{_says(dates.status)}”, but the study was to end by {end.text}"
    message += _seen_from(dates)
    places = (dates.status_place, end.place, *_known(dates))
    hint = "do not send anybody before the contact confirms that the trial still recruits"
    yield Finding("status.past_end", "contradiction" if end.actual else "warning", message, places, hint)


def _seen_from(dates: Chronology) -> str:
    if dates.today is None or dates.today == dates.updated:
        return f" (last updated {dates.updated.text})" if dates.updated else ""
    return f" (seen from {dates.today.text})"


def _known(dates: Chronology) -> tuple[Place, ...]:
    return (dates.updated.place,) if dates.updated else ()


def not_started(dates: Chronology) -> Iterator[Finding]:
    """Not yet recruiting, though the study has begun, or was to have begun."""
    start = dates.start if dates.status == "NOT_YET_RECRUITING" else None
    if start is None or dates.today is None:
        return
    if start.actual and start.last <= dates.today.last:
        message = f"the status is “not yet recruiting”, but the study began on {start.text}"
        hint = "ask whether people can join"
        yield Finding("status.not_started", "contradiction", message, (dates.status_place, start.place), hint)
    elif start.last < dates.today.first:
        message = f"the status is “not yet recruiting”, but the study was to begin by {start.text}{_seen_from(dates)}"
        places = (dates.status_place, start.place, *_known(dates))
        yield Finding("status.not_started", "warning", message, places, "ask whether people can join")


def over_too_early(dates: Chronology) -> Iterator[Finding]:
    """Completed, though the completion lies ahead or is only expected."""
    end = dates.end
    if dates.status != "COMPLETED" or end is None or dates.updated is None:
        return
    places = (dates.status_place, end.place, dates.updated.place)
    hint = "look the completion up in the registry's history"
    if _days(dates.updated.last, end.first) > _ZONES:
        message = (
            f"the status is “completed”, but the study ends on {end.text}, after the last update ({dates.updated.text})"
        )
        yield Finding("status.completed_ahead", "contradiction", message, places, hint)
    elif end.actual is False:
        message = f"the status is “completed”, but the completion date ({end.text}) is still an expected one"
        yield Finding("status.completed_ahead", "note", message, places[:2], hint)


def unknown(dates: Chronology) -> Iterator[Finding]:
    """A status that nobody has confirmed for years."""
    if dates.status == "UNKNOWN":
        asked = words(module(dates.tree, "status"), "lastKnownStatus")
        message = "the status is unknown: nobody has confirmed it" + (
            f" since {dates.updated.text}" if dates.updated else ""
        )
        message += f"; it was last “{_says(asked)}”" if asked else ""
        hint = "ask the contact; do not count the trial as recruiting"
        yield Finding("status.unknown", "note", message, (dates.status_place, *_known(dates)), hint)


def sites(dates: Chronology) -> Iterator[Finding]:
    """The study recruits, but none of its sites does; or a site recruits for a study that is closed."""
    part = module(dates.tree, "contacts")
    known = [(number, words(row, "status")) for number, row in enumerate(rows(part, "locations"))]
    known = [(number, status) for number, status in known if status]
    opened = [number for number, status in known if status in _OPEN]
    if not known:
        return
    path, file = "protocolSection.contactsLocationsModule.locations", dates.status_place.file
    if dates.status == "RECRUITING" and not opened:
        message = f"the study is recruiting, but none of its sites is: {_says(known[0][1])}"
        place = Place(1, known[0][1], file, f"{path}[{known[0][0]}].status")
    elif dates.status in (*_OVER, "WITHDRAWN", "ACTIVE_NOT_RECRUITING") and opened:
        message = f"the study is {_says(dates.status)}, but a site recruits"
        place = Place(1, "RECRUITING", file, f"{path}[{opened[0]}].status")
    else:
        return
    hint = "ask the contact whether people can join"
    yield Finding("status.sites", "contradiction", message, (dates.status_place, place), hint)


def reason_missing(dates: Chronology) -> Iterator[Finding]:
    """Stopped early, without a reason."""
    part = module(dates.tree, "status")
    if dates.status in ("TERMINATED", "WITHDRAWN", "SUSPENDED") and part and not words(part, "whyStopped"):
        message = f"the study is {_says(dates.status)}, and the record does not say why"
        yield Finding("status.reason_missing", "note", message, (dates.status_place,), "ask the sponsor")


# ---------------------------------------------------------------- registration and results


def late(dates: Chronology) -> Iterator[Finding]:
    """Registered more than a month after the first participant."""
    start, registered = dates.start, dates.registered
    if start is None or registered is None or dates.status == "WITHDRAWN":
        return
    days = _days(start.last, registered.first)
    if days > _LATE:
        message = f"registered {days} days after the start: on {registered.text}, started {start.text}"
        hint = "outcomes may have been chosen with data in sight: compare them with the protocol"
        yield Finding("registration.late", "warning", message, (registered.place, start.place), hint)


def overdue(dates: Chronology) -> Iterator[Finding]:
    """No results a year after primary completion."""
    done = dates.primary or dates.end
    if dates.status not in _OVER or done is None or done.actual is False or dates.today is None:
        return
    if dates.tree.get("hasResults") is not False or words(module(dates.tree, "status"), "resultsFirstSubmitDate"):
        return
    if words(module(dates.tree, "design"), "studyType") != "INTERVENTIONAL":
        return
    months = _months(done.last, dates.today.first)
    if months > _OVERDUE:
        message = f"no results are posted {months} months after completion ({done.text}){_seen_from(dates)}"
        hint = "look for a publication; ask the sponsor"
        yield Finding("results.overdue", "note", message, (done.place, *_known(dates)), hint)


def _months(start: str, end: str) -> int:
    """Whole calendar months from one day to another."""
    gone = (int(end[:4]) - int(start[:4])) * 12 + int(end[5:7]) - int(start[5:7])
    return gone - (end[8:10] < start[8:10])


RULES: tuple[Callable[[Chronology], Iterator[Finding]], ...] = (
    order, ahead, joined_after_end, not_started, over_too_early, sites, unknown, reason_missing, late, overdue,
)  # fmt: skip
"""Every rule about dates, in the order its findings are shown."""


def dates(record: Record, on: date | None = None) -> Iterator[Finding]:
    """Every doubt about the dates of a record."""
    found = chronology(record, on)
    for rule in RULES:
        yield from rule(found)
