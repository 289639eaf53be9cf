"""What cannot have happened: the checks on a whole effective history, by clinical dates, whatever the order of arrival.

Two facts on one day never make each other impossible: a day says nothing about the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from caretrail.episode.history import Effective
from caretrail.episode.stays import chained
from caretrail.errors import Impossible
from caretrail.facts import (
    Admitted,
    Assessed,
    Authorized,
    ContinuedStayDetermined,
    Discharged,
    Explained,
    Held,
    PlanReviewed,
    PlanSigned,
    Resumed,
    ScheduleSet,
    Signed,
    TeamChanged,
    Transferred,
)

NEEDS_ADMISSION = (
    PlanSigned,
    PlanReviewed,
    ContinuedStayDetermined,
    ScheduleSet,
    TeamChanged,
    Held,
    Resumed,
    Authorized,
    Transferred,
    Discharged,
)
"""Facts that only an admitted client can have."""

NOT_BEFORE_ADMISSION = (PlanReviewed, ContinuedStayDetermined, Held, Resumed, Transferred, Discharged)
"""Facts that, dated before the admission, could not have happened."""

AFTER_DISCHARGE = (Signed, Explained)
"""Facts that may be dated after the discharge (amendments are not in the effective history)."""

NAMES_CLIENT = (Assessed, Admitted)
ALTERNATING = (Held, Resumed)
CARRIES_SIGNATURES = (PlanSigned, PlanReviewed, ContinuedStayDetermined, Signed)


@dataclass(frozen=True, slots=True)
class Outline:
    """What the checks need to know of an episode at a glance; all None before an admission."""

    client: str | None = None
    programs: frozenset[str] = frozenset()
    zone: str | None = None
    admitted: Effective | None = None
    discharged: Effective | None = None


def outline(history: Sequence[Effective]) -> Outline:
    """Summarise an effective history."""
    client: str | None = None
    zone: str | None = None
    admitted: Effective | None = None
    discharged: Effective | None = None
    programs: set[str] = set()
    for item in history:
        fact = item.fact
        if isinstance(fact, Admitted):
            client, zone, admitted = fact.client, fact.zone, item
            programs.add(fact.program)
        elif isinstance(fact, Assessed):
            client = client or fact.client
            programs.add(fact.program)
        elif isinstance(fact, Transferred):
            if fact.to_program:
                programs.add(fact.to_program)
        elif isinstance(fact, Discharged):
            discharged = item
    return Outline(client, frozenset(programs), zone, admitted, discharged)


def require_possible(history: Sequence[Effective]) -> None:
    """Raise Impossible, naming the facts in the way, if this history could not have happened."""
    admissions = [item for item in history if isinstance(item.fact, Admitted)]
    _one("admitted", admissions)
    discharges = [item for item in history if isinstance(item.fact, Discharged)]
    _one("discharged", discharges)
    admission = admissions[0] if admissions else None
    _require_admission(history, admission)
    _one_client(history, admission)
    if discharges:
        _require_before_discharge(history, admission, discharges[0])
    _require_levels(history, admission)
    _require_alternating(history)
    _require_documents(history)


def _versions(items: Iterable[Effective]) -> str:
    return ", ".join(str(item.version) for item in items)


def _refuse(message: str, items: Sequence[Effective], hint: str) -> None:
    raise Impossible(message, hint, [item.version for item in items])


def _one(name: str, items: Sequence[Effective]) -> None:
    if len(items) > 1:
        _refuse(
            f"the episode is {name} twice, by facts {_versions(items)}",
            items,
            f"void or correct the earlier {name}; a return after discharge is a new episode",
        )


def _require_admission(history: Sequence[Effective], admission: Effective | None) -> None:
    for item in history:
        if not isinstance(item.fact, NEEDS_ADMISSION):
            continue
        if admission is None:
            _refuse(
                f"{item.fact.type} (fact {item.version}) needs an admission, and there is none",
                [item],
                "record the admission first",
            )
        elif isinstance(item.fact, NOT_BEFORE_ADMISSION) and item.day < admission.day:
            _refuse(
                f"{item.fact.type} (fact {item.version}) is dated before the admission (fact {admission.version})",
                [item, admission],
                "correct the date that is wrong",
            )


def _one_client(history: Sequence[Effective], admission: Effective | None) -> None:
    """Client and program of assessments and admission must be the episode's."""
    facts = [item for item in history if isinstance(item.fact, NAMES_CLIENT)]
    if not facts:
        return
    first = admission or facts[0]
    programs = {item.fact.to_program for item in history if isinstance(item.fact, Transferred)}
    for item in facts:
        for name in ("client", "program"):
            ours, theirs = getattr(first.fact, name), getattr(item.fact, name)
            if ours != theirs and not (name == "program" and isinstance(item.fact, Assessed) and theirs in programs):
                _refuse(
                    f"{item.fact.type} (fact {item.version}): {name} is not the episode's, see fact {first.version}",
                    [item, first],
                    f"check the case number, or correct {name} in all facts in one --atomic call",
                )


