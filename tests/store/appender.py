"""Appends to a book, one entry a transaction, and acknowledges each on a line of its own once it is committed.

Run as a program by the tests: appender.py BOOK COUNT NAME
"""

from __future__ import annotations

import sys
from pathlib import Path

from histories import DAY, entry
from stromal.ledger import events as e
from stromal.store.sqlite import SqliteBook


def append(path: Path, count: int, name: str) -> None:
    """Append that many entries in the name of somebody."""
    book = SqliteBook.open(path)
    for n in range(count):
        with book.writing() as writer:
            observed = e.FactObserved("P1", "weight", float(n), DAY, "kg", "x" * (n % 97))
            head = writer.append([entry(writer.head.number + 1, observed, by=name)])
        sys.stdout.write(f"{head.number}\n")
        sys.stdout.flush()
    book.close()


if __name__ == "__main__":
    append(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
