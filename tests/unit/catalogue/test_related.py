"""Related trials: what relates two, how much it counts, and how it is said."""

from __future__ import annotations

import pytest

from cards import card, dose
from stromal.catalogue.card import Card, Span
from stromal.catalogue.related import FACTS, VALUES, Rarity, amount, brief, doses, profile, related

ALS = ("Amyotrophic Lateral Sclerosis",)
FILL = tuple(card(f"X{n}", conditions=(f"illness {n}",), sponsor=f"Sponsor {n}") for n in range(20))


def reasons(mine: Card, other: Card) -> dict[str, str]:
    """What is said of each fact that relates two trials among others."""
    found = related(mine, (other, *FILL), None)
    return {
        reason.fact: reason.text for relation in found if relation.card.id == other.id for reason in relation.reasons
    }


def test_every_fact_of_the_table_can_be_read() -> None:
    """The table of weights and the readers name the same facts, and each says why it counts."""
    assert {fact.name for fact in FACTS} == set(VALUES)
    assert all(fact.weight > 0 and fact.why for fact in FACTS)


def test_each_reason_is_written_out() -> None:
    """One trial that shares everything says each fact in words of the record."""
    shared = {
        "mesh": ALS, "officials": ("Ana B Lund, MD",), "interventions": ("CordCure",), "keywords": ("gene marking",),
        "tissues": ("umbilical cord",), "routes": ("intrathecal",), "doses": (dose(1e6, per_kg=True),),
        "sponsor": "The Cell Company, Inc.", "donors": ("allogeneic",), "phases": ("EARLY_PHASE1", "NA"),
        "administrations": (Span(4, 4, "", "stated"),), "intervals": (Span(3, 6, "months", "stated"),),
        "countries": ("Spain",), "ages": ((18, 65),), "allocation": "NA", "model": "SINGLE_GROUP", "masking": "NONE",
    }  # fmt: skip
    assert reasons(card("A", **shared), card("B", **shared)) == {
        "condition": "same condition: amyotrophic lateral sclerosis",
        "investigator": "same investigator: Ana B Lund, MD",
        "product": "same product: cordcure",
        "keyword": "same keyword: gene marking",
        "tissue": "same tissue: umbilical cord",
        "route": "same route: intrathecal",
        "dose": "same dose per kg: 1e6",
        "sponsor": "same sponsor: The Cell Company, Inc.",
        "donor": "same donor: allogeneic",
        "administrations": "as many doses: 4",
        "interval": "same interval: 3 to 6 months",
        "phase": "same phase: early phase 1",
        "country": "same country: Spain",
        "age group": "same ages: adults",
        "design": "same design: single group, open label",
    }


def test_points_add_up_and_the_weightiest_reason_is_first() -> None:
    """A trial's points are those of its reasons."""
    (found,) = related(card("A", mesh=ALS, routes=("r",)), (card("B", mesh=ALS, routes=("r",)), *FILL), None)
    assert found.points == pytest.approx(sum(reason.points for reason in found.reasons))
    assert [reason.fact for reason in found.reasons] == ["condition", "route"]


def test_what_is_rare_counts_more() -> None:
    """A route that all others take counts less than one that two take."""
    common = [card(f"C{n}", routes=("intravenous",)) for n in range(30)]
    mine = card("A", routes=("intrathecal", "intravenous"))
    first, *rest = related(mine, (*common, card("B", routes=("intrathecal",))), None)
    assert first.card.id == "B"
    assert all(other.points < first.points / 2 for other in rest)


def test_rarity_runs_from_one_to_nearly_nothing() -> None:
    """One trial alone: 1; all trials: nearly 0; a value nobody has counts as one that one has."""
    mine, *others = [profile(card(f"C{n}", routes=("r", f"r{n}"))) for n in range(99)]
    rarity = Rarity(mine, others)
    assert rarity.of("route", ("r0",)) == 1
    assert rarity.of("route", ("unheard of",)) == 1
    assert 0 < rarity.of("route", ("r",)) < 0.01
    assert rarity.of("route", ("r", "r0")) == 1
    assert rarity.of("route", ()) == 1
    assert Rarity(mine, []).of("route", ("r",)) == 1


def test_a_country_and_a_phase_relate_nobody() -> None:
    """How and where a trial is run only orders those that are related."""
    same = {"countries": ("Spain",), "phases": ("PHASE1",), "donors": ("autologous",), "doses": (dose(1e6),)}
    assert related(card("A", **same), (card("B", **same), *FILL), None) == ()


