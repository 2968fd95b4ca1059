"""Records drafted as protocol files: they load, cite their lines, list what is assumed, and drop no criterion."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.protocol.check import check
from stromal.protocol.file import fmt, load
from stromal.protocol.model import Hold, Offset, Predicate, Protocol, Series, Table
from stromal.protocol.notation import write_when
from stromal.protocol.writing import write
from stromal.read import parse
from stromal.read.check import check as doubts
from stromal.read.conditions import condition
from stromal.read.criteria import criteria
from stromal.read.draft import draft
from stromal.read.registries import parse as parse_record
from stromal.read.sheet import Sheet, named, printable
from stromal.values import Finding, Place, Unusable

SEEDS = Path(__file__).resolve().parents[3] / ".." / "shared" / "seeds"
HERE = pytest.mark.skipif(not SEEDS.exists(), reason="the five records are not beside the repository")
FIVE = ("000", "001", "002", "003", "004")


@cache
def seed(name: str) -> tuple[str, tuple[Finding, ...], Protocol]:
    """A record drafted and loaded."""
    path = next(SEEDS.glob(f"{name}_*.txt"))
    text, findings = draft(parse(path.read_text(encoding="utf-8"), path.name))
    return text, findings, load(text, "draft.yaml").require()


def drafted(page: str, file: str = "p") -> tuple[Protocol, tuple[Finding, ...]]:
    """A page drafted and loaded, without an error and without anything left to format."""
    text, findings = draft(parse(page, file))
    loaded = load(text, "draft.yaml")
    assert not [finding for finding in loaded.findings if finding.severity == "error"]
    assert fmt(text) == text
    return loaded.require(), findings


# ---------------------------------------------------------------- the five records


@HERE
@pytest.mark.parametrize("name", FIVE)
def test_the_five_records_load(name: str) -> None:
    """Each draft loads, is in canonical form, and passes the static checks without an error."""
    text, _, protocol = seed(name)
    assert fmt(text) == text
    assert not [finding for finding in check(protocol) if finding.severity == "error"]


@HERE
@pytest.mark.parametrize("name", FIVE)
def test_no_criterion_is_dropped(name: str) -> None:
    """Every criterion of the page is a criterion of the draft, in its order, citing its line."""
    path = next(SEEDS.glob(f"{name}_*.txt"))
    record = parse(path.read_text(encoding="utf-8"), path.name)
    found = criteria(record.sections)
    protocol = seed(name)[2]
    cited = [
        protocol.sources[criterion.src[0]].lines
        for criterion in protocol.population.criteria
        if not criterion.name.startswith("P")
    ]
    assert cited == [(item.place.line,) for item in (*found.inclusion, *found.exclusion)]


@HERE
@pytest.mark.parametrize("name", FIVE)
def test_what_stays_words_is_told(name: str) -> None:
    """Each criterion that a person must judge or answer has a finding with its line and the next step."""
    _, findings, protocol = seed(name)
    told = {finding.message.split(" ")[0] for finding in findings if finding.code == "draft.words"}
    words = {
        f"population.{'include' if c.include else 'exclude'}.{c.name}"
        for c in protocol.population.criteria
        if "judged" in write(c.when) or "asked" in write(c.when)
    }
    assert told == words
    assert {f"{path} is" for path in protocol.assumed} <= {
        " ".join(finding.message.split(" ")[:2]) for finding in findings if finding.code == "draft.assumed"
    }


@HERE
def test_000_within_patient_escalation() -> None:
    """Two doses, the second 14 to 21 days later unless toxic, declared safe when six have completed."""
    protocol = seed("000")[2]
    assert [str(dose.amount) for dose in protocol.doses.values()] == ["1.0e6 cells/kg", "5.0e6 cells/kg"]
    second = protocol.schedule["infusion_2"]
    assert write_when(second.when) == "14..21 days after infusion_1"
    assert second.condition is not None
    assert write(second.condition) == "not unacceptable_toxicity"
    safe = protocol.rules["safe_dose"]
    assert isinstance(safe, Predicate)
    assert write(safe.when).endswith("= 6")
    assert protocol.trial.planned == 6
    assert protocol.products["cells"].donor == "matched donor"
    assert "population" in protocol.assumed


@HERE
def test_001_visits_and_second_product() -> None:
    """One fixed dose, six visits, and the product that only the prose names."""
    protocol = seed("001")[2]
    assert str(protocol.doses["infusion"].amount) == "1.0e8 cells"
    assert [name for name in protocol.schedule if name.startswith("month_")] == [
        "month_1", "month_6", "month_12", "month_24", "month_36", "month_48",
    ]  # fmt: skip
    assert write_when(protocol.schedule["screening"].when) == "within 1 month before infusion_1"
    assert protocol.products["second"].donor == "patient"
    assert protocol.population.age is None


@HERE
def test_002_run_in_and_contradictions() -> None:
    """A six-month run-in, four injections every 3 months as the arm says, slopes compared; the rivals are assumed."""
    protocol = seed("002")[2]
    assert [name for name in protocol.schedule if name.startswith("run_in")] == [
        "run_in_start", "run_in_1", "run_in_2", "run_in_3", "run_in_4", "run_in_5",
    ]  # fmt: skip
    assert write_when(protocol.schedule["injection_1"].when) == "6 months after run_in_start"
    assert write_when(protocol.schedule["injection_4"].when) == "3 months after injection_3"
    assert isinstance(protocol.schedule["visit"].when, Series)
    assert "3 to 6 months (line 29)" in protocol.assumed["schedule.injection_2..4"].says
    assert "6 months (line 28)" in protocol.assumed["schedule.last_visit"].says
    dose = protocol.doses["injection"]
    assert (str(dose.amount), str(dose.removed), dose.route) == ("1.0e6 cells/kg", "3", "intrathecal")
    assert {analysis.method for analysis in protocol.analyses.values()} == {"adverse_events", "slope_difference"}
    assert [c.name for c in protocol.population.criteria] == ["I2", "I3", "I4", "E2", "E3", "E4", "E5"]


@HERE
def test_003_limits_keep_their_sense() -> None:
    """More than 2 and less than 16 years stays so; the unit of haemoglobin is assumed, and said."""
    protocol = seed("003")[2]
    when = {c.name: write(c.when) for c in protocol.population.criteria}
    assert when["I4"] == (
        "time since first diagnosis > 2 years at enrolment and time since first diagnosis < 16 years at enrolment"
    )
    assert when["E4"].startswith("hemoglobin < 8 g/dL at screening or judged")
    assert "mg/dL" in protocol.assumed["population.exclude.E4"].says
    assert when["E3"] == "cytotoxic_agent within 3 months before enrolment"


@HERE
def test_004_ladder() -> None:
    """A ladder that starts in the middle, moved by a table that is assumed; riluzole stable or absent."""
    protocol = seed("004")[2]
    dose = protocol.doses["injection"]
    assert [str(rung) for rung in dose.ladder] == ["1.0e7 cells", "5.0e7 cells", "1.0e8 cells"]
    assert str(dose.amount) == "5.0e7 cells"
    assert isinstance(protocol.rules["dose_modification"], Table)
    assert "rules.dose_modification" in protocol.assumed
    assert "population.age" in protocol.assumed
    when = {c.name: write(c.when) for c in protocol.population.criteria}
    assert (
        when["P2"] == "riluzole unchanged for 30 days before enrolment or no riluzole within 30 days before enrolment"
    )


# ---------------------------------------------------------------- criteria as conditions


@pytest.mark.parametrize(
    ("text", "side", "when"),
    [
        ("Age 20 to 60 years", "inclusion", "age 20..60 years at consent"),
        ("Aged over 30", "inclusion", "age >= 30 years at consent"),
        ("Under 20 years of age", "exclusion", "age < 20 years at consent"),
        ("ALSFRS-R of at least 30", "inclusion", "alsfrs_r >= 30 at screening"),
        ("FVC more than 40% and less than 90%", "inclusion", "fvc > 40 % at screening and fvc < 90 % at screening"),
        ("Hemoglobin < 80 g/L", "exclusion", "hemoglobin < 80 g/L at screening"),
        ("Anaemia (haemoglobin < 9 g/dL)", "exclusion", "hemoglobin < 9 g/dL at screening"),
        ("Disease duration of at least 2 years", "inclusion", "time since first diagnosis >= 2 years at enrolment"),
        ("Stroke within 6 months before screening", "exclusion", "stroke within 6 months before screening"),
        ("Surgery within 2 weeks before the first infusion", "exclusion", "surgery within 2 weeks before first_dose"),
        ("2.18 Years to 65 Years old", "inclusion", "age 18..65 years at consent"),
        ("Hb < 9,5 g/dL or platelets < 50.000/mm3", "exclusion",
         "hemoglobin < 9.5 g/dL at screening or platelets < 50000 /mm3 at screening"),
        ("ECOG performance status of 0, 1 or 2", "inclusion", "ecog 0..2 at screening"),
        ("Aged under 18 and over 65 years", "exclusion", "age < 18 years at consent or age > 65 years at consent"),
        ("Females aged 18 to 40 years", "inclusion", "sex = female and age 18..40 years at consent"),
        ("Both sexes", "inclusion", "sex in [female, male]"),
        ("Women", "inclusion", "sex = female"),
        ("Negative pregnancy test for women of childbearing potential", "inclusion",
         "sex = male or not pregnancy at screening"),
        ("AST or ALT > 2.5 x ULN", "exclusion",
         "(ast_uln > 2.5 {ULN} at screening or alt_uln > 2.5 {ULN} at screening)"),
        ("AST and ALT <= 2.5 x ULN", "inclusion",
         "ast_uln <= 2.5 {ULN} at screening and alt_uln <= 2.5 {ULN} at screening"),
        ("Creatinine >= 2.5 mg/dL within 28 days before enrolment", "exclusion",
         "creatinine >= 2.5 mg/dL within 28 days before enrolment"),
        ("BMI > 35", "exclusion", "bmi > 35 kg/m2 at screening"),
        ("No haemoglobin below 8 g/dL", "inclusion", "hemoglobin >= 8 g/dL at screening"),
        ("Hypersensitivity to DMSO or penicillin", "exclusion",
         "allergy_dmso ever before screening or allergy_penicillin ever before screening"),
        ("Participation in another clinical trial within the last 3 months", "exclusion",
         "other_trial within 3 months before screening"),
        ("Patients with stroke will be excluded", "exclusion", "stroke ongoing at screening"),
        ("Surgery within 1 year", "exclusion", "surgery within 1 year before screening"),
        ("Currently taking lithium", "inclusion", "lithium ongoing at screening"),
        ("History of stroke", "exclusion", "stroke ever before screening"),
        ("Active infection", "exclusion", "infection ongoing at screening"),
        ("Diagnosis of rheumatoid arthritis", "inclusion", "rheumatoid_arthritis ongoing at screening"),
        ("Stroke within 6 months before screening", "inclusion", "stroke within 6 months before screening"),
        ("Bilirubin > 2 x ULN", "exclusion", "bilirubin_uln > 2 {ULN} at screening"),
        ("ALSFRS-R of at least 30 or FVC of at least 50%", "inclusion",
         "alsfrs_r >= 30 at screening or fvc >= 50 % at screening"),
        ("Pregnant women", "exclusion", "sex = female and pregnancy at screening"),
        ("Pregnancy or lactation", "exclusion",
         "sex = female and (pregnancy at screening or breastfeeding at screening)"),
        ("Positive test for HIV or syphilis", "exclusion",
        "hiv = positive at screening or syphilis = positive at screening"),
        ("Stable dose of lithium for at least 6 weeks before entry", "inclusion",
         "lithium unchanged for 6 weeks before enrolment"),
    ],
)  # fmt: skip
def test_computed(text: str, side: str, when: str) -> None:
    """Lines that are fully understood become conditions with the sense and the strictness of the words."""
    found = condition(text, side)  # type: ignore[arg-type]
    assert (found.when, found.how) == (when, "computed")


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Likes to walk", "inclusion"),
        ("Age at diagnosis of 18 years or less", "inclusion"),
        ("Methotrexate", "inclusion"),
        ("Gout or", "inclusion"),
        ("Patients with gout are eligible; no stroke", "inclusion"),
        ("HbA1c >= 52 mmol/mol", "exclusion"),
        ("Family history of stroke", "exclusion"),
        ("No stroke", "exclusion"),
        ("Use of drugs that act on heparin, or warfarin", "exclusion"),
        ("No stroke within 6 months before screening", "exclusion"),
        ("Stroke less than 6 months before screening", "exclusion"),
        ("Stroke within 6 months after birth", "exclusion"),
        ("Stroke within 6 months before the eclipse", "exclusion"),
        ("Stroke within 1.5 years before screening", "exclusion"),
        ("Stroke within 6 months or surgery within 2 weeks before screening", "exclusion"),
        ("Haemoglobin < 8", "exclusion"),
        ("Haemoglobin < 8 mmol/L", "exclusion"),
        ("EDSS of 3 to 60", "inclusion"),
        ("Blood pressure > 160 mmHg", "exclusion"),
        ("Immature (< 18 years of age or no sign of closure of the bones)", "exclusion"),
        ("Age 3 to 9 months", "inclusion"),
        ("Age up to 120 years", "inclusion"),
        ("Disease duration of at least 1.5 years", "inclusion"),
        ("Cytokines above 3 ng/mL", "exclusion"),
        ("Stable dose of lithium for at least 6 weeks as far as anybody can tell", "inclusion"),
        ("Positive for nothing", "exclusion"),
        ("Weak \"heart\": failing", "exclusion"),
    ],
)  # fmt: skip
def test_left_to_a_person(text: str, side: str) -> None:
    """Lines that are not surely understood are judged as a whole, with their words kept."""
    found = condition(text, side)  # type: ignore[arg-type]
    assert (found.how, found.when.startswith("judged")) == ("judged", True)
    assert found.when.count('"') == 2


def test_asked_of_the_person() -> None:
    """What is about a person's will is asked of the person; capacity is for the investigator."""
    assert (
        condition("Willing to travel to the clinic.", "inclusion").when
        == 'asked "Is this so for you? Willing to travel to the clinic"'
    )
    assert condition("Capable of consent and willing to travel", "inclusion").how == "judged"
    assert condition("Unwilling to travel", "exclusion").how == "judged"


