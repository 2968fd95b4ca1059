"""The edge: files that cannot be read or written, what a pipe does, and exit codes."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import typer

from stromal.cli import edge, show
from stromal.values import Finding, Place, Refused, Unusable


def test_a_missing_file_a_folder_and_bytes_are_told_apart(tmp_path: Path) -> None:
    """Each comes with a message of its own; bytes that are no text with their line."""
    with pytest.raises(Unusable, match="no such file"):
        edge.text(tmp_path / "none")
    with pytest.raises(Unusable, match="cannot be read"):
        edge.content(tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(Unusable, match="binary:2") as caught:
        edge.text(binary)
    assert "0xff" in caught.value.findings[0].message


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What stood there keeps its mode; where nothing can be written, nothing is left behind."""
    file = tmp_path / "deep" / "file.txt"
    edge.put(file, "first\n")
    file.chmod(0o600)
    edge.put(file, "second\n")
    assert file.read_text(encoding="utf-8") == "second\n"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Unusable, match="cannot be written"):
        edge.put(file / "below", "never\n")
    assert [each.name for each in file.parent.iterdir()] == ["file.txt"]


def test_a_refusal_becomes_bad_input() -> None:
    """An answer passes; a refusal raises with its rule, message and next step."""
    assert edge.granted(7) == 7
    with pytest.raises(Unusable, match="weigh again"):
        edge.granted(Refused("dosing.weight", "too light", "weigh again"))


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("contradiction", 1), ("warning", 1), ("note", 0)])
def test_a_note_alone_is_no_negative_answer(severity: str, code: int) -> None:
    """Exit code 1 from a warning on."""
    assert edge.negative([Finding("x", severity, "message")]) == code  # type: ignore[arg-type]  # one of the four


def test_numbers_in_json_are_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole fractions are whole, others decimal; what has no JSON is a bug, not a guess."""
    edge.to_json({"whole": Fraction(70_000_000), "part": Fraction(1, 4), "large": Fraction(2**60)})
    told = capsys.readouterr().out
    assert '"whole": 70000000' in told
    assert '"part": 0.25' in told
    with pytest.raises(TypeError):
        edge.to_json({"what": object()})


def test_a_closed_pipe_ends_quietly() -> None:
    """`stromal schema | head -1` is no error, and says nothing on standard error."""
    program = [sys.executable, "-c", "from stromal.cli import main; main()", "schema"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
    assert (running.returncode, told) == (0, b"")


def test_findings_show_place_words_and_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    """A finding without a place shows the rest; a long quote is cut."""
    place = Place(3, "word " * 60, "file.yaml")
    show.findings([Finding("a.b", "warning", "something is off", (place,), "look again"), Finding("c", "note", "more")])
    show.tally([])
    told = capsys.readouterr().out
    assert "file.yaml:3" in told
    assert "…" in told
    assert "-> look again" in told
    assert "nothing found" in told


def test_what_runs_out_of_stack_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Input nested deeper than can be read ends with a message and code 2, as JSON too."""

    @edge.edge
    def deep(*, as_json: bool) -> int:
        raise RecursionError

    with pytest.raises(typer.Exit) as left:
        deep(as_json=True)
    assert left.value.exit_code == 2
    told = capsys.readouterr()
    assert '"file.depth"' in told.out
    assert "-> write it flatter" in told.err
