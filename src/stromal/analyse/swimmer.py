"""The swimmer plot: one lane a participant, from screening to the end, with all that happened on the way.

Takes the State and the Protocol, gives figures of at most two dozen lanes each (step 10 of the walk).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from stromal.analyse.grid import gathered, numbered
from stromal.analyse.readings import doses, label, level
from stromal.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    PAPER,
    PURPLE,
    RED,
    Figure,
    Sign,
    bare,
    legend,
    made,
    month_steps,
)
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Protocol
from stromal.values import DAYS_A_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

MOST_LANES = 24
_NOTE = "One circle stands for the worst adverse event that began on a day; circles that would touch are moved apart."
_SCREENING, _NO_EPOCH = "screening", "in the trial"
_FILLS = ("#e4e9ed", "#cfe2f3", "#fbe3b4", "#d3ead9", "#e9d9e6", "#f6d5c3")
_HATCHES = ("", "////", "", "|||", "\\\\", "---")
_RIM = "#9fb0bd"


_MARKS: dict[str, tuple[str, str, str, float]] = {
    "missed": ("x", MUTED, MUTED, 4.5),
    "omitted": ("s", PAPER, BLUE, 7.5),
    "dose": ("s", BLUE, PAPER, 8),
    "mild": ("o", PAPER, MUTED, 6.6),
    "related": ("o", PAPER, RED, 6.6),
    "severe": ("o", RED, RED, 6.6),
    "completed": ("D", GREEN, PAPER, 6),
    "withdrawn": ("X", PURPLE, PAPER, 7),
    "enrolled": (">", INK, PAPER, 6),
}
"""Every mark: its shape, colour, rim and size. What comes later lies on top."""
_TEXTS = {
    "missed": "Visit missed",
    "omitted": "Dose not given",
    "dose": "Dose given",
    "mild": "Adverse event, grade 1-2",
    "related": "the same, related",
    "severe": "Adverse event, grade 3-5",
    "completed": "Completed",
    "withdrawn": "Withdrawn",
    "enrolled": "Ongoing",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days one participant spent in one epoch."""

    epoch: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Lane:
    """One participant as drawn: stretches of epochs up to the last day known."""

    person: Participant
    start: date
    end: date
    stretches: tuple[Stretch, ...]


def swimmer(state: State, protocol: Protocol) -> tuple[Figure, ...]:
    """Everybody enrolled, two dozen lanes a figure; no figure while nobody is enrolled."""
    people = state.enrolled()
    parts = [people[at : at + MOST_LANES] for at in range(0, len(people), MOST_LANES)]
    return tuple(_figure(state, protocol, part, number, len(parts)) for number, part in enumerate(parts, start=1))


def _figure(state: State, protocol: Protocol, people: Sequence[Participant], number: int, of: int) -> Figure:
    lanes = [lane(person, protocol, state) for person in people]
    title = "Everybody's way through the trial" + (f" ({number} of {of})" if of > 1 else "")
    entries = gathered([_rests_on(person) for person in people] + [(h.entry, h.released) for h in state.holds])
    painter = _Painter(state, protocol, lanes)
    name = f"swimmer-{number}"
    return made(name, title, _alt(people), 0.36 * len(lanes) + 1.5, painter.paint, entries, note=_NOTE)


def lane(person: Participant, protocol: Protocol, state: State) -> Lane:
    """Where one participant was when: screening up to enrolment, then epoch after epoch as visits took place."""
    last = _last_day(person, state)
    start = min(person.registered, person.chart.consent or person.registered)
    enrolled = person.chart.enrolled or start
    steps: list[tuple[str, date]] = [(_SCREENING, start)]
    names = protocol.epochs
    steps.append((names[0] if names else _NO_EPOCH, enrolled))
    giving, before = {visit.epoch for visit in protocol.visits_giving()}, enrolled
    for visit in sorted(person.chart.visits, key=lambda each: (each.day, each.entry)):
        planned = protocol.visit(visit.visit)
        epoch = planned.epoch if planned else ""
        if epoch in names and names.index(epoch) > names.index(steps[-1][0]) and visit.day >= enrolled:
            # An epoch that gives doses is over with its last visit; any other lasts until the next one begins.
            steps.append((epoch, before if steps[-1][0] in giving else visit.day))
        before = max(before, visit.day)
    ends = [day for _, day in steps[1:]] + [last]
    stretches = tuple(Stretch(name, day, end) for (name, day), end in zip(steps, ends, strict=True) if end > day)
    return Lane(person, start, last, stretches)


