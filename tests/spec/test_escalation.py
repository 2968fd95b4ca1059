"""Finding a dose by a design: whom it treats next, at which level, and when.

The examples are about `docs/escalation.yaml` with other designs put in. `1NNN 2NT?` is three clear on level 1, then one
clear, one toxic and one still watched on level 2.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from escalating_site import BEGIN, LEVELS, rule, text
from spec_trial import table
from stromal.protocol.file import load
from stromal.rules.chart import AdverseEvent, Chart, Infusion
from stromal.rules.escalation.person import course
from stromal.rules.escalation.refusals import against
from stromal.rules.escalation.standing import NOTHING, History, Standing, standing
from stromal.rules.escalation.tally import Stop, Treat
from stromal.values import Quantity, exact

WINDOW = 29
"""Days after which the windows of a cohort are over."""


def cohorts(written: str, apart: int = WINDOW) -> list[Chart]:
    """People as written: those of a cohort on one day, the next cohort so many days later; `?` is clear so far."""
    charts: list[Chart] = []
    for number, part in enumerate(written.split()):
        day, level = BEGIN + timedelta(days=apart * number), LEVELS[int(part[0]) - 1]
        for sign in part[1:]:
            entry = 10 * len(charts) + 1
            given = Infusion("infusion", "infusion", "L1", day, level, level, level, 5.0, entry=entry)
            events = (AdverseEvent("AE1", "Fever", 3, day, True, entry=entry + 1),) if sign == "T" else ()
            charts.append(Chart(f"P{len(charts) + 1}", day, day, infusions=(given,), adverse_events=events))
    return charts


def stand(
    design: str, written: str, days: int = -1, history: History = NOTHING, charts: list[Chart] | None = None
) -> Standing:
    """Where a design stands after cohorts, so many days after the first dose, or once every window is over."""
    protocol = load(text(design if "window" in design or "seen" in design else f"{design}\nwindow: 28 days")).require()
    after = WINDOW * len(written.split()) if days < 0 else days
    return standing(rule(protocol), protocol, charts or cohorts(written), BEGIN + timedelta(days=after), history)


def said(found: Standing) -> str:
    """The next step in a word or two: a level, waiting, or stopping."""
    if isinstance(found.advice, Stop):
        return "stop"
    return "wait" if found.waiting else f"level {found.advice.dose + 1}"


BOIN, THREE, SIX = "design: boin\nmost: 24", "design: 3+3", "design: 3+3\ndeescalate: yes"


@table("design", "so_far", "next_")(
    (THREE, "", "level 1"),
    (THREE, "1NNN", "level 2"),
    (THREE, "1NNT", "level 1"),
    (THREE, "1NNT 1NNN", "level 2"),
    (THREE, "1NTT", "stop"),
    (THREE, "1NNNT", "level 1"),
    (BOIN, "1NNN", "level 2"),
    (BOIN, "1NNT", "level 1"),
    (BOIN, "1NNN 2NTT", "level 1"),
    (BOIN, "1TTT", "stop"),
    ("design: crm\nmost: 9\ncohort: 3\nskeleton: 0.1, 0.2, 0.3", "1NNN", "level 2"),
    ("design: fixed", "1NNN 2NNN 3NNN", "stop"),
)
def test_the_next_level_is_what_the_design_says(design: str, so_far: str, next_: str) -> None:
    """Between cohorts the next level is the one that the design names for everything seen so far, and nobody is treated
    once it stops.
    """
    assert said(stand(design, so_far)) == next_


@table("design", "so_far", "next_")(
    (BOIN, "1N", "level 1"),
    (BOIN, "1NN", "level 1"),
    (BOIN, "1NNN 2T", "level 2"),
    (BOIN, "1NNN 2TT", "level 1"),
    (SIX, "1NNN 2TT", "level 1"),
    (THREE, "1NNN 2NT", "level 2"),
    ("design: fixed\nallowed: 0", "1T", "stop"),
)
def test_a_cohort_is_filled(design: str, so_far: str, next_: str) -> None:
    """A cohort that is not full goes on at its level. It is left early only where its own toxicities make the design
    leave the level even if nobody else has any.
    """
    assert said(stand(design, so_far)) == next_


@table("design", "days", "next_", "why")(
    (BOIN, 28, "wait", "the last day of the window belongs to it"),
    (BOIN, 29, "level 2", "it is over on the day after"),
    ("design: tite-boin\nmost: 24", 5, "wait", "more than half of the people are open"),
    ("design: tite-crm\nmost: 9\nskeleton: 0.1, 0.2, 0.3", 28, "level 2", "TITE-CRM weighs open windows"),
    ("design: crm\nmost: 9\nskeleton: 0.1, 0.2, 0.3", 28, "wait", "the CRM waits for them"),
)
def test_open_windows(design: str, days: int, next_: str, why: str) -> None:
    """After a full cohort every design waits until each window is over, both ends included, but for those that weigh
    open windows. (Three people were given level 1 on day 0; the window is 28 days.)
    """
    assert said(stand(design, "1NNN", days)) == next_, why


@table("day", "share")(
    (0, "0/29"),
    (7, "7/29"),
    (28, "28/29"),
)
def test_an_open_window_counts_by_its_share(day: int, share: str) -> None:
    """Somebody whose window is open counts by the share of its days that is over."""
    over, days = share.split("/")
    found = stand("design: tite-boin\nmost: 24", "1N", day)
    assert found.tally.pending == ((int(over) / int(days),), (), ())


def test_what_nobody_judged_is_open() -> None:
    """Somebody with an event that nobody has judged is open, also after the window, and counts as not seen at all; what
    would settle it is named.
    """
    (one,) = cohorts("1N")
    event = AdverseEvent("AE1", "Fever", 3, BEGIN, None, entry=2)
    unjudged = Chart("P1", BEGIN, BEGIN, infusions=one.infusions, adverse_events=(event,))
    found = stand("design: boin\ncohort: 1\nmost: 6", "1N", 60, charts=[unjudged])
    assert (found.written, said(found), found.waiting[0].weight) == ("1?", "wait", 0.0)
    assert found.waiting[0].settle == ("related of Fever (AE1)",)


@table("so_far", "next_")(
    ("1NNN 2NTT 1NNN", "stop"),
    ("1NNN 2NTT", "level 1"),
)
def test_a_closed_level_stays_closed(so_far: str, next_: str) -> None:
    """A level that was closed is not opened by what is seen later on a lower one. (3+3, six on the level declared.)"""
    found = stand(SIX, so_far)
    assert said(found) == next_
    assert found.tally.top == 1


@table("aside", "written", "next_")(
    ("P4", "1NNN; aside: 3N", "level 2"),
    ("", "1NNN 3N", "level 3"),
)
def test_who_was_given_another_level(aside: str, written: str, next_: str) -> None:
    """Somebody given a level that the design did not ask for stands aside: they count for that level, take no place in
    a cohort, and lead nobody upwards. (Level 3 was given to P4 after 1NNN.)
    """
    found = stand(BOIN, "1NNN 3N", history=History({}, frozenset(filter(None, [aside]))))
    assert (found.written, said(found), found.tally.treated) == (written, next_, (3, 0, 1))


@table("most", "so_far", "aside", "next_", "more")(
    (6, "1NNN 3N 2N", "P4", "level 2", 1),
    (5, "1NNN 3N 2N", "P4", "stop", 0),
    (6, "1NNN 3N 2N", "", "level 2", 1),
    (4, "1NNN 3N", "P4", "stop", 0),
)
def test_those_aside_count_among_the_greatest_number(most: int, so_far: str, aside: str, next_: str, more: int) -> None:
    """Whoever was treated counts among the people there may be: a cohort that goes on is cut short for those aside."""
    found = stand(f"design: boin\nmost: {most}", so_far, history=History({}, frozenset(filter(None, [aside]))))
    assert said(found) == next_
    assert more == (found.advice.size if isinstance(found.advice, Treat) else 0)


@table("left_after", "replaced", "written")(
    (10, True, "1NN"),
    (28, True, "1NN"),
    (29, False, "1NNN"),
)
def test_who_leaves_is_replaced(left_after: int, replaced: bool, written: str) -> None:
    """Somebody who leaves before the window is over, without a toxicity, does not count; somebody else is treated."""
    found = stand(BOIN, "1NNN", 30, History({"P3": BEGIN + timedelta(days=left_after)}))
    assert (bool(found.replaced), found.written) == (replaced, written)


def test_a_toxicity_counts_though_the_person_left() -> None:
    """A toxicity is never taken away by leaving."""
    assert stand(BOIN, "1NNT", 30, History({"P3": BEGIN + timedelta(days=3)})).written == "1NNT"


@table("amount", "level")(
    (1e7, 1),
    (4e7, 1),
    (5e7, 2),
    (9e8, 3),
    (1e6, 1),
)
def test_amounts_between_rungs(amount: float, level: int) -> None:
    """An amount between two rungs counts for the rung below, one below the ladder for the first. (1e7, 5e7 and 1e8.)"""
    given = Infusion("infusion", "infusion", "L1", BEGIN, amount, amount, amount, 5.0, entry=1)
    found = stand(BOIN, "1N", charts=[Chart("P1", BEGIN, BEGIN, infusions=(given,))])
    assert found.tally.treated[level - 1] == 1


@table("so_far", "earliest")(
    ("1N", 7),
    ("1NN", 2),
    ("1NNN", 10),
)
def test_days_between_people(so_far: str, earliest: int) -> None:
    """After the first of a cohort the sentinel days pass, between the others the days between people, and between two
    cohorts theirs. (2, 7 and 10 days, after the day of the last dose.)
    """
    days = "people_days: 2\nsentinel_days: 7\ncohort_days: 10"
    assert stand(f"{BOIN}\n{days}", so_far).earliest == BEGIN + timedelta(days=earliest)


@table("so_far", "day", "given", "refused")(
    ("", 0, 1e7, ""),
    ("", 0, 5e7, "escalation.level"),
    ("", 0, 2e7, "escalation.level"),
    ("1NNN", 20, 5e7, "escalation.wait"),
    ("1NNN", 20, 1e8, "escalation.wait escalation.level"),
    ("1NNN", 29, 5e7, ""),
    ("1NNN", 29, 1e7, "escalation.level"),
    ("1TTT", 29, 1e7, "escalation.stop"),
    ("1N", 3, 1e7, "escalation.stagger"),
)
def test_what_is_refused(so_far: str, day: int, given: float, refused: str) -> None:
    """Refused are another level than the next one or no rung at all, a dose before the windows have closed, a dose
    after the stop, and one before the days between people have passed. (7 sentinel days.)
    """
    design = f"{BOIN}\nwindow: 28 days\nsentinel_days: 7"
    protocol = load(text(design)).require()
    found = stand(design, so_far, day)
    answers = against(found, protocol, Quantity(exact(given), "cells"), BEGIN + timedelta(days=day))
    assert [each.rule for each in answers] == refused.split()
    assert all(found.written in each.message and each.hint for each in answers)


@table("given_", "toxic", "day", "step", "level")(
    (0, False, 0, "treat", 1),
    (1, False, 28, "wait", 1),
    (1, False, 29, "treat", 2),
    (2, False, 60, "treat", 3),
    (1, True, 5, "stop", 1),
    (3, False, 99, "stop", 3),
)
def test_within_the_participant(given_: int, toxic: bool, day: int, step: str, level: int) -> None:
    """Within the participant each person gets one level after the other, each after the window of the one before, and
    none after a toxicity or after the last. (Doses are 30 days apart; `given` of the three were given.)
    """
    protocol = load(text("design: within\nwindow: 28 days").replace("after first inf", "after last inf")).require()
    doses = tuple(Infusion(f"infusion_{n}", "infusion", "L1", BEGIN + timedelta(days=30 * n), LEVELS[n], 1, 1, 5.0)
                  for n in range(given_))  # fmt: skip
    events = (AdverseEvent("AE1", "Fever", 3, BEGIN + timedelta(days=2), True),) if toxic else ()
    chart = Chart("P1", BEGIN, BEGIN, infusions=doses, adverse_events=events)
    found = course(rule(protocol), protocol, chart, (chart,), date.fromordinal(BEGIN.toordinal() + day))
    assert (found.step, found.level + 1) == (step, level)


@pytest.mark.parametrize("design", ["design: boin\nmost: 24", "design: tite-boin\nmost: 24"])
def test_events_of_tomorrow(design: str) -> None:
    """What begins after the day of the question is not known on it, whoever looks at it later."""
    charts = cohorts("1NNN")
    event = AdverseEvent("AE1", "Fever", 3, BEGIN + timedelta(days=9), True, entry=99)
    charts[0] = Chart("P1", BEGIN, BEGIN, infusions=charts[0].infusions, adverse_events=(event,))
    assert stand(design, "1NNN", 8, charts=charts).written == "1???"
    assert stand(design, "1NNN", 9, charts=charts).written == "1T??"
