"""Search: what is found, in which order, what filters mean, and what is said when nothing fits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cards import card, dose
from small_records import catalogue, content
from stromal.catalogue import index
from stromal.catalogue.asking import Wanted, doses, words
from stromal.catalogue.card import Card, Cited, Passage
from stromal.catalogue.search import Hindrance, Search
from stromal.catalogue.store import Catalogue, entry
from stromal.values import Unusable

CARDS = (
    card("A", title="Cells for knees", conditions=("Osteoarthritis",), phases=("PHASE1", "PHASE2"), status="COMPLETED",
         countries=("Iran, Islamic Republic of",), routes=("intra-articular",), start="2015-03", updated="2020-01-01",
         has_results=True, doses=(dose(1e6, 9e6, per_kg=True),),
         cited=(Cited("route", "intra-articular", "stated", "into the joint", "p", 3),)),
    card("B", title="Cells for hearts", conditions=("Stroke",), phases=("PHASE2",), status="RECRUITING",
         countries=("Spain", "United States"), routes=("intravenous",), tissues=("bone marrow",),
         start="2018-06-15", updated="2021-01-01", doses=(dose(2e6, per_kg=True), dose(1e8))),
    card("C", title="Knee and heart", mesh=("Stroke",), phases=("EARLY_PHASE1",), status="NOT_YET_RECRUITING",
         countries=("South Africa",), updated="2019-01-01", has_results=False),
    card("D", title="Silence"),
)  # fmt: skip
TEXT = {"A": "Bone marrow cells are injected. They stay.", "B": "The marrow of a bone.", "C": "", "D": "Knee, once."}


def shelf(folder: Path, *cards: Card, text: dict[str, str] | None = None) -> Catalogue:
    """A catalogue of cards with a line each."""
    made = Catalogue.create(folder)
    with made.writing() as writer:
        for each in cards:
            words_of = (text or {}).get(each.id, "")
            writer.put("f", entry(each, (Passage("summary", "s", 1, words_of),) if words_of else ()))
    index.follow(made)
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Search]:
    """The four cards above."""
    with shelf(tmp_path, *CARDS, text=TEXT) as made:
        yield Search(made)


def ids(engine: Search, text: str = "", **named: object) -> list[str]:
    """The ids of the hits, in their order."""
    return [hit.card.id for hit in engine.find(wanted(text, **named)).hits]


def wanted(text: str = "", **named: object) -> Wanted:
    """A question; fields of words are given by name, with one value or several."""
    fields = ("phase", "status", "route", "tissue", "donor", "country")
    values = tuple((name, tuple(str(value).split("|"))) for name, value in named.items() if name in fields)
    rest = {name: value for name, value in named.items() if name not in fields}
    return Wanted(words(text), values=values, **rest)  # type: ignore[arg-type]


def test_titles_count_more_than_mentions(engine: Search) -> None:
    """Those that hold the word, the titled ones first."""
    assert ids(engine, "knees")[-1] == "D"
    assert sorted(ids(engine, "knees")) == ["A", "C", "D"]


def test_all_words_must_be_held_phrases_whole(engine: Search) -> None:
    """AND between words; a phrase in its order; OR and NOT."""
    assert ids(engine, "bone marrow") == ["A", "B"] or ids(engine, "bone marrow") == ["B", "A"]
    assert ids(engine, '"bone marrow"') == ["A"]
    assert sorted(ids(engine, "injected OR hearts")) == ["A", "B", "C"]
    assert ids(engine, "hearts NOT knees") == ["B"]
    assert ids(engine, "zyzzyva") == []


def test_a_hit_has_its_sentence_and_its_total(engine: Search) -> None:
    """The sentence that was found; the number of all that fit, whatever is shown."""
    found = engine.find(wanted("marrow"), 1)
    assert (found.total, len(found.hits)) == (2, 1)
    (hit,) = engine.find(wanted('"bone marrow"')).hits
    assert hit.snippet is not None
    assert hit.snippet.text == "Bone marrow cells are injected."
    (bare,) = engine.find(wanted('"bone marrow"'), snippets=False).hits
    assert bare.snippet is None
    assert bare.score == hit.score > 0


def test_without_words_the_newest_come_first(engine: Search) -> None:
    """By the day of the last update; those without a day last."""
    assert ids(engine) == ["B", "A", "C", "D"]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"phase": "2"}, "AB"), ({"phase": "PHASE1"}, "A"), ({"phase": "early"}, "C"), ({"phase": "1|early"}, "AC"),
        ({"phase": "phase 2", "status": "recruiting"}, "B"), ({"status": "not yet recruiting"}, "C"),
        ({"country": "usa"}, "B"), ({"country": "iran"}, "A"), ({"country": "south africa|SPAIN"}, "BC"),
        ({"route": "IV"}, "B"), ({"route": "intra-articular"}, "A"), ({"tissue": "marrow"}, "B"),
        ({"has_dose": True}, "AB"), ({"has_results": True}, "A"),
        ({"condition": words("stroke")}, "BC"), ({"condition": words("osteoarthritis NOT stroke")}, "A"),
        ({"since": "2015-03-20"}, "AB"), ({"since": "2015-04"}, "B"), ({"until": "2015"}, "A"),
        ({"until": "2015-02"}, ""), ({"since": "2015-03-31", "until": "2018-06-15"}, "AB"),
        ({"dose": doses("2e6/kg")}, "AB"), ({"dose": doses("3e6..4e6/kg")}, "A"), ({"dose": doses("1e7../kg")}, ""),
        ({"dose": doses("..1e6/kg")}, "A"), ({"dose": doses("1e8")}, "B"), ({"dose": doses("1e8..")}, "B"),
    ],
)  # fmt: skip
def test_filters_take_those_that_state_the_fact(engine: Search, named: dict[str, Any], found: str) -> None:
    """Values as people write them; months that overlap; doses that overlap; what is unknown never fits."""
    assert sorted(ids(engine, **named)) == list(found)
    assert engine.count(wanted(**named)) == len(found)


def test_values_that_nobody_states_are_told_with_the_known_ones(engine: Search) -> None:
    """A misspelt value suggests; a word of several values lists them; an unknown one lists all."""
    for field, given, told in (
        ("route", "intravenus", "did you mean: intravenous"),
        ("status", "recruit", "known are: completed; not yet recruiting; recruiting"),
        ("donor", "own", "known are: none at all"),
        ("country", "of", "of"),
    ):
        if field == "country":
            assert ids(engine, country=given) == ["A"]
            continue
        with pytest.raises(Unusable, match=given) as refused:
            ids(engine, **{field: given})
        assert told in refused.value.findings[0].hint
    with pytest.raises(Unusable, match="is stated by no trial"):
        ids(engine, phase="7")


def test_a_word_of_several_values_is_asked_again(tmp_path: Path) -> None:
    """`South` may be Korea or Africa: both are named."""
    with shelf(tmp_path, card("A", countries=("South Korea", "South Africa"))) as made:
        with pytest.raises(Unusable, match="means several") as refused:
            ids(Search(made), country="south")
        assert "did you mean: South Africa; South Korea" in refused.value.findings[0].hint


def test_many_values_are_not_all_listed(tmp_path: Path) -> None:
    """The first twenty, and how many more."""
    with shelf(tmp_path, card("A", countries=tuple(f"Land {chr(65 + n)}x" for n in range(25)))) as made:
        with pytest.raises(Unusable) as refused:
            ids(Search(made), country="zz")
        assert refused.value.findings[0].hint.endswith("and 5 more")


def test_filters_cite_what_the_record_says(engine: Search) -> None:
    """Without words, the dose or the route that was asked for is quoted, with its place."""
    (hit,) = engine.find(wanted(route="intra-articular")).hits
    assert hit.snippet is not None
    assert (hit.snippet.text, hit.snippet.line) == ("into the joint", 3)
    (hit,) = engine.find(wanted(route="intra-articular"), snippets=False).hits
    assert hit.snippet is None
    assert [hit.snippet for hit in engine.find(wanted(dose=doses("2e6/kg"))).hits] == [None, None]


def test_what_stands_in_the_way_is_told(engine: Search) -> None:
    """How many fit without each filter, and how many of them say nothing of it."""
    asked = wanted("knee", route="iv", since="2018", has_results=True, condition=words("stroke"), dose=doses("1e6"))
    told = engine.hindrances(asked)
    assert [each.name for each in told] == ["condition", "route", "dose", "start", "has_results"]
    assert all(each.without == 0 for each in told)
    alone = {
        name: engine.hindrances(wanted("knee", **{name: value}))
        for name, value in (("route", "iv"), ("since", "2018"), ("has_results", True), ("has_dose", True))
    }
    assert alone["route"] == (Hindrance("route", 3, 2),)
    assert alone["since"] == (Hindrance("start", 3, 2),)
    assert alone["has_results"] == (Hindrance("has_results", 3, 1),)
    assert alone["has_dose"] == (Hindrance("has_dose", 3, 0),)
    assert engine.hindrances(wanted("knee", dose=doses("1e6/kg"))) == (Hindrance("dose", 3, 2),)
    assert engine.missing(words("knee zyzzyva NOT xylo")) == ("zyzzyva",)


def test_equal_ranks_stand_in_the_order_of_ids(tmp_path: Path) -> None:
    """However they were put in, and wherever the page ends."""
    names = [f"T{number:03}" for number in range(60)]
    same = [card(name, title="Same words", updated="2020-01-01") for name in names]
    with shelf(tmp_path, *same[::-1]) as made:
        engine = Search(made)
        for limit in (1, 7, 60):
            for text in ("same", ""):
                found = [hit.card.id for hit in engine.find(wanted(text), limit).hits]
                assert found == names[:limit]


def test_an_index_behind_its_store_is_not_asked(tmp_path: Path) -> None:
    """What was written and not indexed yet is told; following brings it up."""
    with shelf(tmp_path, *CARDS) as made:
        with made.writing() as writer:
            writer.add(card("E"))
        with pytest.raises(Unusable, match="behind the catalogue"):
            Search(made)
        index.follow(made)
        assert len(ids(Search(made))) == 5


def test_a_damaged_index_is_told_and_made_again(tmp_path: Path) -> None:
    """Missing, foreign or broken files are Unusable; following makes the index anew."""
    with shelf(tmp_path, *CARDS) as made:
        place = tmp_path / index.FOLDER
        for harm in ("meta", "gone", "segment"):
            if harm == "meta":
                (place / "meta.json").write_text("{")
            elif harm == "gone":
                shutil.rmtree(place)
            else:
                for part in place.glob("*.term"):
                    part.write_bytes(b"")
            with pytest.raises(Unusable) as refused:
                Search(made)
            assert refused.value.findings[0].code == "catalogue.index"
            assert index.follow(made)
            assert len(ids(Search(made))) == 4
        assert not index.follow(made)


def test_an_index_of_another_length_is_made_anew(tmp_path: Path) -> None:
    """An index copied from elsewhere holds other trials."""
    with shelf(tmp_path / "a", *CARDS) as made, shelf(tmp_path / "b", *CARDS[:2]) as other:
        shutil.rmtree(tmp_path / "a" / index.FOLDER)
        shutil.copytree(tmp_path / "b" / index.FOLDER, tmp_path / "a" / index.FOLDER)
        assert len(other) == 2
        assert index.follow(made)
        assert len(ids(Search(made))) == 4


def test_following_few_changes_keeps_the_rest(tmp_path: Path) -> None:
    """Changed, added and removed trials, without making the index anew."""
    many = [card(f"T{number:03}", title="Many words") for number in range(40)]
    with shelf(tmp_path, *many) as made:
        with made.writing() as writer:
            writer.remove("T000")
            writer.connection.execute("DELETE FROM entry WHERE id = 'T001'")
            writer.add(card("T001", file="g", title="Changed"), card("T999", file="g", title="New words"))
        assert not index.follow(made)
        engine = Search(made)
        assert ids(engine, "changed") == ["T001"]
        assert engine.count(wanted("words")) == 39
        assert engine.count(wanted()) == 40


def test_trials_are_found_by_their_numbers(tmp_path: Path) -> None:
    """The registry's number and every other one, whatever its case."""
    made = catalogue(tmp_path, content("NCT00000001", identificationModule={"acronym": "KNEECAP"}))
    with made:
        engine = Search(made)
        assert ids(engine, "nct00000001") == ids(engine, "kneecap") == ["NCT00000001"]


