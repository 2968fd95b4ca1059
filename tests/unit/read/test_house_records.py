"""The five records of the house: they read, check and draft, hold the known facts, and borrow no sentence.

The table of facts and the pages lie beside the repository; tests that need them skip where they are absent.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stromal.protocol import check as protocol_check
from stromal.protocol.file import load
from stromal.read import check
from stromal.read.draft import draft
from stromal.read.record import Fields, Range, Record, Value
from stromal.read.registries import parse

HOUSE = Path(__file__).resolve().parents[3]
RECORDS = sorted((HOUSE / "records").glob("*.json"))
IDS = [path.stem for path in RECORDS]
SEEDS = HOUSE.parent / "shared" / "seeds"
REGISTRY = HOUSE.parent / "shared" / "data" / "registry" / "msc_v2_converted.jsonl.gz"

Fact = tuple[str, Value, str]
"""A statement's name, value and unit."""


def parts(**named: Value) -> Fields:
    """A value with named parts."""
    return Fields(tuple(named.items()))


MEASURES_002 = (
    "alsfrs_r", "fvc", "adverse_event", "neurological_examination", "muscle_chart", "physical_examination",
    "vital_signs", "heart_rate", "blood_pressure", "respiratory_rate", "temperature", "white_cells", "platelets",
    "haemoglobin", "haematocrit", "electrolytes", "creatinine", "liver_enzymes",
)  # fmt: skip
MEASURES_003 = {"edss", "cytokines", "dti", "fmri", "cognition", "psychological_evaluation", "b_cell_markers"}

