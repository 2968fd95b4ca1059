"""A criterion in words -> a condition in the protocol language, as far as the words are understood.

Takes the text of one criterion and its side; gives a Condition with the facts it rests on. What is not understood
stays a question to a person and is never dropped; a line that might mean something else is asked, not computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from stromal.read.criteria import Side
from stromal.read.labs import likely_unit
from stromal.read.limits import ages, limits, windows
from stromal.read.numerals import mend, tidy
from stromal.read.phrases import Found, pattern
from stromal.read.record import Range
from stromal.read.sheet import Node, named, printable
from stromal.read.vocabulary import EVENTS, MEASURES, Term, terms_in
from stromal.values import Duration, Quantity, duration_unit, exact, short, unit_or_none

How = Literal["computed", "partly", "judged", "asked"]
FACT_NAMES = {"haemoglobin": "hemoglobin", "haematocrit": "hematocrit"}
"""Protocol files spell analytes as LOINC does."""
_TERMS = {term.name: term for term in (*MEASURES, *EVENTS)}


@dataclass(frozen=True, slots=True)
class Condition:
    """A criterion as a condition: the expression, how much of it is computed, its facts, and what was assumed."""

    when: str
    how: How
    facts: tuple[tuple[str, dict[str, Node]], ...] = ()
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a criterion that is understood."""

    start: int
    end: int
    when: str
    facts: tuple[tuple[str, dict[str, Node]], ...] = ()
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    """A criterion being read."""

    words: str
    side: Side
    plain: str = field(default="")


# ---------------------------------------------------------------- facts


def fact_row(term: Term) -> dict[str, Node]:
    """How a term is declared among the facts."""
    row: dict[str, Node] = {"kind": term.kind}
    if term.kind == "number" and not term.unit:
        row = {"kind": "assessment"}
    elif term.kind == "log":
        row["grading"] = "CTCAE 5.0"
    if term.unit and term.kind == "number":
        row["unit"] = term.unit
    if term.high < inf and row["kind"] in ("number", "score"):
        row["range"] = f"{term.low:g}..{term.high:g}"
    if term.kind == "score":
        row["instrument"] = term.words
    return {**row, "says": term.words}


def fact_name(term: Term) -> str:
    """The name of a term's fact in a protocol file."""
    return FACT_NAMES.get(term.name, term.name)


# ---------------------------------------------------------------- limits, ages, windows


def _ends(value: Range) -> tuple[tuple[str, float], ...]:
    low = () if value.low is None else ((">=" if value.low_included else ">", value.low),)
    high = () if value.high is None else (("<=" if value.high_included else "<", value.high),)
    return (*low, *high)


def _number(value: float) -> str:
    return short(exact(value))


def compared(left: str, value: Range, unit: str, where: str = "") -> str:
    """`left >= 3 unit where`, or both ends: a range with both ends included is written low..high."""
    behind = f" {unit}" if unit else ""
    at = f" {where}" if where else ""
    if value.low is not None and value.high is not None and value.low_included and value.high_included:
        return f"{left} {_number(value.low)}..{_number(value.high)}{behind}{at}"
    return " and ".join(f"{left} {sign} {_number(number)}{behind}{at}" for sign, number in _ends(value))


OLDEST = 120
"""Nobody is older: a limit at or above it limits nothing."""


def _age(found: Found) -> _Part | None:
    value = found.value
    if found.unit != "years" or not isinstance(value, Range) or (value.high or 0) >= OLDEST:
        return None
    assumed = ""
    if found.rivals:
        value = found.rivals[0][0] if isinstance(found.rivals[0][0], Range) else value
        assumed = f"{found.note}; read as {value}"
    return _Part(found.start, found.end, compared("age", value, "years", "at consent"), (), assumed)


_VAGUE = ("blood_pressure", "liver_enzymes", "electrolytes", "pain")
"""Measures that are several things, or one thing on several scales: a limit on them is asked, not computed."""


def _limit(found: Found) -> _Part | None:
    term, value = _TERMS.get(found.name), found.value
    if term is None or not isinstance(value, Range) or found.rivals or term.kind not in ("number", "score"):
        return None
    if term.name in _VAGUE:
        return None
    if term.name == "disease_duration":
        return _duration(found, value)
    if not term.unit and term.kind == "number":
        return None
    unit, assumed = found.unit, ""
    likely = likely_unit(term.name, value, unit)
    if likely:
        unit, assumed = likely, f"read in {likely}; the page prints {found.unit}, which no living person shows"
    if not _measures_alike(unit, term.unit) or not _plausible(value, unit, term):
        return None
    name = fact_name(term)
    when = compared(name, value, unit if term.kind == "number" else "", "at screening")
    return _Part(found.start, found.end, when, ((name, fact_row(term)),), assumed)


