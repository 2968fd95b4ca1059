"""Where the world comes in: files read, findings told, exit codes given. The one place that turns a no into a code.

0: done. 1: findings, or a negative answer. 2: input that cannot be used; nothing was written.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

import msgspec
import typer

from stromal.cli import show
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.values import YEARS, Finding, Place, Refused, Severity, Unusable, exact

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
_WORST: tuple[Severity, ...] = ("error", "contradiction", "warning")


def edge(command: Callable[_Arguments, int | None]) -> Callable[_Arguments, None]:
    """A command whose Unusable input becomes messages on standard error and exit code 2."""

    @wraps(command)
    def wrapped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except Unusable as unusable:
            unusable_input(unusable.findings, as_json=bool(kwargs.get("as_json")))
        except RecursionError:
            deep = Finding("file.depth", "error", "the input is nested too deep to be read", (), "write it flatter")
            unusable_input((deep,), as_json=bool(kwargs.get("as_json")))
        except BrokenPipeError:  # the reader of a pipe has seen enough; what is still buffered goes nowhere
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            code = 0
        raise typer.Exit(code or 0)

    return wrapped


def unusable_input(findings: Iterable[Finding], *, as_json: bool) -> NoReturn:
    """Tell why input cannot be used, and end with code 2."""
    if as_json:
        to_json({"findings": [finding_json(finding) for finding in findings]})
    show.findings(tuple(findings), error=True)
    raise typer.Exit(2)


def bad(code: str, message: str, hint: str, file: str = "") -> Unusable:
    """Input that cannot be used, as one finding."""
    return Unusable(Finding(code, "error", message, (Place(0, "", file),) if file else (), hint))


def granted(answer: _Answer | Refused) -> _Answer:
    """An answer that is no refusal. A refusal is input that cannot be used."""
    if isinstance(answer, Refused):
        raise Unusable(Finding(answer.rule, "error", answer.message, answer.places, answer.hint))
    return answer


def negative(findings: Iterable[Finding]) -> int:
    """1 when a finding is more than a note, else 0."""
    return int(any(finding.severity in _WORST for finding in findings))


# ---------------------------------------------------------------- reading


def content(path: Path) -> bytes:
    """The bytes of a file. Raises Unusable when there is none that can be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise bad("file.missing", "there is no such file", "check the name and the folder", str(path)) from None
    except OSError as error:
        raise bad(
            "file.unreadable", f"cannot be read: {error.strerror}", "give a file you may read", str(path)
        ) from None


def text(path: Path) -> str:
    """The text of a file. Raises Unusable when it is not UTF-8."""
    try:
        return content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"byte {error.object[error.start]:#04x} is not UTF-8 text"
        finding = Finding("file.binary", "error", message, (Place(line, "", str(path)),), "save the file as UTF-8 text")
        raise Unusable(finding) from None


def protocol(path: Path) -> Protocol:
    """The protocol in a file. Raises Unusable with every finding."""
    return load(text(path), str(path)).require()


def number(written: str, name: str) -> Fraction:
    """A number of an option, exactly as written. Raises Unusable otherwise."""
    try:
        return exact(written)
    except (ValueError, ArithmeticError):
        raise bad("option.number", f"{name} is {written!r}", "write a number such as 70 or 2e7") from None


def day(written: str, name: str) -> date:
    """A day of an option. Raises Unusable otherwise."""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        raise bad("option.date", f"{name} is {written!r}", "write a day as 2024-05-31") from None
    if found.year not in YEARS:
        raise bad("option.date", f"{name} is {written!r}", f"write a day from {YEARS[0]} to {YEARS[-1]}")
    return found


# ---------------------------------------------------------------- writing


def put(path: Path, written: str) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(written)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError as error:
        raise bad(
            "file.unwritable", f"cannot be written: {error.strerror}", "choose another place", str(path)
        ) from None


def to_json(value: object) -> None:
    """Print JSON, indented, numbers as numbers."""
    encoded = msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 and abs(value) < 2**53 else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Writing to a folder; what cannot be written there is told as Unusable."""
    try:
        yield
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise bad("file.unwritable", message, "choose another folder", str(folder)) from None


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "places": [place_json(place) for place in finding.places],
        "hint": finding.hint,
    }


def place_json(place: Place) -> dict[str, object]:
    """A place as JSON."""
    known: dict[str, object] = {"line": place.line, "quote": place.quote}
    return known | {name: held for name, held in (("file", place.file), ("path", place.path)) if held}


def fact_json(name: str, value: object, unit: str, state: str, *places: Place) -> dict[str, object]:
    """A fact as JSON."""
    told = [place_json(place) for place in places if place.line]
    return {"name": name, "value": value, "unit": unit, "state": state, "places": told}
