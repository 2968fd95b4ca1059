"""The design that a rule of a protocol names, made for the ladder of its dose.

Takes the rule and the protocol; gives the Design or Course. What the file need not say twice is taken from the dose:
the first level, and the amounts of a model that needs them.
"""

from __future__ import annotations

from functools import lru_cache

from stromal.protocol.designs import DESIGNS, WEIGHING
from stromal.protocol.model import Dose, Escalation, Protocol
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.named import Number, named


def planned(rule: Escalation, protocol: Protocol) -> d.Design | Course:
    """The design of a rule. ValueError where it cannot be made of these numbers."""
    return _made(rule.design, rule.numbers, protocol.doses[rule.dose])


@lru_cache(maxsize=64)
def _made(design: str, given: tuple[tuple[str, Number], ...], dose: Dose) -> d.Design | Course:
    numbers, takes = dict(given), DESIGNS[design].takes
    rungs = [rung.value for rung in dose.ladder]
    first = rungs.index(dose.amount.value) if dose.amount.value in rungs else 0
    if "start" in takes and first:
        numbers.setdefault("start", first + 1)
    if "amounts" in takes:
        numbers.setdefault("amounts", tuple(float(rung) for rung in rungs))
    found = named(design, numbers, len(rungs))
    if isinstance(found, Within | Ladder):
        return found
    if isinstance(start := numbers.get("start", 1), int) and not 1 <= start <= len(rungs):
        raise ValueError(f"start is {start}, and the ladder has {len(rungs)} levels")
    return found


def waits(rule: Escalation) -> bool:
    """Whether the next cohort waits until every window before it has closed; only some designs can weigh open ones."""
    return rule.design not in WEIGHING