def test_partly_computed() -> None:
    """Inclusions keep their words beside what is computed; a bracket defines the first of several reasons."""
    both = condition("People with gout aged 30 to 50", "inclusion")
    assert (both.how, both.when.startswith("age 30..50 years at consent and judged")) == ("partly", True)
    either = condition("Low blood (haemoglobin < 8 g/dL), or weak bones", "exclusion")
    assert (either.how, either.when) == (
        "partly", 'hemoglobin < 8 g/dL at screening or judged "Does this apply? weak bones" by investigator',
    )  # fmt: skip
    unclear = condition("Low blood (haemoglobin < 8 g/dL) with weak bones", "exclusion")
    assert unclear.when.startswith("hemoglobin < 8 g/dL at screening and judged")


# ---------------------------------------------------------------- plans of made-up pages

PAGE = """Cells for Aching Elbows

NCT ID: NCT00000007

Brief Summary
Review it.
{summary}
Study Groups
Review the arms.
{arms}
Eligibility Criteria
Check it.
Inclusion Criteria
{inclusion}
Exclusion Criteria
* Gout
{limits}
"""


def page(summary: str, arms: str = "MSCs", inclusion: str = "* Elbow pain", limits: str = "") -> str:
    """A small page."""
    return PAGE.format(summary=summary, arms=arms, inclusion=inclusion, limits=limits)


