"""The pages of Power: written for patients, with a checklist, answers to questions, and buttons glued to sentences.

Takes the lines of a page; gives its sections. The checklist is the criteria; its rewording in the first person is kept
apart, and so are the answers that a machine gave.
"""

from __future__ import annotations

import re

from stromal.read.layout import Builder, Layout, Line, criteria_heading, listed, unglued
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
_TIMES = re.compile(r"(?P<what>Screening|Treatment|Follow Up)\s*~?\s*(?P<value>.+)", re.IGNORECASE)


def _marks(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    said = {line.words.lower(): line for line in lines}
    headings = [line for words, line in said.items() if words in _HEADINGS and words not in _PLAIN]
    shared = (
        "eligibility criteria",
        "primary outcome measures",
        "secondary outcome measures",
        "other outcome measures",
    )
    buttons = [line for words, line in said.items() if words in _BUTTONS]
    sources = [line for line in lines if _SOURCE.fullmatch(line.words)]
    return (*(line for line in headings if line.words.lower() not in shared), *buttons, *sources[:1])


def _heading(line: Line) -> str | None:
    return _HEADINGS.get(line.words.lower().rstrip(":")) if line.words else None


def _criteria(builder: Builder, which: str, line: Line) -> None:
    """`Inclusion Criteria` below the questionnaire is the checklist said again in the first person."""
    asked = any(section.name == "questionnaire" for section in builder.sections)
    builder.open(f"{which}_questions" if asked else which, line)


def _walk(builder: Builder, line: Line) -> None:
    words = line.words
    section, criteria = _heading(line), criteria_heading(words)
    if section:
        builder.open(section, line)
    elif criteria:
        _criteria(builder, criteria, line)
    elif words.lower() in _BUTTONS:
        builder.item(line, "button")
    elif builder.sections[-1].guide is None and _GUIDE.fullmatch(words):
        builder.guide(line)
    else:
        _item(builder, line)


def _item(builder: Builder, line: Line) -> None:
    source = _SOURCE.fullmatch(line.words)
    if source:
        builder.item(Line(line.number, source["by"]), "answered_by", line)
    elif builder.name == "title":
        _top(builder, line)
    elif builder.name == "timeline" and (time := _TIMES.fullmatch(line.words)):
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
    builder.item(line)


_GLUED = (
    "Check my eligibility", "See study design", "Lead Sponsor", "Principal Investigator", "Experimental Treatment",
    "Show More", "See more",
)  # fmt: skip


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page; what stands before the first heading is the top."""
    builder = Builder(file)
    builder.open("title")
    for line in unglued(lines, _GLUED):
        _walk(builder, line)
    return tuple(builder.sections)


LAYOUT = Layout("power", "a Power trial page", _marks, 2, split)
