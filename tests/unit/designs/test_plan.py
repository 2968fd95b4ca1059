"""A protocol becomes a plan by asking its rules; what does not fit a plan is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stromal.designs.assumptions import scaled, usual, usual_grades
from stromal.designs.plan import DAY_ZERO, LAST_DOSE, plan
from stromal.designs.probes import UNLIMITED, Harm
from stromal.designs.walk import line
from stromal.protocol.file import load
from stromal.protocol.model import Protocol
from stromal.values import Unusable

FOLDER = Path(__file__).resolve().parents[3] / "protocols"
TWO_DOSES, LADDER, AGAIN = "NCT00186914", "NCT03268603", "NCT04821479"


def protocol(name: str, *changes: tuple[str, str]) -> Protocol:
    """A protocol of the house, with passages of its file replaced."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(text, f"{name}.yaml").require()


def test_two_doses() -> None:
    """Levels, days, the condition of the second dose, holds and the declaration of six of six."""
    found = plan(protocol(TWO_DOSES))
    assert [level.name for level in found.levels] == ["1e6 cells/kg", "5e6 cells/kg"]
    assert [(step.anchor, step.first, step.last) for step in found.steps] == [
        (DAY_ZERO, 0, 0), (0, 14, 21), (LAST_DOSE, 25, 31),
    ]  # fmt: skip
    assert [step.unless_harmed for step in found.steps] == [False, True, False]
    assert found.harm == Harm(3, from_last=False, within=UNLIMITED)
    assert (found.person_hold, found.trial_hold, found.stop_at) == ("held", "trial_held", (0, 0, 2, 2, 2, 2, 2))
    assert found.declares == (False,) * 6 + (True,)
    assert found.required == (False, True, True)
    assert found.trial_release == ("safety_committee",)


def test_the_ladder() -> None:
    """The table of the protocol, asked grade by grade, and the measurements on either side of the first injection."""
    found = plan(protocol(LADDER))
    assert found.next_level == ((1, 1, 0, 0, -1, -1), (2, 2, 1, 0, -1, -1), (2, 2, 2, 1, -1, -1))
    assert found.dose_starts == (1,)
    assert (found.rounds[0].anchor, found.rounds[0].until) == (LAST_DOSE, 6)
    mine = found.measured[0]
    assert (mine.kind, mine.fact, mine.least_before, mine.least_after, mine.needs_dose) == (
        "slope",
        "alsfrs_r",
        2,
        2,
        True,
    )
    names = [*found.screenings, *(step.name for step in found.steps)]
    assert [name for name, counts in zip(names, mine.before, strict=False) if counts] == names[:4]
    assert [name for name, counts in zip(names, mine.after, strict=False) if counts] == names[3:]


def test_a_changed_rule_changes_the_plan() -> None:
    """Nothing is copied: another grade, another count, another table, another interval are seen at once."""
    more = ("grade >= 3 and related and onset since", "grade >= 2 and related and onset since")
    many = ("unacceptable_toxicity) >= 2", "unacceptable_toxicity) >= 4")
    down = ("previous injection) = 2\n        then: same", "previous injection) = 2\n        then: down")
    found = plan(protocol(LADDER, more, many, down))
    assert (found.harm.least, found.stop_at[3:6]) == (2, (0, 4, 4))
    assert [row[2] for row in found.next_level] == [0, 0, 1]
    found = plan(
        protocol(TWO_DOSES, ("14..21 days after", "20..30 days after"), ("= 6\n    declares", ">= 5\n    declares"))
    )
    assert (found.steps[1].first, found.steps[1].last) == (20, 30)
    assert found.declares == (False,) * 5 + (True, True)


def test_harm_counted_from_the_last_dose() -> None:
    """Thirty days after the last injection, as the rule says."""
    assert plan(protocol(AGAIN)).harm == Harm(3, from_last=True, within=30)


HELD = "    hold: participant\n    when: unacceptable_toxicity"
OTHER = "    declares: x\n  other:\n    when: count(participants where done(infusion_2)) = 6\n    declares: 5 million"
UNFIT = (
    (HELD, HELD.replace("unacceptable_toxicity", "count(adverse_event where related) > 0"), "take different harm"),
    (HELD, HELD.replace("unacceptable_toxicity", "weight < 3 kg"), "only harmed"),
    (HELD, HELD.replace("participant", "dose").replace("hold: dose", "hold: dose\n    of: dose_2"), "hold of a dose"),
    ("unacceptable_toxicity) = 6", "unacceptable_toxicity) = 7", "declares nothing"),
    ("    declares: 5 million", OTHER, "a second rule"),
    ("    at: 28 days after last dose", "    at: 28 days before infusion_2", "comes before what it hangs on"),
)


@pytest.mark.parametrize(("old", "new", "words"), UNFIT)
def test_rules_that_do_not_fit_are_told_with_their_line(old: str, new: str, words: str) -> None:
    """Holds on different harm, on a weight, of one dose; declarations that cannot be; a visit before its anchor."""
    changed = protocol(TWO_DOSES, (old, new))
    with pytest.raises(Unusable, match=words) as told:
        plan(changed)
    finding = told.value.findings[0]
    assert finding.places[0].line > 0
    assert finding.hint


def test_usual_grades_are_the_worst_of_several() -> None:
    """They add up to 1, and scaling sets the chance of unacceptable toxicity and keeps the ratios."""
    row = usual_grades()
    assert sum(row) == pytest.approx(1)
    more = scaled(row, 0.4, 3)
    assert sum(more) == pytest.approx(1)
    assert sum(more[3:]) == pytest.approx(0.4)
    assert more[4] / more[3] == pytest.approx(row[4] / row[3])
    assert scaled((1.0, 0, 0, 0, 0, 0), 0.2, 3) == (0.8, 0, 0, 0.2, 0, 0)
    assert scaled((0, 0, 0, 1.0, 0, 0), 0.2, 3) == (0.8, 0, 0, 0.2, 0, 0)
    assert usual(plan(protocol(LADDER))).outcomes[0].effect == 0.2


def test_a_line_needs_two_days() -> None:
    """The slope a month, and nothing where everything was measured on one day."""
    assert line([0, 61], [40.0, 38.0], 2) == pytest.approx(-2 / 61 * 30.4375)
    assert line([5, 5], [1.0, 2.0], 2) != line([5, 5], [1.0, 2.0], 2)
