"""The paths of the next cohorts as a figure: one column a cohort, one line for each outcome, the dose in each box.

Takes a tree of paths; gives a Figure. Boxes that stop are marked by their border and their words, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stromal.designs.paths import Node, leaves
from stromal.drawing import BLUE, INK, LINE, PAPER, RED, TALLEST, Figure, made
from stromal.rules.escalation import Stop

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

MOST_ENDS = 64
"""More ends than a page can show legibly."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands: its column, its height in lines, and where the node before it stands."""

    node: Node
    column: int
    line: float
    before: tuple[int, float] | None


def spots(root: Node) -> tuple[Spot, ...]:
    """Every node with its place: ends one below the other, each node before them in their middle."""
    return tuple(_spots(root, 0, [0], None)[1])


def _spots(node: Node, column: int, used: list[int], before: tuple[int, float] | None) -> tuple[float, list[Spot]]:
    if not node.then:
        used[0] += 1
        return used[0] - 1.0, [Spot(node, column, used[0] - 1.0, before)]
    below = [_spots(each, column + 1, used, None) for each in node.then]
    line = (below[0][0] + below[-1][0]) / 2
    found = [Spot(node, column, line, before)]
    for _, (first, *others) in below:
        found += [Spot(first.node, first.column, first.line, (column, line)), *others]
    return line, found


def figure(name: str, root: Node) -> Figure:
    """The tree as a figure. ValueError where it has more ends than a page can show."""
    ends = sum(1 for _ in leaves(root))
    if ends > MOST_ENDS:
        raise ValueError(f"the tree has {ends} ends; a figure shows at most {MOST_ENDS}: look at fewer cohorts")
    height = min(TALLEST, 0.8 + 0.23 * ends)
    note = "Each box says what is done next; the line to it, what was seen (N no toxicity, T toxicity)."
    return made("paths", f"Paths of {name}", _alt(root), height, _Tree(spots(root)).paint, (), note=note)


def _alt(root: Node) -> str:
    """Every path in words."""
    told = (f"{' '.join(map(str, path)) or 'at the start'}: {end.says}" for path, end in leaves(root))
    return "; ".join(told) + "."


class _Tree:
    """Paints boxes and the lines between them."""

    def __init__(self, found: tuple[Spot, ...]) -> None:
        self.found = found

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.subplots()
        axes.set_axis_off()
        deepest = max(spot.column for spot in self.found)
        axes.set_xlim(-0.35, deepest + 0.75)
        axes.set_ylim(max(spot.line for spot in self.found) + 0.7, -0.7)
        for spot in self.found:
            self._line(axes, spot)
        for spot in self.found:
            stops = isinstance(spot.node.advice, Stop)
            box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": RED if stops else BLUE,
                   "linestyle": "--" if stops else "-"}  # fmt: skip
            axes.text(spot.column, spot.line, spot.node.says, ha="center", va="center", color=INK, bbox=box)

    def _line(self, axes: Axes, spot: Spot) -> None:
        if spot.before is None:
            return
        column, line = spot.before
        axes.plot([column, column + 0.42, spot.column], [line, spot.line, spot.line], color=LINE, zorder=0)
        axes.text(column + 0.5, spot.line, "  ".join(_seen(spot.node)), ha="center", va="center", color=INK,
                  bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.2})  # fmt: skip


def _seen(node: Node) -> Iterator[str]:
    yield str(node.cohort)
    if node.chance is not None:
        yield f"{node.chance:.1%}"
