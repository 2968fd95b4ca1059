"""What the five records of the house answer, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from golden.snapshots import same
from stromal.catalogue import making
from stromal.catalogue.store import Catalogue
from stromal.cli import app

RECORDS = Path(__file__).resolve().parents[2] / "records"
COMMANDS = {
    "ask": ("ask", "NCT03268603", "--on", "2022-10-10"),
    "related": ("related", "NCT03268603"),
    "screen": ("screen", "--person", str(RECORDS.parent / "docs" / "person.yaml")),
    "doses": ("doses", "--least", "1", "--published"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The five records in a catalogue."""
    path = tmp_path_factory.mktemp("five") / "catalogue"
    with Catalogue.create(path) as catalogue:
        made = making.make(catalogue, [str(RECORDS)], reader="golden")
        assert (len(catalogue), made.broken) == (5, 0)
    return str(path)


@pytest.mark.parametrize("name", COMMANDS)
def test_answers(name: str, folder: str) -> None:
    """The words of each answer."""
    result = CliRunner().invoke(app, (*COMMANDS[name], "--catalogue", folder))
    assert result.exit_code == 0, result.output
    same(f"answers/{name}.txt", result.stdout)
