"""How a page ends: whole, in the middle of a sentence or a heading, or before the parts that such pages end with.

Takes a Record of a portal's page; gives a Finding where the page seems to be cut. A row of the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.facts import TELLING
from stromal.read.pages import LAYOUTS
from stromal.read.record import Item, Record, Section
from stromal.values import Finding, Severity

_CLOSING = {layout.name: layout.last for layout in LAYOUTS}
_PROSE = (*TELLING[1:], "questions")
_WHOLE = re.compile(r"[.!?:;)\]\"”'’]$")
_FEW = 3
"""A line of so few words may be a name: it needs no full stop."""


def truncated(record: Record) -> Iterator[Finding]:
    """The page stops in the middle of a sentence or a heading, or before the parts that such a page ends with."""
    if record.tree is not None or record.layout not in _CLOSING or not record.sections:
        return
    section = record.sections[-1]
    last = section.items[-1] if section.items else None
    stops = _stops(record.layout, section, last)
    if not stops:
        return
    place = section.heading
    if last is not None:
        place = last.place.quoting(last.place.quote[-60:]) if last.text else last.label_place or last.place
    severity: Severity = "warning" if "middle" in stops else "note"
    yield Finding("page.truncated", severity, f"the page stops {stops}", (place,), "save the whole page again")


def _stops(layout: str, section: Section, last: Item | None) -> str:
    """Where a page stops before its end, in words; nothing where it ends as such pages do."""
    if section.name == "cut":
        return "in the middle of a heading"
    if last is not None and _unfinished(section, last):
        return "in the middle of a sentence"
    if section.name not in _CLOSING[layout]:
        return f"after its {section.name.replace('_', ' ')}, where such pages go on"
    return ""


def _unfinished(section: Section, last: Item) -> bool:
    """Whether the last line wants its end: prose without a full stop, or a criterion where the others have one."""
    if last.label or len(last.text.split()) <= _FEW or _WHOLE.search(last.text):
        return False
    return section.name in _PROSE or (
        len(section.items) > 1 and all(_WHOLE.search(item.text) for item in section.items[:-1])
    )
