"""What a rehearsal assumes about the world: arrivals, drop-out, adverse events, lots, mistakes. All of it made up.

The protocol says what should happen, a scenario how people and products behave. A scenario file is YAML with the
fields below; what it leaves out keeps its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stromal.protocol.model import Protocol
from stromal.values import Finding, Place, Unusable, nearest


@dataclass(frozen=True, slots=True)
class Scenario:
    """Assumptions of a rehearsal; probabilities lie in 0..1."""

    arrivals_per_month: float = 1.5
    ineligible: float = 0.2
    """Share of arrivals that fail one criterion."""
    unknown_at_first: float = 0.15
    """Share whose screening lacks one fact at first."""
    dropout_per_year: float = 0.08
    missed_visit: float = 0.03
    late_visit: float = 0.04
    not_obtained: float = 0.015
    typing_mistake: float = 0.003
    adverse_events_per_dose: float = 1.1
    related: float = 0.45
    grades: tuple[float, ...] = (0.62, 0.28, 0.08, 0.018, 0.002)
    """How likely grades 1 to 5 are."""
    toxicity: Mapping[str, float] = field(default_factory=dict)
    """Dose -> chance of a related grade 3 event after each administration; such doses have no other severe events."""
    failing_lot: float = 0.06
    off_volume: float = 0.04
    """Share of administrations that deliver clearly less than prescribed."""
    hold_lifted: float = 0.85
    decision_days: int = 10
    """Days until a committee decides on a hold."""
    effect: Mapping[str, float] = field(default_factory=dict)
    """Score -> change of its monthly slope once treatment has begun."""


CALM = Scenario(
    ineligible=0, unknown_at_first=0, dropout_per_year=0, missed_visit=0, late_visit=0, not_obtained=0,
    typing_mistake=0, failing_lot=0, off_volume=0, adverse_events_per_dose=0,
)  # fmt: skip
"""Nothing goes wrong: the scenario to add one risk to at a time."""


def read(path: Path) -> Scenario:
    """A scenario file. Raises Unusable with a finding for whatever cannot be right."""
    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise Unusable(_finding(path, f"cannot be read: {error}", "give a YAML file of assumptions")) from None
    if not isinstance(found, dict):
        raise Unusable(_finding(path, "is no mapping", "write lines such as 'dropout_per_year: 0.1'"))
    known = {each.name for each in fields(Scenario)}
    wrong = [name for name in found if name not in known]
    if wrong:
        close = nearest(str(wrong[0]), known)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(sorted(known))}"
        raise Unusable(_finding(path, f"has no assumption {wrong[0]!r}", hint))
    try:
        scenario = msgspec.convert(found, Scenario)
    except msgspec.ValidationError as error:
        raise Unusable(_finding(path, f"has a wrong value: {error}", "see the fields of a scenario")) from None
    problems = check(scenario)
    if problems:
        raise Unusable(*(_finding(path, message, hint) for message, hint in problems))
    return scenario


_PROBABILITIES = (
    "ineligible", "unknown_at_first", "dropout_per_year", "missed_visit", "late_visit", "not_obtained",
    "typing_mistake", "related", "failing_lot", "off_volume", "hold_lifted",
)  # fmt: skip


def check(scenario: Scenario) -> list[tuple[str, str]]:
    """What cannot be right in a scenario, each with the next step."""
    wrong = []
    chances = {name: getattr(scenario, name) for name in _PROBABILITIES}
    chances |= {f"toxicity.{dose}": chance for dose, chance in scenario.toxicity.items()}
    for name, value in chances.items():
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            wrong.append((f"{name} is {value!r}", "a probability lies between 0 and 1"))
    if not isinstance(scenario.arrivals_per_month, int | float) or scenario.arrivals_per_month <= 0:
        wrong.append((f"arrivals_per_month is {scenario.arrivals_per_month!r}", "people must arrive: above 0"))
    if len(scenario.grades) != 5 or abs(sum(scenario.grades) - 1) > 1e-9:
        wrong.append((f"grades is {list(scenario.grades)}", "give five probabilities that add up to 1"))
    return wrong


def check_names(scenario: Scenario, protocol: Protocol) -> list[Finding]:
    """A finding for every dose, visit or score a scenario names that the protocol does not have."""
    scores = [name for name, fact in protocol.facts.items() if fact.kind in ("number", "score")]
    known = (
        ("toxicity", scenario.toxicity, [*protocol.doses, *protocol.schedule]),
        ("effect", scenario.effect, scores),
    )
    found = []
    for assumption, named, names in known:
        for name in named:
            if name not in names:
                close = nearest(name, names)
                hint = f"did you mean {close}?" if close else f"known: {', '.join(names[:8])}"
                message = f"{assumption} names {name!r}, which {protocol.trial.id} does not have"
                found.append(Finding("scenario.name", "error", message, (), hint))
    return found


def _finding(path: Path, message: str, hint: str) -> Finding:
    return Finding("scenario", "error", f"{path.name} {message}", (Place(0, "", str(path)),), hint)
