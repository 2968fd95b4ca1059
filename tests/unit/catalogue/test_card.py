"""Cards: every fact where the record has it, None where it has none, and back out of both codecs."""

from __future__ import annotations

import json

import msgspec
import pytest

from small_records import carded, tree
from stromal.catalogue import card as cards
from stromal.catalogue.card import Arm, Card, Cited, Dose, Location, Official, Party, Passage, Span, Treatment
from stromal.catalogue.filling import card, coded, dated, passages, phases_in, year_after
from stromal.read.record import Item, Range, Reading, Record, Section, Statement
from stromal.read.registries import parse
from stromal.values import Place

FULL = tree(
    "NCT00000001",
    "Cells for knees",
    "Participants are given 2 million cells/kg of allogeneic bone marrow MSCs by intravenous infusion.",
    "2020-01-31",
    identificationModule={
        "officialTitle": "A trial of cells for knees", "acronym": "KNEE", "orgStudyIdInfo": {"id": "ORG-1"},
        "secondaryIdInfos": [{"id": "2019-000001-10"}, {"id": "NCT00000001"}],
    },
    statusModule={
        "startDateStruct": {"date": "2018-02", "type": "ACTUAL"},
        "primaryCompletionDateStruct": {"date": "2020-02-29", "type": "ESTIMATED"},
        "completionDateStruct": {"date": "2021-01-01"}, "studyFirstSubmitDate": "2018-01-02",
        "studyFirstPostDateStruct": {"date": "2018-01-05"}, "statusVerifiedDate": "2019-12",
        "resultsFirstPostDateStruct": {"date": "2021-05-05"},
    },
    designModule={
        "studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"],
        "enrollmentInfo": {"count": 24, "type": "ESTIMATED"},
        "designInfo": {
            "allocation": "RANDOMIZED", "interventionModel": "PARALLEL", "primaryPurpose": "TREATMENT",
            "maskingInfo": {"masking": "DOUBLE"},
        },
    },
    conditionsModule={"conditions": ["Osteoarthritis"], "keywords": ["knee"]},
    sponsorCollaboratorsModule={
        "leadSponsor": {"name": "Cell House", "class": "INDUSTRY"}, "collaborators": [{"name": "A clinic"}, {}],
    },
    contactsLocationsModule={
        "overallOfficials": [{"name": "A. Lund", "affiliation": "Cell House", "role": "PRINCIPAL_INVESTIGATOR"}],
        "locations": [
            {"facility": "A clinic", "city": "Lund", "country": "Sweden", "status": "RECRUITING"},
            {"country": "Sweden"},
        ],
    },
    armsInterventionsModule={
        "armGroups": [{"label": "Cells", "type": "EXPERIMENTAL", "interventionNames": ["Biological: MSC"]}, {}],
        "interventions": [{"name": "MSC", "type": "BIOLOGICAL", "otherNames": ["CordCure"]}, {"type": "DRUG"}],
    },
    eligibilityModule={
        "sex": "ALL", "healthyVolunteers": False, "minimumAge": "18 Years", "maximumAge": "65 Years",
    },
)  # fmt: skip
FULL["derivedSection"] = {"conditionBrowseModule": {"meshes": [{"term": "Osteoarthritis, Knee"}, {}]}}


def test_a_full_record_fills_its_card() -> None:
    """Every field lands in its place, coded as the registry codes it."""
    made, _ = carded(FULL)
    assert (made.id, made.title, made.official_title) == (
        "NCT00000001", "Cells for knees", "A trial of cells for knees",
    )  # fmt: skip
    assert made.other_ids == ("ORG-1", "KNEE", "2019-000001-10")
    assert (made.conditions, made.mesh, made.keywords) == (("Osteoarthritis",), ("Osteoarthritis, Knee",), ("knee",))
    assert (made.phases, made.status, made.study_type) == (("PHASE1", "PHASE2"), "COMPLETED", "INTERVENTIONAL")
    assert (made.allocation, made.model, made.masking, made.purpose) == (
        "RANDOMIZED", "PARALLEL", "DOUBLE", "TREATMENT",
    )  # fmt: skip
    assert (made.enrolment, made.enrolment_kind) == (24, "planned")
    assert (made.start, made.start_kind) == ("2018-02", "actual")
    assert (made.primary_completion, made.primary_completion_kind) == ("2020-02-29", "planned")
    assert (made.completion, made.completion_kind) == ("2021-01-01", None)
    assert (made.first_submitted, made.first_posted, made.results_first_posted, made.updated, made.verified) == (
        "2018-01-02", "2018-01-05", "2021-05-05", "2020-01-31", "2019-12",
    )  # fmt: skip
    assert (made.sponsor, made.collaborators) == (Party("Cell House", "INDUSTRY"), (Party("A clinic"),))
    assert made.officials == (Official("A. Lund", "Cell House", "PRINCIPAL_INVESTIGATOR"),)
    assert made.locations == (Location("A clinic", "Lund", "Sweden", "RECRUITING"), Location(country="Sweden"))
    assert made.countries == ("Sweden",)
    assert made.arms == (Arm("Cells", "EXPERIMENTAL", ("Biological: MSC",)),)
    assert made.interventions == (Treatment("MSC", "BIOLOGICAL", ("CordCure",)),)
    assert (made.routes, made.tissues, made.donors) == (("intravenous",), ("bone marrow",), ("allogeneic",))
    assert (made.sex, made.healthy, made.has_results, made.results_due) == ("ALL", False, False, "2021-02-28")
    assert (made.format, made.digest, made.file) == ("ctgov", "d", "one.json")


