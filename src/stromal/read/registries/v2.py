"""ClinicalTrials.gov API v2 -> sections, with the path of every field.

Takes the tree of a record; gives its names and its sections. Every other registry's record is turned into this shape
first, so that sections are made in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from stromal.read.criteria import blocks
from stromal.read.layout import marked
from stromal.read.numerals import tidy
from stromal.read.record import Item, Section
from stromal.read.registries.schema import OWN
from stromal.read.study import MODULES, Tree, at, day, listed, module, rows, words
from stromal.values import Place


def shows(held: Any) -> bool:
    """Whether this is a record of API v2, or one that was turned into its shape."""
    return isinstance(held, Mapping) and isinstance(held.get("protocolSection"), Mapping)


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The record is its own tree."""
    return held


def identity(tree: Tree) -> str:
    """The registry number of the record: ClinicalTrials.gov's, else its own registry's, else nothing."""
    found = words(module(tree, "identification"), "nctId") or at(tree, f"{OWN}.id")
    return found if isinstance(found, str) else ""


def title(tree: Tree) -> str:
    """The brief title, else the official one."""
    part = module(tree, "identification")
    return words(part, "briefTitle") or words(part, "officialTitle")


def updated(tree: Tree) -> str:
    """The day on which the record was last changed, as far as it says; empty where it does not."""
    status = module(tree, "status")
    own = at(tree, f"{OWN}.fields.record_last_import")
    days = (day(status, "lastUpdatePostDateStruct"), words(status, "lastUpdateSubmitDate"),
            own[:10] if isinstance(own, str) else "", words(status, "statusVerifiedDate"))  # fmt: skip
    return next((each for each in days if each), "")


def _path(name: str, field: str) -> str:
    return f"protocolSection.{MODULES[name]}.{field}"


def _item(text: str, file: str, path: str, label: str = "", line: int = 1) -> Item:
    mark, rest = ("", text.strip()) if label else marked(text)
    return Item(tidy(rest), Place(line, rest, file, path), mark, label)


