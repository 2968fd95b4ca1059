"""How scores and measurements run over time in a virtual person: a start, a slope, a wobble, on the instrument's grid.

ALS decline follows the quantiles of the monthly ALSFRS-R slope and of vital capacity in 1,822 people of PRO-ACT
(summary table of the CASI data set); the other courses are plain assumptions, named as such in every rehearsal.
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.protocol.model import Fact
from stromal.rehearse.chance import Chance

ALSFRS_SLOPES = (
    (0.0, -2.6), (0.025, -2.0439), (0.05, -1.7355), (0.1, -1.4435), (0.25, -1.026), (0.5, -0.5916), (0.75, -0.2497),
    (0.9, 0.0), (0.95, 0.0), (0.975, 0.1203), (1.0, 0.2),
)  # fmt: skip
"""Quantiles of the change of ALSFRS-R in points a month."""
FVC_SLOPES = (
    (0.0, -0.55), (0.025, -0.4333), (0.05, -0.3217), (0.1, -0.2385), (0.25, -0.1338), (0.5, -0.0504), (0.75, 0.0118),
    (0.9, 0.0865), (0.95, 0.1331), (0.975, 0.1809), (1.0, 0.22),
)  # fmt: skip
"""Quantiles of the change of forced vital capacity in litres a month."""
PERCENT_PER_LITRE = 24.0
"""Percent of predicted in a litre of vital capacity, at a median of 3.33 L and about 80 %."""


@dataclass(frozen=True, slots=True)
class Typical:
    """What is usual in people: mean and spread at the start, slope a month, wobble from visit to visit, grid."""

    mean: float
    sd: float
    slope: float = 0.0
    slope_sd: float = 0.0
    wobble: float = 0.0
    grid: float = 1.0


TYPICAL = {
    "weight": Typical(72, 13, 0, 0.05, 0.6, 0.1),
    "height": Typical(170, 9, grid=1),
    "heart_rate": Typical(74, 9, wobble=5),
    "systolic": Typical(124, 12, wobble=6),
    "diastolic": Typical(78, 8, wobble=4),
    "respiratory_rate": Typical(15, 2, wobble=1),
    "temperature": Typical(36.7, 0.25, wobble=0.15, grid=0.1),
    "oxygen_saturation": Typical(97, 1, wobble=0.6),
    "hemoglobin": Typical(13.6, 1.2, wobble=0.3, grid=0.1),
    "hematocrit": Typical(41, 3.5, wobble=0.8, grid=0.1),
    "platelets": Typical(250, 55, wobble=12),
    "white_cells": Typical(6.8, 1.5, wobble=0.6, grid=0.1),
    "neutrophils": Typical(4.0, 1.1, wobble=0.4, grid=0.1),
    "lymphocytes": Typical(1.9, 0.5, wobble=0.2, grid=0.1),
    "creatinine": Typical(0.85, 0.16, wobble=0.04, grid=0.01),
    "alt": Typical(24, 8, wobble=3),
    "ast": Typical(23, 7, wobble=3),
    "bilirubin": Typical(0.6, 0.2, wobble=0.06, grid=0.1),
    "sodium": Typical(140, 2.2, wobble=1),
    "potassium": Typical(4.2, 0.3, wobble=0.15, grid=0.1),
    "alsfrs_r": Typical(37, 4.5, wobble=0.7),
    "fvc": Typical(82, 13, wobble=2.2),
    "edss": Typical(5.0, 1.0, 0.005, 0.01, 0.22, 0.5),
    "mrss": Typical(19, 6, -0.12, 0.12, 1.2),
}
"""Facts by their usual names."""
_INSTRUMENTS = {"ALSFRS-R": "alsfrs_r", "EDSS": "edss", "mRSS": "mrss"}


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one fact in one person."""

    fact: Fact
    start: float
    slope: float
    typical: Typical

    def value(self, months: float, treated_months: float, effect: float, chance: Chance) -> float:
        """What is measured after so many months, of them so many under treatment that changes the slope by `effect`."""
        true = self.start + self.slope * months + effect * treated_months
        return self.on_grid(true + self.typical.wobble * chance.normal(f"wobble/{self.fact.name}"))

    def on_grid(self, value: float) -> float:
        """The value as the instrument reads it: on its grid, within its range."""
        low, high = self.fact.low, self.fact.high
        if low is not None and high is not None:
            value = min(max(value, float(low)), float(high))
        read = round(round(value / self.typical.grid) * self.typical.grid, 6)
        if self.fact.instrument == "EDSS" and read == 0.5:
            return 0.0 if value < 0.5 else 1.0
        return int(read) if self.typical.grid == 1.0 else read


def typical(fact: Fact) -> Typical:
    """What is usual for a fact: by its instrument or name, or the middle of its plausible range."""
    name = _INSTRUMENTS.get(fact.instrument, fact.name)
    if name in TYPICAL:
        return TYPICAL[name]
    low, high = float(fact.low or 0), float(fact.high if fact.high is not None else 100)
    middle, span = (low + high) / 2, high - low
    return Typical(middle, span / 12, wobble=span / 60, grid=1.0 if span >= 20 else 0.01)


def begin(fact: Fact, start: float, chance: Chance) -> Course:
    """The course of a fact from its value at screening on."""
    usual = typical(fact)
    match _INSTRUMENTS.get(fact.instrument, fact.name):
        case "alsfrs_r":
            slope = chance.quantile("decline", ALSFRS_SLOPES)
        case "fvc" if fact.unit == "%":
            litres = 0.6 * chance.quantile("decline", FVC_SLOPES) + 0.4 * chance.quantile("lungs", FVC_SLOPES)
            slope = PERCENT_PER_LITRE * litres
        case _:
            slope = chance.normal(f"slope/{fact.name}", usual.slope, usual.slope_sd)
    return Course(fact, start, slope, usual)
