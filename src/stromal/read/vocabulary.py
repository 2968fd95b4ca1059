"""The field's nouns as pages print them: what is measured, what may befall a person, what cells are made of.

Takes text; gives Terms, our own stable names with how they are observed. Part of the first step of the walk: readers
name their findings from it, and `draft` declares its facts from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal

from stromal.read.phrases import pattern, small
from stromal.read.sieve import Sifted

Kind = Literal["number", "score", "episode", "yes/no", "log"]


@dataclass(frozen=True, slots=True)
class Term:
    """A thing of the field: our name, plain words, how it is observed (kind, unit, range), and how pages print it."""

    name: str
    words: str
    kind: Kind
    printed: re.Pattern[str]
    unit: str = ""
    low: float = -inf
    high: float = inf


def _term(
    name: str, words: str, kind: Kind, printed: str, unit: str = "", low: float = -inf, high: float = inf
) -> Term:
    return Term(name, words, kind, pattern(printed), unit, low, high)


class Terms(tuple[Term, ...]):
    """Terms to be looked for together. Longer names stand before shorter ones that they contain."""

    sifted: Sifted[Term]
    """The terms and how they are printed, behind the sieve that says which of them a text may name."""

    def __new__(cls, terms: Iterable[Term]) -> Terms:
        """The terms, in their order."""
        made = super().__new__(cls, terms)
        made.sifted = Sifted((term, small(term.printed.pattern)) for term in made)
        return made


MEASURES = Terms(
    (
        _term(
            "adverse_event",
            "adverse events",
            "log",
            r"\badverse\s+(?:events?|effects?|reactions?)|\bside[\s-]effects?\b",
        ),
        _term(
            "alsfrs_r",
            "ALSFRS-R total",
            "score",
            r"\bALSFRS(?:-?r)?\b|\bALS functional rating scale(?: - revised)?|\bALS score\b",
            "",
            0,
            48,
        ),
        _term("edss", "EDSS", "score", r"\bEDSS\b|\bexpanded disability status scale\b", "", 0, 10),
        _term("mrss", "skin score", "score", r"\b(?:modified rodnan )?skin (?:thickness )?score\b|\bmRSS\b", "", 0, 51),
        _term("fvc", "forced vital capacity", "number", r"\bFVC\b|\bforced vital capacity\b", "%", 5, 200),
        _term("fev1", "FEV1", "number", r"\bFEV-?1\b|\bforced expiratory volume\b", "%", 5, 200),
        _term("dlco", "diffusing capacity", "number", r"\bDLCO\b|\bdiffusi(?:ng|on) capacity\b", "%", 5, 200),
        _term(
            "haemoglobin",
            "haemoglobin",
            "number",
            r"\bha?emoglobin\b(?!\s*a1c)|\bHgb\b|\bHb\b(?!\s*a1c)",
            "g/dL",
            2,
            25,
        ),
        _term("haematocrit", "haematocrit", "number", r"\bha?ematocrit\b|\bHt\b|\bHct\b", "%", 5, 75),
        _term(
            "white_cells",
            "white cell count",
            "number",
            r"\bWBC\b|\bwhite (?:blood )?cells?(?: count)?\b|\bleu[ck]ocytes?\b",
            "10*9/L",
            0,
            100,
        ),
        _term("neutrophils", "neutrophil count", "number", r"\bneutrophils?\b|\bANC\b", "10*9/L", 0, 100),
        _term("lymphocytes", "lymphocyte count", "number", r"\blymphocytes?\b", "10*9/L", 0, 100),
        _term("platelets", "platelet count", "number", r"\bplatelets?\b|\bthrombocytes?\b", "10*9/L", 1, 2000),
        _term(
            "creatinine_clearance",
            "creatinine clearance",
            "number",
            r"\bcreatinine clearance\b|\be?GFR\b|\bCrCl\b",
            "mL/min",
            1,
            250,
        ),
        _term("creatinine", "creatinine", "number", r"\bcreatinine\b", "mg/dL", 0.1, 20),
        _term("bilirubin", "bilirubin", "number", r"\bbilirubin\b", "mg/dL", 0.05, 60),
        _term("albumin", "albumin", "number", r"\balbumin\b", "g/dL", 0.5, 7),
        _term("glucose", "glucose", "number", r"\b(?:blood |fasting )?glucose\b", "mg/dL", 20, 1000),
        _term("hba1c", "HbA1c", "number", r"\bHbA1c\b|\bha?emoglobin a1c\b", "%", 3, 20),
        _term(
            "liver_enzymes",
            "liver enzymes",
            "number",
            r"\bliver enzymes?\b|\bAL[AT]T?\b(?=\W|$)|\bAST\b|\btransaminases?\b|\baminotransferase\b",
            "U/L",
            1,
            10000,
        ),
        _term("electrolytes", "electrolytes", "number", r"\belectrolytes\b", "mmol/L", 0, 200),
        _term("heart_rate", "heart rate", "number", r"\bheart rate\b|\bHR\b|\bpulse\b", "/min", 20, 250),
        _term(
            "systolic_pressure",
            "systolic blood pressure",
            "number",
            r"\bsystolic(?: blood)?(?: pressure)?\b|\bSBP\b",
            "mm[Hg]",
            50,
            260,
        ),
        _term(
            "diastolic_pressure",
            "diastolic blood pressure",
            "number",
            r"\bdiastolic(?: blood)?(?: pressure)?\b|\bDBP\b",
            "mm[Hg]",
            20,
            160,
        ),
        _term(
            "blood_pressure",
            "blood pressure",
            "number",
            r"\bblood pressure\b|\bBP\b",
            "mm[Hg]",
            30,
            300,
        ),
        _term("respiratory_rate", "respiratory rate", "number", r"\brespirat(?:ory|ion) rate\b|\bRR\b", "/min", 4, 80),
        _term("temperature", "body temperature", "number", r"\bbody temperature\b|\btemperature\b", "Cel", 30, 45),
        _term("oxygen_saturation", "oxygen saturation", "number", r"\boxygen saturation\b|\bSp?O2\b", "%", 40, 100),
        _term("ejection_fraction", "ejection fraction", "number", r"\bejection fraction\b|\bLVEF\b", "%", 5, 90),
        _term("bmi", "body mass index", "number", r"\bBMI\b|\bbody mass index\b", "kg/m2", 8, 90),
        _term("weight", "body weight", "number", r"(?<!kg )(?<!kg of )(?<!kg of the )\bbody weight\b", "kg", 1, 300),
        _term(
            "disease_duration",
            "time since the diagnosis",
            "number",
            r"\b(?:disease|illness|symptom) (?:duration|history)\b"
            r"|\bduration of (?:the )?(?:disease|illness|symptoms?)\b",
            "a",
            0,
            100,
        ),
        _term("karnofsky", "Karnofsky performance score", "score", r"\bkarnofsky\b|\bKPS\b", "", 0, 100),
        _term("ecog", "ECOG performance status", "score", r"\bECOG\b", "", 0, 5),
        _term("cytokines", "cytokines", "number", r"\bcytokines?\b"),
        _term("dti", "diffusion tensor imaging", "number", r"\bDTI\b|\bdiffusion tensor imaging\b"),
        _term("fmri", "functional MRI", "number", r"\bfMRI\b|\bfunctional (?:MRI|magnetic resonance imaging)\b"),
        _term("mri", "MRI", "number", r"\bMRI\b|\bmagnetic resonance imaging\b"),
        _term("cognition", "cognitive evaluation", "number", r"\bcogniti(?:ve|on)\b"),
        _term("psychological_evaluation", "psychological evaluation", "number", r"\bpsychological\b"),
        _term("b_cell_markers", "B cell markers by flow cytometry", "number", r"\bflow cytometry\b"),
        _term(
            "neurological_examination",
            "neurological examination",
            "number",
            r"\bneurologic(?:al)? (?:evaluation|exam\w*)",
        ),
        _term("muscle_chart", "muscle chart", "number", r"\bmuscle (?:chart|strength|test\w*)"),
        _term("physical_examination", "physical examination", "number", r"\bphysical exam\w*"),
        _term("vital_signs", "vital signs", "number", r"\bvital signs\b"),
        _term(
            "pain", "pain score", "score", r"\bpain (?:score|scale)|\bVAS\b|\bvisual analog(?:ue)? scale\b", "", 0, 100
        ),
    )
)
"""What is measured."""

EVENTS = Terms((
    _term("other_trial", "took part in another trial", "episode",
          r"\b(?:another|other|any) (?:(?:interventional|investigational|clinical|drug|research) )*"
          r"(?:trials?|study|studies)\b|\binvestigational (?:drug|product|agent|medicinal|device|therap|treatment)\w*"),
    _term("malignancy", "malignancy", "episode", r"\bmalignan(?:cy|cies|t)\b|\bcancers?\b|\btumou?rs?\b|\bneoplas\w+"),
    _term("cytotoxic_agent", "took a cytotoxic agent", "episode", r"\bcytotoxic (?:agents?|drugs?|therap\w+)"),
    _term("chemotherapy", "chemotherapy", "episode", r"\bchemotherap\w+"),
    _term("radiotherapy", "radiotherapy", "episode", r"\bradio-?therapy\b|\bradiation therapy\b"),
    _term("riluzole", "riluzole", "episode", r"\briluzole\b"),
    _term("edaravone", "edaravone", "episode", r"\bedaravone\b"),
    _term("rituximab", "rituximab", "episode", r"\brituximab\b"),
    _term("steroid", "steroids", "episode", r"\b(?:cortico)?steroids?\b|\bglucocorticoids?\b|\bprednis(?:one|olone)\b"),
    _term("immunosuppressant", "immunosuppressants", "episode", r"\bimmuno-?suppress\w+"),
    _term("immunomodulator", "immunomodulators", "episode", r"\bimmuno-?modulat\w+"),
    _term("anticoagulant", "anticoagulants", "episode", r"\banti-?coagula\w+"),
    _term("antibiotic", "antibiotics", "episode", r"\bantibiotics?\b"),
    _term("vaccination", "vaccination", "episode", r"\bvaccin(?:ation|e|es|ated)\b"),
    _term("transfusion", "transfusion", "episode", r"\btransfusions?\b"),
    _term("organ_transplant", "organ transplant", "episode", r"\b(?:organ|solid organ) transplant\w*"),
    _term("stem_cell_therapy", "stem cell therapy", "episode",
          r"\b(?:previous|prior|earlier) (?:stem[\s-])?cell (?:therap|transplant)\w*"),
    _term("surgery", "surgery", "episode", r"\bsurger(?:y|ies)\b|\bsurgical\b|\boperation\b"),
    _term("myocardial_infarction", "myocardial infarction", "episode", r"\bmyocardial infarction\b|\bheart attack\b"),
    _term("stroke", "stroke", "episode", r"\bstrokes?\b"),
    _term("hospital_stay", "hospital stay", "episode", r"\bhospitali[sz]\w+"),
    _term("relapse", "relapse", "episode", r"\brelapses?\b|\bexacerbations?\b"),
    _term("infection", "infection", "episode", r"\binfections?\b|\binfectious\b"),
    _term("drug_abuse", "drug abuse", "episode",
          r"\b(?:drug|substance|alcohol)(?: or (?:drug|substance|alcohol))? (?:abuse|misuse|dependence)"),
    _term("pregnancy", "pregnancy", "episode", r"\bpregnan(?:cy|t)\b"),
))  # fmt: skip
"""What may befall a person over time."""


_ALL = Terms((*MEASURES, *EVENTS))


_ALIKE = str.maketrans("\u0130\u0131\u017f\u212a", "iisk")


def _lowered(text: str) -> str:
    """The text in small letters, of the same length."""
    return text.lower() if text.isascii() else text.translate(_ALIKE).lower()


def _worth(text: str, terms: tuple[Term, ...]) -> list[tuple[Term, re.Pattern[str]]]:
    """The terms worth trying on a text in small letters: of Terms what the sieve lets through, of a plain tuple all."""
    return terms.sifted.worth(text) if isinstance(terms, Terms) else [(term, term.printed) for term in terms]


def nearest_term(text: str, terms: tuple[Term, ...] = _ALL) -> tuple[int, Term] | None:
    """The term that is printed last, with where it begins; the longer one where two overlap. None if there is none."""
    text = _lowered(text)
    found = [(m.end(), -m.start(), term) for term, printed in _worth(text, terms) for m in printed.finditer(text)]
    if not found:
        return None
    _, start, term = max(found, key=lambda hit: hit[:2])
    return -start, term


def terms_in(text: str, terms: tuple[Term, ...] = MEASURES) -> tuple[tuple[int, int, Term], ...]:
    """Every term printed in the text with its stretch, in order; each term once, inner terms not counted again."""
    text, taken = _lowered(text), list[tuple[int, int, Term]]()
    for term, printed in _worth(text, terms):
        match = printed.search(text)
        if match and not any(a <= match.start() and match.end() <= b for a, b, _ in taken):
            taken.append((match.start(), match.end(), term))
    return tuple(sorted(taken, key=lambda hit: hit[0]))


# ---------------------------------------------------------------- products

DONORS = (
    ("autologous", pattern(
        r"\bauto(?:log|gen)(?:ous|ic)\b|\b(?:patients?|subjects?|participants?)'?s?\s+own\b|\btheir own\b")),
    ("allogeneic", pattern(r"\ballogen(?:e?ic|ous)\b|\ballograft\b|\bdonor(?:-derived)?\b|\bthird[\s-]party\b")),
)  # fmt: skip
_OF = r"[\s-]*(?:derived[\s-]+)?(?:MSCs?|mesenchymal|stem cells?|stromal cells?)\b"
TISSUES = (
    ("bone marrow", pattern(rf"\bbone[\s-]marrow\b|\bmarrow\b|\bh?BM{_OF}|\bh?BMSCs?\b")),
    ("adipose tissue", pattern(
        r"\badipose\b|\bbody fat\b|\bfat tissue\b|\blipoaspirate\b|\bstromal vascular fraction\b"
        rf"|\bh?A[DT]{_OF}|\bh?ADSCs?\b")),
    ("umbilical cord", pattern(
        r"\bumbilical[\s-]cord\b(?![\s-]*blood)|\bcord[\s-]derived\b|\bwharton'?s? jelly\b"
        rf"|\bh?UC{_OF}|\bh?WJ{_OF}|\bh?WJSCs?\b")),
    ("cord blood", pattern(rf"\bcord[\s-]blood\b|\bh?UCB{_OF}")),
    ("placenta", pattern(r"\bplacent(?:a|al)\b|\bdecidual?\b|\bchorion(?:ic)?\b")),
    ("amnion", pattern(r"\bamnio(?:n|tic)\b")),
    ("menstrual blood", pattern(r"\bmenstrual\b")),
    ("dental pulp", pattern(r"\bdental[\s-]pulp\b|\bdeciduous (?:tooth|teeth)\b")),
    ("periodontal ligament", pattern(r"\bperiodontal ligament\b")),
    ("endometrium", pattern(r"\bendometri(?:um|al)\b")),
    ("synovium", pattern(r"\bsynovi(?:um|al)\b")),
    ("muscle", pattern(r"\bmuscle[\s-]derived\b")),
    ("olfactory mucosa", pattern(r"\bolfactory (?:mucosa|ensheathing)\w*")),
    ("pluripotent stem cells", pattern(
        r"\bi(?:nduced[\s-])?p(?:luripotent)?[\s-]?(?:SCs?|stem cells?)\b|\bmesenchymoangioblast\b"
        r"|\bMCA(?=[\s-]derived)")),
    ("embryonic stem cells", pattern(r"\bh?ESCs?(?=[\s-]derived)|\bembryonic stem cells?(?=[\s-]derived)")),
)  # fmt: skip
PROCESSING = (
    ("ex vivo expanded", pattern(
        r"\b(?:ex[\s-]vivo|in[\s-]vitro)[\s-]+(?:culture[\s-]+)?expan(?:ded|sion)\b|\bcultur(?:e|ally)[\s-]+expanded\b"
        r"|\bexpanded[\s-]+(?:ex[\s-]vivo|in[\s-]vitro|in culture)\b")),
    ("cultured", pattern(r"\bcultured\b")),
    ("gene-marked", pattern(r"\bgene[\s-]marked\b")),
    ("cryopreserved", pattern(
        r"(?<!non-)(?<!not )(?<!non )\b(?:cryo-?preserved|(?:deep-?)?frozen(?! shoulder)|thawed)\b")),
    ("fresh", pattern(
        r"\bfresh(?:ly)?[\s-]+(?:\w+[\s-]+)?(?:isolated|harvested|prepared|cultured|MSCs?|cells?|product)\b"
        r"|\b(?:non|not)[\s-]cryo-?preserved\b")),
    ("secreting neurotrophic factors", pattern(r"\bsecreting neurotrophic factors\b")),
)  # fmt: skip
CELLS = pattern(
    r"\bmesenchymal\b|\bstromal cells?\b|M[SP]Cs?\b|\b(?:stem|progenitor|precursor|adherent) cells?\b|\bA[DS]?SCs?\b"
)
MESENCHYMAL = pattern(r"mesench?ym|\bstromal\b|M[SP]Cs?\b|\bA[DS]SCs?\b|\bstem[\s-]cells?\b")
"""Words without which nothing says that the cells are mesenchymal stromal ones."""
OTHER_PRODUCTS = (
    ("T cell vaccine", pattern(r"\bT[\s-]?cell vaccine\b")),
    ("vaccine", pattern(r"\b(?:autologous|allogeneic|tumou?r|peptide)\s+vaccine\b")),
    ("natural killer cells", pattern(r"\b(?:natural killer|NK)[\s-]cells?\b")),
    ("dendritic cells", pattern(r"\bdendritic cells?\b")),
    ("platelet-rich plasma", pattern(r"\bplatelet[\s-]rich plasma\b|\bPRP\b")),
    ("exosomes", pattern(r"\bexosomes?\b")),
    ("CAR-T cells", pattern(r"\bCAR[\s-]T\b")),
)
