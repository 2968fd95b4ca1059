"""Individual trajectories: one small panel a participant, with the run-in shaded, doses marked and slopes drawn.

Takes the State, the Protocol and the result the values belong to; gives figures of at most two dozen panels each
(step 10 of the walk).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from stromal.analyse.canvas import BLUE, INK, LINE, MUTED, RED, TALLEST, Figure, Sign, legend, made, signed
from stromal.analyse.grid import gathered
from stromal.analyse.models import Part, PersonValue, Result
from stromal.analyse.readings import Reading, doses, first_dose, label, numbers
from stromal.analyse.swimmer import MONTH
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Fact, Protocol
from stromal.protocol.tree import facts_read

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

COLUMNS, MOST_PANELS = 4, 24
_SHADE = "#e6edf3"
_SIDES: tuple[tuple[str, Literal["-", "--"]], ...] = ((MUTED, "--"), (RED, "-"))
"""How the earlier and the later slope are drawn: told apart by dashes as well as by colour."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One participant's values of one fact, in months from the first dose (from enrolment while there is none)."""

    person: Participant
    origin: date
    points: tuple[tuple[Reading, float], ...]
    value: PersonValue | None

    def month(self, day: date) -> float:
        """A day in months from the origin."""
        return (day - self.origin).days / MONTH


def trajectories(state: State, protocol: Protocol, result: Result) -> tuple[Figure, ...]:
    """Everybody who has at least one value of the number the endpoint reads; none where it reads no number."""
    read = sorted(facts_read(protocol.objectives[result.objective].endpoint))
    facts = [fact for name in read if (fact := protocol.facts[name]).kind in ("number", "score")]
    figures: list[Figure] = []
    for fact in facts:
        panels = [panel for person in state.enrolled() if (panel := _panel(person, fact, result)).points]
        parts = [panels[at : at + MOST_PANELS] for at in range(0, len(panels), MOST_PANELS)]
        figures += [_figure(fact, result, part, at, len(parts)) for at, part in enumerate(parts, start=1)]
    return tuple(figures)


def _panel(person: Participant, fact: Fact, result: Result) -> Panel:
    origin = first_dose(person) or person.chart.enrolled or person.registered
    own = [each for each in (*result.values, *result.missing, *result.outside) if each.participant == person.id]
    return Panel(person, origin, numbers(person, fact), own[0] if own else None)


def _figure(fact: Fact, result: Result, panels: Sequence[Panel], number: int, of: int) -> Figure:
    title = f"{label(fact.name, fact.says)} of each participant" + (f" ({number} of {of})" if of > 1 else "")
    entries = gathered(
        [[reading.entry for panel in panels for reading, _ in panel.points]]
        + [[given.entry for given in panel.person.chart.infusions] for panel in panels]
    )
    rows = math.ceil(len(panels) / COLUMNS)
    height = min(1.42 * rows + 0.8, TALLEST)
    name = f"trajectories-{result.name}-{fact.name}-{number}".replace("_", "-")
    painter = _Painter(fact, panels)
    alt = " ".join(_told(panel) for panel in panels)
    return made(name, title, alt, height, painter.paint, entries, result.name)


def _told(panel: Panel) -> str:
    """One participant's panel in words."""
    first, last = panel.points[0][1], panel.points[-1][1]
    said = f"{panel.person.id}: {len(panel.points)} values, first {first:g}, last {last:g}"
    value = panel.value
    for part in value.parts if value else ():
        if part.value is not None:
            said += f", slope in {part.name} {part.value:.2f}"
    return said + "."


