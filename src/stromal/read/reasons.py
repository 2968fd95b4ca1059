"""A criterion that lists things: diseases, drugs, operations, with how and when -> a condition, as far as it is sure.

Takes the words of one criterion and its side; gives a Reasons with its condition, or None where the words are not of
that shape. `History of stroke or cancer within 5 years`: a lead, a list, a window. Used by `conditions`.

A word that narrows (`severe heart failure`) keeps the disease as a necessary part and leaves the rest to a person; a
thing that no dictionary knows leaves what is known as a sufficient part. Nothing is computed beyond that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from stromal.read.concepts import Concept, concept, narrower
from stromal.read.criteria import Side
from stromal.read.limits import windows
from stromal.read.numerals import KEPT
from stromal.read.phrases import Found, pattern, sentences
from stromal.read.record import Range
from stromal.values import Duration, duration_unit

# ---------------------------------------------------------------- the words before the list

_PEOPLE = (
    r"(?:(?:any|all|the|a|those|adult|male|female|study)\s+)*(?:patients?|subjects?|participants?|persons?|people"
    r"|individuals?|candidates?|volunteers?|recipients|adults?|children|women|men|who|those|you)"
)


def _lead(words: str, effect: str) -> tuple[re.Pattern[str], str]:
    return pattern(rf"(?:{words})(?=[\s:,(]|$)[\s:,]*"), effect


_LEAD: tuple[tuple[re.Pattern[str], str], ...] = (
    _lead(_PEOPLE, ""),
    _lead(r"with(?!\s+(?:no|out)\b)|who|that|has|have|had|having|is|are|was|were|be|been|must|suffering(?:\s+from)?"
     r"|suffers?(?:\s+from)?"
     r"|affected\s+(?:by|with)|presenting\s+with|present(?:s|ing)?|an?|the|any|of|other|in\s+case\s+of|subject|either"
     r"|also"
     r"|additional|coexisting|co-existing|co-?morbid(?:ity|ities)?|following|known|documented|confirmed|established"
     r"|proven|clinical(?:ly)?|definite|evidence|signs?|presence|existence|occurrence|diagnos(?:is|ed|es)(?:\s+with)?"
     r"|medical|personal"
     r"|concomitant(?:ly)?|associated|experienced|developed|infected\s+with|infection\s+with|underlying"
     r"|pre-?existing", ""),
    _lead(r"histor(?:y|ies)\s+(?:or|and|and/or)\s+(?:current|presence|active|present|ongoing)(?:\s+(?:evidence"
     r"|diagnosis))?"
     r"|(?:current|active|present|presence)\s+(?:of\s+)?(?:or|and|and/or)\s+(?:(?:a|any)\s+)?(?:past|prior|previous"
     r"|history)(?:\s+history)?"
     r"|(?:past|previous|prior)\s+(?:or|and|and/or)\s+(?:current|present|active)(?:\s+history)?", "ever"),
    _lead(r"(?:past|previous|prior)?\s*(?:medical\s+)?histor(?:y|ies)|previous(?:ly)?|prior|past|ever"
     r"|formerly", "ever"),
    _lead(r"active|current(?:ly)?|ongoing|existing|concurrent(?:ly)?|at\s+present|now", "now"),
    _lead(r"(?:severe|serious|significant|clinically\s+(?:significant|relevant)|uncontrolled|poorly[\s-]controlled"
     r"|unstable|untreated"
     r"|not\s+controlled|moderate(?:\s+(?:to|or)\s+severe)?|mild|major|minor|symptomatic|advanced|decompensated|acute"
     r"|chronic|recent"
     r"|recurrent|primary|secondary|systemic|life-?threatening|relevant|progressive|concomitant\s+severe|refractory"
     r"|local|relapsed|end[\s-]stage|congenital|high[\s-]dose|oral|intravenous|long[\s-]term|regular|continuous"
     r"|metastatic|invasive|newly|uncorrected|inherited|hereditary|cognitive|certain|specific|multiple|extensive"
     r"|frequent)"
     r"(?:\s*(?:,|/|or|and|and/or)\s*(?=(?:severe|serious|significant|uncontrolled|unstable|untreated|moderate"
     r"|chronic|acute|recurrent|active|symptomatic|systemic)\b))?", "narrow"),
    _lead(r"(?:being|currently|now|under|requiring|dependent\s+on|need(?:s|ing)?(?:\s+for)?|undergoing"
        r"|actively)(?=\s)", "now"),
    _lead(r"(?:(?:has|have|had)\s+)?(?:been\s+)?(?:received|underwent|undergone|treated|administered|exposed"
     r"|participated)(?:\s+(?:with|of|to|in|on|by|for|any|an?))*|(?:has|have)\s+had", "past"),
    _lead(r"(?:treatment|therapy|therapies|medicated|medication|use|usage|using|taking|receiving|receives?|takes?|on"
     r"|intake|administration|exposure"
     r"|participat(?:ion|ing|es?)|enrol(?:led|ling|lment|ment)|involved|involvement|included|inclusion|"
     r"under)(?:\s+(?:with|of|to|in|on|by|for|any|an?))*", "given"),
)  # fmt: skip
"""Words before a list, and what they say of it: `ever`, `now`, `past`, `given`, `narrow`, or nothing."""
_DENIED = pattern(
    r"(?:there\s+(?:is|are)\s+)?(?:(?:must|should|do(?:es)?|did|has|have)\s+)?(?:not?\b|without|absence\s+of|free\s+of"
    r"|free\s+from|lack\s+of|never|negative\s+for|negative\s+history\s+of)\s*(?:(?:have|had|been|be|a|any|the"
    r"|evidence|signs?|of)\s+)*"
)
_ALLERGIC = pattern(
    r"(?:known\s+|suspected\s+|history\s+of\s+|severe\s+|an?\s+)*(?:(?:allerg(?:y|ies|ic(?:\s+reactions?)?)"
    r"|hypersensitiv(?:ity|e)"
    r"|hypersensitivity\s+reactions?|sensitivity|intolerance|intolerant|anaphyla(?:xis|ctic\s+reactions?))\s*(?:,|/"
    r"|or|and)?\s*)+"
    r"(?:reactions?\s+)?(?:to|against)\s+(?:(?:any|the|a|of|use|components?|drug|drugs|agents?|medications?)\s+)*"
)
_SUBSTANCES = frozenset((
    "dmso", "dimethyl sulfoxide", "penicillin", "streptomycin", "gentamicin", "amphotericin", "albumin", "human ",
    "human serum albumin", "bovine", "bovine serum", "fetal bovine serum", "bovine proteins", "latex", "gelatin",
    "iodine", "contrast", "contrast media", "contrast medium", "contrast agents", "contrast dye", "porcine",
    "trypsin", "eggs", "local anesthetics", "anesthetics", "local anaesthetics", "blood products", "lidocaine",
    "aspirin", "heparin", "murine proteins", "hyaluronic acid", "fibrin", "antibiotics", "gadolinium", "nickel",
    "titanium", "cobalt", "chromium",
))  # fmt: skip

# ---------------------------------------------------------------- lists

_PAREN = re.compile(r"\s*\([^()]*\)")
_EXAMPLE = pattern(r"\s*\(\s*(?:e\.?\s?g\b|i\.?\s?e\b|such\s+as|including|like|for\s+example|for\s+instance)[^()]*\)")
_SHORT = re.compile(r"\s*\((?:[A-Z][A-Za-z0-9/-]{0,7}|[A-Z]{2,}[ ,/][A-Z]{1,8})\)")
_FOR_EXAMPLE = pattern(r",?\s*\b(?:such\s+as|e\.?g\.?,?|for\s+example|like)\s+.*$")
_BUT = pattern(
    r",?\s*\b(?:except(?:ing|\s+for)?|unless|excluding|other\s+than|with\s+the\s+exception\s+of|apart\s+from"
    r"|but\s+not|not\s+including)\b"
)
_NARROWED = pattern(
    r"\s+(?:requiring|that|which|who|whose|with|as|defined|in\s+the\s+opinion|judged|determined|documented|confirmed"
    r"|diagnosed|treated"
    r"|not\s+controlled|despite|of\s+grade|of\s+the|in\s+the|on|at|due|caused|secondary|related|under|for|where|when"
    r"|by|affecting|from"
    r"|according|based|meeting|fulfilling|per|leading|characteri[sz]ed|involving|complicated|including"
    r"|in\s+accordance|more|less|greater|within|during|prior|before|after|since|<|>|≥|≤)\b|\s*[<>≥≤:]"
)
_JOIN = re.compile(r"\s*(?:,\s*(?:and/or|or|and)\b|\band/or\b|[,;/]|\bor\b|\band\b)\s*(?:/\s*or\b\s*)?", re.IGNORECASE)
_AT = pattern(
    r"\s*(?:,\s*)?\bat\s+(?:the\s+)?(?:time\s+of\s+)?(?:screening|baseline|enrol\w*|study\s+entry"
    r"|inclusion)(?:\s+visit)?\s*$"
)


def _virus_row(printed: re.Pattern[str], *names: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    return printed, names


_VIRUS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    _virus_row(pattern(r"(?:hepatitis|hep)\s*B\s*(?:,|/|or|and|and/or)\s*(?:hepatitis\s*)?C(?:\s*virus)?"),
               "hepatitis_b", "hepatitis_c"),
    _virus_row(pattern(r"(?:hepatitis|hep)\s*-?B(?:\s*virus)?|HBV|HBs-?Ag|hepatitis B surface antigen|HepB"),
               "hepatitis_b"),
    _virus_row(pattern(r"(?:hepatitis|hep)\s*-?C(?:\s*virus)?|HCV|hepatitis C antibod(?:y|ies)|HepC"), "hepatitis_c"),
    _virus_row(pattern(r"HIV(?:[\s-]*(?:1|2|1/2|1 or 2|I|II|1 and 2|I/II))?|human immunodeficiency virus(?:es)?|AIDS"
             r"|acquired immunodeficiency syndrome|anti-HIV|HIV/AIDS"), "hiv"),
    _virus_row(pattern(r"HTLV(?:[\s-]*(?:1|2|I|II|1/2|I/II))?|human T-cell (?:lymphotropic|leuk\w+) virus"), "htlv"),
    _virus_row(pattern(r"syphilis|treponema pallidum"), "syphilis"),
)  # fmt: skip
_PAIR = pattern(r"\bhep(?:atitis)?\s*B\s*(?:,|/|or|and|and/or)\s*(?:hep(?:atitis)?\s*)?C\b")
_VIRUS_EDGE = pattern(
    r"^(?:(?:positive|reactive)\s+(?:serolog(?:y|ical)\s+|blood\s+|test\w*\s+|results?\s+)*(?:for\s+|of\s+|to\s+)?"
    r"|seropositiv\w+\s+for\s+"
    r"|serolog(?:y|ic(?:al)?)\s+(?:positiv\w+|evidence)\s+(?:for|of)\s+|chronic\s+|active\s+|known\s+|acute\s+"
    r"|infection\s+with\s+"
    r"|infected\s+with\s+|positivity\s+(?:for|of)\s+|test(?:ed|ing|s)?\s+positive\s+for\s+|carriers?\s+of\s+"
    r"|anti-?(?=H[CBI])"
    r"|latent\s+|presence\s+of\s+|antibod(?:y|ies)\s+(?:to|against|for)\s+|viral\s+(?=hep)|the\s+)+"
)
_VIRUS_TAIL = pattern(
    r"(?:[\s-]+(?:positiv\w+|infections?|seropositiv\w+|serolog\w+|carriers?|tests?|antibod(?:y|ies)|virus|viruses"
    r"|disease"
    r"|antigens?|status))+$"
)
VIRUS_WORDS = {"hepatitis_b": "hepatitis B test", "hepatitis_c": "hepatitis C test", "hiv": "HIV test",
               "htlv": "HTLV test", "syphilis": "syphilis test"}  # fmt: skip
_LONGEST_LIST = 14


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing of a list: its fact names with their words, what sort, whether something narrows it, when."""

    names: tuple[tuple[str, str, str], ...]
    sort: str
    narrow: bool = False
    when: str = ""


