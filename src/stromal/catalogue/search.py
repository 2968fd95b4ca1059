"""Trials by words and by facts: ranked, each with the sentence that was found; and what stood in the way of a hit.

Takes a Catalogue and what is Wanted; gives Found, whose hits are cards with their snippets. Words are ranked by BM25,
in titles and conditions more than elsewhere; without words the newest come first. Equal ranks stand in the order of
their ids. A filter takes trials that state the fact: those that say nothing of it are counted, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf, log

import tantivy

from stromal.catalogue.asking import Doses, Wanted, Word, Words, span
from stromal.catalogue.card import Card, Cited, Dose
from stromal.catalogue.index import WORDS, frequent, load, schema
from stromal.catalogue.snippets import Snippet, snippet
from stromal.catalogue.store import Catalogue
from stromal.values import Finding, Place, Unusable

_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_INTEGER, _FLOAT = tantivy.FieldType.Integer, tantivy.FieldType.Float
Query = tantivy.Query
_CITED = {"route": "route", "product_tissue": "tissue", "product_donor": "donor"}
"""Filters whose words a card cites, by the name it cites them under."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A trial that was found: its rank (higher is better; 0 where no words were asked), card and sentence."""

    score: float
    card: Card
    snippet: Snippet | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """How many trials fit, the best of them, and how many would fit if they stated what the filters ask for."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A filter, how many trials fit without it, and how many of those say nothing of what it asks for."""

    name: str
    without: int
    silent: int


# ---------------------------------------------------------------- queries


def _word(field: str, word: Word) -> Query:
    """A word, or a phrase. Phrases of frequent terms are looked up by name; their words decide the rank."""
    if len(word.terms) == 1:
        return Query.term_query(schema(), field, word.terms[0])
    phrase = Query.phrase_query(schema(), field, list(word.terms))
    names = frequent(word.terms) if field == "body" else ()
    if not names:
        return phrase
    parts = [Query.term_query(schema(), "often", name) for name in names]
    # A phrase that is longer than those named holds all of its parts, but they may stand apart.
    held = _all([*parts, phrase] if len(names) > 1 else parts)
    terms = [Query.term_query(schema(), field, term) for term in dict.fromkeys(word.terms)]
    return _all([Query.const_score_query(held, 0.0), *terms])


def _way(way: Sequence[Word], field: str = "body") -> Query:
    """All words of one alternative."""
    return Query.boolean_query([(_NOT if word.without else _MUST, _word(field, word)) for word in way])


def _words(asked: Words, field: str = "body") -> Query:
    return _any([_way(way, field) for way in asked.ways])


def _any(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(_SHOULD, query) for query in queries])


def _all(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(_MUST, query) for query in queries])


def _range(name: str, low: int | None, high: int | None) -> Query:
    return Query.range_query(schema(), name, _INTEGER, low, high)


def _started(since: str, until: str) -> Query:
    """Trials whose start, as far as it is published, may lie between two days."""
    low, high = span(since, until)
    parts = [_range("start_high", low, None)] if low is not None else []
    parts += [_range("start_low", None, high)] if high is not None else []
    return _all(parts)


