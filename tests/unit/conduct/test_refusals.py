"""Every refusal there is: what is asked when, the rule it names, what it says, and the next step it gives.

Each leaves the book as it was (`Site.refused` sees to that).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import inf, nan
from pathlib import Path

import pytest

import conduct_stages as at
import stromal.conduct
from conduct_stages import NEXT
from site_desk import DAY_ZERO, FIRST, READ, SCREENED, Site
from spec_trial import TEXT
from stromal.conduct import commands as c
from stromal.conduct.desk import Desk
from stromal.rules.chart import Value
from stromal.store.memory import MemoryBook
from stromal.values import Refused

V2 = TEXT.replace("number: 1", "number: 2").replace("effective: 2024-01-01", "effective: 2024-03-01")


# ---------------------------------------------------------------- the refusals


def _give(**changes: object) -> c.InfuseCells:
    command = {
        "participant": "P1", "visit": "injection_1", "lot": "L1", "day": FIRST, "cells_per_ml": 1e7,
        "viability_percent": 90.0, "volume_ml": 5.56,
    }  # fmt: skip
    return c.InfuseCells(**(command | changes))  # type: ignore[arg-type]  # each by its name


def _second(lot: str) -> c.InfuseCells:
    return _give(visit="injection_2", lot=lot, day=NEXT)


def _fact(fact: str, value: Value, unit: str = "", visit: str = "") -> c.RecordFact:
    return c.RecordFact("P1", fact, value, SCREENED, unit, visit)


LATER = date(2030, 1, 1)
_LAB, _DOC, _NURSE, _DATA = "laboratory", "investigator", "coordinator", "data_manager"
_NO_TEXT = "start from one of protocols/*.yaml"
ROWS: tuple[tuple[str, Callable[[], Site], str, c.Command, str, str], ...] = (
    # the trial and its book
    ("trial.open", at.opened, _DATA, c.OpenTrial(TEXT, ()), "this book is of NCT00000001", "open a new book"),
    ("protocol.unusable", at.opened, _DATA, c.AdoptProtocol(""), "the file is empty", _NO_TEXT),
    ("protocol.unusable", at.opened, _DATA, c.AdoptProtocol(V2.replace("age: 18", "agee: 18")), "no key 'agee'",
     "did you mean age?"),
    ("protocol.trial", at.opened, _DATA, c.AdoptProtocol(V2.replace("id: NCT00000001", "id: NCT00000009")),
     "this is the protocol of NCT00000009", "the book is of NCT00000001"),
    ("protocol.version", at.opened, _DATA, c.AdoptProtocol(TEXT), "version 1 cannot follow version 1", "amendment 2"),
    ("protocol.version", at.opened, _DATA, c.AdoptProtocol(V2.replace("number: 2", "number: 3")),
     "version 3 cannot follow version 1", "amendment 2"),
    ("protocol.effective", at.opened, _DATA, c.AdoptProtocol(V2.replace("2024-03-01", "2023-12-31")),
     "in force from 2023-12-31, version 1 only later", "2024-01-01 or later"),
    # people
    ("participant.known", at.registered, _NURSE, c.RegisterParticipant("P1", SCREENED), "registered already",
     "another code"),
    ("participant.code", at.opened, _NURSE, c.RegisterParticipant("  ", SCREENED), "needs a code", "such as P01"),
    ("participant.unknown", at.registered, _NURSE, c.RecordConsent("P11", SCREENED), "as 'P11'", "did you mean P1?"),
    ("participant.unknown", at.opened, _NURSE, c.RecordConsent("P1", SCREENED), "as 'P1'", "register"),
    ("day.future", at.opened, _NURSE, c.RegisterParticipant("P1", LATER), "after the day of entry, 2024-01-02",
     "the day"),
    ("day.future", at.registered, _NURSE, c.RecordConsent("P1", LATER), "after the day of entry", "the day on which"),
    # facts
    ("fact.unknown", at.consented, _NURSE, _fact("haemoglobin", 12, "g/dL"), "no fact 'haemoglobin'",
     "did you mean hemoglobin?"),
    ("fact.unknown", at.consented, _NURSE, c.RecordNotObtained("P1", "zzz", SCREENED, "x"), "no fact 'zzz'",
     "under facts"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", 12), "12 has no unit", "such as g/dL"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", 12, "kg"), "kg cannot be turned",
     "enter it in g/dL"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", "low", "g/dL"), "not 'low'",
     "a number in g/dL"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", True, "g/dL"), "not True", "a number"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", nan, "g/dL"), "nan is no value",
     "not obtained"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", inf, "g/dL"), "inf is no value",
     "not obtained"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", None), "None is no value",
     "not obtained"),
    ("facts.hemoglobin", at.consented, _NURSE, _fact("hemoglobin", 1.9, "g/dL"), "1.9 g/dL lies outside",
     "confirm it"),
    ("facts.score", at.consented, _NURSE, _fact("score", 49), "49 lies outside", "confirm it"),
    ("facts.score", at.consented, _NURSE, _fact("score", 40, "kg"), "cannot be turned", "plain points"),
    ("facts.stage", at.consented, _NURSE, _fact("stage", "erly"), "cannot be 'erly'", "mean early?"),
    ("facts.stage", at.consented, _NURSE, _fact("stage", 3), "cannot be 3", "early, middle, late"),
    ("facts.pregnancy", at.consented, _NURSE, _fact("pregnancy", "no"), "not 'no'", "true or false"),
    ("facts.first_symptom", at.consented, _NURSE, _fact("first_symptom", "May"), "'May' is no day",
     "1970-05-31"),
    ("facts.tumour", at.consented, _NURSE, _fact("tumour", True), "no single value", "the episode"),
    ("facts.score", at.consented, _NURSE, c.RecordEpisode("P1", "score", SCREENED), "no episode but a score",
     "as a fact"),
    ("facts.score", at.consented, _NURSE, c.RecordAbsence("P1", "score", SCREENED), "no episode but a score",
     "as a fact"),
    ("fact.unknown", at.consented, _NURSE, c.RecordEpisode("P1", "tumor", SCREENED), "no fact 'tumor'", "mean tumour?"),
    ("episode.order", at.consented, _NURSE, c.RecordEpisode("P1", "tumour", SCREENED, date(2020, 1, 1)),
     "before 2024-01-10",
     "swap"),
    ("episode.order", at.consented, _NURSE, c.RecordEpisode("P1", "tumour", None, date(2020, 1, 1), ongoing=True),
     "has ended and goes on", "leave out the end"),
    ("episode.order", at.consented, _NURSE, c.RecordAbsence("P1", "tumour", date(2020, 1, 1), SCREENED),
     "after 2020-01-01",
     "swap"),
    ("consent.missing", at.registered, _NURSE, _fact("score", 40), "score is recorded before consent",
     "record consent first"),
    ("consent.missing", at.registered, _NURSE, c.RecordNotObtained("P1", "score", SCREENED, "x"), "before consent",
     "first"),
    ("consent.missing", at.registered, _NURSE, c.RecordEpisode("P1", "tumour", SCREENED), "before consent", "first"),
    ("consent.missing", at.registered, _NURSE, c.RecordAbsence("P1", "tumour", SCREENED), "before consent", "first"),
    ("visit.unknown", at.consented, _NURSE, _fact("score", 40, visit="screning"), "no visit 'screning'",
     "did you mean screening?"),
    ("visit.unknown", at.consented, _NURSE, c.RecordNotObtained("P1", "score", SCREENED, "x", "zzz"), "no visit 'zzz'",
     "unscheduled_1"),
    ("question.unknown", at.consented, _DOC, c.AnswerQuestion("P1", "Fit", True, SCREENED), "not ask 'Fit'",
     "mean: Fit?"),
    ("question.unknown", at.consented, _DOC, c.AnswerQuestion("P1", "How?", True, SCREENED), "not ask 'How?'",
     "word for word"),
    ("question.role", at.consented, _NURSE, c.AnswerQuestion("P1", "Fit?", True, SCREENED), "only the investigator",
     "let a"),
    # into the trial
    ("eligibility.unknown", at.consented, _DOC, c.DecideEligibility("P1", SCREENED), "birth is not recorded",
     "settle: birth_date; score; Fit?; tumour; hemoglobin"),
    ("consent.order", at.consented_late, _DOC, c.DecideEligibility("P1", SCREENED), "consented on 2024-01-15",
     "the day"),
    ("eligibility.missing", at.screened, _DOC, c.EnrolParticipant("P1", SCREENED), "nobody has judged",
     "decide and sign"),
    ("eligibility.not_met", at.ineligible, _DOC, c.EnrolParticipant("P1", SCREENED), "P1 is not eligible",
     "sign a waiver"),
    ("eligibility.changed", at.corrected, _DOC, c.EnrolParticipant("P1", SCREENED), "corrected since", "again"),
    ("eligibility.changed", at.reconsented, _DOC, c.EnrolParticipant("P1", SCREENED), "consented anew", "again"),
    ("eligibility.changed", at.overtaken, _DOC, c.EnrolParticipant("P1", SCREENED), "not eligible any more: E1",
     "again"),
    ("consent.missing", at.registered, _DOC, c.EnrolParticipant("P1", SCREENED), "has not consented",
     "record consent first"),
    ("consent.order", at.decided, _DOC, c.EnrolParticipant("P1", SCREENED - timedelta(days=1)), "after 2024-01-09",
     "the day"),
    ("enrolment.twice", at.enrolled, _DOC, c.EnrolParticipant("P1", FIRST), "enrolled as number 1", "nothing to do"),
    ("participant.ended", at.failed, _DOC, c.EnrolParticipant("P1", SCREENED), "P1 is screen failed", "anew"),
    ("trial.planned", at.full, _DOC, c.EnrolParticipant("P9", DAY_ZERO), "1 participants are planned",
     "amend the protocol"),
    ("trial.hold", at.died, _DOC, c.EnrolParticipant("P9", NEXT), "stopped stops the trial",
     "signing the release of entry"),
    ("participant.ended", at.enrolled, _NURSE, c.FailScreening("P1", FIRST, ("x",)), "P1 is enrolled", "withdraw"),
    ("reason.missing", at.screened, _NURSE, c.FailScreening("P1", SCREENED, ()), "needs a reason",
     "name the criterion"),
    # visits and leaving
    ("visit.unknown", at.enrolled, _NURSE, c.AttendVisit("P1", "month_7", FIRST), "no visit 'month_7'",
     "mean month_6?"),
    ("visit.number", at.enrolled, _NURSE, c.AttendVisit("P1", "visit", FIRST), "visit is no one visit",
     "visit_1, visit_2"),
    ("visit.number", at.enrolled, _NURSE, c.AttendVisit("P1", "visit_0", FIRST), "visit_0 is no one visit", "visit_1"),
    ("visit.number", at.enrolled, _NURSE, c.AttendVisit("P1", "visit_01", FIRST), "visit_01 is no one", "visit_1"),
    ("visit.number", at.enrolled, _NURSE, c.MissVisit("P1", "visit", FIRST), "visit is no one visit", "visit_1"),
    ("visit.twice", at.enrolled, _NURSE, c.AttendVisit("P1", "run_in_start", FIRST), "recorded already",
     "correct that entry"),
    ("visit.twice", at.enrolled, _NURSE, c.MissVisit("P1", "run_in_start", FIRST), "recorded already",
     "correct that entry"),
    ("enrolment.missing", at.screened, _NURSE, c.AttendVisit("P1", "run_in_start", SCREENED), "P1 is not enrolled",
     "enrol"),
    ("participant.ended", at.left, _NURSE, c.AttendVisit("P1", "month_6", FIRST), "P1 is withdrawn", "as unscheduled"),
    ("participant.ended", at.left, _NURSE, c.WithdrawParticipant("P1", FIRST, "x"), "P1 is withdrawn",
     "only an enrolled"),
    ("participant.ended", at.left, _NURSE, c.CompleteParticipant("P1", FIRST), "P1 is withdrawn", "only an enrolled"),
    ("visit.open", at.enrolled, _NURSE, c.CompleteParticipant("P1", FIRST),
     "12 visits of P1 are open: run_in_1, run_in_2, injection_1, injection_2, visit_1, visit_2,",
     "record each as attended or missed"),
    ("reason.missing", at.enrolled, _NURSE, c.WithdrawParticipant("P1", FIRST, " "), "needs a reason", "'not given'"),
    # lots
    ("lot.known", at.made, _LAB, c.ManufactureLot("L1", "cells", "P1", FIRST, "P1"), "L1 is recorded already",
     "another lot"),
    ("lot.count", at.enrolled, _LAB, c.ManufactureLot("L1", "cells", "P1", FIRST, "P1", -1.0), "-1.0 cells/mL",
     "such as 2e7"),
    ("lot.count", at.enrolled, _LAB, c.ManufactureLot("L1", "cells", "P1", FIRST, "P1", nan), "nan cells/mL",
     "such as 2e7"),
    ("lot.count", at.enrolled, _LAB, c.ManufactureLot("L1", "cells", "P1", FIRST, "P1", inf), "inf cells/mL",
     "such as 2e7"),
    ("product.unknown", at.enrolled, _LAB, c.ManufactureLot("L1", "cell", "P1", FIRST, "P1"), "no product 'cell'",
     "cells?"),
    ("product.unknown", at.enrolled, _LAB, c.ManufactureLot("L1", "x", "P1", FIRST, "P1"), "no product 'x'",
     "declare it"),
    ("products.cells.donor", at.enrolled, _LAB, c.ManufactureLot("L1", "cells", "D1", FIRST, "P1"),
     "the donor is 'D1'", "same"),
    ("products.bone.donor", at.other_products, _LAB, c.ManufactureLot("L2", "bone", "D1", FIRST),
     "made for one recipient",
     "name the recipient"),
    ("lot.unknown", at.made, _LAB, c.TestLot("L11", "sterility", "negative", FIRST), "no lot 'L11'",
     "did you mean L1?"),
    ("lot.unknown", at.enrolled, _LAB, c.ReleaseLot("L1", FIRST), "no lot 'L1'", "record the lot first"),
    ("lot.unknown", at.enrolled, _LAB, c.RejectLot("L1", FIRST, "x"), "no lot 'L1'", "record the lot first"),
    ("lot.test", at.made, _LAB, c.TestLot("L1", "sterilty", "negative", FIRST), "not tested for 'sterilty'",
     "mean sterility?"),
    ("lot.test", at.made, _LAB, c.TestLot("L1", "colour", "red", FIRST), "not tested for 'colour'",
     "viability, sterility"),
    ("release.viability", at.made, _LAB, c.TestLot("L1", "viability", "good", FIRST, "%"), "'good' is no number",
     "in %"),
    ("release.viability", at.made, _LAB, c.TestLot("L1", "viability", 90.0, FIRST), "90 has no unit", "in %"),
    ("release.viability", at.made, _LAB, c.TestLot("L1", "viability", 90.0, FIRST, "kg"), "kg cannot be turned",
     "in %"),
    ("release.viability", at.made, _LAB, c.TestLot("L1", "viability", nan, FIRST, "%"), "nan", "in %"),
    ("release.sterility", at.made, _LAB, c.TestLot("L1", "sterility", 0.0, FIRST), "0.0 is no word",
     "such as negative"),
    ("release.viability", at.made, _LAB, c.ReleaseLot("L1", FIRST), "viability of lot L1 has no result",
     "test the lot"),
    ("release.viability", at.failed_tests, _LAB, c.ReleaseLot("L1", FIRST), "is 79.9 %, the protocol asks for >= 80 %",
     "reject"),
    ("lot.retest", at.failed_tests, _LAB, c.TestLot("L1", "viability", 85.0, FIRST, "%"),
     "viability of lot L1 has a result already: 79.9 % in entry 26", "if the lot was tested again, say why"),
    ("lot.retest", at.released, _LAB, c.TestLot("L1", "sterility", "negative", FIRST), "already: negative", "misread"),
    ("release.viability", at.passed_later, _LAB, c.ReleaseLot("L1", FIRST),
     "was 79.9 % (entry 26), the protocol asks for >= 80 %; tested again it is 85 % (entry 28)",
     "say why the later one counts"),
    ("lot.status", at.released, _LAB, c.ReleaseLot("L1", FIRST), "L1 is released", "nothing to do"),
    ("lot.status", at.rejected, _LAB, c.ReleaseLot("L1", FIRST), "L1 is rejected", "nothing to do"),
    ("lot.status", at.rejected, _LAB, c.RejectLot("L1", FIRST, "x"), "rejected already", "nothing to do"),
    # the dose
    ("visit.no_dose", at.enrolled, _DOC, _give(visit="run_in_1"), "no dose is given at run_in_1",
     "injection_1, injection_2"),
    ("participant.unknown", at.enrolled, _DOC, _give(participant="X"), "as 'X'", "register"),
    ("visit.unknown", at.enrolled, _DOC, c.DecideDoseLevel("P1", "injection_9", FIRST), "no visit 'injection_9'",
     "did you"),
    ("dosing.count", at.released, _DOC, _give(cells_per_ml=0.0), "0 cells/mL cannot be right", "such as 2e7"),
    ("dosing.viability", at.released, _DOC, _give(viability_percent=900.0), "900 % cannot be right", "such as 90"),
    ("dosing.volume", at.released, _DOC, _give(volume_ml=-5.0), "-5 mL cannot have been given", "volume in mL"),
    ("dosing.tolerance", at.released, _DOC, _give(volume_ml=1.0), "18 % of the prescribed cells were delivered",
     "if they are right, say why"),
    ("dosing.tolerance", at.released, _DOC, _give(volume_ml=9.0), "the protocol allows 90 to 110 %", "check"),
    ("dosing.volume", at.released, _DOC, _give(cells_per_ml=1.2e7, volume_ml=4.7), "the protocol gives 5 to 10 mL",
     "if it is right, say why"),
    ("dosing.number", at.released, _DOC, _give(volume_ml=nan), "must be numbers", "what was measured"),
    ("dosing.number", at.released, _DOC, _give(cells_per_ml=inf), "must be numbers", "what was measured"),
    ("dosing.weight", at.per_kilogram, _DOC, _give(), "there is no weight", "record weight at this visit"),
    ("dose.twice", at.dosed, _DOC, _give(), "recorded already", "correct that entry"),
    ("dose.twice", at.dosed, _NURSE, c.OmitDose("P1", "injection_1", NEXT, "ill"), "was given", "correct that entry"),
    ("dosing.level", at.dosed, _DOC, _second("L2"), "no rung is decided", "let an investigator"),
    ("dosing.level", at.told_to_hold, _DOC, _second("L2"), "says stop", "as omitted"),
    ("dosing.level", at.unjudged, _DOC, c.DecideDoseLevel("P1", "injection_2", NEXT), "modification cannot be read",
     "record related of Fever (AE1)"),
    ("schedule.injection_2", at.doubtful, _DOC, _second("L2"), "0 to 1 adverse events",
     "settle: related of Fever (AE1)"),
    ("enrolment.missing", at.decided, _DOC, _give(day=SCREENED), "P1 is not enrolled", "enrol the person first"),
    ("participant.ended", at.left, _DOC, _give(), "P1 is withdrawn", "no dose is planned"),
    ("enrolment.order", at.released, _DOC, _give(day=DAY_ZERO - timedelta(days=1)), "was enrolled on 2024-01-31",
     "the day"),
    ("visit.missing", at.enrolled, _DOC, _give(), "injection_1 is not recorded as attended", "record the visit first"),
    ("visit.order", at.released, _DOC, _give(day=FIRST - timedelta(days=1)), "took place on 2024-04-30", "the day"),
    ("hold.stopped", at.stopped, _DOC, _give(), "stopped stands", "signing the release of entry"),
    ("lot.unknown", at.released, _DOC, _give(lot="L11"), "no lot 'L11'", "did you mean L1?"),
    ("lot.product", at.other_products, _DOC, _give(), "lot L1 is other, injection_1 gives cells",
     "take a lot of cells"),
    ("lot.status", at.failed_tests, _DOC, _give(), "L1 is made, not released", "release the lot first"),
    ("lot.changed", at.recounted, _DOC, _give(), "corrected since", "release the lot again"),
    ("release.sterility", at.retested, _DOC, _give(), "sterility of lot L1 is positive", "reject the lot"),
    ("lot.recipient", at.released, _DOC, _give(lot="L3"), "for P3, not for P1",
     "patient and bag"),
    ("lot.order", at.released, _DOC, _give(lot="L2"), "L2 was made on 2024-05-01, after 2024-04-30", "check the lot"),
    # safety
    ("adverse_event.known", at.ill, _NURSE, c.ReportAdverseEvent("P1", "AE1", "Rash", 1, FIRST), "reported already",
     "follow it"),
    ("adverse_event.term", at.ill, _NURSE, c.ReportAdverseEvent("P1", "AE2", " ", 1, FIRST), "needs a term",
     "what happened"),
    ("adverse_event.grade", at.ill, _NURSE, c.ReportAdverseEvent("P1", "AE2", "Rash", 0, FIRST), "no grade 0",
     "5 (death)"),
    ("adverse_event.grade", at.ill, _NURSE, c.FollowUpAdverseEvent("P1", "AE1", FIRST, grade=6), "no grade 6",
     "5 (death)"),
    ("adverse_event.unknown", at.ill, _NURSE, c.FollowUpAdverseEvent("P1", "AE2", FIRST), "no adverse event 'AE2'",
     "mean AE1?"),
    ("adverse_event.unknown", at.enrolled, _NURSE, c.FollowUpAdverseEvent("P1", "x", FIRST), "'x'",
     "report the event first"),
    ("adverse_event.order", at.ill, _NURSE, c.FollowUpAdverseEvent("P1", "AE1", FIRST, resolved=SCREENED),
     "cannot end before",
     "it began on 2024-04-30"),
    ("hold.unknown", at.ill, _DOC, c.ReleaseHold(3, "x"), "no hold stands in entry 3", "standing: none"),
    ("hold.unknown", at.died, _DOC, c.ReleaseHold(3, "x"), "no hold stands in entry 3", "standing: held in entry"),
    ("hold.release", at.died, "medical_monitor", c.ReleaseHold(0, "x"),
     "stopped is not for the medical_monitor to lift",
     "signed by safety_committee"),
    ("reason.missing", at.died, _DOC, c.ReleaseHold(0, " "), "lifting a hold needs a reason", "why it is safe"),
    # corrections
    ("correction.entry", at.ill, _NURSE, c.CorrectEntry(999, "x"), "no entry 999", "look the number up"),
    ("correction.kind", at.ill, _NURSE, c.CorrectEntry(1, "x"), "entry 1 is a TrialOpened", "decide again"),
)  # fmt: skip
"""Rule, how far the trial is, role, command, words of the message, words of the next step."""


@pytest.mark.parametrize(("rule", "stage", "role", "command", "message", "hint"), ROWS)
def test_a_refusal_names_its_rule_and_the_next_step(
    rule: str, stage: Callable[[], Site], role: str, command: c.Command, message: str, hint: str
) -> None:
    """Refused, with the rule, the value and the next step; and the book is as it was."""
    site = stage()
    if rule == "lot.recipient":
        site.lot("L3", "P3", FIRST)
    if rule == "lot.order":
        site.on(FIRST + timedelta(days=1)).lot("L2", day=FIRST + timedelta(days=1))
    if isinstance(command, c.ReleaseHold) and command.hold == 0:
        wanted = "stopped" if rule == "hold.release" else "held"
        number = next(hold.entry for hold in site.state.standing() if hold.rule == wanted)
        command = c.ReleaseHold(number, command.reason)
    answer = site.refused(role, command)
    assert answer.rule == rule
    assert message in answer.message
    assert hint in answer.hint


def _named(source: Path) -> Iterator[str]:
    """The rule of every refusal in a file; what is filled in when it runs is a star."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            elif isinstance(first, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in first.values)  # type: ignore[misc]  # texts


