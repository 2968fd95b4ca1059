"""Readings against judgements made by others: ages that were compared by hand, doses printed in published tables.

The registry's records and both tables lie beside the repository and are read at run time; where they are absent these
tests say so and skip. Reviews and registry disagree in places, so the share of agreement is asked for, not all of it.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stromal.read.doses import doses
from stromal.read.limits import ages
from stromal.read.record import Range, Value

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
RECORDS = DATA / "registry" / "msc_v2_converted.jsonl.gz"
pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the registry's records are not beside the repository")


@cache
def records() -> dict[str, dict[str, object]]:
    """The registry's records by number."""
    with gzip.open(RECORDS, "rt", encoding="utf-8") as lines:
        every = [json.loads(line)["protocolSection"] for line in lines]
    return {each["identificationModule"]["nctId"]: each for each in every}


def texts(node: object) -> Iterator[str]:
    """Every line of text in a record."""
    if isinstance(node, str):
        yield from node.split("\n")
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(inner)


def table(name: str) -> list[dict[str, str]]:
    """The rows of a judged table."""
    path = DATA / "gold" / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def ends(value: Value) -> tuple[float, ...]:
    """The numbers of a value."""
    if isinstance(value, Range):
        return tuple(end for end in (value.low, value.high) if end is not None)
    return (value,) if isinstance(value, int | float) else ()


@pytest.mark.parametrize("row", [row for row in table("lint_age_judged.csv") if row["verdict"] == "contradiction"],
                         ids=lambda row: row["nct"])  # fmt: skip
def test_ages_judged_by_hand(row: dict[str, str]) -> None:
    """Every age range that a person found to contradict the structured field is read from the criteria."""
    low, high = (int(end) for end in row["text_range"].split()[0].split("-"))
    module = records()[row["nct"]]["eligibilityModule"]
    assert isinstance(module, dict)
    found = [each.value for line in texts(module["eligibilityCriteria"]) for each in ages(line)]
    assert Range(low, high) in found


def test_doses_of_published_tables() -> None:
    """At least two thirds of the doses that reviews print are read from the registry's own sentences."""
    rows = [row for row in table("msc_dose_published_tables.csv") if row["nct"] in records()]
    agreed = []
    for row in rows:
        record = records()[row["nct"]]
        parts = (record.get("descriptionModule"), record.get("armsInterventionsModule"))
        found = {end for part in parts for line in texts(part) for dose in doses(line) for end in ends(dose.value)}
        agreed.append({float(row["dose_low_cells"]), float(row["dose_high_cells"])} <= found)
    assert len(agreed) > 30
    assert sum(agreed) / len(agreed) > 2 / 3
