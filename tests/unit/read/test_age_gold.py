"""Ages against the fields: every pair that people have judged, in the records themselves."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from stromal.read import registries
from stromal.read.check import check

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
GOLD = SHARED / "gold" / "lint_age_judged.csv"
RECORDS = SHARED / "registry" / "msc_v2_converted.jsonl.gz"


def test_the_judged_pairs() -> None:
    """Volumes, guidelines, consent and durations raise no alarm; precision and recall are at least .95."""
    if not GOLD.exists():
        pytest.skip("no shared data here")
    with GOLD.open(encoding="utf-8") as table:
        verdicts = {row["nct"]: row["verdict"] for row in csv.DictReader(table)}
    alarms = set()
    with gzip.open(RECORDS) as lines:
        for line in lines:
            name = json.loads(line)["protocolSection"]["identificationModule"]["nctId"]
            if name in verdicts:
                found = check(registries.parse(line, name))
                alarms |= {name for finding in found if finding.code == "age.contradiction"}
    true = {name for name, verdict in verdicts.items() if verdict == "contradiction"}
    assert len(alarms & true) / len(alarms) >= 0.95
    assert len(alarms & true) / len(true) >= 0.95
    assert not alarms & {name for name, verdict in verdicts.items() if verdict == "not_an_age_limit"}
