"""A catalogue of 100,000 made-up trials: sentences and fields of real records, shuffled among each other.

Takes the folder of registry records beside the project, a number and a seed; gives cards with their text. Lengths,
words and how often each is used stay those of real records; what a trial says no longer belongs together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import msgspec

from stromal.catalogue import filling
from stromal.catalogue.card import Card, Passage
from stromal.read.registries import parse
from stromal.read.sources import Part, parts

RECORDS = Path(__file__).parent.parent.parent / "shared/data/registry"
FILES = ("msc_v2_converted.jsonl.gz", "ctgov_v2_genuine.jsonl.gz")
_READ = 4
"""One record of so many is read with its prose, for its doses and routes; the text of all is used."""
_MOVED = 0.3
"""The share of lines that come from yet another record."""

Trial = tuple[Card, tuple[Passage, ...]]


def _read(numbered: tuple[int, bytes]) -> Trial:
    number, content = numbered
    record = parse(content, prose=number % _READ == 0)
    return filling.card(record), tuple(filling.passages(record))


def real_trials() -> list[Trial]:
    """Every real record, as a card and its lines."""
    contents = [part.content for name in FILES for part in parts(RECORDS / name) if isinstance(part, Part)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_read, enumerate(contents), chunksize=32))


def made_up(real: list[Trial], count: int, seed: int) -> Iterator[Trial]:
    """Made-up trials, one after the other; the same seed makes the same trials."""
    chance = Random(seed)
    sections: dict[str, list[list[Passage]]] = {}
    for _, text in real:
        parts: dict[str, list[Passage]] = {}
        for passage in text:
            parts.setdefault(passage.section, []).append(passage)
        for name, lines in parts.items():
            sections.setdefault(name, []).append(lines)
    cards = [card for card, _ in real]
    read = cards[::_READ]
    for number in range(count):
        text = tuple(_text(chance.choice(real)[1], sections, chance))
        yield _card(number, text, chance, cards, read), text


def _text(shape: tuple[Passage, ...], sections: dict[str, list[list[Passage]]], chance: Random) -> Iterator[Passage]:
    """Lines for the sections that a real record has, each section from another record, some lines from others still."""
    for name in dict.fromkeys(passage.section for passage in shape):
        for line in chance.choice(sections[name]):
            yield line if chance.random() > _MOVED else chance.choice(chance.choice(sections[name]))


def _card(number: int, text: tuple[Passage, ...], chance: Random, cards: list[Card], read: list[Card]) -> Card:
    titles = [passage.text for passage in text if passage.section == "title"]
    facts, place, told = chance.choice(cards), chance.choice(cards), chance.choice(read)
    return msgspec.structs.replace(
        facts, id=f"NCT{number:08}", title=titles[0] if titles else None, official_title=titles[-1] if titles else None,
        conditions=tuple(passage.text for passage in text if passage.section == "conditions"),
        mesh=tuple(passage.text for passage in text if passage.section == "mesh"),
        keywords=tuple(passage.text for passage in text if passage.section == "keywords"),
        locations=place.locations, countries=place.countries, doses=told.doses, routes=told.routes,
        tissues=told.tissues, donors=told.donors, updated=place.updated, file="made-up", line=number + 1,
    )  # fmt: skip
