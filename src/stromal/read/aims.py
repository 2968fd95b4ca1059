"""What the trial is for and what it gives: objectives, analysis, assessments, rules, enrolment and products in prose.

Takes one line of text; gives Found phrases named primary_outcome, secondary_outcomes, analysis, assessments,
safety_rule, conditioning, product_donor, product_tissue, product_processing, product_passage, second_product, and
all_enrolment, whole_enrolment or some_enrolment by how surely everybody is meant. Part of the first step of the walk,
beside `prose`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stromal.read.doses import doses
from stromal.read.numerals import BEGUN, NUMBER, amounts, lowered, mend, tidy
from stromal.read.phrases import Found, leading, sentences, small
from stromal.read.readers import Reader, Readers
from stromal.read.record import Fields, Value
from stromal.read.sieve import Sifted
from stromal.read.vocabulary import (
    CELLS,
    DONORS,
    MEASURES,
    OTHER_PRODUCTS,
    PROCESSING,
    TISSUES,
    terms_in,
)

# ---------------------------------------------------------------- objectives

_AIM = (
    r"(?:objectives?|end[\s-]?points?|outcomes?|aims?|goals?)(?:\s+measures?)?"
    r"(?:\s+(?:of|for|in)\s+(?:the|this|our)\s+\w+)?"
)
_SAYS = r"\s*(?:is|are|will\s+be|was|were|includes?|included|:)\s*(?P<what>.+)"
_AIMS = (
    ("primary_outcome", small(rf"\bprimary\s+(?:\w+\s+)?{_AIM}{_SAYS}")),
    ("secondary_outcomes", small(rf"\bsecondary\s+(?:\w+\s+)?{_AIM}{_SAYS}")),
)
_FOLLOWING = small(r"\bfollowing\s*:\s*(?P<list>.+)")
_UNNAMED = small(r"\bas\s+(?P<which>primary|secondary)\s+(?:end[\s-]?points?|outcomes?)(?:\s+measures?)?\s*\.?\s*$")


def outcome(measure: str, time_frame: str = "", method: str = "") -> Fields:
    """An outcome with its parts; parts that the page leaves out are left out."""
    parts = (("measure", measure), ("time_frame", time_frame), ("method", method))
    return Fields(tuple((name, text) for name, text in parts if text))


def aims(line: str) -> tuple[Found, ...]:
    """Outcomes that sentences declare primary or secondary; a list after `the following:` is taken apart."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        for name, said in _AIMS:
            match = said.search(text, low, high)
            if match is None:
                continue
            listed = _FOLLOWING.search(text, match.start("what"), high)
            start, end = (match.start("what"), match.end()) if listed is None else listed.span("list")
            words = line[start:end].rstrip(" .")
            parts = re.split(r"\s*[,;]\s*(?:and\s+)?", words) if listed else [words]
            value = tuple(outcome(tidy(part)) for part in parts if part.strip())
            made.append(Found(name, start, start + len(words), value))
    return tuple(made)


def unnamed_aims(line: str) -> tuple[Found, ...]:
    """Sentences that speak of endpoints without saying which."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        match = _UNNAMED.search(text, low, high)
        if match:
            made.append(Found(f"{match['which'].lower()}_unnamed", low, high, None, state="missing"))
    return tuple(made)


# ---------------------------------------------------------------- analysis and assessments

_CHANGE = small(r"\b(?P<per>month|week|year|annual)(?:ly)?\s+(?:\w+\s+)?(?P<what>changes?|declines?|slopes?|rates?)\b")
_AGAINST = small(r"\bcompared\s+(?:to|with)\b[^.;]*?\b(?P<against>run[\s-]?in|baseline|placebo|control)\b")
_PER = {"month": "month", "week": "week", "year": "year", "annual": "year"}


def analyses(line: str) -> tuple[Found, ...]:
    """A comparison of rates of change: of what, per how long, against what."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        change, against = _CHANGE.search(text, low, high), _AGAINST.search(text, low, high)
        if change is None or against is None:
            continue
        measures = tuple(term.name for _, _, term in terms_in(text[low:high], MEASURES))
        parts: tuple[tuple[str, Value], ...] = (
            ("of", measures),
            ("change_per", _PER[change["per"].lower()]),
            ("against", re.sub(r"[\s-]+", "-", against["against"].lower())),
        )
        made.append(Found("analysis", change.start(), against.end(), Fields(parts)))
    return tuple(made)