def test_an_unknown_fact_is_no_shared_fact() -> None:
    """Two records that both say nothing share nothing."""
    assert related(card("A"), (card("B"), *FILL)) == ()
    assert related(card("A"), ()) == ()


def test_ages_are_shared_whole() -> None:
    """Adults in one and adults and children in the other are not the same people."""
    mine, other = card("A", mesh=ALS, ages=((18, None),)), card("B", mesh=ALS, ages=((2, None),))
    assert set(reasons(mine, other)) == {"condition"}


def test_a_trial_is_not_related_to_itself() -> None:
    """Its own entry in the catalogue is passed over; the limit holds; equal points stand by their ids."""
    cards = [card(name, mesh=ALS) for name in ("C", "A", "B", "D")]
    assert [found.card.id for found in related(cards[0], cards)] == ["A", "B", "D"]
    assert [found.card.id for found in related(cards[0], cards, 2)] == ["A", "B"]


@pytest.mark.parametrize(
    ("mine", "other", "text", "likeness"),
    [
        (dose(1e6, per_kg=True), dose(1e6, per_kg=True), "same dose per kg: 1e6", 1),
        (dose(5e7), dose(5e7), "same dose in all: 5e7", 1),
        (dose(1e6), dose(1e6, 4e6), "overlapping doses in all: 1e6 and 1e6 to 4e6", 1),
        (dose(1e6), dose(2e6), "doses within a factor of 2 in all: 1e6 and 2e6", 0.369),
        (dose(2e6, 3e6), dose(1e6), "doses within a factor of 2 in all: 2e6 to 3e6 and 1e6", 0.369),
        (dose(1e6, per_kg=True), dose(7e7), "overlapping doses at 70 kg: 1e6 cells/kg and 7e7 cells", 0.5),
        (dose(7e7), dose(2e6, per_kg=True), "doses within a factor of 2 at 70 kg: 7e7 cells and 2e6 cells/kg", 0.185),
    ],
)
def test_doses_are_alike(mine: object, other: object, text: str, likeness: float) -> None:
    """Equal doses fully, near ones less the further apart, across units half as much."""
    found = doses(card("A", doses=(mine,)), card("B", doses=(other,)))
    assert found is not None
    assert found.text == text
    assert found.likeness == pytest.approx(likeness, abs=0.001)


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (dose(1e6), dose(3e6)), (dose(1e6), dose(1e6, per_kg=True)), (dose(1e6, state="ambiguous"), dose(1e6)),
        (dose(0), dose(1e6)),
    ],
)  # fmt: skip
def test_doses_are_not_alike(mine: object, other: object) -> None:
    """A factor of three and more, another unit, a doubtful reading, no cells."""
    assert doses(card("A", doses=(mine,)), card("B", doses=(other,))) is None


def test_the_nearest_doses_are_compared() -> None:
    """Of several levels those in one unit go before those at 70 kg, then the nearest."""
    found = doses(
        card("A", doses=(dose(1e6), dose(5e6), dose(7e7))), card("B", doses=(dose(1e6, per_kg=True), dose(4e6)))
    )
    assert found is not None
    assert found.text == "doses within a factor of 1.2 in all: 5e6 and 4e6"


def test_numbers_of_cells_are_brief() -> None:
    """Powers of ten with up to three digits, none that say nothing."""
    assert [brief(each) for each in (1e8, 1.5e6, 22_500_000, 100, 1)] == ["1e8", "1.5e6", "2.25e7", "1e2", "1e0"]
    assert brief(1.46e7, 2) == "1.5e7"
    assert brief(9.99e7, 1) == "1e8"
    assert amount(dose(1e6, 4e6)) == "1e6 to 4e6"


def test_spans_of_doubtful_numbers_are_left_out() -> None:
    """How many doses, where it can be read in two ways, is shared with nobody; an open end is its other end."""
    doubtful = (Span(2, 2, "", "ambiguous"),)
    mine, other = card("A", mesh=ALS, administrations=doubtful), card("B", mesh=ALS, administrations=doubtful)
    assert "administrations" not in reasons(mine, other)
    open_end = (Span(None, 6, "", "stated"), Span(None, None, "", "stated"))
    assert VALUES["administrations"](card("A", administrations=open_end)) == ("6",)
