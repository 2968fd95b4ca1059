"""The decider for corrections: an earlier entry put right or taken back. The original stays readable.

A replacement is decided as if the original had never been written and it were recorded now: by the same rules, with the
same refusals and deviations. Only what by now would stand in the way of the original itself, such as that the person
has left since, stands in nobody's way. Deviations that lay in the original itself are taken back with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from stromal.conduct import commands as c
from stromal.conduct import enrolling, giving, watching
from stromal.conduct.roles import may_do
from stromal.conduct.situation import Outcome, Situation
from stromal.ledger import events as e
from stromal.ledger.state import MissedVisit, State
from stromal.rules.chart import Infusion, VisitDone
from stromal.values import Refused

_Decider = Callable[[Situation, Any], Outcome | Refused]

_MADE_BY: Mapping[type, tuple[type[c.Command], _Decider]] = {
    e.ParticipantRegistered: (c.RegisterParticipant, enrolling.register),
    e.ConsentGiven: (c.RecordConsent, enrolling.consent),
    e.FactObserved: (c.RecordFact, enrolling.fact),
    e.FactNotObtained: (c.RecordNotObtained, enrolling.not_obtained),
    e.EpisodeRecorded: (c.RecordEpisode, enrolling.episode),
    e.AbsenceRecorded: (c.RecordAbsence, enrolling.absence),
    e.QuestionAnswered: (c.AnswerQuestion, enrolling.answer),
    e.VisitAttended: (c.AttendVisit, enrolling.attend),
    e.VisitMissed: (c.MissVisit, enrolling.miss),
    e.LotManufactured: (c.ManufactureLot, giving.manufacture),
    e.LotTested: (c.TestLot, giving.test_lot),
    e.CellsInfused: (c.InfuseCells, giving.infuse),
    e.DoseOmitted: (c.OmitDose, giving.omit),
    e.AdverseEventReported: (c.ReportAdverseEvent, watching.report),
    e.AdverseEventFollowedUp: (c.FollowUpAdverseEvent, watching.follow_up),
    e.ParticipantWithdrawn: (c.WithdrawParticipant, enrolling.withdraw),
    e.ParticipantCompleted: (c.CompleteParticipant, enrolling.complete),
    e.ScreenFailed: (c.FailScreening, enrolling.fail_screening),
}
"""What may be corrected, by the command that makes such an event. Signatures, decisions and holds may not."""

_ALONG: Mapping[type, frozenset[str]] = {
    e.VisitAttended: frozenset({"schedule.window"}),
    e.VisitMissed: frozenset({"schedule.missed"}),
    e.CellsInfused: frozenset({"dosing.tolerance", "dosing.volume"}),
}
"""Rules whose deviations lie in what was recorded itself: they are worked out anew with every correction of it."""


def correct(s: Situation, command: c.CorrectEntry) -> Outcome | Refused:
    """A correction by a role that may record such a thing, of the same kind about the same person, with a reason."""
    original = s.past.event(command.entry)
    if original is None:
        return Refused("correction.entry", f"the book has no entry {command.entry}", "look the number up in the book")
    kind = type(original).__name__
    if type(original) not in _MADE_BY:
        message = f"entry {command.entry} is a {kind}, which cannot be corrected"
        return Refused("correction.kind", message, "correct the entry it rests on, and decide again")
    made_by, decider = _MADE_BY[type(original)]
    if not may_do(s.request.role, made_by):
        return Refused(
            "correction.role", f"a {s.request.role} does not record a {kind}", "let somebody who does correct it"
        )
    if not command.reason.strip():
        return Refused("reason.missing", "a correction needs a reason", "write what was wrong")
    if command.replacement is None:
        if isinstance(original, e.ParticipantRegistered | e.LotManufactured):
            return Refused("correction.kind", f"later entries rest on entry {command.entry}", "give a replacement")
        return _outcome(s, command, original, None)
    if _another(original, command.replacement):
        return Refused(
            "correction.kind", f"entry {command.entry} can be replaced only by a {kind} of the same", "record it anew"
        )
    before = _without(s, command.entry, original)
    again, first = (decider(before, _command(made_by, event)) for event in (command.replacement, original))
    if isinstance(again, Refused):
        return again
    usual = {breach.rule for breach in first.breaches} if isinstance(first, Outcome) else set()
    usual -= _ALONG.get(type(original), frozenset())
    breaches = tuple(breach for breach in again.breaches if breach.rule not in usual)
    return _outcome(s, command, original, replace(again, breaches=breaches))


def _another(original: e.Event, replacement: e.Event) -> bool:
    """Whether a replacement is of another kind, or about another person or lot."""
    # the wrong lot written down for a dose is a slip like any other
    same = ("participant", "id") if isinstance(original, e.CellsInfused) else ("participant", "lot", "id")
    return type(original) is not type(replacement) or any(
        getattr(original, name, None) != getattr(replacement, name, None) for name in same
    )


def _command(made_by: type[c.Command], replacement: e.Event) -> c.Command:
    """The command that would record the replacement."""
    fields = msgspec.structs.fields(made_by)
    return made_by(**{each.name: getattr(replacement, each.name) for each in fields})


def _without(s: Situation, entry: int, original: e.Event) -> Situation:
    """The situation as if the original had never been written."""
    match original:
        case e.ParticipantRegistered(participant):
            people = {name: each for name, each in s.state.participants.items() if name != participant}
            return replace(s, state=msgspec.structs.replace(s.state, participants=people))
        case e.LotManufactured(lot):
            lots = {name: each for name, each in s.state.lots.items() if name != lot}
            return replace(s, state=msgspec.structs.replace(s.state, lots=lots))
    return replace(s, state=_taken_back(s, entry))


def _taken_back(s: Situation, entry: int) -> State:
    asked, event = s.request, e.EntryCorrected(entry, "as if it had not been written")
    return s.past.after([e.Entry(s.state.head + 1, asked.at, asked.by, asked.role, event)])


def _outcome(s: Situation, command: c.CorrectEntry, original: e.Event, again: Outcome | None) -> Outcome:
    """The correction, what is recorded along with the replacement, and what was along with the original taken back."""
    replacement, *along = again.events if again else (None,)
    corrected = e.EntryCorrected(command.entry, command.reason, replacement)
    taken_back = (e.EntryCorrected(number, command.reason) for number in _along(s, command.entry, original))
    return Outcome((corrected, *taken_back, *along), again.breaches if again else ())


def _along(s: Situation, entry: int, original: e.Event) -> Iterator[int]:
    """The deviations that were recorded along with an entry as it counts now."""
    rules = _ALONG.get(type(original), frozenset())
    if not isinstance(original, e.VisitAttended | e.VisitMissed | e.CellsInfused):
        return
    person = s.state.participants[original.participant]
    counting: tuple[VisitDone | MissedVisit | Infusion, ...]
    counting = (*person.chart.visits, *person.missed, *person.chart.infusions)
    visit = next((each.visit for each in counting if each.entry == entry), "")
    for each in s.state.deviations:
        if each.participant == person.id and each.visit == visit and each.rule in rules:
            yield each.entry
