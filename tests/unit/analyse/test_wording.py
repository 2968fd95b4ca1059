"""Values and results as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import small_trial
from stromal.analyse.grid import Cell, Column
from stromal.analyse.models import Answer, PValue, Result, analyse, change, proportion
from stromal.analyse.wording import details, happening, joined, moment, p_value, sentence, shown
from stromal.ledger import events as e

PLAIN, TWO = Column("x", "X"), Column("x", "X", decimals=2)


@pytest.mark.parametrize(
    ("cell", "column", "text"),
    [
        (None, PLAIN, "not known"),
        ("word", PLAIN, "word"),
        (3, TWO, "3"),
        (2.345, TWO, "2.35"),
        (-2.345, TWO, "−2.35"),
        (-0.001, TWO, "0.00"),
        (78_205_600.0, PLAIN, "7.821e7"),
        (-0.25, PLAIN, "−0.25"),
        (date(2020, 3, 2), PLAIN, "2020-03-02"),
        (datetime(2020, 3, 2, 9, 5, tzinfo=timezone(timedelta(hours=2))), PLAIN, "2020-03-02 07:05 UTC"),
    ],
)
def test_cells_are_shown_for_people(cell: Cell, column: Column, text: str) -> None:
    """Unknown in so many words, decimals as the column asks, a true minus, never minus zero, moments in UTC."""
    assert shown(cell, column) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "cannot be computed"), (0.0004, "< 0.001"), (0.0341, "0.034"), (0.5, "0.5"), (0.999, "1.0")],
)
def test_p_values_are_never_nothing(value: float | None, text: str) -> None:
    """Two digits, below one in a thousand only that, and no p of zero."""
    assert p_value(PValue("t", value)) == text


def _result(answer: Answer, measured: str = "x took place", missing: int = 0) -> Result:
    """A result around an answer."""
    result = analyse(small_trial.protocol(), small_trial.history().state())[0]
    return Result(
        "r", "adverse_events", "T", "primary", "o", answer.measure, answer.unit, answer.n, answer.estimate,
        answer.interval,
        "", "done(x)", measured, "everybody", events=answer.events, unknown=answer.unknown, p_values=answer.p_values,
        missing=result.missing * missing,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (_result(proportion([])), "Nobody is in the population yet."),
        (_result(proportion([True, False])), "It holds for 1 of 2: 50.0 % (exact 95 % interval 1.3 to 98.7 %)."),
        (
            _result(proportion([False] * 6), "the number of adverse events on the day"),
            "0 of 6 had one or more adverse events on the day: 0.0 % (exact 95 % interval 0.0 to 45.9 %).",
        ),
        (
            _result(proportion([True, None])),
            "It holds for 1 of 2 and 1 cannot be judged yet (exact 95 % interval for either outcome 1.3 to 100.0 %).",
        ),
        (_result(change([], "kg"), missing=2), "Nobody has a value yet. 2 without a value."),
        (
            _result(change([-1.5], "kg"), missing=1),
            "Mean change −1.50 kg, n = 1; an interval needs two people. 1 without a value.",
        ),
        (
            _result(change([1.0, 2.0, 3.0], "")),
            "Mean change 2.00, n = 3 (95 % interval −0.48 to 4.48; p = 0.074 by t, p = 0.25 by sign-flip permutation).",
        ),
        (
            _result(change([1.0 + place / 100 for place in range(11)], "")),
            "Mean change 1.05, n = 11 (95 % interval 1.03 to 1.07; p < 0.001 by t, p < 0.001 by sign-flip permutation).",  # noqa: E501
        ),
    ],
)
def test_an_answer_is_one_sentence(result: Result, text: str) -> None:
    """The number, its interval, its tests, and who is missing."""
    assert sentence(result) == text


def test_events_are_told_in_words() -> None:
    """The kind as words; the fields that say something; yes and no for true and false."""
    event = e.AdverseEventReported("P1", "AE1", "Fever", 2, date(2020, 3, 2), True, False)
    assert happening(event) == "Adverse event reported"
    assert details(event) == "participant P1, id AE1, term Fever, grade 2, onset 2020-03-02, related yes, serious no"


def test_long_and_nested_fields_are_told_briefly() -> None:
    """A protocol's text stays in the book; lists are joined; numbers are short."""
    adopted = e.ProtocolAdopted(1, date(2020, 1, 1), "ab", "stromal: 1 ...")
    assert details(adopted) == "version 1, effective 2020-01-01, digest ab"
    decided = e.EligibilityDecided("P1", date(2020, 1, 1), True, (("I1", "met", "fine"),))
    assert details(decided).endswith("eligible yes, lines I1; met; fine")
    seen = e.FactObserved("P1", "cells", 12_500_000.0, date(2020, 1, 1))
    assert "value 1.25e7" in details(seen)


def test_a_correction_tells_what_counts_instead() -> None:
    """The entry, the reason, and the replacement or nothing."""
    gone = e.EntryCorrected(7, "entered twice")
    assert details(gone) == "entry 7, because entered twice; instead: nothing"
    put = e.EntryCorrected(7, "wrong day", e.VisitAttended("P1", "month_9", date(2020, 1, 1)))
    assert details(put).endswith("instead: visit attended: participant P1, visit month_9, day 2020-01-01")


def test_moments_and_lists_read_naturally() -> None:
    """To the minute in UTC; commas and one `and`."""
    assert moment(datetime(2020, 3, 2, 9, 5, 59, tzinfo=UTC)) == "2020-03-02 09:05 UTC"
    assert (joined([]), joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])) == (
        "",
        "a",
        "a and b",
        "a, b and c",
    )