ELSEWHERE = {
    "trial.missing", "clock.zone", "clock.backwards", "role.held", "role.command", "role.anyway", "role.unknown",
    "role.last", "correction.role", "escalation.level",
}  # fmt: skip
"""Rules whose refusals are tested beside what they belong to: below, with the roles, corrections and designs."""


def test_no_refusal_is_forgotten() -> None:
    """Every rule that a decider names stands in the table above, or is tested beside what it belongs to."""
    folder = Path(next(iter(stromal.conduct.__path__)))
    written = {rule for source in folder.glob("*.py") for rule in _named(source)}
    tested_ = {row[0] for row in ROWS} | ELSEWHERE
    shown = {rule.split("*")[0] for rule in written}
    assert {rule for rule in shown if not any(each.startswith(rule) for each in tested_)} == set()
    assert written >= ELSEWHERE


# ---------------------------------------------------------------- the book itself


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        (datetime(2024, 1, 1), "clock.zone"),  # noqa: DTZ001 - that is what is refused
        (datetime.fromisoformat("2024-01-01T08:00+02:00"), "clock.zone"),
        (datetime(2024, 1, 1, tzinfo=UTC), None),
    ],
)
def test_time_is_kept_in_utc(at: datetime, rule: str | None) -> None:
    """A time of entry without a zone, or in another than UTC, is refused: also for the very first entry."""
    desk = Desk(MemoryBook(), READ)
    answer = desk.submit(c.Request(c.OpenTrial(TEXT, (("ann", "data_manager"),)), "ann", "data_manager", at))
    assert (answer.rule if isinstance(answer, Refused) else None) == rule


