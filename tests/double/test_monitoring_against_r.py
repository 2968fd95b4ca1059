"""Stopping boundaries against R's stoppingrule, two-stage designs against R's clinfun, every row."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import pytest

from stromal.designs.simon import simon
from stromal.rules.boundaries import BetaBinomial, Kind, Pocock, Sprt, WangTsiatis, boundary, monitored

STATS = Path(__file__).resolve().parents[3] / "shared" / "data" / "stats"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of reference numbers."""
    if not (STATS / name).exists():
        pytest.skip("needs ../shared/data/stats")
    with (STATS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def kind(name: str, number: str) -> Kind:
    """The boundary of a name as R writes it."""
    match name:
        case "Pocock":
            return Pocock()
        case "BB":
            return BetaBinomial(*map(float, number.split("/")))
        case "SPRT":
            return Sprt(float(number))
        case _:
            return WangTsiatis(float(number or 0))


_STOPS_SHORT = ("SPRT", "0.5", "0.3", "10", "0.05")
"""R ends its search at half the chi-square quantile here, where a lower critical value still keeps the level."""


def test_every_boundary_and_its_errors() -> None:
    """Counts at which it stops, and the exact chance of stopping under the limit and .15 above it."""
    designs = defaultdict(list)
    for row in rows("stoppingrule_boundaries.csv"):
        designs[row["type"], row["param"], row["p0"], row["N"], row["alpha"]].append(row)
    for key, group in designs.items():
        name, number, limit, people, level = key
        found = boundary(kind(name, number), float(limit), int(people), float(level))
        assert monitored(found, float(limit)).stopped <= float(level)
        if key == _STOPS_SHORT:
            assert float(group[0]["reject_p0"]) < monitored(found, float(limit)).stopped
            continue
        for share, printed in ((0.0, "reject_p0"), (0.15, "reject_p0plus15")):
            assert monitored(found, float(limit) + share).stopped == pytest.approx(float(group[0][printed]), abs=1e-10)
        for row in group:
            if row["stop_if_ge"] not in ("", "NA"):
                assert found.stop_at[int(row["n"]) - 1] == int(row["stop_if_ge"]), row


def test_every_two_stage_design() -> None:
    """Optimal and minimax designs with their expected people and chance of stopping early."""
    made = {}
    for row in rows("simon_two_stage_clinfun.csv"):
        poor, good, alpha, beta = numbers = tuple(float(row[name]) for name in ("p0", "p1", "alpha", "beta"))
        if numbers not in made:
            made[numbers] = simon(poor, good, alpha, beta, most=125)
        found = made[numbers][row["type"] == "minimax"]
        assert [found.r1, found.n1, found.r, found.n] == [int(row[name]) for name in ("r1", "n1", "r", "n")]
        assert found.expected == pytest.approx(float(row["EN0"]), abs=1e-10)
        assert found.early == pytest.approx(float(row["PET0"]), abs=1e-10)
        assert found.alpha <= alpha
        assert found.power >= 1 - beta


def test_a_boundary_weighed_by_every_path() -> None:
    """The chance of stopping, expected people and events of eight people, path by path."""
    found = boundary(Pocock(), 0.20, 8, 0.10)
    stopped = people = events = 0.0
    for path in range(2**8):
        signs = [path >> place & 1 for place in range(8)]
        counts = [sum(signs[:number]) for number in range(1, 9)]
        end = next((n for n, count in enumerate(counts, 1) if count >= found.stop_at[n - 1]), 0)
        mass = math.prod(0.35 if sign else 0.65 for sign in signs)
        stopped += mass * bool(end)
        people += mass * (end or 8)
        events += mass * counts[(end or 8) - 1]
    exact = monitored(found, 0.35)
    assert (exact.stopped, exact.people, exact.events) == pytest.approx((stopped, people, events), abs=1e-12)
    assert math.fsum(exact.by_people) == pytest.approx(stopped, abs=1e-12)


@pytest.mark.parametrize(
    "numbers",
    [(0.0, 10, 0.05), (0.2, 0, 0.05), (0.2, 10, 1.0), (1.2, 10, 0.05)],
    ids=["limit", "people", "level", "over"],
)
def test_what_cannot_be_is_refused(numbers: tuple[float, int, float]) -> None:
    """Rates and levels are probabilities, and somebody takes part."""
    with pytest.raises(ValueError, match=r"probabilit|person"):
        boundary(Pocock(), *numbers)


def test_kinds_refuse_their_own_numbers() -> None:
    """Shapes, priors and worse rates out of range."""
    for wrong in (lambda: WangTsiatis(0.7), lambda: BetaBinomial(0, 1), lambda: Sprt(1.0)):
        with pytest.raises(ValueError, match=r"lies|above 0|between"):
            wrong()
    with pytest.raises(ValueError, match="above the limit"):
        boundary(Sprt(0.1), 0.2, 10, 0.05)
    with pytest.raises(ValueError, match="no probability"):
        monitored(boundary(Pocock(), 0.2, 5, 0.05), -0.1)
    for numbers in ((0.3, 0.2), (0.2, 0.2), (0.0, 0.2)):
        with pytest.raises(ValueError, match="poor < good"):
            simon(*numbers)
    with pytest.raises(ValueError, match="alpha and beta are probabilities"):
        simon(0.1, 0.3, 0.0)
    with pytest.raises(ValueError, match="no two-stage design"):
        simon(0.10, 0.12, most=20)
