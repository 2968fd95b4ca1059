"""Charts as tables in SQLite: what `sql_engine` asks its questions of.

Days are whole numbers (Julian days), values whole tenths beside the unit they were measured in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from stromal.protocol.model import Protocol
from stromal.rules.chart import Chart, Value

UNITS = {
    "g/dL": ("mass/volume", 10_000), "g/L": ("mass/volume", 1_000), "mg/L": ("mass/volume", 1),
    "%": ("", 1), "": ("", 100), "1": ("", 100), "kg": ("mass", 1_000), "g": ("mass", 1),
    "a": ("time", 5_844), "mo": ("time", 487), "wk": ("time", 112), "d": ("time", 16),
}  # fmt: skip
"""What each unit measures, and how many of the smallest unit of its kind it holds."""
SCHEMA = """
CREATE TABLE person (p, consent, enrolled);
CREATE TABLE visit (p, name, stem, day, gives, place);
CREATE TABLE infusion (p, name, stem, dose, day);
CREATE TABLE observation (p, fact, given, tenths, unit, text, day, visit, epoch, entry);
CREATE TABLE episode (p, fact, began, ended, ongoing, regimen);
CREATE TABLE absence (p, fact, since, until);
CREATE TABLE answer (p, question, answer, given_by, place);
CREATE TABLE event (p, term, grade, onset, related, serious, expected, resolved);
CREATE TABLE fact (name, kind, unit);
CREATE TABLE option (fact, text);
CREATE TABLE unit (name, measures, holds);
"""


def julian(day: date) -> int:
    """The Julian day, which SQLite counts in."""
    return day.toordinal() + 1_721_425


def _day(day: date | None) -> int | None:
    return None if day is None else julian(day)


def _stem(visit: str) -> str:
    return visit.rpartition("_")[0]


def _tenths(value: Value) -> int | None:
    if isinstance(value, bool | str) or value is None:
        return None
    tenths = Fraction(repr(value)) * 10
    assert tenths.denominator == 1, "the tables hold tenths"
    return tenths.numerator


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else None


def load(connection: sqlite3.Connection, protocol: Protocol, charts: tuple[Chart, ...]) -> None:
    """Put the protocol's dictionary and everybody's chart into tables; participants are numbered from 0."""

    def put(table: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def planned(name: str) -> tuple[str, bool]:
        visit = protocol.schedule.get(name) or protocol.schedule.get(_stem(name))
        return (visit.epoch, bool(visit.give)) if visit else ("", False)

    connection.executescript(SCHEMA)
    put("fact", ((fact.name, fact.kind, fact.unit) for fact in protocol.facts.values()))
    put("option", ((fact.name, option) for fact in protocol.facts.values() for option in fact.options))
    put("unit", ((name, *of) for name, of in UNITS.items()))
    for p, chart in enumerate(charts):
        put("person", [(p, _day(chart.consent), _day(chart.enrolled))])
        for n, v in enumerate(chart.visits):
            put("visit", [(p, v.visit, _stem(v.visit), julian(v.day), planned(v.visit)[1], n)])
        put("infusion", ((p, i.visit, _stem(i.visit), i.dose, julian(i.day)) for i in chart.infusions))
        for o in chart.observations:
            value = (o.value is not None, _tenths(o.value), o.unit, _text(o.value))
            put("observation", [(p, o.fact, *value, julian(o.day), o.visit, planned(o.visit)[0], o.entry)])
        put("episode", ((p, e.fact, _day(e.start), _day(e.end), e.ongoing, e.regimen) for e in chart.episodes))
        put("absence", ((p, a.fact, _day(a.since), julian(a.until)) for a in chart.absences))
        put("answer", ((p, a.question, a.answer, a.by, n) for n, a in enumerate(chart.answers)))
        for a in chart.adverse_events:
            judged = (a.related, a.serious, a.expected, _day(a.resolved))
            put("event", [(p, a.term.lower(), a.grade, julian(a.onset), *judged)])
