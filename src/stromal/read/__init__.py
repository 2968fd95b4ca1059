"""Registry pages -> records, what is doubtful about them, and draft protocols."""

from stromal.read.pages import decode, parse
from stromal.read.record import Record, Statement

__all__ = ["Record", "Statement", "decode", "parse"]
