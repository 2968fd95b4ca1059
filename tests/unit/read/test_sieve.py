"""The sieve names every pattern that a line holds, and no reader is left out where it would find something."""

from __future__ import annotations

import gzip
import re
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stromal.read import aims, counts, facts, prose
from stromal.read.doses import ROUTES
from stromal.read.limits import limits, windows
from stromal.read.numerals import DURATION, NUMBER, durations, mend, numerals
from stromal.read.phrases import Found
from stromal.read.readers import Reader, Readers
from stromal.read.registries import parse
from stromal.read.sieve import Sieve, Sifted, widened
from stromal.read.vocabulary import DONORS, EVENTS, MEASURES, OTHER_PRODUCTS, PROCESSING, TISSUES, nearest_term

RECORDS = Path("../shared/data/registry/msc_v2_converted.jsonl.gz")
PATTERNS = [
    *(term.printed.pattern for term in (*MEASURES, *EVENTS)),
    *ROUTES.values(),
    *(printed.pattern for _, printed in (*DONORS, *TISSUES, *PROCESSING, *OTHER_PRODUCTS)),
    DURATION,
    NUMBER,
]
WORDS = st.sampled_from(
    (
        "every", "4", "weeks", "single", "dose", "of", "2", "x", "10^6", "cells/kg", "MSC", "bone", "marrow", "within",
        "followed", "up", "for", "six", "months", "after", "the", "last", "injection", "haemoglobin", "≥", "more", "a",
        "than", "10", "g/dL", "patients", "20", "will", "be", "enrolled", "intravenous", "(IV)", "infusion", "run-in",
        "week", "1,", "and", "12", "baseline", "primary", "endpoint", "is", "compared", "with", "placebo", "monthly",
        "decline", "year", "adverse", "events", "assessed", "no", "conditioning", "autologous", "donor", "umbilical",
        "cord", "50", "mL", "saline", "given", "twice", "over", "time", "apart", "NK", "used", "age", "18", "to", "65",
        "years", "old", "é", "10\u00a0million", "1.5×10⁷", "two", "hundred", "million", ".", "per", "body", "weight",
        "pregnant", "surgery",
    )
)  # fmt: skip
LINES = st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=14).map(" ".join)
CRITERION_READERS = (Reader(limits, (NUMBER,)), Reader(windows, (DURATION,)))


@pytest.mark.parametrize(
    ("words", "wide"),
    [
        (r"\bMRI\b", r"\bMRI\b"),
        (r"a(?!b(?:c|d))e", "ae"),
        (r"(?<=x)y(?<![a-z(])z$", "yz"),
        (r"(?-i:IV)(?=\s)", "(?:IV)"),
        (r"[$)(]\(\)x", r"[$)(]\(\)x"),
        (r"[])]x(?!y)", r"[])]x"),
    ],
)
def test_conditions_around_a_pattern_are_dropped(words: str, wide: str) -> None:
    """What stands around a match is no condition any more, and everything else stays."""
    assert widened(words) == wide


def test_foreign_letters_count_as_letters() -> None:
    """A class of signs holds those of every script."""
    assert Sieve([r"caf\w\b|\d\s\d"]).may("café au lait") == [0]
    assert Sieve([r"\d\s\d"]).may("٣\u2003٤") == [0]


def test_a_line_that_no_encoding_holds_is_still_sifted() -> None:
    """Half a sign, as broken files hold it, stops nothing."""
    assert Sieve(["cells"]).may("\ud800 cells") == [0]


@given(LINES)
def test_the_sieve_never_names_one_too_few(line: str) -> None:
    """Every pattern of the vocabulary that a line holds is named."""
    text = mend(line)
    held = [number for number, words in enumerate(PATTERNS) if re.search(words, text, re.IGNORECASE)]
    assert set(held) <= set(_VOCABULARY.may(text))


_VOCABULARY = Sieve(PATTERNS)


def _every_reader() -> list[Reader]:
    telling = [reader for readers in dict.fromkeys(facts._READERS.values()) for reader in readers.all]
    return [*dict.fromkeys((*telling, *CRITERION_READERS))]


READERS = _every_reader()


def _left_out(line: str) -> list[tuple[str, tuple[Found, ...]]]:
    """Readers that would find something where their needs say they would not."""
    able = {id(reader) for reader in _ALL.able(line)}
    asked = [(reader.read.__name__, tuple(reader.read(line))) for reader in READERS if id(reader) not in able]
    return [(name, found) for name, found in asked if found]


_ALL = Readers(READERS)


@given(LINES)
def test_no_reader_is_left_out_of_made_up_lines(line: str) -> None:
    """Where a line does not hold what a reader needs, the reader finds nothing in it."""
    assert _left_out(line) == []


def test_no_reader_is_left_out_of_real_lines() -> None:
    """The same on the lines of real records."""
    if not RECORDS.exists():
        pytest.skip("the records are not beside the repository")
    with gzip.open(RECORDS) as lines:
        records = [parse(line, prose=False) for line in islice(lines, 0, None, 40)]
    told = {item.place.quote for record in records for item in record.items()}
    assert len(told) > 1000
    assert [(line, missed) for line in told if (missed := _left_out(line))] == []


@given(LINES)
def test_needs_of_numbers_and_lengths(line: str) -> None:
    """A line with a number or a length of time holds what they need."""
    able = Sieve((NUMBER, DURATION)).may(mend(line))
    assert not numerals(line) or 0 in able
    assert not list(durations(line)) or 1 in able


@given(LINES)
def test_a_quick_look_for_counts_is_never_narrower_on_the_mended_line(line: str) -> None:
    """What may count cells as printed may count them once mended."""
    assert not counts.may_count(line) or Sieve((counts.NEEDED,)).may(mend(line)) == [0]


def test_readers_are_asked_in_their_order_and_found_in_says_all() -> None:
    """Readers answer in the order of their table."""
    line = "A single infusion every 4 weeks; patients are followed for 12 months."
    found = [each.name for each in prose.found_in(line)]
    assert found == [each.name for reader in prose.READERS for each in reader.read(line)]
    assert list(aims.found_in("Nothing here.")) == []


def test_sifted_rows_keep_their_order() -> None:
    """Rows worth trying come in the order of their table."""
    rows = Sifted([("late", re.compile("b")), ("early", re.compile("a"))])
    assert [name for name, _ in rows.worth("ab")] == ["late", "early"]
    assert rows.worth("c") == []


def test_terms_of_a_plain_tuple_are_looked_for_too() -> None:
    """A few terms without a sieve are tried one after the other."""
    found = nearest_term("an MRI of the knee", tuple(term for term in MEASURES if term.name == "mri"))
    assert found is not None
    assert found[1].name == "mri"


def test_a_record_read_twice_says_the_same() -> None:
    """What is remembered of a line changes no answer."""
    content = msgspec.json.encode(
        {"protocolSection": {"identificationModule": {"nctId": "NCT00000000", "briefTitle": "T"},
                             "descriptionModule": {"briefSummary": "2 x 10^6 MSC/kg, every 4 weeks for 3 months."}}}
    )  # fmt: skip
    assert parse(content).statements == parse(content).statements
