"""Rules about what a page leaves out: criteria, ages, outcomes, headings, rules it names but does not give.

Takes a Record; gives Findings. An absence has a place where the page shows it (a heading with nothing under it), and
else the whole file. Rows of the table in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stromal.read.ages import said_ages, structured_ages
from stromal.read.clashes import called, measure_of, words_for
from stromal.read.criteria import criteria, gaps, lost_first
from stromal.read.limits import ages, limits, windows
from stromal.read.numerals import mend
from stromal.read.phrases import pattern
from stromal.read.record import Range, Record, Section, show
from stromal.read.study import module, words
from stromal.values import Finding, Place

TELLING = ("title", "summary", "description", "population", "tested", "arms", "interventions", "treatment")


def _whole(record: Record, path: str = "") -> Place:
    """The whole page; in a registry's record, the field that is empty."""
    return Place(0, "", record.file, f"protocolSection.{path}" if path and record.tree is not None else "")


def _lost(record: Record, page_hint: str) -> str:
    """What to do about something lost: a portal drops what the registry has; a registry's record has no other."""
    return page_hint if record.tree is None else "look into earlier versions of the record, or ask the sponsor"


def _access(record: Record) -> bool:
    """Whether a record only tells of access outside a trial, which needs neither outcomes nor numbers."""
    return record.tree is not None and words(module(record.tree, "design"), "studyType") == "EXPANDED_ACCESS"


# ---------------------------------------------------------------- criteria


def eligibility_missing(record: Record) -> Iterator[Finding]:
    """The page gives no criteria at all."""
    if criteria(record.sections).given:
        return
    named = record.named("eligibility", "inclusion", "exclusion") if record.tree is None else ()
    empty = tuple(section.heading for section in named if section.printed)
    message = f"the {called(record)} does not say who may take part: no criteria" + (
        "" if _any_age(record) else ", no ages"
    )
    hint = _lost(record, "fetch the registry's own record, or take the criteria from the sponsor's protocol")
    place = _whole(record, "eligibilityModule.eligibilityCriteria")
    yield Finding("eligibility.missing", "warning", message, empty or (place,), hint)


def _any_age(record: Record) -> bool:
    return bool(structured_ages(record.sections) or said_ages(record.sections))


_HEADING = pattern(r"\W*(?:[\w-]+\s+){0,3}?(?:inclusion|exclusion|eligibility)(?:\s+criteri(?:a|on))?\s*:?\W*$")


def headings_missing(record: Record) -> Iterator[Finding]:
    """Criteria printed as one list, without saying which admit and which exclude."""
    found = criteria(record.sections)
    items = (*found.inclusion, *found.exclusion)
    if found.headed or not items or any(_HEADING.match(item.text) for item in items):
        return
    if len(found.turns) == 1 and found.inclusion and found.exclusion:
        split = f"by their wording the first {len(found.inclusion)} admit and the other {len(found.exclusion)} exclude"
        places: tuple[Place, ...] = (items[0].place, found.exclusion[0].place)
    else:
        split, places = "their wording does not show where the exclusions begin", (items[0].place, items[-1].place)
    message = f"the headings of the criteria are missing: {len(items)} criteria in one list; {split}"
    yield Finding("criteria.headings_missing", "warning", message, places, "confirm the side of each criterion")


def exclusions_missing(record: Record) -> Iterator[Finding]:
    """Inclusions without a single exclusion, or the other way round."""
    found = criteria(record.sections)
    loose = record.tree is not None and any(record.items("criteria"))
    if found.headed and bool(found.inclusion) != bool(found.exclusion) and not loose:
        absent = "exclusion" if found.inclusion else "inclusion"
        shown = found.inclusion or found.exclusion
        message = f"the {called(record)} lists no {absent} criteria"
        hint = _lost(record, "portals drop lists: compare with the registry's own record")
        yield Finding(f"criteria.{absent}s_missing", "warning", message, (shown[0].place,), hint)


def _criteria_lists(record: Record) -> tuple[Section, ...]:
    return record.named("inclusion", "exclusion", "criteria", "inclusion_questions", "exclusion_questions")


