"""Whole protocols event by event, by their own rules, and compiled: the same trials to the last day and bit."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from stromal.designs import assumptions, courses, spread, trial_engine, trial_kernel
from stromal.designs import walk as w
from stromal.designs.asked import Asked, chart, day
from stromal.designs.assumptions import Assumptions
from stromal.designs.normals import normal, normal_compiled
from stromal.designs.plan import Plan, plan
from stromal.designs.trial_job import TrialJob
from stromal.protocol.file import load
from stromal.protocol.model import Hold, Protocol
from stromal.rules import endpoints
from stromal.rules.boundaries import bounded
from stromal.rules.escalation.courses import Within

HERE = Path(__file__).resolve()
FOLDER = HERE.parents[2] / "protocols"
IDS = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
TWO_DOSES, LADDER = "NCT00186914", "NCT03268603"
ROUGH = ((0.30, 0.25, 0.20, 0.13, 0.10, 0.02), (0.2, 0.3, 0.2, 0.2, 0.08, 0.02), (0.1, 0.2, 0.3, 0.3, 0.08, 0.02))


@cache
def loaded(name: str, people: int = 0) -> Protocol:
    """A protocol of the house, perhaps with fewer people."""
    protocol = load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name).require()
    return replace(protocol, trial=replace(protocol.trial, planned=people)) if people else protocol


@cache
def planned(name: str, people: int = 0) -> Plan:
    """Its plan."""
    return plan(loaded(name, people))


def rough(usual: Assumptions) -> Assumptions:
    """A world in which everything happens that can: harm, holds that stay, lost products, people who leave and die."""
    levels = len(usual.grades)
    return replace(
        usual, grades=ROUGH[:levels], made=(0.7, 0.6, 0.5)[:levels], dropout_per_year=0.4, missed_visit=0.2,
        hold_lifted=(0.6, 0.7), arrivals_per_month=6, waits=1, decision_days=20,
    )  # fmt: skip


def assert_equal(name: str, assumed: Assumptions, trials: int, seed: int, people: int = 0) -> w.Trials:
    """Both loops agree on every number of every trial."""
    compiled = trial_kernel.simulate(planned(name, people), assumed, seed, trials)
    events = trial_engine.simulate(loaded(name, people), assumed, seed, trials)
    for field in ("counts", "given", "toxic", "people", "significant"):
        np.testing.assert_array_equal(getattr(compiled, field), getattr(events, field), field)
    np.testing.assert_allclose(compiled.estimates, events.estimates, rtol=0, atol=1e-12)
    return compiled


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("world", ["usual", "rough"])
def test_compiled_trials_are_the_trials_of_the_rules(name: str, world: str) -> None:
    """Every protocol of the house, in a calm world and in a rough one."""
    usual = assumptions.usual(planned(name))
    assert_equal(name, rough(usual) if world == "rough" else usual, 25, 7)


def test_two_doses_agree_in_many_trials() -> None:
    """5,000 trials of two escalating infusions; declarations, deaths, holds that stay and lost doses among them."""
    usual = assumptions.usual(planned(TWO_DOSES))
    mixed = replace(rough(usual), grades=(ROUGH[0], assumptions.usual_grades()), dropout_per_year=0.1, made=(0.9, 0.8))
    first = assert_equal(TWO_DOSES, usual, 2500, 1)
    second = assert_equal(TWO_DOSES, mixed, 2500, 2)
    counts = np.concatenate([first.counts, second.counts])
    assert (counts.sum(axis=0) > 0).all()


def test_the_ladder_agrees_in_many_trials() -> None:
    """5,000 trials of the ladder, most of them of few people so that the rules are asked quickly, some of all sixty."""
    few, all_of_them = planned(LADDER, 4), planned(LADDER)
    first = assert_equal(LADDER, rough(assumptions.usual(few)), 2700, 3, 4)
    second = assert_equal(LADDER, assumptions.usual(few), 2240, 4, 4)
    third = assert_equal(LADDER, rough(assumptions.usual(all_of_them)), 60, 5)
    assert third.column("turned_away").sum() > 0
    seen = dict(zip(w.COLUMNS, (first.counts.sum(axis=0) + second.counts.sum(axis=0)).tolist(), strict=True))
    assert [name for name in w.COLUMNS if not seen[name]] == ["turned_away", "declared"]
    assert (first.given.sum(axis=0) > 0).all()


def test_a_boundary_stops_the_same_trials() -> None:
    """The hold of the trial follows a boundary: the more people were treated, the more harmed ones it takes."""
    text = (FOLDER / f"{LADDER}.yaml").read_text(encoding="utf-8")
    bound = "boundary: pocock\n    events: unacceptable_toxicity\n    limit: 0.2\n    people: 12\n    level: 0.1"
    text = text.replace("when: count(participants where unacceptable_toxicity) >= 2", bound)
    found = load(text, LADDER).require()
    protocol = replace(found, trial=replace(found.trial, planned=12))
    mine = plan(protocol)
    rule = protocol.rules["trial_held"]
    assert isinstance(rule, Hold)
    assert rule.boundary is not None
    stops = [bounded(rule.boundary).stops(treated) for treated in range(1, 13)]
    assert mine.stop_at == (0, *(least if least <= treated else 0 for treated, least in enumerate(stops, 1)))
    assert len(set(mine.stop_at)) > 2
    world = replace(rough(assumptions.usual(mine)), grades=((0.5, 0.2, 0.1, 0.1, 0.08, 0.02),) * 3)
    compiled = trial_kernel.simulate(mine, world, 5, 150)
    events = trial_engine.simulate(protocol, world, 5, 150)
    np.testing.assert_array_equal(compiled.counts, events.counts)
    assert 0 < (compiled.column("stops") > 0).mean() < 1


def test_declared_safe_as_often_as_the_exact_table_says() -> None:
    """While nobody leaves and products pass, six of six come through with (1 - p)^6 (1 - q)^6, within Monte Carlo."""
    path = HERE.parents[3] / "shared" / "data" / "stats" / "seed000_within_patient_6of6_exact.csv"
    if not path.exists():
        pytest.skip("needs ../shared/data/stats")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [[float(cell) for cell in row.values()] for row in csv.DictReader(stream)][::7]
    mine = planned(TWO_DOSES)
    for first, second, exact, _ in rows:
        world = calm(mine, first, second)
        made = trial_kernel.simulate(mine, world, 11, 10_000).column("declared").mean()
        # A harmful event that comes late, after the second infusion, still counts; so nothing depends on the calendar.
        assert courses.characteristics(Within(6, 6), courses.graded([first, second])).declared == pytest.approx(exact)
        assert abs(made - exact) < 4 * math.sqrt(exact * (1 - exact) / 10_000) + 1e-9


def calm(mine: Plan, first: float, second: float) -> Assumptions:
    """Nothing goes wrong but toxicity; each dose's is known before the next, and holds stay."""
    usual = replace(
        assumptions.usual(mine), dropout_per_year=0, missed_visit=0, made=(1.0, 1.0), ineligible=0, window_days=10,
    )  # fmt: skip
    return usual.toxic(0, first, 3).toxic(1, second, 3)


