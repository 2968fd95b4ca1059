"""Four portals' pages, printed from a registry record, with framing words of our own.

Takes a record's tree; gives the text of its page as the portal lays it out: labels, order, glued headings, bullets and
flattened tables are the portal's, the sentences about sections and the people's answers are invented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stromal.read.numerals import tidy
from stromal.read.registries.v2 import sections as sections_of
from stromal.read.study import Tree, at, day, listed, module, rows, words

GUIDES = ("Review what this part of the trial is about.", "See what the people who run the trial say, if anything.")


def _paragraphs(text: str) -> Iterator[str]:
    yield from (line.strip() for line in text.splitlines() if line.strip())


def _flat(text: str) -> str:
    return " ".join(text.split())


def phase(tree: Tree) -> str:
    """The phases as one word, `PHASE1/PHASE2`."""
    return "/".join(listed(module(tree, "design"), "phases"))


def sides(tree: Tree) -> dict[str, list[str]]:
    """The lines of each list of criteria, marks and all, as the registry's own text has them, in its order."""
    made: dict[str, list[str]] = {"criteria": [], "inclusion": [], "exclusion": []}
    for section in sections_of(tree, ""):
        if section.name in made:
            made[section.name] += [f"{item.mark} {item.place.quote}".strip() for item in section.items]
    return made


# ---------------------------------------------------------------- dashed labels, flattened tables


def _outcome_row(row: Tree) -> str:
    return _flat(" ".join(words(row, name) for name in ("measure", "timeFrame", "description")))


def _arm_rows(tree: Tree) -> Iterator[str]:
    part = module(tree, "arms")
    described = {words(row, "name"): words(row, "description") for row in rows(part, "interventions")}
    for row in rows(part, "armGroups"):
        for name in (each.partition(": ")[2] for each in listed(row, "interventionNames")):
            yield _flat(f"{words(row, 'label')} {name} {described.get(name, '')}")


def _table(header: str, lines: list[str]) -> Iterator[str]:
    yield f"{header} {lines[0]}" if lines else header
    yield from lines[1:]


def medpath(tree: Tree) -> str:
    """Dashed labels and values; criteria in one list without headings; tables whose first row hangs at the header."""
    status, people, design = module(tree, "status"), module(tree, "eligibility"), module(tree, "design")
    lines = [words(module(tree, "identification"), "briefTitle")]
    for label, value in (
        ("Registration Number", words(module(tree, "identification"), "nctId")),
        ("Lead Sponsor", at(module(tree, "sponsor"), "leadSponsor.name")),
    ):
        lines += [f"- {label}", f"- {value}"] if value else []
    for label, name in (("Brief Summary", "briefSummary"), ("Detailed Description", "detailedDescription")):
        if words(module(tree, "description"), name):
            lines += [f"- {label}", *_paragraphs(words(module(tree, "description"), name))]
    lines += ["Recruitment & Eligibility"]
    for label, value in (
        ("Status", words(status, "overallStatus")),
        ("Sex", words(people, "sex").capitalize()),
        ("Target Recruitment", at(design, "enrollmentInfo.count")),
    ):
        lines += [f"- {label}", f"- {value}"] if value not in (None, "") else []
    held = sides(tree)
    lines += [f"- {_bare(text)}" for name in ("inclusion", "exclusion", "criteria") for text in held[name]]
    lines += ["Study & Design", "- Study Type", f"- {words(design, 'studyType')}"]
    if at(design, "designInfo.interventionModel"):
        lines += ["- Study Design", f"- {at(design, 'designInfo.interventionModel')}"]
    lines += ["- Arm && Interventions", *_table("Group Intervention Description", list(_arm_rows(tree)))]
    for label, name in (("Primary", "primaryOutcomes"), ("Secondary", "secondaryOutcomes")):
        held_rows = [_outcome_row(row) for row in rows(module(tree, "outcomes"), name)]
        if held_rows:
            lines += [f"- {label} Outcome Measures", *_table("Name Time Method", held_rows)]
    sites = rows(module(tree, "contacts"), "locations")
    lines += ["Trial Locations", f"- Locations ({len(sites)})"]
    for row in sites[:5]:
        lines += [words(row, "facility"), f"🏥{words(row, 'city')}, {words(row, 'country')}"]
    return "\n".join(line for line in lines if line.strip())


