"""Deciders for cells: lots and their tests, release, the rung of the ladder, the infusion, the dose left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import inf, isfinite

import msgspec

from stromal.conduct import commands as c
from stromal.conduct import escalating
from stromal.conduct.roles import MEANINGS
from stromal.conduct.situation import Outcome, Situation, future
from stromal.ledger import events as e
from stromal.ledger.state import Lot, LotTest, Participant
from stromal.protocol.model import Dose, Product, Protocol, ReleaseTest, Visit
from stromal.protocol.tree import Anchor, At
from stromal.rules import dosing
from stromal.rules.evaluate import judge
from stromal.rules.known import latest
from stromal.rules.timing import Case
from stromal.values import Quantity, Refused, exact, nearest, plain


def manufacture(s: Situation, command: c.ManufactureLot) -> Outcome | Refused:
    """A lot of a declared product; an autologous one is made from and for the same participant."""
    if command.lot in s.state.lots:
        return Refused("lot.known", f"lot {command.lot} is recorded already", "choose another lot number")
    product = s.protocol().products.get(command.product)
    if product is None:
        close = nearest(command.product, s.protocol().products)
        hint = f"did you mean {close}?" if close else "declare it in the protocol under products"
        return Refused("product.unknown", f"the protocol has no product {command.product!r}", hint)
    if command.cells_per_ml is not None and not 0 < command.cells_per_ml < inf:
        message = f"a count of {command.cells_per_ml} cells/mL cannot be right"
        return Refused("lot.count", message, "count again and enter cells per mL, such as 2e7")
    event = e.LotManufactured(
        command.lot, command.product, command.donor, command.day, command.recipient, command.cells_per_ml
    )
    return Outcome((event,), (*future(command.day, s), *_wrong_donor(product, command.donor, command.recipient)))


def _wrong_donor(product: Product, donor: str, recipient: str) -> tuple[Refused, ...]:
    place = "products." + product.name
    if product.donor == "patient" and donor != recipient:
        message = f"{product.name} is the patient's own, but the donor is {donor!r} and the recipient {recipient!r}"
        return (Refused(f"{place}.donor", message, "donor and recipient are the same participant"),)
    if product.donor != "third party" and not recipient:
        return (Refused(f"{place}.donor", f"{product.name} is made for one recipient", "name the recipient"),)
    return ()


def _lot(s: Situation, name: str) -> Lot | Refused:
    found = s.state.lots.get(name)
    if found is not None:
        return found
    close = nearest(name, s.state.lots)
    hint = f"did you mean {close}?" if close else "let the laboratory record the lot first"
    return Refused("lot.unknown", f"there is no lot {name!r}", hint)


def _product(s: Situation, name: str) -> Product:
    """The product of a lot, as the protocol in force has it, or the newest version that still has it."""
    newest_first = (s.protocols[number] for number in sorted(s.protocols, reverse=True))
    return next(each.products[name] for each in (s.protocol(), *newest_first) if name in each.products)


def test_lot(s: Situation, command: c.TestLot) -> Outcome | Refused:
    """A result of a test the product asks for, in a unit that fits."""
    lot = _lot(s, command.lot)
    if isinstance(lot, Refused):
        return lot
    tests = {test.test: test for test in _product(s, lot.product).release}
    test = tests.get(command.test)
    if test is None:
        close = nearest(command.test, tests)
        hint = f"did you mean {close}?" if close else f"tests: {', '.join(tests) or 'none'}"
        return Refused("lot.test", f"{lot.product} is not tested for {command.test!r}", hint)
    passed = passes(test, command.value, command.unit)
    if isinstance(passed, Refused):
        return passed
    event = e.LotTested(command.lot, command.test, command.value, command.day, command.unit)
    return Outcome((event,), (*future(command.day, s), *_tested_before(lot, command.test)))


test_lot.__test__ = False  # type: ignore[attr-defined]  # a decider, not a test case


def _tested_before(lot: Lot, test: str) -> tuple[Refused, ...]:
    """A test is not repeated until it passes: a second result is recorded with a reason, and the first one stays."""
    before = [each for each in lot.tests if each.test == test]
    if not before:
        return ()
    message = f"{test} of lot {lot.lot} has a result already: {_result(before[-1])} in entry {before[-1].entry}"
    hint = "correct that entry if it was misread; if the lot was tested again, say why"
    return (Refused("lot.retest", message, hint),)


def _result(test: LotTest) -> str:
    """A result with its unit."""
    return test.value if isinstance(test.value, str) else f"{plain(exact(test.value))} {test.unit}".rstrip()


def passes(test: ReleaseTest, value: float | str, unit: str) -> bool | Refused:
    """Whether a result passes a release test; refused when the two cannot be compared."""
    rule = f"release.{test.test}"
    if isinstance(test.limit, str):
        asked = f"enter the result in a word, such as {test.limit}"
        return value == test.limit if isinstance(value, str) else Refused(rule, f"{value} is no word", asked)
    if isinstance(value, str):
        return Refused(rule, f"{value!r} is no number", f"enter the result in {test.unit}")
    if test.unit and not unit:
        return Refused(rule, f"{value:g} has no unit", f"enter the result in {test.unit}")
    try:
        number = Quantity(exact(value), unit).to(test.unit).value
    except ValueError as error:
        return Refused(rule, str(error), f"enter the result in {test.unit}")
    return {
        "<": number < test.limit,
        "<=": number <= test.limit,
        ">": number > test.limit,
        ">=": number >= test.limit,
        "=": number == test.limit,
    }[test.op]


def release(s: Situation, command: c.ReleaseLot) -> Outcome | Refused:
    """A lot is released when every result of every test passed; the release is signed.

    One whose release does not stand any more, because a result was corrected or a later one failed, is released anew.
    """
    lot = _lot(s, command.lot)
    if isinstance(lot, Refused):
        return lot
    if lot.status == "rejected" or (lot.status == "released" and not _overtaken(s, lot)):
        return Refused("lot.status", f"lot {lot.lot} is {lot.status}", "nothing to do")
    breaches = (*future(command.day, s), *_failed_tests(_product(s, lot.product), lot))
    evidence = (lot.entry, *(test.entry for test in lot.tests))
    return Outcome((e.LotReleased(command.lot, command.day),), breaches, evidence)


def _overtaken(s: Situation, lot: Lot) -> tuple[Refused, ...]:
    """What has happened to a released lot since: its signature fell, or a later test failed."""
    meaning = MEANINGS[c.ReleaseLot]
    signed = [each for each in s.state.signatures if each.meaning == meaning and lot.decided in each.of]
    if not any(s.state.stands(each) for each in signed):
        message = f"what was signed for the release of lot {lot.lot} has been corrected since"
        return (Refused("lot.changed", message, "let the laboratory release the lot again"),)
    since = msgspec.structs.replace(lot, tests=tuple(test for test in lot.tests if test.entry > lot.decided))
    product, later = _product(s, lot.product), {test.test for test in since.tests}
    return tuple(_failed_tests(replace(product, release=tuple(t for t in product.release if t.test in later)), since))


def _failed_tests(product: Product, lot: Lot) -> list[Refused]:
    """What speaks against a lot. Every result counts: one that failed is not undone by a later one, only corrected."""
    breaches = []
    for test in product.release:
        results = [each for each in lot.tests if each.test == test.test]
        failed = [each for each in results if passes(test, each.value, each.unit) is not True]
        rule, named = f"release.{test.test}", f"{test.test} of lot {lot.lot}"
        if not results:
            breaches.append(Refused(rule, f"{named} has no result", "test the lot before its release"))
        elif failed:
            breaches.append(_failed(rule, named, test, failed[-1], results[-1]))
    return breaches


def _failed(rule: str, named: str, test: ReleaseTest, failed: LotTest, last: LotTest) -> Refused:
    limit = test.limit if isinstance(test.limit, str) else f"{plain(test.limit)} {test.unit}".strip()
    asked = f"the protocol asks for {test.op} {limit}"
    if failed is last:
        return Refused(rule, f"{named} is {_result(failed)}, {asked}", "reject the lot")
    again = f"tested again it is {_result(last)} (entry {last.entry})"
    message = f"{named} was {_result(failed)} (entry {failed.entry}), {asked}; {again}"
    hint = "a result that failed counts until it is corrected: reject the lot, or say why the later one counts"
    return Refused(rule, message, hint)


def reject(s: Situation, command: c.RejectLot) -> Outcome | Refused:
    """A lot is ruled out, also after its release."""
    lot = _lot(s, command.lot)
    if isinstance(lot, Refused):
        return lot
    if lot.status == "rejected":
        return Refused("lot.status", f"lot {lot.lot} is rejected already", "nothing to do")
    return Outcome((e.LotRejected(command.lot, command.day, command.reason),), future(command.day, s))


# ---------------------------------------------------------------- the dose


def _dose(s: Situation, participant: str, name: str) -> tuple[Participant, Visit, Dose] | Refused:
    person = s.person(participant)
    if isinstance(person, Refused):
        return person
    visit = s.visit(person, name)
    if isinstance(visit, Refused):
        return visit
    protocol = s.protocol(person)
    if not visit.give:
        giving = ", ".join(each.name for each in protocol.visits_giving())
        return Refused("visit.no_dose", f"no dose is given at {name}", f"doses are given at {giving}")
    return person, visit, protocol.doses[visit.give]


def decide_level(s: Situation, command: c.DecideDoseLevel) -> Outcome | Refused:
    """The modification table decides the rung of a ladder for this visit."""
    found = _dose(s, command.participant, command.visit)
    if isinstance(found, Refused):
        return found
    person, visit, dose = found
    if escalating.governed(s, person, dose):
        event, evidence = escalating.decided(s, person, visit, dose, command.day)
        return Outcome((event,), future(command.day, s), evidence)
    rung = dosing.next_rung(dose, s.case(person, command.day))
    if isinstance(rung, Refused):
        return rung
    level = float(rung.level.value) if rung.level else 0.0
    event = e.DoseLevelDecided(
        person.id, visit.name, dose.name, command.day, rung.adjustment, level, rung.verdict.reason
    )
    return Outcome((event,), future(command.day, s), rung.verdict.evidence)


def infuse(s: Situation, command: c.InfuseCells) -> Outcome | Refused:
    """Cells are given: everything that must be true first is checked, and what was delivered is worked out."""
    found = _dose(s, command.participant, command.visit)
    if isinstance(found, Refused):
        return found
    person, visit, dose = found
    protocol, case = s.protocol(person), s.case(person, command.day)
    if any(given.visit == visit.name for given in person.chart.infusions):
        return Refused(
            "dose.twice", f"the dose of {visit.name} is recorded already", "correct that entry if it is wrong"
        )
    level, undecided = _level(s, person, visit, dose, command)
    given = _given(protocol, dose, case, command, level)
    if isinstance(given, Refused):
        return given
    event, off = given
    breaches = (
        *future(command.day, s),
        *undecided,
        *_may_not_dose(s, person, visit, case),
        *_may_not_use(s, protocol, person, dose, command),
        *off,
    )
    return Outcome((event,), breaches)


def _level(
    s: Situation, person: Participant, visit: Visit, dose: Dose, command: c.InfuseCells
) -> tuple[Quantity, tuple[Refused, ...]]:
    """The amount for this visit, and what stands against it: as stated, as decided, or as the design says."""
    if escalating.governed(s, person, dose):
        return escalating.asked(s, person, visit, dose, command)
    level, undecided = _decided(person, visit, dose, command.day)
    if command.level is None or command.level == float(level.value):
        return level, undecided
    stated = Quantity(exact(command.level), level.unit)
    message = f"{level} are planned at {visit.name}, not {stated}"
    return stated, (*undecided, Refused("dosing.level", message, "leave the level out, or say why it is another"))


def _decided(person: Participant, visit: Visit, dose: Dose, day: date) -> tuple[Quantity, tuple[Refused, ...]]:
    """The amount for this visit: the rung decided for it, else the last one given, which is then a breach."""
    given = [each for each in person.chart.infusions if each.dose == dose.name and each.day <= day]
    if not dose.adjust or not given:
        return dose.amount, ()
    last = Quantity(exact(given[-1].level), dose.amount.unit)
    decided = [each for each in person.levels if each.visit == visit.name]
    if not decided:
        message, hint = f"no rung is decided for {visit.name}", "let an investigator decide the dose level"
        return last, (Refused("dosing.level", message, hint),)
    if decided[-1].adjustment in ("hold", "stop"):
        message = f"{dose.adjust} says {decided[-1].adjustment} for {visit.name}"
        return last, (Refused("dosing.level", message, "record the dose as omitted, or decide the level again later"),)
    return Quantity(exact(decided[-1].level), dose.amount.unit), ()


def _given(
    protocol: Protocol, dose: Dose, case: Case, command: c.InfuseCells, level: Quantity
) -> tuple[e.CellsInfused, tuple[Refused, ...]] | Refused:
    """The infusion with prescribed and delivered cells, and a breach where the two are too far apart."""
    measured = (command.cells_per_ml, command.viability_percent, command.volume_ml, command.level or 0.0)
    if not all(isfinite(each) for each in measured):
        return Refused("dosing.number", "count, viability and volume must be numbers", "enter what was measured")
    count, viability, volume = (exact(x) for x in (command.cells_per_ml, command.viability_percent, command.volume_ml))
    wrong = dosing.check_product(protocol, dose.name, count, viability)
    if wrong:
        return wrong
    if volume <= 0:
        return Refused("dosing.volume", f"{plain(volume)} mL cannot have been given", "enter the volume in mL")
    prescription = dosing.prescribe(protocol, dose, _weight(dose, case, command.visit), level)
    if isinstance(prescription, Refused):
        return prescription
    delivery = dosing.deliver(dose, prescription, count, viability, volume)
    weight = None if prescription.weight_kg is None else float(prescription.weight_kg)
    event = e.CellsInfused(
        command.participant, command.visit, dose.name, command.lot, command.day, float(level.value),
        float(prescription.cells), command.cells_per_ml, command.viability_percent, command.volume_ml,
        float(delivery.cells), weight,
    )  # fmt: skip
    return event, _off(dose, event, delivery, volume)


def _off(dose: Dose, event: e.CellsInfused, delivery: dosing.Delivery, volume: Fraction) -> tuple[Refused, ...]:
    """The breaches that lie in what was given: too few or too many cells, too little or too much fluid."""
    found = []
    if delivery.within is False and dose.tolerance is not None:
        low, high = (plain(each) for each in dose.tolerance)
        share = plain(round(delivery.percent, 1))
        message = (
            f"{share} % of the prescribed cells were delivered at {event.visit}, the protocol allows {low} to {high} %"
        )
        hint = "check count, viability and volume; if they are right, say why"
        found.append(Refused("dosing.tolerance", message, hint))
    if not dosing.fits(dose, volume):
        message = f"{plain(volume)} mL were given at {event.visit}, the protocol gives {dosing.planned_volume(dose)}"
        found.append(Refused("dosing.volume", message, "check the volume; if it is right, say why"))
    return tuple(found)


def _weight(dose: Dose, case: Case, visit: str) -> Fraction | None:
    """The weight that counts, in kg: of the visit the dose rule names, or of this one."""
    if dose.weight is None:
        return None
    fact = case.protocol.facts[dose.weight.fact]
    number = latest(fact, At(Anchor(dose.weight.at or visit)), case).number
    return None if number is None else dosing.to_kg(number, fact)


def _may_not_dose(s: Situation, person: Participant, visit: Visit, case: Case) -> tuple[Refused, ...]:
    """The order of things, the condition of the visit, and the holds that stand."""
    breaches = _out_of_order(person, visit, case.today)
    if visit.condition is not None:
        verdict = judge(visit.condition, case)
        if verdict.truth is not True:
            hint = f"settle: {', '.join(verdict.settle)}" if verdict.settle else "record the dose as omitted"
            breaches.append(
                Refused(
                    f"schedule.{visit.name}", verdict.reason, hint, (case.protocol.place(f"schedule.{visit.name}"),)
                )
            )
    for hold in s.state.standing():
        if hold.participant in ("", person.id) and hold.dose in ("", visit.give):
            hint = f"it is lifted by signing the release of entry {hold.entry}"
            breaches.append(Refused(f"hold.{hold.rule}", f"{hold.rule} stands: {hold.reason}", hint))
    return tuple(breaches)


def _out_of_order(person: Participant, visit: Visit, day: date) -> list[Refused]:
    """A dose comes after enrolment, while the person is in the trial, at a visit that took place."""
    breaches, enrolled, attended = [], person.chart.enrolled, person.chart.visit_day(visit.name)
    if enrolled is None:
        breaches.append(Refused("enrolment.missing", f"{person.id} is not enrolled", "enrol the person first"))
    elif person.status != "enrolled":
        breaches.append(Refused("participant.ended", f"{person.id} is {person.status}", "no dose is planned any more"))
    elif day < enrolled:
        message = f"{person.id} was enrolled on {enrolled}, after {day}"
        breaches.append(Refused("enrolment.order", message, "enter the day on which the dose was given"))
    if attended is None:
        breaches.append(Refused("visit.missing", f"{visit.name} is not recorded as attended", "record the visit first"))
    elif day < attended:
        message = f"{visit.name} took place on {attended}, after {day}"
        breaches.append(Refused("visit.order", message, "enter the day on which the dose was given"))
    return breaches


def _may_not_use(
    s: Situation, protocol: Protocol, person: Participant, dose: Dose, command: c.InfuseCells
) -> tuple[Refused, ...]:
    """A released lot of the right product for the right recipient."""
    lot = _lot(s, command.lot)
    if isinstance(lot, Refused):
        return (lot,)
    breaches = []
    if lot.product != dose.product:
        message = f"lot {lot.lot} is {lot.product}, {command.visit} gives {dose.product}"
        breaches.append(Refused("lot.product", message, f"take a lot of {dose.product}"))
    if lot.status != "released":
        breaches.append(Refused("lot.status", f"lot {lot.lot} is {lot.status}, not released", "release the lot first"))
    else:
        breaches += _overtaken(s, lot)
    if command.day < lot.day:
        message = f"lot {lot.lot} was made on {lot.day}, after {command.day}"
        breaches.append(Refused("lot.order", message, "check the lot and the day"))
    if protocol.products[dose.product].donor != "third party" and lot.recipient != person.id:
        message = f"lot {lot.lot} was made for {lot.recipient or 'nobody'}, not for {person.id}"
        breaches.append(Refused("lot.recipient", message, "check the identity of patient and bag"))
    return tuple(breaches)


def omit(s: Situation, command: c.OmitDose) -> Outcome | Refused:
    """A planned dose is left out, with its reason."""
    found = _dose(s, command.participant, command.visit)
    if isinstance(found, Refused):
        return found
    person, visit, dose = found
    if any(given.visit == visit.name for given in person.chart.infusions):
        return Refused("dose.twice", f"the dose of {visit.name} was given", "correct that entry if it is wrong")
    event = e.DoseOmitted(person.id, visit.name, dose.name, command.day, command.reason)
    return Outcome((event,), future(command.day, s))
