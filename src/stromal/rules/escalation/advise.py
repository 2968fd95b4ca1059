"""What comes next in a dose-finding trial, and which dose is declared at its end.

Takes a Design and a Tally; gives Treat or Stop from `advise`, a dose or None from `select`. Modifiers wrap: each asks
the design inside it and changes the answer, or answers itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from msgspec.structs import replace

from stromal.rules.escalation import designs as d
from stromal.rules.escalation.boundaries import beta_above, boin_limits, bounds, closing
from stromal.rules.escalation.models import blrm_dose, blrm_masses, crm_dose, crm_toxicities, seen
from stromal.rules.escalation.tally import Advice, Stop, Tally, Treat

Fit: TypeAlias = Callable[[d.Crm | d.Blrm, Tally], int | None]
"""Where a model finds the dose it would give; exact characteristics bring one that fits many tallies at once."""


def fitted(design: d.Crm | d.Blrm, tally: Tally) -> int | None:
    """The dose that a model-based design would give; None where it would give none."""
    return crm_dose(design, tally) if isinstance(design, d.Crm) else blrm_dose(design, tally)


def begin(doses: int) -> Tally:
    """The tally before anybody is treated."""
    if doses < 1:
        raise ValueError(f"a design needs at least one dose, not {doses}")
    return Tally((0,) * doses, (0,) * doses)


def observe(design: d.Design, tally: Tally, dose: int, people: int, toxic: int) -> Tally:
    """The tally after a cohort, with doses closed as the design closes them."""
    after = tally.plus(dose, people, toxic)
    return after.closing(_top(d.core(design), after))


def _top(design: d.Finding, tally: Tally) -> int:
    """The lowest dose that the last cohort closes."""
    dose = tally.current
    treated, toxic = tally.treated[dose], tally.toxic[dose]
    match design:
        case d.ThreePlusThree():
            return dose if toxic >= 2 else tally.doses
        case d.Boin() | d.IThreePlusThree() | d.Mtpi2():
            return dose if toxic >= bounds(design, treated).close else tally.doses
        case _:
            return tally.doses


# ---------------------------------------------------------------- what comes next


def advise(design: d.Design, tally: Tally, fit: Fit = fitted) -> Advice:
    """Who is treated next, on which dose, or why nobody is."""
    return _ADVISE[type(design)](design, tally, fit)


def _inside(design: d.Staggered | d.Makeable, tally: Tally, fit: Fit) -> Advice:
    """Days between people, and what can be made, change no answer."""
    return advise(design.inner, tally, fit)


def _start_at(design: d.StartAt, tally: Tally, fit: Fit) -> Advice:
    """The first dose, whatever a model would say before anybody was seen."""
    answer = advise(design.inner, tally, fit)
    if tally.current >= 0 and tally.people:
        return answer
    size = answer.size if isinstance(answer, Treat) else getattr(d.core(design), "size", 3)
    return Treat(min(design.dose, tally.doses - 1), size, "the first dose of the protocol")


def _stop_at(design: d.StopAt, tally: Tally, fit: Fit) -> Advice:
    answer = advise(design.inner, tally, fit)
    if isinstance(answer, Stop) or tally.treated[answer.dose] < design.people:
        return answer
    return Stop(f"{design.people} people have had dose {answer.dose + 1}")


def _cohort_of(design: d.CohortOf, tally: Tally, fit: Fit) -> Advice:
    answer = advise(design.inner, tally, fit)
    return answer if isinstance(answer, Stop) or answer.size == design.size else replace(answer, size=design.size)


def _suspended(design: d.Suspended, tally: Tally, fit: Fit) -> Advice:
    answer = advise(design.inner, tally, fit)
    waiting = any(tally.pending)
    return answer if isinstance(answer, Stop) or not waiting else replace(answer, wait=True)


def _no_skipping(design: d.NoSkipping, tally: Tally, fit: Fit) -> Advice:
    answer = advise(design.inner, tally, fit)
    if isinstance(answer, Stop) or tally.current < 0 or answer.dose <= tally.highest + 1:
        return answer
    return replace(answer, dose=tally.highest + 1, reason=f"{answer.reason}; no dose is skipped")


def _coherent(design: d.Coherent, tally: Tally, fit: Fit) -> Advice:
    answer = advise(design.inner, tally, fit)
    people, toxic = tally.last
    if isinstance(answer, Stop) or not people or answer.dose <= tally.current or toxic / people < design.share:
        return answer
    return replace(answer, dose=tally.current, reason=f"{answer.reason}; no rise right after toxicity")


def _too_toxic(design: d.StopTooToxic, tally: Tally, fit: Fit) -> Advice:
    treated, toxic = tally.treated[0], tally.toxic[0]
    if treated < design.least or beta_above(design.limit, toxic + 1, treated - toxic + 1) <= design.certainty:
        return advise(design.inner, tally, fit)
    return Stop(f"the lowest dose is too toxic: {toxic} of {treated}", selected=None)


def _at_most(design: d.AtMost, tally: Tally, fit: Fit) -> Advice:
    left = design.people - tally.people
    answer = advise(design.inner, tally, fit)
    if isinstance(answer, Stop):
        return answer
    if left <= 0:
        return Stop(f"{design.people} people have been treated")
    return answer if answer.size <= left else replace(answer, size=left)


def _by_model(design: d.Crm | d.Blrm, tally: Tally, fit: Fit) -> Advice:
    dose = fit(design, tally)
    if dose is None:
        return Stop("every dose may be an overdose", selected=None)
    return Treat(dose, design.size, _MODEL_SAYS[isinstance(design, d.Crm)])


_MODEL_SAYS = ("most mass in the target interval within overdose control", "its toxicity comes nearest the target")


def _fixed(design: d.FixedCohorts, tally: Tally, _: Fit) -> Advice:
    dose = tally.current
    if dose >= 0 and tally.toxic[dose] > design.allowed:
        return Stop(f"more than {design.allowed} toxicities on dose {dose + 1}")
    if dose + 1 == tally.doses:
        return Stop("every dose has had its cohort")
    return Treat(dose + 1, design.size, "the next dose in turn")


def _three(design: d.ThreePlusThree, tally: Tally, _: Fit) -> Advice:
    dose = tally.current
    if dose < 0:
        return Treat(0, 3, "the first three people")
    treated, toxic = tally.treated[dose], tally.toxic[dose]
    if toxic >= 2:
        return _three_down(design, tally, f"{toxic} of {treated} on dose {dose + 1}")
    # other numbers than three and six come about where people were treated against the design
    more = 6 - treated if 3 < treated < 6 else 3
    if 3 <= treated < 6 and toxic == 1:
        return Treat(dose, more, f"1 of {treated}: {'three' if more == 3 else more} more on the same dose")
    if dose + 1 < tally.top:
        return Treat(dose + 1, 3, f"{toxic} of {treated}: the next dose")
    if tally.top < tally.doses and treated < 6:
        return Treat(dose, more, f"{'three' if more == 3 else more} more on the dose below the one that was too toxic")
    return Stop(f"{toxic} of {treated} on the highest open dose", selected=dose)


def _three_down(design: d.ThreePlusThree, tally: Tally, seen_there: str) -> Advice:
    below = tally.current - 1
    if below < 0:
        return Stop(f"{seen_there}: the lowest dose is too toxic", selected=None)
    if not design.deescalate or tally.treated[below] >= 6:
        return Stop(f"{seen_there}: too toxic", selected=below)
    return Treat(below, 3, f"{seen_there}: three more on the dose below")


def _interval(design: d.Boin | d.IThreePlusThree | d.Mtpi2, tally: Tally, _: Fit) -> Advice:
    dose = tally.current
    if dose < 0:
        return Treat(0, design.size, "the first people")
    if tally.top == 0:
        return Stop("the lowest dose is too toxic", selected=None)
    if dose >= tally.top:
        return Treat(tally.top - 1, design.size, f"dose {tally.top + 1} is closed: down")
    if isinstance(design, d.Boin) and tally.waiting(dose):
        return _tite(design, tally)
    treated, toxic = tally.treated[dose], tally.toxic[dose]
    if not treated:
        return Treat(dose, design.size, f"nobody has been seen on dose {dose + 1}: stay")
    limits = bounds(design, treated)
    said = f"{toxic} of {treated} on dose {dose + 1}"
    return _move(design.size, tally, toxic <= limits.up, toxic >= limits.down, said)


def _move(size: int, tally: Tally, rise: bool, fall: bool, said: str) -> Treat:
    dose = tally.current
    if rise and dose + 1 < tally.top:
        return Treat(dose + 1, size, f"{said}: up")
    if fall and not rise and dose > 0:
        return Treat(dose - 1, size, f"{said}: down")
    return Treat(dose, size, f"{said}: stay")


def _tite(design: d.Boin, tally: Tally) -> Advice:
    """TITE-BOIN: pending people count for the toxicities they are still expected to have (Yuan et al. 2018).

    The rate is (y + odds(p) * sum(1 - w)) / n, where p is the posterior mean of the people fully seen under a
    Beta(target / 2, 1 - target / 2) prior and w the share of the window that each pending person passed.
    """
    dose = tally.current
    treated, toxic, waiting = tally.treated[dose], tally.toxic[dose], tally.waiting(dose)
    said = f"{toxic} of {treated} on dose {dose + 1}, {len(waiting)} pending"
    if design.window_seen is None:
        return replace(_move(design.size, tally, rise=False, fall=False, said=said), wait=True)
    limits = bounds(design, treated)
    fall_now = toxic >= limits.down
    if len(waiting) > design.window_seen * treated and not fall_now:
        return replace(_move(design.size, tally, rise=False, fall=False, said=said), wait=True)
    full = treated - len(waiting)
    share = (toxic + design.target / 2) / (full + 1)
    expected = share / (1 - share) * math.fsum(1 - weight for weight in waiting)
    rise, fall = boin_limits(design)
    rate = (toxic + expected) / treated
    return _move(design.size, tally, rate <= rise, fall_now or rate >= fall, said)


_ADVISE: dict[type, Callable[[Any, Tally, Fit], Advice]] = {
    d.FixedCohorts: _fixed, d.ThreePlusThree: _three, d.IThreePlusThree: _interval, d.Mtpi2: _interval,
    d.Boin: _interval, d.Crm: _by_model, d.Blrm: _by_model, d.StartAt: _start_at, d.NoSkipping: _no_skipping,
    d.Coherent: _coherent, d.StopAt: _stop_at, d.StopTooToxic: _too_toxic, d.CohortOf: _cohort_of, d.AtMost: _at_most,
    d.Staggered: _inside, d.Suspended: _suspended, d.Makeable: _inside,
}  # fmt: skip
"""How each design and each modifier answers."""

# ---------------------------------------------------------------- the end


def select(design: d.Design, tally: Tally, fit: Fit = fitted) -> int | None:
    """The dose that is declared once nobody else is treated; None where none is."""
    answer = advise(design, tally, fit)
    if isinstance(answer, Stop) and answer.selected != -1:
        return answer.selected
    inside = d.core(design)
    match inside:
        case d.FixedCohorts():
            given = (dose for dose in range(tally.doses) if tally.treated[dose])
            return max((dose for dose in given if tally.toxic[dose] <= inside.allowed), default=None)
        case d.ThreePlusThree():
            # A modifier ended the trial: the highest dose that 3+3 would have left upwards is declared.
            return max((dose for dose in range(tally.top) if _cleared(tally, dose)), default=None)
        case d.Boin() | d.IThreePlusThree() | d.Mtpi2():
            return nearest_rising(tally, inside.target, inside.cutoff)
        case d.Crm() | d.Blrm():
            return fit(inside, tally)
        case _:
            assert_never(inside)


def _cleared(tally: Tally, dose: int) -> bool:
    treated, toxic = tally.treated[dose], tally.toxic[dose]
    return (treated >= 3 and toxic == 0) or (treated >= 6 and toxic <= 1)


def nearest_rising(tally: Tally, target: float, cutoff: float) -> int | None:
    """The dose whose toxicity, made to rise by isotonic regression, comes nearest the target (Liu and Yuan 2015).

    Rates are (y + .05)/(n + .1), weighted by the inverse of their variance. Of equals the highest under the target
    or the lowest above it is taken. Doses at or above one that is closed are left out.
    """
    pairs = list(zip(tally.treated, tally.toxic, strict=True))
    shut = (dose for dose, (n, y) in enumerate(pairs) if n and y >= closing(n, target, cutoff))
    open_doses = [dose for dose in range(min(next(shut, tally.doses), tally.top)) if tally.treated[dose]]
    blocks: list[tuple[float, float, int]] = []
    for dose in open_doses:
        n, y = pairs[dose]
        rate = (y + 0.05) / (n + 0.1)
        weight = (n + 0.1) ** 2 * (n + 1.1) / ((y + 0.05) * (n - y + 0.05))
        blocks.append((rate, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, v, k), (b, w, m) = blocks[-2:]
            blocks[-2:] = [((a * v + b * w) / (v + w), v + w, k + m)]
    rates = [rate for rate, _, count in blocks for _ in range(count)]
    ranked = [(abs(rate + (place + 1) * 1e-10 - target), dose)
              for place, (dose, rate) in enumerate(zip(open_doses, rates, strict=True))]  # fmt: skip
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def estimates(design: d.Design, tally: Tally) -> tuple[float, ...]:
    """The design's own estimate of each dose's toxicity; for designs without a model the observed rates."""
    inside = d.core(design)
    match inside:
        case d.Crm():
            return crm_toxicities(inside, tally)
        case d.Blrm():
            return tuple(row[3] for row in blrm_masses(inside, seen(tally)))
        case _:
            return tuple(y / n if n else float("nan") for n, y in zip(tally.treated, tally.toxic, strict=True))
