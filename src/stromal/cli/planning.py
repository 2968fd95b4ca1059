"""The commands of a statistician before the trial: operating characteristics, paths, monitoring boundaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.tree import Tree

from stromal.analyse import comparison, paths_figure
from stromal.analyse.simulation_words import near
from stromal.cli import edge, show
from stromal.designs import courses, exact, monitoring, study
from stromal.designs.automaton import TooManyStatesError
from stromal.designs.monitoring import looks
from stromal.designs.paths import Node
from stromal.designs.paths import paths as tree_of
from stromal.designs.simon import TwoStage
from stromal.designs.timing import Timing
from stromal.designs.totals import PARTS, Totals
from stromal.protocol.designs import BOUNDARIES
from stromal.rules.escalation import parse
from stromal.rules.escalation.courses import Course, Ladder, Within
from stromal.rules.escalation.designs import Design, is_open
from stromal.rules.escalation.named import KINDS, MEANINGS, Number, named
from stromal.values import DAYS_A_MONTH
from stromal.values import exact as exactly


def numbers(written: Sequence[str]) -> dict[str, Number]:
    """`target=.25` and the like as numbers by name: numbers, lists of numbers, yes and no, words."""
    found: dict[str, Number] = {}
    for each in written:
        name, sign, text = each.partition("=")
        if not sign or not name or not text:
            raise edge.bad("design.number", f"“{each}” is no number by name", "write it as target=.25 or start=2")
        if name.replace("-", "_") in found:
            raise edge.bad("design.number", f"{name} is given twice", "give it once")
        found[name.replace("-", "_")] = _number(text)
    return found


def _number(text: str) -> Number:
    if text in ("yes", "no"):
        return text == "yes"
    parts = text.split(",")
    try:
        values = tuple(float(part) for part in parts)
    except ValueError:
        return text
    return values if len(parts) > 1 else values[0]


def scenario(written: str, what: str = "toxicity") -> tuple[float, ...]:
    """Shares of people, one for each dose, as written with commas between them."""
    hint = f"write one {what} for each dose, such as .05,.15,.30"
    parts = [part.strip() for part in written.split(",")]
    if not any(parts):
        raise edge.bad("scenario.empty", f"the scenario gives no {what}", hint)
    return tuple(_share(part, f"{what} of dose {dose}", hint) for dose, part in enumerate(parts, 1))


def _share(written: str, what: str, hint: str) -> float:
    if not written:
        raise edge.bad("scenario.empty", f"the {what} is missing between two commas", hint)
    try:
        found = float(exactly(written))
    except (ValueError, ArithmeticError):
        raise edge.bad("scenario.number", f"the {what} is “{written}”: no number", f"write a number; {hint}") from None
    if not 0 <= found <= 1:
        rule = "it is a share of people between 0 and 1"
        raise edge.bad("scenario.range", f"the {what} is {found:g}; {rule}", hint)
    return found


def _made(name: str, given: Sequence[str], doses: int) -> Design | Course:
    """The design of a name. Unusable where a number cannot be."""
    try:
        return named(name, numbers(given), doses)
    except ValueError as error:
        hint = "see the names and what they take with: stromal design --list"
        raise edge.bad("design.number", str(error), hint) from None


def _checked(work: Callable[[], Any]) -> Any:
    """The answer of work whose ValueErrors are input that cannot be used."""
    try:
        return work()
    except TooManyStatesError as error:
        raise edge.bad("design.states", str(error), "add --trials to simulate it") from None
    except ValueError as error:
        raise edge.bad("design.number", str(error), "correct the number") from None


# ---------------------------------------------------------------- design


def listing(*, as_json: bool) -> int:
    """Print the designs and the numbers they take."""
    if as_json:
        edge.to_json([{"name": kind.name, "says": kind.says, "takes": kind.takes} for kind in KINDS.values()])
        return 0
    show.table("Designs", ("name", "what it is", "takes"),
               [(kind.name, kind.says, ", ".join(kind.takes)) for kind in KINDS.values()], wrap=(1, 2))  # fmt: skip
    show.table("Numbers", ("name", "meaning"), list(MEANINGS.items()), wrap=(1,))
    return 0


_MOST_TRIALS = 100_000_000


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is assumed of the world but its toxicities: the calendar, what can be made; and what is simulated of it."""

    trials: int = 0
    gap: float = 14.0
    window: float = 28.0
    seed: int = 1
    makeable: str = ""

    @property
    def chances(self) -> tuple[float, ...]:
        """The chance that each dose can be made; nothing where all can."""
        return scenario(self.makeable, "chance of being made") if self.makeable else ()

    def checked(self, least: int = 0) -> Assumed:
        """The same, once its number of trials can be."""
        if not least <= self.trials <= _MOST_TRIALS:
            hint = f"give {least} to {_MOST_TRIALS:,} trials, such as --trials 10000"
            raise edge.bad("simulate.trials", f"{self.trials:,} trials cannot be simulated", hint)
        return self

    def drawn(self, made: Design | Course, true: tuple[float, ...], trials: int) -> Totals:
        """So many simulated trials."""
        return study.totals(made, true, trials, Timing(self.gap, self.window), self.seed, makeable=self.chances)


