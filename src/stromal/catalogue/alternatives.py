"""Lines of inclusion that are joined by a trailing `or`: one criterion, met by whoever meets any of them.

Takes the criteria of a trial in their order; gives them with such lines as one. Stands before the screening.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from stromal.catalogue.screen import Given
from stromal.protocol import tree as t
from stromal.read.eligibility import DraftedCriterion, alone

_GOES_ON = re.compile(r"(?:[,;]|\s)\s*(?:and/)?or\W*$", re.IGNORECASE)
_LINE = re.compile(r"I\d+$")
_MOST = 8
"""Readings of alternatives that are told apart; beyond them the first of each line stands."""


def joined(lines: Iterable[Given]) -> tuple[Given, ...]:
    """The criteria of a trial, lines that end in `or` together with what follows them."""
    made, before = list[Given](), ""
    for group in _groups(lines):
        # `a; b; or c`: a may be one of them, so nobody knows what follows when b and c are not met.
        made.append(_one(group, whole=not before.rstrip().endswith((";", ","))) if len(group) > 1 else group[0])
        before = group[-1].criterion.text if _of_list(group[-1]) else ""
    return tuple(made)


def _groups(lines: Iterable[Given]) -> Iterator[list[Given]]:
    group: list[Given] = []
    for line in lines:
        if group and not (_of_list(group[-1]) and _of_list(line) and _GOES_ON.search(group[-1].criterion.text)):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _of_list(line: Given) -> bool:
    """Whether it is a numbered inclusion of the record's own text."""
    return line.protocol is None and line.criterion.side == "inclusion" and bool(_LINE.match(line.criterion.id))


def _one(group: Sequence[Given], *, whole: bool) -> Given:
    """Alternatives as one criterion; it rests on what is confirmed only where every part of it is."""
    lines = [line.criterion if line.basis == "confirmed" or not whole else alone(line.criterion) for line in group]
    first = lines[0]
    ways = list(product(*(line.conditions for line in lines)))
    ways = ways if len(ways) <= _MOST else ways[:1]
    written = list(product(*(line.readings for line in lines)))[: len(ways)]
    facts = tuple({fact.name: fact for line in lines for fact in line.facts}.values())
    signed = all(line.basis == "confirmed" for line in group)
    made = DraftedCriterion(
        f"{first.id} to {lines[-1].id}", "inclusion", " ".join(line.text for line in lines),
        first.place.quoting(" ".join(line.place.quote for line in lines)), "partly",
        first.question, tuple(" or ".join(f"({each})" for each in way) for way in written),
        tuple(t.Any(way) for way in ways), facts, "one of several lines is enough", confirmed=signed,
    )  # fmt: skip
    by = ", ".join(dict.fromkeys(filter(None, (line.by for line in group))))
    return Given(made, "confirmed" if signed else "drafted", by)
