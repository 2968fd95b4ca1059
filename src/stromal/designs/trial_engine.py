"""A whole trial, event by event, by the protocol's own rules: people come, are dosed, harmed, held, measured, leave.

Takes a protocol with its Plan, Assumptions and a key; gives what happened. The next level, the condition of a visit,
each hold and the declaration are asked of `rules` about charts as the desk would keep them; the compiled kernel, which
knows only the Plan, must agree with this trial by trial.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

from stromal.designs import keys
from stromal.designs import walk as w
from stromal.designs.asked import Asked, Told
from stromal.designs.assumptions import Assumptions
from stromal.designs.normals import normal
from stromal.designs.plan import DAY_ZERO, LAST_DOSE, Plan
from stromal.designs.plan import plan as plan_of
from stromal.designs.trial_finding import Finding
from stromal.protocol.model import Hold, Predicate, Protocol
from stromal.values import DAYS_A_MONTH

NEVER = 1 << 40


@dataclass(slots=True)
class Patient:
    """One person: what the rules may see of them (`told`), the days of their visits, and what stands in their way."""

    key: int
    arrived: int
    gone: int
    told: Told
    visits: list[int]
    missed: list[bool]
    step: int = -1
    planned: int = 0
    waited: int = 0
    tries: int = 0
    held: bool = False
    held_since: int = 0
    holds: int = 0
    because: tuple[int, ...] = ()
    judged: set[int] = field(default_factory=set)
    grades: dict[int, int] = field(default_factory=dict)
    harmed: bool = False
    dead: bool = False
    cut: bool = False

    @property
    def first_dose(self) -> int:
        """The day of the first dose; -1 while there is none."""
        return self.told.doses[0][3] if self.told.doses else -1

    @property
    def last_dose(self) -> int:
        """The day of the last dose; -1 while there is none."""
        return self.told.doses[-1][3] if self.told.doses else -1


@dataclass(slots=True)
class Trial:
    """A trial while its events are worked off."""

    protocol: Protocol
    plan: Plan
    walk: w.Walk
    asked: Asked
    seed: int
    number: int
    counts: list[int] = field(default_factory=lambda: [0] * len(w.COLUMNS))
    given: list[int] = field(default_factory=list)
    toxic: list[int] = field(default_factory=list)
    events: list[tuple[int, int, int, int]] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    arrivals: int = 0
    arrived: dict[int, int] = field(default_factory=dict)
    pending: int = 0
    arriving: bool = False
    stopped: bool = False
    stopped_since: int = 0
    because: tuple[int, ...] = ()
    judged: set[int] = field(default_factory=set)
    finding: Finding | None = None
    selected: int = -1
    """The level that the design of the dose declares; -1 for none."""

    def draw(self, person: int, purpose: int, turn: int = 0) -> float:
        """The number of a person, a purpose and a turn."""
        return keys.uniform(self.seed, self.number, person, purpose + 16 * turn)

    def push(self, day: int, kind: int, person: int, turn: int = 0) -> None:
        """Something happens on a day."""
        heapq.heappush(self.events, (day, kind, person, turn))

    def run(self) -> None:
        """Everything that happens, in order, to the end."""
        self.invite(0)
        while self.events:
            now, kind, person, turn = heapq.heappop(self.events)
            self.happens(now, kind, person, turn)
        self.finish()

    def happens(self, now: int, kind: int, person: int, turn: int) -> None:
        """One event."""
        match kind:
            case w.SHOWS:
                self.shows(now, person, turn)
            case w.DECIDED:
                self.decided(now, person, turn)
            case w.VISIT:
                self.visit(now, person, turn)
            case w.ENROLS:
                self.enrols(now, person, turn)
            case _:
                self.arrives(now, person)

    # ------------------------------------------------ people come

    def invite(self, now: int) -> None:
        """The next person, while a place is free and the trial is not closed."""
        full = len(self.patients) + self.pending >= self.walk.planned
        if self.counts[w.CLOSED] or self.arriving or full or self.arrivals > 20 * self.walk.planned + 20:
            return
        gap = -math.log(1.0 - self.draw(self.arrivals, keys.ARRIVAL)) * self.walk.gap
        self.arriving = True
        self.push(now + int(gap), w.ARRIVES, self.arrivals)

    def arrives(self, now: int, number: int) -> None:
        """Somebody is screened; who fits is enrolled when screening is over."""
        self.arriving = False
        self.arrivals += 1
        self.counts[w.SCREENED_] += 1
        if self.draw(number, w.SCREENED) < self.walk.ineligible:
            self.counts[w.FAILURES] += 1
        else:
            self.pending += 1
            self.arrived[number] = now
            self.push(now + self.walk.screening_days, w.ENROLS, number)
        self.invite(now)

    def enrols(self, now: int, number: int, waited: int) -> None:
        """Into the trial; while it is held people wait, and in the end go elsewhere."""
        if self.stopped and not self.counts[w.CLOSED] and waited < self.walk.waits:
            self.push(now + w.FORTNIGHT, w.ENROLS, number, waited + 1)
            return
        self.pending -= 1
        if self.stopped:
            self.counts[w.TURNED] += 1
            self.invite(now)
            return
        self.enrol(now, number)

    def enrol(self, now: int, number: int) -> None:
        """Into the trial."""
        stays = NEVER
        if self.walk.staying > 0:
            stays = now + 1 + int(-math.log(1.0 - self.draw(number, keys.LEAVING)) * self.walk.staying)
        steps = len(self.plan.steps)
        self.patients.append(
            Patient(number, self.arrived[number], stays, Told(now), [-1] * steps, [False] * steps)
        )  # fmt: skip
        self.counts[w.ENROLLED] += 1
        self.counts[w.ENROLMENT] = now
        self.go_on(len(self.patients) - 1, now - 1)

    # ------------------------------------------------ visits

    def anchored(self, patient: Patient, anchor: int) -> int:
        """The day something hangs on; -1 where there is none."""
        if anchor >= 0:
            return patient.visits[anchor]
        if anchor == DAY_ZERO:
            return patient.told.enrolled
        return patient.last_dose if anchor == LAST_DOSE else patient.first_dose

    def go_on(self, person: int, now: int) -> None:
        """Walk on to the next visit that matters while the trial runs; others are only dated."""
        patient = self.patients[person]
        for place in range(patient.step + 1, len(self.plan.steps)):
            step = self.plan.steps[place]
            start = self.anchored(patient, step.anchor)
            if start < 0:
                continue
            leeway = min(step.last - step.first, w.LEEWAY)
            middle = step.first + (step.last - step.first) // 2
            drawn = middle + int(self.draw(patient.key, keys.DELAY, place) * (leeway + 1)) - leeway // 2
            day = start + min(max(drawn, step.first), step.last)
            patient.missed[place] = step.dose < 0 and self.draw(patient.key, w.MISSED, place) < self.walk.missed
            if step.dose >= 0 or self.plan.required[place]:
                patient.step, patient.planned = place, max(day, now + 1)
                patient.waited = patient.tries = 0
                self.push(patient.planned, w.VISIT, person, place)
                return
            patient.visits[place] = day
        patient.step = len(self.plan.steps)

    def visit(self, now: int, person: int, place: int) -> None:
        """A visit is due: the person comes and is dosed, waits, or has left."""
        patient, step = self.patients[person], self.plan.steps[place]
        if now >= patient.gone:
            patient.cut = True
            ordered = patient.planned - self.walk.make_days
            self.counts[w.WASTED] += step.dose >= 0 and patient.gone > ordered
            return
        if step.dose >= 0:
            if (patient.held or self.stopped) and patient.waited < self.walk.waits:
                patient.waited += 1
                self.push(now + w.WEEK, w.VISIT, person, place)
                return
            if not self.dose(now, person, place):
                return
        elif not patient.missed[place]:
            patient.told.visits[step.name] = now
        patient.visits[place] = now
        self.declare(now, person, place)
        self.go_on(person, now)

    def dose(self, now: int, person: int, place: int) -> bool:
        """A dose is given, lost or withheld; False where another product has to be made first."""
        patient, step = self.patients[person], self.plan.steps[place]
        amount = self.amount(now, patient, place)
        if amount is None:
            self.withhold(patient)
        else:
            names = [(level.dose, level.amount) for level in self.plan.levels]
            level = names.index((self.protocol.schedule[step.name].give, amount))
            drawn = self.draw(patient.key, keys.MADE, place * w.TRIES + patient.tries)
            if drawn >= float(self.walk.made[level]):
                self.counts[w.FAILED] += 1
                patient.tries += 1
                if patient.tries < self.walk.attempts:
                    self.push(now + max(self.walk.remake_days, 1), w.VISIT, person, place)
                    return False
                self.counts[w.LOST] += 1
            else:
                self.infuse(now, person, place, level)
        patient.told.visits[step.name] = now
        return True

    def amount(self, now: int, patient: Patient, place: int) -> float | None:
        """What the rules let somebody have today; None where they let them have nothing."""
        visit = self.protocol.schedule[self.plan.steps[place].name]
        if patient.held or self.stopped:
            return None
        if self.asked.may_be(visit, patient.told, now) is not True:
            return None
        return self.asked.next_amount(self.protocol.doses[visit.give], patient.told, now)

    def withhold(self, patient: Patient) -> None:
        """A dose is left out. Its product is wasted if it was ordered before anybody knew."""
        self.counts[w.WITHHELD] += 1
        known = max((on for _, on in patient.told.events), default=-1)
        if patient.held or self.stopped:
            since = [patient.held_since] * patient.held + [self.stopped_since] * self.stopped
            known = min(since)
        self.counts[w.WASTED] += known > patient.planned - self.walk.make_days

    def infuse(self, now: int, person: int, place: int, level: int) -> None:
        """A dose is given; the worst of what comes of it shows on a day that nobody knows yet."""
        patient, chosen = self.patients[person], self.plan.levels[level]
        row = self.walk.grades[level].tolist()
        drawn, grade, reached = self.draw(patient.key, keys.GRADE, place), 0, row[0]
        while grade < 5 and drawn >= reached:
            grade += 1
            reached += row[grade]
        self.given_today(now, patient, (self.plan.steps[place].name, chosen.dose, chosen.amount, now))
        self.given[level] += 1
        self.toxic[level] += grade >= self.walk.least
        self.counts[w.EVENTS] += self.others(patient.key, place)
        if grade:
            patient.grades[place] = grade
            onset = now + int(self.draw(patient.key, keys.ONSET, place) * (self.walk.window + 1))
            self.push(onset, w.SHOWS, person, place)

    def given_today(self, now: int, patient: Patient, dose: tuple[str, str, float, int]) -> None:
        """A dose may begin the count of harm anew: then the hold of the trial is looked at, as after an event."""
        stop = self.rule(self.plan.trial_hold)
        if not isinstance(stop, Hold) or not self.plan.harm.from_last:
            patient.told.doses.append(dose)
            return
        before = self.asked.about(stop, patient.told, now)
        patient.told.doses.append(dose)
        if self.asked.about(stop, patient.told, now) != before and not self.stopped:
            self.stop(now, stop)

    def others(self, key: int, place: int) -> int:
        """How many events come that nobody relates to the cells: a Poisson number, by inversion."""
        drawn, count, term = self.draw(key, w.OTHERS, place), 0, self.walk.none_other
        reached = term
        while drawn >= reached and count < 100:
            count += 1
            term *= self.walk.others / count
            reached += term
        return count

    # ------------------------------------------------ harm, holds, declarations

    def shows(self, now: int, person: int, place: int) -> None:
        """An event is reported; the holds are looked at once more."""
        patient = self.patients[person]
        if now >= patient.gone:
            return
        grade = patient.grades[place]
        hold, stop = self.rule(self.plan.person_hold), self.rule(self.plan.trial_hold)
        before = self.asked.about(stop, patient.told, now) if isinstance(stop, Hold) else None
        patient.told.events.append((grade, now))
        self.counts[w.EVENTS] += 1
        self.counts[w.SEVERE] += grade >= 3
        if isinstance(hold, Hold):
            self.hold(now, person, hold)
        if isinstance(stop, Hold):
            after = self.asked.about(stop, patient.told, now)
            patient.harmed = patient.harmed or after[0] is True
            if after != before and not self.stopped:
                self.stop(now, stop)
        if grade == 5:
            self.counts[w.DEATHS] += 1
            patient.gone, patient.dead = now, True

    def rule(self, name: str) -> Hold | Predicate | None:
        """A rule of the protocol by name; none where there is none."""
        found = self.protocol.rules[name] if name else None
        return found if isinstance(found, Hold | Predicate) else None

    def hold(self, now: int, person: int, rule: Hold) -> None:
        """The hold of a person is placed where it is true on something that was not judged before."""
        patient = self.patients[person]
        truth, evidence = self.asked.about(rule, patient.told, now)
        patient.harmed = patient.harmed or truth is True
        if truth and not patient.held and not patient.judged.issuperset(evidence):
            patient.held, patient.held_since, patient.because = True, now, evidence
            self.push(now + self.walk.decision_days, w.DECIDED, person, patient.holds)
            patient.holds += 1
            self.counts[w.HOLDS] += 1

    def stop(self, now: int, rule: Hold) -> None:
        """The hold of the trial, likewise."""
        found = self.asked.stops(rule, [each.told for each in self.patients], now)
        if found is not None and not self.judged.issuperset(found):
            self.stopped, self.stopped_since, self.because = True, now, found
            self.push(now + self.walk.decision_days, w.DECIDED, w.TRIAL, self.counts[w.STOPS])
            self.counts[w.STOPS] += 1

    def decided(self, now: int, person: int, turn: int) -> None:
        """Those who may lift a hold have met; they judge what came meanwhile and speaks for it as well."""
        if person == w.TRIAL:
            if self.draw(w.TRIAL, w.HOLD, turn) < self.walk.lifted[1]:
                self.stopped = False
                rule = self.rule(self.plan.trial_hold)
                assert isinstance(rule, Hold)
                speaks = self.asked.stops(rule, [each.told for each in self.patients], now)
                self.judged |= {*self.because, *(speaks or ())}
            else:
                self.counts[w.CLOSED] = 1
            return
        patient = self.patients[person]
        if self.draw(patient.key, w.HOLD, turn) < self.walk.lifted[0]:
            patient.held = False
            hold = self.rule(self.plan.person_hold)
            assert isinstance(hold, Hold)
            truth, evidence = self.asked.about(hold, patient.told, now)
            patient.judged |= {*patient.because, *(evidence if truth else ())}

    def declare(self, now: int, person: int, place: int) -> None:
        """After a visit that counts, the declaration is looked at."""
        _ = person
        rule = self.rule(self.plan.declaration)
        if isinstance(rule, Predicate) and self.plan.required[place] and not self.counts[w.DECLARED]:
            self.counts[w.DECLARED] = self.asked.declares(rule, [each.told for each in self.patients], now)

    # ------------------------------------------------ the end

    def slots(self, patient: Patient) -> list[int]:
        """The day of every slot; -1 where nothing was measured. Rounds are planned from their start to their end."""
        found = [patient.arrived] * self.walk.screenings
        found += [-1 if patient.missed[place] else day for place, day in enumerate(patient.visits)]
        for rounds in self.plan.rounds:
            start, until = self.anchored(patient, rounds.anchor), self.anchored(patient, rounds.until)
            last = until - 1 if rounds.until_days < 0 else until + rounds.until_days
            for number in range(1, rounds.room + 1):
                day = start + int(number * rounds.every + 0.5)
                found.append(day if start >= 0 and until >= 0 and day <= last else -1)
        return found

    def finish(self) -> None:
        """People leave or reach the end, and the trial lasts until the last of them has."""
        for patient in self.patients:
            slots = self.slots(patient)
            last = max([patient.told.enrolled, *slots, *patient.visits])
            cut = patient.cut or patient.gone <= last
            through = len(patient.told.doses) == len(self.plan.giving) and not patient.harmed and not cut
            self.counts[w.HARMED] += patient.harmed
            self.counts[w.LEFT] += cut and not patient.dead
            self.counts[w.THROUGH] += through
            self.counts[w.DAYS] = max(self.counts[w.DAYS], patient.gone if cut else last)
            for place, day in enumerate(slots):
                if place >= self.walk.screenings and day >= patient.gone:
                    slots[place] = -1
            self.measure(patient, slots)

    def measure(self, patient: Patient, slots: list[int]) -> None:
        """What the instruments read at every slot."""
        for fact, scale in enumerate(self.plan.scales):
            start, start_sd, slope, slope_sd, wobble, effect, grid, low, high = self.walk.outcomes[fact].tolist()
            begin = start + start_sd * normal(self.draw(patient.key, w.START, fact))
            rate = slope + slope_sd * normal(self.draw(patient.key, w.SLOPE, fact))
            for slot, day in enumerate(slots):
                if day < 0 or not self.walk.measured[fact, slot]:
                    continue
                treated = day - patient.first_dose if 0 <= patient.first_dose < day else 0
                true = begin + rate * ((day - patient.arrived) / DAYS_A_MONTH) + effect * (treated / DAYS_A_MONTH)
                read = true + wobble * normal(self.draw(patient.key, w.RESIDUAL, fact * 256 + slot))
                read = math.floor(min(max(read, low), high) / grid + 0.5) * grid
                patient.told.values.append((scale.fact, str(slot), day, read))

    def differences(self, analysis: int) -> list[float]:
        """Each person's difference between the two sides of an analysis."""
        mine, found = self.plan.measured[analysis], []
        for patient in self.patients:
            if mine.needs_dose and not patient.told.doses:
                continue
            seen = {int(slot): (day, value) for fact, slot, day, value in patient.told.values if fact == mine.fact}
            before, after = (
                [seen[slot] for slot in range(self.plan.slots) if side[slot] and slot in seen]
                for side in (mine.before, mine.after)
            )  # fmt: skip
            if len(before) < mine.least_before or len(after) < mine.least_after:
                continue
            value = _side(after, mine.kind) - _side(before, mine.kind)
            if not math.isnan(value):
                found.append(value)
        return found


