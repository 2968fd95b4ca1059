"""Made-up trials and people for tests of screening: records with the eligibility a test needs, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stromal.catalogue import drafts, making
from stromal.catalogue.answering import Against, against, described
from stromal.catalogue.screen import Judging, Outcome, Screened, screen
from stromal.catalogue.store import Catalogue


def record(name: str, criteria: str, **eligibility: Any) -> dict[str, Any]:
    """A record of the registry with this eligibility; `status`, `conditions` and `country` go where they belong."""
    status, verified = eligibility.pop("status", "RECRUITING"), eligibility.pop("verified", "2026-10")
    conditions, country = eligibility.pop("conditions", ["Marrow disease"]), eligibility.pop("country", "Austria")
    return {
        "protocolSection": {
            "identificationModule": {"nctId": name, "briefTitle": f"Trial {name}"},
            "statusModule": {
                "overallStatus": status, "statusVerifiedDate": verified,
                "lastUpdatePostDateStruct": {"date": "2026-10-05", "type": "ACTUAL"},
            },
            "conditionsModule": {"conditions": conditions},
            "contactsLocationsModule": {"locations": [{"facility": "A clinic", "city": "Graz", "country": country}]},
            "eligibilityModule": {"eligibilityCriteria": criteria, "sex": "ALL", **eligibility},
        }
    }  # fmt: skip


def put(folder: Path, *records: dict[str, Any]) -> Catalogue:
    """A catalogue of records, in a folder beside their files; made again, it follows what changed."""
    files = folder / "records"
    files.mkdir(exist_ok=True)
    for each in records:
        name = each["protocolSection"]["identificationModule"]["nctId"]
        (files / f"{name}.json").write_text(json.dumps(each), encoding="utf-8")
    catalogue = Catalogue.create(folder / "catalogue")
    making.make(catalogue, [str(files)], reader="test")
    return catalogue


def screened(catalogue: Catalogue, person: str, found: Against | None = None) -> Screened:
    """A person against every trial of a catalogue."""
    drafts.follow(catalogue)
    trials = (found or against(catalogue)).trials
    somebody, protocol = described(person, "p.yaml", trials)
    return screen(trials, Judging(somebody, protocol))


def outcome(found: Screened, name: str) -> Outcome:
    """The trial of that id."""
    return next(each for each in found.outcomes if each.card.id == name)
