"""Every command: its answer, its JSON, its exit code, and what it says to bad input."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from stromal import Desk, Request
from stromal.cli import app
from stromal.conduct.commands import OpenTrial
from stromal.ledger import events as e
from stromal.ledger.chain import verify
from stromal.store.sqlite import SqliteBook

HOUSE = Path(__file__).resolve().parents[3]
PROTOCOLS = HOUSE / "protocols"
SEEDS = HOUSE.parent / "shared" / "seeds"
ALS = str(PROTOCOLS / "NCT04821479.yaml")
MS = str(PROTOCOLS / "NCT06360861.yaml")
BMT = str(PROTOCOLS / "NCT00186914.yaml")
DOSE = ("dose", ALS, "injection_1", "--weight", "70", "--count", "2e7", "--viability", "90")


def run(*arguments: str) -> Result:
    """A command as a user gives it."""
    return CliRunner().invoke(app, arguments)


def refused(result: Result, *words: str) -> None:
    """Bad input: code 2, and a message that names what is wrong and ends with a next step."""
    assert result.exit_code == 2, result.output
    assert "->" in result.stderr
    for word in words:
        assert word in result.stderr


def seed(number: str) -> str:
    """A published record, or a skip."""
    found = sorted(SEEDS.glob(f"{number}_*.txt"))
    if not found:
        pytest.skip("needs ../shared/seeds")
    return str(found[0])


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsed book."""
    path = tmp_path_factory.mktemp("book") / "trial.book"
    result = run("rehearse", BMT, "--people", "3", "--seed", "4", "--book", str(path))
    assert result.exit_code == 0, result.output
    return path


# ---------------------------------------------------------------- reading and checking


def test_read_prints_facts_with_lines() -> None:
    """`read --json` gives each fact as name, value, unit, state and places; numbers are numbers."""
    result = run("read", seed("002"), "--json")
    assert result.exit_code == 0
    facts = {fact["name"]: fact for fact in json.loads(result.stdout)["facts"]}
    assert facts["dose"]["value"] == 1_000_000
    assert facts["dose"]["unit"] == "cells/kg"
    assert facts["dose"]["state"] == "repaired"
    assert {place["line"] for place in facts["dose"]["places"]} >= {33, 45}
    assert facts["interval"]["state"] == "contradictory"
    assert "interval" in run("read", seed("002")).stdout


@pytest.mark.parametrize("name", ["empty", "binary", "other"])
def test_read_refuses_what_is_no_page(name: str, tmp_path: Path) -> None:
    """An empty page, a binary file, a page of another layout: a message with a next step, code 2."""
    page = tmp_path / "page.txt"
    page.write_bytes(
        {"empty": b"", "binary": bytes(range(256)) * 9, "other": b"Dear diary,\nnothing happened.\n"}[name]
    )
    for command in ("read", "check"):
        refused(run(command, str(page)), "page.txt")
    output = tmp_path / "draft.yaml"
    refused(run("draft", str(page), "-o", str(output)))
    assert not output.exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("003", ("mg/dL", "outcome", "17")),
        ("002", ("3 to 6", "follow", "first")),
        ("004", ("accept", "rule")),
        ("001", ("heading", "age", "vaccine")),
    ],
)
def test_check_finds_the_contradictions_of_a_page(number: str, words: tuple[str, ...]) -> None:
    """`check` on the published pages flags what the portals lost or contradict; code 1."""
    result = run("check", seed(number), "--json")
    assert result.exit_code == 1
    findings = json.loads(result.stdout)["findings"]
    told = " ".join(f"{each['code']} {each['message']}" for each in findings).lower()
    for word in words:
        assert word.lower() in told
    assert all(each["hint"] and {"code", "severity", "message", "places", "hint"} <= set(each) for each in findings)


def test_check_on_a_protocol_names_what_nobody_confirmed() -> None:
    """The five protocols have no errors; what is assumed is noted."""
    result = run("check", ALS, "--json")
    findings = json.loads(result.stdout)["findings"]
    assert not [each for each in findings if each["severity"] == "error"]
    assert [each for each in findings if each["severity"] == "note"]
    assert run("check", ALS).exit_code == result.exit_code


def test_draft_writes_a_file_that_loads_and_never_over_another(tmp_path: Path) -> None:
    """A drafted protocol can be checked; an existing file stays unless told."""
    output = tmp_path / "draft.yaml"
    assert run("draft", seed("003"), "-o", str(output)).exit_code in (0, 1)
    assert run("check", str(output)).exit_code in (0, 1)
    before = output.read_bytes()
    refused(run("draft", seed("001"), "-o", str(output)), "--force")
    assert output.read_bytes() == before
    assert run("draft", seed("001"), "-o", str(output), "--force", "--json").exit_code in (0, 1)
    assert output.read_bytes() != before


