"""The one checker, run on every design and modifier; and broken rules, which it must find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stromal.designs.checker import check_design
from stromal.rules.escalation import Advice, Stop, Tally, Treat, advise
from stromal.rules.escalation.designs import (
    AtMost,
    Blrm,
    Boin,
    Coherent,
    CohortOf,
    Crm,
    Design,
    FixedCohorts,
    IThreePlusThree,
    Makeable,
    Mtpi2,
    NoSkipping,
    Staggered,
    StartAt,
    StopAt,
    StopTooToxic,
    Suspended,
    ThreePlusThree,
    modifiers,
)  # fmt: skip
from stromal.rules.escalation.models import skeleton

DOSES = 4
CORES: tuple[Design, ...] = (
    FixedCohorts(3, 1),
    ThreePlusThree(),
    ThreePlusThree(deescalate=True),
    Boin(0.30),
    Boin(0.20, cutoff=0.90),
    IThreePlusThree(0.25),
    Mtpi2(0.30),
    Crm(skeleton(0.06, 0.30, 2, DOSES), 0.30, size=3),
    Crm(skeleton(0.05, 0.25, 3, DOSES, "logistic"), 0.25, "logistic", size=3),
    Blrm((1, 2, 4, 8), 8, overdose=0.30),
)


@pytest.mark.parametrize("design", CORES, ids=lambda design: type(design).__name__)
def test_every_design_keeps_its_promises(design: Design) -> None:
    """Alone, and inside every modifier at once."""
    assert check_design(AtMost(design, 15), DOSES) == ()
    wrapped = StopAt(StopTooToxic(StartAt(NoSkipping(CohortOf(design, 2)), 1), 0.30), 8)
    assert check_design(Staggered(AtMost(Suspended(Makeable(wrapped, (1, 1, 0.9, 0.5))), 11), 1, 7, 7), DOSES) == ()
    assert check_design(AtMost(Coherent(NoSkipping(design), 0.34), 12), DOSES) == ()


@st.composite
def modified(draw: st.DrawFn) -> Design:
    """Some design inside some modifiers, of at most ten people."""
    design = draw(st.sampled_from(CORES[:7]))
    for _ in range(draw(st.integers(0, 4))):
        wrap = draw(st.sampled_from((
            NoSkipping, Suspended,
            lambda inner: StartAt(inner, draw(st.integers(0, 5))),
            lambda inner: Coherent(inner, 0.34),
            lambda inner: StopAt(inner, draw(st.integers(1, 9))),
            lambda inner: CohortOf(inner, draw(st.integers(1, 4))),
            lambda inner: StopTooToxic(inner, draw(st.sampled_from((0.2, 0.4)))),
            lambda inner: Makeable(inner, (1, 0.9, 0.9, 0.4)),
        )))  # fmt: skip
        design = wrap(design)
    return AtMost(design, draw(st.integers(1, 10)))


def _settled(design: Design) -> bool:
    """Whether no modifier undoes one inside it: cohorts and first doses set outside, and skipping between them."""
    names = [type(modifier).__name__ for modifier in modifiers(design)]
    return len(names) == len(set(names)) and "CohortOf" not in names[1:] and "StartAt" not in names


@settings(max_examples=60, deadline=None)
@given(modified())
def test_modifiers_in_any_order(design: Design) -> None:
    """Whatever wraps what, people, skipping and coherence are kept."""
    kept = {breach.promise for breach in check_design(design, DOSES)}
    assert not kept & {"AtMost", "somebody is treated on one of the doses", "a declared dose is one of the doses"}
    if _settled(design):
        assert not kept - {"more toxicity never leads to a higher dose"}


def _higher(design: Design, tally: Tally) -> Advice:
    """A broken rule: it goes up after toxicity, by two doses."""
    answer = advise(design, tally)
    if isinstance(answer, Treat) and tally.last[1] >= 2:
        return replace(answer, dose=min(tally.doses - 1, tally.highest + 2), size=4)
    return answer


def _over(design: Design, tally: Tally) -> Advice:
    """A broken rule: it declares a dose that does not exist."""
    answer = advise(design, tally)
    return replace(answer, selected=99) if isinstance(answer, Stop) else answer


def test_broken_rules_are_found() -> None:
    """Every promise can be broken, and is told with the state that breaks it."""
    design = AtMost(Coherent(NoSkipping(StopAt(StopTooToxic(StartAt(Boin(0.30), 0), 0.30), 6)), 0.34), 9)
    found = {breach.promise for breach in check_design(design, DOSES, _higher)}
    assert {"NoSkipping", "Coherent", "AtMost", "more toxicity never leads to a higher dose"} <= found
    assert "a declared dose is one of the doses" in {b.promise for b in check_design(design, DOSES, _over)}
    breach = next(b for b in check_design(design, DOSES, _over) if isinstance(b.answer, Stop))
    assert breach.tally.people > 0


def test_a_design_too_large_to_check_says_so() -> None:
    """It asks for fewer people instead of running for ever."""
    with pytest.raises(ValueError, match="check it with fewer people"):
        check_design(AtMost(Boin(0.30), 60), 6, most=500)
