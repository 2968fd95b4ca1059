"""Designs in which one person gets several doses: escalation within the participant, and the ladder with its table.

Takes what happened to people so far; gives what a person gets next, and whether the trial declares a dose or stops.
Doses are indexed from 0. The same functions serve the desk, exact characteristics and simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Move = Literal["up", "same", "down", "hold", "stop"]
"""What a toxicity does to the next dose: `hold` waits for a signature, `stop` ends the person's treatment."""

MOVES: tuple[Move, ...] = ("up", "same", "down", "hold", "stop")


@dataclass(frozen=True, slots=True)
class Within:
    """Every person gets each dose in turn while none is followed by unacceptable toxicity.

    The highest dose is declared safe when `need` of `people` came through all of them; the trial stops when that can
    no longer happen, or when `stop_at` people had unacceptable toxicity.
    """

    people: int = 6
    need: int = 6
    stop_at: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.need <= self.people:
            raise ValueError(f"{self.need} of {self.people} people cannot be asked for")
        if self.stop_at is not None and self.stop_at < 1:
            raise ValueError(f"the trial stops at 1 toxicity or more, not {self.stop_at}")


@dataclass(frozen=True, slots=True)
class Ladder:
    """People start at one rung and move by the worst toxicity since the dose before.

    `moves[g]` says what a worst grade of g does, for g = 0 .. 5. The trial stops when `stop_at` people had toxicity of
    `unacceptable` grade or more.
    """

    people: int
    administrations: int
    start: int = 0
    moves: tuple[Move, ...] = ("up", "up", "same", "down", "stop", "stop")
    unacceptable: int = 3
    stop_at: int | None = None

    def __post_init__(self) -> None:
        if self.people < 1 or self.administrations < 1 or self.start < 0:
            raise ValueError("a ladder has people, administrations and a first rung")
        if len(self.moves) != 6 or any(move not in MOVES for move in self.moves):
            raise ValueError(f"a table gives one of {', '.join(MOVES)} for each grade 0 to 5")
        if not 1 <= self.unacceptable <= 5:
            raise ValueError(f"an unacceptable grade is 1 to 5, not {self.unacceptable}")
        if self.stop_at is not None and self.stop_at < 1:
            raise ValueError(f"the trial stops at 1 person or more, not {self.stop_at}")


Course: TypeAlias = Within | Ladder


def moved(rung: int, move: Move, rungs: int) -> int | None:
    """The next rung; the top and the bottom stay where they are; None on hold or stop."""
    match move:
        case "up":
            return min(rung + 1, rungs - 1)
        case "down":
            return max(rung - 1, 0)
        case "same":
            return rung
        case _:
            return None


def next_rung(design: Course, given: Sequence[tuple[int, int]], rungs: int) -> int | None:
    """The rung a person gets next after (rung, worst grade) of each dose so far; None when there is no next one."""
    match design:
        case Within():
            if any(grade for _, grade in given) or len(given) == rungs:
                return None
            return len(given)
        case Ladder():
            if not given:
                return min(design.start, rungs - 1)
            if len(given) == design.administrations:
                return None
            rung, grade = given[-1]
            return moved(rung, design.moves[grade], rungs)


def goes_on(design: Course, safe: int, harmed: int) -> bool:
    """Whether another person is treated after so many came through and so many had unacceptable toxicity."""
    return safe + harmed < design.people and not stops(design, harmed)


def stops(design: Course, harmed: int) -> bool:
    """Whether the trial stops for everybody in it once so many people had unacceptable toxicity."""
    if design.stop_at is not None and harmed >= design.stop_at:
        return True
    return isinstance(design, Within) and design.people - harmed < design.need


def declared(design: Within, safe: int) -> bool:
    """Whether the highest dose is declared safe."""
    return safe >= design.need