def design(name: str, given: Sequence[str], scenarios: Sequence[str], assumed: Assumed, *, as_json: bool) -> int:
    """Print what a design does under each scenario; where trials are asked for its calendar too, simulated."""
    if not scenarios:
        raise edge.bad("scenario.missing", "there is no scenario", "add --scenario .05,.15,.30")
    told, assumed = [], assumed.checked()
    worlds = [scenario(written) for written in scenarios]
    for true in worlds:
        made = _made(name, given, len(true))
        if isinstance(made, Within | Ladder):
            told.append(_course(name, made, true, assumed, as_json=as_json))
        else:
            told.append(_doses(name, made, true, assumed, as_json=as_json))
    if as_json:
        edge.to_json({"design": name, "numbers": numbers(given), "scenarios": told})
    return 0


def _doses(name: str, made: Design, true: tuple[float, ...], assumed: Assumed, *, as_json: bool) -> dict[str, object]:
    sure = None
    if not is_open(made):
        sure = _exactly(made, true, assumed)
    drawn = None
    if assumed.trials or sure is None:
        drawn = _checked(lambda: assumed.drawn(made, true, assumed.trials or 10_000))
    if not as_json:
        _say_doses(name, true, sure, drawn)
    return {
        "scenario": list(true),
        "exact": None if sure is None else _exact_json(sure),
        "simulated": None if drawn is None else totals_json(drawn),
    }


def _exactly(made: Design, true: tuple[float, ...], assumed: Assumed) -> exact.Characteristics | None:
    """The exact characteristics; None where the design has too many states and is simulated anyway."""
    try:
        return study.exactly(made, true, assumed.chances)
    except TooManyStatesError as error:
        if assumed.trials:
            return None
        raise edge.bad("design.states", str(error), "add --trials 1000 to simulate it") from None
    except ValueError as error:
        raise edge.bad("design.number", str(error), "correct the number") from None


def _exact_json(sure: exact.Characteristics) -> dict[str, object]:
    return {
        "selection": sure.selection, "none": sure.none, "treated": sure.treated, "toxic": sure.toxic,
        "people": sure.expected_people, "toxicities": sure.expected_toxicities, "lost": sure.lost, "below": sure.below,
        "untried": sure.untried,
        "people_distribution": {str(size): share for size, share in sure.people},
    }  # fmt: skip


def totals_json(drawn: Totals) -> dict[str, object]:
    """Means with their Monte Carlo errors, and counts, as JSON."""
    means = {name: {"mean": drawn.mean(name), "error": drawn.error(name)} for name in drawn.sums if name != "parts"}
    counts = {name: {str(value): count for value, count in sorted(each.items())} for name, each in drawn.counts.items()}
    return {"trials": drawn.trials, "columns": means, "counts": counts}


