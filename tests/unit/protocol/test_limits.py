"""Limits, contradictions and decision tables: only what is certain is said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_file import FILE, scope_of
from stromal.protocol import limits as lim
from stromal.protocol import tree as t
from stromal.protocol.file import load
from stromal.protocol.language import parse
from stromal.protocol.limits import Limit
from stromal.values import Quantity

PROTOCOL = load(FILE).require()
SCOPE = scope_of(PROTOCOL)


def read(text: str) -> t.Expr:
    """A condition about the short trial."""
    return parse(text, SCOPE)


def told(text: str, *, truth: bool = True) -> list[str]:
    """What the condition demands, one word a demand."""
    found = []
    for demand in lim.demands(read(text), PROTOCOL, truth=truth):
        match demand:
            case lim.Limit(_, op, value):
                found.append(f"{op}{float(value):g}")
            case lim.Options(_, allowed):
                found.append("|".join(sorted(allowed)))
            case lim.Settled(_, settled):
                found.append("yes" if settled else "no")
    return found


@pytest.mark.parametrize(
    ("text", "demands", "denied"),
    [
        ("score >= 15", [">=15"], ["<15"]),
        ("15 <= score", [">=15"], ["<15"]),
        ("score < 15 and score != 3", ["<15", "!=3"], []),
        ("score < 15 or score = 20", [], [">=15", "!=20"]),
        ("not (score > 15)", ["<=15"], [">15"]),
        ("score 10..20", [">=10", "<=20"], []),
        ("hemoglobin < 80 g/L", ["<8"], [">=8"]),
        ("change(hemoglobin, from start) < 10 g/L", ["<1"], [">=1"]),
        ("age >= 18 years at consent", [">=18"], ["<18"]),
        ("time since malignancy > 2 years", [">730.5"], ["<=730.5"]),
        ("stage = early", ["early"], ["late"]),
        ("sex != male", ["female"], ["male"]),
        ("weight > 40 kg", [">40"], ["<=40"]),
        ("score at start > score at screening", [], []),
        ("if toxic then score > 3", [], [">0", "<=3"]),
        ("toxic", [">0"], ["<=0"]),
        ("held", ["yes"], ["no"]),
        ('judged "x" by investigator', ["yes"], ["no"]),
        ("malignancy ever and done(start)", ["yes", "yes"], []),
    ],
)
def test_what_a_condition_demands(text: str, demands: list[str], denied: list[str]) -> None:
    """What must hold for it to be true, and what for it to be false; nothing where several ways are open."""
    assert told(text) == demands
    assert told(text, truth=False) == denied


def conflict(*texts: str) -> bool:
    """Whether the conditions exclude each other."""
    return any(lim.conflicts(demand for text in texts for demand in lim.demands(read(text), PROTOCOL)))


@pytest.mark.parametrize(
    ("texts", "excluded"),
    [
        (("score >= 15", "score < 15"), True),
        (("score >= 15", "score <= 15"), False),
        (("score > 15", "score <= 15"), True),
        (("score = 15", "score = 16"), True),
        (("score = 15", "score >= 15"), False),
        (("score = 15", "score > 15"), True),
        (("score = 15", "score != 15"), True),
        (("score > 2", "score < 3"), False),
        (("count(adverse_event) > 2", "count(adverse_event) < 3"), True),
        (("age > 17 years", "age < 18 years at consent"), True),
        (("score >= 15 at start", "score < 15 at screening"), False),
        (("hemoglobin < 8 g/dL", "hemoglobin > 70 g/L"), False),
        (("hemoglobin < 7 g/dL", "hemoglobin > 80 g/L"), True),
        (("stage = early", "stage = late"), True),
        (("stage = early", "stage in [early, late]"), False),
        (("stage = early", "not stage = early"), True),
        (("malignancy ever", "no malignancy ever"), True),
        (("malignancy ever", "no malignancy within 5 years before start"), False),
        (("toxic", "not toxic"), True),
        (("time since malignancy > 2 years", "time since malignancy < 12 months"), True),
    ],
)
def test_what_excludes_each_other(texts: tuple[str, ...], excluded: bool) -> None:
    """Two demands on one thing exclude each other exactly when nothing fulfils both."""
    assert conflict(*texts) is excluded


_OPS = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
_BOUNDS = st.builds(
    lambda op, value: Limit(t.FactValue("score"), op, Fraction(value)), _OPS, st.integers(0, 4)
)  # fmt: skip
_WHOLES = st.builds(lambda op, value: Limit(t.Count("adverse_event"), op, Fraction(value)), _OPS, st.integers(0, 4))


@given(_BOUNDS, _BOUNDS)
@settings(deadline=None)
def test_apart_agrees_with_trying(first: Limit, second: Limit) -> None:
    """Two limits are apart when no number of a fine grid fulfils both."""
    grid = [Fraction(value, 4) for value in range(-8, 32)]
    assert lim.apart(first, second) is not any(lim.holds(first, x) and lim.holds(second, x) for x in grid)


@given(_WHOLES, _WHOLES)
@settings(deadline=None)
def test_apart_agrees_with_trying_whole_numbers(first: Limit, second: Limit) -> None:
    """Counts take whole numbers only."""
    assert lim.apart(first, second) is not any(
        lim.holds(first, Fraction(x)) and lim.holds(second, Fraction(x)) for x in range(-3, 9)
    )


def test_the_stricter_limit_decides() -> None:
    """The highest lower limit, strict before inclusive; the lowest upper one."""
    score = t.FactValue("score")
    low = [Limit(score, ">=", Fraction(15)), Limit(score, ">", Fraction(15)), Limit(score, ">=", Fraction(10))]
    high = [Limit(score, "<=", Fraction(15)), Limit(score, "<", Fraction(15)), Limit(score, "<", Fraction(40))]
    assert lim.stricter([*low, *high], "low") == low[1]
    assert lim.stricter([*low, *high], "high") == high[1]
    assert lim.stricter([Limit(score, "=", Fraction(3))], "low") is None


# ---------------------------------------------------------------- decision tables


def table(*rows: str) -> lim.Reading:
    """The reading of a table of these rows."""
    return lim.read_table([read(row) for row in rows], PROTOCOL)


_WORST = "max grade(adverse_event where related)"


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        ((f"{_WORST} >= 3", f"{_WORST} <= 2"), ""),
        ((f"{_WORST} >= 3", f"{_WORST} < 2"), "= 2"),
        ((f"{_WORST} >= 3", f"{_WORST} 0..2"), ""),
        ((f"{_WORST} >= 3", f"{_WORST} 1..2"), "= 0"),
        ((f"{_WORST} 0..5",), ""),
        (("count(adverse_event) > 0", "count(adverse_event) = 0"), ""),
        (("score >= 15", "score < 15"), ""),
        (("score > 15", "score < 15"), "= 15"),
        (("score 0..20", "score 20..48"), ""),
        (("score 0..20", "score 21..48"), "= 20.5"),
        (("weight < 40 kg", "weight >= 40000 g"), ""),
        (("weight < 40 kg", "weight > 40 kg"), "= 40"),
        (("age < 18 years", "age >= 18 years"), ""),
        (("time since malignancy > 2 years", "time since malignancy <= 2 years"), ""),
        (("stage = early", "stage = late"), ""),
        (("stage = early",), "stage = late"),
        (("toxic", "not toxic"), ""),
        (("done(start)",), "not done(start)"),
        (("held", "not held"), ""),
        (("if done(start) then stage = early", "done(start) and stage = late"), ""),
        (("done(start) or stage = early", "not done(start)"), ""),
        (("done(start) or stage = early",), "not done(start) and stage = late"),
        (("score at start > score at screening", "not (score at start > score at screening)"), ""),
    ],
)
def test_a_table_is_proved_total(rows: tuple[str, ...], gap: str) -> None:
    """Every case that the rows tell apart is decided, or the first that is not is told."""
    found = table(*rows).gap
    assert bool(found) is bool(gap)
    assert all(part in found for part in gap.split(" and "))


def test_rows_that_never_decide_are_told() -> None:
    """A row that an earlier one covers, or that cannot hold."""
    assert table(f"{_WORST} >= 2", f"{_WORST} >= 3", f"{_WORST} < 2").idle == (2,)
    assert table("stage = early and stage = late", "stage in [early, late]").idle == (1,)


def test_a_table_too_wide_is_not_read() -> None:
    """More cases than are gone through."""
    wide = [
        " and ".join(
            f"score = {value} in run_in" if value % 2 else f'judged "{value}" by investigator' for value in range(40)
        )
    ]
    assert not table(*wide).readable


def test_values_are_told_in_their_own_unit() -> None:
    """A literal without a unit, in the fact's unit, and in another."""
    value = t.FactValue("weight")
    for quantity in (Quantity(Fraction(40), "kg"), Quantity(Fraction(40000), "g"), Quantity(Fraction(40))):
        assert lim.in_own_unit(value, t.Number(quantity), PROTOCOL) == 40
