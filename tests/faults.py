"""Faults for the check of a record: a sound record in the registry's shape, and ways to break one rule at a time.

Each fault takes a tree and changes it so that exactly one rule should speak; it gives False where the record has no
room for that fault.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]


def sound(number: int = 0) -> Tree:
    """A small record without any fault; `number` makes another one of it."""
    oldest, follow = 60 + number % 15, (6, 12, 24)[number % 3]
    arms = ["Cells", "Placebo"] if number % 2 else ["Low dose", "High dose"]
    kinds = ["EXPERIMENTAL", "PLACEBO_COMPARATOR" if number % 2 else "EXPERIMENTAL"]
    given = ["Marrow cells", "Saline placebo"] if number % 2 else ["Marrow cells", "Marrow cells, more"]
    count = 20 + 2 * (number % 20)
    return {
        "protocolSection": {
            "identificationModule": {
                "nctId": f"NCT{90000000 + number:08d}",
                "briefTitle": f"Marrow Cells for Stiff Backs {number}",
                "officialTitle": "A Randomized, Double-Blind Phase 2 Trial of Marrow Cells in Adults With Stiff Backs",
            },
            "statusModule": {
                "statusVerifiedDate": "2021-05",
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": "2021-03-10", "type": "ACTUAL"},
                "primaryCompletionDateStruct": {"date": "2024-03", "type": "ESTIMATED"},
                "completionDateStruct": {"date": "2024-09", "type": "ESTIMATED"},
                "studyFirstSubmitDate": "2021-02-20",
                "lastUpdateSubmitDate": "2021-05-20",
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A hospital", "class": "OTHER"}},
            "descriptionModule": {
                "briefSummary": "This trial asks whether marrow MSCs ease stiff backs. "
                "Each person gets 1x10^6 cells/kg of marrow MSCs.",
                "detailedDescription": f"A total of {count} patients will be enrolled. "
                f"They are randomized into two groups.\nPatients are followed for {follow} months.",
            },
            "conditionsModule": {"conditions": ["Back Pain"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE2"],
                "designInfo": {
                    "allocation": "RANDOMIZED", "interventionModel": "PARALLEL", "primaryPurpose": "TREATMENT",
                    "maskingInfo": {"masking": "DOUBLE", "whoMasked": ["PARTICIPANT", "INVESTIGATOR"]},
                },
                "enrollmentInfo": {"count": count, "type": "ESTIMATED"},
            },
            "armsInterventionsModule": {
                "armGroups": [
                    {
                        "label": label, "type": kind, "interventionNames": [f"Biological: {name}"],
                        "description": "One infusion of 1x10^6 MSCs/kg." if kind == "EXPERIMENTAL" else "One infusion.",
                    }
                    for label, kind, name in zip(arms, kinds, given, strict=True)
                ],
                "interventions": [
                    {"type": "BIOLOGICAL", "name": name, "armGroupLabels": [label]}
                    for label, name in zip(arms, given, strict=True)
                ],
            },
            "outcomesModule": {
                "primaryOutcomes": [{"measure": "Pain on a VAS", "timeFrame": f"{follow} months"}],
                "secondaryOutcomes": [{"measure": "Adverse events", "timeFrame": "1 month"}],
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion Criteria:\n\n"
                f"1. Male or female, aged 18 to {oldest} years\n2. Back pain for more than 6 months\n"
                "3. Hemoglobin of at least 9 g/dL\n4. Able to walk\n\nExclusion Criteria:\n\n"
                "1. Pregnancy\n2. Cancer in the last 5 years\n3. Infection",
                "healthyVolunteers": False, "sex": "ALL", "minimumAge": "18 Years", "maximumAge": f"{oldest} Years",
            },
        },
        "hasResults": False,
    }  # fmt: skip


def _part(tree: Tree, name: str) -> Tree:
    part: Tree = tree["protocolSection"].setdefault(name, {})
    return part


def _design(tree: Tree) -> Tree:
    info: Tree = _part(tree, "designModule").setdefault("designInfo", {})
    return info


def _interventional(tree: Tree) -> bool:
    return bool(_part(tree, "designModule").get("studyType") == "INTERVENTIONAL")


def _day(tree: Tree, name: str) -> str:
    return str((_part(tree, "statusModule").get(name) or {}).get("date", ""))


def _year(tree: Tree, name: str) -> int:
    return int(_day(tree, name)[:4] or 0)


_HEAD = {side: re.compile(rf"(?im)^{side} criteria:?[ \t]*\n") for side in ("inclusion", "exclusion")}


def _criterion(tree: Tree, side: str, line: str) -> bool:
    """Put a criterion at the top of one of the two lists; False where the text has no such list, or has it twice."""
    part = _part(tree, "eligibilityModule")
    text = str(part.get("eligibilityCriteria", ""))
    if len(_HEAD[side].findall(text)) != 1 or len(re.findall(r"(?im)^.*\bcriteria:?\s*$", text)) > 2:
        return False
    part["eligibilityCriteria"] = _HEAD[side].sub(lambda found: f"{found[0]}\n{line}\n", text, count=1)
    return True


def _without(tree: Tree, words: str) -> None:
    """Take the lines of the criteria away that speak of something."""
    part = _part(tree, "eligibilityModule")
    lines = str(part.get("eligibilityCriteria", "")).splitlines()
    kept = "\n".join(line for line in lines if not re.search(words, line, re.IGNORECASE))
    part["eligibilityCriteria"] = re.sub(r"(?m)^\s*\d+[.)]\s+", "* ", kept)  # so that no number is missed
    part.pop("studyPopulation", None)


def _tell(tree: Tree, sentence: str) -> bool:
    part = _part(tree, "descriptionModule")
    part["detailedDescription"] = f"{part.get('detailedDescription', '')}\n{sentence}".strip()
    return True


def _only(tree: Tree, sentence: str) -> bool:
    """Let the prose consist of one sentence."""
    tree["protocolSection"]["descriptionModule"] = {"briefSummary": sentence}
    return True


# ---------------------------------------------------------------- who takes part


def age(tree: Tree) -> bool:
    """A criterion admits others than the fields for age."""
    part = _part(tree, "eligibilityModule")
    _without(tree, r"\bage|year|old|month|adult")
    part.update(minimumAge="20 Years", maximumAge="60 Years")
    return _criterion(tree, "inclusion", "* Aged 20 to 66 years")


def age_open(tree: Tree) -> bool:
    """A criterion limits the ages that the fields leave open."""
    part = _part(tree, "eligibilityModule")
    _without(tree, r"\bage|year|old|month|adult")
    part.pop("minimumAge", None), part.pop("maximumAge", None)
    return _criterion(tree, "inclusion", "* Age 20-66 years")


def age_minor(tree: Tree) -> bool:
    """Minors may come, and nothing says so but the field."""
    _part(tree, "eligibilityModule").update(minimumAge="12 Years", maximumAge="60 Years")
    told = str(tree["protocolSection"])
    _without(tree, r"\bage|year|old")
    return not re.search(
        r"(?i)child|p[ae]+diatric|adolesc|infant|newborn|matur|parent|minor|guardian|student|young", told
    )


def age_missing(tree: Tree) -> bool:
    """No limit to age anywhere."""
    part = _part(tree, "eligibilityModule")
    _without(tree, r"\bage|year|old|month|adult|older|younger|week|day")
    part.pop("minimumAge", None), part.pop("maximumAge", None)
    return _criterion(tree, "inclusion", "* Able to walk")


def age_boundary(tree: Tree) -> bool:
    """Over 18: does 18 belong to it?"""
    part = _part(tree, "eligibilityModule")
    _without(tree, r"\bage|year|old|month|adult")
    part.pop("minimumAge", None), part.pop("maximumAge", None)
    return _criterion(tree, "inclusion", "* Aged over 18 years")


def sex_both(tree: Tree) -> bool:
    """A criterion admits both sexes, the field one."""
    _part(tree, "eligibilityModule")["sex"] = "MALE"
    return _criterion(tree, "inclusion", "* Male or female patients")


def sex_one(tree: Tree) -> bool:
    """A criterion admits one sex, the field both."""
    _without(tree, r"\bm[ae]n\b|male")
    _part(tree, "eligibilityModule")["sex"] = "ALL"
    return _criterion(tree, "inclusion", "* Female patients only")


def sex_condition(tree: Tree) -> bool:
    """A condition of men in a trial for women."""
    _part(tree, "eligibilityModule")["sex"] = "FEMALE"
    _part(tree, "conditionsModule")["conditions"] = ["Prostate Cancer"]
    return True


def healthy(tree: Tree) -> bool:
    """Healthy volunteers are asked for, and the field takes none."""
    _part(tree, "eligibilityModule")["healthyVolunteers"] = False
    return _criterion(tree, "inclusion", "* Healthy volunteers willing to give blood")


def enrolment(tree: Tree) -> bool:
    """The text plans more people than the field."""
    count = int(_part(tree, "designModule").get("enrollmentInfo", {}).get("count") or 0)
    _part(tree, "designModule")["enrollmentInfo"] = {"count": count, "type": "ESTIMATED"}
    return _only(tree, f"A total of {count + 14} patients will be enrolled.") and count > 0


def enrolment_changed(tree: Tree) -> bool:
    """Fewer people took part than the text plans."""
    enrolment(tree)
    _part(tree, "designModule")["enrollmentInfo"]["type"] = "ACTUAL"
    return bool(_part(tree, "designModule")["enrollmentInfo"]["count"])


def enrolment_missing(tree: Tree) -> bool:
    """No number of participants."""
    _part(tree, "designModule").pop("enrollmentInfo", None)
    return _only(tree, "A trial.") and _part(tree, "designModule").get("studyType") != "EXPANDED_ACCESS"


def withdrawn(tree: Tree) -> bool:
    """Withdrawn, though people took part."""
    _part(tree, "designModule")["enrollmentInfo"] = {"count": 7, "type": "ACTUAL"}
    _part(tree, "statusModule")["overallStatus"] = "WITHDRAWN"
    return True


def nobody(tree: Tree) -> bool:
    """Completed, though nobody took part."""
    _part(tree, "designModule")["enrollmentInfo"] = {"count": 0, "type": "ACTUAL"}
    _part(tree, "statusModule")["overallStatus"] = "COMPLETED"
    return True


# ---------------------------------------------------------------- criteria


def two_limits(tree: Tree) -> bool:
    """One limit asked for, another barred."""
    _without(tree, r"h[ae]+moglobin|\bHb\b")
    return _criterion(tree, "inclusion", "* Hemoglobin >= 9 g/dL") and _criterion(
        tree, "exclusion", "* Hemoglobin < 10 g/dL"
    )


def nobody_left(tree: Tree) -> bool:
    """A sign the wrong way round leaves nobody."""
    _without(tree, r"h[ae]+moglobin|\bHb\b")
    return _criterion(tree, "inclusion", "* Hemoglobin >= 9 g/dL") and _criterion(
        tree, "exclusion", "* Hemoglobin > 8 g/dL"
    )


def unit(tree: Tree) -> bool:
    """Grams written as milligrams."""
    _without(tree, r"h[ae]+moglobin|\bHb\b")
    return _criterion(tree, "exclusion", "* Hemoglobin < 9 mg/dL")


def _numbered(tree: Tree, numbers: str) -> bool:
    lines = "\n".join(f"{number}. Able to walk {'very ' * place}far" for place, number in enumerate(numbers))
    _part(tree, "eligibilityModule")["eligibilityCriteria"] = (
        f"Inclusion Criteria:\n\n{lines}\n\nExclusion Criteria:\n\n1. Pregnancy\n2. Infection"
    )
    return True


def first_lost(tree: Tree) -> bool:
    """The list begins at 2."""
    return _numbered(tree, "2345")


def gap(tree: Tree) -> bool:
    """The list jumps from 2 to 5."""
    return _numbered(tree, "1256")


def headings(tree: Tree) -> bool:
    """The headings of the criteria are gone."""
    part = _part(tree, "eligibilityModule")
    text = str(part.get("eligibilityCriteria", ""))
    found = _HEAD["inclusion"].search(text) and _HEAD["exclusion"].search(text)
    part["eligibilityCriteria"] = re.sub(r"(?im)^.*\b(?:inclusion|exclusion|eligibility)\b.*$", "", text)
    return bool(found and part["eligibilityCriteria"].strip())


def no_exclusions(tree: Tree) -> bool:
    """The exclusions are lost with their heading."""
    part = _part(tree, "eligibilityModule")
    text = str(part.get("eligibilityCriteria", ""))
    head = _HEAD["exclusion"].search(text)
    before = text[: head.start()] if head else ""
    part["eligibilityCriteria"] = before
    start = _HEAD["inclusion"].search(before)
    return bool(head and start and not before[: start.start()].strip() and before[start.end() :].strip())


def empty_exclusions(tree: Tree) -> bool:
    """A heading with nothing below it."""
    return no_exclusions(tree) and bool(
        _part(tree, "eligibilityModule").update(
            eligibilityCriteria=_part(tree, "eligibilityModule")["eligibilityCriteria"] + "\nExclusion Criteria:\n"
        )
        is None
    )


def no_criteria(tree: Tree) -> bool:
    """The criteria are lost."""
    _part(tree, "eligibilityModule").pop("eligibilityCriteria", None)
    return True


def both_sides(tree: Tree) -> bool:
    """Consent is asked for, and its lack bars."""
    return _criterion(tree, "inclusion", "* Signed informed consent") and _criterion(
        tree, "exclusion", "* Unable to give informed consent"
    )


# ---------------------------------------------------------------- doses, products, courses

_CELLS = {"type": "BIOLOGICAL", "name": "Marrow MSCs", "armGroupLabels": ["Cells"]}


def _one_arm(tree: Tree, description: str) -> None:
    tree["protocolSection"]["armsInterventionsModule"] = {
        "armGroups": [
            {
                "label": "Cells", "type": "EXPERIMENTAL", "interventionNames": ["Biological: Marrow MSCs"],
                "description": description,
            }
        ],
        "interventions": [dict(_CELLS)],
    }  # fmt: skip
    _design(tree).update(allocation="NA", interventionModel="SINGLE_GROUP")


def notation(tree: Tree) -> bool:
    """A superscript is lost."""
    _one_arm(tree, "One infusion of 2x106 MSCs/kg.")
    return _only(tree, "Marrow MSCs are given.")


def ten_e(tree: Tree) -> bool:
    """10e6 is one million or ten."""
    _one_arm(tree, "One infusion of 2x10e6 MSCs/kg.")
    return _only(tree, "Marrow MSCs are given.")


def arm_dose(tree: Tree) -> bool:
    """The summary gives one dose, the arm another."""
    _one_arm(tree, "One infusion of 2.5x10^6 MSCs/kg.")
    return _only(tree, "Patients get one infusion of 1x10^6 MSCs/kg.")


def interval(tree: Tree) -> bool:
    """The summary gives every two months, the arm every three."""
    _one_arm(tree, "Injections of MSCs every 3 months.")
    return _only(tree, "Patients get injections of MSCs every 2 months.")


def follow_up(tree: Tree) -> bool:
    """Two lengths of follow-up."""
    _one_arm(tree, "MSCs.")
    return _only(tree, "Patients are followed for 6 months after the last injection.\n\n"
                       "They are followed for 9 months after the last injection.")  # fmt: skip


def product(tree: Tree) -> bool:
    """A second product stands in the prose alone."""
    _one_arm(tree, "MSCs.")
    return _only(tree, "Patients get MSCs. NK cells are given too.")


def rule(tree: Tree) -> bool:
    """A toxicity decides that nobody defines."""
    _one_arm(tree, "MSCs.")
    return _only(tree, "A second infusion follows unless there is unacceptable toxicity.")


# ---------------------------------------------------------------- arms and design


def _linked(tree: Tree) -> bool:
    part = _part(tree, "armsInterventionsModule")
    arms, given = part.get("armGroups", []), part.get("interventions", [])
    return bool(arms and given and any(arm.get("interventionNames") for arm in arms))


def unlisted(tree: Tree) -> bool:
    """An arm gets what nobody lists."""
    linked = _linked(tree)
    arms = _part(tree, "armsInterventionsModule").get("armGroups", [])
    if linked:
        arms[0].setdefault("interventionNames", []).append("Drug: Riluzole tablets, twice")
    return linked


def unmatched(tree: Tree) -> bool:
    """An intervention is for an arm that is not there."""
    part = _part(tree, "armsInterventionsModule")
    if not (part.get("armGroups") and part.get("interventions")):
        return False
    part["interventions"][0].setdefault("armGroupLabels", []).append("Third arm, never described")
    return True


def unused(tree: Tree) -> bool:
    """No arm gets it."""
    linked = _linked(tree)
    _part(tree, "armsInterventionsModule").setdefault("interventions", []).append(
        {"type": "DRUG", "name": "Zinc drops"}
    )
    return linked


def kind(tree: Tree) -> bool:
    """An arm without intervention gets one."""
    for arm in _part(tree, "armsInterventionsModule").get("armGroups", []):
        if arm.get("interventionNames"):
            arm["type"] = "NO_INTERVENTION"
            return True
    return False


def empty_arm(tree: Tree) -> bool:
    """An arm that gets nothing."""
    linked = _linked(tree)
    _part(tree, "armsInterventionsModule").setdefault("armGroups", []).append({"label": "Late", "type": "EXPERIMENTAL"})
    return linked


def same_name(tree: Tree) -> bool:
    """Two arms of one name."""
    arms = _part(tree, "armsInterventionsModule").get("armGroups", [])
    if arms:
        arms.append(copy.deepcopy(arms[0]))
    return bool(arms)


def single(tree: Tree) -> bool:
    """Randomised into one arm."""
    _one_arm(tree, "MSCs.")
    _design(tree).update(allocation="RANDOMIZED", interventionModel="PARALLEL")
    return True


def counted(tree: Tree) -> bool:
    """Three arms in the text, one in the list."""
    _one_arm(tree, "MSCs.")
    return _only(tree, "Patients are randomized into three groups.") and _interventional(tree)


def _titled(tree: Tree, title: str) -> None:
    _part(tree, "identificationModule").update(briefTitle="Marrow MSCs", officialTitle=title)


def allocation(tree: Tree) -> bool:
    """Randomised by its title, not by its field."""
    _titled(tree, "A Randomized Trial of Marrow MSCs")
    _design(tree)["allocation"] = "NON_RANDOMIZED"
    return True


def masking(tree: Tree) -> bool:
    """Double-blind by its title, open by its field."""
    _titled(tree, "A Double-Blind Trial of Marrow MSCs")
    _design(tree)["maskingInfo"] = {"masking": "NONE"}
    return True


def opened(tree: Tree) -> bool:
    """Open by its title, masked by its field."""
    _titled(tree, "An Open-Label Trial of Marrow MSCs")
    _design(tree)["maskingInfo"] = {"masking": "QUADRUPLE", "whoMasked": ["PARTICIPANT", "INVESTIGATOR"]}
    return True


def phase(tree: Tree) -> bool:
    """Phase III by its title, 1 by its field."""
    _titled(tree, "A Phase III Trial of Marrow MSCs")
    _part(tree, "designModule")["phases"] = ["PHASE1"]
    return True


def placebo(tree: Tree) -> bool:
    """A placebo in the title alone."""
    _titled(tree, "A Placebo-Controlled Trial of Marrow MSCs")
    _one_arm(tree, "MSCs.")
    return True


# ---------------------------------------------------------------- outcomes and time


def _outcomes(tree: Tree, primary: list[Tree], secondary: list[Tree]) -> bool:
    tree["protocolSection"]["outcomesModule"] = {"primaryOutcomes": primary, "secondaryOutcomes": secondary}
    return True


_PAIN = {"measure": "Pain on a VAS", "timeFrame": "6 months"}


def no_outcomes(tree: Tree) -> bool:
    """The outcomes are lost."""
    tree["protocolSection"].pop("outcomesModule", None)
    return _only(tree, "A trial.") and _part(tree, "designModule").get("studyType") != "EXPANDED_ACCESS"


def no_primary(tree: Tree) -> bool:
    """The primary outcome is lost."""
    return _outcomes(tree, [], [dict(_PAIN)])


def repeated(tree: Tree) -> bool:
    """A secondary outcome repeats the primary."""
    return _outcomes(tree, [dict(_PAIN)], [{**_PAIN, "measure": "Pain, on a VAS"}])


def twice(tree: Tree) -> bool:
    """One outcome stands twice in its list."""
    return _outcomes(tree, [dict(_PAIN)], [{"measure": "Falls"}, {"measure": "Falls."}])


def no_time(tree: Tree) -> bool:
    """A primary outcome without a time frame."""
    return _outcomes(tree, [{"measure": "Pain on a VAS"}], [])


def scale(tree: Tree) -> bool:
    """A score on no scale."""
    return _outcomes(tree, [{"measure": "Pain score", "timeFrame": "6 months"}], [])


def too_short(tree: Tree) -> bool:
    """An outcome after the study has ended."""
    start = _year(tree, "startDateStruct")
    _part(tree, "statusModule").update(completionDateStruct={"date": f"{start + 2}-01"}, overallStatus="COMPLETED")
    _part(tree, "statusModule").pop("primaryCompletionDateStruct", None)
    return _outcomes(tree, [{"measure": "Pain on a VAS", "timeFrame": "5 years"}], []) and bool(
        start and _interventional(tree)
    )


def beyond(tree: Tree) -> bool:
    """An outcome after the follow-up."""
    _one_arm(tree, "MSCs.")
    return _outcomes(tree, [{"measure": "Pain on a VAS", "timeFrame": "24 months"}], []) and _only(
        tree, "Patients are followed for 6 months after the last injection."
    )


def visits(tree: Tree) -> bool:
    """A visit after the follow-up."""
    _one_arm(tree, "MSCs.")
    return _outcomes(tree, [dict(_PAIN)], []) and _only(
        tree, "Patients are followed for 6 months after the last injection.\n\nVisits are at 1, 6, 12 and 24 months."
    )


def cut_off(tree: Tree) -> bool:
    """An arm's description is cut off at the limit of its field."""
    arms = _part(tree, "armsInterventionsModule").get("armGroups", [])
    if arms:
        arms[0]["description"] = ("The infusion takes an hour and is given at the bedside; " * 20)[:999]
    return bool(arms)