def test_time_never_runs_backwards() -> None:
    """An entry cannot be made before the last one."""
    site = Site()
    before = site.now - timedelta(seconds=1)
    answer = site.desk.submit(c.Request(c.RegisterParticipant("P1", SCREENED), "coordinator", "coordinator", before))
    assert isinstance(answer, Refused)
    assert (answer.rule, answer.hint) == ("clock.backwards", "set the clock right")


def test_nothing_is_recorded_before_a_trial_is_opened() -> None:
    """An empty book takes nothing but the opening of a trial."""
    desk = Desk(MemoryBook(), READ)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    answer = desk.submit(c.Request(c.RegisterParticipant("P1", SCREENED), "ann", "coordinator", at))
    assert isinstance(answer, Refused)
    assert answer.rule == "trial.missing"
    assert desk.protocol() is None


@pytest.mark.parametrize(
    ("people", "rule"),
    [
        ((("ann", "king"),), "role.unknown"),
        ((("ann", "investigator"),), "role.last"),
        ((), "role.last"),
    ],
)
def test_a_trial_needs_people_with_roles_that_exist(people: tuple[tuple[str, str], ...], rule: str) -> None:
    """The first people act in roles there are, and one of them can give roles to others."""
    at = datetime(2024, 1, 1, tzinfo=UTC)
    answer = Desk(MemoryBook(), READ).submit(c.Request(c.OpenTrial(TEXT, people), "ann", "data_manager", at))
    assert isinstance(answer, Refused)
    assert answer.rule == rule
