"""A trial's conditions, as its registry lists them, as a criterion of their own; and a person's diagnoses as episodes.

Takes a Card; gives a drafted criterion that is met by somebody who has one of its conditions and open for everybody of
whom nobody knows. Takes the root of a person's file; gives the diagnoses it names. For `answering`; ranks rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stromal.catalogue import keys
from stromal.catalogue.card import Card
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.read.concepts import concept
from stromal.read.eligibility import DraftedCriterion
from stromal.rules.chart import Episode
from stromal.values import Place

CONDITION = "condition"
"""The id of the criterion."""
DIAGNOSIS = "diagnosis"
"""The fact under which a person's file may name illnesses in words."""
_PATH = "protocolSection.conditionsModule.conditions"
_NO_ILLNESS = ("healthy", "volunteer", "normal")

Known = Callable[[str], m.Fact | None]
"""What a name means wherever criteria are read."""


@lru_cache(maxsize=16_384)
def illness(words: str) -> m.Fact | None:
    """A condition in words as the fact that a person's file holds; None where the words name no illness."""
    turned = " ".join(reversed(words.split(", "))) if words.count(", ") == 1 else words
    found = concept(turned) or concept(words)
    if found is not None:
        return m.Fact(found.name, "episode", found.says)
    plain = keys.plain(turned)
    if not plain or not plain[0].isalpha() or plain.startswith(_NO_ILLNESS):
        return None
    return m.Fact(plain.replace(" ", "_"), "episode", " ".join(turned.split()).lower())


def illnesses(card: Card, known: Known) -> tuple[m.Fact, ...]:
    """The illnesses that a trial is about, each once; a word that says less than another one is left out."""
    told = keys.conditions(card)
    found = dict[str, m.Fact]()
    # A heading of one word (`fibrosis`) beside the record's own words (`liver cirrhosis`) asks for too little.
    headings = (words for words in card.mesh if " " in words or not card.conditions)
    for words in (*card.conditions, *headings):
        fact = None if keys.broader(keys.plain(words), told) else illness(words)
        taken = known(fact.name) if fact else None
        if fact is not None and (taken is None or taken.kind == "episode"):
            found.setdefault(fact.name, taken or fact)
    return tuple(found.values())


@lru_cache(maxsize=16_384)
def _any(names: tuple[str, ...]) -> t.Expr:
    """One condition for all trials of the same illnesses, so that it is judged once."""
    parts = tuple(t.Happened(name, t.Ever()) for name in names)
    return parts[0] if len(parts) == 1 else t.Any(parts)


def criterion(card: Card, known: Known) -> DraftedCriterion | None:
    """Whoever takes part has one of the trial's conditions; None where the registry lists none that is an illness."""
    facts = illnesses(card, known)
    if not facts:
        return None
    text = "; ".join(card.conditions) or "; ".join(card.mesh)
    names = tuple(fact.name for fact in facts)
    when = " or ".join(f"{name} ever" for name in names)
    question = f"Do you have {' or '.join(fact.says for fact in facts)}?"
    place = Place(1, text, card.file or card.id, _PATH)
    assumed = "whoever takes part has one of the conditions that the registry lists"
    return DraftedCriterion(
        CONDITION, "inclusion", text, place, "computed", question, (when,), (_any(names),), facts, assumed
    )  # fmt: skip


def told(root: CommentedMap) -> Iterator[Episode]:
    """The diagnoses that a person's file names in words, under `facts`, as illnesses that go on."""
    held = root.get("facts")
    value = held.get(DIAGNOSIS) if isinstance(held, CommentedMap) else None
    for each in value if isinstance(value, CommentedSeq) else (value,):
        fact = illness(each) if isinstance(each, str) else None
        if fact is not None:
            yield Episode(fact.name, None, ongoing=True)