KNOWN: dict[tuple[str, str], tuple[Fact, ...]] = {
    ("NCT00186914", "dose 1"): (("dose_1", 1_000_000, "cells/kg"),),
    ("NCT00186914", "dose 2"): (("dose_2", 5_000_000, "cells/kg"),),
    ("NCT00186914", "interval dose1-dose2"): (("interval", Range(14, 21), "days"),),
    ("NCT00186914", "follow-up after dose 2"): (("follow_up", 28, "days"),),
    ("NCT00186914", "safety rule"): (
        ("safety_rule", parts(completed=6, of=6, what="both infusions", dose=5_000_000, dose_unit="cells/kg"), ""),
        ("safe_dose", 5_000_000, "cells/kg"),
        ("planned_enrolment", 8, "participants"),
    ),
    ("NCT00186914", "conditioning"): (("conditioning", "none", ""),),
    ("NCT00186914", "product"): (
        ("product_donor", "allogeneic", ""),
        ("product_tissue", "bone marrow", ""),
        ("product_processing", ("ex vivo expanded", "gene-marked"), ""),
        ("same_donor", True, ""),
    ),
    ("NCT05016804", "dose"): (("dose", 100_000_000, "cells"), ("administrations", 1, ""), ("route", "intravenous", "")),
    ("NCT05016804", "visits"): (("visits", (1, 6, 12, 24, 36, 48), "months"), ("baseline_window", 1, "months")),
    ("NCT05016804", "target"): (("planned_enrolment", 20, "participants"),),
    ("NCT05016804", "primary outcome"): (("follow_up", 4, "years"),),
    ("NCT05016804", "secondary outcomes"): (("assessments", ("adverse_event", "mrss", "fvc"), ""),),
    ("NCT05016804", "inclusion count"): (("inclusion_criteria_count", 2, "criteria"),),
    ("NCT05016804", "exclusion count"): (("exclusion_criteria_count", 10, "criteria"),),
    ("NCT04821479", "dose"): (
        ("dose", 1_000_000, "cells/kg"),
        ("route", "intrathecal", ""),
        ("volume", 3, "mL"),
        ("vehicle", "saline", ""),
        ("fluid_removed", 3, "mL"),
    ),
    ("NCT04821479", "administrations"): (("administrations", 4, ""),),
    ("NCT04821479", "interval"): (("interval", (3, Range(3, 6)), "months"),),
    ("NCT04821479", "run-in"): (("run_in", 6, "months"),),
    ("NCT04821479", "follow-up"): (("follow_up", (6, 3), "months"),),
    ("NCT04821479", "assessments"): (("assessments", MEASURES_002, ""), ("visit_interval", (2, 0.5), "months")),
    ("NCT04821479", "analysis"): (
        ("analysis", parts(of=("alsfrs_r", "fvc"), change_per="month", against="run-in"), ""),
    ),
    ("NCT04821479", "age"): (("age", (Range(18, 65), Range(18, 70)), "years"),),
    ("NCT04821479", "ALSFRS-R"): (("alsfrs_r", Range(low=15), ""),),
    ("NCT04821479", "exclusions with windows"): (
        ("window_other_trial", Range(high=1), "years"),
        ("window_malignancy", Range(high=5), "years"),
    ),
    ("NCT06360861", "dose"): (
        ("dose", 3_000_000, "cells/kg"),
        ("administrations", 1, ""),
        ("route", "intravenous", ""),
    ),
    ("NCT06360861", "visits"): (("visits", (1, 3, 6), "months"), ("baseline", True, "")),
    ("NCT06360861", "primary endpoint"): (("visits", (1, 3, 6), "months"),),
    ("NCT06360861", "age"): (("age", Range(17, 45), "years"),),
    ("NCT06360861", "disease duration"): (
        ("disease_duration", Range(2, 16, low_included=False, high_included=False), "years"),
    ),
    ("NCT06360861", "haemoglobin"): (("haemoglobin", Range(high=8, high_included=False), "mg/dL"),),
    ("NCT06360861", "washout"): (("window_cytotoxic_agent", Range(high=3), "months"),),
    ("NCT06360861", "enrolled"): (("planned_enrolment", 5, "participants"),),
    ("NCT03268603", "first dose"): (
        ("dose_1", 50_000_000, "cells"),
        ("route", "intrathecal", ""),
        ("volume", Range(5, 10), "mL"),
    ),
    ("NCT03268603", "dose levels"): (("dose_levels", (10_000_000, 50_000_000, 100_000_000), "cells"),),
    ("NCT03268603", "administrations"): (
        ("administrations", 4, ""),
        ("interval", 3, "months"),
        ("treatment_duration", 12, "months"),
    ),
    ("NCT03268603", "follow-up"): (("follow_up", 2, "years"),),
    ("NCT03268603", "riluzole"): (("window_riluzole", Range(low=30), "days"),),
    ("NCT03268603", "age"): (("age", Range(low=18), "years"),),
    ("NCT03268603", "primary outcome"): (("assessments", ("adverse_event", "alsfrs_r"), ""),),
    ("NCT03268603", "secondary outcome"): (("assessments", ("adverse_event", "alsfrs_r"), ""),),
}
ELSEWHERE = {("NCT03268603", "screening"), ("NCT06360861", "secondary")}
"""A portal's own estimate, which no registry holds; and measures that come in another order, tried on their own."""


@cache
def record(name: str) -> Record:
    """A record of the house, read."""
    path = HOUSE / "records" / f"{name}.json"
    return parse(path.read_bytes(), path.name)