def test_range_of_doses_takes_the_lower_end() -> None:
    """A dose printed as a range is drafted at its lower end, and the range is assumed."""
    protocol, _ = drafted(page("A single infusion of 1-2 x 10^6 MSC/kg."))
    assert str(protocol.doses["infusion"].amount) == "1.0e6 cells/kg"
    assert "1.0e6 to 2.0e6" in protocol.assumed["doses.infusion.amount"].says


def test_levels_without_a_first_dose() -> None:
    """Levels make a ladder that starts at the bottom, which is assumed."""
    protocol, _ = drafted(page("Cohorts get 1, 3 or 9 million MSCs in 2 to 4 ml of saline by intramuscular injection."))
    dose = protocol.doses["injection"]
    assert [str(rung) for rung in dose.ladder] == ["1.0e6 cells", "3.0e6 cells", "9.0e6 cells"]
    assert "doses.injection.start" in protocol.assumed
    assert dose.volume is not None
    assert [str(end) for end in dose.volume] == ["2", "4"]


def test_levels_per_kilogram() -> None:
    """A ladder per kilogram weighs people at each dose."""
    text = (
        "At the first infusion all get 2x10^6 MSC/kg; "
        "later it may be reduced to 1x10^6 MSC/kg or increased to 4x10^6 MSC/kg."
    )
    protocol, _ = drafted(page(text))
    dose = protocol.doses["infusion"]
    assert (str(dose.amount), dose.per_kg, len(dose.ladder)) == ("2.0e6 cells/kg", True, 3)