class Search:
    """A catalogue, ready to be asked."""

    def __init__(self, catalogue: Catalogue) -> None:
        if catalogue.stale:
            message = "the search index is behind the catalogue: it is being made, or its making was stopped"
            hint = "wait a moment, or run stromal index again on the same files"
            place = Place(0, "", str(catalogue.folder))
            raise Unusable(Finding("catalogue.stale", "error", message, (place,), hint))
        self.catalogue = catalogue
        self.searcher = load(catalogue.folder).searcher()
        self._weights: dict[str, float] = {}
        self._wide: list[tuple[str, bool, float, float]] | None = None

    # ------------------------------------------------------------ what is asked

    def known(self, field: str) -> tuple[tuple[str, int], ...]:
        """The values that trials state in a field of words, and how many trials each."""
        found = self.searcher.terms_with_prefix(field, "")
        return tuple(sorted(found, key=lambda each: (-each[1], each[0])))

    def value(self, field: str, given: str) -> str:
        """The value of a field that somebody means. Raises Unusable, with the known ones, when there is none."""
        known = [word for word, _ in self.known(field)]
        meant = _meant(field, given, known)
        if len(meant) == 1:
            return meant[0]
        near = meant or get_close_matches(given, known, 3, 0.7)
        shown = near or known
        told = "; ".join(_shown(word) for word in shown[:20]) or "none at all"
        more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
        state = "means several" if meant else "is stated by no trial of this catalogue"
        hint = f"{'did you mean' if near else 'known are'}: {told}{more}"
        raise Unusable(Finding("search.value", "error", f"{field} {given!r} {state}", (), hint))

    def filters(self, wanted: Wanted) -> dict[str, Query]:
        """Each filter that is wanted, by its name."""
        made: dict[str, Query] = {}
        if wanted.condition.ways:
            made["condition"] = _words(wanted.condition, "conditions")
        for field, given in wanted.values:
            values = [self.value(field, each) for each in given]
            made[field] = _any([Query.term_query(schema(), field, value) for value in values])
        if wanted.dose:
            made["dose"] = self._dosed(wanted.dose)
        if wanted.since or wanted.until:
            made["start"] = _started(wanted.since, wanted.until)
        for name in ("has_dose", "has_results"):
            if getattr(wanted, name):
                made[name] = Query.term_query(schema(), name, True)
        return made

    def _dosed(self, dose: Doses) -> Query:
        """A dose with an end inside the stretch, or one that reaches over it at both ends."""
        field = "dose_kg" if dose.per_kg else "dose_cells"
        high = None if dose.high == inf else dose.high
        parts = [Query.range_query(schema(), field, _FLOAT, dose.low, high)]
        if self._wide is None:
            self._wide = self.catalogue.wide()
        wider = [
            name
            for name, per_kg, low, end in self._wide
            if low < dose.low and end > dose.high and per_kg == dose.per_kg
        ]
        if wider:
            parts.append(Query.term_set_query(schema(), "id", wider))
        return _any(parts)

    # ------------------------------------------------------------ answers

    def find(self, wanted: Wanted, limit: int = 20, *, snippets: bool = True) -> Found:
        """The trials that fit, the best first."""
        asked = _query(wanted.words, self.filters(wanted).values())
        total, best = self._best(asked, limit, ranked=bool(wanted.words.ways))
        hits = []
        for score, number in best:
            card, text = self.catalogue.at(number, text=snippets and bool(wanted.words.ways))
            sentence = snippet(text, wanted.words, self._weight) or (_quoted(card, wanted) if snippets else None)
            hits.append(Hit(score, card, sentence))
        return Found(total, tuple(hits))

    def count(self, wanted: Wanted) -> int:
        """How many trials fit."""
        return self._count(_query(wanted.words, self.filters(wanted).values()))

    def hindrances(self, wanted: Wanted) -> tuple[Hindrance, ...]:
        """Each filter, with how many trials would fit without it and how many of them are silent about it."""
        every = self.filters(wanted)
        made = []
        for name in every:
            others = _query(wanted.words, [query for other, query in every.items() if other != name])
            speaking = self._speaking(name)
            silent = Query.boolean_query([(_MUST, others), (_NOT, speaking)]) if speaking else None
            made.append(Hindrance(name, self._count(others), self._count(silent) if silent else 0))
        return tuple(made)

    def missing(self, asked: Words) -> tuple[str, ...]:
        """The words that no trial of the catalogue holds."""
        every = (word for way in asked.ways for word in way if not word.without)
        return tuple(word.written for word in every if not self._count(_word("body", word)))

    def _count(self, query: Query) -> int:
        return _counted(self.searcher.search(query, 1))

    def _speaking(self, name: str) -> Query | None:
        """Trials that state anything about what a filter asks for; None for filters about which nobody is silent."""
        if name in WORDS:
            known = [word for word, _ in self.known(name)]
            return Query.term_set_query(schema(), name, known)
        if name == "dose":
            return Query.term_query(schema(), "has_dose", True)
        if name == "start":
            return _range("start_low", 0, None)
        if name == "has_results":
            return Query.term_set_query(schema(), name, [True, False])
        return None

    def _best(self, query: Query, limit: int, *, ranked: bool) -> tuple[int, list[tuple[float, int]]]:
        """Rank and row number of the best; where equals stand at the end of the page, the ids decide who is shown."""
        take = limit + 8
        while True:
            if ranked:
                found = self.searcher.search(query, take)
            else:
                found = self.searcher.search(query, take, order_by_field="updated")
            total = _counted(found)
            keys = [float(key or 0) for key, _ in found.hits]
            if len(keys) < take or keys[-1] < keys[limit - 1]:
                break
            take *= 4
        numbers = self.searcher.fast_field_values("number", [address for _, address in found.hits])
        rows = [(key, int(number or 0)) for key, number in zip(keys, numbers, strict=True)]
        ordered = self._ordered(rows, limit)
        return total, ordered if ranked else [(0.0, number) for _, number in ordered]

    def _ordered(self, rows: list[tuple[float, int]], limit: int) -> list[tuple[float, int]]:
        """The first of the rows; those of one rank by their ids."""
        if len({key for key, _ in rows}) == len(rows):
            return rows[:limit]
        names = self.catalogue.names(number for _, number in rows)
        return sorted(rows, key=lambda row: (-row[0], names[row[1]]))[:limit]

    def _weight(self, term: str) -> float:
        """How telling a term is: the fewer trials hold it, the more."""
        known = self._weights.get(term)
        if known is None:
            known = 0.1 + log(1 + self.searcher.num_docs / (1 + self.searcher.doc_freq("body", term)))
            self._weights[term] = known
        return known