def test_one_persons_slopes_are_those_of_the_endpoint() -> None:
    """What the loop estimates is what the protocol's own endpoint makes of the same chart, exactly computed."""
    protocol, mine = loaded(LADDER), planned(LADDER)
    trial = trial_engine.play(protocol, assumptions.usual(mine), 5, 0, mine, Asked(protocol))
    expected = []
    endpoint = protocol.objectives["progression"].endpoint
    for number, patient in enumerate(trial.patients):
        told = patient.told
        told.visits |= {step.name: on for step, on in zip(mine.steps, patient.visits, strict=True) if on >= 0}
        if not endpoints.belongs(
            protocol, protocol.analyses["progression"].population, chart(protocol, told), day(9000)
        ):
            continue
        found = endpoints.measure(protocol, endpoint, chart(protocol, told, number), day(9000)).value
        assert found is not None
        expected.append(found)
    assert trial.differences(0) == pytest.approx(expected, abs=1e-9)
    made = trial_kernel.simulate(mine, assumptions.usual(mine), 5, 1)
    assert made.people[0, 0] == len(expected) > 10
    assert made.estimates[0, 0] == pytest.approx(np.mean(expected), abs=1e-9)
    assert bool(made.significant[0, 0]) == (stats.ttest_1samp(expected, 0).pvalue < 0.05)


def test_a_treatment_without_effect_is_found_out_in_one_of_twenty() -> None:
    """The null of the ladder's slope analysis: errors of the first kind at their nominal rate, power far above it."""
    mine = planned(LADDER, 20)
    usual = replace(assumptions.usual(mine), grades=((1.0, 0, 0, 0, 0, 0),) * 3)
    null, real = (trial_kernel.simulate(mine, world, 6, 4000).significant.mean() for world in (usual.null(), usual))
    assert abs(null - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000) + 0.01
    assert real > 0.3


def test_normal_numbers_are_normal_and_the_same_twice() -> None:
    """Against scipy, in the middle, in both tails and at the ends of what can be drawn."""
    u = np.concatenate([np.linspace(0, 1, 4001)[1:-1], [1e-16, 1e-12, 1e-6, 1 - 1e-6, 1 - 1e-12]])
    mine = [normal(float(each)) for each in u]
    assert mine == [normal_compiled(float(each)) for each in u]
    np.testing.assert_allclose(mine, special.ndtri(u), rtol=1e-13, atol=1e-14)
    assert normal(0.0) < -8


def test_spreading_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, two processes and one agree on every sum, and the job is small enough to travel."""
    job = TrialJob(planned(LADDER, 6), assumptions.usual(planned(LADDER, 6)), 3)
    alone = spread.simulate(job, 500)
    monkeypatch.setattr(spread, "PIECE", 200)
    assert spread.simulate(job, 500) == alone
    assert spread.simulate(job, 500, workers=2) == alone
    assert alone.sums["given"][0] + alone.sums["given"][1] + alone.sums["given"][2] == alone.sums["doses"][0]


def test_a_cluster_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Dask scheduler with two workers."""
    dask = pytest.importorskip("distributed")
    monkeypatch.setattr(spread, "PIECE", 150)
    job = TrialJob(planned(TWO_DOSES), assumptions.usual(planned(TWO_DOSES)), 3)
    with dask.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, host="127.0.0.1", dashboard_address=None, protocol="tcp"
    ) as cluster:
        assert spread.simulate(job, 400, cluster=cluster.scheduler_address) == spread.simulate(job, 400)
