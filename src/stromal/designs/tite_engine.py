"""Designs that do not wait for windows to end (TITE-BOIN, TITE-CRM), event by event.

Takes a Design, a scenario, Timing and a key; gives what happened. A cohort's dose is chosen when its first person could
be treated, from everything seen by then; a person whose window is open counts by the share of it that has passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stromal.designs import keys
from stromal.designs.engine import Happened
from stromal.designs.timing import Spacing, Timing, spacing, window_end
from stromal.rules.escalation import Stop, Tally, Treat, advise, begin, observe, select
from stromal.rules.escalation.advise import Fit, fitted
from stromal.rules.escalation.designs import Design


@dataclass(frozen=True, slots=True)
class Person:
    """A treated person: the dose, when, when the window ended, and how: 0 clear, 1 toxic, 2 left."""

    dose: int
    treated_at: float
    ends_at: float
    how: int


def seen_by(people: Sequence[Person], doses: int, window: float, now: float, top: int, size: int) -> Tally:
    """What is known at a moment. Who left counts no longer: somebody else comes instead.

    The people of the last cohort are the last `size` treated.
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
    last = people[len(people) - size :] if size else ()
    harmed = sum(person.how == 1 and person.ends_at <= now for person in last)
    waiting = tuple(tuple(each) for each in pending) if any(pending) else ()
    current = people[-1].dose if people else -1
    return Tally(tuple(treated), tuple(toxic), current, top, (len(last), harmed), waiting)


def _closed(design: Design, tally: Tally) -> Tally:
    """The tally with every dose closed that its people so far close."""
    top = tally.top
    for dose, people in enumerate(tally.treated):
        if people:
            # A cohort of nobody on that dose: only what the rule closes changes.
            top = min(top, observe(design, replace(tally, pending=()), dose, 0, 0).top)
    return replace(tally, top=top)


def run(
    design: Design, scenario: Sequence[float], timing: Timing, seed: int, number: int, fit: Fit = fitted
) -> Happened:
    """One trial, from its key."""
    days, window, doses = spacing(design), timing.window_days, len(scenario)
    people: list[Person] = []
    now, arrived, treated_at, top, size = 0.0, 0.0, -math.inf, doses, 0
    advice = advise(design, begin(doses), fit)
    while isinstance(advice, Treat):
        dose, size = advice.dose, advice.size
        for place in range(size):
            if place:
                arrived, now = _arrival(timing, seed, number, len(people), arrived, now, treated_at, place, days)
            elif not people:
                arrived, now = _arrival(timing, seed, number, 0, arrived, now, treated_at, 0, days)
            lasts, how = window_end(timing, scenario[dose], seed, number, len(people))
            people.append(Person(dose, now, now + lasts, how))
            treated_at = now
        arrived, now = _arrival(timing, seed, number, len(people), arrived, now, treated_at, 0, days)
        while True:
            tally = _closed(design, seen_by(people, doses, window, now, top, size))
            top = tally.top
            advice = advise(design, tally, fit)
            if isinstance(advice, Stop) or not advice.wait:
                break
            now = min(person.ends_at for person in people if person.ends_at > now)
    end = max(person.ends_at for person in people)
    final = _closed(design, seen_by(people, doses, window, end, top, size))
    chosen = select(design, final, fit)
    left = sum(person.how == 2 for person in people)
    return Happened(-1 if chosen is None else chosen, final.treated, final.toxic, end, left)


def _arrival(
    timing: Timing, seed: int, number: int, person: int, arrived: float, now: float, treated_at: float, place: int,
    days: Spacing,
) -> tuple[float, float]:  # fmt: skip
    """When the next person comes, and when they could be treated."""
    gap = -math.log(1.0 - keys.uniform(seed, number, person, keys.ARRIVAL)) * timing.gap_days
    arrived = max(arrived, now) + gap
    kept = days.cohort_days if place == 0 else days.sentinel_days if place == 1 else days.people_days
    return arrived, max(arrived, treated_at + kept)
