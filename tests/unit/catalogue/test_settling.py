"""The fewest questions that can settle open lines, beside a search through every set of questions and answers."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.catalogue.settling import Proofs, proofs, shortest
from stromal.protocol import tree as t
from stromal.values import Truth, Verdict, all_of, any_of, negate

NAMES = "abcde"


def atom(name: str) -> t.Expr:
    """A question."""
    return t.Asked(name)


def truth(expr: t.Expr, known: dict[str, bool]) -> Truth:
    """Kleene's logic, written a second time."""
    match expr:
        case t.Asked(name):
            return known.get(name)
        case t.Not(item):
            return negate(truth(item, known))
        case t.All(items):
            return all_of(truth(item, known) for item in items)
        case t.Any(items):
            return any_of(truth(item, known) for item in items)
        case t.If(condition, then):
            return any_of((negate(truth(condition, known)), truth(then, known)))
    raise AssertionError(expr)


def ways(expr: t.Expr, known: dict[str, bool]) -> Proofs:
    """The proofs that a condition holds, where some answers are known."""

    def ask(part: t.Expr) -> Verdict:
        assert isinstance(part, t.Asked)
        return Verdict(known.get(part.question), "", (), () if part.question in known else (part.question,))

    return proofs(expr, True, ask)


def brute(lines: list[t.Expr], known: dict[str, bool]) -> int | None:
    """The size of the smallest set of questions that some answers turn into a yes to every line."""
    open_ = [name for name in NAMES if name not in known]
    for size in range(len(open_) + 1):
        for asks in combinations(open_, size):
            for answers in product((True, False), repeat=size):
                told = {**known, **dict(zip(asks, answers, strict=True))}
                if all(truth(line, told) is True for line in lines):
                    return size
    return None


EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES).map(atom),
    lambda inner: st.one_of(
        inner.map(t.Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.All(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.Any(tuple(items))),
        st.tuples(inner, inner).map(lambda pair: t.If(*pair)),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=4), st.dictionaries(st.sampled_from("ab"), st.booleans()))
def test_no_shorter_list_exists(lines: list[t.Expr], known: dict[str, bool]) -> None:
    """The list is as short as the shortest of all lists, and there is none where no answers settle the lines."""
    found = shortest([ways(line, known) for line in lines])
    assert (None if found is None else len(found)) == brute(lines, known)


def test_one_question_that_serves_two_lines_is_asked_once() -> None:
    """`a or b` and `b or c` are both settled by b."""
    lines = [t.Any((atom("a"), atom("b"))), t.Any((atom("b"), atom("c")))]
    assert shortest([ways(line, {}) for line in lines]) == frozenset("b")


def test_answers_must_fit_each_other() -> None:
    """One answer cannot be yes for one line and no for another."""
    assert shortest([ways(atom("a"), {}), ways(t.Not(atom("a")), {})]) is None
    assert shortest([ways(t.All((atom("a"), t.Not(atom("a")))), {})]) is None
    lines = [t.Any((atom("a"), atom("b"))), t.Any((t.Not(atom("a")), atom("c")))]
    assert len(shortest([ways(line, {}) for line in lines]) or ()) == 2


@pytest.mark.parametrize("count", [12, 40])
def test_many_choices_end(count: int) -> None:
    """However many lines leave a choice, a list comes out, and it settles them."""
    lines = [t.Any((atom(f"x{n}"), atom(f"x{n + 1}"), t.All((atom(f"y{n}"), atom("z"))))) for n in range(count)]
    found = shortest([ways(line, {}) for line in lines])
    assert found is not None
    assert all(truth(line, dict.fromkeys(found, True)) for line in lines)


def test_many_ways_to_say_one_thing_are_cut_short() -> None:
    """A line with a million proofs keeps the shortest ones."""
    line = t.All(tuple(t.Any((atom(f"a{n}"), t.All((atom(f"b{n}"), atom(f"c{n}"))))) for n in range(20)))
    assert shortest([ways(line, {})]) == frozenset(f"a{n}" for n in range(20))
