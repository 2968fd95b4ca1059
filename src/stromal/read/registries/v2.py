"""ClinicalTrials.gov API v2 -> sections, with the path of every field.

Takes the bytes of a record, or its tree; gives the tree and its sections. Every other registry's record is turned
into this shape first, so that sections are made in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from stromal.read.layout import CRITERIA_HEADING, marked
from stromal.read.numerals import tidy
from stromal.read.record import Item, Section
from stromal.read.study import MODULES, Tree, at, day, listed, module, rows, words
from stromal.values import Place


def decode(content: bytes) -> Tree | None:
    """The tree of a record's bytes; None when they hold no JSON object with a protocol section."""
    try:
        tree: Any = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    return tree if isinstance(tree, dict) and "protocolSection" in tree else None


def identity(tree: Tree) -> str:
    """The registry number of the record, or nothing."""
    return words(module(tree, "identification"), "nctId")


def title(tree: Tree) -> str:
    """The brief title, else the official one."""
    part = module(tree, "identification")
    return words(part, "briefTitle") or words(part, "officialTitle")


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


_LABELLED = (
    ("registry_id", "identification", "nctId"),
    ("status", "status", "overallStatus"),
    ("updated", "status", "lastUpdatePostDateStruct"),
    ("start", "status", "startDateStruct"),
    ("primary_completion", "status", "primaryCompletionDateStruct"),
    ("completion", "status", "completionDateStruct"),
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


def _labelled(tree: Tree, file: str) -> Iterator[Item]:
    for label, name, field in _LABELLED:
        part, inside = module(tree, name), _INSIDE.get(label) or _INSIDE.get(field)
        path = f"{field}.{inside}" if inside else field
        value = at(part, path)
        if field.endswith("DateStruct"):
            value, path = day(part, field), f"{field}.date"
        if isinstance(value, list):
            value = "/".join(str(each) for each in value)
        if value not in (None, ""):
            yield _item(str(value), file, _path(name, path), label)


def _block(name: str, file: str, heading: str, items: Iterator[Item] | Sequence[Item]) -> Iterator[Section]:
    """A section, where it holds something."""
    held = tuple(items)
    if held:
        yield Section(name, Place(1, heading, file, held[0].place.path), held)


def _groups(part: Tree, file: str, field: str, naming: str, kind: str, label: str) -> Iterator[Item]:
    """Arms or interventions: the name, its type, and the lines that describe it."""
    for number, row in enumerate(rows(part, field)):
        path = f"{_path('arms', field)}[{number}]"
        if words(row, naming):
            yield _item(words(row, naming), file, f"{path}.{naming}")
        if words(row, kind):
            yield _item(words(row, kind), file, f"{path}.{kind}", label)
        yield from _lines(words(row, "description"), file, f"{path}.description")
        for place, other in enumerate(listed(row, "otherNames")):
            yield _item(other, file, f"{path}.otherNames[{place}]", "other_name")


def _outcomes(tree: Tree, file: str, field: str) -> Iterator[Item]:
    """Outcomes as rows of measure, time frame and description, parted by tabs."""
    for number, row in enumerate(rows(module(tree, "outcomes"), field)):
        cells = [words(row, name).replace("\n", " ") for name in ("measure", "timeFrame", "description")]
        text = "\t".join(cells).rstrip()
        if text:
            place = Place(1, text, file, f"{_path('outcomes', field)}[{number}]")
            yield Item(tidy(text), place)


_HEADED = re.compile(CRITERIA_HEADING.pattern, re.IGNORECASE)


def _criteria(tree: Tree, file: str) -> Iterator[Section]:
    """The eligibility text, parted at its headings; lines before any heading stand in a section `criteria`."""
    path = _path("eligibility", "eligibilityCriteria")
    text = words(module(tree, "eligibility"), "eligibilityCriteria")
    name, heading, held = "criteria", Place(0, "", file, path), list[Item]()
    for number, line in enumerate(text.splitlines(), 1):
        found = _HEADED.match(line)
        if found:
            if held or heading.line:
                yield Section(name, heading, tuple(held))
            name, heading, held = found["which"].lower(), Place(number, line.strip(), file, path), []
        rest = line[found.end() :] if found else line
        if rest.strip(" :*"):
            held.append(_item(rest, file, path, line=number))
    if held or heading.line:
        yield Section(name, heading, tuple(held))


def _eligibility(tree: Tree, file: str) -> Iterator[Item]:
    part = module(tree, "eligibility")
    for label, field in (("age_min", "minimumAge"), ("age_max", "maximumAge"), ("sex", "sex")):
        if words(part, field):
            yield _item(words(part, field), file, _path("eligibility", field), label)
    healthy = part.get("healthyVolunteers")
    if isinstance(healthy, bool):
        yield _item("yes" if healthy else "no", file, _path("eligibility", "healthyVolunteers"), "healthy_volunteers")


def _named(tree: Tree, file: str, name: str, field: str) -> Iterator[Item]:
    for number, text in enumerate(listed(module(tree, name), field)):
        yield _item(text, file, f"{_path(name, field)}[{number}]")


def _locations(tree: Tree, file: str) -> Iterator[Item]:
    for number, row in enumerate(rows(module(tree, "contacts"), "locations")):
        text = ", ".join(filter(None, (words(row, name) for name in ("facility", "city", "country"))))
        if text:
            yield _item(text, file, f"{_path('contacts', 'locations')}[{number}]", "location")


def sections(tree: Tree, file: str) -> tuple[Section, ...]:
    """The sections of a record, in the order of the registry's own page."""
    about, telling, arms = module(tree, "identification"), module(tree, "description"), module(tree, "arms")
    named = _path("identification", "briefTitle")
    official = _path("identification", "officialTitle")
    titles = [_item(words(about, "briefTitle"), file, named)] if words(about, "briefTitle") else []
    if words(about, "officialTitle"):
        titles.append(_item(words(about, "officialTitle"), file, official, "official_title"))
    summary, detail = words(telling, "briefSummary"), words(telling, "detailedDescription")
    people = words(module(tree, "eligibility"), "studyPopulation")
    return (
        *_block("title", file, "Title", titles),
        *_block("overview", file, "Overview", _labelled(tree, file)),
        *_block("summary", file, "Brief summary", _lines(summary, file, _path("description", "briefSummary"))),
        *_block(
            "description", file, "Description", _lines(detail, file, _path("description", "detailedDescription"))
        ),
        *_block("conditions", file, "Conditions", _named(tree, file, "conditions", "conditions")),
        *_block("keywords", file, "Keywords", _named(tree, file, "conditions", "keywords")),
        *_block("arms", file, "Arms", _groups(arms, file, "armGroups", "label", "type", "group_type")),
        *_block(
            "interventions", file, "Interventions",
            _groups(arms, file, "interventions", "name", "type", "intervention_type"),
        ),
        *_block("primary_outcomes", file, "Primary outcomes", _outcomes(tree, file, "primaryOutcomes")),
        *_block("secondary_outcomes", file, "Secondary outcomes", _outcomes(tree, file, "secondaryOutcomes")),
        *_block("other_outcomes", file, "Other outcomes", _outcomes(tree, file, "otherOutcomes")),
        *_block("eligibility", file, "Eligibility", _eligibility(tree, file)),
        *_criteria(tree, file),
        *_block("population", file, "Study population", _lines(people, file, _path("eligibility", "studyPopulation"))),
        *_block("locations", file, "Locations", _locations(tree, file)),
    )  # fmt: skip
