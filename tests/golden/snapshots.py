"""Golden files: what a text was when somebody last looked at it. `STROMAL_GOLDEN=write` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent / "texts"


def same(name: str, text: str) -> None:
    """Compare a text with its golden file, or write it when told to."""
    golden = HERE / name
    if os.environ.get("STROMAL_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), f"no golden file {name}; write it with STROMAL_GOLDEN=write and read it"
    assert text == golden.read_text(encoding="utf-8")
