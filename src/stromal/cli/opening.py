"""How the demonstration begins: registry records are read, checked, drafted, catalogued, asked and screened against.

Takes a folder of records and the folder of the demonstration; prints what each step finds. What it writes and says
depends on nothing but the records: neither on the day nor on how fast the machine is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from stromal.catalogue import asking, making
from stromal.catalogue.asking import Wanted
from stromal.catalogue.search import Search
from stromal.catalogue.store import Catalogue
from stromal.cli import answers, edge, screening, show
from stromal.protocol import file as protocol_file
from stromal.read import check as record_check
from stromal.read import draft as drafting
from stromal.read import registries
from stromal.read.record import Record
from stromal.values import Finding

HOUSE = Path(__file__).resolve().parents[3] / "records"
"""The records of the house, where Stromal runs from its own checkout."""

PERSON = HOUSE.parent / "docs" / "person.yaml"
"""A made-up person, who is screened against the records."""

_WORDS = "intrathecal"
_ASKED = "NCT03268603"
"""The trial that is asked about, where it is among the records; else the last of them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A record with what its check found and the protocol that was drafted from it."""

    file: Path
    record: Record
    found: tuple[Finding, ...]
    written: str
    open_points: int


def opening(folder: Path | None, output: Path) -> None:
    """Read, check, draft, index, search, relate, ask, screen a person. Raises Unusable where there is no record."""
    here = folder or (Path("records") if Path("records").is_dir() else HOUSE)
    files = sorted(here.glob("*.json"))
    if not files:
        raise edge.bad("demo.records", "there are no records", "name a folder with --records", str(here))
    opened = [_opened(file) for file in files]
    output.mkdir(parents=True, exist_ok=True)
    for each in opened:
        edge.put(output / "drafts" / f"{each.file.stem}.yaml", each.written)
    _say_records(opened)
    _say_doubts(opened)
    store = output / "catalogue"
    with Catalogue.create(store) as catalogue:
        making.make(catalogue, [str(file) for file in files], reader=version("stromal"))
        _say_search(catalogue)
        names = [card.id for card in catalogue.cards()]
        newest = catalogue.date
    asked = _ASKED if _ASKED in names else names[-1]
    answers.related(asked, store, None, 3, as_json=False)
    answers.doses(store, "route", None, 1, output / "doses.svg", published=False, as_json=False)
    answers.ask(asked, store, None, newest, "", as_json=False)
    if PERSON.is_file():
        show.line("")
        screening.screen_all(PERSON, store, screening.Options(limit=3), as_json=False)
    show.line(f"drafts: {output / 'drafts'}; catalogue: {store}; figure: {output / 'doses.svg'}\n", "bold")


def _opened(file: Path) -> Opened:
    """One record through the first steps of the walk; its draft must be a protocol that loads."""
    record = registries.parse(edge.content(file), str(file))
    written, points = drafting.draft(record)
    protocol_file.load(written, f"draft of {file}").require()
    return Opened(file, record, tuple(record_check.check(record)), written, len(points))


def _say_records(opened: Sequence[Opened]) -> None:
    rows = [
        (
            each.record.registry_id, sum(s.state != "missing" for s in each.record.statements),
            sum(f.severity == "contradiction" for f in each.found), sum(f.severity == "warning" for f in each.found),
            each.open_points, each.record.title,
        )
        for each in opened
    ]  # fmt: skip
    columns = ("record", "facts", "contradictions", "warnings", "open in draft", "title")
    show.table("Registry records: read, checked, drafted", columns, rows, right=(1, 2, 3, 4), wrap=(5,))


def _say_doubts(opened: Sequence[Opened]) -> None:
    doubts = [f for each in opened for f in each.found if f.severity in ("error", "contradiction")]
    if doubts:
        show.line("What contradicts itself, and where", "bold")
        show.findings(doubts)
        show.line("")


def _say_search(catalogue: Catalogue) -> None:
    found = Search(catalogue).find(Wanted(asking.words(_WORDS)), 3)
    rows = [(hit.card.id, hit.card.title or "", hit.snippet.text if hit.snippet else "") for hit in found.hits]
    show.table(f"Search: {_WORDS}", ("trial", "title", "found"), rows, wrap=(1, 2))