def test_a_page_without_a_dose() -> None:
    """Where no dose is given, none is drafted, and the plan still loads."""
    protocol, _ = drafted(page("Stromal cells are tested."))
    assert protocol.doses == {}
    assert "schedule.infusion_1" in protocol.assumed
    assert write_when(protocol.schedule["last_visit"].when) == "28 days after infusion_1"


def test_repeats_without_an_interval() -> None:
    """Doses whose distance is not given are a month apart, which is assumed."""
    protocol, _ = drafted(page("Three infusions of 2x10^6 MSC/kg."))
    assert [v.name for v in protocol.visits_giving()] == ["infusion_1", "infusion_2", "infusion_3"]
    assert "schedule.infusion_2..3" in protocol.assumed


def test_two_to_three_administrations() -> None:
    """A range of administrations takes the smaller number; odd intervals fall back on a month."""
    assert "schedule.infusion_2" in drafted(page("Two infusions of 2x10^6 MSC/kg every 1.5 months."))[0].assumed
    protocol, _ = drafted(page("2 to 3 infusions of 2x10^6 MSC/kg every 36 hours."))
    assert [v.name for v in protocol.visits_giving()] == ["infusion_1", "infusion_2"]
    assert write_when(protocol.schedule["infusion_2"].when) == "1 month after infusion_1"


