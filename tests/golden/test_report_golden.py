"""The report of the small trial as it was last looked at, word for word; figures are held by their descriptions.

Entries are cited and not listed here: what a listing says of them is proved in the unit tests.
"""

from __future__ import annotations

import re

import small_trial
from golden.snapshots import same
from stromal.analyse.figures import figures
from stromal.analyse.models import analyse
from stromal.analyse.report import index, render
from stromal.analyse.summary import Seal, summarise
from stromal.analyse.tables import tabulate

_SVG = re.compile(r"<svg.*?<title[^>]*>(.*?)</title><desc[^>]*>(.*?)</desc>.*?</svg>", re.DOTALL)
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def _told(page: str) -> str:
    """The page without its style sheet, each drawing as its title and description."""
    return _STYLE.sub("<style/>", _SVG.sub(r"[\1: \2]", page))


def test_the_report_reads_as_it_was_last_looked_at() -> None:
    """Any change of a word or a number in a report shows here first."""
    protocol, state = small_trial.protocol(), small_trial.history().state()
    tables, results = tabulate(state, protocol), analyse(protocol, state)
    drawn = figures(state, protocol, tables, results)
    page = render(protocol, state, tables, results, drawn, Seal(212, "ab" * 32), rehearsal=True)
    same("report_small.html", _told(page))


def test_the_index_reads_as_it_was_last_looked_at() -> None:
    """Any change of the index page shows here."""
    protocol, state = small_trial.protocol(), small_trial.history().state()
    row = summarise(protocol, state, analyse(protocol, state), Seal(212, "ab" * 32), link="NCT00000042.html")
    same("report_index.html", _told(index([row])))
