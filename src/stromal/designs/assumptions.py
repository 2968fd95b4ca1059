"""What a simulation assumes about the world: arrivals, harm after each level, products, holds, leaving, outcomes.

Takes a Plan and, where there is one, a YAML file of assumptions; gives Assumptions, checked. What the file leaves out
keeps a default. Words that a rehearsal's scenario has mean the same here. All of it is made up, and told with the
answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from stromal.designs.plan import Plan, Scale

RELATED, SHARES = 1.1 * 0.45, (0.62, 0.28, 0.08, 0.018, 0.002)
"""Related adverse events after a dose, and how likely grades 1 to 5 are: the defaults of a rehearsal."""
MADE = 0.94
"""Chance that a lot passes its release tests: the default of a rehearsal."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fact runs over time in people: mean and spread at the start, slope a month and its spread between people,
    wobble from visit to visit, the grid of its instrument, and what treatment adds to the monthly slope.
    """

    start: float
    start_sd: float
    slope: float = 0.0
    slope_sd: float = 0.0
    wobble: float = 0.0
    effect: float = 0.0
    grid: float = 1.0


OUTCOMES = {
    "ALSFRS-R": Outcome(37, 4.5, -0.7, 0.55, 0.7, 0.2),
    "fvc": Outcome(75, 15, -0.1, 0.2, 2.2, 0.1),
    "EDSS": Outcome(5.0, 1.0, 0.005, 0.01, 0.22, -0.02, 0.5),
    "mRSS": Outcome(19, 6, -0.12, 0.12, 1.2, -0.1),
}
"""By instrument or name. ALSFRS-R: mean, middle half and wobble of 1,822 people of PRO-ACT, as in a rehearsal, with a
fall that treatment makes a good quarter slower; the others are plain assumptions."""

FVC_IN_ALS = Outcome(82, 13, -1.3, 2.6, 2.2, 0.4)
"""Vital capacity where ALSFRS-R is measured beside it: it falls much faster than elsewhere."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Everything a simulation assumes. Chances lie in 0..1; rows follow the levels of the plan, from the lowest up.

    `grades[k][g]` is the chance that the worst related event after level k has grade g (0: none); it begins within
    `window_days`, all days alike. A product passes with chance `made[k]`, is tried `attempts` times, `remake_days`
    apart, and is ordered `make_days` before its visit. A hold is decided after `decision_days` and lifted with chance
    `hold_lifted` (participant, trial); until then a dose waits up to `waits` weeks, an enrolment as many fortnights.
    """

    grades: tuple[tuple[float, ...], ...]
    made: tuple[float, ...]
    outcomes: tuple[Outcome, ...] = ()
    arrivals_per_month: float = 1.5
    ineligible: float = 0.2
    screening_days: int = 14
    dropout_per_year: float = 0.08
    missed_visit: float = 0.03
    window_days: int = 28
    attempts: int = 2
    make_days: int = 7
    remake_days: int = 14
    decision_days: int = 10
    hold_lifted: tuple[float, float] = (0.85, 0.85)
    waits: int = 3
    adverse_events_per_dose: float = 1.1 * 0.55

    def harming(self, least: int) -> tuple[float, ...]:
        """The chance of unacceptable toxicity after each level."""
        return tuple(math.fsum(row[least:]) for row in self.grades)

    def null(self) -> Assumptions:
        """The same world with a treatment that changes no outcome."""
        return replace(self, outcomes=tuple(replace(each, effect=0.0) for each in self.outcomes))

    def toxic(self, level: int, chance: float, least: int) -> Assumptions:
        """The same world with this chance of unacceptable toxicity after one level; the grades keep their ratios."""
        return replace(self, grades=tuple(
            scaled(row, chance, least) if place == level else row for place, row in enumerate(self.grades)
        ))  # fmt: skip


def usual_grades() -> tuple[float, ...]:
    """The worst of a Poisson number of related events, each with a grade of its own."""
    reached = [math.exp(-RELATED * (1 - math.fsum(SHARES[:grade]))) for grade in range(6)]
    reached[5] = 1.0
    return tuple(each - before for each, before in zip(reached, [0.0, *reached], strict=False))


def scaled(row: tuple[float, ...], chance: float, least: int) -> tuple[float, ...]:
    """A row of grades whose chance of `least` or more is this; the others keep their ratios."""
    above, below = math.fsum(row[least:]), math.fsum(row[:least])
    parts = [
        each * chance / above if grade >= least and above else
        each * (1 - chance) / below if grade < least and below else
        chance if grade == least and not above else 1 - chance if grade == 0 and not below else 0.0
        for grade, each in enumerate(row)
    ]  # fmt: skip
    return tuple(parts)


def usual_outcome(scale: Scale, *, als: bool = False) -> Outcome:
    """What is usual for a fact, or the middle of its range with little movement."""
    if als and scale.fact == "fvc" and scale.unit == "%":
        return FVC_IN_ALS
    if scale.instrument in OUTCOMES or (scale.fact in OUTCOMES and scale.unit == "%"):
        return OUTCOMES[scale.instrument if scale.instrument in OUTCOMES else scale.fact]
    span = min(scale.high - scale.low, 100.0)
    return Outcome(scale.low + span / 2, span / 12, 0.0, span / 600, span / 60, 0.0, 1.0 if span >= 20 else 0.01)


def usual(plan: Plan) -> Assumptions:
    """The defaults of a plan."""
    row, als = usual_grades(), any(each.instrument == "ALSFRS-R" for each in plan.scales)
    return Assumptions(
        (row,) * len(plan.levels), (MADE,) * len(plan.levels),
        tuple(usual_outcome(each, als=als) for each in plan.scales),
        screening_days=plan.screening_days // 2,
    )  # fmt: skip


# ---------------------------------------------------------------- checking


def check(assumed: Assumptions, plan: Plan) -> Mapping[str, tuple[str, str]]:
    """What cannot be right: the name of the assumption, with the message and the next step."""
    wrong: dict[str, tuple[str, str]] = {}
    levels = len(plan.levels)
    chances = {
        "ineligible": (assumed.ineligible,), "missed_visit": (assumed.missed_visit,), "made": assumed.made,
        "hold_lifted": assumed.hold_lifted, "grades": tuple(each for row in assumed.grades for each in row),
    }  # fmt: skip
    for name, values in chances.items():
        bad = next((each for each in values if not 0 <= each <= 1), None)
        if bad is not None:
            wrong[name] = (f"{name} holds {bad:g}", "a probability lies between 0 and 1")
    for name, rows in (("grades", len(assumed.grades)), ("made", len(assumed.made))):
        if rows != levels:
            named = ", ".join(each.name for each in plan.levels)
            wrong[name] = (f"{name} has {rows} entries for {levels} levels", f"give one for each of {named}")
    for row in assumed.grades:
        if len(row) != 6 or not math.isclose(math.fsum(row), 1.0, abs_tol=1e-9):
            said = f"grades has a row of {len(row)} that adds up to {math.fsum(row):g}"
            wrong.setdefault("grades", (said, "give six probabilities, of grades 0 to 5, that add up to 1"))
    wrong |= _numbers(assumed)
    return wrong


def _numbers(assumed: Assumptions) -> dict[str, tuple[str, str]]:
    """Days, rates and spreads that cannot be right."""
    wrong: dict[str, tuple[str, str]] = {}
    for name in ("screening_days", "window_days", "make_days", "remake_days", "decision_days", "waits"):
        number = getattr(assumed, name)
        if not 0 <= number <= 3650:
            wrong[name] = (f"{name} is {number}", "give whole days, 0 or more" if name != "waits" else "give 0 or more")
    if not 1 <= assumed.attempts <= 9:
        wrong["attempts"] = (f"attempts is {assumed.attempts}", "give 1 to 9 attempts at a product")
    if not 0 < assumed.arrivals_per_month <= 1000:
        wrong["arrivals_per_month"] = (f"arrivals_per_month is {assumed.arrivals_per_month:g}", "give more than 0")
    for name in ("dropout_per_year", "adverse_events_per_dose"):
        if not 0 <= getattr(assumed, name) <= 50:
            wrong[name] = (f"{name} is {getattr(assumed, name):g}", "give a rate of 0 or more")
    for each in assumed.outcomes:
        if min(each.start_sd, each.slope_sd, each.wobble) < 0 or each.grid <= 0:
            wrong["outcomes"] = (
                "a spread or grid of an outcome is negative",
                "give spreads of 0 or more, a grid above 0",
            )
    return wrong
