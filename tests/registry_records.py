"""One small trial as each registry would write it, for tests of the readers; and where real records lie, if they do."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stromal.read.record import Record

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "registry"

V2: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "Marrow cells for knees"},
        "statusModule": {
            "overallStatus": "RECRUITING",
            "startDateStruct": {"date": "2024-05", "type": "ESTIMATED"},
            "lastUpdatePostDateStruct": {"date": "2024-06-04", "type": "ACTUAL"},
        },
        "designModule": {
            "studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 12},
        },
        "armsInterventionsModule": {
            "armGroups": [{"label": "Cells", "type": "EXPERIMENTAL", "description": "One dose of 1 million cells/kg."}],
            "interventions": [{"type": "BIOLOGICAL", "name": "Marrow cells", "otherNames": ["MSC"]}],
        },
        "outcomesModule": {"primaryOutcomes": [{"measure": "Pain", "timeFrame": "6 months"}]},
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* Aged 18 to 75 years\n\nExclusion Criteria:\n\n* Infection",
            "minimumAge": "18 Years", "maximumAge": "75 Years", "sex": "ALL", "healthyVolunteers": False,
        },
        "contactsLocationsModule": {"locations": [{"facility": "A clinic", "city": "Graz", "country": "Austria"}]},
    },
    "hasResults": False,
}  # fmt: skip

FULL: dict[str, Any] = {
    "Rank": 1,
    "Study": {
        "ProtocolSection": {
            "IdentificationModule": {"NCTId": "NCT00000001", "BriefTitle": "Marrow cells for knees"},
            "StatusModule": {
                "OverallStatus": "Recruiting",
                "StartDateStruct": {"StartDate": "May 2024", "StartDateType": "Anticipated"},
                "LastUpdatePostDateStruct": {"LastUpdatePostDate": "June 4, 2024", "LastUpdatePostDateType": "Actual"},
            },
            "DesignModule": {
                "StudyType": "Interventional", "PhaseList": {"Phase": ["Phase 1", "Phase 2"]},
                "EnrollmentInfo": {"EnrollmentCount": "12"},
            },
            "ArmsInterventionsModule": {
                "ArmGroupList": {"ArmGroup": [{
                    "ArmGroupLabel": "Cells", "ArmGroupType": "Experimental",
                    "ArmGroupDescription": "One dose of 1 million cells/kg.",
                }]},
                "InterventionList": {"Intervention": [{
                    "InterventionType": "Biological", "InterventionName": "Marrow cells",
                    "InterventionOtherNameList": {"InterventionOtherName": ["MSC"]},
                }]},
            },
            "OutcomesModule": {"PrimaryOutcomeList": {"PrimaryOutcome": [
                {"PrimaryOutcomeMeasure": "Pain", "PrimaryOutcomeTimeFrame": "6 months"}]}},
            "EligibilityModule": {
                "EligibilityCriteria": V2["protocolSection"]["eligibilityModule"]["eligibilityCriteria"],
                "MinimumAge": "18 Years", "MaximumAge": "75 Years", "Gender": "All", "HealthyVolunteers": "No",
            },
            "ContactsLocationsModule": {"LocationList": {"Location": [
                {"LocationFacility": "A clinic", "LocationCity": "Graz", "LocationCountry": "Austria"}]}},
        },
    },
}  # fmt: skip

FIELDS: dict[str, Any] = {
    "Rank": 1, "NCTId": ["NCT00000001"], "BriefTitle": ["Marrow cells for knees"], "OverallStatus": ["Recruiting"],
    "StartDate": ["May 2024"], "StartDateType": ["Anticipated"], "LastUpdatePostDate": ["June 4, 2024"],
    "LastUpdatePostDateType": ["Actual"], "StudyType": ["Interventional"], "Phase": ["Phase 1", "Phase 2"],
    "EnrollmentCount": ["12"], "ArmGroupLabel": ["Cells"], "ArmGroupType": ["Experimental"],
    "ArmGroupDescription": ["One dose of 1 million cells/kg."], "InterventionType": ["Biological"],
    "InterventionName": ["Marrow cells"], "InterventionOtherName": ["MSC"], "PrimaryOutcomeMeasure": ["Pain"],
    "PrimaryOutcomeTimeFrame": ["6 months"], "MinimumAge": ["18 Years"], "MaximumAge": ["75 Years"], "Gender": ["All"],
    "EligibilityCriteria": [V2["protocolSection"]["eligibilityModule"]["eligibilityCriteria"]],
    "HealthyVolunteers": ["No"], "LocationFacility": ["A clinic"], "LocationCity": ["Graz"],
    "LocationCountry": ["Austria"], "Acronym": [],
}  # fmt: skip

XML = """<?xml version="1.0" encoding="UTF-8"?>
<clinical_study rank="1">
  <id_info><nct_id>NCT00000001</nct_id></id_info>
  <brief_title>Marrow cells for knees</brief_title>
  <overall_status>Recruiting</overall_status>
  <start_date type="Anticipated">May 2024</start_date>
  <phase>Phase 1/Phase 2</phase>
  <study_type>Interventional</study_type>
  <study_design_info><masking>Double (Participant, Outcomes Assessor)</masking></study_design_info>
  <enrollment>12</enrollment>
  <arm_group><arm_group_label>Cells</arm_group_label><arm_group_type>Experimental</arm_group_type>
    <description>One dose of 1 million cells/kg.</description></arm_group>
  <intervention><intervention_type>Biological</intervention_type><intervention_name>Marrow cells</intervention_name>
    <other_name>MSC</other_name></intervention>
  <primary_outcome><measure>Pain</measure><time_frame>6 months</time_frame></primary_outcome>
  <eligibility><criteria><textblock>
        Inclusion Criteria:

          -  Aged 18 to 75
             years

        Exclusion Criteria:

          -  Infection
  </textblock></criteria><gender>All</gender><minimum_age>18 Years</minimum_age><maximum_age>75 Years</maximum_age>
    <healthy_volunteers>No</healthy_volunteers></eligibility>
  <location><facility><name>A clinic</name><address><city>Graz</city><country>Austria</country></address></facility>
    <contact><last_name>The clinic</last_name></contact>
    <investigator><last_name>A doctor</last_name><role>Principal Investigator</role></investigator></location>
  <reference><citation>A paper.</citation><PMID>1</PMID></reference>
  <last_update_posted type="Actual">June 4, 2024</last_update_posted>
  <number_of_arms>1</number_of_arms>
