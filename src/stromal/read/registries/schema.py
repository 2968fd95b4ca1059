"""A record in the shape of API v2, held against the official list of its objects, fields and values.

Takes the bytes of a record, or its tree; gives its identity with what the list does not know. The list is compiled
into one typed decoder, so that a record without surprises is checked while its bytes are decoded; only a record that
has some is walked, to name every one of them. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import GenericAlias
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from stromal.read.registries.fields import OBJECTS, VALUES
from stromal.read.study import Tree
from stromal.values import Finding, Place, nearest

OWN = "sourceSection"
"""The top-level name under which a record keeps what its registry says and API v2 has no field for."""


class Field(NamedTuple):
    """What a field may hold: a plain kind, an object or a list of values by name; one, or a list of them."""

    kind: str
    many: bool


@cache
def fields(name: str) -> Mapping[str, Field]:
    """The fields of an object by name."""
    found = {}
    for written in OBJECTS[name].split():
        field, _, kind = written.rstrip("*").partition(":")
        found[field] = Field(kind or "str", written.endswith("*"))
    return found


@cache
def values(kind: str) -> frozenset[str]:
    """The values that a field of this kind may hold; empty where any will do."""
    return frozenset(VALUES.get(kind, "").split())


@cache
def home(path: str) -> tuple[str, str]:
    """The object and the field that a dotted path of the tree names (`protocolSection.designModule.phases`)."""
    name = "Study"
    *steps, last = path.split(".")
    for step in steps:
        name = fields(name)[step].kind
    return name, last


# ---------------------------------------------------------------- the typed decoder

_PLAIN: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": float, "date": date}
_Made: TypeAlias = dict[str, Any]


def _type(name: str, made: _Made) -> Any:
    """The type of a kind: a plain one, one of several values, or a struct of fields that forbids any other."""
    if name in _PLAIN:
        return _PLAIN[name]
    if name in VALUES:
        return Literal[tuple(VALUES[name].split())]
    if name not in made:
        made[name] = msgspec.defstruct(
            name, _members(name, made), rename=_published, forbid_unknown_fields=True, frozen=True, gc=False
        )
    return made[name]


def _members(name: str, made: _Made) -> list[tuple[str, Any, Any]]:
    members: list[tuple[str, Any, Any]] = []
    for field, (kind, many) in fields(name).items():
        one = _type(kind, made)
        listed: Any = GenericAlias(list, one)
        # A name of Python's own, such as `class`, cannot name a member.
        members.append((f"{field}_", listed if many else one, None))
    if name == "Study":
        members += [(f"{OWN}_", Any, None), ("_converted_", Any, None)]
    return members


def _published(member: str) -> str:
    return member.removesuffix("_")


@cache
def _study() -> Any:
    return _type("Study", {})


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_study())


class Head(NamedTuple):
    """What a record is called: its registry number and its titles."""

    nct_id: str
    brief_title: str
    official_title: str


def head(content: bytes) -> Head | None:
    """The head of a record whose every field and value is known; None for a record that needs the long way."""
    try:
        part = _decoder().decode(content).protocolSection_.identificationModule_
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, RecursionError):
        return None
    return None if part is None else Head(part.nctId_ or "", part.briefTitle_ or "", part.officialTitle_ or "")


# ---------------------------------------------------------------- the long way: every surprise named


class Surprise(NamedTuple):
    """A field that the list does not know, or a value that it does not allow, with the path to it."""

    path: str
    what: Literal["unknown", "value", "kind"]
    held: str
    kind: str


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _fits(value: object, kind: str) -> bool:
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "date":
            return isinstance(value, str) and _DAY.fullmatch(value) is not None
    return isinstance(value, str)


class _Check(NamedTuple):
    """A field, with what looking at it needs: whether it holds objects, and which texts it may hold (None for any)."""

    kind: str
    many: bool
    objects: bool
    allowed: frozenset[str] | None


@cache
def _checks(name: str) -> Mapping[str, _Check]:
    return {
        field: _Check(kind, many, kind in OBJECTS, values(kind) if kind in VALUES else None)
        for field, (kind, many) in fields(name).items()
    }


def _one(value: object, check: _Check, path: str, found: list[Surprise]) -> None:
    if check.objects:
        if isinstance(value, dict):
            _walk(value, check.kind, path, found)
        elif value is not None:
            found.append(Surprise(path, "kind", str(value), "an object"))
    elif check.allowed is not None and value.__class__ is str:
        if value not in check.allowed:
            found.append(Surprise(path, "value", str(value), check.kind))
    elif value is not None and not _fits(value, check.kind):
        found.append(Surprise(path, "kind", str(value), check.kind))


def _walk(part: Mapping[str, Any], name: str, path: str, found: list[Surprise]) -> None:
    known = _checks(name)
    for key, value in part.items():
        check = known.get(key)
        if check == _TEXT and value.__class__ is str:  # most fields, and nothing to find in them
            continue
        here = f"{path}.{key}" if path else str(key)
        if check is None:
            found.append(Surprise(here, "unknown", "", name))
        elif not check.many or value is None:
            _one(value, check, here, found)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                _one(each, check, f"{here}[{number}]", found)
        else:
            found.append(Surprise(here, "kind", str(value), "a list"))


_TEXT = _Check("str", many=False, objects=False, allowed=None)


def surprises(tree: Tree) -> list[Surprise]:
    """Every unknown field and every value out of its list, in the order of the record. Our own names are known."""
    found: list[Surprise] = []
    _walk({key: tree[key] for key in tree if key != OWN and not key.startswith("_")}, "Study", "", found)
    return found


_INDEX = re.compile(r"\[\d+\]")
_KINDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "date": "a day"}
_SHOWN = 80


def _regular(tree: Tree) -> bool:
    """Whether the typed decoder has nothing to say against a tree; a quick no is no proof of a surprise."""
    try:
        msgspec.convert(tree, _study())
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def findings(tree: Tree, file: str = "", *, tried: bool = False) -> tuple[Finding, ...]:
    """What the list does not know: all unknown fields in one note, each value out of its list or kind in its own.

    `tried` spares a record that the typed decoder has refused already another try.
    """
    if not tried and _regular(tree):
        return ()
    unknown: dict[str, Place] = {}
    others: dict[tuple[str, str], Finding] = {}
    for found in surprises(tree):
        place, path = Place(1, found.held[:_SHOWN], file, found.path), _INDEX.sub("[]", found.path)
        if found.what == "unknown":
            unknown.setdefault(path, place)
        else:
            others.setdefault((path, found.held), _doubt(found, place))
    notes = [_unknown(unknown)] if unknown else []
    return (*notes, *others.values())


def _unknown(places: Mapping[str, Place]) -> Finding:
    message = f"API v2 has no field {', '.join(places)}: kept as it came"
    hint = "nothing is lost; whoever needs it finds it in the record's tree under that path"
    return Finding("record.unknown_field", "note", message, tuple(places.values()), hint)


def _doubt(found: Surprise, place: Place) -> Finding:
    name = found.path.rpartition(".")[2]
    if found.what == "kind":
        message = f"{name} is no {_KINDS.get(found.kind, found.kind).removeprefix('a ').removeprefix('an ')}: kept"
        return Finding("record.kind", "note", message, (place,), "compare with the registry's own page")
    like = nearest(found.held.upper().replace(" ", "_"), values(found.kind))
    hint = f"did the registry mean {like}?" if like else f"API v2 knows {', '.join(sorted(values(found.kind)))}"
    return Finding("record.value", "note", f"{name} {found.held!r} is no value of API v2: kept", (place,), hint)
