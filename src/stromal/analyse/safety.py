"""Adverse events: how many people had any, related, serious or severe ones, by term, worst grade, relation and level.

Takes the State and the Protocol, gives tables (step 8 of the walk). Every proportion has its exact two-sided 95 %
interval, also 0 of n. What nobody has judged is neither a yes nor a no: it is counted apart, and the interval is
drawn wide enough for either outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stromal.analyse.estimates import clopper_pearson
from stromal.analyse.grid import Cell, Column, Row, Table, gathered
from stromal.analyse.people import dosed_people, percent
from stromal.analyse.readings import doses, level
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Protocol
from stromal.rules.chart import AdverseEvent
from stromal.values import Truth, all_of, any_of, negate

ALL_LEVELS = "all levels"
BEFORE_DOSING = "before the first dose"
GRADES = (1, 2, 3, 4, 5)
_RELATION = {True: "related", False: "not related", None: "not judged"}


@dataclass(frozen=True, slots=True)
class Case:
    """One adverse event of one person, and the dose level of the last administration before it began."""

    person: Participant
    event: AdverseEvent
    level: str

    @property
    def entries(self) -> tuple[int, ...]:
        """The entries that reported the event, last judged it, and told that it was over."""
        return gathered([(self.event.reported, self.event.entry, self.event.resolution)])


@dataclass(frozen=True, slots=True)
class Group:
    """The people at risk of something, and what befell them."""

    name: str
    people: tuple[Participant, ...]
    cases: tuple[Case, ...]

    @property
    def entries(self) -> tuple[int, ...]:
        """The entries that put people at risk: their administrations."""
        return gathered([given.entry for given in person.chart.infusions] for person in self.people)


def cases(state: State, protocol: Protocol) -> tuple[Case, ...]:
    """Every adverse event of everybody, in the order of people (those enrolled first) and onset."""
    people = {person.id: person for person in (*state.enrolled(), *state.participants.values())}
    return tuple(
        Case(person, event, _level_before(protocol, person, event))
        for person in people.values()
        for event in sorted(person.chart.adverse_events, key=lambda each: (each.onset, each.entry))
    )


def _level_before(protocol: Protocol, person: Participant, event: AdverseEvent) -> str:
    before = [given for given in doses(person) if given.day <= event.onset]
    return level(protocol, before[-1]) if before else BEFORE_DOSING


def after_dosing(state: State, protocol: Protocol) -> Group:
    """Everybody dosed, with the adverse events that began on or after the day of the first dose."""
    found = tuple(each for each in cases(state, protocol) if each.level != BEFORE_DOSING)
    return Group(ALL_LEVELS, dosed_people(state), found)


def by_level(state: State, protocol: Protocol) -> tuple[Group, ...]:
    """The same, one group a dose level, lowest first; a person stands in each level they were given."""
    whole = after_dosing(state, protocol)
    amounts = {level(protocol, given): given.level for person in whole.people for given in person.chart.infusions}
    return tuple(
        Group(name, _given(whole.people, protocol, name), tuple(case for case in whole.cases if case.level == name))
        for name in sorted(amounts, key=lambda name: (amounts[name], name))
    )


def _given(people: Iterable[Participant], protocol: Protocol, name: str) -> tuple[Participant, ...]:
    return tuple(p for p in people if any(level(protocol, given) == name for given in p.chart.infusions))


# ---------------------------------------------------------------- counts with exact intervals

_Question = Callable[[AdverseEvent], Truth]
QUESTIONS: dict[str, _Question] = {
    "Any adverse event": lambda event: event.grade >= 1,
    "Related": lambda event: event.related,
    "Serious": lambda event: event.serious,
    "Grade 3 or more": lambda event: event.grade >= 3,
    "Related, grade 3 or more": lambda event: all_of((event.related, event.grade >= 3)),
    "Related and serious": lambda event: all_of((event.related, event.serious)),
    "Related, serious and unexpected": lambda event: all_of((event.related, event.serious, negate(event.expected))),
    "Fatal (grade 5)": lambda event: event.grade == 5,
}
"""What is asked of every adverse event; the answer may be unknown."""

_AT_RISK = (
    Column("people", "People", numeric=True),
    Column("unknown", "Not judged", numeric=True),
    Column("of", "Of", numeric=True),
    Column("percent", "Percent", "", 1, numeric=True),
    Column("low", "95 % from", "", 1, numeric=True),
    Column("high", "95 % to", "", 1, numeric=True),
)
_NOTES = (
    "From and to are the limits of the exact (Clopper-Pearson) two-sided 95 % interval, so 0 of n is bounded too.",
    "Not judged counts people for whom the answer hangs on an event nobody has judged yet.",
    "The interval is then wide enough for none of them to have it, and for all.",
    "Of counts the people dosed; events that began before the first dose are listed but not counted here.",
)


def adverse_event_counts(state: State, protocol: Protocol) -> Table:
    """People with any, related, serious, severe or fatal events among those dosed, over all and by dose level."""
    columns = (Column("level", "Dose level", short=True), Column("measure", "People with"), *_AT_RISK,
               Column("events", "Events", numeric=True))  # fmt: skip
    groups = _groups(state, protocol)
    rows = tuple(_counted(group, name) for group in groups for name in QUESTIONS)
    title = "Adverse events after dosing: people affected"
    return Table("adverse_event_counts", title, columns, rows, _NOTES, "Nobody has been dosed.")


def _groups(state: State, protocol: Protocol) -> tuple[Group, ...]:
    """All levels, then each; one level needs no line of its own, and nobody dosed gives none at all."""
    whole, levels = after_dosing(state, protocol), by_level(state, protocol)
    return (whole, *(levels if len(levels) > 1 else ())) if whole.people else ()


def _counted(group: Group, name: str) -> Row:
    ask = QUESTIONS[name]
    answers = {person.id: any_of(ask(case.event) for case in group.cases if case.person.id == person.id)
               for person in group.people}  # fmt: skip
    held = [case for case in group.cases if ask(case.event) is not False]
    events = sum(ask(case.event) is True for case in held)
    cells = (group.name, name, *at_risk(list(answers.values())), events)
    return Row(cells, gathered(case.entries for case in held) or group.entries)


def at_risk(answers: Sequence[Truth]) -> tuple[Cell, ...]:
    """People with a yes, people not judged, of how many, percent, and the limits of the exact interval in percent."""
    yes, unknown, of = answers.count(True), answers.count(None), len(answers)
    low, high = bounds(yes, unknown, of)
    share: Cell = percent(yes, of)
    if unknown:
        share = f"{100 * yes / of:.1f} to {100 * (yes + unknown) / of:.1f}"
    return yes, unknown, of, share, low, high


def bounds(yes: int, unknown: int, of: int) -> tuple[float, float]:
    """Exact 95 % limits in percent, wide enough for the unknown to turn out either way. ValueError of nobody."""
    return 100 * clopper_pearson(yes, of).low, 100 * clopper_pearson(yes + unknown, of).high


# ---------------------------------------------------------------- by term, worst grade and relation


def adverse_events_by_term(state: State, protocol: Protocol) -> Table:
    """People by term, worst grade and relation, over all levels."""
    whole = after_dosing(state, protocol)
    title = "Adverse events after dosing: term, worst grade and relation"
    return _term_table("adverse_events_by_term", title, _TERM, tuple(_terms(whole)), "No adverse event after dosing.")


def adverse_events_by_level(state: State, protocol: Protocol) -> Table:
    """The same for each dose level, where there are several: an event counts for the level given last before it."""
    title = "Adverse events after dosing: dose level, term, worst grade and relation"
    groups = by_level(state, protocol)
    several = groups if len(groups) > 1 else ()
    rows = tuple(Row((group.name, *row.cells), row.entries) for group in several for row in _terms(group))
    empty = "No adverse event after dosing." if several else "There are not several dose levels to tell apart."
    named = (Column("level", "Dose level", short=True), *_TERM)
    return _term_table("adverse_events_by_level", title, named, rows, empty)


_TERM = (Column("term", "Term"), Column("relation", "Relation"))


def _term_table(name: str, title: str, named: tuple[Column, ...], rows: tuple[Row, ...], empty: str) -> Table:
    columns = (
        *named,
        *(Column(f"grade_{grade}", f"Gr. {grade}", numeric=True) for grade in GRADES),
        *(column for column in _AT_RISK if column.name != "unknown"),
        Column("events", "Events", numeric=True),
    )
    notes = (
        "A person counts once a term, at the worst grade, and as related if any of its events is.",
        _NOTES[0],
    )
    return Table(name, title, columns, rows, notes, empty)


def _terms(group: Group) -> list[Row]:
    """Terms with the most people first; a term judged in more than one way has a line for each."""
    rows: list[Row] = []
    terms = {case.event.term for case in group.cases}
    held = {term: [case for case in group.cases if case.event.term == term] for term in terms}
    for term in sorted(terms, key=lambda term: (-len({case.person.id for case in held[term]}), term)):
        parts = _by_relation(held[term])
        if len(parts) > 1:
            rows.append(_term(group, term, "any", held[term], 0))
        rows += [_term(group, term, _RELATION[said], part, int(len(parts) > 1)) for said, part in parts.items()]
    return rows


def _by_relation(held: Sequence[Case]) -> dict[Truth, list[Case]]:
    """The cases of one term by how it is related in each person: related, not judged, not related."""
    people = dict.fromkeys(case.person.id for case in held)
    said = {who: any_of(case.event.related for case in held if case.person.id == who) for who in people}
    order: tuple[Truth, ...] = (True, None, False)
    parts = {truth: [case for case in held if said[case.person.id] is truth] for truth in order}
    return {truth: part for truth, part in parts.items() if part}


def _term(group: Group, term: str, relation: str, held: Sequence[Case], depth: int) -> Row:
    worst: dict[str, int] = {}
    for case in held:
        worst[case.person.id] = max(worst.get(case.person.id, 0), case.event.grade)
    grades = tuple(list(worst.values()).count(grade) for grade in GRADES)
    of = len(group.people)
    low, high = bounds(len(worst), 0, of)
    cells = (term, relation, *grades, len(worst), of, percent(len(worst), of), low, high, len(held))
    return Row(cells, gathered(case.entries for case in held), depth)


# ---------------------------------------------------------------- one line an event


def severe_events(state: State, protocol: Protocol) -> Table:
    """The adverse events a committee reads one by one: grade 3 or more, serious, or not judged for seriousness."""
    held = [case for case in cases(state, protocol) if case.event.grade >= 3 or case.event.serious is not False]
    title = "Events of grade 3 or more, serious, or not yet judged for seriousness"
    return _listing("severe_events", title, held, "No such event has been reported.")


def adverse_event_listing(state: State, protocol: Protocol) -> Table:
    """Every adverse event of everybody, also before dosing, with what has been judged of it."""
    held = cases(state, protocol)
    return _listing("adverse_event_listing", "Every adverse event", held, "No adverse event has been reported.")


def _listing(name: str, title: str, held: Sequence[Case], empty: str) -> Table:
    columns = (
        Column("participant", "Participant", short=True),
        Column("term", "Term"),
        Column("grade", "Grade", numeric=True),
        Column("onset", "Onset"),
        Column("days", "Days after dose", numeric=True),
        Column("level", "Dose level", short=True),
        Column("related", "Related"),
        Column("serious", "Serious"),
        Column("expected", "Expected"),
        Column("resolved", "Resolved"),
    )
    notes = ("Days are counted from the last administration on or before the onset.",)
    return Table(name, title, columns, tuple(_listed(case) for case in held), notes, empty)


_SAID = {True: "yes", False: "no", None: "not judged"}


def _listed(case: Case) -> Row:
    event = case.event
    before = [given.day for given in doses(case.person) if given.day <= event.onset]
    days: Cell = (event.onset - before[-1]).days if before else ""
    cells = (
        case.person.id, event.term, event.grade, event.onset, days, case.level, _SAID[event.related],
        _SAID[event.serious], _SAID[event.expected], event.resolved or "not resolved",
    )  # fmt: skip
    return Row(cells, case.entries)
