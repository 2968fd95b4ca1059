"""`stromal read` of one and of many, and `stromal fetch`, as somebody at a terminal meets them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from registry_records import EVERY, FULL, ISRCTN, V2, content
from registry_server import Registry, numbered, served
from stromal.cli import registry
from stromal.cli.app import app
from stromal.read.fetch import Manners

RUN = CliRunner()


@pytest.mark.parametrize("name", EVERY)
def test_one_record_of_any_format(tmp_path: Path, name: str) -> None:
    """A record of each format is printed in full, with the field of every item."""
    file = tmp_path / "record"
    file.write_bytes(content(EVERY[name]))
    told = RUN.invoke(app, ["read", str(file)])
    assert told.exit_code == 0, told.stderr
    assert f"({name})" in told.stdout
    assert "Sections" in told.stdout
    assert "eligibilityCriteria" in told.stdout
    assert "Facts" in told.stdout


def test_one_record_as_json(tmp_path: Path) -> None:
    """JSON of a record names the field of each item, and what reading noticed."""
    file = tmp_path / "record.json"
    file.write_bytes(content({**V2, "colour": "red"}))
    told = json.loads(RUN.invoke(app, ["read", str(file), "--json"]).stdout)
    assert told["registry_id"] == "NCT00000001"
    assert told["findings"][0]["code"] == "record.unknown_field"
    assert told["sections"][0]["items"][0]["path"] == "protocolSection.identificationModule.briefTitle"


def test_many_records_as_a_table(tmp_path: Path) -> None:
    """A folder prints a row for each record, what was noticed, what could not be read, and the sums."""
    (tmp_path / "a.json").write_bytes(content(V2))
    (tmp_path / "b.json").write_bytes(content({**FULL, "more": 1}))
    (tmp_path / "c.json").write_bytes(content(ISRCTN))
    (tmp_path / "d.json").write_bytes(b'{"cut": ')
    told = RUN.invoke(app, ["read", str(tmp_path)])
    assert told.exit_code == 1, told.stderr
    assert "1.0e6 cells/kg" in told.stdout
    assert "ISRCTN00000001" in told.stdout
    assert "record.older" in told.stdout
    assert "the JSON ends before it is complete" in told.stdout
    assert "2 records read (1 ctgov, 1 isrctn); 1 older left out; 1 not read" in told.stdout


def test_many_records_as_json_lines(tmp_path: Path) -> None:
    """A line of JSON for each record and each thing that could not be read; the doubles at the end."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join([content(V2), b'{"cut": ', content(numbered(2)), content(V2)]))
    told = RUN.invoke(app, ["read", str(file), "--json"])
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.exit_code == 1
    assert [line.get("registry_id") for line in lines] == ["NCT00000001", None, "NCT00000002", None]
    assert lines[1]["findings"][0]["code"] == "record.json"
    assert lines[3]["findings"][0]["code"] == "record.older"


def test_standard_input() -> None:
    """One record and many come in through a pipe as well."""
    one = RUN.invoke(app, ["read", "-"], input=content(V2))
    assert "NCT00000001" in one.stdout
    many = RUN.invoke(app, ["read", "-"], input=content({"studies": [V2, numbered(2)]}))
    assert "2 records read (2 ctgov)" in many.stdout
    assert RUN.invoke(app, ["read", "-"], input=b"").exit_code == 2
    cut = RUN.invoke(app, ["read", "-", "--json"], input=content({"studies": [V2, {}]}))
    assert [len(json.loads(line)) > 2 for line in cut.stdout.splitlines()] == [True, False]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """A named pipe is no file, and is read all the same."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = Thread(target=lambda: pipe.write_bytes(content(V2)))
    writing.start()
    told = RUN.invoke(app, ["read", str(pipe)])
    writing.join()
    assert "NCT00000001" in told.stdout


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    """A file that is none, a folder without records, and a cut record end with code 2."""
    assert RUN.invoke(app, ["read", str(tmp_path / "none")]).exit_code == 2
    assert RUN.invoke(app, ["read", str(tmp_path)]).exit_code == 2
    (tmp_path / "a.json").write_bytes(b'{"cut": ')
    told = RUN.invoke(app, ["read", str(tmp_path / "a.json")])
    assert told.exit_code == 2
    assert "the JSON ends before it is complete" in told.stderr


def test_long_tables_are_cut_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table ends after so many rows and findings after so many, and both say how many are left."""
    monkeypatch.setattr(registry, "_ROWS", 1)
    monkeypatch.setattr(registry, "_TOLD", 1)
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join([content(V2), content(numbered(2)), b"{", b"{"]))
    told = RUN.invoke(app, ["read", str(file)]).stdout
    assert "and 1 more; --json prints all" in told
    assert "and 1 more that could not be read" in told


