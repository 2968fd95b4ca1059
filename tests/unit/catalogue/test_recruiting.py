"""Recruiting means recruiting, as of the day somebody last verified it."""

from __future__ import annotations

from datetime import date

import pytest

from cards import card
from stromal.catalogue.recruiting import latest, recruits, spoken, years_before

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("status", "verified", "answer"),
    [
        ("RECRUITING", "2026-10", "yes"), ("RECRUITING", "2024-11", "yes"), ("RECRUITING", "2024-11-22", "yes"),
        ("RECRUITING", "2024-11-21", "unknown"), ("RECRUITING", "2024-10", "unknown"), ("RECRUITING", None, "unknown"),
        ("NOT_YET_RECRUITING", "2026-10", "no"), ("ENROLLING_BY_INVITATION", "2026-10", "no"),
        ("ACTIVE_NOT_RECRUITING", "2026-10", "no"), ("ACTIVE_NOT_RECRUITING", "2020-10", "unknown"),
        ("COMPLETED", "2001-01", "no"), ("TERMINATED", None, "no"), ("UNKNOWN", "2026-10", "unknown"),
        (None, "2026-10", "unknown"),
    ],
)  # fmt: skip
def test_recruiting(status: str | None, verified: str | None, answer: str) -> None:
    """A final status stands for good; any other only for two years after it was verified."""
    found = recruits(card("A", status=status, verified=verified), TODAY)
    assert found.answer == answer
    assert found.why


def test_the_reason_names_the_days() -> None:
    """What the record says, since when, and from when it is looked at."""
    stale = recruits(card("A", status="RECRUITING", verified="2022-02"), TODAY)
    assert stale.why == "the record says “recruiting”, last verified in 2022-02, more than 2 years before 2026-11-22"


def test_days() -> None:
    """A month can mean its last day; two years before a leap day is the day before."""
    assert latest("2021-03") > "2021-03-30"
    assert latest("2021-03-05") == "2021-03-05"
    assert years_before(date(2024, 2, 29), 2) == date(2022, 2, 28)
    assert years_before(TODAY, 2) == date(2024, 11, 22)
    assert spoken("ACTIVE_NOT_RECRUITING") == "active, not recruiting"
