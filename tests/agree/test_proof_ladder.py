"""The ladder of proof: exact, compiled and event by event agree; chunks change nothing."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.designs import course_engine, course_kernel, courses, engine, exact, kernel, keys, tite_engine, tite_kernel
from stromal.designs.automaton import Automaton, listed
from stromal.designs.fits import Fits
from stromal.designs.timing import CourseTiming, Timing, spacing
from stromal.rules.escalation import Tally
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.designs import (
    AtMost,
    Blrm,
    Boin,
    Coherent,
    CohortOf,
    Crm,
    Design,
    FixedCohorts,
    IThreePlusThree,
    Mtpi2,
    NoSkipping,
    Staggered,
    StartAt,
    StopAt,
    StopTooToxic,
    ThreePlusThree,
    core,
)  # fmt: skip
from stromal.rules.escalation.models import skeleton
from stromal.rules.escalation.named import named

TRUE = [0.05, 0.15, 0.30, 0.45, 0.60]
CRM = Crm(skeleton(0.06, 0.30, 2, 5), 0.30, size=3)
DESIGNS: dict[str, Design] = {
    "fixed": FixedCohorts(3, 1),
    "3+3": ThreePlusThree(),
    "3+3 with de-escalation": Staggered(ThreePlusThree(deescalate=True), sentinel_days=7),
    "BOIN": Staggered(AtMost(Boin(0.30), 30), people_days=1, sentinel_days=14, cohort_days=7),
    "i3+3": StopAt(AtMost(IThreePlusThree(0.30), 24), 12),
    "mTPI-2": StopTooToxic(StartAt(AtMost(Mtpi2(0.30), 18), 1), 0.30),
    "CRM": AtMost(Coherent(NoSkipping(CRM), 0.30), 18),
    "BLRM": AtMost(NoSkipping(CohortOf(Blrm((1, 2, 4, 8, 16), 16), 4)), 12),
}
TIMINGS = [Timing(7, 28), Timing(3, 28, late=0.8, leaves=0.2)]


def table_and_fits(design: Design) -> tuple[Automaton, Fits]:
    """The table of a design, and the model's doses in all of its states."""
    table, fits = listed(design, 5), Fits()
    fits.learn(
        core(design),
        [Tally(tuple(n), tuple(y)) for n, y in zip(table.treated.tolist(), table.toxic.tolist(), strict=True)],
    )
    return table, fits


@pytest.mark.parametrize("name", DESIGNS)
def test_compiled_trials_are_the_trials_of_the_events(name: str) -> None:
    """Dose, people, toxicities, days and people who left, to the last bit; 5,000 trials of BOIN and CRM."""
    design = DESIGNS[name]
    table, fits = table_and_fits(design)
    for timing in TIMINGS:
        trials = 2_500 if name in ("BOIN", "CRM") else 300
        fast = kernel.simulate(table, TRUE, timing, spacing(design), 20260101, trials)
        for number in range(trials):
            slow = engine.run(design, TRUE, timing, 20260101, number, fits.dose)
            assert slow.selected == fast.selected[number]
            assert slow.treated == tuple(fast.treated[number])
            assert slow.toxic == tuple(fast.toxic[number])
            assert slow.days == fast.days[number]
            assert slow.left == fast.left[number]


@pytest.mark.parametrize("name", DESIGNS)
def test_compiled_trials_come_near_the_exact_ones(name: str) -> None:
    """Selection, people and toxicities within four Monte Carlo errors of the exact characteristics."""
    design, trials = DESIGNS[name], 40_000
    table, _ = table_and_fits(design)
    sure = exact.characteristics(exact.ends_of(table), TRUE)
    drawn = kernel.simulate(table, TRUE, TIMINGS[0], spacing(design), 7, trials)
    for dose in range(5):
        error = math.sqrt(sure.selection[dose] * (1 - sure.selection[dose]) / trials) + 1e-9
        assert abs((drawn.selected == dose).mean() - sure.selection[dose]) < 4 * error + 1e-4
        for seen, expected in ((drawn.treated[:, dose], sure.treated[dose]), (drawn.toxic[:, dose], sure.toxic[dose])):
            assert abs(seen.mean() - expected) < 4.5 * seen.std() / math.sqrt(trials) + 1e-3
    assert math.fsum((*sure.selection, sure.none)) == pytest.approx(1, abs=1e-12)


OPEN: dict[str, Design] = {
    "TITE-BOIN": AtMost(Staggered(Boin(0.30, window_seen=0.5), 2, 14, 7), 24),
    "TITE-BOIN, closing early": AtMost(Boin(0.15, cutoff=0.60, window_seen=0.9), 24),
    "TITE-CRM": AtMost(Coherent(NoSkipping(Crm(skeleton(0.06, 0.30, 2, 5), 0.30)), 0.30), 10),
    "TITE-BOIN from the second dose": AtMost(StartAt(Boin(0.30, window_seen=0.5), 1), 18),
    "TITE-CRM by its name": cast("Design", named("tite-crm", {"most": 12, "cohort": 2}, 5)),
    "TITE-CRM, logistic": AtMost(NoSkipping(Crm(skeleton(0.06, 0.30, 2, 5, "logistic"), 0.30, "logistic", size=3)), 12),
}


