"""Posterior toxicities of the model-based designs: CRM, TITE-CRM and BLRM, by quadrature.

Takes a design and a Tally; gives probabilities for each dose. Integrands are smooth and vanish at the ends of the
grid, where the trapezoid rule converges faster than any power of the step.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache

from stromal.rules.escalation.designs import Blrm, Crm, Model
from stromal.rules.escalation.tally import Tally

_HALF_WIDTH = 8.0
NODES = 161
_TINY = -1e300


def logistic(number: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    if number >= 0:
        return 1 / (1 + math.exp(-number))
    grown = math.exp(number)
    return grown / (1 + grown)


def logit(share: float) -> float:
    """log(p / (1 - p))."""
    return math.log(share / (1 - share))


# ---------------------------------------------------------------- skeletons


def skeleton(
    half_width: float, target: float, prior_dose: int, doses: int, model: Model = "empiric", intercept: float = 3.0
) -> tuple[float, ...]:
    """The skeleton of an indifference interval (Lee and Cheung 2009).

    `prior_dose` (from 1) is thought to hit the target. Equal to dfcrm's getprior. ValueError where none exists.
    """
    if not 1 <= prior_dose <= doses:
        raise ValueError(f"the dose thought to be right is one of 1 to {doses}, not {prior_dose}")
    if not 0 < half_width < min(target, 1 - target):
        raise ValueError(f"half a width of {half_width:g} around {target:g} leaves 0 to 1")
    up, down = target + half_width, target - half_width
    if model == "empiric":
        above, below = math.log(up), math.log(down)
        start = math.log(target)
        logs = [start * _power(below / above, above / below, place - prior_dose) for place in range(1, doses + 1)]
        return tuple(math.exp(each) for each in logs)
    above, below = logit(up) - intercept, logit(down) - intercept
    start = logit(target) - intercept
    scaled = [start * _power(below / above, above / below, place - prior_dose) for place in range(1, doses + 1)]
    return tuple(logistic(intercept + each) for each in scaled)


def _power(fall: float, rise: float, steps: int) -> float:
    """`rise` for each step up, `fall` for each step down."""
    return rise**steps if steps >= 0 else fall**-steps


# ---------------------------------------------------------------- the CRM


def toxicities(design: Crm, parameter: float) -> tuple[float, ...]:
    """The model's toxicity at each dose for a value of its parameter."""
    grown = math.exp(parameter)
    if design.model == "empiric":
        return tuple(math.exp(math.log(each) * grown) for each in design.skeleton)
    return tuple(logistic(design.intercept + grown * (logit(each) - design.intercept)) for each in design.skeleton)


def _log_likelihood(design: Crm, tally: Tally, parameter: float) -> float:
    """Toxicities, people without, and people whose window is open, who count by the share of it they passed."""
    total = 0.0
    for dose, share in enumerate(toxicities(design, parameter)):
        treated, toxic, waiting = tally.treated[dose], tally.toxic[dose], tally.waiting(dose)
        clear = treated - toxic - len(waiting)
        if toxic:
            total += toxic * math.log(share) if share > 0 else _TINY
        if clear:
            total += clear * math.log1p(-share) if share < 1 else _TINY
        total += math.fsum(math.log1p(-weight * share) for weight in waiting if weight * share < 1)
    return total


@cache
def crm_nodes() -> tuple[float, ...]:
    """The values of the parameter at which the posterior is summed."""
    step = 2 * _HALF_WIDTH / (NODES - 1)
    return tuple(-_HALF_WIDTH + step * place for place in range(NODES))


@lru_cache(maxsize=200_000)
def crm_mean(design: Crm, tally: Tally) -> tuple[float, float]:
    """The posterior mean and variance of the CRM's parameter."""
    nodes = crm_nodes()
    logs = [_log_likelihood(design, tally, node) - node * node / (2 * design.variance) for node in nodes]
    peak = max(logs)
    weights = [math.exp(each - peak) for each in logs]
    mass = math.fsum(weights)
    mean = math.fsum(weight * node for weight, node in zip(weights, nodes, strict=True)) / mass
    square = math.fsum(weight * node * node for weight, node in zip(weights, nodes, strict=True)) / mass
    return mean, square - mean * mean


def crm_toxicities(design: Crm, tally: Tally) -> tuple[float, ...]:
    """The toxicity of each dose with the posterior mean put in for the parameter."""
    return toxicities(design, crm_mean(design, seen(tally))[0])


