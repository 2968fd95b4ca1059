"""A person's word on drafted criteria: sheets that confirm or correct lines, each bound to the text it was read from.

Takes a trial's drafted criteria and gives a sheet to edit; takes sheets, gives the lines they confirm, and a finding
for each confirmation whose line reads otherwise now: it is named and not used. Used by `screen`.

    trial: NCT00000001
    lines:
      I1:
        says: Age over 18 years
        hash: 0d5f7c2b91aa3e64
        when: age > 18 years
        by: A. Reader
        on: 2026-11-22
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from stromal.catalogue.card import Card
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.language import FactName, Scope
from stromal.protocol.language import parse as parse_condition
from stromal.protocol.nodes import Report
from stromal.protocol.nodes import parse as parse_nodes
from stromal.protocol.reading import read_facts
from stromal.protocol.syntax import Misread
from stromal.read.eligibility import BUILT_IN, VISITS, DraftedCriterion, vocabulary
from stromal.values import Finding, Place, Unusable, nearest, plain

FOLDER = "confirmed"
"""Where a catalogue keeps its sheets."""
_KEYS = ("trial", "record", "facts", "lines")
_LINE_KEYS = ("says", "hash", "when", "drafted", "by", "on")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A line that somebody read: the hash of its words, what they say as a condition, who says so, and since when."""

    line: str
    mark: str
    when: str
    condition: t.Expr
    by: str
    on: date
    place: Place


@dataclass(frozen=True, slots=True)
class Sheet:
    """What somebody confirmed of one trial, and the facts that the conditions rest on."""

    trial: str
    place: Place
    lines: tuple[Confirmed, ...]
    facts: Mapping[str, m.Fact]


def mark(line: DraftedCriterion) -> str:
    """The hash of a line: its words, however they are spaced, and whose and on which side they are."""
    words = " ".join(line.place.quote.split()) if line.id[:1].isupper() else line.text
    return blake2b(f"{line.whose} {line.side}\n{words}".encode(), digest_size=8).hexdigest()


# ---------------------------------------------------------------- a sheet to edit

_HEAD = """\
# Who may take part in {id}, as drafted from its record of {day}. Nobody has confirmed a line of this yet.
# Read each line beside the record. Where `when` says something else, correct it in the protocol language
# (docs/protocol.md); then write who you are and the day: a line is confirmed once it has both `by` and `on`.
# The sheet counts when people are screened once it is kept as
# {place}
# When the words of a line change, it must be read again.
"""


def written(card: Card, lines: Iterable[DraftedCriterion], place: Path) -> str:
    """The sheet of a trial, for a person to edit."""
    mine = [line for line in lines if line.whose == "participant" and line.readings]
    made = [_HEAD.format(id=card.id, day=card.updated or "no date", place=place)]
    made.append(f"trial: {card.id}\n")
    facts = {name: fact for name, fact in vocabulary(mine).items() if name not in BUILT_IN}
    if facts:
        made += ["facts:\n", *(f"  {name}: {_flow(fact)}\n" for name, fact in facts.items())]
    made += ["lines:\n", *map(_line, mine)]
    return "".join(made)


def _flow(fact: m.Fact) -> str:
    span = [plain(end) if end is not None else "" for end in (fact.low, fact.high)]
    row: dict[str, object] = {
        "kind": fact.kind, "unit": fact.unit, "range": "..".join(span) if any(span) else "",
        "of": list(fact.options), "instrument": fact.instrument, "grading": fact.grading, "code": fact.code,
        "says": fact.says,
    }  # fmt: skip
    told = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in row.items() if value)
    return f"{{{', '.join(told)}}}"


def _line(line: DraftedCriterion) -> str:
    rows = [("says", line.text), ("hash", mark(line)), ("when", line.readings[0]), ("drafted", line.kind)]
    told = [f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows]
    rivals = [f"    # the words may also mean: {other}\n" for other in line.readings[1:]]
    return f"  {line.id}:\n{''.join(told[:3])}{''.join(rivals)}{told[3]}    by: ''\n    on: ''\n"


# ---------------------------------------------------------------- sheets that were edited


