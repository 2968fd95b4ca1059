"""One person against many trials: what may keep them out, how trials are ranked, what is asked first."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import pytest

from registry_records import DATA
from screened_trials import outcome, put, record, screened
from stromal.catalogue import confirmations, drafts, making
from stromal.catalogue.answering import against, described, known
from stromal.catalogue.screen import BASES, STANDINGS, Judging, screen
from stromal.catalogue.store import Catalogue
from stromal.protocol.file import load
from stromal.values import Unusable

HOUSE = Path(__file__).resolve().parents[3]
PERSON = """
person: P1
on: 2026-11-20
birth_date: 1966-02-03
sex: female
facts:
  hemoglobin: 7 g/dL
  pregnancy: no
episodes:
  malignancy: none
  marrow_disease: {since: 2015-01-01, ongoing: yes}
  diabetes_mellitus: {since: 2010-01-01, ongoing: yes}
"""
NOBODY = "person: P2\non: 2026-11-20\n"
INCLUDE, EXCLUDE = "Inclusion Criteria:\n\n", "\nExclusion Criteria:\n\n"


def test_what_may_keep_somebody_out(tmp_path: Path) -> None:
    """A field, a sure limit and a confirmed line decide; a drafted line only makes it unlikely, and says so."""
    catalogue = put(
        tmp_path,
        record("NCT1", INCLUDE + "* Marrow disease\n", maximumAge="50 Years"),
        record("NCT2", EXCLUDE + "* Haemoglobin < 8 g/dL\n"),
        record("NCT3", EXCLUDE + "* Diabetes mellitus\n"),
        record("NCT4", EXCLUDE + "* Malignancy\n"),
    )
    found = screened(catalogue, PERSON)
    standings = {each.card.id: each.standing for each in found.outcomes}
    assert standings == {
        "NCT4": "could be eligible", "NCT3": "probably not", "NCT1": "not eligible", "NCT2": "not eligible",
    }  # fmt: skip
    bases = {name: outcome(found, name).against[0].basis for name in ("NCT1", "NCT2", "NCT3")}
    assert bases == {"NCT1": "stated", "NCT2": "sure", "NCT3": "drafted"}
    assert BASES["drafted"] == "as drafted, unconfirmed"
    assert outcome(found, "NCT3").questions == ("is this what E1 “Diabetes mellitus” means?",)
    assert outcome(found, "NCT1").questions == ()
    line = outcome(found, "NCT3").against[0].given.criterion
    assert (line.place.quote, line.place.line, line.place.path.rpartition(".")[2]) == (
        "Diabetes mellitus", 4, "eligibilityCriteria",
    )  # fmt: skip


def test_unknown_is_never_a_no(tmp_path: Path) -> None:
    """Of somebody of whom nothing is known, nothing is met, and no trial is closed."""
    texts = [INCLUDE + "* EDSS 3 to 6\n* Diabetes mellitus\n", EXCLUDE + "* Malignancy\n* Pregnant women\n", ""]
    catalogue = put(tmp_path, *(record(f"NCT{n}", text, minimumAge="18 Years") for n, text in enumerate(texts)))
    found = screened(catalogue, NOBODY)
    assert {each.standing for each in found.outcomes} == {"could be eligible"}
    assert all(line.verdict.truth is None for each in found.outcomes for line in each.lines)
    assert sum(each.count(None) for each in found.outcomes) == sum(len(each.lines) for each in found.outcomes) == 10
    assert all(each.questions and each.questions[0] == "marrow_disease" for each in found.outcomes)


def test_a_sentence_gives_way_to_the_registrys_own_field(tmp_path: Path) -> None:
    """An age in the prose that is narrower than the fields which the person fits is told, and does not decide."""
    ages = {"minimumAge": "18 Years", "maximumAge": "70 Years"}
    catalogue = put(
        tmp_path,
        record("NCT1", INCLUDE + "* Age 18 to 50 years\n", **ages),
        record("NCT2", INCLUDE + "* Age 18 to 50 years\n", minimumAge="18 Years"),
        record("NCT3", INCLUDE + "* Male\n"),
        record("NCT4", INCLUDE + "* Male\n", sex="MALE"),
        record("NCT5", INCLUDE + "* Aged 65 to 80 years\n", minimumAge="18 Years"),
        record("NCT6", EXCLUDE + "* Age between 50 and 65 years\n", **ages),
    )
    found = screened(catalogue, PERSON)
    standings = {each.card.id: each.standing for each in found.outcomes}
    assert standings == {
        "NCT1": "probably not", "NCT2": "not eligible", "NCT3": "probably not", "NCT4": "not eligible",
        "NCT5": "probably not", "NCT6": "probably not",
    }  # fmt: skip
    assert "the registry's own field says otherwise" in outcome(found, "NCT1").against[0].verdict.reason


def test_ages_in_months_are_fields_too(tmp_path: Path) -> None:
    """A trial for small children is closed to an adult."""
    found = screened(put(tmp_path, record("NCT1", "", maximumAge="18 Months")), PERSON)
    assert outcome(found, "NCT1").standing == "not eligible"


def test_ranks(tmp_path: Path) -> None:
    """The share of criteria met comes first, then the fewest questions, then who recruits, then the id."""
    met, open_ = "* Age over 18\n", "* EDSS 3 to 6\n"
    catalogue = put(
        tmp_path,
        record("NCT1", INCLUDE + met + open_ + "* Diabetes mellitus\n"),
        record("NCT2", INCLUDE + met + open_, status="COMPLETED"),
        record("NCT3", INCLUDE + met + open_),
        record("NCT4", INCLUDE + met + "* Epilepsy, stroke, and psoriasis\n"),
        record("NCT5", INCLUDE + met),
        record("NCT6", ""),
    )
    found = screened(catalogue, PERSON)
    assert [each.card.id for each in found.outcomes] == ["NCT5", "NCT6", "NCT1", "NCT3", "NCT2", "NCT4"]
    assert outcome(found, "NCT5").questions == ()
    assert outcome(found, "NCT6").share == 1


def test_what_to_ask_first(tmp_path: Path) -> None:
    """The question whose answer alone can settle most trials comes first, whatever else is open there."""
    catalogue = put(
        tmp_path,
        record("NCT1", EXCLUDE + "* Epilepsy\n* Psoriasis\n"),
        record("NCT2", EXCLUDE + "* Epilepsy\n"),
        record("NCT3", INCLUDE + "* EDSS 3 to 6\n", maximumAge="20 Years"),
    )
    found = screened(catalogue, PERSON)
    assert [(each.name, each.open_in, each.settles) for each in found.first] == [
        ("epilepsy", 2, 2),
        ("psoriasis", 1, 1),
    ]
    assert outcome(found, "NCT1").questions == ("epilepsy", "psoriasis")


def test_readings_that_differ_are_settled_by_saying_which(tmp_path: Path) -> None:
    """Where a line's readings differ for a person, no fact settles it: somebody must say how it is meant."""
    catalogue = put(tmp_path, record("NCT1", INCLUDE + "* Age over 60 years\n"))
    found = outcome(screened(catalogue, PERSON), "NCT1")
    assert found.open[0].verdict.reason.startswith("the words can be read in 2 ways")
    assert found.questions == ("which of its readings does I1 “Age over 60 years” mean?",)


