"""The check of records at the command line: one record in full, or many by rule, with a table and a page for people.

Takes a path; prints findings, or counts by rule with examples, and writes CSV and HTML where told to. Records are
checked on all cores when they are many.
"""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from stromal.catalogue import files
from stromal.catalogue.files import Document
from stromal.cli import edge, paper, show
from stromal.read import check as record_check
from stromal.read import decode, parse, registries
from stromal.read.paths import where
from stromal.read.record import Record
from stromal.read.survey import Checked, Example, Survey
from stromal.values import Finding, Place, Unusable

_BATCH, _FEW = 32, 96
"""Documents read at a time, and up to how many one core is enough."""
_LISTED = 400
"""Findings of the gravest kind that a page lists one by one; the table of a spreadsheet has them all."""


def is_many(path: Path) -> bool:
    """Whether a path holds many records by its name: a folder, a file of lines, or an archive."""
    name = path.name.lower().removesuffix(".gz")
    return path.is_dir() or name.endswith((".jsonl", ".ndjson", ".zip"))


# ---------------------------------------------------------------- one document, or a batch of them


def _records(document: Document) -> Iterator[Record | Unusable]:
    if registries.is_record(document.content):
        yield from registries.parse_each(document.content, document.file)
    else:
        yield parse(decode(document.content, document.file), document.file)


def findings(record: Record, on: date | None) -> tuple[Finding, ...]:
    """What reading noticed, then what the rules find."""
    return (*record.findings, *record_check.check(record, on))


