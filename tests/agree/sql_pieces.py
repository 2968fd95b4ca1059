"""Small pieces of SQL that `sql_engine` builds its query of: days, windows, fractions, comparisons.

A piece is a text. Days are whole numbers; every number is a fraction of two whole numbers, so that SQLite compares
exactly; what is not fully known is a pair of such fractions, its least and its most.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from agree.sql_tables import UNITS

PER = {"day": Fraction(1), "week": Fraction(7), "month": Fraction(487, 16), "year": Fraction(1461, 4)}
OPEN = 10_000_000
"""A day before (negative) or after all others: the open end of a window."""
ONE = 10 * UNITS[""][1]
"""The number one, in tenths of the smallest unit."""


class Days(NamedTuple):
    """A window: its first and last day as SQL."""

    first: str
    last: str

    def hold(self, day: str) -> str:
        """Whether a day lies inside."""
        return f"({day} BETWEEN {self.first} AND {self.last})"


class Part(NamedTuple):
    """A fraction: whole numbers above and below, as SQL; NULL above where it is not known."""

    above: str
    below: str = "1"


class Num(NamedTuple):
    """A number between its least and its most."""

    low: Part
    high: Part

    @property
    def exact(self) -> bool:
        """Whether the two are the same piece of SQL."""
        return self.low == self.high


def known(part: Part) -> Num:
    """A number of which nothing is open."""
    return Num(part, part)


def quoted(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Texts as a list in SQL."""
    return f"({', '.join(map(quoted, texts))})"


def shifted(day: str, number: int, unit: str) -> str:
    """A day so many calendar units later; the last of the month where the month is too short."""
    if unit in ("day", "week"):
        return f"({day} + {number * (7 if unit == 'week' else 1)})"
    months = number * (12 if unit == "year" else 1)
    within = f"date({day}, 'start of month', '{months:+d} months', '+' || (strftime('%d', {day}) - 1) || ' days')"
    last = f"date({day}, 'start of month', '{months + 1:+d} months', '-1 day')"
    return as_day(f"min({within}, {last})")


def as_day(text: str) -> str:
    """A calendar day as a whole number."""
    return f"CAST(julianday({text}) + 0.5 AS INTEGER)"


def _ordered(op: str, left: Part, right: Part) -> str:
    return f"({left.above} * {right.below} {op} {right.above} * {left.below})"


def compared(op: str, left: Num, right: Num) -> str:
    """Two numbers compared: NULL where what is open about them leaves both answers possible."""
    if left.exact and right.exact:
        return _ordered(op, left.low, right.low)
    match op:
        case ">" | ">=":
            return compared("<" if op == ">" else "<=", right, left)
        case "!=":
            return f"(NOT {compared('=', left, right)})"
        case "=":
            one = f"{_ordered('=', left.low, left.high)} AND {_ordered('=', right.low, right.high)}"
            apart = f"{_ordered('<', left.high, right.low)} OR {_ordered('<', right.high, left.low)}"
            return f"(CASE WHEN {one} THEN {_ordered('=', left.low, right.low)} WHEN {apart} THEN 0 END)"
    sure, never = _ordered(op, left.high, right.low), _ordered(op, left.low, right.high)
    return f"(CASE WHEN {sure} THEN 1 WHEN NOT {never} THEN 0 END)"


def literal(value: Fraction, unit: str) -> Part:
    """A number as written, in tenths of the smallest unit of its kind."""
    scaled = value * 10 * UNITS[unit][1]
    return Part(str(scaled.numerator), str(scaled.denominator))


def combined(op: str, left: Num, right: Num) -> Num:
    """Sum or difference."""

    def put(first: Part, second: Part) -> Part:
        above = f"({first.above} * {second.below} {op} {second.above} * {first.below})"
        return Part(above, f"({first.below} * {second.below})")

    low, high = (right.low, right.high) if op == "+" else (right.high, right.low)
    return Num(put(left.low, low), put(left.high, high))
