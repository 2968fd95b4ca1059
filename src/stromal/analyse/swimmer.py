"""The swimmer plot: one lane a participant, from screening to the end, with all that happened on the way.

Takes the State and the Protocol, gives figures of at most two dozen lanes each (step 10 of the walk).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from stromal.analyse.canvas import (
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
)
from stromal.analyse.grid import gathered
from stromal.analyse.readings import doses, label, level
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

MOST_LANES = 24
MONTH = 30.4375
"""Days in a month, only for drawing."""
_SCREENING = "screening"
_FILLS = ("#e4e9ed", "#cfe2f3", "#fbe3b4", "#d3ead9", "#e9d9e6", "#f6d5c3")
_HATCHES = ("", "////", "", "|||", "\\\\", "---")
_RIM = "#9fb0bd"


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
    return made(name, title, _alt(people), 0.36 * len(lanes) + 1.5, painter.paint, entries)


def lane(person: Participant, protocol: Protocol, state: State) -> Lane:
    """Where one participant was when: screening up to enrolment, then epoch after epoch as visits took place."""
    last = _last_day(person, state)
    start = min(person.registered, person.chart.consent or person.registered)
    enrolled = person.chart.enrolled or start
    steps: list[tuple[str, date]] = [(_SCREENING, start)]
    names = protocol.epochs
    steps.append((names[0] if names else "in the trial", enrolled))
    giving, before = {visit.epoch for visit in protocol.visits_giving()}, enrolled
    for visit in sorted(person.chart.visits, key=lambda each: (each.day, each.entry)):
        planned = protocol.visit(visit.visit)
        epoch = planned.epoch if planned else ""
        if epoch and epoch != steps[-1][0] and visit.day >= enrolled:
            # An epoch that gives doses is over with its last visit; any other lasts until the next one begins.
            steps.append((epoch, before if steps[-1][0] in giving else visit.day))
        before = max(before, visit.day)
    ends = [day for _, day in steps[1:]] + [last]
    stretches = tuple(Stretch(name, day, end) for (name, day), end in zip(steps, ends, strict=True) if end > day)
    return Lane(person, start, last, stretches)


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
            [number for each in chart.adverse_events for number in (each.reported, each.entry)],
            [each.entry for each in person.missed],
            [each.entry for each in person.omissions],
        ]
    )


def _alt(people: Sequence[Participant]) -> str:
    """What the picture shows, said in words: one sentence a participant."""
    told = []
    for person in people:
        worst = max((event.grade for event in person.chart.adverse_events), default=0)
        parts = [f"{len(person.chart.infusions)} doses", f"{len(person.chart.adverse_events)} adverse events"]
        parts += [f"worst grade {worst}"] if worst else []
        parts += [f"{len(person.missed)} visits missed"] if person.missed else []
        status = "ongoing" if person.status == "enrolled" else person.status
        told.append(f"{person.id}: {', '.join(parts)}, {status}.")
    return " ".join(told)


class _Painter:
    """Paints lanes on one sheet."""

    def __init__(self, state: State, protocol: Protocol, lanes: Sequence[Lane]) -> None:
        self.state, self.protocol, self.lanes = state, protocol, lanes
        longest = max((each.end - each.start).days for each in lanes)
        self.unit, self.days = ("Months", MONTH) if longest > 120 else ("Days", 1.0)
        self.epochs = list(
            dict.fromkeys([_SCREENING, *protocol.epochs, *(s.epoch for x in lanes for s in x.stretches)])
        )
        amounts = {level(protocol, i): i.level for p in state.enrolled() for i in p.chart.infusions}
        self.levels = sorted(amounts, key=lambda name: amounts[name])
        self.used: set[str] = set()

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.add_subplot()
        for at, each in enumerate(self.lanes):
            self._bars(axes, at, each)
            self._holds(axes, at, each)
            self._visits(axes, at, each)
            self._adverse_events(axes, at, each)
            self._end(axes, at, each)
        axes.set_yticks(range(len(self.lanes)), [each.person.id for each in self.lanes])
        axes.set_ylim(len(self.lanes) - 0.4, -0.75)
        axes.set_xlabel(f"{self.unit} since enrolment")
        axes.grid(axis="x", color=LINE, linewidth=0.5)
        axes.margins(x=0.03)
        bare(axes, "left")
        self._legend(sheet)

    def _x(self, each: Lane, day: date) -> float:
        return (day - (each.person.chart.enrolled or each.start)).days / self.days

    def _bars(self, axes: Axes, at: int, each: Lane) -> None:
        for stretch in each.stretches:
            kind = self.epochs.index(stretch.epoch) % len(_FILLS)
            self.used.add(stretch.epoch)
            left, right = self._x(each, stretch.start), self._x(each, stretch.end)
            axes.barh(at, right - left, 0.42, left, color=_FILLS[kind], hatch=_HATCHES[kind], edgecolor=_RIM,
                      linewidth=0.5)  # fmt: skip

    def _holds(self, axes: Axes, at: int, each: Lane) -> None:
        for hold in self.state.holds:
            mine = hold.level == "trial" or hold.participant == each.person.id
            if not mine or hold.placed_at is None:
                continue
            start = max(hold.placed_at.date(), each.start)
            end = min(hold.released_at.date() if hold.released_at else each.end, each.end)
            if end >= start:
                self.used.add("hold")
                left, right = self._x(each, start), self._x(each, end)
                axes.plot([left, right], [at + 0.33] * 2, color=INK, linewidth=2.6, solid_capstyle="butt")
                axes.plot([left, right], [at + 0.33] * 2, "|", color=INK, markersize=5)

    def _visits(self, axes: Axes, at: int, each: Lane) -> None:
        for missed in each.person.missed:
            self.used.add("missed")
            axes.plot(self._x(each, missed.day), at, "x", color=MUTED, markersize=4.5, markeredgewidth=1.3)
        for omitted in each.person.omissions:
            self.used.add("omitted")
            axes.plot(self._x(each, omitted.day), at, "s", color=PAPER, markersize=7.5, markeredgecolor=BLUE)
        for given in doses(each.person):
            self.used.add("dose")
            axes.plot(self._x(each, given.day), at, "s", color=BLUE, markersize=8, markeredgecolor=PAPER)
            rank = self.levels.index(level(self.protocol, given)) + 1
            self._numeral(axes, self._x(each, given.day), at, rank, PAPER)

    def _adverse_events(self, axes: Axes, at: int, each: Lane) -> None:
        """One circle a day with the worst grade of that day in it."""
        worst: dict[date, tuple[int, bool]] = {}
        for event in each.person.chart.adverse_events:
            worst[event.onset] = max(worst.get(event.onset, (0, False)), (event.grade, event.related is True))
        for day, (grade, related) in sorted(worst.items(), key=lambda item: (item[1], item[0])):
            severe = grade >= 3
            self.used.add("severe" if severe else "related" if related else "mild")
            edge = RED if severe or related else MUTED
            axes.plot(self._x(each, day), at - 0.4, "o", color=RED if severe else PAPER, markersize=6.6,
                      markeredgecolor=edge, markeredgewidth=0.9)  # fmt: skip
            self._numeral(axes, self._x(each, day), at - 0.4, grade, PAPER if severe else INK)

    def _numeral(self, axes: Axes, x: float, y: float, value: int, color: str) -> None:
        axes.annotate(str(value), (x, y), ha="center", va="center_baseline", fontsize=5.4, color=color)

    def _end(self, axes: Axes, at: int, each: Lane) -> None:
        x, status = self._x(each, each.end), each.person.status
        marks: dict[str, tuple[str, str]] = {"completed": ("D", GREEN), "withdrawn": ("X", PURPLE)}
        marker, color = marks.get(status, (">", INK))
        self.used.add(status)
        axes.plot(x, at, marker, color=color, markersize=6, markeredgecolor=PAPER, clip_on=False)

    def _legend(self, sheet: Sheet) -> None:
        fills = [Sign(label(epoch), fill=_FILLS[kind % len(_FILLS)], hatch=_HATCHES[kind % len(_FILLS)], edge=_RIM)
                 for kind, epoch in enumerate(self.epochs) if epoch in self.used]  # fmt: skip
        several = f" (number: level of {len(self.levels)})" if len(self.levels) > 1 else ""
        signs = {
            "dose": Sign(f"Dose given{several}", "s", BLUE),
            "omitted": Sign("Dose not given", "s", PAPER, BLUE),
            "missed": Sign("Visit missed", "x", MUTED),
            "mild": Sign("Adverse event, grade 1-2", "o", PAPER, MUTED),
            "related": Sign("the same, related", "o", PAPER, RED),
            "severe": Sign("Adverse event, grade 3-5", "o", RED),
            "hold": Sign("Hold"),
            "completed": Sign("Completed", "D", GREEN),
            "withdrawn": Sign("Withdrawn", "X", PURPLE),
            "enrolled": Sign("Ongoing", ">", INK),
        }
        legend(sheet, [*fills, *(sign for name, sign in signs.items() if name in self.used)])
