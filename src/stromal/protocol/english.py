"""Expressions in plain English: a phrase for every node and window of the language, and questions for people.

Takes an expression and the protocol that declares its facts; gives words. Strict and inclusive limits are worded
differently: `> 2 years` is "more than 2 years", `>= 2 years` is "at least 2 years".
"""

from __future__ import annotations

from typing import assert_never

from stromal.protocol import tree as t
from stromal.protocol.model import Protocol
from stromal.values import Duration, Quantity, plain

_OPERATORS = {
    ">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "exactly", "!=": "other than",
}  # fmt: skip
_MILESTONES = {"consent": "consent", "enrolment": "enrolment", t.NOW: "now"}


def spoken(name: str) -> str:
    """A name of the file as words: `infusion_1` is "infusion 1"."""
    return name.replace("_", " ")


def fact(name: str, protocol: Protocol) -> str:
    """What a fact is called by people."""
    declared = protocol.facts.get(name)
    return declared.says if declared is not None and declared.says else spoken(name)


def anchor(point: t.Anchor) -> str:
    """An anchor in words."""
    if point.which:
        return f"the {point.which} {spoken(point.name)}"
    return _MILESTONES.get(point.name, spoken(point.name))


def window(spec: t.WindowSpec) -> str:  # noqa: C901 - one flat case a window
    """A window in words, with the ends it includes."""
    match spec:
        case t.Ever(before):
            return f"at any time up to {anchor(before)}" if before else "at any time"
        case t.Ongoing(at):
            return f"going on at {anchor(at)}" if at else "going on now"
        case t.At(point):
            return f"at {anchor(point)}"
        case t.Latest(before):
            return f"as last known at {anchor(before)}" if before else "as last known"
        case t.Beside(side, point):
            return f"up to and including {anchor(point)}" if side == "before" else f"from {anchor(point)} on"
        case t.Within(length, side, point):
            return f"within {length} {side} {anchor(point)}"
        case t.Span(low, high, unit, side, point):
            return f"{low} to {Duration(high, unit)} {side} {anchor(point)}"
        case t.Since(point):
            return f"since {anchor(point)}"
        case t.FromUntil(first, last):
            return f"from {anchor(first)} until {anchor(last)}"
        case t.InEpochs(names):
            return f"during {_list(tuple(spoken(name) for name in names), 'and')}"
    assert_never(spec)


def english(expr: t.Expr, protocol: Protocol) -> str:
    """A phrase for any expression: a clause for a condition, a noun for a number."""
    match expr:
        case t.Not() | t.All() | t.Any() | t.If():
            return _joined(expr, protocol)
        case t.Compare() | t.Between() | t.OneOf():
            return _compared(expr, protocol)
        case t.Number() | t.Length() | t.Option() | t.Text() | t.FactValue() | t.Field() | t.Age() | t.TimeSince():
            return _term(expr, protocol)
        case t.Count() | t.Extreme() | t.Slope() | t.Change() | t.Arithmetic():
            return _derived(expr, protocol)
        case _:
            return _stated(expr, protocol)


def _stated(expr: t.Happened | t.Unchanged | t.Onset | t.Judged | t.Asked | t.Done | t.Ref, protocol: Protocol) -> str:
    match expr:
        case t.Happened(name, spec):
            return f"{fact(name, protocol)} {window(spec)}" if spec else f"{fact(name, protocol)} at any time"
        case t.Unchanged(name, length, point):
            return f"{fact(name, protocol)} unchanged for {length} before {anchor(point)}"
        case t.Onset(spec):
            return f"it began {window(spec)}"
        case t.Judged(question, by):
            return f'the {spoken(by)} answers yes to "{question}"'
        case t.Asked(question):
            return f'the person answers yes to "{question}"'
        case t.Done(visit):
            given = protocol.schedule[visit].give if visit in protocol.schedule else ""
            return f"the dose of {spoken(visit)} was given" if given else f"{spoken(visit)} took place"
        case t.Ref(rule):
            says = getattr(protocol.rules.get(rule), "says", "")
            return f"{spoken(rule)} ({says[0].lower() + says[1:]})" if says else spoken(rule)
    assert_never(expr)


def _joined(expr: t.Not | t.All | t.Any | t.If, protocol: Protocol) -> str:
    match expr:
        case t.Not(t.Happened() as item):
            return f"no {english(item, protocol)}"
        case t.Not(item):
            return f"not: {english(item, protocol)}"
        case t.All(items):
            return "; and ".join(_inside(item, protocol) for item in items)
        case t.Any(items):
            return "; or ".join(_inside(item, protocol) for item in items)
        case t.If(condition, then):
            return f"if {english(condition, protocol)}, then {english(then, protocol)}"
    assert_never(expr)


