"""Expressions in plain English: a phrase and a question for every node and window of the language.

Takes an expression and the protocol that declares its facts; gives words. A condition becomes a clause, a number a
noun. Strict and inclusive limits are worded differently: `> 2 years` is "more than 2 years", `>= 2 years` is "at
least 2 years".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from stromal.protocol import tree as t
from stromal.protocol.model import Protocol
from stromal.values import Duration, Quantity, plain

_OPERATORS = {
    ">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "exactly", "!=": "not",
}  # fmt: skip
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}
_UNITS = {
    "a": "years", "mo": "months", "wk": "weeks", "d": "days", "cells": "cells", "cells/kg": "cells per kg",
    "mm[Hg]": "mmHg", "Cel": "degrees Celsius", "/min": "per minute", "10*9/L": "x 10^9 per litre",
}  # fmt: skip
_EVENT = {
    "related": "related to the treatment", "serious": "serious", "expected": "expected", "resolved": "over",
}  # fmt: skip

Number = t.Number | t.FactValue | t.Age | t.Count | t.Extreme | t.Slope | t.Change | t.Arithmetic
Noun = Number | t.Length | t.Option | t.Text | t.TimeSince
Logic = t.Not | t.All | t.Any | t.If
Test = (
    t.Compare | t.Between | t.OneOf | t.Happened | t.Unchanged | t.Onset | t.Judged | t.Asked | t.Done | t.Ref | t.Field
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition said, asked and denied."""

    said: str
    asked: str
    denied: str


# ---------------------------------------------------------------- names, amounts, windows


def spoken(name: str) -> str:
    """A name of the file as words: `infusion_1` is "infusion 1"."""
    return name.replace("_", " ")


def fact(name: str, protocol: Protocol) -> str:
    """What a fact is called by people."""
    declared = protocol.facts.get(name)
    return declared.says if declared is not None and declared.says else spoken(name)


def number(value: Fraction) -> str:
    """A number for people: 0.5, 15, 100 million."""
    millions = value / 1_000_000
    return f"{plain(millions)} million" if abs(millions) >= 1 and millions < 1_000_000 else plain(value)


def amount(quantity: Quantity) -> str:
    """A number with its unit in words: 8 g/dL, 18 years, 3 million cells per kg."""
    unit = _UNITS.get(quantity.unit, quantity.unit)
    return f"{number(quantity.value)} {unit}".rstrip()


def anchor(point: t.Anchor) -> str:
    """An anchor in words."""
    return f"the {point.which} {spoken(point.name)}" if point.which else spoken(point.name)


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
            return f"during {listed(tuple(spoken(name) for name in names), 'and')}"
    assert_never(spec)


def listed(words: tuple[str, ...], join: str) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {join} {words[-1]}"


def _behind(spec: t.WindowSpec | None) -> str:
    return f" {window(spec)}" if spec else ""


# ---------------------------------------------------------------- phrases and questions


def english(expr: t.Expr, protocol: Protocol) -> str:
    """A phrase for any expression: a clause for a condition, a noun for a number."""
    if isinstance(expr, Logic):
        return _joined(expr, protocol)
    return clause(expr, protocol).said if isinstance(expr, Test) else _noun(expr, protocol)


def question(expr: t.Expr, protocol: Protocol) -> str:
    """An expression as a question: yes or no for a condition, "what is" for a number."""
    return " ".join(text for _, text in questions(expr, protocol))


def questions(expr: t.Expr, protocol: Protocol, number: str = "") -> tuple[tuple[int, str], ...]:
    """The same line by line: how deep each line is nested, and what it asks. Parts of part 2 are numbered 2.1, 2.2."""
    match expr:
        case t.If(condition, then):
            (depth, first), *rest = questions(then, protocol, number)
            return (depth, f"Only if {english(condition, protocol)} (otherwise yes): {first}"), *rest
        case t.All(items) | t.Any(items) | t.Not(t.All(items) | t.Any(items)):
            numbers = (f"{number}.{index}".lstrip(".") for index in range(1, len(items) + 1))
            inside = [_part(item, protocol, each) for item, each in zip(items, numbers, strict=True)]
            return (0, _asks(expr)), *(line for lines in inside for line in lines)
    return ((0, _asked(expr, protocol)),)


