"""A laboratory value -> its CTCAE grade, by a table of limits; unknown where what is not given would decide it.

Takes a term, a value with its unit and, where the grade needs them, the limits of normal and the baseline; gives the
grade and the reason. It stands beside `safety` at step 5 of the walk. Sources: NCI Common Terminology Criteria for
Adverse Events, version 5.0 (27 November 2017) and version 6.0 (22 July 2025); the figures are theirs.

A grade here is what the value supports by itself. What rests on consequences (a transfusion, a stay in hospital, a
threat to life: often grade 4; death: grade 5) cannot be seen in a value and can only raise the grade, so that anemia
and hypoalbuminemia end at 3. Where the criteria divide one range of values by symptoms, the grade is unknown.
A baseline is taken as abnormal, for a value that can be too high, when it lies above the upper limit of normal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Literal

from stromal.values import Quantity, exact, nearest, unit

Version = Literal["5.0", "6.0"]
VERSIONS: tuple[Version, ...] = ("5.0", "6.0")

Reference = Literal["lower", "upper", "baseline"]
_SPOKEN: Mapping[Reference, str] = {
    "lower": "the lower limit of normal", "upper": "the upper limit of normal", "baseline": "the baseline",
}  # fmt: skip
World = Mapping[Reference, Fraction]
"""The limits of normal and the baseline, as given or as they might be, in the unit of the criteria."""

When = Literal["always", "normal", "raised", "raised to 5", "raised beyond 5", "low", "above upper"]
_WHEN: Mapping[When, tuple[tuple[Reference, ...], Callable[[Fraction, World], bool]]] = {
    "always": ((), lambda _value, _world: True),
    "normal": (("upper", "baseline"), lambda _value, world: world["baseline"] <= world["upper"]),
    "raised": (("upper", "baseline"), lambda _value, world: world["baseline"] > world["upper"]),
    "raised to 5": (("upper", "baseline"), lambda _value, w: w["upper"] < w["baseline"] <= 5 * w["upper"]),
    "raised beyond 5": (("upper", "baseline"), lambda _value, world: world["baseline"] > 5 * world["upper"]),
    "low": (("lower", "baseline"), lambda _value, world: world["baseline"] < world["lower"]),
    "above upper": (("upper",), lambda value, world: value > world["upper"]),
}
"""When a step of a scale holds: what must be known to tell, and the test of value and references."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade a value supports, 0 to 4, or None where it is unknown; and why."""

    grade: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One limit: a value beyond `times` (a number, or a multiple of a reference) has at least this grade.

    `asks` names what else would have to be known; such a step leaves it open whether the grade is reached.
    """

    grade: int
    times: Fraction
    of: Reference | None = None
    inclusive: bool = False
    when: When = "always"
    asks: str = ""

    @property
    def needs(self) -> frozenset[Reference]:
        """The references without which the step cannot be told."""
        return frozenset((*_WHEN[self.when][0], *((self.of,) if self.of else ())))

    def limit(self, world: World) -> Fraction:
        """The limit as a number."""
        return self.times * world[self.of] if self.of else self.times

    def passed(self, value: Fraction, world: World, *, low: bool) -> bool:
        """Whether the value lies beyond the limit, and the step applies."""
        limit = self.limit(world)
        beyond = value < limit if low else value > limit
        return (beyond or (self.inclusive and value == limit)) and _WHEN[self.when][1](value, world)


@dataclass(frozen=True, slots=True)
class Scale:
    """The steps of one term in one version, for each unit the criteria are written in; `low`: too little is graded."""

    low: bool
    steps: Mapping[str, tuple[Step, ...]]


# ---------------------------------------------------------------- making the table

_ENZYME = ("U/L", "[IU]/L")
_MASS_OR_MOLES = ("mg/dL", "umol/L")
_SYMPTOMS = "whether there are symptoms"
_FASTING = "whether the person was fasting"


def _scale(*, low: bool, limits: Mapping[str, str], grades: Sequence[int] = (1, 2, 3, 4)) -> Scale:
    """Limits in each unit, one a grade; N is the limit of normal. They hold strictly."""
    side: Reference = "lower" if low else "upper"
    steps = {
        name: tuple(
            Step(grade, Fraction(1), side) if number == "N" else Step(grade, exact(number))
            for grade, number in zip(grades, numbers.split(), strict=False)
        )
        for name, numbers in limits.items()
    }
    return Scale(low, steps)


def _low(limits: Mapping[str, str]) -> Scale:
    """A scale of what is too low, grade by grade."""
    return _scale(low=True, limits=limits)


def _high(limits: Mapping[str, str]) -> Scale:
    """A scale of what is too high, grade by grade."""
    return _scale(low=False, limits=limits)


def _count(numbers: str) -> Scale:
    """Cells in 10*9/L, whether the unit says `cells` or not."""
    return _scale(low=True, limits={"10*9/L": numbers, "cells/nL": numbers})


def _multiples(numbers: str, of: Reference, when: When, *, inclusive: bool = False) -> tuple[Step, ...]:
    """Multiples of a reference, one a grade; `inclusive` speaks of the first."""
    return tuple(
        Step(grade, exact(number), of, inclusive and grade == 1, when)
        for grade, number in enumerate(numbers.split(), 1)
    )


def _relative(units: Sequence[str], *steps: Step) -> Scale:
    """A scale of what is too high, whose limits are all multiples: any of the units will do."""
    return Scale(False, dict.fromkeys(units, steps))


def _by_baseline(units: Sequence[str], normal: str, raised: str, *, inclusive: bool = True) -> Scale:
    """Multiples of the upper limit after a normal baseline, of the baseline after a raised one."""
    return _relative(
        units,
        *_multiples(normal, "upper", "normal"),
        *_multiples(raised, "baseline", "raised", inclusive=inclusive),
    )


def _with(scale: Scale, *more: Step) -> Scale:
    """The scale with steps added in each of its units."""
    return replace(scale, steps={name: (*steps, *more) for name, steps in scale.steps.items()})


def _transaminase_6() -> Scale:
    """Version 6.0 names grade 3 only for a baseline up to five times the upper limit; beyond, it stays open."""
    scale = _by_baseline(_ENZYME, "1 3 5 20", "1 1.5")
    silent = "what the criteria leave unsaid of a baseline above 5 times the upper limit of normal"
    return _with(
        scale,
        Step(3, Fraction(2), "baseline", when="raised to 5"),
        Step(3, Fraction(2), "baseline", when="raised beyond 5", asks=silent),
        Step(4, Fraction(4), "baseline", when="raised"),
    )


def _hyponatremia() -> Mapping[Version, Scale]:
    """Version 5.0 counts whole mmol/L and leaves what lies between them open; version 6.0 does not."""
    unsaid = "what the criteria leave unsaid between 129 and 130 mmol/L"
    ends = _scale(low=True, limits={"mmol/L": "N 120"}, grades=(1, 4))
    return {
        "5.0": _with(
            ends,
            Step(2, Fraction(130), asks=unsaid),
            Step(2, Fraction(129), inclusive=True),
            Step(3, Fraction(130), asks=_SYMPTOMS),
            Step(3, Fraction(125), asks="what the criteria leave unsaid between 124 and 125 mmol/L"),
            Step(3, Fraction(124), inclusive=True),
        ),
        "6.0": _with(ends, Step(2, Fraction(130)), Step(3, Fraction(130), asks=_SYMPTOMS), Step(3, Fraction(125))),
    }


def _hyperglycemia(*, fasting: bool) -> Scale:
    """Grades 1 and 2 speak of fasting values only."""
    scale = _high({"mg/dL": "N 160 250 500", "mmol/L": "N 8.9 13.9 27.8"})
    if fasting:
        return scale
    asked = {
        name: tuple(replace(step, asks=_FASTING) if step.grade < 3 else step for step in steps)
        for name, steps in scale.steps.items()
    }
    return replace(scale, steps=asked)


def _hypokalemia() -> Scale:
    """Grades 1 and 2 share their values; symptoms or an intervention tell them apart."""
    scale = _scale(low=True, limits={"mmol/L": "N 3.0 2.5"}, grades=(1, 3, 4))
    return _with(scale, Step(2, Fraction(1), "lower", asks=_SYMPTOMS))


def _both(scale: Scale) -> Mapping[Version, Scale]:
    return {"5.0": scale, "6.0": scale}


_TRANSAMINASE: Mapping[Version, Scale] = {
    "5.0": _by_baseline(_ENZYME, "1 3 5 20", "1.5 3 5 20"), "6.0": _transaminase_6(),
}  # fmt: skip
_BEYOND_UPPER = _multiples("1 1.5 3 6", "upper", "always")

TERMS: Mapping[str, Mapping[Version, Scale]] = {
    "anemia": _both(_low({"g/dL": "N 10 8", "mmol/L": "N 6.2 4.9"})),
    "platelet count decreased": {"5.0": _count("N 75 50 25"), "6.0": _count("N 75 50 10")},
    "white blood cell decreased": _both(_count("N 3 2 1")),
    "neutrophil count decreased": {"5.0": _count("N 1.5 1 0.5"), "6.0": _count("1.5 1 0.5 0.1")},
    "lymphocyte count decreased": {"5.0": _count("N 0.8 0.5 0.2")},
    "cd4 lymphocytes decreased": _both(_count("N 0.5 0.2 0.05")),
    "creatinine increased": {
        "5.0": _relative(
            _MASS_OR_MOLES, *_BEYOND_UPPER,
            Step(2, Fraction(3, 2), "baseline"), Step(3, Fraction(3), "baseline"),
        ),
        "6.0": _relative(
            _MASS_OR_MOLES, *_BEYOND_UPPER,
            Step(2, Fraction(3, 2), "baseline", when="low"), Step(3, Fraction(3), "baseline", when="low"),
        ),
    },
    "alanine aminotransferase increased": _TRANSAMINASE,
    "aspartate aminotransferase increased": _TRANSAMINASE,
    "blood bilirubin increased": {
        "5.0": _by_baseline(_MASS_OR_MOLES, "1 1.5 3 10", "1 1.5 3 10", inclusive=False),
        "6.0": _by_baseline(_MASS_OR_MOLES, "1 1.5 3 10", "1 1.5 2.5 10"),
    },
    "alkaline phosphatase increased": {
        "5.0": _by_baseline(_ENZYME, "1 2.5 5 20", "2 2.5 5 20"),
        "6.0": _relative(_ENZYME, Step(1, Fraction(1), "baseline", when="above upper")),
    },
    "ggt increased": {
        "5.0": _by_baseline(_ENZYME, "1 2.5 5 20", "2 2.5 5 20"),
        "6.0": _by_baseline(_ENZYME, "1 2.5 5 20", "1 1.5 3 10"),
    },
    "hypernatremia": _both(_high({"mmol/L": "N 150 155 160"})),
    "hyponatremia": _hyponatremia(),
    "hyperkalemia": _both(_high({"mmol/L": "N 5.5 6 7"})),
    "hypokalemia": _both(_hypokalemia()),
    "hypercalcemia": _both(_high({"mg/dL": "N 11.5 12.5 13.5", "mmol/L": "N 2.9 3.1 3.4"})),
    "hypercalcemia (ionized)": _both(_high({"mmol/L": "N 1.5 1.6 1.8"})),
    "hypocalcemia": _both(_low({"mg/dL": "N 8 7 6", "mmol/L": "N 2.0 1.75 1.5"})),
    "hypocalcemia (ionized)": _both(_low({"mmol/L": "N 1.0 0.9 0.8"})),
    "hypermagnesemia": _both(
        _scale(low=False, limits={"mg/dL": "N 3 8", "mmol/L": "N 1.23 3.3"}, grades=(1, 3, 4)),
    ),
    "hypomagnesemia": _both(_low({"mg/dL": "N 1.2 0.9 0.7", "mmol/L": "N 0.5 0.4 0.3"})),
    "hypoalbuminemia": _both(_low({"g/dL": "N 3 2"})),
    "hyperglycemia": {"6.0": _hyperglycemia(fasting=False)},
    "hyperglycemia (fasting)": {"6.0": _hyperglycemia(fasting=True)},
    "hypoglycemia": _both(_low({"mg/dL": "N 55 40 30", "mmol/L": "N 3.0 2.2 1.7"})),
}  # fmt: skip
"""Every term that a value can grade, and its scale in each version. Serum calcium is the corrected one."""

_ALSO: Mapping[str, str] = {
    "thrombocytopenia": "platelet count decreased", "leukopenia": "white blood cell decreased",
    "neutropenia": "neutrophil count decreased", "lymphopenia": "lymphocyte count decreased",
    "alt increased": "alanine aminotransferase increased", "ast increased": "aspartate aminotransferase increased",
    "alp increased": "alkaline phosphatase increased", "bilirubin increased": "blood bilirubin increased",
    "gamma-glutamyltransferase increased": "ggt increased",
}  # fmt: skip
"""Other names; version 6.0 itself calls a low platelet count thrombocytopenia."""


# ---------------------------------------------------------------- grading


def grade(
    term: str,
    value: Quantity,
    version: Version,
    *,
    lower_normal: Quantity | None = None,
    upper_normal: Quantity | None = None,
    baseline: Quantity | None = None,
) -> Grade:
    """The grade of a value, only where it is the same whatever is not given; ValueError on what cannot be graded.

    Limits are exact and strict or inclusive as the criteria write them: haemoglobin of 8.0 g/dL is grade 2. Refused
    are an unknown term, a unit that measures something else, a number below 0 and limits of normal the wrong way round.
    """
    name = _known(term)
    scale = TERMS[name].get(version)
    if scale is None:
        return Grade(
            None, f"CTCAE {version} has no limits for {name} that a value could be held against; grade by hand"
        )
    written = _unit_for(value, scale, name)
    given = _given(written, {"lower": lower_normal, "upper": upper_normal, "baseline": baseline})
    number, steps = _amount(value, written, "the value"), scale.steps[written]
    lacking = [each for each in _SPOKEN if each not in given and any(each in step.needs for step in steps)]
    told = [_tell(number, steps, world, low=scale.low) for world in _worlds(number, steps, given, lacking)]
    if any(one.grades != {told[0].sure} for one in told):
        return Grade(None, _undecided(told, lacking))
    if not told[0].sure:
        return Grade(0, f"{value} passes no limit for {name} in CTCAE {version}")
    return Grade(told[0].sure, _because(value, told[0].sure, scale, written, given))


def _known(term: str) -> str:
    """The name in the table. Letter case, spaces and British spelling do not matter."""
    name = " ".join(term.lower().split()).replace("aemi", "emi").replace("ionised", "ionized")
    name = _ALSO.get(name, name)
    if name in TERMS:
        return name
    close = nearest(name, (*TERMS, *_ALSO))
    hint = f"did you mean {close!r}?" if close else f"the terms are {', '.join(TERMS)}"
    raise ValueError(f"{term!r} is no laboratory term of CTCAE that is graded here; {hint}")


def _unit_for(value: Quantity, scale: Scale, name: str) -> str:
    """The unit of the criteria that the value can be turned into. ValueError when there is none."""
    for written in scale.steps:
        if unit(value.unit).dimension == unit(written).dimension:
            return written
    raise ValueError(f"{value} cannot be graded for {name}: give it in {' or '.join(scale.steps)}")


def _amount(quantity: Quantity, written: str, what: str) -> Fraction:
    """The number in the unit of the criteria. ValueError below zero."""
    if quantity.value < 0:
        raise ValueError(f"{what} is {quantity}, and nothing measured here lies below 0")
    return quantity.to(written).value


def _given(written: str, told: Mapping[Reference, Quantity | None]) -> dict[Reference, Fraction]:
    """What is known of limits and baseline, in the unit of the criteria."""
    given: dict[Reference, Fraction] = {}
    for name, quantity in told.items():
        if quantity is None:
            continue
        try:
            given[name] = _amount(quantity, written, _SPOKEN[name])
        except ValueError as error:
            raise ValueError(f"{_SPOKEN[name]} cannot be used: {error}") from None
        if name != "baseline" and not given[name]:
            raise ValueError(f"{_SPOKEN[name]} is 0, which limits nothing")
    if "lower" in given and "upper" in given and given["lower"] > given["upper"]:
        raise ValueError("the lower limit of normal lies above the upper one; give them the other way round")
    return given


def _worlds(
    value: Fraction, steps: Sequence[Step], given: World, lacking: Sequence[Reference]
) -> Iterator[dict[Reference, Fraction]]:
    """What the references that are not given might be: one world of each kind that the steps tell apart.

    A grade changes only where a reference crosses a multiple of the value or of another reference, so that a world on
    each of these points, between each two, below all and above all stands for every other.
    """
    if not lacking:
        yield dict(given)
        return
    fives = (Fraction(1, 5), 1, 5) if any(step.when == "raised beyond 5" for step in steps) else (1,)
    marks = {value / step.times for step in steps if step.of} | set(given.values())
    points = sorted({mark * five for mark in marks for five in fives if mark}) or [Fraction(1)]
    for numbers in product(_between(points), repeat=len(lacking)):
        world = {**given, **dict(zip(lacking, numbers, strict=True))}
        if "lower" not in world or "upper" not in world or world["lower"] <= world["upper"]:
            yield world


def _between(points: Sequence[Fraction]) -> list[Fraction]:
    """The points, a point between each two neighbours, one below and one above all."""
    middles = [(one + other) / 2 for one, other in pairwise(points)]
    return sorted((points[0] / 2, *points, *middles, points[-1] * 2))


@dataclass(frozen=True, slots=True)
class _Told:
    """What the steps say in one world: the grade that is reached for sure, and the higher steps left open."""

    sure: int
    open: tuple[Step, ...]

    @property
    def grades(self) -> frozenset[int]:
        """The grades the value may have."""
        return frozenset((self.sure, *(step.grade for step in self.open)))


def _tell(value: Fraction, steps: Sequence[Step], world: World, *, low: bool) -> _Told:
    """What the steps say of the value in a world."""
    passed = [step for step in steps if step.passed(value, world, low=low)]
    sure = max((step.grade for step in passed if not step.asks), default=0)
    return _Told(sure, tuple(step for step in passed if step.grade > sure))


# ---------------------------------------------------------------- reasons


def _undecided(told: Sequence[_Told], lacking: Sequence[Reference]) -> str:
    """The grades it may be, and what would have to be known: references that are not given, what open steps ask."""
    grades = sorted({each for one in told for each in one.grades})
    varies = len({one.grades for one in told}) > 1
    asked = (step.asks for one in told for step in one.open)
    settle = dict.fromkeys((*(f"{_SPOKEN[each]} (not given)" for each in lacking if varies), *asked))
    return f"grade {', '.join(map(str, grades[:-1]))} or {grades[-1]}; what decides is {' and '.join(settle)}"


def _because(value: Quantity, reached: int, scale: Scale, written: str, given: World) -> str:
    """The limit that was passed, in the unit of the value.

    There is always one that rests on what is given alone: were all else as large (or as small) as can be, no other
    step would be passed, and the grade was found to be the same then.
    """
    number = value.to(written).value
    steps = [step for step in scale.steps[written] if step.needs <= given.keys()]
    step = next(
        each for each in steps if each.grade == reached and not each.asks and each.passed(number, given, low=scale.low)
    )
    limit = Quantity(step.limit(given), written).to(value.unit)
    side = "below" if scale.low else "above"
    beyond = f"at {limit}" if number == step.limit(given) else f"{side} {limit}"
    of = f" ({_multiple(step)})" if step.of else ""
    odd = any(each.of and each.of != "baseline" and each.when == "always" and each.times == 1
              and not each.passed(number, given, low=scale.low) for each in steps)  # fmt: skip
    return f"{value} is {beyond}{of}" + (f", though not {side} the limit of normal" if odd else "")


def _multiple(step: Step) -> str:
    """`3 times the baseline`, or the reference itself."""
    spoken = _SPOKEN[step.of] if step.of else ""
    return spoken if step.times == 1 else f"{float(step.times):g} times {spoken}"
