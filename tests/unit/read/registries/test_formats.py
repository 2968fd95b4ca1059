"""Records of every registry: the format is picked by content, the tree has the shape of API v2, nothing is lost."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from registry_records import CTIS, DATA, EUCTR, EVERY, FIELDS, FULL, ICTRP, ISRCTN, V2, XML, content, real
from stromal.read import registries
from stromal.read.record import Record
from stromal.read.registries import full, v2
from stromal.read.study import at
from stromal.values import Unusable

P = "protocolSection."


def read(record: dict[str, Any] | str, *, prose: bool = False) -> Record:
    """A record of the tests, read."""
    return registries.parse(content(record), "a.file", prose=prose)


@pytest.mark.parametrize("name", EVERY)
def test_format_is_picked_by_content(name: str) -> None:
    """Each record is read by its own reader, says what it is called, and has the sections everybody knows."""
    for prose in (False, True):
        record = read(EVERY[name], prose=prose)
        assert record.layout == name
        assert record.title in ("Marrow cells for knees", "Cells and knees")
        assert {"title", "overview", "interventions", "inclusion"} <= {section.name for section in record.sections}
        assert all(item.place.path and item.place.file == "a.file" for item in record.items())
    assert record.statement("title") is not None


@pytest.mark.parametrize("record", [FULL, FIELDS])
def test_older_forms_become_the_same_tree(record: dict[str, Any]) -> None:
    """A full study and study fields of API v1 become exactly what API v2 says."""
    assert registries.to_v2(read(record)) == V2
    assert read(record).findings == ()


def test_classic_xml() -> None:
    """Classic XML becomes the same, with what API v2 has no field for kept apart."""
    tree = registries.to_v2(read(XML))
    for path in ("identificationModule", "statusModule", "armsInterventionsModule", "outcomesModule",
                 "designModule.phases", "designModule.enrollmentInfo", "eligibilityModule.sex",
                 "contactsLocationsModule.locations"):  # fmt: skip
        said = at(tree, P + path)
        if path.endswith("locations"):
            assert said[0].pop("contacts") == [
                {"role": "CONTACT", "name": "The clinic"},
                {"role": "PRINCIPAL_INVESTIGATOR", "name": "A doctor"},
            ]
        assert said == at(V2, P + path), path
    assert at(tree, f"{P}eligibilityModule.eligibilityCriteria").splitlines()[2] == "  - Aged 18 to 75 years"
    assert at(tree, f"{P}designModule.designInfo.maskingInfo") == {
        "masking": "DOUBLE", "whoMasked": ["PARTICIPANT", "OUTCOMES_ASSESSOR"],
    }  # fmt: skip
    assert at(tree, f"{P}referencesModule.references") == [{"type": "BACKGROUND", "citation": "A paper.", "pmid": "1"}]
    assert at(tree, "sourceSection.fields") == {"@rank": "1", "number_of_arms": "1"}


def test_classic_xml_of_older_years() -> None:
    """A design told in one line, a registry of patients, an open masking and a phase that is none are understood."""
    older = (
        "<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info><phase>N/A</phase>"
        "<study_type>Observational [Patient Registry]</study_type>"
        "<study_design_info><masking>None (Open Label)</masking></study_design_info>"
        "<study_design>Allocation: Randomized, Time Perspective: Prospective, Colour: Red</study_design>"
        "<clinical_results><x>1</x></clinical_results></clinical_study>"
    )
    tree = registries.to_v2(read(older))
    design = at(tree, f"{P}designModule")
    assert design["patientRegistry"] is True
    assert design["studyType"] == "OBSERVATIONAL"
    assert design["phases"] == ["NA"]
    assert design["designInfo"] == {"allocation": "RANDOMIZED", "timePerspective": "PROSPECTIVE",
                                    "maskingInfo": {"masking": "NONE"}}  # fmt: skip
    assert tree["hasResults"] is True
    assert at(tree, "sourceSection.fields.clinical_results") == {"x": "1"}


def test_ictrp() -> None:
    """The WHO's export holds many trials of many registries; each is read, and keeps every field it came with."""
    found = list(registries.parse_each(ICTRP.encode(), "export.xml", prose=False))
    first, second = (each for each in found if isinstance(each, Record))
    assert (first.registry_id, first.layout, first.file) == ("NCT00000001", "ictrp", "export.xml[1]")
    tree = registries.to_v2(first)
    assert at(tree, f"{P}statusModule.studyFirstPostDateStruct.date") == "2024-06-04"
    assert at(tree, f"{P}eligibilityModule") == {
        "sex": "ALL", "minimumAge": "18 Years",
        "eligibilityCriteria": "Inclusion Criteria:\n\nAged 18 or more\nPain\n\nExclusion Criteria:\n\nInfection",
    }  # fmt: skip
    assert at(tree, f"{P}armsInterventionsModule.interventions") == [
        {"type": "BIOLOGICAL", "name": "Marrow cells", "description": "1 million cells/kg"}, {"name": "Rest"},
    ]  # fmt: skip
    assert at(tree, f"{P}designModule.phases") == ["PHASE1", "PHASE2"]
    assert at(tree, f"{P}designModule.studyType") == "INTERVENTIONAL"
    assert [row["id"] for row in at(tree, f"{P}identificationModule.secondaryIdInfos")] == ["NCT00000002", "X1"]
    assert at(tree, "sourceSection.fields.Retrospective_flag") == "No"
    assert second.registry_id == "DRKS00000001"
    assert [finding.code for finding in second.findings] == ["record.value"]


