"""One person against every trial of a catalogue: a verdict on each criterion, what it rests on, what would settle it.

Takes Trials (a card with its criteria, confirmed or drafted) and a person; gives Screened, ranked by whether the person
could be eligible. Only what the registry states in fields of its own, what a person confirmed, and limits that can be
read in one way alone say that somebody is not eligible. Nothing here is ever taken from what is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from stromal.catalogue.card import Card
from stromal.catalogue.diagnosis import CONDITION
from stromal.catalogue.recruiting import OPEN
from stromal.catalogue.settling import Proof, Proofs, every, proofs, shortest
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.writing import write
from stromal.read.eligibility import BUILT_IN, DraftedCriterion, vocabulary
from stromal.read.person import Described
from stromal.read.screening import combined
from stromal.rules import eligibility
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Verdict, years_between

Standing: TypeAlias = Literal["could be eligible", "probably not", "not eligible"]
STANDINGS: tuple[Standing, ...] = ("could be eligible", "probably not", "not eligible")
Basis: TypeAlias = Literal["stated", "confirmed", "sure", "drafted"]
BASES: Mapping[Basis, str] = {
    "stated": "stated in a field of the registry",
    "confirmed": "confirmed",
    "sure": "a limit that reads in one way",
    "drafted": "as drafted, unconfirmed",
}
"""What a verdict rests on. All but the last may say that somebody is not eligible."""
_STATED = ("age_min", "age_max", "sex")
"""The lines that are fields of the registry."""


@dataclass(frozen=True, slots=True)
class Given:
    """A criterion as it goes into the screening: what it rests on, who confirmed it, and a protocol of its own."""

    criterion: DraftedCriterion
    basis: Basis
    by: str = ""
    protocol: m.Protocol | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial with every criterion that somebody must meet."""

    card: Card
    lines: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict on one criterion, and what it rests on."""

    given: Given
    verdict: Verdict
    basis: Basis

    @property
    def decides(self) -> bool:
        """Whether it can say that somebody is not eligible."""
        return self.basis != "drafted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial for one person. `questions` is the shortest list that can settle it; None where none can."""

    card: Card
    standing: Standing
    lines: tuple[Line, ...]
    questions: tuple[str, ...] | None
    alone: frozenset[str]
    """Questions whose answer alone can settle the trial, one way or the other."""

    def count(self, truth: bool | None) -> int:
        """How many criteria are met (True), not met (False), unknown (None)."""
        return sum(line.verdict.truth is truth for line in self.lines)

    @property
    def against(self) -> tuple[Line, ...]:
        """What speaks against taking part, what decides first."""
        found = [line for line in self.lines if line.verdict.truth is False]
        return tuple(sorted(found, key=lambda line: not line.decides))

    @property
    def open(self) -> tuple[Line, ...]:
        """What nobody knows yet."""
        return tuple(line for line in self.lines if line.verdict.truth is None)

    @property
    def share(self) -> Fraction:
        """The part of the criteria that is known to be met."""
        return Fraction(self.count(True), len(self.lines)) if self.lines else Fraction(0)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is open in several trials, and how many of them its answer alone can settle."""

    name: str
    open_in: int
    settles: int


@dataclass(frozen=True, slots=True)
class Screened:
    """Every trial, the ones somebody could be eligible for first; and the questions to ask first."""

    outcomes: tuple[Outcome, ...]
    first: tuple[Question, ...]

    def standing(self, standing: Standing) -> tuple[Outcome, ...]:
        """The trials of one standing, in their order."""
        return tuple(each for each in self.outcomes if each.standing == standing)


# ---------------------------------------------------------------- what goes in


_NUMERIC = (t.Compare, t.Between, t.OneOf, t.All, t.Any, t.Not, t.FactValue, t.Number, t.Option, t.Age)


def is_sure(line: DraftedCriterion) -> bool:
    """Whether a drafted line is a limit of numbers, age or sex, read whole, in one way, with nothing assumed."""
    if line.kind != "computed" or len(line.conditions) != 1 or line.assumed:
        return False
    kinds = {fact.name: fact.kind for fact in (*BUILT_IN.values(), *line.facts)}
    parts = tuple(t.walk(line.conditions[0]))
    values = [part for part in parts if isinstance(part, t.FactValue)]
    numbers = all(kinds[part.fact] in ("number", "score") or part.fact == "sex" for part in values)
    return numbers and all(isinstance(part, _NUMERIC) for part in parts)


def given(line: DraftedCriterion, by: str = "") -> Given:
    """A drafted line, or one that somebody confirmed, with what it rests on."""
    basis: Basis = "drafted"
    if line.confirmed:
        basis = "confirmed"
    elif line.id in _STATED:
        basis = "stated"
    elif is_sure(line):
        basis = "sure"
    return Given(line, basis, by)


def from_protocol(protocol: m.Protocol) -> tuple[Given, ...]:
    """The criteria of a protocol of the house; somebody answers for each of them."""
    made = []
    for each, path in eligibility.criteria(protocol):
        names = t.facts_read(each.when)
        facts = tuple(fact for name, fact in protocol.facts.items() if name in names and name not in BUILT_IN)
        place = protocol.place(path)
        line = DraftedCriterion(
            f"protocol {each.name}", "inclusion" if each.include else "exclusion", each.says, place.quoting(each.says),
            "computed", each.says, (write(each.when),), (each.when,), facts, confirmed=True,
        )  # fmt: skip
        made.append(Given(line, "confirmed", f"the protocol of {protocol.trial.id}", protocol))
    return tuple(made)


def declared(trials: Iterable[Trial]) -> dict[str, m.Fact]:
    """Every fact that some trial asks for, by name; one person's file answers them all."""
    return vocabulary(line.criterion for trial in trials for line in trial.lines)


