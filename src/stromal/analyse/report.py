"""Tables, results and figures -> the report a committee reads: one HTML file that needs nothing else and prints on A4.

`render` is step 10 of the walk: the same trial gives the same bytes. `write` puts a trial's report into a directory,
`index` links several trials.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stromal.analyse.figures import Figure, figures
from stromal.analyse.grid import Cell, Column, Row, Table, cite, gathered, ranges
from stromal.analyse.models import Result, analyse
from stromal.analyse.summary import Seal, Summary, summarise
from stromal.analyse.tables import Tables, tabulate
from stromal.analyse.wording import details, happening, moment, p_value, sentence, shown
from stromal.ledger.events import Entry
from stromal.ledger.state import State
from stromal.protocol.model import Assumption, Protocol

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
"""What a trial's id may hold and the name of a file should not."""
MOST_RUNS = 3
"""So many runs of entries stand beside a number; the whole list stands in the appendix it links to."""


@dataclass(frozen=True, slots=True)
class Cited:
    """Entries as a page shows them: the first runs, how many entries are left, and where the whole list stands."""

    runs: tuple[tuple[int, int], ...]
    left: int
    anchor: str
    whole: str


@dataclass(frozen=True, slots=True)
class _Line:
    cells: tuple[tuple[str, str], ...]
    depth: int
    cited: Cited


@dataclass(frozen=True, slots=True)
class _Grid:
    table: Table
    lines: tuple[_Line, ...]

    @property
    def wide(self) -> bool:
        return len(self.table.columns) > 9


@dataclass(frozen=True, slots=True)
class _Drawing:
    figure: Figure
    svg: Markup
    cited: Cited


@dataclass(frozen=True, slots=True)
class _Assumed:
    path: str
    says: str
    confirmed: str
    line: int


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    says: str
    lines: str


class _Page:
    """What the template asks for; remembers every citation it hands out, for the appendix."""

    def __init__(self, protocol: Protocol, entries: Sequence[Entry]) -> None:
        self.protocol, self.entries = protocol, {entry.number: entry for entry in entries}
        self.long: list[tuple[str, Cited]] = []
        self.all: set[int] = set()

    def cited(self, entries: Iterable[int], what: str) -> Cited:
        """Entries made ready to be shown; a list too long for its place goes to the appendix under `what`."""
        runs, numbers = ranges(entries), gathered([entries])
        self.all.update(numbers)
        shown_runs = runs[:MOST_RUNS]
        left = sum(high - low + 1 for low, high in runs[MOST_RUNS:])
        anchor = f"whole-{len(self.long) + 1}" if left else ""
        one = Cited(shown_runs, left, anchor, cite(numbers))
        if left:
            self.long.append((what, one))
        return one

    def grid(self, table: Table) -> _Grid:
        """A table with its cells as text."""
        return _Grid(table, tuple(self._line(table, row) for row in table.rows))

    def _line(self, table: Table, row: Row) -> _Line:
        cells = tuple(
            (shown(cell, column), _kind(cell, column)) for cell, column in zip(row.cells, table.columns, strict=True)
        )
        named = ", ".join(text for (text, _), column in zip(cells, table.columns, strict=True) if not column.numeric)
        return _Line(cells, row.depth, self.cited(row.entries, f"{table.title}: {named[:90]}"))

    def drawing(self, figure: Figure) -> _Drawing:
        """A figure ready to be put into the page."""
        svg = Markup(figure.svg)  # noqa: S704 - drawn here, and every word in it is escaped
        return _Drawing(figure, svg, self.cited(figure.entries, f"Figure: {figure.title}"))

    def line(self, path: str) -> int:
        """The line of a path in the protocol file; 0 where it has none."""
        return self.protocol.place(path).line

    def sources(self, names: Iterable[str]) -> tuple[_Source, ...]:
        """What the record says, with its lines, of the sources named."""
        known = [self.protocol.sources[name] for name in names if name in self.protocol.sources]
        return tuple(_Source(source.name, source.says, _lines(source.lines)) for source in known)

    def assumed(self) -> tuple[_Assumed, ...]:
        """What the protocol assumes, with the line each assumption stands on."""
        return tuple(self._assumption(each) for each in self.protocol.assumed.values())

    def _assumption(self, each: Assumption) -> _Assumed:
        return _Assumed(each.path, each.says, each.confirmed, self.line(f"assumed.{each.path}"))

    def listing(self) -> tuple[tuple[Entry, str, str], ...]:
        """Every entry cited anywhere on the page, with what happened; empty where no entries were handed in."""
        found = [self.entries[number] for number in sorted(self.all) if number in self.entries]
        return tuple((entry, happening(entry.event), details(entry.event)) for entry in found)


def _kind(cell: Cell, column: Column) -> str:
    """The classes of a table cell."""
    kinds = {"num": column.numeric, "short": column.short or type(cell) is date, "unknown": cell is None}
    return " ".join(name for name, holds in kinds.items() if holds)


def _lines(lines: tuple[int, ...]) -> str:
    runs = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges(lines))
    return f"record line{'s' if len(lines) > 1 else ''} {runs}" if lines else "the record"


def environment() -> Environment:
    """Templates of pages, with escaping on and nothing undefined."""
    environment = Environment(
        loader=PackageLoader("stromal.analyse", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals.update(sentence=sentence, p_value=p_value, moment=moment)
    return environment


def render(
    protocol: Protocol, state: State, tables: Tables, results: tuple[Result, ...], drawn: tuple[Figure, ...],
    seal: Seal, *, rehearsal: bool = False, entries: Sequence[Entry] = (),
) -> str:  # fmt: skip
    """The report of one trial as one HTML page. With `entries`, whatever is cited is also listed and linked."""
    page = _Page(protocol, entries)
    return environment().get_template("report.html").render(
        page=page, protocol=protocol, state=state, seal=seal, rehearsal=rehearsal, results=results,
        summary=summarise(protocol, state, results, seal, rehearsal=rehearsal),
        tables={table.name: page.grid(table) for table in tables},
        by_visit=[page.grid(table) for table in tables.by_visit],
        drawings=[page.drawing(figure) for figure in drawn],
        assumed=page.assumed(),
        adopted=state.versions[-1] if state.versions else None,
        corrected=state.corrected,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A report on disk, and its row of the index."""

    path: Path
    summary: Summary


def write(
    protocol: Protocol, state: State, seal: Seal, directory: Path, *, rehearsal: bool = False,
    entries: Sequence[Entry] = (), seed: int = 0,
) -> Written:  # fmt: skip
    """Tabulate, analyse, draw and render one trial, into `<trial>.html` of a directory that is made if need be."""
    tables, results = tabulate(state, protocol), analyse(protocol, state, seed)
    drawn = figures(state, protocol, tables, results)
    text = render(protocol, state, tables, results, drawn, seal, rehearsal=rehearsal, entries=entries)
    path = directory / f"{_UNSAFE.sub('-', protocol.trial.id).strip('.') or 'trial'}.html"
    _put(path, text)
    return Written(path, summarise(protocol, state, results, seal, link=path.name, rehearsal=rehearsal))


def index(rows: Sequence[Summary]) -> str:
    """A page that sets several trials side by side and links the report of each."""
    return environment().get_template("index.html").render(rows=rows, rehearsal=any(row.rehearsal for row in rows))


def write_index(rows: Sequence[Summary], directory: Path) -> Path:
    """Put the index page into `index.html` of a directory that is made if need be."""
    path = directory / "index.html"
    _put(path, index(rows))
    return path


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
