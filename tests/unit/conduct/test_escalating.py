"""The desk and a design: it gives the level the design names, when it names it, and to nobody it would not treat."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalating_site import BEGIN, LEVELS, Clinic, design, text
from site_desk import READ, events, only
from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.ledger import events as e
from stromal.rules.escalation import Stop, Treat, advise, begin, observe
from stromal.values import Refused

AFTER = BEGIN + timedelta(days=29)
LATER = AFTER + timedelta(days=29)
BOIN = "design: boin\nwindow: 28 days\ntarget: 0.3\ncohort: 3\nmost: 12"
THREE = "design: 3+3\nwindow: 28 days"
SIX = f"{THREE}\ndeescalate: yes"
TITE = "design: tite-boin\nwindow: 28 days\ncohort: 3\nmost: 12"


def why(answer: object) -> Refused:
    """A refusal."""
    assert isinstance(answer, Refused), "it was carried out"
    return answer


# ---------------------------------------------------------------- one by one


def test_the_first_cohort_gets_the_first_level() -> None:
    """Nobody begins above the dose that the protocol starts with."""
    clinic = Clinic(text(BOIN)).ready("P1", BEGIN)
    refused = why(clinic.give("P1", BEGIN, 2))
    assert refused.rule == "escalation.level"
    assert refused.message == (
        "escalation gives level 1 (10 million cells) next, not level 2 (50 million cells); "
        "so far nobody yet; the first people"
    )
    assert refused.hint == "give level 1 (10 million cells), or say why it goes ahead all the same"
    clinic.dosed("P1", BEGIN, 1)


def test_a_cohort_is_filled_at_its_level() -> None:
    """The second and third person get the level of the first, though the design would rise after one person."""
    clinic = Clinic(text(BOIN)).dosed("P1", BEGIN, 1).ready("P2", AFTER)
    assert why(clinic.give("P2", AFTER, 2)).message.endswith("so far 1N; 2 more of the cohort on dose 1")
    clinic.dosed("P2", AFTER, 1)


def test_open_windows_are_waited_for() -> None:
    """The next cohort begins on the day after the last window; before, the refusal says for whom it waits."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1)
    last = AFTER - timedelta(days=1)
    clinic.ready("P4", last)
    refused = why(clinic.give("P4", last, 2))
    assert refused.rule == "escalation.wait"
    assert "waits for 3 people still watched (P1 until 2024-02-29, P2 until" in refused.message
    assert "so far 1???" in refused.message
    assert refused.hint == "settle: the windows, the last of which ends on 2024-02-29"
    clinic.dosed("P4", AFTER, 2)
    assert clinic.standing().written == "1NNN 2?"


