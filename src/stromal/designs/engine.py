"""A dose-finding trial event by event: people arrive, are treated, fall ill, leave or come through; the rule decides.

Takes a Design, a scenario, Timing and a key; gives what happened. Slow and plain: the compiled kernel must agree with
it trial by trial. The rules asked are those of `rules.escalation`, which the desk enforces.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from stromal.designs import keys
from stromal.designs.made import chances, made
from stromal.designs.timing import Spacing, Timing, spacing, window_end
from stromal.rules.escalation import Stop, Tally, Treat, begin, observe, select
from stromal.rules.escalation.advise import Fit, fitted
from stromal.rules.escalation.aside import aside, ask, room
from stromal.rules.escalation.designs import Design

ARRIVE, TREAT, END = range(3)


@dataclass(frozen=True, slots=True)
class Happened:
    """One trial: the dose declared (-1 for none), people and toxicities of each dose, days, people who left, products
    lost because nothing could be made of them, and people given less than planned (those who left among them).
    """

    selected: int
    treated: tuple[int, ...]
    toxic: tuple[int, ...]
    days: float
    left: int
    lost: int = 0
    below: int = 0


@dataclass(slots=True)
class Trial:
    """The state of a trial while its events are worked off."""

    scenario: Sequence[float]
    timing: Timing
    seed: int
    number: int
    makeable: Sequence[float] = ()
    events: list[tuple[float, int, int]] = field(default_factory=list)
    now: float = 0.0
    arrived: float = 0.0
    treated_at: float = -math.inf
    came: int = 0
    left: int = 0
    lost: int = 0
    below: int = 0
    dose: int = 0
    """The planned dose of the cohort, and below how many it has, how many of it began, and how many are yet to come."""
    size: int = 0
    begun: int = 0
    needed: int = 0
    room: float = 0
    """How many more may be treated at all."""
    open_windows: int = 0
    expected: bool = False
    holding: bool = False
    """Somebody got less than planned while nobody was in the cohort: what it does to them is waited for."""
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each person treated in this cohort's time, in their order: the dose given, and how the window ends."""

    def draw(self, person: int, purpose: int) -> float:
        """The number of this trial's person and purpose."""
        return keys.uniform(self.seed, self.number, person, purpose)

    def invite(self) -> None:
        """The next person comes after an exponential time; nobody is invited while somebody is expected."""
        if self.expected or self.holding or self.needed == 0 or self.room == 0:
            return
        gap = -math.log(1.0 - self.draw(self.came, keys.ARRIVAL)) * self.timing.gap_days
        self.arrived = max(self.arrived, self.now) + gap
        self.expected = True
        heapq.heappush(self.events, (self.arrived, ARRIVE, self.came))

    def arrive(self, person: int, days: Spacing) -> None:
        """A person who came is treated once the days between people are kept, if anything can be made for them."""
        if self.makeable and self.dose_of(person) < 0:
            self.lost += 1
            self.came += 1
            self.expected = False
            self.invite()
            return
        kept = days.cohort_days if self.begun == 0 else days.sentinel_days if self.begun == 1 else days.people_days
        heapq.heappush(self.events, (max(self.now, self.treated_at + kept), TREAT, person))

    def dose_of(self, person: int) -> int:
        """The dose that can be made for a person; -1 for none."""
        return made(self.makeable, self.dose, self.draw(person, keys.MADE)) if self.makeable else self.dose

    def treat(self, person: int) -> None:
        """A person is treated; how the window ends is known to nobody yet."""
        dose = self.dose_of(person)
        self.treated_at, self.expected = self.now, False
        self.came += 1
        self.room -= 1
        self.open_windows += 1
        if dose == self.dose:
            self.begun += 1
            self.needed -= 1
        else:
            self.below += 1
            self.holding = self.needed == self.size
        lasts, how = window_end(self.timing, self.scenario[dose], self.seed, self.number, person)
        self.ends[person] = dose, how
        heapq.heappush(self.events, (self.now + lasts, END, person))
        self.invite()

    def end(self, person: int) -> bool:
        """A window ends; True when it was the last of the cohort."""
        dose, how = self.ends[person]
        self.open_windows -= 1
        if how == 2:
            self.left += 1
            self.room += 1
            self.needed += dose == self.dose
            self.invite()
        return self.open_windows == 0 and not self.expected

    def begin(self, advice: Treat, room: float) -> None:
        """A cohort begins."""
        self.dose, self.size, self.needed, self.room = advice.dose, advice.size, advice.size, room
        self.begun = 0
        self.holding = False
        self.ends.clear()
        self.invite()

    def seen(self, design: Design, tally: Tally) -> Tally:
        """The tally after the cohort and those who got less than planned."""
        for dose, how in self.ends.values():
            if dose != self.dose and how != 2:
                tally = aside(design, tally, dose, how == 1)
        if self.needed == self.size:
            return tally
        toxic = sum(how == 1 for dose, how in self.ends.values() if dose == self.dose)
        return observe(design, tally, self.dose, self.size - self.needed, toxic)


def run(
    design: Design, scenario: Sequence[float], timing: Timing, seed: int, number: int, fit: Fit = fitted
) -> Happened:
    """One trial, from its key. Doses are judged when every window of a cohort has ended."""
    days = spacing(design)
    trial = Trial(scenario, timing, seed, number, chances(design, len(scenario)))
    tally: Tally = begin(len(scenario))
    advice = ask(design, tally, fit)
    while isinstance(advice, Treat):
        trial.begin(advice, room(design, tally))
        done = False
        while not done:
            trial.now, kind, person = heapq.heappop(trial.events)
            if kind == ARRIVE:
                trial.arrive(person, days)
            elif kind == TREAT:
                trial.treat(person)
            else:
                done = trial.end(person)
        tally = trial.seen(design, tally)
        advice = ask(design, tally, fit)
    assert isinstance(advice, Stop)
    chosen = select(design, tally, fit)
    return Happened(
        -1 if chosen is None else chosen, tally.treated, tally.toxic, trial.now, trial.left, trial.lost, trial.below
    )