# ---------------------------------------------------------------- confirmed


def signed(catalogue: Catalogue, name: str, *changes: tuple[str, str], lines: tuple[str, ...] = ()) -> str:
    """The sheet of a trial with changes, signed at these lines."""
    card, found = next((card, lines) for card, lines in drafts.kept(catalogue) if card.id == name)
    text = confirmations.written(card, found, Path("x.yaml"))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for line in lines:
        before, mark, after = text.partition(f"  {line}:\n")
        text = before + mark + after.replace("by: ''", "by: A. Reader", 1).replace("on: ''", "on: 2026-11-01", 1)
    return text


def test_a_confirmed_line_decides(tmp_path: Path) -> None:
    """The same words, once somebody has signed for them, close the trial; who signed is told."""
    catalogue = put(tmp_path, record("NCT3", EXCLUDE + "* Diabetes mellitus\n"))
    assert outcome(screened(catalogue, PERSON), "NCT3").standing == "probably not"
    sheet = confirmations.read(signed(catalogue, "NCT3", lines=("E1",)), "s.yaml")
    found = against(catalogue, [sheet])
    closed = outcome(screened(catalogue, PERSON, found), "NCT3")
    assert (closed.standing, closed.against[0].basis, found.findings) == ("not eligible", "confirmed", ())
    assert closed.against[0].given.by == "A. Reader, 2026-11-01"


def test_a_corrected_line_is_used_as_corrected(tmp_path: Path) -> None:
    """A person may say what a line means; the fact they need is declared in the sheet."""
    catalogue = put(tmp_path, record("NCT3", EXCLUDE + "* Diabetes mellitus\n"))
    screened(catalogue, PERSON)
    changes = (
        ("facts:\n", "facts:\n  hba1c: {kind: number, unit: '%', says: HbA1c}\n"),
        ('when: "diabetes_mellitus ongoing at screening"', "when: diabetes_mellitus ongoing and hba1c > 9 %"),
    )
    sheet = confirmations.read(signed(catalogue, "NCT3", *changes, lines=("E1",)), "s.yaml")
    found = outcome(screened(catalogue, PERSON, against(catalogue, [sheet])), "NCT3")
    assert (found.standing, found.questions) == ("could be eligible", ("hba1c",))
    low = PERSON.replace("  pregnancy", "  hba1c: 7 %\n  pregnancy")
    assert outcome(screened(catalogue, low, against(catalogue, [sheet])), "NCT3").count(True) == 2


