"""A record's facts as a Card: out of its tree, out of what a portal's page prints, out of its statements.

Takes a Record; gives the Card. The first step of the catalogue, after the first step of the walk. Nothing is guessed:
a day that is no day, a word that is no word of the registry stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stromal.catalogue.card import Arm, Card, Cited, Dose, Kind, Location, Official, Party, Passage, Span, Treatment
from stromal.read.dosing import stated_doses
from stromal.read.record import Number, Range, Reading, Record, Value
from stromal.read.study import Tree, at, listed, module, rows, words
from stromal.values import Place

# ---------------------------------------------------------------- words and days

_MONTHS = {name: number for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
                                                       "oct", "nov", "dec"), 1)}  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:T.*)?")
_NAMED = re.compile(
    r"(?:(?P<before>\d{1,2})\s+)?(?P<month>[A-Za-z]{3,9})\.?\s+(?:(?P<after>\d{1,2}),?\s+)?(?P<year>\d{4})"
)
_NUMERAL = r"(?:[1-4]|iv|i{1,3})(?![a-z0-9])"
_PHASE = re.compile(rf"(?P<early>early[\s_]*)?phase[\s_]*(?P<one>{_NUMERAL})(?:\s*[/-]\s*(?P<two>{_NUMERAL}))?")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_LEAP = "02-29"
_EXACT = 2**53
"""Whole numbers beyond this are kept as floats, as JSON and MessagePack readers keep them."""


def dated(text: str) -> str | None:
    """A day or a month as `2021-03-05` or `2021-03`; None when the text is neither."""
    text = text.strip()
    iso, named = _ISO.fullmatch(text), _NAMED.fullmatch(text)
    if iso:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3] or 0)
    elif named and named["month"][:3].lower() in _MONTHS:
        year, month = int(named["year"]), _MONTHS[named["month"][:3].lower()]
        day = int(named["before"] or named["after"] or 0)
    else:
        return None
    if not (1 <= month <= 12 and 0 <= day <= 31):
        return None
    return f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}"


def year_after(day: str | None) -> str | None:
    """The same day or month a year later."""
    if day is None:
        return None
    later = f"{int(day[:4]) + 1:04}{day[4:]}"
    return later.replace(_LEAP, "02-28") if later.endswith(_LEAP) else later


def coded(text: str | None) -> str | None:
    """A word as the registry codes it: `Active, not recruiting` -> `ACTIVE_NOT_RECRUITING`; None for nothing."""
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") or None if text else None


def phases_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The phases that texts name, coded: `Phase 1/Phase 2` -> PHASE1, PHASE2; NA where a phase does not apply."""
    found: dict[str, None] = {}
    for text in texts:
        lower = text.lower()
        for match in _PHASE.finditer(lower):
            early = "EARLY_" if match["early"] else ""
            found[f"{early}PHASE{_ROMAN.get(match['one'], match['one'])}"] = None
            if match["two"]:
                found[f"PHASE{_ROMAN.get(match['two'], match['two'])}"] = None
        if coded(text) in ("NA", "N_A", "NOT_APPLICABLE"):
            found["NA"] = None
    return tuple(found)


_KINDS: dict[str | None, Kind] = {"ACTUAL": "actual", "ESTIMATED": "planned", "ANTICIPATED": "planned"}


def _when(part: Tree, name: str) -> tuple[str | None, Kind | None]:
    """A date structure as its day and its kind."""
    day = dated(words(part, f"{name}Date")) or dated(str(at(part, f"{name}DateStruct.date") or ""))
    kind = at(part, f"{name}DateStruct.type")
    return day, _KINDS.get(coded(kind) if isinstance(kind, str) else None) if day else None


# ---------------------------------------------------------------- from the tree


def _some(part: Tree, name: str) -> str | None:
    return words(part, name).strip() or None


_MESH = "derivedSection.conditionBrowseModule"


def _others(about: Tree) -> tuple[str, ...]:
    """What else a trial is called, besides its number."""
    own = words(about, "nctId")
    others = [str(at(about, "orgStudyIdInfo.id") or ""), words(about, "acronym"), *listed(about, "nctIdAliases")]
    others += [words(row, "id") for row in rows(about, "secondaryIdInfos")]
    return tuple(dict.fromkeys(other for other in others if other and other != own))


def _identity(tree: Tree) -> dict[str, object]:
    about = module(tree, "identification")
    return {
        "other_ids": _others(about),
        "title": _some(about, "briefTitle") or _some(about, "officialTitle"),
        "official_title": _some(about, "officialTitle"),
        "conditions": listed(module(tree, "conditions"), "conditions"),
        "keywords": listed(module(tree, "conditions"), "keywords"),
        "mesh": tuple(term for term in _mesh(tree) if term),
    }


