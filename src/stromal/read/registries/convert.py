"""What registries write -> what API v2 writes: days, numbers, yes and no, and the values of its lists.

Takes texts as they were published; gives values of the kinds that `fields` names. A text that cannot be read as its
kind comes back as it is, so that nothing is lost and the check against the schema names it. Used by every reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from stromal.read.registries.schema import values

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), 1)
    for name in names.split()
}  # fmt: skip
_WRITTEN = re.compile(r"(?P<month>[A-Za-z]+)\.?\s+(?:(?P<day>\d{1,2}),?\s+)?(?P<year>\d{4})")
_FORWARD = re.compile(r"(?P<day>\d{1,2})[ ./-](?P<month>[A-Za-z]+|\d{1,2})[ ./-](?P<year>\d{4})")
_ISO = re.compile(r"(?P<year>\d{4})-?(?P<month>\d{2})(?:-?(?P<day>\d{2}))?(?:[T ].*)?")


@lru_cache(maxsize=4096)
def day(text: str) -> str:
    """A day or a month as API v2 writes it (`2014-06-04`, `2014-06`); the text itself where it names none.

    `04/06/2014` is the fourth of June: the registries outside the United States that write days so mean it so.
    """
    for pattern in (_WRITTEN, _FORWARD, _ISO):
        found = pattern.fullmatch(text.strip())
        if found is None:
            continue
        month = _MONTHS.get(found["month"].lower(), 0) if found["month"].isalpha() else int(found["month"])
        numbered = int(found["day"] or 1)
        if 1 <= month <= 12 and 1 <= numbered <= 31:
            return f"{found['year']}-{month:02}" + (f"-{numbered:02}" if found["day"] else "")
    return text


_AMERICAN = re.compile(r"(\d{2})/(\d{2})/(\d{4}) (\d{2}:\d{2})")


def moment(text: str) -> str:
    """A moment of upload, which ClinicalTrials.gov wrote with the month first (`11/04/2022 09:17`)."""
    found = _AMERICAN.fullmatch(text.strip())
    return f"{found[3]}-{found[1]}-{found[2]}T{found[4]}" if found else text


_TRUTHS = {"yes": True, "true": True, "no": False, "false": False, "accepts healthy volunteers": True, "1": True,
           "0": False}  # fmt: skip


def truth(text: str) -> bool | str:
    """Yes or no; the text itself where it is neither."""
    return _TRUTHS.get(text.strip().lower(), text)


_LETTERS = re.compile(r"[^A-Z0-9]+")
_ASIDE = re.compile(r"\s*\(.*\)\s*")
_ALIASES = {
    "ANTICIPATED": "ESTIMATED", "ESTIMATE": "ESTIMATED", "N_A": "NA", "NOT_APPLICABLE": "NA", "BOTH": "ALL",
    "REGISTRY_IDENTIFIER": "REGISTRY", "OTHER_GRANT_FUNDING_NUMBER": "OTHER_GRANT", "OTHER_IDENTIFIER": "OTHER",
    "EDUCATIONAL_COUNSELING_TRAINING": "ECT", "STATISTICAL_ANALYSIS_PLAN": "SAP", "INFORMED_CONSENT_FORM": "ICF",
    "CLINICAL_STUDY_REPORT": "CSR", "STANDARD_ERROR_OF_THE_MEAN": "STANDARD_ERROR_OF_MEAN", "1_SIDED": "ONE_SIDED",
    "2_SIDED": "TWO_SIDED", "GEOMETRIC_COEFFICIENT_OF_VARIATION": "GEOMETRIC_COEFFICIENT", "UNKNOWN_STATUS": "UNKNOWN",
    "97_5_CONFIDENCE_INTERVAL": "CONFIDENCE_975", "OTHER_CONFIDENCE_INTERVAL_LEVEL": "CONFIDENCE_OTHER",
    "CASE_CONTROL_STUDY": "CASE_CONTROL", "NO_LONGER_RECRUITING": "ACTIVE_NOT_RECRUITING", "OPEN": "NONE",
    "OPEN_LABEL": "NONE", "DOUBLE_BLIND": "DOUBLE", "SINGLE_BLIND": "SINGLE", "RANDOMISED": "RANDOMIZED",
    "U_S_FED": "FED", "OTHER_U_S_FEDERAL_AGENCY": "FED", "OLDER_ADULTS": "OLDER_ADULT", "ENROLLING_BY_INVITATION_ONLY":
    "ENROLLING_BY_INVITATION", "SUPPORTIVE": "SUPPORTIVE_CARE", "CROSS_OVER": "CROSSOVER", "MALE_FEMALE": "ALL",
    "FEMALE_MALE": "ALL", "FEMALES": "FEMALE", "MALES": "MALE",
}  # fmt: skip
_GRANT = re.compile(r"U_S_([A-Z]+)_GRANT_CONTRACT")
_LEVEL = re.compile(r"(\d+)_CONFIDENCE_INTERVAL")
_PHASE = re.compile(r"(EARLY_)?PHASE_(\d)")


def _spellings(text: str) -> Iterable[str]:
    for written in (text, _ASIDE.sub(" ", text)):
        plain = _LETTERS.sub("_", written.upper()).strip("_")
        yield from (plain, _ALIASES.get(plain, plain), plain.removesuffix("_ASSIGNMENT"))
        yield _PHASE.sub(r"\1PHASE\2", plain)
        yield _LEVEL.sub(r"CONFIDENCE_\1", plain)
        yield _GRANT.sub(r"\1", plain)
        yield plain.removesuffix("_STUDY")


@lru_cache(maxsize=4096)
def value(text: str, kind: str) -> str:
    """The value of a list (`PHASE2`) that a text (`Phase 2`) means; the text itself where it means none of them."""
    known = values(kind)
    return next((each for each in _spellings(text) if each in known), text)


def to_kind(text: str, kind: str) -> Any:
    """A text as a value of this kind; the text itself where it is none."""
    match kind:
        case "bool":
            return truth(text)
        case "int":
            return int(text) if re.fullmatch(r"-?\d{1,18}", text.strip()) else text
        case "float":
            return float(text) if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text.strip()) else text
        case "date":
            return day(text)
    return value(text, kind) if values(kind) else text


_NUMBERED = re.compile(
    r"(?:phase\s*|^|[/,&;+-]\s*|\b(?:and|to)\s+)(?P<number>[0-4]|I{1,3}|IV)(?P<part>[ab]?)\b(?:\)?\s*:\s*(?P<said>yes|no))?",
    re.IGNORECASE,
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


def phases(text: str) -> list[str]:
    """The phases that a text names: `Phase II/III`, `2-3`, `Human pharmacology (Phase I): no ... (Phase II): yes`."""
    if re.fullmatch(r"\s*(n/?a|not applicable|none|other)\s*", text, re.IGNORECASE):
        return ["NA"]
    found = [m for m in _NUMBERED.finditer(text) if (m["said"] or "yes").lower() == "yes"]
    numbers = dict.fromkeys(_ROMAN.get(m["number"].lower(), m["number"]) for m in found)
    return ["EARLY_PHASE1" if number == "0" else f"PHASE{number}" for number in numbers]


_AGE = re.compile(r"\s*(?P<count>\d{1,3})\s*(?P<unit>y|m|w|d|h)[a-z]*[- ]*(?:old)?\.?\s*", re.IGNORECASE)
_UNITS = {"y": "Year", "m": "Month", "w": "Week", "d": "Day", "h": "Hour"}


def age(text: str) -> str:
    """An age as API v2 writes it (`18 Years`); empty where the text sets no limit, itself where it is none."""
    if re.fullmatch(r"\s*(no limits?|none|n/?a|not applicable|not stated|0|-)?\s*", text, re.IGNORECASE):
        return ""
    found = _AGE.fullmatch(text)
    if found is None:
        return text
    count = int(found["count"])
    return f"{count} {_UNITS[found['unit'].lower()]}{'' if count == 1 else 's'}"


def put(tree: dict[str, Any], path: str, held: Any) -> None:
    """Put a value at a dotted path, making the objects on the way; what is empty is not put."""
    if held in (None, "", [], {}):
        return
    *steps, last = path.split(".")
    for step in steps:
        tree = tree.setdefault(step, {})
    tree[last] = held


def pruned(held: Any) -> Any:
    """The same without what is empty; None where nothing is left."""
    if isinstance(held, Mapping):
        inside = {key: kept for key, each in held.items() if (kept := pruned(each)) is not None}
        return inside or None
    if isinstance(held, list):
        rows = [kept for each in held if (kept := pruned(each)) is not None]
        return rows or None
    return None if held == "" else held
