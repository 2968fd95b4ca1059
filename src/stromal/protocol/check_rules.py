"""Checks of rules, objectives and facts: tables, holds, endpoints nobody measures, what nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stromal.protocol import limits as lim
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.look import Findings, Look, expressions
from stromal.protocol.timeline import visits_in
from stromal.protocol.writing import write


def check_tables(look: Look) -> Findings:
    """A decision table that leaves a case open, or has a row that never decides."""
    for rule in look.protocol.rules.values():
        if not isinstance(rule, m.Table):
            continue
        path, reading = f"rules.{rule.name}", lim.read_table([row.when for row in rule.rows], look.protocol)
        if not reading.readable and rule.otherwise is None:
            message = f"{rule.name} asks about too many things to be proved total"
            yield look.finding("table.unproved", message, "write otherwise:", path)
        if reading.gap and rule.otherwise is None:
            message = f"{rule.name} decides nothing when {reading.gap}"
            yield look.finding("table.gap", message, "add a row, or write otherwise:", path)
        for index in reading.idle:
            message = f"row {index} of {rule.name} never decides: an earlier row does, or it cannot hold"
            yield look.finding("row.idle", message, "take it out or move it up", f"{path}.choose.{index}")


def check_rules(look: Look) -> Findings:
    """A rule that can never be true, or that nothing asks for."""
    named = {node.rule for _, expr in expressions(look.protocol) for node in t.walk(expr) if isinstance(node, t.Ref)}
    named |= {dose.adjust for dose in look.protocol.doses.values()}
    for name, rule in look.protocol.rules.items():
        path = f"rules.{name}"
        if isinstance(rule, m.Predicate | m.Hold) and any(lim.conflicts(lim.demands(rule.when, look.protocol))):
            yield look.finding("rule.never", f"{name} can never be true", "correct its condition", f"{path}.when")
        if name not in named and not isinstance(rule, m.Hold | m.Escalation) and not getattr(rule, "declares", ""):
            message = f"nothing asks for {name}"
            yield look.finding("rule.unused", message, "use it in a condition, or take it out", path)


def check_holds(look: Look) -> Findings:
    """A hold that nobody can lift, or of a dose that is not named."""
    for rule in look.protocol.rules.values():
        if not isinstance(rule, m.Hold):
            continue
        path = f"rules.{rule.name}"
        unfit = [role for role in rule.release if role not in m.MAY_RELEASE]
        if unfit or not rule.release:
            why = f"{' and '.join(unfit)} may not lift a hold" if unfit else "it names nobody"
            hint = f"write 'release: signed by {m.MAY_RELEASE[-1]}'; also {', '.join(m.MAY_RELEASE[:-1])}"
            yield look.finding("hold.unreleasable", f"nobody can lift {rule.name}: {why}", hint, path)
        if rule.level == "dose" and not rule.dose:
            yield look.finding("hold.dose", f"{rule.name} holds a dose and does not say which", "write of:", path)


# ---------------------------------------------------------------- objectives, facts, sources


def check_measured(look: Look) -> Findings:
    """Something is asked for in a window in which no visit measures it."""
    for path, expr in expressions(look.protocol):
        for fact, window in _asked(expr, look.protocol):
            where = [v for v in visits_in(window, look.protocol, look.plan) if fact in look.does(v)]
            if where:
                continue
            when = f" {write(t.FactValue(fact, window)).removeprefix(fact).strip()}".rstrip()
            endpoint = path.startswith(("objectives.", "analyses."))
            message = f"{path.removesuffix('.when')} asks for {fact}{when}, and no visit there measures it"
            yield look.finding("endpoint.unmeasured" if endpoint else "fact.unmeasured", message,
                               f"add {fact} to the do of a visit", path, f"facts.{fact}")  # fmt: skip


def _asked(expr: t.Expr, protocol: m.Protocol) -> Iterator[tuple[str, t.WindowSpec | None]]:
    """Facts and the windows in which a visit must ask for them; what is history may be asked for at any visit."""
    for node in t.walk(expr):
        match node:
            case t.FactValue(fact, window) | t.Happened(fact, window) | t.Slope(fact, _, window):
                found: tuple[tuple[str, t.WindowSpec | None], ...] = ((fact, window),)
            case t.Count(fact, _, window) | t.Extreme(_, _, fact, _, window):
                found = ((fact, window),)
            case t.Change(fact, base, at):
                found = ((fact, t.At(base)), (fact, t.At(at)))
            case t.TimeSince(fact) | t.Unchanged(fact):
                found = ((fact, None),)
            case _:
                found = ()
        for fact, window in found:
            if fact in protocol.facts and fact not in m.BUILT_IN:
                yield fact, None if protocol.facts[fact].kind in ("episode", "log") else window


def check_endpoints(look: Look) -> Findings:
    """An endpoint that is no measure, a slope through one point, a method that does not fit."""
    for objective in look.protocol.objectives.values():
        path, endpoint = f"objectives.{objective.name}.endpoint", objective.endpoint
        if isinstance(endpoint, t.FactValue | t.TimeSince | t.Length | t.Text) and not _numeric(endpoint, look):
            message = f"{write(endpoint)!r} is neither a number nor true or false"
            yield look.finding("endpoint.kind", message, "compare it with something", path)
        for node in t.walk(endpoint):
            if isinstance(node, t.Slope) and _points(node, look) == 1:
                message = f"{write(node)!r} rests on one visit"
                yield look.finding("endpoint.one_point", message, "measure it at two visits at least", path)


def _numeric(endpoint: t.Expr, look: Look) -> bool:
    return isinstance(endpoint, t.FactValue) and look.protocol.facts[endpoint.fact].kind in ("number", "score")


def _points(slope: t.Slope, look: Look) -> int:
    """At how many visits of the window a fact is measured; a series counts as two."""
    names = [v for v in visits_in(slope.window, look.protocol, look.plan) if slope.fact in look.does(v)]
    return sum(2 if isinstance(look.protocol.schedule[name].when, m.Series) else 1 for name in names)


def check_analyses(look: Look) -> Findings:
    """Methods that do not fit, objectives nobody analyses, no primary objective."""
    protocol = look.protocol
    for analysis in protocol.analyses.values():
        endpoint = protocol.objectives[analysis.of].endpoint
        if not _fits(analysis.method, endpoint, protocol):
            message = f"{analysis.method} does not fit {write(endpoint)!r}"
            hint = f"{analysis.method} needs {_NEEDS[analysis.method]}"
            yield look.finding("analysis.method", message, hint, f"analyses.{analysis.name}.method")
    analysed = {analysis.of for analysis in protocol.analyses.values()}
    for name in protocol.objectives:
        if name not in analysed:
            message = f"no analysis answers {name}"
            yield look.finding("objective.unanalysed", message, "add one under analyses", f"objectives.{name}")
    if all(objective.rank != "primary" for objective in protocol.objectives.values()):
        message = "no objective is primary"
        yield look.finding("objective.primary", message, "give one of them rank: primary", "objectives")


_NEEDS: Mapping[m.Method, str] = {
    "adverse_events": "count(adverse_event ...)",
    "change": "change(fact, from visit) at visit",
    "slope_difference": "one slope minus another",
    "proportion": "a condition that is true or false",
}


def _fits(method: m.Method, endpoint: t.Expr, protocol: m.Protocol) -> bool:
    match method, endpoint:
        case "adverse_events", t.Count(of):
            return of in protocol.facts and protocol.facts[of].kind == "log"
        case "change", t.Change():
            return True
        case "slope_difference", t.Arithmetic("-", t.Slope(), t.Slope()):
            return True
        case "proportion", _:
            return not isinstance(endpoint, t.Arithmetic | t.Count | t.Extreme | t.Slope | t.Change | t.FactValue)
    return False


def check_facts(look: Look) -> Findings:
    """A fact that no visit, condition or dose asks for."""
    protocol = look.protocol
    asked = {name for visit in protocol.schedule for name in (*look.does(visit), *protocol.schedule[visit].do)}
    asked |= {name for _, expr in expressions(protocol) for name in t.facts_read(expr)}
    asked |= {dose.weight.fact for dose in protocol.doses.values() if dose.weight}
    for name in protocol.facts:
        if name not in asked and name not in m.BUILT_IN:
            message = f"{name} is declared and never asked for"
            yield look.finding("fact.unused", message, "add it to a visit's do, or take it out", f"facts.{name}")


def check_sources(look: Look) -> Findings:
    """A source that nothing rests on."""
    protocol = look.protocol
    sections = (
        protocol.facts, protocol.products, protocol.doses, protocol.schedule, protocol.rules, protocol.objectives,
        protocol.analyses,
    )  # fmt: skip
    cited = {*protocol.trial.src, *protocol.version.src, *protocol.population.src}
    cited |= {name for each in protocol.population.criteria for name in each.src}
    cited |= {name for section in sections for each in section.values() for name in each.src}
    for name in protocol.sources:
        if name not in cited:
            message = f"nothing rests on {name}"
            yield look.finding("source.uncited", message, f"write 'src: {name}' where it belongs", f"sources.{name}")


def check_assumed(look: Look) -> Findings:
    """A reading that nobody has confirmed."""
    for each in look.protocol.assumed.values():
        if not each.confirmed:
            hint = "once somebody agrees, write says: and confirmed: below it"
            yield look.finding(
                "assumed.unconfirmed", f"{each.path} is assumed: {each.says}", hint, f"assumed.{each.path}"
            )
