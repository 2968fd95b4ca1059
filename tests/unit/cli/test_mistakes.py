"""Commands that cannot be read: each with a code, what is wrong and the next step; code 2; as JSON where asked for."""

from __future__ import annotations

import json

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from stromal.cli import app
from stromal.cli.mistakes import Commands

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]  # a group

MISTAKES = (
    ("chek x", "command.unknown", "there is no command 'chek'", "did you mean stromal check?"),
    ("zzzzzzzzzz", "command.unknown", "there is no command 'zzzzzzzzzz'", "stromal --help lists the commands"),
    ("--bogus", "option.unknown", "stromal has no option --bogus", "stromal --help lists the options"),
    ("rehearse x --peopl 3", "option.unknown", "rehearse has no option --peopl", "did you mean --people?"),
    ("rehearse x --zzzzzz", "option.unknown", "no option --zzzzzz", "stromal rehearse --help lists the options"),
    ("rehearse x --people three", "option.value", "--people is 'three'", "write a whole number, such as 7"),
    ("rehearse x --people=three", "option.value", "--people is 'three'", "write a whole number, such as 7"),
    ("design x --window-days much", "option.value", "--window-days is 'much'", "write a number, such as 0.25"),
    ("fetch -o x --most 0 NCT1", "option.value", "--most is '0'", "write 1 or more"),
    ("rehearse x --seed", "option.value", "--seed has no value", "write it behind --seed; see stromal rehearse --help"),
    ("read x --json=3", "option.value", "--json takes no value", "write --json alone"),
    ("fetch NCT1", "option.missing", "fetch needs --output", "write: stromal fetch --output OUTPUT"),
    ("verify", "argument.missing", "verify needs BOOK", "write: stromal verify BOOK; see stromal verify --help"),
    ("index", "argument.missing", "index needs PATH", "write: stromal index PATH"),
    ("verify a b c", "argument.extra", "verify takes no more than it has: b c", "leave it out"),
)


@pytest.mark.parametrize(("written", "code", "message", "hint"), MISTAKES)
def test_a_mistake_is_told_with_the_next_step(written: str, code: str, message: str, hint: str) -> None:
    """What is wrong and what to write instead, on standard error, without a word of the framework's."""
    ran = CliRunner().invoke(app, written.split())
    assert (ran.exit_code, ran.stdout) == (2, "")
    head, said, *_, step = ran.stderr.rstrip().splitlines()
    assert head == f"error  {code}"
    assert message in said
    assert step.strip().startswith("-> ")
    assert hint in step
    assert "Usage" not in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_is_forgotten(command: str) -> None:
    """Every command tells an option that it does not have in this form, also as JSON."""
    ran = CliRunner().invoke(app, [command, "--no-such-option", "--json"])
    if command == "search":  # there a word may begin with a minus
        return
    assert ran.exit_code == 2
    (told,) = json.loads(ran.stdout)["findings"]
    assert (told["code"], told["message"]) == ("option.unknown", f"{command} has no option --no-such-option")
    assert told["hint"]


def test_help_is_help() -> None:
    """Asked for help, or for nothing, the framework lists the commands as ever."""
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
    assert CliRunner().invoke(app, ["verify", "--help"]).exit_code == 0
    nothing = CliRunner().invoke(app, [])
    assert nothing.exit_code == 2
    assert "Commands:" in nothing.stderr + nothing.stdout


def test_what_nobody_foresaw_is_told_too() -> None:
    """A mistake that a command finds by itself, or a value that is refused in other words, still has the form."""
    other = typer.Typer(cls=Commands)

    @other.command()
    def first(day: float = typer.Option(0.0, max=7.0)) -> None:
        raise typer.BadParameter("this cannot be")

    @other.command()
    def second() -> None:
        """Do nothing."""

    told = CliRunner().invoke(other, ["first"])
    assert (told.exit_code, told.stderr.split()[1]) == (2, "command.unreadable")
    assert "this cannot be" in told.stderr
    assert "see stromal first --help" in told.stderr
    assert "write 7 or less" in CliRunner().invoke(other, ["first", "--day", "9"]).stderr
    assert CliRunner().invoke(other, ["second"]).exit_code == 0
