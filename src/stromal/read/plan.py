"""The plan of a draft: products, doses, visits and the rules that doses hang on.

Takes a Record and the Sheet; fills products, doses, schedule and rules. What the page does not give is assumed and
listed; where it contradicts itself one reading is taken, and the other named. Used by `draft`.
"""

from __future__ import annotations

from dataclasses import dataclass

from stromal.read.clashes import said, words_for
from stromal.read.conditions import fact_name, fact_row, whole_length
from stromal.read.gaps import unexplained_toxicity
from stromal.read.record import Fields, Number, Range, Reading, Record, Statement, Value, lowest, show
from stromal.read.sheet import Node, Row, Sheet, printable
from stromal.read.vocabulary import MEASURES
from stromal.values import Duration, exact, short

_TERMS = {term.name: term for term in MEASURES}
_DONORS = {"autologous": "patient", "allogeneic": "third party"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rest of a draft needs to know: the doses' visits, the last visit, the run-in, what is measured."""

    stem: str
    count: int
    last: str
    run_in: bool
    measured: tuple[str, ...]

    @property
    def first(self) -> str:
        """The first visit that gives cells."""
        return f"{self.stem}_1"


def taken(record: Record, sheet: Sheet, name: str, path: str) -> Reading | None:
    """The one reading a draft goes by: that of the arms, else of most places, else the first; the rest is assumed."""
    statement = record.statement(name)
    if statement is None or not statement.readings:
        return None
    if statement.sure:
        only = statement.readings[0]
        if statement.state == "repaired":
            sheet.assume(path, f"the {words_for(name)} is {show(only.value)} {only.unit}; {statement.note}")
        return only
    arms = {item.place.line for item in record.items("arms", "interventions")}
    best = max(statement.readings, key=lambda r: (any(p.line in arms for p in r.places), len(r.places)))
    sheet.assume(path, f"{show(best.value)} {best.unit}".strip() + f"; the page says {said(statement)}")
    return best


# ---------------------------------------------------------------- products


def _products(record: Record, sheet: Sheet) -> bool:
    """The cells, and any second product; gives whether the cells are the patient's own."""
    statement = record.statement("product")
    parts = statement.value if statement and isinstance(statement.value, Fields) else Fields(())
    donor, tissue = parts.get("donor"), parts.get("tissue")
    row: Row = {"says": _cells(parts)}
    if isinstance(tissue, str):
        row["tissue"] = tissue
    row["donor"] = "matched donor" if parts.get("same_donor") else _DONORS.get(str(donor), "third party")
    row["release"] = ["viability >= 70 %", "sterility = negative"]
    row["src"] = sheet.stated(statement) if statement else []
    sheet.sections["products"]["cells"] = row
    sheet.assume("products.cells.release", "the page names no release tests; these two are customary")
    if not isinstance(donor, str):
        sheet.assume("products.cells.donor", "the page does not settle whose cells they are")
    return donor == "autologous"


def _cells(parts: Fields) -> str:
    words = [show(value) for name in ("processing", "donor", "tissue") if (value := parts.get(name)) is not None]
    return printable(" ".join([*words, "mesenchymal stromal cells"]))


def second_product(record: Record, sheet: Sheet) -> None:
    """A product that only the prose names: declared, without a dose, and told."""
    statement = record.statement("second_product")
    if statement is None or statement.value is None:
        return
    quote = next((i.place.quote for i in record.items() if i.place.line == statement.places[0].line), "")
    donor = "patient" if "autologous" in quote.lower() else "third party"
    sheet.sections["products"]["second"] = {
        "says": printable(show(statement.value)), "donor": donor, "src": sheet.stated(statement),
    }  # fmt: skip
    sheet.assume("products.second", "the page gives it no dose and no visit, and lists it in no arm")


# ---------------------------------------------------------------- doses

_NUMBERED = ("dose_1", "dose_2", "dose_3", "dose_4")


def _amount(reading: Reading, sheet: Sheet, path: str) -> str:
    if isinstance(reading.value, Range):
        sheet.assume(path, f"the page gives {show(reading.value)} {reading.unit}; the lower end is taken")
    number = short(exact(lowest(reading.value)))
    return f"{number} {reading.unit}" + (" of weight at same visit" if reading.unit == "cells/kg" else "")


def _common(record: Record, sheet: Sheet, path: str) -> Row:
    """Route, volume and fluid removed, as far as the page gives them."""
    row: Row = {}
    volume = taken(record, sheet, "volume", path)
    if volume:
        row["volume"] = _span(volume.value)
    removed = record.statement("fluid_removed")
    if removed and isinstance(removed.value, int | float):
        row["removed"] = f"{short(exact(removed.value))} mL"
    route = record.statement("route")
    if route and route.value is not None:
        row["route"] = printable(show(route.value)).replace(", ", " or ")
    return row


def _span(value: Value) -> str:
    if isinstance(value, Range) and value.low is not None and value.high is not None:
        return f"{short(exact(value.low))}..{short(exact(value.high))} mL"
    return f"{short(exact(value))} mL" if isinstance(value, int | float) else "1 mL"


def _doses(record: Record, sheet: Sheet, stem: str) -> list[str]:
    """The doses, in the order they are given; empty where the page gives none."""
    levels = record.statement("dose_levels")
    numbered = [name for name in _NUMBERED if (s := record.statement(name)) and s.readings]
    if levels and isinstance(levels.value, tuple) and len(levels.value) > 1:
        return _ladder(record, sheet, levels, stem)
    names = numbered if len(numbered) > 1 else ([numbered[0]] if numbered else ["dose"])
    made = []
    for name in names:
        known = name if len(names) > 1 else stem
        path = f"doses.{known}.amount"
        reading = taken(record, sheet, name, path)
        if reading is None or lowest(reading.value) <= 0:
            return []
        statement = record.statement(name)
        row: Row = {"product": "cells", "amount": _amount(reading, sheet, path)}
        row |= _common(record, sheet, f"doses.{known}.volume")
        row["src"] = sheet.stated(statement) if statement else []
        sheet.sections["doses"][known] = row
        made.append(known)
    return made


def _ladder(record: Record, sheet: Sheet, levels: Statement, stem: str) -> list[str]:
    """Dose levels as a ladder, moved by a table that the page names but does not give."""
    values = levels.value if isinstance(levels.value, tuple) else ()
    rungs = sorted({exact(lowest(value)) for value in values if lowest(value) > 0})
    first = record.statement("dose_1")
    known = exact(lowest(first.value)) if first else rungs[0]
    start = known if known in rungs else rungs[0]
    unit = levels.unit
    row: Row = {"product": "cells", "ladder": ", ".join(map(short, rungs)) + f" {unit}"}
    row["start"] = f"{short(start)} {unit}" + (" of weight at same visit" if unit == "cells/kg" else "")
    row["adjust"] = "dose_modification"
    row |= _common(record, sheet, f"doses.{stem}.volume")
    row["src"] = sheet.stated(levels)
    sheet.sections["doses"][stem] = row
    if start != known or first is None:
        sheet.assume(f"doses.{stem}.start", "the page does not say which level comes first; the lowest is taken")
    worst = f"max grade(adverse_event where related, since previous {stem})"
    limits = [(">= 4", "stop"), ("= 3", "down"), ("= 2", "same"), ("<= 1", "up")]
    table: Row = {"says": "The worst related event since the dose before moves the dose"}
    choices: list[Row] = [{"when": f"{worst} {limit}", "then": then} for limit, then in limits]
    table["choose"] = choices
    sheet.sections["rules"]["dose_modification"] = table
    sheet.assume("rules.dose_modification", "the page names no rule, or names it and does not give it")
    return [stem]


# ---------------------------------------------------------------- visits


def _length(reading: Reading | None) -> tuple[Number, Number, str] | None:
    """A reading as whole calendar lengths: low, high, unit."""
    if reading is None:
        return None
    value = reading.value
    ends = (value.low, value.high) if isinstance(value, Range) else (value, value)
    if any(not isinstance(end, int) or isinstance(end, bool) or end <= 0 for end in ends):
        return None
    if whole_length(1, reading.unit) is None:
        return None
    low, high = (int(end) for end in ends if isinstance(end, int))
    return low, high, reading.unit


def _spoken(low: Number, high: Number, unit: str) -> str:
    if low == high:
        return str(whole_length(float(low), unit))
    return f"{low}..{high} {unit}"


def _measures(record: Record, sheet: Sheet) -> tuple[str, ...]:
    """Everything the page says is looked at, declared as facts."""
    assessed, analysed = record.statement("assessments"), record.statement("analysis")
    names = assessed.value if assessed and isinstance(assessed.value, tuple) else ()
    compared = analysed.value.get("of") if analysed and isinstance(analysed.value, Fields) else None
    names = (*names, *(compared if isinstance(compared, tuple) else ()))
    terms = [_TERMS[name] for name in names if isinstance(name, str) and name in _TERMS]
    made = [sheet.fact(fact_name(term), **fact_row(term)) for term in terms if term.name != "disease_duration"]
    made.append(sheet.fact("adverse_event", **fact_row(_TERMS["adverse_event"])))
    return tuple(dict.fromkeys(made))


def _count(record: Record, sheet: Sheet, doses: list[str], stem: str) -> int:
    given = taken(record, sheet, "administrations", f"schedule.{stem}_1")
    value = given.value if given else None
    if isinstance(value, Range):
        value = value.low
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 60:
        return max(value, len(doses))
    sheet.assume(f"schedule.{stem}_1", "the page does not say how often cells are given")
    return max(1, len(doses))


def plan(record: Record, sheet: Sheet) -> Plan:
    """Products, doses, visits and rules of the draft."""
    route = record.statement("route")
    stem = "infusion" if route is None or "intravenous" in show(route.value) or not route.places else "injection"
    _products(record, sheet)
    second_product(record, sheet)
    measured = _measures(record, sheet)
    doses = _doses(record, sheet, stem)
    count = _count(record, sheet, doses, stem)
    toxic = unexplained_toxicity(record)
    if toxic:
        _toxicity(sheet, stem, sheet.source("unacceptable_toxicity", *toxic))
    run_in = _before(record, sheet, stem, measured)
    _giving(record, sheet, stem, count, doses, measured, bool(toxic))
    last = _after(record, sheet, stem, measured, "last dose" if doses else f"{stem}_{count}")
    _declaration(record, sheet, stem, count, last)
    if not doses:
        sheet.sections["products"].pop("cells", None)
        sheet.assume(f"schedule.{stem}_1", "the page gives no dose that a protocol could give")
    return Plan(stem, count, last, run_in, measured)


def _toxicity(sheet: Sheet, stem: str, source: str) -> None:
    sheet.sections["rules"]["unacceptable_toxicity"] = {
        "says": "A related adverse event of grade 3 or more that began on or after the first dose",
        "when": f"count(adverse_event where grade >= 3 and related and onset since {stem}_1) > 0",
        "src": [source],
    }
    sheet.assume("rules.unacceptable_toxicity", "the page names it and gives no grade and no window")


def _before(record: Record, sheet: Sheet, stem: str, measured: tuple[str, ...]) -> bool:
    """Screening, and the run-in where there is one; gives whether there is."""
    run_in = _length(taken(record, sheet, "run_in", "schedule.run_in_start"))
    anchor = "run_in_start" if run_in else f"{stem}_1"
    within, cited = _lead(record, sheet)
    screening: Row = {"at": f"within {within} before {anchor}", "do": ["consent", *_looked(measured)], "src": cited}
    sheet.sections["schedule"]["screening"] = screening
    if run_in is None:
        return False
    months, _, unit = run_in
    known = record.statement("run_in")
    src = sheet.stated(known) if known else []
    looks: list[str] = _looked(measured)
    sheet.sections["schedule"]["run_in_start"] = {"at": "day 0", "epoch": "run_in", "do": looks, "src": src}
    if unit == "months" and 1 < months <= 36:
        sheet.sections["schedule"][f"run_in_1..{int(months) - 1}"] = {
            "at": "1 month after previous", "epoch": "run_in", "do": looks, "src": src,
        }  # fmt: skip
        sheet.assume(f"schedule.run_in_1..{int(months) - 1}", "seen monthly, so that a slope can be measured")
    return True


def _lead(record: Record, sheet: Sheet) -> tuple[str, list[str]]:
    """How long before the first visit people may be screened, with its source."""
    for name in ("screening", "baseline_window"):
        window = _length(taken(record, sheet, name, "schedule.screening"))
        statement = record.statement(name)
        if window and statement:
            return _spoken(window[1], window[1], window[2]), sheet.stated(statement)
    sheet.assume("schedule.screening", "the page does not say how long before; 28 days")
    return "28 days", []


def _looked(measured: tuple[str, ...]) -> list[str]:
    return [name for name in measured if name != "adverse_event"]


def _giving(
    record: Record, sheet: Sheet, stem: str, count: int, doses: list[str], measured: tuple[str, ...], toxic: bool
) -> None:
    """The visits that give cells."""
    per_kg = any("cells/kg" in str(row) for row in sheet.sections["doses"].values())
    if per_kg:
        sheet.fact("weight", **fact_row(_TERMS["weight"]))
    do = [*(["weight"] if per_kg else []), *(name for name in measured if name != "weight")]
    run_in = _length(_first(record, "run_in"))
    given = record.statement("administrations")
    src = sheet.stated(given) if given else []
    day = "day 0" if run_in is None else f"{_spoken(*run_in)} after run_in_start"
    schedule = sheet.sections["schedule"]
    schedule[f"{stem}_1"] = {"at": day, "epoch": "treatment", **_given(doses, 1), "do": list(do), "src": src}
    parted = record.statement("interval")
    src = list(dict.fromkeys([*src, *(sheet.stated(parted) if parted else [])]))
    for name, number in _repeats(stem, count, len(doses)):
        row: Row = {"at": _interval(record, sheet, f"schedule.{name}"), "epoch": "treatment", **_given(doses, number)}
        if toxic:
            row["unless"] = "unacceptable_toxicity"
        schedule[name] = {**row, "do": list(do), "src": src}


def _given(doses: list[str], number: int) -> Row:
    return {"give": doses[min(number, len(doses)) - 1]} if doses else {}


def _repeats(stem: str, count: int, doses: int) -> list[tuple[str, int]]:
    """The visits after the first with the number of their dose: each dose of its own, then the rest as one repeat."""
    alone = [(f"{stem}_{number}", number) for number in range(2, min(count, max(1, doses)) + 1)]
    start = len(alone) + 2
    if start < count:
        return [*alone, (f"{stem}_{start}..{count}", start)]
    return [*alone, (f"{stem}_{start}", start)] if start == count else alone


def _first(record: Record, name: str) -> Reading | None:
    statement = record.statement(name)
    return statement.readings[0] if statement and statement.readings else None


def _interval(record: Record, sheet: Sheet, path: str) -> str:
    length = _length(taken(record, sheet, "interval", path))
    if length is None:
        sheet.assume(path, "the page does not say how far apart doses are; 1 month")
        return "1 month after previous"
    return f"{_spoken(*length)} after previous"


def _after(record: Record, sheet: Sheet, stem: str, measured: tuple[str, ...], end_of: str) -> str:
    """Visits after the cells, of which `end_of` is the last; gives the last visit."""
    do: list[str] = list(measured)
    schedule = sheet.sections["schedule"]
    last, reach = "", 0.0
    lists = [s for s in record.statements if s.name == "visits" or s.name.startswith("visits_")]
    for statement in lists:
        for count in statement.value if isinstance(statement.value, tuple) else ():
            length = whole_length(float(count), statement.unit) if isinstance(count, int | float) else None
            if length is None or length.count == 0:
                continue
            name = f"{length.unit}_{length.count}"
            schedule.setdefault(
                name,
                {"at": f"{length} after {stem}_1", "epoch": "follow_up", "do": do, "src": sheet.stated(statement)},
            )
            if length.days > reach:
                last, reach = name, length.days
    end = _end(record, sheet, reach, end_of)
    if end:
        schedule["last_visit"] = {**end, "epoch": "follow_up", "do": do}
        last = "last_visit"
    elif not last:
        schedule["last_visit"] = {"at": f"28 days after {end_of}", "epoch": "follow_up", "do": do}
        sheet.assume("schedule.last_visit", "the page names no visit after the last dose; 28 days")
        last = "last_visit"
    _series(record, sheet, stem, last, do)
    return last


def _end(record: Record, sheet: Sheet, reach: float, end_of: str) -> dict[str, Node] | None:
    """The last visit, where follow-up goes beyond the visits that the page lists."""
    statement = record.statement("follow_up")
    length = _length(taken(record, sheet, "follow_up", "schedule.last_visit"))
    if statement is None or length is None:
        return None
    whole = Duration(int(length[1]), whole_length(1, length[2]).unit)  # type: ignore[union-attr]
    if whole.days <= reach + 1:
        sheet.sections["assumed"].pop("schedule.last_visit", None)
        return None
    last = "last" in statement.note or "second" in statement.note or "final" in statement.note
    if not last:
        sheet.assume("schedule.last_visit", "follow-up is counted from the last dose; the page does not say from where")
    return {"at": f"{whole} after {end_of}", "src": sheet.stated(statement)}


def _series(record: Record, sheet: Sheet, stem: str, last: str, do: list[str]) -> None:
    """Visits that come back at an interval, where the page gives one."""
    every = _length(taken(record, sheet, "visit_interval", "schedule.visit"))
    if every is None:
        sheet.sections["assumed"].pop("schedule.visit", None)
        return
    if every[0] != every[1]:
        sheet.assume("schedule.visit", f"every {every[0]} to {every[1]} {every[2]} on the page; the shorter is taken")
    statement = record.statement("visit_interval")
    sheet.sections["schedule"]["visit"] = {
        "at": f"every {_spoken(every[0], every[0], every[2])} from {stem}_1 until {last}",
        "epoch": "treatment",
        "do": do,
        "src": sheet.stated(statement) if statement else [],
    }


def _declaration(record: Record, sheet: Sheet, stem: str, count: int, last: str) -> None:
    """When a dose is declared safe."""
    statement = record.statement("safety_rule")
    if statement is None or not isinstance(statement.value, Fields):
        return
    people = statement.value.get("completed")
    if not isinstance(people, int):
        return
    unless = " and not unacceptable_toxicity" if "unacceptable_toxicity" in sheet.sections["rules"] else ""
    amount = f"{show(statement.value.get('dose'))} {show(statement.value.get('dose_unit'))}"
    sheet.sections["rules"]["safe_dose"] = {
        "says": f"{people} people have completed {show(statement.value.get('what'))} safely",
        "when": f"count(participants where done({stem}_{count}) and done({last}){unless}) = {people}",
        "declares": f"{amount} is a safe dose" if statement.value.get("dose") else "the dose is safe",
        "src": sheet.stated(statement),
    }
