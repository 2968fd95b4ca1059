"""Which trials are related to one, and why: ranked by the structured facts they share, each reason written out.

Takes a card and the cards of a catalogue; gives Relations with their Reasons. No text is compared and nothing is
learnt: a fact of the table `FACTS` counts its weight, times how rare it is among the trials, so that sharing a rare
illness says more than sharing a route that half of all trials take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as pairs
from math import log, log10

from stromal.catalogue import keys
from stromal.catalogue.card import Card, Dose, Span
from stromal.catalogue.doses import WEIGHT_KG, clear, size
from stromal.values import plain

NEAR = 3.0
"""Doses further apart than this factor are not alike."""
AT_70_KG = 0.5
"""What a likeness counts that holds only once doses per kilogram are taken at 70 kg."""
LEAST_SHARE = 0.02
"""A telling fact whose points are less than this share of its weight relates nobody: nearly all trials have it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A kind of fact that two trials may share: what it weighs, and whether sharing it alone relates them."""

    name: str
    weight: float
    telling: bool
    why: str


FACTS: tuple[Fact, ...] = (
    Fact("condition", 10, True, "the same illness; MeSH terms and the record's own words"),
    Fact("investigator", 6, True, "the same person answers for both"),
    Fact("product", 5, True, "an intervention of the same name"),
    Fact("keyword", 2, True, "a keyword that is not the condition again"),
    Fact("tissue", 4, True, "the tissue the cells come from"),
    Fact("route", 4, True, "the way the cells are given"),
    Fact("dose", 4, False, f"a dose within a factor of {plain(NEAR)}; equal counts fully"),
    Fact("sponsor", 3, True, "the same lead sponsor"),
    Fact("donor", 2, False, "the patient's own cells, or somebody else's"),
    Fact("administrations", 1, False, "as many doses"),
    Fact("interval", 1, False, "as far apart"),
    Fact("phase", 1, False, "the same phase"),
    Fact("country", 1, False, "sites in the same country"),
    Fact("age group", 0.5, False, "children, adults or both"),
    Fact("design", 0.5, False, "the same allocation, model and masking"),
)
"""What counts how much. A condition outweighs all else; how a trial is run only orders those that are related."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two trials are related: the fact, in words, and what it counts."""

    fact: str
    text: str
    points: float


@dataclass(frozen=True, slots=True)
class Relation:
    """A related trial, its points, and the reasons, the weightiest first."""

    card: Card
    points: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What two trials share of a fact: the values, how alike they are from 0 to 1, and what to say of it."""

    values: tuple[str, ...]
    text: str
    likeness: float = 1.0


# ---------------------------------------------------------------- what a trial has of each fact


_SPOKEN = {"NA": "", "NONE": "open label", "RANDOMIZED": "randomised", "NON_RANDOMIZED": "not randomised"}


def _design(card: Card) -> tuple[str, ...]:
    parts = (card.allocation, card.model, card.masking)
    told = (_SPOKEN.get(each, each.lower().replace("_", " ")) for each in parts if each)
    return (", ".join(filter(None, told)),) if card.model and card.masking else ()


def _sizes(card: Card) -> tuple[str, ...]:
    """The sizes of the doses in cells at 70 kg, to the nearest half of a power of ten."""
    return tuple(dict.fromkeys(_size(dose) for dose in clear(card) if dose.high > 0))


def _size(dose: Dose) -> str:
    return f"{round(2 * log10(size(dose) * (WEIGHT_KG if dose.per_kg else 1)))}"


def _spans(spans: Iterable[Span]) -> tuple[str, ...]:
    ends = ((span, span.low if span.low is not None else span.high) for span in spans if span.state != "ambiguous")
    known = ((span, low, span.high if span.high is not None else low) for span, low in ends if low is not None)
    return tuple(
        f"{plain(low)}{'' if low == high else f' to {plain(high or low)}'} {span.unit}".strip()
        for span, low, high in known
    )


VALUES: Mapping[str, Callable[[Card], tuple[str, ...]]] = {
    "condition": keys.conditions,
    "investigator": lambda card: tuple(keys.people(card)),
    "product": keys.products,
    "keyword": keys.keywords,
    "dose": _sizes,
    "tissue": lambda card: card.tissues,
    "route": lambda card: card.routes,
    "sponsor": lambda card: tuple(filter(None, (keys.sponsor(card),))),
    "donor": lambda card: card.donors,
    "administrations": lambda card: _spans(card.administrations),
    "interval": lambda card: _spans(card.intervals),
    "phase": lambda card: tuple(each for each in card.phases if each != "NA"),
    "country": keys.countries,
    "age group": lambda card: tuple(sorted(keys.ages(card))),
    "design": _design,
}
"""How the values of each fact are read off a card; those of doses only tell how common doses of a size are."""
_WHOLE = {"age group"}
"""Facts that are shared only when all their values are."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A card with its values of every fact, read once."""

    card: Card
    values: Mapping[str, tuple[str, ...]]


def profile(card: Card) -> Profile:
    """A card, made ready to be compared."""
    return Profile(card, {name: read(card) for name, read in VALUES.items()})


# ---------------------------------------------------------------- comparing two


_SAID = {"product": "same product", "administrations": "as many doses", "age group": "same ages"}