@pytest.mark.parametrize("name", OPEN)
def test_open_windows_agree_too(name: str) -> None:
    """TITE designs, with and without people who leave."""
    trials = 400 if "BOIN" in name else 25
    for timing in TIMINGS:
        fast = tite_kernel.simulate(OPEN[name], TRUE, timing, 11, trials)
        for number in range(trials):
            slow = tite_engine.run(OPEN[name], TRUE, timing, 11, number)
            assert (slow.selected, slow.days, slow.left) == (
                fast.selected[number], fast.days[number], fast.left[number],
            )  # fmt: skip
            assert slow.treated == tuple(fast.treated[number])
            assert slow.toxic == tuple(fast.toxic[number])


def test_when_windows_close_before_anybody_comes_tite_boin_is_boin() -> None:
    """With people far apart nobody is ever pending, and the compiled loops give the same doses."""
    timing = Timing(10_000, 1)
    plain = kernel.simulate(listed(AtMost(Boin(0.30), 24), 5), TRUE, timing, spacing(Boin()), 5, 2_000)
    tite = tite_kernel.simulate(AtMost(Boin(0.30, window_seen=0.5), 24), TRUE, timing, 5, 2_000)
    assert (plain.treated == tite.treated).all(axis=1).mean() > 0.99
    assert (plain.selected == tite.selected).mean() > 0.99


GRADES = [[0.60, 0.20, 0.10, 0.06, 0.03, 0.01], [0.50, 0.20, 0.15, 0.09, 0.04, 0.02], [0.3, 0.3, 0.2, 0.1, 0.06, 0.04]]
COURSES: dict[str, tuple[Course, list[list[float]]]] = {
    "within": (Within(6, 6), courses.graded([0.05, 0.10])),
    "within, 6 of 8": (Within(8, 6, stop_at=2), courses.graded([0.05, 0.10, 0.20])),
    "ladder": (Ladder(20, 4, start=1, stop_at=2), GRADES),
}
CALENDARS = [CourseTiming(14, (28, 28), 28), CourseTiming(14, (14, 21), 28, 7), CourseTiming(10, (80, 100), 60, 3)]


@pytest.mark.parametrize("name", COURSES)
def test_courses_agree(name: str) -> None:
    """Several doses a person: 5,000 trials, late toxicity, doses that cannot be made, to the last bit."""
    design, grades = COURSES[name]
    for place, timing in enumerate((*CALENDARS, CourseTiming(7, (20, 30), 15, 0, (0.9, 0.8, 0.5)[: len(grades)]))):
        trials = 1_250
        fast = course_kernel.simulate(design, grades, timing, 3 + place, trials)
        for number in range(trials):
            slow = course_engine.run(design, grades, timing, 3 + place, number)
            assert slow.given == tuple(fast.given[number])
            assert slow.toxic == tuple(fast.toxic[number])
            assert (slow.people, slow.harmed, slow.safe, slow.lost, slow.withheld, slow.days, slow.declared) == (
                fast.people[number], fast.harmed[number], fast.safe[number], fast.lost[number], fast.withheld[number],
                fast.days[number], fast.declared[number],
            )  # fmt: skip


def test_courses_come_near_the_exact_ones() -> None:
    """People one after the other, toxicity known before the next dose: the compiled loop estimates what is exact."""
    design, grades = COURSES["within, 6 of 8"]
    sure = courses.characteristics(design, grades)
    drawn = course_kernel.simulate(design, grades, CourseTiming(1, (28, 28), 28, 200), 5, 40_000)
    error = math.sqrt(sure.declared * (1 - sure.declared) / 40_000)
    assert abs(drawn.declared.mean() - sure.declared) < 4 * error


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.integers(1, 40), min_size=1, max_size=5), st.sampled_from(sorted(DESIGNS)))
def test_chunks_change_nothing(seed: int, sizes: list[int], name: str) -> None:
    """Trials made in pieces are the trials made at once."""
    design = FixedCohorts(2, 1) if core(DESIGNS[name]) == CRM else ThreePlusThree()
    table, every = listed(design, 5), sum(sizes)
    whole = kernel.simulate(table, TRUE, TIMINGS[1], spacing(design), seed, every)
    start = 0
    for size in sizes:
        part = kernel.simulate(table, TRUE, TIMINGS[1], spacing(design), seed, size, start)
        assert np.array_equal(part.days, whole.days[start : start + size])
        assert np.array_equal(part.state, whole.state[start : start + size])
        start += size


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 2**20), st.integers(0, 200))
def test_keys_are_the_same_compiled(seed: int, trial: int, person: int, purpose: int) -> None:
    """Python's whole numbers and the compiled ones mix alike."""
    assert keys.uniform(seed, trial, person, purpose) == _compiled(seed, trial, person, purpose)


def _compiled(seed: int, trial: int, person: int, purpose: int) -> float:
    return float(keys.drawn(np.uint64(keys.trial_key(np.uint64(seed), trial)), person, purpose))


def test_keyed_numbers_are_even() -> None:
    """A hundred thousand numbers fall evenly into a hundred cells (chi-square, one chance in a million)."""
    drawn = [keys.uniform(1, trial, person, 0) for trial in range(1_000) for person in range(100)]
    counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 180
