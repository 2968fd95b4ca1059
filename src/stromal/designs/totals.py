"""Sums over simulated trials that add up to the same whatever order the trials came in.

Takes columns of whole numbers over trials; gives Totals, small and exact, whose means carry their Monte Carlo errors.
Days are counted in parts of 1 / 2**20 of a day, so that their sums are whole numbers too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from stromal.designs.sheet import Sheet, Shown

PARTS = 1 << 20
"""Parts of a day."""

_IN_PARTS = {"parts": "days", "estimates": "estimates"}
"""Columns that are counted in parts, and what they are called where they are told in whole ones."""


@dataclass(frozen=True, slots=True, repr=False)
class Totals(Shown):
    """`sums` and `squares` of each column (a tuple where the column has one number for each dose), and for some columns
    how many trials had each value.
    """

    trials: int = 0
    sums: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    squares: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    counts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def mean(self, name: str) -> tuple[float, ...]:
        """The mean of a column over trials."""
        return tuple(total / self.trials for total in self.sums[name])

    def error(self, name: str) -> tuple[float, ...]:
        """The Monte Carlo standard error of each mean; infinite for fewer than two trials."""
        if self.trials < 2:
            return tuple(math.inf for _ in self.sums[name])
        pairs = zip(self.sums[name], self.squares[name], strict=True)
        spread = (max(0, self.trials * square - total * total) for total, square in pairs)
        return tuple(math.sqrt(each / (self.trials - 1)) / self.trials for each in spread)

    def share(self, name: str, value: int) -> float:
        """The share of trials in which a counted column had that value."""
        return self.counts[name].get(value, 0) / self.trials

    def quantile(self, name: str, part: float) -> int:
        """The smallest value of a counted column that at least this part of the trials do not exceed."""
        if not 0 <= part <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not {part:g}")
        reached = 0
        for value, count in sorted(self.counts[name].items()):
            reached += count
            if reached >= part * self.trials:
                return value
        raise ValueError("no trial was counted")

    def counted(self, name: str) -> Sheet:
        """A row a value of a counted column: how many trials had it, and their share. Doses are counted from 1."""
        first = 1 if name == "selected" else 0
        pairs = [(value + first, count) for value, count in sorted(self.counts[name].items())]
        values, trials = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        columns = {name: values, "trials": trials, "share": trials / max(self.trials, 1)}
        return Sheet(f"{name} of {self.trials:,} simulated trials", columns)

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a mean, with its Monte Carlo error; `place` counts doses from 1 where a column has one for each.

        The mean of a selection is the share of trials that declare that dose; 0 stands for none.
        """
        rows = self._selection()
        rows += [
            (name, place, mean / unit, error / unit)
            for name in self.sums
            for unit in (PARTS if name in _IN_PARTS else 1,)
            for place, (mean, error) in enumerate(zip(self.mean(name), self.error(name), strict=True), 1)
            if name != "selected" and (name != "days" or "parts" not in self.sums)
        ]
        names, places, means, errors = zip(*rows, strict=True) if rows else ((), (), (), ())
        columns = {
            "name": np.array([_IN_PARTS.get(name, name) for name in names], dtype=np.str_),
            "place": np.array(places, dtype=np.int64), "mean": np.array(means, dtype=np.float64),
            "error": np.array(errors, dtype=np.float64),
        }  # fmt: skip
        return (Sheet(f"Means of {self.trials:,} simulated trials", columns, 2),)

    def _selection(self) -> list[tuple[str, int, float, float]]:
        """How often each dose is declared, and none."""
        if "selected" not in self.counts:
            return []
        shares = [self.share("selected", dose) for dose in range(-1, len(self.sums["treated"]))]
        errors = [math.sqrt(share * (1 - share) / self.trials) for share in shares]
        return [("selection", place, *each) for place, each in enumerate(zip(shares, errors, strict=True))]

    def __add__(self, other: Totals) -> Totals:
        """Both together."""
        if not self.trials:
            return other
        if not other.trials:
            return self
        return Totals(
            self.trials + other.trials,
            {name: _plus(total, other.sums[name]) for name, total in self.sums.items()},
            {name: _plus(total, other.squares[name]) for name, total in self.squares.items()},
            {name: dict(Counter(each) + Counter(other.counts[name])) for name, each in self.counts.items()},
        )


def _plus(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def in_parts(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Days as whole numbers of parts."""
    return np.asarray(np.rint(days * PARTS), dtype=np.int64)


def totals(columns: Mapping[str, NDArray[np.int64]], counted: Sequence[str] = ()) -> Totals:
    """Sums of columns over trials (T or T x K). Values of `counted` columns (T) are counted one by one."""
    sums, squares = {}, {}
    trials = 0
    for name, column in columns.items():
        table = np.asarray(column, dtype=np.int64).reshape(len(column), -1)
        trials = len(table)
        sums[name] = tuple(int(each) for each in table.sum(axis=0))
        # Squares of parts of days overflow 64 bits: Python adds them up in two halves.
        high, low = table >> 20, table & (PARTS - 1)
        squares[name] = tuple(
            (int(a) << 40) + (int(b) << 21) + int(c)
            for a, b, c in zip((high * high).sum(0), (high * low).sum(0), (low * low).sum(0), strict=True)
        )
    counts = {}
    for name in counted:
        values, numbers = np.unique(columns[name], return_counts=True)
        counts[name] = dict(zip(values.tolist(), numbers.tolist(), strict=True))
    return Totals(trials, sums, squares, counts)


def together(parts: Iterable[Totals]) -> Totals:
    """All parts added up."""
    return reduce(Totals.__add__, parts, Totals())
