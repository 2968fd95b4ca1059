"""The small trial that the manual's examples are about, and how a row of an example is read.

A row is text, so that it can be printed as it stands. What is recorded of a person is written as a few statements with
semicolons between them; `chart` reads them:

    screening on 2024-05-02; injection_1 on 2024-06-01          a visit took place
    consent on 2024-05-01; enrolled on 2024-05-20
    hemoglobin 7.9 g/dL on 2024-05-02 at screening             a value
    hemoglobin not obtained on 2024-05-02
    riluzole from 2024-01-01 until 2024-03-31 of 50 mg         an episode; `from ?` and no end are allowed
    riluzole from 2024-01-01 ongoing
    no riluzole until 2024-05-02                               recorded as absent, never before; or `since 2024-01-01`
    yes to "Can you travel?"; no to "Fit?" by investigator     answers
    dose at injection_1 on 2024-06-01 of 5e7                   an administration
    Headache grade 2 on 2024-06-03 related                     an adverse event; not related; nothing: not judged yet
    missed month_1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, TypeVar

import pytest

from stromal.protocol import tree as t
from stromal.protocol.file import load
from stromal.protocol.language import FactName, Scope, parse
from stromal.protocol.model import ROLES, Protocol
from stromal.rules import chart as r
from stromal.rules.timing import Case

TEXT = """\
stromal: 1
trial:
  id: NCT00000001
  title: A trial for examples
  sponsor: A hospital
  phase: 1/2
  design: single group
  planned: 6
version:
  number: 1
  effective: 2024-01-01
population:
  condition: a disease
  sex: any
  age: 18..65 years at consent
  include:
    I1:
      says: Score of at least 15
      when: score >= 15 at screening
    I2:
      says: Fit enough
      when: judged "Fit?" by investigator
  exclude:
    E1:
      says: A tumour within five years
      when: tumour within 5 years before screening
    E2:
      says: Severe anaemia
      when: hemoglobin < 8 g/dL latest before enrolment
facts:
  score: {kind: score, range: 0..48, says: function score}
  hemoglobin: {kind: number, unit: g/dL, range: 2..25, says: haemoglobin}
  breath: {kind: number, unit: '%', range: 10..150, says: vital capacity}
  weight: {kind: number, unit: kg, range: 25..200, says: body weight}
  stage: {kind: choice, of: [early, middle, late], says: stage}
  pregnancy: {kind: yes_no, says: pregnancy}
  first_symptom: {kind: date, says: first symptom}
  tumour: {kind: episode, says: tumour}
  riluzole: {kind: episode, says: riluzole}
  contraception: {kind: episode, says: contraception}
  adverse_event: {kind: log, grading: CTCAE 5.0, says: adverse events}
products:
  cells:
    says: the patient's own cells
    donor: patient
    release: [viability >= 80 %, sterility = negative]
doses:
  injection:
    product: cells
    ladder: 1e7, 5e7, 1e8 cells
    start: 5e7 cells
    adjust: modification
    volume: 5..10 mL
    route: intrathecal
    tolerance: 90..110 %
schedule:
  screening:
    at: within 28 days before run_in_start
    do: [consent, score, hemoglobin]
  run_in_start:
    at: day 0
    epoch: run_in
    do: [score]
  run_in_1..2:
    at: 1 month after previous
    window: +-7 days
    epoch: run_in
    do: [score]
  injection_1:
    at: 3 months after run_in_start
    window: +-14 days
    epoch: treatment
    give: injection
    do: [score, weight]
  injection_2:
    at: 14..21 days after injection_1
    epoch: treatment
    give: injection
    unless: toxicity
    do: [score, weight]
  visit:
    at: every 2 months from injection_1 until last_visit
    window: +-10 days
    epoch: treatment
    do: [score]
  month_6:
    at: 6 months after injection_1
    window: +-14 days
    epoch: follow_up
    do: [score]
  last_visit:
    at: 12 months after last injection
    window: +-30 days
    epoch: follow_up
    do: [score]
