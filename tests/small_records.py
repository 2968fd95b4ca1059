"""Made-up registry records for tests of the catalogue: short words in the shape of the ClinicalTrials.gov API v2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stromal.catalogue import filling
from stromal.catalogue.card import Card, Passage
from stromal.catalogue.making import Made, make
from stromal.catalogue.store import Catalogue
from stromal.read.registries import parse


def tree(
    name: str, title: str = "A trial of cells", summary: str = "", updated: str = "2020-01-31", **modules: Any
) -> dict[str, Any]:  # fmt: skip
    """A record; further modules of its protocol section are given by their names."""
    section: dict[str, Any] = {
        "identificationModule": {"nctId": name, "briefTitle": title},
        "statusModule": {"overallStatus": "COMPLETED", "lastUpdatePostDateStruct": {"date": updated}},
        "descriptionModule": {"briefSummary": summary},
    }
    for module, fields in modules.items():
        section[module] = {**section.get(module, {}), **fields}
    return {"protocolSection": section, "hasResults": False}


def content(name: str, *more: Any, **modules: Any) -> bytes:
    """A record as its bytes, on one line."""
    return json.dumps(tree(name, *more, **modules)).encode()


def carded(made: dict[str, Any], *, line: int = 0) -> tuple[Card, tuple[Passage, ...]]:
    """The card and the lines of a record."""
    record = parse(json.dumps(made).encode(), "one.json")
    return filling.card(record, line=line, digest="d"), tuple(filling.passages(record))


def lines(path: Path, *contents: bytes) -> Path:
    """A file with a record a line."""
    path.write_bytes(b"\n".join(contents) + b"\n")
    return path


def catalogue(folder: Path, *contents: bytes) -> Catalogue:
    """An open catalogue of records."""
    lines(folder / "records.jsonl", *contents)
    made = Catalogue.create(folder / "catalogue")
    bring(made, folder / "records.jsonl")
    return made


def bring(held: Catalogue, *paths: Path, again: bool = False, workers: int = 1, reader: str = "1") -> Made:
    """A catalogue brought up to its files."""
    return make(held, [str(path) for path in paths], reader=reader, again=again, workers=workers)
