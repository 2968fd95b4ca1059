"""Several programs at one book, and programs that die: no acknowledged entry is lost, and the chain stays whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stromal.ledger.chain import verify
from stromal.store.sqlite import SqliteBook

APPENDER = Path(__file__).with_name("appender.py")


def appending(path: Path, count: int, name: str) -> subprocess.Popen[str]:
    """A program that appends to the book."""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(APPENDER), str(path), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=here)


def acknowledged(program: subprocess.Popen[str]) -> list[int]:
    """The numbers it has acknowledged and nobody has read yet, up to its end."""
    told, _ = program.communicate(timeout=60)
    return [int(line) for line in told.splitlines()]


def test_two_programs_write_one_chain(tmp_path: Path) -> None:
    """Each gets its own numbers, none is lost, and the chain is whole."""
    path = tmp_path / "trial.book"
    SqliteBook.create(path).close()
    programs = [appending(path, 200, name) for name in ("ann", "bob")]
    told = [acknowledged(program) for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    book = SqliteBook.read(path)
    assert verify(book.rows()).broken is None
    assert sorted(told[0] + told[1]) == list(range(1, 401))
    by_ann = [entry.number for entry in book.entries() if entry.by == "ann"]
    assert by_ann == told[0]
    book.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_program_loses_nothing_it_acknowledged(tmp_path: Path, seed: int) -> None:
    """Killed somewhere in 1,000 appends, again and again, until one run comes to its end."""
    chance = random.Random(seed)
    path = tmp_path / "trial.book"
    SqliteBook.create(path).close()
    last = 0
    for _ in range(3):
        program = appending(path, 1000, "ann")
        assert program.stdout is not None
        for _ in range(chance.randint(1, 400)):
            last = int(program.stdout.readline())
        time.sleep(chance.random() * 0.003)
        program.send_signal(signal.SIGKILL)
        last = max([last, *acknowledged(program)])
        assert program.returncode == -signal.SIGKILL
        book = SqliteBook.open(path)
        found = verify(book.rows())
        assert found.broken is None
        # The one entry that was committed and not yet acknowledged may be there; none that was may be missing.
        assert last <= found.entries <= last + 1
        last = found.entries
        book.close()
    assert acknowledged(appending(path, 20, "bob")) == list(range(last + 1, last + 21))
