"""Results as tidy columns, numpy arrays by name that pandas, polars and R take as they are, and as tables people read.

Takes columns of equal length with a caption; gives a data frame where pandas is installed, an HTML table for a
notebook, and aligned text. Results of designs and analyses are Shown. Stands beside the walk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from itertools import zip_longest
from textwrap import wrap
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays of equal length by name."""

MOST_ROWS = 40
"""Rows of a table that are shown; all of them are in the columns."""

WORDS: Mapping[str, tuple[str, str]] = {
    "toxicity": ("true toxicity", "g"),
    "selection": ("declared", ".2%"),
    "selection_error": ("± declared", ".2%"),
    "selected": ("dose declared", ""),
    "treated": ("people", ".2f"),
    "treated_error": ("± people", ".3f"),
    "toxic": ("toxicities", ".2f"),
    "toxic_error": ("± toxicities", ".3f"),
    "given": ("doses given", ".2f"),
    "given_error": ("± doses", ".3f"),
    "last": ("last dose of a person", ".2%"),
    "share": ("share", ".2%"),
    "none": ("none declared", ".2%"),
    "declared": ("declared", ".2%"),
    "declared_error": ("± declared", ".2%"),
    "exact": ("nobody leaves, exactly", ".2%"),
    "stop_at": ("stop at events", ""),
    "rate": ("true rate", "g"),
    "stopped": ("stops", ".2%"),
    "people": ("people", ".2f"),
    "toxicities": ("toxicities", ".2f"),
    "events": ("events", ".2f"),
    "expected": ("expected people", ".2f"),
    "early": ("stops early", ".4f"),
    "alpha": ("alpha", ".4f"),
    "power": ("power", ".4f"),
    "months": ("months, mean", ".1f"),
    "months_error": ("± months", ".2f"),
    "p05": ("5 %", ".4g"),
    "p50": ("50 %", ".4g"),
    "p95": ("95 %", ".4g"),
    "months_p90": ("nine in ten end within", ".1f"),
    "error": ("± (Monte Carlo)", ".3g"),
}
"""How columns are headed and their fractions written, by name; all others as they are called, to four digits."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sheet:
    """A table: its caption, its columns, how many of the first say what a row is about, and what else is to know."""

    caption: str
    columns: Columns
    keys: int = 1
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len({len(column) for column in self.columns.values()}) > 1:
            raise ValueError(f"the columns of “{self.caption}” have different lengths")

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return max((len(column) for column in self.columns.values()), default=0)

    def frame(self) -> Any:
        """A pandas data frame. ImportError says what to install where there is no pandas."""
        return frame(self.columns)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return html(self)

    def __repr__(self) -> str:
        """How a terminal shows it."""
        return text(self)


class Shown:
    """A result that shows itself as sheets; its columns are those of the first where it does not say otherwise."""

    __slots__ = ()

    def sheets(self) -> tuple[Sheet, ...]:
        """The tables that people are shown."""
        raise NotImplementedError

    @property
    def columns(self) -> Columns:
        """Tidy columns: numpy arrays of equal length by name."""
        return self.sheets()[0].columns

    def frame(self) -> Any:
        """The columns as a pandas data frame. ImportError says what to install where there is no pandas."""
        return frame(self.columns)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return "\n".join(map(html, self.sheets()))

    def __repr__(self) -> str:
        """How a terminal shows it."""
        return "\n\n".join(map(text, self.sheets()))


def frame(columns: Columns) -> Any:
    """Columns as a pandas data frame. ImportError says what to install where there is no pandas."""
    try:
        # pandas is an extra: columns serve whoever works without it.
        pandas: Any = import_module("pandas")
    except ImportError:
        raise ImportError("a data frame needs pandas: install stromal[frames], or use the columns as arrays") from None
    return pandas.DataFrame(dict(columns))


def of_sizes(people: Sequence[tuple[int, float]]) -> Sheet:
    """How many people a trial may come to, and how likely each number is."""
    number, share = np.array(people).reshape(-1, 2).T
    return Sheet("How many people (exact)", {"people": number.astype(np.int64), "share": share})


def numbered(many: int) -> NDArray[np.int64]:
    """1, 2, ...: doses and scenarios as people count them."""
    return np.arange(1, many + 1)


def stacked(caption: str, key: str, sheets: Sequence[Sheet]) -> Sheet:
    """Sheets of the same columns below each other; a first column says which one a row comes from, counted from 1."""
    which = np.repeat(numbered(len(sheets)), [each.rows for each in sheets])
    columns = {name: np.concatenate([each.columns[name] for each in sheets]) for name in sheets[0].columns}
    notes = tuple(f"{key} {place}: {note}" for place, each in enumerate(sheets, 1) for note in each.notes)
    return Sheet(caption, {key: which, **columns}, sheets[0].keys + 1, notes)


# ---------------------------------------------------------------- how it is shown


def _heading(name: str) -> str:
    stem, _, place = name.rpartition("_")
    if place.isdecimal() and stem in WORDS:
        return f"{WORDS[stem][0]}, dose {place}"
    return WORDS[name][0] if name in WORDS else name.replace("_", " ")


def _form(name: str) -> str:
    """How a fraction of this column is written; the number of a dose at its end changes nothing."""
    stem, _, place = name.rpartition("_")
    return WORDS.get(stem if place.isdecimal() and name not in WORDS else name, ("", ".4g"))[1]


def _cell(name: str, value: object) -> str:
    """A value as people read it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return "none" if name == "selected" and value == 0 else f"{value:,}"
        case float():
            return format(value, _form(name)) if math.isfinite(value) else "–"
    return str(value)


