"""How fast 100,000 trials are searched by words, phrases and facts, beside SQLite FTS5 with the same trials.

Both are asked the same questions and give the ten best and the number of all that fit, in one process that holds its
index open. FTS5 stems by Porter and keeps facts in indexed tables beside it. Each question is asked three times; the
median counts. The rates are those of the median question (500/s are 2 ms) and of the slowest in a hundred (100/s are
10 ms).
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from many_trials import RECORDS, Trial, made_up, real_trials
from measure import Figure, tell
from stromal.catalogue import asking, index
from stromal.catalogue.asking import Wanted
from stromal.catalogue.index import COMMON, body, days
from stromal.catalogue.search import Search
from stromal.catalogue.store import Catalogue, entry

TRIALS, QUESTIONS, TURNS, LIMIT = 100_000, 400, 3, 10
_RUN = re.compile(r"\b[A-Za-z]{3,}(?: [A-Za-z]{3,})*\b")
"""Words that follow each other."""
_SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE VIRTUAL TABLE trial USING fts5(body, content = '', detail = full, tokenize = 'porter unicode61');
CREATE TABLE fact (number INTEGER PRIMARY KEY, status TEXT, has_dose INTEGER, low INTEGER, high INTEGER);
CREATE TABLE said (number INTEGER, name TEXT, value TEXT);
CREATE TABLE dose (number INTEGER, per_kg INTEGER, low REAL, high REAL);
"""
_INDEXES = """
CREATE INDEX said_number ON said (number, name, value); CREATE INDEX dose_number ON dose (number, per_kg, low, high);
INSERT INTO trial (trial) VALUES ('optimize'); ANALYZE;
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question for both: words, and facts as they are written in cards."""

    words: str
    phase: str = ""
    status: str = ""
    country: str = ""
    dose: str = ""
    since: str = ""
    has_dose: bool = False

    def wanted(self) -> Wanted:
        """For Stromal."""
        values = (("phase", self.phase), ("status", self.status), ("country", self.country))
        return Wanted(
            asking.words(self.words), values=tuple((name, (value,)) for name, value in values if value),
            dose=asking.doses(self.dose) if self.dose else None, since=self.since, has_dose=self.has_dose,
        )  # fmt: skip

    def sql(self) -> tuple[str, list[object]]:
        """For FTS5: what stands after FROM, with its values."""
        match = " ".join(f'"{" ".join(word.written.split())}"' for word in asking.words(self.words).ways[0])
        where, values = ["trial MATCH ?"], list[object]([match])
        for name, value in (("phase", self.phase), ("country", self.country)):
            if value:
                where.append("EXISTS (SELECT 1 FROM said WHERE number = trial.rowid AND name = ? AND value = ?)")
                values += [name, value]
        fact = [("status = ?", self.status), ("high >= ?", (days(f"{self.since}-01") or (0,))[0] if self.since else 0)]
        fact += [("has_dose = ?", 1 if self.has_dose else 0)]
        for test, known in fact:
            if known:
                where.append(f"EXISTS (SELECT 1 FROM fact WHERE number = trial.rowid AND {test})")
                values.append(known)
        if self.dose:
            asked = asking.doses(self.dose)
            where.append(
                "EXISTS (SELECT 1 FROM dose WHERE number = trial.rowid AND per_kg = ? AND low <= ? AND high >= ?)"
            )
            values += [asked.per_kg, asked.high, asked.low]
        return f"FROM trial WHERE {' AND '.join(where)}", values


def questions(real: Sequence[Trial], count: int, seed: int) -> list[Question]:
    """Words and phrases of real titles and conditions; a third of the questions asks for facts, too."""
    chance = Random(seed)
    made: list[Question] = []
    while len(made) < count:
        card, _ = chance.choice(real)
        runs = _RUN.findall(chance.choice([card.title or "", *card.conditions]))
        if not runs:
            continue
        words, size = chance.choice(runs).split(), chance.choice((1, 2, 2, 3))
        start = chance.randrange(max(len(words) - size, 0) + 1)
        part = words[start : start + size]
        text = f'"{" ".join(part)}"' if chance.random() < 1 / 4 else " ".join(chance.sample(words, len(part)))
        if asking.words(text).terms - COMMON:
            made.append(_with_facts(text, chance) if chance.random() < 1 / 3 else Question(text))
    return made


def _with_facts(text: str, chance: Random) -> Question:
    return chance.choice(
        (
            Question(text, phase=chance.choice(("PHASE1", "PHASE2", "PHASE3"))),
            Question(text, status=chance.choice(("RECRUITING", "COMPLETED", "TERMINATED"))),
            Question(text, country=chance.choice(("United States", "China", "Spain"))),
            Question(text, dose=chance.choice(("1e6..5e6/kg", "1e7..1e8", "2e6/kg"))),
            Question(text, since=chance.choice(("2012-01", "2018-01"))),
            Question(text, phase="PHASE2", status="RECRUITING", has_dose=True),
        )
    )


