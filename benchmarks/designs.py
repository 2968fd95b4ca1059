"""How fast designs are weighed exactly and simulated, beside the numbers alone that a simulation must draw, and R.

Every figure is of one core. R's packages take part where they are installed: Rscript with BOIN, dfcrm and UBCRM.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numba as nb
import numpy as np

from measure import Figure, medians, tell
from stromal.designs import course_kernel, courses, engine, exact, kernel, tite_kernel, trial_engine, trial_kernel
from stromal.designs.assumptions import usual
from stromal.designs.automaton import listed
from stromal.designs.keys import drawn, trial_key
from stromal.designs.plan import plan
from stromal.designs.timing import CourseTiming, Timing, spacing
from stromal.protocol.file import load
from stromal.rules.escalation.courses import Ladder, Within
from stromal.rules.escalation.designs import AtMost, Boin, Coherent, Crm, Design, NoSkipping, ThreePlusThree
from stromal.rules.escalation.models import skeleton

PROTOCOLS = Path(__file__).resolve().parents[1] / "protocols"
TRUE = [0.05, 0.15, 0.30, 0.45, 0.60]
TIMING = Timing(7, 28)
TRIALS, FEW, RUNS = 40_000, 300, 7
BOIN, THREE = AtMost(Boin(0.30), 30), ThreePlusThree()
CRM: Design = AtMost(Coherent(NoSkipping(Crm(skeleton(0.06, 0.30, 2, 5), 0.30, size=3)), 0.30), 30)
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


def _weigh(found: exact.Ends) -> None:
    for _ in range(50):
        exact.characteristics(found, TRUE)


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


ROWS = (
    ("exact characteristics of BOIN, 10 cohorts of 3, a scenario", "exact boin", 50, "exact crm", 50, "CRM likewise"),
    ("exact characteristics of 3+3, a scenario", "exact 3+3", 50, "exact boin", 50, "BOIN likewise"),
    ("compiled trials, 3+3", "trials 3+3", TRIALS, "numbers", TRIALS, "keyed numbers alone, 30 people x 3"),
    ("compiled trials, BOIN 10 x 3", "trials boin", TRIALS, "numbers", TRIALS, "keyed numbers alone, 30 people x 3"),
    ("compiled trials, CRM 10 x 3", "trials crm", TRIALS, "numbers", TRIALS, "keyed numbers alone, 30 people x 3"),
    ("compiled trials, TITE-BOIN 30", "trials tite", TRIALS // 20, "numbers", TRIALS, "keyed numbers alone, 30 x 3"),
    ("compiled trials, 6 of 6 within the person", "trials within", TRIALS, "numbers", TRIALS, "keyed numbers alone"),
    ("compiled trials, ladder, 60 people x 4", "trials ladder", TRIALS // 20, "numbers", TRIALS, "keyed numbers alone"),
    ("compiled whole trials, ladder, 60 people x 4", "trials whole", TRIALS // 100, "numbers", TRIALS, "30 people x 3"),
    ("whole trials event by event, by their own rules", "events whole", 10, "trials whole", TRIALS // 100, "compiled"),
    ("trials event by event, BOIN 10 x 3", "events boin", FEW, "trials boin", TRIALS, "compiled trials, BOIN"),
)  # fmt: skip

_CRMSIM = "crmsim(c(.05,.15,.3,.45,.6),getprior(.06,.3,2,5),.3,30,3,nsim=100,mcohort=3,count=FALSE)"
R_PEERS = (
    ("compiled trials, BOIN 10 x 3", "trials boin", "R BOIN get.oc",
     "library(BOIN); t<-system.time(get.oc(.3,c(.05,.15,.3,.45,.6),10,3,ntrial=2000))[3]; cat(2000/t)"),
    ("compiled trials, CRM 10 x 3", "trials crm", "R dfcrm crmsim",
     f"library(dfcrm); t<-system.time({_CRMSIM})[3]; cat(100/t)"),
    ("compiled trials, 3+3", "trials 3+3", "R UBCRM sim3p3",
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
    for name, mine, beside, script in R_PEERS:
        rate = peer(script)
        if rate is None:
            sys.stderr.write(f"skipped: {beside} is not installed here\n")
        else:
            figures.append(Figure(name, TRIALS / took[mine], "/s", beside, rate))
    tell("Designs", figures)


if __name__ == "__main__":
    main()
