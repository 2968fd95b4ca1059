"""Sealed rows -> a book in memory: the reference every other book is measured against.

It lasts as long as the program. Rehearsals and tests write into it; what it does is what every book must do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stromal.ledger.chain import Head, Sealed, head_at, link, unseal
from stromal.ledger.events import Entry


class MemoryBook:
    """A book that is a list of rows."""

    def __init__(self) -> None:
        self._rows: list[Sealed] = []
        self._writer: _Writer | None = None

    def head(self) -> Head:
        """The end of the book as committed."""
        return head_at(self._rows[-1] if self._rows else None)

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, up to the head as it is when the first is asked for."""
        yield from self._rows[after:]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, up to the head as it is when the first is asked for."""
        return map(unseal, self.rows(after))

    @contextmanager
    def writing(self) -> Iterator[_Writer]:
        """An exclusive transaction: leaving it normally makes it last, an exception undoes all of it."""
        if self._writer is not None:
            raise ValueError("this book is being written already; leave the first `writing` before the next")
        self._writer = _Writer(self._rows)
        try:
            yield self._writer
            self._rows.extend(self._writer.added)
        finally:
            self._writer.ended = True
            self._writer = None

    def close(self) -> None:
        """Let go of the book; what memory holds needs no closing."""


class _Writer:
    """The rows of one transaction, beside those of the book."""

    def __init__(self, committed: list[Sealed]) -> None:
        self.added: list[Sealed] = []
        self.ended = False
        self.head = head_at(committed[-1] if committed else None)
        self._committed = committed

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, with what was appended so far."""
        before = len(self._committed)
        yield from [*self._committed[after:], *self.added[max(0, after - before) :]]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, with what was appended so far."""
        return map(unseal, self.rows(after))

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add entries at the end. ValueError when they do not go on from the head; then nothing is added."""
        if self.ended:
            raise ValueError("this transaction has ended; begin another with `writing`")
        rows, self.head = link(entries, self.head)
        self.added.extend(rows)
        return self.head
