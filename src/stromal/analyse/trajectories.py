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

from stromal.analyse.grid import gathered, numbered
from stromal.analyse.models import Part, PersonValue, Result
from stromal.analyse.readings import Reading, doses, first_dose, label, numbers
from stromal.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    RED,
    TALLEST,
    Figure,
    Sign,
    legend,
    made,
    month_steps,
    signed,
)
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Fact, Protocol
from stromal.protocol.tree import facts_read
from stromal.values import DAYS_A_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

COLUMNS, MOST_PANELS = 4, 24
_ACROSS, _DOWN = 1.14, 1.36
"""How far panels lie from one another; each is 1 wide and 1 high."""
_SHADE = "#e6edf3"
_SIDES: tuple[tuple[str, Literal["-", "--"]], ...] = ((GREEN, "--"), (RED, "-"))
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
        return (day - self.origin).days / DAYS_A_MONTH


def facts_drawn(protocol: Protocol, result: Result) -> tuple[Fact, ...]:
    """The numbers that the endpoint of a result reads."""
    read = sorted(facts_read(protocol.objectives[result.objective].endpoint))
    return tuple(fact for name in read if (fact := protocol.facts[name]).kind in ("number", "score"))


def trajectories(state: State, facts: Sequence[Fact], result: Result) -> tuple[Figure, ...]:
    """Everybody who has at least one value of each of these facts, beside their value of a result."""
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
    said = f"{panel.person.id}: {numbered(len(panel.points), 'value')}, first {first:g}, last {last:g}"
    value = panel.value
    for part in value.parts if value else ():
        if part.value is not None:
            said += f", slope {part.name} {part.value:.2f}"
    return said + "."