def test_a_fact_of_a_sheet_may_mean_something_of_its_own(tmp_path: Path) -> None:
    """A sheet that measures a fact in another unit is judged by its own words; other trials are judged by theirs."""
    catalogue = put(
        tmp_path,
        record("NCT1", EXCLUDE + "* Haemoglobin < 5 g/dL\n"),
        record("NCT3", EXCLUDE + "* Haemoglobin < 8 g/dL\n* Pregnant women\n"),
    )
    screened(catalogue, PERSON)
    changes = (
        ('unit: "g/dL", range: "2..25"', 'unit: "g/L"'),
        ('when: "hemoglobin < 8 g/dL"', "when: hemoglobin < 69 g/L"),
    )
    sheet = confirmations.read(signed(catalogue, "NCT3", *changes, lines=("E1",)), "s.yaml")
    found = screened(catalogue, PERSON, against(catalogue, [sheet]))
    assert [outcome(found, name).standing for name in ("NCT1", "NCT3")] == ["could be eligible"] * 2
    assert "70 g/L" in outcome(found, "NCT3").lines[1].verdict.reason


def test_a_trial_without_facts_has_a_sheet_too(tmp_path: Path) -> None:
    """Questions alone need no facts, and a signed question decides as its answer does."""
    catalogue = put(tmp_path, record("NCT3", INCLUDE + "* Signed informed consent\n"))
    screened(catalogue, PERSON)
    text = signed(catalogue, "NCT3", lines=("I1",))
    assert "facts:" not in text
    found = against(catalogue, [confirmations.read(text, "s.yaml")])
    asked = outcome(screened(catalogue, PERSON, found), "NCT3").questions
    assert asked is not None
    answered = f'{PERSON}answers:\n  "{asked[0]}": no\n'
    assert outcome(screened(catalogue, answered, found), "NCT3").standing == "not eligible"


def test_a_stale_confirmation_is_named_and_not_used(tmp_path: Path) -> None:
    """When the record's words change, what was confirmed of them counts no longer, and somebody is told."""
    catalogue = put(tmp_path, record("NCT3", EXCLUDE + "* Diabetes mellitus\n* Epilepsy\n"))
    screened(catalogue, PERSON)
    sheet = confirmations.read(signed(catalogue, "NCT3", lines=("E1", "E2")), "s.yaml")
    catalogue.close()
    changed = put(tmp_path, record("NCT3", EXCLUDE + "* Psoriasis\n*  Epilepsy\n* Severe diabetes mellitus\n"))
    drafts.follow(changed)
    found = against(changed, [sheet])
    (stale,) = found.findings
    assert (stale.code, stale.severity) == ("confirmation.stale", "warning")
    assert "E1 of NCT3, confirmed by A. Reader on 2026-11-01" in stale.message
    lines = {line.criterion.text: line.basis for line in found.trials[0].lines[1:]}
    assert lines == {"Psoriasis": "drafted", "Epilepsy": "confirmed", "Severe diabetes mellitus": "drafted"}


def test_a_sheet_of_another_trial_is_told(tmp_path: Path) -> None:
    """A sheet whose trial is not in the catalogue is no reason to stop, and is not passed over either."""
    catalogue = put(tmp_path, record("NCT3", ""))
    drafts.follow(catalogue)
    found = against(catalogue, [confirmations.read("trial: NCT9\n", "s.yaml")])
    assert [each.code for each in found.findings] == ["confirmation.trial"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lines: {}\n", "key.missing"),
        ("trial: NCT1\nline: {}\n", "key.unknown"),
        ("trial: NCT1\nlines: 5\n", "kind.entries"),
        ("trial: NCT1\nlines: {I1: 5}\n", "kind.entries"),
        ("trial: NCT1\nlines:\n  I1: {hash: a, when: age > 18 years, by: B}\n", "confirmation.half"),
        ("trial: NCT1\nlines:\n  I1: {hash: a, when: age > 18 years, on: 2026-01-01}\n", "confirmation.half"),
        ("trial: NCT1\nlines:\n  I1: {hash: a, when: agee > 18 years, by: B, on: 2026-01-01}\n", "name.unknown"),
        ("trial: NCT1\nlines:\n  I1: {hash: a, wen: age > 18 years}\n", "key.unknown"),
    ],
)
def test_sheets_that_cannot_be_right(text: str, code: str) -> None:
    """Each mistake in a sheet has its line and its next step."""
    with pytest.raises(Unusable) as raised:
        confirmations.read(text, "s.yaml")
    assert code in [each.code for each in raised.value.findings]
    assert all(each.hint for each in raised.value.findings)


