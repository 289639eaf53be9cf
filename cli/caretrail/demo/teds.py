"""How US treatment went in 2019: counts that make the demo's population look like the country's.

Source: SAMHSA, Treatment Episode Data Set: Discharges (TEDS-D) 2019, public use file codebook, public domain. The
codebook counts all 1,722,503 discharges of all services; it does not cross length of stay with service, so these are
not counts of intensive outpatient treatment alone. Left out for that reason: stays under 8 days, which are mostly
detoxification, and stays over a year, which are often dropouts closed late.
"""

from __future__ import annotations

from caretrail.tokens import DischargeReason

LENGTH_OF_STAY: tuple[tuple[int, int, int], ...] = (
    (8, 10, 25_518 + 17_296 + 15_080),
    (11, 14, 12_884 + 12_658 + 16_679 + 26_575),
    (15, 21, 19_530 + 12_327 + 10_605 + 9_559 + 9_855 + 12_734 + 18_222),
    (22, 30, 15_384 + 10_351 + 9_122 + 8_550 + 9_299 + 14_217 + 26_155 + 19_057 + 13_464),
    (31, 45, 111_830),
    (46, 60, 84_332),
    (61, 90, 140_555),
    (91, 120, 114_387),
    (121, 180, 114_266),
    (181, 365, 128_974),
)
"""Days from, days to, discharges (variable LOS)."""

REASONS: dict[DischargeReason, int] = {
    "completed": 725_929,
    "left_against_advice": 432_610,
    "terminated": 95_254,
    "transferred": 369_503,
    "incarcerated": 26_005,
    "died": 3_576,
    "other": 69_626,
}
"""Why treatment ended (variable REASON)."""

DIAGNOSES: dict[str, int] = {
    "F10.20": 521_673,
    "F11.20": 391_533 + 3_739 + 126_346,
    "F12.20": 187_746,
    "F13.20": 17_802 + 122 + 908 + 2_081,
    "F14.20": 99_141,
    "F15.20": 206_912 + 11_102 + 2_433,
}
"""Primary substance (variable SUB1), as the diagnosis of dependence that goes with it."""

CO_OCCURRING = 673_905 / (673_905 + 823_223)
"""Share with a mental-health condition, where known (variable PSYPROB)."""
