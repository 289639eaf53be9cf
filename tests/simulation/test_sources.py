"""The numbers of the simulation are those of its sources: TEDS-D 2019 and the CTN-0094 trials."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from caretrail.simulation import teds
from caretrail.simulation.attendance import CTN, HOLDS, MISSED

ROOT = Path(__file__).parent.parent
TEDS = ROOT / "data" / "teds-d-2019.csv"
VISITS = ROOT.parent / "docs" / "examples" / "ctn0094" / "data" / "visits.csv"
BANDS = {31: (31, 45), 32: (46, 60), 33: (61, 90), 34: (91, 120), 35: (121, 180), 36: (181, 365)}


def counts(variable: str) -> dict[int, int]:
    with TEDS.open() as file:
        rows = [row for row in csv.DictReader(file) if row["variable"] == variable]
    return {int(row["value"]): int(row["frequency"]) for row in rows}


def total(variable: str, *values: int) -> int:
    return sum(counts(variable)[value] for value in values)


def test_stays_are_counted_by_their_days() -> None:
    found: dict[tuple[int, int], int] = {}
    for value, count in counts("LOS").items():
        low, high = BANDS.get(value, (value, value)) if value < 37 else (366, 730)
        [band] = [band for band in teds.LENGTH_OF_STAY if band[0] <= low and high <= band[1]] or [(0, 7)]
        found[band] = found.get(band, 0) + count
    short = found.pop((0, 7))
    assert found == dict(teds.LENGTH_OF_STAY)
    assert short + sum(found.values()) == 1_722_503


def test_reasons_are_in_the_order_of_the_codebook() -> None:
    assert list(teds.REASONS.values()) == list(counts("REASON").values())


@pytest.mark.parametrize(
    ("diagnosis", "values"),
    [
        ("F10.20", (2,)),
        ("F11.20", (5, 6, 7)),
        ("F12.20", (4,)),
        ("F13.20", (13, 14, 15, 16)),
        ("F14.20", (3,)),
        ("F15.20", (10, 11, 12)),
    ],
)
def test_a_diagnosis_goes_with_primary_substances(diagnosis: str, values: tuple[int, ...]) -> None:
    assert teds.DIAGNOSES[diagnosis] == total("SUB1", *values)


def test_living_and_work_are_as_collected() -> None:
    assert list(teds.RESIDENCE.values()) == list(counts("LIVARAG").values())
    assert list(teds.EMPLOYMENT.values()) == list(counts("EMPLOY").values())


def test_shares_are_of_what_is_known() -> None:
    assert pytest.approx(total("PSYPROB", 1) / total("PSYPROB", 1, 2)) == teds.CO_OCCURRING
    known = sum(count for value, count in counts("PSOURCE").items() if value > 0)
    assert pytest.approx(total("PSOURCE", 2) / known) == teds.FROM_OTHER_CARE


# --- the trials -----------------------------------------------------------------------------------------------------


def planned_weeks() -> Iterable[tuple[list[bool], list[str]]]:
    """Of each person: whether each planned week was attended, up to the last that was, and why others were not."""
    weeks: dict[str, dict[int, bool]] = {}
    reasons: dict[str, list[tuple[int, str]]] = {}
    with VISITS.open() as file:
        for row in csv.DictReader(file):
            if not row["visit"].startswith("WK"):
                continue
            who, week = row["who"], int(row["visit"][2:])
            held = row["what"] in ("visit", "final") and bool(row["when"])
            weeks.setdefault(who, {})[week] = weeks.get(who, {}).get(week, False) or held
            if row["what"] in ("no visit", "MISSING"):
                reasons.setdefault(who, []).extend((week, reason) for reason in row["reasons"].split(";"))
    for who, came in weeks.items():
        last = max((week for week in came if came[week]), default=0)
        yield (
            [came[week] for week in sorted(came) if week < last],
            [reason for week, reason in reasons.get(who, ()) if week < last],
        )


def test_attendance_is_that_of_the_trials() -> None:
    pairs = Counter(pair for came, _ in planned_weeks() for pair in pairwise(came))
    assert pairs[True, True] / (pairs[True, True] + pairs[True, False]) == CTN.after_coming
    assert pairs[False, True] / (pairs[False, True] + pairs[False, False]) == CTN.after_missing
    assert sum(pairs.values()) == 15_074
    came = [one for weeks, _ in planned_weeks() for one in weeks]
    assert abs(sum(came) / len(came) - CTN.rate) < 0.03, (
        "what the chances come to in the long run is the share that came"
    )


def test_reasons_to_stay_away_are_those_of_the_trials() -> None:
    of_the_trial = {"no_note", "window", "left_study", "missing_14_consecutive"}
    found = Counter(reason for _, reasons in planned_weeks() for reason in reasons if reason not in of_the_trial)
    assert found == MISSED
    assert HOLDS.keys() <= MISSED.keys()
