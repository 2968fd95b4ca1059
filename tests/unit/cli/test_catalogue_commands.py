"""The commands index and search: what they print, their JSON, their exit codes, and what they say to bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from small_records import content, lines
from stromal.cli import app, show

KNEE = content(
    "NCT00000001", "Cells for knees", "Cells are injected into the knee. Each knee gets 2 million cells/kg.",
    statusModule={"startDateStruct": {"date": "2018-02"}}, conditionsModule={"conditions": ["Osteoarthritis"]},
    designModule={"phases": ["PHASE2"], "enrollmentInfo": {"count": 24, "type": "ESTIMATED"}},
)  # fmt: skip
HEART = content("NCT00000002", "Cells for hearts", "Cells are infused.", "2021-02-03")


def run(*arguments: str, given: bytes | None = None) -> Result:
    """A command as a user gives it."""
    return CliRunner().invoke(app, arguments, input=given)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A catalogue of two trials."""
    made = str(tmp_path / "c")
    result = run("index", str(lines(tmp_path / "a.jsonl", KNEE, HEART)), "-o", made)
    assert result.exit_code == 0, result.output
    return made


def search(folder: str, *arguments: str) -> Result:
    """A search in a catalogue."""
    return run("search", *arguments, "--catalogue", folder)


def test_index_tells_what_happened(tmp_path: Path) -> None:
    """Counts, time and size; again: nothing to do; 1 and findings when something cannot be read."""
    path, made = lines(tmp_path / "a.jsonl", KNEE, HEART), str(tmp_path / "c")
    first = run("index", str(path), "-o", made)
    assert first.exit_code == 0, first.output
    for told in ("trials", "newest record of 2021-02-03", "0 unchanged", "megabytes"):
        assert told in first.stdout
    told = json.loads(run("index", str(path), "-o", made, "--json").stdout)
    assert (told["trials"], told["files_unchanged"], told["documents_read"]) == (2, 1, 0)
    again = json.loads(run("index", str(path), "-o", made, "--json", "--again").stdout)
    assert again["documents_read"] == 2
    lines(path, KNEE, b"{")
    broken = run("index", str(path), "-o", made)
    assert broken.exit_code == 1
    assert "a.jsonl:2" in broken.stderr


def test_index_shows_some_findings_and_json_all(tmp_path: Path) -> None:
    """Ten of a kind are printed, and how many more there are."""
    path, made = lines(tmp_path / "a.jsonl", *[b"{"] * 14), str(tmp_path / "c")
    assert "and 4 more of record.json" in run("index", str(path), "-o", made).stderr
    told = run("index", str(path), "-o", made, "--json", "--again")
    assert len(json.loads(told.stdout)["findings"]) == 14
    assert told.exit_code == 1


def test_index_refuses_what_is_not_there(tmp_path: Path) -> None:
    """A path that does not exist, no path at all, a folder that is a file."""
    assert run("index", str(tmp_path / "none"), "-o", str(tmp_path / "c")).exit_code == 2
    assert run("index", "-o", str(tmp_path / "c")).exit_code == 2
    (tmp_path / "file").write_text("words")
    assert run("index", str(lines(tmp_path / "a.jsonl", KNEE)), "-o", str(tmp_path / "file")).exit_code == 2


def test_search_prints_hits_with_facts_and_sentences(folder: str) -> None:
    """Facts in columns, the title, the sentence with its place; how many were searched."""
    result = search(folder, "injected", "knees")
    assert result.exit_code == 0, result.output
    rows = result.stdout.splitlines()
    assert rows[0] == "1 trial"
    head, facts = rows[2], rows[3]
    for name, value in (("phase", "2"), ("start", "2018-02"), ("people", "24 planned"), ("dose", "2.0e6 cells/kg")):
        assert facts[head.index(name) :].startswith(value)
    assert "    Cells are injected into the knee." in rows
    assert "    descriptionModule.briefSummary:1" in rows
    assert "2 trials searched in" in rows[-1]
    assert "newest record of 2021-02-03" in rows[-1]


def test_a_title_that_was_found_is_printed_once(folder: str) -> None:
    """The sentence is the title."""
    result = search(folder, "hearts")
    assert result.stdout.count("Cells for hearts") == 1


