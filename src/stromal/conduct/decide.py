"""Command + state -> events, or a refusal that names the rule. Step 6 of the walk.

One table says which decider answers which command. A breach of a rule refuses the command, unless the request says why
it goes ahead all the same: then the events are recorded, each breach as a deviation, under a signature. After every
command the holds and declarations of the protocol are looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stromal.conduct import commands as c
from stromal.conduct import enrolling, giving, watching
from stromal.conduct.roles import GOES_AHEAD, MAY_GO_AHEAD, MEANINGS, TABLE, may_do, who_may
from stromal.conduct.situation import Outcome, Read, Situation
from stromal.ledger import events as e
from stromal.ledger.state import State, evolve
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.rules import safety
from stromal.values import Refused

Find = Callable[[int], e.Event | None]
"""Looks an entry's event up by number; None where the book has no such entry."""

_DECIDERS: Mapping[type, Callable[[Situation, Any], Outcome | Refused]] = {
    c.OpenTrial: watching.open_trial,
    c.AdoptProtocol: watching.adopt,
    c.GrantRole: watching.grant,
    c.RevokeRole: watching.revoke,
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
    request: c.Request, state: State, protocols: Mapping[int, Protocol], find: Find, read: Read = load
) -> tuple[e.Event, ...] | Refused:
    """The events that follow from a request, or why it is refused. Pure: the same answer to the same question."""
    barred = _barred(request, state)
    if barred:
        return barred
    situation = Situation(request, state, protocols, read)
    if isinstance(request.command, c.CorrectEntry):
        outcome = watching.correct(situation, request.command, find(request.command.entry))
    else:
        outcome = _DECIDERS[type(request.command)](situation, request.command)
    if isinstance(outcome, Refused):
        return outcome
    if outcome.breaches and not request.anyway.strip():
        return outcome.breaches[0]
    if outcome.breaches and request.role not in MAY_GO_AHEAD:
        return Refused("role.anyway", f"a {request.role} cannot go ahead against a rule", "ask an investigator")
    events = (*outcome.events, *_signature(situation, outcome), *_deviations(situation, outcome))
    return (*events, *_consequences(situation, events))


def _barred(request: c.Request, state: State) -> Refused | None:
    """Who may not ask: the wrong role, a role not held, a moment before the last entry, a book without a trial."""
    kind = type(request.command)
    if not state.head:
        if kind is not c.OpenTrial:
            return Refused("trial.missing", "this book has no trial yet", "open a trial with its protocol first")
        return None if request.role in TABLE and may_do(request.role, kind) else _not_allowed(request, kind)
    if request.role not in state.roles.get(request.by, frozenset()):
        held = ", ".join(sorted(state.roles.get(request.by, frozenset()))) or "none"
        return Refused(
            "role.held", f"{request.by} does not act as {request.role}; roles held: {held}", "ask the data manager"
        )
    if not may_do(request.role, kind):
        return _not_allowed(request, kind)
    if request.at.tzinfo is None:
        return Refused("clock.zone", "the time of entry has no time zone", "give it in UTC")
    if state.at is not None and request.at < state.at:
        message = f"{request.at} lies before the last entry, {state.at}"
        return Refused("clock.backwards", message, "set the clock right")
    return None


def _not_allowed(request: c.Request, kind: type) -> Refused:
    allowed = ", ".join(who_may(kind))
    return Refused("role.command", f"{kind.__name__} is not for the {request.role}", f"it is for: {allowed}")


def _signature(s: Situation, outcome: Outcome) -> tuple[e.Event, ...]:
    """The signature of a command that needs one, over its evidence and the entries it is about to make."""
    meaning = MEANINGS.get(type(s.command))
    if meaning is None or outcome.signed is None:
        return ()
    made = range(s.state.head + 1, s.state.head + 1 + len(outcome.events))
    return (e.Signed(meaning, (*outcome.signed, *made), "", getattr(s.command, "reason", "")),)


