"""Which plans and reviews count, and from which day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from caretrail.findings.chart import documents
from caretrail.findings.chart.documents import PlanVersion, Review
from caretrail.findings.chart.team import Team
from caretrail.policy import Policy
from caretrail.policy.rules.plan import ReviewDue


class CountingPlans:
    """The plan versions signed under clinical guidance: for each number the first of the newer ones to count."""

    def __init__(self, plans: Sequence[PlanVersion]) -> None:
        counting = [plan for plan in plans if plan.clinician is not None]
        self._numbers = sorted(map(_number_of, counting))
        first: list[PlanVersion] = []
        for plan in sorted(counting, key=_number_of, reverse=True):
            first.append(min([plan, *first[-1:]], key=_counts_from))
        self._first = first[::-1]

    def newer_than(self, plan_version: int) -> PlanVersion | None:
        """Of the newer versions of a plan, the first that counts."""
        place = bisect_right(self._numbers, plan_version)
        return self._first[place] if place < len(self._first) else None

    def superseding(self, review: Review) -> PlanVersion | None:
        """A newer version than the one a review names that counted before the review was held."""
        newer = self.newer_than(review.event.plan_version)
        return newer if newer is not None and _counts_from(newer) < review.day else None


def _number_of(plan: PlanVersion) -> int:
    return plan.event.plan_version


def _counts_from(plan: PlanVersion) -> date:
    return plan.clinician.day if plan.clinician else date.max


class Reading(NamedTuple):
    """By what reviews are counted: the rules, the team, the client, and whether doubtful documents count."""

    policy: Policy
    team: Team
    client: str
    doubtful_count: bool


def count_reviews(
    reviews: Sequence[Review], plans: Sequence[PlanVersion], counting: CountingPlans, reading: Reading
) -> None:
    """Find for each review the plan it reviewed, whether the client took part, and the day from which it counts.

    It counts from the first signature of clinical guidance (or as the policy reads "done"), once the client's part is
    on record and the plan version it names counts, unless a newer version counted before the review was held.
    """
    by_number = {plan.event.plan_version: plan for plan in plans}
    for review in reviews:
        review.when_held = _done_when(review, reading) == "held"
        _take_part(review, reading)
        number = review.event.plan_version
        review.plan = plan = by_number.get(number)
        newer = counting.superseding(review)
        if plan is None or plan.clinician is None:
            words = "is not on record" if plan is None else "is not signed under clinical guidance"
            review.object(review.day, f"plan {number} {words}", doubtful=False)
        elif newer is not None:
            words = f"plan {number} was superseded by plan {newer.event.plan_version} before it"
            review.object(review.day, words, doubtful=False, versions=(newer.version,))
        elif review.client_from is not None and (done := _done_on(review, reading)) is not None:
            review.counts_from = max(done, review.client_from, plan.clinician.day)


def _take_part(review: Review, reading: Reading) -> None:
    """Read whether the client or guardian took part: listed, or by their own signature or refusal; else in doubt.

    A signature given long before the review may be of another document, and one of a guardian whom no roster lists may
    be of anybody: from them it cannot be told.
    """
    listed = review.event.participants
    if "client" in listed or "guardian" in listed:
        review.with_client, review.client_from = True, review.day
        return
    own = [item for item in review.signings if item.role in ("client", "guardian") and item.state != "deferred"]
    sure = [
        item.day
        for item in own
        if item not in review.early and (item.role == "client" or reading.team.is_guardian(item.signer, item.day))
    ]
    review.client_signed_on = review.client_from = min(sure, default=None)
    if review.client_from is not None and review.client_from <= review.day:
        review.with_client = True
        return
    in_doubt = [item.day for item in own] if listed else [review.day]
    likely = min(in_doubt, default=None)
    review.client_likely_on = likely if listed else None
    review.with_client = None if likely is not None and likely <= review.day else False
    if likely is not None:
        review.in_doubt = True
        words = "the client's part cannot be told from the signatures" if listed else "who took part is not stated"
        review.object(likely, words, doubtful=True)
        if reading.doubtful_count:
            review.client_from = likely
    else:
        review.object(review.day, "neither client nor guardian took part", doubtful=False)


def _done_when(review: Review, reading: Reading) -> str:
    """When a review is done, as the policy in force on its day reads it."""
    rule = reading.policy.on(review.day).rule(ReviewDue)
    return rule.counts_when if rule else "clinician_signed"


def _done_on(review: Review, reading: Reading) -> date | None:
    """The day from which a review is done, as the policy in force on the day of the review reads it."""
    when = _done_when(review, reading)
    if when == "held":
        return review.day
    if review.clinician is None or when == "clinician_signed":
        return review.clinician.day if review.clinician else None
    required = documents.required_signers(reading.client, reading.team, review)
    all_signed = documents.all_signed_on(review, required)
    return max(all_signed, review.clinician.day) if all_signed else None