def _lines(text: str, file: str, path: str) -> Iterator[Item]:
    """The lines of a text field that hold words, each an item."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _item(line, file, path, line=number)


# ---------------------------------------------------------------- what the protocol section says

_LABELLED = (
    ("status", "status", "overallStatus"),
    ("updated", "status", "lastUpdatePostDateStruct"),
    ("start", "status", "startDateStruct"),
    ("primary_completion", "status", "primaryCompletionDateStruct"),
    ("completion", "status", "completionDateStruct"),
    ("why_stopped", "status", "whyStopped"),
    ("phase", "design", "phases"),
    ("study_type", "design", "studyType"),
    ("planned_enrolment", "design", "enrollmentInfo"),
    ("sponsor", "sponsor", "leadSponsor"),
    ("allocation", "design", "designInfo"),
    ("model", "design", "designInfo"),
    ("purpose", "design", "designInfo"),
    ("masking", "design", "designInfo"),
)
"""Labels that `facts` knows, each with the module and the field that hold it."""
_INSIDE = {
    "enrollmentInfo": "count", "leadSponsor": "name", "allocation": "allocation", "model": "interventionModel",
    "purpose": "primaryPurpose", "masking": "maskingInfo.masking",
}  # fmt: skip


def _titles(tree: Tree, file: str) -> Iterator[Item]:
    about = module(tree, "identification")
    brief, official = words(about, "briefTitle"), words(about, "officialTitle")
    if brief:
        yield _item(brief, file, _path("identification", "briefTitle"))
    if official:  # a record without a brief title is called by its official one
        label = "official_title" if brief else ""
        yield _item(official, file, _path("identification", "officialTitle"), label)


def _within(label: str, field: str) -> str:
    """Where in its module the value of a label stands."""
    inside = "date" if field.endswith("DateStruct") else _INSIDE.get(label) or _INSIDE.get(field)
    return f"{field}.{inside}" if inside else field


_WITHIN = tuple(
    (label, name, _within(label, field).split("."), _path(name, _within(label, field)))
    for label, name, field in _LABELLED
)
"""The labels with the paths of their values: in the module, and in the record."""


def _labelled(tree: Tree, file: str) -> Iterator[Item]:
    number = identity(tree)
    if number:
        own = words(module(tree, "identification"), "nctId")
        yield _item(number, file, _path("identification", "nctId") if own else f"{OWN}.id", "registry_id")
    modules = {name: module(tree, name) for name in ("status", "design", "sponsor")}
    for label, name, within, path in _WITHIN:
        value: Any = modules[name]
        for step in within:
            if type(value) is not dict and not isinstance(value, Mapping):
                value = None
                break
            value = value.get(step)
        if isinstance(value, list):
            value = "/".join(str(each) for each in value)
        if value is not None and value != "" and (isinstance(value, str) or not path.endswith(".date")):
            yield _item(str(value), file, path, label)


def _text(name: str, field: str) -> Callable[[Tree, str], Iterator[Item]]:
    """A maker of the lines of one text field."""
    return lambda tree, file: _lines(words(module(tree, name), field), file, _path(name, field))


def _named(name: str, field: str) -> Callable[[Tree, str], Iterator[Item]]:
    """A maker of the texts of one list."""

    def made(tree: Tree, file: str) -> Iterator[Item]:
        for number, text in enumerate(listed(module(tree, name), field)):
            yield _item(text, file, f"{_path(name, field)}[{number}]")

    return made


def _groups(field: str, naming: str, label: str) -> Callable[[Tree, str], Iterator[Item]]:
    """A maker of arms or interventions: the name, its type, and the lines that describe it."""

    def made(tree: Tree, file: str) -> Iterator[Item]:
        for number, row in enumerate(rows(module(tree, "arms"), field)):
            path = f"{_path('arms', field)}[{number}]"
            if words(row, naming):
                yield _item(words(row, naming), file, f"{path}.{naming}")
            if words(row, "type"):
                yield _item(words(row, "type"), file, f"{path}.type", label)
            yield from _lines(words(row, "description"), file, f"{path}.description")
            for place, other in enumerate(listed(row, "otherNames")):
                yield _item(other, file, f"{path}.otherNames[{place}]", "other_name")

    return made


def _outcomes(field: str) -> Callable[[Tree, str], Iterator[Item]]:
    """A maker of outcomes as rows of measure, time frame and description, parted by tabs."""

    def made(tree: Tree, file: str) -> Iterator[Item]:
        for number, row in enumerate(rows(module(tree, "outcomes"), field)):
            cells = [words(row, name).replace("\n", " ") for name in ("measure", "timeFrame", "description")]
            text = "\t".join(cells).rstrip()
            if text:
                yield Item(tidy(text), Place(1, text, file, f"{_path('outcomes', field)}[{number}]"))

    return made


def _eligibility(tree: Tree, file: str) -> Iterator[Item]:
    part = module(tree, "eligibility")
    for label, field in (("age_min", "minimumAge"), ("age_max", "maximumAge"), ("sex", "sex")):
        if words(part, field):
            yield _item(words(part, field), file, _path("eligibility", field), label)
    healthy = part.get("healthyVolunteers")
    if isinstance(healthy, bool):
        yield _item("yes" if healthy else "no", file, _path("eligibility", "healthyVolunteers"), "healthy_volunteers")


def _criteria(tree: Tree, file: str) -> Iterator[Section]:
    """The eligibility text, parted at its headings; lines before any heading stand in a section `criteria`."""
    path = _path("eligibility", "eligibilityCriteria")
    for block in blocks(words(module(tree, "eligibility"), "eligibilityCriteria")):
        held = tuple(_item(text, file, path, line=number) for number, text in block.lines)
        yield Section(block.name, Place(block.line, block.heading, file, path), held)


# ---------------------------------------------------------------- rows of named fields


def _rows(path: str, label: str, *names: str) -> Callable[[Tree, str], Iterator[Item]]:
    """A maker of one item for each row of a list: what these fields of it say, one after the other."""
    above, _, last = path.rpartition(".")

    def made(tree: Tree, file: str) -> Iterator[Item]:
        held = at(tree, above)
        if held is None:
            return
        for number, row in enumerate(rows(held, last) if isinstance(held, Mapping) else ()):
            text = ", ".join(filter(None, (words(row, name) for name in names)))
            if text:
                yield _item(text, file, f"{path}[{number}]", label)

    return made


_CONTACTS, _REFERENCES = "protocolSection.contactsLocationsModule", "protocolSection.referencesModule"
_RESULTS, _DERIVED = "resultsSection", "derivedSection"

Maker: TypeAlias = tuple[str, str, Callable[[Tree, str], Iterator[Item]]]
"""A section: its name, its heading, and what makes its items."""

_MADE: tuple[Maker, ...] = (
    ("title", "Title", _titles),
    ("overview", "Overview", _labelled),
    ("summary", "Brief summary", _text("description", "briefSummary")),
    ("description", "Description", _text("description", "detailedDescription")),
    ("conditions", "Conditions", _named("conditions", "conditions")),
    ("keywords", "Keywords", _named("conditions", "keywords")),
    ("arms", "Arms", _groups("armGroups", "label", "group_type")),
    ("interventions", "Interventions", _groups("interventions", "name", "intervention_type")),
    ("primary_outcomes", "Primary outcomes", _outcomes("primaryOutcomes")),
    ("secondary_outcomes", "Secondary outcomes", _outcomes("secondaryOutcomes")),
    ("other_outcomes", "Other outcomes", _outcomes("otherOutcomes")),
    ("eligibility", "Eligibility", _eligibility),
)
"""What stands before the criteria, in the order of the registry's own page: name, heading, maker of the items."""

