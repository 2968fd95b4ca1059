"""Designs against R: BOIN boundaries and ends, 3+3, CRM and TITE-CRM fits, skeletons, mTPI-2, BLRM, all cells."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from stromal.designs.exact import Ends, characteristics, ends
from stromal.rules.escalation import Tally
from stromal.rules.escalation.boundaries import Bounds, bounds
from stromal.rules.escalation.designs import AtMost, Blrm, Boin, Crm, Model, Mtpi2, ThreePlusThree
from stromal.rules.escalation.models import blrm_masses, crm_dose, crm_mean, crm_toxicities, logistic, logit, skeleton

STATS = Path(__file__).resolve().parents[3] / "shared" / "data" / "stats"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of reference numbers."""
    if not (STATS / name).exists():
        pytest.skip("needs ../shared/data/stats")
    with (STATS / name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def test_every_boundary_of_boin() -> None:
    """R's BOIN 2.7.2: rise, fall and close for each target and number of people."""
    for row in rows("boin_boundaries_R_BOIN_2.7.2.csv"):
        people = int(row["n"])
        found = bounds(Boin(float(row["target"])), people)
        printed = [int(row[name]) for name in ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge")]
        expected = Bounds(*(people + 1 if number < 0 else number for number in printed))
        assert found == expected, row


@pytest.fixture(scope="module")
def boin_ends() -> Ends:
    """Every end of ten cohorts of three on five doses."""
    return ends(AtMost(Boin(0.30), 30), 5)


def test_the_ends_of_boin_weighed(boin_ends: Ends) -> None:
    """Selection, people and toxicities of seven scenarios, to 1e-10, and within the error of R's 10,000 trials."""
    scenarios = defaultdict(list)
    for row in rows("boin_oc_exact_target30_10x3.csv"):
        scenarios[row["scenario"]].append(row)
    simulated = {(row["scenario"], row["dose"]): row for row in rows("boin_oc_R_get.oc_target30_10x3.csv")}
    assert scenarios
    for group in scenarios.values():
        found = characteristics(boin_ends, [float(row["p_true"]) for row in group])
        for dose, row in enumerate(group):
            assert found.selection[dose] == pytest.approx(float(row["exact_sel_pct"]) / 100, abs=1e-10)
            assert found.treated[dose] == pytest.approx(float(row["exact_npat"]), abs=1e-10)
            assert found.toxic[dose] == pytest.approx(float(row["exact_ntox"]), abs=1e-10)
            assert found.none == pytest.approx(float(row["exact_stop_pct"]) / 100, abs=1e-10)
            other = simulated[row["scenario"], row["dose"]]
            share = found.selection[dose]
            error = math.sqrt(share * (1 - share) / int(other["ntrial"])) + 1e-4
            assert abs(share - float(other["sel_pct"]) / 100) < 4 * error


def test_both_variants_of_three_plus_three() -> None:
    """R's escalation package: the dose declared, with and without de-escalation."""
    found = {flag: ends(ThreePlusThree(flag), 3) for flag in (False, True)}
    for row in rows("three_plus_three_exact_escalation.csv"):
        each = characteristics(found["TRUE" in row["deescalate"]], [float(row[f"p{dose}"]) for dose in (1, 2, 3)])
        assert each.none == pytest.approx(float(row["none"]), abs=1e-10)
        for dose in range(3):
            assert each.selection[dose] == pytest.approx(float(row[f"d{dose + 1}"]), abs=1e-10)


def test_every_skeleton() -> None:
    """dfcrm's getprior, both models, all indifference intervals."""
    for row in rows("crm_skeleton_getprior_dfcrm.csv"):
        numbers = float(row["halfwidth"]), float(row["target"]), int(row["nu"]), int(row["K"])
        model: Model = "logistic" if row["model"] == "logistic" else "empiric"
        assert skeleton(*numbers, model)[int(row["dose"]) - 1] == pytest.approx(float(row["skeleton"]), abs=1e-11)


def _tally(row: dict[str, str]) -> Tally:
    levels, harmed = [int(sign) - 1 for sign in row["levels"]], [sign == "1" for sign in row["tox"]]
    shares = [float(part) for part in row["weights"].split(";")] if "weights" in row else [1.0] * len(levels)
    everybody = list(zip(levels, harmed, shares, strict=True))
    return Tally(
        tuple(levels.count(dose) for dose in range(5)),
        tuple(sum(hurt for level, hurt, _ in everybody if level == dose) for dose in range(5)),
        pending=tuple(
            tuple(share for level, hurt, share in everybody if level == dose and not hurt and share < 1)
            for dose in range(5)
        ),
    )


@pytest.mark.parametrize("name", ["crm_fits_dfcrm.csv", "titecrm_fits_dfcrm.csv"])
def test_every_fit_of_the_crm(name: str) -> None:
    """dfcrm's posterior mean, plugged-in toxicities and dose, with complete and with open windows."""
    for row in rows(name):
        model: Model = "logistic" if row.get("model") == "logistic" else "empiric"
        design = Crm(skeleton(0.06, 0.25, 3, 5, model), 0.25, model)
        tally = _tally(row)
        mean, variance = crm_mean(design, tally)
        # R's integrate() stops at a relative error of about 1e-8.
        assert mean == pytest.approx(float(row["est"]), abs=1e-7)
        if "postvar" in row:
            assert variance == pytest.approx(float(row["postvar"]), abs=1e-6)
        assert crm_dose(design, tally) + 1 == int(row["mtd"])
        for dose, share in enumerate(crm_toxicities(design, tally), 1):
            assert share == pytest.approx(float(row[f"ptox{dose}"]), abs=1e-7)


def test_every_decision_of_mtpi2() -> None:
    """The escalation package's decisions for target .30 and an interval of .25 to .35."""
    for row in rows("mtpi_mtpi2_decisions_escalation_target30_eps05.csv"):
        if row["design"] == "mtpi2":
            toxic, limits = int(row["y"]), bounds(Mtpi2(0.30), int(row["n"]))
            decision = "E" if toxic <= limits.up else "D" if toxic >= limits.down else "S"
            assert decision == row["decision"][0], row


def test_the_published_blrm() -> None:
    """Neuenschwander 2008: posterior means to the printed digits; masses as near as the reference's own grid allows."""
    table = list(rows("neuenschwander2008_crm_blrm.csv"))
    amounts = tuple(float(row["dose"]) for row in table)
    design = Blrm(amounts, 250, interval=(0.20, 0.35))
    tally = Tally(tuple(int(row["n"]) for row in table), tuple(int(row["dlt"]) for row in table))
    for row, (under, within, over, mean) in zip(table, blrm_masses(design, tally), strict=True):
        assert mean == pytest.approx(float(row["blrm_Ep_quadrature"]), abs=6e-7)
        # A grid of 241 counts whole cells: it is off by up to .0031 where a limit cuts one (2,401 lines: .0004).
        assert under == pytest.approx(float(row["p_under20"]), abs=4e-3)
        assert within == pytest.approx(float(row["p_20_35"]), abs=4e-3)
        assert over == pytest.approx(float(row["p_35_60"]) + float(row["p_60plus"]), abs=4e-3)


def test_logistic_and_logit_undo_each_other() -> None:
    """Also far out, where exp overflows."""
    for number in (-700.0, -3.0, 0.0, 2.5, 30.0):
        share = logistic(number)
        assert 0 <= share <= 1
        if 1e-12 < share < 1 - 1e-12:
            assert logit(share) == pytest.approx(number, abs=1e-9)
