"""Results of analyses: who is in, who has a value, what is estimated, and what must be said beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import small_trial
from stromal.analyse.estimates import clopper_pearson
from stromal.analyse.models import Result, analyse, change, proportion, slope_difference
from stromal.ledger import events as e
from stromal.ledger.state import State
from stromal.protocol.file import load


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """The results of the small trial by name."""
    return {result.name: result for result in analyse(small_trial.protocol(), small_trial.history().state())}


def changed(old: str, new: str) -> dict[str, Result]:
    """The results of the small trial under a protocol in which one text is another."""
    assert old in small_trial.TEXT
    protocol = load(small_trial.TEXT.replace(old, new)).require()
    return {result.name: result for result in analyse(protocol, small_trial.history().state())}


# ---------------------------------------------------------------- the methods alone


def test_a_proportion_with_everybody_judged_has_an_estimate() -> None:
    """None of six: 0 %, and at most 45.9 %."""
    answer = proportion([False] * 6)
    assert (answer.estimate, answer.events, answer.n) == (0.0, 0, 6)
    assert answer.interval is not None
    assert answer.interval.high == pytest.approx(45.93, abs=0.01)


def test_a_proportion_with_answers_missing_has_only_an_interval() -> None:
    """The lower limit is that of none, the upper that of all of the missing; nothing stands in between as estimate."""
    answer = proportion([True, True, False, None])
    assert (answer.estimate, answer.unknown, answer.events) == (None, 1, 2)
    assert answer.interval is not None
    assert answer.interval.low == 100 * clopper_pearson(2, 4).low
    assert answer.interval.high == 100 * clopper_pearson(3, 4).high
    assert "1 of 4 not judged yet" in answer.caveats[0]


def test_a_proportion_of_nobody_has_nothing() -> None:
    """Neither estimate nor interval, and no caveat about few people."""
    answer = proportion([])
    assert (answer.estimate, answer.interval, answer.n, answer.caveats) == (None, None, 0, ())


def test_many_people_need_no_warning_of_few() -> None:
    """From twenty on the warning goes; the others stay."""
    assert not any("so few" in caveat for caveat in proportion([True] * 20).caveats)
    assert any("so few" in caveat for caveat in change([1.0] * 19, "kg").caveats)
    assert not any("so few" in caveat for caveat in change([1.0] * 20, "kg").caveats)


def test_a_change_has_mean_interval_and_two_tests() -> None:
    """Five changes: mean 3, t interval, and the sign flips that cannot go under 0.0625, which the note says."""
    answer = change([1.0, 2.0, 3.0, 4.0, 5.0], "points")
    assert answer.estimate == 3.0
    assert answer.interval is not None
    assert answer.interval.low == pytest.approx(1.0368, abs=1e-4)
    assert answer.interval.high == pytest.approx(4.9632, abs=1e-4)
    by_t, by_flips = answer.p_values
    assert by_t.value == pytest.approx(0.0132, abs=1e-4)
    assert by_t.note == "4 degrees of freedom"
    assert by_flips.value == 0.0625
    assert "with n = 5 the smallest p that can be reached is 0.062" in by_flips.note


def test_two_people_have_one_degree_of_freedom() -> None:
    """The note is in the singular, and zeros are counted where they keep the test from being sharper."""
    answer = change([1.0, 0.0], "kg")
    assert answer.p_values[0].note == "1 degree of freedom"
    assert "with n = 2, 1 of them zero, the smallest" in answer.p_values[1].note


def test_one_person_has_a_mean_and_no_interval() -> None:
    """t needs two people; flipping one sign tells nothing."""
    answer = change([2.5], "kg")
    assert (answer.estimate, answer.interval) == (2.5, None)
    assert (answer.p_values[0].value, answer.p_values[0].note) == (None, "needs two people")
    assert answer.p_values[1].value == 1.0


def test_nobody_has_no_estimate_and_no_tests() -> None:
    """No values: nothing is estimated, nothing is tested."""
    answer = slope_difference([], "points per month")
    assert (answer.estimate, answer.interval, answer.p_values, answer.n) == (None, None, (), 0)


def test_equal_changes_have_no_t() -> None:
    """Without spread t has no value, which is said; the interval shrinks to the point."""
    answer = change([2.0, 2.0, 2.0], "kg")
    assert (answer.p_values[0].value, answer.p_values[0].note) == (None, "all values are equal")
    assert answer.interval is not None
    assert answer.interval.low == answer.interval.high == 2.0


def test_beyond_twenty_people_the_drawing_is_told() -> None:
    """How many patterns were drawn, with which seed; the people are the keys."""
    values = [0.1 * place - 0.9 for place in range(25)]
    keys = [f"P{place}" for place in range(25)]
    answer = slope_difference(values, "points per month", 3, keys)
    assert "100,000 drawn sign patterns, seed 3" in answer.p_values[1].note
    assert answer == slope_difference(values, "points per month", 3, keys)


def test_slope_differences_carry_the_caveats_of_the_field() -> None:
    """Regression to the mean, declines that bend, and survivors are named beside every difference of slopes."""
    caveats = " ".join(slope_difference([1.0, 2.0], "points per month").caveats)
    for word in ("regression to the mean", "straight line", "survivor", "no comparison group"):
        assert word in caveats


# ---------------------------------------------------------------- analyses of a trial


def test_adverse_events_are_counted_in_those_dosed(results: dict[str, Result]) -> None:
    """Two of five had a related event in the window; one fever is not judged; who was not dosed stands outside."""
    safety = results["safety"]
    assert (safety.n, safety.events, safety.unknown) == (5, 2, 1)
    assert [each.participant for each in safety.missing] == ["P5"]
    assert [(each.participant, each.reason) for each in safety.outside] == [("P6", "not dosed")]
    assert (safety.population, safety.in_whom) == ("", "everybody dosed")
    assert safety.rank == "primary"


def test_nothing_found_rests_on_the_doses(results: dict[str, Result]) -> None:
    """P2 had no event: the zero rests on the administrations that put P2 at risk."""
    state = small_trial.history().state()
    value = next(each for each in results["safety"].values if each.participant == "P2")
    assert value.value == 0.0
    assert value.entries == tuple(given.entry for given in state.participants["P2"].chart.infusions)


def test_a_difference_of_slopes_keeps_both_sides(results: dict[str, Result]) -> None:
    """The value is the later slope minus the earlier; each side names its epochs and its measurements."""
    first = results["progression"].values[0]
    early, late = first.parts
    assert (early.name, late.name) == ("run in", "treatment, follow up")
    assert early.value is not None
    assert late.value is not None
    assert first.value == pytest.approx(late.value - early.value)
    assert (len(early.entries), len(late.entries)) == (4, 3)
    assert results["progression"].unit == "points per month"


def test_who_has_no_value_or_stands_outside_is_listed_with_the_reason(results: dict[str, Result]) -> None:
    """P4 and P5 have no later slope; P6 was never injected."""
    progression = results["progression"]
    assert [each.participant for each in progression.missing] == ["P4", "P5"]
    assert all("needs values on 2 days, there are 1" in each.reason for each in progression.missing)
    assert [each.reason for each in progression.outside] == ["injection_1 has not taken place"]
    assert progression.n + len(progression.missing) + len(progression.outside) == 6
    assert progression.population == "done(injection_1)"
    assert progression.in_whom == "everybody enrolled of whom it is true that the dose of injection 1 was given"


def test_a_change_is_measured_in_everybody_enrolled(results: dict[str, Result]) -> None:
    """Two people reached month 9; the vital capacity nobody took at the first injection is a missing value."""
    breathing = results["breathing"]
    assert (breathing.n, breathing.unit) == (2, "%")
    assert breathing.estimate == pytest.approx(-6.2)
    assert len(breathing.missing) == 4
    assert "not obtained" in breathing.missing[2].reason
    assert breathing.in_whom == "everybody enrolled"


def test_a_yes_or_no_endpoint_is_a_proportion(results: dict[str, Result]) -> None:
    """Two are free of related events, two are not, and of one nobody knows."""
    free = results["free"]
    assert (free.events, free.unknown, free.n, free.estimate) == (2, 1, 5, None)
    assert free.endpoint == "count(adverse_event where related) = 0"
    assert free.measured == "the number of adverse events (where the event is related to the treatment) is exactly 0"


def test_a_count_above_none_is_known_although_more_may_come() -> None:
    """With one related event for certain, an unjudged second one leaves no doubt that there was at least one."""
    log = small_trial.history()
    log.add(e.AdverseEventReported("P1", "AE3", "Rash", 1, date(2020, 6, 7)), on=date(2020, 12, 31))
    safety = analyse(small_trial.protocol(), log.state())[0]
    first = safety.values[0]
    assert (first.participant, first.value) == ("P1", 1.0)
    assert first.reason.startswith("1 to 2 adverse events")
    assert (safety.events, safety.unknown) == (2, 1)


def test_a_population_nobody_can_judge_puts_people_outside_with_the_reason() -> None:
    """A smoking status that is not known leaves the person outside, and says that nobody knows."""
    results = changed("population: done(injection_1)\n    estimand", "population: stage = early\n    estimand")
    outside = {each.participant: each.reason for each in results["progression"].outside}
    assert outside["P2"].startswith("not known whether in the population: ")
    assert "asked for early" in outside["P4"]
    assert not outside["P4"].startswith("not known")


def test_slopes_of_any_window_are_named_by_it() -> None:
    """Spans before and after an injection are told in the words of the protocol."""
    results = changed("slope(score, per month) in [treatment, follow_up] - slope(score, per month) in run_in",
                      "slope(score, per month) after injection_1 - slope(score, per month)")  # fmt: skip
    names = [part.name for part in results["progression"].values[0].parts]
    assert names == ["slope(score, per month)", "after injection 1"]


def test_a_single_slope_is_analysed_without_sides() -> None:
    """An endpoint that is no difference has values and no parts; what is no slope keeps its own unit."""
    results = changed("slope(score, per month) in [treatment, follow_up] - slope(score, per month) in run_in",
                      "slope(breath, per month) in run_in")  # fmt: skip
    assert results["progression"].values[0].parts == ()
    assert results["progression"].unit == "% per month"
    plain = changed("slope(score, per month) in [treatment, follow_up] - slope(score, per month) in run_in",
                    "change(breath, from run_in_1) at run_in_4")  # fmt: skip
    assert plain["progression"].unit == "%"


def test_a_result_names_its_places_sources_and_entries(results: dict[str, Result]) -> None:
    """The paths lie in the protocol file, the sources in the record, the entries in the book."""
    progression, protocol = results["progression"], small_trial.protocol()
    assert [protocol.place(path).quote.partition(":")[0] for path in progression.paths] == ["progression", "endpoint"]
    assert progression.src == ("run_in",)
    assert len(progression.entries) > 20


def test_an_empty_book_has_results_without_people() -> None:
    """Every analysis is there, and says that nobody is in it."""
    results = analyse(small_trial.protocol(), State())
    assert [result.n for result in results] == [0, 0, 0, 0]
    assert all(result.estimate is None for result in results)


def test_an_analysis_may_have_its_own_title_and_sources() -> None:
    """What the analysis says comes before what its objective says; sources of both are kept once."""
    protocol = small_trial.protocol()
    analysis = replace(protocol.analyses["progression"], says="Slower?", src=("arm", "run_in"))
    result = analyse(replace(protocol, analyses={"progression": analysis}), State())[0]
    assert (result.title, result.src) == ("Slower?", ("run_in", "arm"))
