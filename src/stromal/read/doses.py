"""Doses of cells, the volume and fluid they come in, and the way they are given, as sentences say it.

Takes one line of text; gives Found phrases named dose, dose_1, dose_2, dose_level, dose_maximum, dose_total,
dose_density, safe_dose, volume, fluid_removed, harvest_volume, vehicle and route. Part of the first step of the walk,
upon `counts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from stromal.read.counts import Count, between, counts, may_count, plain_signs
from stromal.read.numerals import amounts, mend
from stromal.read.phrases import Found, pattern, sentence_at, sentences
from stromal.read.record import State

# ---------------------------------------------------------------- what is counted

_CELL = (
    r"(?:[\w+-]*?(?:[A-Z]SC|[A-Z]PC|MSV|CSM|CMM|CME|MNC|BMC|ADRC|SVF|MenSC|NP|SHED)s?\b"
    r"|(?i:(?<![a-z])(?:\w+-)?(?:cells?|c[eé]lulas|cellules)\b|\w+cel(?:-\w)?\b|(?!\w*system)\w+stem(?:-\w+)?\b|stem\w{2,}))"
)
_NO_NOUN = (
    r"(?:and|or|is|are|was|were|in|at|to|with|people|patients?|participants?|subjects?|adults?|individuals|children|years"
    r"|around|persons?|exosomes?|particles?|vesicles?|nano|units?|copies|genomes?|dollars|euros?|million|billion|per|than"
    r"|cases|deaths|americans|men|women|births|carriers|new|visits|surgeries|injuries|fractures|times?|fold|for|from|by"
    r"|using|into|via|will|every|each|on|as|total|the|after|before|once|twice|days?|weeks?|hours?|ui|iu|u|mg|ml|g"
    r"|clusters?|spheroids?|spheres?|vials?|bags?|doses?|infusions?|injections?|colonies)"
)
_NOUN = re.compile(
    rf"(?:\s*(?i:live|viable|units?)\b)?(?:\s*\([^()]{{1,40}}\))?\s*\)?\s*(?:of\s+)?(?:(?:(?!(?i:{_NO_NOUN})\b)[A-Za-z][\w'+®™/-]*|\(\w+\))"
    rf"[\s,]+){{0,8}}?{_CELL}(?:\s*\((?:[\w+-]{{2,20}})\))?"
)
_CELL_BEFORE = re.compile(rf"{_CELL}[^.;]{{0,40}}$")
_PER = r"\s*\)?\s*\(?\s*(?:/|\bper\b|\bpr\b\.?|\bfor each\b|\bx\b|·)\s*"
_PER_KG = re.compile(
    rf"(?:\s*\([\w-]{{2,12}}\))?{_PER}(?P<many>\d{{2}}\s?)?(?:(?:body|patients?'?s?|recipients?'?s?|each)\s+)*"
    r"(?:kg|kilo(?:gram(?:me)?)?s?)(?:\s?\.?b\.?w\b\.?)?(?![a-z])"
    r"(?P<weight>(?:\s*(?:of|the|per kg|patient'?s?|recipient'?s?|infant\s?'?s?|ideal|actual|predicted|total|\(|\)|bw|body"
    r"|-?weight|mass)\b\)?)*)",
    re.IGNORECASE,
)
_BY_WEIGHT = re.compile(
    r"\s*\)?\s*(?:[x×*]|times|multiplied by)\s*(?P<many>)(?P<weight>(?:body\s*)?weight\b(?:\s*\(?(?:in\s+)?kg\)?)?)", re.IGNORECASE
)
_STILL = (
    r"(?:\s+(?!(?:and|or|then|plus|with|every|once|twice|is|was|will|versus|vs)\b)[A-Za-z][\w'-]*|\s*/\s*(?:dose|time))"
)
_FAR_PER_KG = re.compile(rf"{_STILL}{{1,6}}?{_PER}(?:body\s+)?(?:kg|kilograms?)\b", re.IGNORECASE)
_KG_BEFORE = re.compile(r"(?:/|\bper)\s*(?:kg|kilogram)\b(?:\s*(?:of|body|weight|bw))*[^.;,\d]{0,20}$", re.IGNORECASE)
_DENSITY = re.compile(
    rf"{_PER}(?P<of>cm|mm|m)\s?(?:\^\s?)?(?P<power>[23²³])|{_PER}(?P<word>square|cubic)\s+(?P<long>centi|milli)?met(?:er|re)"
    rf"|{_PER}met(?:er|re)s?\s+(?P<after>square)d?",
    re.IGNORECASE,
)
_DENSITY_BEFORE = re.compile(
    r"\b(?:each|per|every)\s+(?P<of>cm|mm)\s?(?:\^\s?)?(?P<power>[23²³])(?P<word>)(?P<long>)(?P<after>)[^.;\d]{0,40}$", re.IGNORECASE
)
_CONCENTRATION = re.compile(
    r"\s*(?:/|\bper\b|\ba\b|\bin each\b)\s*(?:ml|cc|ul|mul|millilit)(?:er|re)?(?![a-z])", re.IGNORECASE
)
_RATE = re.compile(
    r"\s*(?:/|\bper\b|\ba\b)\s*(?:d?l|litre|liter|cubic|well|field|cm|flask|min(?:ute)?|h(?:our)?|day|year|plate"
    r"|\d+\s*(?:ml|cc)\s+of\s+(?!saline|normal))(?![a-z])",
    re.IGNORECASE,
)
_VOLUME_AFTER = re.compile(
    r"\s*\)?\s*(?:,|;|in|x|×|\*|with)?\s*\(?\s*(?:a\s+)?(?:total\s+)?"
    r"(?:single\s+)?(?:(?:administration|injection|dose)\s+of\s+)?(?:volume\s+)?(?:of\s+|:\s*|is\s+)?"
    r"(?P<volume>\d+(?:\.\d+)?)\s*(?:ml|cc)\b(?!\s*/)",
    re.IGNORECASE,
)
_VOLUME_BEFORE = re.compile(
    r"(?<![\d.])(?P<volume>\d+(?:\.\d+)?)\s*(?:ml|cc)\s*(?:of|containing|with|at|\()[^.;\d]{0,30}$", re.IGNORECASE
)
_OTHER_THING = re.compile(
    r"\s*(?:/(?!\s*(?:patient|subject|person|dose|injection|infusion|time|round|knee|joint|site|eye|limb|vial|bag|kg|"
    r"\d|once|each|treat))|x\b|%|(?:in|by|since)\s+(?:19|20)\d\d\b|\w?IU\b|U\b|m[lg]\b|mm\b|-?fold\b|(?:[\w-]+\s+){0,3}(?:people|patients?|persons?|individuals"
    r"|exosomes?|particles?|vesicles?|EVs?|(?<!u)units?|copies|genomes?|vg|pg|pfu|cfu|dollars|euros?|around|worldwide|platelets?"
    r"|plts?|leu[ck]ocytes?|neutrophils?|cases|deaths|carriers|men|women|births|americans|children|adults)\b)",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"\b(?:(?:white|red)\s+(?:blood\s+)?cells?|platelets?|leu[ck]ocytes?|neutrophils?|T[ -]?cells?|NK|tumou?r|cancer|exosomes?"
    r"|vesicles?|bacteria\w*|islets?|sickle|progenitor assay|beta cells?)\b|exosomes?",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"\b(?!(?:un|mis|pre|trans)?(?:expanded|derived|cultured|modified|related|selected|matched|differentiated|cryopreserved"
    r"|isolated|purified|conditioned|primed|enriched|engineered|nucleated|pooled|stimulated|labell?ed|induced)\b)[a-z]+ed\b"
)
"""A verb of a sentence about something else: `20,000 patients needed cells`."""
_GRAFT = re.compile(
    r"CD\s?34|CD3\b|CD133|nucleated|\bTNC|mononuclear|\bMNCs?|ha?ematopoietic|\bPBSC|\bHSC|bone marrow cells",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"[≥>≤<]|\b(?:at least|minim\w+|graft\w*|collect\w*|harvest\w*|aphere\w+|threshold|cryopreserv\w*|back-?up|rescue"
    r"|mobili[sz]\w+|target\w*)\b",
    re.IGNORECASE,
)
_LABORATORY = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|swine|pigs?|porcine|sheep|ovine|dogs?|canine|goats?|animals?|macaques?|monkeys?"
    r"|primates|in[- ]vitro\s+(?:stud|exp)\w+|seed(?:ed|ing)\s+(?:at|in|into|density|concentration)|plated|plating|re-?plated|flasks?|petri|trypsini\w+|confluen\w+"
    r"|flow cytomet\w+|cytometer|FACS\w*|stained|pellets?|yield(?:s|ed|ing)?|as many as|sub-?cultur\w+|cultured at"
    r"|laser for|aliquots?|(?:per|one|each)\s+gram|CFU-?F?|colony)\b",
    re.IGNORECASE,
)
_MADE_OF_CELLS = re.compile(
    r"\b(?:exosomes?|vesicles?|secretome|supernatants?|conditioned medi(?:um|a)|lysates?)\s+(?:\w+\s+){0,4}(?:from|by|of)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:(?:previous|prior|earlier|(?:an)?other|published|past|several|recent)\s+(?:\w+\s+){0,3}(?:stud(?:y|ies)|trials?|reports?"
    r"|experiences?|works?|publications?|investigators?|groups? of authors|literature)|et al|literature|(?:was|were|been|have)"
    r"\s+reported|reported (?:that|by|in)|pre-?clinical(?:ly)?|meta-?analys\w+|(?:has|have) (?:been )?(?:shown|demonstrated"
    r"|used|treated|reported)|has been (?:used|given|proven)|showed that|demonstrated that"
    r"|(?:was|were)\s+(?:\w+\s+){0,2}(?:safe|well[- ]tolerated|observed|seen|found)|resulted in|confirming|produced)\b",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"\b(?:will|this (?:study|trial|protocol|project)|our (?:dose|study|trial)|the (?:present|current|proposed) (?:study|trial)"
    r"|in the study|we (?:have )?(?:chose\w*|propose|plan|selected|use|employ)|is planned|are planned|the dos(?:e|age) of)\b",
    re.IGNORECASE,
)
_DOSE_WORD = re.compile(
    r"\b(?:dos(?:e|es|age|ages|ed|ing)|amount|cells?|\w*MSCs?|\w*ASCs?|infus\w+|inject\w+|transplant\w*|administ\w+|implant\w*"
    r"|instill?\w+|expanded|deliver\w*|receiv\w+)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s*(?:cells?)?\s*(?:,|/|,?\s*(?:and then|or|and|to|vs\.?|versus|then|followed by))\s*", re.IGNORECASE)
_SMALLEST = 1000
"""Fewer cells than this are never a dose; such numbers count people, visits or vials."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """The unit that follows a count, how far it reaches, and what the count must be multiplied by."""

    unit: str
    end: int
    note: str = ""
    times: Fraction = Fraction(1)
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Spot:
    """A count in its sentence: the text, and where the sentence begins and ends."""

    line: str
    text: str
    count: Count
    low: int
    high: int

    @property
    def sentence(self) -> str:
        return self.text[self.low : self.high]

    @property
    def before(self) -> str:
        return self.text[self.low : self.count.start]


def _weighed(spot: _Spot, match: re.Match[str]) -> _Measure:
    """Cells per kilogram, with the kind of weight where the page says which."""
    words = match["weight"].lower()
    note = next((f"{kind} body weight" for kind in ("ideal", "actual", "predicted") if kind in words), "")
    if match["many"]:
        each = Fraction(1, int(match["many"]))
        return _Measure("cells/kg", match.end(), f"printed per {match['many'].strip()} kg", each)
    again = (
        _NOUN.match(spot.text, match.end()) if not words and _NOUN.match(spot.text, spot.count.end) is None else None
    )
    return _Measure("cells/kg", again.end() if again else match.end(), note)


def _dense(match: re.Match[str]) -> _Measure:
    """Cells per area or per volume of tissue: a measure of its own, never a dose of a person."""
    power = match["power"] or ("2" if (match["word"] or match["after"] or "").lower() == "square" else "3")
    length = match["of"] or {"centi": "cm", "milli": "mm"}.get((match["long"] or "").lower(), "m")
    return _Measure(f"cells/{length.lower()}{power.translate(_SMALL_POWERS)}", match.end())


_SMALL_POWERS = str.maketrans("²³", "23")


def _dissolved(spot: _Spot, end: int) -> _Measure | None:
    """Cells per mL: a dose only where the volume stands beside it."""
    after, before = _VOLUME_AFTER.match(spot.text, end), _VOLUME_BEFORE.search(spot.before)
    volume = (after or before or {"volume": ""})["volume"]
    if not volume or Fraction(volume) == 0:
        return None
    note = f"worked out from {volume} mL at so many cells per mL"
    return _Measure("cells", after.end() if after else end, note, Fraction(volume))


_UNITS = re.compile(r"\s*units?(?=\s*(?:/|per)\s*kg)", re.IGNORECASE)


def _kg_before(spot: _Spot) -> bool:
    """Whether `per kg` stands before the count, as in a heading, and belongs to no earlier count."""
    found = _KG_BEFORE.search(spot.before)
    return found is not None and not re.search(r"\d", spot.before[max(0, found.start() - 30) : found.start()])


def _after_noun(spot: _Spot) -> _Measure | None:
    """What the words after a count say: cells, cells per kilogram, per area, or nothing that is a dose."""
    text, end = spot.text, spot.count.end
    noun = _NOUN.match(text, end)
    if noun and (_NEVER.search(noun[0]) or (spot.count.kind == "plain" and _TELLING.search(noun[0]))):
        return None
    reach = noun.end() if noun else end
    units = _UNITS.match(text, end) if noun is None and spot.count.sized else None
    per_kg = _PER_KG.match(text, units.end() if units else reach) or _BY_WEIGHT.match(text, reach)
    if per_kg and (noun or spot.count.high >= 10_000):
        return _weighed(spot, per_kg)
    dense = _DENSITY.match(text, reach) or _DENSITY_BEFORE.search(spot.before)
    if dense and noun:
        return _dense(dense)
    dissolved = _CONCENTRATION.match(text, reach)
    if dissolved:
        return _dissolved(spot, dissolved.end())
    if noun is None or _RATE.match(text, reach):
        return None
    far = _FAR_PER_KG.match(text, reach)
    if far or _kg_before(spot):
        return _Measure("cells/kg", far.end() if far else reach)
    volume = _PER_VOLUME.match(text, reach)
    return _Measure("cells", volume.end() if volume else reach)


_PER_VOLUME = re.compile(r"\s*/\s*(?P<amount>\d+(?:\.\d+)?)\s*(?:ml|cc|ul)\b", re.IGNORECASE)
_NEXT_NOUN = re.compile(
    r"\s+(?!increased|reduced|given|once|twice|will|were|total|dose|unit|inject|infus|administ|deliver|transplant|with|into"
    r"|from|intra|suspend|dilut|every|each|followed|through|three|four|times|resuspend|mixed|over|under|diluted)[a-z]{4,}"
)


def _bare(spot: _Spot) -> _Measure | None:
    """A count too large for anything but cells, in a sentence about cells or doses, with no other noun behind it."""
    count, text = spot.count, spot.text
    if count.high < 10_000 or count.kind in ("lost", "bare") or _OTHER_THING.match(text, count.end):
        return None
    if (
        _RATE.match(text, count.end)
        or _CONCENTRATION.match(text, count.end)
        or _NEVER.search(text[count.end : count.end + 30])
    ):
        return None
    close = _CELL_BEFORE.search(spot.before)
    if count.kind in ("plain", "letter") and not (close and count.high % 100_000 == 0):
        return None
    if not close and count.kind == "scale" and _NEXT_NOUN.match(text, count.end):
        return None
    if not (close or _DOSE_WORD.search(spot.before[-80:] if count.kind == "scale" else spot.sentence)):
        return None
    unit = "cells/kg" if _kg_before(spot) else "cells"
    return _Measure(unit, count.end, "the page does not say of what; cells are understood", sure=False)


def _is_dose(spot: _Spot) -> bool:
    """Whether the sentence speaks of what this trial gives: not of a laboratory, a graft or somebody else's trial."""
    sentence = spot.sentence
    if _MADE_OF_CELLS.search(spot.before):
        return False
    if _LABORATORY.search(sentence) and not _GIVEN_HERE.search(sentence):
        return False
    noun = _NOUN.match(spot.text, spot.count.end)
    if _GRAFT.search(noun[0] if noun else "") and _THRESHOLD.search(sentence):
        return False
    return not _ELSEWHERE.search(sentence) or _HERE.search(sentence) is not None


