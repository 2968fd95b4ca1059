"""The front door of designs: results that add up, columns that pandas takes, tables in notebooks and terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from stromal.analyse import comparison, simulation
from stromal.designs import sheet as sheets
from stromal.designs import spread, study
from stromal.designs.assumptions import usual
from stromal.designs.automaton import TooManyStatesError
from stromal.designs.monitoring import STEPS
from stromal.designs.plan import plan
from stromal.designs.sheet import Sheet, Shown, stacked
from stromal.designs.totals import Totals
from stromal.designs.trial_sheet import lasting, means
from stromal.protocol.file import load
from stromal.rules.escalation.courses import Ladder, Within
from stromal.rules.escalation.designs import Design

FOLDER = Path(__file__).resolve().parents[3] / "protocols"
TRUE = (0.10, 0.25, 0.40)


def cohorts(name: str, **numbers: float) -> Design:
    """A design with cohorts on three doses."""
    made = study.design(name, 3, **numbers)
    assert not isinstance(made, Within | Ladder)
    return made


BOIN = cohorts("boin", target=0.25, most=9)
TITE = cohorts("tite-boin", target=0.25, most=6)
WITHIN = study.design("within", 2)


def simulated(name: str) -> simulation.Simulated:
    """A protocol of the house, simulated a few times."""
    planned = plan(load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml").require())
    return simulation.simulate(planned, usual(planned), 20)


RESULTS: Mapping[str, Callable[[], Shown | Sheet]] = {
    "designs": study.designs,
    "exact": lambda: study.exactly(BOIN, TRUE),
    "sizes": lambda: study.exactly(BOIN, TRUE).sizes,
    "courses": lambda: study.exactly(WITHIN, (0.05, 0.10)),
    "course sizes": lambda: study.exactly(WITHIN, (0.05, 0.10)).sizes,
    "scenarios": lambda: study.under(BOIN, [TRUE, (0.3, 0.4, 0.5)]),
    "trials": lambda: study.simulate(BOIN, TRUE, 200),
    "open trials": lambda: study.simulate(TITE, TRUE, 50),
    "course trials": lambda: study.simulate(WITHIN, (0.05, 0.10), 50),
    "totals": lambda: study.totals(BOIN, TRUE, 200),
    "course totals": lambda: study.totals(WITHIN, (0.05, 0.10), 50),
    "counted": lambda: study.totals(BOIN, TRUE, 200).counted("people"),
    "monitoring": lambda: study.monitor("pocock", people=10),
    "rates": lambda: study.monitor("pocock", people=10).rates,
    "stops": lambda: study.monitor("pocock", people=10).stops,
    "stages": lambda: study.two_stages(0.1, 0.3),
    "paths": lambda: study.next_paths(BOIN, 3, 1),
    "comparison": lambda: comparison.compare([("A & <B>", BOIN), ("open", TITE)], [TRUE], study.Timing(), trials=50),
    "protocol": lambda: simulated("NCT04821479"),
}
"""One result of each kind."""


@cache
def result(name: str) -> Shown | Sheet:
    """A result, made once."""
    return RESULTS[name]()


class Reader(HTMLParser):
    """Checks that tags close in their order, and keeps the cells, captions and scopes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.scopes: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.open.append(tag)
        self.text.setdefault(tag, []).append("")
        if tag == "th":
            self.scopes.append(dict(attrs).get("scope"))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes: the last that was opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words stand in the innermost tag."""
        if self.open:
            self.text[self.open[-1]][-1] += data


def read(html: str) -> Reader:
    """A table as a browser reads it."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize("name", RESULTS)
def test_columns_are_what_pandas_takes(name: str) -> None:
    """Arrays of equal length by name, the same back from a data frame to the last bit."""
    found = result(name)
    frame = found.frame()
    assert list(frame.columns) == list(found.columns)
    assert len({len(column) for column in found.columns.values()}) == 1
    assert len(frame) > 0
    for each, column in found.columns.items():
        assert isinstance(column, np.ndarray)
        assert column.ndim == 1
        assert column.dtype.kind in "iufbU", f"{each} holds objects"
        np.testing.assert_array_equal(np.asarray(frame[each].tolist()), column)


@pytest.mark.parametrize("name", RESULTS)
def test_a_notebook_shows_tables(name: str) -> None:
    """Well-formed, captioned, headed, escaped, with numbers on the right, and without scripts or styles for others."""
    html = result(name)._repr_html_()
    found = read(html)
    fromstring(f"<body>{html}</body>")
    assert len(found.text["table"]) == len(found.text["caption"]) == len(found.text["thead"])
    assert all(found.text["caption"])
    assert set(found.scopes) == {"col", "row"}
    assert not {"script", "style", "link", "html", "body"} & set(found.text)
    assert "<B>" not in html


