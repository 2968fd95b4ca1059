"""One person against the drafted criteria of several trials: facts in, verdicts that explain themselves out."""

from __future__ import annotations

import json
import time

import pytest

from stromal.read.eligibility import DraftedCriterion, drafted
from stromal.read.person import Described, parse
from stromal.read.registries import parse as parse_record
from stromal.read.screening import Screened, judge, protocol_of

TRIALS = {
    "early": """Inclusion Criteria:
* Age 18 to 55 years
* Diagnosis of multiple sclerosis
* EDSS 3.0-6.5

Exclusion Criteria:
* Malignancy within 5 years before screening
* Haemoglobin < 8 g/dL
* Pregnant or breastfeeding women
""",
    "late": """INCLUSION:
1. Age over 18
2. EDSS between 0 and 5.5
3. Signed informed consent

EXCLUSION:
1. Severe heart failure
2. ALT or AST > 2.5 x ULN
3. HIV, hepatitis B or hepatitis C infection
4. Diabetes and epilepsy
""",
}
PERSON = """
person: P1
on: 2026-05-01
birth_date: 1986-02-03
sex: female
facts:
  edss: 6
  hemoglobin: 121 g/L
  pregnancy: no
  breastfeeding: no
  hiv: negative
  hepatitis_b: negative
  hepatitis_c: negative
  alt_uln: '1 {ULN}'
  ast_uln: '3 {ULN}'
episodes:
  multiple_sclerosis: {since: 2019-01-01, ongoing: yes}
  malignancy: none
  heart_failure: none
  epilepsy: none
"""


def trial(name: str) -> tuple[DraftedCriterion, ...]:
    """The drafted criteria of a made-up record."""
    module = {"eligibilityCriteria": TRIALS[name]}
    about = {"identificationModule": {"nctId": "NCT00000001"}, "eligibilityModule": module}
    return drafted(parse_record(json.dumps({"protocolSection": about}).encode(), "r.json", prose=False))


def person(text: str = PERSON) -> Described:
    """The person, described in the vocabulary of both trials at once."""
    return parse(text, "p.yaml", protocol_of((*trial("early"), *trial("late"))))


def words(screened: Screened) -> dict[str, str]:
    """The verdict on each line."""
    return {line.criterion.id: line.verdict.word for line in screened.lines}


def test_one_file_answers_two_trials() -> None:
    """The same EDSS lets a person into one trial and keeps them out of another; each verdict says why."""
    early, late = judge(trial("early"), person()), judge(trial("late"), person())
    assert words(early) == {"I1": "met", "I2": "met", "I3": "met", "E1": "met", "E2": "met", "E3": "met"}
    assert early.truth is True
    assert words(late) == {
        "I1": "met", "I2": "not met", "I3": "unknown", "E1": "met", "E2": "not met", "E3": "met", "E4": "unknown",
    }  # fmt: skip
    assert late.truth is False
    assert [line.criterion.id for line in late.against] == ["I2", "E2"]
    assert "EDSS is 6" in late.against[0].verdict.reason
    assert [line.criterion.id for line in late.open] == ["I3", "E4"]


def test_open_readings_say_so() -> None:
    """Where the readings of a line differ for a person, the verdict is open and says that there are two."""
    young = judge(trial("late"), person(PERSON.replace("1986-02-03", "2008-02-03")))
    line = next(each for each in young.lines if each.criterion.id == "I1")
    assert (line.verdict.word, line.verdict.reason.startswith("the words can be read in 2 ways")) == ("unknown", True)
    assert "diabetes_mellitus" in young.settle


def test_what_nobody_recorded_stays_open() -> None:
    """A person of whom nothing is known is neither in nor out; the facts that would settle it are named once."""
    nobody = judge(trial("early"), person("person: P2\non: 2026-05-01\n"))
    assert nobody.truth is None
    assert not nobody.against
    assert set(nobody.settle) >= {"birth_date", "multiple_sclerosis", "edss", "malignancy", "hemoglobin", "sex"}


def test_criteria_of_donors_are_nobodys() -> None:
    """A line about the donor is left out of a person's verdict."""
    text = "Inclusion Criteria:\n* Age over 30 years\n* Donor aged 20 to 40\n"
    about = {"identificationModule": {"nctId": "NCT00000001"}, "eligibilityModule": {"eligibilityCriteria": text}}
    found = drafted(parse_record(json.dumps({"protocolSection": about}).encode(), "r.json", prose=False))
    assert len(found) == 2
    assert list(words(judge(found, person()))) == ["I1"]


@pytest.mark.parametrize("name", TRIALS)
def test_a_person_is_screened_quickly(name: str) -> None:
    """Once drafted, a trial is judged in a few milliseconds."""
    lines, somebody = trial(name), person()
    judge(lines, somebody)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        judge(lines, somebody)
        taken.append(time.perf_counter() - start)
    assert sorted(taken)[2] < 0.05
