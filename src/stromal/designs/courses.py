"""Exact characteristics of designs in which one person gets several doses.

Takes a Within or a Ladder with probabilities of toxicity; gives expected doses and toxicities of each rung, the
chance that the highest dose is declared safe, and how many people are treated. People are alike and independent, so
that one person's course is enumerated once and people are added one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stromal.designs.exact import check_scenario
from stromal.designs.made import shares
from stromal.designs.sheet import Sheet, Shown, numbered, of_sizes
from stromal.rules.escalation.courses import Course, Ladder, Within, declared, goes_on, next_rung, stops

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OnePerson:
    """One person's course: expected doses and unacceptable toxicities of each rung (K), the chance of unacceptable
    toxicity, and the chance that each rung is the last one given (K; short of 1 where no dose at all can be made).

    `safe` is the chance of coming through without it after every dose could be made - within the participant each as
    planned - and `lost` the expected number of doses that could not be made at all.
    """

    given: tuple[float, ...]
    toxic: tuple[float, ...]
    harmed: float
    last: tuple[float, ...]
    safe: float
    lost: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class CourseCharacteristics(Shown):
    """What the design does: `declared` is the chance that the highest dose is declared safe (0 for a ladder), `stopped`
    that fewer than the planned people are treated; `people` maps each possible number of people to its probability.
    `scenario` is the chance of unacceptable toxicity after each rung.
    """

    scenario: tuple[float, ...]
    person: OnePerson
    declared: float
    stopped: float
    people: tuple[tuple[int, float], ...]
    given: tuple[float, ...]
    toxic: tuple[float, ...]
    lost: float = 0.0

    @property
    def expected_people(self) -> float:
        """The expected number of people."""
        return math.fsum(number * share for number, share in self.people)

    @property
    def sizes(self) -> Sheet:
        """How many people the trial may come to, and how likely each number is."""
        return of_sizes(self.people)

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a rung: its chance of unacceptable toxicity, expected doses and toxicities, a person's last dose."""
        columns = {
            "dose": numbered(len(self.given)), "toxicity": np.array(self.scenario), "given": np.array(self.given),
            "toxic": np.array(self.toxic), "last": np.array(self.person.last),
        }  # fmt: skip
        safe = f"the highest dose is declared safe with probability {self.declared:.4f}"
        told = (
            f"a person has unacceptable toxicity with probability {self.person.harmed:.4f}; the trial stops early with "
            f"{self.stopped:.4f}; {self.expected_people:.2f} people expected"
        )
        notes = [safe if self.declared else "nothing is declared safe", told]
        if self.lost:
            notes.append(f"{self.lost:.2f} doses lost, of which nothing could be made, expected")
        return (Sheet("What the design does (exact, one person after the other)", columns, 1, tuple(notes)),)


def check_grades(grades: Sequence[Sequence[float]], rungs: int) -> Floats:
    """Probabilities of the worst grade 0 to 5 after each rung (K x 6). ValueError names a row that cannot be."""
    table = np.asarray(grades, dtype=np.float64)
    if table.shape != (rungs, 6):
        raise ValueError(
            f"the scenario gives a table of {table.shape}, the design needs {rungs} rungs by grades 0 to 5"
        )
    for rung, row in enumerate(table, 1):
        if row.min() < 0 or abs(row.sum() - 1) > 1e-9:
            raise ValueError(f"the probabilities of rung {rung} are negative or do not add up to 1")
    return table


def graded(scenario: Sequence[float], unacceptable: int = 3) -> list[list[float]]:
    """Probabilities of toxicity as a table of grades: the unacceptable grade, or none."""
    true = check_scenario(scenario, len(scenario))
    return [[1 - p if grade == 0 else p if grade == unacceptable else 0.0 for grade in range(6)] for p in true.tolist()]


def grades_of(design: Course, scenario: Sequence[float]) -> list[list[float]]:
    """Probabilities of unacceptable toxicity after each rung as the table of grades that the design reads."""
    return graded(scenario, least_unacceptable(design))


def least_unacceptable(design: Course) -> int:
    """The lowest grade that is unacceptable: what the ladder says; any toxicity within the participant."""
    return design.unacceptable if isinstance(design, Ladder) else 1


@dataclass(frozen=True, slots=True)
class _Course:
    """Doses so far as the rule sees them, and their chance; the last rung given (-1: none); whether all were made."""

    seen: tuple[tuple[int, int], ...] = ()
    mass: float = 1.0
    last: int = -1
    whole: bool = True
    ended: bool = False


