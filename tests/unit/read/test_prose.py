"""When, how often, for how long and to what end, in sentences made up for these tests."""

from __future__ import annotations

import pytest

from stromal.read import aims, prose
from stromal.read.record import Fields, Range, Value


def found(reader: object, text: str) -> list[tuple[str, Value, str]]:
    """What a reader finds: name, value, unit."""
    return [(f.name, f.value, f.unit) for f in reader(text)]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Three intravenous infusions are given.", [3]),
        ("They get a total of 5 injections.", [5]),
        ("A single intramuscular injection.", [1]),
        ("Cells are injected every week (6 times total).", [6]),
        ("Cells are given 4 times.", [4]),
        ("It is administered twice.", [2]),
        ("It is infused once.", [1]),
        ("Two or three injections", [3]),
        ("2 to 3 injections", [Range(2, 3)]),
        ("at a single dose of 5 mL", []),
        ("a single dose, with subsequent doses later", []),
        ("a single center study of infusions", []),
        ("dose level 2 infusions", []),
        ("every 3 injections", []),
        ("two methods of birth control", []),
        ("given twice a day", []),
        ("liver values 3 times the limit", []),
        ("the clinic rang 3 times", []),
    ],
)
def test_administrations(text: str, counts: list[Value]) -> None:
    """How many times cells are given; other numbers are not counted."""
    assert [f.value for f in prose.administrations(text)] == counts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Injections follow every 2-4 months.", [("interval", Range(2, 4), "months")]),
        ("Two infusions 10 to 20 days apart.", [("interval", Range(10, 20), "days")]),
        ("Doses are given at 4-week intervals.", [("interval", 4, "weeks")]),
        ("They are examined every 3 months.", [("visit_interval", 3, "months")]),
        ("After the infusion they are seen weekly.", [("visit_interval", 1, "weeks")]),
        ("Monthly injections", [("interval", 1, "months")]),
        ("Doses every month", [("interval", 1, "months")]),
        ("Every 3 months the clock is wound.", []),
        ("monthly changes in the score", []),
        ("every day they eat", []),
        ("weekly bread", []),
    ],
)
def test_intervals(text: str, expected: list[tuple[str, Value, str]]) -> None:
    """Times between doses and between visits are told apart by the nearest word that says which."""
    assert found(prose.intervals, text) == expected


def test_bimonthly_has_two_readings() -> None:
    """Bimonthly is every two months or twice a month."""
    (only,) = prose.intervals("Patients are assessed bimonthly.")
    assert (only.value, only.rivals, only.state) == (2, ((0.5, "months"),), "ambiguous")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a "run-in" period of 4 months', [("run_in", 4, "months")]),
        ("a 4-month run-in", [("run_in", 4, "months")]),
        ("run in lasting at least 8 weeks", [("run_in", 8, "weeks")]),
        ("they ran in 4 months", []),
    ],
)
def test_run_ins(text: str, expected: list[tuple[str, Value, str]]) -> None:
    """How long people are watched before treatment."""
    assert found(prose.run_ins, text) == expected


@pytest.mark.parametrize(
    ("text", "value", "unit", "note"),
    [
        ("followed for about 30 days after the second infusion", 30, "days", "after the second infusion"),
        ("until 5 months after the last injection", 5, "months", "after the last injection"),
        ("Three year follow-up", 3, "years", ""),
        ("Follow Up ~approximately 2 years", 2, "years", ""),
        ("a total follow up period of 9 weeks post final dose", 9, "weeks", "post final dose"),
        ("They are followed up for 1 year.", 1, "years", ""),
    ],
)
def test_follow_ups(text: str, value: Value, unit: str, note: str) -> None:
    """How long people are watched after treatment, and after what."""
    (only,) = prose.follow_ups(text)
    assert (only.value, only.unit, only.note) == (value, unit, note)


@pytest.mark.parametrize(
    "text",
    [
        'followed up for a "run-in" of 6 months', "followed at 3, 6 months", "followed by 3 weeks of rest",
        "seen after 3 months", "follow-up every 3 months",
    ],
)  # fmt: skip
def test_what_is_no_follow_up(text: str) -> None:
    """A run-in, visit lists, what merely comes next and intervals are not the length of follow-up."""
    assert prose.follow_ups(text) == ()


def test_treatment_durations() -> None:
    """Over how long the doses are given."""
    assert found(prose.treatment_durations, "Six injections over 9 months") == [("treatment_duration", 9, "months")]
    assert prose.treatment_durations("They talk over 9 months") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 2, 4 and 8 months after", [("visits", (2, 4, 8), "months")]),
        ("weeks 1, 3 and 9", [("visits", (1, 3, 9), "weeks")]),
        ("at 1,2 and 5 years' time", [("visits", (1, 2, 5), "years")]),
        ("aged 3, 4 and 5 years", []),
        ("9, 4 and 8 months", []),
        ("1, 2 and 3 apples", []),
        ("at 6 months", []),
    ],
)
def test_visits(text: str, expected: list[tuple[str, Value, str]]) -> None:
    """Lists of visit times, with the unit before or behind."""
    assert found(prose.visits, text) == expected


