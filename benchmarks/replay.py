"""How fast a book of 200,000 entries is verified and replayed, beside the least that either must do.

Verifying reads rows from the file, follows the seals and reads each body; beside it stands the hashing alone. Replaying
reads, decodes and adds up; beside it stands json.loads of the same bodies, already in memory.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import busy_trial
from measure import Figure, medians, tell
from stromal.ledger.chain import GENESIS, Sealed, verify
from stromal.ledger.state import replay
from stromal.store.sqlite import SqliteBook

ENTRIES = 200_000
RUNS = 5


def hash_only(rows: list[Sealed]) -> bytes:
    """The last seal, computed anew."""
    last = GENESIS
    for row in rows:
        last = sha256(last + row.body).digest()
    return last


def load_only(rows: list[Sealed]) -> int:
    """How many bodies are JSON."""
    return sum(json.loads(row.body)["number"] > 0 for row in rows)


def main() -> None:
    """Write the book, let everybody take turns at it, tell."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "busy.book"
        writing = SqliteBook.create(path)
        with writing.writing() as writer:
            writer.append(busy_trial.entries(ENTRIES))
        writing.close()
        book = SqliteBook.read(path)
        rows, entries = list(book.rows()), list(book.entries())
        halfway = entries[ENTRIES // 2].at
        assert verify(rows).broken is None
        assert hash_only(rows) == book.head().seal
        seconds = medians(
            {
                "verify": lambda: verify(book.rows()),
                "replay": lambda: replay(book.entries()),
                "fold": lambda: replay(entries),
                "as known": lambda: replay(book.entries(), as_known=halfway),
                "sha256": lambda: hash_only(rows),
                "json": lambda: load_only(rows),
            },
            RUNS,
        )
        book.close()
    rate = {name: ENTRIES / each for name, each in seconds.items()}
    tell(
        f"Reading a book of {ENTRIES:,} entries",
        [
            Figure("verify a book", rate["verify"], "entries/s", "sha256 alone", rate["sha256"], aim=100_000),
            Figure("replay a book", rate["replay"], "entries/s", "json.loads alone", rate["json"], aim=100_000),
            Figure("replay as known on a date", rate["as known"], "entries/s", "json.loads alone", rate["json"]),
            Figure("add up decoded entries", rate["fold"], "entries/s", "json.loads alone", rate["json"]),
        ],
    )


if __name__ == "__main__":
    main()
