"""The report: one page that needs nothing else, that says what it rests on, and that is the same every time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import small_trial
from small_trial import Log
from stromal.analyse.figures import figures
from stromal.analyse.models import analyse
from stromal.analyse.report import index, render, write, write_index
from stromal.analyse.summary import Seal, Summary, summarise
from stromal.analyse.tables import tabulate
from stromal.ledger import events as e
from stromal.ledger.state import State
from stromal.protocol.model import Protocol

SEAL = Seal(212, "c0ffee" * 10)
VOID = {"meta", "link", "br", "img", "hr", "input"}


def page(log: Log, protocol: Protocol | None = None, *, linked: bool = True, rehearsal: bool = False) -> str:
    """The report of a trial; without its figures, which have tests of their own."""
    held, state = protocol or small_trial.protocol(), log.state()
    entries = log.entries if linked else ()
    return render(
        held, state, tabulate(state, held), analyse(held, state), (), SEAL, rehearsal=rehearsal, entries=entries
    )


@pytest.fixture(scope="module")
def whole() -> str:
    """The report of the small trial with all its figures and entries."""
    log, protocol = small_trial.history(), small_trial.protocol()
    state = log.state()
    tables, results = tabulate(state, protocol), analyse(protocol, state)
    return render(
        protocol, state, tables, results, figures(state, protocol, tables, results), SEAL, entries=log.entries
    )


class Outline(HTMLParser):
    """Every start tag with its attributes, and proof that tags close in order."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; what is not void must be closed."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes what was opened last."""
        assert self.open.pop() == tag

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        """The attributes of every tag of a name."""
        return (attrs for name, attrs in self.tags if name == tag)


def test_the_page_is_well_formed_and_links_only_to_itself(whole: str) -> None:
    """Tags close in order, ids are unique, every link and every label leads to something on the page."""
    outline = Outline(whole)
    assert outline.open == []
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for attrs in outline.named("a")]
    assert targets
    assert all(target and target.startswith("#") and target[1:] in ids for target in targets)
    for _, attrs in outline.tags:
        for label in (attrs.get("aria-labelledby") or "").split():
            assert label in ids


def test_the_page_needs_nothing_else(whole: str) -> None:
    """No script, nothing loaded from anywhere, one style sheet inside."""
    outline = Outline(whole)
    assert not list(outline.named("script"))
    assert not list(outline.named("link"))
    assert not re.search(r"(?:src=|url\((?!#)|@import)", whole)
    assert all(name.startswith("http://www.w3.org/") for name in re.findall(r"https?://[^\"'\s<)]+", whole))


def test_the_page_is_accessible(whole: str) -> None:
    """A language, landmarks, headings in steps, captions, and a scope on every heading of a table."""
    outline = Outline(whole)
    assert next(outline.named("html"))["lang"] == "en"
    names = [name for name, _ in outline.tags]
    assert {"header", "main", "nav", "footer"} <= set(names)
    levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(after <= before + 2 for before, after in pairwise(levels))
    assert all(attrs.get("scope") in ("col", "row") for attrs in outline.named("th"))
    assert names.count("caption") >= 20


def test_the_head_says_what_the_report_is_made_from(whole: str) -> None:
    """Trial, protocol with its digest, the moment, the book and the end of its chain; what others wrote is escaped."""
    for text in ("A small trial of stromal cells &amp; a &lt;careful&gt; report", "NCT00000042", "4f1d" * 16,
                 "2020-12-30 09:03 UTC", "212 entries", SEAL.head):  # fmt: skip
        assert text in whole
    assert "<careful>" not in whole


def test_what_nobody_confirmed_stands_in_front(whole: str) -> None:
    """One of two assumptions is confirmed: the banner names the other with its line, the appendix both."""
    banner = whole[whole.index("reading that nobody has confirmed") : whole.index("<nav")]
    assert "1 reading that nobody" in whole
    assert "rules.held" in banner
    assert "(protocol line 16)" in banner
    assert "doses.injection.tolerance" not in banner
    assert "Dr Noor on 2020-01-02" in whole
    assert "nobody yet" in whole


def test_with_everything_confirmed_there_is_no_banner() -> None:
    """Nor an appendix where nothing is assumed; nor sources where none are named."""
    protocol = small_trial.protocol()
    text = page(small_trial.history(), replace(protocol, assumed={}, sources={}))
    assert "nobody has confirmed" not in text
    assert "What the protocol assumes" not in text
    assert "What the record says" not in text


def test_a_rehearsal_says_so() -> None:
    """Virtual people are never taken for real ones."""
    assert "Rehearsal with virtual people" in page(small_trial.history(), rehearsal=True)
    assert "Rehearsal with virtual people" not in page(small_trial.history())


def test_every_result_names_protocol_record_and_entries(whole: str) -> None:
    """The lines of the protocol, the lines of the record, the entries of the book, the method and its source."""
    part = whole[whole.index('id="result-progression"') : whole.index('id="result-breathing"')]
    assert "lines 126 and 112" in part
    assert "record lines 12-13: three months of run-in" in part
    assert "sign-flip permutation" in part
    assert "Biometrika 6:1 (1908)" in part
    assert "regression to the mean" in part
    assert 'class="cited"' in part


def test_long_lists_of_entries_stand_in_the_appendix(whole: str) -> None:
    """A number that rests on many entries shows three runs and links to all of them."""
    found = re.search(r'<a href="#(whole-\d+)">and \d+ more</a>', whole)
    assert found is not None
    item = whole[whole.index(f'id="{found[1]}"') :]
    assert re.match(r'id="[^"]+"><strong>[^<]+</strong>: entries [\d, -]+</li>', item)


def test_cited_entries_are_listed_in_words(whole: str) -> None:
    """Each citation leads to the entry: when, by whom, in which role, what."""
    row = whole[whole.index('id="e75"') :][:600]
    for text in ("2020-06-04 09:01 UTC", "ivo, investigator", "Cells infused", "delivered cells 5.1e7"):
        assert text in row


def test_without_entries_nothing_is_listed_or_linked() -> None:
    """Citations are plain numbers then."""
    text = page(small_trial.history(), linked=False)
    assert not re.search(r'href="#e\d', text)
    assert "entries cited, in words" not in text
    assert '<span class="cited">' in text


def test_a_corrected_entry_is_marked() -> None:
    """A reader sees that what they look up was put right later."""
    log = small_trial.history()
    deviation = next(each.number for each in log.entries if isinstance(each.event, e.DeviationRecorded))
    log.add(e.EntryCorrected(deviation, "84 %", log.entries[deviation - 1].event))
    assert "(corrected later)" in page(log)
    assert "(corrected later)" not in page(small_trial.history())


def test_a_standing_hold_is_the_first_thing_said() -> None:
    """Dosing is stopped: the summary says what is stopped and why."""
    log = small_trial.history()
    log.add(e.HoldPlaced("paused", "trial", "Two people are held", (1,)))
    text = page(log)
    summary = text[text.index('id="summary"') : text.index('id="disposition"')]
    assert "A hold stands: the whole trial" in summary
    assert "Two people are held" in summary
    assert "1 standing" in summary


def test_an_empty_book_makes_a_report_that_says_so() -> None:
    """Nothing recorded, nobody screened; the protocol is not adopted in this book."""
    text = page(Log())
    assert "not adopted in this book" in text
    assert "nothing recorded yet" in text
    assert "0 screened, 0 of 8 planned enrolled, 0 dosed (0 doses): nobody enrolled yet." in text
    assert Outline(text).open == []


def test_a_protocol_without_analyses_says_so() -> None:
    """The section stands and is not left empty."""
    protocol = replace(small_trial.protocol(), analyses={})
    assert "The protocol names no analysis." in page(small_trial.history(), protocol)


def test_sources_without_lines_are_the_record_itself() -> None:
    """One line is told in the singular, none as the record."""
    protocol = small_trial.protocol()
    sources = {"arm": protocol.sources["arm"], "run_in": replace(protocol.sources["run_in"], lines=())}
    text = page(small_trial.history(), replace(protocol, sources=sources))
    assert "record line 20: two injections three months apart" in text
    assert "<li>the record: three months of run-in</li>" in text


# ---------------------------------------------------------------- on disk, and side by side


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """The same book gives the same report; the row of the index comes with it."""
    log, protocol = small_trial.history(), small_trial.protocol()
    first = write(protocol, log.state(), SEAL, tmp_path / "a", rehearsal=True, entries=log.entries)
    second = write(protocol, log.state(), SEAL, tmp_path / "b" / "c", rehearsal=True, entries=log.entries)
    assert first.path == tmp_path / "a" / "NCT00000042.html"
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.summary == second.summary
    assert first.summary.link == "NCT00000042.html"


_IDS = [("../x/y", "-x-y.html"), ("EU 2020/1 (b)", "EU-2020-1-b-.html"), ("..", "trial.html")]


@pytest.mark.parametrize(("id", "name"), _IDS)
def test_an_id_never_leads_out_of_the_directory(id: str, name: str, tmp_path: Path) -> None:  # noqa: A002
    """What a file name should not hold becomes a dash."""
    protocol = small_trial.protocol()
    named = replace(protocol, trial=replace(protocol.trial, id=id), analyses={})
    assert write(named, State(), SEAL, tmp_path).path == tmp_path / name


@pytest.fixture(scope="module")
def row() -> Summary:
    """The small trial in one row."""
    state, protocol = small_trial.history().state(), small_trial.protocol()
    return summarise(protocol, state, analyse(protocol, state), SEAL, link="NCT00000042.html")


def test_a_trial_in_one_row(row: Summary) -> None:
    """Everything counted, the primary question answered."""
    assert (row.screened, row.enrolled, row.dosed, row.completed, row.withdrawn, row.ongoing) == (8, 6, 5, 2, 1, 3)
    assert (row.doses, row.holds, row.standing, row.deviations, row.unconfirmed) == (8, 1, 0, 1, 1)
    assert row.grades == (2, 2, 1, 0, 0)
    assert row.primary[0].startswith(
        "Are injections safe? 2 of 5 had one or more adverse events from injection 1 until month 9"
    )
    assert row.words == (
        "8 screened, 6 of 8 planned enrolled, 5 dosed (8 doses): 2 completed, 1 withdrew and 3 are in the trial."
        " 5 adverse events, the worst of grade 3; 1 hold, 0 standing; 1 deviation."
    )


def test_the_index_sets_trials_side_by_side(row: Summary, tmp_path: Path) -> None:
    """A row a trial with a link to its report; a standing hold and a rehearsal are told."""
    other = replace(row, trial="NCT2", link="NCT2.html", standing=1, primary=(), unconfirmed=2, rehearsal=True)
    text = index([row, replace(other, unconfirmed=0), other])
    assert Outline(text).open == []
    assert [attrs["href"] for attrs in Outline(text).named("a")] == ["NCT00000042.html", "NCT2.html", "NCT2.html"]
    for part in ("3 trials", "2 / 2 / 1 / 0 / 0", "(1 standing)", "none analysed", "1 reading of the record",
                 "2 readings of the record", "Rehearsal with virtual people"):  # fmt: skip
        assert part in text
    assert write_index([row], tmp_path / "new").read_text(encoding="utf-8") == index([row])


def test_an_index_of_one_and_of_none() -> None:
    """One trial in the singular, none said in words; no rehearsal where there is none."""
    assert "No trial has been reported yet." in index([])
    assert "Rehearsal" not in index([])


def test_the_report_differs_where_the_book_does(whole: str) -> None:
    """One more entry shows."""
    log = small_trial.history()
    log.add(e.AdverseEventReported("P5", "AE9", "Rash", 2, small_trial.ZERO, True, False, True))
    assert page(log) != page(small_trial.history())
    assert "Rash" not in whole
