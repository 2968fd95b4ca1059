"""One virtual person on their way through the trial: screening, enrolment, visits, doses, adverse events, leaving.

Takes the stage and a person; gives commands to the desk day by day. What happens next is read from the protocol's own
calendar and from the state of the book, never from the script.
"""

from __future__ import annotations

from datetime import date, timedelta

from stromal.conduct import commands as c
from stromal.conduct.desk import Receipt
from stromal.conduct.escalating import stands
from stromal.ledger import events as e
from stromal.ledger.state import Participant
from stromal.protocol import tree as t
from stromal.protocol.designs import COURSES
from stromal.protocol.model import DayZero, Fact, Timeframe, Visit, escalation_of
from stromal.rehearse.cells import Bench
from stromal.rehearse.chance import Chance
from stromal.rehearse.people import Person
from stromal.rehearse.stage import Stage
from stromal.rules import eligibility, schedule
from stromal.rules.escalation import Stop
from stromal.rules.timing import Case
from stromal.values import Refused

_TERMS = (
    "Headache", "Back pain", "Nausea", "Fatigue", "Fever", "Chills", "Injection site reaction", "Dizziness",
    "Upper respiratory infection", "Arthralgia", "Anemia", "Urinary tract infection", "Rash", "Hypertension", "Fall",
)  # fmt: skip
_LEAVING = ("withdrew consent", "lost to follow-up", "moved away", "burden of the visits")
_LONGEST_WAIT = 3
"""How often a dose is put off because of a hold before it is left out."""
_LONGEST_WATCH = 12
"""How often it is put off while the design waits for others."""


