"""A second evaluator of the protocol language: one SQL query over SQLite for each question. NULL is unknown.

It shares nothing with `stromal.rules` but the tree it is given and the charts it loads: `sql_tables` holds those,
`sql_pieces` the small parts of a query.

Every node of the tree can be expressed but `Option`, which is no question and no number: it stands only for an
expression that could not be read.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import assert_never

from agree.sql_pieces import (
    ONE,
    OPEN,
    PER,
    Days,
    Num,
    Part,
    as_day,
    combined,
    compared,
    known,
    listed,
    literal,
    quoted,
    shifted,
)
from agree.sql_tables import UNITS, julian, load
from stromal.protocol import tree as t
from stromal.protocol.model import Hold, Predicate, Protocol
from stromal.rules.chart import Chart
from stromal.values import Duration


def judge(
    expr: t.Expr, protocol: Protocol, charts: tuple[Chart, ...], today: date, standing: frozenset[str] | None = None
) -> bool | None:
    """The truth of a condition about the first of the participants on a day."""
    connection = sqlite3.connect(":memory:")
    try:
        load(connection, protocol, charts)
        query = _Compiler(protocol, julian(today), standing).query(expr)
        (answer,) = connection.execute(query).fetchone()
    finally:
        connection.close()
    return None if answer is None else bool(answer)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whom a condition is about, as SQL; the alias of the adverse event a `where` looks at; whether holds may stand."""

    p: str
    event: str = ""
    top: bool = False


_EACH = _Scope("person.p")
"""Each participant in turn: days and windows are worked out for everybody, in a table of their own."""


# ---------------------------------------------------------------- the compiler


