"""Adverse events -> holds: which hold rules are true for whom, on what evidence, and who must sign to lift them.

Takes the protocol, everybody's charts and a day; gives the holds that have come to be true. A hold of a dose or of the
trial whose rule speaks of one person, such as a death, is true as soon as it is true of anybody. Which grade a
laboratory value has is worked out by `ctcae`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from stromal.protocol import tree as t
from stromal.protocol.model import Hold, Predicate, Protocol, conditions
from stromal.rules.chart import Chart
from stromal.rules.evaluate import held, judge
from stromal.rules.timing import Case
from stromal.values import Verdict


@dataclass(frozen=True, slots=True)
class Triggered:
    """A hold whose rule is true: for whom (nobody in particular at dose and trial level) and on which entries."""

    hold: Hold
    participant: str
    verdict: Verdict


def triggered(
    hold: Hold, protocol: Protocol, asked: Sequence[Chart], everybody: Sequence[Chart], today: date
) -> tuple[Triggered, ...]:
    """For whom of those asked a hold's rule is true today; one of a dose or the trial is true once, on all evidence."""
    people = tuple(everybody)
    alone = hold.level != "participant" and _of_the_trial(hold.when, protocol)
    true = [(chart, verdict) for chart in ((Chart(),) if alone else asked)
            if (verdict := held(hold, Case(protocol, chart, today, people))).truth]  # fmt: skip
    if hold.level == "participant":
        return tuple(Triggered(hold, chart.participant, verdict) for chart, verdict in true)
    return (Triggered(hold, "", _together(true)),) if true else ()


def _of_the_trial(expr: t.Expr, protocol: Protocol) -> bool:
    """Whether a condition speaks of nobody in particular: all it looks at it counts over the participants."""
    match expr:
        case t.Count(t.PARTICIPANTS):
            return True
        case t.Ref(rule):
            return all(_of_the_trial(condition, protocol) for condition in conditions(protocol.rules[rule]))
        case t.Number():
            return True
    inside = t.children(expr)
    return (
        bool(inside)
        and not isinstance(expr, t.Count | t.Extreme)
        and all(_of_the_trial(each, protocol) for each in inside)
    )


def asked_of_each(expr: t.Expr, protocol: Protocol) -> tuple[t.Expr, ...] | None:
    """What a rule about the trial asks of each participant; None where the answer about one rests on the others too."""
    asked = tuple(_counted(expr, protocol)) if _of_the_trial(expr, protocol) else (expr,)
    return None if any(True for each in asked for _ in _counted(each, protocol)) else asked


def _counted(expr: t.Expr, protocol: Protocol) -> Iterator[t.Expr]:
    """What the counts of participants in a condition ask, through the rules it rests on."""
    match expr:
        case t.Count(t.PARTICIPANTS, where):
            yield where or expr
        case t.Ref(rule):
            for condition in conditions(protocol.rules[rule]):
                yield from _counted(condition, protocol)
        case _:
            for inside in t.children(expr):
                yield from _counted(inside, protocol)


def _together(true: Sequence[tuple[Chart, Verdict]]) -> Verdict:
    """One verdict for a hold that is true of several people, on all of their entries."""
    reason = "; ".join(f"{chart.participant}: {each.reason}" if chart.participant else each.reason
                       for chart, each in true)  # fmt: skip
    return Verdict(True, reason, tuple(dict.fromkeys(entry for _, each in true for entry in each.evidence)))


def holds(protocol: Protocol) -> tuple[Hold, ...]:
    """The holds of a protocol in file order."""
    return tuple(rule for rule in protocol.rules.values() if isinstance(rule, Hold))


def declared(rule: Predicate, protocol: Protocol, charts: Sequence[Chart], today: date) -> Verdict:
    """Whether a rule that declares something for the whole trial is true today."""
    return judge(rule.when, Case(protocol, Chart(), today, tuple(charts)))


def declaring(protocol: Protocol) -> tuple[Predicate, ...]:
    """The rules that declare something for the whole trial."""
    return tuple(rule for rule in protocol.rules.values() if isinstance(rule, Predicate) and rule.declares)
