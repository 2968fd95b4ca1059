"""Tree -> text -> the same tree, for expressions of every shape."""

from __future__ import annotations

from typing import get_args

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from expressions import CONDITIONS, NUMBERS, SCOPE
from stromal.protocol import tree as t
from stromal.protocol.language import parse
from stromal.protocol.writing import write

_SLOW = [HealthCheck.too_slow]


@given(CONDITIONS)
@settings(max_examples=200, deadline=None, suppress_health_check=_SLOW)
def test_conditions_read_back(condition: t.Expr) -> None:
    """What the writer writes of a condition is read back to the same tree."""
    assert parse(write(condition), SCOPE) == condition


@given(NUMBERS)
@settings(max_examples=200, deadline=None, suppress_health_check=_SLOW)
def test_numbers_read_back(number: t.Expr) -> None:
    """What the writer writes of a number is read back to the same tree."""
    assert parse(write(number), SCOPE, "number") == number


@given(CONDITIONS)
@settings(max_examples=100, deadline=None, suppress_health_check=_SLOW)
def test_the_writer_has_one_spelling(condition: t.Expr) -> None:
    """Reading and writing again changes nothing: there is one canonical text."""
    text = write(condition)
    assert write(parse(text, SCOPE)) == text


def test_the_strategy_reaches_every_node_and_window() -> None:
    """No node and no window of the language is left out of the round trip."""
    seen: set[type] = set()

    @given(st.one_of(CONDITIONS, NUMBERS))
    @settings(
        max_examples=500,
        deadline=None,
        suppress_health_check=_SLOW,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    def gather(expr: t.Expr) -> None:
        seen.update(type(each) for each in (*t.walk(expr), *t.windows(expr)))
        seen.update(type(each.window) for each in t.walk(expr) if isinstance(each, t.Onset))

    gather()
    every = {*get_args(t.Expr), *get_args(t.WindowSpec)}
    assert every - seen == {t.Option}, "an Option stands only for an expression that could not be read"
