"""What the cells are and how they are given, in the words of trial records."""

from __future__ import annotations

import pytest

from stromal.read.aims import passages, products
from stromal.read.doses import routes
from stromal.read.facts import record
from stromal.read.record import Fields, Item, Range, Section, Value
from stromal.values import Place


@pytest.mark.parametrize(
    ("line", "tissues"),
    [
        ("hUC-MSCs will be infused", ["umbilical cord"]),
        ("Wharton's jelly derived mesenchymal stem cells", ["umbilical cord"]),
        ("WJ-MSC are given", ["umbilical cord"]),
        ("umbilical cord blood-derived mesenchymal stem cells", ["cord blood"]),
        ("BMSCs of the patient", ["bone marrow"]),
        ("BM-derived MSCs", ["bone marrow"]),
        ("AD-MSCs, cultured", ["adipose tissue"]),
        ("adipose tissue-derived, integrin-selected and expanded mesenchymal stem cells", ["adipose tissue"]),
        ("stromal vascular fraction with MSCs", ["adipose tissue"]),
        ("synovium-derived stem cells", ["synovium"]),
        ("mesenchymoangioblast-derived mesenchymal stem cells", ["pluripotent stem cells"]),
        ("iPSC-derived MSCs", ["pluripotent stem cells"]),
        ("menstrual blood stem cells", ["menstrual blood"]),
        ("dental pulp stem cells", ["dental pulp"]),
        ("a kidney from the umbilical region", []),
    ],
)
def test_tissues(line: str, tissues: list[str]) -> None:
    """The tissue is read in full, from the abbreviation of the cells, and over a comma after `derived`."""
    assert [f.value for f in products(line) if f.name == "product_tissue"] == tissues


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MPCs isolated, expanded ex vivo, and cryopreserved", ["ex vivo expanded", "cryopreserved"]),
        ("in vitro expanded autologous MSC", ["ex vivo expanded"]),
        ("thawed mesenchymal stem cells", ["cryopreserved"]),
        ("non-cryopreserved mesenchymal stem cells", ["fresh"]),
        ("freshly harvested MSCs", ["fresh"]),
        ("MSC for frozen shoulder", []),
    ],
)
def test_processing(line: str, said: list[str]) -> None:
    """How the cells were prepared may stand before or behind them."""
    assert [f.value for f in products(line) if f.name == "product_processing"] == said


@pytest.mark.parametrize(
    ("line", "donor"), [("third-party MSC", "allogeneic"), ("the patient's own MSCs", "autologous"), ("MSCs", None)]
)
def test_donors(line: str, donor: str | None) -> None:
    """Whose cells they are."""
    assert next((f.value for f in products(line) if f.name == "product_donor"), None) == donor


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MSCs at passage 3", [3]),
        ("cells of passages 3 to 5", [Range(3, 5)]),
        ("until passage P4 is reached", [4]),
        ("the third passage of culture", [3]),
        ("the 4th passage", [4]),
        ("in passage 120 of the text", []),
    ],
)
def test_passages(line: str, said: list[Value]) -> None:
    """How often the cells were passed on in culture."""
    assert [f.value for f in passages(line)] == said


@pytest.mark.parametrize(
    ("line", "ways"),
    [
        ("i.v infusion of MSC", ["intravenous"]),
        ("infused in the vein", ["intravenous"]),
        ("peripheral vein catheter", ["intravenous"]),
        ("via portal vein", ["intraportal"]),
        ("one single IC infusion and one IV infusion", ["intravenous", "intracoronary"]),
        ("by the nasal route", ["intranasal"]),
        ("through the hepatic artery", ["intra-arterial"]),
        ("trans-endocardial injection", ["intramyocardial"]),
        ("intracavernous injection", ["intracavernous"]),
        ("subretinal implantation", ["intravitreal"]),
        ("infants with intraventricular hemorrhage", []),
        ("subarachnoid haemorrhage", []),
        ("local injection", ["local"]),
    ],
)
def test_routes(line: str, ways: list[str]) -> None:
    """Ways of giving are read; a bleeding with the same word is none."""
    assert [f.value for f in routes(line)] == ways


def _record(*lines: str) -> Section:
    return Section("summary", Place(1, "S"), tuple(Item(line, Place(n, line)) for n, line in enumerate(lines, 1)))


def test_local_says_nothing_beside_another_way() -> None:
    """`Local injection` stands only where no other word says which way."""
    both = record("ctgov", "f", (_record("local injection", "an intramuscular injection"),)).statement("route")
    alone = record("ctgov", "f", (_record("local injection of cells"),)).statement("route")
    assert both is not None
    assert alone is not None
    assert (both.value, alone.value) == ("intramuscular", "local")


def test_only_words_say_that_cells_are_mesenchymal() -> None:
    """A product is called mesenchymal where the page says so, and its passage stands with it."""
    said = record("ctgov", "f", (_record("Autologous MSCs at passage 3."),)).statement("product")
    other = record("ctgov", "f", (_record("Autologous adherent cells are grafted."),)).statement("product")
    assert said is not None
    assert other is not None
    assert isinstance(said.value, Fields)
    assert isinstance(other.value, Fields)
    assert (said.value.get("cells"), said.value.get("passage")) == ("mesenchymal stromal cells", 3)
    assert (other.value.get("cells"), other.value.get("donor")) == (None, "autologous")
