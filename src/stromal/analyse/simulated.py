"""What came of a protocol that was simulated many times: sums over trials, declarations over true toxicity, power.

Takes Totals of a Plan in a world; gives means, shares and months with their Monte Carlo errors. `simulation` makes it
and shows it, `simulation_words` and `simulation_figures` tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.totals import PARTS, Totals
from stromal.values import DAYS_A_MONTH


@dataclass(frozen=True, slots=True)
class Point:
    """How often the trial declares at a true toxicity of its highest level; `exact` where nobody leaves and every
    product passes (None where no closed form is known).
    """

    toxicity: float
    share: float
    error: float
    exact: float | None


@dataclass(frozen=True, slots=True)
class Tested:
    """One analysis over time: people in it, its mean estimate, how often it is significant with the assumed effect and
    without any, each with its Monte Carlo error.
    """

    name: str
    fact: str
    effect: float
    people: float
    estimate: tuple[float, float]
    power: tuple[float, float]
    false: tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class Simulation:
    """A simulated protocol. `null` is the same world with a treatment that changes no outcome."""

    plan: Plan
    assumed: Assumptions
    totals: Totals
    null: Totals | None
    curve: tuple[Point, ...]
    seed: int

    @property
    def trials(self) -> int:
        """How many trials were simulated."""
        return self.totals.trials

    def mean(self, name: str) -> tuple[float, float]:
        """A mean over trials and its Monte Carlo error."""
        return self.totals.mean(name)[0], self.totals.error(name)[0]

    def share(self, name: str) -> tuple[float, float]:
        """The share of trials in which something happened, in percent, and its Monte Carlo error."""
        mean, error = self.mean(name)
        return 100 * mean, 100 * error

    @property
    def harming(self) -> tuple[float, ...]:
        """The assumed chance of unacceptable toxicity after each level."""
        return self.assumed.harming(self.plan.harm.least)

    @property
    def months(self) -> tuple[float, float]:
        """The mean length in months, and its Monte Carlo error."""
        mean, error = self.mean("days")
        return mean / DAYS_A_MONTH, error / DAYS_A_MONTH

    def month(self, part: float) -> float:
        """The length that this part of the trials do not exceed, in months."""
        return self.totals.quantile("days", part) / DAYS_A_MONTH

    @property
    def tested(self) -> tuple[Tested, ...]:
        """Every analysis over time."""
        found = []
        for place, each in enumerate(self.plan.measured):
            fact = next(n for n, scale in enumerate(self.plan.scales) if scale.fact == each.fact)
            estimate = tuple(number[place] / PARTS for number in (self.totals.mean("estimates"),
                                                                  self.totals.error("estimates")))  # fmt: skip
            found.append(Tested(
                each.name, self.plan.scales[fact].says, self.assumed.outcomes[fact].effect,
                self.totals.mean("people")[place], (estimate[0], estimate[1]), _significant(self.totals, place),
                _significant(self.null or self.totals, place),
            ))  # fmt: skip
        return tuple(found)


def _significant(totals: Totals, place: int) -> tuple[float, float]:
    return 100 * totals.mean("significant")[place], 100 * totals.error("significant")[place]
