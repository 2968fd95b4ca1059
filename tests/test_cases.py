"""Every case under protocols/cases: a person, a dose, a course or a calendar in; what the protocol makes of it out."""

from __future__ import annotations

import pytest

from cases import FOLDER, Written, check, read
from five_files import NAMES

CASES = tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in read(path))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.trial}: {case.name}" for case in CASES])
def test_a_case_comes_out_as_its_author_expects(case: Written) -> None:
    """The rules say of what is given what the case expects."""
    check(case)


@pytest.mark.parametrize("name", NAMES)
def test_every_protocol_has_cases(name: str) -> None:
    """At least eight, each under a name of its own; people, doses and calendars among them."""
    mine = [case for case in read(FOLDER / f"{name}.yaml") if case.trial == name]
    assert len({case.name for case in mine}) == len(mine) >= 8
    assert {case.kind for case in mine} >= {"person", "dose", "calendar"}
