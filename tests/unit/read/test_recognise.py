"""One file, page or record: the bytes tell which."""

from __future__ import annotations

import pytest

from registry_records import EVERY, V2, content
from stromal.read.recognise import recognise
from stromal.values import Unusable


@pytest.mark.parametrize("name", EVERY)
def test_records_are_recognised(name: str) -> None:
    """A record of any format, and in a wide encoding."""
    raw = content(EVERY[name])
    assert recognise(raw, "a").layout == name
    assert recognise(raw.decode().encode("utf-16"), "a").title


def test_pages_are_recognised() -> None:
    """What is no record is read as a page, and says so where it is none either."""
    with pytest.raises(Unusable, match=r"page\.layout"):
        recognise(b"A recipe for soup.", "a")
    with pytest.raises(Unusable, match="several records"):
        recognise(content({"studies": [V2, V2]}), "a")
