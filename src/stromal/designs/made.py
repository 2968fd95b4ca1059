"""What can be made of an autologous product for a person who comes: the planned dose, a lower one, or nothing.

Takes the Makeable modifiers of a design; gives the chance of each dose, and the dose made by a person's number. The
event engines and the compiled loops ask here.
"""

from __future__ import annotations

from collections.abc import Sequence

from stromal.rules.escalation.designs import Design, Makeable, modifiers

LOST = -1
"""Nothing could be made: the product is lost."""


def chances(design: Design, doses: int) -> tuple[float, ...]:
    """The chance that each dose can be made (K), the least where several modifiers say one; nothing where all can.

    ValueError where a modifier speaks of another number of doses.
    """
    given = [each.chance for each in modifiers(design) if isinstance(each, Makeable)]
    for each in given:
        if len(each) != doses:
            raise ValueError(f"{len(each)} chances of making a dose for {doses} doses")
    return tuple(min(column) for column in zip(*given, strict=True))


def made(makeable: Sequence[float], planned: int, drawn: float) -> int:
    """The highest dose up to the planned one that can be made for a person of this number in [0, 1); LOST if none."""
    if not makeable:
        return planned
    while planned >= 0 and drawn >= makeable[planned]:
        planned -= 1
    return planned


def shares(makeable: Sequence[float], planned: int) -> tuple[float, ...]:
    """The chance of each dose up to the planned one, among people for whom any can be made (planned + 1)."""
    if not makeable:
        return (*(0.0 for _ in range(planned)), 1.0)
    least = makeable[0]
    below = (makeable[dose] - makeable[dose + 1] for dose in range(planned))
    return (*(each / least for each in below), makeable[planned] / least)
