"""A person's file -> a chart to screen: what is known of one person on one day, in YAML, with line-accurate findings.

Takes the text and the protocol that declares the facts; gives a Chart and the day it speaks of. What the file does not
say stays unknown: an episode is absent only where it says `none`.

    person: P01
    on: 2024-05-01
    birth_date: 1980-02-03
    sex: female
    facts:
      hemoglobin: 13.1 g/dL
      weight: {value: 70 kg, on: 2024-04-28, visit: screening}
    episodes:
      infection: none
      riluzole: {since: 2020-01-01, ongoing: yes, regimen: 50 mg twice a day}
    answers:
      "Will you follow the study?": yes
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stromal.conduct.enrolling import check_value, questions
from stromal.protocol.model import Fact, Protocol
from stromal.protocol.nodes import Report
from stromal.protocol.nodes import parse as parse_nodes
from stromal.rules.chart import Absence, Answer, Chart, Episode, Observation, VisitDone
from stromal.values import Finding, Refused, Unusable, nearest, quantity

_KEYS = ("person", "on", "consent", "birth_date", "sex", "facts", "episodes", "answers", "visits")
_NO_DAY = date(1900, 1, 1)
_EARLIEST, _LATEST = 1900, 2200
_VALUE_KEYS = ("value", "on", "visit")
_NONE = ("none", "never", "absent")
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Described:
    """A person as a file describes them, and the day it speaks of."""

    chart: Chart
    on: date
    notes: tuple[Finding, ...] = ()
    """What the file says that nobody can use; only where it may say more than is asked for."""


def parse(
    text: str, file: str, protocol: Protocol, *, lenient: bool = False, beside: Sequence[str] = ()
) -> Described:  # fmt: skip
    """The person a file describes. Raises Unusable with every finding when something in it cannot be right.

    `lenient`: the file is read by the criteria of a whole catalogue. What none of them asks for, and a value in a unit
    that cannot be converted, is a note and stays unknown. Facts named in `beside` are passed over.
    """
    root, report = parse_nodes(text, file)
    reader = _Reader(root, report, protocol, lenient=lenient, beside=beside)
    described = reader.described()
    if report.failed:
        raise Unusable(*sorted(report.findings, key=lambda finding: finding.places[0].line))
    return replace(described, notes=tuple(report.findings))


class _Reader:
    """Reads one file, collecting what cannot be right."""

    def __init__(
        self, root: CommentedMap, report: Report, protocol: Protocol, *, lenient: bool, beside: Sequence[str]
    ) -> None:  # fmt: skip
        self.root, self.report, self.protocol = root, report, protocol
        self.lenient, self.beside = lenient, beside
        self.on = date.min

    def described(self) -> Described:
        """The whole file."""
        for key in self.root:
            self.mark(str(key), self.root, key)
            self.known(str(key), _KEYS, "a person's file has", str(key))
        if self.root.get("on") is None:
            self.report.add(
                "key.missing", "the file does not say of which day it speaks", "write 'on: 2024-05-31'", "on"
            )
        self.on = self.day("on") or _NO_DAY
        observations = (*self.identity(), *self.facts())
        episodes, absences = self.episodes()
        answers, visits = tuple(self.answers()), tuple(self.visits())
        chart = Chart(
            str(self.root.get("person", "")),
            self.day("consent"),
            None,
            observations,
            episodes,
            absences,
            answers,
            visits,
        )
        return Described(chart, self.on)

    def mark(self, path: str, node: CommentedMap, key: object) -> None:
        """Remember the line of a key."""
        self.report.places[path] = self.report.key_place(node, key)

    def known(self, name: str, names: object, what: str, path: str) -> bool:
        """Whether a name exists; a finding with the nearest one when it does not."""
        listed = [str(each) for each in names]  # type: ignore[attr-defined]  # any container of names
        if name in listed:
            return True
        close = nearest(name, listed)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(listed[:8])}"
        self.report.add("name.unknown", f"{what} no {name!r}", hint, path)
        return False

    def asked_for(self, name: str, names: object, what: str, path: str) -> bool:
        """Whether somebody asks for a fact or an answer; read for a catalogue, what nobody asks for is a note."""
        if not self.lenient:
            return self.known(name, names, what, path)
        listed = [str(each) for each in names]  # type: ignore[attr-defined]  # any container of names
        if name in listed:
            return True
        close = nearest(name, listed)
        hint = f"nearest: {close}" if close else "it makes no difference here; leave it or take it out"
        self.report.add("name.unused", f"no criterion of the catalogue asks for {name}", hint, path, "note")
        return False

    def day(self, key: str) -> date | None:
        """A day of the file itself."""
        value = self.root.get(key)
        return None if value is None else self.as_day(value, key)

    def as_day(self, value: object, path: str) -> date | None:
        """A calendar day, or a finding."""
        if isinstance(value, date) and _EARLIEST <= value.year <= _LATEST:
            day = date(value.year, value.month, value.day)
            if path != "on" and day > self.on:
                hint = "a file tells what was known on its day: check the two days"
                self.report.add(
                    "day.future", f"{path}: {day} lies after {self.on}, of which the file speaks", hint, path
                )
            return day
        self.report.add("kind.date", f"{path} is {value!r}", "write a day as 2024-05-31", path)
        return None

    def section(self, name: str) -> Iterator[tuple[str, object, str]]:
        """The entries of a section with their paths."""
        node = self.root.get(name)
        if node is None:
            return
        if not isinstance(node, CommentedMap):
            self.report.add("kind.entries", f"{name} must hold 'name: value' lines", "indent them below", name)
            return
        for key in node:
            path = f"{name}.{key}"
            self.mark(path, node, key)
            yield str(key), node[key], path

    # ------------------------------------------------ facts

    def identity(self) -> Iterator[Observation]:
        """Birth date and sex."""
        for name in ("birth_date", "sex"):
            if name in self.root:
                value = self.root[name]
                text = day.isoformat() if isinstance(value, date) and (day := self.as_day(value, name)) else value
                yield from self.observation(name, text, name)

    def facts(self) -> Iterator[Observation]:
        """The values under `facts`."""
        for name, value, path in self.section("facts"):
            if name not in self.beside and self.asked_for(name, self.protocol.facts, "the protocol declares", path):
                yield from self.observation(name, value, path)

    def observation(self, name: str, value: object, path: str) -> Iterator[Observation]:
        """One value, with its own day and visit where it has them."""
        day, visit = self.on, ""
        if isinstance(value, CommentedMap):
            for key in value:
                self.known(str(key), _VALUE_KEYS, "a value has", path)
            if "on" in value:
                day = self.as_day(value["on"], path) or self.on
            visit = str(value.get("visit", ""))
            if visit:
                self.known(visit, self.protocol.schedule, "the protocol has", path)
            value = value.get("value")
        if value is None:
            yield Observation(name, None, day, "", visit)
            return
        read = self.value(self.protocol.facts[name], value, path)
        if read is not None:
            yield Observation(name, read[0], day, read[1], visit)

    def value(self, fact: Fact, value: object, path: str) -> tuple[float | int | str | bool, str] | None:
        """A value as the chart keeps it, with its unit; a finding when it can be none of this fact."""
        unit = ""
        if fact.kind in ("number", "score"):
            try:
                amount = quantity(str(value))
            except ValueError as error:
                self.report.add(f"facts.{fact.name}", str(error), f"write for example '12 {fact.unit}'".strip(), path)
                return None
            number = float(amount.value)
            value, unit = (int(number) if number.is_integer() else number), amount.unit
        elif fact.kind == "yes_no":
            value = _TRUTHS.get(str(value).lower(), value)
        elif isinstance(value, date):
            value = value.isoformat()
        if fact.kind in ("number", "score") and fact.unit and not unit:
            return float(amount.value), ""  # no error of the file: without its unit it is simply unknown
        wrong = check_value(fact, value, unit)
        if self.lenient and fact.kind in ("number", "score") and isinstance(wrong, Refused):
            message = f"{path}: {wrong.message}; {fact.name} stays unknown"
            self.report.add(wrong.rule, message, wrong.hint, path, "note")
            return None
        for each in (wrong,) if isinstance(wrong, Refused) else wrong:
            self.report.add(each.rule, f"{path}: {each.message}", each.hint, path)
        if isinstance(value, bool | int | float | str):
            return value, unit
        return None

    # ------------------------------------------------ episodes, answers, visits

    def episodes(self) -> tuple[tuple[Episode, ...], tuple[Absence, ...]]:
        """Episodes and recorded absences."""
        found: list[Episode] = []
        absent: list[Absence] = []
        declared = [name for name, fact in self.protocol.facts.items() if fact.kind == "episode"]
        for name, value, path in self.section("episodes"):
            if not self.asked_for(name, declared, "the protocol declares", path):
                continue
            for each in value if isinstance(value, CommentedSeq) else (value,):
                if isinstance(each, str) and each.lower() in _NONE:
                    absent.append(Absence(name, None, self.on))
                elif isinstance(each, CommentedMap):
                    found.append(self.episode(name, each, path))
                else:
                    hint = "write 'none' if it is certain that there was none, or {since: 2020-01-31, ongoing: yes}"
                    shown = "empty" if each is None else repr(each)
                    self.report.add("kind.episode", f"{path} is {shown}", hint, path)
        return tuple(found), tuple(absent)

    def episode(self, name: str, node: CommentedMap, path: str) -> Episode:
        """One episode."""
        for key in node:
            self.known(str(key), ("since", "until", "ongoing", "regimen"), "an episode has", path)
        start = self.as_day(node["since"], path) if node.get("since") is not None else None
        end = self.as_day(node["until"], path) if node.get("until") is not None else None
        ongoing = _TRUTHS.get(str(node.get("ongoing", "no")).lower())
        if ongoing is None:
            self.report.add("kind.answer", f"{path}: ongoing is {node['ongoing']!r}", "write yes or no", path)
        if start and end and end < start:
            self.report.add("episode.order", f"{name} ends on {end}, before {start}", "swap the days", path)
        return Episode(name, start, end, bool(ongoing), str(node.get("regimen", "")))

    def answers(self) -> Iterator[Answer]:
        """Answers to the protocol's own questions; a judged one counts as given by the role that is named."""
        asked = questions(self.protocol)
        for question, value, path in self.section("answers"):
            if not self.asked_for(question, asked, "the protocol asks", path):
                continue
            truth = _TRUTHS.get(str(value).lower())
            if truth is None:
                self.report.add("kind.answer", f"{value!r} is no answer", "answer yes or no", path)
            else:
                yield Answer(question, truth, asked[question] or "coordinator", self.on)

    def visits(self) -> Iterator[VisitDone]:
        """Visits that took place."""
        for name, value, path in self.section("visits"):
            if self.known(name, self.protocol.schedule, "the protocol has", path):
                day = self.as_day(value, path)
                if day is not None:
                    yield VisitDone(name, day)
