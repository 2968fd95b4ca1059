"""The pages of MedDataX, in both shapes: values with labels, and values alone that only their form tells apart.

Takes the lines of a page; gives its sections. Every heading is followed by the portal's own sentence about it; that
sentence also tells an unknown heading from an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from msgspec.structs import replace

from stromal.read.layout import (
    SPONSOR_CLASSES,
    Builder,
    Layout,
    Line,
    Mark,
    criteria_begin,
    cut_short,
    either,
    glue,
    listed,
    unglued,
)
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
_VERBS = (
    r"(?:Get|Review|Explore|Dive|See|Understand|Learn|Discover|Check|Meet|Identify|Additional|Find|Browse|View|Know|Look"
    r"|Track|Examine|Access|Read|Compare|Consult|Assess|Contact|Search)"
)
_GUIDE = re.compile(rf"{_VERBS}\b[^*.\d]{{1,240}}\.")
"""The portal's own sentence below a heading: one sentence that tells the reader what to do, without any number."""
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
    "time frame": "time_frame",
}
_INLINE = (
    ("registry_id", re.compile(r"NCT ID:\s*(?P<value>\S+)")),
    ("updated", re.compile(r"Last Updated:\s*(?P<value>[\d-]+)")),
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
    r"|UNKNOWN(?:_STATUS)?|AVAILABLE|NO_LONGER_AVAILABLE|TEMPORARILY_NOT_AVAILABLE"
    r"|APPROVED_FOR_MARKETING|WITHHELD"
)
_PURPOSE = (
    r"TREATMENT|PREVENTION|DIAGNOSTIC|SUPPORTIVE_CARE|SCREENING|HEALTH_SERVICES_RESEARCH|BASIC_SCIENCE|OTHER"
    r"|DEVICE_FEASIBILITY|ECT"
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
_LISTS = ("eligibility", "inclusion", "exclusion")
_UNKNOWN = re.compile(r"(?=.{3,41}$)[A-Z][\w'-]+(?: (?:&|and|of|the|for|to|in|[A-Z][\w'-]*))*")
_WORDS = tuple(word.title() for word in (*_HEADINGS, *_LABELS) if " " in word)
_TITLES = either(word.title() for word in _HEADINGS)
_VALUES = {label: form for forms in _FORMS.values() for label, form in forms} | {"primary_completion": _DAY}
_FILLED = "|".join(
    rf"{word.title()}(?=:?\s*(?:{_VALUES[label]})\s*$)" for word, label in _LABELS.items() if label in _VALUES
)
_ENDS = (
    rf"(?<=[a-z0-9.!?)\]])(?={either(_WORDS)}\s*$)|(?<=[\w.!?)\]])\s*+(?=NCT ID:\s*NCT\d{{8}}\s*$)"
    rf"|(?<=[\w.!?)\]])\s*+(?=Last Updated:\s*[\d-]+\s*$)|(?<=[.!?])\s++(?={either(_WORDS)}\s*$)"
)
_GUIDED = rf"{_VERBS}\b[^*.\d]{{1,240}}\."
_STARTS = (
    rf"\s*(?:{either(_WORDS)}(?=[A-Z])|Study Results\s+(?=The study team|Results pending)"
    rf"|{_TITLES}\s*(?={_GUIDED})|{_FILLED}|{_GUIDED}(?=\S))"
)


_GLUE = glue(_ENDS, _STARTS, _WORDS, ("NCT ID:", "Last Updated:"))


@dataclass(frozen=True, slots=True)
class _Style:
    """How this page prints headings: which have the portal's sentence below them."""

    guided: frozenset[str]

    def heading(self, line: Line, after: Line | None) -> str | None:
        """The section that a line opens: a known heading, or any short line that the portal's own sentence follows.

        A known heading without that sentence counts only where the page has no such heading elsewhere, since
        descriptions print such words too.
        """
        words = line.words.rstrip(":")
        known = _HEADINGS.get(words.lower())
        if known and _followed(line, after):
            return known
        if known and (not self.guided or (words.lower() not in self.guided and not line.words.endswith(":"))):
            return known
        if known is None and _UNKNOWN.fullmatch(words) and _followed(line, after, whole=True):
            return None if _GUIDE.match(line.words) else re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
        return None


def _followed(line: Line, after: Line | None, *, whole: bool = False) -> bool:
    """Whether the portal's sentence stands below a line; alone on its line, or with something glued to it."""
    guide = _GUIDE.match(after.words) if after is not None and after.number >= line.number else None
    return guide is not None and after is not None and (guide.end() == len(after.words) or not whole)


def _pairs(lines: tuple[Line, ...]) -> Iterator[tuple[Line, Line | None]]:
    return zip(lines, (*lines[1:], None), strict=True) if lines else iter(())


_STRONG = (
    "basic information", "study groups", "other intervention names", "more related trials", "eligibility criteria",
)  # fmt: skip
"""Headings that no other page prints with such a sentence below: one of them is enough to tell this layout."""
_ID = re.compile(r"NCT ID:\s*NCT\d{8}")


def _marks(lines: tuple[Line, ...]) -> tuple[Mark, ...]:
    headed = {
        line.words.lower(): line
        for line, after in _pairs(tuple(unglued(lines, _GLUE)))
        if line.words.rstrip(":").lower() in _HEADINGS and _followed(line, after)
    }
    named = [line for line in lines if _ID.fullmatch(line.words)]
    return (
        *(Mark(line, words in _STRONG) for words, line in headed.items()),
        *(Mark(line, strong=True) for line in named[:1]),
    )


_HEADED = re.compile(rf"(?:(?<=\S)\s++|(?<=[a-z0-9.!?)\]]))(?={_TITLES}\s*$)")


def _guided_apart(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Lines, with a heading parted from the end of a line wherever the portal's sentence stands below."""
    for line, after in _pairs(lines):
        alone = line.words.rstrip(":").lower() in _HEADINGS or not _followed(line, after, whole=True)
        apart = [line.text] if alone else _HEADED.split(line.text)
        yield from (Line(line.number, text) for text in apart)


def _form(builder: Builder, line: Line) -> str | None:
    """The field that an unlabelled value fills, told by its form; the first of its kind that is still free."""
    part = "limits" if builder.name in _ELIGIBILITY else builder.name
    for label, form in _FORMS.get(part, ()):
        if not builder.labelled(part, label) and re.fullmatch(form, line.words):
            return label
    return None


_BODY = re.compile(rf"(?P<name>.+?[^\s_])\s*{SPONSOR_CLASSES}")


_TWO_FORMS = {
    name: tuple(
        re.compile(rf"(?P<first>{first})\s*(?P<second>{second})") for (_, first), (_, second) in combinations(forms, 2)
    )
    for name, forms in _FORMS.items()
}


def _forms_in(name: str, line: Line) -> Iterator[Line]:
    """The values that a portal glued to one line, where the whole line is made of values of this section."""
    short = len(line.words) <= _LONGEST_FORM
    forms = _TWO_FORMS.get("limits" if name in _ELIGIBILITY else name, ()) if short else ()
    glued = next((match for form in forms if (match := form.fullmatch(line.words))), None)
    yield from (Line(line.number, part) for part in (glued.group("first", "second") if glued else (line.text,)))


_LONGEST_FORM = 60


@dataclass(slots=True)
class _Walk:
    """One walk down a page: the sections so far, and the label that waits for its value."""

    builder: Builder
    style: _Style
    waiting: tuple[str, Line] | None = None
    bare: bool = False

    def line(self, line: Line, after: Line | None) -> None:
        """Headings open sections, labels wait for their value, anything else is an item or the portal's sentence."""
        builder = self.builder
        section, label = self.style.heading(line, after), _LABELS.get(line.words.lower().rstrip(":"))
        criteria = criteria_begin(line) if self._lists() else None
        if section or label or criteria:
            self.close()
        if criteria:
            builder.open(criteria[0], criteria[1])
            if criteria[2]:
                self._item(criteria[2])
        elif section:
            builder.open(section, line)
        elif label:
            self._fielded(label)
            self.waiting = label, line
        elif self.waiting and self._fits(line):
            builder.item(line, *self.waiting)
            self.waiting = None
        else:
            self.close()
            self._rest(line)

    def close(self) -> None:
        """A label whose value never came is kept, empty."""
        if self.waiting:
            self.builder.empty(*self.waiting)
            self.waiting = None

    def _fits(self, line: Line) -> bool:
        """Whether the waiting label can have this value."""
        form = _VALUES.get(self.waiting[0]) if self.waiting else None
        return form is None or re.fullmatch(form, line.words, re.IGNORECASE) is not None

    def _lists(self) -> bool:
        """Whether a heading of criteria may stand here: not in a description if the page has a part for criteria."""
        return self.builder.name not in ("summary", "description") or "eligibility criteria" not in self.style.guided

    def _fielded(self, label: str) -> None:
        """Structured limits printed after the last criterion are a section of their own."""
        if self.builder.name in _LISTS and label in dict(_FORMS["limits"]):
            self.builder.open("limits")

    def _rest(self, line: Line) -> None:
        builder = self.builder
        guide = _GUIDE.match(line.words) if builder.fresh and not builder.guided else None
        if guide:
            builder.guide(Line(line.number, guide[0]))
            line = Line(line.number, line.words[guide.end() :])
            if not line.words:
                return
        inline = next(((name, m) for name, form in _INLINE if (m := form.fullmatch(line.words))), None)
        if inline:
            builder.item(Line(line.number, inline[1]["value"]), inline[0], line)
            return
        self._item(line)

    def _item(self, line: Line) -> None:
        for part in _forms_in(self.builder.name, line):
            label = _form(self.builder, part)
            if label:
                self._fielded(label)
                self.builder.item(part, label)
                self.bare = self.bare or label in ("age_min", "start")
            else:
                self._text(part)

    def _text(self, line: Line) -> None:
        name = self.builder.name
        if name in ("inclusion", "exclusion"):
            for part in listed(line):
                self.builder.item(part)
        elif name == "sponsor":
            body = _BODY.fullmatch(line.words)
            self.builder.item(Line(line.number, body["name"]) if body else line)
        else:
            below = name == "title" and self.builder.labelled(name, "registry_id")
            self.builder.item(line, "below" if below else "")


def split(lines: tuple[Line, ...], file: str) -> tuple[Section, ...]:
    """Walk down the page; what stands before the first heading is the top, whose last line is the title."""
    pairs = tuple(_pairs(tuple(_guided_apart(tuple(unglued(lines, _GLUE))))))
    guided = {line.words.rstrip(":").lower() for line, after in pairs if _followed(line, after)}
    walk = _Walk(Builder(file), _Style(frozenset(guided & _HEADINGS.keys())))
    walk.builder.open("title")
    for line, after in pairs:
        if after is None and cut_short(line, (*_HEADINGS, *_LABELS)):
            walk.builder.cut(line)
        else:
            walk.line(line, after)
    walk.close()
    walk.builder.titled()
    return _ends_open(walk.builder.sections) if walk.bare else walk.builder.sections


_PAIRS = (("age_min", "age_max", "age_end"), ("start", "completion", "day"))


def _ends_open(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """A single age or day without a label may be the first or the last: it is labelled as an end, not as either."""
    shown = {item.label for section in sections for item in section.items}
    names = {first: alone for first, last, alone in _PAIRS if last not in shown}
    return tuple(
        replace(
            s, items=tuple(replace(i, label=names.get(i.label, i.label)) if not i.label_place else i for i in s.items)
        )
        for s in sections
    )


_AFTER = (
    "limits", "outcomes", "primary_outcomes", "secondary_outcomes", "other_outcomes", "sponsor", "collaborators",
    "responsible", "investigators", "locations", "countries", "references", "identifiers", "documents", "contacts",
    "results", "related",
)  # fmt: skip
"""What may stand last on a page: everything behind the criteria."""

LAYOUT = Layout(
    "meddatax", "a MedDataX trial page", _marks, 2,
    ("NCT ID:", "Basic Information", "Brief Summary", "Study Design", "Eligibility Criteria"),
    ("overview", "eligibility"), _AFTER, split,
)  # fmt: skip
