"""The check of registry records: each fault is found where it stands, and sound records are left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from faults import FAULTS, Tree, broken, sound
from stromal.read import registries
from stromal.read.check import check
from stromal.read.survey import MEANINGS, Checked, meaning, survey
from stromal.values import Finding


def findings(tree: Tree, on: date | None = None) -> dict[str, Finding]:
    """The findings on a record by code."""
    return {finding.code: finding for finding in check(registries.parse(json.dumps(tree).encode(), "r"), on)}


@pytest.mark.parametrize("number", range(12))
def test_a_sound_record_is_left_alone(number: int) -> None:
    """No rule finds fault with a record that has none."""
    assert findings(sound(number)) == {}


@pytest.mark.parametrize(("code", "fault"), FAULTS, ids=[fault.__name__ for _, fault in FAULTS])
@pytest.mark.parametrize("number", [0, 1])
def test_each_fault_is_found(code: str, fault: Callable[[Tree], bool], number: int) -> None:
    """A fault brings the finding of its rule, with places in named fields and a next step."""
    tree = broken(sound(number), fault)
    assert tree is not None
    found = findings(tree).get(code)
    assert found is not None
    assert found.places
    assert all(place.path for place in found.places)
    assert found.message
    assert found.hint


def test_every_code_has_words() -> None:
    """A page of findings names what each rule looks at; codes made of a measure's name speak for themselves."""
    assert {code for code, _ in FAULTS} <= set(MEANINGS)
    assert meaning("edss_2.ambiguous") == "edss 2: a value that can be read in two ways"
    assert meaning("volume.contradiction") == "volume: several values"


# ---------------------------------------------------------------- what is no fault


def _with(path: str, value: object, number: int = 1) -> Tree:
    """A sound record with one field changed."""
    tree = sound(number)
    part = tree["protocolSection"]
    *steps, last = path.split(".")
    for step in steps:
        part = part.setdefault(step, {})
    part[last] = value
    return tree


def _criteria(inclusion: str, exclusion: str = "* Pregnancy") -> Tree:
    text = f"Inclusion Criteria:\n\n{inclusion}\n\nExclusion Criteria:\n\n{exclusion}"
    return _with("eligibilityModule.eligibilityCriteria", text)


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        ("* Age 18 to 61 years\n* Women aged 50 to 60 years must be menopausal", "* Pregnancy"),
        ("* Age 18 to 61 years\n* Haematoma of 25 to 40 mL", "* Pregnancy"),
        ("* Cohort A: 18 to 40 years\n* Cohort B: 41 to 61 years", "* Pregnancy"),
        ("* 2.18 to 61 years old", "* Pregnancy"),
        ("* Age between 17 and 62 years", "* Pregnancy"),
        ("* Diagnosis made between 5 and 20 years ago", "* Pregnancy"),
        ("* Age 18 to 61 years", "* Age greater than 80 years"),
        ("* Age 18 to 61 years", "* Patients younger than 10 years"),
        ("* Age 18 to 61 years", "* Age over 40 years"),
        ("* Age 18 to 61 years", "* Women over 50 years of age who smoke"),
        ("* Age 18 to 61 years", "* Age < 61 years"),
        ("* Back pain", "* Onset of pain before 50 years of age"),
        ("* Age 18-61.5 years", "* Back pain for 18 years"),
        ("* 40 years or older", "* Pregnancy\n\nInclusion Criteria:\n\n* Donors of 20 to 30 years"),
    ],
)
def test_ages_that_contradict_nothing(inclusion: str, exclusion: str) -> None:
    """Ages of groups, of other things, of one sex, or of exclusions that bar nobody are no contradiction."""
    assert "age.contradiction" not in findings(_criteria(inclusion, exclusion))


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        ("* Aged 18-65 years, male and female, can stand surgery", "* Pregnancy"),
        ("* Back pain", "* Younger than 20 years"),
        ("* Age 18 to 61 years", "* Age over 60 years"),
    ],
)
def test_ages_that_contradict_the_field(inclusion: str, exclusion: str) -> None:
    """Another limit for everybody, among the inclusions or turned round, is a contradiction."""
    assert findings(_criteria(inclusion, exclusion))["age.contradiction"].severity == "contradiction"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("identificationModule.officialTitle", "A Non-Randomized Trial of Marrow Cells", "design.allocation"),
        ("statusModule.whyStopped", "nothing", "status.reason_missing"),
    ],
)
def test_other_sides_of_a_rule(path: str, value: str, code: str) -> None:
    """The opposite words are a contradiction too; a reason that is given is none."""
    assert (code in findings(_with(path, value))) == (code == "design.allocation")


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("A Double-Blind Trial With an Open-Label Extension", set()),
        ("Acute Phase 3 Proteins in a Phase 2 Trial", set()),
        ("Phase I/II Trial", set()),
        ("Early Results of a Trial in Chronic Phase 1 Leukaemia", set()),
        ("A Randomized, Open-Label Trial With Blinded Assessment", {"design.masking"}),
    ],
)
def test_titles(title: str, codes: set[str]) -> None:
    """Titles that speak of a part, or of another phase, contradict nothing."""
    found = findings(_with("identificationModule.officialTitle", title))
    assert {code for code in found if code.startswith("design.")} == codes


