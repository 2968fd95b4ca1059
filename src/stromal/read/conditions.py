"""A criterion in words -> a condition in the protocol language, as far as the words are understood.

Takes the text of one criterion and its side; gives a Condition with the facts it rests on. What is not understood
stays a question to a person and is never dropped; a line that might mean something else is asked, not computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from stromal.read.concepts import concept
from stromal.read.criteria import Side
from stromal.read.limits import limits
from stromal.read.measured import (
    OLDEST,
    Facts,
    Part,
    compared,
    fact_name,
    fact_row,
    parts_of,
    whole_length,
    without_subjects,
)
from stromal.read.numerals import mend, tidy
from stromal.read.phrases import pattern
from stromal.read.reasons import VIRUS_WORDS, Reasons, reasons
from stromal.read.sheet import Node, printable

How = Literal["computed", "partly", "judged", "asked"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A criterion as a condition: the expression, how much of it is computed, its facts, and what was assumed.

    `rivals` are the expressions of the other readings that the same words admit; `recognised` says whether the words
    show why a person must answer.
    """

    when: str
    how: How
    facts: Facts = ()
    assumed: str = ""
    rivals: tuple[str, ...] = ()
    recognised: bool = True


@dataclass(frozen=True, slots=True)
class _Text:
    """A criterion being read."""

    words: str
    side: Side
    plain: str = field(default="")


# ---------------------------------------------------------------- questions to people

_ASK = pattern(
    r"\b(?:willing\w*|agrees?\s+to|travel|comply|follow\s+the\s+(?:study|protocol)|attend|commit\w*|accept\w*"
    r"|(?:signed?|signing|signs|provid\w+|giv\w+|written|obtain\w+)\b.{0,40}\bconsent|consent\b.{0,30}\b(?:signed"
    r"|obtained|given|form)"
    r"|contracepti\w+|birth\s+control|informed\s+consent|availab\w+\s+for|ready\s+to|volunt\w+)\b"
)
_CAPABLE = pattern(r"\b(?:capable|capacity|competent|able to (?:give|provide|sign|understand))\b")
_JUDGED = pattern(
    r"\b(?:opinion|investigators?|physicians?|judg\w+|deem\w*|discretion|clinically\s+(?:significant|relevant)"
    r"|suitab\w+|unsuitab\w+"
    r"|adequate|inadequate|severe|serious|uncontrolled|unstable|life\s+expectancy|expect\w+|unable|inability"
    r"|incapab\w+|interfer\w+"
    r"|compromis\w+|complian\w+|cooperat\w+|significant|any\s+(?:other\s+)?(?:condition|reason|disease)|abnormal\w*"
    r"|contraindicat\w+"
    r"|candidates?|capab\w+|competent|capacity|considered|unlikely|risk|refractory|fail(?:ed|ure)|respon\w+"
    r"|symptom\w*|evidence"
    r"|confirmed|diagnos\w+|stage|grade|class|normal|stable|history|presence|undergo\w*|treat\w+|therap\w+|surg\w+"
    r"|disease|disorder)\b"
)


def asked(text: str, side: Side) -> Condition:
    """The criterion as a question: to the person where it is about their will, else to the investigator."""
    words = printable(tidy(text)).replace('"', "'").rstrip(" .;")
    if _ASK.search(text) and not _CAPABLE.search(text) and side == "inclusion":
        return Condition(f'asked "Is this so for you? {words}"', "asked")
    lead = "Is this so?" if side == "inclusion" else "Does this apply?"
    known = bool(_JUDGED.search(text) or _ASK.search(text))
    return Condition(f'judged "{lead} {words}" by investigator', "judged", recognised=known)


# ---------------------------------------------------------------- whole phrases

