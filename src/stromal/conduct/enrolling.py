"""Deciders for people: registration, consent, facts, answers, eligibility, enrolment, visits, leaving."""

from __future__ import annotations

from datetime import date
from math import isfinite

from stromal.conduct import commands as c
from stromal.conduct.roles import MEANINGS
from stromal.conduct.situation import Outcome, Situation, future
from stromal.ledger import events as e
from stromal.ledger.state import Participant
from stromal.protocol import tree as t
from stromal.protocol.model import Fact, Protocol, conditions
from stromal.rules import eligibility
from stromal.rules.schedule import calendar, planned
from stromal.values import Quantity, Refused, exact, nearest

_OVER = ("screen failed", "withdrawn", "completed")


def register(s: Situation, command: c.RegisterParticipant) -> Outcome | Refused:
    """A code is given once."""
    if command.participant in s.state.participants:
        return Refused("participant.known", f"{command.participant} is registered already", "choose another code")
    if not command.participant.strip():
        return Refused("participant.code", "a participant needs a code", "give a code such as P01, no name")
    return Outcome((e.ParticipantRegistered(command.participant, command.day),), future(command.day, s))


def consent(s: Situation, command: c.RecordConsent) -> Outcome | Refused:
    """Consent is to the version in force on that day."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    version = s.protocol(day=command.day).version.number
    return Outcome((e.ConsentGiven(command.participant, command.day, version),), future(command.day, s))


# ---------------------------------------------------------------- facts


def fact(s: Situation, command: c.RecordFact) -> Outcome | Refused:
    """A declared fact, with its unit, in its range; nothing but identity before consent."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    declared = _declared(s.protocol(person), command.fact)
    if isinstance(declared, Refused):
        return declared
    wrong = check_value(declared, command.value, command.unit)
    if isinstance(wrong, Refused):
        return wrong
    event = e.FactObserved(command.participant, command.fact, command.value, command.day, command.unit, command.visit)
    unknown_visit = _visit_named(s, person, command.visit)
    if unknown_visit:
        return unknown_visit
    return Outcome((event,), (*wrong, *_before_consent(person, command.fact), *future(command.day, s)))


def check_value(declared: Fact, value: object, unit: str) -> tuple[Refused, ...] | Refused:
    """What can be no value of this fact is refused; one outside its range is a breach that can be confirmed."""
    rule = f"facts.{declared.name}"
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return Refused(rule, f"{value} is no value of {declared.name}", "record it as not obtained if there is none")
    if declared.kind in ("number", "score"):
        return _check_number(declared, value, unit, rule)
    if declared.kind == "choice" and value not in declared.options:
        close = nearest(str(value), declared.options)
        hint = f"did you mean {close}?" if close else f"one of: {', '.join(declared.options)}"
        return Refused(rule, f"{declared.name} cannot be {value!r}", hint)
    if declared.kind == "yes_no" and not isinstance(value, bool):
        return Refused(rule, f"{declared.name} is answered by yes or no, not {value!r}", "enter true or false")
    if declared.kind == "date" and not _is_day(value):
        return Refused(rule, f"{value!r} is no day", "enter a day such as 1970-05-31")
    if declared.kind in ("episode", "log", "group"):
        return Refused(rule, f"{declared.name} is no single value", "record the episode, event or member instead")
    return ()


def _check_number(declared: Fact, value: object, unit: str, rule: str) -> tuple[Refused, ...] | Refused:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Refused(
            rule, f"{declared.name} is a number, not {value!r}", f"enter a number in {declared.unit}".strip()
        )
    if declared.unit and not unit:
        return Refused(rule, f"{value:g} has no unit", f"enter it with its unit, such as {declared.unit}")
    try:
        number = Quantity(exact(value), unit).to(declared.unit)
    except ValueError as error:
        return Refused(rule, str(error), f"enter it in {declared.unit or 'plain points'}")
    low, high = declared.low, declared.high
    if (low is not None and number.value < low) or (high is not None and number.value > high):
        message = f"{number} lies outside the plausible range"
        return (Refused(rule, message, "check the value and its unit; confirm it with a reason if it is right"),)
    return ()


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _declared(protocol: Protocol, name: str) -> Fact | Refused:
    if name in protocol.facts:
        return protocol.facts[name]
    close = nearest(name, protocol.facts)
    hint = f"did you mean {close}?" if close else "declare it in the protocol under facts"
    return Refused("fact.unknown", f"the protocol declares no fact {name!r}", hint)


