"""How fast a desk takes requests on a SQLite book, beside raw durable commits of one row each.

Twenty people go through the whole of a trial: visits, their values, lots and release tests, injections, adverse events.
Every request is checked for its role, decided by the protocol, sealed and durable before the next. The raw table gets
one row for each, the first that the request led to, byte for byte, on the same disk, taking turns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Figure, medians, tell
from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt
from stromal.conduct.enrolling import questions
from stromal.ledger.chain import Book, Sealed, verify
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.store.memory import MemoryBook
from stromal.store.sqlite import SqliteBook
from stromal.values import Duration, Refused

PROTOCOL = Path(__file__).parents[1] / "protocols" / "NCT04821479.yaml"
PEOPLE = 20
BEGIN = date(2024, 1, 8)
SUBMISSIONS = 100

USUAL: dict[str, tuple[float | int, str]] = {
    "weight": (71.5, "kg"), "alsfrs_r": (38, ""), "fvc": (83.2, "%"), "heart_rate": (72, "/min"),
    "systolic": (128, "mm[Hg]"), "temperature": (36.7, "Cel"), "hemoglobin": (13.4, "g/dL"),
    "platelets": (241, "10*9/L"), "creatinine": (0.9, "mg/dL"),
}  # fmt: skip
RESULTS: dict[str, tuple[float | str, str]] = {
    "viability": (93.5, "%"), "sterility": ("negative", ""), "mycoplasma": ("negative", ""),
    "endotoxin": (0.4, "EU/kg"), "cd73": (98.1, "%"), "cd90": (97.4, "%"), "cd105": (96.2, "%"),
}  # fmt: skip
Asked = tuple[date, str, c.Command]
"""A day, a role, and what is asked on that day in that role."""


# ---------------------------------------------------------------- what is asked


def joining(protocol: Protocol, person: str, day: date) -> Iterator[Asked]:
    """A person is registered, screened and enrolled."""
    yield day, "coordinator", c.RegisterParticipant(person, day)
    yield day, "coordinator", c.RecordFact(person, "birth_date", "1970-05-31", day)
    yield day, "coordinator", c.RecordConsent(person, day)
    yield day, "coordinator", c.AttendVisit(person, "screening", day)
    for fact, value in (("als_certainty", "definite"), ("hbsag", "negative"), ("hcv", "negative"), ("hiv", "negative")):
        yield day, "coordinator", c.RecordFact(person, fact, value, day, "", "screening")
    for fact in ("alsfrs_r", "fvc"):
        yield day, "coordinator", c.RecordFact(person, fact, USUAL[fact][0], day, USUAL[fact][1], "screening")
    for fact in ("infection", "malignancy", "other_trial"):
        yield day, "coordinator", c.RecordAbsence(person, fact, day)
    for question in questions(protocol):
        yield day, "investigator", c.AnswerQuestion(person, question, True, day)
    yield day, "investigator", c.DecideEligibility(person, day)
    yield day, "investigator", c.EnrolParticipant(person, day)


def staying(protocol: Protocol, person: str, start: date) -> Iterator[Asked]:
    """A person comes to every visit, is given every injection, and has an adverse event now and then."""
    for visit, day in visits(start).items():
        planned = protocol.visit(visit)
        if planned and planned.give:
            yield from making(person, visit, day - timedelta(days=9))
        yield day, "coordinator", c.AttendVisit(person, visit, day)
        yield from measuring(protocol, person, visit, day)
        if planned and planned.give:
            yield day, "investigator", c.InfuseCells(person, visit, f"{person}-{visit}", day, 2.7e7, 90.0, 3.0)
        if day.toordinal() % 3 == 0:
            id_ = f"{person}-{visit}"
            event = c.ReportAdverseEvent(person, id_, "Headache", 1 + day.day % 2, day, related=True, serious=False)
            yield day, "coordinator", event


def visits(start: date) -> dict[str, date]:
    """Every visit of somebody who comes to each on its day."""
    found = {"run_in_start": start, "aspiration": Duration(1, "month").after(start)}
    found |= {f"run_in_{number}": Duration(number, "month").after(start) for number in range(1, 7)}
    first = Duration(6, "month").after(start)
    found |= {f"injection_{number}": Duration(3 * (number - 1), "month").after(first) for number in range(1, 5)}
    found |= {f"visit_{number}": Duration(2 * number, "month").after(first) for number in range(1, 6)}
    return found | {"last_visit": Duration(12, "month").after(first)}


def measuring(protocol: Protocol, person: str, visit: str, day: date) -> Iterator[Asked]:
    """The values of a visit."""
    planned = protocol.visit(visit)
    assert planned is not None
    for fact, (value, unit) in USUAL.items():
        if any(fact == name or fact in protocol.facts[name].members for name in planned.do):
            varied = value + day.day % 7 if isinstance(value, int) else round(value * (0.99 + day.day % 4 / 100), 1)
            yield day, "coordinator", c.RecordFact(person, fact, varied, day, unit, visit)


def making(person: str, visit: str, day: date) -> Iterator[Asked]:
    """A lot of a person's own cells is made, tested and released."""
    lot = f"{person}-{visit}"
    yield day, "laboratory", c.ManufactureLot(lot, "msc", person, day, person, 2.7e7)
    for test, (value, unit) in RESULTS.items():
        yield day, "laboratory", c.TestLot(lot, test, value, day, unit)
    yield day, "laboratory", c.ReleaseLot(lot, day)


