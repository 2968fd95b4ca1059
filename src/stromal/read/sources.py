"""Files, folders, archives and streams -> the parts that hold records, one after the other.

Takes a path, or bytes that were read from standard input; gives a Part for each line or file, and a Finding for what
cannot be opened. Never holds more than one part, and never reads on where a file turns out to be noise. Part of the
first step of the walk, before `stream`.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TypeAlias

import msgspec

from stromal.values import Finding, Place

LONGEST = 64_000_000
"""Bytes; a line that is longer is no record."""
LARGEST = 400_000_000
"""Bytes; a file with more in one document must be parted into lines first."""
_SNIFFED = 65_536


Stream: TypeAlias = "IO[bytes] | gzip.GzipFile"


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that hold a record, or several: the name of their file, and their line where each line is a record."""

    file: str
    line: int
    content: bytes

    @property
    def name(self) -> str:
        """How people call it: `trials.jsonl:17`."""
        return f"{self.file}:{self.line}" if self.line else self.file


def parts(path: Path) -> Iterator[Part | Finding]:
    """Every part of a file, an archive, or all files below a folder in the order of their names."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(step.startswith(".") for step in file.relative_to(path).parts)
            if file.is_file() and not hidden:
                yield from _file(file)
    else:
        yield from _file(path)


def _file(path: Path) -> Iterator[Part | Finding]:
    try:
        with path.open("rb") as stream:
            yield from opened(stream, str(path))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        yield _finding("unreadable", message, str(path), "give a file you may read")


def opened(stream: IO[bytes], name: str) -> Iterator[Part | Finding]:
    """Every part of a stream that can be read from its start again."""
    start = stream.read(4)
    stream.seek(0)
    if start.startswith(b"PK\x03\x04"):
        yield from _archive(stream, name)
    elif start.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=stream) as inside:
                yield from _plain(inside, name)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            yield _finding("cut", f"the compressed file is damaged: {error}", name, "get the file again")
    else:
        yield from _plain(stream, name)


def _archive(stream: IO[bytes], name: str) -> Iterator[Part | Finding]:
    """The files of a ZIP archive, in its order."""
    try:
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if not member.is_dir() and not member.filename.startswith("__MACOSX/"):
                    yield from _member(archive, member, f"{name}/{member.filename}")
    except zipfile.BadZipFile as error:
        yield _finding("cut", f"the archive is damaged: {error}", name, "get the file again")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Iterator[Part | Finding]:
    try:
        with archive.open(member) as inside:
            yield from _plain(inside, name)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        yield _finding(
            "cut", f"this file of the archive cannot be read: {error}", name, "unpack it with other software"
        )


def _plain(stream: Stream, name: str) -> Iterator[Part | Finding]:
    """The lines of a stream of records, or its whole where it is one document."""
    start = stream.read(_SNIFFED)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield from _recoded(start, stream, name)
        return
    if _noise(start):
        yield _finding(
            "noise", "this is no text: only its start was read", name, "give records, or pages saved as text"
        )
        return
    held, lined = _first_line(start, stream, name)
    if lined:
        yield from _lines(held, stream, name)
        return
    content = held + stream.read(max(LARGEST - len(held) + 1, 0))
    if len(content) > LARGEST:
        hint = "part it into JSON lines, a record on each line"
        yield _finding("size", f"one document of more than {LARGEST // 1_000_000} MB", name, hint)
    elif content.strip():
        yield Part(name, 0, content)
    else:
        yield _finding("empty", "the file is empty", name, "save it again")


def _recoded(start: bytes, stream: Stream, name: str) -> Iterator[Part | Finding]:
    """A stream in UTF-16, read as UTF-8. Only a document of its own can be so large that it does not fit."""
    text = (start + stream.read(LARGEST)).decode("utf-16", "replace")
    yield from _plain(BytesIO(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode() or b" "), name)


_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE = (b"{\0", b"[\0", b"<\0", b"\0{", b"\0[", b"\0<")


def _noise(start: bytes) -> bool:
    """Whether bytes are no text: many controls, unless they begin as a wide encoding does."""
    return not start.startswith(_WIDE) and len(_CONTROLS.findall(start)) * 50 > len(start)


_LINED = re.compile(r"\.(?:jsonl|ndjson)(?:\.gz)?$", re.IGNORECASE)


def _first_line(start: bytes, stream: Stream, name: str) -> tuple[bytes, bool]:
    """What was read so far, at least to the end of the first line; and whether each line is a record of its own.

    It is where the name says so, and where the first line is a whole JSON object and others follow.
    """
    if b"\n" not in start:
        start += stream.readline(LONGEST)
    first, _, after = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if not after.strip():
        more = stream.read(_SNIFFED)
        start, after = start + more, after + more
    if _LINED.search(name) or not after.strip():
        return start, bool(_LINED.search(name))
    try:
        msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return start, False
    return start, True


def _lines(held: bytes, stream: Stream, name: str) -> Iterator[Part | Finding]:
    """A part for each line that is not blank. A line too long for a record is told and left out."""
    *whole, last = held.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    number = 0
    for number, line in enumerate(whole, 1):
        if line.strip():
            yield Part(name, number, line.strip())
    line = last + stream.readline(LONGEST)
    while line:
        number += 1
        if len(line) > LONGEST - 1 and not line.endswith(b"\n"):
            yield _finding("long", f"a line of more than {LONGEST // 1_000_000} MB", name, "look at this line", number)
            while (more := stream.readline(LONGEST)) and not more.endswith(b"\n"):
                pass
        elif line.strip():
            yield Part(name, number, line.strip())
        line = stream.readline(LONGEST)


def _finding(code: str, message: str, file: str, hint: str, line: int = 0) -> Finding:
    return Finding(f"file.{code}", "error", message, (Place(line, "", file),), hint)