def test_filters_alone_list_what_fits(folder: str) -> None:
    """The newest first, each with its title."""
    result = search(folder)
    assert result.exit_code == 0
    rows = result.stdout.splitlines()
    assert rows[0] == "2 trials"
    assert rows.index("    Cells for hearts") < rows.index("    Cells for knees")


def test_a_narrow_terminal_keeps_every_fact(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit in one line goes to the next."""
    monkeypatch.setattr("stromal.cli.catalogue._PAPER", 60)
    result = search(folder, "cells", "knee")
    assert "    2.0e6 cells/kg" in result.stdout
    assert all(len(line) <= 60 for line in result.stdout.splitlines()[2:-1])
    assert show.out.is_terminal is False


def test_search_gives_json(folder: str) -> None:
    """Every fact of the card, the sentence with its marks, what filters left out."""
    told = json.loads(search(folder, "knee", "--json", "--phase", "2").stdout)
    assert (told["total"], told["date"]) == (1, "2021-02-03")
    (hit,) = told["hits"]
    assert hit["id"] == "NCT00000001"
    assert hit["card"]["conditions"] == ["Osteoarthritis"]
    start, end = hit["snippet"]["marks"][0]
    assert hit["snippet"]["text"][start:end] == "knee"
    assert hit["snippet"]["line"] == 1
    assert told["filters"] == [{"name": "phase", "fit_without": 1, "of_those_silent": 0}]
    bare = json.loads(search(folder, "--json", "--limit", "1").stdout)
    assert (bare["total"], bare["hits"][0]["snippet"]) == (2, None)


def test_those_who_are_silent_are_counted(folder: str) -> None:
    """A trial that states no phase might be of any."""
    result = search(folder, "cells", "--phase", "2")
    assert "1 trial more would fit, but state nothing that --phase can ask about" in result.stdout


def test_no_hit_says_what_stands_in_the_way(folder: str) -> None:
    """The word that nobody holds; the filter that leaves nobody; code 1."""
    nowhere = search(folder, "zyzzyva", "cells")
    assert nowhere.exit_code == 1
    assert "no trial holds 'zyzzyva'" in nowhere.stdout
    filtered = search(folder, "hearts", "--phase", "2", "--from", "2015")
    assert filtered.exit_code == 1
    assert "without --phase: 0 trials would fit" in filtered.stdout
    assert "without --from/--to: 0 trials would fit" in filtered.stdout
    alone = search(folder, "hearts", "--has-dose")
    assert "without --has-dose: 1 trial would fit" in alone.stdout
    apart = search(folder, "hearts", "knees")
    assert "no trial holds them all" in apart.stdout
    silent = search(folder, "infused", "--phase", "2")
    assert "1 trial would fit, 1 of which state nothing of it" in silent.stdout
    told = json.loads(search(folder, "zyzzyva", "--json").stdout)
    assert told["words_nowhere"] == ["zyzzyva"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (('"bone marrow',), "close it"),
        (("knee", "--phase", "7"), "known are"),
        (("knee", "--dose", "many"), "1e6..5e6/kg"),
        (("knee", "--from", "soon"), "2021-03"),
        (("knee", "--limit", "0"), "at least 1"),
    ],
)
def test_bad_questions_are_told_with_a_next_step(folder: str, arguments: tuple[str, ...], word: str) -> None:
    """Code 2, what is wrong, and what to write."""
    result = search(folder, *arguments)
    assert result.exit_code == 2, result.output
    assert word in result.stderr


def test_a_catalogue_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Where none is, the next step makes one."""
    result = search(str(tmp_path), "knee")
    assert result.exit_code == 2
    assert "stromal index" in result.stderr


def test_an_empty_catalogue_finds_nothing(tmp_path: Path) -> None:
    """No trial, and no date to tell."""
    made = str(tmp_path / "c")
    assert run("index", str(lines(tmp_path / "a.jsonl", b"{")), "-o", made).exit_code == 1
    result = search(made, "knee")
    assert result.exit_code == 1
    assert "0 trials searched" in result.stdout
