"""Values and results as people read them: numbers with a true minus, unknown said in so many words, one sentence each.

Takes cells, results and events, gives text. `report` prints it (step 10 of the walk).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from stromal.analyse.grid import Cell, Column
from stromal.analyse.models import PValue, Result
from stromal.ledger.events import EntryCorrected, Event, ProtocolAdopted
from stromal.values import plain

NOT_KNOWN = "not known"


def shown(cell: Cell, column: Column) -> str:
    """A cell as text: None is *not known*, numbers have the decimals of their column, moments are in UTC."""
    match cell:
        case None:
            return NOT_KNOWN
        case datetime():
            return moment(cell)
        case date():
            return cell.isoformat()
        case float():
            return _rounded(cell) if column.decimals is None else fixed(cell, column.decimals)
        case _:
            return str(cell)


def _rounded(value: float) -> str:
    """A number without decimals of its own, such as a count of cells, to four significant digits."""
    return plain(float(f"{value:.4g}")).replace("-", "−")


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals and a minus as long as a plus; never minus zero."""
    written = f"{value:.{decimals}f}"
    return written.replace("-", "−") if float(written) else f"{0:.{decimals}f}"


def p_value(p: PValue) -> str:
    """A p-value to two digits, never as zero: `0.034`, `< 0.001`."""
    if p.value is None:
        return "cannot be computed"
    return "< 0.001" if p.value < 0.001 else f"{p.value:.2g}" if p.value < 0.995 else "1.0"


def sentence(result: Result) -> str:
    """The answer in one sentence, with what is not known."""
    return _counted(result) if result.events is not None else _averaged(result)


def _counted(result: Result) -> str:
    if not result.n or result.interval is None:
        return "Nobody is in the population yet."
    low, high = fixed(result.interval.low, 1), fixed(result.interval.high, 1)
    told = _having(result)
    if result.unknown:
        either = f"exact 95 % interval for either outcome {low} to {high} %"
        return f"{told} and {result.unknown} cannot be judged yet ({either})."
    assert result.estimate is not None
    return f"{told}: {fixed(result.estimate, 1)} % (exact 95 % interval {low} to {high} %)."


_NUMBER = "the number of "


def _having(result: Result) -> str:
    """How many of how many: with what they had, where the endpoint counts something; else that it holds for them."""
    if not result.measured.startswith(_NUMBER) or result.method != "adverse_events":
        return f"It holds for {result.events} of {result.n}"
    return f"{result.events} of {result.n} had one or more {result.measured.removeprefix(_NUMBER)}"


def _averaged(result: Result) -> str:
    missing = f" {len(result.missing)} without a value." if result.missing else ""
    if result.estimate is None:
        return f"Nobody has a value yet.{missing}"
    told = f"{result.measure.capitalize()} {fixed(result.estimate, 2)} {result.unit}".rstrip() + f", n = {result.n}"
    if result.interval is None:
        return f"{told}; an interval needs two people.{missing}"
    low, high = fixed(result.interval.low, 2), fixed(result.interval.high, 2)
    tests = ", ".join(f"p {_equals(p_value(p))} by {p.name}" for p in result.p_values if p.value is not None)
    return f"{told} (95 % interval {low} to {high}; {tests}).{missing}"


def _equals(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"


# ---------------------------------------------------------------- entries of the ledger

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def happening(event: Event) -> str:
    """What kind of thing an event is, in words: `Cells infused`."""
    return _WORD.sub(" ", type(event).__name__).capitalize()


def details(event: Event) -> str:
    """The fields of an event that say something, as `name value` pairs; the text of a protocol is left in the book."""
    if isinstance(event, EntryCorrected):
        put = event.replacement
        instead = f"{happening(put).lower()}: {details(put)}" if put is not None else "nothing"
        return f"entry {event.entry}, because {event.reason}; instead: {instead}"
    held = msgspec.structs.asdict(event)
    if isinstance(event, ProtocolAdopted):
        held.pop("text")
    parts = [f"{name.replace('_', ' ')} {_told(value)}" for name, value in held.items() if value not in ("", None, ())]
    return ", ".join(parts)


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(_told(each) for each in value)
    if isinstance(value, float):
        return plain(value)
    return str(value)


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
