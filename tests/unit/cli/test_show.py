"""Tables at a terminal of any width."""

from __future__ import annotations

import io
from functools import partial

import pytest
from rich.console import Console

from stromal.cli import show


@pytest.mark.parametrize("width", [40, 80, 150])
def test_a_narrow_terminal_cuts_nothing_off(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table does not fit, each row stands as lines of its own; every cell is there whole."""
    written = io.StringIO()
    terminal = partial(Console, file=written, force_terminal=True, color_system=None, width=width)
    monkeypatch.setattr(show, "Console", terminal)
    monkeypatch.setattr(show, "out", terminal(soft_wrap=True))
    row = ("P001", "withdrawn", "2024-01-31", "2024-02-29", "lost to follow-up")
    show.table("People", ("participant", "status", "registered", "ended", "reason"), [row], wrap=(4,))
    told = written.getvalue()
    assert all(cell in told for cell in row[:4])
    assert "to follow-up" in told
    assert ("\n    registered  2024-01-31" in told) == (width == 40)
