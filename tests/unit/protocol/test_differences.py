"""Two versions of a protocol: every change in words, what matters most first."""

from __future__ import annotations

from pathlib import Path

from stromal.protocol.differences import differences
from stromal.protocol.file import load

PROTOCOLS = Path(__file__).resolve().parents[3] / "protocols"


def changed(name: str, *changes: tuple[str, str]) -> list[str]:
    """What differs after replacing texts in a protocol, in words."""
    text = (PROTOCOLS / f"{name}.yaml").read_text(encoding="utf-8")
    other = text
    for old, new in changes:
        assert old in other
        other = other.replace(old, new, 1)
    found = differences(load(text).require(), load(other).require())
    for each in found:
        assert each.before is None or each.places[0].line
        assert each.after is None or each.places[1].line
    return [each.says for each in found]


def test_nothing_differs_from_itself() -> None:
    """A file rewritten without a change of meaning has no differences."""
    assert changed("NCT04821479", ("alsfrs_r >= 15 at screening", "alsfrs_r  >= 15  at screening")) == []


def test_what_was_and_what_is() -> None:
    """A change says both values; criteria and doses come before numbers of the version."""
    said = changed("NCT04821479", ("number: 1", "number: 2"), ("1e6 cells/kg", "2e6 cells/kg"), (">= 15", ">= 20"))
    assert said == [
        "population.include.I4.when was alsfrs_r >= 15 at screening, now alsfrs_r >= 20 at screening",
        "doses.injection.amount was 1e6 cells/kg of weight at same visit, now 2e6 cells/kg of weight at same visit",
        "version.number was 1, now 2",
    ]


def test_what_is_new_and_what_is_gone() -> None:
    """An added key and a removed key say so, and rows of a decision table are told one by one."""
    gone = changed("NCT04821479", ("    volume: 3 mL\n", ""))
    assert gone == ["doses.injection.volume is gone; it was: 3 mL"]
    new = changed("NCT04821479", ("    volume: 3 mL\n", "    volume: 3 mL\n    cap: 100 kg\n"))
    assert new == ["doses.injection.cap is new: 100 kg"]
    rows = changed("NCT03268603", ("then: down", "then: hold"))
    assert rows == ["rules.dose_modification.choose.2.then was down, now hold"]
    listed = changed("NCT04821479", ("sterility = negative, ", ""))
    assert listed[0].startswith("products.msc.release was viability >= 80 %, sterility = negative")
