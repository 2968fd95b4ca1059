"""Record -> a draft protocol file that loads, and findings for what stays words. Step 2 of the walk.

Takes a Record; gives the text of a protocol file and Findings. Every value cites the page's lines or stands under
`assumed`; no criterion is dropped: what cannot be computed becomes a question to a person.
"""

from __future__ import annotations

import re

from stromal.protocol.file import fmt, load
from stromal.read.conditions import OLDEST, Condition, asked, compared, condition
from stromal.read.criteria import Side, criteria
from stromal.read.layout import REGISTRY_ID
from stromal.read.numerals import tidy
from stromal.read.phrases import sentences
from stromal.read.plan import Plan, plan, taken
from stromal.read.questions import objectives
from stromal.read.record import Item, Range, Record, Statement, show
from stromal.read.sheet import Row, Sheet, printable
from stromal.rules.check import check
from stromal.values import YEARS, Finding, Place

_NOT_GIVEN = "not given"


def draft(record: Record) -> tuple[str, tuple[Finding, ...]]:
    """The text of a protocol file drafted from the record, and what a person must look at in it."""
    sheet = Sheet()
    _trial(record, sheet)
    made = plan(record, sheet)
    _population(record, sheet, made)
    objectives(record, sheet, made)
    sheet.prune()
    if _may_clash(sheet):
        _ask_what_clashes(sheet)
    _placeholders(sheet, record.file)
    return fmt(sheet.text()), tuple(sheet.findings)


def _rows(sheet: Sheet, side: str) -> Row:
    held = sheet.sections["population"].get(side)
    return held if isinstance(held, dict) else {}


def _subjects(rows: Row) -> set[str]:
    """The first word of each condition: what it asks about."""
    return {str(row["when"]).lstrip("(").partition(" ")[0] for row in rows.values() if isinstance(row, dict)}


def _may_clash(sheet: Sheet) -> bool:
    """Whether an inclusion and an exclusion ask about the same thing, so that together they may shut everybody out."""
    return bool((_subjects(_rows(sheet, "include")) | {"age", "sex"}) & _subjects(_rows(sheet, "exclude")))


def _ask_what_clashes(sheet: Sheet) -> None:
    """Criteria that together let nobody in cannot mean what they were read as: they become questions to a person."""
    protocol = load(fmt(sheet.text()), "").require()
    lines = {place.line for each in check(protocol) if each.code == "population.empty" for place in each.places}
    paths = [path for path, place in protocol.places.items() if place.line in lines and path.endswith(".when")]
    for _, side, name, _ in (path.split(".") for path in paths if path.startswith("population.")):
        row = _rows(sheet, side).get(name)
        if isinstance(row, dict):
            row["when"] = asked(str(row["says"]), "inclusion" if side == "include" else "exclusion").when
            path = f"population.{side}.{name}"
            sheet.assume(path, "read as a condition it would let nobody take part; a person must say what it means")


# ---------------------------------------------------------------- trial and version


def _words(record: Record, sheet: Sheet, name: str, path: str, absent: str) -> tuple[str, list[str]]:
    """The words of a statement with its source; a placeholder, assumed, where the page gives none."""
    statement = record.statement(name)
    reading = taken(record, sheet, name, path)
    if statement is None or reading is None:
        sheet.assume(path, absent)
        return _NOT_GIVEN, []
    return printable(show(reading.value)), sheet.stated(statement)


def _identity(record: Record, sheet: Sheet) -> tuple[str, list[str]]:
    """The registry number: the page's, else that in the file's name, which somebody must confirm."""
    named = REGISTRY_ID.search(record.file.replace("_", " "))
    absent = "the page does not print the registry number"
    if record.registry_id or named is None:
        return _words(record, sheet, "registry_id", "trial.id", absent)
    sheet.assume("trial.id", f"{absent}; taken from the name of the file")
    return named[0], []


def _phase(text: str) -> str:
    digits = re.findall(r"\d", text)
    early = "early " if "early" in text.lower() else ""
    return early + "/".join(digits) if digits else text


