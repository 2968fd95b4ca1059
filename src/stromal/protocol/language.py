"""The expression language: text -> typed tree, checked for names, kinds and units; and the tree back to text.

Takes one expression and the scope of names it may use; gives a tree (`tree.py`) and findings. No `eval`, no
undeclared names. Used by every section of a protocol file (step 3 of the walk).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, cast

from stromal.protocol import tree as t
from stromal.protocol.syntax import Misread, Name, Numeral, Range, Windowed, length_of, read
from stromal.protocol.writing import write
from stromal.values import Duration, Quantity, duration_unit, exact, nearest, unit_or_none

Kind = Literal["truth", "number", "choice", "length", "date", "text"]
FactKind = Literal["number", "score", "choice", "yes_no", "date", "episode", "log", "group", "assessment", "specimen"]

RESERVED = frozenset(
    [
        "if",
        "then",
        "or",
        "and",
        "not",
        "no",
        "unchanged",
        "for",
        "before",
        "by",
        "judged",
        "asked",
        "minus",
        "plus",
        "time",
        "since",
        "done",
        "count",
        "where",
        "slope",
        "per",
        "change",
        "from",
        "ever",
        "ongoing",
        "at",
        "latest",
        "after",
        "within",
        "until",
        "in",
        "first",
        "last",
        "previous",
        "max",
        "min",
        "age",
        "onset",
        "participants",
        "dose",
        "now",
        "consent",
        "enrolment",
    ]
)
"""Words no fact, visit or rule may be called."""

AE_FIELDS: Mapping[str, Kind] = {
    "grade": "number",
    "term": "text",
    "related": "truth",
    "serious": "truth",
    "expected": "truth",
    "resolved": "truth",
}
"""What a `where` may ask about an adverse event."""

_COUNTED: tuple[FactKind, ...] = ("log", "episode", "number", "score", "choice")


@dataclass(frozen=True, slots=True)
class FactName:
    """What the language must know of a declared fact."""

    kind: FactKind
    unit: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression may use. `stems` are repeated visits, `roles` those who may judge."""

    facts: Mapping[str, FactName] = field(default_factory=dict)
    rules: frozenset[str] = frozenset()
    visits: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    doses: frozenset[str] = frozenset()
    epochs: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


# ---------------------------------------------------------------- names, kinds, units


def parse(text: str, scope: Scope, expect: Kind | Literal["any"] = "truth") -> t.Expr:
    """Read one expression of the expected kind. Raises Misread with a code, a message and the next step."""
    resolver = _Resolver(scope)
    expr = resolver.resolve(read(text))
    kind = resolver.kind(expr)
    if expect not in ("any", kind):
        wanted = {"truth": "a condition that is true or false", "number": "a number"}.get(expect, f"a {expect}")
        raise Misread(
            "kind.clash",
            f"{write(expr)!r} is a {kind}, but {wanted} is needed here",
            "compare it with something",
        )
    return expr


