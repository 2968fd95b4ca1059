"""Runs every benchmark in this folder, one after the other, and prints one table of all figures.

Usage: run.py [--json] [NAME ...] with names of scripts, all of them by default.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec
from rich.console import Console

from measure import Figure, show

HERE = Path(__file__).parent


def scripts() -> dict[str, Path]:
    """Every script here that can be run, but this one, by name."""
    runnable = (path for path in sorted(HERE.glob("*.py")) if '__name__ == "__main__"' in path.read_text("utf-8"))
    return {path.stem: path for path in runnable if path != Path(__file__)}


def figures_of(script: Path) -> list[Figure]:
    """Run a script; the figures it made."""
    ran = subprocess.run([sys.executable, str(script), "--json"], stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(ran.stdout, type=list[Figure])


def main() -> None:
    """Run what was asked for, tell what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*scripts(), []], help=", ".join(scripts()))
    asked = parser.parse_args()
    progress = Console(stderr=True)
    found: list[Figure] = []
    for name in asked.names or scripts():
        with progress.status(f"measuring {name}"):
            found += figures_of(scripts()[name])
    if asked.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        show("Stromal, measured on this machine", found)


if __name__ == "__main__":
    main()
