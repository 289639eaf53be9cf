"""Why: the reasons for a rule's verdict on a day, from the events and the text to the finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from caretrail.days import FOREVER, merge_spans, next_day, today_in
from caretrail.errors import UnknownName
from caretrail.events import Explained
from caretrail.findings import Finding
from caretrail.findings.explanations import names_rule
from caretrail.findings.not_counted import not_counted
from caretrail.policy import Pack, Rule
from caretrail.policy.own_rules import OWN_RULES, PACK_RULE, QUARANTINE_RULE
from caretrail.reading.answers import FindingRow
from caretrail.reading.due_review import DueReview
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.event_rows import EventRow, event_row
from caretrail.reading.names import nearest, short_rules
from caretrail.reading.query import TODAY, Query, is_rule
from caretrail.reading.question import OneEpisode
from caretrail.reading.questions.findings import finding_row
from caretrail.reading.questions.reviews import CLOCK, reviews_of
from caretrail.reading.readings import ReadingRow, readings_of, telling
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.rows import EpisodeRows, Span


@dataclass(frozen=True, slots=True)
class Interval:
    """Days with one verdict on one subject; `until` is exclusive.

    Unlike a finding it goes on when the case owner changes. `pack` names the version that judged.
    """

    verdict: str
    subject: str
    start: date
    until: date | None
    due_on: date | None
    message: str
    quiet: bool
    explained: bool
    pack: str


@dataclass(frozen=True, slots=True)
class NotCountedRow:
    """A recorded document that does not count for a deadline, or (`doubtful`) may not, and why."""

    event: EventRow
    doubtful: bool
    why: str


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """The version of the rules that judged; days in force and of publication are None if not stated."""

    pack: str
    title: str
    document: str
    effective_from: date | None
    effective_to: date | None
    published_on: date | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons; with `in_force` false the findings are the latest before the day.

    For each finding, `today` is its arithmetic up to the day, `stands` its whole interval, and `lasts` that interval in
    words. `on` is false for a rule that is switched off; `silent` is the reason why a rule has no finding, if there is
    one. `explained_by` are the explanations that name the rule, `readings` the open questions of its text, and
    `history` its verdicts up to the day. `not_counted` are the recorded documents that do not count for a deadline on
    that day, or may not; `reviews` what became of the reviews that were due, for a rule that says when they are.
    """

    episode: str
    rule: str
    title: str
    as_of: date
    in_force: bool
    findings: tuple[FindingRow, ...]
    today: tuple[str, ...]
    stands: tuple[Interval, ...]
    lasts: tuple[str, ...]
    silent: str
    citation: str
    strength: str
    on: bool
    check: str
    text: str
    judged_by: JudgedBy | None
    rests_on: tuple[EventRow, ...]
    explained_by: tuple[EventRow, ...]
    cleared_by: str
    readings: tuple[ReadingRow, ...]
    history: tuple[Interval, ...]
    not_counted: tuple[NotCountedRow, ...]
    reviews: tuple[DueReview, ...]


@dataclass(frozen=True, slots=True)
class Why(OneEpisode[Reasons]):
    """The verdict of one rule on an episode on a day, its reasons, and what other readings of the text would change.

    `rule` may leave out the pack's prefix. Raises UnknownName.
    """

    name: ClassVar[str] = "why"
    episode: str
    rule: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> Reasons:
        """Explain the rule; the quarantine from the rows alone, since the events may be unreadable."""
        quarantine = self.rule.upper() == QUARANTINE_RULE
        view = None if quarantine else snapshot.view(self.episode)
        rows = snapshot.required(self.episode) if view is None else view.rows
        return why_of(rows, view, self.rule, self.query.as_of, today_in(rows.zone, snapshot.now))


