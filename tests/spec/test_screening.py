"""Screening: all criteria of a protocol for one person, and the verdict they add up to."""

from __future__ import annotations

from datetime import date

from spec_trial import PROTOCOL, TEXT, case, chart, table
from stromal.protocol.file import load
from stromal.rules import eligibility
from stromal.rules.timing import Case
from stromal.values import Truth

TRUE, FALSE, UNKNOWN = True, False, None

_FIT = 'yes to "Fit?" by investigator'
_WHOLE = (
    f"birth_date 1980-01-01 on 2024-05-02; score 20 on 2024-05-02; {_FIT}; no tumour until 2024-05-02; "
    "hemoglobin 12 g/dL on 2024-05-02"
)


@table("recorded", "answer", "lines_not_met", "settle")(
    (_WHOLE, TRUE, (), ()),
    (_WHOLE.replace("score 20", "score 14"), FALSE, ("I1",), ()),
    (_WHOLE.replace("hemoglobin 12 g/dL", "hemoglobin 7 g/dL"), FALSE, ("E2",), ()),
    (_WHOLE.replace("hemoglobin 12 g/dL", "hemoglobin 12"), UNKNOWN, (), ("hemoglobin",)),
    (_WHOLE.replace(f"{_FIT}; ", ""), UNKNOWN, (), ("Fit?",)),
    (_WHOLE.replace(f"{_FIT}; ", "").replace("score 20", "score 14"), FALSE, ("I1",), ()),
    (_WHOLE.replace("1980", "1958"), FALSE, ("age",), ()),
    ("", UNKNOWN, (), ("birth_date", "score", "Fit?", "tumour", "hemoglobin")),
)
def test_screening_adds_the_criteria_up(
    recorded: str, answer: Truth, lines_not_met: tuple[str, ...], settle: tuple[str, ...]
) -> None:
    """A person is eligible when every inclusion holds and no exclusion does; not eligible as soon as one criterion
    fails, whatever is unknown besides. Otherwise the verdict is unknown and says what would settle it.
    """
    found = eligibility.screen(case(recorded, "2024-05-02"))
    assert (found.verdict.truth, found.verdict.settle) == (answer, settle)
    assert tuple(line.criterion.name for line in found.lines if line.verdict.word == "not met") == lines_not_met
    assert found.verdict.word == {TRUE: "met", FALSE: "not met", UNKNOWN: "unknown"}[answer]


@table("age", "sex", "recorded", "answer")(
    ("", "any", "", TRUE),
    ("", "female", "sex female on 2024-05-02", TRUE),
    ("", "female", "sex male on 2024-05-02", FALSE),
    ("", "female", "", UNKNOWN),
    (">= 18 years at consent", "any", "birth_date 2006-05-02 on 2024-05-02", TRUE),
    (">= 18 years at consent", "any", "birth_date 2006-05-03 on 2024-05-02", FALSE),
)
def test_the_structured_limits_are_criteria_too(age: str, sex: str, recorded: str, answer: Truth) -> None:
    """Age and sex, where the file limits them, are criteria like the others; where it does not, they are none."""
    head, rest = TEXT.split("  sex: any\n  age: 18..65 years at consent\n")
    limits = f"  sex: {sex}\n" + (f"  age: '{age}'\n" if age else "")
    trial = load(head + limits + "facts:" + rest.split("facts:", 1)[1]).require()
    found = eligibility.screen(Case(trial, chart(recorded), date(2024, 5, 2)))
    assert found.verdict.truth is answer
    assert [line.criterion.name for line in found.lines] == (["age"] if age else []) + (["sex"] if sex != "any" else [])


def test_a_verdict_shows_the_value_and_its_entries() -> None:
    """A verdict gives the value that decided, the entries it rests on, and the line of the file that asked."""
    found = eligibility.screen(case(_WHOLE.replace("score 20", "score 14"), "2024-05-02"))
    assert found.verdict.reason == "I1: function score is 14 on 2024-05-02; asked for >= 15"
    line = next(each for each in found.lines if each.criterion.name == "I1")
    assert line.verdict.evidence == (2,)
    assert PROTOCOL.place(line.path).quote == "I1:"