def _bare(text: str) -> str:
    return re.sub(r"^(?:[*•·-]|\d+\.)\s+", "", text)


# ---------------------------------------------------------------- headings with the portal's sentence below


def _labelled(pairs: tuple[tuple[str, object], ...], labels: bool) -> Iterator[str]:
    for label, value in pairs:
        if value not in (None, ""):
            yield from (label, str(value)) if labels else (str(value),)


def _groups(tree: Tree) -> Iterator[str]:
    part = module(tree, "arms")
    kinds = {words(row, "name"): row for row in rows(part, "interventions")}
    for row in rows(part, "armGroups"):
        yield words(row, "label")
        yield from _paragraphs(words(row, "description"))
        if words(row, "type"):
            yield f"Group Type {words(row, 'type')}"
        for name in (each.partition(": ")[2] for each in listed(row, "interventionNames")):
            if name in kinds:
                yield from _given(kinds[name])


def _given(row: Tree) -> Iterator[str]:
    yield words(row, "name")
    if words(row, "type"):
        yield f"Intervention Type {words(row, 'type')}"
    yield from _paragraphs(words(row, "description"))


def _people(tree: Tree, labels: bool) -> Iterator[str]:
    held, people = sides(tree), module(tree, "eligibility")
    yield from held["criteria"]
    for side in ("inclusion", "exclusion"):
        if held[side]:
            yield from (f"{side.title()} Criteria", *held[side])
    pairs = (
        ("Minimum Eligible Age", words(people, "minimumAge")),
        ("Maximum Eligible Age", words(people, "maximumAge")),
        ("Eligible Sex", words(people, "sex")),
        ("Accepts Healthy Volunteers", {True: "Yes", False: "No"}.get(people.get("healthyVolunteers"))),  # type: ignore[arg-type]
    )
    yield from _labelled(pairs, labels)


def _overview(tree: Tree, labels: bool) -> Iterator[str]:
    status, design = module(tree, "status"), module(tree, "design")
    count = at(design, "enrollmentInfo.count")
    pairs = (
        ("Recruitment Status", words(status, "overallStatus")),
        ("Clinical Phase", phase(tree)),
        ("Total Enrollment", f"{count} participants" if count is not None else ""),
        ("Study Classification", words(design, "studyType")),
        ("Study Start Date", day(status, "startDateStruct")),
        ("Study Completion Date", day(status, "completionDateStruct")),
    )
    yield from _labelled(pairs, labels)


def _shape(tree: Tree, labels: bool) -> Iterator[str]:
    shape = module(tree, "design").get("designInfo") or {}
    pairs = (
        ("Allocation Method", words(shape, "allocation")),
        ("Intervention Model", words(shape, "interventionModel")),
        ("", _flat(words(shape, "interventionModelDescription")) if labels else ""),
        ("Primary Study Purpose", words(shape, "primaryPurpose")),
        ("Blinding Strategy", at(shape, "maskingInfo.masking")),
    )
    yield from (text for text in _labelled(pairs, labels) if text)


