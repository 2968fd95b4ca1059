"""The fields of a registry's record as people say them: `criteria, line 3`, `time frame of primary outcome 2`.

Takes the path of a field or a Place; gives words. Used by the check of a record and the comparison of versions, so
that a message names the part of the record where somebody has to look.
"""

from __future__ import annotations

import re

from stromal.values import Place

_FIELDS = {
    "nctId": "registry number", "briefTitle": "brief title", "officialTitle": "official title", "acronym": "acronym",
    "overallStatus": "status", "statusVerifiedDate": "date of verification", "whyStopped": "reason for stopping",
    "startDateStruct": "start date", "primaryCompletionDateStruct": "primary completion date",
    "completionDateStruct": "completion date", "studyFirstSubmitDate": "date of registration",
    "studyFirstPostDateStruct": "date of first posting", "lastUpdateSubmitDate": "date of the last update",
    "lastUpdatePostDateStruct": "date of the last posting", "resultsFirstSubmitDate": "date of the results",
    "leadSponsor": "sponsor", "collaborators": "collaborator", "responsibleParty": "responsible party",
    "briefSummary": "brief summary", "detailedDescription": "detailed description", "conditions": "condition",
    "keywords": "keyword", "studyType": "study type", "phases": "phase", "enrollmentInfo": "enrolment",
    "designInfo": "design", "allocation": "allocation", "interventionModel": "model", "maskingInfo": "masking",
    "masking": "masking", "primaryPurpose": "purpose", "armGroups": "arm", "interventions": "intervention",
    "armGroupLabels": "arm named", "interventionNames": "intervention named", "otherNames": "other name",
    "primaryOutcomes": "primary outcome", "secondaryOutcomes": "secondary outcome", "otherOutcomes": "other outcome",
    "timeFrame": "time frame", "measure": "measure", "description": "description",
    "eligibilityCriteria": "criteria", "minimumAge": "youngest age", "maximumAge": "oldest age", "sex": "sex",
    "healthyVolunteers": "healthy volunteers", "studyPopulation": "study population", "locations": "site",
    "overallOfficials": "official", "centralContacts": "contact", "references": "reference",
    "seeAlsoLinks": "link", "hasResults": "results", "oversightHasDmc": "data monitoring committee",
    "isFdaRegulatedDrug": "regulated by the FDA as a drug", "isFdaRegulatedDevice": "regulated by the FDA as a device",
    "whoMasked": "who is masked", "interventionModelDescription": "words on the model",
    "maskingDescription": "words on masking", "stdAges": "age group", "ipdSharing": "sharing of data",
    "genderBased": "sex as a condition", "genderDescription": "words on sex", "samplingMethod": "sampling",
    "orgStudyIdInfo": "sponsor's number", "secondaryIdInfos": "secondary number", "organization": "organisation",
    "expandedAccessInfo": "expanded access", "hasExpandedAccess": "expanded access",
    "statusModule": "status", "identificationModule": "identification",
    "eligibilityModule": "eligibility", "outcomesModule": "outcomes",
    "armsInterventionsModule": "arms and interventions", "designModule": "design",
}  # fmt: skip
_SILENT = frozenset({"date", "count", "label", "name", "title", "facility", "designInfo", "maskingInfo"})
"""Parts of a path that add nothing for a reader."""
_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<number>\d+)\])?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _step(name: str, number: str | None) -> str:
    said = _FIELDS.get(name) or _CAMEL.sub(" ", name).lower()
    return f"{said} {int(number) + 1}" if number is not None else said


def spoken(path: str) -> str:
    """A field's path as people say it: `time frame of primary outcome 2`; unknown names are parted into words."""
    steps = [(m["name"], m["number"]) for m in _STEP.finditer(path)]
    kept = [s for s in steps if s[0] not in _SILENT and not s[0].endswith(("Module", "Section"))] or steps[-1:]
    return " of ".join(_step(*step) for step in reversed(kept))


_MANY_LINES = ("eligibilityCriteria", "briefSummary", "detailedDescription", "studyPopulation", "description")


def where(place: Place) -> str:
    """Where a place is: `line 12` of a page; the field of a record, with the line where the field has many."""
    if not place.path:
        return f"line {place.line}" if place.line else "the whole"
    lined = place.line and place.path.endswith(_MANY_LINES)
    return f"{spoken(place.path)}, line {place.line}" if lined else spoken(place.path)