def test_doses_ages_and_words_of_the_field_keep_their_places() -> None:
    """A dose says where it stands, so do ages and routes."""
    made, _ = carded(FULL)
    (dose,) = made.doses
    assert (dose.low, dose.high, dose.unit) == (2_000_000, 2_000_000, "cells/kg")
    assert (dose.quote, dose.path) == ("2 million cells/kg", "protocolSection.descriptionModule.briefSummary")
    (age,) = made.ages
    assert (age.low, age.high, age.unit) == (18, 65, "years")
    route = next(each for each in made.cited if each.name == "route")
    assert (route.value, route.line, "intravenous" in route.quote) == ("intravenous", 1, True)
    assert Dose(1, 1, False, "stated").unit == "cells"


def test_what_a_record_does_not_say_is_none() -> None:
    """An almost empty record has an almost empty card: nothing is made up."""
    made, _ = carded({"protocolSection": {"identificationModule": {"nctId": "NCT00000002"}}})
    assert made == Card(id="NCT00000002", file="one.json", format="ctgov", digest="d")


def test_odd_values_are_no_facts() -> None:
    """A count that is no number, a date that is no day, parts that are no objects."""
    odd = tree("NCT00000003", designModule={"enrollmentInfo": {"count": True}, "designInfo": "none"},
               statusModule={"startDateStruct": {"date": "soon"}, "resultsFirstPostDateStruct": {"date": "2020-01-01"}},
               sponsorCollaboratorsModule={"leadSponsor": "Cell House"})  # fmt: skip
    odd["derivedSection"] = {"conditionBrowseModule": "none"}
    del odd["hasResults"]
    made, _ = carded(odd)
    assert (made.enrolment, made.start, made.start_kind, made.sponsor, made.mesh) == (None, None, None, None, ())
    assert made.has_results is True


def test_cards_come_back_from_both_codecs() -> None:
    """MessagePack and JSON keep every fact; text keeps every line."""
    made, text = carded(FULL)
    assert cards.from_bytes(cards.to_bytes(made)) == made
    assert cards.from_json(cards.to_json(made)) == made
    assert cards.text_from_bytes(cards.text_to_bytes(text)) == text
    for broken in (b"", b"\x81\x01"):
        with pytest.raises(msgspec.DecodeError):
            cards.from_bytes(broken)
        with pytest.raises(msgspec.DecodeError):
            cards.text_from_bytes(broken)


def test_passages_hold_all_a_trial_can_be_found_by() -> None:
    """Lines of the page, other numbers and the registry's own terms, each with its place."""
    _, text = carded(FULL)
    assert Passage("mesh", "derivedSection.conditionBrowseModule.meshes[0]", 1, "Osteoarthritis, Knee") in text
    assert Passage("ids", "protocolSection.identificationModule", 1, "KNEE") in text
    assert any(passage.section == "summary" and "2 million cells/kg" in passage.text for passage in text)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2021-03-05", "2021-03-05"), ("2021-03", "2021-03"), ("2021-03-05T10:00", "2021-03-05"),
        ("March 2021", "2021-03"), ("5 Mar 2021", "2021-03-05"), ("March 5, 2021", "2021-03-05"),
        ("Mar. 2021", "2021-03"), ("2021-13", None), ("Smarch 2021", None), ("", None), ("2021", None),
    ],
)  # fmt: skip
def test_days_are_read_as_registries_write_them(written: str, day: str | None) -> None:
    """A day, a month, or nothing."""
    assert dated(written) == day


