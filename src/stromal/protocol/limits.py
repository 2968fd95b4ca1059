"""What a set of conditions leaves possible: limits on one term, contradictions between them, gaps in a decision table.

Takes expressions of a protocol; gives limits and the pairs that cannot both hold. Only what is certain is said: a
condition under `or` or `if` binds nobody by itself, and two windows are two different things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor, prod
from typing import Literal, assert_never

from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.writing import write
from stromal.values import Quantity, exact

_NEGATED: Mapping[str, t.Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_TURNED: Mapping[str, t.Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_WORST_GRADE = Fraction(5)
_MOST_CASES = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A term compared with a number in its own unit (years of age, nominal days of time), and where that stands."""

    term: t.Expr
    op: t.Operator
    value: Fraction
    path: str = ""

    @property
    def side(self) -> Literal["low", "high", ""]:
        """Whether it bounds from below, from above, or neither."""
        return "low" if self.op in (">", ">=") else "high" if self.op in ("<", "<=") else ""


@dataclass(frozen=True, slots=True)
class Options:
    """A choice that must be one of these."""

    term: t.Expr
    allowed: frozenset[str]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """A condition that must be true, or must be false."""

    term: t.Expr
    truth: bool
    path: str = ""


Demand = Limit | Options | Settled


# ---------------------------------------------------------------- comparisons


def limit(compare: t.Compare, protocol: m.Protocol, path: str = "") -> Limit | None:
    """A comparison with a literal as a limit in the term's own unit; None where two terms are compared."""
    for term, literal, op in ((compare.left, compare.right, compare.op), (compare.right, compare.left, None)):
        if isinstance(literal, t.Number | t.Length) and not isinstance(term, t.Number | t.Length):
            return Limit(_key(term), op or _TURNED[compare.op], in_own_unit(term, literal, protocol), path)
    return None


def in_own_unit(term: t.Expr, literal: t.Number | t.Length, protocol: m.Protocol) -> Fraction:
    """A literal in the unit of the term it is compared with; a length of time in nominal days."""
    if isinstance(literal, t.Length):
        return exact(literal.duration.days)
    fact = protocol.facts.get(getattr(term, "fact", ""))
    if fact is None or not literal.quantity.unit:
        return literal.quantity.value
    return literal.quantity.to(fact.unit).value


def _key(term: t.Expr) -> t.Expr:
    """Ages on two days of a trial are one and the same limit to a reader."""
    return t.Age() if isinstance(term, t.Age) else term


def _ends(between: t.Between, protocol: m.Protocol, path: str) -> tuple[Limit, Limit]:
    low, high = (t.Number(Quantity(end, between.unit)) for end in (between.low, between.high))
    first, last = (in_own_unit(between.item, end, protocol) for end in (low, high))
    return Limit(_key(between.item), ">=", first, path), Limit(_key(between.item), "<=", last, path)


# ---------------------------------------------------------------- what a condition demands


def demands(expr: t.Expr, protocol: m.Protocol, path: str = "", truth: bool = True) -> Iterator[Demand]:
    """What must hold for the expression to be true (or false); nothing where several ways are open."""
    match expr:
        case t.Not(item):
            yield from demands(item, protocol, path, not truth)
        case t.All(items) if truth:
            yield from (each for item in items for each in demands(item, protocol, path))
        case t.Any(items) if not truth:
            yield from (each for item in items for each in demands(item, protocol, path, truth=False))
        case t.If(condition, then) if not truth:
            yield from (*demands(condition, protocol, path), *demands(then, protocol, path, truth=False))
        case t.All() | t.Any() | t.If():
            return
        case t.Ref(name) if isinstance(rule := protocol.rules.get(name), m.Predicate):
            yield from demands(rule.when, protocol, path, truth)
        case _:
            yield from _of_test(expr, protocol, path, truth)


