"""The command `grade`: its answer, its JSON, its exit codes, and what it says to bad input."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from stromal.cli import app


def run(*arguments: str) -> Result:
    """A command as a user gives it."""
    return CliRunner().invoke(app, ("grade", *arguments))


def test_grade_says_the_grade_and_why() -> None:
    """7.5 g/dL of haemoglobin is grade 3, and the limit is shown."""
    result = run("anemia", "7.5 g/dL", "--lower-normal", "12 g/dL")
    assert result.exit_code == 0
    assert "grade 3" in result.stdout
    assert "below 8 g/dL" in result.stdout


def test_grade_prints_a_fact() -> None:
    """The JSON is a derived fact with its reason."""
    result = run("anemia", "7.5 g/dL", "--lower-normal", "12 g/dL", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "name": "grade", "value": 3, "unit": "", "state": "derived", "places": [],
        "reason": "7.5 g/dL is below 8 g/dL",
    }  # fmt: skip


def test_an_unknown_grade_is_missing_and_exits_with_1() -> None:
    """Without the limit of normal, 11 g/dL may be grade 0 or 1: missing, and code 1."""
    result = run("anemia", "11 g/dL", "--json")
    assert result.exit_code == 1
    fact = json.loads(result.stdout)
    assert (fact["value"], fact["state"]) == (None, "missing")
    assert "lower limit of normal" in fact["reason"]
    told = run("anemia", "11 g/dL")
    assert told.exit_code == 1
    assert "grade unknown" in told.stdout


def test_the_version_the_limits_and_the_baseline_are_heeded() -> None:
    """The same platelets differ by version; the same ALT differs by its baseline."""
    platelets = ("platelet count decreased", "15 10*9/L")
    assert "grade 4" in run(*platelets).stdout
    assert "grade 3" in run(*platelets, "--version", "6.0").stdout
    enzyme = ("alt increased", "130 U/L", "--upper-normal", "40 U/L", "--baseline")
    assert "grade 2" in run(*enzyme, "30 U/L").stdout
    assert "grade 1" in run(*enzyme, "80 U/L").stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("anemia", "7.5 g/dL", "--version", "7.0"), "'7.0'"),
        (("anaemi", "7.5 g/dL"), "did you mean 'anemia'"),
        (("anemia", "7.5 kg"), "g/dL or mmol/L"),
        (("anemia", "seven"), "'seven'"),
        (("anemia", "7.5 g/dL", "--lower-normal", "12 stones"), "stones"),
    ],
)
def test_bad_input_is_told_with_a_next_step(arguments: tuple[str, ...], word: str) -> None:
    """A version, a term, a unit or a number that cannot be used: code 2, what is wrong, and what to write."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert word in result.stderr.replace("\n", " ")
    assert "->" in result.stderr
