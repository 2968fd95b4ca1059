"""Made-up entries for tests: short ones by hand, and Hypothesis strategies for every event there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from stromal.ledger import events as e

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
PEOPLE = ("P1", "P2", "P3")
LOTS = ("L1", "L2")


def entry(number: int, event: e.Event, by: str = "ann", role: str = "coordinator") -> e.Entry:
    """An entry recorded `number` minutes after the start."""
    return e.Entry(number, START + timedelta(minutes=number), by, role, event)


def numbered(events: Sequence[e.Event], after: int = 0) -> list[e.Entry]:
    """Events as entries that go on from a number."""
    return [entry(number, event) for number, event in enumerate(events, start=after + 1)]


def observations(count: int, after: int = 0) -> list[e.Entry]:
    """Entries that differ from one another."""
    return numbered([e.FactObserved("P1", "weight", float(n), DAY, "kg") for n in range(count)], after)


# ---------------------------------------------------------------- strategies

_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "participant": st.sampled_from(PEOPLE),
    "lot": st.sampled_from(LOTS),
    "person": st.sampled_from(("ann", "bob")),
    "id": st.sampled_from(("AE1", "AE2")),
    "entry": st.integers(6, 30),  # never what brings people and lots in
    "hold": st.integers(1, 30),
}
"""Names that must meet one another, so that events have an effect on one another."""
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    type(None): st.none(),
}


def _of(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.deferred(lambda: EVENTS[kind])
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of([_of(part) for part in parts])
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(_of(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*[_of(part) for part in parts])
    return _BY_TYPE[kind]


def _building(kind: type) -> st.SearchStrategy[Any]:
    fields = get_type_hints(kind)
    fields.pop("__struct_config__", None)
    drawn = {name: _BY_NAME[name] if name in _BY_NAME else _of(hint) for name, hint in fields.items()}
    return st.builds(kind, **drawn)


EVENTS: dict[type, st.SearchStrategy[Any]] = {kind: _building(kind) for kind in get_args(e.Event)}
"""For each event, a strategy that fills every field it has, also those with defaults."""
any_event: st.SearchStrategy[e.Event] = st.one_of([EVENTS[kind] for kind in EVENTS])
happening: st.SearchStrategy[e.Event] = st.one_of([EVENTS[kind] for kind in EVENTS if kind is not e.EntryCorrected])
"""Any event but a correction."""
moments = st.datetimes(timezones=st.just(UTC))
entries = st.builds(
    e.Entry,
    number=st.integers(1, 2**63 - 1),
    at=moments,
    by=_BY_TYPE[str],
    role=_BY_TYPE[str],
    event=any_event,
)
SETTING: tuple[e.Event, ...] = (
    *(e.ParticipantRegistered(person, DAY) for person in PEOPLE),
    *(e.LotManufactured(lot, "msc", "D1", DAY) for lot in LOTS),
)
"""What brings the people and lots of the strategies into a trial."""


@st.composite
def histories(draw: st.DrawFn, min_size: int = 0, max_size: int = 25) -> list[e.Entry]:
    """The setting and more entries after it, in the order of their times; no corrections."""
    events = [*SETTING, *draw(st.lists(happening, min_size=min_size, max_size=max_size))]
    at, made = START, []
    for number, event in enumerate(events, start=1):
        at += timedelta(seconds=draw(st.sampled_from((0, 1, 3600, 86_400))))
        made.append(e.Entry(number, at, draw(st.sampled_from(("ann", "bob"))), "coordinator", event))
    return made


@st.composite
def corrected_histories(draw: st.DrawFn) -> list[e.Entry]:
    """A history with corrections among and after its entries, also of corrections; the setting stays as it is."""
    made = draw(histories(min_size=1, max_size=15))
    for _ in range(draw(st.integers(1, 6))):
        wrong = draw(st.integers(len(SETTING) + 1, len(made)))
        correction = e.EntryCorrected(wrong, "a slip", draw(st.none() | any_event))
        made.append(e.Entry(len(made) + 1, made[-1].at + timedelta(hours=1), "ann", "coordinator", correction))
    return made