</clinical_study>
"""

ICTRP = """<?xml version="1.0" encoding="UTF-8"?>
<Trials_downloaded_from_ICTRP>
<Trial><TrialID>NCT00000001</TrialID><Source_Register>ClinicalTrials.gov</Source_Register>
  <Public_title>Marrow cells for knees</Public_title><Scientific_title>Cells and knees</Scientific_title>
  <Recruitment_Status>Recruiting</Recruitment_Status><Date_registration>04/06/2024</Date_registration>
  <Target_size>12</Target_size><Study_type>Interventional study</Study_type><Phase>Phase I/II</Phase>
  <Countries>Austria;Italy</Countries><Inclusion_agemin>18 Years</Inclusion_agemin>
  <Inclusion_agemax>No limit</Inclusion_agemax><Inclusion_gender>Both</Inclusion_gender>
  <Inclusion_Criteria>Inclusion criteria: Aged 18 or more&lt;br&gt;Pain</Inclusion_Criteria>
  <Exclusion_Criteria>Infection</Exclusion_Criteria><Condition>Knee pain;Arthrosis</Condition>
  <Intervention>Biological: Marrow cells
1 million cells/kg;Rest</Intervention><Primary_outcome>Pain</Primary_outcome><Secondary_outcome/>
  <Contact_Lastname>Clinic</Contact_Lastname><Contact_Tel>1</Contact_Tel><Secondary_ID>NCT00000002;X1</Secondary_ID>
  <web_address>https://example.org/1</web_address><Retrospective_flag>No</Retrospective_flag></Trial>
<Trial><TrialID>DRKS00000001</TrialID><Source_Register>DRKS</Source_Register><Public_title>Another</Public_title>
  <Study_type>Something else</Study_type><Phase>N/A</Phase></Trial>
