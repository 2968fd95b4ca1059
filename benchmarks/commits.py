"""How fast single entries are appended to a SQLite book, beside raw durable commits of rows of the same size.

Both write one row a transaction into a write-ahead log with synchronous FULL, on the same disk, taking turns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import busy_trial
from measure import Figure, medians, tell
from stromal.ledger.chain import Head, Sealed, link, verify
from stromal.ledger.events import Entry
from stromal.store.memory import MemoryBook
from stromal.store.sqlite import SqliteBook

COMMITS = 200
RUNS = 45


def appending(book: SqliteBook | MemoryBook, entries: list[Entry]) -> Callable[[], None]:
    """Append the next entries, one a transaction."""
    coming = iter(entries)

    def act() -> None:
        for entry in islice(coming, COMMITS):
            with book.writing() as writer:
                writer.append([entry])

    return act


def raw(connection: sqlite3.Connection, rows: tuple[Sealed, ...]) -> Callable[[], None]:
    """Insert the next rows, each a commit of its own."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB NOT NULL, seal BLOB NOT NULL)")
    coming = iter(rows)

    def act() -> None:
        for row in islice(coming, COMMITS):
            connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (row.number, row.body, row.seal))

    return act


def main() -> None:
    """Let the book and the raw table take turns, tell."""
    entries = busy_trial.entries(COMMITS * RUNS)
    rows, _ = link(entries, Head())
    with TemporaryDirectory() as folder:
        book = SqliteBook.create(Path(folder) / "trial.book")
        connection = sqlite3.connect(Path(folder) / "raw.sqlite", isolation_level=None)
        seconds = medians(
            {
                "book": appending(book, entries),
                "raw": raw(connection, rows),
                "memory": appending(MemoryBook(), entries),
            },
            RUNS,
        )
        assert verify(book.rows()).entries == connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        book.close()
        connection.close()
    rate = {name: COMMITS / each for name, each in seconds.items()}
    tell(
        "Appending entries one by one",
        [
            Figure(
                "append to a SQLite book", rate["book"], "commits/s", "raw durable commits", rate["raw"], aim_ratio=0.75
            ),
            Figure("append to a book in memory", rate["memory"], "commits/s", "raw durable commits", rate["raw"]),
        ],
    )


if __name__ == "__main__":
    main()
