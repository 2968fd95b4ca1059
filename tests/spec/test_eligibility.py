"""Conditions: what is true of a person, what is false, and what nobody knows.

The examples are about a small trial (its file is at the end of the manual). `recorded` is everything the book says of
one person; `asked on` is the day of the question.
"""

from __future__ import annotations

from datetime import date

from spec_trial import PROTOCOL, case, chart, expression, table
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Truth

TRUE, FALSE, UNKNOWN = True, False, None


def truth(condition: str, recorded: str, on: str) -> Truth:
    """The truth of a condition about one person."""
    return judge(expression(condition), case(recorded, on)).truth


# ---------------------------------------------------------------- three values


@table("condition", "truth_of_a", "answer")(
    ("a", "true", TRUE),
    ("a", "false", FALSE),
    ("a", "unknown", UNKNOWN),
    ("not a", "true", FALSE),
    ("not a", "unknown", UNKNOWN),
    ("a and yes", "unknown", UNKNOWN),
    ("a and no", "unknown", FALSE),
    ("a or yes", "unknown", TRUE),
    ("a or no", "unknown", UNKNOWN),
    ("if a then no", "true", FALSE),
    ("if a then no", "false", TRUE),
    ("if a then no", "unknown", UNKNOWN),
    ("if a then yes", "unknown", TRUE),
    ("if yes then a", "unknown", UNKNOWN),
    ("if no then a", "unknown", TRUE),
    ("if a then a", "unknown", UNKNOWN),
)
def test_unknown_goes_through_logic(condition: str, truth_of_a: str, answer: Truth) -> None:
    """A condition is true, false or unknown. `and` is false as soon as one part is, `or` true as soon as one part is;
    otherwise one unknown part makes the whole unknown. `if a then b` holds where `a` does not.
    """
    said = {"true": "pregnancy yes on 2024-05-02", "false": "pregnancy no on 2024-05-02", "unknown": ""}[truth_of_a]
    words = [{"a": "pregnancy", "yes": "score >= 0", "no": "score < 0"}.get(word, word) for word in condition.split()]
    assert truth(" ".join(words), f"score 20 on 2024-05-02; {said}", "2024-05-02") is answer


@table("recorded", "condition", "answer", "settle")(
    ("", "hemoglobin < 8 g/dL and pregnancy", UNKNOWN, ("hemoglobin", "pregnancy")),
    ("pregnancy no on 2024-05-02", "hemoglobin < 8 g/dL and pregnancy", FALSE, ()),
    ("pregnancy yes on 2024-05-02", "hemoglobin < 8 g/dL and pregnancy", UNKNOWN, ("hemoglobin",)),
    ("", 'judged "Fit?" by investigator or tumour ever', UNKNOWN, ("Fit?", "tumour")),
    ("", "age >= 18 years at consent", UNKNOWN, ("birth_date",)),
    ("", "score >= 15 at screening or score >= 15 at screening", UNKNOWN, ("score",)),
    ("", "if sex = female then pregnancy", UNKNOWN, ("sex", "pregnancy")),
    ("sex male on 2024-05-02", "if sex = female then pregnancy", TRUE, ()),
    ("sex female on 2024-05-02", "if sex = female then pregnancy", UNKNOWN, ("pregnancy",)),
)
def test_an_unknown_answer_says_what_would_settle_it(
    recorded: str, condition: str, answer: Truth, settle: tuple[str, ...]
) -> None:
    """Where the answer is unknown, it comes with the shortest list of facts and questions that would settle it."""
    verdict = judge(expression(condition), case(recorded, "2024-05-02"))
    assert (verdict.truth, verdict.settle) == (answer, settle)


# ---------------------------------------------------------------- values


