"""Which reader reads a record: a table of formats, picked by what the content shows and never by the name of its file.

Takes the bytes of a record, or of several in one document; gives Records. First step of the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import msgspec

from stromal.read import facts
from stromal.read.record import Record, unread
from stromal.read.registries import classic, ctis, documents, euctr, flat, full, ictrp, isrctn, schema, v2
from stromal.read.registries.documents import Piece
from stromal.read.study import Tree
from stromal.values import Finding, Place, Unusable


class Format(NamedTuple):
    """A format: what records in it are called, its title for people, what shows it, what turns it into a tree."""

    name: str
    title: str
    shows: Callable[[Any], bool]
    to_tree: Callable[[Any], Tree]


def _root(*tags: str) -> Callable[[Any], bool]:
    return lambda held: isinstance(held, Element) and held.tag in tags


FORMATS = (
    Format("ctgov", "ClinicalTrials.gov API v2", v2.shows, v2.to_tree),
    Format("ctgov-full", "ClinicalTrials.gov API v1 full studies", full.shows, full.to_tree),
    Format("ctgov-fields", "ClinicalTrials.gov API v1 study fields", flat.shows, flat.to_tree),
    Format("ctgov-xml", "ClinicalTrials.gov classic XML", _root(classic.ROOT), classic.to_tree),
    Format("isrctn", "ISRCTN JSON", isrctn.shows, isrctn.to_tree),
    Format("euctr", "EU Clinical Trials Register JSON", euctr.shows, euctr.to_tree),
    Format("ctis", "CTIS JSON", ctis.shows, ctis.to_tree),
    Format("ictrp", "WHO ICTRP XML", _root(ictrp.TRIAL), ictrp.to_tree),
)
"""Every format that Stromal reads, in the order in which they are asked for."""


def _format(held: Any, file: str) -> Format:
    for each in FORMATS:
        if each.shows(held):
            return each
    hint = f"Stromal reads {', '.join(each.title for each in FORMATS)}"
    place = Place(0, _glimpse(held), file)
    raise Unusable(Finding("record.format", "error", "this is no record of a known format", (place,), hint))


def _glimpse(held: Any) -> str:
    """What somebody can tell a foreign document by: its root element, or its first names."""
    if isinstance(held, Element):
        return f"<{held.tag}>"
    return ", ".join(map(str, list(held)[:5])) if isinstance(held, Mapping) else str(held)[:80]


_UNALIGNED = "lists that lack entries nobody can place, and so make no rows: "


def _findings(tree: Tree, file: str, *, prose: bool) -> tuple[Finding, ...]:
    """What reading noticed: unknown fields and values, lists that make no rows."""
    own = tree.get(schema.OWN)
    unaligned = own.get("unaligned") if isinstance(own, Mapping) else None
    found = schema.findings(tree, file, tried=own is None and not prose)
    if not isinstance(unaligned, list):
        return found
    names = [str(name) for name in unaligned]
    places = tuple(Place(1, "", file, f"{schema.OWN}.fields.{name}") for name in names)
    hint = "they are kept as they came; the registry's own page shows where they belong"
    message = _UNALIGNED + ", ".join(names)
    return (*found, Finding("record.unaligned", "note", message, places, hint))


def _nameless(identity: str, file: str) -> tuple[Finding, ...]:
    if identity:
        return ()
    message, hint = "the record states no registry number", "give it its number, or it cannot be told from others"
    return (Finding("record.no_id", "warning", message, (Place(0, "", file),), hint),)


def _tree(piece: Piece) -> tuple[Tree, str]:
    """The tree of a piece, and the name of its format."""
    try:
        held = documents.held(piece)
        picked = _format(held, piece.file)
        return picked.to_tree(held), picked.name
    except RecursionError:
        raise documents.too_deep(piece.file) from None


def _later(content: bytes, record: Record, name: str) -> dict[str, Any]:
    """The tree, or the sections, of a record in the shape of API v2, when somebody asks for them."""
    if name == "tree":
        return {"tree": msgspec.json.decode(content)}
    return _sections(record, name)


def _sections(record: Record, name: str) -> dict[str, Any]:
    return {name: v2.sections(record.tree or {}, record.file)}


def _quick(piece: Piece) -> Record | None:
    """The record of a piece whose every field and value API v2 knows, in one go; None where it takes the long way."""
    content = piece.content
    head = schema.head(content) if isinstance(content, bytes) else None
    if head is None or not isinstance(content, bytes):
        return None
    notes = (*piece.notes, *_nameless(head.nct_id, piece.file)) if piece.notes or not head.nct_id else ()
    title = head.brief_title or head.official_title
    return unread(head.nct_id, title, "ctgov", piece.file, partial(_later, content), notes)


def _read(piece: Piece, *, prose: bool) -> Record:
    """The record of a piece, the long way. Unusable when it is of no known format."""
    tree, layout = _tree(piece)
    identity = v2.identity(tree)
    notes = (*piece.notes, *_nameless(identity, piece.file), *_findings(tree, piece.file, prose=prose))
    if prose:
        return _told(layout, piece.file, tree, notes)
    made = unread(identity, v2.title(tree), layout, piece.file, _sections, notes)
    object.__setattr__(made, "tree", tree)
    return made


# ---------------------------------------------------------------- one record, or several


def parse_each(content: bytes, file: str = "", *, prose: bool = True) -> Iterator[Record | Unusable]:
    """Every record of a document, and in the place of one that cannot be read, why. Unusable when none can be told."""
    for piece in documents.pieces(content, file):
        try:
            yield (None if prose else _quick(piece)) or _read(piece, prose=prose)
        except Unusable as unusable:
            yield unusable


def parse(content: bytes, file: str = "", *, prose: bool = True) -> Record:
    """One record, read. Without `prose` only the fields are read, and no fact is looked for in sentences.

    Identity, title and findings stand at once; without `prose` the tree and the sections are made when asked for.
    """
    quick = _quick(Piece(content, file))  # most records are one object, and need no unwrapping
    if quick is None:
        return _read(_lone(content, file), prose=prose)
    return _told(quick.layout, file, quick.tree or {}, quick.findings) if prose else quick


def _told(layout: str, file: str, tree: Tree, findings: tuple[Finding, ...]) -> Record:
    """The record of a tree, with every fact that its fields and sentences tell."""
    return replace(facts.record(layout, file, v2.sections(tree, file), tree), findings=findings)


def read_tree(content: bytes, file: str = "") -> Tree:
    """The tree of one record in the shape of API v2. Unusable when the content is no record of a known format."""
    return _tree(_lone(content, file))[0]


def _lone(content: bytes, file: str) -> Piece:
    found = documents.pieces(content, file)
    first, second = next(found, None), next(found, None)
    if first is not None and second is None:
        return replace(first, file=file)
    message = "the document holds several records" if first is not None else "the document holds no record"
    hint = "`stromal read` lists them" if first is not None else "search again, or give another file"
    raise Unusable(Finding("record.count", "error", message, (Place(0, "", file),), hint))


def to_v2(record: Record) -> dict[str, Any]:
    """A record as API v2 writes it: a copy of one's own, with everything that came. Unusable for a portal's page."""
    if record.tree is None:
        hint = "get the record itself with `stromal fetch`"
        place = (Place(0, "", record.file),)
        raise Unusable(Finding("record.page", "error", "a portal's page holds sentences, not fields", place, hint))
    return {name: _copied(held) for name, held in record.tree.items()}


def _copied(held: Any) -> Any:
    if isinstance(held, Mapping):
        return {name: _copied(each) for name, each in held.items()}
    return [_copied(each) for each in held] if isinstance(held, list) else held
