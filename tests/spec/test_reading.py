"""Registry pages: what a page says, on which line, and how sure we are; then a draft of the protocol.

A fact is stated as printed, repaired where its notation was broken, ambiguous where a phrase admits two readings,
contradictory where two places disagree, and missing where nobody says it. The examples are pages of trials that do not
exist.
"""

from __future__ import annotations

import pytest

from spec_trial import table
from stromal.protocol.file import load
from stromal.protocol.writing import write
from stromal.read import parse
from stromal.read.check import check
from stromal.read.comparing import comparisons
from stromal.read.conditions import condition
from stromal.read.criteria import Side
from stromal.read.doses import doses
from stromal.read.draft import draft
from stromal.read.limits import ages, windows
from stromal.read.record import Record, Statement, show
from stromal.values import Unusable

PAGE = """\
Marrow cells for stiff knees
NCT ID: NCT00000001
Brief Summary
Review what it is about.
{summary}
Study Groups
Review the arms.
{arm}
Eligibility Criteria
Check who may take part.
Inclusion Criteria
{inclusion}
Exclusion Criteria
{exclusion}
18 Years
65 Years
Primary Outcome Measures
Understand the outcomes.
Number of adverse events
"""


def read(
    summary: str = "Cells of the patient's own marrow.",
    arm: str = "Marrow MSCs",
    inclusion: str = "1. Knee pain",
    exclusion: str = "1. Pregnancy",
) -> Record:
    """A page of one portal with some of its lines changed."""
    return parse(PAGE.format(summary=summary, arm=arm, inclusion=inclusion, exclusion=exclusion), "page.txt")


def fact(record: Record, name: str) -> Statement:
    """A fact of the record, which must be there."""
    found = record.statement(name)
    assert found is not None
    return found


@table("printed", "dose", "state")(
    ("1x10^6 MSC/kg", "1.0e6 cells/kg", "stated"),
    ("1 x 10^6 cells/kg", "1.0e6 cells/kg", "stated"),
    ("1×10⁶ MSCs per kilogram", "1.0e6 cells/kg", "stated"),
    ("1 million cells per kg of body weight", "1.0e6 cells/kg", "stated"),
    ("1x106/kg of MSCs", "1.0e6 cells/kg", "repaired"),
    ("1x10\\^6 MSCs per kg", "1.0e6 cells/kg", "repaired"),
    ("1x10e6 cells/kg", "1.0e6 cells/kg", "ambiguous"),
    ("100 million cells", "1.0e8 cells", "stated"),
    ("100M cells", "1.0e8 cells", "stated"),
    ("2-6 x 10^7 MSCs", "2.0e7 to 6.0e7 cells", "stated"),
    ("1-5,000,000 cells", "1.0e6 to 5.0e6 cells", "repaired"),
)
def test_notations_of_a_dose(printed: str, dose: str, state: str) -> None:
    """A dose is read in every notation that portals print or break; a broken one is mended and says so. `10e6` is
    usually meant as ten to the six and literally ten times as much: both readings stand.
    """
    (found,) = doses(f"They receive {printed}.")
    assert (f"{show(found.value)} {found.unit}", found.state) == (dose, state)


@table("words", "meaning")(
    ("more than 2 and less than 16", "more than 2 and less than 16"),
    ("at least 2 but not more than 16", "2 to 16"),
    ("between 2 and 16", "2 to 16"),
    ("> 2 and ≤ 16", "more than 2 and at most 16"),
    ("not less than 2", "at least 2"),
    ("2 or more", "at least 2"),
    ("\\< 16", "less than 16"),
    ("up to 16", "at most 16"),
)
def test_direction_and_strictness(words: str, meaning: str) -> None:
    """A limit keeps its direction and its strictness: `more than` is never `at least`, and `less than` never `at
    most`.
    """
    (found,) = comparisons(f"duration of {words} years")
    assert str(found.value) == meaning


@table("words", "readings")(
    ("Aged 18 to 65", "18 to 65"),
    ("18 years of age or older", "at least 18"),
    ("younger than 65", "less than 65"),
    ("Adults over 18", "more than 18; at least 18"),
    ("Disease duration over 2 years", ""),
    ("Children of donors over 18", ""),
)
def test_ages(words: str, readings: str) -> None:
    """`Over 18` leaves open whether a person aged 18 may join: both readings stand. How long something lasted, and how
    old somebody else is, are no ages of participants.
    """
    found = [reading for each in ages(words) for reading in (each.value, *(value for value, _ in each.rivals))]
    assert "; ".join(map(show, found)) == readings


@table("words", "window")(
    ("Cancer within 5 years of the screening visit", "malignancy, at most 5 years before screening visit"),
    ("Stroke in the last 6 months", "stroke, at most 6 months before "),
    ("Steroids for at least 30 days before entry", "steroid, at least 30 days before entry"),
    ("Surgery less than 3 weeks before enrolment", "surgery, less than 3 weeks before enrolment"),
)
def test_windows(words: str, window: str) -> None:
    """A window of time keeps what it is about, its length with its direction, and what it is counted from."""
    (found,) = windows(words)
    name = found.name.removeprefix("window_")
    assert f"{name}, {show(found.value)} {found.unit} {found.side} {found.anchor}" == window


