"""Safety: what stops a person's doses, a dose or the whole trial, who may lift it, and what a trial may declare."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from site_desk import FIRST, Site, events, only
from spec_trial import PROTOCOL, TEXT, chart, table
from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.ledger import events as e
from stromal.ledger.state import PlacedHold
from stromal.protocol.file import load
from stromal.protocol.model import Hold, Predicate
from stromal.rules import safety
from stromal.values import Truth

SOON = FIRST + timedelta(days=2)
REASON = "the benefit outweighs the risk"


def rule(name: str) -> Hold:
    """A hold of the small trial."""
    found = PROTOCOL.rules[name]
    assert isinstance(found, Hold)
    return found


def holds(site: Site) -> list[tuple[str, str, bool]]:
    """Every hold there was: its rule, of whom, and whether it stands."""
    return [(each.rule, each.participant, not each.released) for each in site.state.holds]


def standing(site: Site) -> PlacedHold:
    """The one hold that stands."""
    (found,) = site.state.standing()
    return found


def lift(site: Site, *roles: str) -> list[Receipt]:
    """Sign for lifting the hold that stands, in each of these roles."""
    entry = standing(site).entry
    return [site.must(role, c.ReleaseHold(entry, REASON)) for role in roles]


# ---------------------------------------------------------------- when a hold is true


@table("first", "second", "third", "true_of")(
    ("", "", "", ""),
    ("Fever grade 3 on 2024-05-10 related", "", "", "P1"),
    ("Fever grade 3 on 2024-05-10 related", "", "Fever grade 5 on 2024-05-10 related", "P1 P3"),
    ("Fever grade 3 on 2024-05-10", "Fever grade 2 on 2024-05-10 related", "", ""),
    ("Fever grade 3 on 2024-05-30 related", "", "", ""),
    ("Fever grade 3 on 2024-04-30 related", "", "", ""),
)
def test_a_hold_of_a_participant(first: str, second: str, third: str, true_of: str) -> None:
    """A hold of a participant stops the doses of everybody of whom its rule is true. Unknown is not true: what
    nobody has judged stops nothing yet.

    (Toxicity: a related event of grade 3 or more within 28 days of the last injection; injected on 2024-05-01.)
    """
    dose = "dose at injection_1 on 2024-05-01"
    people = [chart(f"{dose}; {each}", f"P{n}", 100 * n) for n, each in enumerate((first, second, third), 1)]
    found = safety.triggered(rule("held"), PROTOCOL, people, people, date(2024, 6, 30))
    assert " ".join(each.participant for each in found) == true_of


@table("hold", "first", "second", "placed")(
    ("stopped", "", "", False),
    ("stopped", "Fever grade 5 on 2024-05-10 related", "", True),
    ("stopped", "Fever grade 5 on 2024-05-10", "", False),
    ("stopped", "Fever grade 5 on 2024-05-10 not related", "Fever grade 4 on 2024-05-10 related", False),
    ("stopped", "Fever grade 5 on 2024-05-10 related", "Fever grade 5 on 2024-05-10 related", True),
    ("dose_held", "Meningitis grade 2 on 2024-05-10", "", False),
    ("dose_held", "Meningitis grade 2 on 2024-05-10", "Meningitis grade 1 on 2024-05-10", True),
)
def test_a_hold_of_a_dose_or_of_the_trial(hold: str, first: str, second: str, placed: bool) -> None:
    """A hold of a dose or of the trial is true once, for nobody in particular: where it counts participants, when
    there are enough of them; where it speaks of one person, as soon as it is true of anybody.
    """
    people = [chart(first, "P1"), chart(second, "P2", 100)]
    found = safety.triggered(rule(hold), PROTOCOL, people, people, date(2024, 6, 30))
    assert [each.participant for each in found] == ([""] if placed else [])
    told = {entry for each in found for entry in each.verdict.evidence}
    assert told == {e.entry for p in people for e in p.adverse_events if placed and (e.grade == 5 or hold != "stopped")}


@table("when", "on_nobody", "on_one")(
    ("count(participants) >= 1", False, True),
    ("not (count(participants) >= 1)", True, False),
    ("held", False, True),
    ("toxicity or count(participants) >= 9", False, True),
    ("score >= 0", False, False),
)
def test_whom_a_trial_hold_asks(when: str, on_nobody: bool, on_one: bool) -> None:
    """Whether a hold of the trial counts participants or speaks of each, it never speaks of a person who is not
    there.
    """
    text = TEXT.replace("    when: count(adverse_event where grade = 5 and related) > 0\n", f"    when: {when}\n")
    protocol = load(text).require()
    hold = protocol.rules["stopped"]
    assert isinstance(hold, Hold)
    ill = chart("dose at injection_1 on 2024-05-01; Fever grade 3 on 2024-05-10 related")
    for people, expected in (((), on_nobody), ((ill,), on_one)):
        assert bool(safety.triggered(hold, protocol, people, people, date(2024, 6, 30))) is expected


# ---------------------------------------------------------------- a hold stands until it is lifted


def test_a_hold_is_placed_with_the_event_that_brings_it_about() -> None:
    """The entry that makes the rule of a hold true places it, with its reason and the entries it rests on."""
    site = Site().dose().on(SOON)
    receipt = site.event("P1", 3, SOON)
    assert events(receipt) == ["AdverseEventReported", "HoldPlaced"]
    assert standing(site).because == (receipt.entries[0].number,)
    assert standing(site).participant == "P1"
    assert events(site.event("P1", 4, SOON, term="Rash")) == ["AdverseEventReported"], "a hold is placed once"


@table("first_entry", "second_entry")(
    ("the dose", "the event"),
    ("the event", "the dose"),
)
def test_the_order_of_recording_does_not_matter(first_entry: str, second_entry: str) -> None:
    """A hold that hangs on a dose is placed whichever of the two is recorded last, the event or the dose."""
    site = Site().enrol().lot().on(SOON)
    acts = {
        "the dose": lambda: site.must("investigator", site.infusion()),
        "the event": lambda: site.event("P1", 3, SOON),
    }
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    acts[first_entry]()
    assert holds(site) == []
    acts[second_entry]()
    assert holds(site) == [("held", "P1", True)]


def test_a_judgement_that_comes_later_places_the_hold() -> None:
    """An event that nobody has judged yet stops nothing; the judgement does."""
    site = Site().dose().on(SOON)
    site.event("P1", 3, SOON, related=None)
    assert holds(site) == []
    receipt = site.must("investigator", c.FollowUpAdverseEvent("P1", "AE1", SOON, related=True))
    assert events(receipt) == ["AdverseEventFollowedUp", "HoldPlaced"]


def test_a_correction_places_the_hold_it_makes_true() -> None:
    """A grade put right from 2 to 3 stops the doses at once, like an event reported so."""
    site = Site().dose().on(SOON)
    entry = site.event("P1", 2, SOON).entries[0].number
    right = e.AdverseEventReported("P1", "AE1", "Fever", 3, SOON, related=True)
    receipt = site.must("coordinator", c.CorrectEntry(entry, "misread", right))
    assert events(receipt) == ["EntryCorrected", "HoldPlaced"]
    assert standing(site).because == (entry,)


def test_while_a_hold_stands_the_dose_is_refused() -> None:
    """No dose is given to somebody whose hold stands; the refusal says which entry is to be released."""
    site = Site().dose().on(SOON)
    site.event("P1", 3, SOON)
    day = FIRST + timedelta(days=15)
    site.on(day).lot("L2", day=day)
    site.must("coordinator", c.AttendVisit("P1", "injection_2", day))
    site.must("investigator", c.DecideDoseLevel("P1", "injection_2", day))
    refused = site.refused("investigator", site.infusion(visit="injection_2", lot="L2", day=day))
    assert refused.rule == "schedule.injection_2", "the visit is planned unless there was toxicity"
    site.must("investigator", site.infusion(visit="injection_2", lot="L2", day=day), "the patient insists")
    assert {"schedule.injection_2", "hold.held"} <= set(site.deviations())


@pytest.mark.parametrize("roles", [("investigator", "medical_monitor"), ("medical_monitor", "investigator")])
def test_every_role_named_must_sign(roles: tuple[str, str]) -> None:
    """A hold is lifted when every role that the protocol names has signed, in any order, each a different person."""
    site = Site().dose().on(SOON)
    site.event("P1", 3, SOON)
    first, second = lift(site, *roles)
    assert events(first) == ["Signed"]
    assert events(second) == ["HoldReleased", "Signed"]
    assert holds(site) == [("held", "P1", False)]


@table("role", "by", "before", "message")(
    ("coordinator", "coordinator", (), "ReleaseHold is not for the coordinator"),
    ("safety_committee", "safety_committee", (), "held is not for the safety_committee to lift"),
    ("investigator", "investigator", ("investigator",), "investigator has signed already"),
    ("investigator", "ben", ("investigator",), "the investigator has signed already"),
    ("medical_monitor", "investigator", ("investigator",), "investigator has signed already"),
)
def test_who_cannot_sign(role: str, by: str, before: tuple[str, ...], message: str) -> None:
    """Nobody signs twice, no role signs twice, and nobody signs who is not named: one person in two roles is one
    person.
    """
    site = Site().dose().on(SOON)
    site.must("data_manager", c.GrantRole("ben", "investigator"))
    site.must("data_manager", c.GrantRole("investigator", "medical_monitor"))
    site.event("P1", 3, SOON)
    lift(site, *before)
    assert site.refused(role, c.ReleaseHold(standing(site).entry, REASON), by=by).message == message


def test_a_signature_that_fell_is_not_counted() -> None:
    """When what was signed is corrected, the signature falls: it has to be given anew before the hold is lifted."""
    site = Site().dose().on(SOON)
    entry = site.event("P1", 3, SOON).entries[0].number
    lift(site, "investigator")
    right = e.AdverseEventReported("P1", "AE1", "Fever", 4, SOON, related=True)
    site.must("coordinator", c.CorrectEntry(entry, "misread", right))
    lift(site, "medical_monitor")
    assert holds(site) == [("held", "P1", True)]
    lift(site, "investigator")
    assert holds(site) == [("held", "P1", False)]


@table("meanwhile", "first_still_counts")(
    ("Rash grade 1 of P1", True),
    ("Rash grade 3 of P1", False),
    ("Rash grade 3 of P1, not judged yet", False),
    ("Rash grade 3 of P2", True),
    ("Fever is grade 4", False),
    ("Fever is over", True),
)
def test_whoever_lifts_a_hold_signs_on_what_came_meanwhile(meanwhile: str, first_still_counts: bool) -> None:
    """An adverse event of the person that speaks, or may speak, for a hold as well, reported or judged anew while it
    stands, is signed with the rest by whoever lifts it; whoever had signed before signs again. (P1 is held because of
    a fever of grade 3.)
    """
    site = Site().dose().dose("P2").on(SOON)
    site.event("P1", 3, SOON)
    hold = standing(site)
    lift(site, "investigator")
    if meanwhile.startswith("Rash"):
        related, grade, who = None if "not judged" in meanwhile else True, int(meanwhile[11]), meanwhile[16:18]
        news = site.event(who, grade, SOON, related, "Rash").entries[0]
    else:
        over = meanwhile.endswith("over")
        told = c.FollowUpAdverseEvent("P1", "AE1", SOON, None if over else 4, resolved=SOON if over else None)
        news = site.must("coordinator", told).entries[0]
    receipt = site.must("medical_monitor", c.ReleaseHold(hold.entry, REASON))
    signed = only(receipt, e.Signed)[0].event
    assert isinstance(signed, e.Signed)
    assert (news.number in signed.of) is not first_still_counts
    assert (hold.entry in {each.entry for each in site.state.standing()}) is not first_still_counts
    if not first_still_counts:
        assert events(site.must("investigator", c.ReleaseHold(hold.entry, REASON))) == ["HoldReleased", "Signed"]


@table("afterwards", "comes_back")(
    ("another of grade 1", False),
    ("another of grade 3", True),
)
def test_what_was_signed_on_brings_no_hold_back(afterwards: str, comes_back: bool) -> None:
    """What came while a hold stood, and was signed on for lifting it, does not bring it back; what comes later does.
    (P1 is held because of a fever of grade 3, and had a rash of grade 3 before it was lifted.)
    """
    site = Site().dose().on(SOON)
    site.event("P1", 3, SOON)
    site.event("P1", 3, SOON, term="Rash")
    lift(site, "investigator", "medical_monitor")
    site.event("P1", int(afterwards[-1]), SOON, term="Headache")
    assert holds(site) == [("held", "P1", False)] + [("held", "P1", True)] * comes_back


def test_what_was_reported_while_a_hold_stood_is_told() -> None:
    """All that was reported while a hold stood, of the person or, for the trial, of everybody, can be looked at before
    it is lifted and afterwards: also what does not speak for it.
    """
    site = Site().dose().dose("P2").on(SOON)
    site.event("P2", 1, SOON, term="Chills")
    site.event("P1", 5, SOON)
    holds_ = {hold.rule: hold for hold in site.state.standing()}
    site.event("P1", 1, SOON, term="Rash")
    site.event("P2", 2, SOON, term="Nausea")
    site.must("safety_committee", c.ReleaseHold(holds_["stopped"].entry, REASON))
    site.event("P2", 1, SOON, term="Fall")
    told = {each.rule: [(who, event.term) for who, event in site.state.meanwhile(each)] for each in site.state.holds}
    assert told == {"held": [("P1", "Rash")], "stopped": [("P1", "Rash"), ("P2", "Nausea")]}


@table("what_follows", "comes_back")(
    ("nothing", False),
    ("the event ends", False),
    ("another of grade 1", False),
    ("another of grade 3", True),
    ("its grade rises", True),
    ("it is corrected to grade 4", True),
    ("it is corrected to grade 2", False),
)
def test_a_hold_comes_back_only_on_news(what_follows: str, comes_back: bool) -> None:
    """A hold that was lifted stays lifted as long as nothing new speaks for it: not because the event ended, but
    because of another one, a worse grade, or a correction of what the release was signed on.
    """
    site = Site().dose().on(SOON)
    entry = site.event("P1", 3, SOON).entries[0].number
    lift(site, "investigator", "medical_monitor")
    site.on(SOON + timedelta(days=1))

    def corrected(grade: int) -> c.CorrectEntry:
        return c.CorrectEntry(entry, "misread", e.AdverseEventReported("P1", "AE1", "Fever", grade, SOON, True))

    if what_follows.startswith("another"):
        site.event("P1", int(what_follows[-1]), SOON)
    elif what_follows.startswith("it is corrected"):
        site.must("coordinator", corrected(int(what_follows[-1])))
    elif what_follows != "nothing":
        ended = what_follows == "the event ends"
        told = c.FollowUpAdverseEvent("P1", "AE1", SOON, resolved=SOON) if ended else c.FollowUpAdverseEvent(
            "P1", "AE1", SOON, grade=4)  # fmt: skip
        site.must("coordinator", told)
    assert [each.participant for each in site.state.standing()] == (["P1"] if comes_back else [])


def test_a_hold_of_the_trial_stops_enrolment_and_every_dose() -> None:
    """While a hold of the trial stands nobody is enrolled and nobody is dosed; the committee named there lifts it."""
    site = Site().dose("P1").screen("P2", FIRST).on(SOON)
    site.must("investigator", c.DecideEligibility("P2", SOON))
    receipt = site.event("P1", 5, SOON)
    assert [each.event.rule for each in only(receipt, e.HoldPlaced)] == ["held", "stopped"]  # type: ignore[union-attr]
    refused = site.refused("investigator", c.EnrolParticipant("P2", SOON))
    assert refused.rule == "trial.hold"
    stopped = next(each for each in site.state.standing() if each.rule == "stopped")
    site.must("safety_committee", c.ReleaseHold(stopped.entry, REASON))
    site.must("investigator", c.EnrolParticipant("P2", SOON))


def test_a_hold_of_a_dose_stops_that_dose_for_everybody() -> None:
    """A hold of a dose stops it for those whom nothing has happened to as well, and does not stop enrolment."""
    site = Site().dose("P1").dose("P2", FIRST + timedelta(days=120))
    day = FIRST + timedelta(days=122)
    site.on(day)
    site.event("P1", 1, day, term="Meningitis")
    assert holds(site) == []
    site.event("P2", 1, day, term="Meningitis")
    assert holds(site) == [("dose_held", "", True)]
    later = day + timedelta(days=100)
    site.enrol("P3", later - timedelta(days=90)).lot("L3", "P3", later)
    site.must("coordinator", c.AttendVisit("P3", "injection_1", later))
    assert site.refused("investigator", site.infusion("P3", lot="L3", day=later)).rule == "hold.dose_held"


@table("when", "becomes_true")(
    ("count(participants) >= 1", "the first person is enrolled"),
    ("count(participants where time since first riluzole > 1 year) >= 1", "time goes by"),
    ("count(participants where age >= 45 years) >= 1", "a birthday"),
    ("count(participants where riluzole ongoing) >= 1", "an episode is recorded"),
    ("count(participants where stage = late) >= 1", "a value is recorded"),
    ('count(participants where judged "Safe?" by investigator) >= 1', "a question is answered"),
    ("count(participants where done(injection_1)) >= 1", "a dose is given"),
    ("count(participants where done(run_in_1)) >= 1", "a visit takes place"),
    ("count(participants where no tumour since consent) >= 1", "an absence is recorded"),
    ("count(participants where count(adverse_event onset_) >= 1) >= 1", "an event is reported"),
    ("count(participants where weight >= 0 kg within 1 day before consent) >= 1", "consent is given anew"),
)
def test_a_rule_is_looked_at_when_something_it_reads_changes(when: str, becomes_true: str) -> None:
    """Whatever a rule hangs on - facts, visits, doses, answers, who is in the trial, or only the passing of time -
    it is looked at once that has changed.
    """
    when = when.replace(" onset_", "")
    site = Site(TEXT.replace("when: count(adverse_event where grade = 5 and related) > 0", f"when: {when}"))
    if becomes_true != "the first person is enrolled":
        site.enrol()
        assert holds(site) == []
    day = site.now.date()
    match becomes_true:
        case "the first person is enrolled":
            site.enrol()
        case "time goes by":
            site.must("coordinator", c.RecordEpisode("P1", "riluzole", date(2023, 6, 1), ongoing=True))
            assert holds(site) == []
            site.on(date(2024, 6, 10)).must("coordinator", c.RecordFact("P1", "weight", 70, date(2024, 6, 10), "kg"))
        case "a birthday":
            site.on(date(2025, 1, 1)).must("coordinator", c.RecordFact("P1", "weight", 70, date(2025, 1, 1), "kg"))
        case "an episode is recorded":
            site.must("coordinator", c.RecordEpisode("P1", "riluzole", date(2023, 6, 1), ongoing=True))
        case "a value is recorded":
            site.must("coordinator", c.RecordFact("P1", "stage", "late", day))
        case "a question is answered":
            site.must("investigator", c.AnswerQuestion("P1", "Safe?", True, day))
        case "a dose is given":
            site.lot().must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
            assert holds(site) == []
            site.must("investigator", site.infusion())
        case "a visit takes place":
            site.must("coordinator", c.AttendVisit("P1", "run_in_1", day))
        case "an absence is recorded":
            site.must("coordinator", c.RecordAbsence("P1", "tumour", day))
        case "an event is reported":
            site.event("P1", 1, day)
        case _:
            site.must("coordinator", c.RecordFact("P1", "weight", 70, day, "kg"))
            assert holds(site) == []
            site.must("coordinator", c.RecordConsent("P1", day + timedelta(days=1)))
    assert holds(site) == [("stopped", "", True)]


# ---------------------------------------------------------------- declarations


@table("people", "with_toxicity", "on_record", "declared")(
    (6, 0, 6, True),
    (6, 0, 5, False),
    (6, 1, 6, False),
    (5, 0, 5, False),
)
def test_declared_safe_when_six_of_six(people: int, with_toxicity: int, on_record: int, declared: bool) -> None:
    """A rule may declare something for the whole trial. `= 6` means all six, each fulfilling the whole condition."""
    dose = "dose at injection_1 on 2024-05-01"
    charts = [chart(dose if n < on_record else "", f"P{n}", 10 * n) for n in range(people)]
    for n in range(with_toxicity):
        charts[n] = chart(f"{dose}; Fever grade 3 on 2024-05-03 related", f"P{n}", 10 * n)
    predicate = PROTOCOL.rules["safe"]
    assert isinstance(predicate, Predicate)
    assert (safety.declared(predicate, PROTOCOL, charts, date(2024, 6, 30)).truth is True) is declared


@table("sixth_event", "declared")(
    ("Fever grade 3 on 2024-05-03", None),
    ("Fever grade 2 on 2024-05-03", True),
)
def test_a_declaration_waits_for_every_judgement(sixth_event: str, declared: Truth) -> None:
    """As long as somebody has to judge whether an event counts as toxicity, nothing is declared."""
    dose = "dose at injection_1 on 2024-05-01"
    charts = [chart(dose, f"P{n}", 10 * n) for n in range(5)] + [chart(f"{dose}; {sixth_event}", "P5", 50)]
    predicate = PROTOCOL.rules["safe"]
    assert isinstance(predicate, Predicate)
    assert safety.declared(predicate, PROTOCOL, charts, date(2024, 6, 30)).truth is declared


def test_a_declaration_is_made_once_and_shows_its_entries() -> None:
    """The entry that completes the condition declares; it is made once, with the entries it rests on."""
    site = Site(TEXT.replace("not toxicity) = 6", "not toxicity) >= 1"))
    site.dose("P1")
    assert [each.says for each in site.state.declarations] == ["5e7 cells are a safe first dose"]
    dose = next(each for each in site.person().chart.infusions)
    because = only(Receipt(tuple(site.book.entries()), site.book.head()), e.DeclarationMade)[0].event
    assert isinstance(because, e.DeclarationMade)
    assert dose.entry in because.because
    site.dose("P2", FIRST + timedelta(days=120))
    assert len(site.state.declarations) == 1
