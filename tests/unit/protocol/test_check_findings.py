"""Every finding of the static checks, each on its line, and none in the files the product ships that is not honest."""

from __future__ import annotations

import pytest

from five_files import NAMES, protocol
from small_file import FILE, broken, checked
from stromal.conduct.commands import ReleaseHold
from stromal.conduct.roles import may_do
from stromal.protocol.check import check
from stromal.protocol.look import CODES
from stromal.protocol.model import MAY_RELEASE, ROLES
from stromal.values import Finding


def _line(text: str, words: str) -> int:
    """The line on which the last of these words stands, where they stand first."""
    return text[: text.index(words) + len(words.rstrip("\n"))].count("\n") + 1


_CONSENT = 'judged "Can the person consent?" by investigator\n'

# code, what is replaced, by what, the words on the line of the first place, words of the message
CASES = [
    (
        "literal.implausible",
        "hemoglobin < 8 g/dL",
        "hemoglobin < 8 mg/dL",
        "8 mg/dL",
        "0.008 g/dL, outside 2 to 25 g/dL",
    ),
    ("literal.implausible", "score >= 15 at", "score >= 49 at", "score >= 49", "49, outside 0 to 48"),
    ("literal.implausible", "score >= 15 at", "15 <= score at screening and 490 < score at", "490", "490, outside"),
    ("literal.implausible", "hemoglobin < 8 g/dL at", "hemoglobin 1..8 g/dL at", "1..8", "1 g/dL, outside"),
    ("literal.implausible", "18..65 years", "18..650 years", "18..650", "nobody is 650 years old"),
    ("literal.implausible", "at last_visit\nanalyses", "at last_visit > 60\nanalyses", "> 60", "60, outside -48 to 48"),
    (
        "population.empty",
        "score >= 15 at screening",
        "score >= 15 at screening and score < 15 at screening",
        "score < 15",
        "I1 and I1 exclude each other",
    ),
    (
        "population.empty",
        "hemoglobin < 8 g/dL at",
        "score >= 10 at screening or hemoglobin < 8 g/dL at",
        "score >= 15",
        "I1 and E1 exclude each other on score at screening",
    ),
    ("population.empty", "score >= 15 at", "score > 48 at", "> 48", "score.range"),
    ("population.empty", "hemoglobin < 8 g/dL at screening", "stage in [early, late] at screening", "stage in [", "E1"),
    (
        "population.empty",
        f"{_CONSENT}  exclude:",
        f"{_CONSENT}    I3:\n      says: x\n      when: not {_CONSENT}  exclude:",
        'I2:\n      says: Can consent\n      when: judged "Can',
        "I2 and I3",
    ),
    (
        "age.contradiction",
        "score >= 15 at",
        "age 18..70 years at consent and score >= 15 at",
        "18..70",
        "I1 asks for age <= 70 years, population.age for age <= 65 years",
    ),
    (
        "age.contradiction",
        "score >= 15 at",
        "age > 18 years at consent and score >= 15 at",
        "age > 18",
        "I1 asks for age > 18 years, population.age for age >= 18 years",
    ),
    (
        "limit.differs",
        "hemoglobin < 8 g/dL at",
        "score < 20 at screening or hemoglobin < 8 g/dL at",
        "score >= 15",
        "I1 and E1 limit score at screening differently; E1 decides: >= 20",
    ),
    (
        "limit.twice",
        "hemoglobin < 8 g/dL at",
        "score < 15 at screening or hemoglobin < 8 g/dL at",
        "score >= 15",
        "I1 and E1 say one limit on score at screening",
    ),
    ("population.minors", "18..65 years", "16..65 years", "16..65", "people from 16 years may take part"),
    (
        "visit.unreachable",
        "at: 28 days after last injection",
        "at: 28 days after last_visit",
        "last_visit:",
        "last_visit hangs on last_visit, which never takes place",
    ),
    (
        "visit.unreachable",
        "at: 28 days after last injection",
        "at: 28 days after last last_visit",
        "last_visit:",
        "last",
    ),
    ("visit.unreachable", "    unless: toxic\n", "    if: toxic and not toxic\n", "injection_2:", "can never hold"),
    (
        "visit.unreachable",
        "at: 28 days after last injection",
        "at: every 1 month from injection_1 until last_visit",
        "last_visit:",
        "never takes place",
    ),
    (
        "visit.day_zero",
        "at: within 28 days before start",
        "at: day 0",
        "stage]\n  start:",
        "screening and start are all day 0",
    ),
    ("visit.foresight", "    unless: toxic\n", "    if: done(last_visit)\n", "injection_2:", "which comes later"),
    (
        "window.overlap",
        "    at: 3 months after previous\n    window: +-7 days\n",
        "    at: 3 months after previous\n    window: +-90 days\n",
        "injection_2:",
        "injection repeats after 3 months",
    ),
    (
        "window.overlap",
        "at: 28 days after last injection",
        "window: +-20 days\n    at: every 1 month from start until injection_2",
        "last_visit:",
        "overlap",
    ),
    (
        "window.before_anchor",
        "    at: 1 month after start\n    window: +-7 days\n",
        "    at: 3 days after start\n    window: +-7 days\n",
        "injection_1:",
        "injection_1 may fall before start",
    ),
    (
        "window.before_anchor",
        "at: within 28 days before start",
        "window: +-7 days\n    at: 3 days before start",
        "screening:",
        "screening may fall after start",
    ),
    (
        "window.empty",
        "count(adverse_event where related, since injection_1)",
        "count(adverse_event from last_visit until injection_1)",
        "until injection_1)",
        "injection_1 comes before last_visit",
    ),
    ("consent.missing", "do: [consent, score", "do: [score", "schedule:", "no visit asks for consent"),
    (
        "dose.ungiven",
        "schedule:\n",
        "  spare:\n    product: msc\n    amount: 1e6 cells\nschedule:\n",
        "spare:",
        "no visit gives spare",
    ),
    ("dose.off_ladder", "start: 2e6 cells/kg", "start: 3e6 cells/kg", "start: 3e6", "not on its ladder"),
    ("dose.off_ladder", "start: 2e6 cells/kg of weight at same visit", "start: 2e6 cells", "start: 2e6", "not on"),
    ("dose.above_ladder", "start: 2e6 cells/kg", "start: 8e6 cells/kg", "start: 8e6", "above its ladder"),
    (
        "ladder.unadjusted",
        "    adjust: table\n",
        "",
        "doses:\n  injection:",
        "nothing moves injection along its ladder",
    ),
    (
        "ladder.missing",
        "    ladder: 1e6, 2e6, 4e6 cells/kg\n    start: 2e6",
        "    amount: 2e6",
        "doses:\n  injection:",
        "table adjusts injection, which has no ladder",
    ),
    (
        "weight.unmeasured",
        "do: [vitals, score, adverse_event]\n  injection_2:",
        "do: [score, adverse_event]\n  injection_2:",
        "start: 2e6",
        "injection_1 gives injection by weight at injection_1, which does not measure it",
    ),
    ("weight.unmeasured", "of weight at same visit", "of weight at start", "of weight at start", "does not measure"),
    ("weight.unmeasured", "of weight at same visit", "of weight at injection_2", "of weight at inj", "comes later"),
    (
        "weight.unit",
        "weight: {kind: number, unit: kg,",
        "weight: {kind: number, unit: g/dL,",
        "start: 2e6",
        "weight is measured in g/dL",
    ),
    ("weight.unit", "weight: {kind: number, unit: kg,", "weight: {kind: number,", "start: 2e6", "no unit"),
    (
        "product.undosed",
        "doses:\n",
        "  spare:\n    says: x\n    donor: patient\ndoses:\n",
        "spare:",
        "spare is in no dose",
    ),
    ("collection.missing", "do: [marrow, score]", "do: [score]", "products:\n  msc:", "no visit takes a specimen"),
    (
        "table.gap",
        "    otherwise: same\n",
        "",
        "  table:",
        "table decides nothing when stage at screening = early and max grade(",
    ),
    (
        "row.idle",
        "stage = late at screening\n",
        "max grade(adverse_event where related, since previous dose) >= 4\n",
        ">= 4",
        "row 2 of table never decides",
    ),
    (
        "rule.never",
        "grade >= 3 and related) > 0",
        "grade >= 3 and related) > 0 and toxik and not toxik\n  toxik:\n    when: done(start)",
        "and not toxik",
        "toxic can never be true",
    ),
    ("rule.unused", "rules:\n", "rules:\n  spare:\n    when: done(start)\n", "spare:", "nothing asks for spare"),
    (
        "hold.unreleasable",
        "    release: signed by investigator\n",
        "",
        "held:",
        "nobody can lift held: it names nobody",
    ),
    ("hold.unreleasable", "signed by investigator", "signed by auditor", "held:", "auditor may not lift a hold"),
    ("hold.dose", "hold: participant", "hold: dose", "held:", "does not say which"),
    (
        "endpoint.kind",
        "endpoint: change(score, from start) at last_visit",
        "endpoint: stage at last_visit",
        "endpoint: stage",
        "neither a number nor true or false",
    ),
    (
        "endpoint.unmeasured",
        "do: [score, stage, adverse_event]",
        "do: [stage, adverse_event]",
        "at last_visit\n",
        "objectives.effect.endpoint asks for score at last_visit, and no visit there measures it",
    ),
    (
        "endpoint.unmeasured",
        "    population: done(injection_1)\n",
        "    population: count(hemoglobin in treatment) > 0\n",
        "count(hemoglobin",
        "asks for hemoglobin in treatment",
    ),
    (
        "endpoint.one_point",
        "endpoint: change(score, from start) at last_visit",
        "endpoint: slope(score, per month) in run_in",
        "slope(",
        "rests on one visit",
    ),
    ("analysis.method", "method: change", "method: proportion", "method: proportion", "proportion does not fit"),
    (
        "analysis.method",
        "method: adverse_events",
        "method: slope_difference",
        "method: slope",
        "slope_difference does not",
    ),
    (
        "objective.unanalysed",
        "  effect:\n    of: effect\n    method: change\n",
        "",
        "since injection_1)\n  effect:",
        "no analysis",
    ),
    ("objective.primary", "rank: primary", "rank: exploratory", "objectives:", "no objective is primary"),
    (
        "fact.unmeasured",
        "do: [consent, score,",
        "do: [consent,",
        "score >= 15",
        "include.I1 asks for score at screening",
    ),
    ("fact.unmeasured", "malignancy, stage]", "stage]", "malignancy within", "asks for malignancy, and no visit"),
    ("fact.unused", "facts:\n", "facts:\n  spare: {kind: yes_no}\n", "spare:", "spare is declared and never asked for"),
    ("source.uncited", "  src: page\n", "", "  page:", "nothing rests on page"),
    (
        "assumed.unconfirmed",
        "    confirmed: Dr Noor, 2020-01-02\n",
        "",
        "  rules.toxic:",
        "rules.toxic is assumed: the page",
    ),
]