def _trial(record: Record, sheet: Sheet) -> None:
    identity, src_id = _identity(record, sheet)
    title, src_title = _words(record, sheet, "title", "trial.title", "the page prints no title")
    sponsor, src_sponsor = _words(record, sheet, "sponsor", "trial.sponsor", "the page names no sponsor")
    phase, src_phase = _words(record, sheet, "phase", "trial.phase", "the page gives no phase")
    shapes = [s for name in ("allocation", "model", "purpose", "masking") if (s := record.statement(name)) and s.value]
    design = ", ".join(filter(None, (_shape(s) for s in shapes)))
    cited = [name for statement in shapes for name in sheet.stated(statement)]
    if not design:
        sheet.assume("trial.design", "the page does not say how the trial is shaped")
    sheet.sections["trial"] = {
        "id": identity.replace(" ", "_"), "title": title, "sponsor": sponsor, "phase": _phase(phase),
        "design": design or _NOT_GIVEN, "planned": _planned(record, sheet),
        "src": list(dict.fromkeys([*src_id, *src_title, *src_sponsor, *src_phase, *cited])),
    }  # fmt: skip
    sheet.sections["version"] = _version(record, sheet)


def _shape(statement: Statement) -> str:
    """One word of the design as people say it."""
    word = show(statement.value).lower().replace("_", " ")
    if statement.name == "masking":
        return "open label" if word == "none" else f"{word} masking"
    return "" if word in ("na", "n/a") else word


def _planned(record: Record, sheet: Sheet) -> int:
    reading = taken(record, sheet, "planned_enrolment", "trial.planned")
    value = reading.value if reading else None
    if isinstance(value, Range):
        value = value.high or value.low
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    sheet.assume("trial.planned", "the page does not say how many take part; 1 stands in")
    return 1


def _version(record: Record, sheet: Sheet) -> Row:
    start = record.statement("start")
    match = re.match(r"(\d{4})-(\d{2})(?:-(\d{2}))?", show(start.value) if start else "")
    if match is None or start is None or int(match[1]) not in YEARS:
        sheet.assume("version.effective", "the page does not say when the trial began; an early day stands in")
        return {"number": 1, "effective": "2000-01-01"}
    if not match[3]:
        sheet.assume("version.effective", "the page gives no day; the first of the month")
    return {"number": 1, "effective": f"{match[1]}-{match[2]}-{match[3] or '01'}", "src": sheet.stated(start)}


# ---------------------------------------------------------------- population


def _population(record: Record, sheet: Sheet, made: Plan) -> None:
    row: Row = {"condition": _condition(record, sheet), "sex": _sex(record)}
    age, src = _age(record, sheet)
    if age:
        row["age"] = age
    found = criteria(record.sections)
    if not found.headed:
        sheet.assume("population", "the page gives one list without headings; it is parted where the wording turns")
    if not found.given:
        sheet.assume("population", "the page gives no criteria")
    include = _criteria(sheet, found.inclusion, "inclusion", made)
    include |= _prose(record, sheet, made)
    exclude = _criteria(sheet, found.exclusion, "exclusion", made)
    if include:
        row["include"] = include
    if exclude:
        row["exclude"] = exclude
    if src:
        row["src"] = src
    sheet.sections["population"] = row


_DISEASE = re.compile(
    r".*\b(?:for|in)\s+(?:the\s+)?(?:treatment\s+of\s+|(?:patients|people|adults)\s+with\s+)?([^,:;]+)$", re.IGNORECASE
)


def _condition(record: Record, sheet: Sheet) -> str:
    stated = record.statement("conditions")
    if stated and isinstance(stated.value, tuple):
        return printable(show(stated.value))
    match = _DISEASE.search(record.title)
    sheet.assume("population.condition", "the page lists no condition" + ("; taken from the title" if match else ""))
    return printable(match[1]) if match else _NOT_GIVEN


def _sex(record: Record) -> str:
    statement = record.statement("sex")
    text = show(statement.value).lower() if statement else ""
    one = {"female": "female", "male": "male", "women": "female", "men": "male"}
    return one.get(text, "any")


def _age(record: Record, sheet: Sheet) -> tuple[str, list[str]]:
    """The limits of age, in years at consent; the inclusive reading where the words admit two."""
    statement = record.statement("age")
    if statement is None or not statement.readings:
        sheet.assume("population", "the page gives no ages")
        return "", []
    ranges = [r for r in statement.readings if isinstance(r.value, Range) and r.unit in ("years", "months")]
    if not ranges:
        sheet.assume("population", f"the ages are in units that no calendar joins: {show(statement.value)}")
        return "", []
    # Of several readings the youngest age is the safer one to keep, and the wider the one that shuts nobody out.
    limited = [r for r in ranges if isinstance(r.value, Range) and r.value.low is not None] or ranges
    chosen = limited[-1] if statement.state == "ambiguous" else ranges[0]
    value = chosen.value if isinstance(chosen.value, Range) else Range(low=0)
    text, note = _in_years(value, chosen.unit)
    if note or not statement.sure:
        sheet.assume("population.age", "; ".join(filter(None, (note, _open(statement, value)))))
    return text, sheet.stated(statement)


