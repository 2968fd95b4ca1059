"""A trial whose people get several doses, event by event: escalation within the participant, and the ladder.

Takes a Course, probabilities of grades, CourseTiming and a key; gives what happened. The rules asked are those of
`rules.escalation.courses`; the compiled kernel must agree with this trial by trial.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from stromal.designs import keys
from stromal.designs.courses import as_planned, check_grades, least_unacceptable, planned_doses
from stromal.designs.made import made
from stromal.designs.timing import CourseTiming
from stromal.rules.escalation.courses import Course, Within, declared, goes_on, next_rung, stops

SHOWS, DUE, ARRIVES = range(3)


@dataclass(frozen=True, slots=True)
class CourseHappened:
    """One trial: doses given and unacceptable toxicities of each rung, people treated, harmed and safe, doses lost,
    doses withheld because the trial had stopped, days, and whether the highest dose is declared safe.
    """

    given: tuple[int, ...]
    toxic: tuple[int, ...]
    people: int
    harmed: int
    safe: int
    lost: int
    withheld: int
    days: float
    declared: bool


@dataclass(slots=True)
class Patient:
    """What happened to one person: (rung, grade shown so far) of each dose, and how many doses were due."""

    given: list[list[int]] = field(default_factory=list)
    due: int = 0
    worst: int = 0
    ended: bool = False


@dataclass(slots=True)
class CourseTrial:
    """The state of a trial while its events are worked off."""

    design: Course
    grades: Sequence[Sequence[float]]
    timing: CourseTiming
    seed: int
    number: int
    events: list[tuple[float, int, int, int]] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    toxic: list[int] = field(default_factory=list)
    lost: int = 0
    withheld: int = 0
    last: float = 0.0

    def draw(self, person: int, purpose: int, turn: int = 0) -> float:
        """The number of a person, a purpose and a dose."""
        return keys.uniform(self.seed, self.number, person, purpose + 16 * turn)

    def harmed(self) -> int:
        """How many people are known to have had unacceptable toxicity."""
        least = least_unacceptable(self.design)
        return sum(patient.worst >= least for patient in self.patients)

    def invite(self, now: float) -> None:
        """The next person, while the trial still takes people."""
        if len(self.patients) < self.design.people and goes_on(self.design, 0, self.harmed()):
            person = len(self.patients)
            gap = -math.log(1.0 - self.draw(person, keys.ARRIVAL)) * self.timing.gap_days
            heapq.heappush(self.events, (now + max(gap, self.timing.people_days * bool(person)), ARRIVES, person, 0))

    def give(self, now: float, person: int) -> None:
        """A dose is due: it is given, lost because it cannot be made, withheld, or there is no next one."""
        patient = self.patients[person]
        least = least_unacceptable(self.design)
        if stops(self.design, self.harmed()):
            self.withheld += next_rung(self.design, self.seen(patient, least), len(self.grades)) is not None
            return
        rung = next_rung(self.design, self.seen(patient, least), len(self.grades))
        if rung is None:
            return
        turn, patient.due = patient.due, patient.due + 1
        rung_made = self.makeable(person, turn, rung)
        if rung_made < 0:
            self.lost += 1
            patient.given.append([rung, -1])
            if isinstance(self.design, Within):
                return
        else:
            self.infuse(now, person, turn, rung_made)
        low, high = self.timing.interval_days
        wait = low + (high - low) * self.draw(person, keys.DELAY, turn)
        heapq.heappush(self.events, (now + wait, DUE, person, 0))

    def seen(self, patient: Patient, least: int) -> list[tuple[int, int]]:
        """What the rule sees: doses with their worst grade so far; a lost dose did no harm.

        Within the participant only unacceptable toxicity counts as such; the ladder reads the grade itself.
        """
        if isinstance(self.design, Within):
            return [(rung, max(grade, 0) * (grade >= least)) for rung, grade in patient.given]
        return [(rung, max(grade, 0)) for rung, grade in patient.given]

    def makeable(self, person: int, turn: int, rung: int) -> int:
        """The highest rung up to the planned one that can be made for this dose; -1 where none can."""
        return made(self.timing.makeable, rung, self.draw(person, keys.MADE, turn))

    def infuse(self, now: float, person: int, turn: int, rung: int) -> None:
        """A dose is given; its worst toxicity will show on a day that nobody knows yet."""
        drawn, grade, reached = self.draw(person, keys.GRADE, turn), 0, self.grades[rung][0]
        while grade < 5 and drawn >= reached:
            grade += 1
            reached += self.grades[rung][grade]
        self.given[rung] += 1
        self.toxic[rung] += grade >= least_unacceptable(self.design)
        self.patients[person].given.append([rung, 0])
        self.last = max(self.last, now + self.timing.window_days)
        if grade:
            shows = now + self.timing.window_days * self.draw(person, keys.ONSET, turn)
            heapq.heappush(self.events, (shows, SHOWS, person, turn * 8 + grade))


def run(
    design: Course, grades: Sequence[Sequence[float]], timing: CourseTiming, seed: int, number: int
) -> CourseHappened:
    """One trial, from its key."""
    table = check_grades(grades, len(grades)).tolist()
    trial = CourseTrial(design, table, timing, seed, number, given=[0] * len(table), toxic=[0] * len(table))
    trial.invite(0.0)
    while trial.events:
        now, kind, person, what = heapq.heappop(trial.events)
        if kind == ARRIVES:
            if not goes_on(design, 0, trial.harmed()):
                continue
            trial.patients.append(Patient())
            trial.give(now, person)
            trial.invite(now)
        elif kind == DUE:
            trial.give(now, person)
        else:
            patient = trial.patients[person]
            patient.given[what // 8][1] = what % 8
            patient.worst = max(patient.worst, what % 8)
    harmed = trial.harmed()
    safe = sum(_came_through(design, trial, patient) for patient in trial.patients)
    sure = isinstance(design, Within) and declared(design, safe)
    return CourseHappened(
        tuple(trial.given), tuple(trial.toxic), len(trial.patients), harmed, safe, trial.lost, trial.withheld,
        trial.last, sure,
    )  # fmt: skip


def _came_through(design: Course, trial: CourseTrial, patient: Patient) -> bool:
    """Whether a person had every dose - within the participant each as planned - and no unacceptable toxicity."""
    rungs = len(trial.grades)
    whole = len(patient.given) == planned_doses(design, rungs) and all(
        grade >= 0 and as_planned(design, turn, rung) for turn, (rung, grade) in enumerate(patient.given)
    )
    return whole and patient.worst < least_unacceptable(design)