def test_isrctn() -> None:
    """ISRCTN: identity, other numbers, what was stopped, who took part, papers; the whole record stays."""
    record = read(ISRCTN, prose=True)
    tree = registries.to_v2(record)
    assert record.registry_id == "ISRCTN00000001"
    assert at(tree, f"{P}statusModule.overallStatus") == "TERMINATED"
    assert at(tree, f"{P}designModule.enrollmentInfo") == {"count": 9, "type": "ACTUAL"}
    assert at(tree, f"{P}referencesModule.references") == [{"pmid": "123", "type": "RESULT"}]
    assert [row["id"] for row in at(tree, f"{P}identificationModule.secondaryIdInfos")] == [
        "2020-000001-10", "NCT00000001", "P-2",
    ]  # fmt: skip
    assert at(tree, f"{P}descriptionModule.briefSummary") == "Cells help."
    assert at(tree, "sourceSection.fields") == ISRCTN
    assert v2.updated(tree) == "2026-03-08"


def test_isrctn_with_little() -> None:
    """A record of ISRCTN that says next to nothing is read all the same."""
    bare = {"isrctn": "ISRCTN00000002", "trialDescription": {"title": "Knees", "studyHypothesis": "Why",
            "plainEnglishSummary": "In short"}, "interventions": "", "participants": ""}  # fmt: skip
    tree = registries.to_v2(read(bare))
    assert v2.identity(tree) == "ISRCTN00000002"
    assert at(tree, f"{P}descriptionModule") == {"briefSummary": "In short", "detailedDescription": "Why"}
    assert at(tree, f"{P}contactsLocationsModule") is None


def test_euctr() -> None:
    """The European register: phases and design out of yes and no; two designs at once are left unknown."""
    tree = registries.to_v2(read(EUCTR))
    assert at(tree, f"{P}designModule.phases") == ["PHASE2"]
    assert at(tree, f"{P}designModule.designInfo") == {
        "maskingInfo": {"masking": "DOUBLE"}, "primaryPurpose": "TREATMENT", "allocation": "RANDOMIZED",
    }  # fmt: skip
    assert at(tree, f"{P}armsInterventionsModule.interventions") == [
        {"type": "BIOLOGICAL", "name": "Marrow cells", "description": "route: Intraarticular use"}
    ]
    assert at(tree, f"{P}sponsorCollaboratorsModule") == {
        "leadSponsor": {"name": "A hospital"}, "collaborators": [{"name": "A fund"}],
    }  # fmt: skip
    assert at(tree, f"{P}eligibilityModule.sex") == "FEMALE"
    assert at(tree, f"{P}eligibilityModule.healthyVolunteers") is False
    assert at(tree, "sourceSection.fields") == EUCTR
    bare = registries.to_v2(read({"a2_eudract_number": "2020-000001-10", "e811_randomised": "No"}))
    assert at(bare, f"{P}designModule.designInfo.allocation") == "NON_RANDOMIZED"
    assert at(bare, f"{P}contactsLocationsModule") is None


