"""How fast designs are weighed exactly and simulated, beside what bounds each of them, fixed figures to beat, and R.

Every figure is of one core. R's packages take part where they are installed: Rscript with BOIN, dfcrm and UBCRM; they
know no calendar, so that they stand beside trials without one. The fixed figures are those of a prototype on a machine
of the same kind, not run here.

What bounds each: exact characteristics of 3+3 (187 ends) are bound by Python, which checks the scenario and makes the
tuples; those of BOIN (6,564 ends) and CRM (9,735) by looking up two products for each end. Trials without a calendar
are bound by the mixing of keyed numbers, eight trials at a time, and by finding each trial's next state. Trials with a
calendar draw four numbers a person rather than one, and take a logarithm, which is the system's, one at a time. Open
windows and several doses a person go event by event, each trial alone: branches that nobody can foresee bound them. A
design that is listed first asks its rule once in each state; that is Python, and all that counts where few scenarios
are wanted: figures "from the rule on" keep nothing from before, all others have the table.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import numba as nb
import numpy as np

from measure import Figure, medians, tell
from stromal.designs import (
    course_kernel,
    courses,
    engine,
    exact,
    kernel,
    outcome_kernel,
    tite_kernel,
    trial_engine,
    trial_kernel,
)  # fmt: skip
from stromal.designs.assumptions import usual
from stromal.designs.automaton import STATE_LIMIT, Automaton, listed
from stromal.designs.keys import ARRIVAL, LATE, ONSET, TOXICITY, drawn, of_person, person_key, trial_key
from stromal.designs.plan import plan
from stromal.designs.timing import CourseTiming, Timing, spacing
from stromal.protocol.file import load
from stromal.rules.escalation.courses import Ladder, Within
from stromal.rules.escalation.designs import AtMost, Boin, Coherent, Crm, Design, NoSkipping, StartAt, ThreePlusThree
from stromal.rules.escalation.models import skeleton

PROTOCOLS = Path(__file__).resolve().parents[1] / "protocols"
TRUE = [0.05, 0.15, 0.30, 0.45, 0.60]
TIMING = Timing(7, 28)
TRIALS, MANY, FEW, RUNS = 40_000, 200_000, 300, 7
BLOCK = 256
_LIMITS = count(STATE_LIMIT)
BOIN, THREE = AtMost(Boin(0.30), 30), ThreePlusThree()
CRM: Design = AtMost(StartAt(Coherent(NoSkipping(Crm(skeleton(0.06, 0.30, 2, 5), 0.30, size=3)), 0.30), 0), 30)
TITE = AtMost(Boin(0.30, window_seen=0.5), 30)
GRADES = [[0.60, 0.25, 0.10, 0.04, 0.01, 0.0], [0.55, 0.25, 0.12, 0.06, 0.02, 0.0], [0.5, 0.25, 0.14, 0.08, 0.03, 0.0]]
LADDER, CALENDAR = Ladder(60, 4, start=1, stop_at=2), CourseTiming(14, (80, 100), 60)


@nb.njit(cache=True)
def _numbers(trials, people, each):  # type: ignore[no-untyped-def]
    """Draw the keyed numbers of so many trials and do nothing with them."""
    total = 0.0
    for trial in range(trials):
        key = trial_key(np.uint64(1), trial)
        for person in range(people):
            for purpose in range(each):
                total += drawn(key, person, purpose)
    return total


@nb.njit(cache=True)
def _toxicities(trials, people):  # type: ignore[no-untyped-def]
    """Draw who has a toxicity, a block at a time, and count them: the least that trials without a calendar do."""
    keys, hurt = np.empty(BLOCK, np.uint64), 0
    for start in range(0, trials, BLOCK):
        for each in range(BLOCK):
            keys[each] = trial_key(np.uint64(1), start + each)
        for person in range(people):
            for each in range(BLOCK):
                hurt += of_person(person_key(keys[each], person), TOXICITY) < 0.3
    return hurt


# The order of a sum is left open, so that it holds nothing up.
@nb.njit(cache=True, fastmath={"reassoc"})
def _dated(trials, people):  # type: ignore[no-untyped-def]
    """Draw all that a person's calendar needs, a block at a time, and add it up, no matter in which order."""
    keys, gaps, total = np.empty(BLOCK, np.uint64), np.empty(BLOCK), 0.0
    for start in range(0, trials, BLOCK):
        for each in range(BLOCK):
            keys[each] = trial_key(np.uint64(1), start + each)
        for person in range(people):
            for each in range(BLOCK):
                key = person_key(keys[each], person)
                gaps[each] = 1.0 - of_person(key, ARRIVAL)
                total += of_person(key, TOXICITY) + of_person(key, ONSET) + of_person(key, LATE)
            for each in range(BLOCK):
                total -= math.log(gaps[each])
    return total