@pytest.mark.parametrize("name", RESULTS)
def test_a_terminal_shows_short_text(name: str) -> None:
    """The words of the notebook, aligned, and no array."""
    text = repr(result(name))
    assert "array(" not in text
    assert len(text.splitlines()) < 120
    assert read(result(name)._repr_html_()).text["caption"][0] == text.splitlines()[0]
    assert str(result(name)) == text


def test_names_of_designs_are_escaped_and_read_back() -> None:
    """What looks like a tag is words."""
    found = read(result("comparison")._repr_html_())
    assert "A & <B>" in found.text["th"]
    assert "A &amp; &lt;B&gt;" in result("comparison")._repr_html_()


def test_numbers_stand_on_the_right() -> None:
    """Numbers right, words left, in heads and cells alike."""
    html = sheets.html(Sheet("x", {"words": np.array(["a"]), "numbers": np.array([1.5])}))
    head, row = (line for line in html.splitlines() if line.startswith(("<thead", "<tr>")))
    for line in (head, row):
        assert line.index("text-align: left") < line.index("text-align: right")


# ---------------------------------------------------------------- numbers


def test_exact_columns_are_the_characteristics() -> None:
    """A row a dose, counted from 1; selection and none add up to 1; sizes too."""
    found = study.exactly(BOIN, np.array(TRUE))
    assert found.columns["dose"].tolist() == [1, 2, 3]
    assert tuple(found.columns["selection"]) == found.selection
    assert found.columns["selection"].sum() + found.none == pytest.approx(1, abs=1e-12)
    assert found.sizes.columns["share"].sum() == pytest.approx(1, abs=1e-12)
    assert (found.sizes.columns["people"] * found.sizes.columns["share"]).sum() == pytest.approx(found.expected_people)


def test_many_scenarios_are_each_one_in_turn() -> None:
    """The rows of each scenario are those it has alone; a scenario of another length is refused."""
    many = [TRUE, (0.3, 0.4, 0.5)]
    frame = study.under(BOIN, many).frame()
    assert frame["scenario"].tolist() == [1, 1, 1, 2, 2, 2]
    for place, true in enumerate(many, 1):
        alone = study.exactly(BOIN, true).columns
        rows = frame[frame["scenario"] == place]
        assert all(rows[name].tolist() == alone[name].tolist() for name in alone)
    assert len(study.under(WITHIN, [(0.1, 0.2)]).columns["dose"]) == 2
    with pytest.raises(ValueError, match="the design has 3 doses"):
        study.under(BOIN, [TRUE, (0.1, 0.2)])
    with pytest.raises(ValueError, match="there is no scenario"):
        study.under(BOIN, [])


def test_courses_tell_their_toxicities() -> None:
    """The scenario comes back from the table of grades; given times toxicity is toxic."""
    found = study.exactly(WITHIN, (0.05, 0.10))
    assert found.columns["toxicity"] == pytest.approx([0.05, 0.10], abs=1e-15)
    assert found.columns["given"] * found.columns["toxicity"] == pytest.approx(found.columns["toxic"])
    assert found.sizes.columns["share"].sum() == pytest.approx(1)
    assert "0.3907" in repr(found)
    ladder = study.design("ladder", 2, people=4, unacceptable=2)
    assert study.exactly(ladder, (0.1, 0.2)).columns["toxicity"] == pytest.approx([0.1, 0.2])
    assert "nothing is declared safe" in repr(study.exactly(ladder, (0.1, 0.2)))


def test_trials_are_those_of_the_totals() -> None:
    """A row a trial: their sums are the totals of the same seed, whatever the kind of design."""
    for made, true in ((BOIN, TRUE), (TITE, TRUE)):
        frame, summed = study.simulate(made, true, 120, seed=7).frame(), study.totals(made, true, 120, seed=7)
        assert (frame["people"].sum(),) == summed.sums["people"]
        assert tuple(frame[[f"treated_{dose}" for dose in (1, 2, 3)]].sum()) == summed.sums["treated"]
        assert tuple(frame[[f"toxic_{dose}" for dose in (1, 2, 3)]].sum()) == summed.sums["toxic"]
        told = summed.frame().set_index(["name", "place"])["mean"]
        assert told["selection"].tolist() == [(frame["selected"] == dose).mean() for dose in range(4)]
        assert told["days", 1] == pytest.approx(frame["days"].mean(), abs=1e-6)
    course, summed = study.simulate(WITHIN, (0.1, 0.2), 60).frame(), study.totals(WITHIN, (0.1, 0.2), 60)
    assert (course["declared"].sum(),) == summed.sums["declared"]
    assert tuple(course[["given_1", "given_2"]].sum()) == summed.sums["given"]


