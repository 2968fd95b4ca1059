"""Pages that are two, or too little, or too long: refused with what is missing, or read in time with their length."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from portals import PORTALS, invented
from stromal.read import check, parse
from stromal.read.layout import Line, listed, published
from stromal.read.pages import LAYOUTS
from stromal.read.record import Range, Record
from stromal.values import Unusable

SEEDS = sorted((Path(__file__).resolve().parents[4] / "shared" / "seeds").glob("0*.txt"))


def refused(text: str) -> tuple[str, str, list[int]]:
    """The code, the hint and the lines of a refusal."""
    with pytest.raises(Unusable) as caught:
        parse(text, "p")
    (finding,) = caught.value.findings
    return finding.code, f"{finding.message}; {finding.hint}", [place.line for place in finding.places]


def value(record: Record, name: str) -> object:
    """What a statement says; None where there is none."""
    statement = record.statement(name)
    return statement.value if statement else None


# ---------------------------------------------------------------- two trials, two portals


@pytest.mark.parametrize("portal", [name for name in PORTALS if name != "bio2rdf"])
def test_two_trials_in_one_file(portal: str) -> None:
    """Pages of two trials in one file are refused, with the place of each."""
    first, second = (PORTALS[portal](invented(number)) for number in (1, 2))
    code, words, lines = refused(f"{first}\n{second}")
    assert (code, len(lines)) == ("page.several", 2)
    assert lines[1] > first.count("\n") >= lines[0]
    assert "file of its own" in words


@pytest.mark.parametrize("portal", PORTALS)
def test_one_trial_printed_twice(portal: str) -> None:
    """A page saved twice is one trial."""
    page = PORTALS[portal](invented(4))
    once, twice = parse(page, "p"), parse(f"{page}\n{page}", "p")
    for name in ("registry_id", "title", "status", "phase", "sex", "planned_enrolment", "sponsor"):
        assert value(twice, name) == value(once, name)


def test_pages_of_two_portals() -> None:
    """Pages of two portals in one file are refused, even of one trial."""
    code, words, _ = refused(PORTALS["medpath"](invented(1)) + "\n" + PORTALS["power"](invented(1)))
    assert code == "page.several"
    assert "MedPath" in words
    assert "Power" in words


# ---------------------------------------------------------------- few marks


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("Cells\nRecruitment & Eligibility\n- Pregnancy\n", "medpath"),
        ("Cells\n- Target Recruitment\n- 7\n", "medpath"),
        ("Cells for Backs\nNCT ID: NCT00000007\n", "meddatax"),
        ("Cells\nEligibility Criteria\nCheck who may come.\n20 Years\n30 Years\n", "meddatax"),
        ("Eligibility Criteria Checklist\nOld\n", "power"),
        ("Cells for Ears\nAwards & highlights\n", "power"),
        ("Cells [clinicaltrials:NCT00000007]", "bio2rdf"),
    ],
)
def test_one_mark_that_no_other_page_prints(text: str, layout: str) -> None:
    """A piece of a page is read where one thing on it tells whose it is."""
    assert parse(text, "p").layout == layout


def test_a_refusal_says_what_is_missing() -> None:
    """A page with too little of a layout is told what was seen, where, and what was not."""
    code, words, lines = refused("Cells\n- Lead Sponsor\n- Somebody\n")
    assert (code, lines) == ("page.layout", [2])
    assert "MedPath" in words
    assert "Recruitment & Eligibility" in words
    assert "- Lead Sponsor" not in words


def test_a_tie_is_not_guessed() -> None:
    """A page that shows as much of one layout as of another is refused, with both."""
    code, words, _ = refused("Recruitment & Eligibility\nEligibility Criteria Checklist\n")
    assert code == "page.layout"
    assert "MedPath" in words
    assert "Power" in words


def test_too_long_for_a_page() -> None:
    """A file longer than any page is refused before it is read."""
    assert refused("a b\n" * 1_100_000)[0] == "page.binary"


# ---------------------------------------------------------------- what is one portal's own


def test_who_pays_and_who_leads() -> None:
    """The lead sponsor is the one called so, whatever stands above it and is glued to it."""
    text = (
        "Cells for Ears\nAwards & highlights\nWho is running the clinical trial?\nHouse of EarsUNKNOWN\n"
        "EarlandOTHERHouse of MarrowLead Sponsor\n12 Previous Clinical Trials\n"
        "A. Person, MDPrincipal InvestigatorHouse\n"
    )
    record = parse(text, "p")
    assert value(record, "sponsor") == "House of Marrow"
    labels = [item.label for item in record.items("sponsor")]
    assert labels == ["collaborator", "sponsor", "note", "investigator"]
    assert parse(text.replace("OTHERHouse of MarrowLead Sponsor", "OTHER"), "p").statement("sponsor").state == "missing"  # type: ignore[union-attr]


def test_a_kind_of_treatment_is_no_title() -> None:
    """Of a page for patients that lost its title, the kind of treatment above is not taken for it."""
    assert parse("Stem Cells\nPhase 2\nEligibility Criteria Checklist\n", "p").title == ""
    assert parse("Cells for Ears\nPhase 2\nEligibility Criteria Checklist\n", "p").title == "Cells for Ears"


def test_a_resource_is_no_title() -> None:
    """Only the trial's own label is the title of a dump: another may be an outcome."""
    record = parse("To see whether it works June 2001 [clinicaltrials_resource:abc]\n\nAll 4 patients come.\n", "p")
    assert record.title == ""
    assert [item.text for item in record.items("label")] == [
        "To see whether it works June 2001",
        "[clinicaltrials_resource:abc]",
    ]


