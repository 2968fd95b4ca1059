"""Pages with parts dropped, moved, glued, cut or dressed up: nothing crashes, nothing is read that was not there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portals import PORTALS, invented
from stromal.read import Record, check, parse
from stromal.read.criteria import criteria
from stromal.read.record import Statement, Value
from stromal.values import Unusable

SEEDS = sorted((Path(__file__).resolve().parents[3] / "shared" / "seeds").glob("0*.txt"))
INVENTED = {f"{portal}_{number}": PORTALS[portal](invented(number)) for portal in PORTALS for number in (3, 10)}
"""A page of every portal for two trials of our own; the published pages stand beside them where they are at hand."""
PAGES = {path.stem[:3]: path.read_text(encoding="utf-8") for path in SEEDS} | INVENTED
NAMES = st.sampled_from(sorted(PAGES))
FIELDS = (
    "registry_id", "title", "status", "phase", "study_type", "start", "completion", "allocation", "model", "purpose",
    "masking", "sex", "healthy_volunteers", "sponsor", "updated", "age", "conditions", "dose", "planned_enrolment",
)  # fmt: skip
COUNTS = ("inclusion_criteria_count", "exclusion_criteria_count")
FEW = settings(max_examples=60, deadline=None)


@cache
def whole(name: str) -> Record:
    """A page before anything was done to it."""
    return parse(PAGES[name], "p")


WITHIN = ("inclusion", "exclusion", "inclusion_questions")
"""Parts that belong to the part before them."""


@cache
def blocks(name: str) -> tuple[tuple[int, int], ...]:
    """The first and last line of the top and of every part of a page; criteria belong to their part."""
    headings = {
        section.heading.line for section in whole(name).sections if section.printed and section.name not in WITHIN
    }
    starts = [1, *sorted(headings - {1})]
    return tuple(zip(starts, [*(start - 1 for start in starts[1:]), PAGES[name].count("\n") + 1], strict=True))


def block_of(name: str, line: int) -> tuple[int, int]:
    """The part of a page that holds a line."""
    return next(block for block in blocks(name) if block[0] <= line <= block[1])


def read(text: str) -> Record | None:
    """The record of a changed page; None where it is refused, which needs a reason and a next step."""
    try:
        return parse(text, "p")
    except Unusable as refused:
        if not all(finding.hint and finding.code.startswith("page.") for finding in refused.findings):
            raise
        return None


def said(statement: Statement) -> set[tuple[Value, str]]:
    """Everything a statement says, in each of its readings."""
    values = {(reading.value, reading.unit) for reading in statement.readings} | {(statement.value, statement.unit)}
    return values | {(part, unit) for value, unit in values if isinstance(value, tuple) for part in value}


def most(record: Record, name: str) -> int:
    """The greatest number that a count may be."""
    statement = record.statement(name)
    return max((r.value for r in statement.readings if isinstance(r.value, int)), default=0) if statement else 0


def all_criteria(record: Record) -> int:
    """How many criteria a page lists, on whichever side."""
    found = criteria(record.sections)
    return len(found.inclusion) + len(found.exclusion)


def check_nothing_invented(name: str, record: Record, *, but: tuple[str, ...] = ()) -> None:
    """Every field of the changed page is one of the page's own, and no list of criteria has grown."""
    for field in FIELDS:
        before, after = whole(name).statement(field), record.statement(field)
        if after is None or after.state == "missing" or field in but or "prose only" in after.note:
            continue
        assert before is not None
        known = said(before)
        for value, unit in said(after):
            assert (value, unit) in known or (
                isinstance(value, tuple) and all((part, unit) in known for part in value)
            ), (field, value)
    if not criteria(whole(name).sections).headed:  # where such a list is parted hangs on the words of all its items
        assert all_criteria(record) <= all_criteria(whole(name))
        return
    for count in COUNTS:
        assert count in but or most(record, count) <= most(whole(name), count)


def check_untouched(name: str, record: Record, touched: set[tuple[int, int]], *, but: tuple[str, ...] = ()) -> None:
    """What stands in the other parts of the page is read as before."""
    for statement in whole(name).statements:
        lines = {place.line for place in statement.places}
        if not lines or statement.name in but or any(block_of(name, line) in touched for line in lines):
            continue
        after = record.statement(statement.name)
        assert after is not None, statement.name
        assert said(after) == said(statement), statement.name


def put(lines: list[str], name: str, order: list[tuple[int, int]]) -> str:
    """A page out of some of its parts."""
    return "\n".join("\n".join(lines[first - 1 : last]) for first, last in order)


@pytest.mark.parametrize("name", PAGES)
def test_any_part_dropped(name: str) -> None:
    """Without one of its parts a page says less, and the rest is as it was."""
    lines = PAGES[name].split("\n")
    for gone in blocks(name):
        record = read(put(lines, name, [block for block in blocks(name) if block != gone]))
        if record is not None:
            check_nothing_invented(name, record)
            check_untouched(name, record, {gone})


ORDERED = ("assessments", "interval", "follow_up", "visits", "primary_outcome", "age", "route", "product_processing")
"""Statements that list things in the order of the page."""


@FEW
@given(NAMES, st.data())
def test_parts_in_another_order(name: str, data: st.DataObject) -> None:
    """A page whose parts stand in another order says the same."""
    top, *rest = blocks(name)
    order = [top, *data.draw(st.permutations(rest))]
    record = read(put(PAGES[name].split("\n"), name, order))
    assert record is not None
    check_nothing_invented(name, record)
    check_untouched(name, record, set(), but=ORDERED)