def test_first_and_second_dose_with_more_to_come() -> None:
    """Numbered doses are given one after the other, and the last one goes on."""
    text = "Four infusions 3 weeks apart. The first dose is 1x10^6 MSC/kg and the second dose 2x10^6 MSC/kg."
    protocol, _ = drafted(page(text))
    assert [v.give for v in protocol.visits_giving()] == ["dose_1", "dose_2", "dose_2", "dose_2"]


def test_visits_in_days_and_months() -> None:
    """Lists of visits in several units, and follow-up beyond them; day 0 is the dose itself."""
    text = (
        "A single infusion of 5x10^7 MSCs. Seen on days 0, 1 and 7 and at 1 and 6 months. Followed for 2 years. "
        "They are evaluated every 3 months for FVC and EDSS."
    )
    protocol, _ = drafted(page(text))
    shorter = drafted(page("A single infusion of 5x10^7 MSCs. Seen at 1, 2 and 3 months, and on days 1 and 7."))[0]
    assert write_when(shorter.schedule["month_3"].when) == "3 months after infusion_1"
    assert {"day_1", "day_7", "month_1", "month_6", "last_visit", "visit"} <= set(protocol.schedule)
    assert "day_0" not in protocol.schedule
    assert write_when(protocol.schedule["visit"].when) == "every 3 months from infusion_1 until last_visit"


def test_visit_interval_as_a_range() -> None:
    """Visits every 2 to 3 months are drafted every 2, which is assumed."""
    protocol, _ = drafted(page("One infusion. They are evaluated every 2 to 3 months."))
    assert "the shorter is taken" in protocol.assumed["schedule.visit"].says


def test_weekly_run_in() -> None:
    """A run-in in weeks has its start and its end; slopes need two looks."""
    text = "After a run-in of 8 weeks a single injection of 5x10^7 MSCs. The change in slope of EDSS is assessed."
    protocol, _ = drafted(page(text))
    assert [name for name in protocol.schedule if name.startswith("run_in")] == ["run_in_start"]
    assert isinstance(protocol.schedule["infusion_1"].when, Offset)


OUTCOMES = """Primary Outcome Measures
Understand them.
{primary}
Secondary Outcome Measures
Understand them.
{secondary}
"""


def test_outcomes_become_endpoints_or_stay_words() -> None:
    """Events, changes and freedom from events are computed; what nothing measures stays a comment and a finding."""
    outcomes = OUTCOMES.format(
        primary="Adverse events\nToxicity", secondary="Change in EDSS\nSlope of EDSS\nHappiness\nCytokines"
    )
    text = page("A single infusion of 5x10^7 MSCs, followed for 1 year.") + outcomes
    protocol, findings = drafted(text)
    assert {name: write(o.endpoint) for name, o in protocol.objectives.items()} == {
        "safety": "count(adverse_event from infusion_1 until last_visit)",
        "safety_2": "count(adverse_event from infusion_1 until last_visit)",
        "edss": "change(edss, from screening) at last_visit",
    }
    kept = draft(parse(text, "p"))[0]
    assert "# secondary, still words: Happiness" in kept
    assert len([f for f in findings if f.code == "draft.outcome_words"]) == 3


def test_comparison_with_baseline_is_no_slope_difference() -> None:
    """Only a comparison with the run-in is drafted as a difference of slopes."""
    text = "A 4-month run-in, then 5x10^7 MSCs. The monthly decline of EDSS is compared with baseline."
    assert drafted(page(text))[0].objectives == {}
    text = text.replace("baseline", "the run-in").replace("EDSS", "EDSS and cytokines")
    assert list(drafted(page(text))[0].objectives) == ["edss"]


def test_a_first_dose_off_the_ladder() -> None:
    """A first dose in another unit starts no ladder: the lowest rung is taken, and said."""
    text = "Cohorts get 1, 3 or 9 million MSCs."
    arms = "At the first injection they get 2x10^6 MSC/kg; later reduced to 1x10^6 MSC/kg."
    assert drafted(page(text, arms))[0].doses["infusion"].ladder


