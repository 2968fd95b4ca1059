"""Files -> a catalogue: what is new is read on all cores, what is known is kept, what is gone goes.

Takes a Catalogue and paths; gives Made, which counts what happened and holds a finding for each document that could not
be read. A file of the same size and time, or of the same content, is not read again; in a file that changed only the
documents that changed are.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

from stromal.catalogue import index
from stromal.catalogue.filling import card, passages
from stromal.catalogue.store import Catalogue, Entry, Source, Writer, entry
from stromal.read import decode, parse, registries
from stromal.read.record import Record
from stromal.read.sources import Part, opened, parts
from stromal.read.stream import set_aside
from stromal.values import Finding, Place, Unusable

STANDARD_INPUT = "-"
_BATCH = 16
_FEW = 96
"""Documents up to which starting more programs costs more than it saves."""

Batch: TypeAlias = "list[list[Entry | Finding]]"
Step = Callable[[int], object]
"""Told of documents that are done."""


@dataclass(slots=True)
class Made:
    """What happened: files and trials, counted, and findings."""

    read: int = 0
    unchanged: int = 0
    gone: int = 0
    documents: int = 0
    kept: int = 0
    broken: int = 0
    anew: bool = False
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Document:
    """A part of a file that holds a record, or several, and the hash by which it is known again."""

    part: Part
    digest: str


# ---------------------------------------------------------------- one document


def _records(part: Part) -> Iterator[Record | Unusable]:
    if part.line or registries.is_record(part.content):  # the lines of a file are never pages
        yield from registries.parse_each(part.content, part.file)
    else:
        yield parse(decode(part.content, part.file), part.file)


def read(document: Document) -> list[Entry | Finding]:
    """The entries of a document, and findings in the place of records that cannot be read."""
    part, made = document.part, list[Entry | Finding]()
    try:
        for record in _records(part):
            if isinstance(record, Unusable):
                made += _placed(record, part)
                continue
            made.append(entry(card(record, line=part.line, digest=document.digest), passages(record)))
    except Unusable as unusable:
        made += _placed(unusable, part)
    except (RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
        # A record that no reader was made for must not keep the others out of the catalogue.
        made.append(_stumble(error, part))
    return made


def _stumble(error: Exception, part: Part) -> Finding:
    message = f"the record cannot be read ({type(error).__name__}: {str(error)[:120]})"
    place = Place(part.line, part.content[:80].decode("utf-8", "replace"), part.file)
    return Finding("record.unreadable", "error", message, (place,), "get it again, or take it out")


def _placed(unusable: Unusable, part: Part) -> Iterator[Finding]:
    """Findings of a document, at the line where it begins in its file."""
    for each in unusable.findings:
        place = each.places[0] if each.places else Place(0)
        line = part.line + max(place.line - 1, 0) if part.line else place.line
        places = (Place(line, place.quote, part.file), *each.places[1:])
        yield Finding(each.code, each.severity, each.message, places, each.hint)


def _read_batch(documents: list[Document]) -> Batch:
    return [read(document) for document in documents]


# ---------------------------------------------------------------- many documents


class Readers:
    """Reads documents in their order: here while they are few, on all cores when they are many."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._seen = 0

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def each(self, documents: Iterable[Document]) -> Iterator[list[Entry | Finding]]:
        """The entries of each document."""
        waiting: deque[Future[Batch]] = deque()
        for batch in _batches(documents):
            self._seen += len(batch)
            if self.workers < 2 or (self._pool is None and self._seen <= _FEW):
                yield from _read_batch(batch)
                continue
            if self._pool is None:
                self._pool = self._stack.enter_context(ProcessPoolExecutor(self.workers, get_context("spawn")))
            waiting.append(self._pool.submit(_read_batch, batch))
            while len(waiting) > 4 * self.workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# ---------------------------------------------------------------- a catalogue


def make(
    catalogue: Catalogue, paths: Iterable[str], *, reader: str, again: bool = False, workers: int = 1,
    step: Step = lambda _: None,
) -> Made:  # fmt: skip
    """Bring a catalogue up to its files. `reader` names the version that reads: another one reads everything again.

    Raises Unusable, and writes nothing, when a path is named that neither exists nor is known.
    """
    given, made, known = list(paths), Made(), catalogue.sources()
    again = again or catalogue.meta("reader") != reader
    every = _files(given, catalogue.folder)
    _look(path for path in every if path not in known)
    with catalogue.writing() as writer, Readers(workers) as readers:
        for path in _gone(known, given, every):
            writer.drop(path)
            made.gone += 1
        for path in filter(_is_there, every):
            before = None if again else known.get(path)
            _Taking(writer, path, made, step, anew=again).take(before, readers)
        writer.note("reader", reader)
        made.findings += _copies(writer)
    made.anew = index.follow(catalogue)
    return made