def _require_before_discharge(history: Sequence[Effective], admission: Effective | None, discharge: Effective) -> None:
    for item in history:
        if item.day > discharge.day and not isinstance(item.fact, AFTER_DISCHARGE):
            _refuse(
                f"{item.fact.type} (fact {item.version}) is dated after the discharge (fact {discharge.version})",
                [item, discharge],
                "correct the date that is wrong; a return after discharge is a new episode",
            )
    fact = discharge.fact
    if isinstance(fact, Discharged) and fact.last_contact_on and admission and fact.last_contact_on < admission.day:
        _refuse(
            f"last_contact_on (fact {discharge.version}) is before the admission (fact {admission.version})",
            [discharge, admission],
            "correct the date that is wrong",
        )


def _require_levels(history: Sequence[Effective], admission: Effective | None) -> None:
    transfers = [item for item in history if isinstance(item.fact, Transferred)]
    if (
        transfers
        and admission
        and isinstance(admission.fact, Admitted)
        and chained(transfers, admission.fact.level) is None
    ):
        _refuse(
            f"from_level of a transfer (facts {_versions(transfers)}) is not the level the client was at",
            transfers,
            "correct from_level, or record the transfer that is missing",
        )


def _require_alternating(history: Sequence[Effective]) -> None:
    """Holds and resumptions take turns; on one day any order that makes sense will do."""
    on_hold = False
    turns = [item for item in history if isinstance(item.fact, ALTERNATING)]
    for _, group in groupby(turns, key=lambda item: item.day):
        items = list(group)
        change = sum(1 if isinstance(item.fact, Held) else -1 for item in items)
        allowed = (0, -1) if on_hold else (0, 1)
        if change not in allowed:
            what = "is on hold already" if change > 0 else "is not on hold"
            _refuse(
                f"{items[-1].fact.type} (fact {items[-1].version}): the episode {what} on that day",
                items,
                "held and resumed take turns; correct the dates, or record the one that is missing",
            )
        on_hold = on_hold != bool(change)


def _require_documents(history: Sequence[Effective]) -> None:
    plans: dict[int, Effective] = {}
    signers: dict[int, dict[str, int]] = {}
    for item in history:
        fact = item.fact
        if isinstance(fact, PlanSigned):
            other = plans.setdefault(fact.plan_version, item)
            if other is not item:
                _refuse(
                    f"plan_version of fact {item.version} is already there, in fact {other.version}",
                    [item, other],
                    "give the new plan the next plan_version",
                )
        if isinstance(fact, CARRIES_SIGNATURES):
            document = fact.target if isinstance(fact, Signed) else item.version
            given = signers.setdefault(document, {})
            for signature in fact.signatures:
                if signature.signed_on is None:
                    continue
                if signature.signer in given:
                    earlier = given[signature.signer]
                    _refuse(
                        f"a signer of fact {item.version} already signed fact {document}, in fact {earlier}",
                        [item],
                        "void the signature that is wrong, then sign again",
                    )
                given[signature.signer] = item.version