def _part(item: t.Expr, protocol: Protocol, number: str) -> tuple[tuple[int, str], ...]:
    (_, first), *rest = questions(item, protocol, number)
    return (1, f"({number}) {first}"), *((depth + 1, text) for depth, text in rest)


def _asks(expr: t.Expr) -> str:
    """What is asked of several parts."""
    match expr:
        case t.Not(item):
            return "Not all of these?" if isinstance(item, t.All) else "None of these?"
        case _:
            return "All of these?" if isinstance(expr, t.All) else "Any of these?"


def _asked(expr: t.Expr, protocol: Protocol) -> str:
    match expr:
        case t.Not(item) if isinstance(item, Test):
            return f"Is it so that {clause(item, protocol).denied}?"
        case t.Not():
            return f"Is this so: {english(expr, protocol)}?"
        case t.Judged(asked) | t.Asked(asked):
            return f"{asked.rstrip('?')}?"
    return f"{clause(expr, protocol).asked}?" if isinstance(expr, Test) else f"What is {_noun(expr, protocol)}?"  # type: ignore[arg-type]  # no logic is left


def _joined(expr: Logic, protocol: Protocol) -> str:
    match expr:
        case t.Not(item) if isinstance(item, Test):
            return clause(item, protocol).denied
        case t.Not(item):
            return f"it is not so that {_inside(item, protocol)}"
        case t.All(items):
            return ", and ".join(_inside(item, protocol) for item in items)
        case t.Any(items):
            return ", or ".join(_inside(item, protocol) for item in items)
        case t.If(condition, then):
            return f"if {english(condition, protocol)}, then {english(then, protocol)}"
    assert_never(expr)


def _inside(item: t.Expr, protocol: Protocol) -> str:
    phrase = english(item, protocol)
    return f"({phrase})" if isinstance(item, t.All | t.Any | t.If) else phrase


# ---------------------------------------------------------------- conditions


def clause(expr: Test, protocol: Protocol) -> Clause:
    """A condition without and, or, not, if: said, asked and denied."""
    match expr:
        case t.Compare() | t.Between() | t.OneOf():
            return _compared(expr, protocol)
        case t.Happened():
            return _happened(expr, protocol)
        case t.Unchanged(name, length, point):
            return _is(fact(name, protocol), "was", f"unchanged for {length} before {anchor(point)}")
        case t.Field(name):
            return _is("the event", "is", _EVENT.get(name, f"of some {spoken(name)}"))
        case t.Onset(spec):
            when = window(spec)
            return Clause(f"the event began {when}", f"Did the event begin {when}", f"the event did not begin {when}")
        case t.Judged(asked, by):
            return _answered(f"the {spoken(by)}", asked)
        case t.Asked(asked):
            return _answered("the person", asked)
        case t.Done(visit):
            return _done(visit, protocol)
        case t.Ref(rule):
            return _rule(rule, protocol)
    assert_never(expr)


def _is(subject: str, verb: str, rest: str) -> Clause:
    return Clause(f"{subject} {verb} {rest}", f"{verb.capitalize()} {subject} {rest}", f"{subject} {verb} not {rest}")


def _answered(who: str, asked: str) -> Clause:
    return Clause(f'{who} answers yes to "{asked}"', asked.rstrip("?"), f'{who} answers no to "{asked}"')


def _done(visit: str, protocol: Protocol) -> Clause:
    planned = protocol.schedule.get(visit)
    if planned is not None and planned.give:
        return _is(f"the dose of {spoken(visit)}", "was", "given")
    named = spoken(visit)
    return Clause(f"{named} took place", f"Did {named} take place", f"{named} did not take place")


def _rule(name: str, protocol: Protocol) -> Clause:
    says = getattr(protocol.rules.get(name), "says", "")
    named = f"{spoken(name)} ({says[0].lower() + says[1:]})" if says else spoken(name)
    return Clause(f"{named} holds", f"Does {named} hold", f"{named} does not hold")


