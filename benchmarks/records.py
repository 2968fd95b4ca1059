"""Registry records -> how fast they are read, each figure beside plain `json.loads` of the same bytes in the same run.

Records come from the folder given, by default `../shared/data/registry`; without one a small trial is read many times.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import Figure, medians, tell
from stromal.read import registries, stream
from stromal.read.record import Record

RECORDS = Path(os.environ.get("STROMAL_RECORDS", Path(__file__).parents[2] / "shared" / "data" / "registry"))
RUNS = 7
PROSE = 300
"""Records that are read with their prose in one turn: so many that no line is still remembered from the turn before."""

SMALL = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "Marrow cells for knees"},
        "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1"], "enrollmentInfo": {"count": 12}},
        "armsInterventionsModule": {"armGroups": [{"label": "Cells", "description": "2 x 10^6 cells/kg once. " * 40}]},
        "eligibilityModule": {"eligibilityCriteria": "Inclusion Criteria:\n\n" + "* Aged 18 to 75 years\n" * 40},
    }
}


def records(name: str, most: int = 400) -> list[bytes]:
    """Records of a file, spread over it; the small one many times where the file is not there."""
    file = RECORDS / name
    if not file.exists():
        return [json.dumps(SMALL).encode()] * most
    with gzip.open(file) as lines:
        found = [line.rstrip(b"\n") for line in lines]
    return found[:: max(1, len(found) // most)][:most]


def fields(content: bytes) -> Record:
    """Identity, title, unknown fields and values: all that reading without prose does at once."""
    return registries.parse(content, prose=False)


def sections(content: bytes) -> object:
    """The same, and the tree and the sections, which are made when asked for."""
    return registries.parse(content, prose=False).sections


def every(found: Sequence[bytes], work: Callable[[bytes], object]) -> Callable[[], None]:
    """A turn: the work done on every record."""

    def turn() -> None:
        for content in found:
            work(content)

    return turn


def measured(title: str, found: Sequence[bytes], aim_ratio: float | None) -> list[Figure]:
    """Reading with fields, with sections and with prose, beside `json.loads`."""
    some = found[:: max(1, len(found) // PROSE)]
    quick = medians(
        {"json": every(found, json.loads), "fields": every(found, fields), "sections": every(found, sections)}, RUNS
    )
    slow = medians({"json": every(some, json.loads), "prose": every(some, registries.parse)}, 3)
    plain = len(found) / quick["json"]
    return [
        Figure(f"{title}: fields", len(found) / quick["fields"], "records/s", "json.loads", plain, aim_ratio=aim_ratio),
        Figure(f"{title}: sections", len(found) / quick["sections"], "records/s", "json.loads", plain),
        Figure(f"{title}: prose", len(some) / slow["prose"], "records/s", "json.loads", len(some) / slow["json"]),
    ]


def _nothing(_: Record) -> None:
    return None


def streamed() -> list[Figure]:
    """The whole folder of records on every core, beside one core."""
    if not RECORDS.exists():
        return []
    total = stream.survey(RECORDS).total

    def through(workers: int) -> Callable[[], int]:
        return lambda: sum(1 for _ in stream.each(RECORDS, _nothing, prose=False, workers=workers))

    took = medians({"all": through(stream.cores()), "one": through(1)}, 3)
    return [Figure("stream of a folder", total / took["all"], "records/s", "one core", total / took["one"])]


def main() -> None:
    """Measure, and tell."""
    tell(
        "Reading registry records",
        [
            *measured("API v2", records("msc_v2_converted.jsonl.gz"), 0.5),
            *measured("API v2 with unknown fields and results", records("ctgov_v2_genuine.jsonl.gz"), 0.5),
            *measured("API v1 study fields", records("msc_studyfields_2022-10.jsonl.gz"), None),
            *measured("API v1 full studies", records("ctgov_v1_fullstudies.jsonl.gz"), None),
            *streamed(),
        ],
    )


if __name__ == "__main__":
    main()
