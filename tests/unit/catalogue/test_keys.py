"""The names under which trials are compared."""

from __future__ import annotations

import pytest

from cards import card
from stromal.catalogue import keys
from stromal.catalogue.card import Card, Span


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Crohn's Disease", "crohn s disease"), ("  Sjögren  Syndrome ", "sjogren syndrome"),
        ("COVID-19", "covid 19"), ("", ""), ("–", ""),
    ],
)  # fmt: skip
def test_words_are_plain(written: str, plain: str) -> None:
    """Capitals, accents, signs and blanks make no difference."""
    assert keys.plain(written) == plain


def test_conditions_are_terms_and_own_words() -> None:
    """MeSH terms come first, brackets go, and words that only say cells are left out."""
    found = card("A", mesh=("Motor Neuron Disease",), conditions=("Motor Neuron Disease (MND)", "Stem Cells", "ALS"))
    assert keys.conditions(found) == ("motor neuron disease", "als")


def test_a_broader_word_shares_nothing_between_two_full_names() -> None:
    """Sclerosis is no bond between amyotrophic lateral and multiple sclerosis."""
    als = keys.conditions(card("A", mesh=("Amyotrophic Lateral Sclerosis", "Sclerosis")))
    ms = keys.conditions(card("B", mesh=("Multiple Sclerosis", "Sclerosis")))
    assert keys.same_conditions(als, ms) == ()
    assert keys.same_conditions(als, als) == ("amyotrophic lateral sclerosis",)


def test_a_broader_word_alone_is_shared() -> None:
    """A trial in osteoarthritis shares it with one in that of the knee."""
    knee = keys.conditions(card("A", mesh=("Osteoarthritis, Knee", "Osteoarthritis")))
    any_joint = keys.conditions(card("B", mesh=("Osteoarthritis",)))
    assert keys.same_conditions(knee, any_joint) == ("osteoarthritis",)
    assert keys.broader("osteoarthritis", knee)
    assert not keys.broader("osteoarthritis knee", knee)


def test_headings_are_the_terms() -> None:
    """A table is headed by MeSH terms, without the broader; by own words where there are none."""
    assert keys.headings(card("A", mesh=("Sclerosis", "Multiple Sclerosis"), conditions=("MS",))) == (
        "multiple sclerosis",
    )
    assert keys.headings(card("A", conditions=("MS",))) == ("ms",)
    assert keys.headings(card("A")) == ()


def test_keywords_repeat_no_condition() -> None:
    """A keyword that is the condition, or says only cells, is none."""
    found = card("A", conditions=("ALS",), keywords=("als", "MSC", "Gene marking", "Gene Marking"))
    assert keys.keywords(found) == ("gene marking",)


def test_products_are_named() -> None:
    """A name that any cell product could have names none."""
    assert keys.products(card("A", interventions=("AlloRx (UC-MSC)", "Mesenchymal stem cells", "Placebo"))) == (
        "allorx",
    )


def test_parties_and_people() -> None:
    """Company endings, degrees and initials make no difference."""
    assert keys.party("Mesoblast, Ltd.") == keys.party("MESOBLAST Limited") == "mesoblast"
    assert keys.person("Anthony J Windebank, MD") == keys.person("Anthony J. Windebank") == "anthony windebank"
    assert keys.people(card("A", officials=("Sponsor", "Ana B Lund, PhD"))) == {"ana lund": "Ana B Lund, PhD"}
    assert keys.sponsor(card("A")) == ""


def test_a_product_has_one_donor_and_one_tissue() -> None:
    """Where a record names two tissues, none is chosen."""
    assert keys.product(card("A", donors=("allogeneic",), tissues=("placenta",))) == ("allogeneic", "placenta")
    assert keys.product(card("A", donors=("allogeneic",), tissues=("placenta", "bone marrow"))) is None
    assert keys.product(card("A")) is None


def test_ages() -> None:
    """Children and adults by the day of their eighteenth birthday; an age in no known unit says nothing."""
    assert keys.ages(card("A", ages=((18, 65),))) == {"adults"}
    assert keys.ages(card("A", ages=((None, 17),))) == {"children"}
    assert keys.ages(card("A", ages=((2, None),))) == {"children", "adults"}
    months = Span(0, 24, "months", "stated")
    assert keys.ages(card("A")) == frozenset()
    assert keys.ages(Card(id="A", ages=(months,))) == {"children"}
    assert keys.ages(Card(id="A", ages=(Span(1, 2, "", "stated"),))) == frozenset()


def test_countries_once() -> None:
    """Each country once."""
    assert keys.countries(card("A", countries=("Iran", "Iran", "Spain"))) == ("Iran", "Spain")
