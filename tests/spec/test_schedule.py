"""The calendar: when each visit is, and where it stands on any day.

The schedule of the small trial: a run-in of three visits a month apart, `injection_1` three months after its start,
`injection_2` 14 to 21 days later unless there was toxicity, a series of visits every two months until the last one, 12
months after the last injection.
"""

from __future__ import annotations

from datetime import date

from spec_trial import PROTOCOL, case, chart, table
from stromal.protocol.file import load
from stromal.rules.schedule import Planned, calendar, due
from stromal.rules.timing import Case

START = "run_in_start on 2024-01-31"


def planned(name: str, recorded: str, on: str, start: str | None = None) -> Planned:
    """One visit of the calendar of a person."""
    found = calendar(case(recorded, on), date.fromisoformat(start) if start else None)
    return next(each for each in found if each.name == name)


_BARE = """\
stromal: 1
trial: {id: NCT00000002, title: Days, sponsor: A hospital, phase: "1", design: single group, planned: 3}
version: {number: 1, effective: 2024-01-01}
population: {condition: a disease}
facts:
  adverse_event: {kind: log}
products:
  cells: {says: cells, donor: third party}
doses:
  injection: {product: cells, amount: 1e8 cells}
rules:
  toxicity:
    when: count(adverse_event where grade >= 3 and related) > 0
schedule:
"""


def planned_in(schedule: str, name: str, recorded: str, on: str) -> Planned:
    """One visit of another calendar, written as `visit: at; key: value` a line."""
    lines = [line.replace(": ", ":\n    at: ", 1).replace("; ", "\n    ") for line in schedule.splitlines()]
    trial = load(_BARE + "".join(f"  {line}\n" for line in lines)).require()
    found = calendar(Case(trial, chart(recorded), date.fromisoformat(on)))
    return next(each for each in found if each.name == name)


# ---------------------------------------------------------------- days


@table("visit", "recorded", "target", "window")(
    ("run_in_1", START, "2024-02-29", "2024-02-22 to 2024-03-07"),
    ("run_in_2", START, "2024-03-29", "2024-03-22 to 2024-04-05"),
    ("run_in_2", f"{START}; run_in_1 on 2024-03-02", "2024-04-02", "2024-03-26 to 2024-04-09"),
    ("injection_1", START, "2024-04-30", "2024-04-16 to 2024-05-14"),
    ("injection_1", f"{START}; run_in_2 on 2024-04-05", "2024-04-30", "2024-04-16 to 2024-05-14"),
    ("injection_2", START, "2024-05-14", "2024-05-14 to 2024-05-21"),
    ("injection_2", f"{START}; injection_1 on 2024-05-10", "2024-05-24", "2024-05-24 to 2024-05-31"),
    ("month_6", f"{START}; injection_1 on 2024-05-10", "2024-11-10", "2024-10-27 to 2024-11-24"),
    ("screening", START, "2024-01-31", "2024-01-03 to 2024-01-31"),
    ("last_visit", START, "2025-05-14", "2025-04-14 to 2025-06-13"),
)
def test_visits_hang_on_their_anchors(visit: str, recorded: str, target: str, window: str) -> None:
    """A visit is planned from the day of its anchor: the actual day once that is known, the planned one before. Months
    are those of the calendar: a month after the 31st of January is the last of February. `14..21 days` gives the days
    on which the visit is meant to be, the window adds the leeway on both sides.
    """
    found = planned(visit, recorded, "2024-02-01")
    assert (str(found.target), str(found.window)) == (target, window)


@table("start", "recorded", "target", "status")(
    (None, "", None, "unplanned"),
    ("2024-02-01", "", "2024-02-01", "due"),
    (None, "enrolled on 2024-01-20", "2024-01-20", "late"),
    ("2024-02-05", "enrolled on 2024-01-20", "2024-02-05", "upcoming"),
    (None, "enrolled on 2024-01-20; run_in_start on 2024-01-25", "2024-01-25", "done"),
    ("2024-02-05", "run_in_start on 2024-01-25", "2024-01-25", "done"),
)
def test_day_zero(start: str | None, recorded: str, target: str | None, status: str) -> None:
    """Day 0 is the day on which its visit takes place. Until then it is planned on the day that was arranged, or on the
    day of enrolment, and is due from that day on: nothing can be missed before it.
    """
    found = planned("run_in_start", recorded, "2024-02-01", start)
    assert (found.target and str(found.target), found.status) == (target, status)


def test_without_a_day_zero_nothing_is_planned() -> None:
    """As long as day 0 has no day, no visit has one, and the calendar says so."""
    found = calendar(case("", "2024-02-01"))
    assert {each.status for each in found} == {"unplanned"}
    assert {each.reason for each in found} == {"its anchor has no date yet"}
    assert [each.name for each in found if each.name.startswith("visit")] == []


# ---------------------------------------------------------------- where a visit stands


