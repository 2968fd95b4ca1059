"""The commands that answer from a catalogue: related trials, the landscape of doses, questions about a trial."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from stromal.catalogue import doses as landscapes
from stromal.catalogue import filling
from stromal.catalogue.ask import QUESTIONS, Answer
from stromal.catalogue.ask import ask as ask_of
from stromal.catalogue.card import Card
from stromal.catalogue.doses import KABAT, Beside, Landscape, Row, Spread
from stromal.catalogue.related import Relation, brief
from stromal.catalogue.related import related as relate
from stromal.catalogue.store import Catalogue
from stromal.cli import edge, show
from stromal.read import decode, registries
from stromal.read import parse as parse_page

_IDS = 8
"""How many trials of a count are named in a terminal; JSON names them all."""
_WIDEST, _PAPER = 110, 100
"""The longest line of words in a terminal, and in a file or a pipe."""


@contextmanager
def _opened(folder: Path) -> Iterator[Catalogue]:
    """The catalogue of a folder; an empty one answers nothing."""
    with Catalogue.open(folder) as catalogue:
        if not len(catalogue):
            hint = "put records in: stromal index PATH... -o FOLDER"
            raise edge.bad("catalogue.empty", "the catalogue holds no trial", hint, str(folder))
        yield catalogue


def _card(catalogue: Catalogue, name: str, record: Path | None) -> Card:
    """The card asked about: that of a record where one is given, else the catalogue's own."""
    if record is not None:
        content = edge.content(record)
        if registries.is_record(content):
            return filling.card(registries.parse(content, str(record)))
        return filling.card(parse_page(decode(content, str(record)), str(record)))
    if not name:
        raise edge.bad("trial.missing", "no trial is named", "give its id, or its record with --record FILE")
    found = catalogue.get(name)
    if found is None:
        hint = "check the id, or give the trial's record with --record FILE"
        raise edge.bad("trial.unknown", f"{name} is not in the catalogue", hint, str(catalogue.folder))
    return found


def _foot(catalogue: Catalogue) -> None:
    trials = len(catalogue)
    show.line(f"{trials:,} trial{'s' if trials != 1 else ''} in the catalogue; newest record of {catalogue.date}")


# ---------------------------------------------------------------- related


def related(name: str, folder: Path, record: Path | None, limit: int, *, as_json: bool) -> int:
    """Print the trials related to one, with their reasons. 1 when there is none."""
    if limit < 1:
        raise edge.bad("option.limit", f"--limit is {limit}", "write how many trials to show, at least 1")
    with _opened(folder) as catalogue:
        card = _card(catalogue, name, record)
        found = relate(card, catalogue.cards(), limit)
        if as_json:
            about = {"trials": len(catalogue), "date": catalogue.date}
            edge.to_json({"id": card.id, "catalogue": about, "related": [_relation_json(each) for each in found]})
        else:
            _say_related(card, found)
            _foot(catalogue)
    return int(not found)


def _relation_json(found: Relation) -> dict[str, object]:
    reasons = [{"fact": r.fact, "text": r.text, "points": round(r.points, 3)} for r in found.reasons]
    return {"id": found.card.id, "title": found.card.title, "points": round(found.points, 3), "reasons": reasons}


def _say_related(card: Card, found: tuple[Relation, ...]) -> None:
    show.line(f"Related to {card.id}: {card.title or ''}", "bold")
    if not found:
        show.line("no trial of the catalogue shares a condition, a person, a sponsor, a product, a tissue or a route")
    for relation in found:
        show.line(f"\n{relation.card.id}  {relation.points:5.1f}  {relation.card.title or ''}", "bold")
        for reason in relation.reasons:
            show.line(f"    {reason.points:5.2f}  {reason.text}")
    show.line("")


# ---------------------------------------------------------------- doses


