"""Two versions of a protocol -> what differs, in words, with what matters most to people first.

Takes two protocols; gives one Difference a changed key, each with the place in either file. An amendment is reviewed
with it, and `stromal diff` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stromal.protocol.file import as_written
from stromal.protocol.model import Protocol
from stromal.values import Place

_FIRST = (
    "population", "doses", "rules", "products", "schedule", "objectives", "analyses", "trial", "version", "assumed",
    "facts", "sources",
)  # fmt: skip
"""Sections in the order in which a change matters to the people in a trial."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: its path, what it was and what it is (None where it is not there), both places."""

    path: str
    before: str | None
    after: str | None
    places: tuple[Place, Place]

    @property
    def says(self) -> str:
        """The difference in words."""
        if self.before is None:
            return f"{self.path} is new: {self.after}"
        if self.after is None:
            return f"{self.path} is gone; it was: {self.before}"
        return f"{self.path} was {self.before}, now {self.after}"


def differences(old: Protocol, new: Protocol) -> tuple[Difference, ...]:
    """Everything that differs between two versions, key by key."""
    before, after = _flat(as_written(old)), _flat(as_written(new))
    changed = [path for path in dict.fromkeys((*before, *after)) if before.get(path) != after.get(path)]
    found = [
        Difference(path, before.get(path), after.get(path), (old.place(path), new.place(path))) for path in changed
    ]
    return tuple(sorted(found, key=lambda each: _FIRST.index(each.path.partition(".")[0])))


def _flat(value: object, path: str = "") -> dict[str, str]:
    """Path -> text of every leaf, without the format line."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inside in value.items():
            if path or key != "stromal":
                found |= _flat(inside, f"{path}.{key}" if path else str(key))
        return found
    if isinstance(value, list | tuple):
        if any(isinstance(each, Mapping) for each in value):
            return {k: v for i, each in enumerate(value, 1) for k, v in _flat(each, f"{path}.{i}").items()}
        return {path: ", ".join(str(each) for each in value)} if value else {}
    return {} if value in ("", None) else {path: str(value)}
