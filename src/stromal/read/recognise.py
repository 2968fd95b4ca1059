"""The bytes of a file -> its Record, whether it is a portal's page or a registry's record.

Takes bytes and the name of their file; picks the reader by what the bytes begin with, never by the name. First step of
the walk, in front of `pages` and `registries`.
"""

from __future__ import annotations

from stromal.read import pages, registries
from stromal.read.record import Record


def recognise(content: bytes, file: str = "") -> Record:
    """The record in a file: a registry's own, or a portal's page. Unusable when it is neither, or several."""
    if registries.is_record(content):
        return registries.parse(content, file)
    return pages.parse(pages.decode(content, file), file)
