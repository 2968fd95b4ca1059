"""The flat facts of one trial, on which every answer of the catalogue works.

Takes nothing from outside; gives the frozen noun Card and its JSON or MessagePack; `filling.card` fills it from a
Record. What the record does not say is None, or an empty list. The store keeps cards; search and answers cite them.

Words of the registry (status, phase, allocation) are written as the ClinicalTrials.gov API v2 writes them, days as
published: `2021-03-05`, or `2021-03` where only the month is known.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from stromal.read.record import Number, State

Kind = Literal["actual", "planned"]
"""Whether a day or a number has come true, or is still what was planned."""


class Party(msgspec.Struct, frozen=True, gc=False):
    """A sponsor or collaborator, with its class in the registry's words."""

    name: str
    kind: str | None = None


class Official(msgspec.Struct, frozen=True, gc=False):
    """Somebody who answers for the trial."""

    name: str
    affiliation: str | None = None
    role: str | None = None


class Location(msgspec.Struct, frozen=True, gc=False):
    """Where the trial runs."""

    facility: str | None = None
    city: str | None = None
    country: str | None = None
    status: str | None = None


class Arm(msgspec.Struct, frozen=True, gc=False):
    """A group of the trial."""

    label: str
    kind: str | None = None
    interventions: tuple[str, ...] = ()


class Treatment(msgspec.Struct, frozen=True, gc=False):
    """An intervention: its kind, its name, and what else it is called."""

    name: str
    kind: str | None = None
    other_names: tuple[str, ...] = ()


class Dose(msgspec.Struct, frozen=True, gc=False):
    """A dose of cells for one administration; low and high are equal where one number is given."""

    low: Number
    high: Number
    per_kg: bool
    state: State
    name: str = "dose"
    quote: str = ""
    path: str = ""
    line: int = 0

    @property
    def unit(self) -> str:
        """`cells/kg` or `cells`."""
        return "cells/kg" if self.per_kg else "cells"


class Span(msgspec.Struct, frozen=True, gc=False):
    """A number or a stretch of numbers, as one place of the record gives it; an end that is None is open."""

    low: Number | None
    high: Number | None
    unit: str
    state: State
    quote: str = ""
    path: str = ""
    line: int = 0


class Cited(msgspec.Struct, frozen=True, gc=False):
    """One word of the field that the record supports (a route, a tissue), and where it says so."""

    name: str
    value: str
    state: State
    quote: str = ""
    path: str = ""
    line: int = 0


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One trial as flat facts. Lists are in the record's order; `cited` says where each word of the field was read."""

    id: str
    other_ids: tuple[str, ...] = ()
    title: str | None = None
    official_title: str | None = None
    conditions: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    status: str | None = None
    study_type: str | None = None
    allocation: str | None = None
    model: str | None = None
    masking: str | None = None
    purpose: str | None = None
    enrolment: int | None = None
    enrolment_kind: Kind | None = None
    start: str | None = None
    start_kind: Kind | None = None
    primary_completion: str | None = None
    primary_completion_kind: Kind | None = None
    completion: str | None = None
    completion_kind: Kind | None = None
    first_submitted: str | None = None
    first_posted: str | None = None
    results_first_posted: str | None = None
    updated: str | None = None
    verified: str | None = None
    sponsor: Party | None = None
    collaborators: tuple[Party, ...] = ()
    officials: tuple[Official, ...] = ()
    locations: tuple[Location, ...] = ()
    countries: tuple[str, ...] = ()
    arms: tuple[Arm, ...] = ()
    interventions: tuple[Treatment, ...] = ()
    routes: tuple[str, ...] = ()
    tissues: tuple[str, ...] = ()
    donors: tuple[str, ...] = ()
    processing: tuple[str, ...] = ()
    cited: tuple[Cited, ...] = ()
    doses: tuple[Dose, ...] = ()
    administrations: tuple[Span, ...] = ()
    intervals: tuple[Span, ...] = ()
    ages: tuple[Span, ...] = ()
    sex: str | None = None
    healthy: bool | None = None
    has_results: bool | None = None
    results_due: str | None = None
    file: str = ""
    line: int = 0
    format: str = ""
    digest: str = ""


class Passage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a record's text, the section it stands in, and its place there."""

    section: str
    path: str
    line: int
    text: str


# ---------------------------------------------------------------- codecs

_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(Card)
_UNJSON = msgspec.json.Decoder(Card)
_PASSAGES = msgspec.msgpack.Decoder(tuple[Passage, ...])


def to_bytes(card: Card) -> bytes:
    """A card as MessagePack."""
    return _PACK.encode(card)


def from_bytes(packed: bytes) -> Card:
    """A card out of MessagePack. Raises msgspec.DecodeError when the bytes hold none."""
    return _UNPACK.decode(packed)


def to_json(card: Card) -> bytes:
    """A card as JSON; what is unknown is left out."""
    return msgspec.json.encode(card)


def from_json(written: bytes | str) -> Card:
    """A card out of JSON. Raises msgspec.DecodeError when the text holds none."""
    return _UNJSON.decode(written)


def text_to_bytes(passages: Iterable[Passage]) -> bytes:
    """The lines of a record, packed."""
    return zlib.compress(_PACK.encode(tuple(passages)), 1)


def text_from_bytes(packed: bytes) -> tuple[Passage, ...]:
    """The lines of a record out of their pack. Raises msgspec.DecodeError when the bytes hold none."""
    try:
        return _PASSAGES.decode(zlib.decompress(packed))
    except zlib.error as error:
        raise msgspec.DecodeError(str(error)) from None