_NURSING = r"breast[\s-]?feed(?:ing|s)?|lactat\w+|nursing"
_PREGNANT = r"pregnan(?:cy|t|cies)"
_FERTILE = pattern(
    rf"(?:(?:women|woman|females?|patients?|subjects?|participants?|girls|who|that|are|is|if|a|the|or|and|and/or|/|,"
    rf"|current(?:ly)?"
    rf"|of\s+child-?\s?bearing\s+(?:potential|age)|mothers?|known|either|positive|tests?|test\s+for|result|serum"
    rf"|urine|at|screening|baseline"
    rf"|period|in|during|stage|being|with|study|have|having|active|for|{_PREGNANT}|{_NURSING})[\s,;.()]*)+"
)
_PLANNING = pattern(
    r"[\s,]*(?:(?:or|and|and/or)\s+)?(?:who\s+)?(?:are\s+|is\s+)?(?:plan\w*|intend\w*|wish\w*|desir\w*|want\w*"
    r"|expect\w*|likely|contemplat\w*"
    r"|consider\w*|attempt\w*|try\w*|seek\w*|hop\w*|not\s+(?:using|willing)|unwilling|without|refus\w*)\b.*"
)
_NEGATIVE_TEST = pattern(
    r"(?:(?:a|have|has|with|must|must\s+have|should\s+have|women|females?|for|female\s+patients"
    r"|of\s+child-?bearing\s+(?:potential|age)"
    r"|patients?|subjects?|participants?)[\s,:]+)*negative\s+(?:serum\s+|urine\s+|blood\s+|serum\s+or\s+urine\s+"
    r"|hcg\s+)*pregnancy\s+test"
    r"(?:\s+(?:at|for|in|before)\s+(?:screening|baseline|enrol\w+|females?|women"
    r"|women\s+of\s+child-?bearing\s+(?:potential|age)|inclusion))*"
)


def _yes_no(name: str, says: str) -> tuple[str, dict[str, Node]]:
    return name, {"kind": "yes_no", "says": says}


def _pregnancy(text: _Text) -> Condition | None:
    if text.side == "inclusion":
        if not _NEGATIVE_TEST.fullmatch(text.plain):
            return None
        return Condition("sex = male or not pregnancy at screening", "computed", (_yes_no("pregnancy", "pregnancy"),))
    if "pregnan" not in text.plain.lower():
        return None
    planning = _PLANNING.search(text.plain)
    plain = text.plain[: planning.start()] if planning else text.plain
    if not _FERTILE.fullmatch(plain) or not re.search(_PREGNANT, plain, re.IGNORECASE):
        return None
    facts, when = [_yes_no("pregnancy", "pregnancy")], "pregnancy at screening"
    if re.search(_NURSING, plain, re.IGNORECASE):
        facts.append(_yes_no("breastfeeding", "breastfeeding"))
        when = "(pregnancy at screening or breastfeeding at screening)"
    if planning is None:
        return Condition(f"sex = female and {when}", "computed", tuple(facts))
    rest = asked(text.words, text.side).when
    return Condition(f"sex = female and {when} or {rest}", "partly", tuple(facts))


_STABLE = pattern(
    r"\bstable\s+(?:dose|regimen)\s+of\s+(?P<drug>[a-z]+)(?P<none>\s+or\s+(?:none|no\s+\w+))?\s+(?:for|over)\s+"
    r"(?:at\s+least\s+|the\s+last\s+)?(?P<count>\d+)\s+(?P<unit>days?|weeks?|months?)\b(?P<rest>.*)"
)


def _stable(text: _Text) -> Condition | None:
    """`a stable dose of riluzole or none for at least 30 days`."""
    match = _STABLE.search(text.plain)
    if match is None or text.side == "exclusion" or len(match["rest"].split()) > 4:
        return None
    drug, length = concept(match["drug"]), f"{match['count']} {match['unit']}"
    if drug is None or drug.sort != "drug":
        return None
    when = f"{drug.name} unchanged for {length} before enrolment"
    if match["none"]:
        when += f" or no {drug.name} within {length} before enrolment"
    return Condition(when, "computed", ((drug.name, _episode_row(drug.says, drug.code)),))


def _episode_row(says: str, code: str) -> dict[str, Node]:
    row: dict[str, Node] = {"kind": "episode", "says": says}
    return {"kind": "episode", "code": code, "says": says} if code else row


_ONE_SEX = pattern(
    r"(?:(?:all|adult|patients?|subjects?|participants?|sex|gender|must\s+be|are|is|only|of)[\s:,]*)*(?P<sex>females?"
    r"|women|males?|men)"
    r"(?:\s+(?:patients?|subjects?|participants?|sex|gender|only))*"
)
_BOTH_SEXES = pattern(
    r"(?:(?:both|all|adult|either|patients?|subjects?|participants?|sex(?:es)?|genders?|of|any|male|female|males"
    r"|females|men|women|and|or|and/or"
    r"|eligible|may\s+be|can\s+be)[\s:,/]*){2,}"
)


