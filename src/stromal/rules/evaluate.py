"""Expression + chart -> verdict or measurement, with the reason, the entries it rests on and what would settle it.

This is the oracle of the language: plain Kleene logic over one person's chart (or everybody's, for `participants`).
Counts are kept as bounds: what certainly counts, and what could count at most.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import lru_cache

from stromal.protocol import tree as t
from stromal.protocol.model import Fact, Hold, Predicate
from stromal.protocol.writing import write, write_window
from stromal.rules import known as k
from stromal.rules.boundaries import bounded
from stromal.rules.bounds import Measured, combine, compare, exactly, in_unit, least_squares, merged, reach
from stromal.rules.chart import AdverseEvent, Episode
from stromal.rules.timing import Case, day_of, pending, window_of
from stromal.values import Quantity, Truth, Verdict, Window, all_of, negate, plain, years_between

_DAYS = {"day": "1", "week": "7", "month": "30.4375", "year": "365.25"}
"""Days in a unit of time, for slopes: the mean calendar month and year."""


# ---------------------------------------------------------------- conditions


def judge(expr: t.Expr, case: Case) -> Verdict:
    """The truth of a condition for a case, three-valued, with its explanation."""
    match expr:
        case t.Not(item):
            inner = judge(item, case)
            return Verdict(negate(inner.truth), inner.reason, inner.evidence, inner.settle)
        case t.All(items):
            return _joined((judge(item, case) for item in items), decisive=False)
        case t.Any(items):
            return _joined((judge(item, case) for item in items), decisive=True)
        case t.If(condition, then):
            return _implied(judge(condition, case), then, case)
        case t.Ref(rule):
            return _rule(rule, case)
        case t.Compare():
            return _compare(expr, case)
        case t.Between(item, low, high, unit):
            return _between(measure(item, case), low, high, unit)
        case _:
            return _atom(expr, case)


def _atom(expr: t.Expr, case: Case) -> Verdict:
    match expr:
        case t.OneOf():
            return _one_of(expr, case)
        case t.Happened():
            return _happened(expr, case)
        case t.Unchanged():
            return _unchanged(expr, case)
        case t.Judged(question, by):
            return _answered(question, by, case)
        case t.Asked(question):
            return _answered(question, "", case)
        case t.Done(visit):
            return _done(visit, case)
        case t.Onset(window):
            return _onset(window, case)
        case t.Field(name):
            return _field(name, case)
    raise TypeError(f"{type(expr).__name__} is no condition")


def _joined(parts: Iterable[Verdict], *, decisive: bool) -> Verdict:
    """Several verdicts as one; the first `decisive` one (True for or, False for and) settles it and ends it."""
    verdicts: list[Verdict] = []
    for verdict in parts:
        if verdict.truth is decisive:
            return verdict
        verdicts.append(verdict)
    unknown = [verdict for verdict in verdicts if verdict.truth is None]
    telling = unknown or verdicts
    reason = "; ".join(dict.fromkeys(v.reason for v in telling))
    truth = None if unknown else not decisive
    return Verdict(truth, reason, merged(v.evidence for v in telling), merged(v.settle for v in telling))


def _implied(condition: Verdict, then: t.Expr, case: Case) -> Verdict:
    if condition.truth is False:
        return Verdict(True, f"does not apply: {condition.reason}", condition.evidence)
    consequence = judge(then, case)
    if condition.truth or consequence.truth:
        return consequence
    return _joined((condition, consequence), decisive=True)


@lru_cache(maxsize=1024)
def _literal(number: t.Number) -> Measured:
    """A number as written in the protocol; it is asked for again after every entry."""
    amount = number.quantity
    return Measured(amount.value, amount.value, amount.unit, str(amount))


_NO_EVENTS = Measured(Fraction(0), Fraction(0), "", "0 adverse events")


def _rule(name: str, case: Case) -> Verdict:
    rule = case.protocol.rules[name]
    if isinstance(rule, Hold) and case.standing is not None:
        stands = name in case.standing
        return Verdict(stands, f"the hold {name} {'stands' if stands else 'does not stand'}")
    if isinstance(rule, Hold | Predicate):
        return held(rule, case)
    raise TypeError(f"{name} is a decision table or a design, not a condition")


def held(rule: Hold | Predicate, case: Case) -> Verdict:
    """Whether a rule is true; one that names a boundary is, once enough of those treated had an event."""
    if isinstance(rule, Predicate) or rule.boundary is None:
        return judge(rule.when, case)
    treated = [
        each for each in case.others
        if any(rule.dose in ("", given.dose) and given.day <= case.today for given in each.infusions)
    ]  # fmt: skip
    if not treated:
        return Verdict(False, "nobody has been treated")
    verdicts = [judge(rule.boundary.events, case.about(chart)) for chart in treated]
    counted = _counted([(v.truth, v.evidence) for v in verdicts], "events", _settles(verdicts))
    stop = bounded(rule.boundary).stops(len(treated))
    truth = compare(">=", counted, exactly(Fraction(stop), "", "", ()))
    reason = f"{counted.reason} in {len(treated)} treated; {rule.boundary.kind} stops at {stop}"
    return Verdict(truth, reason, counted.evidence, counted.settle if truth is None else ())


def _compare(expr: t.Compare, case: Case) -> Verdict:
    match expr.left, expr.right:
        case t.TimeSince(), t.Length():
            return _since(expr.op, expr.left, expr.right, case)
        case t.Field("term"), t.Text(text):
            same = case.event is not None and case.event.term.casefold() == text.casefold()
            return Verdict(
                same if expr.op == "=" else not same, f"the term is {case.event.term if case.event else '?'}"
            )
    left, right = measure(expr.left, case), measure(expr.right, case)
    truth = compare(expr.op, left, in_unit(right, left.unit))
    evidence = merged((left.evidence, right.evidence))
    if truth is None:
        open_ = "; ".join(dict.fromkeys(each.reason for each in (left, right) if each.value is None))
        return Verdict(None, open_, evidence, merged((left.settle, right.settle)))
    return Verdict(truth, f"{left.reason}; asked for {expr.op} {right.reason}", evidence)


def _between(item: Measured, low: Fraction, high: Fraction, unit: str) -> Verdict:
    lower, upper = (in_unit(Measured(x, x, unit), item.unit) for x in (low, high))
    truth = all_of((compare(">=", item, lower), compare("<=", item, upper)))
    if truth is None:
        return Verdict(None, item.reason, item.evidence, item.settle)
    asked = f"{plain(low)} to {Quantity(high, unit)}"
    return Verdict(truth, f"{item.reason}; asked for {asked}", item.evidence)


def _one_of(expr: t.OneOf, case: Case) -> Verdict:
    if not isinstance(expr.item, t.FactValue):
        raise TypeError(f"{write(expr.item)} is no choice")
    fact = case.protocol.facts[expr.item.fact]
    value = k.latest(fact, expr.item.window, case)
    if not value.text:
        return Verdict(None, f"{fact.says or fact.name}: {value.why}", (), (fact.name,))
    reason = f"{fact.says or fact.name} is {value.text}; asked for {' or '.join(expr.options)}"
    return Verdict(value.text in expr.options, reason, (value.entry,))


def _happened(expr: t.Happened, case: Case) -> Verdict:
    fact = case.protocol.facts[expr.fact]
    named = fact.says or fact.name
    if fact.kind == "yes_no":
        value = k.latest(fact, expr.window, case)
        if value.text not in ("yes", "no"):
            return Verdict(None, f"{named}: {value.why or value.text}", (), (fact.name,))
        return Verdict(value.text == "yes", f"{named}: {value.text}", (value.entry,))
    truth, entries = k.happened(expr.fact, expr.window, case)
    when = f" {write_window(expr.window)}" if expr.window else ""
    if truth is None:
        return Verdict(None, f"whether there was {named}{when} is not recorded", entries, (fact.name,))
    return Verdict(truth, f"{named}{when}: {'yes' if truth else 'recorded as absent'}", entries)


def _unchanged(expr: t.Unchanged, case: Case) -> Verdict:
    window = window_of(t.Within(expr.length, "before", expr.anchor), case)
    fact = case.protocol.facts[expr.fact]
    named, span = fact.says or fact.name, f"for {expr.length} before {expr.anchor.name}"
    touching = [each for each in k.episodes(expr.fact, case) if k.touches(each, window, case.today) is not False]
    entries = tuple(each.entry for each in touching)
    if not touching:
        absent = k.absent(expr.fact, window, case)
        if absent is not None:
            return Verdict(False, f"{named} was not taken {span}", absent)
        return Verdict(None, f"whether {named} was unchanged {span} is not recorded", (), (fact.name,))
    truth, why = _constant(touching, window, case.today)
    if truth is None:
        return Verdict(None, f"{named} {why}", entries, (fact.name,))
    return Verdict(truth, f"{named} {'un' if truth else ''}changed {span}", entries)


def _constant(touching: list[Episode], window: Window, today: date) -> tuple[Truth, str]:
    """Whether episodes that may touch a window are one regimen throughout it; if that is unknown, why."""
    certain = {each.regimen for each in touching if each.regimen and k.touches(each, window, today)}
    if len(certain) > 1:
        return False, ""
    if any(each.start is None or (each.end is None and not each.ongoing) for each in touching):
        return None, "has no start or no end on record"
    if len(touching) > 1 and not all(each.regimen for each in touching):
        return None, "has no regimen on record"
    last = window.last or today
    return k.covers([(each.start, each.end or last) for each in touching], window, today), ""


def _answered(question: str, by: str, case: Case) -> Verdict:
    given = [a for a in case.chart.answers if a.question == question and (not by or a.by == by)]
    if not given:
        who = f"the {by.replace('_', ' ')}" if by else "the person"
        return Verdict(None, f"{who} has not answered: {question}", (), (question,))
    return Verdict(given[-1].answer, f"{question} {'Yes' if given[-1].answer else 'No'}.", (given[-1].entry,))


def _done(visit: str, case: Case) -> Verdict:
    planned = case.protocol.schedule[visit]
    attended = next((each for each in case.chart.visits if each.visit == visit), None)
    given = next((each for each in case.chart.infusions if each.visit == visit), None)
    done = given if planned.give else attended
    if done is None:
        return Verdict(False, f"{visit} has not taken place" if attended is None else f"no dose was given at {visit}")
    return Verdict(True, f"{visit} was done on {done.day}", (done.entry,))


def _event(case: Case) -> AdverseEvent:
    if case.event is None:
        raise TypeError("a field of an adverse event stands outside 'where'")
    return case.event


def _onset(spec: t.WindowSpec, case: Case) -> Verdict:
    event, window = _event(case), window_of(spec, case)
    return Verdict(event.onset in window, f"{event.term} began on {event.onset}", (event.entry,))


def _field(name: str, case: Case) -> Verdict:
    event = _event(case)
    truth: Truth = event.resolved is not None if name == "resolved" else getattr(event, name)
    told = {True: name, False: f"not {name}", None: f"nobody has judged whether it is {name}"}[truth]
    settle = (f"{name} of {event.term} ({event.id})",) if truth is None else ()
    return Verdict(truth, f"{event.term}: {told}", (event.entry,), settle)


def _since(op: t.Operator, term: t.TimeSince, length: t.Length, case: Case) -> Verdict:
    fact = case.protocol.facts[term.fact]
    asked = (day_of(term.at, case) if term.at else None) or case.today
    start, entries = _start(term, asked, case)
    if start is None:
        return Verdict(None, f"the date of {fact.says or fact.name} is not recorded", entries, (fact.name,))
    passed = length.duration.after(start)
    truth = {">": passed < asked, ">=": passed <= asked, "<": passed > asked, "<=": passed >= asked,
             "=": passed == asked, "!=": passed != asked}[op]  # fmt: skip
    reason = f"{fact.says or fact.name} since {start}, asked for {op} {length.duration} on {asked}"
    return Verdict(truth, reason, entries)


def _start(term: t.TimeSince, asked: date, case: Case) -> tuple[date | None, tuple[int, ...]]:
    """The first or last start up to the day asked about; unknown where an episode has no start on record."""
    fact = case.protocol.facts[term.fact]
    if fact.kind == "date":
        value = k.latest(fact, None, case)
        return _day(value.text), (value.entry,) if value.entry else ()
    mine = [each for each in k.episodes(term.fact, case) if each.start is None or each.start <= asked]
    starts = [each.start for each in mine if each.start is not None]
    entries = tuple(each.entry for each in mine)
    if not starts or len(starts) < len(mine):
        return None, entries
    return (min if term.which == "first" else max)(starts), entries


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# ---------------------------------------------------------------- numbers


def measure(expr: t.Expr, case: Case) -> Measured:
    """The number an expression stands for, between bounds where it is not fully known."""
    match expr:
        case t.Number():
            return _literal(expr)
        case t.FactValue():
            return _value(expr, case)
        case t.Age(at):
            return _age(at, case)
        case t.Field("grade"):
            event = _event(case)
            return exactly(Fraction(event.grade), "", f"{event.term} is of grade {event.grade}", (event.entry,))
        case t.Count():
            return _count(expr, case)
        case t.Extreme():
            return _extreme(expr, case)
        case t.Slope():
            return _slope(expr, case)
        case t.Change():
            return _change(expr, case)
        case t.Arithmetic(op, left, right):
            return combine(op, measure(left, case), measure(right, case))
    raise TypeError(f"{type(expr).__name__} is no number")


def _value(expr: t.FactValue, case: Case) -> Measured:
    fact = case.protocol.facts[expr.fact]
    value, named = k.latest(fact, expr.window, case), fact.says or fact.name
    if value.number is None:
        when = f" {write_window(expr.window)}" if expr.window else ""
        return Measured(None, None, fact.unit, f"{named}{when}: {value.why}", (), (fact.name,))
    reason = f"{named} is {Quantity(value.number, fact.unit)} on {value.day}"
    return exactly(value.number, fact.unit, reason, (value.entry,))


def _age(at: t.Anchor | None, case: Case) -> Measured:
    value = k.latest(case.protocol.facts["birth_date"], None, case)
    birth = _day(value.text)
    if birth is None:
        return Measured(None, None, "a", "the date of birth is not recorded", (), ("birth_date",))
    day = (day_of(at, case) if at else None) or case.today
    age = years_between(birth, day)
    return exactly(Fraction(age), "a", f"age is {age} years on {day}", (value.entry,))


_HOLDS: Mapping[t.Operator, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


def _too_low_or_high(where: t.Expr | None, grade: int) -> bool:
    """Whether the grade alone rules an event out: most conditions name one, and it is the cheapest part to look at."""
    for part in where.items if isinstance(where, t.All) else (where,):
        match part:
            case t.Compare(op, t.Field("grade"), t.Number(limit)) if not _HOLDS[op](Fraction(grade), limit.value):
                return True
    return False


def _members(expr: t.Count | t.Extreme, case: Case) -> list[tuple[AdverseEvent, Truth, tuple[str, ...]]]:
    """The adverse events with whether each belongs to the collection, and what would settle it."""
    window, found = window_of(expr.window, case) if expr.window else None, []
    for event in case.chart.adverse_events:
        inside = (window is None or event.onset in window) and not _too_low_or_high(expr.where, event.grade)
        verdict = judge(expr.where, case.on(event)) if expr.where and inside else Verdict(inside, "")
        found.append((event, verdict.truth, verdict.settle))
    return found


def _count(expr: t.Count, case: Case) -> Measured:
    if expr.of == t.PARTICIPANTS:
        verdicts = [judge(expr.where, case.about(chart)) if expr.where else Verdict(True, "") for chart in case.others]
        return _counted([(v.truth, v.evidence) for v in verdicts], "participants", _settles(verdicts))
    kind = case.protocol.facts[expr.of].kind
    if kind == "log":
        if not case.chart.adverse_events:
            return _NO_EVENTS
        members = _members(expr, case)
        settle = merged(settle for _, truth, settle in members if truth is None)
        counted = _counted([(truth, (event.entry,)) for event, truth, _ in members], "adverse events", settle)
        return replace(counted, reason=counted.reason + _named([event for event, truth, _ in members if truth]))
    if kind == "episode":
        return _episodes(expr, case)
    return _values(case.protocol.facts[expr.of], expr.window, case)


def _named(events: list[AdverseEvent]) -> str:
    """Which adverse events were counted, the first three by name."""
    told = [f"{event.term}, grade {event.grade}" for event in events[:3]]
    more = [f"{len(events) - 3} more"] if len(events) > 3 else []
    return f" ({'; '.join(told + more)})" if told else ""


def _values(fact: Fact, window: t.WindowSpec | None, case: Case) -> Measured:
    """Values in a window; one that cannot be read, such as a number without its unit, may or may not be one."""
    seen = [each for each in k.observations(fact.name, window, case) if each.value is not None]
    read = [(k.read(fact, each), each.entry) for each in seen]
    found: list[tuple[Truth, tuple[int, ...]]] = [(None if value.why else True, (entry,)) for value, entry in read]
    settle = (fact.name,) if any(value.why for value, _ in read) else ()
    return _counted(found, f"values of {fact.says or fact.name}", settle)


def _settles(verdicts: list[Verdict]) -> tuple[str, ...]:
    return merged(v.settle for v in verdicts if v.truth is None)


def _counted(members: list[tuple[Truth, tuple[int, ...]]], named: str, settle: tuple[str, ...]) -> Measured:
    low = sum(truth is True for truth, _ in members)
    high = low + sum(truth is None for truth, _ in members)
    number = str(low) if low == high else f"{low} to {high}"
    named = named.removesuffix("s") if number == "1" and not named.startswith("of ") else named
    evidence = merged(entries for truth, entries in members if truth is not False)
    return Measured(Fraction(low), Fraction(high), "", f"{number} {named}", evidence, settle)


def _episodes(expr: t.Count, case: Case) -> Measured:
    """Episodes in a window; more may exist than were recorded, unless somebody recorded that there are no others."""
    window, fact = window_of(expr.window, case), case.protocol.facts[expr.of]
    found: list[tuple[Truth, tuple[int, ...]]] = [
        (k.touches(each, window, case.today), (each.entry,)) for each in k.episodes(expr.of, case)
    ]
    counted = _counted(found, f"of {fact.says or fact.name}", (fact.name,))
    closed = None if pending(expr.window, case) else k.absent(expr.of, window, case)
    if closed is None:
        return replace(counted, high=None, reason=f"{plain(counted.low or 0)} or more of {fact.says or fact.name}")
    settle = () if counted.low == counted.high else counted.settle
    return replace(counted, evidence=merged((counted.evidence, closed)), settle=settle)


def _extreme(expr: t.Extreme, case: Case) -> Measured:
    members = _members(expr, case)
    sure = [event.grade for event, truth, _ in members if truth]
    possible = sure + [event.grade for event, truth, _ in members if truth is None]
    low, high = reach(expr.which, sure, possible)
    evidence = tuple(event.entry for event, truth, _ in members if truth is not False)
    settle = merged(settle for _, truth, settle in members if truth is None)
    shown = plain(low) if low == high else f"{plain(low)} to {plain(high)}"
    return Measured(low, high, "", f"{expr.which} {expr.field} is {shown}", evidence, settle)


def _slope(expr: t.Slope, case: Case) -> Measured:
    fact = case.protocol.facts[expr.fact]
    seen = k.observations(expr.fact, expr.window, case)
    points = [(each.day, value.number) for each in seen if (value := k.read(fact, each)).number is not None]
    entries = tuple(each.entry for each in seen)
    days = {day for day, _ in points}
    when = f" {write_window(expr.window)}" if expr.window else ""
    if len(days) < 2:
        why = f"a slope of {fact.says or fact.name}{when} needs values on 2 days, there are {len(days)}"
        return Measured(None, None, fact.unit, why, entries, (fact.name,))
    length = Fraction(_DAYS[expr.per])
    slope = least_squares([(day.toordinal() / length, number) for day, number in points if number is not None])
    reason = f"slope of {fact.says or fact.name}{when} is {plain(slope)} {fact.unit} per {expr.per}".replace("  ", " ")
    return exactly(slope, fact.unit, reason, entries)


def _change(expr: t.Change, case: Case) -> Measured:
    windows = (None if anchor.name == t.NOW else t.At(anchor) for anchor in (expr.at, expr.base))
    after, base = (measure(t.FactValue(expr.fact, window), case) for window in windows)
    change = combine("-", after, base)
    if change.value is None:
        return change
    fact = case.protocol.facts[expr.fact]
    named, by = fact.says or fact.name, Quantity(change.value, fact.unit)
    reason = f"{named} changed by {by} from {expr.base.name} to {expr.at.name}"
    return Measured(change.low, change.high, fact.unit, reason, change.evidence)