def test_an_event_nobody_has_judged_is_waited_for() -> None:
    """After its window too, a person is not clear as long as somebody has to judge an event."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1)
    clinic.on(BEGIN + timedelta(days=2)).event("P1", 3, BEGIN + timedelta(days=2), related=None)
    clinic.ready("P4", AFTER)
    refused = why(clinic.give("P4", AFTER, 2))
    assert refused.rule == "escalation.wait"
    assert "related of Fever" in refused.hint
    clinic.must("investigator", c.FollowUpAdverseEvent("P1", "AE1", AFTER, related=True))
    assert clinic.standing().written == "1TNN"
    assert why(clinic.give("P4", AFTER, 2)).rule == "escalation.level"
    clinic.dosed("P4", AFTER, 1)


def test_a_stop_lets_nobody_through() -> None:
    """Once the lowest level is too toxic nobody is dosed at any level."""
    clinic = Clinic(text(BOIN)).cohort("P1T P2T P3T", BEGIN, 1).ready("P4", AFTER)
    for level in (None, 1, 2, 3):
        refused = why(clinic.give("P4", AFTER, level))
        assert refused.rule == "escalation.stop"
        assert "so far 1TTT; the lowest dose is too toxic" in refused.message


def test_nobody_is_treated_beyond_the_most() -> None:
    """The last cohort is made smaller to fit, and then it ends."""
    clinic = Clinic(text(BOIN.replace("12", "4"))).cohort("P1 P2 P3", BEGIN, 1).dosed("P4", AFTER, 2)
    clinic.ready("P5", LATER)
    refused = why(clinic.give("P5", LATER, 2))
    assert refused.rule == "escalation.stop"
    assert "4 people have been treated" in refused.message


def test_a_cohort_that_is_decided_is_left() -> None:
    """After two toxicities of two the third person of 3+3 is not treated on that level, whatever would follow."""
    clinic = Clinic(text(SIX)).cohort("P1 P2 P3", BEGIN, 1).cohort("P4T P5T", AFTER, 2)
    clinic.ready("P6", LATER)
    assert why(clinic.give("P6", LATER, 2)).rule == "escalation.level"
    clinic.dosed("P6", LATER, 1)
    assert clinic.standing().written == "1NNN 2TT 1?"


def test_a_closed_level_stays_closed() -> None:
    """Three more without toxicity below do not open a level again that was closed."""
    clinic = Clinic(text(SIX)).cohort("P1 P2 P3", BEGIN, 1).cohort("P4T P5T P6", AFTER, 2)
    clinic.cohort("P7 P8 P9", LATER, 1)
    clinic.ready("P10", LATER + timedelta(days=29))
    refused = why(clinic.give("P10", LATER + timedelta(days=29), 2))
    assert refused.rule == "escalation.stop"
    assert "so far 1NNN 2TTN 1NNN; 0 of 6 on the highest open dose" in refused.message


@pytest.mark.parametrize(
    ("place", "kept"), [(1, 7), (2, 2), (3, 10)], ids=["after the sentinel", "within a cohort", "between cohorts"]
)
def test_people_are_kept_apart(place: int, kept: int) -> None:
    """After the first of a cohort, between the others, and between cohorts, whatever the windows say."""
    days = "people_days: 2\nsentinel_days: 7\ncohort_days: 10"
    clinic, day = Clinic(text(f"design: boin\nwindow: 1 day\ncohort: 3\nmost: 12\n{days}")), BEGIN
    for number, gap in zip(range(place), (0, 7, 2), strict=False):
        day += timedelta(days=gap)
        clinic.dosed(f"P{number}", day, 1)
    early, level = day + timedelta(days=kept - 1), 2 if place == 3 else 1
    clinic.ready("P9", early)
    if kept > 2 or place != 2:
        clinic.on(early)
    refused = why(clinic.give("P9", early, level))
    assert refused.rule == "escalation.stagger"
    assert refused.hint == f"wait until {day + timedelta(days=kept)}"
    clinic.dosed("P9", day + timedelta(days=kept), level)


def test_what_happened_anyway_is_a_deviation() -> None:
    """A dose at another level is recorded when somebody signs for it; it stands aside, and the cohort goes on."""
    clinic = Clinic(text(BOIN)).dosed("P1", BEGIN, 1).ready("P2", BEGIN)
    receipt = clinic.give("P2", BEGIN, 3, "the bags were mixed up")
    assert isinstance(receipt, Receipt)
    assert events(receipt) == ["CellsInfused", "DeviationRecorded", "Signed"]
    assert clinic.deviations() == ["escalation.level"]
    assert clinic.person("P2").chart.infusions[0].level == LEVELS[2]
    found = clinic.standing()
    assert found.written == "1?; aside: 3?"
    assert found.tally.treated == (1, 0, 1)
    clinic.dosed("P3", BEGIN, 1).dosed("P4", BEGIN, 1)
    assert clinic.standing(AFTER).written == "1NNN; aside: 3N"
    clinic.ready("P5", AFTER)
    assert why(clinic.give("P5", AFTER, 3)).rule == "escalation.level", "one person aside lets nobody skip a level"
    clinic.dosed("P5", AFTER, 2)


def test_a_toxicity_aside_is_known() -> None:
    """Those aside close the level they were given."""
    clinic = Clinic(text(SIX)).cohort("P1 P2 P3", BEGIN, 1)
    clinic.dosed("P4T", AFTER, 3, "mixed up").dosed("P5T", AFTER, 3, "mixed up")
    clinic.toxic("P4T", AFTER).toxic("P5T", AFTER)
    assert clinic.standing(LATER).tally.top == 2
    clinic.cohort("P6 P7 P8", LATER, 2)
    advice = clinic.standing(LATER + timedelta(days=29)).advice
    assert isinstance(advice, Treat)
    assert advice.dose == 1, "six are seen below the closed level"


def test_a_level_put_right_is_no_deviation_any_more() -> None:
    """Once the level that was written down wrongly is corrected, the person belongs to the cohort again."""
    clinic = Clinic(text(BOIN)).dosed("P1", BEGIN, 1).ready("P2", BEGIN)
    clinic.give("P2", BEGIN, 3, "as the label says")
    infusion = clinic.person("P2").chart.infusions[0].entry
    event = next(x.event for x in clinic.book.entries() if x.number == infusion)
    right = msgspec.structs.replace(event, level=LEVELS[0], cells_per_ml=LEVELS[0] / 4.5)
    assert isinstance(right, e.CellsInfused)
    clinic.must("investigator", c.CorrectEntry(infusion, "the label was wrong", right))
    assert clinic.standing().written == "1??"


def test_an_amount_that_is_no_rung() -> None:
    """An amount between two rungs is no level of the ladder."""
    clinic = Clinic(text(BOIN)).ready("P1", BEGIN)
    refused = why(clinic.ask("investigator", c.InfuseCells("P1", "infusion", "L1", BEGIN, 1e7, 90.0, 5.0, 2e7)))
    assert refused.rule == "escalation.level"
    assert "not 20 million cells, which is no rung" in refused.message


def test_who_leaves_is_replaced() -> None:
    """Somebody who left before the window closed, without toxicity, takes no place; one with toxicity does."""
    clinic = Clinic(text(BOIN)).cohort("P1T P2 P3", BEGIN, 1)
    clinic.on(BEGIN + timedelta(days=5))
    for name in ("P1T", "P2"):
        clinic.must("coordinator", c.WithdrawParticipant(name, BEGIN + timedelta(days=5), "moved away"))
    found = clinic.standing(AFTER)
    assert (found.written, [each.participant for each in found.replaced]) == ("1TN", ["P2"])
    clinic.dosed("P4", AFTER, 1)


def test_the_level_is_decided_and_then_given() -> None:
    """An investigator may let the design decide first; the dose then takes that level."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1).ready("P4", AFTER)
    receipt = clinic.must("investigator", c.DecideDoseLevel("P4", "infusion", AFTER))
    (decided,) = only(receipt, e.DoseLevelDecided)
    assert isinstance(decided.event, e.DoseLevelDecided)
    assert (decided.event.adjustment, decided.event.level) == ("up", LEVELS[1])
    assert decided.event.reason == "1NNN: 0 of 3 on dose 1: up"
    command = c.InfuseCells("P4", "infusion", "L1", AFTER, LEVELS[1] / 4.5, 90.0, 5.0)
    clinic.must("investigator", command)
    assert clinic.person("P4").chart.infusions[0].level == LEVELS[1]


