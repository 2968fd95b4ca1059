"""One short protocol file in which everything is right, and ways to break it on a known line."""

from __future__ import annotations

from stromal.protocol.check import check
from stromal.protocol.file import load
from stromal.protocol.language import FactName, Scope
from stromal.protocol.model import ROLES, Protocol
from stromal.values import Finding

FILE = """\
stromal: 1
trial:
  id: NCT00000001
  title: A short trial
  sponsor: A hospital
  phase: 1
  design: single group
  planned: 10
  src: page
version:
  number: 1
  effective: 2020-01-01
sources:
  page: {lines: 1-3, says: what the page says}
assumed:
  rules.toxic:
    says: the page gives no grade
    confirmed: Dr Noor, 2020-01-02
population:
  condition: a disease
  sex: any
  age: 18..65 years at consent
  include:
    I1:
      says: Score of at least 15
      when: score >= 15 at screening
    I2:
      says: Can consent
      when: judged "Can the person consent?" by investigator
  exclude:
    E1:
      says: Severe anaemia
      when: hemoglobin < 8 g/dL at screening
    E2:
      says: Malignancy
      when: malignancy within 5 years before screening
facts:
  score: {kind: score, range: 0..48, says: function score}
  hemoglobin: {kind: number, unit: g/dL, range: 2..25, says: haemoglobin}
  weight: {kind: number, unit: kg, range: 25..200, says: body weight}
  stage: {kind: choice, of: [early, late], says: stage}
  malignancy: {kind: episode, says: malignancy}
  marrow: {kind: specimen, says: marrow}
  vitals: {kind: group, of: [weight], says: vital signs}
  adverse_event: {kind: log, grading: CTCAE 5.0, says: adverse events}
products:
  msc:
    says: the patient's own cells
    donor: patient
    release: [viability >= 80 %, sterility = negative]
doses:
  injection:
    product: msc
    ladder: 1e6, 2e6, 4e6 cells/kg
    start: 2e6 cells/kg of weight at same visit
    adjust: table
    volume: 3 mL
    tolerance: 90..110 %
schedule:
  screening:
    at: within 28 days before start
    do: [consent, score, hemoglobin, malignancy, stage]
  start:
    at: day 0
    epoch: run_in
    do: [marrow, score]
  injection_1:
    at: 1 month after start
    window: +-7 days
    epoch: treatment
    give: injection
    do: [vitals, score, adverse_event]
  injection_2:
    at: 3 months after previous
    window: +-7 days
    epoch: treatment
    give: injection
    unless: toxic
    do: [vitals, score, adverse_event]
  last_visit:
    at: 28 days after last injection
    epoch: follow_up
    do: [score, stage, adverse_event]
rules:
  toxic:
    says: A related event of grade 3 or more
    when: count(adverse_event where grade >= 3 and related) > 0
  table:
    choose:
      - when: max grade(adverse_event where related, since previous dose) >= 3
        then: stop
      - when: stage = late at screening
        then: down
    otherwise: same
  held:
    hold: participant
    when: toxic
    release: signed by investigator
objectives:
  safety:
    rank: primary
    says: Is it safe?
    endpoint: count(adverse_event where related, since injection_1)
  effect:
    rank: secondary
    says: Does the score change?
    endpoint: change(score, from start) at last_visit
analyses:
  safety:
    of: safety
    method: adverse_events
    population: done(injection_1)
  effect:
    of: effect
    method: change
"""


def broken(old: str, new: str) -> str:
    """The file with one piece replaced; the piece must stand in it once."""
    assert FILE.count(old) == 1, f"{old!r} stands {FILE.count(old)} times in the file"
    return FILE.replace(old, new)


def loaded(text: str) -> tuple[Finding, ...]:
    """What the loader finds."""
    return load(text, "short.yaml").findings


def checked(text: str) -> tuple[Finding, ...]:
    """What the checks find in a file that loads."""
    return check(load(text, "short.yaml").require())


def line_of(text: str, words: str) -> int:
    """The number of the first line that holds these words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def scope_of(protocol: Protocol) -> Scope:
    """The names an expression about a protocol may use."""
    return Scope(
        {name: FactName(fact.kind, fact.unit, fact.options) for name, fact in protocol.facts.items()},
        frozenset(protocol.rules), frozenset(protocol.schedule),
        frozenset(visit.stem for visit in protocol.schedule.values()), frozenset(protocol.doses),
        frozenset(protocol.epochs), frozenset(ROLES),
    )  # fmt: skip
