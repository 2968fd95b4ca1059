"""The manual of the Python front door: its blocks run one after the other, and say what it shows."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import numpy as np
import pytest

from stromal.designs import study

HOUSE = Path(__file__).resolve().parents[2]
MANUAL = HOUSE / "docs" / "python.md"
TEXT = MANUAL.read_text(encoding="utf-8")


def shown(code: str, names: dict[str, object]) -> str:
    """Run a block; its last line is an expression, whose value is shown as Python's prompt would."""
    *before, last = ast.parse(code).body
    assert isinstance(last, ast.Expr), f"the last line shows nothing:\n{code}"
    exec(compile(ast.Module(before, []), MANUAL.name, "exec"), names)
    return repr(eval(compile(ast.Expression(last.value), MANUAL.name, "eval"), names))


def test_its_blocks_show_what_they_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block is followed by what it shows; STROMAL_GOLDEN=write prints that anew."""
    monkeypatch.chdir(HOUSE)
    names: dict[str, object] = {}

    def filled(match: re.Match[str]) -> str:
        return f"```python\n{match[1]}```\n\n```text\n{shown(match[1], names)}\n```"

    with np.printoptions(precision=8):
        fresh = re.sub(r"```python\n(.*?)```\n\n```text\n.*?```", filled, TEXT, flags=re.DOTALL)
    if os.environ.get("STROMAL_GOLDEN") == "write":
        MANUAL.write_text(fresh, encoding="utf-8")
    else:
        assert fresh == TEXT, "docs/python.md is stale; make it with STROMAL_GOLDEN=write"
    assert TEXT.count("```python") == TEXT.count("```text") > 10


def test_it_names_every_function_of_the_front_door() -> None:
    """Who reads the manual has seen all there is."""
    words = set(re.findall(r"study\.(\w+)", TEXT)) | set(re.findall(r"`(\w+)`", TEXT))
    assert set(study.__all__) - {"Scenarios"} <= words
