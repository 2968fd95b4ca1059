"""Tables of plain values, and entries as people cite them."""

from __future__ import annotations

import pytest

from stromal.analyse.grid import Column, Row, Table, cite, counted, gathered, ranges

TABLE = Table(
    "t", "T", (Column("a", "A"), Column("b", "B", numeric=True)), (Row(("x", 1), (3, 1)), Row(("y", None), (2,)))
)


def test_runs_of_entries_are_drawn_together() -> None:
    """Numbers that follow one another become one run, in order, each once; 0 is no entry."""
    assert ranges([7, 1, 2, 3, 2, 0]) == ((1, 3), (7, 7))


@pytest.mark.parametrize(
    ("entries", "most", "told"),
    [
        ((), 0, ""),
        ((0,), 0, ""),
        ((12,), 0, "entry 12"),
        ((12, 13), 0, "entries 12-13"),
        ((40, *range(12, 19)), 0, "entries 12-18, 40"),
        ((1, 3, 5, 6, 7), 2, "entries 1, 3 and 3 more"),
        ((1, 3), 2, "entries 1, 3"),
    ],
)
def test_entries_are_cited_compactly(entries: tuple[int, ...], most: int, told: str) -> None:
    """Runs with a dash, a single one in the singular, and how many are left where only some are shown."""
    assert cite(entries, most) == told


def test_entries_of_several_places_are_gathered_once() -> None:
    """Sorted, each once, without the 0 that stands for none."""
    assert gathered([(3, 0), (1, 3)]) == (1, 3)


def test_a_table_knows_its_entries_columns_and_records() -> None:
    """A table can be read by row, by column and by name, and cites all it rests on."""
    assert TABLE.entries == (1, 2, 3)
    assert TABLE.column("b") == (1, None)
    assert TABLE.records() == ({"a": "x", "b": 1}, {"a": "y", "b": None})


def test_a_table_less_a_column_keeps_the_rest() -> None:
    """The column goes with its cells; the entries stay."""
    assert TABLE.without("a").records() == ({"b": 1}, {"b": None})
    assert TABLE.without("a").entries == TABLE.entries


def test_an_unknown_column_says_which_there_are() -> None:
    """The message names the columns of the table."""
    with pytest.raises(KeyError, match="it has a, b"):
        TABLE.column("c")


def test_a_row_of_the_wrong_length_cannot_stand() -> None:
    """A table whose rows do not fit its columns is refused when it is made."""
    with pytest.raises(ValueError, match="table t: 1 cells for 2 columns"):
        Table("t", "T", TABLE.columns, (Row(("x",)),))


def test_names_are_counted_with_the_most_frequent_first() -> None:
    """Ties stand in alphabetical order."""
    assert list(counted(["b", "a", "c", "b"]).items()) == [("b", 2), ("a", 1), ("c", 1)]
