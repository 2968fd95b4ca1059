"""The bytes of a document -> the records in it, each still to be read.

Takes bytes in any encoding that registries and people save them in: one record, the answer to a search, a list, an
export. Gives a Piece for each record, or raises Unusable with the line. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import msgspec

from stromal.read.registries import ictrp, xml
from stromal.values import Finding, Place, Unusable


@dataclass(frozen=True, slots=True)
class Piece:
    """One record of a document: its JSON or its XML element, where it came from, and what was noticed on the way."""

    content: bytes | Element
    file: str = ""
    notes: tuple[Finding, ...] = ()


_WIDE = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
    (b"{\x00", "utf-16-le"), (b"[\x00", "utf-16-le"), (b"<\x00", "utf-16-le"), (b"\x00{", "utf-16-be"),
    (b"\x00[", "utf-16-be"), (b"\x00<", "utf-16-be"),
)  # fmt: skip
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"


def narrowed(content: bytes) -> bytes:
    """The content in UTF-8 without its mark, where it says that it is in a wide encoding; else as it came."""
    for sign, encoding in _WIDE:
        if content.startswith(sign):
            text = content.decode(encoding, "replace").removeprefix("\ufeff")
            return re.sub(r"^<\?xml[^>]*\?>", "", text).encode()
    return content.removeprefix(_BOM)


_JSON = re.compile(rb'\{\s*["}]|\[\s*[{\[\]]')
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def is_record(content: bytes) -> bool:
    """Whether content begins as a registry's record does, in JSON or XML; anything else may be a portal's page."""
    start = narrowed(content[:2048]).lstrip(_BLANK)
    return bool(_JSON.match(start)) or (start.startswith(b"<") and not _HTML.match(start))


_WRAPS = (("studies",), ("FullStudiesResponse", "FullStudies"), ("StudyFieldsResponse", "StudyFields"))
"""Under which names the answers to a search keep their records."""


def pieces(content: bytes, file: str = "") -> Iterator[Piece]:
    """Every record of a document, in its order. Unusable when the document itself cannot be read."""
    content = narrowed(content)
    start = content[:64].lstrip(_BLANK)
    if start.startswith(b"<"):
        yield from _elements(xml.root(content.lstrip(_BLANK), file), file)
        return
    content, notes = _decoded(content, file)
    try:
        yield from _parts(content, file, notes)
    except msgspec.DecodeError as error:
        raise _no_json(content, error, file) from None
    except RecursionError:
        raise too_deep(file) from None


def _elements(root: Element, file: str) -> Iterator[Piece]:
    if root.tag == ictrp.ROOT:
        found = root.findall(ictrp.TRIAL)
        yield from (Piece(each, f"{file}[{number}]") for number, each in enumerate(found, 1))
    else:
        yield Piece(root, file)


def _parts(content: bytes, file: str, notes: tuple[Finding, ...]) -> Iterator[Piece]:
    listed: list[msgspec.Raw] | None
    if content.lstrip(_BLANK).startswith(b"["):
        listed = msgspec.json.decode(content, type=list[msgspec.Raw])
    else:
        listed = _wrapped(msgspec.json.decode(content, type=dict[str, msgspec.Raw]))
    if listed is None:
        yield Piece(content, file, notes)
    else:
        yield from (Piece(bytes(each), f"{file}[{number}]", notes) for number, each in enumerate(listed, 1))


def _wrapped(top: dict[str, msgspec.Raw]) -> list[msgspec.Raw] | None:
    """The records of the answer to a search; None where the object is no such answer."""
    for first, *rest in _WRAPS:
        held = top.get(first)
        for name in rest if held is not None else ():
            held = msgspec.json.decode(held or b"{}", type=dict[str, msgspec.Raw]).get(name)
        if held is not None and bytes(held).startswith(b"["):
            return msgspec.json.decode(held, type=list[msgspec.Raw])
    return None


def held(piece: Piece) -> Any:
    """What a piece holds: an element, or plain data."""
    if isinstance(piece.content, Element):
        return piece.content
    try:
        return msgspec.json.decode(piece.content)
    except msgspec.DecodeError as error:
        raise _no_json(piece.content, error, piece.file) from None


# ---------------------------------------------------------------- what cannot be read


def _decoded(content: bytes, file: str) -> tuple[bytes, tuple[Finding, ...]]:
    """Content in UTF-8; what is not is read as Windows' Latin-1, with a note."""
    try:
        content.decode()
    except UnicodeDecodeError:
        hint = "look at names with accents, and save the file as UTF-8"
        note = Finding("record.encoding", "note", "the file is not UTF-8; read as Latin-1", (Place(0, "", file),), hint)
        return content.decode("cp1252", "replace").encode(), (note,)
    return content, ()


_BYTE = re.compile(r"\(byte (\d+)\)")


def _no_json(content: bytes, error: Exception, file: str) -> Unusable:
    cut = "truncated" in str(error)
    byte = _BYTE.search(str(error))
    end = len(content) if cut or byte is None else min(int(byte[1]), len(content))
    line = content.count(b"\n", 0, end) + 1
    near = content[max(end - 30, 0) : end + 10].decode("utf-8", "replace").strip()
    message = "the JSON ends before it is complete" if cut else f"this is no JSON: {error}"
    place = Place(line, near.splitlines()[-1] if near else "", file)
    return Unusable(Finding("record.json", "error", message, (place,), "the file may be cut short: get it again"))


def too_deep(file: str) -> Unusable:
    """A document that is nested deeper than any record."""
    message, hint = "the document is nested too deep to be a record", "get the record again from the registry itself"
    return Unusable(Finding("record.depth", "error", message, (Place(0, "", file),), hint))
