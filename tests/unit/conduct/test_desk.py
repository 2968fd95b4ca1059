"""The desk: overrides, signatures over the book, amendments, the order of things, and several desks on one book."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import conduct_stages as at
from site_desk import DAY_ZERO, FIRST, READ, SCREENED, Site, events, only
from spec_trial import TEXT
from stromal.conduct import commands as c
from stromal.conduct.desk import Desk, Receipt, read_protocols, signed_digest
from stromal.conduct.roles import GOES_AHEAD, MEANINGS
from stromal.ledger import events as e
from stromal.ledger.chain import verify
from stromal.ledger.state import replay
from stromal.store.sqlite import SqliteBook
from stromal.values import Unusable

# ---------------------------------------------------------------- going ahead against a rule

_AHEAD: tuple[tuple[Callable[[], Site], str, c.Command, tuple[str, ...], tuple[str, ...]], ...] = (
    (at.consented, "coordinator", c.RecordFact("P1", "score", 49, SCREENED), ("FactObserved",), ("facts.score",)),
    (at.registered, "coordinator", c.RecordFact("P1", "score", 40, SCREENED), ("FactObserved",), ("consent.missing",)),
    (at.registered, "coordinator", c.RecordConsent("P1", date(2030, 1, 1)), ("ConsentGiven",), ("day.future",)),
    (at.ineligible, "investigator", c.EnrolParticipant("P1", SCREENED), ("ParticipantEnrolled",),
     ("eligibility.not_met",)),
    (at.screened, "investigator", c.EnrolParticipant("P1", SCREENED), ("ParticipantEnrolled",),
     ("eligibility.missing",)),
    (at.registered, "investigator", c.EnrolParticipant("P1", SCREENED), ("ParticipantEnrolled",),
     ("consent.missing", "eligibility.missing")),
    (at.full, "investigator", c.EnrolParticipant("P9", DAY_ZERO), ("ParticipantEnrolled",), ("trial.planned",)),
    (at.died, "investigator", c.EnrolParticipant("P9", at.NEXT), ("ParticipantEnrolled",), ("trial.hold",)),
    (at.left, "coordinator", c.AttendVisit("P1", "injection_2", FIRST), ("VisitAttended", "DeviationRecorded"),
     ("participant.ended",)),
    (at.failed_tests, "laboratory", c.ReleaseLot("L1", FIRST), ("LotReleased", "Signed"),
     ("release.viability", "release.sterility")),
    (at.enrolled, "coordinator", c.CompleteParticipant("P1", FIRST), ("ParticipantCompleted",), ("visit.open",)),
    (at.failed_tests, "laboratory", c.TestLot("L1", "viability", 85.0, FIRST, "%"), ("LotTested",), ("lot.retest",)),
    (at.passed_later, "laboratory", c.ReleaseLot("L1", FIRST), ("LotReleased", "Signed"),
     ("release.viability", "release.sterility")),
    (at.enrolled, "laboratory", c.ManufactureLot("L1", "cells", "D1", FIRST, "P1"), ("LotManufactured",),
     ("products.cells.donor",)),
    (at.stopped, "investigator", Site.infusion(), ("CellsInfused",), ("hold.stopped",)),
    (at.failed_tests, "investigator", Site.infusion(), ("CellsInfused",), ("lot.status",)),
    (at.enrolled, "investigator", Site.infusion(), ("CellsInfused",), ("visit.missing", "lot.unknown")),
    (at.dosed, "investigator", Site.infusion(visit="injection_2", lot="L2", day=at.NEXT), ("CellsInfused",),
     ("dosing.level",)),
    (at.released, "investigator", c.InfuseCells("P1", "injection_1", "L1", FIRST, 1e7, 90.0, 3.0), ("CellsInfused",),
     ("dosing.tolerance", "dosing.volume")),
    (at.released, "investigator", c.InfuseCells("P1", "injection_1", "L1", FIRST, 2e7, 90.0, 7.0), ("CellsInfused",),
     ("dosing.tolerance",)),
)  # fmt: skip


@pytest.mark.parametrize(("stage", "role", "command", "what", "rules"), _AHEAD)
def test_what_goes_ahead_is_recorded_and_signed(
    stage: Callable[[], Site], role: str, command: c.Command, what: tuple[str, ...], rules: tuple[str, ...]
) -> None:
    """Refused without a reason; with one it is recorded, each rule as a deviation with that reason, and one signature
    covers what was done and the deviations."""
    site = stage()
    assert site.refused(role, command).rule == rules[0]
    assert site.refused(role, command, anyway="  ").rule == rules[0], "blanks are no reason"
    receipt = site.must(role, command, "the paper says so")
    assert tuple(events(receipt))[: len(what)] == what
    told = [entry for entry in only(receipt, e.DeviationRecorded) if entry.event.reason == "the paper says so"]  # type: ignore[union-attr]  # a deviation
    assert tuple(entry.event.rule for entry in told) == rules  # type: ignore[union-attr]  # a deviation
    signed = only(receipt, e.Signed)[-1].event
    assert isinstance(signed, e.Signed)
    assert (signed.meaning, signed.reason) == (GOES_AHEAD, "the paper says so")
    done = receipt.entries[0].number
    assert {done, *(entry.number for entry in told)} <= set(signed.of)


def test_a_needless_reason_changes_nothing() -> None:
    """A reason for going ahead where no rule stands in the way leaves no deviation behind."""
    receipt = at.consented().must("coordinator", c.RecordFact("P1", "score", 40, SCREENED), "just in case")
    assert events(receipt) == ["FactObserved"]


def test_a_waived_dose_shows_every_rule_it_broke() -> None:
    """A dose given before anything was in order: each rule is a deviation of its own."""
    site = at.decided()
    site.must("investigator", site.infusion(lot="L7", day=SCREENED), "an emergency")
    assert site.deviations() == ["enrolment.missing", "visit.missing", "lot.unknown"]
    assert site.person().chart.infusions[0].lot == "L7"


# ---------------------------------------------------------------- signatures


def test_every_signature_can_be_recomputed_from_the_book() -> None:
    """A signature binds the SHA-256 of the events it stands for, as the book has them; no two meanings are mixed up."""
    site = at.died()
    stopped = next(each for each in site.state.standing() if each.rule == "stopped")
    site.must("safety_committee", c.ReleaseHold(stopped.entry, "reviewed"))
    site.must("investigator", c.EnrolParticipant("P9", at.NEXT))
    site.must("coordinator", c.AttendVisit("P9", "injection_1", at.NEXT), "came early")
    site.must("investigator", site.infusion("P9", lot="L-P1", day=at.NEXT), "the other bag broke")
    entries = list(site.book.entries())
    signed = [entry for entry in entries if isinstance(entry.event, e.Signed)]
    assert {entry.event.meaning for entry in signed} == {*MEANINGS.values(), GOES_AHEAD}  # type: ignore[union-attr]  # signatures
    for entry in signed:
        assert isinstance(entry.event, e.Signed)
        assert set(entry.event.of) <= set(range(1, entry.number + 3))
        assert entry.event.digest == signed_digest(entries[number - 1].event for number in entry.event.of)
        assert entry.event.of, "nobody signs nothing"


def test_the_verdict_is_signed_with_everything_it_rests_on() -> None:
    """The signature under a verdict covers consent, every entry a criterion looked at, and the verdict itself."""
    site = Site().screen()
    receipt = site.must("investigator", c.DecideEligibility("P1", SCREENED))
    decided, signature = receipt.entries
    assert isinstance(signature.event, e.Signed)
    looked_at = (e.ConsentGiven, e.AbsenceRecorded, e.QuestionAnswered)
    rests_on = {x.number for x in site.book.entries() if isinstance(x.event, looked_at)}
    facts = {
        x.number for x in site.book.entries() if getattr(x.event, "fact", "") in ("birth_date", "score", "hemoglobin")
    }
    assert set(signature.event.of) == rests_on | facts | {decided.number}


# ---------------------------------------------------------------- order


@pytest.mark.parametrize(
    ("stage", "command", "rule"),
    [
        (at.registered, c.DecideEligibility("P1", SCREENED), "eligibility.unknown"),
        (at.screened, c.EnrolParticipant("P1", SCREENED), "eligibility.missing"),
        (at.decided, Site.infusion(day=SCREENED), "enrolment.missing"),
        (at.failed_tests, Site.infusion(), "lot.status"),
        (at.stopped, Site.infusion(), "hold.stopped"),
    ],
)
def test_nothing_comes_before_its_turn(stage: Callable[[], Site], command: c.Command, rule: str) -> None:
    """No verdict before consent, no enrolment before the signed verdict, no dose before enrolment, release, or in a
    hold.
    """
    assert stage().refused("investigator", command).rule == rule


def test_the_usual_way_leaves_no_deviation() -> None:
    """From registration to the first dose in order: nothing to excuse."""
    site = Site().dose()
    assert site.deviations() == []
    assert site.person().chart.infusions[0].prescribed_cells == 5e7
    assert verify(site.book.rows()).broken is None


# ---------------------------------------------------------------- amendments

_V2 = TEXT.replace("number: 1", "number: 2").replace("effective: 2024-01-01", "effective: 2024-03-01")


def test_a_person_is_judged_by_the_version_they_consented_to() -> None:
    """An amendment that raises the limit holds for those who consent to it; the others keep theirs until they do."""
    stricter = _V2.replace("when: score >= 15 at screening", "when: score >= 45 at screening")
    site = Site().screen("P1")
    site.must("data_manager", c.AdoptProtocol(stricter))
    decided = site.must("investigator", c.DecideEligibility("P1", SCREENED)).entries[0].event
    assert isinstance(decided, e.EligibilityDecided)
    assert decided.eligible
    march = date(2024, 3, 5)
    site.screen("P2", march).on(march)
    assert site.person("P2").version == 2
    later = site.must("investigator", c.DecideEligibility("P2", march)).entries[0].event
    assert isinstance(later, e.EligibilityDecided)
    assert not later.eligible
    site.must("coordinator", c.RecordConsent("P1", march))
    assert site.person("P1").version == 2
    again = site.must("investigator", c.DecideEligibility("P1", march)).entries[0].event
    assert isinstance(again, e.EligibilityDecided)
    assert not again.eligible


def test_consent_is_to_the_version_in_force_on_its_day() -> None:
    """An amendment adopted before it is in force does not count before its day; consent entered late keeps its
    version.
    """
    site = Site()
    site.must("data_manager", c.AdoptProtocol(_V2))
    for name, day, version in (("P1", date(2024, 2, 29), 1), ("P2", date(2024, 3, 1), 2)):
        site.on(date(2024, 3, 2)).must("coordinator", c.RegisterParticipant(name, day))
        site.must("coordinator", c.RecordConsent(name, day))
        assert site.person(name).version == version
    early = site.on(date(2024, 3, 3)).must("coordinator", c.RegisterParticipant("P3", date(2023, 12, 1)))
    assert early
    site.must("coordinator", c.RecordConsent("P3", date(2023, 12, 1)))
    assert site.person("P3").version == 1, "before the first version there is nothing but the first version"


def test_an_amended_hold_is_looked_at_when_it_comes_into_force() -> None:
    """A stricter rule adopted for a later day holds the trial on what happened before, from that day on."""
    stricter = _V2.replace("when: count(adverse_event where grade = 5 and related) > 0",
                           "when: count(adverse_event where grade >= 1) > 0")  # fmt: skip
    site = Site().enrol()
    site.event("P1", 1, DAY_ZERO)
    assert events(site.must("data_manager", c.AdoptProtocol(stricter))) == ["ProtocolAdopted"]
    site.on(date(2024, 2, 28)).must("coordinator", c.RecordFact("P1", "weight", 70, date(2024, 2, 28), "kg"))
    assert site.state.standing() == ()
    site.on(date(2024, 3, 1)).must("coordinator", c.RecordFact("P1", "weight", 71, date(2024, 3, 1), "kg"))
    assert [hold.rule for hold in site.state.standing()] == ["stopped"]


def test_an_amended_hold_is_looked_at_when_it_is_adopted_late() -> None:
    """Adopted on the day it comes into force or later, it is looked at at once."""
    stricter = _V2.replace("when: count(adverse_event where grade = 5 and related) > 0",
                           "when: count(adverse_event where grade >= 1) > 0")  # fmt: skip
    site = Site().enrol().on(date(2024, 3, 2))
    site.event("P1", 1, DAY_ZERO)
    assert events(site.must("data_manager", c.AdoptProtocol(stricter))) == ["ProtocolAdopted", "HoldPlaced"]


def test_a_hold_of_a_participant_is_that_of_their_version() -> None:
    """A hold that an amendment adds holds those who consented to the amendment, and nobody else."""
    more = _V2.replace("rules:\n", "rules:\n  fever:\n    hold: participant\n    when: count(adverse_event) > 0\n"
                                   "    release: signed by investigator\n", 1)  # fmt: skip
    site = Site().enrol("P1")
    site.must("data_manager", c.AdoptProtocol(more))
    site.enrol("P2", date(2024, 4, 1))
    site.event("P1", 1, DAY_ZERO)
    site.event("P2", 1, date(2024, 4, 1))
    assert [(hold.rule, hold.participant) for hold in site.state.standing()] == [("fever", "P2")]
    (hold,) = site.state.standing()
    site.must("investigator", c.ReleaseHold(hold.entry, "over"))
    assert site.state.standing() == ()


def test_a_hold_that_an_amendment_took_out_is_still_lifted() -> None:
    """A hold placed under an older version stands until those have signed whom that version names."""
    site = Site().dose().on(at.NEXT)
    site.event("P1", 5, FIRST)
    stopped = next(each for each in site.state.standing() if each.rule == "stopped")
    without = _V2[: _V2.index("  stopped:")] + _V2[_V2.index("  safe:") :]
    site.must("data_manager", c.AdoptProtocol(without))
    refused = site.refused("investigator", c.ReleaseHold(stopped.entry, "reviewed"))
    assert refused.hint == "it is released when signed by safety_committee"
    site.must("safety_committee", c.ReleaseHold(stopped.entry, "reviewed"))


def test_a_hold_of_somebody_else_stops_nobody() -> None:
    """A hold of another participant, or of another dose, is not in the way."""
    site = Site().dose("P2", FIRST - timedelta(days=7)).enrol("P1").on(FIRST).lot()
    site.event("P2", 3, FIRST)
    assert [hold.participant for hold in site.state.standing()] == ["P2"]
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    site.must("investigator", site.infusion())


def test_a_condition_on_a_hold_asks_whether_it_stands() -> None:
    """`unless: held` leaves a visit out as long as the hold stands, and plans it again once it is lifted."""
    site = Site(TEXT.replace("unless: toxicity", "unless: held")).dose().on(at.NEXT).lot("L2", day=at.NEXT)
    site.event("P1", 3, FIRST)
    site.must("coordinator", c.AttendVisit("P1", "injection_2", at.NEXT))
    site.must("investigator", c.DecideDoseLevel("P1", "injection_2", at.NEXT))
    infusion = c.InfuseCells("P1", "injection_2", "L2", at.NEXT, 1e7, 90.0, 5.0)
    refused = site.refused("investigator", infusion)
    assert (refused.rule, refused.message) == ("schedule.injection_2", "the hold held stands")
    (hold,) = site.state.standing()
    for role in ("investigator", "medical_monitor"):
        site.must(role, c.ReleaseHold(hold.entry, "over"))
    site.must("investigator", infusion, "the volume is as the laboratory sent it")


def test_a_product_that_an_amendment_took_out_can_still_be_tested() -> None:
    """Lots of a product that only an older version has are tested and released by that version."""
    without = _V2.replace("  cells:\n", "  bodies:\n").replace("product: cells", "product: bodies")
    site = at.enrolled()
    site.must("laboratory", c.ManufactureLot("L1", "cells", "P1", FIRST, "P1"))
    site.must("data_manager", c.AdoptProtocol(without))
    site.must("laboratory", c.TestLot("L1", "viability", 90.0, FIRST, "%"))
    site.must("laboratory", c.TestLot("L1", "sterility", "negative", FIRST))
    site.must("laboratory", c.ReleaseLot("L1", FIRST))
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    site.must("investigator", site.infusion())


def test_the_desk_knows_every_version() -> None:
    """The newest version is shown, every version is kept."""
    site = Site()
    site.must("data_manager", c.AdoptProtocol(_V2))
    newest = site.desk.protocol()
    assert newest is not None
    assert newest.version.number == 2
    assert sorted(read_protocols(site.state)) == [1, 2]


# ---------------------------------------------------------------- doses in the book


def test_a_dose_per_kilogram_is_worked_out_on_the_weight_of_the_visit() -> None:
    """The weight of the visit counts, in whatever unit it was measured; a later one changes nothing."""
    site = at.per_kilogram()
    site.must("coordinator", c.RecordFact("P1", "weight", 70_000, FIRST, "g", "injection_1"))
    command = c.InfuseCells("P1", "injection_1", "L1", FIRST, 2e7, 90.0, 3.89)
    site.must("investigator", command, "the product is concentrated")
    (given,) = site.person().chart.infusions
    assert (given.prescribed_cells, given.weight_kg, given.delivered_cells) == (7e7, 70.0, 7.002e7)
    assert site.deviations() == ["dosing.volume"], "the protocol gives 5 to 10 mL"


def test_the_rung_that_was_decided_is_the_amount() -> None:
    """Once the table has decided, that is what is given; later doses do not count for earlier ones."""
    site = at.dosed()
    site.must("investigator", c.DecideDoseLevel("P1", "injection_2", at.NEXT))
    site.must("investigator", c.InfuseCells("P1", "injection_2", "L2", at.NEXT, 2e7, 90.0, 5.56))
    assert [given.level for given in site.person().chart.infusions] == [5e7, 1e8]
    entry = next(x for x in site.book.entries() if isinstance(x.event, e.CellsInfused))
    assert isinstance(entry.event, e.CellsInfused)
    site.must("investigator", c.CorrectEntry(entry.number, "a slip", entry.event))
    assert site.deviations() == []


def test_a_dose_left_out() -> None:
    """A dose that is not given is recorded with its reason, once the visit is planned."""
    site = at.dosed()
    site.must("coordinator", c.OmitDose("P1", "injection_2", at.NEXT, "a cold"))
    assert [(each.visit, each.reason) for each in site.person().omissions] == [("injection_2", "a cold")]


def test_unscheduled_visits() -> None:
    """An extra visit has no window and no epoch; each has a name of its own."""
    site = at.screened()
    for name in ("unscheduled_1", "unscheduled_2"):
        site.must("coordinator", c.AttendVisit("P1", name, SCREENED))
        site.must("coordinator", c.RecordFact("P1", "weight", 70, SCREENED, "kg", name))
    assert site.refused("coordinator", c.AttendVisit("P1", "unscheduled_1", SCREENED)).rule == "visit.twice"
    assert site.deviations() == []


@pytest.mark.parametrize(
    ("day", "deviations"),
    [
        (date(2024, 2, 21), ["schedule.window"]),
        (date(2024, 2, 22), []),
        (date(2024, 3, 7), []),
        (date(2024, 3, 8), ["schedule.window"]),
    ],
)
def test_a_visit_outside_its_window_is_recorded_as_such(day: date, deviations: list[str]) -> None:
    """A visit that took place is always recorded; outside its window it is a deviation by itself."""
    site = at.enrolled()
    site.must("coordinator", c.AttendVisit("P1", "run_in_1", day))
    assert site.deviations() == deviations


# ---------------------------------------------------------------- several desks, one book


def test_two_desks_on_one_book_stay_together(tmp_path: Path) -> None:
    """What one desk writes the other knows before it decides; the book is one chain."""
    SqliteBook.create(tmp_path / "trial.book").close()
    ann, bob = (Site(TEXT, SqliteBook.open(tmp_path / "trial.book")) for _ in range(2))
    for number in range(10):
        one, other = (ann, bob) if number % 2 else (bob, ann)
        one.now = other.now = max(ann.now, bob.now)
        one.screen(f"P{number}")
        other.now = one.now
        other.must("investigator", c.DecideEligibility(f"P{number}", SCREENED))
        assert other.refused("coordinator", c.RegisterParticipant(f"P{number}", SCREENED)).rule == "participant.known"
    assert ann.state == bob.state == replay(ann.book.entries())
    assert verify(ann.book.rows()).broken is None
    for site in (ann, bob):
        site.book.close()


def test_two_desks_at_once(tmp_path: Path) -> None:
    """Two threads at desks of their own, at the same time: every acknowledged entry is there, numbered in order."""
    path = tmp_path / "trial.book"
    opening = Site(TEXT, SqliteBook.create(path))
    before = opening.state.head
    opening.book.close()
    acknowledged: list[int] = []

    def work(name: str) -> None:
        desk = Desk(SqliteBook.open(path), READ)
        for number in range(30):
            at_ = datetime(2024, 1, 3, tzinfo=UTC)
            command = c.RegisterParticipant(f"{name}{number}", date(2024, 1, 3))
            answer = desk.submit(c.Request(command, "coordinator", "coordinator", at_))
            assert isinstance(answer, Receipt)
            acknowledged.extend(entry.number for entry in answer.entries)

    workers = [threading.Thread(target=work, args=(name,)) for name in ("A", "B")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    book = SqliteBook.open(path)
    found = verify(book.rows())
    assert found.broken is None
    assert len(set(acknowledged)) == 60
    assert found.entries == before + 60
    assert len(Desk(book, READ).state().participants) == 60
    book.close()


def test_a_desk_corrects_what_another_wrote(tmp_path: Path) -> None:
    """A correction made at one desk reaches the other, which had added up the original."""
    ann = Site(TEXT, SqliteBook.create(tmp_path / "trial.book")).screen()
    bob = Site(TEXT, SqliteBook.open(tmp_path / "trial.book"))
    bob.now = ann.now
    entry = next(x for x in bob.book.entries() if getattr(x.event, "fact", "") == "score")
    right = e.FactObserved("P1", "score", 3, SCREENED, "", "screening")
    bob.must("coordinator", c.CorrectEntry(entry.number, "misread", right))
    ann.now = bob.now
    decided = ann.must("investigator", c.DecideEligibility("P1", SCREENED)).entries[0].event
    assert isinstance(decided, e.EligibilityDecided)
    assert not decided.eligible
    for site in (ann, bob):
        site.book.close()


def test_a_desk_reads_a_long_book_at_once() -> None:
    """A desk that comes to a book of many entries knows what the desk that wrote them knows."""
    site = Site()
    for number in range(30):
        site.register(f"P{number}")
        site.must("coordinator", c.RecordFact(f"P{number}", "score", number, SCREENED))
        site.must("coordinator", c.RecordFact(f"P{number}", "weight", 70, SCREENED, "kg"))
    assert site.book.head().number > 100
    assert Desk(site.book, READ).state() == site.state


def test_a_book_whose_protocol_cannot_be_read_is_not_judged() -> None:
    """A desk that cannot read the protocol of a book says so, rather than judging by another."""
    site = Site()
    blind = Desk(site.book, lambda text: READ(text[:40]))
    with pytest.raises(Unusable):
        blind.state()


def test_a_later_day_is_a_later_day() -> None:
    """The day of entry is that of the request, in UTC; a day of grace is given for time zones."""
    site = Site()
    tomorrow = site.now.date() + timedelta(days=1)
    site.must("coordinator", c.RegisterParticipant("P1", tomorrow))
    refused = site.refused("coordinator", c.RegisterParticipant("P2", tomorrow + timedelta(days=1)))
    assert refused.rule == "day.future"
