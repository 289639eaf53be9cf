"""Generated charts: an admission, and anything that may befall it, also what nobody should do.

A chart is lines of text in the order they were recorded. Many are dated back, correct or strike an earlier one, move
the client away and back, or take a discharge back. What the recorder would refuse is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import note
from hypothesis import strategies as st

from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, effective_history
from caretrail.episode.possible import require_possible
from caretrail.errors import Impossible, InvalidEvent
from caretrail.events import Addendum, Admitted, Corrected, Discharged, Signed, Transferred, Voided
from tests.findings.text_history import CLIENT, LEE, ORTIZ, entries

START = date(2026, 1, 5)
NOOR = "c-noor"
TEAM = (ORTIZ, LEE, NOOR)
SIGNERS = ((ORTIZ, CLIENT), (ORTIZ, LEE, CLIENT), (LEE,), (CLIENT,), (NOOR, CLIENT), (ORTIZ, "g-ma"), (ORTIZ,))
CRITERIA = ("C1", "C2", "C3", "C1 C2", "")
KINDS = (
    "session", "session", "week", "week", "week", "week", "other", "missed", "odd group", "plan", "plan",
    "review", "review", "review", "review", "signed", "signed", "determined", "determined", "hold", "hold", "team",
    "team", "move", "move", "move", "moved to", "moved to", "restated", "restated", "void", "void", "void",
    "assessed", "prior", "discharged", "explained", "care", "authorized",
)  # fmt: skip
THEMES = (
    KINDS,
    (
        *("review",) * 5,
        *("signed",) * 5,
        "plan",
        "session",
        "determined",
        "determined",
        "move",
        "move",
        "team",
        "void",
        "discharged",
    ),
    (*("move",) * 5, *("session",) * 3, *("review",) * 3, "plan", "signed", "determined", "odd group", "discharged"),
    (*("session",) * 4, *("assessed",) * 3, *("prior",) * 3, "other", "moved to", "restated", "restated", "move"),
    (*("week",) * 4, *("missed",) * 3, *("hold",) * 3, "session", "other", "odd group", "move", "void", "discharged"),
    (*("team",) * 4, *("plan",) * 2, *("review",) * 3, *("signed",) * 4, "determined", "moved to", "discharged"),
    (*("assessed",) * 3, "prior", *("care",) * 4, *("goals",) * 2, "plan", "move", "restated", "void", "discharged"),
    (*("authorized",) * 4, *("session",) * 4, "week", "move", "moved to", "void", "discharged"),
)
"""What there is much of in one chart: what meets seldom by chance meets often in a chart full of it."""

NEEDS_ADMISSION = ("review", "goals", "determined", "hold", "move", "discharged", "authorized")
DOCUMENTS = ("plan", "review", "determined")
AMENDMENTS = ("corrected", "voided")
RESTATED = {
    "session": ('"group_size": 8', '"group_size": 13', '"minutes": 60', '"service": "other"'),
    "missed": ('"cause": "program"', '"cause": "client"'),
    "plan": ('"effective_on": "2026-01-20"', '"effective_on": "2026-03-01"', '"plan_version": 9'),
    "review": ('"updated": true', '"participants": ["guardian"]', '"next_review_by": null', '"updated": null'),
    "determined": ('"progressing": null', '"level_needed": false', '"new_problems": true'),
    "assessed": ('"relevant": true', '"kind": "prior_accepted"', '"diagnoses": []', '"at": "08:00"'),
    "admitted": ('"expects_progress": null', '"level": "2.1"', '"team": []'),
}
"""What a correction may say of an earlier line; every other line has its `performed_by` corrected."""


class Writer:
    """Writes the lines of a chart; `one` and `two` choose among what may happen."""

    def __init__(self, level: str) -> None:
        self.lines: list[str] = []
        self.kinds: list[str] = []
        self.level, self.on_hold, self.moved_on, self.held_on = level, False, START, START

    def write(self, kind: str, day: date, one: int, two: int) -> None:
        if kind == "week":
            for ahead in (0, 2, 4):
                self.put(f"{day + timedelta(days=ahead)} session group 09:00 {200 - one} size 8")
        else:
            self.put(self.line(kind, day, one, two))

    def put(self, line: str) -> None:
        self.lines.append(line)
        self.kinds.append(line.split(" ", 2)[1])

    def numbered(self, *kinds: str) -> list[int]:
        """The numbers of the lines of some kinds."""
        return [number for number, kind in enumerate(self.kinds, start=1) if kind in kinds]

    def line(self, kind: str, day: date, one: int, two: int) -> str:
        by = f"signed by {', '.join(name + signed_on(day, two) for name in SIGNERS[one % len(SIGNERS)])}"
        if kind in DOCUMENTS:
            return self.document(kind, day, one, two, by)
        if kind in ("moved to", "restated", "void"):
            return self.amendment(kind, day, one, two)
        if kind == "signed" and (documents := self.numbered(*DOCUMENTS)):
            # mostly the latest ones: old documents are signed already
            who = (CLIENT, *TEAM, "g-ma")[one % 5]
            return f"{day} signed #{documents[-1 - two % min(len(documents), 4)]} by {who}{signed_on(day, two)}"
        if kind == "move":
            # moves and holds may be recorded late, but in the order of their days: others would mostly be refused
            day = self.moved_on = max(day, self.moved_on)
            here, self.level = self.level, "2.1" if self.level != "2.1" else ("1", "2.5", "3.5")[one % 3]
            reason = ' | {"transfer_in": {"level1_insufficient": true}}' if two % 2 else ""
            return f"{day} transferred {here} to {self.level}{reason}"
        if kind == "hold":
            day = self.held_on = max(day, self.held_on)
            self.on_hold = not self.on_hold
            return f"{day} {'held' if self.on_hold else 'resumed'}"
        return {
            "odd group": f'{day} session group 09:00 180 | {{"group_size": {(1, 2, 13, "null")[one % 4]}}}',
            "other": f"{day} session {('individual', 'family', 'other', 'education')[one % 4]} 13:00 {60 + two}",
            "missed": f"{day} missed group 09:00 180 cause {('client', 'program', 'other')[one % 3]}",
            "team": f"{day} team {('+', '-', 'carries')[one % 3]} {TEAM[two % 3]}",
            "explained": f"{day} explained {('R1', 'NE21-I1', 'P1', 'I3', 'P3', 'C1')[two % 6]} on {near(day, one)}",
            "assessed": f"{day} assessed {('initial', 'addendum', 'reassessment')[one % 3]} by {TEAM[two % 3]}"
            + (" suspected" if one % 2 else "") + (" referred c-lee" if two % 2 else "")
            + (" F32.1" if one % 5 == 0 else "") + (" at 10:00" if two % 4 == 0 else "")
            + (" screen positive" if two % 3 == 0 else "")
            + ("", ' | {"clinician_level": "2.1"}', ' | {"recommended_level": "3.5"}')[one // 3 % 3],
            "prior": f"{day} assessed prior_accepted" + (" at 10:00" if two % 3 == 0 else "")
            + ("", ' | {"relevant": null}', ' | {"discharge_plan": false}', ' | {"edition": "asam-4"}',
               ' | {"on": "2020-01-06"}')[one % 5],
            "care": f"{day} " + ("referred mental_health to c-lee", "referred psychiatric to c-noor",
                                 "coordinated mental_health", "coordinated medical")[one % 4],
            "goals": f"{day} review of 1 {by}"
            + f' | {{"goals": [{{"id": "g{one % 2}", "status": "{("open", "met", "dropped")[two % 3]}"}}]}}',
            "authorized": f"{day} authorized {near(day, one)} to {near(day, one) + timedelta(days=two)} "
            + f"{1 + one % 5} {('day', 'session', 'hour', 'visit', 'week')[two % 5]} | "
            + f'{{"status": "{("requested", "approved", "approved", "partial", "denied", "ended")[two % 6]}", '
            + f'"number": "a-{one % 3}"}}',
            "discharged": f"{day} discharged {('completed', 'left_against_advice')[one % 2]}"
            + (' | {"outcome": null}' if two % 3 == 0 else "")
            + (f' | {{"last_contact_on": "{max(day - timedelta(days=one), START)}"}}' if two % 3 == 1 else ""),
        }.get(kind, f"{day} session group {9 + one % 3:02}:00 {120 + 30 * (two % 4)} size {3 + one % 10}")  # fmt: skip

    def document(self, kind: str, day: date, one: int, two: int, by: str) -> str:
        if kind == "plan":
            number = 1 + self.kinds.count("plan")
            effective = near(day, one) if one % 3 == 0 else day
            more = ' | {"required_signers": ["c-diaz"]}' if two % 5 == 0 else ""
            return f"{day} plan {number} effective {effective} {by}{more}"
        if kind == "determined":
            decision = "continue" if one % 4 else f"leave {near(day, one)}"
            null = ' | {"progressing": null, "has_capacity": null}' if two % 7 == 0 else ""
            return f"{day} determined {decision} {CRITERIA[two % 5]} {by}{null}"
        odd = "without-client " if one % 11 == 0 else ""
        next_by = f"next {day + timedelta(days=two - 3)} " if two % 5 == 0 else ""
        rest = "; deferred c-diaz" if two % 6 == 0 else f"; declined {LEE if LEE not in by else 'c-diaz'} before c-x"
        change = ' | {"updated": false}' if one % 5 == 1 else ' | {"updated": null}' if one % 13 == 2 else ""
        change = change or (' | {"participants": []}' if one % 7 == 3 else "")
        return f"{day} review of {max(self.kinds.count('plan') - (two % 7 == 0), 1)} {odd}{next_by}{by}{rest}{change}"

    def amendment(self, kind: str, day: date, one: int, two: int) -> str:
        """Correct or strike one of the latest lines; a void may strike a void or a correction."""
        targets = [
            number for number, what in enumerate(self.kinds, start=1) if kind == "void" or what not in AMENDMENTS
        ]
        target = targets[-1 - two % min(len(targets), 12)]
        if kind == "void":
            return f"{day} voided #{target}"
        line = self.lines[target - 1].split()
        if kind == "moved to":
            on = near(date.fromisoformat(line[0]), one)
            contact = f', "last_contact_on": "{on}"' if line[1] == "discharged" else ""
            return f'{day} corrected #{target} | {{"occurred_on": "{on}"{contact}}}'
        values = RESTATED.get(line[1], ('"performed_by": []',))
        return f"{day} corrected #{target} | {{{values[one % len(values)]}}}"


def near(day: date, one: int) -> date:
    return day + timedelta(days=one % 40 - 20)


def signed_on(day: date, two: int) -> str:
    """Mostly the day of the event itself; sometimes a day before or after it."""
    return f"@{day + timedelta(days=two % 13 - 4)}" if two % 4 == 0 else ""


Move = tuple[int, int]
"""How many days after the event before it something happens, and how many days late it is recorded."""
Step = tuple[Move, str, int]
"""A move, the kind of what happens, and a chance below 1,600 that chooses the rest."""


def steps(moves: Sequence[Move], kinds: Sequence[str], least: int, most: int) -> st.SearchStrategy[list[Step]]:
    """Steps of a chart, each drawn as one number: three draws for each would take longer than to judge the chart."""

    def told(number: int) -> Step:
        choice, chance = divmod(number, 1600)
        move, kind = divmod(choice, len(kinds))
        return moves[move], kinds[kind], chance

    numbers = st.integers(0, len(moves) * len(kinds) * 1600 - 1)
    return st.lists(numbers, min_size=least, max_size=most).map(lambda drawn: [told(number) for number in drawn])


AHEAD_AND_LATE = [(ahead, late) for ahead in (0, 0, 1, 2, 3, 4, 5, 7) for late in (0, 0, 0, 0, 0, 1, 4, 12, 30)]
STEPS = [steps(AHEAD_AND_LATE, kinds, 25, 45) for kinds in THEMES]


@st.composite
def histories(draw: st.DrawFn) -> list[Effective]:
    """A chart over a few months, as it counts once all is recorded."""
    writer = Writer(draw(st.sampled_from(["2.1", "2.1", "2.1", "2.1", "1"])))
    if first := draw(st.sampled_from(["assessed", "assessed", "prior", ""])):
        ahead = draw(st.integers(-4, 3))
        writer.write(first, START + timedelta(days=ahead), draw(st.integers(0, 5)), draw(st.integers(0, 5)))
    team = draw(st.sampled_from(["", "", "", ' | {"team": []}', ' | {"team": [], "clinician": null}']))
    writer.put(f"{START} admitted level {writer.level}{team}")
    if plan_after := draw(st.sampled_from([0, 1, 3, 3, 12])):
        writer.put(f"{START + timedelta(days=plan_after - 1)} plan 1 signed by {ORTIZ}, {CLIENT}")
    day = START - timedelta(days=draw(st.sampled_from([0, 0, 0, 3])))
    for number, ((ahead, late), kind, chance) in enumerate(draw(draw(st.sampled_from(STEPS)))):
        one, two = divmod(chance, 40)
        day += timedelta(days=ahead)
        on = day - timedelta(days=late)
        writer.write(kind, max(on, START) if kind in NEEDS_ADMISSION else on, one, two)
        if kind == "discharged" and number < 20:
            # recorded in error: the client is still here
            writer.put(f"{day} voided #{len(writer.lines)}")
    text = "\n".join(writer.lines)
    note(f"recorded, of which some was refused:\n{text}")
    return possible(entries(text))


def possible(recorded: list[Entry]) -> list[Effective]:
    """Leave out, one after the other, what the recorder would have refused."""
    kept = {entry.version: entry for entry in recorded}
    while True:
        kept = _with_targets(kept)
        try:
            history = effective_history(list(kept.values()))
            require_possible(history)
        except InvalidEvent:
            # a correction that makes no valid event: the last one is as good a guess as any
            del kept[max(version for version, entry in kept.items() if isinstance(entry.event, Corrected))]
        except Impossible as refused:
            # the admission and the discharge stay, if something else is in their way
            others = [
                version for version in refused.versions if not isinstance(kept[version].event, Admitted | Discharged)
            ]
            del kept[max(others or refused.versions)]
        else:
            if (stray := _out_of_order(history)) is None:
                return history
            del kept[stray]


def _with_targets(entries: dict[int, Entry]) -> dict[int, Entry]:
    kept: dict[int, Entry] = {}
    for version, entry in entries.items():
        event = entry.event
        if not isinstance(event, Corrected | Voided | Addendum | Signed) or event.target in kept:
            kept[version] = entry
    return kept


def _out_of_order(history: list[Effective]) -> int | None:
    """A transfer that fits only if those of its day change places: possible, but too much for a plain reading."""
    level = ""
    for item in history:
        event = item.event
        if isinstance(event, Admitted):
            level = event.level
        elif isinstance(event, Transferred):
            if event.from_level != level:
                return item.version
            level = event.to_level
    return None