def _of_test(expr: t.Expr, protocol: m.Protocol, path: str, truth: bool) -> Iterator[Demand]:
    match expr:
        case t.Compare():
            found = limit(expr, protocol, path)
            if found:
                yield found if truth else replace(found, op=_NEGATED[found.op])
        case t.Between():
            if truth:
                yield from _ends(expr, protocol, path)
        case t.OneOf(item, options):
            every = frozenset(options_of(item, protocol))
            yield Options(item, frozenset(options) if truth else every - frozenset(options), path)
        case _:
            yield Settled(expr, truth, path)


def options_of(item: t.Expr, protocol: m.Protocol) -> tuple[str, ...]:
    """The options of a choice."""
    return protocol.facts[item.fact].options if isinstance(item, t.FactValue) else ()


# ---------------------------------------------------------------- contradictions


def conflicts(found: Iterable[Demand]) -> Iterator[tuple[Demand, Demand]]:
    """Pairs of demands that nothing fulfils together, one pair a term."""
    by_term: dict[t.Expr, list[Demand]] = {}
    for each in found:
        by_term.setdefault(each.term, []).append(each)
    for mine in by_term.values():
        pair = _of_limits([d for d in mine if isinstance(d, Limit)]) or _of_options(mine) or _of_truths(mine)
        if pair:
            yield pair


def _of_limits(limits: Sequence[Limit]) -> tuple[Demand, Demand] | None:
    for first in limits:
        for second in limits:
            if first.side != "high" and second.side != "low" and apart(first, second):
                return first, second
    return None


def apart(first: Limit, second: Limit) -> bool:
    """Whether no number fulfils both limits on one term."""
    points = sorted({first.value, second.value})
    whole = is_whole(first.term)
    return not any(holds(first, p) and holds(second, p) for p in _between_and_around(points, whole))


def holds(bound: Limit, value: Fraction) -> bool:
    """Whether a value fulfils the limit."""
    match bound.op:
        case "<":
            return value < bound.value
        case "<=":
            return value <= bound.value
        case ">":
            return value > bound.value
        case ">=":
            return value >= bound.value
        case "=":
            return value == bound.value
        case "!=":
            return value != bound.value
    assert_never(bound.op)


def _of_options(mine: Sequence[Demand]) -> tuple[Demand, Demand] | None:
    chosen = [each for each in mine if isinstance(each, Options)]
    for first in chosen:
        for second in chosen:
            if not first.allowed & second.allowed:
                return first, second
    return None


def _of_truths(mine: Sequence[Demand]) -> tuple[Demand, Demand] | None:
    settled = [each for each in mine if isinstance(each, Settled)]
    return next(((a, b) for a in settled for b in settled if a.truth and not b.truth), None)


def stricter(limits: Iterable[Limit], side: str) -> Limit | None:
    """The limit of one side that decides: the highest lower one, the lowest upper one."""
    mine = [each for each in limits if each.side == side]
    if side == "low":
        return max(mine, key=lambda each: (each.value, each.op == ">"), default=None)
    return min(mine, key=lambda each: (each.value, each.op == "<="), default=None)