# ---------------------------------------------------------------- dates and status


def _dated(tree: Tree, status: str = "", **days: tuple[str, str]) -> bool:
    part = _part(tree, "statusModule")
    part.update({name: {"date": day, **({"type": kind} if kind else {})} for name, (day, kind) in days.items()})
    if status:
        part["overallStatus"] = status
    _part(tree, "contactsLocationsModule").pop("locations", None)
    return True


def order(tree: Tree) -> bool:
    """The end lies before the start."""
    return _dated(tree, startDateStruct=("2019-05", ""), completionDateStruct=("2018-01", ""))


def ahead(tree: Tree) -> bool:
    """An actual start after the last update."""
    _part(tree, "statusModule")["lastUpdateSubmitDate"] = "2020-01-01"
    return _dated(tree, startDateStruct=("2020-03-01", "ACTUAL"))


def past_end(tree: Tree) -> bool:
    """Recruiting after the end."""
    _part(tree, "statusModule")["lastUpdateSubmitDate"] = "2021-01-01"
    return _dated(tree, "RECRUITING", completionDateStruct=("2020-03-01", "ESTIMATED"))


def ended(tree: Tree) -> bool:
    """Recruiting though it has ended."""
    return _dated(tree, "RECRUITING", completionDateStruct=("2020-03-01", "ACTUAL"))


