"""A file of assumptions (YAML) -> Assumptions for a plan, or findings with the line, the value and the next step.

Takes the text of the file and a Plan; what the file leaves out keeps its default. The words of a rehearsal's scenario
mean the same: toxicity, failing_lot, effect, hold_lifted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stromal.designs.assumptions import Assumptions, Outcome, check, scaled, usual
from stromal.designs.plan import Plan
from stromal.values import Finding, Place, Unusable, nearest

_WHOLE = ("screening_days", "window_days", "attempts", "make_days", "remake_days", "decision_days", "waits")
_NUMBERS = ("arrivals_per_month", "ineligible", "dropout_per_year", "missed_visit", "adverse_events_per_dose")
_OTHER = ("grades", "toxicity", "made", "failing_lot", "hold_lifted", "outcomes", "effect")
KNOWN = (*_NUMBERS, *_WHOLE, *_OTHER)
"""Every word of the file."""


@dataclass(frozen=True, slots=True)
class _File:
    """The words of a file, with their lines."""

    name: str
    words: Mapping[str, Any]

    def line(self, word: str) -> int:
        """The line of a word, from 1."""
        at = getattr(self.words, "lc", None)
        return int(at.key(word)[0]) + 1 if at is not None and word in self.words else 0

    def wrong(self, word: str, message: str, hint: str) -> Unusable:
        """Something that cannot be used, at its line."""
        place = Place(self.line(word), "", self.name)
        return Unusable(Finding("simulate.scenario", "error", message, (place,), hint))


def read(text: str, name: str, plan: Plan) -> Assumptions:
    """The assumptions of a file. Raises Unusable with the line of what cannot be right."""
    try:
        found = YAML(typ="rt").load(text) or {}
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _File(name, {}).wrong("", f"line {line} is no YAML: {error.problem}", "write 'name: value'") from None
    except YAMLError as error:
        raise _File(name, {}).wrong("", f"is no YAML: {error}", "write lines such as 'ineligible: 0.2'") from None
    if not isinstance(found, dict):
        raise _File(name, {}).wrong("", "the file is no mapping", "write lines such as 'ineligible: 0.2'")
    file = _File(name, found)
    for word in found:
        if word not in KNOWN:
            close = nearest(str(word), KNOWN)
            hint = f"did you mean {close}?" if close else f"known: {', '.join(sorted(KNOWN))}"
            raise file.wrong(word, f"there is no assumption {word!r}", hint)
    assumed = _assembled(file, plan)
    wrong = check(assumed, plan)
    if wrong:
        first = {"made": ("made", "failing_lot"), "grades": ("grades", "toxicity"), "outcomes": ("outcomes", "effect")}
        findings = []
        for word, (message, hint) in wrong.items():
            line = next((file.line(each) for each in first.get(word, (word,)) if each in found), 0)
            findings.append(Finding("simulate.scenario", "error", message, (Place(line, "", name),), hint))
        raise Unusable(*findings)
    return assumed


def _assembled(file: _File, plan: Plan) -> Assumptions:
    """The defaults with what the file says in their place."""
    assumed, words = usual(plan), file.words
    for word in (*_NUMBERS, *_WHOLE):
        if word in words:
            number = _number(file, word, words[word])
            if word in _WHOLE and number != int(number):
                raise file.wrong(word, f"{word} is {number:g}", "give a whole number")
            changed: dict[str, Any] = {word: int(number) if word in _WHOLE else number}
            assumed = replace(assumed, **changed)
    if "grades" in words:
        assumed = replace(assumed, grades=_grades(file, words["grades"], plan))
    if "toxicity" in words:
        chances = _by_level(file, "toxicity", words["toxicity"], plan, assumed.harming(plan.harm.least))
        _chances(file, "toxicity", chances)
        rows = (
            scaled(row, chance, min(plan.harm.least, 5)) for row, chance in zip(assumed.grades, chances, strict=True)
        )
        assumed = replace(assumed, grades=tuple(rows))
    for word, turned in (("made", False), ("failing_lot", True)):
        if word in words:
            chances = _by_level(file, word, words[word], plan, assumed.made)
            _chances(file, word, chances)
            assumed = replace(assumed, made=tuple(1 - each for each in chances) if turned else chances)
    if "hold_lifted" in words:
        assumed = replace(assumed, hold_lifted=_lifted(file, words["hold_lifted"], assumed.hold_lifted))
    return replace(assumed, outcomes=_outcomes(file, plan, assumed.outcomes))


def _number(file: _File, word: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise file.wrong(word, f"{word} holds {value!r}", "give a number, or a list of them as [0.05, 0.15]")
    return float(value)


def _chances(file: _File, word: str, chances: tuple[float, ...]) -> None:
    for each in chances:
        if not 0 <= each <= 1:
            raise file.wrong(word, f"{word} holds {each:g}", "a probability lies between 0 and 1")


def _grades(file: _File, value: Any, plan: Plan) -> tuple[tuple[float, ...], ...]:
    """One row for all levels, or one for each."""
    if not isinstance(value, list):
        raise file.wrong("grades", f"grades is {value!r}", "give six probabilities, or a row of six for each level")
    rows = value if value and isinstance(value[0], list) else [value] * len(plan.levels)
    return tuple(tuple(_number(file, "grades", each) for each in row) for row in rows)


def _by_level(
    file: _File, word: str, value: Any, plan: Plan, usual: tuple[float, ...]
) -> tuple[float, ...]:  # fmt: skip
    """A number for all levels, a list with one for each, or a mapping of doses or amounts."""
    named = ", ".join(level.name for level in plan.levels)
    if isinstance(value, list):
        if len(value) != len(plan.levels):
            message = f"{word} has {len(value)} entries for {len(plan.levels)} levels"
            raise file.wrong(word, message, f"give one for each of {named}")
        return tuple(_number(file, word, each) for each in value)
    if not isinstance(value, dict):
        return (_number(file, word, value),) * len(plan.levels)
    found = list(usual)
    for key, each in value.items():
        mine = [place for place, level in enumerate(plan.levels)
                if key in (level.dose, level.name) or level.amount == _amount(key)]  # fmt: skip
        if not mine:
            close = nearest(str(key), [each for level in plan.levels for each in (level.dose, level.name)])
            hint = f"did you mean {close}?" if close else f"name a dose, or one of {named}"
            raise file.wrong(word, f"{word} names {key!r}, which {plan.trial} does not give", hint)
        for place in mine:
            found[place] = _number(file, word, each)
    return tuple(found)


def _amount(key: Any) -> float | None:
    try:
        return float(key)
    except (TypeError, ValueError):
        return None


def _lifted(file: _File, value: Any, usual: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(value, dict):
        return (_number(file, "hold_lifted", value),) * 2
    for key in value:
        if key not in ("participant", "trial"):
            raise file.wrong("hold_lifted", f"hold_lifted names {key!r}", "name participant and trial")
    person, trial = (value.get(name, each) for name, each in zip(("participant", "trial"), usual, strict=True))
    return _number(file, "hold_lifted", person), _number(file, "hold_lifted", trial)


def _outcomes(file: _File, plan: Plan, usual: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """What the file says of facts that are measured, and of the effect of treatment on them."""
    found = {scale.fact: each for scale, each in zip(plan.scales, usual, strict=True)}
    known = [each.name for each in fields(Outcome)]
    for word in ("outcomes", "effect"):
        said = file.words.get(word, {})
        if not isinstance(said, dict):
            raise file.wrong(word, f"{word} is {said!r}", f"write '{word}:' with a line for each fact below it")
        for fact, value in said.items():
            if fact not in found:
                hint = f"measured: {', '.join(found) or 'nothing over time'}"
                raise file.wrong(word, f"{word} names {fact!r}, which no analysis measures over time", hint)
            parts = value if word == "outcomes" and isinstance(value, dict) else {"effect": value}
            for part, number in parts.items():
                if part not in known:
                    close = nearest(str(part), known)
                    hint = f"did you mean {close}?" if close else f"known: {', '.join(known)}"
                    raise file.wrong(word, f"{fact} has no {part!r}", hint)
                found[fact] = replace(found[fact], **{part: _number(file, word, number)})
    return tuple(found.values())
