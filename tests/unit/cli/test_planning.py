"""Designs, comparisons, paths and boundaries at the command line: what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stromal.cli.app import app

RUN = CliRunner()


def out(*words: str, code: int = 0) -> str:
    """What the command prints, once its exit code is as expected."""
    ran = RUN.invoke(app, list(words))
    assert ran.exit_code == code, ran.output
    return ran.stdout if code == 0 else ran.output


def test_a_design_under_two_scenarios_as_json() -> None:
    """Exact numbers add up, and simulated ones carry their errors."""
    told = json.loads(
        out(
            "design",
            "3+3",
            "deescalate=yes",
            "--scenario",
            ".1,.25,.4",
            "--scenario",
            "0,1,1",
            "--trials",
            "300",
            "--json",
        )
    )
    assert told["numbers"] == {"deescalate": True}
    first, second = told["scenarios"]
    assert sum(first["exact"]["selection"]) + first["exact"]["none"] == pytest.approx(1, abs=1e-12)
    assert first["exact"]["selection"][0] == pytest.approx(0.3947501537191, abs=1e-10)
    assert first["simulated"]["trials"] == 300
    assert second["exact"]["selection"] == [1, 0, 0]


def test_a_design_in_words() -> None:
    """A table of doses, then people, toxicities and months."""
    told = out("design", "boin", "most=9", "--scenario", ".1,.3", "--trials", "200")
    assert "declared" in told
    assert "no dose declared" in told
    assert "months on average" in told


def test_a_design_with_open_windows_is_simulated() -> None:
    """Nothing is said to be exact; shares carry their errors."""
    told = out("design", "tite-boin", "most=6", "--scenario", ".1,.3", "--trials", "200")
    assert "200 simulated trials" in told
    assert "±" in told
    assert "exact" not in told
    assert (
        json.loads(out("design", "tite-boin", "most=3", "--scenario", ".1", "--trials", "50", "--json"))["scenarios"][
            0
        ]["exact"]
        is None
    )


def test_designs_of_several_doses_a_person() -> None:
    """The chance of declaring the highest dose safe; a ladder's last doses; the calendar where it is asked for."""
    told = out("design", "within", "people=6", "--scenario", ".05,.10", "--trials", "100")
    assert "declared safe with probability 0.3907" in told
    assert "months on average" in told
    ladder = json.loads(out("design", "ladder", "people=4", "harmed=2", "--scenario", ".1,.2", "--json"))
    assert ladder["scenarios"][0]["exact"]["declared"] == 0
    assert "last dose of a person" in out("design", "ladder", "--scenario", ".1,.2")


