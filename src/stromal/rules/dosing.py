"""Weight, level, count and viability -> prescribed cells, volume, delivered viable cells; and the ladder.

Prescribed cells = amount x weight (or the fixed amount); volume = prescribed / (count x viability); delivered viable
cells = count x viability x volume given. Exact arithmetic; what cannot be right is refused, what is off becomes a
finding with what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stromal.protocol.model import Adjustment, Dose, Fact, Protocol, Table
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Finding, Quantity, Refused, Verdict, exact, plain

PERCENT = Fraction(100)


@dataclass(frozen=True, slots=True)
class Prescription:
    """What is to be given: cells in all, the amount of the rule, and the weight that counted (capped)."""

    dose: str
    cells: Fraction
    level: Quantity
    weight_kg: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Preparation:
    """The volume that holds the prescription, and what is wrong with it."""

    prescription: Prescription
    volume_ml: Fraction
    cells_per_ml: Fraction
    viability_percent: Fraction
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was given: viable cells, percent of the prescription, and whether that is within tolerance."""

    cells: Fraction
    percent: Fraction
    within: bool | None


def prescribe(
    protocol: Protocol, dose: Dose, weight_kg: Fraction | None, level: Quantity | None = None
) -> Prescription | Refused:
    """The cells to give. A missing, negative or implausible weight is refused where the dose is per kilogram."""
    amount = level or dose.amount
    place = protocol.place(f"doses.{dose.name}")
    if dose.weight is None:
        return Prescription(dose.name, amount.value, amount)
    if weight_kg is None:
        measured = f"{dose.weight.fact} {'at ' + dose.weight.at if dose.weight.at else 'at this visit'}"
        return Refused(
            "dosing.weight", f"{dose.name} is per kilogram and there is no weight", f"record {measured}", (place,)
        )
    low, high = _plausible_kg(protocol.facts.get(dose.weight.fact))
    if weight_kg <= 0 or (low is not None and weight_kg < low) or (high is not None and weight_kg > high):
        span = f"between {plain(low)} and {plain(high)} kg" if low is not None and high is not None else "above 0 kg"
        message = f"a weight of {plain(weight_kg)} kg cannot be right; the protocol expects one {span}"
        return Refused("dosing.weight", message, "weigh again and enter kilograms", (place,))
    counted = weight_kg if dose.cap is None else min(weight_kg, dose.cap)
    return Prescription(dose.name, amount.value * counted, amount, counted)


def _plausible_kg(weight: Fact | None) -> tuple[Fraction | None, Fraction | None]:
    """The range of the weight that the protocol declares, in kg whatever unit it is declared in."""
    if weight is None or weight.low is None or weight.high is None:
        return None, None
    return to_kg(weight.low, weight), to_kg(weight.high, weight)


def to_kg(value: Fraction, weight: Fact) -> Fraction | None:
    """A weight in kg, from the unit its fact is declared in; None where that is no unit of mass."""
    try:
        return Quantity(value, weight.unit).to("kg").value
    except ValueError:
        return None


def prepare(
    protocol: Protocol, prescription: Prescription, cells_per_ml: Fraction, viability_percent: Fraction
) -> Preparation | Refused:
    """The volume to draw up from a product of this count and viability, and what to do when it does not fit."""
    wrong = check_product(protocol, prescription.dose, cells_per_ml, viability_percent)
    if wrong:
        return wrong
    volume = prescription.cells / (cells_per_ml * viability_percent / PERCENT)
    made = Preparation(prescription, volume, cells_per_ml, viability_percent)
    findings = _volume_findings(protocol, made)
    return Preparation(prescription, volume, cells_per_ml, viability_percent, findings)


def check_product(protocol: Protocol, dose: str, cells_per_ml: Fraction, viability_percent: Fraction) -> Refused | None:
    """Refuse a count or a viability that no product can have."""
    place = protocol.place(f"doses.{dose}")
    if cells_per_ml <= 0:
        message = f"a count of {plain(cells_per_ml)} cells/mL cannot be right"
        return Refused("dosing.count", message, "count again and enter cells per mL, such as 2e7", (place,))
    if not 0 < viability_percent <= PERCENT:
        message = f"a viability of {plain(viability_percent)} % cannot be right; it lies above 0 and up to 100 %"
        return Refused("dosing.viability", message, "enter the share of living cells in percent, such as 90", (place,))
    return None


