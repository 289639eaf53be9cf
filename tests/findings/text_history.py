"""Histories as text a clinician can read and correct: one line an event, numbered from 1.

    2026-01-02 assessed by c-ortiz LADC F10.20 screen negative
    2026-01-05 admitted
    2026-01-05 session group 09:00 180 size 8
    2026-01-06 session individual 13:00 60 by c-noor PLADC
    2026-01-06 referred mental_health to c-lee
    2026-01-06 coordinated psychiatric
    2026-01-07 plan 1 signed by cl-7f3a, c-ortiz
    2026-01-12 signed #4 by c-lee
    2026-02-05 review of 1 signed by c-ortiz, c-lee; deferred cl-7f3a
    2026-02-05 determined continue C1 signed by c-ortiz
    2026-02-06 authorized 2026-02-06 to 2026-04-06 30 day
    2026-02-09 schedule 540 3
    2026-04-06 transferred 2.1 to 1
    2026-05-04 discharged completed

Words not given take the values of an unremarkable chart; JSON behind `|` overrides any field (null leaves it out).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.events import event_from
from caretrail.findings import Eligibility, Finding
from caretrail.policy import Pack, Policy, load_pack
from tests.support import build
from tests.support.judged import eligibility, eligibility_on, findings, held_on

PACK = load_pack("ne-medicaid-2.1-adult")
JUDGED = [rule.id for rule in PACK.judged if not rule.of_program]
"""The rules that say something of an episode."""

CLIENT, ORTIZ, LEE = "cl-7f3a", "c-ortiz", "c-lee"
CREDENTIALS = {ORTIZ: "LADC", LEE: "LIMHP", "c-noor": "PLADC", "c-diaz": "LMHP"}
GOOD = {
    "1": {"rating": "0", "problem": False, "meets_level": False},
    "2": {"rating": "0", "problem": False, "meets_level": False},
    "3": {"rating": "1", "problem": True, "meets_level": True},
    "4": {"rating": "2", "problem": True, "meets_level": True},
    "5": {"rating": "2", "problem": True, "meets_level": True},
    "6": {"rating": "2", "problem": True, "meets_level": True},
}
Json = dict[str, Any]


def person(who: str) -> Json:
    """A clinician; `c-noor:RN` states a credential, `c-noor:?` leaves it out."""
    name, _, stated = who.partition(":")
    stated = stated or CREDENTIALS.get(name, "LMHP")
    return {"id": name, "role": "clinician"} | ({} if stated == "?" else {"credential": stated})


def performer(words: list[str]) -> Json:
    """`by c-noor PLADC`; without a credential the one we know them by, `by c-noor ?` leaves it out."""
    place = words.index("by") + 1
    made = person(words[place])
    stated = next(iter(words[place + 1 :]), "")
    if re.fullmatch(r"[A-Z][A-Za-z-]+", stated):
        made["credential"] = stated
    elif stated == "?":
        del made["credential"]
    return made


def signature(who: str, on: str) -> Json:
    """A signature given; `c-lee:RN` states a credential; `md-` signs as a physician, `md-x:?` without saying so."""
    name, _, stated = who.partition(":")
    stated = stated or ("MD" if name.startswith("md-") else "?")
    return build.signature(name, on) | ({} if stated == "?" else {"credential": stated})


def signatures(text: str, day: str) -> list[Json]:
    """`signed by a, b@2026-01-09; deferred c; declined d before w`."""
    found: list[Json] = []
    for part in re.split(r";\s*", text):
        if match := re.search(r"signed by (.+)$", part):
            for who in re.split(r",\s*", match[1].strip()):
                name, _, on = who.partition("@")
                found.append(signature(name, on or day))
        elif match := re.search(r"deferred (\S+)", part):
            found.append(_unsigned(match[1]) | {"deferred": "will sign next time"})
        elif match := re.search(r"declined (\S+) before (\S+)", part):
            found.append(_unsigned(match[1]) | {"declined": "does not agree", "witness": match[2]})
    return found


def _unsigned(who: str) -> Json:
    return {"signer": who, "role": "client" if who.startswith("cl-") else "clinician"}


def assessed(words: list[str], day: str) -> Json:
    by = performer(words) if "by" in words else person(ORTIZ)
    codes = [word for word in words if re.fullmatch(r"[A-Z][0-9]{2}(\.[0-9]+)?", word)]
    kinds = {"initial", "addendum", "reassessment", "prior_accepted"}
    kind = next((word for word in words if word in kinds), "initial")
    event: Json = {
        "type": "assessed", "kind": kind, "client": CLIENT, "program": "lincoln-iop", "edition": "asam-3",
        "performed_by": [by], "dimensions": GOOD, "diagnoses": codes or ["F10.20"], "dsm": "DSM-5-TR",
        "mental_health_suspected": False,
    }  # fmt: skip
    if kind == "prior_accepted":
        event |= dict.fromkeys(("relevant", "current_diagnosis", "level_recommendation", "discharge_plan"), True)
    if "at" in words:
        event["at"] = words[words.index("at") + 1]
    if "screen" in words:
        event["co_occurring_screen"] = words[words.index("screen") + 1]
    if "suspected" in words:
        event["mental_health_suspected"] = True
    if "referred" in words:
        to = words[words.index("referred") + 1]
        event["referral"] = {"to": to, "credential": CREDENTIALS.get(to, "LIMHP"), "on": day}
    return event


def admitted(words: list[str], day: str) -> Json:
    level = words[words.index("level") + 1] if "level" in words else "2.1"
    return {
        "type": "admitted", "client": CLIENT, "program": "lincoln-iop", "zone": "America/Chicago", "level": level,
        "edition": "asam-3", "route": "direct", "population": "adult", "policy": "ne-medicaid-2.1-adult",
        "medicaid_eligible": True, "team": [person(ORTIZ), person(LEE)], "clinician": ORTIZ,
        "schedule": {"minutes_per_week": 600, "days_per_week": 3}, "expects_progress": True,
    }  # fmt: skip


def session(words: list[str], kind: str) -> Json:
    event: Json = {"type": kind, "service": words[0], "start": words[1], "minutes": int(words[2])}
    if "by" in words:
        event["performed_by"] = [performer(words)]
    if kind == "session_attended":
        event["group_size"] = int(words[words.index("size") + 1]) if "size" in words else None
        if "size" not in words and words[0] == "group":
            event["group_size"] = 8
    else:
        event["cause"] = words[words.index("cause") + 1] if "cause" in words else "client"
    return event


def plan(words: list[str], rest: str, day: str) -> Json:
    effective = words[words.index("effective") + 1] if "effective" in words else day
    return {
        "type": "plan_signed", "plan_version": int(words[0]), "effective_on": effective.rstrip(";"),
        "sections": {"discharge": True, "relapse_prevention": True, "supports": True},
        "signatures": signatures(rest, day),
    }  # fmt: skip


def review(words: list[str], rest: str, day: str) -> Json:
    event: Json = {
        "type": "plan_reviewed", "plan_version": int(words[1]), "participants": ["client"], "supports": "none",
        "updated": True, "signatures": signatures(rest, day),
    }  # fmt: skip
    if "next" in words:
        event["next_review_by"] = words[words.index("next") + 1].rstrip(";")
    if "without-client" in words:
        event["participants"] = ["clinician"]
    return event


CRITERIA = {
    "C1": {"progressing": True, "goals_remain": True, "level_needed": True},
    "C2": {"has_capacity": True, "actively_working": True},
    "C3": {"new_problems": True, "treatable_here": True, "least_intensive": True},
}
ALL_CRITERIA = [name for part in CRITERIA.values() for name in part]


def determined(words: list[str], rest: str, day: str) -> Json:
    event: Json = {"type": "continued_stay_determined", **dict.fromkeys(ALL_CRITERIA, False)}
    for name, values in CRITERIA.items():
        if name in words:
            event |= values
    event |= {"decision": words[0], "signatures": signatures(rest, day)}
    if words[0] == "leave":
        event["leave_by"] = words[words.index("leave") + 1].rstrip(";")
    return event


def team(words: list[str]) -> Json:
    event: Json = {"type": "team_changed", "joins": [], "leaves": []}
    for sign, who in zip(words[::2], words[1::2], strict=True):
        if sign == "+":
            event["joins"].append(person(who))
        elif sign == "-":
            event["leaves"].append(who)
        else:
            event["clinician"] = who
    return event


def end_of_stay(kind: str, words: list[str], day: str) -> Json:
    good = {"goals_met": True, "precipitating_condition_stabilized": True, "relapse_potential_stabilized": True}
    if kind == "transferred":
        return {
            "type": kind, "from_level": words[0], "to_level": words[2], "edition": "asam-3",
            "reason": "step_down", "outcome": good, "transfer_in": {"objectives_met": True},
        }  # fmt: skip
    return {"type": kind, "reason": words[0], "last_contact_on": day, "outcome": good}


def line_to_event(line: str) -> Json:
    """One line of text to the JSON of one event."""
    text, _, override = line.partition("|")
    day, kind, rest = (text.strip() + "  ").split(" ", 2)
    words = rest.split()
    made: Json
    if kind == "assessed":
        made = assessed(words, day)
    elif kind == "admitted":
        made = admitted(words, day)
    elif kind in ("session", "missed"):
        made = session(words, "session_attended" if kind == "session" else "session_missed")
    elif kind == "plan":
        made = plan(words, rest, day)
    elif kind == "signed":
        _, _, by = rest.partition(" by ")
        by = by or rest
        made = {"type": "signed", "target": int(words[0].lstrip("#")), "signatures": signatures(f"signed by {by}", day)}
    elif kind == "review":
        made = review(words, rest, day)
    elif kind == "determined":
        made = determined(words, rest, day)
    elif kind in ("consented", "consent_revoked"):
        made = {"type": kind}
    elif kind == "referred":
        made = {"type": kind, "kind": words[0], "to": words[2], "credential": CREDENTIALS.get(words[2], "LIMHP")}
    elif kind == "coordinated":
        made = {"type": "care_coordinated", "kind": words[0]}
    elif kind == "held":
        made = {"type": "held", "reason": words[0] if words else "hospital"}
    elif kind == "resumed":
        made = {"type": "resumed"}
    elif kind == "team":
        made = team(words)
    elif kind == "authorized":
        made = {"type": kind, "from": words[0], "to": words[2], "units": int(words[3]), "unit": words[4]}
        made |= {"level": "2.1", "payer": "p-1", "number": f"a-{words[0]}"}
    elif kind == "schedule":
        made = {"type": "schedule_set", "schedule": {"minutes_per_week": int(words[0]), "days_per_week": int(words[1])}}
    elif kind in ("transferred", "discharged"):
        made = end_of_stay(kind, words, day)
    elif kind == "explained":
        made = {"type": "explained", "rule": words[0], "on": words[2], "code": words[3] if words[3:] else "client_ill"}
    elif kind == "corrected":
        made = {"type": "corrected", "target": int(words[0].lstrip("#")), "values": {}, "reason": "typing error"}
    elif kind == "voided":
        made = {"type": "voided", "target": int(words[0].lstrip("#")), "reason": "entered_in_error"}
    else:
        raise AssertionError(f"no such event: {line}")
    made |= {"episode": "LNK-1", "occurred_on": day, "actor": person(ORTIZ)}
    if override.strip():
        values = json.loads(override)
        made = made | ({"values": values} if kind == "corrected" else values)
    return {name: value for name, value in made.items() if value is not None or kind == "corrected"}


def entries(text: str, recorded: Mapping[int, str] | None = None) -> list[Entry]:
    """All entries of a text, recorded in the order of the lines; `recorded` gives another day by number (noon, UTC)."""
    late = {number: datetime.fromisoformat(f"{day}T12:00:00+00:00") for number, day in (recorded or {}).items()}
    lines = [line.strip() for line in text.strip().splitlines() if line.strip() and not line.strip().startswith("#")]
    begin = datetime(2000, 1, 1, tzinfo=UTC)  # nothing became known after it happened, unless told
    return [
        Entry(
            number, number, event_from(line_to_event(line)), late.get(number, begin + timedelta(hours=number)), "intake"
        )
        for number, line in enumerate(lines, start=1)
    ]


def history_of(text: str) -> list[Effective]:
    return effective_history(entries(text))


class Told:
    """What a history tells: findings and eligibility, asked by rule and day."""

    def __init__(self, text: str, pack: Policy | Pack | None = PACK, recorded: Mapping[int, str] | None = None) -> None:
        self.history = effective_history(entries(text, recorded))
        self.pack = pack
        self.findings = findings(self.history, pack)

    def all(self, rule: str, subject: str | None = None) -> list[Finding]:
        return [
            item
            for item in self.findings
            if item.rule in (rule, f"NE21-{rule}") and (subject is None or item.subject == subject)
        ]

    def on(self, rule: str, day: str, subject: str | None = None) -> list[Finding]:
        return held_on(self.all(rule, subject), date.fromisoformat(day))

    def verdict(self, rule: str, day: str, subject: str | None = None) -> str:
        """The verdicts of a rule on a day, worst first as text: usually one word."""
        return " ".join(sorted(item.verdict for item in self.on(rule, day, subject)))

    def one(self, rule: str, day: str, subject: str | None = None) -> Finding:
        found = self.on(rule, day, subject)
        assert len(found) == 1, found
        return found[0]

    def runs(self, rule: str, subject: str | None = None) -> list[str]:
        """The intervals of a rule in order, as `verdict from until`."""
        found = sorted(self.all(rule, subject), key=lambda item: (item.start, item.subject))
        return [f"{item.verdict} {item.start} {item.until or '-'}" for item in found]

    def eligible(self, day: str) -> Eligibility:
        return eligibility_on(self.history, self.pack, date.fromisoformat(day))

    def stays(self) -> list[Eligibility]:
        return eligibility(self.history, self.pack)


def days_between(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
