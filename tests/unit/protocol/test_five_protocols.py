"""The five protocols the product ships say what their records say, in words of their own."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from five_files import NAMES, TEXTS, protocol
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.writing import write
from stromal.values import Quantity

SEEDS = Path(__file__).resolve().parents[4] / "shared" / "seeds"
RECORDS = {path.stem.rpartition("_")[2]: path for path in sorted(SEEDS.glob("*.txt"))}
needs_records = pytest.mark.skipif(not RECORDS, reason="the registry pages lie beside the project, and are not there")


def cells(count: float, unit: str = "cells") -> Quantity:
    """An amount of cells."""
    return Quantity(Fraction(count), unit)


# ---------------------------------------------------------------- faithful to the records


@needs_records
@pytest.mark.parametrize("name", NAMES)
def test_the_lines_cited_are_lines_of_the_record(name: str) -> None:
    """Every source cites lines that the page has and that hold something."""
    lines = RECORDS[name].read_text(encoding="utf-8").splitlines()
    for source in protocol(name).sources.values():
        assert source.lines, source.name
        assert all(lines[number - 1].strip() for number in source.lines), source.name


_WORD = re.compile(r"[a-z0-9]+")


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


@needs_records
@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_is_copied(name: str) -> None:
    """No six words in a row are those of the page, names of institutions and terms aside."""
    shared = _runs(TEXTS[name], 6) & _runs(RECORDS[name].read_text(encoding="utf-8"), 6)
    scale = {run for run in shared if {"laboratory", "supported", "probable"} <= set(run)}
    assert {run for run in shared if "orthopaedics" not in run} - scale == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_criterion_dose_and_objective_cites_its_source(name: str) -> None:
    """What decides about people rests on a line of the record, or is assumed."""
    made = protocol(name)
    criteria = [
        (f"population.{'include' if c.include else 'exclude'}.{c.name}", c.src) for c in made.population.criteria
    ]
    doses = [(f"doses.{each.name}", each.src) for each in made.doses.values()]
    objectives = [(f"objectives.{each.name}", each.src) for each in made.objectives.values()]
    rules = [(f"rules.{each.name}", each.src) for each in made.rules.values()]
    for path, src in (*criteria, *doses, *objectives, *rules):
        parts = path.split(".")
        covered = any(".".join(parts[:depth]) in made.assumed for depth in range(1, len(parts) + 1))
        refers = path.startswith("rules.held")
        assert src or covered or refers, path


@pytest.mark.parametrize("name", NAMES)
def test_every_visit_can_be_walked(name: str) -> None:
    """Consent is asked for first, and every dose is given at a visit that weighs where it must."""
    made = protocol(name)
    first = next(iter(made.schedule.values()))
    assert "consent" in first.do
    for visit in made.visits_giving():
        dose = made.doses[visit.give]
        if dose.weight:
            assert dose.weight.fact in visit.do or any(
                dose.weight.fact in made.facts[group].members for group in visit.do if group in made.facts
            )


# ---------------------------------------------------------------- what each must run


def test_the_first_trial() -> None:
    """Six patients, 1e6 then 5e6 cells per kilogram 14 to 21 days later; safe when all six came through."""
    made = protocol("NCT00186914")
    assert made.trial.planned == 6
    assert [dose.amount for dose in made.doses.values()] == [cells(1e6, "cells/kg"), cells(5e6, "cells/kg")]
    second = made.schedule["infusion_2"]
    assert isinstance(second.when, m.Offset)
    assert (second.when.low.count, second.when.high.count, second.when.low.unit) == (14, 21, "day")
    assert second.condition == t.Not(t.Ref("unacceptable_toxicity"))
    follow_up = made.schedule["follow_up"].when
    assert isinstance(follow_up, m.Offset)
    assert (follow_up.low.count, follow_up.anchor) == (28, t.Anchor("dose", "last"))
    declared = made.rules["safe_dose"]
    assert isinstance(declared, m.Predicate)
    assert declared.declares
    assert write(declared.when).endswith("not unacceptable_toxicity) = 6")
    assert made.products["msc"].donor == "matched donor"


def test_the_second_trial() -> None:
    """One infusion of 1e8 cells, six visits over four years, skin score and FVC at each, a vaccine nobody can dose."""
    made = protocol("NCT05016804")
    assert made.doses["infusion"].amount == cells(1e8)
    visits = [name for name in made.schedule if name.startswith("month_")]
    assert visits == [f"month_{number}" for number in (1, 6, 12, 24, 36, 48)]
    for name in ("baseline", *visits):
        assert {"skin_score", "fvc"} <= set(made.schedule[name].do)
    assert made.facts["skin_score"].high == 51
    assert made.products["t_cell_vaccine"].donor == "patient"
    assert sum(c.include for c in made.population.criteria) == 2
    assert sum(not c.include for c in made.population.criteria) == 10


def test_the_third_trial() -> None:
    """A run-in of six months, 1e6 cells per kilogram in 3 mL after 3 mL are removed, four injections 3 months apart."""
    made = protocol("NCT04821479")
    dose = made.doses["injection"]
    assert (dose.amount, dose.volume, dose.removed) == (cells(1e6, "cells/kg"), (Fraction(3), Fraction(3)), Fraction(3))
    assert [visit.name for visit in made.visits_giving()] == [f"injection_{number}" for number in (1, 2, 3, 4)]
    assert sum(visit.epoch == "run_in" and "alsfrs_r" in visit.do for visit in made.schedule.values()) == 7


def test_the_fourth_trial() -> None:
    """3e6 cells per kilogram once; freedom from related events and change of EDSS at 1, 3 and 6 months."""
    made = protocol("NCT06360861")
    assert made.doses["infusion"].amount == cells(3e6, "cells/kg")
    assert made.trial.planned == 5
    assert made.population.age is not None
    assert write(made.population.age) == "age 17..45 years at consent"
    written = {c.name: write(c.when) for c in made.population.criteria}
    assert "hemoglobin < 8 g/dL" in written["E4"]
    assert "> 2 years" in written["I4"]
    assert "< 16 years" in written["I4"]
    assert [o.rank for o in made.objectives.values()] == ["primary"] * 3 + ["secondary"] * 3
    assert (made.facts["edss"].low, made.facts["edss"].high) == (Fraction(0), Fraction(10))


def test_the_fifth_trial() -> None:
    """A ladder of 1e7, 5e7 and 1e8 cells from 5e7 in 5 to 10 mL, four injections, two years, two slopes."""
    made = protocol("NCT03268603")
    dose = made.doses["injection"]
    assert [rung.value for rung in dose.ladder] == [10**7, 5 * 10**7, 10**8]
    assert (dose.amount, dose.volume) == (cells(5e7), (Fraction(5), Fraction(10)))
    assert dose.adjust == "dose_modification"
    assert [visit.name for visit in made.visits_giving()] == [f"injection_{number}" for number in (1, 2, 3, 4)]
    order = list(made.schedule)
    assert order.index("injection_1") == 3
    last = made.schedule["last_visit"].when
    assert isinstance(last, m.Offset)
    assert (last.low.count, last.low.unit, last.anchor.name) == (24, "month", "injection_1")
    table = made.rules["dose_modification"]
    assert isinstance(table, m.Table)
    assert {row.then for row in table.rows} == {"stop", "down", "same", "up"}
    assert write(made.objectives["progression"].endpoint).startswith("slope(alsfrs_r, per month) after injection_1 - ")
