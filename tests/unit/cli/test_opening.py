"""How the demonstration begins: records read, checked, drafted, put into a catalogue and asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from stromal.cli.opening import opening
from stromal.protocol.file import load
from stromal.values import Unusable

RECORDS = Path(__file__).resolve().parents[3] / "records"


def test_it_says_and_writes_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two runs print the same words; drafts and figure have the same bytes; every draft is a protocol."""
    said, written = [], []
    for _ in range(2):
        opening(RECORDS, tmp_path)
        said.append(capsys.readouterr().out)
        files = [*sorted((tmp_path / "drafts").iterdir()), tmp_path / "doses.svg"]
        written.append({file.name: file.read_bytes() for file in files})
    assert said[0] == said[1]
    assert written[0] == written[1]
    assert len(written[0]) == 6
    for file in (tmp_path / "drafts").iterdir():
        assert load(file.read_text(encoding="utf-8"), file.name).require().trial.id == file.stem


def test_each_step_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The records, what contradicts itself, the search, the related trial, the doses, the answers."""
    opening(RECORDS, tmp_path)
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "Registry records: read, checked, drafted", "What contradicts itself, and where", "Search: intrathecal",
        "Related to NCT03268603", "same route: intrathecal", "Doses per administration by route",
        "How many places are left?", "cannot be answered from the catalogue, because registries do not publish",
    ):  # fmt: skip
        assert words in said


def test_the_last_trial_is_asked_where_the_first_choice_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with one other record, which contradicts nothing, is enough."""
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "one.json").write_bytes((RECORDS / "NCT05016804.json").read_bytes())
    opening(folder, tmp_path / "out")
    said = capsys.readouterr().out
    assert "NCT05016804" in said
    assert "What contradicts itself" not in said
    assert [file.name for file in (tmp_path / "out" / "drafts").iterdir()] == ["one.yaml"]


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    """The next step is to name another folder."""
    with pytest.raises(Unusable) as refused:
        opening(tmp_path, tmp_path / "out")
    assert refused.value.findings[0].code == "demo.records"
    assert "--records" in refused.value.findings[0].hint
