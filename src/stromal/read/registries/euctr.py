"""EU Clinical Trials Register (EudraCT) records as JSON -> the shape of API v2.

Takes one record, named by the sections of the European application form (`e3_principal_inclusion_criteria`); gives its
tree, with the whole record under `sourceSection`. Part of the first step of the walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stromal.read.registries import convert
from stromal.read.registries.foreign import Table, criteria, first, framed, known_as, outcomes, told
from stromal.read.study import Tree

_LAY = "a31_title_of_the_trial_for_lay_people_in_easily_understood_ie_nontechnical_language"
_PLAIN: Table = (
    ("a41_sponsors_protocol_code_number", "protocolSection.identificationModule.orgStudyIdInfo.id"),
    ("a3_full_title_of_the_trial", "protocolSection.identificationModule.officialTitle"),
    ("a32_name_or_abbreviated_title_of_the_trial_where_available", "protocolSection.identificationModule.acronym"),
    (
        "x6_date_on_which_this_record_was_first_entered_in_the_eudract_database",
        "protocolSection.statusModule.studyFirstPostDateStruct.date",
    ),
    ("p_date_of_the_global_end_of_the_trial", "protocolSection.statusModule.completionDateStruct.date"),
    ("e87_trial_has_a_data_monitoring_committee", "protocolSection.oversightModule.oversightHasDmc"),
    ("e21_main_objective_of_the_trial", "protocolSection.descriptionModule.briefSummary"),
    ("e22_secondary_objectives_of_the_trial", "protocolSection.descriptionModule.detailedDescription"),
    ("e11_medical_conditions_being_investigated", "protocolSection.conditionsModule.conditions"),
)
_STATUS = {"prematurely ended": "TERMINATED", "completed": "COMPLETED", "suspended by ca": "SUSPENDED",
           "temporarily halted": "SUSPENDED"}  # fmt: skip
_PHASES = (
    ("e71_human_pharmacology_phase_i", "PHASE1"), ("e72_therapeutic_exploratory_phase_ii", "PHASE2"),
    ("e73_therapeutic_confirmatory_phase_iii", "PHASE3"), ("e74_therapeutic_use_phase_iv", "PHASE4"),
)  # fmt: skip
_MASKING = (("e812_open", "NONE"), ("e813_single_blind", "SINGLE"), ("e814_double_blind", "DOUBLE"))
_MODELS = (("e815_parallel_group", "PARALLEL"), ("e816_cross_over", "CROSSOVER"))
_PURPOSES = (("e61_diagnosis", "DIAGNOSTIC"), ("e62_prophylaxis", "PREVENTION"), ("e63_therapy", "TREATMENT"))
_SUBSTANCE = "d38_imp_identification_details"
_SUPPORT = "b1_sponsor.b4_sources_of_monetary_or_material_support"
_ENDS = (("primary", "e51_primary_end_points", "e511"), ("secondary", "e52_secondary_end_points", "e521"))
_AGES = (("f11_trial_has_subjects_under_18", "CHILD"), ("f12_adults_1864_years", "ADULT"),
         ("f13_elderly_65_years", "OLDER_ADULT"))  # fmt: skip


def shows(held: Any) -> bool:
    """Whether this is a record of the EU Clinical Trials Register."""
    return isinstance(held, Mapping) and "a2_eudract_number" in held


def _yes(held: Mapping[str, Any], table: tuple[tuple[str, str], ...]) -> list[str]:
    return [value for name, value in table if first(held, name) == "Yes"]


def to_tree(held: Mapping[str, Any]) -> Tree:
    """The tree of a record."""
    number = first(held, "a2_eudract_number")
    tree = framed(held, "EUCTR", f"EUCTR{number}", _PLAIN)
    lay = first(held, _LAY, "a3_full_title_of_the_trial")
    convert.put(tree, "protocolSection.identificationModule.briefTitle", lay)
    known_as(tree, _numbers(held))
    _design(tree, held)
    _given(tree, held)
    _people(tree, held)
    return tree


def _numbers(held: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (first(held, "a2_eudract_number"), "EUDRACT_NUMBER", ""),
        (first(held, "a51_isrctn_international_standard_randomised_controlled_trial_number"), "REGISTRY", "ISRCTN"),
        (first(held, "a52_us_nct_clinicaltrialsgov_registry_number"), "REGISTRY", "ClinicalTrials.gov"),
        (first(held, "a53_who_universal_trial_reference_number_utrn"), "REGISTRY", "WHO UTN"),
    ]


def _design(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    status = first(held, "x5_trial_status")
    convert.put(tree, "protocolSection.statusModule.overallStatus", _STATUS.get(status.lower(), status))
    design = "protocolSection.designModule"
    convert.put(tree, f"{design}.studyType", "INTERVENTIONAL")  # the register holds trials of medicines alone
    convert.put(tree, f"{design}.phases", _yes(held, _PHASES))
    for table, field in ((_MASKING, "maskingInfo.masking"), (_MODELS, "interventionModel"),
                         (_PURPOSES, "primaryPurpose")):  # fmt: skip
        found = _yes(held, table)
        convert.put(tree, f"{design}.designInfo.{field}", found[0] if len(found) == 1 else None)
    if first(held, "e811_randomised"):
        said = "RANDOMIZED" if first(held, "e811_randomised") == "Yes" else "NON_RANDOMIZED"
        convert.put(tree, f"{design}.designInfo.allocation", said)
    planned = first(held, "f422_in_the_whole_clinical_trial", "f41_in_the_member_state")
    if planned:
        enrolled = {"count": convert.to_kind(planned, "int"), "type": "ESTIMATED"}
        convert.put(tree, f"{design}.enrollmentInfo", enrolled)
    for name, ends, frames in _ENDS:
        when = first(held, f"{frames}_timepoints_of_evaluation_of_this_end_point")
        rows = outcomes(told(held, ends), when)
        convert.put(tree, f"protocolSection.outcomesModule.{name}Outcomes", rows)


def _products(held: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The products with role, form and route, in sentences of their own fields."""
    listed = held.get("dimp")
    for each in listed if isinstance(listed, list) else []:
        name = first(each, "d31_product_name", "d2111_trade_name", f"{_SUBSTANCE}.d38_inn__proposed_inn")
        told_of = (
            ("role", "d12_and_d13_imp_role"), ("form", "d34_pharmaceutical_form"),
            ("route", "d37_routes_of_administration_for_this_imp"),
            ("concentration", f"{_SUBSTANCE}.d3103_concentration_number"),
            ("unit", f"{_SUBSTANCE}.d3101_concentration_unit"),
        )  # fmt: skip
        said = [f"{label}: {', '.join(texts)}" for label, path in told_of if (texts := list(told(each, path)))]
        kind = "BIOLOGICAL" if first(each, "d3113_advanced_therapy_imp_atimp") == "Yes" else "DRUG"
        row = {"type": kind, "name": name, "description": "; ".join(said)}
        yield {field: text for field, text in row.items() if text}


