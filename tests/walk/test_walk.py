"""The walk in one page: from a registry page to the report, for each of the five trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from stromal.analyse.models import analyse
from stromal.analyse.report import render
from stromal.analyse.summary import Seal
from stromal.analyse.tables import tabulate
from stromal.ledger.chain import verify
from stromal.ledger.state import replay
from stromal.protocol.check import check
from stromal.protocol.file import load
from stromal.protocol.words import checklist, to_text
from stromal.read import check as record_check
from stromal.read.draft import draft
from stromal.read.pages import parse
from stromal.rehearse.run import rehearse
from stromal.store.sqlite import SqliteBook

HOUSE = Path(__file__).resolve().parents[2]
SEEDS = sorted((HOUSE.parent / "shared" / "seeds").glob("0*.txt"))
PROTOCOLS = sorted((HOUSE / "protocols").glob("*.yaml"))


@pytest.mark.parametrize("page", SEEDS, ids=[page.stem[:3] for page in SEEDS])
def test_a_page_becomes_a_draft_that_loads(page: Path) -> None:
    """Steps 1 and 2: a page is read, checked and drafted; the draft loads and names what it assumed."""
    record = parse(page.read_text(encoding="utf-8"), page.name)
    assert record.statements
    assert record_check.check(record)
    text, findings = draft(record)
    protocol = load(text, "draft.yaml").require()
    assert findings
    assert protocol.assumed
    assert not [each for each in check(protocol) if each.severity == "error"]


def test_the_seeds_are_there() -> None:
    """The walk from a page needs the published records."""
    if not SEEDS:
        pytest.skip("needs ../shared/seeds")
    assert len(SEEDS) == 5


@pytest.mark.parametrize("path", PROTOCOLS, ids=[path.stem for path in PROTOCOLS])
def test_a_protocol_becomes_a_report(path: Path, tmp_path: Path) -> None:
    """Steps 3 to 10: load, check, words, rehearse through the desk into a book, verify, replay, tables, report."""
    text = path.read_text(encoding="utf-8")
    protocol = load(text, path.name).require()
    assert not [each for each in check(protocol) if each.severity == "error"]
    assert protocol.population.criteria[0].says.split()[0] in to_text(checklist(protocol))

    book = SqliteBook.create(tmp_path / "trial.book")
    state = rehearse(protocol, text, book, 5, 1)
    found = verify(book.rows())
    entries = tuple(book.entries())
    book.close()
    assert found.broken is None
    assert replay(entries) == state

    tables, results = tabulate(state, protocol), analyse(protocol, state)
    page = render(protocol, state, tables, results, (), Seal(found.head.number, found.head.seal.hex()), rehearsal=True)
    assert protocol.trial.title.split()[0] in page
    assert found.head.seal.hex() in page
    assert {result.name for result in results} == set(protocol.analyses)
