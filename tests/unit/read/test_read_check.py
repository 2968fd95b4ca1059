"""Every rule of the check of a record: where it speaks, and where it keeps silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from stromal.read import parse
from stromal.read.check import RULES, check
from stromal.read.labs import likely_unit
from stromal.read.record import Range, Record
from stromal.values import Finding

SEEDS = Path(__file__).resolve().parents[3] / ".." / "shared" / "seeds"

BASE = """Marrow Cells for Stiff Backs

NCT ID: NCT00000004

Basic Information
Get the picture.
Recruitment Status
RECRUITING
Total Enrollment
10 participants
Study Start Date
2020-01
Study Completion Date
2022-01
Brief Summary
Review it.
{summary}
Study Groups
Review the arms.
{arms}
Eligibility Criteria
Check who may come.
Inclusion Criteria
{inclusion}
Exclusion Criteria
{exclusion}
Minimum Eligible Age
18 Years
Maximum Eligible Age
60 Years
Primary Outcome Measures
Understand the outcomes.
{outcomes}
"""
SOUND = {
    "summary": "Ten people get two injections of autologous marrow MSCs, 2x10^6 cells/kg, every 2 months.",
    "arms": "Marrow MSCs, 2x10^6 cells/kg",
    "inclusion": "1. Age 18 to 60 years\n2. Back pain",
    "exclusion": "1. Pregnancy",
    "outcomes": "Pain on a VAS",
}


def page(**changes: str) -> str:
    """A sound page with some parts changed."""
    return BASE.format(**{**SOUND, **changes})


def findings(text: str) -> dict[str, Finding]:
    """The findings on a page by code."""
    return {finding.code: finding for finding in check(parse(text, "p"))}


def test_a_sound_page_is_left_alone() -> None:
    """No rule finds fault with a page that has none."""
    assert findings(page()) == {}


@pytest.mark.parametrize(
    ("changes", "code", "severity", "lines"),
    [
        ({"summary": "Injections every 2 months.", "arms": "Injections every 3 months."}, "interval.contradiction",
         "contradiction", [17, 20]),
        ({"summary": "MSC doses of 2x10^6 cells/kg.\n\n\n\nMore."}, "dose.contradiction", None, []),
        ({"summary": "Followed for 2 months after the last injection.",
          "arms": "Followed for 4 months after the last injection."}, "follow_up.contradiction", "contradiction",
          [17, 20]),
        ({"summary": "MSC doses of 3x106/kg are given.", "arms": "MSCs"}, "dose.notation", "warning", [17]),
        ({"summary": "MSC doses of 3x10e6 cells/kg.", "arms": "MSCs"}, "dose.ambiguous", "warning", [17]),
        ({"summary": "Patients are seen bimonthly."}, "visit_interval.ambiguous", "warning", [17]),
        ({"summary": "Doses may stop at unacceptable toxicity."}, "rule.not_given", "warning", [17]),
        ({"summary": "Unacceptable toxicity is defined as grade 3."}, "rule.not_given", None, []),
        ({"summary": "Doses follow the dose escalation rules."}, "rule.not_given", "warning", [17]),
        ({"summary": "NK cells are given too."}, "product.unregistered", "contradiction", [17, 20]),
        ({"summary": "NK cells are given too.", "arms": "MSCs and NK cells"}, "product.unregistered", None, []),
        ({"inclusion": "2. Age 18 to 60 years"}, "list.first_lost", "warning", [23, 24]),
        ({"inclusion": "3. Age 18 to 60 years"}, "list.first_lost", "warning", [23, 24]),
        ({"inclusion": "1. Age 18 to 60 years\n4. Back pain"}, "list.gap", "warning", [25]),
        ({"inclusion": "2. Back pain"}, "age.unconfirmed", "warning", [23, 24, 28, 30]),
        ({"inclusion": "1. Age 18 to 50 years"}, "age.contradiction", "contradiction", [24, 28, 30]),
        ({"exclusion": "1. Under 20 years of age"}, "age.contradiction", "contradiction", [24, 27, 29, 31]),
        ({"exclusion": "1. Under 18 years or over 60 years of age"}, "age.contradiction", None, []),
        ({"inclusion": "1. Gives informed consent", "exclusion": "1. Cannot give informed consent"},
         "criteria.both_sides", "note", [24, 26]),
        ({"exclusion": ""}, "criteria.exclusions_missing", "warning", [24]),
        ({"exclusion": ""}, "section.empty", "note", [26]),
        ({"inclusion": ""}, "criteria.inclusions_missing", "warning", [26]),
        ({"inclusion": "", "exclusion": ""}, "eligibility.missing", "warning", [21, 23, 25]),
        ({"exclusion": "1. Hemoglobin < 9 mg/dL"}, "lab.unit", "contradiction", [27]),
        ({"exclusion": "1. Hemoglobin < 9 g/dL"}, "lab.unit", None, []),
        ({"outcomes": "Pain score"}, "outcome.scale", "warning", [34]),
        ({"outcomes": "Dublin Back Pain Score"}, "outcome.scale", None, []),
        ({"outcomes": "Pain score on the WOMAC"}, "outcome.scale", None, []),
        ({"outcomes": ""}, "outcomes.missing", "warning", [0]),
        ({"outcomes": "", "summary": "The primary outcome is pain."}, "outcomes.missing", "warning", [17]),
        ({"outcomes": "", "summary": "Scores are kept as secondary outcomes."}, "outcome.unnamed", "warning", [17]),
    ],
)  # fmt: skip
def test_rules(changes: dict[str, str], code: str, severity: str | None, lines: list[int]) -> None:
    """A rule speaks exactly where it should, with its places and a next step."""
    found = findings(page(**changes)).get(code)
    if severity is None:
        assert found is None
        return
    assert found is not None
    assert (found.severity, sorted({place.line for place in found.places})) == (severity, lines)
    assert found.hint
    assert found.message


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("18 Years", "16 Years", "age.minor"),
        ("2022-01", "2019-01", "dates.order"),
        ("10 participants", "", "enrolment.missing"),
        ("NCT ID: NCT00000004", "", "identity.missing"),
        ("RECRUITING", "COMPLETED", None),
    ],
)
def test_fields(old: str, new: str, code: str | None) -> None:
    """Fields that are missing, out of order or below the age of majority."""
    found = findings(page(inclusion="1. Back pain").replace(old, new))
    assert set(found) == ({code} if code else set())


def test_nothing_said_of_nothing() -> None:
    """A record without statements is checked too, and doubtful numbers about nothing known are left to the reader."""
    bare = check(Record("", "", "dump", "p", (), ()))
    assert {finding.code for finding in bare} == {
        "identity.missing",
        "eligibility.missing",
        "outcomes.missing",
        "enrolment.missing",
    }
    text = page(inclusion="1. Age 18 to 60 years\n2. Must not have a Wexford index above 8 mm")
    assert findings(text) == {}


def test_minor_in_a_sentence() -> None:
    """The places of a minor's age are those that say it."""
    text = page(inclusion="1. Age 16 to 60 years").replace("18 Years", "16 Years")
    assert sorted(place.line for place in findings(text)["age.minor"].places) == [24, 28]


