"""Sections -> the statements of a record: every fact the page states, settled from all places that speak of it.

Takes the sections of a page; gives the Record. Tables say which readers look at which sections and what each field
means, so that the same facts come out of every layout. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from stromal.read import aims, counts, prose
from stromal.read.ages import age_statement
from stromal.read.comparing import held
from stromal.read.criteria import Criteria, criteria, lost_first
from stromal.read.doses import ROUTE, doses, routes, vehicles, volumes
from stromal.read.dosing import dose_statements
from stromal.read.labs import likely_unit
from stromal.read.layout import REGISTRY_ID
from stromal.read.limits import limits, windows
from stromal.read.numerals import ENDED, durations, lowered, tidy
from stromal.read.outcomes import outcome_statements
from stromal.read.phrases import pattern, small
from stromal.read.readers import Reader, Readers
from stromal.read.record import Fields, Item, Range, Reading, Record, Section, Statement, Value, gather, settle
from stromal.read.study import Tree
from stromal.read.vocabulary import MESENCHYMAL
from stromal.values import Place

TELLING = ("title", "summary", "description", "population", "tested", "arms", "interventions", "treatment")
"""Sections whose sentences speak of this trial; what portals say of other trials, or machines answer, is never read."""
OUTCOMES = ("primary_outcomes", "secondary_outcomes", "other_outcomes", "outcomes")

_CELLS = (
    Reader(doses, (counts.NEEDED,)),
    Reader(volumes, (rf"{ENDED}\s*-?\s*(?:ml|mls|cc|millilit(?:er|re)s?)\b",)),
    Reader(vehicles, (r"\bml\s", r"saline|ringer|plasma-?lyte|dextrose|albumin|dextran")),
    Reader(routes, (ROUTE,)),
)
_READERS = {
    **dict.fromkeys(TELLING, Readers((*_CELLS, *prose.READERS, *aims.READERS))),
    **dict.fromkeys(OUTCOMES, Readers((prose.FOLLOW_UPS, aims.MEASURES_NAMED))),
    "timeline": Readers((prose.FOLLOW_UPS,)),
}
"""Which readers look at the lines of which sections."""

Readings = dict[str, list[Reading]]
"""Every reading of the page, by the name of what it speaks of."""


def _prose_readings(sections: tuple[Section, ...]) -> Readings:
    made: Readings = {}
    for section in sections:
        readers = _READERS.get(section.name)
        if readers is None:
            continue
        for item in section.items:
            if item.label not in _NOT_TELLING:
                for found in readers.found_in(item.place.quote):
                    made.setdefault(found.name, []).extend(found.readings(item))
    return made


_NOT_TELLING = ("resource", "button", "answered_by")
"""Labels of items that say nothing about the trial."""


# ---------------------------------------------------------------- fields that portals print as such

_FIELDS = (
    "status", "phase", "study_type", "start", "completion", "primary_completion", "allocation", "model", "purpose",
    "masking", "sex", "healthy_volunteers", "sponsor", "updated",
)  # fmt: skip


Labelled = Mapping[str, Sequence[Item]]
"""The items that carry a label, by their label."""


def _labelled(sections: tuple[Section, ...]) -> Labelled:
    made: dict[str, list[Item]] = {}
    for section in sections:
        for item in section.items:
            if item.label and item.text:
                made.setdefault(item.label, []).append(item)
    return made


def _field_statement(fields: Labelled, label: str) -> Statement:
    return settle(label, [Reading(item.text, "", (item.place,)) for item in fields.get(label, ())])


def _sponsor(sections: tuple[Section, ...], fields: Labelled) -> Statement:
    """The sponsor: a field, or the first item of the section that names sponsors."""
    stated = _field_statement(fields, "sponsor")
    if stated.state != "missing":
        return stated
    named = next((s.items[0] for s in sections if s.name == "sponsor" and s.items and not s.items[0].label), None)
    return settle("sponsor", [Reading(named.text, "", (named.place,))] if named else [])


def _whole(text: str) -> int | None:
    digits = re.match(r"[\d,]+", text)
    return int(digits[0].replace(",", "")) if digits else None


def _enrolment(fields: Labelled, readings: Readings) -> Statement:
    """The number of participants. Where the portal prints it, a sentence about a part of them contradicts nothing."""
    printed = [
        Reading(count, "participants", (item.place,))
        for item in fields.get("planned_enrolment", ())
        if (count := _whole(item.text)) is not None
    ]
    sure, whole, some = (readings.get(f"{kind}_enrolment", []) for kind in ("all", "whole", "some"))
    if printed:
        known = {reading.value for reading in printed}
        same = [reading for reading in (*whole, *some) if reading.value in known]
        return settle("planned_enrolment", [*printed, *sure, *same])
    return settle("planned_enrolment", sure or whole or some, "stated in prose only" if sure or whole or some else "")


# ---------------------------------------------------------------- identity


def _identity(sections: tuple[Section, ...], fields: Labelled) -> tuple[Statement, Statement]:
    """Registry id and title, only where the page prints them as its own: ids of related trials are not this trial's."""
    fielded = fields.get("registry_id", ())
    own = [(REGISTRY_ID.search(item.place.quote), item) for item in fielded]
    labelled = [item for s in sections if s.name in ("media", "label", "title") for item in s.items]
    own += [(REGISTRY_ID.search(item.place.quote), item) for item in labelled] if not fielded else []
    ids = [Reading(m[0], "", (i.place.quoting(m[0]),)) for m, i in own if m]
    return settle("registry_id", ids), settle("title", _titles(sections))


