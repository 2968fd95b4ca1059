"""Rules about who takes part and how many: sex, healthy people, the number enrolled, ages without a field.

Takes a Record; gives Findings. What a registry's fields say is held against its criteria, titles and sentences. Rows
of the table in `check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from stromal.read.ages import said_ages
from stromal.read.criteria import criteria
from stromal.read.numerals import WORDS, numerals
from stromal.read.phrases import pattern, sentence_at
from stromal.read.record import Item, Record
from stromal.read.study import at, module, words
from stromal.values import Finding, Place

_LONG = 160
"""Letters beyond which a criterion says more than whom it is about."""


def _field(record: Record, label: str) -> Item | None:
    return next((item for item in record.items("eligibility", "overview") if item.label == label and item.text), None)


# ---------------------------------------------------------------- sex

_WOMEN, _MEN = r"(?:wom[ae]n|females?)", r"(?<![a-z-])(?:m[ae]n|males?)"
_BOTH = pattern(
    rf"\b(?:{_MEN}\s*(?:and/or|and|or|/|&|,)\s*(?:non-?\s?pregnant\s+)?{_WOMEN}",
    rf"|{_WOMEN}\s*(?:and/or|and|or|/|&|,)\s*{_MEN})\b",
    r"|\b(?:both|either|any|all)\s+(?:sex(?:es)?|genders?)\b|\b(?:sex(?:es)?|genders?)\s*:\s*(?:both|any|all)\b",
    r"|\bregardless of (?:sex|gender)\b|\bno (?:restriction|limit\w*) (?:of|on|in) (?:sex|gender)\b",
)
_NOT_WHO = pattern(
    r"partner|contracept|condom|fertil|pregnan|child-?bearing|birth control|donor|sexual|sperm|sex ratio"
)
_ONLY = {
    "FEMALE": pattern(
        rf"^\W*(?:only\s+{_WOMEN}|{_WOMEN}(?:\s+(?:patients?|subjects?|participants?|gender|sex))?\s+only)\b",
        rf"|^\W*(?:sex|gender)\s*:?\s*(?:is\s+)?{_WOMEN}\W*$|^\W*{_WOMEN}(?:\s+(?:sex|gender))?\W*$",
    ),
    "MALE": pattern(
        rf"^\W*(?:only\s+{_MEN}|{_MEN}(?:\s+(?:patients?|subjects?|participants?|gender|sex))?\s+only)\b",
        rf"|^\W*(?:sex|gender)\s*:?\s*(?:is\s+)?{_MEN}\W*$|^\W*{_MEN}(?:\s+(?:sex|gender))?\W*$",
    ),
}
_OTHER = {"FEMALE": "MALE", "MALE": "FEMALE"}
_SAID = {"FEMALE": "women", "MALE": "men", "ALL": "everybody"}
_PREGNANT = pattern(
    r"^\W*(?:healthy\s+)?(?:pregnant|breast-?feeding|post-?partum|lactating)\s+(?:women|females?|patients)\b"
)
_OF_ONE_SEX = {
    "MALE": pattern(r"\b(?:prostat\w+|testic\w+|erectile dysfunction|azoospermi\w+|penile)\b"),
    "FEMALE": pattern(
        r"\b(?:ovarian (?:cancer|failure|insufficiency|carcinoma)|endometri\w+|cervical (?:cancer|intraepithelial)"
        r"|pregnancy|preeclampsia|pre-eclampsia|asherman\w*|uterine|polycystic ovar\w+|thin endometrium|menopaus\w+)\b"
    ),
}


def _sex_field(record: Record) -> tuple[str, Place] | None:
    item = _field(record, "sex")
    if item is None:
        return None
    text = item.text.upper()
    return ("ALL" if text.startswith(("ALL", "BOTH")) else text.split()[0].removesuffix("S"), item.place)


def _asked(record: Record) -> tuple[Item, ...]:
    """The inclusions short enough to say whom they are about, and not about partners or children to come."""
    found = criteria(record.sections)
    return tuple(i for i in found.inclusion if len(i.text) < _LONG and not _NOT_WHO.search(i.text))


def sex(record: Record) -> Iterator[Finding]:
    """The field for sex against the criteria."""
    field = _sex_field(record)
    if field is None:
        return
    said, place = field
    hint = "ask which is meant: whoever searches by sex sees only the field"
    for item in _asked(record):
        both = _BOTH.search(item.text)
        if both and said in _OTHER:
            message = f"the field for sex says {_SAID[said]} only, but a criterion admits both (“{both[0]}”)"
            yield Finding("sex.contradiction", "contradiction", message, (place, item.place.quoting(both[0])), hint)
            return
        for named, only in _ONLY.items():
            if only.search(item.text) and not both and said != named and _no_other(record, item, named):
                message = f"the field for sex says {_SAID.get(said, said)}, but a criterion admits {_SAID[named]} only"
                yield Finding("sex.contradiction", "contradiction", message, (place, item.place), hint)
                return


def _no_other(record: Record, item: Item, named: str) -> bool:
    """Whether no other criterion admits the other sex."""
    other = pattern(rf"\b{_MEN if named == 'FEMALE' else _WOMEN}\b")
    return not any(other.search(each.text) for each in criteria(record.sections).inclusion if each is not item)


def sex_condition(record: Record) -> Iterator[Finding]:
    """A condition or criterion of one sex, in a trial whose field admits everybody or the other sex."""
    field = _sex_field(record)
    if field is None or record.tree is None:
        return
    said, place = field
    for item in record.items("conditions"):
        for named, words_of in _OF_ONE_SEX.items():
            found = words_of.search(item.text)
            if found and said == _OTHER[named]:
                message = f"the field for sex says {_SAID[said]}, but the condition is “{item.text}”"
                yield Finding("sex.condition", "warning", message, (place, item.place), "ask whom the trial is for")
                return
    first = next(iter(criteria(record.sections).inclusion), None)
    if first and said == "MALE" and _PREGNANT.search(first.text):
        message = f"the field for sex says men, but the first criterion asks for “{first.text[:60]}”"
        yield Finding("sex.condition", "warning", message, (place, first.place), "ask whom the trial is for")


# ---------------------------------------------------------------- healthy people

_HEALTHY = pattern(
    r"^\W*(?:\w+\s+){0,2}?healthy\s+(?:adult\s+|male\s+|female\s+|human\s+)*(?:volunteers?|subjects?|adults?)\b"
)


def healthy(record: Record) -> Iterator[Finding]:
    """Healthy volunteers are asked for, though the field says that none are taken."""
    field = _field(record, "healthy_volunteers")
    if field is None or field.text.lower() not in ("no", "false"):
        return
    for item in criteria(record.sections).inclusion:
        if _HEALTHY.search(item.text) and "donor" not in item.text.lower():
            message = "the field says that healthy volunteers are not taken, but a criterion asks for them"
            hint = "ask whether they are compared with patients, or take part"
            yield Finding("healthy.contradiction", "warning", message, (field.place, item.place), hint)
            return


# ---------------------------------------------------------------- ages without a field


def age_unlimited(record: Record) -> Iterator[Finding]:
    """The registry's own fields leave the ages open, while a criterion limits them."""
    if not record.registry_id.startswith("NCT") or record.tree is None:  # elsewhere an empty field sets no limit
        return
    if any(item.label in ("age_min", "age_max") for item in record.items("eligibility")):
        return
    for said in said_ages(record.sections):
        whole = said.ranges[0]
        if said.of_all and len(said.ranges) == 1 and said.source == "inclusion" and None not in (whole.low, whole.high):
            place = Place(1, "", record.file, "protocolSection.eligibilityModule.minimumAge")
            message = f"the fields for age give no limit, but a criterion does: {whole} {said.unit}"
            hint = "whoever searches by age sees only the fields: ask the registry's contact to fill them"
            yield Finding("age.contradiction", "contradiction", message, (place, said.place), hint)
            return


