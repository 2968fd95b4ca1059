"""Sealed rows <-> one SQLite file: a book that survives a crash and refuses to be rewritten.

Write-ahead log, synchronous FULL: what `writing` has left is on the disk. Triggers refuse UPDATE, DELETE and any INSERT
that is not the next number, also from other programs. Whoever takes the triggers away still breaks the chain, and
`ledger.chain.verify` names the place. Paths are opened explicitly: `create` never overwrites, `open` never creates.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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

_AFTER = "SELECT number, body, seal FROM entry WHERE number > ? AND number <= ? ORDER BY number LIMIT ?"
_LAST = "SELECT number, body, seal FROM entry ORDER BY number DESC LIMIT 1"
_LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM entry"
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


def _migrate(connection: sqlite3.Connection) -> None:
    for version, step in enumerate(MIGRATIONS, start=1):
        with _exclusive(connection):
            if _pragma(connection, "user_version") < version:
                step(connection)
                connection.execute(f"PRAGMA user_version = {version}")


@contextmanager
def _exclusive(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that nobody else may write beside; undone unless its end is reached."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


# ---------------------------------------------------------------- the book


class SqliteBook:
    """A book in a file. Made by `create`, `open` or `read`; one connection, used by one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._writer: _Writer | None = None

    @classmethod
    def create(cls, path: Path) -> SqliteBook:
        """A new, empty book. Unusable when something stands at the path already."""
        try:
            path.open("xb").close()
        except FileExistsError:
            raise _unusable("book.exists", path, "there is a file already", "open it, or choose another name") from None
        except OSError as refused:
            raise _unusable("book.path", path, f"no file can be made here: {refused.strerror}", "check the path") from None
        with _told(path):
            connection = _connect(path, "rw")
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection)
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path) -> SqliteBook:
        """A book to read and write, brought to the newest schema. Unusable when there is none at the path."""
        connection = _known(path, "rw")
        with _told(path):
            _migrate(connection)
        return cls(path, connection)

    @classmethod
    def read(cls, path: Path) -> SqliteBook:
        """A book to read only: nothing is migrated, nothing can be written. Unusable when there is none."""
        # A reader opened `ro` leaves its log files behind, so it opens like a writer and binds its own hands.
        frozen = not os.access(path.parent, os.W_OK)
        connection = _known(path, "ro&immutable=1" if frozen else "rw")
        connection.execute("PRAGMA query_only = ON")
        return cls(path, connection)

    def head(self) -> Head:
        """The end of the book as committed."""
        if self._writer is not None:
            return self._writer.began
        with _told(self.path):
            return _last(self._connection)

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, up to the head as it is when the first is asked for."""
        if self._writer is not None:
            upto = self._writer.began.number
        else:
            with _told(self.path):
                upto = int(self._connection.execute(_LAST_NUMBER).fetchone()[0])
        yield from _rows(self.path, self._connection, after, upto)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, up to the head as it is when the first is asked for."""
        return map(unseal, self.rows(after))

    @contextmanager
    def writing(self) -> Iterator[_Writer]:
        """An exclusive transaction: leaving it normally makes it last, an exception undoes all of it."""
        if self._writer is not None:
            raise ValueError("this book is being written already; leave the first `writing` before the next")
        with _told(self.path), _exclusive(self._connection):
            self._writer = _Writer(self.path, self._connection)
            try:
                yield self._writer
            finally:
                self._writer.ended = True
                self._writer = None

    def close(self) -> None:
        """Let go of the file; the last to do so folds the log into it."""
        self._connection.close()
