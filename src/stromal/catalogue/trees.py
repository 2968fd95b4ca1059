"""Typed conditions as plain lists and back, so that a catalogue keeps them without their being parsed again.

Takes a node of `protocol.tree` and gives lists, texts and numbers; takes those and gives the same node. Every node and
value type of the tree has its name in the table below: one that is missing is an error when it is kept, never later.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import Any, cast

from stromal.protocol import tree as t
from stromal.values import Duration, Quantity

_TYPES: dict[str, Any] = {
    each.__name__: each
    for each in (
        t.Anchor, t.Ever, t.Ongoing, t.At, t.Latest, t.Beside, t.Within, t.Span, t.Since, t.FromUntil, t.InEpochs,
        t.Number, t.Length, t.Option, t.Text, t.FactValue, t.Field, t.Age, t.TimeSince, t.Count, t.Extreme, t.Slope,
        t.Change, t.Arithmetic, t.Compare, t.Between, t.OneOf, t.Happened, t.Unchanged, t.Onset, t.Judged, t.Asked,
        t.Done, t.Ref, t.Not, t.All, t.Any, t.If, Quantity, Duration,
    )
}  # fmt: skip
_NAMES = {name: tuple(field.name for field in fields(kind)) for name, kind in _TYPES.items()}
_LIST, _NUMBER = "", "/"
"""What stands first in a list that is a list, and in one that is an exact number."""


def to_plain(node: object) -> object:
    """A node as lists, each led by the name of its type."""
    if node is None or isinstance(node, str | int):
        return node
    if isinstance(node, tuple):
        return [_LIST, *map(to_plain, node)]
    if isinstance(node, Fraction):
        return [_NUMBER, str(node)]
    name = type(node).__name__
    if name not in _TYPES:
        raise TypeError(f"{name} is no part of a condition")
    return [name, *(to_plain(getattr(node, field)) for field in _NAMES[name])]


def from_plain(kept: object) -> t.Expr:
    """The condition that lists stand for. Raises ValueError when they stand for none."""
    try:
        return cast(t.Expr, _node(kept))
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"no condition: {error}") from None


def _node(kept: object) -> Any:
    if not isinstance(kept, list):
        return kept
    name = kept[0]
    if name == _LIST:
        return tuple(map(_node, kept[1:]))
    if name == _NUMBER:
        return Fraction(kept[1])
    return _TYPES[name](*map(_node, kept[1:]))
