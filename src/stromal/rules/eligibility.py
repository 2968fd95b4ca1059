"""Criterion + facts -> verdict, with the reason and what would settle it. Step 5 of the walk.

A criterion is *met* when it speaks for taking part: an inclusion that holds, an exclusion that does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.protocol import tree as t
from stromal.protocol.model import Criterion, Protocol
from stromal.protocol.writing import write
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Verdict, all_of, negate


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict on one criterion: met when it speaks for taking part."""

    criterion: Criterion
    verdict: Verdict
    path: str


@dataclass(frozen=True, slots=True)
class Screening:
    """The verdict on a person: met when every criterion is; not met when one is not; else unknown."""

    verdict: Verdict
    lines: tuple[Line, ...]


def assess(criterion: Criterion, case: Case) -> Verdict:
    """The verdict on one criterion for a case."""
    held = judge(criterion.when, case)
    if criterion.include:
        return held
    return Verdict(negate(held.truth), held.reason, held.evidence, held.settle)


def structured(protocol: Protocol) -> tuple[tuple[Criterion, str], ...]:
    """The structured limits of the population, age and sex, as criteria with their paths."""
    population, found = protocol.population, []
    if population.age is not None:
        limits = write(population.age).removeprefix("age ")
        found.append((Criterion("age", f"age {limits}", population.age, include=True), "population.age"))
    if population.sex != "any":
        condition = t.OneOf(t.FactValue("sex"), (population.sex,))
        found.append((Criterion("sex", population.sex, condition, include=True), "population.sex"))
    return tuple(found)


def criteria(protocol: Protocol) -> tuple[tuple[Criterion, str], ...]:
    """Every criterion of a protocol with its path, the structured ones first."""
    written = tuple(
        (each, f"population.{'include' if each.include else 'exclude'}.{each.name}")
        for each in protocol.population.criteria
    )
    return structured(protocol) + written


def screen(case: Case) -> Screening:
    """All criteria of the protocol for one person, and the verdict they add up to."""
    lines = tuple(Line(each, assess(each, case), path) for each, path in criteria(case.protocol))
    truth = all_of(line.verdict.truth for line in lines)
    telling = [line for line in lines if line.verdict.truth is truth] if truth is not True else []
    reason = "; ".join(f"{line.criterion.name}: {line.verdict.reason}" for line in telling) or "every criterion is met"
    evidence = tuple(dict.fromkeys(entry for line in lines for entry in line.verdict.evidence))
    settle = tuple(dict.fromkeys(what for line in telling for what in line.verdict.settle)) if truth is None else ()
    return Screening(Verdict(truth, reason, evidence, settle), lines)
