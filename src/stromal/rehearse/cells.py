"""The virtual cell laboratory and bedside: lots made in time, tested, released or rejected, and the dose drawn up."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.protocol.model import Dose, ReleaseTest, Visit, escalation_of
from stromal.rehearse.chance import Chance
from stromal.rehearse.stage import Stage
from stromal.rules import dosing
from stromal.values import Quantity, Refused, exact

_OFF = ("dosing.tolerance", "dosing.volume")
"""Rules against which a dose goes ahead, because it is in the syringe already."""
_USUAL_VOLUME = {"intrathecal": 4.0, "intravenous": 50.0}


class Bench:
    """Makes the product of one participant and draws up the doses."""

    def __init__(self, stage: Stage, code: str, chance: Chance) -> None:
        """A bench without lots."""
        self.stage, self.code, self.chance = stage, code, chance
        self.lots: dict[str, str] = {}
        self.pending: dict[str, date] = {}
        self.attempts: dict[str, int] = {}

    def order(self, visit: Visit, day: date) -> None:
        """Have a lot ready for a visit on a day: made a week before, tested and released on the day before."""
        if visit.name not in self.lots and visit.name not in self.pending:
            self.pending[visit.name] = day
            self.stage.plan(max(self.stage.today(), day - timedelta(days=7)), lambda then: self._make(then, visit, day))

    def expects(self, visit: Visit) -> bool:
        """Whether a lot for the visit is still being made."""
        return visit.name in self.pending

    def _make(self, day: date, visit: Visit, needed: date) -> None:
        dose = self.stage.protocol.doses[visit.give]
        product = self.stage.protocol.products[dose.product]
        attempt = self.attempts[visit.name] = self.attempts.get(visit.name, 0) + 1
        lot = f"{self.code}-{visit.name}-{attempt}"
        donor = self.code if product.donor == "patient" else f"donor of {lot}"
        recipient = "" if product.donor == "third party" else self.code
        self._lab(day, c.ManufactureLot(lot, product.name, donor, day, recipient))
        release = max(day + timedelta(days=1), needed - timedelta(days=1))
        self.stage.plan(release, lambda then: self._test(then, visit, lot))

    def _test(self, day: date, visit: Visit, lot: str) -> None:
        chance = self.chance.of("lot", lot)
        product = self.stage.protocol.products[self.stage.protocol.doses[visit.give].product]
        fails = chance.pick("which", product.release) if product.release and self._bad(chance) else None
        for test in product.release:
            value = result(test, chance, good=test is not fails)
            self._lab(day, c.TestLot(lot, test.test, value, day, test.unit))
        answer = self._lab(day, c.ReleaseLot(lot, day))
        if isinstance(answer, Receipt):
            self.lots[visit.name] = lot
            self.pending.pop(visit.name, None)
            return
        self._lab(day, c.RejectLot(lot, day, answer.message))
        if self.attempts[visit.name] < 2:
            self.stage.plan(day + timedelta(days=1), lambda then: self._make(then, visit, then + timedelta(days=5)))
        else:
            self.pending.pop(visit.name, None)

    def _bad(self, chance: Chance) -> bool:
        return chance.happens("fails", self.stage.scenario.failing_lot)

    def _lab(self, day: date, command: c.Command) -> Receipt | Refused:
        return self.stage.submit(day, "laboratory", command)

    # ------------------------------------------------ the bedside

    def give(self, day: date, visit: Visit) -> Receipt | Refused:
        """Decide the rung where there is a ladder, draw up the dose, and give it."""
        if visit.name not in self.lots:
            return Refused("lot.missing", "no released lot was ready", "make another lot")
        person = self.stage.desk.state().participants[self.code]
        dose = self.stage.protocol.doses[visit.give]
        later = dose.adjust and any(given.dose == dose.name for given in person.chart.infusions)
        if later or escalation_of(self.stage.protocol, dose.name):
            decided = self.stage.submit(day, "investigator", c.DecideDoseLevel(self.code, visit.name, day))
            if isinstance(decided, Refused):
                return decided
            person = self.stage.desk.state().participants[self.code]
        levels = [each.level for each in person.levels if each.visit == visit.name]
        amount = Quantity(exact(levels[-1]), dose.amount.unit) if levels and levels[-1] else dose.amount
        prescription = dosing.prescribe(self.stage.protocol, dose, self._weight(visit, dose), amount)
        if isinstance(prescription, Refused):
            return prescription
        return self._gave(day, self._drawn_up(day, visit, dose, prescription))

    def _gave(self, day: date, command: c.InfuseCells) -> Receipt | Refused:
        """What was drawn up is given; where that is not what was prescribed, the desk is told why."""
        answer = self.stage.submit(day, "investigator", command)
        if isinstance(answer, Refused) and answer.rule in _OFF:
            return self.stage.submit(day, "investigator", command, "no more of the product could be drawn up")
        return answer

    def _weight(self, visit: Visit, dose: Dose) -> Fraction | None:
        if dose.weight is None:
            return None
        at = dose.weight.at or visit.name
        chart = self.stage.desk.state().participants[self.code].chart
        seen = [o.value for o in chart.observations if o.fact == dose.weight.fact and o.visit == at]
        return exact(seen[-1]) if seen and isinstance(seen[-1], int | float) else None

    def _drawn_up(self, day: date, visit: Visit, dose: Dose, prescription: dosing.Prescription) -> c.InfuseCells:
        """A product counted about right for the planned volume, and a volume drawn up close to what is needed."""
        chance = self.chance.of("bedside", visit.name)
        low, high = (float(x) for x in dose.volume) if dose.volume else (0.0, 0.0)
        planned = (low + high) / 2 or _USUAL_VOLUME.get(dose.route, 10.0)
        viability = round(min(99.0, max(81.0, chance.normal("viability", 91, 3))), 1)
        count = float(f"{float(prescription.cells) / planned / viability * 100 * chance.normal('count', 1, 0.01):.3g}")
        needed = float(prescription.cells) / (count * viability / 100)
        given = needed * chance.normal("volume", 1, 0.008)
        if chance.happens("off", self.stage.scenario.off_volume):
            given = needed * (0.7 + 0.15 * chance.uniform("how much"))
        return c.InfuseCells(self.code, visit.name, self.lots[visit.name], day, count, viability, round(given, 2))


def result(test: ReleaseTest, chance: Chance, *, good: bool) -> float | str:
    """A result of a release test that passes, or one that does not."""
    if isinstance(test.limit, str):
        return test.limit if good else f"not {test.limit}"
    limit, drawn = float(test.limit), chance.uniform(f"test/{test.test}")
    room = (100 - limit) if test.unit == "%" else limit
    above = test.op in (">", ">=")
    if good == above:
        return round(limit + (0.1 + 0.8 * drawn) * (room if good else max(room, limit * 0.2)), 2)
    return round(limit * (0.9 - 0.6 * drawn) if test.op != "=" else limit, 2)
