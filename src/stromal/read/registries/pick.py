"""Which reader reads a record: a table of formats, picked by what the content shows.

Takes the bytes of one record; gives the Record. First step of the walk.
"""

from __future__ import annotations

from stromal.read import facts
from stromal.read.record import Record
from stromal.read.registries import v2
from stromal.read.study import Tree
from stromal.values import Finding, Place, Unusable


def read_tree(content: bytes, file: str = "") -> Tree:
    """The tree of one record in the shape of API v2. Unusable when the content is no record of a known format."""
    tree = v2.decode(content)
    if tree is None:
        hint = "Stromal reads ClinicalTrials.gov API v2 records"
        raise Unusable(
            Finding("record.format", "error", "this is no record of a known format", (Place(0, "", file),), hint)
        )
    return tree


def parse(content: bytes, file: str = "", *, prose: bool = True) -> Record:
    """One record, read. Without `prose` only the fields are read, and no fact is looked for in sentences."""
    tree = read_tree(content, file)
    sections = v2.sections(tree, file)
    if prose:
        return facts.record("ctgov", file, sections, tree)
    identity = v2.identity(tree)
    return Record(identity, v2.title(tree), "ctgov", file, sections, (), tree)
