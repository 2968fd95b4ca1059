"""Stromal runs a cell-therapy trial from its protocol. These are its public words; ARCHITECTURE.md tells the walk."""

from stromal.conduct.commands import Request
from stromal.conduct.desk import Desk, Receipt
from stromal.ledger.chain import verify
from stromal.ledger.state import State, replay
from stromal.protocol.file import dump, fmt, load
from stromal.protocol.model import Protocol
from stromal.rules.check import check
from stromal.rules.eligibility import assess, screen
from stromal.rules.schedule import calendar
from stromal.store.memory import MemoryBook
from stromal.store.sqlite import SqliteBook
from stromal.values import Finding, Place, Refused, Unusable, Verdict

__all__ = [
    "Desk",
    "Finding",
    "MemoryBook",
    "Place",
    "Protocol",
    "Receipt",
    "Refused",
    "Request",
    "SqliteBook",
    "State",
    "Unusable",
    "Verdict",
    "assess",
    "calendar",
    "check",
    "dump",
    "fmt",
    "load",
    "replay",
    "screen",
    "verify",
]
