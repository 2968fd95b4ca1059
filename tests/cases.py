"""Reads the cases of the protocols and works out what the rules make of each: one answer a case, in its words.

A case file is written by people who know the trial. Each case gives one thing and what is expected of it:

    person     a person as `stromal screen` reads them; `like` names one of the `persons` that the case only changes,
               where `unrecorded` takes something away
    dose       visit, weight, count, viability
    course     days on which visits were done and doses given, adverse events, the day on which is asked
    calendar   the day of day 0, and the days on which visits were done
    cohorts    on each day the level given and a letter for each person, N or T for a toxicity two days later; the day
               on which is asked; the events of a boundary by the number of the person
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import five_files
from stromal.protocol.file import load
from stromal.protocol.model import Escalation, Hold, Protocol
from stromal.protocol.nodes import yaml
from stromal.protocol.tree import Ref
from stromal.read import person
from stromal.rules import dosing, eligibility, schedule
from stromal.rules.chart import AdverseEvent, Chart, Infusion, VisitDone
from stromal.rules.escalation import Stop, standing
from stromal.rules.evaluate import held, judge
from stromal.rules.timing import Case
from stromal.values import Quantity, Refused, exact, quantity

FOLDER = Path(__file__).parents[1] / "protocols" / "cases"
TAKEN_AWAY = "unrecorded"
KINDS = ("person", "dose", "course", "calendar", "cohorts")
_TRUTHS = {"yes": True, "no": False}
EXAMPLE = Path(__file__).parents[1] / "docs" / "escalation.yaml"
Node = Mapping[str, Any]


@cache
def protocol_of(trial: str) -> Protocol:
    """One of the five, or the example of the manual."""
    if trial == "EXAMPLE-2":
        return load(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name).require()
    return five_files.protocol(trial)


@dataclass(frozen=True, slots=True)
class Written:
    """A case as it is written: the trial, its name, what it is about, what is given and what is expected."""

    trial: str
    name: str
    kind: str
    given: Node
    expect: Node


def read(path: Path) -> tuple[Written, ...]:
    """The cases of a file."""
    root = yaml().load(path.read_text(encoding="utf-8"))
    only(root, "trial", "persons", "cases")
    return tuple(_case(root["trial"], node, root.get("persons", {})) for node in root["cases"])


def _case(trial: str, node: Node, persons: Node) -> Written:
    only(node, "name", "like", "expect", *KINDS)
    kinds = [kind for kind in KINDS if kind in node] or ["person"]
    assert len(kinds) == 1, f"{node['name']} is about {' and '.join(kinds)}; write a case for each"
    given = node.get(kinds[0], {})
    given = changed(persons[node["like"]], given) if "like" in node else given
    assert node["expect"], f"{node['name']} expects nothing"
    return Written(trial, node["name"], kinds[0], given, node["expect"])


def only(node: Node, *known: str) -> None:
    """A slip of the pen in a key must not make a case that cannot fail."""
    unknown = [key for key in node if key not in known]
    assert not unknown, f"{', '.join(map(str, unknown))}: known here are {', '.join(known)}"


def changed(base: Node, changes: Node) -> dict[str, Any]:
    """A person with some things changed or taken away, inside the sections too."""
    found = dict(base)
    for key, value in changes.items():
        if value == TAKEN_AWAY:
            del found[key]
        elif key in ("facts", "episodes", "answers", "visits"):
            found[key] = changed(base.get(key, {}), value)
        else:
            found[key] = value
    return found


# ---------------------------------------------------------------- what the rules make of it


def answer(case: Written) -> dict[str, Any]:
    """What the rules say to what is given, under the keys that a case may expect."""
    protocol = protocol_of(case.trial)
    match case.kind:
        case "person":
            return screened(case, protocol)
        case "dose":
            return dosed(case.given, protocol)
        case "course":
            return followed(case, protocol)
        case "cohorts":
            return climbed(case.given, protocol)
    return planned(case.given, protocol)


def screened(case: Written, protocol: Protocol) -> dict[str, Any]:
    """The verdict on a person, criterion by criterion."""
    only(case.expect, "verdict", "criteria", "settle")
    text = StringIO()
    yaml().dump(dict(case.given), text)
    described = person.parse(text.getvalue(), f"{case.name}.yaml", protocol)
    found = eligibility.screen(Case(protocol, described.chart, described.on))
    criteria = {line.criterion.name: line.verdict.word for line in found.lines}
    return {"verdict": found.verdict.word, "criteria": criteria, "settle": sorted(found.verdict.settle)}


def dosed(given: Node, protocol: Protocol) -> dict[str, Any]:
    """What is to be given at a visit, or why not."""
    only(given, "visit", "weight", "count", "viability", "level")
    visit = protocol.visit(given["visit"])
    assert visit is not None
    rule = protocol.doses[visit.give]
    weight = amount(given["weight"], "kg") if "weight" in given else None
    level = Quantity(exact(str(given["level"])), rule.amount.unit) if "level" in given else None
    prescribed = dosing.prescribe(protocol, rule, weight, level)
    if isinstance(prescribed, Refused):
        return {"refused": prescribed.rule}
    made = dosing.prepare(
        protocol, prescribed, amount(given["count"], "cells/mL"), amount(given["viability"], "%")
    )  # fmt: skip
    if isinstance(made, Refused):
        return {"refused": made.rule}
    findings = [each.code for each in made.findings]
    return {"prescribed_cells": prescribed.cells, "volume_ml": made.volume_ml, "finding": " ".join(findings)}


def amount(written: object, unit: str) -> Fraction:
    """A number with its unit, in the unit that is asked for."""
    return quantity(str(written)).to(unit).value


def followed(case: Written, protocol: Protocol) -> dict[str, Any]:
    """Which rules hold after a course, and where the table of the dose leads."""
    only(case.given, "on", "done", "given", "level", "events")
    asked = Case(protocol, chart(case.given, protocol), case.given["on"])
    rules = {name: judge(Ref(name), asked).word for name in case.expect.get("rules", {})}
    if "adjustment" not in case.expect:
        return {"rules": rules}
    rung = dosing.next_rung(next(iter(protocol.doses.values())), asked)
    if isinstance(rung, Refused):
        return {"rules": rules, "adjustment": "unknown", "refused": rung.rule}
    level = rung.level.value if rung.level else "none"
    return {"rules": rules, "adjustment": rung.adjustment, "level": level}


def climbed(given: Node, protocol: Protocol) -> dict[str, Any]:
    """Where the escalation stands, and whether the boundary was reached."""
    only(given, "on", "given", "events")
    rule, hold = protocol.rules["escalation"], protocol.rules["held"]
    assert isinstance(rule, Escalation)
    assert isinstance(hold, Hold)
    charts = tuple(_climbers(given, protocol, rule.dose))
    found = standing.standing(rule, protocol, charts, given["on"])
    stop = isinstance(found.advice, Stop)
    verdict = held(hold, Case(protocol, Chart(), given["on"], charts))
    return {
        "cohorts": found.written, "next": "stop" if stop else "wait" if found.waiting else "treat",
        "level": "none" if found.level is None or found.waiting else found.level + 1, "why": found.advice.reason,
        "earliest": found.earliest, "held": verdict.word, "events": verdict.reason,
    }  # fmt: skip


def _climbers(given: Node, protocol: Protocol, dose: str) -> Iterator[Chart]:
    """Everybody who was given a level, in order; number 1 is the first."""
    number = 0
    for day, written in given["given"].items():
        level = float(protocol.doses[dose].ladder[int(written[0]) - 1].value)
        for sign in written[1:]:
            number += 1
            onset = day + timedelta(days=2)
            grade = 4 if number in given.get("events", ()) else 3
            toxic = sign == "T" or grade == 4
            infusion = Infusion("infusion", dose, "L1", day, level, level, level, 5.0, entry=10 * number)
            events = (AdverseEvent("AE1", "Fever", grade, onset, True, entry=10 * number + 1),) if toxic else ()
            yield Chart(f"P{number}", day, day, infusions=(infusion,), adverse_events=events)


def chart(given: Node, protocol: Protocol) -> Chart:
    """What is recorded of a course; a dose also makes its visit."""
    doses = tuple(_doses(given, protocol))
    done = tuple(VisitDone(visit, day) for visit, day in {**given.get("done", {}), **given.get("given", {})}.items())
    events = tuple(_event(number, node) for number, node in enumerate(given.get("events", ()), 1))
    return Chart(participant="P1", visits=done, infusions=doses, adverse_events=events)


def _doses(given: Node, protocol: Protocol) -> Iterator[Infusion]:
    for name, day in given.get("given", {}).items():
        visit = protocol.visit(name)
        assert visit is not None
        assert visit.give, f"no dose is given at {name}"
        level = float(given.get("level", protocol.doses[visit.give].amount.value))
        yield Infusion(name, visit.give, "L1", day, level, level, level, 5.0)


def _event(number: int, node: Node) -> AdverseEvent:
    only(node, "term", "grade", "onset", "related", "serious")
    related, serious = (_TRUTHS[node[key]] if key in node else None for key in ("related", "serious"))
    return AdverseEvent(f"AE{number}", node["term"], node["grade"], node["onset"], related, serious)


def planned(given: Node, protocol: Protocol) -> dict[str, Any]:
    """First, last and target day of every visit, and where it stands."""
    only(given, "anchor", "on", "done", "given", "events")
    asked = Case(protocol, chart(given, protocol), given.get("on", given["anchor"]))
    return {
        each.name: {"first": each.window.first, "last": each.window.last, "target": each.target, "status": each.status}
        for each in schedule.calendar(asked, given["anchor"])
    }


# ---------------------------------------------------------------- whether that is what was expected


def check(case: Written) -> None:
    """Compare what the rules say with what the case expects. What a case leaves out must be as it usually is."""
    found = answer(case)
    match case.kind:
        case "person":
            _check_person(case.expect, found)
        case "calendar":
            _check_calendar(case.expect, found)
        case _:
            usual = {"finding": ""} if "prescribed_cells" in found else {}
            only(case.expect, *found)
            for name, value in {**usual, **case.expect}.items():
                assert _same(value, found[name]), f"{name} is {found[name]}, expected {value}"


def _check_person(expect: Node, found: Node) -> None:
    """A criterion that is not named is met, and nothing is left to settle that is not named."""
    usual = dict.fromkeys(found["criteria"], "met")
    only(expect.get("criteria", {}), *usual)
    assert found["criteria"] == {**usual, **expect.get("criteria", {})}
    assert found["verdict"] == expect["verdict"]
    assert found["settle"] == sorted(expect.get("settle", ()))


def _check_calendar(expect: Node, found: Node) -> None:
    """A visit that is expected to be `none` is not in the calendar at all."""
    for visit, days in expect.items():
        if days == "none":
            assert visit not in found
            continue
        only(days, "first", "last", "target", "status")
        assert {key: found[visit][key] for key in days} == dict(days), visit


def _same(expected: object, found: object) -> bool:
    """Equal, a number as far as its decimals are written."""
    if not isinstance(found, Fraction):
        return expected == found
    stated = exact(float(str(expected)))
    decimals = len(str(float(stated)).partition(".")[2]) if stated.denominator > 1 else 0
    return round(found, decimals) == stated if decimals else found == stated
