"""Rules about limits on what is measured: the same measure with two limits, or limits that leave nobody.

Takes a Record; gives Findings. What excludes is turned round first, so that both lists say whom they admit. Rows of
the table in `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from stromal.read.clashes import measured, words_for
from stromal.read.paths import where
from stromal.read.phrases import pattern
from stromal.read.record import Number, Range, Record, Statement
from stromal.read.vocabulary import MEASURES
from stromal.values import Finding, Place

_SEVERAL = frozenset({"blood_pressure", "glucose", "pain", "temperature"})
"""Measures that people take in more than one way, each with a limit of its own."""
_MEASURED = frozenset(term.name for term in MEASURES) - _SEVERAL
_PART = pattern(
    r"\b(?:cohorts?|(?:sub)?groups?|arms?|strat(?:um|a)|parts?|sub-?stud\w+|if|when|unless|except|women|men|females?|males?"
    r"|children|adults|history|donors?|controls?|healthy|baseline|onset|ever|known|transfus\w+|without|despite|after"
    r"|before|or|gilbert\w*|metast\w+|involv\w+|day|week|month|phase|stage|either|versus|history|medicat\w+|treated)\b"
)
"""Words that tie a limit to a part of the people, a moment or an alternative."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One end of the stretch that a criterion admits: whom it keeps, in which list it stands, and where."""

    end: str
    number: Number
    included: bool
    unit: str
    excludes: bool
    place: Place

    def __str__(self) -> str:
        """`at least 9 g/dL`, `less than 3`."""
        low = self.end == "low"
        admits = Range(low=self.number if low else None, high=None if low else self.number,
                       low_included=self.included, high_included=self.included)  # fmt: skip
        return f"{admits} {self.unit}".strip()


def _ends(statement: Statement) -> Iterator[Threshold]:
    """What each reading of a limit admits; a range with two ends among the exclusions bars its middle."""
    for reading in statement.readings:
        value, excludes = reading.value, "reason to exclude" in reading.note
        if not isinstance(value, Range) or reading.state == "ambiguous":
            continue
        if excludes and None not in (value.low, value.high):
            continue
        ends = (("low", value.low, value.low_included), ("high", value.high, value.high_included))
        for end, number, included in ends:
            if number is not None:
                kept = end if not excludes else {"low": "high", "high": "low"}[end]
                yield Threshold(kept, number, included != excludes, reading.unit, excludes, reading.places[0])


def _unconditional(record: Record) -> dict[tuple[str, int], bool]:
    """Each line of the criteria, and whether its limits hold for everybody at any time."""
    lines: dict[tuple[str, int], bool] = {}
    for item in record.items("inclusion", "exclusion", "criteria", "population"):
        lines[item.place.path, item.place.line] = not _PART.search(item.place.quote)
    return lines


def thresholds(record: Record) -> Iterator[Finding]:
    """One measure with two limits that disagree."""
    found: dict[str, list[Threshold]] = {}
    for statement in record.statements:
        name = measured(statement.name)
        if name in _MEASURED:
            found.setdefault(name, []).extend(_ends(statement))
    several = {name: ends for name, ends in found.items() if len(ends) > 1}
    if not several:
        return
    plain_lines = _unconditional(record)
    for name, ends in several.items():
        kept = [end for end in ends if plain_lines.get((end.place.path, end.place.line))]
        yield from next((list(made) for a, b in combinations(kept, 2) if (made := tuple(_clash(name, a, b)))), [])


def _clash(name: str, a: Threshold, b: Threshold) -> Iterator[Finding]:
    if a.unit != b.unit or a.excludes == b.excludes or a.place.line == b.place.line:
        return
    if a.end != b.end:
        low, high = (a, b) if a.end == "low" else (b, a)
        if low.number > high.number:
            message = f"the criteria on {words_for(name)} leave nobody: {low} and {high}"
            hint = "a sign is probably the wrong way round: ask which"
            yield Finding("criteria.nobody", "contradiction", message, (a.place, b.place), hint)
    elif a.number != b.number:
        message = (
            f"two limits on {words_for(name)}: {a} ({_list(a)}, {where(a.place)}) "
            f"and {b} ({_list(b)}, {where(b.place)})"
        )
        yield Finding("criteria.two_limits", "warning", message, (a.place, b.place), "ask which one holds")


def _list(threshold: Threshold) -> str:
    return "turned round from the exclusions" if threshold.excludes else "asked for"