def _before_consent(person: Participant, name: str) -> tuple[Refused, ...]:
    if person.chart.consent is None and name not in ("birth_date", "sex"):
        return (Refused("consent.missing", f"{name} is recorded before consent", "record consent first"),)
    return ()


def _visit_named(s: Situation, person: Participant, visit: str) -> Refused | None:
    if not visit or visit.startswith("unscheduled"):
        return None
    found = s.visit(person, visit)
    return found if isinstance(found, Refused) else None


def not_obtained(s: Situation, command: c.RecordNotObtained) -> Outcome | Refused:
    """A gap is data too."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    declared = _declared(s.protocol(person), command.fact)
    if isinstance(declared, Refused):
        return declared
    unknown_visit = _visit_named(s, person, command.visit)
    if unknown_visit:
        return unknown_visit
    event = e.FactNotObtained(command.participant, command.fact, command.day, command.reason, command.visit)
    return Outcome((event,), (*_before_consent(person, command.fact), *future(command.day, s)))


def episode(s: Situation, command: c.RecordEpisode) -> Outcome | Refused:
    """An episode of a declared fact; it cannot end before it begins, nor both end and go on."""
    person = _with_episode(s, command.participant, command.fact)
    if isinstance(person, Refused):
        return person
    if command.start and command.end and command.end < command.start:
        return Refused(
            "episode.order", f"{command.fact} ends on {command.end}, before {command.start}", "swap the days"
        )
    if command.end and command.ongoing and command.end <= s.today:
        return Refused("episode.order", f"{command.fact} has ended and goes on", "leave out the end, or 'ongoing'")
    event = e.EpisodeRecorded(
        command.participant, command.fact, command.start, command.end, command.ongoing, command.regimen
    )
    late = future(command.start, s) if command.start else ()
    return Outcome((event,), (*_before_consent(person, command.fact), *late))


def absence(s: Situation, command: c.RecordAbsence) -> Outcome | Refused:
    """The recorded absence of an episode."""
    person = _with_episode(s, command.participant, command.fact)
    if isinstance(person, Refused):
        return person
    if command.since and command.since > command.until:
        return Refused("episode.order", f"{command.since} lies after {command.until}", "swap the days")
    event = e.AbsenceRecorded(command.participant, command.fact, command.until, command.since)
    return Outcome((event,), (*_before_consent(person, command.fact), *future(command.until, s)))


def _with_episode(s: Situation, participant: str, name: str) -> Participant | Refused:
    person = s.person(participant)
    if isinstance(person, Refused):
        return person
    declared = _declared(s.protocol(person), name)
    if isinstance(declared, Refused):
        return declared
    if declared.kind != "episode":
        return Refused(f"facts.{name}", f"{name} is no episode but a {declared.kind}", "record it as a fact")
    return person


def answer(s: Situation, command: c.AnswerQuestion) -> Outcome | Refused:
    """A question of the protocol; a judged one only by the role that is named there."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    roles = questions(s.protocol(person))
    if command.question not in roles:
        close = nearest(command.question, roles)
        hint = f"did you mean: {close}" if close else "ask what the protocol asks, word for word"
        return Refused("question.unknown", f"the protocol does not ask {command.question!r}", hint)
    by = roles[command.question]
    if by and s.request.role != by:
        message = f"only the {by} may judge: {command.question}"
        return Refused("question.role", message, f"let a {by} answer")
    event = e.QuestionAnswered(command.participant, command.question, command.answer, command.day)
    return Outcome((event,), future(command.day, s))


def questions(protocol: Protocol) -> dict[str, str]:
    """Every question of the protocol with the role that must answer it (empty: the person)."""
    found = [each.when for each in protocol.population.criteria]
    found += [visit.condition for visit in protocol.schedule.values() if visit.condition is not None]
    found += [condition for rule in protocol.rules.values() for condition in conditions(rule)]
    nodes = [node for condition in found for node in t.walk(condition)]
    asked = {node.question: "" for node in nodes if isinstance(node, t.Asked)}
    return asked | {node.question: node.by for node in nodes if isinstance(node, t.Judged)}