@pytest.mark.parametrize(
    ("cohort", "day", "adjustment"),
    [("P1 P2 P3", BEGIN, "hold"), ("P1T P2T P3T", AFTER, "stop"), ("P1T P2 P3", AFTER, "same")],
)
def test_what_is_decided(cohort: str, day: object, adjustment: str) -> None:
    """Open windows hold, a stop stops, and staying is the same level."""
    clinic = Clinic(text(BOIN)).cohort(cohort, BEGIN, 1).ready("P4", AFTER if day == AFTER else BEGIN)
    receipt = clinic.must("investigator", c.DecideDoseLevel("P4", "infusion", clinic.now.date()))
    (decided,) = only(receipt, e.DoseLevelDecided)
    assert isinstance(decided.event, e.DoseLevelDecided)
    assert decided.event.adjustment == adjustment


def test_an_amendment_speaks_from_its_day_on() -> None:
    """The design of the version in force decides for everybody, also for what was seen before it."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1)
    amended = text("design: 3+3\nwindow: 28 days\ndeescalate: yes").replace("number: 1", "number: 2")
    clinic.must("data_manager", c.AdoptProtocol(amended.replace("2024-01-01", AFTER.isoformat())))
    assert clinic.standing(AFTER).advice == Treat(1, 3, "0 of 3: the next dose")
    clinic.dosed("P4", AFTER, 2)


def test_a_protocol_whose_design_cannot_be_is_not_adopted() -> None:
    """Where no dose could be decided nobody is enrolled to begin with."""
    wrong = text("design: crm\nwindow: 28 days\nskeleton: 0.1, 0.2").replace("number: 1", "number: 2")
    refused = Clinic().refused("data_manager", c.AdoptProtocol(wrong))
    assert refused.rule == "protocol.unusable"
    assert refused.message == "escalation: skeleton gives 2 numbers for 3 doses"


# ---------------------------------------------------------------- a boundary


def test_a_boundary_holds_the_trial() -> None:
    """The hold is placed with the event that reaches the boundary, and says how many of how many it was."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1).on(BEGIN + timedelta(days=8))
    clinic.event("P1", 4, BEGIN + timedelta(days=8))
    clinic.event("P2", 4, BEGIN + timedelta(days=8), related=None)
    clinic.event("P3", 4, BEGIN + timedelta(days=8))
    assert clinic.state.standing() == (), "two of three, and one that nobody has judged"
    receipt = clinic.must("investigator", c.FollowUpAdverseEvent("P2", "AE1", BEGIN + timedelta(days=8), related=True))
    (placed,) = only(receipt, e.HoldPlaced)
    assert isinstance(placed.event, e.HoldPlaced)
    assert placed.event.reason == "3 events in 3 treated; pocock stops at 3"
    assert len(placed.event.because) == 3
    clinic.must("safety_committee", c.ReleaseHold(placed.number, "the benefit outweighs the risk"))
    assert clinic.state.standing() == ()


