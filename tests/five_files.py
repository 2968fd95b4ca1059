"""The five protocol files that the product ships, read once, for tests that go through all of them."""

from __future__ import annotations

from pathlib import Path

from stromal.protocol.file import load
from stromal.protocol.model import Protocol

FOLDER = Path(__file__).parents[1] / "protocols"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("NCT*.yaml"))}
NAMES = tuple(TEXTS)


def protocol(name: str) -> Protocol:
    """One of the five, loaded."""
    return load(TEXTS[name], f"{name}.yaml").require()
