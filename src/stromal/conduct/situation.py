"""What a command meets: the request, the state of the trial, and the protocol that applies to the person concerned.

Deciders take a Situation and give an Outcome - the events that follow and the rules they would break - or a refusal
that nothing can override.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol as Interface

from stromal.conduct.commands import Command, Request
from stromal.ledger.events import Entry, Event
from stromal.ledger.state import Participant, State
from stromal.protocol.file import Loaded, load
from stromal.protocol.model import Protocol, Series, Visit
from stromal.rules.chart import Chart
from stromal.rules.timing import Case
from stromal.values import Refused, nearest

Read = Callable[[str], Loaded]
"""Reads the text of a protocol file."""


_NUMBER = re.compile("[1-9][0-9]{0,2}")


class Past(Interface):
    """The book behind a state, as far as a decision may look back into it."""

    def event(self, number: int) -> Event | None:
        """The event of an entry as it was written; None where the book has no such entry."""

    def after(self, entries: Sequence[Entry]) -> State:
        """The state once these entries follow, corrections carried out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Events that follow, rules they break, and the entries a signature of the actor must cover.

    `adopted` is the protocol version that the events bring in.
    """

    events: tuple[Event, ...]
    breaches: tuple[Refused, ...] = ()
    signed: tuple[int, ...] = ()
    adopted: Protocol | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decider may look at."""

    request: Request
    state: State
    protocols: Mapping[int, Protocol]
    past: Past
    read: Read = load

    @property
    def command(self) -> Command:
        """What is asked."""
        return self.request.command

    @property
    def today(self) -> date:
        """The day of entry."""
        return self.request.at.date()

    def person(self, participant: str) -> Participant | Refused:
        """The participant, or a refusal with the nearest code."""
        found = self.state.participants.get(participant)
        if found is not None:
            return found
        close = nearest(participant, self.state.participants)
        hint = f"did you mean {close}?" if close else "register the participant first"
        return Refused("participant.unknown", f"nobody is registered as {participant!r}", hint)

    def protocol(self, person: Participant | None = None, day: date | None = None) -> Protocol:
        """The version a person consented to; for anybody else the one in force on the day."""
        if person is not None and person.version is not None:
            return self.protocols[person.version]
        when = day or self.today
        in_force = [each for each in self.state.versions if each.effective <= when] or list(self.state.versions[:1])
        return self.protocols[max(in_force, key=lambda each: (each.effective, each.version)).version]

    def case(self, person: Participant, day: date) -> Case:
        """A question about this person on this day, with the holds that stand for them."""
        return Case(self.protocol(person), person.chart, day, self.charts(), self.standing(person))

    def charts(self) -> tuple[Chart, ...]:
        """The charts of everybody enrolled."""
        return tuple(person.chart for person in self.state.enrolled())

    def standing(self, person: Participant) -> frozenset[str]:
        """The holds that concern this person now: their own, and those of doses and of the trial."""
        return frozenset(h.rule for h in self.state.standing() if h.participant in ("", person.id))

    def visit(self, person: Participant, name: str) -> Visit | Refused:
        """The planned visit of this name, or a refusal with the nearest one."""
        protocol = self.protocol(person)
        found = protocol.visit(name)
        if found is None:
            close = nearest(name, protocol.schedule)
            hint = f"did you mean {close}?" if close else "call an extra visit unscheduled_1, unscheduled_2 ..."
            return Refused("visit.unknown", f"the protocol has no visit {name!r}", hint, (protocol.place("schedule"),))
        number = name.rpartition("_")[2]
        if isinstance(found.when, Series) and (name == found.name or not _NUMBER.fullmatch(number)):
            place = protocol.place(f"schedule.{found.name}")
            hint = f"write {found.name}_1, {found.name}_2 ..."
            return Refused("visit.number", f"{name} is no one visit: {found.name} repeats", hint, (place,))
        return found


def future(day: date, situation: Situation) -> tuple[Refused, ...]:
    """What is recorded as having happened cannot lie after the day it is entered (a day of grace for time zones)."""
    if (day - situation.today).days > 1:
        message = f"{day} lies after the day of entry, {situation.today}"
        return (Refused("day.future", message, "enter the day on which it happened"),)
    return ()
