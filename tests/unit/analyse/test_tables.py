"""What a committee counts, in a small trial whose every number can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import small_trial
from small_trial import Log
from stromal.analyse.grid import Cell, Table
from stromal.analyse.tables import Tables, tabulate
from stromal.ledger import events as e
from stromal.ledger.state import State
from stromal.protocol.file import load


@pytest.fixture(scope="module")
def state() -> State:
    """The small trial as it stands."""
    return small_trial.history().state()


@pytest.fixture(scope="module")
def tables(state: State) -> Tables:
    """Every table of the small trial."""
    return tabulate(state, small_trial.protocol())


def tabulated(log: Log) -> Tables:
    """Every table of another trial under the same protocol."""
    return tabulate(log.state(), small_trial.protocol())


def by(table: Table, *names: str) -> dict[Cell, tuple[Any, ...]]:
    """Some columns of a table, by its first."""
    first = table.columns[0].name
    return {record[first]: tuple(record[name] for name in names) for record in table.records()}


# ---------------------------------------------------------------- disposition and people


def test_everybody_is_somewhere_in_the_disposition(tables: Tables) -> None:
    """Eight screened: one failed for two reasons, one not judged; of six enrolled two completed, one left."""
    counts = {name: people for name, (people,) in by(tables.disposition, "people").items()}
    assert counts == {
        "Screened": 8, "Gave consent": 7, "Judged eligible": 6, "Judged not eligible": 1, "Not judged yet": 1,
        "Still in screening": 1, "Screen failed": 1, "Age": 1, "Score of at least 15": 1,
        "Enrolled": 6, "Given dose 1": 5, "Given dose 2": 3, "Completed": 2, "Withdrawn": 1, "moved away": 1,
        "Ongoing": 3,
    }  # fmt: skip
    assert by(tables.disposition, "of", "percent")["Withdrawn"] == (6, pytest.approx(100 / 6))


def test_reasons_that_name_a_criterion_are_counted_by_criterion() -> None:
    """What differs from person to person, such as an age, does not split the count; no reason is said to be none."""
    log = Log()
    day = date(2020, 3, 2)
    for who, reasons in (("P1", ("I1: score is 9",)), ("P2", ("I1: score is 12", "I1: twice")), ("P3", ())):
        log.add(e.ParticipantRegistered(who, day))
        log.add(e.ScreenFailed(who, day, reasons))
    rows = by(tabulated(log).disposition, "people")
    assert rows["I1: Score of at least 15"] == (2,)
    assert rows["No reason recorded"] == (1,)


def test_every_row_of_the_disposition_names_its_entries(tables: Tables, state: State) -> None:
    """Completed rests on the two entries that say so; dose 2 on the three administrations."""
    rows = {row.cells[0]: row.entries for row in tables.disposition.rows}
    people = state.participants
    assert rows["Completed"] == (people["P1"].end_entry, people["P2"].end_entry)
    assert rows["Given dose 2"] == tuple(sorted(people[who].chart.infusions[1].entry for who in ("P1", "P2", "P3")))
    assert rows["Not judged yet"] == (people["P8"].entry,)


def test_people_have_a_line_each_also_those_not_enrolled(tables: Tables) -> None:
    """Eight lines; who has not consented is told so, and who is still in the trial has no end."""
    lines = by(tables.participants, "status", "consent", "ended", "doses")
    assert lines["P8"] == ("screening", "not given", "", 0)
    assert lines["P5"] == ("enrolled", date(2020, 5, 11), "", 1)
    assert lines["P3"] == ("withdrawn", date(2020, 4, 1), date(2020, 11, 1), 2)


def test_a_baseline_is_the_last_value_up_to_the_first_dose(tables: Tables, state: State) -> None:
    """The score of the day of the first dose counts, later ones do not; who is not dosed counts with the last value."""
    records = {record["characteristic"]: record for record in tables.baseline_numbers.records()}
    score = records["Function score"]
    known = [seen for seen in state.participants["P6"].chart.observations if seen.fact == "score"]
    assert (score["n"], score["missing"], score["low"]) == (6, 0, known[-1].value)
    assert records["Age at consent"]["median"] == 56
    assert (records["Body weight"]["n"], records["Body weight"]["missing"]) == (5, 1)


def test_a_missing_age_is_counted_as_missing() -> None:
    """Without a birth date, or without consent, nobody has an age."""
    log = Log()
    day = date(2020, 3, 2)
    for number, who in enumerate(("P1", "P2"), start=1):
        log.add(e.ParticipantRegistered(who, day))
        log.add(e.ParticipantEnrolled(who, day, number, 1))
    log.seen("P1", "birth_date", "1980-01-01", day)
    log.add(e.ConsentGiven("P2", day, 1))
    age = tabulated(log).baseline_numbers.records()[0]
    assert (age["n"], age["missing"], age["mean"], age["sd"]) == (0, 2, None, None)


def test_a_number_without_its_unit_is_missing() -> None:
    """A weight of 70 of nothing is not known; it is not taken for kilograms."""
    log = Log()
    day = date(2020, 3, 2)
    log.add(e.ParticipantRegistered("P1", day))
    log.add(e.ParticipantEnrolled("P1", day, 1, 1))
    log.seen("P1", "weight", 70.0, day)
    assert by(tabulated(log).baseline_numbers, "n", "missing")["Body weight"] == (0, 1)
    log.seen("P1", "weight", 70_000.0, day, unit="g")
    assert by(tabulated(log).baseline_numbers, "n", "mean")["Body weight"] == (1, 70.0)


def test_who_is_not_known_is_a_group_of_its_own(tables: Tables) -> None:
    """Two people have no stage: they are neither early nor late, and are named by their enrolment."""
    rows = [row for row in tables.baseline_groups.rows if row.cells[0] == "Stage"]
    assert [row.cells[1:3] for row in rows] == [("Early", 3), ("Late", 1), ("not known", 2)]
    assert len(rows[-1].entries) == 2
    smokers = [row.cells[1:3] for row in tables.baseline_groups.rows if row.cells[0] == "Smoker"]
    assert smokers == [("Yes", 1), ("No", 5)]


# ---------------------------------------------------------------- exposure


def test_exposure_sets_delivered_beside_prescribed(tables: Tables) -> None:
    """85 % of the prescription is outside 90 to 110 %, 102 % within; the entry is the administration."""
    records = tables.exposure.records()
    assert len(records) == 8
    second = next(each for each in records if each["participant"] == "P2" and each["dose_number"] == 1)
    assert second["percent"] == pytest.approx(85)
    assert (second["tolerance"], second["lot"]) == ("outside", "L-P2-1")
    assert [each["tolerance"] for each in records].count("within") == 7


def test_the_weight_is_shown_only_where_a_dose_goes_by_weight(tables: Tables, state: State) -> None:
    """These doses are fixed; per kilogram the weight of the prescription stands in the row."""
    assert "weight" not in [column.name for column in tables.exposure.columns]
    text = small_trial.TEXT.replace("amount: 5e7 cells\n", "amount: 5e7 cells/kg of weight at same visit\n")
    text = text.replace("ladder: 5e7, 1e8 cells\n", "ladder: 5e7, 1e8 cells/kg\n").replace(
        "start: 5e7 cells\n", "start: 5e7 cells/kg\n"
    )
    tables = tabulate(state, load(text).require())
    assert set(tables.exposure.column("weight")) == {70.5}
    assert tables.exposure.column("level")[0] == "5.0e7 cells/kg"


def test_exposure_is_summed_by_level(tables: Tables) -> None:
    """Six administrations of 5e7 cells to five people, two of 1e8 to two."""
    rows = by(tables.exposure_summary, "level", "given", "people", "outside")
    assert tables.exposure_summary.column("level") == ("5.0e7 cells", "1.0e8 cells")
    assert rows["Injection"] == ("1.0e8 cells", 2, 2, 0)
    assert tables.exposure_summary.records()[0]["outside"] == 1


def test_a_dose_without_a_tolerance_or_without_a_rule_breaks_none(state: State) -> None:
    """Where the protocol states no tolerance, or no longer has the dose, nothing is said to be outside."""
    protocol = small_trial.protocol()
    loose = replace(protocol, doses={"injection": replace(protocol.doses["injection"], tolerance=None)})
    assert set(tabulate(state, loose).exposure.column("tolerance")) == {"none stated"}
    assert set(tabulate(state, loose).exposure_summary.column("outside")) == {"none stated"}
    gone = replace(protocol, doses={}, products={})
    assert set(tabulate(state, gone).exposure.column("tolerance")) == {"none stated"}
    assert tabulate(state, gone).exposure.column("level")[0] == "5.0e7"
    assert tabulate(state, gone).lots_by_status.column("product")[0] == "Msc"


def test_a_prescription_of_nothing_has_no_percentage() -> None:
    """Nothing prescribed and something given is unknown in percent, not infinite."""
    log = Log()
    day = date(2020, 3, 2)
    log.add(e.ParticipantRegistered("P1", day))
    log.add(e.ParticipantEnrolled("P1", day, 1, 1))
    log.add(e.CellsInfused("P1", "injection_1", "injection", "L", day, 5e7, 0.0, 1e7, 90.0, 5.0, 4.5e7))
    (row,) = tabulated(log).exposure.records()
    assert (row["percent"], row["tolerance"]) == (None, "none stated")
    assert tabulated(log).exposure_summary.records()[0]["percent"] is None


def test_omitted_doses_and_lots_are_told(tables: Tables) -> None:
    """One dose was left out; of ten lots eight were given and one rejected with its reason."""
    assert by(tables.omissions, "reason") == {"P4": ("the participant preferred not to",)}
    lots = by(tables.lots, "status", "tests", "given")
    assert lots["L-X"] == ("rejected: sterility positive", "none recorded", 0)
    assert lots["L-P1-1"] == ("released", "Viability 92.5 %; Sterility negative", 1)
    statuses = {record["status"]: (record["lots"], record["given"]) for record in tables.lots_by_status.records()}
    assert statuses == {"released": (8, 8), "rejected: sterility positive": (1, 0)}


# ---------------------------------------------------------------- adverse events


def counts(tables: Tables, level: str = "all levels") -> dict[Cell, tuple[Any, ...]]:
    """People, not judged, of, percent and limits by measure, for one level."""
    names = ("people", "unknown", "of", "percent", "low", "high", "events")
    return {record["measure"]: tuple(record[name] for name in names)
            for record in tables.adverse_event_counts.records() if record["level"] == level}  # fmt: skip


def test_people_with_events_are_counted_among_those_dosed(tables: Tables) -> None:
    """Three of five dosed had an event after the first dose; a fall in the run-in does not count."""
    people, unknown, of, share, low, high, events = counts(tables)["Any adverse event"]
    assert (people, unknown, of, share, events) == (3, 0, 5, 60.0, 4)
    assert (low, high) == (pytest.approx(14.663, abs=1e-3), pytest.approx(94.726, abs=1e-3))


def test_none_of_five_is_bounded(tables: Tables) -> None:
    """Nobody died: still up to 52.2 % might, and the row rests on the administrations."""
    assert counts(tables)["Fatal (grade 5)"][:3] == (0, 0, 5)
    assert counts(tables)["Fatal (grade 5)"][5] == pytest.approx(52.182, abs=1e-3)
    row = next(row for row in tables.adverse_event_counts.rows if row.cells[1] == "Fatal (grade 5)")
    assert row.entries == tables.exposure.entries


def test_what_nobody_judged_is_neither_yes_nor_no(tables: Tables) -> None:
    """Two had a related event and one has a fever nobody judged: 40 to 60 %, and the interval allows for both."""
    people, unknown, of, share, low, high, _ = counts(tables)["Related"]
    assert (people, unknown, of, share) == (2, 1, 5, "40.0 to 60.0")
    assert (low, high) == (pytest.approx(5.274, abs=1e-3), pytest.approx(94.726, abs=1e-3))
    assert counts(tables)["Related, grade 3 or more"][:2] == (1, 0), "a fever of grade 1 is certainly not severe"


def test_an_event_counts_for_the_level_given_last_before_it(tables: Tables) -> None:
    """P1's second headache followed 1e8 cells; of the two people at that level nobody had a related event."""
    assert counts(tables, "1.0e8 cells")["Any adverse event"][:3] == (1, 0, 2)
    assert counts(tables, "1.0e8 cells")["Related"][:3] == (0, 0, 2)
    assert counts(tables, "5.0e7 cells")["Any adverse event"][:3] == (3, 0, 5)