@pytest.mark.parametrize(("code", "old", "new", "where", "words"), CASES, ids=[f"{c[0]}: {c[4][:30]}" for c in CASES])
def test_a_doubt_is_found_on_its_line(code: str, old: str, new: str, where: str, words: str) -> None:
    """The finding has the code, its severity, the line, the reason, and a next step."""
    text = broken(old, new)
    mine = [finding for finding in checked(text) if finding.code == code]
    assert mine, [str(finding) for finding in checked(text)]
    assert mine[0].severity == CODES[code][0]
    assert mine[0].places[0].line == _line(text, where)
    assert mine[0].places[0].file == "short.yaml"
    assert words in mine[0].message
    assert mine[0].hint


def test_the_file_itself_is_right() -> None:
    """The file that the cases break has no finding, so each case finds what it broke."""
    assert checked(FILE) == ()


# ---------------------------------------------------------------- findings that take more than one change


def _of(code: str, text: str) -> list[Finding]:
    return [finding for finding in checked(text) if finding.code == code]


def test_a_table_may_not_go_up_from_the_top() -> None:
    """A dose that starts on its highest rung cannot be raised."""
    text = broken("start: 2e6 cells/kg", "start: 4e6 cells/kg").replace("then: down", "then: up")
    (finding,) = _of("ladder.exceeded", text)
    assert "starts at the top of its ladder, and table says up" in finding.message