# ---------------------------------------------------------------- decision tables


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading of a decision table shows: a case no row decides, and rows that never decide (1-based)."""

    gap: str = ""
    idle: tuple[int, ...] = ()
    readable: bool = True


def is_whole(term: t.Expr) -> bool:
    """Whether a term takes whole numbers only."""
    return isinstance(term, t.Count | t.Extreme | t.Age) or term == t.Field("grade")


def read_table(rows: Sequence[t.Expr], protocol: m.Protocol) -> Reading:
    """Go through every case that the rows tell apart: is each decided, does each row ever decide first?"""
    expanded = [_expanded(row, protocol) for row in rows]
    cases = _cases(expanded, protocol)
    if prod(len(values) for values in cases.values()) > _MOST_CASES:
        return Reading(readable=False)
    deciding, gap = set[int](), ""
    for values in product(*cases.values()):
        case = dict(zip(cases, values, strict=True))
        first = next((i for i, row in enumerate(expanded, 1) if _holds_in(row, case, protocol)), 0)
        deciding.add(first)
        if not first and not gap:
            gap = " and ".join(_told(term, value) for term, value in case.items())
    return Reading(gap, tuple(i for i in range(1, len(rows) + 1) if i not in deciding))


_Case = Mapping[t.Expr, "Fraction | str | bool"]


def _expanded(expr: t.Expr, protocol: m.Protocol) -> t.Expr:
    """The expression with the predicates it names written out."""
    match expr:
        case t.Ref(name) if isinstance(rule := protocol.rules.get(name), m.Predicate):
            return _expanded(rule.when, protocol)
        case t.Not(item):
            return t.Not(_expanded(item, protocol))
        case t.All(items):
            return t.All(tuple(_expanded(item, protocol) for item in items))
        case t.Any(items):
            return t.Any(tuple(_expanded(item, protocol) for item in items))
        case t.If(condition, then):
            return t.Any((t.Not(_expanded(condition, protocol)), _expanded(then, protocol)))
        case _:
            return expr


def _tests(expr: t.Expr) -> Iterator[t.Expr]:
    """The tests an expression is built of with and, or and not."""
    match expr:
        case t.Not(item):
            yield from _tests(item)
        case t.All(items) | t.Any(items):
            yield from (test for item in items for test in _tests(item))
        case _:
            yield expr


def _cases(rows: Sequence[t.Expr], protocol: m.Protocol) -> dict[t.Expr, tuple[Fraction | str | bool, ...]]:
    """Each term the rows ask about, with every value that makes a difference to them."""
    points: dict[t.Expr, set[Fraction]] = {}
    found: dict[t.Expr, tuple[Fraction | str | bool, ...]] = {}
    for test in (test for row in rows for test in _tests(row)):
        limits = _limits_of(test, protocol)
        for each in limits:
            points.setdefault(each.term, set()).add(each.value)
        if isinstance(test, t.OneOf):
            found[test.item] = options_of(test.item, protocol)
        elif not limits:
            found[test] = (True, False)
    for term, breaks in points.items():
        low, high = _domain(term, protocol)
        values = _between_and_around(sorted(breaks), is_whole(term))
        found[term] = tuple(v for v in values if (low is None or v >= low) and (high is None or v <= high))
    return found


def _limits_of(test: t.Expr, protocol: m.Protocol) -> tuple[Limit, ...]:
    if isinstance(test, t.Between):
        return _ends(test, protocol, "")
    found = limit(test, protocol) if isinstance(test, t.Compare) else None
    return (found,) if found else ()


def _between_and_around(points: Sequence[Fraction], whole: bool) -> tuple[Fraction, ...]:
    """The points, one value between each two, and one beyond either end: no comparison tells more apart."""
    ends = (points[0] - 1, *points, points[-1] + 1)
    middles = [(a + b) / 2 for a, b in pairwise(ends)]
    values = {*ends, *middles}
    if whole:
        values = {Fraction(rounded(value)) for value in values for rounded in (floor, ceil)}
    return tuple(sorted(values))


def _domain(term: t.Expr, protocol: m.Protocol) -> tuple[Fraction | None, Fraction | None]:
    """The values a term can take at all."""
    match term:
        case t.Extreme() | t.Field():
            return Fraction(0), _WORST_GRADE
        case t.Count() | t.Age() | t.TimeSince():
            return Fraction(0), None
        case t.FactValue(fact) if protocol.facts[fact].kind == "score":
            return protocol.facts[fact].low, protocol.facts[fact].high
    return None, None


def _holds_in(expr: t.Expr, case: _Case, protocol: m.Protocol) -> bool:
    match expr:
        case t.Not(item):
            return not _holds_in(item, case, protocol)
        case t.All(items):
            return all(_holds_in(item, case, protocol) for item in items)
        case t.Any(items):
            return any(_holds_in(item, case, protocol) for item in items)
        case t.OneOf(item, options):
            return case[item] in options
    limits = _limits_of(expr, protocol)
    return all(holds(each, Fraction(case[each.term])) for each in limits) if limits else bool(case[expr])


def _told(term: t.Expr, value: Fraction | str | bool) -> str:
    if isinstance(value, bool):
        return write(term) if value else f"not {write(term)}"
    shown = value if isinstance(value, str) else f"{float(value):g}"
    return f"{write(term)} = {shown}"