def why_of(rows: EpisodeRows, view: EpisodeView | None, asked: str, as_of: date | None, today: date) -> Reasons:
    """Explain one rule on a day (None: today); without a view, the quarantine. Raises UnknownName."""
    day = today if as_of is None else as_of
    rule = _rule_of(view, asked) if view else QUARANTINE_RULE
    findings = [finding for finding in (view.findings if view else rows.findings) if finding.rule == rule]
    up = telling([finding for finding in findings if finding.holds(day)])
    shown = up or (_latest_before(findings, day) if view else [])
    pack = _pack_of(view, shown, day) if view else None
    words = pack.rules.get(rule) if pack else None
    judged = words is not None and words.on and not words.of_program
    verdicts = _Verdicts(rows, findings, view.citation if view else lambda _: "", as_of, today)
    return Reasons(
        episode=rows.episode,
        rule=rule,
        title=words.title if words else _own(rule, "title"),
        as_of=day,
        in_force=bool(up),
        findings=verdicts.rows(shown),
        today=tuple(map(verdicts.arithmetic, shown)),
        stands=tuple(map(verdicts.whole, shown)),
        lasts=tuple(map(verdicts.lasts, shown)),
        silent="" if shown else _silent(rows, rule, pack, words, day),
        citation=words.citation if words else "",
        strength=words.strength if words else "",
        on=words.on if words else True,
        check=words.check if words else "",
        text=words.text if words else _own(rule, "text"),
        judged_by=_judged_by(pack),
        rests_on=_events(view, sorted({version for finding in shown for version in finding.evidence})),
        explained_by=_events(view, _explanations(view, rule, day)),
        cleared_by=_cleared_by(rule, words, shown),
        readings=readings_of(view, pack, rule, up, day) if view and pack and judged else (),
        history=verdicts.history(),
        not_counted=_not_counted(view, words, day) if view and words and judged else (),
        reviews=_reviews(view, words, rule, day) if view and words and judged else (),
    )


# --- which rule, by which version of the rules -----------------------------------------------------------------------


def _rule_of(view: EpisodeView, asked: str) -> str:
    packs = view.policy.versions if view.policy else ()
    rules: list[str] = [*dict.fromkeys(rule for pack in packs for rule in pack.rules), PACK_RULE]
    found = [rule for rule in rules if is_rule(asked, rule)]
    if not found:
        names = rules[:-1]
        none = "no policy pack judges it: 'caretrail why EPISODE PACK' says why"
        if view.rows.admitted_on is None:
            none = "the episode is not admitted: rules apply from the admission on"
        hint = f"rules: {', '.join(names)}" if names else none
        near = nearest(asked, [*names, *short_rules(names)])
        raise UnknownName("no such rule for this episode", hint, "rule", near)
    return found[0]


def _pack_of(view: EpisodeView, shown: Sequence[Finding], day: date) -> Pack | None:
    """The version of the rules that judged the findings shown; else the one in force on the day."""
    if view.policy is None:
        return None
    named = shown[0].pack if shown else ""
    return next((pack for pack in view.policy.versions if pack.name == named), view.policy.on(day))


def _judged_by(pack: Pack | None) -> JudgedBy | None:
    if pack is None:
        return None
    return JudgedBy(
        pack.name, pack.title, pack.document, pack.effective_from, pack.effective_to, pack.published_on
    )  # fmt: skip  # in the order of the fields


def _own(rule: str, field: str) -> str:
    """A text of a rule of ours; empty for a rule of a pack."""
    return str(getattr(OWN_RULES[rule], field)) if rule in OWN_RULES else ""


def _silent(rows: EpisodeRows, rule: str, pack: Pack | None, words: Rule | None, day: date) -> str:
    """Why a rule has no finding up to a day; empty if nothing has happened that it judges."""
    if rule in OWN_RULES:
        return OWN_RULES[rule].nothing if rule == QUARANTINE_RULE or rows.packs else ""
    if words is None:
        return f"none: {pack.name} has no such rule" if pack else ""
    if not words.on:
        because = words.off_because or (words.unsourced and f"no source: {words.unsourced}") or "the pack says no more"
        return f"none: the rule is switched off: {because}"
    if words.of_program:
        span = rows.span_on(day)
        program = span.program if span is not None else None
        if program is None:
            return "none for the episode: judged once for the program"
        command = f"'caretrail findings --program {program} --rule {rule}' lists it"
        return f"none for the episode: judged once for the program {program}; {command}"
    return ""


def _cleared_by(rule: str, words: Rule | None, shown: Sequence[Finding]) -> str:
    if words is not None:
        return words.cleared_by
    own = OWN_RULES.get(rule)
    return "; ".join(dict.fromkeys(own.cleared_by[finding.cause] for finding in shown)) if own else ""


# --- verdicts over time ---------------------------------------------------------------------------------------------


