"""Entries <-> sealed rows: numbered, hash-chained, checked; and what every book of sealed rows can do.

Takes entries from `conduct.desk` (step 6 of the walk), gives rows for a store; `verify` reads the rows back and names
the first that is not as it was written. Each seal is the SHA-256 of the seal before it and the body of its entry, so a
changed, lost or slipped-in entry breaks the chain there. Cutting entries off the end breaks nothing: that is seen only
by somebody who kept the seal of the head outside the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import msgspec

from stromal.ledger.events import Entry
from stromal.values import Finding, Unusable

GENESIS = bytes(32)
"""The seal before the first entry."""


class Sealed(msgspec.Struct, frozen=True):
    """An entry as it is kept: its number, its canonical JSON, and the seal over that and everything before."""

    number: int
    body: bytes
    seal: bytes


class Head(msgspec.Struct, frozen=True):
    """The end of a book: number and seal of the last entry, and when it was recorded (None in an empty book)."""

    number: int = 0
    seal: bytes = GENESIS
    at: datetime | None = None


class Broken(msgspec.Struct, frozen=True):
    """The first entry that is not as it was written, and why."""

    number: int
    code: str
    reason: str


class Verification(msgspec.Struct, frozen=True):
    """How far a chain is whole: the entries and the head before the first broken one, or of the whole book."""

    entries: int
    head: Head
    broken: Broken | None = None


# ---------------------------------------------------------------- sealing and unsealing

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def seal(entry: Entry, previous: bytes) -> Sealed:
    """The entry as a row after the seal `previous`. ValueError when it would not read back exactly as it is."""
    if entry.at.utcoffset() != timedelta(0):
        raise ValueError(f"entry {entry.number} is recorded at {entry.at}; a book keeps time in UTC")
    body = _encoder.encode(entry)
    if not _reads_as(body, entry):
        kind = type(entry.event).__name__
        raise ValueError(f"entry {entry.number} ({kind}) holds a value that JSON cannot keep, such as nan")
    return Sealed(entry.number, body, sha256(previous + body).digest())


def _reads_as(body: bytes, entry: Entry) -> bool:
    """What was acknowledged must be readable for as long as the book lasts; so it is read once, at once."""
    try:
        return _decoder.decode(body) == entry
    except msgspec.DecodeError:
        return False


def unseal(sealed: Sealed) -> Entry:
    """The entry in a row. Unusable, naming the entry, when the body is no entry or one of another number."""
    entry = _read(sealed)
    if isinstance(entry, Broken):
        raise Unusable(finding(entry))
    return entry


def finding(broken: Broken) -> Finding:
    """A broken entry as a finding for people."""
    hint = "keep the file as it is, run `stromal verify` on it and compare it with a backup"
    return Finding(broken.code, "error", f"entry {broken.number}: {broken.reason}", hint=hint)


def _read(row: Sealed) -> Entry | Broken:
    try:
        entry = _decoder.decode(row.body)
    except msgspec.DecodeError as unread:
        return Broken(row.number, "chain.unreadable", f"the body cannot be read: {unread}")
    if entry.number != row.number:
        return Broken(row.number, "chain.number", f"the body says it is entry {entry.number}")
    if entry.at.tzinfo is not UTC:
        return Broken(row.number, "chain.unreadable", f"the time {entry.at.isoformat()} is not in UTC")
    return entry


# ---------------------------------------------------------------- the head, and going on from it


class _Moment(msgspec.Struct, frozen=True):
    """The one field of an entry that the next one is measured by."""

    at: datetime


_moment = msgspec.json.Decoder(_Moment)


def head_at(last: Sealed | None) -> Head:
    """The head of a book whose last row this is. Unusable when that row cannot be read."""
    if last is None:
        return Head()
    try:
        return Head(last.number, last.seal, _moment.decode(last.body).at)
    except msgspec.DecodeError as unread:
        broken = Broken(last.number, "chain.unreadable", f"the body cannot be read: {unread}")
        raise Unusable(finding(broken)) from unread


def link(entries: Iterable[Entry], head: Head) -> tuple[tuple[Sealed, ...], Head]:
    """Seal entries onto a head. ValueError when numbers do not go on from it or time runs backwards."""
    rows: list[Sealed] = []
    for entry in entries:
        if entry.number != head.number + 1:
            raise ValueError(f"expected entry {head.number + 1}, got {entry.number}: numbers go on from the head")
        row = seal(entry, head.seal)
        if head.at is not None and entry.at < head.at:
            raise ValueError(_backwards(entry.at, head))
        rows.append(row)
        head = Head(row.number, row.seal, entry.at)
    return tuple(rows), head


def _backwards(at: datetime, head: Head) -> str:
    before = head.at.isoformat() if head.at else ""
    return f"recorded at {at.isoformat()}, earlier than entry {head.number} ({before}): a clock ran backwards"


# ---------------------------------------------------------------- verifying


def verify(rows: Iterable[Sealed], expected_head: bytes | None = None) -> Verification:
    """Follow a chain from its first row; name the first broken entry.

    `expected_head` is a seal that was kept outside the book. A book may have grown since, but must contain it.
    """
    head, anchored = Head(), expected_head in (None, GENESIS)
    try:
        for row in rows:
            following = _follow(row, head)
            if isinstance(following, Broken):
                return Verification(head.number, head, following)
            head = following
            anchored = anchored or head.seal == expected_head
    except Unusable as damage:
        broken = Broken(head.number + 1, "chain.damaged", "; ".join(each.message for each in damage.findings))
        return Verification(head.number, head, broken)
    if anchored:
        return Verification(head.number, head)
    reason = "the head that was kept outside is not in this book: entries were cut off or written anew"
    return Verification(head.number, head, Broken(head.number + 1, "chain.head", reason))


def _follow(row: Sealed, head: Head) -> Head | Broken:
    """The head after one more row, or what is wrong with the row."""
    if row.number != head.number + 1:
        return _misplaced(row.number, head.number)
    if row.seal != sha256(head.seal + row.body).digest():
        return Broken(row.number, "chain.seal", "the seal does not match: the entry was changed after it was written")
    entry = _read(row)
    if isinstance(entry, Broken):
        return entry
    if head.at is not None and entry.at < head.at:
        return Broken(row.number, "chain.time", _backwards(entry.at, head))
    return Head(row.number, row.seal, entry.at)


def _misplaced(number: int, last: int) -> Broken:
    if number == last:
        return Broken(number, "chain.duplicate", "this number stands twice in the book")
    if number < last:
        return Broken(number, "chain.order", f"it stands after entry {last}")
    return Broken(last + 1, "chain.missing", f"it is missing: entry {number} follows entry {last}")


# ---------------------------------------------------------------- what every book can do


class Writer(Protocol):
    """The one who may write, for the length of one transaction."""

    @property
    def head(self) -> Head:
        """The end of the book inside the transaction, with what was appended so far."""

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, with what was appended so far."""

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, with what was appended so far."""

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add entries at the end. ValueError when they do not go on from the head; then nothing is added."""


class Book(Protocol):
    """One study, one book, one chain. Nothing in it is ever changed or taken out."""

    def head(self) -> Head:
        """The end of the book as committed."""

    def rows(self, after: int = 0) -> Iterator[Sealed]:
        """The rows after a number, up to the head as it is when the first is asked for."""

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, up to the head as it is when the first is asked for."""

    def writing(self) -> AbstractContextManager[Writer]:
        """An exclusive transaction: leaving it normally makes it last, an exception undoes all of it."""

    def close(self) -> None:
        """Let go of the book."""
