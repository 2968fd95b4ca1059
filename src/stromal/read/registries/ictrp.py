"""The WHO's ICTRP export -> the shape of API v2.

Takes one `Trial` element of the export; gives its tree, with every field of it under `sourceSection`. Part of the first
step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

from stromal.read.registries import convert, xml
from stromal.read.registries.foreign import Table, criteria, first, framed, known_as, outcomes, parted
from stromal.read.study import Tree

ROOT = "Trials_downloaded_from_ICTRP"
TRIAL = "Trial"

_PLAIN: Table = (
    ("public_title", "protocolSection.identificationModule.briefTitle"),
    ("scientific_title", "protocolSection.identificationModule.officialTitle"),
    ("acronym", "protocolSection.identificationModule.acronym"),
    ("recruitment_status", "protocolSection.statusModule.overallStatus"),
    ("date_registration", "protocolSection.statusModule.studyFirstPostDateStruct.date"),
    ("date_enrollement", "protocolSection.statusModule.startDateStruct.date"),
    ("date_enrollment", "protocolSection.statusModule.startDateStruct.date"),
    ("last_refreshed_on", "protocolSection.statusModule.lastUpdatePostDateStruct.date"),
    ("primary_sponsor", "protocolSection.sponsorCollaboratorsModule.leadSponsor.name"),
    ("study_design", "protocolSection.designModule.designInfo.interventionModelDescription"),
    ("inclusion_gender", "protocolSection.eligibilityModule.sex"),
)
_NCT = re.compile(r"NCT\d{8}")
_CONTACT = (("phone", "contact_tel"), ("email", "contact_email"))


def to_tree(trial: Element) -> Tree:
    """The tree of a trial of the export."""
    said = xml.rest(trial)
    held = {name.lower(): value for name, value in said.items()} if isinstance(said, Mapping) else {}
    number = first(held, "trialid", "main_id")
    tree = framed(held, first(held, "source_register") or "ICTRP", number, _PLAIN)
    tree["sourceSection"]["fields"] = said
    tree["sourceSection"]["form"] = "ICTRP export"
    if _NCT.fullmatch(number):
        convert.put(tree, "protocolSection.identificationModule.nctId", number)
    ids = parted(first(held, "secondary_id", "secondary_ids"))
    known_as(tree, [(each, "REGISTRY" if _NCT.fullmatch(each) else "OTHER", "") for each in ids if each != number])
    _design(tree, held)
    _people(tree, held)
    return tree


def _design(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    design = "protocolSection.designModule"
    kind = first(held, "study_type")
    convert.put(tree, f"{design}.studyType", _kind(kind))
    convert.put(tree, f"{design}.phases", convert.phases(first(held, "phase")))
    size = re.match(r"[\d,]+", first(held, "target_size"))
    if size:
        enrolled = {"count": convert.to_kind(size[0].replace(",", ""), "int"), "type": "ESTIMATED"}
        convert.put(tree, f"{design}.enrollmentInfo", enrolled)
    conditions = parted(first(held, "condition", "conditions"), ";|\n")
    convert.put(tree, "protocolSection.conditionsModule.conditions", conditions)
    given = [_given(text) for text in parted(first(held, "intervention", "interventions"))]
    convert.put(tree, "protocolSection.armsInterventionsModule.interventions", given)
    for name in ("primary", "secondary"):
        rows = outcomes(parted(first(held, f"{name}_outcome", f"{name}_outcomes")))
        convert.put(tree, f"protocolSection.outcomesModule.{name}Outcomes", rows)
    helped = [{"name": text} for text in parted(first(held, "source_support", "secondary_sponsor"))]
    convert.put(tree, "protocolSection.sponsorCollaboratorsModule.collaborators", helped)
    link = first(held, "web_address", "url")
    convert.put(tree, "protocolSection.referencesModule.seeAlsoLinks", [{"url": link}] if link else [])


def _kind(text: str) -> str:
    """The type of study; every registry words it in its own way."""
    low = text.lower()
    return next((kind for kind in ("INTERVENTIONAL", "OBSERVATIONAL") if kind[:-2].lower() in low), text)


_TYPED = re.compile(r"(?P<kind>[A-Z][A-Za-z ]+): *(?P<name>.+)", re.DOTALL)


def _given(text: str) -> dict[str, str]:
    """An intervention; its first line names it, the rest describes it."""
    found = _TYPED.fullmatch(text)
    kind = convert.value(found["kind"], "InterventionType") if found else ""
    typed = found is not None and kind.isupper()
    name, _, described = (found["name"] if found and typed else text).partition("\n")
    row = {"type": kind if typed else "", "name": name.strip(), "description": described.strip()}
    return {field: said for field, said in row.items() if said}


def _people(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    people = "protocolSection.eligibilityModule"
    said = criteria(first(held, "inclusion_criteria"), first(held, "exclusion_criteria"))
    convert.put(tree, f"{people}.eligibilityCriteria", said)
    for field, source in (("minimumAge", "inclusion_agemin"), ("maximumAge", "inclusion_agemax")):
        convert.put(tree, f"{people}.{field}", convert.age(first(held, source)))
    named = " ".join(filter(None, (first(held, "contact_firstname"), first(held, "contact_lastname"))))
    contact = {"name": named, "role": "CONTACT"} | {field: first(held, source) for field, source in _CONTACT}
    rows = [{field: text for field, text in contact.items() if text}] if named else []
    convert.put(tree, "protocolSection.contactsLocationsModule.centralContacts", rows)
    places = [{"country": name} for name in parted(first(held, "countries"), ";|,")]
    convert.put(tree, "protocolSection.contactsLocationsModule.locations", places)
