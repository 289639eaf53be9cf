"""Impossible histories: checks on a whole effective history, by clinical dates, whatever the order of arrival.

Two events on one day never make each other impossible: a day says nothing about the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NoReturn, TypeVar

from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.episode.stays import chained
from caretrail.errors import Impossible
from caretrail.events import (
    Admitted,
    Assessed,
    Consented,
    ConsentRevoked,
    ContinuedStayDetermined,
    Discharged,
    EventBase,
    PlanReviewed,
    PlanSigned,
    Signature,
    Signed,
    SignedEvent,
    Transferred,
)

K = TypeVar("K", bound=EventBase)
WRONG_DATE: Final = "correct the wrong date"


def require_possible(history: Sequence[Effective]) -> None:
    """Raise Impossible, naming the events in the way, if this history could not have happened."""
    admission, discharge = _only(history, Admitted), _only(history, Discharged)
    _require_admission(history, admission)
    _one_client(history, admission)
    if discharge is not None:
        _require_before_discharge(history, admission, discharge)
        _require_signed_alive(history, discharge)
    _require_levels(history, admission)
    _require_alternating(history)
    _require_plan_versions(history)
    _require_signed_once(history)
    _require_own_dates(history)
    _require_consents(history)


def _versions(items: Iterable[Effective[EventBase]]) -> str:
    return ", ".join(str(item.version) for item in items)


def _named(item: Effective[EventBase]) -> str:
    """Name an event in a message: its kind and its number in the episode."""
    return f"{item.entry.kind.model_fields['type'].default} (event {item.version})"


def _refuse(message: str, items: Sequence[Effective[EventBase]], hint: str) -> NoReturn:
    raise Impossible(message, hint, [item.version for item in items])


def _only(history: Sequence[Effective], kind: type[K]) -> Effective[K] | None:
    found = of_kind(history, kind)
    if len(found) > 1:
        name = kind.model_fields["type"].default
        hint = f"void or correct the earlier {name}; a return after discharge is a new episode"
        _refuse(f"the episode is {name} twice, by events {_versions(found)}", found, hint)
    return found[0] if found else None


def _require_admission(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    for item in history:
        traits = item.event.traits
        if not traits.needs_admission:
            continue
        if admission is None:
            _refuse(f"{_named(item)} needs an admission, and there is none", [item], "record the admission first")
        if traits.not_before_admission and item.day < admission.day:
            message = f"{_named(item)} is dated before the admission (event {admission.version})"
            _refuse(message, [item, admission], WRONG_DATE)


def _one_client(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    """Require the episode's client and program in all its assessments and its admission."""
    first: Effective[Admitted] | Effective[Assessed] | None = admission or first_of(history, Assessed)
    if first is None:
        return
    programs = {item.event.to_program for item in of_kind(history, Transferred)}
    for item in of_kind(history, Assessed, Admitted):
        for name in ("client", "program"):
            ours, theirs = getattr(first.event, name), getattr(item.event, name)
            if ours != theirs and not (name == "program" and item.entry.kind is Assessed and theirs in programs):
                message = f"{_named(item)}: {name} is not the episode's, see event {first.version}"
                hint = f"check the case number, or correct {name} in all events in one --atomic call"
                _refuse(message, [item, first], hint)


def _require_before_discharge(
    history: Sequence[Effective], admission: Effective[Admitted] | None, discharge: Effective[Discharged]
) -> None:
    for item in history:
        if item.day > discharge.day and not item.event.traits.after_discharge:
            message = f"{_named(item)} is dated after the discharge (event {discharge.version})"
            _refuse(message, [item, discharge], f"{WRONG_DATE}; a return after discharge is a new episode")
    last_contact = discharge.event.last_contact_on
    if last_contact is not None and admission is not None and last_contact < admission.day:
        message = f"last_contact_on (event {discharge.version}) is before the admission (event {admission.version})"
        _refuse(message, [discharge, admission], WRONG_DATE)