def _say_doses(name: str, true: tuple[float, ...], sure: exact.Characteristics | None, drawn: Totals | None) -> None:
    rows: list[tuple[object, ...]] = []
    cells: tuple[str, ...]
    for dose, rate in enumerate(true):
        if sure is not None:
            cells = (f"{sure.selection[dose]:.2%}", f"{sure.treated[dose]:.2f}", f"{sure.toxic[dose]:.2f}")
        else:
            assert drawn is not None
            cells = (_declared(drawn, dose), *(f"{drawn.mean(name)[dose]:.2f} ± {drawn.error(name)[dose]:.2f}"
                                               for name in ("treated", "toxic")))  # fmt: skip
        rows.append((dose + 1, f"{rate:g}", *cells))
    how = "exact" if sure is not None else f"{drawn.trials:,} simulated trials" if drawn else ""
    title = f"{name}, true toxicity {', '.join(f'{rate:g}' for rate in true)} ({how})"
    show.table(title, ("dose", "toxicity", "declared", "people", "toxicities"), rows, right=(0, 1, 2, 3, 4))
    if sure is not None:
        show.paragraph(
            f"no dose declared {sure.none:.2%}; {sure.expected_people:.2f} people and "
            f"{sure.expected_toxicities:.2f} with toxicity expected"
        )
    elif drawn is not None:
        people, toxic = (near(drawn.mean(name)[0], drawn.error(name)[0]) for name in ("people", "toxicities"))
        show.paragraph(f"no dose declared {_declared(drawn, -1)}; {people} people and {toxic} with toxicity on average")
    if sure is not None and sure.untried_told:
        show.paragraph(sure.untried_told)
    if sure is not None and (sure.lost or sure.below):
        _say_made(f"{sure.lost:.2f}", f"{sure.below:.2f}")
    elif sure is None and drawn is not None and "below" in drawn.sums:
        _say_made(*(near(drawn.mean(name)[0], drawn.error(name)[0]) for name in ("lost", "below")))
    if drawn is not None:
        _say_time(drawn)


def _declared(drawn: Totals, dose: int) -> str:
    """The share of trials that declare a dose (-1 for none), with its Monte Carlo error."""
    share = drawn.share("selected", dose)
    return f"{share:.2%} ± {(share * (1 - share) / drawn.trials) ** 0.5:.2%}"


def _say_made(lost: str, below: str) -> None:
    """What comes of doses that cannot always be made."""
    show.paragraph(f"{lost} products lost, of which nothing can be made, and {below} people given less than planned")


def _say_time(drawn: Totals) -> None:
    """How long it takes, with the Monte Carlo error of the mean."""
    mean, error = (
        number[0] / PARTS / DAYS_A_MONTH for number in (drawn.mean("parts"), drawn.error("parts"))
    )  # fmt: skip
    low, middle, high = (drawn.quantile("days", part) / DAYS_A_MONTH for part in (0.1, 0.5, 0.9))
    show.paragraph(
        f"{near(mean, error)} months on average; half of the trials end within {middle:.1f}, "
        f"one in ten within {low:.1f}, nine in ten within {high:.1f} ({drawn.trials:,} simulated trials)"
    )


def _course(name: str, made: Course, true: tuple[float, ...], assumed: Assumed, *, as_json: bool) -> dict[str, object]:
    sure = _checked(lambda: study.exactly(made, true, assumed.chances))
    drawn = _checked(lambda: assumed.drawn(made, true, assumed.trials)) if assumed.trials else None
    if not as_json:
        _say_course(name, made, true, sure, drawn)
    return {
        "scenario": list(true),
        "exact": {
            "declared": sure.declared, "stopped": sure.stopped, "people": sure.expected_people, "given": sure.given,
            "toxic": sure.toxic, "lost": sure.lost, "person_harmed": sure.person.harmed,
            "last_dose": sure.person.last,
            "people_distribution": {str(size): share for size, share in sure.people},
        },
        "simulated": None if drawn is None else totals_json(drawn),
    }  # fmt: skip


def _chance(found: float) -> str:
    """A probability to four digits, which never says 0 or 1 of what is neither."""
    if 0 < found < 0.00005:
        return "less than 0.0001"
    return "more than 0.9999" if 0.99995 < found < 1 else f"{found:.4f}"


