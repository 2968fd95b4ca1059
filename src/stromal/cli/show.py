"""How things look in a terminal: findings, tables, verdicts. Takes plain values, prints with rich, decides nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from stromal.read.paths import where as spoken
from stromal.values import Finding, Place

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_PAPER = 150
"""Width of tables that go to a file or a pipe."""

_WRAPPED, _GAP = 16, 3
"""Least width of a column whose cells may break over lines, and what a column takes beside its cells."""

_STYLE = {"error": "bold red", "contradiction": "bold magenta", "warning": "bold yellow", "note": "cyan"}
_VERDICT = {"met": "green", "not met": "red", "unknown": "yellow"}


def findings(found: Sequence[Finding], *, error: bool = False) -> None:
    """Findings one below the other: place, severity and code; then the message, the words quoted, the next step."""
    console = err if error else out
    for finding in found:
        where = _head(finding.places[0]) if finding.places else ""
        head = Text.assemble((finding.severity, _STYLE[finding.severity]), "  ", (finding.code, "dim"))
        if where:
            head = Text.assemble((where, "bold"), "  ", head)
        console.print(head)
        console.print(Text(f"    {finding.message}"))
        for place in finding.places:
            if place.quote:
                stands = spoken(place) if place.path else f"{place.line:>4}"
                console.print(Text(f"    {stands} | {_cut(place.quote)}", style="dim"))
        if finding.hint:
            console.print(Text(f"    -> {finding.hint}", style="italic"))


def _head(place: Place) -> str:
    """The place that a finding begins at: the way editors open it; of a record's field, the name people know."""
    return ": ".join(filter(None, (place.file, spoken(place)))) if place.path else str(place)


def _cut(quote: str, width: int = 110) -> str:
    return quote if len(quote) <= width else quote[: width - 1] + "…"


def tally(found: Sequence[Finding]) -> None:
    """How many findings of each severity."""
    counts = {s: sum(f.severity == s for f in found) for s in _STYLE}
    parts = [f"{number} {severity}{'s' if number != 1 else ''}" for severity, number in counts.items() if number]
    out.print(Text(", ".join(parts) or "nothing found", style="bold"))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = (),
    wrap: Sequence[int] = (),
) -> None:  # fmt: skip
    """A table; columns numbered in `right` are aligned to the right, those in `wrap` may break over lines.

    Where a terminal is too narrow for it, each row stands as lines of its own, so that nothing is ever cut off.
    """
    cells = [tuple(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row) for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PAPER)
    if console.is_terminal and _least_width(columns, cells, wrap) > console.width:
        _stacked(title, columns, cells)
        return
    if title:
        paragraph(title, "bold")
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(columns):
        wraps = index in wrap
        grid.add_column(name, justify="right" if index in right else "left", no_wrap=not wraps,
                        overflow="fold", ratio=None, min_width=_WRAPPED if wraps else None)  # fmt: skip
    for row in cells:
        grid.add_row(*row)
    console.print(grid)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[Text]], wrap: Sequence[int]) -> int:
    """The columns that a table takes at least: each cell whole, unless it may break over lines."""
    widths = (
        _WRAPPED if index in wrap else max([len(name), *(row[index].cell_len for row in cells)])
        for index, name in enumerate(columns)
    )
    return sum(widths) + _GAP * len(columns)


def _stacked(title: str, columns: Sequence[str], cells: Sequence[Sequence[Text]]) -> None:
    """A table for a narrow terminal: each row as its first cell, with the others named below it."""
    line(title, "bold")
    named = max((len(name) for name in columns[1:]), default=0)
    for row in cells:
        out.print(row[0])
        for name, cell in zip(columns[1:], row[1:], strict=True):
            if cell.plain:
                out.print(Text.assemble(f"    {name:<{named}}  ", cell))
    line("")


def verdict(word: str) -> Text:
    """A verdict in its colour; the word itself says it too."""
    return Text(word, style=_VERDICT.get(word, ""))


def line(text: str, style: str = "") -> None:
    """One line."""
    out.print(Text(text, style=style))


def width(most: int = _PAPER) -> int:
    """How wide lines may be: as the terminal, or as a page where there is none."""
    console = Console(highlight=False)
    return min(most, console.width if console.is_terminal else _PAPER)


def paragraph(text: str, style: str = "") -> None:
    """Words that break over lines where the terminal is too narrow for them."""
    for part in textwrap.wrap(text, width()) or [""]:
        line(part, style)


def progress(unit: str) -> Progress:
    """A progress bar on standard error."""
    return Progress(
        TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TimeElapsedColumn(), console=err, transient=not err.is_terminal,
    )  # fmt: skip