def doses(
    folder: Path, by: str, until: int | None, least: int, svg: Path | None, *, published: bool, as_json: bool
) -> int:
    """Print the landscape of doses. 1 when no trial has a dose."""
    chosen = next((each for each in landscapes.GROUPS if each == by), None)
    if chosen is None:
        raise edge.bad("option.by", f"--by is {by!r}", f"write one of {', '.join(landscapes.GROUPS)}")
    with _opened(folder) as catalogue:
        cards = tuple(catalogue.cards())
        found = landscapes.landscape(cards, chosen, until)
        beside = _besides(cards) if published else ()
        if as_json:
            edge.to_json(_landscape_json(found, catalogue.date, beside))
        else:
            _say_landscape(found, least)
            _say_besides(beside)
            _foot(catalogue)
    if svg is not None:
        _draw(found, svg)
    return int(not found.every.dosed)


def _draw(found: Landscape, svg: Path) -> None:
    from stromal.catalogue.dose_figure import figure  # noqa: PLC0415 - drawing is loaded only where it is needed

    drawn = figure(found)
    if not drawn:
        hint = "leave out --svg, or put records with doses into the catalogue"
        raise edge.bad("doses.none", f"no trial has a dose to draw by {found.by}", hint)
    edge.put(svg, drawn[0].svg)


def _spread_json(spread: Spread) -> dict[str, object]:
    return {
        "unit": spread.unit, "trials": len(spread), "median": spread.median, "lower_quartile": spread.lower,
        "upper_quartile": spread.upper, "least": spread.least, "most": spread.most, "ids": spread.ids,
    }  # fmt: skip


def _row_json(row: Row) -> dict[str, object]:
    return {"name": row.name, "trials": row.trials, "with_dose": row.dosed, "doses": [*map(_spread_json, row.spreads)]}


def _landscape_json(found: Landscape, newest: str, besides: tuple[tuple[str, Beside], ...]) -> dict[str, object]:
    made: dict[str, object] = {
        "by": found.by, "weight_kg": landscapes.WEIGHT_KG, "date": newest, "every": _row_json(found.every),
        "rows": [_row_json(row) for row in found.rows], "unclear": found.unclear,
    }  # fmt: skip
    if besides:
        made["published"] = {
            "source": KABAT.source, "trials": KABAT.trials, "intravenous_percent": KABAT.intravenous,
            "median": KABAT.median,
        }  # fmt: skip
        made["beside"] = [{"which": name, **_beside_json(each)} for name, each in besides]
    return made


def _beside_json(each: Beside) -> dict[str, object]:
    return {
        "trials": each.trials, "with_route": each.routed, "intravenous": each.intravenous,
        "intravenous_and_other": each.also, "with_dose": each.dosed, "median": each.median,
        "median_of_every_dose": each.every_dose, "median_of_highest": each.highest,
    }  # fmt: skip