def _blocks(tree: Tree, labels: bool) -> Iterator[tuple[str, list[str]]]:
    about, arms = module(tree, "description"), module(tree, "arms")
    yield "Basic Information", list(_overview(tree, labels))
    yield "Brief Summary", list(_paragraphs(words(about, "briefSummary")))
    yield "Related Clinical Trials", ["Another Trial of Something Else", "NCT99999998"]
    yield "Detailed Description", list(_paragraphs(words(about, "detailedDescription")))
    yield "Conditions", list(listed(module(tree, "conditions"), "conditions"))
    yield "Study Design", list(_shape(tree, labels))
    yield "Study Groups", list(_groups(tree))
    yield "Interventions", [line for row in rows(arms, "interventions") for line in _given(row)]
    yield "Eligibility Criteria", list(_people(tree, labels))
    sponsor = module(tree, "sponsor").get("leadSponsor") or {}
    yield "Sponsors", [words(sponsor, "name"), words(sponsor, "class"), "Sponsor Role lead"]
    yield "Countries", sorted({words(row, "country") for row in rows(module(tree, "contacts"), "locations")})
    yield "More Related Trials", ["Yet Another Trial", "NCT99999999 COMPLETED PHASE2"]


def _meddatax(tree: Tree, labels: bool) -> str:
    about, gap = module(tree, "identification"), "\n\n" if labels else "\n"
    lines = []
    if labels:
        updated = day(module(tree, "status"), "lastUpdatePostDateStruct")
        lines = [words(about, "briefTitle"), f"NCT ID: {words(about, 'nctId')}"]
        lines += [f"Last Updated: {updated}"] if updated else []
    for number, (heading, held) in enumerate(_blocks(tree, labels)):
        if any(held):
            lines += [heading, GUIDES[number % 2], *held]
    return gap.join(line for line in lines if line.strip())


def meddatax_labelled(tree: Tree) -> str:
    """A label above each value, blank lines between."""
    return _meddatax(tree, labels=True)


def meddatax_bare(tree: Tree) -> str:
    """Values alone, no title, no number."""
    return _meddatax(tree, labels=False)


# ---------------------------------------------------------------- pages for patients


def power_phase(tree: Tree) -> str:
    """The phases as patients read them; empty where there are none."""
    numbers = re.findall(r"\d", phase(tree))
    early = "Early " if "EARLY" in phase(tree) else ""
    return f"{early}Phase {' & '.join(numbers)}" if numbers else "N/A"


def _power_arms(tree: Tree) -> Iterator[str]:
    kinds = {"EXPERIMENTAL": "Experimental Treatment", "PLACEBO_COMPARATOR": "Placebo Group"}
    for number, row in enumerate(rows(module(tree, "arms"), "armGroups")):
        count = len(listed(row, "interventionNames"))
        kind = kinds.get(words(row, "type"), "Active Control")
        yield f"Group {'I' * (number + 1)}: {words(row, 'label')}{kind}{count} Intervention{'s' * (count != 1)}"
        yield from _paragraphs(words(row, "description"))


def power(tree: Tree) -> str:
    """A checklist, a rewording in the first person, answers by a machine, buttons glued to sentences."""
    about, held = module(tree, "identification"), sides(tree)
    sponsor = at(module(tree, "sponsor"), "leadSponsor.name") or "Nobody"
    lines = [
        "← Back to Search", "Kind of Treatment", words(about, "briefTitle"), power_phase(tree), "Waitlist Available",
        f"Research Sponsored by {sponsor}", "Eligibility Criteria Checklist", "Specific guidelines for who may come",
    ]  # fmt: skip
    for heading, side in (("Must have", "inclusion"), ("Must not have", "exclusion")):
        lines += [heading, *map(_bare, held[side])] if held[side] else []
    lines += ["Timeline", "Screening 3 weeks", "Treatment Varies", "Follow Up 2 years", "Awards & highlights"]
    lines += ["Study Summary", *_paragraphs(words(module(tree, "description"), "briefSummary"))]
    lines += ["Who is the study for?", "People whom the doctors choose.Check my eligibility"]
    lines += [
        "What is being tested?",
        "A treatment.See study design",
        "What are the potential side effects?",
        "None known.",
    ]
    if held["inclusion"]:
        lines += ["Eligibility Criteria", "Inclusion Criteria", "You may be eligible if you say yes"]
        lines += ["Select...", "I am ill."]
    lines += ["Timeline", "Screening ~ 3 weeks", "Treatment ~ Varies", "Follow Up ~2 years"]
    lines += ["Treatment Details", "Study Objectives", "Outcome measures can say what to expect."]
    for label, name in (("Primary", "primaryOutcomes"), ("Secondary", "secondaryOutcomes")):
        found = [_flat(words(row, "measure")) for row in rows(module(tree, "outcomes"), name)]
        lines += [f"{label} outcome measures", *found] if found else []
    groups = list(_power_arms(tree))
    lines += ["Trial Design", f"{len(groups)}Treatment groups", *groups, "Find a Location"]
    lines += ["Who is running the clinical trial?", f"{sponsor}Lead Sponsor", "3,205 Previous Clinical Trials"]
    number = words(about, "nctId")
    lines += ["Media Library", f"Some Cells Highlights. Trial Name: {number} — {power_phase(tree)}"] if number else []
    lines += ["Frequently Asked Questions", "These questions and answers are by patients.", "Is there room?"]
    lines += ['"There are 999 other trials."', "Answered by AI", "How responsive is this trial?", "Email"]
    return "\n".join(line for line in lines if line.strip())


