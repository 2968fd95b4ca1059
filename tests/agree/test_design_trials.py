"""Whole trials whose dose a design moves: simulated by its rules, at the desk, and beside what is exactly known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from escalating_site import design, rule, text
from stromal.designs import assumptions, exact, spread, trial_design, trial_engine, trial_kernel
from stromal.designs import walk as w
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan, plan
from stromal.designs.probes import Harm
from stromal.designs.trial_design import DesignedTrial
from stromal.designs.trial_job import TrialJob
from stromal.ledger.chain import verify
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rehearse.scripted import scripted
from stromal.store.memory import MemoryBook
from stromal.values import Unusable

MORE = """
  infusion_{0}:
    at: 28..35 days after infusion{1}
    epoch: treatment
    give: infusion
    do: [adverse_event]"""
LAST = "\n  month_1:\n    at: 28 days after infusion"
EVER = "count(adverse_event where grade >= 3 and related) > 0"
WORST = "max grade(adverse_event where related, since last dose)"
WINDOW = "window: 28 days"
COHORTS = {
    "boin": f"design: boin\ntarget: 0.3\nmost: 12\nsentinel_days: 7\n{WINDOW}",
    "boin, each alone": f"design: boin\ntarget: 0.3\nmost: 12\ncohort: 1\npeople_days: 3\n{WINDOW}",
    "tite-boin": f"design: tite-boin\ntarget: 0.3\nmost: 12\n{WINDOW}",
    "3+3": f"design: 3+3\ndeescalate: yes\nsentinel_days: 2\ncohort_days: 5\n{WINDOW}",
    "tite-crm": f"design: tite-crm\ncohort: 2\nmost: 10\nskeleton: 0.1, 0.25, 0.4\n{WINDOW}",
    "crm": f"design: crm\ncohort: 2\nmost: 10\nskeleton: 0.1, 0.25, 0.4\n{WINDOW}",
}
COURSES = {
    "within": f"design: within\npeople: 6\ntoxicity: {EVER}\n{WINDOW}",
    "ladder": f"design: ladder\npeople: 8\nadministrations: 3\ntoxicity: {WORST}\n{WINDOW}",
}


def written(name: str, people: int = 12) -> str:
    """The manual's example with another design, and with more infusions where a person climbs."""
    found = text(COHORTS.get(name) or COURSES[name], planned=str(people))
    if name in COURSES:
        more = MORE.format(2, "") + MORE.format(3, "_2")
        found = found.replace(
            "\n  month_1:\n    at: 28 days after infusion", f"{more}\n  month_1:\n    at: 28 days after infusion_3"
        )
    return found


def trial(name: str, people: int = 12) -> tuple[str, Protocol, Plan]:
    """The text, the protocol and its plan."""
    found = written(name, people)
    protocol = load(found, name).require()
    return found, protocol, plan(protocol)


def world(mine: Plan, *, rough: bool, true: tuple[float, ...] = (0.1, 0.3, 0.5)) -> Assumptions:
    """Toxicities of the levels; in a rough world people leave and products fail, in a calm one nobody and none does."""
    usual = assumptions.usual(mine)
    some = replace(usual, arrivals_per_month=6, hold_lifted=(0.6, 0.6))
    some = replace(some, dropout_per_year=1.5, made=(0.8,) * 3) if rough else replace(
        some, dropout_per_year=0, made=(1.0,) * 3, missed_visit=0, waits=50
    )  # fmt: skip
    for level, chance in enumerate(true):
        some = some.toxic(level, chance, mine.harm.least)
    return some


@pytest.mark.parametrize("name", [*COHORTS, *COURSES])
def test_the_desk_decides_as_the_simulation_does(name: str) -> None:
    """Doses of each level, people harmed and replaced, holds, days, the level declared: the desk comes to the same."""
    written_down, protocol, mine = trial(name)
    assumed = world(mine, rough=True)
    made = trial_design.simulate(protocol, assumed, 4, 6)
    for number in range(6):
        book = MemoryBook()
        played = scripted(protocol, written_down, book, assumed, 4, number)
        assert dict(zip(w.COLUMNS, played.counts, strict=True)) == dict(
            zip(w.COLUMNS, made.counts[number].tolist(), strict=True)
        )
        assert (played.given, played.toxic) == (made.given[number].tolist(), made.toxic[number].tolist())
        assert played.selected == made.selected[number]
        assert verify(book.rows()).broken is None
        broken = {each.rule for each in played.stage.desk.state().deviations}
        assert not {name for name in broken if name.startswith("escalation")}, "nobody was dosed against the design"
    assert made.counts[:, w.ENROLLED].sum() > 20
    assert made.given.sum() > 20


