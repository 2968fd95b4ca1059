"""Virtual people decline as real ones did: slopes of drawn courses against the published summary of PRO-ACT."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path
from statistics import mean, quantiles

import pytest

from stromal.protocol.model import Fact
from stromal.rehearse.chance import Chance
from stromal.rehearse.courses import PERCENT_PER_LITRE, begin

SUMMARY = Path(__file__).resolve().parents[3] / "shared" / "data" / "stats" / "als_progression_summary_CASI_PROACT.csv"
ALSFRS = Fact("alsfrs_r", "score", low=Fraction(0), high=Fraction(48), instrument="ALSFRS-R")
FVC = Fact("fvc", "number", unit="%", low=Fraction(10), high=Fraction(150))
MANY = 4000


def published(column: str) -> dict[str, float]:
    """A column of the summary table."""
    if not SUMMARY.exists():
        pytest.skip("needs ../shared/data/stats")
    with SUMMARY.open(encoding="utf-8", newline="") as stream:
        return {row["stat"]: float(row[column]) for row in csv.DictReader(stream)}


def test_alsfrs_r_falls_as_fast_as_in_the_data() -> None:
    """Mean and quartiles of the monthly slope, and hardly anybody improves."""
    table = published("dFRS")
    slopes = [begin(ALSFRS, 38, Chance(f"als/{number}")).slope for number in range(MANY)]
    first, median, third = quantiles(slopes, n=4)
    assert mean(slopes) == pytest.approx(table["mean"], abs=0.05)
    assert first == pytest.approx(table["q0.25"], abs=0.05)
    assert median == pytest.approx(table["q0.5"], abs=0.04)
    assert third == pytest.approx(table["q0.75"], abs=0.04)


def test_vital_capacity_falls_as_fast_as_in_the_data() -> None:
    """Median slope of vital capacity, in percent of predicted."""
    table = published("fvc.liters.slope")
    slopes = [begin(FVC, 82, Chance(f"fvc/{number}")).slope / PERCENT_PER_LITRE for number in range(MANY)]
    assert quantiles(slopes, n=2)[0] == pytest.approx(table["q0.5"], abs=0.015)
    assert mean(slopes) == pytest.approx(table["mean"], abs=0.02)


def test_who_loses_function_fast_loses_breath_fast() -> None:
    """The two declines of one person go together."""
    pairs = []
    for number in range(MANY):
        chance = Chance(f"both/{number}")
        pairs.append((begin(ALSFRS, 38, chance).slope, begin(FVC, 82, chance).slope))
    fast = [breath for function, breath in pairs if function < -1.0]
    slow = [breath for function, breath in pairs if function > -0.3]
    assert mean(fast) < mean(slow) - 1.0


def test_edss_reads_only_steps_that_exist() -> None:
    """EDSS has no 0.5, and all else comes in halves from 0 to 10."""
    edss = Fact("edss", "score", low=Fraction(0), high=Fraction(10), instrument="EDSS")
    course = begin(edss, 0.6, Chance("edss"))
    read = {course.on_grid(step / 20) for step in range(-20, 240)}
    assert 0.5 not in read
    assert read == {0.0, *(half / 2 for half in range(2, 21))}
