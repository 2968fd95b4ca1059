"""Files: what is found under a path, how it is taken apart, and what is said of files that cannot be read."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from stromal.catalogue import files
from stromal.values import Unusable


def test_folders_are_searched_and_named_files_taken_as_they_are(tmp_path: Path) -> None:
    """Known endings, sorted, hidden ones left out; each file once."""
    for name in ("b.json", "a.jsonl.gz", "c.doc", ".hidden.json", "sub/d.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = files.found([str(tmp_path), str(tmp_path / "b.json"), str(tmp_path / "c.doc"), "-"])
    assert [Path(each).name for each in found] == ["a.jsonl.gz", "b.json", "d.xml", "c.doc", "-"]


def parts(path: Path) -> list[tuple[int, bytes]]:
    """Line and content of each document."""
    return [(each.line, each.content) for each in files.documents(str(path))]


def test_lines_are_documents_packed_or_not(tmp_path: Path) -> None:
    """Blank lines count but hold nothing; a file of another kind is one document."""
    (tmp_path / "a.jsonl").write_bytes(b"one\n\n two \n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"one\n\n two \n"))
    assert parts(tmp_path / "a.jsonl") == parts(tmp_path / "a.jsonl.gz") == [(1, b"one"), (3, b"two")]
    (tmp_path / "a.json").write_bytes(b"one\ntwo")
    assert parts(tmp_path / "a.json") == [(0, b"one\ntwo")]


def test_the_members_of_a_zip_are_files(tmp_path: Path) -> None:
    """Lines of a member, packed or not; what is no record is passed over."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("two.jsonl", "one\ntwo\n")
        packed.writestr("one.json.gz", gzip.compress(b"three"))
        packed.writestr("readme.md", "words")
        packed.writestr("inner.zip", "no")
    found = list(files.documents(str(tmp_path / "a.zip")))
    assert [(Path(each.file).name, each.line, each.content) for each in found] == [
        ("one.json.gz", 0, b"three"), ("two.jsonl", 1, b"one"), ("two.jsonl", 2, b"two"),
    ]  # fmt: skip


def test_standard_input_is_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads a record a line."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    assert [each.content for each in files.documents("-")] == [b"one", b"two"]


def test_equal_contents_have_equal_hashes(tmp_path: Path) -> None:
    """By the hash a document is known again."""
    (tmp_path / "a.jsonl").write_bytes(b"one\ntwo\none\n")
    first, second, third = (each.digest for each in files.documents(str(tmp_path / "a.jsonl")))
    assert first == third != second


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.json", None, "file.missing"),
        ("a.jsonl.gz", b"words", "file.packed"),
        ("a.jsonl.gz", gzip.compress(b"one\n" * 9999)[:40], "file.packed"),
        ("a.zip", b"words", "file.packed"),
    ],
)
def test_files_that_cannot_be_read_are_told(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    """What is wrong, and what to do."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Unusable) as refused:
        list(files.documents(str(tmp_path / name)))
    assert refused.value.findings[0].code == code
    assert refused.value.findings[0].hint


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    """Reading a folder as a file is told."""
    with pytest.raises(Unusable, match="cannot be read"):
        list(files.documents(str(tmp_path)))