@dataclass(frozen=True, slots=True)
class Reasons:
    """A list that is understood: the condition of what is known, whether that is all, necessary or enough by itself.

    `rival` is the condition in the other reading of a bare `and`; empty where there is none.
    """

    when: str
    meaning: str
    atoms: tuple[Atom, ...]
    rival: str = ""
    denied: bool = False


@dataclass(slots=True)
class _List:
    """A list while it is read."""

    text: str
    effects: set[str] = field(default_factory=set)
    narrowed: bool = False
    window: str = ""


def _leads(text: str) -> tuple[str, set[str]]:
    """The text after its leading words, and what those words say of all that follows."""
    effects, moved = set[str](), True
    while moved:
        moved = False
        for words, effect in _LEAD:
            match = words.match(text)
            if (
                match
                and match.end()
                and match.end() < len(text)
                and (effect == "narrow" or (concept(text) is None and concept(_first(text)) is None))
            ):
                if effect == "narrow" and _as_named(text, text[match.end() :]):
                    continue
                text, moved = text[match.end() :], True
                effects.add(effect)
    return text, effects - {""}


def _as_named(text: str, rest: str) -> bool:
    """Whether a narrowing word is part of a name (`acute kidney injury`), and the rest alone is something else."""
    whole, bare = concept(_first(text)), concept(_first(rest))
    return whole is not None and (bare is None or bare.name != whole.name)


