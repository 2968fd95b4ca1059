"""Command + state -> entries, or a refusal that names the rule. Step 6 of the walk.

One table says which decider answers which command. A breach of a rule refuses the command, unless the request says why
it goes ahead all the same: then the events are recorded, each breach as a deviation, under a signature. After every
command the holds and declarations of the protocol are looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from stromal.conduct import commands as c
from stromal.conduct import correcting, enrolling, following, giving, watching
from stromal.conduct.roles import GOES_AHEAD, MAY_GO_AHEAD, MEANINGS, may_do, who_may
from stromal.conduct.situation import Outcome, Past, Read, Situation
from stromal.ledger import events as e
from stromal.ledger.state import State
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.values import Refused

_DECIDERS: Mapping[type, Callable[[Situation, Any], Outcome | Refused]] = {
    c.OpenTrial: watching.open_trial,
    c.AdoptProtocol: watching.adopt,
    c.GrantRole: watching.grant,
    c.RevokeRole: watching.revoke,
    c.CorrectEntry: correcting.correct,
    c.RegisterParticipant: enrolling.register,
    c.RecordConsent: enrolling.consent,
    c.RecordFact: enrolling.fact,
    c.RecordNotObtained: enrolling.not_obtained,
    c.RecordEpisode: enrolling.episode,
    c.RecordAbsence: enrolling.absence,
    c.AnswerQuestion: enrolling.answer,
    c.DecideEligibility: enrolling.decide_eligibility,
    c.EnrolParticipant: enrolling.enrol,
    c.FailScreening: enrolling.fail_screening,
    c.AttendVisit: enrolling.attend,
    c.MissVisit: enrolling.miss,
    c.WithdrawParticipant: enrolling.withdraw,
    c.CompleteParticipant: enrolling.complete,
    c.ManufactureLot: giving.manufacture,
    c.TestLot: giving.test_lot,
    c.ReleaseLot: giving.release,
    c.RejectLot: giving.reject,
    c.DecideDoseLevel: giving.decide_level,
    c.InfuseCells: giving.infuse,
    c.OmitDose: giving.omit,
    c.ReportAdverseEvent: watching.report,
    c.FollowUpAdverseEvent: watching.follow_up,
    c.ReleaseHold: watching.release_hold,
}


def decide(
    request: c.Request, state: State, protocols: Mapping[int, Protocol], past: Past, read: Read = load
) -> tuple[e.Entry, ...] | Refused:
    """The entries that follow from a request, or why it is refused. Pure: the same answer to the same question."""
    barred = _barred(request, state)
    if barred:
        return barred
    situation = Situation(request, state, protocols, past, read)
    outcome = _DECIDERS[type(request.command)](situation, request.command)
    if isinstance(outcome, Refused):
        return outcome
    if outcome.breaches and not request.anyway.strip():
        return outcome.breaches[0]
    if outcome.breaches and request.role not in MAY_GO_AHEAD:
        return Refused("role.anyway", f"a {request.role} cannot go ahead against a rule", "ask an investigator")
    entries = _numbered(situation, (*outcome.events, *_signature(situation, outcome)), state.head)
    entries += _numbered(situation, _deviations(situation, outcome, len(entries)), entries[-1].number)
    return entries + _numbered(situation, following.consequences(situation, outcome, entries), entries[-1].number)


def _numbered(s: Situation, events: tuple[e.Event, ...], after: int) -> tuple[e.Entry, ...]:
    """Events as entries that go on from a number."""
    if not events:
        return ()
    asked = s.request
    return tuple(
        e.Entry(number, asked.at, asked.by, asked.role, event) for number, event in enumerate(events, after + 1)
    )


def _barred(request: c.Request, state: State) -> Refused | None:
    """Who may not ask: without UTC, before the last entry, without a trial, in a role not held or not meant for it."""
    kind = type(request.command)
    if request.at.utcoffset() != timedelta(0):
        return Refused("clock.zone", f"the time of entry, {request.at}, is not in UTC", "give it in UTC")
    if not state.head:
        if kind is not c.OpenTrial:
            return Refused("trial.missing", "this book has no trial yet", "open a trial with its protocol first")
        return None if may_do(request.role, kind) else _not_allowed(request, kind)
    if request.role not in state.roles.get(request.by, frozenset()):
        held = ", ".join(sorted(state.roles.get(request.by, frozenset()))) or "none"
        return Refused(
            "role.held", f"{request.by} does not act as {request.role}; roles held: {held}", "ask the data manager"
        )
    if not may_do(request.role, kind):
        return _not_allowed(request, kind)
    if state.at is not None and request.at < state.at:
        return Refused("clock.backwards", f"{request.at} lies before the last entry, {state.at}", "set the clock right")
    return None


def _not_allowed(request: c.Request, kind: type) -> Refused:
    allowed = ", ".join(who_may(kind))
    return Refused("role.command", f"{kind.__name__} is not for the {request.role}", f"it is for: {allowed}")


def _signature(s: Situation, outcome: Outcome) -> tuple[e.Event, ...]:
    """The signature of a command that needs one: over its evidence, with the corrections by which that counts as it
    does, and over the entries it is about to make."""
    meaning = MEANINGS.get(type(s.command))
    if meaning is None:
        return ()
    corrections = sorted(s.state.corrected[number] for number in outcome.signed if number in s.state.corrected)
    made = range(s.state.head + 1, s.state.head + 1 + len(outcome.events))
    return (e.Signed(meaning, (*outcome.signed, *corrections, *made), "", getattr(s.command, "reason", "")),)


def _deviations(s: Situation, outcome: Outcome, written: int) -> tuple[e.Event, ...]:
    """A deviation for every breach, and the signature of whoever went ahead, under what was done and the deviations.

    `written` entries come before them.
    """
    if not outcome.breaches:
        return ()
    first = s.state.head + 1
    told = getattr(s.command, "replacement", None) or s.command  # a correction speaks of whom its replacement does
    who, visit = getattr(told, "participant", ""), getattr(told, "visit", "")
    day = getattr(told, "day", None) or s.today
    deviations = tuple(
        e.DeviationRecorded(who, breach.rule, breach.message, day, visit, s.request.anyway)
        for breach in outcome.breaches
    )
    done = range(first, first + len(outcome.events))
    deviated = range(first + written, first + written + len(deviations))
    return (*deviations, e.Signed(GOES_AHEAD, (*done, *deviated), "", s.request.anyway))
