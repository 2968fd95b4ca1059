"""Record -> its eligibility, line by line: each criterion as a typed condition, as far as its words are understood.

Takes a Record; gives DraftedCriteria, none of them confirmed: a person decides whether the condition says what the line
says. Lines not understood stay questions. Beside `draft`, which makes a whole protocol file; used by `screening`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from stromal.protocol import model as m
from stromal.protocol.language import FactKind, FactName, Scope, parse
from stromal.protocol.syntax import Misread
from stromal.protocol.tree import Expr
from stromal.read.conditions import Condition, asked, condition
from stromal.read.criteria import Side, criteria, leads_only, uncertain
from stromal.read.numerals import tidy
from stromal.read.phrases import pattern
from stromal.read.record import Item, Range, Record
from stromal.read.sheet import Node, printable
from stromal.values import Place, exact

Kind = Literal["computed", "partly", "asked", "judged", "not_understood"]
Whose = Literal["participant", "donor", "other"]
VISITS = ("screening", "first_dose")
"""The visits that a drafted condition may hang on."""


@dataclass(frozen=True, slots=True)
class DraftedCriterion:
    """One line of the eligibility as it was understood; `confirmed` stays False until a person says so.

    `readings` are the conditions that its words admit, the one taken first, `conditions` the same, typed. Two readings
    both stand: a verdict is sure where they agree. A criterion of a donor or of a control is nobody's to meet.
    """

    id: str
    side: Side
    text: str
    place: Place
    kind: Kind
    question: str
    readings: tuple[str, ...] = ()
    conditions: tuple[Expr, ...] = ()
    facts: tuple[m.Fact, ...] = ()
    assumed: str = ""
    whose: Whose = "participant"
    confirmed: bool = False


BUILT_IN: Mapping[str, m.Fact] = {
    "birth_date": m.Fact("birth_date", "date", "date of birth"),
    "sex": m.Fact("sex", "choice", "sex", options=("female", "male")),
}
"""Facts that every protocol has."""


# ---------------------------------------------------------------- typed conditions


def _fact(name: str, row: dict[str, Node]) -> m.Fact:
    """A row of a drafted file as the fact that it declares."""
    text = {key: value for key, value in row.items() if isinstance(value, str)}
    low, _, high = text.get("range", "").partition("..")
    of = row.get("of")
    options = tuple(each for each in of if isinstance(each, str)) if isinstance(of, list) else ()
    kind = cast(FactKind, text["kind"])
    return m.Fact(
        name,
        kind,
        text.get("says", ""),
        text.get("unit", ""),
        exact(low) if low else None,
        exact(high) if high else None,
        options,
        (),
        text.get("instrument", ""),
        text.get("grading", ""),
        "",
        text.get("code", ""),
    )


_LATEST = re.compile(r"(?<!ongoing) at (?:screening|consent)\b(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")


@lru_cache(maxsize=16384)
def typed(when: str, facts: tuple[m.Fact, ...]) -> Expr | None:
    """An expression as the typed tree of the language; None where the language does not accept it."""
    known = {**BUILT_IN, **{fact.name: fact for fact in facts}}
    scope = Scope(
        facts={name: FactName(fact.kind, fact.unit, fact.options) for name, fact in known.items()},
        visits=frozenset(VISITS),
        roles=frozenset(m.ROLES),
    )
    try:
        return parse(when, scope)
    except Misread:
        return None


def _drafted(id_: str, side: Side, item: Item, found: Condition, text: str) -> DraftedCriterion:
    """One criterion; its values are the last known ones, as nobody has come to a visit yet."""
    facts = tuple(_fact(name, row) for name, row in found.facts)
    readings = tuple(_LATEST.sub("", when) for when in (found.when, *found.rivals))
    trees = tuple(tree for when in readings if (tree := typed(when, facts)) is not None)
    kind: Kind = found.how if found.how != "judged" or found.recognised else "not_understood"
    if len(trees) < len(readings):
        return _drafted(id_, side, item, asked(text, side), text)  # the language has no such condition: it is asked
    whose: Whose = "donor" if _OF_DONOR.match(text) else "participant"
    return DraftedCriterion(
        id_, side, text, item.place, kind, _question(text, side), readings, trees, facts, found.assumed, whose
    )


def _question(text: str, side: Side) -> str:
    """The line as a plain question, so that a person can answer it whatever was understood."""
    words = text.rstrip(" .;:")
    return f"Is this so: {words}?" if side == "inclusion" else f"Does this apply: {words}?"


_OF_DONOR = pattern(r"(?:the\s+|all\s+|healthy\s+|potential\s+|related\s+|unrelated\s+)*donors?\b")


# ---------------------------------------------------------------- ages and sex as fields


def _youngest(record: Record) -> Range | None:
    """The ages that the registry's own fields give, in years; None where they give none."""
    ages = [(item.label, item) for item in record.items("eligibility") if item.label in ("age_min", "age_max")]
    found: dict[str, float] = {}
    for label, item in ages:
        match = re.fullmatch(r"(\d+)\s*years?", item.text.strip(), re.IGNORECASE)
        if match:
            found[label] = int(match[1])
    return Range(found.get("age_min"), found.get("age_max")) if found else None


