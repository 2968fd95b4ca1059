"""Rules about the design: what titles call the trial against what the fields of the registry say.

Takes a Record with a tree; gives Findings. Only words that name the design of this trial count: those of its titles.
Rows of the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.phrases import pattern
from stromal.read.record import Item, Record
from stromal.read.study import Tree, at, listed, module
from stromal.values import Finding, Place

_DESIGN = "protocolSection.designModule"
_NOT_RANDOM = pattern(r"\bnon-?\s?randomi[sz]ed\b|\bnot randomi[sz]ed\b")
_RANDOM = pattern(r"(?<!non-)(?<!non )(?<!non)(?<!quasi-)(?<!not )\brandomi[sz]ed\b")
_BLIND = pattern(r"\b(?:double|triple|quadruple|observer)[\s-]*(?:blind(?:ed)?|mask(?:ed)?)\b")
_OPEN = pattern(r"\bopen[\s-]*label(?:led|ed)?\b|\bunblinded\b|\bnon-?blind(?:ed)?\b")
_PARTLY = pattern(
    r"\bextension|\bfollow(?:ed|ing|-?up)|\bphase\s+(?:of|[12]b)|\bperiods?\b|\bpart\b|\blead-?in|\brun-?in|\bcross"
    r"|\bregistry|\bmeta-?analysis|\bsystematic|\broll-?over|\bpreviously|\bparticipated"
)


def _titles(record: Record) -> tuple[Item, ...]:
    return tuple(record.items("title"))


def _said(record: Record, words: re.Pattern[str]) -> Place | None:
    """Where a title calls the trial so."""
    for item in _titles(record):
        match = words.search(item.place.quote)
        if match and not _PARTLY.search(item.place.quote):
            return item.place.quoting(match[0])
    return None


def _field(record: Record, path: str) -> tuple[str, Place]:
    value = at(record.tree or {}, f"{_DESIGN}.{path}")
    text = value if isinstance(value, str) else ""
    return text, Place(1, text, record.file, f"{_DESIGN}.{path}")


def allocation(record: Record) -> Iterator[Finding]:
    """A title that speaks of randomisation, against the field."""
    text, place = _field(record, "designInfo.allocation")
    if text not in ("RANDOMIZED", "NON_RANDOMIZED", "NA"):
        return
    said, other = _said(record, _RANDOM), _said(record, _NOT_RANDOM)
    titled = said if text != "RANDOMIZED" else other
    if titled is None or (said and other):
        return
    shown = {"RANDOMIZED": "randomised", "NON_RANDOMIZED": "not randomised", "NA": "no allocation"}[text]
    message = f"the title says “{titled.quote}”, the field for allocation: {shown}"
    yield Finding(
        "design.allocation", "contradiction", message, (titled, place), "ask how people come into their group"
    )


def masking(record: Record) -> Iterator[Finding]:
    """A title that speaks of blinding, against the field."""
    text, place = _field(record, "designInfo.maskingInfo.masking")
    blind, opened = _said(record, _BLIND), _said(record, _OPEN)
    if not text or (blind and opened):
        return
    masked = listed(module(record.tree or {}, "design"), "whoMasked") or _who(record.tree or {})
    hint = "ask who knows what each person gets"
    if blind and text == "NONE":
        message = f"the title says “{blind.quote}”, the field for masking: none"
        yield Finding("design.masking", "contradiction", message, (blind, place), hint)
    elif opened and text != "NONE" and ("PARTICIPANT" in masked or text in ("TRIPLE", "QUADRUPLE")):
        message = f"the title says “{opened.quote}”, the field for masking: {text.lower()}"
        yield Finding("design.masking", "contradiction", message, (opened, place), hint)


def _who(tree: Tree) -> tuple[str, ...]:
    found = at(tree, f"{_DESIGN}.designInfo.maskingInfo.whoMasked")
    return tuple(str(each) for each in found) if isinstance(found, list) else ()


# ---------------------------------------------------------------- phase

_PHASE = pattern(
    r"\bphase[\s-]*(?P<first>[0-4]|I{1,3}V?|IV)(?:\s?[ab])?\b",
    r"(?:\s*(?:/|-|–|and|to|&|,)\s*(?:phase\s*)?(?P<second>[0-4]|I{1,3}V?|IV)(?:\s?[ab])?\b)?",
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_PHASES = {"EARLY_PHASE1": 1, "PHASE1": 1, "PHASE2": 2, "PHASE3": 3, "PHASE4": 4}
_NOT_OF_TRIAL = pattern(
    r"\b(?:acute|chronic|follicular|luteal|blast|accelerated|early|late|preparatory|first|second)\s*$"
)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _ROMAN.get(text.lower(), 0)


def phase(record: Record) -> Iterator[Finding]:
    """A phase in a title that the field does not name."""
    fields = [_PHASES[each] for each in listed(module(record.tree or {}, "design"), "phases") if each in _PHASES]
    if not fields:
        return
    place = Place(1, "/".join(map(str, fields)), record.file, f"{_DESIGN}.phases")
    for item in _titles(record):
        for match in _PHASE.finditer(item.place.quote):
            if _NOT_OF_TRIAL.search(item.place.quote[: match.start()]):
                continue
            said = {max(_number(text), 1) for text in (match["first"], match["second"]) if text}
            if said and not said & set(fields):
                shown = "/".join(map(str, sorted(fields)))
                message = f"the title says “{match[0].strip()}”, the field for the phase: {shown}"
                titled = item.place.quoting(match[0].strip())
                yield Finding("design.phase", "contradiction", message, (titled, place), "ask which phase it is")
                return


# ---------------------------------------------------------------- placebo

_PLACEBO = pattern(r"\bplacebo[\s-]*(?:controlled|control)?\b")
_CONTROL = pattern(
    r"placebo|sham|saline|vehicle|dummy|control|inactive|sugar|dextrose|glucose|ringer|plasma|medium|excipient|serum"
    r"|albumin|water|fake|simulat|solution|injection|plasmalyte"
)


def placebo(record: Record) -> Iterator[Finding]:
    """A title that speaks of a placebo which no arm or intervention gives."""
    titled = _said(record, _PLACEBO)
    arms = tuple(record.items("arms", "interventions"))
    if titled is None or not arms or any(_CONTROL.search(item.text) or "PLACEBO" in item.text for item in arms):
        return
    message = "the title speaks of a placebo, but no arm or intervention is one"
    yield Finding("design.placebo", "warning", message, (titled, arms[0].place), "ask what the control group gets")
