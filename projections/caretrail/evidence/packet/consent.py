"""A disclosure on consent: the `consented` event it rests on must be in force, and cover recipient and purpose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from caretrail.days import iso, today_in
from caretrail.episode.consents import covering_consent
from caretrail.evidence.packet.terms import PacketRefused, Terms
from caretrail.log.recorder import EventRecorder
from caretrail.reading.episode_view import view_of
from caretrail.readmodel.schema import existing_state


def with_consent(
    recorder: EventRecorder, episodes: Iterable[str], terms: Terms, now: datetime, on: date | None = None
) -> Terms:
    """The terms with the consent they rest on and its scope; terms on another basis as they are.

    The consent stands in one of the episodes, which are all of one client, and is in force on the day `on`; by default
    that is today where the program is. Raises PacketRefused.
    """
    if terms.basis != "consent":
        return terms
    stored = existing_state(recorder.database)
    views = [view_of(recorder, name, rows=stored) for name in sorted(set(episodes))]
    if len({view.rows.client for view in views}) > 1:
        raise PacketRefused("a consent covers one client", "disclose the episodes of each client apart")
    days = [on or today_in(view.rows.zone, now) for view in views]
    found = [
        (consent.day, consent.version, view.name, consent.event.scope)
        for view, day in zip(views, days, strict=True)
        if (consent := covering_consent(view.history, terms.recipient, terms.purpose, day)) is not None
    ]
    if not found:
        raise PacketRefused(
            f"no consent in force on {iso(max(days))} covers this recipient and purpose",
            "record it with 'caretrail record consented', or name recipient and purpose as the consent does",
        )
    _, version, name, scope = max(found)
    return replace(terms, consent=f"event {version} of {name}", scope=" ".join(scope.split()))
