"""What was decided and what went otherwise than planned: holds, signatures, declarations, deviations, missed visits.

Takes the State and the Protocol, gives tables (step 8 of the walk).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from stromal.analyse.grid import Column, Row, Table, counted, gathered
from stromal.analyse.readings import label
from stromal.ledger.state import PlacedHold, Signature, State
from stromal.protocol.model import Hold, Protocol


def holds(state: State, protocol: Protocol) -> Table:
    """Every hold: what it stopped, why and when it was placed, whose signatures lift it, who lifted it and when."""
    columns = (
        Column("rule", "Hold"),
        Column("level", "Stops"),
        Column("reason", "Why"),
        Column("placed", "Placed"),
        Column("needed", "Lifted by"),
        Column("signed", "Signed"),
        Column("lifted", "Lifted"),
    )
    rows = tuple(_hold(state, protocol, hold) for hold in state.holds)
    notes = ("While a hold stands, the doses it stops are refused.",)
    return Table("holds", "Holds", columns, rows, notes, "No hold has been placed.")


def _hold(state: State, protocol: Protocol, hold: PlacedHold) -> Row:
    rule = protocol.rules.get(hold.rule)
    needed = ", ".join(label(role).lower() for role in rule.release) if isinstance(rule, Hold) else None
    signed = [each for each in state.signatures if hold.entry in each.of]
    cells = (
        label(hold.rule, rule.says if rule else ""), stopped(hold), hold.reason, hold.placed_at, needed,
        "; ".join(_signature(state, each) for each in signed) or "nobody yet",
        hold.released_at or "still stands",
    )  # fmt: skip
    return Row(cells, gathered([(hold.entry, hold.released), hold.because, [each.entry for each in signed]]))


def stopped(hold: PlacedHold) -> str:
    """Whom or what a hold stops."""
    match hold.level:
        case "participant":
            return f"participant {hold.participant}"
        case "dose":
            return f"dose {label(hold.dose).lower()}"
        case "trial":
            return "the whole trial"
    assert_never(hold.level)


def _signature(state: State, signature: Signature) -> str:
    void = "" if state.stands(signature) else ", void since what was signed was corrected"
    return f"{signature.by} as {label(signature.role).lower()}, {signature.at:%Y-%m-%d}{void}"


def signatures(state: State) -> Table:
    """Signatures by meaning and role: how many, by whom, and how many no longer stand."""
    columns = (
        Column("meaning", "Meaning"),
        Column("role", "Role"),
        Column("by", "By"),
        Column("count", "Signatures", numeric=True),
        Column("void", "No longer standing", numeric=True),
        Column("first", "First"),
        Column("last", "Last"),
    )
    groups: dict[tuple[str, str], list[Signature]] = {}
    for each in state.signatures:
        groups.setdefault((each.meaning, each.role), []).append(each)
    rows = tuple(_signed(state, *key, group) for key, group in groups.items())
    notes = ("A signature stands while none of the entries it signed has been corrected.",)
    return Table("signatures", "Signatures", columns, rows, notes, "Nothing has been signed.")


def _signed(state: State, meaning: str, role: str, group: Sequence[Signature]) -> Row:
    void = sum(not state.stands(each) for each in group)
    by = ", ".join(dict.fromkeys(each.by for each in group))
    cells = (meaning, label(role), by, len(group), void, group[0].at, group[-1].at)
    return Row(cells, gathered([[each.entry for each in group]]))


def declarations(state: State) -> Table:
    """What a rule of the protocol declared for the whole trial."""
    columns = (Column("rule", "Rule"), Column("says", "Declared"))
    rows = tuple(Row((label(each.rule), each.says), (each.entry,)) for each in state.declarations)
    return Table("declarations", "Declarations", columns, rows, empty="Nothing has been declared.")


def deviations_by_rule(state: State) -> Table:
    """How often each rule was not followed, and in how many people."""
    columns = (Column("rule", "Rule"), Column("deviations", "Deviations", numeric=True),
               Column("people", "People", numeric=True))  # fmt: skip
    rows = []
    for rule, count in counted([each.rule for each in state.deviations]).items():
        held = [each for each in state.deviations if each.rule == rule]
        people = {each.participant for each in held if each.participant}
        rows.append(Row((rule, count, len(people)), gathered([[each.entry for each in held]])))
    notes = ("Each deviation is listed at the end.",)
    title = "Deviations by rule"
    return Table("deviations_by_rule", title, columns, tuple(rows), notes, "No deviation has been recorded.")


def deviations(state: State) -> Table:
    """Every rule that was not followed."""
    columns = (
        Column("participant", "Participant", short=True),
        Column("day", "Day"),
        Column("visit", "Visit"),
        Column("rule", "Rule"),
        Column("says", "What happened"),
        Column("reason", "Reason given"),
    )
    rows = tuple(
        Row((each.participant or "the trial", each.day, label(each.visit), each.rule, each.says, each.reason or None),
            (each.entry,))
        for each in state.deviations
    )  # fmt: skip
    return Table("deviations", "Deviations", columns, rows, empty="No deviation has been recorded.")


def missed_visits(state: State) -> Table:
    """Visits that did not take place within their window."""
    columns = (Column("participant", "Participant", short=True), Column("visit", "Visit"), Column("day", "Day"),
               Column("reason", "Reason"))  # fmt: skip
    rows = tuple(
        Row((person.id, label(each.visit), each.day, each.reason or None), (each.entry,))
        for person in state.enrolled()
        for each in person.missed
    )
    return Table("missed_visits", "Missed visits", columns, rows, empty="No visit has been missed.")
