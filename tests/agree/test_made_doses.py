"""Planned doses that cannot always be made: event by event, compiled and exact agree; the table is counted by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.designs import course_kernel, courses, engine, exact, made_kernel, spread, study, tite_engine
from stromal.designs.automaton import TooManyStatesError, listed
from stromal.designs.checker import check_design
from stromal.designs.made import LOST, chances, made, shares
from stromal.designs.made_table import made_listed
from stromal.designs.timing import CourseTiming, Timing
from stromal.rules.escalation.courses import Ladder, Within
from stromal.rules.escalation.designs import (
    AtMost,
    Boin,
    Coherent,
    Crm,
    Design,
    FixedCohorts,
    Makeable,
    NoSkipping,
    Staggered,
    StartAt,
    StopTooToxic,
    ThreePlusThree,
)
from stromal.rules.escalation.models import skeleton

TRUE = [0.10, 0.25, 0.40]
CRM = Crm(skeleton(0.06, 0.30, 2, 3), 0.30, size=3)
DESIGNS: dict[str, Design] = {
    "fixed": AtMost(Makeable(FixedCohorts(3, 1), (0.9, 0.8, 0.6)), 14),
    "3+3": AtMost(Makeable(ThreePlusThree(deescalate=True), (1, 0.8, 0.6)), 18),
    "BOIN": Staggered(StartAt(AtMost(Makeable(Boin(0.30), (1, 0.8, 0.5)), 13), 1), 1, 7, 3),
    "BOIN, too toxic": AtMost(StopTooToxic(Makeable(Boin(0.30), (0.9, 0.5, 0.2)), 0.30), 12),
    "CRM": AtMost(Makeable(StartAt(Coherent(NoSkipping(CRM), 0.30), 0), (0.95, 0.7, 0.3)), 12),
}
TIMINGS = [Timing(7, 28), Timing(3, 28, late=0.8, leaves=0.2), Timing(20, 28, leaves=0.5)]


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("timing", TIMINGS)
def test_compiled_trials_are_the_trials_of_the_events(name: str, timing: Timing) -> None:
    """Everything that happens, to the last bit, with and without people who leave; any piece is like the whole."""
    design, trials = DESIGNS[name], 400
    fast = made_kernel.simulate(design, TRUE, timing, 20260101, trials)
    late = made_kernel.simulate(design, TRUE, timing, 20260101, 50, trials - 50)
    for number in range(trials):
        slow = engine.run(design, TRUE, timing, 20260101, number)
        assert (slow.selected, slow.days, slow.left, slow.lost, slow.below) == (
            fast.selected[number], fast.days[number], fast.left[number], fast.lost[number], fast.below[number],
        )  # fmt: skip
        assert slow.treated == tuple(fast.treated[number])
        assert slow.toxic == tuple(fast.toxic[number])
    assert np.array_equal(late.days, fast.days[-50:])


@pytest.mark.parametrize("name", DESIGNS)
def test_compiled_trials_come_near_the_exact_ones(name: str) -> None:
    """Doses declared, people, toxicities, products lost and people given less, within four Monte Carlo errors."""
    trials = 40_000
    sure = exact.characteristics(exact.ends(DESIGNS[name], 3), TRUE)
    drawn = made_kernel.simulate(DESIGNS[name], TRUE, TIMINGS[0], 7, trials)
    pairs = [((drawn.selected == dose), sure.selection[dose]) for dose in range(3)]
    pairs += [(drawn.treated[:, dose], sure.treated[dose]) for dose in range(3)]
    pairs += [(drawn.toxic[:, dose], sure.toxic[dose]) for dose in range(3)]
    pairs += [(drawn.lost, sure.lost), (drawn.below, sure.below), (drawn.selected < 0, sure.none)]
    for seen, expected in pairs:
        assert abs(seen.mean() - expected) < 4.5 * seen.std() / math.sqrt(trials) + 1e-3
    assert math.fsum((*sure.selection, sure.none)) == pytest.approx(1, abs=1e-12)


def test_where_every_dose_can_be_made_nothing_changes() -> None:
    """Chances of 1 give the characteristics, and the trials, of the design without them."""
    plain, made_always = AtMost(Boin(0.30), 12), AtMost(Makeable(Boin(0.30), (1, 1, 1)), 12)
    before, after = (exact.characteristics(exact.ends(each, 3), TRUE) for each in (plain, made_always))
    assert after.selection == pytest.approx(before.selection, abs=1e-12)
    assert after.treated == pytest.approx(before.treated, abs=1e-12)
    assert (after.lost, after.below) == (0, 0)
    for number in range(50):
        assert engine.run(plain, TRUE, TIMINGS[1], 3, number) == engine.run(made_always, TRUE, TIMINGS[1], 3, number)


def test_one_cohort_counted_by_hand() -> None:
    """One cohort of two on dose 2, four people at most: every order of what is made and of toxicity is walked."""
    design = AtMost(Makeable(StartAt(FixedCohorts(2, 2), 1), (0.9, 0.6)), 4)
    share, true = 0.6 / 0.9, (0.2, 0.5)
    treated, below = [0.0, 0.0], 0.0
    for planned in itertools.product((True, False), repeat=4):
        mass, given = 1.0, [0, 0]
        for place, as_planned in enumerate(planned):
            mass *= share if as_planned else 1 - share
            given[as_planned] += given[1] < 2
            assert place < 4
        treated = [total + mass * count for total, count in zip(treated, given, strict=True)]
        below += mass * given[0]
    found = exact.characteristics(exact.ends(design, 2), true)
    assert found.treated == pytest.approx(treated, abs=1e-12)
    assert found.toxic == pytest.approx([people * rate for people, rate in zip(treated, true, strict=True)], abs=1e-12)
    assert found.below == pytest.approx(below, abs=1e-12)
    assert found.lost == pytest.approx(sum(treated) * 0.1 / 0.9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.floats(0, 1, exclude_max=True), st.data())
def test_what_is_made(raw: list[float], drawn: float, data: st.DataObject) -> None:
    """The highest dose that can be made, never above the planned one; shares add up to 1."""
    makeable = tuple(sorted(raw, reverse=True))
    planned = data.draw(st.integers(0, len(makeable) - 1))
    found = made(makeable, planned, drawn)
    assert LOST <= found <= planned
    assert found == LOST or drawn < makeable[found]
    assert found == planned or drawn >= makeable[found + 1]
    assert math.fsum(shares(makeable, planned)) == pytest.approx(1)
    assert shares((), planned) == (*[0.0] * planned, 1.0)


@pytest.mark.parametrize("name", DESIGNS)
def test_promises_are_kept_with_people_aside(name: str) -> None:
    """The checker walks the states that people who got less lead to; never are there more people than there may be."""
    assert check_design(DESIGNS[name], 3) == ()
    table = made_listed(DESIGNS[name], 3)
    assert table.treated.sum(axis=1).max() <= table.most


def test_open_windows_with_doses_that_cannot_be_made() -> None:
    """TITE-BOIN: nobody gets more than planned, never too many people; with all chances 1 nothing changes."""
    plain = AtMost(Boin(0.30, window_seen=0.5), 12)
    for number in range(60):
        less = tite_engine.run(Makeable(plain, (0.9, 0.7, 0.4)), TRUE, TIMINGS[1], 5, number)
        assert sum(less.treated) <= 12
        same = tite_engine.run(Makeable(plain, (1, 1, 1)), TRUE, TIMINGS[1], 5, number)
        assert same == tite_engine.run(plain, TRUE, TIMINGS[1], 5, number)
    far = study.totals(plain, TRUE, 300, Timing(10_000, 1), makeable=(1, 0.8, 0.5))
    near = study.totals(AtMost(Boin(0.30), 12), TRUE, 300, Timing(10_000, 1), makeable=(1, 0.8, 0.5))
    assert abs(far.mean("below")[0] - near.mean("below")[0]) < 4 * (far.error("below")[0] + near.error("below")[0])


def test_trials_of_too_many_states_are_made_event_by_event() -> None:
    """Without a greatest number of people there is no table; the simulation goes on without one, and says as much."""
    design = Makeable(ThreePlusThree(), (0.9, 0.8, 0.6))
    with pytest.raises(TooManyStatesError, match="name the greatest number of people"):
        made_listed(design, 3)
    with pytest.raises(TooManyStatesError, match="more than 100 states"):
        made_listed(DESIGNS["3+3"], 3, 100)
    trials = spread.CohortJob(design, tuple(TRUE), TIMINGS[0], 4).made(10, 5)
    assert isinstance(trials, made_kernel.MadeTrials)
    assert trials.days[2] == engine.run(design, TRUE, TIMINGS[0], 4, 12).days
    assert "lost" in trials.columns


def test_how_trials_of_made_doses_show_themselves() -> None:
    """A row a trial with what was lost, a row a dose with a line about it; none of it where there is no trial."""
    trials = study.simulate(AtMost(Boin(0.30), 12), TRUE, 50, makeable=(0.9, 0.7, 0.4))
    assert trials.columns["lost"].sum() > 0
    assert trials.columns["below"].sum() > 0
    assert "products lost and" in repr(trials)
    nothing = made_kernel.simulate(Makeable(AtMost(Boin(0.30), 6), (0.9, 0.8, 0.5)), TRUE, TIMINGS[0], 1, 0)
    assert "products lost" not in repr(nothing)


def test_numbers_that_cannot_be() -> None:
    """A chance of 0, a higher dose that is easier to make, and chances for another number of doses."""
    with pytest.raises(ValueError, match="above 0"):
        Makeable(Boin(), (0.9, 0))
    with pytest.raises(ValueError, match="no easier"):
        Makeable(Boin(), (0.5, 0.9))
    with pytest.raises(ValueError, match="2 chances of making a dose for 3 doses"):
        chances(Makeable(Boin(), (0.9, 0.5)), 3)
    assert chances(Makeable(Makeable(Boin(), (0.9, 0.5)), (0.8, 0.7)), 2) == (0.8, 0.5)
    assert listed(AtMost(Boin(), 6), 3).doses == 3


GRADES = [[0.60, 0.20, 0.10, 0.06, 0.03, 0.01], [0.50, 0.20, 0.15, 0.09, 0.04, 0.02], [0.3, 0.3, 0.2, 0.1, 0.06, 0.04]]


@pytest.mark.parametrize("makeable", [(), (0.95, 0.9, 0.8)])
@pytest.mark.parametrize("design", [Within(8, 6, stop_at=2), Ladder(20, 4, start=1, stop_at=2)])
def test_several_doses_a_person(design: Within | Ladder, makeable: tuple[float, ...]) -> None:
    """One person after the other, toxicity known before the next dose: the compiled loop estimates what is exact."""
    grades = GRADES if isinstance(design, Ladder) else courses.graded([0.05, 0.10, 0.20])
    trials = 40_000
    sure = courses.characteristics(design, grades, makeable)
    drawn = course_kernel.simulate(design, grades, CourseTiming(1, (28, 28), 28, 200, makeable), 5, trials)
    pairs = [(drawn.declared, sure.declared), (drawn.lost, sure.lost), (drawn.people, sure.expected_people)]
    pairs += [(drawn.given[:, rung], sure.given[rung]) for rung in range(3)]
    pairs += [(drawn.toxic[:, rung], sure.toxic[rung]) for rung in range(3)]
    for seen, expected in pairs:
        assert abs(seen.mean() - expected) < 4.5 * seen.std() / math.sqrt(trials) + 1e-3
    with pytest.raises(ValueError, match="2 chances"):
        courses.characteristics(design, grades, (0.9, 0.8))


def test_who_got_less_speaks_for_no_declaration() -> None:
    """Within the participant only who had every dose as planned came through."""
    found = courses.characteristics(Within(1, 1), courses.graded([0.0, 0.0]), (1.0, 0.5))
    assert found.declared == pytest.approx(0.5)
    assert found.given == pytest.approx((1.5, 0.5))