# ---------------------------------------------------------------- many trials


def play(written: str, outcomes: list[bool]) -> None:
    """A trial in which each cohort's outcomes are known before the next: the desk gives what `advise` says, only."""
    protocol = READ(written).require()
    asked, clinic, day, draw = design(protocol), Clinic(written), BEGIN, iter(outcomes)
    tally, numbers, advice = begin(len(LEVELS)), count(1), advise(asked, begin(len(LEVELS)))
    while isinstance(advice, Treat) and tally.people < len(outcomes) - 6:
        names = [f"P{next(numbers)}" for _ in range(advice.size)]
        for name in names:
            clinic.ready(name, day)
            for level in range(1, len(LEVELS) + 1):
                if level != advice.dose + 1:
                    assert why(clinic.give(name, day, level)).rule == "escalation.level"
            clinic.dosed(name, day, advice.dose + 1)
        toxic = [name for name in names if next(draw)]
        for name in toxic:
            clinic.toxic(name, day + timedelta(days=2))
        day += timedelta(days=29)
        tally = observe(asked, tally, advice.dose, len(names), len(toxic))
        advice = advise(asked, tally)
        assert clinic.standing(day).advice == advice
        assert clinic.standing(day).tally == tally
    if isinstance(advice, Stop):
        clinic.ready("P99", day)
        assert {why(clinic.give("P99", day, level)).rule for level in (1, 2, 3)} == {"escalation.stop"}


@pytest.mark.parametrize("written", [BOIN, THREE, f"{TITE}", "design: crm\nwindow: 28 days\nmost: 9\ncohort: 2"])
@given(outcomes=st.lists(st.booleans() | st.just(False), min_size=18, max_size=18))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_desk_gives_what_the_design_says(written: str, outcomes: list[bool]) -> None:
    """Through whole trials and random outcomes the desk accepts the level that `advise` names, and no other."""
    play(text(written), outcomes)