def _sex(text: _Text) -> Condition | None:
    one = _ONE_SEX.fullmatch(text.plain)
    if one:
        sex = "female" if one["sex"].lower() in ("female", "females", "women") else "male"
        return Condition(f"sex = {sex}", "computed")
    both = text.side == "inclusion" and _BOTH_SEXES.fullmatch(text.plain) and not _only_sex(text.plain)
    if both and re.search(r"\b(?:fe)?males?\b|\bmen\b|sex|gender", text.plain, re.IGNORECASE):
        return Condition("sex in [female, male]", "computed")
    return None


def _only_sex(words: str) -> str:
    """The one sex that the words speak of; nothing where they name both or none."""
    female = re.search(r"\b(?:females?|wom[ae]n|girls?)\b", words, re.IGNORECASE)
    male = re.search(r"\b(?:males?|m[ae]n|boys?)\b", words, re.IGNORECASE)
    return "" if bool(female) is bool(male) else "female" if female else "male"


def _reasons(text: _Text) -> Condition | None:
    found = reasons(text.plain, text.side)
    if found is None:
        return None
    if _only_sex(text.plain):
        return None
    facts: dict[str, dict[str, Node]] = {}
    for atom in found.atoms:
        for name, says, code in atom.names:
            virus = {"kind": "choice", "of": ["negative", "positive"], "says": says}
            facts[name] = virus if name in VIRUS_WORDS else _episode_row(says, code)  # type: ignore[assignment]
    when, how = _amounts_to(found, found.when, text)
    rivals = (_amounts_to(found, found.rival, text)[0],) if found.rival else ()
    assumed = "“and” is read as a list of which one is enough" if rivals else ""
    return Condition(when, how, tuple(facts.items()), assumed, rivals)


def _bare(when: str) -> str:
    """An expression without the brackets around the whole of it."""
    return when[1:-1] if when.startswith("(") and when.endswith(")") and ")" not in when[:-1] else when


def _amounts_to(found: Reasons, when: str, text: _Text) -> tuple[str, How]:
    """A list with the question that completes it where it is only a necessary or a sufficient part."""
    question = asked(text.words, text.side)
    rest = question.when.replace("asked ", "judged ", 1) + (" by investigator" if question.how == "asked" else "")
    if found.meaning == "all":
        return (f"not {when}" if found.denied else _bare(when)), "computed"
    if found.denied:
        if found.meaning == "enough":
            return f"not {when} and {rest}", "partly"
        return f"not {when} or {rest}", "partly"
    if found.meaning == "enough":
        return f"{_bare(when)} or {rest}", "partly"
    return f"{when} and {rest}", "partly"


# ---------------------------------------------------------------- numbers put together

_UNSURE = pattern(
    r"\b(?:or|unless|except|if|either|not|no|without|never|neither|nor|than\s+one|other\s+than|excluding|between|but"
    r"|when|for\s+(?:patients"
    r"|subjects|men|women|those))\b|/"
)
_LISTING = pattern(r"[,;]|\b(?:and|plus|as\s+well\s+as)\b")
_FILLER = pattern(
    r"(?:\b(?:patients?|participants?|subjects?|people|persons?|individuals|adults?|volunteers|men|women|males?"
    r"|females?|age[ds]?"
    r"|with|who|have|has|had|having|are|is|be|must|should|of|a|an|the|at|time|and|or|but|between|total|score|scores?"
    r"|level|levels|count|counts|serum"
    r"|screening|baseline|visit|both|sexes|either|sex|gender|genders|years?|old|or|older|duration|disease|value"
    r"|values?|points?|in|to|inclusive"
    r"|clinical|predicted|all|any|on|scale|index|status|performance|current|range|equal|greater|concentration|blood"
    r"|absolute|including|included"
    r"|eastern|co-?operative|oncology|group|left|ventricular|glycated|glycosylated|cockcroft|gault|formula|equation|MDRD|CKD|EPI"
    r"|rate|glomerular|filtration|according|using|based|start|date|PS|KPS|institutional|'s|patient's|reference"
    r"|inclusion|enrol\w*|study|entry|consent|informed|signing|day|limit|limits|body|no|not|without|do|does|plasma"
    r"|peripheral|defined|as|evidenced|by"
    r"|i\.e\.|ie|result|results|test|tests|measured|estimated|calculated|race|ethnicity|calendar|from|known|resting"
    r"|fasting|eligible|being|were)\b"
    r"|[\s.,;:()*&\[\]·•-])*"
)


