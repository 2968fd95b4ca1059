"""A site with a desk for tests: people in every role, a clock, and short ways to bring a person to a point in a trial.

Everything goes through `conduct.desk`; nothing is put into the book past it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from spec_trial import TEXT
from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt
from stromal.ledger import events as e
from stromal.ledger.chain import Book
from stromal.ledger.state import Participant, State
from stromal.protocol.file import load
from stromal.protocol.model import ROLES
from stromal.store.memory import MemoryBook
from stromal.values import Refused

PEOPLE = tuple((role, role) for role in ROLES)
"""Everybody is called what they do; `second ...` is a second person in the same role."""
READ = cache(load)
"""Reads protocol files, each once."""
SCREENED = date(2024, 1, 10)
DAY_ZERO = date(2024, 1, 31)
FIRST = date(2024, 4, 30)


class Site:
    """A desk and its people, on a book of their own unless one is given."""

    def __init__(self, text: str = TEXT, book: Book | None = None) -> None:
        """A trial that has just been opened, unless the book has one already."""
        self.book: Book = book or MemoryBook()
        self.desk = Desk(self.book, READ)
        self.now = datetime.combine(date(2024, 1, 2), time(8), UTC)
        if not self.book.head().number:
            self.must("data_manager", c.OpenTrial(text, PEOPLE))

    def on(self, day: date) -> Site:
        """Let it be a later day."""
        self.now = max(self.now, datetime.combine(day, time(8), UTC))
        return self

    def ask(self, role: str, command: c.Command, anyway: str = "", by: str = "") -> Receipt | Refused:
        """Give a command in a role; the clock goes on by a second."""
        self.now += timedelta(seconds=1)
        return self.desk.submit(c.Request(command, by or role, role, self.now, anyway))

    def must(self, role: str, command: c.Command, anyway: str = "", by: str = "") -> Receipt:
        """Give a command that is carried out."""
        answer = self.ask(role, command, anyway, by)
        assert isinstance(answer, Receipt), str(answer)
        return answer

    def refused(self, role: str, command: c.Command, anyway: str = "", by: str = "") -> Refused:
        """Give a command that is refused; nothing is written."""
        before = self.book.head()
        answer = self.ask(role, command, anyway, by)
        assert isinstance(answer, Refused), "it was carried out"
        assert self.book.head() == before, "a refusal leaves the book as it was"
        assert answer.message
        assert answer.hint, "a refusal ends with the next step"
        return answer

    @property
    def state(self) -> State:
        """The state as the book stands."""
        return self.desk.state()

    def person(self, name: str = "P1") -> Participant:
        """A participant."""
        return self.state.participants[name]

    def deviations(self) -> list[str]:
        """The rules that were not followed, in order."""
        return [each.rule for each in self.state.deviations]

    # ------------------------------------------------ ways through the trial

    def register(self, name: str = "P1", day: date = SCREENED) -> Site:
        """A person who is registered and has consented."""
        self.on(day)
        self.must("coordinator", c.RegisterParticipant(name, day))
        self.must("coordinator", c.RecordConsent(name, day))
        return self

    def screen(self, name: str = "P1", day: date = SCREENED, score: float = 40) -> Site:
        """A person of whom everything is known that the criteria ask for."""
        self.register(name, day)
        self.must("coordinator", c.AttendVisit(name, "screening", day))
        self.must("coordinator", c.RecordFact(name, "birth_date", "1980-01-01", day))
        self.must("coordinator", c.RecordFact(name, "sex", "female", day))
        self.must("coordinator", c.RecordFact(name, "score", score, day, "", "screening"))
        self.must("coordinator", c.RecordFact(name, "hemoglobin", 12.5, day, "g/dL", "screening"))
        self.must("coordinator", c.RecordAbsence(name, "tumour", day))
        self.must("investigator", c.AnswerQuestion(name, "Fit?", True, day))
        return self

    def enrol(self, name: str = "P1", day: date = DAY_ZERO) -> Site:
        """A person who is in the trial and has begun."""
        self.screen(name, day - timedelta(days=21)).on(day)
        self.must("investigator", c.DecideEligibility(name, day))
        self.must("investigator", c.EnrolParticipant(name, day))
        self.must("coordinator", c.AttendVisit(name, "run_in_start", day))
        return self

    def lot(self, lot: str = "L1", recipient: str = "P1", day: date = FIRST, viability: float = 90.0) -> Site:
        """A lot that is made, tested and, when it is good, released."""
        self.on(day)
        self.must("laboratory", c.ManufactureLot(lot, "cells", recipient, day, recipient))
        self.must("laboratory", c.TestLot(lot, "viability", viability, day, "%"))
        self.must("laboratory", c.TestLot(lot, "sterility", "negative", day))
        self.must("laboratory", c.ReleaseLot(lot, day))
        return self

    @staticmethod
    def infusion(name: str = "P1", visit: str = "injection_1", lot: str = "L1", day: date = FIRST) -> c.InfuseCells:
        """The command that gives 5e7 cells in 5.56 mL."""
        return c.InfuseCells(name, visit, lot, day, 1e7, 90.0, 5.56)

    def dose(self, name: str = "P1", day: date = FIRST) -> Site:
        """A person who was given the first injection."""
        self.enrol(name, day - timedelta(days=90)).lot(f"L-{name}", name, day)
        self.must("coordinator", c.AttendVisit(name, "injection_1", day))
        self.must("investigator", self.infusion(name, lot=f"L-{name}", day=day))
        return self

    def event(self, name: str, grade: int, onset: date, related: bool | None = True, term: str = "Fever") -> Receipt:
        """Report an adverse event."""
        number = len(self.person(name).chart.adverse_events) + 1
        return self.must("coordinator", c.ReportAdverseEvent(name, f"AE{number}", term, grade, onset, related))


def events(receipt: Receipt) -> list[str]:
    """What came of a command, by the names of its events."""
    return [type(entry.event).__name__ for entry in receipt.entries]


def only(receipt: Receipt, kind: type[e.Event]) -> list[e.Entry]:
    """The entries of one kind."""
    return [entry for entry in receipt.entries if isinstance(entry.event, kind)]
