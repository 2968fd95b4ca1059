"""Protocol -> file -> the same protocol; the formatter; the schema; and that no file makes `load` raise."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expressions import CONDITIONS, DURATIONS, SCOPE, SIDES
from five_files import NAMES, TEXTS, protocol
from stromal.protocol import model as m
from stromal.protocol import tree as t
from stromal.protocol.file import dump, fmt, load
from stromal.protocol.language import Scope, parse
from stromal.protocol.nodes import yaml
from stromal.protocol.shape import schema
from stromal.protocol.syntax import Misread
from stromal.protocol.writing import write
from stromal.values import Quantity

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


# ---------------------------------------------------------------- the five


@pytest.mark.parametrize("name", NAMES)
def test_the_five_load_without_a_finding(name: str) -> None:
    """Every protocol the product ships is read without an error or a warning."""
    assert load(TEXTS[name], name).findings == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_five_come_back_from_their_dump(name: str) -> None:
    """Dumping and loading gives the same protocol."""
    assert load(dump(protocol(name))).require() == protocol(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_five_are_canonical(name: str) -> None:
    """The formatter finds nothing to change in the files the product ships."""
    assert fmt(TEXTS[name]) == TEXTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_dump_is_canonical(name: str) -> None:
    """The formatter finds nothing to change in a dump."""
    assert fmt(dump(protocol(name))) == dump(protocol(name))


# ---------------------------------------------------------------- made-up protocols

_WORDS = st.text("abc XYZ:#-'\"{}[],&*!|>%@`0159", min_size=1, max_size=20).map(lambda text: " ".join(text.split()))
_SAYS = _WORDS.filter(bool)
_MAYBE = st.just("") | _SAYS
_BASE = protocol("NCT04821479")
_LIMITS = st.integers(0, 400).map(Fraction)


def _spans(low: int = 0) -> st.SearchStrategy[tuple[Fraction, Fraction]]:
    return st.tuples(st.integers(low, 50), st.integers(0, 100)).map(lambda s: (Fraction(s[0]), Fraction(s[0] + s[1])))


@st.composite
def _visits(draw: st.DrawFn, visit: m.Visit) -> m.Visit:
    """The visit at another time, with other leeway and another condition."""
    anchor, side = t.Anchor("screening"), draw(SIDES)
    low = draw(DURATIONS)
    high = replace(low, count=low.count + draw(st.integers(0, 5)))
    offset = m.Offset(low, high, side, anchor)
    ends: list[t.Anchor | m.Offset] = [t.Anchor("injection_1"), t.Anchor("injection", "last"), offset]
    series = m.Series(low, anchor, draw(st.sampled_from(ends)))
    times: list[m.When] = [m.DayZero(), offset, m.Timeframe(low, side, anchor), series]
    leeway = draw(DURATIONS)
    early = replace(leeway, count=draw(st.sampled_from([leeway.count, 0, 7])))
    both_none = not early.count and not leeway.count
    window = (m.NO_TIME, m.NO_TIME) if both_none else (early, leeway)
    condition = draw(st.none() | st.sampled_from(_conditions()))
    return replace(
        visit, when=draw(st.sampled_from(times)), early=window[0], late=window[1], condition=condition,
        says=draw(_MAYBE), epoch=draw(st.sampled_from(["", "run_in", "treatment", "follow_up"])),
    )  # fmt: skip


def _conditions() -> list[t.Expr]:
    toxic, done = t.Ref("unacceptable_toxicity"), t.Done("screening")
    return [
        toxic,
        t.Not(toxic),
        t.All((done, t.Not(toxic))),
        t.All((t.All((done, toxic)), t.Not(done))),
        t.Any((toxic, done)),
    ]


@st.composite
def _doses(draw: st.DrawFn) -> m.Dose:
    amount = Quantity(Fraction(draw(st.integers(1, 10**9))), "cells")
    ladder = draw(st.booleans())
    per_kg = not ladder and draw(st.booleans())
    weight = m.Weight("weight", draw(st.sampled_from(["", "screening"]))) if per_kg else None
    return m.Dose(
        "injection", "msc", replace(amount, unit="cells/kg") if per_kg else amount, weight,
        draw(st.none() | _LIMITS), (amount, replace(amount, value=amount.value * 2)) if ladder else (),
        "adjust_dose" if ladder else "", draw(st.none() | _spans(1)), draw(st.none() | _LIMITS), draw(_MAYBE),
        draw(st.none() | _spans(1)), draw(_MAYBE), draw(st.sampled_from([(), ("injection",), ("injection", "arm")])),
    )  # fmt: skip


@st.composite
def _rules(draw: st.DrawFn) -> dict[str, m.Rule]:
    rows = st.builds(m.Row, st.sampled_from(_conditions()), st.sampled_from(m.ADJUSTMENTS))
    table = m.Table(
        "adjust_dose", tuple(draw(st.lists(rows, min_size=1, max_size=3))),
        draw(st.none() | st.sampled_from(m.ADJUSTMENTS)), draw(_MAYBE),
    )  # fmt: skip
    hold = m.Hold(
        "held", draw(st.sampled_from(["participant", "trial"])), t.Ref("unacceptable_toxicity"),
        tuple(draw(st.lists(st.sampled_from(m.ROLES), max_size=3, unique=True))), "", draw(_MAYBE),
    )  # fmt: skip
    of_dose = replace(hold, name="dose_held", level="dose", dose="injection")
    return {"adjust_dose": table, "held": hold, "dose_held": of_dose}


@st.composite
def protocols(draw: st.DrawFn) -> m.Protocol:
    """The second trial with every section changed in every way the file can write."""
    base = _BASE
    visits = {name: draw(_visits(visit)) for name, visit in list(base.schedule.items())[:4]}
    fact = m.Fact(
        "made_up", "number", draw(_MAYBE), draw(st.sampled_from(["", "g/dL", "10*9/L", "%"])), Fraction(1),
        draw(_LIMITS) + 1, instrument=draw(_MAYBE), by=draw(_MAYBE), code=draw(_MAYBE),
    )  # fmt: skip
    assumption = m.Assumption("population.age", draw(_SAYS), draw(_MAYBE))
    criteria = tuple(replace(c, says=draw(_SAYS), include=draw(st.booleans())) for c in base.population.criteria)
    ordered = tuple(sorted(criteria, key=lambda c: not c.include))
    day = draw(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
    return replace(
        base,
        trial=replace(base.trial, title=draw(_SAYS), phase=draw(_SAYS), planned=draw(st.integers(0, 9999))),
        version=m.Version(draw(st.integers(1, 99)), day, draw(_MAYBE), draw(st.sampled_from([(), ("arm",)]))),
        population=replace(base.population, criteria=ordered, sex=draw(st.sampled_from(["any", "female", "male"]))),
        assumed={"population.age": assumption},
        facts={**base.facts, "made_up": fact},
        doses={"injection": draw(_doses())},
        rules={**base.rules, **draw(_rules())},
        schedule={**base.schedule, **visits},
    )


@given(protocols())
@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
def test_made_up_protocols_come_back(made: m.Protocol) -> None:
    """Whatever a protocol holds, its dump is read back to the same protocol."""
    loaded = load(dump(made))
    assert loaded.findings == ()
    assert loaded.protocol == made


@given(protocols())
@settings(max_examples=20, deadline=None, suppress_health_check=_SLOW)
def test_the_formatter_is_idempotent(made: m.Protocol) -> None:
    """Formatting what is formatted changes nothing, and the protocol stays the same."""
    once = fmt(dump(made))
    assert fmt(once) == once
    assert load(once).protocol == made


@given(CONDITIONS)
@settings(max_examples=30, deadline=None, suppress_health_check=_SLOW)
def test_any_condition_survives_a_file(condition: t.Expr) -> None:
    """A condition of any shape is the same after it went through a file."""
    made = _with_rule(condition)
    assert load(dump(made)).protocol == made


def _with_rule(condition: t.Expr) -> m.Protocol:
    """A protocol with the names of the generated expressions, and one rule."""
    facts = {
        name: m.Fact(name, fact.kind, "", fact.unit, options=fact.options, members=("signs",) * (fact.kind == "group"))
        for name, fact in SCOPE.facts.items()
        if name not in m.BUILT_IN
    }
    visits = {name: m.Visit(name, m.DayZero(), stem=_stem(name)) for name in sorted(SCOPE.visits)}
    for name, epoch in zip(sorted(visits), sorted(SCOPE.epochs), strict=False):
        visits[name] = replace(visits[name], epoch=epoch)
    always = t.Done("screening")
    base = load(_SMALL).require()
    return replace(
        base,
        facts={**base.facts, **facts},
        products={"msc": m.Product("msc", "cells", "patient")},
        doses={"cells": m.Dose("cells", "msc", Quantity(Fraction(10**6), "cells"))},
        schedule=visits,
        rules={
            "toxicity": m.Predicate("toxicity", always), "severe": m.Predicate("severe", always),
            "made_up": m.Predicate("made_up", condition),
        },
    )  # fmt: skip


def _stem(name: str) -> str:
    head, _, number = name.rpartition("_")
    return head if number.isdigit() else name


_SMALL = """\
stromal: 1
trial: {id: x, title: x, sponsor: x, phase: x, design: x, planned: 1}
version: {number: 1, effective: 2020-01-01}
population: {condition: x}
facts:
  weight: {kind: number, unit: kg}
