"""A long, busy trial as entries: what the ledger's benchmarks are measured on.

Forty people seen again and again for years, a dozen values a visit; now and then a dose, an adverse event that is
followed up, a missed visit, a hold, a signature, a correction. The same entries every time: nothing here is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice

from stromal.ledger import events as e

BEGIN = datetime(2020, 1, 6, 8, 0, tzinfo=UTC)
FACTS = (
    ("weight", "kg", 71.5), ("hemoglobin", "g/dL", 13.4), ("leukocytes", "10*9/L", 6.1), ("creatinine", "umol/L", 74.0),
    ("alt", "U/L", 22.0), ("crp", "mg/L", 1.7), ("systolic", "mm[Hg]", 128.0), ("pulse", "/min", 72.0),
    ("fvc", "%", 83.2), ("alsfrs_r", "", 38.0), ("temperature", "Cel", 36.7), ("platelets", "10*9/L", 241.0),
)  # fmt: skip


def entries(number: int, people: int = 40) -> list[e.Entry]:
    """The first so many entries of the trial."""
    who = ("coordinator", "investigator", "laboratory")
    numbered = enumerate(islice(_events(people), number), start=1)
    return [
        e.Entry(n, BEGIN + timedelta(seconds=97 * n, milliseconds=n % 1000), f"person_{n % 7}", who[n % 3], event)
        for n, event in numbered
    ]


def _events(people: int) -> Iterator[e.Event]:
    names = [f"S1-{n:03d}" for n in range(1, people + 1)]
    yield e.TrialOpened("NCT00000000", "Mesenchymal stromal cells, a long look")
    yield e.ProtocolAdopted(1, BEGIN.date(), "0" * 64, "criterion: a line of a protocol as long as most are\n" * 120)
    for number, name in enumerate(names, start=1):
        yield from _screening(name, number)
    for visit in count(1):
        for place, name in enumerate(names):
            yield from _visit(name, place, visit)


def _screening(name: str, number: int) -> Iterator[e.Event]:
    day = BEGIN.date() + timedelta(days=number)
    yield e.ParticipantRegistered(name, day)
    yield e.ConsentGiven(name, day, 1)
    yield e.EpisodeRecorded(name, "riluzole", date(2019, 4, 1), ongoing=True, regimen="50 mg twice a day")
    yield e.AbsenceRecorded(name, "malignancy", day)
    yield e.QuestionAnswered(name, "can_travel", True, day)
    yield e.EligibilityDecided(name, day, True, (("age", "met", "54 years"), ("hemoglobin", "met", "13.4 g/dL")))
    yield e.ParticipantEnrolled(name, day, number, 1)
    yield e.LotManufactured(f"L{number}", "msc", name, day, name, 2e7)
    yield e.LotTested(f"L{number}", "viability", 93.5, day, "%")
    yield e.LotReleased(f"L{number}", day)


def _visit(name: str, place: int, visit: int) -> Iterator[e.Event]:
    day, called = BEGIN.date() + timedelta(days=60 + 2 * visit), f"visit_{visit}"
    turn = visit * 41 + place * 7
    if turn % 23 == 0:
        yield e.VisitMissed(name, called, day, "was away")
        return
    yield e.VisitAttended(name, called, day)
    for fact, unit, usual in FACTS:
        yield e.FactObserved(name, fact, round(usual * (0.9 + turn % 20 / 100), 2), day, unit, called)
    if turn % 13 == 0:
        yield e.AdverseEventReported(name, f"{name}-{visit}", "Headache", 1 + turn % 3, day)
        yield e.AdverseEventFollowedUp(name, f"{name}-{visit}", day + timedelta(days=9), related=False, serious=False)
    if turn % 29 == 0:
        amounts = (1e6, 7.15e7, 2e7, 93.5, 3.8, 7.1e7, 71.5)
        yield e.CellsInfused(name, called, "cells", f"L{place + 1}", day, *amounts)
    if turn % 101 == 0:
        yield e.DeviationRecorded(name, "schedule.window", "within 3 days", day, called, "public holiday")
    if turn % 157 == 0:
        yield e.Signed("reviewed", tuple(range(visit, visit + 5)), "0" * 64)
    if turn % 211 == 0:
        yield e.EntryCorrected(1000 + turn % 500, "read from the wrong line", None)
