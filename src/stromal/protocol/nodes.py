"""YAML text -> nodes that know their lines, and the reading of single keys, with a finding for everything amiss.

Takes the text of a protocol file; gives a Section, whose methods read one key each and never raise: what cannot be
read becomes a finding with file, line, value, rule and next step, and all of them are collected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from stromal.protocol.shape import SHAPES, keys, shape_of
from stromal.values import YEARS, Finding, Place, Severity, Unusable, nearest

_Read = TypeVar("_Read")
_ALIAS = re.compile(r"(?:^|[\s\[,{:-])\*[A-Za-z_]\w*", re.MULTILINE)
_BRACKET = re.compile(r"[\[\]{}]")
_FEW_ALIASES = 20
"""More aliases than anybody needs, and fewer than a file needs that is made to exhaust its reader."""
_LONGEST = 200_000
"""Characters; twenty times the longest protocol of the house. The reader keeps every line and comment, which takes it a
second or two for each hundred thousand."""
_DEEPEST = 100
"""Brackets inside one another; the reader takes the square of their number, and in the end runs out of stack."""
_EXPRESSIONS = {"expression", "number expression"}


class _Constructor(RoundTripConstructor):
    """Leaves a day that no calendar has as text, so that it gets a finding with its line."""

    def day_or_text(self, node: ScalarNode) -> object:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.day_or_text)


def yaml() -> YAML:
    """The one YAML 1.2 reader and writer of the house: block style, two spaces, no folding, quotes kept."""
    machine = YAML(typ="rt")
    machine.Constructor = _Constructor
    machine.composer.warn_double_anchors = False
    machine.preserve_quotes = True
    machine.width = 4096
    machine.indent(mapping=2, sequence=4, offset=2)
    return machine


@dataclass(slots=True)
class Report:
    """Gathers findings and the line of every path while one file is read."""

    file: str
    lines: list[str]
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def place(self, line: int) -> Place:
        """The place of a 1-based line, with the line quoted."""
        quote = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return Place(line, quote, self.file)

    def key_place(self, node: CommentedMap, key: object) -> Place:
        """The place of a key of a mapping; no line for a key that a merge brought in."""
        lines = node.lc.data or {}
        return self.place(lines[key][0] + 1) if key in lines else Place(0, "", self.file)

    def add(self, code: str, message: str, hint: str, path: str, severity: Severity = "error") -> None:
        """A finding at the line of a path."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        place = self.places.get(path, Place(0, "", self.file))
        self.findings.append(Finding(code, severity, message, (place,), hint))

    @property
    def failed(self) -> bool:
        """Whether anything was so wrong that no protocol can be made."""
        return any(finding.severity == "error" for finding in self.findings)


def parse(text: str, file: str) -> tuple[CommentedMap, Report]:
    """The root mapping of a protocol file. Raises Unusable where the text is no YAML mapping at all."""
    report = Report(file, text.splitlines())
    if unfit := _unfit(text, report):
        raise Unusable(unfit)
    try:
        root = yaml().load(text)
    except DuplicateKeyError:
        raise Unusable(*(_twice(name, first, line, report) for name, first, line in _duplicates(text))) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        told = " ".join(str(part) for part in (error.context, error.problem) if part)
        hint = "check indentation, a missing colon or an unclosed quote on this line or the one before"
        raise Unusable(Finding("yaml.syntax", "error", f"not YAML: {told}", (report.place(line),), hint)) from None
    except RecursionError:
        raise Unusable(_whole("yaml.depth", "it is nested too deep to be read", "write it flatter", file)) from None
    except (YAMLError, ValueError) as error:
        raise Unusable(_whole("yaml.syntax", f"not YAML: {error}", "save the file as plain UTF-8 text", file)) from None
    if root is None:
        raise Unusable(_whole("file.empty", "the file is empty", "start from one of protocols/*.yaml", file))
    if not isinstance(root, CommentedMap):
        raise Unusable(
            _whole("file.shape", "a protocol file is a mapping of sections", "start with 'stromal: 1'", file)
        )
    return root, report