def test_a_typing_error_is_named_with_its_line(tmp_path: Path) -> None:
    """An unknown key and an unknown name both come with line and nearest right name; nothing is written."""
    file = tmp_path / "p.yaml"
    text = Path(ALS).read_text(encoding="utf-8")
    file.write_text(
        text.replace("alsfrs_r >= 15", "alsfrs_x >= 15").replace("    route:", "    rout:"), encoding="utf-8"
    )
    before = file.read_bytes()
    for command in (("check", str(file)), ("fmt", str(file)), ("words", str(file)), ("diff", ALS, str(file))):
        refused(run(*command), "alsfrs_r", "route", "p.yaml:")
    assert file.read_bytes() == before
    file.write_text("trial: [", encoding="utf-8")
    refused(run("check", str(file)), "YAML")
    assert json.loads(run("check", str(file), "--json").stdout)["findings"]
    file.write_text(f"x: {'[' * 3000}{']' * 3000}\n{text}", encoding="utf-8")
    refused(run("check", str(file)), "deep")


# ---------------------------------------------------------------- fmt, diff, words, schema


def test_fmt_writes_canonically_once(tmp_path: Path) -> None:
    """A canonical file stays; another one is rewritten, or only reported with --check."""
    file = tmp_path / "p.yaml"
    text = Path(ALS).read_text(encoding="utf-8")
    file.write_text(text.replace("alsfrs_r >= 15 at screening", "alsfrs_r  >=  15  at  screening"), encoding="utf-8")
    assert run("fmt", str(file), "--check").exit_code == 1
    assert run("fmt", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8") == text
    assert run("fmt", str(file), "--check").exit_code == 0


def test_diff_says_what_changed(tmp_path: Path) -> None:
    """Two versions are told apart in words; one file does not differ from itself."""
    file = tmp_path / "p.yaml"
    file.write_text(Path(ALS).read_text(encoding="utf-8").replace("1e6 cells/kg", "2e6 cells/kg"), encoding="utf-8")
    result = run("diff", ALS, str(file))
    assert result.exit_code == 1
    assert "doses.injection.amount" in result.stdout
    assert "2e6 cells/kg" in result.stdout
    found = json.loads(run("diff", ALS, str(file), "--json").stdout)["differences"]
    assert found[0]["path"] == "doses.injection.amount"
    assert run("diff", ALS, ALS).exit_code == 0


def test_words_say_synopsis_checklist_and_schedule() -> None:
    """The protocol in plain English, as text and as JSON."""
    told = run("words", ALS)
    assert told.exit_code == 0
    assert "ALSFRS-R" in told.stdout
    assert set(json.loads(run("words", ALS, "--json").stdout)) == {"synopsis", "checklist", "schedule"}


def test_the_schema_is_one() -> None:
    """The JSON Schema for editors."""
    assert json.loads(run("schema").stdout)["title"] == "Stromal protocol"


# ---------------------------------------------------------------- one person


PERSON = """
person: P1
on: 2024-05-01
birth_date: 1990-02-03
sex: male
facts:
  ms_course: secondary_progressive
  hepatitis_b: negative
  hepatitis_c: negative
  hiv: negative
  htlv: negative
{more}
episodes:
  rituximab: {{since: 2020-01-01, ongoing: yes}}
  ms_diagnosis: {{since: 2015-05-01, ongoing: yes}}
  cytotoxic_agent: none
  coagulation_disorder: none
  malignancy: none
  liver_disorder: none
  infection: none
  investigational_therapy: none
answers:
  "Is the patient able to give consent in writing?": yes
  "Do the heart, the kidneys or the liver fail to a degree that matters?": no
  "Does any organ fail so badly that life is in danger?": no
"""


@pytest.mark.parametrize(
    ("more", "verdict", "code"),
    [
        ("", "unknown", 1),
        ("  hemoglobin: 13 g/dL", "met", 0),
        ("  hemoglobin: 130 g/L", "met", 0),
        ("  hemoglobin: 7.9 g/dL", "not met", 1),
        ("  hemoglobin: 13", "unknown", 1),
    ],
)
def test_screen_answers_in_three_values(more: str, verdict: str, code: int, tmp_path: Path) -> None:
    """A missing or unit-less haemoglobin is unknown, and the answer names the test that would settle it."""
    file = tmp_path / "person.yaml"
    file.write_text(PERSON.format(more=more), encoding="utf-8")
    result = run("screen", MS, str(file), "--json")
    told = json.loads(result.stdout)
    assert (told["verdict"], result.exit_code) == (verdict, code)
    assert told["settle"] == (["hemoglobin"] if verdict == "unknown" else [])
    text = run("screen", MS, str(file))
    assert f"overall: {verdict}" in text.stdout
    assert ("would settle it: hemoglobin" in text.stdout) is (verdict == "unknown")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("  hemoglobin: 7.9 kg", "g/dL"),
        ("  hemoglobbin: 7.9 g/dL", "hemoglobin"),
        ("  edss: {value: 4, on: yesterday}", "2024-05-31"),
        ("  edss: {value: 4, visit: baselin}", "baseline"),
        ("  edss: high", "number"),
        ("  ms_course: secondary", "secondary_progressive"),
    ],
)
def test_a_wrong_person_file_is_refused(wrong: str, words: str, tmp_path: Path) -> None:
    """Every mistake in a person's file comes with its line and what was meant."""
    file = tmp_path / "person.yaml"
    kept = PERSON.replace("  ms_course: secondary_progressive\n", "") if "ms_course" in wrong else PERSON
    file.write_text(kept.format(more=wrong), encoding="utf-8")
    refused(run("screen", MS, str(file)), "person.yaml:", words)


