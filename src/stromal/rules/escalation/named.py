"""Designs by name: what a protocol file or a command says, as a Design.

Takes a name (`boin`, `3+3`) and its numbers by name; gives the Design with its modifiers. Every name, its numbers and
their meaning stand in the tables of `protocol.designs`, from which manuals and messages are made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from stromal.protocol import designs as words
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.models import skeleton

Number: TypeAlias = words.Number
Numbers: TypeAlias = Mapping[str, Number]

MEANINGS: dict[str, str] = {name: meaning.says for name, meaning in words.MEANINGS.items()}
"""Every number a design may be given, and what it means."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A design's name, what it is, the numbers it takes, and how it is made of them and the number of doses."""

    name: str
    says: str
    takes: tuple[str, ...]
    make: Callable[[Numbers, int], d.Design | Course]


def _float(numbers: Numbers, name: str, default: float) -> float:
    value = numbers.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} ({MEANINGS[name]}) is a number, not {value}")
    return float(value)


def _whole(numbers: Numbers, name: str, default: int) -> int:
    value = _float(numbers, name, default)
    if value != int(value):
        raise ValueError(f"{name} ({MEANINGS[name]}) is a whole number, not {value:g}")
    return int(value)


def _truth(numbers: Numbers, name: str, default: bool) -> bool:
    value = numbers.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name} ({MEANINGS[name]}) is yes or no, not {value}")
    return value


def _series(numbers: Numbers, name: str) -> tuple[float, ...]:
    value = numbers.get(name, ())
    if isinstance(value, str | bool):
        raise ValueError(f"{name} ({MEANINGS[name]}) is a list of numbers, not {value}")
    return tuple(value) if isinstance(value, tuple) else (float(value),)


def _pair(numbers: Numbers, name: str, default: tuple[float, float]) -> tuple[float, float]:
    found = _series(numbers, name) or default
    if len(found) != 2:
        raise ValueError(f"{name} ({MEANINGS[name]}) is two numbers, not {len(found)}")
    return found[0], found[1]


def _of_doses(found: tuple[float, ...], name: str, doses: int) -> tuple[float, ...]:
    if not found:
        such = ",".join(str(dose) for dose in range(1, doses + 1))
        raise ValueError(f"the design needs {name} ({MEANINGS[name]}), one for each dose, such as {name}={such}")
    if len(found) != doses:
        raise ValueError(f"{name} gives {len(found)} numbers for {doses} doses")
    return found


# ---------------------------------------------------------------- how each is made


def _fixed(numbers: Numbers, _: int) -> d.Design:
    return _around(d.FixedCohorts(_whole(numbers, "cohort", 3), _whole(numbers, "allowed", 0)), numbers)


def _three(numbers: Numbers, _: int) -> d.Design:
    return _around(d.ThreePlusThree(_truth(numbers, "deescalate", False)), numbers)


def _i3(numbers: Numbers, _: int) -> d.Design:
    target, cohort = _float(numbers, "target", 0.30), _whole(numbers, "cohort", 3)
    below, above = _float(numbers, "below", 0.05), _float(numbers, "above", 0.05)
    return _around(d.IThreePlusThree(target, below, above, _float(numbers, "certainty", 0.95), cohort), numbers, 30)


def _mtpi2(numbers: Numbers, _: int) -> d.Design:
    target, cohort = _float(numbers, "target", 0.30), _whole(numbers, "cohort", 3)
    below, above = _float(numbers, "below", 0.05), _float(numbers, "above", 0.05)
    return _around(d.Mtpi2(target, below, above, _float(numbers, "certainty", 0.95), cohort), numbers, 30)


def _boin(numbers: Numbers, _: int) -> d.Design:
    pending = _float(numbers, "pending", 0.5) if "pending" in numbers else None
    made = d.Boin(
        _float(numbers, "target", 0.30), _float(numbers, "safe", 0.0), _float(numbers, "toxic", 0.0),
        _float(numbers, "certainty", 0.95), _whole(numbers, "cohort", 3), pending,
    )  # fmt: skip
    return _around(made, numbers, 30)


def _tite_boin(numbers: Numbers, doses: int) -> d.Design:
    return _boin({"pending": 0.5, **numbers}, doses)


def _tite_crm(numbers: Numbers, doses: int) -> d.Design:
    return _crm(numbers, doses, weighs=True)


