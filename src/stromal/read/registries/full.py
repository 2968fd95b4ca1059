"""ClinicalTrials.gov API v1, full studies -> the shape of API v2.

Takes the `Study` of a full study; gives its tree. The old names are the new ones with the name of their object before
them (`ArmGroupLabel` for `label`), so the official list of fields tells what each becomes; whatever it has no field for
is kept under `sourceSection` with its own path. Part of the first step of the walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from stromal.read.registries import convert
from stromal.read.registries.fields import OBJECTS
from stromal.read.registries.schema import OWN, Field, fields
from stromal.read.study import Tree

_RENAMED = {"Gender": "sex"}
_PLURALS = (("leaves", "leaf"), ("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("yses", "ysis"),
            ("aliases", "alias"), ("s", ""))  # fmt: skip
_DATED = {("PartialDateStruct", "date"), ("StatusModule", "statusVerifiedDate"),
          ("OutcomeMeasure", "anticipatedPostingDate")}  # fmt: skip
"""Fields of text that hold a day or a month."""


def shows(held: Any) -> bool:
    """Whether this is a full study, with its rank or without."""
    return isinstance(held, Mapping) and isinstance(_study(held).get("ProtocolSection"), Mapping)


def _study(held: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("FullStudy", "Study"):
        inner = held.get(name)
        held = inner if isinstance(inner, Mapping) else held
    return held


def singular(field: str) -> str:
    """The name of one of a list (`leaf` of `leaves`)."""
    return next((field.removesuffix(end) + one for end, one in _PLURALS if field.endswith(end)), field)


@cache
def renamed(name: str, key: str) -> str | None:
    """The field of an object that an old name means: the longest that the old name ends with; None for none."""
    if key in _RENAMED and _RENAMED[key] in fields(name):
        return _RENAMED[key]
    low, found = key.lower(), ""
    for field in fields(name):
        for spelt in (field.lower(), singular(field.lower())):
            start = len(key) - len(spelt)
            whole = start >= 0 and low.endswith(spelt) and (start == 0 or key[start].isupper())
            if whole and len(field) > len(found):
                found = field
    return found or None


def converted(text: str, name: str, field: str) -> Any:
    """A text as the value that this field of this object holds."""
    kind = fields(name)[field].kind
    if (name, field) in _DATED:
        return convert.day(text)
    if (name, field) == ("LargeDoc", "uploadDate"):
        return convert.moment(text)
    return convert.to_kind(text, kind)


def _unlisted(key: str, held: Any) -> tuple[str, Any]:
    """A list without its wrapper: `{"PhaseList": {"Phase": [...]}}` holds the list of `Phase`."""
    if key.endswith("List") and isinstance(held, Mapping) and len(held) == 1:
        inner, rows = next(iter(held.items()))
        if isinstance(rows, list):
            return inner, rows
    return key, held


def _one(held: Any, name: str, field: str, left: Any) -> Any:
    """One value of a field; what has no home goes to `left`."""
    kind = fields(name)[field].kind
    if kind in OBJECTS and isinstance(held, Mapping):
        return _inside(held, kind, left)
    return converted(held, name, field) if isinstance(held, str) else held


def _many(rows: list[Any], name: str, field: str, left: dict[str, Any]) -> list[Any]:
    made = []
    for number, each in enumerate(rows):
        rest: dict[str, Any] = {}
        made.append(_one(each, name, field, rest))
        if rest:
            left[str(number)] = rest
    return made


def _inside(held: Mapping[str, Any], name: str, left: dict[str, Any]) -> dict[str, Any]:
    """An object in new names; `left` gets what the new list has no field for, in the old ones."""
    made: dict[str, Any] = {}
    for key, value in held.items():
        inner, plain = _unlisted(key, value)
        field = renamed(name, inner) or renamed(name, key)
        if field is None or field in made or not _may_hold(plain, fields(name)[field]):
            left[key] = value
            continue
        rest: dict[str, Any] = {}
        if isinstance(plain, list) and fields(name)[field].many:
            made[field] = _many(plain, name, field, rest)
        else:
            made[field] = _one(plain[0] if isinstance(plain, list) else plain, name, field, rest)
        if rest:
            left[key] = rest
    return made


def _may_hold(held: Any, field: Field) -> bool:
    """Whether a field can take a value over: a list of several does not fit a field for one."""
    if isinstance(held, list):
        return field.many or len(held) == 1
    return not field.many and isinstance(held, Mapping) == (field.kind in OBJECTS)


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The tree of a full study."""
    study, left = _study(held), dict[str, Any]()
    tree = _inside(study, "Study", left)
    tree.setdefault("hasResults", "resultsSection" in tree)
    around = {key: value for key, value in held.items() if value is not study and key != "Rank"}
    if held is not study and around:
        left["around"] = around
    if left:
        tree[OWN] = {"registry": "ClinicalTrials.gov", "form": "full study of API v1", "fields": left}
    return tree
