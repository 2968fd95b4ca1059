"""What a count of cells measures: cells, cells per kilogram, cells per area, cells per mL, or no cells at all.

Takes a count with the words around it; gives its unit and how far it reaches, or None. Part of the first step of the
walk: `counts` finds the numbers, `doses` decides which of them this trial gives.
"""

from __future__ import annotations

import re
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from stromal.read.counts import Count, counts, plain_signs
from stromal.read.numerals import Exact, mend
from stromal.read.phrases import pattern, sentence_at

SMALLEST = 1000
"""Fewer cells than this are never a dose; such numbers count people, visits or vials."""
_PLAINLY = 10_000
"""A number below this needs the word cells beside it, and without a comma it may be a year."""

# ---------------------------------------------------------------- the words for cells

_CELL = (
    r"(?:[\w+-]*?(?:[A-Z]SC|[A-Z]PC|MSV|CSM|CMM|CME|MNC|BMC|ADRC|SVF|MenSC|NP|SHED)s?\b"
    r"|(?i:(?<![a-z])(?:\w+-)?(?:cells?|c[eé]lulas|cellules)\b|\w+cel(?:-\w)?\b|(?!\w*system)\w+stem(?:-\w+)?\b"
    r"|stem\w{2,}))"
)
_NO_NOUN = (
    r"(?:and|or|is|are|was|were|in|at|to|with|people|patients?|participants?|subjects?|adults?|individuals|children"
    r"|years|around|persons?|exosomes?|particles?|vesicles?|nano|units?|copies|genomes?|dollars|euros?|million|billion"
    r"|per|than|cases|deaths|americans|men|women|births|carriers|new|visits|surgeries|injuries|fractures|times?|fold"
    r"|for|from|by|using|into|via|will|every|each|on|as|total|the|after|before|once|twice|days?|weeks?|hours?|ui|iu|u"
    r"|mg|ml|g|clusters?|spheroids?|spheres?|vials?|bags?|doses?|infusions?|injections?|colonies)"
)
_FILLER = rf"(?:(?!(?i:{_NO_NOUN})\b)[A-Za-z][\w'+®™/-]*|\(\w+\))"
_NOUN = re.compile(
    rf"(?:\s*(?i:live|viable|units?)\b)?(?:\s*\([^()]{{1,40}}\))?\s*\)?\s*(?:of\s+)?(?:{_FILLER}[\s,]+){{0,8}}?{_CELL}"
    r"(?:\s*\((?:[\w+-]{2,20})\))?"
)
_CELL_BEFORE = re.compile(rf"{_CELL}[^.;]{{0,40}}$")
_NEVER = pattern(
    r"\b(?:(?:white|red)\s+(?:blood\s+)?cells?|platelets?|leu[ck]ocytes?|neutrophils?|tumou?r|cancer|vesicles?",
    r"|bacteria\w*|islets?|sickle|beta cells?)\b|exosomes?",
)
_TELLING = re.compile(
    r"\b(?!(?:un|mis|pre|trans)?(?:expanded|derived|cultured|modified|related|selected|matched|differentiated|pooled"
    r"|cryopreserved|isolated|purified|conditioned|primed|enriched|engineered|nucleated|stimulated|labell?ed|induced)\b)"
    r"[a-z]+ed\b"
)
"""A verb between a number and the word cells tells of something else: `20,000 patients needed cells`."""
_OTHER_THING = pattern(
    r"\s*(?:/(?!\s*(?:patient|subject|person|dose|injection|infusion|time|round|knee|joint|site|eye|limb|vial|bag|kg|\d",
    r"|once|each|treat))|x\b|%|(?:in|by|since)\s+(?:19|20)\d\d\b|\w?IU\b|U\b|m[lg]\b|mm\b|-?fold\b|(?:[\w-]+\s+){0,3}",
    r"(?:people|patients?|persons?|individuals|exosomes?|particles?|vesicles?|EVs?|(?<!u)units?|copies|genomes?|vg|pg|pfu",
    r"|cfu|dollars|euros?|around|worldwide|platelets?|plts?|leu[ck]ocytes?|neutrophils?|cases|deaths|carriers|men|women",
    r"|births|americans|children|adults)\b)",
)
_NEXT_NOUN = re.compile(
    r"\s+(?!increased|reduced|given|once|twice|will|were|total|dose|unit|inject|infus|administ|deliver|transplant|with"
    r"|into|from|intra|suspend|dilut|every|each|followed|through|three|four|times|resuspend|mixed|over|under)[a-z]{4,}"
)
_GIVEN_TO = pattern(
    r"\s*\)?\s*(?:/|\bper\b)\s*(?:\w+\s+)?(?:limb|leg|knee|joint|eye|hip|site|patient|subject|person|time|dose",
    r"|injection|infusion|administration|implant)\b",
)
_DOSE_WORD = pattern(
    r"\b(?:dos(?:e|es|age|ages|ed|ing)|amount|cells?|\w*MSCs?|\w*ASCs?|infus\w+|inject\w+|transplant\w*|administ\w+",
    r"|implant\w*|instill?\w+|expanded|deliver\w*|receiv\w+)\b",
)

