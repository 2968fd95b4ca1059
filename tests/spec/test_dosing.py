"""Doses: from weight, level, count and viability to cells and volume, and along the ladder.

`amount`, `cap`, `volume` and `tolerance` are what the protocol file says of the dose.
"""

from __future__ import annotations

from datetime import date

import pytest

from spec_trial import PROTOCOL, TEXT, chart, table
from stromal.protocol.file import load
from stromal.protocol.model import Adjustment, Protocol, Table
from stromal.rules import dosing
from stromal.rules.timing import Case
from stromal.values import Quantity, Refused, exact, plain

_LADDER = """\
    ladder: 1e7, 5e7, 1e8 cells
    start: 5e7 cells
    adjust: modification
    volume: 5..10 mL
    route: intrathecal
    tolerance: 90..110 %
"""


def protocol(dose: str) -> Protocol:
    """The small trial with another dose; what it says stands between semicolons."""
    lines = "".join(f"    {line.strip()}\n" for line in dose.split(";"))
    return load(TEXT.replace(_LADDER, lines)).require()


@table("amount", "weight", "cells")(
    ("1e8 cells", None, "1e8"),
    ("1e8 cells", "70", "1e8"),
    ("1e6 cells/kg of weight", "70", "7e7"),
    ("1e6 cells/kg of weight", "0.1e3", "1e8"),
    ("3e6 cells/kg of weight at screening", "61.5", "184500000"),
    ("1e6 cells/kg of weight; cap: 100 kg", "99", "9.9e7"),
    ("1e6 cells/kg of weight; cap: 100 kg", "100", "1e8"),
    ("1e6 cells/kg of weight; cap: 100 kg", "140", "1e8"),
)
def test_prescribed_cells(amount: str, weight: str | None, cells: str) -> None:
    """A dose is a fixed number of cells, or so many per kilogram of a weight the protocol names. A cap is the highest
    weight that counts.
    """
    trial = protocol(f"amount: {amount}")
    found = dosing.prescribe(trial, trial.doses["injection"], None if weight is None else exact(weight))
    assert isinstance(found, dosing.Prescription)
    assert found.cells == exact(cells)


@table("amount", "next_step")(
    ("1e6 cells/kg of weight at same visit", "record weight at this visit"),
    ("1e6 cells/kg of weight at screening", "record weight at screening"),
)
def test_a_weight_that_is_missing(amount: str, next_step: str) -> None:
    """Where the dose is per kilogram and nobody was weighed, it is refused: nothing is guessed."""
    trial = protocol(f"amount: {amount}")
    found = dosing.prescribe(trial, trial.doses["injection"], None)
    assert isinstance(found, Refused)
    assert found.rule == "dosing.weight"
    assert (found.message, found.hint) == ("injection is per kilogram and there is no weight", next_step)


@table("weight", "refused")(
    ("-70", True),
    ("0", True),
    ("24.9", True),
    ("25", False),
    ("200", False),
    ("201", True),
)
def test_a_weight_that_cannot_be_right(weight: str, refused: bool) -> None:
    """A weight outside the range that the protocol declares is refused; both ends of the range belong to it."""
    trial = protocol("amount: 1e6 cells/kg of weight")
    found = dosing.prescribe(trial, trial.doses["injection"], exact(weight))
    assert isinstance(found, Refused) is refused
    if isinstance(found, Refused):
        says = f"a weight of {weight} kg cannot be right; the protocol expects one between 25 and 200 kg"
        assert (found.rule, found.message) == ("dosing.weight", says)
        assert (found.hint, found.places[0].quote) == ("weigh again and enter kilograms", "injection:")


def test_a_weight_without_a_declared_range() -> None:
    """Without a range in the protocol every weight above nothing counts, and the message says no more than that."""
    text = TEXT.replace(_LADDER, "    amount: 1e6 cells/kg of weight\n").replace(
        "unit: kg, range: 25..200,", "unit: kg,"
    )
    trial = load(text).require()
    dose = trial.doses["injection"]
    assert isinstance(dosing.prescribe(trial, dose, exact("400")), dosing.Prescription)
    refused = dosing.prescribe(trial, dose, exact(0))
    assert isinstance(refused, Refused)
    assert refused.message.endswith("the protocol expects one above 0 kg")


