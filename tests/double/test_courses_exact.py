"""Escalation within the participant against the closed form; ladders against counting every course by hand."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

import pytest

from stromal.designs import course_engine, course_kernel
from stromal.designs.courses import characteristics, check_grades, graded, one_person
from stromal.designs.timing import CourseTiming
from stromal.rules.escalation.courses import Ladder, Within, goes_on, moved, next_rung

TABLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "stats" / "seed000_within_patient_6of6_exact.csv"


def test_six_of_six_through_two_doses() -> None:
    """The chance of declaring the second dose safe, and of toxicity in one person."""
    if not TABLE.exists():
        pytest.skip("needs ../shared/data/stats")
    with TABLE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found = characteristics(Within(6, 6), graded([float(row["p_tox_1e6"]), float(row["p_tox_5e6"])]))
            assert found.declared == pytest.approx(float(row["P_declare_5e6_safe"]), abs=1e-12)
            assert found.person.harmed == pytest.approx(float(row["per_patient_tox"]), abs=1e-12)


def test_people_until_it_can_no_longer_succeed() -> None:
    """With one toxicity the trial of six ends; the expected number of people is a cut geometric mean."""
    share = 1 - 0.9 * 0.8
    found = characteristics(Within(6, 6), graded([0.1, 0.2]))
    assert found.expected_people == pytest.approx((1 - (1 - share) ** 6) / share, abs=1e-12)
    assert math.fsum(part for _, part in found.people) == pytest.approx(1, abs=1e-12)


GRADES = [[0.60, 0.20, 0.10, 0.06, 0.03, 0.01], [0.50, 0.20, 0.15, 0.09, 0.04, 0.02], [0.3, 0.3, 0.2, 0.1, 0.06, 0.04]]


def test_a_ladder_counted_course_by_course() -> None:
    """Three doses on three rungs: every sequence of grades is walked by hand."""
    design = Ladder(5, 3, start=1, stop_at=2)
    given, toxic, last, harmed = [0.0] * 3, [0.0] * 3, [0.0] * 3, 0.0
    for grades in itertools.product(range(6), repeat=3):
        rung, mass, hurt, here = 1, 1.0, False, 1
        steps = []
        for grade in grades:
            here = rung
            steps.append((rung, grade))
            mass *= GRADES[rung][grade]
            hurt = hurt or grade >= 3
            after = {0: 1, 1: 1, 2: 0, 3: -1}.get(grade)
            if after is None:
                break
            rung = min(max(rung + after, 0), 2)
        # A course that ends early is met once for each way the grades could have gone on.
        mass /= 6 ** (3 - len(steps))
        harmed += mass * hurt
        last[here] += mass
        for place, grade in steps:
            given[place] += mass
            toxic[place] += mass * (grade >= 3)
    found = one_person(design, GRADES)
    assert found.given == pytest.approx(given, abs=1e-12)
    assert found.toxic == pytest.approx(toxic, abs=1e-12)
    assert found.last == pytest.approx(last, abs=1e-12)
    assert found.harmed == pytest.approx(harmed, abs=1e-12)
    trial = characteristics(design, GRADES)
    stopped = math.fsum(k * harmed**2 * (1 - harmed) ** (k - 1) for k in range(1, 4))
    assert trial.stopped == pytest.approx(stopped, abs=1e-12)
    assert trial.declared == 0


def test_the_last_who_may_be_harmed_goes_on() -> None:
    """Without a number of people that stops the trial nobody's doses are withheld, though everybody is harmed."""
    for people in (1, 3):
        found = characteristics(Ladder(people, 4), graded([0.3, 0.6]))
        assert sum(found.given) == pytest.approx(4 * people, abs=1e-12)
        assert found.stopped == 0
        trials = course_kernel.simulate(Ladder(people, 4), graded([0.3, 0.6]), CourseTiming(), 1, 200)
        assert (trials.given.sum(axis=1) == 4 * people).all()
        assert sum(course_engine.run(Ladder(people, 4), graded([0.3, 0.6]), CourseTiming(), 1, 7).given) == 4 * people


def test_moves_on_the_rungs() -> None:
    """The top and the bottom stay; hold and stop lead nowhere."""
    assert [moved(2, move, 3) for move in ("up", "same", "down", "hold", "stop")] == [2, 2, 1, None, None]
    assert moved(0, "down", 3) == 0


def test_what_a_person_gets_next() -> None:
    """Doses in turn until one is toxic; a ladder ends with its last administration."""
    assert next_rung(Within(), [], 2) == 0
    assert next_rung(Within(), [(0, 0)], 2) == 1
    assert next_rung(Within(), [(0, 3)], 2) is None
    assert next_rung(Within(), [(0, 0), (1, 0)], 2) is None
    assert next_rung(Ladder(3, 1, start=9), [], 2) == 1
    assert next_rung(Ladder(3, 1), [(0, 0)], 2) is None
    assert not goes_on(Within(6, 5), 3, 2)
    assert goes_on(Within(6, 5), 3, 1)
    assert not goes_on(Within(6, 3, stop_at=1), 3, 1)


def test_numbers_that_cannot_be() -> None:
    """People, needs, rungs, tables, grades and probabilities are checked."""
    for wrong in (
        lambda: Within(6, 7), lambda: Within(6, 6, 0), lambda: Ladder(0, 1), lambda: Ladder(3, 1, moves=("up",)),
        lambda: Ladder(3, 1, unacceptable=6), lambda: Ladder(3, 1, stop_at=0), lambda: check_grades([[1.0]], 1),
        lambda: check_grades([[0.5, 0.1, 0, 0, 0, 0]], 1), lambda: graded([1.2]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"cannot|stops|ladder|table|grade|add up|probability"):
            wrong()
