"""A simulated protocol in words: the committee's questions with their answers, rows of numbers, what was assumed.

Takes a Simulation; gives sentences and rows, for the terminal and the page alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from stromal.analyse.simulated import Simulation
from stromal.designs.plan import Plan
from stromal.values import DAYS_A_MONTH


def fewer(trials: int) -> int:
    """How many trials each point of the curve has."""
    return max(trials // 4, min(trials, 1000))


def answers(found: Simulation) -> tuple[tuple[str, str], ...]:
    """The committee's questions, each with its answer."""
    return tuple(
        (question, answer)
        for question, answer in (
            ("Which level is declared?", _selected(found)),
            ("Would a dose that is not safe be declared safe?", _declaring(found)),
            ("How long does the trial take?", _length(found)),
            ("How many products are lost?", _products(found)),
            ("How many doses are given?", _doses(found)),
            ("How many people take part?", _people(found)),
            ("Who is harmed?", _harm(found)),
            ("Is the trial stopped?", _stopping(found)),
            ("Would an effect be found?", _power(found)),
        )
        if answer
    )


def whole(answer: str) -> str:
    """The same words, in which no line ends between a number, its error and its unit: blanks that do not break."""
    return answer.replace(" ± ", "\u00a0±\u00a0").replace(" %", "\u00a0%")


def near(mean: float, error: float, unit: str = "") -> str:
    """A mean with its Monte Carlo error, to as many digits as the error leaves."""
    digits = 1 if not 0 < error < math.inf else min(max(-math.floor(math.log10(error)), 0), 4)
    if not error:
        return f"{mean:.4g}{unit}"
    return f"{mean:.{digits}f} ± {error:.{digits}f}{unit}" if error < math.inf else f"{mean:.1f}{unit}"


def share(mean: float, error: float, trials: int) -> str:
    """A share of the trials in percent; where it happened in none or in all of them, what that still leaves open."""
    if 0 < mean < 100:
        return f"{near(mean, error, ' %')} of the trials"
    most = f"{300 / trials:.2g} %"
    return f"none of the trials (up to {most} in truth)" if mean <= 0 else f"all trials (all but up to {most} in truth)"


def selection(found: Simulation) -> Iterator[tuple[str, float, float]]:
    """Each level, and none, with the share of the trials that declare it and its Monte Carlo error, in percent."""
    names = [level.name for level in found.plan.levels]
    for place, name in (*enumerate(names), (-1, "none")):
        often = found.totals.share("selected", place)
        yield name, 100 * often, 100 * (often * (1 - often) / found.trials) ** 0.5


def _selected(found: Simulation) -> str:
    if not found.plan.escalation or "selected" not in found.totals.counts:
        return ""
    harming = [*(f" (true toxicity {100 * each:.3g} %)" for each in found.harming), ""]
    told = (
        f"{name}{true} in {share(often, error, found.trials)}"
        for (name, often, error), true in zip(selection(found), harming, strict=True)
    )
    alike = len(set(found.harming)) == 1 and len(found.plan.levels) > 1
    warned = " All levels are assumed to be equally toxic: say with a scenario what they are." if alike else ""
    return (
        f"{'; '.join(told)}.{warned}\nEvery trial here was walked event by event: places, levels and waiting are asked "
        "of the design's own rules, as the desk asks them."
    )


def _declaring(found: Simulation) -> str:
    if not found.curve:
        return ""
    top, trials = found.plan.levels[-1].name, fewer(found.trials)
    points = [point for point in found.curve if point.toxicity in _ASKED]
    first, *others = (
        (f"{100 * point.toxicity:g} %", share(100 * point.share, 100 * point.error, trials)) for point in points
    )
    told = [
        f"The protocol may declare: {found.plan.declaration_says}.",
        f"If {first[0]} of people had unacceptable toxicity after {top}, it would be declared in {first[1]}; "
        + "; ".join(f"if {rate}, in {often}" for rate, often in others) + ".",
    ]  # fmt: skip
    if all(point.exact is not None for point in points):
        exactly = ", ".join(f"{100 * (point.exact or 0):.1f} %" for point in points)
        told[1] += f" Exactly, if nobody left and every product passed: {exactly}."
    assumed = found.harming[-1]
    declared = share(*found.share("declared"), found.trials)
    told.append(f"As assumed here, with {100 * assumed:.3g} %, it is declared in {declared}.")
    return "\n".join(told)


