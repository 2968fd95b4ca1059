"""Protocol file <-> model: load with line-accurate findings, dump, and format. Step 3 of the walk.

`load` takes the text of a file and gives the Protocol (or None) with every finding; `require` turns errors into
Unusable. `dump` writes a Protocol as a canonical file, and load(dump(p)) == p. `fmt` rewrites a file canonically and
keeps its comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, assert_never

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

from stromal.protocol import model as m
from stromal.protocol import notation as n
from stromal.protocol import tree as t
from stromal.protocol.designs import Number, write_number
from stromal.protocol.look import rule_paths
from stromal.protocol.nodes import parse as parse_nodes
from stromal.protocol.nodes import yaml
from stromal.protocol.reading import Reader, first_of
from stromal.protocol.shape import FORMAT, SECTIONS, SHAPES, keys, shape_of
from stromal.protocol.writing import write
from stromal.values import Finding, Unusable, short


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading a file: the protocol, unless there are errors, and every finding."""

    protocol: m.Protocol | None
    findings: tuple[Finding, ...]

    def require(self) -> m.Protocol:
        """The protocol. Raises Unusable with all findings when there are errors."""
        if self.protocol is None:
            raise Unusable(*self.findings)
        return self.protocol


def load(text: str, file: str = "") -> Loaded:
    """Read a protocol file. Never raises: what is wrong comes back as findings, all of them."""
    try:
        root, report = parse_nodes(text, file)
    except Unusable as unusable:
        return Loaded(None, unusable.findings)
    protocol = Reader(root, report).protocol()
    findings = tuple(dict.fromkeys(sorted(report.findings, key=lambda finding: finding.places[0].line)))
    return Loaded(None if report.failed else protocol, findings)


# ---------------------------------------------------------------- model -> file


def dump(protocol: m.Protocol) -> str:
    """The protocol as a canonical file: load(dump(p)) gives p again."""
    kept = _kept(as_written(protocol))
    _arrange(kept, {})
    for name in list(kept)[1:]:
        kept.yaml_set_comment_before_after_key(name, before="\n")
    return _text(kept)


def as_written(protocol: m.Protocol) -> dict[str, object]:
    """The protocol as nested keys and texts, the way a file holds it, empty ones included."""
    root: dict[str, object] = {"stromal": FORMAT}
    root["trial"] = {**_plain(protocol.trial, "trial"), "src": _names(protocol.trial.src)}
    root["version"] = {**_plain(protocol.version, "version"), "src": _names(protocol.version.src)}
    root["sources"] = {name: _Line(_source(source)) for name, source in protocol.sources.items()}
    root["assumed"] = {name: _assumption(each) for name, each in protocol.assumed.items()}
    root["population"] = _population(protocol.population)
    facts = {name: fact for name, fact in protocol.facts.items() if name not in m.BUILT_IN}
    root["facts"] = {name: _Line(_fact(fact)) for name, fact in facts.items()}
    root["products"] = {name: _product(product) for name, product in protocol.products.items()}
    root["doses"] = {name: _dose(dose) for name, dose in protocol.doses.items()}
    root["schedule"] = {name: _visit(visit) for name, visit in protocol.schedule.items()}
    root["rules"] = {name: _rule(rule) for name, rule in protocol.rules.items()}
    root["objectives"] = {
        name: {"rank": o.rank, "says": o.says, "endpoint": write(o.endpoint), "src": _names(o.src)}
        for name, o in protocol.objectives.items()
    }
    root["analyses"] = {name: _analysis(analysis) for name, analysis in protocol.analyses.items()}
    return root


class _Line(dict[str, object]):
    """A mapping written on one line."""


def _text(root: object) -> str:
    stream = StringIO()
    yaml().dump(root, stream)
    return stream.getvalue()


def _kept(value: object) -> Any:
    """Without what is empty: an absent key says the same in fewer lines."""
    if isinstance(value, Mapping):
        inside = {key: _kept(each) for key, each in value.items()}
        kept = CommentedMap((key, each) for key, each in inside.items() if each not in ("", None, (), [], {}))
        if isinstance(value, _Line):
            kept.fa.set_flow_style()
        return kept
    if isinstance(value, list | tuple):
        flow = CommentedSeq(_kept(each) for each in value)
        if all(isinstance(each, str | int) for each in value):
            flow.fa.set_flow_style()
        return flow
    return value


