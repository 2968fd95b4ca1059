"""Synopsis, checklist and schedule: what stands in them, in which words, and what is marked as unconfirmed."""

from __future__ import annotations

import pytest

from five_files import NAMES, protocol
from small_file import FILE, broken
from stromal.protocol import model as m
from stromal.protocol.file import load
from stromal.protocol.words import Activity, Question, assumed, checklist, schedule, synopsis, to_text


def small(*pieces: tuple[str, str]) -> m.Protocol:
    """The short trial, with pieces of its file replaced."""
    text = FILE
    for old, new in pieces:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load(text).require()


def lines(made: m.Protocol, label: str) -> list[str]:
    """The lines of the synopsis with this label."""
    return [text for name, text in synopsis(made).lines if name == label]


_LADDER = "    ladder: 1e6, 2e6, 4e6 cells/kg\n    start: 2e6 cells/kg of weight at same visit\n    adjust: table\n"


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ((_LADDER, _LADDER), "injection: 1 million, 2 million or 4 million cells/kg, 2 million first in 3 mL"),
        ((_LADDER, "    amount: 1e8 cells\n"), "injection: 100 million cells in 3 mL"),
        ((_LADDER, "    amount: 3e6 cells/kg of weight at same visit\n"),
         "injection: 3 million cells per kg of weight at the same visit in 3 mL"),
        ((_LADDER, "    amount: 3e6 cells/kg of weight at start\n    cap: 100 kg\n"),
         "injection: 3 million cells per kg of weight at start, at most 100 kg counted in 3 mL"),
        (("    volume: 3 mL\n", "    volume: 5..10 mL\n    removed: 3 mL\n    route: intrathecal\n"),
         "in 5 to 10 mL after 3 mL are removed, intrathecal; 90 to 110 % of it is within tolerance"),
        (("    volume: 3 mL\n    tolerance: 90..110 %\n", ""), "2 million first, route not stated"),
    ],
)  # fmt: skip
def test_a_dose_in_words(piece: tuple[str, str], words: str) -> None:
    """How many cells, of which weight, in what volume, by which route, how exactly."""
    (line,) = lines(small(piece), "Dose")
    assert words in line


def test_a_synopsis_says_who_and_what() -> None:
    """Trial, sponsor, phase, people, version, condition, product, rules and objectives."""
    made = small()
    assert synopsis(made).title == "A short trial"
    assert lines(made, "Planned") == ["10 participants"]
    assert lines(made, "Version") == ["1, in force from 2020-01-01"]
    assert lines(made, "Product") == ["the patient's own cells (the patient's own cells)"]
    (objective,) = lines(made, "Primary objective")
    counted = "the number of adverse events since injection 1 (where the event is related to the treatment)"
    assert objective == f"Is it safe? Measured by {counted}."


def test_a_rule_without_words_is_told_by_its_condition() -> None:
    """A table tells each of its rows, a hold its condition."""
    rules = lines(small(), "Rule")
    assert rules[0] == "toxic: A related event of grade 3 or more"
    assert rules[1].startswith("table: stop when the highest grade of adverse events since the previous dose (where")
    assert rules[1].endswith("down when stage is late at screening; otherwise same")
    assert rules[2] == "held: toxic (a related event of grade 3 or more) holds"
    assert not lines(small(("    otherwise: same\n", "")), "Rule")[1].endswith("otherwise same")


@pytest.mark.parametrize(
    ("donor", "words"),
    [
        ("patient", "(the patient's own cells)"),
        ("matched donor", "(of a donor chosen for this patient)"),
        ("third party", "(of a donor unrelated to the patient)"),
    ],
)
def test_whose_cells_they_are(donor: str, words: str) -> None:
    """The donor is told in the product's line."""
    assert lines(small(("    donor: patient\n", f"    donor: {donor}\n")), "Product")[0].endswith(words)


def test_what_nobody_confirmed_is_marked() -> None:
    """An assumption stands in the synopsis, and every question it bears on is marked, until somebody confirms it."""
    made = small(
        ("    confirmed: Dr Noor, 2020-01-02\n", "  population.include.I1: a guess\n  population.age: a guess\n")
    )
    assert [line.split(":")[0] for line in lines(made, "Assumed, not confirmed")] == [
        "rules.toxic", "population.include.I1", "population.age",
    ]  # fmt: skip
    notes = {question.name: question.note for question in checklist(made).questions}
    assert notes == {"age": "assumed, not confirmed", "I1": "assumed, not confirmed", "I2": "", "E1": "", "E2": ""}
    assert assumed(made, "rules.toxic.when")
    assert not assumed(small(), "rules.toxic.when")