@table("unit", "low_to_high", "kilograms", "right")(
    ("kg", "25..200", "70", True),
    ("g", "25000..200000", "70", True),
    ("g", "25000..200000", "24.9", False),
    ("[lb_av]", "50..400", "70", True),
    ("[lb_av]", "50..400", "200", False),
)
def test_weights_declared_in_another_unit(unit: str, low_to_high: str, kilograms: str, right: bool) -> None:
    """A weight may be declared in grams or pounds; the dose is worked out on kilograms all the same."""
    declared = f"weight: {{kind: number, unit: '{unit}', range: {low_to_high}, says: body weight}}"
    text = TEXT.replace("weight: {kind: number, unit: kg, range: 25..200, says: body weight}", declared)
    trial = load(text.replace(_LADDER, "    amount: 1e6 cells/kg of weight\n")).require()
    found = dosing.prescribe(trial, trial.doses["injection"], exact(kilograms))
    assert isinstance(found, dosing.Prescription) is right
    in_kilograms = dosing.to_kg(Quantity(exact(kilograms), "kg").to(unit).value, trial.facts["weight"])
    assert in_kilograms == exact(kilograms)


def test_a_weight_in_no_unit_of_mass_counts_for_nothing() -> None:
    """A weight declared without a unit of mass is no weight anybody could dose on."""
    assert dosing.to_kg(exact(70), PROTOCOL.facts["score"]) is None


# ---------------------------------------------------------------- the volume


@table("planned_volume", "weight", "count", "volume", "next_step", "as_it_is")(
    ("3 mL", "70", "2e7", "3.89 mL", "concentrate to 2.59e7", "5.4e7 viable cells, 77.1 % of it, outside"),
    ("3 mL", "70", "2.5e7", "3.11 mL", "concentrate to 2.59e7", "6.75e7 viable cells, 96.4 % of it, within"),
    ("3 mL", "70", "3e7", "2.59 mL", "dilute to 2.59e7", ""),
    ("3 mL", "54", "2e7", "3.00 mL", "", ""),
    ("3..5 mL", "70", "2e7", "3.89 mL", "", ""),
    ("3..5 mL", "95", "2e7", "5.28 mL", "concentrate to 2.11e7", "9e7 viable cells, 94.7 % of it, within"),
    ("3..5 mL", "50", "2e7", "2.78 mL", "dilute to 1.85e7", ""),
)
def test_the_volume_to_draw_up(
    planned_volume: str, weight: str, count: str, volume: str, next_step: str, as_it_is: str
) -> None:
    """Volume = prescribed cells / (count x viability). Where it does not fit the protocol's volume, a finding says what
    to do: dilute, or concentrate, and what the planned volume would deliver as it is.

    (1e6 cells per kilogram, 90 % viable, 90 to 110 % tolerated.)
    """
    trial = protocol(f"amount: 1e6 cells/kg of weight; volume: {planned_volume}; tolerance: 90..110 %")
    prescription = dosing.prescribe(trial, trial.doses["injection"], exact(weight))
    assert isinstance(prescription, dosing.Prescription)
    made = dosing.prepare(trial, prescription, exact(count), exact(90))
    assert isinstance(made, dosing.Preparation)
    assert f"{float(made.volume_ml):.2f} mL" == volume
    assert bool(made.findings) is bool(next_step)
    for each in made.findings:
        assert (each.code, each.places[0].quote) == ("dosing.volume", f"volume: {planned_volume}")
        assert each.hint.startswith(f"{next_step} cells/mL")
        delivers = as_it_is.replace("of it", "of the prescription")
        assert each.hint.endswith(f"would deliver {delivers} the tolerance" if delivers else "hold the prescription")


def test_the_example_of_70_kilograms() -> None:
    """70 kg, 2e7 cells per mL, 90 % viable: 7.0e7 cells, and 3.89 mL against the 3 mL that the protocol gives."""
    trial = protocol("amount: 1e6 cells/kg of weight; volume: 3 mL")
    prescription = dosing.prescribe(trial, trial.doses["injection"], exact(70))
    assert isinstance(prescription, dosing.Prescription)
    assert plain(prescription.cells) == "7.0e7"
    made = dosing.prepare(trial, prescription, exact("2e7"), exact(90))
    assert isinstance(made, dosing.Preparation)
    assert made.findings[0].message == "3.89 mL would hold the dose, the protocol gives 3 mL"
    assert made.findings[0].hint.endswith("77.1 % of the prescription"), "no tolerance, so no word of one"


@table("count", "viability", "rule")(
    ("0", "90", "dosing.count"),
    ("-2e7", "90", "dosing.count"),
    ("2e7", "0", "dosing.viability"),
    ("2e7", "-5", "dosing.viability"),
    ("2e7", "100.1", "dosing.viability"),
    ("2e7", "900", "dosing.viability"),
    ("2e7", "100", None),
)
def test_counts_and_viabilities_that_no_product_has(count: str, viability: str, rule: str | None) -> None:
    """A count lies above nothing, a viability above 0 and up to 100 %; anything else is refused."""
    trial = protocol("amount: 1e8 cells")
    prescription = dosing.prescribe(trial, trial.doses["injection"], None)
    assert isinstance(prescription, dosing.Prescription)
    made = dosing.prepare(trial, prescription, exact(count), exact(viability))
    assert (made.rule if isinstance(made, Refused) else None) == rule


