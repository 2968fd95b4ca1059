"""Commands on many trials: make a catalogue, search it. Takes paths, words and filters; prints, or gives JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import msgspec
from rich.text import Text

from stromal.catalogue import asking, making
from stromal.catalogue.asking import Wanted
from stromal.catalogue.card import Card, Dose
from stromal.catalogue.search import Found, Hindrance, Hit, Search
from stromal.catalogue.store import FILE, Catalogue
from stromal.cli import show
from stromal.cli.edge import bad, finding_json, to_json
from stromal.read.stream import cores
from stromal.values import Finding, plain

_SHOWN = 10
"""Findings of one kind that are printed; JSON has them all."""


# ---------------------------------------------------------------- make


def index(paths: Sequence[str], folder: Path, *, again: bool, as_json: bool) -> int:
    """Bring a catalogue up to its files and tell what happened."""
    start = perf_counter()
    if not (folder / FILE).exists():
        making.check(paths, folder)
    with Catalogue.create(folder) as catalogue, show.progress("documents") as progress:
        task = progress.add_task("reading", total=None)
        made = making.make(
            catalogue, paths, reader=version("stromal"), again=again, workers=cores(),
            step=lambda count: progress.update(task, advance=count),
        )  # fmt: skip
        count, date = len(catalogue), catalogue.date
    told = {
        "catalogue": str(folder), "trials": count, "date": date or None, "files_read": made.read,
        "files_unchanged": made.unchanged, "files_gone": made.gone, "documents_read": made.documents,
        "documents_kept": made.kept, "unreadable": made.broken, "seconds": round(perf_counter() - start, 2),
        "bytes": _size(folder),
    }  # fmt: skip
    if as_json:
        to_json(told | {"findings": [finding_json(finding) for finding in made.findings]})
    else:
        _few(made.findings)
        _tell_made(told)
    return int(made.broken > 0)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _tell_made(told: dict[str, object]) -> None:
    rows = (
        ("trials", told["trials"], f"newest record of {told['date']}" if told["date"] else ""),
        ("files read", told["files_read"], f"{told['files_unchanged']} unchanged, {told['files_gone']} gone"),
        ("documents read", told["documents_read"], f"{told['documents_kept']} known already"),
        ("unreadable", told["unreadable"], "see the findings above" if told["unreadable"] else ""),
        ("seconds", told["seconds"], ""),
        ("megabytes", f"{int(str(told['bytes'])) / 1e6:.1f}", str(told["catalogue"])),
    )
    width = max(len(str(number)) for _, number, _ in rows)
    for name, number, note in rows:
        show.line(f"{name:<14}  {number!s:>{width}}  {note}".rstrip())


def _few(findings: Sequence[Finding]) -> None:
    """Findings, of each kind the first ones."""
    kinds = dict.fromkeys(finding.code for finding in findings)
    for code in kinds:
        same = [finding for finding in findings if finding.code == code]
        show.findings(same[:_SHOWN], error=True)
        if len(same) > _SHOWN:
            show.err.print(Text(f"    and {len(same) - _SHOWN} more of {code}; --json lists them all", style="dim"))


# ---------------------------------------------------------------- search


@dataclass(frozen=True, slots=True)
class Filters:
    """The options of a search as they were written."""

    condition: str = ""
    phase: Sequence[str] = ()
    status: Sequence[str] = ()
    route: Sequence[str] = ()
    tissue: Sequence[str] = ()
    donor: Sequence[str] = ()
    country: Sequence[str] = ()
    dose: str = ""
    since: str = ""
    until: str = ""
    has_dose: bool = False
    has_results: bool = False


_OPTIONS = {"start": "--from/--to", "has_dose": "--has-dose", "has_results": "--has-results"}


def wanted(text: str, filters: Filters) -> Wanted:
    """What options ask for. Raises Unusable for what cannot be understood."""
    named = ("phase", "status", "route", "tissue", "donor", "country")
    return Wanted(
        asking.words(text),
        asking.words(filters.condition),
        tuple((name, tuple(getattr(filters, name))) for name in named if getattr(filters, name)),
        asking.doses(filters.dose) if filters.dose else None,
        filters.since,
        filters.until,
        filters.has_dose,
        filters.has_results,
    )


def _no_options(text: str) -> None:
    """Words may begin with a minus, `-placebo`; what begins with two is an option that is not there."""
    wrong = next((word for word in text.split() if word.startswith("--")), "")
    if wrong:
        raise bad("option.unknown", f"no such option: {wrong}", "stromal search --help lists them")


def search(text: str, filters: Filters, folder: Path, limit: int, *, as_json: bool) -> int:
    """Find trials and print the best; 1 when none fits."""
    if limit < 1:
        raise bad("search.limit", f"--limit is {limit}", "ask for at least 1 trial")
    _no_options(text)
    asked = wanted(text, filters)
    with Catalogue.open(folder) as catalogue:
        engine = Search(catalogue)
        start = perf_counter()
        found = engine.find(asked, limit)
        seconds = perf_counter() - start
        hindrances = engine.hindrances(asked)
        missing = engine.missing(asked.words) if not found.total else ()
        if as_json:
            to_json(_found_json(found, hindrances, missing, catalogue.date))
        else:
            _tell(found, hindrances, missing)
            date = f"; newest record of {catalogue.date}" if catalogue.date else ""
            show.line(f"{len(catalogue):,} trials searched in {seconds * 1000:.1f} ms{date}", "dim")
    return int(not found.total)


def _found_json(
    found: Found, hindrances: Sequence[Hindrance], missing: Sequence[str], date: str
) -> dict[str, object]:  # fmt: skip
    return {
        "total": found.total,
        "date": date or None,
        "hits": [_hit_json(hit) for hit in found.hits],
        "filters": [
            {"name": each.name, "fit_without": each.without, "of_those_silent": each.silent} for each in hindrances
        ],
        "words_nowhere": list(missing),
    }


def _hit_json(hit: Hit) -> dict[str, object]:
    made: dict[str, object] = {"id": hit.card.id, "score": round(hit.score, 4), "snippet": None}
    if hit.snippet:
        places = {"file": hit.card.file, "path": hit.snippet.path, "line": hit.snippet.line}
        marks = [list(mark) for mark in hit.snippet.marks]
        made["snippet"] = {"text": hit.snippet.text, "section": hit.snippet.section, "marks": marks, **places}
    return made | {"card": msgspec.to_builtins(hit.card)}


def _tell(found: Found, hindrances: Sequence[Hindrance], missing: Sequence[str]) -> None:
    if not found.total:
        show.line("no trial fits", "bold")
        for word in missing:
            show.line(f"    no trial holds {word!r}: try another word for it")
        for each in hindrances:
            option = _OPTIONS.get(each.name, f"--{each.name}")
            show.line(f"    without {option}: {_trials(each.without)}{_silent(each)}")
        if not missing and not hindrances:
            show.line("    each word is held by some trial, but no trial holds them all: leave one out, or write OR")
        return
    shown = f", the best {len(found.hits)} shown" if len(found.hits) < found.total else ""
    show.line(f"{_trials(found.total)}{shown}", "bold")
    silent = [each for each in hindrances if each.silent]
    for each in silent:
        option = _OPTIONS.get(each.name, f"--{each.name}")
        show.line(f"    {_trials(each.silent)} more would fit, but state nothing that {option} can ask about", "dim")
    for line in _lines(found.hits):
        show.out.print(line)


def _trials(count: int) -> str:
    return f"{count:,} trial{'' if count == 1 else 's'}"


def _silent(each: Hindrance) -> str:
    return f" would fit, {each.silent:,} of which state nothing of it" if each.silent else " would fit"


# ---------------------------------------------------------------- hits in columns

_HEADS = ("trial", "phase", "status", "start", "people", "route", "dose")
_NONE = "–"
_FRONT = 5
"""Columns that stand in one line where a terminal is too narrow for all."""
_WIDEST, _PAPER = 120, 110


def _facts(card: Card) -> tuple[str, ...]:
    return (
        card.id,
        phases(card.phases),
        (card.status or _NONE).lower().replace("_", " "),
        card.start[:7] if card.start else _NONE,
        " ".join(filter(None, (str(card.enrolment), card.enrolment_kind))) if card.enrolment is not None else _NONE,
        _first(card.routes),
        _first([dose_words(dose) for dose in card.doses]),
    )


def phases(coded: Sequence[str]) -> str:
    """`PHASE1`, `PHASE2` as `1/2`; a dash where none is stated."""
    return "/".join(word.replace("EARLY_PHASE", "early ").removeprefix("PHASE").lower() for word in coded) or _NONE


def dose_words(dose: Dose) -> str:
    """A dose in words: `1.0e6 to 2.0e6 cells/kg`."""
    ends = plain(dose.low) if dose.low == dose.high else f"{plain(dose.low)} to {plain(dose.high)}"
    return f"{ends} {dose.unit}"


def _first(words: Sequence[str]) -> str:
    return f"{words[0]}{f' +{len(words) - 1}' if len(words) > 1 else ''}" if words else _NONE


def _width() -> int:
    """Columns of a line: those of the terminal, or of paper where there is none."""
    return min(show.out.width, _WIDEST) if show.out.is_terminal else _PAPER


def _lines(hits: Sequence[Hit]) -> Iterator[Text]:
    """Every hit: its facts in columns, its title, the sentence that was found and where it stands."""
    rows = [_facts(hit.card) for hit in hits]
    widths = [max(len(row[column]) for row in (_HEADS, *rows)) for column in range(len(_HEADS))]
    front = len(_HEADS) if sum(widths) + 2 * len(widths) <= _width() else _FRONT
    yield Text("")
    yield Text(_columns(_HEADS[:front], widths), style="dim")
    for hit, row in zip(hits, rows, strict=True):
        yield Text(_columns(row[:front], widths), style="bold")
        rest = "; ".join(part for part in row[front:] if part != _NONE)
        if rest:
            yield Text(f"    {rest}")
        yield from _said(hit)
        yield Text("")


def _said(hit: Hit) -> Iterator[Text]:
    """The title and the sentence that was found; once, where that is the title."""
    title, found = Text(hit.card.title or "(no title)"), hit.snippet
    if found and found.text != title.plain:
        yield from _wrapped(title)
    if found:
        sentence = Text(found.text, style="italic")
        for start, end in found.marks:
            sentence.stylize("bold", start, end)
        yield from _wrapped(sentence)
        path = found.path.removeprefix("protocolSection.")
        yield Text(f"    {path or found.section}:{found.line}", style="dim")
    else:
        yield from _wrapped(title)


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)).rstrip()


def _wrapped(text: Text) -> Iterator[Text]:
    for line in text.wrap(show.out, max(_width() - 4, 20)):
        yield Text.assemble("    ", line)