def _titles(sections: tuple[Section, ...]) -> list[Reading]:
    items = [i for s in sections if s.name == "title" for i in s.items if i.text and i.label in ("", "label")]
    if not items:
        return []
    # Power prints the kind of treatment above the title; elsewhere the title stands alone.
    chosen = (
        items[-1] if any(s.field("led_by") or s.field("button") for s in sections if s.name == "title") else items[0]
    )
    return [Reading(chosen.text, "", (chosen.place,))]


def _conditions(sections: tuple[Section, ...]) -> Statement:
    items = [i for s in sections if s.name == "conditions" for i in s.items if i.text]
    value = tuple(item.text for item in items)
    places = tuple(item.place for item in items)
    return settle("conditions", [Reading(value, "", places)] if items else [])


# ---------------------------------------------------------------- criteria


def _counts(found: Criteria, sections: tuple[Section, ...]) -> Iterator[Statement]:
    """How many criteria each list holds; a list whose first items are lost may hold more than it shows."""
    if not found.given:
        yield settle("inclusion_criteria_count", [])
        yield settle("exclusion_criteria_count", [])
        return
    total = len(found.inclusion) + len(found.exclusion)
    for side, items in (("inclusion", found.inclusion), ("exclusion", found.exclusion)):
        name = f"{side}_criteria_count"
        places = tuple(item.place for item in items)
        if not found.headed:
            counts = [turn if side == "inclusion" else total - turn for turn in found.turns]
            note = "the page prints one list without headings; parted where the wording turns from asking to barring"
            yield settle(name, _unheaded(counts, places, note, found.sure), note)
            continue
        printed = [s for s in sections if s.name in (side, f"{side}_questions")]
        lost = next((hit for s in printed if (hit := lost_first(s))), None)
        yield settle(name, _counted(len(items), lost, places))


def _unheaded(counts: list[int], places: tuple[Place, ...], note: str, sure: bool) -> list[Reading]:
    if sure:
        return [Reading(counts[0], "criteria", places, "repaired", note)]
    # Where the list may turn nearly anywhere, the places stand with the first count alone, not with each of hundreds.
    other = places if len(counts) <= _FEW else ()
    return [Reading(n, "criteria", other if at else places, "ambiguous", note) for at, n in enumerate(counts)]


_FEW = 20


