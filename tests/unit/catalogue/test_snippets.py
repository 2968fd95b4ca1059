"""Snippets: the sentence that answers best, where it stands, its words marked, long ones cut."""

from __future__ import annotations

import pytest

from stromal.catalogue.asking import Words, words
from stromal.catalogue.card import Passage
from stromal.catalogue.snippets import LONGEST, Snippet, snippet


def line(text: str, section: str = "summary", number: int = 1) -> Passage:
    """A line of a record."""
    return Passage(section, f"path.{section}", number, text)


def marked(found: Snippet | None) -> list[str]:
    """The words that are marked."""
    return [found.text[start:end] for start, end in found.marks] if found else []


def test_the_sentence_with_most_of_the_question_is_taken() -> None:
    """Later and better beats earlier and worse; the place is that of its line."""
    text = (line("Cells are given."), line("Knees hurt. Cells are injected into knees. Knees heal.", "description", 3))
    found = snippet(text, words("cell knee"))
    assert found is not None
    assert found.text == "Cells are injected into knees."
    assert (found.section, found.path, found.line) == ("description", "path.description", 3)
    assert marked(found) == ["Cells", "knees"]


def test_the_earliest_of_equals_is_taken_but_a_title_only_for_want_of_others() -> None:
    """A title is shown anyway."""
    first, second = line("One knee."), line("Two knees.", "description")
    earlier = snippet((first, second), words("knee"))
    assert earlier is not None
    assert earlier.text == "One knee."
    title = line("A knee trial", "title")
    found = snippet((title, first), words("knee"))
    assert found is not None
    assert found.text == "One knee."
    only = snippet((title,), words("knee"))
    assert only is not None
    assert only.section == "title"


def test_a_whole_phrase_is_worth_more_than_its_words_apart() -> None:
    """`bone marrow` beats marrow and bone in one sentence."""
    text = (line("The marrow of a bone."), line("Bone marrow is drawn."))
    found = snippet(text, words('"bone marrow"'))
    assert found is not None
    assert found.text == "Bone marrow is drawn."


def test_rare_words_weigh_more() -> None:
    """The weight of terms decides between two sentences with one word each."""
    text = (line("Cells."), line("Knees."))
    found = snippet(text, words("cell knee"), lambda term: 5.0 if term == "knee" else 1.0)
    assert found is not None
    assert found.text == "Knees."


def test_words_are_known_by_their_stems_wherever_they_begin() -> None:
    """therapy is therapies; a word inside another word is none; accents are found, too."""
    assert marked(snippet((line("Therapies and a psychotherapy"),), words("therapy"))) == ["Therapies"]
    assert marked(snippet((line("Élodie has sjögren"),), words("sjogren"))) == ["sjögren"]
    assert marked(snippet((line("İs a knee here"),), words("knee"))) == ["knee"]
    assert marked(snippet((line("IL-6 and IL-10"),), words("IL-6"))) == ["IL", "6", "IL"]


@pytest.mark.parametrize(("text", "asked"), [((), "knee"), ((line("Cells."),), "knee"), ((line("Cells."),), "")])
def test_nothing_found_is_nothing(text: tuple[Passage, ...], asked: str) -> None:
    """No line, no such word, or no question."""
    assert snippet(text, words(asked) if asked else Words("")) is None


def test_long_sentences_are_cut_around_their_words() -> None:
    """At most so many letters, whole words, marks where they belong, cuts shown."""
    filling = "word " * 100
    late = snippet((line(f"{filling}knee {filling}"),), words("knee"))
    assert late is not None
    assert late.text.startswith("… word")
    assert late.text.endswith("word …")
    assert len(late.text) <= LONGEST + 4
    assert marked(late) == ["knee"]
    early = snippet((line(f"knee {filling}"),), words("knee"))
    assert early is not None
    assert early.text.startswith("knee word")
    assert marked(early) == ["knee"]


def test_tabs_of_tables_become_blanks_and_ends_are_clean() -> None:
    """An outcome row reads as a sentence."""
    found = snippet((line("Pain\t6 weeks\tknee  "),), words("knee"))
    assert found is not None
    assert found.text == "Pain 6 weeks knee"


def test_a_line_that_cannot_be_better_is_not_looked_at_twice() -> None:
    """After a line with everything, one with less changes nothing; the end of a long sentence is kept whole."""
    text = (line('"Bone marrow" of the knee.'), line("A knee."), line(f"{'word ' * 60}the last knee"))
    found = snippet(text, words('"bone marrow" knee'))
    assert found is not None
    assert found.text == '"Bone marrow" of the knee.'
    last = snippet(text[2:], words("knee"))
    assert last is not None
    assert last.text.startswith("… ")
    assert last.text.endswith("the last knee")