def _quoted(card: Card, wanted: Wanted) -> Snippet | None:
    """What a record says of a fact that was asked for: the dose, else the first word of the field that fits."""
    if wanted.dose:
        asked = wanted.dose
        said: Iterable[Dose | Cited] = (
            dose
            for dose in card.doses
            if dose.per_kg == asked.per_kg and dose.low <= asked.high and dose.high >= asked.low
        )
    else:
        values = dict(wanted.values)
        fields = ((each, _CITED.get(each.name, "")) for each in card.cited)
        said = (
            each for each, field in fields if any(_meant(field, given, [each.value]) for given in values.get(field, ()))
        )
    found = next((each for each in said if each.quote), None)
    if found is None:
        return None
    return Snippet(found.quote, found.name, found.path, found.line, ((0, len(found.quote)),))


def _counted(result: tantivy.SearchResult) -> int:
    """How many trials fit a query."""
    return int(result.count)  # type: ignore[attr-defined]


def _query(asked: Words, filters: Iterable[Query]) -> Query:
    """Words and filters as one query; filters have no say in the rank."""
    parts = [_words(asked)] if asked.ways else []
    parts += [Query.const_score_query(query, 0.0) for query in filters]
    return _all(parts) if parts else Query.all_query()


# ---------------------------------------------------------------- values of filters


def _folded(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z]+|[0-9]+", text.lower()))


_ALIASES = {
    "country": {"usa": "united states", "us": "united states", "uk": "united kingdom", "america": "united states",
                "korea": "south korea", "turkiye": "turkey"},
    "phase": {"1": "phase1", "2": "phase2", "3": "phase3", "4": "phase4", "0": "early_phase1", "n/a": "na",
              "i": "phase1", "ii": "phase2", "iii": "phase3", "iv": "phase4", "early": "early_phase1"},
    "tissue": {"fat": "adipose tissue", "wharton's jelly": "umbilical cord"},
    "route": {"iv": "intravenous", "it": "intrathecal"},
    "status": {"active": "active_not_recruiting", "open": "recruiting"},
    "type": {"observational": "observational"},
}  # fmt: skip
"""Other words that people write for the values of a field."""


def _meant(field: str, given: str, known: Sequence[str]) -> list[str]:
    """The known values that somebody may mean: the one that is written so, else those that hold all its words."""
    lower = given.strip().lower()
    asked = _folded(_ALIASES.get(field, {}).get(lower, lower))
    same = [word for word in known if _folded(word) == asked]
    return same or [word for word in known if asked and set(asked) <= set(_folded(word))]


def _shown(word: str) -> str:
    return word if word != word.upper() else word.lower().replace("_", " ")
