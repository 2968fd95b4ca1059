"""The figures of a comparison of designs: bars of doses declared and people treated, lengths, and stopping curves.

Takes labels, scenarios and outcomes; gives Figures. Colours and hatches both tell designs apart, for print and for eyes
that see few colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from stromal.designs.totals import Totals
from stromal.drawing import BLUE, GREEN, INK, LINE, ORANGE, PURPLE, RED, SKY, Figure, Sign, legend, made
from stromal.values import DAYS_A_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY)
_HATCHES = ("", "//", "..", "xx", "\\\\", "--")
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


@dataclass(frozen=True, slots=True)
class Curve:
    """How often a design declares no dose (`shares`) at toxicities of the lowest dose (`places`)."""

    label: str
    places: tuple[float, ...]
    shares: tuple[float, ...]


class Told(Protocol):
    """What the figures ask of an outcome."""

    @property
    def selection(self) -> tuple[float, ...]:
        """The share of trials that declare each dose."""

    @property
    def none(self) -> float:
        """The share that declares none."""

    @property
    def treated(self) -> tuple[float, ...]:
        """Expected people on each dose."""

    @property
    def totals(self) -> Totals:
        """The simulated calendar."""


Rows = Sequence[Sequence[Told]]
"""Outcomes of each scenario, in the order of the designs."""


def drawn(
    labels: Sequence[str], scenarios: Sequence[tuple[float, ...]], rows: Rows, curves: Sequence[Curve]
) -> tuple[Figure, ...]:
    """Every figure of a comparison."""
    height = 0.9 + 1.75 * len(scenarios)
    signs = _signs(labels)
    found = [
        made("declared", "Doses declared", _alt(labels, scenarios, rows, lambda each: (*each.selection, each.none)),
             height, _Bars(scenarios, rows, signs, declared=True).paint, (),
             note="Share of trials that declare each dose, and none; true toxicities below the doses."),
        made("allocation", "People on each dose", _alt(labels, scenarios, rows, lambda each: each.treated), height,
             _Bars(scenarios, rows, signs, declared=False).paint, (), note="Expected number of people."),
        made("length", "How long the trials take", _lengths(labels, scenarios, rows), height,
             _Lengths(scenarios, rows, labels).paint, (),
             note="Share of simulated trials that have ended after so many months."),
    ]  # fmt: skip
    if curves:
        told = "; ".join(f"{each.label}: {each.shares[-1]:.0%} at {each.places[-1]:.0%}" for each in curves)
        found.append(
            made("stopping", "No dose declared, as toxicity rises", f"Chance of declaring no dose. {told}.", 2.9,
                 _Stopping(curves, labels).paint, (),
                 note="All doses grow more toxic together, their odds in the ratios of the first scenario.")
        )  # fmt: skip
    return tuple(found)


def _signs(labels: Sequence[str]) -> list[Sign]:
    return [
        Sign(label, fill=_COLOURS[place % 6], hatch=_HATCHES[place % 6], edge=INK) for place, label in enumerate(labels)
    ]


def _alt(
    labels: Sequence[str], scenarios: Sequence[tuple[float, ...]], rows: Rows,
    numbers: Callable[[Told], tuple[float, ...]],
) -> str:  # fmt: skip
    """Every bar in words."""
    parts = []
    for scenario, row in zip(scenarios, rows, strict=True):
        for label, each in zip(labels, row, strict=True):
            shown = ", ".join(f"{number:.3g}" for number in numbers(each))
            parts.append(f"toxicities {', '.join(f'{p:g}' for p in scenario)}, {label}: {shown}")
    return "; ".join(parts) + "."


def _lengths(labels: Sequence[str], scenarios: Sequence[tuple[float, ...]], rows: Rows) -> str:
    parts = []
    for number, row in enumerate(rows, 1):
        for label, each in zip(labels, row, strict=True):
            parts.append(
                f"scenario {number}, {label}: median {each.totals.quantile('days', 0.5) / DAYS_A_MONTH:.1f} months"
            )
    return f"{len(scenarios)} scenarios. " + "; ".join(parts) + "."


class _Bars:
    """Paints one row of grouped bars for each scenario."""

    def __init__(
        self, scenarios: Sequence[tuple[float, ...]], rows: Rows, signs: Sequence[Sign], *, declared: bool
    ) -> None:
        self.scenarios, self.rows, self.signs, self.declared = scenarios, rows, signs, declared

    def paint(self, sheet: Sheet) -> None:
        grid = sheet.subplots(len(self.scenarios), 1, squeeze=False)
        for axes, scenario, row in zip(grid[:, 0], self.scenarios, self.rows, strict=True):
            self._row(axes, scenario, row)
        legend(sheet, self.signs)

    def _row(self, axes: Axes, scenario: tuple[float, ...], row: Sequence[Told]) -> None:
        width = 0.8 / len(row)
        names = [f"dose {dose}\n{rate:g}" for dose, rate in enumerate(scenario, 1)]
        if self.declared:
            names.append("none")
        for place, (each, sign) in enumerate(zip(row, self.signs, strict=True)):
            heights = [100 * share for share in (*each.selection, each.none)] if self.declared else list(each.treated)
            middles = [dose + (place - (len(row) - 1) / 2) * width for dose in range(len(names))]
            axes.bar(middles, heights, width, color=sign.fill, hatch=sign.hatch, edgecolor=INK, linewidth=0.5)
        axes.set_xticks(range(len(names)), names)
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.locator_params(axis="y", integer=True, nbins=5)
        axes.set_ylabel("% of trials" if self.declared else "people")


class _Lengths:
    """Paints how many trials have ended after so many months."""

    def __init__(self, scenarios: Sequence[tuple[float, ...]], rows: Rows, labels: Sequence[str]) -> None:
        self.scenarios, self.rows, self.labels = scenarios, rows, labels

    def paint(self, sheet: Sheet) -> None:
        grid = sheet.subplots(len(self.scenarios), 1, squeeze=False, sharex=True)
        for axes, scenario, row in zip(grid[:, 0], self.scenarios, self.rows, strict=True):
            for place, each in enumerate(row):
                days = sorted(each.totals.counts["days"].items())
                reached, months, ended = 0, [0.0], [0.0]
                for day, count in days:
                    reached += count
                    months.append(day / DAYS_A_MONTH)
                    ended.append(100 * reached / each.totals.trials)
                axes.step(months, ended, where="post", color=_COLOURS[place % 6], linestyle=_DASHES[place % 6])
            axes.set_ylim(0, 101)
            axes.set_ylabel("% ended")
            axes.grid(color=LINE, linewidth=0.6)
            axes.set_title(f"toxicities {', '.join(f'{rate:g}' for rate in scenario)}", loc="left")
        grid[-1, 0].set_xlabel("months")
        _named(sheet, self.labels)


class _Stopping:
    """Paints the chance of declaring no dose over the toxicity of the lowest dose."""

    def __init__(self, curves: Sequence[Curve], labels: Sequence[str]) -> None:
        self.curves, self.labels = curves, list(labels)

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.subplots()
        for curve in self.curves:
            place = self.labels.index(curve.label)
            shares = [100 * share for share in curve.shares]
            axes.plot([100 * each for each in curve.places], shares, color=_COLOURS[place % 6],
                      linestyle=_DASHES[place % 6])  # fmt: skip
        axes.set_xlabel("true toxicity of the lowest dose, %")
        axes.set_ylabel("% of trials that declare no dose")
        axes.set_ylim(0, 101)
        axes.grid(color=LINE, linewidth=0.6)
        _named(sheet, self.labels)


def _named(sheet: Sheet, labels: Sequence[str]) -> None:
    """The legend of lines."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - the command line stays quick while nothing is drawn

    lines = [
        Line2D([], [], color=_COLOURS[place % 6], linestyle=_DASHES[place % 6], label=label)
        for place, label in enumerate(labels)
    ]
    sheet.legend(handles=lines, loc="outside lower center", ncols=4, columnspacing=1.4, handlelength=3)
