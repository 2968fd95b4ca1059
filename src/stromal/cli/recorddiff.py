"""Two versions of one trial at the command line: protocols or registry records, told apart in words.

Takes two files; prints what differs, what matters first. Whether they are protocols or records, their content tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.text import Text

from stromal.cli import edge, paper, show
from stromal.read import decode, parse, registries
from stromal.read.record import Record
from stromal.read.versions import Change, changes

_REST = "everything else"
_CUT = 400


def diff(a: Path, b: Path, *, as_json: bool) -> int:
    """Tell two versions apart. 1 when they differ."""
    contents = [edge.content(path) for path in (a, b)]
    kinds = [paper.is_protocol(content, path) for content, path in zip(contents, (a, b), strict=True)]
    if all(kinds):
        return paper.diff(a, b, as_json=as_json)
    if any(kinds):
        message = "one is a protocol and the other a registry record"
        raise edge.bad("diff.kinds", message, "draft a protocol from the record first: stromal draft", str(a))
    before, after = (_record(path, content) for path, content in zip((a, b), contents, strict=True))
    found = changes(before, after)
    if as_json:
        edge.to_json({"differences": [_json(change) for change in found]})
    else:
        _tell(found)
        if found and before.layout != after.layout:
            formats = f"two formats ({before.layout}, {after.layout})"
            show.line(f"the records came in {formats}: what only one of them holds is told as new or gone", "dim")
    return int(bool(found))


def _record(path: Path, content: bytes) -> Record:
    if registries.is_record(content):
        return registries.parse(content, str(path))
    return parse(decode(content, str(path)), str(path))


def _json(change: Change) -> dict[str, object]:
    return {
        "part": change.part, "what": change.what, "kind": change.kind, "path": change.path, "before": change.before,
        "after": change.after, "places": [edge.place_json(place) for place in change.places],
    }  # fmt: skip


def _tell(found: Sequence[Change]) -> None:
    """Every difference under the name of its part; fields without words of their own, one line for those alike."""
    for part, those in groupby(found, lambda change: change.part):
        show.line(part.capitalize(), "bold")
        alike: dict[str, list[Change]] = {}
        for number, change in enumerate(those):
            key = re.sub(r"\[\d+\]", "[]", f"{change.kind} {change.path}") if part == _REST else str(number)
            alike.setdefault(key, []).append(change)
        for changed in alike.values():
            _one(changed[0])
            if len(changed) > 1:
                show.line(f"      and {len(changed) - 1} more like it; --json lists them", "dim")
    count = f"{len(found)} difference{'s' if len(found) != 1 else ''}"
    show.line(count if found else "the two say the same", "bold")


_KINDS = {"added": " is new", "removed": " is gone", "moved": " has moved", "changed": ""}


def _one(change: Change) -> None:
    show.line(f"  {change.what}{_KINDS[change.kind]}")
    if change.before is not None:
        show.out.print(Text.assemble(("    was  ", "red"), _short(change.before)))
    if change.after is not None:
        show.out.print(Text.assemble(("    now  ", "green"), _short(change.after)))


def _short(text: str) -> str:
    """A text in one line; of a long one, the beginning."""
    line = " ".join(text.split())
    return line if len(line) <= _CUT else f"{line[: _CUT - 1]}…"
