"""Model -> plain English: synopsis, checklist questions, schedule of activities. Step 4 of the walk.

Takes a Protocol; gives frozen parts a page or a terminal can show. What nobody has confirmed is marked in all of them.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from stromal.protocol import english as e
from stromal.protocol import english_designs as ed
from stromal.protocol import tree as t
from stromal.protocol.model import (
    Assumption,
    Criterion,
    DayZero,
    Dose,
    Escalation,
    Hold,
    Protocol,
    Rule,
    Series,
    Table,
    Visit,
    Weight,
)  # fmt: skip
from stromal.protocol.notation import write_when
from stromal.protocol.timeline import Plan, plan
from stromal.values import Duration, plain

_WIDTH = 100
UNCONFIRMED = "assumed, not confirmed"


@dataclass(frozen=True, slots=True)
class Synopsis:
    """What the trial is, line by line: a label and what it says."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion as a question: who answers it, and which answer speaks for taking part."""

    name: str
    says: str
    question: str
    answered_by: str
    wanted: str
    note: str = ""
    src: tuple[str, ...] = ()
    parts: tuple[tuple[int, str], ...] = ()
    """A question of several parts line by line: how deep each is nested, and what it asks. One line is no part."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """All criteria as questions."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """One visit: when, with what leeway, what is given, what is done; its nominal day counted from day 0."""

    visit: str
    when: str
    window: str
    epoch: str
    gives: str
    condition: str
    done: tuple[str, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Activities:
    """The schedule of activities."""

    title: str
    visits: tuple[Activity, ...]


# ---------------------------------------------------------------- synopsis


def synopsis(protocol: Protocol) -> Synopsis:
    """What the trial is, in a dozen lines and one for each dose, rule, objective and assumption."""
    trial, version, population = protocol.trial, protocol.version, protocol.population
    lines = [
        ("Trial", trial.id),
        ("Sponsor", trial.sponsor),
        ("Phase, design", f"{trial.phase}; {trial.design}"),
        ("Planned", f"{trial.planned} participants"),
        ("Version", f"{version.number}, in force from {version.effective}"),
        ("Condition", population.condition),
    ]
    lines += [("Product", f"{each.says} ({_DONORS[each.donor]})") for each in protocol.products.values()]
    lines += [("Dose", _dose(each)) for each in protocol.doses.values()]
    for rule in protocol.rules.values():
        lines.append(("Rule", f"{e.spoken(rule.name)}: {rule.says or _rule_words(protocol, rule)}"))
    for each in protocol.objectives.values():
        lines.append(
            (f"{each.rank.capitalize()} objective", f"{each.says} Measured by {e.english(each.endpoint, protocol)}.")
        )
    lines += [(UNCONFIRMED.capitalize(), f"{each.path}: {each.says}") for each in _unconfirmed(protocol)]
    return Synopsis(trial.title, tuple(lines))


_DONORS = {
    "patient": "the patient's own cells",
    "matched donor": "of a donor chosen for this patient",
    "third party": "of a donor unrelated to the patient",
}


def _dose(dose: Dose) -> str:
    volume = f" in {_range(dose.volume)} mL" if dose.volume else ""
    removed = f" after {plain(dose.removed)} mL are removed" if dose.removed else ""
    tolerance = f"; {_range(dose.tolerance)} % of it is within tolerance" if dose.tolerance else ""
    return f"{e.spoken(dose.name)}: {_amount(dose)}{volume}{removed}, {dose.route or 'route not stated'}{tolerance}"


def _amount(dose: Dose) -> str:
    if dose.ladder:
        rungs = e.listed(tuple(e.number(rung.value) for rung in dose.ladder), "or")
        return f"{rungs} {dose.amount.unit}, {e.number(dose.amount.value)} first"
    cap = f", at most {plain(dose.cap)} kg counted" if dose.cap else ""
    return f"{e.amount(dose.amount)}{_weighed(dose.weight)}{cap}"


def _weighed(weight: Weight | None) -> str:
    if weight is None:
        return ""
    return f" of {e.spoken(weight.fact)} at {e.spoken(weight.at) if weight.at else 'the same visit'}"


def _range(span: tuple[Fraction, Fraction]) -> str:
    low, high = span
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"


def _rule_words(protocol: Protocol, rule: Rule) -> str:
    if isinstance(rule, Escalation):
        return ed.design(rule, protocol)
    if not isinstance(rule, Table):
        boundary = rule.boundary if isinstance(rule, Hold) else None
        return ed.boundary(boundary, protocol) if boundary else e.english(rule.when, protocol)
    told = [f"{row.then} when {e.english(row.when, protocol)}" for row in rule.rows]
    return "; ".join((*told, *([f"otherwise {rule.otherwise}"] if rule.otherwise else [])))


def _unconfirmed(protocol: Protocol) -> list[Assumption]:
    return [each for each in protocol.assumed.values() if not each.confirmed]


def assumed(protocol: Protocol, path: str) -> bool:
    """Whether a path, or the entry it is part of, was assumed and nobody has confirmed it."""
    paths = [each.path for each in _unconfirmed(protocol)]
    return any(path == each or ("." in each and path.startswith(f"{each}.")) for each in paths)


# ---------------------------------------------------------------- checklist


def checklist(protocol: Protocol) -> Checklist:
    """Every criterion as a question, structured limits first."""
    population = protocol.population
    questions = []
    if population.age is not None:
        limits = Criterion("age", "Age limits", population.age, include=True)
        questions.append(_question(limits, "population.age", protocol))
    if population.sex != "any":
        asked = Question("sex", "Sex", f"Is the person {population.sex}?", "the person", "yes")
        questions.append(asked)
    for each in population.criteria:
        path = f"population.{'include' if each.include else 'exclude'}.{each.name}"
        questions.append(_question(each, path, protocol))
    return Checklist(f"May I take part? {protocol.trial.id}", tuple(questions))


def _question(criterion: Criterion, path: str, protocol: Protocol) -> Question:
    note, lines = UNCONFIRMED if assumed(protocol, path) else "", e.questions(criterion.when, protocol)
    return Question(
        criterion.name, criterion.says, " ".join(text for _, text in lines), _answered_by(criterion.when),
        "yes" if criterion.include else "no", note, criterion.src, lines[1:] and lines,
    )  # fmt: skip


def _answered_by(condition: t.Expr) -> str:
    """Who answers: whoever is asked or judges, else the record of the person."""
    named = []
    for node in t.walk(condition):
        match node:
            case t.Judged(_, by):
                named.append(f"the {e.spoken(by)}")
            case t.Asked():
                named.append("the person")
            case t.FactValue() | t.Happened() | t.Unchanged() | t.TimeSince() | t.Age() | t.Count():
                named.append("the medical record")
    return " and ".join(dict.fromkeys(named)) or "the medical record"


# ---------------------------------------------------------------- schedule


def schedule(protocol: Protocol) -> Activities:
    """Every visit with its time, leeway, dose and what is done."""
    days = plan(protocol)
    visits = tuple(_activity(visit, protocol, days) for visit in protocol.schedule.values())
    return Activities(f"Schedule of activities, {protocol.trial.id}", visits)


def _activity(visit: Visit, protocol: Protocol, days: Plan) -> Activity:
    done = tuple("consent" if name == "consent" else e.fact(name, protocol) for name in visit.do)
    gives = e.spoken(visit.give) if visit.give else ""
    name = f"{e.spoken(visit.name)} 1, 2, ..." if isinstance(visit.when, Series) else e.spoken(visit.name)
    when = e.spoken(write_when(visit.when)).replace("..", " to ")
    window = _leeway(visit.early, visit.late)
    return Activity(
        name, when, window, e.spoken(visit.epoch), gives, _only(visit, protocol), done, _target(visit, days)
    )


def _only(visit: Visit, protocol: Protocol) -> str:
    match visit.condition:
        case None:
            return ""
        case t.Not(item):
            return f"not if {e.english(item, protocol)}"
        case condition:
            return f"only if {e.english(condition, protocol)}"


def _leeway(early: Duration, late: Duration) -> str:
    if early == late:
        return f"up to {early} early or late" if early.count else ""
    return f"up to {early} early or {late} late"


def _target(visit: Visit, days: Plan) -> str:
    """The nominal day or days, `day 91` or `days 14 to 21`; nothing where the file gives the day itself or none."""
    span = days.get(visit.name)
    if span is None or isinstance(visit.when, DayZero):
        return ""
    low, high = round(span.low), round(span.high)
    return f"day {low}" if low == high else f"days {low} to {high}"


# ---------------------------------------------------------------- text


def to_text(part: Synopsis | Checklist | Activities) -> str:
    """A part as plain text, wrapped, ready to print."""
    match part:
        case Synopsis(title, lines):
            width = max(len(label) for label, _ in lines) + 2
            body = [_hanging(f"{label + ':':<{width}}", text) for label, text in lines]
        case Checklist(title, questions):
            body = [_asked(each) for each in questions]
        case Activities(title, visits):
            body = [_visited(each) for each in visits]
        case _:
            assert_never(part)
    return "\n".join((title, "=" * len(title), "", *body, ""))


def _hanging(label: str, text: str) -> str:
    indent = " " * len(label)
    return textwrap.fill(text, _WIDTH, initial_indent=label, subsequent_indent=indent, break_long_words=False)


def _asked(question: Question) -> str:
    (_, first), *parts = question.parts or ((0, question.question),)
    lines = [_hanging(f"{question.name + '.':<5}[ ] yes  [ ] no   ", first)]
    for depth, part in parts:
        number, _, asked = part.partition(" ")
        lines.append(_hanging(f"{' ' * (23 + 2 * depth)}{number} ", asked))
    note = f" {question.note[0].upper() + question.note[1:]}." if question.note else ""
    says = f"{question.says}. Answered by {question.answered_by}; {question.wanted} speaks for taking part.{note}"
    return "\n".join((*lines, _hanging(" " * 23, says), ""))


def _visited(activity: Activity) -> str:
    when = ", ".join(filter(None, (activity.when, activity.target, activity.window)))
    epoch = f"epoch {activity.epoch}" if activity.epoch else ""
    given = f"gives {activity.gives}" if activity.gives else ""
    parts = (when, epoch, given, activity.condition)
    head = _hanging(f"{activity.visit:<20}", "; ".join(filter(None, parts)))
    return head + ("\n" + _hanging(" " * 20, ", ".join(activity.done)) if activity.done else "")
