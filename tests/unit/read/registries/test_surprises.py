"""What reading notices: unknown fields and values named, documents that cannot be read told with their line."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from registry_records import EVERY, V2, XML, content
from stromal.read import registries
from stromal.read.record import Record
from stromal.read.registries import convert, documents, schema, v2, xml
from stromal.read.registries.fields import OBJECTS, VALUES
from stromal.read.study import at
from stromal.values import Finding, Unusable


def findings(tree: dict[str, Any] | list[Any] | bytes, *, prose: bool = False) -> tuple[Finding, ...]:
    """What reading a record noticed."""
    raw = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return registries.parse(raw, "a.json", prose=prose).findings


def changed(path: str, value: Any) -> dict[str, Any]:
    """The small record with one value put somewhere."""
    tree = deepcopy(V2)
    held: Any = tree
    *steps, last = path.split(".")
    for step in steps:
        held = held.setdefault(step, {})
    held[last] = value
    return tree


def test_every_kind_of_field_is_known() -> None:
    """Each field of each object is of a plain kind, another object or a list of values."""
    for name in OBJECTS:
        for field, (kind, _) in schema.fields(name).items():
            assert kind in {"str", "int", "bool", "float", "date", *OBJECTS, *VALUES}, (name, field)
    assert schema.home("protocolSection.designModule.phases") == ("DesignModule", "phases")
    assert len(OBJECTS) > 70


def test_unknown_fields_are_named_once_each() -> None:
    """A field that API v2 does not list is kept, and named with the path to its first place; our own are known."""
    tree = changed("protocolSection.colour", "red")
    tree["protocolSection"]["contactsLocationsModule"]["locations"] = [{"x": 1}, {"x": 2}]
    tree["_converted"] = {"from": "elsewhere"}
    tree["sourceSection"] = {"any": "thing"}
    for prose in (False, True):
        (finding,) = findings(tree, prose=prose)
        assert (finding.code, finding.severity) == ("record.unknown_field", "note")
        assert [place.path for place in finding.places] == [
            "protocolSection.contactsLocationsModule.locations[0].x", "protocolSection.colour",
        ]  # fmt: skip
        assert "locations[].x" in finding.message
    assert findings({**V2, "_converted": 1, "sourceSection": {}}) == ()


@pytest.mark.parametrize(
    ("path", "value", "code", "said"),
    [
        ("protocolSection.designModule.phases", ["PHASE1", "Phase 9"], "record.value", "phases[1] 'Phase 9'"),
        ("protocolSection.statusModule.overallStatus", "Recruitin", "record.value", "overallStatus 'Recruitin'"),
        ("protocolSection.designModule.enrollmentInfo.count", "12", "record.kind", "count is no whole number"),
        ("protocolSection.eligibilityModule.healthyVolunteers", "no", "record.kind", "is no true or false"),
        ("protocolSection.statusModule.lastUpdateSubmitDate", "May 2020", "record.kind", "is no day"),
        ("protocolSection.identificationModule.acronym", 7, "record.kind", "is no text"),
        ("protocolSection.conditionsModule.conditions", "Pain", "record.kind", "is no list"),
        ("protocolSection.designModule.designInfo", "open", "record.kind", "is no object"),
        ("protocolSection.designModule.enrollmentInfo.count", True, "record.kind", "is no whole number"),
    ],
)
def test_values_out_of_their_list(path: str, value: Any, code: str, said: str) -> None:
    """A value that API v2 does not allow is kept, and told with its path and the nearest it allows."""
    tree = changed(path, value)
    (finding,) = findings(tree)
    assert (finding.code, finding.severity) == (code, "note")
    assert said in finding.message
    assert finding.places[0].path.startswith(path)
    assert at(registries.to_v2(registries.parse(json.dumps(tree).encode(), prose=False)), path) == value


def test_the_nearest_value_is_offered() -> None:
    """Where a value is misspelt, the hint names the one probably meant; otherwise all of them."""
    assert (
        "did the registry mean RECRUITING?"
        in findings(changed("protocolSection.statusModule.overallStatus", "Recruitin"))[0].hint
    )
    assert "API v2 knows" in findings(changed("protocolSection.eligibilityModule.sex", "?"))[0].hint


def test_nulls_say_nothing() -> None:
    """An empty field of a record that says null is neither unknown nor of the wrong kind."""
    tree = changed("protocolSection.designModule.phases", None)
    tree["protocolSection"]["oversightModule"] = None
    tree["protocolSection"]["identificationModule"]["acronym"] = None
    location = {"geoPoint": {"lat": 1, "lon": 2.5}}
    tree["protocolSection"]["contactsLocationsModule"]["locations"] = [None, location]
    assert findings(tree) == ()
    assert (
        findings(changed("protocolSection.contactsLocationsModule.locations", [{"geoPoint": {"lat": "x"}}]))[0].code
        == "record.kind"
    )


def test_a_record_without_a_number() -> None:
    """It is read, and told that nobody can tell it from others."""
    bare: dict[str, Any] = {"protocolSection": {}}
    for tree in (changed("protocolSection.identificationModule", {"briefTitle": "Knees"}), bare):
        for prose in (False, True):
            assert [finding.code for finding in findings(tree, prose=prose)] == ["record.no_id"]


def test_days_of_change() -> None:
    """The day a record was last changed: posted, else submitted, else verified, else unknown."""
    status = {"lastUpdateSubmitDate": "2024-01-02", "statusVerifiedDate": "2024-01"}
    assert v2.updated(V2) == "2024-06-04"
    assert v2.updated({"protocolSection": {"statusModule": status}}) == "2024-01-02"
    assert v2.updated({"protocolSection": {"statusModule": {"statusVerifiedDate": "2024-01"}}}) == "2024-01"
    assert v2.updated({}) == ""


# ---------------------------------------------------------------- documents


def unusable(raw: bytes) -> Finding:
    """Why a document cannot be read."""
    with pytest.raises(Unusable) as caught:
        list(registries.parse_each(raw, "a.json"))
    return caught.value.findings[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["ctgov", "ctgov-xml"])
def test_encodings(encoding: str, name: str) -> None:
    """A record is read from any encoding that its first bytes show."""
    held = EVERY[name]
    text = held if isinstance(held, str) else json.dumps(held)
    raw = text.replace("A clinic", "Klinik Königsee").encode(encoding)
    assert registries.is_record(raw)
    record = registries.parse(raw, prose=False)
    assert "Klinik Königsee" in next(record.items("locations")).text
    assert record.findings == ()


def test_latin_is_read_and_told() -> None:
    """A file in Windows' Latin-1 is read as such, with a note; bytes that are nothing stay unusable."""
    raw = json.dumps(V2, ensure_ascii=False).replace("A clinic", "Königsee").encode("cp1252")
    record = registries.parse(raw, "a.json", prose=False)
    assert "Königsee" in next(record.items("locations")).text
    assert [finding.code for finding in record.findings] == ["record.encoding"]
    assert unusable(b'{"a": "\xe9').code == "record.json"
    assert unusable(b'{"a": "\xe9\0"}').code == "record.json"
    latin = XML.replace("A clinic", "Königsee").encode("cp1252")
    assert "Königsee" in next(registries.parse(latin, prose=False).items("locations")).text
    wrong = XML.replace('encoding="UTF-8"', 'encoding="ASCII"').replace("A clinic", "Königsee").encode()
    assert "Königsee" in next(registries.parse(wrong, prose=False).items("locations")).text


