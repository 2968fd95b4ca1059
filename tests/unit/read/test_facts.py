"""The forty-two facts of the five records, row by row: value, state and lines, as the pages themselves state them.

The records lie beside the repository and are read at run time; where they are absent these tests say so and skip.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from stromal.read import Record, parse
from stromal.read.record import Fields, Range, State, Statement, Value

SEEDS = Path(__file__).resolve().parents[3] / ".." / "shared" / "seeds"
pytestmark = pytest.mark.skipif(
    not (SEEDS / "FACTS.csv").exists(), reason="the five records are not beside the repository"
)


@dataclass(frozen=True, slots=True)
class Expected:
    """One statement that a row of the table rests on."""

    name: str
    value: Value
    unit: str
    state: State
    lines: tuple[int, ...]


def stated(name: str, value: Value, unit: str = "", *lines: int, state: State = "stated") -> Expected:
    """A statement as the page makes it."""
    return Expected(name, value, unit, state, lines)


def outcome(**parts: str) -> Fields:
    """An outcome by its parts."""
    return Fields(tuple(parts.items()))


MEASURES_002 = (
    "alsfrs_r", "fvc", "adverse_event", "neurological_examination", "muscle_chart", "physical_examination",
    "vital_signs",
    "heart_rate", "blood_pressure", "respiratory_rate", "temperature", "white_cells", "platelets", "haemoglobin",
    "haematocrit", "electrolytes", "creatinine", "liver_enzymes",
)  # fmt: skip

# Registry, paper and earlier versions state more than the pages do (an enrolment of 8, ages to 70, ALSFRS-R of 20, one
# to four injections): what a page does not print is not expected here.
ROWS: dict[tuple[str, str], tuple[Expected, ...]] = {
    ("000", "dose 1"): (stated("dose_1", 1_000_000, "cells/kg", 3, 7),),
    ("000", "dose 2"): (stated("dose_2", 5_000_000, "cells/kg", 3, 7),),
    ("000", "interval dose1-dose2"): (stated("interval", Range(14, 21), "days", 3, 7),),
    ("000", "follow-up after dose 2"): (stated("follow_up", 28, "days", 3, 7),),
    ("000", "safety rule"): (
        stated("safety_rule", Fields((("completed", 6), ("of", 6), ("what", "both infusions"), ("dose", 5_000_000),
                                      ("dose_unit", "cells/kg"))), "", 3, 7),
        stated("safe_dose", 5_000_000, "cells/kg", 3, 7),
        stated("planned_enrolment", 6, "participants", 3, 7),
    ),
    ("000", "conditioning"): (stated("conditioning", "none", "", 3, 7),),
    ("000", "product"): (
        stated("product", Fields((("cells", "mesenchymal stromal cells"), ("donor", "allogeneic"),
        ("tissue", "bone marrow"),
                                  ("processing", ("ex vivo expanded", "gene-marked")),
                                  ("same_donor", True))), "", 3, 7),
    ),
    ("001", "dose"): (
        stated("dose", 100_000_000, "cells", 9, 36),
        stated("administrations", 1, "", 9, 36),
        stated("route", "intravenous", "", 1, 7, 9, 36),
    ),
    ("001", "visits"): (
        stated("visits", (1, 6, 12, 24, 36, 48), "months", 9),
        stated("baseline_window", 1, "months", 9),
    ),
    ("001", "target"): (stated("planned_enrolment", 20, "participants", 17),),
    ("001", "primary outcome"): (stated("follow_up", 4, "years", 38, 40, 41),),
    ("001", "secondary outcomes"): (stated("assessments", ("adverse_event", "mrss", "fvc"), "", 38, 40, 41),),
    ("001", "inclusion count"): (stated("inclusion_criteria_count", 2, "criteria", 18, 19, state="repaired"),),
    ("001", "exclusion count"): (
        stated("exclusion_criteria_count", 10, "criteria", *range(20, 30), state="repaired"),
    ),
    ("002", "dose"): (
        stated("dose", 1_000_000, "cells/kg", 29, 33, 45, state="repaired"),
        stated("route", "intrathecal", "", 29, 33, 45, 47, 51),
        stated("volume", 3, "mL", 33, 45),
        stated("vehicle", "saline", "", 33, 45),
        stated("fluid_removed", 3, "mL", 33),
    ),
    ("002", "administrations"): (stated("administrations", 4, "", 45),),
    ("002", "interval"): (stated("interval", (Range(3, 6), 3), "months", 29, 45, state="contradictory"),),
    ("002", "run-in"): (stated("run_in", 6, "months", 28, 30),),
    ("002", "follow-up"): (stated("follow_up", (6, 3), "months", 28, 29, 30, state="contradictory"),),
    ("002", "assessments"): (
        stated("assessments", MEASURES_002, "", 29, 30, 31),
        stated("visit_interval", (2, 0.5), "months", 29, state="ambiguous"),
    ),
    ("002", "analysis"): (
        stated("analysis", Fields((("of", ("alsfrs_r", "fvc")), ("change_per", "month"),
        ("against", "run-in"))), "", 30),
    ),
    ("002", "age"): (stated("age", Range(18, 65), "years", 65, 66),),
    ("002", "ALSFRS-R"): (stated("alsfrs_r", Range(low=15), "", 59),),
    ("002", "exclusions with windows"): (
        stated("window_other_trial", Range(high=1), "years", 61),
        stated("window_malignancy", Range(high=5), "years", 64),
    ),
    ("003", "dose"): (
        stated("dose", 3_000_000, "cells/kg", 96, 104, 112),
        stated("administrations", 1, "", 45, 57),
        stated("route", "intravenous", "", 45, 57, 96, 104, 112),
    ),
    ("003", "visits"): (stated("visits", (1, 3, 6), "months", 61), stated("baseline", True, "", 47, 61)),
    ("003", "primary endpoint"): (stated("visits", (1, 3, 6), "months", 61),),
    ("003", "secondary"): (
        stated("assessments",
               ("edss", "cytokines", "dti", "fmri", "cognition", "psychological_evaluation", "b_cell_markers"), "",
               47, 61),
    ),
    ("003", "age"): (stated("age", Range(17, 45), "years", 122, 142, 146),),
    ("003", "disease duration"): (
        stated("disease_duration", Range(2, 16, low_included=False, high_included=False), "years", 125),
    ),
    ("003", "haemoglobin"): (
        stated("haemoglobin", Range(high=8, high_included=False), "mg/dL", 132, state="ambiguous"),
    ),
    ("003", "washout"): (stated("window_cytotoxic_agent", Range(high=3), "months", 131),),
    ("003", "enrolled"): (stated("planned_enrolment", 5, "participants", 27, 59),),
    ("004", "first dose"): (
        stated("dose_1", 50_000_000, "cells", 65),
        stated("route", "intrathecal", "", 24, 29, 65),
        stated("volume", Range(5, 10), "mL", 65),
    ),
    ("004", "dose levels"): (stated("dose_levels", (10_000_000, 50_000_000, 100_000_000), "cells", 65),),
    ("004", "administrations"): (
        stated("administrations", 4, "", 24, 29),
        stated("interval", 3, "months", 24, 29),
        stated("treatment_duration", 12, "months", 24),
    ),
    ("004", "screening"): (stated("screening", 3, "weeks", 17, 45),),
    ("004", "follow-up"): (stated("follow_up", 2, "years", 19, 47),),
    ("004", "riluzole"): (stated("window_riluzole", Range(low=30), "days", 27),),
    ("004", "age"): (
        stated("age", (Range(low=18, low_included=False), Range(low=18)), "years", 27, state="ambiguous"),
    ),
    ("004", "primary outcome"): (stated("assessments", ("adverse_event", "alsfrs_r"), "", 56, 58),),
    ("004", "secondary outcome"): (stated("assessments", ("adverse_event", "alsfrs_r"), "", 56, 58),),
}  # fmt: skip


@cache
def page(seed: str) -> tuple[str, Record]:
    """A record's page as published, and read."""
    path = next(SEEDS.glob(f"{seed}_*.txt"))
    text = path.read_text(encoding="utf-8")
    return text, parse(text, path.name)