@table("asked_on", "status")(
    ("2024-02-21", "upcoming"),
    ("2024-02-22", "due"),
    ("2024-02-29", "due"),
    ("2024-03-01", "late"),
    ("2024-03-07", "late"),
    ("2024-03-08", "missed"),
)
def test_due_late_and_missed(asked_on: str, status: str) -> None:
    """A visit is due from the first day of its window, late after the day on which it is meant to be, and missed after
    the last day of its window.

    (`run_in_1` is meant to be on 2024-02-29, with a week of leeway on either side.)
    """
    assert planned("run_in_1", START, asked_on).status == status


@table("asked_on", "status")(
    ("2024-05-23", "upcoming"),
    ("2024-05-24", "due"),
    ("2024-05-31", "due"),
    ("2024-06-01", "missed"),
)
def test_within_a_span_of_days_a_visit_is_due(asked_on: str, status: str) -> None:
    """On every day of `14..21 days after injection_1` the visit is due, not late."""
    assert planned("injection_2", f"{START}; injection_1 on 2024-05-10", asked_on).status == status


@table("done_on", "status")(
    ("2024-02-21", "done early"),
    ("2024-02-22", "done"),
    ("2024-03-07", "done"),
    ("2024-03-08", "done late"),
)
def test_done_early_and_late(done_on: str, status: str) -> None:
    """A visit that took place outside its window was early or late."""
    found = planned("run_in_1", f"{START}; run_in_1 on {done_on}", "2024-06-01")
    assert (found.status, str(found.done)) == (status, done_on)


@table("recorded", "visit", "status")(
    (f"{START}; missed run_in_1", "run_in_1", "missed"),
    (f"{START}; missed run_in_1; run_in_1 on 2024-02-29", "run_in_1", "done"),
    ("missed run_in_1", "run_in_1", "missed"),
    ("run_in_1 on 2024-02-29", "run_in_1", "done"),
)
def test_recorded_as_missed(recorded: str, visit: str, status: str) -> None:
    """A visit recorded as missed is missed, even if its window is still open; one that took place is done, even if its
    anchor has no day.
    """
    assert planned(visit, recorded, "2024-02-25").status == status


@table("events", "status", "why")(
    ("", "upcoming", ""),
    ("Fever grade 3 on 2024-05-12 related", "not planned", "1 adverse event (Fever, grade 3); asked for > 0"),
    ("Fever grade 3 on 2024-05-12", "upcoming", ""),
    ("Fever grade 3 on 2024-05-12 not related", "upcoming", ""),
)
def test_conditional_visits(events: str, status: str, why: str) -> None:
    """A visit whose condition is false is not planned, with the reason; while the condition is unknown it stays
    planned.

    (`injection_2` takes place unless there was toxicity.)
    """
    found = planned("injection_2", f"{START}; dose at injection_1 on 2024-05-10; {events}", "2024-05-14")
    assert (found.status, found.reason) == (status, why)


def test_a_condition_tells_even_without_a_day() -> None:
    """A visit whose condition is false is not planned, whether or not its anchor has a day."""
    recorded = "dose at injection_1 on 2024-05-10; Fever grade 3 on 2024-05-12 related"
    found = planned_in("b: day 0; give: injection\na: 3 days after b; unless: toxicity", "a", recorded, "2024-05-14")
    assert (found.status, found.target) == ("not planned", None)


# ---------------------------------------------------------------- what moves later visits


@table("recorded", "target")(
    (START, "2025-05-14"),
    (f"{START}; dose at injection_1 on 2024-05-10", "2025-05-24"),
    (f"{START}; dose at injection_1 on 2024-05-10; dose at injection_2 on 2024-05-29", "2025-05-29"),
    (f"{START}; dose at injection_1 on 2024-05-10; injection_2 on 2024-05-29", "2025-05-10"),
    (f"{START}; dose at injection_1 on 2024-05-10; missed injection_2", "2025-05-10"),
    (f"{START}; dose at injection_1 on 2024-05-10; Fever grade 3 on 2024-05-12 related", "2025-05-10"),
    (f"{START}; dose at injection_1 on 2024-05-10; month_6 on 2024-11-10", "2025-05-10"),
    (f"{START}; missed injection_1; missed injection_2", None),
)
def test_the_last_dose(recorded: str, target: str | None) -> None:
    """`last injection` is the last one given or still to come. One that was left out, missed, passed by or is not
    planned any more does not count, so that the visits after it move forward.

    (The target is that of `last_visit`, 12 months after the last injection.)
    """
    found = planned("last_visit", recorded, "2024-06-01")
    assert (found.target and str(found.target)) == target


