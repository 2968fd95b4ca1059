"""A small trial by hand for tests of tables, results, figures and reports: its protocol, its entries, its state.

Eight people are screened and six enrolled: two complete, one leaves, one is held, one goes on, one is not dosed yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from stromal.ledger import events as e
from stromal.ledger.state import State, replay
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.values import Duration

TEXT = """\
stromal: 1
trial:
  id: NCT00000042
  title: A small trial of stromal cells & a <careful> report
  sponsor: A hospital
  phase: 1/2
  design: single group, open label
  planned: 8
version:
  number: 1
  effective: 2020-01-01
sources:
  run_in: {lines: 12-13, says: three months of run-in}
  arm: {lines: 20, says: two injections three months apart}
assumed:
  rules.held: the record has no stopping rule
  doses.injection.tolerance:
    says: the record gives no tolerance
    confirmed: Dr Noor on 2020-01-02
population:
  condition: a disease
  age: 18..80 years at consent
  include:
    I1:
      says: Score of at least 15
      when: score >= 15 at screening
facts:
  score: {kind: score, range: 0..48, says: function score}
  breath: {kind: number, unit: '%', range: 10..150, says: forced vital capacity}
  weight: {kind: number, unit: kg, range: 25..200, says: body weight}
  stage: {kind: choice, of: [early, late], says: stage}
  smoker: {kind: yes_no, says: smoker}
  adverse_event: {kind: log, grading: CTCAE 5.0, says: adverse events}
products:
  msc:
    says: the patient's own cells
    donor: patient
    release: [viability >= 80 %, sterility = negative]
doses:
  injection:
    product: msc
    amount: 5e7 cells
    ladder: 5e7, 1e8 cells
    start: 5e7 cells
    adjust: modification
    volume: 5..10 mL
    route: intrathecal
    tolerance: 90..110 %
    src: arm
schedule:
  screening:
    at: within 28 days before run_in_1
    do: [consent, score, stage]
  run_in_1:
    at: day 0
    epoch: run_in
    do: [score, breath]
    src: run_in
  run_in_2..4:
    at: 1 month after previous
    window: +-7 days
    epoch: run_in
    do: [score, breath]
    src: run_in
  injection_1:
    at: 3 months after run_in_1
    window: +-14 days
    epoch: treatment
    give: injection
    do: [weight, score, breath, adverse_event]
  injection_2:
    at: 3 months after previous
    window: +-14 days
    epoch: treatment
    give: injection
    do: [weight, score, breath, adverse_event]
  month_9:
    at: 9 months after run_in_1
    window: +-14 days
    epoch: follow_up
    do: [score, breath, adverse_event]
rules:
  modification:
    choose:
      - when: max grade(adverse_event where related, since previous dose) >= 3
        then: hold
      - when: max grade(adverse_event where related, since previous dose) = 2
        then: same
    otherwise: up
  held:
    hold: participant
    says: A related adverse event of grade 3 or more
    when: count(adverse_event where grade >= 3 and related) > 0
    release: signed by investigator and safety_committee
  paused:
    hold: trial
    says: Two people held
    when: count(participants where held) >= 2
    release: signed by safety_committee
  safe:
    says: The first injection is safe
    when: count(participants where done(injection_1)) >= 5
    declares: Injections of 5e7 cells may be given
objectives:
  safety:
    rank: primary
    says: Are injections safe?
    endpoint: count(adverse_event where related, from injection_1 until month_9)
  progression:
    rank: secondary
    says: Does the score fall more slowly after the injections than in the run-in?
    endpoint: slope(score, per month) in [treatment, follow_up] - slope(score, per month) in run_in
    src: run_in
  breathing:
    rank: secondary
    says: How does the vital capacity change?
    endpoint: change(breath, from injection_1) at month_9
  free:
    rank: exploratory
    says: How many have no related event?
    endpoint: count(adverse_event where related) = 0
analyses:
  safety:
    of: safety
    method: adverse_events
  progression:
    of: progression
    method: slope_difference
    population: done(injection_1)
    estimand: mean difference of slopes while in the trial
  breathing:
    of: breathing
    method: change
  free:
    of: free
    method: proportion
