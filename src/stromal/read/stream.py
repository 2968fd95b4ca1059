"""Many records, read on every core -> one after the other, in the order of their files.

Takes a folder, an archive, a file of lines, or a stream that was set aside; gives an Arrival for each record and for
each thing that could not be read. The same input gives the same arrivals whatever the number of workers, and no more
than a window of records is ever held. First step of the walk, for many at once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Generic, NamedTuple, TypeAlias, TypeVar

from stromal.read import pages, registries
from stromal.read.record import Record
from stromal.read.registries import v2
from stromal.read.sources import Part, opened, parts
from stromal.values import Finding, Place, Unusable

Made = TypeVar("Made")
Source: TypeAlias = "Path | IO[bytes]"
"""Where records come from: a path, or a file that can be read from its start more than once."""

STANDARD_INPUT = "standard input"
_BATCH, _BATCH_BYTES = 32, 1_000_000
"""What one worker gets at a time: enough to outweigh the way there and back, little enough to hold many."""
_ALONE = {True: 3, False: 60}
"""Batches that one process reads faster than others would start, with prose and without."""
_WINDOW = 4
"""Batches under way for each worker: the most that is ever held."""


@dataclass(frozen=True, slots=True)
class Arrival(Generic[Made]):
    """A record that was read, with what was made of it; or findings that say why there is none.

    `name` tells it from all others (`trials.jsonl:17`); `updated` is the day its registry last changed it.
    """

    name: str
    identity: str = ""
    updated: str = ""
    made: Made | None = None
    findings: tuple[Finding, ...] = ()
    read: bool = True


def whole(record: Record) -> Record:
    """What to make of a record: the record itself."""
    return record


def _nothing(_: Record) -> None:
    return None


# ---------------------------------------------------------------- one part


def _records(part: Part, *, prose: bool) -> Iterator[Record | Unusable]:
    if part.line or registries.is_record(part.content):
        yield from registries.parse_each(part.content, part.name, prose=prose)
    elif prose:
        yield pages.parse(pages.decode(part.content, part.name), part.name)
    else:  # a page has nothing but prose: it is only counted
        yield Record("", "", "page", part.name, (), ())


def _arrivals(part: Part | Finding, work: Callable[[Record], Made], *, prose: bool) -> Iterator[Arrival[Made]]:
    """What one part gives: its records in their order, or why it cannot be read."""
    if isinstance(part, Finding):
        yield Arrival(str(part.places[0]), findings=(part,), read=False)
        return
    try:
        for record in _records(part, prose=prose):
            if isinstance(record, Unusable):
                yield Arrival(str(record.findings[0].places[0].file), findings=record.findings, read=False)
                continue
            day = v2.updated(record.tree) if record.tree is not None else ""
            yield Arrival(record.file, record.registry_id, day, work(record), record.findings)
    except Unusable as unusable:
        yield Arrival(part.name, findings=unusable.findings, read=False)


def _batch(batch: list[Part | Finding], work: Callable[[Record], Made], prose: bool) -> list[Arrival[Made]]:
    """What a batch gives; runs in a worker."""
    return [arrival for part in batch for arrival in _arrivals(part, work, prose=prose)]


# ---------------------------------------------------------------- many


def _found(source: Source) -> Iterator[Part | Finding]:
    if isinstance(source, Path):
        return parts(source)
    source.seek(0)
    return opened(source, STANDARD_INPUT)


def _batches(found: Iterable[Part | Finding]) -> Iterator[list[Part | Finding]]:
    batch, size = list[Part | Finding](), 0
    for part in found:
        batch.append(part)
        size += len(part.content) if isinstance(part, Part) else 0
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(
    source: Source, work: Callable[[Record], Made], *, prose: bool = True, workers: int | None = None,
    without: Set[str] = frozenset(),
) -> Iterator[Arrival[Made]]:  # fmt: skip
    """Every record of a source, in order, with what `work` makes of it, without those named in `without`.

    `work` runs where the record was read, in another process where there are many: it must be a function of a module.
    """
    wanted = (part for part in _found(source) if isinstance(part, Finding) or part.name not in without)
    batches = _batches(wanted)
    first = list(islice(batches, _ALONE[prose]))
    crowd = workers or cores()
    found: Iterator[list[Arrival[Made]]]
    if len(first) < _ALONE[prose] or crowd == 1:
        found = (_batch(batch, work, prose) for batch in chain(first, batches))
    else:
        found = _spread(chain(first, batches), work, prose, crowd)
    for arrivals in found:
        yield from (arrival for arrival in arrivals if arrival.name not in without)


def _spread(
    batches: Iterator[list[Part | Finding]], work: Callable[[Record], Made], prose: bool, workers: int
) -> Iterator[list[Arrival[Made]]]:
    """Batches over workers, answers in the order of the batches; a window of them is under way."""
    pending = deque[Future[list[Arrival[Made]]]]()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        for batch in batches:
            pending.append(pool.submit(_batch, batch, work, prose))
            if len(pending) >= workers * _WINDOW:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        hint = "the machine may be short of memory: read fewer files at a time"
        raise Unusable(Finding("read.broken", "error", "a worker that reads records has died", (), hint)) from None
    finally:
        pool.shutdown(cancel_futures=True)


# ---------------------------------------------------------------- the same trial twice


class Survey(NamedTuple):
    """What a source holds: how many arrivals in all, which of them a newer record replaces, and why."""

    total: int
    older: frozenset[str]
    findings: tuple[Finding, ...]


def survey(source: Source, *, workers: int | None = None, tick: Callable[[], object] = lambda: None) -> Survey:
    """A quick look through a source: of several records of one trial the newest counts, the others are named."""
    count, seen = 0, dict[str, list[tuple[str, str]]]()
    for arrival in each(source, _nothing, prose=False, workers=workers):
        count += 1
        tick()
        if arrival.identity:
            seen.setdefault(arrival.identity, []).append((arrival.updated, arrival.name))
    findings = [made for identity, told in seen.items() if len(told) > 1 for made in _older(identity, told)]
    older = frozenset(finding.places[0].file for finding in findings)
    return Survey(count, older, tuple(findings))


def _older(identity: str, told: list[tuple[str, str]]) -> Iterator[Finding]:
    """A finding for every record of a trial but the newest; of equally new ones the first counts."""
    day, name = max(told, key=lambda one: one[0])
    for other, place in told:
        if place == name:
            continue
        if other == day:
            message = f"{identity} of {day or 'an unknown day'} stands here again: the first counts"
        else:
            message = f"{identity} of {other or 'an unknown day'} is older than that of {day}: the newest counts"
        hint = "remove it, or read it alone"
        yield Finding("record.older", "note", message, (Place(0, "", place), Place(0, "", name)), hint)


@contextmanager
def set_aside(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """A stream that can be read only once, as a file that can be read again; it is gone afterwards."""
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(stream, kept, 1 << 20)
        yield kept
