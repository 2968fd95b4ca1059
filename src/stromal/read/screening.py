"""Drafted criteria + one person -> a verdict on each line. For the catalogue: one person, every trial.

Takes DraftedCriteria and a person's chart; gives ScreenedLines and what they add up to. Nothing here confirms a
criterion: each verdict says on which reading of which words it rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from stromal.protocol import model as m
from stromal.protocol.tree import Anchor, Asked, Judged, walk
from stromal.read.eligibility import VISITS, DraftedCriterion, vocabulary
from stromal.read.person import Described
from stromal.rules.evaluate import judge as judge_condition
from stromal.rules.timing import Case
from stromal.values import Duration, Truth, Verdict, all_of, negate


@dataclass(frozen=True, slots=True)
class ScreenedLine:
    """The verdict on one line: met when it speaks for taking part, unknown where readings or facts leave it open."""

    criterion: DraftedCriterion
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Screened:
    """What the lines of one trial add up to: not met when one is not, unknown while one is open, else met."""

    lines: tuple[ScreenedLine, ...]
    truth: Truth

    @property
    def against(self) -> tuple[ScreenedLine, ...]:
        """The lines that speak against taking part."""
        return tuple(line for line in self.lines if line.verdict.truth is False)

    @property
    def open(self) -> tuple[ScreenedLine, ...]:
        """The lines that nobody has settled yet."""
        return tuple(line for line in self.lines if line.verdict.truth is None)

    @property
    def settle(self) -> tuple[str, ...]:
        """The facts that would settle open lines, each once."""
        return tuple(dict.fromkeys(what for line in self.open for what in line.verdict.settle))


def protocol_of(lines: Iterable[DraftedCriterion]) -> m.Protocol:
    """The least protocol in which drafted criteria can be judged and a person's file can be read: facts and visits."""
    lines = tuple(lines)
    anchor = Anchor("now")
    visits = {name: m.Visit(name, m.Timeframe(Duration(28), "before", anchor)) for name in VISITS}
    questions = tuple(
        m.Criterion(line.id, line.text, line.conditions[0], line.side == "inclusion")
        for line in lines
        if line.conditions and any(isinstance(part, Asked | Judged) for part in walk(line.conditions[0]))
    )
    return m.Protocol(
        m.Trial("drafted", "drafted criteria", "", "", "", 0),
        m.Version(1, date(1900, 1, 1)),
        m.Population("", "any", None, questions),
        facts=vocabulary(lines),
        schedule=visits,
    )


@lru_cache(maxsize=64)
def _kept(lines: tuple[DraftedCriterion, ...]) -> m.Protocol:
    return protocol_of(lines)


def _verdict(line: DraftedCriterion, case: Case) -> Verdict:
    return combined(line, [judge_condition(condition, case) for condition in line.conditions])


def combined(line: DraftedCriterion, found: Sequence[Verdict]) -> Verdict:
    """The verdict on a line from that on each of its readings; where they differ it is unknown, and says so."""
    first = found[0]
    truths = {each.truth for each in found}
    truth = first.truth if len(truths) == 1 else None
    reason = first.reason if len(truths) == 1 else f"the words can be read in {len(found)} ways: {first.reason}"
    settle = tuple(dict.fromkeys(what for each in found for what in each.settle))
    return Verdict(truth if line.side == "inclusion" else negate(truth), reason, first.evidence, settle)


def judge(lines: tuple[DraftedCriterion, ...], person: Described) -> Screened:
    """The verdict on every line that is a participant's to meet, and what they add up to."""
    mine = tuple(line for line in lines if line.whose == "participant" and line.conditions)
    case = Case(_kept(mine), person.chart, person.on)
    screened = tuple(ScreenedLine(line, _verdict(line, case)) for line in mine)
    return Screened(screened, all_of(each.verdict.truth for each in screened))
