"""Rules that name a design, and holds that name a boundary, in plain English."""

from __future__ import annotations

from stromal.protocol import designs as d
from stromal.protocol import english as e
from stromal.protocol import model as m


def design(rule: m.Escalation, protocol: m.Protocol) -> str:
    """What a design does with a dose, in a sentence."""
    watched = [f"for {rule.window}"] if rule.window else []
    watched += [f"until {e.english(rule.seen, protocol)}"] if rule.seen else []
    course = rule.design in d.COURSES
    what = "the doses of a participant" if course else "the level of each cohort"
    counted = "it is moved by" if rule.design == "ladder" else "a participant has a toxicity when"
    said = (
        f"{what} of {e.spoken(rule.dose)} by {rule.design} ({d.DESIGNS[rule.design].says})",
        f"{counted} {e.english(rule.toxicity, protocol)}",
        f"watched {' or '.join(watched)}" if watched else "",
        _numbers(rule.numbers),
    )
    return "; ".join(filter(None, said))


def boundary(named: m.Boundary, protocol: m.Protocol) -> str:
    """When a boundary holds, in a sentence."""
    says = d.BOUNDARIES[named.kind].says
    what = f"more participants of whom this is so than the {named.kind} boundary allows ({says})"
    return "; ".join((f"{what}: {e.english(named.events, protocol)}", _numbers(named.numbers)))


def _numbers(numbers: tuple[tuple[str, d.Number], ...]) -> str:
    return ", ".join(f"{e.spoken(name)} {d.write_number(value)}" for name, value in numbers)
