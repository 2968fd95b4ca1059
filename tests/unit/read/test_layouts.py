"""The four layouts on pages of invented trials: whole, reordered, with parts missing, glued or cut off."""

from __future__ import annotations

import pytest

from stromal.read import Record, decode, parse
from stromal.read.layout import Line, listed, marked, published, unglued
from stromal.read.record import Fields, Range, Statement
from stromal.values import Unusable


def value(record: Record, name: str) -> object:
    """A statement's value."""
    return made(record, name).value


def made(record: Record, name: str) -> Statement:
    """A statement, which must be there."""
    statement = record.statement(name)
    assert statement is not None, name
    return statement


def lines(record: Record, name: str) -> list[int]:
    """The lines a statement stands on."""
    return sorted({place.line for place in made(record, name).places})


def texts(record: Record, section: str) -> list[str]:
    """The items of a section."""
    return [item.text for item in record.items(section)]


# ---------------------------------------------------------------- the dump

DUMP = """Marrow cells for knees [clinicaltrials:NCT00000001]

The first dose will be 2x10^6 MSC/kg and the second dose 4x10^6 MSC/kg, given 7 to 10 days apart.

Grip strength [clinicaltrials_resource:abc]

Inclusion Criteria: 1. Age 20 to 50 years 2. Knee pain Exclusion Criteria: Pregnancy
"""


def test_dump() -> None:
    """Labels with resource names, paragraphs, and criteria that hide inside one."""
    record = parse(DUMP, "any.txt")
    assert (record.layout, record.registry_id, record.title) == ("bio2rdf", "NCT00000001", "Marrow cells for knees")
    assert (value(record, "dose_1"), value(record, "dose_2")) == (2_000_000, 4_000_000)
    assert (value(record, "interval"), lines(record, "interval")) == (Range(7, 10), [3])
    assert texts(record, "inclusion") == ["Age 20 to 50 years", "Knee pain"]
    assert [item.mark for item in record.items("inclusion")] == ["1.", "2."]
    assert texts(record, "exclusion") == ["Pregnancy"]
    assert (value(record, "age"), lines(record, "age")) == (Range(20, 50), [7])
    assert record.statement("dose") is None


def test_dump_in_another_order() -> None:
    """A dump that begins with its paragraph says the same."""
    text = "All 4 patients get 3x10^7 MSCs once.\r\n\r\nCells for backs [clinicaltrials:NCT00000009]\r\n"
    record = parse(text, "")
    assert (record.title, value(record, "dose"), lines(record, "dose")) == ("Cells for backs", 30_000_000, [1])
    assert value(record, "planned_enrolment") == 4


# ---------------------------------------------------------------- MedPath

MEDPATH = """Cord Cells for Tired Hearts
- Registration Number
- NCT00000002
- Lead Sponsor
- Heart House
- Brief Summary
A trial of allogeneic cord derived mesenchymal stem cells.
- Detailed Description
A single intravenous infusion of 50 million cells. Seen at 1, 3 and 9 months.
Recruitment & Eligibility
- Status
- COMPLETED
- Sex
- All
- Target Recruitment
- 1,024
- Diagnosis of heart failure
- Able to walk
- Ejection fraction of 20% to 40%
- Active infection
- Pregnancy
Study & Design
- Study Type
- INTERVENTIONAL
- Arm && Interventions
Group Intervention Description
Cells CordCells Single infusion of 50 million cells
- Primary Outcome Measures
Name Time Method Deaths Up to two years after treatment Counted
Walking distance\t6 months\tMeasured
Name Time Method Mood Asked
Name Time Method Up to 2 years Sleep
Hospital stays
Trial Locations
- Locations (1)
Heart House
"""


