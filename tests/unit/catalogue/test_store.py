"""The store: cards in and out, the newest of several copies, all or nothing, and files that are no catalogue."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cards import card, dose
from stromal.catalogue.card import Passage
from stromal.catalogue.store import FILE, Catalogue, Source, entry
from stromal.values import Unusable


def code(path: Path) -> str:
    """The code of what opening a folder refuses."""
    with pytest.raises(Unusable) as refused:
        Catalogue.open(path)
    return refused.value.findings[0].code


def test_cards_go_in_and_come_out_in_the_order_of_ids(tmp_path: Path) -> None:
    """What was put is there after opening again; ids are found whatever their case."""
    with Catalogue.create(tmp_path / "c") as made, made.writing() as writer:
        writer.add(card("NCT2", file="a"), card("NCT1", file="a", title="One", updated="2020-05-01"))
    with Catalogue.open(tmp_path / "c") as held:
        assert [each.id for each in held.cards()] == ["NCT1", "NCT2"]
        assert len(held) == 2
        one = held.get("nct1")
        assert one is not None
        assert one.title == "One"
        assert held.get("NCT3") is None
        assert held.date == "2020-05-01"
    with Catalogue.create(tmp_path / "c") as same:
        assert len(same) == 2


def test_an_empty_catalogue_answers_with_nothing(tmp_path: Path) -> None:
    """No cards, no date, no sources, and nothing to catch up with."""
    with Catalogue.create(tmp_path / "c") as made:
        assert (list(made.cards()), len(made), made.date, made.sources(), made.stale) == ([], 0, "", {}, False)
        assert made.text("NCT1") == ()
        assert made.meta("reader") == ""


def test_adding_again_replaces_and_removing_removes(tmp_path: Path) -> None:
    """A card from the same file takes the place of the one before."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.add(card("A", file="f", title="old"), card("B", file="f"))
        with made.writing() as writer:
            writer.add(card("A", file="f", title="new"))
            writer.remove("B")
        assert [(each.id, each.title) for each in made.cards()] == [("A", "new")]
        assert made.stale


def test_the_newest_copy_is_shown_and_the_older_waits(tmp_path: Path) -> None:
    """When the file of the newest goes, the older is shown again."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            for file, day in (("old", "2019-01-01"), ("new", "2021-01-01"), ("none", None)):
                writer.put(file, entry(card("A", file=file, updated=day, digest=file)))
            assert list(writer.copies()) == [
                ("A", [("new", 0, "2021-01-01"), ("old", 0, "2019-01-01"), ("none", 0, "")])
            ]
        assert [each.file for each in made.cards()] == ["new"]
        with made.writing() as writer:
            assert writer.drop("new") == 1
        assert [each.file for each in made.cards()] == ["old"]


def test_a_failure_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """What happens inside a writing that fails did not happen."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.add(card("A"))
        with pytest.raises(RuntimeError), made.writing() as writer:  # noqa: PT012 - both belong to the block
            writer.add(card("B"))
            raise RuntimeError
        assert [each.id for each in made.cards()] == ["A"]
        with pytest.raises(Unusable), made.writing() as writer:
            writer.connection.execute("SELECT nothing FROM nowhere")


def test_sources_text_and_notes_are_kept(tmp_path: Path) -> None:
    """Files with size, time and hash; the lines of a record; a word about the catalogue."""
    lines = (Passage("summary", "x.y", 2, "words"),)
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.put("f", entry(card("A"), lines))
            writer.name(Source("f", 10, 20, "h"))
            writer.note("reader", "1")
        assert made.sources() == {"f": Source("f", 10, 20, "h")}
        assert made.text("A") == lines
        assert made.meta("reader") == "1"
        ((number, shown, text),) = made.shown()
        assert (shown.id, text, made.names([number])) == ("A", lines, {number: "A"})
        assert list(made.shown(["A"])) == [(number, shown, text)]
        assert made.at(number) == (shown, lines)
        assert made.at(number, text=False) == (shown, ())