def _crm(numbers: Numbers, doses: int, *, weighs: bool = False) -> d.Design:
    model = numbers.get("model", "empiric")
    if model not in ("empiric", "logistic"):
        raise ValueError(f"the model is empiric or logistic, not {model}")
    kind: d.Model = "logistic" if model == "logistic" else "empiric"
    target = _float(numbers, "target", 0.30)
    guesses = _series(numbers, "skeleton") or skeleton(
        _float(numbers, "half_width", 0.06), target, _whole(numbers, "prior_dose", (doses + 1) // 2), doses, kind
    )
    made: d.Design = d.Crm(
        _of_doses(guesses, "skeleton", doses), target, kind, _float(numbers, "variance", 1.34),
        _whole(numbers, "cohort", 3), weighs=weighs,
    )  # fmt: skip
    if not _truth(numbers, "skipping", False):
        made = d.NoSkipping(made)
    if _truth(numbers, "coherent", True):
        made = d.Coherent(made, target)
    return _around(made, {"start": 1, **numbers}, 30)


_VAGUE = ((-0.693, 0.0), (2.0, 1.0))
"""A weak prior: one in three has toxicity on the reference dose (Neuenschwander et al. 2015, section 3)."""


def _blrm(numbers: Numbers, doses: int) -> d.Design:
    amounts = _of_doses(_series(numbers, "amounts"), "amounts", doses)
    made: d.Design = d.Blrm(
        amounts, _float(numbers, "reference", amounts[len(amounts) // 2]), _pair(numbers, "means", _VAGUE[0]),
        _pair(numbers, "deviations", _VAGUE[1]), 0.0, _pair(numbers, "interval", (0.16, 0.33)),
        overdose=_float(numbers, "overdose", 0.25), size=_whole(numbers, "cohort", 3),
    )  # fmt: skip
    made = made if _truth(numbers, "skipping", False) else d.NoSkipping(made)
    return _around(made, {"start": 1, **numbers}, 30)


def _within(numbers: Numbers, _: int) -> Course:
    people = _whole(numbers, "people", 6)
    return Within(people, _whole(numbers, "need", people), _whole(numbers, "harmed", 0) or None)


def _ladder(numbers: Numbers, doses: int) -> Course:
    start = _whole(numbers, "start", 1)
    if not 1 <= start <= doses:
        raise ValueError(f"the first dose is one of 1 to {doses}, not {start}")
    return Ladder(
        _whole(numbers, "people", 20), _whole(numbers, "administrations", 4), start - 1,
        unacceptable=_whole(numbers, "unacceptable", 3), stop_at=_whole(numbers, "harmed", 0) or None,
    )  # fmt: skip


def _around(design: d.Design, numbers: Numbers, most: int = 0) -> d.Design:
    """The modifiers that the numbers ask for, around a design."""
    if "start" in numbers:
        design = d.StartAt(design, _whole(numbers, "start", 1) - 1)
    if "stop_at" in numbers:
        design = d.StopAt(design, _whole(numbers, "stop_at", 0))
    if "too_toxic" in numbers:
        limit, certainty = _float(numbers, "too_toxic", 0), _float(numbers, "certainty", 0.95)
        design = d.StopTooToxic(design, limit, certainty)
    if "most" in numbers or most:
        design = d.AtMost(design, _whole(numbers, "most", most))
    days = [_float(numbers, name, 0.0) for name in ("people_days", "sentinel_days", "cohort_days")]
    if any(days):
        design = d.Staggered(design, *days)
    return d.Suspended(design) if _truth(numbers, "wait", False) else design


_MAKE: dict[str, Callable[[Numbers, int], d.Design | Course]] = {
    "fixed": _fixed, "3+3": _three, "i3+3": _i3, "mtpi2": _mtpi2, "boin": _boin, "tite-boin": _tite_boin, "crm": _crm,
    "tite-crm": _tite_crm,
    "blrm": _blrm, "within": _within, "ladder": _ladder,
}  # fmt: skip

KINDS: dict[str, Kind] = {name: Kind(name, each.says, each.takes, _MAKE[name]) for name, each in words.DESIGNS.items()}
"""Every design by its name."""


def named(name: str, numbers: Numbers, doses: int) -> d.Design | Course:
    """The design of that name with these numbers. ValueError names what cannot be, and the nearest word."""
    if doses < 1:
        raise ValueError(f"a design needs at least one dose, not {doses}")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"“{name}” is no design{_nearest(name, KINDS)}; there are {', '.join(KINDS)}")
    for number in numbers:
        if number not in kind.takes:
            raise ValueError(
                f"{name} takes no {number}{_nearest(number, kind.takes)}; it takes {', '.join(kind.takes)}"
            )
    if name != "ladder" and "start" in numbers and not 1 <= _whole(numbers, "start", 1) <= doses:
        raise ValueError(f"the first dose is one of 1 to {doses}, not {numbers['start']}")
    return kind.make(numbers, doses)


def _nearest(word: str, known: Mapping[str, Kind] | tuple[str, ...]) -> str:
    near = get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""