def test_medpath() -> None:
    """Labels, blocks, criteria without headings and flattened tables."""
    record = parse(MEDPATH, "x")
    assert (record.layout, record.registry_id, record.title) == (
        "medpath",
        "NCT00000002",
        "Cord Cells for Tired Hearts",
    )
    assert (value(record, "status"), lines(record, "status")) == ("COMPLETED", [12])
    assert (value(record, "planned_enrolment"), value(record, "sponsor")) == (1024, "Heart House")
    assert (value(record, "dose"), lines(record, "dose")) == (50_000_000, [9, 27])
    assert (made(record, "inclusion_criteria_count").state, value(record, "inclusion_criteria_count")) == (
        "ambiguous",
        (2, 3),
    )
    assert value(record, "ejection_fraction") == Range(20, 40)
    outcomes = value(record, "primary_outcome")
    assert isinstance(outcomes, tuple)
    first, second, mood, sleep, third = outcomes
    assert (mood, sleep) == (Fields((("measure", "Mood Asked"),)), Fields((("measure", "Up to 2 years Sleep"),)))
    assert first == Fields(
        (("measure", "Deaths"), ("time_frame", "Up to two years after treatment"), ("method", "Counted"))
    )
    assert second == Fields((("measure", "Walking distance"), ("time_frame", "6 months"), ("method", "Measured")))
    assert third == Fields((("measure", "Hospital stays"),))


def test_medpath_with_headings_and_gaps() -> None:
    """Criteria with headings are sure; labels without a value stay empty; other sections may be missing or moved."""
    text = (
        "- Target Recruitment\n- Status\n- RECRUITING\nRecruitment & Eligibility\n- Sex\nInclusion Criteria\n"
        "- Adults over 30\n"
        "- Walks\nExclusion Criteria\n- Gout\nStudy & Design\n- Study Type\n"
    )
    record = parse(text, "x")
    assert record.title == ""
    assert (value(record, "inclusion_criteria_count"), made(record, "inclusion_criteria_count").state) == (2, "stated")
    assert value(record, "exclusion_criteria_count") == 1
    assert made(record, "planned_enrolment").state == "missing"
    assert made(record, "age").state == "ambiguous"
    assert [(i.label, i.text) for i in record.items("eligibility")] == [("sex", "")]


def test_one_limit_in_two_criteria() -> None:
    """The same limit twice is one statement with both lines; follow-up counted otherwise stands beside the other."""
    text = (
        "- Lead Sponsor\n- A\n- Brief Summary\nSeen until 3 months after the last infusion. Four year follow-up.\n"
        "Recruitment & Eligibility\nInclusion Criteria\n- EDSS below 6\n- EDSS < 6\n- EDSS above 2\n"
        "Exclusion Criteria\n- Age 3 to 9\n"
    )
    record = parse(text, "x")
    assert lines(record, "edss") == [7, 8]
    assert value(record, "edss_2") == Range(low=2, low_included=False)
    assert (value(record, "follow_up"), value(record, "follow_up_otherwise")) == (3, 4)
    assert made(record, "age").state == "missing"


def test_ages_that_cross() -> None:
    """A youngest above the oldest is kept as it is, end by end."""
    record = parse("T\nConditions\nSee it.\nEligibility Criteria\nCheck it.\n60 Years\n20 Years\n", "x")
    assert value(record, "age") == (Range(low=60), Range(high=20))


def test_medpath_mixed_list() -> None:
    """A list that asks, bars and asks again cannot be parted: both sides stay open."""
    text = "- Lead Sponsor\n- A\nRecruitment & Eligibility\n- Pregnancy\n- Able to walk\n"
    record = parse(text, "x")
    assert made(record, "inclusion_criteria_count").state == "missing"


# ---------------------------------------------------------------- MedDataX