def first_lost(record: Record) -> Iterator[Finding]:
    """A numbered list that does not begin at 1, or that skips a number."""
    for section in _criteria_lists(record):
        lost = lost_first(section)
        if lost and not _goes_on(record, section, lost[0]):
            number, item = lost
            which = "item 1 is" if number == 2 else f"items 1 to {number - 1} are"
            message = f"the numbering of the {section.name} criteria begins at {number}: {which} lost"
            places = (section.heading, item.place) if section.printed else (item.place,)
            hint = _lost(record, "look the lost criteria up in the registry's own record")
            yield Finding("list.first_lost", "warning", message, places, hint)
        for number, item in gaps(section):
            if _shown(section, number - 1):
                continue
            message = f"the numbering of the {section.name} criteria jumps to {number}: items between are lost"
            hint = _lost(record, "compare with the registry's own record")
            yield Finding("list.gap", "warning", message, (item.place,), hint)


def _shown(section: Section, number: int) -> bool:
    """Whether a number of a list stands anywhere in it: before a part of an item, or in the midst of a line."""
    printed = re.compile(rf"(?<![\d.]){number}\s?[.)]")
    return any(printed.search(item.mark) or printed.search(item.place.quote) for item in section.items)


def _goes_on(record: Record, section: Section, number: int) -> bool:
    """Whether a list is numbered on from the list before it."""
    others = [other for other in _criteria_lists(record) if other is not section]
    return number > 3 and any(_shown(other, number - 1) for other in others)


def age_missing(record: Record) -> Iterator[Finding]:
    """Criteria, but no word on age."""
    if criteria(record.sections).given and not _any_age(record):
        if record.tree is not None:
            place = _whole(record, "eligibilityModule.minimumAge")
            hint = "ask the sponsor: without a limit the trial admits children"
            yield Finding("age.missing", "note", "the record sets no limit to age", (place,), hint)
            return
        hint = "look the ages up in the registry; without a limit the trial admits children"
        yield Finding("age.missing", "warning", "the page gives no ages", (_whole(record),), hint)


def age_unconfirmed(record: Record) -> Iterator[Finding]:
    """Structured ages that no criterion confirms, where the criterion that should is among those lost."""
    fields = structured_ages(record.sections)
    lost = [(s, hit) for s in record.named("inclusion", "criteria") if (hit := lost_first(s))]
    if not fields or not lost or said_ages(record.sections):
        return
    section, (_, item) = lost[0]
    low = next((r.value.low for r in fields if isinstance(r.value, Range) and r.value.low is not None), None)
    high = next((r.value.high for r in fields if isinstance(r.value, Range) and r.value.high is not None), None)
    between = " to ".join(show(end) for end in (low, high) if end is not None)
    message = f"the structured ages ({between}) stand alone: the criterion that should state them is among those lost"
    places = (*(place for reading in fields for place in reading.places), section.heading, item.place)
    hint = "compare with the first inclusion criterion in the registry: the two often differ"
    yield Finding("age.unconfirmed", "warning", message, places, hint)


def prose_only(record: Record) -> Iterator[Finding]:
    """Requirements that only the sentence about who the study is for states, not the checklist."""
    told = [
        (item, found)
        for item in (record.items("population") if record.tree is None else ())
        for found in (*ages(item.place.quote), *limits(item.place.quote), *windows(item.place.quote))
    ]
    listed = [item.place.quote for section in _criteria_lists(record) for item in section.items] if told else []
    known = {found.name for text in listed for found in (*ages(text), *limits(text), *windows(text))}
    unlisted = [(item, found) for item, found in told if found.name not in known]
    missed = [words_for(found.name.removeprefix("window_")) for _, found in unlisted]
    places = [item.place.quoting(item.place.quote[found.start : found.end]) for item, found in unlisted]
    if missed and listed:
        message = (
            f"only the prose states requirements on {' and '.join(dict.fromkeys(missed))}; the checklist omits them"
        )
        hint = "treat them as criteria, and confirm them"
        yield Finding("criteria.prose_only", "warning", message, tuple(places), hint)


