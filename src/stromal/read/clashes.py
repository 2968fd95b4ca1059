"""Rules about places of a page that disagree: values, ages, recruiting, products.

Takes a Record; gives Findings, each with the places that disagree. Rows of the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from stromal.read.aims import other_product
from stromal.read.criteria import criteria
from stromal.read.paths import where
from stromal.read.phrases import pattern, sentence_at
from stromal.read.record import Fields, Item, Range, Record, Statement, show
from stromal.values import Finding, Place, Severity

_WORDS = {
    "interval": "time between doses",
    "visit_interval": "time between visits",
    "follow_up": "follow-up",
    "run_in": "run-in",
    "age": "age",
    "dose": "dose",
    "dose_1": "first dose",
    "dose_2": "second dose",
    "planned_enrolment": "number of participants",
    "product_donor": "donor of the cells",
    "product_tissue": "tissue of the cells",
    "administrations": "number of administrations",
}


def called(record: Record) -> str:
    """`page` or `record`: what a message calls that which was read."""
    return "page" if record.tree is None else "record"


def measured(name: str) -> str:
    """The name without the number that tells a second limit on the same thing from the first."""
    return re.sub(r"_\d$", "", name)


def words_for(name: str) -> str:
    """A statement's name as people say it."""
    return _WORDS.get(name, measured(name).replace("_", " "))


def said(statement: Statement) -> str:
    """Every reading with its places: `3 to 6 months (line 29) and 3 months (line 45)`."""
    parts = []
    for reading in statement.readings:
        amount = f"{show(reading.value)} {reading.unit}".strip()
        parts.append(f"{amount} ({_places(reading.places)})")
    return " and ".join(parts)


def _places(places: tuple[Place, ...]) -> str:
    """The lines of a page, or the fields of a record, each once."""
    if any(place.path for place in places):
        return "; ".join(dict.fromkeys(where(place) for place in places))
    lines = ", ".join(dict.fromkeys(str(place.line) for place in places))
    return f"line{'s' if ',' in lines else ''} {lines}"


def contradictions(record: Record) -> Iterator[Finding]:
    """A fact that two places of the page state differently."""
    hint = "ask the sponsor which is meant; a draft takes one reading and lists it under `assumed`"
    for statement in record.statements:
        if statement.state != "contradictory":
            continue
        if record.tree is None or statement.name == "age":
            message = f"the {called(record)} contradicts itself on the {words_for(statement.name)}: {said(statement)}"
            yield Finding(f"{statement.name}.contradiction", "contradiction", message, statement.places, hint)
        elif statement.name in _OF_ALL and (several := _in_sentences(record, statement)):
            message = f"the record gives several values for the {words_for(statement.name)}: {said(several)}"
            severity = _OF_ALL[statement.name]
            yield Finding(f"{statement.name}.contradiction", severity, message, several.places, hint)


_OF_ALL: dict[str, Severity] = {
    "interval": "contradiction", "follow_up": "warning", "dose": "warning", "administrations": "warning",
    "product_tissue": "warning", "product_donor": "warning",
}  # fmt: skip
"""What a registry's record says once for everybody. A longer text has room for parts and stages: most is a warning."""
_OWN = ("outcomesModule", "armGroups", "interventions")
"""Fields that speak of one outcome or one group, each with values of its own."""


def _of_everybody(place: Place) -> bool:
    return not any(name in place.path for name in _OWN)


def _of_doses(lines: Mapping[tuple[str, int], str], place: Place) -> bool:
    """Whether a sentence about time between doses does not begin with visits or tests."""
    text = lines.get((place.path, place.line), "")
    start, _ = sentence_at(text, max(text.find(place.quote), 0))
    return not _VISITS.search(text, start, start + _SUBJECT)


_SUBJECT = 40
"""Signs at the beginning of a sentence that tell what it is about."""


_VISITS = pattern(
    r"(?<!treatment )\bvisits?\b|\bfollow|\bFU\d?\b|\bassess|\bevaluat|\bseen\b|\bmonitor|\btests?\b|\bcultur"
)
"""Words of a sentence in which time passes between visits, or in the laboratory, rather than between doses."""


