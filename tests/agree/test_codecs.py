"""Round trips of every stored form, and the two ways to a state: entry by entry, and all at once."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from histories import (
    EVENTS,
    SETTING,
    any_event,
    corrected_histories,
    entries,
    happening,
    histories,
    moments,
)  # fmt: skip
from stromal.ledger import events as e
from stromal.ledger import state as states
from stromal.ledger.chain import GENESIS, seal, unseal
from stromal.ledger.state import State, evolve, from_json, replay, to_json
from stromal.store.memory import MemoryBook


def _fold(history: list[e.Entry]) -> State:
    return reduce(evolve, history, State())


def _contents(state: State) -> State:
    """A state without the marks that a correction leaves behind."""
    return msgspec.structs.replace(state, head=0, at=None, corrections=())


# ---------------------------------------------------------------- tables that must be total


def test_every_event_class_is_one_of_the_events() -> None:
    """The union names each event that is declared, so that none can be written and not read."""
    assert set(e.Event.__args__) == set(e._Event.__subclasses__())


def test_every_event_has_a_strategy_and_a_step() -> None:
    """No event goes untested, and none goes without an effect."""
    assert set(EVENTS) == set(states._STEPS) == set(e._Event.__subclasses__())


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_event_reads_back_as_it_was_written(kind: type, data: st.DataObject) -> None:
    """decode(encode(event)) is the event, of the same class, and encodes to the same bytes."""
    event = data.draw(EVENTS[kind])
    again = e.decode(e.encode(event))
    assert again == event
    assert type(again) is kind
    assert e.encode(again) == e.encode(event)


@given(entry=entries, previous=st.binary(min_size=32, max_size=32))
def test_an_entry_reads_back_through_its_seal(entry: e.Entry, previous: bytes) -> None:
    """unseal(seal(entry)) is the entry; sealing what was read gives the same row."""
    row = seal(entry, previous)
    assert unseal(row) == entry
    assert seal(unseal(row), previous) == row


@given(entry=entries, other=entries)
def test_different_entries_have_different_seals(entry: e.Entry, other: e.Entry) -> None:
    """A seal stands for one body after one seal."""
    row = seal(entry, GENESIS)
    assert seal(entry, row.seal).seal != row.seal
    assert (seal(other, GENESIS).seal == row.seal) == (seal(other, GENESIS).body == row.body)


@given(history=corrected_histories())
def test_a_state_reads_back_from_json(history: list[e.Entry]) -> None:
    """from_json(to_json(state)) is the state, with its people and lots in the order they came in."""
    state = replay(history)
    again = from_json(to_json(state))
    assert again == state
    assert [*again.lots] == sorted(state.lots, key=lambda name: state.lots[name].entry)
    assert to_json(again) == to_json(state)


@given(history=histories())
def test_people_come_back_in_the_order_they_were_registered(history: list[e.Entry]) -> None:
    """The JSON sorts names; reading it restores the order of the entries that brought people in."""
    again = from_json(to_json(replay(history)))
    brought_in = [person.entry for person in again.participants.values()]
    assert brought_in == sorted(brought_in)


# ---------------------------------------------------------------- evolve and replay


@given(history=histories())
def test_replaying_is_evolving_entry_by_entry(history: list[e.Entry]) -> None:
    """Every prefix of a book replays to the state that evolving had reached there."""
    evolved = list(accumulate(history, evolve, initial=State()))
    for length in {0, 1, len(SETTING), len(history) // 2, len(history) - 1, len(history)}:
        assert replay(history[:length]) == evolved[length]


@given(history=histories(), event=any_event)
def test_evolving_leaves_the_earlier_state_alone(history: list[e.Entry], event: e.Event) -> None:
    """A state is frozen: whoever holds one may rely on it."""
    before = replay(history)
    as_it_was = to_json(before)
    evolve(before, e.Entry(len(history) + 1, history[-1].at, "ann", "coordinator", event))
    assert to_json(before) == as_it_was


@given(history=histories(), data=st.data())
def test_a_replay_can_go_on_from_any_state(history: list[e.Entry], data: st.DataObject) -> None:
    """A state from a snapshot and the entries after it give the state of the whole book."""
    cut = data.draw(st.integers(0, len(history)))
    snapshot = from_json(to_json(replay(history[:cut])))
    assert reduce(evolve, history[cut:], snapshot) == replay(history)


@given(history=corrected_histories(), moment=moments, data=st.data())
def test_as_known_counts_what_was_recorded_by_then(
    history: list[e.Entry], moment: datetime, data: st.DataObject
) -> None:
    """Later entries and later corrections play no part in what was known."""
    moment = data.draw(st.sampled_from([moment, *(entry.at for entry in history)]))
    assert replay(history, as_known=moment) == replay([entry for entry in history if entry.at <= moment])


# ---------------------------------------------------------------- corrections


def _correcting(history: list[e.Entry], wrong: int, replacement: e.Event | None) -> e.Entry:
    correction = e.EntryCorrected(wrong, "a slip", replacement)
    return e.Entry(len(history) + 1, history[-1].at, "bob", "investigator", correction)


def _in_place(history: list[e.Entry], wrong: int, replacement: e.Event) -> list[e.Entry]:
    return [msgspec.structs.replace(each, event=replacement) if each.number == wrong else each for each in history]


@given(history=histories(min_size=1), replacement=happening, data=st.data())
def test_a_replacement_stands_where_the_original_stood(
    history: list[e.Entry], replacement: e.Event, data: st.DataObject
) -> None:
    """Number, time, person and order are those of the original; only the event is another."""
    wrong = data.draw(st.integers(len(SETTING) + 1, len(history)))
    correction = _correcting(history, wrong, replacement)
    state = replay([*history, correction])
    assert _contents(state) == _contents(replay(_in_place(history, wrong, replacement)))
    assert (state.head, state.at, state.corrected) == (correction.number, correction.at, {wrong: correction.number})


@given(history=histories(min_size=1), data=st.data())
def test_a_withdrawn_entry_is_as_if_it_never_was(history: list[e.Entry], data: st.DataObject) -> None:
    """A correction without a replacement takes the entry out of the state, and out of nothing else."""
    wrong = data.draw(st.integers(len(SETTING) + 1, len(history)))
    state = replay([*history, _correcting(history, wrong, None)])
    assert _contents(state) == _contents(replay([each for each in history if each.number != wrong]))


@given(history=histories(min_size=1), replacements=st.lists(st.none() | happening, min_size=1, max_size=4))
def test_the_latest_correction_counts(history: list[e.Entry], replacements: list[e.Event | None]) -> None:
    """Corrected over and over, an entry counts as the last correction says."""
    wrong = len(history)
    book = list(history)
    for replacement in replacements:
        book.append(_correcting(book, wrong, replacement))
    assert _contents(replay(book)) == _contents(replay([*history, _correcting(history, wrong, replacements[-1])]))


@given(history=histories(min_size=1), replacement=st.none() | happening)
def test_a_correction_can_be_taken_back(history: list[e.Entry], replacement: e.Event | None) -> None:
    """Withdrawing a correction brings the original back; what was signed over it stays marked."""
    wrong = len(history)
    corrected = [*history, _correcting(history, wrong, replacement)]
    state = replay([*corrected, _correcting(corrected, wrong + 1, None)])
    assert _contents(state) == _contents(replay(history))
    assert state.corrected == {wrong: wrong + 1, wrong + 1: wrong + 2}


@given(history=corrected_histories())
def test_the_book_keeps_what_was_corrected(history: list[e.Entry]) -> None:
    """Corrections change the state; every entry stays in the book as it was written."""
    book = MemoryBook()
    with book.writing() as writer:
        writer.append(history)
    assert list(book.entries()) == history
    assert replay(book.entries()) == replay(history)