# ---------------------------------------------------------------- outcomes

_OUTCOMES = ("primary_outcomes", "secondary_outcomes", "other_outcomes", "outcomes")


def outcomes_missing(record: Record) -> Iterator[Finding]:
    """The page has no section of outcome measures."""
    if any(section.items for section in record.named(*_OUTCOMES)) or _access(record):
        return
    declared = [s for name in ("primary_outcome", "secondary_outcomes") if (s := record.statement(name)) and s.places]
    places = tuple(dict.fromkeys(place for statement in declared for place in statement.places))
    message = f"the {called(record)} has no outcome measures"
    if any(statement.value is not None for statement in declared):
        message += "; only sentences speak of them"
    hint = "portals drop this section: take the outcomes from the registry's own record"
    if record.tree is not None:
        hint = "take the outcomes from the sponsor's protocol"
    yield Finding("outcomes.missing", "warning", message, places or (_whole(record, "outcomesModule"),), hint)


def outcomes_unnamed(record: Record) -> Iterator[Finding]:
    """The page speaks of outcomes without saying which."""
    for name in ("primary_outcome", "secondary_outcomes"):
        statement = record.statement(name)
        if statement and statement.state == "missing" and statement.places:
            message = f"the {called(record)} speaks of {name.partition('_')[0]} outcomes but does not name them"
            yield Finding("outcome.unnamed", "warning", message, statement.places, "ask the sponsor which they are")


_VAGUE = pattern(r"\b(?:skin|pain|functional|disability|symptom|clinical)\s+(?:score|scale)\b(?!\s*\()")
_PROPER = re.compile(r"\S\s+[A-Z][\w-]*\s+$")
_NAMED_SCALE = pattern(
    r"\b(?:rodnan|mRSS|VAS|visual analog\w*|NRS|WOMAC|SF-?36|SF-?12|EQ-?5D|HAQ\w*|EDSS|ALSFRS\S*|UPDRS|NIHSS|IKDC|KOOS",
    r"|0\s?(?:-|to)\s?1?00?|numeric(?:al)? rating|rating scale",
    r"|PROMIS|expanded disability|functional rating|questionnaire)\b",
)


def outcome_scale(record: Record) -> Iterator[Finding]:
    """An outcome that is a score, without saying on which scale."""
    for name in ("primary_outcome", "secondary_outcomes"):
        statement = record.statement(name)
        values = statement.value if statement and isinstance(statement.value, tuple) else ()
        for outcome, place in zip(values, statement.places if statement else (), strict=False):
            vague = _VAGUE.search(measure_of(outcome))
            proper = vague and _PROPER.search(measure_of(outcome)[: vague.start()])
            if vague and not proper and not _NAMED_SCALE.search(place.quote):
                message = f"the outcome “{vague[0]}” does not say on which scale"
                hint = "name the instrument in the protocol, and list it under `assumed`"
                yield Finding("outcome.scale", "warning", message, (place,), hint)


# ---------------------------------------------------------------- rules named but not given

_NAMED_RULE = pattern(
    r"\b(?:dose[\s-](?:modification|escalation|reduction|adjustment|limiting|titration)|stopping|holding)\s+"
    r"(?:rules?|criteria|guidelines?|schemes?)\b"
)
_TOXICITY = pattern(r"\b(?:unacceptable|excessive|dose[\s-]limiting|undue)\s+toxicit(?:y|ies)\b")
_DEFINED = pattern(
    r"\b(?:rules?|criteria|guidelines?|toxicit(?:y|ies)|DLT)\s*(?:\(\w+\)\s*)?",
    r"(?:(?:is|are|will be|was)\s+defined|defined\s+as|:)",
    r"|\btoxicit(?:y|ies)\b[^.;]{0,40}\bgrade\s*(?:≥|>=?|I{1,3}V?|\d)",
)


