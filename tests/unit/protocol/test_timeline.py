"""The nominal plan: days of visits, visits in windows, groups written out."""

from __future__ import annotations

import pytest

from five_files import protocol
from small_file import FILE, broken, scope_of
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.file import load
from stromal.protocol.language import parse
from stromal.protocol.timeline import Span, anchored, expanded, members, plan, visits_in


def small(old: str = "", new: str = "") -> m.Protocol:
    """The short trial, with one piece of its file replaced."""
    return load(broken(old, new) if old else FILE).require()


def test_visits_have_nominal_days() -> None:
    """Days are counted from day 0; a month is 30.4375 of them."""
    days = plan(small())
    assert days["screening"] == Span(-28, 0)
    assert days["start"] == Span(0, 0)
    assert days["injection_1"] == Span(30.4375, 30.4375)
    assert days["injection_2"] == Span(30.4375 * 4, 30.4375 * 4)
    assert days["last_visit"] == Span(30.4375 * 4 + 28, 30.4375 * 4 + 28)


@pytest.mark.parametrize(
    ("at", "span"),
    [
        ("14..21 days after start", Span(14, 21)),
        ("14..21 days before start", Span(-21, -14)),
        ("within 10 days after start", Span(0, 10)),
        ("within 10 days before start", Span(-10, 0)),
        ("7 days after first injection", Span(37.4375, 37.4375)),
        ("7 days after last dose", Span(30.4375 * 4 + 7, 30.4375 * 4 + 7)),
        ("7 days after consent", Span(-21, 7)),
        ("7 days after enrolment", Span(7, 7)),
        ("every 10 days from start until injection_1", Span(10, 30.4375)),
        ("every 10 days from start until 5..9 days after injection_1", Span(10, 39.4375)),
    ],
)
def test_every_kind_of_time_has_a_span(at: str, span: Span) -> None:
    """Offsets, time frames, series, milestones and repeats."""
    made = small("at: 28 days after last injection", f"at: {at}")
    assert plan(made)["last_visit"] == span


def test_the_second_trial_ends_after_its_last_injection() -> None:
    """A visit after the last of a repeat waits for all of them."""
    days = plan(protocol("NCT04821479"))
    assert days["last_visit"].low == days["injection_4"].low + 3 * 30.4375
    assert days["visit"] == Span(days["injection_1"].low + 2 * 30.4375, days["last_visit"].high)


def test_what_never_takes_place_has_no_day() -> None:
    """Neither a visit whose condition cannot hold, nor what hangs on it."""
    days = plan(small(), frozenset({"injection_1"}))
    assert "injection_1" not in days
    assert "injection_2" not in days
    assert "last_visit" not in days


def test_a_repeat_counts_as_far_as_it_is_reached() -> None:
    """The last of a dose is the last one that can be given."""
    days = plan(small("at: 3 months after previous", "at: 3 months after last_visit"), frozenset())
    assert days["last_visit"] == Span(58.4375, 58.4375)
    assert days["injection_2"].low == pytest.approx(58.4375 + 3 * 30.4375)


def test_an_anchor_stands_for_visits() -> None:
    """A visit for itself, consent for the visit that asks for it, a dose or a stem for its repeats."""
    made = small()
    assert members(t.Anchor("start"), made) == ("start",)
    assert members(t.Anchor("consent"), made) == ("screening",)
    assert members(t.Anchor("injection", "last"), made) == ("injection_1", "injection_2")
    assert members(t.Anchor("dose", "first"), made) == ("injection_1", "injection_2")
    assert members(t.Anchor("last_visit", "last"), made) == ("last_visit",)
    assert members(t.Anchor("enrolment"), made) == ()
    assert anchored(t.Anchor("enrolment"), made, {}) == Span(0, 0)
    assert anchored(t.Anchor("start"), made, {}) is None


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ("at start", "start"),
        ("at last injection", "injection_1 injection_2"),
        ("at enrolment", "screening start injection_1 injection_2 last_visit"),
        ("at now", "screening start injection_1 injection_2 last_visit"),
        ("in treatment", "injection_1 injection_2"),
        ("in [run_in, follow_up]", "start last_visit"),
        ("before injection_1", "screening start injection_1"),
        ("after injection_1", "injection_1 injection_2 last_visit"),
        ("since last injection", "injection_2 last_visit"),
        ("latest before start", "screening start"),
        ("ever before enrolment", "screening start injection_1 injection_2 last_visit"),
        ("within 5 days before start", "screening start"),
        ("within 5 days after start", "screening start"),
        ("20..30 days after start", "injection_1"),
        ("20..30 days before start", "screening"),
        ("from start until injection_1", "screening start injection_1"),
        ("latest", "screening start injection_1 injection_2 last_visit"),
    ],
)
def test_visits_lie_in_windows(window: str, found: str) -> None:
    """A visit lies in a window where any of its possible days does, leeway included."""
    made = small()
    term = parse(f"score {window} > 3", scope_of(made))
    (spec,) = t.windows(term)
    assert visits_in(spec, made, plan(made)) == tuple(found.split())


def test_without_a_window_every_visit_counts() -> None:
    """No window means any time."""
    made = small()
    assert visits_in(None, made, plan(made)) == tuple(made.schedule)


def test_groups_are_written_out() -> None:
    """A group stands for its members, and a group in itself for nothing more."""
    made = small("of: [weight]", "of: [weight, vitals, score]")
    assert expanded(("consent", "vitals", "score"), made) == ("consent", "weight", "score")