def _mesh(tree: Tree) -> Iterator[str]:
    found = at(tree, _MESH)
    return (words(row, "term") for row in rows(found if isinstance(found, dict) else {}, "meshes"))


def _design(tree: Tree) -> dict[str, object]:
    part = module(tree, "design")
    shape = at(part, "designInfo")
    shape = shape if isinstance(shape, dict) else {}
    count, kind = at(part, "enrollmentInfo.count"), at(part, "enrollmentInfo.type")
    known = isinstance(count, int) and not isinstance(count, bool)
    return {
        "phases": phases_in(listed(part, "phases")),
        "study_type": coded(words(part, "studyType")),
        "allocation": coded(words(shape, "allocation")),
        "model": coded(words(shape, "interventionModel") or words(shape, "observationalModel")),
        "masking": coded(str(at(shape, "maskingInfo.masking") or "")),
        "purpose": coded(words(shape, "primaryPurpose")),
        "enrolment": count if known else None,
        "enrolment_kind": _KINDS.get(coded(kind) if isinstance(kind, str) else None) if known else None,
    }


def _course(tree: Tree) -> dict[str, object]:
    part = module(tree, "status")
    made: dict[str, object] = {"status": coded(words(part, "overallStatus"))}
    for name, field in (("start", "start"), ("primary_completion", "primaryCompletion"), ("completion", "completion")):
        made[name], made[f"{name}_kind"] = _when(part, field)
    made["first_submitted"] = dated(words(part, "studyFirstSubmitDate"))
    made["first_posted"], _ = _when(part, "studyFirstPost")
    made["results_first_posted"], _ = _when(part, "resultsFirstPost")
    made["updated"] = _when(part, "lastUpdatePost")[0] or dated(words(part, "lastUpdateSubmitDate"))
    made["verified"] = dated(words(part, "statusVerifiedDate"))
    flag = tree.get("hasResults")
    posted = "resultsSection" in tree or made["results_first_posted"] is not None
    made["has_results"] = flag if isinstance(flag, bool) else True if posted else None
    return made


def _people(tree: Tree) -> dict[str, object]:
    part, contacts = module(tree, "sponsor"), module(tree, "contacts")
    lead = at(part, "leadSponsor")
    parties = rows(part, "collaborators")
    locations = tuple(
        Location(_some(row, "facility"), _some(row, "city"), _some(row, "country"), coded(words(row, "status")))
        for row in rows(contacts, "locations")
    )
    return {
        "sponsor": _party(lead) if isinstance(lead, dict) and words(lead, "name") else None,
        "collaborators": tuple(_party(row) for row in parties if words(row, "name")),
        "officials": tuple(
            Official(words(row, "name"), _some(row, "affiliation"), coded(words(row, "role")))
            for row in rows(contacts, "overallOfficials")
            if words(row, "name")
        ),
        "locations": locations,
        "countries": tuple(dict.fromkeys(place.country for place in locations if place.country)),
    }


def _party(row: Tree) -> Party:
    return Party(words(row, "name"), coded(words(row, "class")))


def _treatments(tree: Tree) -> dict[str, object]:
    part, who = module(tree, "arms"), module(tree, "eligibility")
    healthy = who.get("healthyVolunteers")
    return {
        "arms": tuple(
            Arm(words(row, "label"), coded(words(row, "type")), listed(row, "interventionNames"))
            for row in rows(part, "armGroups")
            if words(row, "label")
        ),
        "interventions": tuple(
            Treatment(words(row, "name"), coded(words(row, "type")), listed(row, "otherNames"))
            for row in rows(part, "interventions")
            if words(row, "name")
        ),
        "sex": coded(words(who, "sex")),
        "healthy": healthy if isinstance(healthy, bool) else None,
    }


# ---------------------------------------------------------------- from a portal's page


def _printed(record: Record) -> dict[str, object]:
    """What a page without a tree states about the same things."""

    def texts(name: str) -> tuple[str, ...]:
        statement = record.statement(name)
        value = statement.value if statement else None
        parts = value if isinstance(value, tuple) else (value,)
        return tuple(str(part) for part in parts if isinstance(part, str) and part)

    def one(name: str) -> str | None:
        found = texts(name)
        return found[0] if len(found) == 1 else None

    enrolled = record.statement("planned_enrolment")
    sponsor, healthy = one("sponsor"), one("healthy_volunteers")
    made: dict[str, object] = {
        "title": record.title or None,
        "conditions": texts("conditions"),
        "phases": phases_in(texts("phase")),
        "sponsor": Party(sponsor) if sponsor else None,
        "enrolment": enrolled.value if enrolled and isinstance(enrolled.value, int) else None,
        "sex": coded(one("sex")),
        "healthy": {"yes": True, "no": False}.get((healthy or "").lower()),
        "locations": tuple(Location(item.text) for item in record.items("locations") if item.text),
    }
    for name in ("status", "study_type", "allocation", "model", "masking", "purpose"):
        made[name] = coded(one(name))
    for name in ("start", "primary_completion", "completion", "updated"):
        made[name] = dated(one(name) or "")
    return made


