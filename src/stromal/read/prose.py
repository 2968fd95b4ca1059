"""When and how often: administrations, intervals, run-in, follow-up, visits, as sentences say it.

Takes one line of text; gives Found phrases named administrations, interval, visit_interval, run_in, follow_up, visits,
baseline, baseline_window and treatment_duration. Part of the first step of the walk, beside `doses` and `limits`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from stromal.read.numerals import (
    BEGUN,
    DURATION,
    ENDED,
    TIME_UNITS,
    Length,
    Numeral,
    amounts,
    durations,
    lowered,
    mend,
    numerals,
)
from stromal.read.phrases import Found, leading, sentence_at, small
from stromal.read.readers import Reader, Readers
from stromal.read.record import Number, Range, State, Value

_GIVING = r"(?:administrations?|injections?|infusions?|transplantations?|implantations?|applications?)"
_GIVINGS = _GIVING.replace("s?", "s")
_DOSING = small(
    r"\b(?:inject\w*|infus\w*|administ\w*|transplant\w*|implant\w*|dos(?:e|es|ed|ing)|deliver\w*|treatments|given)\b"
)
_SEEING = small(
    r"\b(?:visits?|follow(?:ed|[\s-]?ups?)|examin\w*|evaluat\w*|assess\w*|monitor\w*|measure\w*|seen|scans?|scor\w*|questionnaires?"
    r"|tests?|tested|check\w*)\b"
)

# ---------------------------------------------------------------- how many times

_NOT_BETWEEN = (
    r"(?:and|or|to|of|for|with|than|the|every|patients?|subjects?|participants?|groups?|arms?|weeks?|months?|days?|years?"
    r"|hours?|ml|mg|kg|million|times|x)"
)
_COUNTED = small(rf"\s+(?:(?!{_NOT_BETWEEN}\b)[\w()-]+\s+){{0,4}}?(?:{_GIVINGS}|doses)\b(?!\s+levels?)")
_NOT_A_COUNT = small(r"\b(?:every|day|week|month|first|last|additional|further|next|level)\s+$")
_TIMES = small(
    r"\s*times\s*(?:(?P<total>in\s+total|total|altogether)|(?!\s*(?:the|a|per|daily|more|greater|upper|ULN)\b))"
)
_SINGLE = small(
    r"\b(?:a\s+|one\s+)?(?:single|one[\s-]time)\s+",
    r"(?:(?!(?:cent(?:er|re)|arm|group|blind\w*|study|site|trial|patient|of|and|cohort)\b)[\w-]+\s+){0,5}?",
    rf"(?:{_GIVING}|dose)\b(?!\s*-?(?:escalation|levels?|group))",
)
_ONCE = small(
    r"\b(?:infused|injected|administered|given)\s+(?:\w+\s+){0,3}?(?P<often>once|twice)\b",
    r"(?!\s+(?:a|per|every|daily|weekly|monthly|in)\b)",
)
_AT = small(r"\bat\s+$")
_AGAIN = small(r"\b(?:subsequent|repeat\w*|additional|further|second)\b")


def administrations(line: str) -> tuple[Found, ...]:
    """How many times the product is given: `four intrathecal administrations`, `a single infusion`, `4 times total`."""
    text = lowered(line)
    made = [*_counted(text, line), *_single(text)]
    if "once" in text or "twice" in text:
        made += [
            Found("administrations", m.start(), m.end(), 2 if m["often"] == "twice" else 1)
            for m in _ONCE.finditer(text)
        ]
    return tuple(sorted(made, key=lambda found: found.start))


def _counted(text: str, line: str) -> Iterator[Found]:
    for amount in amounts(line):
        whole = all(n.value.denominator == 1 and 2 <= n.value <= 60 for n in amount.numerals)
        if not whole or leading(_NOT_A_COUNT, text, amount.start):
            continue
        low, _ = sentence_at(mend(line), amount.start)
        times = _TIMES.match(text, amount.end)
        if times and not times["total"] and not _DOSING.search(text, low, amount.start):
            times = None
        said = _COUNTED.match(text, amount.end) or times
        if said:
            yield Found("administrations", amount.start, said.end(), amount.value)


def _single(text: str) -> Iterator[Found]:
    if "single" not in text and "time" not in text:
        return
    again: bool | None = None
    for match in _SINGLE.finditer(text):
        if again is None:  # asked once a line, and only where it matters
            again = _AGAIN.search(text) is not None
        alone = not again or not match[0].rstrip().lower().endswith("dose")
        if alone and not leading(_AT, text, match.start()):
            yield Found("administrations", match.start(), match.end(), 1)


# ---------------------------------------------------------------- how far apart

_EVERY = small(r"\b(?:every|each|intervals?\s+of|separated\s+by|spaced)\s+(?:about\s+|approximately\s+|~\s*)?$")
_APART = small(r"\s*(?:apart\b|intervals?\b|between\s+(?:each\s+|the\s+)?(?:two\s+)?(?:doses|injections|infusions))")
_ADVERBS: dict[str, tuple[tuple[Value, str], ...]] = {
    "weekly": ((1, "weeks"),),
    "fortnightly": ((2, "weeks"),),
    "monthly": ((1, "months"),),
    "quarterly": ((3, "months"),),
    "yearly": ((1, "years"),),
    "annually": ((1, "years"),),
    "bimonthly": ((2, "months"), (0.5, "months")),
    "bi-monthly": ((2, "months"), (0.5, "months")),
    "biweekly": ((2, "weeks"), (0.5, "weeks")),
    "bi-weekly": ((2, "weeks"), (0.5, "weeks")),
    "biannually": ((2, "years"), (0.5, "years")),
}
_ADVERBIAL = ("weekly", "nightly", "monthly", "quarterly", "yearly", "annually")
"""One of these stands in each of them."""
_ADVERB = small(
    rf"(?<!-)\b(?P<often>{'|'.join(sorted(_ADVERBS, key=len, reverse=True))})\b",
    r"(?!\s+(?:changes?|slopes?|rates?|decline|progression|loss)\b)",
)
_EVERY_ONE = small(r"\bevery\s+(?P<unit>day|week|month|year)\b")


def _kind(line: str, start: int, end: int) -> str | None:
    """Whether an interval parts doses or visits: the nearest cue before it in the sentence decides, else after it."""
    text = lowered(line)
    low, high = sentence_at(mend(line), start)
    low, high = max(low, start - _REACH), min(high, end + _REACH)
    before = [(m.start(), name) for name, cue in _CUES for m in cue.finditer(text, low, start)]
    if before:
        return max(before)[1]
    after = [(m.start(), name) for name, cue in _CUES for m in cue.finditer(text, end, high)]
    return min(after)[1] if after else None


_REACH = 1000
"""Words further away than this speak of something else, even where no stop ends the sentence."""
_CUES = (("interval", _DOSING), ("visit_interval", _SEEING))


def intervals(line: str) -> tuple[Found, ...]:
    """How far apart doses (`interval`) or visits (`visit_interval`) are. `Bimonthly` is kept with both its readings."""
    text = lowered(line)
    made = []
    for length in durations(line):
        every = leading(_EVERY, text, length.start)
        apart = _APART.match(text, length.end)
        start, end = every.start() if every else length.start, apart.end() if apart else length.end
        name = _kind(line, start, end) if every or apart else None
        if name:
            made.append(Found(name, start, end, length.value, length.unit))
    for match in _EVERY_ONE.finditer(text) if "every" in text else ():
        name = _kind(line, match.start(), match.end())
        if name:
            made.append(Found(name, match.start(), match.end(), 1, TIME_UNITS[match["unit"].lower()]))
    for match in _ADVERB.finditer(text) if any(map(text.__contains__, _ADVERBIAL)) else ():
        (value, unit), *rivals = _ADVERBS[match["often"].lower()]
        name = _kind(line, match.start(), match.end())
        if name:
            note = "the word means every two or twice in one" if rivals else ""
            state: State = "ambiguous" if rivals else "stated"
            made.append(Found(name, match.start(), match.end(), value, unit, state, note, tuple(rivals)))
    return tuple(sorted(made, key=lambda found: found.start))


# ---------------------------------------------------------------- run-in, follow-up, length of treatment

_RUN_IN = r"run[\s-]?in[\"”']?"
_RUN_IN_BEFORE = small(rf"[\"“']?{_RUN_IN}\s*(?:period|phase)?\s*(?:of|for|lasting|:)?\s*(?:at\s+least\s+)?$")
_RUN_IN_AFTER = small(rf"[\s-]*(?:long\s+)?[\"“'(]*{_RUN_IN}(?:\s*(?:period|phase)[\"”']?)?")
_LAST = small(
    r"\s*(?:after|following|post)[\s-]*(?:the\s+|their\s+)?(?:last|final)\s+(?:[\w-]+[\s-]+){0,3}?",
    rf"(?:{_GIVING}|dose|treatment|therapy)\b",
)
_FOLLOWED = small(
    r"\bfollow(?:ed|[\s-]*up)\b(?!\s+by\b)(?:\s*period)?(?P<between>[^.;\d]{0,45}?)(?:for|of|:|~|up|period)?\s*"
    r"(?:approximately\s+|about\s+|at\s+least\s+|~\s*|a\s+total\s+of\s+|total\s+of\s+|up\s+to\s+)*$"
)
_OF_FOLLOW_UP = small(r"\s*(?:of\s+)?follow[\s-]*up\b")
_AFTER_WHAT = small(rf"\s*(?:after|following|post)[\s-]*(?:the\s+)?(?:[\w-]+\s+){{0,3}}?(?:{_GIVING}|dose|treatment)\b")
_RUN_IN_WORD = small(_RUN_IN)
_LISTED = small(r"(?:\d|\bat)\s*(?:,|and|,\s*and)?\s*$|\bevery\s+$")


def run_ins(line: str) -> tuple[Found, ...]:
    """How long people are watched before they are treated."""
    text = lowered(line)
    made = []
    for length in durations(line):
        before = leading(_RUN_IN_BEFORE, text, length.start)
        after = _RUN_IN_AFTER.match(text, length.end)
        if before or after:
            start, end = before.start() if before else length.start, after.end() if after else length.end
            made.append(Found("run_in", start, end, length.value, length.unit))
    return tuple(made)


def follow_ups(line: str) -> tuple[Found, ...]:
    """How long people are watched after they are treated; the note says after what, where the page does."""
    text = lowered(line)
    return tuple(found for length in durations(line) if (found := _follow_up(text, line, length)) is not None)


def _follow_up(text: str, line: str, length: Length) -> Found | None:
    low, _ = sentence_at(mend(line), length.start)
    last = _LAST.match(text, length.end)
    named = _OF_FOLLOW_UP.match(text, length.end)
    followed = leading(_FOLLOWED, text, length.start, low)
    if followed is not None and _RUN_IN_WORD.search(followed["between"]):
        followed = None
    if not (last or named or followed) or (not last and leading(_LISTED, text, length.start)):
        return None
    what = last or (None if named else _AFTER_WHAT.match(text, length.end))
    start = followed.start() if followed and not last else length.start
    tail = what or named
    said = mend(line)[what.start() : what.end()] if what else ""
    note = re.sub(r"\s+", " ", said).strip(" -")
    return Found("follow_up", start, tail.end() if tail else length.end, length.value, length.unit, note=note)


_OVER = small(r"\b(?:over|during)\s+(?:a\s+period\s+of\s+)?$")


def treatment_durations(line: str) -> tuple[Found, ...]:
    """Over how long all the doses are given."""
    text = lowered(line)
    made = []
    for length in durations(line):
        over = leading(_OVER, text, length.start)
        low, _ = sentence_at(mend(line), length.start)
        if over and _kind(line, over.start(), length.end) == "interval" and _DOSING.search(text, low, over.start()):
            made.append(Found("treatment_duration", over.start(), length.end, length.value, length.unit))
    return tuple(made)


# ---------------------------------------------------------------- visits

_COMMA = small(r"\s*(?:,|,?\s*and|,?\s*&)\s*")
_AHEAD = small(r"\b(?P<unit>days?|weeks?|months?|years?)\s*:?\s*$")
_AGED = small(r"\b(?:aged?|ages)\b")
_BEHIND = small(r"[\s-]*(?P<unit>days?|weeks?|months?|years?)\b'?")


def _runs(text: str, line: str) -> Iterator[list[Numeral]]:
    """Stretches of plain numbers parted by commas and `and` only."""
    run: list[Numeral] = []
    for numeral in numerals(line):
        if run and not _COMMA.fullmatch(text[run[-1].end : numeral.start]):
            yield run
            run = []
        run.append(numeral)
    yield run


def visits(line: str) -> tuple[Found, ...]:
    """Lists of visit times: `1, 6, 12 and 24 months`, `weeks 2, 4 and 8`."""
    text = lowered(line)
    made = []
    for run in _runs(text, line):
        rising = len(run) > 1 and all(a.value < b.value for a, b in pairwise(run))
        if not rising:
            continue
        ahead, behind = leading(_AHEAD, text, run[0].start), _BEHIND.match(text, run[-1].end)
        unit = (behind or ahead or {"unit": ""})["unit"].lower()
        low, _ = sentence_at(mend(line), run[0].start)
        if not unit or _AGED.search(text, max(low, run[0].start - _REACH), run[0].start):
            continue
        start, end = ahead.start() if ahead and not behind else run[0].start, behind.end() if behind else run[-1].end
        made.append(Found("visits", start, end, tuple(n.number for n in run), TIME_UNITS[unit]))
    return tuple(made)


_BASELINE = small(r"\bbaseline\b(?!\s+(?:characteristics|value|level))")
_WITHIN = small(r"\bwithin\s+(?:the\s+)?$")
_AHEAD_OF = small(
    r"\s*(?:pre[\s-]*|before\s+|prior\s+to\s+)(?:the\s+)?(?:treatment|infusion|injection|dos\w+|transplant\w*)\b"
)


def baselines(line: str) -> tuple[Found, ...]:
    """Whether there is a look at people before treatment (`baseline`), and how long before it may be."""
    text = lowered(line)
    made = [Found("baseline", m.start(), m.end(), True) for m in _BASELINE.finditer(text)]
    for length in durations(line):
        within = leading(_WITHIN, text, length.start)
        ahead = _AHEAD_OF.match(text, length.end)
        if within and ahead:
            made.append(Found("baseline_window", within.start(), ahead.end(), _longest(length), length.unit))
    return tuple(made)


def _longest(length: Length) -> Number:
    value = length.value
    return (value.high or 0) if isinstance(value, Range) else value


_SEEN_OR_DOSED = rf"{_DOSING.pattern}|{_SEEING.pattern}"
_SPACED = (
    rf"\b(?:every|each|intervals?|separated|spaced|apart|{'|'.join(_ADVERBS)})\b"
    r"|\bbetween\s+(?:each|the|two|doses|injections|infusions)\b"
)
_IN_A_ROW = rf"{ENDED}\s*(?:,|,?\s*and|,?\s*&)\s*{BEGUN}"
_AT_ONCE = rf"\b(?:{_GIVINGS}|doses|single|one[\s-]time|once|twice)\b|{ENDED}\s*times\b"

FOLLOW_UPS = Reader(follow_ups, (DURATION, r"follow|last|final"))
READERS = (
    Reader(administrations, (_AT_ONCE,)),
    Reader(intervals, (_SPACED, _SEEN_OR_DOSED)),
    Reader(run_ins, (DURATION, _RUN_IN)),
    FOLLOW_UPS,
    Reader(treatment_durations, (DURATION, _DOSING.pattern, r"\b(?:over|during)\b")),
    Reader(visits, (_IN_A_ROW, r"(?:days?|weeks?|months?|years?)\b")),
    Reader(baselines, (rf"\bbaseline\b|\bwithin\s+(?:the\s+)?(?:{BEGUN}|an?\s)",)),
)
"""Every reader of this module with what a line must hold for it, in the order their statements are listed."""
_READERS = Readers(READERS)


def found_in(line: str) -> tuple[Found, ...]:
    """Everything this module reads in the line."""
    return _READERS.found_in(line)
