"""What a chart says of one fact in one window: its value, whether an episode touches it, whether absence is recorded.

Three answers are possible everywhere: yes, no, and unknown. No is given only where somebody recorded the absence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from stromal.protocol import tree as t
from stromal.protocol.model import Fact
from stromal.rules.chart import Episode, Observation
from stromal.rules.timing import Case, pending, window_of
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
        case t.InEpochs(names):
            kept = [each for each in seen if epoch_of(each.visit, case) in names]
        case t.At(anchor) if not anchor.which and case.protocol.visit(anchor.name):
            window = window_of(spec, case)
            kept = [each for each in seen if each.visit == anchor.name or (not each.visit and each.day in window)]
        case _:
            window = window_of(spec, case)
            kept = [each for each in seen if each.day in window]
    return sorted(kept, key=lambda each: (each.day, each.entry))


def epoch_of(visit: str, case: Case) -> str:
    """The epoch a visit belongs to; empty when it belongs to none."""
    planned = case.protocol.visit(visit) if visit else None
    return planned.epoch if planned else ""


def latest(fact: Fact, spec: t.WindowSpec | None, case: Case) -> Known:
    """The last value of a fact in a window, in the fact's own unit. A failed attempt takes no earlier value away."""
    seen = observations(fact.name, spec, case)
    obtained = [each for each in seen if each.value is not None]
    return read(fact, (obtained or seen)[-1]) if seen else Known(why="not recorded")


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
    """Whether an episode lies at least partly in a window; unknown where its dates do not tell.

    Of a window that reaches beyond today only the days until now count: what goes on today may be over tomorrow.
    """
    first, last = window.first or date.min, min(window.last or today, today)
    if first > last:
        return False
    start, end = episode.start, episode.end
    if (start is not None and start > last) or (end is not None and end < first):
        return False
    begun = start is not None or (end is not None and end <= last) or today <= last
    reaching = (start is not None and start >= first) or end is not None or episode.ongoing or window.first is None
    return True if begun and reaching else None


def happened(fact: str, spec: t.WindowSpec | None, case: Case) -> tuple[Truth, tuple[int, ...]]:
    """Whether the fact occurred in the window, and the entries that say so."""
    if pending(spec, case):
        return None, ()
    window = window_of(spec, case)
    found = [(touches(each, window, case.today), each.entry) for each in episodes(fact, case)]
    truth = any_of(verdict for verdict, _ in found)
    if truth is not False:
        return truth, tuple(entry for verdict, entry in found if verdict is truth)
    if is_empty(window):
        return False, ()
    covering = absent(fact, window, case)
    return (None, ()) if covering is None else (False, covering)


def episodes(fact: str, case: Case) -> list[Episode]:
    """The recorded episodes of a fact."""
    return [each for each in case.chart.episodes if each.fact == fact]


def absent(fact: str, window: Window, case: Case) -> tuple[int, ...] | None:
    """The entries that record the absence of a fact for a whole window; None where they leave a day of it open."""
    mine = [each for each in case.chart.absences if each.fact == fact]
    whole = covers([(each.since, each.until) for each in mine], window, case.today)
    return tuple(each.entry for each in mine) if whole else None


def is_empty(window: Window) -> bool:
    """Whether no day lies in a window."""
    return window.first is not None and window.last is not None and window.first > window.last


def covers(spans: Iterable[tuple[date | None, date]], window: Window, today: date) -> bool:
    """Whether spans of days (open at the beginning where None) cover every day of a window that has already passed."""
    first, last = (window.first or date.min).toordinal(), min(window.last or today, today).toordinal()
    reached = first - 1
    for since, until in sorted((since or date.min, until) for since, until in spans):
        if since.toordinal() <= reached + 1:
            reached = max(reached, until.toordinal())
    return reached >= last
