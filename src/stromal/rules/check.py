"""All checks of a protocol, with those that need designs and boundaries made: step 3 of the walk.

Takes a Protocol that has loaded; gives findings. What `protocol.check` finds in the file itself comes along.
"""

from __future__ import annotations

from collections.abc import Iterator

from stromal.protocol import check as files
from stromal.protocol.check_designs import check_boundaries, check_designs, check_numbers
from stromal.protocol.look import CODES, look_at
from stromal.protocol.model import Escalation, Hold, Protocol
from stromal.rules import boundaries
from stromal.rules.escalation.planned import planned
from stromal.values import Finding


def check(protocol: Protocol) -> tuple[Finding, ...]:
    """Every finding on a protocol, in the order of the file."""
    found = dict.fromkeys((*files.check(protocol), *impossible(protocol)))
    return tuple(sorted(found, key=lambda finding: finding.places[0].line))


def unusable(protocol: Protocol) -> Iterator[Finding]:
    """Errors in designs and boundaries by which no dose could be decided: such a protocol is not adopted."""
    look = look_at(protocol)
    found = (*check_designs(look), *check_numbers(look), *check_boundaries(look), *impossible(protocol))
    return (finding for finding in found if finding.severity == "error")


def impossible(protocol: Protocol) -> Iterator[Finding]:
    """Designs and boundaries that cannot be made of their numbers; no trial can be run by such a protocol."""
    for rule in protocol.rules.values():
        try:
            if isinstance(rule, Escalation) and rule.dose and protocol.doses[rule.dose].ladder:
                planned(rule, protocol)
            elif isinstance(rule, Hold) and rule.boundary:
                boundaries.bounded(rule.boundary)
        except ValueError as error:
            code = "design.impossible" if isinstance(rule, Escalation) else "boundary.impossible"
            number = str(error).partition(" ")[0]
            place = protocol.place(f"rules.{rule.name}.{number}")
            yield Finding(code, CODES[code][0], f"{rule.name}: {error}", (place,), "correct the number")
