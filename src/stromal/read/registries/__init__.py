"""Registry records -> Record: one reader for each format, picked by content and never by file name.

Takes the bytes of one record and the name of its file; gives a Record whose `tree` is the record in the shape of the
ClinicalTrials.gov API v2, with nothing lost. First step of the walk, beside `pages`.
"""

from stromal.read.registries.pick import parse, read_tree

__all__ = ["parse", "read_tree"]