def test_open_label_with_a_masked_assessor_is_sound() -> None:
    """Only people who know what they get make a trial open: the assessor may still be masked."""
    tree = _with("identificationModule.officialTitle", "A Randomized, Open-Label Trial")
    tree["protocolSection"]["designModule"]["designInfo"]["maskingInfo"] = {
        "masking": "SINGLE",
        "whoMasked": ["OUTCOMES_ASSESSOR"],
    }
    assert "design.masking" not in findings(tree)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A total of 36 patients will be enrolled in each group.", False),
        ("A total of 36 patients will be screened.", False),
        ("A total of two doses in patients.", False),
        ("36 patients will be randomized.", True),
        ("A total of thirty-six adults will take part.", True),
        ("A total of 22 patients; a total of 36 patients.", False),
        ("A total of 36 patients were seen before.", False),
    ],
)
def test_totals(text: str, found: bool) -> None:
    """Only a number of all who take part is held against the field."""
    tree = _with("descriptionModule.detailedDescription", text)
    assert ("enrolment.contradiction" in findings(tree)) == found


def test_a_count_that_is_no_number_is_left_alone() -> None:
    """A record may hold anything in any field."""
    assert "enrolment.contradiction" not in findings(_with("designModule.enrollmentInfo", {"count": True}))


@pytest.mark.parametrize(
    ("inclusion", "exclusion", "codes"),
    [
        ("* Hemoglobin >= 9 g/dL in women", "* Hemoglobin < 10 g/dL", set()),
        ("* Hemoglobin 9 to 15 g/dL", "* Hemoglobin 20 to 22 g/dL", set()),
        ("* Hemoglobin >= 9 g/dL", "* Hemoglobin < 9 g/dL", set()),
        ("* Hemoglobin >= 9 g/dL", "* Hemoglobin < 80 g/L", set()),
        ("* Glucose >= 70 mg/dL", "* Glucose < 90 mg/dL", set()),
    ],
)
def test_limits_that_agree(inclusion: str, exclusion: str, codes: set[str]) -> None:
    """Limits of a part of the people, in other units, or the same limit turned round, are no two limits."""
    found = findings(_criteria(inclusion, exclusion))
    assert {code for code in found if code in ("criteria.two_limits", "criteria.nobody")} == codes


@pytest.mark.parametrize(
    ("criterion", "said", "code"),
    [
        ("* Females only", "MALE", True), ("* Both sexes", "FEMALE", True), ("* Men", "ALL", True),
        ("* Male or female with a partner who uses condoms", "MALE", False), ("* Men\n* Women", "ALL", False),
        ("* Gender: female", "FEMALE", False), ("* Either gender", "ALL", False),
    ],
)  # fmt: skip
def test_sex(criterion: str, said: str, code: bool) -> None:
    """The field for sex is held against criteria that speak of everybody, and of nobody's partner."""
    tree = _criteria(criterion)
    tree["protocolSection"]["eligibilityModule"]["sex"] = said
    assert ("sex.contradiction" in findings(tree)) == code


def test_men_and_a_criterion_on_pregnancy() -> None:
    """A trial for men whose first criterion asks for pregnant women."""
    tree = _criteria("* Pregnant women in the second trimester")
    tree["protocolSection"]["eligibilityModule"]["sex"] = "MALE"
    assert "sex.condition" in findings(tree)


def test_without_a_field_for_sex_nothing_is_said_of_it() -> None:
    """What the record does not say contradicts nothing."""
    tree = sound()
    del tree["protocolSection"]["eligibilityModule"]["sex"]
    assert findings(tree) == {}