def test_terms_are_counted_once_a_person_at_the_worst_grade(tables: Tables) -> None:
    """Two headaches of one person are one person with grade 2, related because one of them is."""
    rows = by(tables.adverse_events_by_term, "relation", "grade_1", "grade_2", "grade_3", "people", "events")
    assert rows["Headache"] == ("related", 0, 1, 0, 1, 2)
    assert rows["Meningism"] == ("related", 0, 0, 1, 1, 1)
    assert rows["Fever"] == ("not judged", 1, 0, 0, 1, 1)
    assert "Fall" not in rows


def test_terms_are_told_apart_by_level(tables: Tables) -> None:
    """The headache after 1e8 cells is not related, the one after 5e7 is."""
    rows = {(r["level"], r["term"]): r["relation"] for r in tables.adverse_events_by_level.records()}
    assert rows["5.0e7 cells", "Headache"] == "related"
    assert rows["1.0e8 cells", "Headache"] == "not related"


def dosed_log(*reports: tuple[str, str, int, bool | None]) -> Log:
    """Two people given one dose each, with events of a person, term, grade and relation a day later."""
    log, day = Log(), date(2020, 3, 2)
    for number, who in enumerate(("P1", "P2"), start=1):
        log.add(e.ParticipantRegistered(who, day))
        log.add(e.ParticipantEnrolled(who, day, number, 1))
        log.dose(who, "injection_1", day, 5e7)
    for at, (who, term, grade, related) in enumerate(reports):
        log.add(e.AdverseEventReported(who, f"AE{at}", term, grade, date(2020, 3, 3), related, False, True))
    return log


