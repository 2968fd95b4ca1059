"""Questions about a trial: what is counted, what is cited, and what cannot be answered."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from cards import card
from stromal.catalogue.ask import QUESTIONS, Answer, ask
from stromal.catalogue.card import Card, Location

ON = date(2026, 11, 22)
OWN: dict[str, Any] = {
    "conditions": ("ALS",), "interventions": ("CordCure",), "donors": ("allogeneic",), "tissues": ("placenta",),
    "sponsor": "Cell House", "officials": ("Ana B Lund, MD",), "start": "2020-05", "phases": ("PHASE2",),
}  # fmt: skip


def answer(question: str, mine: Card, *others: Card, on: date = ON) -> Answer:
    """One answer."""
    (found,) = ask(mine, (mine, *others), on, question)
    return found


def counted(found: Answer) -> dict[str, int]:
    """The numbers of an answer."""
    return {count.name: count.number for count in found.counts}


def test_every_question_is_answered_or_says_why_not() -> None:
    """A card that says nothing: each question keeps its words, and every no gives its reason."""
    answers = ask(card("A"), (), ON)
    assert [each.question for each in answers] == [question.name for question in QUESTIONS]
    for each in answers:
        assert each.asked.endswith("?")
        assert not each.answered
        assert each.text.startswith(("cannot be answered from the catalogue, because ", "unknown: "))


def test_each_answer_names_the_fields_it_rests_on() -> None:
    """Field paths are those of the registry's own record."""
    for question in QUESTIONS:
        assert question.name == "approval" or question.paths
        assert all(path.startswith(("protocolSection.", "derivedSection.", "hasResults")) for path in question.paths)


def test_a_number_is_as_long_as_its_list() -> None:
    """Every count of trials lists as many ids, and the answer's ids are all of them, each once."""
    others = [card(f"B{n}", **OWN | {"start": "2019", "status": "COMPLETED"}) for n in range(3)]
    for each in ask(card("A", **OWN), others, ON):
        for count in each.counts:
            assert each.question in ("participants", "sites") or count.number == len(count.ids)
        assert len(set(each.ids)) == len(each.ids)


def test_the_answer_says_how_far_it_reaches() -> None:
    """The number of trials and the day of the newest record go with each answer."""
    found = answer("participants", card("A", enrolment=5, updated="2021-01-01"), card("B", updated="2024-04-11"))
    assert (found.date, found.of) == ("2024-04-11", 2)


def test_precedents() -> None:
    """By name, by donor and tissue, earlier, completed; the first is named, and the trial itself is none."""
    named = card("B", interventions=("CordCure",), start="2018-01", status="COMPLETED")
    alike = card("C", donors=("allogeneic",), tissues=("placenta",), start="2021")
    same_month = card("D", interventions=("CordCure",), start="2020-05-30")
    found = answer("precedents", card("A", **OWN), named, alike, same_month, card("E", tissues=("placenta",)))
    assert counted(found) == {
        "of the same name": 2, "of the same donor and tissue": 1, "earlier": 1, "completed": 1,
    }  # fmt: skip
    assert found.ids == ("B", "D", "C")
    assert found.text == (
        "3 trials of the product beside this one: 2 by its name, 1 by allogeneic cells of placenta. Begun before it: 1;"
        " completed: 1. The first began in 2018-01: B."
    )


def test_no_precedent() -> None:
    """None is an answer; a product nobody names is not."""
    assert answer("precedents", card("A", **OWN)).text == "no other trial of the product."
    assert not answer("precedents", card("A", interventions=("Stem cells",))).answered


def test_participants() -> None:
    """Planned and come true are told apart."""
    assert answer("participants", card("A", enrolment=60, enrolment_kind="planned")).text == "60 people are planned."
    assert answer("participants", card("A", enrolment=1060, enrolment_kind="actual")).text == "1,060 people took part."
    assert "does not say" in answer("participants", card("A", enrolment=7)).text


def test_recruiting_tells_sites_and_a_day_that_has_passed() -> None:
    """A stale record is unknown, with the sites as they were and the planned completion that has passed."""
    locations = (Location(status="RECRUITING"), Location(status="RECRUITING"), Location(status="COMPLETED"), Location())
    mine = card(
        "A", status="RECRUITING", verified="2022-02", primary_completion="2022-12", primary_completion_kind="planned"
    )
    found = answer("recruiting", msgspec.structs.replace(mine, locations=locations))
    assert not found.answered
    assert found.text == (
        "unknown: the record says “recruiting”, last verified in 2022-02, more than 2 years before 2026-11-22."
        " Its sites then: 2 recruiting, 1 completed. Its planned primary completion, 2022-12, has passed."
    )
    then = answer("recruiting", mine, on=date(2022, 10, 10))
    assert then.answered
    assert then.text == "yes: the record says “recruiting”, last verified in 2022-02."
    over = answer("recruiting", card("A", status="COMPLETED"))
    assert over.text == "no: the record says “completed”."


def test_places_left() -> None:
    """None where the trial is over; not published while it runs."""
    assert answer("places_left", card("A", status="COMPLETED")).text == "none: the trial is completed."
    running = answer("places_left", card("A", status="RECRUITING", enrolment=60, enrolment_kind="planned"))
    assert not running.answered
    assert running.text.endswith("do not publish how many people have joined so far; 60 people are planned")


def test_approval_is_not_in_a_registry() -> None:
    """A status of expanded access is told, and no more is made of it."""
    assert not answer("approval", card("A")).answered
    found = answer("approval", card("A", status="APPROVED_FOR_MARKETING"))
    assert not found.answered
    assert "approved for marketing, and not by whom" in found.text


