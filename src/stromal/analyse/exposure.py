"""What was given: every administration against its prescription, a summary by dose level, omissions, lots.

Takes the State and the Protocol, gives tables (step 8 of the walk).
"""

from __future__ import annotations

from collections.abc import Sequence

from stromal.analyse.estimates import describe
from stromal.analyse.grid import Cell, Column, Row, Table, gathered
from stromal.analyse.readings import doses, label, level
from stromal.ledger.state import Lot, Participant, State
from stromal.protocol.model import Protocol
from stromal.rules.chart import Infusion
from stromal.values import plain

_Given = tuple[Participant, int, Infusion]


def _administrations(state: State) -> tuple[_Given, ...]:
    """Every administration with its person and its number among theirs."""
    return tuple(
        (person, number, given) for person in state.enrolled() for number, given in enumerate(doses(person), start=1)
    )


def share(given: Infusion) -> float | None:
    """Delivered viable cells in percent of the prescription; None where nothing was prescribed."""
    return 100 * given.delivered_cells / given.prescribed_cells if given.prescribed_cells else None


def within_tolerance(protocol: Protocol, given: Infusion) -> bool | None:
    """Whether the delivered dose keeps the protocol's tolerance; None where the protocol states none."""
    dose, part = protocol.doses.get(given.dose), share(given)
    if dose is None or dose.tolerance is None or part is None:
        return None
    low, high = dose.tolerance
    return bool(low <= part <= high)


def exposure(state: State, protocol: Protocol) -> Table:
    """One row an administration: prescribed, delivered, percent of the prescription, lot, weight, day."""
    columns = (
        Column("participant", "Participant", short=True),
        Column("dose_number", "Dose", numeric=True),
        Column("visit", "Visit", short=True),
        Column("day", "Day"),
        Column("level", "Dose level", short=True),
        Column("weight", "Weight", "kg", 1, numeric=True),
        Column("prescribed", "Prescribed", "cells", numeric=True),
        Column("delivered", "Delivered", "cells", numeric=True),
        Column("percent", "Delivered", "%", 1, numeric=True),
        Column("tolerance", "Tolerance"),
        Column("volume", "Volume", "mL", 2, numeric=True),
        Column("lot", "Lot"),
    )
    rows = tuple(_exposed(protocol, *each) for each in _administrations(state))
    notes = ("Delivered counts viable cells: count times viability times the volume given.",
             "Weight is that of the prescription; it is left out where no dose goes by weight.")  # fmt: skip
    whole = Table("exposure", "Exposure, one row an administration", columns, rows, notes, "Nobody has been dosed.")
    return whole if any(dose.per_kg for dose in protocol.doses.values()) else whole.without("weight")


_KEPT = {True: "within", False: "outside", None: "none stated"}


def _exposed(protocol: Protocol, person: Participant, number: int, given: Infusion) -> Row:
    per_kg = protocol.doses[given.dose].per_kg if given.dose in protocol.doses else False
    weight: Cell = given.weight_kg if given.weight_kg is not None or per_kg else ""
    cells = (
        person.id, number, label(given.visit), given.day, level(protocol, given), weight, given.prescribed_cells,
        given.delivered_cells, share(given), _KEPT[within_tolerance(protocol, given)], given.volume_ml, given.lot,
    )  # fmt: skip
    return Row(cells, (given.entry,))


def exposure_summary(state: State, protocol: Protocol) -> Table:
    """By dose and level: administrations, people, cells, percent of prescription, how many out of tolerance."""
    columns = (
        Column("dose", "Dose"),
        Column("level", "Dose level", short=True),
        Column("given", "Given", numeric=True),
        Column("people", "People", numeric=True),
        Column("prescribed", "Prescribed, mean", "cells", numeric=True),
        Column("delivered", "Delivered, mean", "cells", numeric=True),
        Column("percent", "Of prescription, mean", "%", 1, numeric=True),
        Column("low", "Lowest", "%", 1, numeric=True),
        Column("high", "Highest", "%", 1, numeric=True),
        Column("outside", "Out of tolerance", numeric=True),
    )
    groups: dict[tuple[str, float], list[_Given]] = {}
    for each in _administrations(state):
        groups.setdefault((each[2].dose, each[2].level), []).append(each)
    rows = tuple(_summed(protocol, groups[key]) for key in sorted(groups))
    return Table("exposure_summary", "Exposure by dose level", columns, rows, empty="Nobody has been dosed.")