class _Verdicts:
    """The verdicts of one rule on an episode, described on a day."""

    def __init__(
        self,
        rows: EpisodeRows,
        findings: Sequence[Finding],
        citation: Callable[[Finding], str],
        as_of: date | None,
        today: date,
    ) -> None:
        self._rows = rows
        self._citation = citation
        self._day = today if as_of is None else as_of
        self._named = f"today is {today}" if as_of is None else f"on {as_of}"
        self._today = today
        self._findings = sorted(findings, key=lambda finding: finding.start)

    def whole(self, finding: Finding) -> Interval:
        """The days of a finding, joined where it was cut only because the case owner changed."""
        start, until = self._stretch(finding, lambda one: (_content(one), one.quiet, one.explained))
        return Interval(
            verdict=finding.verdict,
            subject=finding.subject,
            start=start,
            until=until,
            due_on=finding.due_on,
            message=finding.message,
            quiet=finding.quiet,
            explained=finding.explained,
            pack=finding.pack,
        )

    def history(self) -> tuple[Interval, ...]:
        """The whole intervals that begin up to the day."""
        return tuple(item for item in dict.fromkeys(map(self.whole, self._findings)) if item.start <= self._day)

    def _stretch(self, finding: Finding, content: Callable[[Finding], object]) -> tuple[date, date | None]:
        """The days without a gap, around a finding, of findings with the same content."""
        alike = ((one.start, one.end) for one in self._findings if content(one) == content(finding))
        start, end = next(span for span in merge_spans(alike) if span[0] <= finding.start <= span[1])
        return start, None if end == FOREVER else end

    def rows(self, shown: Iterable[Finding]) -> tuple[FindingRow, ...]:
        """The findings as rows."""
        span = self._rows.span_on(self._day) or Span(self._day, None, None, None, None, "assessed")
        placed = (self._rows.place(one, span, one.start, one.end) for one in shown)
        return tuple(finding_row(one, self._day, self._citation(one.finding)) for one in placed)

    def lasts(self, finding: Finding) -> str:
        """The days of a finding, in words."""
        began, until = self._stretch(finding, _content)
        if until is None or (until > self._day and until > self._today):
            return f"since {began}, still in force"
        last = until - timedelta(days=1)
        return f"from {began} to {last}" if last > began else f"on {last} only"

    def arithmetic(self, finding: Finding) -> str:
        """The arithmetic, up to the day."""
        sentence = f"{finding.arithmetic}; " if finding.arithmetic else ""
        return f"{sentence}{self._named}: {self._distance(finding)}"

    def _distance(self, finding: Finding) -> str:
        day, (began, until) = self._day, self._stretch(finding, _content)
        if until is not None and day >= until:
            return f"over since {until}"
        if finding.verdict == "not_met":
            over = f"{_days((finding.start - finding.due_on).days)} overdue" if finding.due_on else "not met"
            return f"{over} when the stay ended on {finding.start}"
        since = f"in force since {began}"
        if finding.due_on is None or self._ends_today(finding):
            return since
        left = (finding.due_on - day).days
        if left == 0:
            return "due today" if self._day == self._today else "due that day"
        if left > 0:
            return f"{_days(left)} left"
        return f"{_days(-left)} overdue" if finding.verdict == "overdue" else since

    def _ends_today(self, finding: Finding) -> bool:
        """Whether the stay ends on the day: then nothing falls due later."""
        tomorrow = next_day(self._day)
        following = self._rows.span_on(tomorrow)
        now = self._rows.span_on(self._day)
        gone = following is None or now is None or (following.status, following.level) != (now.status, now.level)
        return finding.verdict == "met" and gone and finding.end == tomorrow


def _content(finding: Finding) -> tuple[object, ...]:
    """What makes findings one interval, explained or not."""
    return finding.subject, finding.verdict, finding.due_on, finding.message, finding.pack


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _latest_before(findings: Sequence[Finding], day: date) -> list[Finding]:
    before = [finding for finding in findings if finding.start <= day]
    return [max(before, key=lambda finding: (finding.end, finding.start))] if before else []


# --- the events -------------------------------------------------------------------------------------------------------


def _explanations(view: EpisodeView | None, rule: str, day: date) -> list[int]:
    """Explanations of the rule given up to the day."""
    return [
        item.version
        for item in (view.history if view else ())
        if isinstance(item.event, Explained) and item.day <= day and names_rule(rule, item.event.rule)
    ]


def _not_counted(view: EpisodeView, rule: Rule, day: date) -> tuple[NotCountedRow, ...]:
    """The documents on record that do not count for a deadline."""
    found = not_counted(view.history, view.policy, rule, day) if view.policy is not None else []
    return tuple(NotCountedRow(event_row(view, view.entries[one.version - 1]), one.doubtful, one.why) for one in found)


def _reviews(view: EpisodeView, words: Rule, rule: str, day: date) -> tuple[DueReview, ...]:
    """The reviews that were due up to the day, for a rule that says when they are."""
    return tuple(one for one in reviews_of(view, day) if one.rule == rule) if words.check == CLOCK else ()


def _events(view: EpisodeView | None, versions: Iterable[int]) -> tuple[EventRow, ...]:
    if view is None:
        return ()
    return tuple(event_row(view, view.entries[version - 1]) for version in versions if 0 < version <= view.version)