def asked_in(trials: Iterable[Trial]) -> tuple[m.Criterion, ...]:
    """Every criterion that holds a question to somebody: the answers of a person's file are read by them."""
    return tuple(
        m.Criterion(line.criterion.id, line.criterion.text, tree, line.criterion.side == "inclusion")
        for trial in trials
        for line in trial.lines
        for tree in line.criterion.conditions
        if any(isinstance(part, t.Asked | t.Judged) for part in t.walk(tree))
    )


# ---------------------------------------------------------------- judging


class Judging:
    """One person's verdicts. A condition that many trials share is judged once."""

    def __init__(self, person: Described, protocol: m.Protocol) -> None:
        self.person = person
        self.case = Case(protocol, person.chart, person.on)
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._proofs: dict[tuple[int, int, bool], Proofs] = {}
        self._kept: list[object] = []
        self._births = [each for each in person.chart.observations if each.fact == "birth_date" and each.value]

    def _where(self, line: Given) -> Case:
        """The case in which a line is judged: its own where its facts are not those that all share."""
        if line.protocol is not None:
            return Case(line.protocol, self.person.chart, self.person.on)
        shared = self.case.protocol.facts
        own = {fact.name: fact for fact in line.criterion.facts if shared.get(fact.name) != fact}
        if not own:
            return self.case
        protocol = self.case.protocol
        mine = m.Protocol(
            protocol.trial, protocol.version, protocol.population, facts={**shared, **own}, schedule=protocol.schedule
        )
        return Case(mine, self.person.chart, self.person.on)

    def line(self, line: Given) -> tuple[Line, Case]:
        """The verdict on a line, and the case it was judged in."""
        case = self._where(line)
        found = [self._verdict(tree, case) for tree in line.criterion.conditions]
        return Line(line, combined(line.criterion, found), line.basis), case

    def _verdict(self, tree: t.Expr, case: Case) -> Verdict:
        key = (id(tree), id(case.protocol))
        if key not in self._verdicts:
            self._verdicts[key] = judge(tree, case)
            self._kept += (tree, case.protocol)  # so that no other object takes their number
        return self._verdicts[key]

    def proofs(self, line: Line, case: Case, met: bool) -> Proofs:
        """The ways in which answers can settle an open line as met, or as not met."""
        criterion = line.given.criterion
        want = met if criterion.side == "inclusion" else not met
        found = every(self._proof(tree, want, case) for tree in criterion.conditions)
        confirm = frozenset((f"which of its readings does {_named(criterion)} mean?",))
        # Where readings differ for this person, no answer settles the line: somebody must say how it is meant.
        return found or ((Proof(confirm),) if len(criterion.conditions) > 1 else ())

    def _proof(self, tree: t.Expr, want: bool, case: Case) -> Proofs:
        key = (id(tree), id(case.protocol), want)
        if key not in self._proofs:
            self._proofs[key] = proofs(tree, want, lambda part: self._verdict(part, case))
        return self._proofs[key]

    def age(self) -> int | None:
        """The person's age in years; None where it is not known."""
        return years_between(date.fromisoformat(str(self._births[-1].value)), self.person.on) if self._births else None


def screen(trials: Iterable[Trial], judging: Judging) -> Screened:
    """Every trial for one person, ranked; and the questions whose answers settle most of them."""
    outcomes = tuple(sorted((_outcome(trial, judging) for trial in trials), key=_rank))
    return Screened(outcomes, _first(outcomes))


