"""Virginia and South Dakota read otherwise: each alternative of each reading changes what is said of some chart."""

from __future__ import annotations

import json

import pytest

from caretrail.policy import Pack, load_pack
from tests.findings.text_history import Told

VIRGINIA, DAKOTA = load_pack("va-medicaid-2.1-adult"), load_pack("sd-iop-2.1-adult")
PACKS = {pack.name: pack for pack in (VIRGINIA, DAKOTA)}
TEAM = [
    {"id": "c-ortiz", "role": "clinician", "credential": "LPC"},
    {"id": "c-lac", "role": "clinician", "credential": "LAC"},
]
ADMITTED = (
    f"2026-01-05 admitted | {json.dumps({'team': TEAM, 'schedule': {'minutes_per_week': 540, 'days_per_week': 3}})}"
)
WHOLE = '{"scope": "comprehensive"}'
PLAN = f"2026-01-20 plan 1 signed by cl-7f3a, c-ortiz | {WHOLE}"
REVIEW = "review of 1 signed by c-ortiz"
GROUP = "session group 09:00 180"
WEEK = "\n".join(f"2026-01-{day} {GROUP}" for day in (11, 12))

CHARTS: dict[str, dict[str, str]] = {
    "va-medicaid-2.1-adult": {
        "same_day_assessment strict": f"2026-01-06 assessed by c-ortiz LPC\n2026-01-06 {GROUP}",
        "plan_implemented signed": f'2026-01-20 plan 1 effective 2026-02-20 signed by c-ortiz | {WHOLE}',
        "quarters rolling": f"{PLAN}\n2026-03-10 {REVIEW}",
        "quarters earlier_of_both": f"{PLAN}\n2026-03-10 {REVIEW}",
        "review_done clinician_signed": f"{PLAN}\n2026-04-20 review of 1 signed by c-ortiz@2026-04-30",
        "review_done all_signed": f"{PLAN}\n2026-04-20 review of 1 signed by c-ortiz",
        "hours_bind attended": f"{WEEK}\n2026-01-13 missed group 09:00 180 cause client",
        "hours_bind scheduled": f"{WEEK}\n2026-01-13 missed group 09:00 60 cause program\n2026-01-14 schedule 600 3",
        "service_day_binds attended": "2026-01-12 missed group 09:00 180 cause client",
        "hold pause": f"{PLAN}\n2026-02-01 held\n2026-02-20 resumed",
        "weekend_due_date next_working_day": f"2026-01-18 plan 1 signed by cl-7f3a, c-ortiz | {WHOLE}",
    },
    "sd-iop-2.1-adult": {
        "new_problem new_problem_treatable": "2026-01-12 determined continue C3 signed by c-lac",
        "return_to_level earlier_plan_stands": (
            "2026-01-06 plan 1 signed by c-lac\n2026-01-20 transferred 2.1 to 1\n2026-02-20 transferred 1 to 2.1"
        ),
    },
}  # fmt: skip
"""A chart for each alternative, by the name of the reading and the other answer."""


def alternatives(pack: Pack) -> set[str]:
    return {f"{name} {other}" for name, reading in pack.readings.items() for other in reading.alternatives}


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_alternative_has_a_chart(pack: Pack) -> None:
    assert alternatives(pack) == set(CHARTS[pack.name])


@pytest.mark.parametrize(
    ("pack", "named", "lines"),
    [(PACKS[name], named, lines) for name, charts in CHARTS.items() for named, lines in charts.items()],
    ids=[f"{name} {named}" for name, charts in CHARTS.items() for named in charts],
)
def test_another_reading_says_something_else_of_its_chart(pack: Pack, named: str, lines: str) -> None:
    reading, other = named.split()
    read_otherwise = pack
    for place in pack.readings[reading].decides:
        rule, _, field = place.rpartition(".")
        read_otherwise = read_otherwise.changed(rule, **{field: other})
    rules = {place.rpartition(".")[0] for place in pack.readings[reading].decides}
    ours, theirs = (
        [item for item in Told(f"{ADMITTED}\n{lines}", one).findings if item.rule in rules]
        for one in (pack, read_otherwise)
    )
    assert ours != theirs