def _say_course(
    name: str, made: Course, true: tuple[float, ...], sure: courses.CourseCharacteristics, drawn: Totals | None
) -> None:
    rows = [
        (dose + 1, f"{rate:.3g}", f"{sure.given[dose]:.2f}", f"{sure.toxic[dose]:.2f}", f"{sure.person.last[dose]:.2%}")
        for dose, rate in enumerate(true)
    ]
    title = f"{name}, true toxicity {', '.join(f'{rate:g}' for rate in true)} (exact)"
    columns = ("dose", "toxicity", "doses given", "toxicities", "last dose of a person")
    show.table(title, columns, rows, right=(0, 1, 2, 3, 4))
    if isinstance(made, Within):
        show.line(f"dose {len(true)} is declared safe with probability {_chance(sure.declared)}", "bold")
    show.paragraph(
        f"a person has unacceptable toxicity with probability {_chance(sure.person.harmed)}; the trial stops early "
        f"with probability {_chance(sure.stopped)}; {sure.expected_people:.2f} people expected"
    )
    if sure.lost:
        show.line(f"{sure.lost:.2f} doses are lost, of which nothing can be made")
    if drawn is not None:
        _say_time(drawn)


# ---------------------------------------------------------------- several designs


def compare(
    designs: Sequence[str], scenarios: Sequence[str], target: float, assumed: Assumed, leaves: float, output: Path
) -> int:
    """Write a page that sets designs side by side."""
    if not designs or not scenarios:
        raise edge.bad("design.missing", "there is nothing to compare", "name designs, and add --scenario .05,.15,.30")
    true, assumed = [scenario(each) for each in scenarios], assumed.checked(least=1)
    entered: list[tuple[str, Design]] = []
    for written in designs:
        name, *given = written.split() or [""]
        made = _made(name, given, len(true[0]))
        if isinstance(made, Within | Ladder):
            raise edge.bad("design.compare", f"{name} gives one person several doses", "compare designs with cohorts")
        entered.append((written, made))
    timing = _checked(lambda: Timing(assumed.gap, assumed.window, leaves=leaves))
    with show.progress("pairs") as bar:
        work = bar.add_task("comparing", total=len(entered) * len(true))
        found = _checked(
            lambda: comparison.compare(
                entered,
                true,
                timing,
                target=target,
                trials=assumed.trials,
                seed=assumed.seed,
                makeable=assumed.chances,
                told=lambda: bar.advance(work),
            )
        )
    edge.put(output, comparison.render(found))
    show.line(f"wrote {output}", "bold")
    return 0


# ---------------------------------------------------------------- paths


def paths(
    name: str, given: Sequence[str], doses: int, cohorts: int, after: str, true: str, svg: Path | None, *,
    as_json: bool,
) -> int:  # fmt: skip
    """Print every path of the next cohorts."""
    made = _made(name, given, doses)
    if isinstance(made, Within | Ladder):
        raise edge.bad("design.paths", f"{name} gives one person several doses", "paths are of designs with cohorts")
    before = _checked(lambda: parse(after, doses))
    root = _checked(lambda: tree_of(made, doses, cohorts, before, scenario(true) if true else ()))
    if svg is not None:
        picture = _checked(lambda: paths_figure.figure(" ".join((name, *given)), root))
        edge.put(svg, picture.svg)
    if as_json:
        edge.to_json(_node_json(root))
        return 0
    tree = Tree(_branch(root), guide_style="dim")
    _grow(tree, root)
    show.out.print(tree)
    show.paragraph(_LEGEND + (_CHANCES if true else ""))
    return 0


_LEGEND = (
    "“3 on dose 2”: the next 3 people get dose 2. “2NNT”: of those on dose 2 two had no toxicity (N), one had it (T), "
    "in any order; “x3” says in how many."
)
_CHANCES = " The percentage is the chance of the whole path up to there."


def _branch(node: Node) -> str:
    lead = f"{node.cohort}  " if node.cohort else ""
    small = node.chance is not None and 0 < node.chance < 0.00005
    chance = "" if node.chance is None else "  (<0.01%)" if small else f"  ({node.chance:.2%})"
    orders = f" x{node.orders}" if node.orders > 1 else ""
    return f"{lead}→ {node.says}{chance}{orders}" if lead else node.says


def _grow(tree: Tree, node: Node) -> None:
    for each in node.then:
        _grow(tree.add(_branch(each)), each)