@pytest.mark.parametrize("name", ["boin", "tite-crm", "ladder"])
def test_holds_stop_such_a_trial_at_the_desk_and_simulated(name: str) -> None:
    """With a strict boundary: people wait while the trial is held, some go elsewhere, some holds stay for good."""
    strict = written(name).replace("limit: 0.15", "limit: 0.02")
    protocol = load(strict, name).require()
    mine = plan(protocol)
    assumed = replace(
        world(mine, rough=True), grades=((0.6, 0.1, 0.1, 0.05, 0.13, 0.02),) * 3, decision_days=25, waits=1,
        arrivals_per_month=9,
    )  # fmt: skip
    made = trial_design.simulate(protocol, assumed, 6, 8)
    for number in range(8):
        played = scripted(protocol, strict, MemoryBook(), assumed, 6, number)
        harmed = (w.HARMED, w.THROUGH)  # nothing at the desk says of whom the hold of the trial was true
        counts = [made.counts[number, place] if place in harmed else each for place, each in enumerate(played.counts)]
        assert counts == made.counts[number].tolist()
        assert (played.given, played.selected) == (made.given[number].tolist(), made.selected[number])
    assert (made.column("stops") > 0).sum() > 2
    assert made.column("turned_away").sum() > 0


@pytest.mark.parametrize("name", ["boin", "3+3"])
def test_what_is_declared_is_what_is_exactly_known(name: str) -> None:
    """While nobody leaves and every product passes: levels declared, people, toxicities, within Monte Carlo error."""
    _, protocol, mine = trial(name, 18)
    trials, true = 250, (0.1, 0.3, 0.5)
    assumed = replace(world(mine, rough=False), window_days=0)  # known on the day: no cohort is left before it is full
    made = trial_design.simulate(protocol, assumed, 9, trials, plan=mine)
    sure = exact.characteristics(exact.ends(design(protocol), 3), true)
    for level in range(3):
        often = sure.selection[level]
        assert abs((made.selected == level).mean() - often) < 4 * math.sqrt(often * (1 - often) / trials) + 0.01
        for seen, expected in ((made.given, sure.treated), (made.toxic, sure.toxic)):
            column = seen[:, level]
            assert abs(column.mean() - expected[level]) < 4 * column.std() / math.sqrt(trials) + 0.1


def test_any_piece_is_part_of_the_whole() -> None:
    """Trials are the same made together, alone or by workers; what is remembered from one to the next changes none."""
    _, protocol, mine = trial("boin")
    assumed = world(mine, rough=True)
    whole = trial_design.simulate(protocol, assumed, 2, 12)
    part = trial_design.simulate(protocol, assumed, 2, 4, 8)
    np.testing.assert_array_equal(whole.counts[8:], part.counts)
    np.testing.assert_array_equal(whole.selected[8:], part.selected)
    alone = trial_engine.play(protocol, assumed, 2, 5, mine, None, DesignedTrial)
    assert (alone.counts, alone.selected) == (whole.counts[5].tolist(), whole.selected[5])
    job = TrialJob(mine, assumed, 2, protocol)
    found = spread.simulate(job, 12)
    assert found.counts["selected"] == dict(zip(*np.unique(whole.selected, return_counts=True), strict=True))
    assert job.piece < spread.size_of(TrialJob(replace(mine, escalation=""), assumed))


def test_people_wait_for_places_and_go_elsewhere_in_the_end() -> None:
    """Nobody is dosed while the windows of a cohort are open; who waits for longer than they may is turned away."""
    _, protocol, mine = trial("3+3")
    patient = replace(world(mine, rough=False, true=(0.0, 0.0, 0.0)), ineligible=0)
    played = trial_engine.play(protocol, patient, 1, 0, mine, None, DesignedTrial)
    days = sorted((each.told.doses[0][3], each.told.doses[0][2]) for each in played.patients)
    assert [amount for _, amount in days] == [1e7] * 3 + [5e7] * 3 + [1e8] * 3
    assert all(later - earlier > 28 for (earlier, _), (later, _) in zip(days[2::3], days[3::3], strict=False))
    assert played.selected == 2
    assert played.counts[w.TURNED] <= 3, "only who was waiting when the design had ended"
    hasty = replace(patient, waits=1)
    turned = trial_design.simulate(protocol, hasty, 1, 5).column("turned_away")
    assert turned.sum() > 0


def test_the_plan_of_a_design() -> None:
    """The rule, the levels, the toxicity the design counts, and how many stop the trial by its own boundary."""
    _, protocol, mine = trial("boin", 24)
    assert (mine.escalation, rule(protocol).name) == ("escalation", "escalation")
    assert [level.name for level in mine.levels] == ["1e7 cells", "5e7 cells", "1e8 cells"]
    assert mine.harm == Harm(3, from_last=False, within=28)
    assert mine.stop_at[:4] == (0, 0, 0, 3)
    assert trial("ladder")[2].harm.least == 3
    with pytest.raises(ValueError, match="its protocol is asked"):
        TrialJob(mine, assumptions.usual(mine)).made(0, 1)
    with pytest.raises(ValueError, match="no compiled loop"):
        trial_kernel.simulate(mine, assumptions.usual(mine), 1, 1)


def test_a_toxicity_that_nobody_can_simulate() -> None:
    """A design whose toxicity is none of the grades says so, with its line."""
    protocol = load(
        text(f"{COHORTS['boin']}\ntoxicity: count(adverse_event where grade >= 3 and related) > 5"), "x"
    ).require()
    with pytest.raises(Unusable, match="none of grades 1 to 5") as found:
        plan(protocol)
    assert found.value.findings[0].places[0].line > 0
