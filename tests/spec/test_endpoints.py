"""Numbers worked out from what is recorded: counts, grades, changes, slopes; and endpoints made of them.

Counts and grades are kept between bounds while something about them is unknown.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from spec_trial import PROTOCOL, case, chart, expression, table
from stromal.protocol import tree as t
from stromal.rules import endpoints, evaluate
from stromal.rules.bounds import least_squares
from stromal.rules.timing import Case
from stromal.values import Quantity, Truth

TRUE, FALSE, UNKNOWN = True, False, None
_GIVEN = "dose at injection_1 on 2024-05-01"


def bounds(number: str, recorded: str, on: str) -> tuple[str | None, str | None]:
    """The least and the most a number can be."""
    found = evaluate.measure(expression(number), case(recorded, on))
    return tuple(None if bound is None else str(bound) for bound in (found.low, found.high))  # type: ignore[return-value]  # two of them


# ---------------------------------------------------------------- adverse events


@table("events", "number", "least", "most")(
    ("", "count(adverse_event)", 0, 0),
    ("Fever grade 2 on 2024-05-03 related", "count(adverse_event)", 1, 1),
    ("Fever grade 2 on 2024-05-03 related", "count(adverse_event where related)", 1, 1),
    ("Fever grade 2 on 2024-05-03 not related", "count(adverse_event where related)", 0, 0),
    ("Fever grade 2 on 2024-05-03", "count(adverse_event where related)", 0, 1),
    ("Fever grade 2 on 2024-05-03", "count(adverse_event where not related)", 0, 1),
    ("Fever grade 2 on 2024-05-03", "count(adverse_event where grade >= 3 and related)", 0, 0),
    ("Fever grade 3 on 2024-05-03; Chills grade 3 on 2024-05-04 related",
     "count(adverse_event where grade >= 3 and related)", 1, 2),
    ("Fever grade 2 on 2024-05-03", 'count(adverse_event where term = "fever")', 1, 1),
    ("Fever grade 2 on 2024-05-03", 'count(adverse_event where term != "fever")', 0, 0),
    ("Fever grade 2 on 2024-05-03", "count(adverse_event where resolved)", 0, 0),
    ("Fever grade 2 on 2024-05-03", "count(adverse_event where serious)", 0, 1),
)  # fmt: skip
def test_counts_of_adverse_events(events: str, number: str, least: int, most: int) -> None:
    """A count of adverse events counts those of which the condition is true, and keeps open those nobody has judged."""
    assert bounds(number, f"{_GIVEN}; {events}", "2024-06-30") == (str(least), str(most))


@table("onset", "condition", "counted")(
    ("2024-04-30", "onset 0..28 days after injection_1", 0),
    ("2024-05-01", "onset 0..28 days after injection_1", 1),
    ("2024-05-29", "onset 0..28 days after injection_1", 1),
    ("2024-05-30", "onset 0..28 days after injection_1", 0),
    ("2024-05-01", "onset since injection_1", 1),
    ("2024-04-30", "onset since injection_1", 0),
    ("2024-05-02", "onset since injection_2", 0),
    ("2024-05-01", "onset at injection_1", 1),
    ("2024-05-02", "onset at injection_1", 0),
    ("2024-05-02", "onset at month_6", 0),
)
def test_onset_in_a_window(onset: str, condition: str, counted: int) -> None:
    """`onset` places the first day of an adverse event in a window, both ends included. Before the visit it hangs on
    has taken place no event has its onset there.
    """
    recorded = f"{_GIVEN}; Fever grade 2 on {onset} related"
    assert bounds(f"count(adverse_event where {condition})", recorded, "2024-06-30") == (str(counted), str(counted))


@table("onset", "window", "counted")(
    ("2024-05-01", "from injection_1 until month_6", 1),
    ("2024-04-30", "from injection_1 until month_6", 0),
    ("2024-11-01", "from injection_1 until month_6", 1),
    ("2024-11-02", "from injection_1 until month_6", 0),
)
def test_events_from_one_visit_until_another(onset: str, window: str, counted: int) -> None:
    """A window behind the collection holds for the onset of what is counted."""
    recorded = f"{_GIVEN}; month_6 on 2024-11-01; Fever grade 2 on {onset} related"
    assert bounds(f"count(adverse_event {window})", recorded, "2025-01-01") == (str(counted), str(counted))
    assert bounds(f"count(adverse_event where related, {window})", recorded, "2025-01-01") == (str(counted),) * 2


@table("events", "number", "least", "most")(
    ("", "max grade(adverse_event)", 0, 0),
    ("", "min grade(adverse_event)", 0, 0),
    ("Fever grade 2 on 2024-05-03; Cough grade 3 on 2024-05-04", "max grade(adverse_event)", 3, 3),
    ("Fever grade 2 on 2024-05-03; Cough grade 3 on 2024-05-04", "min grade(adverse_event)", 2, 2),
    (
        "Fever grade 2 on 2024-05-03 related; Cough grade 3 on 2024-05-04",
        "max grade(adverse_event where related)",
        2,
        3,
    ),
    (
        "Fever grade 2 on 2024-05-03 related; Cough grade 1 on 2024-05-04",
        "max grade(adverse_event where related)",
        2,
        2,
    ),
    (
        "Fever grade 2 on 2024-05-03 related; Cough grade 1 on 2024-05-04",
        "min grade(adverse_event where related)",
        1,
        2,
    ),
    ("Fever grade 1 on 2024-05-03; Cough grade 3 on 2024-05-04", "max grade(adverse_event where related)", 0, 3),
    ("Fever grade 1 on 2024-05-03; Cough grade 3 on 2024-05-04", "min grade(adverse_event where related)", 0, 3),
)
def test_the_highest_and_the_lowest_grade(events: str, number: str, least: int, most: int) -> None:
    """The highest or lowest grade of no events at all is 0. What nobody has judged may belong to the events or not, so
    the grade lies between the least and the most that either would make it.
    """
    assert bounds(number, events, "2024-06-30") == (str(least), str(most))


@table("events", "condition", "answer")(
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) > 0", UNKNOWN),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) > 1", FALSE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) >= 0", TRUE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) = 0", UNKNOWN),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) = 2", FALSE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) != 2", TRUE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) 0..1", TRUE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) 1..2", UNKNOWN),
    ("Fever grade 3 on 2024-05-03", "max grade(adverse_event where related) <= 3", TRUE),
    ("Fever grade 3 on 2024-05-03", "max grade(adverse_event where related) > 3", FALSE),
    ("Fever grade 3 on 2024-05-03", "1 > count(adverse_event where related)", UNKNOWN),
    ("Fever grade 3 on 2024-05-03", "2 > count(adverse_event where related)", TRUE),
    ("Fever grade 3 on 2024-05-03", "count(adverse_event where related) + 1 > 0", TRUE),
    ("Fever grade 3 on 2024-05-03", "1 - count(adverse_event where related) >= 0", TRUE),
    ("Fever grade 3 on 2024-05-03", "1 - count(adverse_event where related) > 0", UNKNOWN),
)
def test_bounds_answer_as_soon_as_they_can(events: str, condition: str, answer: Truth) -> None:
    """A comparison with a count or a grade is answered as soon as no open judgement could change the answer."""
    found = evaluate.judge(expression(condition), case(events, "2024-06-30"))
    assert found.truth is answer
    assert found.settle == (("related of Fever (AE1)",) if answer is UNKNOWN else ())


@table("recorded", "number", "least", "most")(
    ("", "count(contraception)", "0", None),
    ("contraception from 2024-01-01 ongoing", "count(contraception)", "1", None),
    ("contraception from 2024-01-01 ongoing; no contraception until 2024-05-02", "count(contraception)", "1", "1"),
    ("contraception from 2024-01-01; no contraception until 2024-05-02", "count(contraception ongoing)", "0", "1"),
    ("no contraception until 2024-05-02", "count(contraception at month_6)", "0", None),
    ("score 20 on 2024-05-02; score not obtained on 2024-05-01", "count(score)", "1", "1"),
    ("hemoglobin 12 g/dL on 2024-05-02; hemoglobin 13 on 2024-05-01", "count(hemoglobin)", "1", "2"),
    ("score 20 on 2024-05-02 at run_in_1; score 20 on 2024-05-01", "count(score in run_in)", "1", "1"),
    ("stage early on 2024-05-02; stage worse on 2024-05-01", "count(stage)", "1", "2"),
)
def test_other_counts(recorded: str, number: str, least: str, most: str | None) -> None:
    """More episodes may exist than are recorded, so their count has no upper bound until somebody records that there
    were no others. Of values, those that cannot be read may or may not count.
    """
    assert bounds(number, recorded, "2024-05-02") == (least, most)


def test_what_would_settle_a_count_of_episodes() -> None:
    """A count that is open, because others may exist or an end is missing, is settled by the fact; a closed one is
    not.
    """
    several = "contraception from 2024-01-01 ongoing; no contraception until 2024-05-02"
    ended = "contraception from 2024-01-01; no contraception until 2024-05-02"
    settles = [
        evaluate.measure(expression("count(contraception ongoing)"), case(recorded, "2024-05-02")).settle
        for recorded in ("", ended, several)
    ]
    assert settles == [("contraception",), ("contraception",), ()]


# ---------------------------------------------------------------- participants


@table("second", "third", "condition", "answer")(
    (_GIVEN, _GIVEN, "count(participants where done(injection_1)) = 3", TRUE),
    (_GIVEN, "injection_1 on 2024-05-01", "count(participants where done(injection_1)) = 3", FALSE),
    (_GIVEN, "injection_1 on 2024-05-01", "count(participants where done(injection_1)) >= 2", TRUE),
    ("", "", "count(participants) = 3", TRUE),
    (
        f"{_GIVEN}; Fever grade 3 on 2024-05-03", f"{_GIVEN}; Fever grade 3 on 2024-05-03 related",
        "count(participants where toxicity) >= 2", UNKNOWN,
    ),
    (
        f"{_GIVEN}; Fever grade 3 on 2024-05-03", f"{_GIVEN}; Fever grade 3 on 2024-05-03 related",
        "count(participants where toxicity) >= 1", TRUE,
    ),
    (_GIVEN, _GIVEN, "count(participants where toxicity) = 0", TRUE),
)  # fmt: skip
def test_counts_of_participants(second: str, third: str, condition: str, answer: Truth) -> None:
    """The participants of a count are those enrolled; of each the condition is asked as of one person.

    (The first was given injection_1.)
    """
    assert evaluate.judge(expression(condition), case(_GIVEN, "2024-06-30", (second, third))).truth is answer


@table("recorded", "condition", "answer")(
    ("screening on 2024-04-01", "done(screening)", TRUE),
    ("", "done(screening)", FALSE),
    ("injection_1 on 2024-05-01", "done(injection_1)", FALSE),
    ("dose at injection_1 on 2024-05-01", "done(injection_1)", TRUE),
)
def test_done(recorded: str, condition: str, answer: Truth) -> None:
    """`done` is true of a visit that took place, and of one that gives a dose only when the dose was given."""
    assert evaluate.judge(expression(condition), case(recorded, "2024-06-30")).truth is answer


# ---------------------------------------------------------------- change and slope

_SCORES = "score 40 on 2024-01-31 at screening; score 35 on 2024-11-01 at month_6"


@table("recorded", "number", "value")(
    (_SCORES, "change(score, from screening) at month_6", "-5"),
    (f"{_SCORES}; score 36 on 2024-11-02 at month_6", "change(score, from screening) at month_6", "-4"),
    (f"{_SCORES}; score 30 on 2024-12-01", "change(score, from screening)", "-10"),
    ("score 40 on 2024-01-31 at screening", "change(score, from screening) at month_6", None),
    ("score 35 on 2024-11-01 at month_6", "change(score, from screening) at month_6", None),
    ("score 40 on 2024-01-31 at screening; score not obtained on 2024-11-01 at month_6",
     "change(score, from screening) at month_6", None),
    ("hemoglobin 12 g/dL on 2024-01-31 at screening; hemoglobin 110 g/L on 2024-11-01 at month_6",
     "change(hemoglobin, from screening) at month_6", "-1"),
    ("hemoglobin 12 g/dL on 2024-01-31 at screening; hemoglobin 11 on 2024-11-01 at month_6",
     "change(hemoglobin, from screening) at month_6", None),
)  # fmt: skip
def test_change_from_a_base_visit(recorded: str, number: str, value: str | None) -> None:
    """A change is the value at one visit minus that at the base visit, in the fact's own unit; without a second visit,
    the latest value counts. Where one of the two is missing there is no change.
    """
    assert bounds(number, recorded, "2024-12-31") == (value, value)


@table("scores", "per", "slope")(
    (("2024-01-01 40", "2024-01-11 38"), "day", "-1/5"),
    (("2024-01-01 40", "2024-01-11 38"), "week", "-7/5"),
    (("2024-01-01 40", "2024-01-11 38"), "month", "-487/80"),
    (("2024-01-01 40", "2024-01-11 38"), "year", "-1461/20"),
    (("2024-01-01 40", "2024-01-11 38", "2024-01-21 39"), "day", "-1/20"),
    (("2024-01-01 40", "2024-01-01 42", "2024-01-11 39"), "day", "-1/5"),
    (("2024-01-01 40",), "day", None),
    (("2024-01-01 40", "2024-01-01 38"), "day", None),
    ((), "day", None),
)
def test_slopes_are_exact(scores: tuple[str, ...], per: str, slope: str | None) -> None:
    """A slope is that of the least-squares line through all values of the window, worked out in exact fractions. It
    needs values on two different days. A month is 30.4375 days, a year 365.25.
    """
    recorded = "; ".join(f"score {value} on {day}" for day, value in (each.split() for each in scores))
    assert bounds(f"slope(score, per {per})", recorded, "2024-12-31") == (slope, slope)


_RUN_IN = "score 40 on 2024-01-01 at run_in_start; score 38 on 2024-01-11 at run_in_1"
_TREATED = "score 37 on 2024-05-01 at injection_1; score 36 on 2024-05-11 at month_6"
_AGAINST_RUN_IN = "slope(score, per day) in [treatment, follow_up] - slope(score, per day) in run_in"


@table("recorded", "number", "slope")(
    (f"{_RUN_IN}; {_TREATED}", _AGAINST_RUN_IN, "1/10"),
    (_RUN_IN, _AGAINST_RUN_IN, None),
    (_TREATED, _AGAINST_RUN_IN, None),
    (
        "injection_1 on 2024-05-01; score 40 on 2024-01-01; score 38 on 2024-01-11; score 0 on 2024-05-02",
        "slope(score, per day) before injection_1", "-1/5",
    ),
    ("breath 90 % on 2024-01-01; breath 0.8 1 on 2024-01-11", "slope(breath, per day)", "-1"),
    ("breath 90 % on 2024-01-01; breath 80 % on 2024-01-11; breath 10 on 2024-01-12", "slope(breath, per day)", "-1"),
)  # fmt: skip
def test_slopes_in_windows(recorded: str, number: str, slope: str | None) -> None:
    """A slope looks at the values of its window only, in the unit of the fact; values that cannot be read are left
    out.
    """
    assert bounds(number, recorded, "2024-12-31") == (slope, slope)


def test_slopes_are_compared_in_the_unit_of_their_fact() -> None:
    """A slope of a percentage is compared with a percentage; the unit may not be left out."""
    falling = case("breath 90 % on 2024-01-01; breath 80 % on 2024-01-11", "2024-12-31")
    assert evaluate.judge(expression("slope(breath, per day) < -0.9 %"), falling).truth is TRUE
    with pytest.raises(ValueError, match="is measured in %"):
        expression("slope(breath, per day) < -0.9")


def test_least_squares_by_hand() -> None:
    """The slope through (0, 1), (1, 3), (2, 2) is 1/2."""
    points = [(Fraction(x), Fraction(y)) for x, y in ((0, 1), (1, 3), (2, 2))]
    assert least_squares(points) == Fraction(1, 2)


# ---------------------------------------------------------------- endpoints


@table("endpoint", "recorded", "value", "unit")(
    ("count(adverse_event where related)", "Fever grade 2 on 2024-05-03 related", 1.0, ""),
    ("count(adverse_event where related)", "Fever grade 2 on 2024-05-03", None, ""),
    ("change(hemoglobin, from screening)",
     "hemoglobin 12 g/dL on 2024-01-31 at screening; hemoglobin 11.5 g/dL on 2024-05-01", -0.5, "g/dL"),
    ("done(injection_1)", _GIVEN, 1.0, ""),
    ("done(injection_1)", "", 0.0, ""),
    ("not tumour ever", "", None, ""),
    ("score >= 15 at month_6 and done(injection_1)", "", 0.0, ""),
)  # fmt: skip
def test_endpoints(endpoint: str, recorded: str, value: float | None, unit: str) -> None:
    """An endpoint is a number, or a condition that counts 1 where it is true and 0 where it is false. Where it is
    unknown there is no value, and the reason is kept.
    """
    found = endpoints.measure(PROTOCOL, expression(endpoint), chart(recorded), date(2024, 6, 30))
    assert (found.value, found.unit) == (value, unit)
    assert found.reason


@table("population", "recorded", "belongs")(
    (None, "", TRUE),
    ("done(injection_1)", _GIVEN, TRUE),
    ("done(injection_1)", "", FALSE),
    ("tumour ever", "", UNKNOWN),
)
def test_who_belongs_to_an_analysis(population: str | None, recorded: str, belongs: Truth) -> None:
    """An analysis counts everybody, or those of whom its population is true."""
    condition = None if population is None else expression(population)
    assert endpoints.belongs(PROTOCOL, condition, chart(recorded), date(2024, 6, 30)) is belongs


@table("wrong")(
    (t.Option("early"),),
    (t.Judged("Fit?", "investigator"),),
)
def test_conditions_are_no_numbers(wrong: t.Expr) -> None:
    """What is no number cannot be measured, and what is no condition cannot be judged: the language never lets it come
    to that.
    """
    here = Case(PROTOCOL, chart(""), date(2024, 6, 30))
    with pytest.raises(TypeError, match="is no number"):
        evaluate.measure(wrong, here)
    with pytest.raises(TypeError, match="is no condition"):
        evaluate.judge(t.Number(Quantity(Fraction(1))), here)
    for inside in (t.Field("related"), t.Field("grade")):
        with pytest.raises(TypeError, match="outside 'where'"):
            (evaluate.judge if inside.name == "related" else evaluate.measure)(inside, here)
    with pytest.raises(TypeError, match="is no choice"):
        evaluate.judge(t.OneOf(t.Option("early"), ("early",)), here)
    with pytest.raises(TypeError, match="is a decision table"):
        evaluate.judge(t.Ref("modification"), here)
