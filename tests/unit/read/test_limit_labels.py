"""Limits of real criteria against labels made by reading them first: no direction and no strictness may be wrong."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from stromal.read.limits import ages, limits, windows
from stromal.read.record import Range
from stromal.read.registries import parse

HERE = Path(__file__).resolve().parents[3]
REGISTRY = HERE / ".." / "shared" / "data" / "registry"
LABELS = HERE / "tests" / "labels" / "limits_development.csv"
pytestmark = pytest.mark.skipif(not REGISTRY.exists(), reason="the registry's records are not beside the repository")
End = tuple[str, float, bool]


@cache
def labels() -> dict[tuple[str, int], list[tuple[str, str, float, bool, bool]]]:
    """The labels of each line: draw, end, number, whether it belongs, whether a denial stands before it."""
    made: dict[tuple[str, int], list[tuple[str, str, float, bool, bool]]] = defaultdict(list)
    with LABELS.open(encoding="utf-8") as opened:
        for row in csv.DictReader(opened):
            number = float(row["number"] or "nan")
            label = (row["draw"], row["end"], number, row["included"] == "yes", row["denied"] == "yes")
            made[row["registry_id"], int(row["line"])].append(label)
    return made


@cache
def texts() -> dict[tuple[str, int], list[str]]:
    """The criteria that stand on each labelled line."""
    wanted = {name for name, _ in labels()}
    made: dict[tuple[str, int], list[str]] = defaultdict(list)
    for file in ("msc_v2_converted.jsonl.gz", "ctgov_v2_genuine.jsonl.gz"):
        with gzip.open(REGISTRY / file) as opened:
            for content in opened:
                name = json.loads(content)["protocolSection"]["identificationModule"]["nctId"]
                if name not in wanted:
                    continue
                record = parse(content, "r.json", prose=False)
                for item in record.items("criteria", "inclusion", "exclusion"):
                    if (name, item.place.line) in labels() and item.place.quote not in made[name, item.place.line]:
                        made[name, item.place.line].append(item.place.quote)
    return made


def ends(value: object) -> list[End]:
    """The ends of a range."""
    if not isinstance(value, Range):
        return []
    low = [] if value.low is None else [("low", float(value.low), value.low_included)]
    return low + ([] if value.high is None else [("high", float(value.high), value.high_included)])


def test_no_direction_and_no_strictness_is_wrong() -> None:
    """Every end that is read of a labelled number has the labelled direction and strictness; most are read."""
    right, wrong, wanted = 0, [], 0
    for key, found in labels().items():
        known = [label for label in found if label[1]]
        wanted += len(known)
        for text in texts().get(key, []):
            for each in (*windows(text), *ages(text), *limits(text)):
                rivals = [rival for rival, _ in each.rivals]
                for end in ends(each.value):
                    same = [label for label in known if label[2] == end[1]]
                    agreed = any((label[1], label[3]) == (end[0], end[2]) or label[1] == "either" for label in same)
                    if agreed:
                        right += 1
                    elif same and not rivals and not any(label[4] for label in same):
                        wrong.append((key, each.name, end))
    assert not wrong
    assert right > 0.7 * wanted