def _plain(value: object, shape: str) -> dict[str, object]:
    return {key: getattr(value, key) for key in keys(shape) if key != "src"}


def _names(names: tuple[str, ...]) -> object:
    return names[0] if len(names) == 1 else list(names)


def _source(source: m.Source) -> dict[str, object]:
    lines = source.lines[0] if len(source.lines) == 1 else list(source.lines)
    return {"path": source.path, "lines": lines, "says": source.says}


def _assumption(assumption: m.Assumption) -> object:
    if not assumption.confirmed:
        return assumption.says
    return {"says": assumption.says, "confirmed": assumption.confirmed}


def _population(population: m.Population) -> dict[str, object]:
    def criteria(include: bool) -> dict[str, object]:
        return {
            each.name: {"says": each.says, "when": write(each.when), "src": _names(each.src)}
            for each in population.criteria
            if each.include is include
        }

    age = write(population.age).removeprefix("age ") if population.age else ""
    return {
        "condition": population.condition, "sex": population.sex, "age": age,
        "include": criteria(include=True), "exclude": criteria(include=False), "src": _names(population.src),
    }  # fmt: skip


def _fact(fact: m.Fact) -> dict[str, object]:
    span = "" if fact.low is None or fact.high is None else f"{short(fact.low)}..{short(fact.high)}"
    return {
        "kind": fact.kind, "unit": fact.unit, "range": span, "of": list(fact.options or fact.members),
        "instrument": fact.instrument, "grading": fact.grading, "by": fact.by, "code": fact.code, "says": fact.says,
        "src": _names(fact.src),
    }  # fmt: skip


def _product(product: m.Product) -> dict[str, object]:
    return {
        "says": product.says, "tissue": product.tissue, "donor": product.donor,
        "release": [n.write_test(test) for test in product.release], "src": _names(product.src),
    }  # fmt: skip


def _dose(dose: m.Dose) -> dict[str, object]:
    amount = n.write_amount(dose.amount, dose.weight)
    return {
        "product": dose.product,
        "amount": "" if dose.ladder else amount,
        "ladder": n.write_ladder(dose.ladder) if dose.ladder else "",
        "start": amount if dose.ladder else "",
        "adjust": dose.adjust,
        "cap": "" if dose.cap is None else n.write_span((dose.cap, dose.cap), "kg"),
        "volume": "" if dose.volume is None else n.write_span(dose.volume, "mL"),
        "removed": "" if dose.removed is None else n.write_span((dose.removed, dose.removed), "mL"),
        "route": dose.route,
        "tolerance": "" if dose.tolerance is None else n.write_span(dose.tolerance, "%"),
        "says": dose.says,
        "src": _names(dose.src),
    }


def _visit(visit: m.Visit) -> dict[str, object]:
    condition, unless = (write(visit.condition) if visit.condition else ""), ""
    if isinstance(visit.condition, t.Not):
        condition, unless = "", write(visit.condition.item)
    return {
        "at": n.write_when(visit.when), "window": n.write_window(visit.early, visit.late), "epoch": visit.epoch,
        "give": visit.give, "if": condition, "unless": unless, "do": list(visit.do),
        "says": visit.says, "src": _names(visit.src),
    }  # fmt: skip


def _rule(rule: m.Rule) -> dict[str, object]:
    common = {"says": rule.says, "src": _names(rule.src)}
    match rule:
        case m.Predicate():
            return {"when": write(rule.when), "declares": rule.declares, **common}
        case m.Table():
            rows = [{"when": write(row.when), "then": row.then} for row in rule.rows]
            return {"choose": rows, "otherwise": rule.otherwise, **common}
        case m.Hold():
            signed = f"signed by {' and '.join(rule.release)}" if rule.release else ""
            asked = {"when": write(rule.when)} if rule.boundary is None else _boundary(rule.boundary)
            return {"hold": rule.level, "of": rule.dose, **asked, "release": signed, **common}
        case m.Escalation():
            window, seen = str(rule.window) if rule.window else "", write(rule.seen) if rule.seen else ""
            named = {"design": rule.design, "of": rule.dose, "toxicity": write(rule.toxicity), "window": window}
            return {**named, "seen": seen, **_numbers(rule.numbers), **common}
    assert_never(rule)


def _boundary(boundary: m.Boundary) -> dict[str, object]:
    return {"boundary": boundary.kind, "events": write(boundary.events), **_numbers(boundary.numbers)}