def test_the_five_are_there() -> None:
    """Each protocol of the house has its record."""
    assert [path.stem for path in sorted((HOUSE / "protocols").glob("NCT*.yaml"))] == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_record_is_that_of_its_trial(name: str) -> None:
    """The id, the sponsor and the arms are there, and the file is written as one writes JSON by hand."""
    read = record(name)
    assert read.registry_id == name
    assert all(read.named(section) for section in ("title", "arms", "inclusion", "exclusion", "primary_outcomes"))
    written = (HOUSE / "records" / f"{name}.json").read_text(encoding="utf-8")
    assert written == json.dumps(json.loads(written), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(("name", "fact"), KNOWN)
def test_a_known_fact(name: str, fact: str) -> None:
    """Each known fact is read from the record with its value and unit."""
    for statement, value, unit in KNOWN[name, fact]:
        found = record(name).statement(statement)
        assert found is not None, f"no statement {statement}"
        kept = tuple(sorted(found.value)) if statement == "dose_levels" else found.value  # type: ignore[arg-type, type-var]
        assert (kept, found.unit) == (value, unit), statement


def test_the_measures_of_the_infusion_in_multiple_sclerosis() -> None:
    """Every measure of the secondary outcomes is read."""
    found = record("NCT06360861").statement("assessments")
    assert found is not None
    assert isinstance(found.value, tuple)
    assert MEASURES_003 | {"adverse_event"} == set(found.value)


PECULIAR = {
    "NCT00186914": {"age.missing", "rule.not_given"},
    "NCT03268603": set[str](),
    "NCT04821479": {"age.contradiction", "interval.contradiction", "follow_up.contradiction", "dose.notation"},
    "NCT05016804": {"age.missing", "outcome.scale"},
    "NCT06360861": {"age.minor", "lab.unit"},
}


@pytest.mark.parametrize("name", IDS)
def test_a_record_shows_its_peculiarities(name: str) -> None:
    """The check finds what is odd about each, and no error."""
    found = check.check(record(name))
    assert PECULIAR[name] <= {finding.code for finding in found}
    assert not [finding for finding in found if finding.severity == "error"]


@pytest.mark.parametrize("name", IDS)
def test_a_record_drafts_a_sound_protocol(name: str) -> None:
    """The drafted file loads and has no error."""
    written, _ = draft(record(name))
    protocol = load(written, f"{name}.yaml").require()
    assert protocol.trial.id == name
    assert not [finding for finding in protocol_check.check(protocol) if finding.severity == "error"]


def test_the_table_of_facts_is_covered() -> None:
    """Every row of the table beside the repository is expected here."""
    if not (SEEDS / "FACTS.csv").exists():
        pytest.skip("needs ../shared/seeds")
    with (SEEDS / "FACTS.csv").open(encoding="utf-8") as rows:
        known = {(row["nct"], row["fact"]) for row in csv.DictReader(rows)}
    assert known == set(KNOWN) | ELSEWHERE


# ---------------------------------------------------------------- our own words

LONGEST = 7
"""Words in a row that a sentence about the same facts may share by chance."""
NAMED = {"facility", "citation", "affiliation", "name", "fullName", "link"}
"""Fields that hold names and citations, which have one right wording."""


def sayings(value: object, field: str = "") -> Iterator[str]:
    """Every line of every text that is no name."""
    if isinstance(value, str):
        yield from value.splitlines() if field not in NAMED else ()
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from sayings(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from sayings(each, field)


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of words and numbers one longer than may be shared."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[at : at + LONGEST + 1]) for at in range(len(words) - LONGEST)}


@cache
def published() -> set[tuple[str, ...]]:
    """The runs of words of the five pages, and of the registry's own records where they are there."""
    import gzip  # noqa: PLC0415 - only where the registry's records are there

    found = {run for path in SEEDS.glob("0*.txt") for run in runs(path.read_text(encoding="utf-8"))}
    if REGISTRY.exists():
        with gzip.open(REGISTRY, "rt", encoding="utf-8") as lines:
            for line in lines:
                if any(f'"nctId": "{name}"' in line[:200] or f'"nctId":"{name}"' in line[:200] for name in IDS):
                    found |= {run for text in sayings(json.loads(line)) for run in runs(text)}
    return found


@pytest.mark.parametrize("name", IDS)
def test_a_record_borrows_no_sentence(name: str) -> None:
    """No eight words in a row are those of a published page."""
    if not SEEDS.exists():
        pytest.skip("needs ../shared/seeds")
    path = HOUSE / "records" / f"{name}.json"
    texts = [*sayings(json.loads(path.read_text(encoding="utf-8")))]
    shared = {run for text in texts for run in runs(text)} & published()
    assert not shared, [" ".join(run) for run in shared]
