"""The typed tree of the protocol language: every node an expression can have once its names are resolved.

Takes nothing and does nothing: frozen nodes that `language` builds, `rules` evaluates and `words` tells in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal

from stromal.values import Duration, DurationUnit, Quantity

Which = Literal["", "first", "last", "previous"]
Side = Literal["before", "after"]
Operator = Literal["<", "<=", ">", ">=", "=", "!="]

NOW = "now"
"""The anchor that is the day of the question itself."""
MILESTONES = ("consent", "enrolment", NOW)
"""Anchors every trial has, whatever its visits are called."""
ANY_DOSE = "dose"
"""`last dose`, `first dose`, `previous dose`: any administration of any product."""
PARTICIPANTS = "participants"


# ---------------------------------------------------------------- anchors and windows


@dataclass(frozen=True, slots=True)
class Anchor:
    """A day something hangs on: a visit, a milestone, or the first or last of a repeated visit or dose."""

    name: str
    which: Which = ""


@dataclass(frozen=True, slots=True)
class Ever:
    """At any time up to the anchor (now when none is named)."""

    before: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Ongoing:
    """Begun and not ended on the day of the anchor (now when none is named)."""

    at: Anchor | None = None


@dataclass(frozen=True, slots=True)
class At:
    """Within that visit, or on the day of that milestone."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Latest:
    """The last one up to and including the day of the anchor (now when none is named)."""

    before: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Before or after an anchor, the day of the anchor included: what a visit measures precedes its dose."""

    side: Side
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Within:
    """At most this long before or after an anchor, both ends included."""

    length: Duration
    side: Side
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high` before or after an anchor, both ends included."""

    low: int
    high: int
    unit: DurationUnit
    side: Side
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Since:
    """From the day of the anchor until now."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class FromUntil:
    """From one anchor to another, both days included."""

    first: Anchor
    last: Anchor


@dataclass(frozen=True, slots=True)
class InEpochs:
    """During the visits of these epochs."""

    names: tuple[str, ...]


WindowSpec = Ever | Ongoing | At | Latest | Beside | Within | Span | Since | FromUntil | InEpochs


# ---------------------------------------------------------------- terms


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number with its unit."""

    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Length:
    """A literal length of calendar time."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Option:
    """One of a fact's options."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text, compared with an adverse event's term."""

    text: str


@dataclass(frozen=True, slots=True)
class FactValue:
    """The value of a fact in a window; without one, the latest known."""

    fact: str
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the adverse event that a `where` looks at."""

    name: str


@dataclass(frozen=True, slots=True)
class Age:
    """Whole calendar years from birth to the anchor (now when none is named)."""

    at: Anchor | None = None


@dataclass(frozen=True, slots=True)
class TimeSince:
    """Calendar time from the first or last start of an episode, or from a date, to the anchor."""

    fact: str
    which: Which = ""
    at: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many adverse events, episodes, observations or participants fulfil the condition in the window."""

    of: str
    where: Expr | None = None
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class Extreme:
    """The highest or lowest value of a field over adverse events; of none at all it is 0."""

    which: Literal["max", "min"]
    field: str
    of: str
    where: Expr | None = None
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class Slope:
    """Least-squares slope of a fact over the window, in its unit per calendar unit of time."""

    fact: str
    per: DurationUnit
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A fact's value at one visit minus its value at the base visit."""

    fact: str
    base: Anchor
    at: Anchor


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Sum or difference of two numbers."""

    op: Literal["+", "-"]
    left: Expr
    right: Expr


# ---------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True)
class Compare:
    """Two terms compared."""

    op: Operator
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Between:
    """A term between two numbers, both included."""

    item: Expr
    low: Fraction
    high: Fraction
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice that is one of several options."""

    item: Expr
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """An episode, or a yes, in the window. False only where somebody recorded the absence."""

    fact: str
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """One and the same regimen throughout the time before the anchor."""

    fact: str
    length: Duration
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Onset:
    """The adverse event under a `where` began in the window."""

    window: WindowSpec


@dataclass(frozen=True, slots=True)
class Judged:
    """A question only a named role can answer."""

    question: str
    by: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question the person answers."""

    question: str


@dataclass(frozen=True, slots=True)
class Done:
    """The visit took place; where it gives a dose, the dose was given."""

    visit: str


@dataclass(frozen=True, slots=True)
class Ref:
    """Another rule of this protocol, by name."""

    rule: str


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene's not."""

    item: Expr


@dataclass(frozen=True, slots=True)
class All:
    """Kleene's and."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Kleene's or."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if a then b`: not a, or b."""

    condition: Expr
    then: Expr


Expr = (
    Number | Length | Option | Text | FactValue | Field | Age | TimeSince | Count | Extreme | Slope | Change
    | Arithmetic | Compare | Between | OneOf | Happened | Unchanged | Onset | Judged | Asked | Done | Ref
    | Not | All | Any | If
)  # fmt: skip


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside this one."""
    found: list[Expr] = []
    for part in fields(expr):
        inside = getattr(expr, part.name)
        found += [each for each in (inside if isinstance(inside, tuple) else (inside,)) if isinstance(each, Expr)]
    return tuple(found)


def walk(expr: Expr) -> Iterator[Expr]:
    """This expression and every one inside it, outside first."""
    yield expr
    for inside in children(expr):
        yield from walk(inside)


def windows(expr: Expr) -> tuple[WindowSpec, ...]:
    """Every window named anywhere in the expression."""
    found = [getattr(node, "window", None) for node in walk(expr)]
    return tuple(window for window in found if window is not None)


def anchors(expr: Expr) -> tuple[Anchor, ...]:
    """Every anchor the expression hangs on."""
    return tuple(each for node in (*walk(expr), *windows(expr)) for part in fields(node)
                 if isinstance(each := getattr(node, part.name), Anchor))  # fmt: skip


def facts_read(expr: Expr) -> frozenset[str]:
    """The names of the facts and logs an expression asks for."""
    named = {node.of if isinstance(node, Count | Extreme) else getattr(node, "fact", "") for node in walk(expr)}
    ages = {"birth_date" for node in walk(expr) if isinstance(node, Age)}
    return frozenset((named | ages) - {"", PARTICIPANTS})