def _duration(found: Found, value: Range) -> _Part | None:
    lengths = [(sign, whole_length(number, found.unit)) for sign, number in _ends(value)]
    if any(length is None for _, length in lengths):
        return None
    parts = [f"time since first diagnosis {sign} {length} at enrolment" for sign, length in lengths]
    row: dict[str, Node] = {"kind": "episode", "says": "the disease, from its diagnosis"}
    assumed = "the length of the disease is counted from its diagnosis"
    return _Part(found.start, found.end, " and ".join(parts), (("diagnosis", row),), assumed)


def whole_length(count: float | None, unit: str) -> Duration | None:
    """A whole number of calendar units; None for anything else."""
    calendar = duration_unit(unit)
    return Duration(int(count), calendar) if count is not None and calendar and count == int(count) else None


def _measures_alike(unit: str, other: str) -> bool:
    mine, theirs = unit_or_none(unit), unit_or_none(other)
    return mine is not None and theirs is not None and mine.dimension == theirs.dimension and bool(unit) == bool(other)


def _plausible(value: Range, unit: str, term: Term) -> bool:
    """Whether each end lies in the range that the fact is declared with."""
    return all(term.low <= Quantity(exact(number), unit).to(term.unit).value <= term.high for _, number in _ends(value))


_DENIAL = pattern(r"\b(?:no|not|without|never|unless|except)\b")
_ENROLMENT = pattern(r"\b(?:enrol\w*|joining|inclusion|entry|study|trial|participation|consent\w*|signing)\b")
_SCREENING = pattern(r"\b(?:screening|baseline)\b")
_DOSING = pattern(r"\b(?:treatment|infusion|injection|dos(?:e|ing)|transplant\w*|administration|therapy)\b")


def _anchor(found: Found) -> str | None:
    """The visit or milestone that a window hangs on; None where its words name no such thing."""
    if not found.anchor:
        return "screening" if found.side in ("before", "") else None
    for words, anchor in ((_SCREENING, "screening"), (_ENROLMENT, "enrolment"), (_DOSING, "first_dose")):
        if words.search(found.anchor):
            return anchor
    return None


def _window(found: Found, text: _Text) -> _Part | None:
    """`malignancy within 5 years before screening`: an event that bars; the words before it say what it is."""
    value, term = found.value, _TERMS.get(found.name.removeprefix("window_"))
    anchor = _anchor(found)
    if not isinstance(value, Range) or anchor is None or term is None or term.kind != "episode":
        return None
    length = whole_length(value.high, found.unit) if value.low is None and value.high_included else None
    denied = _DENIAL.search(text.words[: found.start])
    if length is None or found.side == "after" or text.side == "inclusion" or denied:
        return None
    what = tidy(text.words[: found.start])
    if len(what.split()) > _LONGEST_NAME or _OTHER_TIME.search(what):
        return None
    several = len(terms_in(what, EVENTS)) > 1
    name = named(what, term.name, 3) if several else term.name
    row: dict[str, Node] = {"kind": "episode", "says": printable(what) or term.words}
    return _Part(0, found.end, f"{name} within {length} before {anchor}", ((name, row),))


_LONGEST_NAME = 14
"""An event that takes more words than this to name is several events, or one with conditions."""
_OTHER_TIME = pattern(
    r"\b(?:within|last|past|years?|months?|weeks?|days?|current(?:ly)?|ongoing)\b",
    r"|\bor\s+(?:is|are|was|were|has|have|had|who|received|receiving|taking|treated|any)\b",
)


# ---------------------------------------------------------------- whole phrases

_VIRUSES = (
    ("hepatitis_b", "hepatitis B test", pattern(r"\bhepatitis\s+B\b|\bHBV\b|\bHBsAg\b")),
    (
        "hepatitis_c",
        "hepatitis C test",
        pattern(r"\bhepatitis\s+C\b|\bHCV\b|\bhepatitis\s+B\s+(?:and|or|and/or)\s+C\b"),
    ),
    ("hiv", "HIV test", pattern(r"\bHIV\b|\bhuman immunodeficiency virus\b")),
    ("htlv", "HTLV test", pattern(r"\bHTLV\b|\bhuman T-cell lymphotropic virus\b")),
    ("syphilis", "syphilis test", pattern(r"\bsyphilis\b")),
)
_VIRUS_WORDS = pattern(
    r"(?:\b(?:positive|test|tests|testing|serology|for|hepatitis|HBV|HCV|HBsAg|HIV|HTLV|human|immunodeficiency|virus|viruses"
    r"|T-cell|lymphotropic|syphilis|infection|infections|disease|diseases|and|or|per|laboratory|evaluations?|at|the|screening"
    r"|visit|with|patients?|known|active|any|B|C)\b|[/,().;-]|\s)+"
)