def test_open_windows_are_weighed() -> None:
    """TITE-BOIN goes on while windows are open, once enough of them has passed, by the shares that have."""
    clinic = Clinic(text(TITE)).cohort("P1 P2 P3", BEGIN, 1)
    soon, late = BEGIN + timedelta(days=7), BEGIN + timedelta(days=22)
    assert clinic.standing(soon).waiting, "more than half of the people are open"
    asked = clinic.standing(late)
    assert asked.tally.pending == ((22 / 29,) * 3, (), ())
    assert asked.waiting, "all three are open still"
    clinic.on(BEGIN + timedelta(days=1)).event("P1", 3, BEGIN + timedelta(days=1))
    clinic.ready("P4", late)
    assert why(clinic.give("P4", late, 1)).rule == "escalation.wait"
    clinic.dosed("P4", AFTER, 1)


# ---------------------------------------------------------------- several doses of a person


def several(written: str) -> str:
    """The example with three doses a month apart."""
    return written.replace(
        "  month_1:\n    at: 28 days after infusion\n    window: +-3 days\n    epoch: follow_up\n",
        "  infusion_1..3:\n    at: 30 days after previous\n    window: +-20 days\n    epoch: treatment\n"
        "    give: infusion\n    do: [adverse_event]\n"
        "  month_1:\n    at: 28 days after infusion_3\n    window: +-3 days\n    epoch: follow_up\n",
    )


WITHIN = several(
    text("design: within\nwindow: 28 days\npeople: 2\nneed: 1").replace("after first inf", "after last inf")
)
LADDER = several(text("design: ladder\ntoxicity: max grade(adverse_event where related, since last dose)\npeople: 3\n"
                      "administrations: 3\nharmed: 1"))  # fmt: skip


def next_dose(clinic: Clinic, name: str, visit: str, days: int) -> timedelta:
    """The person comes to the visit of another dose."""
    day = BEGIN + timedelta(days=days)
    clinic.on(day).must("coordinator", c.AttendVisit(name, visit, day))
    return timedelta(days=days)


def test_within_the_participant() -> None:
    """Each person gets each level in turn, after the window of the dose before, and none after a toxicity."""
    clinic = Clinic(WITHIN).dosed("P1", BEGIN, 1)
    early = BEGIN + next_dose(clinic, "P1", "infusion_1", 20)
    refused = why(clinic.give("P1", early, 2, visit="infusion_1"))
    assert (refused.rule, refused.hint) == ("escalation.wait", "wait until the window is over")
    assert "so far levels 1; the dose of 2024-02-01 is watched until 2024-02-29" in refused.message
    assert why(clinic.give("P1", AFTER, 3, visit="infusion_1")).rule == "escalation.level"
    clinic.must("investigator", c.InfuseCells("P1", "infusion_1", "L1", AFTER, LEVELS[1] / 4.5, 90.0, 5.0))
    assert clinic.person("P1").chart.infusions[1].level == LEVELS[1]
    clinic.toxic("P1", AFTER + timedelta(days=1))
    late = BEGIN + next_dose(clinic, "P1", "infusion_2", 70)
    refused = why(clinic.give("P1", late, visit="infusion_2"))
    assert refused.rule == "escalation.stop"
    assert refused.message.startswith("escalation gives no further dose: so far levels 1, 2;")
    clinic.dosed("P2", late, 1)
    clinic.ready("P3", late)
    assert "2 people have begun" in why(clinic.give("P3", late, 1)).message


def test_what_is_decided_within_the_participant() -> None:
    """The design decides for the person: up, hold while watched or unjudged, stop."""
    clinic = Clinic(WITHIN).dosed("P1", BEGIN, 1)
    decided = []
    for visit, days in (("infusion_1", 20), ("infusion_1", 29)):
        day = BEGIN + timedelta(days=days)
        receipt = clinic.on(day).must("investigator", c.DecideDoseLevel("P1", visit, day))
        decided.append(only(receipt, e.DoseLevelDecided)[0].event)
    clinic.on(AFTER).event("P1", 3, BEGIN + timedelta(days=2), related=None)
    assert why(clinic.give("P1", AFTER, 2, visit="infusion_1")).hint == "settle: related of Fever (AE1)"
    clinic.must("investigator", c.FollowUpAdverseEvent("P1", "AE1", AFTER, related=True))
    receipt = clinic.must("investigator", c.DecideDoseLevel("P1", "infusion_1", AFTER))
    decided.append(only(receipt, e.DoseLevelDecided)[0].event)
    told = [(each.adjustment, each.level) for each in decided if isinstance(each, e.DoseLevelDecided)]
    assert told == [("hold", 0.0), ("up", LEVELS[1]), ("stop", 0.0)]


