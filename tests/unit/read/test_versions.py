"""Two records of one trial: every difference is told, what matters first, with both places."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from faults import Tree, sound
from stromal.read import pages, registries
from stromal.read.alignment import align, likeness, plain, words_of
from stromal.read.record import Record
from stromal.read.versions import PARTS, Change, changes
from stromal.values import Unusable

XML = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "registry" / "ctgov_xml"
_ELIGIBILITY = "eligibilityModule"


def _record(tree: Tree, name: str) -> Record:
    return registries.parse(json.dumps(tree).encode(), name)


def _told(before: Tree, after: Tree) -> list[Change]:
    return list(changes(_record(before, "before"), _record(after, "after")))


def _changed(**parts: dict[str, object]) -> tuple[Tree, Tree]:
    """A sound record, and the same with fields of its modules changed."""
    before = sound(1)
    after = copy.deepcopy(before)
    for name, fields in parts.items():
        after["protocolSection"][name].update(fields)
    return before, after


def test_a_record_does_not_differ_from_itself() -> None:
    """The same record, and one with other blanks and list marks, say the same."""
    before, after = _changed()
    assert _told(before, after) == []
    text = str(before["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"])
    after["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"] = text.replace("\n\n", "\n \n").replace(" a", "  a")
    after["protocolSection"]["sponsorCollaboratorsModule"]["collaborators"] = []
    assert _told(before, after) == []


def test_what_matters_comes_first() -> None:
    """Numbers before outcomes, outcomes before dates, dates before the sponsor, whatever stands first in the record."""
    before, after = _changed(
        sponsorCollaboratorsModule={"leadSponsor": {"name": "Another hospital"}},
        statusModule={"completionDateStruct": {"date": "2025-09", "type": "ESTIMATED"}, "overallStatus": "SUSPENDED"},
        outcomesModule={"primaryOutcomes": [{"measure": "Pain on a VAS", "timeFrame": "3 months"}]},
        designModule={"enrollmentInfo": {"count": 50, "type": "ACTUAL"}},
        identificationModule={"briefTitle": "More Marrow"},
    )
    after["hasResults"] = True
    after["somethingNew"] = {"a": 1}
    told = _told(before, after)
    order = [name for name, _ in PARTS]
    places = [order.index(change.part) for change in told]
    assert places == sorted(places)
    assert {change.part for change in told} == {
        "number of participants", "outcomes", "dates", "status", "sponsor", "titles and texts", "results",
        "everything else",
    }  # fmt: skip
    first = told[0]
    assert str(first) == "enrolment was 22; now 50"
    assert [(place.file, place.path) for place in first.places] == [
        ("before", "protocolSection.designModule.enrollmentInfo.count"),
        ("after", "protocolSection.designModule.enrollmentInfo.count"),
    ]
    assert "time frame of primary outcome 1 was 12 months; now 3 months" in map(str, told)
    assert any(str(change) == "somethingNew is new: a: 1" for change in told)


def test_criteria_are_told_item_by_item() -> None:
    """A criterion reworded, a new one, one that is gone, one that changed sides."""
    before, after = _changed()
    after["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"] = (
        "Inclusion Criteria:\n\n1. Male or female, aged 18 to 61 years\n2. Back pain for more than 12 months\n"
        "3. Hemoglobin of at least 9 g/dL\n4. Infection\n\nExclusion Criteria:\n\n"
        "1. Pregnancy\n2. Cancer in the last 5 years\n3. Smoking"
    )
    told = {(change.what, change.kind): change for change in _told(before, after)}
    assert set(told) == {
        ("inclusion", "changed"), ("criterion", "moved"), ("exclusion", "added"), ("inclusion", "removed"),
    }  # fmt: skip
    reworded = told["inclusion", "changed"]
    assert (reworded.before, reworded.after) == (
        "Back pain for more than 6 months",
        "Back pain for more than 12 months",
    )
    assert [place.line for place in reworded.places] == [4, 4]
    assert str(told["criterion", "moved"]) == "criterion: moved from exclusion to inclusion: Infection"
    assert str(told["exclusion", "added"]) == "exclusion is new: Smoking"
    assert str(told["inclusion", "removed"]) == "inclusion is gone: Able to walk"


def test_a_change_of_layout_alone_is_told() -> None:
    """Other headings with the same items are one difference, so that nothing is hidden."""
    before, after = _changed()
    text = str(before["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"])
    after["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"] = text.replace("Criteria:", "Criteria")
    (told,) = _told(before, after)
    assert (told.what, told.kind) == ("layout of the criteria", "moved")
    del after["protocolSection"][_ELIGIBILITY]["eligibilityCriteria"]
    assert {change.kind for change in _told(before, after)} == {"removed"}
    assert {change.kind for change in _told(after, before)} == {"added"}


def test_doses_arms_and_sites() -> None:
    """One dose replaced by another is one change; rows are matched by their name, not by their place."""
    before, after = _changed()
    for tree, sites in ((before, ("A", "B")), (after, ("B", "C"))):
        rows = [{"facility": f"Hospital {site}", "city": f"{site}ville"} for site in sites]
        tree["protocolSection"]["contactsLocationsModule"] = {"locations": rows}
    words = json.dumps(after).replace("1x10^6", "2x10^6")
    told = _told(before, json.loads(words))
    assert "dose was 1.0e6 cells/kg; now 2.0e6 cells/kg" in map(str, told)
    assert [change.kind for change in told if change.part == "sites"] == ["added", "removed"]
    more = json.loads(words.replace("2x10^6 cells", "2x10^6 cells/kg, then 4x10^6 cells"))
    kinds = {change.kind for change in _told(before, more) if change.part == "doses"}
    assert kinds == {"added", "removed"}


def test_two_trials_are_not_versions() -> None:
    """Another trial is refused clearly, and so is a page beside a record; a record without a number is compared."""
    with pytest.raises(Unusable, match="these are two trials, NCT90000001 and NCT90000002"):
        _told(sound(1), sound(2))
    page = pages.parse("Marrow\n\nNCT ID: NCT90000001\n\nBasic Information\nRecruitment Status\nCOMPLETED\n", "page")
    with pytest.raises(Unusable, match="portal's page"):
        changes(page, _record(sound(1), "record"))
    before, after = _changed()
    del after["protocolSection"]["identificationModule"]["nctId"]
    assert [str(change) for change in _told(before, after)] == ["registry number is gone: NCT90000001"]


def test_pages_are_compared_item_by_item() -> None:
    """A portal's page has no fields: its items are held against each other, section by section."""
    text = (
        "Marrow\n\nNCT ID: NCT90000001\n\nBasic Information\nRecruitment Status\n{status}\n"
        "Eligibility Criteria\nInclusion Criteria\n1. Back pain\n{criterion}\n"
    )
    before = pages.parse(text.format(status="RECRUITING", criterion="2. Able to walk"), "a")
    after = pages.parse(text.format(status="COMPLETED", criterion="2. Able to walk far"), "b")
    told = [(change.part, change.before, change.after) for change in changes(before, after)]
    assert ("criteria", "Able to walk", "Able to walk far") in told
    assert {text for change in told for text in change[1:]} >= {"RECRUITING", "COMPLETED"}
    assert changes(before, before) == ()


def test_alignment_keeps_every_row_once() -> None:
    """The same rows first, then the most alike, then what came and what went."""
    pairs = align(["a b c", "x y", "gone"], ["x y", "a b d", "new"], str)
    told = [(p.before and p.before[1], p.after and p.after[1]) for p in pairs]
    assert told == [("x y", "x y"), ("a b c", "a b d"), (None, "new"), ("gone", None)]
    assert likeness(words_of(""), words_of("")) == 1.0
    assert plain("* a  \\< b") == "a < b"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("NCT00513591.xml", "NCT00513591_redownloaded.xml", "enrolment was 1000; now 500"),
        ("NCT00513591_redownloaded.xml", "NCT00513591_mod.xml", "official title was"),
        ("NCT02028676.xml", "NCT02028676_modified.xml", "collaborator 2 is gone"),
    ],
)
def test_real_pairs(old: str, new: str, told: str) -> None:
    """Records of one trial that were saved at different times."""
    if not XML.is_dir():
        pytest.skip("no shared data here")
    before, after = (registries.parse((XML / name).read_bytes(), name) for name in (old, new))
    assert any(str(change).startswith(told) for change in changes(before, after))
    assert changes(before, before) == ()