def _happened(expr: t.Happened, protocol: Protocol) -> Clause:
    named, declared = fact(expr.fact, protocol), protocol.facts.get(expr.fact)
    if declared is not None and declared.kind == "yes_no":
        return _is(f'the answer to "{named}"{_behind(expr.window)}', "is", "yes")
    if isinstance(expr.window, t.Ongoing):
        when = f"at {anchor(expr.window.at)}" if expr.window.at else "now"
        return Clause(f"there is {named} {when}", f"Is there {named} {when}", f"there is no {named} {when}")
    when = window(expr.window) if expr.window else "at any time"
    return Clause(f"there was {named} {when}", f"Was there {named} {when}", f"there was no {named} {when}")


def _compared(expr: t.Compare | t.Between | t.OneOf, protocol: Protocol) -> Clause:
    match expr:
        case t.Compare(op, left, right):
            literal = isinstance(right, t.Number | t.Length | t.Text)
            subject, behind = _apart(left, protocol) if literal else (english(left, protocol), "")
            limit = english(right, protocol)
            said, denied = (f"{_OPERATORS[each]} {limit}{behind}" for each in (op, _OPPOSITE[op]))
            return Clause(f"{subject} is {said}", f"Is {subject} {said}", f"{subject} is {denied}")
        case t.Between(left, low, high, unit):
            subject, behind = _apart(left, protocol)
            return _is(subject, "is", f"{number(low)} to {amount(Quantity(high, unit))} (both included){behind}")
        case t.OneOf(left, options):
            subject, behind = _apart(left, protocol)
            return _is(subject, "is", f"{listed(tuple(spoken(option) for option in options), 'or')}{behind}")
    assert_never(expr)


def _apart(item: t.Expr, protocol: Protocol) -> tuple[str, str]:
    """A term and the window that is said behind the comparison."""
    match item:
        case t.FactValue(name, spec):
            return fact(name, protocol), _behind(spec)
        case t.Age(at):
            return "age", f" at {anchor(at)}" if at else ""
        case t.TimeSince(name, which, at):
            start = f"the {which} " if which else ""
            return f"the time since {start}{fact(name, protocol)}", f" at {anchor(at)}" if at else ""
        case t.Field(name):
            return f"the {spoken(name)} of the event", ""
    return english(item, protocol), ""


# ---------------------------------------------------------------- nouns


def _noun(expr: Noun, protocol: Protocol) -> str:
    match expr:
        case t.Number(quantity):
            return amount(quantity)
        case t.Length(duration):
            return str(duration)
        case t.Option(name):
            return spoken(name)
        case t.Text(text):
            return f'"{text}"'
        case t.FactValue() | t.Age() | t.TimeSince():
            return "".join(_apart(expr, protocol))
        case t.Count() | t.Extreme() | t.Slope() | t.Change() | t.Arithmetic():
            return _derived(expr, protocol)
    assert_never(expr)


def _derived(expr: t.Count | t.Extreme | t.Slope | t.Change | t.Arithmetic, protocol: Protocol) -> str:
    match expr:
        case t.Count(of, where, spec):
            return f"the number of {_members(of, where, spec, protocol)}"
        case t.Extreme(which, name, of, where, spec):
            most = "highest" if which == "max" else "lowest"
            return f"the {most} {spoken(name)} of {_members(of, where, spec, protocol)} (0 when there are none)"
        case t.Slope(name, per, spec):
            return f"the average change of {fact(name, protocol)} per {per}{_behind(spec)}"
        case t.Change(name, base, at):
            return f"the change of {fact(name, protocol)} from {anchor(base)} to {anchor(at)}"
        case t.Arithmetic(op, left, right):
            second = english(right, protocol)
            second = f"({second})" if isinstance(right, t.Arithmetic) else second
            return f"{english(left, protocol)} {'plus' if op == '+' else 'minus'} {second}"
    assert_never(expr)


def _members(of: str, where: t.Expr | None, spec: t.WindowSpec | None, protocol: Protocol) -> str:
    named, whose = ("participants", "for whom") if of == t.PARTICIPANTS else (fact(of, protocol), "where")
    condition = f" ({whose} {english(where, protocol)})" if where else ""
    return f"{named}{_behind(spec)}{condition}"
