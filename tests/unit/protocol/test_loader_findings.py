"""Every finding of the loader, each on its line and with its next step."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from small_file import FILE, broken, line_of, loaded
from stromal.protocol import language, nodes, reading, reading_designs, syntax
from stromal.protocol.file import load
from stromal.protocol.shape import READING_CODES
from stromal.values import Unusable


def _section(name: str) -> str:
    """A section of the file as it is written."""
    start = FILE.index(f"\n{name}:") + 1
    end = next((i for i in range(start + 1, len(FILE)) if FILE[i - 1] == "\n" and FILE[i] != " "), len(FILE))
    return FILE[start:end]


_ROWS = FILE[FILE.index("    choose:") : FILE.index("    otherwise: same")]

# code, what is replaced, by what, the words on the line where the finding must stand, words of the hint
CASES = [
    ("section.unknown", "rules:\n  toxic:", "rulse:\n  toxic:", "rulse:", "did you mean rules?"),
    ("section.unknown", "facts:\n  score", "measurements_of_people:\n  score", "measurements_of", "sections: stromal"),
    ("section.missing", "version:\n  number: 1\n  effective: 2020-01-01\n", "", "", "in force"),
    ("file.format", "stromal: 1", "stromal: 2", "stromal: 2", "start the file with 'stromal: 1'"),
    ("key.unknown", "  sponsor: A hospital", "  sponser: A hospital", "sponser", "did you mean sponsor?"),
    ("key.unknown", "    volume: 3 mL", "    zzz: 3 mL", "zzz", "known here: product"),
    ("key.missing", "  title: A short trial\n", "", "trial:", "title: what the trial is about"),
    ("key.missing", "      when: score >= 15 at screening\n", "", "I1:", "when: the condition"),
    ("kind.text", "  title: A short trial", "  title: [a, b]", "title:", "one line of text"),
    ("kind.whole", "  planned: 10", "  planned: ten", "planned", "whole number"),
    ("kind.whole", "  planned: 10", "  planned: true", "planned", "whole number"),
    ("kind.date", "effective: 2020-01-01", "effective: 2020-13-01", "effective", "2024-05-31"),
    ("date.far", "effective: 2020-01-01", "effective: 9999-12-31", "effective", "from 1900 to 2199"),
    ("date.far", "effective: 2020-01-01", "effective: 1899-12-31", "effective", "no room for visits"),
    ("kind.lines", "lines: 1-3", "lines: one", "lines: one", "45 or 28-30"),
    ("kind.entries", _section("products"), "products: msc\n", "products: msc", "indent below"),
    ("kind.entries", _section("trial"), "trial: x\n", "trial: x", "key: value"),
    ("kind.entries", _section("assumed"), "assumed: [rules.toxic]\n", "assumed:", "population.age: why"),
    (
        "kind.entry",
        "  start:\n    at: day 0\n    epoch: run_in\n    do: [marrow, score]\n",
        "  start: day 0\n",
        "start: day 0",
        "known keys: at",
    ),
    ("kind.rows", _ROWS, "    choose: stop\n", "choose: stop", "- when"),
    (
        "kind.row",
        "      - when: stage = late at screening\n        then: down\n",
        "      - stop\n",
        "- stop",
        "both keys",
    ),
    ("choice.unknown", "kind: specimen", "kind: specimin", "specimin", "did you mean specimen?"),
    ("choice.unknown", "  sex: any", "  sex: 7", "sex: 7", "one of: any, female, male"),
    ("notation", "volume: 3 mL", "volume: plenty", "volume", "docs/protocol.md"),
    ("notation", "at: 28 days after last injection", "at: soon", "at: soon", "docs/protocol.md"),
    ("notation", "range: 25..200", "range: 200..25", "200..25", "docs/protocol.md"),
    ("notation", "range: 25..200", "range: 25", "range: 25,", "docs/protocol.md"),
    ("range.order", "hemoglobin < 8 g/dL at screening", "hemoglobin 9..8 g/dL at screening", "9..8", "smaller"),
    ("range.order", "  injection_2:", "  injection_4..2:", "injection_4..2", "smaller number first"),
    ("range.order", "  injection_2:", "  injection_2..999:", "injection_2..999", "every 3 months"),
    ("name.unknown", "hemoglobin < 8 g/dL", "hemoglobn < 8 g/dL", "hemoglobn", "did you mean hemoglobin?"),
    ("name.unknown", "do: [marrow, score]", "do: [marow, score]", "marow", "did you mean marrow?"),
    ("name.unknown", "product: msc", "product: mcs", "product: mcs", "did you mean msc?"),
    ("name.unknown", "adjust: table", "adjust: tables", "adjust: tables", "did you mean table?"),
    ("name.unknown", "src: page", "src: pages", "src: pages", "did you mean page?"),
    ("name.unknown", "at: 1 month after start", "at: 1 month after strat", "after strat", "did you mean start?"),
    ("name.unknown", "at: 28 days after last injection", "at: 28 days after last injektion", "injektion", "injection?"),
    ("name.unknown", "signed by investigator", "signed by investigater", "investigater", "did you mean investigator?"),
    ("name.unknown", 'consent?" by investigator\n', 'consent?" by nurse\n', "by nurse", "known: auditor"),
    ("name.unknown", "of: effect", "of: efect", "of: efect", "did you mean effect?"),
    ("name.unknown", "of weight at same visit", "of wieght at same visit", "start: 2e6", "did you mean weight?"),
    ("name.unknown", "of weight at same visit", "of weight at strat", "start: 2e6", "did you mean start?"),
    ("name.unknown", "of: [weight]", "of: [weigth]", "of: [weigth]", "did you mean weight?"),
    (
        "name.unknown",
        "give: injection\n    do: [vitals, score, adverse_event]\n  injection_2",
        "give: injektion\n    do: [vitals, score, adverse_event]\n  injection_2",
        "injektion",
        "did you mean injection?",
    ),
    ("name.unknown", "    at: 3 months after previous\n", "    at: 3 months after previuos\n", "previuos", "known: "),
    ("name.form", "  stage: {kind: choice", "  Stage: {kind: choice", "Stage:", "small letters"),
    ("name.form", "  held:\n", "  last:\n", "otherwise: same\n  last:", "small letters"),
    ("name.identifier", "id: NCT00000001", "id: My trial", "id: My", "such as NCT01234567"),
    ("name.identifier", "id: NCT00000001", "id: ../x", "id: ..", "letters, digits and . _ - /"),
    ("name.identifier", "id: NCT00000001", "id: a//b", "id: a", "letters, digits"),
    ("name.identifier", "id: NCT00000001", "id: a/", "id: a", "letters, digits"),
    ("name.identifier", "id: NCT00000001", "id: Prüfung", "id: Pr", "letters, digits"),
    ("name.identifier", "id: NCT00000001", f"id: {'x' * 65}", "id: xx", "up to 64"),
    (
        "expression.depth",
        "hemoglobin < 8 g/dL at screening",
        "(" * 200 + "hemoglobin < 8 g/dL at screening" + ")" * 200,
        "(((((",
        "leave out needless brackets",
    ),
    (
        "expression.depth",
        "hemoglobin < 8 g/dL at screening",
        "not " * 5000 + "hemoglobin < 8 g/dL at screening",
        "not not",
        "make parts of it rules",
    ),
    ("name.twice", "  E1:\n", "  I1:\n", "exclude:\n    I1", "rename"),
    ("name.twice", "  held:\n", "  score:\n", "otherwise: same\n  score:", "rename"),
    ("name.twice", "  injection_2:\n", "  injection_1..2:\n", "injection_1..2", "keep one"),
    (
        "fact.options",
        "{kind: choice, of: [early, late], says: stage}",
        "{kind: choice, says: stage}",
        "says: stage",
        "of",
    ),
    ("fact.built_in", "  stage: {", "  sex: {kind: choice, of: [a, b]}\n  stage: {", "sex: {", "leave it out"),
    ("dose.amount", "    start: 2e6 cells/kg of weight at same visit\n", "", "doses:\n  injection:", "start:"),
    ("unit.unknown", "unit: g/dL", "unit: grams", "unit: grams", "UCUM"),
    ("unit.unknown", "hemoglobin < 8 g/dL", "hemoglobin < 8 grams", "8 grams", "UCUM"),
    ("unit.missing", "hemoglobin < 8 g/dL", "hemoglobin < 8", "hemoglobin < 8", "for example g/dL"),
    ("unit.missing", "18..65 years at consent", "18..65 at consent", "18..65 at", "years"),
    ("unit.clash", "hemoglobin < 8 g/dL", "hemoglobin < 8 kg", "8 kg", "g/dL"),
    ("unit.clash", "score >= 15 at screening", "score >= 15 kg at screening", "15 kg", "drop the unit"),
    ("kind.clash", "stage = late", "stage > 3", "stage > 3", "stage = early"),
    (
        "kind.clash",
        "when: malignancy within 5 years before screening",
        "when: score at screening",
        "when: score at scr",
        "compare",
    ),
    (
        "path.unknown",
        "  rules.toxic:\n    says",
        "  rules.toxik:\n    says",
        "rules.toxik",
        "did you mean rules.toxic?",
    ),
    (
        "rule.cycle",
        "when: count(adverse_event where grade >= 3 and related) > 0",
        "when: not toxic",
        "rules:\n  toxic:",
        "own",
    ),
    (
        "expression.syntax",
        "hemoglobin < 8 g/dL at screening",
        "hemoglobin < 8 g/dL at",
        "g/dL at\n",
        "docs/protocol.md",
    ),
    ("expression.syntax", "score >= 15", "score == 15", "score == 15", "= instead of =="),
    ("time.unit", "within 5 years before", "within 5 yearz before", "yearz", "weeks, months or years"),
    ("window.twice", "malignancy within 5 years before screening", "malignancy ever at screening", "ever at", "one"),
]


@pytest.mark.parametrize(("code", "old", "new", "where", "hint"), CASES, ids=[f"{c[0]}: {c[2][:30]}" for c in CASES])
def test_a_mistake_is_found_on_its_line(code: str, old: str, new: str, where: str, hint: str) -> None:
    """The finding has the code, the line of the mistake, the file, and a hint that helps."""
    text = broken(old, new)
    mine = [finding for finding in loaded(text) if finding.code == code]
    assert mine, [str(finding) for finding in loaded(text)]
    place = mine[0].places[0]
    assert place.file == "short.yaml"
    assert place.line == (_line(text, where) if where else 0)
    assert hint in mine[0].hint
    assert mine[0].severity == "error"


def _line(text: str, words: str) -> int:
    """The line on which the last of these words stands, where they stand first."""
    end = text.index(words) + len(words.rstrip("\n"))
    return text[:end].count("\n") + 1


# ---------------------------------------------------------------- many at once, and none twice


def test_the_file_itself_is_right() -> None:
    """The file that the cases break has no finding."""
    assert loaded(FILE) == ()


def test_all_findings_are_reported_in_the_order_of_the_file() -> None:
    """Several mistakes come back together, by line, and no protocol."""
    text = broken("  planned: 10", "  planned: many").replace("by investigator\n", "by nurse\n", 1)
    text = text.replace("hemoglobin < 8 g/dL", "hemoglobn < 8 g/dL").replace("product: msc", "product: mcs")
    found = loaded(text)
    assert [finding.code for finding in found] == ["kind.whole", "name.unknown", "name.unknown", "name.unknown"]
    lines = [finding.places[0].line for finding in found]
    assert lines == sorted(lines)
    assert lines == [line_of(text, words) for words in ("planned", "by nurse", "hemoglobn", "product: mcs")]
    assert load(text).protocol is None


@pytest.mark.parametrize(
    "name", ["EUCTR2012-000734-19/DE", "2004-000123-45", "CTRI/2018/05/014049", "x", "a.b_c-1", "7"]
)
def test_registry_numbers_are_identifiers(name: str) -> None:
    """The numbers that registries give, slashes and all, are ids of a trial; YAML may read one as a number."""
    assert load(broken("id: NCT00000001", f"id: {name}")).require().trial.id == name


@pytest.mark.parametrize("depth", [1, 20, 50])
def test_brackets_change_nothing(depth: int) -> None:
    """Needless brackets, as many as can be read, leave the condition as it is."""
    condition = "hemoglobin < 8 g/dL at screening"
    made = load(broken(condition, "(" * depth + condition + ")" * depth)).require()
    assert made.population == load(FILE).require().population


def test_a_mistake_in_a_repeat_is_reported_once() -> None:
    """Three visits written as one entry give one finding."""
    text = broken("  injection_2:", "  injection_2..4:").replace("unless: toxic", "unless: toxik")
    assert [finding.code for finding in loaded(text)] == ["name.unknown"]


def test_a_message_names_the_path() -> None:
    """The message says which expression is meant."""
    (finding,) = loaded(broken("hemoglobin < 8 g/dL", "hemoglobn < 8 g/dL"))
    assert finding.message == "population.exclude.E1.when: there is no name called hemoglobn"
    assert str(finding).startswith("short.yaml:")


def test_require_raises_every_finding() -> None:
    """Whoever needs a protocol gets all findings at once."""
    text = broken("  planned: 10", "  planned: many").replace("product: msc", "product: mcs")
    with pytest.raises(Unusable) as raised:
        load(text).require()
    assert [finding.code for finding in raised.value.findings] == ["kind.whole", "name.unknown"]


def test_previous_needs_a_visit_before_it() -> None:
    """The first visit of a file has no previous one."""
    text = broken("    at: within 28 days before start", "    at: 28 days after previous")
    (finding,) = loaded(text)
    assert (finding.code, finding.message) == ("name.unknown", "there is no visit called previous")


# ---------------------------------------------------------------- what YAML would misread


def test_an_expression_in_braces_is_refused() -> None:
    """`{when: f(a, 30 d)}` would be cut at the comma, silently."""
    old = "      says: Severe anaemia\n      when: hemoglobin < 8 g/dL at screening\n"
    text = broken(f"    E1:\n{old}", "    E1: {says: Anaemia, when: change(score, from start) at last_visit > 3}\n")
    found = loaded(text)
    assert {finding.code for finding in found} >= {"flow.expression", "key.unknown"}
    assert {finding.places[0].line for finding in found} == {line_of(text, "E1: {")}
    assert any("quotes" in finding.hint for finding in found)
    assert any("block style" in finding.hint for finding in found)


def test_an_expression_in_braces_is_refused_even_where_yaml_reads_it() -> None:
    """An expression without a comma is refused too: the next edit would break it."""
    text = broken("  toxic:\n    says: A related event of grade 3 or more\n"
                  "    when: count(adverse_event where grade >= 3 and related) > 0\n",
                  "  toxic: {when: done(start)}\n")  # fmt: skip
    assert [finding.code for finding in loaded(text)] == ["flow.expression"]


def test_brackets_inside_braces_are_no_yaml() -> None:
    """`{from: visit[1]}` cannot be read at all, and the line says where."""
    text = broken("    at: day 0\n", "    at: {from: visit[1]}\n")
    (finding,) = loaded(text)
    assert finding.code == "yaml.syntax"
    assert finding.places[0].line == line_of(text, "visit[1]")


def test_facts_may_stand_in_braces() -> None:
    """Facts hold no expression, so one line each is fine."""
    assert "facts:\n  score: {kind: score" in FILE


# ---------------------------------------------------------------- files that are no protocol


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "file.empty", 0),
        ("# only a comment\n", "file.empty", 0),
        ("- a\n- b\n", "file.shape", 0),
        ("just words\n", "file.shape", 0),
        ("PK\x00\x01", "file.binary", 0),
        ("\x07bell", "yaml.syntax", 0),
        ("stromal: 1\ntrial:\n\tid: x\n", "yaml.syntax", 3),
        ("stromal: 1\ntrial: 'x\n", "yaml.syntax", 3),
        ("a: 1\n---\nb: 2\n", "yaml.syntax", 2),
        ("stromal: !!int x\n", "yaml.syntax", 0),
        ("stromal: 1\ntrial: " + "[" * 90_000 + "\n", "yaml.depth", 2),
        ("".join(f"{' ' * i}k:\n" for i in range(600)), "yaml.depth", 0),
        ("stromal: 1\n" + "# nothing but words\n" * 10_000, "file.size", 0),
        ("a: &a [x]\n" + "".join(f"b{i}: [*a, *a, *a]\n" for i in range(9)), "yaml.alias", 0),
    ],
)
def test_what_is_no_protocol_at_all(text: str, code: str, line: int) -> None:
    """Empty, binary and misshapen files give one finding with a next step."""
    (finding,) = load(text, "some.yaml").findings
    assert (finding.code, finding.places[0].line) == (code, line)
    assert finding.hint
    assert finding.places[0].file == "some.yaml"


def test_every_doubled_key_is_reported_with_both_lines() -> None:
    """YAML would keep one of two keys silently; all of them are named."""
    text = broken("  planned: 10\n", "  planned: 10\n  planned: 12\n").replace(
        "  sex: any\n", "  sex: any\n  sex: male\n"
    )
    found = loaded(text)
    assert [finding.code for finding in found] == ["yaml.duplicate", "yaml.duplicate"]
    assert [place.line for place in found[0].places] == [line_of(text, "planned: 12"), line_of(text, "planned: 10")]
    assert "planned is written twice" in found[0].message


def test_a_doubled_key_in_a_file_that_refers_to_itself() -> None:
    """A YAML reference to its own mapping does not send the loader round in circles."""
    (finding,) = load("a: &a\n  b: *a\n  c: [1, {d: 1, d: 2}]\n").findings
    assert finding.message == "d is written twice here"


# ---------------------------------------------------------------- the table of codes

_ELSEWHERE = {"window.range", "window.misplaced", "window.epoch", "where.kind", "design.number"}
"""Codes of expressions alone, which tests/spec/test_language.py tries, and of designs, which test_designs tries."""
_WHOLE_FILE = {
    "file.empty",
    "file.shape",
    "file.binary",
    "yaml.syntax",
    "yaml.alias",
    "yaml.depth",
    "file.size",
    "yaml.duplicate",
    "flow.expression",
}


def test_every_code_is_tried() -> None:
    """No finding of the loader goes untested."""
    assert {case[0] for case in CASES} | _ELSEWHERE | _WHOLE_FILE == set(READING_CODES)


def test_the_table_of_codes_is_the_code() -> None:
    """Every code that the loader can give stands in the table, and no other."""
    written = set[str]()
    for module in (language, nodes, reading, reading_designs, syntax):
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                written.add(node.value)
    assert {code for code in READING_CODES if code in written} == set(READING_CODES)
    heads = "|".join(sorted({code.partition(".")[0] for code in READING_CODES}))
    like_codes = {text for text in written if re.fullmatch(rf"({heads})\.[a-z_]+", text)}
    assert like_codes == set(READING_CODES) - {"notation"}
