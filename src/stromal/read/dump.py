"""The description dump of Bio2RDF: labels with resource names, and free paragraphs, often printed twice.

Takes the lines of a page; gives its sections: title, description, and criteria where a paragraph holds them.
"""

from __future__ import annotations

import re

from stromal.read.layout import CRITERIA_HEADING, Builder, Layout, Line, listed
from stromal.read.record import Section

_RESOURCE = re.compile(r"\[clinicaltrials(?:_\w+)?:[^\]\s]+\]")
_INSIDE = re.compile(rf"(?:^|(?<=[.:;\s]))(?={CRITERIA_HEADING.pattern.strip()})", re.IGNORECASE)


def _marks(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(line for line in lines if _RESOURCE.search(line.text))


def _paragraph(builder: Builder, line: Line) -> None:
    """A paragraph, parted at the criteria headings inside it; criteria become items of their own."""
    for part in _INSIDE.split(line.text):
        heading = CRITERIA_HEADING.match(part)
        if heading:
            builder.open(heading["which"].lower(), Line(line.number, heading[0]))
            for item in listed(Line(line.number, part[heading.end() :])):
                builder.item(item)
        elif part.strip():
            if builder.name != "description":
                builder.open("description")
            builder.item(Line(line.number, part))


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """The first labelled line is the title, later labelled lines are labels, the rest is the description."""
    builder = Builder(file)
    for line in lines:
        resource = _RESOURCE.search(line.text)
        if resource is None:
            _paragraph(builder, line)
            continue
        builder.open("title" if not any(s.name == "title" for s in builder.sections) else "label")
        builder.item(Line(line.number, line.text[: resource.start()]), "label")
        builder.item(Line(line.number, resource[0]), "resource")
    return tuple(builder.sections)


LAYOUT = Layout("bio2rdf", "a Bio2RDF description dump", _marks, 1, split)
