"""Several designs under several scenarios, side by side: exact where they are finite, with time simulated.

Takes designs with their labels, scenarios of true toxicities, and when things happen; gives a Comparison, its figures
and one HTML page. Stands before the walk: a statistician and a committee choose a design with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stromal.analyse.comparison_figures import Curve, drawn
from stromal.analyse.report import environment
from stromal.designs import exact, spread
from stromal.designs.sheet import Columns, Sheet, Shown, numbered
from stromal.designs.timing import Timing
from stromal.designs.totals import PARTS, Totals
from stromal.designs.trial_sheet import spread_out
from stromal.drawing import Figure
from stromal.rules.escalation.designs import Design, is_open
from stromal.values import DAYS_A_MONTH


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one design does under one scenario. `error` is the Monte Carlo error of the shares; 0 where they are exact.

    `selection` has the share of trials that declare each dose, `none` that declare none; `treated` and `toxic` are
    expected people and toxicities of each dose; `totals` holds the simulated calendar.
    """

    design: str
    scenario: tuple[float, ...]
    selection: tuple[float, ...]
    none: float
    treated: tuple[float, ...]
    toxic: tuple[float, ...]
    people: float
    toxicities: float
    totals: Totals = field(repr=False)
    error: float

    @property
    def months(self) -> tuple[float, float]:
        """Mean length in months, and its Monte Carlo error."""
        return self.totals.mean("parts")[0] / PARTS / DAYS_A_MONTH, self.totals.error("parts")[0] / PARTS / DAYS_A_MONTH

    def month(self, part: float) -> float:
        """The length in months that this part of the trials do not exceed."""
        return self.totals.quantile("days", part) / DAYS_A_MONTH


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Shown):
    """Every outcome, scenario by scenario, and how often each finite design declares no dose as toxicity rises."""

    labels: tuple[str, ...]
    scenarios: tuple[tuple[float, ...], ...]
    outcomes: tuple[Outcome, ...]
    curves: tuple[Curve, ...]
    target: float
    timing: Timing
    trials: int
    seed: int

    def of(self, scenario: tuple[float, ...]) -> tuple[Outcome, ...]:
        """The outcomes of one scenario, in the order of the designs."""
        return tuple(each for each in self.outcomes if each.scenario == scenario)

    def best(self, scenario: tuple[float, ...]) -> int:
        """The dose whose true toxicity comes nearest the target."""
        return min(range(len(scenario)), key=lambda dose: (abs(scenario[dose] - self.target), dose))

    @property
    def columns(self) -> Columns:
        """A row a scenario (counted from 1), design and dose: shares with their errors, expected people, toxicities."""
        doses = len(self.scenarios[0])
        return {
            "scenario": np.repeat(self._places(), doses),
            "design": np.repeat([each.design for each in self.outcomes], doses),
            "dose": np.tile(numbered(doses), len(self.outcomes)),
            "toxicity": np.ravel([each.scenario for each in self.outcomes]),
            "selection": np.ravel([each.selection for each in self.outcomes]),
            "selection_error": np.ravel([self._errors(each) for each in self.outcomes]),
            "treated": np.ravel([each.treated for each in self.outcomes]),
            "toxic": np.ravel([each.toxic for each in self.outcomes]),
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a scenario and design: how often each dose is declared, people, toxicities, months."""
        rows = self.outcomes
        months = [each.months for each in rows]
        columns = {
            "scenario": self._places(), "design": np.array([each.design for each in rows]),
            **spread_out("selection", np.array([each.selection for each in rows])),
            "none": np.array([each.none for each in rows]), "people": np.array([each.people for each in rows]),
            "toxicities": np.array([each.toxicities for each in rows]), "months": np.array(months)[:, 0],
            "months_error": np.array(months)[:, 1], "months_p90": np.array([each.month(0.9) for each in rows]),
        }  # fmt: skip
        told = [
            f"scenario {place}: true toxicities {', '.join(f'{rate:g}' for rate in each)}; dose {self.best(each) + 1} "
            f"comes nearest {self.target:g}"
            for place, each in enumerate(self.scenarios, 1)
        ]
        simulated = [each.error for each in rows if each.error]
        told += [f"simulated shares are within ± {max(simulated):.2%}; all others are exact"] if simulated else []
        return (Sheet("Designs side by side", columns, 2, (*told, f"months from {self.trials:,} simulated trials")),)

    def _errors(self, found: Outcome) -> tuple[float, ...]:
        """The Monte Carlo error of each share; 0 where they are exact."""
        return tuple((share * (1 - share) / self.trials) ** 0.5 if found.error else 0.0 for share in found.selection)

    def _places(self) -> NDArray[np.int64]:
        """The scenario of each outcome, counted from 1: they come scenario by scenario."""
        return np.repeat(numbered(len(self.scenarios)), len(self.labels))


def compare(
    designs: Sequence[tuple[str, Design]], scenarios: Sequence[tuple[float, ...]], timing: Timing, *,
    target: float = 0.30, trials: int = 10_000, seed: int = 1, told: Callable[[], None] = lambda: None,
) -> Comparison:  # fmt: skip
    """Every design under every scenario. ValueError where a scenario does not fit, or a design has too many states."""
    if not 0 < target < 1:
        raise ValueError(f"the target is a probability between 0 and 1, not {target:g}")
    if not designs or not scenarios:
        raise ValueError("a comparison needs a design and a scenario")
    if len({len(each) for each in scenarios}) > 1:
        raise ValueError("every scenario gives the toxicity of the same number of doses")
    outcomes = []
    for scenario in scenarios:
        for label, design in designs:
            outcomes.append(_outcome(label, design, tuple(scenario), timing, trials, seed))
            told()
    curves = tuple(_curve(label, design, scenarios[0]) for label, design in designs if not is_open(design))
    labels = tuple(label for label, _ in designs)
    return Comparison(labels, tuple(map(tuple, scenarios)), tuple(outcomes), curves, target, timing, trials, seed)


def _outcome(
    label: str, design: Design, scenario: tuple[float, ...], timing: Timing, trials: int, seed: int
) -> Outcome:
    totals = spread.simulate(spread.job_of(design, scenario, timing, seed), trials)
    if not is_open(design):
        sure = exact.characteristics(exact.ends(design, len(scenario)), scenario)
        return Outcome(label, scenario, sure.selection, sure.none, sure.treated, sure.toxic, sure.expected_people,
                       sure.expected_toxicities, totals, 0.0)  # fmt: skip
    shares = tuple(totals.share("selected", dose) for dose in range(len(scenario)))
    error = max((share * (1 - share) / trials) ** 0.5 for share in shares)
    people, toxicities = totals.mean("people")[0], totals.mean("toxicities")[0]
    return Outcome(label, scenario, shares, totals.share("selected", -1), totals.mean("treated"),
                   totals.mean("toxic"), people, toxicities, totals, error)  # fmt: skip


def _curve(label: str, design: Design, scenario: Sequence[float]) -> Curve:
    """The chance of declaring no dose as all odds of toxicity rise together; x is the toxicity of the lowest dose."""
    found = exact.ends(design, len(scenario))
    odds = np.log(np.clip(scenario, 1e-6, 1 - 1e-6) / (1 - np.clip(scenario, 1e-6, 1 - 1e-6)))
    places = [place / 50 for place in range(1, 45)]
    shifted = [odds - odds[0] + np.log(place / (1 - place)) for place in places]
    sure = exact.characteristics_of(found, [1 / (1 + np.exp(-each)) for each in shifted])
    return Curve(label, tuple(places), tuple(each.none for each in sure))


# ---------------------------------------------------------------- the page


def figures(found: Comparison) -> tuple[Figure, ...]:
    """The figures: doses declared, people on each dose, how long trials take, and stopping as toxicity rises."""
    return drawn(found.labels, found.scenarios, [found.of(each) for each in found.scenarios], found.curves)


def render(found: Comparison) -> str:
    """The comparison as one HTML page that needs nothing else and prints on A4."""
    pictures = [(each, Markup(each.svg)) for each in figures(found)]  # noqa: S704 - drawn here, with escaped words
    return environment().get_template("comparison.html").render(found=found, pictures=pictures)
