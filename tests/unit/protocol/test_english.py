"""Every node and window of the language in plain English, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings

from expressions import CONDITIONS, NUMBERS, SCOPE, WINDOWS
from small_file import FILE
from stromal.protocol import english as e
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.file import load
from stromal.protocol.language import parse
from stromal.values import Quantity


def _protocol() -> m.Protocol:
    """A protocol that knows the names of the generated expressions."""
    base = load(FILE).require()
    facts = {name: m.Fact(name, fact.kind, _SAYS.get(name, ""), fact.unit, options=fact.options)
             for name, fact in SCOPE.facts.items()}  # fmt: skip
    visits = {name: m.Visit(name, m.DayZero(), give="cells" if "injection" in name else "") for name in SCOPE.visits}
    rules = {"toxicity": m.Predicate("toxicity", t.Done("screening"), "A related event of grade 3 or more"),
             "severe": m.Predicate("severe", t.Done("screening"))}  # fmt: skip
    return replace(base, facts=facts, schedule=visits, rules=rules, population=m.Population("x", "any", None, ()))


_SAYS = {
    "hemoglobin": "haemoglobin", "alsfrs_r": "ALSFRS-R", "fvc": "forced vital capacity",
    "malignancy": "solid malignancy", "adverse_event": "adverse events", "stage": "stage of disease",
    "weight": "body weight", "edss": "EDSS",
}  # fmt: skip
PROTOCOL = _protocol()


def said(text: str) -> str:
    """A condition or a number in English."""
    return e.english(parse(text, SCOPE, "any"), PROTOCOL)


def asked(text: str) -> str:
    """A condition or a number as a question."""
    return e.question(parse(text, SCOPE, "any"), PROTOCOL)


_TOXICITY = "toxicity (a related event of grade 3 or more)"
_EVENTS = (
    "(where the grade of the event is at least 3, and the event is related to the treatment, and the event began 0 to "
    "28 days after injection 1)"
)
_WORST = (
    "the highest grade of adverse events since the previous dose (where the event is related to the treatment) (0 when "
    "there are none)"
)

# expression, as a clause, as a question
CONDITIONS_SAID = [
    ("alsfrs_r >= 15 at screening", "ALSFRS-R is at least 15 at screening", "Is ALSFRS-R at least 15 at screening?"),
    ("alsfrs_r > 15", "ALSFRS-R is more than 15", "Is ALSFRS-R more than 15?"),
    ("hemoglobin < 8 g/dL latest before enrolment", "haemoglobin is less than 8 g/dL as last known at enrolment",
     "Is haemoglobin less than 8 g/dL as last known at enrolment?"),
    ("hemoglobin <= 8 g/dL", "haemoglobin is at most 8 g/dL", "Is haemoglobin at most 8 g/dL?"),
    ("edss = 6", "EDSS is exactly 6", "Is EDSS exactly 6?"),
    ("edss != 6", "EDSS is not 6", "Is EDSS not 6?"),
    ("illness > 2 a", "illness is more than 2 years", "Is illness more than 2 years?"),
    ("weight at month_6 > weight at screening", "body weight at month 6 is more than body weight at screening",
     "Is body weight at month 6 more than body weight at screening?"),
    ("hemoglobin 8..12 g/dL at screening", "haemoglobin is 8 to 12 g/dL (both included) at screening",
     "Is haemoglobin 8 to 12 g/dL (both included) at screening?"),
    ("age 17..45 years at consent", "age is 17 to 45 years (both included) at consent",
     "Is age 17 to 45 years (both included) at consent?"),
    ("age >= 18 years", "age is at least 18 years", "Is age at least 18 years?"),
    ("stage in [early, middle, late] at screening", "stage of disease is early, middle or late at screening",
     "Is stage of disease early, middle or late at screening?"),
    ("stage = late", "stage of disease is late", "Is stage of disease late?"),
    ("time since first malignancy > 2 years at enrolment",
     "the time since the first solid malignancy is more than 2 years at enrolment",
     "Is the time since the first solid malignancy more than 2 years at enrolment?"),
    ("time since malignancy >= 2 years", "the time since solid malignancy is at least 2 years",
     "Is the time since solid malignancy at least 2 years?"),
    ("time since malignancy < 16 years", "the time since solid malignancy is less than 16 years",
     "Is the time since solid malignancy less than 16 years?"),
    ("time since malignancy <= 16 years", "the time since solid malignancy is at most 16 years",
     "Is the time since solid malignancy at most 16 years?"),
    ("malignancy within 5 years before screening", "there was solid malignancy within 5 years before screening",
     "Was there solid malignancy within 5 years before screening?"),
    ("malignancy", "there was solid malignancy at any time", "Was there solid malignancy at any time?"),
    ("riluzole ongoing at enrolment", "there is riluzole at enrolment", "Is there riluzole at enrolment?"),
    ("riluzole ongoing", "there is riluzole now", "Is there riluzole now?"),
    ("pregnancy at screening", 'the answer to "pregnancy" at screening is yes',
     'Is the answer to "pregnancy" at screening yes?'),
    ("riluzole unchanged for 30 days before enrolment", "riluzole was unchanged for 30 days before enrolment",
     "Was riluzole unchanged for 30 days before enrolment?"),
    ('judged "Is it safe?" by medical_monitor', 'the medical monitor answers yes to "Is it safe?"', "Is it safe?"),
    ('asked "Can you travel?"', 'the person answers yes to "Can you travel?"', "Can you travel?"),
    ("done(screening)", "screening took place", "Did screening take place?"),
    ("done(injection_1)", "the dose of injection 1 was given", "Was the dose of injection 1 given?"),
    ("toxicity", "toxicity (a related event of grade 3 or more) holds",
     "Does toxicity (a related event of grade 3 or more) hold?"),
    ("severe", "severe holds", "Does severe hold?"),
    ("severe and done(screening)", "severe holds, and screening took place",
     "All of these? (1) Does severe hold? (2) Did screening take place?"),
    ("severe or done(screening)", "severe holds, or screening took place",
     "Any of these? (1) Does severe hold? (2) Did screening take place?"),
    ("done(screening) and (severe or toxicity)", f"screening took place, and (severe holds, or {_TOXICITY} holds)",
     ("All of these? (1) Did screening take place? (2) Any of these? (2.1) Does severe hold? "
      f"(2.2) Does {_TOXICITY} hold?")),
    ("if sex = female then severe", "if sex is female, then severe holds",
     "Only if sex is female (otherwise yes): Does severe hold?"),
    ("count(adverse_event where grade >= 3 and related and onset 0..28 days after injection_1) > 0",
     f"the number of adverse events {_EVENTS} is more than 0",
     f"Is the number of adverse events {_EVENTS} more than 0?"),
    ('count(adverse_event where term = "Back pain") = 0',
     'the number of adverse events (where the term of the event is exactly "Back pain") is exactly 0',
     'Is the number of adverse events (where the term of the event is exactly "Back pain") exactly 0?'),
    ("count(participants where severe) >= 2", "the number of participants (for whom severe holds) is at least 2",
     "Is the number of participants (for whom severe holds) at least 2?"),
    ("count(riluzole ongoing at screening) >= 2", "the number of riluzole going on at screening is at least 2",
     "Is the number of riluzole going on at screening at least 2?"),
    ("max grade(adverse_event where related, since previous dose) = 2", f"{_WORST} is exactly 2",
     f"Is {_WORST} exactly 2?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "clause", "question"), CONDITIONS_SAID, ids=[case[0] for case in CONDITIONS_SAID])
def test_a_condition_is_said_and_asked(text: str, clause: str, question: str) -> None:
    """Units, directions and strictness are as in the expression."""
    assert said(text) == clause
    assert asked(text) == question


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("alsfrs_r >= 15", "ALSFRS-R is less than 15"),
        ("alsfrs_r > 15", "ALSFRS-R is at most 15"),
        ("alsfrs_r <= 15", "ALSFRS-R is more than 15"),
        ("alsfrs_r < 15", "ALSFRS-R is at least 15"),
        ("edss = 6", "EDSS is not 6"),
        ("edss != 6", "EDSS is exactly 6"),
        ("hemoglobin 8..12 g/dL", "haemoglobin is not 8 to 12 g/dL (both included)"),
        ("stage = late", "stage of disease is not late"),
        ("malignancy ever", "there was no solid malignancy at any time"),
        ("riluzole ongoing at enrolment", "there is no riluzole at enrolment"),
        ("pregnancy at screening", 'the answer to "pregnancy" at screening is not yes'),
        ("riluzole unchanged for 30 days before enrolment", "riluzole was not unchanged for 30 days before enrolment"),
        ('judged "Is it safe?" by investigator', 'the investigator answers no to "Is it safe?"'),
        ('asked "Can you travel?"', 'the person answers no to "Can you travel?"'),
        ("done(screening)", "screening did not take place"),
        ("done(injection_1)", "the dose of injection 1 was not given"),
        ("severe", "severe does not hold"),
    ],
)
def test_a_denied_condition_says_the_opposite(text: str, denied: str) -> None:
    """`not` turns the sentence, not only its sign."""
    assert said(f"not ({text})") == denied
    assert asked(f"not ({text})") == f"Is it so that {denied}?"


def test_a_denied_combination_keeps_its_brackets() -> None:
    """Not (a and b) is said of both together."""
    assert said("not (severe and toxicity)").startswith("it is not so that (severe holds, and toxicity")
    assert asked("not (severe and toxicity)").startswith("Not all of these? (1) Does severe hold? (2) Does toxicity")
    assert (
        asked("not (severe or done(screening))") == "None of these? (1) Does severe hold? (2) Did screening take place?"
    )
    assert asked("not (if severe then toxicity)").startswith("Is this so: it is not so that (if severe holds, then")


@pytest.mark.parametrize(
    ("field", "clause"),
    [
        ("related", "the event is related to the treatment"),
        ("serious", "the event is serious"),
        ("expected", "the event is expected"),
        ("resolved", "the event is over"),
        ("not related", "the event is not related to the treatment"),
        ("onset since injection_1", "the event began since injection 1"),
        ("not onset since injection_1", "the event did not begin since injection 1"),
    ],
)
def test_what_is_said_of_an_event(field: str, clause: str) -> None:
    """Behind `where` each field of an adverse event is a clause about the event."""
    assert said(f"count(adverse_event where {field})") == f"the number of adverse events (where {clause})"


def test_an_event_can_be_asked_about() -> None:
    """Fields that are conditions become questions too, and those that are none stay readable."""
    assert e.question(t.Onset(t.Since(t.Anchor("injection_1"))), PROTOCOL) == "Did the event begin since injection 1?"
    assert e.question(t.Field("related"), PROTOCOL) == "Is the event related to the treatment?"
    assert e.english(t.Field("grade"), PROTOCOL) == "the event is of some grade"


NUMBERS_SAID = [
    ("alsfrs_r at screening", "ALSFRS-R at screening"),
    ("age at consent", "age at consent"),
    ("-0.5", "-0.5"),
    ("3 g/dL", "3 g/dL"),
    ("count(adverse_event from injection_1 until last_visit)",
     "the number of adverse events from injection 1 until last visit"),
    ("min grade(adverse_event)", "the lowest grade of adverse events (0 when there are none)"),
    ("slope(alsfrs_r, per month) in [run_in, treatment]",
     "the average change of ALSFRS-R per month during run in and treatment"),
    ("slope(fvc, per year)", "the average change of forced vital capacity per year"),
    ("change(edss, from screening) at month_6", "the change of EDSS from screening to month 6"),
    ("change(edss, from screening)", "the change of EDSS from screening to now"),
    ("edss + 1", "EDSS plus 1"),
    ("edss - (edss + 1)", "EDSS minus (EDSS plus 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "noun"), NUMBERS_SAID, ids=[case[0] for case in NUMBERS_SAID])
def test_a_number_is_a_noun(text: str, noun: str) -> None:
    """A number is named, and asked for with what is."""
    assert said(text) == noun
    assert asked(text) == f"What is {noun}?"


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("ever", "at any time"),
        ("ever before enrolment", "at any time up to enrolment"),
        ("latest", "as last known"),
        ("latest before enrolment", "as last known at enrolment"),
        ("at now", "at now"),
        ("before injection_1", "up to and including injection 1"),
        ("after injection_1", "from injection 1 on"),
        ("within 3 months before enrolment", "within 3 months before enrolment"),
        ("within 1 week after last injection", "within 1 week after the last injection"),
        ("0..28 days after injection_1", "0 to 28 days after injection 1"),
        ("since first cells", "since the first cells"),
        ("from consent until last_visit", "from consent until last visit"),
        ("in run_in", "during run in"),
        ("in [run_in, treatment, follow_up]", "during run in, treatment and follow up"),
        ("ongoing", "going on now"),
        ("ongoing at screening", "going on at screening"),
    ],
)  # fmt: skip
def test_a_window_is_told(window: str, words: str) -> None:
    """Each window says which time it means and which ends it includes."""
    assert said(f"weight {window}") == f"body weight {words}"


def test_single_words_are_told() -> None:
    """Literals and options stand for themselves."""
    assert e.english(t.Option("united_states"), PROTOCOL) == "united states"
    assert e.english(t.Text("Back pain"), PROTOCOL) == '"Back pain"'
    assert e.english(parse("time since malignancy", SCOPE, "any"), PROTOCOL) == "the time since solid malignancy"


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (Quantity(Fraction(10**8), "cells"), "100 million cells"),
        (Quantity(Fraction(3 * 10**6), "cells/kg"), "3 million cells per kg"),
        (Quantity(Fraction(1500000), "cells"), "1.5 million cells"),
        (Quantity(Fraction(18), "a"), "18 years"),
        (Quantity(Fraction(-2, 5), "Cel"), "-0.4 degrees Celsius"),
        (Quantity(Fraction(120), "mm[Hg]"), "120 mmHg"),
        (Quantity(Fraction(15)), "15"),
    ],
)
def test_amounts_are_told_with_their_units(quantity: Quantity, words: str) -> None:
    """Millions of cells, years, degrees: units as people say them."""
    assert e.amount(quantity) == words


def test_a_fact_without_words_is_called_by_its_name() -> None:
    """Where the file says nothing of a fact its name is used, underscores aside."""
    assert e.fact("onset_day", PROTOCOL) == "onset day"
    assert e.fact("no_such_fact", PROTOCOL) == "no such fact"


@given(CONDITIONS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_condition_has_words(condition: t.Expr) -> None:
    """Whatever can be written can be said and asked."""
    assert e.english(condition, PROTOCOL)
    assert "?" in e.question(condition, PROTOCOL)


@given(NUMBERS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_number_has_words(number: t.Expr) -> None:
    """Whatever can be measured has a name."""
    assert e.question(number, PROTOCOL).startswith("What is ")


@given(WINDOWS)
@settings(deadline=None)
def test_every_window_has_words(window: t.WindowSpec) -> None:
    """Whatever window can be written can be told."""
    assert e.window(window)


def test_the_unions_of_english_are_those_of_the_language() -> None:
    """No node of the language is left without words."""
    known = {*get_args(e.Test), *get_args(e.Noun), *get_args(e.Logic)}
    assert known == set(get_args(t.Expr))