def test_a_table_that_can_climb_past_the_ladder_is_noted() -> None:
    """More doses than rungs above the first: the dose stays at the top, and somebody should know."""
    text = broken("  injection_2:", "  injection_2..4:").replace("then: down", "then: up")
    (finding,) = _of("ladder.top", text)
    assert (finding.severity, finding.places[0].line) == ("note", _line(text, "    ladder:"))
    assert not _of("ladder.top", broken("then: down", "then: up"))


def test_a_table_too_wide_to_go_through_must_say_otherwise() -> None:
    """Fifteen independent questions make more cases than are gone through."""
    facts = "".join(f"  q{i}: {{kind: yes_no}}\n" for i in range(15))
    row = " and ".join(f"q{i} at screening" for i in range(15))
    text = broken("facts:\n", f"facts:\n{facts}").replace("stage = late at screening", row)
    assert not _of("table.unproved", text)
    (finding,) = _of("table.unproved", text.replace("    otherwise: same\n", ""))
    assert finding.hint == "write otherwise:"


def test_a_total_table_needs_no_otherwise() -> None:
    """Rows that cover every grade are proved to do so, grades being whole numbers."""
    text = broken("stage = late at screening", "max grade(adverse_event where related, since previous dose) <= 2")
    assert not _of("table.gap", text.replace("    otherwise: same\n", ""))
    gap = text.replace("<= 2", "< 2").replace("    otherwise: same\n", "")
    assert "= 2" in _of("table.gap", gap)[0].message


