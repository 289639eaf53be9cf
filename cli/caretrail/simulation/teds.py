"""How US treatment went in 2019: counts that make the simulated population look like the country's.

Source: SAMHSA, Treatment Episode Data Set: Discharges (TEDS-D) 2019, public use file codebook, public domain. The
codebook counts all 1,722,503 discharges of all services; it does not cross length of stay with service, so these are
not counts of intensive outpatient treatment alone. Left out for that reason: stays under 8 days, which are mostly
detoxification. It counts adolescents, too, whom no shipped pack is for: all of ours are adults.
"""

from __future__ import annotations

from caretrail.tokens import DischargeReason, Employment, Residence

LENGTH_OF_STAY: dict[tuple[int, int], int] = {
    (8, 10): 25_518 + 17_296 + 15_080,
    (11, 14): 12_884 + 12_658 + 16_679 + 26_575,
    (15, 21): 19_530 + 12_327 + 10_605 + 9_559 + 9_855 + 12_734 + 18_222,
    (22, 30): 15_384 + 10_351 + 9_122 + 8_550 + 9_299 + 14_217 + 26_155 + 19_057 + 13_464,
    (31, 45): 111_830,
    (46, 60): 84_332,
    (61, 90): 140_555,
    (91, 120): 114_387,
    (121, 180): 114_266,
    (181, 365): 128_974,
    (366, 730): 93_500,
}
"""Discharges by days from admission, both ends included (variable LOS); how much over a year is ours."""

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

RESIDENCE: dict[Residence | None, int] = {
    "homeless": 261_957,
    "dependent_living": 272_452,
    "independent_living": 1_013_787,
    None: 174_307,
}
"""Living arrangement at admission (variable LIVARAG); None is not collected."""

EMPLOYMENT: dict[Employment | None, int] = {
    "full_time": 279_602,
    "part_time": 112_728,
    "unemployed": 634_880,
    "not_in_labor_force": 542_928,
    None: 152_365,
}
"""Employment at admission (variable EMPLOY); None is not collected."""

CO_OCCURRING = 673_905 / (673_905 + 823_223)
"""Share with a mental-health condition, where known (variable PSYPROB)."""

FROM_OTHER_CARE = 148_839 / (1_722_503 - 120_477)
"""Share referred by another provider of substance use care, where known (variable PSOURCE)."""