# ---------------------------------------------------------------- from the statements

_FIELD_WORDS = {
    "route": "routes", "product_tissue": "tissues", "product_donor": "donors", "product_processing": "processing",
}  # fmt: skip
"""Statements whose values are words of the field, and the list of the card that holds them."""
_SPANS = {"administrations": "administrations", "interval": "intervals", "age": "ages"}


def _first(places: tuple[Place, ...]) -> tuple[str, str, int]:
    return (places[0].quote, places[0].path, places[0].line) if places else ("", "", 0)


def _readings(record: Record, name: str) -> Iterator[Reading]:
    """The readings of a statement and of those that stand beside it (`interval`, `interval_2`)."""
    for statement in record.statements:
        if re.fullmatch(rf"{name}(?:_\d+)?", statement.name):
            yield from statement.readings


def _cited(record: Record) -> Iterator[Cited]:
    for name in _FIELD_WORDS:
        seen: set[str] = set()
        for reading in _readings(record, name):
            values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
            for value in values:
                if isinstance(value, str) and value not in seen:
                    seen.add(value)
                    places = _saying(value, reading.places) if len(values) > 1 else reading.places
                    yield Cited(name, value, reading.state, *_first(places))


def _saying(value: str, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places, out of those of several words, whose quotes say this one; else the first, without its words."""
    begins = [word[:4] for word in re.findall(r"[a-z]{4,}", value.lower())]
    found = tuple(place for place in places if any(begin in place.quote.lower() for begin in begins))
    return found or tuple(place.quoting("") for place in places[:1])


def _numbers(value: Value) -> tuple[Number | None, Number | None] | None:
    if isinstance(value, Range):
        return value.low, value.high
    return (value, value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _spans(record: Record, name: str) -> tuple[Span, ...]:
    """Every number or stretch that a statement and those beside it give; each once."""
    made: dict[tuple[Number | None, Number | None, str], Span] = {}
    for reading in _readings(record, name):
        values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
        for value in values:
            ends = _numbers(value)
            if ends:
                low, high = (end if end is None else _kept(end) for end in ends)
                span = Span(low, high, reading.unit, reading.state, *_first(reading.places))
                made.setdefault((low, high, reading.unit), span)
    return tuple(made.values())


def _kept(number: Number) -> Number:
    return float(number) if abs(number) > _EXACT else number


def _doses(record: Record) -> Iterator[Dose]:
    for dose in stated_doses(record):
        yield Dose(_kept(dose.low), _kept(dose.high), dose.per_kg, dose.state, dose.name, *_first(dose.places))


def _stated(record: Record) -> dict[str, object]:
    cited = tuple(_cited(record))
    made: dict[str, object] = {
        field: tuple(each.value for each in cited if each.name == name) for name, field in _FIELD_WORDS.items()
    }
    made |= {field: _spans(record, name) for name, field in _SPANS.items()}
    return made | {"cited": cited, "doses": tuple(_doses(record))}


def _due(made: dict[str, object]) -> str | None:
    """When results fall due: a year after the primary completion of an interventional trial."""
    completion = made.get("primary_completion")
    interventional = made.get("study_type") == "INTERVENTIONAL"
    return year_after(completion) if interventional and isinstance(completion, str) else None


def card(record: Record, *, line: int = 0, digest: str = "") -> Card:
    """The card of a record; `line` is where it begins in its file, `digest` the hash of its source.

    A page that prints no registry number is known by its place: `page.txt`, or `many.jsonl:12`.
    """
    made = _stated(record)
    tree = record.tree
    for part in (_identity, _design, _course, _people, _treatments) if tree is not None else ():
        made |= part(tree or {})
    if tree is None:
        made |= _printed(record)
    made["results_due"] = _due(made)
    place = f"{record.file}:{line}" if line else record.file
    named = words(module(tree or {}, "identification"), "nctId")
    own = {
        "id": record.registry_id or named or place,
        "file": record.file,
        "line": line,
        "format": record.layout,
        "digest": digest,
    }
    return Card(**made | own)  # type: ignore[arg-type]


def passages(record: Record) -> Iterator[Passage]:
    """Every line by which a trial can be found, with its section and its place, in the order of the page."""
    for section in record.sections:
        for item in section.items:
            if item.text:
                yield Passage(section.name, item.place.path, item.place.line, item.text)
    if record.tree is not None:
        for name in _others(module(record.tree, "identification")):
            yield Passage("ids", "protocolSection.identificationModule", 1, name)
        for number, term in enumerate(_mesh(record.tree)):
            yield Passage("mesh", f"{_MESH}.meshes[{number}]", 1, term)