def test_a_dump_with_its_criteria_on_lines() -> None:
    """Criteria below a heading of their own are a list until the marks end; a sentence naming them is no heading."""
    text = (
        "T [clinicaltrials:NCT00000001]\nWhoever meets the inclusion criteria may come. It is safe.\n"
        "Inclusion Criteria:\nOld\n- Tired\nThey are watched.\n[clinicaltrials_resource:x] More of it.\n"
    )
    record = parse(text, "p")
    assert [item.text for item in record.items("inclusion")] == ["Old", "Tired"]
    assert [item.place.line for item in record.items("description")] == [2, 6, 7]


def test_a_single_value_without_label_is_left_open() -> None:
    """One age may be the youngest or the oldest, one day the first or the last: neither is guessed."""
    text = "Basic Information\nGet it.\nCOMPLETED\n2020-05\nEligibility Criteria\nCheck it.\n70 Years\nALL\n"
    record = parse(text, "p")
    assert value(record, "age") == (Range(low=70), Range(high=70))
    assert (value(record, "start"), value(record, "completion")) == (None, None)


def test_values_glued_without_labels() -> None:
    """Values on one line are parted by their forms."""
    text = "Basic Information\nGet it.\nCOMPLETEDPHASE1/PHASE2\n"
    text += "Eligibility Criteria\nCheck it.\n18 Years 70 Years\nALLNo\n"
    record = parse(text, "p")
    assert [value(record, name) for name in ("status", "phase", "sex", "healthy_volunteers")] == [
        "COMPLETED", "PHASE1/PHASE2", "ALL", "No",
    ]  # fmt: skip
    assert value(record, "age") == Range(18, 70)


def test_a_label_does_not_take_what_is_no_value_of_it() -> None:
    """A label that lost its value leaves the next line alone."""
    text = "Recruitment & Eligibility\n- Status\n- OPEN\n- Target Recruitment\n- 18 years or older\n- Able to walk\n"
    record = parse(text, "p")
    assert value(record, "planned_enrolment") is None
    assert [item.text for item in record.items("criteria")] == ["18 years or older", "Able to walk"]
    text = "NCT ID: NCT00000007\nTotal Enrollment\nA sentence.\nRecruitment Status\n"
    record = parse(text, "p")
    assert value(record, "planned_enrolment") is None
    assert [item.label for item in record.items("title") if not item.text] == ["planned_enrolment", "status"]


def test_headings_inside_a_description() -> None:
    """Criteria and headings that a description repeats stay in it where the page has such parts of its own."""
    page = PORTALS["meddatax_labelled"](invented(2)).replace(
        "Each person gets", "Inclusion criteria:\n\nStudy Design:\n\nEach person gets"
    )
    record = parse(page, "p")
    assert [item.text for item in record.items("description")][:2] == ["Inclusion criteria:", "Study Design:"]
    assert value(record, "model") == "CROSSOVER"
    page = PORTALS["medpath"](invented(2)).replace("Each person gets", "Inclusion criteria:\nOld\nEach person gets")
    assert [item.text for item in parse(page, "p").items("description")][:2] == ["Inclusion criteria:", "Old"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1. Age 18 2. 20 or more bad days 3. Walks", 3),
        ("1. Score of at least 2. Walks", 1),
        ("3. All of 1. this 2. that 4. Walks", 1),
        ("* Old * Tired", 2),
        ("* Old 20. Tired", 1),
        ("(1) Old (2) Tired", 2),
        ("1. One of (1) this (2) that 2. Walks", 2),
        ("- Old. - Tired", 2),
    ],
)
def test_lists_on_one_line(text: str, parts: int) -> None:
    """A list is parted at its own marks, in the order of its numbers."""
    assert len(list(listed(Line(1, text)))) == parts