def test_ctis() -> None:
    """CTIS: the phase that is said yes to, criteria as lists, each product once."""
    tree = registries.to_v2(read(CTIS))
    assert at(tree, f"{P}designModule.phases") == ["PHASE2"]
    assert at(tree, f"{P}statusModule.overallStatus") == "NOT_YET_RECRUITING"
    assert at(tree, f"{P}eligibilityModule") == {
        "sex": "ALL", "stdAges": ["ADULT", "OLDER_ADULT"],
        "eligibilityCriteria": "Inclusion Criteria:\n\n* Aged 18 or more\n\nExclusion Criteria:\n\n* Infection",
    }  # fmt: skip
    assert at(tree, f"{P}armsInterventionsModule.interventions") == [{"type": "BIOLOGICAL", "name": "Marrow cells"}]
    assert at(tree, f"{P}contactsLocationsModule.locations") == [{"country": "AT"}, {"country": "IT"}]
    bare = registries.to_v2(read({"ctNumber": "2024-500001-10-00", "applications": ["?"], "trialPhase": "N/A"}))
    assert at(bare, f"{P}designModule") == {"studyType": "INTERVENTIONAL"}


# ---------------------------------------------------------------- nothing is lost


def test_flat_lists_that_make_no_rows() -> None:
    """A list that lacks an entry is kept as it came and named; nobody guesses where it belongs."""
    lists = {
        "NCTId": ["NCT00000001"], "ArmGroupLabel": ["A", "B"], "ArmGroupDescription": ["Only one has this"],
        "ArmGroupInterventionName": ["X", "Y", "Z"], "SubmissionReleaseDate": ["May 1, 2020", "May 2, 2021"],
        "LocationFacility": ["F"], "LocationCity": ["C", "D"], "BriefTitle": ["One", "Two"], "New": ["x"],
        "OverallOfficialRole": ["Sub-Investigator"], "ConditionMeshTerm": [["odd"]],
    }  # fmt: skip
    record = read(lists)
    tree = registries.to_v2(record)
    assert at(tree, f"{P}armsInterventionsModule.armGroups") == [{"label": "A"}, {"label": "B"}]
    assert at(tree, f"{P}contactsLocationsModule.locations") == [{"city": "C"}, {"city": "D"}]
    unplaced = ["ArmGroupDescription", "ArmGroupInterventionName", "ConditionMeshTerm", "LocationFacility",
                "OverallOfficialRole", "SubmissionReleaseDate"]  # fmt: skip
    assert at(tree, "sourceSection.unaligned") == unplaced
    assert sorted(at(tree, "sourceSection.fields")) == sorted([*unplaced, "BriefTitle", "New"])
    (finding,) = record.findings
    assert (finding.code, finding.severity) == ("record.unaligned", "note")
    assert "ArmGroupDescription" in finding.message


def test_full_study_keeps_what_has_no_home() -> None:
    """Unknown names, lists of several where one is meant, and two names for one field stay under their old names."""
    study = deepcopy(FULL)
    section = study["Study"]["ProtocolSection"]
    section["DesignModule"]["DesignInfo"] = {
        "DesignTimePerspectiveList": {"DesignTimePerspective": ["Prospective", "Other"]},
        "DesignObservationalModelList": {"DesignObservationalModel": ["Case-Only"]},
    }
    section["ArmsInterventionsModule"]["ArmGroupList"]["ArmGroup"][0]["ArmGroupColour"] = "red"
    section["Colour"] = "red"
    study["Note"] = "kept"
    tree = registries.to_v2(read(study))
    assert at(tree, f"{P}designModule.designInfo") == {"observationalModel": "CASE_ONLY"}
    kept = at(tree, "sourceSection.fields")
    assert kept["around"] == {"Note": "kept"}
    assert kept["ProtocolSection"] == {
        "DesignModule": {
            "DesignInfo": {"DesignTimePerspectiveList": {"DesignTimePerspective": ["Prospective", "Other"]}},
        },
        "ArmsInterventionsModule": {"ArmGroupList": {"0": {"ArmGroupColour": "red"}}}, "Colour": "red",
    }  # fmt: skip
    assert full.renamed("LargeDoc", "LargeDocHasSAP") == "hasSap"
    assert full.renamed("LargeDoc", "LargeDocUploadDate") == "uploadDate"
    assert full.converted("11/04/2022 09:17", "LargeDoc", "uploadDate") == "2022-11-04T09:17"
    assert full.converted("never", "LargeDoc", "uploadDate") == "never"


