"""The shape of a portal's pages: published lines in, sections with their items out.

Takes the lines of a page; gives Line, the Builder that every layout fills, and Layout, one row of the table in
`pages`. Part of the first step of the walk. Everything here takes time in proportion to the length of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

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


def either(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first so that none hides another."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


CRITERIA_TITLE = r"(?:(?:Key |Main |Major |General )?(?:Inclusion|Exclusion) [Cc]riteria|(?:IN|EX)CLUSION CRITERIA)"
_NAMING = (
    "the", "of", "any", "all", "no", "or", "and", "meet", "meets", "other", "these", "study", "to", "per", "Key",
    "Main",
)  # fmt: skip
_SPOKEN = "".join(rf"(?<!\b{word})" for word in _NAMING)
CRITERIA_END = (
    rf"(?:(?<=[a-z0-9.!?:;)\]])|(?<=[.!?;])\s++)(?={CRITERIA_TITLE}\s*:?\s*$)"
    rf"|(?<=[a-z0-9)]){_SPOKEN}\s++(?=(?:Inclusion|Exclusion) Criteria\s*:?\s*$)"
)
"""Where a heading of criteria hangs at the end of another line; `any of the Exclusion Criteria` is no heading."""


@dataclass(frozen=True, slots=True)
class Glue:
    """Where a portal's lines may be glued.

    `ends` matches the place before something that belongs on a line of its own, `starts` the beginning of a line that
    does. Looking at every place of a page takes long, so a line is looked at only where it ends with one of `endings`
    or holds one of `inside`.
    """

    ends: re.Pattern[str]
    starts: re.Pattern[str] | None
    endings: tuple[str, ...]
    inside: tuple[str, ...] = ()

    def pieces(self, text: str) -> Iterator[str]:
        """The parts of a line, with blank ones among them."""
        likely = text.rstrip(" \t:").endswith(self.endings) or any(words in text for words in self.inside)
        for piece in self.ends.split(text) if likely else (text,):
            head = self.starts.match(piece) if self.starts else None
            cut = head.end() if head else 0
            yield piece[:cut]
            yield piece[cut:]


_CRITERIA = ("Criteria", "criteria", "CRITERIA")


def glue(ends: str, starts: str, endings: Iterable[str], inside: tuple[str, ...] = ()) -> Glue:
    """A portal's glue, with that of the headings of criteria, which every portal prints."""
    return Glue(re.compile(f"{CRITERIA_END}|{ends}"), re.compile(starts), (*_CRITERIA, *endings), inside)


_PLAIN = Glue(re.compile(CRITERIA_END), None, _CRITERIA)


def unglued(lines: Iterable[Line], seams: Glue = _PLAIN) -> Iterator[Line]:
    """Lines, parted where a portal glued them: at a printed `\\n`, and at the seams that its layout knows."""
    for line in lines:
        parts = _ESCAPED_BREAK.split(line.text) if "\\" in line.text else (line.text,)
        yield from (Line(line.number, text) for part in parts for text in seams.pieces(part) if text.strip())


_MARK = re.compile(
    r"\s*(?:(?P<bullet>[*•·▪◦–-])\s+|(?P<number>\(?\d{1,2}(?:[.)]|\s\.\s))\s*(?=\D)|(?P<letter>\(?[a-z]\))\s+)"
)


def marked(text: str) -> tuple[str, str]:
    """The list mark printed before an item (`*`, `2.`), and the item without it."""
    if text[:1].isalpha() and text[1:2] != ")":  # as most items begin
        return "", text.strip()
    match = _MARK.match(text)
    return (match[0].strip(), text[match.end() :].strip()) if match else ("", text.strip())


_NUMBER = r"(?P<open>\(?)(?P<number>\d{1,2})(?P<close>[.)])"
_STEP = re.compile(rf"(?<!\s)\s++(?={_NUMBER}\s+\S)")
_COMPARED = re.compile(r"[≥≤<>=~±(]$")
_COUNTING = re.compile(
    r"\b(?:of|to|than|least|most|or|and|grade|class|stage|type|level|day|week|visit|phase)$", re.IGNORECASE
)
"""What a number of the sentence itself may stand behind, so that it is no number of a list."""
_BULLETS = {sign: re.compile(rf"(?<!\s)\s++(?=[{sign}]\s+\S)") for sign in "*•·▪◦"}
_DASHES = re.compile(r"(?<=[.;])\s++(?=[–-]\s+[A-Z])")
_FIRST = re.compile(rf"\s*{_NUMBER}\s")


