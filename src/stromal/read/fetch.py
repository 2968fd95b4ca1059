"""ClinicalTrials.gov's public API v2 -> records, as they came.

Takes registry numbers or words to search for; gives the bytes of each record with its number, or findings that say what
went wrong and what to do. The only part of the product that asks anybody on a network, and only when told to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ResponseError
from urllib3.exceptions import TimeoutError as TookTooLong
from urllib3.util import Retry, Timeout

from stromal.read.registries import v2
from stromal.values import Finding, Unusable

PUBLIC = "https://clinicaltrials.gov/api/v2"
"""The address of the public API."""
PAGE = 100
"""Records asked for at a time."""
_LARGEST = 256_000_000
_BUSY = (429, 500, 502, 503, 504)
"""Answers after which asking again helps."""
_NCT = re.compile(r"NCT[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Manners:
    """How to ask: how long to wait for an answer, how often to ask again, and how long to pause before (doubled)."""

    seconds: float = 30.0
    again: int = 5
    pause: float = 1.0
    longest_pause: int = 120


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record as it came, with its number."""

    nct_id: str
    content: bytes


class _Page(msgspec.Struct):
    """One page of an answer; `nextPageToken` is absent on the last."""

    studies: list[msgspec.Raw]
    next_page: str = msgspec.field(default="", name="nextPageToken")


def number(text: str) -> str:
    """A registry number as the registry writes it. Unusable when it is none, so that it can name a file safely."""
    tidied = text.strip().upper()
    if not _NCT.fullmatch(tidied):
        raise _unusable("number", f"{text!r} is no number of ClinicalTrials.gov", "write NCT and eight digits")
    return tidied


def by_number(
    numbers: Sequence[str], address: str = PUBLIC, manners: Manners = Manners()
) -> Iterator[Fetched | Finding]:
    """The records of these numbers, page by page; a finding for each that the registry does not have."""
    wanted = list(dict.fromkeys(number(each) for each in numbers))
    if len(wanted) == 1:
        yield _lone(wanted[0], address, manners)
        return
    for start in range(0, len(wanted), PAGE):
        asked = wanted[start : start + PAGE]
        came = dict.fromkeys(asked, False)
        for fetched in _paged({"filter.ids": ",".join(asked)}, address, manners):
            came[fetched.nct_id] = True
            yield fetched
        yield from (_missing(each) for each, there in came.items() if not there)


def by_words(
    words: str, address: str = PUBLIC, manners: Manners = Manners(), most: int | None = None
) -> Iterator[Fetched]:
    """The records that a search for these words finds, in the registry's order, at most so many."""
    for count, fetched in enumerate(_paged({"query.term": words}, address, manners)):
        if most is not None and count >= most:
            return
        yield fetched


# ---------------------------------------------------------------- asking


def _lone(wanted: str, address: str, manners: Manners) -> Fetched | Finding:
    status, body = _ask(f"studies/{wanted}", {}, address, manners)
    return _missing(wanted) if status == 404 else _fetched(body)


def _paged(query: Mapping[str, str], address: str, manners: Manners) -> Iterator[Fetched]:
    """Every record of an answer, over as many pages as it has."""
    token, seen = "", set[str]()
    while True:
        paged = {"pageSize": str(PAGE)} | ({"pageToken": token} if token else {})
        status, body = _ask("studies", {**query, **paged}, address, manners)
        if status == 404:
            hint = "the address must end where /studies begins, as in https://clinicaltrials.gov/api/v2"
            raise _unusable("address", f"{address} answers no search", hint)
        page = _read_page(body)
        yield from (_fetched(bytes(study)) for study in page.studies)
        token = page.next_page
        if not token:
            return
        if token in seen:
            raise _unusable("pages", "the registry names the same next page again and again", "try again later")
        seen.add(token)


def _read_page(body: bytes) -> _Page:
    try:
        return msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _broken(str(error)) from None


def _fetched(body: bytes) -> Fetched:
    """A record, checked to be one with a number."""
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _broken(str(error)) from None
    found = v2.identity(tree) if v2.shows(tree) else ""
    if not _NCT.fullmatch(found):
        raise _broken("it holds no record with a number")
    return Fetched(found, body)


def _ask(path: str, query: Mapping[str, str], address: str, manners: Manners) -> tuple[int, bytes]:
    """The status and the body of an answer: 200 or 404. Asks again where that helps; Unusable for all else."""
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        raise _unusable("address", f"{address!r} is no address", f"leave it out, or write one such as {PUBLIC}")
    retry = Retry(
        total=manners.again, backoff_factor=manners.pause, backoff_max=manners.longest_pause, status_forcelist=_BUSY,
        allowed_methods=["GET"], retry_after_max=manners.longest_pause,
    )  # fmt: skip
    timeout = Timeout(connect=manners.seconds, read=manners.seconds)
    try:
        with urllib3.PoolManager(headers={"User-Agent": "stromal", "Accept": "application/json"}) as pool:
            answer = pool.request(
                "GET", f"{address.rstrip('/')}/{path}", fields=dict(query), retries=retry, timeout=timeout,
                preload_content=False,
            )  # fmt: skip
            with closing(answer):
                body = answer.read(_LARGEST, decode_content=True)
                whole = not answer.read(1)
    except HTTPError as error:
        raise _unreachable(error, address, manners) from None
    if answer.status not in (200, 404):
        said = body[:200].decode("utf-8", "replace").strip()
        raise _unusable(
            "refused", f"{address} answers {answer.status}: {said}", "check the number or the words asked for"
        )
    if not whole:
        raise _broken(f"it is larger than {_LARGEST // 1_000_000} MB")
    return answer.status, body


# ---------------------------------------------------------------- what went wrong


def _unusable(code: str, message: str, hint: str) -> Unusable:
    return Unusable(Finding(f"fetch.{code}", "error", message, (), hint))


def _missing(wanted: str) -> Finding:
    hint = "compare the number with the registry's page; it may be new, or withheld"
    return Finding("fetch.missing", "error", f"the registry has no {wanted}", (), hint)


def _broken(why: str) -> Unusable:
    return _unusable("body", f"the answer is no record: {why}", "try again; if it stays so, the registry has changed")


def _unreachable(error: HTTPError, address: str, manners: Manners) -> Unusable:
    """Why nobody answered, in words."""
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, ResponseError):
        message = f"{address} is busy: asked {manners.again + 1} times, and told to wait each time"
        return _unusable("busy", message, "wait some minutes, or ask for fewer records")
    if isinstance(cause, TookTooLong) and not isinstance(cause, NewConnectionError):
        message = f"{address} does not answer within {manners.seconds:g} seconds"
        return _unusable("slow", message, "try again later, or look at the connection")
    message = f"{address} cannot be reached, or breaks off: {type(cause).__name__}"
    return _unusable("unreachable", message, "look at the connection, and at the address")
