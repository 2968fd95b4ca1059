"""Doses printed in every notation and read back: what is written is what is read, or stands among marked rivals."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stromal.read.doses import doses
from stromal.read.phrases import Found
from stromal.read.record import Range

POWERS = (
    "{}x10^{}", "{} x 10^{}", "{}×10^{}", "{}*10^{}", "{}X10^{}", "{}x10\\^{}", "{} x 10 ^ {}", "{}x10{}", "{} x 10{}",
    "{}x10({})", "{}x10**{}", "{} x 10exp{}", "{}x10<sup>{}</sup>", "{}•10^{}", "{}×10*{}", "{} x 10 {}",
)  # fmt: skip
DOUBTFUL = ("{}x10E{}", "{} x 10e{}")
SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NOUNS = ("cells", "MSCs", "hUC-MSCs", "mesenchymal stem cells", "autologous bone marrow-derived MSC", "stem cells",
         "viable cells", "UC-MSC", "allogeneic mesenchymal stromal cells (MSCs)")  # fmt: skip
PER_KG = ("/kg", "/Kg", " per kg", "/kg body weight", " per kilogram of body weight", "/kg BW", "/ kg", " per body kg")
LEADS = (
    "Each participant receives {} intravenously.", "A single dose of {} is given.", "Arm 1: {}.", "Dose: {} once.",
    "Patients will be injected with {} in 10 mL saline on day 0 and month 3.", "{} (one infusion).",
    "On days 0, 3 and 6 they are given {}, 30 minutes after 5 mg of a drug.",
)  # fmt: skip

mantissas = st.integers(1, 99) | st.sampled_from([Fraction(1, 2), Fraction(3, 2), Fraction(5, 4)])


def shown(number: Fraction | int) -> str:
    """A mantissa as it is printed."""
    return str(number) if isinstance(number, int) else str(float(number))


@st.composite
def amounts(draw: st.DrawFn) -> tuple[str, Fraction, Fraction]:
    """A printed amount with its low and high: one number or a range, as a power of ten, in words or in digits."""
    low = draw(mantissas)
    high = draw(st.just(low) | st.integers(1, 99).map(lambda more: Fraction(low) + more))
    joint = draw(st.sampled_from(("-", " - ", " to ", "~", "–")))
    mantissa = shown(low) if high == low else f"{shown(low)}{joint}{shown(int(high) if high == int(high) else high)}"
    power = draw(st.integers(5, 8))
    way = draw(st.sampled_from((*POWERS, *DOUBTFUL, "super", "million", "digits")))
    match way:
        case "super":
            return f"{mantissa}×10{str(power).translate(SUPER)}", *((Fraction(end) * 10**power) for end in (low, high))
        case "million":
            return f"{mantissa} million", Fraction(low) * 10**6, Fraction(high) * 10**6
        case "digits":
            whole = draw(st.integers(1, 999)) * 10**5
            return f"{whole:,}", Fraction(whole), Fraction(whole)
        case _:
            return way.format(mantissa, power), Fraction(low) * 10**power, Fraction(high) * 10**power


def read(found: Found) -> set[tuple[Fraction, Fraction]]:
    """Every low and high that the phrase may mean."""
    values = [found.value, *(value for value, _ in found.rivals)]
    pairs = [(v.low, v.high) if isinstance(v, Range) else (v, v) for v in values]
    return {(Fraction(str(low)), Fraction(str(high))) for low, high in pairs}


@given(amounts(), st.sampled_from(NOUNS), st.sampled_from(("", *PER_KG)), st.sampled_from(LEADS))
def test_what_is_written_is_read(amount: tuple[str, Fraction, Fraction], noun: str, per: str, lead: str) -> None:
    """One phrase gives one dose with the value and the unit that were written; a doubtful notation says so."""
    printed, low, high = amount
    line = lead.format(f"{printed} {noun}{per}")
    (only,) = doses(line)
    assert only.unit == ("cells/kg" if per else "cells")
    assert (low, high) in read(only)
    assert (only.state == "ambiguous") == (len(read(only)) > 1)
    assert line[only.start : only.end].startswith(printed[:3])


@given(st.lists(st.integers(1, 99), min_size=2, max_size=4, unique=True), st.sampled_from(NOUNS),
       st.sampled_from(("", *PER_KG)), st.sampled_from((", ", "/", " or ", " and ")))  # fmt: skip
def test_levels(levels: list[int], noun: str, per: str, joint: str) -> None:
    """Every level of a list is read, with the size and the unit that stand behind the last."""
    line = f"Cohorts receive {joint.join(map(str, levels))} million {noun}{per}."
    found = doses(line)
    assert [each.value for each in found] == [level * 10**6 for level in levels]
    assert {each.unit for each in found} == {"cells/kg" if per else "cells"}


@given(amounts(), st.sampled_from((
    "Platelets above {}/L are required.", "Cells are seeded at {} cells in a flask.", "Mice were given {} MSCs.",
    "Neutrophils must exceed {}/L.", "About {} people live with the disease.", "Inhale {} exosomes daily.",
    "The graft must hold at least {} CD34+ cells/kg.", "The suspension holds {} cells/mL.",
    "In a previous study {} MSCs were reported as safe.",
)))  # fmt: skip
def test_what_is_no_dose(amount: tuple[str, Fraction, Fraction], line: str) -> None:
    """Blood counts, cultures, animals, people, vesicles, grafts, concentrations and others' trials give no dose."""
    assert doses(line.format(amount[0])) == ()
