"""Consents in force: by recipient, purpose and day, until they expire or are revoked."""

from __future__ import annotations

import pytest

from caretrail.episode.consents import covering_consent
from tests.findings.text_history import history_of
from tests.support.example import day

GIVEN = (
    '2026-01-05 admitted\n2026-01-06 consented | {"recipient": "court-2", "purpose": "legal", "scope": "attendance"}'
)
ENDING = GIVEN.replace('"scope"', '"expires_on": "2026-02-01", "scope"')


def revoked(on: str, **more: str) -> str:
    stated = ", ".join(f'"{name}": "{value}"' for name, value in {"recipient": "court-2", **more}.items())
    return f"\n2026-{on} consent_revoked | {{{stated}}}"


@pytest.mark.parametrize(
    ("text", "on", "version"),
    [
        (GIVEN, "01-05", None),
        (GIVEN, "01-06", 2),
        (GIVEN, "12-31", 2),
        (ENDING, "02-01", 2),
        (ENDING, "02-02", None),
        (GIVEN + revoked("01-20"), "01-19", 2),
        (GIVEN + revoked("01-20"), "01-20", None),
        (GIVEN + revoked("01-20", purpose="legal"), "01-20", None),
        (GIVEN + revoked("01-20", scope="attendance before March"), "01-20", None),
        (ENDING + revoked("01-20", expires_on="2026-02-10"), "01-20", None),
        (GIVEN + revoked("01-06"), "01-06", None),
        (GIVEN + revoked("01-20") + GIVEN.replace("01-06", "01-20").partition("admitted")[2], "01-20", 4),
        (GIVEN + "\n2026-01-09 voided #2", "01-10", None),
        (GIVEN + GIVEN.replace("01-06", "02-03").partition("admitted")[2], "03-01", 3),
        ("2026-01-05 admitted", "01-10", None),
    ],
)
def test_a_consent_is_in_force_from_its_day_until_it_expires_or_is_revoked(
    text: str, on: str, version: int | None
) -> None:
    found = covering_consent(history_of(text), "court-2", "legal", day(on))
    assert (found.version if found else None) == version


@pytest.mark.parametrize(("recipient", "purpose"), [("court-1", "legal"), ("court-2", "payment"), ("Court-2", "legal")])
def test_it_covers_its_own_recipient_and_purpose(recipient: str, purpose: str) -> None:
    assert covering_consent(history_of(GIVEN), recipient, purpose, day("02-01")) is None


def test_a_revocation_for_another_purpose_or_recipient_leaves_it_in_force() -> None:
    other = GIVEN.replace("legal", "payment").replace("01-06", "01-07").partition("admitted")[2]
    history = history_of(GIVEN + other + revoked("01-20", purpose="payment"))
    assert covering_consent(history, "court-2", "payment", day("02-01")) is None
    assert covering_consent(history, "court-2", "legal", day("02-01")) is not None
