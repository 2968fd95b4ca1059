"""Designs that do not wait for windows to end (TITE-BOIN, TITE-CRM), event by event.

Takes a Design, a scenario, Timing and a key; gives what happened. A cohort's dose is chosen when its first person could
be treated, from everything seen by then; a person whose window is open counts by the share of it that has passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from stromal.designs import keys
from stromal.designs.engine import Happened
from stromal.designs.made import chances, made
from stromal.designs.timing import Spacing, Timing, spacing, window_end
from stromal.rules.escalation import Stop, Tally, Treat, begin, observe, select
from stromal.rules.escalation.advise import Fit, fitted
from stromal.rules.escalation.aside import ask, room
from stromal.rules.escalation.designs import Design


@dataclass(frozen=True, slots=True)
class Person:
    """A treated person: the dose, when, when the window ended, and how: 0 clear, 1 toxic, 2 left. Who got less than
    planned is no `member` of a cohort.
    """

    dose: int
    treated_at: float
    ends_at: float
    how: int
    member: bool = True


def seen_by(people: Sequence[Person], doses: int, window: float, now: float, top: int, size: int) -> Tally:
    """What is known at a moment. Who left counts no longer: somebody else comes instead.

    The people of the last cohort are the last `size` members treated.
    """
    treated, toxic = [0] * doses, [0] * doses
    pending: list[list[float]] = [[] for _ in range(doses)]
    for person in people:
        if person.how == 2 and person.ends_at <= now:
            continue
        treated[person.dose] += 1
        if person.ends_at > now:
            pending[person.dose].append((now - person.treated_at) / window)
        else:
            toxic[person.dose] += person.how
    members = [person for person in people if person.member]
    last = members[len(members) - size :] if size else []
    harmed = sum(person.how == 1 and person.ends_at <= now for person in last)
    waiting = tuple(tuple(each) for each in pending) if any(pending) else ()
    current = members[-1].dose if members else -1
    return Tally(tuple(treated), tuple(toxic), current, top, (len(last), harmed), waiting)


def _closed(design: Design, tally: Tally) -> Tally:
    """The tally with every dose closed that its people so far close."""
    top = tally.top
    for dose, people in enumerate(tally.treated):
        if people:
            # A cohort of nobody on that dose: only what the rule closes changes.
            top = min(top, observe(design, replace(tally, pending=()), dose, 0, 0).top)
    return replace(tally, top=top)


@dataclass(slots=True)
class Open:
    """The state of a trial that goes on while windows are open: who came, who was treated, and the clock."""

    design: Design
    scenario: Sequence[float]
    timing: Timing
    seed: int
    number: int
    days: Spacing
    makeable: Sequence[float]
    people: list[Person] = field(default_factory=list)
    came: int = 0
    lost: int = 0
    now: float = 0.0
    arrived: float = 0.0
    treated_at: float = -math.inf

    def draw(self, purpose: int) -> float:
        """The number of the person who comes, and a purpose."""
        return keys.uniform(self.seed, self.number, self.came, purpose)

    def arrive(self, place: int) -> None:
        """The next person for whom anything can be made comes, and could be treated now, in this place of a cohort."""
        while True:
            self.arrived = max(self.arrived, self.now) + -math.log(1.0 - self.draw(keys.ARRIVAL)) * self.timing.gap_days
            if not self.makeable or self.draw(keys.MADE) < self.makeable[0]:
                break
            # nobody is invited before it is known that nothing can be made for this person
            self.now = self.arrived
            self.lost += 1
            self.came += 1
        days = self.days
        kept = days.cohort_days if place == 0 else days.sentinel_days if place == 1 else days.people_days
        self.now = max(self.arrived, self.treated_at + kept)

    def treat(self, planned: int) -> bool:
        """The person who came is treated; True on the planned dose."""
        dose = made(self.makeable, planned, self.draw(keys.MADE)) if self.makeable else planned
        lasts, how = window_end(self.timing, self.scenario[dose], self.seed, self.number, self.came)
        self.people.append(Person(dose, self.now, self.now + lasts, how, dose == planned))
        self.came += 1
        self.treated_at = self.now
        return dose == planned

    def cohort(self, dose: int, size: int, most: float) -> int:
        """A cohort whose first person could be treated now; how many are in it when nobody else may come to it.

        Who gets less than planned before anybody is in it is no beginning of it: the design is asked anew.
        """
        members = int(self.treat(dose))
        most -= 1
        while 0 < members < size and most > 0:
            self.arrive(members)
            members += self.treat(dose)
            most -= 1
        return members


def run(
    design: Design, scenario: Sequence[float], timing: Timing, seed: int, number: int, fit: Fit = fitted
) -> Happened:
    """One trial, from its key."""
    window, doses = timing.window_days, len(scenario)
    trial = Open(design, scenario, timing, seed, number, spacing(design), chances(design, doses))
    top, size, tally = doses, 0, begin(doses)
    advice = ask(design, tally, fit)
    if isinstance(advice, Treat):
        trial.arrive(0)
    lost = 0
    while isinstance(advice, Treat):
        size = trial.cohort(advice.dose, advice.size, room(design, tally)) or size
        # what is lost while the next person is awaited counts only if there is a next person
        lost = trial.lost
        trial.arrive(0)
        while True:
            tally = _closed(design, seen_by(trial.people, doses, window, trial.now, top, size))
            top = tally.top
            advice = ask(design, tally, fit)
            if isinstance(advice, Stop) or not advice.wait:
                break
            trial.now = min(person.ends_at for person in trial.people if person.ends_at > trial.now)
    people = trial.people
    end = max(person.ends_at for person in people)
    final = _closed(design, seen_by(people, doses, window, end, top, size))
    chosen = select(design, final, fit)
    left = sum(person.how == 2 for person in people)
    below = sum(not person.member for person in people)
    return Happened(
        -1 if chosen is None else chosen, final.treated, final.toxic, end, left, lost, below
    )  # fmt: skip
