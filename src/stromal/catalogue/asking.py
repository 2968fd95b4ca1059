"""What somebody asks the catalogue for: words with quoted phrases, and facts that a trial must state.

Takes the text of a question and the options of filters; gives the frozen nouns Words, Doses and Wanted that `search`
turns into a query. What cannot be understood is Unusable, with the place in the text and the next step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from stromal.catalogue.index import COMMON, analyzer, days
from stromal.values import Finding, Place, Unusable, exact


@dataclass(frozen=True, slots=True)
class Word:
    """One word or phrase that was asked for: as written, and its terms. `without` asks for trials that lack it."""

    written: str
    terms: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Alternatives, parted by OR; a trial must hold all words of one of them."""

    written: str
    ways: tuple[tuple[Word, ...], ...] = ()

    @property
    def terms(self) -> frozenset[str]:
        """Every term that a hit may hold."""
        return frozenset(term for way in self.ways for word in way if not word.without for term in word.terms)


def _bad(code: str, message: str, hint: str, quote: str = "") -> Unusable:
    return Unusable(Finding(code, "error", message, (Place(1, quote),) if quote else (), hint))


_PIECE = re.compile(r'\s*(?P<without>-(?=["\w])|NOT\s+)?(?:"(?P<phrase>[^"]*)"|(?P<open>")|(?P<word>[^\s"]+))')


def words(text: str) -> Words:
    """The words of a question. `"..."` asks for a phrase, `NOT word` or `-word` leaves out, `OR` parts alternatives."""
    ways: list[list[Word]] = [[]]
    for match in _PIECE.finditer(text):
        if match["open"]:
            raise _bad("search.quote", "a quotation mark is opened and never closed", 'close it: "bone marrow"', text)
        if match["word"] == "OR" and not match["without"]:
            if not ways[-1]:
                raise _bad("search.or", "OR stands without words before it", "write words on both sides of OR", text)
            ways.append([])
            continue
        written = match["phrase"] if match["phrase"] is not None else match["word"]
        terms = tuple(analyzer().analyze(written))
        if terms:
            ways[-1].append(Word(written, terms, bool(match["without"])))
    if len(ways) > 1 and not ways[-1]:
        raise _bad("search.or", "OR stands without words after it", "write words on both sides of OR", text)
    return _checked(Words(text.strip(), tuple(_telling(way) for way in ways if way)))


def _telling(way: Sequence[Word]) -> tuple[Word, ...]:
    """A way without the common words, unless there are no others; each word once."""
    telling = [word for word in way if len(word.terms) > 1 or word.terms[0] not in COMMON]
    return tuple({(word.terms, word.without): word for word in telling or way}.values())


def _checked(made: Words) -> Words:
    if made.written and not made.ways:
        hint = 'write words, such as intrathecal "bone marrow"'
        raise _bad("search.words", f"{made.written[:60]!r} holds no word that can be searched", hint)
    if any(all(word.without for word in way) for way in made.ways):
        hint = "name a word that the trials should hold, too"
        raise _bad("search.without", "only words to leave out are named", hint, made.written)
    return made


# ---------------------------------------------------------------- doses


@dataclass(frozen=True, slots=True)
class Doses:
    """A stretch of doses in one unit; every dose that overlaps it is asked for."""

    low: float
    high: float
    per_kg: bool

    def __str__(self) -> str:
        unit = "cells/kg" if self.per_kg else "cells"
        return f"{self.low:g}..{self.high:g} {unit}"


_NUMBER = r"[0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE]\+?[0-9]{1,2})?|\.[0-9]+"
_DOSES = re.compile(
    rf"(?P<low>{_NUMBER})?\s*(?P<to>\.\.|-|to)?\s*(?P<high>{_NUMBER})?\s*(?P<cells>cells?)?\s*(?P<kg>/\s*kg)?",
    re.IGNORECASE,
)
_SHAPE = "write a dose as 2e6/kg, 1e6..5e6/kg, 1e8.. or 1e7..1e8 cells"


def doses(text: str) -> Doses:
    """The stretch that an option asks for: `1e6..5e6/kg`, `2e6/kg`, `1e8..`."""
    match = _DOSES.fullmatch(text.strip())
    if not match or not _is_whole(match["low"], match["to"], match["high"]):
        raise _bad("search.dose", f"the dose {text!r} is none", _SHAPE)
    low = _amount(match["low"]) if match["low"] else 0.0
    high = _amount(match["high"]) if match["high"] else inf if match["to"] else low
    if low > high:
        raise _bad("search.dose", f"the dose {text!r} runs downwards", "write the smaller number first")
    return Doses(low, high, bool(match["kg"]))


def _is_whole(low: str | None, to: str | None, high: str | None) -> bool:
    """Whether two numbers stand with a word between them, or one alone or with dots."""
    return to is not None if low and high else bool(low or high) and to in (None, "..")


def _amount(written: str) -> float:
    return float(exact(re.sub(r"[_,]", "", written)))


# ---------------------------------------------------------------- everything asked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked for. Values of one field are alternatives; every field that is named must fit."""

    words: Words = Words("")
    condition: Words = Words("")
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dose: Doses | None = None
    since: str = ""
    until: str = ""
    has_dose: bool = False
    has_results: bool = False


def span(since: str, until: str) -> tuple[int | None, int | None]:
    """The days from `since` to `until`, counted; a month or a year means all of its days."""
    ends: list[int | None] = []
    for text, which in ((since, 0), (until, 1)):
        if not text:
            ends.append(None)
            continue
        found = _days(text)
        if found is None:
            raise _bad("search.date", f"the day {text!r} is none", "write 2021, 2021-03 or 2021-03-05")
        ends.append(found[which])
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise _bad("search.date", f"{since} is later than {until}", "name the earlier day first")
    return ends[0], ends[1]


def _days(text: str) -> tuple[int, int] | None:
    if re.fullmatch(r"[12]\d{3}", text):
        first, last = days(f"{text}-01"), days(f"{text}-12")
        return (first[0], last[1]) if first and last else None
    return days(text) if re.fullmatch(r"[12]\d{3}-\d{2}(-\d{2})?", text) else None
