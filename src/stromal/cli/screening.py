"""Commands that screen one person against a whole catalogue, and let people confirm what was drafted. Prints, decides
nothing: `catalogue.screen` does."""

from __future__ import annotations

import gc
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from stromal.catalogue import asking, confirmations, drafts, screen
from stromal.catalogue.answering import against, described
from stromal.catalogue.asking import Wanted
from stromal.catalogue.card import Card
from stromal.catalogue.diagnosis import CONDITION
from stromal.catalogue.recruiting import OPEN, spoken
from stromal.catalogue.screen import BASES, STANDINGS, Line, Outcome, Screened, Standing, Trial
from stromal.catalogue.search import Search
from stromal.catalogue.store import Catalogue
from stromal.cli import edge, show
from stromal.protocol import model as m
from stromal.read.stream import cores
from stromal.values import Finding

CAUTION = (
    "This is no medical advice and no promise: only those who run a trial can say who may take part. It compares what "
    "the file says with criteria as a program reads them; what nobody has recorded stays unknown."
)
_WIDTH = 100
_ASKED, _FIRST, _TOLD = 3, 5, 2
"""Questions shown of a trial, questions to ask first, and reasons told against a trial."""
_NO_STATUS = "no status given"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for."""

    condition: str = ""
    country: Sequence[str] = ()
    recruiting: bool = False
    trial: str = ""
    limit: int = 10
    protocols: Path | None = None


# ---------------------------------------------------------------- screen


def screen_all(who: Path, folder: Path, options: Options, *, as_json: bool) -> int:
    """Print the trials that somebody could be eligible for. 1 when there are none."""
    if options.limit < 1:
        raise edge.bad("option.limit", f"--limit is {options.limit}", "write how many trials to show, at least 1")
    text = edge.text(who)
    with Catalogue.open(folder) as catalogue, _undisturbed():
        findings = _follow(catalogue)
        sheets = [confirmations.read(edge.text(file), str(file)) for file in confirmations.folder(folder)]
        found = against(catalogue, sheets, _protocols(options.protocols))
        person, protocol = described(text, str(who), found.trials)
        chosen = _chosen(catalogue, found.trials, options)
        screened = screen.screen(chosen, screen.Judging(person, protocol))
        findings += (*found.findings, *person.notes)
        protocol = _told_as(protocol, found.trials)
        day, total = catalogue.date, len(catalogue)
    head = (
        f"{person.chart.participant or 'Somebody'} on {person.on}, against {_many(len(chosen), 'trial')} of {total:,}"
    )
    if as_json:
        edge.to_json(_json(screened, options, protocol, findings) | {"on": person.on, "date": day or None})
    else:
        show.findings(findings)
        _tell(screened, options, protocol, f"{head}; newest record of {day or 'no date'}")
    return int(not screened.standing("could be eligible"))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Everything that is made here is needed until the answer is told: looking for what is not takes a third more."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _follow(catalogue: Catalogue) -> tuple[Finding, ...]:
    with show.progress("trials") as progress:
        task = progress.add_task("drafting", total=None)
        return drafts.follow(catalogue, workers=cores(), step=lambda count: progress.update(task, advance=count))


def _protocols(folder: Path | None) -> list[m.Protocol]:
    """The protocols of a folder whose names are numbers of trials."""
    if folder is None:
        return []
    files = sorted(folder.glob("NCT*.yaml"))
    if not files:
        raise edge.bad("screen.protocols", "there is no protocol NCT*.yaml", "name their folder", str(folder))
    return [edge.protocol(file) for file in files]


def _chosen(catalogue: Catalogue, trials: Iterable[Trial], options: Options) -> tuple[Trial, ...]:
    """The trials that the filters leave."""
    names: set[str] | None = None
    if options.condition or options.country:
        values = (("country", tuple(options.country)),) if options.country else ()
        wanted = Wanted(condition=asking.words(options.condition), values=values)
        hits = Search(catalogue).find(wanted, max(len(catalogue), 1), snippets=False).hits
        names = {hit.card.id for hit in hits}
    if options.trial:
        card = catalogue.get(options.trial)
        if card is None:
            hint = "check the id; `stromal search` finds trials by words"
            raise edge.bad("trial.unknown", f"{options.trial} is not in the catalogue", hint, str(catalogue.folder))
        names = {card.id}
    return tuple(
        trial for trial in trials
        if (names is None or trial.card.id in names) and (not options.recruiting or trial.card.status in OPEN)
    )  # fmt: skip


# ---------------------------------------------------------------- in words


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _tell(screened: Screened, options: Options, protocol: m.Protocol, head: str) -> None:
    show.line(head, "bold")
    for line in textwrap.wrap(CAUTION, _WIDTH):
        show.line(line, "dim")
    show.line("")
    for standing in STANDINGS:
        show.line(f"{len(screened.standing(standing)):>7,}  {standing}")
    if screened.first and not options.trial:
        show.line("\nAsk first", "bold")
        for each in screened.first[:_FIRST]:
            settles = f"open in {each.open_in:,}; could settle {each.settles:,}"
            _say(f"{asked(each.name, protocol)} ({settles})", "    ", "      ")
    for standing in STANDINGS:
        _tell_standing(standing, screened.standing(standing), options, protocol)


def _tell_standing(standing: Standing, found: Sequence[Outcome], options: Options, protocol: m.Protocol) -> None:
    if not found or (standing == "not eligible" and not options.trial):
        return
    shown = found[: options.limit]
    more = f", the first {len(shown)} shown" if len(shown) < len(found) else ""
    show.line(f"\n{standing.capitalize()}: {_many(len(found), 'trial')}{more}", "bold")
    for each in shown:
        _tell_outcome(each, protocol)
        if options.trial:
            _tell_lines(each)


def _tell_outcome(outcome: Outcome, protocol: m.Protocol) -> None:
    card = outcome.card
    conditions = "; ".join(card.conditions) or card.title or "(no condition given)"
    show.line("")
    show.out.print(Text.assemble((card.id, "bold"), "  ", textwrap.shorten(conditions, _WIDTH - 15, placeholder=" …")))
    counts = ", ".join(
        f"{outcome.count(truth)} {word}" for truth, word in ((True, "met"), (None, "unknown"), (False, "against"))
    )
    signed = sum(line.basis == "confirmed" for line in outcome.lines)
    words = f"; {signed} confirmed by a person" if signed else ""
    show.line(f"    {_status(card)}    {counts} of {_many(len(outcome.lines), 'criterion')}{words}".replace(
        "criterions", "criteria"))  # fmt: skip
    for line in outcome.against[:_TOLD]:
        _say(f"{_reason(line)}", "    against: ", "      ")
    if len(outcome.against) > _TOLD:
        show.line(f"    against: {len(outcome.against) - _TOLD} more")
    _tell_questions(outcome, protocol)


def _tell_questions(outcome: Outcome, protocol: m.Protocol) -> None:
    if outcome.questions is None:
        show.line("    no list of answers settles it: its criteria ask for things that exclude each other")
        return
    if not outcome.questions:
        if not outcome.against:
            show.line("    nothing is left to ask: every criterion is met as far as it is drafted")
        return
    count = len(outcome.questions)
    show.line(f"    {_many(count, 'question')} would settle it{', first:' if count > _ASKED else ':'}")
    for name in outcome.questions[:_ASKED]:
        _say(asked(name, protocol), "      - ", "        ")


def _reason(line: Line) -> str:
    criterion, by = line.given.criterion, f" by {line.given.by}" if line.given.by else ""
    quote = textwrap.shorten(criterion.text, 90, placeholder=" …")
    return f"{line.verdict.reason} [{criterion.id} “{quote}”, {BASES[line.basis]}{by}]"


def _tell_lines(outcome: Outcome) -> None:
    """Every verdict of one trial, with the words it was read from and their place."""
    for line in outcome.lines:
        criterion = line.given.criterion
        by = f" by {line.given.by}" if line.given.by else ""
        show.line("")
        show.out.print(Text.assemble("    ", (criterion.id, "bold"), "  ", show.verdict(line.verdict.word)))
        _say(f"“{criterion.place.quote.strip()}”", "        ", "        ")
        _say(f"{criterion.place}; {criterion.side}; {BASES[line.basis]}{by}", "        ", "        ", "dim")
        _say(f"because: {line.verdict.reason}", "        ", "        ")


def _say(words: str, first: str, rest: str, style: str = "") -> None:
    for line in textwrap.wrap(words, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False):
        show.line(line, style)


def _status(card: Card) -> str:
    status = spoken(card.status) if card.status else _NO_STATUS
    return f"{status}, verified {card.verified}" if card.verified else f"{status}, not said when verified"


_ASKS = {
    "number": "what is {says}{unit}?", "score": "what is {says}?", "choice": "{says}: {options}?",
    "yes_no": "{says}: yes or no?", "episode": "{says}: ever, and when?", "date": "what is the {says}?",
}  # fmt: skip


_ILLNESS = "an illness that trials are about"


def _told_as(protocol: m.Protocol, trials: Iterable[Trial]) -> m.Protocol:
    """The facts as they are asked for in words: whether somebody has the condition of a trial is asked as such."""
    lines = (line.criterion for trial in trials for line in trial.lines if line.criterion.id == CONDITION)
    facts = {fact.name: replace(fact, instrument=_ILLNESS) for line in lines for fact in line.facts}
    return replace(protocol, facts={**protocol.facts, **facts})


def asked(name: str, protocol: m.Protocol) -> str:
    """A fact as a question, with its name in a person's file; a question of a criterion as it stands."""
    fact = protocol.facts.get(name)
    if fact is None:
        return name
    if fact.instrument == _ILLNESS:
        return f"Do you have {fact.says}? [{name}]"
    unit, options = f", in {fact.unit}" if fact.unit else "", " or ".join(fact.options)
    words = _ASKS.get(fact.kind, "{says}?").format(says=fact.says or name, unit=unit, options=options)
    return f"{words[:1].upper()}{words[1:]} [{name}]"