def table() -> list[tuple[str, str]]:
    """Every row of the table of facts."""
    if not (SEEDS / "FACTS.csv").exists():
        return []
    with (SEEDS / "FACTS.csv").open(encoding="utf-8") as rows:
        return [(row["seed"], row["fact"]) for row in csv.DictReader(rows)]


def made(record: Record, name: str) -> Statement:
    """The statement of that name, which must be there."""
    statement = record.statement(name)
    assert statement is not None, f"no statement {name}"
    return statement


def test_table_is_covered() -> None:
    """Each of the forty-two rows is expected here, and nothing else is."""
    assert len(table()) == 42
    assert set(table()) == set(ROWS)


@pytest.mark.parametrize(("seed", "fact"), table())
def test_fact(seed: str, fact: str) -> None:
    """A row comes out with its value, unit, state and the lines it stands on."""
    _, record = page(seed)
    for expected in ROWS[seed, fact]:
        statement = made(record, expected.name)
        lines = tuple(sorted({place.line for place in statement.places}))
        found = Expected(statement.name, statement.value, statement.unit, statement.state, lines)
        assert found == Expected(
            expected.name, expected.value, expected.unit, expected.state, tuple(sorted(expected.lines))
        )


@pytest.mark.parametrize("seed", ["000", "001", "002", "003", "004"])
def test_quotes_stand_on_their_lines(seed: str) -> None:
    """Every quote of every statement is found, letter by letter, on the line it names."""
    text, record = page(seed)
    lines = text.split("\n")
    for statement in record.statements:
        for place in statement.places:
            assert place.quote, statement.name
            assert place.quote in lines[place.line - 1], statement.name


