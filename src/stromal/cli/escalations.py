"""Where the escalations of a book stand: level, cohorts in notation, what the design says next, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from stromal.cli import show
from stromal.conduct.desk import read_protocols
from stromal.conduct.escalating import stands, treated_charts
from stromal.ledger.state import State
from stromal.protocol.designs import COURSES
from stromal.protocol.model import Escalation, Protocol
from stromal.rules.escalation import Stop
from stromal.rules.escalation.person import course
from stromal.rules.escalation.refusals import spoken
from stromal.rules.escalation.standing import Standing


def _rules(state: State, day: date) -> Iterator[tuple[Protocol, Escalation]]:
    """The designs of the version in force on a day."""
    in_force = [each for each in state.versions if each.effective <= day] or list(state.versions[:1])
    protocol = read_protocols(state)[max(in_force, key=lambda each: (each.effective, each.version)).version]
    for rule in protocol.rules.values():
        if isinstance(rule, Escalation):
            yield protocol, rule


def tell(state: State, day: date) -> None:
    """Print where each escalation stands."""
    for protocol, rule in _rules(state, day):
        if rule.design in COURSES:
            _tell_courses(state, protocol, rule, day)
            continue
        found = stands(state, protocol, rule, day)
        rows = [
            ("cohorts", found.written),
            ("next", _next(protocol, found)),
            ("why", found.advice.reason),
            *_more(found, day),
        ]
        show.table(f"{rule.name} on {day}: {rule.design}", ("what", "how it stands"), rows, wrap=(1,))


def _next(protocol: Protocol, found: Standing) -> str:
    if isinstance(found.advice, Stop):
        return "nobody else is treated"
    level = spoken(protocol, found.rule.dose, found.advice.dose)
    many = found.advice.size
    people = f"{many} {'person' if many == 1 else 'people'}"
    return "open windows are waited for" if found.advice.wait else f"{people} at {level}"


def _more(found: Standing, day: date) -> Iterator[tuple[str, str]]:
    """Who is still watched, who was replaced, and from when on the next person may be treated."""
    if found.waiting:
        yield "watched", ", ".join(f"{x.participant} until {x.until}" if x.until else x.participant
                                   for x in found.waiting)  # fmt: skip
    if found.replaced:
        yield "replaced", ", ".join(each.participant for each in found.replaced)
    if found.earliest is not None and found.earliest > day and not isinstance(found.advice, Stop):
        yield "not before", str(found.earliest)


def _tell_courses(state: State, protocol: Protocol, rule: Escalation, day: date) -> None:
    charts = treated_charts(state)
    found = [(chart.participant, course(rule, protocol, chart, charts, day)) for chart in charts]
    rows = [
        (who, " ".join(str(level + 1) for level in each.given) or "none", _step(protocol, each.step, rule, each.level),
         each.reason)
        for who, each in found
    ]  # fmt: skip
    show.table(f"{rule.name} on {day}: {rule.design}", ("participant", "levels", "next", "why"), rows, wrap=(3,))


def _step(protocol: Protocol, step: str, rule: Escalation, level: int) -> str:
    return {"stop": "no further dose", "wait": "waits"}.get(step) or spoken(protocol, rule.dose, level)


def to_json(state: State, day: date) -> list[dict[str, object]]:
    """The same as data."""
    told: list[dict[str, object]] = []
    for protocol, rule in _rules(state, day):
        if rule.design in COURSES:
            charts = treated_charts(state)
            people = [course(rule, protocol, chart, charts, day) for chart in charts]
            told.append({"rule": rule.name, "design": rule.design, "people": [
                {"participant": chart.participant, "levels": [level + 1 for level in each.given], "next": each.step,
                 "level": each.level + 1 if each.step == "treat" else None, "why": each.reason}
                for chart, each in zip(charts, people, strict=True)
            ]})  # fmt: skip
            continue
        found = stands(state, protocol, rule, day)
        stop = isinstance(found.advice, Stop)
        waits = bool(found.waiting)
        told.append({
            "rule": rule.name, "design": rule.design, "cohorts": [str(each) for each in found.cohorts],
            "aside": [str(each) for each in found.aside], "replaced": [each.participant for each in found.replaced],
            "next": "stop" if stop else "wait" if waits else "treat",
            "level": None if stop or waits or found.level is None else found.level + 1, "why": found.advice.reason,
            "not_before": found.earliest,
        })  # fmt: skip
    return told