# ---------------------------------------------------------------- the words for what they are given by

_PER = r"\s*\)?\s*\(?\s*(?:/|\bper\b|\bpr\b\.?|\bfor each\b|\bx\b|·)\s*"
_PER_KG = pattern(
    rf"(?:\s*\([\w-]{{2,12}}\))?{_PER}(?P<many>\d{{2}}\s?)?(?:(?:body|patients?'?s?|recipients?'?s?|each)\s+)*",
    r"(?:kg|kilo(?:gram(?:me)?)?s?)(?:\s?\.?b\.?w\b\.?)?(?![a-z])(?P<weight>(?:\s*(?:of|the|per kg|patient'?s?",
    r"|recipient'?s?|infant\s?'?s?|ideal|actual|predicted|total|\(|\)|bw|body|-?weight|mass)\b\)?)*)",
)
_BY_WEIGHT = pattern(
    r"\s*\)?\s*(?:[x×*]|times|multiplied by)\s*(?P<many>)",
    r"(?P<weight>(?:body\s*)?weight\b(?:\s*\(?(?:in\s+)?kg\)?)?)",
)
_STILL = (
    r"(?:\s+(?!(?:and|or|then|plus|with|every|once|twice|is|was|will|versus|vs)\b)[A-Za-z][\w'-]*"
    r"|\s*/\s*(?:dose|time))"
)
_FAR_PER_KG = pattern(rf"{_STILL}{{1,6}}?{_PER}(?:body\s+)?(?:kg|kilograms?)\b")
_KG_BEFORE = pattern(r"(?:/|\bper)\s*(?:kg|kilogram)\b(?:\s*(?:of|body|weight|bw))*[^.;,\d]{0,20}$")
_UNITS = pattern(r"\s*units?(?=\s*(?:/|per)\s*kg)")
_DENSITY = pattern(
    rf"{_PER}(?P<of>cm|mm|m)\s?(?:\^\s?)?(?P<power>[23²³])",
    rf"|{_PER}(?P<word>square|sq\.?|cubic)\s+(?P<long>centi|milli|c|m)?(?:met(?:er|re)|m\b)|{_PER}met(?:er|re)s?\s+(?P<after>square)d?",
)
_DENSITY_BEFORE = pattern(
    r"\b(?:each|per|every)\s+(?P<of>cm|mm)\s?(?:\^\s?)?(?P<power>[23²³])(?P<word>)(?P<long>)(?P<after>)[^.;\d]{0,40}$"
)
_CONCENTRATION = pattern(r"\s*(?:/|\bper\b|\ba\b|\bin each\b)\s*(?:ml|cc|ul|mul|millilit)(?:er|re)?(?![a-z])")
_RATE = pattern(
    r"\s*(?:/|\bper\b|\ba\b)\s*(?:d?l|litre|liter|cubic|well|field|cm|flask|min(?:ute)?|h(?:our)?|day|year|plate",
    r"|\d+\s*(?:ml|cc)\s+of\s+(?!saline|normal))(?![a-z])",
)
_PER_VOLUME = pattern(r"\s*/\s*\d+(?:\.\d+)?\s*(?:ml|cc|ul)\b")
_VOLUME_AFTER = pattern(
    r"\s*\)?\s*(?:,|;|in|x|×|\*|with)?\s*\(?\s*(?:a\s+)?(?:total\s+)?(?:single\s+)?",
    r"(?:(?:administration|injection|dose)\s+of\s+)?(?:volume\s+)?(?:of\s+|:\s*|is\s+)?",
    r"(?P<volume>\d+(?:\.\d+)?)\s*(?:ml|cc)\b(?!\s*/)",
)
_VOLUME_BEFORE = pattern(
    r"(?<![\d.])(?P<volume>\d+(?:\.\d+)?)\s*(?:ml|cc)\s*(?:of|containing|with|at|\()[^.;\d]{0,30}$"
)