def _fields(record: Record) -> Iterator[DraftedCriterion]:
    """The structured limits of age and sex."""
    limits = {"age_min": (">=", "at least"), "age_max": ("<=", "at most")}
    for item in record.items("eligibility"):
        years = re.fullmatch(r"(\d+)\s*(years?|months?|weeks?|days?)", item.text.strip(), re.IGNORECASE)
        if item.label in limits and years:
            (sign, words), length = limits[item.label], " ".join(years.groups()).lower()
            whole = years[2].lower().startswith("year")
            term = "age" if whole else "time since birth_date"  # years are counted in birthdays
            found = Condition(f"{term} {sign} {length}{' at consent' if whole else ''}", "computed")
            yield _drafted(item.label, "inclusion", item, found, f"Age {words} {length}")
        elif item.label == "sex" and item.text.strip().lower() in ("female", "male"):
            sex = item.text.strip().lower()
            yield _drafted("sex", "inclusion", item, Condition(f"sex = {sex}", "computed"), f"Sex: {sex}")


def _settled(found: Condition, ages: Range | None) -> Condition:
    """`Over 18` beside a field that says 18 years: the field settles that 18-year-olds may join."""
    if ages is None or ages.low is None or not found.rivals or found.how != "computed":
        return found
    wider = f"age >= {ages.low} years at consent"
    both = (found.when, *found.rivals)
    return replace(found, when=wider, rivals=()) if wider in both and all("age" in when for when in both) else found


# ---------------------------------------------------------------- lines


def drafted(record: Record) -> tuple[DraftedCriterion, ...]:
    """Every criterion of the record: the fields of age and sex, inclusions, exclusions, then those of others."""
    found, ages = criteria(record.sections), _youngest(record)
    made = list(_fields(record))
    lines = (*_side(found.inclusion, "inclusion", "I", ages), *_side(found.exclusion, "exclusion", "E", ages))
    made += [_unsure(line, found.assumed) for line in lines] if found.assumed else lines
    for section in record.named("donor_inclusion", "donor_exclusion", "other_inclusion", "other_exclusion"):
        whose: Whose = "donor" if section.name.startswith("donor") else "other"
        side: Side = "inclusion" if section.name.endswith("inclusion") else "exclusion"
        letter = ("D" if whose == "donor" else "C") + ("I" if side == "inclusion" else "E")
        made += [replace(each, whose=whose) for each in _side(section.items, side, letter, None)]
    return tuple(made)


def alone(line: DraftedCriterion) -> DraftedCriterion:
    """A line that was left a question, as it stands under others or beside an `or`, read by its own words."""
    if line.kind in ("computed", "partly"):
        return line
    item, words = Item(line.place.quote, line.place), _TRAILING.sub("", line.place.quote)
    return _drafted(line.id, line.side, item, condition(words, line.side), line.text)


_TRAILING = pattern(r"[\s,;]*\b(?:and/)?or\W*$")


def _unsure(line: DraftedCriterion, why: str) -> DraftedCriterion:
    return replace(line, assumed="; ".join(filter(None, (line.assumed, why))))


def _side(items: tuple[Item, ...], side: Side, letter: str, ages: Range | None) -> Iterator[DraftedCriterion]:
    open_ = uncertain(items, side)
    for number, (item, alternative) in enumerate(zip(items, open_, strict=True), 1):
        follows = number < len(items)
        if leads_only(item) and follows and not alternative:
            continue
        text = printable(tidy(item.place.quote)) or "unreadable"
        words = item.place.quote
        found = asked(words, side) if alternative or leads_only(item) else _settled(condition(words, side), ages)
        yield _drafted(f"{letter}{number}", side, item, found, text)


def vocabulary(lines: Iterable[DraftedCriterion]) -> dict[str, m.Fact]:
    """Every fact that drafted criteria ask for, by name: one person's file answers them all."""
    made = dict(BUILT_IN)
    for line in lines:
        for fact in line.facts:
            made.setdefault(fact.name, fact)
    return made
