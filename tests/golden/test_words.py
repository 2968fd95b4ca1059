"""What the five protocols and the manual's example say in plain English, as somebody last read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.snapshots import same
from spec_trial import TEXT
from stromal.protocol.file import load
from stromal.protocol.words import checklist, schedule, synopsis, to_text

HOUSE = Path(__file__).resolve().parents[2]
PROTOCOLS = [*sorted((HOUSE / "protocols").glob("*.yaml")), HOUSE / "docs" / "escalation.yaml"]


@pytest.mark.parametrize("path", PROTOCOLS, ids=[path.stem for path in PROTOCOLS])
def test_words_are_as_they_were_read(path: Path) -> None:
    """Synopsis, checklist and schedule of each protocol."""
    protocol = load(path.read_text(encoding="utf-8"), path.name).require()
    parts = (synopsis(protocol), checklist(protocol), schedule(protocol))
    same(f"{path.stem}.txt", "\n".join(to_text(part) for part in parts))


NESTED = """\
score >= 15 at screening and
        (if sex = female then pregnancy at screening and (contraception ongoing at screening or riluzole ever)) and
        not (stage = late at screening or (tumour ever and riluzole ever))
"""


def test_nested_conditions_can_be_followed() -> None:
    """Each part on a line of its own, numbered by the part it belongs to, as deep as it stands."""
    text = TEXT.replace("when: score >= 15 at screening\n", f"when: {NESTED}")
    protocol = load(text).require()
    same("nested.txt", to_text(checklist(protocol)))
    question = checklist(protocol).questions[1]
    assert question.question == " ".join(line for _, line in question.parts), "in JSON the same on one line"