def listed(line: Line) -> Iterator[Line]:
    """The items of a list that a portal printed on one line: only where the line itself begins with a mark.

    A bullet is parted at the same bullet; a number only where the next number of the list follows.
    """
    mark = _MARK.match(line.text)
    first = _FIRST.match(line.text)
    if mark is None:
        parts = [line.text]
    elif first:
        parts = list(_counted(line.text, first))
    else:
        parts = _BULLETS.get(mark[0].strip()[:1], _DASHES).split(line.text)
    yield from (Line(line.number, part) for part in parts if part.strip())


def _counted(text: str, first: re.Match[str]) -> Iterator[str]:
    """A numbered list, parted before each number that is one more than the last; a list inside an item stays there."""
    style, number, start = first.group("open", "close"), int(first["number"]), 0
    steps = [(step, int(step["number"])) for step in _STEP.finditer(text) if step.group("open", "close") == style]
    last = max((found for _, found in steps), default=0)
    for step, found in steps:
        if found == 1:
            break
        before = text[max(0, step.start() - 8) : step.start()]
        if found != number + 1 or _COMPARED.search(before) or (found == last and _COUNTING.search(before)):
            continue
        yield text[start : step.end()]
        start, number = step.end(), found
    yield text[start:]


_PORTAL = re.compile(
    r"we (?:and our partners )?use cookies\b.*|(?:accept|reject|allow|manage)(?: all)?(?: cookies)?|cookies? \w+"
    r"|privacy(?: policy| notice)?|terms(?: (?:of|and|&) \w+)*|(?:(?:sign|log) ?(?:in|up|out)|register)(?: \S.{0,40})?"
    r"|subscribe(?: \S.{0,60})?|newsletters?|advertise(?:ment|with us)|sponsored (?:content|post)|ad(?:vert)?"
    r"|skip to (?:main )?content|(?:©|\(c\)|copyright)\s.*|all rights reserved\.?|(?:share|print|save)(?: this \w+)?"
    r"|(?:main )?menu|home|search|contact(?: us)?|about(?: us)?|careers|blog|help|loading\W*|back to top"
    r"|(?:download|get|open) (?:our|the) app\b.*|follow us\b.*|powered by \S+",
    re.IGNORECASE,
)
_LONGEST_PORTAL = 160


def of_portal(words: str) -> bool:
    """Whether a line is the portal's own furniture: cookies, menus, adverts; whatever page it stands on."""
    return len(words) <= _LONGEST_PORTAL and _PORTAL.fullmatch(words) is not None


@dataclass(slots=True)
class _Open:
    """A section while it is being filled."""

    name: str
    heading: Place
    items: list[Item] = field(default_factory=list)
    guide: Place | None = None