def _inside(item: t.Expr, protocol: Protocol) -> str:
    phrase = english(item, protocol)
    return f"({phrase})" if isinstance(item, t.All | t.Any | t.If) else phrase


def _compared(expr: t.Compare | t.Between | t.OneOf, protocol: Protocol) -> str:
    match expr:
        case t.Compare(op, left, right):
            item, behind = _apart(left, protocol)
            if isinstance(right, t.Text):
                return f"{item} is {'' if op == '=' else 'not '}{english(right, protocol)}"
            return f"{item} is {_OPERATORS[op]} {english(right, protocol)}{behind}"
        case t.Between(left, low, high, unit):
            item, behind = _apart(left, protocol)
            return f"{item} is {plain(low)} to {Quantity(high, unit)}, both included,{behind}".rstrip(",")
        case t.OneOf(left, options):
            item, behind = _apart(left, protocol)
            return f"{item} is {_list(tuple(spoken(option) for option in options), 'or')}{behind}"
    assert_never(expr)


def _apart(item: t.Expr, protocol: Protocol) -> tuple[str, str]:
    """A term and the window that is said behind the comparison."""
    match item:
        case t.FactValue(name, spec):
            return fact(name, protocol), f" {window(spec)}" if spec else ""
        case t.Age(at):
            return "age", f" at {anchor(at)}" if at else ""
        case t.TimeSince(name, which, at):
            first = f"{which} " if which else ""
            return f"the time since {first}{fact(name, protocol)}", f" at {anchor(at)}" if at else ""
    return english(item, protocol), ""


def _term(
    expr: t.Number | t.Length | t.Option | t.Text | t.FactValue | t.Field | t.Age | t.TimeSince, protocol: Protocol
) -> str:
    match expr:
        case t.Number(amount):
            return str(amount)
        case t.Length(duration):
            return str(duration)
        case t.Option(name) | t.Field(name):
            return spoken(name)
        case t.Text(text):
            return f'"{text}"'
    item, behind = _apart(expr, protocol)
    return item + behind


def _derived(expr: t.Count | t.Extreme | t.Slope | t.Change | t.Arithmetic, protocol: Protocol) -> str:
    match expr:
        case t.Count(of, where, spec):
            return f"the number of {_members(of, where, spec, protocol)}"
        case t.Extreme(which, name, of, where, spec):
            most = "highest" if which == "max" else "lowest"
            return f"the {most} {spoken(name)} of {_members(of, where, spec, protocol)}"
        case t.Slope(name, per, spec):
            return f"the change of {fact(name, protocol)} per {per}{' ' + window(spec) if spec else ''}"
        case t.Change(name, base, at):
            return f"the change of {fact(name, protocol)} from {anchor(base)} to {anchor(at)}"
        case t.Arithmetic(op, left, right):
            return f"{english(left, protocol)} {'plus' if op == '+' else 'minus'} {english(right, protocol)}"
    assert_never(expr)


def _members(of: str, where: t.Expr | None, spec: t.WindowSpec | None, protocol: Protocol) -> str:
    named = "participants" if of == t.PARTICIPANTS else fact(of, protocol)
    condition = f" for which {english(where, protocol)}" if where else ""
    return f"{named}{' ' + window(spec) if spec else ''}{condition}"


def _list(words: tuple[str, ...], join: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {join} {words[-1]}"


def question(expr: t.Expr, protocol: Protocol) -> str:
    """A condition as a yes/no question to somebody."""
    match expr:
        case t.Judged(asked) | t.Asked(asked):
            return asked
        case t.Happened(name, t.Ongoing(at)):
            return f"Is there {fact(name, protocol)} {'at ' + anchor(at) if at else 'now'}?"
        case t.Happened(name, spec):
            return f"Was there {fact(name, protocol)} {window(spec) if spec else 'at any time'}?"
        case t.Not(t.Judged(asked) | t.Asked(asked)):
            return f"Is the answer no? {asked}"
        case t.Not(t.Happened() as item):
            return f"Is it certain that there was no {english(item, protocol)}?"
        case t.Compare() | t.Between() | t.OneOf():
            clause, _, rest = english(expr, protocol).partition(" is ")
            return f"Is {clause} {rest}?"
        case t.All(items):
            return f"All of these? {_numbered(items, protocol)}"
        case t.Any(items):
            return f"Any of these? {_numbered(items, protocol)}"
        case t.If(condition, then):
            return f"Only if {english(condition, protocol)}: {question(then, protocol)}"
    return f"Is this so: {english(expr, protocol)}?"


def _numbered(items: tuple[t.Expr, ...], protocol: Protocol) -> str:
    return " ".join(f"({number}) {question(item, protocol)}" for number, item in enumerate(items, 1))