def test_copies_belong_to_whoever_asks() -> None:
    """`to_v2` gives a copy: writing to it changes no record. A portal's page has no fields to give."""
    record = read(V2)
    mine = registries.to_v2(record)
    mine["protocolSection"]["designModule"]["phases"].append("PHASE4")
    assert registries.to_v2(record) == V2
    with pytest.raises(Unusable, match="sentences, not fields"):
        registries.to_v2(Record("", "", "dump", "", (), ()))


def test_late_parts_are_like_early_ones() -> None:
    """A record whose parts are made when asked for equals, travels, is replaced and printed like any other."""
    record = read(V2)
    same = read(V2)
    assert pickle.loads(pickle.dumps(record)) == same
    assert replace(record, title="Other").sections == same.sections
    assert "Marrow cells" in repr(record)
    assert len({id(record.tree), id(record.tree)}) == 1
    with pytest.raises(AttributeError, match="a record has no colour"):
        record.colour  # type: ignore[attr-defined] # noqa: B018 - that it is not there is the point
    other = read(FULL)
    assert pickle.loads(pickle.dumps(other)).sections == other.sections


def test_a_record_without_a_brief_title() -> None:
    """It is called by its official one."""
    tree = deepcopy(V2)
    tree["protocolSection"]["identificationModule"] = {"nctId": "NCT00000001", "officialTitle": "Knees"}
    for prose in (True, False):
        assert read(tree, prose=prose).title == "Knees"


# ---------------------------------------------------------------- real records


def _words(held: Any) -> Iterator[str]:
    if isinstance(held, dict):
        for name, each in held.items():
            yield from () if name in ("form", "registry", "hasResults", "unaligned", "id") else _words(each)
    elif isinstance(held, list):
        for each in held:
            yield from _words(each)
    elif isinstance(held, str):
        yield from held.split()


@pytest.mark.parametrize("name", ["ctgov_v2_genuine.jsonl.gz", "msc_v2_converted.jsonl.gz"])
def test_real_records_come_back_whole(name: str) -> None:
    """Every genuine record is the same after reading, and each surprise in it is named as one."""
    for line in real(name):
        record = registries.parse(line, name, prose=False)
        assert registries.to_v2(record) == json.loads(line)
        assert record.registry_id.startswith("NCT")
        assert all(finding.severity == "note" for finding in record.findings)


def test_real_study_fields_agree_with_another_conversion() -> None:
    """Every path that somebody else's conversion fills is filled the same here; it leaves out the doubled record."""
    theirs = {}
    for line in real("msc_v2_converted.jsonl.gz"):
        tree = json.loads(line)
        theirs[v2.identity(tree)] = tree
    differ: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for line in real("msc_studyfields_2022-10.jsonl.gz"):
        mine = registries.parse(line, prose=False)
        seen[mine.registry_id] += 1
        other = theirs[mine.registry_id]
        named = set(other["_converted"]["unaligned_fields"])
        assert named - set(at(mine.tree or {}, "sourceSection.unaligned") or ()) <= {
            "LocationCity", "LocationCountry", "LocationState", "LocationZip",
        }  # fmt: skip
        differ.update(_differences(other["protocolSection"], (mine.tree or {})["protocolSection"], ""))
    assert (len(seen), seen.total()) == (1180, 1181)
    # A kind of number that the other conversion left unread, and rows it counted by the field that one of them lacks.
    assert differ == {".identificationModule.secondaryIdInfos.type": 1, ".contactsLocationsModule.locations": 1}