@table("recorded", "visits")(
    (START, 6),
    (f"{START}; dose at injection_1 on 2024-05-10; missed injection_2", 5),
    (f"{START}; dose at injection_1 on 2024-05-10; last_visit on 2024-09-01", 1),
    (f"{START}; dose at injection_1 on 2024-05-10; visit_3 on 2024-11-10; last_visit on 2024-09-01", 3),
    (f"{START}; missed injection_1; missed injection_2", 0),
    (f"{START}; missed injection_1; missed injection_2; visit_2 on 2024-06-30", 2),
    ("", 0),
)
def test_a_series_has_as_many_visits_as_there_is_room_for(recorded: str, visits: int) -> None:
    """`every 2 months from injection_1 until last_visit` makes visits as long as they come before the last one,
    whatever day that has moved to. A visit that took place stays in the calendar.
    """
    found = [each for each in calendar(case(recorded, "2024-06-01")) if each.visit.name == "visit"]
    assert len(found) == visits
    assert [each.name for each in found] == [f"visit_{number}" for number in range(1, visits + 1)]


def test_the_days_of_a_series() -> None:
    """Each visit of a series is counted from its start, not from the visit before it, so that a late one moves no
    other.
    """
    recorded = f"{START}; dose at injection_1 on 2024-04-30; visit_1 on 2024-07-05"
    found = [each for each in calendar(case(recorded, "2024-07-05")) if each.visit.name == "visit"]
    assert [str(each.target) for each in found[:3]] == ["2024-06-30", "2024-08-30", "2024-10-30"]
    assert str(found[0].window) == "2024-06-20 to 2024-07-10"


@table("schedule", "visit", "recorded", "target", "window")(
    ("a: day 0\nb: within 10 days after a", "b", "a on 2024-05-10", "2024-05-20", "2024-05-10 to 2024-05-20"),
    ("b: within 10 days before a\na: day 0", "b", "a on 2024-05-10", "2024-05-10", "2024-04-30 to 2024-05-10"),
    ("a: day 0\nb: 2 weeks before a", "b", "a on 2024-05-10", "2024-04-26", "2024-04-26 to 2024-04-26"),
    ("a: day 0\nb: 10..14 days before a", "b", "a on 2024-05-10", "2024-04-30", "2024-04-26 to 2024-04-30"),
    ("a: day 0\nb: 28 +-3 days after a", "b", "a on 2024-05-10", "2024-06-07", "2024-06-04 to 2024-06-10"),
    ("a: day 0\nb: 9 days after a; window: -1..+5 d", "b", "a on 2024-05-10", "2024-05-19", "2024-05-18 to 2024-05-24"),
    ("a: day 0\nb: 3 days after consent", "b", "consent on 2024-05-10", "2024-05-13", "2024-05-13 to 2024-05-13"),
    ("a: day 0\nb: 3 days after enrolment", "b", "enrolled on 2024-05-10", "2024-05-13", "2024-05-13 to 2024-05-13"),
    ("a: day 0\nb_1..2: 1 month after previous\nc: 3 days after first b", "c", "a on 2024-05-10", "2024-06-13",
     "2024-06-13 to 2024-06-13"),
    ("a: day 0\nb_1..2: 1 month after previous\nc: 3 days after last b", "c", "a on 2024-05-10; b_1 on 2024-06-09",
     "2024-07-12", "2024-07-12 to 2024-07-12"),
    ("a: day 0\ns: every 10 days from a until 30 days after a", "s_3", "a on 2024-05-10", "2024-06-09",
     "2024-06-09 to 2024-06-09"),
    ("a: day 0\ns: every 10 days from a until 9 d after a\nb: 1 day after s", "b", "a on 2024-05-09", None, "… to …"),
    ("a: day 0\nb: 1 day after c\nc: 1 day after b", "c", "a on 2024-05-10", None, "… to …"),
)  # fmt: skip
def test_ways_to_say_when(schedule: str, visit: str, recorded: str, target: str | None, window: str) -> None:
    """Everything that `at:` can say of a visit, and the days that come of it. A series that ends on a day rather than
    at a visit includes that day. Visits that hang on each other, or on a whole series, have no day.
    """
    found = planned_in(schedule, visit, recorded, "2024-05-12")
    assert (found.target and str(found.target), str(found.window)) == (target, window)


def test_due_lists_what_can_take_place_today() -> None:
    """On any day, the visits that are due or late are those that can take place."""
    recorded = f"{START}; run_in_1 on 2024-02-29"
    assert [each.name for each in due(case(recorded, "2024-03-30"))] == ["run_in_2"]
    assert [each.name for each in due(case(recorded, "2024-04-16"))] == ["injection_1"]
    assert due(case(recorded, "2024-02-01")) == ()


def test_the_calendar_is_in_the_order_of_days() -> None:
    """The calendar lists visits by the day on which they were or will be; those without a day come last."""
    found = calendar(case(f"{START}; run_in_1 on 2024-02-20", "2024-03-01"))
    days = [each.done or each.target for each in found]
    assert [each.name for each in found[:5]] == ["screening", "run_in_start", "run_in_1", "run_in_2", "injection_1"]
    assert days == sorted(days, key=str)
    assert {each.name for each in found} >= set(PROTOCOL.schedule) - {"visit"}


def test_a_series_never_grows_without_end() -> None:
    """A visit recorded under an absurd number does not fill the calendar with thousands of others."""
    found = calendar(case(f"{START}; visit_99999 on 2024-07-01", "2024-07-01"))
    assert len(found) < 700
