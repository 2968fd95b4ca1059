"""Sealed rows <-> one SQLite file: a book that survives a crash and refuses to be rewritten.

Write-ahead log, synchronous FULL: what `writing` has left is on the disk. Triggers refuse UPDATE, DELETE and any INSERT
that is not the next number, also from other programs. Whoever takes the triggers away still breaks the chain, and
`ledger.chain.verify` names the place. Paths are opened explicitly: `create` never overwrites, `open` never creates.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stromal.ledger.chain import Head, Sealed, head_at, link, unseal
from stromal.ledger.events import Entry
from stromal.values import Finding, Place, Unusable

APPLICATION = 0x5354524D
"""`STRM` in the header of the file: by this a Stromal book is known."""
WAIT_S = 30.0
"""How long a writer waits for another to finish."""
PAGE = 2_000
"""Rows read at a time: between two pages no lock is held, so slow readers never stand in a writer's way."""

# A damaged file may hold anything in place of a blob: the casts give bytes whatever it is, and `verify` judges them.
# The rowid is the number as long as the schema is whole, and is there even when it is not.
_ROW = "SELECT rowid, coalesce(CAST(body AS BLOB), x''), coalesce(CAST(seal AS BLOB), x'') FROM entry"
_AFTER = f"{_ROW} WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"
_LAST = f"{_ROW} ORDER BY rowid DESC LIMIT 1"
_LAST_NUMBER = "SELECT coalesce(max(rowid), 0) FROM entry"
_APPEND = "INSERT INTO entry (number, body, seal) VALUES (?, ?, ?)"


# ---------------------------------------------------------------- a file and what goes wrong with it

