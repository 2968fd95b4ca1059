"""The pages of Power: written for patients, with a checklist, answers to questions, and buttons glued to sentences.

Takes the lines of a page; gives its sections. The checklist is the criteria; its rewording in the first person is kept
apart, and so are the answers that a machine gave.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from stromal.read.layout import (
    SPONSOR_CLASSES,
    Builder,
    Layout,
    Line,
    Mark,
    criteria_heading,
    cut_short,
    either,
    glue,
    listed,
    unglued,
)
from stromal.read.record import Section

_HEADINGS = {
    "eligibility criteria checklist": "eligibility",
    "must have": "inclusion",
    "must not have": "exclusion",
    "timeline": "timeline",
    "awards & highlights": "awards",
    "study summary": "summary",
    "who is the study for?": "population",
    "what is being tested?": "tested",
    "what are the potential side effects?": "side_effects",
    "eligibility criteria": "questionnaire",
    "treatment details": "treatment",
    "study objectives": "objectives",
    "primary outcome measures": "primary_outcomes",
    "secondary outcome measures": "secondary_outcomes",
    "other outcome measures": "other_outcomes",
    "trial design": "arms",
    "find a location": "locations",
    "locations": "locations",
    "who is running the clinical trial?": "sponsor",
    "media library": "media",
    "frequently asked questions": "questions",
    "who else is applying?": "applicants",
    "why did patients apply to this trial?": "applicants",
    "how responsive is this trial?": "responsiveness",
    "side effects data": "side_effects",
    "research highlights": "highlights",
    "logistics": "logistics",
}
_PLAIN = (
    "timeline", "must have", "must not have", "locations", "logistics", "eligibility criteria",
    "primary outcome measures", "secondary outcome measures", "other outcome measures",
)  # fmt: skip
"""Headings that other portals print too: they do not tell this layout."""

_PLAIN = (
    "eligibility criteria", "primary outcome measures", "secondary outcome measures", "other outcome measures",
    "timeline", "must have", "must not have", "locations", "logistics",
)  # fmt: skip
"""Headings that other pages print too: they do not tell this layout."""
_STRONG = (
    "eligibility criteria checklist", "awards & highlights", "who is running the clinical trial?",
    "how responsive is this trial?", "what are the potential side effects?",
)  # fmt: skip
"""What no other page prints: one of these is enough to tell this layout."""

_GUIDE = re.compile(
    r"(?:Specific guidelines|Outcome measures can|You may be eligible|These questions and answers"
    r"|This trial's timeline:)\s.*"
)
_BUTTONS = {
    "check my eligibility", "see study design", "select...", "← back to search", "back to search", "show more",
    "see more", "view instructions", "learn more",
}  # fmt: skip
_SOURCE = re.compile(r"Answered by (?P<by>.+)")
_STATUS = (
    r"Waitlist Available|(?:Not Yet )?Recruiting|Enrolling By Invitation|Active|Closed|Completed|Unknown|Suspended"
    r"|Terminated"
)
_TOP = (
    ("phase", re.compile(r"(?:Early )?Phase \d(?:\s*[&/]\s*(?:Phase )?\d)?|N/A")),
    ("status", re.compile(_STATUS, re.IGNORECASE)),
    ("led_by", re.compile(r"Led By (?P<value>.+)")),
    ("sponsor", re.compile(r"Research Sponsored by (?P<value>.+)")),
    ("sex", re.compile(r"All Sexes|(?:Fem|M)ale(?: or (?:Fem|M)ale)?")),
    ("age", re.compile(r"Age:?\s*(?P<value>\d.*)|\d+\+")),
)
_KINDS = (
    "Experimental Treatment", "Active Control", "Active Comparator", "Placebo Group", "Placebo Comparator",
    "Sham Comparator", "No Intervention", "Other",
)  # fmt: skip
_GROUP = re.compile(rf"Group (?:[IVX]+|\d+): (?P<name>.+?)\s*(?P<kind>{either(_KINDS)})\s*(?:\d+ Interventions?)?\s*")
_TIMES = re.compile(
    r"(?P<what>Screening|Treatment|Follow Up)\s*~?\s*"
    r"(?P<value>(?:approximately |about |up to |at least )?\d.{0,60}|Varies)",
    re.IGNORECASE,
)
_TIMED = ("timeline", "inclusion", "exclusion")
"""Where the portal's times may stand; behind a checklist, when the heading between them is lost."""
_ROLE = re.compile(
    rf"(?P<name>.+?[^\s_])\s*(?:(?P<role>Lead Sponsor|Principal Investigator)(?P<of>.*)|{SPONSOR_CLASSES})"
)
_JOINED = re.compile(rf"(?<=[a-z.)]){SPONSOR_CLASSES}\s*(?=[A-Z][a-z])")
_ROLES = {"Lead Sponsor": "sponsor", "Principal Investigator": "investigator"}