def test_healthy_donors_are_no_volunteers() -> None:
    """Healthy donors give cells; they do not take part."""
    assert "healthy.contradiction" not in findings(_criteria("* Healthy adult donor of cells"))


# ---------------------------------------------------------------- dates


def test_dates_are_held_against_a_day_that_is_named() -> None:
    """What was to come at the last update may be past on the day asked about."""
    assert findings(sound()) == {}
    found = findings(sound(), date(2026, 11, 22))["status.past_end"]
    assert (found.severity, found.message) == (
        "warning",
        "the status is “recruiting”, but the study was to end by 2024-09 (seen from 2026-11-22)",
    )


def test_one_day_is_a_matter_of_time_zones() -> None:
    """An actual date one day after the update is the other side of the world."""
    tree = _with("statusModule.startDateStruct", {"date": "2021-05-21", "type": "ACTUAL"})
    assert "dates.actual_ahead" not in findings(tree)


def test_completed_with_an_expected_date() -> None:
    """A study that is completed has an actual date; an expected one in the past is a note."""
    tree = _with("statusModule.completionDateStruct", {"date": "2021-04", "type": "ESTIMATED"})
    tree["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
    assert findings(tree)["status.completed_ahead"].severity == "note"


def test_begun_but_not_recruiting() -> None:
    """Not yet recruiting, with an actual start."""
    found = findings(_with("statusModule.overallStatus", "NOT_YET_RECRUITING"))["status.not_started"]
    assert (found.severity, found.message) == (
        "contradiction", "the status is “not yet recruiting”, but the study began on 2021-03-10",
    )  # fmt: skip


def test_a_site_that_recruits_for_a_closed_study() -> None:
    """A completed study has no recruiting site."""
    tree = _with("contactsLocationsModule.locations", [{"facility": "A", "status": "RECRUITING"}, {"facility": "B"}])
    tree["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
    assert findings(tree)["status.sites"].message == "the study is completed, but a site recruits"


def test_broken_dates_are_left_alone() -> None:
    """A date that is none, or month 13, stops no rule."""
    for day in ("spring 2020", "2020-13", ""):
        findings(_with("statusModule.startDateStruct", {"date": day}))


def test_a_status_that_was_known() -> None:
    """What was last known is told beside the unknown status."""
    tree = _with("statusModule.overallStatus", "UNKNOWN")
    tree["protocolSection"]["statusModule"]["lastKnownStatus"] = "RECRUITING"
    assert findings(tree)["status.unknown"].message.endswith("it was last “recruiting”")


# ---------------------------------------------------------------- many records


def test_a_survey_counts_records_and_findings() -> None:
    """Findings are counted, records once for each rule, the gravest first; examples are few."""
    lab = Finding("lab.unit", "contradiction", "off")
    note = Finding("age.minor", "note", "young")
    made = survey([Checked("NCT1", "", "f", (note, note, lab)), *(Checked("", "", "f:2", (note,)) for _ in range(4))])
    told = [(rule.code, rule.findings, rule.records, len(rule.examples)) for rule in made.ordered()]
    assert told == [("lab.unit", 1, 1, 1), ("age.minor", 6, 5, 3)]
    assert (made.records, made.clean, made.with_severity["contradiction"]) == (5, 4, 1)
    assert made.share(1) == 20.0
    assert survey([]).share(0) == 0.0
    assert [example.record.name for example in list(made.ordered())[1].examples] == ["NCT1", "f:2", "f:2"]


def test_what_only_some_records_hold() -> None:
    """A model that needs several arms; groups in a sentence; a registry whose empty fields say nothing."""
    tree = sound(1)
    fault = next(fault for _, fault in FAULTS if fault.__name__ == "single")
    made = broken(tree, fault)
    assert made is not None
    made["protocolSection"]["designModule"]["designInfo"]["allocation"] = "NON_RANDOMIZED"
    assert findings(made)["design.arms"].message == "the model is parallel, but the record has a single arm"
    people = _with("eligibilityModule.studyPopulation", "Adults (18 to 61 years) and children (2 to 17 years)")
    assert "age.contradiction" not in findings(people)
    other = _criteria("* Age 18 to 61 years")
    del other["protocolSection"]["eligibilityModule"]["minimumAge"]
    del other["protocolSection"]["eligibilityModule"]["maximumAge"]
    other["protocolSection"]["identificationModule"]["nctId"] = "ISRCTN12345678"
    assert "age.contradiction" not in findings(other)
    assert "status.past_end" not in findings(_with("statusModule.lastUpdateSubmitDate", "2021-02-30"))