def test_ages_of_several_units_are_no_minor() -> None:
    """Without an age, or with ages in months only, the rule on minors is silent."""
    text = page(inclusion="1. Back pain").replace("18 Years", "N/A").replace("60 Years", "N/A")
    assert "age.minor" not in findings(text)
    assert "age.missing" in findings(text)


def test_groups_may_differ() -> None:
    """With several groups, different doses are an open question, not a contradiction."""
    text = page(
        summary="MSCs, 2x10^6 cells/kg.",
        arms="First\nGroup Type EXPERIMENTAL\nx\nSecond\nMSCs 9x10^6 cells/kg\nGroup Type A",
    )
    assert findings(text)["dose.ambiguous"].severity == "warning"


def test_prose_alone_states_the_enrolment() -> None:
    """A number that only a sentence gives is noted."""
    text = page(summary="All 8 patients get MSCs.").replace("Total Enrollment\n10 participants\n", "")
    assert findings(text)["enrolment.prose"].severity == "note"


MEDPATH = """Cells
- Registration Number
- NCT00000005
- Target Recruitment
- 5
Recruitment & Eligibility
- Diagnosis of gout
{middle}
- Pregnancy
- Primary Outcome Measures
Name Time Method Pain Two years Asked
"""


def test_headings_missing() -> None:
    """One list without headings is named, and how it may be parted."""
    clear = findings(MEDPATH.format(middle="- Active infection"))["criteria.headings_missing"]
    assert [place.line for place in clear.places] == [7, 8]
    assert "first 1 admit" in clear.message
    mixed = findings(MEDPATH.format(middle="- Hurt toe"))["criteria.headings_missing"]
    assert "does not show" in mixed.message


