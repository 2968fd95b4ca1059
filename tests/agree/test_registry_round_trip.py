"""A record of API v2, read and given back: nothing is lost and nothing added, whatever it holds."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stromal.read import registries
from stromal.read.registries import schema
from stromal.read.registries.fields import OBJECTS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS, "int": st.integers(0, 10**9), "bool": st.booleans(), "float": st.floats(-180, 180),
    "date": st.dates().map(str),
}  # fmt: skip


def held(kind: str, *, many: bool, depth: int) -> st.SearchStrategy[Any]:
    """A value of a kind, or a list of some; below a depth objects are empty."""
    if kind in OBJECTS:
        one = trees(kind, depth - 1)
    else:
        one = PLAIN[kind] if kind in PLAIN else st.sampled_from(sorted(schema.values(kind)))
    return st.lists(one, max_size=2) if many else one


def trees(name: str, depth: int = 7) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the fields that API v2 gives them."""
    known = schema.fields(name)
    if depth == 0:
        return st.just({})
    return st.sets(st.sampled_from(sorted(known)), max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {field: held(known[field].kind, many=known[field].many, depth=depth) for field in sorted(chosen)}
        )
    )


@given(trees("ProtocolSection"), trees("Study"))
def test_known_fields_come_back_without_a_word(section: dict[str, Any], study: dict[str, Any]) -> None:
    """Whatever known fields a record has, it comes back whole, and reading has no surprise to tell."""
    tree = {**study, "protocolSection": section}
    record = registries.parse(json.dumps(tree).encode(), prose=False)
    assert registries.to_v2(record) == tree
    assert {finding.code for finding in record.findings} <= {"record.no_id"}
    assert schema.surprises(tree) == []
    assert record.sections is record.sections


@given(st.dictionaries(TEXTS, ANYTHING, max_size=4), st.dictionaries(TEXTS, ANYTHING, max_size=3))
def test_anything_comes_back(section: dict[str, Any], around: dict[str, Any]) -> None:
    """A record with fields and values nobody knows comes back whole too, and each unknown field is named."""
    tree = {**around, "protocolSection": section}
    record = registries.parse(json.dumps(tree).encode(), "x.json", prose=False)
    assert registries.to_v2(record) == tree
    named = {place.path for finding in record.findings for place in finding.places}
    unknown = {name for name in around if not name.startswith("_") and name not in schema.fields("Study")}
    assert unknown - {schema.OWN, "protocolSection"} <= named
