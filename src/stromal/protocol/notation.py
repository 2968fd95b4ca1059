"""The small notations inside a protocol file: when a visit is, how much a dose is, what a release test asks.

Each `read_` takes the text and gives a model value or raises ValueError saying what cannot be read and how to write it;
each `write_` gives the canonical text back.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import assert_never, cast

from stromal.protocol import model as m
from stromal.protocol.tree import Anchor, Side, Which
from stromal.values import Duration, Quantity, duration, exact, quantity, short, unit

_CELLS = ("cells", "cells/kg")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE]\+?\d+)?"
_ANCHOR = re.compile(r"(?:(first|last|previous) )?([a-z][a-z0-9_]*)")
_OFFSET = re.compile(r"(\d+)(?:\.\.(\d+))? *([a-z]+) (before|after) (.+)")
_LEEWAY = re.compile(r"(\d+) *\+- *(\d+) *([a-z]+) (before|after) (.+)")
_WITHIN = re.compile(r"within (\d+ *[a-z]+) (before|after) (.+)")
_EVERY = re.compile(r"every (\d+ *[a-z]+) from (.+?) until (.+)")
_WINDOW = re.compile(r"\+- *(\d+) *([a-z]+)|-(\d+) *\.\. *\+(\d+) *([a-z]+)")
_AMOUNT = re.compile(rf"({_NUMBER}) *(\S+)(?: of ([a-z][a-z0-9_]*)(?: at (same visit|[a-z][a-z0-9_]*))?)?")
_SPAN = re.compile(rf"({_NUMBER})(?:\.\.({_NUMBER}))? *(\S*)")
_TEST = re.compile(rf"([a-z][a-z0-9_]*) *(<=|>=|<|>|=) *(?:({_NUMBER}) *(\S*)|([a-z][a-z _]*))")


def read_anchor(text: str) -> Anchor:
    """`infusion_1`, `last dose`, `consent`."""
    match = _ANCHOR.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no visit or milestone; write a name such as infusion_1 or 'last dose'")
    return Anchor(match[2], cast(Which, match[1] or ""))


def read_when(text: str) -> tuple[m.When, Duration]:
    """When a visit is, and the leeway written inside it (`28 +-3 d after last dose`), nothing where there is none."""
    text = " ".join(text.split())
    if text == "day 0":
        return m.DayZero(), m.NO_TIME
    if match := _WITHIN.fullmatch(text):
        return m.Timeframe(duration(match[1]), cast(Side, match[2]), read_anchor(match[3])), m.NO_TIME
    if match := _EVERY.fullmatch(text):
        until = read_offset(match[3]) if match[3][0].isdigit() else read_anchor(match[3])
        return m.Series(duration(match[1]), read_anchor(match[2]), until), m.NO_TIME
    if match := _LEEWAY.fullmatch(text):
        offset = read_offset(f"{match[1]} {match[3]} {match[4]} {match[5]}")
        return offset, duration(f"{match[2]} {match[3]}")
    return read_offset(text), m.NO_TIME


def read_offset(text: str) -> m.Offset:
    """`14..21 days after infusion_1`, `6 months after run_in_start`."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no time of a visit; write 'day 0', '14..21 days after infusion_1', "
            "'within 28 days before day_0' or 'every 2 months from a until b'"
        )
    low, high = duration(f"{match[1]} {match[3]}"), duration(f"{match[2] or match[1]} {match[3]}")
    if low.count > high.count:
        raise ValueError(f"{match[1]}..{match[2]} runs backwards; write the smaller number first")
    return m.Offset(low, high, cast(Side, match[4]), read_anchor(match[5]))


def read_window(text: str) -> tuple[Duration, Duration]:
    """`+-14 days` or `-3..+7 days`: how much earlier and how much later is still in time."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no window; write '+-14 days' or '-3..+7 days'")
    if match[1]:
        both = duration(f"{match[1]} {match[2]}")
        return both, both
    return duration(f"{match[3]} {match[5]}"), duration(f"{match[4]} {match[5]}")


def read_amount(text: str) -> tuple[Quantity, m.Weight | None]:
    """`1e6 cells/kg of weight at same visit`, or `1e8 cells`."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount; write '1e8 cells' or '1e6 cells/kg of weight at same visit'")
    amount = quantity(f"{match[1]} {match[2]}")
    if amount.value <= 0:
        raise ValueError(f"{text!r} is no dose; write more than 0 cells")
    dimension = unit(amount.unit).dimension
    if dimension == unit("cells").dimension:
        if match[3]:
            raise ValueError(f"{text!r}: a fixed number of cells needs no {match[3]}")
        return amount.to("cells"), None
    if dimension != unit("cells/kg").dimension:
        raise ValueError(f"{amount.unit!r} measures no dose of cells; write cells or cells/kg")
    at = "" if match[4] in (None, "same visit") else match[4]
    return amount.to("cells/kg"), m.Weight(match[3] or "weight", at)