</Trials_downloaded_from_ICTRP>
"""

ISRCTN: dict[str, Any] = {
    "isrctn": "00000001",
    "trialDescription": {
        "title": "Marrow cells for knees", "scientificTitle": "Cells and knees", "studyHypothesis": "Cells help.",
        "plainEnglishSummary": "Not provided at time of registration", "primaryOutcome": "Pain at 6 months",
        "secondaryOutcome": "",
    },
    "externalRefs": {
        "eudraCTNumber": "2020-000001-10", "clinicalTrialsGovNumber": "NCT00000001", "protocolSerialNumber": "P-1",
        "secondaryNumbers": {"secondaryNumber": ["2020-000001-10", "P-1", "P-2"]},
    },
    "trialDesign": {"primaryStudyDesign": "Interventional", "overallStatusOverride": "Stopped",
                    "trialTypes": {"trialType": "Treatment"}, "overallEndDate": "2024-06-04T00:00:00.000Z"},
    "participants": {
        "trialCentres": {"trialCentre": {"name": "A clinic", "city": "Graz", "country": "Austria", "zip": "-"}},
        "participantTypes": {"participantType": "Patient"}, "inclusion": "1. Aged 18 or more", "ageRange": "Adult",
        "gender": "All", "targetEnrolment": "12", "totalFinalEnrolment": "9", "exclusion": "Infection",
        "recruitmentStart": "2024-05-01T00:00:00.000Z",
    },
    "conditions": {"condition": {"description": "Knee pain"}},
    "interventions": {"intervention": {"description": "1 million cells/kg", "interventionType": "Drug",
                                       "phase": "Phase III", "drugNames": "Marrow cells"}},
    "results": {"publicationDetails": "2024 results in https://pubmed.ncbi.nlm.nih.gov/123/"},
    "ctrname": "ISRCTN", "record_last_import": "2026-03-08 17:34:31",
}  # fmt: skip

EUCTR: dict[str, Any] = {
    "a2_eudract_number": "2020-000001-10", "a1_member_state_concerned": "Austria - BASG",
    "a3_full_title_of_the_trial": "Cells and knees", "a41_sponsors_protocol_code_number": "P-1",
    "a52_us_nct_clinicaltrialsgov_registry_number": "NCT00000001", "x5_trial_status": "Prematurely Ended",
    "b1_sponsor": [{"b11_name_of_sponsor": "A hospital", "b4_sources_of_monetary_or_material_support": [
        {"b41_name_of_organisation_providing_support": "A fund"}]}],
    "dimp": [{"d31_product_name": "Marrow cells", "d3113_advanced_therapy_imp_atimp": "Yes",
              "d37_routes_of_administration_for_this_imp": "Intraarticular use"}, {"d12_and_d13_imp_role": "Test"}],
    "e11_medical_conditions_being_investigated": "Knee pain", "e3_principal_inclusion_criteria": "Aged 18 or more",
    "e4_principal_exclusion_criteria": "", "e51_primary_end_points": "Pain", "e63_therapy": "Yes",
    "e511_timepoints_of_evaluation_of_this_end_point": "6 months", "e72_therapeutic_exploratory_phase_ii": "Yes",
    "e811_randomised": "Yes", "e814_double_blind": "Yes", "e815_parallel_group": "Yes", "e816_cross_over": "Yes",
    "f12_adults_1864_years": "Yes", "f21_female": "Yes", "f22_male": "No", "f31_healthy_volunteers": "No",
    "f41_in_the_member_state": "12", "a3_full_title_of_the_trial_fr": "Cellules",
}  # fmt: skip

CTIS: dict[str, Any] = {
    "ctNumber": "2024-500001-10-00", "ctStatus": "Authorised, not started", "title": "Cells and knees",
    "trialPhase": "Human pharmacology (Phase I): no Therapeutic exploratory (Phase II): yes", "gender": "Male, Female",
    "ageGroup": "65+ years, 18-64 years", "trialCountries": "AT:Pending, IT:Pending", "totalNumberEnrolled": "12",
    "primarySponsor": {"organisation": {"name": "A hospital"}}, "submissionDate": "2024-06-04",
    "applications": [{"partI": {
        "products": [{"productName": "Marrow cells", "anAdvancedTherapyMedicinalProduct": True,
                      "pharmaceuticalFormDisplay": "N/A"}, {"productName": "Marrow cells"}],
        "trialDetails": {"trialInformation": {
            "medicalCondition": {"partIMedicalConditions": [{"medicalCondition": "Knee pain"}]},
            "trialObjective": {"mainObjective": "To see", "secondaryObjectives": [{"secondaryObjective": "To know"}]},
            "eligibilityCriteria": {
                "principalInclusionCriteria": [{"principalInclusionCriteria": "Aged 18 or more"}],
                "principalExclusionCriteria": [{"principalExclusionCriteria": "Infection"}]},
            "endPoint": {"primaryEndPoints": [{"endPoint": "Pain"}]}}}}}],
}  # fmt: skip


def content(record: dict[str, Any] | str) -> bytes:
    """A record as bytes."""
    return record.encode() if isinstance(record, str) else json.dumps(record).encode()


EVERY: dict[str, dict[str, Any] | str] = {"ctgov": V2, "ctgov-full": FULL, "ctgov-fields": FIELDS, "ctgov-xml": XML,
                                          "isrctn": ISRCTN, "euctr": EUCTR, "ctis": CTIS}  # fmt: skip
"""Each format that holds one record, by name."""


def real(name: str, step: int = 1) -> Iterator[bytes]:
    """Every so-manieth real record of a file, as bytes; the test is skipped where the file is not."""
    file = DATA / name
    if not file.exists():
        pytest.skip("the registry's records are not beside the repository")
    with gzip.open(file) as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield line.rstrip(b"\n")


def called(record: Record) -> str:
    """What to make of a record, in a worker too: its number and its title."""
    return f"{record.registry_id} {record.title}"


def died(_: Record) -> None:
    """A worker that ends without a word."""
    os._exit(1)
