"""A whole trial whose dose is moved by a design, event by event: people wait for a place, and are dosed at its level.

Takes what `trial_engine` takes, of a protocol with a rule that names a design; gives what happened and the level that
is declared. Places, levels and waiting are asked of the design's own rules (`trial_finding`); all else is the trial of
`trial_engine`. There is no compiled loop of it: a cohort, its windows and its calendar depend on everybody in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stromal.designs import trial_engine
from stromal.designs import walk as w
from stromal.designs.asked import Told
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.trial_engine import NEVER, Patient, Trial
from stromal.designs.trial_finding import LATER, Finding, Place
from stromal.protocol.model import Escalation, Protocol


class DesignedTrial(Trial):
    """A trial while its events are worked off. It has no state of its own: that is in `finding`."""

    __slots__ = ()

    @property
    def design(self) -> Finding:
        """The design at work."""
        if self.finding is None:
            rule = self.protocol.rules[self.plan.escalation]
            assert isinstance(rule, Escalation)
            self.finding = Finding(self.asked, rule)
        return self.finding

    def happens(self, now: int, kind: int, person: int, turn: int) -> None:
        """One event; two kinds more."""
        if kind == w.LEAVES:
            self.leaves(now, person)
        elif kind == w.OPENS:
            self.opens(now)
        else:
            Trial.happens(self, now, kind, person, turn)

    # ------------------------------------------------ places

    def everybody(self) -> list[Told]:
        """What is known of everybody."""
        return [patient.told for patient in self.patients]

    def place(self, now: int) -> Place:
        """What the design has for somebody new."""
        return self.design.place(self.everybody(), now)

    def place_of(self, person: int, now: int) -> Place:
        """What the design has for somebody enrolled."""
        if self.patients[person].told.doses:
            return self.design.further(self.everybody(), person, now)
        return self.place(now)

    def changed(self, now: int) -> None:
        """Something happened that may open a place."""
        self.design.changed()
        if self.design.queue:
            self.open_on(now)
        self.invite(now)

    def open_on(self, day: int) -> None:
        """Those who wait are looked at on this day, if not before."""
        if day < self.design.opening:
            self.design.opening = day
            self.push(day, w.OPENS, 0)

    def invite(self, now: int) -> None:
        """As many are screened as the design has places for, now or once windows have ended."""
        if self.pending < self.place(now).places - len(self.design.reserved):
            Trial.invite(self, now)

    def enrols(self, now: int, number: int, waited: int) -> None:
        """Screening is over: who fits waits for a place."""
        if self.stopped:
            Trial.enrols(self, now, number, waited)
            return
        self.design.queue[number] = now
        self.open_on(now)

    def opens(self, now: int) -> None:
        """Those who wait are enrolled in their order while there are places; in the end they go elsewhere."""
        design = self.design
        if now != design.opening:
            return
        design.opening = LATER
        patience = w.FORTNIGHT * max(self.walk.waits, 1)
        for number, since in list(design.queue.items()):
            place = self.place(now)
            if not self.stopped and not place.waits and place.places > len(design.reserved):
                del design.queue[number]
                self.pending -= 1
                self.enrol(now, number)
            elif not place.places or self.counts[w.CLOSED] or now - since >= patience:
                del design.queue[number]
                self.pending -= 1
                self.counts[w.TURNED] += 1
        if design.queue:
            following = min(self.place(now).until, min(design.queue.values()) + patience)
            self.open_on(max(now + 1, following))
        self.invite(now)

    def enrol(self, now: int, number: int) -> None:
        """Into the trial, with a place."""
        person = len(self.patients)
        self.design.reserved.add(person)
        Trial.enrol(self, now, number)
        self.design.changed()
        if self.patients[person].gone < NEVER:
            self.push(self.patients[person].gone, w.LEAVES, person)

    def leaves(self, now: int, person: int) -> None:
        """Somebody leaves before their last visit: their place is free; who was not seen to the end is replaced."""
        patient = self.patients[person]
        early = patient.step < len(self.plan.steps) or now <= max(patient.visits)
        if early and person not in self.design.gone:
            self.design.gone[person] = now
            self.design.reserved.discard(person)
            self.changed(now)

    # ------------------------------------------------ doses

    def dose(self, now: int, person: int, place: int) -> bool:
        """A dose is due."""
        return self.dosed(now, person, place, partial(Trial.dose, self))

    def dosed(self, now: int, person: int, place: int, give: Callable[[int, int, int], bool]) -> bool:
        """A dose is given, lost or withheld; False where it waits for the windows of others, or for another product."""
        patient = self.patients[person]
        if not patient.held and not self.stopped:
            here = self.place_of(person, now)
            if here.waits:
                self.push(max(now + 1, here.until) if here.until < LATER else now + 1, w.VISIT, person, place)
                return False
        if not give(now, person, place):
            return False
        self.design.reserved.discard(person)
        self.changed(now)
        return True

    def amount(self, now: int, patient: Patient, place: int) -> float | None:
        """What the design and the rules let somebody have today; None where they let them have nothing."""
        visit = self.protocol.schedule[self.plan.steps[place].name]
        if patient.held or self.stopped or self.asked.may_be(visit, patient.told, now) is not True:
            return None
        person = next(each for each, other in enumerate(self.patients) if other is patient)
        here = self.place_of(person, now)
        return self.plan.levels[here.level].amount if here.places > 0 else None

    # ------------------------------------------------ harm, holds, the end

    def shows(self, now: int, person: int, place: int) -> None:
        """An event is reported; the design looks at it too."""
        self.shown(now, person, place, partial(Trial.shows, self))

    def shown(self, now: int, person: int, place: int, report: Callable[[int, int, int], None]) -> None:
        """An event is reported in the way given; the design looks at it too."""
        patient = self.patients[person]
        report(now, person, place)
        if now < patient.gone or patient.dead:
            patient.harmed = patient.harmed or self.design.toxic(patient.told, patient.grades[place], now)
        if patient.dead:
            self.leaves(now, person)
        self.changed(now)

    def decided(self, now: int, person: int, turn: int) -> None:
        """Those who may lift a hold have met."""
        Trial.decided(self, now, person, turn)
        self.changed(now)

    def finish(self) -> None:
        """The end, and the level that is declared."""
        Trial.finish(self)
        self.selected = self.design.selected(self.everybody())


def simulate(
    protocol: Protocol, assumed: Assumptions, seed: int, trials: int, first: int = 0, plan: Plan | None = None
) -> w.Trials:
    """Trials number `first` on, event by event."""
    return trial_engine.simulate(protocol, assumed, seed, trials, first, plan, DesignedTrial)