def _unfit(text: str, report: Report) -> Finding | None:
    """What keeps a text from being read at all: what would take the reader for ever, and what is no text."""
    if len(text) > _LONGEST:
        message = f"the file holds {len(text):,} characters, at most {_LONGEST:,} can be read"
        hint = "check that it is the right file; a trial takes some hundred lines"
        return _whole("file.size", message, hint, report.file)
    if line := _too_deep(text):
        message, places = "brackets are nested too deep to be read", (report.place(line),)
        return Finding("yaml.depth", "error", message, places, "write it flatter")
    if len(_ALIAS.findall(text)) > _FEW_ALIASES:
        hint = "write the repeated text out; aliases of aliases can grow without end"
        return _whole("yaml.alias", "the file has too many YAML aliases (*name)", hint, report.file)
    if "\x00" in text:
        return _whole("file.binary", "this is not a text file", "give a protocol file in YAML", report.file)
    return None


def _too_deep(text: str) -> int:
    """The line on which more brackets stand open than anybody needs; 0 where there is none."""
    open_ = 0
    for found in _BRACKET.finditer(text):
        open_ = open_ + 1 if found[0] in "[{" else max(open_ - 1, 0)
        if open_ > _DEEPEST:
            return text.count("\n", 0, found.start()) + 1
    return 0


def _duplicates(text: str) -> Iterator[tuple[str, int, int]]:
    """Every key that stands twice in one mapping, with both lines."""
    nodes, visited = [yaml().compose(text)], set[int]()
    while nodes:
        node = nodes.pop(0)
        if id(node) in visited:
            continue
        visited.add(id(node))
        seen: dict[str, int] = {}
        for key, value in node.value if isinstance(node, MappingNode) else ():
            line = key.start_mark.line + 1
            if str(key.value) in seen:
                yield str(key.value), seen[str(key.value)], line
            seen.setdefault(str(key.value), line)
            nodes.append(value)
        nodes += node.value if isinstance(node, SequenceNode) else []


def _twice(name: str, first: int, line: int, report: Report) -> Finding:
    places = (report.place(line), report.place(first))
    return Finding("yaml.duplicate", "error", f"{name} is written twice here", places, "keep one of the two entries")


def _whole(code: str, message: str, hint: str, file: str) -> Finding:
    return Finding(code, "error", message, (Place(0, "", file),), hint)


