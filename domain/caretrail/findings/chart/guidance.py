"""Clinical guidance: whether a signature is that of a clinician, judged by credential, and why not.

What the signature states wins over the roster, which speaks, as of the signature's day, where it states nothing.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from caretrail.findings.chart.documents import Document, Signing
from caretrail.findings.chart.team import CLINICAL, Team
from caretrail.findings.logic import Truth
from caretrail.policy import Pack
from caretrail.policy.rules.plan import EarlySignature
from caretrail.text import plural

NOT_ASKED = frozenset({"client", "guardian", "family", "support"})
"""Roles that are not asked for a credential: they do not give clinical guidance."""


class Given(NamedTuple):
    """Whether a signature gives clinical guidance (None: it cannot be told), and in words why not."""

    guides: Truth
    words: str


def given_by(pack: Pack, team: Team, document: Document, signing: Signing) -> Given:
    """Read one signature that was given on a document."""
    who, guidance = signing.signer, pack.guidance
    if guidance is None:
        on_team = _on_team(team, document, signing)
        if signing.role in CLINICAL and on_team:
            return Given(True, "")
        return Given(False, f"{who} is not a clinician of the team")
    # as of the day of the signature; before there was a roster, the first one speaks
    day = max(signing.stated_on or signing.day, team.first_day or date.min)
    credential = signing.credential or team.credential(who, day)
    if credential is None and signing.role == "staff":
        return Given(False, f"{who} signed as staff, without a credential")
    guides = guidance.accepts(credential)
    if guides is not False and pack.guidance_by == "team" and not _on_team(team, document, signing):
        return Given(False, f"{who} is not on the team")
    if guides:
        return Given(True, "")
    if guides is False:
        return Given(False, f"{credential} of {who} is not a license of the list")
    if credential is None:
        return Given(None, f"credential of {who} not stated")
    return Given(None, f"{credential} of {who} may or may not be a license of the list")


def _on_team(team: Team, document: Document, signing: Signing) -> bool:
    """Whether the signer is on the team on the day of the document or of the signature; true without any roster."""
    return not team.recorded or team.has(signing.signer, document.day) or team.has(signing.signer, signing.day)


def _read_early(pack: Pack, document: Document) -> None:
    """Name the signatures given so long before their document that they may be of another."""
    rule = pack.rule(EarlySignature)
    for signing in document.signings if rule is not None else ():
        days = 0 if signing.stated_on is None else (document.day - signing.stated_on).days
        if rule is not None and days > rule.days:
            document.early[signing] = f"{signing.signer} signed {plural(days, 'day')} before the document"


def read_guidance(pack: Pack, team: Team, document: Document, *, doubtful_count: bool) -> None:
    """Find the first signature of clinical guidance on a document, and the reasons where it is in doubt or missing.

    With `doubtful_count` a signature that may or may not give guidance does; else it does not.
    """
    _read_early(pack, document)
    sure: Signing | None = None
    likely: Signing | None = None
    for signing in document.signings:
        if signing.state != "signed" or signing.role in NOT_ASKED:
            continue
        who = signing.signer
        guides, words = given_by(pack, team, document, signing)
        if guides and document.early and signing in document.early:
            guides, words = None, document.early[signing]
        if guides and (sure is None or signing.day < sure.day):
            sure = signing
        if guides is not False and (likely is None or signing.day < likely.day):
            likely = signing
        if words:
            document.object(signing.day, words, doubtful=guides is None, versions=(signing.brought_by,), signer=who)
    if sure is not None and likely is not None and sure.day <= likely.day:
        likely = sure
    document.sure = sure
    document.likely = likely
    document.clinician = likely if doubtful_count else sure
