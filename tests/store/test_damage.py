"""Books whose file was damaged or tampered with: the first broken entry is named, and nothing goes unseen."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from histories import observations
from store.shelf import filled
from stromal.ledger.chain import verify
from stromal.store import sqlite
from stromal.store.sqlite import SqliteBook
from stromal.values import Unusable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a book may stand."""
    return tmp_path / "trial.book"


def flip(path: Path, position: int, bit: int = 0) -> None:
    """Turn one bit of a file."""
    contents = bytearray(path.read_bytes())
    contents[position] ^= 1 << bit
    path.write_bytes(contents)


@pytest.mark.parametrize("number", [1, 2, 57, 120])
@pytest.mark.parametrize("part", ["body", "seal"])
def test_one_flipped_bit_is_named_by_entry(path: Path, number: int, part: str) -> None:
    """Wherever it is in the body or the seal."""
    row = filled(path, 120)[number - 1]
    wanted = row.body if part == "body" else row.seal
    contents = path.read_bytes()
    assert contents.count(wanted) == 1
    flip(path, contents.index(wanted) + len(wanted) // 2)
    book = SqliteBook.read(path)
    found = verify(book.rows())
    assert found.broken is not None
    assert (found.broken.number, found.broken.code, found.entries) == (number, "chain.seal", number - 1)
    book.close()


def test_no_flipped_bit_goes_unseen(path: Path) -> None:
    """Anywhere in the file: it cannot be opened, or an entry is named, or every row still reads as it was written."""
    rows = filled(path, 60)
    whole = path.read_bytes()
    chance = random.Random(186_914)
    named = 0
    for position in [*range(100), *sorted(chance.sample(range(100, len(whole)), 500))]:
        path.write_bytes(whole)
        flip(path, position, chance.randrange(8))
        try:
            book = SqliteBook.read(path)
        except Unusable:
            continue
        if verify(book.rows()).broken is None:
            assert list(book.rows()) == rows, f"byte {position}"
        else:
            named += 1
        book.close()
    assert named > 200


def test_rows_that_damage_hides_are_missed(path: Path) -> None:
    """A page that claims to hold one row less: the chain up to there is whole, and yet the file is not."""
    rows = filled(path, 60)
    contents = bytearray(path.read_bytes())
    page = contents.index(rows[-1].body) // 4096 * 4096
    assert contents[page] == 13  # a leaf with rows; the two bytes from the fourth on count them
    contents[page + 4] -= 1
    path.write_bytes(contents)
    book = SqliteBook.read(path)
    broken = verify(book.rows()).broken
    assert broken is not None
    assert (broken.number, broken.code) == (60, "chain.damaged")
    book.close()


def test_a_file_that_leads_in_circles_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 6 says it is row 2: a reader that goes by numbers would come by again and again."""
    monkeypatch.setattr(sqlite, "PAGE", 3)
    rows = filled(path, 60)
    number_at = path.read_bytes().index(rows[5].body) - 6  # before it: the number, and five bytes about the columns
    assert path.read_bytes()[number_at] == 6
    flip(path, number_at, bit=2)
    book = SqliteBook.read(path)
    with pytest.raises(Unusable, match="nothing can be read between entries 3 and 60"):
        list(book.rows())
    broken = verify(book.rows()).broken
    assert broken is not None
    assert (broken.number, broken.code) == (2, "chain.order")
    book.close()


def test_an_unreadable_last_entry_is_not_written_after(path: Path) -> None:
    """Who goes on from damage hides it: the book is named as damaged, and can still be read up to there."""
    rows = filled(path)
    flip(path, path.read_bytes().index(rows[-1].body), bit=0)
    book = SqliteBook.open(path)

    def write() -> None:
        with book.writing() as writer:
            writer.append(observations(1, after=12))

    for _ in range(2):  # the first must leave no transaction open
        with pytest.raises(Unusable, match="entry 12: the body cannot be read"):
            write()
    assert list(book.rows())[:-1] == rows[:-1]
    book.close()
