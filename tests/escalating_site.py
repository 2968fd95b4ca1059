"""A trial whose dose a design finds, at a desk: protocols made from the manual's example, and short ways to dose."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from site_desk import Site
from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.conduct.escalating import stands
from stromal.protocol.model import Escalation, Protocol
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.planned import planned
from stromal.rules.escalation.standing import Standing
from stromal.values import Refused

EXAMPLE = (Path(__file__).resolve().parents[1] / "docs" / "escalation.yaml").read_text(encoding="utf-8")
BEGIN = date(2024, 2, 1)
LEVELS = (1e7, 5e7, 1e8)


def text(rule: str = "", **changes: str) -> str:
    """The example with another rule of escalation, a line a number, and other words put in."""
    found = EXAMPLE
    if rule:
        lines = "".join(f"    {line.strip()}\n" for line in rule.splitlines() if line.strip())
        found = re.sub(r"  escalation:\n(    .*\n)+", f"  escalation:\n    of: infusion\n{lines}", found)
        if "toxicity:" not in rule:
            found = found.replace("    of: infusion\n", "    of: infusion\n    toxicity: toxicity\n", 1)
    for old, new in changes.items():
        found = re.sub(rf"\b{old}: .*", f"{old}: {new}", found)
    return found


class Clinic(Site):
    """A desk that doses people along a ladder, all from one lot."""

    def __init__(self, written: str = EXAMPLE) -> None:
        """The trial is open and the lot released."""
        super().__init__(written)
        self.on(BEGIN)
        self.must("laboratory", c.ManufactureLot("L1", "msc", "D1", BEGIN))
        self.must("laboratory", c.TestLot("L1", "sterility", "negative", BEGIN))
        self.must("laboratory", c.ReleaseLot("L1", BEGIN))

    def ready(self, name: str, day: date) -> Clinic:
        """A person who is enrolled and at the visit of the dose."""
        self.on(day)
        self.must("coordinator", c.RegisterParticipant(name, day))
        self.must("coordinator", c.RecordConsent(name, day))
        self.must("coordinator", c.AttendVisit(name, "screening", day))
        self.must("coordinator", c.RecordFact(name, "birth_date", "1980-01-01", day))
        self.must("investigator", c.DecideEligibility(name, day))
        self.must("investigator", c.EnrolParticipant(name, day))
        self.must("coordinator", c.AttendVisit(name, "infusion", day))
        return self

    def give(
        self, name: str, day: date, level: int | None = None, anyway: str = "", visit: str = "infusion"
    ) -> Receipt | Refused:
        """Give a level (from 1) of the ladder, or whatever the desk finds."""
        self.on(day)
        amount = None if level is None else LEVELS[level - 1]
        command = c.InfuseCells(name, visit, "L1", day, (amount or LEVELS[0]) / 4.5, 90.0, 5.0, amount)
        return self.ask("investigator", command, anyway)

    def dosed(self, name: str, day: date, level: int, anyway: str = "") -> Clinic:
        """A person who was given a level."""
        if name not in self.state.participants:
            self.ready(name, day)
        answer = self.give(name, day, level, anyway)
        assert isinstance(answer, Receipt), str(answer)
        return self

    def cohort(self, names: str, day: date, level: int) -> Clinic:
        """People who were given a level on one day; a name that ends in T then has a toxicity."""
        for name in names.split():
            self.dosed(name, day, level)
        for name in names.split():
            if name.endswith("T"):
                self.toxic(name, day + timedelta(days=3))
        return self

    def toxic(self, name: str, onset: date) -> Clinic:
        """A dose-limiting toxicity."""
        self.on(onset).event(name, 3, onset)
        return self

    def standing(self, day: date | None = None) -> Standing:
        """Where the escalation stands."""
        protocol = self.desk.protocol()
        assert protocol is not None
        return stands(self.state, protocol, rule(protocol), day or self.now.date())


def rule(protocol: Protocol) -> Escalation:
    """The rule of escalation."""
    found = protocol.rules["escalation"]
    assert isinstance(found, Escalation)
    return found


def design(protocol: Protocol) -> d.Design:
    """The design that the rule names."""
    found = planned(rule(protocol), protocol)
    assert isinstance(found, d.Finding | d.Modifier)
    return found