def _files(paths: Iterable[str], own: Path) -> list[str]:
    """The files under paths, in the order of their names, each once; hidden ones and the catalogue's own left out."""
    every: dict[str, None] = {}
    for path in paths:
        place = Path(path)
        if path == STANDARD_INPUT or not place.is_dir():
            every[path] = None
            continue
        for file in sorted(place.rglob("*")):
            hidden = any(step.startswith(".") for step in file.relative_to(place).parts)
            if file.is_file() and not hidden and own not in file.parents:
                every[str(file)] = None
    return list(every)


def check(paths: Iterable[str], folder: Path) -> None:
    """Raise Unusable for a path that does not exist, before a new catalogue is made in a folder."""
    _look(_files(list(paths), folder))


def _look(paths: Iterable[str]) -> None:
    for path in paths:
        if not _is_there(path):
            place = Place(0, "", path)
            raise Unusable(Finding("file.missing", "error", "there is no such file", (place,), "check the name"))


def _is_there(path: str) -> bool:
    return path == STANDARD_INPUT or Path(path).exists()


def _gone(known: Mapping[str, Source], given: list[str], every: list[str]) -> list[str]:
    """Files that the catalogue knows under the paths given, and that are no more."""
    present = set(filter(_is_there, every))
    under = [path for path in known if any(path == each or Path(each) in Path(path).parents for each in given)]
    return [path for path in under if path not in present]


class _Taking:
    """One file on its way into the catalogue."""

    def __init__(self, writer: Writer, path: str, made: Made, step: Step, *, anew: bool) -> None:
        self.writer, self.path, self.made, self.step = writer, path, made, step
        self.rows = {} if anew else writer.kept(path)
        self.staying: list[int] = []
        self.whole = True
        self.seen = blake2b(digest_size=16)

    def take(self, before: Source | None, readers: Readers) -> None:
        """Read what is new in the file, keep what is known, forget what is gone."""
        status = _status(self.path)
        if before and status and (before.size, before.mtime) == status:
            self.made.unchanged += 1
            return
        latest = self.writer.latest()
        for found in readers.each(self._new()):
            self.step(1)
            self.made.documents += 1
            self.writer.put(self.path, *(each for each in found if isinstance(each, Entry)))
            self._find(each for each in found if isinstance(each, Finding))
        self.writer.clear(self.path, latest, self.staying)
        # A file that broke off is read again next time, whatever its size and time say then.
        size, mtime = status if status and self.whole else (0, 0)
        self.writer.name(Source(self.path, size, mtime, self.seen.hexdigest()))
        self.made.read += 1

    def _find(self, findings: Iterable[Finding]) -> None:
        before = len(self.made.findings)
        self.made.findings += findings
        self.made.broken += len(self.made.findings) - before

    def _new(self) -> Iterator[Document]:
        """The documents of the file that are not known; what of it cannot be opened is a finding."""
        for part in _parts(self.path):
            if isinstance(part, Finding):
                self.whole = False
                self._find([part])
                continue
            digest = blake2b(part.content, digest_size=16).hexdigest()
            self.seen.update(digest.encode())
            rows = self.rows.get(digest)
            if not rows:
                yield Document(part, digest)
                continue
            numbers = rows.popleft()
            self.staying += numbers
            self.writer.move(numbers, part.line)
            self.made.kept += 1
            self.step(1)


def _parts(path: str) -> Iterator[Part | Finding]:
    if path == STANDARD_INPUT:
        with set_aside(sys.stdin.buffer) as stream:
            yield from opened(stream, path)
    else:
        yield from parts(Path(path))


def _status(path: str) -> tuple[int, int] | None:
    """Size and time of a file; None for standard input."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _copies(writer: Writer) -> Iterator[Finding]:
    """A finding for every trial that was touched and that several documents tell differently."""
    for name, (shown, *others) in writer.copies():
        places = tuple(Place(line, "", source) for source, line, _ in (shown, *others))
        days = ", ".join(dict.fromkeys(day or "no date" for _, _, day in others))
        if days == shown[2]:
            message = f"{name} is told differently by documents of the same day, {days}; the first place is shown"
        else:
            message = f"{name} stands in the catalogue as of {shown[2] or 'no date'}; older: {days}"
        yield Finding("catalogue.copies", "note", message, places, "take the older file out if it is not needed")
