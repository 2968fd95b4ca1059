"""Records fetched from a server that behaves as the registry does, well and badly. Nothing leaves this machine."""

from __future__ import annotations

import json
from time import monotonic

import pytest

from registry_server import Registry, numbered, served
from stromal.read import fetch, registries
from stromal.read.fetch import Fetched, Manners
from stromal.values import Finding, Unusable

QUICK = Manners(seconds=2.0, again=2, pause=0.01, longest_pause=2)


def ids(found: list[Fetched | Finding]) -> list[str]:
    """The numbers of what was fetched."""
    return [each.nct_id for each in found if isinstance(each, Fetched)]


def refused(registry: Registry, number: str = "NCT00000001", manners: Manners = QUICK) -> Finding:
    """Why nothing was fetched."""
    with served(registry) as address, pytest.raises(Unusable) as caught:
        list(fetch.by_number([number], address, manners))
    return caught.value.findings[0]


def test_one_record_comes_as_it_is() -> None:
    """The bytes of a record are those that the registry sent, and can be read."""
    with served(Registry()) as address:
        (found,) = fetch.by_number([" nct00000007 "], address + "/", QUICK)
    assert isinstance(found, Fetched)
    assert json.loads(found.content) == numbered(7)
    assert registries.parse(found.content, prose=False).registry_id == found.nct_id == "NCT00000007"


def test_several_come_over_pages_and_the_missing_are_named() -> None:
    """More numbers than fit one request: each record once, and a finding for each number there is none of."""
    registry = Registry(120)
    wanted = [f"NCT{number:08}" for number in (*range(1, 121), 500, 501, 1)]
    with served(registry) as address:
        found = list(fetch.by_number(wanted, address, QUICK))
    assert ids(found) == wanted[:120]
    assert [each.message for each in found if isinstance(each, Finding)] == [
        "the registry has no NCT00000500", "the registry has no NCT00000501",
    ]  # fmt: skip
    assert len(registry.asked) == 2
    with served(registry) as address:
        (missing,) = fetch.by_number(["NCT00000500"], address, QUICK)
    assert isinstance(missing, Finding)
    assert missing.code == "fetch.missing"


def test_a_search_follows_every_page() -> None:
    """A search gives every page, in order, or as many records as were asked for; later pages are not asked for then."""
    registry = Registry(250)
    with served(registry) as address:
        assert ids(list(fetch.by_words("marrow cells", address, QUICK))) == list(registry.trials)
        assert len(registry.asked) == 3
        assert "query.term=marrow+cells" in registry.asked[0].replace("%20", "+")
        assert len(list(fetch.by_words("x", address, QUICK, most=7))) == 7
        assert len(registry.asked) == 4


def test_a_page_that_names_itself_next_ends_the_search() -> None:
    """A server that gives the same token again and again is not followed for ever."""
    registry = Registry(3)
    registry.same_token = True
    with served(registry) as address, pytest.raises(Unusable, match="same next page"):
        list(fetch.by_words("x", address, QUICK))
    assert len(registry.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int) -> None:
    """What passes is waited for, as long as the server says."""
    registry = Registry()
    registry.instead = [(status, {"Retry-After": "1"}, b"busy")]
    start = monotonic()
    with served(registry) as address:
        (found,) = fetch.by_number(["NCT00000001"], address, QUICK)
    assert isinstance(found, Fetched)
    assert len(registry.asked) == 2
    assert monotonic() - start >= 1


def test_a_server_that_stays_busy_is_told() -> None:
    """After so many times the reader gives up, and says how often it asked; a pause of hours is not waited for."""
    registry = Registry()
    registry.instead = [(429, {}, b"busy")] * 3
    finding = refused(registry)
    assert (finding.code, len(registry.asked)) == ("fetch.busy", 3)
    assert "asked 3 times" in finding.message
    registry.instead = [(503, {"Retry-After": "36000"}, b"busy")] * 3
    start = monotonic()
    assert refused(registry, manners=Manners(again=1, pause=0.01, longest_pause=1)).code == "fetch.busy"
    assert monotonic() - start < 30


def test_other_refusals_are_told_at_once() -> None:
    """A request that the registry finds wrong is not repeated; its words are shown."""
    registry = Registry()
    registry.instead = [(400, {}, b"what is this?")]
    finding = refused(registry)
    assert (finding.code, len(registry.asked)) == ("fetch.refused", 1)
    assert "400: what is this?" in finding.message


@pytest.mark.parametrize(
    ("body", "said"),
    [(b'{"protocolSection": {"identi', "truncated"), (b"<html>hello</html>", "malformed"), (b'{"a": 1}', "no record"),
     (b'{"protocolSection": {"identificationModule": {"nctId": "../../etc"}}}', "no record with a number"),
     (b'"\xff"', "utf-8")],
)  # fmt: skip
def test_a_broken_body_is_told(body: bytes, said: str) -> None:
    """An answer that is no record says so, and never names a file."""
    registry = Registry()
    registry.instead = [(200, {}, body)]
    finding = refused(registry)
    assert finding.code == "fetch.body"
    assert said in finding.message
    registry.instead = [(200, {}, body)]
    with served(registry) as address, pytest.raises(Unusable, match="the answer is no record"):
        list(fetch.by_words("x", address, QUICK))


def test_a_body_that_breaks_off_is_told() -> None:
    """A connection that ends before the promised length is no record."""
    registry = Registry()
    registry.instead = [(200, {"Content-Length": "99999"}, b'{"protocolSection"')] * 3
    assert refused(registry, manners=Manners(seconds=1, again=0)).code in ("fetch.unreachable", "fetch.slow")


def test_a_body_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than any record can hold is not read on."""
    monkeypatch.setattr(fetch, "_LARGEST", 100)
    finding = refused(Registry())
    assert "it is larger than" in finding.message


def test_a_slow_server_is_told() -> None:
    """Nobody waits for ever."""
    registry = Registry()
    registry.delay = 1.0
    finding = refused(registry, manners=Manners(seconds=0.2, again=1, pause=0.01))
    assert finding.code == "fetch.slow"
    assert "within 0.2 seconds" in finding.message


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:9", "fetch.unreachable"),
        ("file:///etc/passwd", "fetch.address"),
        ("nowhere", "fetch.address"),
    ],
)
def test_addresses(address: str, code: str) -> None:
    """An address where nobody answers, or that is none, is told."""
    with pytest.raises(Unusable, match=code):
        list(fetch.by_number(["NCT00000001"], address, Manners(seconds=1, again=0)))


def test_an_address_without_a_search_is_told() -> None:
    """An address that is not the API's own says so."""
    with served(Registry()) as address, pytest.raises(Unusable, match="answers no search"):
        list(fetch.by_words("x", address + "/wrong", QUICK))


@pytest.mark.parametrize("number", ["NCT1", "../NCT00000001", "NCT00000001/..", "", "NCT0000000１"])
def test_numbers_are_checked_first(number: str) -> None:
    """What is no number is refused before anybody is asked, so that it can name neither an address nor a file."""
    with pytest.raises(Unusable, match="no number"):
        list(fetch.by_number([number], "http://127.0.0.1:9", QUICK))
