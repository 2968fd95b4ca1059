"""Everything somebody may ask the desk to do: imperative commands, and the request that carries one.

A command says what; the request adds who, in which role, when it is entered, and - if a rule stands in the way of
something that was done or must be done all the same - why it goes ahead. `decide` answers a request.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from stromal.ledger.events import Event
from stromal.rules.chart import Value


class _Command(msgspec.Struct, frozen=True, tag=True):
    """What all commands share: a tag in their JSON that names them."""


class OpenTrial(_Command, frozen=True):
    """Begin a book: the protocol file as text, and the first people with their roles."""

    text: str
    people: tuple[tuple[str, str], ...]


class AdoptProtocol(_Command, frozen=True):
    """Bring an amended protocol file into force."""

    text: str


class GrantRole(_Command, frozen=True):
    """Let a person act in a role."""

    person: str
    role: str


class RevokeRole(_Command, frozen=True):
    """End a person's acting in a role."""

    person: str
    role: str


class CorrectEntry(_Command, frozen=True):
    """Put an earlier entry right, or take it back when there is no replacement. The original stays readable."""

    entry: int
    reason: str
    replacement: Event | None = None


class RegisterParticipant(_Command, frozen=True):
    """Give a person a code in the trial."""

    participant: str
    day: date


class RecordConsent(_Command, frozen=True):
    """Record that the person consented."""

    participant: str
    day: date


class RecordFact(_Command, frozen=True):
    """Record an observation."""

    participant: str
    fact: str
    value: Value
    day: date
    unit: str = ""
    visit: str = ""


class RecordNotObtained(_Command, frozen=True):
    """Record that a fact was asked for and could not be had."""

    participant: str
    fact: str
    day: date
    reason: str
    visit: str = ""


class RecordEpisode(_Command, frozen=True):
    """Record something that lasts or lasted."""

    participant: str
    fact: str
    start: date | None
    end: date | None = None
    ongoing: bool = False
    regimen: str = ""


class RecordAbsence(_Command, frozen=True):
    """Record that somebody made sure there was none."""

    participant: str
    fact: str
    until: date
    since: date | None = None


class AnswerQuestion(_Command, frozen=True):
    """Answer a judged or asked question."""

    participant: str
    question: str
    answer: bool
    day: date


class DecideEligibility(_Command, frozen=True):
    """Sign the verdict on all criteria as they stand."""

    participant: str
    day: date


class EnrolParticipant(_Command, frozen=True):
    """Take an eligible person into the trial."""

    participant: str
    day: date


class FailScreening(_Command, frozen=True):
    """Do not take the person into the trial."""

    participant: str
    day: date
    reasons: tuple[str, ...]


class AttendVisit(_Command, frozen=True):
    """Record that a visit took place."""

    participant: str
    visit: str
    day: date


class MissVisit(_Command, frozen=True):
    """Record that a visit did not take place."""

    participant: str
    visit: str
    day: date
    reason: str = ""


class WithdrawParticipant(_Command, frozen=True):
    """Record that the person leaves the trial."""

    participant: str
    day: date
    reason: str


class CompleteParticipant(_Command, frozen=True):
    """Record that the person reached the end of follow-up."""

    participant: str
    day: date


class ManufactureLot(_Command, frozen=True):
    """Record that a lot exists."""

    lot: str
    product: str
    donor: str
    day: date
    recipient: str = ""
    cells_per_ml: float | None = None


class TestLot(_Command, frozen=True):
    """Record the result of a release test."""

    __test__ = False  # a command, not a test case

    lot: str
    test: str
    value: float | str
    day: date
    unit: str = ""


class ReleaseLot(_Command, frozen=True):
    """Release a lot whose tests all passed, with a signature."""

    lot: str
    day: date


class RejectLot(_Command, frozen=True):
    """Rule a lot out."""

    lot: str
    day: date
    reason: str


class DecideDoseLevel(_Command, frozen=True):
    """Let the modification table decide the rung for a visit."""

    participant: str
    visit: str
    day: date


class InfuseCells(_Command, frozen=True):
    """Give cells at a visit: the lot, and what was counted and drawn up."""

    participant: str
    visit: str
    lot: str
    day: date
    cells_per_ml: float
    viability_percent: float
    volume_ml: float
    level: float | None = None
    """The amount of the rule (cells, or cells per kilogram) where it is stated; else as decided, or as is next."""


class OmitDose(_Command, frozen=True):
    """Record that a planned dose is not given."""

    participant: str
    visit: str
    day: date
    reason: str


class ReportAdverseEvent(_Command, frozen=True):
    """Report an adverse event; what nobody has judged yet stays None."""

    participant: str
    id: str
    term: str
    grade: int
    onset: date
    related: bool | None = None
    serious: bool | None = None
    expected: bool | None = None


class FollowUpAdverseEvent(_Command, frozen=True):
    """Add what became known of an adverse event."""

    participant: str
    id: str
    day: date
    grade: int | None = None
    related: bool | None = None
    serious: bool | None = None
    expected: bool | None = None
    resolved: date | None = None


class ReleaseHold(_Command, frozen=True):
    """Sign for lifting the hold that was placed in an entry."""

    hold: int
    reason: str


Command = (
    OpenTrial | AdoptProtocol | GrantRole | RevokeRole | CorrectEntry
    | RegisterParticipant | RecordConsent | RecordFact | RecordNotObtained | RecordEpisode | RecordAbsence
    | AnswerQuestion | DecideEligibility | EnrolParticipant | FailScreening
    | AttendVisit | MissVisit | WithdrawParticipant | CompleteParticipant
    | ManufactureLot | TestLot | ReleaseLot | RejectLot
    | DecideDoseLevel | InfuseCells | OmitDose | ReportAdverseEvent | FollowUpAdverseEvent | ReleaseHold
)  # fmt: skip
"""Every command there is."""


class Request(msgspec.Struct, frozen=True):
    """A command with who gives it, in which role, when it is entered (UTC), and why it goes ahead against a rule."""

    command: Command
    by: str
    role: str
    at: datetime
    anyway: str = ""