_ASKED = (0.10, 0.20, 0.30, 0.50)


def _length(found: Simulation) -> str:
    days, error = found.mean("enrolment_days")
    return (
        f"{near(*found.months)} months on average from the first screening on; half of the trials end within "
        f"{found.month(0.5):.1f} months, nine in ten within {found.month(0.9):.1f}. The last person is enrolled after "
        f"{near(days / DAYS_A_MONTH, error / DAYS_A_MONTH)} months on average."
    )


def _products(found: Simulation) -> str:
    return (
        f"{near(*found.mean('products_lost'))} on average: {near(*found.mean('failed'))} do not pass their release "
        f"tests, {near(*found.mean('wasted'))} are made and not given. Nine in ten trials lose "
        f"at most {found.totals.quantile('products_lost', 0.9)} products."
    )


def _doses(found: Simulation) -> str:
    given = zip(found.totals.mean("given"), found.totals.error("given"), found.plan.levels, strict=True)
    by_level = ", ".join(f"{near(each, error)} of {level.name}" for each, error, level in given)
    meant = len(found.plan.giving) * found.plan.planned
    return (
        f"{near(*found.mean('doses'))} of {meant} that are planned: {by_level}. {near(*found.mean('withheld'))} are "
        f"withheld by a hold, the table or a condition, and {near(*found.mean('lost'))} lost with their product."
    )


def _people(found: Simulation) -> str:
    return (
        f"{near(*found.mean('screened'))} are screened and {near(*found.mean('enrolled'))} enrolled, of "
        f"{found.plan.planned} planned; {near(*found.mean('came_through'))} get every dose without unacceptable "
        f"toxicity and stay to the end, {near(*found.mean('left'))} leave early."
    )


def _harm(found: Simulation) -> str:
    least = found.plan.harm.least
    unacceptable = f" (related, of grade {least} or more)" if least < 6 else ""
    return (
        f"{near(*found.mean('harmed'))} people have unacceptable toxicity{unacceptable}, {near(*found.mean('deaths'))} "
        f"die of it; there are {near(*found.mean('events'))} adverse events in all, {near(*found.mean('severe'))} of "
        f"them related and of grade 3 or more."
    )


def _stopping(found: Simulation) -> str:
    if not found.plan.trial_hold:
        return ""
    lifts = f"the {' and the '.join(found.plan.trial_release).replace('_', ' ')} may lift that."
    return (
        f"It is held {near(*found.mean('stops'))} times on average, and for good in "
        f"{share(*found.share('closed'), found.trials)}. "
        f"{_held_by(found.plan)}; {lifts}"
    )


def _held_by(plan: Plan) -> str:
    """How many harmed people hold the trial. Beside a design the hold may count other harm than the design does."""
    stop_at, harm = plan.stop_at, "the events that its hold counts" if plan.escalation else "unacceptable toxicity"
    first = next((treated for treated, harmed in enumerate(stop_at) if harmed), 0)
    fewest, most = stop_at[first], stop_at[-1]
    if not most:
        return f"No number of people with {harm} holds it by itself"
    if fewest == most:
        people, holds = ("person", "holds") if most == 1 else ("people", "hold")
        return f"{most} {people} with {harm} {holds} it"
    return (
        f"A boundary holds it: {fewest} people with {harm} among the first {first} treated, up to "
        f"{most} among {len(stop_at) - 1}"
    )