def not_started(tree: Tree) -> bool:
    """Not yet recruiting after the start."""
    _part(tree, "statusModule")["lastUpdateSubmitDate"] = "2021-01-01"
    return _dated(tree, "NOT_YET_RECRUITING", startDateStruct=("2020-03-01", "ESTIMATED"))


def completed_ahead(tree: Tree) -> bool:
    """Completed, with an end to come."""
    _part(tree, "statusModule")["lastUpdateSubmitDate"] = "2019-01-01"
    return _dated(tree, "COMPLETED", completionDateStruct=("2020-03-01", "ESTIMATED"))


def unknown(tree: Tree) -> bool:
    """Nobody has confirmed the status."""
    return _dated(tree, "UNKNOWN")


def no_reason(tree: Tree) -> bool:
    """Terminated without a reason."""
    _part(tree, "statusModule").pop("whyStopped", None)
    return _dated(tree, "TERMINATED")


def sites(tree: Tree) -> bool:
    """Recruiting, and no site does."""
    _dated(tree, "RECRUITING")
    _part(tree, "contactsLocationsModule")["locations"] = [{"facility": "A hospital", "status": "COMPLETED"}]
    return True


def late(tree: Tree) -> bool:
    """Registered a year after the start."""
    _part(tree, "statusModule")["studyFirstSubmitDate"] = "2020-03-01"
    return _dated(tree, "COMPLETED", startDateStruct=("2019-01", "ACTUAL"))


