"""Processes and a Dask cluster give the totals of one process, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.designs import spread
from stromal.designs.courses import graded
from stromal.designs.spread import CohortJob, CourseJob, Job, OpenJob, job_of, pieces, simulate
from stromal.designs.timing import CourseTiming, Timing
from stromal.designs.totals import PARTS, Totals, in_parts, together, totals
from stromal.rules.escalation.courses import Within
from stromal.rules.escalation.designs import AtMost, Boin, CohortOf, ThreePlusThree

TRUE = (0.05, 0.15, 0.30)
JOBS: tuple[Job, ...] = (
    CohortJob(ThreePlusThree(), TRUE, Timing(7, 28), 3),
    OpenJob(AtMost(Boin(0.30, window_seen=0.5), 9), TRUE, Timing(7, 28), 3),
    CourseJob(Within(6, 6), tuple(map(tuple, graded([0.05, 0.10]))), CourseTiming(), 3),
)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_pieces_change_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of another size give the same totals; progress is told to the end."""
    told: list[int] = []
    alone = simulate(job, 900)
    monkeypatch.setattr(spread, "PIECE", 400)
    assert simulate(job, 900, told=told.append) == alone
    assert told == [400, 800, 900]


def test_workers_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes and one agree."""
    told: list[int] = []
    monkeypatch.setattr(spread, "PIECE", 400)
    assert simulate(JOBS[2], 900, workers=2, told=told.append) == simulate(JOBS[2], 900)
    assert told[-1] == 900


def test_a_cluster_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Dask scheduler with two workers, and an address where nobody answers."""
    dask = pytest.importorskip("distributed")
    monkeypatch.setattr(spread, "PIECE", 300)
    told: list[int] = []
    with dask.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, host="127.0.0.1", dashboard_address=None, protocol="tcp"
    ) as cluster:
        assert simulate(JOBS[0], 700, cluster=cluster.scheduler_address, told=told.append) == simulate(JOBS[0], 700)
    assert told[-1] == 700
    with pytest.raises(ValueError, match="no Dask scheduler answers at nowhere"):
        simulate(JOBS[0], 10, cluster="nowhere://127.0.0.1:1")


def test_designs_that_are_not_compiled_run_event_by_event() -> None:
    """A cohort size around TITE-BOIN is known to the events only."""
    job = job_of(AtMost(CohortOf(Boin(0.30, window_seen=0.5), 2), 6), TRUE, Timing(7, 28))
    assert isinstance(job, OpenJob)
    found = simulate(job, 40)
    assert found.trials == 40
    assert sum(found.counts["people"].values()) == 40
    assert isinstance(job_of(ThreePlusThree(), TRUE, Timing()), CohortJob)


def test_pieces_cover_every_trial() -> None:
    """Each trial once, in order."""
    assert list(pieces(45_000)) == [(0, 20_000), (20_000, 20_000), (40_000, 5_000)]


@pytest.mark.parametrize(("trials", "workers"), [(0, 1), (1, 0)])
def test_nothing_to_do_is_refused(trials: int, workers: int) -> None:
    """There is at least one trial and one worker."""
    with pytest.raises(ValueError, match="at least one trial"):
        simulate(JOBS[0], trials, workers)


COLUMNS = st.lists(st.tuples(st.integers(0, 30), st.floats(0, 4_000)), min_size=2, max_size=40)


@given(COLUMNS, st.integers(1, 39))
def test_totals_are_the_sums_they_say(rows: list[tuple[int, float]], cut: int) -> None:
    """Sums, squares, errors, shares and quantiles against numpy; two parts add up to the whole."""
    people, days = np.array([row[0] for row in rows]), in_parts(np.array([row[1] for row in rows]))
    columns = {"people": people, "both": np.stack([people, people + 1], axis=1), "parts": days}
    whole = totals(columns, ("people",))
    cut = min(cut, len(rows) - 1)
    pieces_of = [{name: column[a:b] for name, column in columns.items()} for a, b in ((0, cut), (cut, None))]
    assert together(totals(piece, ("people",)) for piece in pieces_of) == whole
    assert whole.squares["parts"] == (sum(int(day) ** 2 for day in days),)
    assert whole.mean("both") == pytest.approx((people.mean(), people.mean() + 1))
    assert whole.error("people")[0] == pytest.approx(people.std(ddof=1) / len(rows) ** 0.5, abs=1e-9)
    assert whole.share("people", int(people[0])) == pytest.approx((people == people[0]).mean())
    assert whole.quantile("people", 0.5) == np.quantile(people, 0.5, method="inverted_cdf")
    assert days.max() <= 4_000 * PARTS


def test_totals_of_too_little() -> None:
    """One trial has no error, none has no quantile, and nothing adds nothing."""
    one = totals({"people": np.array([3])}, ("people",))
    assert one.error("people") == (float("inf"),)
    assert one + Totals() == one
    assert Totals() + one == one
    with pytest.raises(ValueError, match="between 0 and 1"):
        one.quantile("people", 2)
    with pytest.raises(ValueError, match="no trial"):
        Totals(counts={"people": {}}).quantile("people", 0.5)