def _in_sentences(record: Record, statement: Statement) -> Statement | None:
    """The statement by the sentences about the whole trial alone, where these disagree."""
    if statement.name == "interval":
        lines = {(item.place.path, item.place.line): item.place.quote for item in record.items()}
        fits: Callable[[Place], bool] = partial(_of_doses, lines)
    else:
        fits = _of_everybody
    kept = [
        replace(reading, places=places)
        for reading in statement.readings
        if (places := tuple(place for place in reading.places if fits(place)))
    ]
    places = tuple(dict.fromkeys(place for reading in kept for place in reading.places))
    return replace(statement, readings=tuple(kept), places=places) if len(kept) > 1 else None


# ---------------------------------------------------------------- recruiting

_OPEN = pattern(
    r"\bwaitlist available\b|(?<!not )(?<!not yet )\brecruiting\b|\bspots? left|\benrolling by invitation\b"
)
_CLOSED = pattern(
    r"\bno longer (?:accepting|recruiting|enrolling)\b|\bnot currently (?:looking|recruiting|accepting|enrolling)\b",
    r"|\b(?:is|are) not (?:recruiting|accepting|looking)\b|\bclosed to (?:enrol\w*|accrual|recruitment)\b",
    r"|\brecruitment (?:is )?closed\b",
)
_CLOSED_STATUS = pattern(r"active[_, ]+not[_ ]recruiting|completed|terminated|withdrawn|suspended|closed")


def _standing(record: Record) -> Iterator[tuple[bool, Place]]:
    """Every place that says whether people can join: the status, the portal's notices, the answers it prints."""
    for item in record.items():
        if item.label == "status" and item.text:
            if _CLOSED_STATUS.fullmatch(item.text):
                yield False, item.place
            elif _OPEN.search(item.text):
                yield True, item.place
    for words, opened, sections in ((_OPEN, True, ("responsiveness",)), (_CLOSED, False, ("questions", "eligibility"))):
        for item in record.items(*sections):
            match = words.search(item.place.quote)
            if match:
                yield opened, item.place.quoting(match[0])


def recruiting(record: Record) -> Iterator[Finding]:
    """One place says that people can join, another that they cannot."""
    standing = tuple(_standing(record))
    opened = tuple(place for can_join, place in standing if can_join)
    closed = tuple(place for can_join, place in standing if not can_join)
    if opened and closed:
        can, cannot = opened[0].quote, closed[0].quote
        message = f"the {called(record)} says that people can join (“{can}”) and that they cannot (“{cannot}”)"
        hint = "ask the trial's contact, and do not send anybody on the word of this page"
        yield Finding("recruiting.contradiction", "contradiction", message, (*opened, *closed), hint)


_COUNT = pattern(
    r"(?<![\d,])(?P<count>\d[\d,]*)\s+(?:other\s+)?(?:clinical\s+)?(?:trials|studies)\s+(?:\w+\s+){0,2}recruiting\b"
)


def recruiting_counts(record: Record) -> Iterator[Finding]:
    """Two different numbers of trials said to be recruiting."""
    found = [
        (match["count"].replace(",", ""), item.place.quoting(match[0]))
        for item in record.items("questions")
        for match in _COUNT.finditer(item.place.quote)
    ]
    counts = list(dict.fromkeys(count for count, _ in found))
    if len(counts) > 1:
        message = f"the {called(record)} counts {' and '.join(counts)} recruiting trials"
        hint = "count none of them: search the registry itself"
        yield Finding("recruiting.count", "contradiction", message, tuple(place for _, place in found), hint)


# ---------------------------------------------------------------- products, criteria

_REGISTERED = ("arms", "interventions", "other_names")


def unregistered_product(record: Record) -> Iterator[Finding]:
    """A second product that the prose gives to people, and that no arm or intervention lists."""
    second = record.statement("second_product")
    listed = [item for item in record.items(*_REGISTERED) if item.text]
    if second is None or not second.places or not listed:
        return
    shown = {product[2] for item in listed if (product := other_product(item.place.quote))}
    places = [place for reading in second.readings if reading.value not in shown for place in reading.places]
    if places:
        message = f"the prose also gives {show(second.readings[0].value)}, which no arm or intervention lists"
        hint = "ask whether it belongs to the trial; if so, the protocol needs a second product with its own dose"
        severity: Severity = "contradiction" if record.tree is None else "warning"
        yield Finding("product.unregistered", severity, message, (*places, listed[0].place), hint)


