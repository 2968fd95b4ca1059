"""Registry records -> Record: one reader for each format, picked by content and never by file name.

Takes the bytes of a record, or of several; gives Records whose `tree` is the record in the shape of the
ClinicalTrials.gov API v2, with nothing lost. First step of the walk, beside `pages`.
"""

from stromal.read.registries.documents import is_record
from stromal.read.registries.pick import FORMATS, parse, parse_each, read_tree, to_v2

__all__ = ["FORMATS", "is_record", "parse", "parse_each", "read_tree", "to_v2"]
