"""Checks of the schedule, the doses and the products: visits out of reach, windows, ladders, weights."""

from __future__ import annotations

from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.look import Findings, Look, expressions
from stromal.protocol.reading import when_anchors
from stromal.protocol.timeline import anchored, members
from stromal.values import unit_or_none


def check_reach(look: Look) -> Findings:
    """A visit that can never take place."""
    for visit in look.protocol.schedule.values():
        path = f"schedule.{visit.name}"
        if visit.name in look.never:
            yield look.finding("visit.unreachable", f"the condition of {visit.name} can never hold",
                               "correct its condition or take the visit out", path)  # fmt: skip
        elif visit.name not in look.plan:
            lost = [a for a in when_anchors(visit.when) if anchored(a, look.protocol, look.plan, visit.name) is None]
            named = " and ".join(f"{each.which} {each.name}".strip() for each in lost) or "its anchor"
            yield look.finding("visit.unreachable", f"{visit.name} hangs on {named}, which never takes place",
                               "hang it on day 0 or on a visit that takes place", path)  # fmt: skip


def check_day_zero(look: Look) -> Findings:
    """More than one visit that everything is counted from."""
    zero = [visit.name for visit in look.protocol.schedule.values() if isinstance(visit.when, m.DayZero)]
    if len(zero) > 1:
        message = f"{' and '.join(zero)} are all day 0"
        yield look.finding("visit.day_zero", message, "keep one and hang the others on it", f"schedule.{zero[1]}")


def check_foresight(look: Look) -> Findings:
    """A visit whose condition asks whether a later visit took place."""
    for visit in look.protocol.schedule.values():
        for node in t.walk(visit.condition) if visit.condition else ():
            if not isinstance(node, t.Done) or node.visit not in look.plan or visit.name not in look.plan:
                continue
            if look.plan[node.visit].low > look.plan[visit.name].high:
                message = f"{visit.name} asks whether {node.visit} took place, which comes later"
                yield look.finding("visit.foresight", message, "ask for an earlier visit", f"schedule.{visit.name}")


def check_windows(look: Look) -> Findings:
    """Leeway that reaches into the next repeat, or past the visit that a visit hangs on."""
    for visit in look.protocol.schedule.values():
        path = f"schedule.{visit.name}"
        early, late = visit.early.days, visit.late.days
        match visit.when:
            case m.Series(every, _, _) if early + late >= every.days:
                yield look.finding("window.overlap", _overlap(visit, str(every)), "narrow the window", path)
            case m.Offset(low, _, side, anchor):
                gap, near = low.days, early if side == "after" else late
                before = look.protocol.schedule.get(anchor.name)
                if before is not None and before.stem == visit.stem and early + before.late.days >= gap:
                    yield look.finding("window.overlap", _overlap(visit, str(low)), "narrow the window", path)
                elif near > gap:
                    message = f"{visit.name} may fall {'before' if side == 'after' else 'after'} {anchor.name}"
                    yield look.finding(
                        "window.before_anchor", f"{message}, which it hangs on", "narrow the window", path
                    )


def _overlap(visit: m.Visit, gap: str) -> str:
    return f"{visit.stem} repeats after {gap}, and its windows of -{visit.early} and +{visit.late} overlap"


def check_spans(look: Look) -> Findings:
    """A window that ends before it begins."""
    for path, expr in expressions(look.protocol):
        for window in t.windows(expr):
            if not isinstance(window, t.FromUntil):
                continue
            first, last = (anchored(a, look.protocol, look.plan) for a in (window.first, window.last))
            if first and last and first.low > last.high:
                message = f"{window.last.name} comes before {window.first.name}"
                yield look.finding("window.empty", message, "turn the two around", path)


def check_consent(look: Look) -> Findings:
    """No visit asks for consent."""
    if not members(t.Anchor("consent"), look.protocol):
        message = "no visit asks for consent"
        yield look.finding("consent.missing", message, "add consent to the first visit's do", "schedule")


# ---------------------------------------------------------------- doses and products


def check_doses(look: Look) -> Findings:
    """A dose nobody is given, a ladder that does not carry its dose."""
    for dose in look.protocol.doses.values():
        path = f"doses.{dose.name}"
        if not look.protocol.visits_giving(dose.name):
            message = f"no visit gives {dose.name}"
            yield look.finding("dose.ungiven", message, f"write 'give: {dose.name}' at a visit", path)
        if dose.ladder:
            yield from _check_ladder(look, dose, path)
        elif dose.adjust:
            message = f"{dose.adjust} adjusts {dose.name}, which has no ladder"
            yield look.finding("ladder.missing", message, "write ladder: and start:", path)


