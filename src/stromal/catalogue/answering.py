"""A person's file read in the words of a whole catalogue, and the trials that it is screened against.

Takes a Catalogue, the sheets that were confirmed and protocols of the house; gives Trials. Takes a person's file; gives
what it says and the protocol that declares its facts. A fact that no trial asks for today is no mistake. For `screen`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from msgspec import structs
from ruamel.yaml.comments import CommentedMap

from stromal.catalogue import confirmations, diagnosis, drafts
from stromal.catalogue.alternatives import joined
from stromal.catalogue.confirmations import Sheet
from stromal.catalogue.screen import Given, Trial, asked_in, declared, from_protocol, given
from stromal.catalogue.store import Catalogue
from stromal.protocol import model as m
from stromal.protocol.language import FactKind
from stromal.protocol.nodes import parse as parse_nodes
from stromal.read import person
from stromal.read.concepts import concept
from stromal.read.measured import fact_name, fact_row
from stromal.read.person import Described
from stromal.read.reasons import VIRUS_WORDS
from stromal.read.screening import protocol_of
from stromal.read.vocabulary import MEASURES
from stromal.values import Finding

_YES_NO = ("pregnancy", "breastfeeding")


@dataclass(frozen=True, slots=True)
class Against:
    """The trials to screen against, and what was found on the way to them."""

    trials: tuple[Trial, ...]
    findings: tuple[Finding, ...] = ()


def against(catalogue: Catalogue, sheets: Iterable[Sheet] = (), protocols: Iterable[m.Protocol] = ()) -> Against:
    """Every drafted trial of a catalogue, with what people confirmed of it."""
    by_trial = {sheet.trial: sheet for sheet in sheets}
    own = {protocol.trial.id: protocol for protocol in protocols}
    trials, findings, seen = list[Trial](), list[Finding](), set[str]()
    for card, lines in drafts.kept(catalogue):
        mine = [line for line in lines if line.whose == "participant"]
        sheet = by_trial.get(card.id)
        signed, stale = confirmations.applied(mine, sheet) if sheet else (tuple((line, "") for line in mine), ())
        found: tuple[Given, ...] = tuple(given(line, by) for line, by in signed)
        if card.id in own:
            found = (*from_protocol(own[card.id]), *found)
        condition = diagnosis.criterion(card, known)
        found = (*((Given(condition, "drafted"),) if condition else ()), *joined(found))
        trials.append(Trial(card, found))
        findings += stale
        seen.add(card.id)
    findings += (_absent(sheet) for name, sheet in by_trial.items() if name not in seen)
    return Against(tuple(trials), tuple(findings))


def _absent(sheet: Sheet) -> Finding:
    message = f"the sheet confirms lines of {sheet.trial}, which is not in the catalogue"
    return Finding("confirmation.trial", "warning", message, (sheet.place,), "check the id, or put its record in")


# ---------------------------------------------------------------- the person's file


def described(text: str, file: str, trials: Sequence[Trial]) -> tuple[Described, m.Protocol]:
    """A person as their file describes them, and the facts it is read by. Raises Unusable for what cannot be right."""
    root, _ = parse_nodes(text, file)
    facts = declared(trials)
    for protocol in {id(line.protocol): line.protocol for trial in trials for line in trial.lines}.values():
        facts |= {name: fact for name, fact in protocol.facts.items() if name not in facts} if protocol else {}
    facts |= _others(root, facts)
    bare = protocol_of(())
    asked = asked_in(trials) if root.get("answers") else ()
    protocol = replace(bare, facts=facts, population=m.Population("", "any", None, asked))
    found = person.parse(text, file, protocol, beside=(diagnosis.DIAGNOSIS,), lenient=True)
    episodes = (*found.chart.episodes, *diagnosis.told(root))
    return replace(found, chart=structs.replace(found.chart, episodes=episodes)), protocol


def _others(root: CommentedMap, facts: Mapping[str, m.Fact]) -> dict[str, m.Fact]:
    """The facts of a file that no trial asks for now, as far as Stromal knows what they are."""
    named = [str(name) for section in ("facts", "episodes") for name in _names(root.get(section))]
    return {name: fact for name in named if name not in facts and (fact := known(name)) is not None}


def _names(node: object) -> Iterator[object]:
    return iter(node) if isinstance(node, CommentedMap) else iter(())


def known(name: str) -> m.Fact | None:
    """What a name means wherever Stromal reads criteria; None where it means nothing."""
    term = next((each for each in MEASURES if fact_name(each) == name), None)
    if term is not None:
        row = {key: value for key, value in fact_row(term).items() if isinstance(value, str)}
        return m.Fact(name, cast(FactKind, row["kind"]), row["says"], row.get("unit", ""))
    if name in VIRUS_WORDS:
        return m.Fact(name, "choice", VIRUS_WORDS[name], options=("negative", "positive"))
    if name in _YES_NO:
        return m.Fact(name, "yes_no", name)
    found = concept(name.replace("_", " "))
    return m.Fact(name, "episode", found.says) if found is not None and found.name == name else None