def _differences(theirs: Any, mine: Any, path: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for name, each in theirs.items():
            yield from _differences(each, mine.get(name), f"{path}.{name}")
    elif isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        for one, other in zip(theirs, mine, strict=True):
            yield from _differences(one, other, path)
    elif theirs != mine:
        yield path


def test_real_full_studies_lose_no_word() -> None:
    """Every text of a full study is in its tree, converted or as it came; no value is left that API v2 lacks."""
    for line in real("ctgov_v1_fullstudies.jsonl.gz"):
        record = registries.parse(line, prose=False)
        tree = registries.to_v2(record)
        lost = Counter(_long(json.loads(line))) - Counter(_long(tree))
        assert not lost
        assert record.findings == ()


def _long(held: Any) -> Iterator[str]:
    """Every word that no conversion touches: those with a small letter inside, out of texts of several words."""
    if isinstance(held, dict):
        for each in held.values():
            yield from _long(each)
    elif isinstance(held, list):
        for each in held:
            yield from _long(each)
    elif isinstance(held, str) and len(held) > 60:
        yield from held.split()


def test_real_classic_xml_loses_no_word() -> None:
    """Every word of a file's long texts is in its tree; feeds that are no records say so."""
    if not DATA.exists():
        pytest.skip("the registry's records are not beside the repository")
    read_well = 0
    for file in sorted((DATA / "ctgov_xml").glob("*.xml")):
        raw = file.read_bytes()
        if b"<rss" in raw[:200]:
            with pytest.raises(Unusable, match="no record of a known format"):
                registries.parse(raw, file.name)
            continue
        tree = registries.to_v2(registries.parse(raw, file.name, prose=False))
        told = Counter(_words(tree))
        for element in ElementTree.fromstring(raw).iter():
            if element.text and len(element.text) > 60 and element.tag != "masking":
                assert not Counter(element.text.split()) - told, (file.name, element.tag)
        read_well += 1
    assert read_well == 51


def test_real_other_registries_stay_whole() -> None:
    """Records of ISRCTN, EUCTR and CTIS keep everything, and say who may take part."""
    if not DATA.exists():
        pytest.skip("the registry's records are not beside the repository")
    for file in sorted((DATA / "other").glob("*.json")):
        record = registries.parse(file.read_bytes(), file.name)
        tree = registries.to_v2(record)
        assert at(tree, "sourceSection.fields") == json.loads(file.read_bytes())
        assert "Inclusion Criteria:" in at(tree, f"{P}eligibilityModule.eligibilityCriteria")
        assert record.registry_id.startswith(("ISRCTN", "EUCTR", "CTIS"))
        assert record.named("inclusion")
        assert record.named("exclusion")


def test_odd_corners() -> None:
    """Fields that are there but hold nothing make no items; lists that wrap something else stay as they are."""
    tree = deepcopy(V2)
    arms = tree["protocolSection"]["armsInterventionsModule"]
    arms["armGroups"].append({"description": "Nameless"})
    tree["protocolSection"]["outcomesModule"]["secondaryOutcomes"] = [{"measure": ""}]
    record = read(tree)
    assert [item.text for item in record.items("arms")][-1] == "Nameless"
    assert not record.named("secondary_outcomes")
    study = deepcopy(FULL)
    study["Study"]["ProtocolSection"]["DesignModule"]["PhaseList"] = {"Phase": "Phase 1"}
    assert at(registries.to_v2(read(study)), "sourceSection.fields.ProtocolSection.DesignModule") == {
        "PhaseList": {"Phase": "Phase 1"}
    }
    plain = "<clinical_study><brief_title>Knees</brief_title><study_design>Colour: Red</study_design></clinical_study>"
    assert at(registries.to_v2(read(plain)), f"{P}designModule") is None
    assert at(
        registries.to_v2(read({"a2_eudract_number": "1", "f41_in_the_member_state": ""})), f"{P}designModule"
    ) == {"studyType": "INTERVENTIONAL"}


def test_arms_of_classic_xml_name_what_is_given() -> None:
    """An intervention names its arms, so each arm names its interventions; an arm that nobody lists stays out."""
    given = (
        "<intervention><intervention_type>Dietary Supplement</intervention_type><intervention_name>Oil"
        "</intervention_name><arm_group_label>Cells</arm_group_label><arm_group_label>?</arm_group_label></intervention>"
    )
    tree = registries.to_v2(read(XML.replace("<intervention>", f"{given}<intervention>", 1)))
    (arm,) = at(tree, f"{P}armsInterventionsModule.armGroups")
    bare = "<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info></clinical_study>"
    assert "sourceSection" not in registries.to_v2(read(bare))
    odd = registries.to_v2(read(bare.replace("<id_info>", '<condition rank="1">Pain</condition><id_info>')))
    assert at(odd, f"{P}conditionsModule.conditions") == ["Pain"]
    assert at(odd, "sourceSection.fields.condition")["@rank"] == "1"
    assert arm["interventionNames"] == ["Dietary Supplement: Oil"]
    assert at(tree, f"{P}armsInterventionsModule.interventions")[0]["armGroupLabels"] == ["Cells", "?"]