def _marks(lines: tuple[Line, ...]) -> tuple[Mark, ...]:
    said = {line.words.lower(): line for line in unglued(lines, _GLUE)}
    headings = [Mark(line, words in _STRONG) for words, line in said.items() if words in _HEADINGS]
    buttons = [Mark(line) for words, line in said.items() if words in _BUTTONS]
    sources = [Mark(line) for line in lines if _SOURCE.fullmatch(line.words)]
    paying = [Mark(line) for line in lines if line.words.startswith("Research Sponsored by ")]
    return (
        *(mark for mark in headings if mark.line.words.lower() not in _PLAIN),
        *buttons,
        *sources[:1],
        *paying[:1],
    )


def _heading(line: Line) -> str | None:
    return _HEADINGS.get(line.words.lower().rstrip(":"))


_CHECKLIST = ("eligibility", "inclusion", "exclusion", "questionnaire", "inclusion_questions", "exclusion_questions")


def _criteria(builder: Builder, which: str, line: Line) -> None:
    """`Inclusion Criteria` below the questionnaire is the checklist said again in the first person."""
    asked = builder.opened("questionnaire") or builder.name.endswith("_questions")
    builder.open(f"{which}_questions" if asked else which, line)


def _walk(builder: Builder, line: Line) -> None:
    words = line.words
    section, criteria = _heading(line), criteria_heading(words)
    if section:
        builder.open(section, line)
    elif criteria and (builder.name in _CHECKLIST or not builder.opened("eligibility")):
        _criteria(builder, criteria, line)
    elif words.lower() in _BUTTONS:
        builder.item(line, "button")
    elif not builder.guided and _GUIDE.fullmatch(words):
        builder.guide(line)
        if words.startswith("You may be") and builder.name in ("inclusion", "exclusion"):
            builder.rename(f"{builder.name}_questions")
    else:
        _item(builder, line)


def _item(builder: Builder, line: Line) -> None:
    source = _SOURCE.fullmatch(line.words)
    group = _GROUP.fullmatch(line.words) if builder.name == "arms" else None
    if source:
        builder.item(Line(line.number, source["by"]), "answered_by", line)
    elif group:
        builder.item(Line(line.number, group["name"]))
        builder.item(Line(line.number, group["kind"]), "group_type")
    elif builder.name == "title":
        _top(builder, line)
    elif builder.name == "sponsor":
        role = _ROLE.fullmatch(line.words)
        label = _ROLES.get(role["role"] or "", "collaborator") if role else "note"
        name = _JOINED.split(role["name"])[-1] if role else line.words
        builder.item(Line(line.number, name), label, line)
    elif builder.name in _TIMED and (time := _TIMES.fullmatch(line.words)):
        if builder.name != "timeline":
            builder.open("timeline")
        builder.item(line, re.sub(r"\W+", "_", time["what"].lower()))
    else:
        many = builder.name in ("inclusion", "exclusion", "inclusion_questions", "exclusion_questions")
        for part in listed(line) if many else (line,):
            builder.item(part)