def _node_json(node: Node) -> dict[str, object]:
    return {
        "cohort": str(node.cohort) if node.cohort else None, "orders": node.orders, "chance": node.chance,
        "does": node.says, "because": node.advice.reason, "then": [_node_json(each) for each in node.then],
    }  # fmt: skip


# ---------------------------------------------------------------- monitoring


def _need(given: dict[str, Number], name: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise edge.bad("boundary.number", f"the boundary needs {name}", f"add {name}=NUMBER")
    return float(value)


def monitor(
    kind: str, given: Sequence[str], limit: float, people: int, level: float, rates: str, *, as_json: bool
) -> int:
    """Print a boundary and what it does under true rates."""
    found = numbers(given)
    strange = sorted(set(found) - _SIMON) if kind == "simon" else []
    asked = {"--limit": (limit, 0.20), "--people": (people, 20), "--level": (level, 0.05), "--rates": (rates, "")}
    strange += [option for option, (value, usual) in asked.items() if kind == "simon" and value != usual]
    if strange:
        raise edge.bad("boundary.number", f"simon takes no {strange[0]}", "it takes poor, good, alpha and beta")
    if kind == "simon":
        return _simon(found, as_json=as_json)
    true = scenario(rates) if rates else ()
    try:
        made = monitoring.monitor(kind, limit, people, level, true, found)
    except ValueError as error:
        takes = ", ".join(f"{number}=NUMBER" for number in (BOUNDARIES[kind].takes if kind in BOUNDARIES else ()))
        hint = f"numbers are written by name: {takes}" if takes else "correct the number"
        raise edge.bad("boundary.number", str(error), hint) from None
    bound, does = made.boundary, made.does
    if as_json:
        edge.to_json({
            "boundary": kind, "limit": limit, "people": people, "level": level, "critical": bound.critical,
            "stop_at": [{"people": n, "events": y} for n, y in looks(bound)],
            "rates": [{"rate": each.rate, "stopped": each.stopped, "people": each.people, "events": each.events}
                      for each in does],
        })  # fmt: skip
        return 0
    show.table(f"{kind}: stop at this many events or more", ("after people", "events"), looks(bound), right=(0, 1))
    show.paragraph(
        f"up to {people} people; while the true rate is {limit:g}, it stops with a chance of at most {level:g}"
    )
    show.line("")
    rows = [(f"{each.rate:.3g}", f"{each.stopped:.4f}", f"{each.people:.2f}", f"{each.events:.2f}") for each in does]
    columns = ("true rate", "chance of stopping", "expected people", "expected events")
    show.table("What it does (exact)", columns, rows, right=(0, 1, 2, 3))
    return 0


def _simon(given: dict[str, Number], *, as_json: bool) -> int:
    poor, good = _need(given, "poor"), _need(given, "good")
    alpha, beta = (float(_need(given, name)) if name in given else default for name, default in _ERRORS)
    both = _checked(lambda: study.two_stages(poor, good, alpha, beta))
    if as_json:
        edge.to_json({"optimal": _stage_json(both.optimal), "minimax": _stage_json(both.minimax)})
        return 0
    columns = ("design", "r1/n1", "r/n", "people", "stops early", "alpha", "power")
    rows = [
        (name, f"{each.r1}/{each.n1}", f"{each.r}/{each.n}", f"{each.expected:.2f}", f"{each.early:.4f}",
         f"{each.alpha:.4f}", f"{each.power:.4f}")
        for name, each in (("optimal", both.optimal), ("minimax", both.minimax))
    ]  # fmt: skip
    show.table(f"Two stages, {poor:g} against {good:g}", columns, rows, right=(1, 2, 3, 4, 5, 6))
    show.paragraph(
        "r1/n1: stop early when at most r1 of the first n1 people respond. r/n: too few at the end when at most r of "
        f"all n do. People, stopping early and alpha are those at a rate of {poor:g}, the power is that at {good:g}."
    )
    return 0


_ERRORS = (("alpha", 0.05), ("beta", 0.20))
_SIMON = {"poor", "good", "alpha", "beta"}


def _stage_json(found: TwoStage) -> dict[str, object]:
    return {
        "r1": found.r1, "n1": found.n1, "r": found.r, "n": found.n, "people": found.expected, "early": found.early,
        "alpha": found.alpha, "power": found.power,
    }  # fmt: skip
