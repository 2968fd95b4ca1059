"""Deciders for safety and for the book itself: adverse events, lifting holds, roles, protocol versions."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from stromal.conduct import commands as c
from stromal.conduct.situation import Outcome, Situation, future
from stromal.ledger import events as e
from stromal.ledger.state import PlacedHold
from stromal.protocol.model import ROLES, Hold, Protocol
from stromal.rules.check import unusable
from stromal.rules.safety import triggered
from stromal.values import Refused, nearest

# ---------------------------------------------------------------- adverse events


def report(s: Situation, command: c.ReportAdverseEvent) -> Outcome | Refused:
    """An adverse event of grade 1 to 5, under an id of its own."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    if any(event.id == command.id for event in person.chart.adverse_events):
        return Refused("adverse_event.known", f"{command.id} is reported already", "follow it up, or choose another id")
    if not command.term.strip():
        return Refused("adverse_event.term", "an adverse event needs a term", "write what happened")
    wrong = _grade(command.grade)
    if wrong:
        return wrong
    event = e.AdverseEventReported(
        command.participant, command.id, command.term, command.grade, command.onset, command.related,
        command.serious, command.expected,
    )  # fmt: skip
    return Outcome((event,), future(command.onset, s))


def _grade(grade: int | None) -> Refused | None:
    if grade is None or 1 <= grade <= 5:
        return None
    return Refused("adverse_event.grade", f"there is no grade {grade}", "grade from 1 (mild) to 5 (death)")