@table("tolerance", "volume", "delivered", "percent", "within")(
    ("90..110 %", "5", "1e8", "100", True),
    ("90..110 %", "4.5", "9e7", "90", True),
    ("90..110 %", "5.5", "1.1e8", "110", True),
    ("90..110 %", "4.49", "8.98e7", "89.8", False),
    ("90..110 %", "5.51", "1.102e8", "110.2", False),
    ("", "1", "2e7", "20", None),
)
def test_delivered_cells(tolerance: str, volume: str, delivered: str, percent: str, within: bool | None) -> None:
    """Delivered cells = count x viability x volume given. Both ends of the tolerance are within it; without one nothing
    is said.

    (1e8 cells prescribed; 2.5e7 cells per mL of which 80 % live.)
    """
    trial = protocol("amount: 1e8 cells" + (f"; tolerance: {tolerance}" if tolerance else ""))
    dose = trial.doses["injection"]
    prescription = dosing.prescribe(trial, dose, None)
    assert isinstance(prescription, dosing.Prescription)
    found = dosing.deliver(dose, prescription, exact("2.5e7"), exact(80), exact(volume))
    assert (found.cells, found.percent, found.within) == (exact(delivered), exact(percent), within)


@table("planned_volume", "tolerance", "given", "fits")(
    ("", "90..110 %", "77", True),
    ("5..10 mL", "90..110 %", "5", True),
    ("5..10 mL", "90..110 %", "10", True),
    ("5..10 mL", "90..110 %", "4.99", False),
    ("5..10 mL", "90..110 %", "10.01", False),
    ("3 mL", "90..110 %", "2.7", True),
    ("3 mL", "90..110 %", "3.3", True),
    ("3 mL", "90..110 %", "3.31", False),
    ("3 mL", "", "4", True),
)
def test_the_volume_given(planned_volume: str, tolerance: str, given: str, fits: bool) -> None:
    """A volume given must lie in the protocol's range; around a single volume the tolerance of the dose counts, and
    where there is none the single volume is about what is meant.
    """
    says = [f"{key}: {value}" for key, value in (("volume", planned_volume), ("tolerance", tolerance)) if value]
    trial = protocol("; ".join(["amount: 1e8 cells", *says]))
    assert dosing.fits(trial.doses["injection"], exact(given)) is fits
    assert dosing.planned_volume(trial.doses["injection"]) == planned_volume.replace("..", " to ")


# ---------------------------------------------------------------- the ladder


@table("given", "adjustment", "following")(
    ("5e7", "same", "5e7"),
    ("5e7", "up", "1e8"),
    ("5e7", "down", "1e7"),
    ("1e8", "up", "1e8"),
    ("1e7", "down", "1e7"),
    ("5e7", "hold", None),
    ("5e7", "stop", None),
    ("3e7", "up", "5e7"),
    ("3e7", "down", "1e7"),
    ("3e8", "up", "1e8"),
    ("3e8", "down", "1e8"),
    ("1e6", "down", "1e7"),
)
def test_up_and_down_the_ladder(given: str, adjustment: Adjustment, following: str | None) -> None:
    """A step leads to the next rung; at the top and at the bottom the dose stays where it is. After an amount that is
    no rung, given against the rules or under an older ladder, a step leads to the next rung in that direction.

    (The rungs are 1e7, 5e7 and 1e8 cells.)
    """
    found = dosing.adjusted(PROTOCOL.doses["injection"], Quantity(exact(given), "cells"), adjustment)
    assert (None if found is None else found.value) == (None if following is None else exact(following))


def test_a_dose_without_a_ladder_stays_the_same() -> None:
    """Without a ladder there is no step to take."""
    trial = protocol("amount: 1e8 cells")
    amount = Quantity(exact("1e8"), "cells")
    assert dosing.adjusted(trial.doses["injection"], amount, "up") == amount


