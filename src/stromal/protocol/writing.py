"""The tree of an expression back to canonical text: what the formatter writes, and what reads back to the same tree."""

from __future__ import annotations

from typing import assert_never

from stromal.protocol import tree as t
from stromal.values import Quantity, duration_unit, short


def write(expr: t.Expr) -> str:
    """Canonical text of an expression; `language.parse` reads it back to the same tree."""
    return _loose(expr)


def _loose(expr: t.Expr) -> str:
    match expr:
        case t.If(condition, then):
            return f"if {_junction(condition)} then {_loose(then)}"
        case _:
            return _junction(expr)


def _junction(expr: t.Expr) -> str:
    match expr:
        case t.Any(items):
            return " or ".join(
                f"({_loose(each)})" if isinstance(each, t.Any | t.If) else _conjunct(each) for each in items
            )
        case t.If():
            return f"({_loose(expr)})"
        case _:
            return _conjunct(expr)


def _conjunct(expr: t.Expr) -> str:
    match expr:
        case t.All(items):
            return " and ".join(f"({_loose(each)})" if isinstance(each, t.All) else _tight(each) for each in items)
        case _:
            return _tight(expr)


def _tight(expr: t.Expr) -> str:
    match expr:
        case t.Any() | t.All() | t.If():
            return f"({_loose(expr)})"
        case t.Not(t.Happened(fact, window)):
            return f"no {fact}{_behind(window)}"
        case t.Not(item):
            return f"not {_tight(item)}"
        case _:
            return _test(expr)


def _test(expr: t.Expr) -> str:
    match expr:
        case t.Compare(op, t.Age(at), t.Number(Quantity(value, _))):
            return f"age {op} {short(value)} years{_behind(t.At(at) if at else None)}"
        case t.Compare(op, left, right):
            literal = isinstance(right, t.Number | t.Length | t.Text) and not isinstance(left, t.Arithmetic)
            term, behind = _split(left) if literal else (_test(left), "")
            return f"{term} {op} {_test(right)}{behind}"
        case t.Between(item, low, high, unit):
            term, behind = _split(item)
            if duration_unit(unit) and not isinstance(item, t.Age):  # '2..5 mo before x' would be a stretch of time
                term, behind = term + behind, ""
            return f"{term} {short(low)}..{short(high)}{_unit(unit, item)}{behind}"
        case t.OneOf(item, options):
            term, behind = _split(item)
            chosen = f"= {options[0]}" if len(options) == 1 else f"in [{', '.join(options)}]"
            return f"{term} {chosen}{behind}"
        case t.Arithmetic(op, left, right):
            tail = f"({_test(right)})" if isinstance(right, t.Arithmetic) else _test(right)
            return f"{_test(left)} {op} {tail}"
        case t.Unchanged(fact, length, anchor):
            return f"{fact} unchanged for {length} before {_anchor(anchor)}"
        case t.Judged(question, by):
            return f'judged "{question}" by {by}'
        case t.Asked(question):
            return f'asked "{question}"'
        case _:
            term, behind = _split(expr)
            return term + behind


def _split(expr: t.Expr) -> tuple[str, str]:
    """A term and the window that is written behind the comparison."""
    match expr:
        case t.FactValue(fact, window) | t.Happened(fact, window):
            return fact, _behind(window)
        case t.Age(at):
            return "age", f" at {_anchor(at)}" if at else ""
        case t.TimeSince(fact, which, at):
            return f"time since {which + ' ' if which else ''}{fact}", f" at {_anchor(at)}" if at else ""
        case t.Change(fact, base, at):
            now = at == t.Anchor(t.NOW)
            return f"change({fact}, from {_anchor(base)})", "" if now else f" at {_anchor(at)}"
        case t.Slope(fact, per, window):
            return f"slope({fact}, per {per})", _behind(window)
        case t.Onset(window):
            return "onset", _behind(window)
        case _:
            return _atom(expr), ""


def _atom(expr: t.Expr) -> str:
    match expr:
        case t.Number(Quantity(value, unit)):
            sign = "-" if value < 0 else ""
            return f"{sign}{short(abs(value))} {unit}".rstrip()
        case t.Length(duration):
            return str(duration)
        case t.Option(name) | t.Field(name) | t.Ref(name):
            return name
        case t.Text(text):
            return f'"{text}"'
        case t.Count(of, where, window):
            return f"count({_collection(of, where, window)})"
        case t.Extreme(which, field, of, where, window):
            return f"{which} {field}({_collection(of, where, window)})"
        case t.Done(visit):
            return f"done({visit})"
        case _:
            return f"({_loose(expr)})"


def _collection(of: str, where: t.Expr | None, window: t.WindowSpec | None) -> str:
    if where is None:
        return of + _behind(window)
    return f"{of} where {_loose(where)}" + (f",{_behind(window)}" if window else "")


def _unit(unit: str, item: t.Expr) -> str:
    return " years" if isinstance(item, t.Age) else f" {unit}" if unit else ""


def _anchor(anchor: t.Anchor) -> str:
    return f"{anchor.which} {anchor.name}".strip()


def _behind(window: t.WindowSpec | None) -> str:
    return f" {write_window(window)}" if window else ""


def write_window(window: t.WindowSpec) -> str:  # noqa: C901 - one flat case a window
    """Canonical text of a window."""
    match window:
        case t.Ever(before):
            return f"ever before {_anchor(before)}" if before else "ever"
        case t.Ongoing(at):
            return f"ongoing at {_anchor(at)}" if at else "ongoing"
        case t.At(anchor):
            return f"at {_anchor(anchor)}"
        case t.Latest(before):
            return f"latest before {_anchor(before)}" if before else "latest"
        case t.Beside(side, anchor):
            return f"{side} {_anchor(anchor)}"
        case t.Within(length, side, anchor):
            return f"within {length} {side} {_anchor(anchor)}"
        case t.Span(low, high, unit, side, anchor):
            return f"{low}..{high} {unit}s {side} {_anchor(anchor)}"
        case t.Since(anchor):
            return f"since {_anchor(anchor)}"
        case t.FromUntil(first, last):
            return f"from {_anchor(first)} until {_anchor(last)}"
        case t.InEpochs(names):
            return f"in {names[0]}" if len(names) == 1 else f"in [{', '.join(names)}]"
    assert_never(window)
