"""What only a file can do: refuse other programs, survive opening and closing, age, be damaged, be somebody else's."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from histories import observations
from store.shelf import code_of, filled
from stromal.ledger.chain import Head, Sealed, link, verify
from stromal.store import sqlite
from stromal.store.sqlite import MIGRATIONS, SqliteBook
from stromal.values import Unusable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a book may stand."""
    return tmp_path / "trial.book"


# ---------------------------------------------------------------- other programs


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE entry SET body = x'00'", "never changed or removed"),
        ("UPDATE entry SET seal = zeroblob(32) WHERE number = 3", "never changed or removed"),
        ("UPDATE entry SET number = 99 WHERE number = 12", "never changed or removed"),
        ("UPDATE OR REPLACE entry SET number = 3 WHERE number = 12", "never changed or removed"),
        ("DELETE FROM entry", "never changed or removed"),
        ("DELETE FROM entry WHERE number = 12", "never changed or removed"),
        ("REPLACE INTO entry VALUES (3, x'00', zeroblob(32))", "only added at the end"),
        ("INSERT OR REPLACE INTO entry VALUES (12, x'00', zeroblob(32))", "only added at the end"),
        ("INSERT INTO entry VALUES (3, x'', zeroblob(32)) ON CONFLICT DO NOTHING", "only added at the end"),
        ("INSERT INTO entry VALUES (14, x'00', zeroblob(32))", "only added at the end"),
        ("INSERT INTO entry VALUES (0, x'00', zeroblob(32))", "only added at the end"),
        ("INSERT INTO entry VALUES (NULL, x'00', zeroblob(32))", "only added at the end"),
        ("INSERT INTO entry VALUES (13, 'text', zeroblob(32))", "CHECK constraint failed"),
        ("INSERT INTO entry VALUES (13, x'00', zeroblob(31))", "CHECK constraint failed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("recursive", [0, 1])
def test_plain_sql_is_refused(path: Path, statement: str, reason: str, recursive: int) -> None:
    """Whatever a program does by SQL, no entry is changed, removed, replaced or slipped in."""
    rows = filled(path)
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        stranger.execute(statement)
    stranger.close()
    book = SqliteBook.read(path)
    assert list(book.rows()) == rows
    book.close()


def test_insert_or_ignore_changes_nothing(path: Path) -> None:
    """The one form that is silent leaves the book as it was, too."""
    rows = filled(path)
    stranger = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        stranger.execute("INSERT OR IGNORE INTO entry VALUES (3, x'00', zeroblob(32))")
    stranger.close()
    book = SqliteBook.read(path)
    assert list(book.rows()) == rows
    book.close()


def test_whoever_drops_the_triggers_still_breaks_the_chain(path: Path) -> None:
    """The chain is what shows it, at the entry that was changed."""
    filled(path)
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("DROP TRIGGER no_update")
    stranger.execute("UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '4.0', '5.0') AS BLOB) WHERE number = 5")
    stranger.close()
    book = SqliteBook.read(path)
    broken = verify(book.rows()).broken
    assert broken is not None
    assert (broken.number, broken.code) == (5, "chain.seal")
    book.close()


def test_entries_that_vanish_from_an_open_book_are_missed(path: Path) -> None:
    """Whoever holds a book open knows how far it went."""
    filled(path)
    book = SqliteBook.open(path)
    assert book.head().number == 12
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("DROP TRIGGER no_delete")
    stranger.execute("DELETE FROM entry WHERE number > 10")
    stranger.close()
    with pytest.raises(Unusable, match="it went on to entry 12 and now ends at 10"):
        book.head()
    book.close()


def test_a_writer_waits_and_then_says_who_is_in_the_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program in the middle of writing: a finding, not a crash; afterwards it goes on."""
    monkeypatch.setattr(sqlite, "WAIT_S", 0.05)
    rows = filled(path)
    book = SqliteBook.open(path)
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with book.writing() as writer:
            writer.append(observations(1, after=len(rows)))

    assert code_of(write) == "book.busy"
    assert list(book.rows()) == rows
    stranger.execute("ROLLBACK")
    stranger.close()
    write()
    assert book.head().number == 13
    book.close()


def test_two_handles_see_what_either_committed(path: Path) -> None:
    """A reader's open handle sees new entries, a writer goes on from the other's head."""
    filled(path, 1)
    one, other, reader = SqliteBook.open(path), SqliteBook.open(path), SqliteBook.read(path)
    for book in (one, other, one):
        with book.writing() as writer:
            writer.append(observations(1, after=writer.head.number))
        assert one.head() == other.head() == reader.head()
    assert verify(reader.rows()).entries == 4
    for book in (one, other, reader):
        book.close()


# ---------------------------------------------------------------- creating, opening, reading


def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    """Closing leaves one file and no logs."""
    rows = filled(path)
    assert [each.name for each in path.parent.iterdir()] == ["trial.book"]
    book = SqliteBook.open(path)
    assert list(book.rows()) == rows
    book.close()


def test_creating_never_overwrites(path: Path) -> None:
    """A file at the path stays as it is, book or not."""
    path.write_text("somebody's notes")
    assert code_of(lambda: SqliteBook.create(path)) == "book.exists"
    assert path.read_text() == "somebody's notes"


def test_creating_needs_a_folder(tmp_path: Path) -> None:
    """No folder is made along the way."""
    assert code_of(lambda: SqliteBook.create(tmp_path / "nowhere" / "trial.book")) == "book.path"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("opening", [SqliteBook.open, SqliteBook.read])
def test_opening_never_creates(opening: Callable[[Path], SqliteBook], path: Path) -> None:
    """A missing file is an error and stays missing; so does a folder in its place."""
    assert code_of(lambda: opening(path)) == "book.missing"
    assert list(path.parent.iterdir()) == []
    assert code_of(lambda: opening(path.parent)) == "book.missing"


@pytest.mark.parametrize("opening", [SqliteBook.open, SqliteBook.read])
@pytest.mark.parametrize("contents", [b"", b"trial: NCT1\n" * 100, bytes(range(256)) * 20])
def test_other_files_are_not_books(opening: Callable[[Path], SqliteBook], contents: bytes, path: Path) -> None:
    """An empty file, a text, a binary: refused and left as they are."""
    path.write_bytes(contents)
    assert code_of(lambda: opening(path)) == "book.foreign"
    assert path.read_bytes() == contents


@pytest.mark.parametrize("opening", [SqliteBook.open, SqliteBook.read])
def test_other_databases_are_not_books(opening: Callable[[Path], SqliteBook], path: Path) -> None:
    """Also one with a table of the same name."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB, seal BLOB)")
    other.execute("PRAGMA user_version = 1")
    other.close()
    before = path.read_bytes()
    assert code_of(lambda: opening(path)) == "book.foreign"
    assert path.read_bytes() == before


