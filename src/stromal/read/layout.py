"""The shape of a portal's pages: published lines in, sections with their items out.

Takes the lines of a page; gives Line, the Builder that every layout fills, and Layout, one row of the table in
`pages`. Part of the first step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from stromal.read.numerals import tidy
from stromal.read.record import Item, Section
from stromal.values import Place


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a part of one, as published, with the number of the line."""

    number: int
    text: str

    @property
    def words(self) -> str:
        """The text without blanks at its ends."""
        return self.text.strip()


def published(text: str) -> tuple[Line, ...]:
    """The lines of a page, numbered from 1, whatever ends them; blank ones are kept out of the result but counted."""
    ended = "\n" if "\n" in text else "\r"
    lines = (Line(number, line.rstrip("\r")) for number, line in enumerate(text.split(ended), 1))
    return tuple(line for line in lines if line.words)


_ESCAPED_BREAK = re.compile(r"\\r?\\?n(?=[A-Z•*-])|\\n(?=\s*\d+\.)")


def unglued(lines: Iterable[Line], words: Iterable[str]) -> Iterator[Line]:
    """Lines, parted where a portal glued them: at a printed `\\n`, and before known words that lost their break."""
    known = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    glued = re.compile(rf"(?<=[a-z0-9.!?)])(?=(?:{known})\s*$)") if known else None
    for line in lines:
        for part in _ESCAPED_BREAK.split(line.text):
            pieces = glued.split(part) if glued else [part]
            yield from (Line(line.number, piece) for piece in pieces if piece.strip())


_MARK = re.compile(
    r"\s*(?:(?P<bullet>[*•·▪◦–-])\s+|(?P<number>\(?\d{1,2}(?:[.)]|\s\.\s))\s*(?=\D)|(?P<letter>\(?[a-z]\))\s+)"
)


def marked(text: str) -> tuple[str, str]:
    """The list mark printed before an item (`*`, `2.`), and the item without it."""
    match = _MARK.match(text)
    return (match[0].strip(), text[match.end() :].strip()) if match else ("", text.strip())


_INLINE = re.compile(r"\s+(?=[*•▪]\s+\S)|\s+(?=\d{1,2}[.)]\s+[A-Z])|(?<=[.;])\s+(?=-\s+[A-Z])")


def listed(line: Line) -> Iterator[Line]:
    """The items of a list that a portal printed on one line: only where the line itself begins with a mark."""
    parts = _INLINE.split(line.text) if _MARK.match(line.text) else [line.text]
    yield from (Line(line.number, part) for part in parts if part.strip())


@dataclass(slots=True)
class Builder:
    """Gathers sections while a layout walks down a page."""

    file: str
    sections: list[Section] = field(default_factory=list)

    def place(self, line: Line | None) -> Place:
        """Where a line stands, quoted without its outer blanks; line 0 for something the page does not print."""
        return Place(line.number, line.words, self.file) if line else Place(0, "", self.file)

    def open(self, name: str, heading: Line | None = None) -> None:
        """Begin a section; without a heading it is one that the page does not name."""
        self.sections.append(Section(name, self.place(heading)))

    @property
    def name(self) -> str:
        """The section being filled, or nothing before the first."""
        return self.sections[-1].name if self.sections else ""

    def guide(self, line: Line) -> None:
        """The portal's own sentence about a section."""
        self.sections[-1] = replace(self.sections[-1], guide=self.place(line))

    def item(self, line: Line, label: str = "", label_line: Line | None = None) -> None:
        """Add an item; its mark is taken off unless it has a label."""
        mark, text = ("", line.words) if label else marked(line.text)
        place = Place(line.number, text, self.file)
        self._add(Item(tidy(text), place, mark, label, self.place(label_line) if label_line else None))

    def row(self, line: Line, header: str) -> None:
        """Add the row of a flattened table whose column names stand on the same line."""
        text = line.words[len(header) :].strip()
        self._add(Item(tidy(text), Place(line.number, text, self.file), header))

    def empty(self, label: str, label_line: Line) -> None:
        """A label without a value: kept, with no text."""
        self._add(Item("", Place(label_line.number, "", self.file), "", label, self.place(label_line)))

    def _add(self, item: Item) -> None:
        last = self.sections[-1]
        self.sections[-1] = replace(last, items=(*last.items, item))


@dataclass(frozen=True, slots=True)
class Layout:
    """A portal's way of printing a trial: its name, its marks and how many must show, how to take it apart."""

    name: str
    title: str
    marks: Callable[[tuple[Line, ...]], tuple[Line, ...]]
    needed: int
    split: Callable[[tuple[Line, ...], str], tuple[Section, ...]]


CRITERIA_HEADING = re.compile(
    r"\s*(?:key |main |major |general )?(?P<which>inclusion|exclusion) criteri(?:a|on)s?\s*:?\s*", re.IGNORECASE
)


def criteria_heading(text: str) -> str | None:
    """`inclusion` or `exclusion` where the line is such a heading, alone on its line."""
    match = CRITERIA_HEADING.fullmatch(text)
    return match["which"].lower() if match else None


REGISTRY_ID = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\d{8}|EUCTR\d{4}-\d{6}-\d{2}(?:-[A-Z]{2})?|ChiCTR[\w-]*\d+|CTRI/\d{4}/\d+/\d+|jRCT\w*\d+"
    r"|CTIS\d{4}-\d{6}-\d{2}-\d{2}|ACTRN\d+|IRCT\w*\d+|DRKS\d+|KCT\d+|UMIN\d+|NTR\d+|TCTR\d+|PACTR\d+|RBR-\w+)\b"
)