def _cell(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return "", ""
    if len(spread) == 1:
        return "1", brief(spread.median, 2)
    return str(len(spread)), f"{brief(spread.median, 2)} ({brief(spread.lower, 2)}-{brief(spread.upper, 2)})"


def _say_landscape(found: Landscape, least: int) -> None:
    kept = [row for row in found.rows if len(row.dosed) >= least]
    rows = [
        (row.name, row.trials, *_cell(row.spread("cells")), *_cell(row.spread("cells/kg")),
         *_cell(row.spread("cells at 70 kg")))
        for row in (found.every, *kept)
    ]  # fmt: skip
    columns = (found.by, "trials", "n", "cells, median (quartiles)", "n", "cells/kg", "n", "together at 70 kg")
    show.table(f"Doses per administration by {found.by}", columns, rows, right=(1, 2, 4, 6))
    hidden = len(found.rows) - len(kept)
    if hidden:
        show.line(f"{hidden} more with fewer than {least} trials that give a dose; --least 1 shows them")
    if found.unclear:
        ids = _listed(found.unclear)
        _paragraph(f"left out, as their notation can be read in two ways: {len(found.unclear)} trials' doses: {ids}", 0)


def _listed(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    return f"{', '.join(ids[:_IDS])}{more}"


def _besides(cards: tuple[Card, ...]) -> tuple[tuple[str, Beside], ...]:
    return (
        (f"registered by {KABAT.until}", landscapes.beside(cards, KABAT.until)),
        ("all", landscapes.beside(cards)),
    )


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.0f} % of {of:,}" if of else "-"


def _say_besides(besides: tuple[tuple[str, Beside], ...]) -> None:
    if not besides:
        return
    each = [found for _, found in besides]
    rows = (
        ("trials", KABAT.trials, *(f.trials for f in each)),
        ("into a vein, of all trials", f"{KABAT.intravenous:.0f} %", *(_share(f.intravenous, f.trials) for f in each)),
        ("into a vein, of those that name a route", "", *(_share(f.intravenous, f.routed) for f in each)),
        ("only into a vein, with a dose", "", *(f.dosed for f in each)),
        ("median, each trial's middle dose", brief(KABAT.median), *(_brief(f.median) for f in each)),
        ("median, each trial's highest dose", "", *(_brief(f.highest) for f in each)),
        ("median of every dose", "", *(_brief(f.every_dose) for f in each)),
    )
    columns = ("cells per administration into a vein, at 70 kg", "published", *(name for name, _ in besides))
    show.table(f"Beside {KABAT.source}", columns, rows, right=(1, 2, 3))
    for reason in landscapes.WHY_DIFFERENT:
        _paragraph(reason, 2)


def _brief(cells: float | None) -> str:
    return "-" if cells is None else brief(cells)


# ---------------------------------------------------------------- questions


def ask(name: str, folder: Path, record: Path | None, on: str, only: str, *, as_json: bool) -> int:
    """Print the answers to every question about a trial, or to one. 1 when that one has no answer."""
    names = [question.name for question in QUESTIONS]
    if only and only not in names:
        raise edge.bad("option.question", f"--question is {only!r}", f"write one of {', '.join(names)}")
    day = edge.day(on, "--on") if on else _today()
    with _opened(folder) as catalogue:
        card = _card(catalogue, name, record)
        answers = ask_of(card, catalogue.cards(), day, only)
        if as_json:
            edge.to_json({"id": card.id, "on": day, "answers": [_answer_json(each) for each in answers]})
        else:
            _say_answers(card, answers, day)
            _foot(catalogue)
    return int(bool(only) and not answers[0].answered)


def _today() -> date:
    return datetime.now(UTC).date()  # noqa: TID251 - the edge reads the clock


def _answer_json(answer: Answer) -> dict[str, object]:
    counts = [{"name": each.name, "number": each.number, "ids": each.ids} for each in answer.counts]
    return {
        "question": answer.question, "asked": answer.asked, "answered": answer.answered, "answer": answer.text,
        "counts": counts, "fields": answer.paths, "date": answer.date, "trials": answer.of,
    }  # fmt: skip


def _say_answers(card: Card, answers: tuple[Answer, ...], day: date) -> None:
    show.line(f"{card.id}: {card.title or ''}", "bold")
    show.line(f"asked on {day}; every number cites its trials, and --json names them all\n")
    for answer in answers:
        show.line(answer.asked, "bold")
        _paragraph(answer.text, 4)
        for count in answer.counts:
            if count.ids and count.ids != (card.id,):
                _paragraph(f"{count.number} {count.name}: {_listed(count.ids)}", 6, "dim")
        if answer.paths:
            _paragraph(f"read from {', '.join(_short(path) for path in answer.paths)}", 6, "dim")
    show.line("")


def _paragraph(text: str, indent: int, style: str = "") -> None:
    """Words that break over lines, each as far in as the first."""
    width = min(show.out.width, _WIDEST) if show.out.is_terminal else _PAPER
    blank = " " * indent
    show.line(textwrap.fill(text, width, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False), style)


def _short(path: str) -> str:
    """A field by its last two steps, which name it well enough for people."""
    return ".".join(path.split(".")[-2:])
