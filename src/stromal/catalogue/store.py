"""A catalogue on disk: the cards of many trials and their text, and which file each came from.

Takes a folder; gives a Catalogue that answers `cards()` and `get()`, and a Writer that puts and drops the entries of
one source file at a time. The SQLite file in the folder is the truth; the search index beside it (`index`) is made
from it and can be made again. Where several files hold one trial, the newest is shown and the others wait behind it.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from urllib.parse import quote

import msgspec

from stromal.catalogue import card as cards_of
from stromal.catalogue.card import Card, Passage
from stromal.values import Finding, Place, Unusable

APPLICATION = 0x53545243
"""`STRC` in the header of the file: by this a Stromal catalogue is known."""
VERSION = 1
FILE = "catalogue.sqlite"
_WAIT_S = 30.0

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, digest TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE entry (
    number INTEGER PRIMARY KEY, source TEXT NOT NULL, line INTEGER NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL,
    digest TEXT NOT NULL, shown INTEGER NOT NULL DEFAULT 0, card BLOB NOT NULL, text BLOB NOT NULL
);
CREATE INDEX entry_id ON entry (id, shown);
CREATE INDEX entry_source ON entry (source);
CREATE INDEX entry_digest ON entry (digest);
CREATE TABLE wide (number INTEGER NOT NULL, per_kg INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL);
CREATE INDEX wide_number ON wide (number);
CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN DELETE FROM wide WHERE number = old.number; END;
CREATE TABLE touched (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# `wide` holds the doses that are stretches: one may reach over a whole stretch that is searched for.
# `touched` outlives a crash: its trials are those whose part of the search index is not up to date.

_PUT = "INSERT INTO entry (source, line, id, day, digest, card, text) VALUES (?, ?, ?, ?, ?, ?, ?)"
_SHOW = """
UPDATE entry SET shown = number = (
    SELECT number FROM entry AS other WHERE other.id = entry.id ORDER BY day DESC, digest DESC, source, line LIMIT 1
) WHERE id IN (SELECT id FROM touched)
"""
"""Of several entries of one trial the newest is shown; among those of one day always the same one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read, as it was then."""

    path: str
    size: int
    mtime: int
    digest: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial as one place of one file tells it, packed for the store."""

    id: str
    line: int
    day: str
    digest: str
    card: bytes
    text: bytes
    wide: tuple[tuple[bool, float, float], ...] = ()


def entry(card: Card, passages: Iterable[Passage] = ()) -> Entry:
    """A card and the text of its record, packed."""
    wide = tuple((dose.per_kg, float(dose.low), float(dose.high)) for dose in card.doses if dose.low < dose.high)
    packed = cards_of.to_bytes(card), cards_of.text_to_bytes(passages)
    return Entry(card.id, card.line, card.updated or "", card.digest, *packed, wide)


def _bad(code: str, message: str, hint: str, path: Path) -> Unusable:
    return Unusable(Finding(code, "error", message, (Place(0, "", str(path)),), hint))


_AGAIN = "make the catalogue again: stromal index PATH... -o FOLDER, into a new folder"