@table("recorded", "condition", "answer")(
    ("", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin 7.9 g/dL on 2024-05-02", "hemoglobin < 8 g/dL", TRUE),
    ("hemoglobin 8 g/dL on 2024-05-02", "hemoglobin < 8 g/dL", FALSE),
    ("hemoglobin 8 g/dL on 2024-05-02", "hemoglobin <= 8 g/dL", TRUE),
    ("hemoglobin 79 g/L on 2024-05-02", "hemoglobin < 8 g/dL", TRUE),
    ("hemoglobin 8 g/dL on 2024-05-02", "hemoglobin < 80 g/L", FALSE),
    ("hemoglobin 7.99 g/dL on 2024-05-02", "hemoglobin < 80 g/L", TRUE),
    ("hemoglobin 7.9 on 2024-05-02", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin 7.9 kg on 2024-05-02", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin low g/dL on 2024-05-02", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin not obtained on 2024-05-02", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin 7.9 g/dL on 2024-05-01; hemoglobin not obtained on 2024-05-02", "hemoglobin < 8 g/dL", TRUE),
    ("hemoglobin 7.9 g/dL on 2024-05-01; hemoglobin 9 on 2024-05-02", "hemoglobin < 8 g/dL", UNKNOWN),
    ("hemoglobin 7.9 g/dL on 2024-05-01; hemoglobin 9 g/dL on 2024-05-02", "hemoglobin < 8 g/dL", FALSE),
    ("hemoglobin 7.9 g/dL on 2024-05-01; hemoglobin 9 g/dL on 2024-05-03", "hemoglobin < 8 g/dL", TRUE),
    ("hemoglobin 12 g/dL on 2024-05-02", "hemoglobin 8..12 g/dL", TRUE),
    ("hemoglobin 8 g/dL on 2024-05-02", "hemoglobin 8..12 g/dL", TRUE),
    ("hemoglobin 12.1 g/dL on 2024-05-02", "hemoglobin 8..12 g/dL", FALSE),
    ("", "hemoglobin 8..12 g/dL", UNKNOWN),
    ("score 15 on 2024-05-02", "score != 15", FALSE),
    ("score 15 on 2024-05-02", "score = 15", TRUE),
    ("score 15 on 2024-05-02; hemoglobin 15 g/dL on 2024-05-02", "score + 1 > 15", TRUE),
    ("score 15 on 2024-05-02", "score - 1 > 14", FALSE),
    ("", "score - 1 > 14", UNKNOWN),
)
def test_a_value_counts_with_its_unit(recorded: str, condition: str, answer: Truth) -> None:
    """A fact stands for its latest value up to the day of the question, and units are converted exactly. A value
    without its unit is unknown, and so is one that nobody could obtain; a failed attempt takes no earlier value away.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "condition", "answer")(
    ("", "stage = early", UNKNOWN),
    ("stage early on 2024-05-02", "stage = early", TRUE),
    ("stage middle on 2024-05-02", "stage = early", FALSE),
    ("stage middle on 2024-05-02", "stage != early", TRUE),
    ("", "stage != early", UNKNOWN),
    ("stage middle on 2024-05-02", "stage in [early, middle]", TRUE),
    ("stage severe on 2024-05-02", "stage = early", UNKNOWN),
    ("pregnancy no on 2024-05-02", "pregnancy", FALSE),
    ("pregnancy yes on 2024-05-02", "pregnancy", TRUE),
    ("pregnancy maybe on 2024-05-02", "pregnancy", UNKNOWN),
    ("", "no pregnancy", UNKNOWN),
)
def test_choices_and_yes_or_no(recorded: str, condition: str, answer: Truth) -> None:
    """A choice is compared with its options, a yes-or-no fact stands alone. What is none of the options is unknown."""
    assert truth(condition, recorded, "2024-05-02") is answer


# ---------------------------------------------------------------- questions


@table("recorded", "condition", "answer")(
    ("", 'judged "Fit?" by investigator', UNKNOWN),
    ('yes to "Fit?" by investigator', 'judged "Fit?" by investigator', TRUE),
    ('no to "Fit?" by investigator', 'judged "Fit?" by investigator', FALSE),
    ('yes to "Fit?" by coordinator', 'judged "Fit?" by investigator', UNKNOWN),
    ('no to "Fit?" by investigator; yes to "Fit?" by investigator', 'judged "Fit?" by investigator', TRUE),
    ("", 'asked "Can you travel?"', UNKNOWN),
    ('no to "Can you travel?"', 'asked "Can you travel?"', FALSE),
)
def test_questions_wait_for_their_answer(recorded: str, condition: str, answer: Truth) -> None:
    """What only a person can judge is a question: unknown until the role that is named, or the participant, answers it.
    The last answer counts.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


# ---------------------------------------------------------------- episodes


@table("recorded", "condition", "answer")(
    ("", "tumour ever", UNKNOWN),
    ("", "no tumour ever", UNKNOWN),
    ("no tumour until 2024-05-02", "tumour ever", FALSE),
    ("no tumour until 2024-05-02", "no tumour ever", TRUE),
    ("no tumour until 2024-05-01", "no tumour ever", UNKNOWN),
    ("no tumour until 2024-05-02 since 2020-01-01", "no tumour ever", UNKNOWN),
    ("tumour from 2010-03-01 until 2010-05-31", "tumour ever", TRUE),
    ("tumour from ? until 2010-05-31", "tumour ever", TRUE),
    ("tumour from ?", "tumour ever", TRUE),
    ("tumour from 2010-03-01 until 2010-05-31", "tumour within 5 years before now", UNKNOWN),
    ("tumour from 2010-03-01", "tumour within 5 years before now", UNKNOWN),
    ("tumour from 2010-03-01 ongoing", "tumour within 5 years before now", TRUE),
    (
        "tumour from 2010-03-01 until 2010-05-31; no tumour until 2024-05-02 since 2010-06-01",
        "tumour within 5 years before now", FALSE,
    ),
)  # fmt: skip
def test_no_record_is_no_answer(recorded: str, condition: str, answer: Truth) -> None:
    """That nothing is recorded says nothing. An episode is false only where somebody recorded its absence for the whole
    of the time asked about; one whose end nobody knows may or may not reach into it.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "answer")(
    ("no tumour until 2024-05-02 since 2019-05-02", FALSE),
    ("no tumour until 2024-05-02 since 2019-05-03", UNKNOWN),
    ("no tumour until 2024-05-01 since 2019-05-02", UNKNOWN),
    ("no tumour until 2021-12-31 since 2019-01-01; no tumour until 2024-05-02 since 2022-01-01", FALSE),
    ("no tumour until 2021-12-31 since 2019-01-01; no tumour until 2024-05-02 since 2022-01-02", UNKNOWN),
    ("no tumour until 2024-05-02 since 2021-06-01; no tumour until 2022-01-01", FALSE),
    ("no tumour until 2005-01-01; no tumour until 2024-05-02 since 2015-01-01", FALSE),
)
def test_absences_must_cover_every_day(recorded: str, answer: Truth) -> None:
    """Several recorded absences count together; a single day they leave open leaves the answer unknown."""
    assert truth("tumour within 5 years before now", recorded, "2024-05-02") is answer


@table("recorded", "condition", "answer")(
    ("riluzole from 2024-01-01 ongoing", "riluzole ongoing", TRUE),
    ("riluzole from 2024-01-01 until 2024-05-02", "riluzole ongoing", TRUE),
    ("riluzole from 2024-01-01 until 2024-05-01", "riluzole ongoing", UNKNOWN),
    (
        "riluzole from 2024-01-01 until 2024-05-01; no riluzole until 2024-05-02 since 2024-05-02",
        "riluzole ongoing", FALSE,
    ),
    ("riluzole from 2024-01-01", "riluzole ongoing", UNKNOWN),
    ("riluzole from ? ongoing", "riluzole ongoing", TRUE),
    ("riluzole from 2024-05-02", "riluzole ongoing", TRUE),
    ("screening on 2024-04-01; riluzole from 2024-04-01 ongoing", "riluzole ongoing at screening", TRUE),
    ("screening on 2024-04-01; riluzole from 2024-04-02 ongoing", "riluzole ongoing at screening", UNKNOWN),
    ("screening on 2024-04-01; riluzole from ? ongoing", "riluzole ongoing at screening", UNKNOWN),
    ("screening on 2024-04-01; riluzole from ? until 2024-04-15", "riluzole ongoing at screening", UNKNOWN),
    ("no riluzole until 2024-05-02", "riluzole ongoing at screening", FALSE),
    ("no riluzole until 2024-05-02", "riluzole ongoing at month_6", UNKNOWN),
    ("riluzole from 2024-01-01 ongoing", "riluzole ongoing at last dose", UNKNOWN),
)  # fmt: skip
def test_ongoing_on_a_day(recorded: str, condition: str, answer: Truth) -> None:
    """`ongoing` asks for one day: begun by then and not over before, both days included. What goes on today but began
    on an unknown day was not surely going on earlier; at a visit still to come nothing is known.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "answer")(
    ("contraception from 2024-01-01 ongoing of pill; contraception from 2024-02-01 ongoing of condom", TRUE),
    ("contraception from 2024-01-01 ongoing of pill", UNKNOWN),
    ("", UNKNOWN),
    ("contraception from 2024-01-01 ongoing of pill; no contraception until 2024-05-02", FALSE),
    ("no contraception until 2024-05-02", FALSE),
    ("contraception from 2024-01-01 ongoing of pill; contraception from 2024-02-01 of condom", UNKNOWN),
)
def test_more_episodes_may_exist_than_are_recorded(recorded: str, answer: Truth) -> None:
    """A count of episodes is a lower bound: at least those recorded, and no more only where somebody recorded that
    there were no others.
    """
    assert truth("count(contraception ongoing) >= 2", recorded, "2024-05-02") is answer


