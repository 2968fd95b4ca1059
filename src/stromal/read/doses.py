"""Doses of cells, the volume and fluid they come in, and the way they are given, as sentences say it.

Takes one line of text; gives Found phrases named dose, dose_1, dose_2, dose_level, dose_maximum, dose_total,
dose_density, safe_dose, volume, fluid_removed, harvest_volume, vehicle and route. Part of the first step of the walk,
upon `counts` (the numbers) and `measures` (their units).
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec.structs import replace

from stromal.read.counts import between, may_count
from stromal.read.measures import (
    SMALLEST,
    Measure,
    Spot,
    by_its_size,
    by_its_words,
    concentrated,
    may_name,
    spots,
)  # fmt: skip
from stromal.read.numerals import amounts, lowered, mend
from stromal.read.phrases import Found, pattern, sentence_at, small
from stromal.read.record import State
from stromal.read.sieve import Sieve

# ---------------------------------------------------------------- whose dose it is

_GRAFT = small(
    r"CD\s?34|CD3\b|CD133|nucleated|\bTNC|mononuclear|\bMNCs?|ha?ematopoietic|\bPBSC|\bHSC|bone marrow cells",
    r"|\bT[ -]?cells?|\bNK\b",
)
_THRESHOLD = small(
    r"[≥>≤<]|\b(?:at least|minim\w+|graft\w*|collect\w*|harvest\w*|aphere\w+|threshold|cryopreserv\w*|back-?up|rescue",
    r"|mobili[sz]\w+|target\w*)\b",
)
_LABORATORY = small(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|swine|pigs?|porcine|sheep|ovine|dogs?|canine|goats?|animals?|macaques?",
    r"|monkeys?|primates|in[- ]vitro\s+(?:stud|exp)\w+|seed(?:ed|ing)\s+(?:at|in|into|density|concentration)|plated",
    r"|plating|re-?plated|flasks?|petri|trypsini\w+|confluen\w+|flow cytomet\w+|cytometer|FACS\w*|stained|pellets?",
    r"|yield(?:s|ed|ing)?|as many as|sub-?cultur\w+|cultured at|laser for|aliquots?|(?:per|one|each)\s+gram|CFU-?F?",
    r"|colony|(?:expands?|grows?)\s+(?:up\s+)?to)\b",
)
_GIVEN_HERE = small(
    r"\b(?:patients?|participants?|subjects?|groups?|individuals?|volunteers?|children|infants)\s+(?:will\s+)?",
    r"(?:(?:\w+\s+){0,2})(?:receiv\w+|be\s+(?:given|treated|infused|injected)|were (?:given|injected|infused))",
    r"|\bwill be (?:given|injected|infused|administered|transplanted|delivered|implanted)\b|\bdos(?:e|age) of\b",
    r"|\bdose\s*:",
)
_MADE_OF_CELLS = small(
    r"\b(?:exosomes?|vesicles?|secretome|supernatants?|conditioned medi(?:um|a)|lysates?)\s+(?:\w+\s+){0,4}",
    r"(?:from|by|of)\b[^.;]{0,30}$",
)
_ELSEWHERE = small(
    r"\b(?:(?:previous|prior|earlier|(?:an)?other|published|past|last|several|recent)\s+(?:\w+\s+){0,3}(?:stud(?:y|ies)",
    r"|trials?|reports?|experiences?|works?|publications?|investigators?|groups? of authors)|et al|literature",
    r"|(?:was|were|been|have)\s+reported|reported (?:that|by|in)|pre-?clinical(?:ly)?|meta-?analys\w+|(?:has|have)",
    r" (?:been )?(?:shown|demonstrated|used|treated|reported)|has been (?:used|given|proven)|showed that",
    r"|demonstrated that|(?:was|were)\s+(?:\w+\s+){0,2}(?:safe|well[- ]tolerated|observed|seen|found)|resulted in",
    r"|confirming|produced)\b",
)
_HERE = small(
    r"\b(?:will|this (?:study|trial|protocol|project)|our (?:dose|study|trial)|the (?:present|current|proposed)",
    r" (?:study|trial)|in the study|we (?:have )?(?:chose\w*|propose|plan|selected|use|employ)|(?:is|are) planned",
    r"|the dos(?:e|age) of)\b",
)


def _ours(spot: Spot) -> bool:
    """Whether the sentence speaks of what this trial gives: not of a laboratory, a graft or somebody else's trial."""
    if _MADE_OF_CELLS.search(spot.before.lower()) or not _told_here(spot.sentence):
        return False
    return (
        spot.noun is None or not _GRAFT.search(spot.noun[0].lower()) or _THRESHOLD.search(spot.sentence.lower()) is None
    )


