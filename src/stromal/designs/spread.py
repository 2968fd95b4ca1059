"""Simulations spread over processes or a Dask cluster, with the same bits as one process.

Takes a Job and a number of trials; gives Totals. Trials are numbered and their randomness is keyed, and sums are whole
numbers: neither the pieces nor who makes them changes anything. Jobs travel out and totals travel back, never arrays.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, TypeAlias

import numpy as np

from stromal.designs import course_kernel, engine, kernel, keys, made_kernel, tite_engine, tite_kernel
from stromal.designs.automaton import TooManyStatesError, listed
from stromal.designs.courses import grades_of
from stromal.designs.made import chances
from stromal.designs.timing import CourseTiming, Timing, spacing
from stromal.designs.totals import PARTS, Totals, in_parts, together, totals
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.designs import Design, Makeable, is_open

Told: TypeAlias = Callable[[int], None]
"""Told how many trials are done."""

PIECE = 20_000
"""Trials made at once."""


@dataclass(frozen=True, slots=True)
class CohortJob:
    """A design that judges a dose when every window of a cohort has ended."""

    design: Design
    scenario: tuple[float, ...]
    timing: Timing
    seed: int = 1

    def made(self, first: int, trials: int) -> kernel.Trials | tite_kernel.TiteTrials | made_kernel.MadeTrials:
        """Trials number `first` on."""
        try:
            if chances(self.design, len(self.scenario)):
                return made_kernel.simulate(self.design, self.scenario, self.timing, self.seed, trials, first)
            table = listed(self.design, len(self.scenario))
        except TooManyStatesError:
            return _event_by_event(self, first, trials)
        return kernel.simulate(table, self.scenario, self.timing, spacing(self.design), self.seed, trials, first)

    def part(self, first: int, trials: int) -> Totals:
        """The totals of trials number `first` on."""
        return _dose_totals(self.made(first, trials))


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A design that goes on while windows are open; event by event where the compiled loop does not know it."""

    design: Design
    scenario: tuple[float, ...]
    timing: Timing
    seed: int = 1

    def made(self, first: int, trials: int) -> tite_kernel.TiteTrials | made_kernel.MadeTrials:
        """Trials number `first` on."""
        try:
            return tite_kernel.simulate(self.design, self.scenario, self.timing, self.seed, trials, first)
        except tite_kernel.NotCompiledError:
            return _event_by_event(self, first, trials)

    def part(self, first: int, trials: int) -> Totals:
        """The totals of trials number `first` on."""
        return _dose_totals(self.made(first, trials))


def _event_by_event(
    job: CohortJob | OpenJob, first: int, trials: int
) -> tite_kernel.TiteTrials | made_kernel.MadeTrials:
    run = tite_engine.run if isinstance(job, OpenJob) else engine.run
    rows = [run(job.design, job.scenario, job.timing, job.seed, number) for number in range(first, first + trials)]
    columns = (
        np.array([row.selected for row in rows], dtype=np.int64),
        np.array([row.treated for row in rows], dtype=np.int64),
        np.array([row.toxic for row in rows], dtype=np.int64),
        np.array([row.days for row in rows]),
        np.array([row.left for row in rows], dtype=np.int64),
    )
    if not chances(job.design, len(job.scenario)):
        return tite_kernel.TiteTrials(*columns)
    lost, below = (np.array([getattr(row, name) for row in rows], dtype=np.int64) for name in ("lost", "below"))
    return made_kernel.MadeTrials(*columns, lost, below)


