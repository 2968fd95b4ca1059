"""A program killed while it submits: nothing acknowledged is lost, nothing is half done, and a new desk goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

from stromal.conduct.desk import Desk
from stromal.ledger import events as e
from stromal.ledger.chain import verify
from stromal.ledger.state import replay
from stromal.store.sqlite import SqliteBook
from walk.submitter import IMPLAUSIBLE_KG, following, opening, submit

SUBMITTER = Path(__file__).with_name("submitter.py")
SUBMISSIONS = 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A book in which the trial is open and two people are enrolled."""
    made = tmp_path / "trial.book"
    book = SqliteBook.create(made)
    desk = Desk(book)
    for role, command in opening():
        submit(desk, role, command)
    assert len(desk.state().enrolled()) == 2
    book.close()
    return made


def submitting(path: Path, count: int) -> subprocess.Popen[str]:
    """A program that submits to a desk on the book."""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(SUBMITTER), str(path), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=here)


def killed(path: Path, after: int, chance: random.Random) -> list[tuple[int, bytes]]:
    """Kill a program of 1,000 submissions some time after so many; the heads it has acknowledged."""
    program = submitting(path, SUBMISSIONS)
    assert program.stdout is not None
    told = [program.stdout.readline() for _ in range(after)]
    time.sleep(chance.random() * 0.01)
    program.send_signal(signal.SIGKILL)
    rest, _ = program.communicate(timeout=60)
    assert program.returncode == -signal.SIGKILL
    heads = [line.split() for line in (*told, *rest.splitlines())]
    assert after <= len(heads) < SUBMISSIONS
    return [(int(number), bytes.fromhex(seal)) for number, seal in heads]


def check_whole(entries: Sequence[e.Entry]) -> None:
    """Every request, known by its moment, has left all of its entries."""
    for _, together in groupby(entries, key=lambda entry: entry.at):
        events = [entry.event for entry in together]
        kinds = [type(event) for event in events]
        match events[0]:
            case e.FactObserved(value=value) if value == IMPLAUSIBLE_KG:
                assert kinds == [e.FactObserved, e.DeviationRecorded, e.Signed]
            case _:
                assert kinds == [type(events[0])]


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_program_loses_no_submission_it_acknowledged(path: Path, seed: int) -> None:
    """Killed somewhere in 1,000 submissions: each acknowledged entry is there, and a new desk goes on from the last."""
    chance = random.Random(seed)
    book = SqliteBook.open(path)
    opened = book.head().number
    book.close()
    told = killed(path, chance.randint(1, 350), chance)

    book = SqliteBook.open(path)
    rows, entries = tuple(book.rows()), tuple(book.entries())
    assert verify(rows, expected_head=told[-1][1]).broken is None
    assert [rows[number - 1].seal for number, _ in told] == [seal for _, seal in told]
    # One request may have been committed and not acknowledged any more; it then left three entries at the most.
    assert told[-1][0] <= len(rows) <= told[-1][0] + 3
    check_whole(entries[opened:])

    desk = Desk(book)
    assert desk.state() == replay(entries)
    for _ in range(20):
        submit(desk, *following(book.head().number))
    book.close()
    program = submitting(path, 20)
    program.communicate(timeout=60)
    assert program.returncode == 0

    book = SqliteBook.read(path)
    after = tuple(book.entries())
    assert verify(book.rows(), expected_head=rows[-1].seal).broken is None
    assert after[: len(entries)] == entries
    assert len({entry.at for entry in after[len(entries) :]}) == 40
    check_whole(after[opened:])
    book.close()
