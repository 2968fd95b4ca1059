"""A dose-finding trial event by event: people arrive, are treated, fall ill, leave or come through; the rule decides.

Takes a Design, a scenario, Timing and a key; gives what happened. Slow and plain: the compiled kernel must agree with
it trial by trial. The rule asked is `rules.escalation.advise`, the one that the desk enforces.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from stromal.designs import keys
from stromal.designs.timing import Spacing, Timing, spacing, window_end
from stromal.rules.escalation import Stop, Tally, Treat, advise, begin, observe, select
from stromal.rules.escalation.advise import Fit, fitted
from stromal.rules.escalation.designs import Design

ARRIVE, TREAT, END = range(3)


@dataclass(frozen=True, slots=True)
class Happened:
    """One trial: the dose declared (-1 for none), people and toxicities of each dose, days, people who left."""

    selected: int
    treated: tuple[int, ...]
    toxic: tuple[int, ...]
    days: float
    left: int


@dataclass(slots=True)
class Trial:
    """The state of a trial while its events are worked off."""

    design: Design
    scenario: Sequence[float]
    timing: Timing
    seed: int
    number: int
    fit: Fit = fitted
    events: list[tuple[float, int, int]] = field(default_factory=list)
    now: float = 0.0
    arrived: float = 0.0
    treated_at: float = -math.inf
    people: int = 0
    left: int = 0
    dose: int = 0
    size: int = 0
    begun: int = 0
    toxic: int = 0
    needed: int = 0
    open_windows: int = 0
    expected: bool = False
    ends: dict[int, int] = field(default_factory=dict)

    def draw(self, person: int, purpose: int) -> float:
        """The number of this trial's person and purpose."""
        return keys.uniform(self.seed, self.number, person, purpose)

    def invite(self) -> None:
        """The next person comes after an exponential time; nobody is invited while somebody is expected."""
        if self.needed == 0 or self.expected:
            return
        gap = -math.log(1.0 - self.draw(self.people, keys.ARRIVAL)) * self.timing.gap_days
        self.arrived = max(self.arrived, self.now) + gap
        self.expected = True
        heapq.heappush(self.events, (self.arrived, ARRIVE, self.people))

    def arrive(self, person: int, days: Spacing) -> None:
        """A person who came is treated once the days between people are kept."""
        kept = days.cohort_days if self.begun == 0 else days.sentinel_days if self.begun == 1 else days.people_days
        heapq.heappush(self.events, (max(self.now, self.treated_at + kept), TREAT, person))

    def treat(self, person: int) -> None:
        """A person is treated; how the window ends is known to nobody yet."""
        self.treated_at, self.expected = self.now, False
        self.people += 1
        self.begun += 1
        self.needed -= 1
        self.open_windows += 1
        lasts, self.ends[person] = window_end(self.timing, self.scenario[self.dose], self.seed, self.number, person)
        heapq.heappush(self.events, (self.now + lasts, END, person))
        self.invite()

    def end(self, person: int) -> bool:
        """A window ends; True when it was the last of the cohort."""
        how = self.ends.pop(person)
        self.open_windows -= 1
        if how == 2:
            self.left += 1
            self.needed += 1
            self.invite()
            return False
        self.toxic += how
        return self.open_windows == 0 and self.needed == 0

    def begin(self, advice: Treat) -> None:
        """A cohort begins."""
        self.dose, self.size, self.needed = advice.dose, advice.size, advice.size
        self.begun = self.toxic = 0
        self.invite()


def run(
    design: Design, scenario: Sequence[float], timing: Timing, seed: int, number: int, fit: Fit = fitted
) -> Happened:
    """One trial, from its key. Doses are judged when every window of a cohort has ended."""
    days = spacing(design)
    trial = Trial(design, scenario, timing, seed, number, fit)
    tally: Tally = begin(len(scenario))
    advice = advise(design, tally, fit)
    while isinstance(advice, Treat):
        trial.begin(advice)
        done = False
        while not done:
            trial.now, kind, person = heapq.heappop(trial.events)
            if kind == ARRIVE:
                trial.arrive(person, days)
            elif kind == TREAT:
                trial.treat(person)
            else:
                done = trial.end(person)
        tally = observe(design, tally, trial.dose, trial.size, trial.toxic)
        advice = advise(design, tally, fit)
    assert isinstance(advice, Stop)
    chosen = select(design, tally, fit)
    return Happened(-1 if chosen is None else chosen, tally.treated, tally.toxic, trial.now, trial.left)
