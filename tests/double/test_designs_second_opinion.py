"""Designs worked out a second time by programs that share nothing with the product, and beside numbers that R printed.

Doses that cannot always be made, courses of several doses, the CRM's characteristics: by enumeration, in plain Python,
from the words of ADR 7 and of the papers. TITE-CRM: beside dfcrm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pytest

from plain_boin import declared, goes, overly
from stromal.designs import study
from stromal.designs.courses import characteristics, graded
from stromal.designs.tite_kernel import TiteTrials
from stromal.rules.escalation.courses import Ladder, Within

Counts = tuple[int, ...]

# ---------------------------------------------------------------- doses that cannot always be made


class Now(NamedTuple):
    """People and toxicities by dose, the dose of the last cohort (-1: none yet), the lowest dose closed, and the cohort
    going on: its dose (-1: none is), its size, and how many are in it.
    """

    people: Counts
    toxic: Counts
    last: int
    closed: int
    dose: int = -1
    size: int = 0
    members: int = 0


Next = tuple[int, int] | None
"""The dose and size of the next cohort; None at the end."""


def three(now: Now) -> tuple[Next, int]:
    """3+3: the next cohort, or None and the dose declared (-1: none)."""
    here, doses = now.last, len(now.people)
    if here < 0:
        return (0, 3), -1
    n, y = now.people[here], now.toxic[here]
    if y > 1:
        return None, here - 1
    if y == 1 and 3 <= n < 6:
        return (here, 3 if n == 3 else 6 - n), -1
    if here + 1 < min(doses, now.closed):
        return (here + 1, 3), -1
    # somebody who got less closed the dose above: six people are seen on the one below it
    if now.closed < doses and n < 6:
        return (here, 3 if n == 3 else 6 - n), -1
    return None, here


def three_cut(now: Now) -> int:
    """3+3 ended by the number of people: the highest dose that would have been left upwards."""
    left = [dose for dose, (n, y) in enumerate(zip(now.people, now.toxic, strict=True))
            if dose < now.closed and ((n >= 3 and y == 0) or (n >= 6 and y == 1))]  # fmt: skip
    return max(left, default=-1)


def boin(now: Now) -> tuple[Next, int]:
    """BOIN goes on until everybody is treated, or the lowest dose is closed."""
    if now.closed == 0:
        return None, -1
    return (goes(now.people, now.toxic, now.last, now.closed), 3), -1


def boin_cut(now: Now) -> int:
    """BOIN's declaration."""
    return declared(now.people, now.toxic, now.closed)


class Rule(NamedTuple):
    """A design in plain Python: what comes next, what is declared when nobody else may be treated, what closes."""

    next: Callable[[Now], tuple[Next, int]]
    cut: Callable[[Now], int]
    closes: Callable[[int, int], bool]
    most: int


THREE = Rule(three, three_cut, lambda _, y: y >= 2, 18)
BOIN = Rule(boin, boin_cut, overly, 12)


def asked(rule: Rule, now: Now) -> tuple[Now | None, int]:
    """The cohort that begins, or None and the dose declared."""
    following, declared = rule.next(now)
    left = rule.most - sum(now.people)
    if following is None:
        return None, declared
    if left == 0 or now.closed == 0:
        return None, rule.cut(now) if now.closed else -1
    dose, size = following
    return now._replace(dose=min(dose, now.closed - 1), size=min(size, left), members=0), -1


def treated(rule: Rule, now: Now, dose: int, harm: int) -> Now:
    """After one person, on the planned dose or a lower one; `dose` is -1 again where the cohort is over."""
    people = tuple(n + (place == dose) for place, n in enumerate(now.people))
    toxic = tuple(y + harm * (place == dose) for place, y in enumerate(now.toxic))
    now, planned = now._replace(people=people, toxic=toxic), dose == now.dose
    members = now.members + planned
    if not planned and rule.closes(people[dose], toxic[dose]):
        now = now._replace(closed=min(now.closed, dose))
    if 0 < members < now.size and sum(people) < rule.most:
        return now._replace(members=members)
    if members and rule.closes(people[now.dose], toxic[now.dose]):
        now = now._replace(closed=min(now.closed, now.dose))
    return now._replace(last=now.dose if members else now.last, dose=-1, size=0, members=0)


def made(chances: tuple[float, ...], planned: int) -> Iterator[tuple[int, float]]:
    """What could be made for a person for whom anything can be made."""
    for dose in range(planned + 1):
        above = chances[dose + 1] if dose < planned else 0.0
        yield dose, (chances[dose] - above) / chances[0]


class Made(NamedTuple):
    """None and each dose declared, people by dose, products lost, people who got less."""

    declared: list[float]
    people: list[float]
    lost: float
    below: float


