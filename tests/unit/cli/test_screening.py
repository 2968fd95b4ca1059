"""`screen --person` and `confirm`: what they print, their JSON and exit codes, and what they say to bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from screened_trials import put, record
from stromal.cli import app

HOUSE = Path(__file__).resolve().parents[3]
PERSON = str(HOUSE / "docs" / "person.yaml")
INCLUDE, EXCLUDE = "Inclusion Criteria:\n\n", "\nExclusion Criteria:\n\n"
TRIALS = (
    record("NCT1", INCLUDE + "* Multiple sclerosis\n* EDSS 3 to 6\n" + EXCLUDE + "* Epilepsy\n* Stroke\n* Psoriasis\n"
           "* Asthma\n", conditions=["Multiple Sclerosis"]),
    record("NCT2", INCLUDE + "* Age over 18\n", status="COMPLETED", verified="2019-05", country="Spain"),
    record("NCT3", INCLUDE + "* Age 40 to 50 years\n", conditions=["Multiple Sclerosis"], country="Spain"),
    record("NCT4", INCLUDE + "* Signed consent\n" + EXCLUDE + "* Multiple sclerosis\n* Aged under 40 years\n"
           "* HIV negative people\n"),
    record("NCT5", EXCLUDE + "* Multiple sclerosis\n"),
)  # fmt: skip


def run(*arguments: str) -> Result:
    """A command as a user gives it."""
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A catalogue of five trials."""
    put(tmp_path, *TRIALS).close()
    return str(tmp_path / "catalogue")


def screened(folder: str, *options: str, code: int = 0) -> str:
    """What `screen` prints."""
    result = run("screen", "--person", PERSON, "--catalogue", folder, *options)
    assert result.exit_code == code, result.output
    return result.stdout


def told(folder: str, *options: str, code: int = 0) -> Any:
    """What it prints as JSON."""
    return json.loads(screened(folder, *options, "--json", code=code))


def refused(result: Result, *words: str) -> None:
    """Code 2, what is wrong, and a next step."""
    assert result.exit_code == 2, result.output
    assert "->" in result.stderr
    assert all(word in result.stderr for word in words), result.stderr


def test_what_is_printed(folder: str) -> None:
    """The standings counted, the caution and the day of the records, and no line wider than 100 columns."""
    text = screened(folder)
    for words in (
        "example on 2022-10-20, against 5 trials of 5; newest record of 2026-10-05", "no medical advice",
        "2 could be eligible", "1 probably not", "2 not eligible", "Ask first",
        "NCT2 Marrow disease", "completed, verified 2019-05", "as drafted, unconfirmed", "4 questions would settle it",
        "Do you have marrow disease? [marrow_disease]", "Epilepsy: ever, and when? [epilepsy]",
    ):  # fmt: skip
        assert words in " ".join(text.split()), words
    assert max(map(len, text.splitlines())) <= 100
    assert "NCT3" not in text


def test_every_verdict_on_one_trial(folder: str) -> None:
    """Each line with its words, its place and what it rests on."""
    text = screened(folder, "--trial", "nct1")
    assert "“EDSS 3 to 6”" in text
    assert "eligibilityCriteria:4" in text
    assert "because: EDSS is 5.5 on 2022-10-20" in text
    assert "Ask first" not in text
    closed = screened(folder, "--trial", "NCT3", code=1)
    assert "Not eligible: 1 trial" in closed
    assert "age is 37 years" in closed


def test_filters(folder: str) -> None:
    """Condition, country, status and number of trials."""

    def ids(*options: str, code: int = 0) -> list[str]:
        return [each["id"] for each in told(folder, *options, code=code)["trials"]]

    assert ids() == ["NCT1", "NCT2", "NCT5", "NCT3", "NCT4"]
    assert ids("--condition", "multiple sclerosis") == ["NCT1", "NCT3"]
    assert ids("--country", "Spain") == ["NCT2", "NCT3"]
    assert ids("--recruiting") == ["NCT1", "NCT5", "NCT3", "NCT4"]
    assert ids("--limit", "1") == ["NCT1", "NCT5", "NCT3"]
    assert ids("--country", "Spain", "--recruiting", code=1) == ["NCT3"]


def test_json(folder: str) -> None:
    """Counts, questions and verdicts with their places, for programs."""
    found = told(folder)
    assert found["counts"] == {"could be eligible": 2, "probably not": 1, "not eligible": 2}
    assert (found["on"], found["date"]) == ("2022-10-20", "2026-10-05")
    first = found["trials"][0]
    assert [each["name"] for each in first["questions"]] == ["epilepsy", "stroke", "psoriasis", "asthma"]
    assert (first["met"], first["unknown"], first["against"]) == (3, 4, 0)
    assert {each["basis"] for each in first["criteria"]} == {"drafted", "sure"}
    assert first["criteria"][1]["place"]["quote"] == "Multiple sclerosis"
    assert found["ask_first"][0]["open_in"] == 1