_LOOKED_AT = small(
    r"\b(?:evaluat\w*|assess\w*|measure\w*|follow\w*|visits?|examin\w*|monitor\w*|outcomes?|parameters?|calculated"
    r"|based\s+on|efficacy|safety|chart|scor\w+)\b"
)


def assessments(line: str) -> tuple[Found, ...]:
    """What is looked at: every measure that a sentence about looking at people names."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        if _LOOKED_AT.search(text, low, high):
            for start, end, term in terms_in(text[low:high], MEASURES):
                made.append(Found("assessments", low + start, low + end, term.name))
    return tuple(made)


def measures(line: str) -> tuple[Found, ...]:
    """Every measure that a line of an outcome section names."""
    return tuple(Found("assessments", start, end, term.name) for start, end, term in terms_in(mend(line), MEASURES))


# ---------------------------------------------------------------- rules, conditioning, people

_SAFE = small(r"\b(?:safe|tolerated)\s+dose\b|\bdeclared?\s+safe\b|\bconsider\w*\s+safe\b")
_COMPLETED = small(
    r"\bonly\s+(?:after|when|if|once)\s+(?P<all>all\s+)?[^.;]*?\bcompleted?\s+(?P<what>(?:all|both|the|their)\s+[^.;]*?"
    r"(?:infusions?|injections?|doses?|administrations?|treatments?))\b"
)
_PATIENTS = small(r"\s+(?:\w+\s+){0,3}?(?:patients?|participants?|subjects?|people|individuals)\b")


def safety_rules(line: str) -> tuple[Found, ...]:
    """When a dose may be called safe: how many people must have completed what, and which dose."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        done = _COMPLETED.search(text, low, high)
        if done is None or not _SAFE.search(text, low, high):
            continue
        inside = line[low:high]
        people = next((a for a in amounts(inside) if _PATIENTS.match(mend(inside), a.end)), None)
        dose = next(iter(doses(inside)), None)
        parts: list[tuple[str, Value]] = []
        if people is not None:
            parts += [("completed", people.value), *([("of", people.value)] if done["all"] else [])]
        parts.append(("what", done["what"].lower()))
        if dose is not None:
            parts += [("dose", dose.value), ("dose_unit", dose.unit)]
        made.append(Found("safety_rule", done.start(), done.end(), Fields(tuple(parts))))
    return tuple(made)


_NO_CONDITIONING = small(
    r"\bno\s+(?:\w+\s+)?conditioning\b(?:\s+(?:regimen\s+)?(?:is|was|will be)\s+\w+)?|\bwithout\s+conditioning\b"
)


def conditionings(line: str) -> tuple[Found, ...]:
    """Whether the page says that no conditioning is given."""
    return tuple(Found("conditioning", m.start(), m.end(), "none") for m in _NO_CONDITIONING.finditer(mend(line)))


_ALL_OF_THEM = small(
    r"\b(?:(?P<whole>all|total\s+of)|enrol\w*|recruit\w*|administered\s+to|includ\w+)\s+(?:up\s+to\s+|the\s+)?$"
)
_WILL_ENTER = small(r"\s+will\s+be\s+(?:enrol\w*|recruited|included)\b")
_OF_EACH = small(r"\s*(?:\w+\s+){0,4}?(?:each|per|every)\b")


