"""Where one person stands in a design that gives each person several doses: within the participant, or on a ladder.

Takes a protocol, the rule, the person's chart and everybody's; gives a Course: the next level, or why there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from stromal.protocol.model import Escalation, Protocol
from stromal.rules.chart import Chart, Infusion
from stromal.rules.escalation import courses as c
from stromal.rules.escalation.planned import planned
from stromal.rules.escalation.treated import given, known_on, level_of
from stromal.rules.evaluate import judge, measure
from stromal.rules.timing import Case
from stromal.values import Truth


@dataclass(frozen=True, slots=True)
class Course:
    """The levels a person was given, and what comes next: a dose at `level`, waiting, or nothing."""

    rule: Escalation
    given: tuple[int, ...]
    step: Literal["treat", "wait", "stop"]
    level: int
    reason: str
    settle: tuple[str, ...] = ()


def course(rule: Escalation, protocol: Protocol, chart: Chart, charts: Sequence[Chart], today: date) -> Course:
    """What the design gives a person next, by what is recorded up to a day."""
    design, (mine_now,) = planned(rule, protocol), known_on((chart,), today)
    case = Case(protocol, mine_now, today, known_on(charts, today))
    if not isinstance(design, c.Within | c.Ladder):
        raise TypeError(f"{rule.name} looks at cohorts, and not at one participant")
    dose = protocol.doses[rule.dose]
    mine = given(chart, rule.dose, today)
    levels = tuple(level_of(dose, each.level) for each in mine)
    so_far = Course(rule, levels, "stop", levels[-1] if levels else 0, "")
    if not levels:
        begun, safe, harmed = _tallied(rule, design, case, len(dose.ladder))
        if begun >= design.people:
            return replace(so_far, reason=f"{begun} people have begun")
        if not c.goes_on(design, safe, harmed):
            return replace(so_far, reason=f"{safe} came through and {harmed} had unacceptable toxicity")
        first = c.next_rung(design, (), len(dose.ladder))
        return replace(so_far, step="treat", level=first or 0, reason="the first dose")
    return _following(design, so_far, mine, case, len(dose.ladder))


def _following(design: c.Course, so_far: Course, mine: tuple[Infusion, ...], case: Case, rungs: int) -> Course:
    """The step after at least one dose."""
    rule, earlier = so_far.rule, [(level, 0) for level in so_far.given[:-1]]
    if isinstance(design, c.Ladder):
        found = measure(rule.toxicity, case)
        if found.value is None:
            return replace(so_far, step="wait", reason=found.reason, settle=found.settle)
        grade, reason = min(5, max(0, int(found.value))), found.reason
    else:
        verdict = judge(rule.toxicity, case)
        if verdict.truth is None:
            return replace(so_far, step="wait", reason=verdict.reason, settle=verdict.settle)
        if not verdict.truth and not _over(rule, mine[-1], case):
            until = rule.window.after(mine[-1].day) if rule.window else None
            why = f"the dose of {mine[-1].day} is watched {f'until {until}' if until else 'still'}"
            return replace(so_far, step="wait", reason=why)
        grade, reason = int(verdict.truth), verdict.reason
    level = c.next_rung(design, [*earlier, (so_far.given[-1], grade)], rungs)
    if level is None:
        return replace(so_far, reason=reason)
    return replace(so_far, step="treat", level=level, reason=reason)


def _over(rule: Escalation, last: Infusion, case: Case) -> bool:
    """Whether the window of the last dose is over."""
    if rule.seen is not None:
        return judge(rule.seen, case).truth is True
    return rule.window is None or case.today > rule.window.after(last.day)


def _tallied(rule: Escalation, design: c.Course, case: Case, rungs: int) -> tuple[int, int, int]:
    """How many began, how many came through every dose, and how many had unacceptable toxicity."""
    begun = safe = harmed = 0
    for chart in case.others:
        mine = given(chart, rule.dose, case.today)
        if not mine:
            continue
        toxic = _harmed(rule, design, mine, case.about(chart))
        doses = rungs if isinstance(design, c.Within) else design.administrations
        begun += 1
        harmed += toxic is True
        safe += toxic is False and len(mine) >= doses and _over(rule, mine[-1], case.about(chart))
    return begun, safe, harmed


def _harmed(rule: Escalation, design: c.Course, mine: Sequence[Infusion], case: Case) -> Truth:
    """Whether a person had unacceptable toxicity; on a ladder the worst grade after any of the doses counts."""
    if isinstance(design, c.Within):
        return judge(rule.toxicity, case).truth
    days = [*(each.day for each in mine[1:]), case.today]
    grades = [measure(rule.toxicity, replace(case, today=day)) for day in days]
    if any(each.low is not None and each.low >= design.unacceptable for each in grades):
        return True
    return None if any(each.value is None for each in grades) else False