def test_days_that_are_none_are_unknown() -> None:
    """A card's day that is no day in the calendar counts as unknown."""
    assert index.days("2021-02-30") is None
    assert index.days(None) is None


def test_frequent_phrases_are_found_as_phrases(tmp_path: Path) -> None:
    """Looked up by name, they find what a phrase finds, and not their words apart."""
    text = {"A": "Mesenchymal stem-cells.", "B": "Stem the mesenchymal cells.", "C": "A mesenchymal stem. Cells."}
    with shelf(tmp_path, *(card(name) for name in text), text=text) as made:
        engine = Search(made)
        assert ids(engine, '"mesenchymal stem cell"') == ["A", "C"]
        assert ids(engine, '"mesenchymal cells"') == ["B"]
        assert ids(engine, '"a mesenchymal stem cell"') == ["C"]
        assert ids(engine, '"stem the mesenchymal stem"') == []
        assert ids(engine, 'cells NOT "stem cells"') == ["B"]


def test_an_index_that_cannot_be_written_is_told_and_caught_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """What the store holds is safe; the next time the index follows."""
    with shelf(tmp_path, *CARDS) as made:
        with made.writing() as writer:
            writer.add(card("E"))
        monkeypatch.setattr(index, "_HEAP", 1)
        with pytest.raises(Unusable, match="cannot be written"):
            index.follow(made)
        monkeypatch.undo()
        assert made.stale
        index.follow(made)
        assert (made.stale, len(ids(Search(made)))) == (False, 5)


def test_an_index_of_older_fields_makes_room(tmp_path: Path) -> None:
    """Whatever index lies there from before goes when a new one is made."""
    (tmp_path / "index-0").mkdir()
    with shelf(tmp_path, *CARDS):
        assert [path.name for path in tmp_path.glob("index*")] == [index.FOLDER]
