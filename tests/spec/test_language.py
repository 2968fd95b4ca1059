"""One language says who may take part, when a visit takes place, what stops a dose, what is measured and in whom. Its
words are read from text, checked against the names, kinds and units that the file declares, and never executed."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from expressions import SCOPE
from stromal.protocol.language import RESERVED, parse
from stromal.protocol.syntax import Misread
from stromal.protocol.writing import write

_GRAMMAR = resources.files("stromal.protocol").joinpath("grammar.lark").read_text(encoding="utf-8")


def understood(*texts: str) -> None:
    """Each text is a condition, already in its canonical spelling."""
    for text in texts:
        assert write(parse(text, SCOPE)) == text


def the_same(first: str, second: str) -> None:
    """Two texts are read to one and the same tree."""
    assert parse(first, SCOPE) == parse(second, SCOPE)


def different(first: str, second: str) -> None:
    """Two texts are read to different trees."""
    assert parse(first, SCOPE) != parse(second, SCOPE)


def refused(code: str, text: str, hint: str = "") -> None:
    """The text is refused with this code, and a hint that holds these words."""
    with pytest.raises(Misread) as caught:
        parse(text, SCOPE)
    assert caught.value.code == code, caught.value.message
    assert hint in caught.value.hint
    assert caught.value.message


# ---------------------------------------------------------------- comparisons


def test_numbers_are_compared_with_their_units() -> None:
    """A number is compared with `<`, `<=`, `>`, `>=`, `=` or `!=`, and its unit is written: `hemoglobin < 8 g/dL`."""
    understood(
        "hemoglobin < 8 g/dL", "hemoglobin <= 8 g/dL", "weight > 40.5 kg", "fvc >= 50 %", "edss = 6", "edss != 6"
    )
    refused("unit.missing", "hemoglobin < 8", "for example g/dL")


def test_any_unit_of_the_same_measure_will_do() -> None:
    """Units are those of UCUM and are converted exactly; a unit that measures something else is refused."""
    understood("hemoglobin < 80 g/L", "weight > 40500 g")
    refused("unit.clash", "hemoglobin < 8 kg", "g/dL")
    refused("unit.missing", "fvc > 0.5", "%")
    refused("unit.clash", "alsfrs_r >= 15 kg", "drop the unit")
    refused("unit.unknown", "hemoglobin < 8 grams", "UCUM")


def test_a_range_includes_both_ends() -> None:
    """`17..45` runs from the smaller number to the larger, both included; written backwards it is refused."""
    understood("hemoglobin 8..12 g/dL", "alsfrs_r 15..48 at screening", "age 17..45 years at consent")
    refused("range.order", "hemoglobin 12..8 g/dL", "smaller number first")


def test_choices_are_compared_with_their_options() -> None:
    """A choice is one of its options, or one of several: `stage = late`, `stage in [early, middle]`."""
    understood("stage = late", "stage in [early, middle] at screening", "not stage = late")
    the_same("stage != late", "not stage = late")
    the_same("stage in [late]", "stage = late")
    refused("name.unknown", "stage = lat", "did you mean late?")
    refused("name.unknown", "stage in [early, latte]", "did you mean late?")
    refused("kind.clash", "stage > 3", "stage = early")
    refused("kind.clash", "stage < late", "stage = early")


def test_ages_are_compared_with_years() -> None:
    """An age is counted in whole calendar years at a visit or milestone, or now."""
    understood("age >= 18 years at consent", "age < 66 years", "age 18..65 years at screening")
    refused("unit.missing", "age >= 18", "years at consent")
    refused("unit.missing", "age >= 18 months", "years at consent")


def test_time_since_something_is_a_length_of_time() -> None:
    """`time since first malignancy > 2 years`: from the first or last start of an episode, or from a date."""
    understood(
        "time since malignancy > 2 years",
        "time since first malignancy >= 24 months at enrolment",
        "time since onset_day < 90 days at screening",
    )
    refused("kind.clash", "time since malignancy > malignancy", "> 2 years")
    refused("time.unit", "time since malignancy > 2 g", "weeks, months or years")
    refused("kind.clash", "time since weight > 2 years", "declare it so")
    refused("kind.clash", "2 years < time since malignancy", "write the fact first")
    refused("kind.clash", "time since malignancy 1..2 years", "write the fact first")


def test_strict_and_inclusive_limits_are_different() -> None:
    """`> 2 years` and `>= 2 years` are two conditions, and no spelling makes one of the other."""
    different("time since malignancy > 2 years", "time since malignancy >= 2 years")
    different("hemoglobin < 8 g/dL", "hemoglobin <= 8 g/dL")


def test_two_measured_things_may_be_compared() -> None:
    """Two numbers that measure the same are compared, each in its own window."""
    understood("weight at month_6 > weight at screening", "alsfrs_r at month_6 - alsfrs_r at screening < -4")
    different("alsfrs_r < edss at screening", "alsfrs_r at screening < edss")
    refused("unit.clash", "weight > hemoglobin", "kg")
    refused("unit.clash", "weight + hemoglobin > 3 kg", "kg")
    refused("kind.clash", "hemoglobin > stage at screening", "numbers")
    refused("kind.clash", "onset_day > 3", "numbers")
    refused("kind.clash", '"Back pain" > 3', "numbers")
    understood("18 a <= age at consent")


# ---------------------------------------------------------------- what happened, and when


def test_an_episode_happened_or_is_going_on() -> None:
    """`malignancy ever`, `malignancy within 5 years before screening`, `riluzole ongoing at enrolment`."""
    understood(
        "malignancy ever",
        "malignancy ever before enrolment",
        "malignancy within 5 years before screening",
        "riluzole ongoing",
        "riluzole ongoing at enrolment",
    )


def test_absence_is_asked_for_with_no() -> None:
    """`no malignancy within 5 years before screening` is true only where somebody recorded that there was none."""
    understood("no malignancy within 5 years before screening", "no malignancy")
    the_same("no malignancy ever", "not malignancy ever")


def test_a_regimen_is_unchanged() -> None:
    """`riluzole unchanged for 30 days before enrolment`: one and the same regimen all that time."""
    understood("riluzole unchanged for 30 days before enrolment or no riluzole within 30 days before enrolment")
    refused("kind.clash", "weight unchanged for 30 days before enrolment", "declare it so")
    refused("name.unknown", "riluzole unchanged for 30 days before enrollment", "did you mean enrolment?")


def test_windows_say_which_time_is_meant() -> None:
    """A window stands behind what it is about; each includes both of its ends."""
    for window in (
        "ever before screening", "at screening", "latest", "latest before enrolment", "before injection_1",
        "after injection_1", "within 3 months before enrolment", "within 2 weeks after last injection",
        "since first injection", "from screening until last_visit", "in run_in", "in [run_in, treatment]",
    ):  # fmt: skip
        understood(f"weight > 40 kg {window}")
    understood(
        "count(adverse_event where onset 0..28 days after injection_1) > 0", "hemoglobin 8..12 g/dL before month_6"
    )


def test_a_window_behind_a_literal_belongs_to_what_is_compared() -> None:
    """`alsfrs_r >= 15 at screening` and `alsfrs_r at screening >= 15` are the same."""
    the_same("alsfrs_r >= 15 at screening", "alsfrs_r at screening >= 15")
    the_same("stage = late in treatment", "stage in treatment = late")


def test_anchors_are_visits_milestones_and_repeats() -> None:
    """A window hangs on a visit, on `consent`, `enrolment` or `now`, or on the first, last or previous of a repeat."""
    understood("weight > 40 kg since consent", "weight > 40 kg since previous dose", "weight > 40 kg at first month")
    refused("name.unknown", "weight > 40 kg at screning", "did you mean screening?")
    refused("name.unknown", "weight > 40 kg since last injektion", "did you mean injection?")
    refused("name.unknown", "weight > 40 kg in runin", "did you mean run_in?")


def test_one_window_is_enough() -> None:
    """Two windows behind one thing are refused, and so is a range of numbers where a window belongs."""
    refused("window.twice", "malignancy ever at screening", "keep the one")
    refused("window.twice", "count(malignancy ever at screening) > 0", "keep the one")
    refused("window.range", "count(malignancy 1..2) > 0", "0..28 days after")
    refused("window.misplaced", "5 at screening > 3", "drop the window")
    refused("window.misplaced", "change(edss, from screening) ever > 1", "drop the window")


def test_a_stretch_of_time_runs_forwards() -> None:
    """`0..28 days after injection_1` runs from the nearer day to the farther."""
    refused("range.order", "count(adverse_event where onset 28..0 days after injection_1) > 0", "smaller number first")


def test_events_and_episodes_belong_to_no_epoch() -> None:
    """What has a day and no visit cannot be asked for in an epoch; it is asked for between two visits."""
    refused("window.epoch", "malignancy in treatment", "from infusion_1 until last_visit")
    refused("window.epoch", "count(adverse_event in treatment) > 0", "from infusion_1")
    refused("window.epoch", "count(adverse_event where onset in treatment) > 0", "from infusion_1")
    understood("pregnancy in treatment", "count(alsfrs_r in treatment) >= 2")


def test_calendar_units_are_days_weeks_months_and_years() -> None:
    """A length of time is a whole number of calendar units; nobody means five thousand years."""
    understood("malignancy within 1 month before screening", "malignancy within 6 weeks before screening")
    the_same("malignancy within 30 d before screening", "malignancy within 30 days before screening")
    refused("time.unit", "malignancy within 5 hours before screening", "days, weeks")
    refused("time.unit", "malignancy within 5000 years before screening", "14 days")
    refused("time.unit", "malignancy within 1.5 years before screening", "weeks, months or years")


# ---------------------------------------------------------------- people who answer


def test_judged_and_asked_questions_are_conditions() -> None:
    """What no record can tell is judged by a role or asked of the person, and never dropped."""
    understood(
        'judged "Is the patient at risk?" by investigator',
        'asked "Can you travel to the study site?"',
        'not judged "Is the patient at risk?" by medical_monitor',
    )
    refused("name.unknown", 'judged "Is it so?" by nurse', "known: ")
    refused("expression.syntax", 'asked "Can you travel?', "quotation mark")


# ---------------------------------------------------------------- counting and deriving


def test_adverse_events_are_counted() -> None:
    """`where` asks about grade, term, relation, seriousness, expectedness, resolution and onset of each event."""
    understood(
        "count(adverse_event where grade >= 3 and related and onset 0..28 days after injection_1) > 0",
        'count(adverse_event where term = "Back pain" and not resolved) = 0',
        "count(adverse_event where serious and not expected, since last dose) >= 1",
        "count(adverse_event from injection_1 until last_visit) = 0",
    )
    refused("name.unknown", "count(adverse_event where grad >= 3) > 0")
    refused("kind.clash", "count(adverse_event where grade) > 0", "compare it")
    refused("kind.clash", "count(adverse_event where term > 3) > 0", 'term = "Headache"')
    refused("where.kind", "count(malignancy where grade > 3) > 0", "use a window")


def test_the_worst_event_is_found() -> None:
    """`max grade(adverse_event where related, since previous dose)`: the highest grade; of no events at all it is 0."""
    understood("max grade(adverse_event where related, since previous dose) = 2", "min grade(adverse_event) > 1")
    refused("name.unknown", "max term(adverse_event) > 1", "known: grade")
    refused("kind.clash", "max grade(participants) > 1", "count the participants")
    refused("kind.clash", "max grade(malignancy) > 1", "declare it so")


def test_participants_are_counted() -> None:
    """`count(participants where ...)` asks the condition of everybody in the trial."""
    understood("count(participants where done(injection_2) and not toxicity) = 6", "count(participants) >= 6")
    refused("window.misplaced", "count(participants since consent) >= 6", "behind 'where'")


def test_episodes_and_values_are_counted() -> None:
    """Methods of contraception or scores are counted in a window, without `where`."""
    understood("count(riluzole ongoing) >= 2", "count(alsfrs_r in run_in) >= 2")
    refused("kind.clash", "count(blood) > 1", "declare it so")


def test_slopes_and_changes_are_derived() -> None:
    """A slope is per day, week, month or year and in the unit of its fact; a change runs from one visit to another."""
    understood(
        "slope(alsfrs_r, per month) > -1 before injection_1",
        "slope(fvc, per year) in [treatment, follow_up] - slope(fvc, per year) in run_in < 2 %",
        "change(edss, from screening) <= 0.5 at month_6",
    )
    refused("time.unit", "slope(alsfrs_r, per fortnight) > -1", "per day, week, month or year")
    refused("kind.clash", "slope(stage, per month) > -1", "declare it so")
    refused("name.unknown", "change(edss, from baseline) at month_6 > 1", "known: ")


def test_arithmetic_keeps_its_brackets() -> None:
    """Sums and differences are read from the left; brackets are kept where they matter."""
    different("alsfrs_r - (edss + 1) > 0", "alsfrs_r - edss + 1 > 0")
    the_same("(alsfrs_r - edss) + 1 > 0", "alsfrs_r - edss + 1 > 0")
    the_same("alsfrs_r minus edss plus 1 > 0", "alsfrs_r - edss + 1 > 0")
    understood("(alsfrs_r - edss) 1..2")
    refused("kind.clash", "toxicity + 1 > 0", "numbers go with numbers")


# ---------------------------------------------------------------- visits, rules, logic


def test_a_visit_took_place() -> None:
    """`done(injection_1)`: the visit took place and, where it gives a dose, the dose was given."""
    understood("done(injection_1)")
    refused("name.unknown", "done(injection_9)", "did you mean injection_")


def test_a_rule_is_named() -> None:
    """A condition may name another rule of the file."""
    understood("toxicity and not severe")
    refused("name.unknown", "toxic", "did you mean toxicity?")


def test_conditions_are_joined() -> None:
    """`not` binds tightest, then `and`, then `or`; `if ... then ...` reaches farthest. Brackets say otherwise."""
    the_same("toxicity or severe and not pregnancy", "toxicity or (severe and (not pregnancy))")
    different("(toxicity or severe) and pregnancy", "toxicity or severe and pregnancy")
    the_same("if sex = female then pregnancy or severe", "if sex = female then (pregnancy or severe)")
    different("(if toxicity then severe) or pregnancy", "if toxicity then severe or pregnancy")
    refused("expression.syntax", "(toxicity or severe", "bracket is missing")
    refused("expression.syntax", "toxicity or", "docs/protocol.md")
    refused("expression.syntax", "alsfrs_r == 15", "= instead of ==")


def test_only_declared_names_are_known() -> None:
    """A name that the file does not declare is refused, with the nearest one that it does."""
    refused("name.unknown", "hemoglobn < 8 g/dL", "did you mean hemoglobin?")
    refused("name.unknown", "qqq", "known: ")


def test_a_number_is_no_condition() -> None:
    """Where a condition is needed a number is refused, and the other way round."""
    refused("kind.clash", "alsfrs_r at screening", "compare it")
    refused("kind.clash", "alsfrs_r and toxicity", "compare it")
    with pytest.raises(Misread, match="a number is needed here"):
        parse("toxicity", SCOPE, "number")
    refused("kind.clash", "signs", "declare it so")


def test_words_of_the_language_are_reserved() -> None:
    """No fact, visit or rule may be called by a word of the language."""
    assert {"if", "where", "since", "dose", "first", "last", "previous", "age", "participants", "consent"} <= RESERVED
    written = set(re.findall(r'"([a-z]+)"', _GRAMMAR)) | {"first", "last", "previous", "max", "min"}
    assert written <= RESERVED


def test_nothing_is_executed() -> None:
    """An expression is data: what is not in the language is refused, whatever it would do elsewhere."""
    for text in ("__import__('os')", "1; 2", "weight.real", "exec(x)", "lambda: 1", "hemoglobin ** 99 > 1"):
        refused("expression.syntax", text)
