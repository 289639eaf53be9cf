"""Generated charts of plans and reviews, with credentials, rosters, participants and supports left out or odd.

Signatures are given late, ahead of their day or long before their document; the chart is recorded late, or imported.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import note
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from tests.findings.generated import NEEDS_ADMISSION, NOOR, SIGNERS, START, TEAM, Writer, possible, steps
from tests.findings.text_history import CLIENT, LEE, ORTIZ, entries

STATED = ("", "", "", "", ":LADC", ":CPSS", ":MD", ":RN", ":PhD", ":PLADC")
"""What a signature says of its signer's credential: mostly nothing."""
PAPER_SIGNERS = (
    *SIGNERS, *SIGNERS, (ORTIZ, CLIENT), (NOOR,), (CLIENT, "md-quinn"), ("md-quinn:?", CLIENT), ("md-quinn:LMHP",),
    ("s-webb", LEE), (CLIENT, "c-x"), ("c-x", "g-ma"),
)  # fmt: skip
PARTICIPANTS = (
    "",
    "",
    "",
    "[]",
    "[]",
    '["clinician"]',
    '["guardian"]',
    '["family", "clinician"]',
    '["client", "family"]',
)
SUPPORTS = ("", "", "null", '"declined"')
CHANGES = ("", "", "", '"updated": false', '"updated": null', '"updated": false, "no_change_reason": "as planned"')
ROSTERS = (
    "", "", "", "", ' | {"team": []}', ' | {"team": [], "clinician": null}',
    ' | {"team": [{"id": "c-ortiz", "role": "clinician"}], "clinician": null}',
    ' | {"team": [{"id": "c-ortiz", "role": "staff", "credential": "LADC"}, {"id": "c-lee", "role": "supervisor"}]}',
    ' | {"team": [{"id": "c-ortiz", "role": "clinician", "credential": "MD"}], "clinician": "c-lee"}',
    ' | {"team": [{"id": "c-lee", "role": "clinician", "credential": "CPSS"}], "clinician": "c-noor"}',
)  # fmt: skip
PAPER_THEMES = tuple(
    tuple(kind for kind, times in theme.items() for _ in range(times))
    for theme in (
        {"review": 6, "signed": 4, "plan": 3, "session": 2, "team": 2, "move": 1, "hold": 1, "discharged": 1},
        {"review": 5, "move": 4, "signed": 3, "plan": 1, "session": 1, "team": 1, "void": 1, "restated": 1},
        {"review": 5, "signed": 5, "plan": 2, "team": 2, "restated": 2, "void": 1, "moved to": 1},
        {"session": 4, "plan": 3, "other": 2, "hold": 2, "signed": 2, "review": 1, "move": 1, "discharged": 1},
    )
)
"""What there is how much of in one chart."""


class PaperWriter(Writer):
    """Writes charts of plans and reviews, with credentials, participants and supports left out or odd."""

    def line(self, kind: str, day: date, one: int, two: int) -> str:
        chance = one * 40 + two
        if kind == "signed" and (documents := self.numbered("plan", "review")):
            who = stated((CLIENT, *TEAM, "g-ma", "md-quinn:?", "s-webb", ORTIZ)[one % 8], two)
            return f"{day} signed #{documents[-1 - two % min(len(documents), 4)]} by {who}{early(day, chance)}"
        if kind == "team":
            return f"{day} team {('+', '-', '+', 'carries')[one % 4]} {TEAM[two % 3]}{self._joining(one, two)}"
        return super().line(kind, day, one, two)

    def _joining(self, one: int, two: int) -> str:
        return ("", ":?", ":RN", ":MD")[two % 4] if one % 2 == 0 else ""

    def document(self, kind: str, day: date, one: int, two: int, by: str) -> str:
        chance = one * 40 + two
        names = PAPER_SIGNERS[one % len(PAPER_SIGNERS)]
        signers = [stated(who, chance // 3 + place) + early(day, chance + place) for place, who in enumerate(names)]
        by = f"signed by {', '.join(signers)}"
        if kind != "review":
            return super().document(kind, day, one, two, by)
        next_by = f"next {day + timedelta(days=1 + two)} " if two % 6 == 0 else ""
        more = [
            f'"participants": {who}' if (who := PARTICIPANTS[chance % 9]) else "",
            f'"supports": {what}' if (what := SUPPORTS[two % 4]) else "",
            CHANGES[chance % 6],
        ]
        plan = max(self.kinds.count("plan") - (0, 0, 0, 1, -1)[two % 5], 1)
        rest = ("", "", "; declined cl-7f3a before c-x", "; deferred c-diaz")[one % 4] if CLIENT not in names else ""
        return f"{day} review of {plan} {next_by}{by}{rest} | {{{', '.join(filter(None, more))}}}"


def stated(who: str, chance: int) -> str:
    return who if ":" in who else who + STATED[chance % len(STATED)]


def early(day: date, chance: int) -> str:
    """Mostly the day of the event itself; sometimes a day around it, or long before there was a document."""
    ahead = (0, 0, 0, 0, 0, 0, 0, -7, -8, -9, 3, -1, 20)[chance % 13]
    return f"@{day + timedelta(days=ahead)}" if ahead else ""


START_AT = datetime(2026, 1, 5, 4, tzinfo=UTC)
"""The evening before `START` where the program is."""
STRIKES = ("void", "moved to")
"""What is struck on a day lengthens every notice of that day, which a plain reading does not: see test_notice."""
CHANCES = st.integers(0, 1599)
PAPER_AHEAD_AND_LATE = [(ahead, late) for ahead in (0, 0, 1, 2, 5, 12, 24, 31) for late in (0, 0, 0, 0, 1, 4, 12)]
PAPER_STEPS = [steps(PAPER_AHEAD_AND_LATE, kinds, 6, 18) for kinds in PAPER_THEMES]


@st.composite
def paper_histories(draw: st.DrawFn) -> list[Effective]:
    """A chart full of plans and reviews, recorded on time or late, or brought in from another system."""
    writer = PaperWriter(draw(st.sampled_from(["2.1", "2.1", "2.1", "1"])))
    writer.put(f"{START} admitted level {writer.level}{draw(st.sampled_from(ROSTERS))}")
    if plan_after := draw(st.sampled_from([0, 0, 1, 3, 12])):
        writer.write("plan", START + timedelta(days=plan_after - 1), *divmod(draw(CHANCES), 40))
    lag = draw(st.sampled_from([0, 0, 2, 12, 40]))
    day = START
    for (ahead, late), kind, chance in draw(draw(st.sampled_from(PAPER_STEPS))):
        day += timedelta(days=ahead)
        on = day - timedelta(days=late)
        if not (lag and kind in STRIKES):
            writer.write(kind, max(on, START) if kind in NEEDS_ADMISSION else on, *divmod(chance, 40))
    text = "\n".join(writer.lines)
    note(f"recorded about {lag} days late, of which some was refused:\n{text}")
    recorded = entries(text)
    for entry in recorded if lag else ():
        entry.imported = entry.version % 7 == 0
        after = entry.event.occurred_on - START + timedelta(days=lag * entry.version % (lag + 1))
        entry.recorded_at = START_AT + after
    return possible(recorded)
