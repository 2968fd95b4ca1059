"""Doses of cells, the volume and fluid they come in, and the way they are given, as sentences say it.

Takes one line of text; gives Found phrases named dose, dose_1, dose_2, dose_level, dose_maximum, safe_dose, volume,
fluid_removed, harvest_volume, vehicle and route. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stromal.read.numerals import Amount, Numeral, amounts, mend, number
from stromal.read.phrases import Found, pattern, sentence_at
from stromal.read.record import Range, State, Value

_CELL = r"(?:[\w+-]*?(?:MSC|MSV|CSM|ASC|MPC|MAPC|MNC|DPSC|USSC)s?\b|(?i:(?<![a-z])(?:\w+-)?cells?\b))"
_NO_NOUN = (
    r"(?:and|or|is|are|was|were|in|at|to|with|people|patients?|participants?|subjects?|adults?|individuals|children|years"
    r"|around|persons?|exosomes?|particles?|vesicles?|nano|units?|copies|genomes?|dollars|million|billion|per|than)"
)
_NOUN = re.compile(
    rf"(?:\s*\([^()]{{1,40}}\))?\s*(?:of\s+)?(?:(?:(?!(?i:{_NO_NOUN})\b)[A-Za-z][\w'+®™-]*|\(\w+\))\s+){{0,8}}?{_CELL}"
    r"(?:\s*\((?:[\w+-]{2,20})\))?"
)
_PER_KG = re.compile(
    r"\s*\)?\s*(?:/|\bper\b)\s*(?:body\s+)?(?:kg|kilo(?:gram)?s?)\b"
    r"(?P<weight>(?:\s*(?:of|the|patient'?s?|recipient'?s?|ideal|actual|total|\(|\)|bw|body|weight|mass)\b\)?)*)",
    re.IGNORECASE,
)
_PER_VOLUME = re.compile(r"\s*/\s*(?P<amount>\d+(?:\.\d+)?)\s*(?:ml|cc)\b", re.IGNORECASE)
_CONCENTRATION = re.compile(
    r"\s*(?:/|\bper\b|\ba\b)\s*(?:ml|cc|ul|mul|[cm]m\s*\^?\s*[23²³]?|d?l|litre|liter|cubic|well|field|cm)(?![a-z])",
    re.IGNORECASE,
)
_OTHER_THING = re.compile(
    r"\s*(?:/(?!\s*(?:patient|subject|person|dose|injection|infusion|time|round|knee|joint|site|eye))|x\b|%|\w?IU\b|m[lg]\b|(?:[\w-]+\s+){0,3}(?:people|patients?|persons?|individuals|exosomes?|particles?"
    r"|vesicles?|units?|copies|genomes?|vg|pg|dollars|around|worldwide)\b)",
    re.IGNORECASE,
)
_DOSE_WORD = re.compile(r"\b(?:dos(?:e|es|age|ed)|amount|cells?|MSCs?|infus\w+|inject\w+)\b", re.IGNORECASE)
_LINK = re.compile(r"\s*(?:cells?)?\s*(?:,|/|,?\s*(?:or|and|to))\s*", re.IGNORECASE)
_SMALLEST = 1000
"""Fewer cells than this are never a dose; such numbers count people, visits or vials."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """The unit that follows an amount, and how far it reaches."""

    unit: str
    end: int
    note: str = ""


def _after_noun(text: str, end: int) -> _Measure | None:
    """What the words after an amount say: cells, cells per kilogram, or nothing that is a dose."""
    noun = _NOUN.match(text, end)
    reach = noun.end() if noun else end
    per_kg = _PER_KG.match(text, reach)
    if per_kg:
        words = per_kg["weight"].lower()
        note = next((f"{kind} body weight" for kind in ("ideal", "actual") if kind in words), "")
        again = _NOUN.match(text, per_kg.end()) if noun is None else None
        return _Measure("cells/kg", again.end() if again and not words else per_kg.end(), note)
    volume = _PER_VOLUME.match(text, reach)
    if noun and volume:
        return _Measure("cells", volume.end())
    if noun is None or _CONCENTRATION.match(text, reach):
        return None
    return _Measure("cells", reach)


_NEXT_NOUN = re.compile(r"\s+(?!increased|reduced|given|once|twice|will|were|total|dose|unit)[a-z]{4,}")


def _bare(text: str, amount: Amount, low: int) -> _Measure | None:
    """An amount too large for anything but cells, in a sentence about a dose, with no other noun behind it."""
    largest = amount.numerals[-1]
    if not largest.scaled or largest.value < 10_000 or _OTHER_THING.match(text, amount.end):
        return None
    if _NEXT_NOUN.match(text, amount.end) or not _DOSE_WORD.search(text, low, amount.start):
        return None
    return _Measure("cells", amount.end, "the page does not say of what; cells are understood")


_LOST = "superscript lost"


def _whole(amount: Amount) -> tuple[Value, str, tuple[Value, ...]]:
    """The amount as cells: value, what was mended, and rival values."""
    ends = amount.numerals
    if all(not n.scaled and n.rivals for n in ends):  # a bare 106 beside the word cells is 10 to the 6
        powers = tuple(n.rivals[0] for n in ends)
        value: Value = number(powers[0]) if len(powers) == 1 else Range(number(powers[0]), number(powers[-1]))
        return value, _LOST, ()
    rivals: tuple[Value, ...] = ()
    if any(n.rivals for n in ends):
        others = [number(n.rivals[0] if n.rivals else n.value) for n in ends]
        if others == sorted(others):
            rivals = (others[0] if len(others) == 1 else Range(others[0], others[-1]),)
    return amount.value, amount.mended, rivals


def _enough(numeral: Numeral) -> bool:
    return max(numeral.value, *numeral.rivals) >= _SMALLEST if numeral.rivals else numeral.value >= _SMALLEST


_ORDINALS = {"first": 1, "initial": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_ORDINAL = re.compile(
    rf"\b(?P<which>{'|'.join(_ORDINALS)})\s+(?:\w+\s+)?(?:dos(?:e|age)|infusion|injection|administration|transplant\w*)\b",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\b(?:reduced|increased|lowered|raised|escalated|de-?escalated|decreased)\s+(?:up\s+|down\s+)?to\b", re.IGNORECASE
)
_CAP = re.compile(
    r"\b(?:max(?:imum|imal|\.)?|not\s+(?:to\s+)?exceed(?:ing)?|capped\s+at|cap\s+of)\b[^.;]{0,25}$", re.IGNORECASE
)


def _role(text: str, start: int, end: int, low: int, high: int) -> str:
    """Which dose this is: the first, a level, a cap, a dose declared safe, or simply the dose.

    `low` and `high` bound the words that belong to this amount: the sentence, cut at its neighbours.
    """
    before, after = text[low:start], text[end:high]
    if re.match(r"\s*(?:(?:is|as|to be|be)\s+)?(?:a\s+)?(?:safe|tolerated)\s+dose", after, re.IGNORECASE):
        return "safe_dose"
    if _CAP.search(before):
        return "dose_maximum"
    if _LEVEL.search(before):
        return "dose_level"
    if re.search(r"\bsubsequent\b", before, re.IGNORECASE):
        return "dose_subsequent"
    ordinals = list(_ORDINAL.finditer(before)) or list(_ORDINAL.finditer(after))[:1]
    return f"dose_{_ORDINALS[ordinals[-1]['which'].lower()]}" if ordinals else "dose"


def _measures(text: str, every: tuple[Amount, ...]) -> list[_Measure | None]:
    """The unit of each amount; in a list (`150 or 300 million cells`) the earlier takes the unit of the later."""
    measures: list[_Measure | None] = []
    for place in range(len(every) - 1, -1, -1):
        amount = every[place]
        low, _ = sentence_at(text, amount.start)
        measure = _after_noun(text, amount.end) if any(map(_enough, amount.numerals)) else None
        linked = bool(measures) and _LINK.fullmatch(text[amount.end : every[place + 1].start])
        if measure is None and linked:
            following = measures[0]
            measure = _Measure(following.unit, amount.end, following.note) if following else None
        elif measure is None and any(map(_enough, amount.numerals)) and not _NOUN.match(text, amount.end):
            measure = _bare(text, amount, low)
        measures.insert(0, measure)
    return measures


def _reach(text: str, start: int, end: int) -> int:
    """Where the quoted words end: without a bracket that was opened earlier, or a dangling small word."""
    words = re.sub(r"\s*(?:\bof|\bthe|\()$", "", text[start:end])
    if words.endswith(")") and words.count(")") > words.count("("):
        words = words[:-1]
    return start + len(words)


def doses(line: str) -> tuple[Found, ...]:
    """Every dose of cells in the line: a number or low-high, in `cells/kg` or `cells`, with its role as its name."""
    text = mend(line)
    every = amounts(line)
    made = []
    edge = 0
    measured = _measures(text, every)
    for place, (amount, measure) in enumerate(zip(every, measured, strict=True)):
        if measure is None:
            continue
        low, high = sentence_at(text, amount.start)
        following = next((every[n].start for n in range(place + 1, len(every)) if measured[n]), high)
        name = _role(text, amount.start, measure.end, max(low, edge), min(high, following))
        if measure.unit == "cells/kg" and name == "dose_maximum":
            name = "dose"
        value, mended, rivals = _whole(amount)
        notes = "; ".join(filter(None, (f"notation mended: {mended}" if mended else "", measure.note)))
        state: State = "ambiguous" if rivals else "repaired" if mended else "stated"
        paired = tuple((rival, measure.unit) for rival in rivals)
        end = _reach(text, amount.start, measure.end)
        made.append(Found(name, amount.start, end, value, measure.unit, state, notes, paired))
        edge = amount.end
    return tuple(made)


# ---------------------------------------------------------------- volumes, fluids, ways of giving

_ML = pattern(r"\s*-?\s*(?:ml|mls|cc|millilit(?:er|re)s?)\b(?!\s*/)")
_VOLUME_ROLES = (
    ("fluid_removed", "after", pattern(
        r"\s*of\s+(?:the\s+)?(?:CSF|cerebrospinal fluid)\b[^.;]{0,30}\b(?:remov|withdr|drain)\w*")),
    ("fluid_removed", "before", pattern(r"\b(?:remov\w*|withdr\w*|drain\w*)(?:\s+of)?[^.;\d]{0,20}$")),
    ("volume", "before", pattern(
        r"(?:\b(?:in|volume\s+of|volume:?)\s*(?:a\s+|about\s+|approximately\s+|total\s+of\s+)*|/\s*)$")),
    ("harvest_volume", "after", pattern(r"\W*(?:of\s+)?(?:bone\s+marrow|lipoaspirate|(?:\w+\s+)?blood|fat\b)")),
    ("harvest_volume", "before", pattern(r"\b(?:marrow|lipoaspirate|blood|fat|adipose|aspirat\w+)\b[^.;]{0,40}$")),
    ("volume", "before", pattern(r"\b(?:total\s+of|with|of)\s*(?:a\s+|about\s+|approximately\s+)*$")),
    ("volume", "after", pattern(r"\s*(?:of\s+)?(?:normal\s+|isotonic\s+)?(?:saline|suspension|ringer|solution)")),
)  # fmt: skip


def _volume_role(before: str, after: str) -> str | None:
    for name, side, cue in _VOLUME_ROLES:
        if cue.search(before) if side == "before" else cue.match(after):
            return name
    return None


def volumes(line: str) -> tuple[Found, ...]:
    """Volumes in mL: of the dose, of fluid taken out before it, of tissue harvested; others are left alone."""
    text = mend(line)
    made = []
    for amount in amounts(line):
        unit = _ML.match(text, amount.end)
        if unit is None:
            continue
        low, high = sentence_at(text, amount.start)
        name = _volume_role(text[low : amount.start], text[unit.end() : high])
        if name is not None:
            made.append(Found(name, amount.start, unit.end(), amount.value, "mL"))
    return tuple(made)


_VEHICLE = pattern(
    r"\bml\s+(?:of\s+)?(?:a\s+)?(?:[\w.%]+\s+){0,2}?",
    r"(?P<what>saline|ringer\w*|plasma-?lyte|dextrose|albumin|dextran)\b",
)


def vehicles(line: str) -> tuple[Found, ...]:
    """The fluid that carries the cells, where a volume of it is given."""
    return tuple(
        Found("vehicle", match.start("what"), match.end("what"), match["what"].lower())
        for match in _VEHICLE.finditer(mend(line))
    )


_GIVEN = r"\s+(?:\w+\s+){0,2}?(?:infusions?|injections?|administrations?|treatments?|doses?|deliver\w*|route|drip)\b"
ROUTES = {
    "intravenous": rf"\bintra-?venous(?:ly)?\b|\bi\.v\.|\((?-i:IV)\)|\b(?-i:IV)(?={_GIVEN})"
    r"|\bperipheral vein\b|\bby vein\b",
    "intrathecal": rf"\bintra-?thecal(?:ly)?\b|\((?-i:IT)\)|\b(?-i:IT)(?={_GIVEN})|\bsubarachnoid\b"
    r"|\b(?:to|into|in) (?:the |their )?(?:CSF|spinal fluid|cerebrospinal fluid)\b",
    "intra-articular": r"\bintra-?articular(?:ly)?\b",
    "intramuscular": r"\bintra-?muscular(?:ly)?\b",
    "intracoronary": r"\bintra-?coronary\b",
    "intramyocardial": r"\bintra-?myocardial(?:ly)?\b|\btrans-?endocardial(?:ly)?\b",
    "intra-arterial": r"\bintra-?arterial(?:ly)?\b",
    "intradiscal": r"\bintra-?dis[ck]al(?:ly)?\b",
    "intraspinal": r"\bintra-?(?:spinal|medullary)(?:ly)?\b",
    "intraventricular": r"\bintra-?(?:cerebro)?ventricular(?:ly)?\b",
    "intralesional": r"\b(?:intra|peri)-?lesional(?:ly)?\b",
    "intraperitoneal": r"\bintra-?peritoneal(?:ly)?\b",
    "intratracheal": r"\bintra-?tracheal(?:ly)?\b",
    "intranasal": r"\bintra-?nasal(?:ly)?\b",
    "inhaled": r"\binhal(?:ed|ation)\b",
    "subcutaneous": r"\bsub-?cutaneous(?:ly)?\b",
    "intradermal": r"\bintra-?dermal(?:ly)?\b",
    "topical": r"\btopical(?:ly)?\b",
}
_ROUTES = tuple((name, pattern(words)) for name, words in ROUTES.items())


def routes(line: str) -> tuple[Found, ...]:
    """The ways of giving named in the line, each once."""
    text = mend(line)
    found = ((name, words.search(text)) for name, words in _ROUTES)
    return tuple(Found("route", match.start(), match.end(), name) for name, match in found if match)
