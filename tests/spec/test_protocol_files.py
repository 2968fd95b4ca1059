"""One YAML file holds a trial: who may take part, what may be observed, what is given, when people are seen, what stops
dosing, what is measured and how it is analysed. Coordinators and statisticians write it and review it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from small_file import FILE, broken, loaded
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.file import dump, fmt, load
from stromal.values import Duration, Quantity, Unusable


def protocol(old: str = "", new: str = "") -> m.Protocol:
    """The short trial, with one piece of its file replaced."""
    return load(broken(old, new) if old else FILE).require()


def test_every_value_knows_its_line() -> None:
    """Each entry and each key knows the line it stands on, so that a figure in a report can be traced to the file."""
    made = protocol()
    assert made.place("doses.injection.volume").quote == "volume: 3 mL"
    assert made.place("doses.injection.cap") == made.place("doses.injection")
    assert made.place("nothing.at.all").line == 0


def test_values_cite_the_record() -> None:
    """`sources` retells the lines of the record a protocol rests on, and `src` points at them."""
    made = protocol()
    assert made.sources["page"].lines == (1, 2, 3)
    assert made.trial.src == ("page",)


def test_what_the_record_does_not_say_is_assumed() -> None:
    """A reading that the record does not settle is listed under `assumed` until a person confirms it."""
    made = protocol("    confirmed: Dr Noor, 2020-01-02\n", "")
    assert made.assumed["rules.toxic"] == m.Assumption("rules.toxic", "the page gives no grade", "")
    assert protocol().assumed["rules.toxic"].confirmed == "Dr Noor, 2020-01-02"


def test_a_short_assumption_takes_one_line() -> None:
    """`path: what was assumed` is enough while nobody has confirmed it."""
    made = protocol(
        "  rules.toxic:\n    says: the page gives no grade\n    confirmed: Dr Noor, 2020-01-02\n",
        "  rules.toxic: a guess\n",
    )
    assert made.assumed["rules.toxic"].says == "a guess"


def test_everybody_has_a_birth_date_and_a_sex() -> None:
    """Two facts are there in every protocol without being declared."""
    assert protocol().facts["birth_date"].kind == "date"
    assert protocol().facts["sex"].options == ("female", "male")


def test_yes_and_no_are_words() -> None:
    """YAML 1.2 reads `no` as a word; `true` and `false` become yes and no where a text stands."""
    assert protocol("title: A short trial", "title: no").trial.title == "no"
    assert protocol("title: A short trial", "title: false").trial.title == "no"


def test_a_version_is_in_force_from_a_day_on() -> None:
    """A protocol has a version number and an effective date."""
    assert protocol().version == m.Version(1, date(2020, 1, 1))


# ---------------------------------------------------------------- schedule


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("day 0", m.DayZero()),
        ("within 28 days before start", m.Timeframe(Duration(28), "before", t.Anchor("start"))),
        ("6 months after start", m.Offset(Duration(6, "month"), Duration(6, "month"), "after", t.Anchor("start"))),
        ("14..21 days after start", m.Offset(Duration(14), Duration(21), "after", t.Anchor("start"))),
        ("7 days before start", m.Offset(Duration(7), Duration(7), "before", t.Anchor("start"))),
        ("28 days after last dose", m.Offset(Duration(28), Duration(28), "after", t.Anchor("dose", "last"))),
        (
            "every 2 months from start until last injection",
            m.Series(Duration(2, "month"), t.Anchor("start"), t.Anchor("injection", "last")),
        ),
        (
            "every 2 months from start until 3 months after last dose",
            m.Series(
                Duration(2, "month"), t.Anchor("start"),
                m.Offset(Duration(3, "month"), Duration(3, "month"), "after", t.Anchor("dose", "last")),
            ),
        ),
    ],
)  # fmt: skip
def test_visits_hang_on_anchors(text: str, when: m.When) -> None:
    """A visit is day 0, within or at some time before or after another visit or a dose, or repeats until one."""
    made = protocol("at: 28 days after last injection", f"at: {text}")
    assert made.schedule["last_visit"].when == when


def test_leeway_stands_in_window_or_in_at() -> None:
    """`window: +-7 days`, `window: -3..+7 days`, or `28 +-3 days after last dose`."""
    both = protocol("at: 28 days after last injection", "at: 28 +-3 d after last injection").schedule["last_visit"]
    assert (both.early, both.late) == (Duration(3), Duration(3))
    uneven = protocol(
        "    at: 1 month after start\n    window: +-7 days", "    at: 1 month after start\n    window: -3..+7 days"
    )
    assert (uneven.schedule["injection_1"].early, uneven.schedule["injection_1"].late) == (Duration(3), Duration(7))


def test_repeats_are_written_once() -> None:
    """`injection_2..4` stands for three visits, each after the one before."""
    made = protocol("  injection_2:", "  injection_2..4:")
    assert [name for name in made.schedule if name.startswith("injection")] == [f"injection_{n}" for n in (1, 2, 3, 4)]
    assert made.schedule["injection_4"].when == m.Offset(
        Duration(3, "month"), Duration(3, "month"), "after", t.Anchor("injection_3")
    )
    assert {visit.stem for name, visit in made.schedule.items() if name.startswith("injection")} == {"injection"}


def test_a_series_is_found_by_its_number() -> None:
    """The third visit of `every 2 months from a until b` is asked for as `visit_3`."""
    series = "  visit:\n    at: every 1 month from start until injection_2\n"
    made = protocol("  last_visit:\n", f"{series}  last_visit:\n")
    assert made.visit("visit_3") is made.schedule["visit"]
    assert made.visit("visit_x") is None
    assert made.visit("injection_9") is None
    assert made.visit("start") is made.schedule["start"]


def test_a_visit_may_be_conditional() -> None:
    """`if` and `unless` say when a visit takes place at all; together they are both asked."""
    assert protocol().schedule["injection_2"].condition == t.Not(t.Ref("toxic"))
    both = protocol("    unless: toxic\n", "    if: done(injection_1)\n    unless: toxic\n")
    assert both.schedule["injection_2"].condition == t.All((t.Done("injection_1"), t.Not(t.Ref("toxic"))))


def test_epochs_and_doses_are_found_in_order() -> None:
    """Epochs come in the order in which the schedule first names them, and doses in the order of visits."""
    made = protocol()
    assert made.epochs == ("run_in", "treatment", "follow_up")
    assert [visit.name for visit in made.visits_giving("injection")] == ["injection_1", "injection_2"]
    assert made.visits_giving() == made.visits_giving("injection")
    assert made.visits_giving("other") == ()


# ---------------------------------------------------------------- doses and products


def test_a_dose_is_per_kilogram_fixed_or_on_a_ladder() -> None:
    """A dose per kilogram says which weight, of which visit; a ladder says its rungs, the first dose and its table."""
    dose = protocol().doses["injection"]
    assert [rung.value for rung in dose.ladder] == [1_000_000, 2_000_000, 4_000_000]
    assert (dose.amount, dose.weight, dose.adjust) == (
        Quantity(Fraction(2_000_000), "cells/kg"),
        m.Weight("weight"),
        "table",
    )
    ladder = "    ladder: 1e6, 2e6, 4e6 cells/kg\n    start: 2e6 cells/kg of weight at same visit\n    adjust: table\n"
    fixed = protocol(ladder, "    amount: 1e8 cells\n    cap: 100 kg\n    removed: 3 mL\n").doses["injection"]
    assert (fixed.amount, fixed.weight, fixed.per_kg) == (Quantity(Fraction(10**8), "cells"), None, False)
    assert (fixed.cap, fixed.removed, fixed.volume) == (Fraction(100), Fraction(3), (Fraction(3), Fraction(3)))
    weighed = protocol(ladder, "    amount: 3e6 cells/kg of weight at start\n").doses["injection"]
    assert weighed.weight == m.Weight("weight", "start")


def test_the_rungs_of_a_ladder_are_in_one_unit() -> None:
    """Rungs may be written in any unit of cells; they are kept as cells or cells per kilogram."""
    text = broken("ladder: 1e6, 2e6, 4e6 cells/kg", "ladder: 1000 cells/g, 2e6, 4e6 cells/kg")
    assert [rung.value for rung in load(text).require().doses["injection"].ladder] == [1_000_000, 2_000_000, 4_000_000]
    for wrong in ("4e6, 2e6 cells/kg", "1e6, 2e6 kg", "1 kg, 2e6 cells/kg"):
        (finding,) = loaded(broken("ladder: 1e6, 2e6, 4e6 cells/kg", f"ladder: {wrong}"))
        assert finding.code == "notation"


def test_a_lot_must_pass_its_release_tests() -> None:
    """A release test compares a number with its unit, or asks for a word."""
    release = protocol().products["msc"].release
    assert release[0] == m.ReleaseTest("viability", ">=", Fraction(80), "%")
    assert release[1] == m.ReleaseTest("sterility", "=", "negative")


# ---------------------------------------------------------------- rules


def test_a_rule_is_a_predicate_a_table_or_a_hold() -> None:
    """A predicate is true or not; a table's first row that holds decides; a hold stands until every role has signed."""
    rules = protocol().rules
    assert isinstance(rules["toxic"], m.Predicate)
    table = rules["table"]
    assert isinstance(table, m.Table)
    assert ([row.then for row in table.rows], table.otherwise) == (["stop", "down"], "same")
    hold = rules["held"]
    assert isinstance(hold, m.Hold)
    assert (hold.level, hold.release) == ("participant", ("investigator",))