def enrolments(line: str) -> tuple[Found, ...]:
    """How many people the prose says take part."""
    text = lowered(line)
    made = []
    for amount in amounts(line):
        people = _PATIENTS.match(text, amount.end)
        if people is None or _OF_EACH.match(text, people.end()):
            continue
        led, enter = leading(_ALL_OF_THEM, text, amount.start), _WILL_ENTER.match(text, people.end())
        if led or enter:
            name = "some_enrolment" if not led or not led["whole"] else "all_enrolment" if enter else "whole_enrolment"
            made.append(Found(name, amount.start, people.end(), amount.value, "participants"))
    return tuple(made)


# ---------------------------------------------------------------- products

_DERIVED = small(r"(?:[\s-]+tissue)?[\s-]+derived\b")
_TRANSPLANT = small(r"\s*(?:\w+\s+){0,2}transplant")
_FROM = small(r"\b(?:from|of)\s+(?:the\s+)?(?:\w+\s+)?$")
_REACH = 1000
"""Words further away than this are no part of the same thought, even where no stop ends the sentence."""
_BEFORE_CELLS = 80
"""A tissue or donor named further than this before the cells does not describe them."""


_CELLS = small(CELLS.pattern)


def _describes(text: str, sentence: tuple[int, int], start: int, end: int, listed: bool) -> bool:
    """Whether words describe the product: they stand shortly before its cells, or after `from`."""
    low, high = sentence
    cells = _CELLS.search(text, start, min(high, end + _BEFORE_CELLS))  # BMSC names the tissue and the cells at once
    between = text[end : cells.start()] if cells else ""
    transplant = _TRANSPLANT.match(text, end, high)
    # Preparation is also told behind the cells; a tissue they are `derived` from describes them over any comma.
    if listed and _CELLS.search(text, max(low, start - _BEFORE_CELLS), start):
        return True
    if cells and not transplant and (listed or ", " not in between or _DERIVED.match(text, end)):
        return True
    led = leading(_FROM, text, start, low)
    return bool(led and not transplant and _CELLS.search(text, max(low, start - _REACH), start))


def products(line: str) -> tuple[Found, ...]:
    """What the cells are: from whom, from which tissue, how prepared; sentences about another product are left out."""
    text = lowered(line)
    made, shown = list[Found](), _SOURCES.worth(text)
    others = any(map(text.__contains__, _OTHER_SIGNS)) and bool(_OTHERS.worth(text))
    donor = "donor" in text  # few lines hold either
    for low, high in sentences(mend(line)):
        if others and other_product(text[low:high]) is not None:
            continue
        for (name, value), printed in shown:
            match = printed.search(text, low, high)
            if match and _describes(text, (low, high), *match.span(), name == "product_processing"):
                made.append(Found(name, *match.span(), value))
        match = _SAME_DONOR.search(text, low, high) if donor else None
        if match:
            made.append(Found("same_donor", *match.span(), True))
    return tuple(made)


