"""Eligibility as it was drafted, kept in the catalogue: a record's lines are drafted once by one version of the code.

Takes a Catalogue; `follow` drafts what is missing, on all cores, from the files that the catalogue was made from, and
`kept` gives the criteria of every trial. When a record or the code changes, it is drafted again. Used by `screen`.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from hashlib import blake2b
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import msgspec

import stromal.protocol
import stromal.read
from stromal.catalogue import card as cards_of
from stromal.catalogue import trees
from stromal.catalogue.card import Card
from stromal.catalogue.store import FILE, Catalogue
from stromal.catalogue.trees import from_plain, to_plain
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.language import FactKind
from stromal.read import decode, parse, registries
from stromal.read.criteria import Side
from stromal.read.eligibility import DraftedCriterion, Kind, Whose, drafted
from stromal.read.record import Record
from stromal.read.sources import Part, parts
from stromal.values import Finding, Place, Unusable, exact, plain

_TABLE = """
CREATE TABLE IF NOT EXISTS drafted (
    id TEXT NOT NULL, digest TEXT NOT NULL, version TEXT NOT NULL, lines BLOB NOT NULL, PRIMARY KEY (id, digest)
) WITHOUT ROWID
"""
_BATCH, _ALONE, _WINDOW = 16, 2, 4
"""Records a worker gets at a time; batches that are done sooner than workers start; batches under way for each."""

Drafted = tuple[str, str, bytes]
"""The id of a trial, the hash of its document, its packed criteria."""


class KeptFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fact that criteria ask for."""

    name: str
    kind: str
    says: str
    unit: str
    low: str
    high: str
    options: tuple[str, ...]
    instrument: str
    grading: str
    code: str


class KeptLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A drafted criterion: what it rests on is named by its number among the record's facts."""

    id: str
    side: str
    text: str
    quote: str
    path: str
    line: int
    kind: str
    question: str
    readings: tuple[tuple[str, bytes], ...]
    facts: tuple[int, ...]
    assumed: str
    whose: str


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The eligibility of one record."""

    facts: tuple[KeptFact, ...]
    lines: tuple[KeptLine, ...]


_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(Kept)


# ---------------------------------------------------------------- one record


def _kept_fact(fact: m.Fact) -> KeptFact:
    low, high = (plain(end) if end is not None else "" for end in (fact.low, fact.high))
    return KeptFact(
        fact.name, fact.kind, fact.says, fact.unit, low, high, fact.options, fact.instrument, fact.grading, fact.code
    )


def pack(lines: Iterable[DraftedCriterion]) -> bytes:
    """Drafted criteria as bytes, with their conditions as they are written and as they are typed."""
    facts: dict[m.Fact, int] = {}
    made = tuple(
        KeptLine(
            each.id, each.side, each.text, each.place.quote, each.place.path, each.place.line, each.kind,
            each.question, tuple(zip(each.readings, map(_kept_tree, each.conditions), strict=True)),
            tuple(facts.setdefault(fact, len(facts)) for fact in each.facts), each.assumed, each.whose,
        )
        for each in lines
    )  # fmt: skip
    return zlib.compress(_PACK.encode(Kept(tuple(map(_kept_fact, facts)), made)), 1)


def _kept_tree(tree: t.Expr) -> bytes:
    return _PACK.encode(to_plain(tree))


class Unpacking:
    """Packed criteria -> DraftedCriteria. Facts and conditions that many records share are made once."""

    def __init__(self) -> None:
        self._facts: dict[KeptFact, m.Fact] = {}
        self._trees: dict[bytes, t.Expr] = {}

    def lines(self, packed: bytes, file: str) -> tuple[DraftedCriterion, ...]:
        """The criteria of a record. Raises ValueError when the bytes hold none."""
        try:
            kept = _UNPACK.decode(zlib.decompress(packed))
        except zlib.error as error:
            raise ValueError(str(error)) from None
        facts = [self._fact(each) for each in kept.facts]
        return tuple(self._line(each, tuple(facts[number] for number in each.facts), file) for each in kept.lines)

    def _line(self, line: KeptLine, facts: tuple[m.Fact, ...], file: str) -> DraftedCriterion:
        trees = tuple(self._tree(tree) for _, tree in line.readings)
        place = Place(line.line, line.quote, file, line.path)
        return DraftedCriterion(
            line.id, cast(Side, line.side), line.text, place, cast(Kind, line.kind), line.question,
            tuple(when for when, _ in line.readings), trees, facts, line.assumed, cast(Whose, line.whose),
        )  # fmt: skip

    def _fact(self, kept: KeptFact) -> m.Fact:
        if kept not in self._facts:
            self._facts[kept] = _fact(kept)
        return self._facts[kept]

    def _tree(self, kept: bytes) -> t.Expr:
        if kept not in self._trees:
            self._trees[kept] = from_plain(msgspec.msgpack.decode(kept))
        return self._trees[kept]


def _fact(kept: KeptFact) -> m.Fact:
    return m.Fact(
        kept.name, cast(FactKind, kept.kind), kept.says, kept.unit, exact(kept.low) if kept.low else None,
        exact(kept.high) if kept.high else None, kept.options, (), kept.instrument, kept.grading, "", kept.code,
    )  # fmt: skip


# ---------------------------------------------------------------- the version of the code


@cache
def version() -> str:
    """The code that reads and drafts, as one hash: when a line of it changes, what it drafted is drafted again."""
    seen = blake2b(digest_size=8)
    for package in (stromal.read, stromal.protocol):
        folder = Path(next(iter(package.__path__)))
        for file in sorted(each for each in folder.rglob("*") if each.suffix in (".py", ".lark")):
            seen.update(file.read_bytes())
    seen.update(Path(trees.__file__).read_bytes())
    return seen.hexdigest()


# ---------------------------------------------------------------- drafting what is missing


def _name(record: Record, part: Part) -> str:
    """The id under which the catalogue knows a record."""
    return record.registry_id or (f"{record.file}:{part.line}" if part.line else record.file)


def _records(part: Part) -> Iterator[Record | Unusable]:
    if part.line or registries.is_record(part.content):
        yield from registries.parse_each(part.content, part.file, prose=False)
    else:
        yield parse(decode(part.content, part.file), part.file)


def draft(documents: list[tuple[Part, str]]) -> list[Drafted]:
    """The packed criteria of every record in some documents, each with the hash of its document."""
    return [
        (_name(record, part), digest, pack(drafted(record)))
        for part, digest in documents
        for record in _records(part)
        if isinstance(record, Record)
    ]


def follow(
    catalogue: Catalogue, *, workers: int = 1, step: Callable[[int], object] = lambda _: None
) -> tuple[Finding, ...]:
    """Draft what no version of this code has drafted. Gives a finding for each file that cannot be read any more."""
    missing = _missing(catalogue)
    found = _spread(_batches(_documents(missing)), workers)
    now = version()
    with catalogue.writing() as writer:
        for made in found:
            rows = ((name, digest, now, packed) for name, digest, packed in made)
            writer.connection.executemany("INSERT OR REPLACE INTO drafted VALUES (?, ?, ?, ?)", rows)
            step(len(made))
        writer.connection.execute("DELETE FROM drafted WHERE version <> ?", (now,))
    left = _missing(catalogue)
    return tuple(_gone(source, len(digests), catalogue.folder) for source, digests in left.items())


def _missing(catalogue: Catalogue) -> dict[str, set[str]]:
    """The documents that are not drafted yet, by their source files."""
    catalogue.connection.execute(_TABLE)
    query = """SELECT source, digest FROM entry WHERE shown AND NOT EXISTS (
                   SELECT 1 FROM drafted WHERE drafted.id = entry.id AND drafted.digest = entry.digest AND version = ?)
               ORDER BY source"""
    made: dict[str, set[str]] = {}
    for source, digest in catalogue.connection.execute(query, (version(),)):
        made.setdefault(source, set()).add(digest)
    return made


def _documents(missing: dict[str, set[str]]) -> Iterator[tuple[Part, str]]:
    for source, digests in missing.items():
        for part in parts(Path(source)) if Path(source).exists() else ():
            if isinstance(part, Finding):
                continue
            digest = blake2b(part.content, digest_size=16).hexdigest()
            if digest in digests:
                yield part, digest


def _batches(documents: Iterator[tuple[Part, str]]) -> Iterator[list[tuple[Part, str]]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch


def _spread(batches: Iterator[list[tuple[Part, str]]], workers: int) -> Iterator[list[Drafted]]:
    """Batches drafted here while they are few, over workers when they are many."""
    yield from map(draft, islice(batches, _ALONE if workers > 1 else None))
    first = next(batches, None)
    if first is None:
        return
    waiting: deque[Future[list[Drafted]]] = deque()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        waiting.append(pool.submit(draft, first))
        for batch in batches:
            waiting.append(pool.submit(draft, batch))
            if len(waiting) > _WINDOW * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _gone(source: str, count: int, folder: Path) -> Finding:
    trials = f"{count:,} trial{'' if count == 1 else 's'}"
    message = f"{trials} of this file cannot be screened: the file is not what the catalogue was made from"
    hint = f"bring the catalogue up to date: stromal index FILES -o {folder}"
    return Finding("screen.source", "warning", message, (Place(0, "", source),), hint)


# ---------------------------------------------------------------- what is kept


def kept(catalogue: Catalogue) -> Iterator[tuple[Card, tuple[DraftedCriterion, ...]]]:
    """Every trial that is drafted with its criteria, in the order of ids. Raises Unusable for damage."""
    reading = Unpacking()
    query = """SELECT entry.id, card, lines FROM entry
               JOIN drafted ON drafted.id = entry.id AND drafted.digest = entry.digest
               WHERE shown AND version = ? ORDER BY entry.id"""
    try:
        for name, card, lines in catalogue.connection.execute(query, (version(),)):
            made = cards_of.from_bytes(card)
            yield made, reading.lines(lines, made.file or name)
    except (ValueError, sqlite3.DatabaseError) as error:
        hint = "make the catalogue again: stromal index PATH... -o FOLDER, into a new folder"
        place = Place(0, "", str(catalogue.folder / FILE))
        message = f"what was drafted cannot be read ({error})"
        raise Unusable(Finding("catalogue.damaged", "error", message, (place,), hint)) from None
