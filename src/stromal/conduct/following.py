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
from stromal.ledger.trial import Signature
from stromal.protocol import tree as t
from stromal.protocol.model import Hold, Predicate, Protocol, day_of
from stromal.protocol.tree import ANY_DOSE, NOW
from stromal.rules import safety
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Truth

_TODAY = day_of(NOW)


@dataclass(frozen=True, slots=True)
class _Change:
    """What has changed: names that rules read (None: anything may have), for whom (None: for anybody), and the day."""

    names: frozenset[str] | None
    people: frozenset[str] | None
    another_day: bool = False

    def concerns(self, protocol: Protocol, rule: str) -> bool:
        """Whether a rule reads something that has changed."""
        reads = protocol.reads[rule]
        return self.names is None or not self.names.isdisjoint(reads) or (self.another_day and _TODAY in reads)

    def whom(self, protocol: Protocol, rule: str) -> frozenset[str] | None:
        """Those of whom a rule may have become true; None for everybody."""
        return None if self.another_day and _TODAY in protocol.reads[rule] else self.people


def consequences(s: Situation, outcome: Outcome, entries: Sequence[e.Entry]) -> tuple[e.Event, ...]:
    """The events that follow the entries of a command."""
    change = _change(s, entries)
    adopted = {outcome.adopted.version.number: outcome.adopted} if outcome.adopted else {}
    protocols = {**s.protocols, **adopted} if adopted else s.protocols
    if not any(change.concerns(protocol, rule) for protocol in protocols.values() for rule in protocol.rules):
        return ()
    now = replace(s, state=s.past.after(entries), protocols=protocols)
    return (*_placed(s, now, change), *_declared(s, now, change))


# ---------------------------------------------------------------- what has changed


def _change(s: Situation, entries: Sequence[e.Entry]) -> _Change:
    """What the entries change, and the time that has passed since the last."""
    if s.state.at is None:
        return _Change(frozenset(), frozenset())
    last, events = s.state.at.date(), [entry.event for entry in entries]
    kinds = {type(event) for event in events}
    if not kinds.isdisjoint((e.ProtocolAdopted, e.EntryCorrected)) or _came_into_force(s, last):
        return _Change(None, None)
    who = frozenset(name for event in events if (name := getattr(event, "participant", "")))
    if e.ParticipantEnrolled in kinds:
        return _Change(None, who, s.today != last)
    return _Change(frozenset().union(*(_touched(event, s) for event in events)), who, s.today != last)


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


def _placed(before: Situation, now: Situation, change: _Change) -> tuple[e.HoldPlaced, ...]:
    """The holds that are true now and were not placed before, or come back on news."""
    return tuple(
        e.HoldPlaced(each.hold.name, each.hold.level, each.verdict.reason, each.verdict.evidence, each.participant,
                     each.hold.dose)
        for each in (*_true_of_people(now, change), *_true_of_the_trial(before, now, change))
        if _is_news(now.state, each)
    )  # fmt: skip


def _true_of_people(s: Situation, change: _Change) -> Iterator[safety.Triggered]:
    """The holds of participants that are true, each by the version the person consented to."""
    charts, people = s.charts(), s.state.enrolled()
    for protocol in s.protocols.values():
        for hold in _watched(protocol, change):
            whom = change.whom(protocol, hold.name)
            mine = [each.chart for each in people if (whom is None or each.id in whom) and s.protocol(each) is protocol]
            if hold.level == "participant":
                yield from safety.triggered(hold, protocol, mine, charts, s.today)


def _true_of_the_trial(before: Situation, now: Situation, change: _Change) -> Iterator[safety.Triggered]:
    """The holds of doses and of the trial that are true, by the version in force."""
    protocol, standing = now.protocol(), {hold.rule for hold in now.state.standing()}
    for hold in _watched(protocol, change):
        if hold.level != "participant" and hold.name not in standing and _moved(before, now, hold, change):
            yield from safety.triggered(hold, protocol, now.charts(), now.charts(), now.today)


def _moved(before: Situation, now: Situation, rule: Hold | Predicate, change: _Change) -> bool:
    """Whether what a rule about everybody asks of each has another answer for those of whom something has changed."""
    protocol = now.protocol()
    asked, whom = safety.asked_of_each(rule.when, protocol), change.whom(protocol, rule.name)
    if isinstance(rule, Hold) and rule.boundary:
        return True
    if change.names is None or asked is None or whom is None:
        return True
    people = [name for name in whom if now.state.participants[name].number is not None]
    return any(_answer(each, name, before) != _answer(each, name, now) for name in people for each in asked)


def _answer(expr: t.Expr, participant: str, s: Situation) -> tuple[Truth, tuple[int, ...]]:
    """The truth of a condition about a participant, and the entries it rests on."""
    verdict = judge(expr, Case(s.protocol(), s.state.participants[participant].chart, s.today))
    return verdict.truth, verdict.evidence


def _watched(protocol: Protocol, change: _Change) -> Iterator[Hold]:
    return (hold for hold in safety.holds(protocol) if change.concerns(protocol, hold.name))


def _is_news(state: State, found: safety.Triggered) -> bool:
    """A hold is placed once; after its release only what nobody signed on for lifting it brings it back, or a
    correction of what was signed.
    """
    mine = [hold for hold in state.holds if hold.rule == found.hold.name and hold.participant == found.participant]
    if any(not hold.released for hold in mine):
        return False
    lifted = [hold for hold in mine if _release_stands(state, hold)]
    judged = {entry for hold in lifted for entry in hold.because}
    judged |= {entry for hold in lifted for each in _releases(state, hold) for entry in each.of}
    return not lifted or not judged.issuperset(found.verdict.evidence)


def _release_stands(state: State, hold: PlacedHold) -> bool:
    """Whether nothing of what was signed for lifting a hold has been corrected since."""
    return all(state.stands(each) for each in _releases(state, hold))


def _releases(state: State, hold: PlacedHold) -> Iterator[Signature]:
    """The signatures for lifting a hold."""
    return (each for each in state.signatures if each.of[:1] == (hold.entry,))


# ---------------------------------------------------------------- declarations


def _declared(before: Situation, now: Situation, change: _Change) -> tuple[e.DeclarationMade, ...]:
    """What the protocol in force declares now for the first time."""
    protocol, known = now.protocol(), {each.rule for each in now.state.declarations}
    new = [rule for rule in safety.declaring(protocol)
           if rule.name not in known and change.concerns(protocol, rule.name)]  # fmt: skip
    reached = ((rule, safety.declared(rule, protocol, now.charts(), now.today))
               for rule in new if _moved(before, now, rule, change))  # fmt: skip
    return tuple(e.DeclarationMade(rule.name, rule.declares, v.evidence) for rule, v in reached if v.truth)