def _open(statement: Statement, value: Range) -> str:
    if statement.sure:
        return ""
    every = " or ".join(f"{show(reading.value)} {reading.unit}" for reading in statement.readings)
    return f"read as {value}; the page can be read as {every}"


def _in_years(value: Range, unit: str) -> tuple[str, str]:
    factor = 12 if unit == "months" else 1
    whole = [None if end is None else end / factor for end in (value.low, value.high)]
    note = ""
    if any(end is not None and end != int(end) for end in whole):
        note = f"{value} {unit} on the page; rounded to whole years"
    low, high = (None if end is None else int(end) for end in whole)
    if high is not None and high >= OLDEST:
        high, note = None, f"no upper limit; the page says {value} {unit}"
    if low is None and high is None:
        return "", note
    years = Range(low, high, value.low_included, value.high_included)
    return compared("", years, "years", "at consent").replace(" and  ", " and age ").strip(), note


def _criteria(sheet: Sheet, items: tuple[Item, ...], side: Side, made: Plan) -> Row:
    rows: Row = {}
    letter, key = ("I", "include") if side == "inclusion" else ("E", "exclude")
    nested = False
    for number, item in enumerate(items, 1):
        digits = item.mark.strip("(). ")
        name = f"{letter}{digits}" if digits.isdigit() and f"{letter}{digits}" not in rows else f"{letter}{number}"
        while name in rows:
            name += "a"
        path, text = f"population.{key}.{name}", item.place.quote
        found = asked(text, side) if nested else condition(text, side)
        rows[name] = _criterion(sheet, item.place, found, path, made)
        # What follows `one of the following:` may be alternatives: no line of them is a rule of its own.
        nested = nested or item.text.rstrip().endswith(":")
    return rows


def _prose(record: Record, sheet: Sheet, made: Plan) -> Row:
    """Requirements that a sentence about who the study is for states, one a sentence."""
    rows: Row = {}
    for item in record.items("population"):
        if item.label:
            continue
        for low, high in sentences(item.place.quote):
            text = item.place.quote[low:high].strip()
            name = f"P{len(rows) + 1}"
            place = item.place.quoting(text)
            rows[name] = _criterion(sheet, place, condition(text, "inclusion"), f"population.include.{name}", made)
    return rows


_STAYS = {
    "partly": "is computed in part and stays words in part",
    "judged": "stays words, for the investigator to judge",
    "asked": "stays words, asked of the person",
}


def _criterion(sheet: Sheet, place: Place, found: Condition, path: str, made: Plan) -> Row:
    if found.facts:
        found = _without_clash(sheet, found)
    if found.assumed:
        sheet.assume(path, found.assumed)
    if found.how != "computed":
        message = f"{path} {_STAYS[found.how]}: {place.quote}"
        hint = "write it as a condition where it can be computed"
        sheet.found("draft.words", "note", printable(message), place, hint=hint)
    name = path.rpartition(".")[2].lower()
    when = re.sub(r"\bfirst_dose\b", made.first, found.when)
    return {
        "says": printable(tidy(place.quote)) or "unreadable",
        "when": when,
        "src": [sheet.source(f"criterion_{name}", place)],
    }


def _without_clash(sheet: Sheet, found: Condition) -> Condition:
    """A fact already declared otherwise gets another name, so that two meanings never share one."""
    when, facts = found.when, sheet.sections["facts"]
    for name, row in found.facts:
        known, free = facts.get(name), name
        count = 1
        while known is not None and known != row:
            count += 1
            free = f"{name}_{count}"
            known = facts.get(free)
        sheet.fact(free, **row)
        when = re.sub(rf"\b{name}\b(?![^\"]*\" by)", free, when)
        _look(sheet, free)
    return Condition(when, found.how, found.facts, found.assumed)


def _look(sheet: Sheet, name: str) -> None:
    """Screening looks at everything that a criterion asks."""
    screening = sheet.sections["schedule"].get("screening")
    do = screening.get("do") if isinstance(screening, dict) else None
    if isinstance(do, list) and name not in do:
        do.append(name)  # type: ignore[arg-type]


def _placeholders(sheet: Sheet, file: str) -> None:
    """Everything assumed, told once, so that nobody has to find it in the file."""
    for path, says in sheet.sections["assumed"].items():
        message = f"{path} is assumed: {says}"
        sheet.found("draft.assumed", "note", message, Place(0, "", file), hint="confirm it, or correct it, in the file")
