"""Numbers between two bounds: compared, added and converted without guessing what is open.

Takes and gives Measured numbers with their reasons and entries; `evaluate` makes them out of a chart at step 5 of the
walk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from stromal.values import Quantity, Truth, negate


def merged(parts: Iterable[tuple[object, ...]]) -> tuple:  # type: ignore[type-arg]  # ints or strings, as given
    """Several tuples as one, each member once."""
    return tuple(dict.fromkeys(each for part in parts for each in part))


@dataclass(frozen=True, slots=True)
class Measured:
    """A number between two bounds (equal when it is known; None where a bound is open) with its reason and entries."""

    low: Fraction | None
    high: Fraction | None
    unit: str = ""
    reason: str = ""
    evidence: tuple[int, ...] = ()
    settle: tuple[str, ...] = ()

    @property
    def value(self) -> Fraction | None:
        """The number, if it is known."""
        return self.low if self.low is not None and self.low == self.high else None


def exactly(value: Fraction, unit: str, reason: str, evidence: tuple[int, ...]) -> Measured:
    """A number that is known."""
    return Measured(value, value, unit, reason, evidence)


def in_unit(measured: Measured, unit: str) -> Measured:
    """The same number in another unit; ValueError when the two measure different things."""
    if not unit or measured.unit == unit or measured.low is None or measured.high is None:
        return measured
    low, high = (Quantity(bound, measured.unit).to(unit).value for bound in (measured.low, measured.high))
    return Measured(low, high, unit, measured.reason, measured.evidence, measured.settle)


def compare(op: str, left: Measured, right: Measured) -> Truth:
    """Compare two numbers known between bounds; unknown wherever the bounds leave both answers open."""
    if op in (">", ">="):
        return compare("<" if op == ">" else "<=", right, left)
    if op == "!=":
        return negate(compare("=", left, right))
    if op == "=":
        if left.value is not None and right.value is not None:
            return left.value == right.value
        apart = compare("<", left, right) or compare("<", right, left)
        return False if apart else None
    if left.high is not None and right.low is not None and _less(op, left.high, right.low):
        return True
    if left.low is not None and right.high is not None and not _less(op, left.low, right.high):
        return False
    return None


def _less(op: str, left: Fraction, right: Fraction) -> bool:
    return left < right if op == "<" else left <= right


def reach(which: str, sure: list[int], possible: list[int]) -> tuple[Fraction, Fraction]:
    """From where to where the highest or lowest may lie; that of none at all is 0."""
    if which == "max":
        return Fraction(max(sure, default=0)), Fraction(max(possible, default=0))
    if sure:
        return Fraction(min(possible)), Fraction(min(sure))
    return Fraction(0), Fraction(max(possible, default=0))  # any one of them may prove to be the only one


def least_squares(points: list[tuple[Fraction, Fraction]]) -> Fraction:
    """Slope of the ordinary least-squares line through (x, y) points, exactly. Needs two different x."""
    n = len(points)
    zero = Fraction(0)
    mean_x, mean_y = sum((x for x, _ in points), zero) / n, sum((y for _, y in points), zero) / n
    rise = sum(((x - mean_x) * (y - mean_y) for x, y in points), zero)
    return rise / sum(((x - mean_x) ** 2 for x, _ in points), zero)


def combine(op: Literal["+", "-"], left: Measured, right: Measured) -> Measured:
    """Sum or difference, in the unit of the left one."""
    right = in_unit(right, left.unit)
    low = high = None
    first, second = (right.low, right.high) if op == "+" else (right.high, right.low)
    if left.low is not None and first is not None:
        low = left.low + first if op == "+" else left.low - first
    if left.high is not None and second is not None:
        high = left.high + second if op == "+" else left.high - second
    evidence, settle = merged((left.evidence, right.evidence)), merged((left.settle, right.settle))
    unknown = [each.reason for each in (left, right) if each.value is None]
    reason = "; ".join(unknown) if unknown else f"{left.reason}; {right.reason}"
    return Measured(low, high, left.unit, reason, evidence, settle)