def test_protocols_of_the_house_are_confirmed(tmp_path: Path) -> None:
    """The criteria of a protocol stand beside those of the record, and decide."""
    catalogue = Catalogue.create(tmp_path / "c")
    making.make(catalogue, [str(HOUSE / "records")], reader="test")
    drafts.follow(catalogue)
    file = HOUSE / "protocols" / "NCT03268603.yaml"
    protocol = load(file.read_text(encoding="utf-8"), str(file)).require()
    asked = "Can you come to the study site, and will you do what the protocol asks?"
    person = f'{PERSON}answers:\n  "{asked}": no\n'
    found = outcome(screened(catalogue, person, against(catalogue, (), [protocol])), "NCT03268603")
    assert found.standing == "not eligible"
    assert [line.given.criterion.id for line in found.against] == ["protocol I6"]
    assert found.against[0].given.criterion.place.file == str(file)


# ---------------------------------------------------------------- the person's file


def test_a_fact_that_no_trial_asks_for_is_no_mistake(tmp_path: Path) -> None:
    """A person's file is the same for every catalogue; only a name that means nothing anywhere is a mistake."""
    catalogue = put(tmp_path, record("NCT3", ""))
    more = PERSON.replace("pregnancy: no", "edss: 3\n  hiv: negative").replace("malignancy: none", "riluzole: none")
    assert screened(catalogue, more).standing("could be eligible")


def test_what_nobody_asks_for_is_a_note(tmp_path: Path) -> None:
    """A name that means nothing here and a value that cannot be converted stop nothing: both are told as notes."""
    catalogue = put(tmp_path, record("NCT3", INCLUDE + "* Creatinine < 1.5 mg/dL\n"))
    drafts.follow(catalogue)
    more = PERSON.replace("hemoglobin: 7 g/dL", "hemoglobinn: 7 g/dL\n  creatinine: 70 umol/L")
    text = more.replace("malignancy: none", "tracheostomy_of_old: none")
    trials = against(catalogue).trials
    somebody, protocol = described(text, "p.yaml", trials)
    told = {each.code: each for each in somebody.notes}
    assert {each.severity for each in somebody.notes} == {"note"}
    assert "no criterion of the catalogue asks for" in told["name.unused"].message
    assert [each.places[0].line for each in somebody.notes] == [7, 8, 11]
    assert "creatinine stays unknown" in told["facts.creatinine"].message
    found = outcome(screen(trials, Judging(somebody, protocol)), "NCT3")
    assert [line.given.criterion.id for line in found.open] == ["I1"]


def test_trials_of_what_somebody_has_come_first(tmp_path: Path) -> None:
    """Whoever has a condition finds its trials before all others, however little others ask."""
    catalogue = put(
        tmp_path,
        record("NCT1", "", conditions=["Stroke"], minimumAge="18 Years"),
        record("NCT2", INCLUDE + "* EDSS 3 to 6\n* Psoriasis\n", conditions=["Osteoarthritis, Knee"]),
        record("NCT3", "", conditions=["Healthy"], minimumAge="18 Years"),
    )
    for told in (
        "episodes:\n  knee_osteoarthritis: {ongoing: yes}\n",
        "facts:\n  diagnosis: Osteoarthritis of the knee\n",
    ):
        found = screened(catalogue, f"{NOBODY}birth_date: 1966-02-03\n{told}")
        assert [each.card.id for each in found.outcomes] == ["NCT2", "NCT1", "NCT3"]
        assert outcome(found, "NCT1").questions == ("stroke",)
    assert outcome(screened(catalogue, f"{NOBODY}episodes:\n  stroke: none\n"), "NCT1").standing == "probably not"


