"""Everything that can have happened in a trial: frozen events in the past tense, and the entries that carry them.

`conduct.commands` makes events, `chain` seals them into entries, `state.replay` adds them up. An event tells *when it
happened* (`day`); the entry that carries it tells *when it was recorded* (`at`), by whom and in which role.
JSON is the one stored form: `encode` and `decode` round-trip every event.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from stromal.protocol.model import Adjustment, HoldLevel
from stromal.rules.chart import Value


class _Event(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """What all events share: a tag in their JSON that names them. They hold no cycles, so nobody need look for any."""


# ---------------------------------------------------------------- the trial and its people


class TrialOpened(_Event, frozen=True):
    """The book of a trial begins."""

    study: str
    title: str


class ProtocolAdopted(_Event, frozen=True):
    """A version of the protocol is in force from a day on; the whole file is kept in the book."""

    version: int
    effective: date
    digest: str
    text: str


class RoleGranted(_Event, frozen=True):
    """A person may act in a role."""

    person: str
    role: str


class RoleRevoked(_Event, frozen=True):
    """A person may no longer act in a role."""

    person: str
    role: str


class Signed(_Event, frozen=True):
    """An electronic signature: its meaning, the entries it stands for, and the digest of exactly those entries."""

    meaning: str
    of: tuple[int, ...]
    digest: str
    reason: str = ""


class EntryCorrected(_Event, frozen=True):
    """An earlier entry was wrong. The original stays; `replacement` counts in its stead, nothing if it is None."""

    entry: int
    reason: str
    replacement: Event | None = None


# ---------------------------------------------------------------- screening


class ParticipantRegistered(_Event, frozen=True):
    """A person is known to the trial under a code."""

    participant: str
    day: date


class ConsentGiven(_Event, frozen=True):
    """The person consented, to this version of the protocol."""

    participant: str
    day: date
    version: int


class FactObserved(_Event, frozen=True):
    """A declared fact was observed."""

    participant: str
    fact: str
    value: Value
    day: date
    unit: str = ""
    visit: str = ""


class FactNotObtained(_Event, frozen=True):
    """A fact was asked for and could not be had."""

    participant: str
    fact: str
    day: date
    reason: str
    visit: str = ""


class EpisodeRecorded(_Event, frozen=True):
    """Something that lasts or lasted: a diagnosis, a drug, an operation."""

    participant: str
    fact: str
    start: date | None
    end: date | None = None
    ongoing: bool = False
    regimen: str = ""


class AbsenceRecorded(_Event, frozen=True):
    """Somebody made sure there was none between two days (never before `until` when `since` is None)."""

    participant: str
    fact: str
    until: date
    since: date | None = None


class QuestionAnswered(_Event, frozen=True):
    """A judged or asked question was answered, in the role of the entry."""

    participant: str
    question: str
    answer: bool
    day: date


class EligibilityDecided(_Event, frozen=True):
    """The criteria were judged as they stood: True eligible, False not. Each line is criterion, verdict, reason."""

    participant: str
    day: date
    eligible: bool
    lines: tuple[tuple[str, str, str], ...] = ()


class ParticipantEnrolled(_Event, frozen=True):
    """The person is in the trial, as number so-and-so, under a version of the protocol."""

    participant: str
    day: date
    number: int
    version: int


class ScreenFailed(_Event, frozen=True):
    """The person is not enrolled."""

    participant: str
    day: date
    reasons: tuple[str, ...]


# ---------------------------------------------------------------- visits and leaving


class VisitAttended(_Event, frozen=True):
    """A visit took place."""

    participant: str
    visit: str
    day: date


class VisitMissed(_Event, frozen=True):
    """A visit did not take place within its window."""

    participant: str
    visit: str
    day: date
    reason: str = ""


class ParticipantWithdrawn(_Event, frozen=True):
    """The person left the trial before its end."""

    participant: str
    day: date
    reason: str


class ParticipantCompleted(_Event, frozen=True):
    """The person reached the end of follow-up."""

    participant: str
    day: date


# ---------------------------------------------------------------- the cell laboratory


class LotManufactured(_Event, frozen=True):
    """A lot of a product exists. `recipient` is empty for a third-party product."""

    lot: str
    product: str
    donor: str
    day: date
    recipient: str = ""
    cells_per_ml: float | None = None


class LotTested(_Event, frozen=True):
    """A release test of a lot gave a result."""

    lot: str
    test: str
    value: float | str
    day: date
    unit: str = ""


class LotReleased(_Event, frozen=True):
    """The laboratory released the lot for use."""

    lot: str
    day: date


class LotRejected(_Event, frozen=True):
    """The lot may not be used."""

    lot: str
    day: date
    reason: str


# ---------------------------------------------------------------- dosing


class DoseLevelDecided(_Event, frozen=True):
    """The rung of a dose ladder for a visit was decided by the modification table (or by an override)."""

    participant: str
    visit: str
    dose: str
    day: date
    adjustment: Adjustment
    level: float
    reason: str = ""


class CellsInfused(_Event, frozen=True):
    """Cells were given, by whatever route. `level` is the amount of the dose rule, per kilogram or total."""

    participant: str
    visit: str
    dose: str
    lot: str
    day: date
    level: float
    prescribed_cells: float
    cells_per_ml: float
    viability_percent: float
    volume_ml: float
    delivered_cells: float
    weight_kg: float | None = None


class DoseOmitted(_Event, frozen=True):
    """A planned dose was not given."""

    participant: str
    visit: str
    dose: str
    day: date
    reason: str


# ---------------------------------------------------------------- safety


class AdverseEventReported(_Event, frozen=True):
    """An adverse event. What nobody has judged yet is None."""

    participant: str
    id: str
    term: str
    grade: int
    onset: date
    related: bool | None = None
    serious: bool | None = None
    expected: bool | None = None


class AdverseEventFollowedUp(_Event, frozen=True):
    """Something more became known of an adverse event; None leaves a field as it was."""

    participant: str
    id: str
    day: date
    grade: int | None = None
    related: bool | None = None
    serious: bool | None = None
    expected: bool | None = None
    resolved: date | None = None


class HoldPlaced(_Event, frozen=True):
    """A hold of the protocol came into force; `because` are the entries that made its rule true."""

    rule: str
    level: HoldLevel
    reason: str
    because: tuple[int, ...]
    participant: str = ""
    dose: str = ""


class HoldReleased(_Event, frozen=True):
    """Every role the protocol names has signed: the hold placed in entry `hold` is lifted."""

    rule: str
    hold: int


class DeclarationMade(_Event, frozen=True):
    """A rule that declares something for the whole trial became true."""

    rule: str
    says: str
    because: tuple[int, ...]


class DeviationRecorded(_Event, frozen=True):
    """A rule of the protocol was not followed. What happened is recorded all the same."""

    participant: str
    rule: str
    says: str
    day: date
    visit: str = ""
    reason: str = ""


Event = (
    TrialOpened | ProtocolAdopted | RoleGranted | RoleRevoked | Signed | EntryCorrected
    | ParticipantRegistered | ConsentGiven | FactObserved | FactNotObtained | EpisodeRecorded | AbsenceRecorded
    | QuestionAnswered | EligibilityDecided | ParticipantEnrolled | ScreenFailed
    | VisitAttended | VisitMissed | ParticipantWithdrawn | ParticipantCompleted
    | LotManufactured | LotTested | LotReleased | LotRejected
    | DoseLevelDecided | CellsInfused | DoseOmitted
    | AdverseEventReported | AdverseEventFollowedUp | HoldPlaced | HoldReleased | DeclarationMade | DeviationRecorded
)  # fmt: skip
"""Every event there is."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The event as canonical JSON: the fields in their order, defaults left out."""
    return _encoder.encode(event)


def decode(stored: bytes) -> Event:
    """The event from its JSON. msgspec.DecodeError or ValidationError when the bytes are no event."""
    return _decoder.decode(stored)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A numbered line of the book: the event, when it was recorded (UTC), by whom, in which role."""

    number: int
    at: datetime
    by: str
    role: str
    event: Event