def _volume_findings(protocol: Protocol, made: Preparation) -> tuple[Finding, ...]:
    dose = protocol.doses[made.prescription.dose]
    if dose.volume is None or dose.volume[0] <= made.volume_ml <= dose.volume[1]:
        return ()
    low, high = dose.volume
    place = protocol.place(f"doses.{dose.name}.volume")
    over = made.volume_ml > high
    bound = high if over else low
    message = f"{_two(made.volume_ml)} mL would hold the dose, the protocol gives {planned_volume(dose)}"
    needed = made.prescription.cells / (bound * made.viability_percent / PERCENT)
    share = deliver(dose, made.prescription, made.cells_per_ml, made.viability_percent, bound)
    if over:
        within = "within" if share.within else "outside"
        tolerance = f", {within} the tolerance" if share.within is not None else ""
        hint = (
            f"concentrate to {_three(needed)} cells/mL at this viability; {_two(bound)} mL as it is would deliver "
            f"{_three(share.cells)} viable cells, {plain(round(share.percent, 1))} % of the prescription{tolerance}"
        )
    else:
        hint = f"dilute to {_three(needed)} cells/mL, so that {_two(bound)} mL hold the prescription"
    return (Finding("dosing.volume", "warning", message, (place,), hint),)


def deliver(
    dose: Dose, prescription: Prescription, cells_per_ml: Fraction, viability_percent: Fraction, volume_ml: Fraction
) -> Delivery:
    """What a volume of the product delivers, and whether the protocol tolerates it (None: it says no tolerance)."""
    cells = cells_per_ml * viability_percent / PERCENT * volume_ml
    percent = cells / prescription.cells * PERCENT
    within = None if dose.tolerance is None else dose.tolerance[0] <= percent <= dose.tolerance[1]
    return Delivery(cells, percent, within)


def planned_volume(dose: Dose) -> str:
    """The volume of a dose in words; empty where the protocol gives none."""
    if dose.volume is None:
        return ""
    low, high = (plain(bound) for bound in dose.volume)
    return f"{low} mL" if low == high else f"{low} to {high} mL"


def fits(dose: Dose, volume_ml: Fraction) -> bool:
    """Whether a volume keeps to the protocol: inside a range; around a single volume, inside the dose's tolerance."""
    if dose.volume is None:
        return True
    low, high = dose.volume
    if low == high:
        few, many = dose.tolerance or (Fraction(0), Fraction(0))
        return dose.tolerance is None or low * few <= volume_ml * PERCENT <= high * many
    return low <= volume_ml <= high


def _two(number: Fraction) -> str:
    return f"{float(number):.2f}"


def _three(number: Fraction) -> str:
    return f"{float(number):.3g}".replace("e+0", "e").replace("e+", "e")


# ---------------------------------------------------------------- the ladder


@dataclass(frozen=True, slots=True)
class Rung:
    """Where the modification table leads: the adjustment, the rung to give (None on hold or stop), and why."""

    adjustment: Adjustment
    level: Quantity | None
    verdict: Verdict


def adjusted(dose: Dose, current: Quantity, adjustment: Adjustment) -> Quantity | None:
    """The rung after an adjustment; the top and the bottom stay where they are; none on hold or stop.

    An amount between two rungs, given against the rules or under an older ladder, goes to the next rung either way.
    """
    if adjustment in ("hold", "stop"):
        return None
    if adjustment == "same" or not dose.ladder:
        return current
    above = [rung for rung in dose.ladder if rung.value > current.value]
    below = [rung for rung in dose.ladder if rung.value < current.value]
    if adjustment == "up":
        return above[0] if above else dose.ladder[-1]
    return below[-1] if below else dose.ladder[0]


def decide(table: Table, case: Case) -> tuple[Adjustment | None, Verdict]:
    """The first row that holds. An unknown row stops the reading: nothing is decided, and it says what would settle."""
    for row in table.rows:
        verdict = judge(row.when, case)
        if verdict.truth is None:
            return None, verdict
        if verdict.truth:
            return row.then, verdict
    return table.otherwise, Verdict(table.otherwise is not None or None, "no row of the table holds")


def next_rung(dose: Dose, case: Case) -> Rung | Refused:
    """The rung for the next administration of a dose. Refused while the table cannot be read for want of facts."""
    given = [each for each in case.chart.infusions if each.dose == dose.name and each.day <= case.today]
    if not given or not dose.adjust:
        return Rung("same", dose.amount, Verdict(True, "the first dose" if not given else "the dose is fixed"))
    table = case.protocol.rules[dose.adjust]
    assert isinstance(table, Table)
    place = case.protocol.place(f"rules.{table.name}")
    adjustment, verdict = decide(table, case)
    if adjustment is None:
        hint = f"record {', '.join(verdict.settle)}" if verdict.settle else "complete the table with 'otherwise'"
        return Refused("dosing.level", f"{table.name} cannot be read: {verdict.reason}", hint, (place,))
    current = Quantity(exact(given[-1].level), dose.amount.unit)
    return Rung(adjustment, adjusted(dose, current, adjustment), verdict)
