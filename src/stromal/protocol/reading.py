"""Nodes of a protocol file -> the model, with a finding for every name, kind or unit that does not fit.

Takes the root mapping and the report that gathers findings; gives a Protocol. `file.load` decides whether it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal, cast

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stromal.protocol import model as m
from stromal.protocol import notation as n
from stromal.protocol import tree as t
from stromal.protocol.language import RESERVED, FactKind, FactName, Kind, Scope, parse
from stromal.protocol.nodes import Report, Section
from stromal.protocol.reading_designs import any_of, no_conditions, read_boundary, read_design
from stromal.protocol.shape import FORMAT, REQUIRED, SECTIONS
from stromal.protocol.syntax import Misread
from stromal.values import Duration, Quantity, exact, nearest, unit_or_none

_MOST_REPEATS = 200
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REPEAT = re.compile(r"([a-z][a-z0-9_]*)_(\d+)\.\.(\d+)")
_IDENTIFIER = re.compile(r"(?=.{1,64}$)[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*", re.ASCII)
_NUMBERED = re.compile(r"([a-z][a-z0-9_]*?)_\d+")
_BUILT_IN = {
    "birth_date": m.Fact("birth_date", "date", "date of birth"),
    "sex": m.Fact("sex", "choice", "sex", options=("female", "male")),
}
_NOTHING = t.Option("nothing")
"""Stands for an expression that could not be read; a protocol with one is never given out."""
_NO_CELLS: tuple[Quantity, m.Weight | None] = (Quantity(Fraction(1), "cells"), None)
_NO_RUNGS: tuple[Quantity, ...] = ()
_NO_RANGE: tuple[Fraction | None, Fraction | None] = (None, None)
_NOBODY: tuple[str, ...] = ()


class Reader:
    """Reads the sections in an order in which every name is known before it is used."""

    def __init__(self, root: CommentedMap, report: Report) -> None:
        self.root, self.report = root, report
        self.scope = Scope()
        self.sources: frozenset[str] = frozenset()

    def protocol(self) -> m.Protocol | None:
        """The whole protocol, as far as it can be read."""
        self._check_root()
        sources = {
            name: m.Source(name, s.text("says"), s.lines("lines"), s.text("path")) for name, s in self._named("sources")
        }
        self.sources = frozenset(sources)
        facts = self.facts()
        visits = self._expanded()
        self.scope = self._names(facts, visits)
        self._check_names()
        before = ["", *(name for name, _ in visits)]
        schedule = {name: self._visit(name, s, last) for (name, s), last in zip(visits, before, strict=False)}
        products = {name: self._product(name, s) for name, s in self._named("products")}
        doses = {name: self._dose(name, s, products) for name, s in self._named("doses")}
        rules = {name: self._rule(name, s) for name, s in self._named("rules")}
        objectives = {name: self._objective(name, s) for name, s in self._named("objectives")}
        analyses = {name: self._analysis(name, s, objectives) for name, s in self._named("analyses")}
        protocol = m.Protocol(
            self._trial(), self._version(), self._population(), sources, self._assumed(), facts, products, doses,
            schedule, rules, objectives, analyses, dict(self.report.places),
        )  # fmt: skip
        self._check_links(protocol)
        return protocol

    # ------------------------------------------------ sections

    def _check_root(self) -> None:
        known = ("stromal", *SECTIONS)
        for name in self.root:
            self.report.places[str(name)] = self.report.key_place(self.root, name)
            if name not in known:
                close = nearest(str(name), known)
                hint = f"did you mean {close}?" if close else f"sections: {', '.join(known)}"
                self.report.add("section.unknown", f"there is no section {name!r}", hint, str(name))
        if self.root.get("stromal") != FORMAT:
            found = self.root.get("stromal")
            self.report.add("file.format", f"'stromal: {found}' is not a format this version reads",
                            f"start the file with 'stromal: {FORMAT}'", "stromal")  # fmt: skip
        for name in REQUIRED:
            if self.root.get(name) is None:
                self.report.add("section.missing", f"the section {name} is missing", SECTIONS[name][2], "")

    def _single(self, name: str) -> Section:
        node = self.root.get(name)
        if not isinstance(node, CommentedMap):
            if node is not None:
                self.report.add("kind.entries", f"{name} must be a mapping", "write 'key: value' lines below it", name)
            node = CommentedMap()
        section = Section(node, SECTIONS[name][0], name, self.report)
        if node:
            section.check_keys()
        return section

    def _named(self, name: str) -> list[tuple[str, Section]]:
        shape = SECTIONS[name][0]
        return list(Section(self.root, shape, "", self.report).entries(name, shape))

    def _trial(self) -> m.Trial:
        s = self._single("trial")
        if (name := s.text("id")) and not _IDENTIFIER.fullmatch(name):
            hint = "write up to 64 letters, digits and . _ - /, such as NCT01234567; other names go to the title"
            self.report.add("name.identifier", f"trial.id is {name!r}", hint, s.at("id"))
        return m.Trial(
            name, s.text("title"), s.text("sponsor"), s.text("phase"), s.text("design"), s.whole("planned"),
            self._src(s),
        )  # fmt: skip

    def _version(self) -> m.Version:
        s = self._single("version")
        return m.Version(s.whole("number"), s.day("effective"), s.text("changes"), self._src(s))

    def _assumed(self) -> dict[str, m.Assumption]:
        node = self.root.get("assumed")
        found: dict[str, m.Assumption] = {}
        if not isinstance(node, CommentedMap):
            if node is not None:
                hint = "write 'population.age: why' lines below it"
                self.report.add("kind.entries", "assumed must be a mapping", hint, "assumed")
            return found
        for path in node:
            self.report.places[f"assumed.{path}"] = self.report.key_place(node, path)
            value = node[path]
            if isinstance(value, CommentedMap):
                s = Section(value, "assumption", f"assumed.{path}", self.report)
                s.check_keys()
                found[str(path)] = m.Assumption(str(path), s.text("says"), s.text("confirmed"))
            else:
                found[str(path)] = m.Assumption(str(path), " ".join(str(value).split()))
            if not self._stands(str(path)):
                close = nearest(str(path), self.report.places)
                hint = f"did you mean {close}?" if close else "name a path of this file, such as population.age"
                self.report.add("path.unknown", f"nothing stands at {path}", hint, f"assumed.{path}")
        return found

    def _stands(self, path: str) -> bool:
        """Whether something is written at a path; a repeat may be named as such even where it is written out."""
        section, _, name = path.partition(".")
        return path in self.report.places or f"{section}.{first_of(name)}" in self.report.places

    def _population(self) -> m.Population:
        s = self._single("population")
        age = self._expression(s, "age", prefix="age ") if s.text("age") else None
        criteria = [
            m.Criterion(name, c.text("says"), self._expression(c, "when"), kind == "include", self._src(c))
            for kind in ("include", "exclude")
            for name, c in s.entries(kind, "criterion")
        ]
        self._check_unique([criterion.name for criterion in criteria], "population")
        sex = cast(Literal["any", "female", "male"], s.choice("sex", "any"))
        return m.Population(s.text("condition"), sex, age, tuple(criteria), self._src(s))

    def facts(self) -> dict[str, m.Fact]:
        """The data dictionary, with the facts that every protocol has."""
        return {**_BUILT_IN, **{name: self._fact(name, s) for name, s in self._named("facts")}}

    def _fact(self, name: str, s: Section) -> m.Fact:
        kind = cast(FactKind, s.choice("kind"))
        measure = s.text("unit")
        if measure and unit_or_none(measure) is None:
            self.report.add("unit.unknown", f"{measure!r} is not a unit", "write it as in UCUM: g/dL, 10*9/L, mm[Hg]",
                            s.at("unit"))  # fmt: skip
        low, high = s.read("range", _read_range, _NO_RANGE)
        of = s.names("of")
        if kind in ("choice", "group") and not of:
            self.report.add("fact.options", f"{s.path} is a {kind} of nothing", "list them under 'of'", s.path)
        if name in m.BUILT_IN:
            self.report.add("fact.built_in", f"{name} is there in every protocol", "leave it out", s.path)
        return m.Fact(
            name, kind, s.text("says"), measure, low, high, of if kind == "choice" else (),
            of if kind == "group" else (), s.text("instrument"), s.text("grading"), s.text("by"), s.text("code"),
            self._src(s),
        )  # fmt: skip

    def _product(self, name: str, s: Section) -> m.Product:
        tests = [s.read("release", n.read_test, None, text) for text in s.names("release")]
        donor = cast(m.Donor, s.choice("donor", "third party"))
        kept = tuple(test for test in tests if test is not None)
        return m.Product(name, s.text("says"), donor, s.text("tissue"), kept, self._src(s))

    def _dose(self, name: str, s: Section, products: dict[str, m.Product]) -> m.Dose:
        self._known("product", s.text("product"), products, s.at("product"))
        ladder = s.read("ladder", n.read_ladder, _NO_RUNGS)
        key = "start" if s.text("ladder") else "amount"
        amount, weight = s.read(key, n.read_amount, _NO_CELLS)
        if not s.text(key):
            self.report.add("dose.amount", f"{s.path} says no amount", "write amount:, or ladder: and start:", s.path)
        cap = s.read("cap", lambda text: n.read_span(text, "kg"), None)
        removed = s.read("removed", lambda text: n.read_span(text, "mL"), None)
        return m.Dose(
            name, s.text("product"), amount, weight, cap[0] if cap else None, ladder, s.text("adjust"),
            s.read("volume", lambda text: n.read_span(text, "mL"), None), removed[0] if removed else None,
            s.text("route"), s.read("tolerance", lambda text: n.read_span(text, "%"), None), s.text("says"),
            self._src(s),
        )  # fmt: skip

    # ------------------------------------------------ schedule

    def _expanded(self) -> list[tuple[str, Section]]:
        """The visits with repeats such as `injection_2..4` written out."""
        found: dict[str, Section] = {}
        for written, section in self._named("schedule"):
            for name in self._repeats(written, section):
                if name in found:
                    message = f"{name} is written twice, once as a repeat"
                    self.report.add("name.twice", message, "keep one of the two", section.path)
                for key in ("", *(f".{key}" for key in section.node)):
                    self.report.places[f"schedule.{name}{key}"] = self.report.places[f"{section.path}{key}"]
                found[name] = section
        return list(found.items())

    def _repeats(self, name: str, section: Section) -> list[str]:
        """The visits that an entry of the schedule stands for."""
        if (match := _REPEAT.fullmatch(name)) is None:
            return [name]
        stem, first, last = match[1], int(match[2]), int(match[3])
        if first > last:
            self.report.add("range.order", f"{name} runs backwards", "write the smaller number first", section.path)
        if last - first >= _MOST_REPEATS:
            hint = "write 'every 3 months from a until b' instead"
            self.report.add("range.order", f"{name} repeats more than {_MOST_REPEATS} times", hint, section.path)
            return []
        return [f"{stem}_{number}" for number in range(first, last + 1)]

    def _visit(self, name: str, s: Section, before: str) -> m.Visit:
        unreadable: tuple[m.When, Duration] = (m.DayZero(), m.NO_TIME)
        when, leeway = s.read("at", n.read_when, unreadable)
        if isinstance(when, m.Offset) and when.anchor == t.Anchor("previous") and before:
            when = replace(when, anchor=t.Anchor(before))
        early, late = s.read("window", n.read_window, (leeway, leeway))
        condition = self._expression(s, "if") if s.text("if") else None
        if s.text("unless"):
            unless = t.Not(self._expression(s, "unless"))
            condition = unless if condition is None else t.All((condition, unless))
        for anchor in when_anchors(when):
            self._check_anchor(anchor, s)
        return m.Visit(
            name, when, early, late, s.text("epoch"), s.text("give"), condition, s.names("do"), s.text("says"),
            self._src(s), _stem(name),
        )  # fmt: skip

    def _check_anchor(self, anchor: t.Anchor, s: Section) -> None:
        if anchor.which:
            known = {"dose", *self.scope.doses, *self.scope.stems}
        else:
            known = {*self.scope.visits, "consent", "enrolment"}
        self._known("visit", anchor.name, known, s.at("at"))

    # ------------------------------------------------ rules, objectives, analyses

    def _rule(self, name: str, s: Section) -> m.Rule:
        if s.shape == "design":
            return read_design(name, s, self._expression, self._src(s))
        if s.shape == "boundary" or s.text("hold"):
            return self._hold(name, s)
        if "choose" in s.node:
            otherwise = cast(m.Adjustment, s.choice("otherwise")) if s.text("otherwise") else None
            return m.Table(name, self._rows(s), otherwise, s.text("says"), self._src(s))
        return m.Predicate(name, self._expression(s, "when"), s.text("says"), s.text("declares"), self._src(s))

    def _hold(self, name: str, s: Section) -> m.Hold:
        level = cast(m.HoldLevel, s.choice("hold", "trial"))
        roles = s.read("release", n.read_roles, _NOBODY)
        for role in roles:
            self._known("role", role, m.ROLES, s.at("release"))
        boundary = read_boundary(s, self._expression) if s.shape == "boundary" else None
        when = any_of(boundary.events) if boundary else self._expression(s, "when")
        return m.Hold(name, level, when, roles, s.text("of"), s.text("says"), self._src(s), boundary)

    def _rows(self, s: Section) -> tuple[m.Row, ...]:
        value = s.node.get("choose")
        if not isinstance(value, CommentedSeq):
            self.report.add("kind.rows", f"{s.path}.choose must be a list", "write '- when: ...' rows", s.at("choose"))
            return ()
        found = []
        for index, node in enumerate(value):
            path = f"{s.path}.choose.{index + 1}"
            self.report.places[path] = self.report.place(value.lc.data[index][0] + 1)
            if not isinstance(node, CommentedMap):
                self.report.add("kind.row", f"row {index + 1} must have 'when' and 'then'", "write both keys", path)
                continue
            row = Section(node, "row", path, self.report)
            row.check_keys()
            found.append(m.Row(self._expression(row, "when"), cast(m.Adjustment, row.choice("then", "hold"))))
        return tuple(found)

    def _objective(self, name: str, s: Section) -> m.Objective:
        rank = cast(m.Rank, s.choice("rank", "secondary"))
        return m.Objective(name, rank, s.text("says"), self._expression(s, "endpoint", "any"), self._src(s))

    def _analysis(self, name: str, s: Section, objectives: dict[str, m.Objective]) -> m.Analysis:
        self._known("objective", s.text("of"), objectives, s.at("of"))
        population = self._expression(s, "population") if s.text("population") else None
        method = cast(m.Method, s.choice("method"))
        return m.Analysis(name, s.text("of"), method, population, s.text("estimand"), s.text("says"), self._src(s))

    # ------------------------------------------------ names

    def _names(self, facts: dict[str, m.Fact], visits: list[tuple[str, Section]]) -> Scope:
        return Scope(
            facts={name: FactName(f.kind, f.unit, f.options) for name, f in facts.items()},
            rules=self._keys("rules"),
            visits=frozenset(name for name, _ in visits),
            stems=frozenset(_stem(name) for name, _ in visits),
            doses=self._keys("doses"),
            epochs=frozenset(s.text("epoch") for _, s in visits) - {""},
            roles=frozenset(m.ROLES),
        )

    def _keys(self, section: str) -> frozenset[str]:
        """The names written under a section, whatever stands behind them."""
        node = self.root.get(section)
        return frozenset(str(name) for name in node) if isinstance(node, CommentedMap) else frozenset()

    def _check_names(self) -> None:
        for section in SECTIONS:
            node = self.root.get(section)
            for name in node if isinstance(node, CommentedMap) else ():
                self.report.places.setdefault(f"{section}.{name}", self.report.key_place(node, name))
        for section in ("facts", "schedule", "rules", "doses", "products", "objectives", "analyses"):
            for name in sorted(self._keys(section)):
                plain = _REPEAT.fullmatch(name) or _NAME.fullmatch(name)
                if not plain or name in RESERVED:
                    why = "is a word of the language" if name in RESERVED else "is not a name"
                    hint = "names are small letters, digits and _, starting with a letter"
                    self.report.add("name.form", f"{name!r} {why}", hint, f"{section}.{name}")
        for name in sorted(self._keys("facts") & self._keys("rules")):
            self.report.add("name.twice", f"{name} is a fact and a rule", "rename one of them", f"rules.{name}")

    def _check_unique(self, names: list[str], path: str) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            where = f"{path}.exclude.{name}"
            self.report.add("name.twice", f"two criteria are called {name}", "rename one of them", where)

    def _check_links(self, protocol: m.Protocol) -> None:
        """Names that point from one section into another."""
        links = (*_visit_links(protocol), *_dose_links(protocol), *_other_links(protocol))
        for what, name, names, path in links:
            self._known(what, name, names, path)
        for name, kind, path in no_conditions(protocol):
            self.report.add("kind.clash", f"{path}: {name} is a {kind}, which is neither true nor false",
                            "name a predicate or a hold", path)  # fmt: skip
        self._check_cycles(protocol.rules)

    def _check_cycles(self, rules: Mapping[str, m.Rule]) -> None:
        for start in rules:
            seen, reach = set[str](), [start]
            while reach:
                fresh = {ref for name in reach for ref in rule_refs(rules[name]) if ref in rules} - seen
                seen |= fresh
                reach = sorted(fresh)
            if start in seen:
                self.report.add("rule.cycle", f"{start} rests on itself", "take it out of its own condition",
                                f"rules.{start}")  # fmt: skip

    def _known(self, what: str, name: str, names: Iterable[str], path: str) -> None:
        listed = sorted(names)
        if name and name not in listed:
            close = nearest(name, listed)
            hint = f"did you mean {close}?" if close else f"known: {', '.join(listed[:8]) or 'none'}"
            self.report.add("name.unknown", f"there is no {what} called {name}", hint, path)

    def _src(self, s: Section) -> tuple[str, ...]:
        named = s.names("src")
        for name in named:
            self._known("source", name, self.sources, s.at("src"))
        return named

    def _expression(self, s: Section, key: str, expect: str = "truth", prefix: str = "") -> t.Expr:
        text = s.text(key)
        if not text:
            if key not in s.node:
                self.report.add("key.missing", f"{s.path} lacks {key}", f"write '{key}:' and a condition", s.path)
            return _NOTHING
        try:
            return parse(prefix + text, self.scope, cast(Kind, expect))
        except Misread as misread:
            self.report.add(misread.code, f"{s.at(key)}: {misread.message}", misread.hint, s.at(key))
            return _NOTHING


_Link = tuple[str, str, Iterable[str], str]


def _visit_links(protocol: m.Protocol) -> Iterator[_Link]:
    for visit in protocol.schedule.values():
        path = f"schedule.{visit.name}"
        for name in visit.do:
            yield "fact", name, (*protocol.facts, "consent"), f"{path}.do"
        yield "dose", visit.give, protocol.doses, f"{path}.give"


def _dose_links(protocol: m.Protocol) -> Iterator[_Link]:
    tables = [name for name, rule in protocol.rules.items() if isinstance(rule, m.Table)]
    for dose in protocol.doses.values():
        path = f"doses.{dose.name}"
        yield "decision table", dose.adjust, tables, f"{path}.adjust"
        if dose.weight:
            amount = f"{path}.{'start' if dose.ladder else 'amount'}"
            yield "fact", dose.weight.fact, protocol.facts, amount
            yield "visit", dose.weight.at, protocol.schedule, amount


def _other_links(protocol: m.Protocol) -> Iterator[_Link]:
    for fact in protocol.facts.values():
        for member in fact.members:
            yield "fact", member, protocol.facts, f"facts.{fact.name}.of"
    for rule in protocol.rules.values():
        if isinstance(rule, m.Hold | m.Escalation):
            yield "dose", rule.dose, protocol.doses, f"rules.{rule.name}.of"


def read_facts(root: CommentedMap, report: Report) -> dict[str, m.Fact]:
    """The facts that a mapping declares, with those that are always there; findings for what cannot be right."""
    return Reader(root, report).facts()


def _read_range(text: str) -> tuple[Fraction | None, Fraction | None]:
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(f"{text!r} is no range; write 25..200")
    first, last = exact(low.strip()), exact(high.strip())
    if first > last:
        raise ValueError(f"{text!r} runs backwards; write the smaller number first")
    return first, last


def first_of(name: str) -> str:
    """`injection_2` of `injection_2..4`; any other name stays as it is."""
    match = _REPEAT.fullmatch(name)
    return f"{match[1]}_{match[2]}" if match else name


def _stem(name: str) -> str:
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def when_anchors(when: m.When) -> tuple[t.Anchor, ...]:
    """The anchors the time of a visit hangs on."""
    match when:
        case m.DayZero():
            return ()
        case m.Series(_, start, until):
            return start, until.anchor if isinstance(until, m.Offset) else until
        case _:
            return (when.anchor,)


def rule_refs(rule: m.Rule) -> frozenset[str]:
    """The rules a rule rests on directly."""
    return frozenset(node.rule for when in m.conditions(rule) for node in t.walk(when) if isinstance(node, t.Ref))
