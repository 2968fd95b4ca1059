"""The figures of a comparison of designs: bars of doses declared and people treated, lengths, and stopping curves.

Takes labels, scenarios and outcomes; gives Figures. Colours and hatches both tell designs apart, for print and for eyes
that see few colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
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
_BAND = "#e6ebef"
MOST_ROWS = 5
"""Scenarios of one figure: more of them would not fit on a page, and go on in the next."""
_SURE = 1.96
"""Monte Carlo errors on either side that make 95 %."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How often a design declares no dose (`shares`) at toxicities of the lowest dose (`places`); `errors` are Monte
    Carlo errors where it was simulated, and empty where it is exact.
    """

    label: str
    places: tuple[float, ...]
    shares: tuple[float, ...]
    errors: tuple[float, ...] = ()


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
        """The simulated calendar, and more where nothing is exact."""

    @property
    def error(self) -> float:
        """The Monte Carlo error of the shares; 0 where they are exact."""


Rows = Sequence[Sequence[Told]]
"""Outcomes of each scenario, in the order of the designs."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The scenarios of one figure: the number of the first, their toxicities, outcomes and doses nearest the target."""

    first: int
    scenarios: Sequence[tuple[float, ...]]
    rows: Rows
    best: Sequence[int]

    @property
    def height(self) -> float:
        """Inches."""
        return 0.9 + 1.5 * len(self.scenarios)

    def named(self, place: int) -> str:
        """A scenario, counted from 1 over the whole page."""
        rates = ", ".join(_percent(rate) for rate in self.scenarios[place])
        return f"scenario {self.first + place}: true toxicities {rates}"


def drawn(
    labels: Sequence[str], scenarios: Sequence[tuple[float, ...]], rows: Rows, curves: Sequence[Curve],
    best: Sequence[int],
) -> tuple[Figure, ...]:  # fmt: skip
    """Every figure of a comparison; `best` has the dose of each scenario that comes nearest the target."""
    parts = [
        _Part(first + 1, scenarios[first:last], rows[first:last], best[first:last])
        for first, last in ((first, first + MOST_ROWS) for first in range(0, len(scenarios), MOST_ROWS))
    ]
    found = [
        draw(labels, part, "" if len(parts) == 1 else f"-{number}")
        for draw in (_declared, _allocated, _lasting) for number, part in enumerate(parts, 1)
    ]  # fmt: skip
    return (*found, _stopping(labels, curves))


def _declared(labels: Sequence[str], part: _Part, more: str) -> Figure:
    note = f"Share of trials that declare each dose, and none. {_read(labels, part)}"
    return made(f"declared{more}", f"Doses declared{_which(part, more)}",
                _alt(labels, part, lambda each: (*each.selection, each.none)), part.height,
                _Bars(part, _signs(labels), declared=True).paint, (), note=note)  # fmt: skip


def _allocated(labels: Sequence[str], part: _Part, more: str) -> Figure:
    note = f"Expected number of people. {_read(labels, part)}"
    return made(f"allocation{more}", f"People on each dose{_which(part, more)}",
                _alt(labels, part, lambda each: each.treated), part.height,
                _Bars(part, _signs(labels), declared=False).paint, (), note=note)  # fmt: skip


def _lasting(labels: Sequence[str], part: _Part, more: str) -> Figure:
    trials = part.rows[0][0].totals.trials
    note = (
        f"Share of {trials:,} simulated trials that have ended; their Monte Carlo error is at most "
        f"± {50 / trials**0.5:.1f} percentage points. Where lines coincide, the thinner lies on the thicker."
    )
    return made(f"length{more}", f"How long the trials take{_which(part, more)}", _lengths(labels, part), part.height,
                _Lengths(part, labels).paint, (), note=note)  # fmt: skip


