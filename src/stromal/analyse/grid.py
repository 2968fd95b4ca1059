"""What every table of an analysis is made of: columns, rows of plain values, and the entries each row rests on.

Takes values, gives frozen tables that know nothing of HTML. `tables` fills them (step 8 of the walk), `report` prints
them. A cell of None is *not known*, which a reader is told in so many words and never shown as a no or a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its label for people, its unit, the decimals its numbers are shown with.

    `short` values stay on one line.
    """

    name: str
    label: str
    unit: str = ""
    decimals: int | None = None
    numeric: bool = False
    short: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of plain values and the numbers of the ledger entries they rest on; `depth` indents a part of a whole."""

    cells: tuple[Cell, ...]
    entries: tuple[int, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A tidy table: one kind of thing a row. `empty` says what it means that there are no rows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    empty: str = "Nothing recorded."

    def __post_init__(self) -> None:
        """A row with too few or too many cells is a fault of the program and stops it here."""
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"table {self.name}: {len(row.cells)} cells for {len(self.columns)} columns: {row}")

    @property
    def entries(self) -> tuple[int, ...]:
        """Every entry the table rests on, in order, each once."""
        return gathered(row.entries for row in self.rows)

    def column(self, name: str) -> tuple[Cell, ...]:
        """The values of one column, top to bottom. KeyError when the table has none of that name."""
        names = [column.name for column in self.columns]
        if name not in names:
            raise KeyError(f"{self.name} has no column {name}; it has {', '.join(names)}")
        at = names.index(name)
        return tuple(row.cells[at] for row in self.rows)

    def without(self, name: str) -> Table:
        """The table less one column."""
        at = [column.name for column in self.columns].index(name)
        rows = tuple(replace(row, cells=row.cells[:at] + row.cells[at + 1 :]) for row in self.rows)
        return replace(self, columns=self.columns[:at] + self.columns[at + 1 :], rows=rows)

    def records(self) -> tuple[dict[str, Cell], ...]:
        """The rows as dictionaries by column name, for programs and tests."""
        names = [column.name for column in self.columns]
        return tuple(dict(zip(names, row.cells, strict=True)) for row in self.rows)


def gathered(groups: Iterable[Iterable[int]]) -> tuple[int, ...]:
    """Entry numbers from several places, sorted, each once; 0 stands for no entry and is left out."""
    return tuple(sorted({number for group in groups for number in group if number}))


def ranges(entries: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Entry numbers as runs: 1, 2, 3, 7 become 1 to 3 and 7 to 7."""
    runs: list[tuple[int, int]] = []
    for number in gathered([entries]):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return tuple(runs)


def cite(entries: Iterable[int], most: int = 0) -> str:
    """Entry numbers as people cite them: `entries 12-18, 40`; with `most`, only that many runs and how many are left.

    An empty string when there is nothing to cite.
    """
    runs = ranges(entries)
    shown = runs[:most] if most else runs
    if not runs:
        return ""
    written = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in shown)
    left = sum(high - low + 1 for low, high in runs[len(shown) :])
    single = len(runs) == 1 and runs[0][0] == runs[0][1]
    return f"{'entry' if single else 'entries'} {written}" + (f" and {left} more" if left else "")


def numbered(count: int, what: str) -> str:
    """`1 dose`, `2 doses`: how many of something, in the singular for one."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def counted(names: Sequence[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first, then by name."""
    tally = {name: names.count(name) for name in set(names)}
    return dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))