@table("events", "adjustment", "level", "why")(
    ("", "up", "1e8", "no row of the table holds"),
    ("Headache grade 1 on 2024-05-03 related", "up", "1e8", "no row of the table holds"),
    ("Headache grade 2 on 2024-05-03 related", "same", "5e7", "max grade is 2; asked for = 2"),
    ("Headache grade 3 on 2024-05-03 related", "down", "1e7", "max grade is 3; asked for = 3"),
    ("Headache grade 3 on 2024-04-30 related", "up", "1e8", "no row of the table holds"),
    ("Headache grade 3 on 2024-05-03 not related", "up", "1e8", "no row of the table holds"),
    ("Headache grade 4 on 2024-05-03 related", "stop", None, "max grade is 4; asked for >= 4"),
)
def test_the_table_decides_the_next_rung(events: str, adjustment: Adjustment, level: str | None, why: str) -> None:
    """Before each later dose the decision table is read from the top: the first row that holds decides, else
    `otherwise`.

    (5e7 cells were given on 2024-05-01.)
    """
    recorded = chart(f"dose at injection_1 on 2024-05-01; {events}")
    found = dosing.next_rung(PROTOCOL.doses["injection"], Case(PROTOCOL, recorded, date(2024, 5, 20)))
    assert isinstance(found, dosing.Rung)
    assert (found.adjustment, found.verdict.reason) == (adjustment, why)
    assert (None if found.level is None else found.level.value) == (None if level is None else exact(level))


def test_the_first_dose_is_the_start_of_the_ladder() -> None:
    """Nothing is adjusted before the first dose."""
    found = dosing.next_rung(PROTOCOL.doses["injection"], Case(PROTOCOL, chart(""), date(2024, 5, 20)))
    assert isinstance(found, dosing.Rung)
    assert (found.adjustment, found.level) == ("same", Quantity(exact("5e7"), "cells"))
    assert found.verdict.reason == "the first dose"


@table("events", "answer")(
    ("Headache grade 3 on 2024-05-03", "whether it is related must be judged first"),
    (
        "Headache grade 2 on 2024-05-03; Fever grade 1 on 2024-05-04 related",
        "whether it is related must be judged first",
    ),
    ("Headache grade 1 on 2024-05-03", "up"),
    ("Headache grade 3 on 2024-05-03; Fever grade 3 on 2024-05-04 related", "down"),
)
def test_an_unknown_row_stops_the_reading(events: str, answer: str) -> None:
    """A row that is neither true nor false stops the reading: the dose is not decided on a guess, and the refusal says
    what to record. An event that cannot change the answer does not stop it.
    """
    recorded = f"dose at injection_1 on 2024-05-01; {events}"
    found = dosing.next_rung(PROTOCOL.doses["injection"], Case(PROTOCOL, chart(recorded), date(2024, 5, 20)))
    if isinstance(found, Refused):
        assert answer.endswith("judged first")
        assert found.rule == "dosing.level"
        assert found.hint == "record related of Headache (AE2)"
    else:
        assert found.adjustment == answer


def test_a_table_without_otherwise_decides_nothing_when_no_row_holds() -> None:
    """A table that no row of which holds, and that has no `otherwise`, is refused until it is completed."""
    trial = load(TEXT.replace("    otherwise: up\n", "")).require()
    given = chart("dose at injection_1 on 2024-05-01")
    found = dosing.next_rung(trial.doses["injection"], Case(trial, given, date(2024, 5, 20)))
    assert isinstance(found, Refused)
    assert found.hint == "complete the table with 'otherwise'"
    assert found.places[0].quote == "modification:"


def test_a_dose_that_nothing_adjusts_stays_at_its_amount() -> None:
    """Where the protocol names no table, every dose is the same."""
    trial = protocol("amount: 1e8 cells")
    given = chart("dose at injection_1 on 2024-05-01")
    found = dosing.next_rung(trial.doses["injection"], Case(trial, given, date(2024, 5, 20)))
    assert isinstance(found, dosing.Rung)
    assert (found.adjustment, found.level) == ("same", Quantity(exact("1e8"), "cells"))


def test_a_later_dose_does_not_decide_an_earlier_one() -> None:
    """The table is read for a day: doses and events after that day are not known then."""
    recorded = chart("dose at injection_2 on 2024-05-20 of 1e8; Headache grade 4 on 2024-05-25 related")
    found = dosing.next_rung(PROTOCOL.doses["injection"], Case(PROTOCOL, recorded, date(2024, 5, 1)))
    assert isinstance(found, dosing.Rung)
    assert found.verdict.reason == "the first dose"


@pytest.mark.parametrize("adjustment", ["same", "up", "down", "hold", "stop"])
def test_every_adjustment_has_a_meaning(adjustment: Adjustment) -> None:
    """Whatever a row says, the ladder answers."""
    table_ = PROTOCOL.rules["modification"]
    assert isinstance(table_, Table)
    start = PROTOCOL.doses["injection"].amount
    found = dosing.adjusted(PROTOCOL.doses["injection"], start, adjustment)
    assert (found is None) is (adjustment in ("hold", "stop"))