def _numbers(numbers: tuple[tuple[str, Number], ...]) -> dict[str, object]:
    return {name: write_number(value) for name, value in numbers}


def _analysis(analysis: m.Analysis) -> dict[str, object]:
    population = write(analysis.population) if analysis.population else ""
    return {
        "of": analysis.of, "method": analysis.method, "population": population, "estimand": analysis.estimand,
        "says": analysis.says, "src": _names(analysis.src),
    }  # fmt: skip


# ---------------------------------------------------------------- the formatter


def fmt(text: str, file: str = "") -> str:
    """The file rewritten canonically: keys in order, expressions in one spelling, comments kept. Raises Unusable."""
    protocol = load(text, file).require()
    root, _ = parse_nodes(text, file)
    _arrange(root, {**_spellings(protocol), **_visit_spellings(protocol, root.get("schedule") or {})})
    return _text(root)


def _arrange(root: CommentedMap, spelling: Mapping[str, str]) -> None:
    """Sections and keys in canonical order, expressions as spelled."""
    _order(root, ("stromal", *SECTIONS))
    for name, (shape, named, _) in SECTIONS.items():
        node = root.get(name)
        for key in list(node) if named and isinstance(node, CommentedMap) else ():
            if isinstance(node[key], CommentedMap):
                _format(node[key], shape_of(shape, node[key]), f"{name}.{key}", spelling)
        if isinstance(node, CommentedMap) and not named:
            _format(node, shape, name, spelling)


def _format(node: CommentedMap, shape: str, path: str, spelling: Mapping[str, str]) -> None:
    _order(node, keys(shape))
    for key in SHAPES[shape]:
        inside = node.get(key.name)
        if key.form in ("expression", "number expression") and f"{path}.{key.name}" in spelling:
            node[key.name] = spelling[f"{path}.{key.name}"]
        elif isinstance(inside, CommentedMap):
            for name in inside:
                _format(inside[name], "criterion", f"{path}.{key.name}.{name}", spelling)
        elif key.name == "choose":
            for index, row in enumerate(inside or ()):
                _format(row, "row", f"{path}.choose.{index + 1}", spelling)


def _order(node: CommentedMap, order: tuple[str, ...]) -> None:
    last = next(reversed(node), None)
    for name in order:
        if name in node:
            node.move_to_end(name)
    if (end := next(reversed(node), None)) != last:
        _move_tail(node, last, end)


def _move_tail(node: CommentedMap, old: object, new: object) -> None:
    """The blank lines and comments that follow an entry stay behind it when another key becomes its last."""
    token = (node.ca.items.get(old) or [None] * 3)[2]
    head, _, tail = token.value.partition("\n") if token else ("", "", "")
    if not tail:
        return
    token.value = f"{head}\n"
    mine = (node.ca.items.get(new) or [None] * 3)[2]
    if mine is None:
        node.ca.items[new] = [None, None, CommentToken(f"\n{tail}", CommentMark(0), None), None]
    else:
        mine.value += tail


def _visit_spellings(protocol: m.Protocol, schedule: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Path -> canonical text of the conditions of visits, which a repeat shares."""
    found = {}
    for name, node in schedule.items():
        condition, path = protocol.schedule[first_of(name)].condition, f"schedule.{name}"
        if node.get("unless") and condition:
            both = condition.items if isinstance(condition, t.All) and node.get("if") else (None, condition)
            condition, unless = both
            assert isinstance(unless, t.Not)
            found[f"{path}.unless"] = write(unless.item)
        if condition:
            found[f"{path}.if"] = write(condition)
    return found


def _spellings(protocol: m.Protocol) -> dict[str, str]:
    """Path -> canonical text of every expression in the file."""
    found = {}
    if protocol.population.age:
        found["population.age"] = write(protocol.population.age).removeprefix("age ")
    for each in protocol.population.criteria:
        found[f"population.{'include' if each.include else 'exclude'}.{each.name}.when"] = write(each.when)
    for rule in protocol.rules.values():
        if isinstance(rule, m.Hold) and rule.boundary:
            found[f"rules.{rule.name}.events"] = write(rule.boundary.events)
        else:
            found |= {path: write(when) for path, when in rule_paths(rule)}
    found |= {f"objectives.{o.name}.endpoint": write(o.endpoint) for o in protocol.objectives.values()}
    return found | {
        f"analyses.{a.name}.population": write(a.population) for a in protocol.analyses.values() if a.population
    }