def _weigh(found: exact.Ends) -> None:
    for _ in range(50):
        exact.characteristics(found, TRUE)


def _anew(design: Design) -> Automaton:
    """The table made again: under a limit that nobody asked for before, none is kept."""
    return listed(design, 5, next(_LIMITS))


def _from_the_rule(design: Design) -> exact.Characteristics:
    """Nothing kept from before: the rule is asked in each state, the ends are found and weighed."""
    return exact.characteristics(exact.ends_of(_anew(design)), TRUE)


def _trials_from_the_rule(design: Design) -> outcome_kernel.Outcomes:
    return outcome_kernel.outcomes(_anew(design), TRUE, 1, MANY)


def _looked_up(table: Automaton) -> int:
    made = outcome_kernel.outcomes(table, TRUE, 1, MANY)
    return len(made.selected) + len(made.treated) + len(made.toxic)


def contestants() -> dict[str, Callable[[], object]]:
    """Everything that is timed, warmed up."""
    tables = {name: listed(design, 5) for name, design in (("boin", BOIN), ("3+3", THREE), ("crm", CRM))}
    ends = {name: exact.ends_of(table) for name, table in tables.items()}
    within, safe = Within(6, 6), courses.graded([0.05, 0.10])
    made: dict[str, Callable[[], object]] = {f"exact {name}": partial(_weigh, found) for name, found in ends.items()}
    made |= {
        f"trials {name}": partial(kernel.simulate, table, TRUE, TIMING, spacing(THREE), 1, TRIALS)
        for name, table in tables.items()
    }
    made |= {f"weighed {name}": partial(exact.characteristics_of, found, [TRUE] * 50) for name, found in ends.items()}
    made |= {
        f"outcomes {name}": partial(outcome_kernel.outcomes, table, TRUE, 1, MANY) for name, table in tables.items()
    }
    made |= {f"looked up {name}": partial(_looked_up, table) for name, table in tables.items()}
    made["counted 3+3"] = partial(outcome_kernel.counted, tables["3+3"], TRUE, 1, MANY)
    made["rule 3+3"], made["rule crm"] = partial(_from_the_rule, THREE), partial(_from_the_rule, CRM)
    made["ruled crm"] = partial(_trials_from_the_rule, CRM)
    made["toxicities 13"], made["toxicities 30"] = partial(_toxicities, MANY, 13), partial(_toxicities, MANY, 30)
    made["dated 13"], made["dated 30"] = partial(_dated, TRIALS, 13), partial(_dated, TRIALS, 30)
    made["trials tite"] = lambda: tite_kernel.simulate(TITE, TRUE, TIMING, 1, TRIALS // 20)
    made["trials ladder"] = lambda: course_kernel.simulate(LADDER, GRADES, CALENDAR, 1, TRIALS // 20)
    made["trials within"] = lambda: course_kernel.simulate(within, safe, CourseTiming(), 1, TRIALS)
    made["events boin"] = lambda: [engine.run(BOIN, TRUE, TIMING, 1, number) for number in range(FEW)]
    protocol = load((PROTOCOLS / "NCT03268603.yaml").read_text(encoding="utf-8"), "NCT03268603").require()
    whole = plan(protocol)
    world = usual(whole)
    made["trials whole"] = lambda: trial_kernel.simulate(whole, world, 1, TRIALS // 100)
    made["events whole"] = lambda: trial_engine.simulate(protocol, world, 1, 10)
    made["numbers"] = lambda: _numbers(TRIALS, 30, 3)
    for work in made.values():
        work()
    return made


_TOXICITIES, _DATED = "toxicities drawn alone,", "calendars drawn alone,"
ROWS = (
    ("exact characteristics, BOIN 10 x 3", "exact boin", 50, "exact crm", 50, "CRM likewise"),
    ("exact, 50 scenarios at once, BOIN", "weighed boin", 50, "exact boin", 50, "one by one"),
    ("exact characteristics, 3+3", "exact 3+3", 50, "exact boin", 50, "BOIN likewise"),
    ("exact, 50 scenarios at once, 3+3", "weighed 3+3", 50, "exact 3+3", 50, "one by one"),
    ("exact characteristics, CRM, from the rule on", "rule crm", 1, "rule 3+3", 1, "3+3 likewise"),
    ("no calendar, 3+3", "outcomes 3+3", MANY, "toxicities 13", MANY, f"{_TOXICITIES} 13"),
    ("no calendar, all arrays, 3+3", "looked up 3+3", MANY, "outcomes 3+3", MANY, "the ends alone"),
    ("no calendar, ends counted, 3+3", "counted 3+3", MANY, "outcomes 3+3", MANY, "the ends alone"),
    ("no calendar, BOIN 10 x 3", "outcomes boin", MANY, "toxicities 30", MANY, f"{_TOXICITIES} 30"),
    ("no calendar, all arrays, BOIN 10 x 3", "looked up boin", MANY, "outcomes boin", MANY, "the ends alone"),
    ("no calendar, CRM 10 x 3", "outcomes crm", MANY, "toxicities 30", MANY, f"{_TOXICITIES} 30"),
    ("trials with a calendar, 3+3", "trials 3+3", TRIALS, "dated 13", TRIALS, f"{_DATED} 13"),
    ("trials with a calendar, BOIN 10 x 3", "trials boin", TRIALS, "dated 30", TRIALS, f"{_DATED} 30"),
    ("trials with a calendar, CRM 10 x 3", "trials crm", TRIALS, "dated 30", TRIALS, f"{_DATED} 30"),
    ("compiled trials, TITE-BOIN 30", "trials tite", TRIALS // 20, "numbers", TRIALS, "keyed numbers alone, 30 x 3"),
    ("compiled trials, 6 of 6 within the person", "trials within", TRIALS, "numbers", TRIALS, "keyed numbers alone"),
    ("compiled trials, ladder, 60 people x 4", "trials ladder", TRIALS // 20, "numbers", TRIALS, "keyed numbers alone"),
    ("compiled whole trials, ladder, 60 people x 4", "trials whole", TRIALS // 100, "numbers", TRIALS, "30 people x 3"),
    ("whole trials event by event, by their own rules", "events whole", 10, "trials whole", TRIALS // 100, "compiled"),
    ("trials event by event, BOIN 10 x 3", "events boin", FEW, "trials boin", TRIALS, "compiled, with a calendar"),
)  # fmt: skip

_PROTOTYPE = "prototype, fixed"
PROTOTYPE = (
    ("exact characteristics, 3+3", "exact 3+3", 50, 1 / 20e-6),
    ("exact characteristics, BOIN 10 x 3", "exact boin", 50, 1 / 0.18e-3),
    ("exact characteristics, CRM, from the rule on", "rule crm", 1, 1 / 0.61),
    ("no calendar, 3+3", "outcomes 3+3", MANY, 10.0e6),
    ("no calendar, BOIN 10 x 3", "outcomes boin", MANY, 1.96e6),
    ("no calendar, all arrays, 3+3", "looked up 3+3", MANY, 10.0e6),
    ("no calendar, all arrays, BOIN 10 x 3", "looked up boin", MANY, 1.96e6),
    ("no calendar, 200,000 of CRM, from the rule on", "ruled crm", MANY, 13.3e3),
    ("trials with a calendar, BOIN 10 x 3", "trials boin", TRIALS, 558e3),
    ("trials event by event, BOIN 10 x 3", "events boin", FEW, 2_635.0),
)  # fmt: skip

_CRMSIM = "crmsim(c(.05,.15,.3,.45,.6),getprior(.06,.3,2,5),.3,30,3,nsim=100,mcohort=3,count=FALSE)"
R_PEERS = (
    ("no calendar, all arrays, BOIN 10 x 3", "looked up boin", "R BOIN get.oc",
     "library(BOIN); t<-system.time(get.oc(.3,c(.05,.15,.3,.45,.6),10,3,ntrial=2000))[3]; cat(2000/t)"),
    ("no calendar, 200,000 of CRM, from the rule on", "ruled crm", "R dfcrm crmsim",
     f"library(dfcrm); t<-system.time({_CRMSIM})[3]; cat(100/t)"),
    ("no calendar, all arrays, 3+3", "looked up 3+3", "R UBCRM sim3p3",
     "library(UBCRM); t<-system.time(for(i in 1:1000) sim3p3(c(.05,.15,.3,.45,.6)))[3]; cat(1000/t)"),
)  # fmt: skip


def peer(script: str) -> float | None:
    """Trials a second of an R package; None where R or the package is missing."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    ran = subprocess.run([program, "-e", script], capture_output=True, text=True, check=False, timeout=600)
    return float(ran.stdout.split()[-1]) if ran.returncode == 0 and ran.stdout.split() else None


def main() -> None:
    """Time everything, and R where it is."""
    took = medians(contestants(), RUNS)
    figures = [
        Figure(name, many / took[mine], "/s", beside, others / took[other])
        for name, mine, many, other, others, beside in ROWS
    ]
    figures += [
        Figure(name, many / took[mine], "/s", _PROTOTYPE, rate, aim_ratio=1.0) for name, mine, many, rate in PROTOTYPE
    ]
    for name, mine, beside, script in R_PEERS:
        rate = peer(script)
        if rate is None:
            sys.stderr.write(f"skipped: {beside} is not installed here\n")
        else:
            figures.append(Figure(name, MANY / took[mine], "/s", beside, rate))
    tell("Designs", figures)


if __name__ == "__main__":
    main()