@table("summary", "arm", "state", "lines")(
    ("Injections every 3 months.", "Injections every 3 months.", "stated", "5, 8"),
    ("Injections every 3-6 months.", "Injections every 3 months.", "contradictory", "5, 8"),
    ("Injections.", "Injections every 3 months.", "stated", "8"),
)
def test_states_and_places(summary: str, arm: str, state: str, lines: str) -> None:
    """A fact comes with every line that states it. Two places that disagree make it contradictory, and both readings
    are kept; none is preferred.
    """
    found = fact(read(summary=summary, arm=arm), "interval")
    assert (found.state, ", ".join(str(place.line) for place in found.places)) == (state, lines)


def test_what_is_missing() -> None:
    """What a page ought to state and does not is a fact too: missing, without a value and without a place."""
    found = fact(read(), "planned_enrolment")
    assert (found.state, found.value, found.places) == ("missing", None, ())


def test_ids_of_other_trials() -> None:
    """A registry number counts only where the page prints it as its own; those of related trials do not."""
    text = PAGE.format(summary="x", arm="y", inclusion="z", exclusion="z").replace("NCT ID: NCT00000001\n", "")
    record = parse(text + "More Related Trials\nAdditional trials like this one.\nNCT00000002\n", "page.txt")
    assert record.registry_id == ""


@table("inclusion", "exclusion", "code")(
    ("2. Knee pain", "1. Pregnancy", "list.first_lost"),
    ("1. Knee pain\n3. Walks", "1. Pregnancy", "list.gap"),
    ("2. Knee pain", "1. Pregnancy", "age.unconfirmed"),
    ("1. Age 18 to 70 years", "1. Pregnancy", "age.contradiction"),
    ("1. Knee pain", "1. Hemoglobin < 8 mg/dL", "lab.unit"),
    ("1. Gives informed consent", "1. Unable to give informed consent", "criteria.both_sides"),
)
def test_doubts_about_a_page(inclusion: str, exclusion: str, code: str) -> None:
    """The check of a page names lost list items, ages that contradict the structured ones or that nothing confirms,
    units that cannot be right, and rules said twice; each with its lines and what to do next. Nothing is
    repaired silently.
    """
    found = {finding.code: finding for finding in check(read(inclusion=inclusion, exclusion=exclusion))}
    assert found[code].places
    assert found[code].hint


def test_a_sound_page_has_no_contradiction() -> None:
    """A page that says nothing twice differently raises no contradiction."""
    assert not [finding for finding in check(read()) if finding.severity == "contradiction"]


@table("text", "code")(
    ("", "page.empty"),
    ("\0\1\2", "page.binary"),
    ("A recipe for soup.", "page.layout"),
)
def test_pages_that_cannot_be_read(text: str, code: str) -> None:
    """An empty page, a file that is no text and a page of an unknown layout are refused with a reason and a next step.
    The layout is told by what a page shows, never by its name.
    """
    with pytest.raises(Unusable) as caught:
        parse(text, "001_medpath.txt")
    assert [finding.code for finding in caught.value.findings] == [code]
    assert all(finding.hint for finding in caught.value.findings)


@table("side", "words", "becomes")(
    ("inclusion", "ALSFRS-R of at least 15", "alsfrs_r >= 15 at screening"),
    ("inclusion", "Disease duration of more than 2 and less than 16 years",
     "time since first diagnosis > 2 years at enrolment and time since first diagnosis < 16 years at enrolment"),
    ("exclusion", "Cancer within 5 years of screening", "malignancy within 5 years before screening"),
    ("exclusion", "Active infection", "infection ongoing at screening"),
    ("inclusion", "Willing to travel", 'asked "Is this so for you? Willing to travel"'),
    ("inclusion", "FVC at least 50% or well enough",
     'judged "Is this so? FVC at least 50% or well enough" by investigator'),
    ("exclusion", "Diabetes with HbA1c > 9%",
     'hba1c > 9 % at screening and judged "Does this apply? Diabetes with HbA1c > 9%" by investigator'),
    ("exclusion", "Severe heart failure",
     'heart_failure ongoing at screening and judged "Does this apply? Severe heart failure" by investigator'),
    ("exclusion", "Stroke or bad luck",
     'stroke ongoing at screening or judged "Does this apply? Stroke or bad luck" by investigator'),
    ("inclusion", "No history of malignancy", "not malignancy ever before screening"),
)  # fmt: skip
def test_criteria_of_a_draft(side: Side, words: str, becomes: str) -> None:
    """A criterion becomes a condition where all of its words are understood. A line that may mean something else, such
    as one of two alternatives or a limit on some people only, stays a question to a person; no line is dropped.
    """
    assert condition(words, side).when == becomes


def test_a_draft_loads() -> None:
    """A draft is a protocol file that loads. Each of its values cites lines of the page or stands under `assumed`, and
    what stays words is told.
    """
    record = read(summary="Four injections of 1x106/kg MSCs every 3-6 months.", arm="Injections every 3 months.")
    text, findings = draft(record)
    protocol = load(text).require()
    assert [visit.name for visit in protocol.visits_giving()] == [f"infusion_{n}" for n in (1, 2, 3, 4)]
    assert "3 to 6 months (line 5)" in protocol.assumed["schedule.infusion_2..4"].says
    assert "superscript" in protocol.assumed["doses.infusion.amount"].says
    assert protocol.sources["dose"].lines == (5,)
    assert [write(criterion.when)[:6] for criterion in protocol.population.criteria] == ["judged", "sex = "]
    assert [finding.places[0].line for finding in findings if finding.code == "draft.words"] == [12]