def test_lines_joined_by_or_are_one_criterion(tmp_path: Path) -> None:
    """One of several is enough; only who meets none of them is unlikely; what is unknown stays so."""
    lines = "* Haemoglobin > 12 g/dL; or\n* Diabetes mellitus, or\n* EDSS 3 to 6\n* Age over 18\n"
    catalogue = put(tmp_path, record("NCT1", INCLUDE + lines))
    low = PERSON.replace("diabetes_mellitus: {since: 2010-01-01, ongoing: yes}", "diabetes_mellitus: none")
    truths = {}
    for name, text in (("any", PERSON), ("open", low), ("none", low.replace("facts:", "facts:\n  edss: 8"))):
        found = outcome(screened(catalogue, text), "NCT1")
        assert [line.given.criterion.id for line in found.lines] == ["condition", "I1 to I3", "I4"]
        truths[name] = (found.lines[1].verdict.truth, found.standing)
    assert truths == {
        "any": (True, "could be eligible"), "open": (None, "could be eligible"), "none": (False, "probably not"),
    }  # fmt: skip
    catalogue.close()
    again = put(tmp_path, record("NCT1", INCLUDE + "* Psoriasis;\n" + lines))
    found = outcome(screened(again, low.replace("facts:", "facts:\n  edss: 8")), "NCT1")
    assert next(line for line in found.lines if " to " in line.given.criterion.id).verdict.truth is None


def test_names_have_one_meaning() -> None:
    """What a name means outside a catalogue: a measure, a test, a yes or no, an episode, or nothing."""
    kinds = {name: known(name) for name in ("edss", "hiv", "pregnancy", "malignancy", "qqqq")}
    assert {name: fact and fact.kind for name, fact in kinds.items()} == {
        "edss": "score", "hiv": "choice", "pregnancy": "yes_no", "malignancy": "episode", "qqqq": None,
    }  # fmt: skip


# ---------------------------------------------------------------- many


def test_real_trials_are_screened_in_no_time(tmp_path: Path) -> None:
    """Real records: every line has its place, counts add up, and once drafted a trial takes a few milliseconds."""
    file = DATA / "msc_v2_converted.jsonl.gz"
    if not file.exists():
        pytest.skip("the registry's records are not here")
    with gzip.open(file) as lines:
        some = [line for number, line in enumerate(lines) if number % 20 == 7]
    (tmp_path / "some.jsonl").write_bytes(b"".join(some))
    catalogue = Catalogue.create(tmp_path / "c")
    making.make(catalogue, [str(tmp_path / "some.jsonl")], reader="test")
    assert drafts.follow(catalogue) == ()
    start = time.process_time()
    found = screened(catalogue, PERSON)
    assert (time.process_time() - start) / len(some) < 0.02
    assert len(found.outcomes) == len(some)
    assert sum(len(found.standing(each)) for each in STANDINGS) == len(some)
    for each in found.outcomes:
        assert all(line.given.criterion.place.quote for line in each.lines)
        assert (each.standing == "could be eligible") == (not each.against)
        assert (each.standing == "not eligible") == any(line.decides for line in each.against)
        stated = [re.findall(r"\d+", line.given.criterion.text)[0] for line in each.lines
                  if line.given.criterion.id == "age_min" and "year" in line.given.criterion.text]  # fmt: skip
        assert not (stated and int(stated[0]) > 60) or each.standing == "not eligible"


# ---------------------------------------------------------------- sides that nobody is sure of


@pytest.mark.parametrize(
    "text",
    [
        "Adults over 18 years\nPregnant women\nHaemoglobin < 8 g/dL\n",
        EXCLUDE + "* Able to consent\n* Haemoglobin < 8 g/dL\n",
        INCLUDE + "* Haemoglobin >= 8 g/dL\n* History of stroke\n",
    ],
)
def test_a_side_that_is_assumed_decides_nothing(text: str, tmp_path: Path) -> None:
    """Where no heading says whether a limit lets in or keeps out, it makes somebody unlikely at most."""
    found = outcome(screened(put(tmp_path, record("NCT1", text)), PERSON), "NCT1")
    assert found.standing != "not eligible"
    assert {line.basis for line in found.lines} == {"drafted"}


@pytest.mark.parametrize(
    ("heading", "side"),
    [
        ("For inclusion in the study subjects should fulfil the following criteria:", "inclusion"),
        ("For inclusion in the study, patients must meet all of the following", "inclusion"),
        ("Non-inclusion criteria:", "exclusion"),
        ("NON INCLUSION CRITERIA", "exclusion"),
    ],
)
def test_headings_in_other_words(heading: str, side: str, tmp_path: Path) -> None:
    """A sentence that leads to inclusions, and exclusions under a name of their own."""
    text = f"Exclusion Criteria:\n\n* Stroke\n\n{heading}\n\n* Haemoglobin >= 8 g/dL\n"
    found = outcome(screened(put(tmp_path, record("NCT1", text)), PERSON), "NCT1")
    (line,) = [each for each in found.lines if "Haemoglobin" in each.given.criterion.text]
    assert line.given.criterion.side == side
