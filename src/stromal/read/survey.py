"""Many records checked -> what was found, rule by rule: how often, in how many records, with examples.

Takes Checked, one for each record; gives a Survey. Keeps counts and a few examples only, so that it does not grow with
the number of records. Stands beside `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stromal.values import Finding, Severity

_ORDER: tuple[Severity, ...] = ("error", "contradiction", "warning", "note")
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """One record with what its check found: its number, its title, and the file (with the line) it came from."""

    identity: str
    title: str
    file: str
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The registry number, or else where the record stands."""
        return self.identity or self.file


@dataclass(frozen=True, slots=True)
class Example:
    """A finding with the record it is about."""

    record: Checked
    finding: Finding


@dataclass(slots=True)
class Rule:
    """One code: how bad, how many findings, in how many records, the first few of them."""

    code: str
    severity: Severity
    findings: int = 0
    records: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def means(self) -> str:
        """What the rule looks at, in words."""
        return meaning(self.code)


@dataclass(slots=True)
class Survey:
    """What was found in many records."""

    records: int = 0
    unreadable: int = 0
    with_severity: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(_ORDER, 0))
    clean: int = 0
    rules: dict[tuple[str, Severity], Rule] = field(default_factory=dict)

    def add(self, checked: Checked) -> None:
        """Count one record."""
        self.records += 1
        for severity in {finding.severity for finding in checked.findings}:
            self.with_severity[severity] += 1
        self.clean += all(finding.severity == "note" for finding in checked.findings)
        seen: set[tuple[str, Severity]] = set()
        for finding in checked.findings:
            key = (finding.code, finding.severity)
            rule = self.rules.setdefault(key, Rule(*key))
            rule.findings += 1
            if key not in seen:
                seen.add(key)
                rule.records += 1
                if len(rule.examples) < _EXAMPLES:
                    rule.examples.append(Example(checked, finding))

    def ordered(self) -> Iterator[Rule]:
        """The rules, the gravest first, then the most frequent."""
        yield from sorted(self.rules.values(), key=lambda rule: (_ORDER.index(rule.severity), -rule.records, rule.code))

    def share(self, count: int) -> float:
        """A count of records as a share of all, in percent."""
        return 100 * count / self.records if self.records else 0.0


def survey(checked: Iterable[Checked]) -> Survey:
    """What was found in all of them."""
    made = Survey()
    for each in checked:
        made.add(each)
    return made


# ---------------------------------------------------------------- what the codes mean

MEANINGS: dict[str, str] = {
    "age.contradiction": "ages: the fields against the criteria", "age.boundary": "“over 18”: is 18 in or out?",
    "age.minor": "minors may take part", "age.missing": "no limit to age",
    "age.unconfirmed": "ages that no criterion confirms",
    "sex.contradiction": "sex: the field against the criteria", "sex.condition": "sex: the field against the condition",
    "healthy.contradiction": "healthy volunteers: the field against the criteria",
    "enrolment.contradiction": "number of participants: the field against the text",
    "enrolment.changed": "fewer or more took part than the text plans",
    "enrolment.status": "number of participants against the status", "enrolment.missing": "no number of participants",
    "enrolment.prose": "only a sentence says how many take part",
    "criteria.nobody": "criteria that leave nobody", "criteria.two_limits": "one measure, two limits",
    "criteria.headings_missing": "criteria without headings", "criteria.prose_only": "criteria in the prose alone",
    "criteria.exclusions_missing": "no exclusion criteria", "criteria.inclusions_missing": "no inclusion criteria",
    "criteria.both_sides": "one topic among both criteria", "eligibility.missing": "no criteria",
    "list.first_lost": "the first items of a list are lost", "list.gap": "items of a list are lost",
    "lab.unit": "a unit that no living person shows", "dose.notation": "broken notation of a dose",
    "dose.arms": "dose: title or summary against the arms", "dose.ambiguous": "a dose that can be read in two ways",
    "dose.contradiction": "several doses", "interval.contradiction": "several intervals between doses",
    "rule.not_given": "a rule that is named and not given", "product.unregistered": "a product in the prose alone",
    "arms.unlisted": "an arm gets what is not listed", "arms.unmatched": "an intervention for an arm that is not there",
    "arms.unused": "an intervention that no arm gets", "arms.kind": "an arm without intervention that gets one",
    "arms.empty": "an arm that gets nothing", "arms.same_name": "two arms of one name",
    "arms.count": "number of arms: the text against the list", "design.arms": "the design against the number of arms",
    "design.allocation": "randomisation: the title against the field",
    "design.masking": "blinding: the title against the field", "design.phase": "phase: the title against the field",
    "design.placebo": "a placebo in the title alone",
    "outcomes.missing": "no outcomes", "outcome.primary_missing": "no primary outcome",
    "outcome.repeated": "a secondary outcome repeats the primary", "outcome.twice": "an outcome listed twice",
    "outcome.no_time": "a primary outcome without a time frame", "outcome.scale": "a score on no named scale",
    "outcome.unnamed": "outcomes that are not named",
    "timeline.too_short": "the study is shorter than its follow-up",
    "timeline.outcome_beyond": "an outcome after the end of follow-up",
    "timeline.visit_beyond": "a visit after the end of follow-up", "follow_up.contradiction": "several follow-ups",
    "text.cut_off": "a text that fills its field", "page.truncated": "a page that stops in mid-sentence",
    "section.empty": "a heading with nothing below it", "page.repeated": "a passage printed twice",
    "dates.order": "dates in the wrong order", "dates.actual_ahead": "an actual date in the future",
    "status.past_end": "recruiting after the end", "status.not_started": "not yet recruiting after the start",
    "status.completed_ahead": "completed before the end", "status.unknown": "status not confirmed for years",
    "status.reason_missing": "stopped without a reason", "status.sites": "status: the study against its sites",
    "registration.late": "registered late", "results.overdue": "results overdue",
    "identity.missing": "no number or no title", "recruiting.contradiction": "recruiting: yes and no",
    "recruiting.count": "two counts of recruiting trials", "answers.unattributed": "answers that nobody signs",
}  # fmt: skip
"""What each rule looks at. Codes made of a measure's name have the words of their ending."""
_ENDINGS = {"contradiction": "several values", "ambiguous": "a value that can be read in two ways"}


def meaning(code: str) -> str:
    """What a rule looks at; for a measure of its own, its name with what was found."""
    known = MEANINGS.get(code)
    if known is None:
        name, _, ending = code.rpartition(".")
        known = f"{name.replace('_', ' ')}: {_ENDINGS.get(ending, ending.replace('_', ' '))}"
    return known
