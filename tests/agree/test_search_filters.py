"""Search by facts agrees with looking at every card, one after the other, on made-up catalogues."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.catalogue import index
from stromal.catalogue.asking import Doses, Wanted, words
from stromal.catalogue.card import Card, Dose, Passage
from stromal.catalogue.search import Search
from stromal.catalogue.store import Catalogue, entry

_FIELDS = {
    "phase": ("phases", ("PHASE1", "PHASE2", "EARLY_PHASE1", "NA")),
    "status": ("status", ("RECRUITING", "NOT_YET_RECRUITING", "COMPLETED")),
    "route": ("routes", ("intravenous", "intrathecal", "intra-articular")),
    "tissue": ("tissues", ("bone marrow", "umbilical cord", "cord blood")),
    "donor": ("donors", ("autologous", "allogeneic")),
    "country": ("countries", ("Spain", "South Korea", "South Africa")),
}
_WORDS = ("cell", "knee", "heart", "marrow", "bone")

_AMOUNTS = st.sampled_from([1e5, 1e6, 2e6, 5e6, 1e7, 1e8])
_DAYS = st.sampled_from(
    ["2018", "2018-02", "2018-02-28", "2019-12-31", "2020-01-01", "2020-02", "2020-02-29", "2021-06"]
)
_PUBLISHED = _DAYS.map(lambda day: day if len(day) > 4 else f"{day}-07")


@st.composite
def doses(draw: st.DrawFn) -> Dose:
    """A dose, or a stretch of doses."""
    low, high = sorted((draw(_AMOUNTS), draw(_AMOUNTS)))
    return Dose(low, draw(st.sampled_from([low, high])), draw(st.booleans()), "stated")


def some(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Any of some values, in any order."""
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True).map(tuple)


@st.composite
def trials(draw: st.DrawFn) -> tuple[Card, str]:
    """A card without its id, and a line of text."""
    status = draw(st.none() | st.sampled_from(_FIELDS["status"][1]))
    made: dict[str, Any] = {
        held: draw(some(values)) for name, (held, values) in _FIELDS.items() if name != "status"
    }  # fmt: skip
    text = " ".join(draw(st.lists(st.sampled_from(_WORDS), max_size=6)))
    card = Card(
        id="", status=status, start=draw(st.none() | _PUBLISHED), updated=draw(st.none() | _PUBLISHED),
        doses=tuple(draw(st.lists(doses(), max_size=3))), has_results=draw(st.none() | st.booleans()), **made,
    )  # fmt: skip
    return card, text


@st.composite
def questions(draw: st.DrawFn) -> Wanted:
    """Words and filters, each there or not."""
    named = draw(st.lists(st.sampled_from(sorted(_FIELDS)), max_size=2, unique=True))
    low, high = sorted((draw(_AMOUNTS), draw(_AMOUNTS)))
    ends = sorted((draw(_DAYS), draw(_DAYS)))
    return Wanted(
        words(" ".join(draw(st.lists(st.sampled_from(_WORDS), max_size=2)))),
        values=tuple((name, draw(some(_FIELDS[name][1], 1))) for name in named),
        dose=draw(st.none() | st.just(Doses(low, high, draw(st.booleans())))),
        since=ends[0] if draw(st.booleans()) else "", until=ends[1] if draw(st.booleans()) else "",
        has_dose=draw(st.booleans()) and draw(st.booleans()), has_results=draw(st.booleans()) and draw(st.booleans()),
    )  # fmt: skip


def first_day(text: str) -> date:
    """The first day of a day, month or year."""
    return date(*(int(part) for part in f"{text}-01-01"[:10].split("-")))


def last_day(text: str) -> date:
    """The last day of a day, month or year."""
    year, month, *day = (int(part) for part in (text if len(text) > 4 else f"{text}-12").split("-"))
    return date(year, month, day[0] if day else monthrange(year, month)[1])


def fits(card: Card, text: str, asked: Wanted) -> bool:
    """Whether a card fits a question, fact by fact."""
    held = set(text.split())
    ask_words = {word.written for way in asked.words.ways for word in way}
    stated = {name: getattr(card, _FIELDS[name][0]) or () for name, _ in asked.values}
    values = all(
        set(wanted) & ({stated[name]} if isinstance(stated[name], str) else set(stated[name]))
        for name, wanted in asked.values
    )
    dose, start = asked.dose, card.start
    dosed = dose is None or any(
        each.per_kg == dose.per_kg and each.low <= dose.high and each.high >= dose.low for each in card.doses
    )
    since = not asked.since or (start is not None and last_day(start) >= first_day(asked.since))
    until = not asked.until or (start is not None and first_day(start) <= last_day(asked.until))
    flags = (not asked.has_dose or bool(card.doses)) and (not asked.has_results or card.has_results is True)
    return ask_words <= held and values and dosed and since and until and flags


@settings(max_examples=40, deadline=None)
@given(st.lists(trials(), min_size=1, max_size=12), st.lists(questions(), min_size=1, max_size=6))
def test_search_finds_what_a_scan_finds(made: list[tuple[Card, str]], asked: list[Wanted]) -> None:
    """The same trials, the same number, whatever is asked; values nobody states aside."""
    cards = [(msgspec.structs.replace(card, id=f"T{number:02}"), text) for number, (card, text) in enumerate(made)]
    with TemporaryDirectory() as folder, Catalogue.create(Path(folder)) as held:
        with held.writing() as writer:
            for card, text in cards:
                writer.put("f", entry(card, (Passage("summary", "", 1, text),)))
        index.follow(held)
        engine = Search(held)
        for question in asked:
            known = {name: {word for word, _ in engine.known(name)} for name, _ in question.values}
            if any(value not in known[name] for name, values in question.values for value in values):
                continue
            expected = {card.id for card, text in cards if fits(card, text, question)}
            found = engine.find(question, 20)
            assert {hit.card.id for hit in found.hits} == expected
            assert found.total == len(expected)


_LINES = st.lists(
    st.lists(
        st.sampled_from(
            ["mesenchymal", "Stem", "stems", "cells", "cell,", "bone", "marrow", "Märrow", "x", "cell-therapy"]
        )
    ).map(" ".join),
    max_size=4,
)


@given(_LINES)
def test_frequent_phrases_are_held_where_a_line_holds_their_terms(lines: list[str]) -> None:
    """The same phrases as when the terms of each line are looked through one after the other."""
    expected: set[str] = set()
    for line in lines:
        terms = index.analyzer().analyze(line)
        for size in (2, 3):
            for at in range(len(terms) - size + 1):
                expected.update(index.frequent(terms[at : at + size]))
    assert index.held_often(lines) == sorted(expected)