def _dose_totals(made: kernel.Trials | tite_kernel.TiteTrials | made_kernel.MadeTrials) -> Totals:
    people = made.treated.sum(axis=1)
    parts = in_parts(made.days)
    columns = {
        "selected": made.selected, "treated": made.treated, "toxic": made.toxic, "people": people,
        "toxicities": made.toxic.sum(axis=1), "left": made.left, "parts": parts, "days": -(-parts // PARTS),
    }  # fmt: skip
    if isinstance(made, made_kernel.MadeTrials):
        columns |= {"lost": made.lost, "below": made.below}
    return totals(columns, ("selected", "people", "toxicities", "days"))


@dataclass(frozen=True, slots=True)
class CourseJob:
    """A trial whose people get several doses; `grades` gives the probability of each worst grade after each rung."""

    design: Course
    grades: tuple[tuple[float, ...], ...]
    timing: CourseTiming
    seed: int = 1

    def made(self, first: int, trials: int) -> course_kernel.CourseTrials:
        """Trials number `first` on."""
        return course_kernel.simulate(self.design, self.grades, self.timing, self.seed, trials, first)

    def part(self, first: int, trials: int) -> Totals:
        """The totals of trials number `first` on."""
        made = self.made(first, trials)
        parts = in_parts(made.days)
        columns = {
            "given": made.given, "toxic": made.toxic, "people": made.people, "harmed": made.harmed, "safe": made.safe,
            "lost": made.lost, "withheld": made.withheld, "declared": made.declared.astype(np.int64), "parts": parts,
            "days": -(-parts // PARTS),
        }  # fmt: skip
        return totals(columns, ("people", "harmed", "safe", "lost", "declared", "days"))


class Job(Protocol):
    """Makes trials by their numbers, and tells their totals; a job may name the size of a `piece`."""

    def part(self, first: int, trials: int) -> Totals:
        """Trials number `first` on."""


def job_of(
    design: Design | Course, scenario: tuple[float, ...], timing: Timing, seed: int = 1,
    makeable: tuple[float, ...] = (),
) -> CohortJob | OpenJob | CourseJob:  # fmt: skip
    """The job of a design: of open windows where the design judges while they are open. `makeable` is the chance that
    each dose can be made, where it cannot always be.

    Where a person gets several doses they are a window apart. ValueError where the timing asks for more than that, or
    the seed is none.
    """
    keys.check_seed(seed)
    if isinstance(design, Within | Ladder):
        gap, window = timing.gap_days, timing.window_days
        if timing != Timing(gap, window):
            raise ValueError("with several doses a person, toxicity shows uniformly in its window and nobody leaves")
        grades = tuple(tuple(row) for row in grades_of(design, scenario))
        return CourseJob(design, grades, CourseTiming(gap, (window, window), window, makeable=makeable), seed)
    made = Makeable(design, makeable) if makeable else design
    chances(made, len(scenario))
    return (OpenJob if is_open(made) else CohortJob)(made, scenario, timing, seed)


# ---------------------------------------------------------------- spreading


def pieces(trials: int, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """The first trial and the number of trials of each piece."""
    for first in range(0, trials, size):
        yield first, min(size, trials - first)


def _part(job: Job, first: int, trials: int) -> Totals:
    return job.part(first, trials)


def simulate(job: Job, trials: int, workers: int = 1, cluster: str = "", told: Told | None = None) -> Totals:
    """Totals of trials 0 to `trials` - 1, in this process, over `workers` processes, or over a Dask cluster.

    ValueError where the job's numbers do not fit each other, or where the cluster cannot be used.
    """
    if trials < 1 or workers < 1:
        raise ValueError("there is at least one trial and one worker")
    tell = told or (lambda _: None)
    if cluster:
        return together(_over_cluster(job, trials, cluster, tell))
    if workers == 1 or trials <= size_of(job):
        return together(_here(job, trials, tell))
    return together(_over_processes(job, trials, workers, tell))


def size_of(job: Job) -> int:
    """How many trials of a job are made at once."""
    return int(getattr(job, "piece", PIECE))


def _here(job: Job, trials: int, tell: Told) -> Iterator[Totals]:
    for first, many in pieces(trials, size_of(job)):
        yield job.part(first, many)
        tell(first + many)


def _over_processes(job: Job, trials: int, workers: int, tell: Told) -> Iterator[Totals]:
    # Processes are spawned: a fork would take over the locks of compiled loops and progress bars. They leave Ctrl-C to
    # this one, which ends them all as it leaves.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        work = [(job, first, many) for first, many in pieces(trials, size_of(job))]
        done = 0
        for many, found in pool.imap_unordered(_counted, work):
            done += many
            tell(done)
            yield found


def _counted(work: tuple[Job, int, int]) -> tuple[int, Totals]:
    return work[2], _part(*work)


def _over_cluster(job: Job, trials: int, address: str, tell: Told) -> Iterator[Totals]:
    try:
        # Dask is an extra: who has no cluster needs none of it.
        dask: Any = import_module("distributed")
    except ImportError:
        raise ValueError("a cluster needs Dask: install stromal[cluster]") from None
    try:
        client = dask.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        parts = list(pieces(trials, size_of(job)))
        futures = client.map(_part, [job] * len(parts), *zip(*parts, strict=True), pure=False)
        many = {future.key: number for future, (_, number) in zip(futures, parts, strict=True)}
        done = 0
        for future, result in dask.as_completed(futures, loop=client.loop, with_results=True):
            done += many[future.key]
            tell(done)
            yield result
