"""What each event does to a state, one small story each; and what corrections and dates do to a replay."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from histories import DAY, START, entry, numbered
from stromal.ledger import events as e
from stromal.ledger.state import Lot, Participant, State, evolve, from_json, replay, to_json
from stromal.rules.chart import Chart
from stromal.values import Unusable

REGISTERED = e.ParticipantRegistered("P1", DAY)
MADE = e.LotManufactured("L1", "msc", "D1", DAY, "P1")
LATER = date(2024, 4, 1)


def after(*events: e.Event) -> State:
    """The state after these events."""
    return replay(numbered(events))


def person(*events: e.Event) -> Participant:
    """P1 as these events leave them, after being registered in entry 1."""
    return after(REGISTERED, *events).participants["P1"]


def chart(*events: e.Event) -> Chart:
    """The chart of P1 after these events."""
    return person(*events).chart


def lot(*events: e.Event) -> Lot:
    """The lot L1 as these events leave it, after being made in entry 1."""
    return after(MADE, *events).lots["L1"]


# ---------------------------------------------------------------- the trial and its people


def test_an_empty_book_is_an_empty_state() -> None:
    """Nothing happened, nothing is known."""
    assert replay([]) == State()
    assert replay([]).at is None


def test_a_state_knows_how_far_it_came() -> None:
    """The head is the last entry, the moment is when it was recorded."""
    state = after(REGISTERED, MADE)
    assert (state.head, state.at) == (2, START + timedelta(minutes=2))


def test_trial_opened_names_the_trial() -> None:
    """The study and its title."""
    state = after(e.TrialOpened("NCT1", "Cells for all"))
    assert (state.study, state.title) == ("NCT1", "Cells for all")


def test_protocol_versions_are_kept_side_by_side() -> None:
    """An amendment adds a version; the earlier one stays, for those who consented to it."""
    first = e.ProtocolAdopted(1, DAY, "aa", "trial: one")
    second = e.ProtocolAdopted(2, LATER, "bb", "trial: two")
    versions = after(first, second).versions
    assert [(each.version, each.effective, each.digest, each.text, each.entry) for each in versions] == [
        (1, DAY, "aa", "trial: one", 1),
        (2, LATER, "bb", "trial: two", 2),
    ]


def test_roles_are_granted_and_revoked() -> None:
    """A person holds the roles that were granted and not revoked; revoking what nobody held changes nothing."""
    granted = (e.RoleGranted("ann", "coordinator"), e.RoleGranted("ann", "auditor"))
    assert after(*granted).roles == {"ann": {"coordinator", "auditor"}}
    assert after(*granted, e.RoleRevoked("ann", "auditor")).roles == {"ann": {"coordinator"}}
    assert after(e.RoleRevoked("bob", "auditor")).roles == {"bob": frozenset()}


def test_a_signature_keeps_who_signed_what_and_when() -> None:
    """By, role and moment come from the entry; meaning and digest from the event."""
    state = replay([entry(1, REGISTERED), entry(2, e.Signed("eligible", (1,), "cafe"), "bob", "investigator")])
    (signature,) = state.signatures
    assert (signature.by, signature.role, signature.meaning) == ("bob", "investigator", "eligible")
    assert (signature.of, signature.digest, signature.entry) == ((1,), "cafe", 2)
    assert signature.at == START + timedelta(minutes=2)


# ---------------------------------------------------------------- screening


def test_registration_opens_an_empty_chart() -> None:
    """A registered person is screening, and nothing is known of them."""
    registered = person()
    assert (registered.id, registered.status, registered.registered, registered.entry) == ("P1", "screening", DAY, 1)
    assert registered.chart == Chart(participant="P1")
    assert (registered.eligible, registered.number, registered.version) == (None, None, None)


def test_registering_again_begins_a_new_chart() -> None:
    """The desk refuses it; a book that holds it is read as it was written."""
    seen = e.FactObserved("P1", "weight", 70.0, DAY, "kg")
    assert chart(seen, REGISTERED) == Chart(participant="P1")
    assert evolve(after(REGISTERED, seen), entry(3, REGISTERED)).participants["P1"].chart == Chart(participant="P1")


def test_consent_has_a_day_a_version_and_an_entry() -> None:
    """Consenting again moves the person to the newer version."""
    once = person(e.ConsentGiven("P1", DAY, 1))
    assert (once.chart.consent, once.version, once.consent_entry) == (DAY, 1, 2)
    twice = person(e.ConsentGiven("P1", DAY, 1), e.ConsentGiven("P1", LATER, 2))
    assert (twice.chart.consent, twice.version, twice.consent_entry) == (LATER, 2, 3)


def test_observations_are_kept_in_order() -> None:
    """Each with its unit, its visit and its entry."""
    first = e.FactObserved("P1", "weight", 70.0, DAY, "kg", "screening")
    second = e.FactObserved("P1", "weight", 69.0, LATER, "kg")
    kept = [(o.fact, o.value, o.day, o.unit, o.visit, o.entry) for o in chart(first, second).observations]
    assert kept == [("weight", 70.0, DAY, "kg", "screening", 2), ("weight", 69.0, LATER, "kg", "", 3)]


def test_what_could_not_be_obtained_is_an_observation_without_a_value() -> None:
    """It was asked for: that is known, the value is not."""
    (seen,) = chart(e.FactNotObtained("P1", "weight", DAY, "in a wheelchair", "screening")).observations
    assert (seen.fact, seen.value, seen.unit, seen.visit, seen.entry) == ("weight", None, "", "screening", 2)


def test_episodes_are_kept() -> None:
    """Start, end, regimen, and whether it goes on."""
    (episode,) = chart(e.EpisodeRecorded("P1", "riluzole", DAY, LATER, False, "50 mg")).episodes
    assert (episode.fact, episode.start, episode.end, episode.ongoing) == ("riluzole", DAY, LATER, False)
    assert (episode.regimen, episode.entry) == ("50 mg", 2)


def test_absences_are_kept() -> None:
    """Somebody made sure that there was none in that time."""
    (absence,) = chart(e.AbsenceRecorded("P1", "malignancy", LATER, DAY)).absences
    assert (absence.fact, absence.since, absence.until, absence.entry) == ("malignancy", DAY, LATER, 2)


def test_answers_keep_the_role_that_gave_them() -> None:
    """The role is that of the entry."""
    asked = e.QuestionAnswered("P1", "can_travel", True, DAY)
    (answer,) = replay([entry(1, REGISTERED), entry(2, asked, role="investigator")]).participants["P1"].chart.answers
    assert (answer.question, answer.answer, answer.by, answer.day, answer.entry) == (
        "can_travel", True, "investigator", DAY, 2,
    )  # fmt: skip


@pytest.mark.parametrize("eligible", [True, False])
def test_eligibility_is_remembered_with_its_entry(eligible: bool) -> None:
    """The verdict counts, and where it was given."""
    decided = person(e.EligibilityDecided("P1", DAY, eligible, (("age", "met", "34 years"),)))
    assert (decided.eligible, decided.eligibility_entry) == (eligible, 2)


def test_enrolment_gives_a_number_and_a_version() -> None:
    """The chart learns the day, which rules may be measured from."""
    enrolled = person(e.ParticipantEnrolled("P1", LATER, 7, 2))
    assert (enrolled.status, enrolled.number, enrolled.version, enrolled.enrolment_entry) == ("enrolled", 7, 2, 2)
    assert enrolled.chart.enrolled == LATER


def test_screen_failure_keeps_its_reasons() -> None:
    """The person never was enrolled."""
    failed = person(e.ScreenFailed("P1", LATER, ("age", "consent")))
    assert (failed.status, failed.ended, failed.reasons) == ("screen failed", LATER, ("age", "consent"))
    assert (failed.end_entry, failed.number) == (2, None)


# ---------------------------------------------------------------- visits and leaving


def test_visits_done_are_in_the_chart() -> None:
    """By name and day; the latest of a name is the one that counts."""
    seen = chart(e.VisitAttended("P1", "month_1", DAY), e.VisitAttended("P1", "month_1", LATER))
    assert [(each.visit, each.day, each.entry) for each in seen.visits] == [("month_1", DAY, 2), ("month_1", LATER, 3)]
    assert seen.visit_day("month_1") == LATER
    assert seen.visit_day("month_3") is None


def test_missed_visits_are_named_in_the_chart_and_explained_beside_it() -> None:
    """The reason and the entry are kept with the person."""
    person_ = person(e.VisitMissed("P1", "month_1", DAY, "snow"))
    assert person_.chart.missed == ("month_1",)
    (missed,) = person_.missed
    assert (missed.visit, missed.day, missed.reason, missed.entry) == ("month_1", DAY, "snow", 2)


def test_withdrawal_ends_with_its_reason() -> None:
    """Status, day, reason, entry."""
    left = person(e.ParticipantWithdrawn("P1", LATER, "moved away"))
    assert (left.status, left.ended, left.reasons, left.end_entry) == ("withdrawn", LATER, ("moved away",), 2)


def test_completion_ends_without_a_reason() -> None:
    """Status, day, entry."""
    done = person(e.ParticipantCompleted("P1", LATER))
    assert (done.status, done.ended, done.reasons, done.end_entry) == ("completed", LATER, (), 2)


# ---------------------------------------------------------------- the cell laboratory


def test_a_lot_is_made_for_somebody() -> None:
    """Product, donor, recipient, day; nothing decided yet."""
    made = lot()
    assert (made.lot, made.product, made.donor, made.recipient) == ("L1", "msc", "D1", "P1")
    assert (made.day, made.entry, made.status, made.tests, made.decided) == (DAY, 1, "made", (), 0)


def test_release_tests_are_kept_in_order() -> None:
    """Each result with its unit and entry."""
    tested = lot(e.LotTested("L1", "viability", 92.0, DAY, "%"), e.LotTested("L1", "sterility", "no growth", LATER))
    kept = [(each.test, each.value, each.unit, each.day, each.entry) for each in tested.tests]
    assert kept == [("viability", 92.0, "%", DAY, 2), ("sterility", "no growth", "", LATER, 3)]


def test_a_lot_is_released() -> None:
    """The deciding entry is kept."""
    released = lot(e.LotReleased("L1", DAY))
    assert (released.status, released.decided, released.reason) == ("released", 2, "")


def test_a_lot_is_rejected_for_a_reason() -> None:
    """The deciding entry and the reason are kept."""
    rejected = lot(e.LotRejected("L1", DAY, "endotoxin"))
    assert (rejected.status, rejected.decided, rejected.reason) == ("rejected", 2, "endotoxin")


# ---------------------------------------------------------------- dosing


def test_dose_levels_are_kept() -> None:
    """The rung for a visit and how it came about."""
    (level,) = person(e.DoseLevelDecided("P1", "injection_2", "cells", DAY, "down", 1e7, "fever")).levels
    assert (level.visit, level.dose, level.level, level.adjustment) == ("injection_2", "cells", 1e7, "down")
    assert level.entry == 2


def test_infusions_keep_what_was_prescribed_and_what_was_delivered() -> None:
    """Two facts, never one."""
    given = e.CellsInfused("P1", "infusion_1", "cells", "L1", DAY, 1e6, 7e7, 2e7, 90.0, 3.0, 5.4e7, 70.0)
    (infusion,) = chart(given).infusions
    assert (infusion.visit, infusion.dose, infusion.lot, infusion.day) == ("infusion_1", "cells", "L1", DAY)
    assert (infusion.level, infusion.prescribed_cells, infusion.delivered_cells) == (1e6, 7e7, 5.4e7)
    assert (infusion.volume_ml, infusion.weight_kg, infusion.entry) == (3.0, 70.0, 2)


def test_omitted_doses_are_kept() -> None:
    """With the reason."""
    (omission,) = person(e.DoseOmitted("P1", "infusion_2", "cells", DAY, "lot failed")).omissions
    assert (omission.visit, omission.dose, omission.day, omission.reason) == ("infusion_2", "cells", DAY, "lot failed")
    assert omission.entry == 2


# ---------------------------------------------------------------- safety

FEVER = e.AdverseEventReported("P1", "AE1", "Fever", 2, DAY)
HEADACHE = e.AdverseEventReported("P1", "AE2", "Headache", 1, DAY, False, False, True)


def test_an_adverse_event_is_unjudged_until_somebody_judges_it() -> None:
    """None is not False."""
    (reported,) = chart(FEVER).adverse_events
    assert (reported.id, reported.term, reported.grade, reported.onset) == ("AE1", "Fever", 2, DAY)
    assert (reported.related, reported.serious, reported.expected, reported.resolved) == (None, None, None, None)
    assert (reported.entry, reported.reported) == (2, 2)


def test_a_follow_up_changes_what_it_tells_and_nothing_else() -> None:
    """Only the event of that id, only the fields that are given; the first report stays known."""
    follow_up = e.AdverseEventFollowedUp("P1", "AE1", LATER, grade=3, related=True, serious=False, resolved=LATER)
    fever, headache = chart(FEVER, HEADACHE, follow_up).adverse_events
    assert (fever.grade, fever.related, fever.serious, fever.expected, fever.resolved) == (3, True, False, None, LATER)
    assert (fever.entry, fever.reported) == (4, 2)
    assert headache == chart(FEVER, HEADACHE).adverse_events[1]


def test_a_follow_up_of_nothing_changes_nothing() -> None:
    """Its adverse event may have been withdrawn."""
    assert chart(FEVER, e.AdverseEventFollowedUp("P1", "AE9", LATER, grade=5)) == chart(FEVER)


def test_a_hold_stands_until_it_is_released() -> None:
    """The moments of both are kept, and holds do not lift one another."""
    placed = e.HoldPlaced("fever_rule", "participant", "fever", (2,), "P1", "cells")
    state = after(REGISTERED, placed, placed, e.HoldReleased("fever_rule", 2))
    lifted, standing = state.holds
    assert (lifted.entry, lifted.rule, lifted.level, lifted.participant) == (2, "fever_rule", "participant", "P1")
    assert (lifted.dose, lifted.reason, lifted.because, lifted.released) == ("cells", "fever", (2,), 4)
    assert (lifted.placed_at, lifted.released_at) == (START + timedelta(minutes=2), START + timedelta(minutes=4))
    assert (standing.released, standing.released_at) == (0, None)
    assert state.standing() == (standing,)


def test_releasing_no_hold_changes_nothing() -> None:
    """The hold may have been withdrawn."""
    assert after(REGISTERED, e.HoldReleased("fever_rule", 1)).holds == ()


def test_declarations_are_kept() -> None:
    """Rule, words, entry."""
    (declared,) = after(e.DeclarationMade("safe", "the dose is safe", (1, 2))).declarations
    assert (declared.rule, declared.says, declared.entry) == ("safe", "the dose is safe", 1)


def test_deviations_are_kept_for_the_trial() -> None:
    """Who, which rule, what it says, when, where, why."""
    (deviation,) = after(e.DeviationRecorded("P1", "window", "day 28", DAY, "month_1", "snow")).deviations
    assert (deviation.participant, deviation.rule, deviation.says) == ("P1", "window", "day 28")
    assert (deviation.day, deviation.visit, deviation.reason, deviation.entry) == (DAY, "month_1", "snow", 1)


# ---------------------------------------------------------------- questions a state answers


def test_the_enrolled_come_in_the_order_of_their_numbers() -> None:
    """Who only was screened is not among them; who left is."""
    events = [e.ParticipantRegistered(name, DAY) for name in ("P3", "P2", "P1")]
    numbers = [e.ParticipantEnrolled("P3", DAY, 2, 1), e.ParticipantEnrolled("P1", DAY, 1, 1)]
    state = after(*events, *numbers, e.ParticipantWithdrawn("P1", LATER, "moved away"))
    assert [each.id for each in state.enrolled()] == ["P1", "P3"]


def test_a_signature_falls_with_what_it_signed() -> None:
    """Correcting an entry undoes the signatures over it, and no others."""
    signed = (REGISTERED, MADE, e.Signed("eligible", (1,), "aa"), e.Signed("release", (2,), "bb"))
    state = after(*signed, e.EntryCorrected(2, "another donor", e.LotManufactured("L1", "msc", "D2", DAY)))
    eligible, release = state.signatures
    assert state.stands(eligible)
    assert not state.stands(release)


def test_a_signature_given_after_a_correction_stands() -> None:
    """Whoever signs what has been put right signs it as it counts now."""
    correction = e.EntryCorrected(2, "another donor", e.LotManufactured("L1", "msc", "D2", DAY))
    state = after(REGISTERED, MADE, correction, e.Signed("release", (2,), "bb"))
    assert state.stands(state.signatures[0])


# ---------------------------------------------------------------- corrections

WEIGHED = e.FactObserved("P1", "weight", 700.0, DAY, "kg")
REWEIGHED = e.FactObserved("P1", "weight", 70.0, DAY, "kg")


def weights(*events: e.Event) -> list[tuple[object, int]]:
    """The weights of P1 with their entries; the first event is entry 2."""
    return [(seen.value, seen.entry) for seen in chart(*events).observations]


def test_a_replacement_takes_the_place_and_the_number_of_the_original() -> None:
    """Order in the chart is the order of the originals."""
    other = e.FactObserved("P1", "weight", 71.0, LATER, "kg")
    assert weights(WEIGHED, other, e.EntryCorrected(2, "a slip", REWEIGHED)) == [(70.0, 2), (71.0, 3)]


def test_a_withdrawn_entry_vanishes() -> None:
    """Nothing takes its place."""
    assert weights(WEIGHED, e.EntryCorrected(2, "another person")) == []


def test_evolving_only_marks_a_correction() -> None:
    """What came of the original can only be undone by a replay."""
    before = after(REGISTERED, WEIGHED)
    marked = evolve(before, entry(3, e.EntryCorrected(2, "a slip", REWEIGHED)))
    assert marked.participants == before.participants
    assert marked.corrected == {2: 3}


def test_a_corrected_correction_counts_as_corrected() -> None:
    """The second thought takes the place of the first."""
    first = e.EntryCorrected(2, "a slip", REWEIGHED)
    second = e.EntryCorrected(
        3, "another slip", e.EntryCorrected(2, "a slip", e.FactObserved("P1", "weight", 7.0, DAY))
    )
    assert weights(WEIGHED, first, second) == [(7.0, 2)]
    assert after(REGISTERED, WEIGHED, first, second).corrected == {2: 3, 3: 4}


def test_a_correction_that_named_the_wrong_entry_lets_it_go() -> None:
    """Corrected itself to name another, it leaves the first as it was."""
    wrong = e.EntryCorrected(2, "a slip")
    right = e.EntryCorrected(4, "named the wrong entry", e.EntryCorrected(3, "a slip"))
    assert weights(WEIGHED, REWEIGHED, wrong, right) == [(700.0, 2)]


def test_nothing_corrects_itself_or_what_is_yet_to_come() -> None:
    """A correction reaches back only."""
    assert weights(e.EntryCorrected(2, "itself"), WEIGHED) == [(700.0, 3)]
    assert weights(e.EntryCorrected(3, "the next"), WEIGHED) == [(700.0, 3)]


def test_a_correction_that_orphans_an_entry_is_named() -> None:
    """Taking back a registration leaves its observations with nobody: the message names entry and person."""
    with pytest.raises(Unusable, match="entry 2 speaks of participant P1") as refused:
        after(REGISTERED, WEIGHED, e.EntryCorrected(1, "never came"))
    (finding,) = refused.value.findings
    assert finding.code == "book.orphan"
    assert "correct entry 2" in finding.hint


def test_an_unknown_lot_is_named() -> None:
    """A test result needs its lot."""
    with pytest.raises(Unusable, match="entry 1 speaks of lot L7"):
        after(e.LotReleased("L7", DAY))


# ---------------------------------------------------------------- as known on a date


def test_as_known_looks_at_when_things_were_recorded() -> None:
    """Not at when they happened; a correction counts from the moment it was made."""
    entries = numbered([REGISTERED, WEIGHED, e.EntryCorrected(2, "a slip", REWEIGHED)])
    moments = [START, START + timedelta(minutes=1), START + timedelta(minutes=2), START + timedelta(minutes=3)]
    states = [replay(entries, as_known=moment) for moment in moments]
    assert [state.head for state in states] == [0, 1, 2, 3]
    assert [state.participants["P1"].chart.observations for state in states[1:2]] == [()]
    assert [state.participants["P1"].chart.observations[0].value for state in states[2:]] == [700.0, 70.0]


# ---------------------------------------------------------------- JSON


def test_state_json_is_the_same_whatever_the_order() -> None:
    """Sets and mappings are sorted: two machines write the same bytes."""
    one = State(roles={"bob": frozenset({"a", "b"}), "ann": frozenset()}, corrections=((1, 10),))
    other = State(roles={"ann": frozenset(), "bob": frozenset({"b", "a"})}, corrections=((1, 10),))
    assert to_json(one) == to_json(other)


def test_state_json_brings_people_and_lots_back_in_their_order() -> None:
    """The order of their entries, not of their names."""
    people = [e.ParticipantRegistered(name, DAY) for name in ("P9", "P1")]
    lots = [e.LotManufactured(name, "msc", "D1", DAY) for name in ("L9", "L1")]
    again = from_json(to_json(after(*people, *lots)))
    assert list(again.participants) == ["P9", "P1"]
    assert list(again.lots) == ["L9", "L1"]
