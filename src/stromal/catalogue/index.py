"""The search index beside a catalogue: its schema, how a trial becomes a document, how the index follows the store.

Takes a Catalogue; gives the searcher that `search` asks. The index holds nothing that the store does not: it is made
from it whole when much has changed, in the order of the ids and as one piece, and otherwise follows it trial by trial.
"""

from __future__ import annotations

import shutil
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import tantivy

from stromal.catalogue.card import Card, Dose, Passage
from stromal.catalogue.store import Catalogue
from stromal.values import Finding, Place, Unusable

FOLDER = "index-1"
"""Where the index lies. The number grows when the fields change: an index of other fields is made anew."""
ENGLISH = "stromal_english"
_HEAP = 1_500_000_000
"""The most memory the writer takes: enough to hold 100,000 trials, so that they come out as one piece."""
_ANEW = 0.2
"""The share of trials changed beyond which the index is made anew."""
TEXTS = ("body", "conditions")
_TITLE, _CONDITION = 5, 3
WORDS = ("phase", "status", "type", "route", "tissue", "donor", "country")
"""Fields whose values are words of the registry or of the field, matched whole."""
_FLAGS = ("has_dose", "has_results")
_NUMBERS = ("start_low", "start_high", "updated")


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """How text becomes terms: words, in small letters, without accents, English endings taken off."""
    built = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(60), tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("english"),
    ):  # fmt: skip
        built = built.filter(step)
    return built.build()


COMMON = frozenset(
    analyzer().analyze(
        "a an and are as at be by for from in into is it its of on or that the their this to was were with who whom"
    )
)
"""Terms that every record holds: outside a phrase they ask for nothing."""
_OFTEN = COMMON | frozenset(
    analyzer().analyze(
        "mesenchymal stem stromal cell msc bone marrow umbilical cord blood adipose tissue derived human autologous "
        "allogeneic transplantation therapy treatment clinical trial study patient safety efficacy adverse event "
        "follow up informed consent disease knee phase group"
    )
)
"""Terms that so many records hold that looking for phrases of them takes long: documents name those phrases."""
_LONGEST = 3
_END = "endofline"
"""Stands between the terms of two lines: no phrase goes on from one to the next."""


def frequent(terms: Sequence[str]) -> tuple[str, ...]:
    """The names of the phrases, as long as documents name them, that make up a phrase of frequent terms; else none."""
    if len(terms) < 2 or not _OFTEN.issuperset(terms):
        return ()
    size = min(len(terms), _LONGEST)
    return tuple(dict.fromkeys(" ".join(terms[at : at + size]) for at in range(len(terms) - size + 1)))


def held_often(lines: Iterable[str]) -> list[str]:
    """The names of the phrases of frequent terms that lines hold."""
    found: set[str] = set()
    run: list[str] = []
    for term in (*analyzer().analyze(f"\n{_END}\n".join(dict.fromkeys(lines))), _END):
        if term in _OFTEN:
            run.append(term)
            continue
        for size in range(2, min(len(run), _LONGEST) + 1):
            found.update(" ".join(run[at : at + size]) for at in range(len(run) - size + 1))
        run = []
    return sorted(found)


def beginning(term: str) -> str:
    """How every word begins that may become a term: a stem differs from its words at the end only."""
    return term[: max(len(term) - 1, min(len(term), 3))]


