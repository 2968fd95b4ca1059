"""Tables and results of whole trials counted a second time, straight from the entries, without state or tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from scipy import stats

import small_trial
from stromal.analyse.models import Result, analyse
from stromal.analyse.tables import Tables, tabulate
from stromal.ledger import events as e
from stromal.ledger.state import replay
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rehearse.run import rehearse
from stromal.store.memory import MemoryBook

PROTOCOLS = Path(__file__).resolve().parents[2] / "protocols"
Made = tuple[Protocol, tuple[e.Entry, ...], Tables, tuple[Result, ...]]


def _rehearsed(name: str, people: int) -> tuple[Protocol, tuple[e.Entry, ...]]:
    text = (PROTOCOLS / f"{name}.yaml").read_text(encoding="utf-8")
    protocol, book = load(text, name).require(), MemoryBook()
    rehearse(protocol, text, book, people, seed=5)
    return protocol, tuple(book.entries())


@pytest.fixture(scope="module", params=["small", "NCT00186914", "NCT04821479", "NCT06360861"])
def made(request: pytest.FixtureRequest) -> Made:
    """A trial with its protocol, entries, tables and results: one by hand, three rehearsed."""
    if request.param == "small":
        protocol, entries = small_trial.protocol(), tuple(small_trial.history().entries)
    else:
        protocol, entries = _rehearsed(request.param, 5)
    state = replay(entries)
    return protocol, entries, tabulate(state, protocol), analyse(protocol, state)


Kind = TypeVar("Kind", bound=e.Event)


def as_corrected(entries: Iterable[e.Entry]) -> dict[int, e.Event]:
    """The events that count, by the number of their entry: one pass over the book, corrections put in place."""
    counts: dict[int, e.Event] = {}
    for entry in entries:
        counts[entry.number] = entry.event
        if isinstance(entry.event, e.EntryCorrected):
            assert not isinstance(counts[entry.event.entry], e.EntryCorrected), "no correction is corrected here"
            if entry.event.replacement is None:
                del counts[entry.event.entry]
            else:
                counts[entry.event.entry] = entry.event.replacement
    return dict(sorted(counts.items()))


def of(entries: Iterable[e.Entry], kind: type[Kind]) -> list[Kind]:
    """The events of one kind as they count."""
    return [event for event in as_corrected(entries).values() if isinstance(event, kind)]


def test_disposition_counts_people_as_the_entries_do(made: Made) -> None:
    """Screened, enrolled, completed, withdrawn and each dose, counted from the events themselves."""
    _, entries, tables, _ = made
    counts = dict(zip(tables.disposition.column("step"), tables.disposition.column("people"), strict=True))
    assert counts["Screened"] == len(of(entries, e.ParticipantRegistered))
    assert counts["Gave consent"] == len({x.participant for x in of(entries, e.ConsentGiven)})
    assert counts["Enrolled"] == len(of(entries, e.ParticipantEnrolled))
    assert counts["Completed"] == len(of(entries, e.ParticipantCompleted))
    assert counts["Withdrawn"] == len(of(entries, e.ParticipantWithdrawn))
    assert counts["Screen failed"] == len(of(entries, e.ScreenFailed))
    given = Counter(x.participant for x in of(entries, e.CellsInfused))
    for number in range(1, max(given.values()) + 1):
        assert counts[f"Given dose {number}"] == sum(times >= number for times in given.values())


def test_exposure_is_what_was_infused(made: Made) -> None:
    """Cells delivered, added up over all rows, and each share of its prescription."""
    _, entries, tables, _ = made
    infused = of(entries, e.CellsInfused)
    delivered = [value for value in tables.exposure.column("delivered") if isinstance(value, float)]
    assert math.fsum(delivered) == pytest.approx(math.fsum(x.delivered_cells for x in infused), rel=1e-12)
    shares = sorted(value for value in tables.exposure.column("percent") if isinstance(value, float))
    again = sorted(100 * x.delivered_cells / x.prescribed_cells for x in infused)
    assert shares == pytest.approx(again, rel=1e-12)


Told = dict[str, Any]


def _final_events(entries: Sequence[e.Entry]) -> list[Told]:
    """Adverse events as last told of, by going through the entries once more."""
    held: dict[tuple[str, str], Told] = {}
    for event in as_corrected(entries).values():
        if isinstance(event, e.AdverseEventReported):
            held[event.participant, event.id] = {name: getattr(event, name) for name in event.__struct_fields__}
        if isinstance(event, e.AdverseEventFollowedUp):
            for name in ("grade", "related", "serious", "expected"):
                if getattr(event, name) is not None:
                    held[event.participant, event.id][name] = getattr(event, name)
    return list(held.values())


_ASKED: dict[str, Callable[[Told], bool | None]] = {
    "Any adverse event": lambda x: x["grade"] > 0,
    "Related": lambda x: x["related"],
    "Serious": lambda x: x["serious"],
    "Grade 3 or more": lambda x: x["grade"] >= 3,
    "Fatal (grade 5)": lambda x: x["grade"] == 5,
}


def test_adverse_events_are_counted_as_the_entries_tell_them(made: Made) -> None:
    """People with any, related, serious and severe events after their first dose; intervals by scipy's own test."""
    _, entries, tables, _ = made
    first: dict[str, date] = {}
    for x in of(entries, e.CellsInfused):
        first[x.participant] = min(first.get(x.participant, x.day), x.day)
    after = [x for x in _final_events(entries) if x["onset"] >= first.get(x["participant"], date.max)]
    rows = {row["measure"]: row for row in tables.adverse_event_counts.records() if row["level"] == "all levels"}
    for measure, holds in _ASKED.items():
        yes = {x["participant"] for x in after if holds(x) is True}
        unjudged = {x["participant"] for x in after if holds(x) is None} - yes
        row = rows[measure]
        assert (row["people"], row["unknown"], row["of"]) == (len(yes), len(unjudged), len(first)), measure
        low = stats.binomtest(len(yes), len(first)).proportion_ci(0.95, "exact").low
        high = stats.binomtest(len(yes | unjudged), len(first)).proportion_ci(0.95, "exact").high
        assert row["low"] == pytest.approx(100 * low, abs=1e-6)
        assert row["high"] == pytest.approx(100 * high, abs=1e-6)


