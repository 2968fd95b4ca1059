"""Records at the command line: one printed in full, many as a table with a tally, and records that are fetched.

Takes a path, standard input or registry numbers; prints records and findings, and writes the records it fetched. The
reading is done by `read.stream`, the asking by `read.fetch`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.progress import Progress

from stromal.cli import edge, paper, show
from stromal.read import fetch as asking
from stromal.read import stream
from stromal.read.dosing import StatedDose, stated_doses
from stromal.read.fetch import PUBLIC, Fetched, Manners
from stromal.read.record import Record
from stromal.read.record import show as shown
from stromal.read.sources import opened, parts
from stromal.read.stream import STANDARD_INPUT, Source, Survey
from stromal.values import Finding, Unusable, plain

__all__ = ["PUBLIC", "fetch", "read"]

STDIN = Path("-")
_ROWS, _TOLD, _DOSES, _TITLE = 1000, 20, 3, 90
"""The most rows of a table, findings in full, doses and letters of a title: whoever needs more asks for JSON."""


# ---------------------------------------------------------------- what is made of a record, where it is read


class Row(NamedTuple):
    """A record in one line of a table, and what reading it noticed."""

    identity: str
    title: str
    layout: str
    phase: str
    people: str
    doses: str


def _dose(dose: StatedDose) -> str:
    span = plain(dose.low) if dose.low == dose.high else f"{plain(dose.low)} to {plain(dose.high)}"
    return f"{span} {dose.unit}{'' if dose.state in ('stated', 'repaired') else ' (?)'}"


def _fact(record: Record, name: str) -> str:
    """What a record states, as people read it; empty where it states nothing."""
    found = record.statement(name)
    if found is None or found.value is None:
        return ""
    return f"{found.value:,}" if isinstance(found.value, int) else shown(found.value)


def _row(record: Record) -> Row:
    doses = [_dose(dose) for dose in stated_doses(record)]
    more = [f"and {len(doses) - _DOSES} more"] if len(doses) > _DOSES else []
    told = ", ".join((*doses[:_DOSES], *more))
    title = record.title if len(record.title) <= _TITLE else f"{record.title[: _TITLE - 1].rstrip()}…"
    phase, people = _fact(record, "phase"), _fact(record, "planned_enrolment")
    return Row(record.registry_id, title, record.layout, phase, people, told)


def _line(record: Record) -> bytes:
    """A record as a line of JSON, with what reading noticed."""
    return msgspec.json.encode(paper.record_json(record), enc_hook=float)


# ---------------------------------------------------------------- reading


def read(path: Path, *, as_json: bool) -> int:
    """Print one record in full, or many as a table; as JSON, a line for each of many."""
    with _source(path) as source:
        lone = _lone(source)
        if lone is not None:
            return paper.tell(lone, path.name, as_json=as_json)
        with _progress() as bar:
            task = bar.add_task("looking through", total=None)
            looked = stream.survey(source, tick=lambda: bar.advance(task))
            bar.update(task, description="reading", total=looked.total - len(looked.older), completed=0)
            return (_lines if as_json else _table)(source, looked, lambda: bar.advance(task))


@contextmanager
def _source(path: Path) -> Iterator[Source]:
    """What a path names: itself, or a stream set aside so that it can be read twice."""
    if path.is_dir() or path.is_file():
        yield path
    elif path == STDIN:
        with stream.set_aside(sys.stdin.buffer) as kept:
            yield kept
    else:  # a pipe; or nothing, which the edge tells in its own words
        with stream.set_aside(BytesIO(edge.content(path))) as kept:
            yield kept


def _progress() -> Progress:
    bar = show.progress("records")
    bar.disable = not show.err.is_terminal
    return bar


def _lone(source: Source) -> Record | None:
    """The one record of a file that holds just one; None for a folder and for several."""
    if isinstance(source, Path) and source.is_dir():
        return None
    if not isinstance(source, Path):
        source.seek(0)
    found = list(islice(parts(source) if isinstance(source, Path) else opened(source, STANDARD_INPUT), 2))
    if len(found) > 1:
        return None
    read = list(islice(stream.each(source, stream.whole, workers=1), 2)) if found else []
    if len(read) != 1:
        return None
    if not read[0].read or read[0].made is None:
        raise Unusable(*read[0].findings)
    return read[0].made


class _Tally:
    """What many records came to: how many were read, of which format, and what was noticed."""

    def __init__(self, looked: Survey) -> None:
        self.read = 0
        self.formats: Counter[str] = Counter()
        self.noticed: dict[str, list[Finding]] = {}
        self.unread: list[Finding] = []
        self.older = looked.findings
        self.take(looked.findings)

    def take(self, findings: Sequence[Finding]) -> None:
        """Count findings by their code; of each the first few stand for all."""
        for finding in findings:
            self.noticed.setdefault(finding.code, []).append(finding)

    def code(self) -> int:
        """0 when all was read, 1 when something was not, 2 when nothing was."""
        return 2 if not self.read else int(bool(self.unread))


def _table(source: Source, looked: Survey, tick: Callable[[], object]) -> int:
    tally, rows = _Tally(looked), list[Row]()
    for arrival in stream.each(source, _row, without=looked.older):
        tick()
        tally.take(arrival.findings)
        if arrival.made is None:
            tally.unread += arrival.findings
            continue
        tally.read += 1
        tally.formats[arrival.made.layout] += 1
        if len(rows) < _ROWS:
            rows.append(arrival.made)
    show.table("Records", ("id", "title", "format", "phase", "people", "doses"), rows, right=(4,), wrap=(1, 5))
    if tally.read > len(rows):
        show.line(f"and {tally.read - len(rows)} more; --json prints all", "dim")
    _tell(tally)
    return tally.code()


def _tell(tally: _Tally) -> None:
    """The tally below a table: what was noticed by code, what could not be read in full, the sums."""
    shown_findings = [
        (code, found[0].severity, len(found), found[0].message if len(found) == 1 else f"as in {found[0].places[0]}")
        for code, found in sorted(tally.noticed.items(), key=lambda pair: -len(pair[1]))
    ]
    if shown_findings:
        show.table("Noticed", ("code", "severity", "times", "what"), shown_findings, right=(2,), wrap=(3,))
    show.findings(tally.unread[:_TOLD])
    if len(tally.unread) > _TOLD:
        show.line(f"and {len(tally.unread) - _TOLD} more that could not be read", "dim")
    formats = ", ".join(f"{count} {name}" for name, count in tally.formats.most_common())
    parts = [f"{tally.read} record{'' if tally.read == 1 else 's'} read" + (f" ({formats})" if formats else "")]
    parts += [f"{len(tally.older)} older left out"] if tally.older else []
    parts += [f"{len(tally.unread)} not read"] if tally.unread else []
    show.line("; ".join(parts), "bold")


def _lines(source: Source, looked: Survey, tick: Callable[[], object]) -> int:
    tally = _Tally(looked)
    for arrival in stream.each(source, _line, without=looked.older):
        tick()
        if arrival.made is None:
            tally.unread += arrival.findings
            _print({"file": arrival.name, "findings": [edge.finding_json(each) for each in arrival.findings]})
        else:
            tally.read += 1
            sys.stdout.write(arrival.made.decode() + "\n")
    if looked.findings:
        _print({"findings": [edge.finding_json(each) for each in looked.findings]})
    return tally.code()


def _print(told: object) -> None:
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


# ---------------------------------------------------------------- fetching


def fetch(
    numbers: Sequence[str], words: str, output: Path, address: str, most: int | None, *, force: bool, as_json: bool,
    manners: Manners | None = None,
) -> int:  # fmt: skip
    """Fetch records into a folder, a file for each; one that is there stays, unless told otherwise."""
    if bool(numbers) == bool(words.strip()):
        hint = "write numbers, or --search with words"
        raise edge.bad("option.what", "either numbers or words to search for are needed", hint)
    with edge.writable(output):
        output.mkdir(parents=True, exist_ok=True)
    how = manners or Manners()
    found: Iterator[Fetched | Finding] = (
        asking.by_number(numbers, address, how) if numbers else asking.by_words(words, address, how, most)
    )
    written, findings = list[dict[str, str]](), list[Finding]()
    for each in found:
        kept = each if isinstance(each, Finding) else _keep(each, output, force=force)
        if isinstance(kept, Finding):
            findings.append(kept)
        else:
            written.append(kept)
    return _fetched(written, findings, output, as_json=as_json)


def _keep(fetched: Fetched, output: Path, *, force: bool) -> dict[str, str] | Finding:
    """Write a record whole or not at all; what happened to its file."""
    file = output / f"{asking.number(fetched.nct_id)}.json"
    told = {"registry_id": fetched.nct_id, "file": str(file)}
    if file.exists() and edge.content(file) == fetched.content:
        return {**told, "what": "unchanged"}
    was = file.exists()
    if was and not force:
        hint = "add --force to replace it, or choose another folder"
        return edge.bad("file.exists", "there is another version already", hint, str(file)).findings[0]
    edge.put(file, fetched.content.decode())
    return {**told, "what": "replaced" if was else "new"}


def _fetched(written: Sequence[dict[str, str]], findings: Sequence[Finding], output: Path, *, as_json: bool) -> int:
    if not written and findings:
        raise Unusable(*findings)
    if as_json:
        edge.to_json({"records": written, "findings": [edge.finding_json(each) for each in findings]})
        return int(bool(findings))
    show.findings(findings)
    counts = Counter(each["what"] for each in written)
    told = ", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing found"
    show.line(f"{told}; in {output}, to be read with: stromal read {output}", "bold")
    return int(bool(findings))
