"""The designs and the modifiers that wrap them, as frozen data that is right by construction.

Takes their numbers; gives Design. Names and defaults are those of the papers cited at each; ValueError says which
number cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Model = Literal["empiric", "logistic"]


def _share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} is a probability between 0 and 1, not {value:g}")


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{each:g}" for each in numbers) or "an empty one"


def _count(name: str, value: int, least: int = 1) -> None:
    if value < least:
        raise ValueError(f"{name} is {least} or more, not {value}")


@dataclass(frozen=True, slots=True)
class FixedCohorts:
    """Each dose in turn gets one cohort of a fixed size, until one has more toxicities than allowed."""

    size: int = 3
    allowed: int = 0

    def __post_init__(self) -> None:
        _count("the size of a cohort", self.size)
        _count("the number of toxicities allowed", self.allowed, 0)


@dataclass(frozen=True, slots=True)
class ThreePlusThree:
    """3+3 (Storer 1989). With `deescalate` six people are seen on the dose that is declared (Korn 1994)."""

    deescalate: bool = False


@dataclass(frozen=True, slots=True)
class IThreePlusThree:
    """i3+3 (Liu, Wang, Ji 2020): target and the equivalence interval around it; `cutoff` closes toxic doses."""

    target: float = 0.30
    below: float = 0.05
    above: float = 0.05
    cutoff: float = 0.95
    size: int = 3

    def __post_init__(self) -> None:
        _interval(self.target, self.below, self.above)
        _share("the cutoff", self.cutoff)
        _count("the size of a cohort", self.size)


@dataclass(frozen=True, slots=True)
class Mtpi2:
    """mTPI-2 (Guo et al. 2017): the interval of equal width with most posterior mass for its length decides."""

    target: float = 0.30
    below: float = 0.05
    above: float = 0.05
    cutoff: float = 0.95
    size: int = 3

    def __post_init__(self) -> None:
        _interval(self.target, self.below, self.above)
        _share("the cutoff", self.cutoff)
        _count("the size of a cohort", self.size)


def _interval(target: float, below: float, above: float) -> None:
    _share("the target", target)
    if not (0 <= below < target and 0 <= above < 1 - target):
        raise ValueError(f"the interval {target:g} - {below:g} to {target:g} + {above:g} leaves 0 to 1")


@dataclass(frozen=True, slots=True)
class Boin:
    """BOIN, local and non-informative (Liu and Yuan 2015). `safe` and `toxic` default to .6 and 1.4 times the target.

    With `window_seen` TITE-BOIN (Yuan et al. 2018): people whose window is open count by the share of it they passed;
    while more than that share of the people on the dose are pending, accrual waits.
    """

    target: float = 0.30
    safe: float = 0.0
    toxic: float = 0.0
    cutoff: float = 0.95
    size: int = 3
    window_seen: float | None = None

    def __post_init__(self) -> None:
        _share("the target", self.target)
        if not self.safe:
            object.__setattr__(self, "safe", 0.6 * self.target)
        if not self.toxic:
            object.__setattr__(self, "toxic", 1.4 * self.target)
        if not 0 < self.safe < self.target < self.toxic < 1:
            raise ValueError(f"BOIN needs safe < target < toxic: {self.safe:g}, {self.target:g}, {self.toxic:g}")
        _share("the cutoff", self.cutoff)
        _count("the size of a cohort", self.size)
        if self.window_seen is not None:
            _share("the share of people who may be pending", self.window_seen)


@dataclass(frozen=True, slots=True)
class Crm:
    """The continual reassessment method (O'Quigley 1990), as dfcrm computes it; TITE-CRM (Cheung, Chappell 2000) where
    windows are open, for which `weighs` does not wait.

    `skeleton` holds the prior guesses of toxicity, rising. The parameter is normal with mean 0 and this variance; the
    logistic model has its intercept fixed at 3. The posterior mean is plugged into the model (Cheung 2011).
    """

    skeleton: tuple[float, ...]
    target: float = 0.30
    model: Model = "empiric"
    variance: float = 1.34
    size: int = 1
    intercept: float = 3.0
    weighs: bool = False

    def __post_init__(self) -> None:
        _share("the target", self.target)
        for each in self.skeleton:
            _share("a skeleton's probability", each)
        rising = all(a < b for a, b in zip(self.skeleton, self.skeleton[1:], strict=False))
        if not self.skeleton or not rising:
            raise ValueError(f"a skeleton rises from dose to dose, which {_listed(self.skeleton)} does not")
        if self.variance <= 0:
            raise ValueError(f"the prior's variance is above 0, not {self.variance:g}")
        _count("the size of a cohort", self.size)


@dataclass(frozen=True, slots=True)
class Blrm:
    """The Bayesian logistic regression model with overdose control (Neuenschwander, Branson, Gsponer 2008).

    `logit p(d) = log a + exp(log b) * log(d / reference)` with (log a, log b) normal. The dose with most mass in the
    target interval is taken among those whose mass above it stays under `overdose`.
    """

    amounts: tuple[float, ...]
    reference: float
    means: tuple[float, float] = (2.15, 0.52)
    deviations: tuple[float, float] = (0.84, 0.80)
    covariance: float = 0.134
    interval: tuple[float, float] = (0.16, 0.33)
    overdose: float = 0.25
    size: int = 3

    def __post_init__(self) -> None:
        rising = all(0 < a < b for a, b in zip(self.amounts, self.amounts[1:], strict=False))
        if not self.amounts or self.amounts[0] <= 0 or not rising or self.reference <= 0:
            raise ValueError(
                f"amounts rise from above 0, and the reference dose is above 0, not {_listed(self.amounts)} and "
                f"{self.reference:g}"
            )
        low, high = self.interval
        if not 0 < low < high < 1:
            raise ValueError(f"the target interval {low:g} to {high:g} is no part of 0 to 1")
        if min(self.deviations) <= 0 or abs(self.covariance) >= self.deviations[0] * self.deviations[1]:
            raise ValueError("the prior's deviations are above 0 and its correlation lies between -1 and 1")
        _share("the bound of overdosing", self.overdose)
        _count("the size of a cohort", self.size)


Finding: TypeAlias = FixedCohorts | ThreePlusThree | IThreePlusThree | Mtpi2 | Boin | Crm | Blrm
"""Designs that look for a dose among people who get one each."""

# ---------------------------------------------------------------- modifiers


@dataclass(frozen=True, slots=True)
class StartAt:
    """Begin at this dose (index)."""

    inner: Design
    dose: int

    def __post_init__(self) -> None:
        _count("the first dose", self.dose, 0)


@dataclass(frozen=True, slots=True)
class NoSkipping:
    """Never rise to a dose above the next one that nobody has had."""

    inner: Design


@dataclass(frozen=True, slots=True)
class Coherent:
    """Never rise right after a cohort with this share of toxicities or more (Cheung 2005; dfcrm's restriction)."""

    inner: Design
    share: float = 0.30

    def __post_init__(self) -> None:
        _share("the share of toxicities", self.share)


@dataclass(frozen=True, slots=True)
class StopAt:
    """Stop when the dose to be given next has been given to this many people."""

    inner: Design
    people: int

    def __post_init__(self) -> None:
        _count("the number of people on a dose", self.people)


@dataclass(frozen=True, slots=True)
class StopTooToxic:
    """Stop, declaring no dose, when the lowest is more toxic than `limit` with this certainty (Beta(1, 1) prior)."""

    inner: Design
    limit: float
    certainty: float = 0.95
    least: int = 3

    def __post_init__(self) -> None:
        _share("the limit", self.limit)
        _share("the certainty", self.certainty)
        _count("the number of people to look at", self.least)


@dataclass(frozen=True, slots=True)
class CohortOf:
    """Treat this many people in each cohort."""

    inner: Design
    size: int

    def __post_init__(self) -> None:
        _count("the size of a cohort", self.size)


@dataclass(frozen=True, slots=True)
class AtMost:
    """Treat at most this many people; the last cohort is made smaller to fit."""

    inner: Design
    people: int

    def __post_init__(self) -> None:
        _count("the number of people", self.people)


@dataclass(frozen=True, slots=True)
class Staggered:
    """Days that pass between people of a cohort, after its first person (sentinel), and between cohorts."""

    inner: Design
    people_days: float = 0.0
    sentinel_days: float = 0.0
    cohort_days: float = 0.0

    def __post_init__(self) -> None:
        if min(self.people_days, self.sentinel_days, self.cohort_days) < 0:
            raise ValueError("days between people and cohorts are 0 or more")


@dataclass(frozen=True, slots=True)
class Suspended:
    """Nobody is treated while the window of anybody before is open."""

    inner: Design


@dataclass(frozen=True, slots=True)
class Makeable:
    """The planned dose may not be made of an autologous product: the highest makeable dose below it is given instead.

    `chance[d]` is the probability that dose d can be made for a person. Who gets less counts for the dose that was
    given and takes no place in the cohort, somebody else comes instead; who gets nothing is no participant. What
    happens at the desk is recorded dose by dose, so that `advise` passes this over and simulations alone ask it.
    """

    inner: Design
    chance: tuple[float, ...]

    def __post_init__(self) -> None:
        if any(not 0 < each <= 1 for each in self.chance):
            raise ValueError(
                f"the chance that a dose can be made lies above 0 and up to 1, as not all of {_listed(self.chance)}; "
                "leave out a dose that never can"
            )
        if any(a < b for a, b in zip(self.chance, self.chance[1:], strict=False)):
            raise ValueError(f"a higher dose is no easier to make than a lower one, as {_listed(self.chance)} says")


Modifier: TypeAlias = (
    StartAt | NoSkipping | Coherent | StopAt | StopTooToxic | CohortOf | AtMost | Staggered | Suspended | Makeable
)
Design: TypeAlias = Finding | Modifier

_MODIFIERS = frozenset(get_args(Modifier))


def core(design: Design) -> Finding:
    """The design inside all modifiers."""
    while type(design) in _MODIFIERS:
        design = design.inner  # type: ignore[union-attr]  # each of these wraps a design
    return design  # type: ignore[return-value]


def modifiers(design: Design) -> Iterator[Modifier]:
    """The modifiers around a design, from the outside in."""
    while isinstance(design, Modifier):
        yield design
        design = design.inner


def is_open(design: Design) -> bool:
    """Whether the design judges while windows are open, so that time enters its rule and it is no finite table."""
    inside = core(design)
    return inside.weighs if isinstance(inside, Crm) else isinstance(inside, Boin) and inside.window_seen is not None