def one_person(
    design: Course, grades: Sequence[Sequence[float]], makeable: Sequence[float] = (), *, stops: bool = False
) -> OnePerson:
    """Every course that one person can take, weighed by probabilities of the worst grade after each rung (K x 6), and
    by the chance that a dose of each rung can be made (K), where it cannot always be.

    Where the trial `stops` with this person's unacceptable toxicity, doses after it are withheld.
    """
    rungs = len(grades)
    table = check_grades(grades, rungs)
    given, toxic, last = np.zeros(rungs), np.zeros(rungs), np.zeros(rungs)
    harmed = safe = lost = 0.0
    least = least_unacceptable(design)
    going = [_Course()]
    while going:
        course = going.pop()
        hurt = any(grade >= least for _, grade in course.seen)
        rung = None if course.ended or (stops and hurt) else next_rung(design, course.seen, rungs)
        if rung is None:
            last[course.last] += course.mass * (course.last >= 0)
            harmed += course.mass * hurt
            safe += course.mass * (course.whole and not hurt and len(course.seen) == planned_doses(design, rungs))
            continue
        for made, share in enumerate(shares(makeable, rung)):
            mass = course.mass * share * (makeable[0] if makeable else 1.0)
            given[made] += mass
            toxic[made] += mass * float(table[made, least:].sum())
            whole = course.whole and as_planned(design, rung, made)
            going += [
                _Course((*course.seen, (made, grade)), mass * float(p), made, whole)
                for grade, p in enumerate(table[made]) if p * mass > 0
            ]  # fmt: skip
        if makeable and makeable[0] < 1:
            wasted = course.mass * (1 - makeable[0])
            lost += wasted
            # a ladder goes on from the rung that was planned, within the participant nothing more is given
            seen = (*course.seen, (rung, 0))
            going.append(_Course(seen, wasted, course.last, whole=False, ended=isinstance(design, Within)))
    return OnePerson(tuple(given.tolist()), tuple(toxic.tolist()), harmed, tuple(last.tolist()), safe, lost)


def planned_doses(design: Course, rungs: int) -> int:
    """How many doses a person is planned to have."""
    return rungs if isinstance(design, Within) else design.administrations


def as_planned(design: Course, planned: int, made: int) -> bool:
    """Whether a dose that could be made serves as planned: within the participant only the planned one, so that who got
    less speaks for no declaration; on a ladder any.
    """
    return made == planned or (made >= 0 and isinstance(design, Ladder))


def characteristics(
    design: Course, grades: Sequence[Sequence[float]], makeable: Sequence[float] = ()
) -> CourseCharacteristics:
    """What the design does, people being treated one after the other."""
    if makeable and len(makeable) != len(grades):
        raise ValueError(f"{len(makeable)} chances of making a dose for {len(grades)} rungs")
    person, last = (one_person(design, grades, makeable, stops=stops) for stops in (False, True))
    alike = {person: 0.0, last: 0.0}
    outcomes = ((1, 0, person.safe), (0, 1, person.harmed), (0, 0, max(0.0, 1 - person.safe - person.harmed)))
    going, ended = {(0, 0): 1.0}, list[tuple[int, int, float]]()
    begun = 0
    while going:
        following: dict[tuple[int, int], float] = {}
        for (safe, harmed), mass in going.items():
            if not goes_on(design, begun - harmed, harmed):
                ended.append((begun, safe, mass))
                continue
            alike[last if stops(design, harmed + 1) else person] += mass
            for well, hurt, share in outcomes:
                after = (safe + well, harmed + hurt)
                following[after] = following.get(after, 0.0) + mass * share
        going, begun = following, begun + 1
    sizes: dict[int, float] = {}
    for number, _, mass in ended:
        sizes[number] = sizes.get(number, 0.0) + mass
    people = tuple(sorted(sizes.items()))
    sure = math.fsum(mass for _, safe, mass in ended if isinstance(design, Within) and declared(design, safe))
    scenario = check_grades(grades, len(grades))[:, least_unacceptable(design) :].sum(axis=1)
    return CourseCharacteristics(
        tuple(scenario.tolist()), person, sure,
        math.fsum(share for number, share in people if number < design.people), people,
        tuple(math.fsum(number * each.given[rung] for each, number in alike.items()) for rung in range(len(grades))),
        tuple(math.fsum(number * each.toxic[rung] for each, number in alike.items()) for rung in range(len(grades))),
        math.fsum(number * each.lost for each, number in alike.items()),
    )  # fmt: skip
