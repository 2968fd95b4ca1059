"""Timings -> figures, each beside the thing it is compared with, as a table for people or JSON for `run.py`.

A script here makes figures and hands them to `tell`. Contestants take turns, and the median of their turns counts: what
slows the machine down for a while slows them all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measured rate beside another from the same run; `aim` is for the rate, `aim_ratio` for the ratio of the two."""

    name: str
    rate: float
    unit: str
    beside: str
    other: float
    aim: float | None = None
    aim_ratio: float | None = None

    @property
    def ratio(self) -> float:
        """The rate as a part of the other."""
        return self.rate / self.other

    @property
    def aimed(self) -> str:
        """The aim in words, and whether it was reached."""
        if self.aim is not None:
            return f"{self.aim:,.0f}/s: {'reached' if self.rate >= self.aim else 'missed'}"
        if self.aim_ratio is not None:
            return f"{self.aim_ratio:.0%}: {'reached' if self.ratio >= self.aim_ratio else 'missed'}"
        return ""


def medians(contestants: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median seconds of each contestant over so many turns."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(runs):
        for name in order:
            start = perf_counter()
            contestants[name]()
            seconds[name].append(perf_counter() - start)
        order = [*order[1:], order[0]]  # so that nobody always follows the same one
    return {name: median(each) for name, each in seconds.items()}


def tell(title: str, figures: Sequence[Figure]) -> None:
    """Print figures the way the command line asks for."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    if parser.parse_args().json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        show(title, figures)


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a table, wide enough for its lines also where the output is a file."""
    Console(width=max(Console().width, 128)).print(table(title, figures))


def table(title: str, figures: Sequence[Figure]) -> Table:
    """Figures in aligned columns."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for heading in ("figure", "rate", "beside", "its rate", "ratio", "aim"):
        made.add_column(heading, justify="right" if heading in ("rate", "its rate", "ratio") else "left")
    for each in figures:
        rates = [f"{_three(rate)} {each.unit}" for rate in (each.rate, each.other)]
        ratio = f"{each.ratio:.2f}" if each.ratio >= 0.01 else f"1/{_three(1 / each.ratio)}"
        made.add_row(each.name, rates[0], each.beside, rates[1], ratio, each.aimed)
    return made


def _three(number: float) -> str:
    """Three digits where a number is small, whole numbers where it is large."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