# ---------------------------------------------------------------- how many

_COUNT = (
    rf"(?P<count>\d{{1,2}},\d{{3}}|\d{{1,5}}|(?:{'|'.join(WORDS)})"
    r"(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_PEOPLE = (
    r"(?:(?!(?:arms?|groups?|cohorts?|sites?|of|in|for|to|with|doses?|injections?|infusions?)\b)[\w-]+\s+){0,3}?"
    r"(?:patients|subjects|participants|volunteers|individuals|people|adults|women|men|children)"
)
_TOTAL = (
    pattern(rf"\b(?:a|in)\s+total\s+(?:number\s+)?of\s+(?:up\s+to\s+)?{_COUNT}\s+{_PEOPLE}\b"),
    pattern(rf"\b(?:total|overall)\s+(?:sample\s+size|enrol?lment)\s+(?:of|is|will\s+be)\s+{_COUNT}\b"),
    pattern(rf"^\W*{_COUNT}\s+{_PEOPLE}\s+(?:will|are\s+to)\s+be\s+(?:enrol?led|recruited|included|randomi[sz]ed)\b"),
)
_SOME = pattern(
    r"\b(?:per|each|every|respectively|screen\w*|pilot|phase|stage|(?<!take )part|cohorts?|sub-?\w+|first|interim",
    r"|already|previous|survey\w*|additional|replac\w+|safety|lead-?in|run-?in|least|groups?|arms?|evaluable|complete\w*",
    r"|sites?|up to|approximately|about|around|between|maximum|minimum|donors?|controls?|caregivers?|dyads?",
    r"|clinicians?|staff)\b",
)