def overdue(tree: Tree) -> bool:
    """No results three years after completion."""
    tree["hasResults"] = False
    _part(tree, "statusModule").pop("resultsFirstSubmitDate", None)
    _part(tree, "statusModule")["lastUpdateSubmitDate"] = "2023-01-01"
    return _dated(tree, "COMPLETED", primaryCompletionDateStruct=("2019-12", "ACTUAL")) and _interventional(tree)


def nameless(tree: Tree) -> bool:
    """The registry number is lost."""
    _part(tree, "identificationModule").pop("nctId", None)
    return True


FAULTS: tuple[tuple[str, Callable[[Tree], bool]], ...] = (
    ("age.contradiction", age), ("age.contradiction", age_open), ("age.minor", age_minor),
    ("age.missing", age_missing), ("age.boundary", age_boundary),
    ("sex.contradiction", sex_both), ("sex.contradiction", sex_one), ("sex.condition", sex_condition),
    ("healthy.contradiction", healthy), ("enrolment.contradiction", enrolment),
    ("enrolment.changed", enrolment_changed), ("enrolment.missing", enrolment_missing),
    ("enrolment.status", withdrawn), ("enrolment.status", nobody),
    ("criteria.two_limits", two_limits), ("criteria.nobody", nobody_left), ("lab.unit", unit),
    ("list.first_lost", first_lost), ("list.gap", gap), ("criteria.headings_missing", headings),
    ("criteria.exclusions_missing", no_exclusions), ("section.empty", empty_exclusions),
    ("eligibility.missing", no_criteria), ("criteria.both_sides", both_sides),
    ("dose.notation", notation), ("dose.ambiguous", ten_e), ("dose.arms", arm_dose),
    ("interval.contradiction", interval), ("follow_up.contradiction", follow_up), ("product.unregistered", product),
    ("rule.not_given", rule),
    ("arms.unlisted", unlisted), ("arms.unmatched", unmatched), ("arms.unused", unused), ("arms.kind", kind),
    ("arms.empty", empty_arm), ("arms.same_name", same_name), ("arms.count", counted), ("design.arms", single),
    ("design.allocation", allocation), ("design.masking", masking), ("design.masking", opened),
    ("design.phase", phase), ("design.placebo", placebo),
    ("outcomes.missing", no_outcomes), ("outcome.primary_missing", no_primary), ("outcome.repeated", repeated),
    ("outcome.twice", twice), ("outcome.no_time", no_time), ("outcome.scale", scale),
    ("timeline.too_short", too_short), ("timeline.outcome_beyond", beyond), ("timeline.visit_beyond", visits),
    ("text.cut_off", cut_off), ("dates.order", order), ("dates.actual_ahead", ahead),
    ("status.past_end", past_end), ("status.past_end", ended), ("status.not_started", not_started),
    ("status.completed_ahead", completed_ahead), ("status.unknown", unknown), ("status.reason_missing", no_reason),
    ("status.sites", sites), ("registration.late", late), ("results.overdue", overdue),
    ("identity.missing", nameless),
)  # fmt: skip
"""Every fault with the code of the finding that it must bring."""


def broken(tree: Tree, fault: Callable[[Tree], bool]) -> Tree | None:
    """A copy of a tree with the fault in it; None where the tree has no room for it."""
    made = copy.deepcopy(tree)
    return made if fault(made) else None