def test_broken_json_names_its_line() -> None:
    """A document that is cut short or wrong says so, with the line and the words before it."""
    lines = json.dumps(V2, indent=1).splitlines()
    cut = unusable("\n".join(lines[:9]).encode())
    assert (cut.code, cut.places[0].line, cut.message) == ("record.json", 9, "the JSON ends before it is complete")
    wrong = unusable(b'{"studies":\n [},]}')
    assert wrong.places[0].line == 2
    assert "this is no JSON" in wrong.message
    assert unusable(b"").code == "record.json"
    assert unusable_one(b'{"protocolSection": 1e999}') == "record.json"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><clinical_study>&y;</clinical_study>'
)
REACHING = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><clinical_study>&x;</clinical_study>"""


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (BOMB, "record.xml_unsafe"),
        (REACHING, "record.xml_unsafe"),
        (b"<clinical_study><a></clinical_study>", "record.xml"),
        (b"<clinical_study>", "record.xml"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "record.xml"),
        (b"<a>" * 5 + b"\xff", "record.xml"),
    ],
)
def test_xml_is_read_safely(raw: bytes, code: str) -> None:
    """No entity is made and nothing is loaded; XML that is none says so."""
    assert unusable(raw).code == code


def test_depth_is_bounded() -> None:
    """A document nested deeper than any record is refused, in JSON and in XML."""
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    assert unusable(deep).code == "record.depth"
    assert unusable(b"[" * 3 + deep + b"]" * 3).code == "record.depth"
    inside = b'{"protocolSection": {"identificationModule":' + b'{"a":' * 5000 + b"1" + b"}" * 5002
    assert unusable(inside).code == "record.depth"
    (found,) = registries.parse_each(b"<clinical_study>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</clinical_study>")
    assert isinstance(found, Unusable)
    assert found.findings[0].code == "record.depth"


def test_answers_to_a_search() -> None:
    """The records of a search's answer, of a list and of older answers are told apart, and each is read."""
    other = changed("protocolSection.identificationModule.nctId", "NCT00000002")
    answers: list[Any] = [
        {"studies": [V2, other], "nextPageToken": "x"},
        [V2, other],
        {"FullStudiesResponse": {"FullStudies": [V2, other]}},
        {"StudyFieldsResponse": {"StudyFields": [V2, {"what": 1}, other]}},
    ]
    for answer in answers:
        found = list(registries.parse_each(json.dumps(answer).encode(), "s.json", prose=False))
        records = [each for each in found if isinstance(each, Record)]
        assert [each.registry_id for each in records] == ["NCT00000001", "NCT00000002"]
        assert records[0].file == "s.json[1]"
        with pytest.raises(Unusable, match="several records"):
            registries.parse(json.dumps(answer).encode())
    assert isinstance(found[1], Unusable)
    assert "what" in found[1].findings[0].places[0].quote
    with pytest.raises(Unusable, match="no record"):
        registries.parse(b'{"studies": []}')
    assert registries.parse(json.dumps({"studies": [V2]}).encode(), "s.json", prose=False).file == "s.json"
    assert unusable_one(b'{"FullStudiesResponse": {"x": []}}') == "record.format"
    assert unusable_one(b"[[1], 7]") == "record.format"


