"""A drawing surface that always gives the same bytes: an SVG with a title and a description, in the house's style.

Takes a painting function, gives a Figure. matplotlib is imported only when something is drawn, is never asked for a
window, and is left as it was found. The figures of a report (step 10 of the walk) and of the catalogue paint on it.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

INK, MUTED, LINE, PAPER = "#1b2733", "#5b6873", "#c3ccd3", "#ffffff"
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072b2", "#e69f00", "#00795a", "#c44700", "#56b4e9", "#a0568a"
"""Colours told apart also by people who do not see red or green as others do (after Okabe and Ito)."""
WIDTH = 7.1
"""Inches: what fits between the margins of an A4 page."""
TALLEST = 9.4
"""Inches: what fits on one page below its heading."""

_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing: SVG to put into a page, what it is called, what it shows in words, and the entries it rests on."""

    name: str
    title: str
    alt: str
    svg: str
    entries: tuple[int, ...] = ()
    result: str = ""
    """The analysis it belongs to; empty where it belongs to none."""
    note: str = ""
    """What must be known to read it."""


def draw(name: str, height: float, paint: Callable[[Sheet], None]) -> str:
    """Paint a sheet of the page's width and `height` inches, and give it as SVG whose bytes depend only on it."""
    import matplotlib as mpl  # noqa: PLC0415 - the command line stays quick while nothing is drawn
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure as NewSheet  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        mpl.rcParams["svg.hashsalt"] = name
        sheet = NewSheet(figsize=(WIDTH, height), layout="constrained")
        paint(sheet)
        written = io.StringIO()
        canvas: Any = FigureCanvasSVG(sheet)
        canvas.print_svg(written, metadata={"Date": None, "Creator": None})
    return written.getvalue()


def labelled(svg: str, name: str, title: str, alt: str) -> str:
    """The SVG made ready for a page: ids that no other figure has, a title and a description for those who listen."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    opening, rest = body.split(">", 1)
    ends = "stroke-linejoin: round; stroke-linecap: butt"
    names = f'style="{ends}" role="img" aria-labelledby="{name}-title {name}-desc"'
    told = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(alt)}</desc>'
    return f"{opening} {names}>{told}{rest}".rstrip() + "\n"


def made(
    name: str, title: str, alt: str, height: float, paint: Callable[[Sheet], None], entries: tuple[int, ...],
    result: str = "", note: str = "",
) -> Figure:  # fmt: skip
    """Draw, label and wrap up a figure."""
    return Figure(name, title, alt, labelled(draw(name, height, paint), name, title, alt), entries, result, note)


def bare(axes: Axes) -> None:
    """Take away the frame on the left with its ticks, where names stand instead of numbers."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


@dataclass(frozen=True, slots=True)
class Sign:
    """A line of a legend: a filled patch where there is a fill, else a marker or a line, and what it means."""

    text: str
    marker: str = ""
    color: str = INK
    edge: str = ""
    fill: str = ""
    hatch: str = ""
    dashes: Literal["-", "--"] = "-"


def legend(sheet: Sheet, signs: Sequence[Sign], columns: int = 4) -> None:
    """Put the signs below everything else on the sheet."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see draw
    from matplotlib.patches import Patch  # noqa: PLC0415

    handles: list[Any] = []
    for sign in signs:
        edge = sign.edge or sign.color
        if sign.fill:
            handles.append(Patch(facecolor=sign.fill, hatch=sign.hatch, edgecolor=edge, label=sign.text))
        elif sign.marker:
            shown = edge if edge != PAPER else sign.color
            handles.append(Line2D([], [], linestyle="none", marker=sign.marker, color=sign.color, markersize=6.5,
                                  markeredgecolor=shown, label=sign.text))  # fmt: skip
        else:
            handles.append(Line2D([], [], linestyle=sign.dashes, color=sign.color, linewidth=2, label=sign.text))
    sheet.legend(handles=handles, loc="outside lower center", ncols=columns, columnspacing=1.4, handletextpad=0.6)


def signed(value: float, decimals: int = 2) -> str:
    """A number with its sign, the minus as long as the plus."""
    written = f"{value:+.{decimals}f}"
    return written.replace("-", "−") if float(written) else f"{0:.{decimals}f}"


def month_steps(low: float, high: float) -> list[int]:
    """Whole months, quarters, half years or years between two months, whichever gives at most seven."""
    step = next((step for step in (1, 3, 6, 12, 24) if (high - low) / step <= 7), 48)
    return list(range(math.ceil(low / step) * step, math.floor(high) + 1, step))
