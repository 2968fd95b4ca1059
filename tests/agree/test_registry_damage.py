"""Damaged records: whatever is bent, cut or replaced in a record of any format, it is read or refused."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_records import EVERY, ICTRP, XML, content
from stromal.read import registries
from stromal.read.record import Record
from stromal.values import Unusable

JSON = [record for record in EVERY.values() if isinstance(record, dict)]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "Yes", "N/A", "2020-01", "x\ny", "\x00", "<b>&amp;</b>", "Phase 2", "٣"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["", "Study", "name", "condition", "partI", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(held: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything inside."""
    steps = list(held.items()) if isinstance(held, dict) else list(enumerate(held)) if isinstance(held, list) else []
    return [found for key, each in steps for found in ((*path, key), *places(each, (*path, key)))]


def bent(record: dict[str, Any], path: tuple[Any, ...], odd: Any, *, gone: bool) -> dict[str, Any]:
    """The record with something odd, or nothing, at a path."""
    made = deepcopy(record)
    held: Any = made
    for step in path[:-1]:
        held = held[step]
    if gone:
        del held[path[-1]]
    else:
        held[path[-1]] = odd
    return made


def read(raw: bytes) -> list[Record]:
    """Every record that is read, with its sections made and its copy taken; no other error than Unusable comes."""
    found, refused = list[Record](), list[Unusable]()
    try:
        for each in registries.parse_each(raw, "x", prose=False):
            if isinstance(each, Unusable):
                refused.append(each)
                continue
            assert isinstance(each.sections, tuple)
            assert registries.to_v2(each)
            found.append(each)
    except Unusable as unusable:
        refused.append(unusable)
    assert all(each.findings[0].hint for each in refused)
    return found


@settings(max_examples=400)
@given(st.data(), st.sampled_from(JSON), ODD, st.booleans())
def test_bent_json(data: st.DataObject, record: dict[str, Any], odd: Any, gone: bool) -> None:
    """Something odd in any place of a record of any format; what its registry said is kept."""
    path = data.draw(st.sampled_from(places(record)))
    read(json.dumps(bent(record, path, odd, gone=gone)).encode())


@given(st.data(), st.sampled_from([*map(content, JSON), XML.encode(), ICTRP.encode()]))
def test_cut_and_smudged_bytes(data: st.DataObject, raw: bytes) -> None:
    """A record that ends early, or in which some bytes are others."""
    start = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 12))
    read(raw[:start])
    read(raw[:start] + data.draw(st.binary(max_size=12)) + raw[start + length :])


@given(st.data(), st.sampled_from([XML, ICTRP]))
def test_bent_xml(data: st.DataObject, text: str) -> None:
    """Elements that are doubled, lost or renamed."""
    parts = text.split("<")
    where = data.draw(st.integers(3, len(parts) - 1))
    again = data.draw(st.sampled_from([[], [parts[where]] * 2, ["x/>"], [parts[where], "phase>N/A", "/phase>"]]))
    read("<".join([*parts[:where], *again, *parts[where + 1 :]]).encode())
