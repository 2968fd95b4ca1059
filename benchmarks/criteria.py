"""How much of real eligibility texts is computed, and how quickly one person is screened against drafted criteria.

Every fourth of the registry's records beside the repository is drafted line by line. The shares are those of all lines;
the rates are records drafted and records screened in a second, each beside reading the record's fields alone.
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

from measure import Figure, tell
from stromal.read.eligibility import DraftedCriterion, drafted
from stromal.read.person import parse as parse_person
from stromal.read.registries import parse
from stromal.read.screening import judge, protocol_of

REGISTRY = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "registry"
FIELDS = ("age_min", "age_max", "sex")
PERSON = """
person: P1
on: 2026-05-01
birth_date: 1966-02-03
sex: female
facts: {pregnancy: no, hiv: negative, hemoglobin: 13 g/dL}
episodes: {malignancy: none}
"""


def contents() -> list[bytes]:
    """Every fourth record."""
    with gzip.open(REGISTRY / "msc_v2_converted.jsonl.gz") as opened:
        return [content for number, content in enumerate(opened) if number % 4 == 0]


def shares(trials: list[tuple[DraftedCriterion, ...]]) -> Counter[str]:
    """How many lines of each kind there are, those of the fields left out."""
    return Counter(line.kind for trial in trials for line in trial if line.id not in FIELDS)


def main() -> None:
    """Draft, count, screen, and tell."""
    read, made = [], []
    trials: list[tuple[DraftedCriterion, ...]] = []
    for content in contents():
        start = perf_counter()
        record = parse(content, "record.json", prose=False)
        read.append(perf_counter() - start)
        start = perf_counter()
        trials.append(drafted(record))
        made.append(perf_counter() - start)
    counted = shares(trials)
    every = counted.total()
    for kind, count in counted.most_common():
        print(f"{kind:15} {count:6} lines  {100 * count / every:5.1f} %", file=sys.stderr)
    somebody = parse_person(PERSON, "person.yaml", protocol_of(line for trial in trials for line in trial))
    screened = []
    for trial in trials:
        judge(trial, somebody)
        start = perf_counter()
        judge(trial, somebody)
        screened.append(perf_counter() - start)
    beside, rate = "reading the fields", 1 / median(read)
    tell(
        "Criteria",
        [
            Figure("criteria drafted", 1 / median(made), "records/s", beside, rate),
            Figure("one person screened", 1 / median(screened), "records/s", beside, rate, aim=200),
        ],
    )


if __name__ == "__main__":
    main()
