"""When things happen in a simulated trial: people come, toxicities appear, people leave, cohorts are kept apart.

Takes days and shares; gives Timing, checked, and the days that a design's modifiers ask to keep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stromal.designs import keys
from stromal.rules.escalation.designs import Design, Staggered, modifiers


def _all_finite(*days: float) -> bool:
    """Whether every number of days is a number at all."""
    return all(math.isfinite(each) for each in days)


@dataclass(frozen=True, slots=True)
class Timing:
    """`gap_days` is the mean time until the next person comes while the trial is open (exponential).

    Toxicity shows within `window_days` of treatment: in its second half with chance `late`, uniformly in each half. A
    person without toxicity so far leaves within the window with chance `leaves`, and is replaced.
    """

    gap_days: float = 14.0
    window_days: float = 28.0
    late: float = 0.5
    leaves: float = 0.0

    def __post_init__(self) -> None:
        if not _all_finite(self.gap_days, self.window_days) or self.gap_days < 0 or self.window_days <= 0:
            raise ValueError(
                "the window lasts more than 0 days, and people come after 0 days or more, not "
                f"{self.window_days:g} and {self.gap_days:g}"
            )
        if not (0 <= self.late <= 1 and 0 <= self.leaves < 1):
            raise ValueError(
                "shares of late toxicity and of people who leave lie between 0 and 1, not "
                f"{self.late:g} and {self.leaves:g}"
            )


@dataclass(frozen=True, slots=True)
class CourseTiming:
    """When things happen in a trial whose people get several doses.

    People come `gap_days` apart on average (exponential) and start at least `people_days` apart. A dose follows the one
    before after `interval_days` (low, high; uniform). Its worst toxicity shows within `window_days`, uniformly; until
    it shows nobody can act on it. `makeable[r]` is the chance that a dose of rung r can be made; a dose that cannot be
    made at all is lost: on a ladder the next one comes after its interval, within the participant the course ends.
    """

    gap_days: float = 14.0
    interval_days: tuple[float, float] = (28.0, 28.0)
    window_days: float = 28.0
    people_days: float = 0.0
    makeable: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        low, high = self.interval_days
        whole = _all_finite(self.gap_days, low, high, self.people_days, self.window_days)
        if not whole or min(self.gap_days, low, high - low, self.people_days) < 0 or self.window_days <= 0:
            raise ValueError("days are 0 or more, an interval's high end is not below its low end, a window has length")
        if any(not 0 <= chance <= 1 for chance in self.makeable):
            raise ValueError("the chance that a dose can be made lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Spacing:
    """Days kept between two people of a cohort, after the first person of a cohort, and between cohorts."""

    people_days: float = 0.0
    sentinel_days: float = 0.0
    cohort_days: float = 0.0


def spacing(design: Design) -> Spacing:
    """The days that the design keeps; the longest of each where several modifiers ask."""
    kept = [modifier for modifier in modifiers(design) if isinstance(modifier, Staggered)]
    people = max((each.people_days for each in kept), default=0.0)
    sentinel = max((each.sentinel_days for each in kept), default=0.0)
    return Spacing(people, max(people, sentinel), max((each.cohort_days for each in kept), default=0.0))


def window_end(timing: Timing, chance: float, seed: int, number: int, person: int) -> tuple[float, int]:
    """How long the window of a person lasts, and how it ends: 0 clear, 1 toxic, 2 left."""
    window = timing.window_days
    toxic = keys.uniform(seed, number, person, keys.TOXICITY) < chance
    lasts = window
    if toxic:
        lasts = 0.5 * window * keys.uniform(seed, number, person, keys.ONSET)
        if keys.uniform(seed, number, person, keys.LATE) < timing.late:
            lasts = lasts + 0.5 * window
    if timing.leaves > 0 and keys.uniform(seed, number, person, keys.LEAVES) < timing.leaves:
        leaving = window * keys.uniform(seed, number, person, keys.LEAVING)
        if leaving < lasts:
            return leaving, 2
    return lasts, int(toxic)
