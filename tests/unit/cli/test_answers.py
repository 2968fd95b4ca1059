"""The commands related, doses and ask: answers, JSON, exit codes, and what they say to bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cards import card, dose
from stromal.catalogue.card import Card
from stromal.catalogue.store import Catalogue
from stromal.cli import app

HOUSE = Path(__file__).resolve().parents[3]
MS = str(HOUSE / "records" / "NCT06360861.json")
CARDS = (
    card("T1", title="One", conditions=("Multiple Sclerosis",), routes=("intravenous",), doses=(dose(1e8),),
         status="RECRUITING", verified="2026-10", start="2019", updated="2026-10-05", first_posted="2018-01-01"),
    card("T2", title="Two", conditions=("Multiple Sclerosis",), routes=("intravenous",),
         doses=(dose(3e6, per_kg=True),), start="2021", enrolment=12, enrolment_kind="actual"),
    card("T3", conditions=("Asthma",), doses=(dose(4e6, state="ambiguous"),), countries=("Iran",)),
)  # fmt: skip


def run(*arguments: str) -> Result:
    """A command as a user gives it."""
    return CliRunner().invoke(app, arguments)


def made(folder: Path, *cards: Card) -> str:
    """A catalogue of cards."""
    with Catalogue.create(folder) as catalogue, catalogue.writing() as writer:
        writer.add(*cards)
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A catalogue of three trials."""
    return made(tmp_path_factory.mktemp("many") / "catalogue", *CARDS)


def told(*arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def refused(result: Result, *words: str) -> None:
    """Code 2, what is wrong, and a next step."""
    assert result.exit_code == 2, result.output
    assert "->" in result.stderr
    assert all(word in result.stderr for word in words), result.stderr


# ---------------------------------------------------------------- related


def test_related_says_why(folder: str) -> None:
    """A related trial with each reason; the day and the size of the catalogue below."""
    result = run("related", "T1", "--catalogue", folder)
    assert result.exit_code == 0, result.output
    assert "T2" in result.stdout
    assert "same condition: multiple sclerosis" in result.stdout
    assert "doses within a factor of 2.1 at 70 kg: 1e8 cells and 3e6 cells/kg" in result.stdout
    assert "3 trials in the catalogue; newest record of 2026-10-05" in result.stdout


def test_related_as_json(folder: str) -> None:
    """The same as data; points are the sum of the reasons."""
    answer = told("related", "T1", "--catalogue", folder)
    assert answer["id"] == "T1"
    assert answer["catalogue"] == {"trials": 3, "date": "2026-10-05"}
    (found,) = answer["related"]
    assert found["id"] == "T2"
    assert found["points"] == pytest.approx(sum(reason["points"] for reason in found["reasons"]), abs=0.01)


def test_related_to_nothing(folder: str) -> None:
    """Nobody shares anything: 1, and it says so."""
    result = run("related", "T3", "--catalogue", folder)
    assert result.exit_code == 1
    assert "no trial of the catalogue shares" in result.stdout
    assert told("related", "T3", "--catalogue", folder, code=1)["related"] == []


def test_related_to_a_record_that_is_not_in_there(folder: str) -> None:
    """A record is enough; a limit of one shows one."""
    answer = told("related", "--record", MS, "--catalogue", folder, "--limit", "1")
    assert answer["id"] == "NCT06360861"
    assert [each["id"] for each in answer["related"]] == ["T2"]


def test_a_portal_page_is_a_record_too(folder: str, tmp_path: Path) -> None:
    """A saved page is read as a page, and what nobody can read is refused."""
    page = tmp_path / "page.txt"
    page.write_text("nothing of a trial", encoding="utf-8")
    result = run("related", "--record", str(page), "--catalogue", folder)
    assert result.exit_code in (1, 2)
    refused(run("related", "--record", str(tmp_path / "none.json"), "--catalogue", folder), "no such file")


def test_related_refuses_bad_input(folder: str, tmp_path: Path) -> None:
    """No trial, an unknown one, no catalogue, an empty one, a limit of nothing."""
    refused(run("related", "--catalogue", folder), "no trial is named")
    refused(run("related", "T9", "--catalogue", folder), "T9 is not in the catalogue", "--record")
    refused(run("related", "T1", "--catalogue", str(tmp_path / "nowhere")), "no catalogue", "stromal index")
    refused(run("related", "T1", "--catalogue", made(tmp_path / "empty")), "holds no trial", "stromal index")
    refused(run("related", "T1", "--catalogue", folder, "--limit", "0"), "--limit is 0")


# ---------------------------------------------------------------- doses


def test_doses_in_a_table(folder: str) -> None:
    """All trials first, then the groups; what is hidden and what is left out is said."""
    result = run("doses", "--catalogue", folder, "--least", "2")
    assert result.exit_code == 0, result.output
    assert "all trials" in result.stdout
    assert "1.6e8 (1.3e8-1.8e8)" in result.stdout
    assert "1 more with fewer than 2 trials that give a dose; --least 1 shows them" in result.stdout
    assert "left out, as their notation can be read in two ways: 1 trials' doses: T3" in result.stdout


def test_doses_as_json_cite_their_trials(folder: str) -> None:
    """Every cell lists its trials."""
    answer = told("doses", "--catalogue", folder)
    (intravenous, _) = answer["rows"]
    assert intravenous["with_dose"] == ["T1", "T2"]
    spread = {each["unit"]: (each["trials"], each["median"], each["ids"]) for each in intravenous["doses"]}
    assert spread == {
        "cells": (1, 1e8, ["T1"]), "cells/kg": (1, 3e6, ["T2"]), "cells at 70 kg": (2, 1.55e8, ["T1", "T2"]),
    }  # fmt: skip
    assert answer["unclear"] == ["T3"]
    assert "published" not in answer


def test_doses_beside_a_review(folder: str) -> None:
    """The review's numbers, the same computed here, and why they differ."""
    result = run("doses", "--catalogue", folder, "--published")
    assert result.exit_code == 0, result.output
    for words in ("Kabat 2020", "914", "43 %", "67 % of 3", "100 % of 2", "A route counts where the record names it"):
        assert words in result.stdout
    answer = told("doses", "--catalogue", folder, "--published")
    assert answer["published"]["trials"] == 914
    assert [each["trials"] for each in answer["beside"]] == [1, 3]


def test_doses_of_nothing(tmp_path: Path) -> None:
    """No dose: 1; a figure of nothing is refused, and no file is written."""
    silent = made(tmp_path / "silent", card("A", first_posted="2030-01-01"))
    result = run("doses", "--catalogue", silent, "--published")
    assert result.exit_code == 1
    assert "Beside" in result.stdout
    refused(run("doses", "--catalogue", silent, "--svg", str(tmp_path / "f.svg")), "no trial has a dose")
    assert not (tmp_path / "f.svg").exists()


def test_doses_draw(folder: str, tmp_path: Path) -> None:
    """The same bytes twice."""
    drawn = []
    for name in ("a.svg", "b.svg"):
        assert run("doses", "--catalogue", folder, "--svg", str(tmp_path / name), "--by", "condition").exit_code == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]
    assert b"<svg" in drawn[0]


