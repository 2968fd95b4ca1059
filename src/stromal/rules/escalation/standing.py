"""Where an escalation stands: the cohorts so far, what the design says next, and from which day on.

Takes a protocol, the rule that names a design, charts and a day; gives a Standing. The desk asks it before every dose
(step 6 of the walk); a rehearsal and a replay ask it too. The cohorts are folded through `observe` in the order of
treatment, so that a dose once closed stays closed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from msgspec.structs import replace

from stromal.protocol.model import Escalation, Protocol
from stromal.rules.chart import Chart
from stromal.rules.escalation import designs as d
from stromal.rules.escalation.advise import advise, begin, observe
from stromal.rules.escalation.aside import aside as with_aside
from stromal.rules.escalation.aside import ask, room
from stromal.rules.escalation.planned import planned, waits
from stromal.rules.escalation.tally import Advice, Stop, Tally, Treat
from stromal.rules.escalation.treated import Seen, known_on, open_ones, treated
from stromal.rules.timing import Case


@dataclass(frozen=True, slots=True)
class Group:
    """A cohort: its level, those in it so far, and how many it is to have."""

    level: int
    people: tuple[Seen, ...]
    size: int

    def __str__(self) -> str:
        """`2NN?`: the level counted from 1, then N, T or ? (still open) for each person."""
        return f"{self.level + 1}{''.join(each.sign for each in self.people)}"

    @property
    def full(self) -> bool:
        """Whether the cohort has everybody it is to have."""
        return len(self.people) >= self.size


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an escalation stands on a day."""

    rule: Escalation
    cohorts: tuple[Group, ...]
    aside: tuple[Group, ...]
    """Those treated at a level that the design did not ask for: known about that level, and in no cohort."""
    replaced: tuple[Seen, ...]
    tally: Tally
    advice: Advice
    waiting: tuple[Seen, ...] = ()
    """Those whose windows have to close first."""
    earliest: date | None = None
    """The first day on which the next person may be treated."""

    @property
    def written(self) -> str:
        """The cohorts so far: `1NNN 2N?`; nobody, before the first. Those aside stand behind."""
        aside = f"; aside: {' '.join(map(str, self.aside))}" if self.aside else ""
        return (" ".join(map(str, self.cohorts)) or "nobody yet") + aside

    @property
    def level(self) -> int | None:
        """The level of the next person; None where nobody is treated."""
        return self.advice.dose if isinstance(self.advice, Treat) else None


@dataclass(frozen=True, slots=True)
class History:
    """What the charts do not say: who left and when, and who was treated at a level the design did not ask for."""

    left: Mapping[str, date]
    aside: frozenset[str] = frozenset()


NOTHING = History({})


def standing(
    rule: Escalation, protocol: Protocol, charts: Iterable[Chart], today: date, history: History = NOTHING
) -> Standing:
    """Where the escalation of a rule stands on a day, by everybody's charts."""
    everybody = known_on(charts, today)
    people = treated(rule, Case(protocol, Chart(), today, everybody), everybody, history.left)
    return stands(rule, protocol, people, history.aside)


def stands(
    rule: Escalation, protocol: Protocol, people: Sequence[Seen], aside: frozenset[str] = frozenset()
) -> Standing:
    """Where the escalation stands after people in the order of their treatment, some of them aside."""
    design = planned(rule, protocol)
    if not isinstance(design, d.Finding | d.Modifier):
        raise TypeError(f"{rule.name} is a course of each participant, and has no cohorts")
    counted = [each for each in people if not each.gone]
    doses = len(protocol.doses[rule.dose].ladder)
    cohorts, tally = _fold(design, doses, counted, aside)
    alone = tuple(Group(each.level, (each,), 1) for each in counted if each.participant in aside)
    advice, waiting = _next(design, cohorts, tally, open_ones(counted), patient=waits(rule))
    place = len(cohorts[-1].people) if cohorts and _filled(cohorts[-1], advice) else 0
    return Standing(
        rule, cohorts, alone, tuple(each for each in people if each.gone), tally, advice, waiting,
        _earliest(rule, counted, place),
    )  # fmt: skip


# ---------------------------------------------------------------- the cohorts so far


def _fold(
    design: d.Design, doses: int, people: Sequence[Seen], aside: frozenset[str]
) -> tuple[tuple[Group, ...], Tally]:
    """The cohorts in the order of treatment, and the tally they lead to."""
    tally, cohorts, waiting = begin(doses), list[Group](), list[Seen]()
    going_on: Group | None = None
    first = advise(design, tally)
    usual = first.size if isinstance(first, Treat) else 1
    rest = list(people)
    while rest:
        if rest[0].participant in aside:
            alone = rest.pop(0)
            after = with_aside(design, tally, alone.level, alone.toxic is True)
            tally = _kept(design, tally, after, going_on) if going_on and alone.level == going_on.level else after
            waiting += open_ones((alone,))
            continue
        answer = ask(design, _pending(tally, waiting))
        size = answer.size if isinstance(answer, Treat) else usual
        members, rest = _together(rest, size, aside)
        after = observe(design, tally, members[0].level, len(members), sum(each.toxic is True for each in members))
        cohorts.append(Group(members[0].level, members, size))
        if len(members) < size and all(each.participant in aside for each in rest):
            going_on = cohorts[-1]
            after = _kept(design, tally, after, going_on)
        tally = after
        waiting += open_ones(members)
    return tuple(cohorts), _pending(tally, waiting)