@lru_cache(maxsize=64)
def _told_here(sentence: str) -> bool:
    """Whether a sentence tells of this trial's people. Remembered, since the doses of a sentence share the answer."""
    sentence = sentence.lower()
    if _LABORATORY.search(sentence) and not _GIVEN_HERE.search(sentence):
        return False
    return not _ELSEWHERE.search(sentence) or _HERE.search(sentence) is not None


# ---------------------------------------------------------------- which dose it is

_ORDINALS = {"first": 1, "initial": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_ORDINAL = small(
    rf"\b(?P<which>{'|'.join(_ORDINALS)})\s+(?:\w+\s+)?(?:dos(?:e|age)|infusion|injection|administration|transplant\w*)",
    r"\b(?!\s+(?:groups?|levels?|cohorts?))",
)
_LEVEL = small(r"\b(?:reduced|increased|lowered|raised|escalated|de-?escalated|decreased)\s+(?:up\s+|down\s+)?to\b")
_CAP = small(
    r"\b(?:max(?:imum|imal|\.)?(?!\s+(?:tolerated|feasible|safe))|not\s+(?:to\s+)?exceed(?:ing)?|capped\s+at",
    r"|cap\s+of)\b[^.;]{0,45}$",
)
_ALL_TOLD = small(r"\b(?:cumulative|accumulat\w+|altogether)\b[^.;]{0,40}$")
_TOTAL = small(r"\b(?:total|in all)\b[^.;]{0,30}$")
_PARTED = small(
    r"\b(?:divided|split|over|in|during|across|given as|by)\s+(?:a total of\s+)?(?:\w+\s+){0,2}?(?:[2-9]|1\d|two|three",
    r"|four|five|six)\s+(?:\w+\s+){0,2}?(?:doses|infusions|administrations|weeks|months|days|times|visits|sessions",
    r"|injections of)\b",
)
_UP_TO = small(r"\bup\s+to\s+$")
"""`2 x 10^6 cells/kg, up to 10^8 cells`: behind a dose per kilogram, a number of cells is its cap."""
_SAFE = small(r"\s*(?:(?:is|as|to be|be)\s+)?(?:a\s+)?(?:safe|tolerated)\s+dose")
_SUBSEQUENT = small(r"\bsubsequent\b")


def _role(before: str, after: str) -> str:
    """Which dose this is: the first, a level, a cap, a total, a dose declared safe, or simply the dose.

    `before` and `after` are the words that belong to this count: the sentence, cut at its neighbours.
    """
    before, after = before.lower(), after.lower()
    if _SAFE.match(after):
        return "safe_dose"
    if _ALL_TOLD.search(before) or (_TOTAL.search(before) and _PARTED.search(after)):
        return "dose_total"
    for name, cue in (("dose_maximum", _CAP), ("dose_level", _LEVEL), ("dose_subsequent", _SUBSEQUENT)):
        if cue.search(before):
            return name
    ordinals = list(_ORDINAL.finditer(before)) or list(_ORDINAL.finditer(after))[:1]
    return f"dose_{_ORDINALS[ordinals[-1]['which']]}" if ordinals else "dose"


# ---------------------------------------------------------------- the units of a line of counts

_LINK = small(r"\s*(?:cells?)?\s*(?:,|/|#|,?\s*(?:and then|or|and|to|vs\.?|versus|then|followed by))\s*")
_MIXED = small(r"^[^.;]{1,40}\b(?:and|plus)\s*$")


def _measure(spot: Spot) -> Measure | None:
    if spot.count.high < SMALLEST or may_name(spot):
        return None
    measure = by_its_words(spot) or (None if spot.noun else by_its_size(spot))
    return measure if measure and _ours(spot) else None


def _linked(spot: Spot, following: Spot, unit: Measure | None) -> Measure | None:
    """A count that another follows in a list says no unit of its own, and is no dose where the other is none."""
    gap = spot.text[spot.count.end : following.count.start]
    gap = gap.lower()
    if unit is None and _MIXED.search(gap) and concentrated(following):
        return None
    smallest = min(spot.count.high, following.count.high)
    if smallest >= SMALLEST and not spot.noun and _LINK.fullmatch(gap) and by_its_words(spot) is None:
        return replace(unit, end=spot.count.end, times=1) if unit else None
    return _measure(spot)


def _measures(line: list[Spot]) -> list[Measure | None]:
    """The unit of each count; in a list (`150 or 300 million cells`) the earlier takes the unit of the later."""
    made: list[Measure | None] = []
    for place in range(len(line) - 1, -1, -1):
        made.insert(0, _linked(line[place], line[place + 1], made[0]) if made else _measure(line[place]))
    for place in range(1, len(line)):
        last, this = made[place - 1], made[place]
        if last is None or this is None or this.sure or last.unit != "cells/kg":
            continue
        if _LINK.fullmatch(line[place].text[last.end : line[place].count.start].lower()):
            made[place] = replace(this, unit=last.unit)
    return made


def _reach(text: str, start: int, end: int) -> int:
    """Where the quoted words end: without a bracket that was opened earlier, or a dangling small word."""
    words = re.sub(r"\s*(?:\bof|\bthe|\()$", "", text[start:end])
    if words.endswith(")") and words.count(")") > words.count("("):
        words = words[:-1]
    return start + len(words)


def doses(line: str) -> tuple[Found, ...]:
    """Every dose of cells in the line: a number or low-high, in `cells/kg` or `cells`, with its role as its name.

    Cells per area or per volume of tissue are named `dose_density`; they are no dose of a person.
    """
    if not may_count(line):
        return ()
    every = spots(line)
    measures = _measures(every)
    made: list[Found] = []
    edge = 0
    for place, (spot, measure) in enumerate(zip(every, measures, strict=True)):
        if measure is None:
            continue
        following = next((every[n].count.start for n in range(place + 1, len(every)) if measures[n]), spot.high)
        before = spot.text[max(spot.low, edge) : spot.count.start]
        name = _role(before, spot.text[measure.end : min(spot.high, following)])
        if name == "dose" and measure.unit == "cells" and edge > spot.low and made[-1].unit == "cells/kg":
            name = "dose_maximum" if _UP_TO.search(before.lower()) else name
        made.append(_found(spot, measure, name))
        edge = spot.count.end
    return tuple(made)


_NEAR = 60
"""The words that bound a dose stand right before it."""
AT_LEAST, AT_MOST = "the page says: at least", "the page says: at most"
_BOUNDS = (
    (AT_LEAST, small(r"\b(?:at\s+least|no\s+(?:less|fewer)\s+than|a\s+minimum\s+of)\s+$|(?:>|≥)\s*$")),
    (
        AT_MOST,
        small(r"\b(?:up\s+to|at\s+most|no\s+more\s+than|(?:a\s+)?maximum\s+(?:dose\s+)?of)\s+$|(?:<|≤)\s*$"),
    ),
)


def _found(spot: Spot, measure: Measure, name: str) -> Found:
    """The dose in its unit, with what was mended in its notation and the rivals that the signs admit."""
    count, times = spot.count, measure.times
    if measure.unit == "cells/kg" and name == "dose_maximum":
        name = "dose"
    elif measure.unit not in ("cells", "cells/kg"):
        name = "dose_density"
    rivals = tuple((between(low * times, high * times), measure.unit) for low, high in count.rivals)
    mended = count.mended or ("escaped sign" if "\\" in spot.line[count.start : count.end] else "")
    before = spot.before[-_NEAR:].lower()
    bound = next((words for words, cue in _BOUNDS if cue.search(before)), "")
    notes = "; ".join(filter(None, (f"notation mended: {mended}" if mended else "", measure.note, bound)))
    state: State = "ambiguous" if rivals else "repaired" if mended or times != 1 else "stated"
    end = _reach(spot.text, count.start, measure.end)
    value = between(count.low * times, count.high * times)
    return Found(name, count.start, end, value, measure.unit, state, notes, rivals)


# ---------------------------------------------------------------- volumes, fluids, ways of giving

_ML = small(r"\s*-?\s*(?:ml|mls|cc|millilit(?:er|re)s?)\b(?!\s*/)")
_VOLUME_ROLES = (
    ("fluid_removed", "after", small(
        r"\s*of\s+(?:the\s+)?(?:CSF|cerebrospinal fluid)\b[^.;]{0,30}\b(?:remov|withdr|drain)\w*")),
    ("fluid_removed", "before", small(r"\b(?:remov\w*|withdr\w*|drain\w*)(?:\s+of)?[^.;\d]{0,20}$")),
    ("volume", "before", small(
        r"(?:\b(?:in|volume\s+of|volume:?)\s*(?:a\s+|about\s+|approximately\s+|total\s+of\s+)*|/\s*)$")),
    ("harvest_volume", "after", small(r"\W*(?:of\s+)?(?:bone\s+marrow|lipoaspirate|(?:\w+\s+)?blood|fat\b)")),
    ("harvest_volume", "before", small(r"\b(?:marrow|lipoaspirate|blood|fat|adipose|aspirat\w+)\b[^.;]{0,40}$")),
    ("volume", "before", small(r"\b(?:total\s+of|with|of)\s*(?:a\s+|about\s+|approximately\s+)*$")),
    ("volume", "after", small(r"\s*(?:of\s+)?(?:normal\s+|isotonic\s+)?(?:saline|suspension|ringer|solution)")),
)  # fmt: skip


def _volume_role(before: str, after: str) -> str | None:
    for name, side, cue in _VOLUME_ROLES:
        if cue.search(before) if side == "before" else cue.match(after):
            return name
    return None


def volumes(line: str) -> tuple[Found, ...]:
    """Volumes in mL: of the dose, of fluid taken out before it, of tissue harvested; others are left alone."""
    text = lowered(line)
    made = []
    for amount in amounts(line):
        unit = _ML.match(text, amount.end)
        if unit is None:
            continue
        low, high = sentence_at(mend(line), amount.start)
        name = _volume_role(text[low : amount.start], text[unit.end() : high])
        if name is not None:
            made.append(Found(name, amount.start, unit.end(), amount.value, "mL"))
    return tuple(made)


_VEHICLE = small(
    r"\bml\s+(?:of\s+)?(?:a\s+)?(?:[\w.%]+\s+){0,2}?",
    r"(?P<what>saline|ringer\w*|plasma-?lyte|dextrose|albumin|dextran)\b",
)


def vehicles(line: str) -> tuple[Found, ...]:
    """The fluid that carries the cells, where a volume of it is given."""
    return tuple(
        Found("vehicle", match.start("what"), match.end("what"), match["what"])
        for match in _VEHICLE.finditer(lowered(line))
    )


_GIVEN = r"\s+(?:\w+\s+){0,2}?(?:infusions?|injections?|administrations?|treatments?|doses?|deliver\w*|route|drip)\b"
_INTO = r"\b(?:in|into|via|through|by) (?:the |a |their )?"
ROUTES = {
    "intravenous": rf"\bintra-?venous(?:ly)?\b|\bi\.v\b\.?|\((?-i:IV)\)|\b(?-i:IV)(?={_GIVEN})"
    rf"|\bperipheral veins?\b|{_INTO}(?!portal\b)(?:\w+ )?veins?\b(?! graft)",
    "intrathecal": rf"\bintra-?thecal(?:ly)?\b|\((?-i:IT)\)|\b(?-i:IT)(?={_GIVEN})|\bsubarachnoid\b(?! h)"
    r"|\b(?:to|into|in) (?:the |their )?(?:CSF|spinal fluid|cerebrospinal fluid)\b"
    r"|\b(?:via|by|through) (?:a )?lumbar puncture\b",
    "intra-articular": rf"\bintra-?articular(?:ly)?\b|{_INTO}(?:\w+ )?(?:knee|hip|ankle) joint\b",
    "intramuscular": r"\bintra-?muscular(?:ly)?\b",
    "intracoronary": rf"\bintra-?coronary\b|\b(?-i:IC)(?={_GIVEN})",
    "intramyocardial": r"\bintra-?myocardial(?:ly)?\b|\btrans-?(?:endo|epi)cardial(?:ly)?\b|\bintra-?cardiac(?:ally)?\b"
    r"|\b(?:into|in) (?:the |patients?'?s? )?(?:myocardium|heart muscle)\b",
    "intra-arterial": r"\bintra-?arterial(?:ly)?\b|\b(?:via|through|into) (?:the )?(?:\w+ ){0,2}artery\b",
    "intraportal": r"\bintra-?portal(?:ly)?\b|\bportal vein\b(?! thromb)",
    "intrahepatic": r"\bintra-?hepatic\b(?= (?:inj|inf|transpl|admin))",
    "intradiscal": r"\bintra-?dis[ck]al(?:ly)?\b",
    "intraspinal": r"\bintra-?(?:spinal|medullary)(?:ly)?\b",
    "intracerebral": r"\bintra-?(?:cerebral|cranial|parenchymal|putamin\w+)(?:ly)?\b"
    r"(?= (?:inj|inf|transpl|impl|admin|deliv|graft))",
    "intraventricular": r"\bintra-?(?:cerebro)?ventricular(?:ly)?\b(?! h)",
    "intralesional": r"\b(?:intra|peri)-?(?:lesional|fistular|tendinous|tendinal)(?:ly)?\b",
    "intraperitoneal": r"\bintra-?peritoneal(?:ly)?\b",
    "intratracheal": r"\b(?:intra|endo)-?tracheal(?:ly)?\b(?! (?:tube|intub))|\bintra-?bronchial(?:ly)?\b",
    "intranasal": r"\bintra-?nasal(?:ly)?\b|\bnasal route\b",
    "intravitreal": r"\bintra-?vitreal(?:ly)?\b|\bsub-?retinal(?:ly)?\b|\bsub-?tenon'?s?\b|\bsuprachoroidal(?:ly)?\b",
    "intracavernous": r"\bintra-?cavern(?:ous|osal)(?:ly)?\b",
    "intraovarian": r"\bintra-?ovarian\b",
    "intrauterine": r"\bintra-?uterine (?=inj|inf|perf|transpl|admin|inst)",
    "inhaled": r"\binhal(?:ed|ation)\b",
    "subcutaneous": r"\bsub-?cutaneous(?:ly)?\b",
    "intradermal": r"\bintra-?dermal(?:ly)?\b",
    "topical": r"\btopical(?:ly)?\b",
    "local": r"\blocal (?:inj|impl|transpl|admin|deliv|appl)\w+\b",
}
_FOLLOWED = {name: words.replace("(?=", "(?:") for name, words in ROUTES.items()}
"""The same with the words that must follow, which the sieve would leave out: `it` alone is no way of giving."""
ROUTE = "|".join(_FOLLOWED.values())
"""What a line must hold for any way of giving to be found in it."""
_SIEVE = Sieve(_FOLLOWED.values())
_SHORT = {"intravenous": "IV", "intrathecal": "IT", "intracoronary": "IC"}
_ROUTES = tuple(
    (name, _SHORT.get(name, ""), pattern(words), small(re.sub(r"\(\?-i:\w+\)", "(?!)", words)))
    for name, words in ROUTES.items()
)
"""Each way with its abbreviation, which counts in capitals only: where a line lacks it, small letters are enough."""


def routes(line: str) -> tuple[Found, ...]:
    """The ways of giving named in the line, each once."""
    text, small_text, made = mend(line), lowered(line), list[Found]()
    for number in _SIEVE.may(text):
        name, short, printed, spelt_out = _ROUTES[number]
        match = printed.search(text) if short and short in text else spelt_out.search(small_text)
        if match:
            made.append(Found("route", match.start(), match.end(), name))
    return tuple(made)
