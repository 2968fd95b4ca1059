"""Made-up cards for tests of the catalogue: short words for what a test needs, nothing for the rest."""

from __future__ import annotations

from typing import Any

from stromal.catalogue.card import Card, Dose, Location, Official, Party, Span, Treatment
from stromal.read.record import State


def dose(low: float, high: float | None = None, *, per_kg: bool = False, state: State = "stated") -> Dose:
    """A dose in cells, or per kilogram."""
    return Dose(low, low if high is None else high, per_kg, state)


def card(name: str, **named: Any) -> Card:
    """A card with the fields named; sponsor, people, sites and interventions are given by their names alone."""
    made: dict[str, Any] = dict(named)
    if "sponsor" in made:
        made["sponsor"] = Party(made["sponsor"])
    if "officials" in made:
        made["officials"] = tuple(Official(each) for each in made["officials"])
    if "interventions" in made:
        made["interventions"] = tuple(Treatment(each) for each in made["interventions"])
    if "locations" in made:
        made["locations"] = tuple(Location(None, None, *each) for each in made["locations"])
    if "ages" in made:
        made["ages"] = tuple(Span(low, high, "years", "stated") for low, high in made["ages"])
    return Card(id=name, **made)