class _Painter:
    """Paints all panels into one pair of axes, each moved to its place: quick, and people are compared by eye."""

    def __init__(self, fact: Fact, panels: Sequence[Panel]) -> None:
        self.fact, self.panels = fact, panels
        self.rows = math.ceil(len(panels) / COLUMNS)
        values = [value for panel in panels for _, value in panel.points]
        months = [panel.month(reading.day) for panel in panels for reading, _ in panel.points]
        pad = max((max(values) - min(values)) * 0.12, 0.5)
        self.heights = (min(values) - pad, max(values) + pad)
        self.months = (min(*months, 0.0) - 0.8, max(*months, 0.0) + 0.8)
        self.dosed = any(panel.person.chart.infusions for panel in panels)
        self.sides: list[str] = []

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-0.02, COLUMNS * _ACROSS - 0.1)
        axes.set_ylim(-(self.rows - 1) * _DOWN - 0.34, 1.16)
        for at, panel in enumerate(self.panels):
            self._ground(axes, at, panel)
        self._values(axes)
        self._doses(axes)
        for side, (color, dashes) in enumerate(_SIDES):
            self._slopes(axes, side, color, dashes)
        unit = f" ({self.fact.unit})" if self.fact.unit else ""
        middle = 0.5 - (self.rows - 1) * _DOWN / 2
        axes.text(-0.3, middle, label(self.fact.name, self.fact.says) + unit, rotation=90, va="center", ha="center")
        self._legend(sheet)

    # ------------------------------------------------ places

    def _corner(self, at: int) -> tuple[float, float]:
        return (at % COLUMNS) * _ACROSS, -(at // COLUMNS) * _DOWN

    def _place(self, at: int, month: float, value: float) -> tuple[float, float]:
        (left, bottom), (first, last), (low, high) = self._corner(at), self.months, self.heights
        return left + (month - first) / (last - first), bottom + (value - low) / (high - low)

    def _points(self, at: int, panel: Panel) -> list[tuple[float, float]]:
        return [self._place(at, panel.month(reading.day), value) for reading, value in panel.points]

    # ------------------------------------------------ what is drawn

    def _ground(self, axes: Axes, at: int, panel: Panel) -> None:
        """Shading, grid, frame, heading; numbers on the left of each row and below each column."""
        left, bottom = self._corner(at)
        self._shade(axes, at, panel)
        low, high = self.heights
        rungs, months = _round_steps(low, high), month_steps(*self.months)
        across = [self._place(at, month, low)[0] for month in months]
        up = [self._place(at, 0, value)[1] for value in rungs]
        axes.vlines(across, bottom, bottom + 1, color=LINE, linewidth=0.4, zorder=0.5)
        axes.hlines(up, left, left + 1, color=LINE, linewidth=0.4, zorder=0.5)
        axes.plot([left, left, left + 1], [bottom + 1, bottom, bottom], color=MUTED, linewidth=0.7)
        axes.text(left, bottom + 1.05, self._heading(panel), fontsize=8)
        if at % COLUMNS == 0:
            for value, y in zip(rungs, up, strict=True):
                axes.text(left - 0.03, y, f"{value:g}".replace("-", "−"), ha="right", va="center", fontsize=6.5)
        if at + COLUMNS >= len(self.panels):
            for month, x in zip(months, across, strict=True):
                axes.text(x, bottom - 0.05, f"{month}".replace("-", "−"), ha="center", va="top", fontsize=6.5)
            named = "Months from the first dose" if self.dosed else "Months from enrolment"
            axes.text(left + 0.5, bottom - 0.19, named, ha="center", va="top", fontsize=7)

    def _shade(self, axes: Axes, at: int, panel: Panel) -> None:
        """From the first value of the earlier slope up to the first dose: the run-in."""
        parts = panel.value.parts if panel.value else ()
        if not parts:
            return
        self.sides = [part.name for part in parts]
        early = [panel.month(reading.day) for reading, _ in panel.points if reading.entry in parts[0].entries]
        if early:
            (start, bottom), (end, _) = (
                self._place(at, month, self.heights[0]) for month in (min(early), max(0, *early))
            )
            axes.barh(bottom + 0.5, end - start, 1, start, color=_SHADE, zorder=0.2)

    def _values(self, axes: Axes) -> None:
        """Every value as a dot; a thin line from dot to dot where no slope is drawn."""
        dots = [self._points(at, panel) for at, panel in enumerate(self.panels)]
        flat = [dot for each in dots for dot in each]
        axes.plot([x for x, _ in flat], [y for _, y in flat], "o", color=INK, markersize=2.2, zorder=3)
        if not self.sides:
            self._strokes(axes, dots, INK, "-", 0.7)

    def _doses(self, axes: Axes) -> None:
        feet = [
            self._place(at, panel.month(given.day), self.heights[0])
            for at, panel in enumerate(self.panels) for given in doses(panel.person)
        ]  # fmt: skip
        across, bottoms = [x for x, _ in feet], [y for _, y in feet]
        axes.vlines(across, bottoms, [y + 1 for y in bottoms], color=BLUE, linewidth=0.7, alpha=0.6, zorder=1.5)
        axes.plot(across, bottoms, "^", color=BLUE, markersize=4.2, zorder=2)

    def _slopes(self, axes: Axes, side: int, color: str, dashes: Literal["-", "--"]) -> None:
        """The fitted lines of one side, each over the values it was fitted to."""
        strokes = []
        for at, panel in enumerate(self.panels):
            parts = panel.value.parts if panel.value else ()
            if len(parts) > side and (ends := _fitted(panel, parts[side])):
                strokes.append([self._place(at, month, value) for month, value in ends])
        self._strokes(axes, strokes, color, dashes, 1.6)

    def _strokes(
        self, axes: Axes, strokes: Sequence[Sequence[tuple[float, float]]], color: str, dashes: Literal["-", "--"],
        width: float,
    ) -> None:  # fmt: skip
        """Many separate lines of one kind, as one."""
        joined = [point for stroke in strokes for point in (*stroke, (math.nan, math.nan))]
        axes.plot([x for x, _ in joined], [y for _, y in joined], dashes, color=color, linewidth=width, zorder=3.5)

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
        signs += [Sign(f"Slope, {name}", color=color, dashes=dashes)
                  for name, (color, dashes) in zip(self.sides, _SIDES, strict=False)]  # fmt: skip
        legend(sheet, signs, 5)


def _fitted(panel: Panel, part: Part) -> list[tuple[float, float]]:
    """The two ends of a least-squares line, in months and values: it passes through the centre of its values."""
    own = [(panel.month(reading.day), value) for reading, value in panel.points if reading.entry in part.entries]
    if part.value is None or not own:
        return []
    centre_x = math.fsum(x for x, _ in own) / len(own)
    centre_y = math.fsum(y for _, y in own) / len(own)
    ends = (min(x for x, _ in own), max(x for x, _ in own))
    return [(x, centre_y + part.value * (x - centre_x)) for x in ends]


def _round_steps(low: float, high: float) -> list[float]:
    """Round numbers between two values, at most five, one, two or five of a power of ten apart."""
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * size for size in (1, 2, 5, 10) if (high - low) / (power * size) <= 5)
    return [at * step for at in range(math.ceil(low / step), math.floor(high / step) + 1)]