def read(text: str, file: str) -> Sheet:
    """What a sheet confirms. Raises Unusable with every finding when something in it cannot be right."""
    root, report = parse_nodes(text, file)
    for key in root:
        report.places[str(key)] = report.key_place(root, key)
        _known(str(key), _KEYS, "a sheet has", str(key), report)
    trial = str(root.get("trial") or "")
    if not trial:
        report.add("key.missing", "the sheet names no trial", "write 'trial: NCT00000001'", "")
    facts = read_facts(root, report)
    scope = Scope(
        facts={name: FactName(fact.kind, fact.unit, fact.options) for name, fact in facts.items()},
        visits=frozenset(VISITS), roles=frozenset(m.ROLES),
    )  # fmt: skip
    lines = root.get("lines")
    if lines is not None and not isinstance(lines, CommentedMap):
        report.add("kind.entries", "lines must hold 'I1:' entries", "write them as `stromal confirm` does", "lines")
    found = [_confirmed(str(key), lines, scope, report) for key in lines or ()] if _is_map(lines) else []
    if report.failed:
        raise Unusable(*sorted(report.findings, key=lambda finding: finding.places[0].line))
    return Sheet(trial, Place(0, "", file), tuple(each for each in found if each is not None), facts)


def _is_map(node: object) -> bool:
    return isinstance(node, CommentedMap)


def _known(name: str, names: tuple[str, ...], what: str, path: str, report: Report) -> None:
    if name not in names:
        close = nearest(name, names)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(names)}"
        report.add("key.unknown", f"{what} no {name!r}", hint, path)


def _confirmed(name: str, lines: CommentedMap, scope: Scope, report: Report) -> Confirmed | None:
    """A line of a sheet; None where nobody has confirmed it yet."""
    node, path = lines[name], f"lines.{name}"
    report.places[path] = report.key_place(lines, name)
    if not isinstance(node, CommentedMap):
        report.add("kind.entries", f"{path} must hold hash, when, by and on", "see `stromal confirm`", path)
        return None
    for key in node:
        report.places[f"{path}.{key}"] = report.key_place(node, key)
        _known(str(key), _LINE_KEYS, "a line has", f"{path}.{key}", report)
    by, on = " ".join(str(node.get("by") or "").split()), node.get("on") or None
    if not by and on is None:
        return None
    if not by or not isinstance(on, date):
        key, hint = ("on", "write the day as 2026-11-22") if by else ("by", "write who read the line")
        report.add("confirmation.half", f"{path} is half confirmed: {key} is {node.get(key)!r}", hint, f"{path}.{key}")
        return None
    when, hashed = str(node.get("when") or ""), str(node.get("hash") or "")
    try:
        condition = parse_condition(when, scope)
    except Misread as misread:
        report.add(misread.code, f"{path}.when: {misread.message}", misread.hint, f"{path}.when")
        return None
    return Confirmed(name, hashed, when, condition, by, date(on.year, on.month, on.day), report.places[path])


def folder(catalogue: Path) -> tuple[Path, ...]:
    """The sheets that a catalogue keeps, in the order of their names."""
    return tuple(sorted((catalogue / FOLDER).glob("*.yaml")))


# ---------------------------------------------------------------- what a sheet says of a record

Signed = tuple[DraftedCriterion, str]
"""A criterion, and who confirmed it when; empty where nobody has."""


def applied(lines: Iterable[DraftedCriterion], sheet: Sheet) -> tuple[tuple[Signed, ...], tuple[Finding, ...]]:
    """The lines with what is confirmed of them in its place; findings for what was confirmed of words that are gone."""
    by_mark = {each.mark: each for each in sheet.lines}
    made, used = list[Signed](), set[str]()
    for line in lines:
        found = by_mark.get(mark(line))
        made.append((line, "") if found is None else (_taken(line, found, sheet), f"{found.by}, {found.on}"))
        used |= {found.mark} if found else set()
    stale = tuple(_stale(each, sheet) for each in sheet.lines if each.mark not in used)
    return tuple(made), stale


def _taken(line: DraftedCriterion, found: Confirmed, sheet: Sheet) -> DraftedCriterion:
    """A line as somebody confirmed it: one reading, nothing assumed."""
    names = t.facts_read(found.condition)
    facts = tuple(fact for name, fact in sheet.facts.items() if name in names and name not in BUILT_IN)
    return replace(
        line, kind="computed", readings=(found.when,), conditions=(found.condition,), facts=facts, assumed="",
        confirmed=True,
    )  # fmt: skip


def _stale(found: Confirmed, sheet: Sheet) -> Finding:
    message = f"{found.line} of {sheet.trial}, confirmed by {found.by} on {found.on}, reads otherwise in the record now"
    hint = f"it is not used: read the line again with `stromal confirm {sheet.trial}`"
    return Finding("confirmation.stale", "warning", message, (found.place,), hint)
