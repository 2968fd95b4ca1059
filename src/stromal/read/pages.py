"""A registry page as published -> Record.

Takes the text of a page and the name of its file; gives a Record, or raises Unusable with the reason. A table picks
the layout by what the page shows, never by its file name. First step of the walk.
"""

from __future__ import annotations

import re

from stromal.read import dump, facts, meddatax, medpath, power
from stromal.read.layout import Layout, Line, Mark, published
from stromal.read.record import Record, Section
from stromal.values import Finding, Place, Unusable

LAYOUTS: tuple[Layout, ...] = (dump.LAYOUT, medpath.LAYOUT, meddatax.LAYOUT, power.LAYOUT)
"""Every layout that Stromal reads."""

_LONGEST = 4_000_000
"""Characters; a page longer than this is not a page."""


def decode(content: bytes, file: str = "") -> str:
    """The text of a page's bytes. Unusable when they are not text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise _binary(file) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = content.decode("latin-1")
        if b"\0" in content or not _mostly_text(text):
            raise _binary(file) from error
        return text


def parse(text: str, file: str = "") -> Record:
    """Read a page. Unusable when it is empty, not text, of no layout that Stromal knows, or of several trials."""
    if "\0" in text or len(text) > _LONGEST or not _mostly_text(text):
        raise _binary(file)
    lines = published(text.removeprefix("\ufeff"))
    if not lines:
        raise _unusable("empty", "the page is empty", file, "save the page again from the portal, with its text")
    layout = _choose(lines, file)
    sections = layout.split(lines, file)
    several = _several(layout, sections)
    if several:
        hint = "save each trial's page in a file of its own"
        raise Unusable(Finding("page.several", "error", "the file holds the pages of several trials", several, hint))
    return facts.record(layout.name, file, sections)


def _several(layout: Layout, sections: tuple[Section, ...]) -> tuple[Place, ...]:
    """Where further trials begin: other registry numbers of a page's own, or parts that a page prints only once.

    A page saved twice says everything twice and is still one trial.
    """
    own = {i.text.upper(): i.place for s in sections for i in s.items if i.label == "registry_id" and i.text}
    if len(own) > 1:
        return tuple(own.values())
    for name in layout.once:
        held: dict[tuple[str, ...], Place] = {}
        for section in sections:
            if section.name == name and section.printed and section.items:
                held.setdefault(tuple(item.text for item in section.items), section.heading)
        if len(held) > 1:
            return tuple(held.values())
    return ()


def _unusable(code: str, message: str, file: str, hint: str) -> Unusable:
    return Unusable(Finding(f"page.{code}", "error", message, (Place(0, "", file),), hint))


def _binary(file: str) -> Unusable:
    hint = "save the page from the portal as plain text, not as PDF, image or archive"
    return _unusable("binary", "this is not a text page", file, hint)


def _mostly_text(text: str) -> bool:
    """Whether few characters are controls or stand for bytes that could not be read."""
    return len(_STRANGE.findall(text)) * 50 <= len(text)


_STRANGE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")


_FOREIGN = 4
"""So many marks of a second layout are no chance: the file holds the pages of two portals."""


def _choose(lines: tuple[Line, ...], file: str) -> Layout:
    """The layout with the most marks on the page: enough of them, or one that no other page prints."""
    shown = [(layout.marks(lines), layout) for layout in LAYOUTS]
    scored = sorted(((_weight(marks, layout), marks, layout) for marks, layout in shown), key=lambda row: -row[0])
    (best, marks, layout), (next_best, others, other) = scored[:2]
    if best >= 1 and len(others) >= _FOREIGN and next_best >= 1:
        message = f"the file holds {layout.title} and {other.title}"
        places = tuple(Place(each[0].line.number, each[0].line.words, file) for each in (marks, others))
        raise Unusable(Finding("page.several", "error", message, places, "save each page in a file of its own"))
    if best >= 1 and best > next_best:
        return layout
    raise Unusable(_unknown(lines[0], file, [row for row in scored if row[1]]))


def _weight(marks: tuple[Mark, ...], layout: Layout) -> float:
    """How surely the marks tell the layout: 1 and more is enough."""
    strong = any(mark.strong for mark in marks)
    return max(len(marks) / layout.needed, 1.0 if strong else 0.0)


def _unknown(first: Line, file: str, near: list[tuple[float, tuple[Mark, ...], Layout]]) -> Finding:
    """The refusal of a page: what it shows of which layout, and what is missing."""
    message = "the page has none of the layouts that Stromal reads"
    hint = f"Stromal reads {', '.join(layout.title for layout in LAYOUTS)}"
    if not near:
        place = Place(first.number, first.words[:120], file)
        return Finding(
            "page.layout",
            "error",
            message,
            (place,),
            f"{hint}; open the trial on one of these portals and save that page as text",
        )
    _, marks, layout = near[0]
    shown = {mark.line.words.lower() for mark in marks}
    missing = " or ".join(f"“{words}”" for words in layout.shows if words.lower() not in shown)
    if len(near) > 1 and near[0][0] == near[1][0]:
        message = f"the page shows as much of {layout.title} as of {near[1][2].title}"
    hint += f"; this looks most like {layout.title}, but shows no {missing}: save the whole page"
    places = tuple(Place(mark.line.number, mark.line.words[:120], file) for mark in marks[:3])
    return Finding("page.layout", "error", message, places, hint)
