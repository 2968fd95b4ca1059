"""Text of an expression -> a raw tree whose names are not looked up yet (`language` does that).

Takes the text alone; gives `tree` nodes mixed with the five raw ones below, or raises Misread with the column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

from stromal.protocol import tree as t
from stromal.values import Duration, duration, duration_unit

_DEEPEST = 50
"""Deeper than any rule people write, and far from where reading it would run out of stack."""
_SINGLE = ("start", "any_", "all_")
"""Nodes that stand around everything; with one part they say nothing."""


class Misread(ValueError):  # noqa: N818 - the language's own word
    """One expression that cannot be read: message, the nearest right name or the next step, and the column."""

    def __init__(self, code: str, message: str, hint: str = "", column: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.column = code, message, hint, column


@dataclass(frozen=True, slots=True)
class Name:
    """A name not yet looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number with the unit as written: a quantity or a length of time, which only its neighbour tells."""

    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Range:
    """`17..45 years` as a window, until its neighbour tells what is between."""

    low: str
    high: str
    unit: str


@dataclass(frozen=True, slots=True)
class Windowed:
    """A term with the windows written behind it."""

    item: object
    windows: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """What stands between the brackets of count or max."""

    of: str
    windows: tuple[object, ...]
    where: object | None


@cache
def _parser() -> Lark:
    grammar = resources.files("stromal.protocol").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=True)


def length_of(count: str, word: str) -> Duration:
    """`14` and `days` as a length of time. Raises Misread."""
    if duration_unit(word) is None or not count.isdigit():
        raise Misread("time.unit", f"{count} {word} is not a length of time", "write days, weeks, months or years")
    try:
        return duration(f"{count} {word}")
    except ValueError as error:
        raise Misread("time.unit", str(error), "write a length of time such as 14 days") from None


def _words(text: Token) -> str:
    """What stands in quotation marks, however it is spaced: a file may wrap it."""
    return " ".join(str(text)[1:-1].split())


@v_args(inline=True)
class _Reader(Transformer[Token, object]):
    """Parse tree -> tree of `tree` nodes with names and windows still unresolved."""

    def start(self, item: object) -> object:
        return item

    group = start

    def if_then(self, condition: object, then: object) -> object:
        return t.If(cast(t.Expr, condition), cast(t.Expr, then))

    def any_(self, *items: object) -> object:
        return items[0] if len(items) == 1 else t.Any(cast(tuple[t.Expr, ...], items))

    def all_(self, *items: object) -> object:
        return items[0] if len(items) == 1 else t.All(cast(tuple[t.Expr, ...], items))

    def not_(self, item: object) -> object:
        return t.Not(cast(t.Expr, item))

    def compare(self, left: object, op: Token, right: object) -> object:
        return t.Compare(cast(t.Operator, str(op)), cast(t.Expr, left), cast(t.Expr, right))

    def no(self, name: Token, *windows: object) -> object:
        return t.Not(cast(t.Expr, self.windowed(Name(str(name)), *windows) if windows else Name(str(name))))

    def unchanged(self, name: Token, count: Token, unit: Token, anchor: t.Anchor) -> object:
        return t.Unchanged(str(name), length_of(str(count), str(unit)), anchor)

    def judged(self, text: Token, by: Token) -> object:
        return t.Judged(_words(text), str(by))

    def asked(self, text: Token) -> object:
        return t.Asked(_words(text))

    def minus(self, left: object, right: object) -> object:
        return t.Arithmetic("-", cast(t.Expr, left), cast(t.Expr, right))

    def plus(self, left: object, right: object) -> object:
        return t.Arithmetic("+", cast(t.Expr, left), cast(t.Expr, right))

    def windowed(self, item: object, *windows: object) -> object:
        """A term in its windows; what reads as `8..12 g/dL before x` is a range and a window."""
        flat = [part for each in windows for part in (each if isinstance(each, tuple) else (each,))]
        return Windowed(item, tuple(flat))

    def number(self, value: Token, unit: Token | None) -> object:
        return Numeral(str(value), str(unit or ""))

    def negative(self, value: Token, unit: Token | None) -> object:
        return Numeral("-" + str(value), str(unit or ""))

    def name(self, name: Token) -> object:
        return Name(str(name))

    def text(self, text: Token) -> object:
        return t.Text(_words(text))

    def time_since(self, *parts: Token) -> object:
        which = cast(t.Which, str(parts[0])) if len(parts) == 2 and parts[0] else ""
        return t.TimeSince(str(parts[-1]), which)

    def done(self, name: Token) -> object:
        return t.Done(str(name))

    def count(self, of: Collection) -> object:
        return t.Count(of.of, cast(t.Expr | None, of.where), _one_window(of.windows))

    def extreme(self, which: Token, name: Token, of: Collection) -> object:
        window = _one_window(of.windows)
        return t.Extreme(
            cast(Literal["max", "min"], str(which)), str(name), of.of, cast(t.Expr | None, of.where), window
        )

    def slope(self, name: Token, per: Token) -> object:
        unit = duration_unit(str(per))
        if unit is None:
            raise Misread("time.unit", f"'per {per}' is not a unit of time", "write per day, week, month or year")
        return t.Slope(str(name), unit)

    def change(self, name: Token, base: t.Anchor) -> object:
        return t.Change(str(name), base, t.Anchor(t.NOW))

    def collection(self, name: Token, *rest: object) -> object:
        *windows, where, last = rest
        behind = tuple(each for each in (*windows, last) if each)
        return Collection(str(name), cast(Windowed, self.windowed(None, *behind)).windows, where)

    def anchor(self, *parts: Token) -> t.Anchor:
        which = cast(t.Which, str(parts[0])) if len(parts) == 2 and parts[0] else ""
        return t.Anchor(str(parts[-1]), which)

    def side_before(self) -> str:
        return "before"

    def side_after(self) -> str:
        return "after"

    def ever(self, anchor: t.Anchor | None) -> object:
        return t.Ever(anchor)

    def ongoing(self, anchor: t.Anchor | None) -> object:
        return t.Ongoing(anchor)

    def at(self, anchor: t.Anchor) -> object:
        return t.At(anchor)

    def latest(self, anchor: t.Anchor | None) -> object:
        return t.Latest(anchor)

    def before(self, anchor: t.Anchor) -> object:
        return t.Beside("before", anchor)

    def after(self, anchor: t.Anchor) -> object:
        return t.Beside("after", anchor)

    def within(self, count: Token, unit: Token, side: str, anchor: t.Anchor) -> object:
        return t.Within(length_of(str(count), str(unit)), cast(t.Side, side), anchor)

    def between(self, low: Token, high: Token, unit: Token | None) -> object:
        return Range(str(low), str(high), str(unit or ""))

    def span(self, low: Token, high: Token, unit: Token, side: str, anchor: t.Anchor) -> object:
        if duration_unit(str(unit)) is None:
            return self.between(low, high, unit), t.Beside(cast(t.Side, side), anchor)
        first, last = length_of(str(low), str(unit)), length_of(str(high), str(unit))
        if first.count > last.count:
            raise Misread("range.order", f"{low}..{high} runs backwards", "write the smaller number first")
        return t.Span(first.count, last.count, first.unit, cast(t.Side, side), anchor)

    def since(self, anchor: t.Anchor) -> object:
        return t.Since(anchor)

    def from_until(self, first: t.Anchor, last: t.Anchor) -> object:
        return t.FromUntil(first, last)

    def in_name(self, name: Token) -> object:
        return t.InEpochs((str(name),))

    def in_list(self, *names: Token) -> object:
        return t.InEpochs(tuple(str(name) for name in names))


def _one_window(windows: tuple[object, ...]) -> t.WindowSpec | None:
    if len(windows) > 1:
        raise Misread("window.twice", "one window is enough here", "keep the one that is meant")
    if windows and isinstance(windows[0], Range):
        raise Misread("window.range", "a range is no window", "say of what: '0..28 days after ...'")
    return cast(t.WindowSpec, windows[0]) if windows else None


def read(text: str) -> object:
    """The raw tree of one expression. Raises Misread."""
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = error.column if error.column and error.column > 0 else len(text)
        at = text[column - 1 : column + 24] if 0 < column <= len(text) else "the end"
        raise Misread("expression.syntax", f"cannot be read from {at!r} on", _syntax_hint(text), column) from None
    if (depth := _depth(tree)) > _DEEPEST:
        message = f"it is nested {depth} deep, at most {_DEEPEST} can be read"
        raise Misread("expression.depth", message, "leave out needless brackets, or make parts of it rules")
    try:
        return _Reader().transform(tree)
    except VisitError as error:
        raise error.orig_exc from None


def _depth(tree: Tree[Token]) -> int:
    """How many nodes of a parse tree stand inside one another at most, or brackets where they are more.

    A loop, because it may be too deep to recurse. Brackets are counted apart: a canonical text has no more of them than
    of the other nodes, so what can be read can be read again.
    """
    deepest, open_ = 0, [(tree, 0, 0)]
    while open_:
        node, nodes, brackets = open_.pop()
        if node.data == "group":
            brackets += 1
        elif len(node.children) > 1 or node.data not in _SINGLE:
            nodes += 1
        deepest = max(deepest, nodes, brackets)
        open_ += [(each, nodes, brackets) for each in node.children if isinstance(each, Tree)]
    return deepest


def _syntax_hint(text: str) -> str:
    if "==" in text:
        return "write = instead of =="
    if text.count('"') % 2:
        return "a quotation mark is missing"
    if text.count("(") != text.count(")"):
        return "a bracket is missing"
    return "docs/protocol.md shows what the language can say"