# ---------------------------------------------------------------- in JSON


def _json(
    screened: Screened, options: Options, protocol: m.Protocol, findings: Iterable[Finding]
) -> dict[str, object]:  # fmt: skip
    first = [
        {"name": each.name, "asks": asked(each.name, protocol), "open_in": each.open_in, "could_settle": each.settles}
        for each in screened.first[: options.limit]
    ]
    shown = [each for standing in STANDINGS for each in screened.standing(standing)[: options.limit]]
    return {
        "caution": CAUTION, "counts": {each: len(screened.standing(each)) for each in STANDINGS}, "ask_first": first,
        "trials": [_outcome_json(each, protocol) for each in shown],
        "findings": [edge.finding_json(each) for each in findings],
    }  # fmt: skip


def _outcome_json(outcome: Outcome, protocol: m.Protocol) -> dict[str, object]:
    card = outcome.card
    questions = None if outcome.questions is None else [
        {"name": name, "asks": asked(name, protocol)} for name in outcome.questions
    ]  # fmt: skip
    return {
        "id": card.id, "standing": outcome.standing, "title": card.title, "conditions": card.conditions,
        "status": card.status, "verified": card.verified, "met": outcome.count(True), "unknown": outcome.count(None),
        "against": outcome.count(False), "questions": questions, "criteria": [*_lines_json(outcome)],
    }  # fmt: skip