def test_primary_slope_against_the_run_in() -> None:
    """With a run-in, a slope is compared with that of the run-in."""
    outcomes = OUTCOMES.format(primary="Slope of EDSS\nSlope of EDSS again", secondary="Pain")
    protocol, _ = drafted(page("A 4-month run-in, then a single infusion of 5x10^7 MSCs.") + outcomes)
    assert protocol.analyses["edss"].method == "slope_difference"
    assert "edss_2" in protocol.objectives


def test_criteria_after_one_of_the_following() -> None:
    """Lines below `one of the following:` may be alternatives: none of them is computed."""
    protocol, _ = drafted(page("MSCs.", inclusion="* Age 20 to 60 years\n* One of the following:\n* EDSS of 3 to 6"))
    assert [write(c.when).startswith("judged") for c in protocol.population.criteria if c.include] == [
        False,
        True,
        True,
    ]


def test_one_name_never_means_two_things() -> None:
    """One event is one fact whatever narrows it, as a question beside it says; the same measure is one fact."""
    listed = "* EDSS above 3\n* EDSS below 6"
    text = page("MSCs.", inclusion=listed).replace(
        "* Gout",
        "* Any stroke within 5 years before screening\n* Mild stroke within 1 year\n* History of stroke",
    )
    protocol, _ = drafted(text)
    assert {name for name in protocol.facts if name.startswith("stroke")} == {"stroke"}
    assert [name for name in protocol.facts if name.startswith("edss")] == ["edss"]
    whens = [write(c.when) for c in protocol.population.criteria if not c.include]
    assert whens == [
        "stroke within 5 years before screening",
        'stroke within 1 year before screening and judged "Does this apply? Mild stroke within 1 year" by investigator',
        "stroke ever before screening",
    ]  # fmt: skip


def test_numbered_criteria_keep_their_numbers() -> None:
    """Printed numbers name criteria; doubles and unnumbered ones find a free name."""
    protocol, _ = drafted(page("MSCs.", inclusion="2. Old\n3. Bold\n3. Cold\n* Sold\n5. Told"))
    assert [c.name for c in protocol.population.criteria if c.include] == ["I2", "I3", "I3a", "I4", "I5"]


@pytest.mark.parametrize(
    ("limits", "age", "assumed"),
    [
        ("18 Years\n60 Years", "18..60 years", False),
        ("18 Years", ">= 18 years", True),
        ("12 Months\n9 Years", "1..9 years", False),
        ("18 Months\n9 Years", "1..9 years", True),
        ("18 Years\n130 Years", ">= 18 years", True),
        ("3 Days\n9 Years", None, False),
        ("", None, False),
    ],
)
def test_ages(limits: str, age: str | None, assumed: bool) -> None:
    """Structured ages in years at consent; months are rounded and assumed, days are not joined with years."""
    protocol, _ = drafted(page("MSCs.", limits=limits))
    written = write(protocol.population.age) if protocol.population.age else None
    assert written == (f"age {age} at consent" if age else None)
    assert ("population.age" in protocol.assumed) == assumed
    assert age is not None or "population" in protocol.assumed


def test_an_age_that_limits_nothing() -> None:
    """An upper limit that nobody reaches leaves no limit, and says so."""
    protocol, _ = drafted(page("MSCs.", inclusion="* Age up to 125 years"))
    assert protocol.population.age is None
    assert write(protocol.population.criteria[0].when).startswith("judged")


def test_criteria_that_let_nobody_in_are_asked() -> None:
    """An inclusion and an exclusion that cannot both hold are questions, and the draft says so."""
    both = page("MSCs.", inclusion="* EDSS above 5\n* HIV or hepatitis B infection", limits="18 Years\n60 Years")
    protocol, _ = drafted(both.replace("* Gout", "* EDSS above 4\n* Age over 10 years"))
    whens = {c.name: write(c.when).split(" ")[0] for c in protocol.population.criteria}
    assert whens == {"I1": "judged", "I2": "hiv", "E1": "judged", "E2": "judged"}
    assert "let nobody take part" in protocol.assumed["population.exclude.E2"].says
    assert not [finding for finding in check(protocol) if finding.severity == "error"]


def test_contradicting_ages_take_the_structured_ones() -> None:
    """A sentence with other ages is assumed against the structured field."""
    protocol, _ = drafted(page("MSCs.", inclusion="* Age 20 to 50 years", limits="18 Years\n60 Years"))
    assert "20 to 50 years" in protocol.assumed["population.age"].says