def _counted(count: int, lost: tuple[int, Item] | None, places: tuple[Place, ...]) -> list[Reading]:
    if lost is None:
        return [Reading(count, "criteria", places)] if places else []
    note = f"{count} are shown, but the numbering begins at {lost[0]}"
    return [
        Reading(count, "criteria", places, "ambiguous", note),
        Reading(count + lost[0] - 1, "criteria", places, "ambiguous", note),
    ]


_SIDES = {"inclusion": "asked of those who take part", "exclusion": "a reason to exclude"}


def _sided(found: Criteria, sections: tuple[Section, ...]) -> Iterator[tuple[Item, str]]:
    """Every criterion with what it does; sentences about who the study is for count too."""
    yield from ((item, _SIDES["inclusion"]) for item in found.inclusion)
    yield from ((item, _SIDES["exclusion"]) for item in found.exclusion)
    yield from ((item, "") for s in sections if s.name == "population" for item in s.items if not item.label)


def _criterion_statements(found: Criteria, sections: tuple[Section, ...]) -> Iterator[Statement]:
    """Limits and windows of each criterion. Two limits on one thing are two rules, and both stand: `fvc`, `fvc_2`."""
    made: dict[str, dict[tuple[tuple[Value, str], ...], list[list[Reading]]]] = {}
    for item, side in _sided(found, sections):
        line = item.place.quote
        if not any(held(line)):
            continue
        for limit in (*limits(line), *windows(line)):
            tied = f"{limit.side} {limit.anchor}".strip()
            note = "; ".join(filter(None, (limit.note, tied, side)))
            readings = [doubted for r in limit.readings(item) for doubted in _doubted(limit.name, r, note)]
            said = tuple((r.value, r.unit) for r in readings)
            made.setdefault(limit.name, {}).setdefault(said, []).append(readings)
    for name, groups in made.items():
        for count, group in enumerate(groups.values(), 1):
            yield settle(name if count == 1 else f"{name}_{count}", _everywhere(group))


def _everywhere(group: list[list[Reading]]) -> list[Reading]:
    """The readings that several criteria share, each with all their places."""
    if len(group) == 1:
        return group[0]
    return [
        replace(same[0], places=tuple(place for reading in same for place in reading.places))
        for same in zip(*group, strict=True)
    ]


def _doubted(name: str, reading: Reading, note: str) -> Iterator[Reading]:
    """A laboratory limit in a unit that cannot be right keeps its printed reading beside the one probably meant."""
    value = reading.value
    likely = likely_unit(name, value, reading.unit) if isinstance(value, Range | int | float) else None
    if likely is None:
        yield Reading(value, reading.unit, reading.places, reading.state, note)
        return
    doubt = f"printed in {reading.unit}, which no living person shows; {likely} is probably meant; {note}"
    yield Reading(value, reading.unit, reading.places, "ambiguous", doubt)
    yield Reading(value, likely, reading.places, "ambiguous", doubt)


# ---------------------------------------------------------------- what the prose says, settled


_SETTLED = (
    "administrations", "interval", "volume", "fluid_removed", "harvest_volume", "vehicle", "visit_interval", "run_in",
    "treatment_duration", "baseline", "baseline_window", "conditioning", "safety_rule", "analysis", "same_donor",
    "second_product", "product_passage",
)  # fmt: skip
_LISTED = ("route", "assessments", "product_processing")
"""Names whose several values stand side by side and contradict nothing."""


def _together(name: str, readings: list[Reading]) -> Statement:
    """One statement whose value is everything named, in the order of the page."""
    values: dict[Value, Place] = {}
    for reading in readings:
        values.setdefault(reading.value, reading.places[0])
    if name == "route" and len(values) > 1:
        values.pop("local", None)  # which way is meant, the other words say
        readings = [reading for reading in readings if reading.value in values]
    if name == "route" and len(values) == 1:
        return settle(name, readings)
    places = tuple(dict.fromkeys(place for reading in readings for place in reading.places))
    return settle(name, [Reading(tuple(values), "", places)] if values else [])


