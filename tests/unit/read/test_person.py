"""A person's file: values, episodes, absences, answers, and every mistake on its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.read.person import parse
from stromal.rules.chart import Absence, Episode, Observation
from stromal.values import Unusable

PROTOCOLS = Path(__file__).resolve().parents[3] / "protocols"


def protocol(name: str = "NCT06360861") -> Protocol:
    """A protocol of the house."""
    return load((PROTOCOLS / f"{name}.yaml").read_text(encoding="utf-8")).require()


def test_everything_a_file_can_say() -> None:
    """Values with days and visits, gaps, several episodes, recorded absence, consent and visits."""
    text = """
person: P7
on: 2024-05-01
consent: 2024-04-20
birth_date: 1990-02-03
sex: female
facts:
  pregnancy: no
  edss: {value: 4.5, on: 2024-04-28, visit: baseline}
  hemoglobin:
  ms_course: secondary_progressive
episodes:
  malignancy: none
  rituximab:
    - {since: 2019-01-01, until: 2020-01-01}
    - {since: 2021-01-01, ongoing: yes, regimen: twice a year}
visits:
  baseline: 2024-04-28
"""
    found = parse(text, "p.yaml", protocol())
    chart, on = found.chart, date(2024, 5, 1)
    assert (chart.participant, chart.consent, found.on) == ("P7", date(2024, 4, 20), on)
    assert Observation("pregnancy", False, on) in chart.observations
    assert Observation("edss", 4.5, date(2024, 4, 28), "", "baseline") in chart.observations
    assert Observation("hemoglobin", None, on) in chart.observations
    assert Observation("birth_date", "1990-02-03", on) in chart.observations
    assert chart.absences == (Absence("malignancy", None, on),)
    assert chart.episodes[1] == Episode("rituximab", date(2021, 1, 1), None, True, "twice a year")
    assert chart.visit_day("baseline") == date(2024, 4, 28)


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        ("person: P1", 0, "on: 2024-05-31"),
        ("on: soon", 1, "write a day"),
        ("on: 2024-05-01\nage: 40", 2, "a person's file has no 'age'"),
        ("on: 2024-05-01\nfacts: many", 2, "indent"),
        ("on: 2024-05-01\nfacts:\n  hemoglobin: 7 g", 3, "g/dL"),
        ("on: 2024-05-01\nfacts:\n  pregnancy: maybe", 3, "yes or no"),
        ("on: 2024-05-01\nepisodes:\n  malignancy: perhaps", 3, "none"),
        ("on: 2024-05-01\nepisodes:\n  malignancy: {since: 2020-01-01, til: 2021-01-01}", 3, "until"),
        ("on: 2024-05-01\nepisodes:\n  malignancy: {since: 2020-01-01, until: 2019-01-01}", 3, "swap"),
        ("on: 2024-05-01\nepisodes:\n  malignancy: {since: long ago}", 3, "2024-05-31"),
        ('on: 2024-05-01\nanswers:\n  "Is it so?": yes', 3, "asks no"),
        ('on: 2024-05-01\nanswers:\n  "Is the patient able to give consent in writing?": 7', 3, "yes or no"),
        ("on: 2024-05-01\nvisits:\n  baselin: 2024-04-28", 3, "baseline"),
        ("on: 2024-05-01\nvisits:\n  baseline: then", 3, "2024-05-31"),
    ],
)
def test_mistakes_are_named_on_their_line(wrong: str, line: int, words: str) -> None:
    """What cannot be right is refused with line, value and what was meant."""
    with pytest.raises(Unusable) as caught:
        parse(wrong, "p.yaml", protocol())
    found = [each for each in caught.value.findings if words in f"{each.message} {each.hint}"]
    assert found, caught.value
    assert found[0].places[0].line == line


def test_all_mistakes_are_reported_not_only_the_first() -> None:
    """Two wrong lines give two findings, in their order."""
    text = "on: 2024-05-01\nfacts:\n  hiv: negativ\n  htlv: positiv\n"
    with pytest.raises(Unusable) as caught:
        parse(text, "p.yaml", protocol())
    assert [each.places[0].line for each in caught.value.findings] == [3, 4]


def test_a_unitless_number_is_no_error_of_the_file() -> None:
    """It stays in the chart, where a number without its unit counts as unknown."""
    found = parse("on: 2024-05-01\nfacts:\n  hemoglobin: 13\n", "p.yaml", protocol())
    assert [(each.value, each.unit) for each in found.chart.observations] == [(13, "")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("facts:\n  hemoglobin: 80 g/dL", "plausible"),
        ("facts:\n  hemoglobin: {value: 13.1 g/dL, date: 1999-01-01}", "no 'date'"),
        ("facts:\n  hemoglobin: {value: 13.1 g/dL, on: 2034-01-01}", "lies after"),
        ("consent: 2030-01-01", "lies after"),
        ("birth_date: 2030-01-01", "lies after"),
        ("episodes:\n  malignancy:", "empty"),
        ("episodes:\n  malignancy: ~", "empty"),
        ("episodes:\n  malignancy: {since: 2020-01-01, ongoing: maybe}", "yes or no"),
    ],
)
def test_what_would_lead_to_a_wrong_answer_is_refused(wrong: str, words: str) -> None:
    """Nothing behind a name is no absence; implausible values, unknown keys and days to come are no facts."""
    with pytest.raises(Unusable, match=words):
        parse(f"on: 2024-05-01\n{wrong}\n", "p.yaml", protocol())


@pytest.mark.parametrize("on", ["null", "0001-01-01", "9999-12-31"])
def test_the_day_of_the_file_is_a_day_of_this_age(on: str) -> None:
    """No day, or one no trial can have, is refused."""
    with pytest.raises(Unusable, match="2024-05-31"):
        parse(f"on: {on}\nfacts:\n  pregnancy: no\n", "p.yaml", protocol())


def test_dates_and_scores_of_other_protocols() -> None:
    """A whole number stays whole, and a day written as a day is one."""
    found = parse("on: 2024-05-01\nfacts:\n  alsfrs_r: 40\n", "p.yaml", protocol("NCT04821479"))
    assert found.chart.observations[0].value == 40