def _first(text: str) -> str:
    return _JOIN.split(text, maxsplit=1)[0]


# ---------------------------------------------------------------- windows

_SCREENING = pattern(r"\b(?:screening|baseline|visit 1|day 0|day 1)\b")
_DOSING = pattern(
    r"\b(?:infusions?|injections?|dos(?:e|es|ing)|transplant\w*|administration|implant\w*"
    r"|study\s+(?:drug|product|treatment)"
    r"|cell\s+(?:therapy|delivery)|first\s+treatment|start\s+of\s+treatment|investigational|IMP|IP)\b"
)
_ENROLMENT = pattern(
    r"\b(?:enrol\w*|joining|inclusion|entry|entering|study|trial|participation|consent\w*|signing|randomi[sz]\w+"
    r"|registration|recruitment|start)\b"
)


def anchor_of(words: str) -> str | None:
    """The milestone that the words behind `before` name: screening, enrolment, the first dose; None for others."""
    if not words:
        return "screening"
    if pattern(r"\b(?:diagnosis|onset|birth|symptoms?|surgery|last|index|discharge|admission)\b").search(words):
        return None
    for printed, anchor in ((_SCREENING, "screening"), (_ENROLMENT, "enrolment"), (_DOSING, "first_dose")):
        if printed.search(words):
            return anchor
    return None


