"""Adverse events -> holds: which hold rules are true for whom, on what evidence, and who must sign to lift them.

Takes the protocol, everybody's charts and a day; gives the holds that have come to be true. A hold that was lifted
comes back only on new evidence. Which grade a laboratory value has is worked out by `ctcae`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from stromal.protocol.model import Hold, Predicate, Protocol
from stromal.rules.chart import Chart
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Verdict


@dataclass(frozen=True, slots=True)
class Triggered:
    """A hold whose rule is true: for whom (nobody in particular at dose and trial level) and on which entries."""

    hold: Hold
    participant: str
    verdict: Verdict


def triggered(
    protocol: Protocol, charts: Sequence[Chart], today: date, about: Iterable[str] | None = None
) -> tuple[Triggered, ...]:
    """The holds whose rule is true today; participant-level ones only for the people named in `about` (all if None)."""
    found: list[Triggered] = []
    people = tuple(charts)
    asked = None if about is None else frozenset(about)
    for hold in holds(protocol):
        if hold.level == "participant":
            chosen = [chart for chart in people if asked is None or chart.participant in asked]
        else:
            chosen = [Chart()]
        for chart in chosen:
            verdict = judge(hold.when, Case(protocol, chart, today, people))
            if verdict.truth:
                found.append(Triggered(hold, chart.participant, verdict))
    return tuple(found)


def holds(protocol: Protocol) -> tuple[Hold, ...]:
    """The holds of a protocol in file order."""
    return tuple(rule for rule in protocol.rules.values() if isinstance(rule, Hold))


def declarations(protocol: Protocol, charts: Sequence[Chart], today: date) -> tuple[tuple[Predicate, Verdict], ...]:
    """The rules that declare something for the whole trial and are true today."""
    case = Case(protocol, Chart(), today, tuple(charts))
    judged = [(rule, judge(rule.when, case)) for rule in declaring(protocol)]
    return tuple((rule, verdict) for rule, verdict in judged if verdict.truth)


def declaring(protocol: Protocol) -> tuple[Predicate, ...]:
    """The rules that declare something for the whole trial."""
    return tuple(rule for rule in protocol.rules.values() if isinstance(rule, Predicate) and rule.declares)
