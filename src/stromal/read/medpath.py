"""The pages of MedPath: dashed labels, each with its value on the next dashed line, and flattened tables.

Takes the lines of a page; gives its sections. Criteria printed without headings become one section, `criteria`.
"""

from __future__ import annotations

import re

from stromal.read.layout import Builder, Layout, Line, criteria_heading, marked, unglued
from stromal.read.record import Section

_HEADINGS = {
    "recruitment & eligibility": "eligibility",
    "study & design": "design",
    "trial locations": "locations",
    "related trials": "related",
    "related news": "related",
    "related clinical trials": "related",
}
_BLOCKS = {
    "brief summary": "summary",
    "detailed description": "description",
    "conditions": "conditions",
    "interventions": "interventions",
    "arm && interventions": "arms",
    "arms & interventions": "arms",
    "primary outcome measures": "primary_outcomes",
    "secondary outcome measures": "secondary_outcomes",
    "other outcome measures": "other_outcomes",
}
_LABELS = {
    "registration number": "registry_id",
    "lead sponsor": "sponsor",
    "status": "status",
    "sex": "sex",
    "age": "age",
    "target recruitment": "planned_enrolment",
    "study type": "study_type",
    "study design": "model",
    "phase": "phase",
    "first posted date": "posted",
    "start date": "start",
    "primary completion date": "primary_completion",
    "completion date": "completion",
    "minimum age": "age_min",
    "maximum age": "age_max",
    "healthy volunteers": "healthy_volunteers",
    "last update posted date": "updated",
}
_LOCATIONS = re.compile(r"locations?\s*\(\d+\)", re.IGNORECASE)
_HEADERS = ("Name Time Method", "Group Intervention Description")
_SPACED = tuple(re.compile(r"\s+".join(header.split()), re.IGNORECASE) for header in _HEADERS)


def _known(line: Line) -> bool:
    words = marked(line.text)[1].lower()
    dashed = line.words.startswith("-")
    return (words in _HEADINGS and not dashed) or (dashed and (words in _BLOCKS or words in _LABELS))


def _marks(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple({line.words.lower(): line for line in lines if _known(line)}.values())


def _section(line: Line) -> str | None:
    """The section that a line opens, or None."""
    words, dashed = marked(line.text)[1].lower().rstrip(":"), line.words.startswith("-")
    criteria = criteria_heading(words)
    if criteria:
        return criteria
    if not dashed:
        return _HEADINGS.get(words)
    return _BLOCKS.get(words) or ("locations" if _LOCATIONS.fullmatch(words) else None)


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page: headings open sections, labels wait for their value, anything else is an item."""
    builder = Builder(file)
    builder.open("title")
    waiting: tuple[str, Line] | None = None
    for line in unglued(lines, (word.title() for word in (*_HEADINGS, *_BLOCKS))):
        dashed, words = line.words.startswith("-"), marked(line.text)[1]
        section, label = _section(line), _LABELS.get(words.lower()) if dashed else None
        if waiting and (section or label):
            builder.empty(*waiting)
            waiting = None
        if section:
            builder.open(section, line)
        elif label:
            if builder.name in ("summary", "description", "title"):
                builder.open("overview")
            waiting = label, line
        elif waiting:
            builder.item(Line(line.number, words), *waiting)
            waiting = None
        else:
            _plain(builder, line, dashed)
    if waiting:
        builder.empty(*waiting)
    return tuple(builder.sections)


def _plain(builder: Builder, line: Line, dashed: bool) -> None:
    header = next((match[0] for spaced in _SPACED if (match := spaced.match(line.words))), None)
    if header:
        if line.words != header:
            builder.row(line, header)
        else:
            builder.guide(line)
        return
    if builder.name == "eligibility" and dashed:
        builder.open("criteria")
    builder.item(line)


LAYOUT = Layout("medpath", "a MedPath trial page", _marks, 2, split)
