"""Who took part: disposition, a line a person, and what they were like at the start.

Takes the State and the Protocol, gives tables (step 8 of the walk). Nobody is dropped: who is missing a value, or has
not been judged, is counted as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stromal.analyse.estimates import describe
from stromal.analyse.grid import Cell, Column, Row, Table, counted, gathered
from stromal.analyse.readings import Reading, age_at_consent, baseline, dosed, doses, label
from stromal.ledger.state import Participant, State
from stromal.protocol.model import Fact, Protocol
from stromal.protocol.tree import facts_read
from stromal.rules.eligibility import criteria

_PEOPLE = (
    Column("people", "People", numeric=True),
    Column("of", "Of", numeric=True),
    Column("percent", "Percent", "", 1, numeric=True),
)


def disposition(state: State, protocol: Protocol) -> Table:
    """How many were screened, failed and why, were enrolled, dosed each time, completed, left and why, or go on."""
    everybody, enrolled = tuple(state.participants.values()), state.enrolled()
    step = _Steps(len(everybody), len(enrolled))
    rows = [
        step.row("Screened", everybody, lambda p: (p.entry,)),
        step.row("Gave consent", [p for p in everybody if p.chart.consent], lambda p: (p.consent_entry,), 1),
        *_judged(step, everybody),
        step.row("Still in screening", _in(everybody, "screening"), lambda p: (p.entry,), 1),
        step.row("Screen failed", _in(everybody, "screen failed"), _end, 1),
        *_reasons(step.row, _in(everybody, "screen failed"), _criteria(protocol)),
        step.row("Enrolled", enrolled, lambda p: (p.enrolment_entry,)),
        *_dose_numbers(step, enrolled, protocol),
        step.later("Completed", _in(enrolled, "completed"), _end, 1),
        step.later("Withdrawn", _in(enrolled, "withdrawn"), _end, 1),
        *_reasons(step.later, _in(enrolled, "withdrawn"), {}),
        step.later("Ongoing", _in(enrolled, "enrolled"), lambda p: (p.enrolment_entry,), 1),
    ]
    notes = (f"The protocol plans {protocol.trial.planned} people.",
             "Percentages are of people screened down to Enrolled, and of people enrolled from there.",
             "One person may fail screening for several reasons.")  # fmt: skip
    return Table("disposition", "Disposition", (Column("step", "Step"), *_PEOPLE), tuple(rows), notes)


_Entries = Callable[[Participant], tuple[int, ...]]


def _end(person: Participant) -> tuple[int, ...]:
    return (person.end_entry,)


def _in(people: Iterable[Participant], status: str) -> list[Participant]:
    return [person for person in people if person.status == status]


class _Steps:
    """Makes the rows of the disposition: of everybody screened, and later of everybody enrolled."""

    def __init__(self, screened: int, enrolled: int) -> None:
        self._screened, self._enrolled = screened, enrolled

    def row(self, step: str, people: Sequence[Participant], entries: _Entries, depth: int = 0) -> Row:
        return self._made(step, people, entries, depth, self._screened)

    def later(self, step: str, people: Sequence[Participant], entries: _Entries, depth: int = 0) -> Row:
        return self._made(step, people, entries, depth, self._enrolled)

    def _made(self, step: str, people: Sequence[Participant], entries: _Entries, depth: int, of: int) -> Row:
        cells = (step, len(people), of, percent(len(people), of))
        return Row(cells, gathered(entries(person) for person in people), depth)


def percent(part: int, of: int) -> float | None:
    """Part of the whole in percent; None where there is no whole."""
    return 100 * part / of if of else None


def _judged(step: _Steps, everybody: Sequence[Participant]) -> list[Row]:
    """Eligible, not eligible, and not judged yet, which is neither."""
    named = {"Judged eligible": True, "Judged not eligible": False, "Not judged yet": None}
    return [
        step.row(name, [p for p in everybody if p.eligible is said], lambda p: (p.eligibility_entry or p.entry,), 1)
        for name, said in named.items()
    ]


def _criteria(protocol: Protocol) -> dict[str, str]:
    """What each criterion says, by its name; a reason begins with the name of the criterion that was not met."""
    return {each.name: f"{each.name}: {each.says}" for each, _ in criteria(protocol)}


def _reasons(make: Callable[..., Row], people: Sequence[Participant], named: Mapping[str, str]) -> list[Row]:
    """One row a reason; a person whose reason nobody wrote down is counted under that."""
    given = {person.id: _grouped_reasons(person, named) for person in people}
    tally = counted([reason for reasons in given.values() for reason in reasons])
    return [make(reason, [person for person in people if reason in given[person.id]], _end, 2) for reason in tally]


def _grouped_reasons(person: Participant, named: Mapping[str, str]) -> tuple[str, ...]:
    """The reasons without what differs from person to person: the criterion, where one is named."""
    reasons = (named.get(reason.partition(":")[0], reason) for reason in person.reasons)
    return tuple(dict.fromkeys(reasons)) or ("No reason recorded",)


def _dose_numbers(step: _Steps, enrolled: Sequence[Participant], protocol: Protocol) -> list[Row]:
    most = max([len(protocol.visits_giving()), *(len(p.chart.infusions) for p in enrolled)])
    rows: list[Row] = []
    for number in range(1, most + 1):
        given = [p for p in enrolled if len(p.chart.infusions) >= number]
        rows.append(step.later(f"Given dose {number}", given, _nth_dose(number), 1))
    return rows


def _nth_dose(number: int) -> _Entries:
    return lambda person: (doses(person)[number - 1].entry,)


def participants(state: State) -> Table:
    """One line for every person screened: where they stand, since when, and why they left."""
    columns = (
        Column("participant", "Participant", short=True),
        Column("number", "Number", numeric=True),
        Column("status", "Status"),
        Column("consent", "Consent"),
        Column("enrolled", "Enrolled"),
        Column("doses", "Doses", numeric=True),
        Column("ended", "Ended"),
        Column("reason", "Reason"),
    )
    rows = tuple(_line(person) for person in state.participants.values())
    return Table("participants", "People, one line each", columns, rows, empty="Nobody has been screened.")


def _line(person: Participant) -> Row:
    chart = person.chart
    ended = "" if person.ended is None and person.status in ("screening", "enrolled") else person.ended
    cells: tuple[Cell, ...] = (
        person.id, person.number or "", person.status, chart.consent or "not given", chart.enrolled or "",
        len(chart.infusions), ended, "; ".join(person.reasons),
    )  # fmt: skip
    told = (person.entry, person.consent_entry, person.eligibility_entry, person.enrolment_entry, person.end_entry)
    return Row(cells, gathered([told, [given.entry for given in chart.infusions]]))


# ---------------------------------------------------------------- what people were like at the start


def baseline_numbers(state: State, protocol: Protocol) -> Table:
    """Age at consent and every number or score known at baseline: n, missing, mean, SD, median, range."""
    people = state.enrolled()
    columns = (
        Column("characteristic", "Characteristic"),
        Column("unit", "Unit"),
        Column("n", "n", numeric=True),
        Column("missing", "Missing", numeric=True),
        Column("mean", "Mean", "", 2, numeric=True),
        Column("sd", "SD", "", 2, numeric=True),
        Column("median", "Median", "", 2, numeric=True),
        Column("low", "Lowest", "", 2, numeric=True),
        Column("high", "Highest", "", 2, numeric=True),
    )
    rows = [_described("Age at consent", "years", [age_at_consent(person) for person in people])]
    for fact in _worth_telling(protocol, people, ("number", "score")):
        seen = [baseline(person, fact) for person in people]
        rows.append(_described(label(fact.name, fact.says), fact.unit, seen))
    notes = (
        "Baseline is the last known value up to and including the day of the first dose.",
        "For people not dosed yet it is the last value known.",
        "Everybody enrolled is counted, either under n or under Missing.",
    )
    return Table("baseline_numbers", "Baseline: numbers and scores", columns, tuple(rows), notes)


def _described(name: str, unit: str, seen: Sequence[Reading | None]) -> Row:
    known = [each for each in seen if each is not None]
    told = describe([float(each.value) for each in known])
    cells = (name, unit, told.n, len(seen) - told.n, told.mean, told.sd, told.median, told.low, told.high)
    return Row(cells, gathered([[each.entry for each in known]]))


def baseline_groups(state: State, protocol: Protocol) -> Table:
    """Sex and every choice or yes-or-no known at baseline, with those of whom it is not known."""
    people = state.enrolled()
    columns = (Column("characteristic", "Characteristic"), Column("value", "Value"), *_PEOPLE)
    facts = {fact.name: fact for fact in _worth_telling(protocol, people, ("choice", "yes_no"))}
    rows = tuple(row for fact in ({"sex": protocol.facts["sex"]} | facts).values()
                 for row in _grouped(people, fact))  # fmt: skip
    return Table("baseline_groups", "Baseline: groups", columns, rows, empty="Nobody has been enrolled.")


def _grouped(people: Sequence[Participant], fact: Fact) -> list[Row]:
    seen = {person.id: baseline(person, fact) for person in people}
    words = [str(each.value) for each in seen.values() if each is not None]
    order = [option for option in (*fact.options, "yes", "no") if option in words]
    rows = [_group(fact, option, [each for each in seen.values() if each and each.value == option], len(people))
            for option in order]  # fmt: skip
    unknown = [person for person in people if seen[person.id] is None]
    if unknown:
        cells = (
            label(fact.name, fact.says),
            "not known",
            len(unknown),
            len(people),
            percent(len(unknown), len(people)),
        )
        rows.append(Row(cells, gathered([[person.enrolment_entry for person in unknown]])))
    return rows


def _group(fact: Fact, option: str, seen: Sequence[Reading], of: int) -> Row:
    cells = (label(fact.name, fact.says), label(option), len(seen), of, percent(len(seen), of))
    return Row(cells, gathered([[each.entry for each in seen]]))


def _worth_telling(protocol: Protocol, people: Sequence[Participant], kinds: tuple[str, ...]) -> list[Fact]:
    """The facts doses and endpoints rest on, scores, and whatever else was seen in anybody, in that order."""
    read = {name for objective in protocol.objectives.values() for name in facts_read(objective.endpoint)}
    weighed = {dose.weight.fact for dose in protocol.doses.values() if dose.weight}
    seen = {each.fact for person in people for each in person.chart.observations}
    facts = [fact for fact in protocol.facts.values() if fact.kind in kinds]
    first = [fact for fact in facts if fact.name in weighed]
    second = [fact for fact in facts if fact.name in read or fact.kind == "score"]
    third = [fact for fact in facts if fact.name in seen]
    return list({fact.name: fact for fact in (*first, *second, *third)}.values())


def dosed_people(state: State) -> tuple[Participant, ...]:
    """Everybody enrolled who was given cells at least once, in the order of enrolment."""
    return dosed(state.enrolled())
