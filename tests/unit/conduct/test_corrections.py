"""Corrections: who may put what right, that a replacement is decided like the original, and that nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

import conduct_stages as at
from site_desk import DAY_ZERO, FIRST, SCREENED, Site, events
from spec_trial import TEXT
from stromal.conduct import commands as c
from stromal.conduct.correcting import _MADE_BY
from stromal.ledger import events as e
from stromal.ledger.state import replay
from stromal.protocol.model import ROLES
from stromal.values import Refused


def entry_of(site: Site, kind: type, number: int = 0) -> e.Entry:
    """An entry of a kind, the first unless another is asked for."""
    return [entry for entry in site.book.entries() if isinstance(entry.event, kind)][number]


def changed(entry: e.Entry, **changes: object) -> c.CorrectEntry:
    """The correction of an entry in some of its fields."""
    return c.CorrectEntry(entry.number, "a slip", msgspec.structs.replace(entry.event, **changes))


def everything() -> Site:
    """A trial in which everything correctable has happened, to P1 or to P2."""
    site = Site().dose().on(at.NEXT)
    site.event("P1", 1, at.NEXT)
    site.must("coordinator", c.FollowUpAdverseEvent("P1", "AE1", at.NEXT, grade=2))
    site.must("coordinator", c.RecordNotObtained("P1", "weight", at.NEXT, "no scales"))
    site.must("coordinator", c.RecordEpisode("P1", "riluzole", at.NEXT, ongoing=True))
    site.must("coordinator", c.AttendVisit("P1", "injection_2", at.NEXT))
    site.must("coordinator", c.OmitDose("P1", "injection_2", at.NEXT, "ill"))
    site.must("coordinator", c.MissVisit("P1", "visit_1", at.NEXT, "away"))
    site.must("coordinator", c.CompleteParticipant("P1", at.NEXT), "seen elsewhere from now on")
    site.screen("P2", at.NEXT).must("coordinator", c.FailScreening("P2", at.NEXT, ("moved",)))
    site.screen("P3", at.NEXT).must("investigator", c.DecideEligibility("P3", at.NEXT))
    site.must("investigator", c.EnrolParticipant("P3", at.NEXT))
    site.must("coordinator", c.WithdrawParticipant("P3", at.NEXT, "moved"))
    return site


CHANGES: dict[type, dict[str, Any]] = {
    e.ParticipantRegistered: {"day": SCREENED - timedelta(days=1)},
    e.ConsentGiven: {"day": SCREENED - timedelta(days=1)},
    e.FactObserved: {"value": "1981-01-01"},
    e.FactNotObtained: {"reason": "scales broken"},
    e.EpisodeRecorded: {"regimen": "50 mg"},
    e.AbsenceRecorded: {"since": date(2000, 1, 1)},
    e.QuestionAnswered: {"answer": False},
    e.VisitAttended: {"day": SCREENED - timedelta(days=1)},
    e.VisitMissed: {"reason": "ill"},
    e.LotManufactured: {"cells_per_ml": 1e7},
    e.LotTested: {"value": 91.0},
    e.CellsInfused: {"volume_ml": 5.5},
    e.DoseOmitted: {"reason": "a cold"},
    e.AdverseEventReported: {"term": "Chills"},
    e.AdverseEventFollowedUp: {"grade": 1},
    e.ParticipantWithdrawn: {"reason": "work"},
    e.ParticipantCompleted: {"day": FIRST},
    e.ScreenFailed: {"reasons": ("age",)},
}
"""For each event that may be corrected, a change of it that may be made."""


def test_every_correctable_event_is_tried() -> None:
    """The table of changes knows every event that may be corrected."""
    assert set(CHANGES) == set(_MADE_BY)


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_a_correction_counts_and_the_original_stays(kind: type) -> None:
    """What is corrected counts from then on; the entry itself is still there as it was written."""
    site = everything()
    entry = entry_of(site, kind)
    role = "investigator" if kind in (e.CellsInfused, e.QuestionAnswered) else (
        "laboratory" if kind in (e.LotManufactured, e.LotTested) else "coordinator"
    )  # fmt: skip
    receipt = site.must(role, changed(entry, **CHANGES[kind]))
    corrected = receipt.entries[0].event
    assert isinstance(corrected, e.EntryCorrected)
    assert corrected.entry == entry.number
    assert corrected.replacement is not None
    for name, value in CHANGES[kind].items():
        assert getattr(corrected.replacement, name) == value
    assert entry_of(site, kind) == entry
    assert site.state == replay(site.book.entries())


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_who_may_correct_what(kind: type) -> None:
    """An entry is corrected by those who may record such a thing, and by nobody else."""
    site = everything()
    entry = entry_of(site, kind)
    command = changed(entry, **CHANGES[kind])
    special: dict[type, set[str]] = {
        e.CellsInfused: {"investigator"}, e.LotManufactured: {"laboratory"}, e.LotTested: {"laboratory"},
    }  # fmt: skip
    recorders = special.get(kind, {"coordinator", "investigator"})
    for role in ROLES:
        refused = site.ask(role, command) if role not in recorders else None
        if isinstance(refused, Refused):
            assert refused.rule in ("correction.role", "role.command")
        else:
            assert role in recorders


@pytest.mark.parametrize("kind", [e.ParticipantRegistered, e.LotManufactured])
def test_what_others_rest_on_can_only_be_put_right(kind: type) -> None:
    """Who registered a person, and what a lot is, cannot be taken back: later entries rest on it."""
    site = everything()
    entry = entry_of(site, kind)
    role = "laboratory" if kind is e.LotManufactured else "coordinator"
    refused = site.refused(role, c.CorrectEntry(entry.number, "a slip"))
    assert (refused.rule, refused.hint) == ("correction.kind", "give a replacement")


@pytest.mark.parametrize(
    "kind",
    [e.TrialOpened, e.ProtocolAdopted, e.RoleGranted, e.Signed, e.EligibilityDecided, e.ParticipantEnrolled,
     e.LotReleased],
    ids=lambda kind: kind.__name__,
)  # fmt: skip
def test_decisions_and_signatures_are_made_anew(kind: type) -> None:
    """A decision or a signature is not corrected: what it rests on is, and then it is made again."""
    site = everything()
    refused = site.refused("coordinator", c.CorrectEntry(entry_of(site, kind).number, "a slip"))
    assert (refused.rule, refused.hint) == ("correction.kind", "correct the entry it rests on, and decide again")
    assert kind.__name__ in refused.message


def test_a_correction_is_of_the_same_kind_about_the_same() -> None:
    """A value does not become an adverse event, nor somebody else's value, nor another lot's test."""
    site = everything()
    fact, event, test = (entry_of(site, kind) for kind in (e.FactObserved, e.AdverseEventReported, e.LotTested))
    gap = e.FactNotObtained("P1", "score", SCREENED, "x")
    for role, command in (
        ("coordinator", c.CorrectEntry(fact.number, "a slip", gap)),
        ("coordinator", changed(fact, participant="P2")),
        ("coordinator", changed(event, id="AE9")),
        ("laboratory", changed(test, lot="L9")),
    ):
        refused = site.refused(role, command)
        assert (refused.rule, refused.hint) == ("correction.kind", "record it anew")


def test_a_correction_needs_a_reason() -> None:
    """Why something was wrong is part of putting it right."""
    site = everything()
    entry = entry_of(site, e.FactObserved)
    refused = site.refused("coordinator", c.CorrectEntry(entry.number, "  ", entry.event))
    assert (refused.rule, refused.message) == ("reason.missing", "a correction needs a reason")


@pytest.mark.parametrize(
    ("kind", "changes", "rule"),
    [
        (e.FactObserved, {"fact": "haemoglobin"}, "fact.unknown"),
        (e.FactObserved, {"value": "yesterday"}, "facts.birth_date"),
        (e.VisitAttended, {"visit": "nowhere"}, "visit.unknown"),
        (e.AdverseEventReported, {"grade": 9}, "adverse_event.grade"),
        (e.AdverseEventFollowedUp, {"resolved": SCREENED}, "adverse_event.order"),
        (e.EpisodeRecorded, {"end": SCREENED}, "episode.order"),
        (e.ScreenFailed, {"reasons": ()}, "reason.missing"),
        (e.ConsentGiven, {"day": date(2030, 1, 1)}, "day.future"),
    ],
)
def test_a_replacement_obeys_the_rules_of_what_it_replaces(kind: type, changes: dict[str, Any], rule: str) -> None:
    """What could not have been recorded cannot be put in the place of what was."""
    site = everything()
    assert site.refused("coordinator", changed(entry_of(site, kind), **changes)).rule == rule


def test_a_judgement_is_corrected_only_by_whoever_may_judge() -> None:
    """A coordinator records answers, and still cannot change what only the investigator may judge."""
    site = everything()
    command = changed(entry_of(site, e.QuestionAnswered), answer=False)
    assert site.refused("coordinator", command).rule == "question.role"
    site.must("investigator", command)
    assert site.person().chart.answers[0].answer is False


def test_what_was_delivered_is_worked_out_anew() -> None:
    """The volume of a dose put right gives other delivered cells, whatever the correction itself says of them."""
    site = Site().dose()
    entry = entry_of(site, e.CellsInfused)
    site.must("investigator", changed(entry, volume_ml=5.0, delivered_cells=1.0))
    (given,) = site.person().chart.infusions
    assert (given.volume_ml, given.delivered_cells, given.entry) == (5.0, 4.5e7, entry.number)


def test_the_lot_of_a_dose_can_be_put_right() -> None:
    """The wrong bag written down: the right one must be released for the same person as well."""
    site = Site().dose().on(FIRST).lot("L9", "P9").lot("L2")
    entry = entry_of(site, e.CellsInfused)
    assert site.refused("investigator", changed(entry, lot="L9")).rule == "lot.recipient"
    site.must("investigator", changed(entry, lot="L2"))
    assert site.person().chart.infusions[0].lot == "L2"


# ---------------------------------------------------------------- deviations come and go with what they are about


def test_a_deviation_goes_with_the_slip_that_made_it() -> None:
    """A visit with a mistyped day was out of its window; put right, it is not, and the deviation is taken back."""
    site = at.enrolled()
    receipt = site.must("coordinator", c.AttendVisit("P1", "run_in_1", FIRST))
    assert events(receipt) == ["VisitAttended", "DeviationRecorded"]
    assert site.deviations() == ["schedule.window"]
    receipt = site.must("coordinator", changed(receipt.entries[0], day=date(2024, 2, 29)))
    assert events(receipt) == ["EntryCorrected", "EntryCorrected"]
    assert site.deviations() == []


def test_a_deviation_comes_with_a_correction() -> None:
    """A visit moved out of its window by a correction is a deviation from then on; corrected again, it is none."""
    site = at.enrolled()
    receipt = site.must("coordinator", c.AttendVisit("P1", "run_in_1", date(2024, 2, 29)))
    entry = receipt.entries[0]
    for day, deviations in ((FIRST, ["schedule.window"]), (DAY_ZERO, ["schedule.window"]), (date(2024, 3, 1), [])):
        site.must("coordinator", changed(entry, day=day))
        assert site.deviations() == deviations
        assert all(str(day) in each.says for each in site.state.deviations)


def test_the_deviations_of_a_dose_are_worked_out_anew() -> None:
    """Too small a volume delivers too few cells; put right, both deviations go. While it stays too small, whatever else
    is put right, the reason is asked for anew.
    """
    site = at.released()
    low = c.InfuseCells("P1", "injection_1", "L1", FIRST, 1e7, 90.0, 4.0)
    entry = site.must("investigator", low, "the syringe leaked").entries[0]
    assert site.deviations() == ["dosing.tolerance", "dosing.volume"]
    still = changed(entry, volume_ml=4.5)
    assert site.refused("investigator", still).rule == "dosing.tolerance"
    site.must("investigator", still, "the syringe leaked, less than was thought")
    assert [(each.rule, each.reason) for each in site.state.deviations] == [
        ("dosing.tolerance", "the syringe leaked, less than was thought"),
        ("dosing.volume", "the syringe leaked, less than was thought"),
    ]
    assert site.state.deviations[0].says.startswith("81 % of the prescribed cells")
    site.must("investigator", changed(entry, volume_ml=5.56))
    assert site.deviations() == []


@pytest.mark.parametrize("replacement", [True, False])
def test_a_missed_visit_can_be_taken_back(replacement: bool) -> None:
    """Taken back, the visit is open again; only put right, it is still missed."""
    site = everything()
    entry = entry_of(site, e.VisitMissed)
    site.must("coordinator", changed(entry, reason="ill") if replacement else c.CorrectEntry(entry.number, "came"))
    assert [each.visit for each in site.person().missed] == (["visit_1"] if replacement else [])
    assert ("schedule.missed" in site.deviations()) is replacement


def test_what_has_changed_since_does_not_stand_in_the_way() -> None:
    """A slip in a visit of somebody who has left the trial since is put right like any other."""
    site = everything()
    entry = entry_of(site, e.VisitAttended, 1)
    assert isinstance(entry.event, e.VisitAttended)
    assert entry.event.visit == "run_in_start"
    assert site.person().status == "completed"
    site.must("coordinator", changed(entry, day=DAY_ZERO + timedelta(days=1)))
    refused = site.refused("coordinator", changed(entry, day=date(2030, 1, 1)))
    assert refused.rule == "day.future", "a new breach still counts"


def test_a_replacement_may_go_ahead_against_a_rule() -> None:
    """A value outside its range is confirmed with a reason, and is a signed deviation then."""
    site = Site().screen()
    entry = next(each for each in site.book.entries() if getattr(each.event, "fact", "") == "hemoglobin")
    assert site.refused("coordinator", changed(entry, value=26.0)).rule == "facts.hemoglobin"
    receipt = site.must("coordinator", changed(entry, value=26.0), "measured twice")
    assert events(receipt) == ["EntryCorrected", "DeviationRecorded", "Signed"]


def test_eligibility_is_signed_anew_after_a_correction() -> None:
    """A correction voids the verdict that rests on it; decided again, the person can be enrolled."""
    site = at.corrected()
    assert site.refused("investigator", c.EnrolParticipant("P1", SCREENED)).rule == "eligibility.changed"
    site.must("investigator", c.DecideEligibility("P1", SCREENED))
    site.must("investigator", c.EnrolParticipant("P1", SCREENED))


def test_a_correction_before_the_verdict_voids_nothing() -> None:
    """What was put right before anybody signed is signed as it counts."""
    site = Site().screen()
    entry = next(each for each in site.book.entries() if getattr(each.event, "fact", "") == "score")
    correction = site.must("coordinator", changed(entry, value=39)).entries[0].number
    receipt = site.must("investigator", c.DecideEligibility("P1", SCREENED))
    signed = receipt.entries[-1].event
    assert isinstance(signed, e.Signed)
    assert {entry.number, correction} <= set(signed.of), "the signature covers the correction too"
    site.must("investigator", c.EnrolParticipant("P1", SCREENED))


def test_going_ahead_does_not_keep_a_verdict_alive() -> None:
    """A verdict decided against a rule carries two signatures; the one under the deviation is no verdict."""
    site = at.consented_late()
    site.must("investigator", c.DecideEligibility("P1", SCREENED), "the paper says so")
    assert site.deviations() == ["consent.order"]
    entry = next(each for each in site.book.entries() if getattr(each.event, "fact", "") == "score")
    site.must("coordinator", changed(entry, value=39))
    later = SCREENED + timedelta(days=5)
    assert site.refused("investigator", c.EnrolParticipant("P1", later)).rule == "eligibility.changed"


def test_the_release_of_a_lot_is_signed_anew_after_a_correction() -> None:
    """A corrected result voids the release; released again, the lot can be given."""
    site = at.recounted()
    site.must("laboratory", c.ReleaseLot("L1", FIRST))
    site.must("investigator", site.infusion())


def test_a_lot_that_failed_later_is_released_only_against_the_rule() -> None:
    """A later failure stops the lot; releasing it again goes against the same rule."""
    site = at.retested()
    assert site.refused("laboratory", c.ReleaseLot("L1", FIRST)).rule == "release.sterility"
    site.must("laboratory", c.TestLot("L1", "sterility", "negative", FIRST), "a third sample was kept")
    assert site.refused("investigator", site.infusion()).rule == "release.sterility", "the failure still counts"
    site.must("laboratory", c.ReleaseLot("L1", FIRST), "the second sample was mixed up")
    site.must("investigator", site.infusion())


def test_a_failed_result_that_was_misread_counts_no_more() -> None:
    """A failed result is put right by a correction: then the lot is released as any other."""
    site = at.failed_tests()
    values: tuple[float | str, ...] = (89.9, "negative")
    for test, value in zip(site.state.lots["L1"].tests, values, strict=True):
        right = e.LotTested("L1", test.test, value, FIRST, test.unit)
        site.must("laboratory", c.CorrectEntry(test.entry, "misread", right))
    site.must("laboratory", c.ReleaseLot("L1", FIRST))
    assert site.deviations() == []


def test_corrections_of_a_corrected_entry_point_at_the_original() -> None:
    """An entry is corrected as often as needed; the last word counts."""
    site = Site().screen()
    entry = next(each for each in site.book.entries() if getattr(each.event, "fact", "") == "score")
    for value in (30, 20, 40):
        site.must("coordinator", changed(entry, value=value))
    assert [each.value for each in site.person().chart.observations if each.fact == "score"] == [40]
    site.must("coordinator", c.CorrectEntry(entry.number, "of somebody else"))
    assert [each.value for each in site.person().chart.observations if each.fact == "score"] == []


def test_a_small_trial_can_be_told_again_from_its_book() -> None:
    """After all these corrections a desk that reads the book anew knows exactly the same."""
    site = everything()
    site.must("coordinator", changed(entry_of(site, e.FactObserved), value="1981-01-01"))
    again = Site(TEXT, site.book)
    assert again.state == site.state
