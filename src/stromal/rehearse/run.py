"""A whole trial on virtual people, through the very desk that serves a real one.

Takes a protocol and its text, a book, a number of people, a seed and a scenario; leaves a book full of entries. Things
happen in order of day; every step of a person gives commands to the desk, and what the desk refuses is dealt with as
people would: wait, ask, leave the dose out. Only the people and the clock are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from stromal.conduct import commands as c
from stromal.ledger import events as e
from stromal.ledger.chain import Book
from stromal.ledger.state import State
from stromal.protocol.model import ROLES, Hold, Protocol
from stromal.rehearse.chance import Chance
from stromal.rehearse.people import person
from stromal.rehearse.scenario import Scenario, check_names
from stromal.rehearse.stage import Stage
from stromal.rehearse.visits import Follower
from stromal.values import Duration, Finding, Unusable

_MEETINGS = 20
"""A committee that has kept a hold so often does not meet again."""


class _World:
    """Arrivals and committees of one rehearsed trial."""

    def __init__(self, stage: Stage, chance: Chance) -> None:
        self.stage, self.chance = stage, chance
        stage.watch = self.committee

    def arrive(self, day: date, number: int) -> None:
        """One more person comes, as long as places are left for those who are already being screened."""
        stage, state = self.stage, self.stage.desk.state()
        if not stage.places_left() or number > 20 * stage.people + 20:
            return
        screened = sum(each.status == "screening" for each in state.participants.values())
        if len(state.enrolled()) + screened > stage.people:
            stage.plan(day + timedelta(days=7), lambda then: self.arrive(then, number))
            return
        code = f"P{number:03d}"
        chance = self.chance.of(code)
        Follower(stage, person(stage.protocol, stage.scenario, chance, code, day), chance).begin(day)
        wait = self.chance.days(f"arrival/{number}", 30.4 / stage.scenario.arrivals_per_month)
        stage.plan(day + timedelta(days=1 + int(wait)), lambda then: self.arrive(then, number + 1))

    def committee(self, day: date, entry: e.Entry) -> None:
        """A hold that was placed goes to those who may lift it."""
        if isinstance(entry.event, e.HoldPlaced):
            number, rule = entry.number, entry.event.rule
            meeting = day + timedelta(days=self.stage.scenario.decision_days)
            self.stage.plan(meeting, lambda then: self.decide(then, number, rule, 1))

    def decide(self, day: date, number: int, rule: str, meeting: int) -> None:
        """A committee lifts a hold, or keeps it for now and meets again."""
        hold = self.stage.protocol.rules[rule]
        if not isinstance(hold, Hold):
            return
        chance = self.chance.of("hold", number, meeting)
        if chance.happens("lifted", self.stage.scenario.hold_lifted):
            for role in hold.release:
                self.stage.submit(day, role, c.ReleaseHold(number, "reviewed; the benefit still outweighs the risk"))
        elif meeting == 1 or (hold.level == "trial" and meeting < _MEETINGS):
            again = Duration(2, "month").after(day)
            self.stage.plan(again, lambda then: self.decide(then, number, rule, meeting + 1))


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

    Raises Unusable when the scenario names a dose, visit or score the protocol does not have, or when more people are
    to be enrolled than the protocol plans.
    """
    scenario = scenario or Scenario()
    wrong = [*check_names(scenario, protocol), *_too_many(protocol, people)]
    if wrong:
        raise Unusable(*wrong)
    stage = Stage(protocol, book, people, scenario)
    world = _World(stage, Chance(f"{seed}/{protocol.trial.id}/{trial}"))
    start = protocol.version.effective
    stage.submit(start, "data_manager", c.OpenTrial(text, tuple((role, role) for role in ROLES)))
    stage.plan(start, lambda day: world.arrive(day, 1))
    return stage.play(progress)


def _too_many(protocol: Protocol, people: int) -> list[Finding]:
    """A finding where the desk would refuse to enrol everybody who is asked for."""
    planned = protocol.trial.planned
    if 1 <= people <= planned:
        return []
    message = f"{people} people cannot be enrolled; the protocol plans {planned}"
    hint = f"give a number from 1 to {planned}, or change trial.planned in the protocol"
    return [Finding("rehearse.people", "error", message, (protocol.place("trial.planned"),), hint)]
