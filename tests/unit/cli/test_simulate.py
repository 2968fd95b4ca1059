"""`stromal simulate`: answers in words, JSON and a page; what cannot be right is told with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stromal.cli.app import app

FOLDER = Path(__file__).resolve().parents[3] / "protocols"
TWO_DOSES, LADDER = (str(FOLDER / f"{name}.yaml") for name in ("NCT00186914", "NCT03268603"))
RUN = CliRunner()


def test_the_committees_questions_are_answered(tmp_path: Path) -> None:
    """In the terminal and on a page, figures included."""
    page = tmp_path / "simulated.html"
    told = RUN.invoke(app, ["simulate", TWO_DOSES, "--trials", "300", "--report", str(page)])
    assert told.exit_code == 0, told.output
    for words in ("Would a dose that is not safe be declared safe?", "months", "products", "nobody leaves, exactly"):
        assert words in told.output
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") == 4
    assert "If 10 % of people had unacceptable toxicity after 5e6 cells/kg, it would be declared in" in " ".join(
        html.split()
    )


def test_a_trial_that_finds_its_dose(tmp_path: Path) -> None:
    """Where a design moves the dose: which level is declared, in words, as JSON and as a figure."""
    page, world = tmp_path / "simulated.html", tmp_path / "world.yaml"
    world.write_text("toxicity: [0.05, 0.25, 0.5]\narrivals_per_month: 4\n", encoding="utf-8")
    given = ["simulate", str(FOLDER.parent / "docs" / "escalation.yaml"), "--trials", "30", "--scenario", str(world)]
    told = RUN.invoke(app, [*given, "--report", str(page)])
    assert told.exit_code == 0, told.output
    assert "Which level is declared?" in told.output
    assert "5e7 cells (true toxicity 25 %) in" in " ".join(told.output.split())
    assert "Levels that the design declares" in page.read_text(encoding="utf-8")
    first, again = (json.loads(RUN.invoke(app, [*given, "--json", *more]).stdout) for more in ([], ["--workers", "2"]))
    assert first == again
    assert list(first["selected"]) == ["1e7 cells", "5e7 cells", "1e8 cells", "none"]
    assert sum(each["percent"] for each in first["selected"].values()) == pytest.approx(100)


def test_levels_that_are_assumed_alike() -> None:
    """Without a scenario every level is equally toxic, and the answer says so; a seed that is none is refused."""
    given = ["simulate", str(FOLDER.parent / "docs" / "escalation.yaml"), "--trials", "3"]
    assert "All levels are assumed to be equally toxic" in " ".join(RUN.invoke(app, given).output.split())
    refused = RUN.invoke(app, [*given, "--seed", "-1"])
    assert refused.exit_code == 2
    assert "simulate.seed" in refused.output + refused.stderr


def test_json_has_every_number_and_a_seed_repeats_it(tmp_path: Path) -> None:
    """Means with errors, quantiles, power and errors of the first kind; two workers change nothing."""
    given = ["simulate", LADDER, "--trials", "60", "--json"]
    first, again, other = (RUN.invoke(app, [*given, *more]) for more in ([], ["--workers", "2"], ["--seed", "2"]))
    assert first.exit_code == 0
    found = json.loads(first.stdout)
    assert found == json.loads(again.stdout)
    assert found["means"] != json.loads(other.stdout)["means"]
    assert found["analyses"][0]["name"] == "progression"
    assert len(found["means"]["given"]["mean"]) == 3
    assert found["declared"] == []
    assert tmp_path.exists()


def test_a_scenario_changes_the_world(tmp_path: Path) -> None:
    """Everybody is harmed by the second dose, no product passes at the first level, nobody is lost: seen at once."""
    file = tmp_path / "world.yaml"
    file.write_text(
        "toxicity: {dose_2: 1.0}\nfailing_lot: 0\nineligible: 0\nhold_lifted: {trial: 0}\narrivals_per_month: 30\n",
        encoding="utf-8",
    )
    told = RUN.invoke(app, ["simulate", TWO_DOSES, "--trials", "50", "--json", "--scenario", str(file)])
    found = json.loads(told.stdout)
    assert found["means"]["declared"]["mean"] == [0.0]
    assert found["means"]["closed"]["mean"] == [1.0]
    assert found["means"]["failed"]["mean"] == [0.0]
    assert found["means"]["screened"]["mean"][0] <= 6


def test_every_word_of_a_scenario(tmp_path: Path) -> None:
    """Rows of grades, chances by amount, outcomes and effects."""
    file = tmp_path / "world.yaml"
    file.write_text(
        "grades:\n  - [1, 0, 0, 0, 0, 0]\n  - [.9, .1, 0, 0, 0, 0]\n  - [.8, .1, .1, 0, 0, 0]\nmade: {1e8: 0.5}\n"
        "outcomes: {alsfrs_r: {slope: -1, wobble: 0}}\neffect: {alsfrs_r: 0.5}\nwindow_days: 14\nhold_lifted: 0.5\n",
        encoding="utf-8",
    )
    told = RUN.invoke(app, ["simulate", LADDER, "--trials", "20", "--json", "--scenario", str(file)])
    found = json.loads(told.stdout)
    assert found["means"]["harmed"]["mean"] == [0.0]
    assert found["analyses"][0]["effect"] == 0.5
    assert "passes in 50 %" in found["assumed"]["after 1e8 cells"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("ineligible: 0.1\ntoxicity: [0.1, 1.4]", 2, "a probability lies between 0 and 1"),
        ("toxicity: [0.1, 0.2, 0.3]", 1, "has 3 entries for 2 levels"),
        ("\nscreening_days: -3", 2, "screening_days is -3"),
        ("waits: -1", 1, "waits is -1"),
        ("screening_days: 3.5", 1, "give a whole number"),
        ("arivals_per_month: 2", 1, "did you mean arrivals_per_month?"),
        ("zzz: 2", 1, "known: "),
        ("arrivals_per_month: 0", 1, "give more than 0"),
        ("dropout_per_year: -1", 1, "give a rate of 0 or more"),
        ("attempts: 0", 1, "1 to 9 attempts"),
        ("attempts: .inf", 1, "give a number"),
        ("grades: [0.5, 0.2, 0.1, 0.1, 0.1, 0.1]", 1, "add up to 1"),
        ("grades: 3", 1, "a row of six"),
        ("grades:\n  - [1, 0, 0, 0, 0, 0]", 1, "1 entries for 2 levels"),
        ("made: {dose_3: 0.4}", 1, "did you mean dose"),
        ("made: {7e9: 0.4}", 1, "name a dose, or one of 1e6 cells/kg"),
        ("made: 1.2", 1, "a probability lies between 0 and 1"),
        ("ineligible: [1]", 1, "give a number"),
        ("ineligible: 2", 1, "a probability lies between 0 and 1"),
        ("hold_lifted: {dose: 1}", 1, "name participant and trial"),
        ("effect: {alsfrs_r: 1}", 1, "no analysis measures"),
        ("effect: 3", 1, "a line for each fact"),
        ("- 1", 0, "no mapping"),
        ("a: [1", 0, "no YAML"),
    ],
)
def test_what_cannot_be_right_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    """The file, the line, the value and the next step; nothing is simulated."""
    file = tmp_path / "world.yaml"
    file.write_text(text, encoding="utf-8")
    told = RUN.invoke(app, ["simulate", TWO_DOSES, "--trials", "5", "--scenario", str(file)])
    assert told.exit_code == 2
    whole = " ".join(told.output.split())
    assert words in whole
    assert f"world.yaml:{line}" in whole if line else "world.yaml" in whole


@pytest.mark.parametrize(
    ("text", "words"),
    [("outcomes: {alsfrs_r: {slop: 1}}", "did you mean slope?"), ("outcomes: {alsfrs_r: {wobble: -1}}", "0 or more"),
     ("outcomes: {alsfrs_r: {xyz: 1}}", "known: start")],
)  # fmt: skip
def test_outcomes_that_cannot_be_right(tmp_path: Path, text: str, words: str) -> None:
    """A part that no outcome has, and a spread below zero."""
    file = tmp_path / "world.yaml"
    file.write_text(text, encoding="utf-8")
    told = RUN.invoke(app, ["simulate", LADDER, "--trials", "5", "--scenario", str(file)])
    assert told.exit_code == 2
    assert words in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("more", "words"),
    [(["--trials", "0"], "0 trials cannot be simulated"), (["--workers", "0"], "0 workers"),
     (["--trials", "9", "--cluster", "nowhere"], "is no address of a Dask scheduler"),
     (["--trials", "9", "--cluster", "nowhere://127.0.0.1:1"], "no Dask scheduler answers")],
)  # fmt: skip
def test_options_that_cannot_be_right(more: list[str], words: str) -> None:
    """No trials, no workers, no cluster."""
    told = RUN.invoke(app, ["simulate", TWO_DOSES, *more])
    assert told.exit_code == 2
    assert words in " ".join(told.output.split())


def test_none_of_a_few_trials_is_not_called_impossible(tmp_path: Path) -> None:
    """What happened in none of the trials may still happen; one trial alone has no error."""
    file = tmp_path / "world.yaml"
    file.write_text("toxicity: 1.0\nfailing_lot: 0\n", encoding="utf-8")
    told = RUN.invoke(app, ["simulate", TWO_DOSES, "--trials", "30", "--scenario", str(file)])
    assert "it is declared in none of the trials (up to 10\u00a0% in truth)" in " ".join(told.output.split(" "))
    assert "unknown" in RUN.invoke(app, ["simulate", TWO_DOSES, "--trials", "1"]).output


def test_a_change_without_controls_is_told_so() -> None:
    """An analysis of change cannot tell the natural course from an effect, and says so."""
    skin = str(FOLDER / "NCT05016804.yaml")
    told = " ".join(RUN.invoke(app, ["simulate", skin, "--trials", "40"]).output.split())
    assert "it compares people with their own start" in told
    assert "describes what happened and tests nothing: it has no power" in told
