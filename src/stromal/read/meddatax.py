"""The pages of MedDataX, in both shapes: values with labels, and values alone that only their form tells apart.

Takes the lines of a page; gives its sections. Every heading is followed by the portal's own sentence about it; that
sentence also tells an unknown heading from an item.
"""

from __future__ import annotations

import re

from stromal.read.layout import Builder, Layout, Line, criteria_heading, listed, unglued
from stromal.read.record import Section

_HEADINGS = {
    "study results": "results",
    "basic information": "overview",
    "brief summary": "summary",
    "related clinical trials": "related",
    "detailed description": "description",
    "conditions": "conditions",
    "keywords": "keywords",
    "study design": "design",
    "study groups": "arms",
    "interventions": "interventions",
    "other intervention names": "other_names",
    "primary outcome measures": "primary_outcomes",
    "primary outcomes": "primary_outcomes",
    "secondary outcome measures": "secondary_outcomes",
    "secondary outcomes": "secondary_outcomes",
    "other outcomes": "other_outcomes",
    "outcome measures": "outcomes",
    "study outcomes": "outcomes",
    "eligibility criteria": "eligibility",
    "sponsors": "sponsor",
    "collaborators": "collaborators",
    "responsible party": "responsible",
    "principal investigators": "investigators",
    "locations": "locations",
    "countries": "countries",
    "references": "references",
    "other identifiers": "identifiers",
    "more related trials": "related",
    "provided documents": "documents",
    "central contacts": "contacts",
}
_GUIDE = re.compile(
    r"(?:Get|Review|Explore|Dive|See|Understand|Learn|Discover|Check|Meet|Identify|Additional|Find|Browse|View|Know|Look)\b"
    r"[^*]+\.\s*"
)
_LABELS = {
    "recruitment status": "status",
    "clinical phase": "phase",
    "total enrollment": "planned_enrolment",
    "study classification": "study_type",
    "study start date": "start",
    "study completion date": "completion",
    "primary completion date": "primary_completion",
    "allocation method": "allocation",
    "intervention model": "model",
    "primary study purpose": "purpose",
    "blinding strategy": "masking",
    "minimum eligible age": "age_min",
    "maximum eligible age": "age_max",
    "eligible sex": "sex",
    "accepts healthy volunteers": "healthy_volunteers",
    "site status": "site_status",
}
_INLINE = (
    ("registry_id", re.compile(r"NCT ID:\s*(?P<value>\S+)")),
    ("updated", re.compile(r"Last Updated:\s*(?P<value>.+)")),
    ("group_type", re.compile(r"Group Type:?\s+(?P<value>[A-Z_ ]+)")),
    ("intervention_type", re.compile(r"Intervention Type:?\s+(?P<value>[A-Z_ ]+)")),
    ("sponsor_role", re.compile(r"Sponsor Role:?\s+(?P<value>\w+)")),
    ("responsibility_role", re.compile(r"Responsibility Role:?\s+(?P<value>\w+)")),
    ("role", re.compile(r"Role:\s*(?P<value>\w+)")),
    ("identifier_type", re.compile(r"Identifier Type:\s*(?P<value>.+)")),
    ("identifier_source", re.compile(r"Identifier Source:\s*(?P<value>.+)")),
    ("reference_type", re.compile(r"Reference Type:?\s+(?P<value>\w+)")),
)
_AGE = r"\d+(?:\.\d+)? (?:Year|Month|Week|Day|Hour)s?"
_STATUS = (
    r"(?:NOT_YET_)?RECRUITING|ACTIVE_NOT_RECRUITING|COMPLETED|ENROLLING_BY_INVITATION|TERMINATED|SUSPENDED|WITHDRAWN"
    r"|UNKNOWN(?:_STATUS)?|AVAILABLE|NO_LONGER_AVAILABLE|APPROVED_FOR_MARKETING"
)
_PURPOSE = (
    r"TREATMENT|PREVENTION|DIAGNOSTIC|SUPPORTIVE_CARE|SCREENING|HEALTH_SERVICES_RESEARCH|BASIC_SCIENCE|OTHER"
    r"|DEVICE_FEASIBILITY"
)
_DAY = r"\d{4}-\d{2}(?:-\d{2})?"
_FORMS: dict[str, tuple[tuple[str, str], ...]] = {
    "overview": (
        ("status", _STATUS),
        ("phase", r"(?:EARLY_)?PHASE\d(?:\s*/\s*PHASE\d)?|NA"),
        ("planned_enrolment", r"[\d,]+ participants?"),
        ("study_type", r"INTERVENTIONAL|OBSERVATIONAL|EXPANDED_ACCESS"),
        ("start", _DAY),
        ("completion", _DAY),
    ),
    "design": (
        ("allocation", r"NA|(?:NON_)?RANDOMIZED"),
        ("model", r"SINGLE_GROUP|PARALLEL|CROSSOVER|FACTORIAL|SEQUENTIAL"),
        ("purpose", _PURPOSE),
        ("masking", r"NONE|SINGLE|DOUBLE|TRIPLE|QUADRUPLE"),
    ),
    "limits": (
        ("age_min", _AGE),
        ("age_max", _AGE),
        ("sex", r"ALL|FEMALE|MALE"),
        ("healthy_volunteers", r"Yes|No"),
    ),
}
_ELIGIBILITY = ("eligibility", "inclusion", "exclusion", "limits")


