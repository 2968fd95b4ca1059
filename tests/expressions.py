"""Hypothesis strategies for well-typed expression trees over one fixed scope, and that scope.

Every node and every window of the language can come out; `tests/agree/test_language.py` proves that they do.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar, cast

from hypothesis import strategies as st

from stromal.protocol import tree as t
from stromal.protocol.language import FactName, Scope
from stromal.values import Duration, DurationUnit, Quantity

SCOPE = Scope(
    facts={
        "hemoglobin": FactName("number", "g/dL"),
        "illness": FactName("number", "a"),
        "fvc": FactName("number", "%"),
        "alsfrs_r": FactName("score"),
        "edss": FactName("score"),
        "stage": FactName("choice", options=("early", "middle", "late")),
        "sex": FactName("choice", options=("female", "male")),
        "pregnancy": FactName("yes_no"),
        "onset_day": FactName("date"),
        "malignancy": FactName("episode"),
        "riluzole": FactName("episode"),
        "adverse_event": FactName("log"),
        "weight": FactName("number", "kg"),
        "blood": FactName("group"),
        "signs": FactName("assessment"),
    },
    rules=frozenset({"toxicity", "severe"}),
    visits=frozenset({"screening", "injection_1", "injection_2", "month_6", "last_visit"}),
    stems=frozenset({"screening", "injection", "month", "last_visit"}),
    doses=frozenset({"cells"}),
    epochs=frozenset({"run_in", "treatment", "follow_up"}),
    roles=frozenset({"investigator", "medical_monitor"}),
)
"""The names every generated expression may use."""

NUMERIC = {"hemoglobin": "g/dL", "illness": "a", "fvc": "%", "alsfrs_r": "", "edss": "", "weight": "kg"}
_SAME = {"g/dL": ("g/dL", "mg/L", "g/L"), "a": ("a", "mo", "wk", "d"), "%": ("%",), "": ("",), "kg": ("kg", "g")}

_Part = TypeVar("_Part")


def _short(strategy: st.SearchStrategy[_Part]) -> st.SearchStrategy[_Part]:
    """The same strategy under a short name: Hypothesis would print the whole grammar otherwise."""

    @st.composite
    def part(draw: st.DrawFn) -> _Part:
        return draw(strategy)

    return part()


UNITS = st.sampled_from(cast(tuple[DurationUnit, ...], ("day", "week", "month", "year")))
SIDES = st.sampled_from(cast(tuple[t.Side, ...], ("before", "after")))
DURATIONS = st.builds(Duration, st.integers(0, 400), UNITS)


@st.composite
def _anchors(draw: st.DrawFn) -> t.Anchor:
    which = draw(st.sampled_from(cast(tuple[t.Which, ...], ("", "first", "last", "previous"))))
    repeated = ["dose", "cells", "injection", "month"]
    return t.Anchor(draw(st.sampled_from(repeated if which else sorted({*SCOPE.visits, *t.MILESTONES}))), which)


ANCHORS = _anchors()
EPOCHS = st.lists(st.sampled_from(sorted(SCOPE.epochs)), min_size=1, max_size=3, unique=True).map(
    lambda names: t.InEpochs(tuple(names))
)
_DAYS = st.one_of(
    st.builds(t.Ever, st.none() | ANCHORS),
    st.builds(t.Ongoing, st.none() | ANCHORS),
    st.builds(t.At, ANCHORS),
    st.builds(t.Latest, st.none() | ANCHORS),
    st.builds(t.Beside, SIDES, ANCHORS),
    st.builds(t.Within, DURATIONS, SIDES, ANCHORS),
    st.builds(
        lambda low, more, unit, side, anchor: t.Span(low, low + more, unit, side, anchor),
        st.integers(0, 90), st.integers(0, 300), UNITS, SIDES, ANCHORS,
    ),
    st.builds(t.Since, ANCHORS),
    st.builds(t.FromUntil, ANCHORS, ANCHORS),
)  # fmt: skip
DAYS = _short(_DAYS)
"""Windows that days fall into; adverse events and episodes take only these."""
WINDOWS: st.SearchStrategy[t.WindowSpec] = DAYS | EPOCHS

_DECIMALS = st.decimals("-1000000", "10000000", places=3, allow_nan=False, allow_infinity=False).map(Fraction)
_WHOLES = st.integers(-200, 10**9).map(Fraction)
VALUES = _DECIMALS | _WHOLES
QUESTIONS = st.text("abcdefgh ?,.()'", min_size=1, max_size=30).map(lambda text: " ".join(f"Is {text}".split()))


def _number(unit: str) -> st.SearchStrategy[t.Expr]:
    return st.builds(lambda value, written: t.Number(Quantity(value, written)), VALUES, st.sampled_from(_SAME[unit]))


def _fact_value(unit: str) -> st.SearchStrategy[t.Expr]:
    names = [name for name, mine in NUMERIC.items() if mine == unit]
    return st.builds(t.FactValue, st.sampled_from(names), st.none() | WINDOWS)


def _measured(unit: str) -> st.SearchStrategy[t.Expr]:
    """A number measured in a unit, however it comes about."""
    names = st.sampled_from([name for name, mine in NUMERIC.items() if mine == unit])
    single = st.one_of(
        _fact_value(unit), _number(unit), st.builds(t.Change, names, ANCHORS, ANCHORS | st.just(t.Anchor(t.NOW)))
    )
    return st.recursive(
        single, lambda inner: st.builds(t.Arithmetic, st.sampled_from(["+", "-"]), inner, inner), max_leaves=3
    )


def _collections(conditions: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    """Counts and extremes; `conditions` may stand behind `where` about participants."""
    where = st.none() | events(conditions)
    return st.one_of(
        st.builds(t.Count, st.just("adverse_event"), where, st.none() | DAYS),
        st.builds(t.Count, st.just("malignancy"), st.none(), st.none() | DAYS),
        st.builds(t.Count, st.sampled_from(["alsfrs_r", "stage"]), st.none(), st.none() | WINDOWS),
        st.builds(t.Count, st.just(t.PARTICIPANTS), st.none() | conditions, st.none()),
        st.builds(
            t.Extreme, st.sampled_from(["max", "min"]), st.just("grade"), st.just("adverse_event"), where,
            st.none() | DAYS,
        ),
    )  # fmt: skip


def events(conditions: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    """Conditions on one adverse event."""
    whole = st.integers(0, 5).map(lambda grade: t.Number(Quantity(Fraction(grade))))
    atoms = st.one_of(
        st.builds(t.Compare, OPERATORS, st.just(t.Field("grade")), whole),
        st.builds(t.Between, st.just(t.Field("grade")), st.just(Fraction(1)), st.integers(1, 5).map(Fraction)),
        st.sampled_from([t.Field(name) for name in ("related", "serious", "expected", "resolved")]),
        st.builds(t.Compare, st.sampled_from(["=", "!="]), st.just(t.Field("term")), st.just(t.Text("Back pain"))),
        st.builds(t.Onset, DAYS),
        conditions,
    )
    return _short(_logic(atoms, 3))


OPERATORS = st.sampled_from(cast(tuple[t.Operator, ...], ("<", "<=", ">", ">=", "=", "!=")))


def _pairs() -> st.SearchStrategy[t.Expr]:
    """Comparisons of two numbers that measure the same."""
    return st.sampled_from(sorted(_SAME)).flatmap(
        lambda unit: st.builds(t.Compare, OPERATORS, _measured(unit), _measured(unit))
    )


def _spans() -> st.SearchStrategy[t.Expr]:
    return st.sampled_from(sorted(NUMERIC)).flatmap(
        lambda name: st.builds(
            lambda window, low, more, unit: t.Between(t.FactValue(name, window), low, low + more, unit),
            st.none() | WINDOWS, st.integers(0, 50).map(Fraction), st.integers(0, 500).map(Fraction),
            st.sampled_from(_SAME[NUMERIC[name]]),
        )
    )  # fmt: skip


def _ages() -> st.SearchStrategy[t.Expr]:
    age = st.builds(t.Age, st.none() | ANCHORS)
    years = st.integers(0, 120).map(lambda value: t.Number(Quantity(Fraction(value), "a")))
    between = st.builds(t.Between, age, st.just(Fraction(17)), st.integers(17, 99).map(Fraction), st.just("a"))
    return st.builds(t.Compare, OPERATORS, age, years) | between


def _choices() -> st.SearchStrategy[t.Expr]:
    options = st.lists(st.sampled_from(SCOPE.facts["stage"].options), min_size=1, max_size=3, unique=True)
    return st.builds(
        lambda window, chosen: t.OneOf(t.FactValue("stage", window), tuple(chosen)), st.none() | WINDOWS, options
    )


def atoms(inner: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    """Conditions without and, or, not, if; `inner` may stand behind `where` about participants."""
    whole = st.integers(0, 50).map(lambda count: t.Number(Quantity(Fraction(count))))
    slopes = st.one_of(
        [
            st.builds(
                t.Compare, OPERATORS, st.builds(t.Slope, st.just(fact), UNITS, st.none() | WINDOWS), _number(unit)
            )
            for fact, unit in NUMERIC.items()
        ]
    )
    since = st.builds(
        t.TimeSince, st.sampled_from(["malignancy", "onset_day"]),
        st.sampled_from(cast(tuple[t.Which, ...], ("", "first", "last", "previous"))), st.none() | ANCHORS,
    )  # fmt: skip
    return st.one_of(
        _pairs(), _spans(), _ages(), _choices(),
        st.builds(t.Happened, st.just("pregnancy"), st.none() | WINDOWS),
        st.builds(t.Happened, st.sampled_from(["malignancy", "riluzole"]), st.none() | DAYS),
        st.builds(t.Unchanged, st.just("riluzole"), DURATIONS, ANCHORS),
        st.builds(t.Judged, QUESTIONS, st.sampled_from(sorted(SCOPE.roles))),
        st.builds(t.Asked, QUESTIONS),
        st.builds(t.Done, st.sampled_from(sorted(SCOPE.visits))),
        st.builds(t.Ref, st.sampled_from(sorted(SCOPE.rules))),
        st.builds(t.Compare, OPERATORS, since, st.builds(t.Length, DURATIONS)),
        _short(slopes),
        st.builds(t.Compare, OPERATORS, _collections(inner), whole),
    )  # fmt: skip


def _logic(inner: st.SearchStrategy[t.Expr], leaves: int) -> st.SearchStrategy[t.Expr]:
    def several(parts: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[tuple[t.Expr, ...]]:
        return st.lists(parts, min_size=2, max_size=3).map(tuple)

    return st.recursive(
        inner,
        lambda parts: st.one_of(
            st.builds(t.Not, parts), st.builds(t.All, several(parts)), st.builds(t.Any, several(parts)),
            st.builds(t.If, parts, parts),
        ),
        max_leaves=leaves,
    )  # fmt: skip


_SHALLOW = _short(_logic(atoms(st.nothing()), 2))
CONDITIONS = _short(_logic(atoms(_SHALLOW), 4))
"""Conditions of every shape, two counts deep."""
NUMBERS = _short(
    st.one_of(
        *(_measured(unit) for unit in _SAME),
        _collections(_SHALLOW),
        st.builds(t.Slope, st.sampled_from(sorted(NUMERIC)), UNITS, st.none() | WINDOWS),
    )
)
"""Numbers: what an endpoint may be."""