def _power(found: Simulation) -> str:
    tests = {"change", "slope_difference"}
    first = [name for name, method in found.plan.primary if method not in tests]
    told = [f"The primary analysis ({', '.join(first)}) describes what happened and tests nothing: it has no power."]
    told = told if first else []
    kinds = {each.name: each.kind for each in found.plan.measured}
    primary = {name for name, _ in found.plan.primary}
    told += [
        f"The {'primary ' if each.name in primary else ''}analysis {each.name} ({each.fact}) is significant "
        f"in {share(*each.power, found.trials)} when treatment changes the monthly slope by {each.effect:+g}, and in "
        f"{share(*each.false, found.trials)} when it changes nothing{_WHY.get(kinds[each.name], '')}; "
        f"{near(each.people, error)} people are in it on average."
        for each, error in zip(found.tested, found.totals.error("people") if found.tested else (), strict=True)
    ]
    return "\n".join(told)


_WHY = {"change": " (it compares people with their own start: what happens without treatment counts as well)"}
"""What an analysis cannot tell from an effect."""


ROWS = (
    ("screened", "people screened"), ("enrolled", "people enrolled"), ("came_through", "people who came through"),
    ("harmed", "people with unacceptable toxicity"), ("deaths", "deaths of that"), ("left", "people who left early"),
    ("doses", "doses given"), ("withheld", "doses withheld"), ("lost", "doses lost with their product"),
    ("failed", "products that did not pass"), ("wasted", "products made and not given"),
    ("events", "adverse events"), ("severe", "related events of grade 3 or more"), ("holds", "holds of a participant"),
    ("stops", "holds of the trial"),
)  # fmt: skip
"""What is told of every trial."""


_MONTHS = "months"
_PARTS = (0.05, 0.5, 0.95)


def numbers(found: Simulation) -> Iterator[tuple[str, tuple[float, ...]]]:
    """What is counted: name, mean, Monte Carlo error, and the 5 %, 50 % and 95 % quantile (NaN where not counted)."""
    for name, says in ROWS:
        quantile = found.totals.quantile if name in found.totals.counts else _uncounted
        yield says, (*found.mean(name), *(quantile(name, part) for part in _PARTS))
    yield _MONTHS, (*found.months, *(found.month(part) for part in _PARTS))


def _uncounted(_: str, __: float) -> float:
    return math.nan


def rows(found: Simulation) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The same numbers in words, with nothing where none was counted."""
    for says, (mean, error, *parts) in numbers(found):
        digits = 1 if says == _MONTHS else 0
        few, half, many = ("" if math.isnan(part) else f"{part:.{digits}f}" for part in parts)
        yield says, f"{mean:.2f}", f"{error:.3f}" if error < math.inf else "unknown", few, half, many


def assumptions_told(found: Simulation) -> Iterator[tuple[str, str]]:
    """Every assumption and its value."""
    plan, assumed = found.plan, found.assumed
    for level, harm, made in zip(plan.levels, found.harming, assumed.made, strict=True):
        yield (
            f"after {level.name}",
            f"unacceptable toxicity in {100 * harm:.3g} %; a product passes in {100 * made:.3g} %",
        )
    yield "toxicity begins", f"within {assumed.window_days} days of a dose"
    yield "arrivals", f"{assumed.arrivals_per_month:g} a month, {100 * assumed.ineligible:.3g} % not eligible"
    yield "leaving", f"{assumed.dropout_per_year:g} a person-year; {100 * assumed.missed_visit:.3g} % of visits missed"
    lifted = " and ".join(f"{100 * each:.3g} %" for each in assumed.hold_lifted)
    yield "holds", f"decided after {assumed.decision_days} days; lifted in {lifted} (participant and trial)"
    yield "products", f"{assumed.attempts} attempts, {assumed.remake_days} days apart"
    for scale, each in zip(plan.scales, assumed.outcomes, strict=True):
        yield (
            scale.says,
            (
                f"starts at {each.start:g} ± {each.start_sd:g}, changes by {each.slope:g} ± {each.slope_sd:g} a month, "
                f"wobbles by {each.wobble:g}; treatment adds {each.effect:+g} a month"
            ),
        )