"""
ZERO = date(2020, 3, 2)


def protocol() -> Protocol:
    """The protocol of the small trial."""
    return load(TEXT, "small.yaml").require()


@dataclass(slots=True)
class Log:
    """Writes entries one after another, each recorded at nine on a day."""

    entries: list[e.Entry] = field(default_factory=list)
    today: date = ZERO

    def add(self, event: e.Event, by: str = "ana", role: str = "coordinator", on: date | None = None) -> int:
        """Record an event, on its own day unless another is named; gives the number of the entry."""
        self.today = on or getattr(event, "day", None) or self.today
        number = len(self.entries) + 1
        at = datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC) + timedelta(seconds=number)
        self.entries.append(e.Entry(number, at, by, role, event))
        return number

    def state(self) -> State:
        """What all entries add up to."""
        return replay(self.entries)

    def seen(self, who: str, fact: str, value: float | str | bool, day: date, visit: str = "", unit: str = "") -> int:
        """Record an observation."""
        return self.add(e.FactObserved(who, fact, value, day, unit, visit))

    def visit(self, who: str, visit: str, day: date, score: float | None, breath: float | None) -> None:
        """Record a visit with its two measurements; None is written down as not obtained."""
        self.add(e.VisitAttended(who, visit, day))
        for fact, value, unit in (("score", score, ""), ("breath", breath, "%")):
            if value is None:
                self.add(e.FactNotObtained(who, fact, day, "not done", visit))
            else:
                self.seen(who, fact, value, day, visit, unit)

    def dose(self, who: str, visit: str, day: date, level: float, part: float = 1.0) -> int:
        """Make and release a lot, and give it: `part` of the prescription is delivered."""
        lot = f"L-{who}-{visit[-1]}"
        self.add(e.LotManufactured(lot, "msc", who, day - timedelta(days=2), who), "leo", "laboratory")
        self.add(e.LotTested(lot, "viability", 92.5, day - timedelta(days=1), "%"), "leo", "laboratory")
        self.add(e.LotTested(lot, "sterility", "negative", day - timedelta(days=1)), "leo", "laboratory")
        self.add(e.LotReleased(lot, day), "leo", "laboratory")
        volume = level * part / (1e7 * 0.925)
        return self.add(
            e.CellsInfused(who, visit, "injection", lot, day, level, level, 1e7, 92.5, volume, level * part, 70.5),
            "ivo", "investigator",
        )  # fmt: skip


_VISITS = ("run_in_1", "run_in_2", "run_in_3", "run_in_4", "injection_1", "injection_2", "month_9")
_WIGGLE = (0.0, 0.4, -0.3, 0.1, -0.2, 0.3, -0.1)


def _screen(log: Log, who: str, shift: int, born: str, sex: str) -> date:
    day = ZERO + timedelta(days=shift - 10)
    log.add(e.ParticipantRegistered(who, day))
    log.add(e.ConsentGiven(who, day, 1))
    log.seen(who, "birth_date", born, day)
    log.seen(who, "sex", sex, day)
    return day


def _enrol(log: Log, who: str, number: int, shift: int) -> None:
    day = ZERO + timedelta(days=shift - 3)
    log.add(e.EligibilityDecided(who, day, True, (("I1", "met", "score is high enough"),)), "ivo", "investigator")
    log.add(e.ParticipantEnrolled(who, day, number, 1))


def _follow(log: Log, who: str, shift: int, slopes: tuple[float, float], visits: int, *, gap: str = "") -> None:
    """Visits with a score that falls at one slope in the run-in and at another after the first injection."""
    start = ZERO + timedelta(days=shift)
    months = (0, 1, 2, 3, 3, 6, 9)
    for at, visit in enumerate(_VISITS[:visits]):
        day = Duration(months[at], "month").after(start) + timedelta(days=2 * (visit == "injection_1"))
        if visit == gap:
            log.add(e.VisitMissed(who, visit, day, "travelling"))
            continue
        before, after = min(months[at], 3), max(months[at] - 3, 0)
        score = 40 - shift / 20 + slopes[0] * before + slopes[1] * after + _WIGGLE[at]
        breath = None if (who, visit) == ("P5", "injection_1") else 90 + slopes[0] * months[at] + _WIGGLE[at]
        log.visit(who, visit, day, round(score, 1), breath if breath is None else round(breath, 1))
        if visit == "injection_1":
            log.seen(who, "weight", 70.5, day, visit, "kg")
            log.dose(who, visit, day, 5e7, 0.85 if who == "P2" else 1.02)
        if visit == "injection_2":
            log.dose(who, visit, day, 1e8 if who in ("P1", "P2") else 5e7, 0.97)


def history() -> Log:
    """Every entry of the small trial."""
    log = Log()
    log.add(e.TrialOpened("NCT00000042", "A small trial of stromal cells & a <careful> report"), on=date(2020, 1, 5))
    log.add(e.ProtocolAdopted(1, date(2020, 1, 1), "4f1d" * 16, TEXT))
    log.add(e.RoleGranted("ivo", "investigator"))
    for number, (who, shift, born, sex) in enumerate(_PEOPLE, start=1):
        _screen(log, who, shift, born, sex)
        if who not in ("P2", "P6"):
            log.seen(who, "stage", "early" if number % 2 else "late", log.today, "screening")
        log.seen(who, "smoker", number == 3, log.today)
        _enrol(log, who, number, shift)
    _not_enrolled(log)
    _follow(log, "P1", 0, (-1.2, -0.6), 7)
    log.add(e.AdverseEventReported("P1", "AE1", "Headache", 1, date(2020, 6, 6), True, False, True))
    log.add(e.AdverseEventReported("P1", "AE2", "Headache", 2, date(2020, 9, 4), False, False, True))
    log.add(e.AdverseEventFollowedUp("P1", "AE2", date(2020, 9, 9), resolved=date(2020, 9, 8)))
    log.add(e.ParticipantCompleted("P1", date(2020, 12, 3)))
    _follow(log, "P2", 20, (-0.9, -0.7), 7, gap="run_in_3")
    log.add(e.DeviationRecorded("P2", "dosing.tolerance", "85 % of the prescription was delivered", date(2020, 6, 24)))
    log.add(e.ParticipantCompleted("P2", date(2020, 12, 23)))
    _follow(log, "P3", 40, (-1.5, -1.6), 6)
    log.add(e.AdverseEventReported("P3", "AE1", "Fall", 2, date(2020, 4, 20), False, False, None))
    log.add(e.ParticipantWithdrawn("P3", date(2020, 11, 1), "moved away"))
    _held(log)
    _follow(log, "P5", 80, (-0.5, -0.4), 5)
    log.add(e.AdverseEventReported("P5", "AE1", "Fever", 1, date(2020, 8, 30)))
    _follow(log, "P6", 240, (-1.0, -1.0), 2)
    log.add(e.DeclarationMade("safe", "Injections of 5e7 cells may be given", (1,)), on=date(2020, 12, 30))
    return log


_PEOPLE = (
    ("P1", 0, "1961-05-04", "female"),
    ("P2", 20, "1955-11-30", "male"),
    ("P3", 40, "1970-01-15", "male"),
    ("P4", 60, "1949-07-07", "female"),
    ("P5", 80, "1980-02-29", "male"),
    ("P6", 240, "1966-10-10", "female"),
)


def _not_enrolled(log: Log) -> None:
    day = ZERO + timedelta(days=5)
    log.add(e.ParticipantRegistered("P7", day))
    log.add(e.ConsentGiven("P7", day, 1))
    log.add(e.EligibilityDecided("P7", day, False, (("I1", "not met", "score is 12"),)), "ivo", "investigator")
    log.add(e.ScreenFailed("P7", day, ("Score of at least 15", "Age")))
    log.add(e.ParticipantRegistered("P8", day))


def _held(log: Log) -> None:
    """P4: a related serious event of grade 3, a hold, two signatures, the release, and an omitted second dose."""
    _follow(log, "P4", 60, (-1.1, -0.9), 5)
    reported = log.add(
        e.AdverseEventReported("P4", "AE1", "Meningism", 3, date(2020, 8, 5), True, True, False), on=date(2020, 8, 6)
    )
    hold = log.add(e.HoldPlaced("held", "participant", "Meningism of grade 3, related", (reported,), "P4"))
    log.add(e.Signed("agreed to lift the hold", (hold,), "d1" * 32), "ivo", "investigator", date(2020, 8, 20))
    log.add(e.Signed("agreed to lift the hold", (hold,), "d1" * 32), "cora", "safety_committee", date(2020, 8, 25))
    log.add(e.HoldReleased("held", hold), "cora", "safety_committee")
    day = date(2020, 11, 3)
    log.add(e.VisitAttended("P4", "injection_2", day))
    log.add(e.DoseOmitted("P4", "injection_2", "injection", day, "the participant preferred not to"))
    log.add(e.LotManufactured("L-X", "msc", "P4", day, "P4"), "leo", "laboratory")
    log.add(e.LotRejected("L-X", day, "sterility positive"), "leo", "laboratory")