schedule:
  screening: {at: day 0}
"""


# ---------------------------------------------------------------- what nobody meant


_JUNK = st.sampled_from(
    [
        "", "[]", "{}", "{a: b}", "[a, b]", "- x", "null", "no", "3", "2020-13-45", "'", '"', "&a", "*a", "<<: *a",
        "!!x y", "!!int x", "!!float x", "99999999999999999999", "\t", "%", "|", ">", "x: y: z", "..", "5..2", "every",
        "1e999999999", "- {when: f(a, 30 d)}", "é\u2028", "? x",
    ]
)  # fmt: skip


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    """One of the five files with a few lines damaged, dropped, moved or said twice."""
    lines = TEXTS[draw(st.sampled_from(NAMES))].splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        head, colon, _ = lines[at].partition(":")
        kind = draw(st.sampled_from(["drop", "twice", "swap", "value", "key", "indent", "junk"]))
        match kind:
            case "drop":
                del lines[at]
            case "twice":
                lines.insert(other, lines[at])
            case "swap":
                lines[at], lines[other] = lines[other], lines[at]
            case "value":
                lines[at] = f"{head}{colon} {draw(_JUNK)}"
            case "key":
                lines[at] = lines[at].replace(":", "x:", 1)
            case "indent":
                lines[at] = "  " + lines[at]
            case _:
                lines.insert(at, draw(_JUNK))
    return "\n".join(lines)


@given(_damaged())
@settings(max_examples=150, deadline=None, suppress_health_check=_SLOW)
def test_loading_never_raises(text: str) -> None:
    """A damaged file gives a protocol or findings with places and hints, and never an exception."""
    loaded = load(text, "damaged.yaml")
    assert (loaded.protocol is None) == any(finding.severity == "error" for finding in loaded.findings)
    for finding in loaded.findings:
        assert finding.code
        assert finding.hint
        assert finding.places[0].file == "damaged.yaml"


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_loading_anything_at_all_never_raises(text: str) -> None:
    """Text that is no protocol gives findings."""
    assert load(text).findings


# ---------------------------------------------------------------- the schema for editors


def _as_json(value: Any) -> Any:
    """What an editor hands to a JSON Schema: dates are texts there."""
    if isinstance(value, dict):
        return {str(key): _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _tree_of(name: str) -> dict[str, Any]:
    made: dict[str, Any] = _as_json(yaml().load(TEXTS[name]))
    return made


_VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_is_a_schema() -> None:
    """The JSON Schema itself is valid."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_accepts_the_five(name: str) -> None:
    """An editor with the schema underlines nothing in the files the product ships."""
    assert list(_VALIDATOR.iter_errors(_tree_of(name))) == []