def _unexplained(record: Record, words: re.Pattern[str]) -> tuple[Place, ...]:
    """Where the page names a rule; nothing if it defines such things anywhere."""
    items = [item for item in record.items(*TELLING) if not item.label]
    found = tuple(item.place.quoting(match[0]) for item in items for match in words.finditer(item.place.quote))
    defined = bool(found) and any(_DEFINED.search(mend(item.place.quote)) for item in items)
    return () if defined else found


def unexplained_toxicity(record: Record) -> tuple[Place, ...]:
    """Where the page lets a toxicity decide that it does not define."""
    return _unexplained(record, _TOXICITY)


def rules_not_given(record: Record) -> Iterator[Finding]:
    """A rule of safety or dosing that the page names without giving it."""
    for pattern_of, what in ((_NAMED_RULE, "rules"), (_TOXICITY, "a limit")):
        found = _unexplained(record, pattern_of)
        if found:
            message = f"“{found[0].quote}” decides about doses, but the {called(record)} does not give {what} for it"
            hint = "get the rule from the sponsor's protocol; until then a draft lists it under `assumed`"
            yield Finding("rule.not_given", "warning", message, found, hint)


# ---------------------------------------------------------------- identity, people, notation, the portal


def identity_missing(record: Record) -> Iterator[Finding]:
    """No registry number or no title."""
    parts = (("registry number", record.registry_id), ("title", record.title))
    absent = [what for what, text in parts if not text]
    if absent:
        message = f"the {called(record)} does not print the trial's {' or '.join(absent)}"
        hint = "give them when you save the draft; the numbers of related trials are not this trial's"
        place = _whole(record, "identificationModule")
        yield Finding("identity.missing", "warning", message, (place,), hint)


def enrolment(record: Record) -> Iterator[Finding]:
    """The number of participants is missing, or only sentences state it."""
    statement = record.statement("planned_enrolment")
    if _access(record):
        return
    if statement is None or statement.state == "missing":
        hint = "look the number up in the registry" if record.tree is None else "ask the sponsor"
        message = f"the {called(record)} does not say how many take part"
        place = _whole(record, "designModule.enrollmentInfo.count")
        yield Finding("enrolment.missing", "warning", message, (place,), hint)
    elif (
        statement.sure and "prose" in statement.note and not any(i.label == "planned_enrolment" for i in record.items())
    ):
        message = f"only a sentence states how many take part: {show(statement.value)}"
        hint = "registries often hold another number: compare"
        yield Finding("enrolment.prose", "note", message, statement.places, hint)


_NEEDED = {
    "conditions": "conditions",
    "arms": "study groups",
    "interventions": "interventions",
    "summary": "summary",
    "description": "description",
    "inclusion": "inclusion criteria",
    "exclusion": "exclusion criteria",
    "primary_outcomes": "primary outcomes",
    "secondary_outcomes": "secondary outcomes",
}


def empty_sections(record: Record) -> Iterator[Finding]:
    """A heading that matters with nothing under it."""
    filled = {section.name for section in record.sections if section.items}
    for section in record.sections:
        if section.name in _NEEDED and section.printed and section.name not in filled:
            message = f"nothing stands under the heading of the {_NEEDED[section.name]}"
            hint = _lost(record, "compare with the registry's own record")
            yield Finding("section.empty", "note", message, (section.heading,), hint)


def repeated(record: Record) -> Iterator[Finding]:
    """A long passage printed twice."""
    seen: dict[str, Place] = {}
    for item in record.items():
        if len(item.text) < 80 or item.label:
            continue
        first = seen.setdefault(item.text, item.place)
        if first.line != item.place.line and record.layout == "bio2rdf":
            message = f"line {item.place.line} repeats line {first.line}"
            yield Finding("page.repeated", "note", message, (first, item.place), "counts once")


def machine_answers(record: Record) -> Iterator[Finding]:
    """Answers that nobody signs."""
    places = tuple(item.label_place or item.place for item in record.items("questions") if item.label == "answered_by")
    if places:
        message = f"{len(places)} answers on the page are by a machine and cite no source"
        yield Finding("answers.unattributed", "note", message, places, "do not rest anything on them")