def _lines_json(outcome: Outcome) -> Iterator[dict[str, object]]:
    for line in outcome.lines:
        criterion = line.given.criterion
        yield {
            "id": criterion.id, "side": criterion.side, "verdict": line.verdict.word, "reason": line.verdict.reason,
            "basis": line.basis, "confirmed_by": line.given.by or None, "condition": criterion.readings,
            "settle": line.verdict.settle, "place": edge.place_json(criterion.place),
        }  # fmt: skip


# ---------------------------------------------------------------- confirm


def confirm(name: str, folder: Path, output: Path | None, *, force: bool) -> int:
    """Write the sheet on which people confirm what was drafted of a trial."""
    with Catalogue.open(folder) as catalogue:
        card = catalogue.get(name)
        if card is None:
            hint = "check the id; `stromal search` finds trials by words"
            raise edge.bad("trial.unknown", f"{name} is not in the catalogue", hint, str(folder))
        found = _follow(catalogue)
        lines = next((lines for each, lines in drafts.kept(catalogue) if each.id == card.id), None)
    show.findings(found)
    if lines is None:
        hint = f"bring the catalogue up to date: stromal index FILES -o {folder}"
        raise edge.bad("screen.source", f"the record of {card.id} is not what the catalogue was made from", hint)
    kept = folder / confirmations.FOLDER / f"{card.id}.yaml"
    path = output or kept
    if path.exists() and not force:
        raise edge.bad("file.exists", "there is a sheet already", "choose another name, or add --force", str(path))
    edge.put(path, confirmations.written(card, lines, kept))
    show.line(f"wrote {path}: fill in `by` and `on` of each line that you have read and found right", "bold")
    return 0
