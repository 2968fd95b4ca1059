"""Sealing, linking and verifying: every way a chain can be broken is told apart and named by entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import msgspec
import pytest

from histories import DAY, START, entry, numbered, observations
from stromal.ledger import events as e
from stromal.ledger.chain import GENESIS, Head, Sealed, Verification, head_at, link, seal, unseal, verify
from stromal.values import Finding, Unusable

FIVE = link(observations(5), Head())[0]


def resealed(bodies: list[bytes]) -> list[Sealed]:
    """Rows whose seals are right whatever the bodies hold: the work of somebody who knows how."""
    rows, last = [], GENESIS
    for number, body in enumerate(bodies, start=1):
        last = sha256(last + body).digest()
        rows.append(Sealed(number, body, last))
    return rows


def broken(rows: list[Sealed] | tuple[Sealed, ...], expected_head: bytes | None = None) -> tuple[int, str]:
    """Number and code of the first broken entry."""
    found = verify(rows, expected_head).broken
    assert found is not None
    return found.number, found.code


# ---------------------------------------------------------------- sealing


def test_a_seal_is_the_hash_of_the_seal_before_and_the_body() -> None:
    """Anybody can compute it again without Stromal."""
    row = seal(entry(1, e.TrialOpened("NCT1", "t")), GENESIS)
    assert row.body == (
        b'{"number":1,"at":"2024-03-01T09:01:00Z","by":"ann","role":"coordinator",'
        b'"event":{"type":"TrialOpened","study":"NCT1","title":"t"}}'
    )
    assert row.seal == sha256(bytes(32) + row.body).digest()


@pytest.mark.parametrize("at", [datetime(2024, 3, 1, 9), datetime(2024, 3, 1, 9, tzinfo=timezone(timedelta(hours=1)))])  # noqa: DTZ001
def test_only_utc_is_sealed(at: datetime) -> None:
    """A time without a zone, or in another, is refused."""
    with pytest.raises(ValueError, match="keeps time in UTC"):
        seal(e.Entry(1, at, "ann", "coordinator", e.TrialOpened("NCT1", "t")), GENESIS)


@pytest.mark.parametrize(
    "event",
    [
        e.FactObserved("P1", "weight", float("nan"), DAY, "kg"),
        e.FactObserved("P1", "weight", float("inf"), DAY, "kg"),
        e.DoseLevelDecided("P1", "v", "d", DAY, "same", float("nan")),
    ],
)
def test_what_would_not_read_back_is_not_sealed(event: e.Event) -> None:
    """JSON has no nan: it would come back as nothing, or not at all."""
    with pytest.raises(ValueError, match=r"entry 1 \(\w+\) holds a value that JSON cannot keep"):
        seal(entry(1, event), GENESIS)


# ---------------------------------------------------------------- unsealing


def test_unsealing_names_an_entry_that_cannot_be_read() -> None:
    """The finding says which entry and what to do."""
    with pytest.raises(Unusable, match="entry 7: the body cannot be read") as refused:
        unseal(Sealed(7, b"{not json", GENESIS))
    (found,) = refused.value.findings
    assert (found.code, found.severity) == ("chain.unreadable", "error")
    assert "stromal verify" in found.hint


def test_unsealing_refuses_a_body_of_another_number() -> None:
    """The number in the row and in the body must agree."""
    with pytest.raises(Unusable, match="entry 9: the body says it is entry 1"):
        unseal(Sealed(9, FIVE[0].body, GENESIS))


# ---------------------------------------------------------------- linking


def test_linking_goes_on_from_a_head() -> None:
    """In one piece or in two, the chain is the same."""
    first, head = link(observations(2), Head())
    second, end = link(observations(5)[2:], head)
    assert (*first, *second) == FIVE
    assert end == Head(5, FIVE[-1].seal, START + timedelta(minutes=5))


def test_linking_nothing_leaves_the_head_alone() -> None:
    """No entries, no change."""
    assert link([], Head(3, bytes(32))) == ((), Head(3, bytes(32)))


@pytest.mark.parametrize(("number", "after"), [(2, 0), (1, 1), (9, 3)])
def test_linking_names_the_number_it_expected(number: int, after: int) -> None:
    """Numbers go on without a gap."""
    with pytest.raises(ValueError, match=f"expected entry {after + 1}, got {number}"):
        link([entry(number, e.TrialOpened("NCT1", "t"))], Head(after))


def test_linking_refuses_a_clock_that_ran_backwards() -> None:
    """The same moment twice is fine; an earlier one is not."""
    one = entry(1, e.TrialOpened("NCT1", "t"))
    same = msgspec.structs.replace(one, number=2)
    earlier = msgspec.structs.replace(same, at=START)
    assert link([one, same], Head())[1].number == 2
    with pytest.raises(ValueError, match=r"earlier than entry 1 .* a clock ran backwards"):
        link([one, earlier], Head())


def test_the_head_of_rows_is_their_last() -> None:
    """Number, seal and moment; an unreadable last row is named."""
    assert head_at(None) == Head(0, GENESIS, None)
    assert head_at(FIVE[-1]) == Head(5, FIVE[-1].seal, START + timedelta(minutes=5))
    with pytest.raises(Unusable, match="entry 5: the body cannot be read"):
        head_at(Sealed(5, b"?", GENESIS))


# ---------------------------------------------------------------- verifying


def test_a_whole_chain_verifies() -> None:
    """So does an empty one."""
    assert verify(FIVE) == Verification(5, Head(5, FIVE[-1].seal, START + timedelta(minutes=5)))
    assert verify([]) == Verification(0, Head())


@pytest.mark.parametrize("place", range(5))
def test_a_changed_body_is_named(place: int) -> None:
    """One letter is enough, and the entries before it still count."""
    rows = list(FIVE)
    rows[place] = msgspec.structs.replace(rows[place], body=rows[place].body.replace(b"ann", b"amn"))
    assert broken(rows) == (place + 1, "chain.seal")
    assert verify(rows).entries == place
    assert verify(rows).head == (head_at(FIVE[place - 1]) if place else Head())


def test_a_changed_seal_is_named() -> None:
    """At the entry whose seal it is, not at the next."""
    rows = list(FIVE)
    rows[2] = msgspec.structs.replace(rows[2], seal=bytes(32))
    assert broken(rows) == (3, "chain.seal")


def test_a_missing_entry_is_named() -> None:
    """By the number that is missing."""
    assert broken(FIVE[1:]) == (1, "chain.missing")
    assert broken([*FIVE[:2], *FIVE[4:]]) == (3, "chain.missing")


def test_a_repeated_entry_is_named() -> None:
    """The same number twice."""
    assert broken([*FIVE[:3], *FIVE[2:]]) == (3, "chain.duplicate")


def test_an_entry_out_of_order_is_named() -> None:
    """An earlier number after a later one."""
    assert broken([*FIVE[:3], FIVE[0]]) == (1, "chain.order")


def test_a_body_of_another_number_is_named() -> None:
    """Also when the seals were computed anew."""
    bodies = [row.body for row in FIVE]
    assert broken(resealed([bodies[0], bodies[2], bodies[1]])) == (2, "chain.number")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"number":2}',
        FIVE[1].body.replace(b"FactObserved", b"FactDreamt"),
        FIVE[1].body.replace(b"09:02:00Z", b"09:02:00"),
        FIVE[1].body.replace(b"09:02:00Z", b"09:02:00+01:00"),
    ],
)
def test_an_unreadable_body_is_named(body: bytes) -> None:
    """Also when the seals were computed anew: no JSON, no entry, an unknown event, a time that is not UTC."""
    assert broken(resealed([FIVE[0].body, body])) == (2, "chain.unreadable")


def test_a_clock_that_ran_backwards_is_named() -> None:
    """Also when the seals were computed anew."""
    rows = resealed([FIVE[0].body, FIVE[1].body.replace(b"09:02", b"08:59")])
    assert broken(rows) == (2, "chain.time")


def test_entries_cut_off_the_end_show_against_a_head_kept_outside() -> None:
    """Without it the rest is a whole chain; with it the first missing entry is named."""
    kept = FIVE[-1].seal
    assert verify(FIVE, kept).broken is None
    assert verify(FIVE[:3]).broken is None
    assert broken(FIVE[:3], kept) == (4, "chain.head")


def test_a_book_may_have_grown_since_its_head_was_kept() -> None:
    """An old head is found within the chain; the genesis is the head of every empty book."""
    assert verify(FIVE, FIVE[1].seal).broken is None
    assert verify(FIVE, GENESIS).broken is None
    assert broken([], FIVE[0].seal) == (1, "chain.head")


def test_a_chain_written_anew_shows_against_a_head_kept_outside() -> None:
    """Every seal fits, and yet it is another book."""
    forged = resealed([row.body.replace(b"ann", b"bob") for row in FIVE])
    assert verify(forged).broken is None
    assert broken(forged, FIVE[-1].seal) == (6, "chain.head")


def test_rows_that_end_in_damage_are_named() -> None:
    """Whatever keeps a store from reading on is the first broken entry."""

    def rows() -> Iterator[Sealed]:
        yield from FIVE[:2]
        raise Unusable(Finding("book.damaged", "error", "the disk hums"))

    found = verify(rows()).broken
    assert found is not None
    assert (found.number, found.code, found.reason) == (3, "chain.damaged", "the disk hums")


def test_numbered_entries_of_every_kind_verify() -> None:
    """Corrections are entries like any other."""
    rows, _ = link(
        numbered([e.TrialOpened("NCT1", "t"), e.EntryCorrected(1, "slip", e.TrialOpened("NCT2", "t"))]), Head()
    )
    assert verify(rows).entries == 2