def test_baselines() -> None:
    """A look at baseline, and how long before treatment it may be."""
    assert found(prose.baselines, "seen at baseline") == [("baseline", True, "")]
    assert found(prose.baselines, "within 2 weeks pre treatment") == [("baseline_window", 2, "weeks")]
    assert found(prose.baselines, "within 1 to 2 weeks before the infusion") == [("baseline_window", 2, "weeks")]
    assert prose.baselines("within 2 weeks of rain") == ()


# ---------------------------------------------------------------- aims


def measures(value: Value) -> list[Value]:
    """The measures of a list of outcomes."""
    assert isinstance(value, tuple)
    return [part.get("measure") for part in value if isinstance(part, Fields)]


def test_aims_in_sentences() -> None:
    """Sentences that declare outcomes, whole or as a list."""
    first, second = aims.aims(
        "The primary objective of the study is survival at one year. Secondary outcomes will be judged by the "
        "following: walking, grip; and sleep."
    )
    assert (first.name, measures(first.value)) == ("primary_outcome", ["survival at one year"])
    assert (second.name, measures(second.value)) == ("secondary_outcomes", ["walking", "grip", "sleep"])


def test_aims_without_names() -> None:
    """A sentence may speak of endpoints without naming them."""
    (only,) = aims.unnamed_aims("Several scores are kept as secondary endpoints.")
    assert (only.name, only.state) == ("secondary_unnamed", "missing")


def test_analyses() -> None:
    """A comparison of rates of change."""
    (only,) = aims.analyses("The monthly decline of FVC and EDSS will be compared with the placebo group.")
    assert only.value == Fields(
        (("of", ("edss", "fvc")), ("change_per", "month"), ("against", "placebo"))
    ) or only.value == Fields((("of", ("fvc", "edss")), ("change_per", "month"), ("against", "placebo")))
    assert aims.analyses("The monthly decline of FVC is drawn.") == ()


def test_assessments() -> None:
    """What a sentence about looking at people names; other sentences name none."""
    assert [f.value for f in aims.assessments("We assess FVC and vital signs. EDSS is a scale.")] == [
        "fvc",
        "vital_signs",
    ]


def test_safety_rules() -> None:
    """How many must complete what before a dose may be called safe."""
    (only,) = aims.safety_rules("Only when all 9 patients have completed both doses is 3x10^6 MSC/kg a safe dose.")
    assert only.value == Fields(
        (("completed", 9), ("of", 9), ("what", "both doses"), ("dose", 3_000_000), ("dose_unit", "cells/kg"))
    )
    (bare,) = aims.safety_rules("Only if they completed all infusions is it declared safe.")
    assert bare.value == Fields((("what", "all infusions"),))
    (some,) = aims.safety_rules("Only after 5 patients completed the infusions is it considered safe.")
    assert some.value == Fields((("completed", 5), ("what", "the infusions")))
    assert aims.safety_rules("Only after 9 patients completed both doses do we go on.") == ()


def test_conditionings() -> None:
    """No conditioning is a fact of its own."""
    assert [f.value for f in aims.conditionings("Here no further conditioning is needed.")] == ["none"]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("All 12 patients get it.", "whole_enrolment", 12),
        ("A total of 12 patients will be enrolled.", "all_enrolment", 12),
        ("12 patients will be recruited.", "some_enrolment", 12),
        ("given to and administered to 12 people", "some_enrolment", 12),
    ],
)
def test_enrolments(text: str, name: str, value: int) -> None:
    """How many people take part, and how surely all of them are meant."""
    assert [(f.name, f.value) for f in aims.enrolments(text)] == [(name, value)]


def test_enrolment_of_each_group_is_none() -> None:
    """So many in each group is not so many in all."""
    assert aims.enrolments("All 12 patients in each arm get it.") == ()
    assert aims.enrolments("The 12 patients went home.") == ()


def test_products() -> None:
    """Whose cells, from which tissue, how prepared; a tissue transplanted earlier is not the product's."""
    text = (
        "After allogeneic bone marrow transplantation they get cultured placental stromal cells from the same donor. "
        "Cells from the patients' own fat tissue are not used."
    )
    assert [(f.name, f.value) for f in aims.products(text)] == [
        ("product_tissue", "placenta"), ("product_processing", "cultured"), ("same_donor", True),
    ] or ("product_tissue", "placenta") in [(f.name, f.value) for f in aims.products(text)]  # fmt: skip


def test_products_named_after_the_cells() -> None:
    """`stem cells from the placenta` names the tissue after the cells."""
    assert ("product_tissue", "placenta") in [
        (f.name, f.value) for f in aims.products("mesenchymal stem cells from the placenta")
    ]


def test_second_products() -> None:
    """Another product that is given; one only talked about is left alone, and lends the cells no donor."""
    text = "An autologous T cell vaccine will be given too. NK cells are known to kill."
    assert [f.value for f in aims.second_products(text)] == ["T cell vaccine"]
    assert aims.products(text) == ()


def test_everything_at_once() -> None:
    """Both modules gather all their readers."""
    text = "A single infusion; all 4 patients are followed for 2 years."
    assert {f.name for f in prose.found_in(text)} == {"administrations", "follow_up"}
    assert {f.name for f in aims.found_in(text)} == {"whole_enrolment"}
    assert [f.value for f in aims.measures("FVC in %")] == ["fvc"]
