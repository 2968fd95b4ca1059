"""The front door for a statistician who plans a trial: designs by name, exactly and simulated; boundaries; two stages.

Takes names and numbers as a command would; gives results that show themselves in a notebook and whose columns are numpy
arrays. Stands before the walk; commands come in by the same door. docs/python.md walks through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs import courses, exact, monitoring, simon, spread
from stromal.designs.course_kernel import CourseTrials
from stromal.designs.courses import CourseCharacteristics
from stromal.designs.exact import Characteristics
from stromal.designs.kernel import Trials
from stromal.designs.made_kernel import MadeTrials
from stromal.designs.monitoring import Monitoring
from stromal.designs.paths import leaves, paths
from stromal.designs.sheet import Sheet, Shown, stacked
from stromal.designs.simon import TwoStages
from stromal.designs.timing import Timing
from stromal.designs.tite_kernel import TiteTrials
from stromal.designs.totals import Totals
from stromal.protocol.designs import DESIGNS, Number
from stromal.rules.escalation import parse
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.designs import Design, Makeable, is_open
from stromal.rules.escalation.named import named

__all__ = [
    "Scenarios", "Timing", "design", "designs", "exactly", "monitor", "next_paths", "simulate", "totals", "two_stages",
    "under",
]  # fmt: skip

USUAL = Timing()
"""A person every two weeks, toxicity within four."""

Given: TypeAlias = Number | Sequence[float] | np.generic | NDArray[np.generic]
"""A number of a design, as Python or numpy write it."""


def designs() -> Sheet:
    """Every design by its name, and the numbers it takes."""
    columns = {
        "design": np.array(list(DESIGNS)),
        "what_it_is": np.array([each.says for each in DESIGNS.values()]),
        "takes": np.array([", ".join(each.takes) for each in DESIGNS.values()]),
    }
    return Sheet("Designs", columns)


def design(name: str, doses: int, **numbers: Given) -> Design | Course:
    """A design by its name with its numbers, for so many doses. ValueError names what cannot be.

    A model knows its doses; any other design takes as many as a scenario later has.
    """
    if isinstance(doses, bool) or doses != int(doses):
        raise ValueError(f"a design has a whole number of doses, not {doses}")
    return named(name, {each: _plain(value) for each, value in numbers.items()}, doses)


def _plain(value: Given) -> Number:
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, bool | int | float | str) else _true(value)


def _true(scenario: ArrayLike) -> tuple[float, ...]:
    return tuple(np.atleast_1d(np.asarray(scenario, dtype=np.float64)).tolist())


# ---------------------------------------------------------------- exactly


@overload
def exactly(made: Design, scenario: ArrayLike, makeable: ArrayLike = ...) -> Characteristics: ...
@overload
def exactly(made: Course, scenario: ArrayLike, makeable: ArrayLike = ...) -> CourseCharacteristics: ...
def exactly(
    made: Design | Course, scenario: ArrayLike, makeable: ArrayLike = ()
) -> Characteristics | CourseCharacteristics:
    """What a design does under true toxicities, one of each dose; exact. `makeable` is the chance that each dose can be
    made of a person's cells, where it cannot always be.

    ValueError where the design judges while windows are open or the scenario does not fit; TooManyStatesError where it
    has too many states. Either can be simulated.
    """
    true, chance = _true(scenario), _true(makeable)
    if isinstance(made, Within | Ladder):
        return courses.characteristics(made, courses.grades_of(made, true), chance)
    return exact.characteristics(_ends(made, len(true), chance), true)


def _ends(made: Design, doses: int, makeable: tuple[float, ...]) -> exact.Ends:
    if is_open(made):
        raise ValueError("a design that judges while windows are open has no exact characteristics: simulate it")
    return exact.ends(Makeable(made, makeable) if makeable else made, doses)


@dataclass(frozen=True, slots=True, repr=False)
class Scenarios(Shown):
    """What one design does under several scenarios, in their order."""

    of: tuple[Characteristics | CourseCharacteristics, ...]

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a scenario and dose; scenarios are counted from 1."""
        return (stacked("What the design does (exact)", "scenario", [each.sheets()[0] for each in self.of]),)


