"""Two records of one trial -> what changed between them, in words, what matters first.

Takes two Records; gives Changes, each with its place in both. Every field of both trees is compared, so that nothing
is hidden: what has no words of its own is told by its path. Blanks and list marks are no difference. Stands beside
`check` after the first step of the walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stromal.read.alignment import Pair, align, plain
from stromal.read.dosing import stated_doses
from stromal.read.paths import spoken
from stromal.read.record import Item, Record, show
from stromal.values import Finding, Place, Unusable
from stromal.values import plain as number_words

Kind = Literal["added", "removed", "changed", "moved"]
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("number of participants", ("designModule.enrollmentInfo",)),
    ("outcomes", ("outcomesModule",)),
    ("criteria", ("eligibilityModule",)),
    ("doses", ()),
    ("arms and interventions", ("armsInterventionsModule", "designModule.designInfo", "designModule.phases")),
    ("sites", ("contactsLocationsModule.locations",)),
    ("dates", (
        "statusModule.startDateStruct", "statusModule.primaryCompletionDateStruct", "statusModule.completionDateStruct",
    )),
    ("status", ("statusModule.overallStatus", "statusModule.whyStopped", "statusModule.lastKnownStatus")),
    ("sponsor", ("sponsorCollaboratorsModule",)),
    ("titles and texts", ("identificationModule", "descriptionModule", "conditionsModule", "designModule")),
    ("results", ("resultsSection", "hasResults")),
    ("everything else", ("",)),
)  # fmt: skip
"""The parts of a record in the order they are told, each with the beginnings of its paths."""
_KEYS: dict[str, tuple[str, ...]] = {
    "primaryOutcomes": ("measure",), "secondaryOutcomes": ("measure",), "otherOutcomes": ("measure",),
    "armGroups": ("label",), "interventions": ("name",), "locations": ("facility", "city", "country"),
    "overallOfficials": ("name",), "centralContacts": ("name",), "collaborators": ("name",),
    "references": ("citation", "pmid"), "secondaryIdInfos": ("id",), "seeAlsoLinks": ("url",),
}  # fmt: skip
"""What a row of a list goes by, where it is known; other rows go by everything in them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the part of the record, what it is, its text before and after, and the places of both."""

    part: str
    what: str
    kind: Kind
    before: str | None
    after: str | None
    places: tuple[Place, ...]

    @property
    def path(self) -> str:
        """The path of the field, in the later record where it stands there."""
        return self.places[-1].path if self.places else ""

    def __str__(self) -> str:
        """One sentence."""
        match self.kind:
            case "added":
                return f"{self.what} is new: {self.after}"
            case "removed":
                return f"{self.what} is gone: {self.before}"
            case "moved":
                return f"{self.what}: {self.after}"
            case "changed":
                return f"{self.what} was {self.before}; now {self.after}"


def changes(before: Record, after: Record) -> tuple[Change, ...]:
    """What changed from one record of a trial to another, what matters first. Unusable when the trials differ."""
    _one_trial(before, after)
    if before.tree is None or after.tree is None:
        found = [*_doses(before, after), *_pages(before, after)]
    else:
        found = [*_doses(before, after), *_criteria(before, after), *_fields(before, after)]
    order = [name for name, _ in PARTS]
    return tuple(sorted(found, key=lambda change: order.index(change.part)))


def _one_trial(before: Record, after: Record) -> None:
    places = (Place(0, "", before.file), Place(0, "", after.file))
    if before.registry_id != after.registry_id and before.registry_id and after.registry_id:
        message = f"these are two trials, {before.registry_id} and {after.registry_id}: versions of one are compared"
        hint = "give two records of one trial; `stromal related` sets different trials side by side"
        raise Unusable(Finding("versions.other_trial", "error", message, places, hint))
    if (before.tree is None) != (after.tree is None):
        message = "one is a registry's record and the other a portal's page, which leaves fields out"
        raise Unusable(Finding("versions.other_kind", "error", message, places, "get the record of both dates"))


# ---------------------------------------------------------------- field by field

_CRITERIA = "protocolSection.eligibilityModule.eligibilityCriteria"


def _part(path: str) -> str:
    inside = path.removeprefix("protocolSection.")
    return next(name for name, starts in PARTS if any(inside.startswith(start) for start in starts))


def _said(path: str) -> str:
    """A field in words; with its path where it has none of ours."""
    return spoken(path) if path.startswith("protocolSection.") else path


def _text(value: Any) -> str:
    """A value as people read it: rows as their fields, lists as their rows."""
    if isinstance(value, Mapping) and set(value) == {"date", "type"}:
        return f"{value['date']} ({str(value['type']).lower()})"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(held)}" for key, held in value.items())
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    return value if isinstance(value, str) else show(value)


def _change(record_before: Record, record_after: Record, old: tuple[str, Any], new: tuple[str, Any]) -> Change:
    """A change of one field; None as a value means that the field is not there."""
    (old_path, before), (new_path, after) = old, new
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    texts = [None if value is None else _text(value) for value in (before, after)]
    places = []
    for record, path, text in ((record_before, old_path, texts[0]), (record_after, new_path, texts[1])):
        if text is not None:
            places.append(Place(1, text, record.file, path))
    path = new_path if after is not None else old_path
    return Change(_part(path), _said(path), kind, texts[0], texts[1], tuple(places))


def _fields(before: Record, after: Record) -> Iterator[Change]:
    for old, new in _walk(("", before.tree), ("", after.tree)):
        if old[0] != _CRITERIA and new[0] != _CRITERIA:
            yield _change(before, after, old, new)


Field = tuple[str, Any]
"""A path with the value that stands there."""


def _walk(old: Field, new: Field) -> Iterator[tuple[Field, Field]]:
    """Every field whose value differs, with its path on both sides."""
    (old_path, before), (new_path, after) = old, new
    if before == after:
        return
    if isinstance(before or after, list):  # a list that is not there has no rows
        before, after = before or [], after or []
        old, new = (old_path, before), (new_path, after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*after, *before)):
            a, b = (f"{path}.{key}" if path else key for path in (old_path, new_path))
            yield from _walk((a, before.get(key)), (b, after.get(key)))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _rows(old, new)
    elif isinstance(before, str) and isinstance(after, str):
        if plain(before) != plain(after):
            yield old, new
    elif _empty(before) != _empty(after) or not _empty(before):
        yield (old_path, None if _empty(before) else before), (new_path, None if _empty(after) else after)


def _empty(value: Any) -> bool:
    """Whether a value says nothing: not there, or an empty text, list or row."""
    return value is None or (isinstance(value, str | list | Mapping) and not value)


def _rows(old: Field, new: Field) -> Iterator[tuple[Field, Field]]:
    (old_path, before), (new_path, after) = old, new
    keys = _KEYS.get(new_path.rpartition(".")[2], ())

    def called(row: Any) -> str:
        known = [str(row[key]) for key in keys if isinstance(row, Mapping) and row.get(key)]
        return " ".join(known) or _text(row)

    pair: Pair[Any]
    for pair in align(before, after, called):
        a = (f"{old_path}[{pair.before[0]}]", pair.before[1]) if pair.before else (old_path, None)
        b = (f"{new_path}[{pair.after[0]}]", pair.after[1]) if pair.after else (new_path, None)
        if pair.before and pair.after:
            yield from _walk(a, b)
        else:
            yield a, b


# ---------------------------------------------------------------- criteria, item by item

_LISTS = ("inclusion", "exclusion", "criteria")
_SIDES = {"inclusion": "inclusion", "exclusion": "exclusion", "criteria": "criterion"}


def _sided(record: Record) -> list[tuple[str, Item]]:
    return [(section.name, item) for section in record.named(*_LISTS) for item in section.items if item.text]


def _criteria(before: Record, after: Record) -> Iterator[Change]:
    """Each criterion that came, went, was reworded or changed sides; else, a change of layout that no item shows."""
    old, new = (str(_criteria_text(record)) for record in (before, after))
    if plain(old) == plain(new):
        return
    told = False
    for pair in align(_sided(before), _sided(after), lambda row: row[1].text):
        change = _criterion(pair)
        if change:
            told = True
            yield change
    if not told:
        places = (Place(0, "", before.file, _CRITERIA), Place(0, "", after.file, _CRITERIA))
        words = "the same items, with other headings or numbers"
        yield Change("criteria", "layout of the criteria", "moved", None, words, places)


def _criteria_text(record: Record) -> Any:
    part: Any = record.tree
    for step in _CRITERIA.split("."):
        part = part.get(step, {}) if isinstance(part, Mapping) else {}
    return part or ""


def _criterion(pair: Pair[tuple[str, Item]]) -> Change | None:
    old = pair.before[1] if pair.before else None
    new = pair.after[1] if pair.after else None
    if old and new:
        places = (old[1].place, new[1].place)
        if old[0] != new[0]:
            words = f"moved from {old[0]} to {new[0]}: {new[1].text}"
            return Change("criteria", "criterion", "moved", old[1].text, words, places)
        if plain(old[1].text) == plain(new[1].text):
            return None
        return Change("criteria", _SIDES[new[0]], "changed", old[1].text, new[1].text, places)
    if new:
        return Change("criteria", _SIDES[new[0]], "added", None, new[1].text, (new[1].place,))
    if old:
        return Change("criteria", _SIDES[old[0]], "removed", old[1].text, None, (old[1].place,))
    return None  # pragma: no cover - a pair has at least one row


# ---------------------------------------------------------------- doses, and pages


def _amounts(record: Record) -> dict[str, tuple[Place, ...]]:
    made = {}
    for dose in stated_doses(record):
        ends = dict.fromkeys((number_words(dose.low), number_words(dose.high)))
        made[f"{' to '.join(ends)} {dose.unit}"] = dose.places[:1]
    return made


def _doses(before: Record, after: Record) -> Iterator[Change]:
    """Doses that only one of the records states; where each has one of its own, they replace each other."""
    old, new = _amounts(before), _amounts(after)
    gone = [amount for amount in old if amount not in new]
    come = [amount for amount in new if amount not in old]
    paired: list[tuple[str | None, str | None]] = [*((each, None) for each in gone), *((None, each) for each in come)]
    if len(gone) == len(come) == 1:
        paired = [(gone[0], come[0])]
    for a, b in paired:
        kind: Kind = "added" if a is None else "removed" if b is None else "changed"
        places = (*(old[a] if a else ()), *(new[b] if b else ()))
        yield Change("doses", "dose", kind, a, b, places)


def _pages(before: Record, after: Record) -> Iterator[Change]:
    """Pages have no fields: each item of each section is held against those of the other page's."""
    names = dict.fromkeys(section.name for record in (after, before) for section in record.sections)
    for name in names:
        pair: Pair[Item]
        for pair in align(list(before.items(name)), list(after.items(name)), _labelled):
            old = pair.before[1] if pair.before else None
            new = pair.after[1] if pair.after else None
            if old and new and plain(old.text) == plain(new.text):
                continue
            kind: Kind = "added" if old is None else "removed" if new is None else "changed"
            texts = [item.text if item else None for item in (old, new)]
            places = tuple(item.place for item in (old, new) if item)
            part = "criteria" if name in _LISTS else "outcomes" if "outcome" in name else "everything else"
            yield Change(part, name.replace("_", " "), kind, texts[0], texts[1], places)


def _labelled(item: Item) -> str:
    return f"{item.label} {item.text}".strip()