def test_an_age_that_only_a_criterion_limits_is_a_contradiction() -> None:
    """The structured age has no upper limit, a criterion has one."""
    text = broken("  age: 18..65 years at consent\n", "  age: '>= 18 years at consent'\n")
    text = text.replace("score >= 15 at", "age < 80 years at consent and score >= 15 at")
    (finding,) = _of("age.contradiction", text)
    assert finding.message == "I1 asks for age < 80 years, population.age for no such limit"
    assert [place.line for place in finding.places] == [_line(text, "age < 80"), _line(text, "  age: ")]


def test_the_same_age_twice_is_no_contradiction() -> None:
    """A record may state its ages twice; only a difference counts."""
    assert not checked(broken("score >= 15 at", "age 18..65 years at consent and score >= 15 at"))


def test_an_age_said_only_in_a_criterion_is_no_contradiction() -> None:
    """Without a structured age there is nothing to contradict."""
    text = broken("  age: 18..65 years at consent\n", "").replace("score >= 15", "age >= 18 years and score >= 15")
    assert not checked(text)


def test_a_sex_nobody_can_have() -> None:
    """The structured sex and a criterion exclude each other."""
    text = broken("  sex: any", "  sex: female").replace("score >= 15 at", "sex = male and score >= 15 at")
    (finding,) = _of("population.empty", text)
    assert "sex and I1 exclude each other" in finding.message


