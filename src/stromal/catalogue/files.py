"""The files that a catalogue is made of: found under paths, and taken apart into documents.

Takes paths; gives files and, out of each, its documents with the line where each begins: one a line in `.jsonl`, one a
member in `.zip`, else the whole file. `.gz` is unpacked on the way. Nothing is read into memory but one document.
"""

from __future__ import annotations

import gzip
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, cast

from stromal.values import Finding, Place, Unusable

STANDARD_INPUT = "-"
_KINDS = (".json", ".jsonl", ".ndjson", ".xml", ".txt", ".zip")
"""Ends of names that are looked for in folders; a file that is named itself may be called anything."""
_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that hold a record or several: the file, the line they begin at, and their hash."""

    file: str
    line: int
    content: bytes
    digest: str


def digest(content: bytes) -> str:
    """The hash by which a document is known again."""
    return blake2b(content, digest_size=16).hexdigest()


def _plain(name: str) -> str:
    return name.lower().removesuffix(".gz")


def found(paths: Iterable[str]) -> list[str]:
    """The files under paths, in the order of their names, each once."""
    every: dict[str, None] = {}
    for path in paths:
        place = Path(path)
        if path != STANDARD_INPUT and place.is_dir():
            inside = sorted(each for each in place.rglob("*") if each.is_file() and _wanted(each))
            every |= dict.fromkeys(str(each) for each in inside)
        else:
            every[path] = None
    return list(every)


def _wanted(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts if part not in (".", ".."))
    return _plain(path.name).endswith(_KINDS) and not hidden


def documents(path: str) -> Iterator[Document]:
    """Every document of a file. Raises Unusable where the file cannot be read, or no further."""
    try:
        if path == STANDARD_INPUT:
            yield from _lines(sys.stdin.buffer, path)
        elif _plain(path).endswith(".zip"):
            yield from _members(path)
        else:
            with _opened(Path(path).open("rb"), path) as stream:
                yield from _of(stream, path, path)
    except FileNotFoundError:
        raise _bad("file.missing", "there is no such file", "check the name and the folder", path) from None
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, RuntimeError, NotImplementedError) as error:
        message = f"the packed file cannot be read to its end ({error})"
        raise _bad("file.packed", message, "what came before is kept; get the file again", path) from None
    except OSError as error:
        raise _bad("file.unreadable", f"cannot be read: {error.strerror}", "give a file you may read", path) from None


def _bad(code: str, message: str, hint: str, path: str) -> Unusable:
    return Unusable(Finding(code, "error", message, (Place(0, "", path),), hint))


@contextmanager
def _opened(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """A stream, unpacked where the name says that it is packed; both are closed in the end."""
    with stream:
        if name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            yield stream


def _of(stream: IO[bytes], name: str, file: str) -> Iterator[Document]:
    if _plain(name).endswith(_LINES):
        yield from _lines(stream, file)
    else:
        content = stream.read()
        yield Document(file, 0, content, digest(content))


def _lines(stream: IO[bytes], file: str) -> Iterator[Document]:
    for number, line in enumerate(stream, 1):
        content = line.strip()
        if content:
            yield Document(file, number, content, digest(content))


def _members(path: str) -> Iterator[Document]:
    with zipfile.ZipFile(path) as packed:
        for name in sorted(packed.namelist()):
            if _plain(name).endswith(_KINDS) and not name.lower().endswith(".zip"):
                with _opened(packed.open(name), name) as member:
                    yield from _of(member, name, f"{path}/{name}")
