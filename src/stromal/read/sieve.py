"""Which of many patterns a line may hold, asked in one pass over its signs.

Takes patterns once and lines many times; gives the patterns worth trying on a line. It may name one too many and never
one too few, so a reader asked only where the sieve names its words finds all that it would find anywhere. Part of the
first step of the walk: nearly all lines hold nothing for nearly all readers, and one pass is what they cost together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

import re2  # type: ignore[import-untyped]

_FOREIGN = r"\x{80}-\x{10FFFF}"
_WIDER = {r"\w": rf"\w{_FOREIGN}", r"\s": rf"\s\x0b\x1c-\x1f{_FOREIGN}", r"\d": rf"\d{_FOREIGN}"}
"""Python's classes hold the signs of all scripts, the automaton's only ours: to it any foreign sign may be one."""
_SIGN = re.compile(r"\\.|\[\^?\]?|\]|\(\?(?:<?[=!]|-i:)|[()^$]|.", re.DOTALL)


_CLASS_NEXT = re.compile(r"(?:\((?:\?:|\?P<\w+>)?)*(?:\\[wd]|\[)")
_CLASS_END = ("\\w", "\\d", "]", "+", "*", "}")
"""Beside a class of signs the end of a word may be that of a foreign one, which the automaton does not see."""


def widened(words: str) -> str:
    """The pattern without conditions on what stands around it: it matches wherever the pattern does, and oftener."""
    made: list[str] = []
    inside, depth, skipped, last = False, 0, 0, ""
    for match in _SIGN.finditer(words):
        sign = match[0]
        if not inside and sign.startswith("("):
            depth += 1
            if not skipped and sign.endswith(("=", "!")):
                skipped = depth
        edge = sign == "\\b" and (last in _CLASS_END or _CLASS_NEXT.match(words, match.end()) is not None)
        if not skipped and not edge:
            made.append(_wider(sign, inside))
        if not inside and sign == ")":
            skipped = 0 if skipped == depth else skipped
            depth -= 1
        inside = (inside or sign.startswith("[")) and sign != "]"
        last = sign
    return "".join(made)


def _wider(sign: str, inside: bool) -> str:
    if sign in _WIDER:
        return _WIDER[sign] if inside else f"[{_WIDER[sign]}]"
    if sign == "(?-i:":  # the automaton is blind to case throughout
        return "(?:"
    return "" if sign in ("^", "$") and not inside else sign


_MEMORY = 1 << 26
"""Room for the automaton's states, in bytes: it fills with what lines ask for, and this is never all of it."""


class Sieve:
    """Patterns joined into one finite automaton, blind to case."""

    __slots__ = ("_set",)

    def __init__(self, patterns: Iterable[re.Pattern[str] | str]) -> None:
        """Patterns are numbered in the order given."""
        options = re2.Options()
        options.max_mem = _MEMORY
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            words = pattern if isinstance(pattern, str) else pattern.pattern
            self._set.Add(f"(?i:{widened(words)})")
        self._set.Compile()

    def may(self, line: str) -> list[int]:
        """The numbers of the patterns that the line may hold, lowest first."""
        found = self._set.Match(line.encode("utf-8", "replace"))
        return sorted(found) if found else []


Kept = TypeVar("Kept")


class Sifted(Generic[Kept]):
    """A table of things and how pages print them, of which a line shows few: only those worth trying are given."""

    __slots__ = ("_rows", "_sieve")

    def __init__(self, rows: Iterable[tuple[Kept, re.Pattern[str]]]) -> None:
        """The order of the rows is kept."""
        self._rows = tuple(rows)
        self._sieve = Sieve(printed for _, printed in self._rows)

    def worth(self, line: str) -> list[tuple[Kept, re.Pattern[str]]]:
        """The rows whose words the line may hold."""
        return [self._rows[number] for number in self._sieve.may(line)]
