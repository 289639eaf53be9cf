"""What the chart shows of an episode: lanes of bars, marks and columns by day, before anything is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from caretrail import events
from caretrail.days import later, merge_spans, next_day
from caretrail.describe import spoken
from caretrail.evidence.packet.page.event_table import EventLine
from caretrail.evidence.packet.page.scale import Scale
from caretrail.findings import QUIET_VERDICTS, Eligibility, Finding
from caretrail.policy.rules.treatment import WeeklyHours
from caretrail.reading.episode_view import EpisodeView

DAY = timedelta(days=1)
FARTHEST_DAYS = 3 * 366
"""How far beyond the last event the axis goes for the sake of the day asked about, or of a due date."""

FAR_DAYS = 14
"""A day asked about that lies farther before the first event, or after the end, is not worth an empty axis."""

DUE_AHEAD_DAYS = 45
PLAN_CHECKS = ("plan_due", "plan_signatures", "plan_sections")
REVIEW_CHECKS = ("review_due", "review_valid", "review_gaps")


class Bar(NamedTuple):
    """Something that holds from a day until another (exclusive). `kind` says how it looks."""

    start: date
    end: date
    kind: str
    label: str
    title: str


class Mark(NamedTuple):
    """Something of one day; `tail` reaches to the day it became known, or acted."""

    day: date
    kind: str
    label: str
    title: str
    tail: date | None = None


class Column(NamedTuple):
    """Minutes in a day or a week (`end` exclusive) by CSS class; those below the line were missed."""

    start: date
    end: date
    above: tuple[tuple[str, int], ...]
    below: int
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of the chart; `about` explains its name. `threshold` are minutes needed on days (end exclusive)."""

    name: str
    bars: tuple[Bar, ...] = ()
    overlay: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    columns: tuple[Column, ...] = ()
    threshold: tuple[tuple[date, date, int], ...] = ()
    dues: tuple[Mark, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole chart: the axis, the day asked about, the first day of a week (0 is Monday), and the lanes."""

    scale: Scale
    as_of: date
    week_starts_on: int
    by_week: bool
    lanes: tuple[Lane, ...]


def picture_of(view: EpisodeView, lines: Sequence[EventLine], as_of: date, titles: Mapping[str, str]) -> Picture:
    """Read the lanes from an episode; withheld events show nowhere. `titles` are those of the rules."""
    first, horizon = _days(view, as_of)
    ahead = [
        due
        for finding in _findings(view, ("review_due",))
        if (due := finding.due_on) and finding.holds(as_of) and horizon < due <= later(horizon, DUE_AHEAD_DAYS)
    ]
    scale = Scale.over(first, max([horizon, *ahead]))
    week_starts_on = 0 if view.policy and view.policy.on(as_of).week_start != "sunday" else 6
    by_week = scale.per_day < 3
    until = next_day(horizon)
    lanes = (
        _stays(view, until),
        *_sessions(view, week_starts_on, by_week),
        _plans(view, until),
        _reviews(view, until),
        _continued(view, until),
        *_other_rules(view, until, titles),
        _amendments(lines, horizon),
    )
    return Picture(scale, as_of, week_starts_on, by_week, tuple(filter(_has_content, lanes)))


def _has_content(lane: Lane) -> bool:
    return bool(lane.bars or lane.marks or lane.columns or lane.dues)


def days_covered(view: EpisodeView) -> tuple[date, date]:
    """The first and the last day on which something happened."""
    days = [item.day for item in view.history] or [view.rows.first_day]
    return min(days), max(days)


def _days(view: EpisodeView, as_of: date) -> tuple[date, date]:
    """The first and the last day of the chart."""
    first, last = days_covered(view)
    if as_of < later(first, -FAR_DAYS) or (view.rows.ended_on is not None and as_of > later(last, FAR_DAYS)):
        return first, last
    return min(first, as_of), max(last, min(as_of, later(last, FARTHEST_DAYS)))


# --- stays -------------------------------------------------------------------------------------------------------


def _stays(view: EpisodeView, until: date) -> Lane:
    """Levels and programs, and holds upon them; the day of a transfer belongs to the stay it ends."""
    spans = [span for span in view.spans if span.status != "ended" and span.start < until]
    bars: list[Bar] = []
    for (level, program), group in groupby(spans, key=lambda span: (span.level, span.program)):
        stretch = list(group)
        start, end = stretch[0].start, min(stretch[-1].end, until)
        label = "assessed" if level is None else f"level {level} · {program}"
        kind = "assessed" if level is None else f"stay-{sum(bar.kind != 'assessed' for bar in bars) % 2}"
        bars.append(Bar(start, end, kind, label, f"{label}, {through(start, end)}"))
    holds = [(span.start, min(span.end, until)) for span in spans if span.status == "held"]
    ends = [
        Mark(item.day, "end", "", f"discharged {item.day}: {spoken(item.event.reason)}")
        for item in view.history
        if isinstance(item.event, events.Discharged)
    ]
    overlay = tuple(Bar(*hold, "hold", "hold", f"on hold {through(*hold)}") for hold in merge_spans(holds))
    return Lane("Stay and level", tuple(bars), overlay, tuple(ends))


def through(start: date, end: date) -> str:
    """Days from one until another (exclusive), in words."""
    last = end - DAY
    return f"{start}" if last <= start else f"{start} to {last}, {(end - start).days} days"


# --- sessions ----------------------------------------------------------------------------------------------------

SERVICES = ("group", "individual", "family", "education", "motivational", "other")
"""From the base of a column upward; services without a color of their own are drawn as `other`."""


def _sessions(view: EpisodeView, week_starts_on: int, by_week: bool) -> Iterator[Lane]:
    """Sessions of each day and minutes of each week; the weeks alone where days would be too narrow to see."""
    weeks = _columns(view, 7, week_starts_on)
    threshold = tuple(_joined(_thresholds(view, weeks)))
    if by_week:
        yield Lane("Sessions by week", columns=weeks, threshold=threshold)
        return
    yield Lane("Sessions by day", columns=_columns(view, 1, week_starts_on))
    yield Lane("Minutes by week", columns=weeks, threshold=threshold)


def _columns(view: EpisodeView, days: int, week_starts_on: int) -> tuple[Column, ...]:
    """Minutes of each day or week with a session, by service; missed ones apart."""
    found: dict[date, Counter[str]] = {}
    for item in view.history:
        event = item.event
        if isinstance(event, events.SessionAttended | events.SessionMissed):
            back = (item.day.weekday() - week_starts_on) % 7 if days == 7 else 0
            kind = "missed"
            if isinstance(event, events.SessionAttended):
                kind = event.service if event.service in SERVICES else "other"
            found.setdefault(item.day - back * DAY, Counter())[kind] += event.minutes
    return tuple(_column(start, start + days * DAY, minutes) for start, minutes in sorted(found.items()))


def _column(start: date, end: date, minutes: Counter[str]) -> Column:
    above = tuple((service, minutes[service]) for service in SERVICES if minutes[service])
    parts = [f"{service} {count} min" for service, count in above]
    if minutes["missed"]:
        parts.append(f"missed {minutes['missed']} min")
    when = f"{start:%a} {start}" if end - start == DAY else f"week of {start}"
    return Column(start, end, above, minutes["missed"], f"{when}: {', '.join(parts)}")


def _thresholds(view: EpisodeView, weeks: Sequence[Column]) -> Iterator[tuple[date, date, int]]:
    """The minutes a week must have, on the days at a level that has such a rule."""
    if view.policy is None:
        return
    for week in weeks:
        for span in view.spans:
            start, end = max(week.start, span.start), min(week.end, span.end)
            pack = view.policy.on(max(start, week.start))
            rule = pack.rule(WeeklyHours)
            if start < end and rule is not None and span.level in pack.levels and span.status != "ended":
                yield start, end, rule.least


def _joined(thresholds: Iterable[tuple[date, date, int]]) -> Iterator[tuple[date, date, int]]:
    """Join stretches of one threshold that touch."""
    for minutes, group in groupby(thresholds, key=lambda stretch: stretch[2]):
        yield from ((start, end, minutes) for start, end in merge_spans(stretch[:2] for stretch in group))


# --- documents ---------------------------------------------------------------------------------------------------


def _plans(view: EpisodeView, until: date) -> Lane:
    plans = {item.version: item.event for item in view.history if isinstance(item.event, events.PlanSigned)}
    marks = [
        Mark(plan.occurred_on, "plan", str(plan.plan_version), f"plan {plan.plan_version} signed {plan.occurred_on}, "
             f"in effect {plan.effective_on} (event {version})")
        for version, plan in plans.items()
    ]  # fmt: skip  # a mark is its day, kind, label and title
    return Lane("Plan and signatures", _verdicts(view, PLAN_CHECKS, until), marks=(*marks, *_signing(view, plans)))


def _reviews(view: EpisodeView, until: date) -> Lane:
    reviews = {item.version: item.event for item in view.history if isinstance(item.event, events.PlanReviewed)}
    marks = [
        Mark(day := event.occurred_on, "review", "", f"plan {event.plan_version} reviewed {day} (event {version})")
        for version, event in reviews.items()
    ]
    # a date that was replaced before it came near concerned no one
    due = {
        finding.due_on
        for finding in _findings(view, ("review_due",))
        if finding.due_on is not None and (finding.verdict not in QUIET_VERDICTS or finding.end >= until)
    }
    dues = tuple(Mark(day, "due", f"due {day:%m-%d}", f"review due on {day}") for day in sorted(due))
    return Lane("Reviews", _verdicts(view, REVIEW_CHECKS, until), marks=(*marks, *_signing(view, reviews)), dues=dues)


def _signing(view: EpisodeView, documents: Container[int]) -> Iterator[Mark]:
    """Signatures that came to a document later."""
    for item in view.history:
        event = item.event
        if isinstance(event, events.Signed) and event.target in documents:
            who = ", ".join(signature.signer for signature in event.signatures)
            title = f"signature of {who} on event {event.target}, {item.day} (event {item.version})"
            yield Mark(item.day, "signature", "", title)


def _continued(view: EpisodeView, until: date) -> Lane:
    bars = [
        Bar(span.start, end, span.verdict, spoken(span.verdict), _eligible(span, end))
        for span in view.eligibility
        if span.verdict != "not_applicable" and span.start < (end := min(span.end, until))
    ]
    marks = [
        Mark(item.day, f"determined-{decision}", "", f"determination on {item.day}: {decision} (event {item.version})")
        for item in view.history
        if isinstance(item.event, events.ContinuedStayDetermined) and (decision := item.event.decision)
    ]
    return Lane("Continued stay", _join_same(bars), marks=tuple(marks))


def _eligible(span: Eligibility, end: date) -> str:
    return f"{spoken(span.verdict)}, basis {span.basis}, {through(span.start, end)}: {', '.join(span.reasons)}"


def _join_same(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Join bars of one kind that touch: a new basis is no new answer."""
    found: list[Bar] = []
    for bar in bars:
        if found and found[-1].kind == bar.kind and found[-1].end == bar.start:
            found[-1] = found[-1]._replace(end=bar.end, title=f"{found[-1].title}; {bar.title}")
        else:
            found.append(bar)
    return tuple(found)


# --- findings ----------------------------------------------------------------------------------------------------


def _checks(view: EpisodeView) -> Mapping[str, str]:
    """Which check each rule makes."""
    packs = view.policy.versions if view.policy else ()
    return {rule.id: rule.check for pack in packs for rule in pack.rules.values()}


def _findings(view: EpisodeView, checks: Sequence[str]) -> list[Finding]:
    known = _checks(view)
    return [finding for finding in view.findings if known.get(finding.rule) in checks]


def _verdicts(view: EpisodeView, checks: Sequence[str], until: date) -> tuple[Bar, ...]:
    return tuple(_bars(_findings(view, checks), until))


def _bars(findings: Iterable[Finding], until: date) -> Iterator[Bar]:
    """Findings that ask for something, up to the last day of the chart."""
    for finding in findings:
        end = min(finding.end, until)
        if finding.verdict in QUIET_VERDICTS or finding.start >= end:
            continue
        title = f"{finding.rule} {spoken(finding.verdict)}, {through(finding.start, end)}: {finding.message}"
        days = (end - finding.start).days
        label = f"{days} day{'' if days == 1 else 's'} overdue" if finding.verdict == "overdue" else ""
        yield Bar(finding.start, end, f"{finding.verdict}{' quiet' if finding.quiet else ''}", label, title)


def _other_rules(view: EpisodeView, until: date, titles: Mapping[str, str]) -> Iterator[Lane]:
    """Every rule that asked for something and has no lane above, each in a lane of its own."""
    known = _checks(view)
    above = (*PLAN_CHECKS, *REVIEW_CHECKS, "continued_stay")
    findings = sorted((one for one in view.findings if known.get(one.rule) not in above), key=lambda one: one.rule)
    for rule, group in groupby(findings, key=lambda finding: finding.rule):
        yield Lane(rule, tuple(_bars(group, until)), about=titles.get(rule, ""))


# --- what came late, or changed what was there -------------------------------------------------------------------

AMENDING = {"corrected": "C", "addendum": "A", "voided": "V"}


def _amendments(lines: Sequence[EventLine], horizon: date) -> Lane:
    """Late entries and amendments: where the event belongs, and when it came."""
    days = {line.version: line.occurred_on for line in lines}
    marks: list[Mark] = []
    for line in lines:
        day = line.occurred_on
        if day is None:
            continue
        if line.has("late"):
            recorded = line.recorded_at.date()
            title = f"event {line.version} of {day}: late entry, recorded {recorded}"
            marks.append(Mark(day, "late", "L", title, min(recorded, horizon)))
        letter = AMENDING.get(line.type)
        if letter is not None:
            on = days.get(line.target) if line.target is not None else None
            title = f"event {line.version}, {day}: {spoken(line.type)}, event {line.target}"
            marks.append(Mark(on or day, line.type, letter, title, day))
        if line.has("nothing_explained"):
            marks.append(Mark(day, "explained", "?", f"event {line.version}, {day}: explains nothing"))
    return Lane("Late and amended", marks=tuple(sorted(marks, key=lambda mark: (mark.day, mark.title))))