def crm_dose(design: Crm, tally: Tally) -> int:
    """The dose whose toxicity comes nearest the target; the lower of two that are as near."""
    shares = crm_toxicities(design, tally)
    return min(range(tally.doses), key=lambda dose: (abs(shares[dose] - design.target), dose))


def seen(tally: Tally) -> Tally:
    """The tally without where the trial stands: all that a posterior depends on."""
    return Tally(tally.treated, tally.toxic, pending=tally.pending)


# ---------------------------------------------------------------- the BLRM


SPREAD, LINES = 6.0, 121
"""The grid of a BLRM: how many deviations it reaches each way, and its lines."""


@lru_cache(maxsize=20_000)
def blrm_masses(design: Blrm, tally: Tally) -> tuple[tuple[float, float, float, float], ...]:
    """For each dose: posterior mass below, in and above the target interval, and the posterior mean.

    A product grid of 121 lines over six deviations each way (Neuenschwander 2008, section 3). Along each line of equal
    slope the toxicity rises with the level, so that a limit cuts the line once: the cell it cuts is parted there.
    """
    (mean_a, mean_b), (wide_a, wide_b) = design.means, design.deviations
    grid = [-SPREAD + 2 * SPREAD * place / (LINES - 1) for place in range(LINES)]
    scaled = [math.log(amount / design.reference) for amount in design.amounts]
    # The slope's own deviation is the outer line; the level given the slope is the inner one.
    back = design.covariance / wide_b
    inner = math.sqrt(wide_a * wide_a - back * back)
    lines = [(math.exp(mean_b + wide_b * v), mean_a + back * v, v * v / 2) for v in grid]
    logs = [
        [_blrm_log(tally, middle + inner * u, slope, scaled) - prior - u * u / 2 for u in grid]
        for slope, middle, prior in lines
    ]
    peak = max(max(row) for row in logs)
    weights = [[math.exp(each - peak) for each in row] for row in logs]
    mass = math.fsum(math.fsum(row) for row in weights)
    low, high = (logit(limit) for limit in design.interval)
    made = []
    for place in scaled:
        under = over = mean = 0.0
        for row, (slope, middle, _) in zip(weights, lines, strict=True):
            shift = slope * place
            under += _mass_below(row, (low - shift - middle) / inner)
            over += math.fsum(row) - _mass_below(row, (high - shift - middle) / inner)
            mean += math.fsum(w * logistic(middle + inner * u + shift) for w, u in zip(row, grid, strict=True))
        made.append((under / mass, 1 - (under + over) / mass, over / mass, mean / mass))
    return tuple(made)


def _mass_below(row: list[float], limit: float) -> float:
    """The weight of a line's cells below a limit: each node stands for the cell around it, cut where the limit is."""
    step = 2 * SPREAD / (LINES - 1)
    place = (limit + SPREAD) / step
    if place <= -0.5:
        return 0.0
    if place >= LINES - 0.5:
        return math.fsum(row)
    node = math.floor(place + 0.5)
    part = place + 0.5 - node
    before = row[node - 1] if node else 0.0
    after = row[node + 1] if node + 1 < LINES else 0.0
    # Inside the cut cell the weight is a parabola through its neighbours, with the cell's own mean.
    bend, lean = (before + after - 2 * row[node]) / 2, (after - before) / 2
    x = part - 0.5
    own = row[node] - bend / 12
    return math.fsum(row[:node]) + own * part + lean * (x * x - 0.25) / 2 + bend * (x**3 + 0.125) / 3


def _blrm_log(tally: Tally, level: float, slope: float, scaled: list[float]) -> float:
    total = 0.0
    for dose, place in enumerate(scaled):
        treated, toxic = tally.treated[dose], tally.toxic[dose]
        if treated:
            odds = level + slope * place
            grown = odds + math.log1p(math.exp(-odds)) if odds > 0 else math.log1p(math.exp(odds))
            total += toxic * odds - treated * grown
    return total


def blrm_dose(design: Blrm, tally: Tally) -> int | None:
    """The dose with most mass in the target interval among those that overdosing control allows; None if none is."""
    masses = blrm_masses(design, seen(tally))
    allowed = [dose for dose in range(tally.doses) if masses[dose][2] < design.overdose]
    return max(allowed, key=lambda dose: (masses[dose][1], -dose), default=None)
