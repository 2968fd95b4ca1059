"""The words of dose-finding designs and of safety boundaries: their names, the numbers they take, what those mean.

One table each: the loader checks a protocol file against it, the manual is printed from it, and `rules.escalation` and
`rules.boundaries` make designs and boundaries of the names and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Number: TypeAlias = float | int | bool | str | tuple[float, ...]
Form = Literal["share", "number", "count", "days", "yes_no", "word", "series"]
"""How a number is written: a probability, any number, a whole number from 0, days, yes or no, a word, a list."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One number of a design or boundary: how it is written, what it says, the words it may be."""

    form: Form
    says: str
    words: tuple[str, ...] = ()


MEANINGS: Mapping[str, Meaning] = {
    "target": Meaning("share", "the toxicity rate looked for"),
    "cohort": Meaning("count", "people treated together"),
    "most": Meaning("count", "the greatest number of people"),
    "start": Meaning("count", "the first dose, counted from 1"),
    "stop_at": Meaning("count", "stop when the next dose has had this many people"),
    "too_toxic": Meaning("share", "stop when the lowest dose is more toxic than this for sure"),
    "certainty": Meaning("share", "how sure that must be; also closes doses of interval designs"),
    "skipping": Meaning("yes_no", "whether untried doses may be skipped"),
    "coherent": Meaning("yes_no", "whether the dose never rises right after toxicity at the target rate or more"),
    "people_days": Meaning("days", "days between people of a cohort"),
    "sentinel_days": Meaning("days", "days after the first person of a cohort"),
    "cohort_days": Meaning("days", "days between cohorts"),
    "wait": Meaning("yes_no", "whether nobody is treated while a window is open"),
    "deescalate": Meaning("yes_no", "whether six people are seen on the dose declared"),
    "allowed": Meaning("count", "toxicities allowed in a cohort"),
    "below": Meaning("share", "how far the interval reaches below the target"),
    "above": Meaning("share", "how far the interval reaches above the target"),
    "safe": Meaning("share", "the rate that is clearly below the target"),
    "toxic": Meaning("share", "the rate that is clearly above the target"),
    "pending": Meaning("share", "the share of people on a dose whose window may be open"),
    "skeleton": Meaning("series", "the prior guess of each dose's toxicity"),
    "half_width": Meaning("share", "half the indifference interval around the target, which makes the skeleton"),
    "prior_dose": Meaning("count", "the dose thought to hit the target, counted from 1"),
    "model": Meaning("word", "empiric or logistic", ("empiric", "logistic")),
    "variance": Meaning("number", "the prior variance of the model's parameter"),
    "amounts": Meaning("series", "the doses themselves"),
    "reference": Meaning("number", "the reference dose"),
    "interval": Meaning("series", "the target interval, low and high"),
    "means": Meaning("series", "the prior means of log a and log b of the model; -0.693 and 0 where none are given"),
    "deviations": Meaning("series", "their prior deviations; 2 and 1 where none are given"),
    "overdose": Meaning("share", "the greatest chance of overdosing allowed"),
    "people": Meaning("count", "people in the trial"),
    "need": Meaning("count", "people who must come through"),
    "harmed": Meaning("count", "people with unacceptable toxicity that stop the trial"),
    "administrations": Meaning("count", "doses that each person gets"),
    "unacceptable": Meaning("count", "the lowest unacceptable grade"),
}
"""Every number a design may be given, and what it means."""


@dataclass(frozen=True, slots=True)
class Named:
    """A design or a boundary: what it is, and the numbers it takes."""

    says: str
    takes: tuple[str, ...]


STAGGERING = ("people_days", "sentinel_days", "cohort_days")
_AROUND = ("most", "start", "stop_at", "too_toxic", "certainty", *STAGGERING, "wait")
_INTERVAL = ("target", "cohort", "below", "above", *_AROUND)
_BOIN = ("target", "cohort", "safe", "toxic", *_AROUND)
_CRM = (
    "target", "cohort", "skeleton", "half_width", "prior_dose", "model", "variance", "skipping", "coherent", *_AROUND,
)  # fmt: skip

