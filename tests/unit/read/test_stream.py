"""Many records as a stream: in order, on any number of workers, bounded, and whole where parts of it are bad."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from registry_records import DATA, V2, XML, called, content, died
from stromal.read import sources, stream
from stromal.read.recognise import recognise
from stromal.read.sources import Part
from stromal.read.stream import Arrival
from stromal.values import Finding, Unusable

PAGE = "[LABEL]\nNCT00000005\n[TITLE]\nA page\n"


def numbered(number: int, day: str = "2024-06-04") -> dict[str, Any]:
    """The small record under another number, changed on another day."""
    tree = deepcopy(V2)
    tree["protocolSection"]["identificationModule"]["nctId"] = f"NCT{number:08}"
    tree["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"] = day
    return tree


def lines(*trees: dict[str, Any]) -> bytes:
    """Records as JSON lines."""
    return b"".join(json.dumps(tree).encode() + b"\n" for tree in trees)


def read(path: Path, **options: Any) -> list[Arrival[str]]:
    """Every arrival of a path."""
    return list(stream.each(path, called, prose=False, **options))


def codes(arrivals: list[Arrival[str]]) -> list[str]:
    """The codes of all findings."""
    return [finding.code for arrival in arrivals for finding in arrival.findings]


# ---------------------------------------------------------------- where records come from


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    """Files of every kind below a folder, lines and archives and pages among them; hidden ones are left alone."""
    (tmp_path / "a.json").write_bytes(content(numbered(1)))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.jsonl").write_bytes(b"\xef\xbb\xbf" + lines(numbered(2), numbered(3)) + b"\n \n")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(lines(numbered(4), numbered(5))))
    (tmp_path / "d.xml").write_text(XML)
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.mkdir("inside")
        archive.writestr("inside/x.json", content({"studies": [numbered(6), numbered(7)]}))
        archive.writestr("__MACOSX/x.json", "rubbish")
    (tmp_path / ".hidden").write_text("{")
    (tmp_path / "f.txt").write_text("one line\nof a page that nobody knows")
    arrivals = read(tmp_path)
    assert [arrival.identity for arrival in arrivals] == [
        *(f"NCT{number:08}" for number in (1, 2, 3, 4, 5)), "NCT00000001", "NCT00000006", "NCT00000007", "",
    ]  # fmt: skip
    assert [arrival.name.removeprefix(f"{tmp_path}/") for arrival in arrivals][1:8] == [
        "b/two.jsonl:1", "b/two.jsonl:2", "c.jsonl.gz:1", "c.jsonl.gz:2", "d.xml", "e.zip/inside/x.json[1]",
        "e.zip/inside/x.json[2]",
    ]  # fmt: skip
    assert all(arrival.read for arrival in arrivals)
    assert arrivals[1].updated == "2024-06-04"
    with_prose = list(stream.each(tmp_path, stream.whole, workers=1))
    assert with_prose[0].made == recognise(content(numbered(1)), f"{tmp_path}/a.json")
    assert (with_prose[-1].read, with_prose[-1].findings[0].code) == (False, "page.layout")


def test_standard_input_is_read_twice() -> None:
    """A stream that can be read only once is set aside, and then read like a file."""

    class Once(io.RawIOBase):
        def __init__(self) -> None:
            self.left = io.BytesIO(lines(numbered(1), numbered(2)))

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self.left.read(size)

    with stream.set_aside(Once()) as kept:  # type: ignore[arg-type]
        assert stream.survey(kept).total == 2
        found = list(stream.each(kept, called, prose=False))
    assert [arrival.name for arrival in found] == ["standard input:1", "standard input:2"]


def test_lines_and_documents_are_told_apart(tmp_path: Path) -> None:
    """A document over many lines is one part; whole objects on each line are parts, whatever the file is called."""
    for name, raw, count in (
        ("pretty.json", json.dumps(V2, indent=2).encode(), 1),
        ("one.json", content(V2) + b"\n", 1),
        ("api.json", b'{"studies":[\n' + content(V2) + b"\n]}", 1),
        ("lines.json", lines(numbered(1), numbered(2)), 2),
        ("one.jsonl", content(V2), 1),
        ("ends.jsonl", content(V2) + b"\n  ", 1),
        ("bad.jsonl", b"rubbish\n" + lines(V2), 2),
        ("long.txt", lines({"protocolSection": {"x": "y" * 80_000}}, V2), 2),
        ("wide.json", json.dumps(V2).encode("utf-16"), 1),
        ("wide.jsonl", lines(V2, V2).decode().encode("utf-16"), 2),
        ("wide.xml", XML.encode("utf-16"), 1),
    ):
        (tmp_path / name).write_bytes(raw)
        found = list(sources.parts(tmp_path / name))
        assert len(found) == count, name
        assert all(isinstance(part, Part) for part in found), name
    assert "record.json" in codes(read(tmp_path / "bad.jsonl"))
    assert read(tmp_path / "wide.xml")[0].identity == "NCT00000001"


# ---------------------------------------------------------------- what is bad


def test_each_bad_thing_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    """Cut, noisy, empty, foreign and broken input: a finding each with file and next step, and the others are read."""
    packed = gzip.compress(lines(*(numbered(n) for n in range(200))))
    bad = {
        "a_cut.json": content(V2)[:99], "b_noise.bin": bytes(range(256)) * 400, "c_empty.txt": b"  \n",
        "d_none.json": b"",
        "e_bomb.xml": b'<!DOCTYPE a [<!ENTITY x "y">]><clinical_study>&x;</clinical_study>',
        "f_cut.jsonl": lines(numbered(1)) + content(V2)[:70] + b"\n" + lines(numbered(2)),
        "g_cut.gz": packed[: len(packed) // 2], "h_bad.zip": b"PK\x03\x04 nothing", "i_foreign.json": b'{"a": 1}',
        "j_latin.json": json.dumps(V2, ensure_ascii=False).replace("Graz", "Gräz").encode("latin-1"),
        "k_no_id.json": content({"protocolSection": {}}),
    }  # fmt: skip
    for name, raw in bad.items():
        (tmp_path / name).write_bytes(raw)
    arrivals = read(tmp_path)
    told = {
        finding.places[0].file.removeprefix(f"{tmp_path}/"): finding.code
        for arrival in arrivals
        for finding in arrival.findings
    }
    assert told == {
        "a_cut.json": "record.json", "b_noise.bin": "file.noise", "c_empty.txt": "file.empty",
        "d_none.json": "file.empty",
        "e_bomb.xml": "record.xml_unsafe", "f_cut.jsonl:2": "record.json", "g_cut.gz": "file.cut",
        "h_bad.zip": "file.cut", "i_foreign.json": "record.format", "j_latin.json": "record.encoding",
        "k_no_id.json": "record.no_id",
    }  # fmt: skip
    assert all(finding.hint for arrival in arrivals for finding in arrival.findings)
    assert {"NCT00000001", "NCT00000002"} <= {arrival.identity for arrival in arrivals}


def test_damaged_members_of_an_archive(tmp_path: Path) -> None:
    """A file of an archive that is damaged is told by name; its neighbours are read."""
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.json", content(numbered(1)))
        archive.writestr("two.json", content(numbered(2)))
    raw = bytearray(file.read_bytes())
    raw[raw.index(b"NCT00000001")] = ord("X")  # the sum no longer fits
    file.write_bytes(bytes(raw))
    arrivals = read(file)
    assert [arrival.identity for arrival in arrivals] == ["", "NCT00000002"]
    assert arrivals[0].findings[0].places[0].file.endswith("a.zip/one.json")


def test_noise_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Of two hundred megabytes of noise only the start is read."""
    file = tmp_path / "noise"
    with file.open("wb") as sparse:
        sparse.truncate(200_000_000)
    seen = []

    class Counting(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            seen.append(len(found or b""))
            return found or b""

    with Counting(file) as counted:
        (finding,) = sources.opened(counted, "noise")
    assert isinstance(finding, Finding)
    assert finding.code == "file.noise"
    assert sum(seen) < 100_000


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line or a document beyond all measure is told, and what follows the line is read."""
    monkeypatch.setattr(sources, "LONGEST", 100_000)
    monkeypatch.setattr(sources, "LARGEST", 150_000)
    monkeypatch.setattr(sources, "_SNIFFED", 3_000)
    long = {"protocolSection": {"x": "y" * 250_000}}
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(V2, long, V2) + content(V2))
    found = list(sources.parts(file))
    assert [part.code if isinstance(part, Finding) else part.line for part in found] == [1, "file.long", 3, 4]
    (tmp_path / "b.json").write_bytes(content(long))
    (finding,) = sources.parts(tmp_path / "b.json")
    assert isinstance(finding, Finding)
    assert finding.code == "file.size"


def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    """A path that cannot be opened is told."""
    (finding,) = sources.parts(tmp_path / "none.json")
    assert isinstance(finding, Finding)
    assert finding.code == "file.unreadable"


# ---------------------------------------------------------------- the same trial twice


def test_the_newest_record_counts(tmp_path: Path) -> None:
    """Of several records of one trial the newest counts, of equally new ones the first; the others are named."""
    days = ("2024-01-01", "2025-01-01", "2025-01-01")
    (tmp_path / "a.jsonl").write_bytes(lines(*(numbered(1, day) for day in days), numbered(2)))
    looked = stream.survey(tmp_path)
    names = [f"{tmp_path}/a.jsonl:{line}" for line in (1, 3)]
    assert (looked.total, looked.older) == (4, frozenset(names))
    assert [
        "is older than that of 2025-01-01" in looked.findings[0].message,
        "the first counts" in looked.findings[1].message,
    ] == [True, True]
    assert [arrival.name[-1] for arrival in read(tmp_path, without=looked.older)] == ["2", "4"]
    (tmp_path / "a.jsonl").unlink()
    (tmp_path / "b.json").write_bytes(content([numbered(1, "2024-01-01"), numbered(1, "2025-01-01")]))  # type: ignore[arg-type]
    ticks: list[int] = []
    looked = stream.survey(tmp_path, tick=lambda: ticks.append(1))
    assert len(ticks) == 2
    assert [arrival.name[-3:] for arrival in read(tmp_path, without=looked.older)] == ["[2]"]


# ---------------------------------------------------------------- workers


def many(path: Path, count: int) -> Path:
    """A file of many records, every tenth of them bad."""
    raw = [b"{bad" if number % 10 == 3 else json.dumps(numbered(number)).encode() for number in range(count)]
    path.write_bytes(b"\n".join(raw))
    return path


def test_any_number_of_workers_gives_the_same(tmp_path: Path) -> None:
    """One worker or two: the same arrivals in the same order, none twice and none left out."""
    file = many(tmp_path / "many.jsonl", 2500)
    alone = read(file, workers=1)
    assert read(file, workers=2) == alone
    assert len(alone) == 2500
    assert [arrival.identity for arrival in alone if arrival.read] == [f"NCT{n:08}" for n in range(2500) if n % 10 != 3]
    assert stream.cores() >= 1


def test_no_more_than_a_window_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody takes arrivals, no more parts are drawn than the window holds; and it can be left at any time."""
    drawn = 0
    file = many(tmp_path / "many.jsonl", 4000)
    found = sources.parts

    def counting(path: Path) -> Iterator[Part | Finding]:
        nonlocal drawn
        for part in found(path):
            drawn += 1
            yield part

    monkeypatch.setattr(stream, "parts", counting)
    flow = stream.each(file, called, prose=False, workers=2)
    taken = list(islice(flow, 5))
    assert len(taken) == 5
    assert drawn <= (2 * 4 + 60) * 32
    flow.close()  # type: ignore[attr-defined]


def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    """A worker that ends without an answer ends the reading, with a finding."""
    with pytest.raises(Unusable, match="has died"):
        list(stream.each(many(tmp_path / "many.jsonl", 2500), died, prose=False, workers=2))


def test_every_real_record_is_read() -> None:
    """Everything that lies beside the repository is read, on every core, and only what is no record is told as such."""
    if not DATA.exists():
        pytest.skip("the registry's records are not beside the repository")
    looked = stream.survey(DATA)
    assert looked.total == 464 + 1181 + 1180 + 150 + 53 + 6
    unread = [arrival.name for arrival in stream.each(DATA, called, prose=False) if not arrival.read]
    assert sorted(name.rpartition("/")[2] for name in unread) == ["covid_search.xml", "empty_search.xml"]
