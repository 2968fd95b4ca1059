"""Roles: who may do what in a trial.

The table is the whole truth: what is not marked is refused, and the refusal says whom it is for.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from site_desk import Site
from stromal.conduct import commands as c
from stromal.conduct import roles
from stromal.conduct.desk import Desk
from stromal.ledger import events as e
from stromal.protocol.model import ROLES
from stromal.store.memory import MemoryBook
from stromal.values import Refused

DAY = date(2024, 1, 10)
TABLE = """
                       coordinator  investigator  laboratory  safety_committee  medical_monitor  data_manager
OpenTrial                                                                                         x
AdoptProtocol                                                                                     x
GrantRole                                                                                         x
RevokeRole                                                                                        x
CorrectEntry            x            x             x
RegisterParticipant     x            x
RecordConsent           x            x
RecordFact              x            x
RecordNotObtained       x            x
RecordEpisode           x            x
RecordAbsence           x            x
AnswerQuestion          x            x                         x                 x
DecideEligibility                    x
EnrolParticipant                     x
FailScreening           x            x
AttendVisit             x            x
MissVisit               x            x
WithdrawParticipant     x            x
CompleteParticipant     x            x
ManufactureLot                                     x
TestLot                                            x
ReleaseLot                                         x
RejectLot                                          x
DecideDoseLevel                      x
InfuseCells                          x
OmitDose                x            x
ReportAdverseEvent      x            x
FollowUpAdverseEvent    x            x                                           x
ReleaseHold                          x                         x                 x
"""
"""Who may do what, as the manual prints it; statisticians and auditors read and do nothing."""

COMMANDS: dict[str, c.Command] = {
    type(command).__name__: command
    for command in (
        c.OpenTrial("", ()),
        c.AdoptProtocol(""),
        c.GrantRole("ann", "investigator"),
        c.RevokeRole("ann", "investigator"),
        c.CorrectEntry(99, "a slip"),
        c.RegisterParticipant("P9", DAY),
        c.RecordConsent("P9", DAY),
        c.RecordFact("P9", "weight", 70, DAY, "kg"),
        c.RecordNotObtained("P9", "weight", DAY, "no scales"),
        c.RecordEpisode("P9", "tumour", DAY),
        c.RecordAbsence("P9", "tumour", DAY),
        c.AnswerQuestion("P9", "Fit?", True, DAY),
        c.DecideEligibility("P9", DAY),
        c.EnrolParticipant("P9", DAY),
        c.FailScreening("P9", DAY, ("moved",)),
        c.AttendVisit("P9", "screening", DAY),
        c.MissVisit("P9", "screening", DAY),
        c.WithdrawParticipant("P9", DAY, "moved"),
        c.CompleteParticipant("P9", DAY),
        c.ManufactureLot("L9", "cells", "P9", DAY, "P9"),
        c.TestLot("L9", "sterility", "negative", DAY),
        c.ReleaseLot("L9", DAY),
        c.RejectLot("L9", DAY, "broken"),
        c.DecideDoseLevel("P9", "injection_1", DAY),
        c.InfuseCells("P9", "injection_1", "L9", DAY, 1e7, 90, 5),
        c.OmitDose("P9", "injection_1", DAY, "ill"),
        c.ReportAdverseEvent("P9", "AE1", "Fever", 1, DAY),
        c.FollowUpAdverseEvent("P9", "AE1", DAY, grade=2),
        c.ReleaseHold(99, "reviewed"),
    )
}
"""One of each command there is."""


def printed() -> dict[tuple[str, str], bool]:
    """The printed table, cell by cell, for every role there is."""
    head, *rows = TABLE.strip("\n").splitlines()
    columns = {name: head.index(name) for name in head.split()}
    marked = {(row.split()[0], name): row[at : at + 3].strip() == "x" for row in rows for name, at in columns.items()}
    return {(row.split()[0], role): marked.get((row.split()[0], role), False) for row in rows for role in ROLES}


def test_the_table_knows_every_role_and_every_command() -> None:
    """Every role there is has a row, and every command there is has a column; nothing else has."""
    kinds = set(get_args(c.Command))
    assert set(roles.TABLE) == set(ROLES)
    assert frozenset().union(*roles.TABLE.values()) == kinds
    assert {type(command) for command in COMMANDS.values()} == kinds
    assert {name for name, _ in printed()} == {kind.__name__ for kind in kinds}


@pytest.mark.parametrize(("command", "role"), printed())
def test_who_may_do_what(command: str, role: str) -> None:
    """Each command is for the roles marked in the table. Anybody else is told so before anything else is looked at, and
    nothing is written.
    """
    allowed = printed()[command, role]
    site = Site()
    answer = site.ask(role, COMMANDS[command])
    barred = isinstance(answer, Refused) and answer.rule == "role.command"
    assert barred is not allowed
    assert roles.may_do(role, type(COMMANDS[command])) is allowed
    if isinstance(answer, Refused) and barred:
        those = [each for each in ROLES if printed()[command, each]]
        assert answer.message == f"{command} is not for the {role}"
        assert answer.hint == f"it is for: {', '.join(those)}"


def test_nobody_acts_in_a_role_not_theirs() -> None:
    """A role must have been given to the person who acts in it, and counts only as long as it is not taken away."""
    site = Site().on(DAY)
    command = c.RegisterParticipant("P1", DAY)
    refused = site.refused("coordinator", command, by="auditor")
    assert (refused.rule, refused.hint) == ("role.held", "ask the data manager")
    assert refused.message == "auditor does not act as coordinator; roles held: auditor"
    assert site.refused("coordinator", command, by="a stranger").message.endswith("roles held: none")
    site.must("data_manager", c.GrantRole("a stranger", "coordinator"))
    site.must("coordinator", command, by="a stranger")
    site.must("data_manager", c.RevokeRole("a stranger", "coordinator"))
    assert site.refused("coordinator", c.RegisterParticipant("P2", DAY), by="a stranger").rule == "role.held"


def test_a_trial_is_opened_by_a_data_manager() -> None:
    """An empty book has no people yet; only a data manager opens it, and names the first people."""
    desk = Desk(MemoryBook())
    at = datetime(2024, 1, 1, tzinfo=UTC)
    for role, rule in (
        ("coordinator", "role.command"),
        ("nobody", "role.command"),
        ("data_manager", "protocol.unusable"),
    ):
        answer = desk.submit(c.Request(c.OpenTrial("", ()), "ann", role, at))
        assert isinstance(answer, Refused)
        assert answer.rule == rule
    assert desk.state().head == 0


@pytest.mark.parametrize("role", sorted(roles.MAY_GO_AHEAD))
def test_who_may_go_ahead_against_a_rule(role: str) -> None:
    """Only roles that record something themselves may go ahead against a rule, each within their own commands."""
    assert roles.TABLE[role]


def test_committees_do_not_go_ahead() -> None:
    """Committee and monitor answer and sign; a day in the future, for example, they cannot confirm."""
    question = 'count(participants where judged "Safe?" by safety_committee) > 9'
    text = Site().desk.state().versions[0].text
    site = Site(text.replace("when: count(adverse_event where grade = 5 and related) > 0", f"when: {question}"))
    site.register()
    command = c.AnswerQuestion("P1", "Safe?", True, date(2030, 1, 1))
    assert site.refused("safety_committee", command).rule == "day.future"
    refused = site.refused("safety_committee", command, anyway="we are sure")
    assert (refused.rule, refused.message) == ("role.anyway", "a safety_committee cannot go ahead against a rule")


def test_a_signature_says_what_it_means() -> None:
    """Each command that needs a signature has its meaning, and no other command has one."""
    assert set(roles.MEANINGS) == {c.DecideEligibility, c.ReleaseLot, c.ReleaseHold}
    assert len(set(roles.MEANINGS.values()) | {roles.GOES_AHEAD}) == 4


def test_roles_are_given_and_taken_by_name() -> None:
    """A role that does not exist, is held already or is not held is refused; the last data manager stays."""
    site = Site()
    for command, rule in (
        (c.GrantRole("ann", "investigater"), "role.unknown"),
        (c.GrantRole("ann", "king"), "role.unknown"),
        (c.GrantRole("auditor", "auditor"), "role.held"),
        (c.RevokeRole("ann", "auditor"), "role.unknown"),
        (c.RevokeRole("data_manager", "data_manager"), "role.last"),
    ):
        assert site.refused("data_manager", command).rule == rule
    assert site.refused("data_manager", c.GrantRole("ann", "investigater")).hint == "did you mean investigator?"
    site.must("data_manager", c.GrantRole("ann", "data_manager"))
    receipt = site.must("data_manager", c.RevokeRole("data_manager", "data_manager"), by="ann")
    assert isinstance(receipt.entries[0].event, e.RoleRevoked)