def _blanked(text: str, parts: list[Part]) -> str:
    for part in parts:
        text = text[: part.start] + " " * (part.end - part.start) + text[part.end :]
    return text


_WORDS_THAT_JOIN = re.compile(r"\b(and/or|or|and|but|&)\b", re.IGNORECASE)


def _joints(text: str, parts: list[Part]) -> set[str]:
    """The words between the understood parts: `or`, `and`, or a mere comma."""
    made = set()
    for this, following in pairwise(parts):
        between = _WORDS_THAT_JOIN.findall(text[this.end : following.start])
        words = {"or" if "or" in word.lower() else "and" for word in between}
        made |= words or {","}
    return made


def _joined(parts: list[Part], joints: set[str], side: Side) -> tuple[str, str] | None:
    """All parts as one expression and its rival reading; None where the words between them say both `and` and `or`."""
    if {"and", "or"} <= joints:
        return None
    whens = [part.when for part in parts]
    either = " or ".join(whens)
    both = " and ".join(f"({when})" if " or " in when and len(parts) > 1 and when[0] != "(" else when for when in whens)
    others = [part.rival or part.when for part in parts]
    if "or" in joints:
        return either, " or ".join(others) if others != whens else ""
    rival = " and ".join(others) if others != whens else ""
    if side == "inclusion" or len(parts) == 1:
        return both, rival
    if len({re.sub(r"\W.*", "", when) for when in whens}) == 1:
        return either, ""  # nobody is under 18 and over 65 at once
    return (both, either) if joints == {"and"} else (either, both)


_SELF = pattern(
    r"\b(?:donors?|siblings?|parents?|guardian|partners?|caregivers?|mother|maternal|fetal|neonat\w*|infants?)\b"
)


def _numbers(text: _Text) -> Condition | None:
    """A criterion of numbers: all of it understood, or a necessary part of it."""
    every = list(parts_of(text.words, text.side))
    parts = [part for part in every if part is not None]
    if not parts or len(parts) < len(every) or any(a.end > b.start for a, b in pairwise(parts)):
        return _defined(text, parts)
    rest = _blanked(mend(text.words), parts)
    joined = _joined(parts, _joints(text.words, parts), text.side)
    if joined is None or _SELF.search(rest) or re.search(r"\d", re.sub(r"^\W*\d+[.)]", "", rest)):
        return _defined(text, parts)
    facts = tuple({name: (name, row) for part in parts for name, row in part.facts}.values())
    assumed = "; ".join(filter(None, (part.assumed for part in parts)))
    left = without_subjects(rest, parts)
    sex = _only_sex(rest)
    when, rival = (
        f"sex = {sex} and ({each})" if sex and " or " in each else f"sex = {sex} and {each}" if sex and each else each
        for each in joined
    )
    denied = re.search(r"\b(?:no|not|without)\b", left, re.IGNORECASE) and not any(part.start == 0 for part in parts)
    if (
        _FILLER.fullmatch(left)
        and not (denied and text.side == "exclusion")
        and _settled_denial(text, parts, bool(denied))
    ):
        return Condition(when, "computed", facts, assumed, (rival,) if rival else ())
    return _necessary(text, parts, left, (when, rival), facts, assumed)


def _settled_denial(text: _Text, parts: list[Part], denied: bool) -> bool:
    """A denial among the words around the limits is settled only where the limits took it in already."""
    if not denied:
        return True
    return all(
        re.match(r"\W*(?:\w+\s+){0,4}(?:no|not|without)\b", text.words[: part.start], re.IGNORECASE)
        for part in parts[:1]
    )


def _necessary(
    text: _Text, parts: list[Part], left: str, whens: tuple[str, str], facts: Facts, assumed: str
) -> Condition | None:
    """Where words stay over that only narrow, the numbers are a necessary part, and a person answers for the rest."""
    outside = _blanked(text.words, parts)
    loose = text.side == "exclusion" and _LISTING.search(left.strip(" .;,"))
    defined = _defined(text, parts)
    if defined or _UNSURE.search(outside) or loose or " or " in whens[0]:
        return defined
    question = asked(text.words, text.side)
    rival = (f"{whens[1]} and {question.when}",) if whens[1] and " or " not in whens[1] else ()
    return Condition(f"{whens[0]} and {question.when}", "partly", facts, assumed, rival)