def kinds(protocol: Protocol) -> dict[str, int]:
    """The fill of each epoch: before the doses, with them, and after them look the same in every trial."""
    giving = {visit.epoch for visit in protocol.visits_giving()}
    pools = {"before": [1, 4], "giving": [2, 5], "after": [3, 0]}
    found, reached = {_SCREENING: 0}, "before"
    for epoch in protocol.epochs or (_NO_EPOCH,):
        reached = "giving" if epoch in giving else "after" if reached != "before" else "before"
        found[epoch] = pools[reached][0]
        pools[reached].reverse()
    return found


def _last_day(person: Participant, state: State) -> date:
    if person.ended is not None:
        return person.ended
    chart = person.chart
    known = [person.registered, *(v.day for v in chart.visits), *(i.day for i in chart.infusions)]
    return max([*known, *([state.at.date()] if state.at else [])])


def _rests_on(person: Participant) -> tuple[int, ...]:
    chart = person.chart
    return gathered(
        [
            (person.entry, person.consent_entry, person.enrolment_entry, person.end_entry),
            [each.entry for each in chart.visits],
            [each.entry for each in chart.infusions],
            [number for each in chart.adverse_events for number in (each.reported, each.entry, each.resolution)],
            [each.entry for each in person.missed],
            [each.entry for each in person.omissions],
        ]
    )


def _alt(people: Sequence[Participant]) -> str:
    """What the picture shows, said in words: one sentence a participant."""
    told = []
    for person in people:
        worst = max((event.grade for event in person.chart.adverse_events), default=0)
        chart = person.chart
        parts = [numbered(len(chart.infusions), "dose"), numbered(len(chart.adverse_events), "adverse event")]
        parts += [f"worst grade {worst}"] if worst else []
        parts += [f"{numbered(len(person.missed), 'visit')} missed"] if person.missed else []
        status = "ongoing" if person.status == "enrolled" else person.status
        told.append(f"{person.id}: {', '.join(parts)}, {status}.")
    return " ".join(told)