def window_of(found: Found) -> str | None:
    """`within 5 years before screening`; None for a window of another direction, strictness, unit or anchor."""
    value, anchor = found.value, anchor_of(found.anchor)
    if not isinstance(value, Range) or value.low is not None or not value.high_included or found.side == "after":
        return None
    unit = duration_unit(found.unit)
    if anchor is None or unit is None or value.high is None or value.high != int(value.high):
        return None
    return f"within {Duration(int(value.high), unit)} before {anchor}"


_REST = pattern(
    r"(?:(?:or|and|of|the|this|to|in|study|trial|visit|randomi[sz]ation|enrol\w+|registration|screening|baseline"
    r"|treatment"
    r"|product|drug|administration|first|dose|infusion|day|start|initiation|informed|consent|signing|entry|period"
    r"|current"
    r"|date|inclusion|therapy)\b[\s/,.()]*)*"
)
"""Words behind a window that only go on naming the milestone it hangs on."""


def _windowed(made: _List) -> bool:
    """Take a window off the end of a list, or off its beginning; False where there is one that cannot be told."""
    found = windows(made.text)
    if not found:
        return not pattern(r"\b(?:within|last|past|previous|preceding|prior to|before|ago|during)\b.*\d").search(
            made.text
        )
    only = found[0]
    if len(found) > 1:
        return False
    words = window_of(only)
    rest = made.text[only.end :].strip(" ,.;/()")
    rest = "" if _REST.fullmatch(rest) else rest
    before = made.text[: only.start].rstrip(" ,.;(-")
    if words is None or (before and rest):
        return False
    made.window, made.text = words, before or rest
    return bool(made.text)


# ---------------------------------------------------------------- the things of a list


@lru_cache(KEPT)
def _virus(text: str) -> tuple[str, ...]:
    bare = _VIRUS_EDGE.sub("", text.strip())
    forms = (bare, _VIRUS_TAIL.sub("", bare))
    return next((names for printed, names in _VIRUS if any(printed.fullmatch(form) for form in forms)), ())


_ARTICLES = pattern(r"^(?:(?:an?|the|any|other|another|all)\s+)+")


def _atom(text: str, given: set[str], tail: str) -> Atom | None:
    """One thing of a list; None where no dictionary knows it."""
    viruses = _virus(text)
    if viruses:
        return Atom(tuple((name, VIRUS_WORDS[name], "") for name in viruses), "virus")
    bare, effects = _leads(text)
    viruses = _virus(bare)
    if viruses:
        return Atom(tuple((name, VIRUS_WORDS[name], "") for name in viruses), "virus")
    cut = _NARROWED.search(bare)
    known, narrow = concept(bare), "narrow" in effects
    if known is None and tail and len(bare.split()) == 1:
        known = concept(f"{bare} {tail}")
    if known is None and cut and cut.start():
        known, narrow = concept(bare[: cut.start()]), True
    if known is None:
        return None
    narrow = narrow or narrower(_ARTICLES.sub("", bare))
    when = "ever" if "ever" in effects else "now" if "now" in effects else ""
    handed = bool({"given", "past"} & (effects | given))
    sort = "given" if known.sort == "disease" and handed else known.sort
    return Atom(((known.name, known.says, known.code),), sort, narrow, when) if sort != "given" else None