def _heading(line: Line, after: Line | None) -> str | None:
    """The section that a line opens: a known heading, or any short line that the portal's own sentence follows."""
    words = line.words.rstrip(":")
    criteria = criteria_heading(words)
    if criteria:
        return criteria
    known = _HEADINGS.get(words.lower())
    if known:
        return known
    guided = after is not None and _GUIDE.fullmatch(after.words) and after.number > line.number
    if guided and re.fullmatch(r"[A-Z][\w&' -]{2,40}", words) and not _GUIDE.match(line.words):
        return re.sub(r"[^a-z0-9]+", "_", words.lower())
    return None


def _marks(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    pairs = zip(lines, (*lines[1:], None), strict=True) if lines else ()
    return tuple(
        line
        for line, after in pairs
        if line.words.lower() in _HEADINGS and after is not None and _GUIDE.fullmatch(after.words)
    )


def _form(builder: Builder, line: Line) -> str | None:
    """The field that an unlabelled value fills, told by its form; the first of its kind that is still free."""
    part = "limits" if builder.name in _ELIGIBILITY else builder.name
    taken = {item.label for section in builder.sections if section.name == part for item in section.items}
    for label, form in _FORMS.get(part, ()):
        if label not in taken and re.fullmatch(form, line.words):
            return label
    return None


def _fielded(builder: Builder, label: str) -> None:
    """Structured limits printed after the last criterion are a section of their own."""
    if builder.name in _ELIGIBILITY and builder.name != "limits" and label in dict(_FORMS["limits"]):
        builder.open("limits")


def _walk(
    builder: Builder, line: Line, after: Line | None, waiting: tuple[str, Line] | None
) -> tuple[str, Line] | None:
    """One line of the page; gives the label that now waits for its value, if any."""
    section, label = _heading(line, after), _LABELS.get(line.words.lower().rstrip(":"))
    if waiting and (section or label):
        builder.empty(*waiting)
    if section:
        builder.open(section, line)
    elif label:
        _fielded(builder, label)
        return label, line
    elif waiting:
        builder.item(line, *waiting)
    elif (
        builder.sections
        and builder.sections[-1].printed
        and not builder.sections[-1].items
        and _is_guide(builder, line)
    ):
        builder.guide(line)
    else:
        _item(builder, line)
    return None


def _is_guide(builder: Builder, line: Line) -> bool:
    return builder.sections[-1].guide is None and _GUIDE.fullmatch(line.words) is not None


def _item(builder: Builder, line: Line) -> None:
    inline = next(((name, m) for name, form in _INLINE if (m := form.fullmatch(line.words))), None)
    if inline:
        builder.item(Line(line.number, inline[1]["value"]), inline[0], line)
        return
    label = _form(builder, line)
    if label:
        _fielded(builder, label)
        builder.item(line, label)
        return
    for part in listed(line) if builder.name in ("inclusion", "exclusion") else (line,):
        builder.item(part)


def _glue_words() -> tuple[str, ...]:
    every = [*_HEADINGS, *_LABELS, "inclusion criteria", "exclusion criteria"]
    return tuple(word.title() for word in every if " " in word)


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page; what stands before the first heading is the top, whose first line is the title."""
    builder = Builder(file)
    parted = tuple(unglued(lines, _glue_words()))
    if _heading(parted[0], parted[1] if len(parted) > 1 else None) is None:
        builder.open("title")
    waiting: tuple[str, Line] | None = None
    for line, after in zip(parted, (*parted[1:], None), strict=True):
        waiting = _walk(builder, line, after, waiting)
    if waiting:
        builder.empty(*waiting)
    return tuple(builder.sections)


LAYOUT = Layout("meddatax", "a MedDataX trial page", _marks, 2, split)