def _viruses(text: _Text) -> Condition | None:
    if text.side == "inclusion" or not _VIRUS_WORDS.fullmatch(text.plain):
        return None
    found = [(name, says) for name, says, words in _VIRUSES if words.search(text.plain)]
    if not found:
        return None
    when = " or ".join(f"{name} = positive at screening" for name, _ in found)
    facts = tuple((name, _choice(says)) for name, says in found)
    return Condition(when, "computed", facts, "a positive test of any of them")


def _choice(says: str) -> dict[str, Node]:
    return {"kind": "choice", "of": ["negative", "positive"], "says": says}


_PREGNANT = pattern(
    r"(?:(?:women|females|patients)\s+(?:who\s+are\s+)?)?pregnan(?:cy|t)(?P<nursing>\s*(?:or|and|and/or|,|/)\s*"
    r"(?:breast[\s-]?feeding|lactat\w+|nursing))?(?:\s+(?:women|females))?"
)


def _pregnancy(text: _Text) -> Condition | None:
    match = _PREGNANT.fullmatch(text.plain)
    if match is None or text.side == "inclusion":
        return None
    facts: list[tuple[str, dict[str, Node]]] = [("pregnancy", {"kind": "yes_no", "says": "pregnancy"})]
    when = "pregnancy at screening"
    if match["nursing"]:
        facts.append(("breastfeeding", {"kind": "yes_no", "says": "breastfeeding"}))
        when = "(pregnancy at screening or breastfeeding at screening)"
    return Condition(f"sex = female and {when}", "computed", tuple(facts))


_JOINING = r"(?!(?:and|or|with|that|who|which|within|for|in|of|to|during|after|before)\b)"
_ONE_THING = rf"(?P<what>{_JOINING}[a-z][\w-]*(?:\s+{_JOINING}[\w-]+){{0,3}})"
_TREATED = r"(?:taking|on|using|receiving|treated\s+with)"
_EPISODES: tuple[tuple[re.Pattern[str], str], ...] = (
    (pattern(rf"(?:currently|now)\s+{_TREATED}\s+{_ONE_THING}"), "ongoing at enrolment"),
    (
        pattern(rf"current\s+(?:use\s+of|treatment\s+with|therapy\s+with)\s+(?:an?\s+)?{_ONE_THING}"),
        "ongoing at enrolment",
    ),
    (
        pattern(
            r"(?:patients?\s+with\s+)?(?:any\s+)?(?:active|current|ongoing|continued)\s+(?:or\s+chronic\s+)?",
            _ONE_THING,
        ),
        "ongoing at screening",
    ),
    (pattern(rf"(?:any\s+|a\s+)?(?:history\s+of|previous|prior|past)\s+{_ONE_THING}"), "ever before screening"),
    (pattern(rf"(?:confirmed\s+)?diagnosis\s+of\s+{_ONE_THING}"), "ongoing at screening"),
)


def _episode(text: _Text) -> Condition | None:
    for words, window in _EPISODES:
        match = words.fullmatch(text.plain)
        if match is None:
            continue
        term = next((term for term in EVENTS if term.printed.fullmatch(match["what"])), None)
        name = term.name if term else named(match["what"], "condition")
        row: dict[str, Node] = {"kind": "episode", "says": printable(match["what"])}
        return Condition(f"{name} {window}", "computed", ((name, row),))
    return None


_STABLE = pattern(
    r"\bstable\s+(?:dose|regimen)\s+of\s+(?P<drug>[a-z]+)(?P<none>\s+or\s+(?:none|no\s+\w+))?\s+(?:for|over)\s+"
    r"(?:at\s+least\s+|the\s+last\s+)?(?P<count>\d+)\s+(?P<unit>days?|weeks?|months?)\b(?P<rest>.*)"
)


def _stable(text: _Text) -> Condition | None:
    """`a stable dose of riluzole or none for at least 30 days`."""
    match = _STABLE.search(text.plain)
    if match is None or text.side == "exclusion" or len(match["rest"].split()) > 4:
        return None
    drug, length = match["drug"].lower(), f"{match['count']} {match['unit']}"
    when = f"{drug} unchanged for {length} before enrolment"
    if match["none"]:
        when += f" or no {drug} within {length} before enrolment"
    return Condition(when, "computed", ((drug, {"kind": "episode", "says": drug}),))


_WHOLE: tuple[Callable[[_Text], Condition | None], ...] = (_viruses, _pregnancy, _stable, _episode)

# ---------------------------------------------------------------- questions to people

_ASK = pattern(r"\b(?:willing\w*|agrees?\s+to|travel|comply|follow\s+the\s+(?:study|protocol)|attend|commit\w*)\b")
_CAPABLE = pattern(r"\b(?:capable|capacity|able to (?:give|provide|sign))\b")