def _time(atom: Atom, made: _List) -> str:
    """When: the list's own window, else what its leading words say, else now (an operation: ever)."""
    if made.window:
        return made.window
    if "ever" in (atom.when, *made.effects) and atom.when != "now":
        return "ever before screening"
    if atom.sort == "procedure" and "now" not in (atom.when, *made.effects) and "given" not in made.effects:
        return "ever before screening"
    return "ongoing at screening"


def _condition(atom: Atom, made: _List) -> str:
    if atom.sort == "virus":
        parts = [f"{name} = positive at screening" for name, _, _ in atom.names]
        return " or ".join(parts)
    return f"{atom.names[0][0]} {_time(atom, made)}"


def _items(text: str) -> tuple[list[str], set[str]]:
    """The things of a list and the words that join them."""
    whole = concept(text)
    if whole is not None or _virus(text):
        return [text], set()
    joints = {re.sub(r"[^a-z/;,]", "", joint.lower()) for joint in _JOIN.findall(text)}
    words = {"or" if "or" in joint else "and" if "and" in joint else "," for joint in joints}
    return [item.strip(" .") for item in _JOIN.split(text) if item.strip(" .")], words


def _joined(parts: list[str], how: str) -> str:
    flat = [f"({part})" if " or " in part and how == "and" else part for part in dict.fromkeys(parts)]
    return flat[0] if len(flat) == 1 else f"({f' {how} '.join(flat)})"


def _allergies(text: str) -> Reasons | None:
    """`Known hypersensitivity to DMSO or penicillin`: one fact for each substance."""
    lead = _ALLERGIC.match(text)
    if lead is None:
        return None
    items, _ = _items(_PAREN.sub("", text[lead.end() :]).strip(" .;"))
    atoms, unknown = list[Atom](), False
    for item in items:
        bare = item.lower().removesuffix(" allergy").strip()
        known = concept(bare)
        if bare in _SUBSTANCES or (known and known.sort == "drug"):
            name = known.name if known else re.sub(r"[^a-z0-9]+", "_", bare)
            atoms.append(Atom(((f"allergy_{name}", f"allergy to {known.says if known else bare}", ""),), "disease"))
        else:
            unknown = True
    if not atoms or len(items) > _LONGEST_LIST:
        return None
    when = _joined([f"{atom.names[0][0]} ever before screening" for atom in atoms], "or")
    return Reasons(when, "enough" if unknown else "all", tuple(atoms))


_TO_COME = pattern(
    r"\b(?:during|throughout|in\s+the\s+course\s+of|over\s+the\s+course\s+of)\s+(?:the\s+|this\s+)?(?:study|trial|treatment\s+period)"
    r"|\b(?:future|will|plan(?:s|ned|ning)?|anticipat\w+|scheduled|intend\w*|at\s+any\s+time)\b"
)
"""What lies ahead is no fact about a person on the day of screening."""


def reasons(words: str, side: Side) -> Reasons | None:
    """The condition of a criterion that lists things; None where it is no such list."""
    text = re.sub(r"\s+", " ", words).strip(" .;:-*")
    if _TO_COME.search(text):
        return None
    denial = _DENIED.match(text)
    if denial and denial.end() and side == "exclusion":
        return None
    text = text[denial.end() :] if denial else text
    allergies = _allergies(text)
    if allergies:
        return replace(allergies, denied=bool(denial))
    made = _List(text)
    plain = _PAIR.sub(r"hepatitis B, hepatitis C", _SHORT.sub("", _EXAMPLE.sub("", text)))
    plain = _FOR_EXAMPLE.sub("", plain) if not re.search(r"\bor\b.*\bsuch as\b", plain) else plain
    made.text = _PAREN.sub("", plain)
    but = _BUT.search(made.text)
    if but and re.search(r"\d", made.text[but.start() :]):
        return None
    made.narrowed = bool(but) or made.text != plain
    made.text = (made.text[: but.start()] if but else made.text).strip(" .;,")
    lost = len(windows(text)) != len(windows(made.text))
    if lost or re.search(r"[<>≥≤]", words) or len(list(sentences(text))) > 1:
        return None
    if not made.text or not _windowed(made):
        return None
    made.text, made.effects = _leads(made.text)
    return _listed(made, side, denied=bool(denial))


