"""Rules that name a design and holds that name a boundary: read, written, told apart, said, and checked."""

from __future__ import annotations

import jsonschema
import pytest

from escalating_site import EXAMPLE, text
from stromal.protocol import model as m
from stromal.protocol.designs import BOUNDARIES, BOUNDARY_MEANINGS, DESIGNS, MEANINGS, read_number, write_number
from stromal.protocol.differences import differences
from stromal.protocol.file import dump, fmt, load
from stromal.protocol.look import CODES
from stromal.protocol.nodes import yaml
from stromal.protocol.shape import SHAPES, schema
from stromal.protocol.words import synopsis
from stromal.rules.check import check, unusable
from stromal.rules.escalation.named import KINDS
from stromal.values import Duration, Finding


def rule(written: str) -> m.Escalation:
    """The rule of escalation."""
    found = load(written).require().rules["escalation"]
    assert isinstance(found, m.Escalation)
    return found


def found(written: str, code: str) -> list[Finding]:
    """The findings of one code, of the loader or the checks."""
    loaded = load(written, "x.yaml")
    return [each for each in (*loaded.findings, *(check(loaded.protocol) if loaded.protocol else ()))
            if each.code == code]  # fmt: skip


# ---------------------------------------------------------------- read and written


def test_what_is_read() -> None:
    """A design with its numbers, in the order of the table whatever the order of the file."""
    made = rule(text("cohort: 3\nwindow: 28 days\ndesign: boin\nwait: yes\ntarget: 0.30"))
    assert (made.design, made.dose, made.window, made.seen) == ("boin", "infusion", Duration(28), None)
    assert made.numbers == (("target", 0.3), ("cohort", 3), ("wait", True))


_RULES = [
    "design: 3+3\nwindow: 28 days\ndeescalate: no",
    "design: crm\nseen: done(month_1)\nskeleton: [0.05, 0.12, 0.25]\nmodel: logistic\ncohort_days: 3.5",
    "design: blrm\nwindow: 1 month\namounts: 1, 5, 10\ninterval: 0.16, 0.33",
    "design: tite-boin\nwindow: 6 weeks\npending: 0.4",
    "design: within\nwindow: 28 days\npeople: 6\nneed: 5",
    "design: ladder\ntoxicity: max grade(adverse_event where related, since last dose)\npeople: 10",
]


@pytest.mark.parametrize("written", _RULES)
def test_they_come_back(written: str) -> None:
    """Dumped, formatted and read again a design is the same; an editor's schema accepts it."""
    protocol = load(text(written)).require()
    assert load(dump(protocol)).require() == protocol
    assert load(fmt(text(written))).require() == protocol
    assert fmt(dump(protocol)) == dump(protocol)
    jsonschema.validate(_plain(yaml().load(dump(protocol))), schema())


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if type(value).__name__ == "date" else value


def test_the_example_is_canonical_and_sound() -> None:
    """The example that the manual links has no finding and nothing to format."""
    assert (load(EXAMPLE).findings, check(load(EXAMPLE).require())) == ((), ())
    assert fmt(EXAMPLE) == EXAMPLE


@pytest.mark.parametrize("name", MEANINGS)
def test_every_number_is_read_as_it_is_written(name: str) -> None:
    """Each form of number: its text, and what cannot be it."""
    meaning = MEANINGS[name]
    good = {"share": "0.25", "number": "1.5", "count": "3", "days": "2.5", "yes_no": "yes", "series": "0.1, 1, 2"}
    written = good.get(meaning.form) or meaning.words[0]
    value = read_number(name, written, meaning)
    assert read_number(name, str(write_number(value)), meaning) == value
    wrong = {"share": "1", "count": "2.5", "days": "-1", "yes_no": "perhaps", "word": "other"}.get(meaning.form, "many")
    with pytest.raises(ValueError, match=name):
        read_number(name, wrong, meaning)
    if meaning.form not in ("yes_no", "word"):
        with pytest.raises(ValueError, match="is a number"):
            read_number(name, "inf", meaning)


