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
from stromal.designs.automaton import TooManyStatesError
from stromal.designs.sheet import Columns, Sheet, Shown, numbered
from stromal.designs.timing import Timing
from stromal.designs.totals import PARTS, Totals
from stromal.designs.trial_sheet import spread_out
from stromal.drawing import Figure
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.designs import Design, Makeable, is_open
from stromal.values import DAYS_A_MONTH

_PLACES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.80)
"""Toxicities of the lowest dose at which a design that is not finite is simulated."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one design does under one scenario. `error` is the Monte Carlo error of the shares; 0 where they are exact.

    `selection` has the share of trials that declare each dose, `none` that declare none; `treated` and `toxic` are
    expected people and toxicities of each dose; `totals` holds the simulated calendar. Where doses cannot always be
    made, `lost` products are expected, and `below` people given less than planned.
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
    lost: float = 0.0
    below: float = 0.0

    @property
    def months(self) -> tuple[float, float]:
        """Mean length in months, and its Monte Carlo error."""
        return self.totals.mean("parts")[0] / PARTS / DAYS_A_MONTH, self.totals.error("parts")[0] / PARTS / DAYS_A_MONTH

    def month(self, part: float) -> float:
        """The length in months that this part of the trials do not exceed."""
        return self.totals.quantile("days", part) / DAYS_A_MONTH


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Shown):
    """Every outcome, scenario by scenario, and how often each design declares no dose as toxicity rises."""

    labels: tuple[str, ...]
    scenarios: tuple[tuple[float, ...], ...]
    outcomes: tuple[Outcome, ...]
    curves: tuple[Curve, ...]
    target: float
    timing: Timing
    trials: int
    seed: int
    makeable: tuple[float, ...] = ()

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
    designs: Sequence[tuple[str, Design | Course]], scenarios: Sequence[tuple[float, ...]], timing: Timing, *,
    target: float = 0.30, trials: int = 10_000, seed: int = 1, makeable: tuple[float, ...] = (),
    told: Callable[[], None] = lambda: None,
) -> Comparison:  # fmt: skip
    """Every design under every scenario; designs of too many states by simulation alone. `makeable` is the chance that
    each dose can be made, where it cannot always be. ValueError where a scenario does not fit.
    """
    if not 0 < target < 1:
        raise ValueError(f"the target is a probability between 0 and 1, not {target:g}")
    if not designs or not scenarios:
        raise ValueError("a comparison needs a design and a scenario")
    scenarios = tuple(dict.fromkeys(map(tuple, scenarios)))
    if len({label for label, _ in designs}) < len(designs):
        raise ValueError("two designs have the same name: a page could not tell them apart")
    if len({len(each) for each in scenarios}) > 1:
        raise ValueError("every scenario gives the toxicity of the same number of doses")
    outcomes = []
    entered = _with_cohorts(designs)
    if makeable:
        entered = [(label, Makeable(design, makeable)) for label, design in entered]
    for scenario in scenarios:
        for label, design in entered:
            outcomes.append(_outcome(label, design, tuple(scenario), timing, trials, seed))
            told()
    curves = tuple(_curve(label, design, tuple(scenarios[0]), timing, trials, seed) for label, design in entered)
    labels = tuple(label for label, _ in entered)
    return Comparison(
        labels, tuple(map(tuple, scenarios)), tuple(outcomes), curves, target, timing, trials, seed, makeable
    )  # fmt: skip


def _with_cohorts(designs: Sequence[tuple[str, Design | Course]]) -> list[tuple[str, Design]]:
    """The designs, all of which give a person one dose. ValueError names one that gives several."""
    found: list[tuple[str, Design]] = []
    for label, design in designs:
        if isinstance(design, Within | Ladder):
            raise ValueError(f"{label} gives one person several doses: compare designs with cohorts")
        found.append((label, design))
    return found


def _ends(design: Design, doses: int) -> exact.Ends | None:
    """Every end of a design; None where it judges while windows are open, or has too many states."""
    if is_open(design):
        return None
    try:
        return exact.ends(design, doses)
    except TooManyStatesError:
        return None


def _outcome(
    label: str, design: Design, scenario: tuple[float, ...], timing: Timing, trials: int, seed: int
) -> Outcome:
    totals = spread.simulate(spread.job_of(design, scenario, timing, seed), trials)
    found = _ends(design, len(scenario))
    if found is not None:
        sure = exact.characteristics(found, scenario)
        return Outcome(label, scenario, sure.selection, sure.none, sure.treated, sure.toxic, sure.expected_people,
                       sure.expected_toxicities, totals, 0.0, sure.lost, sure.below)  # fmt: skip
    shares = tuple(totals.share("selected", dose) for dose in range(len(scenario)))
    none = totals.share("selected", -1)
    # A share that no or every trial had still has an error: less than one trial in all of them.
    error = max(1 / trials, *((share * (1 - share) / trials) ** 0.5 for share in (*shares, none)))
    people, toxicities = totals.mean("people")[0], totals.mean("toxicities")[0]
    lost, below = (totals.mean(name)[0] if name in totals.sums else 0.0 for name in ("lost", "below"))
    return Outcome(label, scenario, shares, none, totals.mean("treated"), totals.mean("toxic"), people, toxicities,
                   totals, error, lost, below)  # fmt: skip


def _curve(label: str, design: Design, scenario: tuple[float, ...], timing: Timing, trials: int, seed: int) -> Curve:
    """The chance of declaring no dose as all odds of toxicity rise together; x is the toxicity of the lowest dose.

    Exact at many places where the design is finite, simulated at a few where it is not.
    """
    found = _ends(design, len(scenario))
    places = tuple(place / 50 for place in range(1, 45)) if found else _PLACES
    odds = np.log(np.clip(scenario, 1e-6, 1 - 1e-6) / (1 - np.clip(scenario, 1e-6, 1 - 1e-6)))
    shifted = [odds - odds[0] + np.log(place / (1 - place)) for place in places]
    worlds = [1 / (1 + np.exp(-each)) for each in shifted]
    if found:
        return Curve(label, places, tuple(each.none for each in exact.characteristics_of(found, worlds)))
    fewer = max(trials // 4, min(trials, 1000))
    drawn_trials = (
        spread.simulate(spread.job_of(design, tuple(world.tolist()), timing, seed), fewer) for world in worlds
    )
    shares = tuple(each.share("selected", -1) for each in drawn_trials)
    return Curve(label, places, shares, tuple((share * (1 - share) / fewer) ** 0.5 for share in shares))


# ---------------------------------------------------------------- the page


def figures(found: Comparison) -> tuple[Figure, ...]:
    """The figures: doses declared, people on each dose, how long trials take, and stopping as toxicity rises."""
    rows, best = [found.of(each) for each in found.scenarios], [found.best(each) for each in found.scenarios]
    return drawn(found.labels, found.scenarios, rows, found.curves, best)


def render(found: Comparison) -> str:
    """The comparison as one HTML page that needs nothing else and prints on A4."""
    pictures = [(each, Markup(each.svg)) for each in figures(found)]  # noqa: S704 - drawn here, with escaped words
    return environment().get_template("comparison.html").render(found=found, pictures=pictures)