POWER = """← Back to Search
Cells
Cells for Toes
{status}
Eligibility Criteria Checklist
Must have
Gout
Must not have
Fever
Who is the study for?
{people}
Primary outcome measures
Pain
Who else is applying?
How old are they?
20 - 40
Frequently Asked Questions
Is there room?
"{answer}"
Answered by AI
How responsive is this trial?
{spots}
"""
QUIET = {"status": "Phase 1", "people": "People with gout.", "answer": "We like toes.", "spots": "slow"}


def power(**changes: str) -> dict[str, Finding]:
    """Findings on a page of the patients' portal."""
    return findings(POWER.format(**{**QUIET, **changes}))


def test_machine_answers_are_named() -> None:
    """Answers by a machine are noted with their lines."""
    assert [place.line for place in power()["answers.unattributed"].places] == [20]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"status": "Recruiting", "answer": "It is no longer accepting people."}, [4, 19]),
        ({"spots": "~8 spots leftby May", "answer": "We are not currently looking for more."}, [19, 22]),
        ({"status": "Completed", "spots": "3 spots left"}, [4, 22]),
        ({"status": "Recruiting"}, []),
        ({"status": "Unknown", "answer": "It is no longer accepting people."}, []),
        ({"answer": "It is closed to accrual."}, []),
        ({"answer": "29 completed trials, 33 ongoing", "status": "Recruiting"}, []),
    ],
)
def test_recruiting(changes: dict[str, str], lines: list[int]) -> None:
    """Open in one place and closed in another is a contradiction; either alone is none."""
    found = power(**changes).get("recruiting.contradiction")
    assert sorted(place.line for place in found.places) == lines if found else not lines


def test_recruiting_counts() -> None:
    """Two different counts of recruiting trials cannot both be right."""
    found = power(answer="There are 12 trials recruiting, or 1,300 other clinical trials presently recruiting.")
    assert "12 and 1300" in found["recruiting.count"].message
    assert "recruiting.count" not in power(answer="There are 12 trials recruiting and 12 studies recruiting.")


def test_prose_only_and_age_boundary() -> None:
    """What only the prose asks for is named, and an age that can be read in two ways."""
    found = power(people="People over 30 with no surgery within 2 weeks before entry.")
    assert "age and surgery" in found["criteria.prose_only"].message
    boundary = found["age.boundary"]
    assert [place.line for place in boundary.places] == [11, 16]
    assert "30" in boundary.message


def test_prose_that_repeats_the_checklist() -> None:
    """What the checklist asks for too is no finding; an ambiguous age needs no applicants to be one."""
    text = (
        POWER.format(**{**QUIET, "people": "People over 30."}).replace("Gout", "Aged over 30").replace("20 - 40", "old")
    )
    found = findings(text)
    assert "criteria.prose_only" not in found
    assert "applicants" not in found["age.boundary"].message


def test_dump_repeats_and_stops() -> None:
    """A passage printed twice, and a page that stops in the middle of a sentence."""
    long = "Stromal cells from the patient's own marrow are given to people with stiff backs who like to walk and then"
    found = findings(f"Cells [clinicaltrials:NCT00000006]\n{long}\n{long}\n")
    assert [place.line for place in found["page.repeated"].places] == [2, 3]
    assert [place.line for place in found["page.truncated"].places] == [3]


