"""Doses of cells, volumes, fluids and ways of giving, in sentences made up for these tests."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stromal.read.doses import doses, routes, vehicles, volumes
from stromal.read.record import Number, Range


@pytest.mark.parametrize(
    ("text", "value", "unit", "state"),
    [
        ("Give 2x10^6 MSC/kg once.", 2_000_000, "cells/kg", "stated"),
        ("a dose of 4 million cells per kilogram of body weight", 4_000_000, "cells/kg", "stated"),
        ("Infuse 3x106/kg of donor MSCs.", 3_000_000, "cells/kg", "repaired"),
        ("Infuse 3x10\\^6 MSCs per kg", 3_000_000, "cells/kg", "repaired"),
        ("Infuse 106 cells/kg.", 1_000_000, "cells/kg", "repaired"),
        ("between 103 and 106 cells", Range(1000, 1_000_000), "cells", "repaired"),
        ("Infuse 2 x 10e7 ASCs", 20_000_000, "cells", "ambiguous"),
        ("80 million autologous expanded marrow stromal cells (MSCs)", 80_000_000, "cells", "stated"),
        ("5x10^7cells in saline", 50_000_000, "cells", "stated"),
        ("1-2 x 10^6 UC-MSCs/kg BW", Range(1_000_000, 2_000_000), "cells/kg", "stated"),
        ("2.5 x 10^7 cells/5 mL", 25_000_000, "cells", "stated"),
        ("The total dose is 6x10^8.", 600_000_000, "cells", "stated"),
        ("each patient gets a dose of 30 million/patient", 30_000_000, "cells", "stated"),
        ("1x10^6/kg (actual body weight) MSC", 1_000_000, "cells/kg", "stated"),
        ("1.5 million (aMBMC) per kg, slowly", 1_500_000, "cells/kg", "stated"),
        ("3 x 10^6 umbilical cord mesenchymal stem cells per body kg", 3_000_000, "cells/kg", "stated"),
        ("3 million cells of cord MSC per kg", 3_000_000, "cells/kg", "stated"),
        ("Dose of cells per kg body weight: 2 x 10^6", 2_000_000, "cells/kg", "stated"),
        ("Dosage (per kg) 2 x 10^6 cells", 2_000_000, "cells/kg", "stated"),
        ("MSC (1*10^6/10kg)", 100_000, "cells/kg", "repaired"),
        ("MSC 0.5 million * weight (kg)", 500_000, "cells/kg", "stated"),
        ("Dose: 1 million units/kg", 1_000_000, "cells/kg", "stated"),
        ("10x10^6 unit of cord mesenchymal stem cells", 10_000_000, "cells", "stated"),
        ("20x10^6 cells per cc in a single administration of 7cc", 140_000_000, "cells", "repaired"),
        ("10 mL of 2x10^6 cells/mL", 20_000_000, "cells", "repaired"),
        ("5*10/7 per ischemic limb", 50_000_000, "cells", "repaired"),
        ("1x10^7 cells/1 mL/vial", 10_000_000, "cells", "stated"),
        ("Submucosal injection of 2.0 x 10,000,000/5ml", 20_000_000, "cells", "stated"),
        ("MPC 12.5 M solution for infusion", 12_500_000, "cells", "stated"),
        ("hMSCs (20,000,000) by infusion", 20_000_000, "cells", "stated"),
        ("a dose of 4x10^6 Cellistem-OA", 4_000_000, "cells", "stated"),
        ("UCMSCs - 20 million", 20_000_000, "cells", "stated"),
        ("6 million bone marrow mononuclear cells are injected", 6_000_000, "cells", "stated"),
    ],
)
def test_one_dose(text: str, value: Number | Range, unit: str, state: str) -> None:
    """A dose comes with its number, whether it is per kilogram, and whether it had to be mended."""
    (only,) = doses(text)
    assert (only.name, only.value, only.unit, only.state) == ("dose", value, unit, state)


@pytest.mark.parametrize(
    "text",
    [
        "The suspension holds 5 million cells/ml.",
        "About 3 million people live with it.",
        "106 patients were asked.",
        "two infusions of stem cells",
        "8 x 10^9 exosomes a day",
        "platelets above 50 x 10^9/L",
        "There are 4 million in the country.",
        "The dose was 20 million units of something else",
        "a dose of 12 mg/kg",
        "the dose was tested in 2019 by people who researched cells",
        "They are seen after a while.",
        "visits 10 (a)",
        "catalogue CD34 (BD#555800) of stem cells",
        "Mice were given 1x10^6 MSCs.",
        "In earlier trials patients got 1 x 10^6 MSC/kg.",
        "A dose of 50 million MSCs was found safe in others.",
        "The graft holds at least 2 x 10^6 CD34+ cells/kg.",
        "The yield is 1x10^7 cells from the fat.",
        "A supernatant of exosomes from 2 x 10^6/kg is given.",
        "a rate of 5 x 10^6 hMSC/minute",
        "5 x 10^6 cells/L",
        "40 million hMSCs and 1 million CSCs/ml",
        "infuse 2.5 x 10^9 EVs",
        "12 million white blood cells",
        "20,000 people needed cells",
        "cells for 4 million in 2012",
        "injected with 12,500 drops",
        "at 3 x 10^6 cells/mL, 0 mL",
    ],
)
def test_what_is_no_dose(text: str) -> None:
    """Concentrations, people, visits, blood counts and other things are not doses of cells."""
    assert doses(text) == ()


@given(
    st.integers(1, 90),
    st.integers(5, 9),
    st.sampled_from(["{}x10^{}", "{} x 10^{}", "{}x10{}", "{}x10\\^{}", "{}e{}"]),
    st.booleans(),
)
def test_notation_never_changes_the_dose(mantissa: int, power: int, notation: str, per_kg: bool) -> None:
    """The same dose in another notation is the same dose, and the quote holds the words read."""
    assume(notation != "{}e{}" or mantissa != 10)
    printed = notation.format(mantissa, power)
    text = f"Each receives {printed} MSC{'/kg' if per_kg else 's'} by vein."
    (only,) = doses(text)
    assert only.value == mantissa * 10**power
    assert only.unit == ("cells/kg" if per_kg else "cells")
    assert text[only.start : only.end].startswith(printed)


def test_roles() -> None:
    """First and second doses, levels, caps and doses declared safe are told apart by the words around them."""
    text = (
        "The first dose will be 1x10^6 MSC/kg and the second dose 2x10^6 MSC/kg. "
        "Later doses may be reduced to 5x10^5 or increased to 4 x 10^6 MSC/kg. "
        "If all goes well, 2 x 10^6 MSC/kg is a safe dose. "
        "Give 3x10^6 cells/kg, up to a maximum of 2x10^8 cells."
    )
    assert [(found.name, found.value) for found in doses(text)] == [
        ("dose_1", 1_000_000), ("dose_2", 2_000_000), ("dose_level", 500_000), ("dose_level", 4_000_000),
        ("safe_dose", 2_000_000), ("dose", 3_000_000), ("dose_maximum", 200_000_000),
    ]  # fmt: skip


def test_ordinal_after_the_amount() -> None:
    """`9 x 10^7 cells at the first injection` is the first dose; what is subsequent is not."""
    text = "All get 9 x 10^7 cells at the first injection. Each subsequent one holds 3 x 10^7 cells."
    assert [found.name for found in doses(text)] == ["dose_1", "dose_subsequent"]


def test_lists_share_their_unit() -> None:
    """In `2, 4 or 8 million cells` each number is a dose; before a concentration none is."""
    assert [found.value for found in doses("cohorts of 2, 4 or 8 million cells")] == [2_000_000, 4_000_000, 8_000_000]
    assert doses("at 2, 4 or 8 million cells/mL") == ()


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("2 million cells/cm2", "cells/cm2"),
        ("3x10(6) cells/cm3", "cells/cm3"),
        ("1 x 10^6 MSC per square centimetre", "cells/cm2"),
        ("1 x 10^6 MSC per cubic millimeter", "cells/mm3"),
        ("500000 cells per square cm", "cells/cm2"),
        ("2x10^6 cells per meter squared", "cells/m2"),
        ("for each cm2 of the ulcer (1-5)x10^6", "cells/cm2"),
    ],
)
def test_densities(text: str, unit: str) -> None:
    """Cells per area or per volume of tissue have a name of their own: they are no dose of a person."""
    (only,) = doses(text)
    assert (only.name, only.unit) == ("dose_density", unit)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Cumulative dose: 3 x 10^8 cells.", ["dose_total"]),
        ("Total of 3 x 10^8 MSC, divided in 3 monthly doses of 1 x 10^8 MSC.", ["dose_total", "dose"]),
        ("A total dose of 20 million cells, divided into 11 injections.", ["dose"]),
        ("The maximum tolerated dose of 4 million cells", ["dose"]),
        ("Cohort 1: 1x10^6 cells for the first dose group", ["dose"]),
        ("not exceeding 2x10^8 cells", ["dose_maximum"]),
        ("2 x 10^6 cells/kg, up to 150 million cells", ["dose", "dose_maximum"]),
        ("up to 150 million cells", ["dose"]),
    ],
)
def test_totals_and_caps(text: str, named: list[str]) -> None:
    """What all administrations hold together, and what none may exceed, are told from the dose."""
    assert [found.name for found in doses(text)] == named


def test_units_travel_along_a_list() -> None:
    """An amount without a unit takes that of its neighbour in the list, whichever way it stands."""
    forth = doses("raised to 5 x 10^6 and then 10 x 10^6 cells/kg")
    assert {found.unit for found in forth} == {"cells/kg"}
    back = doses("a dose of 1 x 10^6 cells/kg, 2 x 10^6")
    assert {found.unit for found in back} == {"cells/kg"}
    apart = doses("2 x 10^6 cells/kg by vein and 5 x 10^6 cells locally")
    assert [found.unit for found in apart] == ["cells/kg", "cells"]


def test_which_sentence() -> None:
    """A dose of this trial is read beside others' doses; what the laboratory does is read where people are given it."""
    text = "Earlier studies used 1 x 10^6 MSC/kg. Here patients will receive 2 x 10^6 MSC/kg."
    assert [found.value for found in doses(text)] == [2_000_000]
    assert doses("Patients receive 2 x 10^6 MSC from confluent cultures.") != ()


