"""What cannot have happened: the checks on a whole effective history, by clinical dates, whatever the order of arrival.

Two events on one day never make each other impossible: a day says nothing about the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.episode.stays import chained
from caretrail.errors import Impossible
from caretrail.events import Admitted, Assessed, Discharged, EventBase, PlanSigned, Signed, SignedEvent, Transferred

K = TypeVar("K", bound=EventBase)


def require_possible(history: Sequence[Effective]) -> None:
    """Raise Impossible, naming the events in the way, if this history could not have happened."""
    admission, discharge = _only(history, Admitted), _only(history, Discharged)
    _require_admission(history, admission)
    _one_client(history, admission)
    if discharge is not None:
        _require_before_discharge(history, admission, discharge)
    _require_levels(history, admission)
    _require_alternating(history)
    _require_documents(history)


def _versions(items: Iterable[Effective[EventBase]]) -> str:
    return ", ".join(str(item.version) for item in items)


def _refuse(message: str, items: Sequence[Effective[EventBase]], hint: str) -> None:
    raise Impossible(message, hint, [item.version for item in items])


def _only(history: Sequence[Effective], kind: type[K]) -> Effective[K] | None:
    found = of_kind(history, kind)
    if len(found) > 1:
        name = kind.model_fields["type"].default
        _refuse(
            f"the episode is {name} twice, by events {_versions(found)}",
            found,
            f"void or correct the earlier {name}; a return after discharge is a new episode",
        )
    return found[0] if found else None


def _require_admission(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    for item in history:
        known = item.event.traits
        if not known.needs_admission:
            continue
        if admission is None:
            _refuse(
                f"{item.event.type} (event {item.version}) needs an admission, and there is none",
                [item],
                "record the admission first",
            )
        elif known.not_before_admission and item.day < admission.day:
            _refuse(
                f"{item.event.type} (event {item.version}) is dated before the admission (event {admission.version})",
                [item, admission],
                "correct the date that is wrong",
            )


def _one_client(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    """Client and program of assessments and admission must be the episode's."""
    first: Effective[Admitted] | Effective[Assessed] | None = admission
    if first is None:
        first = first_of(history, Assessed)
    if first is None:
        return
    programs = {item.event.to_program for item in of_kind(history, Transferred)}
    for item in history:
        if not isinstance(item.event, Assessed | Admitted):
            continue
        for name in ("client", "program"):
            ours, theirs = getattr(first.event, name), getattr(item.event, name)
            if ours != theirs and not (name == "program" and isinstance(item.event, Assessed) and theirs in programs):
                _refuse(
                    f"{item.event.type} (event {item.version}): {name} is not the episode's, see event {first.version}",
                    [item, first],
                    f"check the case number, or correct {name} in all events in one --atomic call",
                )


def _require_before_discharge(
    history: Sequence[Effective], admission: Effective[Admitted] | None, discharge: Effective[Discharged]
) -> None:
    for item in history:
        if item.day > discharge.day and not item.event.traits.after_discharge:
            _refuse(
                f"{item.event.type} (event {item.version}) is dated after the discharge (event {discharge.version})",
                [item, discharge],
                "correct the date that is wrong; a return after discharge is a new episode",
            )
    last_contact = discharge.event.last_contact_on
    if last_contact is not None and admission is not None and last_contact < admission.day:
        _refuse(
            f"last_contact_on (event {discharge.version}) is before the admission (event {admission.version})",
            [discharge, admission],
            "correct the date that is wrong",
        )


def _require_levels(history: Sequence[Effective], admission: Effective[Admitted] | None) -> None:
    transfers = of_kind(history, Transferred)
    if transfers and admission is not None and chained(transfers, admission.event.level) is None:
        _refuse(
            f"from_level of a transfer (events {_versions(transfers)}) is not the level the client was at",
            transfers,
            "correct from_level, or record the transfer that is missing",
        )


def _require_alternating(history: Sequence[Effective]) -> None:
    """Holds and resumptions take turns; on one day any order that makes sense will do."""
    on_hold = False
    turns = [item for item in history if item.event.traits.turn]
    for _, group in groupby(turns, key=lambda item: item.day):
        items = list(group)
        change = sum(item.event.traits.turn for item in items)
        allowed = (0, -1) if on_hold else (0, 1)
        if change not in allowed:
            what = "is on hold already" if change > 0 else "is not on hold"
            _refuse(
                f"{items[-1].event.type} (event {items[-1].version}): the episode {what} on that day",
                items,
                "held and resumed take turns; correct the dates, or record the one that is missing",
            )
        on_hold = on_hold != bool(change)


def _require_documents(history: Sequence[Effective]) -> None:
    plans: dict[int, Effective] = {}
    signers: dict[int, dict[str, int]] = {}
    for item in history:
        event = item.event
        if isinstance(event, PlanSigned):
            other = plans.setdefault(event.plan_version, item)
            if other is not item:
                _refuse(
                    f"plan_version of event {item.version} is already there, in event {other.version}",
                    [item, other],
                    "give the new plan the next plan_version",
                )
        if isinstance(event, SignedEvent):
            document = event.target if isinstance(event, Signed) else item.version
            given = signers.setdefault(document, {})
            for signature in event.signatures:
                if signature.signed_on is None:
                    continue
                if signature.signer in given:
                    earlier = given[signature.signer]
                    _refuse(
                        f"a signer of event {item.version} already signed event {document}, in event {earlier}",
                        [item],
                        "void the signature that is wrong, then sign again",
                    )
                given[signature.signer] = item.version