_TOLD = {
    sqlite3.SQLITE_BUSY: ("book.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_LOCKED: ("book.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_NOTADB: ("book.foreign", "the file is not a Stromal book", "name the file of a book"),
    sqlite3.SQLITE_READONLY: ("book.read_only", "the book is open for reading only", "open it for writing"),
    sqlite3.SQLITE_CANTOPEN: ("book.path", "the file cannot be opened", "check the path and its permissions"),
    sqlite3.SQLITE_FULL: ("book.full", "the disk is full; nothing was written", "make room and try again"),
}
"""What SQLite's errors mean for a book; any other is damage."""


class _File:
    """A connection to a file. What SQLite has against the file becomes a finding; mistakes in calling it do not."""

    def __init__(self, path: Path, how: str) -> None:
        self.path = path
        address = f"file:{quote(str(path.absolute()))}?{how}"
        try:
            self.connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_S)
        except sqlite3.DatabaseError as error:
            raise self.told(error) from error

    @classmethod
    @contextmanager
    def opening(cls, path: Path, how: str) -> Iterator[_File]:
        """A connection, closed again when something goes wrong before it is ready."""
        file = cls(path, how)
        with ExitStack() as undo:
            undo.callback(file.connection.close)
            file.run("PRAGMA synchronous = FULL")
            file.run("PRAGMA foreign_keys = ON")
            yield file
            undo.pop_all()

    def run(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        """Carry out one statement; its rows."""
        try:
            return self.connection.execute(statement, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self.told(error) from error

    def told(self, error: Exception) -> Exception:
        """What SQLite complains of, as a finding; a mistake in calling it as it is."""
        if isinstance(error, UnicodeDecodeError):  # SQLite quotes a damaged schema, broken letters and all
            return self.damaged("its schema cannot be read")
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return error
        told = _TOLD.get(code & 0xFF)
        return self.unusable(*told) if told else self.damaged(str(error))

    def pragma(self, name: str) -> int:
        """A number that SQLite keeps about the file."""
        return int(self.run(f"PRAGMA {name}")[0][0])

    def begin(self) -> None:
        """A transaction that nobody else may write beside."""
        self.run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction last."""
        if not self.connection.in_transaction:
            why = "an entry could not be written, so nothing was"
            raise self.unusable("book.undone", why, "see to the cause and do it again")
        self.run("COMMIT")

    def roll_back(self) -> None:
        """Undo the transaction, if one is open."""
        if self.connection.in_transaction:
            self.run("ROLLBACK")

    def damaged(self, why: str) -> Unusable:
        """The finding that something in the file is not as SQLite wrote it."""
        return self.unusable("book.damaged", f"the file is damaged: {why}", "keep it as it is and restore a backup")

    def unusable(self, code: str, message: str, hint: str) -> Unusable:
        """A finding about the file."""
        return _unusable(self.path, code, message, hint)


def _unusable(path: Path, code: str, message: str, hint: str) -> Unusable:
    return Unusable(Finding(code, "error", message, (Place(0, file=str(path)),), hint))


# ---------------------------------------------------------------- the schema, one step at a time


def _entries(file: _File) -> None:
    """1: the table of entries, kept as they were sealed; no UPDATE, no DELETE."""
    file.run(f"PRAGMA application_id = {APPLICATION}")
    file.run(
        "CREATE TABLE entry (number INTEGER PRIMARY KEY,"
        " body BLOB NOT NULL CHECK (typeof(body) = 'blob'),"
        " seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 32))"
    )
    for deed in ("UPDATE", "DELETE"):
        file.run(
            f"CREATE TRIGGER no_{deed.lower()} BEFORE {deed} ON entry"
            " BEGIN SELECT RAISE(ABORT, 'an entry is never changed or removed; correct it with a new one'); END"
        )


def _next_number(file: _File) -> None:
    """2: only the next number may be inserted; INSERT OR REPLACE would pass by a DELETE trigger."""
    file.run(
        "CREATE TRIGGER only_next BEFORE INSERT ON entry"
        " WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)"
        " BEGIN SELECT RAISE(ABORT, 'an entry is only added at the end, under the next number'); END"
    )


MIGRATIONS: tuple[Callable[[_File], None], ...] = (_entries, _next_number)
"""Step n turns schema n - 1 into schema n. A step that was ever released is never edited: add another."""


def _migrate(file: _File) -> None:
    if file.pragma("user_version") == len(MIGRATIONS):
        return
    file.begin()
    try:
        done = file.pragma("user_version")  # asked again: another program may have been faster
        for version, step in enumerate(MIGRATIONS[done:], start=done + 1):
            step(file)
            file.run(f"PRAGMA user_version = {version}")
        file.commit()
    finally:
        file.roll_back()


@contextmanager
def _known(path: Path, how: str) -> Iterator[_File]:
    """A file that is a book of a schema this Stromal knows."""
    if not path.is_file():
        raise _unusable(path, "book.missing", "there is no such file", "check the path, or create a book there")
    with _File.opening(path, how) as file:
        version = file.pragma("user_version")
        if file.pragma("application_id") != APPLICATION or version < 1:
            raise file.unusable("book.foreign", "the file is not a Stromal book", "name the file of a book")
        if version > len(MIGRATIONS):
            why = f"the book has schema {version}; this Stromal knows schemas up to {len(MIGRATIONS)}"
            raise file.unusable("book.newer", why, "update Stromal, then open the book again")
        yield file


# ---------------------------------------------------------------- the book


class SqliteBook:
    """A book in a file. Made by `create`, `open` or `read`; one connection, used by one thread."""

    def __init__(self, file: _File, thorough: bool = False) -> None:
        self._file = file
        self._thorough = thorough
        self.newest = Head()
        self.writer: _Writer | None = None

    @classmethod
    def create(cls, path: Path) -> SqliteBook:
        """A new, empty book. Unusable when something stands at the path already."""
        try:
            path.open("xb").close()
        except FileExistsError:
            raise _unusable(path, "book.exists", "there is a file already", "open it, or choose another name") from None
        except OSError as refused:
            why = f"no file can be made here: {refused.strerror}"
            raise _unusable(path, "book.path", why, "check the folder and its permissions") from None
        with _File.opening(path, "mode=rw") as file:
            file.run("PRAGMA journal_mode = WAL")
            _migrate(file)
        return cls(file)

    @classmethod
    def open(cls, path: Path) -> SqliteBook:
        """A book to read and write, brought to the newest schema. Unusable when there is none at the path."""
        with _known(path, "mode=rw") as file:
            _migrate(file)
        return cls(file)

    @classmethod
    def read(cls, path: Path) -> SqliteBook:
        """A book to read only: nothing is migrated, nothing can be written. Unusable when there is none.

        Its rows end with a look at the structure of the whole file, for rows that damage keeps from being found.
        """
        # SQLite's own read-only mode leaves log files behind; so this one opens like a writer and binds its own hands,
        # except where nobody can write at all, on an archived disc.
        with _known(path, "mode=rw" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1") as file:
            file.run("PRAGMA query_only = ON")
        return cls(file, thorough=True)

    def head(self) -> Head:
        """The end of the book as committed."""
        return self.writer.began if self.writer else self.last()

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, up to the head as it is when the first is asked for."""
        yield from _rows(self._file, after, self.writer.began.number if self.writer else _last_number(self._file))
        if self._thorough:
            _look_over(self._file)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, up to the head as it is when the first is asked for."""
        return map(unseal, self.rows(after))

    def writing(self) -> _Writer:
        """An exclusive transaction: leaving it normally makes it last, an exception undoes all of it."""
        return _Writer(self, self._file)

    def close(self) -> None:
        """Let go of the file; the last to do so folds the log into it."""
        self._file.connection.close()

    def last(self) -> Head:
        """The head inside a transaction or out of it; read only when somebody else moved it: entries never change."""
        number = _last_number(self._file)
        if number < self.newest.number:
            raise self._file.damaged(f"it went on to entry {self.newest.number} and now ends at {number}")
        if number > self.newest.number:
            self.newest = head_at(Sealed(*self._file.run(_LAST)[0]))
        return self.newest


class _Writer:
    """One transaction: its rows, beside those of the book."""

    def __init__(self, book: SqliteBook, file: _File) -> None:
        self.began = self.head = Head()
        self._book = book
        self._file = file

    def __enter__(self) -> _Writer:
        if self._book.writer is not None:
            raise ValueError("this book is being written already; leave the first `writing` before the next")
        self._file.begin()
        try:
            self.began = self.head = self._book.last()
            self._book.writer = self
        finally:
            if self._book.writer is None:
                self._file.roll_back()
        return self

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        self._book.writer = None
        try:
            if kind is None:
                self._file.commit()
                self._book.newest = self.head
        finally:
            self._file.roll_back()

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, with what was appended so far."""
        return _rows(self._file, after, self.head.number)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, with what was appended so far."""
        return map(unseal, self.rows(after))

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add entries at the end. ValueError when they do not go on from the head; then nothing is added."""
        if self._book.writer is not self or not self._file.connection.in_transaction:
            raise ValueError("this transaction has ended; begin another with `writing`")
        rows, head = link(entries, self.head)
        try:
            for row in rows:
                self._file.run(_APPEND, (row.number, row.body, row.seal))
        except Unusable:
            # Some of the rows may be in. None may last, even if somebody catches this and goes on.
            self._file.roll_back()
            raise
        self.head = head
        return head


# ---------------------------------------------------------------- reading rows


def _rows(file: _File, after: int, upto: int) -> Iterator[Sealed]:
    """Rows after one number up to another, page by page: rows never change, so pages taken at any time fit together."""
    while after < upto:
        page = file.run(_AFTER, (after, upto, PAGE))
        for row in page:
            yield Sealed(*row)
        last = page[-1][0] if page else after
        if last <= after:  # a damaged file can send a search round in circles
            raise file.damaged(f"nothing can be read between entries {after} and {upto}")
        after = last


def _last_number(file: _File) -> int:
    return int(file.run(_LAST_NUMBER)[0][0])


def _look_over(file: _File) -> None:
    found = str(file.run("PRAGMA quick_check(1)")[0][0])
    if found != "ok":
        raise file.damaged(" ".join(found.split()))
