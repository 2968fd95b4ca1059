"""Static checks of a protocol: what can be known to be wrong, doubtful or open before anybody is enrolled.

Takes a Protocol that has loaded; gives findings, each with its place and the next step. Step 3 of the walk. `CHECKS`
lists the rules, one small function each; `look.CODES` says what every finding means.
"""

from __future__ import annotations

from collections.abc import Callable

from stromal.protocol import check_designs as designs
from stromal.protocol import check_population as people
from stromal.protocol import check_rules as rules
from stromal.protocol import check_schedule as plans
from stromal.protocol.look import Findings, Look, look_at
from stromal.protocol.model import Protocol
from stromal.values import Finding

CHECKS: tuple[Callable[[Look], Findings], ...] = (
    people.check_literals, people.check_population, people.check_ages, people.check_limits, people.check_minors,
    plans.check_reach, plans.check_day_zero, plans.check_foresight, plans.check_windows, plans.check_spans,
    plans.check_consent, plans.check_doses, plans.check_weights, plans.check_products,
    rules.check_tables, rules.check_rules, rules.check_holds, rules.check_measured, rules.check_endpoints,
    designs.check_designs, designs.check_numbers, designs.check_boundaries,
    rules.check_analyses, rules.check_facts, rules.check_sources, rules.check_assumed,
)  # fmt: skip
"""The rules, one function each."""


def check(protocol: Protocol) -> tuple[Finding, ...]:
    """Every finding on a protocol, in the order of the file."""
    look = look_at(protocol)
    found = dict.fromkeys(finding for rule in CHECKS for finding in rule(look))
    return tuple(sorted(found, key=lambda finding: finding.places[0].line))
