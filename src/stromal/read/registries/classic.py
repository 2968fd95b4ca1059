"""ClinicalTrials.gov's classic XML -> the shape of API v2.

Takes the root element of a study; gives its tree. Tables say which element becomes which field; every element is
taken out as it is read, and what is left (results among it) is kept under `sourceSection`. Part of the first step of
the walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from stromal.read.registries import convert, full
from stromal.read.registries.schema import OWN, fields, home
from stromal.read.registries.xml import attribute, rest, take, taken, text, unwrapped
from stromal.read.study import Tree

ROOT = "clinical_study"

_IDENTITY = "protocolSection.identificationModule"
_STATUS = "protocolSection.statusModule"
_SPONSOR = "protocolSection.sponsorCollaboratorsModule"
_OVERSIGHT = "protocolSection.oversightModule"
_DESIGN = "protocolSection.designModule"
_ELIGIBILITY = "protocolSection.eligibilityModule"
_CONTACTS = "protocolSection.contactsLocationsModule"
_SHARING = "protocolSection.ipdSharingStatementModule"
_DERIVED = "derivedSection.miscInfoModule"

_SINGLE = (
    ("id_info/nct_id", f"{_IDENTITY}.nctId"),
    ("id_info/org_study_id", f"{_IDENTITY}.orgStudyIdInfo.id"),
    ("brief_title", f"{_IDENTITY}.briefTitle"),
    ("official_title", f"{_IDENTITY}.officialTitle"),
    ("acronym", f"{_IDENTITY}.acronym"),
    ("source", f"{_IDENTITY}.organization.fullName"),
    ("overall_status", f"{_STATUS}.overallStatus"),
    ("last_known_status", f"{_STATUS}.lastKnownStatus"),
    ("why_stopped", f"{_STATUS}.whyStopped"),
    ("verification_date", f"{_STATUS}.statusVerifiedDate"),
    ("has_expanded_access", f"{_STATUS}.expandedAccessInfo.hasExpandedAccess"),
    ("study_first_submitted", f"{_STATUS}.studyFirstSubmitDate"),
    ("firstreceived_date", f"{_STATUS}.studyFirstSubmitDate"),
    ("study_first_submitted_qc", f"{_STATUS}.studyFirstSubmitQcDate"),
    ("results_first_submitted", f"{_STATUS}.resultsFirstSubmitDate"),
    ("firstreceived_results_date", f"{_STATUS}.resultsFirstSubmitDate"),
    ("results_first_submitted_qc", f"{_STATUS}.resultsFirstSubmitQcDate"),
    ("disposition_first_submitted", f"{_STATUS}.dispFirstSubmitDate"),
    ("firstreceived_results_disposition_date", f"{_STATUS}.dispFirstSubmitDate"),
    ("disposition_first_submitted_qc", f"{_STATUS}.dispFirstSubmitQcDate"),
    ("last_update_submitted", f"{_STATUS}.lastUpdateSubmitDate"),
    ("lastchanged_date", f"{_STATUS}.lastUpdateSubmitDate"),
    ("sponsors/lead_sponsor/agency", f"{_SPONSOR}.leadSponsor.name"),
    ("sponsors/lead_sponsor/agency_class", f"{_SPONSOR}.leadSponsor.class"),
    ("responsible_party/responsible_party_type", f"{_SPONSOR}.responsibleParty.type"),
    ("responsible_party/investigator_full_name", f"{_SPONSOR}.responsibleParty.investigatorFullName"),
    ("responsible_party/investigator_title", f"{_SPONSOR}.responsibleParty.investigatorTitle"),
    ("responsible_party/investigator_affiliation", f"{_SPONSOR}.responsibleParty.investigatorAffiliation"),
    ("responsible_party/name_title", f"{_SPONSOR}.responsibleParty.oldNameTitle"),
    ("responsible_party/organization", f"{_SPONSOR}.responsibleParty.oldOrganization"),
    ("oversight_info/has_dmc", f"{_OVERSIGHT}.oversightHasDmc"),
    ("oversight_info/is_fda_regulated_drug", f"{_OVERSIGHT}.isFdaRegulatedDrug"),
    ("oversight_info/is_fda_regulated_device", f"{_OVERSIGHT}.isFdaRegulatedDevice"),
    ("oversight_info/is_unapproved_device", f"{_OVERSIGHT}.isUnapprovedDevice"),
    ("oversight_info/is_ppsd", f"{_OVERSIGHT}.isPpsd"),
    ("oversight_info/is_us_export", f"{_OVERSIGHT}.isUsExport"),
    ("brief_summary/textblock", "protocolSection.descriptionModule.briefSummary"),
    ("detailed_description/textblock", "protocolSection.descriptionModule.detailedDescription"),
    ("study_type", f"{_DESIGN}.studyType"),
    ("target_duration", f"{_DESIGN}.targetDuration"),
    ("study_design_info/allocation", f"{_DESIGN}.designInfo.allocation"),
    ("study_design_info/intervention_model", f"{_DESIGN}.designInfo.interventionModel"),
    ("study_design_info/intervention_model_description", f"{_DESIGN}.designInfo.interventionModelDescription"),
    ("study_design_info/primary_purpose", f"{_DESIGN}.designInfo.primaryPurpose"),
    ("study_design_info/observational_model", f"{_DESIGN}.designInfo.observationalModel"),
    ("study_design_info/time_perspective", f"{_DESIGN}.designInfo.timePerspective"),
    ("study_design_info/masking", f"{_DESIGN}.designInfo.maskingInfo.masking"),
    ("study_design_info/masking_description", f"{_DESIGN}.designInfo.maskingInfo.maskingDescription"),
    ("enrollment", f"{_DESIGN}.enrollmentInfo.count"),
    ("biospec_retention", f"{_DESIGN}.bioSpec.retention"),
    ("biospec_descr/textblock", f"{_DESIGN}.bioSpec.description"),
    ("expanded_access_info/expanded_access_type_individual", f"{_DESIGN}.expandedAccessTypes.individual"),
    ("expanded_access_info/expanded_access_type_intermediate", f"{_DESIGN}.expandedAccessTypes.intermediate"),
    ("expanded_access_info/expanded_access_type_treatment", f"{_DESIGN}.expandedAccessTypes.treatment"),
    ("eligibility/criteria/textblock", f"{_ELIGIBILITY}.eligibilityCriteria"),
    ("eligibility/study_pop/textblock", f"{_ELIGIBILITY}.studyPopulation"),
    ("eligibility/sampling_method", f"{_ELIGIBILITY}.samplingMethod"),
    ("eligibility/gender", f"{_ELIGIBILITY}.sex"),
    ("eligibility/gender_based", f"{_ELIGIBILITY}.genderBased"),
    ("eligibility/gender_description", f"{_ELIGIBILITY}.genderDescription"),
    ("eligibility/minimum_age", f"{_ELIGIBILITY}.minimumAge"),
    ("eligibility/maximum_age", f"{_ELIGIBILITY}.maximumAge"),
    ("eligibility/healthy_volunteers", f"{_ELIGIBILITY}.healthyVolunteers"),
    ("patient_data/sharing_ipd", f"{_SHARING}.ipdSharing"),
    ("patient_data/ipd_description", f"{_SHARING}.description"),
    ("patient_data/ipd_time_frame", f"{_SHARING}.timeFrame"),
    ("patient_data/ipd_access_criteria", f"{_SHARING}.accessCriteria"),
    ("patient_data/ipd_url", f"{_SHARING}.url"),
)
"""Elements that stand once, each with the field it becomes. A field that is filled already is not filled again."""

_DATED = (
    ("start_date", f"{_STATUS}.startDateStruct"),
    ("primary_completion_date", f"{_STATUS}.primaryCompletionDateStruct"),
    ("completion_date", f"{_STATUS}.completionDateStruct"),
    ("study_first_posted", f"{_STATUS}.studyFirstPostDateStruct"),
    ("results_first_posted", f"{_STATUS}.resultsFirstPostDateStruct"),
    ("disposition_first_posted", f"{_STATUS}.dispFirstPostDateStruct"),
    ("last_update_posted", f"{_STATUS}.lastUpdatePostDateStruct"),
)

_LISTS = (
    ("id_info/nct_alias", f"{_IDENTITY}.nctIdAliases"),
    ("condition", "protocolSection.conditionsModule.conditions"),
    ("keyword", "protocolSection.conditionsModule.keywords"),
    ("patient_data/ipd_info_type", f"{_SHARING}.infoTypes"),
    ("removed_countries/country", f"{_DERIVED}.removedCountries"),
)

_CONTACT = (("last_name", "name"), ("role", "role"), ("phone", "phone"), ("phone_ext", "phoneExt"), ("email", "email"))
_OUTCOME = (("measure", "measure"), ("time_frame", "timeFrame"), ("description", "description"))
_PAPER = (("citation", "citation"), ("PMID", "pmid"))
_Rows: TypeAlias = tuple[tuple[str, str, tuple[tuple[str, str], ...], dict[str, str]], ...]
_ROWS: _Rows = (
    ("id_info/secondary_id", f"{_IDENTITY}.secondaryIdInfos", ((".", "id"),), {}),
    ("sponsors/collaborator", f"{_SPONSOR}.collaborators", (("agency", "name"), ("agency_class", "class")), {}),
    (
        "arm_group", "protocolSection.armsInterventionsModule.armGroups",
        (("arm_group_label", "label"), ("arm_group_type", "type"), ("description", "description")), {},
    ),
    (
        "intervention", "protocolSection.armsInterventionsModule.interventions",
        (("intervention_type", "type"), ("intervention_name", "name"), ("description", "description"),
         ("arm_group_label", "armGroupLabels"), ("other_name", "otherNames")), {},
    ),
    ("primary_outcome", "protocolSection.outcomesModule.primaryOutcomes", _OUTCOME, {}),
    ("secondary_outcome", "protocolSection.outcomesModule.secondaryOutcomes", _OUTCOME, {}),
    ("other_outcome", "protocolSection.outcomesModule.otherOutcomes", _OUTCOME, {}),
    ("overall_contact", f"{_CONTACTS}.centralContacts", _CONTACT, {"role": "CONTACT"}),
    ("overall_contact_backup", f"{_CONTACTS}.centralContacts", _CONTACT, {"role": "CONTACT"}),
    (
        "overall_official", f"{_CONTACTS}.overallOfficials",
        (("last_name", "name"), ("affiliation", "affiliation"), ("role", "role")), {},
    ),
    (
        "location", f"{_CONTACTS}.locations",
        (("facility/name", "facility"), ("status", "status"), ("facility/address/city", "city"),
         ("facility/address/state", "state"), ("facility/address/zip", "zip"),
         ("facility/address/country", "country")), {},
    ),
    ("reference", "protocolSection.referencesModule.references", _PAPER, {"type": "BACKGROUND"}),
    ("results_reference", "protocolSection.referencesModule.references", _PAPER, {"type": "RESULT"}),
    ("link", "protocolSection.referencesModule.seeAlsoLinks", (("description", "label"), ("url", "url")), {}),
    (
        "study_docs/study_doc", "protocolSection.referencesModule.availIpds",
        (("doc_id", "id"), ("doc_type", "type"), ("doc_url", "url"), ("doc_comment", "comment")), {},
    ),
    (
        "provided_document_section/provided_document", "documentSection.largeDocumentModule.largeDocs",
        (("document_type", "label"), ("document_has_protocol", "hasProtocol"), ("document_has_sap", "hasSap"),
         ("document_has_icf", "hasIcf"), ("document_date", "date")), {},
    ),
    ("condition_browse/mesh_term", "derivedSection.conditionBrowseModule.meshes", ((".", "term"),), {}),
    ("intervention_browse/mesh_term", "derivedSection.interventionBrowseModule.meshes", ((".", "term"),), {}),
)  # fmt: skip
"""Elements that stand in rows: where the rows go, which part of one becomes which field, and what they all say."""


def _held(said: str, path: str) -> Any:
    name, field = home(path)
    return full.converted(unwrapped(said) if "\n" in said else said, name, field)


def _one(study: Element, tree: dict[str, Any]) -> None:
    filled = set[str]()
    for source, path in _SINGLE:
        if path in filled or text(study.find(source)) in ("", "N/A"):  # N/A for an age is none; it stays in the rest
            continue
        convert.put(tree, path, _held(taken(study, source), path))
        filled.add(path)
    for source, path in _DATED:
        convert.put(tree, f"{path}.date", _held(taken(study, source), f"{path}.date"))
        convert.put(tree, f"{path}.type", _held(attribute(study, source, "type"), f"{path}.type"))
    convert.put(tree, f"{_DESIGN}.enrollmentInfo.type",
                _held(attribute(study, "enrollment", "type"), f"{_DESIGN}.enrollmentInfo.type"))  # fmt: skip
    for source, path in _LISTS:
        found = [said for each in list(take(study, source)) if (said := text(each))]
        convert.put(tree, path, [_held(each, path) for each in found])


def _row(element: Element, parts: tuple[tuple[str, str], ...], name: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for source, field in parts:
        if source == ".":
            row[field], element.text = full.converted(text(element), name, field), None
            continue
        many = fields(name)[field].many
        said = [unwrapped(text(each)) if "\n" in text(each) else text(each) for each in element.findall(source)]
        told = [full.converted(each, name, field) for each in said if each]
        for _ in told if many else told[:1]:
            taken(element, source)
        convert.put(row, field, told if many else next(iter(told), None))
    return row


def _rows(study: Element, tree: dict[str, Any]) -> None:
    made: dict[str, list[dict[str, Any]]] = {}
    for source, path, parts, says in _ROWS:
        name = fields(home(path)[0])[home(path)[1]].kind
        for element in list(study.findall(source)):
            row = {**says, **_row(element, parts, name)}
            if source == "location":
                convert.put(row, "contacts", list(_contacts(element)))
            made.setdefault(path, []).append(row)
    for path, rows in made.items():
        convert.put(tree, path, rows)


def _given(tree: dict[str, Any]) -> None:
    """Name in each arm what is given in it, which these files tell only the other way round."""
    part = tree.get("protocolSection", {}).get("armsInterventionsModule", {})
    arms = {arm.get("label"): arm for arm in part.get("armGroups", ())}
    for row in part.get("interventions", ()):
        kind = row.get("type", "").replace("_", " ").title()
        for label in row.get("armGroupLabels", ()):
            if label in arms:
                arms[label].setdefault("interventionNames", []).append(f"{kind}: {row.get('name', '')}")


def _contacts(location: Element) -> Iterator[dict[str, Any]]:
    for source, role in (("contact", "CONTACT"), ("contact_backup", "CONTACT"), ("investigator", "")):
        for element in location.findall(source):
            yield {**({"role": role} if role else {}), **_row(element, _CONTACT, "Contact")}


_ASIDE = re.compile(r"\((?P<who>[^)]*)\)")


def _design(study: Element, tree: dict[str, Any]) -> None:
    """What one element says of several fields: phases, who is masked, whether it is a registry of patients."""
    phase = text(study.find("phase"))
    if phase:
        parts = ["N/A"] if phase == "N/A" else phase.split("/")
        convert.put(tree, f"{_DESIGN}.phases", [convert.value(each, "Phase") for each in parts])
        taken(study, "phase")
    masked = _ASIDE.search(text(study.find("study_design_info/masking")))
    if masked and "open" not in masked["who"].lower():
        path = f"{_DESIGN}.designInfo.maskingInfo.whoMasked"
        convert.put(tree, path, [convert.value(each.strip(), "WhoMasked") for each in masked["who"].split(",")])
    kind = study.find("study_type")
    if kind is not None and "[Patient Registry]" in text(kind):
        kind.text = text(kind).partition("[")[0]
        convert.put(tree, f"{_DESIGN}.patientRegistry", True)


_PAIR = re.compile(r"([A-Z][A-Za-z ]+): *([^:,]+)(?:,|$)")
_OLD = {"Allocation": "allocation", "Intervention Model": "interventionModel", "Primary Purpose": "primaryPurpose",
        "Observational Model": "observationalModel", "Time Perspective": "timePerspective",
        "Masking": "maskingInfo.masking"}  # fmt: skip


def _old_design(study: Element, tree: dict[str, Any]) -> None:
    """The design as older files tell it, in one line; the line itself stays in the rest."""
    for told, said in _PAIR.findall(text(study.find("study_design"))):
        if told.strip() in _OLD:
            path = f"{_DESIGN}.designInfo.{_OLD[told.strip()]}"
            convert.put(tree, path, _held(said.strip(), path))


def to_tree(study: Element) -> Tree:
    """The tree of a study. The element is used up."""
    tree: dict[str, Any] = {}
    _old_design(study, tree)
    _design(study, tree)
    _one(study, tree)
    _rows(study, tree)
    _given(tree)
    tree["hasResults"] = study.find("clinical_results") is not None
    left = rest(study)
    if left is not None:
        tree[OWN] = {"registry": "ClinicalTrials.gov", "form": "classic XML", "fields": left}
    return tree