def _require_levels(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    transfers = of_kind(history, Transferred)
    if transfers and admission is not None and chained(transfers, admission.event.level) is None:
        message = f"from_level of a transfer (events {_versions(transfers)}) is not the level the client was at"
        _refuse(message, transfers, "correct from_level, or record the missing transfer")


def _require_alternating(history: Sequence[Effective]) -> None:
    """Require holds and resumptions to take turns; within one day any order that makes sense will do."""
    on_hold = False
    turns = [item for item in history if item.event.traits.turn]
    for _, group in groupby(turns, key=lambda item: item.day):
        items = list(group)
        change = sum(item.event.traits.turn for item in items)
        if change not in ((0, -1) if on_hold else (0, 1)):
            state = "is on hold already" if change > 0 else "is not on hold"
            hint = "held and resumed take turns; correct the dates, or record the missing event"
            _refuse(f"{_named(items[-1])}: the episode {state} on that day", items, hint)
        on_hold = on_hold != bool(change)


def _require_plan_versions(history: Sequence[Effective]) -> None:
    plans: dict[int, Effective[PlanSigned]] = {}
    for plan in of_kind(history, PlanSigned):
        other = plans.setdefault(plan.event.plan_version, plan)
        if other is not plan:
            message = f"plan_version of {_named(plan)} is already there, in event {other.version}"
            _refuse(message, [plan, other], "give the new plan the next plan_version")


def _require_signed_once(history: Sequence[Effective]) -> None:
    """Require at most one signature by each signer of a document."""
    signed: dict[tuple[int, str], Effective[SignedEvent]] = {}
    for item in of_kind(history, SignedEvent):
        document = item.event.target if isinstance(item.event, Signed) else item.version
        for signer in (signature.signer for signature in _as_given(item) if signature.signed_on is not None):
            earlier = signed.setdefault((document, signer), item)
            if earlier is not item:
                message = f"a signer of {_named(item)} already signed event {document}, in event {earlier.version}"
                _refuse(message, [item, earlier], "void the wrong signature, then sign again")


def _as_given(item: Effective[SignedEvent]) -> tuple[Signature, ...]:
    """The signatures under the ids they were given with: after a client's number is corrected, two may be one."""
    event = item.event if item.corrected_by else item.entry.event
    return event.signatures if isinstance(event, SignedEvent) else ()


def _require_signed_alive(history: Sequence[Effective], discharge: Effective[Discharged]) -> None:
    if discharge.event.reason != "died":
        return
    for item in of_kind(history, SignedEvent):
        for signature in item.event.signatures:
            if signature.role == "client" and signature.signed_on is not None and signature.signed_on > discharge.day:
                message = f"the client's signature in {_named(item)} is dated after their death, {_named(discharge)}"
                _refuse(message, [item, discharge], WRONG_DATE)


def _require_own_dates(history: Sequence[Effective]) -> None:
    """Require dates that an event gives beside its own to fit it."""
    for prior in of_kind(history, Assessed):
        if prior.event.on is not None and prior.event.on > prior.day:
            _refuse_date("on", prior, "a prior assessment must not be dated after its acceptance")
    for review in of_kind(history, PlanReviewed):
        if review.event.next_review_by is not None and review.event.next_review_by <= review.day:
            _refuse_date("next_review_by", review, "the next review must be due after the day of this one")
    for determined in of_kind(history, ContinuedStayDetermined):
        if determined.event.leave_by is not None and determined.event.leave_by < determined.day:
            _refuse_date("leave_by", determined, "it must not be before the determination")


def _refuse_date(field: str, item: Effective[EventBase], rule: str) -> NoReturn:
    _refuse(f"{field} of {_named(item)}: {rule}", [item], "correct one of the two dates")


def _require_consents(history: Sequence[Effective]) -> None:
    """Require a consent, given no later than that day, for each revocation."""
    consents = of_kind(history, Consented)
    for item in of_kind(history, ConsentRevoked):
        revoked = item.event
        given = [
            consent
            for consent in consents
            if consent.event.recipient == revoked.recipient and revoked.purpose in (None, consent.event.purpose)
        ]
        if not given:
            message = f"{_named(item)}: no consent to that recipient and purpose is recorded"
            _refuse(message, [item], "check recipient and purpose, or record the consent first")
        if all(consent.day > item.day for consent in given):
            message = f"{_named(item)} is dated before the consent (event {given[0].version})"
            _refuse(message, [item, given[0]], WRONG_DATE)
