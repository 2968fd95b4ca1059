"""Two engines, one meaning: the evaluator in `stromal.rules` and another in SQL agree on every condition and chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agree import sql_engine
from agree.engine_trial import PROTOCOL, TODAY, charts, conditions, questions_of
from stromal.protocol import tree as t
from stromal.protocol.writing import write
from stromal.rules import evaluate
from stromal.rules.chart import Chart
from stromal.rules.timing import Case
from stromal.values import Duration, Truth

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


Question = tuple[t.Expr, tuple[Chart, ...], frozenset[str] | None]


def both(condition: t.Expr, people: tuple[Chart, ...], standing: frozenset[str] | None = None) -> tuple[Truth, Truth]:
    """What the two engines say of the first person."""
    oracle = evaluate.judge(condition, Case(PROTOCOL, people[0], TODAY, people, standing)).truth
    return oracle, sql_engine.judge(condition, PROTOCOL, people, TODAY, standing)


def parts(condition: t.Expr) -> Iterator[t.Expr]:
    """A condition and every condition about the same person inside it."""
    yield condition
    for inside in t.children(condition) if isinstance(condition, t.Not | t.All | t.Any | t.If) else ():
        yield from parts(inside)


@st.composite
def asked(draw: st.DrawFn) -> Question:
    """A condition, one to three people, and which holds stand."""
    condition = draw(conditions())
    people = draw(st.lists(charts(questions_of(condition)), min_size=1, max_size=3))
    return condition, tuple(people), draw(st.sampled_from((None, frozenset[str](), frozenset({"severe"}))))


@given(asked())
@settings(max_examples=600, deadline=None, suppress_health_check=_SLOW)
def test_both_engines_agree(question: Question) -> None:
    """True, false or unknown: the same from both, whatever is asked about whomever, in the whole and in each part."""
    condition, people, standing = question
    for part in parts(condition):
        oracle, other = both(part, people, standing)
        assert oracle is other, write(part)


def test_agreement_reaches_every_node_and_every_truth() -> None:
    """Every node and window of the language is asked about, and answers of all three kinds are common."""
    seen: dict[type, set[Truth]] = {}
    answers: Counter[Truth] = Counter()

    @given(asked())
    @settings(
        max_examples=600, deadline=None, suppress_health_check=_SLOW, database=None, derandomize=True,
        phases=[Phase.generate],
    )  # fmt: skip
    def gather(question: Question) -> None:
        condition, people, standing = question
        for part in parts(condition):
            oracle, other = both(part, people, standing)
            assert oracle is other, write(part)
            answers[oracle] += 1
            windows = (*t.windows(part), *(node.window for node in t.walk(part) if isinstance(node, t.Onset)))
            for node in (*t.walk(part), *windows):
                seen.setdefault(type(node), set()).add(oracle)

    gather()
    every = {*get_args(t.Expr), *get_args(t.WindowSpec)} - {t.Option}
    assert {kind.__name__ for kind in every - set(seen)} == set()
    assert min(answers[truth] for truth in (True, False, None)) > 150


@pytest.mark.parametrize("node", [t.Option("early"), t.Text("Fever"), t.Length(Duration(1))])
def test_what_is_no_condition_is_none_to_either(node: t.Expr) -> None:
    """An option, a text, a length is no condition: both engines say so, and neither is ever given one by the parser."""
    with pytest.raises(TypeError, match="is no condition"):
        evaluate.judge(node, Case(PROTOCOL, Chart(), TODAY))
    with pytest.raises(TypeError, match="is no condition"):
        sql_engine.judge(node, PROTOCOL, (Chart(),), TODAY)
