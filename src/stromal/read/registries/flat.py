"""ClinicalTrials.gov API v1, study fields -> the shape of API v2.

Takes one record of flat lists (`{"ArmGroupLabel": ["A", "B"], "ArmGroupType": [...]}`); gives its tree. Lists of one
object become its rows where each is as long as the rows are many; a list that is shorter lacks entries nobody can
place, so it is kept as it came under `sourceSection` and named. Part of the first step of the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from stromal.read.registries import convert, full
from stromal.read.registries.fields import OBJECTS
from stromal.read.registries.schema import OWN, fields
from stromal.read.study import Tree

_SINGLE = (
    ("", "protocolSection.identificationModule", "IdentificationModule"),
    ("OrgStudyId", "protocolSection.identificationModule.orgStudyIdInfo", "OrgStudyIdInfo"),
    ("Org", "protocolSection.identificationModule.organization", "Organization"),
    ("", "protocolSection.statusModule", "StatusModule"),
    ("", "protocolSection.statusModule.expandedAccessInfo", "ExpandedAccessInfo"),
    ("ExpandedAccess", "protocolSection.statusModule.expandedAccessInfo", "ExpandedAccessInfo"),
    ("ResponsibleParty", "protocolSection.sponsorCollaboratorsModule.responsibleParty", "ResponsibleParty"),
    ("LeadSponsor", "protocolSection.sponsorCollaboratorsModule.leadSponsor", "Sponsor"),
    ("", "protocolSection.oversightModule", "OversightModule"),
    ("", "protocolSection.descriptionModule", "DescriptionModule"),
    ("", "protocolSection.conditionsModule", "ConditionsModule"),
    ("", "protocolSection.designModule", "DesignModule"),
    ("ExpAccType", "protocolSection.designModule.expandedAccessTypes", "ExpandedAccessTypes"),
    ("Design", "protocolSection.designModule.designInfo", "DesignInfo"),
    ("Design", "protocolSection.designModule.designInfo.maskingInfo", "MaskingBlock"),
    ("BioSpec", "protocolSection.designModule.bioSpec", "BioSpec"),
    ("Enrollment", "protocolSection.designModule.enrollmentInfo", "EnrollmentInfo"),
    ("", "protocolSection.eligibilityModule", "EligibilityModule"),
    ("", "protocolSection.ipdSharingStatementModule", "IpdSharingStatementModule"),
    ("IPDSharing", "protocolSection.ipdSharingStatementModule", "IpdSharingStatementModule"),
    ("Flow", "resultsSection.participantFlowModule", "ParticipantFlowModule"),
    ("Baseline", "resultsSection.baselineCharacteristicsModule", "BaselineCharacteristicsModule"),
    ("Events", "resultsSection.adverseEventsModule", "AdverseEventsModule"),
    ("LimitationsAndCaveats", "resultsSection.moreInfoModule.limitationsAndCaveats", "LimitationsAndCaveats"),
    ("Agreement", "resultsSection.moreInfoModule.certainAgreement", "CertainAgreement"),
    ("PointOfContact", "resultsSection.moreInfoModule.pointOfContact", "PointOfContact"),
    ("", "annotationSection.annotationModule.unpostedAnnotation", "UnpostedAnnotation"),
    ("", "derivedSection.miscInfoModule", "MiscInfoModule"),
    ("", "derivedSection.miscInfoModule.submissionTracking", "SubmissionTracking"),
)
"""Objects that a record holds once: what stands before their names, where they are, what they are."""

_ROWS = (
    ("SecondaryId", "protocolSection.identificationModule.secondaryIdInfos", "SecondaryIdInfo"),
    ("Collaborator", "protocolSection.sponsorCollaboratorsModule.collaborators", "Sponsor"),
    ("ArmGroup", "protocolSection.armsInterventionsModule.armGroups", "ArmGroup"),
    ("Intervention", "protocolSection.armsInterventionsModule.interventions", "Intervention"),
    ("PrimaryOutcome", "protocolSection.outcomesModule.primaryOutcomes", "Outcome"),
    ("SecondaryOutcome", "protocolSection.outcomesModule.secondaryOutcomes", "Outcome"),
    ("OtherOutcome", "protocolSection.outcomesModule.otherOutcomes", "Outcome"),
    ("CentralContact", "protocolSection.contactsLocationsModule.centralContacts", "Contact"),
    ("OverallOfficial", "protocolSection.contactsLocationsModule.overallOfficials", "Official"),
    ("Location", "protocolSection.contactsLocationsModule.locations", "Location"),
    ("Reference", "protocolSection.referencesModule.references", "Reference"),
    ("SeeAlsoLink", "protocolSection.referencesModule.seeAlsoLinks", "SeeAlsoLink"),
    ("AvailIPD", "protocolSection.referencesModule.availIpds", "AvailIpd"),
    ("FlowGroup", "resultsSection.participantFlowModule.groups", "FlowGroup"),
    ("BaselineGroup", "resultsSection.baselineCharacteristicsModule.groups", "MeasureGroup"),
    ("OutcomeMeasure", "resultsSection.outcomeMeasuresModule.outcomeMeasures", "OutcomeMeasure"),
    ("EventGroup", "resultsSection.adverseEventsModule.eventGroups", "EventGroup"),
    ("UnpostedEvent", "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents", "UnpostedEvent"),
    ("LargeDoc", "documentSection.largeDocumentModule.largeDocs", "LargeDoc"),
    ("Submission", "derivedSection.miscInfoModule.submissionTracking.submissionInfos", "SubmissionInfo"),
    ("ConditionMesh", "derivedSection.conditionBrowseModule.meshes", "Mesh"),
    ("ConditionAncestor", "derivedSection.conditionBrowseModule.ancestors", "Mesh"),
    ("ConditionBrowseLeaf", "derivedSection.conditionBrowseModule.browseLeaves", "BrowseLeaf"),
    ("ConditionBrowseBranch", "derivedSection.conditionBrowseModule.browseBranches", "BrowseBranch"),
    ("InterventionMesh", "derivedSection.interventionBrowseModule.meshes", "Mesh"),
    ("InterventionAncestor", "derivedSection.interventionBrowseModule.ancestors", "Mesh"),
    ("InterventionBrowseLeaf", "derivedSection.interventionBrowseModule.browseLeaves", "BrowseLeaf"),
    ("InterventionBrowseBranch", "derivedSection.interventionBrowseModule.browseBranches", "BrowseBranch"),
)
"""Objects that a record holds in rows: what stands before their names, where the rows are, what they are."""

_NAMED = ("label", "name", "measure", "id", "term", "citation", "title", "url", "abbrev", "filename", "country", "type")
"""What every row of its object has; the first of these that an object knows tells how many rows there are."""

_SPECIAL = {("EligibilityModule", "sex"): "gender"}
_OPTIONAL = ("SubmissionInfo",)
"""Objects whose every field may be left out: only a lone row can be told."""


class Home(NamedTuple):
    """Where a flat name belongs: an object's place and kind, the field, and whether the object is one of many rows."""

    path: str
    name: str
    field: str
    rows: bool


