"""The landscape of doses: who counts where, and what is left out."""

from __future__ import annotations

import re

import pytest

from cards import card, dose
from stromal.catalogue import doses as landscapes
from stromal.catalogue.dose_figure import LINES, figure, shown, told
from stromal.catalogue.doses import KABAT, Landscape, beside, landscape, median, quantile, size, typical

IV = ("intravenous",)


def ids(found: Landscape, row: str, unit: landscapes.Unit) -> tuple[str, ...]:
    """The trials of a cell; none where the cell is empty."""
    held = found.row(row)
    spread = held.spread(unit) if held else None
    return spread.ids if spread else ()


def test_units_stand_apart_and_together() -> None:
    """So many cells, cells per kilogram, and both at 70 kg."""
    found = landscape((card("A", routes=IV, doses=(dose(1e8),)), card("B", routes=IV, doses=(dose(1e6, per_kg=True),))))
    assert ids(found, "intravenous", "cells") == ("A",)
    assert ids(found, "intravenous", "cells/kg") == ("B",)
    assert ids(found, "intravenous", "cells at 70 kg") == ("B", "A")
    row = found.row("intravenous")
    assert row is not None
    assert [spread.median for spread in row.spreads] == [1e8, 1e6, 8.5e7]


def test_a_trial_counts_once() -> None:
    """A trial of three levels counts with the one in the middle."""
    levels = card("A", doses=(dose(1e6), dose(1e7), dose(1e9)))
    assert typical(levels, "cells") == 1e7
    assert typical(levels, "cells/kg") is None
    assert len(landscape((levels,)).every.spreads[0]) == 1


def test_a_stretch_counts_with_its_geometric_middle() -> None:
    """1 to 4 million is 2 million; a stretch from nothing has no such middle."""
    assert size(dose(1e6, 4e6)) == 2e6
    assert size(dose(0, 4e6)) == 2e6
    assert size(dose(5e6)) == 5e6


def test_several_routes_stand_apart() -> None:
    """A dose is not put to one of two routes; a trial without a route stands in the last row."""
    cards = (
        card("A", routes=("intravenous", "intrathecal"), doses=(dose(1e8),)),
        card("B", doses=(dose(1e7),)), card("C", routes=IV, doses=(dose(2e8),)),
    )  # fmt: skip
    found = landscape(cards)
    assert [row.name for row in found.rows] == ["intravenous", "several routes", "not named"]
    assert found.row("intrathecal") is None


def test_each_condition_has_its_row() -> None:
    """A trial in two conditions counts under both; one without any is not lost."""
    cards = (card("A", conditions=("X", "Y"), doses=(dose(1e8),)), card("B", doses=(dose(1e8),)))
    assert [row.name for row in landscape(cards, "condition").rows] == ["x", "y", "not named"]


def test_years_stand_in_their_order() -> None:
    """Rows of years follow each other; `until` leaves later trials and those without a start out."""
    cards = (card("A", start="2020-01", doses=(dose(1),)), card("B", start="2011-03-04"), card("C"))
    assert [row.name for row in landscape(cards, "year").rows] == ["2011", "2020", "not named"]
    assert [row.name for row in landscape(cards, "year", until=2019).rows] == ["2011"]


def test_tissues_have_rows() -> None:
    """The tissue is a group as the route is."""
    assert landscape((card("A", tissues=("placenta",)),), "tissue").rows[0].name == "placenta"


def test_a_dose_with_two_readings_is_left_out_and_named() -> None:
    """What can be read in two ways counts nowhere; a control's no cells are no dose."""
    cards = (
        card("A", doses=(dose(4e6, state="ambiguous"),)), card("B", doses=(dose(4e7, state="repaired"),)),
        card("C", doses=(dose(0),)),
    )  # fmt: skip
    found = landscape(cards)
    assert found.unclear == ("A",)
    assert found.every.dosed == ("B",)
    assert found.every.trials == 3


def test_nothing_gives_nothing() -> None:
    """No card, no number."""
    found = landscape(())
    assert (found.rows, found.every.spreads, found.every.trials) == ((), (), 0)
    assert figure(found) == ()
    with pytest.raises(ValueError, match="no quantile"):
        quantile((), 0.5)
    assert beside(()).median is None


def test_median() -> None:
    """The middle, or the mean of the two in the middle."""
    assert median((3, 1, 2)) == 2
    assert median((4, 1, 3, 2)) == 2.5


def test_beside_counts_each_denominator() -> None:
    """Of all, of those with a route, of those only into a vein, of those with a dose."""
    cards = (
        card("A", routes=IV, doses=(dose(1e6, per_kg=True), dose(3e6, per_kg=True)), first_posted="2018-12-31"),
        card("B", routes=(*IV, "intrathecal"), doses=(dose(9e9),), first_posted="2019-01-01"),
        card("C", routes=IV, start="2015"), card("D", first_submitted="2001-01-01"), card("E"),
    )  # fmt: skip
    found = beside(cards)
    assert (found.trials, found.routed, found.intravenous, found.also, found.dosed) == (5, 3, 3, 1, 1)
    assert (found.median, found.highest, found.every_dose) == (1.4e8, 2.1e8, 1.4e8)
    early = beside(cards, KABAT.until)
    assert (early.trials, early.intravenous) == (3, 2)


def test_the_figure_holds_its_numbers() -> None:
    """The same bytes twice, a description with every number, and no more rows than there is room for."""
    cards = [card(f"{n}", routes=(f"route {n}",), doses=(dose(1e6 * (n + 1)),)) for n in range(LINES + 4)]
    cards.append(card("K", routes=("route 0",), doses=(dose(2e6, per_kg=True),)))
    found = landscape(cards)
    (drawn,) = figure(found)
    assert drawn.svg == figure(landscape(cards))[0].svg
    assert len(shown(found)) == LINES + 1
    assert "route 0: cells median 1e6, quartiles 1e6 to 1e6, 1 trial; cells/kg median 2e6" in drawn.alt
    assert "Doses of cells by route" in drawn.svg
    assert not re.search(r"\bnan\b", drawn.svg)


def test_the_figure_of_years_shows_the_last() -> None:
    """Where there are more years than room, the first ones go."""
    cards = [card(f"{n}", start=f"{1990 + n}", doses=(dose(1e6),)) for n in range(LINES + 2)]
    rows = shown(landscape(cards, "year"))
    assert (rows[0].name, rows[1].name, rows[-1].name) == ("all trials", "1992", "2009")


def test_a_long_name_is_cut_in_the_figure() -> None:
    """A condition of a whole sentence leaves room for its numbers."""
    cards = (card("A", conditions=("x" * 60,), doses=(dose(1e6),)),)
    assert "x" * 60 not in re.sub(r"<desc.*?</desc>", "", figure(landscape(cards, "condition"))[0].svg)


def test_a_spread_in_words() -> None:
    """One trial is one trial."""
    one, two = (landscape([card(f"{n}", doses=(dose(1e6),)) for n in range(many)]).every for many in (1, 2))
    assert told(one.spreads[0]) == "median 1e6, quartiles 1e6 to 1e6, 1 trial"
    assert told(two.spreads[0]).endswith("2 trials")
