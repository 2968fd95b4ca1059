"""The check of records at the command line: one record in full, or many by rule, with a table and a page for people.

Takes a path; prints findings, or counts by rule with examples, and writes CSV and HTML where told to. Records are
checked on all cores when they are many.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from stromal.cli import edge, paper, show
from stromal.read import check as record_check
from stromal.read import stream
from stromal.read.paths import where
from stromal.read.record import Record
from stromal.read.stream import Arrival
from stromal.read.survey import Checked, Example, Survey
from stromal.values import Finding, Unusable

_LISTED = 400
"""Findings of the gravest kind that a page lists one by one; the table of a spreadsheet has them all."""


_PACKED = (".jsonl", ".ndjson", ".zip", ".gz")


def look(record: Record, on: date | None) -> Checked:
    """A record with its findings: what reading noticed, then what the rules find."""
    found = (*record.findings, *record_check.check(record, on))
    return Checked(record.registry_id, record.title, record.file, found)


# ---------------------------------------------------------------- the commands


def check(path: Path, on: str, table: Path | None, page: Path | None, *, as_json: bool) -> int:
    """Check a protocol, one record or page, or many records; which of them it is, the content tells."""
    seen_from = edge.day(on, "--on") if on else None
    many = path.is_dir() or path.name.lower().endswith(_PACKED)
    if not many and paper.is_protocol(edge.content(path), path):
        return paper.check(path, as_json=as_json)
    arrivals = stream.each(path, partial(look, on=seen_from))
    first = list(islice(arrivals, 2))
    if len(first) == 1 and not many and table is None and page is None:
        return _one(first[0], path, as_json=as_json)
    return _many(chain(first, arrivals), path, seen_from, table, page, as_json=as_json)


def _one(arrival: Arrival[Checked], path: Path, *, as_json: bool) -> int:
    if arrival.made is None:
        raise Unusable(*arrival.findings)
    found = arrival.made.findings
    if as_json:
        edge.to_json({"file": str(path), "findings": [edge.finding_json(finding) for finding in found]})
    else:
        show.findings(found)
        show.tally(found)
    return edge.negative(found)


def _many(
    arrivals: Iterator[Arrival[Checked]], path: Path, on: date | None, table: Path | None, page: Path | None, *,
    as_json: bool,
) -> int:  # fmt: skip
    made, broken, worst = Survey(), list[Finding](), list[Example]()
    with _rows(table) as rows, show.progress("records") as progress:
        task = progress.add_task("checking", total=None)
        for arrival in arrivals:
            checked = arrival.made
            if checked is None:
                broken += arrival.findings
                made.unreadable += 1
                continue
            made.add(checked)
            worst += (Example(checked, f) for f in checked.findings if f.severity == "contradiction" and page)
            del worst[_LISTED:]
            rows.write(checked)
            progress.update(task, advance=1)
    if not made.records:
        raise Unusable(*broken) if broken else edge.bad("check.records", "no record is there", _NAME, str(path))
    if page:
        edge.put(page, render(made, worst, str(path), on))
    if as_json:
        edge.to_json(_json(made, broken))
    else:
        _tell(made, path)
        show.findings(broken[:_FEW], error=True)
        for written in filter(None, (table, page)):
            show.line(f"wrote {written}")
    found = any(made.with_severity[severity] for severity in ("error", "contradiction", "warning"))
    return int(found or bool(made.unreadable))


_NAME = "name a record, a page, a folder, a .jsonl or a .zip of records"
_FEW = 10
"""Records that could not be read are named up to this number; JSON has them all."""


# ---------------------------------------------------------------- a table for spreadsheets

_COLUMNS = ("trial", "title", "file", "code", "severity", "message", "place", "quote", "other_place",
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
            row = (checked.identity, checked.title, checked.file, finding.code, finding.severity,
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
                {"trial": e.record.identity, "file": e.record.file, "finding": edge.finding_json(e.finding)}
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
