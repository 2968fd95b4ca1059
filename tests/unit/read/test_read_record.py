"""Settling what a page says, and its JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.read import parse
from stromal.read.record import (
    Fields,
    Range,
    Reading,
    Section,
    State,
    Statement,
    gather,
    lowest,
    record_to_json,
    settle,
    show,
    statement_to_json,
)
from stromal.values import Place


def at(line: int) -> tuple[Place, ...]:
    """A place on a line."""
    return (Place(line, f"words of {line}", "p"),)


def test_agreeing_places_are_one_statement() -> None:
    """The same value in other places, or in another calendar unit, is one reading with all its places."""
    settled = settle(
        "follow_up", [Reading(2, "years", at(1)), Reading(24, "months", at(5)), Reading(2, "years", at(1))]
    )
    assert (settled.state, settled.value, settled.unit, settled.places) == ("stated", 2, "years", (*at(1), *at(5)))
    assert settled.sure


def test_ranges_agree_across_units() -> None:
    """Ranges are compared end by end; weeks count as days."""
    assert len(gather([Reading(Range(1, 2), "weeks", at(1)), Reading(Range(7, 14), "days", at(2))])) == 1
    assert len(gather([Reading(Range(low=1), "years", at(1)), Reading(Range(high=12), "months", at(2))])) == 2


def test_mending_anywhere_is_remembered() -> None:
    """A value mended in one place is repaired as a whole, with every note."""
    settled = settle("dose", [Reading(5, "", at(1), note="plain"), Reading(5, "", at(2), "repaired", "mended")])
    assert (settled.state, settled.note) == ("repaired", "plain; mended")


def test_disagreeing_places_contradict() -> None:
    """Different values stand side by side, and none is preferred."""
    settled = settle("interval", [Reading(3, "months", at(1)), Reading(4, "months", at(2))])
    assert (settled.state, settled.value, len(settled.readings), settled.sure) == ("contradictory", (3, 4), 2, False)


def test_one_phrase_with_two_readings_is_ambiguous() -> None:
    """Readings of one phrase are no contradiction."""
    settled = settle("gap", [Reading(2, "months", at(1), "ambiguous"), Reading(0.5, "months", at(1), "ambiguous")])
    assert (settled.state, settled.value) == ("ambiguous", (2, 0.5))


def test_another_place_settles_an_ambiguity() -> None:
    """Where another place says plainly which reading is meant, the rival falls away."""
    readings = [
        Reading(10, "cells", at(1), "ambiguous", "two ways"),
        Reading(100, "cells", at(1), "ambiguous", "two ways"),
        Reading(10, "cells", at(2)),
        Reading(7, "cells", at(3), "ambiguous"),
    ]
    settled = settle("dose", readings[:3])
    assert (settled.state, settled.value) == ("repaired", 10)
    assert "another place settles it" in settled.note
    assert settle("dose", readings).state == "ambiguous"


def test_nothing_is_missing() -> None:
    """No reading is a statement too: missing, never false."""
    settled = settle("age", [])
    assert (settled.state, settled.value, settled.places) == ("missing", None, ())


@given(st.integers(-9, 9), st.integers(0, 9), st.booleans(), st.booleans(), st.floats(-20, 20))
def test_range_membership(low: int, width: int, with_low: bool, with_high: bool, number: float) -> None:
    """A number lies inside exactly when it passes both ends as they are written."""
    stretch = Range(low, low + width, with_low, with_high)
    above = number >= low if with_low else number > low
    below = number <= low + width if with_high else number < low + width
    assert (number in stretch) == (above and below)


def test_range_edges() -> None:
    """Open ends admit everything; other things are never inside; a range needs an end, the right way round."""
    assert 10**9 in Range(low=1)
    assert -(10**9) in Range(high=1)
    assert "x" not in Range(low=1)
    with pytest.raises(ValueError, match="at least one end"):
        Range()
    with pytest.raises(ValueError, match="down to"):
        Range(3, 2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Range(14, 21), "14 to 21"),
        (Range(2, 16, low_included=False, high_included=False), "more than 2 and less than 16"),
        (Range(low=15), "at least 15"),
        (Range(high=5), "at most 5"),
        (None, "not stated"),
        (True, "yes"),
        (False, "no"),
        (2_000_000, "2.0e6"),
        ((1, "b"), "1, b"),
        (Fields((("what_for", 2),)), "what for: 2"),
    ],
)
def test_show(value: object, words: str) -> None:
    """Values as a person reads them."""
    assert show(value) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), (Range(2, 4), 2), (Range(high=4), 4), (True, 0), ("x", 0), (None, 0)]
)
def test_lowest(value: object, number: int) -> None:
    """Where a value begins."""
    assert lowest(value) == number  # type: ignore[arg-type]


def test_fields() -> None:
    """Named parts are found by name."""
    parts = Fields((("a", 1),))
    assert (parts.get("a"), parts.get("b")) == (1, None)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            Statement("dose", 5, "cells", "stated", at(2)),
            {"name": "dose", "value": 5, "unit": "cells", "state": "stated",
             "places": [{"line": 2, "quote": "words of 2"}]},
        ),
        (
            settle("gap", [Reading(Range(1, 2), "months", at(1)), Reading((3, 4), "months", at(2), note="n")]),
            {
                "name": "gap",
                "value": [{"low": 1, "high": 2, "low_included": True, "high_included": True}, [3, 4]],
                "unit": "months",
                "state": "contradictory",
                "places": [{"line": 1, "quote": "words of 1"}, {"line": 2, "quote": "words of 2"}],
                "readings": [
                    {"value": {"low": 1, "high": 2, "low_included": True, "high_included": True}, "unit": "months",
                     "places": [{"line": 1, "quote": "words of 1"}], "note": ""},
                    {"value": [3, 4], "unit": "months", "places": [{"line": 2, "quote": "words of 2"}], "note": "n"},
                ],
                "note": "n",
            },
        ),
    ],
)  # fmt: skip
def test_statement_to_json(statement: Statement, expected: dict[str, object]) -> None:
    """A fact in JSON: name, value, unit, state, places; numbers are numbers."""
    assert statement_to_json(statement) == expected


def test_record_to_json() -> None:
    """A whole record survives JSON with every section, item, line and fact."""
    text = "T [clinicaltrials:NCT00000009]\n\nGive 3x10^6 MSC/kg when all 3 patients are well. The primary aim is joy."
    made = record_to_json(parse(text, "f"))
    again = json.loads(json.dumps(made))
    assert again["registry_id"] == "NCT00000009"
    assert again["sections"][1]["items"][0]["line"] == 3
    (dose,) = [fact for fact in again["facts"] if fact["name"] == "dose"]
    (aim,) = [fact for fact in again["facts"] if fact["name"] == "primary_outcome"]
    assert aim["value"] == [{"measure": "joy"}]
    assert (dose["value"], dose["unit"], dose["places"][0]["line"]) == (3_000_000, "cells/kg", 3)


def test_sections_and_their_fields() -> None:
    """A record finds its sections and fields by name."""
    record = parse("T [clinicaltrials:NCT00000009]\nText.", "f")
    (title,) = record.named("title")
    assert title.printed is False
    assert title.field("resource") is not None
    assert title.field("nothing") is None
    assert len(list(record.items())) == 3
    assert isinstance(title, Section)
    states: tuple[State, ...] = ("stated", "repaired", "ambiguous", "contradictory", "missing")
    assert {statement.state for statement in record.statements} <= set(states)
