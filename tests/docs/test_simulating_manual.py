"""The manual of simulations: every word of a file of assumptions has its row, and the example is read."""

from __future__ import annotations

import re
from pathlib import Path

from stromal.designs import assumptions_file
from stromal.designs.plan import plan
from stromal.protocol.file import load

HOUSE = Path(__file__).resolve().parents[2]
TEXT = (HOUSE / "docs" / "simulating.md").read_text(encoding="utf-8")


def test_every_word_has_its_row() -> None:
    """The table holds the words that a file may say, each once, and no others."""
    assert sorted(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == sorted(assumptions_file.KNOWN)


def test_the_example_is_read() -> None:
    """The example means what it says, for the manual's protocol with a design."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    mine = plan(load((HOUSE / "docs" / "escalation.yaml").read_text(encoding="utf-8"), "escalation.yaml").require())
    found = assumptions_file.read(example, "example", mine)
    assert [round(each, 12) for each in found.harming(mine.harm.least)] == [0.05, 0.15, 0.30]
    assert found.made[2] == 0.8
    assert found.made[0] > found.made[2]
    assert (found.arrivals_per_month, found.hold_lifted) == (2, (0.9, 0.5))
