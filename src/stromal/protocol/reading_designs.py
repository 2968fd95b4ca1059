"""A rule that names a design, and a hold that names a boundary: nodes of the file -> model.

Takes the entry and the reading of expressions; gives the rule, with a finding for every number that the design or the
boundary does not take, or that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Protocol as Interface

from stromal.protocol import designs as d
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.look import expressions
from stromal.protocol.nodes import Section
from stromal.values import Quantity, duration, nearest


class Reading(Interface):
    """Reads the expression of a key."""

    def __call__(self, s: Section, key: str, expect: str = "truth", prefix: str = "") -> t.Expr:
        """The expression, or a stand-in with a finding."""


def read_design(name: str, s: Section, expression: Reading, src: tuple[str, ...]) -> m.Escalation:
    """A rule that names a design."""
    design = s.choice("design", next(iter(d.DESIGNS)))
    toxicity = expression(s, "toxicity", "number" if design == "ladder" else "truth")
    seen = expression(s, "seen") if s.text("seen") else None
    numbers = _numbers(s, d.MEANINGS, design, d.DESIGNS[design].takes)
    window = s.read("window", duration, None)
    return m.Escalation(name, design, s.text("of"), toxicity, numbers, window, seen, s.text("says"), src)


def read_boundary(s: Section, expression: Reading) -> m.Boundary:
    """The boundary that a hold names."""
    kind = s.choice("boundary", next(iter(d.BOUNDARIES)))
    takes = ("limit", "people", "level", *d.BOUNDARIES[kind].takes)
    return m.Boundary(kind, expression(s, "events"), _numbers(s, d.BOUNDARY_MEANINGS, kind, takes))


def any_of(events: t.Expr) -> t.Expr:
    """That any participant had such an event."""
    return t.Compare(">=", t.Count(t.PARTICIPANTS, events), t.Number(Quantity(Fraction(1))))


def no_conditions(protocol: m.Protocol) -> Iterator[tuple[str, str, str]]:
    """Rules that a condition names though they are none: the rule, what it is, and the path of the condition."""
    kinds = {name: "decision table" if isinstance(rule, m.Table) else "design"
             for name, rule in protocol.rules.items() if isinstance(rule, m.Table | m.Escalation)}  # fmt: skip
    for path, expr in expressions(protocol):
        for node in t.walk(expr):
            if isinstance(node, t.Ref) and node.rule in kinds:
                yield node.rule, kinds[node.rule], path


def _numbers(
    s: Section, meanings: Mapping[str, d.Meaning], design: str, takes: tuple[str, ...]
) -> tuple[tuple[str, d.Number], ...]:
    """The numbers that are written, in the order of the table."""
    found: list[tuple[str, d.Number]] = []
    for name, meaning in meanings.items():
        text = ", ".join(s.names(name)) or s.text(name)
        if not text:
            continue
        if name not in takes:
            close = nearest(name, takes)
            hint = f"did you mean {close}?" if close else f"it takes {', '.join(takes)}"
            s.report.add("design.number", f"{design} takes no {name} ({meaning.says})", hint, s.at(name))
            continue
        try:
            found.append((name, d.read_number(name, text, meaning)))
        except ValueError as error:
            s.report.add("design.number", f"{s.at(name)}: {error}", "see docs/protocol.md", s.at(name))
    return tuple(found)
