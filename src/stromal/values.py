"""The words every part of the house shares: places, findings, verdicts, refusals, quantities, durations, windows.

Takes and gives plain frozen values; knows nothing of protocols or people. It stands under every step of the walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from typing import Literal, assert_never

from dateutil.relativedelta import relativedelta
from msgspec import Struct

YEARS = range(1900, 2200)
"""Years a trial can run in; further away there is no room for its windows in the calendar."""

Truth = bool | None
"""Kleene's three values: True, False and None, which is *unknown* and never False."""


# ---------------------------------------------------------------- places, findings, refusals


class Place(Struct, frozen=True):
    """Where something stands: a file and a line (1-based; 0 when the whole file is meant), with the words quoted.

    In a record made of named fields, `path` names the field and `line` counts within it.
    """

    line: int
    quote: str = ""
    file: str = ""
    path: str = ""

    def __str__(self) -> str:
        """`file:line`, the way editors open it; `file:path:line` for a line of a field."""
        where = ":".join(filter(None, (self.file, self.path)))
        if not self.line:
            return where or "the file"
        return f"{where}:{self.line}" if where else f"line {self.line}"

    def quoting(self, words: str) -> Place:
        """The same place with other words quoted."""
        return Place(self.line, words, self.file, self.path)


Severity = Literal["error", "contradiction", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing somebody should look at: what, how bad, where, and what to do next. Collected, never raised alone."""

    code: str
    severity: Severity
    message: str
    places: tuple[Place, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        """One line, starting with the first place."""
        where = f"{self.places[0]}: " if self.places else ""
        hint = f" -> {self.hint}" if self.hint else ""
        return f"{where}{self.severity}: {self.message} [{self.code}]{hint}"


class Unusable(Exception):  # noqa: N818 - it is a word of the house, not only an error
    """Input that cannot be used at all, with every finding that says why. Edges turn it into exit code 2."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to a command that may not be carried out: which rule, why, where it stands, what to do next."""

    rule: str
    message: str
    hint: str = ""
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        """The rule, the reason and the next step."""
        return f"{self.rule}: {self.message}" + (f" -> {self.hint}" if self.hint else "")


# ---------------------------------------------------------------- three-valued logic


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's *and*: False if any is False, else unknown if any is unknown, else True."""
    seen: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            seen = None
    return seen


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's *or*: True if any is True, else unknown if any is unknown, else False."""
    seen: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            seen = None
    return seen


def negate(truth: Truth) -> Truth:
    """Kleene's *not*: unknown stays unknown."""
    return None if truth is None else not truth


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer that explains itself: the truth, the reason in words, the entries it rests on, what would settle it."""

    truth: Truth
    reason: str
    evidence: tuple[int, ...] = ()
    settle: tuple[str, ...] = ()

    @property
    def word(self) -> Literal["met", "not met", "unknown"]:
        """The verdict as people say it."""
        if self.truth is None:
            return "unknown"
        return "met" if self.truth else "not met"


# ---------------------------------------------------------------- exact numbers


def exact(number: float | int | str | Decimal | Fraction) -> Fraction:
    """The decimal number as a person wrote it, without binary rounding: exact(0.1) is 1/10.

    ValueError on what is no number, on nan and inf, and beyond 1e300, which nobody measures.
    """
    if isinstance(number, Fraction | int):
        return Fraction(number)
    try:
        decimal = Decimal(repr(number) if isinstance(number, float) else number)
    except InvalidOperation:
        raise ValueError(f"{number!r} is not a number") from None
    if not decimal.is_finite() or abs(decimal.adjusted()) > 300:
        raise ValueError(f"{number!r} is no number anybody measures")
    return Fraction(decimal)


def plain(number: Fraction | float | int) -> str:
    """A number for people: 8, 0.5, 7.0e7 for cell counts, at most six significant digits."""
    size = abs(float(number))
    if size >= 1e6:
        digits = f"{float(number):.5e}"
        mantissa, power = digits.split("e")
        mantissa = mantissa.rstrip("0")
        return f"{mantissa}0e{int(power)}" if mantissa.endswith(".") else f"{mantissa}e{int(power)}"
    return f"{float(number):.6g}"


def short(number: Fraction) -> str:
    """A number for a file: exact, without a needless point, scientific when that is shorter (1e6, 2.5e7, 0.5)."""
    if number.denominator == 1 and abs(number) < 100_000:
        return str(number.numerator)
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    if number.denominator == 1:
        mantissa, power = f"{decimal:e}".lower().split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(power)}"
    return format(decimal.normalize(), "f")


# ---------------------------------------------------------------- units (a part of UCUM, exact)

Dimension = tuple[tuple[str, int], ...]
"""Base units with their powers, sorted by name; () is a bare number."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A UCUM unit as an exact factor of base units. Cells, IU, EU, mol and eq are bases of their own here."""

    factor: Fraction
    dimension: Dimension


_PREFIXES = {
    "": 0, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15,
}  # fmt: skip
_METRIC: dict[str, tuple[Fraction, dict[str, int]]] = {
    "m": (Fraction(1), {"m": 1}),
    "g": (Fraction(1), {"g": 1}),
    "s": (Fraction(1), {"s": 1}),
    "L": (Fraction(1, 1000), {"m": 3}),
    "l": (Fraction(1, 1000), {"m": 3}),
    "mol": (Fraction(1), {"mol": 1}),
    "eq": (Fraction(1), {"eq": 1}),
    "Pa": (Fraction(1000), {"g": 1, "m": -1, "s": -2}),
    "m[Hg]": (Fraction(133_322_000), {"g": 1, "m": -1, "s": -2}),
    "kat": (Fraction(1), {"mol": 1, "s": -1}),
    "U": (Fraction(1, 60_000_000), {"mol": 1, "s": -1}),
    "[IU]": (Fraction(1), {"IU": 1}),
    "IU": (Fraction(1), {"IU": 1}),
    "Gy": (Fraction(1), {"m": 2, "s": -2}),
}
_PLAIN: dict[str, tuple[Fraction, dict[str, int]]] = {
    "1": (Fraction(1), {}),
    "%": (Fraction(1, 100), {}),
    "[ppth]": (Fraction(1, 1000), {}),
    "cells": (Fraction(1), {"cells": 1}),
    "{cells}": (Fraction(1), {"cells": 1}),
    "EU": (Fraction(1), {"EU": 1}),
    "[EU]": (Fraction(1), {"EU": 1}),
    "[arb'U]": (Fraction(1), {"arb'U": 1}),
    "Cel": (Fraction(1), {"Cel": 1}),
    "K": (Fraction(1), {"K": 1}),
    "min": (Fraction(60), {"s": 1}),
    "h": (Fraction(3600), {"s": 1}),
    "d": (Fraction(86_400), {"s": 1}),
    "wk": (Fraction(604_800), {"s": 1}),
    "mo": (Fraction(2_629_800), {"s": 1}),
    "a": (Fraction(31_557_600), {"s": 1}),
    "[lb_av]": (Fraction(45_359_237, 100_000), {"g": 1}),
    "[in_i]": (Fraction(254, 10_000), {"m": 1}),
}
_TERM = re.compile(r"([./]?)(10[*^]-?\d+|\d+(?![*^])|[^./\d{]+(?:\{cells\})?|\{[^}]*\})(-?\d+)?")


def _atom(symbol: str) -> tuple[Fraction, dict[str, int]]:
    if symbol in _PLAIN:
        return _PLAIN[symbol]
    if symbol.startswith(("10*", "10^")):
        return Fraction(10) ** int(symbol[3:]), {}
    if symbol.isdigit():
        return Fraction(int(symbol)), {}
    if symbol.startswith("{"):
        return Fraction(1), {}
    for prefix, power in _PREFIXES.items():
        if symbol.startswith(prefix) and symbol[len(prefix) :] in _METRIC:
            factor, base = _METRIC[symbol[len(prefix) :]]
            return factor * Fraction(10) ** power, base
    raise ValueError(f"{symbol!r} is not a unit of UCUM that Stromal knows")


@lru_cache(maxsize=512)
def unit(text: str) -> Unit:
    """Parse a UCUM unit (`g/dL`, `10*9/L`, `cells/kg`, `mm[Hg]`, `/min`; "" is a bare number). ValueError if not."""
    factor, powers, end = Fraction(1), dict[str, int](), 0
    for match in _TERM.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        sign, symbol, power = match.groups()
        times = int(power or 1) * (-1 if sign == "/" else 1)
        size, base = _atom(symbol)
        factor *= size**times
        for name, by in base.items():
            powers[name] = powers.get(name, 0) + by * times
    if end != len(text):
        raise ValueError(f"{text!r} is not a unit: {text[end:]!r} cannot be read")
    return Unit(factor, tuple(sorted((name, by) for name, by in powers.items() if by)))


def unit_or_none(text: str) -> Unit | None:
    """The unit, or None where the text names none."""
    try:
        return unit(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact number with its UCUM unit."""

    value: Fraction
    unit: str = ""

    def to(self, other: str) -> Quantity:
        """The same amount in another unit, exactly. ValueError when the two measure different things."""
        mine, theirs = unit(self.unit), unit(other)
        if mine.dimension != theirs.dimension:
            raise ValueError(f"{self.unit or 'a bare number'} cannot be turned into {other or 'a bare number'}")
        if mine is theirs:
            return self
        return Quantity(self.value * mine.factor / theirs.factor, other)

    def __str__(self) -> str:
        """Number and unit as a person would write them."""
        return f"{plain(self.value)} {_SPOKEN.get(self.unit, self.unit)}".rstrip()


_SPOKEN = {"a": "years", "mo": "months", "wk": "weeks", "d": "days"}
"""Units of time as people say them."""


_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


def quantity(text: str) -> Quantity:
    """Parse `8 g/dL` or `1e6 cells/kg`. ValueError says what cannot be read."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit")
    unit(match[2])
    return Quantity(exact(match[1]), match[2])


# ---------------------------------------------------------------- time

DurationUnit = Literal["day", "week", "month", "year"]
_WORDS: dict[str, DurationUnit] = {
    "d": "day", "day": "day", "days": "day", "wk": "week", "week": "week", "weeks": "week",
    "mo": "month", "month": "month", "months": "month", "y": "year", "a": "year", "year": "year", "years": "year",
}  # fmt: skip
_DURATION = re.compile(r"\s*(\d+)\s*([a-z]+)\s*")
_LONGEST_DAYS = 200_000
"""Beyond five centuries a calendar runs out of years; nobody means it."""


def duration_unit(word: str) -> DurationUnit | None:
    """`d`, `days`, `mo`, `years` ... as one of the four calendar units; None for any other word."""
    return _WORDS.get(word)


DAYS_A_MONTH = 30.4375
"""Days of a nominal month, a twelfth of 365.25: for averages and drawing, never for windows."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole number of calendar days, weeks, months or years. Months and years are those of the calendar."""

    count: int
    unit: DurationUnit = "day"

    def after(self, day: date) -> date:
        """The day this long after `day`; the last of the month where the month is too short."""
        return self._shift(day, self.count)

    def before(self, day: date) -> date:
        """The day this long before `day`."""
        return self._shift(day, -self.count)

    def _shift(self, day: date, count: int) -> date:
        match self.unit:
            case "day":
                return day + timedelta(days=count)
            case "week":
                return day + timedelta(weeks=count)
            case "month":
                return day + relativedelta(months=count)
            case "year":
                return day + relativedelta(years=count)
        assert_never(self.unit)

    @property
    def days(self) -> float:
        """Nominal length in days (a month is 30.4375, a year 365.25), only for ordering and drawing."""
        return self.count * {"day": 1.0, "week": 7.0, "month": DAYS_A_MONTH, "year": 365.25}[self.unit]

    def __str__(self) -> str:
        """`1 month`, `14 days`."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def duration(text: str) -> Duration:
    """Parse `14 d`, `3 months`, `1 year`. ValueError says what cannot be read."""
    match = _DURATION.fullmatch(text)
    word = duration_unit(match[2]) if match else None
    if match is None or word is None:
        raise ValueError(f"{text!r} is not a length of time such as '14 days' or '3 months'")
    length = Duration(int(match[1]), word)
    if length.days > _LONGEST_DAYS:
        raise ValueError(f"{text!r} is longer than any trial")
    return length


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, both included; None leaves an end open."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: object) -> bool:
        """Whether the day lies inside, ends included."""
        if not isinstance(day, date):
            return False
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        """The two dates."""
        return f"{self.first or '…'} to {self.last or '…'}"


def years_between(start: date, end: date) -> int:
    """Whole calendar years from start to end: a person's age."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def instant(text: str) -> datetime:
    """Parse a moment with its time zone. ValueError when the zone is missing: such a time is unknown, not guessed."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it like 2024-05-01T09:30+02:00")
    return moment


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, or None when nothing is close."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
