"""Under which names trials are compared: conditions, products, sponsors, people, countries, age groups.

Takes a Card; gives plain lower-case words that are equal where the same is meant. Stands beside `card`: the related
trials, the landscape of doses and the answers of the catalogue all compare by these names and by no others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from stromal.catalogue.card import Card, Span

Age = Literal["children", "adults"]

_BRACKETS = re.compile(r"\s*\([^()]*\)")
_APART = re.compile(r"[^a-z0-9]+")
_INITIAL = re.compile(r"\b\w\.?(?=\s)")
_PARTIES = re.compile(r"\b(?:inc|incorporated|ltd|limited|llc|corp|corporation|co|gmbh|s\.?a|ag|plc|the)\b")
_UNNAMED = {
    "mesenchymal stem cells", "mesenchymal stromal cells", "mesenchymal stem cell", "mesenchymal stromal cell", "msc",
    "mscs", "stem cells", "stem cell", "stem cell therapy", "stem cell treatment", "cell therapy", "stromal cell",
    "stromal cells", "placebo", "saline", "cells", "control", "standard of care",
}  # fmt: skip
"""Words of interventions, conditions and keywords that say only that cells are given: sharing them says nothing."""

ADULT = 18
_YEARS = {"years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25}


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Words without capitals, accents and signs, one blank apart."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return _APART.sub(" ", "".join(c for c in bare if not unicodedata.combining(c))).strip()


@lru_cache(maxsize=65_536)
def _meant(text: str) -> str:
    """Plain words without what stands in brackets; nothing where they say only that cells are given."""
    word = plain(_BRACKETS.sub("", text) if "(" in text else text)
    return "" if word in _UNNAMED else word


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_meant, texts))))


def conditions(card: Card) -> tuple[str, ...]:
    """What the trial is about: the registry's MeSH terms and the record's own words, each once."""
    return _each((*card.mesh, *card.conditions))


def broader(word: str, others: tuple[str, ...]) -> bool:
    """Whether a single word only says less than another name of the same trial: `sclerosis` beside ALS in full."""
    if " " in word:
        return False
    return any(other.endswith(f" {word}") or other.startswith(f"{word} ") for other in others)


def same_conditions(mine: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The conditions that two trials share; a word that says less than what both say in full shares nothing."""
    both = (word for word in mine if word in other)
    return tuple(word for word in both if not (broader(word, mine) and broader(word, other)))


def headings(card: Card) -> tuple[str, ...]:
    """The conditions as a table heads its rows with them: MeSH terms where there are some, else the record's words."""
    every = conditions(card)
    named = dict.fromkeys(filter(None, map(plain, card.mesh))) or dict.fromkeys(every)
    return tuple(word for word in named if word in every and not broader(word, every))


def keywords(card: Card) -> tuple[str, ...]:
    """The record's keywords, without its conditions and without words that say only that cells are given."""
    known = {"", *_UNNAMED, *conditions(card)}
    return tuple(dict.fromkeys(word for word in map(plain, card.keywords) if word not in known))


def products(card: Card) -> tuple[str, ...]:
    """What the interventions are called; words such as `stem cells`, which name no product, are left out."""
    return _each(name for each in card.interventions for name in (each.name, *each.other_names))


@lru_cache(maxsize=65_536)
def party(name: str) -> str:
    """A sponsor without `Inc.`, `Ltd` and the like."""
    return plain(_PARTIES.sub(" ", _BRACKETS.sub("", name.casefold())))


def sponsor(card: Card) -> str:
    """The lead sponsor; empty where the record names none."""
    return party(card.sponsor.name) if card.sponsor else ""


@lru_cache(maxsize=65_536)
def person(name: str) -> str:
    """A person without degrees and initials: what stands before the first comma."""
    before = plain(name.split(",", maxsplit=1)[0].replace(".", " "))
    return plain(_INITIAL.sub(" ", before)) or before


def people(card: Card) -> dict[str, str]:
    """Those who answer for the trial, each with the name as the record writes it."""
    named = ((person(each.name), each.name) for each in card.officials)
    return {key: name for key, name in named if " " in key}


def product(card: Card) -> tuple[str, str] | None:
    """Donor and tissue, where the record names exactly one of each."""
    return (card.donors[0], card.tissues[0]) if len(card.donors) == len(card.tissues) == 1 else None


def countries(card: Card) -> tuple[str, ...]:
    """The countries of the sites, each once."""
    return tuple(dict.fromkeys(card.countries))


def ages(card: Card) -> frozenset[Age]:
    """Whether children, adults or both may take part; empty where the record gives no ages in one unit."""
    made: set[Age] = set()
    for low, high in (_in_years(span) for span in card.ages if span.unit in _YEARS):
        made |= {"children"} if low < ADULT else set()
        made |= {"adults"} if high >= ADULT else set()
    return frozenset(made)


def _in_years(span: Span) -> tuple[float, float]:
    factor = _YEARS[span.unit]
    low = 0.0 if span.low is None else float(span.low) * factor
    return low, float("inf") if span.high is None else float(span.high) * factor
