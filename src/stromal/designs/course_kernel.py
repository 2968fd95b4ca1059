"""Many trials whose people get several doses, compiled: escalation within the participant, and the ladder.

Takes a Course, probabilities of grades, CourseTiming and a range of trial numbers; gives arrays over trials, equal
trial by trial and to the last bit to `course_engine.run`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from stromal.designs.courses import check_grades, least_unacceptable
from stromal.designs.keys import ARRIVAL, DELAY, GRADE, MADE, ONSET, drawn, trial_key
from stromal.designs.sheet import Columns, Sheet, Shown, numbered
from stromal.designs.timing import CourseTiming
from stromal.designs.trial_sheet import lasting, means, spread_out
from stromal.rules.escalation.courses import MOVES, Course, Ladder, Within

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_FAR = 1e300
_UP, _SAME, _DOWN = (MOVES.index(move) for move in ("up", "same", "down"))


@dataclass(frozen=True, slots=True, repr=False)
class CourseTrials(Shown):
    """Simulated trials in the order of their numbers: doses given and unacceptable toxicities of each rung (T x K),
    people treated, harmed and safe, doses lost and withheld, days, whether the highest dose is declared safe (T).
    """

    given: Whole
    toxic: Whole
    people: Whole
    harmed: Whole
    safe: Whole
    lost: Whole
    withheld: Whole
    days: Floats
    declared: NDArray[np.bool_]

    @property
    def columns(self) -> Columns:
        """A row a trial."""
        whole = ("people", "harmed", "safe", "lost", "withheld", "days", "declared")
        told = {name: getattr(self, name) for name in whole}
        return {**told, **spread_out("given", self.given), **spread_out("toxic", self.toxic)}

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a rung, over all trials: doses and toxicities with their Monte Carlo errors."""
        many, rungs = self.given.shape
        columns = {"dose": numbered(rungs), **means("given", self.given), **means("toxic", self.toxic)}
        share = self.declared.sum() / max(many, 1)
        error = (share * (1 - share) / max(many, 1)) ** 0.5
        safe = f"the highest dose is declared safe in {share:.2%} ± {error:.2%} of the trials"
        notes = (safe if share else "nothing is declared safe", *lasting(self.days))
        return (Sheet(f"{many:,} simulated trials", columns, 1, notes),)


_TURNS, _LAST, _SEEN, _WORST, _WHOLE = range(5)
"""What is kept of a person: doses due, the last rung, the grade shown since, the worst grade, doses as planned."""


@nb.njit(inline="always")
def _rung(person, rungs, within, rule):  # type: ignore[no-untyped-def]
    """The rung of a person's next dose; -1 where there is none."""
    _, _, _, administrations, start, least, moves = rule
    turn = person[_TURNS]
    if within:
        return turn if turn < rungs and person[_WORST] < least else -1
    if turn == 0:
        return min(start, rungs - 1)
    if turn == administrations:
        return -1
    move = moves[person[_SEEN]]
    if move == _UP:
        return min(person[_LAST] + 1, rungs - 1)
    if move == _DOWN:
        return max(person[_LAST] - 1, 0)
    return person[_LAST] if move == _SAME else -1


@nb.njit(inline="always")
def _stops(harmed, within, rule):  # type: ignore[no-untyped-def]
    """Whether the trial stops for everybody in it."""
    most, need, stop_at = rule[0], rule[1], rule[2]
    return (stop_at > 0 and harmed >= stop_at) or (within and most - harmed < need)


@nb.njit(inline="always")
def _goes_on(harmed, within, rule):  # type: ignore[no-untyped-def]
    """Whether another person is treated."""
    return harmed < rule[0] and not _stops(harmed, within, rule)


@nb.njit(inline="always")
def _next_event(shows, due, arrives, people, persons):  # type: ignore[no-untyped-def]
    """The next event: its time, its kind (0 toxicity shows, 1 dose due, 2 arrival), person and turn."""
    best, kind, who, turn = _FAR, -1, 0, 0
    for person in range(people):
        for each in range(persons[person, _TURNS]):
            if shows[person, each] < best:
                best, kind, who, turn = shows[person, each], 0, person, each
    for person in range(people):
        if due[person] < best:
            best, kind, who = due[person], 1, person
    if arrives < best:
        best, kind = arrives, 2
    return best, kind, who, turn


@nb.njit(inline="always")
def _made(key, person, turn, rung, makeable):  # type: ignore[no-untyped-def]
    """The highest rung up to the planned one that can be made; -1 where none can."""
    if len(makeable) == 0:
        return rung
    chance = drawn(key, person, MADE + 16 * turn)
    while rung >= 0 and chance >= makeable[rung]:
        rung -= 1
    return rung


@nb.njit(inline="always")
def _grade(key, person, turn, row):  # type: ignore[no-untyped-def]
    """The worst grade after a dose."""
    chance, grade, reached = drawn(key, person, GRADE + 16 * turn), 0, row[0]
    while grade < 5 and chance >= reached:
        grade += 1
        reached += row[grade]
    return grade


@nb.njit(inline="always")
def _show(person, turn, grade, least):  # type: ignore[no-untyped-def]
    """A toxicity shows; 1 when it is the person's first unacceptable one."""
    if turn == person[_TURNS] - 1:
        person[_SEEN] = grade
    first = grade >= least and person[_WORST] < least
    person[_WORST] = max(person[_WORST], grade)
    return 1 if first else 0


