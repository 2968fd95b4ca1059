"""XML -> elements that can be taken out one by one, and the rest as plain data.

Takes bytes that come from anywhere; gives their root element, or raises Unusable. No entity is made, nothing is loaded
from elsewhere, so that no file can blow up or reach out. Used by the readers of XML records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from stromal.values import Finding, Place, Unusable

_DECLARED = re.compile(rb"<\?xml[^>]*\?>")


def root(content: bytes, file: str = "") -> Element:
    """The root element. Unusable when the bytes are no XML, or XML that declares entities."""
    try:
        return _parsed(content)
    except DefusedXmlException:
        message = "the XML declares entities or refers to other files, which no registry's record does"
        raise _unusable("xml_unsafe", message, file, 0, "get the record again from the registry itself") from None
    except ParseError as error:
        line = error.position[0]
        hint = "the file may be cut short: get the record again"
        raise _unusable("xml", f"this is no well-formed XML: {error.msg}", file, line, hint) from None
    except (ValueError, LookupError):
        raise _unusable("xml", "the XML names an encoding that is not its own", file, 1, "save it as UTF-8") from None


def _parsed(content: bytes) -> Element:
    """The root element; where the bytes are not in the encoding they declare, read as UTF-8, else as Latin-1."""
    try:
        made: Element = fromstring(content)
    except ParseError as error:
        if "invalid token" not in str(error):
            raise
        bare = _DECLARED.sub(b"", content, count=1)
        try:
            text = bare.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = bare.decode("latin-1")
        made = fromstring(text)
    return made


def _unusable(code: str, message: str, file: str, line: int, hint: str) -> Unusable:
    return Unusable(Finding(f"record.{code}", "error", message, (Place(line, "", file),), hint))


def text(element: Element | None) -> str:
    """The text of an element, without its outer blanks."""
    return (element.text or "").strip() if element is not None else ""


def take(parent: Element, path: str) -> Iterator[Element]:
    """The elements at a path, each taken out of its parent when the next is asked for."""
    above, _, last = path.rpartition("/")
    for holder in parent.findall(above) if above else (parent,):
        for found in holder.findall(last):
            yield found
            if not len(found) and not found.attrib:
                holder.remove(found)


def taken(parent: Element, path: str) -> str:
    """The text of the first element at a path, taken out; its attributes stay until they are taken too."""
    above, _, last = path.rpartition("/")
    holder = parent.find(above) if above else parent
    found = holder.find(last) if holder is not None else None
    if holder is None or found is None:
        return ""
    said, found.text = text(found), None
    _drop_empty(holder, found)
    return said


def attribute(parent: Element, path: str, name: str) -> str:
    """An attribute of the first element at a path, taken out."""
    found = parent.find(path)
    return found.attrib.pop(name, "") if found is not None else ""


def _drop_empty(holder: Element, found: Element) -> None:
    if not len(found) and not found.attrib and not text(found):
        holder.remove(found)


def rest(element: Element) -> Any:
    """What an element still holds as plain data: text, or its parts by name; None when nothing is left."""
    parts: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        kept = rest(child)
        if kept is not None and isinstance(child.tag, str):
            parts.setdefault(child.tag, []).append(kept)
    parts = {name: held[0] if isinstance(held, list) and len(held) == 1 else held for name, held in parts.items()}
    said = text(element)
    if not parts:
        return said or None
    return parts | ({"#text": said} if said else {})


_GAP = re.compile(r"\n[ \t]*(?:\n[ \t]*)+(?=\S)")
_BLANKS = re.compile(r"\s+")


def unwrapped(block: str) -> str:
    """The text of a block that was indented and broken at a fixed width: a line for each paragraph and list item.

    How deep a paragraph is indented against the others stays, since it says what a list item belongs to.
    """
    parts = [
        part for part in _GAP.sub(lambda gap: "\0" + gap[0].rpartition("\n")[2], block).split("\0") if part.strip()
    ]
    deep = [len(part) - len(part.lstrip(" \t\n")) for part in parts]
    least = min(deep[1:], default=0)
    return "\n\n".join(
        " " * (depth - least if number and depth > least else 0) + _BLANKS.sub(" ", part).strip()
        for number, (part, depth) in enumerate(zip(parts, deep, strict=True))
    )