def test_the_tables_agree() -> None:
    """Every number a design takes has a meaning, is a key of the file, and every design can be made."""
    assert {name for each in DESIGNS.values() for name in each.takes} == set(MEANINGS)
    assert {name for each in BOUNDARIES.values() for name in each.takes} < set(BOUNDARY_MEANINGS)
    assert set(KINDS) == set(DESIGNS)
    keys = {key.name for key in SHAPES["design"]}
    assert set(MEANINGS) < keys
    assert len(keys) == len(SHAPES["design"]), "no key stands for two things"


def test_differences_are_told_number_by_number() -> None:
    """An amendment of a design is reviewed number by number."""
    old, new = (load(text(f"design: boin\nwindow: 28 days\ntarget: {x}")).require() for x in ("0.3", "0.25"))
    (changed,) = differences(old, new)
    assert changed.says == "rules.escalation.target was 0.3, now 0.25"


def test_in_plain_english() -> None:
    """The synopsis says what the design does, and what the boundary counts."""
    lines = [said for label, said in synopsis(load(EXAMPLE).require()).lines if label == "Rule"]
    assert lines[1] == (
        "escalation: the level of each cohort of infusion by boin (the rate against two boundaries); a participant "
        "has a toxicity when toxicity (a related event of grade 3 or more within 28 days) holds; watched for 28 days; "
        "target 0.3, cohort 3, most 24, sentinel days 7"
    )
    assert lines[2].startswith("held: more participants of whom this is so than the pocock boundary allows (the same")
    told = dict(synopsis(load(text(_RULES[5])).require()).lines[::-1])["Rule"]
    assert told, "a course is said too"
    words = [said for label, said in synopsis(load(text(_RULES[1])).require()).lines if "crm" in said]
    assert "watched until month 1 took place; cohort days 3.5, skeleton 0.05, 0.12, 0.25" in words[0]


# ---------------------------------------------------------------- checked

