"""Sealed rows <-> one SQLite file: a book that survives a crash and refuses to be rewritten.

Write-ahead log, synchronous FULL: what `writing` has left is on the disk. Triggers refuse UPDATE, DELETE and any INSERT
that is not the next number, also from other programs. Whoever takes the triggers away still breaks the chain, and
`ledger.chain.verify` names the place. Paths are opened explicitly: `create` never overwrites, `open` never creates.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
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


# ---------------------------------------------------------------- the schema, one step at a time


def _entries(connection: sqlite3.Connection) -> None:
    """1: the table of entries, kept as they were sealed; no UPDATE, no DELETE."""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(
        "CREATE TABLE entry (number INTEGER PRIMARY KEY,"
        " body BLOB NOT NULL CHECK (typeof(body) = 'blob'),"
        " seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 32))"
    )
    for deed in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER no_{deed.lower()} BEFORE {deed} ON entry"
            " BEGIN SELECT RAISE(ABORT, 'an entry is never changed or removed; correct it with a new one'); END"
        )


def _next_number(connection: sqlite3.Connection) -> None:
    """2: only the next number may be inserted; INSERT OR REPLACE would pass by a DELETE trigger."""
    connection.execute(
        "CREATE TRIGGER only_next BEFORE INSERT ON entry"
        " WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)"
        " BEGIN SELECT RAISE(ABORT, 'an entry is only added at the end, under the next number'); END"
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_entries, _next_number)
"""Step n turns schema n - 1 into schema n. A step that was ever released is never edited: add another."""


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    if _pragma(connection, "user_version") < len(MIGRATIONS):
        with _exclusive(path, connection):
            done = _pragma(connection, "user_version")  # asked again: another program may have been faster
            for version, step in enumerate(MIGRATIONS[done:], start=done + 1):
                step(connection)
                connection.execute(f"PRAGMA user_version = {version}")


# ---------------------------------------------------------------- the book


class SqliteBook:
    """A book in a file. Made by `create`, `open` or `read`; one connection, used by one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thorough: bool = False) -> None:
        self.path = path
        self._connection = connection
        self._thorough = thorough
        self._writer: _Writer | None = None

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
        with _told(path):
            connection = _connect(path, "mode=rw")
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(path, connection)
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path) -> SqliteBook:
        """A book to read and write, brought to the newest schema. Unusable when there is none at the path."""
        connection = _known(path, "mode=rw")
        with _told(path):
            _migrate(path, connection)
        return cls(path, connection)

    @classmethod
    def read(cls, path: Path) -> SqliteBook:
        """A book to read only: nothing is migrated, nothing can be written. Unusable when there is none.

        Its rows end with a look at the structure of the whole file, for rows that damage keeps from being found.
        """
        # SQLite's own read-only mode leaves log files behind; so this one opens like a writer and binds its own hands,
        # except where nobody can write at all, on an archived disc.
        connection = _known(path, "mode=rw" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1")
        connection.execute("PRAGMA query_only = ON")
        return cls(path, connection, thorough=True)

    def head(self) -> Head:
        """The end of the book as committed."""
        return self._writer.began if self._writer else _last(self.path, self._connection)

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, up to the head as it is when the first is asked for."""
        upto = self._writer.began.number if self._writer else _last_number(self.path, self._connection)
        yield from _rows(self.path, self._connection, after, upto)
        if self._thorough:
            _look_over(self.path, self._connection)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, up to the head as it is when the first is asked for."""
        return map(unseal, self.rows(after))

    @contextmanager
    def writing(self) -> Iterator[_Writer]:
        """An exclusive transaction: leaving it normally makes it last, an exception undoes all of it."""
        if self._writer is not None:
            raise ValueError("this book is being written already; leave the first `writing` before the next")
        with _exclusive(self.path, self._connection):
            writer = self._writer = _Writer(self.path, self._connection)
            try:
                yield writer
            finally:
                writer.ended = True
                self._writer = None

    def close(self) -> None:
        """Let go of the file; the last to do so folds the log into it."""
        self._connection.close()


class _Writer:
    """The rows of one transaction, beside those of the book."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.began = self.head = _last(path, connection)
        self.ended = False
        self._path = path
        self._connection = connection

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, with what was appended so far."""
        return _rows(self._path, self._connection, after, self.head.number)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, with what was appended so far."""
        return map(unseal, self.rows(after))

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add entries at the end. ValueError when they do not go on from the head; then nothing is added."""
        if self.ended:
            raise ValueError("this transaction has ended; begin another with `writing`")
        rows, head = link(entries, self.head)
        with _told(self._path):
            self._connection.executemany(_APPEND, [(row.number, row.body, row.seal) for row in rows])
        self.head = head
        return head


# ---------------------------------------------------------------- reading rows


def _rows(path: Path, connection: sqlite3.Connection, after: int, upto: int) -> Iterator[Sealed]:
    """Rows after one number up to another, page by page: rows never change, so pages taken at any time fit together."""
    while after < upto:
        with _told(path):
            page = connection.execute(_AFTER, (after, upto, PAGE)).fetchall()
        for row in page:
            yield Sealed(*row)
        last = page[-1][0] if page else after
        if last <= after:  # a damaged file can send a search round in circles
            raise _damaged(path, f"nothing can be read between entries {after} and {upto}")
        after = last


def _look_over(path: Path, connection: sqlite3.Connection) -> None:
    with _told(path):
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise _damaged(path, " ".join(found.split()))


def _last(path: Path, connection: sqlite3.Connection) -> Head:
    with _told(path):
        row = connection.execute(_LAST).fetchone()
    return head_at(Sealed(*row) if row else None)


def _last_number(path: Path, connection: sqlite3.Connection) -> int:
    with _told(path):
        return int(connection.execute(_LAST_NUMBER).fetchone()[0])


# ---------------------------------------------------------------- opening files


def _connect(path: Path, how: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{how}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_S)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _known(path: Path, how: str) -> sqlite3.Connection:
    """A connection to a file that is a book of a schema this Stromal knows."""
    if not path.is_file():
        raise _unusable(path, "book.missing", "there is no such file", "check the path, or create a book there")
    with _told(path):
        connection = _connect(path, how)
        application, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    if application == APPLICATION and 1 <= version <= len(MIGRATIONS):
        return connection
    connection.close()
    if application != APPLICATION or version < 1:
        raise _unusable(path, "book.foreign", "the file is not a Stromal book", "name the file of a book")
    why = f"the book has schema {version}; this Stromal knows schemas up to {len(MIGRATIONS)}"
    raise _unusable(path, "book.newer", why, "update Stromal, then open the book again")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def _exclusive(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that nobody else may write beside; undone unless its end is reached."""
    with _told(path):
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        with _told(path):
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


# ---------------------------------------------------------------- what goes wrong, in words

_TOLD = {
    sqlite3.SQLITE_BUSY: ("book.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_LOCKED: ("book.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_NOTADB: ("book.foreign", "the file is not a Stromal book", "name the file of a book"),
    sqlite3.SQLITE_READONLY: ("book.read_only", "the book is open for reading only", "open it for writing"),
    sqlite3.SQLITE_CANTOPEN: ("book.path", "the file cannot be opened", "check the path and its permissions"),
    sqlite3.SQLITE_FULL: ("book.full", "the disk is full; nothing was written", "make room and try again"),
}
"""What SQLite's errors mean for a book; any other is damage."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file into a finding; mistakes in calling it stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise
        if code & 0xFF in _TOLD:
            raise _unusable(path, *_TOLD[code & 0xFF]) from error
        raise _damaged(path, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message, broken letters and all
        raise _damaged(path, "its schema cannot be read") from error


def _damaged(path: Path, why: str) -> Unusable:
    return _unusable(path, "book.damaged", f"the file is damaged: {why}", "keep it as it is and restore a backup")


def _unusable(path: Path, code: str, message: str, hint: str) -> Unusable:
    return Unusable(Finding(code, "error", message, (Place(0, file=str(path)),), hint))