def test_a_row_a_dose_sums_trials_up() -> None:
    """Shares add up with those who declare none; means and their errors are those of the totals."""
    trials, summed = study.simulate(BOIN, TRUE, 300), study.totals(BOIN, TRUE, 300)
    (shown,) = trials.sheets()
    assert shown.columns["selection"].sum() + (trials.selected == -1).mean() == pytest.approx(1)
    assert shown.columns["treated"] == pytest.approx(summed.mean("treated"))
    assert shown.columns["treated_error"] == pytest.approx(summed.error("treated"))


def test_counts_of_totals() -> None:
    """Values in their order, shares that add up to 1; doses are counted from 1, 0 is none."""
    summed = study.totals(BOIN, (0.6, 0.7, 0.8), 200)
    counted = summed.counted("selected")
    assert counted.columns["selected"][0] == 0
    assert "none" in repr(counted)
    assert counted.columns["share"].sum() == pytest.approx(1)
    assert counted.columns["trials"].sum() == 200
    people = summed.counted("people").columns["people"].tolist()
    assert people == sorted(people)
    assert all(a < b for a, b in pairwise(people))


def test_a_single_trial_has_no_error() -> None:
    """Unknown is told as such, never as 0; nothing at all is an empty table."""
    assert "–" in repr(study.simulate(BOIN, TRUE, 1))
    assert np.isnan(means("treated", np.zeros((0, 2)))["treated"]).all()
    assert lasting(np.zeros(0)) == ()
    assert len(Totals().columns["name"]) == 0
    assert "Means of 0 simulated trials" in repr(Totals())


def test_boundaries_by_name() -> None:
    """Looks, rates and where it stops agree; rates stand above the limit where none are given."""
    found = study.monitor("beta-binomial", 0.2, 12, alpha=0.6, beta=2.4, rates=(0.2, 0.5))
    assert found.columns["people"].tolist() == list(range(1, 13))
    assert tuple(found.columns["stop_at"]) == found.boundary.stop_at
    stops = found.stops.frame().groupby("rate")["stopped"].sum()
    assert stops.tolist() == pytest.approx(found.rates.columns["stopped"].tolist())
    assert found.rates.columns["stopped"][0] <= 0.05
    assert study.monitor("pocock", people=5).rates.columns["rate"] == pytest.approx([0.2 + step for step in STEPS])
    for words, reason in (({"kind": "pococ"}, "did you mean pocock"), ({"kind": "x"}, "there are pocock"),
                          ({"kind": "pocock", "foo": 1.0}, "takes no foo; it takes no further"),
                          ({"kind": "sprt"}, "needs worse")):  # fmt: skip
        with pytest.raises(ValueError, match=reason):
            study.monitor(**words)


def test_two_stages_keep_their_numbers() -> None:
    """The published designs, a row each."""
    frame = study.two_stages(0.1, 0.3).frame().set_index("design")
    assert frame.loc["optimal", ["r1", "n1", "r", "n"]].tolist() == [1, 10, 5, 29]
    assert frame.loc["minimax", ["r1", "n1", "r", "n"]].tolist() == [1, 15, 5, 25]


def test_paths_add_up() -> None:
    """With a scenario their chances add up to 1; without one there is no share."""
    three = study.design("3+3", 3)
    found = study.next_paths(three, 3, 2, "1NNN", TRUE)
    assert found.columns["share"].sum() == pytest.approx(1)
    assert "share" not in study.next_paths(three, 3, 2).columns


def test_a_comparison_in_columns() -> None:
    """A row a scenario, design and dose; the wide table says the same; exact shares have no error."""
    found = comparison.compare([("a", BOIN), ("b", TITE)], [TRUE, (0.3, 0.4, 0.5)], study.Timing(), trials=40)
    frame = found.frame()
    assert len(frame) == 2 * 2 * 3
    assert (frame[frame["design"] == "a"]["selection_error"] == 0).all()
    assert frame[frame["design"] == "b"]["selection_error"].max() > 0
    (wide,) = found.sheets()
    assert wide.columns["scenario"].tolist() == [1, 1, 2, 2]
    whole = wide.columns["none"] + sum(wide.columns[f"selection_{dose}"] for dose in (1, 2, 3))
    assert whole == pytest.approx(np.ones(4))
    assert frame.groupby(["scenario", "design"])["treated"].sum().tolist() == pytest.approx(
        wide.columns["people"].tolist()
    )
    assert "Totals" not in repr(found.outcomes[0])