def test_two_readings_of_a_range() -> None:
    """A range written 10eN keeps both readings of both ends; ends that would cross give no rival."""
    (only,) = doses("1x10e6 to 3x10e6 cells/kg")
    assert only.rivals == ((Range(10_000_000, 30_000_000), "cells/kg"),)
    (crossing,) = doses("1x10e6 to 3x10^6 cells/kg")
    assert crossing.rivals == ()


def test_a_cap_per_kilogram_is_a_dose() -> None:
    """A most per kilogram is the dose itself; a most in cells is a cap on it."""
    assert [f.name for f in doses("at most, maximum 2x10^6 cells/kg")] == ["dose"]


def test_which_weight() -> None:
    """The weight that counts is kept where the page says which."""
    (only,) = doses("2 x 10^6 cells/kg ideal body weight")
    assert only.note == "ideal body weight"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("injected in 4 ml of saline", [("volume", 4)]),
        ("in a volume of 2-6 mL", [("volume", Range(2, 6))]),
        ("2 ml of CSF are removed first", [("fluid_removed", 2)]),
        ("after removal of 2 ml", [("fluid_removed", 2)]),
        ("marrow is taken (60 ml)", [("harvest_volume", 60)]),
        ("40 ml bone marrow are drawn", [("harvest_volume", 40)]),
        ("5 cc normal saline", [("volume", 5)]),
        ("at 3 mL/min", []),
        ("he drank 30 ml", []),
    ],
)
def test_volumes(text: str, found: list[tuple[str, Number | Range]]) -> None:
    """Volumes are told apart: of the dose, of fluid taken out, of tissue harvested; others are left alone."""
    assert [(f.name, f.value) for f in volumes(text)] == found


def test_vehicles() -> None:
    """The fluid that carries the cells."""
    assert [f.value for f in vehicles("in 3 ml of normal saline, then 5 ml Ringer's")] == ["saline", "ringer"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("by IV infusion", ["intravenous"]),
        ("intravenously", ["intravenous"]),
        ("stage IV disease", []),
        ("into the spinal fluid", ["intrathecal"]),
        ("an IT injection", ["intrathecal"]),
        ("it was an injection", []),
        ("a plain line", []),
        ("intra-articular injection and i.v. drip", ["intravenous", "intra-articular"]),
    ],
)
def test_routes(text: str, names: list[str]) -> None:
    """Ways of giving, long or short; a Roman four is none."""
    assert [f.value for f in routes(text)] == names