def test_doses_that_are_stretches_are_kept_apart(tmp_path: Path) -> None:
    """Each with its trial, unit and ends, as long as the trial is shown."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.add(card("A", file="f", doses=(dose(1e6, 9e6, per_kg=True),)), card("B", doses=(dose(1e6, 9e6),)))
            writer.add(card("C", doses=(dose(2e6, per_kg=True),)))
        assert made.wide() == [("A", True, 1e6, 9e6), ("B", False, 1e6, 9e6)]
        with made.writing() as writer:
            writer.drop("f")
        assert made.wide() == [("B", False, 1e6, 9e6)]


def test_what_is_no_catalogue_is_told_apart(tmp_path: Path) -> None:
    """No folder, a foreign file, another program's database, another version."""
    assert code(tmp_path / "none") == "catalogue.missing"
    (tmp_path / FILE).write_bytes(b"these are words and no database, however long they go on" * 50)
    assert code(tmp_path) == "catalogue.foreign"
    (tmp_path / FILE).unlink()
    foreign = sqlite3.connect(tmp_path / FILE)
    foreign.execute("CREATE TABLE x (y)")
    foreign.close()
    assert code(tmp_path) == "catalogue.foreign"
    Catalogue.create(tmp_path / "c").close()
    later = sqlite3.connect(tmp_path / "c" / FILE)
    later.execute("PRAGMA user_version = 99")
    later.close()
    assert code(tmp_path / "c") == "catalogue.version"


def test_damage_is_told_with_a_next_step(tmp_path: Path) -> None:
    """A card or text that cannot be unpacked, a row that is gone, a table that is gone."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.add(card("A"))
        made.connection.execute("UPDATE entry SET text = x'00'")
        with pytest.raises(Unusable, match="entry of A"):
            made.text("A")
        made.connection.execute("UPDATE entry SET card = 'words'")
        with pytest.raises(Unusable, match="stromal index"):
            list(made.cards())
        with pytest.raises(Unusable, match="row 99"):
            made.at(99)
        made.connection.execute("DROP TABLE entry")
        with pytest.raises(Unusable, match="damaged"):
            len(made)


def test_a_closed_catalogue_is_a_mistake_and_no_damage(tmp_path: Path) -> None:
    """Asking after closing is the caller's error."""
    made = Catalogue.create(tmp_path / "c")
    made.close()
    with pytest.raises(sqlite3.ProgrammingError):
        len(made)


def test_folders_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    """A file where the folder should be; a writer that is busy."""
    (tmp_path / "file").write_text("words")
    with pytest.raises(Unusable, match="cannot be made"):
        Catalogue.create(tmp_path / "file")
    with Catalogue.create(tmp_path / "c") as one, Catalogue.open(tmp_path / "c") as two:
        two.connection.execute("PRAGMA busy_timeout = 0")
        with one.writing(), pytest.raises(Unusable, match="another program"), two.writing():
            pass


def test_a_folder_in_place_of_the_file_cannot_be_opened(tmp_path: Path) -> None:
    """A folder of the file's name is no file: there is no catalogue."""
    (tmp_path / FILE).mkdir()
    assert code(tmp_path) == "catalogue.missing"
    with pytest.raises(Unusable):
        Catalogue.create(tmp_path)


def test_rows_move_and_clear(tmp_path: Path) -> None:
    """A document that moved keeps its row; one that is gone loses it; pages known by their place are not kept."""
    with Catalogue.create(tmp_path / "c") as made:
        with made.writing() as writer:
            writer.put("f", entry(card("A", line=1, digest="a")), entry(card("B", line=2, digest="b")))
            writer.put("f", entry(card("f:3", line=3, digest="c")))
        with made.writing() as writer:
            kept = writer.kept("f")
            assert sorted(kept) == ["a", "b"]
            staying = kept["a"].popleft()
            writer.move(staying, 5)
            writer.move(staying, 5)
            writer.clear("f", writer.latest(), staying)
        assert [(each.id, each.line) for each in made.cards()] == [("A", 5)]
