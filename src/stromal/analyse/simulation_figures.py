"""The figures of a simulated protocol: declaring over true toxicity, how long it takes, doses by level, products lost.

Takes a Simulation; gives Figures, each with all it shows in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stromal.analyse.comparison_figures import ended_by
from stromal.analyse.simulated import Simulation
from stromal.analyse.simulation_words import fewer, selection
from stromal.designs.totals import Totals
from stromal.drawing import BLUE, INK, LINE, ORANGE, Figure, Sign, legend, made

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet


def drawn(found: Simulation) -> tuple[Figure, ...]:
    """Every figure of a simulation."""
    figures = [_selected(found)] if "selected" in found.totals.counts else []
    figures += [_declaring(found)] if found.curve else []
    figures += [_length(found), _doses(found), _products(found)]
    return tuple(figures)


def _selected(found: Simulation) -> Figure:
    rows = list(selection(found))
    told = "; ".join(f"{name}: {often:.1f} %" for name, often, _ in rows)

    def paint(sheet: Sheet) -> None:
        axes = sheet.subplots()
        places = range(len(rows))
        shares, errors = [often for _, often, _ in rows], [1.96 * error for _, _, error in rows]
        axes.bar(places, shares, 0.6, color=BLUE, edgecolor=INK, linewidth=0.5)
        axes.errorbar(places, shares, errors, fmt="none", ecolor=INK, capsize=3)
        harming = found.harming
        true = [*(f"\n{100 * each:.3g} %" for each in harming), ""]
        axes.set_xticks(places, [name + each for (name, _, _), each in zip(rows, true, strict=True)])
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel("level, and its true toxicity")
        axes.set_ylabel("% of trials")
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=LINE, linewidth=0.6)

    note = f"{found.trials:,} simulated trials; lines are 95 % of Monte Carlo error."
    return made("selected", "Levels that the design declares", f"{told}.", 2.6, paint, (), note=note)


def _declaring(found: Simulation) -> Figure:
    top = found.plan.levels[-1].name
    told = "; ".join(f"{point.toxicity:.0%}: {point.share:.1%}" for point in found.curve)

    def paint(sheet: Sheet) -> None:
        axes = sheet.subplots()
        places = [100 * point.toxicity for point in found.curve]
        exact = [(100 * point.toxicity, 100 * point.exact) for point in found.curve if point.exact is not None]
        if exact:
            axes.plot(*zip(*exact, strict=True), color=BLUE)
        axes.errorbar(places, [100 * point.share for point in found.curve],
                      [196 * point.error for point in found.curve], fmt="o", color=ORANGE, ecolor=INK, markersize=5,
                      markeredgecolor=INK, capsize=2)  # fmt: skip
        axes.set_xlabel(f"true share of people with unacceptable toxicity after {top}, %")
        axes.set_ylabel("% of trials that declare it safe")
        axes.set_ylim(-2, 102)
        axes.set_xlim(left=0)
        axes.grid(color=LINE, linewidth=0.6)
        signs = [Sign("simulated, with 95 % of Monte Carlo error", "o", ORANGE, INK)]
        if exact:
            signs.append(Sign("exactly, if nobody left and every product passed", color=BLUE))
        legend(sheet, signs, 2)

    note = f"{fewer(found.trials):,} simulated trials at each point. Lower levels keep the toxicity assumed of them."
    note = note if len(found.plan.levels) > 1 else f"{fewer(found.trials):,} simulated trials at each point."
    return made("declaring", "Declared safe, as the highest level grows more toxic", f"{told}.", 3.0, paint, (),
                note=note)  # fmt: skip


def _length(found: Simulation) -> Figure:
    parts = ", ".join(f"{part:.0%} within {found.month(part):.1f}" for part in (0.1, 0.5, 0.9))

    def paint(sheet: Sheet) -> None:
        axes = sheet.subplots()
        axes.step(*ended_by(found.totals), where="post", color=BLUE)
        for part in (0.1, 0.5, 0.9):
            month = found.month(part)
            axes.plot([0, month, month], [100 * part, 100 * part, 0], color=INK, linestyle=":", linewidth=0.9)
            axes.annotate(f"{month:.1f}", (month, 100 * part), (4, -9), textcoords="offset points")
        axes.set_xlabel("months since the first screening")
        axes.set_ylabel("% of trials that have ended")
        axes.set_ylim(0, 102)
        axes.set_xlim(left=0)
        axes.grid(color=LINE, linewidth=0.6)

    note = (
        f"Share of {found.trials:,} simulated trials, within ± {50 / found.trials**0.5:.1f} percentage points (one "
        "Monte Carlo error). Dotted: the months within which one in ten, half and nine in ten trials have ended."
    )
    return made("length", "How long the trial takes", f"Trials that have ended, in months: {parts}.", 2.6, paint, (),
                note=note)  # fmt: skip


def _doses(found: Simulation) -> Figure:
    given, toxic = found.totals.mean("given"), found.totals.mean("toxic")
    names = [level.name for level in found.plan.levels]
    told = "; ".join(f"{name}: {dose:.1f} given, {harm:.2f} followed by unacceptable toxicity"
                     for name, dose, harm in zip(names, given, toxic, strict=True))  # fmt: skip

    def paint(sheet: Sheet) -> None:
        axes = sheet.subplots()
        rows = range(len(names))
        axes.barh(rows, given, 0.6, color=BLUE, edgecolor=INK, linewidth=0.5)
        axes.barh(rows, toxic, 0.6, color=ORANGE, hatch="//", edgecolor=INK, linewidth=0.5)
        axes.set_yticks(rows, names)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("doses, mean over trials")
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        legend(sheet, [Sign("given", fill=BLUE, edge=INK),
                       Sign("of these with unacceptable toxicity", fill=ORANGE, hatch="//", edge=INK)], 2)  # fmt: skip

    errors = [max(found.totals.error(name)) for name in ("given", "toxic")]
    note = (
        f"Simulated. Monte Carlo errors are at most ± {errors[0]:.2g} doses given and ± {errors[1]:.2g} with toxicity."
    )
    return made("doses", "Doses by level", f"{told}.", 1.2 + 0.35 * len(names), paint, (), note=note)


def _products(found: Simulation) -> Figure:
    shown = {name: _shares(found.totals, name) for name in ("failed", "wasted")}
    told = f"Mean {found.mean('failed')[0]:.2f} that did not pass, {found.mean('wasted')[0]:.2f} made and not given."

    def paint(sheet: Sheet) -> None:
        left, right = sheet.subplots(1, 2, sharey=True)
        named = (("failed", "products that did not pass", BLUE), ("wasted", "products made and not given", ORANGE))
        for axes, (name, says, colour) in zip((left, right), named, strict=True):
            axes.bar(list(shown[name]), list(shown[name].values()), 0.8, color=colour, edgecolor=INK, linewidth=0.4)
            axes.set_xlabel(says)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y", color=LINE, linewidth=0.6)
        left.set_ylabel("% of trials")

    return made("products", "Products lost", told, 2.2, paint, (), note=f"{found.trials:,} simulated trials.")


def _shares(totals: Totals, name: str) -> dict[int, float]:
    return {value: 100 * count / totals.trials for value, count in sorted(totals.counts[name].items())}