_TOPICS = (("informed consent", pattern(r"\binformed consent\b|\bsign\w* (?:a |the )?(?:written )?consent\b")),)


def both_sides(record: Record) -> Iterator[Finding]:
    """One topic among the inclusions and again among the exclusions: two rules to keep in step."""
    found = criteria(record.sections)
    for topic, words in _TOPICS:
        asked = _first(found.inclusion, words)
        barred = _first(found.exclusion, words)
        if asked and barred:
            message = f"{topic} is both asked for and, the other way round, a reason to exclude"
            hint = "keep one of the two, so that they cannot drift apart"
            yield Finding("criteria.both_sides", "note", message, (asked, barred), hint)


def _first(items: tuple[Item, ...], words: re.Pattern[str]) -> Place | None:
    return next((item.place for item in items if words.search(item.place.quote)), None)


# ---------------------------------------------------------------- ages

_NUMBER_OF_AGES = re.compile(r"\d{1,3}\s*(?:-|–|to)\s*\d{1,3}|\d{1,3}\s*\+")


def age_boundary(record: Record) -> Iterator[Finding]:
    """`Over 18` leaves open whether a person aged 18 may join; what other applicants' ages are decides nothing."""
    age = record.statement("age")
    if age is None or age.state != "ambiguous":
        return
    doubtful = next(reading for reading in age.readings if reading.state == "ambiguous")
    others = [item.place for item in record.items("applicants") if _NUMBER_OF_AGES.fullmatch(item.text)]
    message = f"“{doubtful.places[0].quote}” can be read in two ways: {doubtful.note}"
    if others:
        message += f"; applicants are said to be {others[0].quote}, which tells who applied, not who may join"
    hint = "ask which is meant; registries usually mean that age and older"
    yield Finding("age.boundary", "warning", message, (*age.places, *others), hint)


_ADULT = 18
_CHILDREN = pattern(
    r"\b(?:child\w*|pa?ediatric\w*|adolescen\w*|infants?|neonat\w*|newborns?|preterm|prematur\w*|juvenile|teen\w*|youth"
    r"|minors?|parents?|parental|guardians?|assent|boys|girls|students?|kids|young people)\b"
)


_ABOUT = ("title", "conditions", "keywords", "inclusion", "exclusion", "criteria", "summary", "population")


def _about_children(record: Record, oldest: float | None) -> bool:
    """Whether a record plainly is about children: nobody else may come, or it speaks of them or of their parents."""
    if oldest is not None and oldest <= _ADULT:
        return True
    told = record.items(
        "title", "conditions", "keywords", "inclusion", "exclusion", "criteria", "summary", "population"
    )
    return any(_CHILDREN.search(item.text) for item in told)


def age_minor(record: Record) -> Iterator[Finding]:
    """The age range admits minors, in a trial that nothing else shows to be for them."""
    age = record.statement("age")
    if age is None:
        return
    ranges = [r.value for r in age.readings if isinstance(r.value, Range) and r.unit == "years"]
    youngest = min((value.low for value in ranges if value.low is not None), default=None)
    oldest = max((value.high for value in ranges if value.high is not None), default=None)
    if youngest is not None and youngest < _ADULT and not _about_children(record, oldest):
        message = f"the trial admits minors: from {youngest:g} year{'' if youngest == 1 else 's'}"
        hint = "the protocol needs assent, consent by a guardian, and the law of the place on who is a minor"
        places = tuple(p for p in age.places if re.search(rf"\b{youngest:g}\b", p.quote)) or age.places
        yield Finding("age.minor", "warning" if record.tree is None else "note", message, places, hint)


def measure_of(outcome: object) -> str:
    """The measure of an outcome."""
    value = outcome.get("measure") if isinstance(outcome, Fields) else outcome
    return str(value or "")