# ---------------------------------------------------------------- the dump


def dump(tree: Tree) -> str:
    """The trial's label, its outcomes as resources, a paragraph printed twice, criteria in one paragraph."""
    about, held = module(tree, "identification"), sides(tree)
    text = _flat(words(module(tree, "description"), "briefSummary"))
    label = "{} [clinicaltrials_resource:{}]"
    lines = [f"{words(about, 'briefTitle')} [clinicaltrials:{words(about, 'nctId')}]", text]
    lines += [label.format(_outcome_row(row), "abc") for row in rows(module(tree, "outcomes"), "primaryOutcomes")]
    lines += [text]
    listed_sides = (
        f"{side.title()} Criteria: " + " ".join(f"{n}. {_bare(t)}" for n, t in enumerate(held[side], 1))
        for side in ("inclusion", "exclusion")
        if held[side]
    )
    return "\n\n".join((*lines, " ".join(listed_sides)))


PORTALS: dict[str, Callable[[Tree], str]] = {
    "medpath": medpath,
    "meddatax_labelled": meddatax_labelled,
    "meddatax_bare": meddatax_bare,
    "power": power,
    "bio2rdf": dump,
}


# ---------------------------------------------------------------- what a page says, out of the record itself

_PRINTED = {
    "medpath": ("title", "registry_id", "sponsor", "status", "sex", "planned_enrolment", "study_type", "model"),
    "meddatax_bare": (
        "status", "phase", "planned_enrolment", "study_type", "start", "completion", "allocation", "model", "purpose",
        "masking", "sex", "healthy_volunteers", "sponsor", "conditions",
    ),
    "power": ("title", "registry_id", "sponsor", "phase"),
    "bio2rdf": ("title", "registry_id"),
}  # fmt: skip
_PRINTED["meddatax_labelled"] = ("title", "registry_id", *_PRINTED["meddatax_bare"])


def facts(tree: Tree, portal: str) -> dict[str, object]:
    """The facts that a portal's page of this record prints as fields, as the record itself has them."""
    about, status, design = module(tree, "identification"), module(tree, "status"), module(tree, "design")
    people, shape = module(tree, "eligibility"), design.get("designInfo") or {}
    start, completion = day(status, "startDateStruct"), day(status, "completionDateStruct")
    every = {
        "title": words(about, "briefTitle"), "registry_id": words(about, "nctId"),
        "sponsor": at(module(tree, "sponsor"), "leadSponsor.name"), "status": words(status, "overallStatus"),
        "phase": power_phase(tree) if portal == "power" else phase(tree), "sex": words(people, "sex"),
        "planned_enrolment": at(design, "enrollmentInfo.count"), "study_type": words(design, "studyType"),
        "start": start, "completion": completion, "allocation": words(shape, "allocation"),
        "model": words(shape, "interventionModel"), "purpose": words(shape, "primaryPurpose"),
        "masking": at(shape, "maskingInfo.masking"),
        "healthy_volunteers": {True: "Yes", False: "No"}.get(people.get("healthyVolunteers")),  # type: ignore[arg-type]
        "conditions": tuple(map(tidy, listed(module(tree, "conditions"), "conditions"))),
    }  # fmt: skip
    if portal == "meddatax_bare" and not (start and completion):
        every |= {"start": "", "completion": ""}  # a single day without its label says neither
    return {name: every[name] for name in _PRINTED[portal] if every[name] not in (None, "", ())}