_AFTER: tuple[Maker, ...] = (
    ("population", "Study population", _text("eligibility", "studyPopulation")),
    ("locations", "Locations", _rows(f"{_CONTACTS}.locations", "location", "facility", "city", "country")),
    ("officials", "Study officials", _rows(f"{_CONTACTS}.overallOfficials", "official", "name", "affiliation", "role")),
    ("contacts", "Contacts", _rows(f"{_CONTACTS}.centralContacts", "contact", "name", "phone", "email")),
    (
        "collaborators", "Collaborators",
        _rows("protocolSection.sponsorCollaboratorsModule.collaborators", "collaborator", "name"),
    ),
    (
        "other_ids", "Other identifiers",
        _rows("protocolSection.identificationModule.secondaryIdInfos", "other_id", "id", "type", "domain"),
    ),
    ("references", "References", _rows(f"{_REFERENCES}.references", "reference", "citation", "pmid", "type")),
    ("links", "Links", _rows(f"{_REFERENCES}.seeAlsoLinks", "link", "label", "url")),
    ("shared", "Shared by the sponsor", _rows(f"{_REFERENCES}.availIpds", "shared", "type", "id", "url", "comment")),
    (
        "documents", "Documents",
        _rows("documentSection.largeDocumentModule.largeDocs", "document", "label", "date", "filename"),
    ),
    ("mesh_conditions", "Conditions in MeSH", _rows(f"{_DERIVED}.conditionBrowseModule.meshes", "mesh", "term", "id")),
    (
        "mesh_interventions", "Interventions in MeSH",
        _rows(f"{_DERIVED}.interventionBrowseModule.meshes", "mesh", "term", "id"),
    ),
    (
        "results", "Results",
        _rows(f"{_RESULTS}.outcomeMeasuresModule.outcomeMeasures", "result", "type", "title", "timeFrame"),
    ),
    (
        "serious_events", "Serious adverse events",
        _rows(f"{_RESULTS}.adverseEventsModule.seriousEvents", "event", "term", "organSystem"),
    ),
)  # fmt: skip
"""What stands after the criteria. None of it is read for facts: `facts` reads the sections it names."""


def _holding(makers: tuple[Maker, ...], tree: Tree, file: str) -> list[Section]:
    """The sections that hold something."""
    made = []
    for name, heading, make in makers:
        items = tuple(make(tree, file))
        if items:
            made.append(Section(name, Place(1, heading, file, items[0].place.path), items))
    return made


def sections(tree: Tree, file: str) -> tuple[Section, ...]:
    """The sections of a record, in the order of the registry's own page."""
    return (*_holding(_MADE, tree, file), *_criteria(tree, file), *_holding(_AFTER, tree, file))