def _side(points: list[tuple[int, float]], kind: str) -> float:
    if kind == "change":
        return points[0][1]
    return w.line([day for day, _ in points], [value for _, value in points], len(points))


def estimated(values: list[float], critical: w.Floats) -> tuple[float, bool]:
    """The mean of differences, and whether its t interval of 95 % leaves out zero."""
    if not values:
        return 0.0, False
    total = squares = 0.0
    for value in values:
        total += value
    mean = total / len(values)
    for value in values:
        squares += (value - mean) * (value - mean)
    if len(values) < 2:
        return mean, False
    error = math.sqrt(squares / (len(values) - 1) / len(values))
    return mean, abs(mean) > float(critical[len(values)]) * error


def play(
    protocol: Protocol, assumed: Assumptions, seed: int, number: int, plan: Plan | None = None,
    asked: Asked | None = None, kind: type[Trial] = Trial,
) -> Trial:  # fmt: skip
    """One trial to its end. `asked` remembers answers from trial to trial; it changes none."""
    plan = plan or plan_of(protocol)
    trial = kind(protocol, plan, w.walk(plan, assumed), asked or Asked(protocol), seed, number)
    trial.given, trial.toxic = [0] * len(plan.levels), [0] * len(plan.levels)
    trial.run()
    return trial


def simulate(
    protocol: Protocol, assumed: Assumptions, seed: int, trials: int, first: int = 0, plan: Plan | None = None,
    kind: type[Trial] = Trial,
) -> w.Trials:  # fmt: skip
    """Trials number `first` on, event by event."""
    plan, asked = plan or plan_of(protocol), Asked(protocol)
    found = w.empty(trials, len(plan.levels), len(plan.measured))
    for row in range(trials):
        trial = play(protocol, assumed, seed, first + row, plan, asked, kind)
        found.counts[row], found.given[row], found.toxic[row] = trial.counts, trial.given, trial.toxic
        found.selected[row] = trial.selected
        for analysis in range(len(plan.measured)):
            values = trial.differences(analysis)
            found.people[row, analysis] = len(values)
            found.estimates[row, analysis], found.significant[row, analysis] = estimated(values, trial.walk.critical)
    return found
