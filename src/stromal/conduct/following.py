"""What follows a command by itself: the holds that have come to be true and the declarations that have been reached.

Takes the situation of a command and the entries it makes; gives the events that follow. Rules are looked at again only
where something they read has changed: a fact, a visit, an answer, who is in the trial, the protocol, or the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from stromal.conduct.situation import Outcome, Situation
from stromal.ledger import events as e
from stromal.ledger.state import PlacedHold, State
from stromal.protocol.model import Hold, Protocol, day_of
from stromal.protocol.tree import ANY_DOSE, NOW
from stromal.rules import safety


@dataclass(frozen=True, slots=True)
class _Change:
    """What has changed: names that rules read (None: anything may have), and for whom (None: for anybody)."""

    names: frozenset[str] | None
    people: frozenset[str] | None

    def concerns(self, protocol: Protocol, rule: str) -> bool:
        """Whether a rule reads something that has changed."""
        return self.names is None or bool(self.names & protocol.reads[rule])


def consequences(s: Situation, outcome: Outcome, entries: Sequence[e.Entry]) -> tuple[e.Event, ...]:
    """The events that follow the entries of a command."""
    change = _change(s, entries)
    adopted = {outcome.adopted.version.number: outcome.adopted} if outcome.adopted else {}
    protocols = {**s.protocols, **adopted}
    if not any(change.concerns(protocol, rule) for protocol in protocols.values() for rule in protocol.rules):
        return ()
    now = replace(s, state=s.past.after(entries), protocols=protocols)
    return (*_placed(now, change), *_declared(now, change))


# ---------------------------------------------------------------- what has changed


def _change(s: Situation, entries: Sequence[e.Entry]) -> _Change:
    """What the entries change, and the time that has passed since the last."""
    if s.state.at is None:
        return _Change(frozenset(), frozenset())
    last, events = s.state.at.date(), [entry.event for entry in entries]
    adopted = any(isinstance(event, e.ProtocolAdopted) for event in events)
    if adopted or any(isinstance(event, e.EntryCorrected) for event in events) or _came_into_force(s, last):
        return _Change(None, None)
    who = frozenset(name for event in events if (name := getattr(event, "participant", "")))
    if any(isinstance(event, e.ParticipantEnrolled) for event in events):
        return _Change(None, who if s.today == last else None)
    names = frozenset().union(*(_touched(event, s) for event in events))
    return _Change(names, who) if s.today == last else _Change(names | {day_of(NOW)}, None)


def _came_into_force(s: Situation, last: date) -> bool:
    """Whether another version of the protocol has come into force since the day of the last entry."""
    return any(last < adopted.effective <= s.today for adopted in s.state.versions)


def _touched(event: e.Event, s: Situation) -> frozenset[str]:
    """What a rule may look at that an event changes."""
    match event:
        case e.AdverseEventReported() | e.AdverseEventFollowedUp():
            return frozenset(name for name, fact in s.protocol().facts.items() if fact.kind == "log")
        case e.FactObserved() | e.EpisodeRecorded() | e.AbsenceRecorded():
            return frozenset((event.fact,))
        case e.QuestionAnswered():
            return frozenset(("answer",))
        case e.ConsentGiven():
            return frozenset((day_of("consent"),))
        case e.VisitAttended(_, visit):
            return _days(visit)
        case e.CellsInfused(_, visit, dose):
            return _days(visit) | _days(dose) | _days(ANY_DOSE)
    return frozenset()


def _days(name: str) -> frozenset[str]:
    """A visit or dose has taken place: rules may hang on it, or on what its repeats are called."""
    return frozenset((day_of(name), day_of(name.rpartition("_")[0])))


# ---------------------------------------------------------------- holds


def _placed(s: Situation, change: _Change) -> tuple[e.HoldPlaced, ...]:
    """The holds that are true now and were not placed before, or come back on news."""
    return tuple(
        e.HoldPlaced(each.hold.name, each.hold.level, each.verdict.reason, each.verdict.evidence, each.participant,
                     each.hold.dose)
        for each in _true(s, change)
        if _is_news(s.state, each)
    )  # fmt: skip


def _true(s: Situation, change: _Change) -> Iterator[safety.Triggered]:
    """The holds that are true: of a participant by the version they consented to, others by the one in force."""
    charts, people = s.charts(), s.state.enrolled()
    for protocol in s.protocols.values():
        mine = [each.chart for each in people if s.protocol(each) is protocol and _concerned(each.id, change)]
        for hold in _watched(protocol, change) if mine else ():
            if hold.level == "participant":
                yield from safety.triggered(hold, protocol, mine, charts, s.today)
    protocol, standing = s.protocol(), {hold.rule for hold in s.state.standing()}
    for hold in _watched(protocol, change):
        if hold.level != "participant" and hold.name not in standing:
            yield from safety.triggered(hold, protocol, charts, charts, s.today)


def _concerned(participant: str, change: _Change) -> bool:
    return change.people is None or participant in change.people


def _watched(protocol: Protocol, change: _Change) -> Iterator[Hold]:
    return (hold for hold in safety.holds(protocol) if change.concerns(protocol, hold.name))


def _is_news(state: State, found: safety.Triggered) -> bool:
    """A hold is placed once; after its release only new evidence brings it back, or a correction of the old."""
    mine = [hold for hold in state.holds if hold.rule == found.hold.name and hold.participant == found.participant]
    if any(not hold.released for hold in mine):
        return False
    lifted = [hold for hold in mine if _release_stands(state, hold)]
    judged = {entry for hold in lifted for entry in hold.because}
    return not lifted or not judged.issuperset(found.verdict.evidence)


def _release_stands(state: State, hold: PlacedHold) -> bool:
    """Whether nothing of what was signed for lifting a hold has been corrected since."""
    return all(state.stands(each) for each in state.signatures if each.of[:1] == (hold.entry,))


# ---------------------------------------------------------------- declarations


def _declared(s: Situation, change: _Change) -> tuple[e.DeclarationMade, ...]:
    """What the protocol in force declares now for the first time."""
    protocol, known = s.protocol(), {each.rule for each in s.state.declarations}
    new = [
        rule for rule in safety.declaring(protocol) if rule.name not in known and change.concerns(protocol, rule.name)
    ]
    reached = ((rule, safety.declared(rule, protocol, s.charts(), s.today)) for rule in new)
    return tuple(e.DeclarationMade(rule.name, rule.declares, v.evidence) for rule, v in reached if v.truth)