def requests(asked: list[Asked], after: datetime) -> list[c.Request]:
    """What is asked, in the order of the days, each some time after the one before."""
    found: list[c.Request] = []
    at = after
    for day, role, command in sorted(asked, key=lambda each: each[0]):
        at = max(at, datetime.combine(day, time(9), UTC)) + timedelta(seconds=7, milliseconds=len(found) % 1000)
        found.append(c.Request(command, f"the {role}", role, at))
    return found


# ---------------------------------------------------------------- who is measured


def opened(book: Book, protocol: Protocol, text: str) -> Desk:
    """A desk on a book in which the trial is open and everybody enrolled."""
    desk = Desk(book)
    roles = ("data_manager", "coordinator", "investigator", "laboratory")
    people = tuple((f"the {role}", role) for role in roles)
    at = datetime.combine(BEGIN, time(8), UTC)
    submit(desk, c.Request(c.OpenTrial(text, people), "the data_manager", "data_manager", at))
    asked = [each for number in range(PEOPLE) for each in joining(protocol, *participant(number))]
    for request in requests(asked, at):
        submit(desk, request)
    return desk


def participant(number: int) -> tuple[str, date]:
    """The code of a person, and the day on which they join."""
    return f"P{number + 1:02d}", BEGIN + timedelta(days=number)


def submit(desk: Desk, request: c.Request) -> Receipt:
    """Submit a request that nothing speaks against."""
    answer = desk.submit(request)
    if isinstance(answer, Refused):
        raise TypeError(f"{request.command}: {answer}")
    return answer


def submitting(desk: Desk, asked: list[c.Request]) -> Callable[[], None]:
    """Submit the next requests."""
    coming = iter(asked)

    def act() -> None:
        for request in islice(coming, SUBMISSIONS):
            submit(desk, request)

    return act


def raw(connection: sqlite3.Connection, rows: list[Sealed]) -> Callable[[], None]:
    """Insert the next rows, each a commit of its own."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB NOT NULL, seal BLOB NOT NULL)")
    coming = iter(rows)

    def act() -> None:
        for row in islice(coming, SUBMISSIONS):
            connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (row.number, row.body, row.seal))

    return act


def first_rows(protocol: Protocol, text: str, asked: list[c.Request]) -> list[Sealed]:
    """The first row that each request leads to."""
    book = MemoryBook()
    desk = opened(book, protocol, text)
    firsts = [submit(desk, request).entries[0].number for request in asked]
    rows = list(book.rows())
    return [rows[number - 1] for number in firsts]


def main() -> None:
    """Let the desk and the raw table take turns, tell."""
    text = PROTOCOL.read_text(encoding="utf-8")
    protocol = load(text, PROTOCOL.name).require()
    stay = [each for number in range(PEOPLE) for each in staying(protocol, *participant(number))]
    asked = requests(stay, datetime.combine(BEGIN + timedelta(days=PEOPLE), time(8), UTC))
    runs = len(asked) // SUBMISSIONS
    rows = first_rows(protocol, text, asked[: runs * SUBMISSIONS])
    with TemporaryDirectory() as folder:
        book = SqliteBook.create(Path(folder) / "trial.book")
        connection = sqlite3.connect(Path(folder) / "raw.sqlite", isolation_level=None)
        contestants = {
            "desk": submitting(opened(book, protocol, text), asked),
            "raw": raw(connection, rows),
            "memory": submitting(opened(MemoryBook(), protocol, text), asked),
        }
        seconds = medians(contestants, runs)
        assert verify(book.rows()).broken is None
        assert connection.execute("SELECT count(*) FROM entry").fetchone()[0] == runs * SUBMISSIONS
        book.close()
        connection.close()
    rate = {name: SUBMISSIONS / each for name, each in seconds.items()}
    beside, other = "raw durable commits", rate["raw"]
    tell(
        "Requests to a desk, one by one",
        [
            Figure("submit to a desk on a SQLite book", rate["desk"], "submissions/s", beside, other, aim_ratio=0.5),
            Figure("submit to a desk on a book in memory", rate["memory"], "submissions/s", beside, other),
        ],
    )


if __name__ == "__main__":
    main()