_GOVERNS = pattern(
    r"\b(?:for|with|to|in|by|on|from|that|which|who|than|as|of|due|secondary|affecting|resulting|related|during|after"
    r"|before|because"
    r"|are|is|was|were|be|include\w*|including|cause\w*|may|can|could|other|such|any|like)\b"
)
_LONGEST_THING = 4
_CLAUSE = pattern(r"(?:with|have|has|are|is|who|if|when|unless)\b")


def _stands_alone(item: str) -> bool:
    """Whether an unknown thing of a list is only a name: words that govern may turn all that follows around."""
    bare, _ = _leads(item)
    if _CLAUSE.match(item):
        return False
    return len(bare.split()) <= _LONGEST_THING and not _GOVERNS.search(bare)


def _listed(made: _List, side: Side, *, denied: bool) -> Reasons | None:
    text = _AT.sub("", made.text).strip(" .;,:")
    text, effects = _leads(text)
    made.effects |= effects
    items, joints = _items(text)
    if (
        not items
        or len(items) > _LONGEST_LIST
        or re.search(r"\b(?:if|whether|unless|not|no|without|family|risk|donor|father|mother)\b", text, re.IGNORECASE)
    ):
        return None
    last = items[-1].split()
    tail = last[-1] if len(items) > 1 and len(last) > 1 else ""
    found = [_atom(item, made.effects, tail) for item in items]
    atoms = [replace(atom, narrow=True) if atom and made.narrowed else atom for atom in found]
    if not all(atom is not None or _stands_alone(item) for item, atom in zip(items, atoms, strict=True)):
        return None
    known = [atom for atom in atoms if atom is not None]
    if "narrow" in made.effects:
        known = [replace(atom, narrow=True) for atom in known]
    if not known or (made.window and any(atom.when for atom in known)):
        return None
    return _settled(made, known, len(known) < len(atoms), joints, side, denied=denied)


def _settled(
    made: _List, known: list[Atom], unknown: bool, joints: set[str], side: Side, *, denied: bool
) -> Reasons | None:
    """What the known things of a list amount to."""
    if "past" in made.effects and not made.window and "now" not in made.effects and "ever" not in made.effects:
        made.effects.add("ever")
        past = True
    else:
        past = False
    found = _meaning(made, known, unknown, joints, side, denied=denied)
    if found is None or not past or found.rival or side == "inclusion" or all(a.sort == "procedure" for a in known):
        return found
    return replace(found, rival=found.when.replace("ever before screening", "ongoing at screening"))


def _meaning(
    made: _List, known: list[Atom], unknown: bool, joints: set[str], side: Side, *, denied: bool
) -> Reasons | None:
    """Whether the known things are all of a list, a necessary part of it, or enough by themselves."""
    if side == "inclusion" and not denied and not made.effects and any(atom.sort == "drug" for atom in known):
        return None  # a bare drug is a line of a list whose heading says what of it
    parts = [_condition(atom, made) for atom in known]
    both = joints == {"and"} and len(known) + unknown > 1
    listing = side == "exclusion" or denied
    if unknown:
        if both and not listing:
            return Reasons(_joined(parts, "and"), "needed", tuple(known), denied=denied)
        sure = [(part, atom) for part, atom in zip(parts, known, strict=True) if not atom.narrow]
        if not sure or both or not (listing or "or" in joints):
            return None
        return Reasons(_joined([p for p, _ in sure], "or"), "enough", tuple(a for _, a in sure), denied=denied)
    meaning = "needed" if any(atom.narrow for atom in known) else "all"
    if both and not listing:
        return Reasons(_joined(parts, "and"), meaning, tuple(known), denied=denied)
    if not listing and joints == {","}:
        return None
    if not listing and "and" in joints:
        return None if "or" in joints else Reasons(_joined(parts, "and"), meaning, tuple(known), denied=denied)
    rival = _joined(parts, "and") if both and not denied and not all(a.sort == "virus" for a in known) else ""
    return Reasons(_joined(parts, "or"), meaning, tuple(known), rival, denied)


__all__ = ["Atom", "Concept", "Reasons", "anchor_of", "reasons", "window_of"]