# ---------------------------------------------------------------- into the trial


def decide_eligibility(s: Situation, command: c.DecideEligibility) -> Outcome | Refused:
    """The verdict on all criteria, signed; refused while it is unknown, with what would settle it."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    screening = eligibility.screen(s.case(person, command.day))
    verdict = screening.verdict
    breaches = (*future(command.day, s), *_not_consented(person, command.day))
    if verdict.truth is None:
        return Refused("eligibility.unknown", verdict.reason, f"settle: {'; '.join(verdict.settle)}")
    lines = tuple((line.criterion.name, line.verdict.word, line.verdict.reason) for line in screening.lines)
    event = e.EligibilityDecided(command.participant, command.day, verdict.truth, lines)
    return Outcome((event,), breaches, (*filter(None, (person.consent_entry,)), *verdict.evidence))


def enrol(s: Situation, command: c.EnrolParticipant) -> Outcome | Refused:
    """Consented, found eligible on a signature that stands, no hold on the trial, a place left."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    if person.number is not None:
        return Refused("enrolment.twice", f"{person.id} is enrolled as number {person.number}", "nothing to do")
    protocol, number = s.protocol(person), len(s.state.enrolled()) + 1
    consented = _not_consented(person, command.day)
    breaches = [*future(command.day, s), *consented, *_not_eligible(s, person, command.day), *trial_holds(s)]
    if person.status in _OVER:
        breaches.append(Refused("participant.ended", f"{person.id} is {person.status}", "register the person anew"))
    if number > protocol.trial.planned:
        message = f"{protocol.trial.planned} participants are planned and enrolled"
        breaches.append(Refused("trial.planned", message, "amend the protocol before enrolling more"))
    event = e.ParticipantEnrolled(command.participant, command.day, number, protocol.version.number)
    return Outcome((event,), tuple(breaches))


def _not_consented(person: Participant, day: date) -> tuple[Refused, ...]:
    """Nothing is decided about a person before they consented."""
    consent = person.chart.consent
    if consent is None:
        return (Refused("consent.missing", f"{person.id} has not consented", "record consent first"),)
    if day < consent:
        message = f"{person.id} consented on {consent}, after {day}"
        return (Refused("consent.order", message, "enter the day on which it happened"),)
    return ()


def _not_eligible(s: Situation, person: Participant, day: date) -> tuple[Refused, ...]:
    """A verdict is signed, it stands, nothing newer speaks against it."""
    if person.eligible is None:
        hint = "let an investigator decide and sign eligibility"
        return (Refused("eligibility.missing", f"nobody has judged whether {person.id} is eligible", hint),)
    if not person.eligible:
        return (Refused("eligibility.not_met", f"{person.id} is not eligible", "fail the screening, or sign a waiver"),)
    hint, meaning = "decide and sign eligibility again", MEANINGS[c.DecideEligibility]
    signed = [each for each in s.state.signatures if each.meaning == meaning and person.eligibility_entry in each.of]
    if not any(s.state.stands(each) for each in signed):
        return (Refused("eligibility.changed", "what was signed has been corrected since", hint),)
    if person.consent_entry > person.eligibility_entry:
        return (Refused("eligibility.changed", f"{person.id} has consented anew since the verdict", hint),)
    verdict = eligibility.screen(s.case(person, day)).verdict
    if verdict.truth is False:
        return (Refused("eligibility.changed", f"{person.id} is not eligible any more: {verdict.reason}", hint),)
    return ()


def trial_holds(s: Situation) -> tuple[Refused, ...]:
    """A breach for every hold that stops the whole trial."""
    return tuple(
        Refused(
            "trial.hold",
            f"{hold.rule} stops the trial: {hold.reason}",
            f"it is lifted by signing the release of entry {hold.entry}",
        )
        for hold in s.state.standing()
        if hold.level == "trial"
    )