class Fts:
    """SQLite FTS5 with the same trials."""

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.executescript(_SCHEMA)
        put = self.connection.execute
        for number, card, text in catalogue.shown():
            put("INSERT INTO trial (rowid, body) VALUES (?, ?)", (number, "\n".join(body(card, text))))
            start = days(card.start) or (None, None)
            put("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", (number, card.status, bool(card.doses), *start))
            said = [(number, "phase", each) for each in card.phases]
            said += [(number, "country", each) for each in card.countries]
            self.connection.executemany("INSERT INTO said VALUES (?, ?, ?)", said)
            doses = [(number, dose.per_kg, dose.low, dose.high) for dose in card.doses]
            self.connection.executemany("INSERT INTO dose VALUES (?, ?, ?, ?)", doses)
        self.connection.commit()
        self.connection.executescript(_INDEXES)
        put("PRAGMA mmap_size = 2000000000")

    def find(self, asked: tuple[str, list[object]]) -> tuple[int, list[int]]:
        """How many fit, and the best of them."""
        after, values = asked
        best = self.connection.execute(f"SELECT rowid {after} ORDER BY bm25(trial), rowid LIMIT {LIMIT}", values)
        numbers = [row[0] for row in best]
        return int(self.connection.execute(f"SELECT count(*) {after}", values).fetchone()[0]), numbers


def seconds(contestants: dict[str, list[Callable[[], object]]]) -> dict[str, list[float]]:
    """Median seconds of each question for each contestant; they take turns at every question."""
    made: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(QUESTIONS):
        for name, asks in contestants.items():
            turns = []
            for _ in range(TURNS):
                start = perf_counter()
                asks[number]()
                turns.append(perf_counter() - start)
            made[name].append(median(turns))
    return made


def _size(*paths: Path) -> float:
    files = (each for path in paths for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())
    return sum(each.stat().st_size for each in files) / 1e6


def timed(task: Callable[[], object]) -> tuple[float, object]:
    """Seconds of a task, and what it gave."""
    start = perf_counter()
    given = task()
    return perf_counter() - start, given


def main() -> None:
    """Make the trials, index them twice, ask both, tell."""
    if not RECORDS.is_dir():
        sys.exit(f"this benchmark shuffles real records, which are not there: {RECORDS}")
    real = real_trials()
    asked = questions(real, QUESTIONS, 7)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Catalogue.create(folder / "catalogue") as catalogue:
            with catalogue.writing() as writer:
                for card, text in made_up(real, TRIALS, 1):
                    writer.put("made-up", entry(card, text))
            own, _ = timed(lambda: index.follow(catalogue))
            other, fts = timed(lambda: Fts(folder / "fts.sqlite", catalogue))
            assert isinstance(fts, Fts)
            engine = Search(catalogue)
            wanted, sql = [each.wanted() for each in asked], [each.sql() for each in asked]
            took = seconds(
                {
                    "stromal": [lambda w=w: engine.find(w, LIMIT, snippets=False) for w in wanted],  # type: ignore[misc]
                    "sentences": [lambda w=w: engine.find(w, LIMIT) for w in wanted],  # type: ignore[misc]
                    "fts5": [lambda s=s: fts.find(s) for s in sql],  # type: ignore[misc]
                }
            )
            disk = _size(folder / "catalogue" / index.FOLDER), _size(folder / "fts.sqlite")
    _tell(took, (own, other), disk)


def _tell(took: dict[str, list[float]], made: tuple[float, float], disk: tuple[float, float]) -> None:
    points = {name: (median(each), quantiles(each, n=100)[98]) for name, each in took.items()}
    rate = {name: tuple(1 / each for each in pair) for name, pair in points.items()}
    words = "; ".join(f"{name} {a * 1000:.2f} and {b * 1000:.2f} ms" for name, (a, b) in points.items())
    fts = "SQLite FTS5"
    tell(
        f"Searching {TRIALS:,} trials, the median and the slowest in a hundred: {words}",
        [
            Figure("search, the median", rate["stromal"][0], "/s", fts, rate["fts5"][0], aim=500),
            Figure("search, slowest in a hundred", rate["stromal"][1], "/s", fts, rate["fts5"][1], aim=100),
            Figure("with sentences, the median", rate["sentences"][0], "/s", f"{fts}, none", rate["fts5"][0]),
            Figure("with sentences, slowest", rate["sentences"][1], "/s", f"{fts}, none", rate["fts5"][1]),
            Figure("index trials", TRIALS / made[0], "trials/s", fts, TRIALS / made[1]),
            Figure("trials in a MB of index", TRIALS / disk[0], "trials/MB", fts, TRIALS / disk[1]),
        ],
    )


if __name__ == "__main__":
    main()