def _summed(protocol: Protocol, group: Sequence[_Given]) -> Row:
    given = [each for _, _, each in group]
    shares = describe([part for each in given if (part := share(each)) is not None])
    kept = [within_tolerance(protocol, each) for each in given]
    cells = (
        label(given[0].dose), level(protocol, given[0]), len(given), len({person.id for person, _, _ in group}),
        describe([each.prescribed_cells for each in given]).mean,
        describe([each.delivered_cells for each in given]).mean,
        shares.mean, shares.low, shares.high,
        "none stated" if all(each is None for each in kept) else kept.count(False),
    )  # fmt: skip
    return Row(cells, gathered([[each.entry for each in given]]))


def omissions(state: State) -> Table:
    """Planned doses that were not given, and why."""
    columns = (
        Column("participant", "Participant", short=True),
        Column("visit", "Visit"),
        Column("dose", "Dose"),
        Column("day", "Day"),
        Column("reason", "Reason"),
    )
    rows = tuple(
        Row((person.id, label(each.visit), label(each.dose), each.day, each.reason or None), (each.entry,))
        for person in state.enrolled()
        for each in person.omissions
    )
    return Table("omissions", "Doses not given", columns, rows, empty="No planned dose was left out.")


def lots_by_status(state: State, protocol: Protocol) -> Table:
    """How many lots of each product were made, released, rejected and why, and given."""
    columns = (
        Column("product", "Product"),
        Column("status", "How far"),
        Column("lots", "Lots", numeric=True),
        Column("given", "Of these given", numeric=True),
    )
    used = {given.lot for _, _, given in _administrations(state)}
    groups: dict[tuple[str, str], list[Lot]] = {}
    for lot in state.lots.values():
        groups.setdefault((lot.product, _how_far(lot)), []).append(lot)
    rows = tuple(
        Row((_product(protocol, product), status, len(group), sum(lot.lot in used for lot in group)),
            gathered((lot.entry, lot.decided) for lot in group))
        for (product, status), group in sorted(groups.items())
    )  # fmt: skip
    return Table("lots_by_status", "Lots of cells by how far they came", columns, rows, empty="No lot has been made.")


def _how_far(lot: Lot) -> str:
    return f"{lot.status}: {lot.reason}" if lot.reason else lot.status


def _product(protocol: Protocol, name: str) -> str:
    product = protocol.products.get(name)
    return label(name, product.says if product else "")


def lots(state: State) -> Table:
    """Every lot: whose cells, for whom, how its release tests came out, how far it came, how often it was given."""
    columns = (
        Column("lot", "Lot", short=True),
        Column("product", "Product"),
        Column("donor", "Donor"),
        Column("recipient", "For"),
        Column("made", "Made"),
        Column("tests", "Release tests"),
        Column("status", "Status"),
        Column("given", "Given", numeric=True),
    )
    used: dict[str, list[int]] = {}
    for _, _, given in _administrations(state):
        used.setdefault(given.lot, []).append(given.entry)
    rows = tuple(_lot(lot, used.get(lot.lot, [])) for lot in state.lots.values())
    return Table("lots", "Lots of cells", columns, rows, empty="No lot has been made.")


def _lot(lot: Lot, used: Sequence[int]) -> Row:
    tests = "; ".join(f"{label(test.test)} {_result(test.value)} {test.unit}".rstrip() for test in lot.tests)
    cells = (
        lot.lot, lot.product, lot.donor, lot.recipient or "anybody", lot.day,
        tests or "none recorded", _how_far(lot), len(used),
    )  # fmt: skip
    return Row(cells, gathered([(lot.entry, lot.decided), [test.entry for test in lot.tests], used]))


def _result(value: float | str) -> str:
    return value if isinstance(value, str) else plain(value)
