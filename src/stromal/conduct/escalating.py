"""Doses that a design moves: the level of a person's dose, and what stands against giving it now.

Takes the situation, the person and the visit; gives amounts and refusals. The design of the version in force speaks for
the whole trial. What was seen comes from the charts; who left, and who was treated against the design, from the book.
"""

from __future__ import annotations

from datetime import date

from stromal.conduct import commands as c
from stromal.conduct.situation import Situation
from stromal.ledger import events as e
from stromal.ledger.state import Participant, State
from stromal.protocol.designs import COURSES
from stromal.protocol.model import Adjustment, Dose, Escalation, Protocol, Visit, escalation_of
from stromal.rules.chart import Chart
from stromal.rules.escalation import Stop
from stromal.rules.escalation.person import Course, course
from stromal.rules.escalation.refusals import against, against_course, spoken
from stromal.rules.escalation.standing import History, Standing, standing
from stromal.rules.escalation.treated import given, rung
from stromal.values import Quantity, Refused, exact


def governed(s: Situation, person: Participant, dose: Dose) -> tuple[Protocol, Escalation] | None:
    """The design that moves a dose, and the version it stands in: the one in force, where it doses in the same unit."""
    for protocol in (s.protocol(), s.protocol(person)):
        rule = escalation_of(protocol, dose.name)
        if rule is not None and protocol.doses[rule.dose].amount.unit == dose.amount.unit:
            return protocol, rule
    return None


def history(state: State, dose: str) -> History:
    """Who left the trial and when, and whose first dose was one that the design did not ask for."""
    left = {each.id: each.ended for each in state.participants.values() if each.status == "withdrawn" and each.ended}
    corrected, aside = state.corrected, set[str]()
    for deviation in state.deviations:
        person = state.participants.get(deviation.participant)
        if deviation.rule not in ("escalation.level", "escalation.stop") or person is None:
            continue
        first = next(iter(given(person.chart, dose, date.max)), None)
        # what was put right since is put right: only a deviation after the last correction still speaks of the dose
        if first and first.visit == deviation.visit and deviation.entry > corrected.get(first.entry, 0):
            aside.add(person.id)
    return History(left, frozenset(aside))


def treated_charts(state: State) -> tuple[Chart, ...]:
    """The charts of everybody enrolled or dosed."""
    return tuple(each.chart for each in state.participants.values() if each.number or each.chart.infusions)


def stands(state: State, protocol: Protocol, rule: Escalation, day: date) -> Standing:
    """Where an escalation stands on a day, by the book."""
    return standing(rule, protocol, treated_charts(state), day, history(state, rule.dose))


def _found(s: Situation, person: Participant, dose: Dose, day: date) -> tuple[Protocol, Standing | Course]:
    protocol, rule = governed(s, person, dose) or (s.protocol(), None)
    assert rule is not None
    if rule.design in COURSES:
        return protocol, course(rule, protocol, person.chart, treated_charts(s.state), day)
    return protocol, stands(s.state, protocol, rule, day)


def _next(protocol: Protocol, found: Standing | Course, dose: Dose) -> Quantity:
    """The amount that comes next; where nothing does, the last one, or the first of all."""
    ladder = protocol.doses[found.rule.dose].ladder
    if isinstance(found, Course):
        return ladder[found.level]
    if found.level is not None:
        return ladder[found.level]
    return ladder[found.tally.current] if found.tally.current >= 0 else dose.amount


def asked(
    s: Situation, person: Participant, visit: Visit, dose: Dose, command: c.InfuseCells
) -> tuple[Quantity, tuple[Refused, ...]]:
    """The amount of a dose - as stated, as decided for the visit, or what comes next - and the rules it would break."""
    earlier = given(person.chart, dose.name, command.day)
    protocol, found = _found(s, person, dose, command.day)
    decided = [each for each in person.levels if each.visit == visit.name and each.adjustment not in ("hold", "stop")]
    own = Quantity(exact(earlier[0].level), dose.amount.unit) if earlier and isinstance(found, Standing) else None
    if command.level is not None:
        amount = Quantity(exact(command.level), dose.amount.unit)
    elif decided:
        amount = Quantity(exact(decided[-1].level), dose.amount.unit)
    else:
        amount = own or _next(protocol, found, dose)
    if isinstance(found, Course):
        return amount, against_course(found, protocol, amount)
    if own is None:
        return amount, against(found, protocol, amount, command.day)
    if float(own.value) == float(amount.value):
        return amount, ()
    message = f"{person.id} was given {own} first and belongs to that level; {amount} is another"
    return amount, (Refused("escalation.level", message, f"give {own}, or say why it goes ahead all the same"),)


def decided(
    s: Situation, person: Participant, visit: Visit, dose: Dose, day: date
) -> tuple[e.DoseLevelDecided, tuple[int, ...]]:
    """The level that the design names for a visit, and the entries of the doses it rests on."""
    protocol, found = _found(s, person, dose, day)
    adjustment, level, reason = _says(protocol, found, person, dose, day)
    amount = float(level.value) if level else 0.0
    event = e.DoseLevelDecided(person.id, visit.name, dose.name, day, adjustment, amount, reason)
    seen = [each.entry for group in found.cohorts for each in group.people] if isinstance(found, Standing) else []
    return event, tuple(sorted(seen))


def _says(
    protocol: Protocol, found: Standing | Course, person: Participant, dose: Dose, day: date
) -> tuple[Adjustment, Quantity | None, str]:
    """Which way the level moves, the amount, and why."""
    ladder = protocol.doses[found.rule.dose].ladder
    if isinstance(found, Course):
        if found.step != "treat":
            return "stop" if found.step == "stop" else "hold", None, found.reason
        return _moved(found.given[-1] if found.given else found.level, found.level), ladder[found.level], found.reason
    if earlier := given(person.chart, dose.name, day):
        own = Quantity(exact(earlier[0].level), dose.amount.unit)
        level = rung(protocol.doses[found.rule.dose], own)
        return "same", own, f"{person.id} belongs to {own if level is None else spoken(protocol, dose.name, level)}"
    told = f"{found.written}: {found.advice.reason}"
    if isinstance(found.advice, Stop):
        return "stop", None, told
    if found.advice.wait:
        return "hold", None, told
    before = found.tally.current if found.tally.current >= 0 else found.advice.dose
    return _moved(before, found.advice.dose), ladder[found.advice.dose], told


def _moved(before: int, after: int) -> Adjustment:
    return "up" if after > before else "down" if after < before else "same"
