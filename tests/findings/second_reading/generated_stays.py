"""Generated stays: what moves continued stay and eligibility, close to the days on which something turns.

A narrower generator than `generated.histories`: few kinds of events, and steps of 0, 1, 7, 23, 30 or 31 days, so that
terms, days to leave, ties, returns, lapses, late signatures and doubtful credentials meet in short charts.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import note
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from tests.findings.generated import possible
from tests.findings.text_history import CLIENT, LEE, ORTIZ, entries

START = date(2026, 1, 5)
MOST_DAYS = 200
"""How far from the admission a chart goes."""
KINDS = (*("determined",) * 8, *("signed",) * 4, *("move",) * 4, "void", "void", "restated", "team", "discharged")
GAPS = (0, 0, 0, 1, 1, 2, 5, 7, 8, 15, 22, 23, 24, 29, 30, 30, 31, 31, 32, 45)
LATE = (0, 0, 0, 0, 0, 1, 7, 30)
LEAVES = (0, 1, 3, 6, 7, 8, 29, 30, 31, 40)
CRITERIA: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"progressing": None, "has_capacity": True, "actively_working": True},
    {"progressing": False, "has_capacity": True, "actively_working": True},
    {"progressing": True, "goals_remain": False, "has_capacity": True, "actively_working": True},
    {"new_problems": True, "treatable_here": True, "least_intensive": True, "progressing": None},
    {"progressing": False},
    {"level_needed": None},
    {"level_needed": False},
)
"""What differs from a client who makes progress, has goals left and needs the level."""
Signer = tuple[str, str, str | None]
"""Who signs, in which role, and the credential the signature states."""
SURE: tuple[Signer, ...] = (
    *((ORTIZ, "clinician", "LADC"), (LEE, "clinician", "LIMHP")) * 4,
    ("c-new", "clinician", "LMHP"),
    ("c-peer", "clinician", "CPSS"),
    ("c-desk", "staff", None),
    (CLIENT, "client", None),
    (CLIENT, "client", None),
)
DOUBTFUL: tuple[Signer, ...] = (
    *((ORTIZ, "clinician", None), (LEE, "clinician", None)) * 3,
    ("c-new", "clinician", None),
    ("c-doctor", "clinician", "PhD"),
)
"""Who counts by the roster of the day, or by nothing that was stated."""
ASSESSED = (
    *("2026-01-02 assessed",) * 6,
    "2026-01-20 assessed",
    "2026-01-02 assessed by c-peer CPSS",
    "2026-01-02 assessed prior_accepted",
    '2026-01-02 assessed prior_accepted | {"relevant": false}',
    "2026-01-02 assessed addendum",
    '2026-01-02 assessed | {"diagnoses": []}',
    '2026-01-02 assessed | {"dimensions": {}}',
    "",
)
ADMITTED = (
    *("",) * 6,
    " level 1",
    ' | {"team": []}',
    ' | {"expects_progress": null}',
)


class Chart:
    """Writes the lines of a chart."""

    def __init__(self, first: list[str], level: str, signers: tuple[Signer, ...]) -> None:
        self.lines = first
        self.level = level
        self.signers = signers
        self.moved_on = START

    def numbered(self, *kinds: str) -> list[int]:
        return [number for number, line in enumerate(self.lines, start=1) if line.split(" ")[1] in kinds]

    def write(self, kind: str, day: date, draw: st.DrawFn) -> None:
        if kind == "determined":
            self.lines.append(f"{day} determined continue C1 | {json.dumps(self.determined(day, draw))}")
        elif kind == "move":
            # in the order of their days: others would mostly be refused
            day = self.moved_on = max(day, self.moved_on)
            here, self.level = self.level, "3.5" if self.level == "2.1" else "2.1"
            self.lines.append(f"{day} transferred {here} to {self.level}")
        elif kind == "team":
            self.lines.append(f"{day} team {draw(st.sampled_from(['- c-ortiz', '- c-lee', '+ c-new']))}")
        elif kind == "discharged":
            self.lines.append(f"{day} discharged completed")
        elif documents := self.numbered("determined"):
            self.act_on(kind, day, draw, documents)

    def determined(self, day: date, draw: st.DrawFn) -> dict[str, Any]:
        event = dict(draw(st.sampled_from(CRITERIA)))
        if draw(st.sampled_from([False, False, True])):
            leave_by = day + timedelta(days=draw(st.sampled_from(LEAVES)))
            event |= {"decision": "leave", "leave_by": str(leave_by)}
        signatures = [self.signed(day, draw)]
        if signatures[0]["signer"] != ORTIZ and draw(st.sampled_from([False, False, True])):
            signatures.append({"signer": ORTIZ, "role": "clinician", "deferred": "tomorrow"})
        return event | {"signatures": signatures}

    def act_on(self, kind: str, day: date, draw: st.DrawFn, documents: list[int]) -> None:
        """Sign, strike or correct one of the latest lines."""
        if kind == "signed":
            target = draw(st.sampled_from(documents[-3:]))
            signatures = json.dumps({"signatures": [self.signed(day, draw)]})
            self.lines.append(f"{day} signed #{target} by {LEE} | {signatures}")
            return
        targets = documents + self.numbered("signed", "transferred", "discharged", "voided")
        target = draw(st.sampled_from(targets))
        if kind == "void":
            self.lines.append(f"{day} voided #{target}")
            return
        on = date.fromisoformat(self.lines[target - 1].split()[0]) + timedelta(days=draw(st.integers(-9, 9)))
        values = draw(
            st.sampled_from(
                [{"occurred_on": str(on)}, {"level_needed": None}, {"goals_remain": False}, {"progressing": True}]
            )
            if target in documents
            else st.just({"occurred_on": str(on)})
        )
        self.lines.append(f"{day} corrected #{target} | {json.dumps(values)}")

    def signed(self, day: date, draw: st.DrawFn) -> dict[str, Any]:
        """A signature, mostly of the day of its event."""
        signer, role, credential = draw(st.sampled_from(self.signers))
        on = day + timedelta(days=draw(st.sampled_from((0, 0, 0, 0, 0, 0, 1, 3, 31, -1, -4))))
        made = {"signer": signer, "role": role, "signed_on": str(on), "method": "electronic", "meaning": "review"}
        return made if credential is None else made | {"credential": credential}


@st.composite
def stays(draw: st.DrawFn, *, doubts: bool) -> list[Effective]:
    """A chart of some months, as it counts once all is recorded; with or without doubt about who signed."""
    admitted = draw(st.sampled_from(ADMITTED))
    assessed = draw(st.sampled_from(ASSESSED))
    first = [line for line in (assessed, f"{START} admitted{admitted}") if line]
    chart = Chart(first, "1" if "level 1" in admitted else "2.1", SURE + DOUBTFUL if doubts else SURE)
    if draw(st.booleans()):
        chart.lines += [f"{START + timedelta(days=7 * week)} session group 09:00 180" for week in range(MOST_DAYS // 7)]
    day = START
    for _ in range(draw(st.integers(1, 12))):
        day += timedelta(days=draw(st.sampled_from(GAPS)))
        if (day - START).days > MOST_DAYS:
            break
        on = day - timedelta(days=draw(st.sampled_from(LATE)))
        chart.write(draw(st.sampled_from(KINDS)), max(on, START), draw)
    text = "\n".join(chart.lines)
    note(f"recorded, of which some was refused:\n{text}")
    return possible(entries(text))