def _points(entries: Sequence[e.Entry], who: str, fact: str, visits: set[str]) -> tuple[list[float], list[float]]:
    """Months and values of one fact of one person at some visits."""
    own = [x for x in of(entries, e.FactObserved) if x.participant == who and x.fact == fact and x.visit in visits]
    return [x.day.toordinal() / 30.4375 for x in own], [float(x.value) for x in own if isinstance(x.value, int | float)]


def test_slope_differences_are_those_of_numpy_and_scipy() -> None:
    """Each person's two slopes by numpy from the entries, their mean with scipy's interval and test."""
    protocol, log = small_trial.protocol(), small_trial.history()
    result = next(each for each in analyse(protocol, log.state()) if each.name == "progression")
    early = {name for name, visit in protocol.schedule.items() if visit.epoch == "run_in"}
    late = {name for name, visit in protocol.schedule.items() if visit.epoch in ("treatment", "follow_up")}
    again: dict[str, float] = {}
    for who in ("P1", "P2", "P3", "P4", "P5"):
        spans = [_points(log.entries, who, "score", visits) for visits in (early, late)]
        if all(len(set(months)) > 1 for months, _ in spans):
            first, second = (float(np.polyfit(months, values, 1)[0]) for months, values in spans)
            again[who] = second - first
    mine = {each.participant: each.value for each in result.values}
    assert mine == pytest.approx(again, rel=1e-6)
    peer = stats.ttest_1samp(list(again.values()), 0.0)
    assert result.estimate == pytest.approx(float(np.mean(list(again.values()))), rel=1e-9)
    assert result.interval is not None
    assert result.interval.low == pytest.approx(peer.confidence_interval(0.95).low, rel=1e-6)
    assert result.interval.high == pytest.approx(peer.confidence_interval(0.95).high, rel=1e-6)
    assert result.p_values[0].value == pytest.approx(peer.pvalue, rel=1e-6)


def test_everybody_enrolled_is_in_every_result_once(made: Made) -> None:
    """With a value, without one, or outside: nobody is lost and nobody counts twice."""
    _, entries, _, results = made
    enrolled = sorted(x.participant for x in of(entries, e.ParticipantEnrolled))
    for result in results:
        people = [each.participant for each in (*result.values, *result.missing, *result.outside)]
        assert sorted(people) == enrolled, result.name