_ORDINALS = {name: at for at, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh"), 1)}
_PASSAGE = small(r"\bpassages?\s*(?:number\s*)?(?:#|no\.?\s*)?(?:of\s+|from\s+|between\s+)?$")
_PASSED = small(
    rf"\b(?P<which>{'|'.join(_ORDINALS)}|\d(?:st|nd|rd|th))\s+(?:cell\s+|culture\s+)?passages?\b",
    r"|\bpassages?\s*\(?P-?(?P<number>\d)\b",
)
_LAST_PASSAGE = 20
"""Cells for people are not cultured over more passages than this; larger numbers speak of something else."""


def passages(line: str) -> tuple[Found, ...]:
    """In which passage of culture the cells are: `at passage 3`, `passages 3 to 5`, `the third passage`."""
    text = lowered(line)
    made = []
    for amount in amounts(line):
        lead = leading(_PASSAGE, text, amount.start)
        if lead and all(n.value.denominator == 1 and n.value <= _LAST_PASSAGE for n in amount.numerals):
            made.append(Found("product_passage", lead.start(), amount.end, amount.value))
    for match in _PASSED.finditer(text):
        which = (match["which"] or match["number"]).lower()
        made.append(Found("product_passage", *match.span(), _ORDINALS.get(which) or int(which[0])))
    return tuple(made)


_SOURCES = Sifted(
    ((f"product_{name}", value), small(printed.pattern))
    for name, words in (("donor", DONORS), ("tissue", TISSUES), ("processing", PROCESSING))
    for value, printed in words
)
_OTHERS = Sifted((value, small(printed.pattern)) for value, printed in OTHER_PRODUCTS)
_OTHER_SIGNS = ("vaccine", "killer", "nk", "dendritic", "platelet", "prp", "exosome", "car")
"""One of these stands wherever another product is named."""
_SAME_DONOR = small(r"\b(?:original|same)\s+(?:[\w-]+\s+){0,3}donor\b")


def other_product(sentence: str) -> tuple[int, int, str] | None:
    """A product that is not the trial's cells, where the sentence names one."""
    sentence = sentence.lower()
    for value, printed in _OTHERS.worth(sentence):
        match = printed.search(sentence)
        if match:
            return match.start(), match.end(), value
    return None


def second_products(line: str) -> tuple[Found, ...]:
    """Products beside the trial's cells that sentences say are given."""
    text = lowered(line)
    made = []
    for low, high in sentences(mend(line)):
        other = other_product(text[low:high])
        if other and _USED.search(text, low, high):
            made.append(Found("second_product", low + other[0], low + other[1], other[2]))
    return tuple(made)


_USED = small(
    r"\b(?:will|is|are|was|were)\s+(?:be\s+)?(?:\w+\s+)?(?:utili[sz]ed|used|given|administered|injected|infused)\b",
    r"|\b(?:will|patients?|subjects?|participants?)\s+(?:also\s+)?receive\b",
)


def _any(rows: Iterable[tuple[object, re.Pattern[str]]]) -> str:
    return "|".join(printed.pattern for _, printed in rows)


_MEASURED = _any((term, term.printed) for term in MEASURES)
_ENTERED = (
    r"\b(?:all|total\s+of|enrol\w*|recruit\w*|administered\s+to|includ\w+)\s+(?:up\s+to\s+|the\s+)?"
    rf"{BEGUN}|\swill\s+be\s+(?:enrol|recruited|included)"
)
_PEOPLE = r"\b(?:patients?|participants?|subjects?|people|individuals)\b"

MEASURES_NAMED = Reader(measures, (_MEASURED,))
READERS = (
    Reader(aims, (r"\b(?:primary|secondary)\s", r"objective|end[\s-]?point|outcome|aim|goal")),
    Reader(unnamed_aims, (r"\bas\s+(?:primary|secondary)\s",)),
    Reader(analyses, (r"\bcompared\s", r"\b(?:month|week|year|annual)(?:ly)?\s", "change|decline|slope|rate")),
    Reader(assessments, (_LOOKED_AT.pattern, _MEASURED)),
    Reader(safety_rules, (r"\bonly\s+(?:after|when|if|once)\s", "safe|tolerated")),
    Reader(conditionings, (r"\bconditioning\b",)),
    Reader(enrolments, (NUMBER, _PEOPLE, _ENTERED)),
    Reader(products, (_any((*DONORS, *TISSUES, *PROCESSING)),)),
    Reader(passages, (r"\bpassages?\b",)),
    Reader(second_products, (_any(OTHER_PRODUCTS), "utili[sz]ed|used|given|administered|injected|infused|receive")),
)
"""Every reader of this module with what a line must hold for it, in the order their statements are listed."""
_READERS = Readers(READERS)


def found_in(line: str) -> tuple[Found, ...]:
    """Everything this module reads in the line."""
    return _READERS.found_in(line)