@cache
def schema() -> tantivy.Schema:
    """The fields of a document. Nothing is stored: a hit leads to its row in the store by `number`."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", fast=True)
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name=ENGLISH, index_option="position")
    for name in ("often", *WORDS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in _FLAGS:
        builder.add_boolean_field(name, indexed=True)
    for name in _NUMBERS:
        builder.add_integer_field(name, fast=True)
    for name in ("dose_kg", "dose_cells"):
        builder.add_float_field(name, fast=True)
    return builder.build()


# ---------------------------------------------------------------- a trial as a document


def days(text: str | None) -> tuple[int, int] | None:
    """The first and the last day that a published day or month may mean, counted in days."""
    if not text:
        return None
    year, month, *day = (int(part) for part in text.split("-"))
    try:
        first = date(year, month, *(day or [1])).toordinal()
    except ValueError:
        return None
    return first, first if day else first + monthrange(year, month)[1] - 1


def known_words(card: Card) -> dict[str, Sequence[str]]:
    """What a card says in each field of words; empty where it says nothing."""
    return {
        "phase": card.phases, "status": _one(card.status), "type": _one(card.study_type), "route": card.routes,
        "tissue": card.tissues, "donor": card.donors, "country": card.countries,
    }  # fmt: skip


def _one(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def dose_field(dose: Dose) -> str:
    """The field that holds doses of its unit."""
    return "dose_kg" if dose.per_kg else "dose_cells"


def body(card: Card, text: Sequence[Passage]) -> list[str]:
    """All words of a trial, in one field: that makes searching fast and ranking simple.

    BM25 goes over the whole record; a mention in a title counts as often as `_TITLE` says, in a condition `_CONDITION`.
    """
    titles = [*_one(card.title), *_one(card.official_title)]
    conditions = [*card.conditions, *card.mesh, *card.keywords]
    lines = (passage.text for passage in text)
    return [card.id, *lines, *titles * (_TITLE - 1), *conditions * (_CONDITION - 1)]


def document(number: int, card: Card, text: Sequence[Passage]) -> tantivy.Document:
    """A trial as the index takes it."""
    lines = body(card, text)
    made: dict[str, list[Any]] = {
        "number": [number],
        "id": [card.id],
        "conditions": [*card.conditions, *card.mesh, *card.keywords],
        "body": lines,
        "often": held_often(lines),
        "has_dose": [bool(card.doses)],
        "has_results": [] if card.has_results is None else [card.has_results],
    }
    made |= {name: list(values) for name, values in known_words(card).items()}
    start, updated = days(card.start), days(card.updated)
    made["start_low"], made["start_high"] = ([start[0]], [start[1]]) if start else ([], [])
    made["updated"] = [updated[1]] if updated else []
    for dose in card.doses:
        made.setdefault(dose_field(dose), []).extend(sorted({float(dose.low), float(dose.high)}))
    return tantivy.Document.from_dict({name: values for name, values in made.items() if values}, schema())


# ---------------------------------------------------------------- the index on disk


def _empty(folder: Path) -> tantivy.Index:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return tantivy.Index(schema(), str(folder))


def load(folder: Path) -> tantivy.Index:
    """The index of a catalogue's folder. Raises Unusable when it is missing or damaged."""
    place = folder / FOLDER
    hint = "make it again from the catalogue: stromal index PATH... -o FOLDER"
    try:
        index = tantivy.Index.open(str(place))
        index.register_tokenizer(ENGLISH, analyzer())
        index.config_reader("manual")
        index.reload()
        probe = index.searcher()
        probe.search(tantivy.Query.term_query(schema(), "body", "cell"), 1)
    except (ValueError, OSError) as error:
        why = f"cannot be read ({str(error).splitlines()[0]})" if place.is_dir() else "is missing"
        message = f"the search index {why}"
        raise Unusable(Finding("catalogue.index", "error", message, (Place(0, "", str(place)),), hint)) from None
    return index


def follow(catalogue: Catalogue) -> bool:
    """Bring the index up to what the store holds; whether it was made anew. Nobody else writes meanwhile."""
    with catalogue.writing() as writer:
        changed = writer.touched()
        index = None
        if len(changed) <= _ANEW * len(catalogue):
            with suppress(Unusable):
                index = load(catalogue.folder)
        if index and not changed and index.searcher().num_docs != len(catalogue):
            index = None
        if index is None:
            _make_anew(catalogue)
        elif changed:
            _write(index, _documents(catalogue, changed), catalogue.folder, changed)
        writer.followed()
    return index is None


def _documents(catalogue: Catalogue, names: Sequence[str] | None = None) -> Iterator[tantivy.Document]:
    for number, card, text in catalogue.shown(names):
        yield document(number, card, text)


def _make_anew(catalogue: Catalogue) -> None:
    """A new index in place of the old; one thread and one piece, so that equal catalogues make equal indexes."""
    place = catalogue.folder / FOLDER
    new = place.with_name(f"{FOLDER}.new")
    index = _empty(new)
    index.register_tokenizer(ENGLISH, analyzer())
    _write(index, _documents(catalogue), new)
    for old in catalogue.folder.glob("index-*"):
        if old != new:
            shutil.rmtree(old)
    new.rename(place)


def _write(
    index: tantivy.Index, documents: Iterator[tantivy.Document], folder: Path, gone: Sequence[str] = ()
) -> None:  # fmt: skip
    """Documents into an index, in place of those that are gone. Raises Unusable when they cannot be written."""
    try:
        writer = index.writer(_HEAP, num_threads=1)
        for name in gone:
            writer.delete_documents_by_term("id", name)
        for each in documents:
            writer.add_document(each)
        writer.commit()
        writer.wait_merging_threads()
    except (ValueError, OSError) as error:
        message = f"the search index cannot be written ({str(error).splitlines()[0]})"
        hint = "make room, or choose another folder, and run stromal index again"
        raise Unusable(Finding("catalogue.unwritable", "error", message, (Place(0, "", str(folder)),), hint)) from None
