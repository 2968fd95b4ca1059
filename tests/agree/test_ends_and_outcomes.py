"""Ends weighed quickly are the ends weighed one by one; trials without a calendar are the trials with one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stromal.designs import exact
from stromal.rules.escalation.designs import AtMost, Boin, Design, FixedCohorts, ThreePlusThree

DESIGNS: dict[str, Design] = {
    "fixed": FixedCohorts(3, 1),
    "3+3": ThreePlusThree(),
    "3+3 with de-escalation": ThreePlusThree(deescalate=True),
    "BOIN, 20 people, the last cohort cut": AtMost(Boin(0.30), 20),
}
chances = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-12, 1 - 1e-12]), st.floats(0, 1))


def plainly(found: exact.Ends, true: list[float]) -> exact.Characteristics:
    """The same, end by end and added up without rounding."""
    mass = []
    for ways, treated, toxic in zip(found.ways, found.treated, found.toxic, strict=True):
        each = zip(treated, toxic, true, strict=True)
        mass.append(ways * math.prod(chance**hurt * (1 - chance) ** (people - hurt) for people, hurt, chance in each))
    doses = range(len(true))
    sizes = sorted(set(found.people.tolist()))
    picked = [math.fsum(m for m, s in zip(mass, found.selected, strict=True) if s == dose) for dose in (-1, *doses)]
    return exact.Characteristics(
        tuple(true),
        tuple(picked[1:]),
        picked[0],
        tuple(math.fsum(m * n for m, n in zip(mass, found.treated[:, dose], strict=True)) for dose in doses),
        tuple(math.fsum(m * n for m, n in zip(mass, found.toxic[:, dose], strict=True)) for dose in doses),
        tuple((size, math.fsum(m for m, n in zip(mass, found.people, strict=True) if n == size)) for size in sizes),
    )


def near(one: exact.Characteristics, other: exact.Characteristics) -> bool:
    """Whether all numbers agree to 1e-12."""
    flat = [
        [*each.selection, each.none, *each.treated, *each.toxic, *(number for pair in each.people for number in pair)]
        for each in (one, other)
    ]
    return flat[0] == pytest.approx(flat[1], abs=1e-12, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(DESIGNS)), st.integers(1, 4), st.data())
def test_ends_are_weighed_as_if_one_by_one(name: str, doses: int, draw: st.DataObject) -> None:
    """Any scenario, from one dose to four, chances of 0 and 1 among them."""
    found = exact.ends(DESIGNS[name], doses)
    true = draw.draw(st.lists(chances, min_size=doses, max_size=doses))
    assert near(exact.characteristics(found, true), plainly(found, true))


def test_many_scenarios_are_each_of_them() -> None:
    """To the last bit, in their order; none give none."""
    found = exact.ends(DESIGNS["3+3"], 5)
    scenarios = np.random.default_rng(1).random((9, 5))
    assert exact.characteristics_of(found, list(scenarios)) == tuple(
        exact.characteristics(found, each.tolist()) for each in scenarios
    )
    assert exact.characteristics_of(found, []) == ()
    with pytest.raises(ValueError, match="is no probability"):
        exact.characteristics_of(found, [[0.1] * 5, [0.1, 0.2, 0.3, 0.4, 1.5]])