def _share_a_line(readings: list[Reading]) -> bool:
    """Whether some line gives two different values, neither of them a second reading of the same words."""
    lines: dict[tuple[str, int], set[tuple[Value, str]]] = {}
    for reading in readings:
        if reading.state != "ambiguous":
            for place in reading.places:
                lines.setdefault((place.path, place.line), set()).add((reading.value, reading.unit))
    return any(len(values) > 1 for values in lines.values())


def _beside(name: str, readings: list[Reading]) -> Iterator[Statement]:
    """One statement, or several where one line gives several values: those follow each other and contradict nothing."""
    if not _share_a_line(readings):
        yield settle(name, readings)
        return
    for count, reading in enumerate(gather(readings), 1):
        yield settle(name if count == 1 else f"{name}_{count}", [reading])


def _visits(readings: list[Reading]) -> Iterator[Statement]:
    """The visit times: the longest list first, with the lists that it contains; other lists stand beside it."""
    left = [(reading, reading.value) for reading in readings if isinstance(reading.value, tuple)]
    count = 0
    while left:
        count += 1
        longest, held = max(left, key=lambda pair: len(pair[1]))
        inside = [(r, v) for r, v in left if r.unit == longest.unit and set(v) <= set(held)]
        left = [pair for pair in left if pair not in inside]
        yield settle("visits" if count == 1 else f"visits_{count}", (replace(r, value=held) for r, _ in inside))


def _screening(fields: Labelled) -> Statement:
    """How long screening takes, where a portal's timeline says so."""
    readings = []
    for item in fields.get("screening", ()):
        for length in durations(item.place.quote):
            quote = item.place.quote[: length.end].strip()
            place = item.place.quoting(quote)
            readings.append(Reading(length.value, length.unit, (place,), note="the portal's own estimate"))
    return settle("screening", readings)


_SOURCES = ("product_donor", "product_tissue")


def _source(name: str, readings: list[Reading]) -> Statement:
    """Whence the cells come: two sources named in one breath belong together, two named apart contradict each other."""
    return _together(name, readings) if _share_a_line(readings) else settle(name, readings)


_PARTS = {"product_donor": _source, "product_tissue": _source, "product_processing": _together}


def _product(sections: tuple[Section, ...], readings: Readings) -> Statement:
    """The product in one statement, out of what is sure about it."""
    parts: list[tuple[str, Value]] = []
    places: dict[Place, None] = {}
    for name in ("product_donor", "product_tissue", "product_processing", "product_passage", "same_donor"):
        known = _PARTS.get(name, settle)(name, readings.get(name, []))
        if known.sure:
            parts.append((name.removeprefix("product_"), known.value))
            places |= dict.fromkeys(known.places)
    if not parts:
        return settle("product", [])
    telling = (item.place.quote for section in sections if section.name in TELLING for item in section.items)
    if any(_MESENCHYMAL.search(lowered(line)) for line in telling):
        parts.insert(0, ("cells", "mesenchymal stromal cells"))
    return settle("product", [Reading(Fields(tuple(parts)), "", tuple(places))])


_MESENCHYMAL = small(MESENCHYMAL.pattern)
_GROUPS = pattern(r"parallel|crossover|factorial|sequential|randomized|randomised")
_DIFFER = ("dose", "dose_1", "dose_2", "administrations", "interval", "volume", "treatment_duration", "product_donor",
           "product_tissue")  # fmt: skip


def _several_groups(sections: tuple[Section, ...], fields: Labelled) -> bool:
    """Whether people are treated in groups that may differ: then different values need not contradict each other."""
    shapes = [item.text for label in ("model", "allocation") for item in fields.get(label, ())]
    kinds = [item for section in sections for item in section.items if item.label == "group_type"]
    return len(kinds) > 1 or any(_GROUPS.fullmatch(text.replace("_", " ").split()[0]) for text in shapes)


