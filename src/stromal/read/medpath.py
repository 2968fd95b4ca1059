"""The pages of MedPath: dashed labels, each with its value on the next dashed line, and flattened tables.

Takes the lines of a page; gives its sections. Criteria printed without headings become one section, `criteria`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from stromal.read.layout import Builder, Layout, Line, Mark, criteria_begin, cut_short, either, glue, marked, unglued
from stromal.read.record import Section

_HEADINGS = {
    "recruitment & eligibility": "eligibility",
    "study & design": "design",
    "trial locations": "locations",
    "related trials": "related",
    "related news": "related",
    "related clinical trials": "related",
    "news": "related",
}
_BLOCKS = {
    "brief summary": "summary",
    "detailed description": "description",
    "conditions": "conditions",
    "interventions": "interventions",
    "arm && interventions": "arms",
    "arms && interventions": "arms",
    "arms & interventions": "arms",
    "arm & interventions": "arms",
    "primary outcome measures": "primary_outcomes",
    "secondary outcome measures": "secondary_outcomes",
    "other outcome measures": "other_outcomes",
}
_LABELS = {
    "registration number": "registry_id",
    "lead sponsor": "sponsor",
    "status": "status",
    "sex": "sex",
    "age": "age",
    "target recruitment": "planned_enrolment",
    "study type": "study_type",
    "study design": "model",
    "phase": "phase",
    "first posted date": "posted",
    "last posted date": "updated",
    "start date": "start",
    "primary completion date": "primary_completion",
    "completion date": "completion",
    "minimum age": "age_min",
    "maximum age": "age_max",
    "healthy volunteers": "healthy_volunteers",
    "last update posted date": "updated",
}
_STRONG = ("recruitment & eligibility", "arm && interventions", "target recruitment")
"""What no other page prints: one of these is enough to tell this layout."""
_LOCATIONS = re.compile(r"locations?\s*\(\d+\)", re.IGNORECASE)
_HEADERS = ("Name Time Method", "Group Intervention Description")
_SPACED = tuple(re.compile(r"\s+".join(header.split()), re.IGNORECASE) for header in _HEADERS)
_PART_HEADERS = ("Name", "Name Time", "Group", "Group Intervention")
"""The names of the columns where a page is cut among them."""
_WAITS = ("summary", "description", "title")
"""Sections of free text: a label after them begins the part of the page that is made of fields."""
_LISTS = ("eligibility", "criteria", "inclusion", "exclusion")


def _printed(words: str) -> str:
    """A label as the portal prints it."""
    return words.title()


_DASHED = either(_printed(word) for word in (*_BLOCKS, *_LABELS))
_BARE = either(_printed(word) for word in _HEADINGS if " " in word)
_LONG = either(_printed(word) for word in (*_BLOCKS, *_LABELS) if " " in word)
_ENDS = rf"(?<=\S)(?:(?<!\s)\s++|)(?=-\s{_DASHED}\s*$)|(?<=[a-z0-9.!?)])\s*+(?={_BARE}\s*$)"
_VALUES = r"[A-Z]{3,}[A-Z_]*\s*$|(?:All|Male|Female)\s*$|[\d,]+\s*$"
_STARTS = (
    rf"\s*(?:-\s+{_DASHED}(?=\s*-\s|[A-Z0-9]|\s+(?:{_VALUES}))|-\s+{_LONG}(?=\s+[A-Z0-9])"
    rf"|{_BARE}\s*(?=-\s|(?<!\s)[A-Z]))"
)
_GLUE = glue(_ENDS, _STARTS, [_printed(word) for word in (*_HEADINGS, *_BLOCKS, *_LABELS)])
_DAY = r"\d{4}-\d{2}(?:-\d{2})?|\d{1,2}/\d{1,2}/\d{4}|(?:\d{1,2} )?[A-Z][a-z]+ (?:\d{1,2}, )?\d{4}"
_FORMS = {
    label: re.compile(form, re.IGNORECASE)
    for label, form in (
        ("planned_enrolment", r"[\d,]+(?: participants?| \(.*\))?"),
        ("sex", r"all(?: sexes)?|both|(?:fe)?male(?:s)?(?: only)?"),
        ("status", r"[a-z]+(?:[_, -]+[a-z]+){0,4}"),
        ("study_type", r"[a-z]+(?:[_ -]+[a-z]+){0,3}"),
        ("registry_id", r"\S*\d\S*"),
        *((label, _DAY) for label in ("posted", "updated", "start", "primary_completion", "completion")),
    )
}
"""How the values of some labels look: what does not look so is no value, but the next thing on the page."""
_GLUED_ITEMS = re.compile(r"(?:(?<=[a-z]{4})|(?<=[a-z][.)]))(?=-\s+[A-Z][a-z])")


_CUT = (*_HEADINGS, *(f"- {words}" for words in (*_BLOCKS, *_LABELS)))


def _known(line: Line) -> bool:
    words, dashed = marked(line.text)[1].lower(), line.words.startswith("-")
    if words in _STRONG:
        return True
    return (words in _HEADINGS and not dashed) or (dashed and (words in _BLOCKS or words in _LABELS))


def _marks(lines: tuple[Line, ...]) -> tuple[Mark, ...]:
    parted = unglued(lines, _GLUE)
    known = {line.words.lower(): line for line in parted if _known(line)}
    tables = {
        form.pattern: line for line in lines for form in _SPACED if line.words[:1] in "NGng" and form.match(line.words)
    }
    return (
        *(Mark(line, marked(line.text)[1].lower() in _STRONG) for line in known.values()),
        *(Mark(line) for line in tables.values()),
    )


@dataclass(slots=True)
class _Walk:
    """One walk down a page: the sections so far, the label that waits for its value, whether headings are to come."""

    builder: Builder
    parted: bool
    waiting: tuple[str, Line] | None = field(default=None)

    def line(self, line: Line) -> None:
        """Headings open sections, labels wait for their value, anything else is an item."""
        dashed, words = line.words.startswith("-"), marked(line.text)[1]
        criteria = criteria_begin(Line(line.number, line.words.lstrip("- "))) if self._lists() else None
        section, label = self._section(words, dashed), self._label(words, dashed)
        if self.waiting and (section or label or criteria):
            self.close()
        if criteria:
            self.builder.open(criteria[0], criteria[1])
            if criteria[2]:
                self.builder.item(criteria[2])
        elif section:
            self.builder.open(section, line)
        elif label:
            if self.builder.name in _WAITS:
                self.builder.open("overview")
            self.waiting = label, line
        elif self.waiting and self._fits(words):
            self.builder.item(Line(line.number, words), *self.waiting)
            self.waiting = None
        else:
            self.close()
            self._plain(line, dashed)

    def close(self) -> None:
        """A label whose value never came is kept, empty."""
        if self.waiting:
            self.builder.empty(*self.waiting)
            self.waiting = None

    def _fits(self, words: str) -> bool:
        """Whether the waiting label can have this value."""
        form = _FORMS.get(self.waiting[0]) if self.waiting else None
        return form is None or form.fullmatch(words) is not None

    def _lists(self) -> bool:
        """Whether a heading of criteria may stand here: not in a description if the page has a part for criteria."""
        return self.builder.name in _LISTS or not self.parted

    def _section(self, words: str, dashed: bool) -> str | None:
        words = words.lower().rstrip(":")
        if not dashed:
            return _HEADINGS.get(words)
        return _BLOCKS.get(words) or ("locations" if _LOCATIONS.fullmatch(words) else None)

    def _label(self, words: str, dashed: bool) -> str | None:
        """The label that a dashed line is; inside a list of criteria, a single word is a criterion."""
        label = _LABELS.get(words.lower()) if dashed else None
        return None if label and self.builder.name in _LISTS[1:] and " " not in words else label

    def _plain(self, line: Line, dashed: bool) -> None:
        builder = self.builder
        header = next((match[0] for spaced in _SPACED if (match := spaced.match(line.words))), None)
        if line.words == header or line.words in _PART_HEADERS:
            builder.guide(line)
        elif header:
            builder.row(line, header)
        elif builder.name not in _LISTS:
            builder.item(line)
        else:
            if builder.name == "eligibility" and dashed:
                builder.open("criteria")
            for text in _GLUED_ITEMS.split(line.text):
                builder.item(Line(line.number, text))


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page; what stands before the first label is the top, whose last line is the title."""
    parted = tuple(unglued(lines, _GLUE))
    walk = _Walk(Builder(file), any(_HEADINGS.get(line.words.lower()) == "eligibility" for line in parted))
    walk.builder.open("title")
    for line in parted[:-1]:
        walk.line(line)
    if parted and cut_short(parted[-1], _CUT):
        walk.builder.cut(parted[-1])
    elif parted:
        walk.line(parted[-1])
    walk.close()
    walk.builder.titled()
    return walk.builder.sections


LAYOUT = Layout(
    "medpath", "a MedPath trial page", _marks, 2,
    ("- Registration Number", "- Lead Sponsor", "Recruitment & Eligibility", "- Target Recruitment", "Study & Design"),
    ("eligibility", "design"),
    ("primary_outcomes", "secondary_outcomes", "other_outcomes", "locations", "related"), split,
)  # fmt: skip