LABELLED = """Placenta Cells for Sore Nerves

NCT ID: NCT00000003

Basic Information

Get the picture of the trial.

Recruitment Status

RECRUITING

Total Enrollment

12 participants

Study Start Date

2021-03

Brief Summary

Review what it is about.

The primary endpoint is survival. Allogeneic placenta derived MSCs, 4 million cells/kg, once intravenously.

Study Design

Understand the shape.

Intervention Model

PARALLEL

Study Groups

Review the arms.

High

Group Type EXPERIMENTAL

Low

Group Type EXPERIMENTAL

Eligibility Criteria

Check who may come.

Inclusion Criteria

* Age 18 to 60 years
* EDSS below 6.0

Exclusion Criteria

* Cancer within 5 years before enrolment
* Hemoglobin \\< 90 g/L
Minimum Eligible Age

18 Years

Maximum Eligible Age

60 Years

Site Status

Strange Things

See what is strange about it.

nothing
"""


def test_meddatax_labelled() -> None:
    """Labels on one line, values on the next; headings known by the sentence below them."""
    record = parse(LABELLED, "x")
    assert (record.layout, record.registry_id, record.title) == (
        "meddatax",
        "NCT00000003",
        "Placenta Cells for Sore Nerves",
    )
    assert (value(record, "status"), value(record, "planned_enrolment"), value(record, "start")) == (
        "RECRUITING",
        12,
        "2021-03",
    )
    assert (value(record, "age"), lines(record, "age")) == (Range(18, 60), [53, 62, 66])
    assert (value(record, "dose"), made(record, "dose").unit) == (4_000_000, "cells/kg")
    assert value(record, "edss") == Range(high=6, high_included=False)
    assert made(record, "haemoglobin").state == "stated"
    assert value(record, "window_malignancy") == Range(high=5)
    assert texts(record, "strange_things") == ["nothing"]
    assert [i.label for i in record.items("limits")] == ["age_min", "age_max", "site_status"]


UNLABELLED = """Eligibility Criteria
Check who may come.
Inclusion Criteria
1. Willing to sign
3. Walks
Exclusion Criteria
* Gout * Fever
20 Years
ALL
Yes
Conditions
See what it is.
Gout
Fever
Basic Information
Get the picture.
TERMINATED
NA
1,200 participants
OBSERVATIONAL
2001-01-02
2002-02
Study Design
Understand the shape.
RANDOMIZED
CROSSOVER
OTHER
DOUBLE
"""


def test_meddatax_unlabelled_and_reordered() -> None:
    """Values alone are told by their form, whatever the order of the sections."""
    record = parse(UNLABELLED, "x")
    assert [
        value(record, name)
        for name in ("status", "phase", "planned_enrolment", "study_type", "start", "completion", "allocation", "model",
                     "purpose", "masking", "sex", "healthy_volunteers")
    ] == ["TERMINATED", "NA", 1200, "OBSERVATIONAL", "2001-01-02", "2002-02", "RANDOMIZED", "CROSSOVER", "OTHER",
    "DOUBLE",
          "ALL", "Yes"]  # fmt: skip
    assert value(record, "conditions") == ("Gout", "Fever")
    assert (value(record, "age"), made(record, "age").state) == ((Range(low=20), Range(high=20)), "ambiguous")
    assert lines(record, "age") == [8]
    assert texts(record, "exclusion") == ["Gout", "Fever"]
    assert record.title == ""


def test_meddatax_glued() -> None:
    """A heading or label glued to the end of a line is parted from it and keeps the line's number."""
    text = (
        "Brief Summary\nReview it.\nCells are given once.Detailed Description\nDive into it.\nMore.\n"
        "Inclusion Criteria\n"
        "* Old\\nHealthyMinimum Eligible Age\n30 Years\nConditions\nSee them.\n"
    )
    record = parse(text, "x")
    assert texts(record, "summary") == ["Cells are given once."]
    (section,) = record.named("description")
    assert (section.heading.line, section.heading.quote) == (3, "Detailed Description")
    assert [(i.text, i.place.line) for i in record.items("inclusion")] == [("Old", 7), ("Healthy", 7)]
    assert (value(record, "age"), lines(record, "age")) == (Range(low=30), [8])


