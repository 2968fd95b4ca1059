"""Questions: words, phrases and doses understood, and what cannot be understood told with its place."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest

from stromal.catalogue.asking import Doses, Word, Words, doses, span, words
from stromal.values import Unusable


def ways(text: str) -> list[list[tuple[tuple[str, ...], bool]]]:
    """Alternatives as terms and whether they are left out."""
    return [[(word.terms, word.without) for word in way] for way in words(text).ways]


def test_words_become_stems_and_phrases_stay_together() -> None:
    """English endings go; quotes and hyphens make phrases; accents and case count for nothing."""
    assert ways('Infusions "bone marrow"') == [[(("infus",), False), (("bone", "marrow"), False)]]
    assert ways("graft-versus-host") == [[(("graft", "versus", "host"), False)]]
    assert ways("SJÖGREN") == [[(("sjogren",), False)]]


def test_common_words_ask_for_nothing_unless_alone_or_in_a_phrase() -> None:
    """`of` is in every record; asked for alone it stands."""
    assert ways("treatment of the knee") == [[(("treatment",), False), (("knee",), False)]]
    assert ways("of") == [[(("of",), False)]]
    assert ways('"of the"') == [[(("of", "the"), False)]]


def test_or_parts_and_not_leaves_out() -> None:
    """OR and NOT in capitals; `-word` is the same as NOT; a word twice counts once."""
    assert ways("stroke OR knee knees") == [[(("stroke",), False)], [(("knee",), False)]]
    assert ways('knee NOT stroke -"spinal cord"') == [
        [(("knee",), False), (("stroke",), True), (("spinal", "cord"), True)]
    ]
    assert words("knee NOT stroke").terms == {"knee"}
    assert words("").ways == ()
    assert words("knee --- 5").ways[0] == (Word("knee", ("knee",)), Word("5", ("5",)))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"bone marrow', "search.quote"),
        ("OR knee", "search.or"),
        ("knee OR", "search.or"),
        ("knee OR OR stroke", "search.or"),
        ("NOT knee", "search.without"),
        ("knee OR -stroke", "search.without"),
        ("??? !!", "search.words"),
        ("x" * 300, "search.words"),
    ],
)
def test_what_does_not_parse_is_told(text: str, code: str) -> None:
    """What is wrong, and what to write instead."""
    with pytest.raises(Unusable) as refused:
        words(text)
    (finding,) = refused.value.findings
    assert finding.code == code
    assert finding.hint


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("1e6..5e6/kg", Doses(1e6, 5e6, True)),
        ("1e6-5e6 cells/kg", Doses(1e6, 5e6, True)),
        ("1e6 to 5e6 /kg", Doses(1e6, 5e6, True)),
        ("2e6/kg", Doses(2e6, 2e6, True)),
        ("1e8..", Doses(1e8, inf, False)),
        ("..1e8 cells", Doses(0, 1e8, False)),
        ("1,000,000", Doses(1e6, 1e6, False)),
        ("1_000_000..2.5E+6", Doses(1e6, 2.5e6, False)),
    ],
)
def test_doses_are_read(text: str, asked: Doses) -> None:
    """A number, a stretch, or a stretch with an open end."""
    assert doses(text) == asked


@pytest.mark.parametrize("text", ["", "many", "..", "/kg", "5e6..1e6", "1e6 5e6", "1e6/m2", "-5", "1e6..x", "1e999"])
def test_odd_doses_are_told(text: str) -> None:
    """What is no dose is refused with the shape of one."""
    with pytest.raises(Unusable) as refused:
        doses(text)
    assert refused.value.findings[0].code == "search.dose"


def test_doses_say_themselves() -> None:
    """For messages."""
    assert str(doses("1e6..5e6/kg")) == "1e+06..5e+06 cells/kg"
    assert str(doses("7")) == "7..7 cells"


def test_days_months_and_years_span_all_their_days() -> None:
    """A year begins in January and ends in December."""
    assert span("2020", "2020") == (date(2020, 1, 1).toordinal(), date(2020, 12, 31).toordinal())
    assert span("2020-02", "2020-02") == (date(2020, 2, 1).toordinal(), date(2020, 2, 29).toordinal())
    assert span("2020-02-05", "") == (date(2020, 2, 5).toordinal(), None)
    assert span("", "") == (None, None)
    for since, until in (("soon", ""), ("", "2020-02-30"), ("2020-13", ""), ("2021", "2020"), ("20200101", "")):
        with pytest.raises(Unusable) as refused:
            span(since, until)
        assert refused.value.findings[0].code == "search.date"


def test_nothing_asked_is_no_words() -> None:
    """The empty question."""
    assert Words("").terms == frozenset()