class _Painter:
    """Paints panels that share both axes, so that people can be compared by eye."""

    def __init__(self, fact: Fact, panels: Sequence[Panel]) -> None:
        self.fact, self.panels = fact, panels
        values = [value for panel in panels for _, value in panel.points]
        months = [panel.month(reading.day) for panel in panels for reading, _ in panel.points]
        pad = max((max(values) - min(values)) * 0.12, 0.5)
        self.span = (min(values) - pad, max(values) + pad)
        self.reach = (min(*months, 0.0) - 0.8, max(*months, 0.0) + 0.8)
        self.dosed = any(panel.person.chart.infusions for panel in panels)
        self.sides: list[str] = []

    def paint(self, sheet: Sheet) -> None:
        rows = math.ceil(len(self.panels) / COLUMNS)
        grid = sheet.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        cells = [axes for row in grid for axes in row]
        for axes, panel in zip(cells, self.panels, strict=False):
            self._one(axes, panel)
        for at, axes in enumerate(cells[len(self.panels) :], start=len(self.panels)):
            axes.set_visible(False)
            if at >= COLUMNS:
                cells[at - COLUMNS].tick_params(labelbottom=True)
        for axes in cells[max(len(self.panels) - COLUMNS, 0) : len(self.panels)]:
            axes.set_xlabel("Months from the first dose" if self.dosed else "Months from enrolment", fontsize=7)
        unit = f" ({self.fact.unit})" if self.fact.unit else ""
        sheet.supylabel(label(self.fact.name, self.fact.says) + unit, fontsize=8)
        self._legend(sheet)

    def _one(self, axes: Axes, panel: Panel) -> None:
        axes.set_xlim(*self.reach)
        axes.set_ylim(*self.span)
        axes.set_xticks(self._ticks())
        axes.grid(color=LINE, linewidth=0.4)
        parts = panel.value.parts if panel.value else ()
        self._shade(axes, panel, parts)
        for given in doses(panel.person):
            axes.axvline(panel.month(given.day), color=BLUE, linewidth=0.7, alpha=0.6, zorder=1.5)
            axes.plot(panel.month(given.day), self.span[0], "^", color=BLUE, markersize=4.5, clip_on=False)
        months = [panel.month(reading.day) for reading, _ in panel.points]
        axes.plot(months, [value for _, value in panel.points], "o", color=INK, markersize=2.6, zorder=3)
        if not parts:
            axes.plot(months, [value for _, value in panel.points], color=INK, linewidth=0.7, zorder=2.5)
        for part, (color, dashes) in zip(parts, _SIDES, strict=False):
            self._slope(axes, panel, part, color, dashes)
        axes.set_title(self._heading(panel), loc="left", pad=3)

    def _ticks(self) -> list[int]:
        """Whole quarters of a year, or as many of them as leaves room for about five numbers."""
        low, high = self.reach
        step = next((step for step in (1, 3, 6, 12, 24) if (high - low) / step <= 6), 48)
        return [month for month in range(-600, 601, step) if low <= month <= high]

    def _shade(self, axes: Axes, panel: Panel, parts: Sequence[Part]) -> None:
        """From the first value of the earlier slope up to the first dose: the run-in."""
        if not parts:
            return
        self.sides = [part.name for part in parts]
        early = [panel.month(reading.day) for reading, _ in panel.points if reading.entry in parts[0].entries]
        if early:
            axes.axvspan(min(early), max(0.0, *early), color=_SHADE, linewidth=0, zorder=0)

    def _slope(self, axes: Axes, panel: Panel, part: Part, color: str, dashes: str) -> None:
        """The fitted line over the values it was fitted to: it passes through their centre."""
        own = [(panel.month(reading.day), value) for reading, value in panel.points if reading.entry in part.entries]
        if part.value is None or not own:
            return
        centre_x = math.fsum(x for x, _ in own) / len(own)
        centre_y = math.fsum(y for _, y in own) / len(own)
        ends = [min(x for x, _ in own), max(x for x, _ in own)]
        heights = [centre_y + part.value * (x - centre_x) for x in ends]
        axes.plot(ends, heights, dashes, color=color, linewidth=1.6, zorder=4)

    def _heading(self, panel: Panel) -> str:
        value = panel.value.value if panel.value else None
        if value is not None:
            return f"{panel.person.id}: {signed(value)}"
        if self.dosed and not panel.person.chart.infusions:
            return f"{panel.person.id}: not dosed"
        return f"{panel.person.id}: no value"

    def _legend(self, sheet: Sheet) -> None:
        signs = [Sign("Value", "o", INK), Sign("Dose", "^", BLUE)]
        if self.sides:
            signs.append(Sign(self.sides[0].capitalize(), fill=_SHADE, edge=LINE))
        signs += [Sign(f"Slope in {name}", color=color, dashes=dashes)
                  for name, (color, dashes) in zip(self.sides, _SIDES, strict=False)]  # fmt: skip
        legend(sheet, signs, 5)
