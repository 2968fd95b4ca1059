"""Contradictions found in registry records, against labels that were made by reading them first."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from stromal.read.check import check
from stromal.read.registries import parse

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "tests" / "labels" / "contradictions_blind.csv"
RECORDS = ROOT / ".." / "shared" / "data" / "registry" / "msc_v2_converted.jsonl.gz"
pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the registry's records are not beside the repository")


def test_hardly_any_contradiction_is_a_false_alarm() -> None:
    """On a hundred records that nobody tuned on, fewer than five contradictions are not among those a reader found."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    with LABELS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            known[row["nct"]] |= {row["kind"]} if row["level"] == "contradiction" else set()
    false, found = [], 0
    with gzip.open(RECORDS, "rb") as lines:
        for line in lines:
            name = json.loads(line)["protocolSection"]["identificationModule"]["nctId"]
            if name not in known:
                continue
            for finding in check(parse(line, f"{name}.json")):
                if finding.severity == "contradiction":
                    found += 1
                    theme = {"lab": "units", "design": "allocation/model"}.get(finding.code.partition(".")[0])
                    if (theme or finding.code.partition(".")[0]) not in known[name]:
                        false.append((name, finding.code))
    assert len(known) == 100
    assert found >= 3
    assert len(false) < 5, false