def test_a_term_judged_in_several_ways_has_a_line_for_each() -> None:
    """A sum first, then related and not related below it."""
    tables = tabulated(dosed_log(("P1", "Fever", 1, True), ("P2", "Fever", 2, False)))
    lines = [(row.cells[:2], row.depth) for row in tables.adverse_events_by_term.rows]
    assert lines == [(("Fever", "any"), 0), (("Fever", "related"), 1), (("Fever", "not related"), 1)]


def test_one_dose_level_is_not_split() -> None:
    """With a single level the tables by level say that there is nothing to tell apart."""
    tables = tabulated(dosed_log(("P1", "Fever", 1, True)))
    assert set(tables.adverse_event_counts.column("level")) == {"all levels"}
    assert tables.adverse_events_by_level.rows == ()
    assert "not several dose levels" in tables.adverse_events_by_level.empty


def test_a_committee_reads_severe_serious_and_unjudged_events(tables: Tables) -> None:
    """The meningism of grade 3 and the fever nobody judged; every event, also before dosing, stands in the listing."""
    assert tables.severe_events.column("term") == ("Meningism", "Fever")
    listing = by(tables.adverse_event_listing, "term", "days", "level", "resolved")
    assert listing["P3"] == ("Fall", "", "before the first dose", "not resolved")
    assert listing["P5"] == ("Fever", 7, "5.0e7 cells", "not resolved")
    assert len(tables.adverse_event_listing.rows) == 5


