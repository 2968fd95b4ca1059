"""ISRCTN records as JSON -> the shape of API v2.

Takes one record; gives its tree, with the whole record under `sourceSection`. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stromal.read.registries import convert
from stromal.read.registries.foreign import Table, criteria, first, framed, known_as, outcomes, told
from stromal.read.study import Tree

_PLAIN: Table = (
    ("externalRefs.protocolSerialNumber", "protocolSection.identificationModule.orgStudyIdInfo.id"),
    ("trialDescription.title", "protocolSection.identificationModule.briefTitle"),
    ("trialDescription.scientificTitle", "protocolSection.identificationModule.officialTitle"),
    ("trialDescription.acronym", "protocolSection.identificationModule.acronym"),
    ("participants.recruitmentStart", "protocolSection.statusModule.startDateStruct.date"),
    ("trialDesign.overallEndDate", "protocolSection.statusModule.completionDateStruct.date"),
    ("trialDesign.reasonAbandoned", "protocolSection.statusModule.whyStopped"),
    ("conditions.condition.description", "protocolSection.conditionsModule.conditions"),
    ("trialDesign.primaryStudyDesign", "protocolSection.designModule.studyType"),
    ("trialDesign.trialTypes.trialType", "protocolSection.designModule.designInfo.primaryPurpose"),
    ("trialDesign.studyDesign", "protocolSection.designModule.designInfo.interventionModelDescription"),
    ("participants.gender", "protocolSection.eligibilityModule.sex"),
    ("results.ipdSharingStatement", "protocolSection.ipdSharingStatementModule.description"),
    ("miscellaneous.ipdSharingPlan", "protocolSection.ipdSharingStatementModule.ipdSharing"),
)
_STATUS = {"stopped": "TERMINATED", "suspended": "SUSPENDED", "withdrawn": "WITHDRAWN", "completed": "COMPLETED"}
_AGES = {"neonate": ["CHILD"], "child": ["CHILD"], "adult": ["ADULT", "OLDER_ADULT"], "senior": ["OLDER_ADULT"],
         "all": ["CHILD", "ADULT", "OLDER_ADULT"]}  # fmt: skip
_CENTRE = (("facility", "name"), ("city", "city"), ("state", "state"), ("zip", "zip"), ("country", "country"))
_NOTHING = "Not provided at time of registration"
_PAPER = re.compile(r"pubmed(?:\.ncbi\.nlm\.nih\.gov)?/(?P<pmid>\d+)")


def shows(held: Any) -> bool:
    """Whether this is a record of ISRCTN."""
    return isinstance(held, Mapping) and "isrctn" in held and isinstance(held.get("trialDescription"), Mapping)


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The tree of a record."""
    tree = framed(held, "ISRCTN", f"ISRCTN{held['isrctn']}".replace("ISRCTNISRCTN", "ISRCTN"), _PLAIN)
    known_as(tree, _numbers(held))
    _tell(tree, held)
    _design(tree, held)
    _people(tree, held)
    return tree


def _numbers(held: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    own = first(held, "externalRefs.protocolSerialNumber")
    eudract, nct = first(held, "externalRefs.eudraCTNumber"), first(held, "externalRefs.clinicalTrialsGovNumber")
    every = told(held, "externalRefs.secondaryNumbers.secondaryNumber")
    others = [each for each in every if each not in (own, eudract)]
    return [(eudract, "EUDRACT_NUMBER", ""), (nct, "REGISTRY", "ClinicalTrials.gov"),
            *((each, "OTHER", "") for each in others)]  # fmt: skip


def _said(held: Mapping[str, Any], path: str) -> str:
    text = first(held, path)
    return "" if text == _NOTHING else text


def _tell(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    """What the trial is about and what it measures."""
    about, summary = (
        _said(held, "trialDescription.studyHypothesis"),
        _said(held, "trialDescription.plainEnglishSummary"),
    )
    convert.put(tree, "protocolSection.descriptionModule.briefSummary", summary or about)
    convert.put(tree, "protocolSection.descriptionModule.detailedDescription", about if summary else "")
    for name in ("primary", "secondary"):
        texts = list(told(held, f"trialDescription.{name}Outcomes")) or [_said(held, f"trialDescription.{name}Outcome")]
        convert.put(tree, f"protocolSection.outcomesModule.{name}Outcomes", outcomes(texts))
    papers = dict.fromkeys(m["pmid"] for m in _PAPER.finditer(first(held, "results.publicationDetails")))
    rows = [{"pmid": pmid, "type": "RESULT"} for pmid in papers]
    convert.put(tree, "protocolSection.referencesModule.references", rows)


def _design(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    """How it is run: status, phases, what is given, how many take part."""
    override = first(held, "trialDesign.overallStatusOverride", "participants.recruitmentStatusOverride")
    convert.put(tree, "protocolSection.statusModule.overallStatus", _STATUS.get(override.lower(), override))
    convert.put(
        tree, "protocolSection.designModule.phases", convert.phases(first(held, "interventions.intervention.phase"))
    )
    final, target = first(held, "participants.totalFinalEnrolment"), first(held, "participants.targetEnrolment")
    if final or target:
        enrolled = {"count": convert.to_kind(final or target, "int"), "type": "ACTUAL" if final else "ESTIMATED"}
        convert.put(tree, "protocolSection.designModule.enrollmentInfo", enrolled)
    given = held.get("interventions")
    found = given.get("intervention") if isinstance(given, Mapping) else None
    rows = []
    for each in found if isinstance(found, list) else [found]:
        kind, named = first(each, "interventionType"), first(each, "drugNames")
        row = {"type": convert.value(kind, "InterventionType"), "name": named or kind}
        rows.append({k: v for k, v in {**row, "description": first(each, "description")}.items() if v})
    convert.put(tree, "protocolSection.armsInterventionsModule.interventions", [row for row in rows if row])


def _people(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    """Who may take part, and where."""
    said = criteria(first(held, "participants.inclusion"), first(held, "participants.exclusion"))
    convert.put(tree, "protocolSection.eligibilityModule.eligibilityCriteria", said)
    ages = _AGES.get(first(held, "participants.ageRange").lower(), [])
    convert.put(tree, "protocolSection.eligibilityModule.stdAges", ages)
    kind = first(held, "participants.participantTypes.participantType")
    if kind:
        healthy = "healthy" in kind.lower()
        convert.put(tree, "protocolSection.eligibilityModule.healthyVolunteers", healthy or None)
    people = held.get("participants")
    places = people.get("trialCentres") if isinstance(people, Mapping) else None
    centres = places.get("trialCentre") if isinstance(places, Mapping) else None
    rows = []
    for each in centres if isinstance(centres, list) else [centres]:
        row = {field: first(each, source) for field, source in _CENTRE}
        rows.append({field: text for field, text in row.items() if text not in ("", "-")})
    convert.put(tree, "protocolSection.contactsLocationsModule.locations", [row for row in rows if row])
