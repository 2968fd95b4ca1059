"""The table role x command: who may do what, and what a signature of theirs means.

Data, not branches: `may_do` reads the table, the manual prints it, and a test proves that it knows every role and
every command.
"""

from __future__ import annotations

from collections.abc import Mapping

from stromal.conduct import commands as c
from stromal.protocol.model import ROLES

_CLINIC: frozenset[type] = frozenset(
    {
        c.RegisterParticipant, c.RecordConsent, c.RecordFact, c.RecordNotObtained, c.RecordEpisode, c.RecordAbsence,
        c.AnswerQuestion, c.FailScreening, c.AttendVisit, c.MissVisit, c.WithdrawParticipant, c.CompleteParticipant,
        c.OmitDose, c.ReportAdverseEvent, c.FollowUpAdverseEvent, c.CorrectEntry,
    }
)  # fmt: skip

TABLE: Mapping[str, frozenset[type]] = {
    "coordinator": _CLINIC,
    "investigator": _CLINIC
    | {c.DecideEligibility, c.EnrolParticipant, c.DecideDoseLevel, c.InfuseCells, c.ReleaseHold},
    "laboratory": frozenset({c.ManufactureLot, c.TestLot, c.ReleaseLot, c.RejectLot, c.CorrectEntry}),
    "safety_committee": frozenset({c.ReleaseHold, c.AnswerQuestion}),
    "medical_monitor": frozenset({c.ReleaseHold, c.AnswerQuestion, c.FollowUpAdverseEvent}),
    "data_manager": frozenset({c.OpenTrial, c.AdoptProtocol, c.GrantRole, c.RevokeRole}),
    "statistician": frozenset(),
    "auditor": frozenset(),
}
"""Role -> the commands it may give. Those who only read give none."""

MAY_GO_AHEAD = frozenset({"investigator", "laboratory", "coordinator", "data_manager"})
"""Roles whose signature lets something be recorded against a rule, as a deviation, within their own commands."""

MEANINGS: Mapping[type, str] = {
    c.DecideEligibility: "I judged the eligibility of this person on these entries",
    c.ReleaseLot: "I release this lot on these test results",
    c.ReleaseHold: "I agree that this hold be lifted",
}
"""What a signature means, by the command it belongs to."""

GOES_AHEAD = "I go ahead against this rule, for the reason given"
"""What a signature under a deviation means."""


def may_do(role: str, command: type) -> bool:
    """Whether a role may give a command."""
    return command in TABLE.get(role, frozenset())


def who_may(command: type) -> tuple[str, ...]:
    """The roles that may give a command, in the order of the model."""
    return tuple(role for role in ROLES if may_do(role, command))
