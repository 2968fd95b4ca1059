"""Ends weighed quickly are the ends weighed one by one; trials without a calendar are the trials with one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.designs import exact, kernel, outcome_kernel
from stromal.designs.automaton import listed
from stromal.designs.timing import Timing, spacing
from stromal.rules.escalation.designs import (
    AtMost,
    Boin,
    CohortOf,
    Crm,
    Design,
    FixedCohorts,
    Staggered,
    ThreePlusThree,
)
from stromal.rules.escalation.models import skeleton

DESIGNS: dict[str, Design] = {
    "fixed": FixedCohorts(3, 1),
    "3+3": ThreePlusThree(),
    "3+3 with de-escalation": ThreePlusThree(deescalate=True),
    "BOIN, 20 people, the last cohort cut": AtMost(Boin(0.30), 20),
}
chances = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-12, 1 - 1e-12]), st.floats(0, 1))


def plainly(found: exact.Ends, true: list[float]) -> exact.Characteristics:
    """The same, end by end and added up without rounding."""
    mass = []
    for ways, treated, toxic in zip(found.ways, found.treated, found.toxic, strict=True):
        each = zip(treated, toxic, true, strict=True)
        mass.append(ways * math.prod(chance**hurt * (1 - chance) ** (people - hurt) for people, hurt, chance in each))
    doses = range(len(true))
    sizes = sorted(set(found.people.tolist()))
    picked = [math.fsum(m for m, s in zip(mass, found.selected, strict=True) if s == dose) for dose in (-1, *doses)]
    return exact.Characteristics(
        tuple(true),
        tuple(picked[1:]),
        picked[0],
        tuple(math.fsum(m * n for m, n in zip(mass, found.treated[:, dose], strict=True)) for dose in doses),
        tuple(math.fsum(m * n for m, n in zip(mass, found.toxic[:, dose], strict=True)) for dose in doses),
        tuple((size, math.fsum(m for m, n in zip(mass, found.people, strict=True) if n == size)) for size in sizes),
    )


def near(one: exact.Characteristics, other: exact.Characteristics) -> bool:
    """Whether all numbers agree to 1e-12."""
    flat = [
        [*each.selection, each.none, *each.treated, *each.toxic, *(number for pair in each.people for number in pair)]
        for each in (one, other)
    ]
    return flat[0] == pytest.approx(flat[1], abs=1e-12, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(DESIGNS)), st.integers(1, 4), st.data())
def test_ends_are_weighed_as_if_one_by_one(name: str, doses: int, draw: st.DataObject) -> None:
    """Any scenario, from one dose to four, chances of 0 and 1 among them."""
    found = exact.ends(DESIGNS[name], doses)
    true = draw.draw(st.lists(chances, min_size=doses, max_size=doses))
    assert near(exact.characteristics(found, true), plainly(found, true))


def test_many_scenarios_are_each_of_them() -> None:
    """To the last bit, in their order; none give none."""
    found = exact.ends(DESIGNS["3+3"], 5)
    scenarios = np.random.default_rng(1).random((9, 5))
    assert exact.characteristics_of(found, list(scenarios)) == tuple(
        exact.characteristics(found, each.tolist()) for each in scenarios
    )
    assert exact.characteristics_of(found, []) == ()
    with pytest.raises(ValueError, match="is no probability"):
        exact.characteristics_of(found, [[0.1] * 5, [0.1, 0.2, 0.3, 0.4, 1.5]])


OPEN_ENDED: dict[str, Design] = {
    **DESIGNS,
    "BOIN, staggered": Staggered(AtMost(Boin(0.30), 30), people_days=1, sentinel_days=14, cohort_days=7),
    "CRM, twos": AtMost(CohortOf(Crm(skeleton(0.06, 0.30, 2, 4), 0.30), 2), 9),
}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(OPEN_ENDED)), st.lists(chances, min_size=4, max_size=4), st.integers(0, 2**64 - 1),
    st.integers(0, 2**40), st.integers(0, 700), st.sampled_from([Timing(7, 28), Timing(0, 1, late=0.9)]),
)  # fmt: skip
def test_outcomes_are_those_of_trials_with_a_calendar(
    name: str, true: list[float], seed: int, first: int, trials: int, timing: Timing
) -> None:
    """State, dose, people and toxicities of each trial, whatever the timing, from any number on."""
    design = OPEN_ENDED[name]
    table = listed(design, 4)
    dated = kernel.simulate(table, true, timing, spacing(design), seed, trials, first)
    plain = outcome_kernel.outcomes(table, true, seed, trials, first)
    assert np.array_equal(plain.state, dated.state)
    assert np.array_equal(plain.selected, dated.selected)
    assert np.array_equal(plain.treated, dated.treated)
    assert np.array_equal(plain.toxic, dated.toxic)


@pytest.mark.parametrize("name", OPEN_ENDED)
def test_counts_are_the_outcomes_counted(name: str) -> None:
    """Over more than one piece, and in pieces of one's own."""
    table = listed(OPEN_ENDED[name], 4)
    true = [0.1, 0.2, 0.3, 0.5]
    state = outcome_kernel.outcomes(table, true, 5, 150_000, 3).state
    counts = outcome_kernel.counted(table, true, 5, 150_000, 3)
    assert np.array_equal(counts, np.bincount(state, minlength=table.states))
    parts = [(3, 1), (4, 0), (4, 99_996), (100_000, 50_003)]
    assert np.array_equal(counts, sum(outcome_kernel.counted(table, true, 5, trials, first) for first, trials in parts))


@pytest.mark.parametrize("name", OPEN_ENDED)
def test_counts_come_near_the_exact_chances(name: str) -> None:
    """A million trials: each dose declared within five Monte Carlo errors, people and toxicities too."""
    table, trials = listed(OPEN_ENDED[name], 4), 1_000_000
    true = [0.05, 0.2, 0.3, 0.5]
    sure = exact.characteristics(exact.ends_of(table), true)
    counts = outcome_kernel.counted(table, true, 20260101, trials)
    assert counts.sum() == trials
    for dose in range(4):
        share, chance = counts[table.selected == dose].sum() / trials, sure.selection[dose]
        assert abs(share - chance) <= 5 * math.sqrt(chance * (1 - chance) / trials) + 1e-12
        for column, expected in (
            (table.treated[:, dose], sure.treated[dose]),
            (table.toxic[:, dose], sure.toxic[dose]),
        ):
            mean = counts @ column / trials
            spread = math.sqrt(abs(float(counts @ (column * column)) / trials - mean * mean))
            assert abs(mean - expected) <= 5 * spread / math.sqrt(trials) + 1e-12


@given(chances, st.integers(0, 2**53 - 1))
def test_whole_numbers_decide_as_doubles_do(chance: float, number: int) -> None:
    """A draw is below a chance exactly where its whole number is below the chance's."""
    assert (number * 2.0**-53 < chance) == (number < math.ceil(chance * 2.0**53))


def test_outcomes_refuse_what_fits_no_design() -> None:
    """A scenario too short, a trial before the first; no trial at all is none."""
    table = listed(DESIGNS["3+3"], 4)
    with pytest.raises(ValueError, match="the design has 4 doses"):
        outcome_kernel.outcomes(table, [0.1], 1, 1)
    with pytest.raises(ValueError, match="numbered from 0"):
        outcome_kernel.counted(table, [0.1] * 4, 1, 5, -1)
    assert outcome_kernel.counted(table, [0.1] * 4, 1, 0).sum() == 0