DESIGNS: Mapping[str, Named] = {
    "fixed": Named("one cohort a dose, in turn", ("cohort", "allowed", *_AROUND)),
    "3+3": Named("three people, three more after one toxicity", ("deescalate", *_AROUND)),
    "i3+3": Named("the rate against an interval, and with one toxicity less", _INTERVAL),
    "mtpi2": Named("the heaviest of intervals of equal width", _INTERVAL),
    "boin": Named("the rate against two boundaries", _BOIN),
    "tite-boin": Named("BOIN while windows are open", ("pending", *_BOIN)),
    "crm": Named("a one-parameter model", _CRM),
    "tite-crm": Named("the CRM while windows are open", _CRM),
    "blrm": Named("a two-parameter model with overdose control",
                  ("amounts", "reference", "interval", "overdose", "means", "deviations", "skipping", "cohort",
                   *_AROUND)),
    "within": Named("each person gets every dose in turn", ("people", "need", "harmed")),
    "ladder": Named("each person moves by the worst toxicity since the dose before",
                    ("people", "administrations", "start", "unacceptable", "harmed")),
}  # fmt: skip
"""Every design by its name."""

COURSES = ("within", "ladder")
"""Designs in which one person gets several doses; all others give a person one level, and look at cohorts."""
WEIGHING = ("tite-boin", "tite-crm")
"""Designs that go on while windows are open, counting a person by the share of the window that has passed."""

BOUNDARY_MEANINGS: Mapping[str, Meaning] = {
    "limit": Meaning("share", "the rate of events that is still acceptable"),
    "people": Meaning("count", "people looked at, one after the other"),
    "level": Meaning("share", "the greatest chance of stopping while the rate is at the limit"),
    "shape": Meaning("number", "0 is O'Brien and Fleming's, 0.5 is Pocock's"),
    "alpha": Meaning("number", "events in the prior"),
    "beta": Meaning("number", "people without an event in the prior"),
    "worse": Meaning("share", "the rate tested against the limit"),
}
"""Every number a boundary may be given, and what it means."""

BOUNDARIES: Mapping[str, Named] = {
    "pocock": Named("the same exact p-value at each look", ()),
    "obrien-fleming": Named("strict at first, less and less so", ()),
    "wang-tsiatis": Named("between the two, by its shape", ("shape",)),
    "beta-binomial": Named("the chance, after a prior, that the rate is above the limit", ("alpha", "beta")),
    "sprt": Named("the likelihood of a worse rate against that of the limit", ("worse",)),
}
"""Every boundary by its name; all take a limit, a number of people and a level."""


def read_number(name: str, text: str, meaning: Meaning) -> Number:
    """A number as a file writes it. ValueError says what it must be."""
    match meaning.form:
        case "yes_no":
            if text not in ("yes", "no"):
                raise ValueError(f"{name} ({meaning.says}) is yes or no, not {text}")
            return text == "yes"
        case "word":
            if text not in meaning.words:
                raise ValueError(f"{name} is {' or '.join(meaning.words)}, not {text}")
            return text
        case "series":
            return tuple(_float(name, part, meaning) for part in text.split(","))
        case "count":
            value = _float(name, text, meaning)
            if value != int(value) or value < 0:
                raise ValueError(f"{name} ({meaning.says}) is a whole number, not {text}")
            return int(value)
    value = _float(name, text, meaning)
    if meaning.form == "share" and not 0 < value < 1:
        raise ValueError(f"{name} ({meaning.says}) lies between 0 and 1, not at {text}")
    if meaning.form == "days" and value < 0:
        raise ValueError(f"{name} ({meaning.says}) is 0 or more, not {text}")
    return int(value) if value == int(value) else value


def _float(name: str, text: str, meaning: Meaning) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} ({meaning.says}) is a number, not {text.strip()!r}") from None
    if not abs(value) < 1e300:
        raise ValueError(f"{name} ({meaning.says}) is a number, not {text.strip()}")
    return value


def write_number(value: Number) -> Number:
    """The number as `read_number` reads it, and as YAML writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(f"{_plain(each)}" for each in value) if isinstance(value, tuple) else value


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value
