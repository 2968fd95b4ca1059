"""Eligibility line by line: headings, lists within lists, lists in one line, conditions, and whose criterion it is."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from stromal.read.criteria import blocks, leads_only, uncertain
from stromal.read.eligibility import DraftedCriterion, drafted, typed, vocabulary
from stromal.read.record import Item, Record
from stromal.read.registries import parse
from stromal.values import Place

REGISTRY = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "registry"


def record(text: str, **fields: object) -> Record:
    """A registry record that says nothing but its eligibility."""
    module = {"eligibilityCriteria": text, **fields}
    about = {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "Knees"}, "eligibilityModule": module}
    return parse(json.dumps({"protocolSection": about}).encode(), "r.json", prose=False)


def lines(text: str, **fields: object) -> dict[str, DraftedCriterion]:
    """The drafted lines of such a record by id."""
    return {line.id: line for line in drafted(record(text, **fields))}


# ---------------------------------------------------------------- blocks


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Inclusion Criteria:", "inclusion"),
        ("EXCLUSION CRITERIA", "exclusion"),
        ("INCLUSION:", "inclusion"),
        ("Exclusion", "exclusion"),
        ("Key exclusion criteria:", "exclusion"),
        ("Main Inclusion Criterion:", "inclusion"),
        ("4.2 Exclusion criteria", "exclusion"),
        ("Inclusion criterias :", "inclusion"),
        ("Exclusion Criteria (summarized):", "exclusion"),
        ("Inclusion criteria were as follows:", "inclusion"),
        ("* Subject exclusion criteria:", "exclusion"),
        ("Donor inclusion criteria:", "donor_inclusion"),
        ("Exclusion criteria for donors:", "donor_exclusion"),
        ("Inclusion criteria for healthy volunteers:", "other_inclusion"),
        ("Patients with any of the following are not eligible for the study:", "exclusion"),
        ("Subjects will be excluded if they have:", "exclusion"),
        ("RRMS not fulfilling inclusion criteria", ""),
        ("Patients who have the following conditions will be excluded from the study:", "exclusion"),
        ("A subject is eligible if all of the following are met:", "inclusion"),
        ("Not fulfilling the inclusion criteria of the first part", ""),
        ("Exclusively diaphyseal lesion", ""),
        ("Inclusion in other trials", ""),
    ],
)
def test_headings(heading: str, name: str) -> None:
    """A heading begins a block however it is written; a criterion that speaks of criteria does not."""
    found = list(blocks(f"{heading}\nGout"))
    assert [block.name for block in found] == [name or "criteria"]
    assert found[0].lines[-1] == (2, "Gout")


def test_text_before_and_between_headings() -> None:
    """Lines keep the number of the line they stand on; a heading inside a line parts it."""
    found = list(blocks("Adults\nInclusion Criteria: Gout\nBad knee. Exclusion Criteria: Stroke"))
    assert [(block.name, block.line, block.lines) for block in found] == [
        ("criteria", 0, [(1, "Adults")]),
        ("inclusion", 2, [(2, " Gout"), (3, "Bad knee. ")]),
        ("exclusion", 3, [(3, " Stroke")]),
    ]
    assert [block.name for block in blocks("Inclusion Criteria:\n\nExclusion Criteria:\n")] == [
        "inclusion",
        "exclusion",
    ]
    assert list(blocks("")) == []


def test_a_list_in_one_line_is_parted() -> None:
    """Numbers that run on, or bullets, part a line; two numbers or a broken run do not."""
    one = "Inclusion Criteria:\n1. Gout 2. Bad knee 3. Age over 30"
    assert [text for _, text in next(iter(blocks(one))).lines] == ["1. Gout ", "2. Bad knee ", "3. Age over 30"]
    signs = "Inclusion Criteria:\n* Gout * Bad knee * Age over 30"
    assert len(next(iter(blocks(signs))).lines) == 3
    assert len(next(iter(blocks("Inclusion Criteria:\nType 1. Gout 3. Or worse 2. Bad"))).lines) == 1
    assert len(next(iter(blocks("Inclusion Criteria:\nGrade 1. Gout 2. Worse"))).lines) == 1


def item(text: str, mark: str = "*") -> Item:
    """A line of a list."""
    return Item(text, Place(1, text), mark)


def test_lines_under_a_choice_are_alternatives() -> None:
    """`One of the following` opens a list that ends where the outer marks return; `all of the following` does not."""
    listed = (
        item("Age over 30"),
        item("One of the following:"),
        item("Gout", "a."),
        item("Stroke", "b."),
        item("Weak"),
    )
    assert uncertain(listed, "inclusion") == (False, False, True, True, False)
    assert uncertain(listed, "exclusion") == (False,) * 5
    entire = (item("All of the following:"), item("Gout", "1."), item("Stroke", "2."))
    assert uncertain(entire, "inclusion") == (False,) * 3
    assert uncertain(entire, "exclusion") == (False, True, True)
    flat = (item("Either of:"), item("Gout"), item("Stroke"))
    assert uncertain(flat, "inclusion") == (False, True, True)
    assert leads_only(item("Any of the following:"))
    assert not leads_only(item("Age over 18, as follows:"))


# ---------------------------------------------------------------- drafted lines

TEXT = """Inclusion Criteria:

* Age over 18 years
* EDSS 3.0-6.5
* Signed informed consent
* One of the following:

  1. Gout
  2. Stroke within 1 year
* Walks alone

Exclusion Criteria:

* Any of the following:
* EDSS between 0 and 5.5
* History of malignancy; HIV positive
* AST and ALT > 2 x ULN
* Severe heart failure
* Donor has a cold

Donor Inclusion Criteria:

* Age 20 to 40 years
"""


def test_lines_of_a_record() -> None:
    """Each line with its side, kind, condition, question and place; nothing is confirmed."""
    found = lines(TEXT, minimumAge="18 Years", maximumAge="65 Years", sex="FEMALE")
    assert {name: (line.kind, line.readings[0].split(" judged")[0]) for name, line in found.items()} == {
        "age_min": ("computed", "age >= 18 years"),
        "age_max": ("computed", "age <= 65 years"),
        "sex": ("computed", "sex = female"),
        "I1": ("computed", "age >= 18 years"),
        "I2": ("computed", "edss 3..6.5"),
        "I3": ("asked", 'asked "Is this so for you? Signed informed consent"'),
        "I5": ("not_understood", 'judged "Is this so? Gout" by investigator'),
        "I6": ("not_understood", 'judged "Is this so? Stroke within 1 year" by investigator'),
        "I7": ("not_understood", 'judged "Is this so? Walks alone" by investigator'),
        "E2": ("computed", "edss 0..5.5"),
        "E3": ("computed", "malignancy ever before screening or hiv = positive"),
        "E4": ("computed", "(ast_uln > 2 {ULN} or alt_uln > 2 {ULN})"),
        "E5": ("partly", "heart_failure ongoing at screening and"),
        "E6": ("not_understood", 'judged "Does this apply? Donor has a cold" by investigator'),
        "DI1": ("computed", "age 20..40 years"),
    }
    assert {line.whose for name, line in found.items() if name not in ("E6", "DI1")} == {"participant"}
    assert (found["E6"].whose, found["DI1"].whose) == ("donor", "donor")
    assert found["E5"].question == "Does this apply: Severe heart failure?"
    assert found["I2"].place.path == "protocolSection.eligibilityModule.eligibilityCriteria"
    assert (found["I2"].place.line, found["I2"].place.quote) == (4, "EDSS 3.0-6.5")
    assert not any(line.confirmed for line in found.values())


def test_two_readings_both_stand() -> None:
    """`Over 18` is two readings where no field settles it; so is a bare `and` among exclusions."""
    over = lines("Inclusion Criteria:\n* Age over 18 years")["I1"]
    assert over.readings == ("age >= 18 years", "age > 18 years")
    assert len(over.conditions) == 2
    apart = lines("Inclusion Criteria:\n* Age over 18 years", minimumAge="16 Years")["I1"]
    assert len(apart.readings) == 2
    both = lines("Exclusion Criteria:\n* Diabetes and epilepsy")["E1"]
    assert both.readings == (
        "diabetes_mellitus ongoing at screening or epilepsy ongoing at screening",
        "diabetes_mellitus ongoing at screening and epilepsy ongoing at screening",
    )


def test_one_fact_serves_every_trial() -> None:
    """Criteria of two records ask for the same fact with the same unit; one vocabulary holds them all."""
    one = lines("Inclusion Criteria:\n* EDSS 3.0-6.5\n* Haemoglobin > 9 g/dL\n* Creatinine < 2 x ULN")
    two = lines("Exclusion Criteria:\n* EDSS between 0 and 5.5\n* Hb below 80 g/L\n* HIV or hepatitis B infection")
    facts = vocabulary((*one.values(), *two.values()))
    assert set(facts) == {
        "birth_date", "sex", "edss", "hemoglobin", "creatinine_uln", "hiv", "hepatitis_b",
    }  # fmt: skip
    assert facts["hemoglobin"].unit == "g/dL"
    assert one["I1"].facts == two["E1"].facts


def test_what_the_language_does_not_have_is_asked() -> None:
    """An expression that the language refuses is no condition."""
    assert typed("nothing within reason", ()) is None


@pytest.mark.skipif(not REGISTRY.exists(), reason="the registry's records are not beside the repository")
def test_every_record_is_drafted() -> None:
    """Every eligibility text is drafted, a name never means two things, and a fair share of the lines is computed."""
    facts: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    counted: Counter[str] = Counter()
    with gzip.open(REGISTRY / "ctgov_v2_genuine.jsonl.gz") as opened:
        for number, content in enumerate(opened):
            if number % 8:
                continue
            for line in drafted(parse(content, "r.json", prose=False)):
                counted[line.kind] += line.id not in ("age_min", "age_max", "sex")
                assert line.conditions
                for fact in line.facts:
                    meant = (fact.kind, fact.unit, fact.options)
                    assert facts.setdefault(fact.name, meant) == meant
    assert counted.total() > 500
    assert counted["computed"] + counted["partly"] > 0.18 * counted.total()
