"""Commands that cannot be read -> findings in the form of the house: code, message, next step; exit code 2.

An unknown command or option, a missing or superfluous argument, a value of the wrong type: what the framework would
tell in words of its own comes out here like any other bad input, as JSON where that was asked for. `app` uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from stromal.cli.edge import unusable_input
from stromal.values import Finding, nearest

_Unreadable: type[Exception] = typer.BadParameter.__mro__[1]
"""The framework's own exception for a command it cannot read, which it gives no public name."""
_ASKED = "stromal.asked"
"""Under which key the context keeps the words of the command line."""


class Commands(TyperGroup):
    """The commands, whose mistakes are told in the form of the house."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        """Read what stands before the command."""
        asked = tuple(args)
        with _told(self, asked):
            context = super().make_context(info_name, args, *more, **extra)
        context.meta[_ASKED] = asked
        return context

    def invoke(self, ctx: Any) -> Any:
        """Read the rest, and carry the command out."""
        with _told(self, ctx.meta[_ASKED]):
            return super().invoke(ctx)


@contextmanager
def _told(commands: TyperGroup, asked: tuple[str, ...]) -> Iterator[None]:
    """What cannot be read ends with a finding and code 2; only the help for nothing at all stays as it is."""
    try:
        yield
    except _Unreadable as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        unusable_input((_finding(_Mistake(error, asked, commands)),), as_json="--json" in asked)


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What the framework found, the words that were written, and the commands there are."""

    error: Any
    asked: tuple[str, ...]
    commands: TyperGroup

    @property
    def command(self) -> str:
        """The command that was asked for; empty where there is none such."""
        return next((word for word in self.asked if word in self.commands.commands), "")

    @property
    def help(self) -> str:
        """How to see what can be written."""
        return " ".join(filter(None, ("stromal", self.command, "--help")))


_Told = tuple[str, str, str]
"""Code, message, next step."""


def _finding(found: _Mistake) -> Finding:
    told = _other if getattr(found.error, "param", found) is None else _TELLS.get(type(found.error).__name__, _other)
    code, message, hint = told(found)
    return Finding(code, "error", message, (), hint)


def _no_option(found: _Mistake) -> _Told:
    wrong = found.error.option_name
    command = found.commands.commands[found.command] if found.command else found.commands
    known = [option for each in command.params for option in each.opts if option.startswith("--")]
    close = nearest(wrong, known)
    hint = f"did you mean {close}?" if close else f"{found.help} lists the options"
    return "option.unknown", f"{found.command or 'stromal'} has no option {wrong}", hint


def _missing(found: _Mistake) -> _Told:
    param = found.error.param
    name, kind = _name(param), param.param_type_name
    way = name if kind == "argument" else f"{name} {param.name.upper()}"
    return f"{kind}.missing", f"{found.command} needs {name}", f"write: stromal {found.command} {way}; see {found.help}"


def _name(param: Any) -> str:
    """What a parameter is called on the command line."""
    if param.param_type_name == "argument":
        return re.sub(r"[][{}]|\.\.\.", "", param.metavar or param.name.upper())
    return str(max(param.opts, key=len))


_ASKS = (
    (re.compile(r"valid integer"), "write a whole number, such as 7"),
    (re.compile(r"valid number"), "write a number, such as 0.25"),
    (re.compile(r"greater than or equal to (\S+)"), "write {} or more"),
    (re.compile(r"less than or equal to (\S+)"), "write {} or less"),
)
"""What the framework asks for, and how that is said here."""


def _bad_value(found: _Mistake) -> _Told:
    param, asked = found.error.param, found.asked
    behind = [word for option, word in pairwise(asked) if option in param.opts]
    joined = [value for option, _, value in (word.partition("=") for word in asked) if value and option in param.opts]
    message = f"{_name(param)} is {(behind + joined)[-1]!r}" if behind + joined else f"{_name(param)} cannot be read"
    said = [(way, match) for pattern, way in _ASKS if (match := pattern.search(found.error.message))]
    hint = said[0][0].format(*said[0][1].groups()) if said else f"{found.error.message}; see {found.help}"
    return f"{param.param_type_name}.value", message, hint


def _bad_use(found: _Mistake) -> _Told:
    option = found.error.option_name
    if "does not take" in found.error.message:
        return "option.value", f"{option} takes no value", f"write {option} alone"
    return "option.value", f"{option} has no value", f"write it behind {option}; see {found.help}"


def _other(found: _Mistake) -> _Told:
    """A command that is not there, or words too many; anything else in the framework's words."""
    wrong = next((word for word in found.asked if not word.startswith("-")), "")
    if wrong and not found.command:
        close = nearest(wrong, found.commands.commands)
        hint = f"did you mean stromal {close}?" if close else f"{found.help} lists the commands"
        return "command.unknown", f"there is no command {wrong!r}", hint
    if words := re.search(r"extra argument.* \((.*)\)", found.error.message):
        hint = f"leave it out, or put words that belong together in quotes; see {found.help}"
        return "argument.extra", f"{found.command} takes no more than it has: {words[1]}", hint
    return "command.unreadable", found.error.message, f"see {found.help}"


_TELLS: Mapping[str, Callable[[_Mistake], _Told]] = {
    "NoSuchOption": _no_option,
    "MissingParameter": _missing,
    "BadParameter": _bad_value,
    "BadOptionUsage": _bad_use,
}
"""How each kind of mistake is told."""