def test_identity_from_the_name_of_the_file() -> None:
    """A number in the file's name stands in where the page prints none, and is assumed."""
    text = page("MSCs.").replace("NCT ID: NCT00000007", "")
    protocol, _ = drafted(text, "x_NCT00000008.txt")
    assert (protocol.trial.id, "trial.id" in protocol.assumed) == ("NCT00000008", True)
    assert drafted(text, "x.txt")[0].trial.id == "not_given"


def test_design_words_and_dates() -> None:
    """Design, phase and dates in words; a month without a day is assumed."""
    extra = (
        "Basic Information\nGet it.\nEARLY_PHASE1\n7 participants\n2020-05\n2021-06\n"
        "Study Design\nUnderstand it.\nNA\nPARALLEL\nDOUBLE\n"
        "Conditions\nSee them.\nElbows\n"
    )
    protocol, _ = drafted(page("MSCs.", limits="FEMALE") + extra)
    trial = protocol.trial
    assert (trial.phase, trial.planned, trial.design) == ("early 1", 7, "parallel, double masking")
    assert str(protocol.version.effective) == "2020-05-01"
    assert "version.effective" in protocol.assumed
    assert (protocol.population.condition, protocol.population.sex) == ("Elbows", "female")


def test_enrolment_as_a_range() -> None:
    """A range of participants plans for the larger number."""
    protocol, _ = drafted(page("All 5 to 9 patients get MSCs."))
    assert protocol.trial.planned == 9


def test_safe_dose_without_its_numbers() -> None:
    """A safety rule that counts nobody makes no rule; one without a dose declares the dose."""
    none, _ = drafted(page("Only after they completed all infusions is it declared safe."))
    assert "safe_dose" not in none.rules
    some, _ = drafted(page("Only after 4 patients completed both infusions is it considered safe. Two infusions."))
    rule = some.rules["safe_dose"]
    assert isinstance(rule, Predicate)
    assert rule.declares == "the dose is safe"
    assert not any(isinstance(rule, Hold) for rule in some.rules.values())


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=60), max_size=4))
def test_any_words_make_a_draft_that_loads(lines: list[str]) -> None:
    """Whatever signs a criterion holds, the draft loads and keeps it."""
    listed = "\n".join(f"* {line}" for line in lines)
    protocol, _ = drafted(page("A single infusion of 5x10^7 MSCs.", inclusion=listed))
    assert protocol.doses


PIECES = (
    page(
        "Two infusions of 2x106/kg MSC 3 weeks apart, followed for 6 months after the last infusion.",
        limits="18 Years\nALL",
    ),
    (
        "Cells [clinicaltrials:NCT00000009]\nThe first dose is 1x10^6 MSC/kg, the second dose 2x10^6 MSC/kg.\n"
        "Inclusion Criteria: Gout"
    ),
    (
        "Cells\n- Registration Number\n- NCT00000009\n- Lead Sponsor\n- A\nRecruitment & Eligibility\n- Status\n"
        "- RECRUITING\n- Diagnosis of gout\n- Pregnancy\n- Primary Outcome Measures\n"
        "Name Time Method Pain 2 years Asked"
    ),
    (
        "← Back to Search\nCells\nPhase 2\nMust have\nGout\nWho is the study for?\n"
        "People over 40.Check my eligibility\nTimeline\nFollow Up 2 years\n"
        "Frequently Asked Questions\nIs it open?\nNo.\nAnswered by AI"
    ),
)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(PIECES), st.data())
def test_any_piece_of_a_page_is_read_or_refused(text: str, data: st.DataObject) -> None:
    """Lines in any order, with any of them missing or cut, are read, checked and drafted, or refused with a reason."""
    lines = data.draw(st.permutations(text.split("\n")))
    kept = lines[: data.draw(st.integers(0, len(lines)))]
    mangled = "\n".join(kept)[: data.draw(st.integers(0, 400))]
    record = None
    with suppress(Unusable):
        record = parse(mangled, "p")
    if record is None:
        return
    assert all(finding.message and finding.code for finding in doubts(record))
    assert load(draft(record)[0]).protocol is not None


# ---------------------------------------------------------------- the sheet