def test_a_rule_may_declare_something() -> None:
    """`declares` says what follows for the trial once a rule is true."""
    made = protocol(
        "  table:\n",
        "  proven:\n    when: count(participants where done(last_visit)) = 6\n    declares: it is safe\n  table:\n",
    )
    rule = made.rules["proven"]
    assert isinstance(rule, m.Predicate)
    assert rule.declares == "it is safe"


def test_a_hold_may_need_several_signatures() -> None:
    """`signed by a and b`: each of them must sign before dosing goes on."""
    hold = protocol("signed by investigator", "signed by investigator and medical_monitor").rules["held"]
    assert isinstance(hold, m.Hold)
    assert hold.release == ("investigator", "medical_monitor")


# ---------------------------------------------------------------- writing


def test_a_protocol_comes_back_from_its_dump() -> None:
    """What is dumped is loaded as the same protocol, places aside."""
    assert load(dump(protocol())).require() == protocol()


def test_the_formatter_writes_one_spelling() -> None:
    """Keys come in one order and expressions in one spelling, and nothing else changes."""
    text = broken("      when: score >= 15 at screening\n", "      when: score  at screening >=15\n")
    assert "      when: score >= 15 at screening\n" in fmt(text)
    shuffled = broken(
        "    says: the patient's own cells\n    donor: patient\n",
        "    donor: patient\n    says: the patient's own cells\n",
    )
    assert fmt(shuffled) == fmt(FILE)
    assert load(fmt(text)).require() == load(text).require()


