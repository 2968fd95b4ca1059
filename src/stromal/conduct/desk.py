"""The one place that loads state, decides and appends, in one transaction. Step 6 of the walk.

A desk serves one book. It keeps the state of the book as far as it has read it, reads on when somebody else has
written, decides, fills in what signatures bind, and appends: all inside the book's exclusive transaction. What it
returns as a receipt is durable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from stromal.conduct.commands import Request
from stromal.conduct.decide import decide
from stromal.conduct.situation import Read
from stromal.ledger import events as e
from stromal.ledger.chain import Book, Head, Writer
from stromal.ledger.state import State, evolve, replay
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.values import Refused

_MANY = 100
"""From so many entries on, adding up the whole book is quicker than adding one by one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a request led to: the entries now in the book, and the head they made."""

    entries: tuple[e.Entry, ...]
    head: Head


class Desk:
    """Carries out requests on one book."""

    def __init__(self, book: Book, read: Read = load) -> None:
        """A desk on a book; `read` reads protocol files, so that one read already need not be read again."""
        self._book = book
        self._entries: list[e.Entry] = []
        self._state = State()
        self._protocols: dict[int, Protocol] = {}
        self._read = read

    def submit(self, request: Request) -> Receipt | Refused:
        """Decide a request and append what follows; or refuse it, and the book is as it was."""
        with self._book.writing() as writer:
            self._catch_up(writer.head.number, writer)
            past = _Past(self._entries, self._state)
            decided = decide(request, self._state, self._protocols, past, self._read)
            if isinstance(decided, Refused):
                return decided
            entries = tuple(_bound(entry, decided, past) for entry in decided)
            after = past.after(entries)  # before the book has them: what cannot be added up is not appended
            head = writer.append(entries)
        self._take_in(entries, after)
        return Receipt(entries, head)

    def state(self) -> State:
        """The state of the trial as the book stands now."""
        self._catch_up(self._book.head().number, self._book)
        return self._state

    def protocol(self) -> Protocol | None:
        """The newest version of the protocol in the book."""
        self.state()
        return self._protocols[max(self._protocols)] if self._protocols else None

    def _catch_up(self, head: int, source: Book | Writer) -> None:
        """Read on where somebody else has written."""
        if head != len(self._entries):
            entries = tuple(source.entries(len(self._entries)))
            self._take_in(entries, _Past(self._entries, self._state).after(entries))

    def _take_in(self, entries: Sequence[e.Entry], after: State) -> None:
        """Know these entries, and the state they lead to."""
        self._state = after
        self._entries.extend(entries)
        for adopted in self._state.versions:
            if adopted.version not in self._protocols:
                self._protocols[adopted.version] = self._read(adopted.text).require()


@dataclass(frozen=True, slots=True)
class _Past:
    """The entries a desk has read, and the state they add up to."""

    entries: Sequence[e.Entry]
    state: State

    def event(self, number: int) -> e.Event | None:
        """The event of an entry as it was written; None where the book has no such entry."""
        return self.entries[number - 1].event if 0 < number <= len(self.entries) else None

    def after(self, entries: Sequence[e.Entry]) -> State:
        """The state with more entries, one by one; or added up anew, where there are many or one corrects another."""
        if len(entries) > _MANY or any(isinstance(entry.event, e.EntryCorrected) for entry in entries):
            return replay([*self.entries, *entries])
        state = self.state
        for entry in entries:
            state = evolve(state, entry)
        return state


def read_protocols(state: State) -> dict[int, Protocol]:
    """The protocol versions kept in a book, by number. Raises Unusable when one cannot be read any more."""
    return {adopted.version: load(adopted.text).require() for adopted in state.versions}


def _bound(entry: e.Entry, batch: Sequence[e.Entry], past: _Past) -> e.Entry:
    """A signature with the digest of exactly the entries it stands for, as they are written."""
    if not isinstance(entry.event, e.Signed):
        return entry
    fresh = {each.number: each.event for each in batch}
    signed = [fresh[number] if number in fresh else past.event(number) for number in entry.event.of]
    digest = signed_digest([event for event in signed if event is not None])
    return msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, digest=digest))


def signed_digest(events: Iterable[e.Event]) -> str:
    """What a signature binds: the SHA-256 of the canonical JSON of the events signed, in order, a line each."""
    return sha256(b"\n".join(e.encode(event) for event in events)).hexdigest()