def _numeric(column: NDArray[Any]) -> bool:
    return column.dtype.kind in "iuf"


def _rows(sheet: Sheet) -> Iterator[list[str]]:
    """The rows that are shown, each cell written out."""
    shown = {name: column[:MOST_ROWS].tolist() for name, column in sheet.columns.items()}
    for row in zip(*shown.values(), strict=True):
        yield [_cell(name, value) for name, value in zip(shown, row, strict=True)]


def _notes(sheet: Sheet) -> tuple[str, ...]:
    left_out = sheet.rows > MOST_ROWS
    return (*((f"the first {MOST_ROWS} of {sheet.rows:,} rows",) if left_out else ()), *sheet.notes)


_WIDTH, _HEADING = 60, 13
"""Characters of a cell, and of a heading, in one line of text."""
_TABLE = "border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5em 0"
_HEAD = "; font-weight: normal; white-space: nowrap"
_EDGE = "border-bottom: 1px solid; padding: .25em .7em"


def html(sheet: Sheet) -> str:
    """A table for a notebook. It brings its few styles along, takes on the page's colours, and runs nothing."""
    sides = ["right" if _numeric(column) else "left" for column in sheet.columns.values()]
    head = "".join(
        f'<th scope="col" style="{_EDGE}; text-align: {side}; vertical-align: bottom">{escape(_heading(name))}</th>'
        for name, side in zip(sheet.columns, sides, strict=True)
    )
    body = "".join(f"<tr>{_html_row(cells, sides, sheet.keys)}</tr>\n" for cells in _rows(sheet))
    notes = "".join(f'<p style="margin: .2em 0">{escape(note)}</p>\n' for note in _notes(sheet))
    return (
        f'<div><table style="{_TABLE}">\n'
        f'<caption style="text-align: left; font-weight: bold; padding: .3em 0">{escape(sheet.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n{notes}</div>"
    )


def _html_row(cells: Sequence[str], sides: Sequence[str], keys: int) -> str:
    """A row: its first cells say what it is about."""
    written = []
    for place, (cell, side) in enumerate(zip(cells, sides, strict=True)):
        tag, scope, weight = ("th", ' scope="row"', _HEAD) if place < keys else ("td", "", "")
        style = f"padding: .15em .7em; text-align: {side}; vertical-align: top{weight}"
        written.append(f'<{tag}{scope} style="{style}">{escape(cell)}</{tag}>')
    return "".join(written)


def text(sheet: Sheet) -> str:
    """A table as aligned text; long words of a cell go on below."""
    head = list(_lines([_heading(name) for name in sheet.columns], _HEADING))
    table = [*head, *(line for row in _rows(sheet) for line in _lines(row, _WIDTH))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    right = [_numeric(column) for column in sheet.columns.values()]
    lines = [
        "  ".join(cell.rjust(width) if number else cell.ljust(width)
                  for cell, width, number in zip(row, widths, right, strict=True)).rstrip()
        for row in table
    ]  # fmt: skip
    return "\n".join((sheet.caption, *lines, *_notes(sheet)))


def _lines(cells: Sequence[str], width: int) -> Iterator[tuple[str, ...]]:
    """A row as lines of text."""
    return zip_longest(*(wrap(cell, width) or [""] for cell in cells), fillvalue="")
