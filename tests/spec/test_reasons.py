"""Reasons: what the desk records only when somebody says why, and keeps as a signed deviation.

What has happened can always be recorded. Where it breaks a rule, the desk refuses it, names the rule and the next step;
given again with a reason it is recorded, with a deviation that keeps the reason and the signature of who gave it.
"""

from __future__ import annotations

from conduct_stages import released
from site_desk import FIRST
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
