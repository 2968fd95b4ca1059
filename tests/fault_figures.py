"""Prints two tables on the check of records: faults put into sound records and found, and alarms in records as such.

Usage: python tests/fault_figures.py [RECORDS.jsonl.gz ...] [--records N]. Without files the faults are put into small
records made here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

from faults import FAULTS, Tree, broken, sound
from stromal.read import registries
from stromal.read.check import check
from stromal.values import Finding


def _found(tree: Tree) -> tuple[Finding, ...]:
    return check(registries.parse(json.dumps(tree).encode(), "record"))


def _trees(paths: Sequence[str]) -> Iterator[Tree]:
    for path in paths:
        with gzip.open(path) as lines:
            yield from (json.loads(line) for line in lines)
    if not paths:
        yield from (sound(number) for number in range(20))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number < 2 else "right", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    return made


def faults_found(trees: Sequence[Tree]) -> Table:
    """How many faults of each kind are found, among the records that had none of that kind before."""
    known = [{finding.code for finding in _found(tree)} for tree in trees]
    rows, total = [], Counter[str]()
    for code, fault in FAULTS:
        tried = found = 0
        for tree, codes in zip(trees, known, strict=True):
            made = broken(tree, fault) if code not in codes else None
            if made is not None:
                tried += 1
                found += any(finding.code == code for finding in _found(made))
        total.update(tried=tried, found=found)
        rows.append((code, fault.__doc__ or "", str(tried), str(found), f"{found / max(tried, 1):.3f}"))
    all_of_them = total["found"] / max(total["tried"], 1)
    rows.append(("all", "", str(total["tried"]), str(total["found"]), f"{all_of_them:.3f}"))
    return _table(f"Faults put into {len(trees)} records", ("rule", "fault", "tried", "found", "recall"), rows)


def alarms(findings: Sequence[tuple[Finding, ...]]) -> Table:
    """Findings and records with one, by rule, in a hundred records."""
    counted = Counter((f.severity, f.code) for found in findings for f in found)
    records = Counter(key for found in findings for key in {(f.severity, f.code) for f in found})
    hundred = len(findings) / 100
    rows = [
        (severity, code, f"{count / hundred:.1f}", f"{records[severity, code] / hundred:.1f}")
        for (severity, code), count in sorted(counted.items(), key=lambda item: (item[0][0], -item[1]))
    ]
    title = f"Findings in {len(findings)} records, for each hundred of them"
    return _table(title, ("severity", "rule", "findings", "records"), rows)


def main() -> None:
    """Read, put in, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="RECORDS", help="records, one a line, packed with gzip")
    parser.add_argument("--records", type=int, default=200, help="how many records the faults are put into")
    asked = parser.parse_args()
    trees = list(_trees(asked.paths))
    findings = [_found(tree) for tree in trees]
    clean = [tree for tree, found in zip(trees, findings, strict=True) if _consistent(found)]
    console = Console(width=max(Console().width, 120))
    console.print(alarms(findings))
    step = max(1, len(clean) // asked.records)
    console.print(faults_found(clean[::step][: asked.records]))


def _consistent(found: tuple[Finding, ...]) -> bool:
    return all(finding.severity != "contradiction" for finding in found)


if __name__ == "__main__":
    main()