def unusable_one(raw: bytes) -> str:
    """The code of why the first record of a document cannot be read."""
    found = next(registries.parse_each(raw))
    assert isinstance(found, Unusable)
    return found.findings[0].code


def test_pages_are_no_records() -> None:
    """What begins like a portal's page, or a web page, is left to the reader of pages."""
    for raw in (b"NCT00000001\nA trial", b"[A link] first", b"<!DOCTYPE html><html>", b"<HTML>", b"{not json}", b""):
        assert not registries.is_record(raw)
    for raw in (b'{"a": 1}', b"{}", b"[]", b'[{"a": 1}]', b"  <clinical_study>", content(V2)):
        assert registries.is_record(raw)
    tree = registries.read_tree(content(V2))
    assert v2.identity(tree) == "NCT00000001"
    assert documents.narrowed(b"\xef\xbb\xbf{}") == b"{}"


# ---------------------------------------------------------------- conversions


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("June 4, 2014", "2014-06-04"), ("March 2007", "2007-03"), ("04/06/2014", "2014-06-04"),
        ("2014-06-04T00:00:00.000Z", "2014-06-04"), ("20140604", "2014-06-04"), ("4 Sept 2020", "2020-09-04"),
        ("Smarch 2007", "Smarch 2007"), ("2014-13-01", "2014-13-01"), ("soon", "soon"),
    ],
)  # fmt: skip
def test_days(said: str, meant: str) -> None:
    """Days are written as API v2 writes them; what is none stays as it is."""
    assert convert.day(said) == meant


@pytest.mark.parametrize(
    ("said", "kind", "meant"),
    [
        ("Phase 2", "Phase", "PHASE2"), ("Early Phase 1", "Phase", "EARLY_PHASE1"), ("N/A", "Phase", "NA"),
        ("None (Open Label)", "DesignMasking", "NONE"),
        ("Single Group Assignment", "InterventionalAssignment", "SINGLE_GROUP"),
        ("95% Confidence Interval", "MeasureDispersionType", "CONFIDENCE_95"),
        ("1-Sided", "ConfidenceIntervalNumSides", "ONE_SIDED"), ("U.S. NIH Grant/Contract", "SecondaryIdType", "NIH"),
        ("Active, not recruiting", "Status", "ACTIVE_NOT_RECRUITING"),
        ("Interventional study", "StudyType", "INTERVENTIONAL"), ("Not recruiting", "Status", "Not recruiting"),
    ],
)  # fmt: skip
def test_values(said: str, kind: str, meant: str) -> None:
    """A text becomes the value it means; one that could mean two stays as it is."""
    assert convert.value(said, kind) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Phase II/III", ["PHASE2", "PHASE3"]), ("2-3", ["PHASE2", "PHASE3"]), ("Phase 1/2a", ["PHASE1", "PHASE2"]),
        ("Phase 0", ["EARLY_PHASE1"]), ("Not applicable", ["NA"]), ("", []), ("IV", ["PHASE4"]), ("new", []),
    ],
)  # fmt: skip
def test_phases(said: str, meant: list[str]) -> None:
    """Phases in every registry's way of writing them."""
    assert convert.phases(said) == meant


def test_ages_and_numbers() -> None:
    """Ages in API v2's way; no limit is none; what cannot be read stays."""
    assert [convert.age(said) for said in ("18Y", "18 years old", "1 month", "No limit", "0", "old")] == [
        "18 Years", "18 Years", "1 Month", "", "", "old",
    ]  # fmt: skip
    assert [convert.to_kind("1.5", "float"), convert.to_kind("x", "float")] == [1.5, "x"]
    assert convert.pruned({"a": "", "b": [{"c": ""}], "d": [0, ""]}) == {"d": [0]}
    assert xml.unwrapped("\n  One\n  line\n\n    - deep\n\n  - flat\n") == "One line\n\n  - deep\n\n- flat"
