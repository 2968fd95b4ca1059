"""Limits of three hundred real criteria against a reader's labels: no wrong direction, no wrong strictness."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from stromal.read.limits import ages, limits, windows
from stromal.read.record import Range

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "tests" / "labels" / "limits_blind.csv"
REGISTRY = ROOT / ".." / "shared" / "data" / "registry"
pytestmark = pytest.mark.skipif(not REGISTRY.exists(), reason="the registry's records are not beside the repository")

End = tuple[float, str, str, bool]
"""Number, which end, whether it belongs, and whether the words admit two readings."""


def labelled() -> dict[tuple[str, int], list[End]]:
    """The ends that the reader wrote down for each line."""
    made: dict[tuple[str, int], list[End]] = defaultdict(list)
    with LABELS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            known = made[row["nct"], int(row["line"])]
            for end in ("low", "high"):
                try:
                    number = float(row[end])
                except ValueError:  # none, or a fraction of sight such as 6/120
                    continue
                known.append((number, end, row[f"{end}_included"], "ambiguous" in row["note"]))
    return made


def texts(trials: set[str]) -> dict[str, list[str]]:
    """The lines of the criteria of each trial."""
    made: dict[str, list[str]] = {}
    for name in ("msc_v2_converted.jsonl.gz", "ctgov_v2_genuine.jsonl.gz"):
        with gzip.open(REGISTRY / name, "rb") as lines:
            for line in lines:
                part = json.loads(line)["protocolSection"]
                trial = part["identificationModule"]["nctId"]
                if trial in trials and trial not in made:
                    made[trial] = part["eligibilityModule"]["eligibilityCriteria"].splitlines()
    return made


def test_no_direction_and_no_strictness_is_wrong() -> None:
    """What is read of a labelled number is its end and its strictness; what is not sure is not counted as read."""
    labels = labelled()
    lines = texts({trial for trial, _ in labels})
    right, wrong, ends = 0, [], 0
    for (trial, number), known in labels.items():
        ends += len(known)
        text = lines[trial][number - 1]
        for found in (*ages(text), *limits(text), *windows(text)):
            if found.state == "ambiguous" or not isinstance(found.value, Range):
                continue
            for end in ("low", "high"):
                value = getattr(found.value, end)
                same = [
                    each for each in known if value is not None and abs(each[0] - value) < 1e-9 * max(1, abs(value))
                ]
                included = getattr(found.value, f"{end}_included")
                if any(each[1] == end and (each[3] or (each[2] == "yes") == included) for each in same):
                    right += 1
                elif same:
                    wrong.append((trial, number, end, value))
    assert len(labels) == 300
    assert not wrong
    assert right > 0.75 * ends
