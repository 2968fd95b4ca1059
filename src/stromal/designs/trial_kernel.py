"""Whole trials, compiled: the walk through a Plan of everybody in it, many times over.

Takes a Plan, Assumptions and a range of trial numbers; gives Trials, equal trial by trial to `trial_engine`, which asks
the protocol's rules themselves. Events wait in a heap of whole numbers: day, kind, person and turn in one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from stromal.designs import walk as w
from stromal.designs.assumptions import Assumptions
from stromal.designs.heap import pop, push
from stromal.designs.keys import ARRIVAL, DELAY, GRADE, LEAVING, MADE, ONSET, drawn, trial_key
from stromal.designs.plan import DAY_ZERO, LAST_DOSE, Plan
from stromal.designs.trial_outcomes import estimate, looks_of, measure

_NEVER = 1 << 40
(
    KEY, ARRIVED, ENROLLED, GONE, STEP, PLANNED, WAITED, TRIES, HELD, SINCE, HOLDS, FIRST, LAST, LEVEL, DOSES, HARMED,
    DEAD, CUT, LATEST,
) = range(19)  # fmt: skip
"""What is kept of a person."""
COUNT, ARRIVALS, PENDING, ARRIVING, STOPPED, STOPPED_SINCE = range(6)
"""What is kept of a trial."""


(
    PLANNED_, SCREENINGS_, LEAST_, FROM_LAST_, WITHIN_, PERSON_HOLD_, STOPS_, SCREENING_DAYS_, WINDOW_, ATTEMPTS_,
    MAKE_DAYS_, REMAKE_DAYS_, DECISION_DAYS_, WAITS_,
) = range(14)  # fmt: skip
GAP_, INELIGIBLE_, STAYING_, MISSED_, OTHERS_, NONE_OTHER_, LIFTED_ = range(7)
ANCHOR_, FIRST_, LAST_, DOSE_, UNLESS_, EVENT_, REQUIRED_ = range(7)
"""Where the numbers of a Walk lie once they are packed."""


class Packed(NamedTuple):
    """A Walk in few arrays: calls of compiled code copy what they are given, array by array.

    `whole` and `real` hold single numbers, `steps` a row for each step, `doses` first level and whether a table moves
    it, `grades` six chances and the chance that a product passes, for each level.
    """

    whole: w.Whole
    real: w.Floats
    steps: w.Whole
    doses: w.Whole
    following: w.Whole
    grades: w.Floats
    declares: w.Truths
    stop_at: w.Whole


def packed(walk: w.Walk) -> Packed:
    """The same numbers in few arrays."""
    single = (
        walk.planned, walk.screenings, walk.least, walk.from_last, walk.within, walk.person_hold, walk.stop_at.any(),
        walk.screening_days, walk.window, walk.attempts, walk.make_days, walk.remake_days, walk.decision_days,
        walk.waits,
    )  # fmt: skip
    real = (
        walk.gap, walk.ineligible, walk.staying, walk.missed, walk.others, walk.none_other, *walk.lifted.tolist(),
    )  # fmt: skip
    rows = (walk.anchor, walk.first, walk.last, walk.dose, walk.unless, walk.event, walk.required)
    return Packed(
        np.array(single, dtype=np.int64), np.array(real), np.stack(rows, axis=1).astype(np.int64),
        np.stack([walk.starts, walk.moves], axis=1).astype(np.int64), walk.following,
        np.concatenate([walk.grades, walk.made[:, None]], axis=1), walk.declares, walk.stop_at,
    )  # fmt: skip


@nb.njit(cache=True)
def _invite(key, walk, trial, counts, heap, size, now):  # type: ignore[no-untyped-def]
    """The next person, while a place is free and the trial is not closed."""
    if counts[w.CLOSED] or trial[ARRIVING] or trial[COUNT] + trial[PENDING] >= walk.whole[PLANNED_]:
        return size
    if trial[ARRIVALS] > 20 * walk.whole[PLANNED_] + 20:
        return size
    gap = -math.log(1.0 - drawn(key, trial[ARRIVALS], ARRIVAL)) * walk.real[GAP_]
    trial[ARRIVING] = 1
    return push(heap, size, now + int(gap), w.ARRIVES, trial[ARRIVALS], 0)


@nb.njit(cache=True)
def _arrives(key, walk, trial, counts, heap, size, now, number):  # type: ignore[no-untyped-def]
    """Somebody is screened."""
    trial[ARRIVING] = 0
    trial[ARRIVALS] += 1
    counts[w.SCREENED_] += 1
    if drawn(key, number, w.SCREENED) < walk.real[INELIGIBLE_]:
        counts[w.FAILURES] += 1
    else:
        trial[PENDING] += 1
        size = push(heap, size, now + walk.whole[SCREENING_DAYS_], w.ENROLS, number, 0)
    return _invite(key, walk, trial, counts, heap, size, now)


@nb.njit(cache=True)
def _enrols(key, walk, trial, counts, people, visits, heap, size, now, number, waited, arrived):  # type: ignore[no-untyped-def]
    """Into the trial, or not while it is held."""
    if trial[STOPPED] and not counts[w.CLOSED] and waited < walk.whole[WAITS_]:
        return push(heap, size, now + w.FORTNIGHT, w.ENROLS, number, waited + 1)
    trial[PENDING] -= 1
    if trial[STOPPED]:
        counts[w.TURNED] += 1
        return _invite(key, walk, trial, counts, heap, size, now)
    stays = _NEVER
    if walk.real[STAYING_] > 0:
        stays = now + 1 + int(-math.log(1.0 - drawn(key, number, LEAVING)) * walk.real[STAYING_])
    place = trial[COUNT]
    trial[COUNT] += 1
    people[place, :] = 0
    visits[place, :] = -1
    me = people[place]
    me[KEY], me[ARRIVED], me[ENROLLED], me[GONE], me[STEP] = number, arrived, now, stays, -1
    me[FIRST], me[LAST], me[LEVEL], me[LATEST] = -1, -1, -1, -1
    counts[w.ENROLLED] += 1
    counts[w.ENROLMENT] = now
    return size


@nb.njit(cache=True)
def anchored(me, visits, anchor):  # type: ignore[no-untyped-def]
    """The day something hangs on; -1 where there is none."""
    if anchor >= 0:
        return visits[anchor]
    if anchor == DAY_ZERO:
        return me[ENROLLED]
    return me[LAST] if anchor == LAST_DOSE else me[FIRST]


@nb.njit(cache=True)
def _go_on(key, walk, me, visits, missed, heap, size, now, person):  # type: ignore[no-untyped-def]
    """Walk on to the next visit that matters while the trial runs."""
    for place in range(me[STEP] + 1, len(walk.steps)):
        missed[place] = False
        start = anchored(me, visits, walk.steps[place, ANCHOR_])
        if start < 0:
            continue
        first, last = walk.steps[place, FIRST_], walk.steps[place, LAST_]
        leeway = min(last - first, w.LEEWAY)
        chosen = first + (last - first) // 2 + int(drawn(key, me[KEY], DELAY + 16 * place) * (leeway + 1)) - leeway // 2
        day = start + min(max(chosen, first), last)
        missed[place] = walk.steps[place, DOSE_] < 0 and drawn(key, me[KEY], w.MISSED + 16 * place) < walk.real[MISSED_]
        if walk.steps[place, EVENT_]:
            me[STEP], me[PLANNED], me[WAITED], me[TRIES] = place, max(day, now + 1), 0, 0
            return push(heap, size, me[PLANNED], w.VISIT, person, place)
        visits[place] = day
    me[STEP] = len(walk.steps)
    return size


@nb.njit(cache=True)
def _level(walk, me, trial, place, shown, onset, grade):  # type: ignore[no-untyped-def]
    """The level somebody may have today; -1 where they may have nothing."""
    if me[HELD] or trial[STOPPED] or (walk.steps[place, UNLESS_] and _harmful(walk, me, shown, onset, grade)):
        return -1
    dose = walk.steps[place, DOSE_]
    if not walk.doses[dose, 1] or me[LEVEL] < 0:
        return walk.doses[dose, 0]
    worst = 0
    for each in range(len(shown)):
        if shown[each] > 0 and onset[each] >= me[LAST]:
            worst = max(worst, grade[each])
    return walk.following[me[LEVEL], worst]


@nb.njit(inline="always")
def _unacceptable(walk, grade, days):  # type: ignore[no-untyped-def]
    """Whether an event of this grade, so many days after the dose that counts, is unacceptable."""
    return grade >= walk.whole[LEAST_] and 0 <= days <= walk.whole[WITHIN_]


@nb.njit(cache=True)
def _harmful(walk, me, shown, onset, grade):  # type: ignore[no-untyped-def]
    """How many unacceptable events of somebody count now."""
    found, start = 0, me[LAST] if walk.whole[FROM_LAST_] else me[FIRST]
    for each in range(len(shown)):
        if shown[each] > 0 and _unacceptable(walk, grade[each], onset[each] - start):
            found += 1
    return found


@nb.njit(cache=True)
def _withhold(walk, me, trial, counts):  # type: ignore[no-untyped-def]
    """A dose is left out; its product is wasted if it was ordered before anybody knew."""
    counts[w.WITHHELD] += 1
    known = me[LATEST]
    if me[HELD] and trial[STOPPED]:
        known = min(me[SINCE], trial[STOPPED_SINCE])
    elif me[HELD]:
        known = me[SINCE]
    elif trial[STOPPED]:
        known = trial[STOPPED_SINCE]
    counts[w.WASTED] += known > me[PLANNED] - walk.whole[MAKE_DAYS_]


@nb.njit(cache=True)
def _infuse(key, walk, me, counts, given, toxic, heap, size, now, person, place, level, onset, grade):  # type: ignore[no-untyped-def]
    """A dose is given; the worst of what comes of it shows later."""
    chance, worst, reached = drawn(key, me[KEY], GRADE + 16 * place), 0, walk.grades[level, 0]
    while worst < 5 and chance >= reached:
        worst += 1
        reached += walk.grades[level, worst]
    if me[DOSES] == 0:
        me[FIRST] = now
    me[DOSES] += 1
    me[LAST], me[LEVEL] = now, level
    given[level] += 1
    toxic[level] += worst >= walk.whole[LEAST_]
    chance, many, term = drawn(key, me[KEY], w.OTHERS + 16 * place), 0, walk.real[NONE_OTHER_]
    reached = term
    while chance >= reached and many < 100:
        many += 1
        term *= walk.real[OTHERS_] / many
        reached += term
    counts[w.EVENTS] += many
    grade[place] = worst
    if worst:
        onset[place] = now + int(drawn(key, me[KEY], ONSET + 16 * place) * (walk.whole[WINDOW_] + 1))
        size = push(heap, size, onset[place], w.SHOWS, person, place)
    return size


@nb.njit(cache=True)
def _visit(key, walk, trial, counts, given, toxic, me, visits, shown, onset, grade, heap, size, now, person, place):  # type: ignore[no-untyped-def]
    """A visit is due: whether it took place, and the number of events."""
    if now >= me[GONE]:
        me[CUT] = 1
        counts[w.WASTED] += walk.steps[place, DOSE_] >= 0 and me[GONE] > me[PLANNED] - walk.whole[MAKE_DAYS_]
        return False, size
    if walk.steps[place, DOSE_] >= 0:
        if (me[HELD] or trial[STOPPED]) and me[WAITED] < walk.whole[WAITS_]:
            me[WAITED] += 1
            return False, push(heap, size, now + w.WEEK, w.VISIT, person, place)
        level = _level(walk, me, trial, place, shown, onset, grade)
        if level < 0:
            _withhold(walk, me, trial, counts)
        elif drawn(key, me[KEY], MADE + 16 * (place * w.TRIES + me[TRIES])) >= walk.grades[level, 6]:
            counts[w.FAILED] += 1
            me[TRIES] += 1
            if me[TRIES] < walk.whole[ATTEMPTS_]:
                return False, push(heap, size, now + max(walk.whole[REMAKE_DAYS_], 1), w.VISIT, person, place)
            counts[w.LOST] += 1
        else:
            shown[place] = 0
            size = _infuse(
                key, walk, me, counts, given, toxic, heap, size, now, person, place, level, onset, grade
            )  # fmt: skip
            shown[place] = -1
    visits[place] = now
    return True, size


@nb.njit(cache=True)
def _declares(walk, count, people, visits, missed, shown, onset, grade):  # type: ignore[no-untyped-def]
    """Whether as many people came through as are declared on."""
    through = 0
    for person in range(count):
        fine = _harmful(walk, people[person], shown[person], onset[person], grade[person]) == 0
        for place in range(len(walk.steps)):
            if walk.steps[place, REQUIRED_]:
                done = visits[person, place] >= 0 and not missed[person, place]
                fine = fine and done and (walk.steps[place, DOSE_] < 0 or shown[person, place] != 0)
        through += fine
    return walk.declares[through]


@nb.njit(cache=True)
def _stop(walk, trial, counts, people, shown, onset, grade, known, heap, size, now):  # type: ignore[no-untyped-def]
    """The hold of the trial, where enough people are harmed and something of that was not judged before."""
    if trial[STOPPED] or not walk.whole[STOPS_] or not _triggered(walk, trial, people, shown, onset, grade):
        return size
    news = False
    for person in range(trial[COUNT]):
        if _news(walk, people[person], shown[person], onset[person], grade[person], known[person]):
            news = True
    if not news:
        return size
    trial[STOPPED], trial[STOPPED_SINCE] = 1, now
    size = push(heap, size, now + walk.whole[DECISION_DAYS_], w.DECIDED, w.TRIAL, counts[w.STOPS])
    counts[w.STOPS] += 1
    return size


@nb.njit(cache=True)
def _shows(walk, trial, counts, me, people, shown, onset, grade, judged, known, heap, size, now, person, place):  # type: ignore[no-untyped-def]
    """An event is reported; the holds are looked at once more."""
    if now >= me[GONE]:
        return size
    worst = grade[person, place]
    shown[person, place] = 1
    me[LATEST] = now
    counts[w.EVENTS] += 1
    counts[w.SEVERE] += worst >= 3
    mine = _harmful(walk, me, shown[person], onset[person], grade[person]) > 0
    if (walk.whole[PERSON_HOLD_] or walk.whole[STOPS_]) and mine:
        me[HARMED] = 1
    if (
        walk.whole[PERSON_HOLD_]
        and mine
        and not me[HELD]
        and _news(walk, me, shown[person], onset[person], grade[person], judged)
    ):
        me[HELD], me[SINCE] = 1, now
        size = push(heap, size, now + walk.whole[DECISION_DAYS_], w.DECIDED, person, me[HOLDS])
        me[HOLDS] += 1
        counts[w.HOLDS] += 1
    if _unacceptable(walk, worst, now - (me[LAST] if walk.whole[FROM_LAST_] else me[FIRST])):
        size = _stop(walk, trial, counts, people, shown, onset, grade, known, heap, size, now)
    if worst == 5:
        counts[w.DEATHS] += 1
        me[GONE], me[DEAD] = now, 1
    return size


@nb.njit(cache=True)
def _news(walk, me, shown, onset, grade, judged):  # type: ignore[no-untyped-def]
    """Whether something that counts was not judged before; what the hold rests on is marked (1: looked at)."""
    found, start = False, me[LAST] if walk.whole[FROM_LAST_] else me[FIRST]
    for each in range(len(shown)):
        counts = shown[each] > 0 and _unacceptable(walk, grade[each], onset[each] - start)
        found = found or (counts and judged[each] != 2)
    if found:
        for each in range(len(shown)):
            if judged[each] == 0 and shown[each] > 0 and _unacceptable(walk, grade[each], onset[each] - start):
                judged[each] = 1
    return found


@nb.njit(cache=True)
def _lifted(judged):  # type: ignore[no-untyped-def]
    """What a hold rested on is judged for good."""
    for each in range(len(judged)):
        if judged[each] == 1:
            judged[each] = 2


@nb.njit(cache=True)
def _triggered(walk, trial, people, shown, onset, grade):  # type: ignore[no-untyped-def]
    """Whether so many people are harmed that the hold of the trial is true."""
    harmed, treated = 0, 0
    for person in range(trial[COUNT]):
        harmed += _harmful(walk, people[person], shown[person], onset[person], grade[person]) > 0
        treated += people[person, DOSES] > 0
    return 0 < walk.stop_at[treated] <= harmed


@nb.njit(cache=True)
def _decided(key, walk, trial, counts, people, shown, onset, grade, judged, known, person, turn):  # type: ignore[no-untyped-def]
    """Those who may lift a hold have met; they judge what came meanwhile and speaks for it as well."""
    if person == w.TRIAL:
        if drawn(key, w.TRIAL, w.HOLD + 16 * turn) < walk.real[LIFTED_ + 1]:
            trial[STOPPED] = 0
            speaks = _triggered(walk, trial, people, shown, onset, grade)
            for each in range(trial[COUNT]):
                if speaks:
                    _news(walk, people[each], shown[each], onset[each], grade[each], known[each])
                _lifted(known[each])
        else:
            counts[w.CLOSED] = 1
        return
    if drawn(key, people[person, KEY], w.HOLD + 16 * turn) < walk.real[LIFTED_ + 0]:
        people[person, HELD] = 0
        _news(walk, people[person], shown[person], onset[person], grade[person], judged[person])
        _lifted(judged[person])


@nb.njit(cache=True)
def _play(key, walk, counts, given, toxic, people, visits, missed, shown, onset, grade, judged, known, heap, trial):  # type: ignore[no-untyped-def]
    """One trial until nothing is left to happen."""
    trial[:] = 0
    size = _invite(key, walk, trial, counts, heap, 0, 0)
    while size > 0:
        code = pop(heap, size)
        size -= 1
        person, turn, now = (code >> 16) & 0xFFFFFF, code & 0xFFFF, code >> 43
        kind = (code >> 40) & 7
        if kind == w.SHOWS:
            size = _shows(
                walk, trial, counts, people[person], people, shown, onset, grade, judged[person], known, heap, size,
                now, person, turn,
            )  # fmt: skip
        elif kind == w.DECIDED:
            _decided(
                key, walk, trial, counts, people, shown, onset, grade, judged, known, person, turn,
            )  # fmt: skip
        elif kind == w.VISIT:
            anew = walk.whole[FROM_LAST_] != 0
            mine = _harmful(walk, people[person], shown[person], onset[person], grade[person]) if anew else 0
            took, size = _visit(
                key, walk, trial, counts, given, toxic, people[person], visits[person], shown[person], onset[person],
                grade[person], heap, size, now, person, turn,
            )  # fmt: skip
            # A dose may begin the count anew: then the hold of the trial is looked at, as after an event.
            if anew and mine != _harmful(walk, people[person], shown[person], onset[person], grade[person]):
                size = _stop(walk, trial, counts, people, shown, onset, grade, known, heap, size, now)
            if took:
                if walk.steps[turn, REQUIRED_] and not counts[w.DECLARED]:
                    counts[w.DECLARED] = _declares(walk, trial[COUNT], people, visits, missed, shown, onset, grade)
                size = _go_on(key, walk, people[person], visits[person], missed[person], heap, size, now, person)
        elif kind == w.ENROLS:
            before = trial[COUNT]
            arrived = now - walk.whole[SCREENING_DAYS_] - w.FORTNIGHT * turn
            size = _enrols(
                key, walk, trial, counts, people, visits, heap, size, now, person, turn, arrived
            )  # fmt: skip
            if trial[COUNT] > before:
                shown[before, :], judged[before, :], known[before, :] = 0, 0, 0
                size = _go_on(key, walk, people[before], visits[before], missed[before], heap, size, now - 1, before)
        else:
            size = _arrives(key, walk, trial, counts, heap, size, now, person)
    return trial[COUNT]


@nb.njit(cache=True)
def _walk(seed, first, walk, looks, counts, given, toxic, many, estimates, significant):  # type: ignore[no-untyped-def]
    """Every trial."""
    planned, steps = walk.whole[PLANNED_], len(walk.steps)
    people, visits = np.zeros((planned, 19), np.int64), np.zeros((planned, steps), np.int64)
    missed, shown = np.zeros((planned, steps), np.bool_), np.zeros((planned, steps), np.int64)
    onset, grade, judged = np.zeros((planned, steps), np.int64), np.zeros((planned, steps), np.int64), shown.copy()
    known = shown.copy()
    heap, trial = np.zeros(planned * (steps + 4) + 64, np.int64), np.zeros(6, np.int64)
    slots, differences = np.zeros(looks.slots, np.int64), np.zeros((len(looks.is_slope), planned))
    for row in range(len(counts)):
        key = trial_key(seed, first + row)
        count = _play(
            key, walk, counts[row], given[row], toxic[row], people, visits, missed, shown, onset, grade, judged, known,
            heap, trial,
        )  # fmt: skip
        for person in range(count):
            me = people[person]
            _finish(walk, looks, me, visits[person], missed[person], slots, counts[row])
            measure(key, looks, me[KEY], me[ARRIVED], me[FIRST], me[DOSES], slots, many[row], differences)
        for analysis in range(len(looks.is_slope)):
            estimate(
                differences[analysis], many[row, analysis], looks.critical, estimates[row], significant[row], analysis
            )


@nb.njit(cache=True)
def _finish(walk, looks, me, visits, missed, slots, counts):  # type: ignore[no-untyped-def]
    """One person's end, and the days of what was measured of them."""
    last, steps = me[ENROLLED], len(visits)
    slots[: walk.whole[SCREENINGS_]] = me[ARRIVED]
    for place in range(steps):
        slots[walk.whole[SCREENINGS_] + place] = -1 if missed[place] else visits[place]
        last = max(last, visits[place])
    slot, doses = walk.whole[SCREENINGS_] + steps, 0
    for each in range(len(looks.every)):
        start, until = anchored(me, visits, looks.rounds[each, 0]), anchored(me, visits, looks.rounds[each, 1])
        end = until - 1 if looks.rounds[each, 2] < 0 else until + looks.rounds[each, 2]
        for number in range(1, looks.rounds[each, 3] + 1):
            day = start + int(number * looks.every[each] + 0.5)
            slots[slot] = day if start >= 0 and until >= 0 and day <= end else -1
            last = max(last, slots[slot])
            slot += 1
    for place in range(steps):
        doses += walk.steps[place, DOSE_] >= 0
    cut = me[CUT] > 0 or me[GONE] <= last
    counts[w.HARMED] += me[HARMED]
    counts[w.LEFT] += cut and not me[DEAD]
    counts[w.THROUGH] += me[DOSES] == doses and not me[HARMED] and not cut
    counts[w.DAYS] = max(counts[w.DAYS], me[GONE] if cut else last)
    for place in range(walk.whole[SCREENINGS_], len(slots)):
        if slots[place] >= me[GONE]:
            slots[place] = -1


def simulate(plan: Plan, assumed: Assumptions, seed: int, trials: int, first: int = 0) -> w.Trials:
    """Trials number `first` on. ValueError for a plan whose dose a design moves."""
    if plan.escalation:
        raise ValueError(f"{plan.escalation} moves the dose of {plan.trial}: there is no compiled loop of that")
    found = w.empty(trials, len(plan.levels), len(plan.measured))
    walk = w.walk(plan, assumed)
    _walk(
        np.uint64(seed % 2**64), first, packed(walk), looks_of(walk), found.counts, found.given, found.toxic,
        found.people, found.estimates, found.significant,
    )  # fmt: skip
    return found