def under(made: Design | Course, scenarios: Iterable[ArrayLike], makeable: ArrayLike = ()) -> Scenarios:
    """What a design does under each of several scenarios; exact. Errors are those of `exactly`."""
    true = [_true(each) for each in scenarios]
    if not true:
        raise ValueError("there is no scenario: give the true toxicity of each dose, such as [(.05, .15, .30)]")
    if isinstance(made, Within | Ladder):
        return Scenarios(tuple(exactly(made, each, makeable) for each in true))
    return Scenarios(exact.characteristics_of(_ends(made, len(true[0]), _true(makeable)), true))


# ---------------------------------------------------------------- simulated


@overload
def simulate(
    made: Design, scenario: ArrayLike, trials: int = ..., timing: Timing = ..., seed: int = ...,
    makeable: ArrayLike = ...,
) -> Trials | TiteTrials | MadeTrials: ...  # fmt: skip
@overload
def simulate(
    made: Course, scenario: ArrayLike, trials: int = ..., timing: Timing = ..., seed: int = ...,
    makeable: ArrayLike = ...,
) -> CourseTrials: ...  # fmt: skip
def simulate(
    made: Design | Course, scenario: ArrayLike, trials: int = 10_000, timing: Timing = USUAL, seed: int = 1,
    makeable: ArrayLike = (),
) -> Trials | TiteTrials | MadeTrials | CourseTrials:  # fmt: skip
    """Simulated trials with time, each kept: arrays with a row a trial. The same seed gives the same trials.

    ValueError where a number cannot be. For millions of trials `totals` keeps sums alone.
    """
    if trials < 1:
        raise ValueError(f"there is at least one trial, not {trials}")
    return spread.job_of(made, _true(scenario), timing, seed, _true(makeable)).made(0, trials)


def totals(
    made: Design | Course, scenario: ArrayLike, trials: int = 10_000, timing: Timing = USUAL, seed: int = 1,
    workers: int = 1, makeable: ArrayLike = (),
) -> Totals:  # fmt: skip
    """The same trials summed up, over so many processes; they change no answer. ValueError as for `simulate`."""
    return spread.simulate(spread.job_of(made, _true(scenario), timing, seed, _true(makeable)), trials, workers)


# ---------------------------------------------------------------- paths, boundaries, two stages


def next_paths(made: Design | Course, doses: int, cohorts: int = 2, after: str = "", scenario: ArrayLike = ()) -> Sheet:
    """Where the next cohorts may lead after what was seen so far (`1NNN 2NNT`); with a scenario, how likely each is.

    ValueError where the design would not have come there, or the paths are too many.
    """
    if isinstance(made, Within | Ladder):
        raise ValueError("the design gives one person several doses; paths are of designs with cohorts")
    root = paths(made, doses, cohorts, parse(after, doses), _true(scenario))
    found = list(leaves(root))
    columns = {
        "cohorts": np.array([" ".join(map(str, path)) for path, _ in found]),
        "then": np.array([node.says for _, node in found]),
    }
    if root.chance is not None:
        columns["share"] = np.array([node.chance for _, node in found])
    return Sheet("The next cohort" if cohorts == 1 else f"The next {cohorts} cohorts", columns)


def monitor(
    kind: str, limit: float = 0.20, people: int = 20, level: float = 0.05, rates: Sequence[float] = (),
    **numbers: Given,
) -> Monitoring:  # fmt: skip
    """A safety boundary by its name, and what it does under true rates; exact. ValueError names what cannot be."""
    return monitoring.monitor(
        kind, limit, people, level, rates, {each: _plain(value) for each, value in numbers.items()}
    )


def two_stages(poor: float, good: float, alpha: float = 0.05, beta: float = 0.20) -> TwoStages:
    """Simon's optimal and minimax designs. ValueError where rates do not fit or no design keeps the errors."""
    return TwoStages(poor, good, *simon.simon(poor, good, alpha, beta))