def test_words_are_coded() -> None:
    """Portals' words become the registry's."""
    assert coded("Active, not recruiting") == "ACTIVE_NOT_RECRUITING"
    assert coded("") is None
    assert coded("--") is None
    assert phases_in(["Phase 1/Phase 2"]) == ("PHASE1", "PHASE2")
    assert phases_in(["PHASE1/PHASE2", "Early Phase 1"]) == ("PHASE1", "PHASE2", "EARLY_PHASE1")
    assert phases_in(["Phase II/III", "N/A"]) == ("PHASE2", "PHASE3", "NA")
    assert phases_in(["none"]) == ()
    assert year_after("2020-02-29") == "2021-02-28"
    assert year_after("2020-02") == "2021-02"
    assert year_after(None) is None


def page(*statements: Statement, sections: tuple[Section, ...] = (), name: str = "") -> Record:
    """A portal's page with statements."""
    return Record(name, "Cells", "portal", "page.txt", sections, statements)


def stated(name: str, value: object, *quotes: str, unit: str = "") -> Statement:
    """A statement with one reading."""
    places = tuple(Place(number, quote) for number, quote in enumerate(quotes, 1))
    return Statement(name, value, unit, "stated", places, (Reading(value, unit, places),))  # type: ignore[arg-type]


def test_a_page_fills_its_card_from_statements() -> None:
    """What a portal prints lands in the same fields; a page without a number is known by its place."""
    where = Section("locations", Place(1), (Item("A clinic, Lund", Place(2)), Item("", Place(3))))
    made = card(
        page(
            stated("status", "Active, not recruiting"), stated("phase", "Phase 1"), stated("planned_enrolment", 20),
            stated("sponsor", "Cell House"), stated("conditions", ("ALS", "MND")), stated("sex", "All"),
            stated("start", "March 2021"), stated("healthy_volunteers", "no"), sections=(where,),
        ),
        line=7,
    )  # fmt: skip
    assert (made.id, made.title, made.status, made.phases) == (
        "page.txt:7",
        "Cells",
        "ACTIVE_NOT_RECRUITING",
        ("PHASE1",),
    )
    assert (made.enrolment, made.sponsor, made.conditions) == (20, Party("Cell House"), ("ALS", "MND"))
    assert (made.sex, made.start, made.healthy, made.locations) == (
        "ALL",
        "2021-03",
        False,
        (Location("A clinic, Lund"),),
    )
    assert card(page(name="NCT00000004")).id == "NCT00000004"
    assert card(page()).id == "page.txt"


def test_joined_words_find_their_own_places() -> None:
    """Of several places, each word takes the one that says it; else none is quoted."""
    made = card(page(stated("product_processing", ("cultured", "gene-marked", "frozen"), "culture", "gene marked")))
    quotes = {each.value: each.quote for each in made.cited}
    assert quotes == {"cultured": "culture", "gene-marked": "gene marked", "frozen": ""}


def test_spans_are_kept_once_with_open_ends() -> None:
    """Ranges keep open ends; values that are no numbers are left out; huge numbers stay readable."""
    first = stated("interval", (Range(3, 6), "often", True), "every 3-6 months", unit="months")
    again = stated("interval_2", Range(3, 6), unit="months")
    made = card(page(first, again, stated("age", Range(18, None), unit="years"), stated("administrations", 10**20)))
    assert made.intervals == (Span(3, 6, "months", "stated", "every 3-6 months", "", 1),)
    assert (made.ages[0].low, made.ages[0].high) == (18, None)
    assert cards.from_bytes(cards.to_bytes(made)).administrations[0].low == 1e20
    assert made.routes == ()
    assert Cited("route", "x", "stated").quote == ""


def test_a_real_shape_reads_the_same_twice() -> None:
    """Reading is pure: the same bytes make the same card and lines."""
    record = parse(json.dumps(FULL).encode(), "a")
    assert card(record) == card(record)
    assert tuple(passages(record)) == tuple(passages(record))


def test_a_page_has_its_lines_and_no_more() -> None:
    """A page without a tree has neither other numbers nor terms of the registry; empty items hold nothing."""
    summary = Section("summary", Place(1), (Item("Cells.", Place(2)), Item("", Place(3))))
    twice = Reading(("cultured", 5, "cultured"), "", (Place(1, "cultured"),))
    statement = Statement("product_processing", twice.value, "", "stated", twice.places, (twice,))
    record = page(statement, sections=(summary,))
    assert tuple(passages(record)) == (Passage("summary", "", 2, "Cells."),)
    assert card(record).processing == ("cultured",)
