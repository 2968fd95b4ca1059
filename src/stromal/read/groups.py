"""Rules about arms and interventions: what one list names and the other lacks, and the design that goes with them.

Takes a Record with a tree; gives Findings. Portal pages print no such references, so nothing is said of them. Rows of
the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stromal.read.numerals import WORDS
from stromal.read.phrases import pattern, sentence_at
from stromal.read.record import Record
from stromal.read.study import Tree, listed, module, rows, words
from stromal.values import Finding, Place

_ARMS, _GIVEN = (
    "protocolSection.armsInterventionsModule.armGroups",
    "protocolSection.armsInterventionsModule.interventions",
)


@dataclass(frozen=True, slots=True)
class Named:
    """A name that one list uses for a row of another, and where it stands."""

    name: str
    place: Place

    @property
    def key(self) -> str:
        """The name without the kind that registries print before it, without case and signs."""
        return _key(self.name.partition(": ")[2] or self.name)


def _key(name: str) -> str:
    sign = name.strip()[-1:] if name.strip().endswith(("+", "-")) else ""
    return re.sub(r"\W+", " ", name.casefold()).strip() + sign


@dataclass(frozen=True, slots=True)
class Group:
    """An arm or an intervention: its name, other names, kind, and the rows of the other list that it names."""

    name: str
    kind: str
    place: Place
    names: tuple[Named, ...]
    others: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Every name it goes by."""
        return frozenset(_key(name) for name in (self.name, *self.others))


@dataclass(frozen=True, slots=True)
class Groups:
    """The arms and interventions of a record, with its design."""

    arms: tuple[Group, ...]
    given: tuple[Group, ...]
    design: Tree
    record: Record


def _named(row: Tree, field: str, path: str, file: str) -> tuple[Named, ...]:
    return tuple(
        Named(name, Place(1, name, file, f"{path}.{field}[{number}]")) for number, name in enumerate(listed(row, field))
    )


def groups(record: Record) -> Groups:
    """The arms and interventions of a record; none where it has no tree."""
    part, file = module(record.tree or {}, "arms"), record.file
    arms = tuple(
        Group(
            words(row, "label"), words(row, "type"),
            Place(1, words(row, "label"), file, f"{_ARMS}[{number}].label"),
            _named(row, "interventionNames", f"{_ARMS}[{number}]", file),
        )
        for number, row in enumerate(rows(part, "armGroups"))
    )  # fmt: skip
    given = tuple(
        Group(
            words(row, "name"), words(row, "type"),
            Place(1, words(row, "name"), file, f"{_GIVEN}[{number}].name"),
            _named(row, "armGroupLabels", f"{_GIVEN}[{number}]", file), listed(row, "otherNames"),
        )
        for number, row in enumerate(rows(part, "interventions"))
    )  # fmt: skip
    return Groups(arms, given, module(record.tree or {}, "design"), record)


# ---------------------------------------------------------------- references between the two lists


def unlisted(found: Groups) -> Iterator[Finding]:
    """An arm that names an intervention which the record does not list."""
    known = {key for group in found.given for key in group.keys}
    for arm in found.arms:
        for name in arm.names if known else ():
            if name.key not in known and _key(name.name) not in known:
                message = f"the arm “{arm.name}” gets “{name.name}”, which the interventions do not list"
                hint = "ask whether it is given; a draft gives only what is listed"
                yield Finding("arms.unlisted", "contradiction", message, (name.place, found.given[0].place), hint)


def unmatched(found: Groups) -> Iterator[Finding]:
    """An intervention that names an arm which the record does not have."""
    known = {_key(arm.name) for arm in found.arms}
    for group in found.given:
        for name in group.names if known else ():
            if _key(name.name) not in known:
                message = f"“{group.name}” is for the arm “{name.name}”, but no arm has that name"
                hint = "ask which arm is meant"
                yield Finding("arms.unmatched", "contradiction", message, (name.place, found.arms[0].place), hint)


def unused(found: Groups) -> Iterator[Finding]:
    """An intervention that no arm gets."""
    linked = any(arm.names for arm in found.arms) or any(group.names for group in found.given)
    named = {name.key for arm in found.arms for name in arm.names}
    named |= {_key(name.name) for arm in found.arms for name in arm.names}
    for group in found.given if linked and found.arms else ():
        if not group.names and not named & group.keys:
            message = f"no arm gets “{group.name}”"
            yield Finding("arms.unused", "warning", message, (group.place,), "ask which arm gets it")


