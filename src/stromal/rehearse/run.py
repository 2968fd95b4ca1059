"""A whole trial on virtual people, through the very desk that serves a real one.

Takes a protocol and its text, a book, a number of people, a seed and a scenario; leaves a book full of entries. Things
happen in order of day; every step of a person gives commands to the desk, and what the desk refuses is dealt with as
people would: wait, ask, leave the dose out. Only the people and the clock are made up.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt
from stromal.ledger import events as e
from stromal.ledger.chain import Book
from stromal.ledger.state import State
from stromal.protocol.file import Loaded
from stromal.protocol.model import ROLES, Hold, Protocol
from stromal.rehearse.chance import Chance
from stromal.rehearse.people import person
from stromal.rehearse.scenario import Scenario, check_names
from stromal.rehearse.visits import Follower
from stromal.values import Duration, Refused, Unusable

_NEVER_AGAIN = 20
"""Nobody waits for a hold longer than so many decisions."""


@dataclass(order=True, slots=True)
class _Planned:
    day: date
    order: int
    act: Callable[[date], None] = field(compare=False)


class Stage:
    """The world of one rehearsed trial: a clock, a queue of what happens when, and the desk."""

    def __init__(self, protocol: Protocol, book: Book, people: int, chance: Chance, scenario: Scenario) -> None:
        """An empty stage; `run` opens the trial and lets people arrive."""
        self.protocol, self.people, self.chance, self.scenario = protocol, people, chance, scenario
        loaded = Loaded(protocol, ())
        self.desk = Desk(book, lambda _: loaded)
        self._queue: list[_Planned] = []
        self._order = 0
        self._clock = datetime.min.replace(tzinfo=UTC)
        self.finished = 0

    # ------------------------------------------------ time

    def plan(self, day: date, act: Callable[[date], None]) -> None:
        """Let something happen on a day; what is planned first for a day happens first."""
        self._order += 1
        heapq.heappush(self._queue, _Planned(day, self._order, act))

    def run(self, text: str, progress: Callable[[int], None]) -> State:
        """Open the trial, play everything that is planned until nothing is left, and give the state reached."""
        start = self.protocol.version.effective
        people = tuple((role, role) for role in ROLES)
        self.submit(start, "data_manager", c.OpenTrial(text, people))
        self.plan(start, lambda day: self._arrive(day, 1))
        while self._queue:
            planned = heapq.heappop(self._queue)
            planned.act(planned.day)
            progress(self.finished)
        return self.desk.state()

    def submit(self, day: date, role: str, command: c.Command, anyway: str = "") -> Receipt | Refused:
        """Give a command to the desk, in a role, on a day; entries follow one another by a second."""
        opening = datetime.combine(day, time(8), UTC)
        self._clock = max(opening, self._clock + timedelta(seconds=1)) if self._clock.year > 1 else opening
        answer = self.desk.submit(c.Request(command, role, role, self._clock, anyway))
        if isinstance(answer, Receipt):
            self._watch(day, answer)
        return answer

    # ------------------------------------------------ arrivals and committees

    def _arrive(self, day: date, number: int) -> None:
        """One more person comes, as long as places are left."""
        state = self.desk.state()
        enrolled = len(state.enrolled())
        if enrolled >= self.people or number > 20 * self.people + 20:
            return
        screened = sum(each.status == "screening" for each in state.participants.values())
        if enrolled + screened > self.people:
            self.plan(day + timedelta(days=7), lambda then: self._arrive(then, number))
            return
        code = f"P{number:03d}"
        chance = self.chance.of(code)
        Follower(self, person(self.protocol, self.scenario, chance, code, day), chance).begin(day)
        wait = self.chance.days(f"arrival/{number}", 30.4 / self.scenario.arrivals_per_month)
        self.plan(day + timedelta(days=1 + int(wait)), lambda then: self._arrive(then, number + 1))

    def places_left(self) -> bool:
        """Whether somebody can still be enrolled."""
        return len(self.desk.state().enrolled()) < self.people

    def _watch(self, day: date, receipt: Receipt) -> None:
        """A hold that was placed goes to those who may lift it."""
        for entry in receipt.entries:
            if isinstance(entry.event, e.HoldPlaced):
                number, rule = entry.number, entry.event.rule
                meeting = day + timedelta(days=self.scenario.decision_days)
                self.plan(meeting, lambda then, number=number, rule=rule: self._decide(then, number, rule, 1))  # type: ignore[misc]  # defaults bind the loop's values

    def _decide(self, day: date, number: int, rule: str, meeting: int) -> None:
        """A committee lifts a hold, or keeps it for now and meets again."""
        hold = self.protocol.rules[rule]
        if not isinstance(hold, Hold) or meeting > _NEVER_AGAIN:
            return
        chance = self.chance.of("hold", number, meeting)
        if not chance.happens("lifted", self.scenario.hold_lifted):
            again = Duration(2, "month").after(day)
            if hold.level == "trial" or meeting == 1:
                self.plan(again, lambda then: self._decide(then, number, rule, meeting + 1))
            return
        for role in hold.release:
            self.submit(day, role, c.ReleaseHold(number, "reviewed; the benefit still outweighs the risk"))


def _silently(finished: int) -> None:
    """Show no progress."""
    _ = finished


def rehearse(
    protocol: Protocol,
    text: str,
    book: Book,
    people: int,
    seed: int,
    scenario: Scenario | None = None,
    trial: int = 0,
    progress: Callable[[int], None] = _silently,
) -> State:
    """Rehearse a trial into an empty book and give the state it ends in. The same arguments give the same entries.

    Raises Unusable when the scenario names a dose, visit or score the protocol does not have.
    """
    world = scenario or Scenario()
    strangers = check_names(world, protocol)
    if strangers:
        raise Unusable(*strangers)
    chance = Chance(f"{seed}/{protocol.trial.id}/{trial}")
    return Stage(protocol, book, people, chance, world).run(text, progress)
