"""`stromal simulate`: a protocol and assumptions in, answers with their Monte Carlo errors out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from stromal.analyse import simulation, simulation_words
from stromal.cli import edge, show
from stromal.designs import assumptions, assumptions_file, keys
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import Plan
from stromal.designs.plan import plan as plan_of
from stromal.protocol.model import Protocol

_MOST, _WIDTH = 100_000_000, 98
_USUAL, _FEW = 10_000, 1_000
"""Trials where nobody says how many: compiled ones, and those made event by event."""
_CLUSTER = "give the address of a Dask scheduler, such as tcp://127.0.0.1:8786, or --workers"


def simulate(
    path: Path, asked: int | None, scenario: Path | None, seed: int, workers: int, cluster: str, page: Path | None, *,
    as_json: bool,
) -> int:  # fmt: skip
    """Simulate a protocol, tell what came of it, and perhaps write the page."""
    if asked is not None and not 1 <= asked <= _MOST:
        hint = f"give 1 to {_MOST:,} trials, such as --trials 10000"
        raise edge.bad("simulate.trials", f"{asked} trials cannot be simulated", hint)
    if workers < 1:
        raise edge.bad("simulate.workers", f"{workers} workers can do nothing", "give 1 or more, such as --workers 2")
    try:
        keys.check_seed(seed)
    except ValueError as error:
        raise edge.bad("simulate.seed", str(error), "give another one, such as --seed 1") from None
    protocol = edge.protocol(path)
    plan = plan_of(protocol)
    trials = asked or (_FEW if plan.escalation else _USUAL)
    assumed = assumptions.usual(plan)
    if scenario is not None:
        assumed = assumptions_file.read(edge.text(scenario), str(scenario), plan)
    with show.progress("trials") as bar:
        task = bar.add_task("simulating", total=simulation.steps(plan, trials))
        spread = _Spread(workers, cluster, lambda done: bar.update(task, completed=done))
        found = _made(protocol, plan, assumed, trials, seed, spread)
    if page is not None:
        edge.put(page, simulation.render(found))
    if as_json:
        edge.to_json(_json(found))
    else:
        _told(found, page)
    return 0


_ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s:/]+:\d{1,5}/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Spread:
    """Over how many processes, or which cluster; and who is told of progress."""

    workers: int
    cluster: str
    told: Callable[[int], None]


def _made(
    protocol: Protocol, plan: Plan, assumed: Assumptions, trials: int, seed: int, spread: _Spread
) -> simulation.Simulated:
    if spread.cluster and not _ADDRESS.fullmatch(spread.cluster):
        raise edge.bad("simulate.cluster", f"“{spread.cluster}” is no address of a Dask scheduler", _CLUSTER)
    try:
        return simulation.simulate(
            plan,
            assumed,
            trials,
            seed,
            spread.workers,
            spread.cluster,
            spread.told,
            protocol if plan.escalation else None,
        )
    except ValueError as error:
        raise edge.bad("simulate.cluster", str(error), _CLUSTER) from None


def _told(found: simulation.Simulated, page: Path | None) -> None:
    show.paragraph(f"{found.plan.trial}  {found.plan.title}", "bold")
    show.paragraph(f"{found.trials:,} simulated trials, seed {found.seed}; ± is one Monte Carlo standard error", "dim")
    for question, answer in simulation_words.answers(found):
        show.line("")
        show.line(question, "bold")
        for paragraph in simulation_words.whole(answer).split("\n"):
            for line in wrap(paragraph, show.width(_WIDTH), initial_indent="  ", subsequent_indent="  "):
                show.line(line)
    show.line("")
    show.table("In one trial", ("", "mean", "±", "5 %", "50 %", "95 %"), simulation_words.rows(found), (1, 2, 3, 4, 5))
    if found.curve:
        name = f"Declared, as {found.plan.levels[-1].name} grows more toxic"
        rows = [
            (f"{100 * each.toxicity:g} %", f"{100 * each.share:.1f} %", f"{100 * each.error:.2f}",
             "" if each.exact is None else f"{100 * each.exact:.1f} %") for each in found.curve
        ]  # fmt: skip
        show.table(name, ("true toxicity", "declared", "±", "nobody leaves, exactly"), rows, (0, 1, 2, 3))
    show.table("Assumed", ("about", "what"), simulation_words.assumptions_told(found), wrap=(1,))
    if page is not None:
        show.line(f"written: {page}")


def _json(found: simulation.Simulated) -> dict[str, object]:
    totals = found.totals
    return {
        "trial": found.plan.trial,
        "trials": found.trials,
        "seed": found.seed,
        "answers": [{"question": question, "answer": answer.replace("\n", " ")}
                    for question, answer in simulation_words.answers(found)],
        "means": {name: {"mean": totals.mean(name), "error": totals.error(name)}
                  for name in totals.sums if name != "estimates"},
        "quantiles": {name: {str(part): totals.quantile(name, part) for part in (0.05, 0.25, 0.5, 0.75, 0.9, 0.95)}
                      for name in totals.counts},
        "levels": [level.name for level in found.plan.levels],
        "selected": {name: {"percent": often, "error": error}
                     for name, often, error in (simulation_words.selection(found) if found.plan.escalation else ())},
        "declared": [{"toxicity": each.toxicity, "share": each.share, "error": each.error, "exact": each.exact}
                     for each in found.curve],
        "analyses": [{"name": each.name, "fact": each.fact, "effect": each.effect, "people": each.people,
                      "estimate": each.estimate, "power_percent": each.power, "false_percent": each.false}
                     for each in found.tested],
        "assumed": dict(simulation_words.assumptions_told(found)),
    }  # fmt: skip