class Follower:
    """Plays one person."""

    def __init__(self, stage: Stage, person: Person, chance: Chance) -> None:
        """A person who has just arrived."""
        self.stage, self.me, self.chance = stage, person, chance
        self.protocol, self.scenario = stage.protocol, stage.scenario
        self.bench = Bench(stage, person.code, chance)
        self.leaves: date | None = None
        self.day_zero: date | None = None
        self.waits: dict[str, int] = {}
        self.first_dose: date | None = None

    # ------------------------------------------------ screening

    def begin(self, day: date) -> None:
        """Screening, and then the verdict."""
        late = self.screened(day)
        wait = self.chance.whole("verdict", 3, 9)
        if late:
            self.stage.plan(day + timedelta(days=wait - 1), lambda then: self.supply(then, late))
        self.stage.plan(day + timedelta(days=wait), self.verdict)

    def screened(self, day: date) -> str:
        """Registration, consent and the screening visits; the fact that is not there yet, if there is one."""
        self.put(day, "coordinator", c.RegisterParticipant(self.me.code, day))
        self.put(day, "coordinator", c.RecordConsent(self.me.code, day))
        for fact, value in (("birth_date", self.me.birth_date.isoformat()), ("sex", self.me.sex)):
            self.put(day, "coordinator", c.RecordFact(self.me.code, fact, value, day))
        late = self.late_fact()
        for visit in self.screening_visits():
            self.put(day, "coordinator", c.AttendVisit(self.me.code, visit.name, day))
            self.observe(day, visit, visit.name, leaving_out=late)
        self.tell_the_past(day, late)
        self.answer_questions(day)
        return late

    def screening_visits(self) -> list[Visit]:
        """The visits that come before the person is enrolled."""
        return [v for v in self.protocol.schedule.values() if isinstance(v.when, Timeframe) and v.when.side == "before"]

    def late_fact(self) -> str:
        """A criterion's fact that is not there at first, in some people."""
        if not self.chance.happens("unknown at first", self.scenario.unknown_at_first):
            return ""
        read = {name for each in self.protocol.population.criteria for name in t.facts_read(each.when)}
        names = [name for name in self.protocol.facts if name in read - {"birth_date", "sex"}]
        return self.chance.pick("late fact", names) if names else ""

    def tell_the_past(self, day: date, leaving_out: str) -> None:
        """Episodes, and the absence of those that never were."""
        for past in self.me.past:
            if past.fact != leaving_out:
                command = c.RecordEpisode(self.me.code, past.fact, past.start, past.end, past.ongoing, past.regimen)
                self.put(day, "coordinator", command)
        for name in self.me.absent:
            if name != leaving_out:
                self.put(day, "coordinator", c.RecordAbsence(self.me.code, name, day))

    def supply(self, day: date, name: str) -> None:
        """The missing fact arrives."""
        visits = [v for v in self.screening_visits() if name in self.items(v)] or self.screening_visits()
        if self.protocol.facts[name].kind == "episode":
            self.tell_past_of(day, name)
        elif visits:
            self.record(day, self.protocol.facts[name], visits[0].name)

    def tell_past_of(self, day: date, name: str) -> None:
        """The missing episode, or its absence."""
        mine = [past for past in self.me.past if past.fact == name]
        for past in mine:
            self.put(
                day,
                "coordinator",
                c.RecordEpisode(self.me.code, name, past.start, past.end, past.ongoing, past.regimen),
            )
        if not mine:
            self.put(day, "coordinator", c.RecordAbsence(self.me.code, name, day))

    def answer_questions(self, day: date) -> None:
        """Judged questions by the role that is named, asked ones by the person."""
        for criterion, _ in eligibility.criteria(self.protocol):
            for node in t.walk(criterion.when):
                if isinstance(node, t.Judged | t.Asked):
                    role = node.by if isinstance(node, t.Judged) else "coordinator"
                    yes = self.me.answers.get(node.question, True)
                    self.put(day, role, c.AnswerQuestion(self.me.code, node.question, yes, day))

    def verdict(self, day: date) -> None:
        """The investigator judges, and signs; who is eligible waits for the product and is enrolled."""
        self.settle(day)
        answer = self.put(day, "investigator", c.DecideEligibility(self.me.code, day))
        if isinstance(answer, Refused):
            self.fail(day, answer.message)
            return
        person = self.person()
        if not person.eligible:
            decided = next(x.event for x in answer.entries if isinstance(x.event, e.EligibilityDecided))
            self.fail(day, *(f"{name}: {why}" for name, word, why in decided.lines if word == "not met"))
            return
        zero = next(v for v in self.protocol.schedule.values() if isinstance(v.when, DayZero))
        start = day + timedelta(days=self.chance.whole("start", 8, 15))
        if zero.give:
            self.bench.order(zero, start)
        self.stage.plan(start, lambda then: self.enrol(then, zero, 1))

    def settle(self, day: date) -> None:
        """Ask once more for what is still unknown on the day of the verdict, such as whether a drug was taken since."""
        person = self.person()
        verdict = eligibility.screen(Case(self.protocol, person.chart, day)).verdict
        for name in verdict.settle:
            if name in self.protocol.facts:
                self.supply(day, name)

    def fail(self, day: date, *reasons: str) -> None:
        """Screening ends here."""
        self.put(day, "coordinator", c.FailScreening(self.me.code, day, reasons))

    def enrol(self, day: date, zero: Visit, tries: int) -> None:
        """Into the trial, unless it is full or stopped."""
        if not self.stage.places_left():
            self.fail(day, "the trial is full")
            return
        answer = self.put(day, "investigator", c.EnrolParticipant(self.me.code, day))
        if isinstance(answer, Refused):
            if tries < _LONGEST_WAIT:
                self.stage.plan(day + timedelta(days=14), lambda then: self.enrol(then, zero, tries + 1))
            else:
                self.fail(day, answer.message)
            return
        self.day_zero = day
        if self.scenario.dropout_per_year > 0:
            self.leaves = day + timedelta(days=int(self.chance.days("leaves", 365.25 / self.scenario.dropout_per_year)))
        self.visit(day, zero.name)

    # ------------------------------------------------ visits

    def person(self) -> Participant:
        """Where I stand in the book."""
        return self.stage.desk.state().participants[self.me.code]

    def calendar(self, day: date) -> tuple[schedule.Planned, ...]:
        """My calendar as it stands."""
        state, me = self.stage.desk.state(), self.person()
        standing = frozenset(h.rule for h in state.standing() if h.participant in ("", me.id))
        return schedule.calendar(Case(self.protocol, me.chart, day, (), standing), self.day_zero)

    def go_on(self, day: date) -> None:
        """Plan the next visit, or the end."""
        waiting = [
            p for p in self.calendar(day) if p.status in ("upcoming", "due", "late", "missed") and p.done is None
        ]
        over = {*self.person().chart.missed, *(visit.name for visit in self.screening_visits())}
        ahead = [p for p in waiting if p.name not in over]
        if not ahead:
            self.stage.plan(day, self.complete)
            return
        following = ahead[0]
        when = max(self.chosen(following), day + timedelta(days=1))
        if self.leaves is not None and when > self.leaves >= day:
            self.stage.plan(self.leaves, self.leave)
            return
        name, visit = following.name, following.visit
        chance = self.chance.of("visit", name)
        if not visit.give and chance.happens("missed", self.scenario.missed_visit):
            self.stage.plan((following.window.last or when) + timedelta(days=1), lambda then: self.miss(then, name))
            return
        if visit.give:
            self.bench.order(visit, when)
        self.stage.plan(when, lambda then: self.visit(then, name))

    def chosen(self, planned: schedule.Planned) -> date:
        """The day I come: near the target, within the window, sometimes late."""
        first, last = planned.window.first, planned.window.last
        if planned.target is None or first is None or last is None:
            return planned.target or date.min
        chance = self.chance.of("visit", planned.name)
        if chance.happens("late", self.scenario.late_visit):
            return last + timedelta(days=chance.whole("how late", 1, 6))
        spread = (last - first).days
        leeway = min(spread, 10)
        middle = first + timedelta(days=spread // 2)
        return min(max(middle + timedelta(days=chance.whole("day", 0, leeway) - leeway // 2), first), last)

    def visit(self, day: date, name: str) -> None:
        """A visit: come, be measured, be dosed if a dose is planned and allowed, and go on."""
        visit = self.protocol.visit(name)
        if visit is None or self.over():
            return
        if visit.give and self.put_off(day, visit):
            return
        self.put(day, "coordinator", c.AttendVisit(self.me.code, name, day))
        self.observe(day, visit, name)
        if visit.give:
            self.dose(day, visit)
        self.stage.plan(day, self.go_on)

    def over(self) -> bool:
        """Whether I have left or finished."""
        return self.person().status != "enrolled"

    def put_off(self, day: date, visit: Visit) -> bool:
        """Wait a week while a hold stands or a lot is missing, as long as the window allows."""
        held = any(
            hold.participant in ("", self.me.code) and hold.dose in ("", visit.give)
            for hold in self.stage.desk.state().standing()
        )
        waited = self.waits.get(visit.name, 0)
        watched = self.others_watched(day, visit)
        longest = _LONGEST_WATCH if watched else _LONGEST_WAIT
        if not (held or watched or self.bench.expects(visit)) or waited >= longest:
            return False
        self.waits[visit.name] = waited + 1
        self.stage.plan(day + timedelta(days=7), lambda then: self.visit(then, visit.name))
        return True

    def others_watched(self, day: date, visit: Visit) -> bool:
        """Whether a design lets nobody be treated today, and will before long."""
        rule = escalation_of(self.protocol, visit.give)
        if rule is None or rule.design in COURSES:
            return False
        found = stands(self.stage.desk.state(), self.protocol, rule, day)
        soon = bool(found.waiting) or (found.earliest is not None and day < found.earliest)
        return soon and not isinstance(found.advice, Stop)

    def miss(self, day: date, name: str) -> None:
        """A visit goes by."""
        if not self.over():
            self.put(day, "coordinator", c.MissVisit(self.me.code, name, day, "could not be reached"))
            self.stage.plan(day, self.go_on)

    def leave(self, day: date) -> None:
        """Leave the trial early."""
        if not self.over():
            reason = self.chance.pick("reason", _LEAVING)
            self.put(day, "coordinator", c.WithdrawParticipant(self.me.code, day, reason))
            self.stage.finished += 1

    def complete(self, day: date) -> None:
        """Reach the end."""
        if not self.over():
            self.put(day, "coordinator", c.CompleteParticipant(self.me.code, day))
            self.stage.finished += 1

    # ------------------------------------------------ what is measured

    def items(self, visit: Visit) -> list[str]:
        """The facts of a visit, groups written out."""
        found: list[str] = []
        for name in visit.do:
            fact = self.protocol.facts.get(name)
            found += (fact.members or (name,)) if fact else ()
        return list(dict.fromkeys(found))

    def observe(self, day: date, visit: Visit, name: str, leaving_out: str = "") -> None:
        """Record what the visit asks for."""
        for item in self.items(visit):
            fact = self.protocol.facts[item]
            if item != leaving_out and fact.kind not in ("episode", "log", "group"):
                self.record(day, fact, name)

    def record(self, day: date, fact: Fact, visit: str) -> None:
        """One value, sometimes not obtained, sometimes mistyped and put right."""
        chance = self.chance.of("fact", fact.name, visit)
        if chance.happens("not obtained", self.scenario.not_obtained) and not self.needed(fact, visit):
            self.put(day, "coordinator", c.RecordNotObtained(self.me.code, fact.name, day, "not done", visit))
            return
        value = self.value(day, fact, chance)
        mistyped = isinstance(value, int | float) and chance.happens("mistyped", self.scenario.typing_mistake)
        written = fact.low is not None and float(fact.low) if mistyped else value
        answer = self.put(day, "coordinator", c.RecordFact(self.me.code, fact.name, written, day, fact.unit, visit))
        if mistyped and isinstance(answer, Receipt):
            right = e.FactObserved(self.me.code, fact.name, value, day, fact.unit, visit)
            self.put(day, "coordinator", c.CorrectEntry(answer.entries[0].number, "typing mistake", right))

    def needed(self, fact: Fact, visit: str) -> bool:
        """Whether the visit cannot do without this fact: a weight to dose on, anything at screening."""
        planned = self.protocol.visit(visit)
        return fact.name == "weight" or planned is None or isinstance(planned.when, Timeframe)

    def value(self, day: date, fact: Fact, chance: Chance) -> float | str | bool:
        """What is measured today."""
        if fact.name in self.me.courses:
            months = (day - self.me.arrival).days / 30.4375
            treated = 0.0 if self.first_dose is None else (day - self.first_dose).days / 30.4375
            return self.me.courses[fact.name].value(months, treated, self.scenario.effect.get(fact.name, 0.0), chance)
        if fact.kind == "date":
            return day.isoformat()
        return self.me.choices.get(fact.name, "done")

    # ------------------------------------------------ doses and adverse events

    def dose(self, day: date, visit: Visit) -> None:
        """The dose of a visit, or the reason why it is left out; and what comes of it."""
        given = self.bench.give(day, visit)
        if isinstance(given, Refused):
            self.put(day, "investigator", c.OmitDose(self.me.code, visit.name, day, str(given.message)))
            return
        self.first_dose = self.first_dose or day
        self.fall_ill(day, visit)

    def fall_ill(self, day: date, visit: Visit) -> None:
        """The adverse events of the weeks after a dose."""
        chance = self.chance.of("ae", visit.name)
        for number in range(chance.poisson("how many", self.scenario.adverse_events_per_dose)):
            mine = chance.of(number)
            onset = day + timedelta(days=int(mine.days("onset", 12)))
            related = mine.happens("related", self.scenario.related)
            grade = self.grade(mine, severe=not (self.scenario.toxicity and related))
            self.plan_event(visit, number, onset, mine.pick("term", _TERMS), grade, related, mine)
        forced = self.scenario.toxicity.get(visit.give, self.scenario.toxicity.get(visit.name, 0.0))
        if chance.happens("toxicity", forced):
            onset = day + timedelta(days=chance.whole("toxicity onset", 0, 12))
            self.plan_event(visit, 99, onset, "Infusion related reaction", 3, True, chance)

    def grade(self, chance: Chance, *, severe: bool) -> int:
        """A grade drawn from the scenario; at most 2 where severe events are planned elsewhere."""
        drawn, reached = chance.uniform("grade"), 0.0
        for grade, share in enumerate(self.scenario.grades, 1):
            reached += share
            if drawn <= reached:
                return grade if severe else min(grade, 2)
        return 5 if severe else 2

    def plan_event(
        self, visit: Visit, number: int, onset: date, term: str, grade: int, related: bool, chance: Chance
    ) -> None:
        """An event is reported within days of its onset, judged later in some cases, and ends."""
        code = f"{visit.name}-{number}"
        judged = grade >= 3 or chance.happens("judged at once", 0.8)
        report = c.ReportAdverseEvent(
            self.me.code,
            code,
            term,
            grade,
            onset,
            related if judged else None,
            grade >= 4 if judged else None,
            grade < 3,
        )
        noticed = onset + timedelta(days=chance.whole("noticed", 0, 1))
        self.stage.plan(noticed, lambda then: self.tell(then, "investigator", report))
        if not judged:
            later = c.FollowUpAdverseEvent(self.me.code, code, noticed, None, related, grade >= 4)
            self.stage.plan(noticed + timedelta(days=5), lambda then: self.tell(then, "investigator", later))
        if grade < 5:
            end = noticed + timedelta(days=6 + int(chance.days("lasts", 9)))
            resolved = c.FollowUpAdverseEvent(self.me.code, code, end, resolved=end)
            self.stage.plan(end, lambda then: self.tell(then, "coordinator", resolved))
        else:
            self.stage.plan(noticed, self.die)

    def tell(self, day: date, role: str, command: c.Command) -> None:
        """Report something, as long as I am in the trial."""
        if not self.over():
            self.put(day, role, command)

    def die(self, day: date) -> None:
        """The end of a life is the end of taking part."""
        if not self.over():
            self.put(day, "investigator", c.WithdrawParticipant(self.me.code, day, "died"))
            self.stage.finished += 1

    def put(self, day: date, role: str, command: c.Command) -> Receipt | Refused:
        """Give a command to the desk."""
        return self.stage.submit(day, role, command)