class Measure(Struct, frozen=True, gc=False):
    """The unit of a count, how far it reaches, and what the count must be multiplied by.

    `sure` is False where the page does not say of what: cells are then understood.
    """

    unit: str
    end: int
    note: str = ""
    times: Exact = 1
    sure: bool = True


class Spot(Struct, frozen=True, gc=False):
    """A count in its sentence: the line as printed and mended, where the sentence begins and ends, the noun behind."""

    line: str
    text: str
    count: Count
    low: int
    high: int
    noun: re.Match[str] | None = None

    @property
    def sentence(self) -> str:
        """The sentence that holds the count."""
        return self.text[self.low : self.high]

    @property
    def before(self) -> str:
        """The words of the sentence ahead of the count."""
        return self.text[self.low : self.count.start]

    @property
    def reach(self) -> int:
        """Where the count ends, with its noun."""
        return self.noun.end() if self.noun else self.count.end


def spots(line: str) -> list[Spot]:
    """Every count of the line in its sentence, in order; none where no count is large enough to be a dose."""
    text = plain_signs(mend(line))
    every = counts(text)
    if not any(count.high >= SMALLEST for count in every):
        return []
    made = []
    for count in every:
        low, high = sentence_at(text, count.start)
        noun = _NOUN.match(text, count.end) if count.high >= SMALLEST else None
        made.append(Spot(line, text, count, low, high, noun))
    return made


# ---------------------------------------------------------------- measuring


def _weighed(spot: Spot, match: re.Match[str]) -> Measure:
    """Cells per kilogram, with the kind of weight where the page says which."""
    words = match["weight"].lower()
    note = next((f"{kind} body weight" for kind in ("ideal", "actual", "predicted") if kind in words), "")
    if match["many"]:
        each = Fraction(1, int(match["many"]))
        return Measure("cells/kg", match.end(), f"printed per {match['many'].strip()} kg", each)
    again = _NOUN.match(spot.text, match.end()) if not words and spot.noun is None else None
    return Measure("cells/kg", again.end() if again else match.end(), note)


_SMALL_POWERS = str.maketrans("²³", "23")


def _dense(match: re.Match[str]) -> Measure:
    """Cells per area or per volume of tissue: a measure of its own, never a dose of a person."""
    power = match["power"] or ("2" if (match["word"] or match["after"]).lower().startswith("sq") else "3")
    length = match["of"] or {"c": "cm", "m": "mm"}.get((match["long"] or "").lower()[:1], "m")
    return Measure(f"cells/{length.lower()}{power.translate(_SMALL_POWERS)}", match.end())