# ---------------------------------------------------------------- dose and calendar


def test_dose_says_cells_volume_and_what_to_do() -> None:
    """70 kg at 1e6/kg from 2e7/mL of 90 %: 7.0e7 cells in 3.89 mL, against 3 mL, and what to do about it."""
    told = json.loads(run(*DOSE, "--json").stdout)
    facts = {fact["name"]: fact["value"] for fact in told["facts"]}
    assert facts["prescribed_cells"] == 7e7
    assert facts["volume_ml"] == pytest.approx(3.8889, abs=1e-4)
    assert told["findings"][0]["code"] == "dosing.volume"
    assert "concentrate" in told["findings"][0]["hint"]
    text = run(*DOSE)
    assert text.exit_code == 1
    assert "7.0e7" in text.stdout
    assert "3.89" in text.stdout


def test_dose_tells_what_a_volume_delivers() -> None:
    """3 mL deliver 5.4e7 viable cells, 77 % of the prescription: outside the tolerance."""
    told = json.loads(run(*DOSE, "--volume", "3", "--json").stdout)
    facts = {fact["name"]: fact["value"] for fact in told["facts"]}
    assert facts["delivered_cells"] == 5.4e7
    assert facts["delivered_percent"] == pytest.approx(77.14, abs=0.01)
    assert {each["code"] for each in told["findings"]} == {"dosing.volume", "dosing.tolerance"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--weight", "-70"), "-70 kg"),
        (("--weight", "heavy"), "heavy"),
        (("--viability", "900"), "900 %"),
        (("--viability", "0"), "0 %"),
        (("--count", "0"), "count"),
        (("--count", "nan"), "nan"),
        (("--volume", "-1"), "-1 mL"),
    ],
)
def test_dose_refuses_what_cannot_be(change: tuple[str, str], words: str) -> None:
    """A negative weight, a viability of 900: refused with the value and the next step."""
    refused(run(*DOSE, *change), words)


def test_dose_refuses_a_visit_without_a_dose_and_a_rung_off_the_ladder() -> None:
    """The nearest visit that gives a dose, and the rungs there are."""
    refused(run("dose", ALS, "injektion_1", "--count", "2e7", "--viability", "90"), "injection_1")
    refused(run("dose", ALS, "injection_1", "--count", "2e7", "--viability", "90"), "weight")
    ladder = str(PROTOCOLS / "NCT03268603.yaml")
    rest = ("injection_2", "--count", "1e7", "--viability", "90", "--level")
    refused(run("dose", ladder, *rest, "2e7"), "rungs")
    assert run("dose", ladder, *rest, "1e8").exit_code == 1
    assert run("dose", ladder, *rest, "5e7").exit_code == 0
    refused(run("dose", ALS, "injection_1", "--weight", "70", *rest[1:], "1e6"), "no ladder")