def printed(tree: Tree, side: str) -> list[str]:
    """The criteria of a list as a reader should give them: without marks and escapes."""
    return [tidy(_bare(text)) for text in sides(tree)[side]]


# ---------------------------------------------------------------- invented records

_THINGS = ("Knees", "Backs", "Hearts", "Lungs", "Nerves", "Livers", "Kidneys")
_STATUSES = ("RECRUITING", "COMPLETED", "TERMINATED", "ACTIVE_NOT_RECRUITING", "UNKNOWN", "WITHDRAWN")
_SEXES = ("ALL", "FEMALE", "MALE")
_MODELS = ("SINGLE_GROUP", "PARALLEL", "CROSSOVER")


def invented(number: int) -> Tree:
    """The record of a trial that never was; another one for each number."""
    thing, low, high = _THINGS[number % 7], 18 + number % 11, 55 + number % 19
    count = number % 5 + 1
    return {
        "protocolSection": {
            "identificationModule": {"nctId": f"NCT{90_000_000 + number}", "briefTitle": f"Cells for Tired {thing}"},
            "statusModule": {
                "overallStatus": _STATUSES[number % 6],
                "startDateStruct": {"date": f"20{10 + number % 12}-0{1 + number % 9}"},
                "completionDateStruct": {"date": f"20{23 + number % 5}-1{number % 3}"},
                "lastUpdatePostDateStruct": {"date": "2022-01-03"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": f"House of {thing}", "class": "OTHER"}},
            "descriptionModule": {
                "briefSummary": f"Marrow MSCs are given for tired {thing.lower()}.\nPeople are watched closely.",
                "detailedDescription": f"Each person gets {number % 8 + 2} x 10^6 cells/kg by vein, {count} times.",
            },
            "conditionsModule": {"conditions": [f"Tired {thing}", "Old Age"][: number % 2 + 1]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": [["PHASE1"], ["PHASE1", "PHASE2"], ["PHASE2"]][number % 3],
                "designInfo": {
                    "allocation": "RANDOMIZED",
                    "interventionModel": _MODELS[number % 3],
                    "primaryPurpose": "TREATMENT",
                    "maskingInfo": {"masking": "DOUBLE"},
                },
                "enrollmentInfo": {"count": 10 + number % 977},
            },
            "armsInterventionsModule": {
                "armGroups": [
                    {
                        "label": "Cells",
                        "type": "EXPERIMENTAL",
                        "description": "Cells by vein.",
                        "interventionNames": ["Biological: Marrow cells"],
                    }
                ],
                "interventions": [
                    {"type": "BIOLOGICAL", "name": "Marrow cells", "description": "Cells of the person."}
                ],
            },
            "outcomesModule": {
                "primaryOutcomes": [{"measure": f"Falls because of {thing.lower()}", "timeFrame": "6 months"}],
                "secondaryOutcomes": [{"measure": "Walks", "timeFrame": "1 year", "description": "Steps a day"}]
                * count,
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion Criteria:\n\n* Has tired "
                + thing.lower()
                + "\n* Able to walk\n\nExclusion Criteria:\n\n"
                + "\n".join(f"{each}. Had illness {chr(64 + each)} before" for each in range(1, count + 1)),
                "sex": _SEXES[number % 3],
                "minimumAge": f"{low} Years",
                "maximumAge": f"{high} Years",
                "healthyVolunteers": number % 2 == 0,
            },
        }
    }