def test_a_simulated_protocol_in_columns() -> None:
    """Numbers, declarations where the protocol declares, analyses where it measures over time."""
    found = simulated("NCT00186914")
    assert "months" in found.columns["name"]
    assert len(found.declaring.columns["toxicity"]) == len(found.curve) > 0
    assert [each.caption for each in found.sheets()][1:] == [found.numbers.caption, found.declaring.caption]
    measured = result("protocol")
    assert isinstance(measured, simulation.Simulated)
    assert measured.analyses.columns["power"].tolist() == [each.power[0] for each in measured.tested]
    assert measured.sheets()[-1].caption == measured.analyses.caption


# ---------------------------------------------------------------- what cannot be


def test_numbers_of_numpy_are_numbers() -> None:
    """Arrays, lists and numpy's scalars say the same as Python's own."""
    assert study.design("boin", 3, target=np.float64(0.25), most=np.int64(9)) == BOIN
    crm = study.design("crm", 3, skeleton=np.array(TRUE))
    assert crm == study.design("crm", 3, skeleton=list(TRUE)) == study.design("crm", 3, skeleton=TRUE)


def test_what_cannot_be_is_told() -> None:
    """Each refusal names the value and what to do."""
    with pytest.raises(ValueError, match="did you mean target"):
        study.design("boin", 3, tagret=0.25)
    with pytest.raises(ValueError, match="simulate it"):
        study.exactly(TITE, TRUE)
    with pytest.raises(ValueError, match="designs with cohorts"):
        study.next_paths(WITHIN, 2)
    with pytest.raises(ValueError, match="rising gives one person several doses"):
        comparison.compare([("rising", WITHIN)], [(0.1, 0.2)], study.Timing(), trials=5)
    with pytest.raises(ValueError, match="at least one trial, not 0"):
        study.simulate(BOIN, TRUE, 0)
    with pytest.raises(ValueError, match="nobody leaves"):
        study.simulate(WITHIN, (0.1, 0.2), 5, study.Timing(leaves=0.1))
    with pytest.raises(ValueError, match="different lengths"):
        Sheet("x", {"a": np.arange(2), "b": np.arange(3)})
    with pytest.raises(NotImplementedError):
        Shown().sheets()


def test_without_pandas_columns_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the extra; arrays need nothing."""

    def missing(name: str) -> Any:
        if name == "pandas":
            raise ImportError
        return import_module(name)

    monkeypatch.setattr(sheets, "import_module", missing)
    with pytest.raises(ImportError, match=r"stromal\[frames\]"):
        study.two_stages(0.1, 0.3).frame()
    with pytest.raises(ImportError, match=r"stromal\[frames\]"):
        study.designs().frame()
    assert study.two_stages(0.1, 0.3).columns["n"].tolist() == [29, 25]


def test_a_design_too_large_to_list_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Event by event, the same trials."""
    compiled = study.simulate(BOIN, TRUE, 20)

    def refuse(*_: object) -> None:
        raise TooManyStatesError("too many")

    monkeypatch.setattr(spread, "listed", refuse)
    assert study.simulate(BOIN, TRUE, 20).days.tolist() == compiled.days.tolist()


# ---------------------------------------------------------------- tables


def test_long_tables_are_cut_and_say_so() -> None:
    """All rows are in the columns."""
    long = Sheet("long", {"trial": np.arange(1, 1001), "yes": np.arange(1000) > 3})
    assert "the first 40 of 1,000 rows" in repr(long)
    assert long._repr_html_().count("<tr>") == 41
    assert "1,000" not in long._repr_html_().replace("of 1,000 rows", "")
    assert len(long.frame()) == 1000
    assert "no" in repr(long).splitlines()[2]


def test_long_words_go_on_below() -> None:
    """A terminal stays narrow."""
    sheet = Sheet("words", {"name": np.array(["word " * 40]), "more": np.array([""])})
    assert max(map(len, repr(sheet).splitlines())) <= 70


def test_stacked_sheets_keep_their_notes() -> None:
    """Each note says which table it belongs to."""
    one = Sheet("one", {"dose": np.array([1])}, 1, ("first",))
    both = stacked("both", "scenario", [one, Sheet("two", {"dose": np.array([1])}, 1, ("second",))])
    assert both.notes == ("scenario 1: first", "scenario 2: second")
    assert both.columns["scenario"].tolist() == [1, 2]
    assert both.keys == 2
