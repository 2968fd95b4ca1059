"""What a chart says of one fact in one window: its value, whether an episode touches it, whether absence is recorded.

Three answers are possible everywhere: yes, no, and unknown. No is given only where somebody recorded the absence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from stromal.protocol import tree as t
from stromal.protocol.model import Fact
from stromal.rules.chart import Absence, Episode, Observation
from stromal.rules.timing import Case, day_of, window_of
from stromal.values import Quantity, Truth, Window, any_of, exact


@dataclass(frozen=True, slots=True)
class Known:
    """A value as far as it is known: the number in the fact's unit or the text, or why there is none."""

    number: Fraction | None = None
    text: str = ""
    day: date | None = None
    why: str = ""
    entry: int = 0


def observations(fact: str, spec: t.WindowSpec | None, case: Case) -> list[Observation]:
    """The observations of a fact in a window, oldest first."""
    seen = [each for each in case.chart.observations if each.fact == fact]
    match spec:
        case t.At(anchor) if not anchor.which and case.protocol.visit(anchor.name):
            day = day_of(anchor, case) or case.today
            kept = [each for each in seen if each.visit == anchor.name or (not each.visit and each.day == day)]
        case t.InEpochs(names):
            kept = [each for each in seen if epoch_of(each.visit, case) in names]
        case _:
            window = window_of(spec, case)
            kept = [each for each in seen if each.day in window]
    return sorted(kept, key=lambda each: (each.day, each.entry))


def epoch_of(visit: str, case: Case) -> str:
    """The epoch a visit belongs to; empty when it belongs to none."""
    planned = case.protocol.visit(visit) if visit else None
    return planned.epoch if planned else ""


def latest(fact: Fact, spec: t.WindowSpec | None, case: Case) -> Known:
    """The last observation of a fact in a window as a value in the fact's own unit."""
    seen = observations(fact.name, spec, case)
    return read(fact, seen[-1]) if seen else Known(why="not recorded")


def read(fact: Fact, seen: Observation) -> Known:
    """One observation as a value; unknown where it was not obtained, has no unit, or is none of the options."""
    if seen.value is None:
        return Known(why="not obtained", day=seen.day, entry=seen.entry)
    if fact.kind in ("number", "score"):
        return _number(fact, seen)
    text = (
        {True: "yes", False: "no"}.get(seen.value, str(seen.value)) if isinstance(seen.value, bool) else str(seen.value)
    )
    if fact.kind == "choice" and text not in fact.options:
        return Known(why=f"{text!r} is none of {', '.join(fact.options)}", day=seen.day, entry=seen.entry)
    return Known(text=text, day=seen.day, entry=seen.entry)


def _number(fact: Fact, seen: Observation) -> Known:
    if isinstance(seen.value, str | bool) or seen.value is None:
        return Known(why=f"{seen.value!r} is no number", day=seen.day, entry=seen.entry)
    if fact.unit and not seen.unit:
        return Known(why=f"{seen.value:g} has no unit", day=seen.day, entry=seen.entry)
    try:
        number = Quantity(exact(seen.value), seen.unit).to(fact.unit).value
    except ValueError as error:
        return Known(why=str(error), day=seen.day, entry=seen.entry)
    return Known(number, day=seen.day, entry=seen.entry)


# ---------------------------------------------------------------- episodes


def touches(episode: Episode, window: Window, today: date) -> Truth:
    """Whether an episode lies at least partly in a window; unknown where its dates do not tell."""
    first, last = window.first or date.min, window.last or date.max
    if first > last:
        return False
    start, end = episode.start, episode.end
    if (start is not None and start > last) or (end is not None and end < first):
        return False
    begun = start is not None or (end is not None and end <= last) or today <= last
    reaching = (start is not None and start >= first) or end is not None or episode.ongoing or window.first is None
    return True if begun and reaching else None


def lasts(episode: Episode, day: date) -> Truth:
    """Whether an episode is under way on a day; one without an end is, only if somebody said it goes on."""
    if episode.start is not None and episode.start > day:
        return False
    if episode.end is not None:
        return (True if episode.start is not None else None) if episode.end >= day else False
    return True if episode.ongoing else None


def happened(fact: str, spec: t.WindowSpec | None, case: Case) -> tuple[Truth, tuple[int, ...]]:
    """Whether the fact occurred in the window, and the entries that say so."""
    window, today = window_of(spec, case), case.today
    mine = [each for each in case.chart.episodes if each.fact == fact]
    if isinstance(spec, t.Ongoing):
        found = [(lasts(each, window.first or today), each.entry) for each in mine]
    else:
        found = [(touches(each, window, today), each.entry) for each in mine]
    truth = any_of(verdict for verdict, _ in found)
    if truth is not False:
        return truth, tuple(entry for verdict, entry in found if verdict is truth)
    covering = [each for each in case.chart.absences if each.fact == fact]
    if window.first is not None and window.last is not None and window.first > window.last:
        return False, ()
    if covers(covering, window, today):
        return False, tuple(each.entry for each in covering)
    return None, ()


def covers(absences: Iterable[Absence], window: Window, today: date) -> bool:
    """Whether recorded absences together cover every day of the window that has already passed."""
    last = min(window.last or today, today)
    reached: date | None = None
    for absence in sorted(absences, key=lambda each: each.since or date.min):
        starts = absence.since or date.min
        needed = window.first or date.min
        if starts <= needed or (reached is not None and starts <= reached + timedelta(days=1)):
            reached = max(reached or date.min, absence.until)
    return reached is not None and reached >= last
