"""What criteria limit beyond what trials measure as outcomes: laboratory values, scores and signs of one criterion.

Takes nothing; gives Terms with unit and range, and the list of everything a limit may be about. One name a thing, so
that one person's file answers the criteria of every trial. Used by `limits` and `measured`.
"""

from __future__ import annotations

from stromal.read.phrases import pattern
from stromal.read.vocabulary import MEASURES, Kind, Term, Terms


def _row(name: str, words: str, kind: Kind, printed: str, unit: str, low: float, high: float) -> Term:
    return Term(name, words, kind, pattern(printed), unit, low, high)


ANALYTES: tuple[Term, ...] = (
    _row("alt", "alanine aminotransferase", "number",
     r"\b(?:ALT|SGPT|GPT|ALAT)\b|\balanine (?:amino|trans)-?\s?(?:transferase|aminase)(?:\s*\((?:ALT|SGPT"
     r"|ALT/SGPT)\))?", "U/L", 1, 10000),
    _row("ast", "aspartate aminotransferase", "number",
     r"\b(?:AST|SGOT|GOT|ASAT)\b|\baspartate (?:amino|trans)-?\s?(?:transferase|aminase)(?:\s*\((?:AST|SGOT"
     r"|AST/SGOT)\))?", "U/L", 1, 10000),
    _row("alkaline_phosphatase", "alkaline phosphatase", "number", r"\balkaline phosphatase\b|\bALP\b", "U/L", 1, 5000),
    _row("inr", "INR", "score", r"\bINR\b|\binternational normali[sz]ed ratio(?:\s*\(INR\))?", "", 0.5, 20),
    _row("crp", "C-reactive protein", "number", r"\b(?:hs-?)?CRP\b|\bC-?\s?reactive protein(?:\s*\((?:hs-?)?CRP\))?",
         "mg/L", 0, 600),
    _row("esr", "erythrocyte sedimentation rate", "number",
         r"\bESR\b|\b(?:erythrocyte )?sedimentation rate(?:\s*\(ESR\))?",
         "mm/h", 0, 200),
    _row("ferritin", "ferritin", "number", r"\b(?:serum )?ferritin\b", "ng/mL", 1, 100000),
    _row("ldh", "lactate dehydrogenase", "number", r"\bLDH\b|\blactate dehydrogenase(?:\s*\(LDH\))?", "U/L", 20, 20000),
    _row("d_dimer", "D-dimer", "number", r"\bD-?\s?dimers?\b", "ug/L", 0, 100000),
    _row("c_peptide", "C-peptide", "number", r"\bC-?\s?peptide\b", "nmol/L", 0, 20),
    _row("potassium", "potassium", "number", r"\bpotassium\b", "mmol/L", 1, 12),
    _row("sodium", "sodium", "number", r"\bsodium\b", "mmol/L", 90, 190),
    _row("triglycerides", "triglycerides", "number", r"\btriglycerides?\b", "mg/dL", 10, 10000),
    _row("ldl", "LDL cholesterol", "number", r"\bLDL(?:-?\s?C\b)?(?:[\s-]*cholesterol)?", "mg/dL", 5, 1000),
    _row("qtc", "corrected QT interval", "number", r"\bQTc[FB]?\b(?:\s+interval)?|\bcorrected QT(?: interval)?",
         "ms", 200, 800),
    _row("height", "height", "number", r"\b(?:body )?height\b", "cm", 20, 250),
    _row("weight", "body weight", "number",
         r"\b(?:body ?)?weights?\b(?!\s+(?:loss|gain|change|bearing))|\bweigh(?:s|ing)?\b",
         "kg", 1, 300),
    _row("pao2_fio2", "PaO2/FiO2", "number", r"\bPa?O2\s*/\s*FiO2(?: ratio)?|\bP/F ratio", "mm[Hg]", 20, 700),
    _row("oxygen_pressure", "arterial oxygen pressure", "number", r"\bPaO2\b(?!\s*/)", "mm[Hg]", 20, 600),
    _row("mmse", "MMSE", "score", r"\bMMSE\b|\bmini[\s-]?mental (?:state|status)(?: exam\w*)?(?:\s*\(MMSE\))?",
         "", 0, 30),
    _row("moca", "MoCA", "score", r"\bMoCA\b|\bMontreal cognitive assessment(?:\s*\(MoCA\))?", "", 0, 30),
    _row("rankin", "modified Rankin scale", "score", r"\bmRS\b(?!S)|\b(?:modified )?rankin (?:scale"
     r"|score)(?:\s*\(mRS\))?", "", 0, 6),
    _row("nihss", "NIH stroke scale", "score", r"\bNIHSS\b|\bNIH stroke scale(?:\s*\(NIHSS\))?", "", 0, 42),
    _row("meld", "MELD score", "score", r"\bMELD(?:-Na)?\b(?:\s*\([^)]*\))?"
     r"|\bmodel for end[\s-]stage liver disease(?:\s*\(MELD\))?", "", 6, 60),
    _row("child_pugh", "Child-Pugh score", "score", r"\bchild[\s-](?:turcotte[\s-])?pugh\b", "", 5, 15),
    _row("cdai", "CDAI", "score", r"\bCDAI\b|\bcrohn'?s disease activity index(?:\s*\(CDAI\))?", "", 0, 1100),
    _row("das28", "DAS28", "score", r"\bDAS[\s-]?28(?:-(?:CRP|ESR))?\b", "", 0, 10),
    _row("sledai", "SLEDAI", "score", r"\bSLEDAI(?:-2K)?\b", "", 0, 105),
    _row("womac", "WOMAC", "score", r"\bWOMAC\b", "", 0, 2400),
    _row("easi", "EASI", "score", r"\bEASI\b", "", 0, 72),
    _row("pasi", "PASI", "score", r"\bPASI\b", "", 0, 72),
    _row("sofa", "SOFA", "score", r"\bSOFA\b", "", 0, 24),
    _row("apache", "APACHE II", "score", r"\bAPACHE(?:[\s-](?:II|2))?\b", "", 0, 71),
    _row("six_minute_walk", "six-minute walk", "number",
         r"\b(?:6|six)[\s-]minutes?[\s-]walk(?:ing)?(?: (?:test|distance))?\b",
         "m", 0, 1500),
    _row("abi", "ankle-brachial index", "score", r"\bABI\b|\bankle[\s-]brachial (?:pressure )?index(?:\s*\(ABI\))?",
         "", 0, 3),
    _row("tcpo2", "transcutaneous oxygen pressure", "number",
         r"\bTcPO2\b|\btranscutaneous oxygen (?:pressure|tension)(?:\s*\(TcPO2\))?",
         "mm[Hg]", 0, 150),
)  # fmt: skip
"""Each with the widest range that a living person can show."""
LIMITED = Terms((*ANALYTES, *(term for term in MEASURES if term.name != "weight")))
"""Everything that a limit may be about, what is said here first."""