def _deviations(s: Situation, outcome: Outcome) -> tuple[e.Event, ...]:
    """A deviation for every breach, and the signature of whoever went ahead."""
    if not outcome.breaches:
        return ()
    command = s.command
    who, visit = getattr(command, "participant", ""), getattr(command, "visit", "")
    day = getattr(command, "day", None) or s.today
    deviations = tuple(
        e.DeviationRecorded(who, breach.rule, breach.message, day, visit, s.request.anyway)
        for breach in outcome.breaches
    )
    made = range(s.state.head + 1, s.state.head + 1 + len(outcome.events))
    return (*deviations, e.Signed(GOES_AHEAD, tuple(made), "", s.request.anyway))


# ---------------------------------------------------------------- what follows by itself


def _consequences(s: Situation, events: tuple[e.Event, ...]) -> tuple[e.Event, ...]:
    """The holds that have come to be true and the declarations that have been reached through these events."""
    touched = frozenset().union(*(_touched(event, s) for event in events))
    if not touched or not s.state.versions:
        return ()
    after = s.state
    for number, event in enumerate(events, s.state.head + 1):
        after = evolve(after, e.Entry(number, s.request.at, s.request.by, s.request.role, event))
    now = Situation(s.request, after, s.protocols, s.read)
    who = {name for event in events if (name := getattr(event, "participant", ""))}
    return (*_placed(now, touched, who), *_declared(now, touched))


def _touched(event: e.Event, s: Situation) -> frozenset[str]:
    """What a rule may look at that an event changes; holds watch the enrolled, so screening touches nothing."""
    match event:
        case e.AdverseEventReported() | e.AdverseEventFollowedUp():
            protocol = s.protocol()
            return frozenset(name for name, fact in protocol.facts.items() if fact.kind == "log")
        case e.FactObserved() | e.EpisodeRecorded() | e.AbsenceRecorded():
            return frozenset((event.fact,))
        case e.QuestionAnswered():
            return frozenset(("answer",))
        case e.VisitAttended() | e.CellsInfused() | e.ParticipantCompleted():
            return frozenset(("done",))
        case e.EntryCorrected():
            return frozenset((*s.protocol().facts, "done", "answer"))
    return frozenset()


def _placed(s: Situation, touched: frozenset[str], who: set[str]) -> tuple[e.Event, ...]:
    protocol = s.protocol()
    watched = [hold.name for hold in safety.holds(protocol) if touched & protocol.reads[hold.name]]
    if not watched:
        return ()
    everybody = isinstance(s.command, c.CorrectEntry)
    found = safety.triggered(protocol, s.charts(), s.today, None if everybody else who)
    placed = []
    for each in found:
        because = each.verdict.evidence
        if each.hold.name not in watched or not _is_news(s.state, each.hold.name, each.participant, because):
            continue
        placed.append(
            e.HoldPlaced(
                each.hold.name, each.hold.level, each.verdict.reason, because, each.participant, each.hold.dose
            )
        )
    return tuple(placed)


def _is_news(state: State, rule: str, participant: str, because: tuple[int, ...]) -> bool:
    """A hold is placed once; after its release only new evidence brings it back."""
    earlier = [hold for hold in state.holds if hold.rule == rule and hold.participant == participant]
    if any(not hold.released for hold in earlier):
        return False
    return not earlier or not set(because) <= {entry for hold in earlier for entry in hold.because}


def _declared(s: Situation, touched: frozenset[str]) -> tuple[e.Event, ...]:
    protocol = s.protocol()
    known = {each.rule for each in s.state.declarations}
    open_ = [r for r in safety.declaring(protocol) if r.name not in known and touched & protocol.reads[r.name]]
    if not open_:
        return ()
    names = {rule.name for rule in open_}
    reached = safety.declarations(protocol, s.charts(), s.today)
    return tuple(
        e.DeclarationMade(rule.name, rule.declares, verdict.evidence) for rule, verdict in reached if rule.name in names
    )