def test_recruiting_for_the_condition() -> None:
    """Recruiting, not, unknown: three numbers; what said recruiting long ago is one of the unknown."""
    mine = card("A", **OWN)
    others = (
        card("B", conditions=("als",), status="RECRUITING", verified="2026-01"),
        card("C", conditions=("ALS",), status="RECRUITING", verified="2020-01"),
        card("D", conditions=("ALS",), status="UNKNOWN"), card("E", conditions=("ALS",), status="COMPLETED"),
        card("F", conditions=("MS",), status="RECRUITING", verified="2026-01"),
    )  # fmt: skip
    found = answer("condition_recruiting", mine, *others)
    assert counted(found) == {
        "recruiting": 1, "unknown, last said recruiting": 1, "unknown otherwise": 1, "not recruiting": 1,
    }  # fmt: skip
    assert found.text == (
        "recruiting on 2026-11-22: 1 of 4 trials for als beside this one; not recruiting: 1; unknown: 2, of which 1"
        " said so when last verified more than 2 years ago."
    )
    assert answer("product_recruiting", mine, *others).text == (
        "recruiting on 2026-11-22: 0 of 0 trials of the product beside this one; not recruiting: 0; unknown: 0."
    )
    unknown = answer("condition_recruiting", mine, others[2])
    assert unknown.text.endswith("; unknown: 1.")
    assert not answer("product_recruiting", card("A", conditions=("ALS",))).answered


@pytest.mark.parametrize(
    ("phases", "highest"), [(("PHASE1", "PHASE2"), "phase 2"), (("EARLY_PHASE1",), "early phase 1")]
)
def test_highest_phase(phases: tuple[str, ...], highest: str) -> None:
    """The highest of the trials of the product and of the condition, this one among them."""
    mine = card("A", **OWN | {"phases": phases})
    other = card("B", conditions=("ALS",), phases=("PHASE3", "NA"), status="COMPLETED")
    found = answer("highest_phase", mine, other)
    product = f"the product (by name, or allogeneic cells of placenta): {highest}, in 1 trial (0 completed) of 1"
    assert found.text == f"{product}; the condition: phase 3, in 1 trial (1 completed) of 2."
    assert found.ids == ("A", "B")


def test_phases_that_nobody_gives() -> None:
    """No phase anywhere cannot be answered; none of the product's can."""
    assert not answer("highest_phase", card("A", phases=("NA",))).answered
    mine = card("A", conditions=("ALS",), interventions=("CordCure",))
    found = answer("highest_phase", mine, card("B", conditions=("ALS",), phases=("PHASE1",)))
    assert found.text.startswith("the product: no phase is given; the condition: phase 1")
    assert counted(found) == {"highest phase the product": 0, "phase 1 the condition": 1}


def test_sponsor() -> None:
    """Earlier trials of the sponsor with the people in them, planned and come true apart."""
    others = (
        card("B", sponsor="CELL HOUSE, Inc.", start="2019-01", enrolment=10, enrolment_kind="actual"),
        card("C", sponsor="Cell House", start="2018", enrolment=1500, enrolment_kind="planned"),
        card("D", sponsor="Cell House", start="2020-05"), card("E", sponsor="Another"), card("F"),
    )  # fmt: skip
    found = answer("sponsor", card("A", **OWN), *others)
    assert counted(found) == {"earlier trials of the sponsor": 2, "all its other trials": 3}
    assert found.text == (
        "Cell House: 2 trials that began before this one (10 people took part; 1,500 planned or not said which); 3"
        " beside this one in all."
    )


def test_investigators() -> None:
    """Each person on their own; degrees and initials make no difference."""
    mine = card("A", **OWN | {"officials": ("Ana B Lund, MD", "Ben Ode")})
    found = answer("investigators", mine, card("B", officials=("Ana Lund, PhD",), start="2011", enrolment=4))
    assert found.text == (
        "Ana B Lund, MD: 1 trial that began before this one (4 planned or not said which); 1 beside it. Ben Ode: 0"
        " trials that began before this one; 0 beside it."
    )
    assert found.ids == ("B",)


def test_sites() -> None:
    """Sites by country, the most first; one without a country is not lost."""
    found = answer("sites", card("A", locations=(("Spain", None), ("Iran", None), ("Iran", None), (None, None))))
    assert found.text == "4 sites: Iran 2, Spain 1, country not given 1."
    assert counted(found) == {"Iran": 2, "Spain": 1, "country not given": 1}
    assert answer("sites", card("A", locations=(("Iran", None),))).text == "1 site: Iran 1."


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"results_first_posted": "2024-01-02"}, "results were posted on 2024-01-02"),
        ({"has_results": True}, "results are posted; the record does not say when"),
        (
            {"results_due": "2023-12", "primary_completion": "2022-12", "primary_completion_kind": "planned",
             "has_results": False, "updated": "2022-02-16"},
            "due since 2023-12, a year after the primary completion (2022-12, planned); none were posted by 2022-02-16",
        ),
        (
            {"results_due": "2027-01", "primary_completion": "2026-01", "primary_completion_kind": "actual"},
            "due in 2027-01, a year after the primary completion (2026-01); the record does not say whether any are",
        ),
    ],
)  # fmt: skip
def test_results(named: dict[str, Any], text: str) -> None:
    """Posted, overdue or due."""
    assert answer("results_due", card("A", **named)).text == f"{text}."