def test_meddatax_cut_off() -> None:
    """A page that stops after a label keeps the label, empty."""
    text = "T\nBrief Summary\nReview it.\nA.\nBasic Information\nGet it.\nRecruitment Status\n"
    record = parse(text, "x")
    assert [(i.label, i.text) for i in record.items("overview")] == [("status", "")]
    assert made(record, "status").state == "missing"


# ---------------------------------------------------------------- Power

POWER = """← Back to Search
Stem Cells
Fat Cells for Sore Hips
Phase 1 & 2
Recruiting
Male or Female
Led By A. Person
Research Sponsored by Hip House
Eligibility Criteria Checklist
Specific guidelines that say who may come
Must have
Hip pain for more than 6 months
Male\\nHealthy
Must not have
Cancer in the past 2 years
Timeline
Screening 2 weeks
Treatment Varies
Follow Up 18 months
Who is the study for?
People over 40 with hip pain who can travel.Check my eligibility
What is being tested?
Autologous fat derived stem cells: 2 x 10^7 cells in 4-6 mL at the first injection.See study design
Study Objectives
Outcome measures can tell you more.
Primary outcome measures
Hip pain score (VAS)
Frequently Asked Questions
Is it open?
"It is closed to accrual."
Answered by AI
Trial Design
1Treatment groups
"""


def test_power() -> None:
    """Checklist, timeline, glued buttons, outcomes and machine answers."""
    record = parse(POWER, "x")
    assert (record.layout, record.title, value(record, "phase"), value(record, "status")) == (
        "power", "Fat Cells for Sore Hips", "Phase 1 & 2", "Recruiting",
    )  # fmt: skip
    assert (value(record, "sponsor"), value(record, "sex")) == ("Hip House", "Male or Female")
    assert texts(record, "inclusion") == ["Hip pain for more than 6 months", "Male", "Healthy"]
    assert (value(record, "exclusion_criteria_count"), value(record, "window_malignancy")) == (1, Range(high=2))
    assert (value(record, "screening"), made(record, "screening").unit) == (2, "weeks")
    assert (value(record, "follow_up"), made(record, "follow_up").unit) == (18, "months")
    assert value(record, "age") == (Range(low=40, low_included=False), Range(low=40))
    assert (value(record, "dose_1"), value(record, "volume")) == (20_000_000, Range(4, 6))
    assert [i.label for i in record.items("population")] == ["", "button"]
    assert [i.label for i in record.items("questions")] == ["", "", "answered_by"]


def test_power_without_its_checklist() -> None:
    """Where the checklist is lost, its rewording in the first person counts."""
    text = (
        "Cells\nCells for Ears\nAge: 18 - 70\nStudy Summary\nA.\nEligibility Criteria\nInclusion Criteria\n"
        "You may be eligible if you check yes\nSelect...\nI am deaf.\nExclusion Criteria\nI am ill.\n"
        "Awards & highlights\n"
    )
    record = parse(text, "x")
    assert (value(record, "inclusion_criteria_count"), value(record, "exclusion_criteria_count")) == (1, 1)
    assert value(record, "age") == Range(18, 70)
    assert record.title == "Cells for Ears"


def test_power_criteria_without_questionnaire() -> None:
    """`Inclusion Criteria` with no questionnaire above it is the checklist itself."""
    record = parse("← Back to Search\nInclusion Criteria\nDeaf\nHow responsive is this trial?\nvery\n", "x")
    assert texts(record, "inclusion") == ["Deaf"]


# ---------------------------------------------------------------- pages that cannot be read


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "page.empty"),
        (" \n\t\n", "page.empty"),
        ("\0\1\2PK", "page.binary"),
        ("\ufffd" * 40, "page.binary"),
        ("A recipe\nTake two eggs.", "page.layout"),
        ("- Lead Sponsor\n- somebody", "page.layout"),
    ],
)
def test_unusable(text: str, code: str) -> None:
    """A page that cannot be read says why, where, and what to do next."""
    with pytest.raises(Unusable) as caught:
        parse(text, "page.txt")
    (finding,) = caught.value.findings
    assert (finding.code, finding.severity) == (code, "error")
    assert finding.places[0].file == "page.txt"
    assert finding.hint