def test_many_doses_in_a_row(tmp_path: Path) -> None:
    """A row shows the first doses, and how many more there are."""
    tree = numbered(1)
    tree["protocolSection"]["identificationModule"]["briefTitle"] = "Cells " * 30
    tree["protocolSection"]["designModule"] = {"enrollmentInfo": {"count": 1000000}}
    arms = [{"label": f"Arm {n}", "description": f"One infusion of {n} million cells/kg."} for n in range(1, 6)]
    tree["protocolSection"]["armsInterventionsModule"]["armGroups"] = arms
    (tmp_path / "a.json").write_bytes(content(tree))
    told = " ".join(RUN.invoke(app, ["read", str(tmp_path)]).stdout.split())
    assert "2 more" in told
    assert "Cells…" in told
    assert "1,000,000" in told


def test_draft_and_check_take_registry_records(tmp_path: Path) -> None:
    """A record of a registry can be checked and drafted from, like a portal's page."""
    file = tmp_path / "a.json"
    file.write_bytes(content(V2))
    assert RUN.invoke(app, ["check", str(file)]).exit_code in (0, 1)
    drafted = RUN.invoke(app, ["draft", str(file), "-o", str(tmp_path / "a.yaml")])
    assert drafted.exit_code in (0, 1), drafted.stderr
    assert (tmp_path / "a.yaml").exists()


# ---------------------------------------------------------------- fetch


def test_fetched_records_are_kept(tmp_path: Path) -> None:
    """Records go into a folder, a file for each; the same again changes nothing; another version asks for --force."""
    trials = Registry()
    with served(trials) as address:
        command = ["fetch", "NCT00000001", "NCT00000002", "-o", str(tmp_path / "new"), "--address", address]
        first = RUN.invoke(app, command)
        assert first.exit_code == 0, first.stderr
        assert "2 new" in first.stdout
        assert json.loads((tmp_path / "new" / "NCT00000002.json").read_bytes()) == numbered(2)
        assert "2 unchanged" in RUN.invoke(app, command).stdout
        trials.trials["NCT00000001"]["hasResults"] = True
        changed = RUN.invoke(app, [*command, "--json"])
        assert changed.exit_code == 1
        assert json.loads(changed.stdout)["findings"][0]["code"] == "file.exists"
        assert "1 replaced, 1 unchanged" in RUN.invoke(app, [*command, "--force"]).stdout
    assert "2 records read" in RUN.invoke(app, ["read", str(tmp_path / "new")]).stdout


def test_fetching_by_words(tmp_path: Path) -> None:
    """A search fetches what it finds, over its pages, or no more than asked for."""
    with served(Registry(130)) as address:
        told = RUN.invoke(app, ["fetch", "--search", "cells", "-o", str(tmp_path), "--address", address])
        assert "130 new" in told.stdout
        few = RUN.invoke(
            app, ["fetch", "--search", "cells", "-o", str(tmp_path / "few"), "--most", "3", "--address", address]
        )
        assert "3 new" in few.stdout
    with served(Registry(0)) as address:
        none = RUN.invoke(app, ["fetch", "--search", "cells", "-o", str(tmp_path), "--address", address])
        assert (none.exit_code, "nothing found" in none.stdout) == (0, True)


def test_fetching_what_is_not_there(tmp_path: Path) -> None:
    """A number the registry does not have is told; alone it ends with code 2, beside others with 1."""
    with served(Registry()) as address:
        alone = RUN.invoke(app, ["fetch", "NCT00000999", "-o", str(tmp_path), "--address", address])
        beside = RUN.invoke(app, ["fetch", "NCT00000999", "NCT00000001", "-o", str(tmp_path), "--address", address])
    assert (alone.exit_code, beside.exit_code) == (2, 1)
    assert "the registry has no NCT00000999" in alone.stderr
    assert "the registry has no NCT00000999" in beside.stdout


def test_what_to_fetch_must_be_said(tmp_path: Path) -> None:
    """Neither numbers nor words, both, or a number that is none: nobody is asked."""
    for asked in ([], ["NCT00000001", "--search", "x"], ["../../etc"]):
        told = RUN.invoke(app, ["fetch", *asked, "-o", str(tmp_path), "--address", "http://127.0.0.1:9"])
        assert told.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_manners_can_be_given(tmp_path: Path) -> None:
    """How patiently to ask is for whoever calls to say."""
    trials = Registry()
    trials.instead = [(503, {}, b"")]
    with served(trials) as address:
        how = Manners(again=1, pause=0.01)
        assert registry.fetch(["NCT00000001"], "", tmp_path, address, None, force=False, as_json=True, manners=how) == 0
