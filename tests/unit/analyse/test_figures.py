"""Figures: the same bytes every time, readable by machines and by those who listen, resting on entries."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import matplotlib as mpl
import pytest

import small_trial
from small_trial import Log
from stromal.analyse.figures import figures
from stromal.analyse.forest import forest, harms
from stromal.analyse.models import Result, analyse
from stromal.analyse.swimmer import Lane, kinds, lane, swimmer
from stromal.analyse.tables import tabulate
from stromal.analyse.trajectories import _fitted, _panel, facts_drawn, trajectories
from stromal.drawing import Figure, month_steps, signed
from stromal.ledger import events as e
from stromal.ledger.state import State

SVG = "{http://www.w3.org/2000/svg}"


def drawn(state: State) -> tuple[Figure, ...]:
    """Every figure of a trial under the small trial's protocol."""
    protocol = small_trial.protocol()
    return figures(state, protocol, tabulate(state, protocol), analyse(protocol, state))


@pytest.fixture(scope="module")
def state() -> State:
    """The small trial as it stands."""
    return small_trial.history().state()


@pytest.fixture(scope="module")
def known(state: State) -> dict[str, Figure]:
    """The figures of the small trial by name."""
    return {figure.name: figure for figure in drawn(state)}


def words(figure: Figure) -> list[str]:
    """Every text drawn in a figure."""
    return ["".join(node.itertext()).strip() for node in ET.fromstring(figure.svg).iter(f"{SVG}text")]


def test_a_report_has_every_figure_there_is_something_to_draw_for(known: dict[str, Figure]) -> None:
    """One way through the trial, one of harms, and a course and a forest for each endpoint that is a number."""
    assert list(known) == [
        "swimmer-1", "harms", "trajectories-progression-score-1", "forest-progression",
        "trajectories-breathing-breath-1", "forest-breathing",
    ]  # fmt: skip


def test_figures_have_the_same_bytes_in_another_process(state: State, known: dict[str, Figure]) -> None:
    """Neither time nor hash seeds nor what was drawn before shows in the bytes."""
    code = (
        "import hashlib, small_trial as s; from stromal.analyse.swimmer import swimmer;"
        "print(hashlib.sha256(swimmer(s.history().state(), s.protocol())[0].svg.encode()).hexdigest());"
        "import sys; print('matplotlib.pyplot' in sys.modules)"
    )
    here = hashlib.sha256(known["swimmer-1"].svg.encode()).hexdigest()
    path = [str(each) for each in sys.path if each]
    there = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {code}"],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7", "HOME": "/tmp"},
    )  # fmt: skip
    assert there.stdout.split() == [here, "False"], "the same bytes, and no window machinery"
    assert drawn(state) == tuple(known.values())


def test_drawing_leaves_matplotlib_as_it_was(state: State) -> None:
    """No setting is changed for others."""
    mpl.rcParams["font.size"] = 13
    try:
        before = dict(mpl.rcParams)
        drawn(state)
        assert dict(mpl.rcParams) == before
    finally:
        mpl.rcdefaults()


def test_nothing_is_loaded_for_drawing_until_something_is_drawn() -> None:
    """Importing the report does not import matplotlib, so commands that draw nothing stay quick."""
    code = "import sys, stromal.analyse.report; print('matplotlib' in sys.modules)"
    path = [str(each) for each in sys.path if each]
    asked = subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {code}"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert asked.stdout.strip() == "False"


