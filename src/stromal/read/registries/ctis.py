"""CTIS (EU Clinical Trials Information System) records as JSON -> the shape of API v2.

Takes one record; gives its tree, with the whole record under `sourceSection`. Part of the first step of the walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stromal.read.registries import convert
from stromal.read.registries.foreign import Table, criteria, first, framed, known_as, outcomes, told
from stromal.read.study import Tree

_PART = "applications.partI"
_ABOUT = f"{_PART}.trialDetails.trialInformation"
_ILLNESS = f"{_ABOUT}.medicalCondition.partIMedicalConditions"
_NAMES = f"{_PART}.trialDetails.clinicalTrialIdentifiers"
_PLAIN: Table = (
    (f"{_NAMES}.shortTitle", "protocolSection.identificationModule.acronym"),
    ("submissionDate", "protocolSection.statusModule.studyFirstSubmitDate"),
    (f"{_ABOUT}.trialDuration.estimatedRecruitmentStartDate", "protocolSection.statusModule.startDateStruct.date"),
    (f"{_ABOUT}.trialDuration.estimatedEndDate", "protocolSection.statusModule.completionDateStruct.date"),
    ("primarySponsor.organisation.name", "protocolSection.sponsorCollaboratorsModule.leadSponsor.name"),
    (f"{_ABOUT}.trialObjective.mainObjective", "protocolSection.descriptionModule.briefSummary"),
    (
        f"{_ILLNESS}.medicalCondition",
        "protocolSection.conditionsModule.conditions",
    ),
)
_STATUS = {
    "authorised, not started": "NOT_YET_RECRUITING", "authorised, recruitment pending": "NOT_YET_RECRUITING",
    "authorised, recruiting": "RECRUITING", "ongoing, recruiting": "RECRUITING",
    "ongoing, recruitment ended": "ACTIVE_NOT_RECRUITING", "ended": "COMPLETED", "halted": "SUSPENDED",
    "suspended": "SUSPENDED", "revoked": "TERMINATED",
}  # fmt: skip


_TOLD = (
    ("form", "pharmaceuticalFormDisplay"),
    ("strength", "productDictionaryInfo.strength"),
    ("route", "routes.name"),
    ("substance", "productDictionaryInfo.activeSubstanceName"),
)


def shows(held: Any) -> bool:
    """Whether this is a record of CTIS."""
    return isinstance(held, Mapping) and "ctNumber" in held and ("applications" in held or "ctStatus" in held)


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The tree of a record."""
    number = first(held, "ctNumber")
    tree = framed(held, "CTIS", f"CTIS{number}", _PLAIN)
    titles = "protocolSection.identificationModule"
    convert.put(tree, f"{titles}.briefTitle", first(held, f"{_NAMES}.publicTitle", "title", "shortTitle", "ctTitle"))
    convert.put(tree, f"{titles}.officialTitle", first(held, f"{_NAMES}.fullTitle", "title", "ctTitle"))
    linked = told(held, f"{_PART}.trialDetails.associatedClinicalTrials.ctNumber")
    known_as(tree, [(number, "CTIS", ""), *((each, "EUDRACT_NUMBER", "") for each in linked)])
    _design(tree, held)
    _people(tree, held)
    return tree


def _design(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    status = first(held, "ctStatus")
    convert.put(tree, "protocolSection.statusModule.overallStatus", _STATUS.get(status.lower(), status))
    design = "protocolSection.designModule"
    convert.put(tree, f"{design}.studyType", "INTERVENTIONAL")  # the system holds trials of medicines alone
    convert.put(tree, f"{design}.phases", convert.phases(first(held, "trialPhase")))
    count = first(held, "totalNumberEnrolled")
    if count:
        enrolled = {"count": convert.to_kind(count, "int"), "type": "ESTIMATED"}
        convert.put(tree, f"{design}.enrollmentInfo", enrolled)
    for name in ("primary", "secondary"):
        ends = told(held, f"{_ABOUT}.endPoint.{name}EndPoints.endPoint")
        convert.put(tree, f"protocolSection.outcomesModule.{name}Outcomes", outcomes(ends))
    aims = "\n".join(told(held, f"{_ABOUT}.trialObjective.secondaryObjectives.secondaryObjective"))
    convert.put(tree, "protocolSection.descriptionModule.detailedDescription", aims)
    convert.put(tree, "protocolSection.armsInterventionsModule.interventions", list(_products(held)))


def _products(held: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The products, each once, with form, strength and route."""
    seen = set[str]()
    for application in _several(held.get("applications")):
        part = application.get("partI") if isinstance(application, Mapping) else None
        for each in _several(part.get("products") if isinstance(part, Mapping) else None):
            name = first(each, "productName", "nameDisplay", "productDictionaryInfo.prodName")
            if not name or name in seen:
                continue
            seen.add(name)
            said = [f"{label}: {', '.join(texts)}" for label, path in _TOLD if (texts := list(told(each, path)))]
            advanced = isinstance(each, Mapping) and each.get("anAdvancedTherapyMedicinalProduct") is True
            row = {"type": "BIOLOGICAL" if advanced else "DRUG", "name": name, "description": "; ".join(said)}
            yield {field: text for field, text in row.items() if text}


def _several(held: Any) -> list[Any]:
    return held if isinstance(held, list) else []


def _people(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    lists = (
        "\n".join(f"* {text}" for text in told(held, f"{_ABOUT}.eligibilityCriteria.{name}.{name}"))
        for name in ("principalInclusionCriteria", "principalExclusionCriteria")
    )
    people = "protocolSection.eligibilityModule"
    convert.put(tree, f"{people}.eligibilityCriteria", criteria(*lists))
    sex = first(held, "gender")
    convert.put(tree, f"{people}.sex", convert.value(sex, "Sex") if sex else None)
    ages = first(held, "ageGroup")
    spans = (("0-17", "CHILD"), ("18-64", "ADULT"), ("65+", "OLDER_ADULT"))
    convert.put(tree, f"{people}.stdAges", [age for span, age in spans if span in ages])
    named = [each.partition(":")[0].strip() for each in first(held, "trialCountries").split(",")]
    rows = [{"country": name} for name in named if name]
    convert.put(tree, "protocolSection.contactsLocationsModule.locations", rows)