def _dissolved(spot: Spot, end: int) -> Measure | None:
    """Cells per mL: a dose only where the volume stands beside it."""
    after, before = _VOLUME_AFTER.match(spot.text, end), _VOLUME_BEFORE.search(spot.before)
    found = after or before
    if found is None or Fraction(found["volume"]) == 0:
        return None
    note = f"worked out from {found['volume']} mL at so many cells per mL"
    return Measure("cells", after.end() if after else end, note, Fraction(found["volume"]))


def _kg_before(spot: Spot) -> bool:
    """Whether `per kg` stands before the count, as in a heading, and belongs to no earlier count."""
    found = _KG_BEFORE.search(spot.before)
    return found is not None and not re.search(r"\d", spot.before[max(0, found.start() - 30) : found.start()])


def _per_kg(spot: Spot) -> Measure | None:
    units = _UNITS.match(spot.text, spot.count.end) if spot.noun is None and spot.count.sized else None
    found = _PER_KG.match(spot.text, units.end() if units else spot.reach) or _BY_WEIGHT.match(spot.text, spot.reach)
    return _weighed(spot, found) if found and (spot.noun or spot.count.high >= _PLAINLY) else None


def by_its_words(spot: Spot) -> Measure | None:
    """What the words after a count say: cells, cells per kilogram, per area, or nothing that is a dose."""
    text, noun, reach = spot.text, spot.noun, spot.reach
    if noun and (_NEVER.search(noun[0]) or (spot.count.kind == "plain" and _TELLING.search(noun[0]))):
        return None
    per_kg = _per_kg(spot)
    if per_kg:
        return per_kg
    dense = (_DENSITY.match(text, reach) if noun else None) or _DENSITY_BEFORE.search(spot.before)
    if dense:
        return replace(_dense(dense), end=dense.end() if noun and dense.start() >= reach else reach)
    dissolved = _CONCENTRATION.match(text, reach)
    if dissolved:
        return _dissolved(spot, dissolved.end())
    if noun is None or _RATE.match(text, reach):
        return None
    far = _FAR_PER_KG.match(text, reach)
    if far or _kg_before(spot):
        return Measure("cells/kg", far.end() if far else reach)
    volume = _PER_VOLUME.match(text, reach)
    return Measure("cells", volume.end() if volume else reach)


def concentrated(spot: Spot) -> bool:
    """Whether the count is one of cells per mL."""
    return _CONCENTRATION.match(spot.text, spot.reach) is not None


def _something_else(spot: Spot) -> bool:
    text, end = spot.text, spot.count.end
    others = (_OTHER_THING, _RATE, _CONCENTRATION)
    return any(other.match(text, end) for other in others) or _NEVER.search(text[end : end + 30]) is not None


def by_its_size(spot: Spot) -> Measure | None:
    """A count too large for anything but cells, in a sentence about cells or doses, with no other noun behind it."""
    count, text = spot.count, spot.text
    if count.high < _PLAINLY or count.kind in ("lost", "bare") or _something_else(spot):
        return None
    close = _CELL_BEFORE.search(spot.before) is not None
    if count.kind in ("plain", "letter"):
        said = close and count.high % 100_000 == 0
    elif count.kind == "scale":
        said = close or (not _NEXT_NOUN.match(text, count.end) and _DOSE_WORD.search(spot.before[-80:]) is not None)
    else:
        said = close or any((_DOSE_WORD.search(spot.sentence), _GIVEN_TO.match(text, count.end)))
    if not said:
        return None
    unit = "cells/kg" if _kg_before(spot) else "cells"
    return Measure(unit, count.end, "the page does not say of what; cells are understood", sure=False)


def may_name(spot: Spot) -> bool:
    """Four digits without a comma are a year, and digits after `#` name a thing: no dose is printed so."""
    start, text = spot.count.start, spot.text
    year = text[start : spot.count.end].isdigit() and spot.count.high < _PLAINLY
    return spot.count.kind == "plain" and (year or text[start - 1 : start] == "#")
