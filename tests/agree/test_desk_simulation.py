"""The desk, given a simulated world, comes to what the compiled simulation came to: every count of every trial."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stromal.designs import assumptions, trial_kernel
from stromal.designs import walk as w
from stromal.designs.assumptions import Assumptions
from stromal.designs.plan import plan
from stromal.ledger import events as e
from stromal.ledger.chain import verify
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rehearse.scripted import scripted
from stromal.store.memory import MemoryBook

FOLDER = Path(__file__).resolve().parents[2] / "protocols"
GRADES = (0.45, 0.2, 0.15, 0.13, 0.06, 0.01)


def loaded(name: str, people: int) -> tuple[str, Protocol]:
    """A protocol of the house with so many people planned, and its text."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    protocol = load(text, name).require()
    return text, replace(protocol, trial=replace(protocol.trial, planned=people))


def world(protocol: Protocol, *, rough: bool) -> Assumptions:
    """A usual world, or one with much harm, holds that stay and products that fail."""
    usual = assumptions.usual(plan(protocol))
    if not rough:
        return usual
    return replace(
        usual, grades=(GRADES,) * len(usual.grades), made=(0.7,) * len(usual.made), dropout_per_year=0.3,
        hold_lifted=(0.7, 0.7), arrivals_per_month=5, missed_visit=0.05,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "people", "trials", "rough"),
    [
        ("NCT00186914", 6, 12, False), ("NCT00186914", 6, 10, True), ("NCT03268603", 5, 5, True),
        ("NCT03268603", 4, 2, False), ("NCT04821479", 4, 10, True), ("NCT05016804", 4, 2, True),
        ("NCT06360861", 5, 2, True),
    ],
)  # fmt: skip
def test_the_desk_decides_as_the_simulation_does(name: str, people: int, trials: int, rough: bool) -> None:
    """Doses of each level, people harmed, doses withheld and lost, holds, declarations, days: all the same."""
    text, protocol = loaded(name, people)
    assumed = world(protocol, rough=rough)
    made = trial_kernel.simulate(plan(protocol), assumed, 21, trials)
    for number in range(trials):
        book = MemoryBook()
        trial = scripted(protocol, text, book, assumed, 21, number)
        harmed = trial.counts[w.HARMED]
        if not trial.plan.person_hold:  # then nothing at the desk says of whom the hold of the trial was true
            trial.counts[w.HARMED], trial.counts[w.THROUGH] = made.counts[number, [w.HARMED, w.THROUGH]].tolist()
        assert dict(zip(w.COLUMNS, trial.counts, strict=True)) == dict(
            zip(w.COLUMNS, made.counts[number].tolist(), strict=True)
        )
        assert trial.given == made.given[number].tolist()
        assert trial.toxic == made.toxic[number].tolist()
        assert verify(book.rows()).broken is None
        state, kinds = trial.stage.desk.state(), [entry.event for entry in book.entries()]
        assert len(state.enrolled()) == trial.counts[w.ENROLLED]
        assert sum(isinstance(each, e.CellsInfused) for each in kinds) == sum(trial.given)
        placed = [each.level for each in kinds if isinstance(each, e.HoldPlaced)]
        assert placed.count("participant") == trial.counts[w.HOLDS] >= (harmed > 0 and bool(trial.plan.person_hold))
        assert placed.count("trial") == trial.counts[w.STOPS]