def test_what_stands_under_or_binds_nobody() -> None:
    """A limit that one of two ways asks for contradicts nothing."""
    text = broken("score >= 15 at screening", "score < 10 at screening or score >= 15 at screening")
    assert not checked(text.replace("hemoglobin < 8 g/dL at", "score >= 20 at screening and hemoglobin < 8 g/dL at"))


def test_two_windows_are_two_things() -> None:
    """A score at screening and the latest score may differ, so their limits do not exclude each other."""
    text = broken("score >= 15 at screening", "score >= 15 at screening and score < 15 latest before enrolment")
    assert not _of("population.empty", text)


def test_a_visit_hung_on_a_lost_visit_is_lost_too() -> None:
    """What hangs on a visit that never takes place never takes place either."""
    text = broken("at: 1 month after start", "at: 1 month after injection_2")
    assert [finding.message.split()[0] for finding in _of("visit.unreachable", text)] == [
        "injection_1", "injection_2", "last_visit",
    ]  # fmt: skip


def test_a_visit_may_ask_for_an_earlier_one() -> None:
    """Only later visits cannot be asked for."""
    assert not checked(broken("    unless: toxic\n", "    unless: toxic\n    if: done(injection_1)\n"))


def test_a_conditional_anchor_is_fine() -> None:
    """A visit may hang on one that takes place only under a condition."""
    assert "unless: toxic" in FILE
    assert not _of("visit.unreachable", broken("at: 28 days after last injection", "at: 28 days after injection_2"))


def test_a_file_without_day_zero_hangs_on_milestones() -> None:
    """Visits may hang on consent or enrolment, which happen to everybody."""
    assert not _of("visit.unreachable", broken("    at: day 0\n", "    at: 7 days after enrolment\n"))


# ---------------------------------------------------------------- the table of codes, and the five


def test_every_code_is_tried() -> None:
    """No finding of the checks goes untested."""
    elsewhere = {"ladder.top", "ladder.exceeded", "table.unproved"}
    elsewhere |= {code for code in CODES if code.startswith(("design.", "boundary."))}  # test_designs tries them
    assert {case[0] for case in CASES} | elsewhere == set(CODES)


@pytest.mark.parametrize(("assumed", "warned"), [("products.spare", False), ("products.spare.donor", True), ("", True)])
def test_a_product_in_no_dose_may_be_assumed(assumed: str, warned: bool) -> None:
    """A product that nobody is given is silent once `assumed` says why of the product itself, not of a key."""
    text = FILE.replace("doses:\n", "  spare:\n    says: x\n    donor: patient\ndoses:\n", 1)
    if assumed:
        text = text.replace("assumed:\n", f"assumed:\n  {assumed}: the record gives no amount\n")
    hints = [each.hint for each in checked(text) if each.code == "product.undosed"]
    assert hints == ["write a dose, or say under assumed, as products.spare, why not"] * warned


def test_those_who_may_lift_a_hold_are_those_whose_command_it_is() -> None:
    """The checks and the roles table agree on who releases holds."""
    assert set(MAY_RELEASE) == {role for role in ROLES if may_do(role, ReleaseHold)}


_HONEST = {
    "NCT00186914": set[str](),
    "NCT03268603": {"ladder.top"},
    "NCT04821479": set[str](),
    "NCT05016804": {"rule.unused"},
    "NCT06360861": {"population.minors"},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_five_have_only_honest_findings(name: str) -> None:
    """No error and no contradiction; every assumption, and what their records leave open."""
    made = protocol(name)
    found = check(made)
    assert {finding.code for finding in found} - {"assumed.unconfirmed"} == _HONEST[name]
    assert not [finding for finding in found if finding.severity in ("error", "contradiction")]
    assumed = [finding for finding in found if finding.code == "assumed.unconfirmed"]
    assert [finding.message.split(" is assumed")[0] for finding in assumed] == list(made.assumed)
    assert [finding.places[0].line for finding in found] == sorted(finding.places[0].line for finding in found)
