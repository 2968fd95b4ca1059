"""Entries -> State: what a trial looks like once everything in its book is added up (step 7 of the walk).

`replay` folds entries, also only those known on a date; `evolve` adds one. States are frozen: an evolved state is a new
one. Corrections are applied where the corrected entry stood, so a state never contains what was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from stromal.ledger import events as e
from stromal.ledger.trial import (
    Adopted,
    Declaration,
    Deviation,
    Level,
    Lot,
    LotStatus,
    LotTest,
    MissedVisit,
    Omission,
    Participant,
    PlacedHold,
    Signature,
    State,
    Status,
    from_json,
    to_json,
)  # fmt: skip
from stromal.rules.chart import (
    Absence,
    AdverseEvent,
    Answer,
    Chart,
    Episode,
    Infusion,
    Observation,
    VisitDone,
)  # fmt: skip
from stromal.values import Finding, Unusable

__all__ = [
    "Adopted", "Declaration", "Deviation", "Level", "Lot", "LotStatus", "LotTest", "MissedVisit", "Omission",
    "Participant", "PlacedHold", "Signature", "State", "Status", "evolve", "from_json", "replay", "to_json",
]  # fmt: skip

_replace = msgspec.structs.replace
_Named = TypeVar("_Named")


# ---------------------------------------------------------------- a state under the pen


class _Pen:
    """A frozen struct being written on: what was put, and its tuples as lists that grow, until it is `done`."""

    __slots__ = ("_grown", "_put", "was")

    def __init__(self, was: Any) -> None:
        self.was = was
        self._put: dict[str, Any] = {}
        self._grown: dict[str, list[Any]] = {}

    def put(self, **changes: Any) -> None:
        """Give fields new values."""
        self._put.update(changes)

    def grow(self, field: str) -> list[Any]:
        """A field that is a tuple, as a list."""
        held = self._grown.get(field)
        if held is None:
            held = self._grown[field] = [*getattr(self.was, field)]
        return held

    def done(self, **changes: Any) -> Any:
        """The struct as it is now, frozen again."""
        grown = {field: tuple(held) for field, held in self._grown.items()}
        return msgspec.structs.replace(self.was, **self._put, **grown, **changes)


class _Draft:
    """A state being written on. Only what entries touch is taken up: one entry costs little, many cost little more."""

    def __init__(self, state: State) -> None:
        self.trial = _Pen(state)
        self.people: dict[str, _Pen] = {}
        self.charts: dict[str, _Pen] = {}
        self.lots: dict[str, _Pen] = {}
        self.roles = dict(state.roles)
        self.corrected = dict(state.corrections)
        self.head, self.at = state.head, state.at

    def add(self, entry: e.Entry) -> None:
        """Write down what one entry says. Unusable when it speaks of somebody or something the book does not know."""
        self.head, self.at = entry.number, entry.at
        _STEPS[type(entry.event)](self, entry.event, entry)

    def person(self, participant: str) -> _Pen:
        """A participant."""
        if participant not in self.people:
            self.people[participant] = _Pen(self._known(self.trial.was.participants, "participant", participant))
        return self.people[participant]

    def chart(self, participant: str) -> _Pen:
        """The chart of a participant."""
        if participant not in self.charts:
            self.charts[participant] = _Pen(self.person(participant).was.chart)
        return self.charts[participant]

    def lot(self, lot: str) -> _Pen:
        """A lot of cells."""
        if lot not in self.lots:
            self.lots[lot] = _Pen(self._known(self.trial.was.lots, "lot", lot))
        return self.lots[lot]

    def _known(self, named: Mapping[str, _Named], kind: str, name: str) -> _Named:
        if name in named:
            return named[name]
        message = f"entry {self.head} speaks of {kind} {name}, which no entry before it brings into the trial"
        hint = f"correct entry {self.head}, or take back the correction that removed the {kind}"
        raise Unusable(Finding("book.orphan", "error", message, hint=hint))

    def done(self) -> State:
        """The state as it is now, frozen again."""
        for participant, chart in self.charts.items():
            self.people[participant].put(chart=chart.done())
        was: State = self.trial.was
        done: State = self.trial.done(
            participants=_with(was.participants, self.people),
            lots=_with(was.lots, self.lots),
            roles=self.roles,
            corrections=tuple(sorted(self.corrected.items())) if self.corrected else (),
            head=self.head,
            at=self.at,
        )
        return done


def _with(named: Mapping[str, Any], pens: Mapping[str, _Pen]) -> Mapping[str, Any]:
    """The same names with what the pens wrote; the very same where they wrote nothing."""
    return {**named, **{name: pen.done() for name, pen in pens.items()}} if pens else named


# ---------------------------------------------------------------- what each event does to it


def _trial_opened(draft: _Draft, event: e.TrialOpened, entry: e.Entry) -> None:
    draft.trial.put(study=event.study, title=event.title)


def _protocol_adopted(draft: _Draft, event: e.ProtocolAdopted, entry: e.Entry) -> None:
    adopted = Adopted(event.version, event.effective, event.digest, event.text, entry.number)
    draft.trial.grow("versions").append(adopted)


def _role_granted(draft: _Draft, event: e.RoleGranted, entry: e.Entry) -> None:
    draft.roles[event.person] = draft.roles.get(event.person, frozenset()) | {event.role}


def _role_revoked(draft: _Draft, event: e.RoleRevoked, entry: e.Entry) -> None:
    draft.roles[event.person] = draft.roles.get(event.person, frozenset()) - {event.role}


def _signed(draft: _Draft, event: e.Signed, entry: e.Entry) -> None:
    signature = Signature(entry.by, entry.role, event.meaning, event.of, event.digest, entry.at, entry.number)
    draft.trial.grow("signatures").append(signature)


def _corrected(draft: _Draft, event: e.EntryCorrected, entry: e.Entry) -> None:
    draft.corrected[event.entry] = entry.number


def _registered(draft: _Draft, event: e.ParticipantRegistered, entry: e.Entry) -> None:
    chart = Chart(participant=event.participant)
    draft.people[event.participant] = _Pen(
        Participant(event.participant, "screening", chart, event.day, entry.number)
    )  # fmt: skip
    draft.charts.pop(event.participant, None)


def _consented(draft: _Draft, event: e.ConsentGiven, entry: e.Entry) -> None:
    draft.chart(event.participant).put(consent=event.day)
    draft.person(event.participant).put(version=event.version, consent_entry=entry.number)


def _observed(draft: _Draft, event: e.FactObserved, entry: e.Entry) -> None:
    seen = Observation(event.fact, event.value, event.day, event.unit, event.visit, entry.number)
    draft.chart(event.participant).grow("observations").append(seen)


def _not_obtained(draft: _Draft, event: e.FactNotObtained, entry: e.Entry) -> None:
    seen = Observation(event.fact, None, event.day, "", event.visit, entry.number)
    draft.chart(event.participant).grow("observations").append(seen)


def _episode(draft: _Draft, event: e.EpisodeRecorded, entry: e.Entry) -> None:
    episode = Episode(event.fact, event.start, event.end, event.ongoing, event.regimen, entry.number)
    draft.chart(event.participant).grow("episodes").append(episode)


def _absence(draft: _Draft, event: e.AbsenceRecorded, entry: e.Entry) -> None:
    absence = Absence(event.fact, event.since, event.until, entry.number)
    draft.chart(event.participant).grow("absences").append(absence)


def _answered(draft: _Draft, event: e.QuestionAnswered, entry: e.Entry) -> None:
    answer = Answer(event.question, event.answer, entry.role, event.day, entry.number)
    draft.chart(event.participant).grow("answers").append(answer)


def _eligibility(draft: _Draft, event: e.EligibilityDecided, entry: e.Entry) -> None:
    draft.person(event.participant).put(eligible=event.eligible, eligibility_entry=entry.number)


def _enrolled(draft: _Draft, event: e.ParticipantEnrolled, entry: e.Entry) -> None:
    draft.chart(event.participant).put(enrolled=event.day)
    draft.person(event.participant).put(
        status="enrolled", number=event.number, version=event.version, enrolment_entry=entry.number
    )


def _ended(draft: _Draft, entry: e.Entry, participant: str, status: Status, day: date, **more: Any) -> None:
    draft.person(participant).put(status=status, ended=day, end_entry=entry.number, **more)


def _screen_failed(draft: _Draft, event: e.ScreenFailed, entry: e.Entry) -> None:
    _ended(draft, entry, event.participant, "screen failed", event.day, reasons=event.reasons)


def _withdrawn(draft: _Draft, event: e.ParticipantWithdrawn, entry: e.Entry) -> None:
    _ended(draft, entry, event.participant, "withdrawn", event.day, reasons=(event.reason,))


def _completed(draft: _Draft, event: e.ParticipantCompleted, entry: e.Entry) -> None:
    _ended(draft, entry, event.participant, "completed", event.day)


def _attended(draft: _Draft, event: e.VisitAttended, entry: e.Entry) -> None:
    draft.chart(event.participant).grow("visits").append(VisitDone(event.visit, event.day, entry.number))


def _missed(draft: _Draft, event: e.VisitMissed, entry: e.Entry) -> None:
    missed = MissedVisit(event.visit, event.day, event.reason, entry.number)
    draft.person(event.participant).grow("missed").append(missed)
    draft.chart(event.participant).grow("missed").append(event.visit)


def _lot_made(draft: _Draft, event: e.LotManufactured, entry: e.Entry) -> None:
    draft.lots[event.lot] = _Pen(
        Lot(event.lot, event.product, event.donor, event.recipient, event.day, entry.number)
    )  # fmt: skip


def _lot_tested(draft: _Draft, event: e.LotTested, entry: e.Entry) -> None:
    draft.lot(event.lot).grow("tests").append(LotTest(event.test, event.value, event.unit, event.day, entry.number))


def _lot_released(draft: _Draft, event: e.LotReleased, entry: e.Entry) -> None:
    draft.lot(event.lot).put(status="released", decided=entry.number)


def _lot_rejected(draft: _Draft, event: e.LotRejected, entry: e.Entry) -> None:
    draft.lot(event.lot).put(status="rejected", decided=entry.number, reason=event.reason)


def _level(draft: _Draft, event: e.DoseLevelDecided, entry: e.Entry) -> None:
    level = Level(event.visit, event.dose, event.level, event.adjustment, entry.number)
    draft.person(event.participant).grow("levels").append(level)


def _infused(draft: _Draft, event: e.CellsInfused, entry: e.Entry) -> None:
    given = Infusion(
        event.visit, event.dose, event.lot, event.day, event.level, event.prescribed_cells, event.delivered_cells,
        event.volume_ml, event.weight_kg, entry.number,
    )  # fmt: skip
    draft.chart(event.participant).grow("infusions").append(given)


def _omitted(draft: _Draft, event: e.DoseOmitted, entry: e.Entry) -> None:
    omission = Omission(event.visit, event.dose, event.day, event.reason, entry.number)
    draft.person(event.participant).grow("omissions").append(omission)


def _adverse_event(draft: _Draft, event: e.AdverseEventReported, entry: e.Entry) -> None:
    reported = AdverseEvent(
        event.id, event.term, event.grade, event.onset, event.related, event.serious, event.expected, None,
        entry.number, entry.number,
    )  # fmt: skip
    draft.chart(event.participant).grow("adverse_events").append(reported)


def _followed_up(draft: _Draft, event: e.AdverseEventFollowedUp, entry: e.Entry) -> None:
    named = ("grade", "related", "serious", "expected", "resolved")
    known: dict[str, Any] = {name: value for name in named if (value := getattr(event, name)) is not None}
    if known.keys() - {"resolved"}:  # an event that merely ended is no new evidence for a hold that was lifted
        known["entry"] = entry.number
    if event.resolved is not None:
        known["resolution"] = entry.number
    reported = draft.chart(event.participant).grow("adverse_events")
    reported[:] = [_replace(each, **known) if each.id == event.id else each for each in reported]


def _hold_placed(draft: _Draft, event: e.HoldPlaced, entry: e.Entry) -> None:
    hold = PlacedHold(
        entry.number, event.rule, event.level, event.participant, event.dose, event.reason, event.because,
        placed_at=entry.at,
    )  # fmt: skip
    draft.trial.grow("holds").append(hold)


def _hold_released(draft: _Draft, event: e.HoldReleased, entry: e.Entry) -> None:
    holds = draft.trial.grow("holds")
    holds[:] = [
        _replace(hold, released=entry.number, released_at=entry.at) if hold.entry == event.hold else hold
        for hold in holds
    ]


def _declared(draft: _Draft, event: e.DeclarationMade, entry: e.Entry) -> None:
    draft.trial.grow("declarations").append(Declaration(event.rule, event.says, entry.number))


def _deviated(draft: _Draft, event: e.DeviationRecorded, entry: e.Entry) -> None:
    deviation = Deviation(event.participant, event.rule, event.says, event.day, event.visit, event.reason, entry.number)
    draft.trial.grow("deviations").append(deviation)


_STEPS: dict[type, Callable[[_Draft, Any, e.Entry], None]] = {
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


# ---------------------------------------------------------------- one entry, and all of them


def evolve(state: State, entry: e.Entry) -> State:
    """The state after one more entry. A correction only marks what it corrects: `replay` applies it.

    Unusable when the entry speaks of a participant or a lot that the trial does not know.
    """
    draft = _Draft(state)
    draft.add(entry)
    return draft.done()


def replay(entries: Iterable[e.Entry], as_known: datetime | None = None) -> State:
    """Add up entries in order; with `as_known`, only those recorded at or before that moment.

    Unusable when an entry, after all corrections, speaks of a participant or a lot that no entry before it brought in.
    """
    known = [entry for entry in entries if as_known is None or entry.at <= as_known]
    draft = _Draft(State())
    for entry in _as_corrected(known):
        draft.add(entry)
    # A signature falls with any correction of what it signed, also one that was itself taken back: people sign again.
    draft.corrected = {each.event.entry: each.number for each in known if isinstance(each.event, e.EntryCorrected)}
    return draft.done()


def _as_corrected(entries: list[e.Entry]) -> Iterator[e.Entry]:
    """Each entry as it counts after all corrections; the number and time stay those of the original."""
    counts = _what_counts(entries)
    for entry in entries:
        if entry.number not in counts:
            yield entry
        elif (event := counts[entry.number]) is not None:
            yield _replace(entry, event=event)


def _what_counts(entries: list[e.Entry]) -> dict[int, e.Event | None]:
    """What counts in place of each corrected entry, None for nothing. The latest word is final, so it is read first."""
    counts: dict[int, e.Event | None] = {}
    for entry in reversed(entries):
        event = counts.get(entry.number, entry.event)
        if isinstance(event, e.EntryCorrected) and event.entry < entry.number:
            counts.setdefault(event.entry, event.replacement)
    return counts
