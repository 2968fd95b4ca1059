"""Drafted criteria kept in a catalogue: drafted once, again when record or code change; what cannot be is told."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given

from expressions import CONDITIONS
from screened_trials import put, record
from stromal.catalogue import drafts, making
from stromal.catalogue.store import Catalogue
from stromal.catalogue.trees import from_plain, to_plain
from stromal.protocol import tree as t
from stromal.read import registries
from stromal.read.eligibility import DraftedCriterion, drafted
from stromal.values import Unusable

TEXT = """Inclusion Criteria:

* Age over 18
* EDSS 3.0-6.5 or a relapse
* Signed informed consent

Exclusion Criteria:

* Malignancy within 5 years before screening
* HIV, hepatitis B or hepatitis C infection
* Clinically significant disease in the opinion of the investigator
"""


def every(catalogue: Catalogue) -> dict[str, tuple[DraftedCriterion, ...]]:
    """What is kept, by trial."""
    return {card.id: lines for card, lines in drafts.kept(catalogue)}


def test_what_is_kept_is_what_was_drafted(tmp_path: Path) -> None:
    """Criteria come out of the catalogue as drafting made them, with their places."""
    catalogue = put(tmp_path, record("NCT1", TEXT, minimumAge="18 Years"))
    assert drafts.follow(catalogue) == ()
    ((card, lines),) = drafts.kept(catalogue)
    file = Path(card.file)
    assert lines == drafted(registries.parse(file.read_bytes(), card.file))
    assert len(lines) == 7


def test_only_what_is_new_is_drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call drafts nothing, a changed record is drafted again, and so is everything for other code."""
    done: list[int] = []
    catalogue = put(tmp_path, record("NCT1", TEXT), record("NCT2", TEXT))
    for _ in range(2):
        drafts.follow(catalogue, step=done.append)
    assert sum(done) == 2
    catalogue.close()
    catalogue = put(tmp_path, record("NCT2", TEXT.replace("18", "21")))
    drafts.follow(catalogue, step=done.append)
    assert sum(done) == 3
    assert every(catalogue)["NCT2"][0].text == "Age over 21"
    monkeypatch.setattr(drafts, "version", lambda: "other")
    drafts.follow(catalogue, step=done.append)
    assert sum(done) == 5
    count = catalogue.connection.execute("SELECT count(*) FROM drafted").fetchone()[0]
    assert count == 2


def test_many_records_are_drafted_by_workers_as_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers draft what one alone drafts, however many batches are under way."""
    monkeypatch.setattr(drafts, "_WINDOW", 1)
    monkeypatch.setattr(drafts, "_BATCH", 8)
    many = [record(f"NCT{number}", TEXT.replace("18", str(20 + number))) for number in range(70)]
    catalogue = put(tmp_path, *many)
    drafts.follow(catalogue, workers=2)
    several = every(catalogue)
    catalogue.connection.execute("DELETE FROM drafted")
    drafts.follow(catalogue)
    assert several == every(catalogue)
    assert len(several) == 70


def test_pages_are_drafted_too(tmp_path: Path) -> None:
    """A portal's page has no registry's fields, and criteria all the same."""
    page = Path(__file__).resolve().parents[3] / ".." / "shared" / "seeds"
    files = sorted(page.glob("*medpath*.txt")) if page.exists() else []
    if not files:
        pytest.skip("the portals' pages are not here")
    with Catalogue.create(tmp_path / "c") as catalogue:
        making.make(catalogue, [str(files[0])], reader="test")
        assert drafts.follow(catalogue) == ()
        assert all(lines for _, lines in drafts.kept(catalogue))


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    """A trial whose file is gone or changed since cannot be drafted, and the finding says what to do."""
    catalogue = put(tmp_path, record("NCT1", TEXT), record("NCT2", TEXT))
    (tmp_path / "records" / "NCT1.json").unlink()
    (finding,) = drafts.follow(catalogue)
    assert (finding.code, finding.severity) == ("screen.source", "warning")
    assert finding.places[0].file.endswith("NCT1.json")
    assert "stromal index" in finding.hint
    assert [card.id for card, _ in drafts.kept(catalogue)] == ["NCT2"]


@pytest.mark.parametrize("bytes_", [b"", b"x\x9cc\x00", zlib.compress(b"\x01")])
def test_damage_is_told(tmp_path: Path, bytes_: bytes) -> None:
    """Bytes that hold no criteria are damage of the catalogue, not a trial without criteria."""
    catalogue = put(tmp_path, record("NCT1", TEXT))
    drafts.follow(catalogue)
    catalogue.connection.execute("UPDATE drafted SET lines = ?", (bytes_,))
    with pytest.raises(Unusable, match="cannot be read"):
        list(drafts.kept(catalogue))


@given(CONDITIONS)
def test_conditions_come_back(expr: t.Expr) -> None:
    """Every condition of the language is kept and comes back as it was."""
    assert from_plain(to_plain(expr)) == expr


@pytest.mark.parametrize("kept", [["Nothing"], [], ["Not", 1, 2]])
def test_what_is_no_condition_is_refused(kept: object) -> None:
    """Lists that stand for nothing are damage; values that the tree does not know are not kept."""
    with pytest.raises(ValueError, match="no condition"):
        from_plain(kept)
    with pytest.raises(TypeError, match="no part of a condition"):
        to_plain(1.5)


def test_a_source_that_broke_off_is_told(tmp_path: Path) -> None:
    """A file that can be opened no more, though it is there, leaves its trials undrafted and says so."""
    catalogue = put(tmp_path, record("NCT1", TEXT))
    file = tmp_path / "records" / "NCT1.json"
    file.write_bytes(b"\x1f\x8b broken")
    assert [each.code for each in drafts.follow(catalogue)] == ["screen.source"]


def test_of_a_file_of_many_only_the_changed_line_is_drafted(tmp_path: Path) -> None:
    """A line that is as it was keeps what was drafted of it."""
    file, done = tmp_path / "many.jsonl", list[int]()
    with Catalogue.create(tmp_path / "c") as catalogue:
        for text in (TEXT, TEXT.replace("18", "21")):
            rows = (json.dumps(record("NCT1", TEXT)), json.dumps(record("NCT2", text)))
            file.write_text("\n".join(rows) + "\n", encoding="utf-8")
            making.make(catalogue, [str(file)], reader="test")
            drafts.follow(catalogue, step=done.append)
        assert sum(done) == 3
        assert [lines[0].text for lines in every(catalogue).values()] == ["Age over 18", "Age over 21"]