def made_characteristics(rule: Rule, true: tuple[float, ...], chances: tuple[float, ...]) -> Made:
    """Person by person, each state with its chance and the expected number of people who got less on the way."""
    doses = len(true)
    going = {Now((0,) * doses, (0,) * doses, -1, doses): (1.0, 0.0)}
    declared, people, less = [0.0] * (doses + 1), [0.0] * doses, 0.0
    while going:
        following: dict[Now, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        for now, (mass, below) in going.items():
            at, found = (now, -1) if now.dose >= 0 else asked(rule, now)
            if at is None:
                declared[found + 1] += mass
                people = [sum_ + mass * n for sum_, n in zip(people, now.people, strict=True)]
                less += below
                continue
            for dose, share in made(chances, at.dose):
                for harm, chance in ((0, 1 - true[dose]), (1, true[dose])):
                    after, part = treated(rule, at, dose, harm), share * chance
                    before = following[after]
                    gone_below = (below + mass * (dose < at.dose)) * part
                    following[after] = (before[0] + mass * part, before[1] + gone_below)
        going = following
    return Made(declared, people, sum(people) * (1 - chances[0]) / chances[0], less)


MILD, HARSH = (0.1, 0.2, 0.35), (0.3, 0.45, 0.6)
OFTEN, SELDOM = (0.95, 0.9, 0.7), (0.8, 0.5, 0.3)


@pytest.mark.parametrize(
    ("name", "true", "chances"),
    [("3+3", MILD, OFTEN), ("3+3", HARSH, SELDOM), ("boin", MILD, SELDOM), ("boin", HARSH, OFTEN)],
)
def test_doses_that_cannot_always_be_made(name: str, true: tuple[float, ...], chances: tuple[float, ...]) -> None:
    """Who gets less counts for the dose given and is replaced; before a cohort the design is asked anew."""
    rule = THREE if name == "3+3" else BOIN
    made_design = study.design(name, 3, most=rule.most)
    assert not isinstance(made_design, Within | Ladder)
    found = study.exactly(made_design, true, makeable=chances)
    own = made_characteristics(rule, true, chances)
    assert [found.none, *found.selection] == pytest.approx(own.declared, abs=1e-10)
    assert found.treated == pytest.approx(own.people, abs=1e-9)
    assert found.lost == pytest.approx(own.lost, abs=1e-9)
    assert found.below == pytest.approx(own.below, abs=1e-9)


# ---------------------------------------------------------------- several doses a person


class Went(NamedTuple):
    """One person's course: doses and unacceptable toxicities by rung, whether harmed, whether through, doses lost."""

    given: Counts
    toxic: Counts
    harmed: bool = False
    safe: bool = False
    lost: int = 0


MOVES = {0: 1, 1: 1, 2: 0, 3: -1}
"""A ladder: the next rung by the worst grade; after grade 4 there is none."""


class Plan(NamedTuple):
    """A course in plain Python: `doses` a person; on a ladder moved by the grade before, else all in turn."""

    grades: list[list[float]]
    chances: tuple[float, ...]
    doses: int
    ladder: bool
    people: int
    need: int = 0
    stop_at: int = 99

    @property
    def least(self) -> int:
        """The lowest unacceptable grade."""
        return 3 if self.ladder else 1

    def after(self, rung: int, turn: int, grade: int) -> int:
        """The rung planned after one that was given in this turn, -1 for none."""
        if not self.ladder:
            return -1 if grade else turn + 1
        return min(max(rung + MOVES[grade], 0), len(self.grades) - 1) if grade in MOVES else -1


def could_be(plan: Plan, rung: int) -> Iterator[tuple[int, float]]:
    """The rung of a dose that could be made, -1 for none, and its chance."""
    if not plan.chances:
        yield rung, 1.0
        return
    yield -1, 1 - plan.chances[0]
    yield from ((low, plan.chances[low] - plan.chances[low + 1]) for low in range(rung))
    yield rung, plan.chances[rung]


def courses(plan: Plan, *, ends: bool) -> dict[Went, float]:
    """Every course of a person and its chance; nothing follows harm where the trial `ends` with it."""
    found: dict[Went, float] = defaultdict(float)

    def on(went: Went, rung: int, turn: int, whole: bool, mass: float) -> None:
        if rung < 0 or turn == plan.doses or (ends and went.harmed):
            found[went._replace(safe=whole and turn == plan.doses and not went.harmed)] += mass
            return
        for low, share in could_be(plan, rung):
            if low < 0:
                lost = went._replace(lost=went.lost + 1)
                # a ladder goes on as after no toxicity, else the course ends
                on(lost, plan.after(rung, turn, 0) if plan.ladder else -1, turn + 1, False, mass * share)
                continue
            for grade, chance in enumerate(plan.grades[low]):
                if chance:
                    bad, place = grade >= plan.least, [number == low for number in range(len(plan.grades))]
                    then = Went(
                        tuple(n + at for n, at in zip(went.given, place, strict=True)),
                        tuple(n + (at and bad) for n, at in zip(went.toxic, place, strict=True)),
                        went.harmed or bad, lost=went.lost,
                    )  # fmt: skip
                    as_planned = whole and (plan.ladder or low == rung)
                    on(then, plan.after(low, turn, grade), turn + 1, as_planned, mass * share * chance)

    nothing = (0,) * len(plan.grades)
    on(Went(nothing, nothing), 0, 0, True, 1.0)
    return dict(found)


class Came(NamedTuple):
    """What came of a trial, summed over all ways it may go."""

    given: list[float]
    toxic: list[float]
    people: dict[int, float]
    numbers: list[float]
    """Declared, lost."""


def trial(plan: Plan) -> Came:
    """One person after the other: the trial ends with too many harmed, or too few left to come through."""
    came = Came([0.0] * len(plan.grades), [0.0] * len(plan.grades), defaultdict(float), [0.0, 0.0])
    usual, last = courses(plan, ends=False), courses(plan, ends=True)

    def over(harmed: int) -> bool:
        return harmed >= plan.stop_at or plan.people - harmed < plan.need or harmed == plan.people

    def on(begun: int, safe: int, harmed: int, mass: float) -> None:
        if begun == plan.people or over(harmed):
            came.people[begun] += mass
            came.numbers[0] += mass * (not plan.ladder and safe >= plan.need)
            return
        for went, chance in (last if over(harmed + 1) else usual).items():
            for rung in range(len(plan.grades)):
                came.given[rung] += mass * chance * went.given[rung]
                came.toxic[rung] += mass * chance * went.toxic[rung]
            came.numbers[1] += mass * chance * went.lost
        ways: dict[tuple[bool, bool], float] = defaultdict(float)
        for went, chance in usual.items():
            ways[went.safe, went.harmed] += chance
        for (well, hurt), chance in ways.items():
            on(begun + 1, safe + well, harmed + hurt, mass * chance)

    on(0, 0, 0, 1.0)
    return came


GRADES = [[0.6, 0.2, 0.1, 0.06, 0.03, 0.01], [0.5, 0.2, 0.15, 0.09, 0.04, 0.02], [0.3, 0.3, 0.2, 0.1, 0.06, 0.04]]


@pytest.mark.parametrize("chances", [(), (0.95, 0.8, 0.6)])
@pytest.mark.parametrize(("need", "stop_at"), [(4, None), (3, 2), (2, None), (0, 2)])
def test_courses_counted_one_by_one(need: int, stop_at: int | None, chances: tuple[float, ...]) -> None:
    """Within the participant (a ladder where nobody is needed): four people, every course, every way of the trial."""
    grades = graded([0.1, 0.2, 0.3], 1) if need else GRADES
    design = Within(4, need, stop_at) if need else Ladder(4, 3, 0, stop_at=stop_at)
    found = characteristics(design, grades, chances)
    own = trial(Plan(grades, chances, 3, not need, 4, need, stop_at or 99))
    assert found.given == pytest.approx(own.given, abs=1e-12)
    assert found.toxic == pytest.approx(own.toxic, abs=1e-12)
    assert dict(found.people) == pytest.approx(own.people, abs=1e-12)
    assert [found.declared, found.lost] == pytest.approx(own.numbers, abs=1e-12)


# ---------------------------------------------------------------- the CRM

TARGET, VARIANCE = 0.25, 1.34
POINTS, SHARES = np.polynomial.legendre.leggauss(300)
ROOTS = 9 * POINTS
PRIOR = SHARES * np.exp(-(ROOTS**2) / 2 / VARIANCE)


def skeleton(model: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Five doses, scaled; the third is at the target, and neighbours meet at .25 -+ .06 (Lee and Cheung 2009)."""

    def scale(chance: float) -> float:
        return math.log(chance) if model == "empiric" else math.log(chance / (1 - chance)) - 3

    step = scale(TARGET + 0.06) / scale(TARGET - 0.06)
    return np.array([scale(TARGET) * step**place for place in range(-2, 3)])


class Model:
    """The CRM's dose by Gauss-Legendre quadrature, each fit remembered."""

    def __init__(self, model: str) -> None:
        """A model by its name."""
        self.model, self.scaled, self.known = model, skeleton(model), dict[tuple[Counts, Counts], int]()
        chances = self.chances(ROOTS)
        self.harm, self.none = np.log(np.maximum(chances, 1e-300)), np.log1p(-chances)

    def chances(self, parameter: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[
        tuple[int, int], np.dtype[np.float64]
    ]:  # fmt: skip
        """The chance of toxicity on each dose for each value of the parameter."""
        power = np.multiply.outer(np.exp(parameter), self.scaled)
        with np.errstate(over="ignore"):
            found = np.exp(power) if self.model == "empiric" else 1 / (1 + np.exp(-3 - power))
        return np.asarray(found)

    def dose(self, people: Counts, toxic: Counts) -> int:
        """The dose nearest the target."""
        if (people, toxic) not in self.known:
            logs = self.harm @ np.array(toxic) + self.none @ (np.array(people) - np.array(toxic))
            mass = PRIOR * np.exp(logs - logs.max())
            mean = np.array([mass @ ROOTS / mass.sum()])
            self.known[people, toxic] = int(np.argmin(np.abs(self.chances(mean)[0] - TARGET)))
        return self.known[people, toxic]


def crm_characteristics(model: Model, true: tuple[float, ...], cohorts: int) -> tuple[list[float], list[float]]:
    """Cohorts of three, each rising by one dose at most and not at all after a toxicity: declared, and people."""
    none: Counts = (0,) * 5
    going: dict[tuple[Counts, Counts, int], float] = {(none, none, 0): 1.0}
    people = [0.0] * 5
    for _ in range(cohorts):
        following: dict[tuple[Counts, Counts, int], float] = defaultdict(float)
        for (n, y, at), mass in going.items():
            people[at] += 3 * mass
            for harm in range(4):
                chance = math.comb(3, harm) * true[at] ** harm * (1 - true[at]) ** (3 - harm)
                after = tuple(each + 3 * (dose == at) for dose, each in enumerate(n))
                harmed = tuple(each + harm * (dose == at) for dose, each in enumerate(y))
                dose = min(model.dose(after, harmed), at + (harm == 0))
                following[after, harmed, dose] += mass * chance
        going = following
    declared = [0.0] * 5
    for (n, y, _), mass in going.items():
        declared[model.dose(n, y)] += mass
    return declared, people


SAFER, HARMFUL = (0.05, 0.10, 0.25, 0.40, 0.55), (0.25, 0.40, 0.50, 0.60, 0.70)


@pytest.mark.parametrize("name", ["empiric", "logistic"])
def test_the_crm_enumerated(name: str) -> None:
    """Eight cohorts of three on five doses, in two scenarios."""
    model = Model(name)
    made_design = study.design("crm", 5, target=TARGET, half_width=0.06, prior_dose=3, model=name, cohort=3, most=24)
    assert not isinstance(made_design, Within | Ladder)
    for true in (SAFER, HARMFUL):
        found = study.exactly(made_design, true)
        declared, people = crm_characteristics(model, true, 8)
        assert found.none == 0
        assert found.selection == pytest.approx(declared, abs=1e-10)
        assert found.treated == pytest.approx(people, abs=1e-9)


# ---------------------------------------------------------------- TITE-CRM beside dfcrm

R_TRIALS = 2500
TITESIM = {
    "empiric": (
        SAFER, 4, (0.0100, 0.2112, 0.5324, 0.2252, 0.0212), (2.2452, 4.6356, 6.8244, 4.1232, 2.1716),
        (0.1024, 0.4660, 1.6912, 1.6792, 1.1832),
    ),
    "logistic": (
        HARMFUL, 2, (0.7484, 0.2128, 0.0344, 0.0044, 0.0), (12.8108, 3.9572, 1.8940, 0.8184, 0.5196),
        (3.2232, 1.6028, 0.9524, 0.4860, 0.3580),
    ),
}  # fmt: skip
"""dfcrm 0.2-2.1: titesim(PI, getprior(0.06, 0.25, 3, 5, model=...), 0.25, n=20, x0=1, nsim=2500, restrict=TRUE,
obswin=28, rate=..., accrual="poisson", model=..., seed=12 and 13): PI, rate, and the printed MTD, level and tox."""


@pytest.mark.parametrize("name", ["empiric", "logistic"])
def test_tite_crm_beside_dfcrm(name: str) -> None:
    """Twenty people, one by one, as they come at random times; toxicity uniform over the window; within the errors."""
    true, rate, declared, people, toxic = TITESIM[name]
    made_design = study.design(
        "tite-crm", 5, target=TARGET, half_width=0.06, prior_dose=3, model=name, cohort=1, most=20, coherent=False
    )
    found = study.simulate(made_design, true, 1000, study.Timing(28 / rate, 28, late=0.5), seed=7)
    assert isinstance(found, TiteTrials)
    trials = len(found.selected)
    for dose in range(5):
        share = declared[dose]
        spread = math.sqrt(max(share * (1 - share), 1e-3) * (1 / R_TRIALS + 1 / trials))
        assert abs((found.selected == dose).mean() - share) < 4 * spread
        for counted, printed in ((found.treated[:, dose], people[dose]), (found.toxic[:, dose], toxic[dose])):
            assert abs(counted.mean() - printed) < 4 * counted.std() * math.sqrt(1 / R_TRIALS + 1 / trials)