rules:
  modification:
    choose:
      - when: max grade(adverse_event where related, since previous injection) >= 4
        then: stop
      - when: max grade(adverse_event where related, since previous injection) = 3
        then: down
      - when: max grade(adverse_event where related, since previous injection) = 2
        then: same
    otherwise: up
  toxicity:
    says: A related event of grade 3 or more within 28 days of an injection
    when: count(adverse_event where grade >= 3 and related and onset 0..28 days after last injection) > 0
  held:
    hold: participant
    says: Toxicity stops further injections
    when: toxicity
    release: signed by investigator and medical_monitor
  dose_held:
    hold: dose
    of: injection
    says: Two people with an infection after an injection
    when: count(participants where count(adverse_event where term = "Meningitis") > 0) >= 2
    release: signed by medical_monitor
  stopped:
    hold: trial
    says: A related death stops the trial
    when: count(adverse_event where grade = 5 and related) > 0
    release: signed by safety_committee
  safe:
    says: All six came safely through the first injection
    when: count(participants where done(injection_1) and not toxicity) = 6
    declares: 5e7 cells are a safe first dose
objectives:
  safety:
    rank: primary
    says: Are there related events?
    endpoint: count(adverse_event where related, from injection_1 until last_visit)
  decline:
    rank: secondary
    says: Does the score fall more slowly after the injections?
    endpoint: slope(score, per month) in [treatment, follow_up] - slope(score, per month) in run_in
analyses:
  safety:
    of: safety
    method: adverse_events
    population: done(injection_1)
