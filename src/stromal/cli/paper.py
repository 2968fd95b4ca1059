"""The commands that need no book: reading, drafting, checking, words, screening, dosing, the calendar."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path

from icalendar import Calendar, Event

from stromal.cli import edge, show
from stromal.protocol import file as protocol_file
from stromal.protocol import words as protocol_words
from stromal.protocol.differences import differences
from stromal.protocol.model import Protocol
from stromal.protocol.shape import SECTIONS
from stromal.protocol.shape import schema as protocol_schema
from stromal.read import draft as drafting
from stromal.read import person
from stromal.read.recognise import recognise
from stromal.read.record import Record, record_to_json
from stromal.read.record import show as shown
from stromal.rules import check as protocol_check
from stromal.rules import ctcae, dosing, eligibility, schedule
from stromal.rules.chart import Chart
from stromal.rules.timing import Case
from stromal.values import Finding, Place, Quantity, exact, nearest, plain, quantity


def _record(page: Path) -> Record:
    return recognise(edge.content(page), str(page))


def record_json(record: Record) -> dict[str, object]:
    """A record as JSON, with what reading noticed."""
    found = [edge.finding_json(each) for each in record.findings]
    return {**record_to_json(record), **({"findings": found} if found else {})}


def _where(place: Place) -> str:
    """The line of a page, or the field of a record with its line where it has several."""
    field = place.path.rpartition(".")[2]
    return str(place.line) if not field else f"{field}:{place.line}" if place.line > 1 else field


def _wheres(places: tuple[Place, ...]) -> str:
    """Every place once, in the order of the page."""
    return ", ".join(dict.fromkeys(_where(place) for place in sorted(places, key=lambda p: p.line) if place.line))


def tell(record: Record, name: str, *, as_json: bool) -> int:
    """Print a record: sections with lines, facts with states, and what reading noticed."""
    if as_json:
        edge.to_json(record_json(record))
        return 0
    show.line(f"{record.title or name}  {record.registry_id}  ({record.layout})", "bold")
    rows = [
        (section.name, _where(item.place), f"{item.label}: {item.text}" if item.label else item.text)
        for section in record.sections
        for item in section.items
    ]
    show.table("Sections", ("section", "line", "item"), rows, right=(1,), wrap=(2,))
    facts = [(s.name, shown(s.value), s.unit, s.state, _wheres(s.places)) for s in record.statements]
    show.table("Facts", ("fact", "value", "unit", "state", "lines"), facts, wrap=(1, 4))
    show.findings(record.findings)
    return 0


def draft(page: Path, output: Path, *, as_json: bool, force: bool) -> int:
    """Draft a protocol file; nothing is written over without being told to."""
    if output.exists() and not force:
        raise edge.bad("file.exists", "there is a file already", "choose another name, or add --force", str(output))
    written, findings = drafting.draft(_record(page))
    loaded = protocol_file.load(written, str(output))
    loaded.require()
    edge.put(output, written)
    if as_json:
        edge.to_json({"file": str(output), "findings": [edge.finding_json(each) for each in findings]})
    else:
        show.findings(findings)
        show.tally(findings)
        show.line(f"drafted {output}; check it with: stromal check {output}", "bold")
    return edge.negative(findings)


def check(file: Path, *, as_json: bool) -> int:
    """Check a protocol file."""
    loaded = protocol_file.load(edge.text(file), str(file))
    if loaded.protocol is None:
        edge.unusable_input(loaded.findings, as_json=as_json)
    findings = (*loaded.findings, *protocol_check.check(loaded.protocol))
    if as_json:
        edge.to_json({"file": str(file), "findings": [edge.finding_json(each) for each in findings]})
    else:
        show.findings(findings)
        show.tally(findings)
    return edge.negative(findings)


def is_protocol(content: bytes, file: Path) -> bool:
    """Whether a file is a protocol: by its name, or by the sections it begins."""
    if file.suffix in (".yaml", ".yml"):
        return True
    starts = tuple(f"{name}:".encode() for name in ("stromal", *SECTIONS))
    return any(line.startswith(starts) for line in content.splitlines())


def fmt(file: Path, *, only_check: bool) -> int:
    """Rewrite a protocol file canonically."""
    before = edge.text(file)
    after = protocol_file.fmt(before, str(file))
    if before == after:
        show.line(f"{file} is canonical")
        return 0
    if only_check:
        show.line(f"{file} would change")
        return 1
    edge.put(file, after)
    show.line(f"rewrote {file}")
    return 0


def diff(a: Path, b: Path, *, as_json: bool) -> int:
    """Print what differs between two versions of a protocol."""
    found = differences(edge.protocol(a), edge.protocol(b))
    if as_json:
        edge.to_json(
            {
                "differences": [
                    {
                        "path": d.path,
                        "before": d.before,
                        "after": d.after,
                        "places": [edge.place_json(p) for p in d.places],
                    }
                    for d in found
                ]
            }
        )
    else:
        for each in found:
            show.line(f"{each.path}", "bold")
            show.line(f"    was {each.before}" if each.before is not None else "    is new")
            show.line(f"    now {each.after}" if each.after is not None else "    is gone")
        count = f"{len(found)} difference{'s' if len(found) > 1 else ''}"
        show.line(count if found else "the two say the same", "bold")
    return int(bool(found))


def words(file: Path, *, as_json: bool) -> int:
    """Print a protocol in plain English."""
    protocol = edge.protocol(file)
    parts = (
        protocol_words.synopsis(protocol), protocol_words.checklist(protocol), protocol_words.schedule(protocol)
    )  # fmt: skip
    if as_json:
        edge.to_json({"synopsis": parts[0], "checklist": parts[1], "schedule": parts[2]})
    else:
        sys.stdout.write("\n".join(protocol_words.to_text(part) for part in parts))
    return 0


def schema() -> int:
    """Print the JSON Schema of a protocol file."""
    edge.to_json(protocol_schema())
    return 0


# ---------------------------------------------------------------- one person


def screen(file: Path, who: Path, *, as_json: bool) -> int:
    """Print the verdict on one person, criterion by criterion."""
    protocol = edge.protocol(file)
    described = person.parse(edge.text(who), str(who), protocol)
    found = eligibility.screen(Case(protocol, described.chart, described.on))
    if as_json:
        edge.to_json(_screening_json(protocol, found))
    else:
        rows = [
            (line.criterion.name, line.criterion.says, show.verdict(line.verdict.word), line.verdict.reason)
            for line in found.lines
        ]
        show.table(
            f"{protocol.trial.id} on {described.on}", ("criterion", "says", "verdict", "because"), rows, wrap=(1, 3)
        )
        show.line("met speaks for taking part: what is asked for holds, what would exclude does not", "dim")
        show.line(f"overall: {found.verdict.word}", "bold")
        if found.verdict.truth is not True:
            show.line(f"because: {found.verdict.reason}")
        for what in found.verdict.settle:
            show.line(f"would settle it: {_named(protocol, what)}")
    return 0 if found.verdict.truth else 1


def _named(protocol: Protocol, what: str) -> str:
    fact = protocol.facts.get(what)
    if fact is None:
        return what
    unit = f", in {fact.unit}" if fact.unit else ""
    return f"{what} ({fact.says}{unit})" if fact.says else what


def _screening_json(protocol: Protocol, found: eligibility.Screening) -> dict[str, object]:
    lines = [
        {
            "name": line.criterion.name,
            "says": line.criterion.says,
            "verdict": line.verdict.word,
            "reason": line.verdict.reason,
            "settle": line.verdict.settle,
            "places": [edge.place_json(protocol.place(line.path))],
        }
        for line in found.lines
    ]
    overall = found.verdict
    return {"verdict": overall.word, "reason": overall.reason, "settle": overall.settle, "criteria": lines}


def dose(
    file: Path, visit: str, count: str, viability: str, weight: str, level: str, volume: str, *, as_json: bool
) -> int:
    """Print a dose from weight, count and viability."""
    protocol = edge.protocol(file)
    planned = protocol.visit(visit)
    if planned is None or not planned.give:
        giving = [each.name for each in protocol.visits_giving()]
        close = nearest(visit, giving)
        hint = f"did you mean {close}?" if close else f"doses are given at {', '.join(giving)}"
        raise edge.bad("visit.no_dose", f"no dose is given at {visit!r}", hint, str(file))
    rule = protocol.doses[planned.give]
    kilograms = edge.number(weight, "--weight") if weight else None
    rung = Quantity(edge.number(level, "--level"), rule.amount.unit) if level else None
    if rung is not None and not rule.ladder:
        raise edge.bad("dosing.level", f"{rule.name} has no ladder", "leave --level out", str(file))
    if rung is not None and rung not in rule.ladder:
        rungs = ", ".join(plain(each.value) for each in rule.ladder)
        raise edge.bad("dosing.level", f"{plain(rung.value)} is no rung of {rule.name}", f"rungs: {rungs}", str(file))
    prescription = edge.granted(dosing.prescribe(protocol, rule, kilograms, rung))
    made = edge.granted(
        dosing.prepare(protocol, prescription, edge.number(count, "--count"), edge.number(viability, "--viability"))
    )
    given = edge.number(volume, "--volume") if volume else None
    facts, findings = _dose_facts(protocol, made, given)
    if as_json:
        edge.to_json({"visit": visit, "facts": facts, "findings": [edge.finding_json(each) for each in findings]})
    else:
        rows = [(fact["name"], _two(str(fact["name"]), fact["value"]), fact["unit"]) for fact in facts]
        show.table(f"{rule.name} at {visit}", ("what", "value", "unit"), rows, right=(1,))
        show.findings(findings)
    return edge.negative(findings)


def _two(name: str, value: object) -> str:
    """Volumes and percentages to two decimals, cells as powers of ten."""
    if not isinstance(value, int | float | Fraction):
        return str(value)
    return f"{float(value):.2f}" if name.endswith(("_ml", "_percent")) else plain(exact(value))


def _dose_facts(
    protocol: Protocol, made: dosing.Preparation, given: Fraction | None
) -> tuple[list[dict[str, object]], tuple[Finding, ...]]:
    """Everything a dose amounts to, and what is wrong with it."""
    prescription, rule = made.prescription, protocol.doses[made.prescription.dose]
    amount, place = protocol.place(f"doses.{rule.name}.amount"), protocol.place(f"doses.{rule.name}.volume")
    facts = [
        edge.fact_json("prescribed_cells", prescription.cells, "cells", "derived", amount),
        edge.fact_json("volume_ml", made.volume_ml, "mL", "derived", place),
        edge.fact_json("level", prescription.level.value, prescription.level.unit, "stated", amount),
    ]
    if prescription.weight_kg is not None:
        facts.append(edge.fact_json("weight_kg", prescription.weight_kg, "kg", "stated"))
    if given is None:
        return facts, made.findings
    if given <= 0:
        raise edge.bad("dosing.volume", f"{plain(given)} mL cannot be given", "write the volume given in mL")
    delivery = dosing.deliver(rule, prescription, made.cells_per_ml, made.viability_percent, given)
    facts.append(edge.fact_json("delivered_cells", delivery.cells, "cells", "derived"))
    facts.append(edge.fact_json("delivered_percent", delivery.percent, "%", "derived"))
    if delivery.within is not False:
        return facts, made.findings
    message = f"{_two('_percent', float(delivery.percent))} % of the prescription would be delivered"
    tolerance = protocol.place(f"doses.{rule.name}.tolerance")
    hint = "adjust the volume, or record it as a deviation"
    return facts, (*made.findings, Finding("dosing.tolerance", "warning", message, (tolerance,), hint))


def grade(term: str, value: str, version: str, lower: str, upper: str, baseline: str, *, as_json: bool) -> int:
    """Print the CTCAE grade of a laboratory value, and why; 1 where it is unknown."""
    known = next((each for each in ctcae.VERSIONS if each == version), None)
    if known is None:
        raise edge.bad("ctcae.version", f"--version is {version!r}", f"write {' or '.join(ctcae.VERSIONS)}")
    try:
        limits = [quantity(each) if each else None for each in (lower, upper, baseline)]
        found = ctcae.grade(
            term, quantity(value), known, lower_normal=limits[0], upper_normal=limits[1], baseline=limits[2]
        )
    except ValueError as error:
        raise edge.bad("ctcae.grade", str(error), "write for example: stromal grade anemia '7.5 g/dL'") from None
    unknown = found.grade is None
    if as_json:
        fact = edge.fact_json("grade", found.grade, "", "missing" if unknown else "derived")
        edge.to_json({**fact, "reason": found.reason})
    else:
        show.line("grade unknown" if unknown else f"grade {found.grade}", "bold")
        show.line(f"because: {found.reason}")
    return int(unknown)


# ---------------------------------------------------------------- the calendar


def calendar(file: Path, anchor: str, on: str, ics: Path | None, *, as_json: bool) -> int:
    """Print the visits of somebody whose day 0 is the anchor."""
    protocol = edge.protocol(file)
    start = edge.day(anchor, "--anchor")
    today = edge.day(on, "--on") if on else start
    visits = schedule.calendar(Case(protocol, Chart(), today), start)
    if ics is not None:
        edge.put(ics, _ics(protocol, visits, start))
    if as_json:
        edge.to_json({"trial": protocol.trial.id, "anchor": start, "visits": [_visit_json(each) for each in visits]})
        return 0
    rows = [
        (
            p.name,
            p.target or "",
            p.window.first or "",
            p.window.last or "",
            p.status,
            p.visit.give,
            ", ".join(p.visit.do),
        )
        for p in visits
    ]
    columns = ("visit", "target", "first day", "last day", f"on {today}", "gives", "what is done")
    show.table(f"{protocol.trial.id}, day 0 on {start}", columns, rows, wrap=(6,))
    if ics is not None:
        show.line(f"wrote {ics}")
    return 0


def _visit_json(planned: schedule.Planned) -> dict[str, object]:
    return {
        "name": planned.name,
        "target": planned.target,
        "first": planned.window.first,
        "last": planned.window.last,
        "status": planned.status,
        "gives": planned.visit.give,
        "do": planned.visit.do,
    }


def _ics(protocol: Protocol, visits: tuple[schedule.Planned, ...], start: date) -> str:
    """The visits as all-day events; the same protocol and anchor give the same bytes."""
    found = Calendar()
    found.add("prodid", "-//Stromal//calendar//EN")
    found.add("version", "2.0")
    for planned in visits:
        if planned.target is None:
            continue
        event = Event()
        event.add("uid", f"{protocol.trial.id}-{start.isoformat()}-{planned.name}@stromal")
        event.add("dtstamp", datetime.combine(protocol.version.effective, time(), UTC))
        event.add("dtstart", planned.target)
        event.add("summary", f"{protocol.trial.id}: {planned.name.replace('_', ' ')}")
        window = f"Window: {planned.window.first or 'open'} to {planned.window.last or 'open'}."
        event.add("description", " ".join((window, f"To do: {', '.join(planned.visit.do) or 'nothing'}.")))
        found.add_component(event)
    return str(found.to_ical().decode())
