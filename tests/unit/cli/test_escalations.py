"""`stromal replay` of a book with a design: where the escalation stood on any day, on paper and as JSON."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalating_site import BEGIN, EXAMPLE, Clinic, text
from stromal.cli import app
from stromal.conduct import commands as c
from stromal.store.sqlite import SqliteBook

AFTER = BEGIN + timedelta(days=29)
BOIN = "design: boin\nwindow: 28 days\ncohort: 3\nmost: 12\ncohort_days: 40"


def replayed(path: Path, *options: str) -> str:
    """What the command prints."""
    ran = CliRunner().invoke(app, ["replay", str(path), *options], env={"COLUMNS": "120", "NO_COLOR": "1"})
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def told(path: Path, day: date) -> dict[str, object]:
    """The one escalation as JSON, as known on a day."""
    (found,) = json.loads(replayed(path, "--json", "--as-known", day.isoformat()))["escalations"]
    assert isinstance(found, dict)
    return found


def written(clinic: Clinic, path: Path) -> Path:
    """The book of a clinic as a file."""
    book = SqliteBook.create(path)
    with book.writing() as writer:
        writer.append(tuple(clinic.book.entries()))
    book.close()
    return path


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cohorts: the first clear with one person replaced, then another, and one person aside."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1)
    clinic.on(BEGIN + timedelta(days=4))
    clinic.must("coordinator", c.WithdrawParticipant("P3", BEGIN + timedelta(days=4), "moved away"))
    clinic.dosed("P4", BEGIN + timedelta(days=5), 1)
    later = BEGIN + timedelta(days=45)
    clinic.cohort("P5 P6 P7", later, 2).dosed("P8", later, 1, "mixed up")
    end = later + timedelta(days=30)
    clinic.on(end).must("coordinator", c.RegisterParticipant("P9", end))
    return written(clinic, tmp_path_factory.mktemp("books") / "trial.book")


def test_cohorts_level_and_why(book: Path) -> None:
    """The cohorts in notation, what comes next and why, who was replaced, who stands aside."""
    shown = replayed(book)
    for words in ("cohorts", "1NNN 2NNN; aside: 1N", "3 people at level 3 (100 million cells)", "0 of 3 on dose 2: up",
                  "replaced", "P3", "not before"):  # fmt: skip
        assert words in shown
    assert told(book, BEGIN + timedelta(days=75)) == {
        "rule": "escalation", "design": "boin", "cohorts": ["1NNN", "2NNN"], "aside": ["1N"], "replaced": ["P3"],
        "next": "treat", "level": 3, "why": "0 of 3 on dose 2: up", "not_before": "2024-04-26",
    }  # fmt: skip


def test_as_known_on_a_day(book: Path) -> None:
    """While windows are open the replay of that day says for whom it was waited."""
    shown = replayed(book, "--as-known", (BEGIN + timedelta(days=10)).isoformat())
    assert "1???" in shown
    assert "open windows are waited for" in shown
    assert "P1 until 2024-02-29" in shown
    waiting = told(book, BEGIN + timedelta(days=10))
    assert (waiting["next"], waiting["level"]) == ("wait", None)


def test_a_stop(tmp_path: Path) -> None:
    """When nobody else is treated, it says so."""
    clinic = Clinic(text(BOIN)).cohort("P1T P2T P3T", BEGIN, 1)
    clinic.on(AFTER).must("coordinator", c.RegisterParticipant("P9", AFTER))
    path = written(clinic, tmp_path / "trial.book")
    assert "nobody else is treated" in replayed(path)
    assert told(path, AFTER)["next"] == "stop"


def test_people_watched_until_a_visit(tmp_path: Path) -> None:
    """Where a condition ends the watching there is no day to name."""
    clinic = Clinic(text("design: boin\nseen: done(month_1)\ncohort: 1\nmost: 3")).dosed("P1", BEGIN, 1)
    shown = replayed(written(clinic, tmp_path / "trial.book"))
    assert "watched" in shown
    assert "1?" in shown


def test_courses_of_each_person(tmp_path: Path) -> None:
    """Within the participant every person has a line of their own."""
    clinic = Clinic(text("design: within\nwindow: 28 days\npeople: 3\nneed: 2")).dosed("P1", BEGIN, 1)
    clinic.dosed("P2", BEGIN, 1).toxic("P2", BEGIN + timedelta(days=2)).ready("P3", AFTER)
    path = written(clinic, tmp_path / "trial.book")
    shown = replayed(path)
    assert "level 2 (50 million cells)" in shown
    assert "no further dose" in shown
    people = told(path, AFTER)["people"]
    assert isinstance(people, list)
    assert [(each["participant"], each["levels"], each["next"], each["level"]) for each in people] == [
        ("P1", [1], "treat", 2), ("P2", [1], "stop", None), ("P3", [], "treat", 1),
    ]  # fmt: skip
    assert "waits" in replayed(path, "--as-known", (BEGIN + timedelta(days=3)).isoformat())


def test_a_trial_is_rehearsed_by_its_design(tmp_path: Path) -> None:
    """Virtual people wait for the windows of others, and get the level that is next."""
    path, file = tmp_path / "trial.book", tmp_path / "trial.yaml"
    file.write_text(EXAMPLE.replace("planned: 24", "planned: 9"), encoding="utf-8")
    ran = CliRunner().invoke(app, ["rehearse", str(file), "--book", str(path), "--seed", "3"])
    assert ran.exit_code == 0, ran.output
    state = json.loads(replayed(path, "--json"))
    assert state["doses"] == 9
    assert not [each for each in state["state"]["deviations"] if each["rule"].startswith("escalation")]
    (found,) = state["escalations"]
    assert [each[0] for each in found["cohorts"]] == ["1", "2", "3"]


HELD = """\
  severe:
    hold: trial
    when: count(adverse_event where grade >= 4) > 0
    release: signed by safety_committee
"""


def test_what_was_reported_while_a_hold_stood(tmp_path: Path) -> None:
    """Below the holds every adverse event that came while one stood, with its entry; in JSON the same."""
    clinic = Clinic(text(BOIN).replace("rules:\n", f"rules:\n{HELD}")).dosed("P1", BEGIN, 1)
    clinic.event("P1", 4, BEGIN, term="Sepsis")
    clinic.event("P1", 2, BEGIN, related=None, term="Chills")
    entry = clinic.person("P1").chart.adverse_events[1].entry
    (hold,) = clinic.state.standing()
    path = written(clinic, tmp_path / "trial.book")
    shown = replayed(path).partition("Adverse events reported while a hold stood")[2]
    (line,) = [each for each in shown.splitlines() if "Chills" in each]
    assert line.split() == ["severe,", "entry", str(hold.entry), "P1", "Chills", "2", "not", "judged", "yet",
                            BEGIN.isoformat(), str(entry)]  # fmt: skip
    assert "Sepsis" not in shown, "what placed the hold came before it"
    (told_,) = json.loads(replayed(path, "--json"))["while_held"]
    assert (told_["hold"], told_["term"], told_["related"], told_["entry"]) == (hold.entry, "Chills", None, entry)