"""
PROTOCOL = load(TEXT, "examples.yaml").require()
QUESTIONS = ('"Fit?"', '"Can you travel?"')
_Test = TypeVar("_Test", bound=Callable[..., None])


def table(*columns: str) -> Callable[..., Callable[[_Test], _Test]]:
    """A table of examples: the headings first, then the rows; each row is one test."""

    def rows(*each: tuple[Any, ...]) -> Callable[[_Test], _Test]:
        names = ",".join(re.sub(r"\W+", "_", column) for column in columns)
        return pytest.mark.parametrize(names, each)

    return rows


def scope(protocol: Protocol = PROTOCOL) -> Scope:
    """The names that an expression about this protocol may use."""
    return Scope(
        facts={name: FactName(fact.kind, fact.unit, fact.options) for name, fact in protocol.facts.items()},
        rules=frozenset(protocol.rules),
        visits=frozenset(protocol.schedule),
        stems=frozenset(visit.stem for visit in protocol.schedule.values()),
        doses=frozenset(protocol.doses),
        epochs=frozenset(protocol.epochs),
        roles=frozenset(ROLES),
    )


SCOPE = scope()


def expression(text: str) -> t.Expr:
    """An expression about the small trial, of any kind."""
    return parse(text, SCOPE, "any")


def case(recorded: str, on: str = "2024-06-30", others: tuple[str, ...] = ()) -> Case:
    """A question about a person on a day, and about what is recorded of others."""
    everybody = (chart(recorded), *(chart(each, f"P{number}", 100 * number) for number, each in enumerate(others, 2)))
    return Case(PROTOCOL, everybody[0], date.fromisoformat(on), everybody)


# ---------------------------------------------------------------- reading what is recorded

_DAY = r"(\d{4}-\d\d-\d\d)"
_STATEMENTS = {
    "consent": rf"consent on {_DAY}",
    "enrolled": rf"enrolled on {_DAY}",
    "gap": rf"(\w+) not obtained on {_DAY}(?: at (\w+))?",
    "absence": rf"no (\w+) until {_DAY}(?: since {_DAY})?",
    "episode": rf"(\w+) from (?:{_DAY}|\?)(?: until {_DAY})?( ongoing)?(?: of (.+))?",
    "answer": r'(yes|no) to "(.+)"(?: by (\w+))?',
    "dose": rf"dose at (\w+) on {_DAY}(?: of (\S+))?",
    "event": rf"([A-Z][\w ]*?) grade (\d) on {_DAY}( not related| related)?",
    "missed": r"missed (\w+)",
    "visit": rf"(\w+) on {_DAY}",
    "value": rf"(\w+) (\S+)(?: ([^ ]+))? on {_DAY}(?: at (\w+))?",
}


def chart(recorded: str, participant: str = "P1", after: int = 0) -> r.Chart:
    """What is recorded of a person; statements are entries 1, 2, 3 ... (or go on from a number)."""
    found: dict[str, list[Any]] = {}
    for number, statement in enumerate(filter(None, recorded.split("; ")), after + 1):
        kind, parts = _read(statement.strip())
        for name, value in _SAID[kind](parts, number):
            found.setdefault(name, []).append(value)
    once = ("consent", "enrolled")
    held: dict[str, Any] = {name: each[-1] if name in once else tuple(each) for name, each in found.items()}
    return r.Chart(participant=participant, **held)


def _read(text: str) -> tuple[str, tuple[Any, ...]]:
    for kind, pattern in _STATEMENTS.items():
        if match := re.fullmatch(pattern, text):
            return kind, match.groups()
    raise ValueError(f"an example cannot say {text!r}")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _value(text: str) -> float | int | str | bool:
    try:
        return float(text) if "." in text or "e" in text else int(text)
    except ValueError:
        return {"yes": True, "no": False}.get(text, text)


_Said = Iterator[tuple[str, Any]]


def _consent(parts: tuple[str], _: int) -> _Said:
    yield "consent", _day(parts[0])


def _enrolled(parts: tuple[str], _: int) -> _Said:
    yield "enrolled", _day(parts[0])


def _missed(parts: tuple[str], _: int) -> _Said:
    yield "missed", parts[0]


def _gap(parts: tuple[str, str, str | None], entry: int) -> _Said:
    fact, day, visit = parts
    yield "observations", r.Observation(fact, None, date.fromisoformat(day), "", visit or "", entry)


def _observation(parts: tuple[str, str, str | None, str, str | None], entry: int) -> _Said:
    fact, value, unit, day, visit = parts
    yield "observations", r.Observation(fact, _value(value), date.fromisoformat(day), unit or "", visit or "", entry)


def _absence(parts: tuple[str, str, str | None], entry: int) -> _Said:
    fact, until, since = parts
    yield "absences", r.Absence(fact, _day(since), date.fromisoformat(until), entry)


def _episode(parts: tuple[str, str | None, str | None, str | None, str | None], entry: int) -> _Said:
    fact, start, end, ongoing, regimen = parts
    yield "episodes", r.Episode(fact, _day(start), _day(end), bool(ongoing), regimen or "", entry)


def _answer(parts: tuple[str, str, str | None], entry: int) -> _Said:
    answer, question, by = parts
    yield "answers", r.Answer(question, answer == "yes", by or "coordinator", date(2024, 5, 2), entry)


def _visit(parts: tuple[str, str], entry: int) -> _Said:
    yield "visits", r.VisitDone(parts[0], date.fromisoformat(parts[1]), entry)


def _dose(parts: tuple[str, str, str | None], entry: int) -> _Said:
    visit, day, level = parts
    amount = float(level or 5e7)
    given = r.Infusion(visit, "injection", "L1", date.fromisoformat(day), amount, amount, amount, 5.0, None, entry)
    yield "visits", r.VisitDone(visit, given.day, entry)
    yield "infusions", given


def _event(parts: tuple[str, str, str, str | None], entry: int) -> _Said:
    term, grade, onset, judged = parts
    related = {" related": True, " not related": False}.get(judged or "")
    yield (
        "adverse_events",
        r.AdverseEvent(f"AE{entry}", term, int(grade), date.fromisoformat(onset), related, entry=entry),
    )


_SAID: dict[str, Callable[[Any, int], _Said]] = {
    "consent": _consent,
    "enrolled": _enrolled,
    "gap": _gap,
    "absence": _absence,
    "episode": _episode,
    "answer": _answer,
    "dose": _dose,
    "event": _event,
    "missed": _missed,
    "visit": _visit,
    "value": _observation,
}