@dataclass(slots=True)
class Section:
    """A mapping of the file, the shape it must have, and its path."""

    node: CommentedMap
    shape: str
    path: str
    report: Report

    def check_keys(self) -> None:
        """Unknown and missing keys, and expressions in flow style, where YAML would silently read something else."""
        known = keys(self.shape)
        for name in self.node:
            self.report.places[f"{self.path}.{name}"] = self.place(name)
            if name not in known:
                close = nearest(str(name), known)
                hint = f"did you mean {close}?" if close else f"known here: {', '.join(known)}"
                if self.node.fa.flow_style() and " " in str(name):
                    hint = "inside braces YAML cuts a text at every comma: put it in quotes"
                self.report.add("key.unknown", f"{self.path} has no key {name!r}", hint, f"{self.path}.{name}")
        for key in SHAPES[self.shape]:
            if key.required and self.node.get(key.name) is None:
                self.report.add("key.missing", f"{self.path} lacks {key.name}", f"{key.name}: {key.says}", self.path)
            if key.form in _EXPRESSIONS and key.name in self.node and self.node.fa.flow_style():
                message = f"the expression {self.path}.{key.name} stands in braces, where YAML cuts it at every comma"
                self.report.add("flow.expression", message, "write it in block style, one key a line", self.path)

    def place(self, name: object) -> Place:
        """The line of a key."""
        return self.report.key_place(self.node, name)

    def at(self, name: str) -> str:
        """The path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str) -> str:
        """A text, or a number written where a text may stand; empty when absent."""
        value = self.node.get(name)
        if value is None:
            return ""
        if isinstance(value, CommentedMap | CommentedSeq):
            self.report.add("kind.text", f"{self.at(name)} must be a text", "write one line of text", self.at(name))
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return " ".join(str(value).split())

    def whole(self, name: str) -> int:
        """A whole number; 0 when absent or wrong, with a finding when wrong."""
        value = self.node.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return int(value)
        if value is not None:
            self.report.add("kind.whole", f"{self.at(name)} is {value!r}", "write a whole number", self.at(name))
        return 0

    def day(self, name: str) -> date:
        """A calendar day; a far past one when wrong, with a finding."""
        value = self.node.get(name)
        if isinstance(value, date):
            if value.year not in YEARS:
                hint = f"write a day from {YEARS[0]} to {YEARS[-1]}: around others the calendar has no room for visits"
                self.report.add("date.far", f"{self.at(name)} is {value:%Y-%m-%d}", hint, self.at(name))
            return date(value.year, value.month, value.day)
        if value is not None:
            self.report.add("kind.date", f"{self.at(name)} is {value!r}", "write a day as 2024-05-31", self.at(name))
        return date.min

    def choice(self, name: str, default: str = "") -> str:
        """One of the options of the key."""
        value = self.text(name) or default
        options = next(key.options for key in SHAPES[self.shape] if key.name == name)
        if value and value not in options:
            close = nearest(value, options)
            hint = f"did you mean {close}?" if close else f"one of: {', '.join(options)}"
            self.report.add("choice.unknown", f"{self.at(name)} is {value!r}", hint, self.at(name))
            return default or options[0]
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        value = self.node.get(name)
        if value is None:
            return ()
        if isinstance(value, CommentedSeq):
            return tuple(" ".join(str(each).split()) for each in value)
        text = self.text(name)
        return (text,) if text else ()

    def lines(self, name: str) -> tuple[int, ...]:
        """Line numbers written as 45, 28-30 or a list of those."""
        found: list[int] = []
        for part in self.names(name):
            for piece in part.split(","):
                first, _, last = piece.strip().partition("-")
                if not first.isdigit() or (last and not last.isdigit()):
                    self.report.add("kind.lines", f"{piece!r} is no line number", "write 45 or 28-30", self.at(name))
                    continue
                found += range(int(first), int(last or first) + 1)
        return tuple(found)

    def read(self, name: str, reader: Callable[[str], _Read], default: _Read, text: str | None = None) -> _Read:
        """A small notation; the default, with a finding, when it cannot be read."""
        written = self.text(name) if text is None else text
        if not written:
            return default
        try:
            return reader(written)
        except ValueError as error:
            self.report.add("notation", f"{self.at(name)}: {error}", "see docs/protocol.md", self.at(name))
            return default

    def entries(self, name: str, shape: str) -> Iterator[tuple[str, Section]]:
        """The named entries under a key, each as a section of its own."""
        value = self.node.get(name)
        if value is None:
            return
        if not isinstance(value, CommentedMap):
            message = f"{self.at(name)} must hold named entries"
            self.report.add("kind.entries", message, "write 'name:' and indent below it", self.at(name))
            return
        holder = Section(value, shape, self.at(name), self.report)
        for key in value:
            yield from holder.entry(key)

    def entry(self, key: object) -> Iterator[tuple[str, Section]]:
        """One entry of a mapping of named entries."""
        path = f"{self.path}.{key}"
        self.report.places[path] = self.place(key)
        inside = self.node[key]
        if not isinstance(inside, CommentedMap):
            self.report.add(
                "kind.entry", f"{path} must be a mapping", f"known keys: {', '.join(keys(self.shape))}", path
            )
            return
        section = Section(inside, shape_of(self.shape, inside), path, self.report)
        section.check_keys()
        yield str(key), section