def asked(text: str, side: Side) -> Condition:
    """The criterion as a question: to the person where it is about their will, else to the investigator."""
    words = printable(tidy(text)).replace('"', "'").rstrip(" .;")
    if _ASK.search(text) and not _CAPABLE.search(text) and side == "inclusion":
        return Condition(f'asked "Is this so for you? {words}"', "asked")
    lead = "Is this so?" if side == "inclusion" else "Does this apply?"
    return Condition(f'judged "{lead} {words}" by investigator', "judged")


# ---------------------------------------------------------------- putting the parts together

_UNSURE = pattern(
    r"\b(?:or|unless|except|if|either|not|no|without|never|neither|nor|than\s+one|other\s+than|excluding)\b|/"
)
_FILLER = pattern(
    r"(?:\b(?:patients?|participants?|subjects?|people|persons?|individuals|adults?|men|women|males?|females?|age[ds]?"
    r"|with|who|have|has|had|are|is|be|must|should|of|a|an|the|at|time|and|between|total|score|level|levels|count|serum"
    r"|screening|baseline|visit|both|sexes|years?|old|or|older|duration|disease|value|points?|in|to|both|inclusive"
    r"|clinical|predicted)\b|[\s.,;:()-])*"
)


def _parts(text: _Text) -> Iterator[_Part | None]:
    """Every stretch that holds a number: understood, or None where it is not."""
    for found in windows(text.words):
        yield _window(found, text)
    for found in ages(text.words):
        yield _age(found)
    for found in limits(text.words):
        yield _limit(found)


def _left_over(text: _Text, parts: list[_Part]) -> str:
    """What the understood stretches do not cover, without the names of what they speak of."""
    rest = mend(text.words)
    for part in parts:
        rest = rest[: part.start] + " " * (part.end - part.start) + rest[part.end :]
    for part in parts:
        for name, _ in part.facts:
            term = next((t for t in _TERMS.values() if fact_name(t) == name or t.name == name), None)
            rest = term.printed.sub(" ", rest) if term else rest
    return rest if _FILLER.fullmatch(rest) is None else ""


def condition(words: str, side: Side) -> Condition:
    """The condition of one criterion. Two signs that it may mean something else, and it is asked instead."""
    text = _Text(words, side, re.sub(r"\s+", " ", mend(words)).strip(" .;"))
    for whole in _WHOLE:
        found = whole(text)
        if found is not None:
            return found
    every = list(_parts(text))
    parts = [part for part in every if part is not None]
    if not parts or len(parts) < len(every) or (len(parts) > 1 and any(part.start == 0 for part in parts[1:])):
        return _defined(text, parts) or asked(words, side)
    left = _left_over(text, parts)
    sure = not _UNSURE.search(_outside(text, parts))
    when = " and ".join(part.when for part in parts)
    facts = tuple(fact for part in parts for fact in part.facts)
    assumed = "; ".join(filter(None, (part.assumed for part in parts)))
    if not left and (sure or len(parts) == 1):
        return Condition(when, "computed", facts, assumed)
    if side == "inclusion" and sure:
        return Condition(f"{when} and {asked(words, side).when}", "partly", facts, assumed)
    return _defined(text, parts) or asked(words, side)


def _outside(text: _Text, parts: list[_Part]) -> str:
    rest = text.words
    for part in parts:
        rest = rest[: part.start] + " " * (part.end - part.start) + rest[part.end :]
    return rest


_LONGEST_SUBJECT = 4
"""A bracket with more words than this beside its limit holds more than the limit."""
_BRACKETED = pattern(r"[\w\s-]{1,40}\((?P<inside>[^()]+)\)\s*(?P<rest>.*)")


def _defined(text: _Text, parts: list[_Part]) -> Condition | None:
    """`severe anaemia (haemoglobin < 8 g/dL), disordered clotting`: a bracket defines the first of several reasons."""
    match = _BRACKETED.fullmatch(text.words)
    if match is None or text.side == "inclusion" or len(parts) != 1:
        return None
    only = parts[0]
    inside = match.start("inside") <= only.start and only.end <= match.end("inside")
    if not inside or not re.match(r"\s*(?:[,;]|or\b|$)", match["rest"]):
        return None
    defining = text.words[match.start("inside") : only.start] + text.words[only.end : match.end("inside")]
    if _UNSURE.search(defining) or len(defining.split()) > _LONGEST_SUBJECT:
        return None
    other = match["rest"].strip(" ,;.")
    if not other:
        return Condition(only.when, "computed", only.facts, only.assumed)
    rest = asked(re.sub(r"^or\s+", "", other), text.side)
    return Condition(f"{only.when} or {rest.when}", "partly", only.facts, only.assumed)
