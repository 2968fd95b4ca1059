"""A trial at one moment: the frozen nouns that a book adds up to, and their JSON.

Takes and gives plain values. `ledger.state` makes a State out of entries (step 7 of the walk); the desk decides by it,
the tables are made from it. Every noun keeps the number of the entry it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from stromal.protocol.model import Adjustment, HoldLevel
from stromal.rules.chart import AdverseEvent, Chart

Status = Literal["screening", "enrolled", "screen failed", "withdrawn", "completed"]
LotStatus = Literal["made", "released", "rejected"]


class Adopted(msgspec.Struct, frozen=True):
    """A version of the protocol in the book."""

    version: int
    effective: date
    digest: str
    text: str
    entry: int


class Signature(msgspec.Struct, frozen=True):
    """A signature as it was given; it stands while none of the entries it signed was corrected."""

    by: str
    role: str
    meaning: str
    of: tuple[int, ...]
    digest: str
    at: datetime
    entry: int


class Deviation(msgspec.Struct, frozen=True):
    """A rule that was not followed."""

    participant: str
    rule: str
    says: str
    day: date
    visit: str
    reason: str
    entry: int


class PlacedHold(msgspec.Struct, frozen=True):
    """A hold, standing until `released` is the entry that lifted it."""

    entry: int
    rule: str
    level: HoldLevel
    participant: str
    dose: str
    reason: str
    because: tuple[int, ...]
    released: int = 0
    placed_at: datetime | None = None
    released_at: datetime | None = None


class LotTest(msgspec.Struct, frozen=True):
    """A result of a release test."""

    test: str
    value: float | str
    unit: str
    day: date
    entry: int


class Lot(msgspec.Struct, frozen=True):
    """A lot of cells and how far it came."""

    lot: str
    product: str
    donor: str
    recipient: str
    day: date
    entry: int
    status: LotStatus = "made"
    tests: tuple[LotTest, ...] = ()
    decided: int = 0
    reason: str = ""


class Level(msgspec.Struct, frozen=True):
    """The rung decided for a visit."""

    visit: str
    dose: str
    level: float
    adjustment: Adjustment
    entry: int


class Omission(msgspec.Struct, frozen=True):
    """A planned dose that was not given."""

    visit: str
    dose: str
    day: date
    reason: str
    entry: int


class MissedVisit(msgspec.Struct, frozen=True):
    """A visit that did not take place."""

    visit: str
    day: date
    reason: str
    entry: int


class Participant(msgspec.Struct, frozen=True):
    """One person in the trial: where they stand, and their chart."""

    id: str
    status: Status
    chart: Chart
    registered: date
    entry: int
    number: int | None = None
    version: int | None = None
    eligible: bool | None = None
    eligibility_entry: int = 0
    ended: date | None = None
    reasons: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    omissions: tuple[Omission, ...] = ()
    missed: tuple[MissedVisit, ...] = ()
    consent_entry: int = 0
    enrolment_entry: int = 0
    end_entry: int = 0


class Declaration(msgspec.Struct, frozen=True):
    """Something a rule declared for the trial."""

    rule: str
    says: str
    entry: int


class State(msgspec.Struct, frozen=True):
    """A whole trial at one moment: after entry `head`, recorded at `at`."""

    study: str = ""
    title: str = ""
    head: int = 0
    at: datetime | None = None
    versions: tuple[Adopted, ...] = ()
    roles: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    participants: Mapping[str, Participant] = msgspec.field(default_factory=dict)
    lots: Mapping[str, Lot] = msgspec.field(default_factory=dict)
    holds: tuple[PlacedHold, ...] = ()
    signatures: tuple[Signature, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    corrections: tuple[tuple[int, int], ...] = ()
    """Corrected entries in order, each with the last entry that corrected it."""

    @property
    def corrected(self) -> Mapping[int, int]:
        """The last correction of each corrected entry."""
        return dict(self.corrections)

    def standing(self) -> tuple[PlacedHold, ...]:
        """The holds nobody has lifted yet."""
        return tuple(hold for hold in self.holds if not hold.released)

    def meanwhile(self, hold: PlacedHold) -> tuple[tuple[str, AdverseEvent], ...]:
        """The adverse events reported or judged anew while a hold stood, with whose they are, of those it concerns."""
        stood = range(hold.entry + 1, (hold.released or self.head) + 1)
        people = (self.participants[hold.participant],) if hold.participant else self.enrolled()
        found = [(person.id, each) for person in people for each in person.chart.adverse_events
                 if each.reported in stood or each.entry in stood]  # fmt: skip
        return tuple(sorted(found, key=lambda one: one[1].reported))

    def enrolled(self) -> tuple[Participant, ...]:
        """Everybody who was ever enrolled, in the order of enrolment."""
        return tuple(sorted((p for p in self.participants.values() if p.number), key=lambda p: p.number or 0))

    def stands(self, signature: Signature) -> bool:
        """Whether nothing that was signed has been corrected since."""
        return all(entry not in signature.of or by < signature.entry for entry, by in self.corrections)


# ---------------------------------------------------------------- JSON

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(State)


def to_json(state: State) -> bytes:
    """The state as JSON: the same bytes for the same state, whatever the order of its sets and mappings."""
    return _encoder.encode(state)


def from_json(stored: bytes) -> State:
    """The state from its JSON. msgspec.DecodeError or ValidationError when the bytes are no state."""
    state = _decoder.decode(stored)
    return msgspec.structs.replace(
        state,
        participants={person.id: person for person in sorted(state.participants.values(), key=lambda p: p.entry)},
        lots={lot.lot: lot for lot in sorted(state.lots.values(), key=lambda each: each.entry)},
    )