def test_a_trial_within_participants_ends() -> None:
    """Once nobody could make up the number any more, nobody begins."""
    clinic = Clinic(WITHIN.replace("need: 1", "need: 2")).dosed("P1", BEGIN, 1).toxic("P1", BEGIN + timedelta(days=1))
    clinic.ready("P2", AFTER)
    refused = why(clinic.give("P2", AFTER, 1))
    assert refused.rule == "escalation.stop"
    assert "0 came through and 1 had unacceptable toxicity" in refused.message


def test_on_a_ladder() -> None:
    """The worst grade since the dose before moves a person: up after none, same after 2, down after 3; the grade that
    stops the trial lets nobody else begin.
    """
    clinic = Clinic(LADDER).dosed("P1", BEGIN, 1)
    day = BEGIN + next_dose(clinic, "P1", "infusion_1", 30)
    assert "max grade is 0" in why(clinic.give("P1", day, 1, visit="infusion_1")).message
    assert isinstance(clinic.give("P1", day, 2, visit="infusion_1"), Receipt)
    clinic.on(day + timedelta(days=1)).event("P1", 2, day + timedelta(days=1), related=None)
    later = BEGIN + next_dose(clinic, "P1", "infusion_2", 60)
    assert why(clinic.give("P1", later, 2, visit="infusion_2")).rule == "escalation.wait"
    clinic.must("investigator", c.FollowUpAdverseEvent("P1", "AE1", later, related=True, grade=3))
    assert isinstance(clinic.give("P1", later, visit="infusion_2"), Receipt)
    assert [each.level for each in clinic.person("P1").chart.infusions] == [LEVELS[0], LEVELS[1], LEVELS[0]]
    last = BEGIN + next_dose(clinic, "P1", "infusion_3", 90)
    assert why(clinic.give("P1", last, 1, visit="infusion_3")).rule == "escalation.stop"
    clinic.ready("P2", last)
    assert "0 came through and 1 had unacceptable" in why(clinic.give("P2", last, 1)).message


def test_later_doses_of_a_cohort_member() -> None:
    """Where people of a cohort get several doses, each stays at the level of the first."""
    clinic = Clinic(several(text(BOIN))).cohort("P1 P2 P3", BEGIN, 1)
    day = BEGIN + next_dose(clinic, "P1", "infusion_1", 10)
    refused = why(clinic.give("P1", day, 2, visit="infusion_1"))
    assert refused.rule == "escalation.level"
    assert refused.message == "P1 was given 1.0e7 cells first and belongs to that level; 5.0e7 cells is another"
    receipt = clinic.must("investigator", c.DecideDoseLevel("P1", "infusion_1", day))
    (decided,) = only(receipt, e.DoseLevelDecided)
    assert isinstance(decided.event, e.DoseLevelDecided)
    assert (decided.event.adjustment, decided.event.reason) == ("same", "P1 belongs to level 1 (10 million cells)")
    assert isinstance(clinic.give("P1", day, visit="infusion_1"), Receipt)
    assert clinic.standing(day).written == "1???"


def test_a_stated_level_where_no_design_decides() -> None:
    """Where the dose is fixed or moved by a table, a stated level that is another is a breach."""
    plain = text("when: done(infusion)").replace("    of: infusion\n    toxicity: toxicity\n    when", "    when")
    clinic = Clinic(plain).ready("P1", BEGIN)
    refused = why(clinic.give("P1", BEGIN, 2))
    assert (refused.rule, refused.message) == ("dosing.level", "1.0e7 cells are planned at infusion, not 5.0e7 cells")
    assert isinstance(clinic.give("P1", BEGIN, 1), Receipt)
    clinic.ready("P2", BEGIN)
    assert isinstance(clinic.give("P2", BEGIN, 2, "as the family asked"), Receipt)
    assert clinic.person("P2").chart.infusions[0].level == LEVELS[1]