@pytest.mark.parametrize("opening", [SqliteBook.open, SqliteBook.read])
def test_books_of_a_newer_schema_are_left_alone(opening: Callable[[Path], SqliteBook], path: Path) -> None:
    """The finding says what to do: update."""
    filled(path)
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    assert code_of(lambda: opening(path)) == "book.newer"


@pytest.mark.parametrize("name", ["a trial?mode=memory.book", "100 %.book", "#1.book", ":memory:", "Büchlein.book"])
def test_any_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    """Nothing in a file's name means anything to SQLite."""
    rows = filled(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == [name]
    book = SqliteBook.read(tmp_path / name)
    assert list(book.rows()) == rows
    book.close()


def test_reading_refuses_to_write_and_leaves_no_trace(path: Path) -> None:
    """The bytes of the file are the same afterwards, and no file stands beside it."""
    filled(path)
    before = path.read_bytes()
    book = SqliteBook.read(path)

    def write() -> None:
        with book.writing() as writer:
            writer.append(observations(1, after=12))

    assert code_of(write) == "book.read_only"
    assert verify(book.rows()).entries == 12
    book.close()
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["trial.book"]


def test_a_book_in_an_archive_can_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder nobody may write to, SQLite is told not to try."""
    rows = filled(path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    book = SqliteBook.read(path)
    assert [each.name for each in path.parent.iterdir()] == ["trial.book"]
    assert list(book.rows()) == rows
    book.close()


def test_a_file_that_cannot_be_opened_is_named(path: Path) -> None:
    """Here because the program has as many files open as it may."""
    filled(path)
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, most))
    try:
        assert code_of(lambda: SqliteBook.open(path)) == "book.path"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))


def test_a_closed_book_is_a_mistake_of_the_program(path: Path) -> None:
    """Nothing is wrong with the file, so nobody is told to restore a backup."""
    filled(path)
    book = SqliteBook.open(path)
    book.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        book.head()


def test_a_full_disk_loses_nothing(path: Path) -> None:
    """The entry that found no room is refused, those before it stay, and there is room again later."""
    rows = filled(path)
    book = SqliteBook.open(path)
    pages = book._file.connection.execute("PRAGMA page_count").fetchone()[0]
    book._file.connection.execute(f"PRAGMA max_page_count = {pages}")

    def write() -> None:
        with book.writing() as writer:
            writer.append(observations(500, after=12))

    assert code_of(write) == "book.full"
    assert list(book.rows()) == rows
    book._file.connection.execute("PRAGMA max_page_count = 100000")
    write()
    assert verify(book.rows()).entries == 512
    book.close()


def test_a_caught_failure_does_not_leave_half_of_what_was_appended(path: Path) -> None:
    """Whoever catches the full disk and goes on is told at the end that nothing lasts."""
    rows = filled(path)
    book = SqliteBook.open(path)
    pages = book._file.connection.execute("PRAGMA page_count").fetchone()[0]
    book._file.connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    def write() -> None:
        with book.writing() as writer:
            writer.append(observations(1, after=12))
            with pytest.raises(Unusable, match="the disk is full"):
                writer.append(observations(500, after=13))
            with pytest.raises(ValueError, match="this transaction has ended"):
                writer.append(observations(1, after=13))

    assert code_of(write) == "book.undone"
    assert list(book.rows()) == rows
    assert book.head().number == 12
    book.close()


# ---------------------------------------------------------------- older schemas

SCHEMAS = {
    1: """
        PRAGMA application_id = 1398035021;
        CREATE TABLE entry (number INTEGER PRIMARY KEY,
            body BLOB NOT NULL CHECK (typeof(body) = 'blob'),
            seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 32));
        CREATE TRIGGER no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'no'); END;
        CREATE TRIGGER no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'no'); END;
        PRAGMA user_version = 1;
    """,
}
"""Each schema that ever was, as it was."""


def old_book(path: Path, version: int) -> list[Sealed]:
    """A book of an earlier schema with entries in it."""
    rows, _ = link(observations(5), Head())
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode = WAL")
    old.executescript(SCHEMAS[version])
    old.executemany("INSERT INTO entry VALUES (?, ?, ?)", [(row.number, row.body, row.seal) for row in rows])
    old.commit()
    old.close()
    return list(rows)


def schema_of(path: Path) -> set[tuple[str, str]]:
    """What stands in the file beside its entries."""
    connection = sqlite3.connect(path)
    found = set(connection.execute("SELECT type, name FROM sqlite_schema"))
    connection.close()
    return found


def test_every_older_schema_is_kept_here() -> None:
    """A new step needs the schema before it in the table above."""
    assert set(SCHEMAS) == set(range(1, len(MIGRATIONS)))


@pytest.mark.parametrize("version", SCHEMAS)
def test_an_older_book_is_brought_up_to_date_by_opening(version: int, path: Path) -> None:
    """Its entries are untouched, its schema is that of a new book, and it can be written."""
    rows = old_book(path, version)
    book = SqliteBook.open(path)
    assert list(book.rows()) == rows
    with book.writing() as writer:
        writer.append(observations(1, after=5))
    assert verify(book.rows()).entries == 6
    book.close()
    filled(path.with_name("new.book"))
    assert schema_of(path) == schema_of(path.with_name("new.book"))


@pytest.mark.parametrize("version", SCHEMAS)
def test_an_older_book_can_be_read_as_it_is(version: int, path: Path) -> None:
    """Reading changes nothing, not even the schema."""
    rows = old_book(path, version)
    before = path.read_bytes()
    book = SqliteBook.read(path)
    assert list(book.rows()) == rows
    assert verify(book.rows()).broken is None
    book.close()
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_the_older_book(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pending steps are one transaction: the book is of the old schema or of the new, never between."""

    def stumble(file: sqlite._File) -> None:
        file.run("CREATE TABLE half (done)")
        raise KeyboardInterrupt

    rows = old_book(path, 1)
    before = schema_of(path)
    monkeypatch.setattr(sqlite, "MIGRATIONS", (*MIGRATIONS, stumble))
    with pytest.raises(KeyboardInterrupt):
        SqliteBook.open(path)
    assert schema_of(path) == before
    book = SqliteBook.read(path)
    assert list(book.rows()) == rows
    book.close()


def test_another_program_may_be_faster_to_migrate(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds the steps done, once it is their turn, does nothing."""
    rows = old_book(path, 1)
    with sqlite._known(path, "mode=rw") as slow:
        pass
    SqliteBook.open(path).close()
    asked, pragma = [1], slow.pragma
    monkeypatch.setattr(slow, "pragma", lambda name: asked.pop() if asked else pragma(name))
    sqlite._migrate(slow)
    assert list(SqliteBook(slow).rows()) == rows
    slow.connection.close()
