"""Checks of designs and boundaries: what contradicts the dose, the plan, or itself. What they promise is not redone."""

from __future__ import annotations

from collections.abc import Mapping

from stromal.protocol import designs as d
from stromal.protocol import model as m
from stromal.protocol.look import Findings, Look


def _designs(look: Look) -> list[m.Escalation]:
    return [rule for rule in look.protocol.rules.values() if isinstance(rule, m.Escalation)]


def check_designs(look: Look) -> Findings:
    """A design without a ladder, one of two movers of a dose, a start or a window that cannot be."""
    for rule in _designs(look):
        path, dose = f"rules.{rule.name}", look.protocol.doses[rule.dose] if rule.dose else None
        if dose is None or not dose.ladder:
            message = f"{rule.name} climbs the ladder of {rule.dose or 'no dose'}, which has none"
            yield look.finding("design.dose", message, "write ladder: and start: at the dose", f"{path}.of")
            continue
        others = [each.name for each in _designs(look) if each.dose == rule.dose and each is not rule]
        others += [dose.adjust] if dose.adjust else []
        if others:
            message = f"{rule.dose} is moved along its ladder by {rule.name} and by {others[0]}"
            yield look.finding("design.twice", message, "keep one of the two", f"{path}.of", f"doses.{rule.dose}")
        yield from _check_start(look, rule, dose)
        yield from _check_visits(look, rule, dose)
        yield from _check_window(look, rule)


def _check_start(look: Look, rule: m.Escalation, dose: m.Dose) -> Findings:
    path, given = f"rules.{rule.name}.start", dict(rule.numbers).get("start")
    rungs = [rung.value for rung in dose.ladder]
    first = rungs.index(dose.amount.value) + 1 if dose.amount.value in rungs else None
    if isinstance(given, int) and not 1 <= given <= len(rungs):
        message = f"{rule.name} begins at level {given} of a ladder of {len(rungs)}"
        yield look.finding("design.start", message, f"write a level from 1 to {len(rungs)}", path)
    elif given is not None and first is not None and given != first:
        message = f"{rule.name} begins at level {given}, and {dose.name} starts at {dose.amount}, level {first}"
        yield look.finding("design.start", message, "make the two agree", path, f"doses.{dose.name}.start")
    elif rule.design == "within" and first is not None and first != 1:
        message = f"{rule.name} gives every level in turn, and {dose.name} starts at level {first}"
        yield look.finding("design.start", message, "start at the lowest rung", f"doses.{dose.name}.start")


def _check_visits(look: Look, rule: m.Escalation, dose: m.Dose) -> Findings:
    """Where each person gets several doses there is a visit for each; visits that come back have room for any."""
    if rule.design not in d.COURSES:
        return
    visits = look.protocol.visits_giving(dose.name)
    needs = len(dose.ladder) if rule.design == "within" else dict(rule.numbers).get("administrations", 4)
    if any(isinstance(each.when, m.Series) for each in visits) or not isinstance(needs, int | float):
        return
    if len(visits) < needs:
        given = f"{len(visits)} visit gives" if len(visits) == 1 else f"{len(visits)} visits give"
        message = f"{rule.name} gives each person {needs:g} doses, and {given} {dose.name}"
        yield look.finding(
            "design.visits", message, "add visits, or name fewer doses", f"rules.{rule.name}", "schedule"
        )


def _check_window(look: Look, rule: m.Escalation) -> Findings:
    path = f"rules.{rule.name}"
    if rule.design == "ladder":
        return
    if (rule.window is None) == (rule.seen is None):
        says = "does not say when" if rule.window is None else "says twice when"
        message = f"{rule.name} {says} a participant has been watched for long enough"
        yield look.finding("design.window", message, "write window: or seen:, one of them", path)
    elif rule.design in d.WEIGHING and rule.window is None:
        message = f"{rule.name} weighs people by the share of their window, and gives no window"
        yield look.finding("design.window", message, "write window: instead of seen:", f"{path}.seen")
    elif rule.window is not None and not rule.window.count:
        yield look.finding("design.window", f"the window of {rule.name} is empty", "write its length", f"{path}.window")


