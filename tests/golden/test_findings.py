"""The words of every finding on a registry record, as somebody last read them."""

from __future__ import annotations

import json

from faults import FAULTS, broken, sound
from golden.snapshots import same
from stromal.read import registries
from stromal.read.check import check
from stromal.read.paths import where


def test_the_words_of_each_finding() -> None:
    """Each rule speaks plainly: what, where, and what to do."""
    told = []
    for code, fault in FAULTS:
        tree = broken(sound(1), fault)
        assert tree is not None
        record = registries.parse(json.dumps(tree).encode(), "r")
        finding = next(finding for finding in check(record) if finding.code == code)
        told.append(f"{finding.severity} [{code}]\n  {finding.message}\n  -> {finding.hint}")
        told += [f"  {where(place)}: {place.quote[:80]}" for place in finding.places]
    same("record_findings.txt", "\n".join(told) + "\n")