@pytest.mark.parametrize(
    "text",
    [
        "T\nRecruitment & Eligibility\nInclusion Criteria: Old\n- Tired\nExclusion Criteria: Gout\n",
        "T\nNCT ID: NCT00000007\nInclusion Criteria: Old\nTired\nExclusion Criteria: Gout\n",
    ],
)
def test_first_criterion_on_the_line_of_the_heading(text: str) -> None:
    """A criterion that follows its heading on the same line is the first of its list."""
    record = parse(text, "p")
    assert [item.text for item in record.items("inclusion")] == ["Old", "Tired"]
    assert [item.text for item in record.items("exclusion")] == ["Gout"]


def test_a_checklist_without_the_headings_around_it() -> None:
    """The rewording in the first person is told by its own sentence, and the times by their form."""
    text = (
        "Cells for Ears\nInclusion Criteria\nYou may be eligible if you say yes\nI am deaf.\n"
        "Eligibility Criteria Checklist\n"
        "Must have\nDeaf\nScreening ~ 3 weeks\nFollow Up 2 years\n"
    )
    record = parse(text, "p")
    assert [item.text for item in record.items("inclusion")] == ["Deaf"]
    assert [item.text for item in record.items("inclusion_questions")] == ["I am deaf."]
    assert (value(record, "screening"), value(record, "follow_up")) == (3, 2)


# ---------------------------------------------------------------- cut


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        ("T for X\nStudy Summary\nThe cells are given to\nEligibility Criteria Checklist\n", "note", "eligibility"),
        ("T for X\nEligibility Criteria Checklist\nStudy Summary\nThe cells are given to", "warning", "sentence"),
        (
            "T for X\nEligibility Criteria Checklist\nMust have\nOld.\nHas been ill for at",
            "warning",
            "sentence",
        ),
        ("T\nRecruitment & Eligibility\n- Pregnancy\n- Primary Outc", "warning", "heading"),
        ("T\nNCT ID: NCT00000007\nBrief Summary\nSee it.\nIt is.\nEligibility Cri", "warning", "heading"),
        ("T for X\nEligibility Criteria Checklist\nWho is the stu", "warning", "heading"),
        ("T\nRecruitment & Eligibility\n- Status\n", "note", "eligibility"),
        ("T\nNCT ID: NCT00000007\nSponsors\nMeet them.\nHouse\n", None, ""),
    ],
)
def test_cut_pages(text: str, severity: str | None, words: str) -> None:
    """A page that stops too early says where; a page that ends as such pages do says nothing."""
    found = [each for each in check.check(parse(text, "p")) if each.code == "page.truncated"]
    if severity is None:
        assert found == []
        return
    (finding,) = found
    assert finding.severity == severity
    assert words in finding.message
    assert finding.places[0].line


# ---------------------------------------------------------------- time


def seconds(work: object, times: int = 3) -> float:
    """The middle of several measurements."""
    assert callable(work)
    measured = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        measured.append(time.perf_counter() - began)
    return median(measured)


STRANGE = {
    "spaces": "a" + " " * 6_000 + "b",
    "word": "x" * 6_000,
    "numbers": "1. " + "2. a " * 1_000,
    "bullets": "* word " * 800,
    "headings": "Conditions\nReview this.\n" * 300,
    "criteria": "Inclusion Criteria:\n* a\n" * 300,
    "labels": "Recruitment Status\n" * 300,
    "groups": "Group I: " + "a " * 3_000,
    "dashes": "x - Status " * 600,
}


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("portal", ["medpath", "meddatax_labelled", "power", "bio2rdf"])
def test_time_grows_with_length(portal: str, name: str) -> None:
    """Four times the text takes about four times as long to take apart, whatever it is made of."""
    layout = next(each for each in LAYOUTS if portal.startswith(each.name))
    frame = PORTALS[portal](invented(1)).replace("Able to walk", "{}").replace("Marrow MSCs are given", "{}")

    def split(text: str) -> None:
        lines = published(frame.replace("{}", text))
        layout.marks(lines)
        layout.split(lines, "p")

    short, long = seconds(lambda: split(STRANGE[name])), seconds(lambda: split(STRANGE[name] * 4))
    assert long < short * 12 + 0.02


@pytest.mark.parametrize("page", SEEDS, ids=[page.stem[:3] for page in SEEDS])
def test_long_pages(page: Path) -> None:
    """A published page, many times over, is taken apart in time with its length."""
    text = page.read_text(encoding="utf-8")
    layout = next(each for each in LAYOUTS if each.name in page.name)

    def split(times: int) -> None:
        lines = published(text * times)
        layout.marks(lines)
        layout.split(lines, "p")

    assert seconds(lambda: split(16)) < seconds(lambda: split(4)) * 12 + 0.02