def test_sheet_writes_what_it_is_given() -> None:
    """Words that YAML would read as something else are quoted; what is empty is left out."""
    sheet = Sheet()
    sheet.sections["trial"] = {
        "a": "yes",
        "b": "12",
        "c": "0x1f",
        "d": "x: y",
        "e": "x #y",
        "f": "plain words, with signs;",
        "g": "",
        "h": [],
        "i": 3,
        "j": "*x",
        "k": "ends:",
    }
    sheet.fact("x", of=["a, b", "c"], says="it's")
    assert sheet.text().split("trial:\n")[1].splitlines() == [
        '  a: "yes"',
        '  b: "12"',
        '  c: "0x1f"',
        '  d: "x: y"',
        '  e: "x #y"',
        "  f: plain words, with signs;",
        "  i: 3",
        '  j: "*x"',
        '  k: "ends:"',
        "",
        "facts:",
        '  x: {of: ["a, b", c], says: "it\'s"}',
    ]


def test_sheet_keeps_every_assumption_once() -> None:
    """Two things about one path are both kept; what stands nowhere is pruned."""
    sheet = Sheet()
    sheet.sections["trial"] = {"id": "x"}
    for says in ("one", "two", "one"):
        sheet.assume("trial.id", says)
    sheet.assume("doses.none.amount", "gone")
    sheet.prune()
    assert sheet.sections["assumed"] == {"trial.id": "one; two"}


def test_long_quotes_are_cut_between_words() -> None:
    """A source quotes enough to find the line."""
    sheet = Sheet()
    sheet.source("long", Place(3, "word " * 60), Place(1))
    row = sheet.sections["sources"]["long"]
    assert isinstance(row, dict)
    assert str(row["says"]).endswith("word ...")
    assert row["lines"] == ["1", "3"]
    sheet.source("nowhere", Place(0, "x"))
    assert "nowhere" not in sheet.sections["sources"]


def test_names_the_language_accepts() -> None:
    """Names begin with a letter and are no reserved words."""
    assert [named("2nd Heart attack", "x"), named("?", "fallback"), named("Dose", "x")] == [
        "nd_heart_attack",
        "fallback",
        "dose_x",
    ]
    assert printable("a\u200b\tb\n") == "a b"


@pytest.mark.parametrize(
    ("text", "side", "how", "when"),
    [
        ("Received rituximab", "exclusion", "computed", "rituximab ever before screening"),
        ("Infected with hepatitis B virus", "exclusion", "computed", "hepatitis_b = positive at screening"),
        ("Diabetes and epilepsy", "inclusion", "computed",
         "diabetes_mellitus ongoing at screening and epilepsy ongoing at screening"),
        ("Diabetes and bad luck", "inclusion", "partly", "diabetes_mellitus ongoing at screening and judged"),
        ("Diabetes, epilepsy", "inclusion", "judged", "judged"),
        ("Diabetes, epilepsy and gout", "inclusion", "judged", "judged"),
        ("Diabetes, epilepsy and asthma or stroke", "inclusion", "judged", "judged"),
        ("Diabetes, epilepsy and asthma", "inclusion", "computed",
         "diabetes_mellitus ongoing at screening and epilepsy ongoing"),
        ("No stroke or bad luck", "inclusion", "partly", "not stroke ongoing at screening and judged"),
        ("No severe stroke", "inclusion", "partly", "not stroke ongoing at screening or judged"),
        ("Patients with stroke are excluded", "inclusion", "judged", "judged"),
        ("Bilirubin > 1.5 to 2 mg/dL", "exclusion", "judged", "judged"),
        ("Neither haemoglobin below 8 g/dL nor stroke", "inclusion", "judged", "judged"),
        ("Hepatitis-B-", "exclusion", "computed", "hepatitis_b = positive at screening"),
        ("On a stable dose of nothing for at least 6 weeks", "inclusion", "judged", "judged"),
        ("Negative", "inclusion", "judged", "judged"),
        ("ECOG 0 or 3", "inclusion", "judged", "judged"),
        ("Stroke for the past 6 months", "exclusion", "judged", "judged"),
        ("Severe hepatic disease during the study", "exclusion", "judged", "judged"),
    ],
)  # fmt: skip
def test_lists_and_what_they_amount_to(text: str, side: str, how: str, when: str) -> None:
    """Lists that are all known, of which a part is necessary, of which one is enough, and those left to a person."""
    found = condition(text, side)  # type: ignore[arg-type]
    assert (found.how, found.when.lstrip("(")[: len(when)]) == (how, when)


def test_a_year_no_trial_can_run_in_is_no_start() -> None:
    """A slip in the year of the start still makes a file that loads, and somebody is asked for the day."""
    page = b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "T"}, '
    page += b'"statusModule": {"startDateStruct": {"date": "9999-12"}}}}'
    protocol = load(draft(parse_record(page, "x.json"))[0]).require()
    assert str(protocol.version.effective) == "2000-01-01"
    assert "version.effective" in protocol.assumed