def test_a_dose_after_a_stop_stands_aside() -> None:
    """Somebody dosed though nobody was to be is counted, and begins no cohort."""
    clinic = Clinic(text(BOIN)).cohort("P1T P2T P3T", BEGIN, 1).dosed("P4", AFTER, 1, "compassionate use")
    assert clinic.deviations() == ["escalation.stop"]
    assert clinic.standing(LATER).written == "1TTT; aside: 1N"
    assert isinstance(clinic.standing(LATER).advice, Stop)


def test_aside_before_anybody() -> None:
    """Somebody given another level before the first cohort is waited for, and the first cohort begins at the start."""
    clinic = Clinic(text(SIX)).dosed("P1T", BEGIN, 2, "mixed up")
    assert clinic.standing().advice == Treat(0, 3, "the first three people", wait=True)
    assert why(clinic.ready("P2", BEGIN).give("P2", BEGIN, 1)).rule == "escalation.wait"
    clinic.toxic("P1T", BEGIN + timedelta(days=1)).dosed("P2", AFTER, 1)


def test_who_is_seen_by_a_visit() -> None:
    """With `seen` the watching ends when its condition is true, and whoever left before is replaced."""
    clinic = Clinic(text("design: boin\nseen: done(month_1)\ncohort: 2\nmost: 8")).cohort("P1 P2", BEGIN, 1)
    clinic.ready("P3", AFTER)
    refused = why(clinic.give("P3", AFTER, 2))
    assert refused.hint == "settle: that P1 has been seen; that P2 has been seen"
    clinic.must("coordinator", c.AttendVisit("P1", "month_1", AFTER))
    clinic.must("coordinator", c.WithdrawParticipant("P2", AFTER, "moved away"))
    assert clinic.standing().written == "1N"
    clinic.dosed("P3", AFTER, 1)


def test_an_amendment_in_another_unit_speaks_for_those_who_consented_to_it() -> None:
    """Where an amendment doses per kilogram, those who consented before keep to their own version."""
    clinic = Clinic(text(BOIN)).cohort("P1 P2 P3", BEGIN, 1).ready("P4", BEGIN)
    amended = text(BOIN).replace("number: 1", "number: 2").replace("2024-01-01", AFTER.isoformat())
    amended = amended.replace("1e7, 5e7, 1e8 cells", "1e5, 5e5 cells/kg").replace(
        "start: 1e7 cells", "start: 1e5 cells/kg of weight at same visit"
    )  # fmt: skip
    amended = amended.replace("facts:\n", "facts:\n  weight: {kind: number, unit: kg, range: 25..200}\n").replace(
        "give: infusion\n    do: [", "give: infusion\n    do: [weight, "
    )  # fmt: skip
    clinic.on(AFTER).must("data_manager", c.AdoptProtocol(amended))
    assert isinstance(clinic.give("P4", AFTER, 2), Receipt)


def test_after_the_stop_the_amount_is_the_last_one() -> None:
    """Somebody dosed after the stop without a stated level gets the amount of the last cohort, on a signature."""
    clinic = Clinic(text(BOIN)).cohort("P1T P2T P3T", BEGIN, 1).ready("P4", AFTER)
    assert isinstance(clinic.give("P4", AFTER, None, "compassionate use"), Receipt)
    assert clinic.person("P4").chart.infusions[0].level == LEVELS[0]


def test_within_until_a_visit_has_taken_place() -> None:
    """Within the participant too the watching may end with a condition."""
    clinic = Clinic(WITHIN.replace("window: 28 days\n    people", "seen: done(month_1)\n    people")).dosed(
        "P1", BEGIN, 1
    )
    day = BEGIN + next_dose(clinic, "P1", "infusion_1", 40)
    assert "is watched still" in why(clinic.give("P1", day, 2, visit="infusion_1")).message
    clinic.must("coordinator", c.AttendVisit("P1", "month_1", day))
    assert isinstance(clinic.give("P1", day, 2, visit="infusion_1"), Receipt)
