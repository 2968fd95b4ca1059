"""People treated on a dose that the design did not ask for: known about that dose, and in no cohort.

Takes a Design and a Tally; gives the Tally with one of them in it, what the design says then, and how many people may
still be treated. So counts who got less because the planned dose could not be made of their cells (`Makeable`), and
who was treated against the design; the desk and the simulations ask here.
"""

from __future__ import annotations

import math

from msgspec.structs import replace

from stromal.rules.escalation.advise import Fit, advise, fitted, observe
from stromal.rules.escalation.designs import AtMost, Design, modifiers
from stromal.rules.escalation.tally import Advice, Stop, Tally


def aside(design: Design, tally: Tally, dose: int, toxic: bool) -> Tally:
    """The tally with one person more on a dose; the cohort going on, and how the last one went, stay as they are."""
    after = observe(design, tally, dose, 1, int(toxic))
    return Tally(after.treated, after.toxic, tally.current, after.top, tally.last, tally.pending)


def ask(design: Design, tally: Tally, fit: Fit = fitted) -> Advice:
    """What comes next, with those aside in mind: never a closed dose, and never more people than there may be."""
    answer = advise(design, tally, fit)
    if isinstance(answer, Stop):
        return answer
    left = room(design, tally)
    if left <= 0:
        return Stop(f"{tally.people} people have been treated")
    if answer.size > left:
        answer = replace(answer, size=int(left))
    if answer.dose < tally.top:
        return answer
    if tally.top == 0:
        return Stop("the lowest dose is too toxic", selected=None)
    return replace(answer, dose=tally.top - 1, reason=f"{answer.reason}; dose {tally.top + 1} and above are closed")


def room(design: Design, tally: Tally) -> float:
    """How many people may still be treated; infinite where the design names no greatest number."""
    most = math.inf
    for each in modifiers(design):
        if isinstance(each, AtMost):
            most = min(most, each.people)
    return most - tally.people