class _Compiler:
    """Turns a tree into one SQL expression."""

    def __init__(self, protocol: Protocol, today: int, standing: frozenset[str] | None) -> None:
        self.protocol, self.today, self.standing = protocol, today, standing
        self._names = (f"t{number}" for number in count())
        self._columns: dict[str, str] = {}

    def query(self, expr: t.Expr) -> str:
        """The one query that answers a condition about participant 0."""
        answer = self.truth(expr, _Scope("0", top=True))
        columns = "".join(f", {sql} AS {name}" for sql, name in self._columns.items())
        return f"WITH days AS (SELECT p{columns} FROM person) SELECT {answer}"

    def column(self, sql: str, scope: _Scope) -> str:
        """A day worked out for each participant beside the question, because SQLite reads only so deep a query."""
        name = self._columns.setdefault(sql, f"d{len(self._columns)}")
        return f"(SELECT {name} FROM days WHERE days.p = {scope.p})"

    # ------------------------------------------------ conditions

    def truth(self, expr: t.Expr, scope: _Scope) -> str:
        """A condition as SQL that gives 1, 0 or NULL."""
        match expr:
            case t.Not(item):
                return f"(NOT {self.truth(item, scope)})"
            case t.All(items):
                return f"({' AND '.join(self.truth(item, scope) for item in items)})"
            case t.Any(items):
                return f"({' OR '.join(self.truth(item, scope) for item in items)})"
            case t.If(condition, then):
                return f"(NOT {self.truth(condition, scope)} OR {self.truth(then, scope)})"
            case t.Compare(op, t.TimeSince() as since, t.Length(length)):
                return self.since(op, since, length, scope)
            case t.Compare(op, t.Field("term"), t.Text(text)):
                return f"({scope.event}.term {op} {quoted(text.lower())})"
            case t.Compare(op, left, right):
                return compared(op, self.number(left, scope), self.number(right, scope))
            case t.Between(item, low, high, unit):
                number = self.number(item, scope)
                bounds = (known(literal(bound, unit)) for bound in (low, high))
                return f"({' AND '.join(compared(op, number, b) for op, b in zip(('>=', '<='), bounds, strict=True))})"
        return self.atom(expr, scope)

    def atom(self, expr: t.Expr, scope: _Scope) -> str:
        """A condition that holds no other."""
        match expr:
            case t.OneOf(t.FactValue(fact, window), options):
                return f"({self.latest(fact, 'text', window, scope)} IN {listed(options)})"
            case t.Happened(fact, window) if self.protocol.facts[fact].kind == "yes_no":
                return f"(CASE {self.latest(fact, 'text', window, scope)} WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END)"
            case t.Happened(fact, window):
                return self.happened(fact, window, scope)
            case t.Unchanged():
                return self.unchanged(expr, scope)
            case t.Judged(question, by):
                return self.answer(question, f"AND given_by = {quoted(by)}", scope)
            case t.Asked(question):
                return self.answer(question, "", scope)
            case t.Done(visit):
                return self.done(visit, scope)
            case t.Onset(window):
                return self.window(window, scope).hold(f"{scope.event}.onset")
            case t.Field(name):
                return f"{scope.event}.{name}" if name != "resolved" else f"({scope.event}.resolved IS NOT NULL)"
            case t.Ref(rule):
                return self.rule(rule, scope)
        raise TypeError(f"{type(expr).__name__} is no condition")

    def done(self, visit: str, scope: _Scope) -> str:
        """A visit took place; where it gives a dose, the dose was given."""
        table = "infusion" if self.protocol.schedule[visit].give else "visit"
        return f"EXISTS (SELECT 1 FROM {table} WHERE p = {scope.p} AND name = {quoted(visit)})"

    def rule(self, name: str, scope: _Scope) -> str:
        """Another rule; a hold of the one asked about stands or does not, where that is known."""
        rule = self.protocol.rules[name]
        if isinstance(rule, Hold) and scope.top and self.standing is not None:
            return str(int(name in self.standing))
        assert isinstance(rule, Hold | Predicate)
        return self.truth(rule.when, scope)

    def answer(self, question: str, by: str, scope: _Scope) -> str:
        """The last answer to a question."""
        asked = f"p = {scope.p} AND question = {quoted(question)} {by}"
        return f"(SELECT answer FROM answer WHERE {asked} ORDER BY place DESC LIMIT 1)"

    def since(self, op: str, since: t.TimeSince, length: Duration, scope: _Scope) -> str:
        """The time that has passed, compared with a length of time."""
        asked = self.column(self.before(since.at, _EACH), scope)
        passed = shifted(self.started(since, asked, scope), length.count, length.unit)
        return f"({passed} {op.translate(str.maketrans('<>', '><'))} {asked})"

    def started(self, since: t.TimeSince, asked: str, scope: _Scope) -> str:
        """The day from which time is counted."""
        if self.protocol.facts[since.fact].kind == "date":
            return self.dated(since.fact, scope)
        mine = f"FROM episode WHERE p = {scope.p} AND fact = {quoted(since.fact)}"
        pick = "min" if since.which == "first" else "max"
        starts = f"(SELECT {pick}(began) {mine} AND began <= {asked})"
        return f"(CASE WHEN NOT EXISTS (SELECT 1 {mine} AND began IS NULL) THEN {starts} END)"

    def dated(self, fact: str, scope: _Scope) -> str:
        """A recorded date as a day; NULL where the text is none."""
        text, shape = self.latest(fact, "text", None, scope), "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
        return f"(CASE WHEN {text} GLOB {shape} THEN {as_day(text)} END)"

    # ------------------------------------------------ days

    def day(self, anchor: t.Anchor, scope: _Scope) -> str:
        """The day of an anchor; NULL while it has not been reached."""
        if anchor.which:
            return self.repeated(anchor, scope)
        if anchor.name == t.NOW:
            return str(self.today)
        if anchor.name in t.MILESTONES:
            column = {"consent": "consent", "enrolment": "enrolled"}[anchor.name]
            return f"(SELECT {column} FROM person WHERE p = {scope.p})"
        mine = f"p = {scope.p} AND name = {quoted(anchor.name)}"
        return f"(SELECT day FROM visit WHERE {mine} ORDER BY place DESC LIMIT 1)"

    def repeated(self, anchor: t.Anchor, scope: _Scope) -> str:
        """The first or last of a repeated visit or dose; the previous one lies before today."""
        name, pick = quoted(anchor.name), "min" if anchor.which == "first" else "max"
        mine = f"p = {scope.p} AND day <= {self.today - (anchor.which == 'previous')}"
        if anchor.name == t.ANY_DOSE:
            return f"(SELECT {pick}(day) FROM infusion WHERE {mine})"
        if anchor.name in self.protocol.doses:
            return f"(SELECT {pick}(day) FROM infusion WHERE {mine} AND dose = {name})"
        called = f"{mine} AND (name = {name} OR stem = {name})"
        both = f"SELECT day FROM infusion WHERE {called} UNION ALL SELECT day FROM visit WHERE {called} AND NOT gives"
        return f"(SELECT {pick}(day) FROM ({both}))"

    def before(self, anchor: t.Anchor | None, scope: _Scope) -> str:
        """The day of an anchor, today while it has not been reached."""
        return str(self.today) if anchor is None else f"coalesce({self.day(anchor, scope)}, {self.today})"

    def at(self, anchor: t.Anchor | None, scope: _Scope) -> Days:
        """One day; none at all at a visit or dose still to come."""
        if anchor is None or not self.may_be_pending(anchor):
            day = self.before(anchor, scope)
            return Days(day, day)
        day = self.day(anchor, scope)
        return Days(f"coalesce({day}, {OPEN})", f"coalesce({day}, -{OPEN})")

    def may_be_pending(self, anchor: t.Anchor) -> bool:
        """Whether nothing is known at this anchor until it is reached: not so at screening, consent and enrolment."""
        planned = self.protocol.schedule.get(anchor.name)
        return bool(anchor.which) or (planned is not None and bool(planned.epoch))

    def pending(self, window: t.WindowSpec | None, scope: _Scope) -> str:
        """Whether a window lies at something still to come."""
        anchor = window.anchor if isinstance(window, t.At) else window.at if isinstance(window, t.Ongoing) else None
        if anchor is None or not self.may_be_pending(anchor):
            return "0"
        return f"({self.column(self.day(anchor, _EACH), scope)} IS NULL)"

    def window(self, window: t.WindowSpec | None, scope: _Scope) -> Days:
        """The first and last day of a window."""
        days = self.around(window, _EACH)
        return Days(self.column(days.first, scope), self.column(days.last, scope))

    def around(self, window: t.WindowSpec | None, scope: _Scope) -> Days:
        """The first and last day of a window, worked out on the spot."""
        match window:
            case None | t.InEpochs():
                return Days(f"-{OPEN}", str(self.today))
            case t.Ever(anchor) | t.Latest(anchor):
                return Days(f"-{OPEN}", self.before(anchor, scope))
            case t.Ongoing(anchor) | t.At(anchor):
                return self.at(anchor, scope)
            case t.Beside("before", anchor):
                return Days(f"-{OPEN}", self.before(anchor, scope))
            case t.Within(length, "before", anchor):
                day = self.before(anchor, scope)
                return Days(shifted(day, -length.count, length.unit), day)
            case t.Span(low, high, unit, "before", anchor):
                day = self.before(anchor, scope)
                return Days(shifted(day, -high, unit), shifted(day, -low, unit))
        return self.after(window, scope)

    def after(self, window: t.Beside | t.Within | t.Span | t.Since | t.FromUntil, scope: _Scope) -> Days:
        """A window after an anchor; empty until that has been reached."""
        start = self.day(window.first if isinstance(window, t.FromUntil) else window.anchor, scope)
        match window:
            case t.Beside() | t.Since():
                first, last = start, str(OPEN)
            case t.Within(length):
                first, last = start, shifted(start, length.count, length.unit)
            case t.Span(low, high, unit):
                first, last = shifted(start, low, unit), shifted(start, high, unit)
            case t.FromUntil(_, until):
                first, last = start, f"coalesce({self.day(until, scope)}, {OPEN})"
            case _:
                assert_never(window)
        ended = f"CASE WHEN {start} IS NULL THEN -{OPEN} ELSE {last} END"
        return Days(f"coalesce({first}, {OPEN})", f"({ended})")

    # ------------------------------------------------ observations

    def seen(self, fact: str, window: t.WindowSpec | None, scope: _Scope) -> tuple[str, str]:
        """FROM and WHERE for the values of a fact in a window, with their units; and the alias."""
        o = next(self._names)
        tables = f"observation {o} JOIN fact f ON f.name = {o}.fact LEFT JOIN unit u ON u.name = {o}.unit"
        where = f"{o}.p = {scope.p} AND {o}.fact = {quoted(fact)} AND {o}.given"
        match window:
            case t.InEpochs(names):
                inside = f"{o}.epoch IN {listed(names)}"
            case t.At(anchor) if not anchor.which and anchor.name in self.protocol.schedule:
                loose = f"{o}.visit = '' AND {self.window(window, scope).hold(f'{o}.day')}"
                inside = f"({o}.visit = {quoted(anchor.name)} OR ({loose}))"
            case _:
                inside = self.window(window, scope).hold(f"{o}.day")
        return f"FROM {tables} LEFT JOIN unit fu ON fu.name = f.unit WHERE {where} AND {inside}", o

    def read(self, fact: str, o: str) -> dict[str, str]:
        """One observation as a number and as a text; NULL where it cannot be read."""
        fits = f"(f.unit = '' OR {o}.unit <> '') AND u.measures = fu.measures"
        chosen = f"EXISTS (SELECT 1 FROM option WHERE option.fact = f.name AND option.text = {o}.text)"
        text = f"CASE WHEN {chosen} THEN {o}.text END" if self.protocol.facts[fact].kind == "choice" else f"{o}.text"
        return {"number": f"CASE WHEN {fits} THEN {o}.tenths * u.holds END", "text": text}

    def latest(self, fact: str, what: str, window: t.WindowSpec | None, scope: _Scope) -> str:
        """The last value in a window."""
        tables, o = self.seen(fact, window, scope)
        return f"(SELECT {self.read(fact, o)[what]} {tables} ORDER BY {o}.day DESC, {o}.entry DESC LIMIT 1)"

    # ------------------------------------------------ episodes

    def touches(self, e: str, days: Days) -> str:
        """Whether an episode has a day in a window: 1, 0, or NULL where its own days do not tell.

        A start or an end that nobody knows may be any day the rest allows: 1 where the latest possible start and the
        earliest possible end still reach the window. Days to come do not count.
        """
        last = f"min({days.last}, {self.today})"
        start = f"coalesce({e}.began, min(coalesce({e}.ended, {self.today}), {self.today}))"
        end = f"coalesce({e}.ended, CASE WHEN {e}.ongoing THEN {self.today} ELSE coalesce({e}.began, -{OPEN}) END)"
        outside = f"{days.first} > {last} OR {e}.began > {last} OR {e}.ended < {days.first}"
        return f"(CASE WHEN {outside} THEN 0 WHEN {start} <= {last} AND {end} >= {days.first} THEN 1 END)"

    def mine(self, fact: str, scope: _Scope) -> tuple[str, str]:
        """FROM and WHERE for the episodes of a fact, and the alias."""
        e = next(self._names)
        return f"FROM episode {e} WHERE {e}.p = {scope.p} AND {e}.fact = {quoted(fact)}", e

    def happened(self, fact: str, window: t.WindowSpec | None, scope: _Scope) -> str:
        """Whether there was an episode in a window; 0 only where the whole window is recorded as free of it."""
        days, (episodes, e) = self.window(window, scope), self.mine(fact, scope)
        touching = self.touches(e, days)
        return (
            f"(CASE WHEN {self.pending(window, scope)} THEN NULL"
            f" WHEN EXISTS (SELECT 1 {episodes} AND {touching} = 1) THEN 1"
            f" WHEN EXISTS (SELECT 1 {episodes} AND {touching} IS NULL) THEN NULL"
            f" WHEN {self.absent(fact, days, scope)} THEN 0 END)"
        )

    def absent(self, fact: str, days: Days, scope: _Scope) -> str:
        """Whether absence is recorded for every day of a window that has passed.

        The first day left open would be the first of the window, or the day after one on which an absence ends.
        """
        mine = f"FROM absence WHERE p = {scope.p} AND fact = {quoted(fact)}"
        return self.covered(days, f"SELECT until + 1 AS d {mine}",
                            f"SELECT 1 {mine} AND (since IS NULL OR since <= d) AND until >= d")  # fmt: skip

    def covered(self, days: Days, following: str, over: str) -> str:
        """Whether no day of a window is left open, given the days after spans and the spans over a day d."""
        last = f"min({days.last}, {self.today})"
        tried = f"SELECT {days.first} AS d UNION {following}"
        return f"NOT EXISTS (SELECT 1 FROM ({tried}) WHERE d >= {days.first} AND d <= {last} AND NOT EXISTS ({over}))"

    def unchanged(self, expr: t.Unchanged, scope: _Scope) -> str:
        """One regimen on every day of a time."""
        days = self.window(t.Within(expr.length, "before", expr.anchor), scope)
        episodes, e = self.mine(expr.fact, scope)
        touching = self.touches(e, days)
        some = f"{episodes} AND {touching} IS NOT 0"
        ends = f"coalesce({e}.ended, {days.last})"
        steady = self.covered(
            days, f"SELECT {ends} + 1 AS d {some}", f"SELECT 1 {some} AND {e}.began <= d AND {ends} >= d"
        )
        undated = f"({e}.began IS NULL OR ({e}.ended IS NULL AND NOT {e}.ongoing))"
        regimens = f"(SELECT count(DISTINCT {e}.regimen) {episodes} AND {touching} = 1 AND {e}.regimen <> '')"
        return (
            f"(CASE WHEN NOT EXISTS (SELECT 1 {some}) THEN CASE WHEN {self.absent(expr.fact, days, scope)} THEN 0 END"
            f" WHEN {regimens} > 1 THEN 0"
            f" WHEN EXISTS (SELECT 1 {some} AND {undated}) THEN NULL"
            f" WHEN (SELECT count(*) {some}) > 1 AND EXISTS (SELECT 1 {some} AND {e}.regimen = '') THEN NULL"
            f" ELSE {steady} END)"
        )

    # ------------------------------------------------ numbers

    def number(self, expr: t.Expr, scope: _Scope) -> Num:
        """A number as its least and its most."""
        match expr:
            case t.Number(amount):
                return known(literal(amount.value, amount.unit))
            case t.FactValue(fact, window):
                return known(Part(self.latest(fact, "number", window, scope)))
            case t.Field("grade"):
                return known(Part(f"({scope.event}.grade * {ONE})"))
            case t.Age(at):
                return known(
                    Part(f"({self.age(self.column(self.before(at, _EACH), scope), scope)} * {10 * UNITS['a'][1]})")
                )
            case t.Slope():
                return known(self.slope(expr, scope))
            case t.Change(fact, base, at):
                windows = (None if anchor.name == t.NOW else t.At(anchor) for anchor in (at, base))
                after, before = (self.number(t.FactValue(fact, window), scope) for window in windows)
                return combined("-", after, before)
            case t.Arithmetic(op, left, right):
                return combined(op, self.number(left, scope), self.number(right, scope))
            case t.Count() | t.Extreme():
                return Num(*(Part(f"({bound} * {ONE})") for bound in self.collected(expr, scope)))
        raise TypeError(f"{type(expr).__name__} is no number")

    def age(self, day: str, scope: _Scope) -> str:
        """Birthdays reached by a day."""
        born = self.dated("birth_date", scope)
        early = f"(strftime('%m-%d', {day}) < strftime('%m-%d', {born}))"
        return f"(strftime('%Y', {day}) - strftime('%Y', {born}) - {early})"

    def slope(self, expr: t.Slope, scope: _Scope) -> Part:
        """The least-squares slope as one fraction, by the sums of x, y, xx and xy."""
        tables, o = self.seen(expr.fact, expr.window, scope)
        y, x, length = f"({self.read(expr.fact, o)['number']})", f"({o}.day - {self.today})", PER[expr.per]
        usable = f"{tables} AND {y} IS NOT NULL"
        rise = f"count(*) * sum({x} * {y}) - sum({x}) * sum({y})"
        above = f"(SELECT CASE WHEN count(DISTINCT {o}.day) > 1 THEN {rise} END {usable})"
        below = f"(SELECT count(*) * sum({x} * {x}) - sum({x}) * sum({x}) {usable})"
        return Part(f"({above} * {length.numerator})", f"({below} * {length.denominator})")

    def collected(self, expr: t.Count | t.Extreme, scope: _Scope) -> tuple[str, str]:
        """The least and the most that a count or an extreme can be."""
        if isinstance(expr, t.Extreme):
            return self.extreme(expr, scope)
        if expr.of == t.PARTICIPANTS:
            return self.counted("person", expr.where, None, scope)
        match self.protocol.facts[expr.of].kind:
            case "log":
                return self.counted("event", expr.where, expr.window, scope)
            case "episode":
                return self.episodes(expr, scope)
        tables, o = self.seen(expr.of, expr.window, scope)
        what = "text" if self.protocol.facts[expr.of].kind == "choice" else "number"
        return f"(SELECT count({self.read(expr.of, o)[what]}) {tables})", f"(SELECT count(*) {tables})"

    def episodes(self, expr: t.Count, scope: _Scope) -> tuple[str, str]:
        """How many episodes surely lie in a window, and how many may: any number where others may exist."""
        days, (episodes, e) = self.window(expr.window, scope), self.mine(expr.of, scope)
        touching = self.touches(e, days)
        closed = f"NOT {self.pending(expr.window, scope)} AND {self.absent(expr.of, days, scope)}"
        high = f"(CASE WHEN {closed} THEN (SELECT count(*) {episodes} AND {touching} IS NOT 0) END)"
        return f"(SELECT count(*) {episodes} AND {touching} = 1)", high

    def members(self, table: str, where: t.Expr | None, window: t.WindowSpec | None, scope: _Scope) -> tuple[str, str]:
        """FROM and WHERE for adverse events or participants, and whether one of them belongs."""
        m = next(self._names)
        inner = _Scope(f"{m}.p") if table == "person" else replace(scope, event=m)
        belongs = "1" if where is None else self.truth(where, inner)
        if table == "person":
            return f"FROM person {m}", belongs
        inside = "1" if window is None else self.window(window, scope).hold(f"{m}.onset")
        return f"FROM event {m} WHERE {m}.p = {scope.p} AND {inside}", belongs

    def counted(self, table: str, where: t.Expr | None, window: t.WindowSpec | None, scope: _Scope) -> tuple[str, str]:
        """How many surely belong, and how many may."""
        tables, belongs = self.members(table, where, window, scope)
        low, high = (f"(SELECT count(CASE WHEN {belongs} {is_} THEN 1 END) {tables})" for is_ in ("= 1", "IS NOT 0"))
        return low, high

    def extreme(self, expr: t.Extreme, scope: _Scope) -> tuple[str, str]:
        """The least and the most that the highest or lowest grade can be; of none at all it is 0."""
        tables, belongs = self.members("event", expr.where, expr.window, scope)

        def of(pick: str, is_: str) -> str:
            return f"(SELECT {pick}(CASE WHEN {belongs} {is_} THEN grade END) {tables})"

        if expr.which == "max":
            return f"coalesce({of('max', '= 1')}, 0)", f"coalesce({of('max', 'IS NOT 0')}, 0)"
        sure = of("min", "= 1")
        low = f"(CASE WHEN {sure} IS NULL THEN 0 ELSE {of('min', 'IS NOT 0')} END)"
        return low, f"coalesce({sure}, {of('max', 'IS NOT 0')}, 0)"