def _mappings(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path] if isinstance(value, dict) and path else []
    for key, inside in value.items() if isinstance(value, dict) else ():
        found += _mappings(inside, (*path, key))
    return found


_OPEN = {"sources", "assumed", "facts", "products", "doses", "schedule", "rules", "objectives", "analyses"}


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_refuses_unknown_keys(name: str) -> None:
    """A key that no section knows is refused wherever it stands, save where names are free."""
    original = _tree_of(name)
    for path in _mappings(original):
        if (path[-1] in _OPEN and len(path) == 1) or path[-1] in ("include", "exclude"):
            continue
        tree = deepcopy(original)
        node = tree
        for key in path:
            node = node[key]
        node["nonsense"] = "x"
        assert list(_VALIDATOR.iter_errors(tree)), f"nonsense was accepted in {'.'.join(path)}"


@pytest.mark.parametrize("section", ["stromal", "trial", "version", "population", "facts", "schedule"])
def test_the_schema_misses_what_is_required(section: str) -> None:
    """A file without a required section is refused."""
    tree = _tree_of("NCT04821479")
    del tree[section]
    assert list(_VALIDATOR.iter_errors(tree))


_AROUND = ("({})", "not {}", "not ({})", "if {} then done(a)", "done(b) and ({} or done(a))")


@given(st.integers(1, 400), st.sampled_from(_AROUND))
@settings(max_examples=80, deadline=None)
def test_a_condition_is_read_or_told_to_be_too_deep(times: int, around: str) -> None:
    """However a condition is nested: it is read, and written as what reads as the same tree; or it is refused with
    the number. The reader never runs out of stack.
    """
    scope, text = Scope(visits=frozenset({"a", "b"})), "done(a)"
    for _ in range(times):
        text = around.format(text)
    if times > 50:
        with pytest.raises(Misread, match=r"nested \d+ deep"):
            parse(text, scope)
    elif times < 20:
        read = parse(text, scope)
        assert parse(write(read), scope) == read
