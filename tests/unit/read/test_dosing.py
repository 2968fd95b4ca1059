"""The doses of a record in one list, in records made up for these tests."""

from __future__ import annotations

import json

import pytest

from dose_scoring import Labels, key, score
from stromal.read.dosing import StatedDose, stated_doses
from stromal.read.record import Number, Range, Reading, Record, Statement
from stromal.read.registries import parse

NAME = "NCT00000001"


def record(summary: str, *arms: tuple[str, str]) -> Record:
    """A registry record with a summary and arms."""
    groups = [{"label": label, "description": text} for label, text in arms]
    tree = {
        "protocolSection": {
            "identificationModule": {"nctId": NAME, "briefTitle": "A trial of cells"},
            "descriptionModule": {"briefSummary": summary},
            "armsInterventionsModule": {"armGroups": groups},
        }
    }
    return parse(json.dumps(tree).encode(), "made_up.json")


def read(summary: str, *arms: tuple[str, str]) -> list[tuple[Number, Number, str, str]]:
    """Low, high, unit and state of every dose."""
    return [(dose.low, dose.high, dose.unit, dose.state) for dose in stated_doses(record(summary, *arms))]


M = 1_000_000


def test_levels_of_arms() -> None:
    """Each arm's dose is listed, once."""
    found = read(
        "Two levels of MSC are compared: 1 and 4 x 10^6 cells/kg.",
        ("Low", "A dose of 1 million MSC/kg"), ("High", "A dose of 4 million MSC/kg"),
    )  # fmt: skip
    assert found == [(M, M, "cells/kg", "stated"), (4 * M, 4 * M, "cells/kg", "stated")]


def test_a_range() -> None:
    """A range is one dose with two ends."""
    assert read("They receive 1-2 x 10^6 MSC/kg.") == [(M, 2 * M, "cells/kg", "stated")]


def test_doses_in_two_units() -> None:
    """A dose per kilogram and a dose in cells both stand, also where each unit has levels."""
    found = read("Give 2*10^6 cells/kg or 3*10^6 cells/kg by vein, then 5*10^6 cells or 9*10^6 cells locally.")
    assert {(low, unit) for low, _, unit, _ in found} == {
        (2 * M, "cells/kg"), (3 * M, "cells/kg"), (5 * M, "cells"), (9 * M, "cells"),
    }  # fmt: skip


def test_per_kilogram_left_out() -> None:
    """A label that leaves `per kg` out speaks of the dose that stands per kilogram elsewhere."""
    found = read("They receive 2 million MSC/kg.", ("2 million of MSC", "By vein."))
    assert found == [(2 * M, 2 * M, "cells/kg", "repaired")]


def test_two_readings_stand() -> None:
    """`10eN` alone gives two readings, each naming the other; where the page says it elsewhere, one is settled."""
    first, second = stated_doses(record("They receive 1x10e6 cells/kg."))
    assert (first.state, first.rivals, second.rivals) == ("ambiguous", ((10 * M, 10 * M),), ((M, M),))
    assert read("They receive 1x10e6 cells/kg.", ("Cells", "1 million cells/kg")) == [(M, M, "cells/kg", "repaired")]


@pytest.mark.parametrize(
    ("text", "low"),
    [
        ("Three infusions of 1 x 10^8 cells, cumulative dose 3 x 10^8 cells.", 100 * M),
        ("The cumulative dose is 3 x 10^8 cells.", 300 * M),
        ("A maximum of 2 x 10^8 cells.", 200 * M),
        ("A dose of 1 x 10^6 cells/kg, at most: maximum 2 x 10^8 cells.", M),
    ],
)
def test_the_last_resort(text: str, low: Number) -> None:
    """What all administrations hold, or what none may exceed, is listed only where nothing else is."""
    assert [dose.low for dose in stated_doses(record(text))] == [low]


@pytest.mark.parametrize(
    ("words", "bound"),
    [("up to", "at most"), ("at least", "at least"), ("a minimum of", "at least"), ("≤", "at most"), ("about", "")],
)
def test_bounds(words: str, bound: str) -> None:
    """`at least` and `up to` are kept with the number they stand before."""
    (only,) = stated_doses(record(f"They receive {words} 2 x 10^6 MSC/kg."))
    assert (only.low, only.bound) == (2 * M, bound)


def test_no_dose() -> None:
    """No dose is an empty list; densities and safe doses are none."""
    assert read("Cells are sown on a sheet at 2 million cells/cm2. 2 x 10^6 MSC/kg is a safe dose.") == []


def test_what_is_no_number_of_cells() -> None:
    """A statement filled by hand with another unit, or with words, gives no dose; an open end counts as the other."""
    readings = (
        Reading(5, "mg"), Reading("many", "cells"), Reading(True, "cells"), Reading(Range(low=M), "cells"),
        Reading(Range(high=3 * M), "cells/kg"),
    )  # fmt: skip
    made = Record(NAME, "", "", "", (), (Statement("dose", 5, "mg", "ambiguous", (), readings),))
    assert [(dose.low, dose.high) for dose in stated_doses(made)] == [(M, M), (3 * M, 3 * M)]


def test_the_score() -> None:
    """Found, missed and made up are counted; a rival of a right reading is forgiven, but not strictly."""
    known = {NAME: Labels(frozenset({(M, M, True), (5 * M, 5 * M, False)}), frozenset({(7, 7, False)}))}
    right = StatedDose(M, M, True, "ambiguous", (), "dose", ((10 * M, 10 * M),))
    places = record("A place: 1 million cells.").statements[1].places
    rival = StatedDose(10 * M, 10 * M, True, "ambiguous", places, "dose", ((M, M),))
    either = StatedDose(7, 7, False, "stated", places, "dose")
    fair = score([(NAME, (right, rival, either))], known, strict=False)
    strict = score([(NAME, (right, rival, either))], known, strict=True)
    assert (fair.found, fair.missed, fair.made_up) == (1, 1, 0)
    assert (strict.precision, strict.recall, len(strict.faults)) == (0.5, 0.5, 2)
    assert key(either) == (7, 7, False)
    assert score([], known, strict=True).precision == 1.0
