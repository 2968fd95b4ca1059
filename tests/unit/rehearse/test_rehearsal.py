"""A rehearsal is the trial: same people in any order, through the same desk, with the exact rate of its own rules."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from stromal.ledger import events as e
from stromal.ledger.chain import verify
from stromal.ledger.state import State
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rehearse.chance import Chance
from stromal.rehearse.people import person
from stromal.rehearse.run import rehearse
from stromal.rehearse.scenario import CALM, Scenario
from stromal.rules import eligibility
from stromal.store.memory import MemoryBook
from stromal.values import Unusable

HERE = Path(__file__).resolve()
PROTOCOLS = sorted((HERE.parents[3] / "protocols").glob("*.yaml"))
STATS = HERE.parents[4] / "shared" / "data" / "stats"
IDS = [path.stem for path in PROTOCOLS]


def loaded(path: Path) -> tuple[str, Protocol]:
    """The text and the protocol of a file."""
    text = path.read_text(encoding="utf-8")
    return text, load(text, path.name).require()


def played(path: Path, people: int = 4, seed: int = 1, scenario: Scenario | None = None) -> tuple[State, MemoryBook]:
    """A rehearsal in memory."""
    text, protocol = loaded(path)
    book = MemoryBook()
    return rehearse(protocol, text, book, people, seed, scenario), book


@pytest.mark.parametrize("path", PROTOCOLS, ids=IDS)
def test_every_protocol_runs_to_its_end(path: Path) -> None:
    """All enrolled people complete or withdraw, doses are given on released lots, and the chain is whole."""
    state, book = played(path)
    enrolled = state.enrolled()
    assert len(enrolled) == 4
    assert {person.status for person in enrolled} <= {"completed", "withdrawn"}
    assert any(person.chart.infusions for person in enrolled)
    assert verify(book.rows()).broken is None


def test_a_visit_within_some_days_after_another_takes_place() -> None:
    """Only the visits before the first dose belong to screening; nobody completes the trial with another open."""
    text = next(path for path in PROTOCOLS if path.stem == "NCT06360861").read_text(encoding="utf-8")
    text = text.replace("\nrules:\n", "  closing_call:\n    at: within 30 days after infusion\n\nrules:\n")
    state = rehearse(load(text).require(), text, MemoryBook(), 3, 1, CALM)
    assert all(person.chart.visit_day("closing_call") for person in state.enrolled())
    assert {person.status for person in state.enrolled()} == {"completed"}
    assert "visit.open" not in {each.rule for each in state.deviations}


@pytest.mark.parametrize("path", PROTOCOLS, ids=IDS)
def test_the_same_arguments_give_the_same_book(path: Path) -> None:
    """Two rehearsals with one seed end in the same seal; another seed ends elsewhere."""
    first, again, other = (played(path, 3, seed)[1].head().seal for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_people_do_not_depend_on_who_came_before() -> None:
    """A virtual person is a function of the key alone."""
    _, protocol = loaded(PROTOCOLS[0])
    day = protocol.version.effective
    alone = person(protocol, Scenario(), Chance("1/x/P007"), "P007", day)
    for code in ("P001", "P002"):
        person(protocol, Scenario(), Chance(f"1/x/{code}"), code, day)
    assert person(protocol, Scenario(), Chance("1/x/P007"), "P007", day) == alone


@pytest.mark.parametrize("path", PROTOCOLS, ids=IDS)
def test_everybody_made_to_fit_is_found_eligible(path: Path) -> None:
    """With no ineligible arrivals, nobody fails screening on a criterion."""
    state, _ = played(path, 5, 3, replace(CALM, arrivals_per_month=0.2))
    failed = [p for p in state.participants.values() if p.eligible is False]
    assert failed == []


@pytest.mark.parametrize("path", PROTOCOLS, ids=IDS)
def test_everybody_made_to_fail_fails_on_that_criterion(path: Path) -> None:
    """A person drawn to fail one criterion is found not eligible, and the criterion is among the reasons."""
    _, protocol = loaded(path)
    names = {each.name for each, _ in eligibility.criteria(protocol)}
    sure = replace(CALM, ineligible=1.0)
    for number in range(8):
        chance = Chance(f"9/{path.stem}/{number}")
        drawn = person(protocol, sure, chance, f"P{number}", protocol.version.effective)
        assert drawn.fails in names
    state, book = played(path, 1, 4, sure)
    decided = [entry.event for entry in book.entries() if isinstance(entry.event, e.EligibilityDecided)]
    assert decided
    assert not any(event.eligible for event in decided)
    assert all("not met" in [word for _, word, _ in event.lines] for event in decided)
    assert not state.enrolled()


def test_what_is_refused_is_dealt_with_and_nothing_stops() -> None:
    """A rough scenario leaves deviations, omissions, holds and rejected lots in the book, and still ends."""
    rough = Scenario(
        dropout_per_year=0.4, missed_visit=0.2, late_visit=0.2, failing_lot=0.5, off_volume=0.3, typing_mistake=0.05,
        adverse_events_per_dose=3, grades=(0.3, 0.3, 0.25, 0.14, 0.01), related=0.7, not_obtained=0.1,
    )  # fmt: skip
    path = next(path for path in PROTOCOLS if path.stem == "NCT03268603")
    state, book = played(path, 10, 2, rough)
    kinds = {type(entry.event) for entry in book.entries()}
    expected = {e.HoldPlaced, e.HoldReleased, e.DoseOmitted, e.LotRejected, e.VisitMissed, e.EntryCorrected,
                e.ParticipantWithdrawn, e.FactNotObtained}  # fmt: skip
    assert expected <= kinds
    assert {"schedule.window", "schedule.missed", "dosing.tolerance"} <= {each.rule for each in state.deviations}


def test_a_scenario_that_names_what_is_not_there_is_refused() -> None:
    """A toxicity of a dose the protocol lacks would silently do nothing; it is refused with the nearest name."""
    path = next(path for path in PROTOCOLS if path.stem == "NCT00186914")
    with pytest.raises(Unusable, match="dose_1"):
        played(path, 1, 1, replace(CALM, toxicity={"dose1": 0.05}))


@pytest.mark.parametrize("people", [0, 7])
def test_more_people_than_planned_cannot_be_rehearsed(people: int) -> None:
    """The desk would refuse the seventh of six; so the rehearsal says at once what is planned."""
    path = next(path for path in PROTOCOLS if path.stem == "NCT00186914")
    with pytest.raises(Unusable, match="plans 6"):
        played(path, people)


def exact_rate(first: str, second: str) -> float:
    """The published exact chance that seed trial 000 declares its dose safe."""
    table = STATS / "seed000_within_patient_6of6_exact.csv"
    if not table.exists():
        pytest.skip("needs ../shared/data/stats")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    row = next(row for row in rows if (row["p_tox_1e6"], row["p_tox_5e6"]) == (first, second))
    return float(row["P_declare_5e6_safe"])


def test_the_declaration_comes_at_its_exact_rate() -> None:
    """1,000 rehearsals of the six-patient escalation declare the dose safe as often as (.95 x .95)^6 says."""
    exact = exact_rate("0.05", "0.05")
    path = next(path for path in PROTOCOLS if path.stem == "NCT00186914")
    text, protocol = loaded(path)
    scenario = replace(CALM, toxicity={"dose_1": 0.05, "dose_2": 0.05}, hold_lifted=0.0, arrivals_per_month=3)
    declared = sum(
        bool(rehearse(protocol, text, MemoryBook(), 6, 11, scenario, trial).declarations) for trial in range(1000)
    )
    error = math.sqrt(exact * (1 - exact) / 1000)
    assert abs(declared / 1000 - exact) < 3 * error
