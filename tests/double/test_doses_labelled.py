"""Doses read from registry records, against labels that were made by reading the records."""

from __future__ import annotations

import csv
import gzip
import json
from functools import cache
from pathlib import Path

import pytest

from dose_scoring import labels, score
from stromal.read.dosing import StatedDose, stated_doses
from stromal.read.registries import parse

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "tests" / "labels" / "doses_development.csv"
DATA = ROOT / ".." / "shared" / "data"
RECORDS = DATA / "registry" / "msc_v2_converted.jsonl.gz"
TABLE = DATA / "gold" / "msc_dose_published_tables.csv"
pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the registry's records are not beside the repository")


@cache
def records() -> dict[str, bytes]:
    """The records by number, as they lie in the file."""
    with gzip.open(RECORDS, "rb") as lines:
        return {json.loads(line)["protocolSection"]["identificationModule"]["nctId"]: line for line in lines}


@cache
def read(name: str) -> tuple[StatedDose, ...]:
    """The doses of one record."""
    return stated_doses(parse(records()[name], f"{name}.json"))


def test_precision_and_recall() -> None:
    """On six hundred and fifty records at most three doses in a hundred are wrong and at most three are missed."""
    known = labels(LABELS)
    fair = score([(name, read(name)) for name in known], known, strict=False)
    assert fair.found > 300
    assert fair.precision >= 0.97, fair.faults
    assert fair.recall >= 0.97, fair.faults


def test_strictly() -> None:
    """Where 10eN leaves two readings, each counted alone, nine in ten of all readings are right."""
    known = labels(LABELS)
    assert score([(name, read(name)) for name in known], known, strict=True).precision >= 0.9


REGISTRY_SAYS_OTHERWISE = {
    "NCT04348461": "1.5 million per kg",
    "NCT04288102": "phase 2 only: 4 x 10^7",
    "NCT00781872": "60 to 100 million and 20 million",
    "NCT01547091": "the review joins two papers",
    "NCT01183728": "40 million, and 20 million in another place",
    "NCT01207661": "no number",
    "NCT02118519": "no number",
}
"""Reviews that print what the registry does not."""


def test_published_tables() -> None:
    """Every dose that a review prints is read from the registry, unless the registry says otherwise."""
    with TABLE.open(encoding="utf-8") as rows:
        table = [row for row in csv.DictReader(rows) if row["nct"] in records()]
    assert len(table) > 30
    for row in table:
        ends = {(dose.low, dose.per_kg) for dose in read(row["nct"])} | {(d.high, d.per_kg) for d in read(row["nct"])}
        asked = {(float(row[end]), row["per_kg"] == "yes") for end in ("dose_low_cells", "dose_high_cells")}
        assert (asked <= ends) != (row["nct"] in REGISTRY_SAYS_OTHERWISE), row["nct"]
