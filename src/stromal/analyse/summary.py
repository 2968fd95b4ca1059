"""One trial in one row: what the index page and the closing table of a run say of it.

Takes the protocol, the State, the results and the seal of the book; gives plain values (step 10 of the walk).
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.analyse.grid import numbered
from stromal.analyse.models import Result
from stromal.analyse.readings import dosed
from stromal.analyse.safety import GRADES
from stromal.analyse.wording import joined, moment, sentence
from stromal.ledger.state import State
from stromal.protocol.model import Protocol


@dataclass(frozen=True, slots=True)
class Seal:
    """What the report was made from: the number of the last entry of the book, and the hash its chain ends with."""

    number: int
    head: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A trial counted: `grades` are all adverse events by grade 1 to 5, `primary` the primary questions, answered."""

    trial: str
    title: str
    link: str
    planned: int
    screened: int
    enrolled: int
    dosed: int
    completed: int
    withdrawn: int
    ongoing: int
    doses: int
    holds: int
    standing: int
    deviations: int
    grades: tuple[int, ...]
    primary: tuple[str, ...]
    unconfirmed: int
    as_of: str
    entries: int
    head: str
    rehearsal: bool

    @property
    def words(self) -> str:
        """The trial in two sentences."""
        counts = ((self.completed, "completed"), (self.withdrawn, "withdrew"), (self.ongoing, "are in the trial"))
        ends = [f"{count} {what}" for count, what in counts if count] or ["nobody enrolled yet"]
        events = sum(self.grades)
        worst = max((grade for grade, count in zip(GRADES, self.grades, strict=True) if count), default=0)
        harm = numbered(events, "adverse event") + (f", the worst of grade {worst}" if worst else "")
        return (
            f"{self.screened} screened, {self.enrolled} of {self.planned} planned enrolled, {self.dosed} dosed"
            f" ({numbered(self.doses, 'dose')}): {joined(ends)}. {harm}; {numbered(self.holds, 'hold')},"
            f" {self.standing} standing; {numbered(self.deviations, 'deviation')}."
        )


def summarise(
    protocol: Protocol,
    state: State,
    results: tuple[Result, ...],
    seal: Seal,
    *,
    link: str = "",
    rehearsal: bool = False,
) -> Summary:
    """Count a trial. `link` is where its report lies, as seen from the index page."""
    everybody, enrolled = state.participants.values(), state.enrolled()
    events = [event.grade for person in everybody for event in person.chart.adverse_events]
    status = [person.status for person in enrolled]
    return Summary(
        trial=protocol.trial.id,
        title=protocol.trial.title,
        link=link,
        planned=protocol.trial.planned,
        screened=len(everybody),
        enrolled=len(enrolled),
        dosed=len(dosed(enrolled)),
        completed=status.count("completed"),
        withdrawn=status.count("withdrawn"),
        ongoing=status.count("enrolled"),
        doses=sum(len(person.chart.infusions) for person in enrolled),
        holds=len(state.holds),
        standing=len(state.standing()),
        deviations=len(state.deviations),
        grades=tuple(events.count(grade) for grade in GRADES),
        primary=tuple(f"{result.title} {sentence(result)}" for result in results if result.rank == "primary"),
        unconfirmed=sum(not each.confirmed for each in protocol.assumed.values()),
        as_of=moment(state.at) if state.at else "nothing recorded yet",
        entries=seal.number,
        head=seal.head,
        rehearsal=rehearsal,
    )
