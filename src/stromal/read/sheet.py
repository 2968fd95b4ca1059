"""The sheet a draft is written on: sections of a protocol file, their sources, what is assumed, what stays words.

Takes rows as they are worked out; gives the text of a protocol file. Used by `draft` and the modules that fill it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from stromal.protocol.language import RESERVED
from stromal.read.phrases import slug
from stromal.read.record import Statement
from stromal.values import Finding, Place, Severity

Node: TypeAlias = "str | int | list[str] | list[Row] | dict[str, Node]"
Row: TypeAlias = dict[str, Node]

SECTIONS = (
    "trial", "version", "sources", "assumed", "population", "facts", "products", "doses", "schedule", "rules",
    "objectives", "analyses",
)  # fmt: skip
_FLOW = ("sources", "facts")
"""Sections whose entries are short enough for one line."""
_LONGEST_QUOTE = 110
_PLAIN = re.compile(r"[A-Za-z0-9/(≥≤].*[^\s:]|[A-Za-z0-9]")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_IN_FLOW = re.compile(r"[,\[\]{}\"'#]")


@dataclass(slots=True)
class Sheet:
    """A protocol file being drafted."""

    sections: dict[str, Row] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    notes: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def source(self, name: str, *places: Place) -> str:
        """Number a source by its lines, quoting the page; gives the name it can be cited by."""
        lines = sorted({place.line for place in places if place.line})
        quote = next((place.quote for place in places if place.quote), "")
        if len(quote) > _LONGEST_QUOTE:
            quote = quote[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " ..."
        known = self.sections["sources"]
        path = next((place.path for place in places if place.line), "")
        if name not in known and lines:
            counted = sorted({place.line for place in places if place.line and place.path == path})
            where: dict[str, Node] = {"path": path} if path else {}
            known[name] = {**where, "lines": [str(line) for line in counted], "says": printable(quote)}
        return name

    def stated(self, statement: Statement) -> list[str]:
        """The source of a statement, as `src` takes it; nothing where no place states it."""
        return [self.source(statement.name, *statement.places)] if any(p.line for p in statement.places) else []

    def assume(self, path: str, says: str) -> None:
        """List something that the page does not settle; several things about one path are all kept."""
        known = str(self.sections["assumed"].get(path, ""))
        if printable(says) not in known:
            self.sections["assumed"][path] = "; ".join(filter(None, (known, printable(says))))

    def prune(self) -> None:
        """Drop what was assumed of entries that the draft does not hold after all."""
        assumed = self.sections["assumed"]
        self.sections["assumed"] = {path: says for path, says in assumed.items() if _stands(self.sections, path)}

    def fact(self, name: str, **row: Node) -> str:
        """Declare a fact once; gives its name."""
        self.sections["facts"].setdefault(name, dict(row))
        return name

    def note(self, section: str, words: str) -> None:
        """Keep words of the page that fit no key, as a comment above a section."""
        self.notes.setdefault(section, []).append(printable(words))

    def found(self, code: str, severity: Severity, message: str, *places: Place, hint: str = "") -> None:
        """Tell the reader of the draft something."""
        self.findings.append(Finding(code, severity, message, places, hint))

    def text(self) -> str:
        """The file."""
        lines = ["# Drafted from a registry page. Line numbers under `sources` are those of the page as published;",
                 "# everything under `assumed` waits for somebody to confirm it.", "stromal: 1"]  # fmt: skip
        for name in SECTIONS:
            rows = self.sections[name]
            if rows:
                lines += ["", *(f"# {words}" for words in self.notes.get(name, ())), f"{name}:"]
                lines += _block(rows, 1, name in _FLOW)
        return "\n".join(lines) + "\n"


def _stands(node: Mapping[str, Node], path: str) -> bool:
    """Whether the sections hold an entry at this path; names may hold dots of their own, as repeats do."""
    inside = ((node[key], path[len(key) + 1 :]) for key in node if path.startswith(f"{key}."))
    return path in node or any(isinstance(part, dict) and _stands(part, rest) for part, rest in inside)


def printable(text: str) -> str:
    """Text without signs that no file should hold."""
    plain = text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())


def named(text: str, fallback: str, words: int = 4) -> str:
    """A name the language accepts: snake_case, beginning with a letter, not a reserved word."""
    name = slug(text, words).lstrip("0123456789_") or fallback
    return f"{name}_" + "x" if name in RESERVED else name


def _scalar(value: str | int, flow: bool) -> str:
    """A value as YAML: bare where it can only be read as text, else quoted."""
    if isinstance(value, int):
        return str(value)
    bare = _PLAIN.fullmatch(value) and ": " not in value and " #" not in value and value.lower() not in _WORDS_OF_YAML
    if bare and not _is_number(value) and not (flow and _IN_FLOW.search(value)):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_number(value: str) -> bool:
    try:
        float(value.replace("_", ""))
    except ValueError:
        return value[:2].lower() in ("0x", "0o", "0b")
    return True


def _inline(value: Node) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_inline(inner)}" for key, inner in value.items()) + "}"
        case list():
            names = [part for part in value if isinstance(part, str)]
            return "[" + ", ".join(part if part.isdigit() else _scalar(part, flow=True) for part in names) + "]"
        case _:
            return _scalar(value, flow=True)


def _block(rows: Row, depth: int, flow: bool) -> list[str]:
    made = []
    for key, value in rows.items():
        indent = "  " * depth
        if value in ([], ""):
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            made.append(f"{indent}{key}:")
            for row in value:
                first, *rest = _block(row if isinstance(row, dict) else {}, depth + 2, flow=False)
                made += [f"{indent}  - {first.strip()}", *rest]
        elif isinstance(value, dict) and not flow:
            made += [f"{indent}{key}:", *_block(value, depth + 1, flow=False)]
        elif isinstance(value, dict | list):
            made.append(f"{indent}{key}: {_inline(value)}")
        else:
            made.append(f"{indent}{key}: {_scalar(value, flow=False)}")
    return made