def test_doses_refuse_bad_input(folder: str) -> None:
    """A group that nobody knows."""
    refused(run("doses", "--catalogue", folder, "--by", "colour"), "--by is 'colour'", "route, tissue, condition, year")


# ---------------------------------------------------------------- ask


def test_ask_cites(folder: str) -> None:
    """Each answer in words, with its trials and its fields."""
    result = run("ask", "T2", "--catalogue", folder, "--on", "2026-11-22")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "asked on 2026-11-22" in text
    assert "recruiting on 2026-11-22: 1 of 1 trial for multiple sclerosis" in text
    assert "1 recruiting: T1" in text
    assert "read from conditionBrowseModule.meshes" in text
    assert "12 people took part." in text


def test_ask_as_json(folder: str) -> None:
    """Counts with all their ids, the fields by their full paths, the day and the size of the catalogue."""
    answer = told("ask", "T2", "--catalogue", folder, "--on", "2026-11-22", "--question", "condition_recruiting")
    (found,) = answer["answers"]
    assert found["counts"][0] == {"name": "recruiting", "number": 1, "ids": ["T1"]}
    assert found["fields"][-1] == "protocolSection.statusModule.statusVerifiedDate"
    assert (found["date"], found["trials"], answer["on"]) == ("2026-10-05", 3, "2026-11-22")


def test_ask_what_nobody_knows(folder: str) -> None:
    """One question without an answer: 1, and the reason."""
    answer = told("ask", "T1", "--catalogue", folder, "--question", "places_left", code=1)
    assert answer["answers"][0]["answered"] is False
    assert "because registries do not publish" in answer["answers"][0]["answer"]


def test_ask_today(folder: str) -> None:
    """Without a day it is asked today, and all questions together are no failure."""
    assert run("ask", "T3", "--catalogue", folder).exit_code == 0
    assert len(told("ask", "--record", MS, "--catalogue", folder)["answers"]) == 12


def test_ask_refuses_bad_input(folder: str) -> None:
    """A question that nobody knows, a day that is none, a trial that is not there."""
    refused(run("ask", "T1", "--catalogue", folder, "--question", "weather"), "--question is 'weather'", "recruiting")
    refused(run("ask", "T1", "--catalogue", folder, "--on", "soon"), "--on is 'soon'")
    refused(run("ask", "T9", "--catalogue", folder), "T9 is not in the catalogue")
    assert told("ask", "T9", "--catalogue", folder, code=2)["findings"][0]["code"] == "trial.unknown"
