"""Rules about what a registry's record leaves out or cuts off: outcomes, time frames, the ends of texts.

Takes a Record with a tree; gives Findings. Portal pages have rules of their own in `gaps`. Rows of the
table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.record import Record
from stromal.read.study import Tree, module, rows, words
from stromal.values import Finding, Place

_PRIMARY, _SECONDARY = "primaryOutcomes", "secondaryOutcomes"


def _outcome(record: Record, field: str, number: int, row: Tree) -> Place:
    path = f"protocolSection.outcomesModule.{field}[{number}].measure"
    return Place(1, words(row, "measure"), record.file, path)


def primary_missing(record: Record) -> Iterator[Finding]:
    """Secondary outcomes, but no primary one."""
    part = module(record.tree or {}, "outcomes")
    second = rows(part, _SECONDARY)
    if second and not rows(part, _PRIMARY):
        message = "the record lists secondary outcomes, but no primary one"
        hint = "take the primary outcome from the sponsor's protocol"
        place = _outcome(record, _SECONDARY, 0, second[0])
        yield Finding("outcome.primary_missing", "warning", message, (place,), hint)


def _plain(row: Tree, field: str) -> str:
    """A text without signs and case, for comparing."""
    return re.sub(r"\W+", " ", words(row, field).casefold()).strip()


def repeated_outcome(record: Record) -> Iterator[Finding]:
    """An outcome that stands twice: a secondary one that repeats the primary, or one twice in a list."""
    part = module(record.tree or {}, "outcomes")
    seen: dict[tuple[str, str], tuple[Place, str, str]] = {}
    for field, kind in ((_PRIMARY, "primary"), (_SECONDARY, "secondary")):
        for number, row in enumerate(rows(part, field)):
            measure, frame, described = (_plain(row, name) for name in ("measure", "timeFrame", "description"))
            place = _outcome(record, field, number, row)
            first, known, words_of = seen.setdefault((measure, frame), (place, kind, described))
            if first is place or not measure or (described and words_of and described != words_of):
                continue
            hint = "one outcome has one place: ask which list it belongs to"
            if known == kind:
                message = f"the {kind} outcome “{place.quote[:80]}” is listed twice"
                yield Finding("outcome.twice", "note", message, (first, place), hint)
            else:
                message = f"a secondary outcome repeats a primary one: “{place.quote[:80]}”"
                yield Finding("outcome.repeated", "warning", message, (first, place), hint)


def frame_missing(record: Record) -> Iterator[Finding]:
    """A primary outcome without a time."""
    for number, row in enumerate(rows(module(record.tree or {}, "outcomes"), _PRIMARY)):
        if words(row, "measure") and not words(row, "timeFrame").strip():
            message = f"the primary outcome “{words(row, 'measure')[:80]}” has no time frame"
            hint = "ask when it is measured"
            yield Finding("outcome.no_time", "note", message, (_outcome(record, _PRIMARY, number, row),), hint)


# ---------------------------------------------------------------- texts cut off

_LIMITS = (
    ("identification", "briefTitle", (300,)),
    ("identification", "officialTitle", (600,)),
    ("description", "briefSummary", (5000,)),
    ("description", "detailedDescription", (32000,)),
    ("eligibility", "eligibilityCriteria", (15000, 20000)),
)
"""The most signs that the registry takes in a field, today and in former years."""
_ROW_LIMITS = (
    ("arms", "armGroups", "description", (999, 1000)),
    ("arms", "interventions", "description", (999, 1000)),
    ("outcomes", _PRIMARY, "measure", (254, 255)),
    ("outcomes", _SECONDARY, "measure", (254, 255)),
    ("outcomes", _PRIMARY, "description", (999, 1000)),
    ("outcomes", _SECONDARY, "description", (999, 1000)),
)
_ENDS = re.compile(r"[.!?:;)\]”\"'%]\s*$")
_NEAR = 1
"""Signs short of the limit: blanks at the end are dropped."""


def _texts(tree: Tree) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    for name, field, limits in _LIMITS:
        yield words(module(tree, name), field), f"{name}.{field}", limits
    for name, field, inside, limits in _ROW_LIMITS:
        for number, row in enumerate(rows(module(tree, name), field)):
            yield words(row, inside), f"{name}.{field}[{number}].{inside}", limits


_MODULE = {
    "identification": "identificationModule", "description": "descriptionModule", "eligibility": "eligibilityModule",
    "arms": "armsInterventionsModule", "outcomes": "outcomesModule",
}  # fmt: skip


def cut_off(record: Record) -> Iterator[Finding]:
    """A text that fills its field to the last sign and stops in the middle of a sentence."""
    for text, path, limits in _texts(record.tree or {}):
        if any(limit - _NEAR <= len(text) <= limit for limit in limits) and not _ENDS.search(text):
            name, _, rest = path.partition(".")
            last = text.splitlines()[-1][-60:]
            place = Place(len(text.splitlines()), last, record.file, f"protocolSection.{_MODULE[name]}.{rest}")
            message = (
                f"the text fills its field to the last of {len(text)} signs and ends without a stop: it may be cut off"
            )
            yield Finding("text.cut_off", "warning", message, (place,), "ask the sponsor for the rest")
