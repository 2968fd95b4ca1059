"""Simulated trials as tidy columns, a row a trial, and summed up, a row a dose.

Takes the arrays that compiled loops make; gives columns in which doses are counted from 1 and 0 stands for no dose, and
a Sheet whose means carry their Monte Carlo errors. Stands beside the walk.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stromal.designs.sheet import Columns, Sheet, numbered
from stromal.values import DAYS_A_MONTH

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class DoseTrials(Protocol):
    """Trials that declare a dose (-1 for none) after people and toxicities of each dose (T x K)."""

    @property
    def selected(self) -> Whole: ...  # noqa: D102
    @property
    def treated(self) -> Whole: ...  # noqa: D102
    @property
    def toxic(self) -> Whole: ...  # noqa: D102
    @property
    def days(self) -> Floats: ...  # noqa: D102
    @property
    def left(self) -> Whole: ...  # noqa: D102


def by_trial(trials: DoseTrials) -> Columns:
    """A row a trial: the dose declared (0 for none), people, toxicities, who left, days, and each dose's counts."""
    return {
        "selected": trials.selected + 1, "people": trials.treated.sum(axis=1), "toxicities": trials.toxic.sum(axis=1),
        "left": trials.left, "days": trials.days, **spread_out("treated", trials.treated),
        **spread_out("toxic", trials.toxic),
    }  # fmt: skip


def by_dose(trials: DoseTrials) -> Sheet:
    """A row a dose: how often it is declared, people and toxicities on it, each with its Monte Carlo error."""
    many, doses = trials.treated.shape
    shares = np.bincount(trials.selected + 1, minlength=doses + 1) / max(many, 1)
    columns = {
        "dose": numbered(doses), "selection": shares[1:],
        "selection_error": np.sqrt(shares[1:] * (1 - shares[1:]) / max(many, 1)), **means("treated", trials.treated),
        **means("toxic", trials.toxic),
    }  # fmt: skip
    return Sheet(f"{many:,} simulated trials", columns, 1, (f"no dose declared {shares[0]:.2%}", *lasting(trials.days)))


def spread_out(name: str, table: NDArray[Any]) -> Columns:
    """A table (T x K) as K columns, counted from 1."""
    return {f"{name}_{place}": table[:, place - 1] for place in range(1, table.shape[1] + 1)}


def means(name: str, table: NDArray[Any]) -> Columns:
    """The mean of each column of a table (T x K) and its Monte Carlo error; unknown where there are too few trials."""
    many = len(table)
    unknown = np.full(table.shape[1], np.nan)
    error = table.std(axis=0, ddof=1) / np.sqrt(many) if many > 1 else unknown
    return {name: table.mean(axis=0) if many else unknown, f"{name}_error": error}


def lasting(days: Floats) -> tuple[str, ...]:
    """How long the trials take, in words; nothing where there is none."""
    if not len(days):
        return ()
    low, middle, high = np.quantile(days, (0.1, 0.5, 0.9)) / DAYS_A_MONTH
    mean = days.mean() / DAYS_A_MONTH
    half = f"{mean:.1f} months on average; half of the trials end within {middle:.1f}"
    return (f"{half}, one in ten within {low:.1f}, nine in ten within {high:.1f}",)