def _outcome(trial: Trial, judging: Judging) -> Outcome:
    judged = [judging.line(line) for line in trial.lines]
    lines = _held_back(trial.card, tuple(line for line, _ in judged), judging)
    unknown = [(line, case) for line, case in judged if line.verdict.truth is None]
    against = [line for line in lines if line.verdict.truth is False]
    standing: Standing = "could be eligible"
    if against:
        decided = any(line.decides for line in against)
        standing = "not eligible" if decided else "probably not"
        settle = () if decided else (f"is this what {_named(against[0].given.criterion)} means?",)
        return Outcome(trial.card, standing, lines, settle, frozenset())
    met = [judging.proofs(line, case, True) for line, case in unknown]
    list_ = shortest(met)
    alone = {ask for line, case in unknown for each in judging.proofs(line, case, False) for ask in _only(each)}
    alone |= set(list_ or ()) if list_ is not None and len(list_) == 1 else set()
    return Outcome(trial.card, standing, lines, None if list_ is None else _ordered(list_, lines), frozenset(alone))


def _named(criterion: DraftedCriterion) -> str:
    return f"{criterion.id} “{criterion.text}”"


def _only(proof: Proof) -> frozenset[str]:
    return proof.asks if len(proof.asks) == 1 else frozenset()


def _ordered(asks: frozenset[str], lines: Sequence[Line]) -> tuple[str, ...]:
    """Questions in the order in which the lines ask for them."""
    met = dict.fromkeys(ask for line in lines if line.verdict.truth is None for ask in line.verdict.settle)
    return (*(ask for ask in met if ask in asks), *sorted(asks - met.keys()))


def _held_back(card: Card, lines: tuple[Line, ...], judging: Judging) -> tuple[Line, ...]:
    """A sentence about age or sex says nothing for sure where the registry's own fields say that they fit."""
    fit = {line.given.criterion.id for line in lines if line.given.basis == "stated" and line.verdict.truth}
    fit |= {"sex"} if card.sex and card.sex.lower() not in ("female", "male") else set()
    return tuple(
        Line(line.given, _doubted(line.verdict), "drafted")
        if line.basis == "sure" and line.verdict.truth is False and _contradicted(line, fit, judging)
        else line
        for line in lines
    )


def _doubted(verdict: Verdict) -> Verdict:
    told = f"{verdict.reason}; the registry's own field says otherwise"
    return Verdict(verdict.truth, told, verdict.evidence, verdict.settle)


def _contradicted(line: Line, fit: set[str], judging: Judging) -> bool:
    """Whether a field of the registry lets in whom a sentence keeps out."""
    tree = line.given.criterion.conditions[0]
    if "sex" in t.facts_read(tree):
        return "sex" in fit
    age = judging.age()
    limits = [limit for part in t.walk(tree) for limit in _ages(part)]
    if age is None or not limits:
        return False
    needed = {"age_max"} if age >= max(limits) else {"age_min"} if age <= min(limits) else {"age_min", "age_max"}
    return needed <= fit


def _ages(part: t.Expr) -> Iterator[Fraction]:
    """The limits of age in a part of a condition."""
    match part:
        case t.Compare(_, t.Age(), t.Number(limit)):
            yield limit.value
        case t.Between(t.Age(), low, high):
            yield from (low, high)


# ---------------------------------------------------------------- ranks


def _rank(outcome: Outcome) -> tuple[object, ...]:
    questions = len(outcome.questions) if outcome.questions is not None else outcome.count(None)
    recruits = outcome.card.status in OPEN
    order = STANDINGS.index(outcome.standing)
    decisive = sum(line.decides for line in outcome.against)
    return (
        order,
        _of_condition(outcome),
        decisive,
        len(outcome.against),
        -outcome.share,
        questions,
        not recruits,
        outcome.card.id,
    )


def _of_condition(outcome: Outcome) -> int:
    """Trials of what the person has first, then those of which nobody knows, then those that name no condition."""
    truths = [line.verdict.truth for line in outcome.lines if line.given.criterion.id == CONDITION]
    return 2 if not truths else 0 if truths[0] else 1


def _first(outcomes: Iterable[Outcome]) -> tuple[Question, ...]:
    """Questions by how many trials their answer alone can settle; those that can settle none are left out."""
    could = [each for each in outcomes if each.standing == "could be eligible"]
    settles = Counter(ask for each in could for ask in each.alone)
    open_in = Counter(ask for each in could for ask in {s for line in each.open for s in line.verdict.settle})
    made = (Question(name, open_in[name], count) for name, count in settles.items())
    return tuple(sorted(made, key=lambda each: (-each.settles, -each.open_in, each.name)))