def _spelt(prefix: str, name: str, field: str) -> str:
    """A field as the flat names spell it, in small letters."""
    if (name, field) in _SPECIAL:
        return _SPECIAL[name, field]
    spelt = full.singular(field.lower()) if fields(name)[field].many else field.lower()
    low = prefix.lower()
    return low if field == "id" and low.endswith("id") else low + spelt


@cache
def homes() -> Mapping[str, Home]:
    """The home of every flat name, spelt in small letters."""
    made: dict[str, Home] = {}
    for table, rows in ((_SINGLE, False), (_ROWS, True)):
        for prefix, path, name in table:
            for field, (kind, _) in fields(name).items():
                spelt = _spelt(prefix, name, field)
                if kind.endswith("DateStruct"):
                    stem = spelt.removesuffix("struct")
                    made[stem] = Home(f"{path}.{field}", kind, "date", rows=False)
                    made[f"{stem}type"] = Home(f"{path}.{field}", kind, "type", rows=False)
                elif kind not in OBJECTS:
                    made.setdefault(spelt, Home(path, name, field, rows))
    return made


def shows(held: Any) -> bool:
    """Whether this is one record of flat lists."""
    if not isinstance(held, Mapping) or not isinstance(held.get("NCTId"), list):
        return False
    return all(isinstance(each, list) for name, each in held.items() if name not in ("Rank", "LevelsFound"))


def _single(tree: dict[str, Any], home: Home, held: Sequence[Any]) -> bool:
    """Put a field that stands once; False where the list does not fit."""
    many = fields(home.name)[home.field].many
    if (not many and len(held) > 1) or not all(isinstance(each, str) for each in held):
        return False
    made = [full.converted(each, home.name, home.field) for each in held]
    convert.put(tree, f"{home.path}.{home.field}", made if many else made[0])
    return True


def _count(name: str, lists: Mapping[str, Sequence[Any]]) -> int:
    """How many rows lists of one object make; 0 where nothing tells."""
    lengths = {field: len(held) for field, held in lists.items() if not fields(name)[field].many}
    longest = max(lengths.values(), default=0)
    if name in _OPTIONAL:
        return longest if longest == 1 else 0
    if name == "Location":  # a row may lack any of its fields, so only the longest list may be whole
        return longest
    return next((lengths[field] for field in _NAMED if field in lengths and field in fields(name)), 0)


def _rows(name: str, lists: Mapping[str, Sequence[Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows that lists of one object make, and the fields whose lists do not fit them."""
    count, unplaced = _count(name, lists), list[str]()
    made: list[dict[str, Any]] = [{} for _ in range(count)]
    for field, held in lists.items():
        fits = all(isinstance(each, str) for each in held)
        if fits and fields(name)[field].many and count == 1:
            made[0][field] = [full.converted(each, name, field) for each in held]
        elif fits and not fields(name)[field].many and len(held) == count:
            for row, each in zip(made, held, strict=True):
                convert.put(row, field, full.converted(each, name, field))
        else:
            unplaced.append(field)
    return made, unplaced


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The tree of a record of flat lists."""
    tree, left = dict[str, Any](), dict[str, Any]()
    gathered: dict[Home, dict[str, tuple[str, Sequence[Any]]]] = {}
    for key, value in held.items():
        home = homes().get(key.lower())
        if value == [] or key == "Rank":  # where it stood in the answer to a search is no part of a record
            continue
        if home is not None and home.rows:
            gathered.setdefault(home._replace(field=""), {})[home.field] = (key, value)
        elif home is None or not _single(tree, home, value):
            left[key] = value
    unaligned = list[str]()
    for home, lists in gathered.items():
        rows, unplaced = _rows(home.name, {field: value for field, (_, value) in lists.items()})
        convert.put(tree, home.path, rows)
        left |= {lists[field][0]: lists[field][1] for field in unplaced}
        unaligned += [lists[field][0] for field in unplaced]
    tree["hasResults"] = "resultsSection" in tree
    if left:
        tree[OWN] = {"registry": "ClinicalTrials.gov", "form": "study fields of API v1", "fields": left}
        convert.put(tree, f"{OWN}.unaligned", sorted(unaligned))
    return tree