def _check_ladder(look: Look, dose: m.Dose, path: str) -> Findings:
    rungs, top = [rung.value for rung in dose.ladder], dose.ladder[-1]
    if dose.amount.unit != top.unit or dose.amount.value not in rungs:
        above = dose.amount.unit == top.unit and dose.amount.value > top.value
        code, where = ("dose.above_ladder", "above") if above else ("dose.off_ladder", "not on")
        message = f"{dose.name} starts at {dose.amount}, {where} its ladder"
        yield look.finding(code, message, "start at one of the rungs", f"{path}.start")
        return
    if m.escalation_of(look.protocol, dose.name) and not dose.adjust:
        return
    if not dose.adjust:
        message = f"nothing moves {dose.name} along its ladder"
        yield look.finding(
            "ladder.unadjusted", message, "name a decision table under adjust, or write a rule with a design", path
        )
        return
    table = look.protocol.rules[dose.adjust]
    steps = {*(row.then for row in table.rows), table.otherwise} if isinstance(table, m.Table) else set()
    left = len(rungs) - 1 - rungs.index(dose.amount.value)
    later = len(look.protocol.visits_giving(dose.name)) - 1
    if "up" in steps and not left:
        message = f"{dose.name} starts at the top of its ladder, and {table.name} says up"
        yield look.finding("ladder.exceeded", message, "start lower or take the row out", f"{path}.start")
    elif "up" in steps and later > left:
        message = f"{table.name} can ask for more than {top}; the dose then stays there"
        yield look.finding("ladder.top", message, "confirm that the top rung is repeated", f"{path}.ladder")


def check_weights(look: Look) -> Findings:
    """A dose per kilogram is given at a visit that does not know the weight."""
    for dose in look.protocol.doses.values():
        if dose.weight is None:
            continue
        path, fact = f"doses.{dose.name}.{'start' if dose.ladder else 'amount'}", look.protocol.facts[dose.weight.fact]
        measure = unit_or_none(fact.unit)
        if fact.kind != "number" or measure is None or measure.dimension != (("g", 1),):
            message = f"{dose.name} is per kilogram, but {fact.name} is measured in {fact.unit or 'no unit'}"
            yield look.finding("weight.unit", message, "declare it as a number in kg", path, f"facts.{fact.name}")
        for visit in look.protocol.visits_giving(dose.name):
            at = dose.weight.at or visit.name
            late = at in look.plan and visit.name in look.plan and look.plan[at].low > look.plan[visit.name].high
            if fact.name not in look.does(at) or late:
                message = f"{visit.name} gives {dose.name} by {fact.name} at {at}, which {_when_weighed(late)}"
                yield look.finding("weight.unmeasured", message, f"add {fact.name} to the visit's do", path,
                                   f"schedule.{at}")  # fmt: skip


def _when_weighed(late: bool) -> str:
    return "comes later" if late else "does not measure it"


def check_products(look: Look) -> Findings:
    """A product in no dose, unless `assumed` says why; the patient's own cells given with no specimen taken before."""
    for product in look.protocol.products.values():
        path = f"products.{product.name}"
        doses = [dose.name for dose in look.protocol.doses.values() if dose.product == product.name]
        if not doses and path not in look.protocol.assumed:
            message = f"{product.name} is in no dose, so nobody can be given it"
            hint = f"write a dose, or say under assumed, as {path}, why not"
            yield look.finding("product.undosed", message, hint, path)
        elif doses and product.donor == "patient" and not _collected(look, doses):
            message = f"no visit takes a specimen before {product.name} is given"
            yield look.finding("collection.missing", message, "add a fact of kind specimen to an earlier visit", path)


def _collected(look: Look, doses: list[str]) -> bool:
    given = [visit.name for name in doses for visit in look.protocol.visits_giving(name)]
    first = min((look.plan[name].low for name in given if name in look.plan), default=float("inf"))
    taken = (name for name in look.plan if look.plan[name].low < first)
    return any(look.protocol.facts[fact].kind == "specimen"
               for name in taken for fact in look.does(name) if fact in look.protocol.facts)  # fmt: skip