def _by_group(statement: Statement) -> Statement:
    """Different values on a page with several groups: each group may have its own, so both stand."""
    if statement.state != "contradictory" or statement.name not in _DIFFER:
        return statement
    return replace(statement, state="ambiguous", note="the trial has several groups, and each may have its own")


def _follow_ups(readings: list[Reading]) -> Iterator[Statement]:
    """Follow-up after the last dose, where sentences say so; follow-up counted otherwise stands beside it."""
    last = [reading for reading in readings if "last" in reading.note or "final" in reading.note]
    other = [reading for reading in readings if reading not in last]
    if last:
        yield from _beside("follow_up", last)
        known = {(reading.value, reading.unit) for reading in last}
        other = [reading for reading in other if (reading.value, reading.unit) not in known]
        if other:
            yield from _beside("follow_up_otherwise", other)
    else:
        yield from _beside("follow_up", other)


_NAMING = ("title", "arms", "interventions")


def _named_first(sections: tuple[Section, ...], readings: list[Reading]) -> list[Reading]:
    """What the title and the arms call the product outweighs what other sentences compare it with."""
    lines = {(i.place.path, i.place.line) for s in sections if s.name in _NAMING for i in s.items}
    naming = {reading.value for reading in readings if any((p.path, p.line) in lines for p in reading.places)}
    return [reading for reading in readings if not naming or reading.value in naming]


_EXPECTED = (
    "registry_id", "title", "status", "phase", "planned_enrolment", "sponsor", "conditions", "sex", "age", "dose",
    "route", "administrations", "product", "primary_outcome", "secondary_outcomes", "follow_up",
    "inclusion_criteria_count", "exclusion_criteria_count",
)  # fmt: skip
"""What a registry page should state: where it does not, the statement says that it is missing."""


def _said(names: Iterable[str], known: Container[str], *also: str) -> list[str]:
    """The names of which the page says something, or ought to: nobody misses the others."""
    return [name for name in names if name in known or name in _EXPECTED or name in also]


def _every(sections: tuple[Section, ...], fields: Labelled) -> Iterator[Statement]:
    readings = _prose_readings(sections)
    for name in _SOURCES:
        readings[name] = _named_first(sections, readings.get(name, []))
    yield from _identity(sections, fields)
    for label in _said(_FIELDS, fields, "sponsor"):
        yield _sponsor(sections, fields) if label == "sponsor" else _field_statement(fields, label)
    yield _conditions(sections)
    yield _enrolment(fields, readings)
    yield age_statement(sections)
    yield from dose_statements(readings)
    yield _product(sections, readings)
    for name in _said(_SETTLED, readings):
        yield from _beside(name, readings.get(name, []))
    yield from _follow_ups(readings.get("follow_up", []))
    for name in _said(_LISTED, readings):
        yield _together(name, readings.get(name, []))
    for name in _said(_SOURCES, readings):
        yield _source(name, readings.get(name, []))
    yield from _visits(readings.get("visits", []))
    yield _screening(fields)
    yield from outcome_statements(sections, readings)
    listed = criteria(sections)
    yield from _counts(listed, sections)
    yield from _criterion_statements(listed, sections)


def record(layout: str, file: str, sections: tuple[Section, ...], tree: Tree | None = None) -> Record:
    """The record of a page: every statement that has something to say, and those that a page ought to make."""
    statements: dict[str, Statement] = {}
    fields = _labelled(sections)
    several = _several_groups(sections, fields)
    for statement in map(_by_group, _every(sections, fields)) if several else _every(sections, fields):
        if statement.state != "missing" or statement.name in _EXPECTED or statement.note:
            statements.setdefault(statement.name, statement)
    if "dose_1" in statements and statements["dose"].state == "missing":
        del statements["dose"]
    known = {name: str(statements[name].value or "") for name in ("registry_id", "title")}
    return Record(known["registry_id"], tidy(known["title"]), layout, file, sections, tuple(statements.values()), tree)