@dataclass(slots=True)
class Builder:
    """Gathers sections while a layout walks down a page."""

    file: str
    _open: list[_Open] = field(default_factory=list)
    _labels: dict[str, set[str]] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections as they stand now."""
        return tuple(Section(each.name, each.heading, tuple(each.items), each.guide) for each in self._open)

    def place(self, line: Line | None) -> Place:
        """Where a line stands, quoted without its outer blanks; line 0 for something the page does not print."""
        return Place(line.number, line.words, self.file) if line else Place(0, "", self.file)

    def open(self, name: str, heading: Line | None = None) -> None:
        """Begin a section; without a heading it is one that the page does not name."""
        self._open.append(_Open(name, self.place(heading)))
        self._labels.setdefault(name, set())

    @property
    def name(self) -> str:
        """The section being filled, or nothing before the first."""
        return self._open[-1].name if self._open else ""

    @property
    def fresh(self) -> bool:
        """Whether the last thing read was the printed heading of a section, so that its guide may follow."""
        return bool(self._open) and self._open[-1].heading.line > 0 and not self._open[-1].items

    @property
    def guided(self) -> bool:
        """Whether the section being filled has its guide already."""
        return bool(self._open) and self._open[-1].guide is not None

    def opened(self, name: str) -> bool:
        """Whether a section of this name was begun."""
        return name in self._labels

    def labelled(self, name: str, label: str) -> bool:
        """Whether a section of this name holds an item with this label."""
        return label in self._labels.get(name, ())

    def guide(self, line: Line) -> None:
        """The portal's own sentence about a section."""
        self._open[-1].guide = self.place(line)

    def item(self, line: Line, label: str = "", label_line: Line | None = None) -> None:
        """Add an item; its mark is taken off unless it has a label. What is the portal's own is labelled so."""
        if not label and of_portal(line.words):
            label = "portal"
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
        self._open[-1].items.append(item)
        self._labels[self._open[-1].name].add(item.label)

    def cut(self, line: Line) -> None:
        """The last line, when the page is cut inside a heading or label: it belongs to nothing."""
        self.open("cut")
        self.item(line, "cut")

    def rename(self, name: str) -> None:
        """Call the section being filled by another name, once its first lines show what it is."""
        self._open[-1].name = name
        self._labels.setdefault(name, set())

    def titled(self) -> None:
        """Of the lines at the top only the last can be the title: label those above it as such."""
        items = self._open[0].items
        plain = [at for at, item in enumerate(items) if not item.label]
        for at in plain[:-1]:
            items[at] = replace(items[at], label="above")


def cut_short(line: Line, known: Iterable[str]) -> bool:
    """Whether the last line of a page is the beginning of a heading or label, cut before its end."""
    words = line.words.lower()
    printed = line.words[:1].isupper() or line.words[:1] == "-"
    return printed and any(each.startswith(words) and each != words for each in known)


SPONSOR_CLASSES = r"(?:OTHER_GOV|OTHER|INDUSTRY|NIH|FED|NETWORK|INDIV|UNKNOWN|AMBIG)"
"""What kind of body a sponsor is, as the registry prints it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on a page that tells its layout. A strong one stands on no other page, so that it is enough alone."""

    line: Line
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A portal's way of printing a trial: its name, its marks and how many must show, how to take it apart.

    `shows` names marks of the layout in words, `once` the sections that a page of one trial prints once, and `last`
    the sections that such a page may end with.
    """

    name: str
    title: str
    marks: Callable[[tuple[Line, ...]], tuple[Mark, ...]]
    needed: int
    shows: tuple[str, ...]
    once: tuple[str, ...]
    last: tuple[str, ...]
    split: Callable[[tuple[Line, ...], str], tuple[Section, ...]]


CRITERIA_HEADING = re.compile(
    r"\s*(?:key |main |major |general )?(?P<which>inclusion|exclusion) criteri(?:a|on)s?\s*:?\s*", re.IGNORECASE
)


def criteria_heading(text: str) -> str | None:
    """`inclusion` or `exclusion` where the line is such a heading, alone on its line."""
    match = CRITERIA_HEADING.fullmatch(text)
    return match["which"].lower() if match else None


def criteria_begin(line: Line) -> tuple[str, Line, Line | None] | None:
    """The side that a line begins, its heading, and what follows the heading on the same line."""
    match = CRITERIA_HEADING.match(line.text)
    if match is None:
        return None
    rest = Line(line.number, line.text[match.end() :])
    return match["which"].lower(), Line(line.number, match[0]), rest if rest.text.strip(" :*") else None


REGISTRY_ID = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\d{8}|EUCTR\d{4}-\d{6}-\d{2}(?:-[A-Z]{2})?|ChiCTR[\w-]*\d+|CTRI/\d{4}/\d+/\d+|jRCT\w*\d+"
    r"|CTIS\d{4}-\d{6}-\d{2}-\d{2}|ACTRN\d+|IRCT\w*\d+|DRKS\d+|KCT\d+|UMIN\d+|NTR\d+|TCTR\d+|PACTR\d+|RBR-\w+)\b"
)
