"""Dose-finding designs as decision rules: which dose the next people get, and when to stop.

A design is frozen data; `advise` says what comes next after what was seen, `select` which dose is declared at the
end. The desk, the exact operating characteristics and the simulation all ask these functions.
"""

from stromal.rules.escalation.advise import advise, begin, observe, select
from stromal.rules.escalation.designs import Design
from stromal.rules.escalation.tally import Advice, Stop, Tally, Treat, parse, written

__all__ = ["Advice", "Design", "Stop", "Tally", "Treat", "advise", "begin", "observe", "parse", "select", "written"]
