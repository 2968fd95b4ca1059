"""Reading costs in proportion to what is read, however long a line or a page is."""

from __future__ import annotations

from itertools import count
from time import process_time

import pytest

from stromal.read import pages
from stromal.read.facts import record
from stromal.read.phrases import leading, pattern
from stromal.read.record import Item, Reading, Section, gather
from stromal.values import Place

_SAID = (
    " Patients aged between {a} and {b} years receive {a} x 10^6 cells per kg every {c} weeks for {b} months, followed"
    " for a year, with a haemoglobin of more than {c} g/dL within {c} weeks of screening"
)


def _section(name: str, lines: list[str]) -> Section:
    items = tuple(Item(line, Place(number, line)) for number, line in enumerate(lines, 1))
    return Section(name, Place(1, name), items)


def _said(times: int, end: str) -> str:
    return "".join(_SAID.format(a=n % 40, b=n % 40 + 20, c=n % 9 + 2) + end for n in range(times))


def _seconds(name: str, lines: list[str]) -> float:
    start = process_time()
    record("ctgov", "f", (_section(name, lines),))
    return process_time() - start


_FRESH = count()
"""No line is read twice, for a line that has been read is remembered."""


def _line(times: int, end: str) -> str:
    return f"Arm {next(_FRESH)}: {_said(times, end)}"


@pytest.mark.parametrize("name", ["summary", "inclusion", "secondary_outcomes", "criteria"])
@pytest.mark.parametrize("end", [".", ","], ids=["sentences", "one sentence"])
def test_a_line_four_times_as_long_costs_about_four_times_as_much(name: str, end: str) -> None:
    """Nothing looks from every number back to the beginning of its line."""
    _seconds(name, [_line(5, end)])
    short, long = (min(_seconds(name, [_line(times, end)]) for _ in range(3)) for times in (25, 100))
    assert long < 9 * short


@pytest.mark.parametrize("name", ["summary", "inclusion", "criteria"])
def test_a_page_of_four_times_as_many_lines_costs_about_four_times_as_much(name: str) -> None:
    """Nothing compares every line with every other."""
    _seconds(name, [_line(1, ".") for _ in range(5)])
    short, long = (min(_seconds(name, [_line(1, ".") for _ in range(n)]) for _ in range(2)) for n in (100, 400))
    assert long < 9 * short


def test_words_that_lead_to_a_number_are_sought_near_it() -> None:
    """A cue right before an offset is found, one that is far away or before `low` is not."""
    cue = pattern(r"\bevery\s+$")
    text = "every " + " " * 300 + "4 or every 5"
    assert leading(cue, text, text.index("5")) is not None
    assert leading(cue, text, text.index("4")) is None
    assert leading(cue, text, text.index("5"), low=len(text) - 1) is None


def test_many_readings_that_agree_are_gathered() -> None:
    """Ten thousand places that say one thing are one reading, with its notes and mending."""
    readings = [
        Reading(5, "mL", (Place(n),), "stated" if n else "repaired", "noted" if n == 7 else "") for n in range(9999)
    ]
    (one,) = gather(readings)
    assert len(one.places) == len(readings)
    assert (one.state, one.note) == ("repaired", "noted")


def test_a_page_of_strange_signs_is_no_text() -> None:
    """A few control signs are a slip of the portal, many are a file of another kind."""
    assert pages._mostly_text("A trial\x00 of cells" * 9 + " and so on" * 40)
    assert not pages._mostly_text("\x01\x02\ufffd\x85 trial")
