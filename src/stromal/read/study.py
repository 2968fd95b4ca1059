"""The tree of a registry's record, in the shape of the ClinicalTrials.gov API v2, and short words for its parts.

Takes a tree (plain dicts, lists and values, never changed); gives its parts, empty where the record has none. Used by
every step that needs more structure than sections hold: the check, the comparison of versions, the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

Tree: TypeAlias = Mapping[str, Any]
"""A record as nested plain data; nobody writes to it."""

MODULES = {
    "identification": "identificationModule",
    "status": "statusModule",
    "sponsor": "sponsorCollaboratorsModule",
    "oversight": "oversightModule",
    "description": "descriptionModule",
    "conditions": "conditionsModule",
    "design": "designModule",
    "arms": "armsInterventionsModule",
    "outcomes": "outcomesModule",
    "eligibility": "eligibilityModule",
    "contacts": "contactsLocationsModule",
    "references": "referencesModule",
    "sharing": "ipdSharingStatementModule",
}
"""Our short names for the modules of the protocol section."""


def at(tree: Tree | None, path: str) -> Any:
    """The value at a dotted path (`protocolSection.designModule.phases`), or None where the record has none."""
    value: Any = tree
    for step in path.split("."):
        # A decoded record is made of plain dicts: asking for any mapping takes ten times as long.
        if value is None or (type(value) is not dict and not isinstance(value, Mapping)):
            return None
        value = value.get(step)
    return value


def module(tree: Tree, name: str) -> Tree:
    """A module of the protocol section by its short name; empty where the record lacks it."""
    section = tree.get("protocolSection")
    if type(section) is not dict and not isinstance(section, Mapping):
        return {}
    found = section.get(MODULES[name])
    if type(found) is dict:
        return found
    return found if isinstance(found, Mapping) else {}


def rows(part: Tree, name: str) -> Sequence[Tree]:
    """The rows of a list of objects; empty where there is none. What is no object is left out."""
    found = part.get(name)
    if not isinstance(found, list):
        return ()
    return [row for row in found if type(row) is dict or isinstance(row, Mapping)]


def words(part: Tree, name: str) -> str:
    """The text of a field; empty where there is none."""
    found = part.get(name)
    return found if isinstance(found, str) else ""


def listed(part: Tree, name: str) -> tuple[str, ...]:
    """The texts of a list of words; empty where there is none."""
    found = part.get(name)
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def day(part: Tree, name: str) -> str:
    """The date of a date structure (`startDateStruct`), as published: a day or a month; empty where there is none."""
    found = part.get(name)
    return words(cast(Tree, found), "date") if isinstance(found, Mapping) else ""