class _Painter:
    """Paints lanes on one sheet."""

    def __init__(self, state: State, protocol: Protocol, lanes: Sequence[Lane]) -> None:
        self.state, self.protocol, self.lanes = state, protocol, lanes
        longest = max((each.end - each.start).days for each in lanes)
        self.unit, self.days = ("Months", DAYS_A_MONTH) if longest > 120 else ("Days", 1.0)
        self.circle = 0.0165 * longest / self.days
        self.kinds = kinds(protocol)
        amounts = {level(protocol, i): i.level for p in state.enrolled() for i in p.chart.infusions}
        self.levels = sorted(amounts, key=lambda name: amounts[name])
        self.used: set[str] = set()
        self.marks: dict[str, list[tuple[float, float]]] = {}
        self.held: list[tuple[float, float, float]] = []

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.add_subplot()
        for at, each in enumerate(self.lanes):
            self._bars(axes, at, each)
            self._holds(at, each)
            self._visits(at, each)
            self._adverse_events(at, each)
            self._put(each.person.status, self._x(each, each.end), at)
        self._draw_holds(axes)
        self._draw_marks(axes)
        axes.set_yticks(range(len(self.lanes)), [each.person.id for each in self.lanes])
        axes.margins(x=0.03)
        axes.set_ylim(len(self.lanes) - 0.4, -0.75)
        axes.set_xlabel(f"{self.unit} since enrolment")
        if self.unit == "Months":
            axes.set_xticks(month_steps(*axes.get_xlim()))
        axes.grid(axis="x", color=LINE, linewidth=0.5)
        bare(axes)
        self._legend(sheet)

    def _x(self, each: Lane, day: date) -> float:
        return (day - (each.person.chart.enrolled or each.start)).days / self.days

    def _bars(self, axes: Axes, at: int, each: Lane) -> None:
        for stretch in each.stretches:
            kind = self.kinds[stretch.epoch]
            self.used.add(stretch.epoch)
            left, right = self._x(each, stretch.start), self._x(each, stretch.end)
            axes.barh(at, right - left, 0.42, left, color=_FILLS[kind], hatch=_HATCHES[kind], edgecolor=_RIM,
                      linewidth=0.5)  # fmt: skip

    def _holds(self, at: int, each: Lane) -> None:
        for hold in self.state.holds:
            mine = hold.level == "trial" or hold.participant == each.person.id
            if not mine or hold.placed_at is None:
                continue
            start = max(hold.placed_at.date(), each.start)
            end = min(hold.released_at.date() if hold.released_at else each.end, each.end)
            if end >= start:
                self.held.append((at + 0.33, self._x(each, start), self._x(each, end)))

    def _visits(self, at: int, each: Lane) -> None:
        for missed in each.person.missed:
            self._put("missed", self._x(each, missed.day), at)
        for omitted in each.person.omissions:
            self._put("omitted", self._x(each, omitted.day), at)
        for given in doses(each.person):
            rank = self.levels.index(level(self.protocol, given)) + 1
            self._put("dose", self._x(each, given.day), at)
            if len(self.levels) > 1:
                self._put(f"white {rank}", self._x(each, given.day), at)

    def _adverse_events(self, at: int, each: Lane) -> None:
        """One circle a day with the worst grade of that day in it."""
        worst: dict[date, tuple[int, bool]] = {}
        for event in each.person.chart.adverse_events:
            worst[event.onset] = max(worst.get(event.onset, (0, False)), (event.grade, event.related is True))
        free = -math.inf
        for day, (grade, related) in sorted(worst.items()):
            x = max(self._x(each, day), free)
            free = x + self.circle
            severe = grade >= 3
            self._put("severe" if severe else "related" if related else "mild", x, at - 0.4)
            self._put(f"{'white' if severe else 'black'} {grade}", x, at - 0.4)

    def _put(self, kind: str, x: float, y: float) -> None:
        self.marks.setdefault(kind, []).append((x, y))

    def _draw_marks(self, axes: Axes) -> None:
        """Marks of one kind go down together, which is quick; what tells more lies on top."""
        for kind, (marker, color, rim, size) in _MARKS.items():
            self._draw(axes, kind, marker, color, rim, size)
        for kind in sorted(kind for kind in self.marks if kind not in _MARKS):
            shade, _, numeral = kind.partition(" ")
            color = PAPER if shade == "white" else INK
            self._draw(axes, kind, f"${numeral}$", color, "none", 4)

    def _draw(self, axes: Axes, kind: str, marker: str, color: str, rim: str, size: float) -> None:
        if places := self.marks.get(kind):
            across, down = [x for x, _ in places], [y for _, y in places]
            axes.plot(across, down, linestyle="none", marker=marker, color=color, markeredgecolor=rim, markersize=size,
                      clip_on=False)  # fmt: skip

    def _draw_holds(self, axes: Axes) -> None:
        if self.held:
            rows, starts, ends = (list(each) for each in zip(*self.held, strict=True))
            axes.hlines(rows, starts, ends, color=INK, linewidth=2.6)
            axes.plot([*starts, *ends], [*rows, *rows], linestyle="none", marker="|", color=INK, markersize=5)

    def _legend(self, sheet: Sheet) -> None:
        fills = [Sign(label(epoch), fill=_FILLS[kind], hatch=_HATCHES[kind], edge=_RIM)
                 for epoch, kind in self.kinds.items() if epoch in self.used]  # fmt: skip
        several = f" (number: level of {len(self.levels)})" if len(self.levels) > 1 else ""
        texts = {**_TEXTS, "dose": _TEXTS["dose"] + several}
        signs = [Sign(texts[kind], marker, color, rim) for kind, (marker, color, rim, _) in _MARKS.items()
                 if kind in self.marks]  # fmt: skip
        legend(sheet, [*fills, *signs, *((Sign("Hold"),) if self.held else ())])
