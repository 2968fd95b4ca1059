"""Many trials at once of a design whose planned doses cannot always be made, compiled, with time.

Takes a design, a scenario, Timing and a range of trial numbers; gives arrays over trials, equal trial by trial and to
the last bit to `engine.run`. Where people who leave make a course that the table does not know, one in some thousand
trials, the event engine makes that trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs import engine
from stromal.designs.exact import check_scenario
from stromal.designs.kernel import ending
from stromal.designs.keys import ARRIVAL, MADE, drawn, trial_key
from stromal.designs.made_table import MadeTable, made_listed
from stromal.designs.sheet import Columns, Sheet, Shown
from stromal.designs.timing import Timing, spacing
from stromal.designs.trial_sheet import by_dose, by_trial
from stromal.rules.escalation.designs import Design

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_FAR = 1e300
_UNKNOWN = -1
"""Stands for the end of a trial that the table does not know."""
_NOT_YET = -2
"""Stands for the dose of somebody who is expected: what can be made for them is not known yet."""
_ROOMY, _ENDLESS = 4096, 1 << 40
_NOW, _ARRIVED, _TREATED_AT, _COMES = range(4)
"""The clock: now, the last arrival, the last treatment, and when somebody who is expected comes or is treated."""
_CAME, _PLANNED, _SIZE, _NEEDED, _BEGUN, _ROOM, _PEOPLE, _HOLDING, _MADE = range(9)
"""Of a cohort: who came before in the trial, its dose and size, how many it needs, began, and there is room for, people
treated in its time, whether a person aside is waited for, and the dose made for who is expected."""


@dataclass(frozen=True, slots=True, repr=False)
class MadeTrials(Shown):
    """Simulated trials in the order of their numbers: the dose declared (-1 for none), people and toxicities of each
    dose (T x K), days, people who left, products lost, and people given less than planned (T).
    """

    selected: Whole
    treated: Whole
    toxic: Whole
    days: Floats
    left: Whole
    lost: Whole
    below: Whole

    @property
    def columns(self) -> Columns:
        """A row a trial."""
        return {**by_trial(self), "lost": self.lost, "below": self.below}

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a dose, over all trials."""
        sheet = by_dose(self)
        if not len(self.lost):
            return (sheet,)
        told = f"{self.lost.mean():.2f} products lost and {self.below.mean():.2f} people given less than planned"
        return (replace(sheet, notes=(*sheet.notes, told)),)


@nb.njit(inline="always")
def _made(key, person, planned, makeable):  # type: ignore[no-untyped-def]
    """The highest dose up to the planned one that can be made; -1 where none can."""
    chance = drawn(key, person, MADE)
    while planned >= 0 and chance >= makeable[planned]:
        planned -= 1
    return planned


@nb.njit(inline="always")
def _soonest(ends, people):  # type: ignore[no-untyped-def]
    """The person whose window ends first, of those whose window is open."""
    found, nearest = -1, _FAR
    for each in range(people):
        if ends[each] < nearest:
            found, nearest = each, ends[each]
    return found, nearest


@nb.njit(inline="always")
def _passed(here, planned, people, doses, hows, after):  # type: ignore[no-untyped-def]
    """The state after a cohort: its first member, those aside in their order, then its other members."""
    members = 0
    for each in range(people):
        if hows[each] != 2 and doses[each] == planned:
            members += 1
    first = -1
    aside = 0
    for each in range(people):
        if hows[each] != 2 and doses[each] == planned and first < 0:
            first = each
            here = after[here, 2 * planned + hows[each]]
    for each in range(people):
        if hows[each] != 2 and doses[each] != planned:
            aside += 1
            if members == 0 and aside > 1:
                return _UNKNOWN
            here = after[here, 2 * doses[each] + hows[each]]
    for each in range(people):
        if hows[each] != 2 and doses[each] == planned and each != first:
            here = after[here, 2 * planned + hows[each]]
    return here


@nb.njit(inline="always")
def _invite(key, clock, group, gap):  # type: ignore[no-untyped-def]
    """The next person is invited, unless somebody is expected or nobody is wanted."""
    if clock[_COMES] < _FAR or group[_HOLDING] or group[_NEEDED] == 0 or group[_ROOM] == 0:
        return
    clock[_ARRIVED] = max(clock[_ARRIVED], clock[_NOW]) + -math.log(1.0 - drawn(key, group[_CAME], ARRIVAL)) * gap
    clock[_COMES], group[_MADE] = clock[_ARRIVED], _NOT_YET


@nb.njit(inline="always")
def _arrive(key, clock, group, makeable, spacing):  # type: ignore[no-untyped-def]
    """Somebody came: what is made for them is known, and when they are treated. 1 where nothing could be made."""
    between, sentinel, apart = spacing
    group[_MADE] = _made(key, group[_CAME], group[_PLANNED], makeable)
    if group[_MADE] < 0:
        group[_CAME] += 1
        clock[_COMES] = _FAR
        return 1
    kept = apart if group[_BEGUN] == 0 else sentinel if group[_BEGUN] == 1 else between
    clock[_COMES] = max(clock[_NOW], clock[_TREATED_AT] + kept)
    return 0


