"""The landscape of doses as a figure: for each group the range, the quartiles and the median, on a scale of powers.

Takes a Landscape; gives a Figure as SVG, the same bytes for the same numbers. Stands beside `doses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from stromal.catalogue.doses import Landscape, Row, Spread, Unit
from stromal.catalogue.related import brief
from stromal.drawing import BLUE, INK, LINE, MUTED, ORANGE, Figure, bare, made

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

LINES = 18
"""How many groups a figure shows at most: the first of the landscape."""
_PANELS: tuple[tuple[Unit, str, str], ...] = (
    ("cells", "Cells per administration", BLUE),
    ("cells/kg", "Cells per kg and administration", ORANGE),
)
_TITLES = {"route": "by route", "tissue": "by tissue", "condition": "by condition", "year": "by year of start"}
_LONGEST = 34
_MARGIN = 0.08
"""How far an axis reaches beyond its first and last power of ten."""
NOTE = "Dot: median; thick line: quartiles; thin line: lowest to highest; each trial counts once."
"""What must be known to read the figure; it stands below it."""


def figure(found: Landscape) -> tuple[Figure, ...]:
    """The figure of a landscape; none where no trial has a dose."""
    rows = shown(found)
    if not rows:
        return ()
    title = f"Doses of cells {_TITLES[found.by]}"
    name = f"doses-{found.by}"
    height = 0.24 * len(rows) + 1.5
    return (made(name, title, _alt(rows), height, _Panels(title, rows).paint, (), note=NOTE),)


def shown(found: Landscape) -> tuple[Row, ...]:
    """All trials, then the groups with a dose that the figure has room for (of years, the last)."""
    dosed = [row for row in found.rows if row.dosed]
    kept = dosed[-LINES:] if found.by == "year" else dosed[:LINES]
    return (found.every, *kept) if kept else ()


def told(spread: Spread) -> str:
    """`median 1e8, quartiles 5e7 to 2e8, 111 trials`."""
    trials = "1 trial" if len(spread) == 1 else f"{len(spread)} trials"
    middle, lower, upper = (brief(each, 2) for each in (spread.median, spread.lower, spread.upper))
    return f"median {middle}, quartiles {lower} to {upper}, {trials}"


def _alt(rows: Sequence[Row]) -> str:
    each = (
        f"{row.name}: "
        + "; ".join(f"{spread.unit} {told(spread)}" for unit, _, _ in _PANELS if (spread := row.spread(unit)))
        for row in rows
    )
    return ". ".join(each) + "."


class _Panels:
    """Paints doses of so many cells on the left and doses per kilogram on the right."""

    def __init__(self, title: str, rows: Sequence[Row]) -> None:
        self.title, self.rows = title, rows

    def paint(self, sheet: Sheet) -> None:
        left, right = sheet.subplots(1, 2, sharey=True, width_ratios=(1.25, 1))
        for axes, (unit, label, color) in zip((left, right), _PANELS, strict=True):
            self._panel(axes, unit, color)
            axes.set_xlabel(label)
            bare(axes)
        left.set_yticks(range(len(self.rows)), [_short(row.name) for row in self.rows])
        left.set_ylim(len(self.rows) - 0.4, -0.6)
        left.get_yticklabels()[0].set_fontweight("bold")
        sheet.suptitle(self.title, x=0.01, ha="left", fontsize=10, fontweight="bold")
        sheet.supxlabel(NOTE, x=0.01, ha="left", fontsize=7, color=MUTED)

    def _panel(self, axes: Axes, unit: Unit, color: str) -> None:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter("")
        ends = [end for row in self.rows if (spread := row.spread(unit)) for end in (spread.least, spread.most)]
        if ends:
            axes.set_xlim(10 ** (floor(log10(min(ends))) - _MARGIN), 10 ** (ceil(log10(max(ends))) + _MARGIN))
        across = axes.get_yaxis_transform()
        axes.text(1.02, -0.75, "trials", transform=across, va="center", fontsize=7, color=MUTED)
        axes.axhline(0.5, color=LINE, linewidth=0.8)
        for at, row in enumerate(self.rows):
            spread = row.spread(unit)
            if spread is None:
                continue
            axes.plot([spread.least, spread.most], [at, at], "-", color=MUTED, linewidth=0.8)
            axes.plot([spread.lower, spread.upper], [at, at], "-", color=color, linewidth=4, solid_capstyle="butt")
            axes.plot(spread.median, at, "o", color=INK, markersize=4.5, zorder=3)
            axes.text(1.02, at, str(len(spread)), transform=across, va="center", fontsize=7, color=MUTED)
        axes.grid(axis="x", color=LINE, linewidth=0.4)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
