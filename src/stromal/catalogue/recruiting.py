"""Whether a trial recruits: what its record says, as of the day somebody last verified it.

Takes a Card and the day of the question; gives yes, no or unknown with the reason. Used by `ask`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from stromal.catalogue.card import Card

STALE_YEARS = 2
"""A record verified longer ago than this says nothing about today, unless its status can change no more."""
FINAL = ("COMPLETED", "TERMINATED", "WITHDRAWN", "APPROVED_FOR_MARKETING", "NO_LONGER_AVAILABLE")
OPEN = ("RECRUITING",)


@dataclass(frozen=True, slots=True)
class Recruits:
    """Whether a trial recruits, and why it is said."""

    answer: Literal["yes", "no", "unknown"]
    why: str


def spoken(status: str) -> str:
    """`ACTIVE_NOT_RECRUITING` -> `active, not recruiting`."""
    return status.lower().replace("_", " ").replace("active not", "active, not")


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 28 February where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def latest(written: str) -> str:
    """The last day that a published day or month can mean."""
    return written if len(written) > len("2021-03") else f"{written}-31"


def recruits(card: Card, on: date) -> Recruits:
    """Whether a trial recruits on a day, as far as its record tells."""
    if card.status is None:
        return Recruits("unknown", "the record gives no status")
    said = f"the record says “{spoken(card.status)}”"
    if card.status in FINAL:
        return Recruits("no", said)
    if card.status == "UNKNOWN":
        return Recruits("unknown", f"{said}: its sponsor has not confirmed it for two years")
    if card.verified is None:
        return Recruits("unknown", f"{said}, and not when that was last verified")
    said += f", last verified in {card.verified}"
    if latest(card.verified) < years_before(on, STALE_YEARS).isoformat():
        return Recruits("unknown", f"{said}, more than {STALE_YEARS} years before {on}")
    return Recruits("yes" if card.status in OPEN else "no", said)
