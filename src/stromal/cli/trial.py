"""The commands on a book: rehearsing, verifying, replaying, reporting, and the demonstration of them all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stromal.cli import edge, escalations, show
from stromal.cli.opening import opening
from stromal.conduct.desk import read_protocols, signed_digest
from stromal.ledger import chain
from stromal.ledger import events as e
from stromal.ledger.state import State
from stromal.ledger.state import replay as replay_entries
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rehearse.run import rehearse as rehearse_trial
from stromal.rehearse.scenario import Scenario
from stromal.rehearse.scenario import read as read_scenario
from stromal.rules import check as protocol_check
from stromal.store.sqlite import SqliteBook
from stromal.values import Finding, Unusable, instant

if TYPE_CHECKING:
    from stromal.analyse.summary import Summary

_UNSAFE = re.compile(r"[^\w.-]+")
"""What has no place in the name of a file."""

_JUDGED: Mapping[object, str] = {True: "yes", False: "no", None: "not judged yet"}
_SEAL, _FIRST = 32, 50
"""Bytes in a seal of the chain; how many entries tell whose book it is."""

HOUSE = Path(__file__).resolve().parents[3] / "protocols"
"""The protocols of the house, where Stromal runs from its own checkout."""


def rehearse(
    file: Path, people: int | None, seed: int, book: Path | None, scenario: Path | None, *, as_json: bool
) -> int:
    """Rehearse one protocol into a new book."""
    text = edge.text(file)
    protocol = load(text, str(file)).require()
    if people is not None and people < 1:
        raise edge.bad("option.people", f"--people is {people}", "write how many people are enrolled, at least 1")
    number = protocol.trial.planned if people is None else people
    path = book or Path(_book_name(protocol))
    state = _rehearsed(protocol, text, path, number, seed, read_scenario(scenario) if scenario else Scenario())
    with _reading(path) as opened:
        head = opened.head()
    if as_json:
        edge.to_json({"book": str(path), "entries": head.number, "head": head.seal.hex(), **_counts(state)})
    else:
        _say_counts(protocol, state)
        show.line(f"{head.number} entries in {path}, head {head.seal.hex()[:16]}…", "bold")
    return 0


def _rehearsed(protocol: Protocol, text: str, path: Path, people: int, seed: int, scenario: Scenario) -> State:
    """A rehearsal with a progress bar; where it cannot begin, no empty book stays behind."""
    book = SqliteBook.create(path)
    try:
        with show.progress("people finished") as bar:
            task = bar.add_task(protocol.trial.id, total=people)
            return rehearse_trial(
                protocol, text, book, people, seed, scenario, progress=lambda n: bar.update(task, completed=n)
            )
    finally:
        begun = book.head().number
        book.close()
        if not begun:
            path.unlink()


def _book_name(protocol: Protocol) -> str:
    """A file name for the book of a trial; whatever its id is, it names no other folder."""
    return f"{_UNSAFE.sub('-', protocol.trial.id).strip('.-') or 'trial'}.book"


class _reading:  # noqa: N801 - a context manager, read as a verb
    """A book opened to read."""

    def __init__(self, path: Path) -> None:
        self._book = SqliteBook.read(path)

    def __enter__(self) -> SqliteBook:
        return self._book

    def __exit__(self, *_: object) -> None:
        self._book.close()


def _whole(book: SqliteBook) -> chain.Verification:
    """The chain of a book, verified: nothing is told from a book that was tampered with."""
    found = chain.verify(book.rows())
    if found.broken:
        raise Unusable(chain.finding(found.broken))
    return found


# ---------------------------------------------------------------- verify and replay


def verify(path: Path, head: str, *, as_json: bool) -> int:
    """Verify chain and signatures."""
    try:
        expected = bytes.fromhex(head) if head else None
    except ValueError:
        expected = b""
    if expected is not None and len(expected) != _SEAL:
        raise edge.bad("option.head", f"--head is {head!r}", "write the 64 digits printed with the book")
    with _reading(path) as book:
        found = chain.verify(book.rows(), expected)
        unsound = () if found.broken else tuple(_unsound(tuple(book.entries())))
    if as_json:
        broken = (
            {"entry": found.broken.number, "code": found.broken.code, "reason": found.broken.reason}
            if found.broken
            else None
        )
        edge.to_json(
            {
                "entries": found.entries,
                "head": found.head.seal.hex(),
                "broken": broken,
                "signatures": [edge.finding_json(each) for each in unsound],
            }
        )
    elif found.broken:
        show.line(f"entry {found.broken.number} is broken: {found.broken.reason}", "bold red")
        show.line(f"{found.entries} entries before it are whole; restore the book from a copy made before")
    else:
        show.findings(unsound)
        show.line(f"{found.entries} entries, whole; head {found.head.seal.hex()}", "bold green")
    return int(found.broken is not None or any(each.severity == "error" for each in unsound))


def _unsound(entries: tuple[e.Entry, ...]) -> Iterator[Finding]:
    """Signatures that do not fit what they signed, and those whose entries were corrected since."""
    corrected = {entry.event.entry for entry in entries if isinstance(entry.event, e.EntryCorrected)}
    for entry in entries:
        if not isinstance(entry.event, e.Signed):
            continue
        signed = [entries[number - 1].event for number in entry.event.of if 0 < number <= len(entries)]
        if signed_digest(signed) != entry.event.digest:
            message = f"the signature in entry {entry.number} does not fit the entries it names"
            yield Finding("signature.digest", "error", message, (), "treat the book as forged; compare it with a copy")
        elif stale := corrected.intersection(entry.event.of):
            message = (
                f"what entry {entry.number} signed was corrected since: entries {', '.join(map(str, sorted(stale)))}"
            )
            yield Finding("signature.stale", "note", message, (), "let the signer look at the correction")


def replay(path: Path, as_known: str, *, as_json: bool) -> int:
    """Add up a book, perhaps as known on a day."""
    moment = _moment(as_known) if as_known else None
    with _reading(path) as book:
        _whole(book)
        state = replay_entries(book.entries(), moment)
    if as_json:
        stand = escalations.to_json(state, _day(state, moment)) if state.at else []
        told = {"escalations": stand, "while_held": _meanwhile(state)}
        edge.to_json({"as_known": moment, "state": _state_json(state), **_counts(state), **told})
        return 0
    if state.at is None:
        show.line("nothing was known yet", "bold")
        return 0
    show.line(f"{state.study}: {state.title}", "bold")
    show.line(f"as of entry {state.head}, recorded {state.at:%Y-%m-%d %H:%M} UTC")
    rows = [
        (p.id, p.number or "", p.status, p.registered, p.chart.enrolled or "", len(p.chart.infusions),
         len(p.chart.adverse_events), p.ended or "", "; ".join(p.reasons))
        for p in state.participants.values()
    ]  # fmt: skip
    columns = ("participant", "number", "status", "registered", "enrolled", "doses", "events", "ended", "reason")
    show.table("Participants", columns, rows, right=(1, 5, 6), wrap=(8,))
    if state.holds:
        held = [(h.entry, h.rule, h.participant or h.level, f"entry {h.released}" if h.released else "stands", h.reason)
                for h in state.holds]  # fmt: skip
        show.table("Holds", ("entry", "rule", "whom", "lifted in", "because"), held, right=(0,), wrap=(4,))
        _say_meanwhile(state)
    escalations.tell(state, _day(state, moment))
    for declared in state.declarations:
        show.line(f"declared in entry {declared.entry}: {declared.says}", "bold")
    return 0


def _meanwhile(state: State) -> list[dict[str, object]]:
    """What was reported while a hold stood, hold by hold: whoever lifts it looks at this too."""
    return [
        {"hold": hold.entry, "rule": hold.rule, "participant": who, "event": each.id, "term": each.term,
         "grade": each.grade, "related": each.related, "onset": each.onset, "entry": each.reported}
        for hold in state.holds
        for who, each in state.meanwhile(hold)
    ]  # fmt: skip


def _say_meanwhile(state: State) -> None:
    rows = [
        (f"{each['rule']}, entry {each['hold']}", each["participant"], each["term"], each["grade"],
         _JUDGED[each["related"]], each["onset"], each["entry"])
        for each in _meanwhile(state)
    ]  # fmt: skip
    if rows:
        columns = ("hold", "participant", "event", "grade", "related", "onset", "entry")
        show.table("Adverse events reported while a hold stood", columns, rows, right=(3, 6))


def _day(state: State, moment: datetime | None) -> date:
    """The day on which a state is looked at: the one asked for, or that of its last entry."""
    known = moment or state.at
    assert known is not None
    return known.date()


def _moment(written: str) -> datetime:
    """The end of a day in UTC, or a moment with its zone."""
    try:
        if len(written) == 10:
            return datetime.combine(edge.day(written, "--as-known"), time.max, UTC)
        return instant(written)
    except ValueError as error:
        raise edge.bad("option.moment", str(error), "write a day as 2024-05-31") from None


def _state_json(state: State) -> object:
    """The state without the text of the protocols, which the book holds."""
    versions = tuple(msgspec.structs.replace(each, text="") for each in state.versions)
    return msgspec.to_builtins(msgspec.structs.replace(state, versions=versions), str_keys=True)


def _counts(state: State) -> dict[str, object]:
    enrolled = state.enrolled()
    grades = Counter(event.grade for person in enrolled for event in person.chart.adverse_events)
    return {
        "screened": len(state.participants),
        "enrolled": len(enrolled),
        "dosed": sum(bool(person.chart.infusions) for person in enrolled),
        "completed": sum(person.status == "completed" for person in enrolled),
        "doses": sum(len(person.chart.infusions) for person in enrolled),
        "holds": len(state.holds),
        "adverse_events": {str(grade): grades.get(grade, 0) for grade in range(1, 6)},
        "deviations": len(state.deviations),
        "declarations": [each.says for each in state.declarations],
    }


def _say_counts(protocol: Protocol, state: State) -> None:
    counts = _counts(state)
    grades = counts.pop("adverse_events")
    declared = counts.pop("declarations")
    rows = [(name, value) for name, value in counts.items()]
    rows += [(f"adverse events of grade {grade}", number) for grade, number in dict(grades).items()]  # type: ignore[call-overload]  # made a dict above
    show.table(f"{protocol.trial.id}, rehearsed", ("what", "how many"), rows, right=(1,))
    for says in declared if isinstance(declared, list) else ():
        show.line(f"declared: {says}", "bold")


# ---------------------------------------------------------------- report and demo


def report(path: Path, output: Path) -> int:
    """Write the report of a book."""
    from stromal.analyse import report as reporting  # noqa: PLC0415 - drawing is loaded only where it is needed
    from stromal.analyse.summary import Seal  # noqa: PLC0415

    with _reading(path) as book:
        found = _whole(book)
        entries = tuple(book.entries())
    state = replay_entries(entries)
    if not state.versions:
        raise edge.bad("book.empty", "the book has no trial yet", "open a trial first", str(path))
    protocols = read_protocols(state)
    rehearsal = _is_rehearsal(entries)
    with edge.writable(output):
        written = reporting.write(
            protocols[max(protocols)], state, Seal(found.head.number, found.head.seal.hex()), output,
            rehearsal=rehearsal, entries=entries,
        )  # fmt: skip
    show.line(f"wrote {written.path}", "bold")
    return 0


def _is_rehearsal(entries: Iterable[e.Entry]) -> bool:
    """Virtual people act under the names of their roles, which no real person does."""
    granted = [entry.event for entry in entries if isinstance(entry.event, e.RoleGranted)]
    return bool(granted) and all(each.person == each.role for each in granted)


def demo(output: Path, seed: int, folder: Path | None, records: Path | None) -> int:
    """The whole walk: records are read and asked; then every protocol is loaded, checked, rehearsed and reported."""
    from stromal.analyse import report as reporting  # noqa: PLC0415 - drawing is loaded only where it is needed
    from stromal.analyse.summary import Seal  # noqa: PLC0415

    here = folder or (Path("protocols") if Path("protocols").is_dir() else HOUSE)
    files = sorted(here.glob("*.yaml"))
    if not files:
        raise edge.bad("demo.protocols", "there are no protocol files", "name a folder with --protocols", str(here))
    rows: list[Summary] = []
    with edge.writable(output):
        opening(records, output)
    with edge.writable(output), show.progress("trials") as bar:
        task = bar.add_task("rehearsing", total=len(files))
        for file in files:
            bar.update(task, description=f"{file.stem:<12}")
            text = edge.text(file)
            protocol = load(text, str(file)).require()
            wrong = [each for each in protocol_check.check(protocol) if each.severity == "error"]
            if wrong:
                raise Unusable(*wrong)
            path = output / "books" / _book_name(protocol)
            entries, head = _played(protocol, text, path, seed)
            seal = Seal(head.number, head.seal.hex())
            written = reporting.write(
                protocol, replay_entries(entries), seal, output, rehearsal=True, entries=entries, seed=seed
            )
            rows.append(written.summary)
            bar.advance(task)
        index = reporting.write_index(rows, output)
    _closing_table(rows)
    show.line(f"reports: {index}", "bold")
    return 0


def _played(protocol: Protocol, text: str, path: Path, seed: int) -> tuple[tuple[e.Entry, ...], chain.Head]:
    """A rehearsal in a book of its own, verified; an earlier demonstration makes room for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _make_room(path)
    book = SqliteBook.create(path)
    try:
        rehearse_trial(protocol, text, book, protocol.trial.planned, seed)
    finally:
        book.close()
    with _reading(path) as opened:
        found = _whole(opened)
        return tuple(opened.entries()), found.head


def _make_room(path: Path) -> None:
    """Remove the book of an earlier demonstration, and no other."""
    with _reading(path) as book:
        first = tuple(islice(book.entries(), _FIRST))
    if first and not _is_rehearsal(first):
        raise edge.bad("demo.book", "the book of a real trial is here", "choose another folder with -o", str(path))
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _closing_table(rows: Sequence[Summary]) -> None:
    columns = (
        "trial",
        "screened",
        "enrolled",
        "dosed",
        "completed",
        "doses",
        "holds",
        "AE, grade 1 2 3 4 5",
        "chain head",
    )
    counted = [
        (r.trial, r.screened, r.enrolled, r.dosed, r.completed, r.doses, r.holds,
         " ".join(f"{count:>3}" for count in r.grades), r.head[:12])
        for r in rows
    ]  # fmt: skip
    show.table("Rehearsed on virtual people, verified and reported", columns, counted, right=(1, 2, 3, 4, 5, 6))
    answers = [(r.trial, answer) for r in rows for answer in r.primary]
    show.table("Primary endpoints", ("trial", "answer"), answers, wrap=(1,))