def _stopping(labels: Sequence[str], curves: Sequence[Curve]) -> Figure:
    told = "; ".join(f"{each.label}: {each.shares[-1]:.0%} at {each.places[-1]:.0%}" for each in curves)
    drawn_points = [each.label for each in curves if each.errors]
    how = "All lines are exact."
    if drawn_points:
        how = f"Lines are exact; points with 95 % of Monte Carlo error are simulated ({', '.join(drawn_points)})."
    note = (
        "All doses grow more toxic together, their odds in the ratios of the first scenario. "
        f"{how} Where lines coincide, the thinner lies on the thicker."
    )
    return made("stopping", "No dose declared, as toxicity rises", f"Chance of declaring no dose. {told}.", 2.7,
                _Stopping(curves, labels).paint, (), note=note)  # fmt: skip


def _which(part: _Part, more: str) -> str:
    """Which scenarios a figure has, where they go over several."""
    last = part.first + len(part.scenarios) - 1
    which = f", scenarios {part.first} to {last}" if last > part.first else f", scenario {last}"
    return which if more else ""


def _read(labels: Sequence[str], part: _Part) -> str:
    """How bars are read: the band, and what is exact."""
    band = "The grey band marks the dose nearest the target."
    open_ = [label for label, each in zip(labels, part.rows[0], strict=True) if each.error]
    if not open_:
        return f"{band} All bars are exact."
    return (
        f"{band} Bars with a line (95 % of Monte Carlo error) are simulated: {', '.join(open_)}. All others are exact."
    )


def _percent(rate: float) -> str:
    return f"{100 * rate:.4g} %"


