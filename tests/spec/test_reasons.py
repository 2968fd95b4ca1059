"""Reasons: what the desk records only when somebody says why, and keeps as a signed deviation.

What has happened can always be recorded. Where it breaks a rule, the desk refuses it, names the rule and the next step;
given again with a reason it is recorded, with a deviation that keeps the reason and the signature of who gave it.
"""

from __future__ import annotations

from datetime import date

from conduct_stages import made, released
from site_desk import FIRST, Site
from spec_trial import table
from stromal.conduct import commands as c


@table("volume_ml", "asked_for")(
    ("5.56", ""),
    ("5", ""),
    ("4.9", "dosing.tolerance dosing.volume"),
    ("6.2", "dosing.tolerance"),
    ("9", "dosing.tolerance"),
)
def test_a_dose_outside_its_limits_needs_a_reason(volume_ml: str, asked_for: str) -> None:
    """A dose that delivers less or more than the tolerance allows, or in another volume than the protocol gives, is
    recorded with a reason only. (5e7 cells prescribed, 90 to 110 % of them tolerated, in 5 to 10 mL; 9e6 viable cells
    per mL.)
    """
    site, rules = released(), asked_for.split()
    dose = c.InfuseCells("P1", "injection_1", "L1", FIRST, 1e7, 90.0, float(volume_ml))
    if rules:
        assert site.refused("investigator", dose).rule == rules[0]
    site.must("investigator", dose, "the bag leaked" if rules else "")
    assert site.deviations() == rules
    assert {each.reason for each in site.state.deviations} <= {"the bag leaked"}


@table("first", "second", "released")(
    ("91", "", "as it is"),
    ("79", "", "with a reason"),
    ("91", "92", "as it is"),
    ("79", "91", "with a reason"),
    ("91", "79", "with a reason"),
)
def test_a_test_is_not_repeated_until_it_passes(first: str, second: str, released: str) -> None:
    """A second result of a release test is recorded with a reason, and both stay. Every result counts: a lot with one
    that failed is released with a reason only, whichever came last; a result that was misread is corrected instead.
    (The protocol asks for a viability of 80 % or more.)
    """
    site = made()
    site.must("laboratory", c.TestLot("L1", "sterility", "negative", FIRST))
    site.must("laboratory", c.TestLot("L1", "viability", float(first), FIRST, "%"))
    if second:
        again = c.TestLot("L1", "viability", float(second), FIRST, "%")
        assert site.refused("laboratory", again).rule == "lot.retest"
        site.must("laboratory", again, "the stain had expired")
    results = [each.value for each in site.state.lots["L1"].tests if each.test == "viability"]
    assert results == [float(each) for each in (first, second) if each]
    if released == "with a reason":
        assert site.refused("laboratory", c.ReleaseLot("L1", FIRST)).rule == "release.viability"
    site.must("laboratory", c.ReleaseLot("L1", FIRST), "the other result is an artefact")
    asked_for = ["lot.retest"] * bool(second) + ["release.viability"] * (released == "with a reason")
    assert site.deviations() == asked_for


@table("after_the_dose", "open_visits")(
    ("", "injection_2, visit_1, visit_2, visit_3, month_6, visit_4, visit_5, visit_6, last_visit"),
    ("came to visit_1; missed visit_2", "injection_2, visit_3, month_6, visit_4, visit_5, visit_6, last_visit"),
    ("toxicity", "visit_1, visit_2, visit_3, month_6, visit_4, visit_5, last_visit"),
    ("everything else told", ""),
)
def test_nobody_completes_a_trial_with_open_visits_unasked(after_the_dose: str, open_visits: str) -> None:
    """Somebody completes the trial once it is told of every planned visit whether it took place; while visits are open
    it needs a reason, and they are named. A visit whose condition leaves it out is not open, nor one without a day.
    """
    site, day = Site().dose(), date(2025, 7, 1)
    site.on(day)
    if after_the_dose == "toxicity":
        site.event("P1", 3, FIRST)
    for told in after_the_dose.split("; ") if " visit_" in after_the_dose else ():
        command = c.AttendVisit if told.startswith("came") else c.MissVisit
        site.must("coordinator", command("P1", told.split()[-1], day))
    if after_the_dose == "everything else told":
        for name in ("injection_2", *(f"visit_{number}" for number in range(1, 7)), "month_6", "last_visit"):
            site.must("coordinator", c.MissVisit("P1", name, day, "moved away"))
    for name in ("run_in_1", "run_in_2"):
        site.must("coordinator", c.MissVisit("P1", name, day, "away"))
    before, completed = len(site.deviations()), c.CompleteParticipant("P1", day)
    if open_visits:
        assert site.refused("coordinator", completed).message.endswith(f"open: {open_visits}")
    site.must("coordinator", completed, "seen by the family doctor")
    assert site.deviations()[before:] == ["visit.open"] * bool(open_visits)
    assert site.person().status == "completed"