def read_ladder(text: str) -> tuple[Quantity, ...]:
    """`1e7, 5e7, 1e8 cells`: rungs that rise, all in the unit written behind the last."""
    *rest, last = [part.strip() for part in text.split(",")]
    top = quantity(last)
    measure = next((each for each in _CELLS if unit(each).dimension == unit(top.unit).dimension), None)
    if measure is None:
        raise ValueError(f"{top.unit!r} measures no dose of cells; write cells or cells/kg after the last rung")
    written = (*(_in_unit_of(top, quantity(part)) for part in rest), top)
    rungs = tuple(each.to(measure) for each in written)
    if rungs[0].value <= 0:
        raise ValueError(f"{text!r}: a rung of 0 cells is no dose")
    if any(low.value >= high.value for low, high in pairwise(rungs)):
        raise ValueError(f"{text!r}: the rungs of a ladder rise from low to high")
    return rungs


def _in_unit_of(top: Quantity, rung: Quantity) -> Quantity:
    return rung if rung.unit else Quantity(rung.value, top.unit)


def read_span(text: str, measure: str) -> tuple[Fraction, Fraction]:
    """`3 mL` or `5..10 mL`, `90..110 %`: low and high in the unit `measure`."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not match[3]:
        raise ValueError(f"{text!r} is no range with its unit; write for example '5..10 {measure}'")
    low, high = (Quantity(exact(match[i] or match[1]), match[3]).to(measure).value for i in (1, 2))
    if low > high:
        raise ValueError(f"{text!r} runs backwards; write the smaller number first")
    return low, high


def read_test(text: str) -> m.ReleaseTest:
    """`viability >= 80 %`, `sterility = negative`."""
    match = _TEST.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no release test; write 'viability >= 80 %' or 'sterility = negative'")
    name, op, number, measure, word = match.groups()
    if word is not None:
        if op != "=":
            raise ValueError(f"{text!r}: a word is compared with =")
        return m.ReleaseTest(name, "=", word.strip())
    unit(measure)
    return m.ReleaseTest(name, op, exact(number), measure)  # type: ignore[arg-type]  # the pattern allows only these


def read_roles(text: str) -> tuple[str, ...]:
    """`signed by investigator and medical_monitor`: the roles, each of which must sign."""
    head, _, rest = text.partition("signed by ")
    roles = tuple(part.strip() for part in rest.split(" and "))
    if head or not rest or not all(roles):
        raise ValueError(f"{text!r} names no signature; write 'signed by safety_committee'")
    return roles


def write_anchor(anchor: Anchor) -> str:
    """The anchor as read_anchor reads it."""
    return f"{anchor.which} {anchor.name}".strip()


def write_offset(offset: m.Offset) -> str:
    """The offset as read_offset reads it."""
    low, high, word = offset.low.count, offset.high.count, offset.low.unit
    span = str(offset.low) if low == high else f"{low}..{high} {word}s"
    return f"{span} {offset.side} {write_anchor(offset.anchor)}"


def write_when(when: m.When) -> str:
    """The time of a visit as read_when reads it."""
    match when:
        case m.DayZero():
            return "day 0"
        case m.Offset():
            return write_offset(when)
        case m.Timeframe(length, side, anchor):
            return f"within {length} {side} {write_anchor(anchor)}"
        case m.Series(every, start, until):
            end = write_offset(until) if isinstance(until, m.Offset) else write_anchor(until)
            return f"every {every} from {write_anchor(start)} until {end}"
    assert_never(when)


def write_window(early: Duration, late: Duration) -> str:
    """The leeway as read_window reads it; empty when there is none."""
    if early == late:
        return f"+-{early}" if early.count else ""
    return f"-{early.count}..+{late.count} {late.unit}s"


def write_amount(amount: Quantity, weight: m.Weight | None) -> str:
    """The amount as read_amount reads it."""
    if weight is None:
        return f"{short(amount.value)} {amount.unit}"
    return f"{short(amount.value)} {amount.unit} of {weight.fact} at {weight.at or 'same visit'}"


def write_ladder(rungs: tuple[Quantity, ...]) -> str:
    """The ladder as read_ladder reads it."""
    return f"{', '.join(short(rung.value) for rung in rungs)} {rungs[0].unit}"


def write_span(span: tuple[Fraction, Fraction], measure: str) -> str:
    """The range as read_span reads it."""
    low, high = span
    return f"{short(low)} {measure}" if low == high else f"{short(low)}..{short(high)} {measure}"


def write_test(test: m.ReleaseTest) -> str:
    """The release test as read_test reads it."""
    limit = test.limit if isinstance(test.limit, str) else f"{short(test.limit)} {test.unit}".rstrip()
    return f"{test.test} {test.op} {limit}"
