"""How far a trial has come: for tests of the desk, one function a stage, each through the desk from the beginning."""

from __future__ import annotations

from datetime import timedelta

from site_desk import DAY_ZERO, FIRST, SCREENED, Site
from spec_trial import TEXT
from stromal.conduct import commands as c
from stromal.ledger import events as e

NEXT = FIRST + timedelta(days=15)
"""The day of the second injection."""


def opened() -> Site:
    """A trial without anybody."""
    return Site()


def registered() -> Site:
    """P1 is known and has not consented."""
    site = Site().on(SCREENED)
    site.must("coordinator", c.RegisterParticipant("P1", SCREENED))
    return site


def consented() -> Site:
    """P1 has consented."""
    return Site().register()


def screened() -> Site:
    """Everything the criteria ask for is known of P1."""
    return Site().screen()


def decided() -> Site:
    """P1 was found eligible."""
    site = Site().screen()
    site.must("investigator", c.DecideEligibility("P1", SCREENED))
    return site


def ineligible() -> Site:
    """P1 was found not to be eligible."""
    site = Site().screen(score=3)
    site.must("investigator", c.DecideEligibility("P1", SCREENED))
    return site


def corrected() -> Site:
    """P1 was found eligible on a value that was corrected since."""
    site = decided()
    seen = next(each for each in site.person().chart.observations if each.fact == "score")
    right = e.FactObserved("P1", "score", 41, SCREENED, "", "screening")
    site.must("coordinator", c.CorrectEntry(seen.entry, "misread", right))
    return site


def reconsented() -> Site:
    """P1 consented anew after the verdict."""
    site = decided()
    site.must("coordinator", c.RecordConsent("P1", SCREENED))
    return site


def consented_late() -> Site:
    """P1 consented anew five days after everything was known."""
    later = SCREENED + timedelta(days=5)
    site = Site().screen().on(later)
    site.must("coordinator", c.RecordConsent("P1", later))
    return site


def overtaken() -> Site:
    """P1 was found eligible, and then a tumour was found."""
    site = decided()
    site.must("coordinator", c.RecordEpisode("P1", "tumour", SCREENED, ongoing=True))
    return site


def failed() -> Site:
    """P1 failed screening."""
    site = decided()
    site.must("coordinator", c.FailScreening("P1", SCREENED, ("moved away",)))
    return site


def enrolled() -> Site:
    """P1 is in the trial."""
    return Site().enrol().on(FIRST)


def full() -> Site:
    """As many as are planned are enrolled, and P9 is eligible."""
    site = Site(TEXT.replace("planned: 6", "planned: 1")).enrol().screen("P9", DAY_ZERO)
    site.must("investigator", c.DecideEligibility("P9", DAY_ZERO))
    return site


def left() -> Site:
    """P1 left the trial, a lot was ready."""
    site = enrolled().lot()
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    site.must("coordinator", c.WithdrawParticipant("P1", FIRST, "moved away"))
    return site


def made() -> Site:
    """A lot was made and tested for nothing yet."""
    site = enrolled()
    site.must("laboratory", c.ManufactureLot("L1", "cells", "P1", FIRST, "P1"))
    return site


def failed_tests() -> Site:
    """A lot failed its tests; P1 has come for the injection."""
    site = made()
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    site.must("laboratory", c.TestLot("L1", "viability", 79.9, FIRST, "%"))
    site.must("laboratory", c.TestLot("L1", "sterility", "positive", FIRST))
    return site


def released() -> Site:
    """A lot is released, P1 has come for the injection."""
    site = enrolled().lot()
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    return site


def retested() -> Site:
    """A lot failed a test after its release."""
    site = released()
    site.must("laboratory", c.TestLot("L1", "sterility", "positive", FIRST), "a second sample was kept")
    return site


def passed_later() -> Site:
    """A lot failed both of its tests; both were done again, and it passed."""
    site = failed_tests()
    site.must("laboratory", c.TestLot("L1", "viability", 85.0, FIRST, "%"), "the stain had expired")
    site.must("laboratory", c.TestLot("L1", "sterility", "negative", FIRST), "the plate was contaminated")
    return site


def recounted() -> Site:
    """A test result was corrected after the release."""
    site = released()
    right = e.LotTested("L1", "viability", 91.0, FIRST, "%")
    site.must("laboratory", c.CorrectEntry(site.state.lots["L1"].tests[0].entry, "misread", right))
    return site


def rejected() -> Site:
    """A lot is ruled out."""
    site = released()
    site.must("laboratory", c.RejectLot("L1", FIRST, "broken bag"))
    return site


def dosed() -> Site:
    """P1 was given the first injection; another lot is ready for the second."""
    site = Site().dose().on(NEXT).lot("L2", day=NEXT)
    site.must("coordinator", c.AttendVisit("P1", "injection_2", NEXT))
    return site


def told_to_hold() -> Site:
    """The table said stop for the second injection."""
    text = TEXT.replace("when: count(adverse_event where grade >= 3", "when: count(adverse_event where grade >= 9")
    site = Site(text).dose().on(NEXT).lot("L2", day=NEXT)
    site.event("P1", 4, NEXT)
    site.must("coordinator", c.AttendVisit("P1", "injection_2", NEXT))
    site.must("investigator", c.DecideDoseLevel("P1", "injection_2", NEXT))
    return site


def unjudged() -> Site:
    """Nobody has judged whether a severe event is related."""
    site = dosed()
    site.event("P1", 3, NEXT, related=None)
    return site


def doubtful() -> Site:
    """The rung was decided, and then a severe event was reported that nobody has judged."""
    site = dosed()
    site.must("investigator", c.DecideDoseLevel("P1", "injection_2", NEXT))
    site.event("P1", 3, NEXT, related=None)
    return site


def stopped() -> Site:
    """A related death of somebody else stopped the trial while P1 has come for the injection."""
    site = released().screen("P2", FIRST)
    site.must("investigator", c.DecideEligibility("P2", FIRST))
    site.must("investigator", c.EnrolParticipant("P2", FIRST))
    site.event("P2", 5, FIRST)
    return site


def died() -> Site:
    """A related death stopped the trial; P9 is eligible."""
    site = Site().dose().on(NEXT)
    site.event("P1", 5, NEXT)
    site.screen("P9", NEXT)
    site.must("investigator", c.DecideEligibility("P9", NEXT))
    return site


def ill() -> Site:
    """P1 had an adverse event of grade 1."""
    site = enrolled()
    site.event("P1", 1, FIRST)
    return site


def per_kilogram() -> Site:
    """The dose is per kilogram, and P1 was not weighed."""
    text = TEXT.replace("    ladder: 1e7, 5e7, 1e8 cells\n    start: 5e7 cells\n    adjust: modification\n",
                        "    amount: 1e6 cells/kg of weight\n")  # fmt: skip
    site = Site(text).enrol().lot()
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    return site


def other_products() -> Site:
    """There is a second product of the patient's, one of a matched donor, and a dose of someone else's cells."""
    more = """\
  bone:
    says: bone cells of a matched donor
    donor: matched donor
  other:
    says: other cells of the patient
    donor: patient
"""
    site = Site(TEXT.replace("doses:\n", more + "doses:\n")).enrol().on(FIRST)
    site.must("laboratory", c.ManufactureLot("L1", "other", "P1", FIRST, "P1"))
    site.must("laboratory", c.ReleaseLot("L1", FIRST))
    site.must("coordinator", c.AttendVisit("P1", "injection_1", FIRST))
    return site
