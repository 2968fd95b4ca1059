"""Submits requests to a desk and acknowledges each on a line of its own: the last entry it made, and the seal of that.

Run as a program by the tests: submitter.py BOOK COUNT
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt
from stromal.conduct.enrolling import questions
from stromal.protocol.file import load
from stromal.store.sqlite import SqliteBook
from stromal.values import Refused

PROTOCOL = Path(__file__).resolve().parents[2] / "protocols" / "NCT00186914.yaml"
BEGIN = datetime(2024, 3, 4, 8, 0, tzinfo=UTC)
DAY = BEGIN.date()
IMPLAUSIBLE_KG = 900.0
STAFF = {"data_manager": "dora", "coordinator": "ann", "investigator": "ivo", "laboratory": "lea"}


def opening() -> tuple[tuple[str, c.Command], ...]:
    """The trial is opened, two people are enrolled, a lot is made."""
    people = tuple((person, role) for role, person in STAFF.items())
    text = PROTOCOL.read_text(encoding="utf-8")
    joined = tuple(each for participant in ("P1", "P2") for each in _joining(participant))
    made = c.ManufactureLot("L1", "msc", "D1", DAY, "P1", 2e7)
    return (("data_manager", c.OpenTrial(text, people)), *joined, ("laboratory", made))


def _joining(participant: str) -> tuple[tuple[str, c.Command], ...]:
    (question,) = questions(load(PROTOCOL.read_text(encoding="utf-8")).require())
    return (
        ("coordinator", c.RegisterParticipant(participant, DAY)),
        ("coordinator", c.RecordConsent(participant, DAY)),
        ("coordinator", c.RecordEpisode(participant, "bone_marrow_transplant", date(2023, 9, 1), date(2023, 9, 1))),
        ("investigator", c.AnswerQuestion(participant, question, True, DAY)),
        ("investigator", c.DecideEligibility(participant, DAY)),
        ("investigator", c.EnrolParticipant(participant, DAY)),
    )


def following(number: int) -> tuple[str, c.Command, str]:
    """What is asked when the book ends at this number: who asks, what, and why it goes ahead against a rule."""
    participant, turn = f"P{1 + number % 2}", number % 9
    match turn:
        case 0:
            command: c.Command = c.ReportAdverseEvent(participant, f"AE{number}", "Headache", 1, DAY, related=True)
            return "coordinator", command, ""
        case 1 | 5:
            return "coordinator", c.AttendVisit(participant, f"unscheduled_{number}", DAY), ""
        case 2:
            return "laboratory", c.ManufactureLot(f"L{number}", "msc", "D1", DAY, participant, 1e7 + number), ""
        case 3:  # against the range of the fact: the value, the deviation and the signature, all three or none
            command = c.RecordFact(participant, "weight", IMPLAUSIBLE_KG, DAY, "kg")
            return "coordinator", command, "read twice from the scales"
    return "coordinator", c.RecordFact(participant, "weight", 40 + number / 100, DAY, "kg"), ""


def submit(desk: Desk, role: str, command: c.Command, anyway: str = "") -> Receipt:
    """Submit a request, a second after the last one."""
    at = (desk.state().at or BEGIN) + timedelta(seconds=1)
    answer = desk.submit(c.Request(command, STAFF[role], role, at, anyway))
    if isinstance(answer, Refused):
        raise TypeError(f"{command}: {answer}")
    return answer


def go_on(path: Path, count: int) -> None:
    """Submit that many requests, going on from where the book ends."""
    book = SqliteBook.open(path)
    desk = Desk(book)
    for _ in range(count):
        head = submit(desk, *following(book.head().number)).head
        sys.stdout.write(f"{head.number} {head.seal.hex()}\n")
        sys.stdout.flush()
    book.close()


if __name__ == "__main__":
    go_on(Path(sys.argv[1]), int(sys.argv[2]))