def without(found: Groups) -> Iterator[Finding]:
    """An arm without any intervention that is not called one; or one called so that gets something."""
    linked = {_key(name.name) for group in found.given for name in group.names}
    if not (linked or any(arm.names for arm in found.arms)):
        return
    for arm in found.arms:
        gets = bool(arm.names) or _key(arm.name) in linked
        if arm.kind == "NO_INTERVENTION" and gets:
            what = next((name.name for name in arm.names), "an intervention")
            message = f"the arm “{arm.name}” is of the kind “no intervention”, but gets “{what}”"
            yield Finding("arms.kind", "warning", message, (arm.place,), "ask whether the arm gets it")
        elif arm.kind not in ("", "NO_INTERVENTION", "OTHER") and not gets:
            message = f"the arm “{arm.name}” gets no intervention"
            yield Finding("arms.empty", "warning", message, (arm.place,), "ask what the arm gets")


def same_name(found: Groups) -> Iterator[Finding]:
    """Two arms of one name."""
    seen: dict[str, Group] = {}
    for arm in found.arms:
        first = seen.setdefault(_key(arm.name), arm)
        if first is not arm and arm.name:
            message = f"two arms are called “{arm.name}”"
            yield Finding("arms.same_name", "warning", message, (first.place, arm.place), "ask how they differ")


# ---------------------------------------------------------------- how many arms


def model(found: Groups) -> Iterator[Finding]:
    """A design that needs several arms, in a record with one; people cannot be randomised into a single arm."""
    design = found.design.get("designInfo")
    if not isinstance(design, dict) or len(found.arms) != 1:
        return
    path = "protocolSection.designModule.designInfo"
    if design.get("allocation") == "RANDOMIZED" and design.get("interventionModel") != "CROSSOVER":
        place = Place(1, "RANDOMIZED", found.record.file, f"{path}.allocation")
        message = "people are randomised, but the record has a single arm"
        hint = "ask for the other arms"
        yield Finding("design.arms", "warning", message, (place, found.arms[0].place), hint)
    elif design.get("interventionModel") in ("PARALLEL", "FACTORIAL"):
        text = str(design["interventionModel"])
        place = Place(1, text, found.record.file, f"{path}.interventionModel")
        message = f"the model is {text.lower()}, but the record has a single arm"
        yield Finding("design.arms", "warning", message, (place, found.arms[0].place), "ask for the other arms")


_COUNT = "|".join(word for word, count in WORDS.items() if 2 <= count <= 9)
_ARMS_SAID = pattern(
    rf"\b(?P<count>{_COUNT}|[2-9])[\s-](?:(?:study|treatment|parallel|different|intervention|experimental|randomi[sz]ed)",
    r"[\s-]){0,2}arm(?:s|ed)?\b(?!\s+(?:circumference|movement|training|raise))",
    r"|\b(?:randomi[sz]ed|divided|allocated|assigned)\s+(?:\w+\s+){0,4}?(?:in|into|to)\s+(?:one of\s+)?(?:the\s+)?",
    rf"(?P<groups>{_COUNT}|[2-9])\s+(?:(?:study|treatment|parallel|equal|different|main|intervention)\s+)?groups\b",
)


_CONTROLS = ("PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION", "ACTIVE_COMPARATOR")
_STAGE = pattern(r"\b(?:phase|stage|cohort|part|step|then|sub-?group)s?\b")


def counted(found: Groups) -> Iterator[Finding]:
    """The number of arms that the text counts, against those listed."""
    if len(found.arms) < 1 or words(found.design, "studyType") != "INTERVENTIONAL":
        return
    said: dict[int, Place] = {}
    for item in found.record.items("title", "summary", "description"):
        for match in _ARMS_SAID.finditer(item.place.quote):
            if _STAGE.search(item.place.quote, *sentence_at(item.place.quote, match.start())):
                return
            text = (match["count"] or match["groups"]).lower()
            said.setdefault(WORDS.get(text) or int(text), item.place.quoting(match[0]))
    controls = sum(arm.kind in _CONTROLS for arm in found.arms)
    if len(said) != 1 or len(found.arms) in said or len(found.arms) - controls in said:
        return
    place = next(iter(said.values()))
    arms = f"{len(found.arms)} arm{'s' if len(found.arms) > 1 else ''}"
    message = f"the text says “{place.quote.strip()}”, but the record lists {arms}"
    places = (place, *(arm.place for arm in found.arms))
    yield Finding("arms.count", "warning", message, places, "ask how many groups there are")


RULES: tuple[Callable[[Groups], Iterator[Finding]], ...] = (
    unlisted, unmatched, unused, without, same_name, model, counted,
)  # fmt: skip
"""Every rule about arms and interventions, in the order its findings are shown."""


def arms(record: Record) -> Iterator[Finding]:
    """Every doubt about the arms and interventions of a record."""
    if record.tree is None:
        return
    found = groups(record)
    for rule in RULES:
        yield from rule(found)
