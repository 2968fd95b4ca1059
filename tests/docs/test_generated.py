"""Documents made from the code itself: they fail when stale, and `STROMAL_GOLDEN=write` makes them anew."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import typer
from typer.testing import CliRunner

from stromal.catalogue.ask import QUESTIONS
from stromal.catalogue.doses import WEIGHT_KG
from stromal.catalogue.related import AT_70_KG, FACTS, NEAR
from stromal.cli import app
from stromal.conduct.roles import TABLE
from stromal.protocol.model import ROLES

HOUSE = Path(__file__).resolve().parents[2]
DOCS = HOUSE / "docs"


def current(name: str, text: str) -> None:
    """Compare a generated document with the one in docs/, or write it when told to."""
    path = DOCS / name
    if os.environ.get("STROMAL_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"docs/{name} is missing; make it with STROMAL_GOLDEN=write"
    assert path.read_text(encoding="utf-8") == text, f"docs/{name} is stale; make it with STROMAL_GOLDEN=write"


def names() -> list[str]:
    """The commands, in the order of the program."""
    group = typer.main.get_command(app)
    return list(group.commands)  # type: ignore[attr-defined]  # several commands make a group


def test_commands_are_documented_as_they_are() -> None:
    """docs/commands.md holds the help of every command."""
    parts = ["# Commands", "", "Made from the program's own help.", ""]
    for name in names():
        shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})
        lines = [line.rstrip() for line in shown.stdout.strip().splitlines()]
        parts += [f"## {name}", "", "```text", *lines, "```", ""]
    current("commands.md", "\n".join(parts))


def test_the_roles_table_is_documented_as_it_is() -> None:
    """docs/roles.md is the table role x command."""
    commands = sorted({command.__name__ for allowed in TABLE.values() for command in allowed})
    head = ["# Who may do what", "", "Made from `conduct/roles.py`.", "", f"| command | {' | '.join(ROLES)} |",
            f"|---|{'---|' * len(ROLES)}"]  # fmt: skip
    allowed = {role: {command.__name__ for command in TABLE[role]} for role in ROLES}
    rows = [f"| {name} | {' | '.join('yes' if name in allowed[role] else '' for role in ROLES)} |" for name in commands]
    current("roles.md", "\n".join((*head, *rows, "")))


_RELATED = f"""Two trials share a fact when a value of it is the same in both. It counts its weight times how rare the value
is among the trials: ln((N + 1) / n) / ln(N + 1), where n of N trials have it. Doses count less the further apart they
are, nothing from a factor of {NEAR:g} on, and {AT_70_KG:g} of that where one of them is taken at {WEIGHT_KG} kg. A fact
that does not relate by itself only orders trials that share one that does."""  # noqa: E501 - the manual breaks its lines like this


def test_what_the_catalogue_answers_is_documented_as_it_is() -> None:
    """docs/answers.md holds the weights of related trials and the questions, from their tables."""
    lines = ["# What a catalogue answers", "", "Made from `catalogue/related.py` and `catalogue/ask.py`.", "",
             "## Related trials", "", _RELATED, "",
             "| fact | weight | relates by itself | what it is |", "|---|---|---|---|"]  # fmt: skip
    lines += [f"| {f.name} | {f.weight:g} | {'yes' if f.telling else ''} | {f.why} |" for f in FACTS]
    lines += ["", "## Questions", "", "| question | `--question` | fields it rests on |", "|---|---|---|"]
    for question in QUESTIONS:
        paths = ", ".join(f"`{path.removeprefix('protocolSection.')}`" for path in question.paths)
        lines.append(f"| {question.words} | {question.name} | {paths or 'none: it cannot be answered'} |")
    current("answers.md", "\n".join((*lines, "")))


def paragraph(docstring: str) -> str:
    """A docstring as a paragraph."""
    return " ".join(docstring.split())


def test_the_specification_is_what_the_spec_tests_say() -> None:
    """docs/spec.md: a chapter a file of tests/spec, a paragraph a test."""
    parts = [
        "# Specification",
        "",
        "Made from `tests/spec`: each chapter is a file, each point a test that passes.",
        "",
    ]
    for path in sorted((HOUSE / "tests" / "spec").glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        parts += [f"## {path.stem.removeprefix('test_').replace('_', ' ').capitalize()}", ""]
        opening = ast.get_docstring(module)
        parts += [paragraph(opening), ""] if opening else []
        tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        told = [(node.name, ast.get_docstring(node) or "") for node in tests]
        assert all(text for _, text in told), path.name
        parts += [f"- {paragraph(text)}" for _, text in told] + [""]
    current("spec.md", "\n".join(parts))


def test_the_readme_names_every_command_and_no_other() -> None:
    """Each command a user needs stands in the README; `schema` and `fmt` are for editors and stand in the manual."""
    text = (HOUSE / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`stromal ([a-z]+)", text))
    assert named <= set(names())
    assert set(names()) - named <= {"fmt", "schema", "demo"}
    assert "make demo" in text


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of every document exists."""
    for document in (*HOUSE.glob("*.md"), *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links {target}"
