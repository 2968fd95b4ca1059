"""Whatever is changed in a record, the comparison of versions tells it, and tells nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from faults import Tree, sound
from stromal.read import registries
from stromal.read.record import Record
from stromal.read.versions import changes

_MARK = "changed beyond doubt"


def _record(tree: Tree) -> Record:
    return registries.parse(json.dumps(tree).encode(), "r", prose=False)


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every field that holds no other."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _leaves(held, (*path, key))
    elif isinstance(value, list):
        for number, held in enumerate(value):
            yield from _leaves(held, (*path, number))
    else:
        yield path


_IDENTITY = ("protocolSection", "identificationModule", "nctId")
_PATHS = {number: [path for path in _leaves(sound(number)) if path != _IDENTITY] for number in range(4)}


def _put(tree: Any, path: tuple[str | int, ...], value: object) -> None:
    for step in path[:-1]:
        tree = tree[step]
    if value is None:
        del tree[path[-1]]
    else:
        tree[path[-1]] = value


@st.composite
def _edited(draw: st.DrawFn) -> tuple[Tree, Tree, list[str | None]]:
    """A record, the same with some fields changed or taken away, and what was put there."""
    number = draw(st.integers(0, 3))
    before = sound(number)
    after = copy.deepcopy(before)
    paths = draw(st.lists(st.sampled_from(_PATHS[number]), min_size=1, max_size=4, unique=True))
    values: list[str | None] = []
    for place, path in enumerate(sorted(paths, key=lambda path: [str(step) for step in path], reverse=True)):
        whole = isinstance(path[-1], str)
        values.append(draw(st.sampled_from([f"{_MARK} {place}", None])) if whole else f"{_MARK} {place}")
        _put(after, path, values[-1])
    return before, after, values


@settings(deadline=None, max_examples=120)
@given(_edited())
def test_every_edit_is_told(edited: tuple[Tree, Tree, list[str | None]]) -> None:
    """Each field that was changed stands in some difference; a record never differs from itself."""
    before, after, values = edited
    old, new = _record(before), _record(after)
    told = changes(old, new)
    words = " ".join(change.after or "" for change in told)
    assert all(value in words for value in values if value is not None)
    assert sum(value is None for value in values) == 0 or any(change.before for change in told)
    assert changes(old, old) == changes(new, new) == ()
    assert bool(changes(new, old)) == bool(told)