def test_ids_are_unique_over_all_figures(known: dict[str, Figure]) -> None:
    """All figures may stand on one page: no id occurs twice, and every reference is met."""
    ids = [node.get("id") for figure in known.values() for node in ET.fromstring(figure.svg).iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    for figure in known.values():
        own = {node.get("id") for node in ET.fromstring(figure.svg).iter()}
        for node in ET.fromstring(figure.svg).iter():
            href = node.get("{http://www.w3.org/1999/xlink}href", "")
            assert not href or href[1:] in own


def test_every_figure_speaks(known: dict[str, Figure]) -> None:
    """A title, a description of what is to be seen, and the entries it rests on."""
    for figure in known.values():
        root = ET.fromstring(figure.svg)
        assert root.get("role") == "img"
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert desc is not None
        assert (title.text, desc.text) == (figure.title, figure.alt)
        assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert len(figure.alt) > 40
        assert figure.entries
        assert "<metadata" not in figure.svg
        assert "<style" not in figure.svg


def test_the_swimmer_plot_names_everybody_and_all_that_happened(known: dict[str, Figure]) -> None:
    """Six lanes; the legend explains exactly what occurs."""
    seen = words(known["swimmer-1"])
    assert [word for word in seen if word in {f"P{n}" for n in range(1, 9)}] == [f"P{n}" for n in range(1, 7)]
    for text in ("Run in", "Dose given (number: level of 2)", "Dose not given", "Visit missed", "Hold", "Completed",
                 "Withdrawn", "Ongoing", "Adverse event, grade 3-5", "the same, related"):  # fmt: skip
        assert text in seen
    assert "P4: 1 dose, 1 adverse event, worst grade 3, ongoing." in known["swimmer-1"].alt
    assert "1 visit missed, completed" in known["swimmer-1"].alt


def stretches(each: Lane) -> list[tuple[str, str, str]]:
    """The epochs of a lane with their days."""
    return [(stretch.epoch, str(stretch.start), str(stretch.end)) for stretch in each.stretches]


def test_a_lane_goes_from_epoch_to_epoch(state: State) -> None:
    """Screening until enrolment, the run-in until the first injection, treatment until the last, then follow-up."""
    own = lane(state.participants["P1"], small_trial.protocol(), state)
    assert stretches(own) == [
        ("screening", "2020-02-21", "2020-02-28"),
        ("run_in", "2020-02-28", "2020-06-04"),
        ("treatment", "2020-06-04", "2020-09-02"),
        ("follow_up", "2020-09-02", "2020-12-03"),
    ]


def test_an_epoch_once_left_is_not_entered_again() -> None:
    """A late run-in visit after the first injection, or one the protocol does not know, leaves the epoch as it is."""
    log = small_trial.history()
    log.add(e.VisitAttended("P5", "run_in_4", date(2020, 8, 29)))
    log.add(e.VisitAttended("P5", "unplanned", date(2020, 8, 30)))
    state = log.state()
    own = lane(state.participants["P5"], small_trial.protocol(), state)
    assert [name for name, _, _ in stretches(own)] == ["screening", "run_in", "treatment"]


def test_epochs_look_alike_in_every_trial() -> None:
    """Before the doses, with them and after them: each has its fill, whatever its name, and a second one another."""
    protocol = small_trial.protocol()
    assert kinds(protocol) == {"screening": 0, "run_in": 1, "treatment": 2, "follow_up": 3}
    visits = list(protocol.schedule.values())
    late = [replace(visits[-1], name=name, epoch=name) for name in ("long", "longer")]
    early = replace(visits[0], name="lead_in", epoch="lead_in")
    more = replace(protocol, schedule={visit.name: visit for visit in (early, *visits, *late)})
    assert kinds(more) == {
        "screening": 0, "lead_in": 1, "run_in": 4, "treatment": 2, "follow_up": 3, "long": 0, "longer": 3
    }  # fmt: skip


def test_many_people_are_drawn_on_several_sheets() -> None:
    """Twenty-four lanes a sheet; with one level no numbers, under four months days, nobody without a day is lost."""
    log, day = Log(), date(2020, 3, 2)
    for number in range(1, 28):
        who = f"P{number:02d}"
        log.add(e.ParticipantRegistered(who, day))
        log.add(e.ParticipantEnrolled(who, day, number, 1))
        log.visit(who, "run_in_1", day, 30.0, 90.0)
        log.dose(who, "injection_1", date(2020, 3, 9), 5e7)
    protocol, state = small_trial.protocol(), log.state()
    first, second = swimmer(state, protocol)
    assert (first.title[-8:], second.title[-8:]) == ("(1 of 2)", "(2 of 2)")
    assert sum(word.startswith("P") for word in words(second)) == 3
    assert "Dose given" in words(first)
    assert "Days since enrolment" in words(first)
    results = [result for result in analyse(protocol, state) if result.name == "progression"]
    assert len(trajectories(state, facts_drawn(protocol, results[0]), results[0])) == 2


def test_a_trial_without_epochs_and_holds_on_others_is_drawn() -> None:
    """Without epochs everybody is simply in the trial; a hold on somebody else, or before one's time, is not drawn."""
    log, day = Log(), date(2020, 3, 2)
    log.add(e.ParticipantRegistered("P1", day))
    log.add(e.HoldPlaced("paused", "trial", "two held", (1,)), on=date(2020, 2, 1))
    log.add(e.HoldReleased("paused", 2), on=date(2020, 2, 3))
    log.add(e.HoldPlaced("held", "participant", "other", (1,), "P9"), on=day)
    log.add(e.ParticipantEnrolled("P1", day, 1, 1))
    log.add(e.VisitAttended("P1", "month_9", date(2020, 4, 2)))
    bare = replace(small_trial.protocol(), schedule={})
    (figure,) = swimmer(log.state(), bare)
    assert "In the trial" in words(figure)
    assert "Hold" not in words(figure)


def test_nobody_enrolled_is_no_figure() -> None:
    """An empty book draws nothing at all."""
    assert drawn(State()) == ()


def test_harms_show_intervals_also_of_none(known: dict[str, Figure]) -> None:
    """0 of 5 has its bound, and what is not judged is written beside."""
    seen = words(known["harms"])
    assert "0 of 5; 0.0 to 52.2 %" in seen
    assert "2 of 5, 1 not judged; 5.3 to 94.7 %" in seen
    assert "Fatal (grade 5): 0 of 5, 95 % interval 0.0 to 52.2 %." in known["harms"].alt


def test_harms_without_anybody_dosed_are_not_drawn() -> None:
    """There is nobody to count in."""
    assert harms(tabulate(State(), small_trial.protocol()).adverse_event_counts) == ()


def test_trajectories_tell_each_persons_value_and_slopes(known: dict[str, Figure]) -> None:
    """The difference stands above each panel; who has none is told why as far as a panel can."""
    seen = words(known["trajectories-progression-score-1"])
    for text in ("P1: +0.64", "P4: no value", "P6: not dosed", "Months from the first dose", "Slope, run in", "Run in"):
        assert text in seen
    alt = known["trajectories-progression-score-1"].alt
    assert "P1: 7 values, first 40, last 32.7, slope run in -1.23, slope treatment, follow up -0.59." in alt
    assert "Slope" not in " ".join(words(known["trajectories-breathing-breath-1"]))


def test_trajectories_before_any_dose_count_from_enrolment() -> None:
    """As long as nobody is dosed the axis starts with enrolment, and a value that never changes can be drawn."""
    log, day = Log(), date(2020, 3, 2)
    log.add(e.ParticipantRegistered("P1", day))
    log.add(e.ParticipantEnrolled("P1", day, 1, 1))
    log.visit("P1", "run_in_1", day, 30.0, 90.0)
    protocol, state = small_trial.protocol(), log.state()
    result = next(each for each in analyse(protocol, state) if each.name == "progression")
    (figure,) = trajectories(state, facts_drawn(protocol, result), result)
    assert "Months from enrolment" in words(figure)
    assert "P1: no value" in words(figure)


def test_a_trajectory_without_a_run_in_has_no_shade() -> None:
    """Values after the dose alone are drawn with their slope; there is no earlier span to shade."""
    log, day = Log(), date(2020, 3, 2)
    log.add(e.ParticipantRegistered("P1", day))
    log.add(e.ParticipantEnrolled("P1", day, 1, 1))
    log.dose("P1", "injection_1", day, 5e7)
    log.visit("P1", "injection_1", day, 30.0, 90.0)
    log.visit("P1", "month_9", date(2020, 11, 2), 26.0, 90.0)
    protocol, state = small_trial.protocol(), log.state()
    result = next(each for each in analyse(protocol, state) if each.name == "progression")
    (figure,) = trajectories(state, facts_drawn(protocol, result), result)
    assert "slope treatment, follow up -0.50" in figure.alt
    assert "slope run in" not in figure.alt


def test_a_trajectory_of_somebody_no_result_knows_has_no_value(state: State) -> None:
    """Values are drawn although the result has nothing on the person."""
    protocol = small_trial.protocol()
    result = next(each for each in analyse(protocol, state) if each.name == "progression")
    empty = replace(result, values=(), missing=(), outside=())
    (figure,) = trajectories(state, facts_drawn(protocol, result), empty)
    assert "P1: no value" in words(figure)


def test_a_forest_stands_from_lowest_to_highest_with_the_mean(known: dict[str, Figure]) -> None:
    """Three differences of slopes, their mean below, and all of it in words."""
    seen = words(known["forest-progression"])
    assert [word for word in seen if word.startswith("P")] == ["P3", "P2", "P1"]
    assert "Mean of 3" in seen
    assert "Difference of slopes (points per month)" in seen
    assert known["forest-progression"].alt.startswith(
        "mean difference of slopes +0.31 points per month, 95 % interval −0.42 to +1.04, from 3 people."
    )


def _only(result: Result, count: int) -> Result:
    """The result as it would be with the first few values alone."""
    return replace(result, values=result.values[:count], interval=None, unit="")


@pytest.mark.parametrize(("count", "drawn_at_all"), [(1, True), (0, False)])
def test_a_forest_of_one_has_no_interval_and_of_none_is_not_drawn(state: State, count: int, drawn_at_all: bool) -> None:
    """One value is shown without an interval; without an estimate there is nothing to show."""
    result = next(each for each in analyse(small_trial.protocol(), state) if each.name == "progression")
    result = _only(result, count) if count else replace(result, estimate=None)
    figure = forest(result)
    assert bool(figure) is drawn_at_all
    if figure:
        assert "interval" not in figure[0].alt
        assert "Difference of slopes" in words(figure[0])


def test_a_long_forest_is_written_smaller(state: State) -> None:
    """Forty people still fit one page."""
    result = next(each for each in analyse(small_trial.protocol(), state) if each.name == "progression")
    many = replace(result, values=tuple(replace(result.values[0], participant=f"P{n}") for n in range(60)))
    (figure,) = forest(many)
    height = float(ET.fromstring(figure.svg).get("height", "").removesuffix("pt"))
    assert height <= 9.5 * 72


def test_proportions_have_no_forest(state: State) -> None:
    """What is counted is shown among harms and in tables."""
    safety = analyse(small_trial.protocol(), state)[0]
    assert forest(safety) == ()


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [(0, 6.5, [0, 1, 2, 3, 4, 5, 6]), (-3, 14, [-3, 0, 3, 6, 9, 12]), (0, 48, [0, 12, 24, 36, 48]), (0, 400, [0, 48])],
)
def test_months_are_counted_in_parts_of_years(low: float, high: float, steps: list[int]) -> None:
    """Months, quarters, half years, years: at most seven numbers on an axis, but for spans of decades."""
    assert month_steps(low, high)[: len(steps)] == steps


@pytest.mark.parametrize(("value", "text"), [(0.254, "+0.25"), (-0.256, "−0.26"), (-0.001, "0.00")])
def test_signed_numbers_have_signs_of_one_length(value: float, text: str) -> None:
    """Plus and minus are equally wide, and zero has none."""
    assert signed(value) == text


def test_lines_pass_through_the_centre_of_their_values(state: State) -> None:
    """The drawn slope of P1's run-in is the one reported: it goes through the mean of its four values."""
    protocol = small_trial.protocol()
    result = next(each for each in analyse(protocol, state) if each.name == "progression")
    panel = _panel(state.participants["P1"], protocol.facts["score"], result)
    part = result.values[0].parts[0]
    (x0, y0), (x1, y1) = _fitted(panel, part)
    assert part.value is not None
    assert (y1 - y0) / (x1 - x0) == pytest.approx(part.value)
    own = [(panel.month(r.day), v) for r, v in panel.points if r.entry in part.entries]
    middle = math.fsum(x for x, _ in own) / 4
    assert y0 + part.value * (middle - x0) == pytest.approx(math.fsum(y for _, y in own) / 4)
