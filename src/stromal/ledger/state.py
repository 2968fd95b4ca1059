"""Entries -> State: what a trial looks like once everything in its book is added up.

`replay` folds entries, also only those known on a date; `evolve` adds one. States are frozen: an evolved state is a new
one. Corrections are applied where the corrected entry stood, so a state never contains what was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import msgspec

from stromal.ledger import events as e
from stromal.protocol.model import Adjustment, HoldLevel
from stromal.rules.chart import (
    Absence,
    AdverseEvent,
    Answer,
    Chart,
    Episode,
    Infusion,
    Observation,
    VisitDone,
)

Status = Literal["screening", "enrolled", "screen failed", "withdrawn", "completed"]
LotStatus = Literal["made", "released", "rejected"]


class Adopted(msgspec.Struct, frozen=True):
    """A version of the protocol in the book."""

    version: int
    effective: date
    digest: str
    text: str
    entry: int


class Signature(msgspec.Struct, frozen=True):
    """A signature as it was given; it stands while none of the entries it signed was corrected."""

    by: str
    role: str
    meaning: str
    of: tuple[int, ...]
    digest: str
    at: datetime
    entry: int


class Deviation(msgspec.Struct, frozen=True):
    """A rule that was not followed."""

    participant: str
    rule: str
    says: str
    day: date
    visit: str
    reason: str
    entry: int


class PlacedHold(msgspec.Struct, frozen=True):
    """A hold, standing until `released` is the entry that lifted it."""

    entry: int
    rule: str
    level: HoldLevel
    participant: str
    dose: str
    reason: str
    because: tuple[int, ...]
    released: int = 0
    placed_at: datetime | None = None
    released_at: datetime | None = None


class LotTest(msgspec.Struct, frozen=True):
    """A result of a release test."""

    test: str
    value: float | str
    unit: str
    day: date
    entry: int


class Lot(msgspec.Struct, frozen=True):
    """A lot of cells and how far it came."""

    lot: str
    product: str
    donor: str
    recipient: str
    day: date
    entry: int
    status: LotStatus = "made"
    tests: tuple[LotTest, ...] = ()
    decided: int = 0
    reason: str = ""


class Level(msgspec.Struct, frozen=True):
    """The rung decided for a visit."""

    visit: str
    dose: str
    level: float
    adjustment: Adjustment
    entry: int


class Omission(msgspec.Struct, frozen=True):
    """A planned dose that was not given."""

    visit: str
    dose: str
    day: date
    reason: str
    entry: int


class MissedVisit(msgspec.Struct, frozen=True):
    """A visit that did not take place."""

    visit: str
    day: date
    reason: str
    entry: int


class Participant(msgspec.Struct, frozen=True):
    """One person in the trial: where they stand, and their chart."""

    id: str
    status: Status
    chart: Chart
    registered: date
    entry: int
    number: int | None = None
    version: int | None = None
    eligible: bool | None = None
    eligibility_entry: int = 0
    ended: date | None = None
    reasons: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    omissions: tuple[Omission, ...] = ()
    missed: tuple[MissedVisit, ...] = ()
    consent_entry: int = 0
    enrolment_entry: int = 0
    end_entry: int = 0


class Declaration(msgspec.Struct, frozen=True):
    """Something a rule declared for the trial."""

    rule: str
    says: str
    entry: int


class State(msgspec.Struct, frozen=True):
    """A whole trial at one moment: after entry `head`, recorded at `at`."""

    study: str = ""
    title: str = ""
    head: int = 0
    at: datetime | None = None
    versions: tuple[Adopted, ...] = ()
    roles: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    participants: Mapping[str, Participant] = msgspec.field(default_factory=dict)
    lots: Mapping[str, Lot] = msgspec.field(default_factory=dict)
    holds: tuple[PlacedHold, ...] = ()
    signatures: tuple[Signature, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    corrected: frozenset[int] = frozenset()

    def standing(self) -> tuple[PlacedHold, ...]:
        """The holds nobody has lifted yet."""
        return tuple(hold for hold in self.holds if not hold.released)

    def enrolled(self) -> tuple[Participant, ...]:
        """Everybody who was ever enrolled, in the order of enrolment."""
        return tuple(sorted((p for p in self.participants.values() if p.number), key=lambda p: p.number or 0))

    def stands(self, signature: Signature) -> bool:
        """Whether nothing that was signed has been corrected since."""
        return not self.corrected.intersection(signature.of)


_replace = msgspec.structs.replace
_Added = TypeVar("_Added")


def _with_participant(state: State, participant: Participant) -> State:
    return _replace(state, participants={**state.participants, participant.id: participant})


def _change(state: State, participant: str, **changes: Any) -> State:
    return _with_participant(state, _replace(state.participants[participant], **changes))


def _chart(state: State, participant: str, **changes: Any) -> State:
    person = state.participants[participant]
    return _with_participant(state, _replace(person, chart=_replace(person.chart, **changes)))


def _trial_opened(state: State, event: e.TrialOpened, entry: e.Entry) -> State:
    return _replace(state, study=event.study, title=event.title)


def _protocol_adopted(state: State, event: e.ProtocolAdopted, entry: e.Entry) -> State:
    adopted = Adopted(event.version, event.effective, event.digest, event.text, entry.number)
    return _replace(state, versions=(*state.versions, adopted))


def _role_granted(state: State, event: e.RoleGranted, entry: e.Entry) -> State:
    held = state.roles.get(event.person, frozenset()) | {event.role}
    return _replace(state, roles={**state.roles, event.person: held})


def _role_revoked(state: State, event: e.RoleRevoked, entry: e.Entry) -> State:
    held = state.roles.get(event.person, frozenset()) - {event.role}
    return _replace(state, roles={**state.roles, event.person: held})


def _signed(state: State, event: e.Signed, entry: e.Entry) -> State:
    signature = Signature(entry.by, entry.role, event.meaning, event.of, event.digest, entry.at, entry.number)
    return _replace(state, signatures=(*state.signatures, signature))


def _registered(state: State, event: e.ParticipantRegistered, entry: e.Entry) -> State:
    chart = Chart(participant=event.participant)
    person = Participant(event.participant, "screening", chart, event.day, entry.number)
    return _with_participant(state, person)


def _consented(state: State, event: e.ConsentGiven, entry: e.Entry) -> State:
    changed = _chart(state, event.participant, consent=event.day)
    return _change(changed, event.participant, version=event.version, consent_entry=entry.number)


def _observed(state: State, event: e.FactObserved, entry: e.Entry) -> State:
    seen = Observation(event.fact, event.value, event.day, event.unit, event.visit, entry.number)
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, observations=(*chart.observations, seen))


def _not_obtained(state: State, event: e.FactNotObtained, entry: e.Entry) -> State:
    seen = Observation(event.fact, None, event.day, "", event.visit, entry.number)
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, observations=(*chart.observations, seen))


def _episode(state: State, event: e.EpisodeRecorded, entry: e.Entry) -> State:
    episode = Episode(event.fact, event.start, event.end, event.ongoing, event.regimen, entry.number)
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, episodes=(*chart.episodes, episode))


def _absence(state: State, event: e.AbsenceRecorded, entry: e.Entry) -> State:
    absence = Absence(event.fact, event.since, event.until, entry.number)
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, absences=(*chart.absences, absence))


def _answered(state: State, event: e.QuestionAnswered, entry: e.Entry) -> State:
    answer = Answer(event.question, event.answer, entry.role, event.day, entry.number)
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, answers=(*chart.answers, answer))


def _eligibility(state: State, event: e.EligibilityDecided, entry: e.Entry) -> State:
    return _change(state, event.participant, eligible=event.eligible, eligibility_entry=entry.number)


def _enrolled(state: State, event: e.ParticipantEnrolled, entry: e.Entry) -> State:
    changed = _chart(state, event.participant, enrolled=event.day)
    return _change(
        changed, event.participant, status="enrolled", number=event.number, version=event.version,
        enrolment_entry=entry.number,
    )  # fmt: skip


def _screen_failed(state: State, event: e.ScreenFailed, entry: e.Entry) -> State:
    return _change(
        state, event.participant, status="screen failed", ended=event.day, reasons=event.reasons, end_entry=entry.number
    )


def _attended(state: State, event: e.VisitAttended, entry: e.Entry) -> State:
    chart = state.participants[event.participant].chart
    done = VisitDone(event.visit, event.day, entry.number)
    return _chart(state, event.participant, visits=(*chart.visits, done))


def _missed(state: State, event: e.VisitMissed, entry: e.Entry) -> State:
    person = state.participants[event.participant]
    missed = MissedVisit(event.visit, event.day, event.reason, entry.number)
    changed = _chart(state, event.participant, missed=(*person.chart.missed, event.visit))
    return _change(changed, event.participant, missed=(*person.missed, missed))


def _withdrawn(state: State, event: e.ParticipantWithdrawn, entry: e.Entry) -> State:
    return _change(
        state, event.participant, status="withdrawn", ended=event.day, reasons=(event.reason,), end_entry=entry.number
    )


def _completed(state: State, event: e.ParticipantCompleted, entry: e.Entry) -> State:
    return _change(state, event.participant, status="completed", ended=event.day, end_entry=entry.number)


def _lot_made(state: State, event: e.LotManufactured, entry: e.Entry) -> State:
    lot = Lot(event.lot, event.product, event.donor, event.recipient, event.day, entry.number)
    return _replace(state, lots={**state.lots, event.lot: lot})


def _change_lot(state: State, lot: str, **changes: Any) -> State:
    return _replace(state, lots={**state.lots, lot: _replace(state.lots[lot], **changes)})


def _lot_tested(state: State, event: e.LotTested, entry: e.Entry) -> State:
    test = LotTest(event.test, event.value, event.unit, event.day, entry.number)
    return _change_lot(state, event.lot, tests=(*state.lots[event.lot].tests, test))


def _lot_released(state: State, event: e.LotReleased, entry: e.Entry) -> State:
    return _change_lot(state, event.lot, status="released", decided=entry.number)


def _lot_rejected(state: State, event: e.LotRejected, entry: e.Entry) -> State:
    return _change_lot(state, event.lot, status="rejected", decided=entry.number, reason=event.reason)


def _level(state: State, event: e.DoseLevelDecided, entry: e.Entry) -> State:
    level = Level(event.visit, event.dose, event.level, event.adjustment, entry.number)
    return _change(state, event.participant, levels=(*state.participants[event.participant].levels, level))


def _infused(state: State, event: e.CellsInfused, entry: e.Entry) -> State:
    given = Infusion(
        event.visit, event.dose, event.lot, event.day, event.level, event.prescribed_cells, event.delivered_cells,
        event.volume_ml, event.weight_kg, entry.number,
    )  # fmt: skip
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, infusions=(*chart.infusions, given))


def _omitted(state: State, event: e.DoseOmitted, entry: e.Entry) -> State:
    omission = Omission(event.visit, event.dose, event.day, event.reason, entry.number)
    return _change(state, event.participant, omissions=(*state.participants[event.participant].omissions, omission))


def _adverse_event(state: State, event: e.AdverseEventReported, entry: e.Entry) -> State:
    reported = AdverseEvent(
        event.id, event.term, event.grade, event.onset, event.related, event.serious, event.expected, None,
        entry.number, entry.number,
    )  # fmt: skip
    chart = state.participants[event.participant].chart
    return _chart(state, event.participant, adverse_events=(*chart.adverse_events, reported))


def _followed_up(state: State, event: e.AdverseEventFollowedUp, entry: e.Entry) -> State:
    named = ("grade", "related", "serious", "expected", "resolved")
    known = {name: value for name in named if (value := getattr(event, name)) is not None}
    chart = state.participants[event.participant].chart
    updated = tuple(
        _replace(each, **known, entry=entry.number) if each.id == event.id else each for each in chart.adverse_events
    )
    return _chart(state, event.participant, adverse_events=updated)


def _hold_placed(state: State, event: e.HoldPlaced, entry: e.Entry) -> State:
    hold = PlacedHold(
        entry.number, event.rule, event.level, event.participant, event.dose, event.reason, event.because,
        placed_at=entry.at,
    )  # fmt: skip
    return _replace(state, holds=(*state.holds, hold))


def _hold_released(state: State, event: e.HoldReleased, entry: e.Entry) -> State:
    lifted = tuple(
        _replace(h, released=entry.number, released_at=entry.at) if h.entry == event.hold else h for h in state.holds
    )
    return _replace(state, holds=lifted)


def _declared(state: State, event: e.DeclarationMade, entry: e.Entry) -> State:
    return _replace(state, declarations=(*state.declarations, Declaration(event.rule, event.says, entry.number)))


def _deviated(state: State, event: e.DeviationRecorded, entry: e.Entry) -> State:
    deviation = Deviation(event.participant, event.rule, event.says, event.day, event.visit, event.reason, entry.number)
    return _replace(state, deviations=(*state.deviations, deviation))


def _corrected(state: State, event: e.EntryCorrected, entry: e.Entry) -> State:
    return _replace(state, corrected=state.corrected | {event.entry})


_EVOLVE: dict[type, Callable[[State, Any, e.Entry], State]] = {
    e.TrialOpened: _trial_opened,
    e.ProtocolAdopted: _protocol_adopted,
    e.RoleGranted: _role_granted,
    e.RoleRevoked: _role_revoked,
    e.Signed: _signed,
    e.EntryCorrected: _corrected,
    e.ParticipantRegistered: _registered,
    e.ConsentGiven: _consented,
    e.FactObserved: _observed,
    e.FactNotObtained: _not_obtained,
    e.EpisodeRecorded: _episode,
    e.AbsenceRecorded: _absence,
    e.QuestionAnswered: _answered,
    e.EligibilityDecided: _eligibility,
    e.ParticipantEnrolled: _enrolled,
    e.ScreenFailed: _screen_failed,
    e.VisitAttended: _attended,
    e.VisitMissed: _missed,
    e.ParticipantWithdrawn: _withdrawn,
    e.ParticipantCompleted: _completed,
    e.LotManufactured: _lot_made,
    e.LotTested: _lot_tested,
    e.LotReleased: _lot_released,
    e.LotRejected: _lot_rejected,
    e.DoseLevelDecided: _level,
    e.CellsInfused: _infused,
    e.DoseOmitted: _omitted,
    e.AdverseEventReported: _adverse_event,
    e.AdverseEventFollowedUp: _followed_up,
    e.HoldPlaced: _hold_placed,
    e.HoldReleased: _hold_released,
    e.DeclarationMade: _declared,
    e.DeviationRecorded: _deviated,
}


def evolve(state: State, entry: e.Entry) -> State:
    """The state after one more entry. A correction only marks what it corrects: `replay` applies it."""
    changed = _EVOLVE[type(entry.event)](state, entry.event, entry)
    return _replace(changed, head=entry.number, at=entry.at)


def replay(entries: Iterable[e.Entry], as_known: datetime | None = None) -> State:
    """Add up entries in order; with `as_known`, only those recorded at or before that moment."""
    known = [entry for entry in entries if as_known is None or entry.at <= as_known]
    state = State()
    for entry in _with_corrections(known):
        state = evolve(state, entry)
    return state


def _with_corrections(entries: list[e.Entry]) -> Iterable[e.Entry]:
    """Each entry as it counts after all corrections; the number and time stay those of the original."""
    replaced = {entry.event.entry: entry.event.replacement for entry in entries
                if isinstance(entry.event, e.EntryCorrected)}  # fmt: skip
    for entry in entries:
        if entry.number not in replaced:
            yield entry
        elif (event := replaced[entry.number]) is not None:
            yield _replace(entry, event=event)