def test_the_formatter_spells_the_conditions_of_visits() -> None:
    """`if` and `unless` are spelled like every other expression, in repeats too."""
    text = broken("  injection_2:", "  injection_2..4:").replace(
        "    unless: toxic\n", "    unless: (toxic)\n    if: ( done( start ) )\n"
    )
    assert "    if: done(start)\n    unless: toxic\n" in fmt(text)
    only = broken("    unless: toxic\n", "    if: ( done( start ) )\n")
    assert "    if: done(start)\n" in fmt(only)


def test_the_formatter_keeps_comments() -> None:
    """Comments and blank lines stay, also where keys change their order."""
    product = FILE[FILE.index("    says: the patient's own cells") : FILE.index("doses:")]
    turned = "    release: [sterility = negative] # asked by the regulator\n    donor: patient # collected here\n"
    text = broken(product, f"{turned}    says: the patient's own cells\n\n# about doses\n")
    after = fmt(text)
    assert "    release: [sterility = negative] # asked by the regulator\n\n# about doses\ndoses:\n" in after
    assert "    donor: patient # collected here\n" in after
    assert fmt(after) == after
    bare = broken(product, "    release: [sterility = negative]\n    donor: patient\n    says: x\n\n# about doses\n")
    assert "    says: x\n    donor: patient\n    release: [sterility = negative]\n\n# about doses\ndoses:\n" in fmt(
        bare
    )
    noted = text.replace(
        "    says: the patient's own cells\n", "    says: the patient's own cells # as the page has it\n"
    )
    assert fmt(fmt(noted)) == fmt(noted)
    assert all(words in fmt(noted) for words in ("# asked by", "# collected here", "# as the page", "# about doses\n"))


def test_the_formatter_refuses_what_does_not_load() -> None:
    """A file with errors is not rewritten; its findings are raised together."""
    with pytest.raises(Unusable, match="planned"):
        fmt(broken("planned: 10", "planned: many"))


def test_two_protocols_are_equal_by_what_they_say() -> None:
    """Comments, order of keys and lines do not count; every value does."""
    assert load("# a comment\n" + FILE).require() == protocol()
    assert replace(protocol(), version=m.Version(2, date(2021, 1, 1))) != protocol()