def _number(text: str) -> int | None:
    found = numerals(text.replace("-", " "))
    total = sum(each.value for each in found)
    return int(total) if found and total.denominator == 1 else None


def enrolment(record: Record) -> Iterator[Finding]:
    """The number enrolled against the sentence that gives the total."""
    count = at(record.tree or {}, "protocolSection.designModule.enrollmentInfo.count")
    if not isinstance(count, int) or isinstance(count, bool):
        return
    actual = at(record.tree or {}, "protocolSection.designModule.enrollmentInfo.type") == "ACTUAL"
    totals = list(_totals(record, past=actual))
    if not totals or any(total == count for total, _ in totals) or len({total for total, _ in totals}) > 1:
        return
    total, place = totals[0]
    field = Place(1, str(count), record.file, "protocolSection.designModule.enrollmentInfo.count")
    if actual:
        message = f"the text plans {total} participants; {count} took part"
        yield Finding("enrolment.changed", "note", message, (field, place), "plan with the number that took part")
        return
    message = f"the field plans {count} participants, the text {total}"
    yield Finding("enrolment.contradiction", "contradiction", message, (field, place), "ask which number is meant")


_EARLIER = pattern(r"\b(?:were|was|have been|reported|consecutive)\b")
"""Words of a sentence about people who were seen before, in a trial that has still to count its own."""


def _totals(record: Record, *, past: bool) -> Iterator[tuple[int, Place]]:
    """Every number that a sentence calls the total of those who take part, in this trial, in all groups together."""
    for item in record.items("title", "summary", "description", "population"):
        for words_of in _TOTAL:
            for match in words_of.finditer(item.place.quote):
                low, high = sentence_at(item.place.quote, match.start())
                total = _number(match["count"])
                before = not past and _EARLIER.search(item.place.quote, low, high)
                if total and not before and not _SOME.search(item.place.quote, low, high):
                    yield total, item.place.quoting(match[0].strip())


def enrolment_status(record: Record) -> Iterator[Finding]:
    """Nobody took part in a study that ran, or somebody in one that was withdrawn."""
    tree = record.tree or {}
    count = at(tree, "protocolSection.designModule.enrollmentInfo.count")
    actual = at(tree, "protocolSection.designModule.enrollmentInfo.type") == "ACTUAL"
    status = words(module(tree, "status"), "overallStatus")
    if not actual or not isinstance(count, int):
        return
    places = (
        Place(1, str(count), record.file, "protocolSection.designModule.enrollmentInfo.count"),
        Place(1, status, record.file, "protocolSection.statusModule.overallStatus"),
    )
    if status == "WITHDRAWN" and count:
        message = f"the study was withdrawn before anybody took part, but {count} took part"
        yield Finding("enrolment.status", "contradiction", message, places, "ask which is meant")
    elif status in ("COMPLETED", "ACTIVE_NOT_RECRUITING", "TERMINATED") and not count:
        message = f"the study is {status.replace('_', ' ').lower()}, but nobody took part"
        yield Finding("enrolment.status", "contradiction", message, places, "ask which is meant")
