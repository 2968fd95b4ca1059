"""The paths of the next cohorts as a figure: one column a cohort, one line for each outcome, the dose in each box.

Takes a tree of paths; gives a Figure. Boxes that stop are marked by their border and their words, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from stromal.designs.paths import Node, leaves
from stromal.drawing import BLUE, INK, LINE, MUTED, PAPER, RED, TALLEST, Figure, made
from stromal.rules.escalation import Stop

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

MOST_ENDS, MOST_COLUMNS = 64, 7
"""More ends, or more columns, than a page can show legibly."""
_SIZES = {5: 7.0, 6: 6.2, 7: 5.4}
"""Points of the letters where there are more than four columns."""


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
    found = spots(root)
    columns = 1 + max(spot.column for spot in found)
    if columns > MOST_COLUMNS:
        message = f"the tree looks {columns - 1} cohorts ahead; a figure shows at most {MOST_COLUMNS - 1}"
        raise ValueError(f"{message}: look at fewer cohorts")
    height = min(TALLEST, 1.2 + 0.23 * ends)
    title = f"Paths of {name}"
    return made("paths", title, _alt(root), height, _Tree(found, title).paint, (), note=_note(root))


def _note(root: Node) -> str:
    """How the figure is read."""
    chances = " The percentage is the chance of the whole path up to there." if root.chance is not None else ""
    return (
        "Each box says what is done next: 3 on dose 2 means that the next 3 people get dose 2. The line to it says what"
        " was seen before, such as 2NNT: of 3 people on dose 2, two had no toxicity (N), one had it (T), in any order."
        f" A dashed box ends the trial and names the dose declared.{chances}"
    )


def _alt(root: Node) -> str:
    """Every path in words."""
    told = (f"{' '.join(map(str, path)) or 'at the start'}: {end.says}" for path, end in leaves(root))
    return "; ".join(told) + "."


class _Tree:
    """Paints boxes and the lines between them."""

    def __init__(self, found: tuple[Spot, ...], title: str) -> None:
        self.found, self.title = found, title
        self.deepest = max(spot.column for spot in found)
        self.size = _SIZES.get(self.deepest + 1, 8.0)

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.subplots()
        axes.set_axis_off()
        axes.set_title(self.title, loc="left", fontweight="bold")
        note = _note(self.found[0].node)
        sheet.supxlabel("\n".join(wrap(note, 118)), x=0.01, ha="left", fontsize=7.5, color=MUTED)
        axes.set_xlim(-0.35, self.deepest + 0.45)
        axes.set_ylim(max(spot.line for spot in self.found) + 0.7, -0.7)
        for spot in self.found:
            self._line(axes, spot)
        for spot in self.found:
            stops = isinstance(spot.node.advice, Stop)
            box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": RED if stops else BLUE,
                   "linestyle": "--" if stops else "-"}  # fmt: skip
            axes.text(spot.column, spot.line, _does(spot.node), ha="center", va="center", color=INK, bbox=box,
                      fontsize=self.size)  # fmt: skip

    def _line(self, axes: Axes, spot: Spot) -> None:
        if spot.before is None:
            return
        column, line = spot.before
        axes.plot([column, column + 0.3, spot.column], [line, spot.line, spot.line], color=LINE, zorder=0)
        axes.text(column + 0.48, spot.line, " ".join(_seen(spot.node)), ha="center", va="center", color=INK,
                  fontsize=self.size, bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8})  # fmt: skip


def _does(node: Node) -> str:
    """What is done, short enough for a box."""
    if not isinstance(node.advice, Stop):
        return node.says
    return "stop: no dose" if node.declared is None else f"stop: dose {node.declared + 1}"


def _seen(node: Node) -> Iterator[str]:
    yield str(node.cohort)
    if node.chance is not None:
        yield "<0.1%" if 0 < node.chance < 0.0005 else f"{node.chance:.1%}"