def test_a_checklist_asks_every_criterion() -> None:
    """Structured limits first; who answers, and which answer speaks for taking part."""
    made = small(("  sex: any\n", "  sex: female\n"))
    asked = checklist(made).questions
    assert [question.name for question in asked] == ["age", "sex", "I1", "I2", "E1", "E2"]
    assert asked[0].question == "Is age 18 to 65 years (both included) at consent?"
    assert asked[1] == Question("sex", "Sex", "Is the person female?", "the person", "yes")
    assert [(q.answered_by, q.wanted) for q in asked[2:]] == [
        ("the medical record", "yes"), ("the investigator", "yes"), ("the medical record", "no"),
        ("the medical record", "no"),
    ]  # fmt: skip
    assert checklist(small(("  age: 18..65 years at consent\n", ""))).questions[0].name == "I1"


def test_who_answers_a_mixed_criterion() -> None:
    """A criterion may need the investigator, the person and the record."""
    made = small(
        (
            "score >= 15 at screening",
            'score >= 15 at screening and asked "Will you?" and judged "Can they?" by investigator',
        )
    )
    assert checklist(made).questions[1].answered_by == "the medical record and the person and the investigator"
    plain = small(("score >= 15 at screening", "done(screening)"))
    assert checklist(plain).questions[1].answered_by == "the medical record"


def activity(made: m.Protocol, name: str) -> Activity:
    """One visit of the schedule in words."""
    return next(each for each in schedule(made).visits if each.visit == name)


def test_a_visit_in_words() -> None:
    """When, on which nominal day, with what leeway, on what condition, what is given and done."""
    first = activity(small(), "injection 1")
    assert (first.when, first.target, first.window) == ("1 month after start", "day 30", "up to 7 days early or late")
    assert (first.epoch, first.gives, first.condition) == ("treatment", "injection", "")
    assert first.done == ("vital signs", "function score", "adverse events")
    assert activity(small(), "injection 2").condition == "not if toxic (a related event of grade 3 or more) holds"
    assert activity(small(), "screening").target == "days -28 to 0"
    assert activity(small(), "start").target == ""
    assert activity(small(), "screening").done[0] == "consent"


def test_visits_of_other_kinds_in_words() -> None:
    """A range of days, uneven leeway, a condition that must hold, a series."""
    made = small(
        (
            "    at: 1 month after start\n    window: +-7 days\n",
            "    at: 14..21 days after start\n    window: -3..+7 days\n",
        ),
        ("    unless: toxic\n", "    if: done(injection_1)\n"),
        ("    at: 28 days after last injection\n", "    at: every 1 month from start until injection_2\n"),
    )
    first = activity(made, "injection 1")
    assert (first.when, first.window) == ("14 to 21 days after start", "up to 3 days early or 7 days late")
    assert activity(made, "injection 2").condition == "only if the dose of injection 1 was given"
    assert activity(made, "last visit 1, 2, ...").when == "every 1 month from start until injection 2"


def test_a_visit_that_never_takes_place_has_no_day() -> None:
    """The plan knows no day for it, and the schedule says nothing in its place."""
    made = load(broken("at: 28 days after last injection", "at: 28 days after last_visit")).require()
    assert activity(made, "last visit").target == ""


@pytest.mark.parametrize("name", NAMES)
def test_texts_fit_a_page(name: str) -> None:
    """Each part prints in lines of at most a hundred characters, with every criterion and visit in it."""
    made = protocol(name)
    texts = [to_text(part) for part in (synopsis(made), checklist(made), schedule(made))]
    assert all(len(line) <= 100 for text in texts for line in text.splitlines())
    assert all(f"{criterion.name}." in texts[1] for criterion in made.population.criteria)
    assert all(visit.name.replace("_", " ") in texts[2] for visit in made.schedule.values())


def test_a_visit_that_does_nothing_is_one_line() -> None:
    """A visit without observations prints its time alone."""
    text = to_text(schedule(small(("    do: [marrow, score]\n", ""))))
    assert "start               day 0; epoch run in\ninjection 1" in text