def test_calendar_works_out_visits_and_writes_them(tmp_path: Path) -> None:
    """Day 0 on the last of January: infusion 2 from 14 to 21 days later, and an iCalendar file of the same bytes."""
    ics = tmp_path / "visits.ics"
    told = json.loads(run("calendar", BMT, "--anchor", "2024-01-31", "--ics", str(ics), "--json").stdout)
    second = next(visit for visit in told["visits"] if visit["name"] == "infusion_2")
    assert (second["first"], second["last"]) == ("2024-02-14", "2024-02-21")
    first = ics.read_bytes()
    assert b"BEGIN:VEVENT" in first
    assert b"None" not in first
    shown = run("calendar", BMT, "--anchor", "2024-01-31", "--on", "2024-02-15", "--ics", str(ics))
    assert "late" in shown.stdout
    assert ics.read_bytes() == first
    refused(run("calendar", BMT, "--anchor", "2024-13-31"), "2024-05-31")
    for far in ("0001-01-01", "9999-12-31"):
        refused(run("calendar", BMT, "--anchor", far), "1900 to 2199")


# ---------------------------------------------------------------- the book


def test_verify_names_the_flipped_entry(book: Path, tmp_path: Path) -> None:
    """One flipped byte in a book is named by entry; a cut-off end is found against the printed head."""
    head = json.loads(run("verify", str(book), "--json").stdout)["head"]
    assert run("verify", str(book), "--head", head).exit_code == 0
    assert run("verify", str(book), "--head", "11" * 32).exit_code == 1
    for head in ("xyz", "00"):
        refused(run("verify", str(book), "--head", head), "--head", "64 digits")
    raw = bytearray(book.read_bytes())
    raw[raw.find(b'"fact":"weight"') + 9] ^= 1
    flipped = tmp_path / "flipped.book"
    flipped.write_bytes(raw)
    result = run("verify", str(flipped), "--json")
    assert result.exit_code == 1
    broken = json.loads(result.stdout)["broken"]
    assert broken["entry"] > 0
    assert f"entry {broken['entry']} is broken" in run("verify", str(flipped)).stdout
    refused(run("report", str(flipped), "-o", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_forged_book_is_seen_by_its_signatures(book: Path, tmp_path: Path) -> None:
    """A whole chain written anew over changed entries still fails the signatures' own digests."""
    source = SqliteBook.read(book)
    entries = list(source.entries())
    source.close()
    for index, entry in enumerate(entries):
        if isinstance(entry.event, e.EligibilityDecided):
            changed = msgspec.structs.replace(entry.event, eligible=not entry.event.eligible)
            entries[index] = msgspec.structs.replace(entry, event=changed)
    forged = SqliteBook.create(tmp_path / "forged.book")
    with forged.writing() as writer:
        writer.append(entries)
    assert verify(forged.rows()).broken is None
    forged.close()
    result = run("verify", str(tmp_path / "forged.book"))
    assert result.exit_code == 1
    assert "signature.digest" in result.stdout


def test_the_book_refuses_to_be_changed_behind_the_programs_back(book: Path) -> None:
    """UPDATE and DELETE through plain sqlite3 are refused."""
    connection = sqlite3.connect(book)
    for statement in ("UPDATE entry SET body = x'00'", "DELETE FROM entry"):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(statement)
    connection.close()


def test_replay_adds_up_also_as_known_on_a_day(book: Path) -> None:
    """Later knowledge is left out; a moment needs its zone."""
    now = json.loads(run("replay", str(book), "--json").stdout)
    assert now["enrolled"] == 3
    early = json.loads(run("replay", str(book), "--as-known", "2001-06-02", "--json").stdout)
    assert early["enrolled"] == 0
    assert early["screened"] == 1
    assert "P001" in run("replay", str(book)).stdout
    assert run("replay", str(book), "--as-known", "1999-01-01").stdout == "nothing was known yet\n"
    refused(run("replay", str(book), "--as-known", "2001-08-01T10:00"), "zone")
    refused(run("replay", str(book), "--as-known", "soon"))


def test_nothing_is_told_from_a_book_that_was_changed(book: Path, tmp_path: Path) -> None:
    """An entry that reads well but was changed after it was written: replay and report name it and stop."""
    changed = tmp_path / "changed.book"
    changed.write_bytes(book.read_bytes())
    with sqlite3.connect(changed) as connection:
        connection.execute("DROP TRIGGER no_update")
        (body,) = connection.execute("SELECT body FROM entry WHERE number = 12").fetchone()
        connection.execute("UPDATE entry SET body = ? WHERE number = 12", (body.replace(b"P001", b"P009"),))
    connection.close()
    refused(run("replay", str(changed)), "entry 12")
    refused(run("report", str(changed), "-o", str(tmp_path / "out")), "entry 12")
    assert not (tmp_path / "out").exists()


def test_what_is_no_book_is_refused(tmp_path: Path) -> None:
    """A missing file, a protocol, an empty file: a message and code 2, and no file appears."""
    missing = tmp_path / "none.book"
    for path in (str(missing), BMT):
        for command in ("verify", "replay"):
            refused(run(command, path))
    refused(run("report", str(missing), "-o", str(tmp_path / "out")))
    assert not missing.exists()


def test_rehearse_never_writes_over_a_book(book: Path, tmp_path: Path) -> None:
    """A book that is there stays; a scenario that cannot be right is refused before anything is written."""
    before = book.read_bytes()
    refused(run("rehearse", BMT, "--people", "1", "--book", str(book)))
    assert book.read_bytes() == before
    new, scenario = tmp_path / "new.book", tmp_path / "scenario.yaml"
    for people in ("-1", "0"):
        refused(run("rehearse", BMT, "--people", people, "--book", str(new)), "--people")
    for text in ("dropout_per_yeer: 0.1", "related: 2", "grades: [1]", "- 1", "arrivals_per_month: many"):
        scenario.write_text(text, encoding="utf-8")
        refused(run("rehearse", BMT, "--people", "1", "--book", str(new), "--scenario", str(scenario)))
        assert not new.exists()
    scenario.write_text("toxicity: {dose_9: 0.1}", encoding="utf-8")
    refused(run("rehearse", BMT, "--people", "1", "--book", str(new), "--scenario", str(scenario)), "dose_2")
    assert not new.exists()
    scenario.write_text("adverse_events_per_dose: 0\nfailing_lot: 0\n", encoding="utf-8")
    done = run("rehearse", BMT, "--people", "1", "--book", str(new), "--scenario", str(scenario), "--json")
    assert json.loads(done.stdout)["adverse_events"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}


def test_report_writes_a_page(book: Path, tmp_path: Path) -> None:
    """The report of a rehearsed book says so."""
    result = run("report", str(book), "-o", str(tmp_path))
    assert result.exit_code == 0
    page = (tmp_path / "NCT00186914.html").read_text(encoding="utf-8")
    assert "virtual people" in page
    before = book.read_bytes()
    refused(run("report", str(book), "-o", str(book)), "choose another folder")
    assert book.read_bytes() == before


def test_the_name_of_a_book_names_no_other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial whose id has slashes is rehearsed into the folder one stands in; a path is no id."""
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    text = Path(MS).read_text(encoding="utf-8")
    (here / "p.yaml").write_text(text.replace("  id: NCT06360861", "  id: ../../evil"), encoding="utf-8")
    refused(run("rehearse", "p.yaml", "--people", "1"), "letters, digits")
    (here / "p.yaml").write_text(text.replace("  id: NCT06360861", "  id: far/away/evil"), encoding="utf-8")
    assert run("rehearse", "p.yaml", "--people", "1").exit_code == 0
    assert [each.relative_to(tmp_path) for each in tmp_path.rglob("*.book")] == [Path("a/b/far-away-evil.book")]


def test_demo_walks_all_protocols_of_a_folder(tmp_path: Path) -> None:
    """Books, reports and an index; the same bytes on a second run."""
    folder = tmp_path / "protocols"
    folder.mkdir()
    text = Path(MS).read_text(encoding="utf-8")
    (folder / "one.yaml").write_text(text, encoding="utf-8")
    pages = []
    for _ in range(2):
        result = run("demo", "-o", str(tmp_path / "out"), "--protocols", str(folder))
        assert result.exit_code == 0, result.output
        pages.append({p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.html")})
    assert set(pages[0]) == {"NCT06360861.html", "index.html"}
    assert pages[0] == pages[1]
    assert "Primary endpoints" in result.stdout
    real = tmp_path / "out" / "books" / "NCT06360861.book"
    real.unlink()
    at = datetime(2024, 5, 1, 9, tzinfo=UTC)
    desk_book = SqliteBook.create(real)
    Desk(desk_book).submit(Request(OpenTrial(text, (("anna", "data_manager"),)), "anna", "data_manager", at))
    desk_book.close()
    before = real.read_bytes()
    refused(run("demo", "-o", str(tmp_path / "out"), "--protocols", str(folder)), "real trial")
    assert real.read_bytes() == before
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    refused(run("demo", "-o", str(taken), "--protocols", str(folder)), "choose another folder")
    (tmp_path / "empty").mkdir()
    refused(run("demo", "-o", str(tmp_path / "out"), "--protocols", str(tmp_path / "empty")), "--protocols")