@nb.njit(inline="always")
def _treat(key, clock, group, scenario, timing, persons):  # type: ignore[no-untyped-def]
    """Somebody is treated; 1 where they get less than planned."""
    _, window, late, leaves = timing
    ends, doses, hows = persons
    place, dose = group[_PEOPLE], group[_MADE]
    clock[_TREATED_AT], clock[_COMES] = clock[_NOW], _FAR
    lasts, how = ending(key, group[_CAME], scenario[dose], window, late, leaves)
    ends[place], doses[place], hows[place] = clock[_NOW] + lasts, dose, how
    group[_PEOPLE] += 1
    group[_CAME] += 1
    group[_ROOM] -= 1
    if dose == group[_PLANNED]:
        group[_BEGUN] += 1
        group[_NEEDED] -= 1
        return 0
    group[_HOLDING] = group[_NEEDED] == group[_SIZE]
    return 1


@nb.njit(inline="always")
def _end(who, group, persons):  # type: ignore[no-untyped-def]
    """A window ends; 1 where the person left."""
    ends, doses, hows = persons
    ends[who] = _FAR
    if hows[who] != 2:
        return 0
    group[_ROOM] += 1
    group[_NEEDED] += doses[who] == group[_PLANNED]
    return 1


@nb.njit(inline="always")
def _cohort(key, clock, group, rule, persons):  # type: ignore[no-untyped-def]
    """The time of a cohort, event by event; how many left, how many products were lost, how many got less."""
    makeable, scenario, timing, spacing = rule
    left, lost, below = 0, 0, 0
    _invite(key, clock, group, timing[0])
    going = True
    while going:
        who, nearest = _soonest(persons[0], group[_PEOPLE])
        clock[_NOW] = min(clock[_COMES], nearest)
        if clock[_COMES] > nearest:
            left += _end(who, group, persons)
        elif group[_MADE] == _NOT_YET:
            lost += _arrive(key, clock, group, makeable, spacing)
        else:
            below += _treat(key, clock, group, scenario, timing, persons)
        _invite(key, clock, group, timing[0])
        going = clock[_COMES] < _FAR or _soonest(persons[0], group[_PEOPLE])[0] >= 0
    return left, lost, below


@nb.njit(cache=True)
def _walk(seed, first, table, rule, most, out):  # type: ignore[no-untyped-def]
    """Every trial from the table's beginning to an end, cohort by cohort."""
    dose, size, after, people_of = table
    state, days, left, lost, below = out
    persons = (np.empty(_ROOMY), np.empty(_ROOMY, np.int64), np.empty(_ROOMY, np.int64))
    clock, group = np.empty(4), np.zeros(9, np.int64)
    for place in range(len(state)):
        key = trial_key(seed, first + place)
        here, group[_CAME] = 0, 0
        clock[_NOW], clock[_ARRIVED], clock[_TREATED_AT], clock[_COMES] = 0.0, 0.0, -_FAR, _FAR
        while here >= 0 and size[here] > 0:
            group[_PLANNED], group[_SIZE], group[_NEEDED] = dose[here], size[here], size[here]
            group[_PEOPLE], group[_BEGUN], group[_HOLDING] = 0, 0, 0
            group[_ROOM] = most - people_of[here] if most >= 0 else _ENDLESS
            gone, wasted, less = _cohort(key, clock, group, rule, persons)
            left[place] += gone
            lost[place] += wasted
            below[place] += less
            here = _passed(here, group[_PLANNED], group[_PEOPLE], persons[1], persons[2], after)
        state[place], days[place] = here, clock[_NOW]


def simulate(
    design: Design, scenario: ArrayLike, timing: Timing, seed: int, trials: int, first: int = 0,
    table: MadeTable | None = None,
) -> MadeTrials:  # fmt: skip
    """Trials number `first` on. ValueError where the scenario does not fit, TooManyStatesError as `made_listed`."""
    doses = int(np.size(np.asarray(scenario)))
    found = table or made_listed(design, doses)
    true, days = check_scenario(scenario, found.doses), spacing(design)
    state, left, lost, below = (np.zeros(trials, dtype=np.int64) for _ in range(4))
    lasting = np.empty(trials)
    rule = (
        np.array(found.makeable), true, (timing.gap_days, timing.window_days, timing.late, timing.leaves),
        (days.people_days, days.sentinel_days, days.cohort_days),
    )  # fmt: skip
    _walk(
        np.uint64(seed % 2**64), first, (found.dose, found.size, found.after, found.treated.sum(axis=1)), rule,
        found.most, (state, lasting, left, lost, below),
    )  # fmt: skip
    made = MadeTrials(
        found.selected[state], found.treated[state], found.toxic[state], lasting, left, lost, below
    )  # fmt: skip
    for place in np.flatnonzero(state == _UNKNOWN).tolist():
        _put(made, place, engine.run(design, true.tolist(), timing, seed, first + place))
    return made


def _put(made: MadeTrials, place: int, happened: engine.Happened) -> None:
    """One trial that was made event by event."""
    made.selected[place], made.treated[place], made.toxic[place] = happened.selected, happened.treated, happened.toxic
    made.days[place], made.left[place] = happened.days, happened.left
    made.lost[place], made.below[place] = happened.lost, happened.below