_GIVEN_HERE = re.compile(
    r"\b(?:patients?|participants?|subjects?|groups?|individuals?|volunteers?|children|infants)\s+(?:will\s+)?(?:(?:\w+\s+){0,2})"
    r"(?:receiv\w+|be\s+(?:given|treated|infused|injected)|were (?:given|injected|infused))|\bwill be (?:given|injected|infused"
    r"|administered|transplanted|delivered|implanted)\b|\b(?:dos(?:e|age)) of\b|\bdose\s*:",
    re.IGNORECASE,
)

# ---------------------------------------------------------------- which dose it is

_ORDINALS = {"first": 1, "initial": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_ORDINAL = re.compile(
    rf"\b(?P<which>{'|'.join(_ORDINALS)})\s+(?:\w+\s+)?(?:dos(?:e|age)|infusion|injection|administration|transplant\w*)\b"
    r"(?!\s+(?:groups?|levels?|cohorts?))",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\b(?:reduced|increased|lowered|raised|escalated|de-?escalated|decreased)\s+(?:up\s+|down\s+)?to\b", re.IGNORECASE
)
_CAP = re.compile(
    r"\b(?:max(?:imum|imal|\.)?(?!\s+(?:tolerated|feasible|safe))|not\s+(?:to\s+)?exceed(?:ing)?|capped\s+at|cap\s+of)\b[^.;]{0,45}$", re.IGNORECASE
)
_ALL_TOLD = re.compile(r"\b(?:cumulative|accumulat\w+|altogether)\b[^.;]{0,40}$", re.IGNORECASE)
_TOTAL = re.compile(r"\b(?:total|in all)\b[^.;]{0,30}$", re.IGNORECASE)
_PARTED = re.compile(
    r"\b(?:divided|split|over|in|during|across|given as|by)\s+(?:a total of\s+)?(?:\w+\s+){0,2}?(?:[2-9]|1\d|two|three|four|five|six)"
    r"\s+(?:\w+\s+){0,2}?(?:doses|infusions|administrations|weeks|months|days|times|visits|sessions|injections of)\b",
    re.IGNORECASE,
)


def _role(text: str, start: int, end: int, low: int, high: int) -> str:
    """Which dose this is: the first, a level, a cap, a total, a dose declared safe, or simply the dose.

    `low` and `high` bound the words that belong to this count: the sentence, cut at its neighbours.
    """
    before, after = text[low:start], text[end:high]
    if re.match(r"\s*(?:(?:is|as|to be|be)\s+)?(?:a\s+)?(?:safe|tolerated)\s+dose", after, re.IGNORECASE):
        return "safe_dose"
    if _ALL_TOLD.search(before) or (_TOTAL.search(before) and _PARTED.search(after)):
        return "dose_total"
    if _CAP.search(before):
        return "dose_maximum"
    if _LEVEL.search(before):
        return "dose_level"
    if re.search(r"\bsubsequent\b", before, re.IGNORECASE):
        return "dose_subsequent"
    ordinals = list(_ORDINAL.finditer(before)) or list(_ORDINAL.finditer(after))[:1]
    return f"dose_{_ORDINALS[ordinals[-1]['which'].lower()]}" if ordinals else "dose"


def _measures(spots: list[_Spot]) -> list[_Measure | None]:
    """The unit of each count; in a list (`150 or 300 million cells`) the earlier takes the unit of the later."""
    measures: list[_Measure | None] = []
    for place in range(len(spots) - 1, -1, -1):
        spot = spots[place]
        measures.insert(0, _linked(spot, spots[place + 1], measures[0]) if measures else _measure(spot))
    for place in range(1, len(spots)):
        last, this = measures[place - 1], measures[place]
        if last and this and not this.sure and last.unit == "cells/kg":
            gap = spots[place].text[last.end : spots[place].count.start]
            if _LINK.fullmatch(gap):
                measures[place] = replace(this, unit=last.unit)
    return measures


def _is_year(spot: _Spot) -> bool:
    """Four digits without a comma are a year, a catalogue number, a limit: no dose is printed so."""
    return spot.count.kind == "plain" and spot.text[spot.count.start : spot.count.end].isdigit() and spot.count.high < 10_000


def _measure(spot: _Spot) -> _Measure | None:
    if spot.count.high < _SMALLEST or _is_year(spot):
        return None
    measure = _after_noun(spot)
    if measure is None and not _NOUN.match(spot.text, spot.count.end):
        measure = _bare(spot)
    if measure is None or not _is_dose(spot):
        return None
    return measure


_MIXED = re.compile(r"^[^.;]{1,40}\b(?:and|plus)\s*$", re.IGNORECASE)


def _is_concentration(spot: _Spot) -> bool:
    noun = _NOUN.match(spot.text, spot.count.end)
    return _CONCENTRATION.match(spot.text, noun.end() if noun else spot.count.end) is not None


def _linked(spot: _Spot, following: _Spot, unit: _Measure | None) -> _Measure | None:
    """A count that another follows in a list says no unit of its own, and is no dose where the other is none."""
    gap = spot.text[spot.count.end : following.count.start]
    if unit is None and _MIXED.search(gap) and _is_concentration(following):
        return None
    smallest = min(spot.count.high, following.count.high)
    if smallest >= _SMALLEST and spot.low == following.low and _LINK.fullmatch(gap) and _after_noun(spot) is None:
        return replace(unit, end=spot.count.end, times=Fraction(1)) if unit else None
    return _measure(spot)


def _reach(text: str, start: int, end: int) -> int:
    """Where the quoted words end: without a bracket that was opened earlier, or a dangling small word."""
    words = re.sub(r"\s*(?:\bof|\bthe|\()$", "", text[start:end])
    if words.endswith(")") and words.count(")") > words.count("("):
        words = words[:-1]
    return start + len(words)


def _spots(line: str) -> list[_Spot]:
    text = plain_signs(mend(line))
    every = counts(text)
    if not any(count.high >= _SMALLEST for count in every):
        return []
    stretches = list(sentences(text))
    return [
        _Spot(line, text, count, *next(((a, b) for a, b in stretches if a <= count.start < b), (0, len(text))))
        for count in every
    ]


def doses(line: str) -> tuple[Found, ...]:
    """Every dose of cells in the line: a number or low-high, in `cells/kg` or `cells`, with its role as its name.

    Cells per area or per volume of tissue are named `dose_density`; they are no dose of a person.
    """
    if not may_count(line):
        return ()
    spots = _spots(line)
    measures = _measures(spots)
    made: list[Found] = []
    edge = 0
    for place, (spot, measure) in enumerate(zip(spots, measures, strict=True)):
        if measure is None:
            continue
        following = next((spots[n].count.start for n in range(place + 1, len(spots)) if measures[n]), spot.high)
        bounds = max(spot.low, edge), min(spot.high, following)
        name = _role(spot.text, spot.count.start, measure.end, *bounds)
        made.append(_found(spot, measure, name))
        edge = spot.count.end
    return tuple(made)


def _found(spot: _Spot, measure: _Measure, name: str) -> Found:
    """The dose in its unit, with what was mended in its notation and the rivals that the signs admit."""
    count = spot.count
    if measure.unit == "cells/kg" and name == "dose_maximum":
        name = "dose"
    elif measure.unit not in ("cells", "cells/kg"):
        name = "dose_density"
    value = between(count.low * measure.times, count.high * measure.times)
    rivals = tuple((between(a * measure.times, b * measure.times), measure.unit) for a, b in count.rivals)
    mended = count.mended or ("escaped sign" if "\\" in spot.line[count.start : count.end] else "")
    notes = "; ".join(filter(None, (f"notation mended: {mended}" if mended else "", measure.note)))
    state: State = "ambiguous" if rivals else "repaired" if mended or measure.times != 1 else "stated"
    end = _reach(spot.text, count.start, measure.end)
    return Found(name, count.start, end, value, measure.unit, state, notes, rivals)


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
