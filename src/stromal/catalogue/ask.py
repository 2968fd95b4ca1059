"""Questions that portals let machines guess at, answered by counting: each answer cites its trials and its fields.

Takes a card, the cards of a catalogue and the day of the question; gives Answers. Each rests on the fields it names and
on the trials it lists, and on nothing else; what a registry does not publish cannot be answered, and the answer says
why. `QUESTIONS` is the table of all that can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from stromal.catalogue import keys
from stromal.catalogue.card import Card
from stromal.catalogue.recruiting import FINAL, latest, recruits, spoken

_CONDITIONS = ("derivedSection.conditionBrowseModule.meshes", "protocolSection.conditionsModule.conditions")
_PRODUCT = (
    "protocolSection.armsInterventionsModule.interventions",
    "protocolSection.armsInterventionsModule.armGroups",
    "protocolSection.descriptionModule",
)
_STATUS = ("protocolSection.statusModule.overallStatus", "protocolSection.statusModule.statusVerifiedDate")
_START = "protocolSection.statusModule.startDateStruct"
_PEOPLE = "protocolSection.designModule.enrollmentInfo"
_SPONSOR = "protocolSection.sponsorCollaboratorsModule.leadSponsor"
_OFFICIALS = "protocolSection.contactsLocationsModule.overallOfficials"
_LOCATIONS = "protocolSection.contactsLocationsModule.locations"
_PHASES = "protocolSection.designModule.phases"
_COMPLETION = "protocolSection.statusModule.primaryCompletionDateStruct"
_RESULTS = ("hasResults", "protocolSection.statusModule.resultsFirstPostDateStruct")


@dataclass(frozen=True, slots=True)
class Count:
    """A number of an answer: of what, and the trials it counts."""

    name: str
    number: int
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the catalogue answers: the words, the numbers with their trials, the fields they were read from.

    `answered` is False where the catalogue cannot know; the words then say why. `date` is the day of the catalogue's
    newest record, and `of` how many trials it holds: no answer reaches further.
    """

    question: str
    asked: str
    answered: bool
    text: str
    counts: tuple[Count, ...]
    paths: tuple[str, ...]
    date: str
    of: int

    @property
    def ids(self) -> tuple[str, ...]:
        """Every trial the answer rests on, each once."""
        return tuple(dict.fromkeys(name for count in self.counts for name in count.ids))


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer may rest on: the trial, the others of the catalogue, and the day of the question.

    Of the others: those for the same condition, those that give an intervention of the same name, those that give
    cells of the same donor and tissue.
    """

    card: Card
    others: tuple[Card, ...]
    on: date
    of_condition: tuple[Card, ...]
    by_name: tuple[Card, ...]
    by_source: tuple[Card, ...]

    @property
    def of_product(self) -> tuple[Card, ...]:
        """Trials that give an intervention of the same name, or cells of the same donor and tissue."""
        every = {card.id: card for card in (*self.by_name, *self.by_source)}
        return tuple(every[name] for name in sorted(every))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer before it is put under its question."""

    text: str
    counts: tuple[Count, ...] = ()
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its short name, in words, with the function that answers it and the fields that one reads."""

    name: str
    words: str
    answer: Callable[[Known], Said]
    paths: tuple[str, ...]


def _count(name: str, cards: Iterable[Card]) -> Count:
    ids = tuple(sorted(card.id for card in cards))
    return Count(name, len(ids), ids)


def _trials(number: int) -> str:
    return "1 trial" if number == 1 else f"{number:,} trials"


def _cannot(why: str, *counts: Count) -> Said:
    return Said(f"cannot be answered from the catalogue, because {why}", counts, answered=False)


# ---------------------------------------------------------------- trials that share something


def _known(card: Card, others: tuple[Card, ...], on: date) -> Known:
    conditions, named, source = keys.conditions(card), set(keys.products(card)), keys.product(card)
    return Known(
        card, others, on,
        tuple(each for each in others if keys.same_conditions(conditions, keys.conditions(each))),
        tuple(each for each in others if named.intersection(keys.products(each))),
        tuple(each for each in others if source is not None and keys.product(each) == source),
    )  # fmt: skip


def _source(card: Card) -> str:
    found = keys.product(card)
    return f"{found[0]} cells of {found[1]}" if found else ""


def _named(card: Card) -> bool:
    return bool(keys.products(card) or keys.product(card))


_NO_PRODUCT = "the record names no product, nor one donor and one tissue of its cells"


# ---------------------------------------------------------------- the answers


def precedents(known: Known) -> Said:
    """Trials of the product: by name, by donor and tissue, which were earlier, which are completed."""
    if not _named(known.card):
        return _cannot(_NO_PRODUCT)
    named, alike, every = known.by_name, known.by_source, known.of_product
    start = known.card.start
    earlier = [card for card in every if start and card.start and latest(card.start) < start]
    completed = [card for card in every if card.status == "COMPLETED"]
    parts = [f"{_trials(len(every))} of the product"]
    parts.append(f"{len(named)} by its name" + (f", {len(alike)} by {_source(known.card)}" if alike else ""))
    text = f"{parts[0]} beside this one: {parts[1]}." if every else "no other trial of the product."
    if every:
        text += f" Begun before it: {len(earlier)}; completed: {len(completed)}."
        first = min((card for card in every if card.start), key=lambda card: (card.start or "", card.id), default=None)
        text += f" The first began in {first.start}: {first.id}." if first else ""
    counts = (
        _count("of the same name", named), _count("of the same donor and tissue", alike), _count("earlier", earlier),
        _count("completed", completed),
    )  # fmt: skip
    return Said(text, counts)


def participants(known: Known) -> Said:
    """How many people take part, or are to."""
    card = known.card
    if card.enrolment is None:
        return _cannot("the record gives no number of participants")
    text = {"actual": f"{card.enrolment:,} people took part.", "planned": f"{card.enrolment:,} people are planned."}
    plain = f"{card.enrolment:,} people; the record does not say whether planned or come true."
    return Said(text.get(card.enrolment_kind or "", plain), (Count("participants", card.enrolment, (card.id,)),))


def approval(known: Known) -> Said:
    """Whether an authority has approved the product: no registry says."""
    marketed = known.card.status == "APPROVED_FOR_MARKETING"
    also = "; this record's status says approved for marketing, and not by whom" if marketed else ""
    return _cannot(f"registries record trials, not approvals{also}; the highest phase reached is another question")


def recruiting(known: Known) -> Said:
    """Whether the trial recruits, and at how many of its sites."""
    found = recruits(known.card, known.on)
    text = {
        "yes": "yes: ",
        "no": "no: ",
        "unknown": "unknown: ",
    }[found.answer] + f"{found.why}."
    sites = Counter(place.status for place in known.card.locations if place.status)
    if sites:
        each = ", ".join(f"{number} {spoken(status)}" for status, number in sites.most_common())
        text += f" Its sites then: {each}."
    due, kind = known.card.primary_completion, known.card.primary_completion_kind
    if found.answer != "no" and due and kind == "planned" and latest(due) < known.on.isoformat():
        text += f" Its planned primary completion, {due}, has passed."
    return Said(text, (_count("this trial", (known.card,)),), answered=found.answer != "unknown")


def places_left(known: Known) -> Said:
    """How many more people can join: not published while a trial runs."""
    card = known.card
    if card.status in FINAL:
        return Said(f"none: the trial is {spoken(card.status)}.", (_count("this trial", (card,)),))
    planned = f"; {card.enrolment:,} people are planned" if card.enrolment and card.enrolment_kind != "actual" else ""
    return _cannot(f"registries do not publish how many people have joined so far{planned}")


def _recruit(known: Known, cards: Sequence[Card], what: str) -> Said:
    found: dict[str, list[Card]] = {"yes": [], "no": [], "unknown": []}
    for card in cards:
        found[recruits(card, known.on).answer].append(card)
    said = [card for card in found["unknown"] if card.status == "RECRUITING"]
    text = f"recruiting on {known.on}: {len(found['yes']):,} of {_trials(len(cards))} {what} beside this one;"
    text += f" not recruiting: {len(found['no']):,}; unknown: {len(found['unknown']):,}"
    text += f", of which {len(said)} said so when last verified more than 2 years ago." if said else "."
    return Said(
        text,
        (
            _count("recruiting", found["yes"]), _count("unknown, last said recruiting", said),
            _count("unknown otherwise", (card for card in found["unknown"] if card not in said)),
            _count("not recruiting", found["no"]),
        ),
    )  # fmt: skip


def condition_recruiting(known: Known) -> Said:
    """How many trials recruit for the condition."""
    named = keys.headings(known.card)
    if not named:
        return _cannot("the record names no condition")
    return _recruit(known, known.of_condition, f"for {' or '.join(named)}")


def product_recruiting(known: Known) -> Said:
    """How many trials of the product recruit."""
    if not _named(known.card):
        return _cannot(_NO_PRODUCT)
    return _recruit(known, known.of_product, "of the product")


_RANK = ("EARLY_PHASE1", "PHASE1", "PHASE2", "PHASE3", "PHASE4")


def _phase(card: Card) -> int:
    return max((_RANK.index(each) for each in card.phases if each in _RANK), default=-1)


def _highest(cards: Sequence[Card], what: str) -> tuple[str, Count]:
    top = max(map(_phase, cards), default=-1)
    there = [card for card in cards if _phase(card) == top >= 0]
    if not there:
        return f"{what}: no phase is given", Count(f"highest phase {what}", 0)
    name = spoken(_RANK[top]).replace("phase", "phase ")
    done = sum(card.status == "COMPLETED" for card in there)
    words = f"{what}: {name}, in {_trials(len(there))} ({done} completed) of {len(cards):,}"
    return words, _count(f"{name} {what}", there)


def highest_phase(known: Known) -> Said:
    """The highest phase that trials of the product, and trials for the condition, have reached, this one included."""
    if all(_phase(card) < 0 for card in (known.card, *known.of_product, *known.of_condition)):
        return _cannot("none of these trials has a phase")
    source = f" (by name, or {_source(known.card)})" if _source(known.card) else ""
    product = _highest((known.card, *known.of_product), f"the product{source}") if _named(known.card) else None
    condition = _highest((known.card, *known.of_condition), "the condition")
    found = [each for each in (product, condition) if each]
    return Said("; ".join(text for text, _ in found) + ".", tuple(count for _, count in found))


def _earlier(known: Known, cards: Iterable[Card]) -> tuple[Card, ...]:
    start = known.card.start
    return tuple(card for card in cards if start and card.start and latest(card.start) < start)


def _with_people(cards: Sequence[Card]) -> str:
    actual = sum(card.enrolment or 0 for card in cards if card.enrolment_kind == "actual")
    planned = sum(card.enrolment or 0 for card in cards if card.enrolment_kind != "actual")
    parts = [f"{actual:,} people took part"] if actual else []
    parts += [f"{planned:,} planned or not said which"] if planned else []
    return f" ({'; '.join(parts)})" if parts else ""


def sponsor(known: Known) -> Said:
    """What the lead sponsor has run before this trial began, with how many people."""
    if known.card.sponsor is None:
        return _cannot("the record names no sponsor")
    own = [card for card in known.others if keys.sponsor(card) == keys.sponsor(known.card)]
    earlier = _earlier(known, own)
    text = f"{known.card.sponsor.name}: {_trials(len(earlier))} that began before this one{_with_people(earlier)};"
    text += f" {len(own)} beside this one in all."
    return Said(text, (_count("earlier trials of the sponsor", earlier), _count("all its other trials", own)))


def investigators(known: Known) -> Said:
    """What those who answer for the trial have answered for before, with how many people."""
    people = keys.people(known.card)
    if not people:
        return _cannot("the record names nobody who answers for the trial")
    texts, counts = [], []
    for key, name in people.items():
        own = [card for card in known.others if key in keys.people(card)]
        earlier = _earlier(known, own)
        texts.append(
            f"{name}: {_trials(len(earlier))} that began before this one{_with_people(earlier)}; {len(own)} beside it"
        )
        counts.append(_count(f"earlier trials of {name}", earlier))
    return Said(". ".join(texts) + ".", tuple(counts))


def sites(known: Known) -> Said:
    """The sites by country."""
    card = known.card
    if not card.locations:
        return _cannot("the record lists no sites")
    where = Counter(place.country or "country not given" for place in card.locations)
    each = ", ".join(f"{country} {number}" for country, number in sorted(where.items(), key=lambda p: (-p[1], p[0])))
    text = f"{len(card.locations)} {'site' if len(card.locations) == 1 else 'sites'}: {each}."
    return Said(text, tuple(Count(country, number, (card.id,)) for country, number in sorted(where.items())))


_SILENT = "the record does not say whether any are"


def results_due(known: Known) -> Said:
    """When results were posted, or fall due: a year after the primary completion."""
    card, one = known.card, (_count("this trial", (known.card,)),)
    if card.results_first_posted:
        return Said(f"results were posted on {card.results_first_posted}.", one)
    if card.has_results:
        return Said("results are posted; the record does not say when.", one)
    if card.results_due is None:
        return _cannot("the record gives no primary completion of an interventional trial")
    when = f"a year after the primary completion ({card.primary_completion}"
    when += ", planned)" if card.primary_completion_kind == "planned" else ")"
    late = latest(card.results_due) < known.on.isoformat()
    none = f"none were posted by {card.updated or 'then'}" if card.has_results is False else _SILENT
    text = f"{'due since' if late else 'due in'} {card.results_due}, {when}; {none}."
    return Said(text, one)


QUESTIONS: tuple[Question, ...] = (
    Question("precedents", "What precedents has the product?", precedents, (*_PRODUCT, _START, _STATUS[0])),
    Question("participants", "How many people take part?", participants, (_PEOPLE,)),
    Question("approval", "Has an authority approved the product?", approval, ()),
    Question(
        "recruiting",
        "Is the trial recruiting?",
        recruiting,
        (*_STATUS, f"{_LOCATIONS}.status", _COMPLETION),
    ),
    Question("places_left", "How many places are left?", places_left, (_STATUS[0], _PEOPLE)),
    Question(
        "condition_recruiting",
        "How many trials recruit for the condition?",
        condition_recruiting,
        (*_CONDITIONS, *_STATUS),
    ),
    Question(
        "product_recruiting", "How many trials of the product recruit?", product_recruiting, (*_PRODUCT, *_STATUS)
    ),
    Question(
        "highest_phase",
        "Which phase have the product and the condition reached?",
        highest_phase,
        (_PHASES, *_CONDITIONS, *_PRODUCT),
    ),
    Question("sponsor", "What has the sponsor run before?", sponsor, (_SPONSOR, _START, _PEOPLE)),
    Question("investigators", "What have the investigators run before?", investigators, (_OFFICIALS, _START, _PEOPLE)),
    Question("sites", "Where are the sites?", sites, (_LOCATIONS,)),
    Question("results_due", "When are results due?", results_due, (*_RESULTS, _COMPLETION)),
)
"""Everything that can be asked, in the order it is answered."""


def ask(card: Card, cards: Iterable[Card], on: date, only: str = "") -> tuple[Answer, ...]:
    """Every question about a trial, or the one named `only`, answered from the catalogue as of a day."""
    every = tuple(cards)
    known = _known(card, tuple(each for each in every if each.id != card.id), on)
    newest = max((each.updated for each in (*every, card) if each.updated), default="")
    return tuple(
        _answered(question, question.answer(known), newest, len(every))
        for question in QUESTIONS
        if only in ("", question.name)
    )


def _answered(question: Question, said: Said, newest: str, of: int) -> Answer:
    return Answer(
        question.name, question.words, said.answered, said.text, said.counts, question.paths, newest, of
    )  # fmt: skip
