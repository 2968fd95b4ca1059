"""Checks of who may take part: implausible numbers, contradictions, limits said twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from stromal.protocol import limits as lim
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.look import Findings, Look, expressions, path_of
from stromal.protocol.writing import write
from stromal.values import Quantity


def check_literals(look: Look) -> Findings:
    """A number lies outside what its fact can be: 8 mg/dL of haemoglobin is 0.008 g/dL."""
    for path, expr in expressions(look.protocol):
        for node in t.walk(expr):
            for term, literal in _compared(node):
                told = _implausible(term, literal, look.protocol)
                if told:
                    yield look.finding("literal.implausible", f"{write(node)!r}: {told[0]}", told[1], path)


def _compared(node: t.Expr) -> Iterator[tuple[t.Expr, t.Number]]:
    match node:
        case t.Compare(_, left, right):
            yield from ((a, b) for a, b in ((left, right), (right, left)) if isinstance(b, t.Number))
        case t.Between(item, low, high, unit):
            yield from ((item, t.Number(Quantity(end, unit))) for end in (low, high))


def _implausible(term: t.Expr, literal: t.Number, protocol: m.Protocol) -> tuple[str, str] | None:
    """Why a literal cannot be right for a term, and what may be meant."""
    if isinstance(term, t.Age):
        if 0 <= literal.quantity.value <= 120:
            return None
        return f"nobody is {literal.quantity.value} years old", "write an age between 0 and 120 years"
    fact = protocol.facts.get(getattr(term, "fact", ""))
    if fact is None or fact.low is None or fact.high is None or not isinstance(term, t.FactValue | t.Change):
        return None
    low, high = (fact.low - fact.high, fact.high - fact.low) if isinstance(term, t.Change) else (fact.low, fact.high)
    value = lim.in_own_unit(term, literal, protocol)
    if low <= value <= high:
        return None
    own = Quantity(value, fact.unit)
    says = f"{literal.quantity} is {own}" if literal.quantity.unit != fact.unit else f"{own}"
    meant = Quantity(literal.quantity.value, fact.unit)
    hint = f"did you mean {meant}?" if low <= meant.value <= high else "correct the number or the range of the fact"
    return f"{says}, outside {Quantity(low)} to {Quantity(high, fact.unit)}", hint


def _demanded(look: Look) -> list[lim.Demand]:
    """What everybody who takes part fulfils, with the path that says so."""
    protocol, population = look.protocol, look.protocol.population
    found: list[lim.Demand] = list(lim.demands(population.age, protocol, "population.age")) if population.age else []
    if population.sex != "any":
        found.append(lim.Options(t.FactValue("sex"), frozenset({population.sex}), "population.sex"))
    for each in population.criteria:
        found += lim.demands(each.when, protocol, f"{path_of(each)}.when", truth=each.include)
    return found


def check_population(look: Look) -> Findings:
    """Two demands that nobody fulfils together, those of a fact's own range included."""
    found = _demanded(look)
    ranges: list[lim.Demand] = []
    for term in dict.fromkeys(each.term for each in found if isinstance(each.term, t.FactValue)):
        fact = look.protocol.facts[term.fact] if isinstance(term, t.FactValue) else None
        if fact and fact.low is not None and fact.high is not None:
            path = f"facts.{fact.name}.range"
            ranges += [lim.Limit(term, ">=", fact.low, path), lim.Limit(term, "<=", fact.high, path)]
    for first, second in lim.conflicts([*found, *ranges]):
        message = f"nobody can take part: {_name(first)} and {_name(second)} exclude each other on {write(first.term)}"
        yield look.finding("population.empty", message, "correct one of the two", first.path, second.path)


def _name(demand: lim.Demand) -> str:
    """A path as people name it: I4, age."""
    parts = demand.path.removesuffix(".when").split(".")
    return ".".join(parts[1:]) if parts[0] == "facts" else parts[-1]


def check_ages(look: Look) -> Findings:
    """A criterion that gives another age than the structured field."""
    found = [each for each in _demanded(look) if isinstance(each, lim.Limit) and isinstance(each.term, t.Age)]
    structured = [each for each in found if each.path == "population.age"]
    for path in dict.fromkeys(each.path for each in found if each.path != "population.age"):
        mine = [each for each in found if each.path == path]
        for side in ("low", "high"):
            one, other = lim.stricter(mine, side), lim.stricter(structured, side)
            if not structured or one is None or (other and (one.op, one.value) == (other.op, other.value)):
                continue
            says = f"age {other.op} {float(other.value):g} years" if other else "no such limit"
            message = f"{_name(one)} asks for age {one.op} {float(one.value):g} years, population.age for {says}"
            hint = "keep one reading and list the other under assumed"
            yield look.finding("age.contradiction", message, hint, path, "population.age")


def check_limits(look: Look) -> Findings:
    """Two criteria that limit one thing on one side."""
    found = [d for d in _demanded(look) if isinstance(d, lim.Limit) and not isinstance(d.term, t.Age)]
    for term in dict.fromkeys(each.term for each in found):
        for side in ("low", "high"):
            mine = [each for each in found if each.term == term and each.side == side]
            for first, second in pairwise(mine):
                if first.path == second.path:
                    continue
                decides = lim.stricter((first, second), side) or first
                if (first.op, first.value) == (second.op, second.value):
                    message = f"{_name(first)} and {_name(second)} say one limit on {write(term)}"
                    hint = "keep one, so that an amendment changes both"
                    yield look.finding("limit.twice", message, hint, first.path, second.path)
                else:
                    both = f"{_name(first)} and {_name(second)} limit {write(term)} differently"
                    message = f"{both}; {_name(decides)} decides: {decides.op} {float(decides.value):g}"
                    yield look.finding("limit.differs", message, "say one limit once", first.path, second.path)


def check_minors(look: Look) -> Findings:
    """People under 18 may take part."""
    found = [each for each in _demanded(look) if isinstance(each, lim.Limit) and isinstance(each.term, t.Age)]
    low = lim.stricter(found, "low")
    if low and low.value < 18 - (low.op == ">"):
        message = f"people from {float(low.value):g} years may take part"
        yield look.finding("population.minors", message, "provide for assent and a guardian's consent", low.path)