def test_the_list_of_designs() -> None:
    """Every name with the numbers it takes."""
    assert "tite-boin" in out("design", "--list")
    assert {row["name"] for row in json.loads(out("design", "--list", "--json"))} >= {"3+3", "boin", "crm", "blrm"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("design",), "no design is named"),
        (("design", "boin"), "there is no scenario"),
        (("design", "boin", "--scenario", "1.5,.2"), "a share of people between 0 and 1"),
        (("design", "boin", "--scenario", ","), "gives no toxicity"),
        (("design", "boin", "--scenario", ".1,x"), "write a number"),
        (("design", "boin", "--scenario", ".1,,.2"), "toxicity of dose 2 is missing between two commas"),
        (("design", "boin", "--scenario", "nan,.2"), "the toxicity of dose 1 is “nan”: no number"),
        (("design", "boin", "--scenario", ".1", "--makeable", "2"), "the chance of being made of dose 1 is 2"),
        (("design", "boin", "--scenario", ".1", "--trials", "-5"), "-5 trials cannot be simulated"),
        (("design", "boin", "most=nan", "--scenario", ".1"), "(the greatest number of people) is a number, not nan"),
        (("design", "blrm", "--scenario", ".1,.2,.3"), "one for each dose, such as amounts=1,2,3"),
        (("design", "3+3", "--scenario", ".1", "--scenario", "7"), "the toxicity of dose 1 is 7"),
        (("compare", "", "--scenario", ".1", "-o", "x.html"), "is no design"),
        (("compare", "3+3", "--scenario", ".1", "--trials", "0", "-o", "x.html"), "0 trials cannot be simulated"),
        (("compare", "3+3", "3+3", "--scenario", ".1", "--trials", "9", "-o", "x.html"), "have the same name"),
        (("monitor", "simon", "poor=.1", "good=.3", "foo=1"), "simon takes no foo"),
        (("monitor", "simon", "poor=.1", "good=.3", "--people", "30"), "simon takes no --people"),
        (("monitor", "simon", "poor=.1", "good=.3", "alpha=2"), "not 2 and 0.2"),
        (("monitor", "beta-binomial"), "alpha and beta"),
        (("design", "boin", "target=.2", "target=.3", "--scenario", ".1"), "target is given twice"),
        (("design", "boin", "--scenario", ".1", "--trials", "9", "--seed", "-1"), "a seed is a whole number"),
        (("design", "blrm", "amounts=1,2", "means=1", "--scenario", ".1,.2"), "is two numbers, not 1"),
        (("design", "crm", "skeleton=.1,.1", "--scenario", ".1,.2"), "which 0.1, 0.1 does not"),
        (("design", "boin", "--scenario", ".1,.2", "--makeable", ".9,0"), "as not all of 0.9, 0"),
        (("design", "boin", "--scenario", ".1,.2", "--makeable", ".5,.9"), "as 0.5, 0.9 says"),
        (("design", "3+3", "--scenario", ".1,.2", "--makeable", ".9,.5"), "name the greatest number of people"),
        (("paths", "fixed", "--doses", "9", "--cohorts", "9", "--svg", "x.svg"), "looks 9 cohorts ahead; a figure"),
        (("design", "boin", "target=0", "--scenario", ".1"), "the target is a probability"),
        (("design", "boin", "cohort=0", "--scenario", ".1"), "the size of a cohort is 1 or more"),
        (("design", "boin", "target", "--scenario", ".1"), "is no number by name"),
        (("design", "boin", "tagret=.3", "--scenario", ".1"), "did you mean target?"),
        (("design", "bion", "--scenario", ".1"), "did you mean boin?"),
        (("design", "crm", "skeleton=.1,.2", "--scenario", ".1,.2,.3"), "2 numbers for 3 doses"),
        (("design", "3+3", "--scenario", ".1", "--trials", "5", "--window-days", "0"), "more than 0 days"),
        (("paths", "within"), "gives one person several doses"),
        (("paths", "3+3", "--after", "1NNX"), "is no cohort"),
        (("paths", "3+3", "--after", "9NNN"), "the doses are 1 to 5"),
        (("paths", "3+3", "--cohorts", "0"), "looks at 1 cohort or more"),
        (("paths", "3+3", "--scenario", ".1,.2"), "the design has 5 doses"),
        (("paths", "boin", "cohort=5", "most=90", "--cohorts", "9"), "more than 20,000 nodes"),
        (("paths", "3+3", "--after", "1NN"), "it gives dose 1 to 3 people"),
        (("paths", "3+3", "--after", "1TTT 1NNN"), "the design has stopped"),
        (("design", "boin", "start=9", "--scenario", ".1,.2"), "the first dose is one of 1 to 2"),
        (("design", "3+3", "--scenario", ".1", "--trials", "5", "--gap-days", "nan"), "people come after 0 days"),
        (("compare", "3+3", "--scenario", ".1", "--target", "9", "-o", "x.html"), "a probability between 0 and 1"),
        (("monitor", "pocock", "--people", "1100"), "at most 1,000 people"),
        (("monitor", "pocock", "foo=1"), "takes no foo"),
        (("monitor", "pococ"), "is no boundary; did you mean pocock?"),
        (("monitor", "sprt"), "the boundary sprt needs worse"),
        (("monitor", "wang-tsiatis", "shape=2"), "the shape lies between"),
        (("monitor", "simon", "poor=.3", "good=.2"), "poor < good"),
        (("monitor", "pocock", "--limit", "0"), "are probabilities between 0 and 1"),
        (("compare", "boin", "-o", "x.html"), "nothing to compare"),
        (("compare", "within", "--scenario", ".1", "-o", "x.html"), "one person several doses"),
        (("compare", "3+3", "--scenario", ".1", "--scenario", ".1,.2", "-o", "x.html"), "the same number of doses"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(words: tuple[str, ...], reason: str) -> None:
    """A message with the value and the rule, and exit code 2."""
    assert reason in " ".join(out(*words, code=2).split())


def test_a_design_too_large_asks_for_a_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to do instead."""
    from stromal.designs import exact  # noqa: PLC0415 - loads slowly
    from stromal.designs.automaton import TooManyStatesError  # noqa: PLC0415

    def refuse(*_: object) -> None:
        raise TooManyStatesError("the design has more than 5 states")

    monkeypatch.setattr(exact, "ends", refuse)
    assert "add --trials" in out("design", "3+3", "--scenario", ".1", code=2)


def test_a_design_too_large_to_list_is_simulated_event_by_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where trials are asked for, nothing is refused: the events need no table."""
    from stromal.designs import exact, spread  # noqa: PLC0415 - loads slowly
    from stromal.designs.automaton import TooManyStatesError  # noqa: PLC0415

    def refuse(*_: object) -> None:
        raise TooManyStatesError("the design has more than 5 states")

    monkeypatch.setattr(exact, "ends", refuse)
    monkeypatch.setattr(spread, "listed", refuse)
    told = out("design", "boin", "most=6", "--scenario", ".1,.3", "--trials", "40")
    assert "40 simulated trials" in told
    assert "±" in told


def test_a_model_with_a_weak_prior_begins_at_the_first_dose() -> None:
    """BLRM's defaults find a dose: overdose control says nothing before anybody was seen."""
    told = json.loads(out("design", "blrm", "amounts=1,2,4", "most=9", "--scenario", ".05,.2,.5", "--json"))
    assert told["scenarios"][0]["exact"]["treated"][0] >= 3
    assert told["scenarios"][0]["exact"]["none"] < 0.2


def test_paths_as_a_tree() -> None:
    """Each outcome with its orders and its chance; the same as JSON."""
    told = out("paths", "3+3", "--doses", "2", "--cohorts", "1", "--scenario", ".1,.2")
    assert "1NNT  → 3 on dose 1  (24.30%) x3" in told
    assert "1TTT  → stop, declare no dose" in told
    tree = json.loads(out("paths", "3+3", "--doses", "2", "--after", "1NNN", "--json"))
    assert tree["does"] == "3 on dose 2"
    assert [each["cohort"] for each in tree["then"]] == ["2NNN", "2NNT", "2NTT", "2TTT"]
    assert tree["then"][3]["does"] == "stop, declare dose 1"


def test_paths_as_a_figure(tmp_path: Path) -> None:
    """Boxes and outcomes as SVG with its words, the same bytes each time; too many ends are refused."""
    words = ("paths", "3+3", "--doses", "3", "--scenario", ".1,.2,.3", "--svg")
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    out(*words, str(first))
    out(*words, str(second), "--json")
    drawn = first.read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "1NNN 2NTT: stop, declare dose 1" in drawn
    assert first.read_bytes() == second.read_bytes()
    many = ("paths", "boin", "cohort=3", "most=30", "--cohorts", "4", "--svg", str(tmp_path / "c.svg"))
    assert "a figure shows at most 64" in " ".join(out(*many, code=2).split())
    assert not (tmp_path / "c.svg").exists()


def test_boundaries() -> None:
    """Counts in runs, and what they do under true rates; two-stage designs."""
    told = json.loads(
        out("monitor", "beta-binomial", "alpha=.6", "beta=2.4", "--people", "10", "--rates", ".2,.5", "--json")
    )
    assert [row["rate"] for row in told["rates"]] == [0.2, 0.5]
    assert told["rates"][0]["stopped"] <= 0.05 < told["rates"][1]["stopped"]
    assert "stop at this many events" in " ".join(out("monitor", "obrien-fleming").split())
    assert "1/10" in out("monitor", "simon", "poor=.1", "good=.3")
    assert json.loads(out("monitor", "simon", "poor=.1", "good=.3", "alpha=.05", "--json"))["optimal"]["n"] == 29


def test_a_comparison_is_one_page(tmp_path: Path) -> None:
    """Tables and figures of every design and scenario, with nothing loaded from elsewhere."""
    page = tmp_path / "compare.html"
    words = ["compare", "3+3", "tite-boin most=6", "--scenario", ".1,.3", "--scenario", ".3,.5", "--trials", "60"]
    out(*words, "-o", str(page))
    text = page.read_text("utf-8")
    assert text.count("<figure") == 4
    assert text.count('<h2 id="scenario-') == 2
    assert "tite-boin most=6" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    before = page.read_bytes()
    out(*words, "-o", str(page))
    assert page.read_bytes() == before


def test_what_is_neither_impossible_nor_sure_is_not_called_so() -> None:
    """A chance of 4 in a million is no 0.0000, and a mean of simulated months keeps the digits of its error."""
    told = out("design", "within", "--scenario", ".05,.15,.30,.45,.60")
    assert "declared safe with probability less than 0.0001" in told
    assert "stops early with probability more than 0.9999" in told
    timed = out("design", "tite-boin", "most=6", "--scenario", ".1,.3", "--trials", "2000")
    assert "± 0.0 months" not in timed
    assert "no dose declared" in timed
    assert "(<0.01%)" in out("paths", "3+3", "--doses", "2", "--cohorts", "2", "--scenario", ".01,.01")


def test_a_first_scenario_is_not_told_where_the_second_cannot_be() -> None:
    """Nothing is printed before everything was read."""
    ran = RUN.invoke(app, ["design", "3+3", "--scenario", ".1,.2", "--scenario", ".1,2"])
    assert ran.exit_code == 2
    assert ran.stdout == ""


def test_lines_keep_to_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles and sentences break over lines at 80 columns, and nothing is wider."""
    from stromal.cli import show  # noqa: PLC0415 - loads slowly with the commands

    monkeypatch.setattr(show, "width", lambda most=150: min(most, 80))
    for words in (
        ("design", "ladder", "--scenario", ".05,.15", "--trials", "50"),
        ("design", "boin", "most=9", "--scenario", ".05,.15,.3,.45,.6", "--trials", "50"),
        ("paths", "3+3", "--scenario", ".05,.15,.3,.45,.6"),
        ("monitor", "pocock"),
        ("monitor", "simon", "poor=.1", "good=.3"),
    ):
        assert max(map(len, out(*words).splitlines())) <= 80


def test_a_design_too_large_is_simulated_on_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its numbers carry errors, in tables, bars and the stopping curve."""
    from stromal.designs import exact  # noqa: PLC0415 - loads slowly
    from stromal.designs.automaton import TooManyStatesError  # noqa: PLC0415

    def refuse(*_: object) -> None:
        raise TooManyStatesError("the design has more than 5 states")

    monkeypatch.setattr(exact, "ends", refuse)
    page = tmp_path / "compare.html"
    out("compare", "boin most=6", "--scenario", "0,0", "--trials", "60", "-o", str(page))
    text = " ".join(page.read_text("utf-8").split())
    assert "100.0 ± 0.0" in text
    assert 'boin most=6 <span class="cited">simulated</span>' in text
    assert "are simulated (boin most=6" in text


def test_designs_and_scenarios_beyond_a_page(tmp_path: Path) -> None:
    """Seven designs look different, six scenarios go over two figures, and the same scenario twice is told once."""
    page = tmp_path / "compare.html"
    names = [f"boin most={most}" for most in range(3, 24, 3)]
    given = [word for rate in (".1", ".2", ".3", ".4", ".5", ".6", ".1") for word in ("--scenario", rate)]
    out("compare", *names, *given, "--trials", "20", "-o", str(page))
    text = page.read_text("utf-8")
    assert text.count('<h2 id="scenario-') == 6
    assert "Doses declared, scenarios 1 to 5" in text
    assert "People on each dose, scenario 6" in text
    assert text.count("<figure") == 7

    from stromal.analyse.comparison_figures import _shape  # noqa: PLC0415

    assert len({_shape(place)[:2] for place in range(36)}) == 36


def test_a_dose_that_nobody_had() -> None:
    """A model may declare a dose that nobody had: how often is said, and nothing of it where it cannot be."""
    given = ("crm", "most=6", "--scenario", ".01,.02,.05,.08,.1")
    assert "a dose that nobody had is declared with probability" in " ".join(out("design", *given).split())
    found = json.loads(out("design", *given, "--json"))["scenarios"][0]["exact"]
    never = [share for share, people in zip(found["selection"], found["treated"], strict=True) if people == 0]
    assert found["untried"] >= sum(never) > 0
    assert "nobody had" not in out("design", "boin", "most=6", "--scenario", ".01,.02,.05")