def check_numbers(look: Look) -> Findings:
    """Numbers of a design that contradict each other or the plan, or that change nothing."""
    for rule in _designs(look):
        numbers, path = dict(rule.numbers), f"rules.{rule.name}"
        planned, most = look.protocol.trial.planned, _number(numbers, "people" if rule.design in d.COURSES else "most")
        if most is not None and most > planned:
            message = f"{rule.name} treats up to {most:g} people, and {planned} are planned"
            yield look.finding("design.people", message, "make the two agree", path, "trial.planned")
        for low, high, why in _CONTRADICTIONS:
            first, second = _number(numbers, low), _number(numbers, high)
            if first is not None and second is not None and first >= second:
                message = f"{rule.name} has {low} {first:g} and {high} {second:g}: {why}"
                yield look.finding("design.contradiction", message, "correct one of them", f"{path}.{low}")
        if rule.design in d.WEIGHING and numbers.get("wait") is True:
            message = f"{rule.name} waits for open windows, and {rule.design} goes on while they are open"
            hint = f"take wait out, or name {rule.design.removeprefix('tite-')}"
            yield look.finding("design.contradiction", message, hint, f"{path}.wait")
        for name, why in _idle(rule, numbers):
            yield look.finding("design.idle", f"{name} of {rule.name} changes nothing: {why}", "take it out",
                               f"{path}.{name}")  # fmt: skip


_CONTRADICTIONS = (
    ("safe", "target", "the safe rate lies below the target"),
    ("target", "toxic", "the toxic rate lies above the target"),
    ("below", "target", "the interval reaches below 0"),
    ("harmed", "people", "it never stops before the last person"),
)


def _idle(rule: m.Escalation, numbers: Mapping[str, d.Number]) -> list[tuple[str, str]]:
    """Numbers that have no effect beside the others, each with the reason."""
    people, sentinel = (_number(numbers, name) for name in ("people_days", "sentinel_days"))
    stop, most, alone = _number(numbers, "stop_at"), _number(numbers, "most"), _number(numbers, "cohort") == 1
    found = []
    if people is not None and sentinel is not None and sentinel <= people:
        found.append(("sentinel_days", f"people are {people:g} days apart anyway"))
    found += [(name, "cohorts are of one") for name in ("people_days", "sentinel_days") if alone and name in numbers]
    if stop is not None and most is not None and stop > most:
        found.append(("stop_at", f"at most {most:g} people are treated"))
    if rule.design not in (*d.COURSES, *d.WEIGHING) and numbers.get("wait") is True:
        found.append(("wait", f"{rule.design} waits for open windows anyway"))
    if "skeleton" in numbers:
        found += [(name, "the skeleton is given") for name in ("half_width", "prior_dose") if name in numbers]
    return found


def _number(numbers: Mapping[str, d.Number], name: str) -> float | None:
    value = numbers.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def check_boundaries(look: Look) -> Findings:
    """A boundary of a single participant, or of another number of people than planned."""
    for rule in look.protocol.rules.values():
        if not isinstance(rule, m.Hold) or rule.boundary is None:
            continue
        path, planned = f"rules.{rule.name}", look.protocol.trial.planned
        if rule.level == "participant":
            message = f"{rule.name} counts participants, and cannot hold a single one"
            yield look.finding("boundary.level", message, "write hold: trial", f"{path}.hold")
        people = _number(dict(rule.boundary.numbers), "people")
        if people is not None and people != planned:
            after = "the last look counts for those after it" if people < planned else "its level is not used up"
            message = f"{rule.name} looks at {people:g} people, and {planned} are planned: {after}"
            yield look.finding("boundary.people", message, "make the two agree", f"{path}.people", "trial.planned")