@pytest.mark.parametrize("seed", ["000", "001", "002", "003", "004"])
def test_no_line_is_lost(seed: str) -> None:
    """Every printed line of a page is a heading, a guide, a label or an item of some section."""
    text, record = page(seed)
    kept = set()
    for section in record.sections:
        kept |= {section.heading.line, section.guide.line if section.guide else 0}
        kept |= {item.place.line for item in section.items}
        kept |= {item.label_place.line for item in section.items if item.label_place}
    printed = {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    assert printed <= kept


def test_outcomes_of_the_five() -> None:
    """Outcomes come out of tables, of lists and of sentences, and a page without any says so."""
    assert made(page("000")[1], "primary_outcome").state == "missing"
    safety = made(page("001")[1], "primary_outcome")
    assert isinstance(safety.value, tuple)
    assert isinstance(safety.value[0], Fields)
    assert "adverse events" in str(safety.value[0].get("measure"))
    assert safety.value[0].get("time_frame") == "Four year follow-up"
    tolerated = made(page("002")[1], "primary_outcome")
    assert [place.line for place in tolerated.places] == [13]
    unnamed = made(page("002")[1], "secondary_outcomes")
    assert (unnamed.state, unnamed.value, [place.line for place in unnamed.places]) == ("missing", None, [13])
    free = made(page("003")[1], "primary_outcome")
    assert "freedom" in str(free.value)
    assert [place.line for place in free.places] == [61]
    several = made(page("003")[1], "secondary_outcomes")
    assert isinstance(several.value, tuple)
    assert [str(part.get("measure")).split()[0] for part in several.value if isinstance(part, Fields)] == [
        "EDSS", "cytokines", "DTI", "fMRI", "cognitive", "flow",
    ]  # fmt: skip
    assert [place.line for place in made(page("004")[1], "primary_outcome").places] == [56]
    assert [place.line for place in made(page("004")[1], "secondary_outcomes").places] == [58]


def test_identity_is_the_pages_own() -> None:
    """A registry number is taken only where the page prints it as its own: those of related trials are not."""
    assert [page(seed)[1].registry_id for seed in ("000", "001", "002", "003", "004")] == [
        "", "NCT05016804", "", "NCT06360861", "NCT03268603",
    ]  # fmt: skip
    assert page("002")[1].title == ""


def test_readings_keep_their_places() -> None:
    """Both sides of a contradiction keep the lines that say so, and the broken notations are named."""
    _, record = page("002")
    interval = made(record, "interval")
    assert [[place.line for place in reading.places] for reading in interval.readings] == [[29], [45]]
    follow_up = made(record, "follow_up")
    assert [sorted({place.line for place in reading.places}) for reading in follow_up.readings] == [[28], [29, 30]]
    quotes = [place.quote for place in made(record, "dose").places]
    assert any(quote.startswith("1x106/kg") for quote in quotes)
    assert any(quote.startswith("1x10\\^6") for quote in quotes)


def test_lost_items_leave_the_count_open() -> None:
    """Lists that begin at 2 hold three or four inclusions, four or five exclusions: nobody can tell which."""
    _, record = page("002")
    inclusions, exclusions = made(record, "inclusion_criteria_count"), made(record, "exclusion_criteria_count")
    assert (inclusions.state, inclusions.value) == ("ambiguous", (3, 4))
    assert (exclusions.state, exclusions.value) == ("ambiguous", (4, 5))
