"""The small notations: what each reads, what it writes back, and what it refuses with which words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from stromal.protocol import model as m
from stromal.protocol import notation as n
from stromal.protocol import tree as t
from stromal.values import Duration, Quantity


@pytest.mark.parametrize(
    "text",
    [
        "day 0",
        "14..21 days after infusion_1",
        "6 months after start",
        "1 week before first dose",
        "within 28 days before start",
        "every 2 months from a until b",
        "every 1 year from a until 3 months after last dose",
    ],
)
def test_times_of_visits_are_written_as_read(text: str) -> None:
    """The canonical text of a time reads back to the same."""
    when, leeway = n.read_when(text)
    assert n.write_when(when) == text
    assert leeway == m.NO_TIME


@pytest.mark.parametrize("text", ["+-14 days", "+-1 month", "-3..+7 days", "-0..+7 days"])
def test_windows_are_written_as_read(text: str) -> None:
    """Even and uneven leeway."""
    assert n.write_window(*n.read_window(text)) == text


def test_no_leeway_is_written_as_nothing() -> None:
    """A visit without leeway has no window key."""
    assert n.write_window(m.NO_TIME, m.NO_TIME) == ""


@pytest.mark.parametrize(
    "text", ["1e6 cells/kg of weight at same visit", "2.5e6 cells/kg of mass at start", "1e8 cells"]
)
def test_amounts_are_written_as_read(text: str) -> None:
    """Fixed amounts and amounts per kilogram."""
    assert n.write_amount(*n.read_amount(text)) == text


def test_amounts_are_kept_in_cells() -> None:
    """Other units of cells are converted exactly; a weight is that of the same visit unless another is named."""
    assert n.read_amount("100 10*6{cells}") == (Quantity(Fraction(10**8), "cells"), None)
    assert n.read_amount("1000 cells/g") == (Quantity(Fraction(10**6), "cells/kg"), m.Weight("weight"))
    assert n.read_amount("1e6 cells/kg of mass") == (Quantity(Fraction(10**6), "cells/kg"), m.Weight("mass"))


@pytest.mark.parametrize("text", ["viability >= 80 %", "sterility = negative", "endotoxin < 5 EU/kg", "passage <= 4"])
def test_release_tests_are_written_as_read(text: str) -> None:
    """Numbers with units, and words."""
    assert n.write_test(n.read_test(text)) == text


def test_spans_and_ladders_are_written_as_read() -> None:
    """One number or two, in the unit of the key; rungs with their unit once."""
    assert n.write_span(n.read_span("5..10 mL", "mL"), "mL") == "5..10 mL"
    assert n.write_span(n.read_span("0.003 L", "mL"), "mL") == "3 mL"
    assert n.write_ladder(n.read_ladder("1e7, 5e7, 1e8 cells")) == "1e7, 5e7, 1e8 cells"
    assert n.read_ladder("1e6 cells/kg") == (Quantity(Fraction(10**6), "cells/kg"),)


def test_anchors_are_written_as_read() -> None:
    """A visit, or the first, last or previous of a repeat."""
    assert n.read_anchor("last dose") == t.Anchor("dose", "last")
    assert n.write_anchor(t.Anchor("dose", "last")) == "last dose"
    assert n.write_anchor(n.read_anchor(" start ")) == "start"


def test_roles_are_read() -> None:
    """Each role must sign."""
    assert n.read_roles("signed by investigator and medical_monitor") == ("investigator", "medical_monitor")


_SPAN: Callable[[str], object] = lambda text: n.read_span(text, "%")  # noqa: E731 - a reader of one argument


@pytest.mark.parametrize(
    ("reader", "text", "words"),
    [
        (n.read_anchor, "Last Dose!", "is no visit or milestone"),
        (n.read_when, "soon", "is no time of a visit"),
        (n.read_when, "21..14 days after x", "runs backwards"),
        (n.read_when, "14 hours after x", "length of time"),
        (n.read_when, "every 2 months from a until 3 hours after b", "length of time"),
        (n.read_window, "about a week", "is no window"),
        (n.read_amount, "plenty", "is no amount"),
        (n.read_amount, "1e6 mg", "measures no dose of cells"),
        (n.read_amount, "1e6 zz/kg", "not a unit"),
        (n.read_amount, "0 cells", "more than 0 cells"),
        (n.read_amount, "1e8 cells of weight at same visit", "a fixed number of cells needs no weight"),
        (n.read_ladder, "1e7, 5e7", "measures no dose of cells"),
        (n.read_ladder, "5e7, 1e7 cells", "rise from low to high"),
        (n.read_ladder, "1e7, 1e7 cells", "rise from low to high"),
        (n.read_ladder, "0, 1e7 cells", "0 cells is no dose"),
        (n.read_ladder, "1e7 kg, 5e7 cells", "cannot be turned into"),
        (_SPAN, "much", "is no range"),
        (_SPAN, "90..110", "with its unit"),
        (_SPAN, "110..90 %", "runs backwards"),
        (_SPAN, "5 mL", "cannot be turned into"),
        (n.read_test, "clean", "is no release test"),
        (n.read_test, "sterility > negative", "a word is compared with ="),
        (n.read_test, "viability >= 80 zz", "not a unit"),
        (n.read_roles, "investigator", "names no signature"),
        (n.read_roles, "signed by ", "names no signature"),
        (n.read_roles, "to be signed by investigator", "names no signature"),
        (n.read_roles, "signed by investigator and ", "names no signature"),
    ],
)
def test_what_cannot_be_read_is_refused(reader: Callable[[str], object], text: str, words: str) -> None:
    """ValueError shows the text and how to write it."""
    with pytest.raises(ValueError, match=words):
        reader(text)


def test_leeway_inside_a_time() -> None:
    """`28 +-3 d after last dose` carries its window with it."""
    when, leeway = n.read_when("28 +-3 d after last dose")
    assert n.write_when(when) == "28 days after last dose"
    assert leeway == Duration(3)