def test_every_rule_has_a_code_of_its_own_words() -> None:
    """The table holds each rule once."""
    assert len(set(RULES)) == len(RULES)


@pytest.mark.parametrize(
    ("name", "value", "unit", "likely"),
    [
        ("haemoglobin", Range(high=8), "mg/dL", "g/dL"),
        ("haemoglobin", Range(high=80), "g/L", None),
        ("platelets", Range(low=100_000), "/L", "/uL"),
        ("creatinine", 133, "mmol/L", "umol/L"),
        ("creatinine", 2, "{ULN}", None),
        ("haemoglobin", Range(high=8), "", None),
        ("haemoglobin", Range(low=0), "mg/dL", None),
        ("haemoglobin", 900, "mg/dL", None),
        ("fvc", Range(low=50), "%", None),
    ],
)
def test_likely_units(name: str, value: Range | int, unit: str, likely: str | None) -> None:
    """The unit probably meant, only where the printed one cannot be right and another fits."""
    assert likely_unit(name, value, unit) == likely


EXPECTED = {
    "000": {"identity.missing", "eligibility.missing", "rule.not_given", "outcomes.missing", "enrolment.prose",
            "page.repeated"},
    "001": {"criteria.headings_missing", "age.missing", "product.unregistered", "outcome.scale"},
    "002": {"identity.missing", "list.first_lost", "age.unconfirmed", "interval.contradiction",
    "follow_up.contradiction",
            "visit_interval.ambiguous", "dose.notation", "outcomes.missing", "outcome.unnamed", "section.empty"},
    "003": {"age.minor", "lab.unit", "criteria.both_sides", "outcomes.missing"},
    "004": {"criteria.exclusions_missing", "criteria.prose_only", "age.boundary", "rule.not_given", "enrolment.missing",
            "recruiting.contradiction", "recruiting.count", "answers.unattributed"},
}  # fmt: skip


@pytest.mark.skipif(not SEEDS.exists(), reason="the five records are not beside the repository")
@pytest.mark.parametrize("seed", sorted(EXPECTED))
def test_the_five_records(seed: str) -> None:
    """Exactly these doubts are raised about the five records, each with a place and a next step."""
    path = next(SEEDS.glob(f"{seed}_*.txt"))
    found = check(parse(path.read_text(encoding="utf-8"), path.name))
    assert {finding.code for finding in found} == EXPECTED[seed]
    assert all(finding.places and finding.hint for finding in found)


@pytest.mark.skipif(not SEEDS.exists(), reason="the five records are not beside the repository")
@pytest.mark.parametrize(
    ("seed", "code", "lines"),
    [
        ("000", "rule.not_given", [3, 7]),
        ("001", "criteria.headings_missing", [18, 20]),
        ("001", "product.unregistered", [10, 36]),
        ("001", "outcome.scale", [40]),
        ("002", "age.unconfirmed", [56, 57, 65, 66]),
        ("002", "interval.contradiction", [29, 45]),
        ("002", "follow_up.contradiction", [28, 29, 30]),
        ("002", "dose.notation", [33, 45]),
        ("003", "age.minor", [122, 142]),
        ("003", "lab.unit", [132]),
        ("003", "criteria.both_sides", [123, 138]),
        ("004", "age.boundary", [27, 117]),
        ("004", "rule.not_given", [65]),
        ("004", "recruiting.contradiction", [8, 98, 110, 131]),
        ("004", "recruiting.count", [98, 110]),
        ("004", "answers.unattributed", [94, 100, 106, 112]),
    ],
)
def test_places_in_the_five_records(seed: str, code: str, lines: list[int]) -> None:
    """The places that disagree, line by line."""
    path = next(SEEDS.glob(f"{seed}_*.txt"))
    found = [f for f in check(parse(path.read_text(encoding="utf-8"), path.name)) if f.code == code]
    assert sorted({place.line for place in found[0].places}) == lines