def fail_screening(s: Situation, command: c.FailScreening) -> Outcome | Refused:
    """Only who is not enrolled can fail screening; a reason is needed."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    if person.number is not None or person.status in _OVER:
        return Refused("participant.ended", f"{person.id} is {person.status}", "withdraw an enrolled person instead")
    if not command.reasons:
        return Refused("reason.missing", "a screen failure needs a reason", "name the criterion that was not met")
    return Outcome((e.ScreenFailed(command.participant, command.day, command.reasons),), future(command.day, s))


# ---------------------------------------------------------------- visits and leaving


def attend(s: Situation, command: c.AttendVisit) -> Outcome | Refused:
    """A visit that took place is always recorded; outside its window it is a deviation by itself."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    event = e.VisitAttended(command.participant, command.visit, command.day)
    if person.chart.visit_day(command.visit) is not None:
        return Refused("visit.twice", f"{command.visit} is recorded already", "correct that entry if it is wrong")
    if command.visit.startswith("unscheduled"):
        return Outcome((event,), future(command.day, s))
    visit = s.visit(person, command.visit)
    if isinstance(visit, Refused):
        return visit
    breaches = (*future(command.day, s), *_out_of_place(person, visit.epoch))
    return Outcome((event, *_off_window(s, person, command)), breaches)


def _out_of_place(person: Participant, epoch: str) -> tuple[Refused, ...]:
    if person.status in _OVER:
        hint = "record it as unscheduled, or give a reason"
        return (Refused("participant.ended", f"{person.id} is {person.status}", hint),)
    if epoch and person.number is None:
        return (Refused("enrolment.missing", f"{person.id} is not enrolled", "enrol the person first"),)
    return ()


def _off_window(s: Situation, person: Participant, command: c.AttendVisit) -> tuple[e.Event, ...]:
    visit = planned(s.case(person, command.day), command.visit)
    if visit is None or visit.target is None or command.day in visit.window:
        return ()
    side = "before" if visit.window.first and command.day < visit.window.first else "after"
    says = f"{command.visit} took place on {command.day}, {side} its window {visit.window}"
    return (e.DeviationRecorded(command.participant, "schedule.window", says, command.day, command.visit),)


def miss(s: Situation, command: c.MissVisit) -> Outcome | Refused:
    """A missed visit is recorded, and is a deviation."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    visit = s.visit(person, command.visit)
    if isinstance(visit, Refused):
        return visit
    if person.chart.visit_day(command.visit) is not None or command.visit in person.chart.missed:
        return Refused("visit.twice", f"{command.visit} is recorded already", "correct that entry if it is wrong")
    event = e.VisitMissed(command.participant, command.visit, command.day, command.reason)
    says = f"{command.visit} was missed"
    deviation = e.DeviationRecorded(
        command.participant, "schedule.missed", says, command.day, command.visit, command.reason
    )
    return Outcome((event, deviation), future(command.day, s))


def withdraw(s: Situation, command: c.WithdrawParticipant) -> Outcome | Refused:
    """An enrolled person leaves; a reason is needed."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    if person.status != "enrolled":
        return Refused("participant.ended", f"{person.id} is {person.status}", "only an enrolled person can withdraw")
    if not command.reason.strip():
        return Refused("reason.missing", "a withdrawal needs a reason", "write 'not given' if none was given")
    return Outcome((e.ParticipantWithdrawn(command.participant, command.day, command.reason),), future(command.day, s))


def complete(s: Situation, command: c.CompleteParticipant) -> Outcome | Refused:
    """An enrolled person reaches the end; a reason is needed while visits are open."""
    person = s.person(command.participant)
    if isinstance(person, Refused):
        return person
    if person.status != "enrolled":
        return Refused("participant.ended", f"{person.id} is {person.status}", "only an enrolled person can complete")
    breaches = (*future(command.day, s), *_open_visits(s, person, command.day))
    return Outcome((e.ParticipantCompleted(command.participant, command.day),), breaches)


def _open_visits(s: Situation, person: Participant, day: date) -> tuple[Refused, ...]:
    """The planned visits of which nobody has said whether they took place. One without a day, because what it hangs on
    was left out, cannot take place.
    """
    told, nothing = person.chart.missed, ("unplanned", "not planned")
    found = [each for each in calendar(s.case(person, day)) if each.done is None and each.name not in told]
    left = [each.name for each in found if each.status not in nothing]
    if not left:
        return ()
    visits = "1 visit" if len(left) == 1 else f"{len(left)} visits"
    message = f"{visits} of {person.id} {'is' if len(left) == 1 else 'are'} open: {', '.join(left)}"
    hint = "record each as attended or missed, or withdraw who left early; else say why there is nothing to record"
    return (Refused("visit.open", message, hint),)
