"""Rules about doses and laboratory units: broken notation, a dose that no arm gives, a unit that cannot be right.

Takes a Record; gives Findings. Rows of the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.clashes import measured, words_for
from stromal.read.dosing import StatedDose, stated_doses
from stromal.read.labs import PLAUSIBLE
from stromal.read.numerals import numerals
from stromal.read.paths import where
from stromal.read.phrases import pattern
from stromal.read.record import Record, Statement, show
from stromal.values import Finding, Place, plain

# ---------------------------------------------------------------- doses


_NAMES = ("dose", "dose_1", "dose_2", "dose_3", "dose_4", "dose_levels", "dose_equivalent", "dose_maximum", "safe_dose")


def notation(record: Record) -> Iterator[Finding]:
    """Doses whose notation had to be mended."""
    readings = [
        reading
        for name in _NAMES
        if (statement := record.statement(name))
        for reading in statement.readings
        if reading.state == "repaired"
    ]
    places = [(place, reading) for reading in readings for place in reading.places if _broken(place.quote)]
    if places:
        first, reading = places[0]
        amount = f"{show(reading.value)} {reading.unit}"
        message = f"the notation of a dose is broken (“{first.quote}”) and was read as {amount}"
        every = tuple(dict.fromkeys(place for place, _ in places))
        yield Finding("dose.notation", "warning", message, every, "confirm the power of ten before anything else")


def _broken(quote: str) -> bool:
    """Whether this is the place that was mended; a place that agrees with it may be printed well."""
    return any(numeral.mended for numeral in numerals(quote))


def _amount(dose: StatedDose) -> str:
    ends = plain(dose.low) if dose.low == dose.high else f"{plain(dose.low)} to {plain(dose.high)}"
    return f"{ends} {dose.unit}"


_TELLING = ("briefTitle", "officialTitle", "briefSummary")
_MOST = 12
"""A dose that is a whole multiple of another, up to this, may be the sum of several administrations."""


def _stands(dose: StatedDose, inside: tuple[str, ...]) -> Place | None:
    return next((place for place in dose.places if any(name in place.path for name in inside)), None)


def arm_dose(record: Record) -> Iterator[Finding]:
    """A dose in the title or summary that no arm gives."""
    if record.tree is None:
        return
    doses = [dose for dose in stated_doses(record) if dose.state != "ambiguous"]
    given = [dose for dose in doses if _stands(dose, ("armsInterventionsModule",))]
    for dose in doses:
        told = _stands(dose, _TELLING)
        alike = [each for each in given if each.per_kg == dose.per_kg]
        if told is None or not alike or dose in given or any(_compatible(dose, each) for each in alike):
            continue
        place = _stands(alike[0], ("armsInterventionsModule",)) or alike[0].places[0]
        amounts = " or ".join(dict.fromkeys(_amount(each) for each in alike))
        message = f"the {where(told)} gives {_amount(dose)}, the arms {amounts}"
        hint = "ask which is meant before a dose is drawn up"
        yield Finding("dose.arms", "contradiction", message, (told, place), hint)
        return


def _compatible(a: StatedDose, b: StatedDose) -> bool:
    """Whether two doses overlap, or one may be the sum of several of the other."""
    if a.low <= b.high and b.low <= a.high:
        return True
    small, large = sorted((a, b), key=lambda dose: dose.low)
    ratio = large.low / small.low if small.low else 0
    return 1 < ratio <= _MOST and abs(ratio - round(ratio)) < 1e-9 and round(ratio) != 10


# ---------------------------------------------------------------- laboratory


def is_laboratory(statement: Statement) -> bool:
    """Whether a statement is a laboratory limit whose unit is in doubt."""
    units = {reading.unit for reading in statement.readings}
    return statement.state == "ambiguous" and measured(statement.name) in PLAUSIBLE and len(units) > 1


_OF_LABORATORY = frozenset(unit for units in PLAUSIBLE.values() for unit, _, _ in units) | {"mmol/L", "umol/L", "ng/mL"}


_ELSE = pattern(r"corpuscular|\bMCHC?\b|\bRBC\b|urin|clearance|ratio|tolerance")
"""Words beside a limit that make it one on something else."""


_POINTED = re.compile(r"\d\.000\b")
"""Thousands parted by a point, as in 30.000: the number may be larger than it was read."""


def laboratory_unit(record: Record) -> Iterator[Finding]:
    """A laboratory limit in a unit that no living person shows."""
    for statement in record.statements:
        if not is_laboratory(statement) or statement.readings[0].unit not in _OF_LABORATORY:
            continue
        if any(_ELSE.search(place.quote) or _POINTED.search(place.quote) for place in statement.places):
            continue
        units = [reading.unit for reading in statement.readings]
        printed = f"{show(statement.readings[0].value)} {units[0]}"
        message = f"{words_for(statement.name)} {printed} is implausible: {units[1]} is likely meant"
        hint = "the value is not repaired: confirm the unit with the sponsor"
        yield Finding("lab.unit", "contradiction", message, statement.places, hint)
