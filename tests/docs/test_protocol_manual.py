"""The manual of the protocol file: its blocks are one file that loads, its expressions parse, its tables are true."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from small_file import scope_of
from stromal.protocol.designs import BOUNDARIES, DESIGNS
from stromal.protocol.file import fmt, load
from stromal.protocol.language import AE_FIELDS, RESERVED, parse
from stromal.protocol.look import CODES
from stromal.protocol.model import Protocol
from stromal.protocol.shape import READING_CODES, SECTIONS, SHAPES
from stromal.protocol.tree import WindowSpec
from stromal.protocol.writing import write
from stromal.rules.check import check

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
TEXT = MANUAL.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def the_file() -> str:
    """The YAML blocks, one after the other."""
    return "\n".join(blocks("yaml"))


def the_protocol() -> Protocol:
    """The protocol of the manual."""
    return load(the_file(), "docs/protocol.md").require()


def test_the_blocks_are_one_file() -> None:
    """Read one after the other, the YAML blocks are a protocol without a finding."""
    assert load(the_file()).findings == ()


def test_the_file_of_the_manual_is_canonical() -> None:
    """The manual shows files as the formatter writes them."""
    assert fmt(the_file()) == the_file()


def test_the_file_of_the_manual_is_sound() -> None:
    """Nothing in it is wrong or doubtful; what is assumed is said, and one rung may be asked for beyond the last."""
    assert {finding.code for finding in check(the_protocol())} <= {"assumed.unconfirmed"}


def test_the_design_of_the_manual_is_that_of_the_example() -> None:
    """The rule that the manual shows stands in the protocol it links, which is sound and canonical."""
    shown = next(block for block in blocks("text") if "design:" in block)
    example = (MANUAL.parent / "escalation.yaml").read_text(encoding="utf-8")
    assert shown in example
    assert fmt(example) == example
    assert check(load(example).require()) == ()
    section = TEXT[TEXT.index("### Designs and boundaries") :]
    assert all(f"`{name}`" in section for name in (*DESIGNS, *BOUNDARIES))


EXPRESSIONS = [line for block in blocks("expression") for line in block.splitlines()]


@pytest.mark.parametrize("line", EXPRESSIONS)
def test_every_expression_of_the_manual_is_read(line: str) -> None:
    """Each line is an expression of the manual's own protocol, and survives being written."""
    scope = scope_of(the_protocol())
    expr = parse(line, scope, "any")
    assert parse(write(expr), scope, "any") == expr


def test_the_manual_shows_every_part_of_the_language() -> None:
    """Every section has a block, every kind of fact, field of an event and window is named."""
    assert set(re.findall(r"^([a-z]+):", the_file(), re.MULTILINE)) - {"stromal"} == set(SECTIONS)
    kinds = next(key.options for key in SHAPES["fact"] if key.name == "kind")
    assert all(f"| `{kind}` |" in TEXT for kind in kinds)
    assert all(f"`{field}`" in TEXT for field in AE_FIELDS)
    shown = [parse(f"count(score {window}) > 0", scope_of(the_protocol())) for window in _windows()]
    seen = {type(expr.left.window) for expr in shown}  # type: ignore[union-attr]  # each is a comparison of a count
    assert seen == set(WindowSpec.__args__)


def _windows() -> list[str]:
    """The windows in the first column of the table of windows."""
    table = TEXT[TEXT.index("| window |") :].split("\n\n")[0]
    first = [row.split("|")[1] for row in table.splitlines()[2:]]
    return [window for cell in first for window in re.findall(r"`([^`]+)`", cell)]


def test_the_times_of_visits_in_the_manual_are_read() -> None:
    """Each time in the table of times is one that a visit may have."""
    table = TEXT[TEXT.index("| written | means |") :].split("\n\n")[0]
    for time in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE):
        named = time.replace("from a until b", "from start until injection_1")
        text = the_file().replace("    at: 12 months after last dose\n", f"    at: {named}\n")
        assert load(text).findings == (), time


# ---------------------------------------------------------------- tables made from the code


def _keys(shape: str) -> str:
    rows = []
    for key in SHAPES[shape]:
        form = ", ".join(f"`{option}`" for option in key.options) or key.form
        rows.append(f"| `{key.name}`{' *' if key.required else ''} | {form} | {key.says} |")
    return "\n".join(("| key (* required) | form | what it says |", "|---|---|---|", *rows))


def tables() -> Mapping[str, str]:
    """Every generated table of the manual."""
    made = {shape: _keys(shape) for shape in SHAPES}
    made["reserved"] = ", ".join(f"`{word}`" for word in sorted(RESERVED))
    found = [f"| `{code}` | {says} |" for code, says in READING_CODES.items()]
    made["reading"] = "\n".join(("| code | what it means |", "|---|---|", *found))
    doubts = [f"| `{code}` | {severity} | {says} |" for code, (severity, says) in CODES.items()]
    made["checks"] = "\n".join(("| code | severity | what it means |", "|---|---|---|", *doubts))
    return made


def test_tables_are_those_of_the_code() -> None:
    """Keys, reserved words and codes are printed from the code; STROMAL_GOLDEN=write prints them anew."""
    made = tables()

    def filled(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{made[match[1]]}\n<!-- end -->"

    fresh = re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", filled, TEXT, flags=re.DOTALL)
    if os.environ.get("STROMAL_GOLDEN") == "write":
        MANUAL.write_text(fresh, encoding="utf-8")
    else:
        assert fresh == TEXT, "docs/protocol.md is stale; make its tables with STROMAL_GOLDEN=write"
    assert set(re.findall(r"<!-- table: (\w+) -->", TEXT)) == set(made)
