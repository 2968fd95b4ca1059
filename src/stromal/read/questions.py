"""The objectives of a draft: outcomes of the page as endpoints that can be computed, with their analyses.

Takes a Record, the Sheet and its Plan; fills objectives and analyses. An outcome that no declared fact measures stays
words: a comment above the section, and a finding. Used by `draft`.
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.read.conditions import fact_name, fact_row
from stromal.read.phrases import pattern
from stromal.read.plan import Plan
from stromal.read.record import Fields, Record, Statement
from stromal.read.sheet import Sheet, printable
from stromal.read.vocabulary import MEASURES, Term, terms_in

_FREE = pattern(r"\bfree(?:dom)?\s+(?:from|of)\b|\bwithout\b|\babsence\s+of\b")
_SAFETY = pattern(r"\b(?:safe(?:ty)?|toxicit\w+|tolera\w+|adverse|side[\s-]effects?)\b")
_SLOPE = pattern(r"\b(?:slope|rate\s+of\s+(?:change|decline|progression)|progression\s+rate)\b")
_TERMS = {term.name: term for term in MEASURES}


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """An endpoint with the method that fits it and whom it counts."""

    name: str
    formula: str
    method: str
    population: str


def _events(text: str, plan: Plan) -> _Endpoint:
    until = f"from {plan.first} until {plan.last}"
    if _FREE.search(text):
        formula = f"count(adverse_event where related, {until}) = 0"
        return _Endpoint("freedom", formula, "proportion", f"done({plan.first}) and done({plan.last})")
    return _Endpoint("safety", f"count(adverse_event {until})", "adverse_events", f"done({plan.first})")


def _measured(term: Term, text: str, plan: Plan) -> _Endpoint | None:
    """The endpoint of a measure: a difference of slopes where there is a run-in, else the change from screening."""
    row = fact_row(term)
    if row["kind"] not in ("number", "score") or fact_name(term) not in plan.measured:
        return None
    name = fact_name(term)
    if _SLOPE.search(text):
        if not plan.run_in:
            return None
        formula = f"slope({name}, per month) in [treatment, follow_up] - slope({name}, per month) in run_in"
        counted = f"count({name} in run_in) >= 2 and count({name} in [treatment, follow_up]) >= 2"
        return _Endpoint(name, formula, "slope_difference", f"done({plan.first}) and {counted}")
    formula = f"change({name}, from screening) at {plan.last}"
    return _Endpoint(name, formula, "change", f"done({plan.first}) and done({plan.last})")


def _endpoint(text: str, plan: Plan) -> _Endpoint | None:
    terms = [term for _, _, term in terms_in(text) if term.name != "adverse_event"]
    for term in terms:
        found = _measured(term, text, plan)
        if found:
            return found
    return _events(text, plan) if not terms and _SAFETY.search(text) else None


def _add(sheet: Sheet, endpoint: _Endpoint, rank: str, says: str, src: list[str]) -> None:
    known = sheet.sections["objectives"]
    name = endpoint.name
    while name in known:
        stem, _, number = name.rpartition("_")
        name = f"{stem}_{int(number) + 1}" if number.isdigit() and stem else f"{name}_2"
    known[name] = {"rank": rank, "says": printable(says), "endpoint": endpoint.formula, "src": src}
    sheet.sections["analyses"][name] = {"of": name, "method": endpoint.method, "population": endpoint.population}


def _outcomes(statement: Statement | None) -> tuple[str, ...]:
    values = statement.value if statement and isinstance(statement.value, tuple) else ()
    return tuple(str(value.get("measure")) for value in values if isinstance(value, Fields))


def _declared(record: Record, sheet: Sheet, plan: Plan) -> None:
    for name, rank in (("primary_outcome", "primary"), ("secondary_outcomes", "secondary")):
        statement = record.statement(name)
        for number, text in enumerate(_outcomes(statement)):
            endpoint = _endpoint(text, plan)
            src = sheet.stated(statement) if statement else []
            if endpoint:
                _add(sheet, endpoint, rank, text, src)
                continue
            places = (statement.places[number : number + 1] or statement.places[:1]) if statement else ()
            sheet.note("objectives", f"{rank}, still words: {text}")
            message = f"the {rank} outcome “{text}” stays words: nothing declared measures it that way"
            hint = "declare what measures it, and write its endpoint"
            sheet.found("draft.outcome_words", "note", message, *places, hint=hint)


def _compared(record: Record, sheet: Sheet, plan: Plan) -> None:
    """Slopes on study against the run-in, where a sentence says that they are compared."""
    statement = record.statement("analysis")
    if statement is None or not isinstance(statement.value, Fields) or not plan.run_in:
        return
    names = statement.value.get("of")
    if statement.value.get("against") != "run-in" or not isinstance(names, tuple):
        return
    for name in names:
        endpoint = _measured(_TERMS[str(name)], "slope", plan)
        if endpoint:
            says = f"Does {_TERMS[str(name)].words} change otherwise on study than in the run-in?"
            _add(sheet, endpoint, "secondary", says, sheet.stated(statement))


def objectives(record: Record, sheet: Sheet, plan: Plan) -> None:
    """Objectives and analyses; safety where the page declares nothing but speaks of it."""
    _declared(record, sheet, plan)
    _compared(record, sheet, plan)
    ranks = [row.get("rank") for row in sheet.sections["objectives"].values() if isinstance(row, dict)]
    speaking = next((i for i in record.items("title", "summary", "description") if _SAFETY.search(i.text)), None)
    if "primary" in ranks or speaking is None:
        return
    place = speaking.place.quoting(speaking.text)
    _add(sheet, _events("safety", plan), "primary", "Is it safe?", [sheet.source("aim", place)])
    name = next(reversed(sheet.sections["objectives"]))
    says = "the page speaks of safety and declares no primary outcome that can be computed"
    sheet.assume(f"objectives.{name}", says)