def test_a_sheet_is_written_signed_and_used(folder: str) -> None:
    """`confirm` writes a sheet where it counts; signed, it decides; its words changed, it is named."""
    assert run("confirm", "NCT5", "--catalogue", folder).exit_code == 0
    sheet = Path(folder) / "confirmed" / "NCT5.yaml"
    assert told(folder)["counts"]["probably not"] == 1
    text = sheet.read_text(encoding="utf-8").replace("by: ''", "by: A. Reader").replace("on: ''", "on: 2026-11-01")
    sheet.write_text(text, encoding="utf-8")
    assert told(folder)["counts"] == {"could be eligible": 2, "probably not": 0, "not eligible": 3}
    assert "confirmed by A. Reader, 2026-11-01" in " ".join(screened(folder, "--trial", "NCT5", code=1).split())
    sheet.write_text(text.replace("hash: ", "hash: x").replace('x"', '"x'), encoding="utf-8")
    assert "confirmation.stale" in screened(folder)
    refused(run("confirm", "NCT5", "--catalogue", folder), "there is a sheet already", "--force")
    assert run("confirm", "nct5", "--catalogue", folder, "--force").exit_code == 0
    assert "by: ''" in sheet.read_text(encoding="utf-8")


def test_protocols_count(tmp_path: Path) -> None:
    """Criteria of a protocol of the house are told as confirmed."""
    folder = str(tmp_path / "catalogue")
    assert run("index", str(HOUSE / "records"), "-o", folder).exit_code == 0
    text = screened(folder, "--protocols", str(HOUSE / "protocols"), "--trial", "NCT03268603")
    assert "7 confirmed by a person" in text
    assert "confirmed by the protocol of NCT03268603" in " ".join(text.split())


def test_trials_that_cannot_be_drafted_are_told(folder: str, tmp_path: Path) -> None:
    """A record that is gone is a warning, and no sheet can be written for it."""
    (tmp_path / "records" / "NCT2.json").unlink()
    found = told(folder)
    assert [each["code"] for each in found["findings"]] == ["screen.source"]
    assert sum(found["counts"].values()) == 4
    refused(run("confirm", "NCT2", "--catalogue", folder), "stromal index")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("screen",), ("stromal screen PROTOCOL PERSON",)),
        (("screen", "x.yaml", "--person", PERSON), ("beside --person",)),
        (("screen", "--person", "nobody.yaml"), ("no such file",)),
        (("screen", "--person", PERSON, "--limit", "0"), ("at least 1",)),
        (("screen", "--person", PERSON, "--catalogue", "nowhere"), ("stromal index",)),
        (("screen", "--person", PERSON, "--trial", "NCT9"), ("NCT9 is not in the catalogue",)),
        (("screen", "--person", PERSON, "--country", "Atlantis"), ("Atlantis",)),
        (("screen", "--person", PERSON, "--protocols", "nowhere"), ("NCT*.yaml",)),
        (("confirm", "NCT9"), ("NCT9 is not in the catalogue",)),
    ],
)
def test_bad_input(arguments: tuple[str, ...], words: tuple[str, ...], folder: str) -> None:
    """What cannot be used is told with the next step."""
    known = arguments if "--catalogue" in arguments else (*arguments, "--catalogue", folder)
    refused(run(*known), *words)


def test_contradictory_criteria_and_records_without_words(tmp_path: Path) -> None:
    """No list of answers settles criteria that exclude each other; a record that says little is told as it is."""
    both = record("NCT1", INCLUDE + "* Epilepsy\n" + EXCLUDE + "* Epilepsy\n")
    bare = record("NCT2", "", conditions=[])
    del bare["protocolSection"]["statusModule"]["overallStatus"]
    del bare["protocolSection"]["statusModule"]["statusVerifiedDate"]
    many = record("NCT3", EXCLUDE + "* Multiple sclerosis\n* Weight < 80 kg\n* Female\n", conditions=["Gout"])
    put(tmp_path, both, bare, many).close()
    text = screened(str(tmp_path / "catalogue"), "--trial", "NCT3", code=1)
    assert "against: 1 more" in text
    text = screened(str(tmp_path / "catalogue"))
    assert "exclude each other" in text
    assert "no status given, not said when verified" in text
    assert "Trial NCT2" in text


def test_no_catalogue_is_left_where_nothing_was_there(tmp_path: Path) -> None:
    """A path that does not exist is told before anything is made."""
    refused(run("index", str(tmp_path / "nowhere"), "-o", str(tmp_path / "new")), "no such file")
    assert not (tmp_path / "new").exists()


def test_a_word_with_a_minus_is_no_option(folder: str) -> None:
    """Words that must not be held are written as they are; an option that is not there is still refused."""
    found = json.loads(run("search", "trial", "-epilepsy", "--json", "--catalogue", folder).stdout)
    assert found
    refused(run("search", "trial", "--limt", "3"), "no such option: --limt")
