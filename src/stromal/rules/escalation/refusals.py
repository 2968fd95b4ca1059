"""What stands against treating somebody now: another level than the next one, open windows, a stop, days in between.

Takes a Standing or a person's Course, an amount and a day; gives refusals, each with what was seen and the next step.
"""

from __future__ import annotations

from datetime import date

from stromal.protocol.english import amount
from stromal.protocol.model import Protocol
from stromal.rules.escalation.person import Course
from stromal.rules.escalation.standing import Standing
from stromal.rules.escalation.tally import Stop
from stromal.rules.escalation.treated import rung
from stromal.values import Quantity, Refused

_ANYWAY = "or say why it goes ahead all the same"


def spoken(protocol: Protocol, dose: str, level: int) -> str:
    """A level with its amount: `level 2 (50 million cells)`."""
    return f"level {level + 1} ({amount(protocol.doses[dose].ladder[level])})"


def _amount(protocol: Protocol, dose: str, given: Quantity) -> str:
    """An amount with its level, or as none of the ladder."""
    level = rung(protocol.doses[dose], given)
    return f"{amount(given)}, which is no rung" if level is None else spoken(protocol, dose, level)


def against(found: Standing, protocol: Protocol, given: Quantity, day: date) -> tuple[Refused, ...]:
    """The rules that giving the next person this amount on this day would break."""
    rule, told = found.rule, f"so far {found.written}; {found.advice.reason}"
    place = (protocol.place(f"rules.{rule.name}"),)
    if isinstance(found.advice, Stop):
        message = f"{rule.name} treats nobody else: {told}"
        return (Refused("escalation.stop", message, "record the dose as omitted, or amend the protocol", place),)
    broken = []
    if found.advice.wait:
        message = f"{rule.name} waits for {_open(found)}; {told}"
        broken.append(Refused("escalation.wait", message, f"settle: {_settle(found)}", place))
    if found.advice.dose != rung(protocol.doses[rule.dose], given):
        asked = spoken(protocol, rule.dose, found.advice.dose)
        message = f"{rule.name} gives {asked} next, not {_amount(protocol, rule.dose, given)}; {told}"
        broken.append(Refused("escalation.level", message, f"give {asked}, {_ANYWAY}", place))
    if found.earliest is not None and day < found.earliest:
        message = f"{rule.name} treats the next person on {found.earliest} at the earliest; {told}"
        broken.append(Refused("escalation.stagger", message, f"wait until {found.earliest}", place))
    return tuple(broken)


def _open(found: Standing) -> str:
    many = len(found.waiting)
    return f"{many} {'person' if many == 1 else 'people'} still watched ({', '.join(_named(found))})"


def _named(found: Standing) -> list[str]:
    return [f"{each.participant} until {each.until}" if each.until else each.participant for each in found.waiting]


def _settle(found: Standing) -> str:
    """What has to be recorded, or waited for, before the next person."""
    facts = [f"{name} of {each.participant}" for each in found.waiting for name in each.settle]
    days = [each.until for each in found.waiting if each.until is not None and not each.settle]
    until = [f"the windows, the last of which ends on {max(days)}"] if days else []
    seen = [f"that {each.participant} has been seen" for each in found.waiting if not each.settle and not each.until]
    return "; ".join((*facts, *seen, *until))


def against_course(found: Course, protocol: Protocol, given: Quantity) -> tuple[Refused, ...]:
    """The rules that giving a person this amount next would break."""
    rule, place = found.rule, (protocol.place(f"rules.{found.rule.name}"),)
    told = f"so far levels {', '.join(str(each + 1) for each in found.given) or 'none'}; {found.reason}"
    if found.step == "stop":
        hint = "record the dose as omitted"
        return (Refused("escalation.stop", f"{rule.name} gives no further dose: {told}", hint, place),)
    if found.step == "wait":
        hint = f"settle: {', '.join(found.settle)}" if found.settle else "wait until the window is over"
        return (Refused("escalation.wait", f"{rule.name} waits: {told}", hint, place),)
    if found.level != rung(protocol.doses[rule.dose], given):
        asked = spoken(protocol, rule.dose, found.level)
        message = f"{rule.name} gives {asked} next, not {_amount(protocol, rule.dose, given)}; {told}"
        return (Refused("escalation.level", message, f"give {asked}, {_ANYWAY}", place),)
    return ()