_LONGEST_SUBJECT = 4
"""A bracket with more words than this beside its limit holds more than the limit."""
_BRACKETED = pattern(r"[\w\s-]{1,40}\((?P<inside>[^()]+)\)\s*(?P<rest>.*)")


def _defined(text: _Text, parts: list[Part]) -> Condition | None:
    """`severe anaemia (haemoglobin < 8 g/dL), disordered clotting`: a bracket defines the first of several reasons."""
    match = _BRACKETED.fullmatch(text.words)
    if match is None or text.side == "inclusion" or len(parts) != 1 or parts[0].rival:
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


# ---------------------------------------------------------------- putting the parts together

_BARRED = pattern(
    r",?\s*(?:(?:will|shall|should|must|are|is|were)\s+(?:also\s+)?(?:be\s+)?)?(?:excluded|ineligible"
    r"|not\s+(?:be\s+)?(?:eligible|included|enrolled))"
    r"(?:\s+from\s+(?:the\s+|this\s+)?(?:study|trial|participation))?\s*\.?$"
)
_BARRING = ("excluded", "ligible", "included", "enrolled")
"""One of these stands wherever somebody is barred."""
_CONDITIONAL = pattern(r"\b(?:eligible|provided|if|unless|allowed|permitted|except\w*|may|those)\b")
_NUMBER_GLUED = re.compile(r"^\s*\d{1,2}\.(?=\d{1,2}\s*(?:-|–|to\b|years?\b|yrs?\b))", re.IGNORECASE)
"""The number of a criterion printed without a blank before an age: `2.18 years to 65 years`."""
_STARTS_OVER = pattern(r"\s*(?:or|unless|except|however|but|if|and\s+if|otherwise|with)\b")


def condition(words: str, side: Side) -> Condition:
    """The condition of one criterion. Two signs that it may mean something else, and it is asked instead."""
    barred = _BARRED.search(words) if any(map(words.lower().__contains__, _BARRING)) else None
    if barred and side == "exclusion":
        words = words[: barred.start()]
    elif barred:
        return asked(words, side)
    clauses = [clause.strip() for clause in re.split(r";(?![^()]*\))", words) if clause.strip(" .*")]
    if side == "inclusion" and _OPEN_END.search(words):
        return asked(words, side)
    if len(clauses) > 1 and not (_CONDITIONAL.search(words) or any(map(_STARTS_OVER.match, clauses[1:]))):
        several = _clauses(words, clauses, side)
        if several is not None:
            return several
    return _clause(words, side)


_OPEN_END = pattern(r"\b(?:or|and/or)\W*$")
"""A line that ends so is one of several alternatives."""


def _clause(words: str, side: Side) -> Condition:
    words = _NUMBER_GLUED.sub("", words)
    text = _Text(words, side, re.sub(r"\s+", " ", mend(words)).strip(" .;*:-"))
    measured = bool(re.search(r"\d", words)) and bool(limits(words))
    for whole in (_pregnancy, _sex, _stable, *((_numbers, _reasons) if measured else (_reasons, _numbers))):
        found = whole(text)
        if found is not None:
            return found
    return asked(words, side)


def _clauses(words: str, clauses: list[str], side: Side) -> Condition | None:
    """Clauses parted by semicolons: all of an inclusion must hold, one of an exclusion is enough."""
    made = [_clause(clause, side) for clause in clauses]
    known = [each for each in made if each.how in ("computed", "partly")]
    if not known or any(each.rivals for each in known):
        return None
    facts = tuple({name: (name, row) for each in known for name, row in each.facts}.values())
    joint = " and " if side == "inclusion" else " or "
    if len(known) < len(made):
        known = [*known, asked(words, side)]
    when = joint.join(f"({each.when})" if " or " in each.when or " and " in each.when else each.when for each in known)
    how: How = "computed" if all(each.how == "computed" for each in known) else "partly"
    return Condition(when, how, facts, "; ".join(filter(None, (each.assumed for each in known))))


__all__ = ["OLDEST", "Condition", "asked", "compared", "condition", "fact_name", "fact_row", "whole_length"]
