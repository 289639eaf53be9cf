"""The whole page: what it says put together, then written through templates that escape every value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from caretrail.describe import spoken
from caretrail.evidence.packet.page.draw import GLYPHS, drawn, number
from caretrail.evidence.packet.page.event_table import EventLine
from caretrail.evidence.packet.page.picture import SERVICES, Lane, Picture, days_covered, picture_of
from caretrail.evidence.packet.terms import STATEMENT_1, STATEMENT_2, PacketContext
from caretrail.findings import QUIET_VERDICTS, Finding
from caretrail.policy.own_rules import OWN_RULES
from caretrail.reading.due_review import what_became
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.questions.sheet import Sheet
from caretrail.reading.shown_then import ShownThen
from caretrail.text import visible

SIGNS = {
    "overdue": "▲",
    "due_today": "◆",
    "due_soon": "◇",
    "violation": "✕",
    "not_met": "✕",
    "breached": "!",
    "unknown": "?",
    "info": "i",
    "met": "✓",
    "not_applicable": "–",
    "eligible": "✓",
    "not_eligible": "✕",
}
"""A sign beside each verdict, for eyes and printers that do not tell colors apart."""


def timeline_page(
    view: EpisodeView, sheet: Sheet, lines: Sequence[EventLine], context: PacketContext, then: Sequence[ShownThen]
) -> str:
    """Write the page of one episode: one HTML file without scripts that loads nothing.

    `view` is the episode as known at the position of the context, `sheet` its sheet on the day asked about, `lines` all
    its events in recorded order as far as they may be shown, `then` what was shown at the time and is not known any
    more. The same values give the same bytes.
    """
    packs = view.policy.versions if view.policy else ()
    titles = {rule: words.title for rule, words in OWN_RULES.items()}
    titles |= {rule.id: rule.title for pack in packs for rule in pack.rules.values()}  # the newest version's count
    documents = sorted({pack.document for pack in packs})
    picture = picture_of(view, lines, sheet.as_of, titles)
    return _environment().get_template("page.html.jinja").render(
        episode=view.name,
        sheet=sheet,
        context=context,
        terms=context.terms,
        checkpoint=context.checkpoint,
        notice=STATEMENT_1,
        short_notice=STATEMENT_2,
        known_since=view.entries[-1].recorded_at,
        days=days_covered(view),
        documents=documents,
        packs=sorted({found.pack for found in view.findings if found.pack}),
        titles=titles,
        rules=_by_rule(view, titles, documents),
        reviews=[(one, what_became(one)) for one in sheet.reviews_due],
        then=then,
        rows=lines,
        counts=_counts(lines),
        chart=drawn(picture),
        glyphs=GLYPHS,
        known_versions={line.version for line in lines},
        picture=picture,
        legend=_legend(picture),
        described=_described(picture, view.name),
        running_notice=css_string(STATEMENT_2),
        running_title=css_string(f"Episode {view.name}, as of {sheet.as_of}"),
        calm=QUIET_VERDICTS - {"breached"},
    )  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Templates that escape every value, unless a template made it."""
    environment = Environment(
        loader=PackageLoader(__package__ or "", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "spoken": spoken, "sign": _sign, "last_day": last_day, "instant": instant, "clock": clock, "place": number,
        "dated": dated,
    }  # fmt: skip
    environment.filters.update(filters)
    return environment


def _sign(verdict: str) -> str:
    return SIGNS.get(verdict, "?")


def _shown(value: Any) -> Any:
    """A value as visible text: nothing in it is hidden or reverses the line; its line breaks stay."""
    if isinstance(value, Markup):
        return value
    return "\n".join(map(visible, str(value).split("\n")))


def dated(text: str) -> Markup:
    """A text in which days do not break at the end of a line."""
    parts = DAY.split(str(_shown(text)))
    return Markup("").join(
        Markup("<time>{}</time>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


DAY = re.compile(r"(?<![\d-])(\d{4}-\d{2}-\d{2})(?![\d-])")


def last_day(until: date | None) -> date | None:
    """The last day before one that is exclusive; None while nothing ends it."""
    return until - timedelta(days=1) if until else None


def instant(moment: datetime) -> str:
    """An instant in UTC, whole, for programs."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clock(moment: datetime) -> str:
    """The time of day of an instant in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%H:%M:%S")


def css_string(text: str) -> Markup:
    r"""A string of CSS in quotes that nothing in the text can end: all but ASCII letters and digits is escaped.

    >>> print(css_string('a"</style>'))
    "a\000022\00003c\00002fstyle\00003e"
    """
    escaped = re.sub(r"[^A-Za-z0-9]", lambda found: f"\\{ord(found[0]):06x}", visible(text))
    return Markup(f'"{escaped}"')  # noqa: S704  # letters, digits and backslashes alone


# --- findings ----------------------------------------------------------------------------------------------------


class ByRule(NamedTuple):
    """All findings of a rule by one citation, oldest first."""

    rule: str
    title: str
    citation: str
    pack: str
    findings: tuple[Finding, ...]


def _by_rule(view: EpisodeView, titles: Mapping[str, str], documents: Sequence[str]) -> list[ByRule]:
    """Every finding over the whole time, met and not applicable too, so that all checks show."""
    # where there is only one document to search, a citation is the place in it
    document = f"{documents[0]}, " if len(documents) == 1 else ""

    def source(found: Finding) -> tuple[str, str, str]:
        return found.rule, view.citation(found), found.pack

    findings = sorted(view.findings, key=lambda found: (*source(found), found.start, found.subject))
    return [
        ByRule(rule, titles.get(rule, ""), citation.removeprefix(document), pack, tuple(group))
        for (rule, citation, pack), group in groupby(findings, key=source)
    ]


# --- events ------------------------------------------------------------------------------------------------------


def _counts(lines: Sequence[EventLine]) -> dict[str, int]:
    """How many events are of a kind an auditor looks for; none of a kind is left out."""
    counts = {words: sum(line.has(kind) for line in lines) for kind, words in _COUNTED.items()}
    counts["withheld"] = sum(line.withheld for line in lines)
    return {words: count for words, count in counts.items() if count}


_COUNTED = {
    "late": "late", "corrected": "corrected", "added": "added to", "voided": "voided", "imported": "imported",
}  # fmt: skip


class Sign(NamedTuple):
    """A sign of the chart and what it means; `shape` is rect, line or glyph."""

    shape: str
    kind: str
    words: str
    letter: str = ""


def _legend(picture: Picture) -> list[Sign]:
    """The signs that occur in the chart, and their meaning."""
    bars = {word for lane in picture.lanes for bar in (*lane.bars, *lane.overlay) for word in bar.kind.split()}
    columns = [column for lane in picture.lanes for column in lane.columns]
    services = {service for column in columns for service, _ in column.above}
    marks = {mark.kind for lane in picture.lanes for mark in lane.marks}
    found = [Sign("rect", f"service {service}", f"{service} session") for service in SERVICES if service in services]
    if any(column.below for column in columns):
        found.append(Sign("rect", "service missed", "missed session, drawn below the line"))
    if any(lane.threshold for lane in picture.lanes):
        found.append(Sign("line", "threshold", "minutes a week needed"))
    found += [Sign("rect", f"bar {kind}", words) for kind, words in _BARS.items() if kind in bars]
    if "hold" in bars:
        found.append(Sign("rect", "hold", "on hold"))
    if any(lane.dues for lane in picture.lanes):
        found.append(Sign("line", "due", "review due, at the end of that day"))
    found += [Sign("glyph", kind, words) for kind, words in _MARKS.items() if kind in marks]
    return found + [Sign("glyph", kind, words, letter) for kind, (letter, words) in _LETTERS.items() if kind in marks]


_BARS = {
    "due_soon": "due soon",
    "due_today": "due that day",
    "overdue": "overdue",
    "violation": "violation",
    "not_met": "not met when the stay ended",
    "unknown": "unknown",
    "info": "for information",
    "eligible": "continued stay supported",
    "not_eligible": "not supported",
    "quiet": "explained",
}
_MARKS = {
    "plan": "plan, with its number",
    "review": "review held",
    "signature": "signature that came later",
    "determined-continue": "determined: continue",
    "determined-leave": "determined: leave",
    "end": "discharged",
}
_LETTERS = {
    "late": ("L", "late entry, from its day to its recording"),
    "corrected": ("C", "correction, from the day of the event to its own"),
    "addendum": ("A", "addendum, likewise"),
    "voided": ("V", "void, likewise"),
    "explained": ("?", "explanation without a finding"),
}


def _described(picture: Picture, episode: str) -> str:
    """The chart in words, for who does not see it: what each lane shows, and where the tables are."""
    lanes = "; ".join(f"{lane.name}: {_contents(lane)}" for lane in picture.lanes)
    return (
        f"Chart of episode {episode} from {picture.scale.first} on, as of {picture.as_of}. {lanes}. "
        "The tables below show the same as text."
    )


def _contents(lane: Lane) -> str:
    titles = [*(bar.title for bar in (*lane.bars, *lane.overlay)), *(mark.title for mark in lane.marks)]
    words = titles[:12]
    if len(titles) > len(words):
        words.append(f"and {len(titles) - len(words)} more")
    if lane.columns:
        words.append(f"{len(lane.columns)} columns of minutes")
    return "; ".join(words) or "nothing"
