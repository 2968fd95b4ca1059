"""Forest plots: each participant's value beside the group's estimate, and people affected by harms with intervals.

Takes results and the table of adverse-event counts, gives figures (step 10 of the walk).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stromal.analyse.grid import Cell, Table
from stromal.analyse.models import Result
from stromal.drawing import BLUE, INK, LINE, MUTED, RED, TALLEST, Figure, bare, made, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet


def forest(result: Result) -> tuple[Figure, ...]:
    """Values from the lowest to the highest, with the mean and its interval below; none for fewer than one value."""
    if result.estimate is None or result.method not in ("change", "slope_difference"):
        return ()
    people = sorted((each.value, each.participant) for each in result.values if each.value is not None)
    height = min(0.21 * len(people) + 1.5, TALLEST)
    name = f"forest-{result.name}".replace("_", "-")
    title = f"{result.measure.capitalize()}: each participant and the group"
    return (
        made(name, title, _alt(result, people), height, _Forest(result, people).paint, result.entries, result.name),
    )


def _alt(result: Result, people: Sequence[tuple[float, str]]) -> str:
    assert result.estimate is not None
    told = f"{result.measure} {signed(result.estimate)} {result.unit}"
    if result.interval:
        low, high = signed(result.interval.low), signed(result.interval.high)
        told += f", {100 * result.interval.level:g} % interval {low} to {high}"
    each = "; ".join(f"{who} {signed(value)}" for value, who in people)
    return f"{told}, from {len(people)} people. Lowest to highest: {each}."


class _Forest:
    """Paints one result."""

    def __init__(self, result: Result, people: Sequence[tuple[float, str]]) -> None:
        self.result, self.people = result, people

    def paint(self, sheet: Sheet) -> None:
        axes, n = sheet.add_subplot(), len(self.people)
        axes.axvline(0, color=MUTED, linewidth=1)
        values = [value for value, _ in self.people]
        axes.hlines(range(n), 0, values, color=LINE, linewidth=1)
        axes.plot(values, range(n), "o", color=INK, markersize=4.2)
        size = 7.5 if n <= 36 else 6
        axes.set_yticks([*range(n), n + 0.8], [*(who for _, who in self.people), f"Mean of {n}"], fontsize=size)
        self._numbers(axes, size)
        self._group(axes, n + 0.8)
        axes.axhline(n - 0.1, color=LINE, linewidth=0.8)
        axes.set_ylim(n + 1.5, -0.7)
        measured = self.result.measure.removeprefix("mean ").capitalize()
        axes.set_xlabel(f"{measured} ({self.result.unit})" if self.result.unit else measured)
        axes.margins(x=0.06)
        axes.grid(axis="x", color=LINE, linewidth=0.4)
        bare(axes)

    def _numbers(self, axes: Axes, size: float) -> None:
        """The same values as figures, in a column to the right of the plot."""
        across = axes.get_yaxis_transform()
        for at, (value, _) in enumerate(self.people):
            axes.text(1.02, at, signed(value), transform=across, va="center", ha="left", fontsize=size)

    def _group(self, axes: Axes, at: float) -> None:
        estimate, interval = self.result.estimate, self.result.interval
        assert estimate is not None
        if interval is not None:
            ends = [interval.low, interval.high]
            axes.plot(ends, [at, at], "|-", color=RED, linewidth=2.2, markersize=9, markeredgewidth=1.6)
        axes.plot(estimate, at, "D", color=RED, markersize=7)
        axes.text(1.02, at, signed(estimate), transform=axes.get_yaxis_transform(), va="center", fontweight="bold")


def harms(counts: Table) -> tuple[Figure, ...]:
    """People affected, as percentages with their exact intervals, over all levels; none while nobody is dosed."""
    records = counts.records()
    rows = [each for each in records if records and each["level"] == records[0]["level"]]
    if not rows:
        return ()
    alt = " ".join(
        f"{each['measure']}: {each['people']} of {each['of']}, 95 % interval {_number(each['low']):.1f} to"
        f" {_number(each['high']):.1f} %." for each in rows
    )  # fmt: skip
    title = "People affected by adverse events, with exact 95 % intervals"
    return (made("harms", title, alt, 0.3 * len(rows) + 0.9, _Harms(rows).paint, counts.entries),)


def _number(cell: Cell) -> float:
    assert isinstance(cell, int | float)
    return float(cell)


class _Harms:
    """Paints the intervals of the counts of one group."""

    def __init__(self, rows: Sequence[dict[str, Cell]]) -> None:
        self.rows = rows

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.add_subplot()
        across = axes.get_yaxis_transform()
        for at, each in enumerate(self.rows):
            low, high = _number(each["low"]), _number(each["high"])
            axes.plot([low, high], [at, at], "|-", color=BLUE, linewidth=2, markersize=7, markeredgewidth=1.4)
            yes, unknown, of = (int(_number(each[name])) for name in ("people", "unknown", "of"))
            axes.plot(100 * yes / of, at, "o", color=INK, markersize=5, zorder=3)
            if unknown:
                axes.plot(
                    100 * (yes + unknown) / of, at, "o", color="white", markeredgecolor=INK, markersize=5, zorder=3
                )
            said = f"{yes} of {of}" + (f", {unknown} not judged" if unknown else "")
            axes.text(1.02, at, f"{said}; {low:.1f} to {high:.1f} %", transform=across, va="center", fontsize=7.5)
        axes.set_yticks(range(len(self.rows)), [str(each["measure"]) for each in self.rows])
        axes.set_ylim(len(self.rows) - 0.5, -0.6)
        axes.set_xlim(-1.5, 101.5)
        axes.set_xlabel("Percent of people dosed")
        axes.grid(axis="x", color=LINE, linewidth=0.4)
        bare(axes)
