"""Open lines -> the fewest questions whose answers could settle them all. Pure; for one person and one trial.

Takes the conditions of the lines that are open, and what is known of each part; gives, for each line, the Proofs that
would make it met, and the smallest set of questions that holds a proof of every line. An answer that goes the other way
may settle a trial sooner, or open another way; the list is the shortest that can be enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from stromal.protocol import tree as t
from stromal.values import Verdict

Ask = Callable[[t.Expr], Verdict]
"""What is known of a part of a condition."""

_MOST = 128
"""Proofs of one line that are kept, the shortest ones; hardly any line of a registry has more than ten."""
_STEPS = 20_000
"""Choices that are looked at before the best list so far is taken."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Questions that are enough to settle a condition one way, and the answers it takes: a part, and its truth."""

    asks: frozenset[str] = frozenset()
    holds: frozenset[tuple[t.Expr | str, bool]] = frozenset()

    def and_(self, other: Proof) -> Proof | None:
        """Both together; None where one takes the opposite of an answer of the other."""
        if any((part, not truth) in other.holds for part, truth in self.holds):
            return None
        return Proof(self.asks | other.asks, self.holds | other.holds)

    def within(self, other: Proof) -> bool:
        """Whether it takes nothing that the other does not take."""
        return self.asks <= other.asks and self.holds <= other.holds


Proofs = tuple[Proof, ...]
NOTHING: Proofs = (Proof(),)
"""The proof of what is known already."""


def proofs(expr: t.Expr, want: bool, ask: Ask) -> Proofs:
    """The ways in which answers could settle a condition as wanted; none where no answer can."""
    match expr:
        case t.Not(item):
            return proofs(item, not want, ask)
        case t.All(items) if want:
            return every(proofs(item, True, ask) for item in items)
        case t.All(items):
            return _shortest_of(each for item in items for each in proofs(item, False, ask))
        case t.Any(items) if want:
            return _shortest_of(each for item in items for each in proofs(item, True, ask))
        case t.Any(items):
            return every(proofs(item, False, ask) for item in items)
        case t.If(condition, then):
            return proofs(t.Any((t.Not(condition), then)), want, ask)
    known = ask(expr)
    if known.truth is not None:
        return NOTHING if known.truth is want else ()
    part = expr.question if isinstance(expr, t.Asked | t.Judged) else expr
    return (Proof(frozenset(known.settle), frozenset(((part, want),))),) if known.settle else ()


def every(parts: Iterable[Proofs]) -> Proofs:
    """The ways to settle all of several conditions at once."""
    return reduce(_both, parts, NOTHING)


def _both(left: Proofs, right: Proofs) -> Proofs:
    if left == NOTHING or right == NOTHING:
        return right if left == NOTHING else left
    if len(left) == len(right) == 1:
        both = left[0].and_(right[0])
        return () if both is None else (both,)
    return _shortest_of(both for a in left for b in right if (both := a.and_(b)) is not None)


def _shortest_of(found: Iterable[Proof]) -> Proofs:
    """Proofs without those that take more than another one does."""
    each_once = tuple(dict.fromkeys(found))
    if len(each_once) < 2:
        return each_once
    kept: list[Proof] = []
    for each in sorted(each_once, key=lambda proof: (len(proof.asks), sorted(proof.asks), len(proof.holds))):
        if len(kept) < _MOST and not any(other.within(each) for other in kept):
            kept.append(each)
    return tuple(kept)


# ---------------------------------------------------------------- all lines


def shortest(lines: Sequence[Proofs]) -> frozenset[str] | None:
    """The smallest set of questions that holds a proof of every line; None where answers cannot settle them all."""
    forced = _together([each[0] for each in lines if len(each) == 1])
    if forced is None or not all(lines):
        return None
    return _Search(forced, sorted((each for each in lines if len(each) > 1), key=len)).best


def _together(found: Sequence[Proof]) -> Proof | None:
    """Many proofs as one; None where two of them take opposite answers."""
    holds = frozenset[tuple[t.Expr | str, bool]]().union(*(each.holds for each in found))
    if any((part, not truth) in holds for part, truth in holds):
        return None
    return Proof(frozenset[str]().union(*(each.asks for each in found)), holds)


class _Search:
    """Takes a proof of each line in turn, and turns back where it gets no shorter than the best list so far."""

    def __init__(self, start: Proof, lines: Sequence[Proofs]) -> None:
        self.lines = lines
        self.best: frozenset[str] | None = None
        self.steps = 0
        self._take(0, start)

    def _take(self, number: int, so_far: Proof) -> None:
        self.steps += 1
        if self.best is not None and (len(so_far.asks) >= len(self.best) or self.steps > _STEPS):
            return
        if number == len(self.lines):
            self.best = so_far.asks
            return
        joined = (both for each in self.lines[number] if (both := so_far.and_(each)) is not None)
        for both in sorted(joined, key=lambda proof: (len(proof.asks), sorted(proof.asks))):
            self._take(number + 1, both)