def _given(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    rows = [row for row in _products(held) if "name" in row]
    convert.put(tree, "protocolSection.armsInterventionsModule.interventions", rows)
    names = list(dict.fromkeys(told(held, "b1_sponsor.b11_name_of_sponsor")))
    if names:
        convert.put(tree, "protocolSection.sponsorCollaboratorsModule.leadSponsor", {"name": names[0]})
    helped = told(held, f"{_SUPPORT}.b41_name_of_organisation_providing_support")
    others = dict.fromkeys([*names[1:], *helped])
    rows = [{"name": name} for name in others if name not in names[:1]]
    convert.put(tree, "protocolSection.sponsorCollaboratorsModule.collaborators", rows)


def _people(tree: dict[str, Any], held: Mapping[str, Any]) -> None:
    said = criteria(first(held, "e3_principal_inclusion_criteria"), first(held, "e4_principal_exclusion_criteria"))
    people = "protocolSection.eligibilityModule"
    convert.put(tree, f"{people}.eligibilityCriteria", said)
    sexes = _yes(held, (("f21_female", "FEMALE"), ("f22_male", "MALE")))
    convert.put(tree, f"{people}.sex", "ALL" if len(sexes) > 1 else next(iter(sexes), None))
    convert.put(tree, f"{people}.stdAges", _yes(held, _AGES))
    healthy = first(held, "f31_healthy_volunteers")
    convert.put(tree, f"{people}.healthyVolunteers", convert.truth(healthy) if healthy else None)
    country = first(held, "a1_member_state_concerned").partition(" - ")[0]
    convert.put(tree, "protocolSection.contactsLocationsModule.locations", [{"country": country}] if country else [])
