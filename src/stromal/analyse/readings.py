"""What a chart says of one fact, as a number or a word that can be compared: in the fact's unit, or not known.

Takes participants and the protocol's facts; gives readings with their entries. The tables and figures of steps 8 to 10
read charts only through here, so that all agree on what counts as baseline and what is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from stromal.ledger.state import Participant
from stromal.protocol.model import Dose, Fact, Protocol
from stromal.rules.chart import Infusion
from stromal.rules.known import read
from stromal.values import plain, years_between


@dataclass(frozen=True, slots=True)
class Reading:
    """One known value of a fact on a day, with the entry it rests on."""

    value: float | str
    day: date
    visit: str = ""
    entry: int = 0


def label(name: str, says: str = "") -> str:
    """What people call a thing: what the protocol says of it, else its name with spaces; a capital in front."""
    told = says or name.replace("_", " ")
    return told[:1].upper() + told[1:]


def readings(participant: Participant, fact: Fact) -> tuple[Reading, ...]:
    """Every known value of a fact, in the order of days (of entries within a day).

    A number whose unit is missing is not known: a haemoglobin of 8 could be g/dL or mmol/L.
    """
    found: list[Reading] = []
    for seen in participant.chart.observations:
        if seen.fact == fact.name and not (known := read(fact, seen)).why:
            value = known.text if known.number is None else float(known.number)
            found.append(Reading(value, seen.day, seen.visit, seen.entry))
    return tuple(sorted(found, key=lambda each: (each.day, each.entry)))


def numbers(participant: Participant, fact: Fact) -> tuple[tuple[Reading, float], ...]:
    """The readings of a fact that are numbers, each with its number."""
    return tuple((each, each.value) for each in readings(participant, fact) if isinstance(each.value, float))


def baseline(participant: Participant, fact: Fact) -> Reading | None:
    """The last known value up to and including the day of the first dose; up to now for those not dosed yet."""
    day = first_dose(participant)
    before = [each for each in readings(participant, fact) if day is None or each.day <= day]
    return before[-1] if before else None


def age_at_consent(participant: Participant) -> Reading | None:
    """Whole years from the recorded birth date to the day of consent; None when either is not known."""
    consent = participant.chart.consent
    births = [seen for seen in participant.chart.observations if seen.fact == "birth_date"]
    known = [seen for seen in births if isinstance(seen.value, str)]
    if consent is None or not known:
        return None
    born = date.fromisoformat(str(known[-1].value))
    return Reading(float(years_between(born, consent)), consent, "", known[-1].entry)


def doses(participant: Participant) -> tuple[Infusion, ...]:
    """The administrations of one person in the order of days."""
    return tuple(sorted(participant.chart.infusions, key=lambda each: (each.day, each.entry)))


def first_dose(participant: Participant) -> date | None:
    """The day of the first administration; None for a person not dosed."""
    return doses(participant)[0].day if participant.chart.infusions else None


def dosed(people: Iterable[Participant]) -> tuple[Participant, ...]:
    """Those who were given cells at least once: the people a harm can be counted in."""
    return tuple(person for person in people if person.chart.infusions)


def level(protocol: Protocol, infusion: Infusion) -> str:
    """The dose level of an administration as people write it: `1.0e6 cells/kg`."""
    dose: Dose | None = protocol.doses.get(infusion.dose)
    return f"{plain(infusion.level)} {dose.amount.unit if dose else ''}".rstrip()