_LADDERLESS = EXAMPLE.replace("ladder: 1e7, 5e7, 1e8 cells\n    start: 1e7", "amount: 1e7")
_BOIN = "design: boin\nwindow: 28 days\n"
_CASES = [
    ("design.number", text(f"{_BOIN}deescalate: yes"), "boin takes no deescalate", "it takes target"),
    ("design.number", text(f"{_BOIN}target: 30"), "target (the toxicity rate looked for) lies between 0 and 1", ""),
    ("design.number", text(f"{_BOIN}wait: perhaps"), "is yes or no, not perhaps", ""),
    ("key.unknown", text(f"{_BOIN}targt: 0.3"), "rules.escalation has no key 'targt'", "did you mean target?"),
    ("choice.unknown", text("design: boim\nwindow: 28 days"), "design is 'boim'", "did you mean boin?"),
    ("choice.unknown", text(boundary="pocok"), "boundary is 'pocok'", "did you mean pocock?"),
    ("key.missing", text(_BOIN).replace("    toxicity: toxicity\n", ""), "escalation lacks toxicity", ""),
    ("name.unknown", EXAMPLE.replace("of: infusion", "of: infuson"), "no dose called infuson", "infusion?"),
    ("notation", text("design: boin\nwindow: long"), "is not a length of time", ""),
    ("key.missing", text(level="").replace("    level: \n", ""), "held lacks level", "chance of stopping"),
    ("kind.clash", EXAMPLE.replace("endpoint: toxicity", "endpoint: escalation"), "escalation is a design", "a hold"),
    ("design.dose", _LADDERLESS, "has none", "ladder:"),
    ("design.twice", EXAMPLE.replace("  held:", "  again:\n    design: 3+3\n    of: infusion\n    toxicity: toxicity\n"
                                     "    window: 28 days\n  held:"), "by escalation and by again", "keep one"),
    ("design.start", text(f"{_BOIN}start: 4"), "begins at level 4 of a ladder of 3", "from 1 to 3"),
    ("design.start", text(f"{_BOIN}start: 2"), "and infusion starts at 1.0e7 cells, level 1", "agree"),
    ("design.start", text("design: within\nwindow: 28 days").replace("start: 1e7", "start: 5e7"), "in turn", "lowest"),
    ("design.window", text("design: boin"), "does not say when", "window: or seen:"),
    ("design.window", text(f"{_BOIN}seen: done(month_1)"), "says twice when", "one of them"),
    ("design.window", text("design: tite-boin\nseen: done(month_1)"), "gives no window", "instead of seen:"),
    ("design.window", text("design: boin\nwindow: 0 days"), "is empty", "length"),
    ("design.contradiction", text(f"{_BOIN}target: 0.3\nsafe: 0.4"), "safe 0.4 and target 0.3", "correct"),
    ("design.contradiction", text("design: tite-boin\nwindow: 28 days\nwait: yes"), "goes on while", "name boin"),
    ("design.impossible", text("design: crm\nwindow: 28 days\nskeleton: 0.1, 0.2"), "2 numbers for 3 doses", "correct"),
    ("design.impossible", text("design: crm\nwindow: 28 days\nskeleton: 0.2, 0.1, 0.3"), "a skeleton rises", ""),
    ("design.idle", text(f"{_BOIN}people_days: 7\nsentinel_days: 3"), "people are 7 days apart anyway", "take it out"),
    ("design.idle", text(f"{_BOIN}cohort: 1\nsentinel_days: 3"), "cohorts are of one", ""),
    ("design.idle", text(f"{_BOIN}most: 12\nstop_at: 13"), "at most 12 people", ""),
    ("design.idle", text(f"{_BOIN}wait: yes"), "boin waits for open windows anyway", ""),
    ("design.idle", text("design: crm\nwindow: 28 days\nskeleton: 0.1, 0.2, 0.3\nprior_dose: 2"), "is given", ""),
    ("design.visits", text("design: within\nwindow: 28 days"), "3 doses, and 1 visit gives infusion", "add visits"),
    ("design.visits", text("design: ladder\ntoxicity: max grade(adverse_event)"), "each person 4 doses", "fewer"),
    ("design.people", text(f"{_BOIN}most: 25"), "up to 25 people, and 24 are planned", "agree"),
    ("boundary.people", text().replace("people: 24", "people: 20"), "20 people, and 24 are planned: the last", "agree"),
    ("boundary.people", text().replace("people: 24", "people: 30"), "its level is not used up", "agree"),
    ("boundary.level", text(hold="participant"), "cannot hold a single one", "hold: trial"),
    ("boundary.impossible", text(boundary="sprt"), "the boundary sprt needs worse", ""),
    ("boundary.impossible", text(boundary="wang-tsiatis\n    shape: 0.7"), "the shape lies between 0", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "written", "words", "hint"), _CASES, ids=[f"{c[0]}: {c[2][:24]}" for c in _CASES])
def test_what_is_found(code: str, written: str, words: str, hint: str) -> None:
    """Each finding has its place, what is wrong, and the next step."""
    mine = [each for each in found(written, code) if words in each.message]
    assert mine, [str(each) for each in found(written, code)]
    assert hint in mine[0].hint
    assert mine[0].hint
    assert mine[0].places[0].line


def test_every_code_is_tried() -> None:
    """No finding on designs goes untested."""
    mine = {code for code in CODES if code.startswith(("design.", "boundary."))}
    assert mine <= {case[0] for case in _CASES}


@pytest.mark.parametrize("written", _RULES)
def test_the_others_are_sound(written: str) -> None:
    """Nothing is found in designs that are right."""
    assert not [each for each in check(load(text(written)).require())
                if each.code.startswith("design.") and each.code not in ("design.people", "design.visits")]  # fmt: skip


def test_a_protocol_by_which_nobody_can_be_dosed() -> None:
    """What contradicts the plan may be adopted; what leaves a dose undecided may not."""
    assert list(unusable(load(text(f"{_BOIN}most: 25")).require())) == []
    (wrong,) = unusable(load(text("design: boin")).require())
    assert wrong.code == "design.window"
    (ladderless,) = unusable(load(_LADDERLESS).require())
    assert ladderless.code == "design.dose"
