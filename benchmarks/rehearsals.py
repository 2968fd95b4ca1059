"""How many whole trials are rehearsed a second, each step of each person through the desk, into a book in memory.

Beside the rate of plain keyed draws of the same outcome (six patients, two infusions, a toxicity or not): what a
simulation without people, visits, lots, signatures or a book would do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from measure import Figure, medians, tell
from stromal.protocol.file import load
from stromal.rehearse.chance import Chance
from stromal.rehearse.run import rehearse
from stromal.rehearse.scenario import CALM, Scenario
from stromal.store.memory import MemoryBook

PROTOCOLS = Path(__file__).resolve().parents[1] / "protocols"
RISKY = replace(CALM, toxicity={"dose_1": 0.05, "dose_2": 0.05}, hold_lifted=0.0, arrivals_per_month=3)
TRIALS = {"NCT00186914": 10, "NCT06360861": 10, "NCT04821479": 1, "NCT05016804": 2, "NCT03268603": 1}
DRAWS = 20_000
RUNS = 5


def rehearsing(name: str, number: int, scenario: Scenario) -> Callable[[], None]:
    """Rehearse so many trials of a protocol on its planned number of people."""
    text = (PROTOCOLS / f"{name}.yaml").read_text(encoding="utf-8")
    protocol, trial = load(text, name).require(), count()

    def act() -> None:
        for _ in range(number):
            rehearse(protocol, text, MemoryBook(), protocol.trial.planned, 1, scenario, next(trial))

    return act


def drawing() -> None:
    """The bare outcome of so many trials of the six-patient escalation."""
    for trial in range(DRAWS // 12):
        chance = Chance(f"1/{trial}")
        any(chance.happens(f"{patient}/{dose}", 0.05) for patient in range(6) for dose in (1, 2))


def main() -> None:
    """Every protocol in turn, tell."""
    acts: dict[str, Callable[[], None]] = {"draws": drawing, "calm": rehearsing("NCT00186914", 10, RISKY)}
    acts |= {name: rehearsing(name, number, Scenario()) for name, number in TRIALS.items()}
    seconds = medians(acts, RUNS)
    bare = (DRAWS // 12) / seconds["draws"]
    figures = [
        Figure("NCT00186914, toxicity only", 10 / seconds["calm"], "trials/s", "bare draws of its outcome", bare)
    ]
    figures += [
        Figure(f"{name}, everything that can happen", number / seconds[name], "trials/s", "bare draws", bare)
        for name, number in TRIALS.items()
    ]
    tell("Rehearsing whole trials", figures)


if __name__ == "__main__":
    main()