def _shape(place: int) -> tuple[str, str, Any, float]:
    """Colour, hatch, dashes and width of the design at a place: no two of the first thirty-six look alike."""
    turn = (place + place // 6) % 6
    return _COLOURS[place % 6], _HATCHES[turn], _DASHES[turn], max(1.1, 3.0 - 0.4 * place)


def _signs(labels: Sequence[str]) -> list[Sign]:
    return [Sign(label, fill=_shape(place)[0], hatch=_shape(place)[1], edge=INK) for place, label in enumerate(labels)]


def _alt(labels: Sequence[str], part: _Part, numbers: Callable[[Told], tuple[float, ...]]) -> str:
    """Every bar in words."""
    told = []
    for place, row in enumerate(part.rows):
        for label, each in zip(labels, row, strict=True):
            told.append(f"{part.named(place)}, {label}: {', '.join(f'{number:.3g}' for number in numbers(each))}")
    return "; ".join(told) + "."


def _lengths(labels: Sequence[str], part: _Part) -> str:
    told = []
    for place, row in enumerate(part.rows, part.first):
        for label, each in zip(labels, row, strict=True):
            median = each.totals.quantile("days", 0.5) / DAYS_A_MONTH
            told.append(f"scenario {place}, {label}: median {median:.1f} months")
    return f"{len(part.rows)} scenarios. " + "; ".join(told) + "."


class _Bars:
    """Paints one row of grouped bars for each scenario."""

    def __init__(self, part: _Part, signs: Sequence[Sign], *, declared: bool) -> None:
        self.part, self.signs, self.declared = part, signs, declared

    def paint(self, sheet: Sheet) -> None:
        grid = sheet.subplots(len(self.part.rows), 1, squeeze=False)
        for place, axes in enumerate(grid[:, 0]):
            self._row(axes, place)
        grid[-1, 0].set_xlabel("dose, and its true toxicity")
        legend(sheet, self.signs)

    def _row(self, axes: Axes, place: int) -> None:
        scenario, row, best = self.part.scenarios[place], self.part.rows[place], self.part.best[place]
        width = 0.8 / len(row)
        names = [f"dose {dose}\n{_percent(rate)}" for dose, rate in enumerate(scenario, 1)]
        if self.declared:
            names.append("none")
        axes.axvspan(best - 0.5, best + 0.5, color=_BAND, zorder=0)
        for number, (each, sign) in enumerate(zip(row, self.signs, strict=True)):
            middles = [dose + (number - (len(row) - 1) / 2) * width for dose in range(len(names))]
            axes.bar(middles, self._heights(each), width, yerr=self._errors(each), color=sign.fill, hatch=sign.hatch,
                     edgecolor=INK, linewidth=0.5, error_kw={"ecolor": INK, "capsize": 2})  # fmt: skip
        axes.set_xticks(range(len(names)), names)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(bottom=0)
        axes.set_title(f"scenario {self.part.first + place}", loc="left")
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.locator_params(axis="y", integer=True, nbins=5)
        axes.set_ylabel("% of trials" if self.declared else "people")

    def _heights(self, each: Told) -> list[float]:
        return [100 * share for share in (*each.selection, each.none)] if self.declared else list(each.treated)

    def _errors(self, each: Told) -> list[float] | None:
        """95 % of Monte Carlo error on either side; None where the bars are exact."""
        if not each.error:
            return None
        if self.declared:
            shares = (*each.selection, each.none)
            return [100 * _SURE * (share * (1 - share) / each.totals.trials) ** 0.5 for share in shares]
        return [_SURE * error if isfinite(error) else 0.0 for error in each.totals.error("treated")]


class _Lengths:
    """Paints how many trials have ended after so many months."""

    def __init__(self, part: _Part, labels: Sequence[str]) -> None:
        self.part, self.labels = part, labels

    def paint(self, sheet: Sheet) -> None:
        grid = sheet.subplots(len(self.part.rows), 1, squeeze=False, sharex=True)
        for number, (axes, row) in enumerate(zip(grid[:, 0], self.part.rows, strict=True)):
            for place, each in enumerate(row):
                months, ended = ended_by(each.totals)
                colour, _, dashes, width = _shape(place)
                axes.step(months, ended, where="post", color=colour, linestyle=dashes, linewidth=width)
            axes.set_ylim(-2, 102)
            axes.set_xlim(left=0)
            axes.set_ylabel("% of trials ended")
            axes.grid(color=LINE, linewidth=0.6)
            axes.set_title(self.part.named(number), loc="left")
        grid[-1, 0].set_xlabel("months since the trial opened")
        _named(sheet, self.labels)


def ended_by(totals: Totals) -> tuple[list[float], list[float]]:
    """Months, and the percentage of trials that have ended by each."""
    reached, months, ended = 0, [0.0], [0.0]
    for day, count in sorted(totals.counts["days"].items()):
        reached += count
        months.append(day / DAYS_A_MONTH)
        ended.append(100 * reached / totals.trials)
    return months, ended


class _Stopping:
    """Paints the chance of declaring no dose over the toxicity of the lowest dose."""

    def __init__(self, curves: Sequence[Curve], labels: Sequence[str]) -> None:
        self.curves, self.labels = curves, list(labels)

    def paint(self, sheet: Sheet) -> None:
        axes = sheet.subplots()
        for curve in self.curves:
            colour, _, dashes, width = _shape(self.labels.index(curve.label))
            places, shares = [100 * each for each in curve.places], [100 * share for share in curve.shares]
            if curve.errors:
                errors = [100 * _SURE * error for error in curve.errors]
                axes.errorbar(places, shares, errors, color=colour, linestyle=dashes, linewidth=width, marker="o",
                              markersize=4, markeredgecolor=INK, ecolor=INK, elinewidth=1, capsize=2)  # fmt: skip
            else:
                axes.plot(places, shares, color=colour, linestyle=dashes, linewidth=width)
        axes.set_xlabel("true toxicity of the lowest dose, %")
        axes.set_ylabel("% of trials that declare no dose")
        axes.set_ylim(-2, 102)
        axes.set_xlim(left=0)
        axes.grid(color=LINE, linewidth=0.6)
        _named(sheet, self.labels)


def _named(sheet: Sheet, labels: Sequence[str]) -> None:
    """The legend of lines."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - the command line stays quick while nothing is drawn

    lines = []
    for place, label in enumerate(labels):
        colour, _, dashes, width = _shape(place)
        lines.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=width, label=label))
    sheet.legend(handles=lines, loc="outside lower center", ncols=4, columnspacing=1.4, handlelength=3)
