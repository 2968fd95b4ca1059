"""Readers of lines, asked only where a line holds what they need.

Takes readers with their needs, then lines; gives everything found. One pass of the sieve over a line says which of the
readers are worth asking: most lines hold nothing for most of them. Part of the first step of the walk, used by `facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from stromal.read.numerals import KEPT, mend
from stromal.read.phrases import Found
from stromal.read.sieve import Sieve


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of lines, and its needs: patterns without any one of which it finds nothing in a line."""

    read: Callable[[str], Iterable[Found]]
    needs: tuple[str, ...]


class Readers:
    """Readers that look at the same lines: one pass over a line says which of them are worth asking."""

    __slots__ = ("_able", "_found", "_needs", "_sieve", "all")

    def __init__(self, readers: Iterable[Reader]) -> None:
        """What the readers find is given in their order."""
        self.all = tuple(readers)
        self._needs = tuple(dict.fromkeys(need for reader in self.all for need in reader.needs))
        self._sieve = Sieve(self._needs)
        self._able: dict[tuple[int, ...], tuple[Reader, ...]] = {}
        # An arm and its intervention are often told in the same words, and a page that is saved twice says all twice.
        self._found = lru_cache(KEPT)(self._read)

    def able(self, line: str) -> tuple[Reader, ...]:
        """The readers that may find something in the line."""
        met = tuple(self._sieve.may(mend(line)))
        able = self._able.get(met)
        if able is None:  # what lines hold together repeats itself, so each combination is worked out once
            held = {self._needs[number] for number in met}
            able = self._able[met] = tuple(reader for reader in self.all if held.issuperset(reader.needs))
        return able

    def found_in(self, line: str) -> tuple[Found, ...]:
        """Everything that the readers find in the line."""
        return self._found(line)

    def _read(self, line: str) -> tuple[Found, ...]:
        made: list[Found] = []
        for reader in self.able(line):
            made += reader.read(line)
        return tuple(made)
