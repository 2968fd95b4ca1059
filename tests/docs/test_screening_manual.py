"""The manual of screening: its commands run as they stand, and the example person can be read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stromal.catalogue.screen import BASES, STANDINGS
from stromal.cli import app

HOUSE = Path(__file__).resolve().parents[2]
MANUAL = (HOUSE / "docs" / "screening.md").read_text(encoding="utf-8")


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the manual, in its order, on the records and the person of the house."""
    for name in ("records", "docs"):
        (tmp_path / name).symlink_to(HOUSE / name)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```\n(.*?)```", MANUAL, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "stromal"
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, (command, result.output)
    assert (tmp_path / "catalogue" / "confirmed" / "NCT06360861.yaml").exists()


def test_it_names_every_standing() -> None:
    """The standings and what a verdict rests on are those of the code."""
    for standing in STANDINGS:
        assert f"| {standing} |" in MANUAL
    for basis in ("confirmed", "a limit that reads in one way"):
        assert basis in BASES.values()
        assert f"| {basis} |" in MANUAL