def test_a_follow_up_is_cited_beside_the_report(tables: Tables) -> None:
    """The second headache rests on its report and on the entry that says when it was over."""
    second = tables.adverse_event_listing.rows[1]
    assert len(second.entries) == 2, second
    assert second.cells[-1] == date(2020, 9, 8)


# ---------------------------------------------------------------- decisions


def test_a_hold_tells_who_placed_and_who_lifted_it(tables: Tables) -> None:
    """Why, when, by whose signatures; it rests on the event that caused it as well."""
    (hold,) = tables.holds.records()
    assert hold["level"] == "participant P4"
    assert hold["needed"] == "investigator, safety committee"
    assert hold["signed"] == "ivo as investigator, 2020-08-20; cora as safety committee, 2020-08-25"
    assert str(hold["lifted"])[:10] == "2020-08-25"
    assert len(tables.holds.rows[0].entries) == 5


def test_a_hold_that_stands_and_one_unknown_to_the_protocol() -> None:
    """Nobody has signed, it still stands; for a rule the protocol lacks, who lifts it is not known."""
    log = dosed_log()
    log.add(e.HoldPlaced("paused", "trial", "two people held", (1,)))
    log.add(e.HoldPlaced("other", "dose", "a reason", (), dose="injection"))
    first, second = tabulated(log).holds.records()
    assert (first["rule"], first["level"], first["lifted"]) == ("Two people held", "the whole trial", "still stands")
    assert (first["signed"], first["needed"]) == ("nobody yet", "safety committee")
    assert (second["rule"], second["level"], second["needed"]) == ("Other", "dose injection", None)


def test_a_signature_falls_with_what_it_signed() -> None:
    """Once the signed entry is corrected, the signature counts as no longer standing, in both tables."""
    log = dosed_log()
    hold = log.add(e.HoldPlaced("paused", "trial", "two people held", (1,)))
    log.add(e.Signed("agreed", (hold,), "d" * 64), "cora", "safety_committee")
    log.add(e.EntryCorrected(hold, "wrong reason", e.HoldPlaced("paused", "trial", "three people held", (1,))))
    tables = tabulated(log)
    assert tables.signatures.records()[0]["void"] == 1
    assert "void since what was signed was corrected" in str(tables.holds.records()[0]["signed"])