GLUED = ("title", "sponsor", "updated", "conditions", "age", "planned_enrolment", "registry_id", "dose")
"""Fields that a line glued to them may spoil."""


@FEW
@given(NAMES, st.data(), st.sampled_from(["", " "]))
def test_neighbouring_lines_glued(name: str, data: st.DataObject, between: str) -> None:
    """Two lines glued may spoil their own part; the other parts keep their facts."""
    lines = PAGES[name].split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    place = data.draw(st.integers(0, len(filled) - 2))
    first, second = filled[place], filled[place + 1]
    if between and re.match(r"Must (not )?have$", lines[first]):
        assume(False)  # `Must have` with a sentence behind it is a criterion like others
    glued = [*lines[:first], lines[first] + between + lines[second], *[""] * (second - first), *lines[second + 1 :]]
    touched = {block_of(name, first + 1), block_of(name, second + 1)}
    record = read("\n".join(glued))
    assert record is not None
    check_nothing_invented(name, record, but=GLUED)
    check_untouched(name, record, touched)


@FEW
@given(NAMES, st.data())
def test_cut_anywhere(name: str, data: st.DataObject) -> None:
    """A page cut at any letter keeps what stands before, and says so where it stops in a sentence."""
    text = PAGES[name]
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    record = read(cut)
    if record is None:
        return
    last = block_of(name, cut.count("\n") + 1)
    check_untouched(name, record, {block for block in blocks(name) if block[0] >= last[0]})
    end = cut.split("\n")[-1].strip()
    section = record.sections[-1]
    if section.name in ("summary", "description") and len(end.split()) > 4 and end[-1].isalnum():
        assert section.items
        assert "page.truncated" in {finding.code for finding in check.check(record)}


@pytest.mark.parametrize("name", PAGES)
def test_a_whole_page_is_not_called_cut(name: str) -> None:
    """No page that ends as its portal ends it is said to be cut."""
    found = [each for each in check.check(whole(name)) if each.code == "page.truncated" and each.severity == "warning"]
    assert found == []


TOP = ("We use cookies to improve your visit.", "Accept all", "Advertisement", "Sign in", "Menu", "Skip to content")
BOTTOM = ("Subscribe to our newsletter", "Advertisement", "© 2026 Some House. All rights reserved.", "Privacy Policy")


@FEW
@given(NAMES, st.lists(st.sampled_from(TOP), max_size=4), st.lists(st.sampled_from(BOTTOM), max_size=4))
def test_furniture_of_the_portal(name: str, top: list[str], bottom: list[str]) -> None:
    """Menus, adverts and notes on cookies above and below are nobody's facts."""
    record = read("\n".join([*top, PAGES[name], *bottom]))
    assert record is not None
    for statement in whole(name).statements:
        after = record.statement(statement.name)
        assert after is not None
        assert said(after) == said(statement), statement.name


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("old", "new"), [("\n", "\r\n"), ("\n", "\r"), ("\n", "\n\n"), ("\n", " \n"), ("\n", "\n\t \n\n")]
)
def test_other_line_ends(name: str, old: str, new: str) -> None:
    """Line ends of other machines, blank lines and blanks at the ends of lines change nothing."""
    record = read(PAGES[name].replace(old, new))
    assert record is not None
    assert [(s.name, said(s), s.state) for s in record.statements] == [
        (s.name, said(s), s.state) for s in whole(name).statements
    ]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("turn", [str.upper, str.lower, str.title])
def test_other_capitals(name: str, turn: object) -> None:
    """Headings in other capitals are headings."""
    assert callable(turn)
    headings = {section.heading.line for section in whole(name).sections if section.printed}
    lines = PAGES[name].split("\n")
    record = read("\n".join(turn(line) if at in headings else line for at, line in enumerate(lines, 1)))
    assert record is not None
    assert [s.name for s in record.sections] == [s.name for s in whole(name).sections]
    check_untouched(name, record, set())


@pytest.mark.parametrize("name", [name for name in INVENTED if "bio2rdf" not in name])
def test_numbering_that_begins_at_two(name: str) -> None:
    """A list whose first number is lost may hold one more than it shows: both counts stand."""
    begun = re.sub(r"(?m)^(- )?1\. Had illness A before$", "2. Had illness A before", PAGES[name])
    assume_listed = begun != PAGES[name]
    record = read(begun)
    assert record is not None
    if assume_listed:
        statement = record.statement("exclusion_criteria_count")
        assert statement is not None
        assert statement.state == "ambiguous"


@FEW
@given(st.text(max_size=400) | st.lists(st.sampled_from(" ".join(PAGES.values()).split()), max_size=60).map(" ".join))
def test_any_text(text: str) -> None:
    """Any text is read or refused with a reason."""
    read(text)


@FEW
@given(st.lists(st.sampled_from([line for page in PAGES.values() for line in page.split("\n")]), max_size=60))
def test_lines_of_all_portals_mixed(lines: list[str]) -> None:
    """Lines of several portals in any order are read or refused, and a field is only what some line prints."""
    record = read("\n".join(lines))
    for statement in record.statements if record else ():
        assert all(place.quote in "\n".join(lines) for place in statement.places)
