"""Rules that no pack has: for episodes that cannot be judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PACK_RULE = "PACK"
"""The rule of episodes that the policy pack cannot judge."""

QUARANTINE_RULE = "QUARANTINE"
"""The rule of events that cannot be read."""


class OwnRule(NamedTuple):
    """`nothing` is the message without a finding; `cleared_by` names by cause the events that end a finding."""

    title: str
    text: str
    nothing: str
    cleared_by: Mapping[str, str]


OWN_RULES = {
    PACK_RULE: OwnRule(
        "The rules to judge by",
        "An episode is judged by the policy pack its admission names, if that is installed, in force, and for its "
        "population and criteria; what it cannot judge is unknown, never met.",
        "none: the policy pack named at admission can judge this episode",
        {
            "pack_missing": "the policy pack, in the folder that CARETRAIL_PACKS names; "
            "or a correction of the admission",
            "pack_population": "a correction of the admission: another policy pack, or another population",
            "pack_dates": "a version of the policy pack that is in force on the day",
            "edition_mismatch": "a policy pack for that edition, or a correction of the edition",
        },
    ),
    QUARANTINE_RULE: OwnRule(
        "The events to judge",
        "An event that cannot be read leaves no verdict on its own episode certain, visibly, and on no other.",
        "none: every event of the episode is readable",
        {
            "quarantined": "an operator's 'caretrail projection quarantine void @POSITION'; or a program that can read "
            "the event, then 'caretrail projection quarantine retry'"
        },
    ),
}
