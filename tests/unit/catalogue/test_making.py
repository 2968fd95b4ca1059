"""Making a catalogue: what is read, what is kept, what goes, and what is said of records that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest

from small_records import bring, catalogue, content, lines
from stromal.catalogue import making
from stromal.catalogue.making import Document, read
from stromal.catalogue.store import Catalogue
from stromal.read import registries
from stromal.read.sources import Part
from stromal.values import Finding, Unusable

ONE, TWO, THREE = content("NCT1"), content("NCT2"), content("NCT3")


def ids(held: Catalogue) -> list[str]:
    """The ids of all trials."""
    return [card.id for card in held.cards()]


def later(path: Path) -> None:
    """A file whose time is another than before."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def test_files_become_trials(tmp_path: Path) -> None:
    """A record a line; each card knows its file and line."""
    with catalogue(tmp_path, ONE, TWO) as held:
        assert ids(held) == ["NCT1", "NCT2"]
        two = held.get("NCT2")
        assert two is not None
        assert (two.line, Path(two.file).name, two.format) == (2, "records.jsonl", "ctgov")
        assert len(two.digest) == 32


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    """Same size and time: untouched. Another time: known by their hashes. Another reader: read again."""
    with catalogue(tmp_path, ONE, TWO) as held:
        made = bring(held, tmp_path / "records.jsonl")
        assert (made.unchanged, made.read, made.documents) == (1, 0, 0)
        later(tmp_path / "records.jsonl")
        made = bring(held, tmp_path / "records.jsonl")
        assert (made.unchanged, made.read, made.documents, made.kept) == (0, 1, 0, 2)
        made = bring(held, tmp_path / "records.jsonl", reader="2")
        assert (made.read, made.documents, made.kept) == (1, 2, 0)
        made = bring(held, tmp_path / "records.jsonl", reader="2", again=True)
        assert (made.read, made.documents) == (1, 2)
        assert ids(held) == ["NCT1", "NCT2"]


def test_a_changed_file_replaces_its_records(tmp_path: Path) -> None:
    """Only what changed is read; what is gone from the file goes; what moved knows its line."""
    with catalogue(tmp_path, ONE, TWO) as held:
        lines(tmp_path / "records.jsonl", THREE, TWO)
        made = bring(held, tmp_path / "records.jsonl")
        assert (made.documents, made.kept, made.anew) == (1, 1, True)
        assert ids(held) == ["NCT2", "NCT3"]
        lines(tmp_path / "records.jsonl", TWO)
        bring(held, tmp_path / "records.jsonl")
        two = held.get("NCT2")
        assert two is not None
        assert two.line == 1


def test_a_removed_file_takes_its_records_along(tmp_path: Path) -> None:
    """Under a folder that is named; files of other folders stay."""
    folder = tmp_path / "folder"
    folder.mkdir()
    lines(folder / "a.jsonl", ONE)
    lines(folder / "b.jsonl", TWO)
    with catalogue(tmp_path, THREE) as held:
        bring(held, folder)
        (folder / "a.jsonl").unlink()
        made = bring(held, folder)
        assert made.gone == 1
        assert ids(held) == ["NCT2", "NCT3"]
        (tmp_path / "records.jsonl").unlink()
        assert bring(held, tmp_path / "records.jsonl").gone == 1
        assert ids(held) == ["NCT2"]


def test_a_path_that_never_was_is_refused(tmp_path: Path) -> None:
    """Nothing is written then."""
    with catalogue(tmp_path, ONE) as held:
        with pytest.raises(Unusable, match="no such file"):
            bring(held, lines(tmp_path / "a.jsonl", TWO), tmp_path / "none.jsonl")
        assert ids(held) == ["NCT1"]


def test_broken_records_become_findings_and_the_rest_stays(tmp_path: Path) -> None:
    """JSON cut short, JSON that is no record, each at its line."""
    with Catalogue.create(tmp_path / "c") as held:
        made = bring(held, lines(tmp_path / "a.jsonl", ONE, ONE[:50], b'{"a": 1}', TWO))
        assert ids(held) == ["NCT1", "NCT2"]
        assert made.broken == 2
        assert [(each.code, each.places[0].line) for each in made.findings] == [
            ("record.json", 2), ("record.format", 3),
        ]  # fmt: skip
        assert all(str(tmp_path / "a.jsonl") == each.places[0].file for each in made.findings)


