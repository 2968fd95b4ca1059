"""A whole protocol simulated many times: the committee's questions answered in sentences, numbers, figures, one page.

Takes a Plan, Assumptions and a number of trials; gives Simulated, what it says in words, and one HTML page. Stands
before the walk: nobody has been treated, and everything rests on assumptions that are told with the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from markupsafe import Markup

from stromal.analyse import simulation_figures
from stromal.analyse import simulation_words as words
from stromal.analyse.report import environment
from stromal.analyse.simulated import Point, Simulation
from stromal.designs import courses, keys, spread
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.sheet import Columns, Sheet, Shown
from stromal.designs.totals import Totals
from stromal.designs.trial_job import TrialJob
from stromal.protocol.model import Protocol
from stromal.rules.escalation.courses import Within

TOXICITIES = (0.01, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50)
"""True toxicities of the highest level at which the declaration is asked about."""


class Simulated(Simulation, Shown):
    """A simulated protocol that shows itself, in a notebook and as columns."""

    __slots__ = ()

    @property
    def columns(self) -> Columns:
        """A row a number of a trial: its mean, its Monte Carlo error, and quantiles where they were counted."""
        return self.numbers.columns

    @property
    def numbers(self) -> Sheet:
        """A row a number of a trial."""
        rows = list(words.numbers(self))
        names = ("mean", "error", "p05", "p50", "p95")
        columns = {"name": np.array([says for says, _ in rows])}
        columns |= {name: np.array([row[place] for _, row in rows]) for place, name in enumerate(names)}
        return Sheet(f"{self.plan.trial}: {self.trials:,} simulated trials", columns)

    @property
    def declaring(self) -> Sheet:
        """A row a true toxicity of the highest level: how often it is declared safe."""
        columns = {
            "toxicity": np.array([each.toxicity for each in self.curve]),
            "declared": np.array([each.share for each in self.curve]),
            "declared_error": np.array([each.error for each in self.curve]),
            "exact": np.array([np.nan if each.exact is None else each.exact for each in self.curve]),
        }
        return Sheet(f"Declared, as {self.plan.levels[-1].name} grows more toxic", columns)

    @property
    def analyses(self) -> Sheet:
        """A row an analysis over time: people in it, its estimate, power and false positives in percent."""
        tested = self.tested
        pairs = {name: np.array([getattr(each, name) for each in tested]).reshape(-1, 2)
                 for name in ("estimate", "power", "false")}  # fmt: skip
        columns = {name: np.array([getattr(each, name) for each in tested])
                   for name in ("name", "fact", "effect", "people")}  # fmt: skip
        for name, pair in pairs.items():
            columns |= {name: pair[:, 0], f"{name}_error": pair[:, 1]}
        return Sheet("Analyses over time, in % of the trials", columns)

    def sheets(self) -> tuple[Sheet, ...]:
        """The committee's questions, the numbers of a trial, and what is declared and found where anything is."""
        asked = words.answers(self)
        columns = {"question": np.array([each for each, _ in asked]), "answer": np.array([each for _, each in asked])}
        found = [Sheet(f"{self.plan.trial} {self.plan.title}", columns), self.numbers]
        found += [self.declaring] if self.curve else []
        return (*found, self.analyses) if self.tested else tuple(found)


def steps(plan: Plan, trials: int) -> int:
    """How many trials are simulated in all, for a progress bar."""
    return trials * (2 if plan.measured else 1) + (words.fewer(trials) * len(TOXICITIES) if plan.declaration else 0)


def simulate(
    plan: Plan, assumed: Assumptions, trials: int, seed: int = 1, workers: int = 1, cluster: str = "",
    told: Callable[[int], None] = lambda _: None, protocol: Protocol | None = None,
) -> Simulated:  # fmt: skip
    """Simulate a plan, once more without any effect, and over true toxicities of its highest level. The protocol is
    needed where a design moves the dose.

    ValueError where there is no trial, worker or seed, or the cluster cannot be used.
    """
    keys.check_seed(seed)
    done = 0

    def made(world: Assumptions, many: int) -> Totals:
        nonlocal done
        found = spread.simulate(
            TrialJob(plan, world, seed, protocol if plan.escalation else None),
            many,
            workers,
            cluster,
            lambda n: told(done + n),
        )
        done += many
        return found

    totals = made(assumed, trials)
    null = made(assumed.null(), trials) if plan.measured else None
    curve = tuple(_points(plan, assumed, words.fewer(trials), made)) if plan.declaration else ()
    return Simulated(plan, assumed, totals, null, curve, seed)


def _points(
    plan: Plan, assumed: Assumptions, trials: int, made: Callable[[Assumptions, int], Totals]
) -> Iterator[Point]:  # fmt: skip
    for toxicity in TOXICITIES:
        world = assumed.toxic(len(plan.levels) - 1, toxicity, plan.harm.least)
        totals = made(world, trials)
        yield Point(toxicity, totals.mean("declared")[0], totals.error("declared")[0], _exact(plan, world))


def _exact(plan: Plan, world: Assumptions) -> float | None:
    """The closed form where every dose of a person has a level of its own and one number of people is declared on."""
    own = [plan.dose_starts[plan.steps[place].dose] for place in plan.giving]
    if any(plan.dose_moves) or own != list(range(len(plan.levels))) or sum(plan.declares) != 1:
        return None
    design = Within(plan.planned, plan.declares.index(True))
    return courses.characteristics(design, courses.graded(list(world.harming(plan.harm.least)))).declared


# ---------------------------------------------------------------- the page


def render(found: Simulated) -> str:
    """The simulation as one HTML page that needs nothing else and prints on A4."""
    pictures = [(each, Markup(each.svg)) for each in simulation_figures.drawn(found)]  # noqa: S704 - drawn here
    return environment().get_template("simulation.html").render(
        found=found, answers=words.answers(found), pictures=pictures, rows=words.rows(found),
        told=words.assumptions_told(found), whole=words.whole,
    )  # fmt: skip