@nb.njit(inline="always")
def _give(key, number, now, rung, person, grades, window, makeable, within, shows, shown):  # type: ignore[no-untyped-def]
    """A dose of this rung is due: what is made of it is given, and the rung is returned; -1 where it is lost."""
    turn = person[_TURNS]
    made = _made(key, number, turn, rung, makeable)
    person[_TURNS], person[_LAST], person[_SEEN] = turn + 1, rung if made < 0 else made, 0
    shows[number, turn], shown[number, turn] = _FAR, 0
    if made >= 0:
        person[_WHOLE] += made == rung or not within
        grade = _grade(key, number, turn, grades[made])
        shown[number, turn] = grade
        if grade > 0:
            shows[number, turn] = now + window * drawn(key, number, ONSET + 16 * turn)
    return made


@nb.njit(inline="always")
def _due(key, trial, now, number, person, grades, times, makeable, within, rule, harmed, counts, state):  # type: ignore[no-untyped-def]
    """Somebody's dose is due: given, lost or withheld. The day of the last window that ends is returned, or 0."""
    _, low, high, window, _ = times
    shows, shown, due = state
    due[number] = _FAR
    rung = _rung(person, grades.shape[0], within, rule)
    if rung < 0:
        return 0.0
    if _stops(harmed, within, rule):
        counts[6][trial] += 1
        return 0.0
    turn = person[_TURNS]
    made = _give(key, number, now, rung, person, grades, window, makeable, within, shows, shown)
    if made >= 0 or not within:
        due[number] = now + (low + (high - low) * drawn(key, number, DELAY + 16 * turn))
    if made < 0:
        counts[5][trial] += 1
        return 0.0
    counts[0][trial, made] += 1
    counts[1][trial, made] += shown[number, turn] >= rule[5]
    return now + window


@nb.njit(cache=True)
def _walk(seed, first, grades, times, makeable, within, rule, counts, lasting):  # type: ignore[no-untyped-def]
    """Every trial, event by event."""
    gap, apart = times[0], times[4]
    most, least = rule[0], rule[5]
    planned = grades.shape[0] if within else rule[3]
    shows, shown, due = np.empty((most, planned)), np.empty((most, planned), np.int64), np.empty(most)
    persons = np.zeros((most, 5), np.int64)
    for trial in range(len(lasting)):
        key = trial_key(seed, first + trial)
        people, harmed, end, now, kind = 0, 0, 0.0, 0.0, 0
        arrives = 0.0 + -math.log(1.0 - drawn(key, 0, ARRIVAL)) * gap
        while kind >= 0:
            now, kind, number, turn = _next_event(shows, due, arrives, people, persons)
            if kind == 0:
                shows[number, turn] = _FAR
                harmed += _show(persons[number], turn, shown[number, turn], least)
            if kind == 2:
                arrives = _FAR
                if not _goes_on(harmed, within, rule):
                    continue
                number, people = people, people + 1
                persons[number, :] = 0
            if kind > 0:
                ends = _due(
                    key, trial, now, number, persons[number], grades, times, makeable, within, rule, harmed, counts,
                    (shows, shown, due),
                )  # fmt: skip
                end = max(end, ends)
            if kind == 2 and people < most:
                arrives = now + max(-math.log(1.0 - drawn(key, people, ARRIVAL)) * gap, apart)
        counts[2][trial], counts[3][trial], lasting[trial] = people, harmed, end
        for each in range(people):
            counts[4][trial] += persons[each, _WHOLE] == planned and persons[each, _WORST] < least


def simulate(
    design: Course, grades: Sequence[Sequence[float]], timing: CourseTiming, seed: int, trials: int, first: int = 0
) -> CourseTrials:
    """Trials number `first` on. ValueError where the table of grades does not fit."""
    table = check_grades(grades, len(grades))
    if timing.makeable and len(timing.makeable) != len(table):
        raise ValueError(f"{len(timing.makeable)} chances of making a dose for {len(table)} rungs")
    within = isinstance(design, Within)
    need = design.need if isinstance(design, Within) else 0
    many, start = (design.administrations, design.start) if isinstance(design, Ladder) else (0, 0)
    moves = design.moves if isinstance(design, Ladder) else ()
    rule = (
        design.people, need, design.stop_at or 0, many, start, least_unacceptable(design),
        np.array([MOVES.index(move) for move in moves], dtype=np.int64),
    )  # fmt: skip
    given, toxic = (np.zeros((trials, len(table)), dtype=np.int64) for _ in range(2))
    people, harmed, safe, lost, withheld = (np.zeros(trials, dtype=np.int64) for _ in range(5))
    days = np.empty(trials)
    low, high = timing.interval_days
    _walk(
        np.uint64(seed % 2**64), first, table, (timing.gap_days, low, high, timing.window_days, timing.people_days),
        np.array(timing.makeable, dtype=np.float64), within, rule,
        (given, toxic, people, harmed, safe, lost, withheld), days,
    )  # fmt: skip
    sure = safe >= need if within else np.zeros(trials, dtype=np.bool_)
    return CourseTrials(given, toxic, people, harmed, safe, lost, withheld, days, sure)