# ---------------------------------------------------------------- windows


@table("episode", "condition", "answer")(
    ("tumour from 2019-01-01 until 2019-05-02", "tumour within 5 years before now", TRUE),
    ("tumour from 2019-01-01 until 2019-05-01", "tumour within 5 years before now", FALSE),
    ("tumour from 2024-05-02 ongoing", "tumour within 5 years before now", TRUE),
    ("tumour from 2024-02-02 until 2024-02-02", "tumour within 3 months before now", TRUE),
    ("tumour from 2024-02-01 until 2024-02-01", "tumour within 3 months before now", FALSE),
    ("tumour from 2024-04-18 until 2024-04-18", "tumour within 2 weeks before now", TRUE),
    ("tumour from 2024-04-17 until 2024-04-17", "tumour within 2 weeks before now", FALSE),
    ("tumour from 2024-04-22 until 2024-04-22", "tumour 10..20 days before now", TRUE),
    ("tumour from 2024-04-23 until 2024-04-23", "tumour 10..20 days before now", FALSE),
    ("tumour from 2024-04-12 until 2024-04-12", "tumour 10..20 days before now", TRUE),
    ("tumour from 2024-04-11 until 2024-04-11", "tumour 10..20 days before now", FALSE),
    ("tumour from 2024-03-01 until 2024-03-01", "tumour within 10 days after consent", TRUE),
    ("tumour from 2024-03-11 until 2024-03-11", "tumour within 10 days after consent", TRUE),
    ("tumour from 2024-03-12 until 2024-03-12", "tumour within 10 days after consent", FALSE),
    ("tumour from 2024-02-29 until 2024-02-29", "tumour since consent", FALSE),
    ("tumour from 2024-03-01 until 2024-03-01", "tumour since consent", TRUE),
    ("tumour from 2024-02-29 until 2024-02-29", "tumour after consent", FALSE),
    ("tumour from 2024-03-01 until 2024-03-01", "tumour before consent", TRUE),
    ("tumour from 2024-03-02 until 2024-03-02", "tumour before consent", FALSE),
    ("tumour from 2024-03-02 until 2024-03-02", "tumour ever before consent", FALSE),
    ("tumour from 2024-03-20 until 2024-03-20", "tumour from consent until enrolment", TRUE),
    ("tumour from 2024-03-21 until 2024-03-21", "tumour from consent until enrolment", FALSE),
    ("tumour from 2024-03-06 until 2024-03-06", "tumour 5..9 days after consent", TRUE),
    ("tumour from 2024-03-05 until 2024-03-05", "tumour 5..9 days after consent", FALSE),
    ("tumour from 2024-03-20 until 2024-03-20", "tumour at enrolment", TRUE),
    ("tumour from 2024-03-19 until 2024-03-19", "tumour at enrolment", FALSE),
)
def test_windows_include_both_ends(episode: str, condition: str, answer: Truth) -> None:
    """Every window includes its first and its last day. An episode lies in it when at least one of its days does.

    (Consent was on 2024-03-01, enrolment on 2024-03-20; that there was no other tumour is recorded.)
    """
    recorded = f"consent on 2024-03-01; enrolled on 2024-03-20; {episode}; no tumour until 2024-05-02"
    assert truth(condition, recorded, "2024-05-02") is answer


