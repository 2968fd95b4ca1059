"""A rehearsal whose world is that of a simulation: the same people, days, harm and products, the decisions the desk's.

Takes a protocol, Assumptions and the key of a simulated trial; leaves a book and gives what happened. Whether somebody
is enrolled, which dose they get, what holds and what is declared is what the desk answers, command by command; a
simulation that holds a copy of a rule would come apart here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.designs import keys
from stromal.designs import walk as w
from stromal.designs.asked import Asked
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import plan as plan_of
from stromal.designs.trial_design import DesignedTrial
from stromal.designs.trial_engine import Patient, Trial
from stromal.ledger import events as e
from stromal.ledger.chain import Book
from stromal.protocol.model import ROLES, Hold, Protocol
from stromal.rehearse.cells import result
from stromal.rehearse.chance import Chance
from stromal.rehearse.people import person as virtual
from stromal.rehearse.scenario import CALM
from stromal.rehearse.stage import Stage
from stromal.rehearse.visits import Follower
from stromal.values import Refused


@dataclass(slots=True)
class DeskTrial(Trial):
    """A simulated trial that asks the desk instead of the rules."""

    stage: Stage = field(kw_only=True)
    followers: list[Follower] = field(default_factory=list)
    standing: dict[int, int] = field(default_factory=dict)
    """The entry of the hold that stands, of each person and of the trial."""

    def day(self, now: int) -> date:
        """A day of the simulation as a date."""
        return self.protocol.version.effective + timedelta(days=now)

    def told(self, now: int, answer: Receipt | Refused) -> Receipt | Refused:
        """Holds that a command has led to go to those who may lift them."""
        for entry in answer.entries if isinstance(answer, Receipt) else ():
            if not isinstance(entry.event, e.HoldPlaced):
                continue
            if entry.event.level == "trial":
                self.standing[w.TRIAL] = entry.number
                self.stopped, self.stopped_since = True, now
                self.push(now + self.walk.decision_days, w.DECIDED, w.TRIAL, self.counts[w.STOPS])
                self.counts[w.STOPS] += 1
            else:
                place = self.codes().index(entry.event.participant)
                patient = self.patients[place]
                self.standing[place] = entry.number
                patient.held, patient.held_since, patient.harmed = True, now, True
                self.push(now + self.walk.decision_days, w.DECIDED, place, patient.holds)
                patient.holds += 1
                self.counts[w.HOLDS] += 1
        return answer

    def codes(self) -> list[str]:
        """Who is in the trial, in the order of enrolment."""
        return [each.me.code for each in self.followers]

    # ------------------------------------------------ people and visits

    def go_on(self, person: int, now: int) -> None:
        """Somebody new goes through screening at the desk first."""
        if person == len(self.followers):
            self.admit(self.patients[person])
        Trial.go_on(self, person, now)

    def admit(self, patient: Patient) -> None:
        """Consent, what is asked of everybody, the verdict, and enrolment, all on one day."""
        day, code = self.day(patient.told.enrolled), f"P{patient.key:03d}"
        chance = Chance(f"{self.seed}/{self.number}/{code}")
        follower = Follower(self.stage, virtual(self.protocol, CALM, chance, code, day), chance)
        follower.screened(day)
        follower.settle(day)
        for command in (c.DecideEligibility(code, day), c.EnrolParticipant(code, day)):
            answer = self.stage.submit(day, "investigator", command)
            assert isinstance(answer, Receipt), answer
        self.followers.append(follower)

    def declare(self, now: int, person: int, place: int) -> None:
        """A visit without a dose is recorded; what the desk has declared stands."""
        step, patient = self.plan.steps[place], self.patients[person]
        if step.dose < 0 and not patient.missed[place]:
            code = self.followers[person].me.code
            self.stage.submit(self.day(now), "coordinator", c.AttendVisit(code, step.name, self.day(now)))
        self.counts[w.DECLARED] = bool(self.stage.desk.state().declarations)

    def dose(self, now: int, person: int, place: int) -> bool:
        """A product is made and tested, the level decided, the dose drawn up; the desk gives it, or says why not."""
        patient, follower, step = self.patients[person], self.followers[person], self.plan.steps[place]
        visit, day = self.protocol.schedule[step.name], self.day(now)
        if step.name not in patient.told.visits:
            self.told(now, self.stage.submit(day, "coordinator", c.AttendVisit(follower.me.code, step.name, day)))
            follower.observe(day, visit, step.name)
        patient.told.visits[step.name] = now
        chances = set(self.walk.made.tolist())
        assert len(chances) == 1, "which level a product is made for is the desk's secret until it is given"
        drawn = self.draw(patient.key, keys.MADE, place * w.TRIES + patient.tries)
        follower.bench.lots[step.name] = self.lot(day, follower, step.name, patient.tries, passes=drawn < chances.pop())
        answer = follower.bench.give(day, visit)
        if isinstance(answer, Receipt):
            given = next(entry.event for entry in answer.entries if isinstance(entry.event, e.CellsInfused))
            names = [(level.dose, level.amount) for level in self.plan.levels]
            self.told(now, answer)
            self.infuse(now, person, place, names.index((given.dose, given.level)))
            return True
        if not answer.rule.startswith("lot."):
            self.stage.submit(day, "investigator", c.OmitDose(follower.me.code, step.name, day, answer.message))
            self.withhold(patient)
            return True
        self.counts[w.FAILED] += 1
        patient.tries += 1
        if patient.tries < self.walk.attempts:
            self.push(now + max(self.walk.remake_days, 1), w.VISIT, person, place)
            return False
        self.counts[w.LOST] += 1
        return True

    def lot(self, day: date, follower: Follower, visit: str, tries: int, *, passes: bool) -> str:
        """A lot for one dose, which passes its tests or does not."""
        product = self.protocol.products[self.protocol.doses[self.protocol.schedule[visit].give].product]
        lot, code = f"{follower.me.code}-{visit}-{tries}", follower.me.code
        donor = code if product.donor == "patient" else f"donor of {lot}"
        recipient = "" if product.donor == "third party" else code
        made: list[c.Command] = [c.ManufactureLot(lot, product.name, donor, day, recipient)]
        made += [
            c.TestLot(lot, test.test, result(test, follower.chance, good=passes), day, test.unit)
            for test in product.release
        ]
        for command in (*made, c.ReleaseLot(lot, day)):
            self.stage.submit(day, "laboratory", command)
        return lot

    def given_today(self, now: int, patient: Patient, dose: tuple[str, str, float, int]) -> None:
        """The desk has looked at its holds already."""
        _ = now
        patient.told.doses.append(dose)

    # ------------------------------------------------ harm and holds

    def shows(self, now: int, person: int, place: int) -> None:
        """An event is reported to the desk."""
        patient = self.patients[person]
        if now >= patient.gone:
            return
        grade, code, day = patient.grades[place], self.followers[person].me.code, self.day(now)
        patient.told.events.append((grade, now))
        self.counts[w.EVENTS] += 1
        self.counts[w.SEVERE] += grade >= 3
        report = c.ReportAdverseEvent(code, f"E{place}", "Fever", grade, day, True, grade >= 4, False)
        self.told(now, self.stage.submit(day, "investigator", report))
        if grade == 5:
            self.counts[w.DEATHS] += 1
            patient.gone, patient.dead = now, True
            self.stage.submit(day, "investigator", c.WithdrawParticipant(code, day, "died"))

    def decided(self, now: int, person: int, turn: int) -> None:
        """Those who may lift a hold sign, or do not."""
        whole = person == w.TRIAL
        key = w.TRIAL if whole else self.patients[person].key
        if self.draw(key, w.HOLD, turn) >= float(self.walk.lifted[int(whole)]):
            self.counts[w.CLOSED] |= whole
            return
        hold = self.protocol.rules[self.plan.trial_hold if whole else self.plan.person_hold]
        for role in hold.release if isinstance(hold, Hold) else ():
            command = c.ReleaseHold(self.standing[person], "reviewed; the benefit still outweighs the risk")
            self.told(now, self.stage.submit(self.day(now), role, command))
        still = {each.entry for each in self.stage.desk.state().standing()}
        if whole:
            self.stopped = self.standing[person] in still
        else:
            self.patients[person].held = self.standing[person] in still


class DeskDesignTrial(DeskTrial, DesignedTrial):
    """The same where a design moves the dose: the desk says at which level, and refuses whoever comes too early."""

    __slots__ = ()

    def dose(self, now: int, person: int, place: int) -> bool:
        """A dose is due; the desk gives it."""
        return self.dosed(now, person, place, partial(DeskTrial.dose, self))

    def shows(self, now: int, person: int, place: int) -> None:
        """An event is reported to the desk, and the design looks at it."""
        self.shown(now, person, place, partial(DeskTrial.shows, self))

    def leaves(self, now: int, person: int) -> None:
        """Somebody who leaves before their last visit is withdrawn."""
        before = len(self.design.gone)
        DesignedTrial.leaves(self, now, person)
        if len(self.design.gone) > before and not self.patients[person].dead:
            code, day = self.followers[person].me.code, self.day(now)
            self.stage.submit(day, "investigator", c.WithdrawParticipant(code, day, "moved away"))


def scripted(protocol: Protocol, text: str, book: Book, assumed: Assumptions, seed: int, number: int) -> DeskTrial:
    """The simulated trial of this key, played at the desk into an empty book."""
    plan = plan_of(protocol)
    stage = Stage(protocol, book, protocol.trial.planned, CALM)
    kind = DeskDesignTrial if plan.escalation else DeskTrial
    trial = kind(protocol, plan, w.walk(plan, assumed), Asked(protocol), seed, number, stage=stage)
    trial.given, trial.toxic = [0] * len(plan.levels), [0] * len(plan.levels)
    opened = stage.submit(trial.day(0), "data_manager", c.OpenTrial(text, tuple((role, role) for role in ROLES)))
    assert isinstance(opened, Receipt), opened
    trial.run()
    return trial
