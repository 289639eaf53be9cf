"""Commands that read: worklist, findings, show, timeline, eligibility, why, census, rules."""