def follow_up(s: Situation, command: c.FollowUpAdverseEvent) -> Outcome | Refused:
    """What became known of a reported adverse event."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    known = {event.id: event for event in person.chart.adverse_events}
    if command.id not in known:
        close = nearest(command.id, known)
        hint = f"did you mean {close}?" if close else "report the event first"
        return Refused("adverse_event.unknown", f"{person.id} has no adverse event {command.id!r}", hint)
    wrong = _grade(command.grade)
    if wrong:
        return wrong
    if command.resolved and command.resolved < known[command.id].onset:
        return Refused("adverse_event.order", "it cannot end before it began", f"it began on {known[command.id].onset}")
    event = e.AdverseEventFollowedUp(
        command.participant, command.id, command.day, command.grade, command.related, command.serious,
        command.expected, command.resolved,
    )  # fmt: skip
    return Outcome((event,), future(command.day, s))


# ---------------------------------------------------------------- holds


def release_hold(s: Situation, command: c.ReleaseHold) -> Outcome | Refused:
    """A signature for lifting a hold, on all that speaks for it by now; once every named role has signed, by different
    people, it is lifted.
    """
    hold = next((each for each in s.state.standing() if each.entry == command.hold), None)
    if hold is None:
        standing = ", ".join(f"{each.rule} in entry {each.entry}" for each in s.state.standing())
        return Refused("hold.unknown", f"no hold stands in entry {command.hold}", f"standing: {standing or 'none'}")
    needed = release_roles(s.protocols, hold.rule)
    if s.request.role not in needed:
        message = f"{hold.rule} is not for the {s.request.role} to lift"
        return Refused("hold.release", message, f"it is released when signed by {' and '.join(needed)}")
    if not command.reason.strip():
        return Refused("reason.missing", "lifting a hold needs a reason", "write why it is safe to go on")
    since = _speak_for(s, hold)
    signed = [each for each in s.state.signatures
              if each.of[:1] == (hold.entry,) and s.state.stands(each) and since <= {*each.of}]  # fmt: skip
    missing = [role for role in needed if role not in {each.role for each in signed}]
    if s.request.by in {each.by for each in signed}:
        hint = f"still to sign, by somebody else: {' and '.join(missing)}"
        return Refused("hold.release", f"{s.request.by} has signed already", hint)
    if s.request.role not in missing:
        hint = f"still to sign: {' and '.join(missing)}"
        return Refused("hold.release", f"the {s.request.role} has signed already", hint)
    released = (e.HoldReleased(hold.rule, hold.entry),) if missing == [s.request.role] else ()
    return Outcome(released, (), (hold.entry, *hold.because, *sorted(since)))


def _speak_for(s: Situation, hold: PlacedHold) -> frozenset[int]:
    """The adverse events reported or judged anew since a hold was placed on which its rule rests as well by now.

    Whoever signs for lifting it signs on these too, and a signature given before them does not count any more.
    """
    person = s.state.participants.get(hold.participant)
    protocol, charts = s.protocol(person), s.charts()
    rule = protocol.rules.get(hold.rule)
    if not isinstance(rule, Hold):  # an amendment took the rule out
        return frozenset()
    found = triggered(rule, protocol, (person.chart,) if person else charts, charts, s.today)
    evidence = {entry for each in found for entry in each.verdict.evidence}
    return frozenset(each.entry for _, each in s.state.meanwhile(hold) if each.entry in evidence) - {*hold.because}


def release_roles(protocols: Mapping[int, Protocol], rule: str) -> tuple[str, ...]:
    """The roles that must sign to lift a hold, in the newest version that has it."""
    having = (protocols[version].rules.get(rule) for version in sorted(protocols, reverse=True))
    return next(found.release for found in having if isinstance(found, Hold))


# ---------------------------------------------------------------- the book


def open_trial(s: Situation, command: c.OpenTrial) -> Outcome | Refused:
    """The first entries of a book: the trial, its protocol, its people."""
    if s.state.head:
        return Refused("trial.open", f"this book is of {s.state.study}", "open a new book for another trial")
    read = _read(s, command.text)
    if isinstance(read, Refused):
        return read
    unknown = sorted({role for _, role in command.people if role not in ROLES})
    if unknown:
        return Refused("role.unknown", f"there is no role {unknown[0]!r}", f"roles: {', '.join(ROLES)}")
    if "data_manager" not in {role for _, role in command.people}:
        hint = "name at least one person with the role data_manager"
        return Refused("role.last", "nobody would be data manager, so no role could ever be given", hint)
    opened = e.TrialOpened(read.trial.id, read.trial.title)
    granted = (e.RoleGranted(person, role) for person, role in command.people)
    return Outcome((opened, _adopted(read, command.text), *granted))


def adopt(s: Situation, command: c.AdoptProtocol) -> Outcome | Refused:
    """An amendment: the same trial, the next number."""
    read = _read(s, command.text)
    if isinstance(read, Refused):
        return read
    if read.trial.id != s.state.study:
        return Refused("protocol.trial", f"this is the protocol of {read.trial.id}", f"the book is of {s.state.study}")
    last = max(s.state.versions, key=lambda each: each.version)
    if read.version.number != last.version + 1:
        message = f"version {read.version.number} cannot follow version {last.version}"
        return Refused("protocol.version", message, f"number the amendment {last.version + 1}")
    if read.version.effective < last.effective:
        message = f"the amendment is in force from {read.version.effective}, version {last.version} only later"
        return Refused("protocol.effective", message, f"let it be in force from {last.effective} or later")
    return Outcome((_adopted(read, command.text),), adopted=read)


def _read(s: Situation, text: str) -> Protocol | Refused:
    loaded = s.read(text)
    if loaded.protocol is None:
        first = next(each for each in loaded.findings if each.severity == "error")
        return Refused("protocol.unusable", f"{first.message}", first.hint, first.places)
    for wrong in unusable(loaded.protocol):
        return Refused("protocol.unusable", wrong.message, wrong.hint, wrong.places)
    return loaded.protocol


def _adopted(protocol: Protocol, text: str) -> e.ProtocolAdopted:
    digest = sha256(text.encode()).hexdigest()
    return e.ProtocolAdopted(protocol.version.number, protocol.version.effective, digest, text)


def grant(s: Situation, command: c.GrantRole) -> Outcome | Refused:
    """A role for a person."""
    if command.role not in ROLES:
        close = nearest(command.role, ROLES)
        hint = f"did you mean {close}?" if close else f"roles: {', '.join(ROLES)}"
        return Refused("role.unknown", f"there is no role {command.role!r}", hint)
    if command.role in s.state.roles.get(command.person, frozenset()):
        return Refused("role.held", f"{command.person} acts as {command.role} already", "nothing to do")
    return Outcome((e.RoleGranted(command.person, command.role),))


def revoke(s: Situation, command: c.RevokeRole) -> Outcome | Refused:
    """The end of a role."""
    if command.role not in s.state.roles.get(command.person, frozenset()):
        return Refused("role.unknown", f"{command.person} is no {command.role}", "nothing to do")
    others = any(command.role in roles for person, roles in s.state.roles.items() if person != command.person)
    if command.role == "data_manager" and not others:
        message = f"{command.person} is the last data manager; nobody could give roles any more"
        return Refused("role.last", message, "make somebody else data manager first")
    return Outcome((e.RoleRevoked(command.person, command.role),))
