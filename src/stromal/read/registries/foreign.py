"""Other registries -> the shape of API v2: what their readers share.

Takes a record as plain data; gives what stands at a path of it, and the frame of a tree that keeps the whole record
under `sourceSection`, since these registries have many fields that API v2 lacks. Part of the first step of the walk.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stromal.read.registries import convert, full
from stromal.read.registries.schema import OWN, fields, home

Table = tuple[tuple[str, str], ...]
"""Rows of: a dotted path in the registry's own record, the path in the tree."""


def told(held: Any, path: str = "") -> Iterator[str]:
    """Every text at a dotted path, through lists on the way; blank ones and `N/A` are none."""
    if isinstance(held, list):
        for each in held:
            yield from told(each, path)
    elif path:
        step, _, rest = path.partition(".")
        if isinstance(held, Mapping) and step in held:
            yield from told(held[step], rest)
    elif held is not None and not isinstance(held, Mapping):
        text = plain(str(held))
        if text not in ("", "N/A", "n/a"):
            yield text


def first(held: Any, *paths: str) -> str:
    """The first text at the first of these paths that has one; empty where none has."""
    return next((text for path in paths for text in told(held, path)), "")


_BREAK = re.compile(r"<\s*(?:br|p|li)\s*/?\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?\s*(?:b|i|u|p|ul|ol|li|div|span|strong|em|sup|sub)\b[^<>]*>", re.IGNORECASE)


def plain(text: str) -> str:
    """A text without the marks of a web page that some exports carry."""
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def parted(text: str, marks: str = ";|") -> list[str]:
    """The parts of a list that is written in one line."""
    return [part.strip() for part in re.split(f"[{re.escape(marks)}]", text) if part.strip()]


def framed(held: Any, registry: str, identity: str, table: Table) -> dict[str, Any]:
    """A tree with the plain fields of a table, its identity, and the record as it came."""
    tree: dict[str, Any] = {}
    for source, path in table:
        name, field = home(path)
        texts = list(told(held, source))
        if fields(name)[field].many:
            convert.put(tree, path, [full.converted(text, name, field) for text in texts])
        elif texts:
            convert.put(tree, path, full.converted(texts[0], name, field))
    tree["hasResults"] = False
    tree[OWN] = {"registry": registry, "form": f"{registry} record", "id": identity, "fields": held}
    return tree


def known_as(tree: dict[str, Any], ids: Iterable[tuple[str, str, str]]) -> None:
    """Put the other numbers of a trial: each with its kind and who gave it."""
    rows = []
    for number, kind, domain in ids:
        row = {"id": number, "type": kind} | ({"domain": domain} if domain else {})
        if number and row not in rows:
            rows.append(row)
    convert.put(tree, "protocolSection.identificationModule.secondaryIdInfos", rows)


def criteria(inclusion: str, exclusion: str) -> str:
    """Both lists of criteria as one text with the headings that API v2 has."""
    parts = []
    for heading, text in (("Inclusion Criteria:", inclusion), ("Exclusion Criteria:", exclusion)):
        bare = re.sub(rf"^\W*(?:key )?{heading[:9]} criteria\W*\n?", "", text, flags=re.IGNORECASE)
        if bare.strip():
            parts.append(f"{heading}\n\n{bare.strip()}")
    return "\n\n".join(parts)


def outcomes(texts: Iterable[str], frames: str = "") -> list[dict[str, str]]:
    """A row for each outcome; when it is measured, where the registry says it apart."""
    return [{"measure": text} | ({"timeFrame": frames} if frames else {}) for text in texts if text]
