"""A registry page as published -> Record.

Takes the text of a page and the name of its file; gives a Record, or raises Unusable with the reason. A table picks
the layout by what the page shows, never by its file name. First step of the walk.
"""

from __future__ import annotations

from stromal.read import dump, facts, meddatax, medpath, power
from stromal.read.layout import Layout, Line, published
from stromal.read.record import Record
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
    """Read a page. Unusable when it is empty, not text, or of no layout that Stromal knows."""
    lines = published(text.removeprefix("\ufeff"))
    if not lines:
        raise _unusable("empty", "the page is empty", file, "save the page again from the portal, with its text")
    if "\0" in text or len(text) > _LONGEST or not _mostly_text(text):
        raise _binary(file)
    layout = _choose(lines, file)
    return facts.record(layout.name, file, layout.split(lines, file))


def _unusable(code: str, message: str, file: str, hint: str) -> Unusable:
    return Unusable(Finding(f"page.{code}", "error", message, (Place(0, "", file),), hint))


def _binary(file: str) -> Unusable:
    hint = "save the page from the portal as plain text, not as PDF, image or archive"
    return _unusable("binary", "this is not a text page", file, hint)


def _mostly_text(text: str) -> bool:
    """Whether few characters are controls or stand for bytes that could not be read."""
    strange = sum(
        1
        for sign in text
        if (ord(sign) < 32 and sign not in "\n\r\t\f\v") or sign == "\ufffd" or 127 <= ord(sign) < 160
    )
    return strange * 50 <= len(text)


def _choose(lines: tuple[Line, ...], file: str) -> Layout:
    """The layout with the most marks on the page, if it shows enough of them."""
    shown = [(len(layout.marks(lines)), layout) for layout in LAYOUTS]
    enough = [(count / layout.needed, count, layout) for count, layout in shown if count >= layout.needed]
    if enough:
        return max(enough, key=lambda row: row[1])[2]
    known = ", ".join(layout.title for layout in LAYOUTS)
    near = max(shown, key=lambda row: row[0])
    hint = f"Stromal reads {known}"
    if near[0]:
        hint += f"; this looks most like {near[1].title}, but shows too little of it: save the whole page"
    else:
        hint += "; open the trial on one of these portals and save that page as text"
    place = Place(lines[0].number, lines[0].words[:120], file)
    raise Unusable(
        Finding("page.layout", "error", "the page has none of the layouts that Stromal reads", (place,), hint)
    )
