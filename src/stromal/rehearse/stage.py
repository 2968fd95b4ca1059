"""The world of one rehearsed trial: a clock, a queue of what happens when, and the desk it all goes through.

People, laboratory and committees plan what they will do on a day and give commands to the desk; the stage plays what is
planned in order of day, and within a day in the order it was planned.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt
from stromal.ledger.chain import Book
from stromal.ledger.events import Entry
from stromal.ledger.state import State
from stromal.protocol.file import Loaded
from stromal.protocol.model import Protocol
from stromal.rehearse.scenario import Scenario
from stromal.values import Refused

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(order=True, slots=True)
class _Planned:
    day: date
    order: int
    act: Callable[[date], None] = field(compare=False)


class Stage:
    """Where a trial is played. `watch` is shown every entry that comes of a command."""

    def __init__(self, protocol: Protocol, book: Book, people: int, scenario: Scenario) -> None:
        """An empty stage before an empty book."""
        self.protocol, self.people, self.scenario = protocol, people, scenario
        loaded = Loaded(protocol, ())
        self.desk = Desk(book, lambda _: loaded)
        self.finished = 0
        self.watch: Callable[[date, Entry], None] | None = None
        self._queue: list[_Planned] = []
        self._order = 0
        self._clock = _EARLIEST

    def plan(self, day: date, act: Callable[[date], None]) -> None:
        """Let something happen on a day."""
        self._order += 1
        heapq.heappush(self._queue, _Planned(day, self._order, act))

    def play(self, progress: Callable[[int], None]) -> State:
        """Play everything that is planned, and what comes of it, until nothing is left."""
        while self._queue:
            planned = heapq.heappop(self._queue)
            planned.act(planned.day)
            progress(self.finished)
        return self.desk.state()

    def submit(self, day: date, role: str, command: c.Command, anyway: str = "") -> Receipt | Refused:
        """Give a command to the desk, in a role, on a day; entries follow one another by a second."""
        opening = datetime.combine(day, time(8), UTC)
        self._clock = opening if self._clock == _EARLIEST else max(opening, self._clock + timedelta(seconds=1))
        answer = self.desk.submit(c.Request(command, role, role, self._clock, anyway))
        if isinstance(answer, Receipt) and self.watch is not None:
            for entry in answer.entries:
                self.watch(day, entry)
        return answer

    def today(self) -> date:
        """The day of the last entry; the first day of the protocol while there is none."""
        at = self.desk.state().at
        return at.date() if at else self.protocol.version.effective

    def places_left(self) -> bool:
        """Whether somebody can still be enrolled."""
        return len(self.desk.state().enrolled()) < self.people
