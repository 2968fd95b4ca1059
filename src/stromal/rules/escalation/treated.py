"""Charts -> who was treated at which level of a ladder, and what is known of each: toxic, clear, or still open.

Takes the rule that names a design and everybody's charts; gives one Seen a person, in the order of treatment. A person
whose window is open counts by the share of it that has passed; what nobody has judged yet counts as not seen at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from stromal.protocol.model import Dose, Escalation
from stromal.rules.chart import Chart, Infusion
from stromal.rules.evaluate import judge
from stromal.rules.timing import Case
from stromal.values import Quantity, Truth, Verdict, exact


@dataclass(frozen=True, slots=True)
class Seen:
    """One treated person: the level (from 0), the first day, the outcome (None: not known yet), the share seen.

    `settle` is what would close an outcome that is open after its window; `until` the last day of the window.
    """

    participant: str
    level: int
    day: date
    entry: int
    toxic: Truth
    weight: float = 1.0
    until: date | None = None
    settle: tuple[str, ...] = ()
    gone: bool = False
    """Whether the person left before the end of the window, without a toxicity: somebody else is treated instead."""

    @property
    def sign(self) -> str:
        """N without toxicity, T with one, ? while it is open."""
        return {True: "T", False: "N", None: "?"}[self.toxic]


def given(chart: Chart, dose: str, today: date) -> tuple[Infusion, ...]:
    """The administrations of a dose up to a day, the first one first."""
    mine = (each for each in chart.infusions if each.dose == dose and each.day <= today)
    return tuple(sorted(mine, key=lambda each: (each.day, each.entry)))


def known_on(charts: Iterable[Chart], day: date) -> tuple[Chart, ...]:
    """The charts without adverse events that begin after a day: nobody knew of them then."""
    return tuple(
        each if all(event.onset <= day for event in each.adverse_events)
        else replace(each, adverse_events=tuple(event for event in each.adverse_events if event.onset <= day))
        for each in charts
    )  # fmt: skip


def rung(dose: Dose, amount: Quantity) -> int | None:
    """The level of an amount that is a rung of the ladder; None for any other."""
    return next((place for place, each in enumerate(dose.ladder)
                 if amount.unit == each.unit and float(amount.value) == float(each.value)), None)  # fmt: skip


def level_of(dose: Dose, amount: float) -> int:
    """The level of an amount; one between two rungs counts for the rung below, one below the ladder for the first."""
    value = exact(amount)
    return max((place for place, rung in enumerate(dose.ladder) if _reaches(value, rung.value)), default=0)


def _reaches(value: Fraction, rung: Fraction) -> bool:
    """Whether an amount is as high as a rung; amounts are kept as floats, which may lie a hair below."""
    return value >= rung or float(value) == float(rung)


def treated(rule: Escalation, asked: Case, charts: Iterable[Chart], left: Mapping[str, date]) -> tuple[Seen, ...]:
    """Everybody who was given the dose up to the day of the question, in the order of treatment."""
    dose = asked.protocol.doses[rule.dose]
    found = []
    for chart in charts:
        mine = given(chart, rule.dose, asked.today)
        if mine:
            gone = left.get(chart.participant)
            found.append(_seen(rule, asked.about(chart), mine[0], level_of(dose, mine[0].level), gone))
    return tuple(sorted(found, key=lambda each: (each.day, each.entry)))


def _seen(rule: Escalation, case: Case, first: Infusion, level: int, left: date | None) -> Seen:
    verdict = judge(rule.toxicity, case)
    until = rule.window.after(first.day) if rule.window else None
    who = (case.chart.participant, level, first.day, first.entry)
    if verdict.truth is True:
        return Seen(*who, True, until=until)
    if verdict.truth is None:
        return Seen(*who, None, 0.0, until, verdict.settle)
    over = _over(rule, case, until)
    if left is not None and left <= case.today and (over.truth is not True if until is None else left <= until):
        return Seen(*who, None, 0.0, until, gone=True)
    if over.truth is True:
        return Seen(*who, False, until=until)
    return Seen(*who, None, _share(first.day, until, case.today), until, over.settle)


def _over(rule: Escalation, case: Case, until: date | None) -> Verdict:
    """Whether a person has been watched for long enough: the last day of the window is over, or `seen` is true."""
    if rule.seen is not None:
        return judge(rule.seen, case)
    return Verdict(until is not None and case.today > until, f"the window lasts until {until}")


def _share(first: date, until: date | None, today: date) -> float:
    """The share of the days of a window that are over; none where the window has no known length."""
    return 0.0 if until is None else (today - first).days / ((until - first).days + 1)


def open_ones(people: Sequence[Seen]) -> tuple[Seen, ...]:
    """Those whose outcome is not known yet."""
    return tuple(each for each in people if each.toxic is None and not each.gone)
