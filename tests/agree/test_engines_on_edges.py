"""Two engines, one meaning, on the edges: where limits are met exactly, windows end today and half is unknown.

`test_engines` asks conditions of every shape; most of those are unknown, because they ask for what is far from every
chart. Here each answer is common, so that a wrong one cannot hide.
"""

from __future__ import annotations

from collections import Counter
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agree import sql_engine
from agree.engine_edges import NEAR, PEOPLE, Asked
from agree.engine_trial import PROTOCOL
from stromal.protocol import tree as t
from stromal.protocol.writing import write
from stromal.rules.evaluate import judge
from stromal.values import Truth

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
_EVERY = {*get_args(t.Expr), *get_args(t.WindowSpec)} - {t.Option}
"""Every node but an option, which stands only for an expression that could not be read."""


def test_both_engines_agree_on_the_edges() -> None:
    """The same from both where one day or one tenth more would change the answer; each answer is common, no node and
    no window is left out.
    """
    seen, answers = set[type](), Counter[Truth]()

    @given(st.lists(NEAR, min_size=10, max_size=20), PEOPLE)
    @settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=_SLOW, database=None)
    def agree(conditions: list[t.Expr], asked: Asked) -> None:
        for condition in conditions:
            oracle = judge(condition, asked.case).truth
            other = sql_engine.judge(condition, PROTOCOL, asked.charts, asked.today, asked.standing)
            assert oracle is other, write(condition)
            nodes = tuple(t.walk(condition))
            seen.update(type(each) for each in (*nodes, *t.windows(condition)))
            seen.update(type(each.window) for each in nodes if isinstance(each, t.Onset))
            answers[oracle] += 1

    agree()
    assert _EVERY - seen == set()
    assert min(answers[truth] for truth in (True, False, None)) >= 500, answers
