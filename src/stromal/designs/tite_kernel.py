"""Many trials of TITE-BOIN or TITE-CRM at once, compiled.

Takes a Design, a scenario, Timing and a range of trial numbers; gives arrays over trials, equal to `tite_engine.run`.
Designs are BOIN with a share of people who may be pending, or the CRM, under AtMost, StartAt, NoSkipping, Coherent,
Suspended and Staggered; anything else is refused, and the event engine runs it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from stromal.designs.exact import check_scenario
from stromal.designs.kernel import ending as _ending
from stromal.designs.keys import ARRIVAL, drawn, trial_key
from stromal.designs.sheet import Columns, Sheet, Shown
from stromal.designs.timing import Timing, spacing
from stromal.designs.trial_sheet import by_dose, by_trial
from stromal.rules.escalation import Tally, select
from stromal.rules.escalation.boundaries import boin_limits, bounds
from stromal.rules.escalation.designs import (
    AtMost,
    Boin,
    Coherent,
    Crm,
    Design,
    NoSkipping,
    Staggered,
    StartAt,
    Suspended,
    core,
    is_open,
    modifiers,
)
from stromal.rules.escalation.models import crm_nodes, toxicities

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_FAR = 1e300


class NotCompiledError(ValueError):
    """The compiled loop does not know this design."""


@dataclass(frozen=True, slots=True, repr=False)
class TiteTrials(Shown):
    """Simulated trials in the order of their numbers: dose declared, people and toxicities (T x K), days, who left."""

    selected: Whole
    treated: Whole
    toxic: Whole
    days: Floats
    left: Whole

    @property
    def columns(self) -> Columns:
        """A row a trial."""
        return by_trial(self)

    def sheets(self) -> tuple[Sheet, ...]:
        """A row a dose, over all trials."""
        return (by_dose(self),)


@dataclass(frozen=True, slots=True)
class _Rule:
    """The numbers that the compiled loop asks for."""

    most: int
    size: int
    no_skipping: bool
    coherent: float
    suspended: bool
    start: int


def _rule(design: Design) -> _Rule:
    most, coherent, skipping, suspended, start = 0, 2.0, False, False, -1
    size = core(design).size  # type: ignore[union-attr]
    for modifier in modifiers(design):
        match modifier:
            case AtMost(_, people):
                most = people
            case NoSkipping():
                skipping = True
            case Coherent(_, share):
                coherent = share
            case Suspended():
                suspended = True
            case StartAt(_, dose):
                start = dose if start < 0 else start
            case Staggered():
                pass
            case _:
                raise NotCompiledError(f"{type(modifier).__name__} is not compiled for designs with open windows")
    if not most:
        raise NotCompiledError("a design with open windows is compiled for a greatest number of people only")
    return _Rule(most, size, skipping, coherent, suspended, start)


@nb.njit(inline="always")
def _arrive(key, person, arrived, now, treated_at, kept, gap):  # type: ignore[no-untyped-def]
    """When the next person comes, and when they could be treated."""
    arrived = max(arrived, now) + -math.log(1.0 - drawn(key, person, ARRIVAL)) * gap
    return arrived, max(arrived, treated_at + kept)


@nb.njit(inline="always")
def _see(now, people, persons, window, seen):  # type: ignore[no-untyped-def]
    """Count what is known now: how many windows are open, and when the next one ends."""
    at, ends, dose_of, how = persons
    treated, toxic, waits, weight, open_dose = seen
    treated[:] = 0
    toxic[:] = 0
    waits[:] = 0
    count, nearest = 0, _FAR
    for each in range(people):
        if ends[each] <= now and how[each] == 2:
            continue
        dose = dose_of[each]
        treated[dose] += 1
        if ends[each] > now:
            waits[dose] += 1
            weight[count], open_dose[count] = (now - at[each]) / window, dose
            count += 1
            nearest = min(nearest, ends[each])
        else:
            toxic[dose] += how[each]
    return count, nearest


@nb.njit(inline="always")
def _closed(top, treated, toxic, close):  # type: ignore[no-untyped-def]
    """The lowest closed dose after what is known now."""
    for dose in range(len(treated)):
        if treated[dose] > 0 and toxic[dose] >= close[treated[dose]]:
            top = min(top, dose)
    return top


@nb.njit(inline="always")
def _boin_next(dose, top, count, seen, boin, bound):  # type: ignore[no-untyped-def]
    """The next dose of TITE-BOIN, and whether it waits (Yuan et al. 2018)."""
    treated, toxic, waits, weight, open_dose = seen
    target, rise, fall, share_open = boin
    up, down = bound
    n, y, waiting = treated[dose], toxic[dose], waits[dose]
    if dose >= top:
        return top - 1, False
    if n == 0:
        return dose, False
    if waiting == 0:
        higher, lower = y <= up[n], y >= down[n]
    elif waiting > share_open * n and y < down[n]:
        return dose, True
    else:
        share = (y + target / 2) / (n - waiting + 1)
        missing = 0.0
        for each in range(count):
            if open_dose[each] == dose:
                missing += 1 - weight[each]
        rate = (y + share / (1 - share) * missing) / n
        higher, lower = rate <= rise, y >= down[n] or rate >= fall
    if higher and dose + 1 < top:
        return dose + 1, False
    if lower and not higher and dose > 0:
        return dose - 1, False
    return dose, False


@nb.njit(inline="always")
def _crm_dose(count, seen, model):  # type: ignore[no-untyped-def]
    """The dose nearest the target at the posterior mean; open windows count by their weight."""
    treated, toxic, waits, weight, open_dose = seen
    shares, hurt, well, nodes, prior, scale, target, intercept = model
    values = np.empty(len(nodes))
    peak = -1e308
    for place in range(len(nodes)):
        total = prior[place]
        for dose in range(len(treated)):
            if treated[dose] > 0:
                total += toxic[dose] * hurt[dose, place]
                total += (treated[dose] - toxic[dose] - waits[dose]) * well[dose, place]
        for each in range(count):
            total += math.log1p(-weight[each] * shares[open_dose[each], place])
        values[place] = total
        peak = max(peak, total)
    mass, mean = 0.0, 0.0
    for place in range(len(nodes)):
        part = math.exp(values[place] - peak)
        mass += part
        mean += part * nodes[place]
    grown = math.exp(mean / mass)
    best, found = 2.0, 0
    for dose in range(len(scale)):
        share = (
            math.exp(scale[dose] * grown) if intercept == 0.0 else 1 / (1 + math.exp(-intercept - grown * scale[dose]))
        )
        if abs(share - target) < best:
            best, found = abs(share - target), dose
    return found


@nb.njit(inline="always")
def _crm_next(now, dose, cohort, people, persons, count, seen, model, skipping, coherent):  # type: ignore[no-untyped-def]
    """The next dose of TITE-CRM: no dose skipped, and no rise right after toxicity, where the design asks for it."""
    _, ends, _, how = persons
    treated = seen[0]
    found = _crm_dose(count, seen, model)
    if skipping and people > 0:
        highest = -1
        for each in range(len(treated)):
            if treated[each] > 0:
                highest = each
        found = min(found, highest + 1)
    harmed = 0
    for each in range(people - cohort, people):
        if how[each] == 1 and ends[each] <= now:
            harmed += 1
    if cohort > 0 and found > dose and harmed / cohort >= coherent:
        return dose
    return found


@nb.njit(cache=True)
def _walk(seed, first, scenario, timing, days, rule, boin, bound, model, out):  # type: ignore[no-untyped-def]
    """Every trial, person by person."""
    gap, window, late, leaves = timing
    between, sentinel, apart = days
    most, size, skipping, coherent, suspended, start, is_boin = rule
    up, down, close = bound
    treated_all, toxic_all, length, left_all, top_all = out
    doses, room = len(scenario), 64 * most + 64
    persons = (np.empty(room), np.empty(room), np.empty(room, np.int64), np.empty(room, np.int64))
    at, ends, dose_of, how = persons
    seen = (
        np.zeros(doses, np.int64), np.zeros(doses, np.int64), np.zeros(doses, np.int64), np.empty(room),
        np.empty(room, np.int64),
    )  # fmt: skip
    treated, toxic = seen[0], seen[1]
    for trial in range(len(length)):
        key = trial_key(seed, first + trial)
        people, top, now, arrived, treated_at = 0, doses, 0.0, 0.0, -_FAR
        _see(0.0, 0, persons, window, seen)
        dose = start if start >= 0 else 0 if is_boin else _crm_dose(0, seen, model)
        cohort = min(size, most)
        arrived, now = _arrive(key, 0, arrived, now, treated_at, apart, gap)
        while cohort > 0:
            for place in range(cohort):
                if place > 0:
                    kept = sentinel if place == 1 else between
                    arrived, now = _arrive(key, people, arrived, now, treated_at, kept, gap)
                lasts, ended = _ending(key, people, scenario[dose], window, late, leaves)
                at[people], ends[people], dose_of[people], how[people] = now, now + lasts, dose, ended
                people += 1
                treated_at = now
            arrived, now = _arrive(key, people, arrived, now, treated_at, apart, gap)
            wait, following, total = True, dose, 0
            while wait:
                count, nearest = _see(now, people, persons, window, seen)
                total = treated.sum()
                wait = suspended and count > 0
                if is_boin:
                    top = _closed(top, treated, toxic, close)
                    following, held = _boin_next(dose, top, count, seen, boin, (up, down))
                    wait = wait or held
                else:
                    following = _crm_next(
                        now, dose, cohort, people, persons, count, seen, model, skipping, coherent
                    )  # fmt: skip
                wait = wait and total < most and top > 0 and (start < 0 or total > 0)
                if wait:
                    now = nearest
            dose, cohort = (
                start if total == 0 and start >= 0 else following,
                0 if top == 0 else max(0, min(size, most - total)),
            )
        _see(_FAR / 2, people, persons, window, seen)
        top_all[trial] = _closed(top, treated, toxic, close) if is_boin else top
        treated_all[trial], toxic_all[trial] = treated, toxic
        length[trial], left_all[trial] = ends[:people].max(), (how[:people] == 2).sum()


def _model(design: Crm | None, doses: int) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, float, float]:
    if design is None:
        none = np.zeros((doses, 1))
        return none, none, none, np.zeros(1), np.zeros(1), np.zeros(doses), 0.5, 0.0
    nodes = np.array(crm_nodes())
    shares = np.ascontiguousarray(np.array([toxicities(design, node) for node in crm_nodes()]).T)
    with np.errstate(divide="ignore"):
        hurt, well = np.maximum(np.log(shares), -1e300), np.maximum(np.log1p(-shares), -1e300)
    prior = -nodes * nodes / (2 * design.variance)
    intercept = design.intercept if design.model == "logistic" else 0.0
    guesses = np.array(design.skeleton)
    scale = np.log(guesses / (1 - guesses)) - intercept if intercept else np.log(guesses)
    return shares, hurt, well, nodes, prior, scale, design.target, intercept


def _bounds(design: Boin | None, most: int) -> tuple[Whole, Whole, Whole]:
    if design is None:
        none = np.zeros(1, dtype=np.int64)
        return none, none, none
    rows = [bounds(design, people) for people in range(1, most + 1)]
    return (
        np.array([-1, *(row.up for row in rows)], dtype=np.int64),
        np.array([1, *(row.down for row in rows)], dtype=np.int64),
        np.array([1, *(row.close for row in rows)], dtype=np.int64),
    )


def simulate(design: Design, scenario: ArrayLike, timing: Timing, seed: int, trials: int, first: int = 0) -> TiteTrials:
    """Trials number `first` on. NotCompiledError for designs that only the event engine knows; ValueError else."""
    inside, rule, days = core(design), _rule(design), spacing(design)
    if not isinstance(inside, Crm) and not is_open(design):
        raise NotCompiledError("open windows are compiled for BOIN with a share of pending people, and for the CRM")
    doses = len(inside.skeleton) if isinstance(inside, Crm) else np.size(np.asarray(scenario))
    true = check_scenario(scenario, int(doses))
    boin = inside if isinstance(inside, Boin) else None
    numbers = (boin.target, *boin_limits(boin), boin.window_seen or 0.0) if boin else (0.0, 0.0, 0.0, 0.0)
    treated, toxic = (np.zeros((trials, len(true)), dtype=np.int64) for _ in range(2))
    length = np.empty(trials)
    left, top = (np.empty(trials, dtype=np.int64) for _ in range(2))
    _walk(
        np.uint64(seed % 2**64), first, true, (timing.gap_days, timing.window_days, timing.late, timing.leaves),
        (days.people_days, days.sentinel_days, days.cohort_days),
        (rule.most, rule.size, rule.no_skipping, rule.coherent, rule.suspended, min(rule.start, len(true) - 1),
         boin is not None),
        numbers, _bounds(boin, rule.most + rule.size),
        _model(inside if isinstance(inside, Crm) else None, len(true)), (treated, toxic, length, left, top),
    )  # fmt: skip
    return TiteTrials(_selected(design, treated, toxic, top), treated, toxic, length, left)


def _selected(design: Design, treated: Whole, toxic: Whole, top: Whole) -> Whole:
    """The dose each trial declares: one look for each different end."""
    kinds, which = np.unique(np.hstack([treated, toxic, top[:, None]]), axis=0, return_inverse=True)
    doses = treated.shape[1]
    chosen = []
    for row in kinds.tolist():
        counts = tuple(row[:doses])
        highest = max((dose for dose, count in enumerate(counts) if count), default=-1)
        found = select(design, Tally(counts, tuple(row[doses:-1]), highest, row[-1]))
        chosen.append(-1 if found is None else found)
    return np.array(chosen, dtype=np.int64)[which.ravel()]