def _top(builder: Builder, line: Line) -> None:
    """The lines above the checklist: product, title, phase, status, who leads and who pays."""
    for label, form in _TOP:
        match = form.fullmatch(line.words)
        if match:
            value = match.groupdict().get("value")
            builder.item(Line(line.number, value) if value else line, label, line if value else None)
            return
    builder.item(line, "below" if any(builder.labelled("title", label) for label, _ in _TOP) else "")


_GLUED = ("Check my eligibility", "See study design", "Experimental Treatment", "Show More", "See more")
_LONG = either(
    {spelt for words in _HEADINGS if " " in words for spelt in (words.capitalize(), words.title())}
    | {"Awards & highlights", "Select..."}
)
_ENDS = (
    rf"(?<=[a-z0-9.!?)])(?={either(_GLUED)}\s*$)|(?<=[a-z0-9.!?)])(?={_LONG}\s*$)|(?<=[.!?])\s++(?={_LONG}\s*$)"
    r"|(?<=\w|[.!?)])\s*+(?=(?:Timeline|Must (?:not )?have)\s*$)|(?<=[A-Za-z0-9.)])\s*+(?=Research Sponsored by )"
    rf"|(?<=[a-z0-9.)])(?=Led By )|(?<=Phase \d)\s*+(?=(?:{_STATUS})\s*$)"
    r"|(?<=[A-Za-z0-9)])(?=(?:Early )?Phase \d(?:\s*[&/]\s*\d)?\s*$)"
)
_STARTS = (
    rf"\s*(?:Must (?:not )?have(?=\w)|{_LONG}(?=[A-Z“\"(])|Timeline\s*(?=Screening )"
    rf"|(?:{_LONG})\s+(?=Specific guidelines|Outcome measures|You may be|These questions|Inclusion Criteria\s*$)"
    r"|Trial Design\s*(?=\d*\s*Treatment groups?)"
    r"|(?:Primary|Secondary|Other) outcome measures(?:(?=\w)|\s+(?=[A-Z\d])))"
)


_ENDINGS = (
    *_GLUED, *(words.capitalize() for words in _HEADINGS), *(words.title() for words in _HEADINGS), "highlights",
    "Select...", *(f"{sign}{number}" for sign in ("Phase ", "& ", "/ ") for number in range(5)),
    *_STATUS.replace("(?:Not Yet )?", "").split("|"),
)  # fmt: skip
_GLUE = glue(_ENDS, _STARTS, _ENDINGS, ("Research Sponsored by ", "Led By "))


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page; what stands before the first heading is the top, whose last plain line is the title."""
    builder = Builder(file)
    builder.open("title")
    parted = tuple(unglued(lines, _GLUE))
    for line in parted:
        if line is parted[-1] and cut_short(line, _HEADINGS):
            builder.cut(line)
        else:
            _walk(builder, line)
    builder.titled()
    return _kind_apart(builder.sections)


def _kind_apart(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """A single line at the top is the title where it names a treatment `for` something, else the kind of treatment."""
    top = sections[0]
    plain = [item for item in top.items if item.label in ("", "above")]
    if len(plain) != 1 or re.search(r"\b(?:for|in|vs\.?|versus|to)\b", plain[0].text):
        return sections
    items = tuple(replace(item, label="kind") if item is plain[0] else item for item in top.items)
    return (replace(top, items=items), *sections[1:])


LAYOUT = Layout(
    "power", "a Power trial page", _marks, 2,
    ("Eligibility Criteria Checklist", "Who is the study for?", "What is being tested?", "Awards & highlights"),
    ("summary", "population", "tested", "inclusion"),
    ("questions", "applicants", "responsiveness", "media", "sponsor", "locations", "awards"), split,
)  # fmt: skip
