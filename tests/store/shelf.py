"""Books in files for tests, and what is said of those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from histories import observations
from stromal.ledger.chain import Sealed
from stromal.store.sqlite import SqliteBook
from stromal.values import Unusable


def filled(path: Path, count: int = 12) -> list[Sealed]:
    """A closed book with some entries; its rows."""
    book = SqliteBook.create(path)
    with book.writing() as writer:
        writer.append(observations(count))
    rows = list(book.rows())
    book.close()
    return rows


def code_of(act: Callable[[], object]) -> str:
    """The code of the finding that says why something cannot be used; it names its file and the next step."""
    with pytest.raises(Unusable) as refused:
        act()
    (finding,) = refused.value.findings
    assert finding.hint
    assert finding.places[0].file
    return finding.code
