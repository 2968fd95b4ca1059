"""The description dump of Bio2RDF: labels with resource names, and free paragraphs, often printed twice.

Takes the lines of a page; gives its sections: title, labels, description, and criteria where a paragraph holds them.
Only the label of the trial itself is its title: a resource of another kind may be an outcome, an arm or a criterion,
and the dump does not say which.
"""

from __future__ import annotations

import re

from stromal.read.layout import CRITERIA_HEADING, Builder, Layout, Line, Mark, listed, marked
from stromal.read.record import Section

_RESOURCE = re.compile(r"\[(?P<kind>clinicaltrials(?:_\w+)?):[^\]\s]+\]")
_OWN = re.compile(r"\[clinicaltrials:NCT\d{8}\]")
_SIDE = r"(?:[Kk]ey |[Mm]ain |[Mm]ajor )?(?:(?:[Ii]n|[Ee]x)clusion [Cc]riteri(?:a|on)|(?:IN|EX)CLUSION CRITERIA)"
_INSIDE = re.compile(rf"(?:^|(?<=[.:;\s]))(?={_SIDE}\s*:)|^(?={_SIDE}\s*$)")
"""Where a paragraph turns to criteria: at their heading, which a colon follows; a sentence that names them is none."""


def _marks(lines: tuple[Line, ...]) -> tuple[Mark, ...]:
    return tuple(
        Mark(line, strong=True) for line in lines if "[clinicaltrials" in line.text and _RESOURCE.search(line.text)
    )


def _paragraph(builder: Builder, line: Line) -> None:
    """A paragraph, parted at the criteria headings inside it; criteria become items of their own."""
    for part in _INSIDE.split(line.text):
        heading = CRITERIA_HEADING.match(part) if re.match(_SIDE, part) else None
        if heading:
            builder.open(heading["which"].lower(), Line(line.number, heading[0]))
            for item in listed(Line(line.number, part[heading.end() :])):
                builder.item(item)
        elif part.strip():
            listing = builder.name in ("inclusion", "exclusion") and (builder.fresh or marked(part)[0])
            if not listing and builder.name != "description":
                builder.open("description")
            builder.item(Line(line.number, part))


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """The trial's own label is the title, other labels are labels, the rest is the description."""
    builder = Builder(file)
    for line in lines:
        resource = _RESOURCE.search(line.text)
        if resource is None:
            _paragraph(builder, line)
            continue
        own = _OWN.fullmatch(resource[0]) is not None and not builder.opened("title")
        builder.open("title" if own else "label")
        text = line.text[: resource.start()]
        if text.strip():
            builder.item(Line(line.number, text), "label")
        builder.item(Line(line.number, resource[0]), "resource")
        if line.text[resource.end() :].strip():
            _paragraph(builder, Line(line.number, line.text[resource.end() :]))
    return builder.sections


LAYOUT = Layout(
    "bio2rdf", "a Bio2RDF description dump", _marks, 1, ("a name such as [clinicaltrials:NCT00000000]",),
    (), ("description", "label", "title", "exclusion"), split,
)  # fmt: skip