@dataclass(slots=True)
class _Resolver:
    """Looks every name up in the scope and proves that kinds and units agree."""

    scope: Scope
    inside: str = ""

    def resolve(self, raw: object) -> t.Expr:
        match raw:
            case t.If(condition, then):
                return t.If(self.truth(condition), self.truth(then))
            case t.Any(items):
                return t.Any(tuple(self.truth(item) for item in items))
            case t.All(items):
                return t.All(tuple(self.truth(item) for item in items))
            case t.Not(item):
                return t.Not(self.truth(item))
            case t.Compare():
                return self.compare(raw)
            case t.Arithmetic(op, left, right):
                first, second = self.numeric(left), self.numeric(right)
                self.same_measure(first, second)
                return t.Arithmetic(op, first, second)
            case Windowed(item, windows):
                return self.windowed(item, windows)
            case Name(name):
                return self.named(name)
            case Numeral():
                return self.numeral(raw)
            case _:
                return self.term(raw)

    def term(self, raw: object) -> t.Expr:
        match raw:
            case t.Count(of, where, window):
                return self.counted(t.Count(of, None, self.window(window)), where)
            case t.Extreme(which, name, of, where, window):
                if AE_FIELDS.get(name) != "number":
                    raise self.unknown("field", name, [key for key, kind in AE_FIELDS.items() if kind == "number"])
                return self.counted(t.Extreme(which, name, of, None, self.window(window)), where)
            case t.Slope() | t.Change() | t.TimeSince() | t.Unchanged():
                self.declared(raw)
            case t.Done(visit):
                if visit not in self.scope.visits:
                    raise self.unknown("visit", visit, self.scope.visits)
            case t.Judged(_, by):
                if by not in self.scope.roles:
                    raise self.unknown("role", by, self.scope.roles)
        return cast(t.Expr, raw)

    def declared(self, term: t.Slope | t.Change | t.TimeSince | t.Unchanged) -> None:
        """The fact of a term is declared with a fitting kind, and its anchors exist."""
        numeric = isinstance(term, t.Slope | t.Change)
        kinds: tuple[FactKind, ...] = ("number", "score") if numeric else ("episode",)
        self.fact(term.fact, *kinds, *(("date",) if isinstance(term, t.TimeSince) else ()))
        for anchor in t.anchors(term):
            self.anchor(anchor)

    def counted(self, counted: t.Count | t.Extreme, where: t.Expr | None) -> t.Expr:
        of = counted.of
        if of == t.PARTICIPANTS:
            self.people(counted)
        else:
            logged: tuple[FactKind, ...] = ("log",)
            self.fact(of, *logged if isinstance(counted, t.Extreme) else _COUNTED)
            kind = self.scope.facts[of].kind
            if where is not None and kind != "log":
                raise Misread(
                    "where.kind", f"'where' asks about adverse events or participants, not {of}", "use a window"
                )
            if kind in ("log", "episode"):
                self.by_days(counted.window)
        inside = _Resolver(self.scope, "" if of == t.PARTICIPANTS else "log")
        return replace(counted, where=None if where is None else inside.truth(where))

    def people(self, counted: t.Count | t.Extreme) -> None:
        if isinstance(counted, t.Extreme):
            raise Misread("kind.clash", "participants have no grade", "count the participants where ...")
        if counted.window is not None:
            raise Misread("window.misplaced", "participants take no window", "put the window behind 'where'")

    def truth(self, raw: object) -> t.Expr:
        expr = self.resolve(raw)
        if self.kind(expr) != "truth":
            raise Misread("kind.clash", f"{write(expr)!r} is not true or false", "compare it with something")
        return expr

    def numeric(self, raw: object) -> t.Expr:
        return self.number(self.resolve(raw))

    def number(self, expr: t.Expr) -> t.Expr:
        kind = self.kind(expr)
        if kind != "number":
            hint = "write the fact first, then the length of time" if kind == "length" else "numbers go with numbers"
            raise Misread("kind.clash", f"{write(expr)!r} is {_a(kind)}, but a number is needed here", hint)
        return expr

    def named(self, name: str, window: t.WindowSpec | None = None) -> t.Expr:
        if self.inside == "log" and name in AE_FIELDS:
            return t.Field(name)
        if name == "age":
            return t.Age()
        if name in self.scope.facts:
            fact = self.scope.facts[name]
            if fact.kind == "episode":
                self.by_days(window)
            if fact.kind in ("episode", "yes_no"):
                return t.Happened(name, window)
            self.fact(name, "number", "score", "choice", "date")
            return t.FactValue(name, window)
        if name in self.scope.rules and window is None:
            return t.Ref(name)
        raise self.unknown("name", name, {*self.scope.facts, *self.scope.rules, "age"})

    def windowed(self, raw: object, windows: tuple[object, ...]) -> t.Expr:
        ranges = [each for each in windows if isinstance(each, Range)]
        if ranges:
            others = tuple(each for each in windows if each is not ranges[0])
            return self.between(self.resolve(Windowed(raw, others) if others else raw), ranges[0])
        first, *rest = windows
        if isinstance(first, t.InEpochs) and self.is_choice(raw):
            return self.one_of(self.measured(Windowed(raw, tuple(rest)) if rest else raw), first.names)
        if rest and isinstance(raw, t.TimeSince | Name):
            raise Misread("window.twice", "one window is enough here", "keep the one that is meant")
        return self.placed(raw, self.window(cast(t.WindowSpec, first)))

    def placed(self, raw: object, window: t.WindowSpec | None) -> t.Expr:
        """A term put into its window."""
        match raw, window:
            case Name("age"), t.At(anchor):
                return t.Age(anchor)
            case Name("onset"), _ if self.inside == "log" and window is not None:
                self.by_days(window)
                return t.Onset(window)
            case Name(name), _:
                return self.named(name, window)
            case t.TimeSince(fact, which), t.At(anchor):
                return self.term(t.TimeSince(fact, which, anchor))
            case t.Slope(fact, per), _:
                return self.term(t.Slope(fact, per, window))
            case t.Change(fact, base), t.At(anchor):
                return self.term(t.Change(fact, base, anchor))
            case _:
                raise Misread(
                    "window.misplaced",
                    f"{write(self.resolve(raw))!r} takes no such window",
                    "drop the window",
                )

    def measured(self, raw: object) -> t.Expr:
        """The left side of a comparison: `in` behind a choice names epochs here, not options."""
        if isinstance(raw, Windowed) and self.is_choice(raw.item) and len(raw.windows) == 1:
            return self.placed(raw.item, self.window(cast(t.WindowSpec, raw.windows[0])))
        return self.resolve(raw)

    def trailing(self, left: object, right: object) -> tuple[object, object]:
        """`alsfrs_r >= 15 at screening`: a window behind a literal belongs to what is compared with it."""
        if not isinstance(right, Windowed) or isinstance(left, Windowed):
            return left, right
        item = right.item
        literal = item.name not in self.scope.facts and item.name != "age" if isinstance(item, Name) else False
        if literal or isinstance(item, Numeral | t.Text):
            return Windowed(left, right.windows), item
        return left, right

    def is_choice(self, raw: object) -> bool:
        return isinstance(raw, Name) and raw.name in self.scope.facts and self.scope.facts[raw.name].kind == "choice"

    def compare(self, raw: t.Compare) -> t.Expr:
        before, written = self.trailing(raw.left, raw.right)
        left = self.measured(before)
        match left:
            case t.FactValue(fact) if self.scope.facts[fact].kind == "choice":
                if not isinstance(written, Name) or raw.op not in ("=", "!="):
                    raise Misread(
                        "kind.clash",
                        f"{fact} is a choice",
                        f"write {fact} = {self.scope.facts[fact].options[0]}",
                    )
                one = self.one_of(left, (written.name,))
                return t.Not(one) if raw.op == "!=" else one
            case t.Field("term"):
                if not isinstance(written, t.Text) or raw.op not in ("=", "!="):
                    raise Misread("kind.clash", "a term is text", 'write term = "Headache"')
                return t.Compare(raw.op, left, written)
            case t.TimeSince():
                return t.Compare(raw.op, left, t.Length(self.length(written)))
            case t.Age():
                return t.Compare(raw.op, left, self.years(written))
        right = self.numeric(written)
        self.same_measure(left, right)
        return t.Compare(raw.op, left, right)

    def length(self, raw: object) -> Duration:
        if not isinstance(raw, Numeral):
            raise Misread("kind.clash", "a time is compared with a length of time", "write for example > 2 years")
        return length_of(raw.value, raw.unit)

    def years(self, raw: object) -> t.Number:
        if not isinstance(raw, Numeral) or duration_unit(raw.unit) != "year":
            raise Misread(
                "unit.missing",
                "an age is compared with years",
                "write for example age >= 18 years at consent",
            )
        return t.Number(Quantity(exact(raw.value), "a"))

    def numeral(self, raw: Numeral) -> t.Expr:
        if duration_unit(raw.unit) and raw.unit not in ("d", "a", "mo", "wk"):
            return t.Length(length_of(raw.value, raw.unit))
        if unit_or_none(raw.unit) is None:
            raise Misread(
                "unit.unknown",
                f"{raw.unit!r} is not a unit",
                "units are written as in UCUM: g/dL, 10*9/L, mm[Hg]",
            )
        return t.Number(Quantity(exact(raw.value), raw.unit))

    def between(self, item: t.Expr, span: Range) -> t.Expr:
        low, high = exact(span.low), exact(span.high)
        if low > high:
            raise Misread("range.order", f"{span.low}..{span.high} runs backwards", "write the smaller number first")
        if isinstance(item, t.Age):
            self.years(Numeral(span.low, span.unit))
            return t.Between(item, low, high, "a")
        self.same_measure(item, self.number(self.numeral(Numeral(span.low, span.unit))))
        return t.Between(item, low, high, span.unit)

    def one_of(self, item: t.Expr, names: tuple[str, ...]) -> t.Expr:
        fact = item.fact if isinstance(item, t.FactValue) else ""
        options = self.scope.facts[fact].options if fact else ()
        for name in names:
            if name not in options:
                raise self.unknown(f"option of {fact}", name, options)
        return t.OneOf(item, names)

    def same_measure(self, left: t.Expr, right: t.Expr) -> None:
        self.number(left)
        mine, theirs = self.measure(left), self.measure(right)
        if mine is None or theirs is None:
            return
        first, second = unit_or_none(mine), unit_or_none(theirs)
        if (first and second and first.dimension != second.dimension) or (mine == "%") != (theirs == "%"):
            written = theirs or "a number without a unit"
            raise Misread("unit.clash" if theirs else "unit.missing",
                          f"{write(left)!r} is measured in {mine or 'plain numbers'}, not in {written}",
                          f"write the unit, for example {mine}" if mine else "drop the unit")  # fmt: skip

    def measure(self, expr: t.Expr) -> str | None:
        """The unit an expression is measured in; None where it follows from nothing declared."""
        match expr:
            case t.FactValue(fact) | t.Change(fact) | t.Slope(fact):
                return self.scope.facts[fact].unit
            case t.Number(amount):
                return amount.unit
            case t.Arithmetic(_, left, _):
                return self.measure(left)
            case t.Count() | t.Extreme() | t.Field():
                return ""
        return None

    def kind(self, expr: t.Expr) -> Kind:
        match expr:
            case t.Number() | t.Age() | t.Count() | t.Extreme() | t.Slope() | t.Change() | t.Arithmetic():
                return "number"
            case t.Length() | t.TimeSince():
                return "length"
            case t.Text():
                return "text"
            case t.Field(name):
                return AE_FIELDS[name]
            case t.FactValue(fact):
                kinds: dict[str, Kind] = {"choice": "choice", "date": "date"}
                return kinds.get(self.scope.facts[fact].kind, "number")
        return "truth"

    def fact(self, name: str, *kinds: FactKind) -> None:
        if name not in self.scope.facts:
            raise self.unknown("fact", name, self.scope.facts)
        kind = self.scope.facts[name].kind
        if kind not in kinds:
            raise Misread("kind.clash", f"{name} is {_a(kind)}, but {' or '.join(map(_a, kinds))} is needed here",
                          "declare it so under facts, or ask for something else")  # fmt: skip

    def window(self, window: t.WindowSpec | None) -> t.WindowSpec | None:
        if isinstance(window, t.InEpochs):
            for name in window.names:
                if name not in self.scope.epochs:
                    raise self.unknown("epoch", name, self.scope.epochs)
        elif window is not None:
            for part in fields(window):
                anchor = getattr(window, part.name)
                if isinstance(anchor, t.Anchor):
                    self.anchor(anchor)
        return window

    def by_days(self, window: t.WindowSpec | None) -> None:
        """Adverse events and episodes have days and belong to no visit, so no epoch holds them."""
        if isinstance(window, t.InEpochs):
            raise Misread("window.epoch", "adverse events and episodes belong to no visit, so to no epoch",
                          "name the days: 'from infusion_1 until last_visit'")  # fmt: skip

    def anchor(self, anchor: t.Anchor) -> None:
        if anchor.which:
            repeated = {t.ANY_DOSE} | self.scope.doses | self.scope.stems
            if anchor.name not in repeated:
                raise self.unknown("repeated visit or dose", anchor.name, repeated)
        elif anchor.name not in self.scope.visits and anchor.name not in t.MILESTONES:
            raise self.unknown("visit", anchor.name, {*self.scope.visits, *t.MILESTONES})

    def unknown(self, what: str, name: str, known: object) -> Misread:
        names = sorted(cast(frozenset[str], known))
        close = nearest(name, names)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(names[:8]) or 'none'}"
        return Misread("name.unknown", f"there is no {what} called {name}", hint)


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeio' else 'a'} {word.replace('_', '/')}"