def _checked(document: Document, on: date | None) -> Iterator[Checked | Unusable]:
    """Every record of a document with its findings; in the place of one that cannot be read, why."""
    try:
        for record in _records(document):
            if isinstance(record, Unusable):
                yield record
            else:
                found = findings(record, on)
                yield Checked(record.registry_id, record.title, document.file, document.line, found)
    except Unusable as unusable:
        yield unusable
    except (RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
        # A record that no rule was made for must not keep the others from being checked.
        message = f"the record cannot be checked ({type(error).__name__}: {str(error)[:120]})"
        place = Place(document.line, "", document.file)
        yield Unusable(Finding("record.unreadable", "error", message, (place,), "get it again, or take it out"))


def _batch(documents: list[Document], on: date | None) -> list[Checked | Unusable]:
    return [checked for document in documents for checked in _checked(document, on)]


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def each(documents: Iterable[Document], on: date | None, workers: int) -> Iterator[Checked | Unusable]:
    """Every record with its findings, in order: here while they are few, on all cores when they are many."""
    work = partial(_batch, on=on)
    waiting: deque[Future[list[Checked | Unusable]]] = deque()
    with ExitStack() as stack:
        pool: ProcessPoolExecutor | None = None
        for number, batch in enumerate(_batches(documents), 1):
            if workers < 2 or (pool is None and number * _BATCH <= _FEW):
                yield from work(batch)
                continue
            pool = pool or stack.enter_context(ProcessPoolExecutor(workers))
            waiting.append(pool.submit(work, batch))
            while len(waiting) > 4 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _documents(path: Path) -> Iterator[Document]:
    for file in files.found([str(path)]):
        yield from files.documents(file)


# ---------------------------------------------------------------- the commands


_NAME = "name a record, a page, a folder, a .jsonl or a .zip of records"


def check(path: Path, on: str, table: Path | None, page: Path | None, *, as_json: bool) -> int:
    """Check a protocol, one record or page, or many records; which of them it is, the content tells."""
    seen_from = edge.day(on, "--on") if on else None
    if is_many(path):
        return _many(_documents(path), path, seen_from, table, page, as_json=as_json)
    content = edge.content(path)
    if paper.is_protocol(content, path):
        return paper.check(path, as_json=as_json)
    document = Document(str(path), 0, content, "")
    found = list(islice(_checked(document, seen_from), 2)) if table is None and page is None else []
    if len(found) == 1:
        return _one(found[0], path, as_json=as_json)
    return _many(iter((document,)), path, seen_from, table, page, as_json=as_json)


def _one(checked: Checked | Unusable, path: Path, *, as_json: bool) -> int:
    if isinstance(checked, Unusable):
        raise checked
    if as_json:
        edge.to_json({"file": str(path), "findings": [edge.finding_json(finding) for finding in checked.findings]})
    else:
        show.findings(checked.findings)
        show.tally(checked.findings)
    return edge.negative(checked.findings)


def _many(
    documents: Iterator[Document], path: Path, on: date | None, table: Path | None, page: Path | None, *, as_json: bool
) -> int:  # fmt: skip
    made, broken, worst = Survey(), list[Finding](), list[Example]()
    with _rows(table) as rows, show.progress("records") as progress:
        task = progress.add_task("checking", total=None)
        for checked in each(documents, on, os.cpu_count() or 1):
            if isinstance(checked, Unusable):
                broken += checked.findings
                made.unreadable += 1
                continue
            made.add(checked)
            worst += (Example(checked, f) for f in checked.findings if f.severity == "contradiction" and page)
            del worst[_LISTED:]
            rows.write(checked)
            progress.update(task, advance=1)
    if not made.records:
        raise (
            Unusable(*broken) if broken else edge.bad("check.records", "no record is there", "name another", str(path))
        )
    if page:
        edge.put(page, render(made, worst, str(path), on))
    if as_json:
        edge.to_json(_json(made, broken))
    else:
        _tell(made, path)
        show.findings(broken[:10], error=True)
        for written in filter(None, (table, page)):
            show.line(f"wrote {written}")
    return int(any(made.with_severity[severity] for severity in ("error", "contradiction", "warning")))


# ---------------------------------------------------------------- a table for spreadsheets

_COLUMNS = ("trial", "title", "file", "line", "code", "severity", "message", "place", "quote", "other_place",
            "other_quote", "next_step")  # fmt: skip


class _Rows:
    """Writes a row for each finding, or nothing where no file is named."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._writer = csv.writer(stream) if stream else None
        if self._writer:
            self._writer.writerow(_COLUMNS)

    def write(self, checked: Checked) -> None:
        """A row for each finding of a record."""
        if self._writer is None:
            return
        for finding in checked.findings:
            places = [cell for place in finding.places[:2] for cell in (where(place), place.quote)]
            row = (checked.identity, checked.title, checked.file, checked.line or "", finding.code, finding.severity,
                   finding.message, *places, *[""] * (4 - len(places)), finding.hint)  # fmt: skip
            self._writer.writerow([_harmless(str(cell)) for cell in row])


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@contextmanager
def _rows(path: Path | None) -> Iterator[_Rows]:
    """The rows of a file that is there whole in the end, or not at all."""
    if path is None:
        yield _Rows(None)
        return
    with edge.writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                yield _Rows(stream)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


# ---------------------------------------------------------------- in the terminal, as JSON, as a page


def _tell(made: Survey, path: Path) -> None:
    rows = [
        (rule.severity, rule.code, rule.means, rule.findings, rule.records, f"{made.share(rule.records):.1f} %")
        for rule in made.ordered()
    ]
    columns = ("severity", "code", "what", "findings", "records", "share")
    show.table(f"{made.records} records in {path}", columns, rows, right=(3, 4, 5), wrap=(2,))
    for rule in made.ordered():
        if rule.severity in ("error", "contradiction"):
            example = rule.examples[0]
            show.line(f"{rule.code}  {example.record.name}", "bold")
            show.line(f"    {example.finding.message}")
    show.line("")
    clean = f"{made.clean} of {made.records} records have nothing worse than a note"
    show.line(f"{clean}; {made.with_severity['contradiction']} contradict themselves", "bold")
    if made.unreadable:
        show.line(f"{made.unreadable} could not be read", "bold red")


def _json(made: Survey, broken: Iterable[Finding]) -> dict[str, object]:
    rules = [
        {
            "code": rule.code, "severity": rule.severity, "means": rule.means, "findings": rule.findings,
            "records": rule.records, "percent": round(made.share(rule.records), 2),
            "examples": [
                {"trial": e.record.identity, "file": e.record.file, "line": e.record.line,
                 "finding": edge.finding_json(e.finding)}
                for e in rule.examples
            ],
        }
        for rule in made.ordered()
    ]  # fmt: skip
    return {
        "records": made.records, "clean": made.clean, "unreadable": made.unreadable,
        "records_with": dict(made.with_severity), "rules": rules,
        "findings": [edge.finding_json(finding) for finding in broken],
    }  # fmt: skip


def render(made: Survey, worst: Iterable[Example], name: str, on: date | None) -> str:
    """The page: one file that needs nothing else."""
    loader = ChoiceLoader([PackageLoader("stromal.cli"), PackageLoader("stromal.analyse")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["where"] = where
    template = environment.get_template("records.html")
    contradictions = sum(rule.findings for rule in made.rules.values() if rule.severity == "contradiction")
    return template.render(
        survey=made, rules=list(made.ordered()), worst=list(worst), name=name, on=on, contradictions=contradictions
    )