def _kept(design: d.Design, before: Tally, after: Tally, going_on: Group) -> Tally:
    """The tally after somebody on the level of a cohort that goes on: a level is judged by whole cohorts, and such a
    cohort closes it only where it would in any case.
    """
    return replace(after, top=_best(design, replace(after, top=before.top), going_on).top)


def _together(people: Sequence[Seen], size: int, aside: frozenset[str]) -> tuple[tuple[Seen, ...], list[Seen]]:
    """Those of the next cohort, and the rest. A cohort goes on around those aside, until it is full."""
    members, level = list[Seen](), people[0].level
    for each in people:
        if each.participant in aside:
            continue
        if each.level != level or len(members) == size:
            break
        members.append(each)
    return tuple(members), [each for each in people if each not in members]


def _pending(tally: Tally, waiting: Sequence[Seen]) -> Tally:
    """The tally with the shares of those whose windows are open."""
    if not waiting:
        return replace(tally, pending=())
    return replace(
        tally, pending=tuple(tuple(x.weight for x in waiting if x.level == dose) for dose in range(tally.doses))
    )  # fmt: skip


# ---------------------------------------------------------------- what comes next


def _next(
    design: d.Design, cohorts: Sequence[Group], tally: Tally, waiting: tuple[Seen, ...], *, patient: bool
) -> tuple[Advice, tuple[Seen, ...]]:
    """The next step, and those whose windows have to close before it."""
    last = cohorts[-1] if cohorts else None
    if last is not None and not last.full and not _left(design, tally, last):
        more = int(min(last.size - len(last.people), room(design, tally)))
        return Treat(last.level, more, f"{more} more of the cohort on dose {last.level + 1}"), ()
    # a design that waits is asked what it would say if nobody else had a toxicity; what it says is not yet to be done
    answer = ask(design, replace(tally, pending=()) if patient else tally)
    if not waiting:
        return answer, ()
    if isinstance(answer, Stop):
        worst = ask(design, _all_toxic(tally, waiting))
        if not patient or isinstance(worst, Stop):
            return answer, ()
        answer = Treat(max(tally.current, 0), 1, answer.reason)
    if patient or answer.wait:
        return replace(answer, wait=True), waiting
    return answer, ()


def _best(design: d.Design, tally: Tally, last: Group) -> Tally:
    """The tally if the rest of a cohort comes, and nobody else has a toxicity."""
    return replace(observe(design, tally, last.level, last.size - len(last.people), 0), pending=())


def _left(design: d.Design, tally: Tally, last: Group) -> bool:
    """Whether a cohort is left before it is full: nobody else may be treated, its level was closed, the trial stops, or
    toxicities of its own make the design go down even if nobody else has one.
    """
    if room(design, tally) <= 0:
        return True
    best = _best(design, tally, last)
    inside, whole = advise(d.core(design), best), advise(design, best)
    if best.top <= last.level or any(isinstance(each, Stop) and each.selected is None for each in (inside, whole)):
        return True
    if not any(each.toxic for each in last.people):
        return False
    core = d.core(design)
    if isinstance(core, d.FixedCohorts):
        return tally.toxic[last.level] > core.allowed
    return isinstance(inside, Treat) and inside.dose < last.level


def _all_toxic(tally: Tally, waiting: Sequence[Seen]) -> Tally:
    """The tally if everybody still open had a toxicity."""
    harmed = tuple(
        toxic + sum(each.level == dose for each in waiting) for dose, toxic in enumerate(tally.toxic)
    )  # fmt: skip
    return replace(tally, toxic=harmed, pending=())


def _filled(last: Group, advice: Advice) -> bool:
    return not last.full and isinstance(advice, Treat) and advice.dose == last.level and not advice.wait


def _earliest(rule: Escalation, people: Sequence[Seen], place: int) -> date | None:
    """The first day for the next person, who takes this place (from 0) in a cohort."""
    if not people:
        return None
    numbers = dict(rule.numbers)
    apart, sentinel, cohort = (
        float(numbers.get(name, 0)) for name in ("people_days", "sentinel_days", "cohort_days")  # type: ignore[arg-type]  # days are numbers
    )  # fmt: skip
    kept = cohort if place == 0 else max(apart, sentinel) if place == 1 else apart
    return people[-1].day + timedelta(days=math.ceil(kept))
