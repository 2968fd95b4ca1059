"""The shape of a protocol file: which keys each section has, in which order, of which form, and what they mean.

One table says it: the loader checks keys against it, the formatter orders by it, the JSON Schema for editors and the
manual's tables are printed from it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from stromal.protocol import designs as d
from stromal.protocol.language import FactKind
from stromal.protocol.model import ADJUSTMENTS, Donor, HoldLevel, Method, Rank

FORMAT = 1
"""The version of the file format, written as `stromal: 1`."""

Form = (
    Literal["text", "whole", "date", "expression", "number expression", "name", "names", "choice", "lines", "rows"]
    | d.Form
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str
    form: Form
    says: str
    required: bool = False
    options: tuple[str, ...] = ()


_SAYS = Key("says", "text", "in plain words, as a person would read it")
_SRC = Key("src", "names", "the sources the entry rests on")


def _numbers(meanings: Mapping[str, d.Meaning], required: Container[str] = ()) -> tuple[Key, ...]:
    """The numbers of designs or boundaries as keys."""
    return tuple(
        Key(name, each.form, each.says, name in required, each.words) for name, each in meanings.items()
    )  # fmt: skip


SHAPES: Mapping[str, tuple[Key, ...]] = {
    "trial": (
        Key("id", "text", "registry number or other id", required=True),
        Key("title", "text", "what the trial is about", required=True),
        Key("sponsor", "text", "who is responsible", required=True),
        Key("phase", "text", "phase as registered, such as 1/2", required=True),
        Key("design", "text", "allocation, masking and purpose in words", required=True),
        Key("planned", "whole", "planned number of participants", required=True),
        _SRC,
    ),
    "version": (
        Key("number", "whole", "1 for the first", required=True),
        Key("effective", "date", "in force from this day on", required=True),
        Key("changes", "text", "what an amendment changes"),
        _SRC,
    ),
    "source": (
        Key("path", "text", "field of a record made of fields, in which the lines are counted"),
        Key("lines", "lines", "line or lines of the registry record, such as 45 or 28-30"),
        Key("says", "text", "what stands there, retold", required=True),
    ),
    "assumption": (
        Key("says", "text", "the reading taken, and the other one", required=True),
        Key("confirmed", "text", "who confirmed it, and when"),
    ),
    "population": (
        Key("condition", "text", "the disease", required=True),
        Key("sex", "choice", "who may take part", options=("any", "female", "male")),
        Key("age", "expression", "limits, such as 18..65 years at consent"),
        Key("include", "rows", "criteria that must hold"),
        Key("exclude", "rows", "criteria that must not hold"),
        _SRC,
    ),
    "criterion": (
        Key("says", "text", "the criterion in plain words", required=True),
        Key("when", "expression", "the condition", required=True),
        _SRC,
    ),
    "fact": (
        Key("kind", "choice", "what sort of thing is observed", required=True, options=get_args(FactKind)),
        Key("unit", "text", "UCUM unit of a number"),
        Key("range", "text", "plausible range in that unit, such as 25..200"),
        Key("of", "names", "options of a choice, or members of a group"),
        Key("instrument", "text", "instrument of a score"),
        Key("grading", "text", "grading of a log, such as CTCAE 5.0"),
        Key("by", "text", "criteria a diagnosis goes by"),
        Key("code", "text", "code in a public system, such as loinc 29463-7"),
        _SAYS,
        _SRC,
    ),
    "product": (
        Key("says", "text", "the product in plain words", required=True),
        Key("tissue", "text", "where the cells come from"),
        Key("donor", "choice", "whose cells they are", required=True, options=get_args(Donor)),
        Key("release", "names", "tests a lot must pass, such as viability >= 80 %"),
        _SRC,
    ),
    "dose": (
        Key("product", "name", "the product given", required=True),
        Key("amount", "text", "such as 1e6 cells/kg of weight at same visit"),
        Key("ladder", "text", "rungs from low to high, such as 1e7, 5e7, 1e8 cells"),
        Key("start", "text", "the rung of the first dose"),
        Key("adjust", "name", "the decision table that moves along the ladder"),
        Key("cap", "text", "highest weight that counts, such as 100 kg"),
        Key("volume", "text", "such as 3 mL or 5..10 mL"),
        Key("removed", "text", "volume removed first, such as 3 mL"),
        Key("route", "text", "such as intravenous"),
        Key("tolerance", "text", "delivered share of the prescription that is no deviation, such as 90..110 %"),
        _SAYS,
        _SRC,
    ),
    "visit": (
        Key("at", "text", "such as day 0, 14..21 days after infusion_1, every 2 months from a until b", required=True),
        Key("window", "text", "leeway, such as +-14 days or -3..+7 days"),
        Key("epoch", "text", "the stretch of the trial it belongs to"),
        Key("give", "name", "the dose given"),
        Key("if", "expression", "only if this holds"),
        Key("unless", "expression", "not if this holds"),
        Key("do", "names", "what is observed or done"),
        _SAYS,
        _SRC,
    ),
    "rule": (
        _SAYS,
        Key("hold", "choice", "what stops while the hold stands", options=get_args(HoldLevel)),
        Key("of", "name", "the dose that a hold of level dose stops"),
        Key("when", "expression", "the condition"),
        Key("choose", "rows", "rows of a decision table, the first that holds decides"),
        Key("otherwise", "choice", "what is decided when no row holds", options=ADJUSTMENTS),
        Key("release", "text", "who lifts a hold, such as signed by safety_committee"),
        Key("declares", "text", "what follows for the trial once the condition holds"),
        _SRC,
    ),
    "design": (
        _SAYS,
        Key("design", "choice", "how the next level is found", required=True, options=tuple(d.DESIGNS)),
        Key("of", "name", "the dose whose ladder it climbs", required=True),
        Key("toxicity", "expression", "what a dose-limiting toxicity of a participant is", required=True),
        Key("window", "text", "how long a participant is watched for it, such as 28 days"),
        Key("seen", "expression", "or the condition that ends the watching, such as done(month_1)"),
        *_numbers(d.MEANINGS),
        _SRC,
    ),
    "boundary": (
        _SAYS,
        Key("hold", "choice", "what stops while the hold stands", required=True, options=get_args(HoldLevel)),
        Key("of", "name", "the dose whose participants are counted, and that a hold of level dose stops"),
        Key(
            "boundary", "choice", "which boundary the events may not reach", required=True, options=tuple(d.BOUNDARIES)
        ),
        Key("events", "expression", "what an event of a participant is", required=True),
        *_numbers(d.BOUNDARY_MEANINGS, ("limit", "people", "level")),
        Key("release", "text", "who lifts a hold, such as signed by safety_committee"),
        _SRC,
    ),
    "row": (
        Key("when", "expression", "the condition of the row", required=True),
        Key("then", "choice", "what is decided", required=True, options=ADJUSTMENTS),
    ),
    "objective": (
        Key("rank", "choice", "how much hangs on it", required=True, options=get_args(Rank)),
        Key("says", "text", "the question in plain words", required=True),
        Key("endpoint", "number expression", "what is measured", required=True),
        _SRC,
    ),
    "analysis": (
        Key("of", "name", "the objective analysed", required=True),
        Key("method", "choice", "how", required=True, options=get_args(Method)),
        Key("population", "expression", "in whom"),
        Key("estimand", "text", "what is estimated, and how events in between count"),
        _SAYS,
        _SRC,
    ),
}

SECTIONS: Mapping[str, tuple[str, bool, str]] = {
    "trial": ("trial", False, "who runs what, on how many people"),
    "version": ("version", False, "which version, in force from when"),
    "sources": ("source", True, "the lines of the registry record that values rest on"),
    "assumed": ("assumption", True, "what the record does not say, until a person confirms it"),
    "population": ("population", False, "who may take part"),
    "facts": ("fact", True, "the data dictionary: everything that may be observed"),
    "products": ("product", True, "the cell products and what a lot must pass"),
    "doses": ("dose", True, "how many cells, in what volume, by what route"),
    "schedule": ("visit", True, "visits, their windows, what is done and given"),
    "rules": ("rule", True, "predicates, decision tables, holds and designs"),
    "objectives": ("objective", True, "what the trial wants to know"),
    "analyses": ("analysis", True, "how the endpoints are analysed"),
}
"""Section -> (shape of it or of its entries, whether it holds named entries, what it is for)."""

REQUIRED = ("trial", "version", "population", "facts", "schedule")


def shape_of(shape: str, entry: Container[object]) -> str:
    """The shape of an entry: a rule that names a design or a boundary has other keys than the rest."""
    if shape != "rule":
        return shape
    return "design" if "design" in entry else "boundary" if "boundary" in entry else shape


def keys(shape: str) -> tuple[str, ...]:
    """The keys of a shape in canonical order."""
    return tuple(key.name for key in SHAPES[shape])


def _form_schema(key: Key) -> dict[str, object]:
    if key.form == "choice":
        return {"enum": list(key.options)}
    if key.form == "whole":
        return {"type": "integer", "minimum": 0}
    if key.form == "date":
        return {"type": "string", "format": "date"}
    if key.form == "names":
        listed = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [{"type": "string"}, listed]}
    if key.form == "lines":
        return {"type": ["integer", "string", "array"]}
    return {**_NUMBER_FORMS[key.form]} if key.form in _NUMBER_FORMS else {"type": ["string", "number"]}


_NUMBER_FORMS: Mapping[str, Mapping[str, object]] = {
    "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "number": {"type": "number"},
    "count": {"type": "integer", "minimum": 0},
    "days": {"type": "number", "minimum": 0},
    "yes_no": {"enum": ["yes", "no", True, False]},
    "word": {"type": "string"},
    "series": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}}]},
}
"""How the numbers of designs are written, for editors."""


def _shape_schema(shape: str) -> dict[str, object]:
    properties: dict[str, object] = {}
    for key in SHAPES[shape]:
        body = _form_schema(key)
        if key.form == "rows":
            inner = _shape_schema("row" if key.name == "choose" else "criterion")
            body = {"type": "array", "items": inner} if key.name == "choose" else _named(inner)
        properties[key.name] = {**body, "description": key.says}
    required = [key.name for key in SHAPES[shape] if key.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _named(inner: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": inner}


def schema() -> dict[str, object]:
    """JSON Schema (2020-12) of a protocol file, for editors; the loader says more, and says it better."""
    properties: dict[str, object] = {"stromal": {"const": FORMAT, "description": "version of the file format"}}
    for name, (shape, named, says) in SECTIONS.items():
        inner = _shape_schema(shape)
        if shape == "rule":
            inner = {"anyOf": [inner, *(_shape_schema(each) for each in ("design", "boundary"))]}
        if shape == "assumption":
            inner = {"anyOf": [{"type": "string"}, inner]}
        properties[name] = {**(_named(inner) if named else inner), "description": says}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stromal protocol",
        "type": "object",
        "properties": properties,
        "required": ["stromal", *REQUIRED],
        "additionalProperties": False,
    }


READING_CODES: Mapping[str, str] = {
    "file.binary": "the file is not text",
    "file.empty": "the file holds nothing",
    "file.shape": "the file is no mapping of sections",
    "file.size": "the file is longer than any protocol",
    "file.format": "the first line does not say a format this version reads",
    "yaml.syntax": "the text is not YAML: indentation, a colon, a quotation mark, a tab",
    "yaml.depth": "the text is nested deeper than anybody needs",
    "yaml.alias": "the file refers to itself more often than anybody needs",
    "yaml.duplicate": "a key stands twice in one mapping",
    "section.unknown": "no section has this name",
    "section.missing": "a section that every protocol needs is not there",
    "key.unknown": "the section has no such key",
    "key.missing": "a key that the entry needs is not there",
    "kind.text": "a text is needed here",
    "kind.whole": "a whole number is needed here",
    "kind.date": "a day of the calendar is needed here",
    "date.far": "a day lies in a year in which no trial can run",
    "kind.lines": "line numbers are needed here",
    "kind.entries": "named entries are needed here",
    "kind.entry": "an entry holds keys",
    "kind.rows": "a decision table is a list of rows",
    "kind.row": "a row holds when and then",
    "kind.clash": "two things of different kinds meet in an expression",
    "choice.unknown": "the value is none of the options",
    "notation": "a small notation cannot be read",
    "range.order": "a range runs backwards, or a repeat is too long",
    "name.unknown": "nothing of this name is declared",
    "name.form": "a name is a reserved word or not written in small letters",
    "name.identifier": "the id of the trial holds what no identifier has",
    "name.twice": "one name stands for two things",
    "path.unknown": "an assumption names something that is not in the file",
    "fact.options": "a choice or a group lists nothing",
    "fact.built_in": "the fact is there in every protocol",
    "dose.amount": "a dose says no amount",
    "design.number": "a design or a boundary takes no such number, or not this one",
    "unit.unknown": "this is no unit of UCUM",
    "unit.missing": "a number needs its unit",
    "unit.clash": "two things that measure something else are compared",
    "rule.cycle": "a rule rests on itself",
    "flow.expression": "an expression stands in braces, where YAML cuts it at commas",
    "expression.syntax": "an expression cannot be read",
    "expression.depth": "an expression is nested deeper than anybody can read",
    "time.unit": "a length of time is needed here",
    "window.twice": "there is one window too many",
    "window.range": "a range of numbers stands where a window belongs",
    "window.misplaced": "what stands before takes no such window",
    "window.epoch": "events and episodes have days and no visits, so no epoch holds them",
    "where.kind": "only adverse events and participants are asked with where",
}
"""Code -> what it means, of the findings of the loader; all of them are errors."""