def _alike(fact: str, mine: Profile, other: Profile) -> Shared | None:
    """The values of a fact that both have."""
    here, there = mine.values[fact], other.values[fact]
    both = (
        keys.same_conditions(here, there) if fact == "condition" else tuple(value for value in here if value in there)
    )
    if not both or (fact in _WHOLE and set(here) != set(there)):
        return None
    words = ", ".join(_shown(fact, value, mine.card) for value in both)
    return Shared(both, f"{_SAID.get(fact, f'same {fact}')}: {words}")


def _shown(fact: str, value: str, card: Card) -> str:
    """A value as the record writes it."""
    match fact:
        case "investigator":
            return keys.people(card).get(value, value)
        case "sponsor":
            return card.sponsor.name if card.sponsor else value
        case "phase":
            return value.lower().replace("_", " ").replace("phase", "phase ")
        case _:
            return value


def _cells(dose: Dose) -> float:
    return size(dose) * (WEIGHT_KG if dose.per_kg else 1)


def _ratio(mine: Dose, other: Dose) -> float:
    """How many times one dose is the other; 1 where a stretch of one holds the other."""
    factor = (1, 1) if mine.per_kg == other.per_kg else (WEIGHT_KG if d.per_kg else 1 for d in (mine, other))
    a, b = factor
    low, high = max(mine.low * a, other.low * b), min(mine.high * a, other.high * b)
    if low <= high:
        return 1.0
    return float(low / high) if high > 0 else float("inf")


def doses(mine: Card, other: Card) -> Shared | None:
    """The two doses that are most alike, in one unit if there are such, else at 70 kg."""
    found = [(_ratio(a, b), a.per_kg != b.per_kg, a, b) for a, b in pairs(clear(mine), clear(other))]
    near = [each for each in found if each[0] < NEAR]
    if not near:
        return None
    ratio, crossed, a, b = min(near, key=lambda each: (each[1], each[0], _cells(each[2]), _cells(each[3])))
    likeness, common = (1 - log(ratio) / log(NEAR)) * (AT_70_KG if crossed else 1), (_size(a),)
    unit = "at 70 kg" if crossed else "per kg" if a.per_kg else "in all"
    if ratio == 1 and not crossed and (a.low, a.high) == (b.low, b.high):
        return Shared(common, f"same dose {unit}: {amount(a)}", likeness)
    how = "overlapping doses" if ratio == 1 else f"doses within a factor of {ratio:.2g}"
    sizes = f"{amount(a)} {a.unit} and {amount(b)} {b.unit}" if crossed else f"{amount(a)} and {amount(b)}"
    return Shared(common, f"{how} {unit}: {sizes}", likeness)


def amount(dose: Dose) -> str:
    """A dose as `1e6`, or `1e6 to 4e6`."""
    return brief(dose.low) if dose.low == dose.high else f"{brief(dose.low)} to {brief(dose.high)}"


def brief(cells: float, figures: int = 3) -> str:
    """A number of cells with up to so many digits: `1e8`, `1.5e6`, `2.25e7`."""
    digits, _, power = f"{float(cells):.{figures - 1}e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}e{int(power)}"


# ---------------------------------------------------------------- ranking


class Rarity:
    """How rare a value is among trials: 1 for a value that one trial alone has, near 0 for one that all have.

    Only values of `mine` are counted: nothing else can be shared with it.
    """

    def __init__(self, mine: Profile, others: Sequence[Profile]) -> None:
        self.trials = 1 + len(others)
        self.counts = {name: Counter(set(values)) for name, values in mine.values.items()}
        wanted = [(name, frozenset(values), self.counts[name]) for name, values in mine.values.items() if values]
        for each in others:
            for name, values, count in wanted:
                count.update(values.intersection(each.values[name]))

    def of(self, fact: str, values: Sequence[str]) -> float:
        """The rarity of the rarest of several values: ln((N + 1) / n) / ln(N + 1), where n of N trials have it."""
        rarest = min((max(self.counts[fact][value], 1) for value in values), default=1)
        return log((self.trials + 1) / rarest) / log(self.trials + 1)


def compare(mine: Profile, other: Profile, rarity: Rarity) -> Relation | None:
    """How one trial is related to another; None where nothing telling is shared."""
    reasons, telling = [], False
    for fact in FACTS:
        shared = doses(mine.card, other.card) if fact.name == "dose" else _alike(fact.name, mine, other)
        if shared is None:
            continue
        points = fact.weight * shared.likeness * rarity.of(fact.name, shared.values)
        reasons.append(Reason(fact.name, shared.text, points))
        telling = telling or (fact.telling and points >= LEAST_SHARE * fact.weight)
    if not telling:
        return None
    ordered = tuple(sorted(reasons, key=lambda reason: -reason.points))
    return Relation(other.card, sum(reason.points for reason in ordered), ordered)


_TELLING = tuple(fact.name for fact in FACTS if fact.telling)


def _telling(mine: Profile, other: Profile) -> bool:
    """Whether the two have any value of a telling fact in common: quickly seen, and false of most."""
    return any(value in other.values[name] for name in _TELLING for value in mine.values[name])


def related(card: Card, cards: Iterable[Card], limit: int | None = 10) -> tuple[Relation, ...]:
    """The trials of a catalogue that are related to one, which may be in it or not; the most related first."""
    others = [profile(each) for each in cards if each.id != card.id]
    mine = profile(card)
    rarity = Rarity(mine, others)
    likely = (other for other in others if _telling(mine, other))
    found = (relation for other in likely if (relation := compare(mine, other, rarity)) is not None)
    ranked = sorted(found, key=lambda relation: (-relation.points, relation.card.id))
    return tuple(ranked[:limit])
