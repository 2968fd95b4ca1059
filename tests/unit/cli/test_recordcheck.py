"""`stromal check` on records: one in full, many by rule, as a table, as JSON and as a page; `stromal diff` of two."""

from __future__ import annotations

import csv
import gzip
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from faults import Tree, age, broken, sound
from stromal.cli.app import app


def run(*arguments: object) -> Result:
    """The command as somebody types it."""
    return CliRunner().invoke(app, [str(each) for each in arguments])


def _faulty() -> Tree:
    tree = broken(sound(1), age)
    assert tree is not None
    return tree


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Three records and a line that is none, packed."""
    path = tmp_path / "trials.jsonl.gz"
    lines = [json.dumps(sound(2)), json.dumps(_faulty()), "no record", json.dumps(sound(3))]
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    return path


def test_one_record(tmp_path: Path) -> None:
    """The findings of one record, with the names of the fields; 1 where it contradicts itself, 0 where it is sound."""
    path = tmp_path / "record.json"
    path.write_text(json.dumps(_faulty()))
    found = run("check", path)
    assert found.exit_code == 1
    assert "criteria, line 3 | 20 to 66 years" in found.output
    told = json.loads(run("check", path, "--json").output)
    assert told["findings"][0]["places"][0]["path"] == "protocolSection.eligibilityModule.minimumAge"
    path.write_text(json.dumps(sound(1)))
    assert run("check", path).exit_code == 0
    assert run("check", path, "--on", "2026-11-22").exit_code == 1
    assert run("check", path, "--on", "someday").exit_code == 2


def test_what_is_no_record(tmp_path: Path) -> None:
    """A file that cannot be read, and a folder without records, are bad input."""
    assert run("check", tmp_path / "missing.json").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert run("check", tmp_path / "empty").exit_code == 2
    (tmp_path / "noise.json").write_text('{"a": 1}')
    assert run("check", tmp_path / "noise.json").exit_code == 2
    assert run("check", tmp_path / "noise.json", "--csv", tmp_path / "out.csv").exit_code == 2


def test_many_records(many: Path, tmp_path: Path) -> None:
    """Counts by rule in the terminal and as JSON; a row for each finding; what cannot be read is named."""
    table = tmp_path / "out" / "found.csv"
    found = run("check", many, "--csv", table)
    assert found.exit_code == 1
    assert "3 records in" in found.output
    assert "2 of 3 records have nothing worse than a note; 1 contradict themselves" in found.output
    assert "1 could not be read" in found.output
    with table.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["code"] for row in rows] == ["age.contradiction"]
    assert (rows[0]["trial"], rows[0]["place"], rows[0]["other_place"]) == ("NCT90000001", "youngest age", "oldest age")
    told = json.loads(run("check", many, "--json").stdout)
    assert (told["records"], told["clean"], told["unreadable"]) == (3, 2, 1)
    assert told["rules"][0]["code"] == "age.contradiction"
    assert told["rules"][0]["examples"][0]["trial"] == "NCT90000001"


def test_cells_are_no_formulas(tmp_path: Path) -> None:
    """A title that begins like a formula stays text in a spreadsheet."""
    tree = _faulty()
    tree["protocolSection"]["identificationModule"]["briefTitle"] = "=1+1"
    (tmp_path / "a.json").write_text(json.dumps(tree))
    run("check", tmp_path / "a.json", "--csv", tmp_path / "o.csv")
    with (tmp_path / "o.csv").open(encoding="utf-8") as stream:
        assert next(csv.DictReader(stream))["title"] == "'=1+1"


class _Page(HTMLParser):
    """Counts what a page must have: a heading, a caption for each region, no link to anything it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page(many: Path, tmp_path: Path) -> None:
    """The page needs nothing else, has its landmarks, and escapes what records say."""
    tree = _faulty()
    tree["protocolSection"]["identificationModule"].update(nctId="X1", briefTitle="<script>alert(1)</script>")
    (tmp_path / "b.json").write_text(json.dumps(tree))
    assert run("check", many, "--html", tmp_path / "o.html").exit_code == 1
    page = _Page()
    page.feed((tmp_path / "o.html").read_text(encoding="utf-8"))
    names = [tag for tag, _ in page.tags]
    assert {"main", "header", "nav", "h1", "table"} <= set(names)
    assert not {"script", "link", "img"} & set(names)
    assert "ages: the fields against the criteria" in page.text
    assert any(held.get("href") == "https://clinicaltrials.gov/study/NCT90000001" for _, held in page.tags)
    targets = {held["href"][1:] for tag, held in page.tags if tag == "a" and (held.get("href") or "").startswith("#")}  # type: ignore[index]
    assert targets <= {held.get("id") for _, held in page.tags}
    run("check", tmp_path / "b.json", "--html", tmp_path / "p.html", "--on", "2022-01-01")
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "seen from 2022-01-01" in text


def test_a_sound_archive(tmp_path: Path) -> None:
    """Nothing found: code 0, and a page that says so."""
    (tmp_path / "a.jsonl").write_text(json.dumps(sound(1)) + "\n")
    assert run("check", tmp_path / "a.jsonl", "--html", tmp_path / "o.html").exit_code == 0
    assert "Nothing was found." in (tmp_path / "o.html").read_text(encoding="utf-8")


# ---------------------------------------------------------------- two versions


def _saved(folder: Path, name: str, tree: Tree) -> Path:
    path = folder / name
    path.write_text(json.dumps(tree))
    return path


def test_two_records(tmp_path: Path) -> None:
    """What differs is told under its part; 1 where there is a difference, 0 where there is none, 2 for two trials."""
    a = _saved(tmp_path, "a.json", sound(1))
    b = _saved(tmp_path, "b.json", _faulty())
    found = run("diff", a, b)
    assert found.exit_code == 1
    assert "Criteria" in found.output
    assert "now  20 Years" in found.output
    told = json.loads(run("diff", a, b, "--json").output)["differences"]
    assert {"part", "what", "kind", "path", "before", "after", "places"} == set(told[0])
    assert (run("diff", a, a).exit_code, run("diff", a, _saved(tmp_path, "c.json", sound(2))).exit_code) == (0, 2)


def test_differences_alike_are_told_once(tmp_path: Path) -> None:
    """Many differences in fields without words of their own are one line, with their number."""
    before, after = sound(1), sound(1)
    before["derivedSection"] = {"rows": []}
    after["derivedSection"] = {"rows": [{"term": f"term {number} " + "long " * 100} for number in range(5)]}
    found = run("diff", _saved(tmp_path, "a.json", before), _saved(tmp_path, "b.json", after))
    assert "and 4 more like it; --json lists them" in found.output
    assert "5 differences" in found.output
    assert "…" in found.output


def test_a_protocol_is_no_record(tmp_path: Path) -> None:
    """A protocol and a record cannot be compared; pages can."""
    protocol = tmp_path / "p.yaml"
    protocol.write_text("stromal: 1\n")
    assert run("diff", protocol, _saved(tmp_path, "a.json", sound(1))).exit_code == 2
    page = tmp_path / "page.txt"
    page.write_text("Marrow\n\nNCT ID: NCT90000001\n\nBasic Information\nRecruitment Status\nCOMPLETED\n")
    assert run("diff", page, page).exit_code == 0


def test_lines_that_cannot_be_read_are_no_success(tmp_path: Path) -> None:
    """An archive in which something cannot be read ends with 1, as `read` and `index` do."""
    (tmp_path / "a.jsonl").write_text(json.dumps(sound(1)) + "\n{broken\n")
    assert run("check", tmp_path / "a.jsonl").exit_code == 1