def test_near_miss_is_named() -> None:
    """A page that shows a little of a layout is told which."""
    with pytest.raises(Unusable, match="MedPath"):
        parse("- Lead Sponsor\n- somebody", "p")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfABC", "ABC"),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Größe und Maß".encode("latin-1"), "Größe und Maß"),
    ],
)
def test_decode(content: bytes, text: str) -> None:
    """Bytes in the usual encodings become text."""
    assert decode(content, "p") == text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\xff\xfe", bytes(range(128, 256)) * 4, b"\xff\xfea"])
def test_decode_refuses_what_is_no_text(content: bytes) -> None:
    """Images and archives are refused."""
    with pytest.raises(Unusable, match=r"page\.binary"):
        decode(content, "p")


# ---------------------------------------------------------------- lines and lists


def test_published_lines_keep_their_numbers() -> None:
    """Blank lines count; form feeds and odd separators break no line; old line ends do."""
    assert [(line.number, line.words) for line in published("a\r\n\r\nb\u2028c\x0cd\n")] == [
        (1, "a"),
        (3, "b\u2028c\x0cd"),
    ]
    assert [line.number for line in published("a\rb")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "mark", "rest"),
    [
        ("* a", "*", "a"), ("2. b", "2.", "b"), ("3)c", "3)", "c"), ("4 . d", "4 .", "d"), ("b) e", "b)", "e"),
        ("• f", "•", "f"),
        ("- g", "-", "g"), ("2.5 ml", "", "2.5 ml"), ("h", "", "h"),
    ],
)  # fmt: skip
def test_marks(text: str, mark: str, rest: str) -> None:
    """List marks are taken off, numbers with decimals are not."""
    assert marked(text) == (mark, rest)


def test_listed_only_where_a_list_begins() -> None:
    """A line that begins with a mark holds several items; numbers inside a sentence part nothing."""
    assert [line.words for line in listed(Line(1, "1. One 2. Two"))] == ["1. One", "2. Two"]
    assert [line.words for line in listed(Line(1, "As follows: 1. One 2. Two"))] == ["As follows: 1. One 2. Two"]


def test_unglued_without_words() -> None:
    """Printed line breaks part a line even where no glued words are known."""
    assert [line.words for line in unglued([Line(4, "Male\\nHealthy")])] == ["Male", "Healthy"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Able to walk Exclusion Criteria", 2),
        ("Able to walk.Exclusion criteria:", 2),
        ("Meets none of the Exclusion Criteria", 1),
        ("Meets any Exclusion Criteria", 1),
        ("Whoever meets the exclusion criteria", 1),
    ],
)
def test_headings_of_criteria_at_the_end_of_a_line(text: str, parts: int) -> None:
    """A heading glued behind a criterion is parted; a sentence that names the criteria is not."""
    assert len(list(unglued([Line(1, text)]))) == parts


@pytest.mark.parametrize(
    ("first", "then", "state"),
    [
        ("Signed informed consent", "Known allergy to sulfur", "repaired"),
        ("Signed informed consent", "Severe illness of the liver", "ambiguous"),
        ("Age over 40 years", "Pregnancy", "ambiguous"),
    ],
)
def test_where_a_list_without_headings_turns(first: str, then: str, state: str) -> None:
    """The turn is taken for sure only where consent closes one side and what nobody is asked for opens the other."""
    before, _, rest = MEDPATH.partition("- Ejection")
    behind = rest[rest.index("\nStudy") :]
    record = parse(f"{before}- Diagnosis of gout\n- {first}\n- {then}\n- History of stroke{behind}", "x")
    for side, count in (("inclusion", 4), ("exclusion", 2)):
        found = made(record, f"{side}_criteria_count")
        assert (found.value, found.state) == (count, state)
