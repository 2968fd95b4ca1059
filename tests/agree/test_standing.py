"""Where an escalation stands, against a second telling of it: cohort by cohort, by `advise` and `observe`."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalating_site import BEGIN, LEVELS, design, rule, text
from stromal.protocol.file import load
from stromal.rules.chart import AdverseEvent, Chart, Infusion
from stromal.rules.escalation import Stop, Treat, advise, begin, observe
from stromal.rules.escalation.person import course
from stromal.rules.escalation.standing import NOTHING, History, Standing, standing

DESIGNS = [
    "design: boin\nmost: 15", "design: 3+3", "design: 3+3\ndeescalate: yes", "design: i3+3\ncohort: 2\nmost: 12",
    "design: mtpi2\nmost: 12", "design: fixed\nallowed: 1", "design: crm\nmost: 9\ncohort: 2",
    "design: tite-crm\nmost: 9\ncohort: 2", "design: blrm\nmost: 9",
    "design: boin\nmost: 12\nstop_at: 6\ntoo_toxic: 0.3",
]  # fmt: skip
PROTOCOLS = {each: load(text(f"{each}\nwindow: 28 days")).require() for each in DESIGNS}


def chart(name: str, day: date, level: int, toxic: bool, entry: int) -> Chart:
    """Somebody given a level, with or without toxicity two days later."""
    dose = Infusion("infusion", "infusion", "L1", day, LEVELS[level], LEVELS[level], LEVELS[level], 5.0, entry=entry)
    events = (AdverseEvent("AE1", "Fever", 3, day + timedelta(days=2), True, entry=entry + 1),) if toxic else ()
    return Chart(name, day, day, infusions=(dose,), adverse_events=events)


def asked(which: str, charts: list[Chart], day: date, history: History = NOTHING) -> Standing:
    """Where it stands."""
    protocol = PROTOCOLS[which]
    return standing(rule(protocol), protocol, charts, day, history)


@pytest.mark.parametrize("which", DESIGNS)
@given(outcomes=st.lists(st.booleans() | st.just(False), min_size=15, max_size=15))
@settings(max_examples=25, deadline=None)
def test_cohort_by_cohort(which: str, outcomes: list[bool]) -> None:
    """Between cohorts the advice and the tally are those of `advise` and `observe`; within one its level is kept, and
    while windows are open it waits.
    """
    made, charts, day = design(PROTOCOLS[which]), list[Chart](), BEGIN
    tally, left = begin(len(LEVELS)), list(outcomes)
    while isinstance(advice := advise(made, tally), Treat) and len(left) >= advice.size:
        assert asked(which, charts, day).advice == advice
        mine, left = left[: advice.size], left[advice.size :]
        for place, toxic in enumerate(mine, 1):
            charts.append(chart(f"P{len(charts)}", day, advice.dose, toxic, 10 * len(charts) + 1))
            found = asked(which, charts, day)
            if place < advice.size:
                assert (found.level, found.waiting, len(found.cohorts[-1].people)) == (advice.dose, (), place)
            else:
                assert found.waiting or isinstance(found.advice, Stop) or "tite-crm" in which, "it weighs open windows"
        day += timedelta(days=29)
        tally = observe(made, tally, advice.dose, len(mine), sum(mine))
        found = asked(which, charts, day)
        assert (found.tally, found.tally.top) == (tally, tally.top)
    if isinstance(advice, Stop):
        assert asked(which, charts, day).advice == advice


_DAYS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), st.booleans()), max_size=12)


@pytest.mark.parametrize("which", DESIGNS)
@given(given_=_DAYS, aside=st.sets(st.integers(0, 11)), later=st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_whatever_happened(
    which: str, given_: list[tuple[int, int, bool]], aside: set[int], later: int
) -> None:  # fmt: skip
    """Whatever was given to whom, against the design too: everybody is counted once, nothing that was closed opens, and
    what is known does not depend on the order of the charts.
    """
    charts, day = [], BEGIN
    for place, (gap, level, toxic) in enumerate(given_):
        day += timedelta(days=gap)
        charts.append(chart(f"P{place}", day, level, toxic, 10 * place + 1))
    history = History({}, frozenset(f"P{place}" for place in aside))
    found = asked(which, charts, day + timedelta(days=later), history)
    assert found.tally.people == len(charts)
    assert sum(len(each.people) for each in (*found.cohorts, *found.aside)) == len(charts)
    assert all(len({x.level for x in each.people}) == 1 and len(each.people) <= each.size for each in found.cohorts)
    assert asked(which, charts[::-1], day + timedelta(days=later), history) == found
    earlier = asked(which, charts[:-1], day + timedelta(days=later), history)
    assert found.tally.top <= earlier.tally.top
    if isinstance(found.advice, Treat):
        assert found.advice.dose < found.tally.top, "a closed level is never given"


@given(toxic=st.lists(st.booleans(), min_size=3, max_size=3), days=st.integers(1, 40))
def test_open_people_count_by_their_share(toxic: list[bool], days: int) -> None:
    """The share of the window that has passed, from 0 on the day of the dose to 28/29 on its last day."""
    which = DESIGNS[0]
    charts = [chart(f"P{place}", BEGIN, 0, each, 10 * place + 1) for place, each in enumerate(toxic)]
    found = asked(which, charts, BEGIN + timedelta(days=days))
    seen = toxic if days >= 2 else [False] * 3  # an event of tomorrow is not known today
    assert found.tally.toxic == (sum(seen), 0, 0)
    shares = found.tally.pending[0] if found.tally.pending else ()
    assert shares == ((days / 29,) * (3 - sum(seen)) if days <= 28 else ())


def test_a_cohort_begun_after_toxicity_is_filled() -> None:
    """A level that the design returns to gets its whole cohort, whatever was seen there before; it is left as soon as
    a toxicity of the cohort's own decides.
    """
    which = "design: i3+3\ncohort: 2\nmost: 12"
    levels = [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1]
    toxic = [False, False, False, True, False, False, True, True, False, False, False]
    charts = [chart(f"P{place}", BEGIN + timedelta(days=29 * (place // 2)), level, bad, 10 * place + 1)
              for place, (level, bad) in enumerate(zip(levels, toxic, strict=True))]  # fmt: skip
    day = BEGIN + timedelta(days=29 * 5)
    found = asked(which, charts, day)
    assert (found.written, found.level) == ("1NN 2NT 2NN 2TT 1NN 2?", 1)
    worse = [*charts[:-1], chart("P10", day, 1, True, 101)]
    assert asked(which, worse, day + timedelta(days=29)).level == 0


def test_a_course_has_no_cohorts() -> None:
    """A design within participants has no standing of cohorts, and one of cohorts no course of a person."""
    within = load(text("design: within\nwindow: 28 days")).require()
    with pytest.raises(TypeError, match="no cohorts"):
        standing(rule(within), within, (), BEGIN)
    with pytest.raises(TypeError, match="looks at cohorts"):
        course(rule(PROTOCOLS[DESIGNS[0]]), PROTOCOLS[DESIGNS[0]], Chart("P1"), (), BEGIN)


def test_a_level_closed_from_behind() -> None:
    """Toxicities that come late close a level while people are treated above it: nobody else is treated there."""
    which = DESIGNS[0]
    levels, toxic = [1, 1, 1, 2], [True, True, True, False]
    charts = [chart(f"P{place}", BEGIN, level, bad, 10 * place + 1)
              for place, (level, bad) in enumerate(zip(levels, toxic, strict=True))]  # fmt: skip
    advice = asked(which, charts, BEGIN + timedelta(days=29)).advice
    assert isinstance(advice, Treat)
    assert (advice.dose, advice.reason) == (0, "dose 2 is closed: down")