def test_a_file_that_breaks_off_is_read_again_next_time(tmp_path: Path) -> None:
    """What came before stays; the finding comes again as long as the file is broken."""
    path = tmp_path / "a.jsonl.gz"
    packed = gzip.compress(b"\n".join(content(f"NCT{number:08}", str(os.urandom(400))) for number in range(200)))
    path.write_bytes(packed[: len(packed) // 2])
    with Catalogue.create(tmp_path / "c") as held:
        first = bring(held, path)
        assert [each.code for each in first.findings] == ["file.cut"]
        assert 0 < len(held) < 200
        again = bring(held, path)
        assert (again.unchanged, again.broken) == (0, 1)


def test_a_record_that_no_reader_was_made_for_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that stumbles keeps nobody else out."""

    def stumble(*_: object) -> object:
        raise KeyError("protocolSection")

    monkeypatch.setattr(registries, "parse_each", stumble)
    (found,) = read(Document(Part("a.jsonl", 3, ONE), "d"))
    assert isinstance(found, Finding)
    assert (found.code, found.places[0].line) == ("record.unreadable", 3)


def test_several_records_in_one_document(tmp_path: Path) -> None:
    """The answer to a search is one file with many trials."""
    (tmp_path / "studies.json").write_bytes(b'{"studies": [' + ONE + b"," + TWO + b', {"x": 1}]}')
    with Catalogue.create(tmp_path / "c") as held:
        made = bring(held, tmp_path / "studies.json")
        assert ids(held) == ["NCT1", "NCT2"]
        assert (made.documents, made.broken) == (1, 1)


def test_the_newest_of_several_is_shown_and_the_others_are_named(tmp_path: Path) -> None:
    """Whatever the order of the files; copies that are the same are no news."""
    old, new = content("NCT1", "Old", "", "2019-01-01"), content("NCT1", "New", "", "2021-01-01")
    with catalogue(tmp_path, new, TWO) as held:
        made = bring(held, lines(tmp_path / "a.jsonl", old, TWO))
        (finding,) = made.findings
        assert finding.code == "catalogue.copies"
        assert "as of 2021-01-01; older: 2019-01-01" in finding.message
        assert [Path(place.file).name for place in finding.places] == ["records.jsonl", "a.jsonl"]
        shown = held.get("NCT1")
        assert shown is not None
        assert shown.title == "New"
        (tmp_path / "records.jsonl").unlink()
        bring(held, tmp_path / "records.jsonl")
        shown = held.get("NCT1")
        assert shown is not None
        assert shown.title == "Old"


def test_two_of_one_day_are_told(tmp_path: Path) -> None:
    """Different words on the same day: one is shown, always the same."""
    with Catalogue.create(tmp_path / "c") as held:
        made = bring(held, lines(tmp_path / "a.jsonl", content("NCT1", "One"), content("NCT1", "Two")))
        assert "documents of the same day, 2020-01-31" in made.findings[0].message
        assert len(held) == 1


def test_pages_of_portals_are_trials_too(tmp_path: Path) -> None:
    """A page that prints no number is known by its file."""
    page = tmp_path / "page.txt"
    page.write_text("Clinical Trial\nCells for knees\n")
    with Catalogue.create(tmp_path / "c") as held:
        made = bring(held, page)
        assert made.broken in (0, 1)
        assert len(held) + made.broken == 1


def test_many_documents_are_read_by_several_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, each told of as it is done, whatever the number of workers."""
    monkeypatch.setattr(making, "_BATCH", 4)
    many = [content(f"NCT{number:08}", f"Trial {number}") for number in range(making._FEW + 90)]
    steps: list[int] = []
    with Catalogue.create(tmp_path / "c") as held:
        path = str(lines(tmp_path / "a.jsonl", *many))
        made = making.make(held, [path], reader="1", workers=2, step=steps.append)
        assert len(held) == made.documents == sum(steps) == len(many)
        assert [card.line for card in held.cards()] == list(range(1, len(many) + 1))


def test_equal_files_make_equal_answers_whatever_the_way(tmp_path: Path) -> None:
    """One file after the other, or both at once: the same cards."""
    first, second = lines(tmp_path / "a.jsonl", ONE, TWO), lines(tmp_path / "b.jsonl", TWO, THREE)
    with Catalogue.create(tmp_path / "c") as one, Catalogue.create(tmp_path / "d") as two:
        bring(one, first)
        bring(one, second)
        bring(two, second, first)
        assert list(one.cards()) == list(two.cards())


def test_standard_input_is_read_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in takes the place of what came in before."""
    with Catalogue.create(tmp_path / "c") as held:
        for given in (ONE, TWO):
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
            making.make(held, ["-"], reader="1")
        assert ids(held) == ["NCT2"]


def test_a_catalogue_does_not_read_itself(tmp_path: Path) -> None:
    """A folder that holds the catalogue too: only the records are read; hidden files are not."""
    lines(tmp_path / ".hidden.jsonl", TWO)
    with catalogue(tmp_path, ONE) as held:
        made = bring(held, tmp_path)
        assert (made.unchanged, made.broken, ids(held)) == (1, 0, ["NCT1"])