class Catalogue:
    """Many trials in one folder. Reading never changes it; `writing` gives the Writer."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection

    @classmethod
    def open(cls, folder: Path) -> Catalogue:
        """The catalogue in a folder. Raises Unusable when there is none, or it is damaged or of another version."""
        path = folder / FILE
        if not path.is_file():
            hint = "make it first: stromal index PATH... -o FOLDER"
            raise _bad("catalogue.missing", "there is no catalogue in this folder", hint, folder)
        return cls(folder, _connect(path, "mode=rw"))

    @classmethod
    def create(cls, folder: Path) -> Catalogue:
        """The catalogue in a folder, made empty where there is none."""
        path = folder / FILE
        if path.exists():
            return cls.open(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot be made: {error.strerror}"
            raise _bad("catalogue.unwritable", message, "choose another folder", folder) from None
        connection = _connect(path, "mode=rwc", empty=True)
        marked = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        connection.executescript(f"PRAGMA journal_mode = WAL; BEGIN; {marked} {_SCHEMA} COMMIT;")
        return cls(folder, connection)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ reading

    def _rows(self, query: str, *values: object) -> Iterator[tuple[object, ...]]:
        """Rows of a query; damage in the file becomes Unusable."""
        try:
            yield from self.connection.execute(query, values)
        except sqlite3.ProgrammingError:  # the caller's mistake, as a closed catalogue is, and no damage
            raise
        except sqlite3.DatabaseError as error:
            raise _told(error, self.folder / FILE) from error

    def __len__(self) -> int:
        """How many trials."""
        return int(str(next(self._rows("SELECT count(*) FROM entry WHERE shown"))[0]))

    def cards(self) -> Iterator[Card]:
        """The card of every trial, in the order of their ids."""
        for packed, name in self._rows("SELECT card, id FROM entry WHERE shown ORDER BY id"):
            yield self._card(packed, name)

    def get(self, name: str) -> Card | None:
        """The card of a trial by its id, whatever the case; None where there is none."""
        query = "SELECT card, id FROM entry WHERE shown AND id IN (?, ?) ORDER BY id = ? DESC"
        row = next(self._rows(query, name, name.upper(), name), None)
        return None if row is None else self._card(*row)

    def text(self, name: str) -> tuple[Passage, ...]:
        """The lines of a trial's record; empty where there is no such trial."""
        row = next(self._rows("SELECT text FROM entry WHERE shown AND id = ?", name), None)
        return self._passages(row[0], name) if row else ()

    def shown(self, names: Iterable[str] | None = None) -> Iterator[tuple[int, Card, tuple[Passage, ...]]]:
        """Row number, card and lines of every trial in the order of ids, or of those named."""
        some = "" if names is None else "AND id = ?"
        query = f"SELECT number, id, card, text FROM entry WHERE shown {some} ORDER BY id"  # noqa: S608 - of two words
        for values in [()] if names is None else ((name,) for name in names):
            for number, name, packed, text in self._rows(query, *values):
                yield int(str(number)), self._card(packed, name), self._passages(text, name)

    def at(self, number: int, *, text: bool = True) -> tuple[Card, tuple[Passage, ...]]:
        """The card in a row of the store, with the lines of its record where they are wanted."""
        column = "text" if text else "NULL"
        query = f"SELECT id, card, {column} FROM entry WHERE number = ?"  # noqa: S608 - of two words
        row = next(self._rows(query, number), None)
        if row is None:
            raise self._damaged(f"row {number}")
        return self._card(row[1], row[0]), self._passages(row[2], row[0]) if text else ()

    def names(self, numbers: Iterable[int]) -> dict[int, str]:
        """The ids in rows of the store."""
        marks = msgspec.json.encode(list(numbers)).decode()
        query = "SELECT number, id FROM entry WHERE number IN (SELECT value FROM json_each(?))"
        return {int(str(number)): str(name) for number, name in self._rows(query, marks)}

    def wide(self) -> list[tuple[str, bool, float, float]]:
        """Every dose that is a stretch: its trial, whether it is per kg, and its ends."""
        query = """SELECT id, per_kg, low, high FROM wide JOIN entry ON entry.number = wide.number
                   WHERE shown ORDER BY id"""
        return [(str(row[0]), bool(row[1]), *_ends(*row[2:])) for row in self._rows(query)]

    def _passages(self, packed: object, name: object) -> tuple[Passage, ...]:
        try:
            return cards_of.text_from_bytes(packed if isinstance(packed, bytes) else b"")
        except msgspec.DecodeError:
            raise self._damaged(str(name)) from None

    def sources(self) -> dict[str, Source]:
        """The files the catalogue was made from, by path."""
        rows = self.connection.execute("SELECT path, size, mtime, digest FROM source ORDER BY path")
        return {row[0]: Source(*row) for row in rows}

    def meta(self, name: str) -> str:
        """A word the catalogue keeps about itself; empty where it has none."""
        row = next(self._rows("SELECT value FROM meta WHERE name = ?", name), None)
        return str(row[0]) if row else ""

    @property
    def date(self) -> str:
        """The day of its newest record, as published: how old the catalogue's knowledge is. Empty for no records."""
        row = next(self._rows("SELECT max(day) FROM entry WHERE shown"))
        return str(row[0] or "")

    @property
    def stale(self) -> bool:
        """Whether a writer was stopped before the search index followed it."""
        return bool(next(self._rows("SELECT EXISTS (SELECT 1 FROM touched)"))[0])

    def _card(self, packed: object, name: object) -> Card:
        try:
            return cards_of.from_bytes(packed if isinstance(packed, bytes) else b"")
        except msgspec.DecodeError:
            raise self._damaged(str(name)) from None

    def _damaged(self, name: str) -> Unusable:
        return _bad("catalogue.damaged", f"the entry of {name} cannot be read", _AGAIN, self.folder / FILE)

    # ------------------------------------------------------------ writing

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """All or nothing: what the block puts and drops counts when it ends, and nothing of it when it fails."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            raise _told(error, self.folder / FILE) from error
        try:
            writer = Writer(self.connection)
            yield writer
            writer.settle()
            self.connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            _undo(self.connection)
            raise _told(error, self.folder / FILE) from error
        except BaseException:
            _undo(self.connection)
            raise


class Writer:
    """Puts and drops the entries of source files, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def add(self, *cards: Card) -> None:
        """Put cards without text; each takes the place of what its file said of the trial before."""
        for card in cards:
            self.connection.execute("DELETE FROM entry WHERE source = ? AND id = ?", (card.file, card.id))
            self.put(card.file, entry(card))

    def put(self, source: str, *entries: Entry) -> None:
        """Put entries of a source file beside those it has."""
        for e in entries:
            row = (source, e.line, e.id, e.day, e.digest, e.card, e.text)
            number = self.connection.execute(_PUT, row).lastrowid
            if e.wide:
                wide = ((number, *each) for each in e.wide)
                self.connection.executemany("INSERT INTO wide VALUES (?, ?, ?, ?)", wide)
        self.connection.executemany("INSERT OR IGNORE INTO touched VALUES (?)", ((e.id,) for e in entries))

    def name(self, source: Source) -> None:
        """Remember a source file as it was read."""
        row = (source.path, source.size, source.mtime, source.digest)
        self.connection.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?)", row)

    def drop(self, path: str) -> int:
        """Forget a source file and its entries; how many entries went."""
        self.connection.execute(
            "INSERT OR IGNORE INTO touched SELECT DISTINCT id FROM entry WHERE source = ?", (path,)
        )  # fmt: skip
        self.connection.execute("DELETE FROM source WHERE path = ?", (path,))
        return self.connection.execute("DELETE FROM entry WHERE source = ?", (path,)).rowcount

    def remove(self, *names: str) -> None:
        """Remove trials by id, from whatever file they came."""
        for name in names:
            self.connection.execute("INSERT OR IGNORE INTO touched VALUES (?)", (name,))
            self.connection.execute("DELETE FROM entry WHERE id = ?", (name,))

    def note(self, name: str, value: str) -> None:
        """Keep a word about the catalogue itself."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def touched(self) -> list[str]:
        """The trials that changed since the search index followed."""
        return [str(row[0]) for row in self.connection.execute("SELECT id FROM touched ORDER BY id")]

    def followed(self) -> None:
        """The search index holds what the store holds."""
        self.connection.execute("DELETE FROM touched")

    def latest(self) -> int:
        """The number of the newest row."""
        return int(self.connection.execute("SELECT coalesce(max(number), 0) FROM entry").fetchone()[0])

    def kept(self, path: str) -> dict[str, deque[tuple[int, ...]]]:
        """The rows of a source file by the hash of their documents; those known by their place alone are left out."""
        query = """SELECT digest, line, group_concat(number) FROM entry
                   WHERE source = ?1 AND substr(id, 1, length(?1)) <> ?1 GROUP BY digest, line ORDER BY line"""
        made: dict[str, deque[tuple[int, ...]]] = {}
        for digest, _, numbers in self.connection.execute(query, (path,)):
            made.setdefault(digest, deque()).append(tuple(int(number) for number in numbers.split(",")))
        return made

    def move(self, numbers: Iterable[int], line: int) -> None:
        """Rows whose document stands on another line of its file now."""
        for number in numbers:
            packed, old = self.connection.execute("SELECT card, line FROM entry WHERE number = ?", (number,)).fetchone()
            if old != line:
                card = msgspec.structs.replace(cards_of.from_bytes(packed), line=line)
                row = (line, cards_of.to_bytes(card), number)
                self.connection.execute("UPDATE entry SET line = ?, card = ? WHERE number = ?", row)

    def clear(self, path: str, latest: int, staying: Iterable[int]) -> None:
        """Forget the rows of a source file up to a number, but for those that stay."""
        numbers = msgspec.json.encode(list(staying)).decode()
        old = "source = ? AND number <= ? AND number NOT IN (SELECT value FROM json_each(?))"
        values = (path, latest, numbers)
        touch = f"INSERT OR IGNORE INTO touched SELECT DISTINCT id FROM entry WHERE {old}"  # noqa: S608 - of words above
        self.connection.execute(touch, values)
        self.connection.execute(f"DELETE FROM entry WHERE {old}", values)  # noqa: S608

    def copies(self) -> Iterator[tuple[str, list[tuple[str, int, str]]]]:
        """Trials touched that documents tell differently: source, line and day of each, the one that is shown first."""
        self.settle()
        query = """SELECT id, source, line, day FROM entry WHERE id IN (
                       SELECT id FROM entry WHERE id IN (SELECT id FROM touched)
                       GROUP BY id HAVING count(DISTINCT digest) > 1
                   ) ORDER BY id, shown DESC, day DESC, source, line"""
        for name, rows in groupby(self.connection.execute(query), key=itemgetter(0)):
            yield name, [(source, line, day) for _, source, line, day in rows]

    def settle(self) -> None:
        """Show the newest entry of every trial that was touched."""
        self.connection.execute(_SHOW)


# ---------------------------------------------------------------- the file and what goes wrong with it

_TOLD = {
    sqlite3.SQLITE_BUSY: ("catalogue.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_LOCKED: ("catalogue.busy", "another program is writing it", "wait a moment and try again"),
    sqlite3.SQLITE_READONLY: ("catalogue.read_only", "it may only be read", "choose a folder you may write to"),
    sqlite3.SQLITE_FULL: ("catalogue.full", "the disk is full; nothing was written", "make room and try again"),
    sqlite3.SQLITE_CANTOPEN: ("catalogue.path", "cannot be opened", "check the path and its permissions"),
    sqlite3.SQLITE_NOTADB: ("catalogue.foreign", "this is no catalogue", "name the folder of a catalogue"),
}
"""What SQLite's errors mean for a catalogue; any other is damage."""


def _told(error: sqlite3.DatabaseError, path: Path) -> Unusable:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    damage = ("catalogue.damaged", f"the file is damaged ({error})", _AGAIN)
    return _bad(*_TOLD.get(code, damage), path)


def _ends(low: object, high: object) -> tuple[float, float]:
    return float(str(low)), float(str(high))


def _connect(path: Path, how: str, *, empty: bool = False) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{how}"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_WAIT_S)
    except sqlite3.DatabaseError as error:
        raise _told(error, path) from error
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _told(error, path) from error
    if empty or (application, version) == (APPLICATION, VERSION):
        return connection
    connection.close()
    if application != APPLICATION:
        raise _bad("catalogue.foreign", "this is no catalogue", "name the folder of a catalogue", path)
    message = f"made by another version of Stromal (format {version}, this one reads {VERSION})"
    raise _bad("catalogue.version", message, _AGAIN, path)


def _undo(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.DatabaseError):
        connection.execute("ROLLBACK")