def test_declarations_deviations_and_missed_visits_are_listed(tables: Tables) -> None:
    """One of each, with its entry; a reason nobody gave is not known."""
    assert tables.declarations.column("says") == ("Injections of 5e7 cells may be given",)
    assert tables.deviations.records()[0]["reason"] is None
    assert by(tables.deviations_by_rule, "deviations", "people") == {"dosing.tolerance": (1, 1)}
    assert by(tables.missed_visits, "visit", "reason") == {"P2": ("Run in 3", "travelling")}


def test_a_deviation_of_the_trial_is_nobodys() -> None:
    """It counts as a deviation, and no person is counted with it."""
    log = Log()
    log.add(e.DeviationRecorded("", "trial.rule", "the committee met late", date(2020, 3, 2), reason="snow"))
    tables = tabulated(log)
    assert by(tables.deviations, "reason") == {"the trial": ("snow",)}
    assert by(tables.deviations_by_rule, "deviations", "people") == {"trial.rule": (1, 0)}


# ---------------------------------------------------------------- endpoints


def test_an_endpoint_table_has_everybody_with_a_value_or_a_reason(tables: Tables) -> None:
    """Three slopes differ; two people have no later slope; one is outside the population."""
    table = next(each for each in tables.endpoints if each.name == "endpoint_progression")
    rows = by(table, "part_1", "part_2", "value", "reason")
    assert set(rows) == {"P1", "P2", "P3", "P4", "P5", "P6"}
    assert rows["P1"][2] == pytest.approx(0.643, abs=1e-3)
    assert rows["P4"][1:3] == (None, None)
    assert str(rows["P4"][3]).startswith("No value: a slope of function score")
    assert str(rows["P6"][3]).startswith("Outside the population: injection_1 has not taken place")


def test_a_yes_or_no_endpoint_is_told_as_yes_or_no(tables: Tables) -> None:
    """P5's fever may be related: whether P5 is free of related events is not known."""
    table = next(each for each in tables.endpoints if each.name == "endpoint_free")
    assert by(table, "value") == {
        "P1": ("no",), "P2": ("yes",), "P3": ("yes",), "P4": ("no",), "P5": (None,), "P6": (None,)
    }  # fmt: skip


def test_visits_stand_in_the_order_people_come_to_them(tables: Tables) -> None:
    """A missed visit and an attended one without a value count as missing; change is from baseline only."""
    table = next(each for each in tables.by_visit if each.name == "by_visit_score")
    rows = by(table, "n", "missing", "change")
    assert list(rows) == ["Run in 1", "Run in 2", "Run in 3", "Run in 4", "Injection 1", "Injection 2", "Month 9"]
    assert rows["Run in 3"] == (4, 1, None)
    assert rows["Injection 2"] == (3, 1, pytest.approx(-2.4))


def test_a_value_at_no_visit_stands_in_no_visit() -> None:
    """A score measured between visits counts for slopes, and for no row of the table by visit."""
    log = dosed_log()
    log.seen("P1", "score", 30.0, date(2020, 3, 9))
    table = next(each for each in tabulated(log).by_visit if each.name == "by_visit_score")
    assert table.rows == ()


# ---------------------------------------------------------------- all of them


def test_an_empty_book_gives_tables_that_say_so() -> None:
    """Nothing has happened: every table stands, and no row invents anybody."""
    tables = tabulate(State(), small_trial.protocol())
    assert len(list(tables)) == 26
    assert tables.exposure.rows == ()
    assert tables.exposure.empty == "Nobody has been dosed."
    assert tables.adverse_event_counts.rows == ()
    assert by(tables.disposition, "people", "percent")["Screened"] == (0, None)


def test_every_row_with_a_count_cites_entries_of_the_book(tables: Tables, state: State) -> None:
    """No row that tells of something is left without entries, and none cites an entry the book does not have."""
    for table in tables:
        for row in table.rows:
            if row.cells[1] in (0, "") and not row.entries:
                continue
            assert row.entries, (table.name, row)
            assert all(1 <= number <= state.head for number in row.entries)


def test_tables_are_the_same_whatever_the_order_of_names() -> None:
    """The same entries give the same tables, twice."""
    assert tabulated(small_trial.history()) == tabulated(small_trial.history())