@table("asked_on", "condition", "first_day")(
    ("2024-03-31", "tumour within 1 month before now", "2024-02-29"),
    ("2023-03-31", "tumour within 1 month before now", "2023-02-28"),
    ("2024-05-31", "tumour within 3 months before now", "2024-02-29"),
    ("2024-02-29", "tumour within 1 year before now", "2023-02-28"),
    ("2024-02-29", "tumour within 4 years before now", "2020-02-29"),
    ("2025-02-28", "tumour within 1 year before now", "2024-02-28"),
)
def test_months_and_years_are_those_of_the_calendar(asked_on: str, condition: str, first_day: str) -> None:
    """A month before the 31st of March is the last day of February; a year before the 29th is the 28th."""
    inside = date.fromisoformat(first_day)
    outside = date.fromordinal(inside.toordinal() - 1)
    said = "tumour from {0} until {0}; no tumour until 2030-01-01"
    assert truth(condition, said.format(inside), asked_on) is TRUE
    assert truth(condition, said.format(outside), asked_on) is FALSE


@table("recorded", "condition", "answer")(
    ("tumour from 2024-03-01 until 2024-03-01; no tumour until 2024-05-02", "tumour after injection_1", FALSE),
    ("", "tumour after injection_1", FALSE),
    ("", "tumour within 10 days after injection_1", FALSE),
    ("", "tumour from injection_1 until month_6", FALSE),
    ("tumour from 2024-03-01 until 2024-03-01", "tumour before injection_1", TRUE),
    ("", "tumour before injection_1", UNKNOWN),
    ("injection_1 on 2024-04-30", "tumour from injection_1 until month_6", UNKNOWN),
    ("injection_1 on 2024-04-30; no tumour until 2024-05-02", "tumour from injection_1 until month_6", FALSE),
    ("injection_1 on 2024-04-30", "tumour 10..20 days after injection_1", FALSE),
    ("injection_1 on 2024-04-30; tumour from 2020-01-01 ongoing", "tumour 10..20 days after injection_1", FALSE),
)
def test_anchors_that_are_not_reached(recorded: str, condition: str, answer: Truth) -> None:
    """After a visit that has not taken place nothing has happened yet. Before it lies everything that is known now. Of
    a window that has only partly passed, the days until now count.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "condition", "answer")(
    ("screening on 2024-04-30; score 20 on 2024-04-30 at screening", "score >= 15 at screening", TRUE),
    ("screening on 2024-04-30; score 20 on 2024-04-30", "score >= 15 at screening", TRUE),
    ("screening on 2024-04-30; score 20 on 2024-05-01 at screening", "score >= 15 at screening", TRUE),
    ("screening on 2024-04-30; score 20 on 2024-05-01", "score >= 15 at screening", UNKNOWN),
    ("screening on 2024-04-30; score 20 on 2024-04-30 at run_in_1", "score >= 15 at screening", UNKNOWN),
    ("score 20 on 2024-05-02", "score >= 15 at screening", TRUE),
    ("score 20 on 2024-05-01", "score >= 15 at screening", UNKNOWN),
    ("score 20 on 2024-05-02", "score >= 15 at month_6", UNKNOWN),
    ("score 20 on 2024-05-02 at month_6", "score >= 15 at month_6", TRUE),
    ("consent on 2024-04-30; score 20 on 2024-04-30", "score >= 15 at consent", TRUE),
    ("consent on 2024-04-30; score 20 on 2024-05-01", "score >= 15 at consent", UNKNOWN),
    ("dose at injection_1 on 2024-04-30; score 20 on 2024-04-30", "score >= 15 at last dose", TRUE),
    ("dose at injection_1 on 2024-04-30; score 20 on 2024-05-01", "score >= 15 at last dose", UNKNOWN),
    ("score 20 on 2024-05-02", "score >= 15 at last dose", UNKNOWN),
    ("score 20 on 2024-04-30 at run_in_1", "score >= 15 in run_in", TRUE),
    ("score 20 on 2024-04-30", "score >= 15 in run_in", UNKNOWN),
    ("score 20 on 2024-04-30 at visit_3", "score >= 15 in [treatment, follow_up]", TRUE),
    ("score 20 on 2024-04-30", "score >= 15 latest before enrolment", TRUE),
    ("enrolled on 2024-04-29; score 20 on 2024-04-30", "score >= 15 latest before enrolment", UNKNOWN),
    ("enrolled on 2024-04-30; score 20 on 2024-04-30", "score >= 15 latest before enrolment", TRUE),
)
def test_at_a_visit(recorded: str, condition: str, answer: Truth) -> None:
    """`at` a visit means recorded for that visit, or on its day for no visit in particular. A screening visit that has
    not been recorded yet stands at today; at a later visit still to come nothing is known. `in` an epoch means at one
    of its visits.
    """
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "since", "scores")(
    ("dose at injection_1 on 2024-04-01; dose at injection_2 on 2024-04-20", "last dose", 0),
    ("dose at injection_1 on 2024-04-01; dose at injection_2 on 2024-04-20", "first dose", 1),
    ("dose at injection_1 on 2024-04-01; dose at injection_2 on 2024-05-02", "last injection", 0),
    ("dose at injection_1 on 2024-04-01; dose at injection_2 on 2024-05-02", "previous injection", 1),
    ("dose at injection_1 on 2024-04-01; dose at injection_2 on 2024-05-03", "last injection", 1),
    ("dose at injection_1 on 2024-04-01; injection_2 on 2024-04-20", "last injection", 1),
    ("dose at injection_1 on 2024-05-02", "previous dose", 0),
    ("run_in_1 on 2024-04-01; run_in_2 on 2024-04-20", "last run_in", 0),
    ("run_in_1 on 2024-04-01; run_in_2 on 2024-04-20", "first run_in", 1),
    ("run_in_1 on 2024-04-01; run_in_2 on 2024-05-02", "previous run_in", 1),
    ("visit_1 on 2024-04-01; visit_2 on 2024-04-20", "first visit", 1),
    ("screening on 2024-04-01", "last screening", 1),
)
def test_repeated_visits_and_doses(recorded: str, since: str, scores: int) -> None:
    """`first` and `last` name the first and last of a repeated visit or dose up to the day of the question, `previous`
    the last one before that day. A visit at which the dose was left out is no dose.

    (One score was recorded, on 2024-04-10; the question is asked on 2024-05-02.)
    """
    assert truth(f"count(score since {since}) = {scores}", f"{recorded}; score 20 on 2024-04-10", "2024-05-02") is TRUE


# ---------------------------------------------------------------- lengths of time


@table("born", "asked_on", "age")(
    ("2006-05-02", "2024-05-01", 17),
    ("2006-05-02", "2024-05-02", 18),
    ("2004-02-29", "2022-02-28", 17),
    ("2004-02-29", "2022-03-01", 18),
    ("2004-02-29", "2024-02-29", 20),
)
def test_age_is_counted_in_birthdays(born: str, asked_on: str, age: int) -> None:
    """Age is the number of birthdays reached. Who was born on the 29th of February has it on the 1st of March where the
    year has no 29th.
    """
    assert truth(f"age = {age} years", f"birth_date {born} on {asked_on}", asked_on) is TRUE
    assert truth(f"age {age}..{age} years", f"birth_date {born} on {asked_on}", asked_on) is TRUE
    assert truth(f"age < {age} years", f"birth_date {born} on {asked_on}", asked_on) is FALSE


@table("recorded", "answer")(
    ("birth_date 2006-05-02 on 2024-05-02; consent on 2024-05-01", FALSE),
    ("birth_date 2006-05-01 on 2024-05-02; consent on 2024-05-01", TRUE),
    ("birth_date 2006-05-02 on 2024-05-02", TRUE),
    ("birth_date yesterday on 2024-05-02", UNKNOWN),
    ("consent on 2024-05-01", UNKNOWN),
)
def test_age_at_an_anchor(recorded: str, answer: Truth) -> None:
    """Age is taken on the day of the anchor; at one that has not been reached, today."""
    assert truth("age >= 18 years at consent", recorded, "2024-05-02") is answer


@table("since", "condition", "answer")(
    ("2022-05-02", "time since first tumour > 2 years", FALSE),
    ("2022-05-01", "time since first tumour > 2 years", TRUE),
    ("2022-05-02", "time since first tumour >= 2 years", TRUE),
    ("2022-05-03", "time since first tumour >= 2 years", FALSE),
    ("2022-05-02", "time since first tumour < 2 years", FALSE),
    ("2022-05-03", "time since first tumour < 2 years", TRUE),
    ("2022-05-02", "time since first tumour <= 2 years", TRUE),
    ("2022-05-01", "time since first tumour <= 2 years", FALSE),
    ("2022-05-02", "time since first tumour = 2 years", TRUE),
    ("2022-05-03", "time since first tumour != 2 years", TRUE),
)
def test_time_since_is_strict_where_it_says_more_or_less(since: str, condition: str, answer: Truth) -> None:
    """`more than 2 years` is not yet true on the day itself, `less than` no longer; `at least` and `at most` are."""
    assert truth(condition, f"tumour from {since} ongoing", "2024-05-02") is answer


@table("recorded", "condition", "answer")(
    ("tumour from 2020-01-01 ongoing; tumour from 2023-01-01 ongoing", "time since first tumour > 2 years", TRUE),
    ("tumour from 2020-01-01 ongoing; tumour from 2023-01-01 ongoing", "time since last tumour > 2 years", FALSE),
    ("tumour from 2020-01-01 ongoing; tumour from ? ongoing", "time since first tumour > 2 years", UNKNOWN),
    ("", "time since first tumour > 2 years", UNKNOWN),
    (
        "enrolled on 2023-01-01; tumour from 2020-01-01 ongoing; tumour from 2024-01-01 ongoing",
        "time since last tumour > 2 years at enrolment", TRUE,
    ),
    ("enrolled on 2023-01-01; tumour from 2024-01-01 ongoing", "time since last tumour > 1 day at enrolment", UNKNOWN),
    ("first_symptom 2020-01-01 on 2024-05-01", "time since first_symptom > 4 years", TRUE),
    ("first_symptom 2020-05-02 on 2024-05-01", "time since first_symptom > 4 years", FALSE),
    ("first_symptom unclear on 2024-05-01", "time since first_symptom > 4 years", UNKNOWN),
    ("", "time since first_symptom > 4 years", UNKNOWN),
)  # fmt: skip
def test_time_since_what(recorded: str, condition: str, answer: Truth) -> None:
    """Time is counted from the start of the first or last episode up to the anchor, or from a recorded date."""
    assert truth(condition, recorded, "2024-05-02") is answer


@table("recorded", "answer")(
    ("riluzole from 2024-04-02 ongoing of 50 mg", TRUE),
    ("riluzole from 2024-04-03 ongoing of 50 mg", FALSE),
    ("riluzole from 2024-01-01 until 2024-05-02 of 50 mg", TRUE),
    ("riluzole from 2024-01-01 until 2024-05-01 of 50 mg", FALSE),
    ("riluzole from 2024-01-01 until 2024-04-10 of 50 mg; riluzole from 2024-04-11 ongoing of 50 mg", TRUE),
    ("riluzole from 2024-01-01 until 2024-04-10 of 50 mg; riluzole from 2024-04-12 ongoing of 50 mg", FALSE),
    ("riluzole from 2024-01-01 until 2024-04-10 of 50 mg; riluzole from 2024-04-11 ongoing of 100 mg", FALSE),
    ("riluzole from 2024-01-01 until 2024-04-10; riluzole from 2024-04-11 ongoing of 100 mg", UNKNOWN),
    ("riluzole from ? ongoing of 50 mg", UNKNOWN),
    ("riluzole from 2024-01-01 of 50 mg", UNKNOWN),
    ("riluzole from 2023-01-01 until 2024-04-01 of 50 mg", UNKNOWN),
    ("no riluzole until 2024-05-02", FALSE),
    ("", UNKNOWN),
)
def test_unchanged(recorded: str, answer: Truth) -> None:
    """`unchanged` means one and the same regimen on every day of the time, renewed without a gap or not renewed at all.
    A drug that was not taken was not unchanged: write `or no riluzole within ...` where that is meant.
    """
    assert truth("riluzole unchanged for 30 days before enrolment", recorded, "2024-05-02") is answer


def test_the_day_of_the_question_decides() -> None:
    """What was recorded for a later day is not known yet, whoever looks at it later."""
    later = chart("score 20 on 2024-05-02; score 3 on 2024-05-09")
    on_the_day = Case(PROTOCOL, later, date(2024, 5, 2))
    assert judge(expression("score >= 15"), on_the_day).truth is TRUE
